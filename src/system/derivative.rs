//! Derivatives: the Jacobian of a drift, and the generator of a linear one.

use num_dual::Dual64;
pub use num_dual::DualNum;

/// `J_ij = d f_i / d x_j`.
pub trait Jacobian: Send + Sync {
    /// Where it comes from, for `/provenance`.
    fn origin(&self) -> &'static str {
        "of the model"
    }

    /// Write the Jacobian, row-major `[state, state]`, into `matrix`.
    fn dense(&self, t: f64, x: &[f64], matrix: &mut [f64]);

    /// The places of the entries that can differ from zero, by rows: the column indices of row i are
    /// `columns[starts[i]..starts[i + 1]]`. `None` if the matrix is dense.
    fn pattern(&self) -> Option<Pattern<'_>> {
        None
    }

    /// Write the entries at these places, row by row, among which are all of the pattern. `false` if the model writes the
    /// dense matrix only.
    fn sparse(&self, t: f64, x: &[f64], places: &Pattern<'_>, entries: &mut [f64]) -> bool {
        let _ = (t, x, places, entries);
        false
    }
}

/// A sparsity pattern by rows.
pub struct Pattern<'a> {
    /// Where each row starts in `columns`; one more than there are rows.
    pub starts: &'a [usize],
    /// Column indices, ascending in each row.
    pub columns: &'a [usize],
}

/// A drift that is written once, for plain and for dual numbers: its Jacobian is exact and costs nothing to write.
///
/// ```
/// use nullcline::prelude::*;
///
/// /// x'' = mu (1 - x^2) x' - x
/// struct VanDerPol {
///     layout: Layout,
///     mu: f64,
/// }
///
/// impl GenericDrift for VanDerPol {
///     fn drift<N: DualNum<Primitive = f64> + Copy>(&self, _t: f64, x: &[N], dx: &mut [N]) {
///         dx[0] = x[1];
///         dx[1] = (-x[0] * x[0] + 1.0) * x[1] * self.mu - x[0];
///     }
/// }
///
/// impl System for VanDerPol {
///     fn layout(&self) -> &Layout {
///         &self.layout
///     }
///     fn smoothness(&self) -> Smoothness {
///         Smoothness::Smooth
///     }
///     fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
///         GenericDrift::drift(self, t, x, dx);
///     }
///     fn jacobian(&self) -> Option<&dyn Jacobian> {
///         Some(self)
///     }
/// }
///
/// let layout = Layout::new().block(Variable::new("x", vec![Axis::new("i", 2)]), 0.0);
/// let oscillator = VanDerPol { layout, mu: 5.0 };
/// let mut matrix = [0.0; 4];
/// oscillator.dense(0.0, &[2.0, 0.5], &mut matrix);
/// assert_eq!(matrix, [0.0, 1.0, -2.0 * 5.0 * 2.0 * 0.5 - 1.0, 5.0 * (1.0 - 4.0)]);
/// ```
pub trait GenericDrift: Send + Sync {
    /// Write `f(t, x)` into `dx`.
    fn drift<N: DualNum<Primitive = f64> + Copy>(&self, t: f64, x: &[N], dx: &mut [N]);
}

impl<G: GenericDrift> Jacobian for G {
    fn origin(&self) -> &'static str {
        "dual numbers"
    }

    fn dense(&self, t: f64, x: &[f64], matrix: &mut [f64]) {
        let n = x.len();
        let mut duals: Vec<Dual64> = x.iter().map(|&x| Dual64::from_re(x)).collect();
        let mut slopes = duals.clone();
        for j in 0..n {
            duals[j].eps = 1.0;
            self.drift(t, &duals, &mut slopes);
            duals[j].eps = 0.0;
            for (i, slope) in slopes.iter().enumerate() {
                matrix[i * n + j] = slope.eps;
            }
        }
    }
}

/// A drift `f = G x + c` with constant `G`, and `c` constant between breakpoints.
pub trait Linear: Send + Sync {
    /// Write `G`, row-major `[state, state]`, into `matrix` and the `c` just behind `t` into `offset`. Of several
    /// [`copies`](Self::copies), `matrix` is that of one.
    fn generator(&self, t: f64, matrix: &mut [f64], offset: &mut [f64]);

    /// How many independent copies of one affine flow this is, each with its own `c`, one after the other in the state.
    fn copies(&self) -> usize {
        1
    }

    /// An upper bound of the largest column sum of absolute values in `G` behind `t`, for systems so large that `G` itself is not
    /// made; infinite if there is none.
    fn bound(&self, t: f64) -> f64 {
        let _ = t;
        f64::INFINITY
    }

    /// Vectors w with `w G = 0` and `w c = 0`: linear functions of the state that the flow keeps. The propagator is made to keep them to
    /// the last digit, so that long runs do.
    fn conserved(&self) -> Vec<Vec<f64>> {
        Vec::new()
    }
}
