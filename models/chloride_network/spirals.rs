//! Spirals on sheets: phase singularities, counted.
//!
//! ```text
//! psi = atan2(phi - median phi, V - median V)   per cell, medians over the frames of a block of 5 s
//! singularity: psi winds by +-2 pi around a square of 2 x 2 cells
//! counted where A ranges over more than 0.2 within 300 ms around the frame, and r < 0.46
//! ```
//!
//! A block keeps 5 s of frames, one every 20 ms, in single precision: 250 frames whatever the length of the run. What
//! comes out is the mean number per frame of the block that has most; a block that is not full does not count.

use super::membrane::Rows;
use super::space::Space;

/// Between two frames, ms.
const FRAME: f64 = 20.0;
/// Frames in a block of 5 s.
const BLOCK: usize = 250;
/// Frames on either side of one that make up 300 ms.
const AROUND: usize = 7;
const RANGE: f32 = 0.2;
const RADIUS: f64 = 0.46;

/// The frames of a block, and what the blocks before it had.
pub struct Spirals {
    size: usize,
    next: f64,
    /// V, phi and A of the frames, frame by frame.
    frames: [Vec<f32>; 3],
    count: usize,
    most: f64,
    /// Medians of V and phi, and the phases of one frame.
    medians: [Vec<f32>; 2],
    phases: Vec<f64>,
}

impl Spirals {
    /// None yet, on this space.
    pub fn new(space: &Space) -> Self {
        let room = || Vec::with_capacity(BLOCK * space.cells());
        Self {
            size: space.size,
            next: f64::NEG_INFINITY,
            frames: [room(), room(), room()],
            count: 0,
            most: f64::NAN,
            medians: [vec![0.0; space.cells()], vec![0.0; space.cells()]],
            phases: vec![0.0; space.cells()],
        }
    }

    /// Take a frame if it is time for one.
    pub fn observe(&mut self, t: f64, x: &Rows<&[f64]>, activity: &[f64]) {
        if t < self.next {
            return;
        }
        self.next = (if self.next.is_finite() { self.next } else { t }) + FRAME;
        for (frames, values) in self.frames.iter_mut().zip([x.v, x.threshold, activity]) {
            frames.extend(values.iter().map(|&value| value as f32));
        }
        self.count += 1;
        if self.count == BLOCK {
            let mean = self.block();
            if self.most.is_nan() || mean > self.most {
                self.most = mean;
            }
            self.count = 0;
            self.frames.iter_mut().for_each(Vec::clear);
        }
    }

    /// The mean number per frame of the block that has most.
    pub fn count(&self) -> f64 {
        self.most
    }

    /// The mean number per frame of this block.
    fn block(&mut self) -> f64 {
        let cells = self.size * self.size;
        let mut medians = std::mem::take(&mut self.medians);
        let mut phases = std::mem::take(&mut self.phases);
        for (which, medians) in medians.iter_mut().enumerate() {
            for (cell, median) in medians.iter_mut().enumerate() {
                *median = self.median(which, cell);
            }
        }
        let mut found = 0_u64;
        for frame in 0..BLOCK {
            for (cell, phase) in phases.iter_mut().enumerate() {
                let [v, phi] = [0, 1].map(|which: usize| {
                    let value = self.frames[which][frame * cells + cell];
                    f64::from(value - medians[which][cell])
                });
                *phase = phi.atan2(v);
            }
            for row in 0..self.size - 1 {
                for column in 0..self.size - 1 {
                    let corner = row * self.size + column;
                    if winding(&phases, self.size, corner) != 0
                        && self.is_inside(row, column)
                        && self.is_lively(corner, frame)
                    {
                        found += 1;
                    }
                }
            }
        }
        (self.medians, self.phases) = (medians, phases);
        found as f64 / BLOCK as f64
    }

    fn median(&self, which: usize, cell: usize) -> f32 {
        let cells = self.size * self.size;
        let mut values = [0.0_f32; BLOCK];
        for (frame, value) in values.iter_mut().enumerate() {
            *value = self.frames[which][frame * cells + cell];
        }
        values.sort_unstable_by(f32::total_cmp);
        0.5 * (values[BLOCK / 2 - 1] + values[BLOCK / 2])
    }

