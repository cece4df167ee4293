//! The stiff test set: Robertson, van der Pol, HIRES, Oregonator, Pollution, Brusselator. Sources: Hairer, Wanner,
//! *Solving Ordinary Differential Equations II*, IV.10; Mazzia, Magherini, *Test Set for IVP Solvers* 2.4, whose
//! reference solutions these are, but for the Brusselator (`tests/reference/README.md`).

use super::brusselator::{REFERENCE, STRIDE};
use nullcline::prelude::*;

/// A problem with the state at its end.
pub struct Stiff {
    pub name: &'static str,
    layout: Layout,
    pub x0: Vec<f64>,
    pub stop: f64,
    /// Below this size a component's error counts absolutely.
    pub floor: f64,
    /// The state at the stop; of the Brusselator, every fiftieth number.
    pub reference: &'static [f64],
    drift: fn(&[f64], &mut [f64]),
}

impl Stiff {
    /// The largest error of a state, relative above the floor.
    pub fn error(&self, x: &[f64]) -> f64 {
        let stride = if x.len() == 2 * CELLS { STRIDE } else { 1 };
        let errors = x.iter().step_by(stride).zip(self.reference);
        let errors = errors.map(|(x, r)| (x - r).abs() / (self.floor + r.abs()));
        errors.fold(0.0, f64::max)
    }
}

impl System for Stiff {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        (self.drift)(x, dx);
    }
}

fn stiff(
    name: &'static str,
    x0: Vec<f64>,
    stop: f64,
    floor: f64,
    reference: &'static [f64],
    drift: fn(&[f64], &mut [f64]),
) -> Stiff {
    Stiff {
        name,
        layout: Layout::new().block(Variable::new("x", vec![Axis::new("i", x0.len())]), 0.0),
        x0,
        stop,
        floor,
        reference,
        drift,
    }
}

/// The whole set.
pub fn set() -> Vec<Stiff> {
    vec![
        robertson(),
        van_der_pol(),
        hires(),
        oregonator(),
        pollution(),
        brusselator(),
    ]
}

pub fn robertson() -> Stiff {
    stiff(
        "Robertson",
        vec![1.0, 0.0, 0.0],
        1e11,
        1e-8,
        &[
            0.208_334_014_970_125_5e-7,
            0.833_336_077_033_471_3e-13,
            0.999_999_979_166_505,
        ],
        |x, dx| {
            let (a, b, c) = (0.04 * x[0], 1e4 * x[1] * x[2], 3e7 * x[1] * x[1]);
            dx[0] = b - a;
            dx[1] = a - b - c;
            dx[2] = c;
        },
    )
}

pub fn van_der_pol() -> Stiff {
    stiff(
        "van der Pol 1000",
        vec![2.0, 0.0],
        2000.0,
        1e-3,
        &[1.706_167_732_170_483, -0.892_809_701_024_797_5e-3],
        |x, dx| {
            dx[0] = x[1];
            dx[1] = 1000.0 * (1.0 - x[0] * x[0]) * x[1] - x[0];
        },
    )
}

pub fn hires() -> Stiff {
    stiff(
        "HIRES",
        vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0057],
        321.8122,
        1e-3,
        &[
            0.737_131_257_332_566_8e-3,
            0.144_248_572_631_618_5e-3,
            0.588_872_974_096_757_5e-4,
            0.117_565_134_328_314_9e-2,
            0.238_635_619_883_133_1e-2,
            0.623_896_825_274_279_6e-2,
            0.284_999_839_518_576_9e-2,
            0.285_000_160_481_423_1e-2,
        ],
        |x, dx| {
            let p = 280.0 * x[5] * x[7];
            dx[0] = -1.71 * x[0] + 0.43 * x[1] + 8.32 * x[2] + 0.0007;
            dx[1] = 1.71 * x[0] - 8.75 * x[1];
            dx[2] = -10.03 * x[2] + 0.43 * x[3] + 0.035 * x[4];
            dx[3] = 8.32 * x[1] + 1.71 * x[2] - 1.12 * x[3];
            dx[4] = -1.745 * x[4] + 0.43 * x[5] + 0.43 * x[6];
            dx[5] = -p + 0.69 * x[3] + 1.71 * x[4] - 0.43 * x[5] + 0.69 * x[6];
            dx[6] = p - 1.81 * x[6];
            dx[7] = -dx[6];
        },
    )
}

pub fn oregonator() -> Stiff {
    stiff(
        "Oregonator",
        vec![1.0, 2.0, 3.0],
        360.0,
        1.0,
        &[
            0.100_081_487_031_852_3e1,
            0.122_817_852_154_991_7e4,
            0.132_055_494_284_670_6e3,
        ],
        |x, dx| {
            dx[0] = 77.27 * (x[1] + x[0] * (1.0 - 8.375e-6 * x[0] - x[1]));
            dx[1] = (x[2] - (1.0 + x[0]) * x[1]) / 77.27;
            dx[2] = 0.161 * (x[0] - x[2]);
        },
    )
}

