//! Stochastic problems whose solutions are known functions of the Brownian path.

#![allow(dead_code)]

use nullcline::noise::key::Key;
use nullcline::noise::path::{Memo, Path};
use nullcline::prelude::*;

type Fill = fn(f64, &[f64], &mut [f64]);
/// A solution, of `W(1)`, `int_0^1 W ds` and the Levy areas.
type Exact = fn(&[f64], &[f64], &[f64]) -> Vec<f64>;

/// A problem on [0, 1].
pub struct Noisy {
    layout: Layout,
    pub name: &'static str,
    pub class: NoiseClass,
    pub calculus: Calculus,
    pub channels: usize,
    pub x0: Vec<f64>,
    drift: Fill,
    diffusion: Fill,
    /// The solution at t = 1, of W(1), `int_0^1 W ds` and the Levy areas.
    pub exact: Exact,
}

impl Noisy {
    fn new(name: &'static str, class: NoiseClass, x0: Vec<f64>) -> Self {
        let layout = Layout::new().block(Variable::new("x", vec![Axis::new("i", x0.len())]), 0.0);
        Self {
            layout,
            name,
            class,
            calculus: Calculus::Ito,
            channels: x0.len(),
            x0,
            drift: |_, _, dx| dx.fill(0.0),
            diffusion: |_, _, b| b.fill(0.0),
            exact: |_, _, _| Vec::new(),
        }
    }

    /// `W(1)` on the path of this key, with cells of this length.
    pub fn ends(&self, key: &Key, cell: f64) -> Vec<f64> {
        let path = Path::new(key, 0.0, cell);
        let mut memo = Memo::new(self.channels);
        let ends = (path.place(0.0), path.place(1.0));
        let mut w = |channel| path.between(ends.0, ends.1, channel, &mut memo).w;
        (0..self.channels as u64).map(&mut w).collect()
    }

    /// The solution at t = 1 on the path of this key, with cells of this length.
    pub fn solution(&self, key: &Key, cell: f64) -> Vec<f64> {
        let path = Path::new(key, 0.0, cell);
        let mut memo = Memo::new(self.channels);
        let ends = (path.place(0.0), path.place(1.0));
        let all: Vec<_> = (0..self.channels as u64)
            .map(|channel| path.between(ends.0, ends.1, channel, &mut memo))
            .collect();
        let w: Vec<f64> = all.iter().map(|one| one.w).collect();
        let z: Vec<f64> = all.iter().map(|one| one.z).collect();
        let mut areas = Vec::new();
        if self.class == NoiseClass::General {
            let mut noise = nullcline::engine::stochastic::increments::Increments::<1>::new(
                self.channels,
                true,
            );
            noise.follow(0, path);
            let mut found = vec![[0.0]; self.channels * (self.channels - 1) / 2];
            // Far finer than any scheme looks.
            noise.levy(0, (path.place(0.0), path.place(1.0)), 12, &mut found);
            areas = found.into_flattened();
        }
        (self.exact)(&w, &z, &areas)
    }
}

impl System for Noisy {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        (self.drift)(t, x, dx);
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        Some(self)
    }
}

impl Diffusion for Noisy {
    fn channels(&self) -> usize {
        self.channels
    }

    fn class(&self) -> NoiseClass {
        self.class
    }

    fn calculus(&self) -> Calculus {
        self.calculus
    }

    fn diffusion(&self, t: f64, x: &[f64], b: &mut [f64]) {
        (self.diffusion)(t, x, b);
    }
}

/// `dx = (2 x / (1 + t) + b (1 + t)^2) dt + b (1 + t)^2 dW`, Kloeden and Platen (4.4.5): `x = (1 + t)^2 (x_0 + b (W + t))`; and the
/// integral of another path, `dy = x_2 dt, dx_2 = dV`: `y = int V`.
pub fn additive() -> Noisy {
    Noisy {
        drift: |t, x, dx| {
            let s = 1.0 + t;
            (dx[0], dx[1], dx[2]) = (2.0 * x[0] / s + 0.5 * s * s, x[2], 0.0);
        },
        diffusion: |t, _, b| {
            let s = 1.0 + t;
            b.copy_from_slice(&[0.5 * s * s, 0.0, 1.0]);
        },
        exact: |w, z, _| vec![4.0 * (1.0 + 0.5 * (w[0] + 1.0)), z[2], w[2]],
        ..Noisy::new("additive", NoiseClass::Additive, vec![1.0, 0.0, 0.0])
    }
}

/// Many wells, with noise that grows: no solution in closed form; the finest run of a scheme stands for it.
pub fn wells() -> Noisy {
    Noisy {
        drift: |_, x, dx| {
            dx[0] = 1.5 * (4.0 * x[0]).sin();
            dx[1] = (2.0 * x[1]).cos() + 0.3 * x[0];
        },
        diffusion: |t, _, b| b.copy_from_slice(&[0.8, 0.8 + 0.1 * t]),
        ..Noisy::new("wells", NoiseClass::Additive, vec![0.1, 0.7])
    }
}

/// As [`scalar`], slower: `dx = 0.3 x dt + 0.5 x dW`, for means, to which large paths contribute much.
pub fn slow() -> Noisy {
    Noisy {
        drift: |_, x, dx| dx[0] = 0.3 * x[0],
        diffusion: |_, x, b| b[0] = 0.5 * x[0],
        exact: |w, _, _| vec![(0.3 - 0.125 + 0.5 * w[0]).exp()],
        ..Noisy::new("slow", NoiseClass::Diagonal, vec![1.0])
    }
}

