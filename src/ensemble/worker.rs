//! Workers: the runs of one task, from the plan to what the writer is told.
//!
//! Short runs of systems that share their heavy part go side by side in lanes; what they leave is kept
//! and sent together, at the latest every so often, so that a process that is killed loses little. A
//! long run sends its samples as it goes, and its checkpoints. A run that cannot be begun is a run that
//! failed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::RunError;
use super::gauge::{Gauge, Only};
use super::outlet::{Message, Messages, Outlet};
use super::recorder::{Place, Remains, RunRecorder};
use super::variants::{Ready, Variants};
use crate::archive::contents::{Column, Contents, Number};
use crate::archive::members::Sums;
use crate::archive::{Checkpoints as Stored, Ending, Noticed, RunRecord, TaskResult};
use crate::engine::integrate::{Checkpoints, Job, integrate_batch, integrate_job};
use crate::engine::outcome::{Outcome, Status};
use crate::engine::oversight;
use crate::engine::schemes;
use crate::plan::tasks::{Task, Tasks};
use crate::plan::{Plan, Run, Shard};
use crate::system::System;

/// What all workers share.
pub(super) struct Workshop<'a> {
    pub plan: &'a Plan,
    pub tasks: &'a Tasks,
    pub shard: Shard,
    pub variants: &'a Variants,
    /// Whether samples are sent as they come.
    pub streams: bool,
    /// Whether runs may go side by side.
    pub lanes: bool,
    pub checkpoints: Checkpoints,
    pub stored: Stored,
    pub gauge: &'a Gauge<'a>,
    /// Whether the first failure ends everything.
    pub fail_fast: bool,
    /// Whether the time that a run has reached is of interest.
    pub single: bool,
    /// Whether a task may have runs that are not done, so that sums over its members are of no use.
    pub parts: bool,
}

/// At most so long what is finished waits to be sent.
const PATIENCE: Duration = Duration::from_millis(200);

/// One run of a task.
struct Item {
    /// Its place in the task.
    offset: u64,
    run: Run,
    slot: u64,
    ready: Result<Ready, RunError>,
}

impl Item {
    fn place(&self) -> Place {
        Place {
            slot: self.slot,
            run: self.run.index,
        }
    }
}

