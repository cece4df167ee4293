//! Selections: the box complementarity problem of nonsmooth flows.
//!
//! ```text
//! find v in [lo, hi] with w = q + M v such that, for every k,
//!     w_k > 0 and v_k = hi_k,    or  w_k < 0 and v_k = lo_k,    or  w_k = 0
//! ```
//!
//! Block principal pivoting (Judice, Pires, *Comput. Oper. Res.* 21 (1994) 587) from a guess solves it in a few
//! linear systems if -M is a P-matrix, and then there is exactly one solution. Where it does not, Lemke's
//! pivots on the equivalent linear complementarity problem (Cottle, Pang, Stone, *The Linear Complementarity
//! Problem*, 4.4) end with a solution or on a ray, which is said. `hi` may be infinite, `lo` not.

use nalgebra::{DMatrix, DVector};

/// A problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// q.
    pub offset: DVector<f64>,
    /// M.
    pub matrix: DMatrix<f64>,
    /// lo, finite.
    pub lower: Vec<f64>,
    /// hi, infinite allowed.
    pub upper: Vec<f64>,
}

/// A solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// v.
    pub values: DVector<f64>,
    /// -1 at the lower bound, +1 at the upper one, 0 where w = 0.
    pub mode: Vec<i8>,
}

/// Why there is no solution to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsolved {
    /// Lemke's pivots ended on a ray.
    #[error(
        "no selection satisfies the complementarity problem (its pivots end on a ray): -M is not a P-matrix"
    )]
    Ray,
    /// The pivots did not end.
    #[error("the complementarity problem is degenerate: its pivots did not end")]
    Cycle,
}

impl Selection {
    /// What a number of this problem can be off by rounding.
    fn tolerance(&self) -> f64 {
        let reach = self.lower.iter().chain(&self.upper);
        let reach = reach.filter(|v| v.is_finite());
        let reach = reach.fold(1.0_f64, |max, v| max.max(v.abs()));
        1e-13 * (self.offset.amax() + self.matrix.amax() * reach)
    }

    /// A solution, sought from the guess first.
    ///
    /// # Errors
    /// Why none was found.
    pub fn solve(&self, guess: &[i8]) -> Result<Selected, Unsolved> {
        if let Some(found) = self.pivot_blocks(guess) {
            return Ok(found);
        }
        let mode = self.lemke()?;
        // The mode is the solution; its numbers are computed afresh, without the rounding of the pivots.
        let values = self.of_mode(&mode).ok_or(Unsolved::Cycle)?;
        Ok(Selected { values, mode })
    }

    fn bound(&self, k: usize, mode: i8) -> f64 {
        if mode > 0 {
            self.upper[k]
        } else {
            self.lower[k]
        }
    }

    /// v of a mode; `None` if its sliding block is singular.
    pub fn of_mode(&self, mode: &[i8]) -> Option<DVector<f64>> {
        let n = mode.len();
        let mut v = DVector::from_fn(n, |k, _| match mode[k] {
            0 => 0.0,
            side => self.bound(k, side),
        });
        let free: Vec<usize> = (0..n).filter(|&k| mode[k] == 0).collect();
        if free.is_empty() {
            return Some(v);
        }
        let held = &self.offset + &self.matrix * &v;
        let block = DMatrix::from_fn(free.len(), free.len(), |i, j| {
            self.matrix[(free[i], free[j])]
        });
        let right = DVector::from_fn(free.len(), |i, _| -held[free[i]]);
        let lu = block.lu();
        let pivots = lu.u().diagonal().abs();
        if pivots.min() <= 1e-14 * pivots.max() {
            return None;
        }
        let solution = lu.solve(&right)?;
        for (i, &k) in free.iter().enumerate() {
            v[k] = solution[i];
        }
        v.iter().all(|v| v.is_finite()).then_some(v)
    }

    /// The mode that each k of a trial solution should change to, where it should.
    fn complaints(&self, mode: &[i8], v: &DVector<f64>, tolerance: f64) -> Vec<(usize, i8)> {
        let w = &self.offset + &self.matrix * v;
        let slack = |bound: f64| 1e-13 * (1.0 + bound.abs());
        let wanted = |k: usize| match mode[k] {
            0 if v[k] < self.lower[k] - slack(self.lower[k]) => Some(-1),
            0 if v[k] > self.upper[k] + slack(self.upper[k]) => Some(1),
            -1 if w[k] > tolerance => Some(0),
            1 if w[k] < -tolerance => Some(0),
            _ => None,
        };
        (0..mode.len())
            .filter_map(|k| wanted(k).map(|side| (k, side)))
            .collect()
    }

