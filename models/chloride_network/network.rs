//! The network as a system: its blocks, its right-hand side row by row, and who does which rows.
//!
//! A drift has two rounds. In the first every row has its activity worked out, and its sum; in the second every row is
//! convolved and derived. Rows of a round are independent of each other. Where a run has a crew, a field of many cells is
//! done in blocks of rows side by side; the sums of the rows are added in the order of the rows, so the bits are
//! the same for any number of threads.
//!
//! Between the rounds the activity stands in a buffer of the thread that asked.

use std::cell::RefCell;

use rayon::prelude::*;

use super::kernel::Kernel;
use super::membrane::{Constants, Desk, Field, Rows, activities, derive, sum};
use super::observables;
use super::space::Space;
use super::spectral::{Spectra, Spectral};
use crate::prelude::*;

/// So many cells are worth a thread.
const MANY: usize = 2048;

/// The network of chloride-controlled populations.
pub struct Network {
    pub(super) layout: Layout,
    pub(super) observables: Vec<Variable>,
    pub(super) space: Space,
    pub(super) kernels: [Kernel; 2],
    /// For wide kernels on large sheets.
    pub(super) spectral: Option<Spectral>,
    pub(super) constants: Constants,
    /// 200 Hz.
    pub(super) max_rate: f64,
    /// sqrt(2 noise) / C, mV per root of ms; nothing without noise.
    pub(super) spread: Option<f64>,
    /// Currents divided by the capacitance, mV/ms.
    pub(super) drive: Drive,
    /// As given.
    pub(super) stimuli: Vec<Stimulus>,
}

/// What a thread keeps from drift to drift.
#[derive(Default)]
pub(super) struct Buffers {
    pub activity: Vec<f64>,
    pub sums: Vec<f64>,
    pub desk: Desk,
    pub next: Vec<f64>,
    pub current: Vec<f64>,
    pub convolved: [Vec<f64>; 2],
    pub spectra: Spectra,
}

thread_local! {
    /// Taken by a drift and put back: a thread that waits for others may be asked for another drift.
    pub(super) static BUFFERS: RefCell<Buffers> = RefCell::default();
    /// Apart from the buffers, for a thread that helps.
    pub(super) static DESK: RefCell<Desk> = RefCell::default();
}

impl Network {
    /// The network of checked parameters.
    ///
    /// # Errors
    /// If the space or a stimulus does not fit.
    pub fn build(build: &Build<'_>) -> Result<Self, BuildError> {
        let parameters = build.parameters;
        let space = Space::build(parameters)?;
        let real = |name: &str| parameters.real(name);
        let max_rate = real("max_rate");
        let constants = Constants {
            influx: real("chloride_fraction") / (real("volume") * super::membrane::FARADAY),
            strength: [real("excitatory_strength"), real("inhibitory_strength")],
            global: real("global_inhibition"),
            capacitance: real("capacitance"),
            leak: [real("leak_conductance"), real("leak_potential")],
            reversal: [real("excitatory_potential"), real("potassium_potential")],
            steepness: real("steepness"),
            synapse: [real("tau_excitatory"), real("tau_inhibitory")],
            threshold: [
                real("threshold_rest"),
                real("threshold_gain") * max_rate,
                real("tau_threshold"),
            ],
            chloride: [
                real("chloride_outside"),
                real("chloride_rest"),
                real("tau_chloride"),
            ],
            potassium: [real("potassium_gain") * max_rate, real("tau_potassium")],
        };
        let kernels = ["kernel_excitatory", "kernel_inhibitory"]
            .map(|name| Kernel::new(real(name), space.size));
        let noise = real("noise");
        let spread = (noise > 0.0).then(|| (2.0 * noise).sqrt() / constants.capacitance);
        Ok(Self {
            layout: layout(&space, &constants),
            observables: observables::list(&space),
            drive: drive(build.stimuli, &space, constants.capacitance)?,
            stimuli: build.stimuli.to_vec(),
            spectral: Spectral::new(&space, &kernels),
            space,
            kernels,
            constants,
            max_rate,
            spread,
        })
    }

    /// The cell that the analyses look at: that of the first stimulus, or the middle.
    pub(super) fn centre(&self) -> usize {
        let first = self.stimuli.first();
        first.map_or(self.space.middle(), |one| self.space.centre_of(&one.place))
    }

    /// Write A of the state `x` into `out`.
    pub(super) fn activity(&self, x: &[f64], out: &mut [f64]) {
        let cells = self.space.cells();
        let (v, threshold) = (&x[..cells], &x[cells..2 * cells]);
        activities(self.constants.steepness, v, threshold, out);
        for &cell in &self.space.outside {
            out[cell] = 0.0;
        }
    }

    /// The mean of A over all cells, row by row.
    pub(super) fn mean(&self, activity: &[f64]) -> f64 {
        let rows = activity.chunks_exact(self.space.columns);
        rows.map(sum).sum::<f64>() / self.space.cells() as f64
    }

