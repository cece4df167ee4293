//! Backward differentiation formulas of orders 1 to 5 with variable order and step.
//!
//! ```text
//! sum_{k=1}^q (1/k) nabla^k x_{n+1} - kappa_q gamma_q (x_{n+1} - predicted) = h f(t_{n+1}, x_{n+1}),   gamma_q = sum 1/j
//! ```
//!
//! on backward differences D_k of equal steps; a new step length rescales them by interpolation (quasi-constant
//! steps). The kappas are those of the numerical differentiation formulas, which allow longer steps at nearly the same
//! stability. Between steps the solution is the polynomial of the differences. Sources: Byrne, Hindmarsh, *ACM Trans.
//! Math. Softw.* 1 (1975) 71; Shampine, Reichelt, *SIAM J. Sci. Comput.* 18 (1997) 1.

use crate::engine::card::{Card, Mismatch, Needs, Stepping};
use crate::engine::explicit::Tolerances;
use crate::engine::field::Field;
use crate::engine::lane::{least_step, representable};
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Progress, Scheme};
use crate::engine::stiff::diagonally_implicit::{first_step, newton_tolerance, tighter, weigh};
use crate::engine::stiff::newton::{Equation, Newton};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "bdf",
    title: "backward differentiation, orders 1 to 5",
    order: 5,
    embedded_order: None,
    dense_order: 5,
    stepping: Stepping::Adaptive,
    locates_kinks: false,
    evaluations: 2,
    stability: "A-stable up to order 2, A(76), A(65) and A(51) degrees at orders 3, 4 and 5",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Shampine, Reichelt, SIAM J. Sci. Comput. 18 (1997) 1",
    use_when: "stiff problems; the first choice, unless events interrupt it often",
};

const MOST: usize = 5;
/// Errors of h^6 in every step of order 5 are one of h^5 at the end: to follow the tolerance, the first must be its
/// power 6/5, times this.
const STRICT: f64 = 2.5;
const KAPPA: [f64; MOST + 1] = [0.0, -0.1850, -1.0 / 9.0, -0.0823, -0.0415, 0.0];
/// gamma_q = sum_{j=1}^q 1/j
const GAMMA: [f64; MOST + 1] = [
    0.0,
    1.0,
    1.0 + 1.0 / 2.0,
    1.0 + 1.0 / 2.0 + 1.0 / 3.0,
    1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0,
    1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0 + 1.0 / 5.0,
];

fn alpha(order: usize) -> f64 {
    (1.0 - KAPPA[order]) * GAMMA[order]
}

/// The error of a step in units of the next difference. Order 0 and 6 are asked for when orders are compared.
fn error_constant(order: usize) -> f64 {
    match order {
        order if order > MOST => 1.0 / (order as f64 + 1.0),
        _ => KAPPA[order] * GAMMA[order] + 1.0 / (order as f64 + 1.0),
    }
}

/// What the next step changes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Next {
    order: usize,
    factor: f64,
}

/// The scheme at work on one run.
pub struct Bdf {
    /// What was asked for, and what that makes of the error of a step.
    asked: Tolerances,
    tolerances: Tolerances,
    newton: Newton,
    counts: Counts,
    time: f64,
    previous: f64,
    h: f64,
    /// The length of the run: no first step is longer.
    span: f64,
    order: usize,
    equal_steps: usize,
    next: Next,
    /// nabla^k x at the end of the last step, k = 0 .. 7.
    differences: Vec<Vec<f64>>,
    weights: Vec<f64>,
    predicted: Vec<f64>,
    psi: Vec<f64>,
    change: Vec<f64>,
    at: Vec<f64>,
}

impl Bdf {
    /// The scheme for a field.
    ///
    /// # Errors
    /// If a fixed step is asked for.
    pub fn new<F: Field<1> + ?Sized>(field: &F, tolerances: Tolerances) -> Result<Self, Mismatch> {
        if tolerances.step.is_some() {
            return Err(Mismatch {
                scheme: CARD.name,
                reason: "it always controls its error".into(),
                help: "use `tr-bdf2` or `esdirk34` with a fixed step".into(),
            });
        }
        let strict = STRICT * tolerances.rtol.powf(-1.0 / 6.0);
        let asked = tolerances.clone();
        let tolerances = tighter(tolerances, strict);
        let dim = field.dim();
        let zeros = || vec![0.0; dim];
        Ok(Self {
            newton: Newton::new(field.measured(), newton_tolerance(&tolerances)),
            asked,
            tolerances,
            counts: Counts::default(),
            time: 0.0,
            previous: 0.0,
            h: 0.0,
            span: 0.0,
            order: 1,
            equal_steps: 0,
            next: Next {
                order: 1,
                factor: 1.0,
            },
            differences: vec![zeros(); MOST + 3],
            weights: zeros(),
            predicted: zeros(),
            psi: zeros(),
            change: zeros(),
            at: zeros(),
        })
    }

