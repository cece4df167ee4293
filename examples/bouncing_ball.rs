//! Guards with a reset: a ball that loses half of its speed whenever it hits the floor.
//!
//! ```text
//! h' = v,   v' = -g;   at h = 0 falling: v <- -v/2
//! ```
//!
//! From rest at height 1 it hits the floor at t1 = sqrt(2/g), then after t1, t1/2, t1/4, ..., and rises to
//! 1/4, 1/16, 1/64, ...: infinitely many bounces before 3 t1.
//!
//! `cargo run --release --example bouncing_ball`

use nullcline::engine::integrate::{IntegrationError, Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::prelude::*;

const G: f64 = 9.81;

struct Ball(Layout);

impl System for Ball {
    fn layout(&self) -> &Layout {
        &self.0
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        (dx[0], dx[1]) = (x[1], -G);
    }
    fn guards(&self) -> Option<&dyn Guards> {
        Some(self)
    }
}

impl Guards for Ball {
    fn count(&self) -> usize {
        1
    }
    fn name(&self, _guard: usize) -> &str {
        "bounce"
    }
    fn direction(&self, _guard: usize) -> Direction {
        Direction::Falling
    }
    fn action(&self, _guard: usize) -> Action {
        Action::Reset
    }
    fn values(&self, _t: f64, x: &[f64], g: &mut [f64]) {
        g[0] = x[0];
    }
    fn reset(&self, _guard: usize, _t: f64, x: &mut [f64]) {
        (x[0], x[1]) = (0.0, -0.5 * x[1]);
    }
}

fn main() -> Result<(), IntegrationError> {
    let height = Variable::new("h", vec![]).unit("m");
    let speed = Variable::new("v", vec![]).unit("m/s");
    let ball = Ball(Layout::new().block(height, 1.0).block(speed, 0.0));
    let first = (2.0 / G).sqrt();
    // The second flight begins at `first` and takes as long, each further one half of the one before.
    let top = |k| first * (3.0 - 3.0 * f64::powi(0.5, k));
    let (start, stop) = (0.0, 2.95 * first);
    let (span, options) = (Span { start, stop }, Options::new(2, 1e-10, 1e-12));
    let mut samples = Samples::at((1..6).map(top).collect());
    let (x0, tops, go) = ([1.0, 0.0], &mut samples, &mut |_| true);
    integrate(&ball, "tsit5", &options, span, &x0, tops, go)?;
    for (k, state) in (1..).zip(&samples.states) {
        let (t, h, expected) = (top(k), state[0], f64::powi(0.25, k));
        println!("top {k} at t = {t:.4}: height {h:.9}, expected {expected:.9}");
        assert!((h - expected).abs() < 1e-8);
    }
    assert_eq!(samples.states.len(), 5);
    Ok(())
}
