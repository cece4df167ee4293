//! The resolved experiment: what a file means once every default is in and every value is checked.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::axis::Sweep;
use super::random::Law;
use super::variation::Recipe;

use crate::system::analysis::Analysis;
use crate::system::family::{Build, Built, Family};
use crate::system::landing::Landing;
use crate::system::likelihood::Free;
use crate::system::parameters::{BuildError, Parameter, Parameters};
use crate::system::reducer::Summarise;
use crate::system::share::Share;
use crate::system::stimulus::Stimulus;

/// Names that the contract of the archive gives to things at its root: no recorded variable may take one.
pub const RESERVED_NAMES: &[&str] = &[
    "time",
    "sample",
    "member",
    "trial",
    "step",
    "events",
    "analysis",
    "parameters",
    "config",
    "provenance",
    "health",
    "run_status",
    "run_steps",
    "run_rejected",
    "run_evaluations",
    "run_seed",
];

/// What the time of a run counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Continuous time, in the family's unit.
    Time,
    /// The steps of a map.
    Steps,
    /// Trials, a sample after each.
    Trials,
}

impl Clock {
    /// The name of the dimension of samples, and the beginning of those of record groups.
    pub fn dimension(self) -> &'static str {
        match self {
            Clock::Time => "time",
            Clock::Steps => "step",
            Clock::Trials => "trial",
        }
    }
}

/// A complete experiment, ready to be planned and run.
#[derive(Clone)]
pub struct Experiment {
    /// `title`, empty if not given.
    pub title: String,
    /// `seed`, 0 if not given.
    pub seed: u64,
    /// The family of `[model]`.
    pub family: &'static dyn Family,
    /// The dynamics variant.
    pub dynamics: String,
    /// All parameters of the variant.
    pub parameters: Parameters,
    /// All `[[stimulus]]`.
    pub stimuli: Vec<Stimulus>,
    /// The initial state, flat, in the order of the layout.
    pub initial: Vec<f64>,
    /// `[time]`; spans nothing in a file without it.
    pub time: Time,
    /// Whether the file says how long to run, by `[time]`, `[steps]` or `[trials]`: without it there is nothing to run, only to analyse.
    pub has_time: bool,
    /// The tables `[analysis.NAME]`.
    pub analyses: Vec<Asked>,
    /// `[fit]`.
    pub fit: Option<Fit>,
    /// `[optimize]`.
    pub optimise: Option<Optimise>,
    /// The declarations of the parameters under `[model.parameters]`.
    pub declared: &'static [Parameter],
    /// `[solver]`.
    pub solver: Solver,
    /// `[noise]`: the length of the cells of the Brownian path; nothing for deterministic schemes.
    pub cell: Option<f64>,
    /// Whether events of the system, or the steps of a map, are drawn.
    pub draws_jumps: bool,
    /// `[record]`.
    pub record: Record,
    /// `[ensemble]`.
    pub ensemble: Option<Ensemble>,
    /// `[sweep]`.
    pub sweep: Option<Sweep>,
    /// The parts of the initial state that each member draws anew.
    pub draws: Vec<InitialDraw>,
    /// `[output]`.
    pub output: Output,
    /// How the file is decoded anew for other values; experiments made by a program have none.
    pub recipe: Option<Arc<Recipe>>,
    /// What the archive keeps of the file itself.
    pub source: Source,
}

impl Experiment {
    /// Build the system. It has been built once when the file was checked, so this succeeds.
    ///
    /// # Errors
    /// As [`Family::build`].
    pub fn build(&self) -> Result<Built, BuildError> {
        self.build_with(&self.parameters, &Share::default())
    }

    /// Build the system with other parameters of the same shapes: those of a run of a sweep.
    ///
    /// # Errors
    /// As [`Family::build`], if the parameters do not fit each other.
    pub fn build_with(&self, parameters: &Parameters, share: &Share) -> Result<Built, BuildError> {
        self.assemble(parameters, &self.stimuli, share)
    }

    /// As [`build_with`](Self::build_with), without the stimuli.
    ///
    /// # Errors
    /// As [`Family::build`], if the parameters do not fit each other.
    pub fn build_undriven(
        &self,
        parameters: &Parameters,
        share: &Share,
    ) -> Result<Built, BuildError> {
        self.assemble(parameters, &[], share)
    }

