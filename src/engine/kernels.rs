//! Inner loops of explicit schemes: linear combinations of stages and the error norm, lanes innermost.
//!
//! Sums run over the stages in ascending order, multiply then add, never fused; the error norm adds
//! its squares in four interleaved partial sums per lane, combined in a fixed tree. So the bits do not
//! depend on the number of lanes or on the width of the processor's vectors.

use std::sync::atomic::{AtomicBool, Ordering};

use multiversion::multiversion;

use super::spread::Blocks;
use crate::system::aligned::Aligned;
use crate::system::batch::LANES;

/// No tableau has more stages.
pub const MOST_STAGES: usize = 16;

/// The non-zero coefficients of a linear combination, with the stages they belong to.
pub type Terms = Vec<(usize, f64)>;

/// The non-zero entries of a row of coefficients.
pub fn terms(row: &[f64]) -> Terms {
    row.iter()
        .copied()
        .enumerate()
        .filter(|&(_, coefficient)| coefficient != 0.0)
        .collect()
}

/// Numbers that are worth a thread.
const PIECE: usize = 16_384;

/// `out = x + h sum_i c_i k_i`; h is spread over the components, `[component, lane]`. A long state is combined piece by piece
/// by the crew of its run.
pub fn combine(
    out: &mut [f64],
    blocks: &Blocks,
    x: &[f64],
    h: &[f64],
    terms: &[(usize, f64)],
    stages: &[Aligned],
) {
    blocks.spread(out, PIECE, |first, out| {
        combine_piece(out, first, x, h, terms, stages);
    });
}

/// As [`combine`], of the components from `first` on.
fn combine_piece(
    out: &mut [f64],
    first: usize,
    x: &[f64],
    h: &[f64],
    terms: &[(usize, f64)],
    stages: &[Aligned],
) {
    let here = first..first + out.len();
    let (x, h) = (&x[here.clone()], &h[here]);
    match terms.len() {
        1 => combine_terms::<1>(out, first, x, h, terms, stages),
        2 => combine_terms::<2>(out, first, x, h, terms, stages),
        3 => combine_terms::<3>(out, first, x, h, terms, stages),
        4 => combine_terms::<4>(out, first, x, h, terms, stages),
        5 => combine_terms::<5>(out, first, x, h, terms, stages),
        6 => combine_terms::<6>(out, first, x, h, terms, stages),
        7 => combine_terms::<7>(out, first, x, h, terms, stages),
        8 => combine_terms::<8>(out, first, x, h, terms, stages),
        9 => combine_terms::<9>(out, first, x, h, terms, stages),
        10 => combine_terms::<10>(out, first, x, h, terms, stages),
        11 => combine_terms::<11>(out, first, x, h, terms, stages),
        12 => combine_terms::<12>(out, first, x, h, terms, stages),
        _ => combine_any(out, first, x, h, terms, stages),
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn combine_terms<const TERMS: usize>(
    out: &mut [f64],
    first: usize,
    x: &[f64],
    h: &[f64],
    terms: &[(usize, f64)],
    stages: &[Aligned],
) {
    let length = out.len();
    let coefficients: [f64; TERMS] = std::array::from_fn(|term| terms[term].1);
    let stages: [&[f64]; TERMS] =
        std::array::from_fn(|term| &stages[terms[term].0][first..first + length]);
    let (x, h) = (&x[..length], &h[..length]);
    for i in 0..length {
        let mut sum = coefficients[0] * stages[0][i];
        for term in 1..TERMS {
            sum += coefficients[term] * stages[term][i];
        }
        out[i] = x[i] + h[i] * sum;
    }
}

/// Any number of terms, for the widest tableaus.
fn combine_any(
    out: &mut [f64],
    first: usize,
    x: &[f64],
    h: &[f64],
    terms: &[(usize, f64)],
    stages: &[Aligned],
) {
    for (i, out) in out.iter_mut().enumerate() {
        let mut sum = 0.0;
        for &(stage, coefficient) in terms {
            sum += coefficient * stages[stage][first + i];
        }
        *out = x[i] + h[i] * sum;
    }
}

/// A step as the error norm sees it; all arrays are `[component, lane]`.
pub struct Attempt<'a> {
    /// States at its start.
    pub x0: &'a [f64],
    /// States at its end.
    pub x1: &'a [f64],
    /// Its length, spread over the components.
    pub h: &'a [f64],
    /// Its stages.
    pub stages: &'a [Aligned],
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance, spread over the lanes; infinite for what does not count.
    pub atol: &'a [f64],
}

/// The weighted root mean square of `h sum_i e_i k_i` per lane. The weight of a component is
/// `1 / (atol + rtol max(|x0|, |x1|))`; `measured` is the number of components that count.
pub fn error_norm<const L: usize>(
    attempt: &Attempt<'_>,
    terms: &[(usize, f64)],
    measured: f64,
) -> [f64; L] {
    let mut sums = [[0.0; L]; 4];
    if terms.len() == 6 && L == 1 {
        squares::<6, 4>(attempt, terms, sums.as_flattened_mut());
    } else if terms.len() == 7 && L == 1 {
        squares::<7, 4>(attempt, terms, sums.as_flattened_mut());
    } else if terms.len() == 8 && L == 1 {
        squares::<8, 4>(attempt, terms, sums.as_flattened_mut());
    } else if terms.len() == 8 && L == LANES {
        squares::<8, { 4 * LANES }>(attempt, terms, sums.as_flattened_mut());
    } else if terms.len() == 6 && L == LANES {
        squares::<6, { 4 * LANES }>(attempt, terms, sums.as_flattened_mut());
    } else if terms.len() == 7 && L == LANES {
        squares::<7, { 4 * LANES }>(attempt, terms, sums.as_flattened_mut());
    } else {
        squares_any(attempt, terms, sums.as_flattened_mut());
    }
    std::array::from_fn(|lane| {
        let sum = (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]);
        (sum / measured).sqrt()
    })
}

