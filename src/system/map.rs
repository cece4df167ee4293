//! Maps: the second kind of system, for trials and annealing.
//!
//! `x_{k+1} = F(k, x_k, noise)` for `k = 0, 1, ...`. A map shares layout, parameters, noise, recorder,
//! sweep and archive with flows; it has no scheme, because it is its own step.

use super::draws::Draws;
use super::layout::Layout;
use super::observe::Observables;

/// A recursion over a flat state.
pub trait Map: Send + Sync {
    /// The names of the state's parts.
    fn layout(&self) -> &Layout;

    /// Replace `x`, the state after `k` steps, by the state after `k + 1`; `noise` holds the draws of this step.
    fn advance(&self, k: u64, x: &mut [f64], noise: &dyn Draws);

    /// Whether the steps draw: a map that does not is the same for every member of an ensemble.
    fn is_random(&self) -> bool {
        true
    }

    /// Functions of the state that can be recorded.
    fn observables(&self) -> Option<&dyn Observables> {
        None
    }
}
