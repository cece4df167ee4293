//! Kinks: surfaces `g_k(t, x) = 0` on which the drift is continuous but not differentiable.
//!
//! Between the surfaces the drift is smooth, and each smooth piece can be continued beyond its
//! borders. That continuation is what makes kinks cheap: a scheme steps with the piece it stands on,
//! finds where the step first crosses a surface, stops there, and goes on with the next piece. It
//! never integrates across a kink, so it is never rejected by one (`docs/kinks.md` has the numbers).
//!
//! The side of surface k is `+1` where `g_k > 0` and `-1` where `g_k <= 0`, kept as `f64` so that
//! inner loops select without conversion.

/// The drift of a piecewise smooth, continuous field, piece by piece.
pub trait Kinks: Send + Sync {
    /// The number of surfaces.
    fn count(&self) -> usize;

    /// Write `g_k(t, x)` for every surface into `g` (length [`count`](Kinks::count)).
    fn surfaces(&self, t: f64, x: &[f64], g: &mut [f64]);

    /// Write into `dx` the drift of the piece given by `sides`, continued smoothly to `(t, x)`
    /// wherever that lies, and the surfaces at `(t, x)` into `g`. On the piece itself it has the same
    /// bits as [`drift`](super::System::drift).
    fn drift_on(&self, sides: &[f64], t: f64, x: &[f64], dx: &mut [f64], g: &mut [f64]);
}
