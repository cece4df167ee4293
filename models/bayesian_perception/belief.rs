//! `belief`: mean and variance of the belief in continuous time, with a jump at each stimulus.
//!
//! ```text
//! m' = -(m - mu)/tau,   v' = -2 (v - v0)/tau          between stimuli: the moments of the Ornstein-Uhlenbeck process
//! m <- m + K (z - m),   v <- (1 - K) v,  K = v/(v+r)  at a stimulus
//! m <- mu, v <- v0                                    at the start of a trial that starts anew
//! ```
//!
//! The measurement is its mean, the stimulus: the moments are linear in the measurements, so that this is the mean over measurement noise.
//! A trial starts with its first stimulus; the second follows after `isi`, the next trial after `iti`.

use super::perceiver::Perceiver;
use super::trials::Trials;
use crate::prelude::*;

/// Something that happens at an instant.
#[derive(Clone, Copy, Debug)]
struct Instant {
    time: f64,
    /// Whether the belief starts anew before it.
    anew: bool,
    /// The stimulus.
    stimulus: f64,
}

/// The flow.
pub struct Belief {
    layout: Layout,
    perceiver: Perceiver,
    instants: Vec<Instant>,
    stop: f64,
    rate: f64,
}

impl Belief {
    /// The belief of a perceiver over trials, the first of which starts at time 0.
    pub fn new(perceiver: Perceiver, trials: &Trials) -> Self {
        let mut time = 0.0;
        let mut instants = Vec::with_capacity(2 * trials.all.len());
        for (trial, &anew) in trials.all.iter().zip(&trials.anew) {
            let stimulus = trial.first;
            instants.push(Instant {
                time,
                anew,
                stimulus,
            });
            time += trial.gap;
            let stimulus = trial.second;
            instants.push(Instant {
                time,
                anew: false,
                stimulus,
            });
            time += trial.pause;
        }
        let mean =
            Variable::new("mean", vec![]).meaning("mean of the belief, in internal coordinates");
        let variance = Variable::new("variance", vec![]).meaning("variance of the belief");
        Self {
            layout: Layout::new()
                .block(mean, perceiver.prior_mean)
                .block(variance, perceiver.prior_variance),
            rate: 1.0 / perceiver.time_constant,
            perceiver,
            instants,
            stop: time,
        }
    }
}

impl System for Belief {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = -self.rate * (x[0] - self.perceiver.prior_mean);
        dx[1] = -2.0 * self.rate * (x[1] - self.perceiver.prior_variance);
    }

    fn linear(&self) -> Option<&dyn Linear> {
        Some(self)
    }

    fn impulses(&self) -> Option<&dyn Impulses> {
        Some(self)
    }

    fn natural_stop(&self) -> Option<f64> {
        Some(self.stop)
    }
}

impl Linear for Belief {
    fn generator(&self, _t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        matrix.copy_from_slice(&[-self.rate, 0.0, 0.0, -2.0 * self.rate]);
        offset[0] = self.rate * self.perceiver.prior_mean;
        offset[1] = 2.0 * self.rate * self.perceiver.prior_variance;
    }
}

impl Impulses for Belief {
    fn next(&self, t: f64) -> f64 {
        let behind = self.instants.partition_point(|one| one.time <= t);
        self.instants
            .get(behind)
            .map_or(f64::INFINITY, |one| one.time)
    }

    fn apply(&self, t: f64, x: &mut [f64]) {
        let first = self.instants.partition_point(|one| one.time < t);
        // Without a gap both stimuli come at once, one after the other.
        for instant in self.instants[first..]
            .iter()
            .take_while(|one| one.time <= t)
        {
            if instant.anew {
                x.copy_from_slice(&[self.perceiver.prior_mean, self.perceiver.prior_variance]);
            }
            let gain = self.perceiver.gain(x[1]);
            x[0] += gain * (instant.stimulus - x[0]);
            x[1] *= 1.0 - gain;
        }
    }
}