/// Two error norms of a step as one: `e^2 / sqrt(e^2 + 0.01 e_low^2)`
pub fn joined<const L: usize>(high: &[f64; L], low: &[f64; L]) -> [f64; L] {
    std::array::from_fn(|lane| {
        let (high, low) = (high[lane], low[lane]);
        let size = (high * high + 0.01 * (low * low)).sqrt();
        if size == 0.0 { 0.0 } else { high * high / size }
    })
}

/// Partial sums of squares over every `WIDTH`-th component.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn squares<const TERMS: usize, const WIDTH: usize>(
    attempt: &Attempt<'_>,
    terms: &[(usize, f64)],
    into: &mut [f64],
) {
    let length = attempt.x0.len();
    let coefficients: [f64; TERMS] = std::array::from_fn(|term| terms[term].1);
    let stages: [&[f64]; TERMS] =
        std::array::from_fn(|term| &attempt.stages[terms[term].0][..length]);
    let (x0, x1) = (&attempt.x0[..length], &attempt.x1[..length]);
    let (h, atol) = (&attempt.h[..length], &attempt.atol[..length]);
    let mut sums = [0.0; WIDTH];
    // Whole chunks are of constant length, so that they run in full vectors.
    let chunks = stages.map(|stage| stage.as_chunks::<WIDTH>().0);
    let [x0s, x1s, hs, atols] = [x0, x1, h, atol].map(|all| all.as_chunks::<WIDTH>().0);
    for number in 0..length / WIDTH {
        let chunk = chunks.map(|chunks| &chunks[number]);
        let (x0, x1) = (&x0s[number], &x1s[number]);
        let (h, atol) = (&hs[number], &atols[number]);
        for (j, sum) in sums.iter_mut().enumerate() {
            let mut error = coefficients[0] * chunk[0][j];
            for term in 1..TERMS {
                error += coefficients[term] * chunk[term][j];
            }
            *sum += square(h[j] * error, x0[j], x1[j], attempt.rtol, atol[j]);
        }
    }
    let first = length - length % WIDTH;
    for (i, sum) in (first..length).zip(&mut sums) {
        let mut error = coefficients[0] * stages[0][i];
        for term in 1..TERMS {
            error += coefficients[term] * stages[term][i];
        }
        *sum += square(h[i] * error, x0[i], x1[i], attempt.rtol, atol[i]);
    }
    into.copy_from_slice(&sums);
}

