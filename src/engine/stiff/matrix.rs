//! The matrix `I - c J` of Newton's iteration, factored: by nalgebra if it is small, by faer if it is large or sparse.

use faer::linalg::solvers::{PartialPivLu, SolveCore};
use faer::sparse::linalg::solvers::{Lu as SparseLu, SymbolicLu};
use faer::sparse::{SparseColMat, SymbolicSparseColMat};
use faer::{Conj, Mat, MatMut};
use nalgebra::{DMatrix, DVectorViewMut, Dyn, LU};

use super::jacobian::Values;

/// Dense matrices from this size on are factored in blocks.
const LARGE: usize = 48;

/// A factored matrix.
#[derive(Default)]
pub enum Matrix {
    /// None yet, or one that was singular.
    #[default]
    None,
    /// Dense and small.
    Small(LU<f64, Dyn, Dyn>),
    /// Dense and large.
    Large(PartialPivLu<f64>),
    /// Sparse.
    Sparse(SparseLu<usize, f64>),
}

/// Factors; keeps what depends on the places alone.
#[derive(Default)]
pub struct Factoriser {
    symbolic: Option<SymbolicLu<usize>>,
}

impl Factoriser {
    /// Forget the places.
    pub fn clear(&mut self) {
        self.symbolic = None;
    }

    /// `I - c J` factored; [`Matrix::None`] if it is singular or not finite.
    pub fn factor(&mut self, jacobian: &Values, c: f64) -> Matrix {
        if jacobian.entries.iter().any(|entry| !entry.is_finite()) || !c.is_finite() {
            return Matrix::None;
        }
        let n = jacobian.dim;
        let unit = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
        if jacobian.places.is_some() {
            return self.sparse(jacobian, c).unwrap_or_default();
        }
        let entry = |i: usize, j: usize| unit(i, j) - c * jacobian.entries[i * n + j];
        if n < LARGE {
            let lu = DMatrix::from_fn(n, n, entry).lu();
            return match lu.is_invertible() {
                true => Matrix::Small(lu),
                false => Matrix::None,
            };
        }
        faer::set_global_parallelism(faer::Par::Seq);
        Matrix::Large(PartialPivLu::new(Mat::from_fn(n, n, entry).as_ref()))
    }

    /// The transpose by columns has the places of the matrix by rows: it is factored, and solved transposed.
    fn sparse(&mut self, jacobian: &Values, c: f64) -> Option<Matrix> {
        let places = jacobian.places.as_ref()?;
        let n = jacobian.dim;
        let mut values = Vec::with_capacity(jacobian.entries.len());
        for i in 0..n {
            let range = places.starts[i]..places.starts[i + 1];
            for (&j, entry) in places.columns[range.clone()]
                .iter()
                .zip(&jacobian.entries[range])
            {
                values.push(if i == j { 1.0 - c * entry } else { -c * entry });
            }
        }
        let shape = SymbolicSparseColMat::new_checked(
            n,
            n,
            places.starts.clone(),
            None,
            places.columns.clone(),
        );
        faer::set_global_parallelism(faer::Par::Seq);
        if self.symbolic.is_none() {
            self.symbolic = SymbolicLu::try_new(shape.as_ref()).ok();
        }
        let matrix = SparseColMat::new(shape, values);
        let lu = SparseLu::try_new_with_symbolic(self.symbolic.clone()?, matrix.as_ref()).ok()?;
        Some(Matrix::Sparse(lu))
    }
}

impl Matrix {
    /// Solve in place; false if the matrix was singular.
    pub fn solve(&self, x: &mut [f64]) -> bool {
        let n = x.len();
        match self {
            Matrix::None => false,
            Matrix::Small(lu) => {
                let mut view = DVectorViewMut::from_slice(x, n);
                lu.solve_mut(&mut view)
            }
            Matrix::Large(lu) => {
                let right = MatMut::from_column_major_slice_mut(x, n, 1);
                lu.solve_in_place_with_conj(Conj::No, right);
                x.iter().all(|x| x.is_finite())
            }
            Matrix::Sparse(lu) => {
                let right = MatMut::from_column_major_slice_mut(x, n, 1);
                lu.solve_transpose_in_place_with_conj(Conj::No, right);
                x.iter().all(|x| x.is_finite())
            }
        }
    }
}
