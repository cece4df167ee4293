//! The inputs: independent non-Gaussian features in a Gaussian background, or Gaussian input with a covariance.
//!
//! ```text
//! s = sum_{k<n} phi_k a_k + sum_{l>=n} psi_l z_l,   {phi, psi} orthonormal, z_l ~ N(0, 1), a_k independent, mean 0, variance 1
//! ternary  a = +-1/sqrt p with probability p/2 each, else 0       laplace, uniform, binary   of variance 1
//! ```
//!
//! `<s s'> = I` whatever the law: second-order statistics reveal nothing of the features. An energy is a mean over the features' values: those of
//! ternary and binary features are listed, those of one Laplace or uniform feature are Gauss nodes on pieces, and of several they are drawn, 8192 times.
//! Source: arXiv 2501.12139 for features in a background of equal magnitude; the laws are assumed.

use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

use crate::prelude::*;

/// More combinations than this are drawn instead of listed.
const MOST: usize = 60_000;
/// So many are drawn.
const DRAWN: usize = 8192;

/// Values of all features together, and their probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// Its probability.
    pub share: f64,
    /// a_k.
    pub values: Vec<f64>,
}

/// What the inputs are like.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Features in a white background.
    Features {
        /// phi_k, one after the other.
        directions: Vec<Vec<f64>>,
        /// Their joint values; one empty combination without features.
        combinations: Vec<Combination>,
        /// Whether the combinations were drawn, so that energies have a standard error.
        drawn: bool,
    },
    /// Gaussian with this covariance, row-major.
    Gaussian(Vec<f64>),
}

/// The values of one feature with their probabilities; `None` for a Gaussian one, which is background.
fn values(law: &str, sparsity: f64) -> Option<Vec<(f64, f64)>> {
    let both = |nodes: Vec<(f64, f64)>| {
        nodes
            .into_iter()
            .flat_map(|(share, value)| [(0.5 * share, value), (0.5 * share, -value)])
            .collect()
    };
    Some(match law {
        "ternary" if sparsity < 1.0 => {
            let height = 1.0 / sparsity.sqrt();
            vec![
                (1.0 - sparsity, 0.0),
                (0.5 * sparsity, height),
                (0.5 * sparsity, -height),
            ]
        }
        "ternary" | "binary" => vec![(0.5, 1.0), (0.5, -1.0)],
        "laplace" => {
            let rate = 2.0_f64.sqrt();
            both(nodes(36.0, |a| rate * (-rate * a).exp()))
        }
        "uniform" => both(nodes(3.0_f64.sqrt(), |_| 1.0 / 3.0_f64.sqrt())),
        _ => return None,
    })
}

/// Nodes and weights from the recurrence of orthogonal polynomials (Golub and Welsch, *Math. Comp.* 23 (1969) 221).
fn gauss(diagonal: Vec<f64>, beside: Vec<f64>) -> Vec<(f64, f64)> {
    let n = diagonal.len();
    let jacobi = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let eigen = jacobi.symmetric_eigen();
    (0..n)
        .map(|k| (eigen.eigenvectors[(0, k)].powi(2), eigen.eigenvalues[k]))
        .collect()
}

/// For the weight 1 on [0, 1].
fn legendre(n: usize) -> Vec<(f64, f64)> {
    let beside = |k: usize| 0.5 * k as f64 / (4.0 * (k * k) as f64 - 1.0).sqrt();
    gauss(vec![0.5; n], (1..n).map(beside).collect())
}

/// For a density on [0, reach], on pieces that halve towards 0: a unit that shows little but the feature bends there on any scale.
fn nodes(reach: f64, density: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    const HALVINGS: i32 = 20;
    let one = legendre(12);
    let mut all = Vec::new();
    for halving in 0..=HALVINGS {
        let end = reach * 0.5_f64.powi(halving);
        let start = if halving == HALVINGS { 0.0 } else { 0.5 * end };
        for (weight, x) in &one {
            let a = start + (end - start) * x;
            all.push((weight * (end - start) * density(a), a));
        }
    }
    all
}

