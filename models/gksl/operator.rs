//! Operators on N levels: sparse complex matrices by rows, and the one kernel that multiplies with them.
//!
//! ```text
//! (A X)_i,: = sum_k A_ik X_k,:        columns k ascending, multiply then add
//! ```
//!
//! A product with a density matrix is a sum of its rows, so that a Hamiltonian that links each level to a few others costs a few
//! rows per level, and whole rows run in vectors.

use multiversion::multiversion;
use nalgebra::{Complex, DMatrix};

use crate::prelude::*;

/// A complex number.
pub type C = Complex<f64>;

/// A complex matrix, [level, level].
pub type Matrix = DMatrix<C>;

/// A square operator by rows: row i has `columns[starts[i]..starts[i + 1]]`, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    starts: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<C>,
}

impl Operator {
    /// The operator with these entries; entries of one place add.
    pub fn new(n: usize, entries: impl IntoIterator<Item = (usize, usize, C)>) -> Self {
        let mut entries: Vec<(usize, usize, C)> = entries.into_iter().collect();
        entries.sort_by_key(|&(i, j, _)| (i, j));
        let mut summed: Vec<(usize, usize, C)> = Vec::with_capacity(entries.len());
        for (i, j, value) in entries {
            match summed.last_mut() {
                Some(last) if (last.0, last.1) == (i, j) => last.2 += value,
                _ => summed.push((i, j, value)),
            }
        }
        summed.retain(|&(_, _, value)| value != C::default());
        let mut starts = vec![0; n + 1];
        for &(i, ..) in &summed {
            starts[i + 1] += 1;
        }
        for i in 0..n {
            starts[i + 1] += starts[i];
        }
        Self {
            starts,
            columns: summed.iter().map(|&(_, j, _)| j).collect(),
            values: summed.iter().map(|&(.., value)| value).collect(),
        }
    }

    /// The operator of a dense matrix.
    pub fn from_matrix(matrix: &Matrix) -> Self {
        let n = matrix.nrows();
        // The transpose of a matrix by columns is that matrix by rows.
        Self::from_rows(n, matrix.transpose().as_slice())
    }

    /// The operator of a dense matrix row by row.
    pub fn from_rows(n: usize, rows: &[C]) -> Self {
        let count = rows.iter().filter(|value| **value != C::default()).count();
        let mut operator = Self {
            starts: Vec::with_capacity(n + 1),
            columns: Vec::with_capacity(count),
            values: Vec::with_capacity(count),
        };
        operator.starts.push(0);
        for row in rows.chunks_exact(n) {
            for (j, &value) in row.iter().enumerate() {
                if value != C::default() {
                    operator.columns.push(j);
                    operator.values.push(value);
                }
            }
            operator.starts.push(operator.columns.len());
        }
        operator
    }

    /// N.
    pub fn levels(&self) -> usize {
        self.starts.len() - 1
    }

    /// The entries of row i: column and value.
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, C)> + '_ {
        let range = self.starts[i]..self.starts[i + 1];
        let columns = self.columns[range.clone()].iter().copied();
        columns.zip(self.values[range].iter().copied())
    }

    /// The columns and values of row i.
    pub fn row_parts(&self, i: usize) -> (&[usize], &[C]) {
        let range = self.starts[i]..self.starts[i + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// All entries, row by row.
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, C)> + '_ {
        (0..self.levels()).flat_map(|i| self.row(i).map(move |(j, value)| (i, j, value)))
    }

    /// The number of entries that are not 0.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// Whether no entry lies beside the diagonal.
    pub fn is_diagonal(&self) -> bool {
        self.entries().all(|(i, j, _)| i == j)
    }

    /// The diagonal.
    pub fn diagonal(&self) -> Vec<C> {
        let entry = |i: usize| self.row(i).find(|&(j, _)| i == j);
        let value = |i: usize| entry(i).map_or(C::default(), |(_, value)| value);
        (0..self.levels()).map(value).collect()
    }

    /// As a dense matrix.
    pub fn matrix(&self) -> Matrix {
        let n = self.levels();
        let mut matrix = Matrix::zeros(n, n);
        for (i, j, value) in self.entries() {
            matrix[(i, j)] = value;
        }
        matrix
    }

    /// The entries of L^+ L, in parts that add up.
    pub fn decay(&self) -> impl Iterator<Item = (usize, usize, C)> + '_ {
        (0..self.levels()).flat_map(move |k| {
            self.row(k).flat_map(move |(i, left)| {
                self.row(k)
                    .map(move |(j, right)| (i, j, left.conj() * right))
            })
        })
    }

    /// `A psi`, real and imaginary parts one after the other.
    pub fn act(&self, psi: &[f64], out: &mut [f64]) {
        let n = self.levels();
        for i in 0..n {
            let (mut re, mut im) = (0.0, 0.0);
            for (k, value) in self.row(i) {
                re += value.re * psi[k] - value.im * psi[n + k];
                im += value.re * psi[n + k] + value.im * psi[k];
            }
            (out[i], out[n + i]) = (re, im);
        }
    }

    /// `A X` of a matrix X: both `[level, column]`, rows of X a multiple of eight numbers long.
    pub fn times(&self, x: &Planes, out: &mut Planes) {
        rows_times(self, x, out);
    }
}