impl Workshop<'_> {
    /// The slot of the run at this place of a task.
    pub(super) fn slot(&self, task: Task, offset: u64, run: u64) -> u64 {
        match self.shard.is_all() {
            true => run,
            false => self.tasks.slots(self.tasks.local(task.number)).start + offset,
        }
    }

    /// Do the runs of a task that are not done; `done` has the others as bits.
    pub(super) fn work(&self, task: Task, done: u64, messages: &Messages) {
        let offsets = (0..task.count).filter(|offset| done >> offset & 1 == 0);
        let items: Vec<Item> = offsets
            .map(|offset| {
                let run = self.plan.run(self.plan.executed(task.first + offset));
                Item {
                    offset,
                    slot: self.slot(task, offset, run.index),
                    ready: self.variants.ready(&run),
                    run,
                }
            })
            .collect();
        let mut finished = Finished::new(self, task, messages);
        let mut rest = items.as_slice();
        while let Some(first) = rest.first()
            && self.gauge.going()
        {
            let ready = match &first.ready {
                Ok(ready) => ready,
                Err(error) => {
                    finished.refused(first, &error.to_string());
                    rest = &rest[1..];
                    continue;
                }
            };
            if self.streams {
                self.long(first, ready, &mut finished);
                rest = &rest[1..];
                continue;
            }
            let alike = rest.iter().take_while(|item| {
                let other = item.ready.as_ref();
                other.is_ok_and(|other| {
                    let (a, b) = (&ready.variant, &other.variant);
                    a.card.name == b.card.name && a.options == b.options
                })
            });
            let (group, later) = rest.split_at(alike.count());
            self.short(group, &mut finished);
            rest = later;
        }
        // Sums over members are of whole tasks.
        let whole = finished.ended.len() as u64 == task.count;
        if whole || self.parts || !self.has_statistics() || self.streams {
            finished.send();
        }
    }

    /// Short runs with one scheme and one set of options.
    fn short(&self, group: &[Item], finished: &mut Finished<'_>) {
        let Some(Ok(first)) = group.first().map(|item| &item.ready) else {
            return;
        };
        let (method, options) = (first.variant.card.name, &first.variant.options);
        let mut jobs = group.iter().enumerate().filter_map(|(place, item)| {
            let ready = item.ready.as_ref().ok()?;
            let system = ready.system.as_ref();
            let mut recorder = RunRecorder::new(item.place(), &ready.variant, system, None);
            recorder.tag = place;
            let job = Job::new(ready.variant.span(), ready.x0.clone(), recorder);
            let job = job
                .key(item.run.noise)
                .stops(&options.stops)
                .stimuli(&ready.variant.stimuli);
            Some((system, job))
        });
        let mut begun = vec![false; group.len()];
        let mut done = |outcome: Outcome, recorder: RunRecorder<'_>| {
            let place = recorder.tag;
            begun[place] = true;
            finished.ended(&group[place], &outcome, recorder.finish());
        };
        let mut going = |_: f64| self.gauge.going();
        let all = if self.lanes && schemes::has_lanes(method) {
            integrate_batch(method, options, &mut jobs, &mut done, &mut going)
        } else {
            jobs.try_for_each(|(system, job)| {
                let never = Checkpoints::Never;
                let (outcome, recorder) =
                    integrate_job(system, method, options, job, never, &mut going)?;
                done(outcome, recorder);
                Ok(())
            })
        };
        if let Err(mismatch) = all {
            // The first system was accepted; another one may offer less.
            for (item, begun) in group.iter().zip(begun) {
                if !begun {
                    finished.refused(item, &mismatch.to_string());
                }
            }
        }
    }

    /// A run whose samples are sent as they come.
    fn long(&self, item: &Item, ready: &Ready, finished: &mut Finished<'_>) {
        let started = Instant::now();
        let system = ready.system.as_ref();
        let outlet = Outlet::new(finished.messages.clone());
        let variant = &ready.variant;
        let recorder = || RunRecorder::new(item.place(), variant, system, Some(&outlet));
        let mut first = recorder();
        let memory = self.stored.read(item.slot);
        let memory = memory.and_then(|memory| first.restore(&memory));
        // A checkpoint that does not fit is none.
        let first = if memory.is_some() { first } else { recorder() };
        let mut first = first;
        first.begin();
        let lost = first.lost();
        let job = Job {
            span: ready.variant.span(),
            x0: ready.x0.clone(),
            recorder: first,
            memory,
            key: item.run.noise,
            stops: Arc::clone(&ready.variant.options.stops),
            stimuli: Arc::clone(&ready.variant.stimuli),
        };
        let mut going = |t: f64| {
            if self.single {
                self.gauge.reached(t);
            }
            self.gauge.going() && !lost.get()
        };
        let (method, options) = (ready.variant.card.name, &ready.variant.options);
        let ended = integrate_job(system, method, options, job, self.checkpoints, &mut going);
        match ended {
            Err(mismatch) => finished.refused(item, &mismatch.to_string()),
            Ok((outcome, recorder)) => {
                let record = record(system, &item.run, &outcome, started.elapsed());
                if self.single {
                    self.gauge.ended(Only {
                        outcome: outcome.clone(),
                        diagnosis: record.diagnosis.clone(),
                    });
                }
                finished.push(item, record, recorder.finish());
                if outcome.status == Status::Pending {
                    let ended = std::mem::take(&mut finished.ended);
                    let left = self.result(finished.task, ended);
                    outlet.send(Message::Left(Box::new(left)));
                    return;
                }
            }
        }
        finished.send();
    }
}

