//! The null space of a sparse generator, of up to some ten thousand coordinates, by inverse iteration on a block of vectors.
//!
//! ```text
//! V <- orthonormal (G - d I)^(-1) V,  d = 1e-13 max |G_ij|     the decays of G are not negative: the shifted matrix has an inverse
//! R = V y,  y the right singular vectors of G V whose singular values are rounding
//! ```
//!
//! One null vector is refined in numbers of twice the digits, `x <- x - (G - d I)^(-1) G x`, with the losses of populations by the sums of
//! what others gain of them, as in `null_space`, so that slow rates count beside fast ones.
//!
//! The block grows until it holds more than the null space. One sparse factorization serves all solutions, those of the transpose
//! included. Modes that decay at less than 1e-12 of the largest entry cannot be told from rest and count as rest.

use faer::linalg::solvers::{PartialPivLu, SolveCore};
use faer::sparse::linalg::solvers::Lu as SparseLu;
use faer::sparse::{SparseColMat, SymbolicSparseColMat};
use faer::{Conj, Mat, MatMut};

use super::double_double::Double;
use super::lindblad::{Rows, Terms, residual};

/// The shift, as a share of the largest entry.
const SHIFT: f64 = 1e-13;
/// Singular values of `G V` up to this share of the largest entry are rounding.
const ROUNDING: f64 = 1e-12;
/// How often the block is put into the inverse: each time a mode of decay r fades by SHIFT/r against the null space.
const ITERATIONS: usize = 6;
/// How often a null vector is refined at most.
const REFINEMENTS: usize = 100;
/// The first block, and the largest one.
const BLOCK: usize = 2;
const LARGEST: usize = 512;
/// With a larger share of entries a matrix is factored in full.
const FULL: f64 = 0.2;

/// Which side of the matrix the vectors stand on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Right,
    Left,
}

/// A generator that is ready for inverse iteration.
pub struct InverseIteration<'a> {
    rows: &'a Rows,
    size: f64,
    factors: Factors,
}

/// The factors of the transposed matrix: its columns are the rows of the generator.
enum Factors {
    Sparse(SparseLu<usize, f64>),
    Full(PartialPivLu<f64>),
}

impl<'a> InverseIteration<'a> {
    /// Factor the shifted matrix; `None` if that fails, as it does for entries that are not finite.
    pub fn new(rows: &'a Rows) -> Option<Self> {
        let size = rows
            .values
            .iter()
            .map(|value| value.abs())
            .fold(0.0, f64::max);
        if rows.values.iter().any(|value| !value.is_finite()) || size == 0.0 {
            return None;
        }
        faer::set_global_parallelism(faer::Par::Seq);
        let dim = rows.dim();
        let full = rows.values.len() as f64 > FULL * (dim * dim) as f64;
        let factors = match full {
            true => full_factors(rows, SHIFT * size),
            false => sparse_factors(rows, SHIFT * size)?,
        };
        Some(Self {
            rows,
            size,
            factors,
        })
    }

    /// An orthonormal basis of the null space; `None` if it has more than 511 dimensions or was not found.
    pub fn null_space(&self, side: Side) -> Option<Vec<Vec<f64>>> {
        let dim = self.rows.dim();
        let mut block: Vec<Vec<f64>> = Vec::new();
        let mut width = BLOCK;
        loop {
            let added = block.len()..width.min(dim);
            block.extend(added.map(|k| start(dim, k)));
            for _ in 0..ITERATIONS {
                for vector in &mut block {
                    if !self.solve(side, vector) {
                        return None;
                    }
                }
                orthonormalize(&mut block);
            }
            let (values, found) = self.least(side, &block)?;
            let rest = values
                .iter()
                .filter(|&&value| value <= ROUNDING * self.size);
            let rest = rest.count();
            if rest < block.len() || rest == dim {
                return Some(found.into_iter().take(rest).collect());
            }
            if width >= LARGEST {
                return None;
            }
            width *= 2;
        }
    }

