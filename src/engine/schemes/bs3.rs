//! The Runge-Kutta pair 3(2) of Bogacki and Shampine with error control and cubic Hermite output.
//!
//! Source: Bogacki, Shampine, *Appl. Math. Lett.* 2 (1989) 321.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::tableau::{Between, Tableau};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "bs3",
    title: "Bogacki-Shampine 3(2)",
    order: 3,
    embedded_order: Some(2),
    dense_order: 3,
    stepping: Stepping::Adaptive,
    locates_kinks: true,
    evaluations: 3,
    stability: "reaches -2.51 on the real axis",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Bogacki, Shampine, Appl. Math. Lett. 2 (1989) 321",
    use_when: "crude tolerances (1e-3 and above), or drifts of little smoothness",
};

/// The coefficients.
pub const TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 1.0 / 2.0, 3.0 / 4.0, 1.0],
    rows: &[
        &[1.0 / 2.0],
        &[0.0, 3.0 / 4.0],
        &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0],
    ],
    error: &[-5.0 / 72.0, 1.0 / 12.0, 1.0 / 9.0, -1.0 / 8.0],
    error_low: &[],
    between: Between::NONE,
    dense: &[
        &[1.0, -4.0 / 3.0, 5.0 / 9.0],
        &[0.0, 1.0, -2.0 / 3.0],
        &[0.0, 4.0 / 3.0, -8.0 / 9.0],
        &[0.0, -1.0, 1.0],
    ],
};
