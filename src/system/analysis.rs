//! Analyses: what can be asked of a system besides its trajectory, as a contract.
//!
//! An [`Analysis`] has a name (that of its table `[analysis.NAME]`), declared options, and a function
//! from a [`Subject`] to [`Findings`]. Findings are named arrays, which go to `/analysis/NAME/` of the
//! archive with the axes of a sweep in front, and a table for people. A family lists the analyses that
//! only it can do ([`Family::analyses`](super::family::Family::analyses)); those that every system
//! allows are listed in the module of analyses.

use super::System;
use super::layout::Variable;
use super::parameters::{BuildError, Parameter, Parameters};

/// A question that can be asked of a system.
pub trait Analysis: Sync {
    /// Name in `[analysis.NAME]` and in the archive: lower case with hyphens.
    fn name(&self) -> &'static str;
    /// One line for people.
    fn meaning(&self) -> &'static str;
    /// The keys of its table.
    fn options(&self) -> &'static [Parameter] {
        &[]
    }
    /// Whether it runs the system, and so needs `[time]`. One that does not is about the system without
    /// its stimuli.
    fn needs_time(&self) -> bool {
        false
    }
    /// Whether it looks on while a run goes on ([`Followers`](super::follower::Followers)): then `run` does it, and not
    /// `analyze`.
    fn follows(&self) -> bool {
        false
    }
    /// Whether options that are each legal fit each other and the system; asked before anything runs.
    ///
    /// # Errors
    /// If they do not; the error names the option to blame.
    fn check(&self, subject: &Subject<'_>) -> Result<(), BuildError> {
        let _ = subject;
        Ok(())
    }
    /// Answer it.
    ///
    /// # Errors
    /// If this system has no answer; a sweep goes on with its other points.
    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError>;
}

impl std::fmt::Debug for dyn Analysis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Analysis({})", self.name())
    }
}

/// What is analysed.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The system.
    pub system: &'a dyn System,
    /// The parameters that it was built from.
    pub parameters: &'a Parameters,
    /// The options of the analysis, complete and checked.
    pub options: &'a Parameters,
    /// The initial state of the experiment.
    pub initial: &'a [f64],
    /// `[time] start` and `stop`; `None` in a file without.
    pub span: Option<(f64, f64)>,
    /// The seed of the experiment.
    pub seed: u64,
    /// For analyses that follow trajectories.
    pub integrate: &'a dyn Integrate,
}

/// A trajectory at given times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// The states at the times.
    pub states: Vec<Vec<f64>>,
    /// When something happened: contacts, crossings, guards.
    pub events: Vec<f64>,
}

/// Follows trajectories for an analysis.
pub trait Integrate: Sync {
    /// The states of a system at ascending times of a span, by a scheme that suits it.
    ///
    /// # Errors
    /// If the run does not come to its end.
    fn run(
        &self,
        system: &dyn System,
        span: Option<(f64, f64)>,
        x0: &[f64],
        times: &[f64],
    ) -> Result<Trajectory, AnalysisError>;
}

/// Follows nothing; for checks before anything runs.
pub struct Standstill;

impl Integrate for Standstill {
    fn run(
        &self,
        _system: &dyn System,
        _span: Option<(f64, f64)>,
        _x0: &[f64],
        _times: &[f64],
    ) -> Result<Trajectory, AnalysisError> {
        Err(AnalysisError::Lacks("an engine"))
    }
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// The arrays, the same names and axes for every point of a sweep; only lengths may differ.
    pub arrays: Vec<Found>,
    /// For people: the head, then rows of as many cells.
    pub table: Vec<Vec<String>>,
    /// For people, where there are many points: the answer in a few named cells.
    pub line: Vec<(&'static str, String)>,
    /// What must be known to read the answer right.
    pub remarks: Vec<String>,
}

/// One named array of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Name, axes, unit, meaning.
    pub variable: Variable,
    /// The numbers or texts, last axis fastest.
    pub data: Data,
}

/// What an array holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Numbers; what is not there is NaN. Truth values are 1 and 0.
    Real(Vec<f64>),
    /// Whole numbers >= 0; what is not there is -1.
    Count(Vec<i64>),
    /// Codes with meanings; what is not there is [`NO_CODE`].
    Code(Vec<i8>, &'static [(i8, &'static str)]),
    /// Texts.
    Text(Vec<String>),
}

/// The code of what is not there.
pub const NO_CODE: i8 = i8::MIN;

impl Findings {
    /// The same findings with one more array.
    ///
    /// # Panics
    /// If the data are not as many as the variable has components: a defect of the analysis.
    pub fn array(mut self, variable: Variable, data: Data) -> Self {
        let length = match &data {
            Data::Real(values) => values.len(),
            Data::Count(values) => values.len(),
            Data::Code(values, _) => values.len(),
            Data::Text(values) => values.len(),
        };
        assert_eq!(length, variable.len(), "the array `{}`", variable.name);
        self.arrays.push(Found { variable, data });
        self
    }

    /// The array of that name.
    pub fn get(&self, name: &str) -> Option<&Found> {
        self.arrays.iter().find(|found| found.variable.name == name)
    }
}

/// A truth value as a number: 1 or 0, NaN if it is not known.
pub fn truth(value: Option<bool>) -> f64 {
    value.map_or(f64::NAN, |value| f64::from(u8::from(value)))
}

/// Why an analysis has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AnalysisError {
    /// The system lacks what the analysis needs.
    #[error("it needs {0}, which this system does not have")]
    Lacks(&'static str),
    /// Something else, in words.
    #[error("{0}")]
    Failed(String),
}