/// One value of a feature.
fn draw(law: &str, sparsity: f64, random: &mut ChaCha8Rng) -> f64 {
    let uniform: f64 = StandardUniform.sample(random);
    match law {
        "gaussian" => StandardNormal.sample(random),
        "ternary" if uniform >= sparsity => 0.0,
        "ternary" => (if uniform < 0.5 * sparsity { 1.0 } else { -1.0 }) / sparsity.sqrt(),
        "binary" => {
            if uniform < 0.5 {
                1.0
            } else {
                -1.0
            }
        }
        "uniform" => 3.0_f64.sqrt() * (2.0 * uniform - 1.0),
        // Laplace, by its distribution function.
        _ => {
            let tail = (2.0 * uniform.min(1.0 - uniform)).max(f64::MIN_POSITIVE);
            -tail.ln() / 2.0_f64.sqrt() * (uniform - 0.5).signum()
        }
    }
}

/// The one combination of no values: all is background.
fn nothing() -> Vec<Combination> {
    vec![Combination {
        share: 1.0,
        values: Vec::new(),
    }]
}

/// All combinations of the features' values, or as many drawn ones; whether they are drawn.
fn combinations(law: &str, sparsity: f64, count: usize) -> (Vec<Combination>, bool) {
    let listed = values(law, sparsity).filter(|values| {
        let smooth = ["laplace", "uniform"].contains(&law) && count > 1;
        let all = values.len().checked_pow(count as u32);
        !smooth && all.is_some_and(|all| all <= MOST)
    });
    let Some(values) = listed else {
        // The same draws for every network, so that energies can be compared.
        let mut random = ChaCha8Rng::seed_from_u64(0x6665_6174);
        let one = |_| Combination {
            share: 1.0 / DRAWN as f64,
            values: (0..count)
                .map(|_| draw(law, sparsity, &mut random))
                .collect(),
        };
        return ((0..DRAWN).map(one).collect(), true);
    };
    let all = values.len().pow(count as u32);
    let one = |mut number: usize| {
        let mut combination = Combination {
            share: 1.0,
            values: Vec::with_capacity(count),
        };
        for _ in 0..count {
            let (share, value) = values[number % values.len()];
            number /= values.len();
            combination.share *= share;
            combination.values.push(value);
        }
        combination
    };
    ((0..all).map(one).collect(), false)
}

impl Input {
    /// White Gaussian input.
    pub fn white() -> Self {
        Input::Features {
            directions: Vec::new(),
            combinations: nothing(),
            drawn: false,
        }
    }

    /// The covariance of Gaussian input, row-major; `None` if the input is not Gaussian.
    pub fn gaussian(&self, units: usize) -> Option<Vec<f64>> {
        let unit = |at: usize| {
            if at.is_multiple_of(units + 1) {
                1.0
            } else {
                0.0
            }
        };
        match self {
            Input::Gaussian(covariance) => Some(covariance.clone()),
            Input::Features { combinations, .. } => {
                let plain = combinations.iter().all(|one| one.values.is_empty());
                plain.then(|| (0..units * units).map(unit).collect())
            }
        }
    }

    /// Features of a law along orthonormal directions.
    pub fn features(directions: Vec<Vec<f64>>, law: &str, sparsity: f64) -> Self {
        if law == "gaussian" {
            // Indistinguishable from the background, whatever its direction.
            return Input::Features {
                directions,
                combinations: nothing(),
                drawn: false,
            };
        }
        let (combinations, drawn) = combinations(law, sparsity, directions.len());
        Input::Features {
            directions,
            combinations,
            drawn,
        }
    }

    /// What the parameters say.
    ///
    /// # Errors
    /// If they do not fit each other.
    pub fn new(parameters: &Parameters, units: usize) -> Result<Self, BuildError> {
        let count = usize::try_from(parameters.integer("features.count")).unwrap_or(0);
        if parameters.get("covariance").is_some() {
            if count > 0 {
                let message = "`covariance` describes Gaussian input, and `features` are none";
                return Err(BuildError::about("covariance", message).help("give one of them"));
            }
            let covariance = parameters.vector("covariance");
            let matrix = DMatrix::from_row_slice(units, units, covariance);
            let asymmetry = (&matrix - matrix.transpose()).amax();
            if asymmetry > 1e-12 * matrix.amax() || matrix.cholesky().is_none() {
                let message = "`covariance` must be symmetric and positive definite";
                return Err(BuildError::about("covariance", message));
            }
            return Ok(Input::Gaussian(covariance.to_vec()));
        }
        if count == 0 {
            return Ok(Self::white());
        }
        if count > units {
            let message = format!("{count} features do not fit {units} units");
            return Err(BuildError::about("features.count", message)
                .help("give at most as many features as units"));
        }
        let mixing = parameters.vector("features.mixing");
        let directions: Vec<Vec<f64>> = (0..count)
            .map(|k| (0..units).map(|i| mixing[i * count + k]).collect())
            .collect();
        let directions = orthonormal(directions)?;
        let (law, sparsity) = (
            parameters.text("features.law"),
            parameters.real("features.sparsity"),
        );
        Ok(Self::features(directions, law, sparsity))
    }

