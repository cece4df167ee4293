//! What a network is improved by: energy, information robustness and response time, as functions of W, with exact derivatives.
//!
//! ```text
//! cost = E + weight sum_k max(0, r0 - Re lambda_k)^2 [- T S]        E of energy.rs, S = -ln det M, M = I + W
//! dE/dM = -B' G B',   dS/dM = -B',   B = M^-1;   diagonal entries and links that are not allowed are dropped
//! fixed S: W is scaled, W -> s W, until S(s W) = S0
//! ```
//!
//! det M must stay positive: elsewhere the cost is infinite.

use std::cell::RefCell;

use super::energy::{self, Energy, GAUSSIAN, Scratch};
use super::features::Input;
use super::inverse::Inverse;
use super::links::Links;
use super::spectrum;
use crate::prelude::*;

/// The problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// N.
    pub units: usize,
    /// The allowed links.
    pub links: Links,
    /// The inputs.
    pub input: Input,
    /// S0, if it is held.
    pub entropy: Option<f64>,
    /// T, if it is not.
    pub temperature: Option<f64>,
    /// r0.
    pub floor: f64,
    /// The weight of the penalty on slow modes.
    pub weight: f64,
}

/// Memory of an evaluation, one for each thread.
#[derive(Default)]
pub struct Memory {
    /// The inverse of the M that was evaluated last.
    pub inverse: Inverse,
    m: Vec<f64>,
    by_inverse: Vec<f64>,
    product: Vec<f64>,
    by_matrix: Vec<f64>,
    by_spectrum: Vec<f64>,
    scratch: Scratch,
}

impl Memory {
    fn fit(&mut self, units: usize) {
        if self.inverse.units != units {
            self.inverse = Inverse::new(units);
            for part in [
                &mut self.m,
                &mut self.by_inverse,
                &mut self.product,
                &mut self.by_matrix,
                &mut self.by_spectrum,
            ] {
                part.clear();
                part.resize(units * units, 0.0);
            }
        }
    }
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// Use this thread's memory, made for N units.
pub fn with_memory<T>(units: usize, work: impl FnOnce(&mut Memory) -> T) -> T {
    MEMORY.with_borrow_mut(|memory| {
        memory.fit(units);
        work(memory)
    })
}

/// How far S may be from S0 where it is held.
const HELD: f64 = 1e-13;

impl Problem {
    /// What the parameters say.
    ///
    /// # Errors
    /// If they do not fit each other.
    pub fn new(parameters: &Parameters, units: usize) -> Result<Self, BuildError> {
        let number = |name: &str| parameters.get(name).map(|_| parameters.real(name));
        let (entropy, temperature) = (number("entropy"), number("temperature"));
        if entropy.is_some() && temperature.is_some() {
            let message =
                "`entropy` holds S, and `temperature` lets it go: they exclude each other";
            return Err(BuildError::about("temperature", message).help("give one of them"));
        }
        Ok(Self {
            units,
            links: Links::new(parameters, units)?,
            input: Input::new(parameters, units)?,
            entropy,
            temperature,
            floor: number("response_floor").unwrap_or(1.0),
            weight: number("response_weight").unwrap_or(0.0),
        })
    }

    /// M = I + W.
    pub fn matrix(&self, weights: &[f64], m: &mut [f64]) {
        m.copy_from_slice(weights);
        for i in 0..self.units {
            m[i * (self.units + 1)] += 1.0;
        }
    }

    /// The energy of weights.
    pub fn energy(&self, weights: &[f64]) -> Energy {
        with_memory(self.units, |memory| {
            let mut m = std::mem::take(&mut memory.m);
            self.matrix(weights, &mut m);
            memory.inverse.factorise(&m);
            memory.m = m;
            self.energy_of(memory)
        })
    }

    /// The energy of the inverse in memory.
    pub fn energy_of(&self, memory: &mut Memory) -> Energy {
        energy::energy(
            &self.input,
            self.units,
            &memory.inverse.b,
            None,
            &mut memory.scratch,
        )
    }

    /// The cost of weights with this weight of the penalty, and its derivative by the allowed links in their order.
    pub fn cost(
        &self,
        weights: &[f64],
        weight: f64,
        gradient: Option<&mut [f64]>,
        memory: &mut Memory,
    ) -> f64 {
        let n = self.units;
        let mut m = std::mem::take(&mut memory.m);
        self.matrix(weights, &mut m);
        memory.inverse.factorise(&m);
        let cost = match memory.inverse.positive {
            true => self.cost_of(&m, weight, gradient.is_some(), memory),
            false => f64::INFINITY,
        };
        memory.m = m;
        if let Some(gradient) = gradient {
            for (g, &(i, j)) in gradient.iter_mut().zip(&self.links.pairs) {
                *g = if cost.is_finite() {
                    memory.by_matrix[i * n + j]
                } else {
                    0.0
                };
            }
        }
        cost
    }

