//! Preparation: everything short of the first step.

use std::sync::Arc;

use super::error::RunError;
use super::variants::Variants;
use crate::archive::gathering;
use crate::archive::run_dims::{AxisKind, RunDims};
use crate::config::axis::Values;
use crate::config::experiment::{Checkpoint, Experiment};
use crate::engine::{outcome, schemes};
use crate::plan::tasks::Tasks;
use crate::plan::{Plan, Run, Shard};
use crate::system::System;
use crate::system::parameters::{Array, Value};

/// An experiment short of its first step: nothing but the disk can refuse it now.
pub struct Prepared {
    /// The runs.
    pub plan: Plan,
    /// How they are cut.
    pub tasks: Tasks,
    /// What they are made from.
    pub variants: Variants,
    /// Whether their samples are written as they come.
    pub streams: bool,
    shard: Shard,
}

/// A corner of the sweep that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corner {
    /// The values of the axes.
    pub values: String,
    /// Why not.
    pub message: String,
}

/// At most so many corners are tried.
const CORNERS: usize = 64;

impl Prepared {
    /// Prepare an experiment.
    ///
    /// # Errors
    /// If it cannot be built, integrated or recorded as it says.
    pub fn new(experiment: &Experiment) -> Result<Self, RunError> {
        Self::of_shard(experiment, Shard::ALL)
    }

    /// Prepare a part of an experiment.
    ///
    /// # Errors
    /// As [`new`](Prepared::new).
    pub fn of_shard(experiment: &Experiment, shard: Shard) -> Result<Self, RunError> {
        if !experiment.has_time {
            return Err(RunError::NoTime);
        }
        let plan = Plan::new(experiment);
        if plan.is_empty() {
            return Err(RunError::Nothing);
        }
        let members = experiment.ensemble.is_some();
        // What is recorded does not depend on how the runs are cut.
        let whole = Tasks::new(&plan, 1, Shard::ALL);
        let dims = RunDims::new(&plan, members, &whole, Shard::ALL);
        let variants = Variants::new(experiment, &plan, dims)?;
        let base = variants.base();
        let ready = variants.ready(&plan.run(0))?;
        let long = gathering::streams(&base.contents);
        let alone = matches!(
            experiment.output.checkpoint,
            Checkpoint::Time(_) | Checkpoint::Steps(_)
        );
        let lanes = schemes::has_lanes(base.card.name)
            && (base.card.noise.is_some() || ready.system.batch().is_some());
        let block = match long || alone {
            true => 1,
            false => block(
                plan.len(),
                plan.members(),
                lanes,
                gathering::numbers(&base.contents),
            ),
        };
        let tasks = Tasks::new(&plan, block, shard);
        let variants = match shard.is_all() {
            true => variants,
            false => {
                let dims = RunDims::new(&plan, members, &tasks, shard);
                Variants::new(experiment, &plan, dims)?
            }
        };
        Ok(Self {
            streams: block == 1 && (plan.members() == 1 || long || alone),
            plan,
            tasks,
            variants,
            shard,
        })
    }

    /// The system of the first run.
    ///
    /// # Errors
    /// If the model does not allow its values.
    pub fn system(&self) -> Result<Arc<dyn System>, RunError> {
        Ok(self.variants.ready(&self.plan.run(0))?.system)
    }

    /// The slots of some runs of a task, given as bits.
    pub fn slots(&self, number: u64, which: u64) -> Vec<u64> {
        let local = self.tasks.local(number);
        let task = self.tasks.nth(local);
        let first = match self.shard.is_all() {
            true => 0,
            false => self.tasks.slots(local).start,
        };
        (0..task.count)
            .filter(|offset| which >> offset & 1 == 1)
            .map(|offset| match self.shard.is_all() {
                true => self.plan.executed(task.first + offset),
                false => first + offset,
            })
            .collect()
    }

    /// Try the runs at the corners of the sweep, at most some dozens of them.
    pub fn corners(&self) -> Vec<Corner> {
        let told = |run: &Run| Some(self.variants.ready(run).err()?.to_string());
        let tried = match self.plan.axes().is_empty() {
            true => Vec::new(),
            false => self.cornered(),
        };
        self.told_at(tried, told)
    }

