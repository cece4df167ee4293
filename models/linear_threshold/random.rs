//! Random weight matrices: the family's own generators for `weights = { random = "...", ... }`.
//!
//! ```text
//! sparse              W_ij = mean + sd z_ij with probability density, else 0
//! dale                W_ij = s_j g_j |z_ij| / sqrt(density n) with probability density, else 0;
//!                     s_j = +1 for the first round(excitatory n) neurons, -1 for the others
//! diagonally-stable   W = A + D,  A = P^-1 (K - R),  K skew,  R = G G' + 0.3 I,  p_i in U(0.3, 3)
//! ```
//!
//! z are standard normal. `sparse` and `dale` have no self-weights; `diagonally-stable` has those that
//! its construction gives. Each matrix is a function of the draw's 256-bit seed alone (ChaCha8).
//! Source of the last: the random networks of arXiv 2604.16710's standing assumption, built backwards
//! from P A + A' P = -2 R < 0.

use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform, Uniform};

use crate::prelude::*;

const DENSITY: Parameter = Parameter::real("density")
    .range(Range::closed(0.0, 1.0))
    .meaning("the probability that a weight is there");

/// The generators of `weights`.
pub const GENERATORS: &[Generator] = &[
    Generator {
        name: "sparse",
        meaning: "independent normal weights, each there with probability `density`; no self-weights",
        options: &[
            DENSITY,
            Parameter::real("mean")
                .or(0.0)
                .meaning("mean of the weights that are there"),
            Parameter::real("sd")
                .or(1.0)
                .range(Range::NON_NEGATIVE)
                .meaning("standard deviation of the weights that are there"),
        ],
        needs: &[],
        draw: sparse,
    },
    Generator {
        name: "dale",
        meaning: "Dale's law: each neuron (column) excites or inhibits all others; no self-weights",
        options: &[
            DENSITY.or(1.0),
            Parameter::real("excitatory")
                .or(0.8)
                .range(Range::closed(0.0, 1.0))
                .meaning("share of excitatory neurons, which are the first ones"),
            Parameter::real("gain")
                .or(1.0)
                .range(Range::NON_NEGATIVE)
                .meaning(
                    "the weights that are there are |z| gain / sqrt(density n), z standard normal",
                ),
            Parameter::real("balance")
                .or(1.0)
                .range(Range::NON_NEGATIVE)
                .meaning("mean inhibition over mean excitation of a neuron; 1 cancels on average"),
        ],
        needs: &[],
        draw: dale,
    },
    Generator {
        name: "diagonally-stable",
        meaning: "W = D + P^-1 (K - R), K skew, R = GG' + 0.3 I: W - D is Lyapunov diagonally stable",
        options: &[Parameter::real("gain")
            .or(1.0)
            .range(Range::NON_NEGATIVE)
            .meaning("scale of K and G, whose entries have standard deviation gain / sqrt(n)")],
        needs: &["dissipation"],
        draw: |draw| Ok(diagonally_stable(draw)?.1),
    },
];

/// The number of neurons of a square draw.
fn size(draw: &Draw<'_>) -> Result<usize, BuildError> {
    match *draw.shape {
        [n, m] if n == m => Ok(n),
        _ => Err(BuildError::about(
            "weights",
            format!("weights have shape {:?}, but W is square", draw.shape),
        )),
    }
}

fn sparse(draw: &Draw<'_>) -> Result<Array, BuildError> {
    let n = size(draw)?;
    let (density, options) = (draw.options.real("density"), draw.options);
    let (mean, sd) = (options.real("mean"), options.real("sd"));
    let weights = links(draw.seed, n, density, |_, z| mean + sd * z);
    Ok(Array::new(vec![n, n], weights))
}

fn dale(draw: &Draw<'_>) -> Result<Array, BuildError> {
    let n = size(draw)?;
    let options = draw.options;
    let (density, share) = (options.real("density"), options.real("excitatory"));
    let excitatory = (share * n as f64).round() as usize;
    if excitatory == 0 || excitatory == n {
        let only = if excitatory == 0 {
            "inhibitory"
        } else {
            "excitatory"
        };
        let balance = options.real("balance");
        if balance != 1.0 {
            let message = format!("all {n} neurons are {only}: there is nothing to balance");
            return Err(BuildError::about("weights.balance", message)
                .help("leave `balance` out, or change `excitatory` or `size`"));
        }
    }
    let unit = options.real("gain") / (density * n as f64).sqrt();
    // An inhibitory weight is larger as inhibitory neurons are rarer.
    let rarity = match (excitatory, n - excitatory) {
        (0, _) | (_, 0) => 1.0,
        (excitatory, inhibitory) => excitatory as f64 / inhibitory as f64,
    };
    let inhibition = -unit * options.real("balance") * rarity;
    let weights = links(draw.seed, n, density, |source, z| {
        z.abs()
            * if source < excitatory {
                unit
            } else {
                inhibition
            }
    });
    Ok(Array::new(vec![n, n], weights))
}

/// A matrix without self-weights whose entries are there with probability `density`. Every entry uses
/// its two draws whether it is there or not: a denser matrix of the same seed contains the sparser one.
fn links(seed: [u8; 32], n: usize, density: f64, weight: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::from_seed(seed);
    let mut weights = vec![0.0; n * n];
    for (place, entry) in weights.iter_mut().enumerate() {
        let (target, source) = (place / n, place % n);
        let chance: f64 = StandardUniform.sample(&mut rng);
        let z: f64 = StandardNormal.sample(&mut rng);
        if target != source && chance < density {
            *entry = weight(source, z);
        }
    }
    weights
}

