//! Observables: functions of time and state that can be recorded.

use super::layout::Variable;
use super::parameters::BuildError;

/// The observables of a system.
pub trait Observables: Send + Sync {
    /// What they are: names, axes, units, meanings.
    fn list(&self) -> &[Variable];
    /// Work out once what observable number `index` needs; asked before the run of those that are
    /// recorded.
    ///
    /// # Errors
    /// If the observable does not exist for these parameters.
    fn prepare(&self, index: usize) -> Result<(), BuildError> {
        let _ = index;
        Ok(())
    }
    /// The observables whose statistics over the members of an ensemble are recorded without being named, where all blocks are
    /// recorded: a mean that is the answer, where the members' own numbers are not.
    fn pooled(&self) -> &[&'static str] {
        &[]
    }
    /// Whether an observable is the same over a whole run: then it is written once, without a dimension of time.
    fn is_constant(&self, index: usize) -> bool {
        let _ = index;
        false
    }
    /// Write observable number `index` (in the order of the list) at `(t, x)` into `out`, which has
    /// the length of its variable.
    fn observe(&self, index: usize, t: f64, x: &[f64], out: &mut [f64]);
}
