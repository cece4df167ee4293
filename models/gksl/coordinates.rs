//! Real coordinates of a density matrix: Hermitian by construction.
//!
//! ```text
//! x = (rho_00, ..., rho_{N-1,N-1},  Re rho_01, Im rho_01, Re rho_02, Im rho_02, ..., Re rho_{N-2,N-1}, Im rho_{N-2,N-1})
//! ```
//!
//! N^2 numbers. In the coordinates with the last N (N - 1) of them times sqrt 2, the Euclidean product is that of Hilbert and
//! Schmidt, tr(A^+ B): condition numbers and norms are taken there.

use nalgebra::Complex;

use super::operator::{C, Matrix, Planes};

/// Where Re rho_ij stands, i < j; Im rho_ij stands behind it.
pub fn place(n: usize, i: usize, j: usize) -> usize {
    n + i * (2 * n - i - 1) + 2 * (j - i - 1)
}

/// rho_ij
pub fn entry(n: usize, x: &[f64], i: usize, j: usize) -> C {
    match i.cmp(&j) {
        std::cmp::Ordering::Equal => C::new(x[i], 0.0),
        std::cmp::Ordering::Less => {
            let at = place(n, i, j);
            C::new(x[at], x[at + 1])
        }
        std::cmp::Ordering::Greater => {
            let at = place(n, j, i);
            C::new(x[at], -x[at + 1])
        }
    }
}

/// The matrix of these coordinates.
pub fn matrix(n: usize, x: &[f64]) -> Matrix {
    Matrix::from_fn(n, n, |i, j| entry(n, x, i, j))
}

/// The coordinates of a matrix, of which only the upper triangle is read.
pub fn coordinates(rho: &Matrix) -> Vec<f64> {
    let n = rho.nrows();
    let mut x: Vec<f64> = (0..n).map(|i| rho[(i, i)].re).collect();
    for i in 0..n {
        for j in i + 1..n {
            x.extend([rho[(i, j)].re, rho[(i, j)].im]);
        }
    }
    x
}

/// The trace.
pub fn trace(n: usize, x: &[f64]) -> f64 {
    x[..n].iter().sum()
}

/// tr rho^2
pub fn purity(n: usize, x: &[f64]) -> f64 {
    let squares = |part: &[f64]| part.iter().map(|x| x * x).sum::<f64>();
    squares(&x[..n]) + 2.0 * squares(&x[n..])
}

/// The names of the coordinates, for people.
pub fn names(n: usize, labels: &[String]) -> Vec<String> {
    let mut names: Vec<String> = labels.to_vec();
    for i in 0..n {
        for j in i + 1..n {
            names.push(format!("re {},{}", labels[i], labels[j]));
            names.push(format!("im {},{}", labels[i], labels[j]));
        }
    }
    names
}

/// Both triangles of the matrix, row by row.
pub fn unpack(n: usize, x: &[f64], rho: &mut Planes) {
    let stride = rho.stride;
    let mut at = n;
    for i in 0..n {
        rho.re[i * stride + i] = x[i];
        rho.im[i * stride + i] = 0.0;
        let count = n - i - 1;
        let pairs = x[at..at + 2 * count].as_chunks::<2>().0;
        for (j, &[re, im]) in (i + 1..).zip(pairs) {
            rho.re[i * stride + j] = re;
            rho.im[i * stride + j] = im;
        }
        at += 2 * count;
    }
    // The lower triangle in small squares, which stay in the cache.
    const SQUARE: usize = 16;
    for rows in (0..n).step_by(SQUARE) {
        for columns in (0..=rows).step_by(SQUARE) {
            for i in rows..(rows + SQUARE).min(n) {
                for j in columns..(columns + SQUARE).min(i) {
                    rho.re[i * stride + j] = rho.re[j * stride + i];
                    rho.im[i * stride + j] = -rho.im[j * stride + i];
                }
            }
        }
    }
}

/// The eigenvalues of a Hermitian matrix, ascending.
pub fn eigenvalues(rho: &Matrix) -> Vec<f64> {
    let n = rho.nrows();
    if n == 2 {
        // (tr +- sqrt((a - d)^2 + 4 |b|^2)) / 2, exact where a matrix is pure
        let (a, d) = (rho[(0, 0)].re, rho[(1, 1)].re);
        let spread = ((a - d).powi(2) + 4.0 * rho[(0, 1)].norm_sqr()).sqrt();
        return vec![0.5 * (a + d - spread), 0.5 * (a + d + spread)];
    }
    let mut values: Vec<f64> = rho
        .clone()
        .symmetric_eigenvalues()
        .iter()
        .copied()
        .collect();
    values.sort_by(f64::total_cmp);
    values
}

/// `exp(i phase)`
pub fn phase(phase: f64) -> C {
    Complex::new(phase.cos(), phase.sin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_and_matrices_are_the_same_thing() {
        for n in [2, 5, 17] {
            let a = Matrix::from_fn(n, n, |i, j| {
                C::new((i * 3 + j) as f64, i as f64 - 2.0 * j as f64)
            });
            let rho = &a + a.adjoint();
            let x = coordinates(&rho);
            assert_eq!(x.len(), n * n);
            assert_eq!(matrix(n, &x), rho);
            assert!((purity(n, &x) - (&rho * &rho).trace().re).abs() < 1e-9 * purity(n, &x));
            let mut planes = Planes::zeros(n);
            unpack(n, &x, &mut planes);
            for i in 0..n {
                for j in 0..n {
                    let at = i * planes.stride + j;
                    assert_eq!(C::new(planes.re[at], planes.im[at]), rho[(i, j)]);
                }
            }
            assert_eq!(names(n, &vec!["a".to_string(); n]).len(), n * n);
        }
    }
}
