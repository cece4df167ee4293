//! What is refused before the first step, and what a run that failed is.

use super::card::{Card, Mismatch};
use super::integrate::{Job, Options, Span};
use super::outcome::Outcome;
use super::recorder::Recorder;
use crate::system::System;

/// Why there is no solution up to the end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum IntegrationError {
    /// The scheme, the system, the options and the start do not fit each other. Nothing was integrated.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The run began, and failed.
    #[error("{diagnosis}")]
    Failed {
        /// How far it came.
        outcome: Box<Outcome>,
        /// What happened, and what to try.
        diagnosis: String,
    },
}

impl IntegrationError {
    /// The outcome of a run that began; for whoever looks at failures.
    ///
    /// # Errors
    /// The mismatch of one that did not.
    pub fn into_outcome(self) -> Result<Outcome, Mismatch> {
        match self {
            IntegrationError::Mismatch(mismatch) => Err(mismatch),
            IntegrationError::Failed { outcome, .. } => Ok(*outcome),
        }
    }
}

/// Whether a run can begin: its start, its span and the times of its samples.
pub(super) fn check_job<R: Recorder>(
    card: &'static Card,
    system: &(impl System + ?Sized),
    job: &Job<R>,
) -> Result<(), Mismatch> {
    let refuse = |reason: String, help: &str| Mismatch {
        scheme: card.name,
        reason,
        help: help.into(),
    };
    let dim = system.layout().len();
    if job.x0.len() != dim {
        let reason = format!(
            "the system has {dim} components, and the start has {}",
            job.x0.len()
        );
        return Err(refuse(
            reason,
            "give a start with one number for each component",
        ));
    }
    if let Some(index) = job.x0.iter().position(|x| !x.is_finite()) {
        let (name, value) = (system.layout().component(index), job.x0[index]);
        let reason = format!("the start of {name} is {value}");
        return Err(refuse(reason, "start from finite numbers"));
    }
    let Span { start, stop } = job.span;
    if !(start.is_finite() && stop.is_finite() && start < stop) {
        let reason = format!("the span from {start} to {stop} has no length");
        return Err(refuse(
            reason,
            "the stop must be a finite time after the start",
        ));
    }
    job.recorder
        .check()
        .map_err(|reason| refuse(reason, "give the times in ascending order, each once"))
}

/// Whether the options fit a system of `dim` components.
pub(super) fn check_options(
    card: &'static Card,
    options: &Options,
    dim: usize,
) -> Result<(), Mismatch> {
    let refuse = |reason: String, help: &str| {
        Err(Mismatch {
            scheme: card.name,
            reason,
            help: help.into(),
        })
    };
    if options.atol.len() != dim {
        let reason = format!(
            "the system has {dim} components, and the options have {} absolute tolerances",
            options.atol.len()
        );
        return refuse(
            reason,
            "give one for each component: `Options::new(system.layout().len(), ..)`",
        );
    }
    // A comparison with NaN is false.
    let positive = |value: f64| value > 0.0;
    if card.stepping.controls_error(options.step.is_some()) {
        if !positive(options.rtol) {
            return refuse(
                format!("the relative tolerance is {}", options.rtol),
                "it must be > 0",
            );
        }
        if let Some(atol) = options.atol.iter().find(|&&atol| !positive(atol)) {
            return refuse(
                format!("an absolute tolerance is {atol}"),
                "they must be > 0",
            );
        }
        if !positive(options.max_step) || options.first_step.is_some_and(|step| !positive(step)) {
            return refuse(
                "the longest or the first step is no length".into(),
                "they must be > 0",
            );
        }
    }
    if options
        .step
        .is_some_and(|step| !(positive(step) && step.is_finite()))
    {
        return refuse("the step is no length".into(), "it must be > 0 and finite");
    }
    if options.max_steps == 0 {
        return refuse("the budget of steps is 0".into(), "allow one at least");
    }
    Ok(())
}
