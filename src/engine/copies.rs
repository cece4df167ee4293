//! Many copies of one affine flow, by the exponential of one of them.
//!
//! ```text
//! x_k' = G x_k + c_k,  k = 1, ..., K:     x_k(t + h) = E x_k(t) + P c_k,     E = exp(A),  P = h phi(A),  A = h G
//! phi(A) = 1 + A/2! + A^2/3! + ...  = (exp(A) - 1)/A,     phi(2A) = (exp(A) + 1) phi(A) / 2,     exp(2A) = exp(A)^2
//! ```
//!
//! phi is summed for A halved until its norm is at most [`SMALL`], and doubled again (Skaflestad and Wright, *The scaling and modified
//! squaring method for matrix functions related to the exponential*, Appl. Numer. Math. 59, 2009); nothing is inverted, so G may be singular.
//!
//! The products with E go through the copies eight at a time, with the bits of a single one, and by the crew of the run if there are many.

use std::cell::RefCell;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::system::batch::LANES;
use crate::system::crew;
use crate::system::derivative::Linear;
use crate::system::matrix::PackedMatrix;

/// Copies that one thread of a crew advances at a time.
const PIECE: usize = 64;

/// The copies of a flow.
pub struct Copies {
    dim: usize,
    generator: DMatrix<f64>,
    /// c_k, one after the other.
    offsets: Vec<f64>,
    /// The factors of a whole step, of the last cut one, and of the last interpolation.
    whole: Option<Factor>,
    cut: Option<Factor>,
    between: RefCell<Option<Factor>>,
}

/// E and P c_k for a length of time.
struct Factor {
    length: f64,
    matrix: PackedMatrix,
    offsets: Vec<f64>,
}

/// The norm of a matrix whose series is summed, and so many terms: 0.5^14 / 15! is a rounding.
const SMALL: f64 = 0.5;
const TERMS: u32 = 14;

impl Copies {
    /// So many copies of a flow, in a state of this length.
    pub fn new(length: usize, copies: usize) -> Self {
        let dim = length / copies;
        Self {
            dim,
            generator: DMatrix::zeros(dim, dim),
            offsets: Vec::new(),
            whole: None,
            cut: None,
            between: RefCell::default(),
        }
    }

    /// Take up the generator behind `t`; what was made of another one is forgotten.
    pub fn take_up(&mut self, linear: &dyn Linear, t: f64, length: usize) {
        let (mut matrix, mut offsets) = (vec![0.0; self.dim * self.dim], vec![0.0; length]);
        linear.generator(t, &mut matrix, &mut offsets);
        let generator = DMatrix::from_row_slice(self.dim, self.dim, &matrix);
        if generator != self.generator || offsets != self.offsets {
            (self.whole, self.cut) = (None, None);
            self.between.replace(None);
            (self.generator, self.offsets) = (generator, offsets);
        }
    }

    fn factor(&self, length: f64) -> Factor {
        let n = self.dim;
        let (exponential, phi) = exponential_and_phi(&(&self.generator * length));
        let packed = |matrix: &DMatrix<f64>, scale: f64| {
            let rows: Vec<f64> = (0..n * n)
                .map(|at| scale * matrix[(at / n, at % n)])
                .collect();
            PackedMatrix::new(n, n, &rows)
        };
        let mut offsets = vec![0.0; self.offsets.len()];
        products(
            &packed(&phi, length),
            &self.offsets,
            &mut offsets,
            |_, _| (),
        );
        Factor {
            length,
            matrix: packed(&exponential, 1.0),
            offsets,
        }
    }

    /// One step of length `h`; `whole` if it is one of the grid.
    pub fn step(&mut self, h: f64, whole: bool, before: &[f64], after: &mut [f64]) {
        let known = if whole { &self.whole } else { &self.cut };
        if known.as_ref().is_none_or(|factor| factor.length != h) {
            let made = Some(self.factor(h));
            if whole {
                self.whole = made;
            } else {
                self.cut = made;
            }
        }
        if let Some(factor) = if whole { &self.whole } else { &self.cut } {
            factor.apply(before, after);
        }
    }

