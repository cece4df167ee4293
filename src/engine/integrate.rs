//! The loop: schemes step, recorders record, and neither knows of the other.
//!
//! L lanes run side by side, each through its own span with its own recorder. A lane steps towards its
//! *limit*: the next breakpoint or impulse, or the stop. After an accepted step the recorder is given
//! the states it asked for, interpolated; at a breakpoint or impulse the scheme restarts behind it. Guards are
//! watched over every step: one that resets or stops ends the step where it fires. A lane that ends hands back its outcome and takes the next job, if there is one.

use std::sync::Arc;

use super::card::{Card, Mismatch};
use super::explicit::Tolerances;
use super::field::{Batched, Field, LANES};
use super::interleave::gather;
use super::outcome::{Outcome, Status};
use super::oversight::Noticed;
use super::recorder::Recorder;
pub use super::refusal::IntegrationError;
use super::refusal::{check_job, check_options};
use super::running::{Running, begin};
use super::scheme::{Progress, Scheme};
use super::schemes;
use crate::noise::key::Key;
use crate::system::System;
use crate::system::stimulus::Stimulus;

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// First instant.
    pub start: f64,
    /// Last instant, after the first.
    pub stop: f64,
}

/// How to integrate.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Relative tolerance of adaptive schemes.
    pub rtol: f64,
    /// Absolute tolerance per component of the flat state.
    pub atol: Vec<f64>,
    /// The step of fixed-step schemes; given to an adaptive scheme, it switches error control off.
    pub step: Option<f64>,
    /// The budget of steps, rejected ones included.
    pub max_steps: u64,
    /// Whether explicit adaptive schemes step to the kinks that a system declares.
    pub locate_kinks: bool,
    /// The length of the cells of the Brownian path; by default the step, or a 4096th of the span if there is none.
    pub cell: Option<f64>,
    /// What the noise of runs without a key of their own is addressed by.
    pub seed: u64,
    /// No step of a scheme with error control is longer; infinite for no bound.
    pub max_step: f64,
    /// The first step to try of a scheme with error control; `None` to have it chosen.
    pub first_step: Option<f64>,
    /// Instants on which steps land, ascending.
    pub stops: Arc<[f64]>,
}

impl Options {
    /// Options for a system of `dim` components with these tolerances, a budget of a million steps,
    /// and kinks located.
    pub fn new(dim: usize, rtol: f64, atol: f64) -> Self {
        Self {
            rtol,
            atol: vec![atol; dim],
            step: None,
            max_steps: 1_000_000,
            locate_kinks: true,
            cell: None,
            seed: 0,
            max_step: f64::INFINITY,
            first_step: None,
            stops: Arc::new([]),
        }
    }

    /// The same options with another seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same options with cells of this length.
    pub fn cell(mut self, cell: f64) -> Self {
        self.cell = Some(cell);
        self
    }

    /// The same options with no step longer than this.
    pub fn max_step(mut self, longest: f64) -> Self {
        self.max_step = longest;
        self
    }

    /// The same options with this first step.
    pub fn first_step(mut self, first: f64) -> Self {
        self.first_step = Some(first);
        self
    }

    /// The same options with steps that land on these instants.
    pub fn stops(mut self, stops: &[f64]) -> Self {
        let mut stops = stops.to_vec();
        stops.sort_by(f64::total_cmp);
        self.stops = stops.into();
        self
    }

    /// The same options with a fixed step.
    pub fn step(mut self, step: f64) -> Self {
        self.step = Some(step);
        self
    }
}

/// One run for a lane.
pub struct Job<R> {
    /// From when to when.
    pub span: Span,
    /// The state at the start.
    pub x0: Vec<f64>,
    /// What is told of it.
    pub recorder: R,
    /// The scheme's memory at a checkpoint from which to go on instead of the start.
    pub memory: Option<Vec<f64>>,
    /// What its noise is addressed by.
    pub key: Key,
    /// Instants on which its steps land, ascending.
    pub stops: Arc<[f64]>,
    /// Stimuli on whose edges its steps land, whatever the system says of its own breakpoints.
    pub stimuli: Arc<[Stimulus]>,
}