    fn assemble(
        &self,
        parameters: &Parameters,
        stimuli: &[Stimulus],
        share: &Share,
    ) -> Result<Built, BuildError> {
        let built = self.family.build(&Build {
            dynamics: &self.dynamics,
            parameters,
            stimuli,
            share,
        })?;
        Ok(match built {
            Built::Flow(system) => Built::Flow(Landing::on(stimuli, self.time.start, system)),
            map => map,
        })
    }
}

/// `[optimize]`: how an objective is minimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimise {
    /// From how many random points the search starts.
    pub restarts: usize,
    /// How many iterations a search may take in each of its stages.
    pub iterations: u64,
    /// A search ends where the gradient is shorter.
    pub tolerance: f64,
}

/// `[fit]`: what is estimated from data.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// What is free, with its bounds.
    pub free: Vec<FreeQuantity>,
    /// From how many points the search starts.
    pub starts: usize,
    /// How many data sets are drawn from the fitted model.
    pub bootstrap: usize,
    /// What the fit is compared with.
    pub variants: Vec<FitVariant>,
}

/// A quantity that is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct FreeQuantity {
    /// Which.
    pub free: &'static Free,
    /// Lower and upper bound.
    pub bounds: [f64; 2],
}

/// A variant of the model that is fitted beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct FitVariant {
    /// Its name.
    pub name: String,
    /// Quantities that are held.
    pub fixed: Vec<(&'static str, f64)>,
    /// Choices of the family that are other ones: parameter and text.
    pub settings: Vec<(String, String)>,
}

/// One table `[analysis.NAME]`.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The analysis.
    pub analysis: &'static dyn Analysis,
    /// Its options, complete and checked.
    pub options: Parameters,
}

/// The span of a flow, or the steps of a map, and when it is sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct Time {
    /// What it counts.
    pub clock: Clock,
    /// First instant.
    pub start: f64,
    /// Last instant.
    pub stop: f64,
    /// When states are recorded.
    pub save: Save,
    /// Instants on which steps land, ascending.
    pub stops: Vec<f64>,
}

impl Time {
    /// The time of a file without `[time]`.
    pub const NONE: Time = Time {
        clock: Clock::Time,
        start: 0.0,
        stop: 0.0,
        save: Save::Every(1.0),
        stops: Vec::new(),
    };

    /// The spacing of samples; a two-hundredth of the span, if they have none.
    pub fn grid(&self) -> f64 {
        match self.save {
            Save::Every(every) | Save::After(every) => every,
            Save::At(_) | Save::Steps => (self.stop - self.start) / 200.0,
        }
    }
}

/// When states are recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Save {
    /// Every `dt` from `start` on, `start` and `stop` included.
    Every(f64),
    /// Every `dt` from `start + dt` on, `stop` included: after each trial.
    After(f64),
    /// At these times, ascending.
    At(Vec<f64>),
    /// After every step of the scheme, and at `start`.
    Steps,
}

/// How the flow is integrated.
#[derive(Clone, Debug, PartialEq)]
pub struct Solver {
    /// Name of the scheme.
    pub method: String,
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance of each component of the flat state.
    pub atol: Vec<f64>,
    /// The step of a fixed-step scheme.
    pub step: Option<f64>,
    /// The longest step of an adaptive scheme.
    pub max_step: Option<f64>,
    /// The first step that an adaptive scheme tries.
    pub first_step: Option<f64>,
    /// The budget of steps, rejected ones included.
    pub max_steps: u64,
    /// Whether kinks of the field are located and stepped to (the default) or left to error control.
    pub kinks: Kinks,
}

/// What an adaptive explicit scheme does about kinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinks {
    /// `kinks = "locate"`: step to them.
    Locate,
    /// `kinks = "ignore"`: let error control find them.
    Ignore,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            variables: Vec::new(),
            observables: Vec::new(),
            summaries: Vec::new(),
            trajectories: true,
            pooled: true,
            groups: Vec::new(),
        }
    }
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The state blocks at the save times.
    pub variables: Vec<String>,
    /// The observables at the save times.
    pub observables: Vec<String>,
    /// The summaries of each recorded variable and observable over the save times.
    pub summaries: Vec<Summarise>,
    /// Whether the samples at the save times are stored, or only their summaries.
    pub trajectories: bool,
    /// Whether the statistics that a system offers of its members come without being named.
    pub pooled: bool,
    /// Further groups.
    pub groups: Vec<Group>,
}

