//! Diagonally implicit Runge-Kutta schemes whose first stage is explicit and whose last one is the step (ESDIRK).
//!
//! ```text
//! k_1 = f(t, x)          k_i = f(t + c_i h, x + h sum_{j<i} a_ij k_j + h gamma k_i)          x_1 = stage s
//! error = (I - h gamma J)^{-1} h sum_i e_i k_i          between: the cubic through both ends and their slopes
//! ```
//!
//! All stages have one matrix. The error is filtered by it, which keeps stiff components from being overestimated
//! (Hosea, Shampine, *Appl. Numer. Math.* 20 (1996) 21); a share of it as it was before stands for the error between
//! steps, which no stiffness makes smaller. One-step schemes lose nothing at an event or an edge of a
//! stimulus.

use super::newton::{Equation, Newton};
use crate::engine::card::Card;
use crate::engine::controller::Controller;
use crate::engine::explicit::Tolerances;
use crate::engine::field::Field;
use crate::engine::lane::{Lane, least_step};
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Progress, Scheme};

/// The share of the error before it is filtered that must be tolerable.
const BETWEEN: f64 = 0.3;

/// The coefficients.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    /// The diagonal.
    pub gamma: f64,
    /// c, one per stage.
    pub nodes: &'static [f64],
    /// The rows of a left of the diagonal, from the second stage on.
    pub rows: &'static [&'static [f64]],
    /// e = b - b^, one per stage.
    pub error: &'static [f64],
}

/// A scheme at work on one run.
pub struct DiagonallyImplicit {
    card: &'static Card,
    coefficients: &'static Coefficients,
    /// What was asked for, and what that makes of the error of a step.
    asked: Tolerances,
    tolerances: Tolerances,
    lane: Lane,
    newton: Newton,
    /// States before and after the last step, slopes at its stages.
    before: Vec<f64>,
    after: Vec<f64>,
    slopes: Vec<Vec<f64>>,
    weights: Vec<f64>,
    base: Vec<f64>,
    change: Vec<f64>,
    at: Vec<f64>,
    zero: Vec<f64>,
}

/// One over the scale of errors, 0 where the tolerance is infinite.
pub fn weigh(tolerances: &Tolerances, x: &[f64], weights: &mut [f64]) {
    for ((weight, x), atol) in weights.iter_mut().zip(x).zip(&tolerances.atol) {
        *weight = 1.0 / (atol + tolerances.rtol * x.abs());
    }
}

/// Tolerances for the error of one step such that the error of a run stays near those that were asked for: `strict`
/// times as tight, down to rounding.
pub fn tighter(mut tolerances: Tolerances, strict: f64) -> Tolerances {
    if tolerances.step.is_none() {
        let strict = strict.min(tolerances.rtol / 1e-14).max(1.0);
        tolerances.rtol /= strict;
        tolerances.atol.iter_mut().for_each(|atol| *atol /= strict);
    }
    tolerances
}

/// How far Newton's iteration goes, in units of the tolerance.
pub fn newton_tolerance(tolerances: &Tolerances) -> f64 {
    match tolerances.step {
        // Without error control the step should have no error but its own.
        Some(_) => 1e-6,
        None => (10.0 * f64::EPSILON / tolerances.rtol).max(tolerances.rtol.sqrt().min(0.01)),
    }
}

/// The first step length of Hairer, Norsett, Wanner, *Solving ODEs I*, II.4, for errors of order `order`.
pub fn first_step<F: Field<1> + ?Sized>(
    newton: &mut Newton,
    field: &F,
    weights: &[f64],
    (t, x, slope): (f64, &[f64], &[f64]),
    order: f64,
    rest: f64,
) -> f64 {
    let (size, speed) = (newton.norm(x, weights), newton.norm(slope, weights));
    let guess = match size < 1e-5 || speed < 1e-5 {
        true => 1e-6,
        false => 0.01 * size / speed,
    }
    .min(rest);
    let moved: Vec<f64> = x.iter().zip(slope).map(|(x, f)| x + guess * f).collect();
    let mut later = vec![0.0; x.len()];
    newton.drift(field, t + guess, &moved, &mut later);
    later
        .iter_mut()
        .zip(slope)
        .for_each(|(later, f)| *later -= f);
    let curvature = newton.norm(&later, weights) / guess;
    let steepest = speed.max(curvature);
    let second = match steepest <= 1e-15 {
        true => (guess * 1e-3).max(1e-6),
        false => (0.01 / steepest).powf(1.0 / (order + 1.0)),
    };
    let first = (100.0 * guess).min(second).min(rest);
    if first.is_finite() && first > 0.0 {
        first
    } else {
        guess
    }
}

