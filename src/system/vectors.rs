//! Many vectors through one matrix, eight side by side.
//!
//! Vectors stand one after the other, `[vector, component]`; the product of eight wants them interleaved, `[component, vector]`. They are
//! turned over in tiles of four by four, which become shuffles of registers instead of single numbers.

use std::cell::RefCell;

use multiversion::multiversion;

use super::batch::LANES;
use super::matrix::PackedMatrix;

/// Components and vectors of a tile.
const TILE: usize = 4;

thread_local! {
    /// Eight vectors side by side, and their products.
    static SIDE_BY_SIDE: RefCell<[Vec<f64>; 2]> = RefCell::default();
}

impl PackedMatrix {
    /// `y = W x` for many vectors, one after the other, each with the bits of [`times`](PackedMatrix::times). `then` gets some of the products
    /// while they are at hand, and the place in `into` where they begin.
    ///
    /// ```
    /// use nullcline::prelude::*;
    /// let swap = PackedMatrix::new(2, 2, &[0.0, 1.0, 1.0, 0.0]);
    /// let mut into = [0.0; 4];
    /// swap.times_many(&[1.0, 2.0, 3.0, 4.0], &mut into, |some, _| some.iter_mut().for_each(|y| *y += 0.5));
    /// assert_eq!(into, [2.5, 1.5, 4.5, 3.5]);
    /// ```
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn times_many(&self, from: &[f64], into: &mut [f64], then: impl Fn(&mut [f64], usize)) {
        let (n, m) = (self.columns(), self.rows());
        let count = from.len() / n.max(1);
        assert!(from.len() == count * n && into.len() == count * m);
        let whole = count - count % LANES;
        SIDE_BY_SIDE.with_borrow_mut(|[x, y]| {
            x.resize(n * LANES, 0.0);
            y.resize(m * LANES, 0.0);
            for first in (0..whole).step_by(LANES) {
                let into = &mut into[first * m..(first + LANES) * m];
                interleave(n, &from[first * n..(first + LANES) * n], x);
                self.times_lanes(x, y);
                separate(m, y, into);
                then(into, first * m);
            }
        });
        let left = into[whole * m..].chunks_exact_mut(m.max(1));
        for (into, from) in left.zip(from[whole * n..].chunks_exact(n.max(1))) {
            self.times(from, into);
        }
        then(&mut into[whole * m..], whole * m);
    }
}

/// Rows and columns exchanged.
#[inline(always)]
fn turned(tile: [[f64; TILE]; TILE]) -> [[f64; TILE]; TILE] {
    std::array::from_fn(|i| std::array::from_fn(|j| tile[j][i]))
}

/// From vector after vector to component after component.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn interleave(n: usize, vectors: &[f64], x: &mut [f64]) {
    for half in (0..LANES).step_by(TILE) {
        let rows: [&[f64]; TILE] = std::array::from_fn(|lane| &vectors[(half + lane) * n..][..n]);
        let tiles: [&[[f64; TILE]]; TILE] = rows.map(|row| row.as_chunks::<TILE>().0);
        let x = x.as_chunks_mut::<LANES>().0;
        for (number, x) in x.chunks_exact_mut(TILE).enumerate() {
            let tile = turned(std::array::from_fn(|lane| tiles[lane][number]));
            for (x, column) in x.iter_mut().zip(tile) {
                x[half..half + TILE].copy_from_slice(&column);
            }
        }
        for j in n - n % TILE..n {
            for lane in 0..TILE {
                x[j][half + lane] = rows[lane][j];
            }
        }
    }
}

/// And back.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn separate(n: usize, y: &[f64], vectors: &mut [f64]) {
    let y = y.as_chunks::<LANES>().0;
    for half in (0..LANES).step_by(TILE) {
        for (number, y) in y.chunks_exact(TILE).enumerate() {
            let part = |component: usize| -> [f64; TILE] {
                std::array::from_fn(|lane| y[component][half + lane])
            };
            let tile = turned(std::array::from_fn(part));
            for (lane, row) in tile.iter().enumerate() {
                let at = (half + lane) * n + number * TILE;
                vectors[at..at + TILE].copy_from_slice(row);
            }
        }
        for j in n - n % TILE..n {
            for lane in half..half + TILE {
                vectors[lane * n + j] = y[j][lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_products_have_the_bits_of_single_ones() {
        let number = |i: usize| ((i * i * 7919 + 13 * i) % 1009) as f64 / 1009.0 - 0.4;
        for (rows, columns, count) in [(1, 1, 9), (7, 5, 8), (12, 16, 23), (9, 30, 3), (4, 4, 0)] {
            let entries: Vec<f64> = (0..rows * columns).map(number).collect();
            let matrix = PackedMatrix::new(rows, columns, &entries);
            let from: Vec<f64> = (0..count * columns).map(|i| number(3 * i + 1)).collect();
            let mut into = vec![f64::NAN; count * rows];
            matrix.times_many(&from, &mut into, |some, first| {
                for (i, y) in some.iter_mut().enumerate() {
                    *y += (first + i) as f64;
                }
            });
            let mut single = vec![0.0; rows];
            for (vector, products) in from.chunks(columns).zip(into.chunks(rows)) {
                matrix.times(vector, &mut single);
                let first = products.as_ptr() as usize - into.as_ptr() as usize;
                for (i, (found, exact)) in products.iter().zip(&single).enumerate() {
                    assert_eq!(*found, exact + (first / 8 + i) as f64);
                }
            }
        }
    }
}
