//! A generator by plain algebra with full matrices, for checks: nothing of it is shared with the action on coordinates.

use super::super::operator::{C, Matrix};
use super::{Jump, Lindblad};

impl Lindblad {
    /// `S(A)` of any matrix A by plain algebra, for checks: nothing of it is shared with [`act`](Self::act).
    pub fn action(&self, a: &Matrix) -> Matrix {
        let n = self.n;
        let i = C::new(0.0, 1.0);
        let h = self.hamiltonian.matrix();
        let mut out = (&h * a - a * &h) * -i;
        for jump in &self.jumps {
            let (l, sign) = self.jump_matrix(jump);
            let decay = l.adjoint() * &l;
            let one = &l * a * l.adjoint() - (&decay * a + a * &decay) * C::new(0.5, 0.0);
            out += one * C::new(sign, 0.0);
        }
        if let Some(superoperator) = &self.superoperator {
            let stacked = superoperator * Matrix::from_iterator(n * n, 1, a.iter().copied());
            out += Matrix::from_iterator(n, n, stacked.iter().copied());
        }
        out
    }

    /// A jump as a matrix, and the sign of its rate.
    pub fn jump_matrix(&self, jump: &Jump) -> (Matrix, f64) {
        let n = self.n;
        match jump {
            Jump::Move { from, to, rate } => {
                let mut matrix = Matrix::zeros(n, n);
                matrix[(*to, *from)] = C::new(rate.abs().sqrt(), 0.0);
                (matrix, rate.signum())
            }
            Jump::Between {
                basis,
                from,
                to,
                rate,
            } => {
                let vectors = &self.bases[*basis];
                let outer = vectors.column(*to) * vectors.column(*from).adjoint();
                (outer * C::new(rate.abs().sqrt(), 0.0), rate.signum())
            }
            Jump::Operator(operator) => (operator.matrix(), 1.0),
        }
    }
}
