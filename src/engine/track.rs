//! One part of a flow on its own, from an event within a step to the step's end.
//!
//! Steps of `tsit5` at the tolerances of the scheme that made the step (or one single step, if those are of fixed
//! length), kept with their stages, so that the part can be asked for its state anywhere behind the event.

use super::explicit::Tolerances;
use super::kernels::MOST_STAGES;
use super::lane::least_step;
use super::schemes::tsit5::TABLEAU;
use crate::system::parts::Parts;

/// The stages of a step.
const STAGES: usize = TABLEAU.nodes.len();

/// The solution of one part behind an event.
#[derive(Default)]
pub(super) struct Track {
    pub part: usize,
    /// Start and length of each step.
    steps: Vec<(f64, f64)>,
    /// Of each step the state at its start and its stages, `[1 + stage, component]`.
    numbers: Vec<f64>,
    /// The state at the end, and its drift.
    pub state: Vec<f64>,
    pub drift: Vec<f64>,
    argument: Vec<f64>,
}

impl Track {
    /// Follow `part` from `(t, x)` to `end`. `false` if that cannot be done.
    pub fn follow(
        &mut self,
        parts: &dyn Parts,
        part: usize,
        (mut t, end): (f64, f64),
        x: &[f64],
        tolerances: &Tolerances,
    ) -> bool {
        let size = x.len();
        self.part = part;
        self.steps.clear();
        self.numbers.clear();
        self.state.clear();
        self.state.extend_from_slice(x);
        self.argument.resize(size, 0.0);
        self.drift.resize(size, 0.0);
        // Just behind t: an edge at t belongs to what lies before it.
        parts.drift(part, t.next_up(), x, &mut self.drift);
        let mut h = end - t;
        while t < end {
            let arrives = 1.01 * h >= end - t;
            if arrives {
                h = end - t;
            }
            let first = self.numbers.len();
            let target = if arrives { end } else { t + h };
            self.attempt(parts, (t, h, target));
            let error = match tolerances.step {
                Some(_) => 0.0,
                None => self.error(parts, first, h, tolerances),
            };
            let finite = self.argument.iter().all(|x| x.is_finite());
            if error <= 1.0 && finite {
                self.steps.push((t, h));
                t = target;
                std::mem::swap(&mut self.state, &mut self.argument);
                self.drift
                    .copy_from_slice(&self.numbers[first + STAGES * size..]);
            } else {
                self.numbers.truncate(first);
                if tolerances.step.is_some() {
                    return false;
                }
            }
            h *= match error.is_finite() && finite {
                true => (0.9 * error.max(1e-10).powf(-0.2)).clamp(0.2, 5.0),
                false => 0.1,
            };
            if h < least_step(t) && t < end {
                return false;
            }
        }
        true
    }

    /// The stages of a step, appended to the numbers; its end is the argument of the last.
    fn attempt(&mut self, parts: &dyn Parts, (t, h, end): (f64, f64, f64)) {
        let size = self.state.len();
        let first = self.numbers.len();
        self.numbers.extend_from_slice(&self.state);
        self.numbers.extend_from_slice(&self.drift);
        self.numbers.resize(first + (1 + STAGES) * size, 0.0);
        for stage in 1..STAGES {
            let (done, rest) = self.numbers[first + size..].split_at_mut(stage * size);
            for (k, argument) in self.argument.iter_mut().enumerate() {
                let terms = TABLEAU.rows[stage - 1].iter().enumerate();
                let sum: f64 = terms.map(|(s, a)| a * done[s * size + k]).sum();
                *argument = self.state[k] + h * sum;
            }
            let time = match TABLEAU.nodes[stage] {
                1.0 => end,
                node => t + node * h,
            };
            parts.drift(self.part, time, &self.argument, &mut rest[..size]);
        }
    }

    /// The error of the step whose numbers begin at `first`, relative to the tolerances.
    fn error(&self, parts: &dyn Parts, first: usize, h: f64, tolerances: &Tolerances) -> f64 {
        let size = self.state.len();
        let stages = &self.numbers[first + size..];
        let (mut sum, mut measured) = (0.0, 0.0);
        for k in 0..size {
            let atol = tolerances.atol[parts.component(self.part, k)];
            if atol.is_infinite() {
                continue;
            }
            let terms = TABLEAU.error.iter().enumerate();
            let error: f64 = terms.map(|(s, e)| e * stages[s * size + k]).sum();
            let largest = self.state[k].abs().max(self.argument[k].abs());
            sum += (h * error / (atol + tolerances.rtol * largest)).powi(2);
            measured += 1.0;
        }
        match measured > 0.0 {
            true => (sum / measured).sqrt(),
            false => 0.0,
        }
    }

    /// The state at `t`.
    pub fn at(&self, t: f64, x: &mut [f64]) {
        let step = self.steps.partition_point(|step| step.0 <= t);
        let Some(&(start, h)) = self.steps.get(step.saturating_sub(1)) else {
            x.copy_from_slice(&self.state);
            return;
        };
        if step == self.steps.len() && t >= start + h {
            x.copy_from_slice(&self.state);
            return;
        }
        let size = x.len();
        let numbers = &self.numbers[step.saturating_sub(1) * (1 + STAGES) * size..];
        let (from, stages) = numbers.split_at(size);
        let mut weights = [0.0; MOST_STAGES];
        TABLEAU.dense_weights((t - start) / h, &mut weights[..STAGES]);
        for (k, x) in x.iter_mut().enumerate() {
            let terms = weights[..STAGES].iter().enumerate();
            let sum: f64 = terms.map(|(s, weight)| weight * stages[s * size + k]).sum();
            *x = from[k] + h * sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::Range;

    /// `x' = -x, y' = x` in every part.
    struct Decays;

    impl Parts for Decays {
        fn count(&self) -> usize {
            2
        }
        fn size(&self) -> usize {
            2
        }
        fn component(&self, part: usize, k: usize) -> usize {
            2 * part + k
        }
        fn drift(&self, _part: usize, _t: f64, x: &[f64], dx: &mut [f64]) {
            dx.copy_from_slice(&[-x[0], x[0]]);
        }
        fn guards(&self, _part: usize) -> Range<usize> {
            0..0
        }
        fn part_of(&self, guard: usize) -> usize {
            guard
        }
        fn values(&self, _part: usize, _t: f64, _x: &[f64], _g: &mut [f64]) {}
        fn reset(&self, _guard: usize, _t: f64, _x: &mut [f64]) {}
    }

    #[test]
    fn a_track_is_the_solution_at_its_ends_and_between() {
        let tolerances = Tolerances {
            rtol: 1e-10,
            atol: vec![1e-12; 4],
            step: None,
            locate_kinks: false,
            max_step: f64::INFINITY,
            first_step: None,
        };
        let mut track = Track::default();
        assert!(track.follow(&Decays, 1, (0.5, 3.5), &[1.0, 0.0], &tolerances));
        assert!(track.steps.len() > 3, "{}", track.steps.len());
        let mut x = [0.0; 2];
        for t in [0.5, 0.500001, 0.9, 2.0, 3.4999, 3.5] {
            track.at(t, &mut x);
            let exact = (0.5 - t).exp();
            assert!(
                (x[0] - exact).abs() < 1e-9 && (x[1] - 1.0 + exact).abs() < 1e-9,
                "{t}: {x:?}"
            );
        }
        assert!(track.follow(&Decays, 0, (1.0, 1.0), &[2.0, 5.0], &tolerances));
        track.at(1.0, &mut x);
        assert_eq!(x, [2.0, 5.0]);
        assert_eq!(track.drift, [-2.0, 2.0]);
    }
}