/// What is written of a run that has ended.
fn record(system: &dyn System, run: &Run, outcome: &Outcome, wall: Duration) -> RunRecord {
    RunRecord {
        ending: ending(outcome.status),
        steps: outcome.counts.steps,
        rejected: outcome.counts.rejected,
        evaluations: outcome.counts.evaluations,
        kinks: outcome.counts.kinks,
        time: outcome.time,
        diagnosis: outcome.diagnosis(system),
        noticed: noticed(&outcome.noticed),
        state: outcome.state.clone(),
        seed: run.seed(),
        wall_time: wall.as_secs_f64(),
    }
}

/// What was noticed, as the archive writes it.
fn noticed(found: &oversight::Noticed) -> Noticed {
    let index = |found: Option<usize>| found.map_or(-1, |index| i64::try_from(index).unwrap_or(-1));
    let (below_atol, largest) = found.below_atol.unzip();
    let (time, width) = found.unseen.unzip();
    Noticed {
        below_atol: index(below_atol),
        below_atol_largest: largest.unwrap_or(f64::NAN),
        unseen_time: time.unwrap_or(f64::NAN),
        unseen_width: width.unwrap_or(f64::NAN),
        fast_guard: index(found.fast_guard),
    }
}

/// A status as the archive writes it.
pub(super) fn ending(status: Status) -> Ending {
    Ending {
        code: status as i8,
        name: status.name(),
        success: status.is_success(),
    }
}

/// A run that has ended.
pub(super) struct Ended {
    /// Its place in the task.
    pub offset: u64,
    /// Its index in the whole plan.
    pub run: u64,
    /// Its place in the archive.
    pub slot: u64,
    pub record: RunRecord,
    pub remains: Remains,
}

/// Runs of a task that have ended and are not sent yet.
struct Finished<'w> {
    workshop: &'w Workshop<'w>,
    task: Task,
    messages: &'w Messages,
    ended: Vec<Ended>,
    /// Since when the clock runs for the next run that ends.
    since: Instant,
    sent: Instant,
}

impl<'w> Finished<'w> {
    fn new(workshop: &'w Workshop<'w>, task: Task, messages: &'w Messages) -> Self {
        let now = Instant::now();
        Self {
            workshop,
            task,
            messages,
            ended: Vec::new(),
            since: now,
            sent: now,
        }
    }

    /// A short run has ended.
    fn ended(&mut self, item: &Item, outcome: &Outcome, remains: Remains) {
        if outcome.status == Status::Pending {
            return;
        }
        let now = Instant::now();
        let wall = now - self.since;
        self.since = now;
        // Only runs that are ready are integrated.
        let Ok(ready) = &item.ready else { return };
        let record = record(ready.system.as_ref(), &item.run, outcome, wall);
        self.push(item, record, remains);
        // The sums over members need all runs of the task at once.
        if self.sent.elapsed() >= PATIENCE && !self.workshop.has_statistics() {
            self.send();
        }
    }

    /// A run could not be begun.
    fn refused(&mut self, item: &Item, why: &str) {
        let base = &self.workshop.variants.base().contents;
        let record = RunRecord {
            ending: ending(Status::Refused),
            steps: 0,
            rejected: 0,
            evaluations: 0,
            kinks: 0,
            time: f64::NAN,
            state: Vec::new(),
            seed: item.run.seed(),
            wall_time: 0.0,
            diagnosis: why.to_string(),
            noticed: Noticed::NOTHING,
        };
        let remains = Remains {
            columns: base.columns().iter().map(|_| Vec::new()).collect(),
            samples: vec![0; base.tracks.len()],
            events: Vec::new(),
        };
        self.push(item, record, remains);
    }

    fn push(&mut self, item: &Item, record: RunRecord, remains: Remains) {
        self.ended.push(Ended {
            offset: item.offset,
            run: item.run.index,
            slot: item.slot,
            record,
            remains,
        });
    }