impl<R> Job<R> {
    /// A run from its start, with the noise of seed 0.
    pub fn new(span: Span, x0: Vec<f64>, recorder: R) -> Self {
        Self {
            span,
            x0,
            recorder,
            memory: None,
            key: Key::of_seed(0),
            stops: Arc::new([]),
            stimuli: Arc::new([]),
        }
    }

    /// The same run with steps that land on the edges of these stimuli.
    pub fn stimuli(mut self, stimuli: &Arc<[Stimulus]>) -> Self {
        self.stimuli = Arc::clone(stimuli);
        self
    }

    /// The same run with steps that land on these instants, ascending.
    pub fn stops(mut self, stops: &Arc<[f64]>) -> Self {
        self.stops = Arc::clone(stops);
        self
    }

    /// The same run with the noise of this key.
    pub fn key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }
}

/// When the recorder is given a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Checkpoints {
    /// Never.
    Never,
    /// Whenever the accepted steps of a run are a multiple of this.
    Steps(u64),
    /// At the first step past each multiple of this time after the start.
    Time(f64),
}

/// What limits and accompanies every run of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// The budget of steps, rejected ones included.
    pub max_steps: u64,
    /// When a single run gives its recorder a checkpoint; runs in lanes side by side have none.
    pub checkpoints: Checkpoints,
}

impl Course {
    /// A budget of steps and no checkpoints.
    pub fn of(max_steps: u64) -> Self {
        Self {
            max_steps,
            checkpoints: Checkpoints::Never,
        }
    }
}

impl Checkpoints {
    /// How many steps are left to the next checkpoint that falls on a number of steps.
    fn left(self, steps: u64) -> u64 {
        match self {
            Checkpoints::Steps(every) if every > 0 => every - steps % every,
            _ => u64::MAX,
        }
    }

    /// Whether a step from `before` to `after`, the last of `steps`, ends at a checkpoint.
    pub(super) fn falls(self, start: f64, before: f64, after: f64, steps: u64) -> bool {
        match self {
            Checkpoints::Never => false,
            Checkpoints::Steps(every) => steps.is_multiple_of(every),
            Checkpoints::Time(every) => {
                let passed = |time: f64| ((time - start) / every).floor();
                passed(after) > passed(before)
            }
        }
    }
}

/// Integrate one run of a system by the named scheme.
///
/// The recorder gets the states at the times it asks for, both ends included if it asks for them.
/// `keep_going` is asked after every step; `false` interrupts the run, whose outcome is then
/// [`Status::Pending`].
///
/// ```
/// use nullcline::engine::integrate::{Options, Span, integrate};
/// use nullcline::engine::recorder::Samples;
/// use nullcline::prelude::*;
/// # struct Decay(Layout);
/// # impl System for Decay {
/// #     fn layout(&self) -> &Layout { &self.0 }
/// #     fn smoothness(&self) -> Smoothness { Smoothness::Smooth }
/// #     fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) { dx[0] = -x[0]; }
/// # }
/// # let decay = Decay(Layout::new().block(Variable::new("x", vec![]), 1.0));
/// let mut samples = Samples::at(vec![0.0, 0.5, 1.0]);
/// let span = Span { start: 0.0, stop: 1.0 };
/// let options = Options::new(1, 1e-10, 1e-12);
/// integrate(&decay, "tsit5", &options, span, &[1.0], &mut samples, &mut |_| true)?;
/// assert!((samples.states[2][0] - (-1.0_f64).exp()).abs() < 1e-9);
/// # Ok::<(), nullcline::engine::integrate::IntegrationError>(())
/// ```
///
/// # Errors
/// [`IntegrationError`]: a mismatch before the first step, or a run that did not come to its end; that of `keep_going`, which was asked for,
/// is an outcome.
pub fn integrate<S: System + ?Sized>(
    system: &S,
    method: &str,
    options: &Options,
    span: Span,
    x0: &[f64],
    recorder: &mut dyn Recorder,
    keep_going: &mut dyn FnMut(f64) -> bool,
) -> Result<Outcome, IntegrationError> {
    let mut scheme = schemes::make(method, system, options)?;
    let job = Job::new(span, x0.to_vec(), recorder)
        .key(Key::of_seed(options.seed))
        .stops(&options.stops);
    check_job(scheme.card(), system, &job)?;
    let (outcome, _) = run(
        system,
        scheme.as_mut(),
        options.max_steps,
        job,
        Checkpoints::Never,
        keep_going,
    );
    match outcome.status {
        Status::Complete | Status::Stopped | Status::Pending => Ok(outcome),
        _ => Err(IntegrationError::Failed {
            diagnosis: outcome.diagnosis(system),
            outcome: Box::new(outcome),
        }),
    }
}

