//! The table of trials as a perceiver meets it: in internal coordinates, cut where the subject changes.

use super::memory::Trial;
use super::perceiver::Perceiver;
use crate::prelude::*;

/// The columns.
pub const COLUMNS: &[Parameter] = &[
    Parameter::vector("trials.s1", "trial")
        .meaning("intensity of the first stimulus")
        .source("arXiv 2604.19662 (pairs of stimuli)"),
    Parameter::vector("trials.s2", "trial")
        .meaning("intensity of the second stimulus")
        .source("arXiv 2604.19662 (pairs of stimuli)"),
    Parameter::vector("trials.isi", "trial")
        .range(Range::NON_NEGATIVE)
        .unit("s")
        .meaning("from the offset of the first stimulus to the onset of the second")
        .source("assumed"),
    Parameter::vector("trials.iti", "trial")
        .fallback(Fallback::Absent)
        .range(Range::NON_NEGATIVE)
        .unit("s")
        .meaning("from the second stimulus to the next trial; `history = \"carry\"` needs it")
        .source("assumed"),
    Parameter::vector("trials.response", "trial")
        .fallback(Fallback::Absent)
        .range(Range::closed(0.0, 1.0))
        .meaning("1 if the second stimulus was judged stronger, 0 if not; for `fit`")
        .source("assumed"),
    Parameter::vector("trials.subject", "trial")
        .fallback(Fallback::Absent)
        .meaning("who judged; the history starts anew with each subject")
        .source("assumed"),
];

/// Without an inter-trial interval, trials that start anew are so far apart in time.
const APART: f64 = 3.0;

/// The trials in their order.
#[derive(Clone, Debug)]
pub struct Trials {
    /// What is judged.
    pub all: Vec<Trial>,
    /// Whether the history starts anew with a trial.
    pub anew: Vec<bool>,
    /// The responses, if the table has them.
    pub responses: Option<Vec<bool>>,
}

impl Trials {
    /// The trials of checked parameters.
    ///
    /// # Errors
    /// If they do not fit the perceiver.
    pub fn new(perceiver: &Perceiver, parameters: &Parameters) -> Result<Self, BuildError> {
        let column = |name: &str| parameters.get(name).map(|_| parameters.vector(name));
        let (s1, s2) = (
            parameters.vector("trials.s1"),
            parameters.vector("trials.s2"),
        );
        let gaps = parameters.vector("trials.isi");
        let pauses = column("trials.iti");
        if perceiver.carries && pauses.is_none() {
            let message =
                "`history = \"carry\"` needs the time between trials, and [trials] has no `iti`";
            return Err(BuildError::about("history", message)
                .help("add `iti`, in seconds: a column, or one number for all trials"));
        }
        for (name, values) in [("trials.s1", s1), ("trials.s2", s2)] {
            if let Some(place) = values.iter().position(|&s| s <= 0.0)
                && perceiver.logarithmic
            {
                let message = format!(
                    "trial {place} has {} = {}, which has no logarithm",
                    &name[7..],
                    values[place]
                );
                return Err(BuildError::about("scale", message)
                    .help("use `scale = \"linear\"`, or intensities > 0"));
            }
            let silent = |&s: &f64| perceiver.noise(perceiver.internal(s)) <= 0.0;
            if let Some(place) = values.iter().position(silent) {
                let message = format!(
                    "the noise noise_sd + weber s is not positive at {} = {} of trial {place}",
                    &name[7..],
                    values[place]
                );
                return Err(BuildError::about("weber", message));
            }
        }
        let subjects = column("trials.subject");
        let changes = |k: usize| subjects.is_some_and(|all| all[k] != all[k - 1]);
        let responses = column("trials.response");
        if let Some(place) = responses.and_then(|all| all.iter().position(|r| r.fract() != 0.0)) {
            let message = format!("the response of trial {place} is neither 0 nor 1");
            return Err(BuildError::about("trials.response", message));
        }
        Ok(Self {
            all: (0..s1.len())
                .map(|k| Trial {
                    first: perceiver.internal(s1[k]),
                    second: perceiver.internal(s2[k]),
                    gap: gaps[k],
                    pause: pauses.map_or(APART, |all| all[k]),
                })
                .collect(),
            anew: (0..s1.len())
                .map(|k| k == 0 || !perceiver.carries || changes(k))
                .collect(),
            responses: responses.map(|all| all.iter().map(|&r| r > 0.5).collect()),
        })
    }

    /// The distinct gaps, ascending.
    pub fn gaps(&self) -> Vec<f64> {
        let mut gaps: Vec<f64> = self.all.iter().map(|trial| trial.gap).collect();
        gaps.sort_by(f64::total_cmp);
        gaps.dedup();
        gaps
    }
}
