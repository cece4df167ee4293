//! A part after a reset within a noisy step, to the end of the step.
//!
//! The path x of the step stays what it is; the difference d that the reset makes goes on by the drift, `d' = f(x + d) - f(x)`. Without
//! error control it goes one step of Euler, as the scheme does; with it as many steps of Runge and Kutta as the tolerances ask for.

use super::{Passages, Rough};
use crate::engine::explicit::Tolerances;
use crate::engine::field::Field;

/// Steps of a piece: at first, and at most.
const STEPS: usize = 4;
const MOST_STEPS: usize = 256;

/// A part from an event within the step to the step's end.
pub(super) struct Piece {
    pub part: usize,
    pub from: f64,
    /// States at equal distances from there to the end of the step.
    pub knots: Vec<Vec<f64>>,
}

impl Piece {
    pub fn start(&self) -> &[f64] {
        self.knots.first().map_or(&[], Vec::as_slice)
    }

    pub fn end(&self) -> &[f64] {
        self.knots.last().map_or(&[], Vec::as_slice)
    }

    /// The state at a share of the piece, on the straight line between two knots.
    pub fn at(&self, share: f64, x: &mut [f64]) {
        let last = self.knots.len() - 1;
        let place = (share * last as f64).clamp(0.0, last as f64);
        let left = (place as usize).min(last.saturating_sub(1));
        let (a, b) = (&self.knots[left], &self.knots[(left + 1).min(last)]);
        let share = place - left as f64;
        for ((x, a), b) in x.iter_mut().zip(a).zip(b) {
            *x = (1.0 - share) * a + share * b;
        }
    }
}

impl Passages {
    /// Where a part ends that was put from `x` to `y`, with the drift as it was at the start of the step and is after the reset.
    pub(super) fn carried<F: Field<L> + ?Sized, const L: usize>(
        &self,
        rough: &Rough<'_, F, L>,
        (part, t): (usize, f64),
        (x, y): (&[f64], &[f64]),
    ) -> Vec<f64> {
        let (from, to) = self.span(rough);
        let size = y.len();
        let mut end = vec![0.0; size];
        self.part_at(rough, part, to, &mut end);
        let (mut before, mut after) = (vec![0.0; size], vec![0.0; size]);
        let own: Vec<f64> = (0..size)
            .map(|k| self.x0[rough.component(part, k)])
            .collect();
        // Just after: an edge there belongs to what lies before it.
        rough.drift(part, from.next_up(), &own, &mut before);
        rough.drift(part, t.next_up(), y, &mut after);
        for k in 0..size {
            let i = rough.component(part, k);
            end[k] = match self.measured[i] {
                true => y[k] + (end[k] - x[k]) + (after[k] - before[k]) * (to - t),
                false => y[k],
            };
        }
        end
    }

    /// The states of a part that was put from `x` to `y`, to the end of the step: in twice as many steps until the tolerances are met.
    pub(super) fn followed<F: Field<L> + ?Sized, const L: usize>(
        &self,
        rough: &Rough<'_, F, L>,
        at: (usize, f64),
        (x, y): (&[f64], &[f64]),
        tolerances: &Tolerances,
    ) -> Vec<Vec<f64>> {
        let mut steps = STEPS;
        let mut knots = self.in_steps(rough, at, (x, y), steps);
        loop {
            steps *= 2;
            let finer = self.in_steps(rough, at, (x, y), steps);
            let apart = |k: usize| {
                let (one, other) = (knots[steps / 2][k], finer[steps][k]);
                let i = rough.component(at.0, k);
                let tolerance = tolerances.atol[i] + tolerances.rtol * other.abs();
                // A NaN is found where the state is looked at.
                (one - other).abs() > 0.1 * tolerance
            };
            let done = steps >= MOST_STEPS || !(0..y.len()).any(apart);
            knots = finer;
            if done {
                return knots;
            }
        }
    }

    fn in_steps<F: Field<L> + ?Sized, const L: usize>(
        &self,
        rough: &Rough<'_, F, L>,
        (part, t): (usize, f64),
        (x, y): (&[f64], &[f64]),
        steps: usize,
    ) -> Vec<Vec<f64>> {
        let (_, to) = self.span(rough);
        let size = y.len();
        let h = (to - t) / steps as f64;
        let mut start = vec![0.0; size];
        self.part_at(rough, part, t, &mut start);
        // The path that the step has found, moved to where the part was before the reset and back until the end.
        let path = |time: f64| {
            let mut path = vec![0.0; size];
            self.part_at(rough, part, time, &mut path);
            let rest = if to > t { (to - time) / (to - t) } else { 0.0 };
            for ((path, x), start) in path.iter_mut().zip(x).zip(&start) {
                *path += rest * (x - start);
            }
            path
        };
        let slope = |time: f64, path: &[f64], d: &[f64]| {
            let (mut with, mut without) = (vec![0.0; size], vec![0.0; size]);
            let moved: Vec<f64> = path.iter().zip(d).map(|(path, d)| path + d).collect();
            // Just after: an edge at the reset belongs to what lies before it.
            rough.drift(part, time.max(t.next_up()), &moved, &mut with);
            rough.drift(part, time.max(t.next_up()), path, &mut without);
            for (k, (with, without)) in with.iter_mut().zip(&without).enumerate() {
                *with = match self.measured[rough.component(part, k)] {
                    true => *with - without,
                    false => 0.0,
                };
            }
            with
        };
        let add = |d: &[f64], h: f64, k: &[f64]| -> Vec<f64> {
            d.iter().zip(k).map(|(d, k)| d + h * k).collect()
        };
        let mut d: Vec<f64> = y.iter().zip(x).map(|(y, x)| y - x).collect();
        let mut knots = vec![y.to_vec()];
        let mut here = path(t);
        for step in 0..steps {
            let [begin, middle] = [0.0, 0.5].map(|share| t + (step as f64 + share) * h);
            let end = if step + 1 == steps {
                to
            } else {
                t + (step + 1) as f64 * h
            };
            let (half, there) = (path(middle), path(end));
            let k1 = slope(begin, &here, &d);
            let k2 = slope(middle, &half, &add(&d, 0.5 * h, &k1));
            let k3 = slope(middle, &half, &add(&d, 0.5 * h, &k2));
            let k4 = slope(end, &there, &add(&d, h, &k3));
            for (i, d) in d.iter_mut().enumerate() {
                *d += h / 6.0 * (k1[i] + 2.0 * (k2[i] + k3[i]) + k4[i]);
            }
            let mut knot: Vec<f64> = there.iter().zip(&d).map(|(path, d)| path + d).collect();
            for (k, (knot, y)) in knot.iter_mut().zip(y).enumerate() {
                if !self.measured[rough.component(part, k)] {
                    *knot = *y;
                }
            }
            knots.push(knot);
            here = there;
        }
        knots
    }
}
