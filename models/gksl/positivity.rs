//! Conditional complete positivity: whether a generator makes states of states, whatever they are entangled with.
//!
//! ```text
//! C = sum_kl |k><l| (x) S(|k><l|),    P = 1 - |Om><Om|,  |Om> = N^(-1/2) sum_k |kk>
//! S generates a completely positive semigroup  <=>  P C P >= 0    (and S keeps Hermiticity)
//! ```
//!
//! A Hamiltonian and jumps at rates >= 0 always do. Generators given otherwise are also asked whether they keep the trace,
//! `vec(1)^T S = 0`, and Hermiticity.
//!
//! Gorini, Kossakowski, Sudarshan, *J. Math. Phys.* 17 (1976) 821.

use super::coordinates::eigenvalues;
use super::lindblad::Lindblad;
use super::operator::{C, Matrix};

/// What is wrong with a generator.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// It does not keep the trace.
    #[error("it does not keep the trace: d tr(rho)/dt reaches {0:e} for a matrix unit")]
    Trace(f64),
    /// It does not keep Hermiticity.
    #[error(
        "it does not keep matrices Hermitian: the derivative of a Hermitian one is off by {0:e}"
    )]
    Hermiticity(f64),
    /// It is not completely positive.
    #[error(
        "it is not completely positive: the smallest eigenvalue of P C P is {0:.10} (0 or more would be legal)"
    )]
    Positivity(f64),
}

/// The eigenvalues of P C P on the complement of |Om>, ascending: N^2 - 1 of them, 0 for |Om> left out.
pub fn spectrum(lindblad: &Lindblad) -> Vec<f64> {
    let n = lindblad.levels();
    let dim = n * n;
    let mut choi = Matrix::zeros(dim, dim);
    for k in 0..n {
        for l in 0..n {
            let mut unit = Matrix::zeros(n, n);
            unit[(k, l)] = C::new(1.0, 0.0);
            let image = lindblad.action(&unit);
            choi.view_mut((k * n, l * n), (n, n)).copy_from(&image);
        }
    }
    let entangled = |row: usize| f64::from(u8::from(row % n == row / n)) / (n as f64).sqrt();
    let projector = Matrix::from_fn(dim, dim, |i, j| {
        let one = f64::from(u8::from(i == j));
        C::new(one - entangled(i) * entangled(j), 0.0)
    });
    let projected = &projector * choi * &projector;
    let mut values = eigenvalues(&((&projected + projected.adjoint()) * C::new(0.5, 0.0)));
    // The entangled vector has the eigenvalue 0: the one closest to it goes.
    let nearest = (0..dim).min_by(|&a, &b| values[a].abs().total_cmp(&values[b].abs()));
    if let Some(nearest) = nearest {
        values.remove(nearest);
    }
    values
}

/// What keeps a generator from making states of states; `None` if nothing does.
pub fn fault(lindblad: &Lindblad) -> Option<Fault> {
    if lindblad.is_lindblad() {
        return None;
    }
    let n = lindblad.levels();
    let size = lindblad.bound().max(f64::MIN_POSITIVE);
    let (mut trace, mut asymmetry) = (0.0_f64, 0.0_f64);
    for k in 0..n {
        for l in 0..n {
            let mut unit = Matrix::zeros(n, n);
            unit[(k, l)] = C::new(1.0, 0.0);
            let image = lindblad.action(&unit);
            trace = trace.max(image.trace().norm());
            let other = lindblad.action(&unit.adjoint());
            asymmetry = asymmetry.max((image.adjoint() - other).camax());
        }
    }
    const ROUNDING: f64 = 1e-9;
    if trace > ROUNDING * size {
        return Some(Fault::Trace(trace));
    }
    if asymmetry > ROUNDING * size {
        return Some(Fault::Hermiticity(asymmetry));
    }
    let least = spectrum(lindblad).first().copied().unwrap_or(0.0);
    (least < -ROUNDING * size).then_some(Fault::Positivity(least))
}