/// As [`squares`] for any number of terms and lanes.
fn squares_any(attempt: &Attempt<'_>, terms: &[(usize, f64)], sums: &mut [f64]) {
    let width = sums.len();
    for i in 0..attempt.x0.len() {
        let error = terms.iter().fold(0.0, |error, &(stage, coefficient)| {
            error + coefficient * attempt.stages[stage][i]
        });
        let (x0, x1) = (attempt.x0[i], attempt.x1[i]);
        sums[i % width] += square(attempt.h[i] * error, x0, x1, attempt.rtol, attempt.atol[i]);
    }
}

#[inline(always)]
fn square(error: f64, x0: f64, x1: f64, rtol: f64, atol: f64) -> f64 {
    let (x0, x1) = (x0.abs(), x1.abs());
    // `f64::max` would hide a NaN in x1; the comparison lets it through to the sum.
    let size = if x0 > x1 { x0 } else { x1 };
    let ratio = error / (atol + rtol * size);
    ratio * ratio
}

/// Whether all numbers of a state are finite. They are handed out like those that [`combine`] writes, hence `mut`; nothing is changed.
pub fn finite(numbers: &mut [f64], blocks: &Blocks) -> bool {
    let finite = AtomicBool::new(true);
    blocks.spread(numbers, PIECE, |_, numbers| {
        if !all_finite(numbers) {
            finite.store(false, Ordering::Relaxed);
        }
    });
    finite.into_inner()
}

/// The first of these numbers that is not finite.
pub fn first_not_finite(numbers: &[f64]) -> Option<usize> {
    match all_finite(numbers) {
        true => None,
        false => numbers.iter().position(|number| !number.is_finite()),
    }
}

/// Nothing but zeros are left of finite numbers times zero; the sums have no branch, so that they become vector code.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn all_finite(numbers: &[f64]) -> bool {
    let (chunks, rest) = numbers.as_chunks::<16>();
    let mut sums = [0.0; 16];
    for chunk in chunks {
        for (sum, number) in sums.iter_mut().zip(chunk) {
            *sum += number * 0.0;
        }
    }
    sums.iter().chain(rest).all(|number| number.is_finite())
}

/// The least `side * g` of each lane: negative where some surface lies on the other side.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn margins<const L: usize>(sides: &[f64], surfaces: &[f64]) -> [f64; L] {
    let mut least = [f64::INFINITY; L];
    {
        let rows = sides
            .as_chunks::<L>()
            .0
            .iter()
            .zip(surfaces.as_chunks::<L>().0);
        for (sides, surfaces) in rows {
            for lane in 0..L {
                let margin = sides[lane] * surfaces[lane];
                if margin < least[lane] {
                    least[lane] = margin;
                }
            }
        }
    }
    least
}

/// `x = x0 + h sum_i b_i k_i` of every lane at a point of its own; `weights` is `[stage][lane]`. Lane by
/// lane the arithmetic is that of [`dense`](super::kink::dense).
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn dense_lanes<const L: usize>(
    x0: &[f64],
    stages: &[Aligned],
    h: &[f64; L],
    weights: &[[f64; L]],
    x: &mut [f64],
) {
    // As slices, so that the inner loop has nothing to look up.
    let mut slices: [&[[f64; L]]; MOST_STAGES] = [&[]; MOST_STAGES];
    for (slice, stage) in slices.iter_mut().zip(stages) {
        *slice = stage.as_chunks::<L>().0;
    }
    let stages = &slices[..stages.len()];
    let rows = x.as_chunks_mut::<L>().0.iter_mut();
    for (row, (x, x0)) in rows.zip(x0.as_chunks::<L>().0).enumerate() {
        let mut sum = [0.0; L];
        for (k, weights) in stages.iter().zip(weights) {
            let k = &k[row];
            for lane in 0..L {
                sum[lane] += weights[lane] * k[lane];
            }
        }
        for lane in 0..L {
            x[lane] = x0[lane] + h[lane] * sum[lane];
        }
    }
}

/// Copy the chosen lanes.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn copy_lanes<const L: usize>(chosen: &[bool; L], from: &[f64], into: &mut [f64]) {
    let rows = into.as_chunks_mut::<L>().0.iter_mut();
    for (into, from) in rows.zip(from.as_chunks::<L>().0) {
        for lane in 0..L {
            into[lane] = if chosen[lane] { from[lane] } else { into[lane] };
        }
    }
}
