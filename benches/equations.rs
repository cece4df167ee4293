//! Models written in a file beside the same models written in Rust, through the engine's loop with tsit5
//! at the same tolerances, as ratios in one run of the bench.
//!
//! `cargo bench --bench equations`. The promise: no more than 3 times the time of Rust.

use std::path::Path;
use std::time::Instant;

use nullcline::config;
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::models;
use nullcline::prelude::*;

const ROUNDS: usize = 15;

/// A drift in Rust.
struct Rust<F>(Layout, F);

impl<F: Fn(f64, &[f64], &mut [f64]) + Send + Sync> System for Rust<F> {
    fn layout(&self) -> &Layout {
        &self.0
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        (self.1)(t, x, dx);
    }
}

fn rust<F>(n: usize, drift: F) -> Box<dyn System>
where
    F: Fn(f64, &[f64], &mut [f64]) + Send + Sync + 'static,
{
    let block = Variable::new("x", vec![Axis::new("i", n)]);
    Box::new(Rust(Layout::new().block(block, 0.0), drift))
}

/// Numbers that the compiler cannot fold, as those of a parameter are not.
fn given<const N: usize>(numbers: [f64; N]) -> [f64; N] {
    std::hint::black_box(numbers)
}

fn morris_lecar() -> Box<dyn System> {
    let [c, i, gl, gk, gca] = given([20.0, 90.0, 2.0, 8.0, 4.4]);
    let [el, ek, eca] = given([-60.0, -84.0, 120.0]);
    let [v1, v2, v3, v4, phi] = given([-1.2, 18.0, 2.0, 30.0, 0.04]);
    rust(2, move |_t, x, dx| {
        let (v, w) = (x[0], x[1]);
        let m = 0.5 * (1.0 + ((v - v1) / v2).tanh());
        let w_inf = 0.5 * (1.0 + ((v - v3) / v4).tanh());
        let tau = 1.0 / ((v - v3) / (2.0 * v4)).cosh();
        dx[0] = (i - gl * (v - el) - gk * w * (v - ek) - gca * m * (v - eca)) / c;
        dx[1] = phi * (w_inf - w) / tau;
    })
}

fn hodgkin_huxley() -> Box<dyn System> {
    let [c, i, gna, gk, gl] = given([1.0, 10.0, 120.0, 36.0, 0.3]);
    let [ena, ek, el, rest] = given([50.0, -77.0, -54.387, -65.0]);
    let exprel = |x: f64| if x == 0.0 { 1.0 } else { x.exp_m1() / x };
    rust(4, move |_t, x, dx| {
        let (v, m, h, n) = (x[0], x[1], x[2], x[3]);
        let u = v - rest;
        let sodium = gna * m * m * m * h * (v - ena);
        let n2 = n * n;
        dx[0] = (i - sodium - gk * (n2 * n2) * (v - ek) - gl * (v - el)) / c;
        let alpha_m = 1.0 / exprel((25.0 - u) / 10.0);
        let alpha_n = 0.1 / exprel((10.0 - u) / 10.0);
        dx[1] = alpha_m * (1.0 - m) - 4.0 * (-u / 18.0).exp() * m;
        let beta_h = 1.0 / (((30.0 - u) / 10.0).exp() + 1.0);
        dx[2] = 0.07 * (-u / 20.0).exp() * (1.0 - h) - beta_h * h;
        dx[3] = alpha_n * (1.0 - n) - 0.125 * (-u / 80.0).exp() * n;
    })
}

fn lorenz() -> Box<dyn System> {
    let [sigma, rho, beta] = given([10.0, 28.0, 8.0 / 3.0]);
    rust(3, move |_t, x, dx| {
        dx[0] = sigma * (x[1] - x[0]);
        dx[1] = x[0] * (rho - x[2]) - x[1];
        dx[2] = x[0] * x[1] - beta * x[2];
    })
}

fn kuramoto(omega: Vec<f64>) -> Box<dyn System> {
    let n = omega.len();
    let [k] = given([2.0 / n as f64]);
    rust(n, move |_t, x, dx| {
        for (i, dx) in dx.iter_mut().enumerate() {
            let pull: f64 = x.iter().map(|other| (other - x[i]).sin()).sum();
            *dx = omega[i] + k * pull;
        }
    })
}

/// Seconds and the last state of one integration.
fn once(system: &dyn System, x0: &[f64], stop: f64) -> (f64, Vec<f64>) {
    let options = Options::new(x0.len(), 1e-8, 1e-8);
    let span = Span { start: 0.0, stop };
    let mut samples = Samples::at(vec![stop]);
    let start = Instant::now();
    let done = integrate(
        system,
        "tsit5",
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    );
    let seconds = start.elapsed().as_secs_f64();
    (seconds, done.expect("it runs").state)
}

fn main() {
    println!("model            Rust, ms   file, ms   ratio");
    for (name, stop) in [
        ("morris-lecar", 20_000.0),
        ("hodgkin-huxley", 3000.0),
        ("lorenz", 2000.0),
        ("kuramoto", 20.0),
    ] {
        let path = format!("configs/equations/{name}.toml");
        let experiment = config::load(Path::new(&path), &[], &models::registry());
        let experiment = experiment.expect("a good file");
        // The models in Rust have no guards.
        let mut parameters = Parameters::new();
        for (name, value) in experiment.parameters.iter() {
            if name != "guards" {
                parameters.set(name, value.clone());
            }
        }
        let built = experiment.build_with(&parameters, &Share::default());
        let Ok(Built::Flow(file)) = built else {
            panic!("{name} is no flow");
        };
        let by_hand = match name {
            "morris-lecar" => morris_lecar(),
            "hodgkin-huxley" => hodgkin_huxley(),
            "lorenz" => lorenz(),
            _ => kuramoto(experiment.parameters.vector("omega").to_vec()),
        };
        // Lorenz forgets its start: the first unit of time is compared.
        let (_, a) = once(by_hand.as_ref(), &experiment.initial, 1.0);
        let (_, b) = once(file.as_ref(), &experiment.initial, 1.0);
        let gap = a
            .iter()
            .zip(&b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(gap < 1e-9, "{name}: the two differ by {gap}");
        let mut times: [Vec<f64>; 2] = Default::default();
        for _ in 0..ROUNDS {
            for (times, system) in times.iter_mut().zip([&by_hand, &file]) {
                times.push(once(system.as_ref(), &experiment.initial, stop).0);
            }
        }
        let [rust, file] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            1e3 * times[ROUNDS / 2]
        });
        println!("{name:15} {rust:9.2}  {file:9.2}  {:6.2}", file / rust);
    }
}
