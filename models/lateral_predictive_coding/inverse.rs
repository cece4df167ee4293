//! The inverse and the determinant of M = I + W, from a factorisation and by rank-one updates.
//!
//! ```text
//! B = M^-1,   S = -ln |det M|
//! M' = M + e u_i u_j':   det M' = det M (1 + e B_ji),   B' = B - e (B u_i)(u_j' B)/(1 + e B_ji)
//! ```
//!
//! Gauss-Jordan elimination with partial pivoting, in memory that is kept: it is done at every evaluation of a gradient.

/// An inverse and what comes with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inverse {
    /// N.
    pub units: usize,
    /// B, row-major; not to be used if M is singular.
    pub b: Vec<f64>,
    /// ln |det M|; minus infinity if M is singular.
    pub log_det: f64,
    /// Whether det M > 0.
    pub positive: bool,
    work: Vec<f64>,
    swaps: Vec<usize>,
}

impl Inverse {
    /// Memory for N units.
    pub fn new(units: usize) -> Self {
        Self {
            units,
            b: vec![0.0; units * units],
            log_det: 0.0,
            positive: true,
            work: vec![0.0; units * units],
            swaps: vec![0; units],
        }
    }

    /// The inverse of a matrix.
    pub fn of(units: usize, m: &[f64]) -> Self {
        let mut inverse = Self::new(units);
        inverse.factorise(m);
        inverse
    }

    /// S = -ln |det M|.
    pub fn entropy(&self) -> f64 {
        -self.log_det
    }

    /// Take up a matrix, row-major.
    pub fn factorise(&mut self, m: &[f64]) {
        let n = self.units;
        self.work.copy_from_slice(m);
        let a = &mut self.work;
        (self.log_det, self.positive) = (0.0, true);
        for k in 0..n {
            let size = |i: &usize| a[i * n + k].abs();
            let pivot = (k..n)
                .max_by(|i, j| size(i).total_cmp(&size(j)))
                .unwrap_or(k);
            self.swaps[k] = pivot;
            if pivot != k {
                for j in 0..n {
                    a.swap(k * n + j, pivot * n + j);
                }
                self.positive = !self.positive;
            }
            let head = a[k * n + k];
            if head == 0.0 || !head.is_finite() {
                (self.log_det, self.positive) = (f64::NEG_INFINITY, false);
                return;
            }
            self.log_det += head.abs().ln();
            self.positive ^= head < 0.0;
            a[k * n + k] = 1.0;
            for j in 0..n {
                a[k * n + j] /= head;
            }
            for i in (0..n).filter(|&i| i != k) {
                let factor = a[i * n + k];
                a[i * n + k] = 0.0;
                for j in 0..n {
                    a[i * n + j] -= factor * a[k * n + j];
                }
            }
        }
        // Rows that were exchanged are columns of the inverse.
        for k in (0..n).rev() {
            let pivot = self.swaps[k];
            if pivot != k {
                for i in 0..n {
                    a.swap(i * n + k, i * n + pivot);
                }
            }
        }
        self.b.copy_from_slice(a);
    }

    /// det M'/det M for M' = M + e u_i u_j'.
    pub fn ratio(&self, i: usize, j: usize, e: f64) -> f64 {
        1.0 + e * self.b[j * self.units + i]
    }

    /// Take up M + e u_i u_j', whose determinant is `ratio` times as large.
    pub fn update(&mut self, i: usize, j: usize, e: f64) {
        let n = self.units;
        let ratio = self.ratio(i, j, e);
        let (row, column) = self.work.split_at_mut(n);
        row.copy_from_slice(&self.b[j * n..(j + 1) * n]);
        for (k, value) in column[..n].iter_mut().enumerate() {
            *value = self.b[k * n + i];
        }
        for (b, column) in self.b.chunks_exact_mut(n).zip(column.iter()) {
            let factor = e * column / ratio;
            for (b, row) in b.iter_mut().zip(row.iter()) {
                *b -= factor * row;
            }
        }
        self.log_det += ratio.abs().ln();
        self.positive ^= ratio < 0.0;
    }
}
