//! Followers: analyses that look on while a run goes on, and leave a few numbers of it.
//!
//! A [`Follower`] sees the state at every sample (or after every step, where the scheme makes steps of the family's
//! own) and keeps no trajectory. Its memory can be saved and restored, as that of a
//! [`Reducer`](super::reducer::Reducer), so that a resumed run continues inside it. What it finds is
//! written per run into `/analysis/NAME/`, the axes of a sweep in front.

use super::layout::Variable;
use super::parameters::{BuildError, Parameters};

/// One number that a follower leaves of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Name, unit, meaning; without axes.
    pub variable: Variable,
    /// The meanings of its values if it is a code; empty if it is a real number.
    pub codes: &'static [(i8, &'static str)],
}

/// The look of one analysis at one run.
pub trait Follower: Send {
    /// Take in the state at `t`. Allocates nothing once the run is going.
    fn observe(&mut self, t: f64, x: &[f64]);
    /// Write one number for each finding; NaN for what is not there.
    fn finish(&self, out: &mut [f64]);
    /// The memory as numbers.
    fn save(&self) -> Vec<f64>;
    /// Take the memory back, as [`save`](Follower::save) gave it.
    fn restore(&mut self, memory: &[f64]);
}

/// The followers that a system offers, by the names of the family's analyses.
pub trait Followers: Send + Sync {
    /// What the analysis of this name leaves of a run.
    fn findings(&self, analysis: &str) -> Vec<Finding>;

    /// A follower of a run from `span.0` to `span.1`.
    ///
    /// # Errors
    /// If the options, each legal, do not fit the system; the error names the one to blame.
    fn follow<'s>(
        &'s self,
        analysis: &str,
        options: &Parameters,
        span: (f64, f64),
    ) -> Result<Box<dyn Follower + 's>, BuildError>;
}
