//! Random networks of the least energy that Gaussian input allows at a given S, to start searches from.
//!
//! ```text
//! E >= N g_0 kappa,   kappa = exp(S/N) det(C)^(1/(2N)),   attained where B C B' = kappa^2 I with equal rows:
//! M = A U / kappa,   A = C^(1/2),   U orthogonal,   (A U)_ii = kappa        (the diagonal of M is 1)
//! ```
//!
//! U starts on the way from the identity along a random rotation, Cayley(t K) with K antisymmetric, where the mean of the diagonal is
//! kappa; with an orthogonal K modes decay about equally fast. Newton's steps of least norm among rotations, U <- U Cayley(K), make its entries equal. For white input and an even
//! N also `M = I + w J`, J antisymmetric and orthogonal: every eigenvalue has the real part 1, so that tau_R = 1. Source: derived, from
//! Hadamard's inequality and that of the means.

use nalgebra::DMatrix;

/// Newton's steps at most.
const STEPS: usize = 200;
/// How far the diagonal may be from kappa, relative to it.
const EQUAL: f64 = 1e-14;

/// Antisymmetric with random entries: planes turn at different speeds, so that modes of the network decay at different ones.
pub fn random_turns(n: usize, normal: &mut dyn FnMut() -> f64) -> DMatrix<f64> {
    let mut k = DMatrix::zeros(n, n);
    let size = 1.0 / (n as f64).sqrt();
    for i in 0..n {
        for j in i + 1..n {
            let value = size * normal();
            (k[(i, j)], k[(j, i)]) = (value, -value);
        }
    }
    k
}

/// Antisymmetric and, in a plane for each pair of units, orthogonal: all turn alike. Of an odd number one direction rests.
pub fn equal_turns(n: usize, normal: &mut dyn FnMut() -> f64) -> DMatrix<f64> {
    let random = DMatrix::from_fn(n, n, |_, _| normal());
    let q = random.qr().q();
    let mut j = DMatrix::zeros(n, n);
    for pair in 0..n / 2 {
        (j[(2 * pair, 2 * pair + 1)], j[(2 * pair + 1, 2 * pair)]) = (1.0, -1.0);
    }
    let turned = &q * j * q.transpose();
    (&turned - turned.transpose()) * 0.5
}

/// The rotation (I - K/2)^-1 (I + K/2) of an antisymmetric K.
fn cayley(k: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let unit = DMatrix::identity(k.nrows(), k.ncols());
    (&unit - k * 0.5).lu().solve(&(unit + k * 0.5))
}

/// kappa of a covariance at an entropy, and its root A.
fn root(n: usize, covariance: &[f64], entropy: f64) -> Option<(f64, DMatrix<f64>)> {
    let eigen = DMatrix::from_row_slice(n, n, covariance).symmetric_eigen();
    if eigen.eigenvalues.iter().any(|&value| value <= 0.0) {
        return None;
    }
    let log_det: f64 = eigen.eigenvalues.iter().map(|value| value.ln()).sum();
    let roots = DMatrix::from_diagonal(&eigen.eigenvalues.map(f64::sqrt));
    let a = &eigen.eigenvectors * roots * eigen.eigenvectors.transpose();
    Some((((entropy + 0.5 * log_det) / n as f64).exp(), a))
}

/// Weights of a network of N units that attains the bound for this covariance, on the way along these turns; `None` if none was found, as where
/// the entropy is too high for the bound to be attained.
pub fn attaining(
    n: usize,
    covariance: &[f64],
    entropy: f64,
    turns: &DMatrix<f64>,
) -> Option<Vec<f64>> {
    let (kappa, a) = root(n, covariance, entropy)?;
    let mut u = part_of_the_way(&a, kappa, turns)?;
    for _ in 0..STEPS {
        let r = &a * &u;
        let lacking: Vec<f64> = (0..n).map(|i| kappa - r[(i, i)]).collect();
        let most = lacking.iter().map(|f| f.abs()).fold(0.0, f64::max);
        if most <= EQUAL * kappa {
            break;
        }
        u *= cayley(&newton(&r, &lacking)?)?;
    }
    let r = &a * &u;
    let apart = (0..n)
        .map(|i| (r[(i, i)] - kappa).abs())
        .fold(0.0, f64::max);
    if apart.is_nan() || apart > 1e3 * EQUAL * kappa {
        return None;
    }
    let weight = |(i, j): (usize, usize)| if i == j { 0.0 } else { r[(i, j)] / kappa };
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    Some(pairs.map(weight).collect())
}

