//! Lyapunov diagonal stability: a diagonal P > 0 with P A + A' P < 0, or a proof that there is none.
//!
//! ```text
//! rate      c(P) = -lambda_max(sym(Q A Q^-1)),  Q = P^(1/2);     sum p = n
//! c(P) > c  <=>  M(p) = -(P A + A' P) - 2 c P > 0                 linear in p for fixed c
//! bound     X > 0 with diag((A + c I) X) >= 0  proves  c(P) <= c for every P
//! ```
//!
//! The largest rate is found by the method of centres (Boyd, El Ghaoui 1993): Newton's method on
//! log det M(p) gives the centre of the set for one c, then c moves towards the rate of the centre. At
//! the centre X = M^-1 has diag((A + c I) X) = -1/2, so every centre also bounds the rate from above:
//! the search ends with P and a proof of how much better another P could be. A bound below 0 is the
//! theorem of Barker, Berman and Plemmons (1978): A is not diagonally stable. Rounding lets bound and
//! rate meet to about 1e-7 |A|.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// The best P found for a matrix A, and what it proves.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The diagonal of P; sum p = n.
    pub p: Vec<f64>,
    /// c(P), recomputed from the eigenvalues of sym(Q A Q^-1).
    pub rate: f64,
    /// No diagonal P has a greater rate.
    pub bound: f64,
    /// -lambda_max(P A + A' P).
    pub margin: f64,
}

impl Certificate {
    /// Whether P proves that A is Lyapunov diagonally stable, beyond what rounding could fake.
    pub fn is_valid(&self, a: &DMatrix<f64>) -> bool {
        let noise = 1e-13 * a.nrows() as f64 * a.norm();
        self.rate > noise && self.margin > noise * self.p.iter().fold(0.0, |max, &p| p.max(max))
    }
}

/// Why a matrix is not Lyapunov diagonally stable, or was not shown to be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A diagonal entry is not negative.
    #[error(
        "A = W - D has the diagonal entry {value} at neuron {neuron}, and a stable one has only negative ones"
    )]
    Diagonal {
        /// Its row.
        neuron: usize,
        /// The entry.
        value: f64,
    },
    /// A principal submatrix of -A has a determinant that is not positive.
    #[error(
        "the neurons {neurons:?} alone have det(-A) = {determinant:.3e}, which is not positive: -A is not a P-matrix"
    )]
    Minor {
        /// Rows and columns of the submatrix.
        neurons: Vec<usize>,
        /// Its determinant.
        determinant: f64,
    },
    /// A itself is unstable.
    #[error("A = W - D has an eigenvalue with real part {0:.3e}, which is not negative")]
    Unstable(f64),
    /// The best diagonal P does not do.
    #[error(
        "no diagonal P makes PA + A'P negative: the best has the rate {rate:.3e}, none has more than {bound:.3e}"
    )]
    NotDiagonally {
        /// The best rate found.
        rate: f64,
        /// A proved bound of the rate.
        bound: f64,
    },
}

/// Largest n whose 2^n principal minors are looked at.
const MINORS: usize = 10;

/// A diagonal P that proves that `a` is Lyapunov diagonally stable, of the largest rate.
///
/// # Errors
/// The reason if there is no such P.
pub fn certify(a: &DMatrix<f64>) -> Result<Certificate, Refusal> {
    if let Some(why) = impossible(a) {
        return Err(why);
    }
    let best = best(a);
    match refusal(a, &best) {
        None => Ok(best),
        Some(why) => Err(why),
    }
}

/// Why the best P is no certificate; `None` if it is one.
pub fn refusal(a: &DMatrix<f64>, best: &Certificate) -> Option<Refusal> {
    if best.is_valid(a) {
        return None;
    }
    impossible(a).or_else(|| {
        let eigenvalues = a.complex_eigenvalues();
        let leading = eigenvalues
            .iter()
            .fold(f64::NEG_INFINITY, |max, z| z.re.max(max));
        Some(match leading >= 0.0 {
            true => Refusal::Unstable(leading),
            false => Refusal::NotDiagonally {
                rate: best.rate,
                bound: best.bound,
            },
        })
    })
}

