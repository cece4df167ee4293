//! The explicit scheme of Platen of weak order 2, for any noise.
//!
//! ```text
//! Y = x + h f + sum_j b_j w_j,    R_j+- = x + h f +- sqrt(h) b_j,    U_j+- = x +- sqrt(h) b_j
//! x_1 = x + h/2 (f(Y) + f)
//!   + 1/4 sum_j [ (b_j(R_j+) + b_j(R_j-) + 2 b_j) w_j + (b_j(R_j+) - b_j(R_j-)) (w_j^2 - h) / sqrt(h) ]
//!   + 1/4 sum_(r != j) [ (b_j(U_r+) + b_j(U_r-) - 2 b_j) w_j + (b_j(U_r+) - b_j(U_r-)) (w_j w_r + V_rj) / sqrt(h) ]
//! V_rj = -V_jr = +-h with probability 1/2
//! ```
//!
//! The signs of V come from those of the areas' independent part: V_rj = h s_r s_j for r < j, which has the moments that order 2
//! needs. Source: Kloeden, Platen, *Numerical Solution of Stochastic Differential Equations* (1992), (15.1.3).

use crate::engine::card::{Card, Needs, Orders, Stepping, Stochastic};
use crate::engine::field::Field;
use crate::engine::stochastic::form::Form;
use crate::engine::stochastic::method::{At, Method, along, each, euler};
use crate::system::Smoothness;
use crate::system::aligned::Aligned;
use crate::system::noise::Calculus;

/// The card.
pub const CARD: Card = Card {
    name: "platen-weak-2",
    title: "Platen's explicit scheme of weak order 2",
    order: 2,
    embedded_order: None,
    dense_order: 2,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 2,
    stability: "as Heun: steps below 2 / |rate|",
    needs: Needs::Nothing,
    smoothness: Smoothness::Smooth,
    noise: Some(Stochastic {
        calculus: Calculus::Ito,
        orders: [
            Orders::new(1.0, 2.0),
            Orders::new(1.0, 2.0),
            Orders::new(1.0, 2.0),
            Orders::new(0.5, 2.0),
        ],
        own_channels: false,
        reflects: false,
    }),
    reference: "Kloeden, Platen, Numerical Solution of SDEs, (15.1.3)",
    use_when: "means, moments and densities with any noise, where paths do not matter",
};

/// The formula.
pub struct PlatenWeak2 {
    dim: usize,
    noise: Aligned,
    moved: Aligned,
    /// x + h f
    ahead: Aligned,
    f: Aligned,
    plus: Aligned,
    minus: Aligned,
    sum: Aligned,
}

impl Method for PlatenWeak2 {
    const CARD: &'static Card = &CARD;
    const AREAS: bool = true;

    fn new(dim: usize, form: Form, lanes: usize) -> Self {
        let state = || Aligned::zeros(dim * lanes);
        let coefficients = || Aligned::zeros(form.coefficients(dim) * lanes);
        Self {
            dim,
            noise: state(),
            moved: state(),
            ahead: state(),
            f: state(),
            sum: state(),
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
        euler(at, &mut self.moved, &mut self.noise);
        at.drift(at.end, &self.moved, &mut self.f);
        self.sum.fill(0.0);
        each::<L>(&mut self.ahead, |i, lane| at.x[i] + at.h[lane] * at.f[i]);
        for channel in 0..at.form.moves() {
            self.own::<F, L>(at, channel);
            if !at.form.diagonal {
                self.others::<F, L>(at, channel);
            }
        }
        let (f, sum) = (&self.f, &self.sum);
        each::<L>(to, |i, lane| {
            at.x[i] + 0.5 * at.h[lane] * (f[i] + at.f[i]) + 0.25 * sum[i]
        });
    }
}

impl PlatenWeak2 {
    /// The coefficients on both sides of `from` along a channel.
    fn both<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        at: &At<'_, F, L>,
        channel: usize,
        (t, from): (&[f64; L], &[f64]),
    ) {
        for (sign, into) in [(1.0, &mut self.plus), (-1.0, &mut self.minus)] {
            let step = at.h.map(|h| sign * h.sqrt());
            along::<L>(at.form, channel, &step, from, at.b, &mut self.moved);
            at.diffusion(t, &self.moved, into);
        }
    }

    fn own<F: Field<L> + ?Sized, const L: usize>(&mut self, at: &At<'_, F, L>, channel: usize) {
        let ahead = std::mem::take(&mut self.ahead);
        self.both(at, channel, (at.end, &ahead));
        self.ahead = ahead;
        for (i, sum) in self.sum.iter_mut().enumerate() {
            let (component, lane) = (i / L, i % L);
            let b = at.form.place(component, channel) * L + lane;
            // The channel that acts here.
            let acting = if at.form.diagonal { component } else { channel };
            let (w, h) = (at.w[acting * L + lane], at.h[lane]);
            *sum += (self.plus[b] + self.minus[b] + 2.0 * at.b[b]) * w
                + (self.plus[b] - self.minus[b]) * ((w * w - h) / h.sqrt());
        }
    }

    /// How the other channels change along this one.
    fn others<F: Field<L> + ?Sized, const L: usize>(&mut self, at: &At<'_, F, L>, moved: usize) {
        self.both(at, moved, (at.t, at.x));
        let sign = |channel: usize, lane: usize| {
            let at_lane = channel * L + lane;
            (at.z[at_lane] - 0.5 * at.h[lane] * at.w[at_lane]).signum()
        };
        for channel in (0..at.form.channels).filter(|&channel| channel != moved) {
            for component in 0..self.dim {
                for lane in 0..L {
                    let b = at.form.place(component, channel) * L + lane;
                    let (w, h) = (at.w[channel * L + lane], at.h[lane]);
                    let order = if moved < channel { 1.0 } else { -1.0 };
                    let v = order * h * sign(moved, lane) * sign(channel, lane);
                    let both = w * at.w[moved * L + lane] + v;
                    self.sum[component * L + lane] +=
                        (self.plus[b] + self.minus[b] - 2.0 * at.b[b]) * w
                            + (self.plus[b] - self.minus[b]) * (both / h.sqrt());
                }
            }
        }
    }
}
