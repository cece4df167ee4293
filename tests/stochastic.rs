//! Strong and weak order of every stochastic scheme against its card, on problems whose solution is a known function of the path.
//!
//! The ladder of steps follows the same paths; the paths are cut into batches, the slope of log error over log step is fitted in
//! each, and the standard error of the mean slope is printed. Every scheme of the list is measured.

mod common;
#[path = "stochastic/defaults.rs"]
mod defaults;

use common::noisy::{self, Noisy};
use nullcline::engine::card::Card;
use nullcline::engine::integrate::{Job, Options, Span, integrate_batch};
use nullcline::engine::recorder::Recorder;
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
        let job = Job::new(span, problem.x0.clone(), Numbered(path - paths.start));
        (problem as &dyn System, job.key(Key::of_seed(path)))
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

impl Recorder for Numbered {
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
#[ignore = "minutes: thousands of paths for every scheme"]
fn strong_orders_are_those_of_the_cards() {
    const BATCHES: u64 = 20;
    println!(
        "{:18} {:14} {:>6} {:>8} {:>8}",
        "scheme", "problem", "card", "slope", "error"
    );
    let mut wrong = Vec::new();
    for problem in [
        noisy::wells(),
        noisy::scalar(),
        noisy::diagonal(),
        noisy::stratonovich(),
        noisy::commutative(),
        noisy::general(),
    ] {
        let general = problem.class == NoiseClass::General;
        let (ladder, per_batch) = match general {
            true => ([8, 16, 32, 64], 25),
            false if problem.name == "wells" => ([32, 64, 128, 256], 400),
            false => ([32, 64, 128, 256], 200),
        };
        let known = problem.name != "wells";
        let finest = if known { ladder[3] } else { 32 * ladder[3] };
        let cell = 1.0 / f64::from(finest);
        let exact: Vec<Vec<f64>> = match known {
            true => (0..BATCHES * per_batch)
                .map(|path| problem.solution(&Key::of_seed(path), cell))
                .collect(),
            false => ends(&problem, "sra1", finest, cell, 0..BATCHES * per_batch),
        };
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
                wrong.push(format!(
                    "{} on {}: {slope} +- {error}",
                    card.name, problem.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Steps and paths per batch: the bias must stand out of the scatter, and the steps be short enough for its first term to rule.
fn effort(problem: &Noisy, card: &Card, order: f64) -> ([u32; 3], u64) {
    match (problem.name, card.name) {
        ("rotating", "platen-weak-2") => ([2, 4, 8], 100_000),
        ("turning", _) => ([4, 8, 16], 40_000),
        ("rotating", "milstein-levy") => ([4, 8, 16], 20_000),
        ("rotating", _) => ([8, 16, 32], 10_000),
        ("additive", _) => ([16, 32, 64], 1_000),
        _ if order < 1.5 => ([16, 32, 64], 4_000),
        _ => ([4, 8, 16], 30_000),
    }
}

#[test]
#[ignore = "minutes: many paths for every scheme"]
fn weak_orders_are_those_of_the_cards() {
    weak_orders(&[
        noisy::additive(),
        noisy::slow(),
        noisy::slow_stratonovich(),
        noisy::commutative(),
    ]);
}

#[test]
#[ignore = "minutes: millions of paths for every scheme"]
fn weak_orders_are_those_of_the_cards_where_channels_do_not_commute() {
    weak_orders(&[noisy::rotating(), noisy::turning()]);
}

fn weak_orders(problems: &[Noisy]) {
    const BATCHES: u64 = 20;
    const FINEST: f64 = 1.0 / 64.0;
    println!(
        "{:18} {:14} {:>6} {:>8} {:>8}",
        "scheme", "problem", "card", "slope", "error"
    );
    let mut wrong = Vec::new();
    for problem in problems {
        // Where the solution is known, its own function on the same path takes most of the scatter away; elsewhere polynomials
        // of the end of the path, whose means are known, do.
        let known = !["rotating", "turning"].contains(&problem.name);
        let moments = Moments::of(problem.name);
        let all = 0..BATCHES * if known { 30_000 } else { 100_000 };
        let told: Vec<Vec<f64>> = match known {
            true => all
                .map(|path| vec![squares(&problem.solution(&Key::of_seed(path), FINEST))])
                .collect(),
            false => all
                .map(|path| polynomials(&problem.ends(&Key::of_seed(path), FINEST)))
                .collect(),
        };
        for card in stochastic() {
            let Some(orders) = stated(card, problem) else {
                continue;
            };
            if !known && (problem.name == "turning") != (card.name == "heun-stratonovich") {
                continue;
            }
            let (ladder, per_batch) = effort(problem, card, orders.weak);
            let mut slopes = Vec::new();
            for batch in 0..BATCHES {
                let paths = batch * per_batch..(batch + 1) * per_batch;
                let told = &told[paths.start as usize..paths.end as usize];
                let points = ladder.map(|steps| {
                    let found = ends(problem, card.name, steps, FINEST, paths.clone());
                    let found: Vec<f64> = found.iter().map(|x| squares(x)).collect();
                    let bias = match known {
                        true => {
                            let pairs = found.iter().zip(told);
                            pairs.map(|(x, e)| x - e[0]).sum::<f64>() / per_batch as f64
                        }
                        false => {
                            // The simplest scheme's mean is known too.
                            let simple =
                                ends(problem, "euler-maruyama", steps, FINEST, paths.clone());
                            let mean = moments.euler_maruyama(steps);
                            let simple: Vec<f64> = match card.name {
                                "euler-maruyama" => Vec::new(),
                                _ => simple.iter().map(|x| squares(x) - mean).collect(),
                            };
                            steadied(&found, told, &simple) - moments.exact()
                        }
                    };
                    (-f64::from(steps).ln(), bias.abs().ln())
                });
                slopes.push(slope(&points));
            }
            let (slope, error) = mean(&slopes);
            println!(
                "{:18} {:14} {:6.1} {slope:8.3} {error:8.3}",
                card.name, problem.name, orders.weak
            );
            if (slope - orders.weak).abs() > 0.20 || error > 0.0667 {
                wrong.push(format!(
                    "{} on {}: {slope} +- {error}",
                    card.name, problem.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Hermite polynomials of two normal numbers up to the fourth degree, all of mean 0, and 1.
fn polynomials(w: &[f64]) -> Vec<f64> {
    let hermite = |x: f64| {
        let (a, b) = (x * x, x * x * x);
        [1.0, x, a - 1.0, b - 3.0 * x, a * a - 6.0 * a + 3.0]
    };
    let (x, y) = (hermite(w[0]), hermite(w[1]));
    let pairs = (0..5).flat_map(|i| (0..5 - i).map(move |j| (i, j)));
    pairs.map(|(i, j)| x[i] * y[j]).collect()
}

/// The mean of some numbers, without what functions of mean 0 explain of their scatter.
fn steadied(numbers: &[f64], controls: &[Vec<f64>], more: &[f64]) -> f64 {
    let n = controls[0].len() + usize::from(!more.is_empty());
    let (mut matrix, mut right) = (nalgebra::DMatrix::zeros(n, n), nalgebra::DVector::zeros(n));
    for (k, (number, controls)) in numbers.iter().zip(controls).enumerate() {
        let all = controls.iter().chain(more.get(k)).copied();
        let controls = nalgebra::DVector::from_iterator(n, all);
        right.axpy(*number, &controls, 1.0);
        matrix.ger(1.0, &controls, &controls, 1.0);
    }
    matrix.cholesky().unwrap().solve(&right)[0]
}

fn squares(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

/// The second moments of a linear problem at t = 1, `P' = A P + P A' + sum_j B_j P B_j'`, and those of its approximation by Euler and
/// Maruyama, `P_1 = (I + h A) P (I + h A)' + h sum_j B_j P B_j'`: linear maps of (p_11, p_12, p_22).
struct Moments {
    generator: nalgebra::Matrix3<f64>,
    quadratic: nalgebra::Matrix3<f64>,
}

impl Moments {
    /// Those of `noisy::rotating` or `noisy::turning`.
    fn of(problem: &str) -> Self {
        let (growth, noise) = if problem == "turning" {
            (0.3, 0.7)
        } else {
            (0.5, 0.5)
        };
        let a = [[growth, 0.4], [-0.4, growth]];
        let b = [[[0.0, noise], [0.0, 0.0]], [[0.0, 0.0], [noise, 0.0]]];
        let product = |m: &[[f64; 2]; 2], p: [f64; 3], transposed: &[[f64; 2]; 2]| {
            let p = [[p[0], p[1]], [p[1], p[2]]];
            let entry = |i: usize, j: usize| -> f64 {
                let terms = (0..2).flat_map(|k| (0..2).map(move |l| (k, l)));
                terms
                    .map(|(k, l)| m[i][k] * p[k][l] * transposed[j][l])
                    .sum()
            };
            [entry(0, 0), entry(0, 1), entry(1, 1)]
        };
        let unit = [[1.0, 0.0], [0.0, 1.0]];
        let map = |terms: &[[&[[f64; 2]; 2]; 2]]| {
            nalgebra::Matrix3::from_fn(|row, column| {
                let mut p = [0.0; 3];
                p[column] = 1.0;
                terms.iter().map(|[m, n]| product(m, p, n)[row]).sum()
            })
        };
        Self {
            generator: map(&[[&a, &unit], [&unit, &a], [&b[0], &b[0]], [&b[1], &b[1]]]),
            quadratic: map(&[[&a, &a]]),
        }
    }

    fn exact(&self) -> f64 {
        Self::sum(self.generator.exp())
    }

    fn euler_maruyama(&self, steps: u32) -> f64 {
        let h = 1.0 / f64::from(steps);
        let one = nalgebra::Matrix3::identity() + h * self.generator + h * h * self.quadratic;
        Self::sum(one.pow(steps))
    }

    fn sum(map: nalgebra::Matrix3<f64>) -> f64 {
        let end = map * nalgebra::Vector3::new(1.0, 0.5, 0.25);
        end[0] + end[2]
    }
}
