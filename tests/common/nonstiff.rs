//! Problems that are not stiff, with their states at the end. Sources: Hull et al., *SIAM J. Numer. Anal.* 9 (1972) 603
//! (the set DETEST); Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, II.10 (Pleiades); Lorenz,
//! *J. Atmos. Sci.* 20 (1963) 130. References by Taylor series with 22 digits; of the Pleiades, by the *Test Set for
//! IVP Solvers* 2.4.

use nullcline::prelude::*;

/// A problem with the state at its end.
pub struct Nonstiff {
    pub name: &'static str,
    layout: Layout,
    pub x0: Vec<f64>,
    pub stop: f64,
    pub reference: &'static [f64],
    drift: fn(f64, &[f64], &mut [f64]),
}

impl Nonstiff {
    /// The largest error of a state, relative to one plus its size.
    pub fn error(&self, x: &[f64]) -> f64 {
        let errors = x.iter().zip(self.reference);
        let errors = errors.map(|(x, r)| (x - r).abs() / (1.0 + r.abs()));
        errors.fold(0.0, f64::max)
    }
}

impl System for Nonstiff {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        (self.drift)(t, x, dx);
    }
}

fn nonstiff(
    name: &'static str,
    x0: &[f64],
    stop: f64,
    reference: &'static [f64],
    drift: fn(f64, &[f64], &mut [f64]),
) -> Nonstiff {
    Nonstiff {
        name,
        layout: Layout::new().block(Variable::new("x", vec![Axis::new("i", x0.len())]), 0.0),
        x0: x0.to_vec(),
        stop,
        reference,
        drift,
    }
}

/// The whole set.
pub fn set() -> Vec<Nonstiff> {
    vec![
        lotka_volterra(),
        pleiades(),
        lorenz(),
        logistic(),
        rigid_body(),
        two_bodies(),
        duffing(),
    ]
}

pub fn lotka_volterra() -> Nonstiff {
    nonstiff("Lotka-Volterra", &[1.0, 1.0], 10.0, LOTKA, |_, x, dx| {
        dx[0] = 1.5 * x[0] - x[0] * x[1];
        dx[1] = x[0] * x[1] - 3.0 * x[1];
    })
}

pub fn lorenz() -> Nonstiff {
    nonstiff("Lorenz", &[1.0, 1.0, 1.0], 5.0, LORENZ, |_, x, dx| {
        dx[0] = 10.0 * (x[1] - x[0]);
        dx[1] = x[0] * (28.0 - x[2]) - x[1];
        dx[2] = x[0] * x[1] - 8.0 / 3.0 * x[2];
    })
}

/// DETEST A4.
pub fn logistic() -> Nonstiff {
    nonstiff(
        "logistic (DETEST A4)",
        &[1.0],
        20.0,
        LOGISTIC,
        |_, x, dx| {
            dx[0] = x[0] / 4.0 * (1.0 - x[0] / 20.0);
        },
    )
}

/// DETEST B5.
pub fn rigid_body() -> Nonstiff {
    let x0 = [0.0, 1.0, 1.0];
    nonstiff("rigid body (DETEST B5)", &x0, 20.0, RIGID, |_, x, dx| {
        dx[0] = x[1] * x[2];
        dx[1] = -x[0] * x[2];
        dx[2] = -0.51 * x[0] * x[1];
    })
}

/// DETEST D3: eccentricity 1/2.
pub fn two_bodies() -> Nonstiff {
    let x0 = [0.5, 0.0, 0.0, 3.0_f64.sqrt()];
    nonstiff("two bodies (DETEST D3)", &x0, 20.0, KEPLER, |_, x, dx| {
        let r = x[0].hypot(x[1]).powi(3);
        (dx[0], dx[1]) = (x[2], x[3]);
        (dx[2], dx[3]) = (-x[0] / r, -x[1] / r);
    })
}

pub fn duffing() -> Nonstiff {
    nonstiff("Duffing", &[1.0, 0.0], 20.0, DUFFING, |t, x, dx| {
        dx[0] = x[1];
        dx[1] = x[0] - x[0].powi(3) - 0.1 * x[1] + 0.3 * t.cos();
    })
}

/// Seven stars in a plane, of masses 1 to 7.
pub fn pleiades() -> Nonstiff {
    let x0 = [
        3.0, 3.0, -1.0, -3.0, 2.0, -2.0, 2.0, 3.0, -3.0, 2.0, 0.0, 0.0, -4.0, 4.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 1.75, -1.5, 0.0, 0.0, 0.0, -1.25, 1.0, 0.0, 0.0,
    ];
    nonstiff("Pleiades", &x0, 3.0, PLEIADES, |_, x, dx| {
        dx[..14].copy_from_slice(&x[14..]);
        for i in 0..7 {
            let (mut a, mut b) = (0.0, 0.0);
            for j in (0..7).filter(|&j| j != i) {
                let (u, v) = (x[j] - x[i], x[7 + j] - x[7 + i]);
                let r = (u * u + v * v).powf(1.5);
                let mass = (j + 1) as f64;
                a += mass * u / r;
                b += mass * v / r;
            }
            (dx[14 + i], dx[21 + i]) = (a, b);
        }
    })
}

const LOTKA: &[f64] = &[1.026_344_767_575_089, 0.909_691_078_136_041_6];
const LORENZ: &[f64] = &[
    -6.512_113_699_419_599,
    -6.974_042_788_417_076,
    23.924_129_572_103_37,
];
const LOGISTIC: &[f64] = &[17.730_166_481_314_84];
const RIGID: &[f64] = &[
    -0.939_657_079_872_920_4,
    -0.342_117_775_400_074_9,
    0.741_412_659_619_995_3,
];
const KEPLER: &[f64] = &[
    -0.578_043_295_303_536_2,
    0.863_384_000_919_419_2,
    -0.959_508_373_038_072_7,
    -0.065_049_151_267_120_9,
];
const DUFFING: &[f64] = &[1.771_285_546_991_19, 0.852_241_672_308_232_4];
const PLEIADES: &[f64] = &[
    0.370_613_914_397_050_2,
    3.237_284_092_057_233,
    -3.222_559_032_418_324,
    0.659_709_145_577_531,
    0.342_558_170_715_658_4,
    1.562_172_101_400_631,
    -0.700_309_292_221_249_5,
    -3.943_437_585_517_392,
    -3.271_380_973_972_55,
    5.225_081_843_456_543,
    -2.590_612_434_977_47,
    1.198_213_693_392_275,
    -0.242_968_234_493_582_4,
    1.091_449_240_428_98,
    3.417_003_806_314_313,
    1.354_584_501_625_501,
    -2.590_065_597_810_775,
    2.025_053_734_714_242,
    -1.155_815_100_160_448,
    -0.807_298_817_022_302_1,
    0.595_239_635_420_871,
    -3.741_244_961_234_01,
    0.377_345_968_575_063,
    0.938_685_886_955_107_4,
    0.366_792_222_720_057_1,
    -0.347_404_635_380_849,
    2.344_915_448_180_937,
    -1.947_020_434_263_292,
];
