//! The ensemble: the runs of a plan, and the one writer they feed.
//!
//! ```text
//! experiment -> system, scheme checked -> claim the result -> writer thread <- bounded channel <- runs
//! ```
//!
//! A run integrates on the calling thread and never calls HDF5; samples go to the writer in blocks of
//! about a MiB through a bounded channel, so memory does not grow with the length of a run and a slow
//! disk slows the run down instead of filling memory. A run that fails is an outcome, not an error: its
//! archive is complete, with NaN for its numbers and a diagnosis.

mod card_text;
pub mod error;
mod outlet;
mod recorder;
mod watch;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

pub use error::RunError;
pub use watch::Progress;

use crate::archive::provenance::Provenance;
use crate::archive::{About, Claim, Contents, Ending, Milestone, RunRecord, Writer};
use crate::config::experiment::{Experiment, Kinks};
use crate::engine::card::Card;
use crate::engine::integrate::{Options, Span, integrate};
use crate::engine::outcome::{Outcome, Status};
use crate::engine::schemes;
use crate::plan::{Plan, Run};
use crate::system::System;
use crate::system::family::Built;
use crate::system::parameters::BuildError;
use outlet::{Message, Outlet};
use recorder::RunRecorder;
use watch::Watch;

/// How to run, besides what the experiment says.
pub struct RunOptions<'a> {
    /// Whether a complete result may be replaced.
    pub force: bool,
    /// The command line, for the archive.
    pub command_line: String,
    /// Set from elsewhere (Ctrl-C) to end the run early.
    pub interrupt: &'a AtomicBool,
    /// Called at the points where a dying process would leave different traces; for tests.
    #[doc(hidden)]
    pub hook: fn(Milestone),
}

impl<'a> RunOptions<'a> {
    /// Options that replace nothing and are interrupted by this flag.
    pub fn new(interrupt: &'a AtomicBool) -> Self {
        Self {
            force: false,
            command_line: String::new(),
            interrupt,
            hook: |_| {},
        }
    }
}

/// What became of the runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The archive: the final path, or after an interrupt that of the unfinished one.
    pub path: PathBuf,
    /// How the run ended and what it cost.
    pub outcome: Outcome,
    /// What happened and what to try; empty after a success.
    pub diagnosis: String,
    /// Seconds by the wall clock, the writing included.
    pub wall_time: f64,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// Whether an unfinished earlier attempt was replaced.
    pub replaced_unfinished: bool,
}

impl Report {
    /// The exit code of the program: 0, 1 if a run failed, 130 after an interrupt.
    pub fn exit_code(&self) -> u8 {
        match (self.interrupted, self.outcome.status.is_success()) {
            (true, _) => 130,
            (false, true) => 0,
            (false, false) => 1,
        }
    }
}

/// An experiment short of its first step: nothing but the disk can refuse it now.
pub struct Prepared {
    /// The system.
    pub system: Box<dyn System>,
    /// The scheme, which accepts the system.
    pub card: &'static Card,
    /// What the archive will hold.
    pub contents: Contents,
}

impl Prepared {
    /// Build the system and ask the scheme and the archive.
    ///
    /// # Errors
    /// As [`run`], the archive's own errors excepted.
    pub fn new(experiment: &Experiment) -> Result<Self, RunError> {
        let system = build(experiment)?;
        let card = schemes::card(&experiment.solver.method)
            .ok_or_else(|| RunError::Method(experiment.solver.method.clone()))?;
        card.accepts(system.as_ref())?;
        let contents = Contents::new(experiment, system.as_ref())?;
        prepare(experiment, system.as_ref())?;
        Ok(Self {
            system,
            card,
            contents,
        })
    }
}

/// Have the system work out what the recorded observables need, or say why they do not exist.
fn prepare(experiment: &Experiment, system: &dyn System) -> Result<(), BuildError> {
    let Some(observables) = system.observables() else {
        return Ok(());
    };
    let groups = experiment.record.groups.iter();
    let grouped = groups.flat_map(|group| &group.observables);
    let recorded: Vec<&String> = experiment
        .record
        .observables
        .iter()
        .chain(grouped)
        .collect();
    for (index, variable) in observables.list().iter().enumerate() {
        if recorded.iter().any(|name| **name == variable.name) {
            observables.prepare(index)?;
        }
    }
    Ok(())
}