    /// The terms of what the generator of `n` levels makes of a state.
    pub fn terms(&self, n: usize, x: &[f64]) -> Vec<Terms> {
        let x: Vec<Double> = x.iter().map(|&x| Double::from(x)).collect();
        Balanced::new(n, self.rows).terms(&x)
    }

    /// The null vector of trace 1 near `x`, and the terms of what the generator of `n` levels makes of it.
    pub fn refine(&self, n: usize, x: &[f64]) -> (Vec<f64>, Vec<Terms>) {
        let exact = Balanced::new(n, self.rows);
        let normal = |x: &mut [Double]| {
            let trace = x[..n].iter().fold(Double::ZERO, |sum, &p| sum + p);
            x.iter_mut().for_each(|x| *x = *x / trace);
        };
        let mut best: Vec<Double> = x.iter().map(|&x| Double::from(x)).collect();
        normal(&mut best);
        let mut terms = exact.terms(&best);
        let excess = |x: &[Double], terms: &[Terms]| {
            let x: Vec<f64> = x.iter().map(|x| x.value()).collect();
            residual(n, terms, &x)
        };
        let mut left = excess(&best, &terms);
        for _ in 0..REFINEMENTS {
            let mut change: Vec<f64> = terms.iter().map(|terms| terms.sum).collect();
            if !self.solve(Side::Right, &mut change) {
                break;
            }
            let mut next = best.clone();
            for (x, change) in next.iter_mut().zip(&change) {
                *x = *x - Double::from(*change);
            }
            normal(&mut next);
            let found = exact.terms(&next);
            let rest = excess(&next, &found);
            // A NaN is no smaller than anything.
            let gains = rest < 0.9 * left;
            if rest < left {
                (best, terms, left) = (next, found, rest);
            }
            if !gains {
                break;
            }
        }
        (best.into_iter().map(Double::value).collect(), terms)
    }

    /// Solve with the shifted matrix, in place; false if the result is not finite.
    fn solve(&self, side: Side, x: &mut [f64]) -> bool {
        let dim = x.len();
        let right = MatMut::from_column_major_slice_mut(&mut *x, dim, 1);
        match (&self.factors, side) {
            (Factors::Sparse(lu), Side::Right) => {
                lu.solve_transpose_in_place_with_conj(Conj::No, right);
            }
            (Factors::Sparse(lu), Side::Left) => lu.solve_in_place_with_conj(Conj::No, right),
            (Factors::Full(lu), Side::Right) => {
                lu.solve_transpose_in_place_with_conj(Conj::No, right);
            }
            (Factors::Full(lu), Side::Left) => lu.solve_in_place_with_conj(Conj::No, right),
        }
        x.iter().all(|x| x.is_finite())
    }

    /// The singular values of the generator on the span of the block, the least first, and their vectors.
    fn least(&self, side: Side, block: &[Vec<f64>]) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
        let images: Vec<Vec<f64>> = block
            .iter()
            .map(|vector| match side {
                Side::Right => self.rows.times(vector),
                Side::Left => self.rows.times_transposed(vector),
            })
            .collect();
        let dim = self.rows.dim();
        let image = Mat::from_fn(dim, block.len(), |i, k| images[k][i]);
        let svd = image.thin_svd().ok()?;
        let values: Vec<f64> = svd.S().column_vector().iter().rev().copied().collect();
        let turned = svd.V();
        let vector = |j: usize| {
            let column = block.len() - 1 - j;
            let entry = |i: usize| {
                let terms = block.iter().enumerate();
                terms.map(|(k, one)| one[i] * turned[(k, column)]).sum()
            };
            (0..dim).map(entry).collect()
        };
        Some((values, (0..block.len()).map(vector).collect()))
    }
}

/// A generator in numbers of twice the digits that keeps the trace to the last of them.
struct Balanced<'a> {
    rows: &'a Rows,
    values: Vec<Double>,
}

