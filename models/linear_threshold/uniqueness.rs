//! Proofs that a network has exactly one equilibrium, whatever its input and its ceilings: -A is a
//! P-matrix. The cheapest proof comes first.
//!
//! ```text
//! A + A' < 0                                       P = I certifies diagonal stability
//! comparison matrix Hurwitz                        A_ii on the diagonal, |A_ij| off it; triangular A too
//! excitatory-inhibitory balance                    P cancels every pair of weights
//! some diagonal P with P A + A' P < 0              the search of `certificate`, stopped at the first such P
//! ```
//!
//! Diagonal stability implies the P-matrix property, which implies uniqueness. Sources: R. W. Cottle, J.-S. Pang,
//! R. E. Stone, *The Linear Complementarity Problem* (1992), theorem 3.3.7; A. Berman, R. J. Plemmons,
//! *Nonnegative Matrices in the Mathematical Sciences* (1994), chapter 6.

use nalgebra::{Cholesky, DMatrix};

use super::certificate;

/// Why there is exactly one equilibrium, if a proof was found.
pub fn proof(a: &DMatrix<f64>) -> Option<&'static str> {
    if !pairs_allow_it(a) {
        return None;
    }
    if is_negative_definite(a) {
        return Some("A + A' is negative definite");
    }
    if is_dominated(a) {
        return Some("the comparison matrix of A is Hurwitz");
    }
    certificate::feasible(a).map(|_| "a diagonal P makes PA + A'P negative definite")
}

/// The principal minors of -A of one and two neurons are positive: necessary, and cheap.
pub fn pairs_allow_it(a: &DMatrix<f64>) -> bool {
    let n = a.nrows();
    (0..n).all(|i| a[(i, i)] < 0.0 && (0..i).all(|j| a[(i, i)] * a[(j, j)] > a[(i, j)] * a[(j, i)]))
}

/// A + A' < 0 beyond rounding.
fn is_negative_definite(a: &DMatrix<f64>) -> bool {
    let noise = 1e-12 * a.amax() * a.nrows() as f64;
    let mut negated = -(a + a.transpose());
    for i in 0..a.nrows() {
        negated[(i, i)] -= noise;
    }
    Cholesky::new(negated).is_some()
}

/// The comparison matrix is Hurwitz: minus it is an M-matrix, whose elimination has positive pivots only.
fn is_dominated(a: &DMatrix<f64>) -> bool {
    let n = a.nrows();
    let mut m = DMatrix::from_fn(n, n, |i, j| match i == j {
        true => -a[(i, i)],
        false => -a[(i, j)].abs(),
    });
    for k in 0..n {
        let pivot = m[(k, k)];
        if pivot <= -1e-12 * a[(k, k)] {
            return false;
        }
        for i in k + 1..n {
            let factor = m[(i, k)] / pivot;
            if factor != 0.0 {
                for j in k + 1..n {
                    m[(i, j)] -= factor * m[(k, j)];
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_proof_has_its_network() {
        let definite = DMatrix::from_row_slice(2, 2, &[-1.0, 5.0, -5.0, -1.0]);
        assert_eq!(proof(&definite), Some("A + A' is negative definite"));
        let triangular = DMatrix::from_row_slice(2, 2, &[-1.0, 9.0, 0.0, -1.0]);
        assert_eq!(
            proof(&triangular),
            Some("the comparison matrix of A is Hurwitz")
        );
        let pair = DMatrix::from_row_slice(2, 2, &[-0.1, -2.0, 6.0, -2.5]);
        assert!(proof(&pair).is_some_and(|why| why.contains("diagonal P")));
        let bistable = DMatrix::from_row_slice(2, 2, &[-1.0, -2.0, -2.0, -1.0]);
        assert_eq!(proof(&bistable), None);
    }
}