    /// `x` becomes the state a time `s` after `before`.
    pub fn act(&self, s: f64, before: &[f64], x: &mut [f64]) {
        let mut between = self.between.borrow_mut();
        if between.as_ref().is_none_or(|factor| factor.length != s) {
            *between = Some(self.factor(s));
        }
        if let Some(factor) = &*between {
            factor.apply(before, x);
        }
    }
}

impl Factor {
    fn apply(&self, before: &[f64], after: &mut [f64]) {
        if before.iter().all(|&x| x == 0.0) {
            // From rest, where relaxations begin, the offsets alone lead on.
            return after.copy_from_slice(&self.offsets);
        }
        products(&self.matrix, before, after, |after, first| {
            for (after, offset) in after.iter_mut().zip(&self.offsets[first..]) {
                *after += offset;
            }
        });
    }
}

/// The products of a matrix with many vectors, by the crew of the run if there are many; `then` gets some of them, and the place where they begin.
fn products(
    matrix: &PackedMatrix,
    from: &[f64],
    into: &mut [f64],
    then: impl Fn(&mut [f64], usize) + Sync,
) {
    let n = matrix.columns();
    // Whole groups of lanes.
    let vectors = crew::portion(into.len() / n, PIECE).next_multiple_of(LANES);
    let piece = n * vectors;
    if piece >= into.len() {
        return matrix.times_many(from, into, then);
    }
    let pieces = into.par_chunks_mut(piece).zip(from.par_chunks(piece));
    pieces.enumerate().for_each(|(number, (into, from))| {
        matrix.times_many(from, into, |some, first| then(some, number * piece + first));
    });
}

/// exp(A) and phi(A).
fn exponential_and_phi(a: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let one = DMatrix::identity(a.nrows(), a.nrows());
    let norm = a.column_iter().map(|column| column.lp_norm(1));
    let norm = norm.fold(0.0, f64::max);
    let doublings = (norm / SMALL).log2().ceil().max(0.0) as i32;
    let a = a * 0.5_f64.powi(doublings);
    // Horner's scheme: 1 + A/2 (1 + A/3 (1 + ...)).
    let mut phi = one.clone();
    for k in (2..=TERMS).rev() {
        phi = &one + &a * phi / f64::from(k);
    }
    let mut exponential = &one + &a * &phi;
    for _ in 0..doublings {
        phi = (&exponential + &one) * phi * 0.5;
        exponential = &exponential * &exponential;
    }
    (exponential, phi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_and_phi_are_those_of_the_doubled_matrix() {
        for (n, scale) in [(1, 0.0), (3, 0.1), (5, 3.0), (8, 40.0)] {
            let entry = |i: usize, j: usize| {
                let number = ((7 * i * i + 13 * j + i * j) as f64).sin();
                // The last row is zero: singular.
                scale
                    * f64::from(u8::from(i + 1 < n))
                    * (number - 1.5 * f64::from(u8::from(i == j)))
            };
            let a = DMatrix::from_fn(n, n, entry);
            let mut twice = DMatrix::zeros(2 * n, 2 * n);
            twice.view_mut((0, 0), (n, n)).copy_from(&a);
            twice.view_mut((0, n), (n, n)).fill_diagonal(1.0);
            let exact = twice.exp();
            let (exponential, phi) = exponential_and_phi(&a);
            for (found, column) in [(&exponential, 0), (&phi, n)] {
                let exact = exact.view((0, column), (n, n)).clone_owned();
                let size = exact.norm().max(1.0);
                assert!((found - exact).norm() < 1e-12 * size, "{n} {scale}");
            }
        }
    }

    #[test]
    fn a_scalar_relaxes_as_its_closed_form_says() {
        let a = DMatrix::from_element(1, 1, -20.0);
        let (exponential, phi) = exponential_and_phi(&a);
        assert!((exponential[(0, 0)] / (-20.0_f64).exp() - 1.0).abs() < 1e-12);
        assert!((phi[(0, 0)] * 20.0 / -(-20.0_f64).exp_m1() - 1.0).abs() < 1e-14);
    }
}