/// The certificate p that the matrix was built from, and the matrix.
fn diagonally_stable(draw: &Draw<'_>) -> Result<(Vec<f64>, Array), BuildError> {
    let n = size(draw)?;
    let mut rng = ChaCha8Rng::from_seed(draw.seed);
    let dissipation = draw.needs.vector("dissipation");
    let scale = draw.options.real("gain") / (n as f64).sqrt();
    let uniform = Uniform::new(0.3, 3.0)
        .map_err(|error| BuildError::about("weights", format!("the range of p: {error}")))?;
    let p: Vec<f64> = (0..n).map(|_| uniform.sample(&mut rng)).collect();
    let mut normal = || {
        let entries = std::iter::repeat_with(|| -> f64 { StandardNormal.sample(&mut rng) });
        DMatrix::from_iterator(n, n, entries.take(n * n)) * scale
    };
    let (k, g) = (normal(), normal());
    let skew = (&k - k.transpose()) * std::f64::consts::FRAC_1_SQRT_2;
    let a = skew - (&g * g.transpose() + DMatrix::identity(n, n) * 0.3);
    let weights = (0..n * n).map(|place| {
        let (i, j) = (place / n, place % n);
        a[(i, j)] / p[i] + if i == j { dissipation[i] } else { 0.0 }
    });
    let weights = Array::new(vec![n, n], weights.collect());
    Ok((p, weights))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(values: &[(&str, f64)]) -> Parameters {
        let mut options = Parameters::new();
        for &(name, value) in values {
            options.set_real(name, Array::new(vec![], vec![value]));
        }
        options
    }

    fn draw(
        generator: fn(&Draw<'_>) -> Result<Array, BuildError>,
        n: usize,
        values: &[(&str, f64)],
    ) -> Vec<f64> {
        let draw = Draw {
            shape: &[n, n],
            options: &options(values),
            needs: &Parameters::new(),
            seed: [7; 32],
        };
        generator(&draw).unwrap().data
    }

    #[test]
    fn sparse_weights_have_their_density_mean_and_sd_and_no_self_weights() {
        let n = 200;
        let w = draw(sparse, n, &[("density", 0.1), ("mean", 2.0), ("sd", 0.5)]);
        assert!((0..n).all(|i| w[i * n + i] == 0.0));
        let there: Vec<f64> = w.into_iter().filter(|&w| w != 0.0).collect();
        let count = there.len() as f64;
        // 39800 places: the standard error of the density is 0.0015, of the mean 0.008.
        assert!((count / 39_800.0 - 0.1).abs() < 0.006, "density {count}");
        let mean = there.iter().sum::<f64>() / count;
        assert!((mean - 2.0).abs() < 0.032, "mean {mean}");
        let variance = there.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / count;
        assert!(
            (variance.sqrt() - 0.5).abs() < 0.023,
            "sd {}",
            variance.sqrt()
        );
    }

    #[test]
    fn dale_columns_keep_their_sign_and_rows_balance() {
        let n = 200;
        let values = [
            ("density", 0.5),
            ("excitatory", 0.75),
            ("gain", 1.5),
            ("balance", 1.0),
        ];
        let w = draw(dale, n, &values);
        for (place, &w) in w.iter().enumerate() {
            let (target, source) = (place / n, place % n);
            let sign = if source < 150 { 1.0 } else { -1.0 };
            assert!(w * sign >= 0.0, "W[{target}][{source}] = {w}");
            assert!(target != source || w == 0.0);
        }
        let excitation: f64 = w.iter().filter(|&&w| w > 0.0).sum();
        let inhibition: f64 = w.iter().filter(|&&w| w < 0.0).sum();
        assert!((excitation / -inhibition - 1.0).abs() < 0.05);
        let there = w.iter().filter(|&&w| w != 0.0).count() as f64;
        assert!((there / 39_800.0 - 0.5).abs() < 0.01);
        // The mean of |z| is sqrt(2/pi); one excitatory weight is |z| 1.5 / sqrt(0.5 * 200).
        let mean = excitation / w.iter().filter(|&&w| w > 0.0).count() as f64;
        assert!((mean / (0.15 * (2.0 / std::f64::consts::PI).sqrt()) - 1.0).abs() < 0.03);
    }

    #[test]
    fn every_diagonally_stable_draw_satisfies_its_own_inequality() {
        for (seed, n) in (1..=60_u8).zip((3..=20).cycle()) {
            let dissipation: Vec<f64> = (0..n).map(|i| 0.5 + 0.1 * i as f64).collect();
            let mut needs = Parameters::new();
            needs.set_real("dissipation", Array::new(vec![n], dissipation.clone()));
            let draw = Draw {
                shape: &[n, n],
                options: &options(&[("gain", 1.0)]),
                needs: &needs,
                seed: [seed; 32],
            };
            let (p, w) = diagonally_stable(&draw).unwrap();
            assert!(p.iter().all(|p| (0.3..3.0).contains(p)));
            let pa = DMatrix::from_fn(n, n, |i, j| {
                p[i] * (w.data[i * n + j] - if i == j { dissipation[i] } else { 0.0 })
            });
            let largest = (&pa + pa.transpose()).symmetric_eigenvalues().max();
            assert!(largest <= -0.6 + 1e-12, "n = {n}: {largest}");
            let skewness = (&pa - pa.transpose()).norm();
            assert!(skewness > 0.1, "P A is symmetric up to {skewness}");
        }
    }

    #[test]
    fn a_draw_depends_on_its_seed_alone_and_denser_contains_sparser() {
        let at = |density| {
            draw(
                sparse,
                20,
                &[("density", density), ("mean", 0.0), ("sd", 1.0)],
            )
        };
        assert_eq!(at(0.3), at(0.3));
        let (thin, thick) = (at(0.3), at(0.6));
        assert!(thin.iter().zip(&thick).all(|(a, b)| *a == 0.0 || a == b));
    }
}
