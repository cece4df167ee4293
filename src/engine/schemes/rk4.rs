//! The classical Runge-Kutta scheme of order 4 with fixed steps; cubic Hermite dense output.
//!
//! ```text
//! x(theta) = x + h [ (3 theta^2 - 2 theta^3) sum b_i k_i + theta (1 - theta)^2 k_1 - theta^2 (1 - theta) k_5 ]
//! ```
//!
//! k_5 is the drift at the end of the step, which the next step needs anyway. Source: Kutta, *Z. Math.
//! Phys.* 46 (1901) 435; Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, II.1 and II.6.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::tableau::{Between, Tableau};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "rk4",
    title: "classical Runge-Kutta of order 4",
    order: 4,
    embedded_order: None,
    dense_order: 4,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 4,
    stability: "reaches -2.79 on the real and 2.83 on the imaginary axis",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Kutta 1901; Hairer, Norsett, Wanner, Solving ODEs I, II.1",
    use_when: "smooth problems with a known step, or comparison with published fixed-step simulations",
};

/// The coefficients.
pub const TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 0.5, 0.5, 1.0, 1.0],
    rows: &[
        &[0.5],
        &[0.0, 0.5],
        &[0.0, 0.0, 1.0],
        &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
    ],
    error: &[],
    error_low: &[],
    between: Between::NONE,
    dense: &[
        &[1.0, -2.0 + 3.0 / 6.0, 1.0 - 2.0 / 6.0],
        &[0.0, 1.0, -2.0 / 3.0],
        &[0.0, 1.0, -2.0 / 3.0],
        &[0.0, 3.0 / 6.0, -2.0 / 6.0],
        &[0.0, -1.0, 1.0],
    ],
};
