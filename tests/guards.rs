//! Guards with resets on smooth flows, against closed forms: spiking neurons, and every corner of when a guard fires.

mod common;

use common::neurons::Neurons;
use nullcline::engine::integrate::{IntegrationError, Options, Span, integrate};
use nullcline::engine::outcome::{Outcome, Status};
use nullcline::engine::recorder::Recorder;
use nullcline::prelude::*;
use nullcline::system::event::Event;

/// Keeps samples and events.
#[derive(Default)]
struct Log {
    times: Vec<f64>,
    next: usize,
    states: Vec<Vec<f64>>,
    events: Vec<(f64, usize)>,
}

impl Recorder for Log {
    fn next_time(&self) -> f64 {
        self.times.get(self.next).copied().unwrap_or(f64::INFINITY)
    }

    fn record(&mut self, _t: f64, x: &[f64]) {
        self.next += 1;
        self.states.push(x.to_vec());
    }

    fn event(&mut self, event: &Event<'_>) {
        self.events
            .push((event.time, event.component.unwrap_or(usize::MAX)));
    }
}

/// The time between two spikes of a neuron that is left alone.
fn period(neurons: &Neurons, neuron: usize) -> f64 {
    (neurons.drive[neuron] / (neurons.drive[neuron] - 1.0)).ln()
}

fn run(
    system: &dyn System,
    method: &str,
    rtol: f64,
    stop: f64,
    x0: &[f64],
    times: &[f64],
) -> (Outcome, Log) {
    let mut options = Options::new(x0.len(), rtol, rtol);
    if ["rk4", "heun", "euler"].contains(&method) {
        options.step = Some(1e-3);
    }
    let mut log = Log {
        times: times.to_vec(),
        ..Log::default()
    };
    let span = Span { start: 0.0, stop };
    let outcome = integrate(system, method, &options, span, x0, &mut log, &mut |_| true);
    (
        outcome.or_else(IntegrationError::into_outcome).unwrap(),
        log,
    )
}

#[test]
fn neurons_fire_when_the_closed_form_says() {
    let neurons = Neurons::new((0..40).map(|i| 1.05 + 0.03 * f64::from(i)).collect());
    let stop = 12.0;
    for (method, tolerance) in [
        ("tsit5", 1e-6),
        ("dopri5", 1e-6),
        ("bs3", 1e-6),
        ("dop853", 1e-6),
        ("rk4", 1e-9),
        ("esdirk34", 1e-4),
        ("bdf", 1e-4),
    ] {
        let rtol = if tolerance < 1e-5 { 1e-8 } else { 1e-6 };
        let (outcome, log) = run(&neurons, method, rtol, stop, &[0.0; 40], &[]);
        assert_eq!(outcome.status, Status::Complete, "{method}");
        for neuron in 0..40 {
            let period = period(&neurons, neuron);
            let of = log.events.iter().filter(|event| event.1 == neuron);
            let times: Vec<f64> = of.map(|event| event.0).collect();
            assert_eq!(
                times.len(),
                (stop / period) as usize,
                "{method}: neuron {neuron}"
            );
            for (k, time) in times.iter().enumerate() {
                let error = time - period * (k + 1) as f64;
                assert!(
                    error.abs() < tolerance,
                    "{method}: neuron {neuron}, spike {k}: {error:e}"
                );
            }
        }
        assert!(log.events.is_sorted_by(|a, b| a.0 <= b.0), "{method}");
    }
}

#[test]
fn simultaneous_events_are_told_once_each_in_the_order_of_the_guards() {
    let neurons = Neurons::new(vec![1.5; 5]);
    let period = period(&neurons, 0);
    let (_, log) = run(&neurons, "tsit5", 1e-9, 3.5 * period, &[0.0; 5], &[]);
    assert_eq!(log.events.len(), 15);
    for (k, volley) in log.events.chunks(5).enumerate() {
        let which: Vec<usize> = volley.iter().map(|event| event.1).collect();
        assert_eq!(which, [0, 1, 2, 3, 4]);
        assert!(volley.iter().all(|event| event.0 == volley[0].0));
        assert!((volley[0].0 - period * (k + 1) as f64).abs() < 1e-7);
    }
}

