//! Equilibria: all solutions of the box complementarity problem.
//!
//! ```text
//! F = A x + u;   x_i = 0 and F_i <= 0,   or 0 < x_i < b_i and F_i = 0,   or x_i = b_i and F_i >= 0
//! ```
//!
//! with b_i = m_i / d_i. They do not depend on tau. Up to ten neurons every pattern of (floor, free,
//! ceiling) is tried. For more, a certificate of diagonal stability proves that there is exactly one;
//! it is found by Newton's method on the active set, started again and again along the contraction
//! x <- clip(x + g F(x)), which approaches it in the P norm for 0 < g < 2 c / |Q A Q^-1|^2.

use nalgebra::{DMatrix, DVector};

use super::certificate::Certificate;

/// Largest n whose 3^n patterns are tried.
pub const PATTERNS: usize = 10;

/// The complementarity problem of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// A = W - D.
    pub a: DMatrix<f64>,
    /// u.
    pub input: DVector<f64>,
    /// b = m / d, infinite without a ceiling.
    pub bound: DVector<f64>,
}

/// Where a neuron is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Floor,
    Free,
    Ceiling,
}

impl Problem {
    /// F(x) = A x + u.
    fn gradient(&self, x: &DVector<f64>) -> DVector<f64> {
        &self.a * x + &self.input
    }

    /// |x - clip(x + F(x))|, largest component: zero at the equilibria only.
    pub fn residual(&self, x: &DVector<f64>) -> f64 {
        let moved = self.clip(x + self.gradient(x));
        (x - moved).amax()
    }

    fn clip(&self, x: DVector<f64>) -> DVector<f64> {
        x.zip_map(&self.bound, |x, bound| x.clamp(0.0, bound))
    }

    /// What the residual of an exact solution can be by rounding.
    fn tolerance(&self, x: &DVector<f64>) -> f64 {
        let n = x.len() as f64;
        1e-14 * n * (self.a.amax() * x.amax() + self.input.amax() + 1.0) * self.a.amax().max(1.0)
    }

    /// The state of a pattern; `None` if its free block is singular.
    fn solve(&self, modes: &[Mode]) -> Option<DVector<f64>> {
        let n = modes.len();
        let mut x = DVector::from_fn(n, |i, _| match modes[i] {
            Mode::Ceiling => self.bound[i],
            _ => 0.0,
        });
        let free: Vec<usize> = (0..n).filter(|&i| modes[i] == Mode::Free).collect();
        if free.is_empty() {
            return Some(x);
        }
        let held = self.gradient(&x);
        let right = DVector::from_fn(free.len(), |k, _| -held[free[k]]);
        let block = self.a.select_rows(&free).select_columns(&free);
        let lu = block.clone().full_piv_lu();
        let pivots = lu.u().diagonal().abs();
        if pivots.min() <= 1e-13 * block.amax() {
            return None;
        }
        let mut solution = lu.solve(&right)?;
        // One refinement takes the residual down to rounding.
        let correction = lu.solve(&(&right - &block * &solution))?;
        solution += correction;
        for (k, &i) in free.iter().enumerate() {
            x[i] = solution[k];
        }
        Some(x)
    }

    /// Every equilibrium, by trying all patterns; `None` for too many neurons, or if some free block is
    /// singular, where equilibria can fill a line.
    pub fn enumerate(&self) -> Option<Vec<DVector<f64>>> {
        let n = self.input.len();
        if n > PATTERNS {
            return None;
        }
        let mut found: Vec<DVector<f64>> = Vec::new();
        let mut modes = vec![Mode::Floor; n];
        loop {
            let x = self.solve(&modes)?;
            let tolerance = self.tolerance(&x);
            let inside = (0..n).all(|i| x[i] >= -tolerance && x[i] <= self.bound[i] + tolerance);
            if inside && self.residual(&x) <= tolerance {
                let x = self.clip(x);
                let near = |y: &DVector<f64>| (&x - y).amax() <= 1e-9 * (1.0 + x.amax());
                if !found.iter().any(near) {
                    found.push(x);
                }
            }
            if !self.advance(&mut modes) {
                return Some(found);
            }
        }
    }

    /// The next pattern, as one counts; `false` after the last.
    fn advance(&self, modes: &mut [Mode]) -> bool {
        for (i, mode) in modes.iter_mut().enumerate() {
            *mode = match mode {
                Mode::Floor => Mode::Free,
                Mode::Free if self.bound[i].is_finite() => Mode::Ceiling,
                _ => Mode::Floor,
            };
            if *mode != Mode::Floor {
                return true;
            }
        }
        false
    }

