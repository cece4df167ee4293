//! Families: what a model tells the world besides its equations.
//!
//! A [`Family`] names its dynamics variants, parameters, channels and observables, and builds an
//! immutable system from checked parameters. The registry knows this trait and never a model.

use super::analysis::Analysis;
use super::claim::Claim;
use super::layout::Block;
use super::likelihood::Likelihood;
use super::objective::Objective;
use super::parameters::{BuildError, Parameter, Parameters};
use super::recursion::Recursion;
use super::share::Share;
use super::stimulus::{Channel, Stimulus};
use super::tree::Tree;
use super::{Map, System};

/// What a dynamics variant evolves over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evolution {
    /// Continuous time: needs `[time]`.
    Flow,
    /// Steps: needs `[steps]`.
    Steps,
    /// Trials: needs `[trials]`.
    Trials,
    /// Continuous time, laid out by a table of trials: needs `[trials]`, and takes `[time]`, whose `stop` is
    /// [`System::natural_stop`] by default.
    TimedTrials,
}

impl Evolution {
    /// Whether it needs a table of trials.
    pub fn has_trials(self) -> bool {
        matches!(self, Evolution::Trials | Evolution::TimedTrials)
    }
}

/// One of a family's dynamics variants.
#[derive(Clone, Copy, Debug)]
pub struct Dynamics {
    /// Name in `dynamics = "..."`.
    pub name: &'static str,
    /// What it evolves over.
    pub evolution: Evolution,
    /// The scheme the model recommends; empty for maps.
    pub method: &'static str,
    /// One line for people.
    pub meaning: &'static str,
}

/// The declaration of an observable, for `describe` and for messages; axes and sizes come from the
/// built system.
#[derive(Clone, Copy, Debug)]
pub struct ObservableCard {
    /// Name in `record.observables` and in the archive.
    pub name: &'static str,
    /// Names of its axes.
    pub axes: &'static [&'static str],
    /// Unit.
    pub unit: &'static str,
    /// One line for people.
    pub meaning: &'static str,
    /// The dynamics variants that have it; empty means all.
    pub dynamics: &'static [&'static str],
}

/// All that a family needs to build a system.
pub struct Build<'a> {
    /// The dynamics variant, one of the family's.
    pub dynamics: &'a str,
    /// Complete and checked parameters, those under `[model.parameters]`, those of
    /// [`Family::sections`] under their own names, and the columns of [`Family::trials`].
    pub parameters: &'a Parameters,
    /// The stimuli, whose channels are all the family's.
    pub stimuli: &'a [Stimulus],
    /// Heavy parts that runs with the same arrays share.
    pub share: &'a Share,
}

/// What the file says of where a block starts.
pub struct Starting<'a> {
    /// The block.
    pub block: &'a Block,
    /// Complete and checked parameters.
    pub parameters: &'a Parameters,
    /// What stands in `[initial]`.
    pub form: &'a Tree,
}

/// A built system of either kind.
pub enum Built {
    /// A flow.
    Flow(Box<dyn System>),
    /// A map over steps or trials.
    Map(Box<dyn Map>),
}

impl Built {
    /// As a system; a map stands in the place of one.
    pub fn into_system(self) -> Box<dyn System> {
        match self {
            Built::Flow(system) => system,
            Built::Map(map) => Box::new(Recursion(map)),
        }
    }
}

/// A model family.
pub trait Family: Sync {
    /// Name in `family = "..."`: lower case with hyphens.
    fn name(&self) -> &'static str;
    /// One line for people.
    fn title(&self) -> &'static str;
    /// The equations and their sources as a short text, for `describe`.
    fn card(&self) -> &'static str;
    /// The dynamics variants, the default first.
    fn dynamics(&self) -> &'static [Dynamics];
    /// The unit of time; `1` if it is dimensionless.
    fn time_unit(&self) -> &'static str {
        "1"
    }
    /// The parameters under `[model.parameters]`.
    fn parameters(&self) -> &'static [Parameter];
    /// Whether a file has parameters of its own under `[model.parameters]`: each key there declares one,
    /// with the shape of its value and the unit, range and meaning that stand beside it. Such a family
    /// has no [`parameters`](Self::parameters).
    fn leaves_parameters_to_the_file(&self) -> bool {
        false
    }
    /// Further keys under `[model]`, such as `space` or `choices`.
    fn sections(&self) -> &'static [Parameter] {
        &[]
    }
    /// The columns of a table of trials, for families that have trials: vectors over the size `trial`, called
    /// `trials.NAME`. They are handed over among the parameters; a column that is [`Fallback::Absent`](super::parameters::Fallback::Absent) only if the table has
    /// it. A column `trials.subject` holds names: its numbers are their places in the text parameter `trials.subjects`, which
    /// has a name on each line.
    fn trials(&self) -> &'static [Parameter] {
        &[]
    }
    /// The columns of trials that a design crosses: all ordered tuples of its levels.
    fn crossed(&self) -> &'static [&'static str] {
        &[]
    }
    /// The channels that stimuli can act on.
    fn channels(&self) -> &'static [Channel] {
        &[]
    }
    /// The observables.
    fn observables(&self) -> &'static [ObservableCard] {
        &[]
    }
    /// The analyses that only this family can do: `[analysis.NAME]`. One with the name of a general
    /// analysis takes its place.
    fn analyses(&self) -> &'static [&'static dyn Analysis] {
        &[]
    }
    /// What `optimize` minimises, if there is such a thing.
    fn objective(&self, build: &Build<'_>) -> Option<Result<Box<dyn Objective>, BuildError>> {
        let _ = build;
        None
    }
    /// How its parameters are fitted to data, if they can be.
    fn likelihood(&self) -> Option<&'static dyn Likelihood> {
        None
    }
    /// What its paper claims, with the experiments that speak to it, for `nullcline reproduce`.
    fn claims(&self) -> &'static [Claim] {
        &[]
    }
    /// A starter experiment as TOML, for `nullcline new`: it must run as it is.
    fn starter(&self) -> &'static str;
    /// Build the system.
    ///
    /// # Errors
    /// If the parameters do not fit each other; the error names the parameter to blame.
    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError>;
    /// The family's own forms of an initial value (`rho = { basis = 0 }`): the flat values of
    /// the block, or `None` if the form is not the family's.
    fn initial(&self, start: &Starting<'_>) -> Option<Result<Vec<f64>, BuildError>> {
        let _ = start;
        None
    }
}
