//! `las`: the update order of the literature's code, step by step.
//!
//! ```text
//! 1  gE += h/tau_E GE (K_E*A);  gI += h/tau_I GI [(1 - gamma) K_I*A + gamma mean A]      A of the step before, 0 at first
//! 2  V    exponential Euler with the new gE, gI and the old gK, E_Cl
//! 3  phi  exponential Euler towards phi0 + dphi A
//! 4  Cl   exponential Euler towards Cl_eq + tau_Cl chi gI (V - E_Cl)/(Vd F): new V and gI, E_Cl of the old Cl
//! 5  gK = gK exp(-h/tau_K) + DK A h/tau_K
//! 6  A    from the new V and phi;  then gE *= exp(-h/tau_E), gI *= exp(-h/tau_I)
//! ```
//!
//! Stimuli are evaluated at the start of a step, strictly inside `from < t < to`. Noise is a current that is constant over
//! a step, sqrt(2 D) w / h with the increment w of the path. The recipe is of first order: at h = 1 ms its synapses are
//! (h/tau)/(1 - exp(-h/tau)) = 1.0337 times as strong as the equations say. Source: Liou et al. 2020, LAS-Model code.

use super::membrane::{Desk, Field, Rows, advance};
use super::network::{BUFFERS, Buffers, DESK, Network, blocks_mut};
use crate::prelude::*;

impl OwnStep for Network {
    /// The activity that the step before left.
    fn memory(&self) -> usize {
        self.space.cells()
    }

    fn channels(&self) -> usize {
        self.space.cells()
    }

    fn advance(&self, t: f64, h: f64, x: &mut [f64], memory: &mut [f64], increments: &[f64]) {
        let (cells, width) = (self.space.cells(), self.space.columns);
        let mut buffers = BUFFERS.take();
        let Buffers {
            next,
            current,
            desk,
            convolved,
            spectra,
            ..
        } = &mut buffers;
        next.resize(cells, 0.0);
        current.clear();
        current.resize(cells, 0.0);
        self.drive.add_inside(t, current);
        let capacitance = self.constants.capacitance;
        for current in current.iter_mut() {
            *current *= capacitance;
        }
        if let Some(spread) = self.spread {
            for (current, w) in current.iter_mut().zip(increments) {
                *current += capacitance * spread * w / h;
            }
        }
        let convolved = self.transformed(memory, convolved, spectra);
        let field = Field {
            space: &self.space,
            kernels: &self.kernels,
            activity: memory,
            mean: self.mean(memory),
            convolved,
        };
        let current = &*current;
        let some = |first: usize, mut x: Rows<&mut [f64]>, next: &mut [f64], desk: &mut Desk| {
            desk.fit(&self.space, &self.kernels);
            for row in 0..x.v.len() / width {
                let here = row * width..(row + 1) * width;
                let there = (first + row) * width..(first + row + 1) * width;
                let (current, next) = (&current[there], &mut next[here.clone()]);
                let mut x = x.part_mut(here);
                let (c, row) = (&self.constants, first + row);
                advance(c, &field, row, h, &mut x, current, next, desk);
            }
        };
        let at_once = self.rows_at_once();
        let all = blocks_mut(x, cells);
        match at_once >= self.space.rows {
            true => some(0, all, next, desk),
            false => all.side_by_side_with(next, at_once * width, |number, x, next| {
                DESK.with_borrow_mut(|desk| some(number * at_once, x, next, desk));
            }),
        }
        memory.copy_from_slice(next);
        for &cell in &self.space.outside {
            memory[cell] = 0.0;
            let start = self.layout.blocks().iter().map(|block| block.start[cell]);
            for (block, start) in start.enumerate() {
                x[block * cells + cell] = start;
            }
        }
        BUFFERS.set(buffers);
    }
}
