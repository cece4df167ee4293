//! The simplified Newton iteration of implicit steps.
//!
//! ```text
//! d = c f(t, x + d) - psi:      (I - c J) delta = c f(t, x + d) - psi - d,      d += delta
//! ```
//!
//! J is kept for as long as the iteration converges with it, the factored matrix for as long as c is the same. The
//! rate of convergence is estimated and carried from step to step, so that one iteration can be enough. Source of the
//! stopping test: Hairer, Wanner, *Solving Ordinary Differential Equations II*, IV.8.

use super::jacobian::{Point, Values};
use super::matrix::{Factoriser, Matrix};
use crate::engine::field::Field;

/// Iterations before one gives up.
const MOST: u32 = 5;

/// Newton's iteration for one run.
pub struct Newton {
    jacobian: Values,
    factoriser: Factoriser,
    matrix: Matrix,
    /// The c of the factored matrix; NaN if there is none.
    c: f64,
    /// Whether J is of the step that is being tried.
    current: bool,
    /// `rate / (1 - rate)` of the last iterations.
    eta: f64,
    /// How small the error of the iteration must be, in units of the tolerance.
    tolerance: f64,
    measured: Vec<bool>,
    count: f64,
    drift: Vec<f64>,
    delta: Vec<f64>,
    /// Evaluations of the drift so far.
    pub evaluations: u64,
}

/// An equation for the change d.
pub struct Equation<'a> {
    /// The time at which the drift is taken.
    pub t: f64,
    /// The state to which d is added.
    pub x: &'a [f64],
    /// The factor of the drift.
    pub c: f64,
    /// What is subtracted.
    pub psi: &'a [f64],
    /// The length of the step.
    pub h: f64,
    /// One over the scale of errors; 0 for what does not count.
    pub weights: &'a [f64],
}

impl Newton {
    /// For a field of `dim` components of which those `measured` count.
    pub fn new(measured: Vec<bool>, tolerance: f64) -> Self {
        let dim = measured.len();
        let count = measured.iter().filter(|&&measured| measured).count();
        Self {
            jacobian: Values::new(dim),
            factoriser: Factoriser::default(),
            matrix: Matrix::None,
            c: f64::NAN,
            current: false,
            eta: 1.0,
            tolerance,
            measured,
            count: count.max(1) as f64,
            drift: vec![0.0; dim],
            delta: vec![0.0; dim],
            evaluations: 0,
        }
    }

    /// Start a run at `(t, x)`.
    pub fn start<F: Field<1> + ?Sized>(&mut self, field: &F, t: f64, x: &[f64]) {
        self.factoriser.clear();
        self.evaluations = self.jacobian.learn(field, t, x);
        self.forget();
        self.jacobian.entries.fill(f64::NAN);
    }

    /// What was known of the field is void.
    pub fn forget(&mut self) {
        (self.matrix, self.c, self.current) = (Matrix::None, f64::NAN, false);
        self.jacobian.entries.fill(f64::NAN);
        self.eta = 1.0;
    }

    /// The drift; zero for what does not count.
    pub fn drift<F: Field<1> + ?Sized>(&mut self, field: &F, t: f64, x: &[f64], dx: &mut [f64]) {
        field.drift_of(0, t, x, dx);
        self.evaluations += 1;
        for (dx, _) in dx
            .iter_mut()
            .zip(&self.measured)
            .filter(|(_, measured)| !**measured)
        {
            *dx = 0.0;
        }
    }

    /// The weighted root mean square.
    pub fn norm(&self, values: &[f64], weights: &[f64]) -> f64 {
        let mut sums = [0.0; 4];
        for (k, (value, weight)) in values.iter().zip(weights).enumerate() {
            let ratio = value * weight;
            sums[k % 4] += ratio * ratio;
        }
        (((sums[0] + sums[1]) + (sums[2] + sums[3])) / self.count).sqrt()
    }

    /// A new step is tried: J is no longer of it.
    pub fn next_step(&mut self) {
        self.current = false;
    }

