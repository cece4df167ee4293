//! Reruns: runs of an archive made again, from the archive alone, and compared number by number with
//! what it holds: samples, summaries, events, how each run ended, and, where all members run again, the
//! statistics over them. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use super::archived::archived;
use super::error::RunError;
use super::gauge::Gauge;
use super::outlet::{self, Goal, Message};
use super::prepared::Prepared;
use super::recomputed::Recomputed;
use super::worker::Workshop;
use super::{Progress, RunOptions, checkpoints};
use crate::archive::contents::{Contents, DataSet, Number, Per};
use crate::archive::events::{self, EventCard};
use crate::archive::per_run;
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
    /// The points whose statistics over the members are others.
    pub different_points: u64,
    /// The first differences.
    pub told: Vec<Difference>,
    /// The data sets that are not compared: statistics over members that are not all made again.
    pub left_out: Vec<String>,
    /// How the runs ended that did not end well.
    pub failures: Vec<(u64, String)>,
    /// Whether somebody asked to end.
    pub interrupted: bool,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The run; none for statistics over the members.
    pub run: Option<u64>,
    /// The point of the sweep, for statistics over the members.
    pub point: Option<u64>,
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
    if !reader.is_complete() {
        return Err(RunError::Values(format!(
            "it is unfinished ({}); `nullcline run` with the same experiment resumes it, and then there is \
             something to compare",
            reader.status()
        )));
    }
    let shard = shard_of(reader)?;
    let experiment = archived(reader, registry)?;
    let prepared = Prepared::of_shard(&experiment, shard)?;
    let runs = prepared.tasks.runs();
    if let Some(run) = only {
        check_run(&prepared, shard, run)?;
    }
    // The samples of long runs go to the archive as they come, and so do the statistics over them.
    let base = &prepared.variants.base().contents;
    if only.is_none() && prepared.streams && !Recomputed::is_empty(base) {
        return whole(reader, (&experiment, shard), base, options, progress);
    }
    let gauge = Gauge::new(options.interrupt);
    let plan = &prepared.plan;
    let workshop = Workshop {
        plan: &prepared.plan,
        tasks: &prepared.tasks,
        shard,
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
    let contents = &prepared.variants.base().contents;
    let tasks: Box<dyn Iterator<Item = (Task, u64)> + Send + '_> = match only {
        None => Box::new(prepared.tasks.iter().map(|task| (task, 0))),
        Some(run) => Box::new(
            prepared
                .tasks
                .iter()
                .filter_map(move |task| task_of(plan, task, run)),
        ),
    };
    let mut comparison = Comparison::new(reader, contents)?;
    if only.is_none() {
        comparison.recomputed = Some(Recomputed::new(contents, plan.members()));
    }
    let mut told = |finished| {
        progress(Progress {
            finished,
            ..gauge.progress(0, only.map_or(runs, |_| 1))
        });
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
        let compared: Result<(), ArchiveError> = inlet.each(&mut |message| {
            comparison.take(message)?;
            told(comparison.verdict.runs);
            Ok(())
        });
        if compared.is_err() {
            gauge.stop();
        }
        working
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        compared.map_err(RunError::from)
    })?;
    comparison.close();
    if only.is_some() {
        comparison.leave_statistics_out();
    }
    let mut verdict = comparison.verdict;
    verdict.interrupted = gauge.interrupted();
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

/// The part of the plan that an archive holds.
fn shard_of(reader: &Reader) -> Result<Shard, RunError> {
    let Some(text) = reader.attribute("shard") else {
        return Ok(Shard::ALL);
    };
    text.parse()
        .map_err(|_| RunError::Values(format!("its attribute `shard` is `{text}` and no shard")))
}