/// A necessary condition that is cheap to look at and does not hold.
fn impossible(a: &DMatrix<f64>) -> Option<Refusal> {
    for i in 0..a.nrows() {
        let value = a[(i, i)];
        if value >= 0.0 {
            return Some(Refusal::Diagonal { neuron: i, value });
        }
    }
    match a.nrows() {
        0..=MINORS => positive_minors(a).err(),
        _ => None,
    }
}

/// Any P > 0 with P A + A' P < 0: a few guesses, then the search for the best one, stopped at the first
/// that does.
pub fn feasible(a: &DMatrix<f64>) -> Option<Vec<f64>> {
    let n = a.nrows();
    let noise = 1e-12 * a.amax() * n as f64;
    // P that gives PA an even diagonal, and P that makes PA as skew as it can be.
    let even = DVector::from_fn(n, |i, _| -1.0 / a[(i, i)]);
    let even = &even * (n as f64 / even.sum());
    for guess in std::iter::once(even.clone()).chain(skewing(a)) {
        if definite_beyond(a, &guess, noise) {
            return Some(guess.as_slice().to_vec());
        }
    }
    let mut p = even;
    let mut c = -2.0 * a.norm();
    for _ in 0..40 {
        // As near to 0 as the centre of the last set allows.
        let shares = [0.02, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95];
        let fits = |c: f64| definite(&(a + DMatrix::identity(n, n) * c), &p).is_some();
        let next = shares
            .into_iter()
            .map(|share| c * share)
            .find(|&next| fits(next));
        c = next?;
        centre(a, c, &mut p, Pace::Short)?;
        if definite_beyond(a, &p, noise) {
            return Some(p.as_slice().to_vec());
        }
    }
    None
}

/// The p of sum n that makes the sum of (p_i A_ij + p_j A_ji)^2 over all pairs least.
fn skewing(a: &DMatrix<f64>) -> Option<DVector<f64>> {
    let n = a.nrows();
    let mut squares = a.component_mul(&a.transpose());
    for i in 0..n {
        squares[(i, i)] = (0..n)
            .filter(|&j| j != i)
            .map(|j| a[(i, j)].powi(2))
            .sum::<f64>()
            + 1e-9 * a.amax().powi(2);
    }
    let p = Cholesky::new(squares)?.solve(&DVector::from_element(n, 1.0));
    let sum = p.sum();
    let p = p * (n as f64 / sum);
    p.iter().all(|&p| p > 0.0).then_some(p)
}

/// Whether -(P A + A' P) is positive definite by more than rounding.
fn definite_beyond(a: &DMatrix<f64>, p: &DVector<f64>, noise: f64) -> bool {
    let n = p.len();
    let noise = noise * p.amax();
    let m = DMatrix::from_fn(n, n, |i, j| {
        let shift = if i == j { noise } else { 0.0 };
        -p[i] * a[(i, j)] - p[j] * a[(j, i)] - shift
    });
    Cholesky::new(m).is_some()
}

/// Every principal minor of -A is positive.
fn positive_minors(a: &DMatrix<f64>) -> Result<(), Refusal> {
    for set in 1_usize..1 << a.nrows() {
        let neurons: Vec<usize> = (0..a.nrows()).filter(|i| set >> i & 1 == 1).collect();
        let determinant = -a.select_rows(&neurons).select_columns(&neurons);
        let determinant = determinant.determinant();
        if determinant <= 0.0 {
            return Err(Refusal::Minor {
                neurons,
                determinant,
            });
        }
    }
    Ok(())
}

/// The P of the largest rate, positive or not.
pub fn best(a: &DMatrix<f64>) -> Certificate {
    let n = a.nrows();
    let ceiling = (0..n).map(|i| -a[(i, i)]).fold(f64::INFINITY, f64::min);
    if let Some(p) = balanced(a) {
        return measured(a, p, ceiling);
    }
    centred(a, ceiling)
}

