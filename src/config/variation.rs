//! Variations: the experiment of one run of a sweep.
//!
//! Values of light axes are put into the decoded parameters and initial state ([`Experiment::settings`]);
//! for every other axis the file is decoded anew with the value in place ([`Experiment::decoded`]).
//! Both give what a file with these values written into it would give.

use std::sync::Arc;

use super::axis::{Axis, Target, Value as AxisValue, Values};
use super::decoder::Decoder;
use super::experiment::{Experiment, ExternalFile, Source};
use super::problem::{ConfigError, Problem};
use super::resolved::Resolved;
use super::sources::Sources;
use super::{decode, overrides, random};
use crate::registry::Registry;
use crate::system::parameters::{Array, Parameters, Value};
use crate::system::tree::Tree;

/// How an experiment file is decoded anew with other values.
pub struct Recipe {
    /// The file with the first value of every axis in place.
    root: Tree,
    sources: Sources,
    registry: Registry,
    files: Vec<ExternalFile>,
    rivals: Vec<String>,
    noisy: Option<&'static str>,
    /// Whether members differ by more than their initial state.
    redraws: bool,
}

/// What differs from run to run without a new decoding.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// All parameters.
    pub parameters: Parameters,
    /// The flat initial state.
    pub initial: Vec<f64>,
}

/// At most this many values of one axis are tried before the sweep begins.
const TRIED: usize = 256;

impl Recipe {
    pub(super) fn new(d: &Decoder, root: Tree, registry: &Registry) -> Self {
        Self {
            root,
            sources: d.sources.clone(),
            registry: registry.clone(),
            files: d.files.clone(),
            rivals: d.rivals.clone(),
            noisy: d.noisy,
            redraws: d.redraws,
        }
    }

    /// Whether each member of the ensemble needs a decoding of its own.
    pub fn redraws(&self) -> bool {
        self.redraws
    }

    /// Decode the file with these values in place.
    fn decode(&self, values: &[(&Axis, AxisValue)], member: u64) -> (Decoder, Option<Experiment>) {
        let mut root = self.root.clone();
        let mut d = Decoder::new(self.sources.clone());
        d.member = member;
        d.stored.clone_from(&self.files);
        d.rivals.clone_from(&self.rivals);
        d.noisy = self.noisy;
        for &(axis, value) in values {
            let steps = overrides::steps(&axis.path, axis.span.start);
            let placed =
                steps.and_then(|steps| overrides::insert(&mut root, &steps, axis.tree(value)));
            if let Err(problem) = placed {
                d.problem(*problem);
            }
        }
        let experiment = decode(&mut d, &root, &self.registry, None);
        d.resolved = Resolved::default();
        (d, experiment)
    }
}

/// Decode the file once with each listed value of each axis that needs it, so that their mistakes are
/// found before the first run.
pub(super) fn try_values(d: &mut Decoder, experiment: &Experiment) {
    let (Some(sweep), Some(recipe)) = (&experiment.sweep, &experiment.recipe) else {
        return;
    };
    for axis in sweep.axes.iter().filter(|axis| !axis.is_light()) {
        let count = match &axis.values {
            Values::List(items) => items.len(),
            Values::Spread(_) => axis.len().max(2),
        };
        let tried = count.min(TRIED);
        let mut known: Vec<Problem> = Vec::new();
        for place in 1..tried {
            // Spread over the axis, its last value included.
            let index = (place * (count - 1)) / (tried - 1);
            let value = match &axis.values {
                Values::Spread(spread) if spread.count == 0 => AxisValue::Number(spread.to),
                _ => axis.at(index),
            };
            let (trial, _) = recipe.decode(&[(axis, value)], 0);
            for problem in trial.problems {
                // The same trouble with many values is told once.
                if !known.iter().any(|other| other.message == problem.message) {
                    known.push(problem);
                }
            }
            for file in trial.files {
                if !d.files.iter().any(|other| other.name == file.name) {
                    d.files.push(file);
                }
            }
        }
        d.problems.extend(known);
    }
}

impl Experiment {
    /// The experiment with these values of heavy axes, for a member.
    ///
    /// # Errors
    /// If the file does not allow them.
    pub fn decoded(
        &self,
        values: &[(&Axis, AxisValue)],
        member: u64,
    ) -> Result<Experiment, ConfigError> {
        let Some(recipe) = &self.recipe else {
            return Ok(self.clone());
        };
        let (mut d, experiment) = recipe.decode(values, member);
        match experiment {
            Some(mut experiment) if d.problems.is_empty() => {
                experiment.parameters.share(&self.parameters);
                experiment.source = Source {
                    path: self.source.path.clone(),
                    files: std::mem::take(&mut d.files),
                    ..Source::default()
                };
                Ok(experiment)
            }
            _ => Err(ConfigError::new(d.problems, d.sources)),
        }
    }

    /// The parameters and the initial state with these values of light axes, for a member.
    pub fn settings(&self, values: &[(&Axis, AxisValue)], member: u64) -> Settings {
        let mut parameters = self.parameters.clone();
        let mut initial = self.initial.clone();
        if member > 0 {
            for draw in &self.draws {
                let seed = random::member_seed(self.seed, &draw.path, member);
                let numbers = draw.law.draw(seed, draw.range.len());
                initial[draw.range.clone()].copy_from_slice(&numbers);
            }
        }
        for &(axis, value) in values {
            match &axis.target {
                Target::Decode => {}
                Target::Element { parameter, index } => {
                    if let (Some(array), AxisValue::Number(number)) =
                        (parameters.array_mut(parameter), value)
                    {
                        array.data[*index] = number;
                    }
                }
                Target::Parameter { parameter, shape } => {
                    let array = match (value, &axis.values) {
                        (AxisValue::Number(number), _) => {
                            Some(Arc::new(Array::filled(shape.clone(), number)))
                        }
                        (AxisValue::Item(index), Values::List(items)) => items[index].array.clone(),
                        _ => None,
                    };
                    if let Some(array) = array {
                        parameters.set(parameter.as_str(), Value::Real(array));
                    }
                }
                Target::Initial(range) => {
                    let part = &mut initial[range.clone()];
                    match (value, &axis.values) {
                        (AxisValue::Number(number), _) => part.fill(number),
                        (AxisValue::Item(index), Values::List(items)) => {
                            if let Some(array) = &items[index].array {
                                part.copy_from_slice(&array.data);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        Settings {
            parameters,
            initial,
        }
    }

    /// The number of members: 1 without an ensemble.
    pub fn members(&self) -> u64 {
        self.ensemble
            .as_ref()
            .map_or(1, |ensemble| ensemble.members)
    }

    /// Whether anything differs between two members.
    pub fn is_random(&self) -> bool {
        let redraws = self.recipe.as_ref().is_some_and(|recipe| recipe.redraws);
        let common = self.ensemble.as_ref().is_some_and(|one| one.common_noise);
        let noisy = self.cell.is_some() || self.draws_jumps;
        redraws || !self.draws.is_empty() || noisy && !common
    }
}
