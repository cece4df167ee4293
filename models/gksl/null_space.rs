//! The null space of a generator whose rates span any range, by elimination in numbers of twice the digits.
//!
//! ```text
//! P G Q = L U,  pivots in falling order     the null space has as many dimensions as there are pivots of no size
//! R = Q [-U_11^(-1) U_12; 1],  L likewise of the transpose
//! ```
//!
//! Fast rates are eliminated first; what is left for the slow ones is a difference of large numbers, which one number's digits lose
//! as soon as the rates span more than they hold. The losses of a population are what the others gain of it: the sum of the gains
//! takes the place of the rounded sum in the matrix, so that slow gains count beside fast ones.

use super::double_double::Double;
use super::lindblad::Terms;

/// Pivots up to this share of the largest one are rounding, where all entries are known to their last digit.
const ROUNDING: f64 = 1e-26;
/// The same, where entries are sums of products: each is known to its own last digit only.
const ROUNDED: f64 = 1e-14;

/// A generator as a matrix of doubles.
#[derive(Clone)]
pub struct Generator {
    dim: usize,
    entries: Vec<Double>,
    /// Pivots up to this share of the largest one are zero.
    zero: f64,
}

/// The null space: left and right vectors in rows, as many as it has dimensions.
pub struct NullSpace {
    pub right: Vec<Vec<Double>>,
    pub left: Vec<Vec<Double>>,
}

impl NullSpace {
    /// Of vectors of single numbers.
    pub fn new(right: &[Vec<f64>], left: &[Vec<f64>]) -> Self {
        let double = |vectors: &[Vec<f64>]| {
            let vector = |one: &Vec<f64>| one.iter().map(|&x| Double::from(x)).collect();
            vectors.iter().map(vector).collect()
        };
        Self {
            right: double(right),
            left: double(left),
        }
    }
}

impl Generator {
    /// Of `n` levels, from its matrix on coordinates; `exact` says that every entry but the losses is known to its last digit, and is
    /// not a sum of terms that cancel.
    pub fn new(n: usize, matrix: &[f64], exact: bool) -> Self {
        let dim = n * n;
        let mut entries: Vec<Double> = matrix.iter().map(|&entry| Double::from(entry)).collect();
        // Losses beside which gains cancel, as those of dephasing, are rounded at the size of the largest entry.
        let size = matrix.iter().map(|entry| entry.abs()).fold(0.0, f64::max);
        for column in 0..dim {
            let gains = (0..n).filter(|&row| row != column);
            let mut sum = Double::ZERO;
            for row in gains {
                sum = sum + entries[row * dim + column];
            }
            // Of a coherence the first population balances the others.
            let own = match column < n {
                true => column,
                false => 0,
            };
            if own != column {
                sum = sum - entries[column];
            }
            let there = matrix[own * dim + column];
            // A map that does not keep the trace is left as it is.
            if (there + sum.value()).abs() <= 1e-12 * size {
                entries[own * dim + column] = -sum;
            }
        }
        Self {
            dim,
            entries,
            zero: if exact { ROUNDING } else { ROUNDED },
        }
    }

    /// The terms of each row of `G x`.
    pub fn times(&self, x: &[f64]) -> Vec<Terms> {
        let rows = self.entries.chunks_exact(self.dim);
        let product = |row: &[Double]| {
            let mut sum = Double::ZERO;
            let mut terms = Terms::default();
            for (entry, &x) in row.iter().zip(x) {
                let term = *entry * Double::from(x);
                sum = sum + term;
                terms.size += term.abs();
                terms.largest = terms.largest.max(entry.abs());
            }
            terms.sum = sum.value();
            terms
        };
        rows.map(product).collect()
    }

    /// The entries, row by row.
    pub fn entries(&self) -> &[Double] {
        &self.entries
    }

    /// The null space.
    pub fn null_space(&self) -> NullSpace {
        let transposed: Vec<Double> = (0..self.dim * self.dim)
            .map(|k| self.entries[k % self.dim * self.dim + k / self.dim])
            .collect();
        NullSpace {
            right: null_vectors(self.dim, self.entries.clone(), self.zero),
            left: null_vectors(self.dim, transposed, self.zero),
        }
    }
}