#[test]
fn a_sample_at_the_time_of_an_event_is_the_state_behind_it() {
    let neurons = Neurons::new(vec![1.5]);
    let (_, log) = run(&neurons, "tsit5", 1e-9, 3.0, &[0.0], &[]);
    let spike = log.events[0].0;
    let times = [spike.next_down() - 1e-9, spike, spike + 1e-9];
    let (_, log) = run(&neurons, "tsit5", 1e-9, 3.0, &[0.0], &times);
    assert_eq!(log.events[0].0, spike);
    let states: Vec<f64> = log.states.iter().map(|x| x[0]).collect();
    assert!((states[0] - 1.0).abs() < 1e-6, "{states:?}");
    assert_eq!(states[1], 0.0);
    assert!((0.0..1e-6).contains(&states[2]), "{states:?}");
}

#[test]
fn a_guard_that_stands_on_its_surface_at_the_start_fires_there_and_one_beyond_does_not() {
    let neurons = Neurons::new(vec![1.5, 1.5, 1.5]);
    // On the threshold; beyond it; below it.
    let (_, log) = run(&neurons, "tsit5", 1e-9, 0.5, &[1.0, 1.2, 0.5], &[]);
    assert_eq!(log.events.len(), 1, "{:?}", log.events);
    assert_eq!(log.events[0].1, 0);
    assert!(log.events[0].0 < 1e-9, "{:?}", log.events);
}

#[test]
fn an_event_at_the_end_is_told_if_it_lies_before_the_stop() {
    let neurons = Neurons::new(vec![1.5]);
    let period = period(&neurons, 0);
    let (_, log) = run(&neurons, "tsit5", 1e-10, period + 1e-6, &[0.0], &[]);
    assert_eq!(log.events.len(), 1);
    let (_, log) = run(&neurons, "tsit5", 1e-10, period - 1e-6, &[0.0], &[]);
    assert!(log.events.is_empty());
}

/// `x = sin t`, a guard at a level; it records.
struct Wave {
    layout: Layout,
    level: f64,
    direction: Direction,
}

impl System for Wave {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, _x: &[f64], dx: &mut [f64]) {
        dx[0] = t.cos();
    }

    fn guards(&self) -> Option<&dyn Guards> {
        Some(self)
    }
}

impl Guards for Wave {
    fn count(&self) -> usize {
        1
    }

    fn name(&self, _guard: usize) -> &str {
        "level"
    }

    fn direction(&self, _guard: usize) -> Direction {
        self.direction
    }

    fn action(&self, _guard: usize) -> Action {
        Action::Record
    }

    fn values(&self, _t: f64, x: &[f64], g: &mut [f64]) {
        g[0] = x[0] - self.level;
    }

    fn reset(&self, _guard: usize, _t: f64, _x: &mut [f64]) {}
}

#[test]
fn what_grazes_is_seen_and_what_misses_is_not() {
    let events = |level: f64, direction: Direction| {
        let wave = Wave {
            layout: Layout::new().block(Variable::new("x", vec![]), 0.0),
            level,
            direction,
        };
        run(&wave, "tsit5", 1e-10, 7.0, &[0.0], &[]).1.events
    };
    let level = 1.0 - 1e-4;
    let first = level.asin();
    let both = events(level, Direction::Both);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!((both[0].0 - first).abs() < 1e-6, "{both:?}");
    assert!(
        (both[1].0 - (std::f64::consts::PI - first)).abs() < 1e-6,
        "{both:?}"
    );
    let rising = events(level, Direction::Rising);
    let falling = events(level, Direction::Falling);
    assert_eq!((rising.len(), falling.len()), (1, 1));
    assert!(rising[0].0 < falling[0].0);
    assert!(events(1.0 + 1e-6, Direction::Both).is_empty());
    // Rising through zero at the start, at pi falling, at 2 pi rising again.
    assert_eq!(events(0.0, Direction::Rising).len(), 2);
}