/// As [`slow`] in the calculus of Stratonovich.
pub fn slow_stratonovich() -> Noisy {
    Noisy {
        drift: |_, x, dx| dx[0] = (0.3 - 0.125) * x[0],
        calculus: Calculus::Stratonovich,
        name: "slow, Strat.",
        ..slow()
    }
}

/// Geometric Brownian motion `dx = 3/2 x dt + x dW`, `x = x_0 exp(t + W)`.
pub fn scalar() -> Noisy {
    Noisy {
        drift: |_, x, dx| dx[0] = 1.5 * x[0],
        diffusion: |_, x, b| b[0] = x[0],
        exact: |w, _, _| vec![0.1 * (1.0 + w[0]).exp()],
        ..Noisy::new("scalar", NoiseClass::Diagonal, vec![0.1])
    }
}

/// Kloeden and Platen (4.4.46), `dx = -(a + b^2 x)(1 - x^2) dt + b (1 - x^2) dW`, and (4.4.23),
/// `dy = -b^2/2 sin 2y / 2 ... `, here `dy = -c^2 sin y cos^3 y dt + c cos^2 y dW`, `y = arctan(c W + tan y_0)`.
pub fn diagonal() -> Noisy {
    Noisy {
        drift: |_, x, dx| {
            dx[0] = -(0.5 + 0.64 * x[0]) * (1.0 - x[0] * x[0]);
            dx[1] = -x[1].sin() * x[1].cos().powi(3);
        },
        diffusion: |_, x, b| {
            b[0] = 0.8 * (1.0 - x[0] * x[0]);
            b[1] = x[1].cos().powi(2);
        },
        exact: |w, _, _| {
            let e = 1.2 * (-1.0 + 1.6 * w[0]).exp();
            vec![(e - 0.8) / (e + 0.8), (w[1] + 0.5_f64.tan()).atan()]
        },
        ..Noisy::new("diagonal", NoiseClass::Diagonal, vec![0.2, 0.5])
    }
}

/// The same as `scalar` in the calculus of Stratonovich: `dx = x dt + x o dW`.
pub fn stratonovich() -> Noisy {
    Noisy {
        drift: |_, x, dx| dx[0] = x[0],
        calculus: Calculus::Stratonovich,
        name: "Stratonovich",
        ..scalar()
    }
}

/// Two channels that act on both components: `dx_i = a_i x_i dt + s_i1 x_i dW_1 + s_i2 x_i dW_2`.
pub fn commutative() -> Noisy {
    Noisy {
        drift: |_, x, dx| (dx[0], dx[1]) = (0.5 * x[0], -0.5 * x[1]),
        diffusion: |_, x, b| {
            b.copy_from_slice(&[0.5 * x[0], 0.3 * x[0], -0.4 * x[1], 0.3 * x[1]]);
        },
        exact: |w, _, _| {
            vec![
                (0.5 - 0.5 * (0.25 + 0.09) + 0.5 * w[0] + 0.3 * w[1]).exp(),
                (-0.5 - 0.5 * (0.16 + 0.09) - 0.4 * w[0] + 0.3 * w[1]).exp(),
            ]
        },
        ..Noisy::new("commutative", NoiseClass::Commutative, vec![1.0, 1.0])
    }
}

/// The Heisenberg group: `dx = dW_1, dy = dW_2, dz = x dW_2`, `z = int W_1 dW_2 = W_1 W_2 / 2 + A_12`; with a function of it.
pub fn general() -> Noisy {
    Noisy {
        channels: 2,
        drift: |_, _, dx| dx.fill(0.0),
        diffusion: |_, x, b| b.copy_from_slice(&[1.0, 0.0, 0.0, 1.0, 0.0, x[0]]),
        exact: |w, _, areas| vec![w[0], w[1], 0.5 * w[0] * w[1] + areas[0]],
        ..Noisy::new("general", NoiseClass::General, vec![0.0, 0.0, 0.0])
    }
}

/// A linear system whose channels do not commute: `dx = A x dt + B_1 x dW_1 + B_2 x dW_2`. Its moments follow linear equations.
pub fn rotating() -> Noisy {
    Noisy {
        channels: 2,
        drift: |_, x, dx| (dx[0], dx[1]) = (0.5 * x[0] + 0.4 * x[1], -0.4 * x[0] + 0.5 * x[1]),
        diffusion: |_, x, b| b.copy_from_slice(&[0.5 * x[1], 0.0, 0.0, 0.5 * x[0]]),
        ..Noisy::new("rotating", NoiseClass::General, vec![1.0, 0.5])
    }
}

/// As [`rotating`], with less growth and more noise, which makes the errors of Stratonovich schemes larger.
pub fn turning() -> Noisy {
    Noisy {
        drift: |_, x, dx| (dx[0], dx[1]) = (0.3 * x[0] + 0.4 * x[1], -0.4 * x[0] + 0.3 * x[1]),
        diffusion: |_, x, b| b.copy_from_slice(&[0.7 * x[1], 0.0, 0.0, 0.7 * x[0]]),
        name: "turning",
        ..rotating()
    }
}
