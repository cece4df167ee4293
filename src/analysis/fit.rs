//! Maximum likelihood: estimates between bounds, their errors, and how well a variant does beside another.
//!
//! ```text
//! theta = low + (high - low)/(1 + exp(-y))                         y without bounds, found by Nelder-Mead from several starts
//! standard errors   (-d2 log L/d theta d theta')^-1, by central differences
//! bootstrap         estimates of data drawn from the model at the estimate
//! AIC = 2 p - 2 log L;     likelihood ratio 2 (log L - log L_held), chi2 with as many degrees of freedom as are held
//! ```

use nalgebra::DMatrix;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::minimise::nelder_mead;
use crate::noise::draws::Drawing;
use crate::noise::key::Key;
use crate::system::likelihood::Evidence;

/// How a fit is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search<'a> {
    /// The bounds of each free quantity.
    pub bounds: &'a [[f64; 2]],
    /// From how many points the search starts.
    pub starts: usize,
    /// How many data sets are drawn.
    pub bootstrap: usize,
    /// What the draws are addressed by.
    pub seed: u64,
    /// The number of the subject: each has draws of its own.
    pub subject: u64,
}

/// What was found of one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The estimates.
    pub point: Vec<f64>,
    /// The log-likelihood there.
    pub log_likelihood: f64,
    /// Standard errors from the curvature; NaN where it gives none.
    pub errors: Vec<f64>,
    /// What follows from the estimates.
    pub derived: Vec<f64>,
    /// Their standard errors, from the curvature; NaN where it gives none.
    pub derived_errors: Vec<f64>,
    /// Whether each depends on an estimate that lies at a bound, so that the curvature says nothing of its error.
    pub derived_on_bound: Vec<bool>,
    /// Estimates, then what follows from them, of each drawn data set.
    pub bootstrap: Vec<Vec<f64>>,
    /// How many starts came to the same maximum, to 1e-4 in the log-likelihood.
    pub agreeing: usize,
    /// Whether each estimate lies at one of its bounds.
    pub at_bound: Vec<bool>,
    /// What must be known to read the estimates right.
    pub remarks: Vec<String>,
}

/// The likelihood hardly changes by less than this.
const SAME: f64 = 1e-4;

/// Fit one subject.
pub fn fit(evidence: &dyn Evidence, search: &Search<'_>) -> Fitted {
    let bounds = search.bounds;
    let maxima: Vec<(Vec<f64>, f64)> = (0..search.starts)
        .map(|start| climb(evidence, bounds, &starting(start, search.starts, bounds), 2))
        .collect();
    let best = maxima
        .iter()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .cloned()
        .unwrap_or_else(|| (middle(bounds), f64::NAN));
    let (point, log_likelihood) = best;
    let agreeing = maxima.iter().filter(|one| log_likelihood - one.1 < SAME);
    let agreeing = agreeing.count();
    let at_bound: Vec<bool> = point
        .iter()
        .zip(bounds)
        .map(|(&value, [low, high])| (value - low).min(high - value) < 1e-4 * (high - low))
        .collect();
    // Nothing is known of the curvature at a bound: the others' errors are those with it held there.
    let inner: Vec<usize> = (0..point.len()).filter(|&k| !at_bound[k]).collect();
    let covariance = covariance(evidence, &point, bounds, &inner);
    let mut errors = vec![f64::NAN; point.len()];
    for (row, &k) in inner.iter().enumerate() {
        errors[k] = covariance
            .as_ref()
            .map_or(f64::NAN, |c| c[(row, row)].sqrt());
    }
    let derived = derive(evidence, &point);
    let mut derived_errors = spread(evidence, &point, bounds, &inner, covariance.as_ref());
    let bounded = on_bounds(evidence, &point, bounds, &at_bound);
    for (error, on_bound) in derived_errors.iter_mut().zip(&bounded) {
        if *on_bound {
            *error = f64::NAN;
        }
    }
    let mut remarks = Vec::new();
    if agreeing < search.starts.min(2) {
        remarks.push("only one start came to the maximum: give more `starts`".into());
    }
    remarks.extend(evidence.remarks(&point, &errors));
    let drawing = Drawing::steps(&Key::of_seed(search.seed));
    let bootstrap = (0..search.bootstrap as u64)
        .into_par_iter()
        .map(|replicate| {
            // A number of its own for each subject and data set.
            let draws = drawing.of(search.subject << 32 | replicate);
            let drawn = evidence.redrawn(&point, &draws);
            let (found, _) = climb(drawn.as_ref(), bounds, &point, 1);
            let derived = derive(drawn.as_ref(), &found);
            [found, derived].concat()
        });
    Fitted {
        bootstrap: bootstrap.collect(),
        point,
        log_likelihood,
        errors,
        derived,
        derived_errors,
        derived_on_bound: bounded,
        agreeing,
        at_bound,
        remarks,
    }
}

