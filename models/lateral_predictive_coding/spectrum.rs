//! The spectrum of M = I + W: how fast a steady response is reached.
//!
//! ```text
//! tau_R = 1/min_k Re lambda_k(M)         infinite if some Re lambda <= 0
//! tr M = N  =>  min Re lambda <= 1  =>  tau_R >= 1
//! penalty = sum_k max(0, r0 - Re lambda_k)^2,      d lambda_k/dM = l_k r_k'/(l_k' r_k)
//! amplification = max_t |exp(-M t)|_2,   abscissa = largest eigenvalue of -(M + M')/2
//! ```
//!
//! tau_R is that of the slowest mode. For non-normal M a response may first grow, by up to the amplification, and its approach has a large prefactor.

use faer::{Mat, c64};
use nalgebra::DMatrix;

fn matrix(units: usize, m: &[f64]) -> Mat<f64> {
    faer::set_global_parallelism(faer::Par::Seq);
    Mat::from_fn(units, units, |i, j| m[i * units + j])
}

/// The eigenvalues of M; none if they are not found.
pub fn eigenvalues(units: usize, m: &[f64]) -> Vec<c64> {
    matrix(units, m).eigenvalues().unwrap_or_default()
}

/// The least real part of the eigenvalues; NaN if they are not found.
pub fn slowest(units: usize, m: &[f64]) -> f64 {
    let all = eigenvalues(units, m);
    let least = all
        .iter()
        .map(|value| value.re)
        .fold(f64::INFINITY, f64::min);
    if all.is_empty() { f64::NAN } else { least }
}

/// The response time of a least real part: infinite if it is not stable.
pub fn response_time(slowest: f64) -> f64 {
    if slowest > 0.0 {
        1.0 / slowest
    } else {
        f64::INFINITY
    }
}

/// The least response time of any network of N units with this S: 1 for S <= 0, else 1/mu with `mu^(N-1) (N - (N-1) mu) = e^{-S}`.
pub fn least_response_time(units: usize, entropy: f64) -> f64 {
    if entropy <= 0.0 {
        return 1.0;
    }
    let n = units as f64;
    let excess = |mu: f64| (n - 1.0) * mu.ln() + (n - (n - 1.0) * mu).ln() + entropy;
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        match excess(middle) < 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    2.0 / (low + high)
}

/// sum_k max(0, floor - Re lambda_k)^2, and its derivative by M, row-major, if somebody wants it.
pub fn penalty(units: usize, m: &[f64], floor: f64, gradient: Option<&mut [f64]>) -> f64 {
    let below = |value: f64| (floor - value).max(0.0);
    let Some(gradient) = gradient else {
        let all = eigenvalues(units, m);
        return all.iter().map(|value| below(value.re).powi(2)).sum();
    };
    gradient.fill(0.0);
    let Ok(eigen) = matrix(units, m).eigen() else {
        return f64::INFINITY;
    };
    let right = eigen.U();
    // The rows of the inverse are the left eigenvectors, scaled so that l_k' r_k = 1.
    let left = faer::linalg::solvers::DenseSolveCore::inverse(&right.partial_piv_lu());
    let mut sum = 0.0;
    for k in 0..units {
        let gap = below(eigen.S().column_vector()[k].re);
        sum += gap * gap;
        if gap == 0.0 {
            continue;
        }
        for i in 0..units {
            for j in 0..units {
                gradient[i * units + j] -= 2.0 * gap * (left[(k, i)] * right[(j, k)]).re;
            }
        }
    }
    sum
}

/// How fast a response can grow at first: the largest eigenvalue of -(M + M')/2.
pub fn abscissa(units: usize, m: &[f64]) -> f64 {
    let symmetric = DMatrix::from_fn(units, units, |i, j| {
        -0.5 * (m[i * units + j] + m[j * units + i])
    });
    symmetric.symmetric_eigenvalues().max()
}

/// max_t |exp(-M t)|_2 over ten response times: 1 for a network that never amplifies, infinite for one that is unstable.
pub fn amplification(units: usize, m: &[f64]) -> f64 {
    let slowest = slowest(units, m);
    if slowest <= 0.0 || slowest.is_nan() {
        return f64::INFINITY;
    }
    if abscissa(units, m) <= 0.0 {
        return 1.0;
    }
    let generator = DMatrix::from_fn(units, units, |i, j| -m[i * units + j]);
    // The fastest rotation is resolved as well as the slowest decay.
    let largest = eigenvalues(units, m)
        .iter()
        .map(|value| value.norm())
        .fold(1.0, f64::max);
    let step = 0.05 / largest;
    let count = (10.0 / (slowest * step)).ceil().min(4000.0) as usize;
    let factor = (&generator * step).exp();
    let mut propagator = DMatrix::identity(units, units);
    let mut most = 1.0_f64;
    for _ in 0..count {
        propagator = &propagator * &factor;
        most = most.max(propagator.clone().singular_values().max());
    }
    most
}