/// Refuse a run that the archive does not hold, or holds nothing of to compare.
fn check_run(prepared: &Prepared, shard: Shard, run: u64) -> Result<(), RunError> {
    let refuse = |message: String| Err(RunError::Values(message));
    let runs = prepared.plan.len();
    if run >= runs {
        return refuse(format!(
            "there is no run {run}: the runs are counted from 0 to {}",
            runs - 1
        ));
    }
    let plan = &prepared.plan;
    let mut tasks = prepared.tasks.iter();
    if !tasks.any(|task| task_of(plan, task, run).is_some()) {
        return refuse(format!(
            "run {run} is in another shard: this archive is shard {shard}, and its data set /run lists the runs that it holds"
        ));
    }
    let contents = &prepared.variants.base().contents;
    let columns = contents.columns();
    let is_kept = columns.iter().any(|column| column.data_set.is_some());
    if !is_kept && !Recomputed::is_empty(contents) {
        return refuse(format!(
            "the archive holds statistics over the members only, and so nothing to compare run {run} with; \
             `nullcline rerun` without --run makes all members again and compares the statistics, and an archive \
             with `keep = true` under [ensemble] holds single runs"
        ));
    }
    Ok(())
}

/// The task that has a run, with all its other runs marked as done.
fn task_of(plan: &Plan, task: Task, run: u64) -> Option<(Task, u64)> {
    let mut offsets = 0..task.count;
    let offset = offsets.find(|offset| plan.executed(task.first + offset) == run)?;
    Some((task, !(1 << offset)))
}

/// Make the whole archive again, in a folder that is removed, and compare all data sets that the runs fill.
fn whole(
    reader: &Reader,
    (experiment, shard): (&Experiment, Shard),
    contents: &Contents,
    options: &RunOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verdict, RunError> {
    let folder =
        tempfile::tempdir().map_err(ArchiveError::io("make a folder in", &std::env::temp_dir()))?;
    let mut experiment = experiment.clone();
    experiment.output.path = folder.path().join("again.h5");
    let options = RunOptions {
        threads: options.threads,
        shard,
        ..RunOptions::new(options.interrupt)
    };
    let report = super::run(&experiment, &options, progress)?;
    let mut verdict = Verdict {
        runs: report.resumed + report.finished,
        interrupted: report.interrupted && !report.complete,
        ..Verdict::default()
    };
    if !report.complete {
        return Ok(verdict);
    }
    let again = Reader::open(&report.path)?;
    let diagnoses = again.diagnoses()?.into_iter().take(TOLD);
    verdict.failures.extend(diagnoses);
    let mut comparison = Comparison {
        verdict,
        ..Comparison::new(reader, contents)?
    };
    for index in 0..contents.data_sets.len() {
        comparison.compare_stored(index, &again)?;
    }
    if let Some(card) = &contents.events {
        let found = events::read(&again, card)?;
        let stored = events::read(reader, card)?;
        for run in stored.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
            comparison.compare_events(*run, found.get(run).map_or(&[], Vec::as_slice));
        }
    }
    comparison.close();
    Ok(comparison.verdict)
}

/// The events of the archive, and those of long runs so far.
struct Happened<'a> {
    card: &'a EventCard,
    stored: BTreeMap<u64, Vec<f64>>,
    found: BTreeMap<u64, Vec<f64>>,
}

impl<'a> Happened<'a> {
    fn read(reader: &Reader, card: &'a EventCard) -> Result<Self, ArchiveError> {
        Ok(Self {
            card,
            stored: events::read(reader, card)?,
            found: BTreeMap::new(),
        })
    }

    /// Events of a long run, from this one on.
    fn take(&mut self, run: u64, first: usize, values: &[f64]) {
        let found = self.found.entry(run).or_default();
        found.truncate(first * self.card.width());
        found.extend(values);
    }
}

struct Comparison<'a> {
    reader: &'a Reader,
    contents: &'a Contents,
    verdict: Verdict,
    /// The runs with other numbers.
    others: BTreeSet<u64>,
    /// The points with other statistics.
    other_points: BTreeSet<u64>,
    /// The slots of runs that failed when the archive was made.
    failed: BTreeSet<u64>,
    events: Option<Happened<'a>>,
    /// The statistics over members; none if not all members are made again.
    recomputed: Option<Recomputed<'a>>,
}

/// Where numbers of an archive belong.
#[derive(Clone, Copy)]
enum Owner {
    /// A run, by its place in the archive and by its index in the plan.
    Run { slot: u64, run: u64 },
    /// All members of a point.
    Point(u64),
}

