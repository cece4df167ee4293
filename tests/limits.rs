//! The two limits of linear-threshold networks on 200 random stable networks of 3 to 20 neurons: feasibility,
//! the bounds of the paper at every sample, one equilibrium for all three dynamics.

mod common;

use common::nonsmooth::{Log, integrated};
use common::random::{Stable, stable};
use nullcline::engine::integrate::Options;
use nullcline::engine::outcome::Status;
use nullcline::models::linear_threshold::{Clock, HardSelector, Projected};
use nullcline::prelude::*;

const NETWORKS: u64 = 200;

/// |x - y|_P
fn distance(p: &[f64], x: &[f64], y: &[f64]) -> f64 {
    let squares = p
        .iter()
        .zip(x)
        .zip(y)
        .map(|((p, x), y)| p * (x - y) * (x - y));
    squares.sum::<f64>().sqrt()
}

fn observable(system: &dyn System, name: &str, x: &[f64]) -> f64 {
    let observables = system.observables().unwrap();
    let index = observables
        .list()
        .iter()
        .position(|v| v.name == name)
        .unwrap();
    let mut out = vec![0.0];
    observables.observe(index, 0.0, x, &mut out);
    out[0]
}

#[test]
fn all_dynamics_of_random_stable_networks_keep_their_bounds_and_end_at_the_one_equilibrium() {
    let (mut contacts, mut slides, mut accumulations) = (0, 0, 0);
    for seed in 0..NETWORKS {
        let n = 3 + (seed % 18) as usize;
        let Stable {
            network,
            x0,
            y0,
            bound,
            dissipation,
        } = stable(n, seed);
        let known = network.stability().expect("it is stable");
        let (p, rate) = (&known.certificate.p, known.certificate.rate);
        let rest = known.equilibrium.as_slice().to_vec();
        let stop = (30.0 / rate).min(2000.0);
        let times: Vec<f64> = (0..=200)
            .map(|i| stop * (f64::from(i) / 200.0).powi(3))
            .collect();
        let options = Options::new(n, 1e-8, 1e-10);

        let fast = Projected::new(network.clone());
        let runs: Vec<Log> = [&x0, &y0]
            .map(|x0| {
                let (outcome, log) = integrated(&fast, "projected", &options, x0, &times);
                assert_eq!(outcome.status, Status::Complete, "network {seed}");
                log
            })
            .into();
        let start = distance(p, &x0, &y0);
        for (k, &t) in times.iter().enumerate() {
            let (x, y) = (&runs[0].states[k], &runs[1].states[k]);
            for (x, bound) in x.iter().zip(&bound) {
                assert!(
                    *x >= -1e-12 && *x <= bound + 1e-12,
                    "network {seed}: {x} of {bound}"
                );
            }
            // (4): any two trajectories approach each other at the rate of the certificate.
            let most = (-rate * t).exp() * start;
            assert!(
                distance(p, x, y) <= most * (1.0 + 1e-9) + 1e-12,
                "network {seed} at {t}"
            );
        }
        contacts += runs[0]
            .events
            .iter()
            .filter(|event| event.1 == "contact")
            .count();
        close_to(&runs[0], &rest, "projected", seed);

        let slow = HardSelector::new(network.clone()).unwrap();
        let slowest = dissipation.iter().fold(f64::INFINITY, |min, d| d.min(min));
        let stop = 30.0 / slowest;
        let times: Vec<f64> = (0..=200)
            .map(|i| stop * (f64::from(i) / 200.0).powi(3))
            .collect();
        let (outcome, log) = integrated(&slow, "filippov", &options, &x0, &times);
        assert_eq!(
            outcome.status,
            Status::Complete,
            "network {seed}: {outcome:?}; last events {:?}",
            log.events.iter().rev().take(12).collect::<Vec<_>>()
        );
        let start = observable(&slow, "gap", &x0);
        for (&t, x) in times.iter().zip(&log.states) {
            for (x, bound) in x.iter().zip(&bound) {
                assert!(
                    *x >= -1e-12 && *x <= bound + 1e-12,
                    "network {seed}: {x} of {bound}"
                );
            }
            // (6): the gap falls at least as fast as the slowest neuron.
            let gap = observable(&slow, "gap", x);
            let most = (-slowest * t).exp() * start;
            assert!(
                gap <= most * (1.0 + 1e-9) + 1e-6,
                "network {seed} at {t}: {gap} of {most}"
            );
        }
        slides += log.events.iter().filter(|event| event.1 == "slide").count();
        accumulations += log
            .events
            .iter()
            .filter(|event| event.1 == "accumulation")
            .count();
        close_to(&log, &rest, "hard-selector", seed);

        let whole = network.timescale(1.0, Clock::Fast);
        let (_, log) = integrated(&whole, "tsit5", &options, &x0, &[30.0 / rate.min(slowest)]);
        close_to(&log, &rest, "network", seed);
    }
    println!(
        "{NETWORKS} networks: {contacts} contacts, {slides} slides, {accumulations} accumulations"
    );
    assert!(contacts > 100 && slides > 100);
}

fn close_to(log: &Log, rest: &[f64], dynamics: &str, seed: u64) {
    let last = log.states.last().unwrap();
    let off = last
        .iter()
        .zip(rest)
        .fold(0.0_f64, |max, (x, y)| max.max((x - y).abs()));
    assert!(off < 1e-5, "network {seed}, {dynamics}: off by {off:e}");
}

/// The evidence of the paper between its limits: members of the family from tau = 1e-3 to 1e3 end at the one
/// equilibrium. Stiff members take explicit schemes long.
#[test]
#[ignore = "minutes; .ci/run runs it"]
fn the_whole_family_ends_at_the_one_equilibrium() {
    let mut worst = 0.0_f64;
    for seed in 0..NETWORKS {
        let n = 3 + (seed % 18) as usize;
        let Stable {
            network,
            x0,
            dissipation,
            ..
        } = stable(n, seed);
        let known = network.stability().expect("it is stable");
        let rest = known.equilibrium.as_slice().to_vec();
        let slowest = dissipation
            .iter()
            .fold(known.certificate.rate, |min, d| d.min(min));
        let mut options = Options::new(n, 1e-9, 1e-11);
        options.max_steps = u64::MAX;
        for timescale in [1e-3, 1e-2, 1e-1, 1e1, 1e2, 1e3] {
            let clock = if timescale < 1.0 {
                Clock::Fast
            } else {
                Clock::Slow
            };
            let member = network.clone().timescale(timescale, clock);
            let stop = (20.0 / slowest).min(1000.0);
            let (outcome, log) = integrated(&member, "tsit5", &options, &x0, &[stop]);
            assert_eq!(
                outcome.status,
                Status::Complete,
                "network {seed}, tau = {timescale}"
            );
            close_to(&log, &rest, &format!("tau = {timescale}"), seed);
            let off = log.states[0].iter().zip(&rest);
            worst = off.fold(worst, |max, (x, y)| max.max((x - y).abs()));
        }
    }
    println!("{NETWORKS} networks, tau from 1e-3 to 1e3: at most {worst:e} from the equilibrium");
}