#[test]
fn ten_thousand_neurons_fire_when_the_closed_form_says() {
    let count = 10_000;
    let drive = (0..count).map(|i| 1.2 + 2e-4 * i as f64).collect();
    let network = Neurons::new(drive).in_parts();
    let start: Vec<f64> = (0..count).map(|i| (i as f64 * 0.618).fract()).collect();
    let (stop, times) = (4.0, [0.0, 1.3, 2.7, 4.0]);
    for (method, tolerance) in [
        ("tsit5", 1e-7),
        ("dopri5", 1e-7),
        ("dop853", 1e-7),
        ("rk4", 1e-9),
    ] {
        let (outcome, log) = run(&network, method, 1e-8, stop, &start, &times);
        assert_eq!(outcome.status, Status::Complete, "{method}");
        assert!(log.events.is_sorted_by(|a, b| a.0 <= b.0), "{method}");
        let mut spikes = vec![Vec::new(); count];
        log.events.iter().for_each(|&(t, i)| spikes[i].push(t));
        let mut worst = 0.0_f64;
        for (i, spikes) in spikes.iter().enumerate() {
            let (drive, period) = (network.drive[i], period(&network, i));
            let first = ((drive - start[i]) / (drive - 1.0)).ln();
            assert_eq!(
                spikes.len(),
                ((stop - first) / period).floor() as usize + 1,
                "{method}: {i}"
            );
            for (k, time) in spikes.iter().enumerate() {
                worst = worst.max((time - first - period * k as f64).abs());
            }
            for (time, state) in times.iter().zip(&log.states) {
                let last = spikes.iter().rfind(|spike| **spike <= *time);
                let (from, v) = last.map_or((0.0, start[i]), |&spike| (spike, 0.0));
                let exact = drive + (v - drive) * (from - time).exp();
                worst = worst.max((state[i] - exact).abs());
            }
        }
        println!(
            "{method}: {} spikes, {} steps, worst {worst:.1e}",
            log.events.len(),
            outcome.counts.steps
        );
        assert!(worst < tolerance, "{method}: {worst:e}");
        assert!(log.events.len() > 30_000);
        // The steps are those of a run without a single spike.
        assert!(method == "rk4" || outcome.counts.steps < 60, "{method}");
    }
}

#[test]
fn neurons_coupled_by_kicks_fire_the_same_in_parts_as_in_one_piece() {
    let count = 30;
    let drive = (0..count).map(|i| 1.1 + 0.021 * i as f64).collect();
    let ring = |i: usize| vec![(i + 1) % count, (i + 7) % count, (i + 11) % count];
    let mut network = Neurons::new(drive)
        .in_parts()
        .coupled((0..count).map(ring).collect(), 0.07);
    let start: Vec<f64> = (0..count).map(|i| (i as f64 * 0.618).fract()).collect();
    let times: Vec<f64> = (0..60).map(|k| 0.1 * f64::from(k)).collect();
    let (_, parted) = run(&network, "tsit5", 1e-11, 6.0, &start, &times);
    network.in_parts = false;
    let (_, whole) = run(&network, "tsit5", 1e-11, 6.0, &start, &times);
    assert!(parted.events.len() > 150, "{}", parted.events.len());
    assert_eq!(parted.events.len(), whole.events.len());
    for (a, b) in parted.events.iter().zip(&whole.events) {
        assert_eq!(a.1, b.1, "{a:?} {b:?}");
        assert!((a.0 - b.0).abs() < 1e-8, "{a:?} {b:?}");
    }
    for (a, b) in parted.states.iter().zip(&whole.states) {
        assert!(
            a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-7),
            "{a:?} {b:?}"
        );
    }
}

#[test]
fn a_kick_over_the_threshold_fires_at_once_and_so_on_down_the_line() {
    // The first fires at ln(1.5 / 0.5); the others rest at 0.9 and are carried over by 0.2, one by the other.
    let drive = vec![1.5, 0.9, 0.9, 0.9];
    let mut network = Neurons::new(drive).coupled(vec![vec![1], vec![2], vec![3], vec![]], 0.2);
    for in_parts in [true, false] {
        network.in_parts = in_parts;
        let (_, log) = run(&network, "tsit5", 1e-10, 1.2, &[0.0, 0.9, 0.9, 0.9], &[1.2]);
        let which: Vec<usize> = log.events.iter().map(|event| event.1).collect();
        assert_eq!(which, [0, 1, 2, 3], "in parts: {in_parts}");
        assert!(log.events.iter().all(|event| event.0 == log.events[0].0));
        assert!((log.events[0].0 - 3.0_f64.ln()).abs() < 1e-8);
        let exact = 0.9 - 0.9 * (3.0_f64.ln() - 1.2).exp();
        assert!((log.states[0][3] - exact).abs() < 1e-8, "{:?}", log.states);
    }
}

#[test]
fn neurons_that_excite_each_other_without_end_are_an_accumulation() {
    let mut network = Neurons::new(vec![1.5, 0.5]).coupled(vec![vec![1], vec![0]], 1.1);
    for in_parts in [true, false] {
        network.in_parts = in_parts;
        let (outcome, log) = run(&network, "tsit5", 1e-9, 5.0, &[0.0, 0.0], &[]);
        assert_eq!(
            outcome.status,
            Status::EventsAccumulate,
            "in parts: {in_parts}"
        );
        assert!(
            (outcome.time - 3.0_f64.ln()).abs() < 1e-8,
            "{}",
            outcome.time
        );
        // Each fires as often as makes a chain without an end.
        assert!(log.events.len() <= 2 * 65, "{}", log.events.len());
    }
}