/// The right null vectors of a matrix, by elimination with the largest of all pivots each time.
fn null_vectors(dim: usize, mut a: Vec<Double>, zero: f64) -> Vec<Vec<Double>> {
    let mut columns: Vec<usize> = (0..dim).collect();
    let mut rank = 0;
    let mut largest = 0.0;
    while rank < dim {
        let (mut best, mut size) = ((rank, rank), -1.0);
        for i in rank..dim {
            for j in rank..dim {
                let here = a[i * dim + j].abs();
                if here > size {
                    (best, size) = ((i, j), here);
                }
            }
        }
        largest = f64::max(largest, size);
        // NaN is no pivot either.
        if size.is_nan() || size <= zero * largest {
            break;
        }
        swap_rows(dim, &mut a, rank, best.0);
        for i in 0..dim {
            a.swap(i * dim + rank, i * dim + best.1);
        }
        columns.swap(rank, best.1);
        let (above, below) = a.split_at_mut((rank + 1) * dim);
        let pivots = &above[rank * dim..];
        for row in below.chunks_exact_mut(dim) {
            if row[rank] == Double::ZERO {
                continue;
            }
            let factor = row[rank] / pivots[rank];
            row[rank] = Double::ZERO;
            for j in rank + 1..dim {
                if pivots[j] != Double::ZERO {
                    row[j] = row[j] - factor * pivots[j];
                }
            }
        }
        rank += 1;
    }
    (rank..dim)
        .map(|free| {
            let mut y = vec![Double::ZERO; dim];
            y[free] = Double::from(1.0);
            for k in (0..rank).rev() {
                let row = &a[k * dim..(k + 1) * dim];
                let mut sum = row[free];
                for j in k + 1..rank {
                    sum = sum + row[j] * y[j];
                }
                y[k] = -(sum / row[k]);
            }
            let mut x = vec![Double::ZERO; dim];
            for (place, &column) in columns.iter().enumerate() {
                x[column] = y[place];
            }
            x
        })
        .collect()
}

fn swap_rows(dim: usize, a: &mut [Double], i: usize, j: usize) {
    if i != j {
        let (i, j) = (i.min(j), i.max(j));
        let (above, below) = a.split_at_mut(j * dim);
        above[i * dim..(i + 1) * dim].swap_with_slice(&mut below[..dim]);
    }
}

/// The state that `start` ends in: `R (L R)^(-1) L x_0`; none if the eigenvalue 0 lacks eigenvectors.
pub fn projected(null: &NullSpace, start: &[f64]) -> Option<Vec<f64>> {
    let count = null.right.len();
    let dot = |a: &[Double], b: &[Double]| {
        let terms = a.iter().zip(b).map(|(&a, &b)| a * b);
        terms.fold(Double::ZERO, |sum, term| sum + term)
    };
    let start: Vec<Double> = start.iter().map(|&x| Double::from(x)).collect();
    // The vectors are scaled by their free entry of 1, so that the overlap is of the size of their products.
    let mut system: Vec<Vec<Double>> = null
        .left
        .iter()
        .map(|left| {
            let mut row: Vec<Double> = null.right.iter().map(|right| dot(left, right)).collect();
            row.push(dot(left, &start));
            row
        })
        .collect();
    let size = |left: &[Double]| left.iter().map(|one| one.abs()).sum::<f64>();
    let most = |right: &[Double]| right.iter().map(|one| one.abs()).fold(0.0, f64::max);
    let scale: f64 = null.left.iter().map(|one| size(one)).fold(0.0, f64::max)
        * null.right.iter().map(|one| most(one)).fold(0.0, f64::max);
    for k in 0..count {
        let best = (k..count).max_by(|&i, &j| {
            let (a, b) = (system[i][k].abs(), system[j][k].abs());
            a.total_cmp(&b)
        })?;
        system.swap(k, best);
        if system[k][k].abs() <= 1e-7 * scale {
            return None;
        }
        let pivots = system[k].clone();
        for row in &mut system[k + 1..] {
            let factor = row[k] / pivots[k];
            for (entry, pivot) in row.iter_mut().zip(&pivots) {
                *entry = *entry - factor * *pivot;
            }
        }
    }
    let mut weights = vec![Double::ZERO; count];
    for k in (0..count).rev() {
        let mut sum = system[k][count];
        for j in k + 1..count {
            sum = sum - system[k][j] * weights[j];
        }
        weights[k] = sum / system[k][k];
    }
    let dim = start.len();
    let entry = |i: usize| {
        let terms = null
            .right
            .iter()
            .zip(&weights)
            .map(|(right, &w)| right[i] * w);
        terms.fold(Double::ZERO, |sum, term| sum + term).value()
    };
    Some((0..dim).map(entry).collect())
}
