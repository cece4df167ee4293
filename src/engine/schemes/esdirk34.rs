//! The diagonally implicit Runge-Kutta scheme of order 3 with an error estimate of order 4.
//!
//! Four stages, the first explicit, the last the step: A- and L-stable. Source: Jorgensen, Kristensen, Thomsen, *A
//! family of ESDIRK integration methods*, arXiv 1803.01613.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::stiff::diagonally_implicit::Coefficients;
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "esdirk34",
    title: "ESDIRK 3(4)",
    order: 3,
    embedded_order: Some(4),
    dense_order: 3,
    stepping: Stepping::Adaptive,
    locates_kinks: false,
    evaluations: 8,
    stability: "A- and L-stable",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Jorgensen, Kristensen, Thomsen, arXiv 1803.01613",
    use_when: "stiff problems at moderate tolerances, above all with many events or edges of stimuli",
};

/// The coefficients; gamma is the middle root of 6 x^3 - 18 x^2 + 9 x - 1.
pub const COEFFICIENTS: Coefficients = Coefficients {
    gamma: 0.435_866_521_508_459,
    nodes: &[0.0, 0.871_733_043_016_918, 0.468_238_744_851_844_4, 1.0],
    rows: &[
        &[0.435_866_521_508_459],
        &[0.140_737_774_724_706_2, -0.108_365_551_381_320_8],
        &[
            0.102_399_400_619_911,
            -0.376_878_452_255_556_1,
            0.838_612_530_127_186_1,
        ],
    ],
    error: &[
        -0.054_625_497_240_413_94,
        -0.494_208_893_625_994_96,
        0.221_934_499_735_064_66,
        0.326_899_891_131_344_27,
    ],
};
