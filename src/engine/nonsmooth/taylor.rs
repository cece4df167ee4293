//! Exact affine pieces: the Taylor series of `x' = J x + c` and of affine surfaces along it.
//!
//! ```text
//! c_0 = x,  c_1 = J x + c,  c_{k+1} = J c_k / (k + 1);      x(t + s) = sum_k c_k s^k,   g likewise
//! ```
//!
//! The step is as long as the series of order 24 is exact to rounding, about two time constants, so nothing
//! depends on tolerances, and an event is the root of a polynomial. One term costs one evaluation.

/// The order of the series.
const ORDER: usize = 24;
/// The last term relative to the first one.
const ROUNDING: f64 = 1e-17;

/// Drift and surfaces at a state.
pub type Evaluate<'a> = dyn FnMut(&[f64], &mut [f64], &mut [f64]) + 'a;

/// A series of state and surfaces.
#[derive(Clone, Debug)]
pub struct Taylor {
    /// c_k of the state, `[order][component]`.
    state: Vec<Vec<f64>>,
    /// c_k of the surfaces, `[order][surface]`.
    surfaces: Vec<Vec<f64>>,
    /// Drift and surfaces at x = 0: what is not linear in them.
    drift_at_zero: Vec<f64>,
    surfaces_at_zero: Vec<f64>,
    /// Surfaces that can become negative within the step.
    suspects: Vec<usize>,
}

impl Taylor {
    /// Room for a state and surfaces of these lengths.
    pub fn new(dim: usize, surfaces: usize) -> Self {
        Self {
            state: vec![vec![0.0; dim]; ORDER + 1],
            surfaces: vec![vec![0.0; surfaces]; ORDER + 1],
            drift_at_zero: vec![0.0; dim],
            surfaces_at_zero: vec![0.0; surfaces],
            suspects: Vec::new(),
        }
    }

    /// The evaluations that [`expand`](Taylor::expand) makes.
    pub const EVALUATIONS: u64 = ORDER as u64 + 1;

    /// Expand about `x`; `evaluate(x, dx, g)` gives drift and surfaces.
    pub fn expand(&mut self, x: &[f64], evaluate: &mut Evaluate<'_>) {
        self.state[0].fill(0.0);
        evaluate(
            &self.state[0],
            &mut self.drift_at_zero,
            &mut self.surfaces_at_zero,
        );
        let size = |values: &[f64]| {
            let finite = values.iter().filter(|v| v.is_finite());
            finite.fold(0.0_f64, |max, v| max.max(v.abs()))
        };
        let scale = size(x)
            .max(size(&self.drift_at_zero))
            .max(size(&self.surfaces_at_zero));
        self.state[0].copy_from_slice(x);
        let mut raised = vec![0.0; x.len()];
        for k in 0..ORDER {
            let (done, rest) = self.state.split_at_mut(k + 1);
            if k == 0 {
                evaluate(&done[0], &mut rest[0], &mut self.surfaces[0]);
                continue;
            }
            // A small term would be lost beside what is not linear: it is raised to its size first, by a power
            // of two.
            let term = size(&done[k]);
            let factor = match term > 0.0 && scale > 0.0 {
                true => (scale / term).log2().floor().clamp(-1000.0, 1000.0).exp2(),
                false => 1.0,
            };
            for (raised, term) in raised.iter_mut().zip(&done[k]) {
                *raised = factor * term;
            }
            evaluate(&raised, &mut rest[0], &mut self.surfaces[k]);
            let lowered = 1.0 / factor;
            let share = lowered / (k + 1) as f64;
            for (next, zero) in rest[0].iter_mut().zip(&self.drift_at_zero) {
                *next = (*next - zero) * share;
            }
            for (g, zero) in self.surfaces[k].iter_mut().zip(&self.surfaces_at_zero) {
                // Surfaces without anything to cross have no linear part.
                *g = if zero.is_finite() {
                    (*g - zero) * lowered
                } else {
                    0.0
                };
            }
        }
        // The last term of the surfaces is as small as that of the state.
        self.surfaces[ORDER].fill(0.0);
    }

    /// The longest step on which the series is exact to rounding.
    pub fn longest(&self) -> f64 {
        let size = |k: usize| {
            self.state[k]
                .iter()
                .fold(0.0_f64, |max, c| max.max(c.abs()))
        };
        let bound = |last: usize| {
            let ratio = |first: usize| {
                (ROUNDING * size(first) / size(last)).powf(1.0 / (last - first) as f64)
            };
            match size(last) > 0.0 {
                true => ratio(0).max(ratio(1)),
                false => f64::INFINITY,
            }
        };
        bound(ORDER).min(bound(ORDER - 1))
    }

    /// The state a time `s` later.
    pub fn state(&self, s: f64, x: &mut [f64]) {
        x.copy_from_slice(&self.state[ORDER]);
        for term in self.state[..ORDER].iter().rev() {
            for (x, c) in x.iter_mut().zip(term) {
                *x = *x * s + c;
            }
        }
    }

    /// The surfaces that can become negative within a step of length `h`, and their values at its start.
    pub fn suspects(&mut self, h: f64) -> Vec<f64> {
        self.suspects.clear();
        for k in 0..self.surfaces_at_zero.len() {
            let (mut swing, mut power) = (0.0, h);
            for term in &self.surfaces[1..ORDER] {
                swing += term[k].abs() * power;
                power *= h;
            }
            if self.surfaces[0][k] <= swing {
                self.suspects.push(k);
            }
        }
        self.suspects.iter().map(|&k| self.surfaces[0][k]).collect()
    }

    /// The suspects a time `s` later.
    pub fn suspects_at(&self, s: f64, g: &mut [f64]) {
        for (g, &k) in g.iter_mut().zip(&self.suspects) {
            let terms = self.surfaces[..ORDER].iter().rev();
            *g = terms.fold(0.0, |sum, term| sum * s + term[k]);
        }
    }

    /// The surface that a suspect is.
    pub fn surface(&self, suspect: usize) -> usize {
        self.suspects[suspect]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damped_rotation_is_exact_over_its_longest_step() {
        // x' = A (x - 1), A = [[-0.3, -2], [2, -0.3]]
        let mut evaluate = |x: &[f64], dx: &mut [f64], g: &mut [f64]| {
            let (a, b) = (x[0] - 1.0, x[1] - 1.0);
            dx[0] = -0.3 * a - 2.0 * b;
            dx[1] = 2.0 * a - 0.3 * b;
            g[0] = x[0] - 0.5;
            g[1] = f64::INFINITY;
        };
        let mut taylor = Taylor::new(2, 2);
        taylor.expand(&[3.0, 1.0], &mut evaluate);
        let h = taylor.longest();
        assert!((0.5..2.0).contains(&h), "{h}");
        let (mut x, mut g) = ([0.0; 2], [0.0]);
        assert_eq!(taylor.suspects(h), [2.5]);
        for s in [0.1 * h, 0.7 * h, h] {
            taylor.state(s, &mut x);
            taylor.suspects_at(s, &mut g);
            let decay = 2.0 * (-0.3 * s).exp();
            assert!((x[0] - 1.0 - decay * (2.0 * s).cos()).abs() < 1e-15);
            assert!((x[1] - 1.0 - decay * (2.0 * s).sin()).abs() < 1e-15);
            assert!((g[0] - (x[0] - 0.5)).abs() < 1e-15);
        }
    }
}
