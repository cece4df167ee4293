//! The energy: the mean L1 norm of the internal state, exactly, and its derivative.
//!
//! ```text
//! B = M^-1, b_i its row i;  alpha_ik = b_i . phi_k,  r_i = b_i - sum_k alpha_ik phi_k,  beta_i = |r_i|
//! <|x_i|> = sum_a Pr(a) [ beta_i g_0 exp(-mu^2/2 beta_i^2) + mu erf(mu/(beta_i sqrt 2)) ],   mu = sum_k alpha_ik a_k,  g_0 = sqrt(2/pi)
//! Gaussian input with covariance C:   <|x_i|> = g_0 sqrt(b_i C b_i')
//! G_ij = d<|x_i|>/dB_ij = <sign(x_i) s_j>
//! ```
//!
//! For beta_i -> 0 the bracket is |mu|: a unit that shows a feature and nothing else. Source: derived; arXiv 2302.11681 for the energy.

use std::f64::consts::FRAC_1_SQRT_2;

use super::features::Input;

/// g_0 = sqrt(2/pi), the mean magnitude of a standard normal number.
pub const GAUSSIAN: f64 = 0.797_884_560_802_865_4;

/// An energy and its standard error, 0 where it is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Energy {
    /// E, over all units.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// What a unit makes of the input: its share of each feature, and what is left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shares {
    /// alpha_k.
    pub alpha: Vec<f64>,
    /// r.
    rest: Vec<f64>,
    /// beta.
    pub beta: f64,
}

impl Shares {
    /// Those of a row of B.
    pub fn take(&mut self, row: &[f64], directions: &[Vec<f64>]) {
        self.rest.clear();
        self.rest.extend_from_slice(row);
        self.alpha.clear();
        for direction in directions {
            let alpha: f64 = row.iter().zip(direction).map(|(b, d)| b * d).sum();
            for (rest, d) in self.rest.iter_mut().zip(direction) {
                *rest -= alpha * d;
            }
            self.alpha.push(alpha);
        }
        self.beta = self.rest.iter().map(|r| r * r).sum::<f64>().sqrt();
    }

    /// alpha_k^2 over the variance of all else.
    pub fn signal_to_noise(&self, feature: usize) -> f64 {
        let squares = self.alpha.iter().map(|alpha| alpha * alpha);
        let others: f64 = squares
            .enumerate()
            .filter(|(k, _)| *k != feature)
            .map(|(_, s)| s)
            .sum();
        self.alpha[feature].powi(2) / (self.beta * self.beta + others)
    }
}

/// The bracket, and its derivatives by mu and beta.
fn bracket(mu: f64, beta: f64) -> [f64; 3] {
    if beta < 1e-150 || mu.abs() > 38.0 * beta {
        // Nothing but the feature, or so much of it that the background does not count.
        return [mu.abs(), if mu == 0.0 { 0.0 } else { mu.signum() }, 0.0];
    }
    let ratio = mu / beta;
    let slope = libm::erf(ratio * FRAC_1_SQRT_2);
    let tail = GAUSSIAN * (-0.5 * ratio * ratio).exp();
    [beta * tail + mu * slope, slope, tail]
}

/// Memory of an evaluation.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    shares: Shares,
    by_alpha: Vec<f64>,
    sums: Vec<f64>,
}

/// E of the inverse B, row-major, and G if somebody wants it.
pub fn energy(
    input: &Input,
    units: usize,
    b: &[f64],
    mut gradient: Option<&mut [f64]>,
    scratch: &mut Scratch,
) -> Energy {
    let (directions, combinations, drawn) = match input {
        Input::Gaussian(covariance) => return gaussian(covariance, units, b, gradient),
        Input::Features {
            directions,
            combinations,
            drawn,
        } => (directions, combinations, *drawn),
    };
    let Scratch {
        shares,
        by_alpha,
        sums,
    } = scratch;
    sums.clear();
    sums.resize(if drawn { combinations.len() } else { 0 }, 0.0);
    let mut value = 0.0;
    for (i, row) in b.chunks_exact(units).enumerate() {
        shares.take(row, directions);
        by_alpha.clear();
        by_alpha.resize(directions.len(), 0.0);
        let mut by_beta = 0.0;
        for (number, combination) in combinations.iter().enumerate() {
            // A law without combinations of its own leaves the features to the background.
            let pairs = combination.values.iter().zip(&shares.alpha);
            let mu: f64 = pairs.map(|(a, alpha)| a * alpha).sum();
            let beta = match combination.values.is_empty() {
                true => shares
                    .alpha
                    .iter()
                    .fold(shares.beta, |sum, alpha| sum.hypot(*alpha)),
                false => shares.beta,
            };
            let [mean, slope, tail] = bracket(mu, beta);
            value += combination.share * mean;
            if drawn {
                sums[number] += mean;
            }
            for (by_alpha, a) in by_alpha.iter_mut().zip(&combination.values) {
                *by_alpha += combination.share * slope * a;
            }
            by_beta += combination.share * tail;
        }
        let Some(gradient) = gradient.as_deref_mut() else {
            continue;
        };
        let gradient = &mut gradient[i * units..(i + 1) * units];
        let plain = combinations.iter().all(|one| one.values.is_empty());
        let (rest, beta) = match plain {
            true => (row, row.iter().map(|b| b * b).sum::<f64>().sqrt()),
            false => (shares.rest.as_slice(), shares.beta),
        };
        let scale = if beta > 1e-150 { by_beta / beta } else { 0.0 };
        for (g, r) in gradient.iter_mut().zip(rest) {
            *g = scale * r;
        }
        for (by_alpha, direction) in by_alpha.iter().zip(directions) {
            for (g, d) in gradient.iter_mut().zip(direction) {
                *g += by_alpha * d;
            }
        }
    }
    let error = match drawn {
        false => 0.0,
        true => {
            let n = sums.len() as f64;
            let squares: f64 = sums.iter().map(|sum| (sum - value).powi(2)).sum();
            (squares / (n - 1.0) / n).sqrt()
        }
    };
    Energy { value, error }
}

fn gaussian(covariance: &[f64], units: usize, b: &[f64], gradient: Option<&mut [f64]>) -> Energy {
    let mut value = 0.0;
    let mut gradient = gradient;
    for (i, row) in b.chunks_exact(units).enumerate() {
        let product = |j: usize| -> f64 {
            let column = &covariance[j * units..(j + 1) * units];
            row.iter().zip(column).map(|(b, c)| b * c).sum()
        };
        let variance: f64 = row.iter().enumerate().map(|(j, b)| b * product(j)).sum();
        let deviation = variance.sqrt();
        value += GAUSSIAN * deviation;
        if let Some(gradient) = gradient.as_deref_mut() {
            for (j, g) in gradient[i * units..(i + 1) * units].iter_mut().enumerate() {
                *g = GAUSSIAN * product(j) / deviation;
            }
        }
    }
    Energy { value, error: 0.0 }
}
