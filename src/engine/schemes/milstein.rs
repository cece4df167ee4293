//! The scheme of Milstein for noise whose channels commute.
//!
//! ```text
//! diagonal      x_1 = x + h f + b w + 1/2 (db/dx) b (w^2 - h)
//! commutative   x_1 = x + h f - h/2 sum_j (db_j/dx) b_j + sum_j b_j(t, x + 1/2 sum_k b_k w_k) w_j
//! ```
//!
//! The second is the first up to terms of order 3/2 with mean 0: `sum_jk (db_k/dx) b_j w_j w_k / 2` is a difference of `b` along the
//! increment. Source: Milstein, *Approximate integration of stochastic differential equations*, Theory Probab. Appl. 19 (1975) 557;
//! Kloeden, Platen, *Numerical Solution of Stochastic Differential Equations*, 10.3.

use crate::engine::card::{Card, Needs, Orders, Stepping, Stochastic};
use crate::engine::field::Field;
use crate::engine::stochastic::form::Form;
use crate::engine::stochastic::method::{At, Method, advance, each, times};
use crate::system::Smoothness;
use crate::system::aligned::Aligned;
use crate::system::noise::{Calculus, NoiseClass};

/// The card.
pub const CARD: Card = Card {
    name: "milstein",
    title: "Milstein",
    order: 1,
    embedded_order: None,
    dense_order: 1,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 1,
    stability: "as Euler: steps below 2 / |rate|",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: Some(Stochastic {
        calculus: Calculus::Ito,
        orders: [
            Orders::new(1.0, 1.0),
            Orders::new(1.0, 1.0),
            Orders::new(1.0, 1.0),
            None,
        ],
        own_channels: false,
        reflects: false,
    }),
    reference: "Milstein 1975; Kloeden, Platen, Numerical Solution of SDEs, 10.3",
    use_when: "paths rather than means, with noise that depends on the state",
};

/// The formula.
pub struct Milstein {
    noise: Aligned,
    correction: Aligned,
    moved: Aligned,
    b: Aligned,
}

impl Method for Milstein {
    const CARD: &'static Card = &CARD;

    fn new(dim: usize, form: Form, lanes: usize) -> Self {
        let state = || Aligned::zeros(dim * lanes);
        Self {
            noise: state(),
            correction: state(),
            moved: state(),
            b: Aligned::zeros(form.coefficients(dim) * lanes),
        }
    }

    #[inline(always)]
    fn step<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        at: &At<'_, F, L>,
        to: &mut [f64],
        _error: &mut [f64],
    ) {
        times::<L>(at.form, at.b, at.w, &mut self.noise);
        if at.form.class == NoiseClass::Additive {
            advance::<L>(to, at.x, at.h, at.f, &self.noise);
            return;
        }
        at.correction(&mut self.correction);
        let c = &self.correction;
        if at.form.diagonal {
            let (x, f, w, g) = (at.x, at.f, at.w, &self.noise);
            each::<L>(to, |i, lane| {
                let h = at.h[lane];
                x[i] + h * f[i] + g[i] + 0.5 * c[i] * (w[i] * w[i] - h)
            });
            return;
        }
        each::<L>(&mut self.moved, |i, _| at.x[i] + 0.5 * self.noise[i]);
        at.diffusion(at.t, &self.moved, &mut self.b);
        times::<L>(at.form, &self.b, at.w, &mut self.noise);
        let g = &self.noise;
        each::<L>(to, |i, lane| {
            at.x[i] + at.h[lane] * (at.f[i] - 0.5 * c[i]) + g[i]
        });
    }
}
