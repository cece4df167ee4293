//! Observables: activity, rate and the proxy of the local field potential per cell, and two numbers of the whole field.
//!
//! ```text
//! activity A,  rate f_max A,  lfp = gE |EE - V| + 1.65 gI |E_Cl - V|  (pA)
//! mean_activity, and recruited = the share of cells with A > 0.1: both over all n cells, as the global inhibition has it
//! ```
//!
//! The weight 1.65 of inhibition is that of Mazzoni et al. as the literature's code has it; its delay of excitation by
//! 6 ms is left out.

use super::membrane::{NERNST, Rows};
use super::network::{BUFFERS, Network, blocks};
use super::space::Space;
use crate::prelude::*;

/// The activity above which a cell is recruited.
pub const RECRUITED: f64 = 0.1;

const ACTIVITY: usize = 0;
const RATE: usize = 1;
const LFP: usize = 2;
const MEAN: usize = 3;

/// The observables, in the order of their indices.
pub const OBSERVABLES: &[ObservableCard] = &[
    card("activity", true, "1", "A = 1 / (1 + exp(-(V - phi)/beta))"),
    card(
        "rate",
        true,
        "Hz",
        "firing rate, max_rate times the activity",
    ),
    card(
        "lfp",
        true,
        "pA",
        "proxy of the local field potential: gE |EE - V| + 1.65 gI |E_Cl - V|",
    ),
    card(
        "mean_activity",
        false,
        "1",
        "mean of the activity over all cells",
    ),
    card(
        "recruited",
        false,
        "1",
        "share of all cells whose activity is above 0.1",
    ),
];

const fn card(
    name: &'static str,
    per_cell: bool,
    unit: &'static str,
    meaning: &'static str,
) -> ObservableCard {
    ObservableCard {
        name,
        axes: if per_cell { &["cell"] } else { &[] },
        unit,
        meaning,
        dynamics: &[],
    }
}

/// The observables of a network on this space.
pub fn list(space: &Space) -> Vec<Variable> {
    let variable = |card: &ObservableCard| {
        let axes = match card.axes {
            [] => Vec::new(),
            _ => space.axes(),
        };
        Variable::new(card.name, axes)
            .unit(card.unit)
            .meaning(card.meaning)
    };
    OBSERVABLES.iter().map(variable).collect()
}

impl Network {
    /// The proxy of the local field potential at one cell.
    pub(super) fn lfp(&self, x: &Rows<&[f64]>, cell: usize) -> f64 {
        let constants = &self.constants;
        let v = x.v[cell];
        let nernst = NERNST * (x.chloride[cell] / constants.chloride[0]).ln();
        x.excitatory[cell] * (constants.reversal[0] - v).abs()
            + 1.65 * x.inhibitory[cell] * (nernst - v).abs()
    }
}

impl Observables for Network {
    fn list(&self) -> &[Variable] {
        &self.observables
    }

    fn observe(&self, index: usize, _t: f64, x: &[f64], out: &mut [f64]) {
        let cells = self.space.cells();
        match index {
            ACTIVITY => self.activity(x, out),
            RATE => {
                self.activity(x, out);
                out.iter_mut().for_each(|rate| *rate *= self.max_rate);
            }
            LFP => {
                let state = blocks(x, cells);
                for (cell, out) in out.iter_mut().enumerate() {
                    *out = self.lfp(&state, cell);
                }
            }
            _ => {
                let mut buffers = BUFFERS.take();
                buffers.activity.resize(cells, 0.0);
                self.activity(x, &mut buffers.activity);
                out[0] = match index {
                    MEAN => self.mean(&buffers.activity),
                    _ => {
                        let active = buffers.activity.iter().filter(|&&a| a > RECRUITED);
                        active.count() as f64 / cells as f64
                    }
                };
                BUFFERS.set(buffers);
            }
        }
    }
}