/// Run an experiment and write its archive.
///
/// `progress` is called at most about ten times a second.
///
/// # Errors
/// If the experiment cannot be built, integrated or written; see [`RunError::exit_code`].
pub fn run(
    experiment: &Experiment,
    options: &RunOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, RunError> {
    let started = Instant::now();
    let Prepared {
        system,
        card,
        contents,
    } = Prepared::new(experiment)?;
    let plan = Plan::new(experiment);
    let claim = Claim::new(&experiment.output.path, plan.hash(), options.force)?;
    let replaced_unfinished = claim.replaces_unfinished;
    let provenance = Provenance::now(&options.command_line, card_text::card_text(card));
    let endings = Status::ALL.map(ending);
    let about = About {
        experiment,
        contents: &contents,
        provenance: &provenance,
        plan: plan.hash(),
        endings: &endings,
    };
    let job = Job {
        experiment,
        system: system.as_ref(),
        card,
        contents: &contents,
    };
    let (outcome, path) = std::thread::scope(|scope| {
        let (outlet, inlet) = outlet::channel();
        let plan = &plan;
        let writing = scope.spawn(move || {
            let writer = Writer::create(claim, about, options.hook)?;
            inlet.write(writer, plan.len())
        });
        let mut watch = Watch::new(options.interrupt, experiment, progress);
        let outcome = job.runs(plan, outlet, &mut watch);
        let path = writing
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (outcome, path)
    });
    // The writer's error comes first: it is why the run was cut short.
    let path = path?;
    let outcome = outcome?;
    let path = path.ok_or(RunError::Nothing)?;
    Ok(Report {
        path,
        interrupted: outcome.status == Status::Pending,
        diagnosis: outcome.diagnosis(system.layout()),
        outcome,
        wall_time: started.elapsed().as_secs_f64(),
        replaced_unfinished,
    })
}

/// A status as the archive writes it.
fn ending(status: Status) -> Ending {
    Ending {
        code: status as i8,
        name: status.name(),
        success: status.is_success(),
    }
}

fn build(experiment: &Experiment) -> Result<Box<dyn System>, RunError> {
    match experiment.build()? {
        Built::Flow(system) => Ok(system),
        Built::Map(_) => Err(RunError::Map(experiment.dynamics.clone())),
    }
}

/// What the runs of a plan share.
struct Job<'a> {
    experiment: &'a Experiment,
    system: &'a dyn System,
    card: &'static Card,
    contents: &'a Contents,
}

impl Job<'_> {
    /// All runs in order; the outcome is that of the last one.
    fn runs(
        &self,
        plan: &Plan,
        mut outlet: Outlet,
        watch: &mut Watch<'_>,
    ) -> Result<Outcome, RunError> {
        let mut last = None;
        for run in plan.runs() {
            let outcome = self.run(&run, &mut outlet, watch)?;
            let interrupted = outcome.status == Status::Pending;
            last = Some(outcome);
            if interrupted {
                break;
            }
        }
        last.ok_or(RunError::Nothing)
    }

    /// One run, its samples and its end handed to the writer.
    fn run(
        &self,
        run: &Run,
        outlet: &mut Outlet,
        watch: &mut Watch<'_>,
    ) -> Result<Outcome, RunError> {
        let started = Instant::now();
        let solver = &self.experiment.solver;
        let options = Options {
            rtol: solver.rtol,
            atol: solver.atol.clone(),
            step: solver.step,
            max_steps: solver.max_steps,
            locate_kinks: solver.kinks == Kinks::Locate,
        };
        let time = &self.experiment.time;
        let span = Span {
            start: time.start,
            stop: time.stop,
        };
        let mut recorder = RunRecorder::new(run.index, self.contents, self.system, outlet);
        let lost = recorder.lost();
        let outcome = integrate(
            self.system,
            self.card.name,
            &options,
            span,
            &self.experiment.initial,
            &mut recorder,
            &mut |t| !lost.get() && watch.keep_going(t),
        )?;
        recorder.finish();
        let record = RunRecord {
            ending: ending(outcome.status),
            steps: outcome.counts.steps,
            rejected: outcome.counts.rejected,
            evaluations: outcome.counts.evaluations,
            kinks: outcome.counts.kinks,
            time: outcome.time,
            state: outcome.state.clone(),
            diagnosis: outcome.diagnosis(self.system.layout()),
            seed: run.seed(),
            wall_time: started.elapsed().as_secs_f64(),
        };
        outlet.send(match outcome.status {
            Status::Pending => Message::Interrupted(run.index, Box::new(record)),
            _ => Message::Finished(run.index, Box::new(record)),
        });
        Ok(outcome)
    }
}