/// As [`integrate`], with checkpoints, from the start or from a checkpoint. The recorder comes back.
///
/// # Errors
/// A [`Mismatch`] before the first step if the scheme cannot integrate the system.
pub fn integrate_job<S: System + ?Sized, R: Recorder>(
    system: &S,
    method: &str,
    options: &Options,
    job: Job<R>,
    checkpoints: Checkpoints,
    keep_going: &mut dyn FnMut(f64) -> bool,
) -> Result<(Outcome, R), Mismatch> {
    let mut scheme = schemes::make(method, system, options)?;
    check_job(scheme.card(), system, &job)?;
    Ok(run(
        system,
        scheme.as_mut(),
        options.max_steps,
        job,
        checkpoints,
        keep_going,
    ))
}

/// One run in one lane.
fn run<S: System + ?Sized, R: Recorder>(
    system: &S,
    scheme: &mut dyn Scheme<S, 1>,
    max_steps: u64,
    job: Job<R>,
    checkpoints: Checkpoints,
    keep_going: &mut dyn FnMut(f64) -> bool,
) -> (Outcome, R) {
    let mut job = Some(job);
    let mut result = None;
    let course = Course {
        max_steps,
        checkpoints,
    };
    run_lanes::<S, 1, R>(
        system,
        scheme,
        course,
        &mut |_| job.take(),
        &mut |_, outcome, recorder| result = Some((outcome, recorder)),
        keep_going,
    );
    // The one job was handed out, and every job that is handed out ends with an outcome.
    result.unwrap_or_else(|| unreachable!("a run without an outcome"))
}

/// The tolerances of a scheme for a system: components of auxiliary blocks do not count.
pub(super) fn tolerances(options: &Options, measured: &[bool]) -> Tolerances {
    Tolerances {
        rtol: options.rtol,
        atol: options
            .atol
            .iter()
            .zip(measured)
            .map(|(&atol, &measured)| if measured { atol } else { f64::INFINITY })
            .collect(),
        step: options.step,
        locate_kinks: options.locate_kinks,
        max_step: options.max_step,
        first_step: options.first_step,
    }
}

/// The mismatch of a method name that no scheme has.
pub(super) fn unknown(method: &str) -> Mismatch {
    let names: Vec<&str> = schemes::CARDS.iter().map(|card| card.name).collect();
    Mismatch {
        scheme: "?",
        reason: format!("there is no scheme `{method}`"),
        help: format!("the schemes are {}", names.join(", ")),
    }
}

/// Whether a scheme that needs a step has one.
pub(super) fn check_step(card: &'static Card, options: &Options) -> Result<(), Mismatch> {
    if card.stepping.takes_tolerances() || options.step.is_some_and(|step| step > 0.0) {
        return Ok(());
    }
    Err(Mismatch {
        scheme: card.name,
        reason: "it makes steps of a given length, and none is given".into(),
        help: "set `solver.step`".into(),
    })
}

