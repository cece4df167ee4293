//! Problems with known solutions, shared by the tests.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod brusselator;
pub mod neurons;
pub mod noisy;
pub mod nonsmooth;
pub mod nonstiff;
pub mod random;
pub mod stiff;

use nullcline::prelude::*;

/// A flow given by closures: right-hand side and exact solution.
pub struct Problem {
    pub name: &'static str,
    layout: Layout,
    pub x0: Vec<f64>,
    pub stop: f64,
    /// How many times finer than usual its steps must be to show the order.
    pub refine: u32,
    drift: fn(f64, &[f64], &mut [f64]),
    exact: fn(f64, &mut [f64]),
}

impl System for Problem {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        (self.drift)(t, x, dx);
    }

    fn exact(&self, _t0: f64, _x0: &[f64], t: f64, x: &mut [f64]) -> bool {
        (self.exact)(t, x);
        true
    }
}

fn problem(
    name: &'static str,
    stop: f64,
    drift: fn(f64, &[f64], &mut [f64]),
    exact: fn(f64, &mut [f64]),
    dim: usize,
) -> Problem {
    let mut x0 = vec![0.0; dim];
    exact(0.0, &mut x0);
    Problem {
        name,
        layout: Layout::new().block(Variable::new("x", vec![Axis::new("i", dim)]), 0.0),
        x0,
        stop,
        refine: 1,
        drift,
        exact,
    }
}

/// Three smooth problems: linear and rotating, nonlinear, and one with explicit time.
pub fn smooth_problems() -> Vec<Problem> {
    let mut problems = vec![
        problem(
            "damped rotation",
            4.0,
            |_, x, dx| {
                dx[0] = -0.1 * x[0] - 2.0 * x[1];
                dx[1] = 2.0 * x[0] - 0.1 * x[1];
            },
            |t, x| {
                let decay = (-0.1 * t).exp();
                x[0] = decay * (2.0 * t).cos();
                x[1] = decay * (2.0 * t).sin();
            },
            2,
        ),
        problem(
            "Hopf normal form",
            3.0,
            |_, x, dx| {
                let growth = 1.0 - x[0] * x[0] - x[1] * x[1];
                dx[0] = growth * x[0] - 3.0 * x[1];
                dx[1] = growth * x[1] + 3.0 * x[0];
            },
            |t, x| {
                let radius = 1.0 / (1.0 + (1.0 / 0.09 - 1.0) * (-2.0 * t).exp()).sqrt();
                x[0] = radius * (3.0 * t).cos();
                x[1] = radius * (3.0 * t).sin();
            },
            2,
        ),
        problem(
            "x' = 3 cos(t) x",
            3.0,
            |t, x, dx| dx[0] = 3.0 * t.cos() * x[0],
            |t, x| x[0] = (3.0 * t.sin()).exp(),
            1,
        ),
    ];
    // Amplitude and phase both bend: its leading error term dominates later.
    problems[1].refine = 2;
    problems
}
