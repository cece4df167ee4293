//! Equilibria: all solutions of the box complementarity problem.
//!
//! ```text
//! F = A x + u;   x_i = 0 and F_i <= 0,   or 0 < x_i < b_i and F_i = 0,   or x_i = b_i and F_i >= 0
//! ```
//!
//! with b_i = m_i / d_i. They do not depend on tau. Up to ten neurons every pattern of (floor, free,
//! ceiling) that bounds do not rule out is tried (see `patterns`). For more, a proof that there is
//! exactly one is looked for first (see `uniqueness`), and it is found by Newton's method on the active
//! set. With a certificate P, Newton's method is started again and again along the contraction
//! x <- clip(x + g F(x)), which approaches it in the P norm for 0 < g < 2 c / |Q A Q^-1|^2.
//!
//! On its linear piece the network in time t or s has the Jacobian rate (tau A) in the rows of the free
//! neurons and -rate d_i on the diagonal of the others: its eigenvalues are those of rate tau A_ff, and
//! the -rate d_i.

use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardUniform};

use super::certificate::Certificate;
use super::patterns::{self, Verdict};
use super::uniqueness;
use crate::prelude::*;

/// Largest n whose 3^n patterns are gone through whatever it takes.
pub const PATTERNS: usize = 10;

/// For more neurons so many nodes of the tree of patterns are looked at, times n^2.
const BUDGET: usize = 40_000_000;

/// So many searches where neither proof nor tree comes to an end.
const SEARCHES: usize = 200;

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
pub enum Mode {
    /// x = 0, F <= 0.
    Floor,
    /// F = 0.
    Free,
    /// x = b, F >= 0.
    Ceiling,
}

impl Problem {
    /// F(x) = A x + u.
    pub fn gradient(&self, x: &DVector<f64>) -> DVector<f64> {
        &self.a * x + &self.input
    }

    /// |x - clip(x + F(x))|, largest component: zero at the equilibria only.
    pub fn residual(&self, x: &DVector<f64>) -> f64 {
        let moved = self.clip(x + self.gradient(x));
        (x - moved).amax()
    }

    pub fn clip(&self, x: DVector<f64>) -> DVector<f64> {
        x.zip_map(&self.bound, |x, bound| x.clamp(0.0, bound))
    }

    /// What the residual of an exact solution can be by rounding.
    pub fn tolerance(&self, x: &DVector<f64>) -> f64 {
        let n = x.len() as f64;
        1e-14 * n * (self.a.amax() * x.amax() + self.input.amax() + 1.0) * self.a.amax().max(1.0)
    }

    /// The state of a pattern; `None` if its free block is singular.
    pub fn solve(&self, modes: &[Mode]) -> Option<DVector<f64>> {
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

    /// The equilibria, and whether they are proved to be all.
    pub fn all(&self) -> (Vec<DVector<f64>>, bool, String) {
        let n = self.input.len();
        if n > PATTERNS
            && let Some(why) = uniqueness::proof(&self.a)
            && let Some(x) = self.nearest()
        {
            return (vec![x], true, format!("there is exactly one: {why}"));
        }
        let budget = match n > PATTERNS {
            true => BUDGET / (n * n),
            false => usize::MAX,
        };
        let (mut found, verdict) = patterns::search(self, budget);
        let why = match verdict {
            Verdict::Complete => {
                let why = "every pattern of floor, free and ceiling was tried or ruled out";
                return (found, true, why.into());
            }
            Verdict::Singular => {
                "a free block of A = W - D is singular: equilibria can fill a line"
            }
            Verdict::Spent => "there are too many patterns of floor, free and ceiling to try",
        };
        for x in self.searched() {
            patterns::add(&mut found, x);
        }
        let told = format!("{why}, and no proof of uniqueness was found: there may be others");
        (found, false, told)
    }

    /// Every equilibrium; `None` if the list could not be proved to be complete.
    pub fn enumerate(&self) -> Option<Vec<DVector<f64>>> {
        let (found, complete, _) = self.all();
        complete.then_some(found)
    }

    /// The equilibria as a system gives them: the member `tau` of the family, `rate` times as fast as in
    /// the slow clock.
    pub fn equilibria(&self, dissipation: &[f64], tau: f64, rate: f64) -> Equilibria {
        let (found, complete, reason) = self.all();
        let list = found
            .iter()
            .map(|x| self.described(x, dissipation, tau, rate));
        let mut equilibria = Equilibria {
            list: list.collect(),
            complete,
            reason,
        };
        equilibria.sort();
        equilibria
    }

    fn described(&self, x: &DVector<f64>, d: &[f64], tau: f64, rate: f64) -> Equilibrium {
        let gradient = self.gradient(x);
        let near = 1e-9 * (1.0 + self.input.amax() + self.a.amax() * x.amax());
        let mut on_kink = false;
        let mut active = Vec::with_capacity(x.len());
        let mut free = Vec::new();
        let mut eigenvalues = Vec::with_capacity(x.len());
        for (i, (&x, &bound)) in x.iter().zip(&self.bound).enumerate() {
            let side = i8::from(x >= bound) - i8::from(x <= 0.0);
            let (at_edge, balanced) = (side != 0, gradient[i].abs() <= near);
            on_kink |= at_edge && balanced;
            match at_edge {
                true => eigenvalues.push((-rate * d[i], 0.0)),
                false => free.push(i),
            }
            active.push(side);
        }
        let block = DMatrix::from_fn(free.len(), free.len(), |k, l| {
            rate * tau * self.a[(free[k], free[l])]
        });
        if !free.is_empty() {
            eigenvalues.extend(block.complex_eigenvalues().iter().map(|z| (z.re, z.im)));
        }
        Equilibrium {
            x: x.as_slice().to_vec(),
            eigenvalues: Some(eigenvalues),
            active: Some(active),
            on_kink,
        }
    }

    /// An equilibrium by Newton's method from the middle of things, from the projected path towards it,
    /// and from some random states.
    fn nearest(&self) -> Option<DVector<f64>> {
        let mut x = self.clip(DVector::zeros(self.input.len()));
        let gain = 0.5 / self.a.norm();
        for round in 0..12 {
            if let Some(found) = self.newton(&x) {
                return Some(found);
            }
            for _ in 0..1 << round {
                x = self.clip(&x + self.gradient(&x) * gain);
            }
        }
        self.searched().next()
    }

    /// Where Newton's method ends from many states of the box.
    fn searched(&self) -> impl Iterator<Item = DVector<f64>> + '_ {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let reach = 1.0 + self.input.amax();
        (0..SEARCHES).filter_map(move |_| {
            let x = self.bound.map(|bound| {
                let share: f64 = StandardUniform.sample(&mut rng);
                share * bound.min(reach)
            });
            self.newton(&x)
        })
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
