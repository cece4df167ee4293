//! Planned steps: how long the next step of a lane is, and to which place on its path it leads.
//!
//! Fixed steps lie on the grid `start + k step`, wherever an edge, a reset or the end cuts one of them. A step with error control ends at a place with
//! few binary digits within its cell: 2^-d of a cell is at most a quarter of the step that is wanted.

use super::driver::Stochastic;
use super::method::Method;
use crate::noise::path::Place;

/// Steps are cut at places at most this many times finer than they would like to be.
pub(super) const FINER: f64 = 4.0;

/// One step as it is planned.
#[derive(Clone, Copy)]
pub(super) struct Planned {
    pub h: f64,
    pub end: f64,
    pub to: Place,
    /// Whether it is a whole step of the grid.
    pub whole: bool,
}

impl<M: Method, const L: usize> Stochastic<M, L> {
    /// The steps of all lanes: none of those that rest.
    pub(super) fn plan_all(&self, active: &[bool; L], limit: &[f64; L]) -> [Planned; L] {
        std::array::from_fn(|lane| match active[lane] {
            true => self.plan(lane, limit[lane]),
            false => self.resting(lane),
        })
    }

    /// The step that a lane makes next.
    fn plan(&self, lane: usize, limit: f64) -> Planned {
        match self.tolerances.step {
            Some(step) => self.plan_fixed(lane, step, limit),
            None => self.plan_adaptive(lane, limit),
        }
    }

    /// No step.
    fn resting(&self, lane: usize) -> Planned {
        Planned {
            h: 0.0,
            end: self.lanes[lane].time,
            to: self.places[lane],
            whole: false,
        }
    }

    fn plan_fixed(&self, lane: usize, step: f64, limit: f64) -> Planned {
        let state = &self.lanes[lane];
        let next = state.equal_steps + 1;
        let target = state.anchor + next as f64 * step;
        let to = self.grid(lane, next, target);
        let starts_on_grid = self.places[lane] == self.grid(lane, next - 1, state.time);
        // Rounding of a limit is no step of its own.
        let meets = (limit - target).abs() <= 1e-9 * step;
        if target > limit && !meets {
            return Planned {
                h: limit - state.time,
                end: limit,
                to: self.noise.paths[lane].place(limit),
                whole: false,
            };
        }
        let end = if meets { limit } else { target };
        Planned {
            // Equal steps have equal length to the bit, whatever the rounding of their times.
            h: if starts_on_grid {
                step
            } else {
                end - state.time
            },
            end,
            to,
            whole: starts_on_grid,
        }
    }

    /// The place of a step of the grid.
    pub(super) fn grid(&self, lane: usize, step: u64, time: f64) -> Place {
        match self.ratio {
            Some(ratio) => Place::of_cell(step * ratio),
            None => self.noise.paths[lane].place(time),
        }
    }

    fn plan_adaptive(&self, lane: usize, limit: f64) -> Planned {
        let (state, path) = (&self.lanes[lane], &self.noise.paths[lane]);
        let wanted = state.wanted.min(self.tolerances.max_step);
        let whole = Planned {
            h: limit - state.time,
            end: limit,
            to: path.place(limit),
            whole: false,
        };
        if state.time + 1.01 * wanted >= limit && whole.h <= self.tolerances.max_step {
            return whole;
        }
        let digits = (FINER * path.cell / wanted).log2().ceil().max(0.0) as u32;
        let to = path.place(state.time + wanted).floor(digits);
        let end = path.time(to);
        if end >= limit {
            return whole;
        }
        Planned {
            h: end - state.time,
            end,
            to,
            whole: false,
        }
    }
}
