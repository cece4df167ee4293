//! Standard normal numbers at addresses: two words of Philox give two numbers, by the formula of Box and Muller.
//!
//! ```text
//! u in (0, 1) from the first word, 52 bits         r = sqrt(-2 ln u)
//! a quarter q and a phase p in (-pi/4, pi/4) from the second word, 2 + 52 bits
//! (x, y) = r (cos, sin)(q pi/2 + p)
//! ```
//!
//! Nothing is rejected, so no address needs a sub-counter, and L lanes side by side run in vectors without a branch, where
//! a ziggurat reads its tables number by number (`docs/decisions.md`). Logarithm, sine and cosine are
//! polynomials with the coefficients of FDLIBM, multiply then add, never fused: the bits do not depend on the processor's vectors or
//! on a library. The largest number that can come out is sqrt(106 ln 2) = 8.57, beyond which lies 1e-17 of the law.
//!
//! Box, Muller, *A note on the generation of random normal deviates*, Ann. Math. Stat. 29 (1958) 610.

use std::f64::consts::{FRAC_PI_2, LN_2};

use multiversion::multiversion;

use super::philox::philox_lanes;

/// The bits of 1.0; with random bits below them, of a number in [1, 2).
const ONE: u64 = 0x3ff0_0000_0000_0000;
/// The bits of sqrt(1/2): a mantissa between it and sqrt(2) keeps the argument of the series small.
const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
/// The bits of 2^52: with an integer below them, of 2^52 plus that integer.
const INTEGER: u64 = 0x4330_0000_0000_0000;
/// Half of the spacing of the numbers that 52 bits can tell apart.
const HALF: f64 = 1.0 / (1_u64 << 53) as f64;

/// A number in (0, 1) from the upper 52 bits of a word.
#[inline(always)]
pub fn unit(word: u64) -> f64 {
    f64::from_bits((word >> 12) | ONE) - (1.0 - HALF)
}

