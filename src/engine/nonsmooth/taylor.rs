//! Exact affine pieces: the Taylor series of `x' = J x + c` and of affine surfaces along it.
//!
//! ```text
//! c_0 = x,  c_1 = J x + c,  c_{k+1} = J c_k / (k + 1);      x(t + s) = sum_k c_k s^k,   g likewise
//! ```
//!
//! A series of k terms is exact to rounding over some time, which grows with k and is about two time constants at the
//! highest order, 24. Terms are added only until an event lies within that time. So nothing depends on tolerances,
//! an event is the root of a polynomial, and a short piece costs few evaluations: one a term.

use multiversion::multiversion;

/// The highest order of a series.
const ORDER: usize = 24;
/// Terms of the first attempt at least, and how many are added to it at a time.
const FIRST: usize = 6;
const MORE: usize = 2;
/// The last term relative to the first one.
const ROUNDING: f64 = 1e-17;

/// Drift and surfaces at a state.
pub type Evaluate<'a> = dyn FnMut(&[f64], &mut [f64], &mut [f64]) + 'a;

/// A series of state and surfaces.
#[derive(Clone, Debug)]
pub struct Taylor {
    /// c_k of the state, `[order][component]`.
    state: Vec<Vec<f64>>,
    /// c_k of the surfaces, `[order][surface]`; those of order k are known with the state's of order k + 1.
    surfaces: Vec<Vec<f64>>,
    /// The largest |c_k| of the state, by order.
    sizes: Vec<f64>,
    /// The order of the series of the state.
    order: usize,
    /// Drift and surfaces at x = 0: what is not linear in them.
    drift_at_zero: Vec<f64>,
    surfaces_at_zero: Vec<f64>,
    /// The largest of what is expanded, to which small terms are raised.
    scale: f64,
    raised: Vec<f64>,
    swings: Vec<f64>,
    /// Surfaces that can become negative within the step, and their series, `[order][suspect]`.
    suspects: Vec<usize>,
    theirs: Vec<f64>,
}

/// The largest finite absolute value.
fn size(values: &[f64]) -> f64 {
    let mut sizes = [0.0_f64; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    let larger = |size: f64, value: f64| {
        let value = value.abs();
        if value > size && value < f64::INFINITY {
            value
        } else {
            size
        }
    };
    for chunk in chunks {
        for (size, &value) in sizes.iter_mut().zip(chunk) {
            *size = larger(*size, value);
        }
    }
    let all = sizes.iter().chain(rest);
    all.fold(0.0, |size, &value| larger(size, value))
}

/// `x = sum_k c_k s^k`, a few components at a time over all orders, so that their sums stay in registers.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn horner(terms: &[Vec<f64>], s: f64, x: &mut [f64]) {
    const WIDTH: usize = 32;
    for (block, x) in x.chunks_mut(WIDTH).enumerate() {
        let first = block * WIDTH;
        let mut sums = [0.0; WIDTH];
        for term in terms.iter().rev() {
            let term = &term[first..first + x.len()];
            match term.first_chunk::<WIDTH>() {
                Some(term) => sums
                    .iter_mut()
                    .zip(term)
                    .for_each(|(sum, c)| *sum = *sum * s + c),
                None => sums
                    .iter_mut()
                    .zip(term)
                    .for_each(|(sum, c)| *sum = *sum * s + c),
            }
        }
        x.copy_from_slice(&sums[..x.len()]);
    }
}

impl Taylor {
    /// Room for a state and surfaces of these lengths.
    pub fn new(dim: usize, surfaces: usize) -> Self {
        Self {
            state: vec![vec![0.0; dim]; ORDER + 1],
            surfaces: vec![vec![0.0; surfaces]; ORDER + 1],
            sizes: vec![0.0; ORDER + 1],
            order: 0,
            drift_at_zero: vec![0.0; dim],
            surfaces_at_zero: vec![0.0; surfaces],
            scale: 0.0,
            raised: vec![0.0; dim],
            swings: vec![0.0; surfaces],
            suspects: Vec::new(),
            theirs: Vec::new(),
        }
    }

    /// Expand about `x` to about the order `order`; `evaluate(x, dx, g)` gives drift and surfaces.
    pub fn expand(&mut self, x: &[f64], order: usize, evaluate: &mut Evaluate<'_>) {
        self.state[0].fill(0.0);
        evaluate(
            &self.state[0],
            &mut self.drift_at_zero,
            &mut self.surfaces_at_zero,
        );
        self.scale = size(x)
            .max(size(&self.drift_at_zero))
            .max(size(&self.surfaces_at_zero));
        self.state[0].copy_from_slice(x);
        self.sizes[0] = x.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
        self.order = 0;
        self.grow_to(order.max(FIRST), evaluate);
    }

    /// Add some terms; false if the series has all its terms.
    pub fn grow(&mut self, evaluate: &mut Evaluate<'_>) -> bool {
        let grows = self.order < ORDER;
        self.grow_to(self.order + MORE, evaluate);
        grows
    }

    fn grow_to(&mut self, order: usize, evaluate: &mut Evaluate<'_>) {
        while self.order < order.min(ORDER) {
            self.add_term(evaluate);
        }
    }

