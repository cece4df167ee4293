//! Kutta's scheme of order 3 with fixed steps; cubic Hermite dense output.
//!
//! Source: Kutta, *Z. Math. Phys.* 46 (1901) 435; Hairer, Norsett, Wanner, *Solving Ordinary Differential
//! Equations I*, II.1.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::tableau::{Between, Tableau};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "kutta3",
    title: "Kutta 3",
    order: 3,
    embedded_order: None,
    dense_order: 3,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 3,
    stability: "reaches -2.51 on the real axis",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Kutta, Z. Math. Phys. 46 (1901) 435",
    use_when: "comparison with published simulations of this scheme",
};

/// The coefficients; the last stage is the drift at the end of the step, which the next one begins with.
pub const TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 1.0 / 2.0, 1.0, 1.0],
    rows: &[
        &[1.0 / 2.0],
        &[-1.0, 2.0],
        &[1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0],
    ],
    error: &[],
    error_low: &[],
    between: Between::NONE,
    dense: &[
        &[1.0, -3.0 / 2.0, 2.0 / 3.0],
        &[0.0, 2.0, -4.0 / 3.0],
        &[0.0, 1.0 / 2.0, -1.0 / 3.0],
        &[0.0, -1.0, 1.0],
    ],
};
