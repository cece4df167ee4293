//! Samples of random and Sobol sweeps: a number in [0, 1) for an axis and a sample, a pure function of
//! both, so that neither more samples nor more axes change those that were there.
//!
//! ```text
//! random   the first 53 bits of SHA-256( "sample", seed, path of the axis, sample )
//! sobol    XOR over the bits b of gray(sample) of the direction numbers v_b of the axis' dimension
//! ```
//!
//! Direction numbers: S. Joe, F. Y. Kuo, *Constructing Sobol sequences with better two-dimensional
//! projections*, SIAM J. Sci. Comput. 30 (2008), the set "new-joe-kuo-6", unscrambled: a power of two of
//! samples is a net, the first sample is the lower corner.

use sha2::{Digest, Sha256};
use sobol::Sobol;
use sobol::params::JoeKuoD6;

use crate::config::axis::{MOST_SOBOL_AXES, Mode, Sweep};

/// Where the samples of a sweep come from.
#[derive(Clone)]
pub enum Sampler {
    /// Nowhere: the axes list their values.
    None,
    /// Hashes of the axes' paths.
    Random {
        /// The seed of the experiment.
        seed: u64,
        /// The paths.
        paths: Vec<String>,
    },
    /// Direction numbers of every axis.
    Sobol(Vec<Vec<u64>>),
}

impl Sampler {
    /// The sampler of a sweep.
    pub fn new(seed: u64, sweep: Option<&Sweep>) -> Self {
        let Some(sweep) = sweep else {
            return Sampler::None;
        };
        match sweep.mode {
            Mode::Grid | Mode::Zip => Sampler::None,
            Mode::Random => Sampler::Random {
                seed,
                paths: sweep.axes.iter().map(|axis| axis.path.clone()).collect(),
            },
            Mode::Sobol => Sampler::Sobol(directions(sweep.axes.len().min(MOST_SOBOL_AXES))),
        }
    }

    /// The share of an axis' range for a sample.
    pub fn share(&self, axis: usize, sample: u64) -> f64 {
        match self {
            Sampler::None => 0.0,
            Sampler::Random { seed, paths } => {
                let mut hash = Sha256::new();
                hash.update(b"sample\n");
                hash.update(seed.to_le_bytes());
                hash.update(&paths[axis]);
                hash.update(sample.to_le_bytes());
                let digest = hash.finalize();
                let mut bits = [0; 8];
                bits.copy_from_slice(&digest[..8]);
                unit(u64::from_le_bytes(bits))
            }
            Sampler::Sobol(directions) => {
                let gray = sample ^ (sample >> 1);
                let point = directions[axis]
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| gray >> bit & 1 == 1)
                    .fold(0, |point, (_, direction)| point ^ direction);
                unit(point)
            }
        }
    }
}

/// The first 53 bits as a number in [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn directions(axes: usize) -> Vec<Vec<u64>> {
    Sobol::<f64>::init_direction_vals(axes, 53, &JoeKuoD6::minimal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sobol_points_are_those_of_joe_and_kuo() {
        // scipy.stats.qmc.Sobol(4, scramble=False).random(8)
        let expected = [
            [0.0, 0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25, 0.25],
            [0.25, 0.75, 0.75, 0.75],
            [0.375, 0.375, 0.625, 0.875],
            [0.875, 0.875, 0.125, 0.375],
            [0.625, 0.125, 0.875, 0.625],
            [0.125, 0.625, 0.375, 0.125],
        ];
        let sampler = Sampler::Sobol(directions(4));
        for (sample, point) in expected.iter().enumerate() {
            for (axis, &share) in point.iter().enumerate() {
                assert_eq!(
                    sampler.share(axis, sample as u64),
                    share,
                    "{sample}, {axis}"
                );
            }
        }
    }

    #[test]
    fn every_dimension_fills_every_dyadic_interval_once() {
        let sampler = Sampler::Sobol(directions(MOST_SOBOL_AXES));
        for axis in 0..MOST_SOBOL_AXES {
            let mut cells: Vec<u64> = (0..64)
                .map(|k| (64.0 * sampler.share(axis, k)) as u64)
                .collect();
            cells.sort_unstable();
            assert_eq!(cells, (0..64).collect::<Vec<u64>>(), "axis {axis}");
        }
    }
}
