//! What `nullcline optimize` minimises: E at fixed S, or E - T S, with control of the response time.
//!
//! The point is the weights of the allowed links. With `entropy`, the network of a point is W scaled to S0, so that S is held exactly, and the derivative is that
//! along the surface: `s (g - (g.w)/(h.w) h)`, h = dS/dW. A start has an antisymmetric part, which lowers S, and a symmetric one, which raises it to S0: one
//! alone would be small where S0 is near 0, and the identity, at which no weight has an effect on S, a stationary point. Where the input is
//! Gaussian and all links are allowed, starts are random networks of the least energy (`least_energy`). The penalty on
//! slow modes is raised in three stages: from a slow optimum a stiff penalty finds no way.

use std::cell::RefCell;

use super::least_energy::{attaining, attaining_at_once, equal_turns, random_turns};
use super::observables::{self, COMMON, OBSERVABLES};
use super::problem::{Problem, with_memory};
use super::spectrum;
use super::weights::{both_parts, random_weights, scaled};
use crate::prelude::*;

/// The shares of the penalty's weight, stage by stage.
const STAGES: [f64; 3] = [0.03, 0.2, 1.0];

/// Below this entropy per unit a start is antisymmetric.
const FAR: f64 = 0.5;

/// Above this one the networks that attain the bound are the better starts of searches for fast ones.
const NEAR: f64 = 0.02;

/// So many networks are drawn at most until one is stable.
const DRAWS: usize = 20;

/// The objective.
pub struct Fastest {
    problem: Problem,
}

thread_local! {
    static NETWORK: RefCell<[Vec<f64>; 2]> = RefCell::default();
}

impl Fastest {
    /// The objective of a problem.
    ///
    /// # Errors
    /// If neither `entropy` nor `temperature` says how much robustness is worth.
    pub fn new(problem: Problem) -> Result<Self, BuildError> {
        if problem.entropy.is_none() && problem.temperature.is_none() {
            let message = "nothing says how much information robustness is worth";
            return Err(BuildError::about("entropy", message)
                .help("give `entropy`, the S that is held, or `temperature`, the T of E - T S"));
        }
        if problem.links.pairs.is_empty() {
            return Err(BuildError::about("modules", "no link is allowed"));
        }
        Ok(Self { problem })
    }

    fn weight(&self, stage: usize) -> f64 {
        match self.problem.weight > 0.0 {
            true => self.problem.weight * STAGES[stage],
            false => 0.0,
        }
    }

    fn spread(&self, point: &[f64], weights: &mut [f64]) {
        weights.fill(0.0);
        for (value, &(i, j)) in point.iter().zip(&self.problem.links.pairs) {
            weights[i * self.problem.units + j] = *value;
        }
    }

    fn gather(&self, weights: &[f64], point: &mut [f64]) {
        for (value, &(i, j)) in point.iter_mut().zip(&self.problem.links.pairs) {
            *value = weights[i * self.problem.units + j];
        }
    }

    /// A random network that attains the bound, a stable one if there are such, if the input is Gaussian and such networks are known.
    fn of_least_energy(&self, normal: &mut dyn FnMut() -> f64) -> Option<Vec<f64>> {
        let problem = &self.problem;
        let n = problem.units;
        let entropy = problem.entropy?;
        if problem.links.pairs.len() != n * (n - 1) {
            return None;
        }
        let covariance = problem.input.gaussian(n)?;
        let is_white = covariance
            .iter()
            .enumerate()
            .all(|(at, &c)| c == if at.is_multiple_of(n + 1) { 1.0 } else { 0.0 });
        if problem.weight == 0.0 {
            // The energy alone does not say how fast a network is: the starts do neither, but they are stable if stable ones are found.
            let mut draw = || attaining(n, &covariance, entropy, &random_turns(n, normal));
            let mut first = None;
            for _ in 0..DRAWS {
                let Some(weights) = draw() else { continue };
                if self.is_stable(&weights) {
                    return Some(weights);
                }
                first.get_or_insert(weights);
            }
            // An antisymmetric start comes to the bound of white input as well.
            return first.filter(|_| !is_white);
        }
        if is_white && n.is_multiple_of(2) {
            return attaining_at_once(n, entropy, &equal_turns(n, normal));
        }
        // Elsewhere the optimum is apart from the bound, far from it where S is low: there an antisymmetric start, and nearer to 0 one of
        // the two, leads further down.
        let units = n as f64;
        let (is_near, is_far) = (entropy > -NEAR * units, entropy < -FAR * units);
        if is_far || !(is_near || normal() > 0.0) {
            return None;
        }
        attaining(n, &covariance, entropy, &equal_turns(n, normal))
            .filter(|weights| self.is_stable(weights))
    }

    fn is_stable(&self, weights: &[f64]) -> bool {
        let n = self.problem.units;
        let mut m = vec![0.0; n * n];
        self.problem.matrix(weights, &mut m);
        spectrum::slowest(n, &m) > 0.0
    }

