//! How far the tolerances of a run, and rounding, may move what is recorded of it.
//!
//! ```text
//! state        d_i = max(atol_i + rtol |x_i|, 16 eps |x_i|); without error control rounding alone
//! observable   the most of 16 eps |g| and, for two patterns of signs, min(|g(t, x + e) - g(t, x)|, |g(t, x - e) - g(t, x)|),
//!              e_i = +-(1/2 .. 3/2) d_i
//! ```
//!
//! The signs and sizes of e look random and depend on the index alone, so that the parts of components do not cancel. Of the
//! two sides the smaller one counts: beside a jump of the observable the other side shows how far it moves.

use std::ops::Range;

use crate::engine::card::Card;
use crate::engine::integrate::Options;
use crate::system::observe::Observables;

/// Sixteen roundings.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// The tolerances of a run, and room to work out what they mean.
pub(super) struct Tolerances<'a> {
    rtol: f64,
    /// For each component of the state; nothing without error control.
    atol: &'a [f64],
    moved: Vec<f64>,
    there: Vec<f64>,
    sides: Vec<f64>,
    found: Vec<f64>,
}

impl<'a> Tolerances<'a> {
    /// The tolerances by which a scheme is to be run.
    pub(super) fn new(card: &Card, options: &'a Options) -> Self {
        let controlled = card.stepping.controls_error(options.step.is_some());
        Self {
            rtol: if controlled { options.rtol } else { 0.0 },
            atol: if controlled { &options.atol } else { &[] },
            moved: Vec::new(),
            there: Vec::new(),
            sides: Vec::new(),
            found: Vec::new(),
        }
    }

    fn of(&self, component: usize, value: f64) -> f64 {
        let atol = self.atol.get(component).copied().unwrap_or(0.0);
        (atol + self.rtol * value.abs()).max(ROUNDING * value.abs())
    }

    /// Those of a part of the state.
    pub(super) fn of_state(&mut self, range: Range<usize>, x: &[f64]) -> &[f64] {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        found.extend(range.map(|component| self.of(component, x[component])));
        self.found = found;
        &self.found
    }

    /// Those of an observable with these values.
    pub(super) fn of_observable(
        &mut self,
        (observables, index): (&dyn Observables, usize),
        t: f64,
        x: &[f64],
        values: &[f64],
    ) -> &[f64] {
        self.found.clear();
        self.found
            .extend(values.iter().map(|here| ROUNDING * here.abs()));
        self.sides.resize(values.len(), 0.0);
        self.there.resize(values.len(), 0.0);
        for pattern in 0..2 {
            self.sides.fill(f64::INFINITY);
            for side in [1.0, -1.0] {
                self.move_state(x, side, pattern);
                observables.observe(index, t, &self.moved, &mut self.there);
                let pairs = self.there.iter().zip(values);
                for (least, (there, here)) in self.sides.iter_mut().zip(pairs) {
                    *least = least.min((there - here).abs());
                }
            }
            for (found, least) in self.found.iter_mut().zip(&self.sides) {
                // Where neither side has a number nothing is known but rounding.
                *found = found.max(if least.is_finite() { *least } else { 0.0 });
            }
        }
        &self.found
    }

    /// Move the state by its tolerances.
    fn move_state(&mut self, x: &[f64], side: f64, pattern: usize) {
        let mut moved = std::mem::take(&mut self.moved);
        moved.clear();
        let components = x.iter().enumerate();
        moved.extend(components.map(|(i, &x)| x + side * direction(i, pattern) * self.of(i, x)));
        self.moved = moved;
    }
}

/// Which way, and how far in units of its tolerance, a component is moved: the golden ratio spreads the sizes. Of two components
/// side by side the second pattern moves one the other way.
fn direction(component: usize, pattern: usize) -> f64 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let mixed = (component as u64 + 1).wrapping_mul(GOLDEN);
    let size = 0.5 + (mixed >> 11) as f64 / (1_u64 << 53) as f64;
    let turned = (mixed.wrapping_mul(GOLDEN) >> 63) as usize + pattern * component;
    let sign = if turned.is_multiple_of(2) { 1.0 } else { -1.0 };
    sign * size
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::schemes;
    use crate::system::layout::Variable;

    struct Sums(Vec<Variable>);

    impl Observables for Sums {
        fn list(&self) -> &[Variable] {
            &self.0
        }

        fn observe(&self, index: usize, _t: f64, x: &[f64], out: &mut [f64]) {
            out[0] = match index {
                0 => x[0] - x[1],
                _ => f64::from(u8::from(x[0] >= 1.0)),
            };
        }
    }

    #[test]
    fn tolerances_are_those_of_the_scheme_and_go_through_observables() {
        let options = Options::new(2, 1e-6, 1e-9);
        let card = |name: &str| schemes::card(name).unwrap();
        let mut adaptive = Tolerances::new(card("tsit5"), &options);
        let x = [1.0, 1.0];
        assert_eq!(adaptive.of_state(0..2, &x), [1e-9 + 1e-6; 2]);
        let sums = Sums(Vec::new());
        let found = adaptive.of_observable((&sums, 0), 0.0, &x, &[0.0])[0];
        assert!(found > 1e-7 && found < 3e-6, "{found}");
        // A jump right at the state is none of its tolerance.
        let found = adaptive.of_observable((&sums, 1), 0.0, &x, &[1.0])[0];
        assert_eq!(found, ROUNDING);
        let mut fixed = Tolerances::new(card("rk4"), &options);
        assert_eq!(fixed.of_state(0..2, &[1.0, 0.0]), [ROUNDING, 0.0]);
    }
}