    /// Rescale the differences to steps about `factor` times as long.
    #[allow(
        clippy::needless_range_loop,
        reason = "products of two small matrices, as written down"
    )]
    fn rescale(&mut self, factor: f64) {
        if factor == 1.0 {
            return;
        }
        let factor = self.on_the_clock(factor);
        let q = self.order;
        let (to, from) = (interpolation(q, factor), interpolation(q, 1.0));
        let mut old = [0.0; MOST + 1];
        for i in 0..self.at.len() {
            for k in 0..=q {
                old[k] = self.differences[k][i];
            }
            let mut middle = [0.0; MOST + 1];
            for (k, middle) in middle[..=q].iter_mut().enumerate() {
                *middle = (0..=q).map(|j| to[j][k] * old[j]).sum();
            }
            for k in 0..=q {
                self.differences[k][i] = (0..=q).map(|j| from[j][k] * middle[j]).sum();
            }
        }
        self.h *= factor;
        self.equal_steps = 0;
    }

    /// The factor that makes the next steps about `factor` times as long, of a length that the clock can represent.
    fn on_the_clock(&self, factor: f64) -> f64 {
        representable(self.time, self.h * factor) / self.h
    }

    /// Take up the order and the length decided after the last step.
    fn take_next(&mut self) {
        let Next { order, factor } = self.next;
        let longest = self.tolerances.max_step / self.h;
        let factor = match factor > longest {
            // Within rounding of the longest step nothing is to be changed.
            true if (longest - 1.0).abs() < 1e-9 => 1.0,
            true => longest,
            false => factor,
        };
        if order != self.order || factor != 1.0 {
            self.order = order;
            self.equal_steps = 0;
            self.rescale(factor);
        }
        self.next = Next {
            order: self.order,
            factor: 1.0,
        };
    }

    /// Predict the end of the step from the differences.
    #[allow(clippy::needless_range_loop, reason = "k is the order of a difference")]
    fn predict(&mut self) {
        let a = alpha(self.order);
        self.predicted.copy_from_slice(&self.differences[0]);
        self.psi.fill(0.0);
        for k in 1..=self.order {
            let weight = GAMMA[k] / a;
            let rows = self.predicted.iter_mut().zip(&mut self.psi);
            for ((predicted, psi), d) in rows.zip(&self.differences[k]) {
                *predicted += d;
                *psi += weight * d;
            }
        }
    }

    /// Try again with a shorter step.
    fn shorten(&mut self, factor: f64) -> Progress {
        self.counts.rejected += 1;
        self.rescale(factor);
        self.next.order = self.order;
        if self.h < least_step(self.time) {
            let component = self.at.iter().position(|x| !x.is_finite());
            let status = match component {
                Some(_) => Status::NotFinite,
                None => Status::StepUnderflow,
            };
            return Progress::Failed(status, component);
        }
        Progress::Rejected
    }

    /// Decide order and length of the next step.
    fn choose(&mut self, error: f64, safety: f64) {
        let q = self.order;
        if self.equal_steps <= q {
            return;
        }
        let estimate = |order: usize, difference: usize| {
            let size = self
                .newton
                .norm(&self.differences[difference], &self.weights);
            error_constant(order).abs() * size
        };
        let factor = |order: usize, error: f64| match error > 0.0 {
            true => error.powf(-1.0 / (order as f64 + 1.0)),
            false => 10.0,
        };
        let mut best = (q, factor(q, error));
        if q > 1 {
            let lower = factor(q - 1, estimate(q - 1, q));
            if lower > best.1 {
                best = (q - 1, lower);
            }
        }
        if q < MOST {
            let higher = factor(q + 1, estimate(q + 1, q + 2));
            if higher > best.1 {
                best = (q + 1, higher);
            }
        }
        let factor = (safety * best.1).min(10.0);
        // A matrix that still serves is worth more than a slightly longer step.
        if best.0 == q && (1.0..1.2).contains(&factor) {
            self.equal_steps = q + 1;
            return;
        }
        self.next = Next {
            order: best.0,
            factor: factor.max(0.2),
        };
    }
}

/// The matrix that takes backward differences of steps of length 1 to values at steps of length `factor`.
#[allow(
    clippy::needless_range_loop,
    reason = "a matrix by its indices, as written down"
)]
fn interpolation(order: usize, factor: f64) -> [[f64; MOST + 1]; MOST + 1] {
    let mut m = [[0.0; MOST + 1]; MOST + 1];
    m[0] = [1.0; MOST + 1];
    for i in 1..=order {
        for j in 1..=order {
            m[i][j] = m[i - 1][j] * (i as f64 - 1.0 - factor * j as f64) / i as f64;
        }
    }
    for row in &mut m[1..] {
        row[0] = 0.0;
    }
    m
}

impl<F: Field<1> + ?Sized> Scheme<F, 1> for Bdf {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn start(&mut self, field: &F, lane: usize, t: f64, x: &[f64], stop: f64) {
        self.counts = Counts::default();
        self.newton.start(field, t.next_up(), x);
        self.span = stop - t;
        self.restart(field, lane, t, x);
        if let Some(first) = self.tolerances.first_step {
            self.rescale(first.min(self.span) / self.h);
        }
    }

