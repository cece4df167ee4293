//! The increments of L runs over their next steps.
//!
//! Steps of whole cells, which fixed steps are, have them from a window of cells that is filled many at a time, side by side;
//! all others ask the path. Both give the same numbers to the bit.

use crate::noise::bridge::Increment;
use crate::noise::key::Key;
use crate::noise::normal::fill;
use crate::noise::path::{Memo, Path, Place};

/// Numbers of a window, if its channels are few.
const WINDOW: usize = 64;
/// Numbers of all channels of a window, if they are many.
const MOST: usize = 4096;

/// The increments of L runs.
pub struct Increments<const L: usize> {
    channels: usize,
    /// Whether areas are wanted.
    areas: bool,
    /// The path of each lane.
    pub paths: [Path; L],
    memos: Vec<Memo>,
    /// Cells of the window, and the first one of each lane.
    cells: usize,
    first: [u64; L],
    filled: bool,
    /// `[cell, channel][lane]`
    window_w: Vec<[f64; L]>,
    window_z: Vec<[f64; L]>,
    /// The increments of the step, `[channel][lane]`.
    w: Vec<[f64; L]>,
    /// The areas of the step, `[channel][lane]`, if they are wanted.
    z: Vec<[f64; L]>,
}

impl<const L: usize> Increments<L> {
    /// The increments of so many channels.
    pub fn new(channels: usize, areas: bool) -> Self {
        let cells = (MOST / channels.max(1)).clamp(2, WINDOW) & !1;
        let window = channels * cells;
        let wanted = |count: usize| if areas { count } else { 0 };
        Self {
            channels,
            areas,
            paths: [Path::new(&Key::of_seed(0), 0.0, 1.0); L],
            memos: vec![Memo::new(channels); L],
            cells,
            first: [0; L],
            filled: false,
            window_w: vec![[0.0; L]; window],
            window_z: vec![[0.0; L]; wanted(window)],
            w: vec![[0.0; L]; channels],
            z: vec![[0.0; L]; wanted(channels)],
        }
    }

    /// Let a lane follow another path.
    pub fn follow(&mut self, lane: usize, path: Path) {
        self.paths[lane] = path;
        self.memos[lane] = Memo::new(self.channels);
        self.filled = false;
    }

    /// The increments of every active lane over `count` whole cells from `first` on.
    pub fn over_cells(&mut self, active: &[bool; L], first: &[u64; L], count: u64) {
        let mut cells: [u64; L] = std::array::from_fn(|lane| {
            if active[lane] {
                first[lane]
            } else {
                self.first[lane]
            }
        });
        for nth in 0..count {
            self.provide(active, &cells);
            let of = |lane: usize| cells[lane].wrapping_sub(self.first[lane]) as usize;
            // Lanes that rest go along with the others.
            let lead = active.iter().position(|&active| active).map_or(0, of);
            let offset: [usize; L] =
                std::array::from_fn(|lane| if active[lane] { of(lane) } else { lead });
            self.take(offset, nth == 0);
            for lane in (0..L).filter(|&lane| active[lane]) {
                cells[lane] += 1;
            }
        }
    }

    /// Have the cells `first` of all active lanes in the window, and as many of those that follow as there are: the row of the first one and
    /// their number. Nothing if the lanes stand apart.
    pub fn ahead(&mut self, active: &[bool; L], first: &[u64; L]) -> Option<(usize, u64)> {
        let first: [u64; L] = std::array::from_fn(|lane| {
            if active[lane] {
                first[lane]
            } else {
                self.first[lane]
            }
        });
        self.provide(active, &first);
        let mut lanes = (0..L).filter(|&lane| active[lane]);
        let offset = |lane: usize| first[lane] - self.first[lane];
        let lead = offset(lanes.next()?);
        let together = lanes.all(|lane| offset(lane) == lead);
        together.then_some((lead as usize, self.cells as u64 - lead))
    }

    /// The increments and areas of all channels over the step: those that were found, or those of one cell of the window.
    #[inline(always)]
    pub fn step(&self, cell: Option<usize>) -> (&[f64], &[f64]) {
        let Some(offset) = cell else {
            return (self.w.as_flattened(), self.z.as_flattened());
        };
        let rows = offset * self.channels..(offset + 1) * self.channels;
        let z = self.window_z.get(rows.clone()).unwrap_or(&[]);
        (self.window_w[rows].as_flattened(), z.as_flattened())
    }

