//! Kernels: normalised Gaussian weights along one dimension, applied to the rows of a field and across them.
//!
//! ```text
//! w_k = exp(-k^2 / (2 s^2)) / sum,   s = sigma n,   |k| <= ceil(2.5 s) - 1
//! (K * A)_ij = sum_k w_k sum_l w_l A_{i+k, j+l}     (the first sum alone on a line)
//! ```
//!
//! The weights are symmetric, so cells at equal distance are added first and weighted once. Sums run outwards from the
//! middle, in an order that does not depend on the width of vectors or on who does which rows.

use super::space::{Boundary, Space};

/// Cells that are worked on at once: whole vectors of every processor.
const CHUNK: usize = 16;

/// Rows up to so far apart are summed a chunk at a time; beyond that, row by row, which memory likes better.
const CLOSE: usize = 12;

/// One side of a symmetric kernel: the weight of the middle, then outwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// w_0, w_1, ...
    pub weights: Vec<f64>,
}

impl Kernel {
    /// The kernel of width `sigma`, of the field's length, on `n` cells.
    pub fn new(sigma: f64, n: usize) -> Self {
        let s = sigma * n as f64;
        let reach = ((2.5 * s).ceil() - 1.0).max(0.0) as usize;
        let weight = |k: usize| (-((k * k) as f64) / (2.0 * s * s)).exp();
        let mut weights: Vec<f64> = (0..=reach).map(weight).collect();
        let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        Self { weights }
    }

    /// How far it reaches.
    pub fn reach(&self) -> usize {
        self.weights.len() - 1
    }
}

/// A row with what lies beyond its ends on both sides.
#[derive(Clone, Debug, Default)]
pub struct Padded {
    cells: Vec<f64>,
}

impl Padded {
    /// Make room for a row of the space and a kernel.
    pub fn fit(&mut self, space: &Space, kernel: &Kernel) {
        // A row shorter than a chunk is worked on as one; what lies beyond it is not used.
        let length = space.columns.max(CHUNK) + 2 * kernel.reach();
        // Another system may have been here: what lies beyond the ends must be zero.
        self.cells.clear();
        self.cells.resize(length, 0.0);
    }
}

/// The row of the field that lies `offset` rows from `row`; nothing beyond an end.
#[inline(always)]
fn neighbour(space: &Space, row: usize, offset: isize) -> Option<usize> {
    let wanted = row as isize + offset;
    match space.boundary {
        Boundary::Zero => (0..space.rows as isize)
            .contains(&wanted)
            .then_some(wanted as usize),
        Boundary::Periodic => Some(wanted.rem_euclid(space.rows as isize) as usize),
    }
}

/// Add `weight (a + b)` to `out`, cell by cell; what is not there is zero.
#[inline(always)]
fn add(out: &mut [f64], weight: f64, a: Option<&[f64]>, b: Option<&[f64]>) {
    match (a, b) {
        (Some(a), Some(b)) => {
            for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
                *out += weight * (a + b);
            }
        }
        (Some(a), None) | (None, Some(a)) => {
            for (out, a) in out.iter_mut().zip(a) {
                *out += weight * a;
            }
        }
        (None, None) => {}
    }
}

/// One chunk of a symmetric sum over cells that lie `stride` apart, from `middle` on.
#[inline(always)]
fn chunk(weights: &[f64], cells: &[f64], middle: usize, stride: usize) -> [f64; CHUNK] {
    let mut sums = [0.0; CHUNK];
    for (sum, a) in sums.iter_mut().zip(&cells[middle..middle + CHUNK]) {
        *sum = weights[0] * a;
    }
    let (mut before, mut behind) = (middle, middle);
    for &weight in &weights[1..] {
        before -= stride;
        behind += stride;
        let (left, right) = (
            &cells[before..before + CHUNK],
            &cells[behind..behind + CHUNK],
        );
        for ((sum, a), b) in sums.iter_mut().zip(left).zip(right) {
            *sum += weight * (a + b);
        }
    }
    sums
}

/// Where the chunks of a row of at least one chunk begin: one after the other, the last one flush with the end.
#[inline(always)]
fn chunks(columns: usize) -> impl Iterator<Item = usize> {
    let last = columns - CHUNK;
    (0..columns.div_ceil(CHUNK)).map(move |number| (number * CHUNK).min(last))
}