/// The P that cancels all pairs of weights, if they are of opposite signs and consistent around every
/// circle: sym(Q A Q^-1) is then diagonal, and no P can do better than the diagonal.
fn balanced(a: &DMatrix<f64>) -> Option<Vec<f64>> {
    let n = a.nrows();
    let mut p = vec![0.0; n];
    for root in 0..n {
        if p[root] > 0.0 {
            continue;
        }
        p[root] = 1.0;
        let mut frontier = vec![root];
        while let Some(i) = frontier.pop() {
            for j in (0..n).filter(|&j| j != i) {
                let (out, back) = (a[(i, j)], a[(j, i)]);
                if out == 0.0 && back == 0.0 {
                    continue;
                }
                let wanted = -p[i] * out / back;
                if !(wanted > 0.0 && wanted.is_finite()) {
                    return None;
                }
                if p[j] == 0.0 {
                    p[j] = wanted;
                    frontier.push(j);
                } else if (p[j] - wanted).abs() > 1e-14 * wanted {
                    return None;
                }
            }
        }
    }
    let total: f64 = p.iter().sum();
    Some(p.iter().map(|p| p * n as f64 / total).collect())
}

/// The method of centres, from p = 1.
fn centred(a: &DMatrix<f64>, ceiling: f64) -> Certificate {
    let n = a.nrows();
    let mut p = DVector::from_element(n, 1.0);
    let mut best = measured(a, vec![1.0; n], ceiling);
    let mut bound = ceiling;
    let scale = a.norm().max(f64::MIN_POSITIVE);
    let mut c = best.rate - scale;
    for _ in 0..200 {
        let pace = match bound - best.rate > EXACT * scale {
            true => Pace::Squared,
            false => Pace::Exact,
        };
        let Some(dual) = centre(a, c, &mut p, pace) else {
            break;
        };
        let gap = bound - best.rate;
        bound = bound.min(proved(a, &dual, &p));
        let now = measured(a, p.iter().copied().collect(), ceiling);
        let rate = now.rate;
        if rate > best.rate {
            best = now;
        }
        let left = bound - best.rate;
        let stuck = gap <= 1e-5 * scale && left > 0.9 * gap;
        if left <= 1e-8 * scale || stuck || rate <= c {
            break;
        }
        c += 0.9 * (rate - c);
    }
    best.bound = bound.max(best.rate);
    best
}

/// The least c' for which X, cut down to some of the neurons, has diag((A + c' I) X) >= 0. Near the best
/// rate X grows along its null vector only, and neurons that have no part in that spoil the bound.
fn proved(a: &DMatrix<f64>, x: &DMatrix<f64>, p: &DVector<f64>) -> f64 {
    let n = p.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| (p[j] * x[(j, j)]).total_cmp(&(p[i] * x[(i, i)])));
    let mut product = vec![0.0; n];
    let mut bound = f64::INFINITY;
    for (count, &new) in order.iter().enumerate() {
        let inside = &order[..count];
        for &i in inside {
            product[i] += a[(i, new)] * x[(new, i)];
        }
        product[new] = a[(new, new)] * x[(new, new)];
        product[new] += inside
            .iter()
            .map(|&j| a[(new, j)] * x[(j, new)])
            .sum::<f64>();
        let worst = order[..=count].iter().map(|&i| -product[i] / x[(i, i)]);
        bound = bound.min(worst.fold(f64::NEG_INFINITY, f64::max));
    }
    bound
}

/// Where bound and rate are nearer than this share of |A|, the Hessian is not formed.
const EXACT: f64 = 1e-5;

/// How near to the centre, and with how many digits.
#[derive(Clone, Copy)]
enum Pace {
    /// A few steps: far enough to see whether any P does.
    Short,
    /// To the centre, with the Hessian formed: n times as fast as `Exact`.
    Squared,
    /// To the centre, with a QR factorisation in place of the Hessian.
    Exact,
}

