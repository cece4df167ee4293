//! Wide kernels on large sheets: the convolution as a product of Fourier transforms.
//!
//! ```text
//! (K * A)^(p, q) = k^(p) k^(q) A^(p, q),     k^(p) = w_0 + 2 sum_j w_j cos(2 pi j p / m)
//! ```
//!
//! A kernel is an outer product of symmetric weights, so its transform is a product of two real numbers. At zero ends the
//! field is padded to m >= n + reach cells along a side, so that nothing comes around; a periodic field is taken as it is. One
//! transform of A serves both kernels. The work per cell grows with the logarithm of m, and that of the separable
//! sums with the reach of the kernels: [`WIDE`] is where the two cost the same (see the book on performance).

use std::cell::RefCell;
use std::sync::Arc;

use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

use super::kernel::Kernel;
use super::space::{Boundary, Geometry, Space};

/// Kernels that reach so far together are transformed.
pub const WIDE: usize = 40;
/// Rows or columns that a thread does at a time.
const ROWS: usize = 16;

/// The plans and the transforms of both kernels.
pub struct Spectral {
    n: usize,
    m: usize,
    half: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    along: Arc<dyn Fft<f64>>,
    back: Arc<dyn Fft<f64>>,
    /// k^ of each kernel, divided by m for what the transforms leave out.
    factors: [Vec<f64>; 2],
}

/// Where the transforms of a field stand.
#[derive(Default)]
pub struct Spectra {
    rows: Vec<Complex<f64>>,
    columns: Vec<Complex<f64>>,
    product: Vec<Complex<f64>>,
}

thread_local! {
    /// One row, and scratch.
    static ROW: RefCell<(Vec<f64>, Vec<Complex<f64>>)> = RefCell::default();
}

/// The least even number from `n` on that has no prime factor beyond 5.
fn smooth(n: usize) -> usize {
    let rest = |mut number: usize| {
        for prime in [2, 3, 5] {
            while number.is_multiple_of(prime) {
                number /= prime;
            }
        }
        number
    };
    let mut found = n.next_multiple_of(2);
    while rest(found) > 1 {
        found += 2;
    }
    found
}

/// Do something with every chunk of some numbers, side by side if there are several threads.
fn each<T: Send>(
    data: &mut [T],
    size: usize,
    several: bool,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    match several {
        true => {
            let chunks = data.par_chunks_mut(size).enumerate();
            chunks.for_each(|(number, chunk)| work(number, chunk));
        }
        false => {
            for (number, chunk) in data.chunks_mut(size).enumerate() {
                work(number, chunk);
            }
        }
    }
}

/// Turn rows of `width` numbers into columns.
fn turn(from: &[Complex<f64>], width: usize, into: &mut [Complex<f64>], several: bool) {
    let height = from.len() / width;
    each(into, ROWS * height, several, |number, into| {
        let first = number * ROWS;
        let count = into.len() / height;
        for start in (0..height).step_by(ROWS) {
            for row in start..(start + ROWS).min(height) {
                let from = &from[row * width + first..row * width + first + count];
                for (column, value) in from.iter().enumerate() {
                    into[column * height + row] = *value;
                }
            }
        }
    });
}

impl Spectral {
    /// The transforms of these kernels on a sheet; nothing where the sums are faster.
    pub fn new(space: &Space, kernels: &[Kernel; 2]) -> Option<Self> {
        let flat = matches!(space.geometry, Geometry::Sheet | Geometry::Disc);
        let [e, i] = kernels.each_ref().map(Kernel::reach);
        (flat && e + i >= WIDE && e.max(i) < space.size).then(|| Self::plan(space, kernels))
    }

    fn plan(space: &Space, kernels: &[Kernel; 2]) -> Self {
        let n = space.size;
        let reach = kernels[0].reach().max(kernels[1].reach());
        let m = match space.boundary {
            Boundary::Zero => smooth(n + reach),
            Boundary::Periodic => n,
        };
        let (mut real, mut complex) = (RealFftPlanner::new(), FftPlanner::new());
        let factor = |kernel: &Kernel| -> Vec<f64> {
            let turn = std::f64::consts::TAU / m as f64;
            let sum = |p: usize| -> f64 {
                let weights = kernel.weights.iter().enumerate().skip(1);
                let sides = weights.map(|(j, w)| 2.0 * w * (turn * ((j * p) % m) as f64).cos());
                kernel.weights[0] + sides.sum::<f64>()
            };
            (0..m).map(|p| sum(p) / m as f64).collect()
        };
        Self {
            n,
            m,
            half: m / 2 + 1,
            forward: real.plan_fft_forward(m),
            inverse: real.plan_fft_inverse(m),
            along: complex.plan_fft_forward(m),
            back: complex.plan_fft_inverse(m),
            factors: kernels.each_ref().map(factor),
        }
    }

