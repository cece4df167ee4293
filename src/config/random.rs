//! Random numbers of an experiment: each array is drawn by ChaCha8 from a seed that depends on the
//! experiment's seed and the array's path alone, so that nothing else in the file changes it.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};
use sha2::{Digest, Sha256};

/// The laws that every array can be drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Normal.
    Gaussian {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Uniform in `[low, high)`.
    Uniform {
        /// Least value.
        low: f64,
        /// Upper bound.
        high: f64,
    },
}

impl Law {
    /// `count` numbers.
    pub fn draw(&self, seed: [u8; 32], count: usize) -> Vec<f64> {
        match *self {
            Law::Gaussian { mean, sd } => gaussian(seed, count, mean, sd),
            Law::Uniform { low, high } => uniform(seed, count, low, high),
        }
    }
}

/// As [`seed`], for a member of an ensemble. The first member has the numbers of the run without an
/// ensemble.
pub(super) fn member_seed(experiment: u64, path: &str, member: u64) -> [u8; 32] {
    if member == 0 {
        return seed(experiment, path);
    }
    let mut hash = Sha256::new();
    hash.update(experiment.to_le_bytes());
    hash.update(path.as_bytes());
    hash.update(b"\nmember");
    hash.update(member.to_le_bytes());
    hash.finalize().into()
}

/// 256 bits from the experiment's seed and a dotted path.
pub(super) fn seed(seed: u64, path: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(path.as_bytes());
    hash.finalize().into()
}

/// Normal numbers.
fn gaussian(seed: [u8; 32], count: usize, mean: f64, sd: f64) -> Vec<f64> {
    let mut generator = ChaCha8Rng::from_seed(seed);
    (0..count)
        .map(|_| {
            let standard: f64 = StandardNormal.sample(&mut generator);
            mean + sd * standard
        })
        .collect()
}

/// Numbers uniform in `[low, high)`.
fn uniform(seed: [u8; 32], count: usize, low: f64, high: f64) -> Vec<f64> {
    let mut generator = ChaCha8Rng::from_seed(seed);
    (0..count)
        .map(|_| {
            let standard: f64 = StandardUniform.sample(&mut generator);
            low + (high - low) * standard
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_and_path_and_have_their_moments() {
        let draw = |s, path| gaussian(seed(s, path), 10_000, 2.0, 3.0);
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        let numbers = draw(1, "a");
        let n = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        // Four standard errors.
        assert!((mean - 2.0).abs() < 4.0 * 3.0 / n.sqrt(), "{mean}");
        assert!(
            (variance - 9.0).abs() < 4.0 * 9.0 * (2.0 / n).sqrt(),
            "{variance}"
        );
        let uniform = uniform(seed(1, "a"), 10_000, -1.0, 3.0);
        assert!(uniform.iter().all(|x| (-1.0..3.0).contains(x)));
        let mean = uniform.iter().sum::<f64>() / n;
        assert!((mean - 1.0).abs() < 4.0 * 4.0 / (12.0 * n).sqrt(), "{mean}");
    }
}
