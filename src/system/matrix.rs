//! Matrix products in one fixed order of arithmetic.
//!
//! `y_i = sum_j W_ij x_j` is accumulated over the source index j in ascending order, multiply then
//! add, never fused. So a single product, a batch of products, any vector width and any processor
//! give the same bits, and speed comes from doing many rows or many lanes side by side.
//!
//! The matrix is packed once: panels of up to 64 rows, in each panel column after column. A panel's
//! sums stay in registers while its columns stream through.
//!
//! ```
//! use nullcline::prelude::*;
//! let w = PackedMatrix::new(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
//! let mut y = [0.0; 2];
//! w.times(&[1.0, 0.0, -1.0], &mut y);
//! assert_eq!(y, [-2.0, -2.0]);
//! ```

use multiversion::multiversion;

use super::aligned::Aligned;
use super::batch::LANES;

/// Rows that one block of the widest kernel holds in registers.
const WIDEST: usize = 64;
/// Columns whose zeros are looked for at once.
const BLOCK: usize = 128;
/// With fewer columns, zeros are not looked for.
const FEWEST: usize = 16;
/// Rows are padded to whole vectors of this many numbers.
const VECTOR: usize = 8;

/// A dense real matrix laid out for products in the fixed order.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedMatrix {
    rows: usize,
    columns: usize,
    /// Rows of each panel (a multiple of [`VECTOR`]); all panels but the last are equal.
    panel: usize,
    data: Aligned,
}

impl PackedMatrix {
    /// Pack a row-major matrix.
    ///
    /// # Panics
    /// If `entries` does not have `rows * columns` numbers.
    pub fn new(rows: usize, columns: usize, entries: &[f64]) -> Self {
        assert_eq!(entries.len(), rows * columns, "a {rows} x {columns} matrix");
        // Panels of equal width keep every block long enough to hide the latency of an addition.
        let panels = rows.div_ceil(WIDEST).max(1);
        let panel = rows.div_ceil(panels).next_multiple_of(VECTOR).max(VECTOR);
        let panels = rows.div_ceil(panel);
        let mut data = Aligned::zeros(panels * panel * columns);
        for (i, row) in entries.chunks_exact(columns.max(1)).enumerate() {
            let (block, place) = (i / panel, i % panel);
            for (j, &entry) in row.iter().enumerate() {
                data[(block * columns + j) * panel + place] = entry;
            }
        }
        Self {
            rows,
            columns,
            panel,
            data,
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The entry `W_ij`.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        self.data[(i / self.panel * self.columns + j) * self.panel + i % self.panel]
    }

    /// `y = W x`.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn times(&self, x: &[f64], y: &mut [f64]) {
        assert!(x.len() == self.columns && y.len() == self.rows);
        let columns = self.columns;
        if columns >= FEWEST && 4 * x.iter().filter(|&&x| x == 0.0).count() > columns {
            return self.times_few(x, y);
        }
        match self.panel {
            8 => panels::<8>(&self.data, columns, x, y),
            16 => panels::<16>(&self.data, columns, x, y),
            24 => panels::<24>(&self.data, columns, x, y),
            32 => panels::<32>(&self.data, columns, x, y),
            40 => panels::<40>(&self.data, columns, x, y),
            48 => panels::<48>(&self.data, columns, x, y),
            56 => panels::<56>(&self.data, columns, x, y),
            _ => panels::<64>(&self.data, columns, x, y),
        }
    }

    /// `y = W x` by the columns whose x is not zero: the same bits, because a sum that starts at +0 does not
    /// change by adding a zero of either sign. Components that rest on a floor of 0 cost nothing.
    fn times_few(&self, x: &[f64], y: &mut [f64]) {
        let columns = self.columns;
        match self.panel {
            8 => panels_of_few::<8>(&self.data, columns, x, y),
            16 => panels_of_few::<16>(&self.data, columns, x, y),
            24 => panels_of_few::<24>(&self.data, columns, x, y),
            32 => panels_of_few::<32>(&self.data, columns, x, y),
            40 => panels_of_few::<40>(&self.data, columns, x, y),
            48 => panels_of_few::<48>(&self.data, columns, x, y),
            56 => panels_of_few::<56>(&self.data, columns, x, y),
            _ => panels_of_few::<64>(&self.data, columns, x, y),
        }
    }

