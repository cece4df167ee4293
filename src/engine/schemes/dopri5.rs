//! The Runge-Kutta pair 5(4) of Dormand and Prince with error control and dense output of order 4.
//!
//! Source: Dormand, Prince, *J. Comput. Appl. Math.* 6 (1980) 19; dense output of Shampine, *Math. Comp.*
//! 46 (1986) 135, in the form of Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, II.6.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::tableau::{Between, Tableau};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "dopri5",
    title: "Dormand-Prince 5(4)",
    order: 5,
    embedded_order: Some(4),
    dense_order: 5,
    stepping: Stepping::Adaptive,
    locates_kinks: true,
    evaluations: 6,
    stability: "reaches -3.31 on the real axis",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Dormand, Prince, J. Comput. Appl. Math. 6 (1980) 19",
    use_when: "non-stiff problems at moderate tolerances; the best known pair",
};

/// The coefficients.
pub const TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0],
    rows: &[
        &[1.0 / 5.0],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
        &[
            19372.0 / 6561.0,
            -25360.0 / 2187.0,
            64448.0 / 6561.0,
            -212.0 / 729.0,
        ],
        &[
            9017.0 / 3168.0,
            -355.0 / 33.0,
            46732.0 / 5247.0,
            49.0 / 176.0,
            -5103.0 / 18656.0,
        ],
        &[
            35.0 / 384.0,
            0.0,
            500.0 / 1113.0,
            125.0 / 192.0,
            -2187.0 / 6784.0,
            11.0 / 84.0,
        ],
    ],
    error: &[
        71.0 / 57600.0,
        0.0,
        -71.0 / 16695.0,
        71.0 / 1920.0,
        -17253.0 / 339200.0,
        22.0 / 525.0,
        -1.0 / 40.0,
    ],
    error_low: &[],
    between: Between::NONE,
    dense: &[
        &[
            1.0,
            -8048581381.0 / 2820520608.0,
            8663915743.0 / 2820520608.0,
            -12715105075.0 / 11282082432.0,
        ],
        &[],
        &[
            0.0,
            131558114200.0 / 32700410799.0,
            -68118460800.0 / 10900136933.0,
            87487479700.0 / 32700410799.0,
        ],
        &[
            0.0,
            -1754552775.0 / 470086768.0,
            14199869525.0 / 1410260304.0,
            -10690763975.0 / 1880347072.0,
        ],
        &[
            0.0,
            127303824393.0 / 49829197408.0,
            -318862633887.0 / 49829197408.0,
            701980252875.0 / 199316789632.0,
        ],
        &[
            0.0,
            -282668133.0 / 205662961.0,
            2019193451.0 / 616988883.0,
            -1453857185.0 / 822651844.0,
        ],
        &[
            0.0,
            40617522.0 / 29380423.0,
            -110615467.0 / 29380423.0,
            69997945.0 / 29380423.0,
        ],
    ],
};