    /// Whether the middle of a square lies well inside of the field.
    fn is_inside(&self, row: usize, column: usize) -> bool {
        let half = 0.5 * self.size as f64;
        let at = |place: usize| (place as f64 + 1.0 - half) / self.size as f64;
        at(row).hypot(at(column)) < RADIUS
    }

    /// Whether the activity moves around this frame.
    fn is_lively(&self, cell: usize, frame: usize) -> bool {
        let cells = self.size * self.size;
        let around = frame.saturating_sub(AROUND)..(frame + AROUND + 1).min(BLOCK);
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
        for frame in around {
            let a = self.frames[2][frame * cells + cell];
            (least, most) = (least.min(a), most.max(a));
        }
        most - least > RANGE
    }

    /// Append the memory.
    pub fn save(&self, memory: &mut Vec<f64>) {
        memory.extend([self.next, self.count as f64, self.most]);
        for frames in &self.frames {
            memory.extend(frames.iter().map(|&value| f64::from(value)));
        }
    }

    /// Take it back.
    pub fn restore(&mut self, memory: &[f64]) {
        let (head, rest) = memory.split_at(3);
        (self.next, self.count, self.most) = (head[0], head[1] as usize, head[2]);
        let length = self.count * self.size * self.size;
        for (frames, saved) in self.frames.iter_mut().zip(rest.chunks(length.max(1))) {
            frames.clear();
            frames.extend(saved.iter().map(|&value| value as f32));
        }
        if self.count == 0 {
            self.frames.iter_mut().for_each(Vec::clear);
        }
    }
}

/// How often the phase winds around the square whose first corner this is.
fn winding(phases: &[f64], size: usize, corner: usize) -> i32 {
    use std::f64::consts::{PI, TAU};
    let around = [corner, corner + 1, corner + size + 1, corner + size, corner];
    let mut total = 0.0;
    for pair in around.windows(2) {
        let step = phases[pair[1]] - phases[pair[0]];
        total += match step {
            step if step > PI => step - TAU,
            step if step < -PI => step + TAU,
            step => step,
        };
    }
    (total / TAU).round() as i32
}

#[cfg(test)]
mod tests {
    use super::super::space::{Boundary, Geometry};
    use super::*;

    /// A spiral that turns around `(row, column)`, with a period of 10 frames.
    fn turning(spirals: &mut Spirals, size: usize, (row, column): (f64, f64), arms: f64) {
        for frame in 0..BLOCK {
            let t = frame as f64;
            let phase = |cell: usize| {
                let at = ((cell / size) as f64 - row, (cell % size) as f64 - column);
                arms * at.0.atan2(at.1) + 0.2 * at.0.hypot(at.1) - std::f64::consts::TAU * t / 10.0
            };
            let of = |f: fn(f64) -> f64| -> Vec<f64> {
                (0..size * size).map(|cell| f(phase(cell))).collect()
            };
            let (v, threshold) = (of(f64::cos), of(f64::sin));
            let none: &[f64] = &[];
            let x = Rows {
                v: v.as_slice(),
                threshold: threshold.as_slice(),
                chloride: none,
                potassium: none,
                excitatory: none,
                inhibitory: none,
            };
            spirals.observe(FRAME * t, &x, &v);
        }
    }

    #[test]
    fn a_spiral_is_counted_once_per_frame_and_a_target_not_at_all() {
        let space = Space::new(Geometry::Sheet, 20, Boundary::Zero);
        let mut spirals = Spirals::new(&space);
        turning(&mut spirals, 20, (9.3, 10.4), 1.0);
        assert!((spirals.count() - 1.0).abs() < 0.05, "{}", spirals.count());
        let mut target = Spirals::new(&space);
        turning(&mut target, 20, (9.3, 10.4), 0.0);
        assert_eq!(target.count(), 0.0);
    }
}
