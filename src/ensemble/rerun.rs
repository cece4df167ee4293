//! Reruns: runs of an archive made again, from the archive alone, and compared number by number with
//! what it holds. Nothing is written.

use std::collections::BTreeSet;

use super::archived::archived;
use super::error::RunError;
use super::gauge::Gauge;
use super::outlet::{self, Goal, Message};
use super::prepared::Prepared;
use super::worker::Workshop;
use super::{Progress, RunOptions, checkpoints};
use crate::archive::contents::{Contents, DataSet, Number};
use crate::archive::{ArchiveError, Checkpoints as Stored, Reader, TaskResult};
use crate::config::experiment::Experiment;
use crate::engine::outcome::Status;
use crate::plan::tasks::Task;
use crate::plan::{Plan, Shard};
use crate::registry::Registry;

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The runs that were made again.
    pub runs: u64,
    /// The numbers that were compared.
    pub numbers: u64,
    /// The runs with other numbers.
    pub different: u64,
    /// The first differences.
    pub told: Vec<Difference>,
    /// How the runs ended that did not end well.
    pub failures: Vec<(u64, String)>,
    /// Whether somebody asked to end.
    pub interrupted: bool,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The run.
    pub run: u64,
    /// The data set.
    pub name: String,
    /// What the archive has.
    pub stored: f64,
    /// What came out now.
    pub found: f64,
    /// How many numbers of this data set differ in this run.
    pub count: usize,
}

/// So many differences and failures are told.
const TOLD: usize = 20;

/// Make runs of an archive again: all of them, or one by its index.
///
/// # Errors
/// If the archive cannot be read, is a shard, or has no such run.
pub fn rerun(
    reader: &Reader,
    only: Option<u64>,
    registry: &Registry,
    options: &RunOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verdict, RunError> {
    if let Some(shard) = reader.attribute("shard") {
        return Err(RunError::Values(format!(
            "it is shard {shard} of a sweep; `nullcline merge` puts the shards together first"
        )));
    }
    let experiment = archived(reader, registry)?;
    let prepared = Prepared::new(&experiment)?;
    let runs = prepared.plan.len();
    if let Some(run) = only.filter(|run| *run >= runs) {
        return Err(RunError::Values(format!(
            "there is no run {run}: the runs are counted from 0 to {}",
            runs - 1
        )));
    }
    let contents = &prepared.variants.base().contents;
    let kept = keeps_results(contents);
    if only.is_some() && !kept {
        return Err(RunError::Values(
            "the archive keeps no numbers of single runs, only statistics over the members; without `--run` all runs are made again, and \
             the statistics are compared"
                .into(),
        ));
    }
    if only.is_none() && has_statistics(contents) {
        return whole(reader, &experiment, options, progress);
    }
    let gauge = Gauge::new(options.interrupt);
    let plan = &prepared.plan;
    let workshop = Workshop {
        plan: &prepared.plan,
        tasks: &prepared.tasks,
        shard: Shard::ALL,
        variants: &prepared.variants,
        streams: prepared.streams,
        lanes: options.lanes,
        checkpoints: checkpoints(&experiment),
        stored: Stored::none(),
        gauge: &gauge,
        fail_fast: false,
        single: runs == 1,
        parts: only.is_some(),
    };
    let tasks: Box<dyn Iterator<Item = (Task, u64)> + Send + '_> = match only {
        None => Box::new(prepared.tasks.iter().map(|task| (task, 0))),
        Some(run) => Box::new(
            prepared
                .tasks
                .iter()
                .filter_map(move |task| task_of(plan, task, run)),
        ),
    };
    let mut comparison = Comparison {
        reader,
        contents: &prepared.variants.base().contents,
        verdict: Verdict::default(),
        others: BTreeSet::new(),
        failed: failed_runs(reader)?,
        progress: &mut |finished| {
            progress(Progress {
                finished,
                ..gauge.progress(0, only.map_or(runs, |_| 1))
            });
        },
    };
    let (messages, inlet) = outlet::channel();
    std::thread::scope(|scope| -> Result<(), RunError> {
        let workshop = &workshop;
        let gauge = &gauge;
        let threads = options.threads;
        let working = scope.spawn(move || {
            super::pool(
                threads,
                tasks.take_while(|_| gauge.going()),
                &|(task, done)| {
                    workshop.work(task, done, &messages);
                },
            )
        });
        let compared = inlet.each(&mut |message| comparison.take(message));
        if compared.is_err() {
            gauge.stop();
        }
        working
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        compared.map_err(RunError::from)
    })?;
    let Comparison {
        mut verdict,
        others,
        ..
    } = comparison;
    verdict.different = others.len() as u64;
    verdict.interrupted = gauge.interrupted();
    Ok(verdict)
}