    /// The cost of the M whose inverse is in memory; its derivative by M is left there.
    fn cost_of(&self, m: &[f64], weight: f64, derive: bool, memory: &mut Memory) -> f64 {
        let n = self.units;
        let by_inverse = derive.then_some(memory.by_inverse.as_mut_slice());
        let b = &memory.inverse.b;
        let mut cost = energy::energy(&self.input, n, b, by_inverse, &mut memory.scratch).value;
        let temperature = self.temperature.unwrap_or(0.0);
        cost -= temperature * memory.inverse.entropy();
        if derive {
            // -B' G B', and T B'.
            for (i, row) in memory.product.chunks_exact_mut(n).enumerate() {
                for (j, p) in row.iter_mut().enumerate() {
                    *p = (0..n)
                        .map(|k| b[k * n + i] * memory.by_inverse[k * n + j])
                        .sum();
                }
            }
            for (i, row) in memory.by_matrix.chunks_exact_mut(n).enumerate() {
                for (j, g) in row.iter_mut().enumerate() {
                    let product: f64 = (0..n)
                        .map(|k| memory.product[i * n + k] * b[j * n + k])
                        .sum();
                    *g = temperature * b[j * n + i] - product;
                }
            }
        }
        if weight > 0.0 {
            let by_spectrum = derive.then_some(memory.by_spectrum.as_mut_slice());
            cost += weight * spectrum::penalty(n, m, self.floor, by_spectrum);
            if derive {
                for (g, s) in memory.by_matrix.iter_mut().zip(&memory.by_spectrum) {
                    *g += weight * s;
                }
            }
        }
        cost
    }

    /// dS/dW at the allowed links: -B' of the inverse in memory.
    pub fn by_entropy(&self, memory: &Memory, gradient: &mut [f64]) {
        for (g, &(i, j)) in gradient.iter_mut().zip(&self.links.pairs) {
            *g = -memory.inverse.b[j * self.units + i];
        }
    }

    /// Scale weights until S = S0, near a first guess of the factor; what they are multiplied by, or `None` if that leads nowhere.
    pub fn hold(
        &self,
        weights: &mut [f64],
        entropy: f64,
        guess: f64,
        memory: &mut Memory,
    ) -> Option<f64> {
        let n = self.units;
        let mut m = std::mem::take(&mut memory.m);
        let mut scale = guess;
        let mut held = None;
        for _ in 0..60 {
            for (place, (m, w)) in m.iter_mut().zip(weights.iter()).enumerate() {
                *m = scale * w + if place % (n + 1) == 0 { 1.0 } else { 0.0 };
            }
            memory.inverse.factorise(&m);
            if !memory.inverse.positive {
                // Too far: back towards the identity, whose determinant is 1.
                scale *= 0.7;
                continue;
            }
            let excess = memory.inverse.log_det + entropy;
            if excess.abs() <= HELD * (1.0 + entropy.abs()) {
                held = Some(scale);
                break;
            }
            // d ln det(I + s W)/ds = tr(B W)
            let b = &memory.inverse.b;
            let slope: f64 = (0..n * n)
                .map(|at| b[at] * weights[(at % n) * n + at / n])
                .sum();
            let step = -excess / slope;
            if !step.is_finite() || step == 0.0 {
                break;
            }
            let next = scale + step.clamp(-0.5 * scale, scale);
            if next == scale {
                held = Some(scale).filter(|_| excess.abs() < 1e-11);
                break;
            }
            scale = next;
        }
        memory.m = m;
        let scale = held?;
        weights.iter_mut().for_each(|w| *w *= scale);
        Some(scale)
    }

    /// The least energy that any network with this S can have: of Gaussian input proven, with features conjectured.
    pub fn bound(&self, entropy: f64) -> f64 {
        let n = self.units as f64;
        let magnitude = match &self.input {
            Input::Gaussian(covariance) => {
                let log_det = Inverse::of(self.units, covariance).log_det;
                GAUSSIAN * (log_det / (2.0 * n)).exp()
            }
            Input::Features {
                combinations,
                directions,
                ..
            } => {
                let count = directions.len();
                let features: f64 = (0..count)
                    .map(|k| {
                        let values = combinations
                            .iter()
                            .filter_map(|one| one.values.get(k).map(|a| one.share * a.abs()));
                        let mean: f64 = values.sum();
                        // Gaussian features have no values of their own.
                        if mean > 0.0 {
                            (mean / GAUSSIAN).ln()
                        } else {
                            0.0
                        }
                    })
                    .sum();
                GAUSSIAN * (features / n).exp()
            }
        };
        n * (entropy / n).exp() * magnitude
    }
}