    /// Solve; d starts as a guess. The number of iterations, or `None` if there is no convergence with a J of this
    /// step.
    pub fn solve<F: Field<1> + ?Sized>(
        &mut self,
        field: &F,
        equation: &Equation<'_>,
        d: &mut [f64],
        at: &mut [f64],
    ) -> Option<u32> {
        let guess = d.to_vec();
        if self
            .jacobian
            .entries
            .first()
            .is_none_or(|entry| entry.is_nan())
        {
            self.evaluate(field, equation);
        }
        loop {
            if self.c != equation.c {
                self.matrix = self.factoriser.factor(&self.jacobian, equation.c);
                self.c = equation.c;
                self.eta = 1.0;
            }
            if let Some(iterations) = self.iterate(field, equation, d, at) {
                return Some(iterations);
            }
            if self.current {
                return None;
            }
            d.copy_from_slice(&guess);
            self.evaluate(field, equation);
        }
    }

    /// J where the equation begins.
    fn evaluate<F: Field<1> + ?Sized>(&mut self, field: &F, equation: &Equation<'_>) {
        let mut drift = std::mem::take(&mut self.drift);
        self.drift(field, equation.t, equation.x, &mut drift);
        let point = Point {
            t: equation.t,
            x: equation.x,
            drift: &drift,
            weights: equation.weights,
            h: equation.h,
        };
        self.evaluations += self.jacobian.evaluate(field, &point);
        self.drift = drift;
        let unmeasured = self
            .measured
            .iter()
            .enumerate()
            .filter(|(_, measured)| !**measured);
        if self.jacobian.places.is_none() {
            let dim = self.measured.len();
            for (i, _) in unmeasured {
                self.jacobian.entries[i * dim..(i + 1) * dim].fill(0.0);
            }
        } else if let Some(places) = &self.jacobian.places {
            for (i, _) in unmeasured {
                self.jacobian.entries[places.starts[i]..places.starts[i + 1]].fill(0.0);
            }
        }
        self.current = true;
        self.c = f64::NAN;
    }

    fn iterate<F: Field<1> + ?Sized>(
        &mut self,
        field: &F,
        equation: &Equation<'_>,
        d: &mut [f64],
        at: &mut [f64],
    ) -> Option<u32> {
        let mut before = f64::NAN;
        let mut eta = self.eta.max(f64::EPSILON).powf(0.8);
        let (mut drift, mut delta) = (
            std::mem::take(&mut self.drift),
            std::mem::take(&mut self.delta),
        );
        let mut found = None;
        for iteration in 1..=MOST {
            for ((at, x), d) in at.iter_mut().zip(equation.x).zip(&*d) {
                *at = x + d;
            }
            self.drift(field, equation.t, at, &mut drift);
            for (((delta, f), psi), d) in delta.iter_mut().zip(&drift).zip(equation.psi).zip(&*d) {
                *delta = equation.c * f - psi - d;
            }
            if !self.matrix.solve(&mut delta) {
                break;
            }
            let size = self.norm(&delta, equation.weights);
            if !size.is_finite() {
                break;
            }
            if iteration > 1 {
                let rate = size / before;
                if rate >= 1.0 {
                    break;
                }
                eta = rate / (1.0 - rate);
                let left = rate.powi((MOST - iteration) as i32) / (1.0 - rate) * size;
                if left > self.tolerance {
                    break;
                }
            }
            before = size;
            d.iter_mut().zip(&delta).for_each(|(d, delta)| *d += delta);
            if eta * size <= self.tolerance || size == 0.0 {
                found = Some(iteration);
                break;
            }
        }
        if found.is_some() {
            self.eta = eta;
            for ((at, x), d) in at.iter_mut().zip(equation.x).zip(&*d) {
                *at = x + d;
            }
        }
        (self.drift, self.delta) = (drift, delta);
        found
    }

    /// Solve `(I - c J) y = x` in place with the matrix of the last equation.
    pub fn filter(&self, x: &mut [f64]) -> bool {
        self.matrix.solve(x)
    }

    /// Append what is needed to go on.
    pub fn save(&self, memory: &mut Vec<f64>) {
        memory.extend([self.c, self.eta, f64::from(u8::from(self.current))]);
        memory.push(self.evaluations as f64);
        self.jacobian.save(memory);
    }

    /// Take it back; the rest is returned.
    pub fn restore<'m>(&mut self, memory: &'m [f64]) -> &'m [f64] {
        let rest = self.jacobian.restore(&memory[4..]);
        (self.eta, self.current) = (memory[1], memory[2] != 0.0);
        self.evaluations = memory[3] as u64;
        self.factoriser.clear();
        self.c = memory[0];
        self.matrix = match self.c.is_nan() {
            true => Matrix::None,
            false => self.factoriser.factor(&self.jacobian, self.c),
        };
        rest
    }
}
