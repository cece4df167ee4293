//! Minima of a family's objective: L-BFGS from many random starts, stage by stage.
//!
//! The restarts are independent and have draws of their own, addressed by their number: the result does not depend on the threads. The problem may have many minima:
//! the best is told with the values of all restarts, and never called the global one.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::minimise::{Minimum, quasi_newton};
use crate::noise::draws::Drawing;
use crate::noise::key::Key;
use crate::system::objective::Objective;

/// How it is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// From how many points.
    pub restarts: usize,
    /// How many iterations at most, in each stage.
    pub iterations: u64,
    /// The search ends where the gradient is shorter.
    pub tolerance: f64,
    /// What the starts are addressed by.
    pub seed: u64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// The best point.
    pub point: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// The values of all restarts, in their order.
    pub values: Vec<f64>,
}

/// Minimise an objective.
pub fn optimise(objective: &dyn Objective, search: &Search) -> Optimum {
    let drawing = Drawing::steps(&Key::of_seed(search.seed));
    let found: Vec<Minimum> = (0..search.restarts as u64)
        .into_par_iter()
        .map(|restart| {
            let mut point = vec![0.0; objective.dim()];
            objective.start(&drawing.of(restart), &mut point);
            descend(objective, search, point)
        })
        .collect();
    let values: Vec<f64> = found.iter().map(|one| one.value).collect();
    let best = found.into_iter().min_by(|a, b| a.value.total_cmp(&b.value));
    let best = best.unwrap_or_else(|| Minimum {
        point: vec![0.0; objective.dim()],
        value: f64::INFINITY,
    });
    Optimum {
        point: best.point,
        value: best.value,
        values,
    }
}

/// From one start through all stages.
fn descend(objective: &dyn Objective, search: &Search, start: Vec<f64>) -> Minimum {
    /// A line search may give up where a fresh start does not: a search ends when two in a row gain nothing. Stages harden a penalty, whose
    /// edge is followed by many small gains that no figure shows: there it ends with the first.
    const ROUNDS: usize = 40;
    const STAGED_ROUNDS: usize = 3;
    let staged = objective.stages() > 1;
    let (rounds, patience) = if staged {
        (STAGED_ROUNDS, 1)
    } else {
        (ROUNDS, 2)
    };
    let mut minimum = Minimum {
        value: f64::INFINITY,
        point: start,
    };
    for stage in 0..objective.stages() {
        let value =
            |point: &[f64], gradient: Option<&mut [f64]>| objective.value(stage, point, gradient);
        minimum.value = objective.value(stage, &minimum.point, None);
        let mut idle = 0;
        for _ in 0..rounds {
            let next = quasi_newton(&minimum.point, search.tolerance, search.iterations, &value);
            let gain = minimum.value - next.value;
            if next.value <= minimum.value {
                minimum = next;
            }
            // NaN where both are infinite.
            let least = match staged {
                true => 1e-9 * (1.0 + minimum.value.abs()),
                false => 1e-10 * minimum.value.abs(),
            };
            if gain.is_nan() || gain <= least {
                idle += 1;
            } else {
                idle = 0;
            }
            if idle == patience {
                break;
            }
        }
    }
    minimum
}
