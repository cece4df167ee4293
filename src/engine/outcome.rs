//! Outcomes: how a run ended, with a diagnosis when it did not end well.
//!
//! Divergence, step underflow and exhausted budgets are outcomes: never a panic, never a silent NaN.

use super::fault::{self, Found};
use super::oversight::Noticed;
use crate::system::System;
use crate::system::arithmetic::Fault;
use crate::system::number::plain;

/// What the integration of one run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted steps.
    pub steps: u64,
    /// Rejected steps.
    pub rejected: u64,
    /// Evaluations of the drift.
    pub evaluations: u64,
    /// Steps that ended on a kink of the field.
    pub kinks: u64,
}

/// How a run ended. The discriminants are the values of `/run_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum Status {
    /// It has not run, or was interrupted.
    Pending = 0,
    /// It reached the stop time.
    Complete = 1,
    /// A component became NaN or infinite.
    NotFinite = 2,
    /// The step became too small to advance time.
    StepUnderflow = 3,
    /// The budget of steps was used up.
    BudgetExhausted = 4,
    /// A guard stopped it, as asked.
    Stopped = 5,
    /// It could not be begun: the model does not allow its values.
    Refused = 6,
    /// Events follow each other without an end in no time.
    EventsAccumulate = 7,
    /// The state lies outside the closed set.
    Outside = 8,
    /// No selection continues the solution.
    Unresolved = 9,
}

impl Status {
    /// Every status, in the order of the discriminants: `flag_values` and `flag_meanings` of the archive.
    pub const ALL: [Status; 10] = [
        Status::Pending,
        Status::Complete,
        Status::NotFinite,
        Status::StepUnderflow,
        Status::BudgetExhausted,
        Status::Stopped,
        Status::Refused,
        Status::EventsAccumulate,
        Status::Outside,
        Status::Unresolved,
    ];

    /// The name, as in `flag_meanings`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Complete => "complete",
            Status::NotFinite => "not_finite",
            Status::StepUnderflow => "step_underflow",
            Status::BudgetExhausted => "budget_exhausted",
            Status::Stopped => "stopped",
            Status::Refused => "refused",
            Status::EventsAccumulate => "events_accumulate",
            Status::Outside => "outside",
            Status::Unresolved => "unresolved",
        }
    }

    /// Whether the run's numbers are what was asked for.
    pub fn is_success(self) -> bool {
        matches!(self, Status::Complete | Status::Stopped)
    }
}

/// How one run ended and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The last time reached with a finite state.
    pub time: f64,
    /// The state at that time.
    pub state: Vec<f64>,
    /// What it cost.
    pub counts: Counts,
    /// The component to blame, as an index into the flat state, if it failed.
    pub component: Option<usize>,
    /// The last step length tried.
    pub step: f64,
    /// What was noticed that the numbers do not show.
    pub noticed: Noticed,
}

impl Outcome {
    /// What happened and what to try, for people; empty after a success.
    pub fn diagnosis<S: System + ?Sized>(&self, system: &S) -> String {
        if self.status.is_success() {
            return String::new();
        }
        let component = self.component.map_or_else(
            || "the state".into(),
            |index| system.layout().component(index),
        );
        // A face or a selection can have a number that no component of the state has.
        let value = self.component.and_then(|index| self.state.get(index));
        let value = plain(value.copied().unwrap_or(f64::NAN));
        let at = format!(
            "after t = {} ({} steps)",
            plain(self.time),
            self.counts.steps
        );
        match self.status {
            Status::Complete | Status::Stopped | Status::Pending | Status::Refused => String::new(),
            Status::NotFinite => {
                let start = format!("{component} became NaN or infinite {at}");
                not_finite(
                    &start,
                    &value,
                    self.counts.steps > 0,
                    fault::find(system, self),
                )
            }
            Status::StepUnderflow => {
                let start = format!("the step shrank to {:e} {at}", self.step);
                let because = match self.component {
                    Some(_) => format!(" because of {component} (value {value})"),
                    None => String::new(),
                };
                match fault::find(system, self).filter(|found| !found.fault.is_overflow) {
                    Some(found) => format!("{start}{because}: {}", told(&found.fault)),
                    None => format!(
                        "{start}{because}. The model may blow up or jump there, or be too stiff for this scheme; \
                         try a looser `solver.rtol` or `solver.atol`, or inspect the last state in /health"
                    ),
                }
            }
            Status::BudgetExhausted => format!(
                "the budget of `solver.max_steps` was used up {at}; the last step was {:e}. \
                 Raise `solver.max_steps`, loosen `solver.rtol`, or shorten `time.stop`",
                self.step
            ),
            Status::EventsAccumulate => format!(
                "events accumulate {at}: infinitely many of them happen before any later time, so the run ends \
                 there. /events has those that were followed; a model of what comes after (rest, sliding) goes on"
            ),
            Status::Outside => format!(
                "{component} lies outside the closed set {at} (value {value}). \
                 Start inside; a reset or an impulse must stay inside"
            ),
            Status::Unresolved => format!(
                "no selection continues the solution {at}: the complementarity problem of the surfaces met there \
                 has no solution that its pivots could find"
            ),
        }
    }
}

/// What is said of a state that became NaN or infinite.
fn not_finite(start: &str, value: &str, has_run: bool, found: Option<Found>) -> String {
    let grows = "Does the model blow up there? If it should not, try a smaller `solver.step` or `solver.rtol`";
    let last = format!("{start}; its last finite value was {value}");
    match found {
        // A formula that is wrong from the start, or undefined there; or one that has only grown.
        Some(Found { fault, is_here }) if is_here && !(fault.is_overflow && has_run) => {
            format!("{start}: {}", told(&fault))
        }
        Some(Found { fault, is_here }) => {
            let when = if is_here {
                "There"
            } else {
                "In a step from there"
            };
            let advice = if fault.is_overflow {
                grows
            } else {
                &fault.advice
            };
            format!("{last}. {when}, {}. {advice}", fault.what)
        }
        None => format!("{last}. {grows}"),
    }
}

fn told(fault: &Fault) -> String {
    format!("{}. {}", fault.what, fault.advice)
}

/// What is wrong with the formulas of a model at a state, before any step from it: in words, if anything is.
pub fn fault_at<S: System + ?Sized>(system: &S, t: f64, x: &[f64]) -> Option<String> {
    // Just after the time, as a step from there begins.
    let fault = system.arithmetic()?.fault(t.next_up(), x)?;
    Some(told(&fault))
}
