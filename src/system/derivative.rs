//! Derivatives: the Jacobian of a drift, and the generator of a linear one.

/// `J_ij = d f_i / d x_j`.
pub trait Jacobian: Send + Sync {
    /// Write the Jacobian, row-major `[state, state]`, into `matrix`.
    fn dense(&self, t: f64, x: &[f64], matrix: &mut [f64]);

    /// The places of the entries that can differ from zero, by rows: the column indices of row i are
    /// `columns[starts[i]..starts[i + 1]]`. `None` if the matrix is dense.
    fn pattern(&self) -> Option<Pattern<'_>> {
        None
    }
}

/// A sparsity pattern by rows.
pub struct Pattern<'a> {
    /// Where each row starts in `columns`; one more than there are rows.
    pub starts: &'a [usize],
    /// Column indices, ascending in each row.
    pub columns: &'a [usize],
}

/// A drift `f = G x + c` with constant `G`, and `c` constant between breakpoints.
pub trait Linear: Send + Sync {
    /// Write `G`, row-major `[state, state]`, into `matrix` and the `c` just behind `t` into `offset`.
    fn generator(&self, t: f64, matrix: &mut [f64], offset: &mut [f64]);
}