    /// `Y = W X` for [`LANES`] lanes at once: `x` is `[column, lane]` and `y` is `[row, lane]`, lanes
    /// innermost. Each lane has the bits of [`times`](PackedMatrix::times).
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn times_lanes(&self, x: &[f64], y: &mut [f64]) {
        assert!(x.len() == self.columns * LANES && y.len() == self.rows * LANES);
        eight_lanes(&self.data, self.panel, [self.rows, self.columns], x, y);
    }
}

/// The single product over packed panels of `PANEL` rows.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn panels<const PANEL: usize>(data: &[f64], columns: usize, x: &[f64], y: &mut [f64]) {
    let panels = data.chunks_exact(PANEL * columns.max(1));
    for (panel, y) in panels.zip(y.chunks_mut(PANEL)) {
        let mut sums = [0.0; PANEL];
        for (column, &x) in panel.as_chunks::<PANEL>().0.iter().zip(x) {
            for (sum, &entry) in sums.iter_mut().zip(column) {
                *sum += entry * x;
            }
        }
        y.copy_from_slice(&sums[..y.len()]);
    }
}

/// The single product by the columns whose x is not zero.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn panels_of_few<const PANEL: usize>(data: &[f64], columns: usize, x: &[f64], y: &mut [f64]) {
    let panels = data.chunks_exact(PANEL * columns.max(1));
    for (panel, y) in panels.zip(y.chunks_mut(PANEL)) {
        let mut sums = [0.0; PANEL];
        let blocks = panel.as_chunks::<PANEL>().0.chunks(BLOCK);
        for (block, x) in blocks.zip(x.chunks(BLOCK)) {
            // The places are gathered first, because a branch per column would be guessed wrong too often.
            let mut places = [0_u8; BLOCK];
            let mut count = 0;
            for (place, &x) in x.iter().enumerate() {
                places[count] = place as u8;
                count += usize::from(x != 0.0);
            }
            for &place in &places[..count] {
                let (column, x) = (&block[usize::from(place)], x[usize::from(place)]);
                for (sum, &entry) in sums.iter_mut().zip(column) {
                    *sum += entry * x;
                }
            }
        }
        y.copy_from_slice(&sums[..y.len()]);
    }
}

/// The sums of one row, one per lane.
#[derive(Clone, Copy)]
struct Row([f64; LANES]);

impl Row {
    /// `sum_l += entry * x_l`
    #[inline(always)]
    fn add(&mut self, entry: f64, x: &[f64; LANES]) {
        let products: [f64; LANES] = std::array::from_fn(|lane| entry * x[lane]);
        self.0 = std::array::from_fn(|lane| self.0[lane] + products[lane]);
    }
}

/// The product of eight lanes over packed panels of `panel` rows. Sums of as many rows are held at once as there are registers for: eight
/// rows where a register has eight numbers, four where two registers make one (eight would spill: measured, 2.3 times as slow).
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn eight_lanes(data: &[f64], panel: usize, shape: [usize; 2], x: &[f64], y: &mut [f64]) {
    multiversion::target::match_target! {
        "x86_64+avx512f" => eight_rows(data, panel, shape, x, y),
        _ => four_rows(data, panel, shape, x, y),
    }
}

/// As [`eight_lanes`], eight rows at a time.
#[inline(always)]
fn eight_rows(data: &[f64], panel: usize, [rows, columns]: [usize; 2], x: &[f64], y: &mut [f64]) {
    for (block, entries) in data.chunks_exact(panel * columns.max(1)).enumerate() {
        for first in (0..panel).step_by(VECTOR) {
            let row = block * panel + first;
            if row >= rows {
                break;
            }
            if rows - row <= VECTOR / 2 {
                four(entries, [panel, first, row], x, y);
                continue;
            }
            let mut sums = [Row([0.0; LANES]); VECTOR];
            // Written out, because the compiler would otherwise vectorise over the rows and gather.
            let [s0, s1, s2, s3, s4, s5, s6, s7] = &mut sums;
            let columns = entries.chunks_exact(panel);
            for (column, x) in columns.zip(x.as_chunks::<LANES>().0) {
                let Some(entries) = column[first..].first_chunk::<VECTOR>() else {
                    break;
                };
                s0.add(entries[0], x);
                s1.add(entries[1], x);
                s2.add(entries[2], x);
                s3.add(entries[3], x);
                s4.add(entries[4], x);
                s5.add(entries[5], x);
                s6.add(entries[6], x);
                s7.add(entries[7], x);
            }
            write(&sums, row, y);
        }
    }
}

