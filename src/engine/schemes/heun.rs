//! Heun's method of order 2: the explicit trapezoidal rule, fixed steps, cubic Hermite output.
//!
//! Source: Heun, *Z. Math. Phys.* 45 (1900) 23; Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*,
//! II.1.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::tableau::{Between, Tableau};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "heun",
    title: "Heun 2",
    order: 2,
    embedded_order: None,
    dense_order: 2,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 2,
    stability: "reaches -2 on the real axis",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Heun, Z. Math. Phys. 45 (1900) 23",
    use_when: "teaching, and comparison with published fixed-step simulations",
};

/// The coefficients; the last stage serves the interpolant.
pub const TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 1.0, 1.0],
    rows: &[&[1.0], &[0.5, 0.5]],
    error: &[],
    error_low: &[],
    between: Between::NONE,
    dense: &[&[1.0, -0.5], &[0.0, 1.5, -1.0], &[0.0, -1.0, 1.0]],
};