impl<'a> Balanced<'a> {
    fn new(n: usize, rows: &'a Rows) -> Self {
        let dim = rows.dim();
        let mut values: Vec<Double> = rows.values.iter().map(|&v| Double::from(v)).collect();
        let size = rows.values.iter().map(|v| v.abs()).fold(0.0, f64::max);
        // Of a population its own loss, of a coherence the first population that it changes.
        let mut own: Vec<Option<usize>> = vec![None; dim];
        let mut gains = vec![Double::ZERO; dim];
        for row in 0..n {
            let first = rows.starts[row];
            for (place, (column, value)) in rows.row(row).enumerate() {
                match own[column].is_none() && (column >= n || column == row) {
                    true => own[column] = Some(first + place),
                    false => gains[column] = gains[column] + Double::from(value),
                }
            }
        }
        for (own, gains) in own.into_iter().zip(gains) {
            // A map that does not keep the trace is left as it is.
            if let Some(at) = own
                && (values[at] + gains).abs() <= 1e-12 * size
            {
                values[at] = -gains;
            }
        }
        Self { rows, values }
    }

    fn terms(&self, x: &[Double]) -> Vec<Terms> {
        let of_row = |row: usize| {
            let mut sum = Double::ZERO;
            let mut terms = Terms::default();
            for at in self.rows.starts[row]..self.rows.starts[row + 1] {
                let term = self.values[at] * x[self.rows.columns[at]];
                sum = sum + term;
                terms.size += term.abs();
                terms.largest = terms.largest.max(self.values[at].abs());
            }
            terms.sum = sum.value();
            terms
        };
        (0..self.rows.dim()).map(of_row).collect()
    }
}

fn sparse_factors(rows: &Rows, shift: f64) -> Option<Factors> {
    let dim = rows.dim();
    let mut starts = vec![0];
    let mut columns = Vec::with_capacity(rows.columns.len() + dim);
    let mut values = Vec::with_capacity(rows.columns.len() + dim);
    for row in 0..dim {
        let mut shifted = false;
        for (column, value) in rows.row(row) {
            if column >= row && !shifted {
                shifted = true;
                columns.push(row);
                values.push(if column == row { value - shift } else { -shift });
                if column == row {
                    continue;
                }
            }
            columns.push(column);
            values.push(value);
        }
        if !shifted {
            columns.push(row);
            values.push(-shift);
        }
        starts.push(columns.len());
    }
    let shape = SymbolicSparseColMat::new_checked(dim, dim, starts, None, columns);
    let matrix = SparseColMat::new(shape, values);
    matrix.sp_lu().ok().map(Factors::Sparse)
}

fn full_factors(rows: &Rows, shift: f64) -> Factors {
    let dim = rows.dim();
    let mut matrix = Mat::<f64>::zeros(dim, dim);
    for row in 0..dim {
        for (column, value) in rows.row(row) {
            matrix[(column, row)] = value;
        }
        matrix[(row, row)] -= shift;
    }
    Factors::Full(PartialPivLu::new(matrix.as_ref()))
}

/// A vector without structure, the same on every machine.
fn start(dim: usize, k: usize) -> Vec<f64> {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = (k as u64 + 1).wrapping_mul(GOLDEN);
    let mut next = || {
        state = state.wrapping_add(GOLDEN);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..dim).map(|_| next()).collect()
}

/// Gram and Schmidt, twice, so that rounding leaves nothing of one vector in another.
fn orthonormalize(block: &mut [Vec<f64>]) {
    for k in 0..block.len() {
        let (before, rest) = block.split_at_mut(k);
        let vector = &mut rest[0];
        normalize(vector);
        for _ in 0..2 {
            for other in before.iter() {
                let share: f64 = other.iter().zip(vector.iter()).map(|(a, b)| a * b).sum();
                for (x, other) in vector.iter_mut().zip(other) {
                    *x -= share * other;
                }
            }
            normalize(vector);
        }
    }
}

fn normalize(vector: &mut [f64]) {
    // Solutions are up to 1e13 times as long as what they are of.
    let most = vector.iter().map(|x| x.abs()).fold(0.0, f64::max);
    if most > 0.0 {
        vector.iter_mut().for_each(|x| *x /= most);
        let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
    }
}