impl<'a> Comparison<'a> {
    fn new(reader: &'a Reader, contents: &'a Contents) -> Result<Self, RunError> {
        Ok(Self {
            reader,
            contents,
            verdict: Verdict::default(),
            others: BTreeSet::new(),
            other_points: BTreeSet::new(),
            failed: failed_runs(reader)?,
            events: match &contents.events {
                Some(card) => Some(Happened::read(reader, card)?),
                None => None,
            },
            recomputed: None,
        })
    }

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
                    let run = self.run_of(slot)?;
                    self.compare(index, Owner::Run { slot, run }, first, &values)?;
                }
                let _ = back.try_send(values);
                Ok(())
            }
            Message::Events { run, first, values } => {
                if let Some(events) = &mut self.events {
                    events.take(run, first, &values);
                }
                Ok(())
            }
            Message::Finished(result) => self.finished(&result),
            Message::Checkpoint(..) | Message::Left(_) => Ok(()),
        }
    }

    /// The index in the plan of the run in a slot: in a shard the archive has it beside the runs.
    fn run_of(&self, slot: u64) -> Result<u64, ArchiveError> {
        match self.reader.attribute("shard") {
            None => Ok(slot),
            Some(_) => {
                let run = self.reader.read_block("run", &[slot as usize], &[1])?;
                Ok(run.first().map_or(slot, |&run| run as u64))
            }
        }
    }

    fn finished(&mut self, result: &TaskResult) -> Result<(), ArchiveError> {
        let runs = result.slots.iter().zip(&result.runs);
        for (place, ((&slot, &run), record)) in runs.zip(&result.records).enumerate() {
            let owner = Owner::Run { slot, run };
            for (column, values) in self.contents.columns().iter().zip(&result.columns) {
                if let (Some(index), Some(length)) = (column.data_set, column.numbers())
                    && !values.is_empty()
                {
                    self.compare(index, owner, 0, &values[place * length..][..length])?;
                }
            }
            for (name, value) in per_run::numbers(record) {
                let mut data_sets = self.contents.data_sets.iter();
                if let Some(index) = data_sets.position(|card| card.path == name) {
                    self.compare(index, owner, 0, &[value])?;
                }
            }
            let mut state = record.state.as_slice();
            for &index in &self.contents.last_state {
                let width = self.contents.data_sets[index].width.min(state.len());
                let (block, rest) = state.split_at(width);
                self.compare(index, owner, 0, block)?;
                state = rest;
            }
            self.compare_events(run, result.events.get(place).map_or(&[], Vec::as_slice));
            self.verdict.runs += 1;
            if !record.ending.success && self.verdict.failures.len() < TOLD {
                let told = format!("{}: {}", record.ending.name, record.diagnosis);
                self.verdict.failures.push((run, told));
            }
        }
        let statistics = self.recomputed.as_mut().map(|all| all.take(result));
        for one in statistics.unwrap_or_default() {
            self.compare(one.data_set, Owner::Point(one.point), 0, &one.values)?;
        }
        Ok(())
    }

    /// Compare the events of a run; those of a short one are given.
    fn compare_events(&mut self, run: u64, short: &[f64]) {
        let Some(events) = &mut self.events else {
            return;
        };
        let long = events.found.remove(&run).unwrap_or_default();
        let found = if short.is_empty() { &long } else { short };
        let stored = events.stored.get(&run).map_or(&[][..], Vec::as_slice);
        let width = events.card.width().max(1);
        let pairs = stored.iter().zip(found);
        let place = pairs.clone().position(|(&a, &b)| unequal(a, b));
        let count = pairs.filter(|&(&a, &b)| unequal(a, b)).count();
        let difference = |name: &str, stored: f64, found: f64, count: usize| Difference {
            run: Some(run),
            point: None,
            name: name.into(),
            stored,
            found,
            count,
        };
        let told = if stored.len() != found.len() {
            let rows = |all: &[f64]| (all.len() / width) as f64;
            Some(difference(
                "events (how many)",
                rows(stored),
                rows(found),
                1,
            ))
        } else {
            place.map(|place| {
                let name = match place % width {
                    0 => "events/time",
                    1 => "events/kind",
                    2 => "events/component",
                    _ => "events/mode",
                };
                difference(name, stored[place], found[place], count)
            })
        };
        self.verdict.numbers += found.len() as u64;
        if let Some(told) = told {
            self.differs(told, Owner::Run { slot: run, run });
        }
    }

    /// Note a difference.
    fn differs(&mut self, difference: Difference, owner: Owner) {
        match owner {
            Owner::Run { run, .. } => self.others.insert(run),
            Owner::Point(point) => self.other_points.insert(point),
        };
        if self.verdict.told.len() < TOLD {
            self.verdict.told.push(difference);
        }
    }

    /// Compare a data set with that of the same archive made again, entry by entry.
    fn compare_stored(&mut self, index: usize, again: &Reader) -> Result<(), ArchiveError> {
        let card = &self.contents.data_sets[index];
        // The clock on the wall is no number of a run.
        if card.path == per_run::WALL_TIME {
            return Ok(());
        }
        // A track whose samples are counted afterwards is as long as its longest run.
        let found = again.variable(&card.path)?;
        let stored = self.reader.variable(&card.path)?;
        if found.shape != stored.shape {
            let length = |shape: &[usize]| shape.iter().product::<usize>() as f64;
            let difference = Difference {
                run: None,
                point: Some(0),
                name: format!("{} (how many)", card.path),
                stored: length(&stored.shape),
                found: length(&found.shape),
                count: 1,
            };
            self.differs(difference, Owner::Point(0));
            return Ok(());
        }
        for entry in 0..self.contents.entries(card) {
            let owner = match card.per {
                Per::Run => Owner::Run {
                    slot: entry,
                    run: self.run_of(entry)?,
                },
                Per::Point => Owner::Point(entry),
            };
            let place = self.contents.place(card, entry);
            let inner = &found.shape[place.len()..];
            let start = [place.clone(), vec![0; inner.len()]].concat();
            let count = [vec![1; place.len()], inner.to_vec()].concat();
            let values = again.read_block(&card.path, &start, &count)?;
            let stored = self.reader.read_block(&card.path, &start, &count)?;
            self.compare_numbers(index, owner, &stored, &values);
        }
        Ok(())
    }

    /// Count what is different.
    fn close(&mut self) {
        self.verdict.different = self.others.len() as u64;
        self.verdict.different_points = self.other_points.len() as u64;
    }

    /// Name the statistics over members, of which one run says nothing.
    fn leave_statistics_out(&mut self) {
        let columns = self.contents.columns();
        let all = columns.iter().flat_map(|column| column.statistics);
        let left_out: BTreeSet<usize> = all.map(|&(_, data_set)| data_set).collect();
        let sets = left_out
            .into_iter()
            .map(|set| &self.contents.data_sets[set]);
        self.verdict.left_out = sets.map(|card| card.path.clone()).collect();
    }

    /// Compare numbers of a run, or of all members of a point, with those of the archive.
    fn compare(
        &mut self,
        data_set: usize,
        owner: Owner,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        if values.is_empty() {
            return Ok(());
        }
        let card: &DataSet = &self.contents.data_sets[data_set];
        let (Owner::Run { slot: entry, .. } | Owner::Point(entry)) = owner;
        let (start, count) = self.contents.block(card, entry, first, values.len());
        let stored = self.reader.read_block(&card.path, &start, &count)?;
        self.compare_numbers(data_set, owner, &stored, values);
        Ok(())
    }

    fn compare_numbers(&mut self, data_set: usize, owner: Owner, stored: &[f64], values: &[f64]) {
        let card: &DataSet = &self.contents.data_sets[data_set];
        let (run, point) = match owner {
            Owner::Run { run, .. } => (Some(run), None),
            Owner::Point(point) => (None, Some(point)),
        };
        let as_stored = |value: f64| match card.number {
            Number::F32 => f64::from(value as f32),
            _ => value,
        };
        let pairs = stored.iter().zip(values).map(|(&a, &b)| (a, as_stored(b)));
        let mut different = pairs.filter(|&(a, b)| unequal(a, b));
        self.verdict.numbers += values.len() as u64;
        let Some((stored, found)) = different.next() else {
            return;
        };
        let difference = Difference {
            run,
            point,
            name: card.path.clone(),
            stored,
            found,
            count: 1 + different.count(),
        };
        self.differs(difference, owner);
    }
}

/// Whether two numbers have other bits; NaN is NaN.
fn unequal(a: f64, b: f64) -> bool {
    a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan())
}
