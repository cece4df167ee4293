//! The ensemble: the runs of a plan, and the one writer they feed.
//!
//! ```text
//! experiment -> plan, tasks, variants -> claim the result -> workers -> bounded channel -> writer
//! ```
//!
//! Tasks are done by a pool of threads in any order; every number depends on its run alone, and every
//! run has its place, so the result does not. Integration never calls HDF5. A slow disk slows the runs
//! down instead of filling memory. A run that fails is an outcome, not an error: the others go on, and
//! the archive has NaN for its numbers and a diagnosis.

pub mod analyse;
pub mod archived;
mod card_text;
pub mod error;
mod estimate;
pub mod fitting;
mod gauge;
pub mod merge;
mod notes;
pub mod optimising;
mod outlet;
mod prepared;
mod recomputed;
mod recorder;
pub mod rerun;
mod tolerance;
pub mod trajectory;
pub mod trial_table;
pub mod variants;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rayon::iter::{ParallelBridge, ParallelIterator};

pub use error::RunError;
pub use estimate::Estimate;
pub use gauge::{FirstFailure, Only, Progress};
pub use prepared::Prepared;

use crate::archive::journal::Heading;
use crate::archive::provenance::{self, Provenance};
use crate::archive::{About, ArchiveError, Claim, Leave, Milestone, Writer};
use crate::config::experiment::{Checkpoint, Experiment};
use crate::engine::integrate::Checkpoints;
use crate::engine::outcome::Status;
use crate::plan::Shard;
use crate::plan::tasks::Task;
use crate::system::crew;
use gauge::Gauge;
use outlet::Messages;
use worker::Workshop;

/// How to run, besides what the experiment says.
pub struct RunOptions<'a> {
    /// Whether a complete result may be replaced.
    pub force: bool,
    /// Whether an unfinished result is thrown away instead of gone on with.
    pub restart: bool,
    /// Whether the first run that fails ends everything.
    pub fail_fast: bool,
    /// How many runs go at the same time; as many as there are processors if 0.
    pub threads: usize,
    /// Which part of the plan.
    pub shard: Shard,
    /// The command line, for the archive.
    pub command_line: String,
    /// Set from elsewhere (Ctrl-C) to end the run early.
    pub interrupt: &'a AtomicBool,
    /// Called at the points where a dying process would leave different traces; for tests.
    #[doc(hidden)]
    pub hook: fn(Milestone),
    /// Whether runs may go side by side in lanes; for tests.
    #[doc(hidden)]
    pub lanes: bool,
    /// A seed to shuffle the tasks with; for tests.
    #[doc(hidden)]
    pub shuffle: Option<u64>,
}

impl<'a> RunOptions<'a> {
    /// Options that replace nothing and are interrupted by this flag.
    pub fn new(interrupt: &'a AtomicBool) -> Self {
        Self {
            force: false,
            restart: false,
            fail_fast: false,
            threads: 0,
            shard: Shard::ALL,
            command_line: String::new(),
            interrupt,
            hook: |_| {},
            lanes: true,
            shuffle: None,
        }
    }
}

/// What became of the runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The archive: the final path, or that of the unfinished one.
    pub path: PathBuf,
    /// Whether all runs are finished, and the archive has its name.
    pub complete: bool,
    /// The runs of the plan, or of the shard.
    pub runs: u64,
    /// Those that were finished before, by an earlier attempt.
    pub resumed: u64,
    /// Those that were finished now.
    pub finished: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Runs that were journaled before and were not what was written: they were run again.
    pub damaged: u64,
    /// How an only run ended; nothing for a sweep or an ensemble.
    pub only: Option<Only>,
    /// The first of the runs that failed now.
    pub first_failure: Option<FirstFailure>,
    /// Whether an only run was gone on with from a checkpoint.
    pub from_checkpoint: bool,
    /// Seconds by the wall clock, the writing included.
    pub wall_time: f64,
    /// Whether somebody asked to end.
    pub interrupted: bool,
    /// Whether an unfinished earlier attempt was replaced.
    pub replaced_unfinished: bool,
    /// What was noticed that the numbers do not show, in words.
    pub notes: Vec<String>,
}

impl Report {
    /// The exit code of the program: 0, 1 if a run failed, 130 after an interrupt.
    pub fn exit_code(&self) -> u8 {
        match (self.interrupted && !self.complete, self.failed) {
            (true, _) => 130,
            (false, 0) => 0,
            (false, _) => 1,
        }
    }
}

/// Between two looks at how far the runs are.
const PERIOD: Duration = Duration::from_millis(100);