/// The free coordinate of a value between bounds.
fn free(value: f64, [low, high]: [f64; 2]) -> f64 {
    // Half a thousandth inside, where the transform still moves.
    let share = ((value - low) / (high - low)).clamp(5e-4, 1.0 - 5e-4);
    (share / (1.0 - share)).ln()
}

fn bound(coordinate: f64, [low, high]: [f64; 2]) -> f64 {
    low + (high - low) / (1.0 + (-coordinate).exp())
}

fn middle(bounds: &[[f64; 2]]) -> Vec<f64> {
    bounds
        .iter()
        .map(|[low, high]| 0.5 * (low + high))
        .collect()
}

/// The first quantity low, ..., high; the others around their middle, spread by the golden ratio.
fn starting(start: usize, starts: usize, bounds: &[[f64; 2]]) -> Vec<f64> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let share = |quantity: usize| match quantity {
        0 => (start as f64 + 0.5) / starts as f64,
        _ => 0.2 + 0.6 * (0.5 + GOLDEN * (start * quantity) as f64).fract(),
    };
    let between =
        |(quantity, [low, high]): (usize, &[f64; 2])| low + share(quantity) * (high - low);
    bounds.iter().enumerate().map(between).collect()
}

/// The maximum that is reached from a point, and the log-likelihood there; a second round shakes off a simplex that has collapsed.
fn climb(
    evidence: &dyn Evidence,
    bounds: &[[f64; 2]],
    from: &[f64],
    rounds: usize,
) -> (Vec<f64>, f64) {
    let inside =
        |y: &[f64]| -> Vec<f64> { y.iter().zip(bounds).map(|(&y, &b)| bound(y, b)).collect() };
    let cost = |y: &[f64]| -evidence.log_likelihood(&inside(y));
    let mut y: Vec<f64> = from.iter().zip(bounds).map(|(&x, &b)| free(x, b)).collect();
    let mut value = f64::NAN;
    for round in 0..rounds {
        let size = if round == 0 { 0.5 } else { 0.1 };
        let found = nelder_mead(&y, size, 1e-7, 4000, &cost);
        (y, value) = (found.point, found.value);
    }
    (inside(&y), -value)
}

fn derive(evidence: &dyn Evidence, point: &[f64]) -> Vec<f64> {
    let mut derived = vec![f64::NAN; evidence.derived().len()];
    evidence.derive(point, &mut derived);
    derived
}

/// Steps of central differences, as long as they stay inside the bounds.
fn steps(point: &[f64], bounds: &[[f64; 2]]) -> Vec<f64> {
    let step = |(&value, [low, high]): (&f64, &[f64; 2])| {
        let room = (value - low).min(high - value);
        (1e-3 * (high - low)).min(0.5 * room)
    };
    point.iter().zip(bounds).map(step).collect()
}