/// A `[[record.group]]`: more, at its own pace and place, along the dimension `time_<name>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// State blocks.
    pub variables: Vec<String>,
    /// Observables.
    pub observables: Vec<String>,
    /// When.
    pub save: Save,
    /// Along which axis which positions are kept: `(axis, selection)`.
    pub select: Vec<(String, Selection)>,
    /// Storage type.
    pub precision: Precision,
}

/// Which positions of an axis are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// One position: the axis disappears.
    One(usize),
    /// From the first to the last, both included.
    Range(usize, usize),
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Precision {
    /// IEEE double precision.
    #[default]
    F64,
    /// IEEE single precision.
    F32,
}

/// `[ensemble]`: runs that differ by their random draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// How many.
    pub members: u64,
    /// The statistics over the members.
    pub statistics: Vec<Statistic>,
    /// The quantiles over the members, as probabilities.
    pub quantiles: Vec<f64>,
    /// Whether the members' own numbers are stored.
    pub keep: bool,
    /// Whether all members are driven by the same noise.
    pub common_noise: bool,
}

/// A statistic over the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The arithmetic mean.
    Mean,
    /// The variance (divisor: members - 1).
    Variance,
    /// The standard error of the mean.
    StandardError,
}

impl Statistic {
    /// All of them.
    pub const ALL: [Statistic; 3] = [
        Statistic::Mean,
        Statistic::Variance,
        Statistic::StandardError,
    ];

    /// The name in the file, and the end of its data sets' names.
    pub fn name(self) -> &'static str {
        match self {
            Statistic::Mean => "mean",
            Statistic::Variance => "variance",
            Statistic::StandardError => "standard_error",
        }
    }
}

/// The suffix of a quantile's data set: `q05`, `q50`, `q975`, `q00`, `q100`.
pub fn quantile_name(probability: f64) -> String {
    // Whole percents have two digits; finer ones as many as they need.
    let digits = format!("{probability:.2}");
    if digits.parse() == Ok(probability) {
        return match probability {
            1.0 => "q100".into(),
            _ => format!("q{}", &digits[2..]),
        };
    }
    let digits = format!("{probability}");
    let digits = digits.strip_prefix("0.").unwrap_or(&digits);
    format!("q{}", digits.replace(['.', '-'], "_"))
}

/// A part of the initial state that is drawn at random.
#[derive(Clone, Debug, PartialEq)]
pub struct InitialDraw {
    /// Its place in the flat state.
    pub range: Range<usize>,
    /// How it is distributed.
    pub law: Law,
    /// The path that addresses its numbers.
    pub path: String,
}

/// When a run is made safe before it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Checkpoint {
    /// After so many steps that short runs have none.
    Auto,
    /// Never.
    Off,
    /// At the first step past each multiple of this simulated time.
    Time(f64),
    /// After this many steps, and again.
    Steps(u64),
}

/// Where the result goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The archive's final path.
    pub path: PathBuf,
    /// Deflate level, 0 for none.
    pub compression: u8,
    /// When a long run is made safe.
    pub checkpoint: Checkpoint,
}

/// The file itself and everything it named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// The path as the user gave it.
    pub path: PathBuf,
    /// The text as given.
    pub text: String,
    /// The text with every default and every value's origin, itself a valid experiment file.
    pub resolved: String,
    /// Every external input.
    pub files: Vec<ExternalFile>,
}

/// An external input: its bytes make the archive sufficient to run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalFile {
    /// As the experiment names it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    #[test]
    fn quantiles_are_called_by_their_percents() {
        for (probability, name) in [
            (0.05, "q05"),
            (0.5, "q50"),
            (0.975, "q975"),
            (0.0, "q00"),
            (1.0, "q100"),
            (0.1, "q10"),
        ] {
            assert_eq!(super::quantile_name(probability), name);
        }
    }
}
