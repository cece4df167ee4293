//! Constraints: the closed set C that the state of a projected system never leaves.
//!
//! Projected dynamics are `x' = Pi_{T_C(x)} f(t, x)`: the drift, projected onto the tangent cone of C
//! at x. C is a box, the region where all faces `h_i(x) >= 0`, or the unit sphere.

/// A closed set.
pub trait Constraint: Send + Sync {
    /// What shape it has.
    fn shape(&self) -> ClosedSet<'_>;
}

/// The shapes of closed sets that schemes know.
pub enum ClosedSet<'a> {
    /// `lower_i <= x_i <= upper_i`; infinite bounds allowed.
    Box {
        /// Lower bounds, one per component.
        lower: &'a [f64],
        /// Upper bounds, one per component.
        upper: &'a [f64],
    },
    /// `h_i(x) >= 0` for every face.
    Faces(&'a dyn Faces),
    /// `|x| = 1`.
    UnitSphere,
}

/// Curved faces with their inward gradients.
pub trait Faces: Send + Sync {
    /// The number of faces.
    fn count(&self) -> usize;
    /// Write `h_i(x)`, positive inside, into `h`.
    fn heights(&self, x: &[f64], h: &mut [f64]);
    /// Write the gradient of `h_face` at `x` into `gradient` (length of the state).
    fn gradient(&self, face: usize, x: &[f64], gradient: &mut [f64]);
}
