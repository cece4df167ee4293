//! The explicit Euler scheme `x_1 = x + h f(t, x)`: the simplest there is, for teaching and comparison.
//!
//! Source: Euler, *Institutionum calculi integralis*, 1768; Hairer, Norsett, Wanner, *Solving Ordinary
//! Differential Equations I*, I.7.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::tableau::{Between, Tableau};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "euler",
    title: "explicit Euler",
    order: 1,
    embedded_order: None,
    dense_order: 1,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 1,
    stability: "disc of radius 1 around -1",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Euler 1768; Hairer, Norsett, Wanner, Solving ODEs I, I.7",
    use_when: "teaching, or comparison with published Euler simulations",
};

/// The coefficients.
pub const TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 1.0],
    rows: &[&[1.0]],
    error: &[],
    error_low: &[],
    between: Between::NONE,
    dense: &[&[1.0], &[]],
};
