//! The Runge-Kutta pair 5(4) of Tsitouras with error control and dense output of order 4.
//!
//! Smaller error constants than Dormand-Prince at the same cost. Source: Tsitouras, *Comput. Math. Appl.*
//! 62 (2011) 770. The published sixteen digits leave a residual of 1e-14 in the order conditions; the
//! numbers here are the nearest doubles, at most 1.3e-14 away in relative terms, that meet all
//! seventeen to 2e-16.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::tableau::{Between, Tableau};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "tsit5",
    title: "Tsitouras 5(4)",
    order: 5,
    embedded_order: Some(4),
    dense_order: 5,
    stepping: Stepping::Adaptive,
    locates_kinks: true,
    evaluations: 6,
    stability: "reaches -3.51 on the real axis",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Tsitouras, Comput. Math. Appl. 62 (2011) 770",
    use_when: "non-stiff problems at moderate tolerances; the first choice",
};

/// The coefficients.
pub const TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 0.161, 0.327, 0.9, 0.980_025_540_904_509_7, 1.0, 1.0],
    rows: &[
        &[0.161],
        &[-0.008_480_655_492_357_027, 0.335_480_655_492_357_1],
        &[
            2.897_153_057_105_495_3,
            -6.359_448_489_975_077,
            4.362_295_432_869_581_5,
        ],
        &[
            5.325_864_828_439_257,
            -11.748_883_564_062_828,
            7.495_539_342_889_836,
            -0.092_495_066_361_755_15,
        ],
        &[
            5.861_455_442_946_42,
            -12.920_969_317_847_11,
            8.159_367_898_576_159,
            -0.071_584_973_281_400_86,
            -0.028_269_050_394_068_42,
        ],
        &[
            0.096_460_766_818_065_17,
            0.010_000_000_000_000_122,
            0.479_889_650_414_499_55,
            1.379_008_574_103_743,
            -3.290_069_515_436_081,
            2.324_710_524_099_773,
        ],
    ],
    error: &[
        -0.001_780_011_052_225_777,
        -0.000_816_434_459_656_746_9,
        0.007_880_878_010_261_995,
        -0.144_711_007_173_262_9,
        0.582_357_165_452_555_2,
        -0.458_082_105_929_186_97,
        1.0 / 66.0,
    ],
    error_low: &[],
    between: Between::NONE,
    dense: &[
        &[
            1.0,
            -2.763_706_197_274_826,
            2.913_255_461_821_912_6,
            -1.053_088_497_729_021_6,
        ],
        &[0.0, 0.131_699_999_999_999_98, -0.223_4, 0.101_7],
        &[
            0.0,
            3.930_296_236_894_751_6,
            -5.941_033_872_131_505,
            2.490_627_285_651_253,
        ],
        &[
            0.0,
            -12.411_077_166_933_676,
            30.338_188_630_282_32,
            -16.548_102_889_244_902,
        ],
        &[
            0.0,
            37.509_313_416_511_04,
            -88.178_904_894_766_4,
            47.379_521_962_819_28,
        ],
        &[
            0.0,
            -27.896_526_289_197_286,
            65.091_894_674_793_66,
            -34.870_657_861_496_61,
        ],
        &[0.0, 1.5, -4.0, 2.5],
    ],
};
