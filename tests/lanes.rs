//! Lanes: a run has the same bits alone and among others, whatever its neighbours do.

use std::sync::Arc;

use nullcline::engine::integrate::{Job, Options, Span, integrate, integrate_batch};
use nullcline::engine::outcome::Outcome;
use nullcline::engine::recorder::Samples;
use nullcline::models::linear_threshold::{Clock, Network};
use nullcline::prelude::*;

const N: usize = 20;

/// Networks that share their weights and differ in everything else: input, ceiling, timescale, stimulus.
fn networks(saturating: bool) -> Vec<Network> {
    let weights: Vec<f64> = (0..N * N)
        .map(|i| 0.3 * (i as f64 * 78.233).sin())
        .collect();
    let weights = Arc::new(PackedMatrix::new(N, N, &weights));
    (0..21)
        .map(|run| {
            let shift = f64::from(run) / 21.0;
            let input: Vec<f64> = (0..N).map(|i| shift + (i as f64).cos()).collect();
            let ceiling = if saturating {
                0.5 + shift
            } else {
                f64::INFINITY
            };
            let pulse = Stimulus {
                channel: "input".into(),
                waveform: Waveform::Sine {
                    frequency: 0.2 + shift,
                    phase: shift,
                },
                amplitude: 1.0,
                from: 0.5 + shift,
                to: 6.0,
                place: Place::Cells([0, 9]),
            };
            Network::new(Arc::clone(&weights))
                .input(&input)
                .ceiling(&[ceiling; N])
                .timescale(0.5 + shift, Clock::Fast)
                .drive(Drive::new(&[pulse], "input", N, None).unwrap())
        })
        .collect()
}

fn times() -> Vec<f64> {
    (0..=40).map(|k| f64::from(k) * 0.2).collect()
}

fn alone(network: &Network, method: &str, options: &Options, stop: f64) -> (Outcome, Samples) {
    let mut samples = Samples::at(times());
    let span = Span { start: 0.0, stop };
    let outcome = integrate(
        network,
        method,
        options,
        span,
        &[0.1; N],
        &mut samples,
        &mut |_| true,
    )
    .unwrap();
    (outcome, samples)
}

#[test]
fn a_run_has_the_same_bits_alone_and_in_a_batch() {
    for saturating in [false, true] {
        for (method, step, locate) in [
            ("tsit5", None, true),
            ("dopri5", None, true),
            ("tsit5", None, false),
            ("rk4", Some(0.05), true),
            ("euler", Some(0.01), true),
        ] {
            let networks = networks(saturating);
            let mut options = Options::new(N, 1e-6, 1e-9);
            options.step = step;
            options.locate_kinks = locate;
            // Runs of different lengths, so that lanes end and are refilled at different times.
            let stop = |run: usize| 8.0 - 0.3 * (run % 5) as f64;
            let mut jobs = networks.iter().enumerate().map(|(run, network)| {
                let span = Span {
                    start: 0.0,
                    stop: stop(run),
                };
                let job = Job::new(span, vec![0.1; N], Samples::at(times()));
                (network as &dyn System, job)
            });
            let mut batched = Vec::new();
            integrate_batch(
                method,
                &options,
                &mut jobs,
                &mut |outcome, samples| batched.push((outcome, samples)),
                &mut |_| true,
            )
            .unwrap();
            assert_eq!(batched.len(), networks.len());
            for (run, network) in networks.iter().enumerate() {
                let single = alone(network, method, &options, stop(run));
                assert!(
                    batched.contains(&single),
                    "{method}, saturating {saturating}: run {run} differs in a batch"
                );
                if locate && step.is_none() {
                    assert!(single.0.counts.kinks > 10, "the runs meet kinks");
                }
            }
        }
    }
}

#[test]
fn systems_with_other_weights_run_beside_the_batch() {
    let mut networks = networks(true);
    let other = Arc::new(PackedMatrix::new(N, N, &[0.01; N * N]));
    networks.insert(3, Network::new(Arc::clone(&other)));
    networks.push(Network::new(other));
    let options = Options::new(N, 1e-6, 1e-9);
    let mut jobs = networks.iter().map(|network| {
        let span = Span {
            start: 0.0,
            stop: 8.0,
        };
        let job = Job::new(span, vec![0.1; N], Samples::at(times()));
        (network as &dyn System, job)
    });
    let mut count = 0;
    let mut done = |outcome: Outcome, samples: Samples| {
        count += 1;
        let found = networks.iter().any(|network| {
            alone(network, "tsit5", &options, 8.0) == (outcome.clone(), samples.clone())
        });
        assert!(found);
    };
    integrate_batch("tsit5", &options, &mut jobs, &mut done, &mut |_| true).unwrap();
    assert_eq!(count, networks.len());
}