    fn restart(&mut self, field: &F, _lane: usize, t: f64, x: &[f64]) {
        (self.time, self.previous, self.order, self.equal_steps) = (t, t, 1, 0);
        self.next = Next {
            order: 1,
            factor: 1.0,
        };
        self.newton.forget();
        weigh(&self.tolerances, x, &mut self.weights);
        let mut slope = vec![0.0; x.len()];
        self.newton.drift(field, t.next_up(), x, &mut slope);
        let start = (t, x, &*slope);
        self.h = first_step(
            &mut self.newton,
            field,
            &self.weights,
            start,
            1.0,
            self.span,
        );
        self.h = representable(t, self.h.min(self.tolerances.max_step));
        self.differences.iter_mut().for_each(|d| d.fill(0.0));
        self.differences[0].copy_from_slice(x);
        for (d, f) in self.differences[1].iter_mut().zip(&slope) {
            *d = self.h * f;
        }
    }

    fn step(&mut self, field: &F, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        if self.time == self.previous
            && let Some(i) = self.differences[1].iter().position(|d| !d.is_finite())
        {
            // The drift is not finite where the run starts: the state is kept as it is.
            return [Progress::Failed(Status::NotFinite, Some(i))];
        }
        self.take_next();
        let rest = limit[0] - self.time;
        let reaches = 1.01 * self.h >= rest;
        if reaches {
            self.rescale(rest / self.h);
            self.h = rest;
        }
        let end = if reaches {
            limit[0]
        } else {
            self.time + self.h
        };
        self.predict();
        weigh(&self.tolerances, &self.predicted, &mut self.weights);
        self.newton.next_step();
        self.change.fill(0.0);
        let equation = Equation {
            t: end,
            x: &self.predicted,
            c: self.h / alpha(self.order),
            psi: &self.psi,
            h: self.h,
            weights: &self.weights,
        };
        let solved = self
            .newton
            .solve(field, &equation, &mut self.change, &mut self.at);
        let Some(iterations) = solved else {
            return [self.shorten(0.5)];
        };
        let safety = 0.9 * 9.0 / (8.0 + f64::from(iterations));
        weigh(&self.tolerances, &self.at, &mut self.weights);
        let error = error_constant(self.order) * self.newton.norm(&self.change, &self.weights);
        if error > 1.0 || error.is_nan() {
            let factor = safety * error.powf(-1.0 / (self.order as f64 + 1.0));
            return [self.shorten(if factor > 0.2 { factor } else { 0.2 })];
        }
        let q = self.order;
        for (i, &d) in self.change.iter().enumerate() {
            self.differences[q + 2][i] = d - self.differences[q + 1][i];
            self.differences[q + 1][i] = d;
            for k in (0..=q).rev() {
                self.differences[k][i] += self.differences[k + 1][i];
            }
        }
        (self.previous, self.time) = (self.time, end);
        self.counts.steps += 1;
        self.equal_steps += 1;
        self.choose(error, safety);
        [Progress::Accepted]
    }

    fn time(&self, _lane: usize) -> f64 {
        self.time
    }

    fn previous_time(&self, _lane: usize) -> f64 {
        self.previous
    }

    fn state(&self, _lane: usize, x: &mut [f64]) {
        x.copy_from_slice(&self.differences[0]);
    }

    fn interpolate(&self, _lane: usize, t: f64, x: &mut [f64]) {
        x.copy_from_slice(&self.differences[0]);
        let mut product = 1.0;
        for k in 1..=self.order {
            product *= (t - self.time + (k - 1) as f64 * self.h) / (k as f64 * self.h);
            for (x, d) in x.iter_mut().zip(&self.differences[k]) {
                *x += product * d;
            }
        }
    }

    fn tolerances(&self) -> Option<&Tolerances> {
        Some(&self.asked)
    }

    fn counts(&self, _lane: usize) -> Counts {
        Counts {
            evaluations: self.newton.evaluations,
            ..self.counts
        }
    }

    fn step_length(&self, _lane: usize) -> f64 {
        self.h
    }

    fn save(&self, _lane: usize) -> Vec<f64> {
        let mut memory = vec![
            self.time,
            self.h,
            self.span,
            self.order as f64,
            self.equal_steps as f64,
            self.next.order as f64,
            self.next.factor,
            self.counts.steps as f64,
            self.counts.rejected as f64,
        ];
        memory.extend(self.differences.iter().flatten());
        self.newton.save(&mut memory);
        memory
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        let (head, mut rest) = memory.split_at(9);
        (self.time, self.previous, self.h) = (head[0], head[0], head[1]);
        self.span = head[2];
        (self.order, self.equal_steps) = (head[3] as usize, head[4] as usize);
        self.next = Next {
            order: head[5] as usize,
            factor: head[6],
        };
        (self.counts.steps, self.counts.rejected) = (head[7] as u64, head[8] as u64);
        for difference in &mut self.differences {
            let (values, behind) = rest.split_at(difference.len());
            difference.copy_from_slice(values);
            rest = behind;
        }
        self.newton.restore(rest);
    }
}
