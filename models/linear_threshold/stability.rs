//! What is known of a network's equilibria, worked out once per system when it is first asked for:
//! the certificate P of diagonal stability and the equilibrium x* that it makes the only one.
//!
//! ```text
//! gap                   G(x) = sum_i q_i d_i (F_i > 0 ? (m_i/d_i - x_i) F_i : -x_i F_i),   q = p
//! certificate_distance  |x - x*|_P = sqrt(sum_i p_i (x_i - x*_i)^2)
//! ```
//!
//! with the P of the largest rate and sum p = n. Source: arXiv 2604.16710, sections on the two limits.

use nalgebra::{DMatrix, DVector};

use super::certificate::{Certificate, Refusal, certify};
use super::equilibria::Problem;
use crate::prelude::*;

/// A certificate and the equilibrium that it makes unique.
#[derive(Clone, Debug)]
pub struct Stability {
    /// P.
    pub certificate: Certificate,
    /// x*.
    pub equilibrium: DVector<f64>,
}

/// Certificate and equilibrium of a network.
///
/// # Errors
/// If the network is not Lyapunov diagonally stable.
pub fn stability(problem: &Problem) -> Result<Stability, Unstable> {
    let certificate = certify(&problem.a)?;
    let equilibrium = problem.unique(&certificate).ok_or(Unstable::NotFound)?;
    Ok(Stability {
        certificate,
        equilibrium,
    })
}

/// Why there is no certificate with its equilibrium.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unstable {
    /// There is no P.
    #[error("{0}")]
    NotCertified(#[from] Refusal),
    /// There is a P, but the equilibrium was not found to rounding error.
    #[error(
        "its equilibrium could not be found to rounding error: the weights are too badly scaled"
    )]
    NotFound,
}

/// The error of an observable that needs a certificate where there is none.
pub fn refuse(observable: &str, why: &Unstable) -> BuildError {
    BuildError::about(
        "weights",
        format!(
            "`{observable}` needs a Lyapunov diagonally stable network, and this one is not: {why}"
        ),
    )
    .help(format!(
        "leave `{observable}` out of `[record] observables`, or change `weights` or `dissipation`"
    ))
}

/// A = W - D of a network.
pub fn linear_part(weights: &PackedMatrix, dissipation: &[f64]) -> DMatrix<f64> {
    DMatrix::from_fn(weights.rows(), weights.columns(), |i, j| {
        weights.entry(i, j) - if i == j { dissipation[i] } else { 0.0 }
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::random::GENERATORS;
    use super::*;

    /// A random diagonally stable network: A, u and b.
    pub fn stable(n: usize, seed: u8) -> (DMatrix<f64>, DVector<f64>, DVector<f64>) {
        let mut options = Parameters::new();
        options.set_real("gain", Array::new(vec![], vec![1.0]));
        let dissipation: Vec<f64> = (0..n).map(|i| 0.5 + 0.3 * i as f64).collect();
        let mut needs = Parameters::new();
        needs.set_real("dissipation", Array::new(vec![n], dissipation.clone()));
        let draw = Draw {
            shape: &[n, n],
            options: &options,
            needs: &needs,
            seed: [seed; 32],
        };
        let generator = GENERATORS.iter().find(|g| g.name == "diagonally-stable");
        let weights = (generator.unwrap().draw)(&draw).unwrap().data;
        let a = linear_part(&PackedMatrix::new(n, n, &weights), &dissipation);
        let wave = |i: usize| (f64::from(seed) + 2.7 * i as f64).sin();
        let input = DVector::from_fn(n, |i, _| 2.0 * wave(i));
        let bound = DVector::from_fn(n, |i, _| 1.0 + wave(i + 1).abs());
        (a, input, bound)
    }

    #[test]
    fn random_stable_networks_of_three_to_twenty_neurons_are_certified() {
        for (seed, n) in (1..=54_u8).zip((3..=20).cycle()) {
            let (a, input, bound) = stable(n, seed);
            let problem = Problem { a, input, bound };
            let found = stability(&problem).unwrap_or_else(|why| panic!("n = {n}: {why}"));
            let certificate = &found.certificate;
            assert!((certificate.p.iter().sum::<f64>() - n as f64).abs() < 1e-9);
            let pa = DMatrix::from_fn(n, n, |i, j| certificate.p[i] * problem.a[(i, j)]);
            let largest = (&pa + pa.transpose()).symmetric_eigenvalues().max();
            assert!(largest < -1e-3 && (largest + certificate.margin).abs() < 1e-10);
            // M becomes singular as the search nears the best rate, which limits what can be proved of it.
            let slack = certificate.bound - certificate.rate;
            assert!(
                (0.0..1e-5).contains(&(slack / problem.a.norm())),
                "n = {n}: slack {slack}"
            );
            assert!(problem.residual(&found.equilibrium) < 1e-11);
        }
    }
}
