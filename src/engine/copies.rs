//! Many copies of one affine flow, by the exponential of one of them.
//!
//! ```text
//! x_k' = G x_k + c_k,  k = 1, ..., K:     x_k(t + h) = E x_k(t) + P c_k,     exp(h [[G, 1], [0, 0]]) = [[E, P], [0, 1]]
//! ```
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

thread_local! {
    static SIDE_BY_SIDE: RefCell<[Vec<f64>; 2]> = RefCell::default();
}

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
        let mut twice = DMatrix::zeros(2 * n, 2 * n);
        twice
            .view_mut((0, 0), (n, n))
            .copy_from(&(&self.generator * length));
        twice.view_mut((0, n), (n, n)).fill_diagonal(length);
        let exponential = twice.exp();
        let rows = |from: usize| -> Vec<f64> {
            (0..n * n)
                .map(|at| exponential[(at / n, from + at % n)])
                .collect()
        };
        let forced = PackedMatrix::new(n, n, &rows(n));
        let mut offsets = vec![0.0; self.offsets.len()];
        for (offset, c) in offsets
            .chunks_exact_mut(n)
            .zip(self.offsets.chunks_exact(n))
        {
            forced.times(c, offset);
        }
        Factor {
            length,
            matrix: PackedMatrix::new(n, n, &rows(0)),
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
            factor.apply(self.dim, before, after);
        }
    }

    /// `x` becomes the state a time `s` after `before`.
    pub fn act(&self, s: f64, before: &[f64], x: &mut [f64]) {
        let mut between = self.between.borrow_mut();
        if between.as_ref().is_none_or(|factor| factor.length != s) {
            *between = Some(self.factor(s));
        }
        if let Some(factor) = &*between {
            factor.apply(self.dim, before, x);
        }
    }
}

impl Factor {
    fn apply(&self, n: usize, before: &[f64], after: &mut [f64]) {
        // Whole groups of lanes.
        let copies = crew::portion(after.len() / n, PIECE).next_multiple_of(LANES);
        let piece = n * copies;
        if piece < after.len() {
            let pieces = after.par_chunks_mut(piece).zip(before.par_chunks(piece));
            let pieces = pieces.zip(self.offsets.par_chunks(piece));
            pieces.for_each(|((after, before), offsets)| self.some(n, before, offsets, after));
        } else {
            self.some(n, before, &self.offsets, after);
        }
    }

    /// Some of the copies.
    fn some(&self, n: usize, before: &[f64], offsets: &[f64], after: &mut [f64]) {
        let width = n * LANES;
        let whole = before.len() / width * width;
        SIDE_BY_SIDE.with_borrow_mut(|[x, y]| {
            x.resize(width, 0.0);
            y.resize(width, 0.0);
            for first in (0..whole).step_by(width) {
                interleave(n, &before[first..first + width], x);
                self.matrix.times_lanes(x, y);
                separate(n, y, &mut after[first..first + width]);
            }
        });
        let left = after[whole..].chunks_exact_mut(n);
        for (after, before) in left.zip(before[whole..].chunks_exact(n)) {
            self.matrix.times(before, after);
        }
        for (after, offset) in after.iter_mut().zip(offsets) {
            *after += offset;
        }
    }
}

/// From copy after copy to component after component.
fn interleave(n: usize, copies: &[f64], x: &mut [f64]) {
    for (lane, copy) in copies.chunks_exact(n).enumerate() {
        for (j, value) in copy.iter().enumerate() {
            x[j * LANES + lane] = *value;
        }
    }
}

/// And back.
fn separate(n: usize, y: &[f64], copies: &mut [f64]) {
    for (lane, copy) in copies.chunks_exact_mut(n).enumerate() {
        for (i, value) in copy.iter_mut().enumerate() {
            *value = y[i * LANES + lane];
        }
    }
}