/// The rotation along K where the mean of the diagonal of A U is kappa: the first one on the way from the identity.
fn part_of_the_way(a: &DMatrix<f64>, kappa: f64, k: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let n = a.nrows();
    let at = |t: f64| cayley(&(k * t));
    let mean = |u: &DMatrix<f64>| (a * u).trace() / n as f64;
    let unit = DMatrix::identity(n, n);
    if mean(&unit) <= kappa {
        // At the identity itself the bound of white input is attained at S = 0.
        return (mean(&unit) >= kappa * (1.0 - EQUAL)).then_some(unit);
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        if mean(&at(high)?) < kappa {
            break;
        }
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        match mean(&at(middle)?) < kappa {
            true => high = middle,
            false => low = middle,
        }
    }
    at(high)
}

/// The antisymmetric K of least norm that, to first order, adds `lacking` to the diagonal of R Cayley(K), no longer than a quarter turn.
fn newton(r: &DMatrix<f64>, lacking: &[f64]) -> Option<DMatrix<f64>> {
    let n = r.nrows();
    let product = DMatrix::from_fn(n, n, |i, l| match i == l {
        true => (0..n).filter(|&j| j != i).map(|j| r[(i, j)].powi(2)).sum(),
        false => -r[(i, l)] * r[(l, i)],
    });
    let damping = 1e-14 * product.trace();
    let damped = product + DMatrix::identity(n, n) * damping;
    let y = damped
        .lu()
        .solve(&DMatrix::from_column_slice(n, 1, lacking))?;
    let mut k = DMatrix::from_fn(n, n, |a, b| match a.cmp(&b) {
        std::cmp::Ordering::Equal => 0.0,
        _ => r[(b, a)] * y[b] - r[(a, b)] * y[a],
    });
    let longest = k.amax();
    if longest > 0.5 {
        k *= 0.5 / longest;
    }
    Some(k)
}

/// As [`attaining`], for white input and an even number of units, with tau_R = 1.
pub fn attaining_at_once(n: usize, entropy: f64, equal_turns: &DMatrix<f64>) -> Option<Vec<f64>> {
    if !n.is_multiple_of(2) || entropy > 0.0 {
        return None;
    }
    let size = (-2.0 * entropy / n as f64).exp_m1().sqrt();
    let weight = |(i, k): (usize, usize)| size * equal_turns[(i, k)];
    let pairs = (0..n).flat_map(|i| (0..n).map(move |k| (i, k)));
    Some(pairs.map(weight).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            // The sum of twelve uniform numbers is normal enough.
            let mut sum = -6.0;
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 11) as f64 / (1_u64 << 53) as f64;
            }
            sum
        }
    }

    #[test]
    fn the_bound_is_attained() {
        for (n, entropy, correlation) in [
            (4, 0.0, 0.5),
            (4, -0.01, 0.5),
            (4, -0.01, 0.0),
            (5, -3.0, 0.0),
            (7, -0.2, 0.1),
            (20, -40.0, 0.0),
            (20, -0.001, 0.3),
            (40, -10.0, 0.5),
            (3, 0.0, 0.0),
        ] {
            let covariance: Vec<f64> = (0..n * n)
                .map(|at| if at % (n + 1) == 0 { 1.0 } else { correlation })
                .collect();
            for seed in 1..6 {
                let found = attaining(
                    n,
                    &covariance,
                    entropy,
                    &random_turns(n, &mut normals(seed)),
                );
                let weights = found.unwrap_or_else(|| panic!("{n} {entropy} {correlation} {seed}"));
                let mut m = DMatrix::from_row_slice(n, n, &weights);
                m.fill_diagonal(1.0);
                let s = -m.determinant().ln();
                assert!(
                    (s - entropy).abs() < 1e-10 * (1.0 + entropy.abs()),
                    "{n} {entropy}: {s}"
                );
                let b = m.try_inverse().unwrap();
                let c = DMatrix::from_row_slice(n, n, &covariance);
                let sizes = (&b * &c * b.transpose()).diagonal().map(f64::sqrt);
                let (least, most) = (sizes.min(), sizes.max());
                assert!(most - least < 1e-10 * most);
                let kappa = ((entropy + 0.5 * c.determinant().ln()) / n as f64).exp();
                assert!(
                    (most - kappa).abs() < 1e-10 * kappa,
                    "{n} {entropy}: {most} {kappa}"
                );
            }
        }
        assert!(
            attaining(
                2,
                &[1.0, 0.0, 0.0, 1.0],
                0.5,
                &random_turns(2, &mut normals(1))
            )
            .is_none()
        );
    }

    #[test]
    fn the_fast_ones_have_the_entropy_and_real_parts_of_1() {
        let (n, entropy) = (6, -4.0);
        let weights = attaining_at_once(n, entropy, &equal_turns(n, &mut normals(3))).unwrap();
        let mut m = DMatrix::from_row_slice(n, n, &weights);
        m.fill_diagonal(1.0);
        assert!((m.determinant().ln() + entropy).abs() < 1e-12);
        assert!(
            m.complex_eigenvalues()
                .iter()
                .all(|v| (v.re - 1.0).abs() < 1e-10)
        );
    }
}
