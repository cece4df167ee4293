//! Projected runs beside smooth ones, as ratios in one run of the bench: a network of 200 neurons with random stable
//! weights, constant and sinusoidal input, at the same tolerances.
//!
//! `cargo bench --bench nonsmooth`

use std::sync::Arc;
use std::time::Instant;

use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::models::linear_threshold::{HardSelector, Network, Projected};
use nullcline::prelude::*;

const NEURONS: usize = 200;
const STOP: f64 = 50.0;
const ROUNDS: usize = 5;

/// splitmix64
fn uniform() -> impl FnMut() -> f64 {
    let mut state = 1_u64;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        2.0 * ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 - 1.0
    }
}

fn network(sine: bool) -> (Network, Vec<f64>) {
    let mut next = uniform();
    let n = NEURONS;
    let weights: Vec<f64> = (0..n * n)
        .map(|_| next() * 1.4 / (n as f64).sqrt())
        .collect();
    let input: Vec<f64> = (0..n).map(|_| next()).collect();
    let stimulus = Stimulus {
        channel: "input".into(),
        waveform: Waveform::Sine {
            frequency: 0.2,
            phase: 0.0,
        },
        amplitude: 1.0,
        from: 0.0,
        to: STOP,
        place: Place::Everywhere,
    };
    let stimuli = if sine { vec![stimulus] } else { Vec::new() };
    let network = Network::new(Arc::new(PackedMatrix::new(n, n, &weights)))
        .input(&input)
        .ceiling(&vec![2.0; n])
        .drive(Drive::new(&stimuli, "input", n, None).expect("it acts on the input"));
    (network, (0..n).map(|_| 0.5 + 0.5 * next()).collect())
}

/// Median seconds, evaluations and steps.
fn time(system: &dyn System, method: &str, rtol: f64, x0: &[f64]) -> (f64, u64, u64) {
    let options = Options::new(NEURONS, rtol, 0.01 * rtol);
    let mut cost = (0, 0);
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let mut samples = Samples::at((0..=500).map(|k| STOP * f64::from(k) / 500.0).collect());
            let span = Span {
                start: 0.0,
                stop: STOP,
            };
            let before = Instant::now();
            let outcome = integrate(
                system,
                method,
                &options,
                span,
                x0,
                &mut samples,
                &mut |_| true,
            )
            .expect("it fits");
            assert!(
                outcome.status.is_success(),
                "{method}: {:?}",
                outcome.status
            );
            cost = (outcome.counts.evaluations, outcome.counts.steps);
            before.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    (seconds[ROUNDS / 2], cost.0, cost.1)
}

fn main() {
    // Exact pieces have no tolerance: at 1e-8 they are compared with a run whose error is ten million times theirs.
    for (name, sine, rtol) in [
        ("constant input, rtol 1e-8", false, 1e-8),
        ("constant input, rtol 1e-12", false, 1e-12),
        ("sinusoidal input, rtol 1e-8", true, 1e-8),
        ("sinusoidal input, rtol 1e-12", true, 1e-12),
    ] {
        let (network, x0) = network(sine);
        let (smooth, evaluations, steps) = time(&network, "tsit5", rtol, &x0);
        println!(
            "{name}: network by tsit5 {:.2} ms, {evaluations} evaluations in {steps} steps",
            1e3 * smooth
        );
        let (projected, evaluations, steps) =
            time(&Projected::new(network.clone()), "projected", rtol, &x0);
        println!(
            "{name}: projected {:.2} ms ({:.2} of the network), {evaluations} evaluations in {steps} steps",
            1e3 * projected,
            projected / smooth
        );
        if sine || rtol < 1e-8 {
            // A sliding set of a hundred neurons at every evaluation: not what this compares.
            continue;
        }
        let selector = HardSelector::new(network).expect("finite ceilings");
        let (selector, evaluations, steps) = time(&selector, "filippov", rtol, &x0);
        println!(
            "{name}: hard selector {:.2} ms ({:.2} of the network), {evaluations} evaluations in {steps} steps",
            1e3 * selector,
            selector / smooth
        );
    }
}