    /// K_E * A and K_I * A by transforms, where these are faster than sums.
    pub(super) fn transformed<'b>(
        &self,
        activity: &[f64],
        convolved: &'b mut [Vec<f64>; 2],
        spectra: &mut Spectra,
    ) -> Option<[&'b [f64]; 2]> {
        let spectral = self.spectral.as_ref()?;
        spectral.convolve(activity, spectra, convolved, crew::several());
        Some(convolved.each_ref().map(Vec::as_slice))
    }

    /// How many rows a thread does at a time; all of them where one thread does everything.
    pub(super) fn rows_at_once(&self) -> usize {
        crew::portion(self.space.rows, MANY.div_ceil(self.space.columns))
    }

    /// A of the state and its mean, in the buffers.
    fn first_round(&self, x: &[f64], buffers: &mut Buffers) -> f64 {
        let cells = self.space.cells();
        buffers.activity.resize(cells, 0.0);
        buffers.sums.resize(self.space.rows, 0.0);
        let at_once = self.rows_at_once();
        let width = self.space.columns;
        if at_once >= self.space.rows {
            self.activity(x, &mut buffers.activity);
            return self.mean(&buffers.activity);
        }
        let block = |(number, (activity, sums)): (usize, (&mut [f64], &mut [f64]))| {
            let first = number * at_once * width;
            let (v, threshold) = (&x[first..], &x[cells + first..]);
            activities(self.constants.steepness, v, threshold, activity);
            let outside = &self.space.outside;
            let place = |cell: usize| outside.partition_point(|&one| one < cell);
            for &cell in &outside[place(first)..place(first + activity.len())] {
                activity[cell - first] = 0.0;
            }
            for (sum_of_row, row) in sums.iter_mut().zip(activity.chunks_exact(width)) {
                *sum_of_row = sum(row);
            }
        };
        let blocks = buffers.activity.par_chunks_mut(at_once * width);
        let blocks = blocks.zip(buffers.sums.par_chunks_mut(at_once));
        blocks.enumerate().for_each(block);
        buffers.sums.iter().sum::<f64>() / cells as f64
    }
}

/// The six blocks, each with a number per cell.
fn layout(space: &Space, constants: &Constants) -> Layout {
    let block = |name: &str, unit: &str, meaning: &str| {
        Variable::new(name, space.axes())
            .unit(unit)
            .meaning(meaning)
    };
    Layout::new()
        .block(block("v", "mV", "membrane potential"), constants.leak[1])
        .block(
            block("threshold", "mV", "adapting threshold of the activity"),
            constants.threshold[0],
        )
        .block(
            block("chloride", "mM", "intracellular chloride"),
            constants.chloride[1],
        )
        .block(
            block(
                "potassium_conductance",
                "nS",
                "slow after-hyperpolarisation",
            ),
            0.0,
        )
        .block(
            block("excitatory_conductance", "nS", "excitatory synapses"),
            0.0,
        )
        .block(
            block("inhibitory_conductance", "nS", "inhibitory synapses"),
            0.0,
        )
}

/// The stimuli as currents per capacitance.
fn drive(stimuli: &[Stimulus], space: &Space, capacitance: f64) -> Result<Drive, BuildError> {
    let mut scaled = stimuli.to_vec();
    let mut needs_coordinates = false;
    for (number, stimulus) in scaled.iter_mut().enumerate() {
        stimulus.amplitude /= capacitance;
        if let Place::Disc { center, .. } = &stimulus.place {
            needs_coordinates = true;
            if center.len() != space.dimensions() {
                let (given, wanted) = (center.len(), space.dimensions());
                let message =
                    format!("`center` has {given} coordinates, and the space has {wanted}");
                return Err(BuildError::about(format!("stimulus[{number}]"), message));
            }
        }
    }
    let coordinates = needs_coordinates.then(|| space.coordinates());
    Drive::new(&scaled, "current", space.cells(), coordinates.as_deref())
}

/// The blocks of a flat state, each a slice of all cells.
pub(super) fn blocks(x: &[f64], cells: usize) -> Rows<&[f64]> {
    let of = |block: usize| &x[block * cells..(block + 1) * cells];
    Rows {
        v: of(0),
        threshold: of(1),
        chloride: of(2),
        potassium: of(3),
        excitatory: of(4),
        inhibitory: of(5),
    }
}

/// As [`blocks`], to be written.
pub(super) fn blocks_mut(x: &mut [f64], cells: usize) -> Rows<&mut [f64]> {
    let (v, rest) = x.split_at_mut(cells);
    let (threshold, rest) = rest.split_at_mut(cells);
    let (chloride, rest) = rest.split_at_mut(cells);
    let (potassium, rest) = rest.split_at_mut(cells);
    let (excitatory, inhibitory) = rest.split_at_mut(cells);
    Rows {
        v,
        threshold,
        chloride,
        potassium,
        excitatory,
        inhibitory,
    }
}

