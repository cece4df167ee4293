//! Reflection: a stochastic flow in a closed set, pushed back along the normal at its faces (Skorokhod).
//!
//! ```text
//! dx = f dt + b dW + dk,      k grows only at the lower face of a component and falls only at its upper one
//! one face at l, over a step with coefficients frozen:   x_1 = y + max(0, l - x - m),    y = x + f h + b w
//! m = (D - sqrt(D^2 - 2 b^2 h ln u)) / 2,   D = y - x,   u uniform:   the minimum of the free path from 0 to D
//! ```
//!
//! The exact law for one face and frozen coefficients, of weak order 1; projecting the end of the step alone has weak order 1/2. Without noise m is
//! min(D, 0), and the formula is the projection of Moreau. Where noise is not one channel per component of a
//! box, the end of the step is projected onto the nearest point of the set.
//!
//! Lepingle, *Euler scheme for reflected stochastic differential equations*, Math. Comput. Simul. 38 (1995) 119.

use crate::noise::normal::unit;
use crate::noise::path::Place;
use crate::noise::philox::philox;

/// The address of the extremes of the step that starts at this place, in a run with this key for them.
pub fn address(key: u64, from: Place) -> u64 {
    philox([from.cell, from.within], key)[0]
}

/// The lowest or highest displacement of a path from 0 to `displacement` with variance `variance`: `side` is -1 for the
/// lowest, +1 for the highest.
fn extreme(side: f64, displacement: f64, variance: f64, uniform: f64) -> f64 {
    let spread = displacement * displacement - 2.0 * variance * uniform.ln();
    0.5 * (displacement + side * spread.sqrt())
}

/// The end of a step from `x` to `y`, reflected at the faces of [lower, upper]; `variance` is `b^2 h`, `step` addresses the step, and
/// `component` the component.
pub fn reflect(
    (x, y): (f64, f64),
    (lower, upper): (f64, f64),
    variance: f64,
    step: u64,
    component: u64,
) -> f64 {
    let words = philox([component, 0], step);
    let push = |bound: f64, side: f64, word: u64| {
        if bound.is_infinite() {
            return 0.0;
        }
        let reached = x + extreme(side, y - x, variance, unit(word));
        (side * (reached - bound)).max(0.0)
    };
    let up = push(lower, -1.0, words[0]);
    let down = push(upper, 1.0, words[1]);
    // Both in one step only if the step is too long for the box.
    (y + up - down).clamp(lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_noise_it_projects() {
        for (x, y, expected) in [(0.5, -0.2, 0.0), (0.5, 1.3, 1.0), (0.5, 0.7, 0.7)] {
            assert_eq!(reflect((x, y), (0.0, 1.0), 0.0, 1, 0), expected);
        }
    }

    #[test]
    fn the_minimum_has_the_law_of_the_reflection_principle() {
        // P(min W <= -a) = 2 P(W_1 <= -a) over a unit of time.
        let n = 200_000_u64;
        let mut below = 0.0;
        for k in 0..n {
            let w = crate::noise::normal::normals([k, 0], 9)[0];
            let u = unit(philox([k, 1], 9)[0]);
            below += f64::from(u8::from(extreme(-1.0, w, 1.0, u) <= -1.0));
        }
        let expected = 2.0 * 0.158_655_253_931;
        let error = f64::sqrt(expected * (1.0 - expected) / n as f64);
        assert!((below / n as f64 - expected).abs() < 4.0 * error, "{below}");
    }
}
