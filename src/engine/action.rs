//! The action of an exponential on a state, for affine flows too large for the matrix.
//!
//! ```text
//! x' = G x + c:   x(t + s) = sum_k s^k x_k,   x_0 = x,   x_{k+1} = (G x_k + [k = 0] c) / (k + 1)
//! ```
//!
//! in pieces of a step so short that rounding stays rounding: `s |G|_1 <= 9.9`, for which 55 terms have an error below that of double
//! precision (Al-Mohy, Higham, *SIAM J. Sci. Comput.* 33 (2011) 488, table 3.1). The series ends as soon as two terms in a row are smaller
//! than rounding. G acts through the drift, `G v = f(v) - f(0)`.

use crate::system::System;

/// The longest piece, times the bound of the generator.
const LONGEST: f64 = 9.9;
/// The terms of its series.
const TERMS: usize = 55;
/// Terms this small against the state are rounding.
const ROUNDING: f64 = f64::EPSILON / 4.0;

/// The action at work.
pub struct Action {
    /// An upper bound of |G|_1.
    bound: f64,
    /// When the drift is asked for.
    t: f64,
    /// c; empty if it is 0.
    offset: Vec<f64>,
    term: Vec<f64>,
    next: Vec<f64>,
    /// The pieces of the step that is interpolated: their length, and the terms of each, for a piece of length 1.
    pieces: Vec<Vec<f64>>,
    length: f64,
}

impl Action {
    /// The action on states of `dim` numbers.
    pub fn new(dim: usize) -> Self {
        Self {
            bound: 0.0,
            t: 0.0,
            offset: Vec::new(),
            term: vec![0.0; dim],
            next: vec![0.0; dim],
            pieces: Vec::new(),
            length: 0.0,
        }
    }

    /// Take up the flow behind `t`.
    pub fn take_up<S: System + ?Sized>(&mut self, system: &S, bound: f64, t: f64) {
        (self.bound, self.t) = (bound, t.next_up());
        self.term.fill(0.0);
        let mut offset = vec![0.0; self.term.len()];
        system.drift(self.t, &self.term, &mut offset);
        let nothing = offset.iter().all(|c| *c == 0.0);
        self.offset = if nothing { Vec::new() } else { offset };
    }

    /// Into how many pieces a step is cut.
    pub fn pieces(bound: f64, h: f64) -> f64 {
        (h * bound / LONGEST).ceil().max(1.0)
    }

    fn count(&self, h: f64) -> usize {
        Self::pieces(self.bound, h) as usize
    }

    /// The state a time `h` after `before`; the evaluations that it took are returned.
    pub fn step<S: System + ?Sized>(
        &mut self,
        system: &S,
        h: f64,
        before: &[f64],
        after: &mut [f64],
    ) -> u64 {
        let count = self.count(h);
        let length = h / count as f64;
        after.copy_from_slice(before);
        let mut evaluations = 0;
        for _ in 0..count {
            evaluations += self.piece(system, length, after, &mut |_| {});
        }
        evaluations
    }

    /// One piece; every term is handed out.
    fn piece<S: System + ?Sized>(
        &mut self,
        system: &S,
        length: f64,
        x: &mut [f64],
        hand_out: &mut dyn FnMut(&[f64]),
    ) -> u64 {
        self.term.copy_from_slice(x);
        hand_out(x);
        let mut small = 0;
        for k in 0..TERMS {
            system.drift(self.t, &self.term, &mut self.next);
            if k > 0 {
                for (next, c) in self.next.iter_mut().zip(&self.offset) {
                    *next -= c;
                }
            }
            let factor = length / (k as f64 + 1.0);
            let (mut largest, mut size) = (0.0_f64, 0.0_f64);
            for (x, next) in x.iter_mut().zip(&mut self.next) {
                *next *= factor;
                *x += *next;
                largest = largest.max(next.abs());
                size = size.max(x.abs());
            }
            std::mem::swap(&mut self.term, &mut self.next);
            hand_out(&self.term);
            small = if largest <= ROUNDING * size {
                small + 1
            } else {
                0
            };
            if small == 2 {
                return k as u64 + 1;
            }
        }
        TERMS as u64
    }

    /// Keep the terms of a step of length `h` from `before`, so that it can be interpolated.
    pub fn spread<S: System + ?Sized>(&mut self, system: &S, h: f64, before: &[f64]) -> u64 {
        let count = self.count(h);
        self.length = h / count as f64;
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.resize_with(count, Vec::new);
        let mut x = before.to_vec();
        let mut evaluations = 0;
        for piece in &mut pieces {
            piece.clear();
            evaluations += self.piece(system, self.length, &mut x, &mut |term| {
                piece.extend_from_slice(term);
            });
        }
        self.pieces = pieces;
        evaluations
    }

    /// The state a time `s` into the step whose terms are kept.
    pub fn within(&self, s: f64, x: &mut [f64]) {
        let last = self.pieces.len().saturating_sub(1);
        let number = ((s / self.length) as usize).min(last);
        let share = s / self.length - number as f64;
        x.fill(0.0);
        let Some(piece) = self.pieces.get(number) else {
            return;
        };
        // Horner, from the last term.
        for term in piece.chunks_exact(x.len()).rev() {
            for (x, term) in x.iter_mut().zip(term) {
                *x = *x * share + term;
            }
        }
    }
}
