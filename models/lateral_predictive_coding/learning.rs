//! `learning`: the weights descend the free energy, or the energy at fixed S, as a flow.
//!
//! ```text
//! dw/dt = -d(E - T S + penalty)/dw                         with `temperature`
//! dw/dt = -(g - (g.h)/(h.h) h),  g = d(E + penalty)/dw,  h = dS/dw      with `entropy`: S does not change
//! ```
//!
//! over the allowed links. Source: arXiv 2302.11681, 2501.12139 for the free energy; the gradient flow is assumed.

use std::cell::RefCell;

use super::observables::OfWeights;
use super::problem::{Problem, with_memory};
use crate::prelude::*;

/// The flow.
pub struct Learning {
    layout: Layout,
    seen: OfWeights,
}

thread_local! {
    static GRADIENTS: RefCell<[Vec<f64>; 2]> = RefCell::default();
}

/// The block of weights, starting as given.
pub fn block(units: usize, start: &[f64]) -> Layout {
    let axes = vec![Axis::new("unit", units), Axis::new("unit_", units)];
    let weights = Variable::new("weights", axes).meaning("lateral weights: unit_ predicts unit");
    Layout::new().block_from(weights, start.to_vec())
}

impl Learning {
    /// The descent from these weights.
    pub fn new(problem: Problem, start: &[f64]) -> Self {
        Self {
            layout: block(problem.units, start),
            seen: OfWeights::new(problem),
        }
    }
}

impl System for Learning {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        let problem = &self.seen.problem;
        let links = &problem.links.pairs;
        dx.fill(0.0);
        GRADIENTS.with_borrow_mut(|[g, h]| {
            g.resize(links.len(), 0.0);
            h.resize(links.len(), 0.0);
            with_memory(problem.units, |memory| {
                problem.cost(x, problem.weight, Some(g), memory);
                problem.by_entropy(memory, h);
            });
            let along = match problem.entropy {
                None => 0.0,
                Some(_) => {
                    let dot =
                        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                    dot(g, h) / dot(h, h)
                }
            };
            for ((&(i, j), g), h) in links.iter().zip(g.iter()).zip(h.iter()) {
                dx[i * problem.units + j] = along * h - g;
            }
        });
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(&self.seen)
    }
}
