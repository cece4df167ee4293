//! The scheme of Euler and Maruyama `x_1 = x + h f(t, x) + b(t, x) w`: the simplest there is, for any noise.
//!
//! Source: Maruyama, *Continuous Markov processes and stochastic equations*, Rend. Circ. Mat. Palermo 4 (1955) 48; Kloeden, Platen,
//! *Numerical Solution of Stochastic Differential Equations*, 10.2. With additive noise it is the scheme of Milstein.

use crate::engine::card::{Card, Needs, Orders, Stepping, Stochastic};
use crate::engine::field::Field;
use crate::engine::stochastic::form::Form;
use crate::engine::stochastic::method::{At, Method, euler};
use crate::system::Smoothness;
use crate::system::aligned::Aligned;
use crate::system::noise::Calculus;

/// The card.
pub const CARD: Card = Card {
    name: "euler-maruyama",
    title: "Euler and Maruyama",
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
            Orders::new(0.5, 1.0),
            Orders::new(0.5, 1.0),
            Orders::new(0.5, 1.0),
        ],
        own_channels: false,
        reflects: true,
    }),
    reference: "Maruyama 1955; Kloeden, Platen, Numerical Solution of SDEs, 10.2",
    use_when: "any noise at the least cost per step; noise in a closed set, reflected at its faces",
};

/// The formula.
pub struct EulerMaruyama {
    noise: Aligned,
}

impl Method for EulerMaruyama {
    const CARD: &'static Card = &CARD;

    fn new(dim: usize, _form: Form, lanes: usize) -> Self {
        Self {
            noise: Aligned::zeros(dim * lanes),
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
    }
}