pub fn pollution() -> Stiff {
    let mut x0 = vec![0.0; 20];
    (x0[1], x0[3], x0[6], x0[7], x0[8], x0[16]) = (0.2, 0.04, 0.1, 0.3, 0.01, 0.007);
    stiff(
        "Pollution",
        x0,
        60.0,
        1e-3,
        &[
            0.564_625_548_002_276_9e-1,
            0.134_248_413_042_233_9,
            0.413_973_433_109_942_7e-8,
            0.552_314_020_748_435_9e-2,
            0.201_897_726_230_219_6e-6,
            0.146_454_186_349_396_6e-6,
            0.778_424_911_899_796_4e-1,
            0.324_507_535_339_601_8,
            0.749_401_338_388_040_6e-2,
            0.162_229_315_730_156_1e-7,
            0.113_586_383_325_707_5e-7,
            0.223_050_597_572_135_9e-2,
            0.208_716_288_279_863e-3,
            0.139_692_101_684_015_8e-4,
            0.896_488_485_689_829_5e-2,
            0.435_284_636_933_010_3e-17,
            0.689_921_969_626_340_5e-2,
            0.100_780_303_736_594_6e-3,
            0.177_214_651_396_998_4e-5,
            0.568_294_329_231_639_2e-4,
        ],
        pollute,
    )
}

fn pollute(y: &[f64], f: &mut [f64]) {
    let r = [
        0.35 * y[0],
        26.6 * y[1] * y[3],
        1.23e4 * y[4] * y[1],
        8.6e-4 * y[6],
        8.2e-4 * y[6],
        1.5e4 * y[6] * y[5],
        1.3e-4 * y[8],
        2.4e4 * y[8] * y[5],
        1.65e4 * y[10] * y[1],
        9e3 * y[10] * y[0],
        2.2e-2 * y[12],
        1.2e4 * y[9] * y[1],
        1.88 * y[13],
        1.63e4 * y[0] * y[5],
        4.8e6 * y[2],
        3.5e-4 * y[3],
        1.75e-2 * y[3],
        1e8 * y[15],
        4.44e11 * y[15],
        1.24e3 * y[16] * y[5],
        2.1 * y[18],
        5.78 * y[18],
        4.74e-2 * y[0] * y[3],
        1.78e3 * y[18] * y[0],
        3.12 * y[19],
    ];
    f[0] =
        -r[0] - r[9] - r[13] - r[22] - r[23] + (r[1] + r[2] + r[8] + r[10] + r[11] + r[21] + r[24]);
    f[1] = -r[1] - r[2] - r[8] - r[11] + r[0] + r[20];
    f[2] = -r[14] + r[0] + r[16] + r[18] + r[21];
    f[3] = -r[1] - r[15] - r[16] - r[22] + r[14];
    f[4] = -r[2] + 2.0 * r[3] + r[5] + r[6] + r[12] + r[19];
    f[5] = -r[5] - r[7] - r[13] - r[19] + r[2] + 2.0 * r[17];
    f[6] = -r[3] - r[4] - r[5] + r[12];
    f[7] = r[3] + r[4] + r[5] + r[6];
    f[8] = -r[6] - r[7];
    f[9] = -r[11] + r[6] + r[8];
    f[10] = -r[8] - r[9] + r[7] + r[10];
    f[11] = r[8];
    f[12] = -r[10] + r[9];
    f[13] = -r[12] + r[11];
    f[14] = r[13];
    f[15] = -r[17] - r[18] + r[15];
    f[16] = -r[19];
    f[17] = r[19];
    f[18] = -r[20] - r[21] - r[23] + r[22] + r[24];
    f[19] = -r[24] + r[23];
}

/// Cells of the Brusselator.
pub const CELLS: usize = 500;

pub fn brusselator() -> Stiff {
    let place = |i: usize| (i + 1) as f64 / (CELLS + 1) as f64;
    let u = (0..CELLS).map(|i| 1.0 + (std::f64::consts::TAU * place(i)).sin());
    stiff(
        "Brusselator 500",
        u.chain((0..CELLS).map(|_| 3.0)).collect(),
        10.0,
        1.0,
        REFERENCE,
        |x, dx| {
            let (u, v) = x.split_at(CELLS);
            let (du, dv) = dx.split_at_mut(CELLS);
            let diffusion = ((CELLS + 1) * (CELLS + 1)) as f64 / 50.0;
            let last = CELLS - 1;
            for i in 0..CELLS {
                let left = if i > 0 {
                    (u[i - 1], v[i - 1])
                } else {
                    (1.0, 3.0)
                };
                let right = if i < last {
                    (u[i + 1], v[i + 1])
                } else {
                    (1.0, 3.0)
                };
                let reaction = u[i] * u[i] * v[i];
                du[i] = 1.0 + reaction - 4.0 * u[i] + diffusion * (left.0 - 2.0 * u[i] + right.0);
                dv[i] = 3.0 * u[i] - reaction + diffusion * (left.1 - 2.0 * v[i] + right.1);
            }
        },
    )
}
