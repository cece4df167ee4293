//! The first passage of a Brownian bridge: whether and when a path between two known ends is zero.
//!
//! From a > 0 to c over a step, with variance v:
//!
//! ```text
//! P(it is zero in between) = 1 if c <= 0, else exp(-2 a c / v)
//! first time of that, as tau / (h - tau):  inverse Gaussian with mean a / |c| and shape a^2 / v
//! ```
//!
//! Beskos, Roberts, *Exact simulation of diffusions*, Ann. Appl. Probab. 15 (2005) 2422; inverse Gaussian numbers: Michael, Schucany,
//! Haas, Am. Stat. 30 (1976) 88.

use crate::noise::normal::{normals, unit};
use crate::noise::philox::philox;

/// A Brownian bridge from `a` to `c`.
pub(super) struct Bridge {
    pub a: f64,
    pub c: f64,
    pub variance: f64,
}

impl Bridge {
    /// The share of the step at which it first is zero, if it ever is, by the draws at this counter.
    pub(super) fn passage(&self, [function, round]: [u64; 2], address: u64) -> Option<f64> {
        let Bridge { a, c, variance } = *self;
        if c.is_nan() {
            return None;
        }
        let words = philox([function, 2 * round], address);
        if c >= 0.0 && !(variance > 0.0 && unit(words[0]) < (-2.0 * a * c / variance).exp()) {
            return None;
        }
        if a == 0.0 {
            return Some(0.0);
        }
        let straight = a / (a + c.abs());
        if variance == 0.0 {
            return Some(straight);
        }
        let (mean, shape) = (a / c.abs(), a * a / variance);
        let normal = normals([function, 2 * round + 1], address)[0];
        let y = normal * normal;
        let root = (4.0 * mean * shape * y + mean * mean * y * y).sqrt();
        // The smaller root, in the form that does not cancel.
        let small = mean / (1.0 + (mean * y + root) / (2.0 * shape));
        let found = match unit(words[1]) <= mean / (mean + small) {
            true => small,
            false => mean * mean / small,
        };
        let share = found / (1.0 + found);
        Some(if share.is_finite() { share } else { straight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_passes_as_often_and_as_early_as_a_path_in_small_steps() {
        let (a, c, variance) = (0.4, 0.3, 1.0);
        let bridge = Bridge { a, c, variance };
        let (mut passed, mut early) = (0.0, 0.0);
        let draws = 100_000;
        for k in 0..draws {
            if let Some(share) = bridge.passage([k, 0], 7) {
                passed += 1.0;
                early += f64::from(u8::from(share < 0.25));
            }
        }
        let count = draws as f64;
        let expected = f64::exp(-2.0 * a * c / variance);
        assert!((passed / count - expected).abs() < 0.005, "{passed}");
        // The first quarter: the bridge is at y there with mean a + (c - a)/4 and variance 3/16, and a bridge to y passes with
        // probability exp(-8 a y) (1 for y < 0); integrated by the trapezoidal rule.
        let density = |y: f64| {
            let (mean, spread) = (a + 0.25 * (c - a), 3.0 / 16.0);
            (-(y - mean).powi(2) / (2.0 * spread)).exp() / (std::f64::consts::TAU * spread).sqrt()
        };
        let reached = |y: f64| if y < 0.0 { 1.0 } else { (-8.0 * a * y).exp() };
        let step = 1e-4;
        let within: f64 = (-40_000..40_000)
            .map(|k| f64::from(k) * step)
            .map(|y| density(y) * reached(y) * step)
            .sum();
        assert!(
            (early / count - within).abs() < 0.005,
            "{} {within}",
            early / count
        );
    }

    #[test]
    fn without_noise_it_passes_on_a_straight_line() {
        let bridge = |c| Bridge {
            a: 1.0,
            c,
            variance: 0.0,
        };
        assert_eq!(bridge(-3.0).passage([0, 0], 1), Some(0.25));
        assert_eq!(bridge(3.0).passage([0, 0], 1), None);
    }
}
