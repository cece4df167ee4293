//! Noise and an ensemble: a thousand paths of an Ornstein-Uhlenbeck process, and their variance.
//!
//! ```text
//! dx = -x dt + s dW,  x(0) = 0:   Var x(t) = s^2 (1 - exp(-2 t)) / 2
//! ```
//!
//! The model states the noise's coefficient; the engine draws and scales it. The seed names the path: the same
//! seed gives the same path, whatever else runs. `cargo run --release --example ensemble`

use nullcline::engine::integrate::{IntegrationError, Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::prelude::*;

const S: f64 = 0.5;
const MEMBERS: u64 = 1000;

struct OrnsteinUhlenbeck(Layout);

impl System for OrnsteinUhlenbeck {
    fn layout(&self) -> &Layout {
        &self.0
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = -x[0];
    }
    fn diffusion(&self) -> Option<&dyn Diffusion> {
        Some(self)
    }
}

impl Diffusion for OrnsteinUhlenbeck {
    fn channels(&self) -> usize {
        1
    }
    fn class(&self) -> NoiseClass {
        NoiseClass::Additive
    }
    fn diffusion(&self, _t: f64, _x: &[f64], b: &mut [f64]) {
        b[0] = S;
    }
}

fn main() -> Result<(), IntegrationError> {
    let process = OrnsteinUhlenbeck(Layout::new().block(Variable::new("x", vec![]), 0.0));
    let times = [0.25, 0.5, 1.0, 2.0];
    let mut squares = [0.0; 4];
    let span = Span {
        start: 0.0,
        stop: 2.0,
    };
    for seed in 0..MEMBERS {
        let options = Options::new(1, 1e-6, 1e-9).seed(seed).step(0.01);
        let mut samples = Samples::at(times.to_vec());
        let keep_going = &mut |_| true;
        let member = &mut samples;
        integrate(&process, "sra1", &options, span, &[0.0], member, keep_going)?;
        for (sum, x) in squares.iter_mut().zip(&samples.states) {
            *sum += x[0] * x[0];
        }
    }
    println!("   t  variance  expected");
    for (t, sum) in times.iter().zip(squares) {
        let (variance, expected) = (sum / MEMBERS as f64, S * S * (1.0 - (-2.0 * t).exp()) / 2.0);
        println!("{t:4.2} {variance:9.4} {expected:9.4}");
        // The estimate's standard error is expected * sqrt(2 / members), 4.5 % of it.
        assert!((variance / expected - 1.0).abs() < 0.18);
    }
    Ok(())
}