    /// Write K_E * A and K_I * A into `out`.
    pub fn convolve(
        &self,
        field: &[f64],
        spectra: &mut Spectra,
        out: &mut [Vec<f64>; 2],
        several: bool,
    ) {
        let &Self { n, m, half, .. } = self;
        let zero = Complex::new(0.0, 0.0);
        let Spectra {
            rows,
            columns,
            product,
        } = spectra;
        for buffer in [&mut *rows, &mut *columns, &mut *product] {
            buffer.resize(m * half, zero);
        }
        rows[n * half..].fill(zero);
        each(&mut rows[..n * half], half, several, |row, spectrum| {
            ROW.with_borrow_mut(|(cells, scratch)| {
                cells.clear();
                cells.extend_from_slice(&field[row * n..(row + 1) * n]);
                cells.resize(m, 0.0);
                scratch.resize(self.forward.get_scratch_len(), zero);
                // The lengths are those of the plan.
                let done = self.forward.process_with_scratch(cells, spectrum, scratch);
                debug_assert!(done.is_ok());
            });
        });
        turn(rows, half, columns, several);
        let transform = |plan: &dyn Fft<f64>, data: &mut [Complex<f64>]| {
            each(data, ROWS * m, several, |_, data| {
                ROW.with_borrow_mut(|(_, scratch)| {
                    let length = plan.get_inplace_scratch_len();
                    scratch.resize(length, zero);
                    plan.process_with_scratch(data, &mut scratch[..length]);
                });
            });
        };
        transform(&*self.along, columns);
        for (out, factor) in out.iter_mut().zip(&self.factors) {
            out.resize(n * n, 0.0);
            let columns = &*columns;
            each(product, m, several, |q, product| {
                let column = &columns[q * m..(q + 1) * m];
                for ((product, value), p) in product.iter_mut().zip(column).zip(factor) {
                    *product = value * (p * factor[q]);
                }
            });
            transform(&*self.back, product);
            turn(product, m, rows, several);
            let rows = &*rows;
            each(out, n, several, |row, out| {
                ROW.with_borrow_mut(|(cells, scratch)| {
                    cells.resize(m, 0.0);
                    let length = self.inverse.get_scratch_len();
                    scratch.clear();
                    scratch.extend_from_slice(&rows[row * half..(row + 1) * half]);
                    scratch.resize(half + length, zero);
                    let (spectrum, scratch) = scratch.split_at_mut(half);
                    // What is real up to rounding is taken as real.
                    spectrum[0].im = 0.0;
                    if m.is_multiple_of(2) {
                        spectrum[half - 1].im = 0.0;
                    }
                    let done = self.inverse.process_with_scratch(spectrum, cells, scratch);
                    debug_assert!(done.is_ok());
                    out.copy_from_slice(&cells[..n]);
                });
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::{Padded, convolve_row};
    use super::*;

    #[test]
    fn transforms_give_what_the_sums_give() {
        for (boundary, n) in [
            (Boundary::Zero, 120),
            (Boundary::Periodic, 120),
            (Boundary::Periodic, 77),
        ] {
            let space = Space::new(Geometry::Sheet, n, boundary);
            let kernels = [Kernel::new(0.06, n), Kernel::new(0.1, n)];
            let number = |i: usize| ((i * i * 7919 + 13 * i) % 1009) as f64 / 1009.0;
            let field: Vec<f64> = (0..n * n).map(number).collect();
            let spectral = Spectral::plan(&space, &kernels);
            let (mut spectra, mut out) = (Spectra::default(), [Vec::new(), Vec::new()]);
            spectral.convolve(&field, &mut spectra, &mut out, false);
            let mut row = vec![0.0; n];
            for (kernel, out) in kernels.iter().zip(&out) {
                let mut padded = Padded::default();
                padded.fit(&space, kernel);
                for (number, out) in out.chunks(n).enumerate() {
                    convolve_row(&space, kernel, &field, number, &mut padded, &mut row);
                    for (a, b) in out.iter().zip(&row) {
                        assert!((a - b).abs() < 1e-14, "{a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn narrow_kernels_are_not_transformed() {
        let sheet = |n: usize| {
            let space = Space::new(Geometry::Sheet, n, Boundary::Zero);
            Spectral::new(&space, &[Kernel::new(0.02, n), Kernel::new(0.03, n)]).is_some()
        };
        assert!(!sheet(100) && !sheet(300) && sheet(500));
    }
}