/// Whether an archive of these contents has results of single runs: samples, summaries, findings.
fn keeps_results(contents: &Contents) -> bool {
    contents
        .columns()
        .iter()
        .any(|column| column.data_set.is_some())
}

/// Whether an archive of these contents has statistics over the members.
fn has_statistics(contents: &Contents) -> bool {
    let columns = contents.columns();
    columns.iter().any(|column| !column.statistics.is_empty())
}

/// Make the whole archive again, in a folder that is removed, and compare all data sets: statistics over the members are sums over
/// all runs.
fn whole(
    reader: &Reader,
    experiment: &Experiment,
    options: &RunOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verdict, RunError> {
    let folder =
        tempfile::tempdir().map_err(ArchiveError::io("make a folder in", &std::env::temp_dir()))?;
    let mut experiment = experiment.clone();
    experiment.output.path = folder.path().join("again.h5");
    let report = super::run(&experiment, options, progress)?;
    let mut verdict = Verdict {
        runs: report.resumed + report.finished,
        interrupted: report.interrupted && !report.complete,
        ..Verdict::default()
    };
    if !report.complete {
        return Ok(verdict);
    }
    let again = Reader::open(&report.path)?;
    for (run, told) in again.diagnoses()?.into_iter().take(TOLD) {
        verdict.failures.push((run, told));
    }
    let prepared = Prepared::new(&experiment)?;
    let contents = &prepared.variants.base().contents;
    let mut others = BTreeSet::new();
    for card in &contents.data_sets {
        // The clock on the wall is no number of a run.
        if card.path.starts_with("provenance/") {
            continue;
        }
        let (stored, found) = (reader.read(&card.path)?, again.read(&card.path)?);
        verdict.numbers += found.len() as u64;
        let unequal = |a: f64, b: f64| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
        let width = contents.numbers(card).max(1);
        // The runs are the first dimensions; of statistics the points are.
        let mut told: Option<Difference> = None;
        for (place, &found) in found.iter().enumerate() {
            let stored = stored.get(place).copied().unwrap_or(f64::NAN);
            if !unequal(stored, found) {
                continue;
            }
            let run = (place / width) as u64;
            others.insert(run);
            let first = || Difference {
                run,
                name: card.path.clone(),
                stored,
                found,
                count: 0,
            };
            told.get_or_insert_with(first).count += 1;
        }
        verdict.told.extend(told);
    }
    verdict.different = others.len() as u64;
    verdict.told.truncate(TOLD);
    Ok(verdict)
}

/// The runs of an archive that failed.
fn failed_runs(reader: &Reader) -> Result<BTreeSet<u64>, RunError> {
    let well: Vec<f64> = Status::ALL
        .iter()
        .filter(|status| status.is_success())
        .map(|&status| f64::from(status as i8))
        .collect();
    let codes = reader.read("run_status")?;
    let runs = (0..).zip(codes);
    let failed = runs.filter(|(_, code)| !well.contains(code));
    Ok(failed.map(|(run, _)| run).collect())
}

/// The task that has a run, with all its other runs marked as done.
fn task_of(plan: &Plan, task: Task, run: u64) -> Option<(Task, u64)> {
    let mut offsets = 0..task.count;
    let offset = offsets.find(|offset| plan.executed(task.first + offset) == run)?;
    Some((task, !(1 << offset)))
}

struct Comparison<'a> {
    reader: &'a Reader,
    contents: &'a Contents,
    verdict: Verdict,
    /// The runs with other numbers.
    others: BTreeSet<u64>,
    /// The runs that failed when the archive was made.
    failed: BTreeSet<u64>,
    progress: &'a mut dyn FnMut(u64),
}

