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
    /// `[channel, cell][lane]`
    window_w: Vec<[f64; L]>,
    window_z: Vec<[f64; L]>,
    /// The increments of the step, `[channel][lane]`.
    pub w: Vec<[f64; L]>,
    /// The areas of the step, `[channel][lane]`, if they are wanted.
    pub z: Vec<[f64; L]>,
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
        let mut cells: [u64; L] =
            std::array::from_fn(|lane| if active[lane] { first[lane] } else { self.first[lane] });
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

    /// Add one cell of the window to the step.
    fn take(&mut self, offset: [usize; L], is_first: bool) {
        let together = offset.iter().all(|&one| one == offset[0]);
        for channel in 0..self.channels {
            let row = channel * self.cells;
            let of = |rows: &[[f64; L]]| -> [f64; L] {
                match together {
                    true => rows[row + offset[0]],
                    false => std::array::from_fn(|lane| rows[row + offset[lane]][lane]),
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
        for (channel, rows) in self.window_w.chunks_mut(self.cells).enumerate() {
            fill(&pairs, channel as u64, &keys, &roots, rows);
        }
        if self.areas {
            let roots = std::array::from_fn(|lane| (self.paths[lane].cell / 12.0).sqrt());
            let keys = std::array::from_fn(|lane| self.paths[lane].areas);
            for (channel, rows) in self.window_z.chunks_mut(self.cells).enumerate() {
                fill(&pairs, channel as u64, &keys, &roots, rows);
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

    /// The Levy areas `int (W_i dW_j - W_j dW_i) / 2` of one lane between two places, as well as the path through so
    /// many pieces of equal length can tell, for all i < j in the order of rows, into `areas[..][lane]`.
    pub fn levy(&mut self, lane: usize, (from, to): (f64, f64), pieces: u32, areas: &mut [[f64; L]]) {
        areas.iter_mut().for_each(|area| area[lane] = 0.0);
        let path = self.paths[lane];
        let memo = &mut self.memos[lane];
        let mut sums = vec![0.0; self.channels];
        let mut parts = vec![(0.0, 0.0); self.channels];
        let length = (to - from) / f64::from(pieces);
        let place = |piece: u32| path.place(from + length * f64::from(piece));
        for piece in 0..pieces {
            let ends = (place(piece), place(piece + 1));
            for (channel, part) in parts.iter_mut().enumerate() {
                let Increment { w, z } = path.between(ends.0, ends.1, channel as u64, memo);
                // The mean of the path over the piece, from its chord.
                *part = (w, z / length - 0.5 * w);
            }
            let mut pair = 0;
            for i in 0..self.channels {
                for j in i + 1..self.channels {
                    let ((w, skew), (v, other)) = (parts[i], parts[j]);
                    areas[pair][lane] += 0.5 * (sums[i] * v - sums[j] * w) + (skew * v - other * w);
                    pair += 1;
                }
            }
            for (sum, part) in sums.iter_mut().zip(&parts) {
                *sum += part.0;
            }
        }
    }
}