impl Rows<&[f64]> {
    /// Some of the cells.
    pub(super) fn part(&self, cells: std::ops::Range<usize>) -> Rows<&[f64]> {
        Rows {
            v: &self.v[cells.clone()],
            threshold: &self.threshold[cells.clone()],
            chloride: &self.chloride[cells.clone()],
            potassium: &self.potassium[cells.clone()],
            excitatory: &self.excitatory[cells.clone()],
            inhibitory: &self.inhibitory[cells],
        }
    }
}

impl Rows<&mut [f64]> {
    /// Some of the cells.
    pub(super) fn part_mut(&mut self, cells: std::ops::Range<usize>) -> Rows<&mut [f64]> {
        Rows {
            v: &mut self.v[cells.clone()],
            threshold: &mut self.threshold[cells.clone()],
            chloride: &mut self.chloride[cells.clone()],
            potassium: &mut self.potassium[cells.clone()],
            excitatory: &mut self.excitatory[cells.clone()],
            inhibitory: &mut self.inhibitory[cells],
        }
    }

    /// Do a piece of work for every block of `at_once` cells, side by side: the number of the block, and its rows.
    pub(super) fn side_by_side(
        self,
        at_once: usize,
        work: impl Fn(usize, Rows<&mut [f64]>) + Sync,
    ) {
        self.into_blocks(at_once)
            .for_each(|(number, rows)| work(number, rows));
    }

    /// As [`side_by_side`](Self::side_by_side), with the same cells of one quantity more.
    pub(super) fn side_by_side_with(
        self,
        more: &mut [f64],
        at_once: usize,
        work: impl Fn(usize, Rows<&mut [f64]>, &mut [f64]) + Sync,
    ) {
        self.into_blocks(at_once)
            .zip(more.par_chunks_mut(at_once))
            .for_each(|((number, rows), more)| work(number, rows, more));
    }

    fn into_blocks(self, at_once: usize) -> impl IndexedParallelIterator<Item = (usize, Self)> {
        let blocks = (
            self.v.par_chunks_mut(at_once),
            self.threshold.par_chunks_mut(at_once),
            self.chloride.par_chunks_mut(at_once),
            self.potassium.par_chunks_mut(at_once),
            self.excitatory.par_chunks_mut(at_once),
            self.inhibitory.par_chunks_mut(at_once),
        );
        let rows = |(v, threshold, chloride, potassium, excitatory, inhibitory)| Rows {
            v,
            threshold,
            chloride,
            potassium,
            excitatory,
            inhibitory,
        };
        blocks.into_par_iter().map(rows).enumerate()
    }
}

impl System for Network {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        let (cells, width) = (self.space.cells(), self.space.columns);
        let mut buffers = BUFFERS.take();
        let mean = self.first_round(x, &mut buffers);
        let Buffers {
            activity,
            desk,
            convolved,
            spectra,
            ..
        } = &mut buffers;
        let convolved = self.transformed(activity, convolved, spectra);
        let field = Field {
            space: &self.space,
            kernels: &self.kernels,
            activity,
            mean,
            convolved,
        };
        let state = blocks(x, cells);
        let at_once = self.rows_at_once();
        let some = |first: usize, mut dx: Rows<&mut [f64]>, desk: &mut Desk| {
            desk.fit(&self.space, &self.kernels);
            for row in 0..dx.v.len() / width {
                let here = row * width..(row + 1) * width;
                let there = (first + row) * width..(first + row + 1) * width;
                let (x, mut dx) = (state.part(there), dx.part_mut(here));
                derive(&self.constants, &field, first + row, &x, &mut dx, desk);
            }
        };
        let all = blocks_mut(dx, cells);
        match at_once >= self.space.rows {
            true => some(0, all, desk),
            false => all.side_by_side(at_once * width, |number, dx| {
                DESK.with_borrow_mut(|desk| some(number * at_once, dx, desk));
            }),
        }
        BUFFERS.set(buffers);
        self.drive.add(t, &mut dx[..cells]);
        for &cell in &self.space.outside {
            for block in 0..6 {
                dx[block * cells + cell] = 0.0;
            }
        }
    }

    fn next_breakpoint(&self, t: f64) -> f64 {
        self.drive.next_breakpoint(t)
    }

    fn jacobian(&self) -> Option<&dyn Jacobian> {
        (self.space.cells() == 1).then_some(self)
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        self.spread.is_some().then_some(self)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }

    fn own_step(&self, scheme: &str) -> Option<&dyn OwnStep> {
        (scheme == "las").then_some(self)
    }

    fn followers(&self) -> Option<&dyn Followers> {
        Some(self)
    }

    fn equilibria(&self) -> Option<Equilibria> {
        let quiet = self.space.cells() == 1 && self.stimuli.is_empty();
        quiet.then(|| self.rest())
    }
}