/// Run jobs through the lanes of a field until `next` gives none. `done` gets the lane, the outcome
/// and the recorder of each.
pub fn run_lanes<F, const L: usize, R: Recorder>(
    field: &F,
    scheme: &mut dyn Scheme<F, L>,
    course: Course,
    next: &mut dyn FnMut(usize) -> Option<Job<R>>,
    done: &mut dyn FnMut(usize, Outcome, R),
    keep_going: &mut dyn FnMut(f64) -> bool,
) where
    F: Field<L> + ?Sized,
{
    // The start of the job that was taken up last, then a buffer for states of any lane.
    let mut state = Vec::new();
    // A single run has its samples in `state`.
    let mut all = vec![0.0; if L > 1 { field.dim() * L } else { 0 }];
    let mut lanes: [Option<Running<R>>; L] = std::array::from_fn(|lane| {
        next(lane).map(|job| begin(field, scheme, lane, job, &mut state))
    });
    let mut interrupted = false;
    while lanes.iter().any(Option::is_some) {
        let active: [bool; L] = std::array::from_fn(|lane| lanes[lane].is_some());
        let limits = std::array::from_fn(|lane| match &lanes[lane] {
            Some(running) => running.limit,
            None => f64::INFINITY,
        });
        let horizons = std::array::from_fn(|lane| match &lanes[lane] {
            Some(running) => running.horizon(course.checkpoints),
            None => f64::INFINITY,
        });
        let left = |lane: usize| {
            let counts = scheme.counts(lane);
            let left = course
                .max_steps
                .saturating_sub(counts.steps + counts.rejected);
            left.min(course.checkpoints.left(counts.steps))
        };
        let most = (0..L).filter(|&lane| active[lane]).map(left);
        let most = most.min().unwrap_or(1);
        let progress = scheme.stride(field, &active, &limits, &horizons, most);
        for (lane, running) in lanes.iter().enumerate() {
            let asks = |running: &Running<R>| running.asks_within(scheme.time(lane));
            if progress[lane] == Progress::Accepted && running.as_ref().is_some_and(asks) {
                scheme.prepare_interpolation(field, lane);
            }
        }
        if L > 1 {
            record_lanes(field, scheme, &progress, &mut lanes, &mut all, &mut state);
        }
        for (lane, place) in lanes.iter_mut().enumerate() {
            let Some(running) = place else { continue };
            let status = match progress[lane] {
                Progress::Idle => None,
                Progress::Failed(status, component) => Some((status, component)),
                Progress::Rejected => over_budget(scheme, lane, course.max_steps),
                Progress::Accepted => {
                    let before = scheme.previous_time(lane);
                    let ended = running.advance(field, scheme, lane, &mut state);
                    interrupted |= !keep_going(scheme.time(lane));
                    let ended = ended.or_else(|| over_budget(scheme, lane, course.max_steps));
                    if L == 1 && ended.is_none() {
                        let checkpoints = course.checkpoints;
                        running.checkpoint(field, scheme, checkpoints, before, interrupted);
                    }
                    ended
                }
            };
            let status = match status {
                None if interrupted => Some((Status::Pending, None)),
                other => other,
            };
            if let (Some((status, component)), Some(running)) =
                (status, status.and_then(|_| place.take()))
            {
                // The outcome takes the buffer: a long state is written once.
                scheme.state(lane, &mut state);
                let end = std::mem::take(&mut state);
                let noticed = running.noticed(scheme);
                let outcome = Outcome {
                    noticed,
                    ..outcome(scheme, lane, end, status, component)
                };
                done(lane, outcome, running.recorder);
                if !interrupted {
                    *place = next(lane).map(|job| begin(field, scheme, lane, job, &mut state));
                }
                if L > 1 {
                    state.resize(field.dim(), 0.0);
                }
            }
        }
    }
}

/// Give all lanes that advanced the samples that lie within their steps, side by side.
fn record_lanes<F: ?Sized, const L: usize, R: Recorder>(
    field: &F,
    scheme: &dyn Scheme<F, L>,
    progress: &[Progress; L],
    lanes: &mut [Option<Running<R>>; L],
    all: &mut [f64],
    state: &mut [f64],
) {
    loop {
        let mut times = [0.0; L];
        let which: [bool; L] = std::array::from_fn(|lane| match &lanes[lane] {
            Some(running) if progress[lane] == Progress::Accepted => {
                times[lane] = running.recorder.next_time();
                times[lane] < scheme.time(lane)
            }
            _ => false,
        });
        if !which.contains(&true) {
            return;
        }
        scheme.interpolate_lanes(&which, &times, all);
        for (lane, place) in lanes.iter_mut().enumerate() {
            if let Some(running) = place.as_mut().filter(|_| which[lane]) {
                gather::<L>(all, lane, state);
                scheme.settle(field, lane, times[lane], state);
                running.recorder.record(times[lane], state);
            }
        }
    }
}