    /// The one equilibrium that the certificate promises.
    pub fn unique(&self, certificate: &Certificate) -> Option<DVector<f64>> {
        let p = &certificate.p;
        let n = p.len();
        let scaled = DMatrix::from_fn(n, n, |i, j| (p[i] / p[j]).sqrt() * self.a[(i, j)]);
        let norm = (scaled.transpose() * &scaled).symmetric_eigenvalues().max();
        let gain = certificate.rate / norm;
        let mut x = self.clip(DVector::zeros(n));
        let mut patience = 1;
        for round in 0..100_000 {
            if round == patience {
                if let Some(found) = self.newton(&x) {
                    return Some(found);
                }
                patience *= 2;
            }
            x = self.clip(&x + self.gradient(&x) * gain);
        }
        None
    }

    /// Newton's method on the active set from `x`: free where x + F lies inside the box.
    fn newton(&self, x: &DVector<f64>) -> Option<DVector<f64>> {
        let mut x = x.clone();
        for _ in 0..30 {
            let aim = &x + self.gradient(&x);
            let modes: Vec<Mode> = aim
                .iter()
                .zip(&self.bound)
                .map(|(&aim, &bound)| match aim {
                    aim if aim <= 0.0 => Mode::Floor,
                    aim if aim >= bound => Mode::Ceiling,
                    _ => Mode::Free,
                })
                .collect();
            x = self.solve(&modes)?;
            let clipped = self.clip(x.clone());
            if self.residual(&clipped) <= self.tolerance(&clipped) {
                return Some(clipped);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::certificate::certify;
    use super::*;

    fn problem(a: &[f64], input: &[f64], bound: &[f64]) -> Problem {
        let n = input.len();
        Problem {
            a: DMatrix::from_row_slice(n, n, a),
            input: DVector::from_row_slice(input),
            bound: DVector::from_row_slice(bound),
        }
    }

    fn close(found: &[DVector<f64>], wanted: &[&[f64]]) {
        assert_eq!(found.len(), wanted.len(), "{found:?}");
        for wanted in wanted {
            let wanted = DVector::from_row_slice(wanted);
            let near = found.iter().any(|x| (x - &wanted).amax() < 1e-14);
            assert!(near, "{wanted} is not among {found:?}");
        }
    }

    #[test]
    fn the_reference_cases_have_their_equilibria() {
        close(
            &problem(&[-1.5], &[3.0], &[5.0]).enumerate().unwrap(),
            &[&[2.0]],
        );
        close(
            &problem(&[-1.5], &[-1.0], &[5.0]).enumerate().unwrap(),
            &[&[0.0]],
        );
        let pair = problem(&[-0.5, -2.0, 3.0, -2.5], &[2.0, -1.0], &[4.0, 3.0]);
        close(&pair.enumerate().unwrap(), &[&[28.0 / 29.0, 22.0 / 29.0]]);
        let bistable = problem(&[-1.0, -2.0, -2.0, -1.0], &[1.0, 1.0], &[2.0, 2.0]);
        let third = 1.0 / 3.0;
        close(
            &bistable.enumerate().unwrap(),
            &[&[1.0, 0.0], &[0.0, 1.0], &[third, third]],
        );
    }

    #[test]
    fn a_line_of_equilibria_is_not_called_exhaustive() {
        assert_eq!(problem(&[0.0], &[0.0], &[1.0]).enumerate(), None);
    }

    #[test]
    fn no_ceiling_can_mean_no_equilibrium() {
        let unbounded = problem(&[1.0], &[1.0], &[f64::INFINITY]);
        assert_eq!(unbounded.enumerate().unwrap().len(), 0);
    }

    #[test]
    fn newton_agrees_with_enumeration_on_random_stable_networks() {
        for seed in 1..=40_u8 {
            let n = 3 + usize::from(seed) % 4;
            let (a, input, bound) = super::super::stability::tests::stable(n, seed);
            let problem = Problem { a, input, bound };
            let all = problem.enumerate().unwrap();
            assert_eq!(all.len(), 1, "seed {seed}: {all:?}");
            let certificate = certify(&problem.a).unwrap();
            let unique = problem.unique(&certificate).unwrap();
            assert!((unique - &all[0]).amax() < 1e-12);
        }
    }
}
