//! One lane of an explicit scheme: times, step lengths, counts, and the decisions that need no arrays.

use super::controller::Controller;
use super::outcome::Counts;
use super::scheme::Progress;

/// What changes per lane.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    /// Where it stands.
    pub time: f64,
    /// Where its last accepted step started.
    pub previous: f64,
    /// The length of the last step as it was computed; a kink may have cut its end off.
    pub computed: f64,
    /// The length that the next step would like to have.
    pub wanted: f64,
    /// Where equal steps are counted from, and how many were made.
    pub anchor: f64,
    /// See `anchor`.
    pub equal_steps: u64,
    /// Step control.
    pub controller: Controller,
    /// What the run has cost.
    pub counts: Counts,
    /// Whether the end of the last step is to become the start of the next.
    pub accepted: bool,
    /// Whether its first stage lies in the fresh stages and not in the last one.
    pub fresh: bool,
    /// Times that a surface was changed without advancing.
    pub flips: u32,
    /// A node at which a stage of the last step lay on another piece; 1 if none did.
    pub excursion: f64,
    /// The least distance of the end of the last step to a surface, negative beyond it.
    pub margin: f64,
}

impl Lane {
    /// The numbers that [`save`](Lane::save) gives.
    pub const MEMORY: usize = 12;

    /// A lane that has not started.
    pub fn new(controller: Controller) -> Self {
        Self {
            time: 0.0,
            previous: 0.0,
            computed: 0.0,
            wanted: 0.0,
            anchor: 0.0,
            equal_steps: 0,
            controller,
            counts: Counts::default(),
            accepted: false,
            fresh: false,
            flips: 0,
            excursion: 1.0,
            margin: f64::INFINITY,
        }
    }

    /// The length of the next step and the time it leads to, not beyond `limit`; `step` is the fixed
    /// step, if there is one.
    pub fn next_step(&self, step: Option<f64>, limit: f64) -> (f64, f64) {
        if let Some(step) = step {
            let target = self.anchor + (self.equal_steps + 1) as f64 * step;
            return if target >= limit - 1e-9 * step {
                (limit - self.time, limit)
            } else {
                // Equal steps have equal length to the bit, whatever the rounding of their times.
                (step, target)
            };
        }
        let rest = limit - self.time;
        if 1.01 * self.wanted >= rest {
            (rest, limit)
        } else {
            (self.wanted, self.time + self.wanted)
        }
    }

    /// The step of length `h` ended at `end`.
    pub fn accept(&mut self, h: f64, end: f64) -> Progress {
        (self.previous, self.time, self.computed) = (self.time, end, h);
        (self.accepted, self.flips) = (true, 0);
        self.equal_steps += 1;
        self.counts.steps += 1;
        Progress::Accepted
    }

    /// The memory as numbers.
    pub fn save(&self) -> [f64; Self::MEMORY] {
        let [previous, rejected_before] = self.controller.save();
        [
            self.time,
            self.computed,
            self.wanted,
            self.anchor,
            self.equal_steps as f64,
            self.counts.steps as f64,
            self.counts.rejected as f64,
            self.counts.evaluations as f64,
            self.counts.kinks as f64,
            previous,
            rejected_before,
            f64::from(self.flips),
        ]
    }

    /// Take the memory back, ready to go on from the fresh stages.
    pub fn restore(&mut self, memory: &[f64]) {
        (self.time, self.previous, self.computed) = (memory[0], memory[0], memory[1]);
        (self.wanted, self.anchor, self.equal_steps) = (memory[2], memory[3], memory[4] as u64);
        self.counts = Counts {
            steps: memory[5] as u64,
            rejected: memory[6] as u64,
            evaluations: memory[7] as u64,
            kinks: memory[8] as u64,
        };
        self.controller.restore([memory[9], memory[10]]);
        self.flips = memory[11] as u32;
        (self.accepted, self.fresh) = (true, true);
    }
}

/// The shortest step that still moves time forward reliably.
pub fn least_step(time: f64) -> f64 {
    16.0 * f64::EPSILON * time.abs().max(f64::MIN_POSITIVE)
}