impl Comparison<'_> {
    fn take(&mut self, message: Message) -> Result<(), ArchiveError> {
        match message {
            Message::Rows {
                slot,
                goal,
                first,
                values,
                back,
            } => {
                // What a failed run had before it failed is not kept.
                let kept = !self.failed.contains(&slot);
                let data_set = match goal {
                    Goal::Column(column) => self.contents.columns()[column].data_set,
                    Goal::DataSet(index) => Some(index),
                };
                if let Some(index) = data_set.filter(|_| kept) {
                    self.compare(index, slot, first, &values)?;
                }
                let _ = back.try_send(values);
                Ok(())
            }
            Message::Finished(result) => self.finished(&result),
            Message::Events { .. } | Message::Checkpoint(..) | Message::Left(_) => Ok(()),
        }
    }

    fn finished(&mut self, result: &TaskResult) -> Result<(), ArchiveError> {
        for (place, (&slot, record)) in result.slots.iter().zip(&result.records).enumerate() {
            for (column, values) in self.contents.columns().iter().zip(&result.columns) {
                if let (Some(index), Some(length)) = (column.data_set, column.numbers())
                    && !values.is_empty()
                {
                    self.compare(index, slot, 0, &values[place * length..][..length])?;
                }
            }
            for (name, value) in [
                ("run_status", f64::from(record.ending.code)),
                ("run_steps", record.steps as f64),
                ("run_rejected", record.rejected as f64),
                ("run_evaluations", record.evaluations as f64),
                ("health/last_time", record.time),
            ] {
                let mut data_sets = self.contents.data_sets.iter();
                if let Some(index) = data_sets.position(|card| card.path == name) {
                    self.compare(index, slot, 0, &[value])?;
                }
            }
            let mut state = record.state.as_slice();
            for &index in &self.contents.last_state {
                let width = self.contents.data_sets[index].width.min(state.len());
                let (block, rest) = state.split_at(width);
                self.compare(index, slot, 0, block)?;
                state = rest;
            }
            self.verdict.runs += 1;
            if !record.ending.success && self.verdict.failures.len() < TOLD {
                let told = format!("{}: {}", record.ending.name, record.diagnosis);
                self.verdict.failures.push((slot, told));
            }
        }
        (self.progress)(self.verdict.runs);
        Ok(())
    }

    /// Compare numbers of a run with those of the archive.
    fn compare(
        &mut self,
        data_set: usize,
        slot: u64,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        if values.is_empty() {
            return Ok(());
        }
        let card: &DataSet = &self.contents.data_sets[data_set];
        let (start, count) = self.contents.block(card, slot, first, values.len());
        let stored = self.reader.read_block(&card.path, &start, &count)?;
        let as_stored = |value: f64| match card.number {
            Number::F32 => f64::from(value as f32),
            _ => value,
        };
        let unequal = |a: f64, b: f64| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
        let pairs = stored.iter().zip(values).map(|(&a, &b)| (a, as_stored(b)));
        let mut different = pairs.filter(|&(a, b)| unequal(a, b));
        self.verdict.numbers += values.len() as u64;
        let Some((stored, found)) = different.next() else {
            return Ok(());
        };
        let count = 1 + different.count();
        self.others.insert(slot);
        if self.verdict.told.len() < TOLD {
            self.verdict.told.push(Difference {
                run: slot,
                name: card.path.clone(),
                stored,
                found,
                count,
            });
        }
        Ok(())
    }
}
