//! The matrix of a generator on real coordinates, `[N^2, N^2]`.
//!
//! ```text
//! d rho_ij = sum_kl S_kl rho_kl,   S_kl = K_ik delta_jl + K_jl* delta_ik + sum_m L_m,ik L_m,jl*        for i <= j
//! ```
//!
//! Each such row is summed up over the jumps in matrix units, then written in the coordinates of rho.

use multiversion::multiversion;

use super::super::coordinates::place;
use super::super::operator::{C, Matrix};
use super::{Jump, Lindblad};

impl Lindblad {
    /// The matrix of the generator on coordinates, row-major `[N^2, N^2]`.
    pub fn generator(&self) -> Vec<f64> {
        let n = self.n;
        let mut matrix = RealMatrix::new(n);
        let mut s = vec![C::default(); n * n];
        for i in 0..n {
            for j in i..n {
                self.sum_up(i, j, &mut s);
                matrix.add_row((i, j), &s);
            }
        }
        for jump in &self.jumps {
            if let Jump::Move { from, to, rate } = jump {
                matrix.add((*to, *to), (*from, *from), C::new(*rate, 0.0));
            }
        }
        if !self.bases.is_empty() {
            for (basis, rates) in self.bases.iter().zip(&self.parts().between) {
                matrix.add_between(basis, rates);
            }
        }
        if let Some(superoperator) = &self.superoperator {
            for (row, column) in (0..n * n).flat_map(|r| (0..n * n).map(move |c| (r, c))) {
                let places = ((row % n, row / n), (column % n, column / n));
                matrix.add(places.0, places.1, superoperator[(row, column)]);
            }
        }
        matrix.keep_trace();
        matrix.entries
    }

    /// `s_kl` of `d rho_ij = sum_kl s_kl rho_kl` by K and the jumps that are operators.
    pub(super) fn sum_up(&self, i: usize, j: usize, s: &mut [C]) {
        let n = self.n;
        s.fill(C::default());
        for jump in &self.jumps {
            if let Jump::Operator(operator) = jump {
                add_products(n, operator.row_parts(i), operator.row_parts(j), s);
            }
        }
        for (k, value) in self.effective.row(i) {
            s[k * n + j] += value;
        }
        for (l, value) in self.effective.row(j) {
            s[i * n + l] += value.conj();
        }
    }
}

/// `s_kl += left_k right_l*`
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(super) fn add_products(
    n: usize,
    (left, left_values): (&[usize], &[C]),
    (right, right_values): (&[usize], &[C]),
    s: &mut [C],
) {
    for (&k, a) in left.iter().zip(left_values) {
        let row = &mut s[k * n..(k + 1) * n];
        let product = |b: &C| C::new(a.re * b.re + a.im * b.im, a.im * b.re - a.re * b.im);
        if right.len() == n {
            // A full row has its columns in order.
            for (s, b) in row.iter_mut().zip(right_values) {
                *s += product(b);
            }
        } else {
            for (&l, b) in right.iter().zip(right_values) {
                row[l] += product(b);
            }
        }
    }
}

/// Of every rho_kl its coordinates: `rho_kl = x_a + sign i x_{a + 1}`.
pub(super) struct Places(Vec<(usize, f64)>);

impl Places {
    pub fn new(n: usize) -> Self {
        let place = |(k, l): (usize, usize)| match k.cmp(&l) {
            std::cmp::Ordering::Equal => (k, 0.0),
            std::cmp::Ordering::Less => (place(n, k, l), 1.0),
            std::cmp::Ordering::Greater => (place(n, l, k), -1.0),
        };
        let pairs = (0..n).flat_map(|k| (0..n).map(move |l| (k, l)));
        Self(pairs.map(place).collect())
    }

    /// `d rho_ij += sum_kl s_kl rho_kl`, i <= j, to the rows of its real and its imaginary part.
    pub fn add(&self, (i, j): (usize, usize), s: &[C], re: &mut [f64], im: &mut [f64]) {
        for (value, &(a, sign)) in s.iter().zip(&self.0) {
            // On the diagonal the sign is 0, and the coordinate behind it stays.
            re[a] += value.re;
            re[a + 1] -= sign * value.im;
            if i < j {
                im[a] += value.im;
                im[a + 1] += sign * value.re;
            }
        }
    }
}

/// A linear map of Hermitian matrices, on coordinates.
struct RealMatrix {
    n: usize,
    entries: Vec<f64>,
    places: Places,
}

impl RealMatrix {
    fn new(n: usize) -> Self {
        Self {
            n,
            entries: vec![0.0; n.pow(4)],
            places: Places::new(n),
        }
    }

    /// `d rho_ij += sum_kl s_kl rho_kl`, i <= j.
    fn add_row(&mut self, (i, j): (usize, usize), s: &[C]) {
        let (n, dim) = (self.n, self.n * self.n);
        let row = if i == j { i } else { place(n, i, j) };
        let (re, im) = self.entries[row * dim..].split_at_mut(dim);
        self.places.add((i, j), s, re, im);
    }

    /// Set the loss of each population to what the others gain of it, where rounding alone keeps them apart: beside fast dephasing it
    /// would outweigh slow rates.
    fn keep_trace(&mut self) {
        let (n, dim) = (self.n, self.n * self.n);
        let size = self
            .entries
            .iter()
            .map(|entry| entry.abs())
            .fold(0.0, f64::max);
        for column in 0..n {
            let gains = (0..n).filter(|&row| row != column);
            let gains: f64 = gains.map(|row| self.entries[row * dim + column]).sum();
            let own = &mut self.entries[column * dim + column];
            if (*own + gains).abs() <= 1e-12 * size {
                *own = 0.0 - gains;
            }
        }
    }

    /// `d rho_ij += value rho_kl`; the lower triangle follows from the upper one.
    #[inline(always)]
    fn add(&mut self, (i, j): (usize, usize), (k, l): (usize, usize), value: C) {
        if i > j {
            return;
        }
        let (n, dim) = (self.n, self.n * self.n);
        let (a, sign) = self.places.0[k * n + l];
        let row = if i == j { i } else { place(n, i, j) };
        self.entries[row * dim + a] += value.re;
        if sign != 0.0 {
            self.entries[row * dim + a + 1] -= sign * value.im;
        }
        if i < j {
            self.entries[(row + 1) * dim + a] += value.im;
            if sign != 0.0 {
                self.entries[(row + 1) * dim + a + 1] += sign * value.re;
            }
        }
    }

    /// Jumps between the vectors of a basis at these rates.
    fn add_between(&mut self, vectors: &Matrix, rates: &Matrix) {
        let n = self.n;
        for t in 0..n {
            // What arrives at t of every rho_kl.
            let arriving = Matrix::from_fn(n, n, |k, l| {
                let term = |f: usize| rates[(t, f)] * vectors[(k, f)].conj() * vectors[(l, f)];
                (0..n).map(term).sum()
            });
            for (i, j) in (0..n).flat_map(|i| (i..n).map(move |j| (i, j))) {
                let there = vectors[(i, t)] * vectors[(j, t)].conj();
                for (k, l) in (0..n).flat_map(|k| (0..n).map(move |l| (k, l))) {
                    self.add((i, j), (k, l), there * arriving[(k, l)]);
                }
            }
        }
    }
}
