//! The scheme SRA1 of Roessler: strong order 3/2 for additive noise, which may depend on time.
//!
//! ```text
//! H = x + 3/4 h f(t, x) + 3/2 b(t + h) z / h
//! x_1 = x + h (1/3 f(t, x) + 2/3 f(t + 3/4 h, H)) + b(t + h) w + (b(t) - b(t + h)) z / h
//! error   |h/6 (f(t + 3/4 h, H) - f(t, x))| + |(b(t) - b(t + h)) z / h|
//! ```
//!
//! Source: Roessler, *Runge-Kutta methods for the strong approximation of solutions of stochastic differential equations*, SIAM J. Numer.
//! Anal. 48 (2010) 922; the error estimate after Rackauckas, Nie, Discrete Contin. Dyn. Syst. B 22 (2017) 2731.

use crate::engine::card::{Card, Needs, Orders, Stepping, Stochastic};
use crate::engine::field::Field;
use crate::engine::stochastic::form::Form;
use crate::engine::stochastic::method::{At, Method, each, times};
use crate::system::Smoothness;
use crate::system::aligned::Aligned;
use crate::system::noise::Calculus;

/// The card.
pub const CARD: Card = Card {
    name: "sra1",
    title: "Roessler's SRA1, additive noise",
    order: 2,
    embedded_order: Some(1),
    dense_order: 2,
    stepping: Stepping::Either,
    locates_kinks: false,
    evaluations: 2,
    stability: "as a two-stage explicit scheme: steps below 2 / |rate|",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: Some(Stochastic {
        calculus: Calculus::Ito,
        orders: [Orders::new(1.5, 2.0), None, None, None],
        own_channels: false,
        reflects: false,
    }),
    reference: "Roessler, SIAM J. Numer. Anal. 48 (2010) 922",
    use_when: "additive noise: the most accurate paths for the cost, with error control unless `step` is given",
};

/// The formula.
pub struct Sra1 {
    inner: Aligned,
    f: Aligned,
    b: Aligned,
    /// b(t + h) w, b(t + h) z and b(t) z
    w_end: Aligned,
    z_end: Aligned,
    z_start: Aligned,
}

impl Method for Sra1 {
    const CARD: &'static Card = &CARD;
    const AREAS: bool = true;

    fn new(dim: usize, form: Form, lanes: usize) -> Self {
        let state = || Aligned::zeros(dim * lanes);
        Self {
            inner: state(),
            f: state(),
            b: Aligned::zeros(form.coefficients(dim) * lanes),
            w_end: state(),
            z_end: state(),
            z_start: state(),
        }
    }

    #[inline(always)]
    fn step<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        at: &At<'_, F, L>,
        to: &mut [f64],
        error: &mut [f64],
    ) {
        if at.form.constant && at.form.diagonal && at.form.channels > 0 {
            self.steady(at, to, error);
            return;
        }
        at.diffusion(at.end, at.x, &mut self.b);
        times::<L>(at.form, &self.b, at.w, &mut self.w_end);
        times::<L>(at.form, &self.b, at.z, &mut self.z_end);
        times::<L>(at.form, at.b, at.z, &mut self.z_start);
        let per_step: [f64; L] = at.h.map(|h| 1.0 / h);
        let z_end = &self.z_end;
        each::<L>(&mut self.inner, |i, lane| {
            at.x[i] + 0.75 * at.h[lane] * at.f[i] + 1.5 * (z_end[i] * per_step[lane])
        });
        at.drift(&at.time(0.75), &self.inner, &mut self.f);
        let (f, w_end, z_start) = (&self.f, &self.w_end, &self.z_start);
        each::<L>(to, |i, lane| {
            let drift = at.f[i] * (1.0 / 3.0) + f[i] * (2.0 / 3.0);
            at.x[i] + at.h[lane] * drift + w_end[i] + (z_start[i] - z_end[i]) * per_step[lane]
        });
        if !error.is_empty() {
            each::<L>(error, |i, lane| {
                let drift = at.h[lane] * (1.0 / 6.0) * (f[i] - at.f[i]);
                drift.abs() + ((z_start[i] - z_end[i]) * per_step[lane]).abs()
            });
        }
    }
}

impl Sra1 {
    /// The step with coefficients that are a diagonal and never change: most of it falls away.
    #[inline(always)]
    fn steady<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        at: &At<'_, F, L>,
        to: &mut [f64],
        error: &mut [f64],
    ) {
        let (h, x, f1) = (at.h, at.x, at.f);
        let [b, w, z] = [at.b, at.w, at.z].map(|all| all.as_chunks::<L>().0);
        let (x, f1) = (x.as_chunks::<L>().0, f1.as_chunks::<L>().0);
        let per_step: [f64; L] = h.map(|h| 1.5 / h);
        for (row, inner) in self.inner.as_chunks_mut::<L>().0.iter_mut().enumerate() {
            for lane in 0..L {
                let noise = b[row][lane] * z[row][lane] * per_step[lane];
                inner[lane] = x[row][lane] + 0.75 * h[lane] * f1[row][lane] + noise;
            }
        }
        at.drift(&at.time(0.75), &self.inner, &mut self.f);
        let f2 = self.f.as_chunks::<L>().0;
        for (row, to) in to.as_chunks_mut::<L>().0.iter_mut().enumerate() {
            for lane in 0..L {
                let drift = f1[row][lane] * (1.0 / 3.0) + f2[row][lane] * (2.0 / 3.0);
                to[lane] = x[row][lane] + h[lane] * drift + b[row][lane] * w[row][lane];
            }
        }
        for (row, error) in error.as_chunks_mut::<L>().0.iter_mut().enumerate() {
            for lane in 0..L {
                error[lane] = (h[lane] * (1.0 / 6.0) * (f2[row][lane] - f1[row][lane])).abs();
            }
        }
    }
}
