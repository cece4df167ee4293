//! The loop and its parts: breakpoints, impulses, outcomes, kinks, memory, the independent backend.

mod common;

use std::sync::Arc;

use common::smooth_problems;
use nullcline::engine::integrate::{
    Course, IntegrationError, Job, Options, Span, integrate, run_lanes,
};
use nullcline::engine::outcome::{Outcome, Status};
use nullcline::engine::recorder::{Recorder, Samples};
use nullcline::engine::scheme::Scheme;
use nullcline::engine::schemes;
use nullcline::models::linear_threshold::{Clock, Network};
use nullcline::prelude::*;

const SPAN: Span = Span {
    start: 0.0,
    stop: 4.0,
};

fn solve(
    system: &dyn System,
    method: &str,
    options: &Options,
    span: Span,
    x0: &[f64],
    times: &[f64],
) -> (Outcome, Vec<Vec<f64>>) {
    let mut samples = Samples::at(times.to_vec());
    let outcome = integrate(system, method, options, span, x0, &mut samples, &mut |_| {
        true
    })
    .or_else(IntegrationError::into_outcome)
    .unwrap();
    (outcome, samples.states)
}

/// A scalar network x' = -d x + [w x + u]_0^m.
fn scalar(w: f64, d: f64, u: f64, m: f64) -> Network {
    Network::new(Arc::new(PackedMatrix::new(1, 1, &[w])))
        .dissipation(&[d])
        .input(&[u])
        .ceiling(&[m])
}

fn constant(amplitude: f64, from: f64, to: f64) -> Drive {
    let stimulus = Stimulus {
        channel: "input".into(),
        waveform: Waveform::Constant,
        amplitude,
        from,
        to,
        place: Place::Everywhere,
    };
    Drive::new(&[stimulus], "input", 1, None).unwrap()
}

/// x' = -x + u with a step of u from 0 to 2 during (1, 3]: exponentials between the edges.
fn pulse_response(t: f64) -> f64 {
    let rise = |t: f64| 2.0 * (1.0 - (-(t - 1.0)).exp());
    match t {
        t if t <= 1.0 => 0.0,
        t if t <= 3.0 => rise(t),
        t => rise(3.0) * (-(t - 3.0)).exp(),
    }
}

#[test]
fn edges_of_a_stimulus_are_stepped_to_and_not_over() {
    let network = scalar(0.0, 1.0, 0.0, f64::INFINITY).drive(constant(2.0, 1.0, 3.0));
    let times: Vec<f64> = (0..=40).map(|k| f64::from(k) * 0.1).collect();
    for (method, step, tolerance) in [
        ("tsit5", None, 1e-9),
        ("dopri5", None, 1e-9),
        ("ode-solvers-dopri5", None, 1e-8),
        ("rk4", Some(0.07), 1e-6),
    ] {
        let mut options = Options::new(1, 1e-10, 1e-12);
        options.step = step;
        let (outcome, states) = solve(&network, method, &options, SPAN, &[0.0], &times);
        assert_eq!(outcome.status, Status::Complete);
        for (&t, x) in times.iter().zip(&states) {
            let error = (x[0] - pulse_response(t)).abs();
            assert!(error < tolerance, "{method} at {t}: {error:e}");
        }
    }
}

/// A pulse much shorter than any step that error control would choose.
#[test]
fn a_short_pulse_far_off_is_not_missed() {
    let network = scalar(0.0, 1e-3, 0.0, f64::INFINITY).drive(constant(1e3, 500.0, 500.001));
    let options = Options::new(1, 1e-6, 1e-9);
    let span = Span {
        start: 0.0,
        stop: 500.001,
    };
    let (_, states) = solve(&network, "tsit5", &options, span, &[0.0], &[500.001]);
    assert!((states[0][0] - 1.0).abs() < 1e-5, "{states:?}");
}

#[test]
fn fixed_steps_end_exactly_on_the_stop_and_on_edges() {
    let network = scalar(0.0, 1.0, 1.0, f64::INFINITY).drive(constant(1.0, 0.25, 0.35));
    let options = Options::new(1, 1e-6, 1e-9).step(0.1);
    let span = Span {
        start: 0.0,
        stop: 1.0,
    };
    let (outcome, _) = solve(&network, "euler", &options, span, &[0.0], &[]);
    assert_eq!(outcome.time, 1.0);
    // 0 .1 .2 | .25 .35 | .45 ... .95 | 1: three steps, one, and seven.
    assert_eq!(outcome.counts.steps, 11);
}

