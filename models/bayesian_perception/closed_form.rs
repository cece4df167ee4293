//! `closed-form`: what a trial comes to on the average over measurement noise, trial by trial.

use super::memory::{Judged, Memory};
use super::perceiver::Perceiver;
use super::trials::Trials;
use crate::prelude::*;

/// Where the numbers of a trial stand in the state: p, two means, two variances, two percepts, then M, Q, v.
pub const CARRIED: usize = 7;

/// The map over trials.
pub struct ClosedForm {
    layout: Layout,
    perceiver: Perceiver,
    trials: Trials,
}

/// The blocks that both maps have.
pub fn blocks(perceiver: &Perceiver) -> Layout {
    let interval = || vec![Axis::new("interval", 2)];
    let mu = perceiver.prior_mean;
    Layout::new()
        .block(
            Variable::new("p_second", vec![])
                .meaning("probability that the second stimulus is judged stronger"),
            0.5,
        )
        .block(
            Variable::new("belief_mean", interval())
                .meaning("mean of the belief behind each stimulus"),
            mu,
        )
        .block(
            Variable::new("belief_variance", interval())
                .meaning("variance of the belief behind each stimulus"),
            perceiver.prior_variance,
        )
        .block(
            Variable::new("percept", interval())
                .meaning("mean percepts (u1, u2) of the decision rule"),
            mu,
        )
}

/// Write what came of a trial, and what is carried, into the state.
pub fn write(judged: &Judged, memory: &Memory, carried: usize, x: &mut [f64]) {
    x[0] = judged.p_second;
    x[1..3].copy_from_slice(&judged.means);
    x[3..5].copy_from_slice(&judged.variances);
    x[5..7].copy_from_slice(&judged.percept);
    x[carried..carried + 3].copy_from_slice(&[memory.mean, memory.spread, memory.variance]);
}

/// What was carried to this trial.
pub fn carried(perceiver: &Perceiver, anew: bool, x: &[f64]) -> Memory {
    match anew {
        true => Memory::fresh(perceiver),
        false => Memory {
            mean: x[0],
            spread: x[1],
            variance: x[2],
        },
    }
}

/// The auxiliary block of what is carried.
pub fn memory() -> Variable {
    Variable::new("memory", vec![Axis::new("moment", 3)]).meaning(
        "mean and variance of the belief's mean, and variance of the belief, at the next trial",
    )
}

impl ClosedForm {
    /// The map of a perceiver over trials.
    pub fn new(perceiver: Perceiver, trials: Trials) -> Self {
        Self {
            layout: blocks(&perceiver).auxiliary(memory(), 0.0),
            perceiver,
            trials,
        }
    }
}

impl Map for ClosedForm {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn advance(&self, k: u64, x: &mut [f64], _noise: &dyn Draws) {
        let k = k as usize;
        let mut memory = carried(&self.perceiver, self.trials.anew[k], &x[CARRIED..]);
        let judged = memory.judge(&self.perceiver, &self.trials.all[k]);
        write(&judged, &memory, CARRIED, x);
    }

    fn is_random(&self) -> bool {
        false
    }
}