impl DiagonallyImplicit {
    /// The scheme of this card for a field.
    pub fn new<F: Field<1> + ?Sized>(
        card: &'static Card,
        coefficients: &'static Coefficients,
        field: &F,
        tolerances: Tolerances,
    ) -> Self {
        let dim = field.dim();
        let zeros = || vec![0.0; dim];
        // An error of h^(p+1) in every step is one of h^p at the end: to follow the tolerance, the first must be its
        // power 1 + 1/p; a little less, because stiff components forget. The factor was measured on the stiff set.
        let strict = 6.0 * tolerances.rtol.powf(-0.8 / f64::from(card.order));
        let asked = tolerances.clone();
        let tolerances = tighter(tolerances, strict);
        Self {
            card,
            coefficients,
            lane: Lane::new(Controller::new(card.order)),
            newton: Newton::new(field.measured(), newton_tolerance(&tolerances)),
            asked,
            tolerances,
            before: zeros(),
            after: zeros(),
            slopes: vec![zeros(); coefficients.nodes.len()],
            weights: zeros(),
            base: zeros(),
            change: zeros(),
            at: zeros(),
            zero: zeros(),
        }
    }

    /// All stages of a step; `None` if Newton's iteration does not converge.
    fn stages<F: Field<1> + ?Sized>(&mut self, field: &F, h: f64, end: f64) -> Option<()> {
        let Coefficients {
            gamma, nodes, rows, ..
        } = *self.coefficients;
        for (stage, row) in (1..).zip(rows) {
            self.base.copy_from_slice(&self.before);
            for (slope, a) in self.slopes.iter().zip(*row) {
                for (base, k) in self.base.iter_mut().zip(slope) {
                    *base += h * a * k;
                }
            }
            let last = &self.slopes[stage - 1];
            for (change, k) in self.change.iter_mut().zip(last) {
                *change = h * gamma * k;
            }
            let equation = Equation {
                t: match nodes[stage] {
                    1.0 => end,
                    node => self.lane.time + node * h,
                },
                x: &self.base,
                c: h * gamma,
                psi: &self.zero,
                h,
                weights: &self.weights,
            };
            self.newton
                .solve(field, &equation, &mut self.change, &mut self.at)?;
            for (k, change) in self.slopes[stage].iter_mut().zip(&self.change) {
                *k = change / (h * gamma);
            }
        }
        Some(())
    }

    /// The error of the step in units of the tolerance, filtered.
    fn error(&mut self, h: f64) -> f64 {
        self.base.fill(0.0);
        for (slope, e) in self.slopes.iter().zip(self.coefficients.error) {
            for (sum, k) in self.base.iter_mut().zip(slope) {
                *sum += h * e * k;
            }
        }
        for ((weight, (a, b)), atol) in self
            .weights
            .iter_mut()
            .zip(self.before.iter().zip(&self.at))
            .zip(&self.tolerances.atol)
        {
            *weight = 1.0 / (atol + self.tolerances.rtol * a.abs().max(b.abs()));
        }
        let raw = self.newton.norm(&self.base, &self.weights);
        if !self.newton.filter(&mut self.base) {
            return f64::NAN;
        }
        self.newton
            .norm(&self.base, &self.weights)
            .max(BETWEEN * raw)
    }

    /// Try again with a shorter step.
    fn reject(&mut self, h: f64, factor: f64) -> Progress {
        self.lane.counts.rejected += 1;
        self.lane.computed = h;
        self.lane.wanted = factor * h;
        if self.tolerances.step.is_some() || self.lane.wanted < least_step(self.lane.time) {
            let component = self.at.iter().position(|x| !x.is_finite());
            let status = match component {
                Some(_) => Status::NotFinite,
                None => Status::StepUnderflow,
            };
            return Progress::Failed(status, component);
        }
        Progress::Rejected
    }
}