/// Move `p` to the centre of { M(p) > 0, sum p = n } and return M^-1 there.
///
/// With M = L L' and J_i = vec(p_i L^-1 M_i L^-T) the Hessian of log det M in log p is -J'J. Next to the
/// best rate it is not formed: a QR factorisation of J keeps the digits that squaring loses there.
fn centre(a: &DMatrix<f64>, c: f64, p: &mut DVector<f64>, pace: Pace) -> Option<DMatrix<f64>> {
    let shifted = a + DMatrix::identity(p.len(), p.len()) * c;
    let mut factor = definite(&shifted, p)?;
    let mut before = f64::INFINITY;
    for round in 0..60 {
        let (step, decrement) = match pace {
            Pace::Exact => newton(&shifted, &factor, p)?,
            _ => squared(&shifted, &factor, p).or_else(|| newton(&shifted, &factor, p))?,
        };
        if matches!(pace, Pace::Short) && (round == 4 || decrement < 0.3) && round > 0 {
            break;
        }
        // Below 1/4 it falls quadratically, or is as small as rounding lets it be.
        if before < 0.2 && decrement > 0.5 * before {
            break;
        }
        before = decrement;
        // Below 1/4 a full step stays inside and converges quadratically; the damped one always does.
        let mut length = if decrement < 0.25 {
            1.0
        } else {
            1.0 / (1.0 + decrement)
        };
        factor = loop {
            let candidate = p.zip_map(&step, |p, step| p * (1.0 + length * step));
            if let Some(next) = definite(&shifted, &candidate) {
                *p = candidate;
                break next;
            }
            length *= 0.5;
            if length < 1e-6 {
                return None;
            }
        };
        if decrement
            < if matches!(pace, Pace::Exact) {
                1e-7
            } else {
                1e-4
            }
        {
            break;
        }
    }
    Some(factor.inverse())
}

/// The relative Newton step in p along sum p = n, and its length in the metric of the Hessian.
///
/// Because M(p) = sum p_i M_i, the step without the constraint is p itself; the constraint takes off
/// its part along H^-1 p.
fn newton(
    shifted: &DMatrix<f64>,
    factor: &Cholesky<f64, Dyn>,
    p: &DVector<f64>,
) -> Option<(DVector<f64>, f64)> {
    let n = p.len();
    let inverse = factor
        .l()
        .solve_lower_triangular(&DMatrix::identity(n, n))?;
    let image = &inverse * shifted.transpose();
    // Both halves of a symmetric matrix as one row, sqrt(2) times as long.
    let rows: Vec<(usize, usize)> = (0..n).flat_map(|k| (0..=k).map(move |l| (k, l))).collect();
    let j = DMatrix::from_fn(rows.len(), n, |row, i| {
        let (k, l) = rows[row];
        let weight = if k == l {
            1.0
        } else {
            std::f64::consts::SQRT_2
        };
        let pair = inverse[(k, i)] * image[(l, i)] + image[(k, i)] * inverse[(l, i)];
        -p[i] * weight * pair
    });
    let r = j.clone().qr().r();
    let along = r.tr_solve_upper_triangular(p)?;
    let along = r.solve_upper_triangular(&along)?;
    let share = p.sum() / p.dot(&along);
    let step = along.map(|along| 1.0 - along * share);
    let decrement = (j * &step).norm();
    Some((step, decrement))
}

/// As `newton`, by the Cholesky factor of J'J, in n^3 operations: with the columns k_i of L^-1 and the
/// columns g_i of L^-1 B', (J'J)_ij = 2 p_i p_j ((k_i k_j) (g_i g_j) + (k_i g_j) (g_i k_j)).
fn squared(
    shifted: &DMatrix<f64>,
    factor: &Cholesky<f64, Dyn>,
    p: &DVector<f64>,
) -> Option<(DVector<f64>, f64)> {
    let n = p.len();
    let inverse = factor
        .l_dirty()
        .solve_lower_triangular(&DMatrix::identity(n, n))?;
    let image = &inverse * shifted.transpose();
    let (kk, gg, kg) = (
        inverse.tr_mul(&inverse),
        image.tr_mul(&image),
        inverse.tr_mul(&image),
    );
    let hessian = DMatrix::from_fn(n, n, |i, j| {
        2.0 * p[i] * p[j] * (kk[(i, j)] * gg[(i, j)] + kg[(i, j)] * kg[(j, i)])
    });
    let along = Cholesky::new(hessian.clone())?.solve(p);
    let share = p.sum() / p.dot(&along);
    let step = along.map(|along| 1.0 - along * share);
    let decrement = step.dot(&(hessian * &step)).max(0.0).sqrt();
    Some((step, decrement))
}

/// The Cholesky factor of M(p) = -(P B + B' P), if positive definite.
fn definite(shifted: &DMatrix<f64>, p: &DVector<f64>) -> Option<Cholesky<f64, Dyn>> {
    let scaled = DMatrix::from_fn(p.len(), p.len(), |i, j| -p[i] * shifted[(i, j)]);
    Cholesky::new(&scaled + scaled.transpose())
}