fn over_budget<F: ?Sized, const L: usize>(
    scheme: &dyn Scheme<F, L>,
    lane: usize,
    max_steps: u64,
) -> Option<(Status, Option<usize>)> {
    let counts = scheme.counts(lane);
    (counts.steps + counts.rejected >= max_steps).then_some((Status::BudgetExhausted, None))
}

fn outcome<F: ?Sized, const L: usize>(
    scheme: &dyn Scheme<F, L>,
    lane: usize,
    state: Vec<f64>,
    status: Status,
    component: Option<usize>,
) -> Outcome {
    Outcome {
        status,
        time: scheme.time(lane),
        state,
        counts: scheme.counts(lane),
        component,
        step: scheme.step_length(lane),
        noticed: Noticed::default(),
    }
}

/// Integrate many runs of systems that share their heavy part, [`LANES`] at a time, by an explicit
/// scheme. Every run has the bits that [`integrate`] gives it alone. Runs are handed to `done` as they
/// end. A system that does not join the batch of the others is integrated by itself. `keep_going` is
/// asked after every step; once it says `false`, the runs that go on are [`Status::Pending`], and the
/// jobs that are left end after their first step.
///
/// # Errors
/// A [`Mismatch`] before the first step if the scheme cannot integrate the systems.
pub fn integrate_batch<R: Recorder>(
    method: &str,
    options: &Options,
    jobs: &mut dyn Iterator<Item = (&dyn System, Job<R>)>,
    done: &mut dyn FnMut(Outcome, R),
    keep_going: &mut dyn FnMut(f64) -> bool,
) -> Result<(), Mismatch> {
    let card = schemes::card(method).ok_or_else(|| unknown(method))?;
    check_step(card, options)?;
    let mut jobs = jobs.peekable();
    while let Some(&(first, _)) = jobs.peek() {
        card.accepts(first)?;
        check_options(card, options, first.layout().len())?;
        let field = match card.noise {
            Some(_) => Batched::noisy(first),
            None => Batched::new(first),
        };
        match field {
            Some(field) => batch(method, options, &field, &mut jobs, done, keep_going)?,
            None => alone(method, options, &mut jobs, done, keep_going)?,
        }
    }
    Ok(())
}

type Jobs<'j, 'a, R> = std::iter::Peekable<&'j mut dyn Iterator<Item = (&'a dyn System, Job<R>)>>;

/// Run jobs in lanes for as long as their systems join the batch.
fn batch<'a, R: Recorder>(
    method: &str,
    options: &Options,
    field: &Batched<'a>,
    jobs: &mut Jobs<'_, 'a, R>,
    done: &mut dyn FnMut(Outcome, R),
    keep_going: &mut dyn FnMut(f64) -> bool,
) -> Result<(), Mismatch> {
    let tolerances = tolerances(options, &Field::<LANES>::measured(field));
    let scheme = schemes::in_lanes::<_, LANES>(method, field, tolerances, options.cell);
    let mut scheme = scheme.ok_or_else(|| unknown(method))?;
    let mut next = |lane: usize| {
        let (system, job) = jobs.next_if(|(system, _)| field.joins(*system))?;
        field.assign(lane, system);
        Some(job)
    };
    run_lanes::<_, LANES, R>(
        field,
        scheme.as_mut(),
        Course::of(options.max_steps),
        &mut next,
        &mut |_, outcome, recorder| done(outcome, recorder),
        keep_going,
    );
    Ok(())
}

/// Run the next job by itself.
fn alone<'a, R: Recorder>(
    method: &str,
    options: &Options,
    jobs: &mut Jobs<'_, 'a, R>,
    done: &mut dyn FnMut(Outcome, R),
    keep_going: &mut dyn FnMut(f64) -> bool,
) -> Result<(), Mismatch> {
    let Some((system, job)) = jobs.next() else {
        return Ok(());
    };
    let never = Checkpoints::Never;
    let (outcome, recorder) = integrate_job(system, method, options, job, never, keep_going)?;
    done(outcome, recorder);
    Ok(())
}