/// The kernel across the rows, into the middle of `padded`.
#[inline(always)]
fn across(space: &Space, kernel: &Kernel, field: &[f64], row: usize, middle: &mut [f64]) {
    let (columns, reach) = (space.columns, kernel.reach());
    let of = |row: usize| &field[row * columns..(row + 1) * columns];
    if space.rows == 1 {
        middle.copy_from_slice(of(0));
    } else if reach <= CLOSE && row >= reach && row + reach < space.rows && columns >= CHUNK {
        for first in chunks(columns) {
            let sums = chunk(&kernel.weights, field, row * columns + first, columns);
            middle[first..first + CHUNK].copy_from_slice(&sums);
        }
    } else {
        for (out, a) in middle.iter_mut().zip(of(row)) {
            *out = kernel.weights[0] * a;
        }
        for (k, &weight) in kernel.weights.iter().enumerate().skip(1) {
            let k = k as isize;
            let (above, below) = (neighbour(space, row, -k), neighbour(space, row, k));
            add(middle, weight, above.map(of), below.map(of));
        }
    }
}

/// Write one row of K * A into `out`; `field` is A, row by row.
#[inline(always)]
pub fn convolve_row(
    space: &Space,
    kernel: &Kernel,
    field: &[f64],
    row: usize,
    padded: &mut Padded,
    out: &mut [f64],
) {
    let (columns, reach) = (space.columns, kernel.reach());
    let cells = &mut padded.cells;
    across(
        space,
        kernel,
        field,
        row,
        &mut cells[reach..reach + columns],
    );
    if space.boundary == Boundary::Periodic {
        for k in 0..reach {
            // A kernel may reach around a small field more than once.
            let left = (columns * (reach / columns + 1) + k - reach) % columns;
            cells[k] = cells[reach + left];
            cells[reach + columns + k] = cells[reach + k % columns];
        }
    }
    let weights = &kernel.weights;
    if columns >= CHUNK {
        for first in chunks(columns) {
            let sums = chunk(weights, cells, reach + first, 1);
            out[first..first + CHUNK].copy_from_slice(&sums);
        }
    } else {
        let sums = chunk(weights, cells, reach, 1);
        out[..columns].copy_from_slice(&sums[..columns]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::space::Geometry;
    use super::*;

    #[test]
    fn weights_of_50_cells_are_those_of_the_literature() {
        for (sigma, printed) in [
            (0.02, &[0.40261995, 0.24420134, 0.05448868][..]),
            (0.03, &[0.27068215, 0.21674532, 0.11128076, 0.03663285]),
        ] {
            let kernel = Kernel::new(sigma, 50);
            assert_eq!(kernel.weights.len(), printed.len());
            for (weight, printed) in kernel.weights.iter().zip(printed) {
                assert!((weight - printed).abs() < 5e-9, "{weight} {printed}");
            }
        }
    }

    /// K * A at one cell, straight from the definition.
    fn direct(space: &Space, kernel: &Kernel, field: &[f64], row: usize, column: usize) -> f64 {
        let reach = kernel.reach() as isize;
        let at = |place: usize, offset: isize, length: usize| {
            let wanted = place as isize + offset;
            match space.boundary {
                Boundary::Zero => (0..length as isize)
                    .contains(&wanted)
                    .then_some(wanted as usize),
                Boundary::Periodic => Some(wanted.rem_euclid(length as isize) as usize),
            }
        };
        let weight = |k: isize| kernel.weights[k.unsigned_abs()];
        let mut sum = 0.0;
        for k in -reach..=reach {
            let across = if space.rows == 1 {
                f64::from(k == 0)
            } else {
                weight(k)
            };
            for l in -reach..=reach {
                if across > 0.0
                    && let (Some(i), Some(j)) =
                        (at(row, k, space.rows), at(column, l, space.columns))
                {
                    sum += across * weight(l) * field[i * space.columns + j];
                }
            }
        }
        sum
    }

    #[test]
    fn rows_are_convolved_as_the_definition_says() {
        for geometry in [Geometry::Line, Geometry::Sheet, Geometry::Point] {
            for boundary in [Boundary::Zero, Boundary::Periodic] {
                for (size, sigma) in [(50, 0.03), (37, 0.06), (5, 0.9), (1, 0.02)] {
                    if geometry == Geometry::Point && size > 1 {
                        continue;
                    }
                    let space = Space::new(geometry, size, boundary);
                    let kernel = Kernel::new(sigma, size);
                    let number = |i: usize| ((i * i * 7919 + 13 * i) % 1009) as f64 / 1009.0;
                    let field: Vec<f64> = (0..space.cells()).map(number).collect();
                    let mut padded = Padded::default();
                    padded.fit(&space, &kernel);
                    let mut out = vec![0.0; space.columns];
                    for row in 0..space.rows {
                        convolve_row(&space, &kernel, &field, row, &mut padded, &mut out);
                        for (column, out) in out.iter().enumerate() {
                            let exact = direct(&space, &kernel, &field, row, column);
                            assert!((out - exact).abs() < 1e-13, "{out} {exact}");
                        }
                    }
                }
            }
        }
    }
}
