//! The stiff schemes: the stiff test set against stored references, and what the rest of the engine asks of a scheme.

mod common;

use common::stiff::{Stiff, hires, set};
use nullcline::engine::integrate::{
    Checkpoints, IntegrationError, Job, Options, Span, integrate, integrate_job,
};
use nullcline::engine::outcome::{Outcome, Status};
use nullcline::engine::recorder::{Recorder, Samples};
use nullcline::prelude::*;
use nullcline::system::event::Event;

fn run(problem: &Stiff, method: &str, rtol: f64) -> Outcome {
    let options = Options::new(problem.x0.len(), rtol, rtol * problem.floor);
    let mut samples = Samples::at(vec![]);
    let span = Span {
        start: 0.0,
        stop: problem.stop,
    };
    let x0 = &problem.x0;
    integrate(
        problem,
        method,
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    )
    .unwrap()
}

/// Errors below ten times the tolerance, and in proportion to it.
fn follows_the_tolerance(problem: &Stiff, method: &str, digits: &[i32]) {
    let points: Vec<(f64, f64)> = digits
        .iter()
        .map(|&digits| {
            let rtol = 10_f64.powi(-digits);
            let outcome = run(problem, method, rtol);
            let name = format!("{} by {method} at {rtol:e}", problem.name);
            assert_eq!(outcome.status, Status::Complete, "{name}");
            let error = problem.error(&outcome.state);
            println!(
                "{name}: error {:.2} of the tolerance, {:?}",
                error / rtol,
                outcome.counts
            );
            assert!(error < 10.0 * rtol, "{name}: error {error:e}");
            (f64::from(-digits), error.log10())
        })
        .collect();
    let n = points.len() as f64;
    let (mean_x, mean_y) = (
        points.iter().map(|p| p.0).sum::<f64>() / n,
        points.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let slope = covariance / variance;
    println!("{} by {method}: slope {slope:.2}", problem.name);
    // Where most components are stiff the one-step schemes gain on the tolerance; none may lose.
    let most = if method == "bdf" { 1.2 } else { 1.35 };
    assert!(
        (0.8..most).contains(&slope),
        "{} by {method}: slope {slope}",
        problem.name
    );
}

#[test]
fn bdf_is_as_exact_as_it_is_asked_to_be() {
    for problem in set() {
        follows_the_tolerance(&problem, "bdf", &[4, 5, 6, 7, 8, 9, 10]);
    }
}

#[test]
fn esdirk34_is_as_exact_as_it_is_asked_to_be() {
    for problem in set() {
        follows_the_tolerance(&problem, "esdirk34", &[4, 5, 6, 7]);
    }
}

#[test]
fn tr_bdf2_is_as_exact_as_it_is_asked_to_be() {
    for problem in set() {
        let digits = if problem.x0.len() > 100 {
            &[3, 4][..]
        } else {
            &[3, 4, 5, 6]
        };
        follows_the_tolerance(&problem, "tr-bdf2", digits);
    }
}

/// `x' = -1e6 (x - cos t) - sin t` with a kick of the target from t = 1 on: `x = cos t`, then `cos t + 1`.
struct Stalk {
    layout: Layout,
    guarded: bool,
}

impl Stalk {
    fn new(guarded: bool) -> Self {
        let layout = Layout::new().block(Variable::new("x", vec![]), 0.0);
        Self { layout, guarded }
    }
}

impl System for Stalk {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        let target = t.cos() + f64::from(u8::from(t > 1.0));
        dx[0] = -1e6 * (x[0] - target) - t.sin();
    }

    fn next_breakpoint(&self, t: f64) -> f64 {
        if t < 1.0 { 1.0 } else { f64::INFINITY }
    }

    fn guards(&self) -> Option<&dyn Guards> {
        self.guarded.then_some(self)
    }
}

/// Falling through 0.5 behind the kick it is told.
impl Guards for Stalk {
    fn count(&self) -> usize {
        1
    }

    fn name(&self, _guard: usize) -> &str {
        "half"
    }

    fn direction(&self, _guard: usize) -> Direction {
        Direction::Falling
    }

    fn action(&self, _guard: usize) -> Action {
        Action::Stop
    }

    fn values(&self, _t: f64, x: &[f64], g: &mut [f64]) {
        g[0] = x[0] - 0.5;
    }

    fn reset(&self, _guard: usize, _t: f64, _x: &mut [f64]) {}
}

const STIFF: [&str; 3] = ["bdf", "esdirk34", "tr-bdf2"];

#[test]
fn samples_and_edges_of_stimuli_are_met_within_the_tolerance() {
    let times: Vec<f64> = (0..=60).map(|k| 0.05 * f64::from(k)).collect();
    for method in STIFF {
        let mut samples = Samples::at(times.clone());
        let options = Options::new(1, 1e-6, 1e-9);
        let span = Span {
            start: 0.0,
            stop: 3.0,
        };
        let stalk = Stalk::new(false);
        let outcome = integrate(
            &stalk,
            method,
            &options,
            span,
            &[1.0],
            &mut samples,
            &mut |_| true,
        );
        assert!(outcome.unwrap().counts.evaluations < 20_000, "{method}");
        for (t, x) in times.iter().zip(&samples.states) {
            let exact = t.cos() + f64::from(u8::from(*t > 1.0));
            assert!(
                (x[0] - exact).abs() < 1e-5,
                "{method} at {t}: {}",
                x[0] - exact
            );
        }
    }
}