/// A complex matrix as two real ones, rows padded to whole vectors.
#[derive(Clone, Debug, Default)]
pub struct Planes {
    /// Numbers from one row to the next.
    pub stride: usize,
    /// Real parts.
    pub re: Aligned,
    /// Imaginary parts.
    pub im: Aligned,
}

impl Planes {
    /// Zeros for N levels.
    pub fn zeros(n: usize) -> Self {
        let mut stride = n.next_multiple_of(8);
        if stride.is_multiple_of(64) {
            // Columns of rows a power of two apart fall into the same few lines of the cache.
            stride += 8;
        }
        Self {
            stride,
            re: Aligned::zeros(n * stride),
            im: Aligned::zeros(n * stride),
        }
    }

    /// The adjoint of the first N columns, into `out`.
    pub fn adjoint(&self, n: usize, out: &mut Planes) {
        for i in 0..n {
            for j in 0..n {
                out.re[i * self.stride + j] = self.re[j * self.stride + i];
                out.im[i * self.stride + j] = -self.im[j * self.stride + i];
            }
        }
    }
}

/// Columns whose sums stay in registers.
const WIDE: usize = 16;
const NARROW: usize = 8;

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn rows_times(a: &Operator, x: &Planes, out: &mut Planes) {
    let stride = x.stride;
    for i in 0..a.starts.len() - 1 {
        let range = a.starts[i]..a.starts[i + 1];
        let (columns, values) = (&a.columns[range.clone()], &a.values[range]);
        let mut first = 0;
        let width = (a.starts.len() - 1).next_multiple_of(NARROW);
        while first + WIDE <= width {
            block::<WIDE>(columns, values, x, out, (i * stride, first));
            first += WIDE;
        }
        if first < width {
            block::<NARROW>(columns, values, x, out, (i * stride, first));
        }
    }
}

#[inline(always)]
fn block<const WIDTH: usize>(
    columns: &[usize],
    values: &[C],
    x: &Planes,
    out: &mut Planes,
    (row, first): (usize, usize),
) {
    let (mut re, mut im) = ([0.0; WIDTH], [0.0; WIDTH]);
    for (&k, value) in columns.iter().zip(values) {
        let at = k * x.stride + first;
        let (Some(x_re), Some(x_im)) = (
            x.re[at..].first_chunk::<WIDTH>(),
            x.im[at..].first_chunk::<WIDTH>(),
        ) else {
            return;
        };
        for lane in 0..WIDTH {
            re[lane] += value.re * x_re[lane] - value.im * x_im[lane];
            im[lane] += value.re * x_im[lane] + value.im * x_re[lane];
        }
    }
    out.re[row + first..][..WIDTH].copy_from_slice(&re);
    out.im[row + first..][..WIDTH].copy_from_slice(&im);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_decays_are_those_of_matrices() {
        for n in [3, 8, 20] {
            let entry = |i: usize, j: usize| {
                C::new((i * 7 + j) as f64 % 5.0 - 2.0, (i + j * 3) as f64 % 4.0)
            };
            let a = Matrix::from_fn(n, n, |i, j| {
                if (i + j) % 3 == 0 {
                    entry(i, j)
                } else {
                    C::default()
                }
            });
            let x = Matrix::from_fn(n, n, |i, j| entry(j, i));
            let operator = Operator::from_matrix(&a);
            let mut planes = Planes::zeros(n);
            let mut out = Planes::zeros(n);
            for i in 0..n {
                for j in 0..n {
                    planes.re[i * planes.stride + j] = x[(i, j)].re;
                    planes.im[i * planes.stride + j] = x[(i, j)].im;
                }
            }
            operator.times(&planes, &mut out);
            let expected = &a * &x;
            for i in 0..n {
                for j in 0..n {
                    let at = i * out.stride + j;
                    assert!((C::new(out.re[at], out.im[at]) - expected[(i, j)]).norm() < 1e-12);
                }
            }
            let decay = Operator::new(n, operator.decay()).matrix();
            assert!((decay - a.adjoint() * &a).norm() < 1e-12);
        }
    }
}
