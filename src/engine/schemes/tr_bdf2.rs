//! TR-BDF2: the trapezoidal rule followed by the second backward difference formula, as one step.
//!
//! Order 2 with an error estimate of order 3; A- and L-stable. Source: Bank et al., *IEEE Trans. Comput.-Aided
//! Design* 4 (1985) 436; Hosea, Shampine, *Appl. Numer. Math.* 20 (1996) 21.

use std::f64::consts::SQRT_2;

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::stiff::diagonally_implicit::Coefficients;
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "tr-bdf2",
    title: "TR-BDF2",
    order: 2,
    embedded_order: Some(3),
    dense_order: 2,
    stepping: Stepping::Adaptive,
    locates_kinks: false,
    evaluations: 5,
    stability: "A- and L-stable",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Hosea, Shampine, Appl. Numer. Math. 20 (1996) 21",
    use_when: "stiff problems at crude tolerances (1e-3 and above)",
};

/// w and d of the paper: the weights of both outer stages, and the diagonal.
const W: f64 = SQRT_2 / 4.0;
const D: f64 = 1.0 - SQRT_2 / 2.0;

/// The coefficients.
pub const COEFFICIENTS: Coefficients = Coefficients {
    gamma: D,
    nodes: &[0.0, 2.0 * D, 1.0],
    rows: &[&[D], &[W, W]],
    error: &[W - (1.0 - W) / 3.0, W - (3.0 * W + 1.0) / 3.0, D - D / 3.0],
};