/// Run an experiment and write its archive, or go on with an unfinished one.
///
/// `progress` is called about ten times a second.
///
/// # Errors
/// If the experiment cannot be built, integrated or written; see [`RunError::exit_code`].
pub fn run(
    experiment: &Experiment,
    options: &RunOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, RunError> {
    let started = Instant::now();
    let prepared = Prepared::of_shard(experiment, options.shard)?;
    let heading = Heading {
        plan: prepared.plan.hash().into(),
        shard: options.shard.to_string(),
        block: prepared.tasks.block(),
        build: provenance::build(),
    };
    let leave = Leave {
        force: options.force,
        restart: options.restart,
    };
    let arrays = prepared.arrays(experiment)?;
    let claim = Claim::new(&experiment.output.path, heading, leave)?;
    let replaced_unfinished = claim.replaces_unfinished;
    let base = prepared.variants.base();
    let card = card_text::card_text(base.card, base.jacobian);
    let provenance = Provenance::now(&options.command_line, card);
    let endings = Status::ALL.map(worker::ending);
    let about = About {
        experiment,
        contents: &prepared.variants.base().contents,
        provenance: &provenance,
        plan: &prepared.plan,
        tasks: &prepared.tasks,
        shard: options.shard,
        arrays: &arrays,
        endings: &endings,
    };
    let slots = |number: u64, which: u64| prepared.slots(number, which);
    let (writer, resumed) = Writer::create(claim, about, &slots, options.hook)?;
    let runs = prepared.tasks.runs();
    let gauge = Gauge::new(options.interrupt);
    let single = prepared.plan.len() == 1;
    let workshop = Workshop {
        plan: &prepared.plan,
        tasks: &prepared.tasks,
        shard: options.shard,
        variants: &prepared.variants,
        streams: prepared.streams,
        lanes: options.lanes,
        checkpoints: checkpoints(experiment),
        stored: writer.checkpoints(),
        gauge: &gauge,
        fail_fast: options.fail_fast,
        single,
        parts: false,
    };
    let from_checkpoint = single && workshop.stored.read(0).is_some();
    let todo = Todo {
        workshop: &workshop,
        finished: &resumed.tasks,
        threads: options.threads,
        shuffle: options.shuffle,
    };
    let missing = runs - resumed.runs();
    let (path, complete) = std::thread::scope(|scope| -> Result<(PathBuf, bool), RunError> {
        let (messages, inlet) = outlet::channel();
        let gauge = &gauge;
        let writing = scope.spawn(move || {
            let written = inlet.write(writer, missing);
            if written.is_err() {
                gauge.stop();
            }
            written
        });
        let (over, ended) = channel::<()>();
        let todo = &todo;
        let running = scope.spawn(move || {
            let done = todo.all(&messages);
            drop(over);
            done
        });
        while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
            progress(gauge.progress(resumed.runs(), runs));
        }
        // A panic of a worker is a defect, which is not to be hidden.
        let ran = running
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let written: Result<(PathBuf, bool), ArchiveError> = writing
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let written = written?;
        ran?;
        Ok(written)
    })?;
    let notes = match complete {
        true => notes::notes(&path, base)?,
        false => Vec::new(),
    };
    Ok(Report {
        path,
        complete,
        notes,
        runs,
        resumed: resumed.runs(),
        finished: gauge.finishes(),
        failed: gauge.failures(),
        damaged: resumed.damaged,
        only: gauge.only(),
        first_failure: gauge.first_failure(),
        from_checkpoint,
        wall_time: started.elapsed().as_secs_f64(),
        interrupted: gauge.interrupted(),
        replaced_unfinished,
    })
}

/// When runs give checkpoints. Left to us, so rarely that runs of some seconds have none: a step costs
/// at least some nanoseconds per component.
fn checkpoints(experiment: &Experiment) -> Checkpoints {
    match experiment.output.checkpoint {
        Checkpoint::Off => Checkpoints::Never,
        Checkpoint::Time(interval) => Checkpoints::Time(interval),
        Checkpoint::Steps(steps) => Checkpoints::Steps(steps),
        Checkpoint::Auto => {
            let dim = experiment.initial.len().max(1) as u64;
            Checkpoints::Steps((20_000_000 / dim).max(1000))
        }
    }
}

/// The tasks that are left, and who does them.
struct Todo<'a> {
    workshop: &'a Workshop<'a>,
    finished: &'a std::collections::BTreeMap<u64, u64>,
    threads: usize,
    shuffle: Option<u64>,
}

impl Todo<'_> {
    /// Do all tasks.
    fn all(&self, messages: &Messages) -> Result<(), RunError> {
        let tasks = self.workshop.tasks;
        let work = |task: Task| {
            let done = self.finished.get(&task.number).copied().unwrap_or(0);
            if done.count_ones() as u64 != task.count {
                self.workshop.work(task, done, messages);
            }
        };
        let going = |_: &Task| self.workshop.gauge.going();
        if self.workshop.single {
            // The threads that a single run leaves idle may help inside of it.
            let all = || tasks.iter().take_while(going).for_each(work);
            // More than there are processors would wait for each other.
            return crew::with(self.threads.min(processors()), all)
                .map_err(|error| RunError::Threads(error.to_string()));
        }
        let tasks_at_most = usize::try_from(tasks.len()).unwrap_or(usize::MAX).max(1);
        let threads = match self.threads {
            0 => processors().min(tasks_at_most),
            threads => threads.min(tasks_at_most),
        };
        if let Some(seed) = self.shuffle {
            let mut all: Vec<Task> = tasks.iter().collect();
            shuffle(&mut all, seed);
            return pool(threads, all.into_iter().take_while(going), &work);
        }
        pool(threads, tasks.iter().take_while(going), &work)
    }
}

/// More threads than this at once are not started.
const MOST_THREADS: usize = 1024;

/// How many processors there are.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get())
}

/// Do pieces of work on so many threads; on as many as there are processors if 0.
fn pool<T: Send>(
    threads: usize,
    pieces: impl Iterator<Item = T> + Send,
    work: &(dyn Fn(T) + Sync),
) -> Result<(), RunError> {
    let threads = match threads {
        0 => processors(),
        threads => threads.min(MOST_THREADS),
    };
    if threads == 1 {
        pieces.for_each(work);
        return Ok(());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| RunError::Threads(error.to_string()))?;
    pool.install(|| pieces.par_bridge().for_each(work));
    Ok(())
}

/// Put tasks into another order (Fisher and Yates, with a linear congruential generator).
fn shuffle(tasks: &mut [Task], mut seed: u64) {
    for place in (1..tasks.len()).rev() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        tasks.swap(place, (seed >> 33) as usize % (place + 1));
    }
}
