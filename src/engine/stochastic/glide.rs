//! Gliding: whole steps of the grid in open space, of all lanes at once, that nobody looks at.
//!
//! Nothing is planned, recorded or checked on the way; the arithmetic is that of a single step. This is where an ensemble of small systems
//! spends its time.

use multiversion::multiversion;

use super::driver::Stochastic;
use super::method::Method;
use crate::engine::field::Field;
use crate::noise::path::Place;

impl<M: Method, const L: usize> Stochastic<M, L> {
    /// Whether the next steps of all active lanes are whole ones of the grid in open space, which need no plan.
    pub(super) fn glides<F: Field<L> + ?Sized>(&self, field: &F, active: &[bool; L]) -> bool {
        let Some(ratio) = self.ratio.filter(|_| self.levy.is_empty()) else {
            return false;
        };
        (0..L).filter(|&lane| active[lane]).all(|lane| {
            let on_grid = Place::of_cell(self.lanes[lane].equal_steps * ratio);
            self.places[lane] == on_grid && field.shape_of(lane).is_none()
        })
    }
}

/// `count` whole steps of all active lanes that nobody looks at; the states are in `x0` behind them. In the widest vectors of the processor: at this pace instructions count.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn glide<M: Method, F: Field<L> + ?Sized, const L: usize>(
    driver: &mut Stochastic<M, L>,
    field: &F,
    active: &[bool; L],
    step: f64,
    count: u64,
) {
    let ratio = driver.ratio.unwrap_or(1);
    let anchor: [f64; L] = std::array::from_fn(|lane| driver.lanes[lane].anchor);
    let first: [u64; L] = std::array::from_fn(|lane| driver.lanes[lane].equal_steps);
    let mut steps: [f64; L] = std::array::from_fn(|lane| first[lane] as f64);
    let mut t: [f64; L] = std::array::from_fn(|lane| driver.starting(lane));
    let (mut end, h) = (t, [step; L]);
    driver.evaluations.set(0);
    // The next cell of the window, and how many there are.
    let (mut cell, mut left) = (0, 0);
    for nth in 0..count {
        if left == 0 {
            let cells = std::array::from_fn(|lane| first[lane].wrapping_add(nth) * ratio);
            let ahead = (ratio == 1).then(|| driver.noise.ahead(active, &cells));
            match ahead.flatten() {
                Some(found) => (cell, left) = found,
                None => driver.noise.over_cells(active, &cells, ratio),
            }
        }
        for lane in 0..L {
            steps[lane] += 1.0;
            end[lane] = anchor[lane] + steps[lane] * step;
        }
        driver.evaluate(field, &t, &end, &h, (left > 0).then_some(cell));
        std::mem::swap(&mut driver.x0, &mut driver.x1);
        t = end;
        if left > 0 {
            (cell, left) = (cell + 1, left - 1);
        }
    }
    for lane in (0..L).filter(|&lane| active[lane]) {
        let state = &mut driver.lanes[lane];
        state.equal_steps += count;
        state.counts.steps += count;
        state.counts.evaluations += driver.evaluations.get();
        (state.previous, state.time) = (state.time, t[lane]);
        driver.places[lane] = Place::of_cell(state.equal_steps * ratio);
        driver.at_edge[lane] = false;
    }
}