    /// Whether a mode solves the problem.
    pub fn is_solved_by(&self, mode: &[i8]) -> bool {
        self.of_mode(mode)
            .is_some_and(|v| self.complaints(mode, &v, self.tolerance()).is_empty())
    }

    fn pivot_blocks(&self, guess: &[i8]) -> Option<Selected> {
        /// So many block pivots may fail to lessen the complaints before single ones are made.
        const PATIENCE: usize = 10;
        let tolerance = self.tolerance();
        let mut mode = guess.to_vec();
        for (k, side) in mode.iter_mut().enumerate() {
            if *side > 0 && self.upper[k].is_infinite() {
                *side = 0;
            }
        }
        let (mut fewest, mut patience) = (usize::MAX, PATIENCE);
        for _ in 0..50 + 10 * mode.len() {
            let values = self.of_mode(&mode)?;
            let complaints = self.complaints(&mode, &values, tolerance);
            let Some(&last) = complaints.last() else {
                return Some(Selected { values, mode });
            };
            if complaints.len() < fewest {
                (fewest, patience) = (complaints.len(), PATIENCE);
            } else {
                patience = patience.saturating_sub(1);
            }
            if patience > 0 {
                for (k, side) in complaints {
                    mode[k] = side;
                }
            } else {
                mode[last.0] = last.1;
            }
        }
        None
    }

    /// Lemke's pivots on `s = r + B z, s >= 0, z >= 0, s.z = 0` with `z = (v - lo, y)`, where y belongs to the
    /// finite upper bounds.
    fn lemke(&self) -> Result<Vec<i8>, Unsolved> {
        let n = self.lower.len();
        let bounded: Vec<usize> = (0..n).filter(|&k| self.upper[k].is_finite()).collect();
        let size = n + bounded.len();
        let lower = DVector::from_column_slice(&self.lower);
        let held = &self.offset + &self.matrix * &lower;
        let mut right = DVector::zeros(size);
        let mut b = DMatrix::zeros(size, size);
        for i in 0..n {
            right[i] = -held[i];
            for j in 0..n {
                b[(i, j)] = -self.matrix[(i, j)];
            }
        }
        for (row, &k) in bounded.iter().enumerate() {
            right[n + row] = self.upper[k] - self.lower[k];
            b[(n + row, k)] = -1.0;
            b[(k, n + row)] = 1.0;
        }
        let positive = Tableau::new(&b, &right).solve()?;
        let mut mode: Vec<i8> = (0..n).map(|k| if positive[k] { 0 } else { -1 }).collect();
        for (row, &k) in bounded.iter().enumerate() {
            if positive[n + row] {
                mode[k] = 1;
            }
        }
        Ok(mode)
    }
}

/// Lemke's tableau: columns s, z, the artificial one, and the right side.
struct Tableau {
    rows: DMatrix<f64>,
    /// The column that each row's basic variable has.
    basis: Vec<usize>,
    size: usize,
}

impl Tableau {
    fn new(b: &DMatrix<f64>, right: &DVector<f64>) -> Self {
        let size = right.len();
        let mut rows = DMatrix::zeros(size, 2 * size + 2);
        for i in 0..size {
            rows[(i, i)] = 1.0;
            for j in 0..size {
                rows[(i, size + j)] = -b[(i, j)];
            }
            rows[(i, 2 * size)] = -1.0;
            rows[(i, 2 * size + 1)] = right[i];
        }
        Self {
            rows,
            basis: (0..size).collect(),
            size,
        }
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let scale = 1.0 / self.rows[(row, column)];
        self.rows.row_mut(row).scale_mut(scale);
        let pivot = self.rows.row(row).clone_owned();
        for i in (0..self.size).filter(|&i| i != row) {
            let factor = self.rows[(i, column)];
            if factor != 0.0 {
                let mut other = self.rows.row_mut(i);
                other -= &pivot * factor;
            }
        }
        self.basis[row] = column;
    }