/// Exact solution of the scalar network with ceiling by its pieces, in the fast clock.
#[test]
fn kinks_are_crossed_without_loss_of_accuracy_and_without_rejections() {
    // x' = -2x + [0.5 x + u + A sin]_0^1, compared with a run whose steps are so short that kinks
    // do not matter.
    let sine = Stimulus {
        channel: "input".into(),
        waveform: Waveform::Sine {
            frequency: 0.5,
            phase: 0.3,
        },
        amplitude: 3.0,
        from: 0.0,
        to: f64::INFINITY,
        place: Place::Everywhere,
    };
    let network = scalar(0.5, 2.0, 0.2, 1.0).drive(Drive::new(&[sine], "input", 1, None).unwrap());
    let span = Span {
        start: 0.0,
        stop: 20.0,
    };
    let mut careful = Options::new(1, 1e-13, 1e-15);
    careful.locate_kinks = false;
    careful.max_steps = 10_000_000;
    let times: Vec<f64> = (0..=200).map(|k| f64::from(k) * 0.1).collect();
    let (_, reference) = solve(&network, "dopri5", &careful, span, &[0.0], &times);
    for method in ["tsit5", "dopri5"] {
        for rtol in [1e-4, 1e-6, 1e-8, 1e-10] {
            let options = Options::new(1, rtol, rtol);
            let (outcome, states) = solve(&network, method, &options, span, &[0.0], &times);
            let error = states
                .iter()
                .zip(&reference)
                .map(|(x, r)| (x[0] - r[0]).abs())
                .fold(0.0, f64::max);
            println!(
                "{method} rtol {rtol:e}: error {error:.1e}, {:?}",
                outcome.counts
            );
            assert!(error < 10.0 * rtol, "{method} at {rtol:e}: {error:e}");
            // Four kinks in each of ten periods.
            assert_eq!(outcome.counts.kinks, 40, "{method} at {rtol:e}");
            // Ignoring kinks rejects about half of all steps.
            let counts = outcome.counts;
            assert!(4 * counts.rejected < counts.steps, "{method}: {counts:?}");
        }
    }
}

#[test]
fn a_network_that_starts_on_a_kink_and_stays_there_runs_through() {
    // p = 0 exactly at the start and for ever.
    let network = scalar(0.0, 1.0, 0.0, 1.0);
    let options = Options::new(1, 1e-8, 1e-10);
    let (outcome, states) = solve(&network, "tsit5", &options, SPAN, &[0.0], &[4.0]);
    assert_eq!((outcome.status, states[0][0]), (Status::Complete, 0.0));
    // p = 0 at the start and rising: tau = 2 makes p depend on x.
    let leaving = scalar(1.5, 1.0, 0.0, f64::INFINITY).timescale(2.0, Clock::Fast);
    let (outcome, states) = solve(&leaving, "tsit5", &options, SPAN, &[1e-3], &[4.0]);
    assert_eq!(outcome.status, Status::Complete);
    // Unclipped: x' = (W - d) x = 0.5 x for every tau.
    assert!((states[0][0] - 1e-3 * 2.0_f64.exp()).abs() < 1e-10);
}

/// Exponential decay kicked upwards by 1 at every whole time.
struct Kicked(Layout);

impl System for Kicked {
    fn layout(&self) -> &Layout {
        &self.0
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = -x[0];
    }

    fn impulses(&self) -> Option<&dyn Impulses> {
        Some(self)
    }
}

impl Impulses for Kicked {
    fn next(&self, t: f64) -> f64 {
        t.floor() + 1.0
    }

    fn apply(&self, _t: f64, x: &mut [f64]) {
        x[0] += 1.0;
    }
}

#[test]
fn impulses_reset_the_state_at_their_times() {
    let kicked = Kicked(Layout::new().block(Variable::new("x", vec![]), 0.0));
    for method in ["euler", "rk4", "tsit5", "dopri5", "ode-solvers-dopri5"] {
        let mut options = Options::new(1, 1e-10, 1e-12);
        if matches!(method, "euler" | "rk4") {
            options.step = Some(0.3);
        }
        let (outcome, states) = solve(
            &kicked,
            method,
            &options,
            SPAN,
            &[0.0],
            &[0.0, 1.0, 3.0, 4.0],
        );
        assert_eq!(outcome.status, Status::Complete, "{method}");
        // An impulse belongs to its instant: the start is kicked as well.
        assert_eq!(states[0][0], 1.0, "{method}");
        if !matches!(method, "euler") {
            let e = (-1.0_f64).exp();
            let expected = 1.0 + e * (1.0 + e * (1.0 + e * (1.0 + e)));
            let tolerance = if method == "rk4" { 1e-3 } else { 1e-8 };
            assert!(
                (states[3][0] - expected).abs() < tolerance,
                "{method}: {states:?}"
            );
        }
    }
}

/// x' = x^2 blows up at t = 1 from x = 1; y is a bystander.
struct BlowUp(Layout);

impl System for BlowUp {
    fn layout(&self) -> &Layout {
        &self.0
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = -x[0];
        dx[1] = x[1] * x[1];
    }
}

