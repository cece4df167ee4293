//! Inner loops of explicit schemes: linear combinations of stages and the error norm, lanes innermost.
//!
//! Sums run over the stages in ascending order, multiply then add, never fused; the error norm adds
//! its squares in four interleaved partial sums per lane, combined in a fixed tree. So the bits do not
//! depend on the number of lanes or on the width of the processor's vectors.

use multiversion::multiversion;

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

/// `out = x + h sum_i c_i k_i`, with h per lane.
pub fn combine<const L: usize>(
    out: &mut [f64],
    x: &[f64],
    h: &[f64; L],
    terms: &[(usize, f64)],
    stages: &[Vec<f64>],
) {
    match terms.len() {
        1 => combine_terms::<L, 1>(out, x, h, terms, stages),
        2 => combine_terms::<L, 2>(out, x, h, terms, stages),
        3 => combine_terms::<L, 3>(out, x, h, terms, stages),
        4 => combine_terms::<L, 4>(out, x, h, terms, stages),
        5 => combine_terms::<L, 5>(out, x, h, terms, stages),
        6 => combine_terms::<L, 6>(out, x, h, terms, stages),
        _ => combine_any(out, x, h, terms, stages),
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn combine_terms<const L: usize, const TERMS: usize>(
    out: &mut [f64],
    x: &[f64],
    h: &[f64; L],
    terms: &[(usize, f64)],
    stages: &[Vec<f64>],
) {
    let length = out.len();
    let coefficients: [f64; TERMS] = std::array::from_fn(|term| terms[term].1);
    let stages: [&[f64]; TERMS] = std::array::from_fn(|term| &stages[terms[term].0][..length]);
    let x = &x[..length];
    let sum = |i: usize| {
        let mut sum = coefficients[0] * stages[0][i];
        for term in 1..TERMS {
            sum += coefficients[term] * stages[term][i];
        }
        sum
    };
    {
        if L == 1 {
            for i in 0..length {
                out[i] = x[i] + h[0] * sum(i);
            }
        } else {
            for (row, out) in out.as_chunks_mut::<L>().0.iter_mut().enumerate() {
                for lane in 0..L {
                    let i = row * L + lane;
                    out[lane] = x[i] + h[lane] * sum(i);
                }
            }
        }
    }
}

/// Any number of terms, for the widest tableaus.
fn combine_any<const L: usize>(
    out: &mut [f64],
    x: &[f64],
    h: &[f64; L],
    terms: &[(usize, f64)],
    stages: &[Vec<f64>],
) {
    for (i, (out, x)) in out.iter_mut().zip(x).enumerate() {
        let mut sum = 0.0;
        for &(stage, coefficient) in terms {
            sum += coefficient * stages[stage][i];
        }
        *out = x + h[i % L] * sum;
    }
}

/// The weighted root mean square of `h sum_i e_i k_i` per lane. The weight of a component is
/// `1 / (atol + rtol max(|x0|, |x1|))`, and components with infinite `atol` do not count;
/// `measured` is the number of those that do.
#[allow(clippy::too_many_arguments, reason = "one fused pass over memory")]
pub fn error_norm<const L: usize>(
    x0: &[f64],
    x1: &[f64],
    h: &[f64; L],
    terms: &[(usize, f64)],
    stages: &[Vec<f64>],
    rtol: f64,
    atol: &[f64],
    measured: f64,
) -> [f64; L] {
    match terms.len() {
        6 => error_terms::<L, 6>(x0, x1, h, terms, stages, rtol, atol, measured),
        7 => error_terms::<L, 7>(x0, x1, h, terms, stages, rtol, atol, measured),
        _ => error_any(x0, x1, h, terms, stages, rtol, atol, measured),
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
#[allow(clippy::too_many_arguments, reason = "as error_norm")]
fn error_terms<const L: usize, const TERMS: usize>(
    x0: &[f64],
    x1: &[f64],
    h: &[f64; L],
    terms: &[(usize, f64)],
    stages: &[Vec<f64>],
    rtol: f64,
    atol: &[f64],
    measured: f64,
) -> [f64; L] {
    let length = x0.len();
    let coefficients: [f64; TERMS] = std::array::from_fn(|term| terms[term].1);
    let stages: [&[f64]; TERMS] = std::array::from_fn(|term| &stages[terms[term].0][..length]);
    let x1 = &x1[..length];
    let mut sums = [[0.0; L]; 4];
    {
        for (row, &atol) in atol[..length / L].iter().enumerate() {
            let sums = &mut sums[row % 4];
            for lane in 0..L {
                let i = row * L + lane;
                let mut error = coefficients[0] * stages[0][i];
                for term in 1..TERMS {
                    error += coefficients[term] * stages[term][i];
                }
                sums[lane] += square(h[lane] * error, x0[i], x1[i], rtol, atol);
            }
        }
    }
    root_mean(&sums, measured)
}

#[allow(clippy::too_many_arguments, reason = "as error_norm")]
fn error_any<const L: usize>(
    x0: &[f64],
    x1: &[f64],
    h: &[f64; L],
    terms: &[(usize, f64)],
    stages: &[Vec<f64>],
    rtol: f64,
    atol: &[f64],
    measured: f64,
) -> [f64; L] {
    let mut sums = [[0.0; L]; 4];
    for i in 0..x0.len() {
        let (row, lane) = (i / L, i % L);
        let error: f64 = terms.iter().fold(0.0, |error, &(stage, coefficient)| {
            error + coefficient * stages[stage][i]
        });
        sums[row % 4][lane] += square(h[lane] * error, x0[i], x1[i], rtol, atol[row]);
    }
    root_mean(&sums, measured)
}

#[inline(always)]
fn square(error: f64, x0: f64, x1: f64, rtol: f64, atol: f64) -> f64 {
    let (x0, x1) = (x0.abs(), x1.abs());
    // `f64::max` would hide a NaN in x1; the comparison lets it through to the sum.
    let size = if x0 > x1 { x0 } else { x1 };
    let ratio = error / (atol + rtol * size);
    ratio * ratio
}

fn root_mean<const L: usize>(sums: &[[f64; L]; 4], measured: f64) -> [f64; L] {
    std::array::from_fn(|lane| {
        let sum = (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]);
        (sum / measured).sqrt()
    })
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
