//! Analyses over the points of a sweep: the systems, and what is found of each.
//!
//! ```text
//! point -> values of the axes -> decoded experiment (heavy axes) -> system -> every analysis
//! ```
//!
//! The points are independent, and each has its place: the result does not depend on the threads.
//! Members of an ensemble are points of their own where parameters are drawn anew for each; elsewhere
//! they differ by their initial states only, and one stands for all. Systems have no stimuli, except for
//! analyses that run them.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::error::RunError;
use super::trajectory::ByEngine;
use crate::archive::analysis::Answered;
use crate::config::axis::{Axis, Value};
use crate::config::experiment::{Asked, Experiment};
use crate::config::variation::Settings;
use crate::plan::{Plan, Run};
use crate::system::analysis::{Findings, Subject};
use crate::system::share::Share;

/// The points of an experiment, as what analyses are about.
pub struct Points<'a> {
    experiment: &'a Experiment,
    plan: Plan,
    heavy: Vec<usize>,
    /// Whether members are points of their own.
    pub members: bool,
    share: Share,
    /// The last decoding.
    last: Mutex<Option<Decoded>>,
}

/// The values of heavy axes, the member if it matters, and what the file says with them.
type Decoded = (Vec<Value>, u64, Arc<Experiment>);

impl<'a> Points<'a> {
    /// The points of an experiment.
    pub fn new(experiment: &'a Experiment) -> Self {
        let plan = Plan::new(experiment);
        let axes = plan.axes().iter().enumerate();
        let heavy = axes
            .filter(|(_, axis)| !axis.is_light())
            .map(|(number, _)| number);
        let recipe = experiment.recipe.as_ref();
        let redraws = recipe.is_some_and(|recipe| recipe.redraws());
        Self {
            heavy: heavy.collect(),
            members: experiment.ensemble.is_some() && redraws,
            experiment,
            plan,
            share: Share::default(),
            last: Mutex::default(),
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        match self.members {
            true => self.plan.len(),
            false => self.plan.points(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The run that stands for a point.
    pub fn run(&self, point: u64) -> Run {
        match self.members {
            true => self.plan.run(point),
            false => self.plan.run(point * self.plan.members()),
        }
    }

    /// The values of the axes at a point, as text.
    pub fn told(&self, point: u64) -> Vec<String> {
        let run = self.run(point);
        let axes = self.plan.axes().iter().zip(&run.values);
        let mut told: Vec<String> = axes.map(|(axis, value)| axis.text(*value)).collect();
        told.extend(self.members.then(|| run.member.to_string()));
        told
    }

    /// The names of what `told` tells.
    pub fn names(&self) -> Vec<String> {
        let axes = self.plan.axes().iter();
        let mut names: Vec<String> = axes.map(|axis| axis.name.clone()).collect();
        names.extend(self.members.then(|| "member".to_string()));
        names
    }

    /// The experiment of a run, its heavy axes decoded.
    fn decoded(&self, run: &Run) -> Result<Option<Arc<Experiment>>, RunError> {
        if self.heavy.is_empty() && !self.members {
            return Ok(None);
        }
        let values: Vec<Value> = self.heavy.iter().map(|&axis| run.values[axis]).collect();
        let member = if self.members { run.member } else { 0 };
        {
            // A panic elsewhere leaves a whole entry.
            let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((others, other, experiment)) = &*last
                && (others, *other) == (&values, member)
            {
                return Ok(Some(Arc::clone(experiment)));
            }
        }
        let axes = self.heavy.iter().map(|&axis| &self.plan.axes()[axis]);
        let pairs: Vec<(&Axis, Value)> = axes.zip(values.iter().copied()).collect();
        let decoded = self.experiment.decoded(&pairs, member);
        let decoded = decoded.map_err(|error| RunError::Values(error.to_string()))?;
        let decoded = Arc::new(decoded);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((values, member, Arc::clone(&decoded)));
        Ok(Some(decoded))
    }

    /// What a point is: the experiment decoded anew, if it is another one than the file's, and the values.
    ///
    /// # Errors
    /// If the experiment does not allow its values.
    fn at(&self, point: u64) -> Result<(Option<Arc<Experiment>>, Settings), RunError> {
        let run = self.run(point);
        let decoded = self.decoded(&run)?;
        let experiment = decoded.as_deref().unwrap_or(self.experiment);
        let axes = self.plan.axes().iter().zip(run.values.iter().copied());
        let light: Vec<(&Axis, Value)> = axes.filter(|(axis, _)| axis.is_light()).collect();
        let settings = experiment.settings(&light, run.member);
        Ok((decoded, settings))
    }

    /// What somebody finds of every point, at the root of the archive.
    pub fn each(
        &self,
        meaning: &'static str,
        find: &(dyn Fn(&Experiment, &Settings) -> Result<Findings, String> + Sync),
    ) -> Answered {
        let one = |point: u64| {
            let (decoded, settings) = self.at(point).map_err(|error| error.to_string())?;
            find(decoded.as_deref().unwrap_or(self.experiment), &settings)
        };
        Answered {
            name: "",
            meaning,
            points: (0..self.len()).into_par_iter().map(one).collect(),
        }
    }

    /// Have every analysis answer for one point.
    ///
    /// # Errors
    /// If the experiment does not allow its values.
    pub fn answer(&self, point: u64) -> Result<Vec<Result<Findings, String>>, RunError> {
        let (decoded, settings) = self.at(point)?;
        let experiment = decoded.as_deref().unwrap_or(self.experiment);
        let undriven = experiment.build_undriven(&settings.parameters, &self.share)?;
        let undriven = undriven.into_system();
        let span = experiment.has_time;
        let span = span.then_some((experiment.time.start, experiment.time.stop));
        let ask = |asked: &Asked| -> Result<Findings, String> {
            let driven = match asked.analysis.needs_time() && !experiment.stimuli.is_empty() {
                true => {
                    let built = experiment.build_with(&settings.parameters, &self.share);
                    Some(built.map_err(|error| error.to_string())?.into_system())
                }
                false => None,
            };
            let subject = Subject {
                system: driven.as_deref().unwrap_or(undriven.as_ref()),
                parameters: &settings.parameters,
                options: &asked.options,
                initial: &settings.initial,
                span,
                seed: experiment.seed,
                integrate: &ByEngine,
            };
            asked
                .analysis
                .run(&subject)
                .map_err(|error| error.to_string())
        };
        Ok(asked(experiment).map(ask).collect())
    }

    /// Have every analysis answer for every point.
    pub fn answers(&self) -> Vec<Answered> {
        let count = asked(self.experiment).count();
        let one = |point: u64| match self.answer(point) {
            Ok(answers) => answers,
            Err(error) => vec![Err(error.to_string()); count],
        };
        let all: Vec<Vec<Result<Findings, String>>> =
            (0..self.len()).into_par_iter().map(one).collect();
        let mut answered: Vec<Answered> = asked(self.experiment).map(empty).collect();
        for answers in all {
            for (answered, answer) in answered.iter_mut().zip(answers) {
                answered.points.push(answer);
            }
        }
        answered
    }
}

/// What is asked here: not what looks on while a run goes on.
fn asked(experiment: &Experiment) -> impl Iterator<Item = &Asked> {
    let all = experiment.analyses.iter();
    all.filter(|asked| !asked.analysis.follows())
}

fn empty(asked: &Asked) -> Answered {
    Answered {
        name: asked.analysis.name(),
        meaning: asked.analysis.meaning(),
        points: Vec::new(),
    }
}