/// `c_0 + z (c_1 + z (c_2 + ...))`
#[inline(always)]
fn series<const N: usize>(z: f64, coefficients: [f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    for k in (0..N - 1).rev() {
        sum = sum * z + coefficients[k];
    }
    sum
}

/// The natural logarithm of a positive normal number.
#[inline(always)]
fn logarithm(u: f64) -> f64 {
    let bits = u.to_bits().wrapping_add(ONE - ROOT_HALF);
    let exponent = f64::from_bits((bits >> 52) | INTEGER) - (4_503_599_627_370_496.0 + 1023.0);
    let mantissa = f64::from_bits((bits & (ONE_MANTISSA)) + ROOT_HALF);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let rest = series(
        z,
        [
            6.666_666_666_666_735e-1,
            3.999_999_999_940_942e-1,
            2.857_142_874_366_239e-1,
            2.222_219_843_214_978_4e-1,
            1.818_357_216_161_805e-1,
            1.531_383_769_920_937_3e-1,
            1.479_819_860_511_658_6e-1,
        ],
    );
    exponent * LN_2 + (2.0 * s + s * (z * rest))
}

/// The bits of a mantissa.
const ONE_MANTISSA: u64 = (1 << 52) - 1;

/// Sine and cosine of an angle between -pi/4 and pi/4.
#[inline(always)]
fn sine_cosine(angle: f64) -> (f64, f64) {
    let z = angle * angle;
    let sine = series(
        z,
        [
            -1.666_666_666_666_663_2e-1,
            8.333_333_333_322_49e-3,
            -1.984_126_982_985_795e-4,
            2.755_731_370_707_006_8e-6,
            -2.505_076_025_340_686_3e-8,
            1.589_690_995_211_55e-10,
        ],
    );
    let cosine = series(
        z,
        [
            -0.5,
            4.166_666_666_666_66e-2,
            -1.388_888_888_887_411e-3,
            2.480_158_728_947_673e-5,
            -2.755_731_435_139_066_3e-7,
            2.087_572_321_298_175e-9,
            -1.135_964_755_778_819_5e-11,
        ],
    );
    (angle + angle * (z * sine), 1.0 + z * cosine)
}

/// Two normal numbers from two words.
#[inline(always)]
fn box_muller(words: [u64; 2]) -> [f64; 2] {
    let radius = (-2.0 * logarithm(unit(words[0]))).sqrt();
    let quarter = words[1] >> 62;
    let (sine, cosine) = sine_cosine((unit(words[1] << 2) - 0.5) * FRAC_PI_2);
    let (x, y) = match quarter & 1 {
        0 => (cosine, sine),
        _ => (sine, cosine),
    };
    // cos: +, -, -, +; sin: +, +, -, -
    let signs = [((quarter + 1) & 2) << 62, (quarter & 2) << 62];
    [
        f64::from_bits((radius * x).to_bits() ^ signs[0]),
        f64::from_bits((radius * y).to_bits() ^ signs[1]),
    ]
}

/// The two normal numbers at `counter` under `key`.
///
/// ```
/// use nullcline::noise::normal::normals;
/// assert_eq!(normals([7, 3], 42), normals([7, 3], 42));
/// assert_ne!(normals([7, 3], 42), normals([8, 3], 42));
/// ```
#[inline]
pub fn normals(counter: [u64; 2], key: u64) -> [f64; 2] {
    box_muller(super::philox::philox(counter, key))
}

/// Normal numbers of L lanes side by side, in every `stride`-th row: rows 2 m and 2 m + 1 of these are the [`normals`] at the
/// counters `[first[l] + m, second]` under `keys[l]`, times `scale`.
#[multiversion(targets("x86_64+avx512f+avx512dq", "x86_64+avx2"))]
pub fn fill<const L: usize>(
    first: &[u64; L],
    second: u64,
    keys: &[u64; L],
    scale: &[f64; L],
    stride: usize,
    out: &mut [[f64; L]],
) {
    /// So many pairs of a single lane go side by side instead.
    const WIDE: usize = 8;
    let mut pair = 0;
    if L == 1 {
        for rows in out.chunks_exact_mut(2 * WIDE * stride) {
            let counters = std::array::from_fn(|k| first[0].wrapping_add(pair + k as u64));
            let numbers = side_by_side::<WIDE>(&counters, second, &[keys[0]; WIDE]);
            for k in 0..WIDE {
                rows[2 * k * stride][0] = scale[0] * numbers[0][k];
                rows[(2 * k + 1) * stride][0] = scale[0] * numbers[1][k];
            }
            pair += WIDE as u64;
        }
    }
    let done = pair as usize * 2 * stride;
    for rows in out[done..].chunks_mut(2 * stride) {
        let counters = first.map(|first| first.wrapping_add(pair));
        let [mut x, mut y] = side_by_side::<L>(&counters, second, keys);
        for lane in 0..L {
            x[lane] *= scale[lane];
            y[lane] *= scale[lane];
        }
        (rows[0], rows[stride]) = (x, y);
        pair += 1;
    }
}

/// The numbers of L counters and keys: the first ones and the second ones.
#[inline(always)]
fn side_by_side<const L: usize>(
    counters: &[u64; L],
    second: u64,
    keys: &[u64; L],
) -> [[f64; L]; 2] {
    let words = philox_lanes([*counters, [second; L]], keys);
    let mut numbers = [[0.0; L]; 2];
    for lane in 0..L {
        let [x, y] = box_muller([words[0][lane], words[1][lane]]);
        (numbers[0][lane], numbers[1][lane]) = (x, y);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(count: u64, key: u64) -> impl Iterator<Item = f64> {
        (0..count / 2).flat_map(move |k| normals([k, 0], key))
    }

    #[test]
    fn the_polynomials_are_the_functions() {
        let mut word = 1_u64;
        for _ in 0..1_000_000 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Near 0 and near 1 as well.
            for u in [unit(word), unit(word >> (word % 40)), unit(!(word >> 30))] {
                assert!((0.0..1.0).contains(&u) && u > 0.0);
                let exact = u.ln();
                assert!(
                    (logarithm(u) - exact).abs() <= 2e-16 + 3e-16 * exact.abs(),
                    "{u}"
                );
            }
            let angle = (unit(word) - 0.5) * FRAC_PI_2;
            let (sine, cosine) = sine_cosine(angle);
            assert!((sine - angle.sin()).abs() < 2e-16, "{angle}");
            assert!((cosine - angle.cos()).abs() < 3e-16, "{angle}");
        }
        assert!((1.0 - HALF) == unit(u64::MAX) && unit(0) == HALF);
    }

    #[test]
    fn all_quarters_are_turned() {
        for quarter in 0..4_u64 {
            let words = [1 << 63, quarter << 62 | 1 << 58];
            let [x, y] = box_muller(words);
            let angle = (quarter as f64 + (1.0 / 16.0 - 0.5)) * FRAC_PI_2;
            let radius = (-2.0 * unit(words[0]).ln()).sqrt();
            assert!((x - radius * angle.cos()).abs() < 1e-15, "{quarter}");
            assert!((y - radius * angle.sin()).abs() < 1e-15, "{quarter}");
        }
    }

    #[test]
    fn lanes_have_the_numbers_of_each_by_itself() {
        let first: [u64; 8] = std::array::from_fn(|lane| 1 << (7 * lane));
        let keys: [u64; 8] = std::array::from_fn(|lane| 0x1234_5678_9abc_def1 * (lane as u64 + 1));
        let mut rows = vec![[0.0; 8]; 22];
        fill(&first, 5, &keys, &[0.5; 8], 1, &mut rows);
        for lane in 0..8 {
            for pair in 0..11 {
                let numbers = normals([first[lane] + pair as u64, 5], keys[lane]);
                let own = [rows[2 * pair][lane], rows[2 * pair + 1][lane]];
                assert_eq!(own, numbers.map(|x| 0.5 * x));
            }
        }
    }

    #[test]
    fn moments_are_those_of_the_normal_law() {
        let n = 4_000_000;
        let mut sums = [0.0; 4];
        for x in many(n, 11) {
            for (power, sum) in sums.iter_mut().enumerate() {
                *sum += x.powi(power as i32 + 1);
            }
        }
        let n = n as f64;
        // Mean and standard deviation of x, x^2, x^3, x^4.
        for (sum, (mean, sd)) in sums.iter().zip([
            (0.0, 1.0),
            (1.0, 2.0_f64.sqrt()),
            (0.0, 15.0_f64.sqrt()),
            (3.0, 96.0_f64.sqrt()),
        ]) {
            let off = (sum / n - mean) / (sd / n.sqrt());
            assert!(off.abs() < 4.0, "{off} standard errors");
        }
    }

    #[test]
    fn tails_are_as_heavy_as_they_should_be() {
        let n = 20_000_000_u64;
        let mut beyond = [0_u64; 4];
        let levels = [1.0, 3.0, 4.0, 4.8];
        for x in many(n, 5) {
            for (level, count) in levels.iter().zip(&mut beyond) {
                *count += u64::from(x.abs() > *level);
            }
        }
        // 2 (1 - Phi(level))
        for (count, share) in beyond.iter().zip([
            0.317_310_507_863,
            2.699_796_063e-3,
            6.334_248_367e-5,
            1.586_7e-6,
        ]) {
            let expected = share * n as f64;
            let off = (*count as f64 - expected) / expected.sqrt();
            assert!(off.abs() < 4.0, "{count} instead of {expected}: {off}");
        }
    }

    #[test]
    fn neighbours_are_independent() {
        let n = 1_000_000_u64;
        let correlation = |pair: &dyn Fn(u64) -> (f64, f64)| {
            let sum: f64 = (0..n).map(pair).map(|(a, b)| a * b).sum();
            sum / (n as f64).sqrt()
        };
        let at = |cell: u64, channel: u64, key: u64| normals([cell, channel], key)[0];
        for off in [
            correlation(&|k| (at(k, 0, 1), at(k + 1, 0, 1))),
            correlation(&|k| (at(k, 0, 1), at(k, 1, 1))),
            correlation(&|k| (at(k, 0, 1), at(k, 0, 2))),
            correlation(&|k| normals([k, 0], 1).into()),
            // The two numbers of a pair share a radius: their squares must not tell of each other either.
            correlation(&|k| {
                let [x, y] = normals([k, 0], 1);
                ((x * x - 1.0) / 2_f64.sqrt(), (y * y - 1.0) / 2_f64.sqrt())
            }),
        ] {
            assert!(off.abs() < 4.0, "{off}");
        }
    }
}