#[test]
fn failures_are_outcomes_with_a_diagnosis() {
    let layout = Layout::new()
        .block(Variable::new("y", vec![]), 1.0)
        .block(Variable::new("x", vec![Axis::new("cell", 1)]), 1.0);
    let system = BlowUp(layout);
    let diagnose = |method: &str, options: &Options| {
        let (outcome, states) = solve(&system, method, options, SPAN, &[1.0, 1.0], &[0.5, 2.0]);
        assert_eq!(states.len(), 1, "samples before the failure were given");
        assert!(outcome.state.iter().all(|x| x.is_finite()));
        let text = outcome.diagnosis(&system);
        (outcome, text)
    };
    for method in ["tsit5", "dopri5"] {
        let (outcome, text) = diagnose(method, &Options::new(2, 1e-6, 1e-9));
        assert_eq!(outcome.status, Status::StepUnderflow, "{method}: {text}");
        assert!((outcome.time - 1.0).abs() < 1e-3, "{}", outcome.time);
        assert!(text.contains("x[0]") && text.contains("rtol"), "{text}");
    }
    let (outcome, text) = diagnose("rk4", &Options::new(2, 1e-6, 1e-9).step(0.01));
    assert_eq!(outcome.status, Status::NotFinite);
    assert!(
        text.contains("x[0]") && text.contains("solver.step"),
        "{text}"
    );
    let mut options = Options::new(2, 1e-6, 1e-9);
    options.max_steps = 25;
    let (outcome, text) = diagnose("tsit5", &options);
    assert_eq!(outcome.status, Status::BudgetExhausted);
    assert!(text.contains("max_steps"), "{text}");
}

#[test]
fn a_scheme_that_does_not_fit_is_refused_before_the_first_step() {
    let noisy = scalar(0.0, 1.0, 0.0, 1.0).noise(&[0.1]);
    let options = Options::new(1, 1e-6, 1e-9);
    let mut samples = Samples::at(vec![0.0]);
    let refused = integrate(
        &noisy,
        "tsit5",
        &options,
        SPAN,
        &[0.0],
        &mut samples,
        &mut |_| true,
    );
    assert!(
        refused
            .unwrap_err()
            .into_outcome()
            .unwrap_err()
            .reason
            .contains("noise")
    );
    assert!(samples.states.is_empty());
    let quiet = scalar(0.0, 1.0, 0.0, 1.0);
    let refused = integrate(
        &quiet,
        "rk4",
        &options,
        SPAN,
        &[0.0],
        &mut samples,
        &mut |_| true,
    );
    assert!(
        refused
            .unwrap_err()
            .into_outcome()
            .unwrap_err()
            .help
            .contains("solver.step")
    );
    let unknown = integrate(
        &quiet,
        "rk5",
        &options,
        SPAN,
        &[0.0],
        &mut samples,
        &mut |_| true,
    );
    assert!(
        unknown
            .unwrap_err()
            .into_outcome()
            .unwrap_err()
            .help
            .contains("tsit5")
    );
}

#[test]
fn the_independent_backend_agrees() {
    for problem in smooth_problems() {
        for rtol in [1e-5, 1e-8, 1e-11] {
            let options = Options::new(problem.x0.len(), rtol, rtol * 1e-2);
            let span = Span {
                start: 0.0,
                stop: problem.stop,
            };
            let times: Vec<f64> = (0..=10)
                .map(|k| f64::from(k) / 10.0 * problem.stop)
                .collect();
            let run = |method| solve(&problem, method, &options, span, &problem.x0, &times);
            let ((ours, our_states), (theirs, their_states)) =
                (run("dopri5"), run("ode-solvers-dopri5"));
            let end = |states: &[Vec<f64>]| states.last().unwrap().clone();
            for (a, b) in end(&our_states).iter().zip(end(&their_states)) {
                assert!(
                    (a - b).abs() < 50.0 * rtol,
                    "{} at {rtol:e}: {a} {b}",
                    problem.name
                );
            }
            // The same pair under the same control takes nearly the same steps.
            let (ours, theirs) = (ours.counts.steps as f64, theirs.counts.steps as f64);
            assert!(
                (ours / theirs - 1.0).abs() < 0.15,
                "{}: {ours} {theirs}",
                problem.name
            );
        }
    }
}

/// Records nothing and stops the run from outside after some steps.
struct Nothing;

impl Recorder for Nothing {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }

    fn record(&mut self, _t: f64, _x: &[f64]) {}
}