/// The inverse of the observed information; `None` where the log-likelihood is not curved in every direction.
fn covariance(
    evidence: &dyn Evidence,
    point: &[f64],
    bounds: &[[f64; 2]],
    inner: &[usize],
) -> Option<DMatrix<f64>> {
    let n = inner.len();
    if n == 0 {
        // Every estimate is at a bound: nothing varies.
        return None;
    }
    let all = steps(point, bounds);
    let h: Vec<f64> = inner.iter().map(|&k| all[k]).collect();
    let at = |moves: &[(usize, f64)]| {
        let mut x = point.to_vec();
        for &(k, by) in moves {
            x[inner[k]] += by * h[k];
        }
        evidence.log_likelihood(&x)
    };
    let here = at(&[]);
    let mut information = DMatrix::zeros(n, n);
    for i in 0..n {
        information[(i, i)] = -(at(&[(i, 1.0)]) - 2.0 * here + at(&[(i, -1.0)])) / (h[i] * h[i]);
        for j in 0..i {
            let mixed =
                at(&[(i, 1.0), (j, 1.0)]) - at(&[(i, 1.0), (j, -1.0)]) - at(&[(i, -1.0), (j, 1.0)])
                    + at(&[(i, -1.0), (j, -1.0)]);
            information[(i, j)] = -mixed / (4.0 * h[i] * h[j]);
            information[(j, i)] = information[(i, j)];
        }
    }
    // In units of the bounds, so that flat means flat whatever the units.
    let width = |k: usize| bounds[inner[k]][1] - bounds[inner[k]][0];
    let scaled = DMatrix::from_fn(n, n, |i, j| information[(i, j)] * width(i) * width(j));
    let eigenvalues = scaled.clone().symmetric_eigenvalues();
    let (least, most) = (eigenvalues.min(), eigenvalues.max());
    if least <= 1e-6 * most || least.is_nan() {
        return None;
    }
    let inverse = scaled.cholesky()?.inverse();
    Some(DMatrix::from_fn(n, n, |i, j| {
        inverse[(i, j)] * width(i) * width(j)
    }))
}

/// Standard errors of what follows from the estimates.
fn spread(
    evidence: &dyn Evidence,
    point: &[f64],
    bounds: &[[f64; 2]],
    inner: &[usize],
    covariance: Option<&DMatrix<f64>>,
) -> Vec<f64> {
    let count = evidence.derived().len();
    let Some(covariance) = covariance else {
        return vec![f64::NAN; count];
    };
    let h = steps(point, bounds);
    let slopes: Vec<Vec<f64>> = inner
        .iter()
        .map(|&k| {
            let shifted = |by: f64| {
                let mut x = point.to_vec();
                x[k] += by * h[k];
                derive(evidence, &x)
            };
            let (above, below) = (shifted(1.0), shifted(-1.0));
            let pairs = above.iter().zip(&below);
            pairs.map(|(a, b)| (a - b) / (2.0 * h[k])).collect()
        })
        .collect();
    (0..count)
        .map(|one| {
            let mut variance = 0.0;
            for i in 0..inner.len() {
                for j in 0..inner.len() {
                    variance += slopes[i][one] * covariance[(i, j)] * slopes[j][one];
                }
            }
            variance.sqrt()
        })
        .collect()
}

/// Which derived quantities depend on an estimate at a bound: they change when it is moved inwards.
fn on_bounds(
    evidence: &dyn Evidence,
    point: &[f64],
    bounds: &[[f64; 2]],
    at_bound: &[bool],
) -> Vec<bool> {
    let here = derive(evidence, point);
    let mut found = vec![false; here.len()];
    for k in (0..point.len()).filter(|&k| at_bound[k]) {
        let [low, high] = bounds[k];
        let inwards = if point[k] - low < high - point[k] {
            1.0
        } else {
            -1.0
        };
        // Near, and across: a quantity may be flat near the bound, where other estimates are.
        for share in [1e-3, 0.5] {
            let mut x = point.to_vec();
            x[k] += inwards * share * (high - low);
            let pairs = here.iter().zip(derive(evidence, &x));
            for (found, (a, b)) in found.iter_mut().zip(pairs) {
                *found |= *a != b;
            }
        }
    }
    found
}

/// The probability that a chi-squared number with so many degrees of freedom exceeds x.
///
/// ```
/// use nullcline::analysis::fit::chi_squared_above;
/// assert!((chi_squared_above(5.991_464_547, 2) - 0.05).abs() < 1e-9);
/// assert!((chi_squared_above(3.841_458_821, 1) - 0.05).abs() < 1e-9);
/// assert!((chi_squared_above(7.814_727_903, 3) - 0.05).abs() < 1e-9);
/// ```
pub fn chi_squared_above(x: f64, degrees: usize) -> f64 {
    let half = 0.5 * x.max(0.0);
    // Q(a + 1, h) = Q(a, h) + h^a exp(-h)/Gamma(a + 1)
    let (mut a, mut above) = match degrees % 2 {
        0 => (0.0, 0.0),
        _ => (0.5, libm::erfc(half.sqrt())),
    };
    for _ in 0..degrees / 2 {
        above += half.powf(a) * (-half).exp() / libm::tgamma(a + 1.0);
        a += 1.0;
    }
    above
}