#[test]
fn guards_are_located_on_the_dense_output() {
    for method in STIFF {
        let mut samples = Samples::at(vec![]);
        let options = Options::new(1, 1e-8, 1e-10);
        let span = Span {
            start: 0.0,
            stop: 9.0,
        };
        let stalk = Stalk::new(true);
        let outcome = integrate(
            &stalk,
            method,
            &options,
            span,
            &[1.0],
            &mut samples,
            &mut |_| true,
        );
        let outcome = outcome.unwrap();
        assert_eq!(outcome.status, Status::Stopped, "{method}");
        // cos t + 1 = 1/2
        let exact = 2.0 * std::f64::consts::FRAC_PI_3;
        assert!(
            (outcome.time - exact).abs() < 1e-6,
            "{method}: {}",
            outcome.time - exact
        );
    }
}

/// Keeps the checkpoints.
#[derive(Default)]
struct Memories(Vec<Vec<f64>>);

impl Recorder for Memories {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }
    fn record(&mut self, _t: f64, _x: &[f64]) {}
    fn checkpoint(&mut self, _t: f64, memory: &[f64]) {
        self.0.push(memory.to_vec());
    }
}

#[test]
fn runs_go_on_from_checkpoints_with_the_same_bits() {
    let brusselator = common::stiff::brusselator();
    for problem in [hires(), brusselator] {
        for method in STIFF.into_iter().chain(["auto"]) {
            let options = Options::new(problem.x0.len(), 1e-5, 1e-8);
            let span = Span {
                start: 0.0,
                stop: 0.01 * problem.stop,
            };
            let run = |memory: Option<Vec<f64>>| {
                let mut job = Job::new(span, problem.x0.clone(), Memories::default());
                job.memory = memory;
                let every = Checkpoints::Steps(7);
                integrate_job(&problem, method, &options, job, every, &mut |_| true).unwrap()
            };
            let (whole, memories) = run(None);
            assert!(memories.0.len() > 1, "{} by {method}", problem.name);
            for memory in memories.0.into_iter().step_by(3) {
                let (resumed, _) = run(Some(memory));
                assert_eq!(whole.state, resumed.state, "{} by {method}", problem.name);
                assert_eq!(whole.counts, resumed.counts, "{} by {method}", problem.name);
            }
        }
    }
}

#[test]
fn a_flow_that_blows_up_ends_with_a_diagnosis() {
    struct Square(Layout);
    impl System for Square {
        fn layout(&self) -> &Layout {
            &self.0
        }
        fn smoothness(&self) -> Smoothness {
            Smoothness::Smooth
        }
        fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
            dx[0] = x[0] * x[0];
        }
    }
    let square = Square(Layout::new().block(Variable::new("x", vec![]), 0.0));
    for method in STIFF {
        let mut samples = Samples::at(vec![]);
        let options = Options::new(1, 1e-6, 1e-9);
        let span = Span {
            start: 0.0,
            stop: 2.0,
        };
        let outcome = integrate(
            &square,
            method,
            &options,
            span,
            &[1.0],
            &mut samples,
            &mut |_| true,
        );
        let outcome = outcome.or_else(IntegrationError::into_outcome).unwrap();
        assert!(!outcome.status.is_success(), "{method}");
        assert!(
            (outcome.time - 1.0).abs() < 1e-3,
            "{method}: {}",
            outcome.time
        );
    }
}

/// Keeps what it is told.
#[derive(Default)]
struct Told(Vec<(f64, String)>);

impl Recorder for Told {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }
    fn record(&mut self, _t: f64, _x: &[f64]) {}
    fn event(&mut self, event: &Event<'_>) {
        self.0.push((event.time, event.kind.to_string()));
    }
}

#[test]
fn auto_goes_over_to_the_stiff_scheme_where_the_run_is_stiff_and_says_so() {
    for problem in set() {
        let options = Options::new(problem.x0.len(), 1e-5, 1e-5 * problem.floor);
        let span = Span {
            start: 0.0,
            stop: problem.stop,
        };
        let mut told = Told::default();
        let x0 = &problem.x0;
        let outcome = integrate(&problem, "auto", &options, span, x0, &mut told, &mut |_| {
            true
        });
        let outcome = outcome.unwrap();
        assert_eq!(outcome.status, Status::Complete, "{}", problem.name);
        let error = problem.error(&outcome.state);
        assert!(error < 1e-4, "{}: error {error:e}", problem.name);
        let [(time, kind)] = &told.0[..] else {
            panic!("{}: {:?}", problem.name, told.0)
        };
        assert_eq!(kind, "stiff");
        assert!(*time < 0.5 * problem.stop, "{} at {time}", problem.name);
    }
}

#[test]
fn auto_stays_explicit_where_nothing_is_stiff() {
    for problem in common::smooth_problems() {
        let options = Options::new(problem.x0.len(), 1e-6, 1e-9);
        let span = Span {
            start: 0.0,
            stop: problem.stop,
        };
        let run = |method: &str| {
            let mut told = Told::default();
            let x0 = &problem.x0;
            let outcome = integrate(&problem, method, &options, span, x0, &mut told, &mut |_| {
                true
            });
            assert!(told.0.is_empty(), "{}", problem.name);
            outcome.unwrap().state
        };
        assert_eq!(run("auto"), run("tsit5"));
    }
}
