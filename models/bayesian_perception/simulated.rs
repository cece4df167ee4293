//! `simulated`: measurements and responses are drawn, trial by trial.
//!
//! `belief_mean` is that of the perceiver who made the measurements; `p_second` and `percept` are those of `closed-form`, over measurement
//! noise. Draws of trial k: two measurements, whether it is a guess, and the guess.

use super::closed_form::{CARRIED, blocks, carried, memory, write};
use super::perceiver::{Perceiver, Rule};
use super::trials::Trials;
use crate::prelude::*;

/// The map over trials.
pub struct Simulated {
    layout: Layout,
    perceiver: Perceiver,
    trials: Trials,
}

/// The response stands between what a trial leaves and what is carried; the drawn mean behind all.
const RESPONSE: usize = CARRIED;

impl Simulated {
    /// The map of a perceiver over trials.
    pub fn new(perceiver: Perceiver, trials: Trials) -> Self {
        let response = Variable::new("response", vec![])
            .meaning("1 if the second stimulus was judged stronger, 0 if not");
        let mean =
            Variable::new("mean", vec![]).meaning("mean of the drawn belief at the next trial");
        Self {
            layout: blocks(&perceiver)
                .block(response, 0.0)
                .auxiliary(memory(), 0.0)
                .auxiliary(mean, perceiver.prior_mean),
            perceiver,
            trials,
        }
    }
}

impl Map for Simulated {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn advance(&self, k: u64, x: &mut [f64], noise: &dyn Draws) {
        let (perceiver, trial) = (&self.perceiver, &self.trials.all[k as usize]);
        let anew = self.trials.anew[k as usize];
        let mu = perceiver.prior_mean;
        let mut memory = carried(perceiver, anew, &x[RESPONSE + 1..]);
        let start = if anew { mu } else { x[RESPONSE + 4] };
        let k1 = perceiver.gain(memory.variance);
        let judged = memory.judge(perceiver, trial);
        let x1 = trial.first + perceiver.noise(trial.first) * noise.normal(0);
        let x2 = trial.second + perceiver.noise(trial.second) * noise.normal(1);
        let m1 = start + k1 * (x1 - start);
        let rho = perceiver.left(trial.gap);
        let mp = mu + rho * (m1 - mu);
        let k2 = perceiver.gain(perceiver.drifted(judged.variances[0], rho));
        let m2 = mp + k2 * (x2 - mp);
        let stronger = match perceiver.rule {
            Rule::Reference => x2 > mp,
            Rule::Stored => m2 > m1,
            Rule::Static => x2 - mu > rho * (x1 - mu),
        };
        let guesses = perceiver.lapse > 0.0 && noise.uniform(0) < perceiver.lapse;
        let response = if guesses {
            noise.uniform(1) < 0.5
        } else {
            stronger
        };
        write(&judged, &memory, RESPONSE + 1, x);
        x[1..3].copy_from_slice(&[m1, m2]);
        x[RESPONSE] = f64::from(u8::from(response));
        x[RESPONSE + 4] = mu + perceiver.left(trial.pause) * (m2 - mu);
    }
}
