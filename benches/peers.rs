//! nullcline against the crate `ode_solvers` on threshold-linear networks, as ratios in one run.
//!
//! `cargo bench --bench peers`. Both integrate the same field with the same tolerances; measurements
//! alternate, and the ratio of the medians of wall time is printed with the errors of both,
//! taken against a run at rtol 1e-12. `docs/performance.md` explains the numbers.

use std::sync::Arc;
use std::time::Instant;

use nalgebra::{DMatrix, DVector};
use nullcline::engine::field::LANES;
use nullcline::engine::integrate::{Job, Options, Span, integrate, integrate_batch};
use nullcline::engine::recorder::{Recorder, Samples};
use nullcline::models::linear_threshold::Network;
use nullcline::prelude::*;
use ode_solvers::dop_shared::OutputType;
use ode_solvers::{Dopri5, System as Equations};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};

/// A random network with a sinusoidal drive on every neuron, and its parts for the peers.
struct Case {
    network: Network,
    weights: DMatrix<f64>,
    input: Vec<f64>,
    x0: Vec<f64>,
    stop: f64,
}

const AMPLITUDE: f64 = 0.5;
const FREQUENCY: f64 = 0.2;

fn case(n: usize, stop: f64) -> Case {
    let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
    let scale = 1.1 / (n as f64).sqrt();
    let weights: Vec<f64> = (0..n * n)
        .map(|_| {
            let z: f64 = StandardNormal.sample(&mut rng);
            scale * z
        })
        .collect();
    let uniform = Uniform::new(-0.5, 1.0).unwrap();
    let input: Vec<f64> = (0..n).map(|_| uniform.sample(&mut rng)).collect();
    let x0: Vec<f64> = (0..n).map(|_| uniform.sample(&mut rng).max(0.0)).collect();
    let sine = Stimulus {
        channel: "input".into(),
        waveform: Waveform::Sine {
            frequency: FREQUENCY,
            phase: 0.0,
        },
        amplitude: AMPLITUDE,
        from: 0.0,
        to: f64::INFINITY,
        place: Place::Everywhere,
    };
    let network = Network::new(Arc::new(PackedMatrix::new(n, n, &weights)))
        .input(&input)
        .drive(Drive::new(&[sine], "input", n, None).unwrap());
    Case {
        network,
        weights: DMatrix::from_row_slice(n, n, &weights),
        input,
        x0,
        stop,
    }
}

/// The field as a user of nalgebra writes it.
struct Handwritten<'a>(&'a Case);

impl Equations<f64, DVector<f64>> for Handwritten<'_> {
    fn system(&self, t: f64, x: &DVector<f64>, dx: &mut DVector<f64>) {
        let drive = AMPLITUDE * (std::f64::consts::TAU * FREQUENCY * t).sin();
        dx.gemv(1.0, &self.0.weights, x, 0.0);
        for i in 0..dx.len() {
            dx[i] = (dx[i] + self.0.input[i] + drive).max(0.0) - x[i];
        }
    }
}

/// Our own field under their stepper.
struct Borrowed<'a>(&'a Network);

impl Equations<f64, DVector<f64>> for Borrowed<'_> {
    fn system(&self, t: f64, x: &DVector<f64>, dx: &mut DVector<f64>) {
        self.0.drift(t, x.as_slice(), dx.as_mut_slice());
    }
}

fn peer<E: Equations<f64, DVector<f64>>>(
    field: E,
    case: &Case,
    x0: &[f64],
    rtol: f64,
) -> (Vec<f64>, [u32; 3]) {
    let mut stepper = Dopri5::from_param(
        field,
        0.0,
        case.stop,
        case.stop,
        DVector::from_column_slice(x0),
        rtol,
        rtol * 1e-2,
        0.9,
        0.04,
        0.2,
        10.0,
        case.stop,
        0.0,
        10_000_000,
        u32::MAX,
        OutputType::Sparse,
    );
    let stats = stepper.integrate().expect("the peer integrates");
    let end = stepper.y_out().last().expect("an end").as_slice().to_vec();
    (
        end,
        [stats.accepted_steps, stats.rejected_steps, stats.num_eval],
    )
}

fn ours(case: &Case, method: &str, rtol: f64, locate: bool) -> (Vec<f64>, [u32; 4]) {
    let mut options = Options::new(case.x0.len(), rtol, rtol * 1e-2);
    options.max_steps = 10_000_000;
    options.locate_kinks = locate;
    let span = Span {
        start: 0.0,
        stop: case.stop,
    };
    let outcome = integrate(
        &case.network,
        method,
        &options,
        span,
        &case.x0,
        &mut Samples::at(vec![]),
        &mut |_| true,
    )
    .unwrap();
    let c = outcome.counts;
    (
        outcome.state,
        [
            c.steps as u32,
            c.rejected as u32,
            c.evaluations as u32,
            c.kinks as u32,
        ],
    )
}

/// A recorder that keeps nothing and knows whose it is.
struct Tagged(usize);

impl Recorder for Tagged {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }

    fn record(&mut self, _t: f64, _x: &[f64]) {}
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