    fn add_term(&mut self, evaluate: &mut Evaluate<'_>) {
        let k = self.order;
        let (done, rest) = self.state.split_at_mut(k + 1);
        let (next, surfaces) = (&mut rest[0], &mut self.surfaces[k]);
        if k == 0 {
            evaluate(&done[0], next, surfaces);
        } else {
            // A small term would be lost beside what is not linear: it is raised to its size first, by a power
            // of two.
            let term = self.sizes[k];
            let factor = match term > 0.0 && self.scale > 0.0 {
                true => (self.scale / term)
                    .log2()
                    .floor()
                    .clamp(-1000.0, 1000.0)
                    .exp2(),
                false => 1.0,
            };
            for (raised, term) in self.raised.iter_mut().zip(&done[k]) {
                *raised = factor * term;
            }
            evaluate(&self.raised, next, surfaces);
            let lowered = 1.0 / factor;
            let share = lowered / (k + 1) as f64;
            for (next, zero) in next.iter_mut().zip(&self.drift_at_zero) {
                *next = (*next - zero) * share;
            }
            for (g, zero) in surfaces.iter_mut().zip(&self.surfaces_at_zero) {
                // Surfaces without anything to cross have no linear part.
                *g = if zero.is_finite() {
                    (*g - zero) * lowered
                } else {
                    0.0
                };
            }
        }
        self.sizes[k + 1] = match next.iter().any(|c| c.is_nan()) {
            true => f64::NAN,
            false => next.iter().fold(0.0, |max: f64, c| max.max(c.abs())),
        };
        self.order = k + 1;
    }

    /// The order that the series has.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The longest step on which the series is exact to rounding.
    pub fn longest(&self) -> f64 {
        let bound = |last: usize| {
            let ratio = |first: usize| {
                (ROUNDING * self.sizes[first] / self.sizes[last]).powf(1.0 / (last - first) as f64)
            };
            // Not a number is not zero.
            match self.sizes[last] == 0.0 {
                true => f64::INFINITY,
                false => ratio(0).max(ratio(1)),
            }
        };
        let (last, before) = (bound(self.order), bound(self.order - 1));
        if last.is_nan() || before.is_nan() {
            return f64::NAN;
        }
        last.min(before)
    }

    /// How often surfaces must be looked at within the longest step.
    pub fn samples(&self) -> f64 {
        2.0 + (self.order as f64 - 12.0).max(0.0) * 7.0 / 6.0
    }

    /// The state a time `s` later.
    pub fn state(&self, s: f64, x: &mut [f64]) {
        horner(&self.state[..=self.order], s, x);
    }

    /// The surfaces that can become negative within a step of length `h`.
    pub fn suspects(&mut self, h: f64) -> usize {
        self.swings.fill(0.0);
        let mut power = h;
        for terms in &self.surfaces[1..self.order] {
            for (swing, term) in self.swings.iter_mut().zip(terms) {
                *swing += term.abs() * power;
            }
            power *= h;
        }
        self.suspects.clear();
        let all = self.surfaces[0].iter().zip(&self.swings).enumerate();
        self.suspects
            .extend(all.filter(|(_, (g, swing))| *g <= *swing).map(|(k, _)| k));
        self.theirs.clear();
        for terms in &self.surfaces[..self.order] {
            self.theirs.extend(self.suspects.iter().map(|&k| terms[k]));
        }
        self.suspects.len()
    }

    /// The suspects a time `s` later.
    pub fn suspects_at(&self, s: f64, g: &mut [f64]) {
        let mut orders = self.theirs.chunks_exact(g.len().max(1)).rev();
        let Some(last) = orders.next() else {
            return;
        };
        g.copy_from_slice(last);
        for terms in orders {
            for (g, c) in g.iter_mut().zip(terms) {
                *g = *g * s + c;
            }
        }
    }

    /// The order to begin with on the next piece, if it is about as long as this one.
    pub fn order_expected(&self) -> usize {
        self.order.saturating_sub(MORE)
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
        taylor.expand(&[3.0, 1.0], 0, &mut evaluate);
        let mut shortest = 0.0;
        loop {
            let h = taylor.longest();
            assert!(h > shortest, "{h} at order {}", taylor.order());
            shortest = h;
            let (mut x, mut g) = ([0.0; 2], [0.0]);
            for s in [0.1 * h, 0.7 * h, h] {
                taylor.state(s, &mut x);
                let decay = 2.0 * (-0.3 * s).exp();
                assert!((x[0] - 1.0 - decay * (2.0 * s).cos()).abs() < 1e-15);
                assert!((x[1] - 1.0 - decay * (2.0 * s).sin()).abs() < 1e-15);
                if taylor.order() == ORDER {
                    assert_eq!(taylor.suspects(h), 1);
                    taylor.suspects_at(s, &mut g);
                    assert!((g[0] - (x[0] - 0.5)).abs() < 1e-15);
                }
            }
            if !taylor.grow(&mut evaluate) {
                break;
            }
        }
        assert!((0.5..2.0).contains(&shortest), "{shortest}");
    }
}
