//! Random networks to start from: the family's own generators of `weights`.
//!
//! ```text
//! antisymmetric   w_ij = -w_ji ~ N(0, 1)/sqrt N: all eigenvalues of M have real part 1, so that tau_R = 1; det M >= 1, so that S <= 0
//! symmetric       w_ij = w_ji ~ N(0, 1)/sqrt N: det M < 1, so that S > 0 can be had
//! ```
//!
//! Links that are not allowed are 0. Where `entropy` is given, W is scaled to it.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::links::Links;
use super::problem::{Problem, with_memory};
use crate::prelude::*;

const NEEDS: &[&str] = &["entropy", "modules", "hub"];

const SCALE: Parameter = Parameter::real("scale")
    .or(1.0)
    .range(Range::NON_NEGATIVE)
    .meaning("factor of all weights where `entropy` does not fix it");

/// The generators of `weights`.
pub const GENERATORS: &[Generator] = &[
    Generator {
        name: "antisymmetric",
        meaning: "w_ij = -w_ji, standard normal over sqrt N; scaled to `entropy` if that is given; all eigenvalues of I + W have real part 1",
        options: &[SCALE],
        needs: NEEDS,
        draw: |draw| drawn(draw, -1.0),
    },
    Generator {
        name: "symmetric",
        meaning: "w_ij = w_ji, standard normal over sqrt N; scaled to `entropy` if that is given: for entropies > 0",
        options: &[SCALE],
        needs: NEEDS,
        draw: |draw| drawn(draw, 1.0),
    },
];

/// How much entropy per unit the symmetric part of a start makes up for.
const APART: f64 = 0.05;

/// Make `weights`, antisymmetric, into a network of this entropy: scaled to less, and raised by as much of a symmetric part as is needed.
pub fn both_parts(problem: &Problem, weights: &mut [f64], symmetric: &[f64], entropy: f64) {
    let n = problem.units;
    let less = entropy.min(0.0) - APART * n as f64;
    scaled(problem, weights, less);
    let antisymmetric = weights.to_vec();
    let at = |share: f64, weights: &mut [f64]| {
        let parts = antisymmetric.iter().zip(symmetric);
        for (w, (a, s)) in weights.iter_mut().zip(parts) {
            *w = a + share * s;
        }
    };
    with_memory(n, |memory| {
        let mut m = vec![0.0; n * n];
        let mut found = |share: f64, weights: &mut [f64]| {
            at(share, weights);
            problem.matrix(weights, &mut m);
            memory.inverse.factorise(&m);
            match memory.inverse.positive {
                true => memory.inverse.entropy(),
                // Beyond a singular matrix, whose entropy is infinite.
                false => f64::INFINITY,
            }
        };
        // S rises with the symmetric part, without bound where a matrix becomes singular.
        let (mut low, mut high) = (0.0, 1.0);
        let mut doublings = 0;
        while found(high, weights) < entropy && doublings < 60 {
            (low, high) = (high, 2.0 * high);
            doublings += 1;
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if found(middle, weights) < entropy {
                low = middle;
            } else {
                high = middle;
            }
        }
        at(low, weights);
    });
}

fn drawn(draw: &Draw<'_>, sign: f64) -> Result<Array, BuildError> {
    let units = draw.shape[0];
    let links = Links::new(draw.needs, units)?;
    let mut random = ChaCha8Rng::from_seed(draw.seed);
    let mut numbers = || StandardNormal.sample(&mut random);
    let mut weights = random_weights(&links, sign, &mut numbers);
    let entropy = draw
        .needs
        .get("entropy")
        .map(|_| draw.needs.real("entropy"));
    match entropy {
        None => weights
            .iter_mut()
            .for_each(|w| *w *= draw.options.real("scale")),
        Some(entropy) => {
            let problem = Problem {
                units,
                links,
                input: super::features::Input::white(),
                entropy: Some(entropy),
                temperature: None,
                floor: 1.0,
                weight: 0.0,
            };
            if !scaled(&problem, &mut weights, entropy) {
                let help = match (sign < 0.0, entropy >= 0.0) {
                    (true, true) => {
                        "an antisymmetric network has S < 0: for other entropies start from { random = \"symmetric\" }, or give `weights`"
                    }
                    _ => "give other `weights` to start from, or allow more links",
                };
                let message =
                    format!("no multiple of the random network has the entropy {entropy}");
                return Err(BuildError::about("entropy", message).help(help));
            }
        }
    }
    Ok(Array::new(vec![units, units], weights))
}

/// Scale weights to an entropy; whether that could be done.
pub fn scaled(problem: &Problem, weights: &mut [f64], entropy: f64) -> bool {
    let guesses = [1.0, 0.3, 3.0, 0.1, 0.03];
    with_memory(problem.units, |memory| {
        let mut guesses = guesses.into_iter();
        guesses.any(|guess| problem.hold(weights, entropy, guess, memory).is_some())
    })
}

/// w_ij = sign w_ji over the allowed links.
pub fn random_weights(links: &Links, sign: f64, normal: &mut dyn FnMut() -> f64) -> Vec<f64> {
    let n = links.units;
    let deviation = 1.0 / (n as f64).sqrt();
    let mut weights = vec![0.0; n * n];
    for i in 0..n {
        for j in i + 1..n {
            // Every pair is drawn, so that a mask leaves the others alone.
            let w = deviation * normal();
            if links.allows(i, j) {
                weights[i * n + j] = w;
            }
            if links.allows(j, i) {
                weights[j * n + i] = sign * w;
            }
        }
    }
    weights
}