#[test]
fn the_memory_of_a_scheme_restores_a_run_to_the_bit() {
    let weights: Vec<f64> = (0..36).map(|i| (f64::from(i) * 5.1).sin()).collect();
    let sine = Stimulus {
        channel: "input".into(),
        waveform: Waveform::Sine {
            frequency: 0.5,
            phase: 0.0,
        },
        amplitude: 2.0,
        from: 0.0,
        to: 100.0,
        place: Place::Everywhere,
    };
    let network = Network::new(Arc::new(PackedMatrix::new(6, 6, &weights)))
        .ceiling(&[1.0; 6])
        .drive(Drive::new(&[sine], "input", 6, None).unwrap());
    let system: &dyn System = &network;
    for (method, step) in [("tsit5", None), ("dopri5", None), ("rk4", Some(0.03))] {
        let mut options = Options::new(6, 1e-7, 1e-9);
        options.step = step;
        let make = || schemes::make::<dyn System>(method, system, &options).unwrap();
        let x0 = [0.3; 6];
        let mut whole = make();
        whole.start(system, 0, 0.0, &x0, 10.0);
        let mut broken = make();
        broken.start(system, 0, 0.0, &x0, 10.0);
        for step in 0..150 {
            let progress = whole.step(system, &[true], &[1e9]);
            // A new scheme takes over after every step, accepted, rejected or on a kink.
            assert_eq!(progress, broken.step(system, &[true], &[1e9]));
            let memory = broken.save(0);
            let mut next = make();
            next.start(system, 0, 5.0, &[9.0; 6], 10.0);
            next.restore(0, &memory);
            broken = next;
            let read = |scheme: &dyn Scheme<dyn System, 1>| {
                let mut x = [0.0; 6];
                scheme.state(0, &mut x);
                (scheme.time(0), x, scheme.counts(0))
            };
            assert_eq!(
                read(whole.as_ref()),
                read(broken.as_ref()),
                "{method}, step {step}"
            );
        }
    }
}

#[test]
fn a_run_can_be_interrupted_between_steps() {
    let network = scalar(0.5, 1.0, 1.0, f64::INFINITY);
    let options = Options::new(1, 1e-6, 1e-9);
    let mut scheme = schemes::make(("rk4", 0.1).0, &network, &options.clone().step(0.1)).unwrap();
    let mut jobs = vec![Job::new(SPAN, vec![0.0], Nothing)];
    let mut outcomes = vec![];
    run_lanes::<Network, 1, Nothing>(
        &network,
        scheme.as_mut(),
        Course::of(1_000_000),
        &mut |_| jobs.pop(),
        &mut |_, outcome, _| outcomes.push(outcome),
        &mut |t| t < 1.05,
    );
    assert_eq!(outcomes[0].status, Status::Pending);
    assert!(
        (outcomes[0].time - 1.1).abs() < 1e-12,
        "{}",
        outcomes[0].time
    );
}

#[test]
fn what_cannot_be_integrated_is_refused_before_the_first_step() {
    let problem = &common::smooth_problems()[0];
    let (span, good) = (
        Span {
            start: 0.0,
            stop: 1.0,
        },
        problem.x0.clone(),
    );
    let dim = good.len();
    let refused = |options: &Options, span: Span, x0: &[f64], times: Vec<f64>| {
        let mut samples = Samples::at(times);
        let ended = integrate(
            problem,
            "tsit5",
            options,
            span,
            x0,
            &mut samples,
            &mut |_| true,
        );
        match ended {
            Err(IntegrationError::Mismatch(mismatch)) => mismatch.reason,
            other => panic!("{other:?}"),
        }
    };
    let options = Options::new(dim, 1e-6, 1e-9);
    let backwards = Span {
        start: 1.0,
        stop: 0.0,
    };
    for (reason, words) in [
        (
            refused(&Options::new(dim + 1, 1e-6, 1e-9), span, &good, vec![]),
            "absolute tolerances",
        ),
        (
            refused(&Options::new(dim - 1, 1e-6, 1e-9), span, &good, vec![]),
            "absolute tolerances",
        ),
        (
            refused(&Options::new(dim, f64::NAN, 1e-9), span, &good, vec![]),
            "relative tolerance is NaN",
        ),
        (
            refused(&Options::new(dim, 1e-6, -1.0), span, &good, vec![]),
            "absolute tolerance is -1",
        ),
        (
            refused(&options, span, &good[1..], vec![]),
            "and the start has",
        ),
        (
            refused(&options, span, &vec![f64::NAN; dim], vec![]),
            "is NaN",
        ),
        (refused(&options, backwards, &good, vec![]), "has no length"),
        (
            refused(&options, span, &good, vec![0.5, 0.2]),
            "0.2 follows 0.5",
        ),
        (
            refused(&options, span, &good, vec![0.5, 0.5]),
            "0.5 follows 0.5",
        ),
        (refused(&options, span, &good, vec![f64::NAN]), "t = NaN"),
    ] {
        assert!(reason.contains(words), "{reason}");
    }
}
