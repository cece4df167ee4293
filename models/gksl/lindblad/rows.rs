//! The matrix of a generator on real coordinates by its entries that are not 0, row by row.

use super::super::coordinates::place;
use super::super::operator::C;
use super::matrix::Places;
use super::{Jump, Lindblad};

/// A sparse matrix, row by row, columns ascending.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub starts: Vec<usize>,
    pub columns: Vec<usize>,
    pub values: Vec<f64>,
}

/// What a row of `G x` is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    pub sum: f64,
    /// The sum of their absolute values.
    pub size: f64,
    /// The largest entry of the row.
    pub largest: f64,
}

/// The largest share of the size of its terms that a row leaves. Coherences that are small beside the populations are measured by
/// the largest row, and populations that are hardly there by the largest one: they are as exact as those.
pub fn residual(n: usize, rows: &[Terms], x: &[f64]) -> f64 {
    const HARDLY: f64 = 1e-6;
    let size = rows.iter().map(|terms| terms.size).fold(0.0, f64::max);
    let most = x.iter().map(|x| x.abs()).fold(0.0, f64::max);
    let share = |(row, terms): (usize, &Terms)| {
        let own = match row < n {
            true => HARDLY * terms.largest * most,
            false => HARDLY * size.max(terms.largest * most),
        };
        match terms.sum == 0.0 {
            true => 0.0,
            false => terms.sum.abs() / terms.size.max(own),
        }
    };
    let shares = rows.iter().enumerate().map(share);
    // The maximum of numbers passes over NaN, and a NaN is no small residual.
    shares.fold(0.0, |most, share| {
        if share.is_nan() {
            f64::NAN
        } else {
            share.max(most)
        }
    })
}

impl Rows {
    /// A matrix without rows.
    pub fn new() -> Self {
        Self {
            starts: vec![0],
            ..Self::default()
        }
    }

    /// Add a row by all its entries.
    pub fn push(&mut self, row: &[f64]) {
        for (column, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
    }

    /// The number of rows.
    pub fn dim(&self) -> usize {
        self.starts.len() - 1
    }

    /// Columns and values of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.starts[row]..self.starts[row + 1];
        let columns = self.columns[range.clone()].iter().copied();
        columns.zip(self.values[range].iter().copied())
    }

    /// An entry.
    pub fn entry(&self, row: usize, column: usize) -> f64 {
        let range = self.starts[row]..self.starts[row + 1];
        match self.columns[range.clone()].binary_search(&column) {
            Ok(at) => self.values[range.start + at],
            Err(_) => 0.0,
        }
    }

    /// `G x`
    pub fn times(&self, x: &[f64]) -> Vec<f64> {
        let product = |row| self.row(row).map(|(column, value)| value * x[column]).sum();
        (0..self.dim()).map(product).collect()
    }

    /// `G^T x`
    pub fn times_transposed(&self, x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.dim()];
        for (row, x) in x.iter().enumerate() {
            for (column, value) in self.row(row) {
                out[column] += value * x;
            }
        }
        out
    }
}

impl Lindblad {
    /// The matrix of the generator on coordinates, as far as it is not 0.
    pub fn rows(&self) -> Rows {
        let n = self.n;
        let places = Places::new(n);
        let mut rows = Rows::new();
        let mut s = vec![C::default(); n * n];
        let mut parts = [vec![0.0; n * n], vec![0.0; n * n]];
        let arriving = self.arriving();
        let above = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        for (i, j) in (0..n).map(|i| (i, i)).chain(above) {
            debug_assert_eq!(rows.dim(), if i == j { i } else { place(n, i, j) });
            self.sum_up(i, j, &mut s);
            self.add_the_rest((i, j), &arriving, &mut s);
            let [re, im] = &mut parts;
            re.fill(0.0);
            im.fill(0.0);
            places.add((i, j), &s, re, im);
            rows.push(re);
            if i < j {
                rows.push(im);
            }
        }
        rows
    }

    /// What arrives at each vector of each basis of every rho_kl: `sum_f W_tf v_kf* v_lf`.
    fn arriving(&self) -> Vec<Vec<Vec<C>>> {
        let n = self.n;
        let rates = if self.bases.is_empty() {
            &[][..]
        } else {
            &self.parts().between[..]
        };
        let of_basis = |(vectors, rates): (&super::Matrix, &super::Matrix)| {
            let at = |t: usize| {
                let pairs = (0..n).flat_map(|k| (0..n).map(move |l| (k, l)));
                let term = |k: usize, l: usize, f: usize| {
                    rates[(t, f)] * vectors[(k, f)].conj() * vectors[(l, f)]
                };
                pairs
                    .map(|(k, l)| (0..n).map(|f| term(k, l, f)).sum())
                    .collect()
            };
            (0..n).map(at).collect()
        };
        self.bases.iter().zip(rates).map(of_basis).collect()
    }

    /// Jumps between levels and between the vectors of bases, and the superoperator.
    fn add_the_rest(&self, (i, j): (usize, usize), arriving: &[Vec<Vec<C>>], s: &mut [C]) {
        let n = self.n;
        for jump in &self.jumps {
            if let Jump::Move { from, to, rate } = jump
                && i == j
                && *to == i
            {
                s[from * n + from] += C::new(*rate, 0.0);
            }
        }
        for (vectors, arriving) in self.bases.iter().zip(arriving) {
            for (t, arriving) in arriving.iter().enumerate() {
                let there = vectors[(i, t)] * vectors[(j, t)].conj();
                for (s, arriving) in s.iter_mut().zip(arriving) {
                    *s += there * arriving;
                }
            }
        }
        if let Some(superoperator) = &self.superoperator {
            for (place, s) in s.iter_mut().enumerate() {
                let (k, l) = (place / n, place % n);
                *s += superoperator[(i + j * n, k + l * n)];
            }
        }
    }
}
