//! Variants: the experiments that a sweep's runs are made from.
//!
//! Runs that differ only along light axes share one decoded experiment, its contents and its scheme.
//! For every combination of values of the other axes the file is decoded anew; the combinations used
//! last are kept.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::RunError;
use crate::archive::Contents;
use crate::archive::run_dims::RunDims;
use crate::config::axis::{Axis, Value};
use crate::config::experiment::{Experiment, Kinks};
use crate::config::variation::Settings;
use crate::engine::card::{Card, Stepping};
use crate::engine::integrate::{Options, Span};
use crate::engine::schemes;
use crate::plan::{Plan, Run};
use crate::system::System;
use crate::system::constraint::ClosedSet;
use crate::system::number::plain;
use crate::system::parameters::{BuildError, Parameters};
use crate::system::share::Share;
use crate::system::stimulus::Stimulus;

/// A decoded experiment with all that its runs share.
pub struct Variant {
    /// The experiment.
    pub experiment: Experiment,
    /// What is recorded of it.
    pub contents: Contents,
    /// The scheme.
    pub card: &'static Card,
    /// Where the scheme has its Jacobian from, if it uses one.
    pub jacobian: Option<&'static str>,
    /// How it integrates.
    pub options: Options,
    /// The stimuli of its runs.
    pub stimuli: Arc<[Stimulus]>,
}

/// All variants of a plan.
pub struct Variants {
    axes: Vec<Axis>,
    runs: RunDims,
    base: Arc<Variant>,
    /// The axes that need a decoding.
    heavy: Vec<usize>,
    redraws: bool,
    kept: Mutex<Vec<(Key, Arc<Variant>)>>,
    /// The heavy parts of systems.
    share: Share,
    /// The systems used last.
    built: Mutex<Vec<Known>>,
}

/// A system that was built: of which variant, with which values of light axes.
type Known = (Arc<Variant>, Vec<Value>, Arc<dyn System>);

/// The values of heavy axes, and the member if it matters.
type Key = (Vec<Value>, u64);

/// So many variants are kept.
const KEPT: usize = 8;

/// One run, ready to be integrated.
pub struct Ready {
    /// What it is a run of.
    pub variant: Arc<Variant>,
    /// Its system, which runs that differ by their noise or their start alone share.
    pub system: Arc<dyn System>,
    /// Its initial state.
    pub x0: Vec<f64>,
}

impl Variant {
    fn new(experiment: Experiment, runs: RunDims) -> Result<Self, RunError> {
        let system = build(&experiment, &experiment.parameters, &Share::default())?;
        let card = schemes::card(&experiment.solver.method)
            .ok_or_else(|| RunError::Method(experiment.solver.method.clone()))?;
        card.accepts(system.as_ref())?;
        let contents = Contents::new(&experiment, system.as_ref(), runs)?;
        prepare(&experiment, system.as_ref())?;
        let solver = &experiment.solver;
        let options = Options {
            rtol: solver.rtol,
            atol: solver.atol.clone(),
            step: match card.stepping {
                Stepping::Exact => Some(experiment.time.grid()),
                _ => solver.step,
            },
            max_steps: solver.max_steps,
            locate_kinks: solver.kinks == Kinks::Locate,
            cell: experiment.cell,
            seed: experiment.seed,
            max_step: solver.max_step.unwrap_or(f64::INFINITY),
            first_step: solver.first_step,
            stops: experiment.time.stops.as_slice().into(),
        };
        // Whether the scheme would start, before anything is written.
        schemes::make(card.name, system.as_ref(), &options)?;
        Ok(Self {
            stimuli: experiment.stimuli.as_slice().into(),
            jacobian: schemes::jacobian_source(card.name, system.as_ref()),
            options,
            card,
            contents,
            experiment,
        })
    }

    /// From when to when its runs go.
    pub fn span(&self) -> Span {
        Span {
            start: self.experiment.time.start,
            stop: self.experiment.time.stop,
        }
    }
}

impl Variants {
    /// The variants of an experiment with this plan.
    ///
    /// # Errors
    /// If the experiment itself cannot be run.
    pub fn new(experiment: &Experiment, plan: &Plan, runs: RunDims) -> Result<Self, RunError> {
        let base = Arc::new(Variant::new(experiment.clone(), runs.clone())?);
        let axes = plan.axes().iter().enumerate();
        let heavy = axes
            .filter(|(_, axis)| !axis.is_light())
            .map(|(number, _)| number);
        let recipe = experiment.recipe.as_ref();
        Ok(Self {
            heavy: heavy.collect(),
            redraws: plan.members() > 1 && recipe.is_some_and(|recipe| recipe.redraws()),
            axes: plan.axes().to_vec(),
            runs,
            base,
            kept: Mutex::default(),
            share: Share::default(),
            built: Mutex::default(),
        })
    }

    /// The variant of the experiment as the file has it, with the first value of every axis.
    pub fn base(&self) -> &Arc<Variant> {
        &self.base
    }

