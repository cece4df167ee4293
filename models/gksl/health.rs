//! The health of a density matrix: how far the trace is from 1, the smallest eigenvalue, the largest purity, over all samples.
//!
//! Runge-Kutta schemes keep positivity only to their tolerances. Whether an eigenvalue lies below the smallest one so far is asked of a
//! Cholesky decomposition, `rho - least >= 0`, and eigenvalues are worked out only where it fails.

use super::coordinates::{eigenvalues, matrix, purity, trace};
use super::operator::Matrix;
use crate::prelude::*;

/// What is watched.
pub fn list() -> Vec<Variable> {
    let scalar = |name: &str, meaning: &str| Variable::new(name, vec![]).meaning(meaning);
    vec![
        scalar("trace_error", "largest |tr rho - 1| over the samples"),
        scalar(
            "smallest_eigenvalue",
            "smallest eigenvalue of rho over the samples",
        ),
        scalar("largest_purity", "largest tr rho^2 over the samples"),
    ]
}

/// The reducer of number `index` of the list, for N levels.
pub fn reducer(index: usize, n: usize) -> Box<dyn Reducer> {
    Box::new(Watch {
        index,
        n,
        worst: match index {
            1 => f64::INFINITY,
            _ => 0.0,
        },
    })
}

struct Watch {
    index: usize,
    n: usize,
    worst: f64,
}

impl Reducer for Watch {
    fn observe(&mut self, _t: f64, x: &[f64]) {
        match self.index {
            0 => self.worst = self.worst.max((trace(self.n, x) - 1.0).abs()),
            1 => self.smallest(x),
            _ => self.worst = self.worst.max(purity(self.n, x)),
        }
    }

    fn finish(&self, out: &mut [f64]) {
        out[0] = self.worst;
    }

    fn save(&self) -> Vec<f64> {
        vec![self.worst]
    }

    fn restore(&mut self, memory: &[f64]) {
        self.worst = memory[0];
    }
}

impl Watch {
    fn smallest(&mut self, x: &[f64]) {
        let rho = matrix(self.n, x);
        if !(self.worst.is_finite() && exceeds(&rho, self.worst)) {
            self.worst = self.worst.min(eigenvalues(&rho)[0]);
        }
    }
}

/// Whether all eigenvalues of a Hermitian matrix are larger than a number: all pivots of L D L^+ are positive.
fn exceeds(rho: &Matrix, bound: f64) -> bool {
    let n = rho.nrows();
    let mut rest = rho.clone();
    for k in 0..n {
        let pivot = rest[(k, k)].re - bound;
        if pivot <= 0.0 {
            return false;
        }
        for j in k + 1..n {
            let factor = rest[(j, k)].conj() / pivot;
            for i in j..n {
                let step = rest[(i, k)] * factor;
                rest[(i, j)] -= step;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::coordinates::coordinates;
    use super::super::operator::C;
    use super::*;

    #[test]
    fn the_smallest_eigenvalue_of_all_samples_is_found() {
        let n = 5;
        let mut watch = reducer(1, n);
        let mut expected = f64::INFINITY;
        for sample in 0..40 {
            let a = Matrix::from_fn(n, n, |i, j| {
                let angle = (1 + i + 3 * j + 7 * sample) as f64;
                C::new(angle.sin(), (2.0 * angle).cos())
            });
            let rho = &a + a.adjoint();
            let least = eigenvalues(&rho)[0];
            assert!(exceeds(&rho, least - 1e-9) && !exceeds(&rho, least + 1e-9));
            expected = expected.min(least);
            watch.observe(0.0, &coordinates(&rho));
        }
        let mut found = [0.0];
        watch.finish(&mut found);
        assert!((found[0] - expected).abs() < 1e-12);
    }
}
