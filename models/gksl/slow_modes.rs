//! Slow modes: eigenvalues that lie below the rounding of the fast ones.
//!
//! ```text
//! A = G + s P,   P the projector on the null space, s the size of G:   A^(-1) has the eigenvalues 1/lambda_j, and 1/s for the null space
//! ```
//!
//! The slowest modes of G are the largest ones of A^(-1), found in numbers of twice the digits, and so have all their digits.

use faer::{Mat, c64};

use super::double_double::Double;
use super::null_space::{Generator, NullSpace, projected};
use super::operator::C;
use super::steady_state::scale;

/// The `count` slowest modes that are not at rest: eigenvalues, and eigenvectors in orthonormal coordinates. None if they are not found.
pub fn slow_modes(
    n: usize,
    generator: &Generator,
    null: &NullSpace,
    size: f64,
    count: usize,
) -> Option<Vec<(C, Vec<c64>)>> {
    let dim = n * n;
    let mut shifted = generator.entries().to_vec();
    for column in 0..dim {
        let mut unit = vec![0.0; dim];
        unit[column] = size;
        for (row, value) in projected(null, &unit)?.into_iter().enumerate() {
            let entry = &mut shifted[row * dim + column];
            *entry = *entry + Double::from(value);
        }
    }
    let inverse = inverse(dim, shifted)?;
    let matrix = Mat::from_fn(dim, dim, |i, j| {
        inverse[i * dim + j].value() * scale(n, i) / scale(n, j)
    });
    faer::set_global_parallelism(faer::Par::Seq);
    let eigen = matrix.eigen().ok()?;
    let values: Vec<C> = eigen
        .S()
        .column_vector()
        .iter()
        .map(|v| C::new(v.re, v.im))
        .collect();
    let mut order: Vec<usize> = (0..dim).collect();
    order.sort_by(|&a, &b| values[b].norm().total_cmp(&values[a].norm()));
    let mode = |&k: &usize| {
        let vector = (0..dim).map(|i| eigen.U()[(i, k)]).collect();
        let value = C::new(1.0, 0.0) / values[k];
        // No negative zero.
        (C::new(value.re, value.im + 0.0), vector)
    };
    Some(order.iter().take(count).map(mode).collect())
}

/// The inverse of a matrix by elimination with row pivots.
fn inverse(dim: usize, mut a: Vec<Double>) -> Option<Vec<Double>> {
    let mut b = vec![Double::ZERO; dim * dim];
    for i in 0..dim {
        b[i * dim + i] = Double::from(1.0);
    }
    for k in 0..dim {
        let size = |i: usize| a[i * dim + k].abs();
        let best = (k..dim).max_by(|&i, &j| size(i).total_cmp(&size(j)))?;
        if size(best) == 0.0 {
            return None;
        }
        for matrix in [&mut a, &mut b] {
            for j in 0..dim {
                matrix.swap(k * dim + j, best * dim + j);
            }
        }
        let pivot = a[k * dim + k];
        let (row_a, row_b): (Vec<Double>, Vec<Double>) = (
            a[k * dim..(k + 1) * dim]
                .iter()
                .map(|&x| x / pivot)
                .collect(),
            b[k * dim..(k + 1) * dim]
                .iter()
                .map(|&x| x / pivot)
                .collect(),
        );
        for i in 0..dim {
            let factor = a[i * dim + k];
            if i == k || factor == Double::ZERO {
                continue;
            }
            for (matrix, row) in [(&mut a, &row_a), (&mut b, &row_b)] {
                for (entry, &pivot) in matrix[i * dim..(i + 1) * dim].iter_mut().zip(row) {
                    if pivot != Double::ZERO {
                        *entry = *entry - factor * pivot;
                    }
                }
            }
        }
        a[k * dim..(k + 1) * dim].copy_from_slice(&row_a);
        b[k * dim..(k + 1) * dim].copy_from_slice(&row_b);
    }
    Some(b)
}
