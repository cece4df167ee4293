//! The certificate by semidefinite programs, for comparison with the method of centres; needs the feature `sdp`.
//!
//! ```text
//! t(c) = min t   with  P (A + c I) + (A + c I)' P <= t I,  p_i >= 1e-4,  sum p = n        (P diagonal)
//! c(P) > c for some P  <=>  t(c) < 0
//! ```
//!
//! The largest c is found by bisection; each program goes to the interior-point solver `clarabel`. The P that is
//! returned is measured by eigenvalues like any other: nothing here is taken on trust.

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::{NonnegativeConeT, PSDTriangleConeT, ZeroConeT};
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver};
use nalgebra::DMatrix;

/// The least p.
const LEAST: f64 = 1e-4;
/// Bisections of the rate.
const ROUNDS: usize = 40;

/// The diagonal of the P of the largest rate, as far as bisection takes it; `None` if the solver gives up.
pub fn best(a: &DMatrix<f64>) -> Option<Vec<f64>> {
    let n = a.nrows();
    let (mut p, t) = least(a, 0.0)?;
    let ceiling = (0..n).map(|i| -a[(i, i)]).fold(f64::INFINITY, f64::min);
    let scale = a.norm();
    // t(c) grows with c: above the best rate it is positive.
    let (mut low, mut high) = match t < 0.0 {
        true => (0.0, ceiling),
        false => (-scale, 0.0),
    };
    for _ in 0..ROUNDS {
        let middle = 0.5 * (low + high);
        let (found, t) = least(a, middle)?;
        if t < 0.0 {
            (low, p) = (middle, found);
        } else {
            high = middle;
        }
        if high - low <= 1e-9 * scale {
            break;
        }
    }
    Some(p)
}

/// The P of the least t for one c, and that t.
fn least(a: &DMatrix<f64>, c: f64) -> Option<(Vec<f64>, f64)> {
    let n = a.nrows();
    let shifted = a + DMatrix::identity(n, n) * c;
    // Gx + z = b with x = (p, t); rows of the three cones one after the other.
    let (mut rows, mut columns, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut entry = |row: usize, column: usize, value: f64| {
        rows.push(row);
        columns.push(column);
        values.push(value);
    };
    for i in 0..n {
        entry(0, i, 1.0);
        entry(1 + i, i, -1.0);
    }
    let mut row = 1 + n;
    for column in 0..n {
        for other in 0..column {
            let weight = std::f64::consts::SQRT_2;
            entry(row, other, weight * shifted[(other, column)]);
            entry(row, column, weight * shifted[(column, other)]);
            row += 1;
        }
        entry(row, column, 2.0 * shifted[(column, column)]);
        entry(row, n, -1.0);
        row += 1;
    }
    let constraints = CscMatrix::new_from_triplets(row, n + 1, rows, columns, values);
    let mut right = vec![0.0; row];
    right[0] = n as f64;
    right[1..=n].fill(-LEAST);
    let mut aim = vec![0.0; n + 1];
    aim[n] = 1.0;
    let quadratic = CscMatrix::zeros((n + 1, n + 1));
    let cones = [ZeroConeT(1), NonnegativeConeT(n), PSDTriangleConeT(n)];
    let settings = DefaultSettings {
        verbose: false,
        ..DefaultSettings::default()
    };
    let solver = DefaultSolver::new(&quadratic, &aim, &constraints, &right, &cones, settings);
    let mut solver = solver.ok()?;
    solver.solve();
    let solution = &solver.solution.x;
    let (p, t) = solution.split_at(n);
    let sound = solution.iter().all(|x| x.is_finite()) && p.iter().all(|&p| p > 0.0);
    sound.then(|| (p.to_vec(), t[0]))
}

#[cfg(test)]
mod tests {
    use super::super::certificate;
    use super::super::stability::tests::stable;
    use super::*;

    #[test]
    fn both_methods_find_the_same_rate() {
        for (seed, n) in [(1, 3), (2, 6), (3, 10), (4, 20)] {
            let (a, _, _) = stable(n, seed);
            let centres = certificate::best(&a);
            let program = certificate::measured(&a, best(&a).unwrap(), centres.bound);
            let gap = (program.rate - centres.rate).abs();
            assert!(
                gap < 1e-5 * a.norm(),
                "n = {n}: {} and {}",
                program.rate,
                centres.rate
            );
        }
    }

    #[test]
    fn mutual_inhibition_has_no_certificate() {
        let a = DMatrix::from_row_slice(2, 2, &[-1.0, -2.0, -2.0, -1.0]);
        let found = certificate::measured(&a, best(&a).unwrap(), 0.0);
        assert!((found.rate + 1.0).abs() < 1e-6, "{}", found.rate);
    }
}
