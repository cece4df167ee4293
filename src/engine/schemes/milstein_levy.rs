//! The scheme of Milstein with Levy areas, for noise whose channels do not commute.
//!
//! ```text
//! x_1 = x + h f + sum_j b_j w_j + sum_jk (b_k(x + b_j sqrt(h)) - b_k(x - b_j sqrt(h))) / (2 sqrt(h)) I_jk
//! I_jk = (w_j w_k - h delta_jk) / 2 + A_jk,     A_jk = int (W_j dW_k - W_k dW_j) / 2
//! ```
//!
//! The areas are those of the path itself, seen through as many pieces of the step as the run has steps, between 8 and 1024: a
//! piece's own area is estimated by its mean given its ends and the area under it, so n pieces leave an error of variance
//! h^2 / (12 n). What they cost is normal numbers, not evaluations of the model. Source: Milstein 1975; Kloeden, Platen, *Numerical Solution of
//! Stochastic Differential Equations*, 10.3; Foster, Lyons, Oberhauser, SIAM J. Numer. Anal. 58 (2020) 1393.

use crate::engine::card::{Card, Needs, Orders, Stepping, Stochastic};
use crate::engine::field::Field;
use crate::engine::stochastic::form::Form;
use crate::engine::stochastic::method::{At, Method, along, euler};
use crate::system::Smoothness;
use crate::system::aligned::Aligned;
use crate::system::noise::Calculus;

/// The card.
pub const CARD: Card = Card {
    name: "milstein-levy",
    title: "Milstein with Levy areas, any noise",
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
            Orders::new(1.0, 1.0),
        ],
        own_channels: false,
        reflects: false,
    }),
    reference: "Milstein 1975; Kloeden, Platen, Numerical Solution of SDEs, 10.3",
    use_when: "paths with noise whose channels do not commute, where the model is dear and normal numbers are cheap",
};

/// The formula.
pub struct MilsteinLevy {
    noise: Aligned,
    moved: Aligned,
    plus: Aligned,
    minus: Aligned,
}

impl Method for MilsteinLevy {
    const CARD: &'static Card = &CARD;
    const AREAS: bool = true;
    const LEVY: bool = true;

    fn new(dim: usize, form: Form, lanes: usize) -> Self {
        let state = || Aligned::zeros(dim * lanes);
        let coefficients = || Aligned::zeros(form.coefficients(dim) * lanes);
        Self {
            noise: state(),
            moved: state(),
            plus: coefficients(),
            minus: coefficients(),
        }
    }

    #[inline(always)]
    fn step<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        at: &At<'_, F, L>,
        to: &mut [f64],
        _error: &mut [f64],
    ) {
        euler(at, to, &mut self.noise);
        if at.form.constant {
            return;
        }
        let form = at.form;
        for moved in 0..form.moves() {
            for (sign, into) in [(1.0, &mut self.plus), (-1.0, &mut self.minus)] {
                let step = at.h.map(|h| sign * h.sqrt());
                along::<L>(form, moved, &step, at.x, at.b, &mut self.moved);
                at.diffusion(at.t, &self.moved, into);
            }
            for (i, to) in to.iter_mut().enumerate() {
                let (row, lane) = (i / L, i % L);
                let root = at.h[lane].sqrt();
                let slope = |channel: usize| {
                    let b = form.place(row, channel) * L + lane;
                    (self.plus[b] - self.minus[b]) / (2.0 * root)
                };
                if form.diagonal {
                    *to += slope(row) * at.twice(row, row, lane);
                } else {
                    for channel in 0..form.channels {
                        *to += slope(channel) * at.twice(moved, channel, lane);
                    }
                }
            }
        }
    }
}