    /// What is wrong with the formulas of the model where a run starts: of the first run, and of those at the corners of the
    /// sweep. Such runs fail before their first step.
    pub fn faults(&self) -> Vec<Corner> {
        let told = |run: &Run| {
            let ready = self.variants.ready(run).ok()?;
            let start = ready.variant.span().start;
            outcome::fault_at(ready.system.as_ref(), start, &ready.x0)
        };
        self.told_at(self.cornered(), told)
    }

    /// The runs at the corners of the sweep, or the first one of all.
    fn cornered(&self) -> Vec<Run> {
        let axes = self.plan.axes();
        let points = self.plan.points();
        match self.plan.mode() {
            None => vec![self.plan.run(0)],
            Some(mode) if mode != crate::config::axis::Mode::Grid => [0, points - 1]
                .into_iter()
                .map(|point| self.plan.run(point * self.plan.members()))
                .collect(),
            Some(_) => (0..1_usize << axes.len().min(CORNERS.ilog2() as usize))
                .map(|corner| {
                    let point = axes.iter().enumerate().fold(0, |point, (number, axis)| {
                        let length = axis.len() as u64;
                        let last = corner >> number.min(63) & 1 == 1;
                        point * length + if last { length - 1 } else { 0 }
                    });
                    self.plan.run(point * self.plan.members())
                })
                .collect(),
        }
    }

    /// What is told of some of the runs, each thing once at the same values.
    fn told_at(&self, tried: Vec<Run>, told: impl Fn(&Run) -> Option<String>) -> Vec<Corner> {
        let axes = self.plan.axes();
        let mut found: Vec<Corner> = Vec::new();
        for run in tried {
            let Some(message) = told(&run) else {
                continue;
            };
            let values = axes.iter().zip(&run.values);
            let values: Vec<String> = values
                .map(|(axis, &value)| format!("{} = {}", axis.path, axis.text(value)))
                .collect();
            let corner = Corner {
                values: values.join(", "),
                message,
            };
            if !found.contains(&corner) {
                found.push(corner);
            }
        }
        found
    }

    /// The arrays of the axes whose values are whole arrays of one shape, with a first dimension along
    /// the axis.
    ///
    /// # Errors
    /// If the file does not allow a value.
    pub fn arrays(&self, experiment: &Experiment) -> Result<Vec<Option<Array>>, RunError> {
        const MOST: usize = 256;
        let axes = self.plan.axes().iter();
        axes.map(|axis| {
            let name = axis.path.strip_prefix("model.parameters.");
            let Values::List(items) = &axis.values else {
                return Ok(None);
            };
            let counted = AxisKind::of(axis) == AxisKind::Counted;
            let Some(name) = name.filter(|_| counted && items.len() <= MOST) else {
                return Ok(None);
            };
            let mut shape: Option<Vec<usize>> = None;
            let mut data = Vec::new();
            for item in 0..items.len() {
                let value = [(axis, axis.at(item))];
                let parameters = match axis.is_light() {
                    true => experiment.settings(&value, 0).parameters,
                    false => {
                        let decoded = experiment.decoded(&value, 0);
                        let decoded = decoded.map_err(|e| RunError::Values(e.to_string()))?;
                        decoded.parameters
                    }
                };
                let Some(Value::Real(array)) = parameters.get(name) else {
                    return Ok(None);
                };
                if shape.get_or_insert_with(|| array.shape.clone()) != &array.shape {
                    return Ok(None);
                }
                data.extend(&array.data);
            }
            let shape = [vec![items.len()], shape.unwrap_or_default()].concat();
            Ok(Some(Array::new(shape, data)))
        })
        .collect()
    }
}

/// The number of runs of a task: enough to fill lanes and to make messages cheap, few enough to keep
/// many threads busy.
fn block(runs: u64, members: u64, lanes: bool, numbers: usize) -> u64 {
    /// Numbers that the runs of a task may leave together, if they are more than fit a set of lanes.
    const HELD: u64 = 1 << 19;
    if runs == 1 {
        return 1;
    }
    // The statistics over members must not depend on how many points a sweep has.
    let most = HELD / (numbers as u64).max(1);
    if members > 1 {
        return most.clamp(8, 16);
    }
    match lanes {
        true => (runs / 64).min(most).clamp(8, 64).next_multiple_of(8),
        false => (runs / 256).min(most).clamp(1, 64),
    }
}
