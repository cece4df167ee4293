//! Health: what must be watched over a run so that its numbers can be trusted.
//!
//! Invariants that a scheme keeps only to its tolerances: a trace, a norm, the sign of an eigenvalue. Each is one number per run, found
//! by a [`Reducer`] that sees the whole state at every recorded sample, and goes to `/health/NAME` of the archive. Nothing is put
//! right: what is told is what happened.

use super::layout::Variable;
use super::reducer::Reducer;

/// What is watched over every run of a system.
pub trait Health: Send + Sync {
    /// What it is: scalars, named as under `/health`.
    fn list(&self) -> &[Variable];
    /// The reducer of number `index`: it observes the flat state and finishes with one number.
    fn reducer(&self, index: usize) -> Box<dyn Reducer>;
}