/// Rate and margin of this p by eigenvalues.
pub(super) fn measured(a: &DMatrix<f64>, p: Vec<f64>, bound: f64) -> Certificate {
    let n = a.nrows();
    let largest = |m: DMatrix<f64>| (&m + m.transpose()).symmetric_eigenvalues().max();
    let rate = -0.5
        * largest(DMatrix::from_fn(n, n, |i, j| {
            (p[i] / p[j]).sqrt() * a[(i, j)]
        }));
    let margin = -largest(DMatrix::from_fn(n, n, |i, j| p[i] * a[(i, j)]));
    Certificate {
        p,
        rate,
        bound,
        margin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excitatory_inhibitory_pair_has_three_to_two() {
        let a = DMatrix::from_row_slice(2, 2, &[-0.5, -2.0, 3.0, -2.5]);
        let certificate = certify(&a).unwrap();
        assert!((certificate.p[0] - 1.2).abs() < 1e-15 && (certificate.p[1] - 0.8).abs() < 1e-15);
        assert!((certificate.rate - 0.5).abs() < 1e-14);
        // -diag(3, 10) at p = (3, 2), which is 2.5 times this one.
        assert!((certificate.margin - 1.2).abs() < 1e-14);
    }

    #[test]
    fn the_search_finds_what_the_closed_form_knows() {
        let a = DMatrix::from_row_slice(2, 2, &[-0.5, -2.0, 3.0, -2.5]);
        let found = centred(&a, 0.5);
        assert!((found.rate - 0.5).abs() < 1e-8, "{found:?}");
        assert!((found.p[0] - 1.2).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn mutual_inhibition_is_refused_with_its_reason() {
        let a = DMatrix::from_row_slice(2, 2, &[-1.0, -2.0, -2.0, -1.0]);
        let refusal = certify(&a).unwrap_err();
        assert_eq!(
            refusal,
            Refusal::Minor {
                neurons: vec![0, 1],
                determinant: -3.0
            }
        );
        // lambda_max(PA + A'P) >= 2 for every P of trace 2, and 2 at P = I.
        let best = best(&a);
        assert!(
            (best.margin + 2.0).abs() < 1e-7 && (best.rate + 1.0).abs() < 1e-7,
            "{best:?}"
        );
        assert!((best.bound + 1.0).abs() < 1e-7, "{best:?}");
    }

    #[test]
    fn a_stable_p_matrix_can_still_be_refused_by_the_bound() {
        // Cyclic inhibition: minors of -A are 1, 1 and 1 + g^3, and the eigenvalues of A are
        // -1 - g w with w^3 = 1, so A is stable for g < 2; diagonally so for g < 1 / cos(pi / 3) = 2.
        let ring =
            |g: f64| DMatrix::from_row_slice(3, 3, &[-1.0, 0.0, -g, -g, -1.0, 0.0, 0.0, -g, -1.0]);
        let stable = certify(&ring(1.9)).unwrap();
        assert!((stable.rate - 0.05).abs() < 1e-8, "{stable:?}");
        assert!(
            matches!(certify(&ring(2.1)), Err(Refusal::Unstable(re)) if (re - 0.05).abs() < 1e-12)
        );
    }

    #[test]
    fn what_is_refused_is_proved_impossible() {
        // A linear congruential generator: any matrices do.
        let mut state = 1_u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut certified, mut refused) = (0, 0);
        for _ in 0..2000 {
            let a = DMatrix::from_fn(
                3,
                3,
                |i, j| if i == j { -1.0 } else { 4.0 * uniform() - 2.0 },
            );
            match certify(&a) {
                Ok(_) => certified += 1,
                Err(Refusal::NotDiagonally { rate, bound }) => {
                    assert!(rate < 0.0 && bound < 0.0, "{rate} .. {bound} of {a}");
                    refused += 1;
                }
                Err(_) => {}
            }
        }
        // Stable P-matrices that no diagonal P certifies exist, and the bound says so.
        assert!(certified > 10 && refused > 0, "{certified} and {refused}");
    }

    #[test]
    fn a_positive_diagonal_entry_is_named() {
        let a = DMatrix::from_row_slice(2, 2, &[-1.0, 0.0, 0.0, 0.5]);
        assert_eq!(
            certify(&a),
            Err(Refusal::Diagonal {
                neuron: 1,
                value: 0.5
            })
        );
    }
}