fn seconds(f: impl FnOnce()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Medians of alternating measurements.
fn alternate(rounds: usize, mut a: impl FnMut(), mut b: impl FnMut()) -> (f64, f64) {
    let (mut times_a, mut times_b) = (vec![], vec![]);
    for _ in 0..rounds {
        times_a.push(seconds(&mut a));
        times_b.push(seconds(&mut b));
    }
    (median(times_a), median(times_b))
}

fn single(n: usize, stop: f64, rounds: usize) {
    let case = case(n, stop);
    let rtol = 1e-8;
    let (reference, _) = peer(Borrowed(&case.network), &case, &case.x0, 1e-12);
    println!("{n} neurons, t = 0 .. {stop}, sinusoidal drive, rtol {rtol:e}");
    let (end, [accepted, rejected, evaluations]) = peer(Handwritten(&case), &case, &case.x0, rtol);
    println!(
        "  ode_solvers dopri5   {accepted:>6} accepted {rejected:>6} rejected {evaluations:>7} evaluations  error {:.1e}",
        distance(&end, &reference)
    );
    for (method, locate) in [
        ("dopri5", true),
        ("tsit5", true),
        ("dopri5", false),
        ("tsit5", false),
    ] {
        let (end, [steps, rejected, evaluations, kinks]) = ours(&case, method, rtol, locate);
        println!(
            "  nullcline {method:<8} {} {steps:>6} accepted {rejected:>6} rejected {evaluations:>7} evaluations  error {:.1e}, {kinks} kinks",
            if locate { "+" } else { "-" },
            distance(&end, &reference)
        );
    }
    for (name, method) in [("dopri5", "dopri5"), ("tsit5", "tsit5")] {
        let (a, b) = alternate(
            rounds,
            || {
                ours(&case, method, rtol, true);
            },
            || {
                peer(Handwritten(&case), &case, &case.x0, rtol);
            },
        );
        println!(
            "  {name}: {:.1} ms / {:.1} ms = {:.2} of ode_solvers with nalgebra's product",
            a * 1e3,
            b * 1e3,
            a / b
        );
        let (a, b) = alternate(
            rounds,
            || {
                ours(&case, method, rtol, true);
            },
            || {
                peer(Borrowed(&case.network), &case, &case.x0, rtol);
            },
        );
        println!(
            "  {name}: {:.1} ms / {:.1} ms = {:.2} of ode_solvers on the same field",
            a * 1e3,
            b * 1e3,
            a / b
        );
    }
}

/// Runs that differ in their input.
fn many(runs: usize, rounds: usize, driven: bool) {
    let mut case = case(20, 10.0);
    if !driven {
        case.network = case.network.drive(Drive::default());
    }
    let rtol = 1e-6;
    let networks: Vec<Network> = (0..runs)
        .map(|run| {
            let shift = run as f64 / runs as f64;
            let input: Vec<f64> = case.input.iter().map(|u| u + shift).collect();
            case.network.clone().input(&input)
        })
        .collect();
    let options = Options::new(20, rtol, rtol * 1e-2);
    let span = Span {
        start: 0.0,
        stop: case.stop,
    };
    let x0 = case.x0.clone();
    let alone = || -> f64 {
        networks
            .iter()
            .map(|network| {
                integrate(
                    network,
                    "tsit5",
                    &options,
                    span,
                    &x0,
                    &mut Samples::at(vec![]),
                    &mut |_| true,
                )
                .unwrap()
                .state[0]
            })
            .sum()
    };
    let lanes = || -> f64 {
        let mut ends = vec![0.0; runs];
        let mut jobs = networks.iter().enumerate().map(|(id, network)| {
            (
                network as &dyn System,
                Job::new(span, x0.clone(), Tagged(id)),
            )
        });
        integrate_batch(
            "tsit5",
            &options,
            &mut jobs,
            &mut |outcome, Tagged(id)| ends[id] = outcome.state[0],
            &mut |_| true,
        )
        .unwrap();
        ends.iter().sum()
    };
    let theirs = || -> f64 {
        networks
            .iter()
            .map(|network| peer(Borrowed(network), &case, &x0, rtol).0[0])
            .sum()
    };
    let input = if driven {
        "sinusoidal drive"
    } else {
        "constant input"
    };
    println!(
        "{runs} runs of 20 neurons, {input}, t = 0 .. 10, rtol {rtol:e}, one thread ({LANES} lanes)"
    );
    println!("  sums {} {} {}", alone(), lanes(), theirs());
    let (a, b) = alternate(
        rounds,
        || {
            alone();
        },
        || {
            theirs();
        },
    );
    println!(
        "  one by one: {:.2} s / {:.2} s = {:.3} of ode_solvers on the same field",
        a,
        b,
        a / b
    );
    let (a, b) = alternate(
        rounds,
        || {
            lanes();
        },
        || {
            theirs();
        },
    );
    println!(
        "  in lanes:   {:.2} s / {:.2} s = {:.3} of ode_solvers on the same field",
        a,
        b,
        a / b
    );
}

fn main() {
    // `cargo bench --bench peers -- many` runs that part alone.
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |part: &str| {
        !wanted.iter().any(|w| !w.starts_with('-')) || wanted.iter().any(|w| w == part)
    };
    if wants("single") {
        single(200, 100.0, 5);
        single(1000, 20.0, 3);
    }
    if wants("many") {
        many(10_000, 3, false);
        many(10_000, 3, true);
    }
}
