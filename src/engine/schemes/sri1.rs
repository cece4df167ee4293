//! The scheme SRI1W1 of Roessler: strong order 3/2 for diagonal noise.
//!
//! ```text
//! H_i = x + sum_j A_ij h f(H_j) + sum_j B_ij g(K_j) z / h           i = 1, 2
//! K_i = x + sum_j C_ij h f(H_j) + sum_j D_ij g(K_j) sqrt(h)         i = 1 ... 4
//! x_1 = x + sum_i a_i h f(H_i) + sum_i (p_i w + q_i I_11 / sqrt(h) + r_i z / h + s_i I_111 / h) g(K_i)
//! I_11 = (w^2 - h) / 2,   I_111 = (w^3 - 3 h w) / 6
//! error   |h/6 (f(H_2) - f(H_1))| + |sum_i (r_i z / h + s_i I_111 / h) g(K_i)|
//! ```
//!
//! componentwise: channel i acts on component i alone. Source: Roessler, *Runge-Kutta methods for the strong approximation of
//! solutions of stochastic differential equations*, SIAM J. Numer. Anal. 48 (2010) 922, Table 6.2; the error estimate after
//! Rackauckas, Nie, Discrete Contin. Dyn. Syst. B 22 (2017) 2731.

use crate::engine::card::{Card, Needs, Orders, Stepping, Stochastic};
use crate::engine::field::Field;
use crate::engine::stochastic::form::Form;
use crate::engine::stochastic::method::{At, Method, each};
use crate::system::Smoothness;
use crate::system::aligned::Aligned;
use crate::system::noise::Calculus;

/// The card.
pub const CARD: Card = Card {
    name: "sri1",
    title: "Roessler's SRI1, diagonal noise",
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
        orders: [Orders::new(1.5, 2.0), Orders::new(1.5, 2.0), None, None],
        own_channels: true,
        reflects: false,
    }),
    reference: "Roessler, SIAM J. Numer. Anal. 48 (2010) 922",
    use_when: "noise of each component by itself: the most accurate paths, with error control unless `step` is given",
};

/// The nodes of K_2, K_3, K_4, and the weights p, q, r, s of g(K_1) ... g(K_4).
const NODES: [f64; 3] = [0.25, 1.0, 0.25];
const P: [f64; 4] = [-1.0, 4.0 / 3.0, 2.0 / 3.0, 0.0];
const Q: [f64; 4] = [-1.0, 4.0 / 3.0, -1.0 / 3.0, 0.0];
const R: [f64; 4] = [2.0, -4.0 / 3.0, -2.0 / 3.0, 0.0];
const S: [f64; 4] = [-2.0, 5.0 / 3.0, -2.0 / 3.0, 1.0];

/// The formula.
pub struct Sri1 {
    inner: Aligned,
    f: Aligned,
    /// g(K_2), g(K_3), g(K_4)
    g: [Aligned; 3],
}

impl Method for Sri1 {
    const CARD: &'static Card = &CARD;
    const AREAS: bool = true;

    fn new(dim: usize, form: Form, lanes: usize) -> Self {
        let state = || Aligned::zeros(dim * lanes);
        Self {
            inner: state(),
            f: state(),
            g: std::array::from_fn(|_| Aligned::zeros(form.coefficients(dim) * lanes)),
        }
    }

    #[inline(always)]
    fn step<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        at: &At<'_, F, L>,
        to: &mut [f64],
        error: &mut [f64],
    ) {
        let roots = at.h.map(f64::sqrt);
        let (x, h, f1, g1) = (at.x, at.h, at.f, at.b);
        let noisy = at.form.channels > 0;
        // H_2, which needs g(K_1) alone.
        each::<L>(&mut self.inner, |i, lane| {
            let noise = if noisy {
                1.5 * g1[i] * (at.z[i] / h[lane])
            } else {
                0.0
            };
            x[i] + 0.75 * h[lane] * f1[i] + noise
        });
        at.drift(&at.time(0.75), &self.inner, &mut self.f);
        let f2 = &self.f;
        if !noisy {
            error.fill(0.0);
            each::<L>(to, |i, lane| {
                x[i] + h[lane] * (f1[i] * (1.0 / 3.0) + f2[i] * (2.0 / 3.0))
            });
        } else {
            let [g2, g3, g4] = &mut self.g;
            each::<L>(&mut self.inner, |i, lane| {
                x[i] + 0.25 * h[lane] * f1[i] + 0.5 * g1[i] * roots[lane]
            });
            at.diffusion(&at.time(NODES[0]), &self.inner, g2);
            each::<L>(&mut self.inner, |i, lane| {
                x[i] + h[lane] * f1[i] - g1[i] * roots[lane]
            });
            at.diffusion(&at.time(NODES[1]), &self.inner, g3);
            each::<L>(&mut self.inner, |i, lane| {
                // g(K_1) to g(K_3) by rows of D; of f it has the third stage, which is the first.
                let noise = -5.0 * g1[i] + 3.0 * g2[i] + 0.5 * g3[i];
                x[i] + 0.25 * h[lane] * f1[i] + noise * roots[lane]
            });
            at.diffusion(&at.time(NODES[2]), &self.inner, g4);
            let weights = |i: usize, lane: usize| {
                let (w, h) = (at.w[i], h[lane]);
                let twice = 0.5 * (w * w - h) / roots[lane];
                let thrice = w * (w * w - 3.0 * h) / (6.0 * h);
                (w, twice, at.z[i] / h, thrice)
            };
            each::<L>(to, |i, lane| {
                let (w, twice, area, thrice) = weights(i, lane);
                let of = |k: usize| P[k] * w + Q[k] * twice + R[k] * area + S[k] * thrice;
                let drift = f1[i] * (1.0 / 3.0) + f2[i] * (2.0 / 3.0);
                let noise = of(0) * g1[i] + of(1) * g2[i] + of(2) * g3[i] + of(3) * g4[i];
                x[i] + h[lane] * drift + noise
            });
            if !error.is_empty() {
                each::<L>(error, |i, lane| {
                    let (_, _, area, thrice) = weights(i, lane);
                    let of = |k: usize| R[k] * area + S[k] * thrice;
                    (of(0) * g1[i] + of(1) * g2[i] + of(2) * g3[i] + of(3) * g4[i]).abs()
                });
            }
        }
        if !error.is_empty() {
            for (i, error) in error.iter_mut().enumerate() {
                *error += (h[i % L] * (1.0 / 6.0) * (f2[i] - f1[i])).abs();
            }
        }
    }
}
