//! Starts of a search: points that fill a box evenly, the same for the same seed.
//!
//! ```text
//! x_k = lower + (upper - lower) frac(s_k + r)      s_k Sobol point k, r uniform from the seed
//! ```
//!
//! Beyond the dimensions that the direction numbers cover, components are drawn independently.
//! Source: R. Cranley, T. N. L. Patterson, SIAM J. Numer. Anal. 13 (1976), the random shift; S. Joe,
//! F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008), the direction numbers.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardUniform};
use sobol::Sobol;
use sobol::params::JoeKuoD6;

/// The dimensions that the smallest table of direction numbers has.
const COVERED: usize = 100;

/// `count` points in `dimensions` dimensions, between `lower` and `upper`.
pub fn starts(
    count: usize,
    dimensions: usize,
    (lower, upper): (f64, f64),
    seed: u64,
) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = || -> f64 { StandardUniform.sample(&mut rng) };
    let covered = dimensions.min(COVERED);
    let shift: Vec<f64> = (0..covered).map(|_| uniform()).collect();
    let points = Sobol::<f64>::new(covered, &JoeKuoD6::minimal());
    let place = |share: f64| lower + (upper - lower) * share;
    points
        .take(count)
        .map(|point| {
            let pairs = point.iter().zip(&shift);
            let mut x: Vec<f64> = pairs.map(|(s, r)| place((s + r).fract())).collect();
            x.extend((covered..dimensions).map(|_| place(uniform())));
            x
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_fill_the_box_and_follow_the_seed() {
        let points = starts(64, 3, (-2.0, 6.0), 7);
        assert_eq!(points, starts(64, 3, (-2.0, 6.0), 7));
        assert_ne!(points, starts(64, 3, (-2.0, 6.0), 8));
        for component in 0..3 {
            // A shifted net: every eighth of the box has its share.
            let mut counts = [0; 8];
            for point in &points {
                assert!((-2.0..6.0).contains(&point[component]));
                counts[(point[component] + 2.0) as usize] += 1;
            }
            assert!(
                counts.iter().all(|count| (6..=10).contains(count)),
                "{counts:?}"
            );
        }
        assert_eq!(starts(2, 150, (0.0, 1.0), 1)[1].len(), 150);
    }
}
