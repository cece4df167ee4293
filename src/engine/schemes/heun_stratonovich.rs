//! The scheme of Heun for equations of Stratonovich.
//!
//! ```text
//! x* = x + h f(t, x) + b(t, x) w
//! x_1 = x + h/2 (f(t, x) + f(t + h, x*)) + 1/2 (b(t, x) + b(t + h, x*)) w
//! ```
//!
//! Source: Ruemelin, *Numerical treatment of stochastic differential equations*, SIAM J. Numer. Anal. 19 (1982) 604.

use crate::engine::card::{Card, Needs, Orders, Stepping, Stochastic};
use crate::engine::field::Field;
use crate::engine::stochastic::form::Form;
use crate::engine::stochastic::method::{At, Method, advance, each, times};
use crate::system::Smoothness;
use crate::system::aligned::Aligned;
use crate::system::noise::Calculus;

/// The card.
pub const CARD: Card = Card {
    name: "heun-stratonovich",
    title: "Heun, for Stratonovich equations",
    order: 2,
    embedded_order: None,
    dense_order: 2,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 2,
    stability: "as Heun: steps below 2 / |rate|",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: Some(Stochastic {
        calculus: Calculus::Stratonovich,
        orders: [
            Orders::new(1.0, 2.0),
            Orders::new(1.0, 1.0),
            Orders::new(1.0, 1.0),
            Orders::new(0.5, 1.0),
        ],
        own_channels: false,
        reflects: false,
    }),
    reference: "Ruemelin, SIAM J. Numer. Anal. 19 (1982) 604",
    use_when: "equations of Stratonovich: limits of coloured noise, physics; no derivatives needed",
};

/// The formula.
pub struct HeunStratonovich {
    noise: Aligned,
    ahead: Aligned,
    f: Aligned,
    b: Aligned,
    after: Aligned,
}

impl Method for HeunStratonovich {
    const CARD: &'static Card = &CARD;

    fn new(dim: usize, form: Form, lanes: usize) -> Self {
        let state = || Aligned::zeros(dim * lanes);
        Self {
            noise: state(),
            ahead: state(),
            f: state(),
            b: Aligned::zeros(form.coefficients(dim) * lanes),
            after: state(),
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
        advance::<L>(&mut self.ahead, at.x, at.h, at.f, &self.noise);
        at.drift(at.end, &self.ahead, &mut self.f);
        at.diffusion(at.end, &self.ahead, &mut self.b);
        times::<L>(at.form, &self.b, at.w, &mut self.after);
        let (f, g) = (&self.f, &self.noise);
        let after = &self.after;
        each::<L>(to, |i, lane| {
            at.x[i] + 0.5 * at.h[lane] * (at.f[i] + f[i]) + 0.5 * (g[i] + after[i])
        });
    }
}