    /// Send what has ended.
    fn send(&mut self) {
        self.sent = Instant::now();
        if self.ended.is_empty() {
            return;
        }
        let ended = std::mem::take(&mut self.ended);
        let gauge = self.workshop.gauge;
        let failures = ended.iter().filter(|one| !one.record.ending.success);
        let mut failed = 0;
        for one in failures {
            gauge.run_failed(one.run, &one.record.diagnosis);
            failed += 1;
        }
        gauge.finished(ended.len() as u64, failed);
        let result = self.workshop.result(self.task, ended);
        if self
            .messages
            .send(Message::Finished(Box::new(result)))
            .is_err()
        {
            gauge.stop();
        }
        if failed > 0 && self.workshop.fail_fast {
            gauge.stop();
        }
    }
}

impl Workshop<'_> {
    /// Whether there are statistics over members.
    fn has_statistics(&self) -> bool {
        let contents = &self.variants.base().contents;
        contents
            .columns()
            .iter()
            .any(|column| !column.statistics.is_empty())
    }

    fn result(&self, task: Task, ended: Vec<Ended>) -> TaskResult {
        result(&self.variants.base().contents, self.streams, task, ended)
    }
}

/// What the writer is told of runs that have ended.
pub(super) fn result(
    contents: &Contents,
    streams: bool,
    task: Task,
    mut ended: Vec<Ended>,
) -> TaskResult {
    ended.sort_by_key(|one| one.offset);
    let cards = contents.columns();
    let mut columns = Vec::with_capacity(cards.len());
    let mut sums = Vec::with_capacity(cards.len());
    for (index, card) in cards.iter().enumerate() {
        let sent = streams && !(card.rows == Some(1) && is_summary(contents, index));
        let (numbers, sum) = match (card.is_wanted() && !sent, card.numbers()) {
            (true, Some(length)) => column(card, index, length, &ended),
            _ => (Vec::new(), None),
        };
        columns.push(numbers);
        sums.push(sum);
    }
    TaskResult {
        events: ended
            .iter_mut()
            .map(|one| std::mem::take(&mut one.remains.events))
            .collect(),
        task,
        which: ended.iter().fold(0, |bits, one| bits | 1 << one.offset),
        runs: ended.iter().map(|one| one.run).collect(),
        slots: ended.iter().map(|one| one.slot).collect(),
        streamed: match (streams, ended.first()) {
            (true, Some(one)) => Some(one.remains.samples.clone()),
            _ => None,
        },
        records: ended.into_iter().map(|one| one.record).collect(),
        columns,
        sums,
    }
}

/// Whether a column is a summary, or what an analysis leaves, and no samples.
fn is_summary(contents: &Contents, column: usize) -> bool {
    let fields = contents.tracks.iter().flat_map(|track| &track.fields);
    let mut first = 0;
    for field in fields {
        if column == first {
            return false;
        }
        first += 1 + field.summaries.len();
        if column < first {
            return true;
        }
    }
    // Behind the fields there is what analyses leave.
    true
}

/// The numbers of a column of all these runs, and their sums if somebody wants them. A run that failed
/// is NaN and does not count; so is what a run did not come to.
fn column(
    card: &Column<'_>,
    index: usize,
    length: usize,
    ended: &[Ended],
) -> (Vec<f64>, Option<Sums>) {
    let mut numbers = Vec::with_capacity(ended.len() * length);
    let mut sums = (!card.statistics.is_empty()).then(|| Sums::new(length));
    for one in ended {
        let from = numbers.len();
        if one.record.ending.success {
            numbers.extend(&one.remains.columns[index]);
        }
        numbers.resize(from + length, f64::NAN);
        if card.number == Number::F32 {
            let rounded = numbers[from..].iter_mut();
            rounded.for_each(|value| *value = f64::from(*value as f32));
        }
        if let Some(sums) = sums.as_mut().filter(|_| one.record.ending.success) {
            sums.add(&numbers[from..]);
        }
    }
    (numbers, sums)
}
