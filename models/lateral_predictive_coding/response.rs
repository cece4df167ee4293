//! `response`: the recurrent relaxation of the prediction error for fixed weights.
//!
//! ```text
//! dx/dt = s - (I + W) x        x* = (I + W)^-1 s
//! ```
//!
//! x [unit] for one input s, or [sample_input, unit] for many of them: then one evaluation is a product of matrices, eight inputs at a time,
//! with the bits of a single one. Time in units of the membrane constant. Source: arXiv 2604.20524 (equation attributed; unit leak assumed).

use std::sync::OnceLock;

use super::inverse::Inverse;
use super::observables::{self, COMMON, OBSERVABLES};
use super::problem::Problem;
use super::spectrum;
use crate::prelude::*;

/// The flow.
pub struct Response {
    layout: Layout,
    problem: Problem,
    weights: Vec<f64>,
    matrix: PackedMatrix,
    m: Vec<f64>,
    /// s, input by input.
    inputs: Vec<f64>,
    steady: Vec<f64>,
    bound: f64,
    observables: Vec<Variable>,
    /// What does not change over a run, worked out once.
    constants: Vec<OnceLock<Vec<f64>>>,
}

impl Response {
    /// The relaxation of a network, for one input or for several ones.
    pub fn new(problem: Problem, weights: Vec<f64>, inputs: Vec<f64>, several: bool) -> Self {
        let n = problem.units;
        let mut m = vec![0.0; n * n];
        problem.matrix(&weights, &mut m);
        let samples = inputs.len() / n;
        let unit = Axis::new("unit", n);
        let axes = match several {
            true => vec![Axis::new("sample_input", samples), unit],
            false => vec![unit],
        };
        let x = Variable::new("x", axes).meaning("prediction error of each unit");
        let inverse = Inverse::of(n, &m);
        let steady = inputs
            .chunks_exact(n)
            .flat_map(|s| {
                let rows = inverse.b.chunks_exact(n);
                rows.map(|row| row.iter().zip(s).map(|(b, s)| b * s).sum())
                    .collect::<Vec<f64>>()
            })
            .collect();
        let column = |j: usize| (0..n).map(|i| m[i * n + j].abs()).sum::<f64>();
        let mut list = observables::variables(problem.input.count());
        for card in &OBSERVABLES[COMMON..] {
            let axes = match card.axes.is_empty() || !several {
                true => Vec::new(),
                false => vec![Axis::new("sample_input", samples)],
            };
            list.push(Variable::new(card.name, axes).meaning(card.meaning));
        }
        Self {
            layout: Layout::new().block(x, 0.0),
            matrix: PackedMatrix::new(n, n, &m),
            bound: (0..n).map(column).fold(0.0, f64::max),
            problem,
            weights,
            m,
            inputs,
            steady,
            constants: vec![OnceLock::new(); list.len()],
            observables: list,
        }
    }
}

impl System for Response {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        self.matrix.times_many(x, dx, |dx, first| {
            for (dx, s) in dx.iter_mut().zip(&self.inputs[first..]) {
                *dx = s - *dx;
            }
        });
    }

    fn linear(&self) -> Option<&dyn Linear> {
        Some(self)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }

    fn exact(&self, t0: f64, x0: &[f64], t: f64, x: &mut [f64]) -> bool {
        let n = self.problem.units;
        let generator = nalgebra::DMatrix::from_fn(n, n, |i, j| -self.m[i * n + j] * (t - t0));
        let propagator = generator.exp();
        for (number, (x, x0)) in x.chunks_exact_mut(n).zip(x0.chunks_exact(n)).enumerate() {
            let steady = &self.steady[number * n..(number + 1) * n];
            for (i, x) in x.iter_mut().enumerate() {
                *x = steady[i]
                    + (0..n)
                        .map(|j| propagator[(i, j)] * (x0[j] - steady[j]))
                        .sum::<f64>();
            }
        }
        true
    }
}

impl Linear for Response {
    fn generator(&self, _t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        for (entry, m) in matrix.iter_mut().zip(&self.m) {
            *entry = -m;
        }
        offset.copy_from_slice(&self.inputs);
    }

    fn copies(&self) -> usize {
        self.inputs.len() / self.problem.units
    }

    fn bound(&self, _t: f64) -> f64 {
        self.bound
    }
}

impl Observables for Response {
    fn list(&self) -> &[Variable] {
        &self.observables
    }

    fn prepare(&self, index: usize) -> Result<(), BuildError> {
        match observables::refused(&self.problem, OBSERVABLES[index].name) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn is_constant(&self, index: usize) -> bool {
        OBSERVABLES[index].name != "distance"
    }

    fn observe(&self, index: usize, _t: f64, x: &[f64], out: &mut [f64]) {
        if self.is_constant(index) {
            let values = self.constants[index].get_or_init(|| {
                let mut values = vec![0.0; out.len()];
                match OBSERVABLES[index].name {
                    "amplification" => {
                        values[0] = spectrum::amplification(self.problem.units, &self.m);
                    }
                    _ => observables::observe(&self.problem, index, &self.weights, &mut values),
                }
                values
            });
            out.copy_from_slice(values);
            return;
        }
        // The distance to the steady state, input by input.
        let n = self.problem.units;
        let pairs = x.chunks_exact(n).zip(self.steady.chunks_exact(n));
        for (out, (x, steady)) in out.iter_mut().zip(pairs) {
            *out = x
                .iter()
                .zip(steady)
                .map(|(x, y)| (x - y).powi(2))
                .sum::<f64>()
                .sqrt();
        }
    }
}