    /// Add one cell of the window to the step.
    fn take(&mut self, offset: [usize; L], is_first: bool) {
        let together = offset.iter().all(|&one| one == offset[0]);
        for channel in 0..self.channels {
            let row = |lane: usize| offset[lane] * self.channels + channel;
            let of = |rows: &[[f64; L]]| -> [f64; L] {
                match together {
                    true => rows[row(0)],
                    false => std::array::from_fn(|lane| rows[row(lane)][lane]),
                }
            };
            let w = of(&self.window_w);
            if is_first {
                self.w[channel] = w;
                if self.areas {
                    self.z[channel] = of(&self.window_z);
                }
                continue;
            }
            let sum = &mut self.w[channel];
            if self.areas {
                let z = of(&self.window_z);
                for lane in 0..L {
                    let before = Increment {
                        w: sum[lane],
                        z: self.z[channel][lane],
                    };
                    let next = Increment {
                        w: w[lane],
                        z: z[lane],
                    };
                    self.z[channel][lane] = before.then(next, self.paths[lane].cell).z;
                }
            }
            for lane in 0..L {
                sum[lane] += w[lane];
            }
        }
    }

    /// Have these cells in the window.
    fn provide(&mut self, active: &[bool; L], cells: &[u64; L]) {
        let within = |lane: usize| {
            let offset = cells[lane].wrapping_sub(self.first[lane]);
            !active[lane] || offset < self.cells as u64
        };
        if self.filled && (0..L).all(within) {
            return;
        }
        self.first = cells.map(|cell| cell & !1);
        let pairs = self.first.map(|cell| cell >> 1);
        let roots = std::array::from_fn(|lane| self.paths[lane].cell.sqrt());
        let keys = std::array::from_fn(|lane| self.paths[lane].increments);
        for channel in 0..self.channels {
            let rows = &mut self.window_w[channel..];
            fill(&pairs, channel as u64, &keys, &roots, self.channels, rows);
        }
        if self.areas {
            let roots = std::array::from_fn(|lane| (self.paths[lane].cell / 12.0).sqrt());
            let keys = std::array::from_fn(|lane| self.paths[lane].areas);
            for channel in 0..self.channels {
                let rows = &mut self.window_z[channel..];
                fill(&pairs, channel as u64, &keys, &roots, self.channels, rows);
            }
            for (z, w) in self.window_z.iter_mut().zip(&self.window_w) {
                for lane in 0..L {
                    z[lane] = self.paths[lane].cell * (z[lane] + 0.5 * w[lane]);
                }
            }
        }
        self.filled = true;
    }

    /// The increments of one lane between two places.
    pub fn between(&mut self, lane: usize, from: Place, to: Place) {
        let (path, memo) = (&self.paths[lane], &mut self.memos[lane]);
        for channel in 0..self.channels {
            let Increment { w, z } = path.between(from, to, channel as u64, memo);
            self.w[channel][lane] = w;
            if self.areas {
                self.z[channel][lane] = z;
            }
        }
    }

    /// The Levy areas `int (W_i dW_j - W_j dW_i) / 2` of one lane between two places, for all i < j in the order of rows, into
    /// `areas[..][lane]`; seen through 2^depth pieces of every whole cell, and one of what is cut off.
    pub fn levy(
        &mut self,
        lane: usize,
        (from, to): (Place, Place),
        depth: u32,
        areas: &mut [[f64; L]],
    ) {
        areas.iter_mut().for_each(|area| area[lane] = 0.0);
        let (path, memo) = (self.paths[lane], &mut self.memos[lane]);
        let mut sums = vec![0.0; self.channels];
        let mut all: Vec<Vec<Increment>> = vec![Vec::new(); self.channels];
        let mut at = from;
        while at < to {
            let next = to.min(Place::of_cell(at.cell + 1));
            let whole = at.within == 0 && next.within == 0;
            for (channel, pieces) in all.iter_mut().enumerate() {
                if whole {
                    path.pieces(at.cell, channel as u64, depth, pieces);
                } else {
                    pieces.clear();
                    pieces.push(path.between(at, next, channel as u64, memo));
                }
            }
            let count = all.first().map_or(1, Vec::len);
            let length = (path.time(next) - path.time(at)) / count as f64;
            add_areas(&all, length, &mut sums, |pair, area| {
                areas[pair][lane] += area
            });
            at = next;
        }
    }
}

/// Add the areas between all channels over pieces of equal length, on top of the paths so far.
fn add_areas(
    all: &[Vec<Increment>],
    length: f64,
    sums: &mut [f64],
    mut add: impl FnMut(usize, f64),
) {
    // The mean of a piece above its chord, given its ends and the area under it.
    let skew = |one: &Increment| one.z / length - 0.5 * one.w;
    let mut pair = 0;
    for i in 0..all.len() {
        for j in i + 1..all.len() {
            let (mut x, mut y, mut area) = (sums[i], sums[j], 0.0);
            for (a, b) in all[i].iter().zip(&all[j]) {
                area += 0.5 * (x * b.w - y * a.w) + (skew(a) * b.w - skew(b) * a.w);
                (x, y) = (x + a.w, y + b.w);
            }
            add(pair, area);
            pair += 1;
        }
    }
    for (sum, pieces) in sums.iter_mut().zip(all) {
        *sum += pieces.iter().map(|piece| piece.w).sum::<f64>();
    }
}