impl<F: Field<1> + ?Sized> Scheme<F, 1> for DiagonallyImplicit {
    fn card(&self) -> &'static Card {
        self.card
    }

    fn start(&mut self, field: &F, lane: usize, t: f64, x: &[f64], stop: f64) {
        self.lane.counts = Counts::default();
        self.newton.start(field, t.next_up(), x);
        self.restart(field, lane, t, x);
        self.lane.wanted = match self.tolerances.step {
            Some(step) => step,
            None if let Some(first) = self.tolerances.first_step => first,
            None => {
                weigh(&self.tolerances, x, &mut self.weights);
                let order = f64::from(self.card.order);
                let start = (t, x, &*self.slopes[0]);
                first_step(
                    &mut self.newton,
                    field,
                    &self.weights,
                    start,
                    order,
                    stop - t,
                )
            }
        };
    }

    fn restart(&mut self, field: &F, _lane: usize, t: f64, x: &[f64]) {
        self.after.copy_from_slice(x);
        self.newton.forget();
        self.newton
            .drift(field, t.next_up(), x, &mut self.slopes[0]);
        let last = self.slopes.len() - 1;
        self.slopes.swap(0, last);
        (self.lane.time, self.lane.previous) = (t, t);
        (self.lane.anchor, self.lane.equal_steps, self.lane.accepted) = (t, 0, true);
        self.lane.controller.reset();
        // The slope where the next step starts lies behind the last stage.
        let (first, rest) = self.slopes.split_at_mut(1);
        first[0].copy_from_slice(&rest[last - 1]);
    }

    fn step(&mut self, field: &F, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        if self.lane.accepted {
            self.before.copy_from_slice(&self.after);
            let last = self.slopes.len() - 1;
            let (first, rest) = self.slopes.split_at_mut(1);
            first[0].copy_from_slice(&rest[last - 1]);
            self.lane.accepted = false;
            self.newton.next_step();
        }
        let (h, end) = self.lane.next_step(&self.tolerances, limit[0]);
        weigh(&self.tolerances, &self.before, &mut self.weights);
        if self.stages(field, h, end).is_none() {
            return [self.reject(h, 0.25)];
        }
        if self.tolerances.step.is_none() {
            let error = self.error(h);
            if error.is_nan() || error > 1.0 {
                let factor = self.lane.controller.reject(error);
                return [self.reject(h, factor)];
            }
            let factor = self.lane.controller.accept(error);
            let cut = h < 0.99 * self.lane.wanted;
            // A matrix that still serves is worth more than a slightly longer step.
            let factor = if (1.0..1.2).contains(&factor) {
                1.0
            } else {
                factor
            };
            let next = h * factor;
            self.lane.wanted = if cut {
                next.max(self.lane.wanted)
            } else {
                next
            };
        }
        if let Some(i) = self.at.iter().position(|x| !x.is_finite()) {
            return [Progress::Failed(Status::NotFinite, Some(i))];
        }
        self.after.copy_from_slice(&self.at);
        [self.lane.accept(h, end)]
    }

    fn time(&self, _lane: usize) -> f64 {
        self.lane.time
    }

    fn previous_time(&self, _lane: usize) -> f64 {
        self.lane.previous
    }

    fn state(&self, _lane: usize, x: &mut [f64]) {
        x.copy_from_slice(&self.after);
    }

    fn interpolate(&self, _lane: usize, t: f64, x: &mut [f64]) {
        let h = self.lane.computed;
        let theta = (t - self.lane.previous) / h;
        let rest = 1.0 - theta;
        let last = self.slopes.len() - 1;
        for (i, x) in x.iter_mut().enumerate() {
            let (a, b) = (self.before[i], self.after[i]);
            let (f, g) = (h * self.slopes[0][i], h * self.slopes[last][i]);
            let bend = (1.0 - 2.0 * theta) * (b - a) + (theta - 1.0) * f + theta * g;
            *x = rest * a + theta * b + theta * (theta - 1.0) * bend;
        }
    }

    fn tolerances(&self) -> Option<&Tolerances> {
        self.asked.step.is_none().then_some(&self.asked)
    }

    fn counts(&self, _lane: usize) -> Counts {
        Counts {
            evaluations: self.newton.evaluations,
            ..self.lane.counts
        }
    }

    fn step_length(&self, _lane: usize) -> f64 {
        self.lane.computed
    }

    fn save(&self, _lane: usize) -> Vec<f64> {
        let mut memory = self.lane.save().to_vec();
        memory.extend(&self.after);
        memory.extend(&self.slopes[self.slopes.len() - 1]);
        self.newton.save(&mut memory);
        memory
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        let (lane, rest) = memory.split_at(Lane::MEMORY);
        self.lane.restore(lane);
        let (state, rest) = rest.split_at(self.after.len());
        let (slope, rest) = rest.split_at(self.after.len());
        self.after.copy_from_slice(state);
        let last = self.slopes.len() - 1;
        self.slopes[last].copy_from_slice(slope);
        self.newton.restore(rest);
    }
}