    /// The number of features.
    pub fn count(&self) -> usize {
        match self {
            Input::Features { directions, .. } => directions.len(),
            Input::Gaussian(_) => 0,
        }
    }
}

/// The same directions, made exactly orthonormal, if they are nearly so.
fn orthonormal(mut directions: Vec<Vec<f64>>) -> Result<Vec<Vec<f64>>, BuildError> {
    /// Printed directions have six digits or so.
    const NEARLY: f64 = 1e-3;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for k in 0..directions.len() {
        let (before, behind) = directions.split_at_mut(k);
        let Some(direction) = behind.first_mut() else {
            break;
        };
        for (other, before) in before.iter().enumerate() {
            let overlap = dot(direction, before);
            if overlap.abs() > NEARLY {
                let message = format!(
                    "the columns {other} and {k} of `features.mixing` are not orthogonal: their product is {overlap:.6}"
                );
                return Err(BuildError::about("features.mixing", message)
                    .help("give orthonormal columns, or \"random\""));
            }
            for (x, y) in direction.iter_mut().zip(before) {
                *x -= overlap * y;
            }
        }
        let norm = dot(direction, direction).sqrt();
        if (norm - 1.0).abs() > NEARLY {
            let message = format!("column {k} of `features.mixing` has length {norm:.6}, not 1");
            return Err(BuildError::about("features.mixing", message)
                .help("give orthonormal columns, or \"random\""));
        }
        direction.iter_mut().for_each(|x| *x /= norm);
    }
    Ok(directions)
}

/// Orthonormal columns in a random direction.
pub fn mixing(draw: &Draw<'_>) -> Result<Array, BuildError> {
    let (units, count) = (draw.shape[0], draw.shape[1]);
    if count > units {
        let message = format!("{count} features do not fit {units} units");
        return Err(BuildError::about("features.count", message));
    }
    let mut random = ChaCha8Rng::from_seed(draw.seed);
    let gaussian = DMatrix::from_fn(units, count, |_, _| StandardNormal.sample(&mut random));
    let columns: DMatrix<f64> = gaussian.qr().q();
    let numbers = (0..units).flat_map(|i| (0..count).map(move |k| (i, k)));
    Ok(Array::new(
        vec![units, count],
        numbers.map(|(i, k)| columns[(i, k)]).collect(),
    ))
}

/// Inputs drawn from the ensemble, a row each.
pub fn ensemble(draw: &Draw<'_>) -> Result<Array, BuildError> {
    let (samples, units) = (draw.shape[0], draw.shape[1]);
    let mut random = ChaCha8Rng::from_seed(draw.seed);
    let mut normal = |count: usize| -> Vec<f64> {
        (0..count)
            .map(|_| StandardNormal.sample(&mut random))
            .collect()
    };
    let input = Input::new(draw.needs, units)?;
    let mut all = normal(samples * units);
    match &input {
        Input::Gaussian(covariance) => {
            // It is positive definite by now.
            let factor = DMatrix::from_row_slice(units, units, covariance).cholesky();
            let factor = factor.map_or_else(|| DMatrix::identity(units, units), |one| one.l());
            for row in all.chunks_mut(units) {
                let coloured = &factor * nalgebra::DVector::from_column_slice(row);
                row.copy_from_slice(coloured.as_slice());
            }
        }
        Input::Features { directions, .. } => {
            let (law, sparsity) = (
                draw.needs.text("features.law"),
                draw.needs.real("features.sparsity"),
            );
            for row in all.chunks_mut(units) {
                for direction in directions {
                    // The background leaves this direction to the feature.
                    let overlap: f64 = row.iter().zip(direction).map(|(s, d)| s * d).sum();
                    let value = self::draw(law, sparsity, &mut random);
                    for (s, d) in row.iter_mut().zip(direction) {
                        *s += (value - overlap) * d;
                    }
                }
            }
        }
    }
    Ok(Array::new(vec![samples, units], all))
}
