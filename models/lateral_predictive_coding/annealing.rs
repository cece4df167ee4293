//! `annealing`: stochastic annealing of the weights, at fixed S or at a temperature of the free energy, as a map.
//!
//! ```text
//! move        w_ij += size z,  z ~ N(0, 1), of a link drawn at random; det and inverse by the rank-one update
//! fixed S     then W -> s W until S = S0
//! accept      with probability min(1, exp(-change/theta)),  of E [- T S] + weight max(0, tau_R - 1)
//! theta_k     start (end/start)^{k/steps}, k < steps: geometric cooling
//! ```
//!
//! One step of the map is as many moves as there are allowed links, from a fresh factorisation: rank-one updates drift. A move that changes the sign of
//! det M is refused. Source: annealing at fixed S is attributed to arXiv 2604.20524; the moves are assumed.

use super::inverse::Inverse;
use super::learning::block;
use super::observables::OfWeights;
use super::problem::{Memory, Problem, with_memory};
use super::spectrum;
use crate::prelude::*;

/// How the temperature of the annealing falls, and how far a move goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The first temperature.
    pub start: f64,
    /// The last one.
    pub end: f64,
    /// Over how many steps.
    pub steps: f64,
    /// The standard deviation of a move.
    pub size: f64,
}

impl Schedule {
    fn temperature(&self, k: u64) -> f64 {
        let share = (k as f64 / self.steps).min(1.0);
        self.start * (self.end / self.start).powf(share)
    }
}

/// The map.
pub struct Annealing {
    layout: Layout,
    seen: OfWeights,
    schedule: Schedule,
}

/// Draws of one move: which link, how far, whether it is accepted.
const DRAWS: u64 = 2;

impl Annealing {
    /// The annealing of these weights.
    pub fn new(problem: Problem, schedule: Schedule, start: &[f64]) -> Self {
        Self {
            layout: block(problem.units, start),
            seen: OfWeights::new(problem),
            schedule,
        }
    }

    /// The cost of weights whose inverse is in memory.
    fn cost(&self, weights: &[f64], memory: &mut Memory, m: &mut [f64]) -> f64 {
        let problem = &self.seen.problem;
        let entropy = memory.inverse.entropy();
        let mut cost =
            problem.energy_of(memory).value - problem.temperature.unwrap_or(0.0) * entropy;
        if problem.weight > 0.0 {
            problem.matrix(weights, m);
            let time = spectrum::response_time(spectrum::slowest(problem.units, m));
            cost += problem.weight * (time - 1.0).max(0.0);
        }
        cost
    }

    /// Try a move of one link; the weights and the inverse are those after it, accepted or not.
    fn try_move(
        &self,
        (i, j, by): (usize, usize, f64),
        trial: &mut Trial<'_>,
        memory: &mut Memory,
    ) -> Option<f64> {
        let n = self.seen.problem.units;
        let ratio = memory.inverse.ratio(i, j, by);
        if ratio <= 0.0 {
            return None;
        }
        trial.weights.copy_from_slice(trial.x);
        trial.weights[i * n + j] += by;
        memory.inverse.update(i, j, by);
        if let Some(entropy) = self.seen.problem.entropy {
            // ln det(I + s W) from the updated inverse: its slope at s = 1 is N - tr B.
            let trace: f64 = (0..n).map(|k| memory.inverse.b[k * (n + 1)]).sum();
            let step = -(memory.inverse.log_det + entropy) / (n as f64 - trace);
            let guess = if step.is_finite() {
                1.0 + step.clamp(-0.5, 0.5)
            } else {
                1.0
            };
            self.seen
                .problem
                .hold(trial.weights, entropy, guess, memory)?;
        }
        Some(self.cost(trial.weights, memory, trial.m))
    }
}

/// Memory of a move.
struct Trial<'a> {
    x: &'a mut [f64],
    weights: &'a mut [f64],
    m: &'a mut [f64],
}

impl Map for Annealing {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn advance(&self, k: u64, x: &mut [f64], noise: &dyn Draws) {
        let n = self.seen.problem.units;
        let links = &self.seen.problem.links.pairs;
        let temperature = self.schedule.temperature(k);
        let (mut weights, mut m) = (vec![0.0; n * n], vec![0.0; n * n]);
        with_memory(n, |memory| {
            self.seen.problem.matrix(x, &mut m);
            memory.inverse.factorise(&m);
            let mut kept: Inverse = memory.inverse.clone();
            let mut cost = self.cost(x, memory, &mut m);
            for number in 0..links.len() as u64 {
                let place = (noise.uniform(DRAWS * number) * links.len() as f64) as usize;
                let (i, j) = links[place.min(links.len() - 1)];
                let by = self.schedule.size * noise.normal(number);
                let mut trial = Trial {
                    x,
                    weights: &mut weights,
                    m: &mut m,
                };
                let tried = self.try_move((i, j, by), &mut trial, memory);
                let accepted = tried.filter(|new| {
                    let chance = (-(new - cost) / temperature).exp();
                    noise.uniform(DRAWS * number + 1) < chance
                });
                match accepted {
                    Some(new) => {
                        x.copy_from_slice(&weights);
                        kept.clone_from(&memory.inverse);
                        cost = new;
                    }
                    None => memory.inverse.clone_from(&kept),
                }
            }
        });
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(&self.seen)
    }
}
