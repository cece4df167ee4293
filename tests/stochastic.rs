//! Strong and weak order of every stochastic scheme against its card, on problems whose solution is a known function of the path.
//!
//! The ladder of steps follows the same paths; the paths are cut into batches, the slope of log error over log step is fitted in
//! each, and the standard error of the mean slope is printed. A scheme without a row fails.

mod common;

use common::noisy::{self, Noisy};
use nullcline::engine::card::Card;
use nullcline::engine::integrate::{Job, Options, Span, integrate_batch};
use nullcline::engine::recorder::Samples;
use nullcline::engine::schemes::CARDS;
use nullcline::noise::key::Key;
use nullcline::prelude::*;

/// The states at t = 1 of the paths from `first` on.
fn ends(
    problem: &Noisy,
    method: &str,
    steps: u32,
    cell: f64,
    paths: std::ops::Range<u64>,
) -> Vec<Vec<f64>> {
    let span = Span {
        start: 0.0,
        stop: 1.0,
    };
    let options = Options::new(problem.x0.len(), 1e-3, 1e-6)
        .step(1.0 / f64::from(steps))
        .cell(cell);
    let mut found = vec![Vec::new(); (paths.end - paths.start) as usize];
    let mut jobs = paths.clone().map(|path| {
        let job = Job::new(span, problem.x0.clone(), (path - paths.start, Samples::default()));
        let job = Job {
            recorder: Numbered(job.recorder.0),
            span: job.span,
            x0: job.x0,
            memory: None,
            key: Key::of_seed(path),
        };
        (problem as &dyn System, job)
    });
    integrate_batch(
        method,
        &options,
        &mut jobs,
        &mut |outcome, recorder| found[recorder.0 as usize] = outcome.state,
        &mut |_| true,
    )
    .unwrap();
    found
}

/// A recorder that records nothing and knows its number.
struct Numbered(u64);

impl nullcline::engine::recorder::Recorder for Numbered {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }

    fn record(&mut self, _t: f64, _x: &[f64]) {}
}

/// The slope of a straight line through the points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mx, my) = points
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (xy, xx) = points.iter().fold((0.0, 0.0), |(xy, xx), (x, y)| {
        (xy + (x - mx) * (y - my), xx + (x - mx) * (x - mx))
    });
    xy / xx
}

/// Mean and standard error.
fn mean(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

fn stochastic() -> impl Iterator<Item = &'static Card> {
    CARDS.iter().copied().filter(|card| card.noise.is_some())
}

/// The orders that a card states for a problem; nothing if it refuses it.
fn stated(card: &Card, problem: &Noisy) -> Option<nullcline::engine::card::Orders> {
    card.accepts(problem).ok()?;
    card.noise.unwrap().orders(problem.class)
}

#[test]
fn strong_orders_are_those_of_the_cards() {
    const BATCHES: u64 = 20;
    println!("{:18} {:14} {:>6} {:>8} {:>8}", "scheme", "problem", "card", "slope", "error");
    let mut wrong = Vec::new();
    for problem in [
        noisy::additive(),
        noisy::scalar(),
        noisy::diagonal(),
        noisy::stratonovich(),
        noisy::commutative(),
        noisy::general(),
    ] {
        let general = problem.class == NoiseClass::General;
        let (ladder, per_batch) = match general {
            true => ([16, 32, 64, 128], 25),
            false => ([32, 64, 128, 256], 100),
        };
        let cell = 1.0 / f64::from(ladder[3]);
        let exact: Vec<Vec<f64>> = (0..BATCHES * per_batch)
            .map(|path| problem.solution(&Key::of_seed(path), cell))
            .collect();
        for card in stochastic() {
            let Some(orders) = stated(card, &problem) else {
                continue;
            };
            let mut slopes = Vec::new();
            for batch in 0..BATCHES {
                let paths = batch * per_batch..(batch + 1) * per_batch;
                let points = ladder.map(|steps| {
                    let found = ends(&problem, card.name, steps, cell, paths.clone());
                    let exact = &exact[paths.start as usize..paths.end as usize];
                    let pairs = found.iter().zip(exact);
                    let square = |(x, e): (&Vec<f64>, &Vec<f64>)| -> f64 {
                        x.iter().zip(e).map(|(x, e)| (x - e) * (x - e)).sum()
                    };
                    let error = (pairs.map(square).sum::<f64>() / per_batch as f64).sqrt();
                    (-f64::from(steps).ln(), error.ln())
                });
                slopes.push(slope(&points));
            }
            let (slope, error) = mean(&slopes);
            println!(
                "{:18} {:14} {:6.1} {slope:8.3} {error:8.3}",
                card.name, problem.name, orders.strong
            );
            if (slope - orders.strong).abs() > 0.15 || error > 0.05 {
                wrong.push(format!("{} on {}: {slope} +- {error}", card.name, problem.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