    /// The variant of a run.
    ///
    /// # Errors
    /// If the file does not allow its values, or what it records has another shape.
    pub fn of(&self, run: &Run) -> Result<Arc<Variant>, RunError> {
        if self.heavy.is_empty() && !self.redraws {
            return Ok(Arc::clone(&self.base));
        }
        let member = if self.redraws { run.member } else { 0 };
        let values: Vec<Value> = self.heavy.iter().map(|&axis| run.values[axis]).collect();
        let key = (values, member);
        {
            // A panic elsewhere leaves whole entries.
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = kept.iter().position(|(other, _)| *other == key) {
                kept[..=place].rotate_right(1);
                return Ok(Arc::clone(&kept[0].1));
            }
        }
        let variant = Arc::new(self.decode(&key)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.insert(0, (key, Arc::clone(&variant)));
        Ok(variant)
    }

    fn decode(&self, (values, member): &Key) -> Result<Variant, RunError> {
        let axes = self.heavy.iter().map(|&axis| &self.axes[axis]);
        let values: Vec<(&Axis, Value)> = axes.zip(values.iter().copied()).collect();
        let decoded = self.base.experiment.decoded(&values, *member);
        let experiment = decoded.map_err(|error| RunError::Values(error.to_string()))?;
        let variant = Variant::new(experiment, self.runs.clone())?;
        if !variant.contents.same_as(&self.base.contents) {
            return Err(RunError::Shapes(self.told(&values)));
        }
        Ok(variant)
    }

    fn told(&self, values: &[(&Axis, Value)]) -> String {
        let told: Vec<String> = values
            .iter()
            .map(|(axis, value)| format!("{} = {}", axis.path, axis.text(*value)))
            .collect();
        told.join(", ")
    }

    /// Everything that a run needs.
    ///
    /// # Errors
    /// As [`of`](Variants::of), or if its parameters do not fit each other.
    pub fn ready(&self, run: &Run) -> Result<Ready, RunError> {
        let variant = self.of(run)?;
        let values = self.light(run);
        let settings = variant.experiment.settings(&values, run.member);
        let system = self.system(&variant, &values, &settings.parameters)?;
        inside(system.as_ref(), &settings.initial)?;
        Ok(Ready {
            variant,
            system,
            x0: settings.initial,
        })
    }
}

impl Variants {
    /// The light axes with their values for a run.
    fn light(&self, run: &Run) -> Vec<(&Axis, Value)> {
        let axes = self.axes.iter().zip(run.values.iter().copied());
        axes.filter(|(axis, _)| axis.is_light()).collect()
    }

    /// The parameters and the initial state of a run of a variant.
    pub fn settings(&self, variant: &Variant, run: &Run) -> Settings {
        variant.experiment.settings(&self.light(run), run.member)
    }

    /// The system of a variant with these values of light axes, built or known.
    fn system(
        &self,
        variant: &Arc<Variant>,
        values: &[(&Axis, Value)],
        parameters: &Parameters,
    ) -> Result<Arc<dyn System>, RunError> {
        let own: Vec<Value> = values.iter().map(|&(_, value)| value).collect();
        let is_it = |(of, values, _): &Known| Arc::ptr_eq(of, variant) && *values == own;
        {
            // A panic elsewhere leaves whole entries.
            let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = built.iter().position(is_it) {
                built[..=place].rotate_right(1);
                return Ok(Arc::clone(&built[0].2));
            }
        }
        let system: Arc<dyn System> = build(&variant.experiment, parameters, &self.share)?.into();
        if !values.is_empty() {
            prepare(&variant.experiment, system.as_ref())?;
        }
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        built.truncate(KEPT - 1);
        built.insert(0, (Arc::clone(variant), own, Arc::clone(&system)));
        Ok(system)
    }
}

fn build(
    experiment: &Experiment,
    parameters: &Parameters,
    share: &Share,
) -> Result<Box<dyn System>, RunError> {
    Ok(experiment.build_with(parameters, share)?.into_system())
}

/// Whether the start lies in the closed set, if the system is confined to one.
fn inside(system: &dyn System, x0: &[f64]) -> Result<(), BuildError> {
    let refuse = |message: String| {
        let help = "start inside the set, or use dynamics that enter it from outside";
        Err(BuildError::about("initial", message).help(help))
    };
    // Rounding of what a file says is no mistake; the scheme puts it right.
    let near = |bound: f64| 1e-9 * (1.0 + bound.abs());
    match system.constraint().map(|constraint| constraint.shape()) {
        Some(ClosedSet::Box { lower, upper }) => {
            for (i, &x) in x0.iter().enumerate() {
                let (low, high) = (lower[i], upper[i]);
                if x < low - near(low) || x > high + near(high) {
                    let component = system.layout().component(i);
                    let (x, low, high) = (plain(x), plain(low), plain(high));
                    return refuse(format!(
                        "{component} = {x} lies outside the closed set of these dynamics, {low} <= {component} <= {high}"
                    ));
                }
            }
        }
        Some(ClosedSet::Faces(faces)) => {
            let mut heights = vec![0.0; faces.count()];
            faces.heights(x0, &mut heights);
            if let Some(face) = heights.iter().position(|&h| h < -near(h)) {
                return refuse(format!(
                    "the start lies outside the closed set of these dynamics: beyond face {face} by {}",
                    -heights[face]
                ));
            }
        }
        Some(ClosedSet::UnitSphere) => {
            let norm = x0.iter().map(|x| x * x).sum::<f64>().sqrt();
            if (norm - 1.0).abs() > near(1.0) {
                return refuse(format!(
                    "the start has the norm {norm}, and these dynamics live on the unit sphere"
                ));
            }
        }
        None => {}
    }
    Ok(())
}

/// Have the system work out what the recorded observables need, or say why they do not exist.
fn prepare(experiment: &Experiment, system: &dyn System) -> Result<(), BuildError> {
    let Some(observables) = system.observables() else {
        return Ok(());
    };
    let groups = experiment.record.groups.iter();
    let grouped = groups.flat_map(|group| &group.observables);
    let own = &experiment.record.observables;
    let mut recorded = own.iter().chain(grouped).peekable();
    if recorded.peek().is_none() {
        return Ok(());
    }
    let recorded: Vec<&String> = recorded.collect();
    for (index, variable) in observables.list().iter().enumerate() {
        if recorded.iter().any(|name| **name == variable.name) {
            observables.prepare(index)?;
        }
    }
    Ok(())
}