    /// The weights of a point.
    fn weights(&self, point: &[f64]) -> Vec<f64> {
        let n = self.problem.units;
        let mut weights = vec![0.0; n * n];
        self.spread(point, &mut weights);
        if let Some(entropy) = self.problem.entropy {
            with_memory(n, |memory| {
                self.problem.hold(&mut weights, entropy, 1.0, memory)
            });
        }
        weights
    }
}

impl Objective for Fastest {
    fn dim(&self) -> usize {
        self.problem.links.pairs.len()
    }

    fn start(&self, draws: &dyn Draws, point: &mut [f64]) {
        let problem = &self.problem;
        let mut number = 0;
        let mut normal = || {
            number += 1;
            draws.normal(number - 1)
        };
        if let Some(weights) = self.of_least_energy(&mut normal) {
            return self.gather(&weights, point);
        }
        let mut weights = random_weights(&problem.links, -1.0, &mut normal);
        if let Some(entropy) = problem.entropy {
            // Far below 0 an antisymmetric network is large, and fast: its response time is 1.
            if entropy < -FAR * problem.units as f64 && scaled(problem, &mut weights, entropy) {
                return self.gather(&weights, point);
            }
            let symmetric = random_weights(&problem.links, 1.0, &mut normal);
            both_parts(problem, &mut weights, &symmetric, entropy);
        }
        self.gather(&weights, point);
    }

    fn stages(&self) -> usize {
        if self.problem.weight > 0.0 {
            STAGES.len()
        } else {
            1
        }
    }

    fn value(&self, stage: usize, point: &[f64], mut gradient: Option<&mut [f64]>) -> f64 {
        let problem = &self.problem;
        let n = problem.units;
        NETWORK.with_borrow_mut(|[weights, by_entropy]| {
            weights.resize(n * n, 0.0);
            by_entropy.resize(point.len(), 0.0);
            self.spread(point, weights);
            with_memory(n, |memory| {
                let mut scale = 1.0;
                if let Some(entropy) = problem.entropy {
                    match problem.hold(weights, entropy, 1.0, memory) {
                        Some(found) => scale = found,
                        None => {
                            if let Some(gradient) = gradient.as_deref_mut() {
                                gradient.fill(0.0);
                            }
                            return f64::INFINITY;
                        }
                    }
                }
                let cost =
                    problem.cost(weights, self.weight(stage), gradient.as_deref_mut(), memory);
                if let (Some(gradient), Some(_)) = (gradient, problem.entropy) {
                    problem.by_entropy(memory, by_entropy);
                    let dot = |a: &[f64]| a.iter().zip(point).map(|(a, w)| a * w).sum::<f64>();
                    let slope = dot(by_entropy);
                    // At the identity no multiple has another entropy.
                    let along = if slope == 0.0 {
                        0.0
                    } else {
                        dot(gradient) / slope
                    };
                    for (g, h) in gradient.iter_mut().zip(by_entropy.iter()) {
                        *g = scale * (*g - along * h);
                    }
                }
                cost
            })
        })
    }

    fn describe(&self, point: &[f64]) -> Findings {
        let problem = &self.problem;
        let n = problem.units;
        let weights = self.weights(point);
        let axes = vec![Axis::new("unit", n), Axis::new("unit_", n)];
        let block = Variable::new("weights", axes).meaning("lateral weights: unit_ predicts unit");
        let mut findings = Findings::default().array(block, Data::Real(weights.clone()));
        findings.table.push(vec!["quantity".into(), "value".into()]);
        for (index, variable) in observables::variables(problem.input.count())
            .into_iter()
            .enumerate()
        {
            if observables::refused(problem, &variable.name).is_some() {
                continue;
            }
            let mut values = vec![0.0; variable.len()];
            observables::observe(problem, index, &weights, &mut values);
            let told: Vec<String> = values.iter().map(|value| told(*value)).collect();
            findings
                .table
                .push(vec![variable.name.clone(), told.join(", ")]);
            if ["energy", "entropy", "response_time", "links"].contains(&variable.name.as_str()) {
                findings
                    .line
                    .push((OBSERVABLES[index].name, told.join(", ")));
            }
            findings = findings.array(variable, Data::Real(values));
        }
        debug_assert!(COMMON <= OBSERVABLES.len());
        let mut m = vec![0.0; n * n];
        problem.matrix(&weights, &mut m);
        let slowest = spectrum::slowest(n, &m);
        let least = Variable::new("slowest_mode", vec![]).meaning("min Re lambda(M)");
        findings
            .table
            .push(vec!["slowest_mode".into(), told(slowest)]);
        if slowest <= 0.0 {
            findings
                .remarks
                .push("this network is not stable: no response settles".into());
        }
        let amplification = spectrum::amplification(n, &m);
        findings
            .table
            .push(vec!["amplification".into(), told(amplification)]);
        let growth = Variable::new("amplification", vec![]).meaning("max_t |exp(-M t)|");
        findings
            .array(least, Data::Real(vec![slowest]))
            .array(growth, Data::Real(vec![amplification]))
    }
}

fn told(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (1e-3..1e6).contains(&size) => format!("{value:.9}"),
        _ => format!("{value:.3e}"),
    }
}