    /// The row that leaves when `column` enters: the least ratio, ties by the lexicographic order of the rows
    /// of the inverse basis, which cannot cycle.
    fn leaving(&self, column: usize) -> Option<usize> {
        let last = 2 * self.size + 1;
        let mut best: Option<usize> = None;
        for i in (0..self.size).filter(|&i| self.rows[(i, column)] > 1e-12) {
            best = match best {
                None => Some(i),
                Some(other) => {
                    let ratio =
                        |row: usize, at: usize| self.rows[(row, at)] / self.rows[(row, column)];
                    let columns = std::iter::once(last).chain(0..self.size);
                    let less = columns
                        .map(|at| ratio(i, at).total_cmp(&ratio(other, at)))
                        .find(|order| order.is_ne());
                    Some(if less == Some(std::cmp::Ordering::Less) {
                        i
                    } else {
                        other
                    })
                }
            };
        }
        best
    }

    /// Which of the variables z are positive.
    fn solve(mut self) -> Result<Vec<bool>, Unsolved> {
        let (artificial, last) = (2 * self.size, 2 * self.size + 1);
        let worst =
            (0..self.size).min_by(|&i, &j| self.rows[(i, last)].total_cmp(&self.rows[(j, last)]));
        let Some(worst) = worst.filter(|&row| self.rows[(row, last)] < 0.0) else {
            return Ok(vec![false; self.size]);
        };
        let mut left = self.basis[worst];
        self.pivot(worst, artificial);
        for _ in 0..100 + 50 * self.size {
            // The complement of what has left enters.
            let entering = if left < self.size {
                left + self.size
            } else {
                left - self.size
            };
            let row = self.leaving(entering).ok_or(Unsolved::Ray)?;
            left = self.basis[row];
            self.pivot(row, entering);
            if left == artificial {
                let mut positive = vec![false; self.size];
                for &column in self.basis.iter().filter(|&&column| column >= self.size) {
                    positive[column - self.size] = true;
                }
                return Ok(positive);
            }
        }
        Err(Unsolved::Cycle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform() -> impl FnMut() -> f64 {
        let mut state = 7_u64;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            2.0 * ((state >> 11) as f64 / (1_u64 << 53) as f64) - 1.0
        }
    }

    /// -M a P-matrix: M = K - R with K skew and R positive definite.
    fn problem(n: usize, next: &mut impl FnMut() -> f64) -> Selection {
        let g = DMatrix::from_fn(n, n, |_, _| next());
        let k = DMatrix::from_fn(n, n, |_, _| next());
        let matrix =
            (&k - k.transpose()) * 2.0 - &g * g.transpose() - DMatrix::identity(n, n) * 0.1;
        Selection {
            offset: DVector::from_fn(n, |_, _| 3.0 * next()),
            matrix,
            lower: (0..n).map(|_| next() - 1.0).collect(),
            upper: (0..n)
                .map(|_| {
                    if next() > 0.5 {
                        f64::INFINITY
                    } else {
                        next() + 1.0
                    }
                })
                .collect(),
        }
    }

    #[test]
    fn both_solvers_agree_on_problems_with_one_solution() {
        let mut next = uniform();
        for n in 1..=12 {
            for _ in 0..20 {
                let problem = problem(n, &mut next);
                let found = problem.solve(&vec![-1; n]).unwrap();
                assert!(problem.is_solved_by(&found.mode));
                let mode = problem.lemke().unwrap();
                let other = problem.of_mode(&mode).unwrap();
                assert!((&found.values - &other).amax() < 1e-9, "n = {n}");
                let again = problem.solve(&vec![0; n]).unwrap();
                assert!((&found.values - &again.values).amax() < 1e-9);
            }
        }
    }

    #[test]
    fn a_problem_without_a_solution_ends_on_a_ray() {
        // w = 1 + v for v >= 0 is never 0 or less.
        let problem = Selection {
            offset: DVector::from_element(1, 1.0),
            matrix: DMatrix::from_element(1, 1, 1.0),
            lower: vec![0.0],
            upper: vec![f64::INFINITY],
        };
        assert_eq!(problem.solve(&[-1]), Err(Unsolved::Ray));
    }
}
