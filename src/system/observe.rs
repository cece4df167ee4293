//! Observables: functions of time and state that can be recorded.

use super::layout::Variable;

/// The observables of a system.
pub trait Observables: Send + Sync {
    /// What they are: names, axes, units, meanings.
    fn list(&self) -> &[Variable];
    /// Write observable number `index` (in the order of the list) at `(t, x)` into `out`, which has
    /// the length of its variable.
    fn observe(&self, index: usize, t: f64, x: &[f64], out: &mut [f64]);
}