/// As [`eight_lanes`], four rows at a time.
#[inline(always)]
fn four_rows(data: &[f64], panel: usize, [rows, columns]: [usize; 2], x: &[f64], y: &mut [f64]) {
    for (block, entries) in data.chunks_exact(panel * columns.max(1)).enumerate() {
        for first in (0..panel).step_by(VECTOR / 2) {
            let row = block * panel + first;
            if row >= rows {
                break;
            }
            four(entries, [panel, first, row], x, y);
        }
    }
}

/// Four rows of a panel, from the `first` on, which is `row` of the matrix.
#[inline(always)]
fn four(entries: &[f64], [panel, first, row]: [usize; 3], x: &[f64], y: &mut [f64]) {
    let mut sums = [Row([0.0; LANES]); VECTOR / 2];
    let [s0, s1, s2, s3] = &mut sums;
    let columns = entries.chunks_exact(panel);
    for (column, x) in columns.zip(x.as_chunks::<LANES>().0) {
        let Some(entries) = column[first..].first_chunk::<{ VECTOR / 2 }>() else {
            break;
        };
        s0.add(entries[0], x);
        s1.add(entries[1], x);
        s2.add(entries[2], x);
        s3.add(entries[3], x);
    }
    write(&sums, row, y);
}

/// Write the sums of rows from `row` on; those behind the last row of the matrix are dropped.
#[inline(always)]
fn write(sums: &[Row], row: usize, y: &mut [f64]) {
    let y = y[row * LANES..].as_chunks_mut::<LANES>().0;
    for (y, sum) in y.iter_mut().zip(sums) {
        *y = sum.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: j ascending, multiply then add.
    fn product(rows: usize, w: &[f64], x: &[f64]) -> Vec<f64> {
        (0..rows)
            .map(|i| {
                x.iter()
                    .enumerate()
                    .fold(0.0, |sum, (j, &x)| sum + w[i * x_len(w, rows) + j] * x)
            })
            .collect()
    }

    fn x_len(w: &[f64], rows: usize) -> usize {
        w.len() / rows
    }

    fn numbers(count: usize, seed: f64) -> Vec<f64> {
        (0..count)
            .map(|i| ((i as f64 + seed) * 12.9898).sin() * 3.7)
            .collect()
    }

    #[test]
    fn every_size_and_lane_has_the_bits_of_the_definition() {
        for n in [1, 2, 7, 8, 9, 20, 31, 63, 64, 65, 129, 200] {
            let columns = n + 3;
            let w = numbers(n * columns, 0.5);
            let packed = PackedMatrix::new(n, columns, &w);
            let xs: Vec<Vec<f64>> = (0..LANES)
                .map(|lane| numbers(columns, lane as f64))
                .collect();
            let x: Vec<f64> = (0..columns)
                .flat_map(|j| xs.iter().map(move |x| x[j]))
                .collect();
            let mut y = vec![0.0; n * LANES];
            packed.times_lanes(&x, &mut y);
            for (lane, x) in xs.iter().enumerate() {
                let expected = product(n, &w, x);
                let mut single = vec![0.0; n];
                packed.times(x, &mut single);
                assert_eq!(single, expected, "n = {n}");
                let thinned = |(i, &x): (usize, &f64)| if i % 3 == lane % 3 { x } else { -0.0 };
                let few: Vec<f64> = x.iter().enumerate().map(thinned).collect();
                packed.times(&few, &mut single);
                assert_eq!(single, product(n, &w, &few), "n = {n}");
                let batched: Vec<f64> = (0..n).map(|i| y[i * LANES + lane]).collect();
                assert_eq!(batched, expected, "n = {n}, lane {lane}");
            }
        }
    }
}
