//! One lane of an explicit scheme: times, step lengths, counts, and the decisions that need no arrays.

use super::controller::Controller;
use super::explicit::Tolerances;
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
    /// How much later than `time` the state is: what the clock cannot represent of the instant of a kink.
    pub lag: f64,
    /// The lag at the start of the last step.
    pub previous_lag: f64,
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
    pub const MEMORY: usize = 13;

    /// A lane that has not started.
    pub fn new(controller: Controller) -> Self {
        Self {
            time: 0.0,
            previous: 0.0,
            computed: 0.0,
            wanted: 0.0,
            lag: 0.0,
            previous_lag: 0.0,
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

    /// The length of the next step and the time it leads to, not beyond `limit`. Its length is what the clock can represent: far
    /// from zero a time plus a length is not their sum.
    pub fn next_step(&self, tolerances: &Tolerances, limit: f64) -> (f64, f64) {
        if let Some(step) = tolerances.step {
            return self.next_equal_step(step, limit);
        }
        let rest = limit - self.time;
        let wanted = self.wanted.min(tolerances.max_step);
        if 1.01 * wanted >= rest && rest <= tolerances.max_step {
            (rest - self.lag, limit)
        } else {
            // A step that the clock cannot represent is as long as the shortest one that it can.
            let end = (self.time + wanted).max(self.time.next_up());
            (end - self.time - self.lag, end)
        }
    }

    /// As [`next_step`](Lane::next_step), of steps of this length.
    pub fn next_equal_step(&self, step: f64, limit: f64) -> (f64, f64) {
        let target = self.anchor + (self.equal_steps + 1) as f64 * step;
        let between = target - self.time;
        if target >= limit - 1e-9 * step {
            (limit - self.time, limit)
        } else if (between - step).abs() > COARSE * step {
            (between, target)
        } else {
            // Equal steps have equal length to the bit, whatever the rounding of their times.
            (step, target)
        }
    }

    /// The step of length `h` ended at `end`.
    pub fn accept(&mut self, h: f64, end: f64) -> Progress {
        (self.previous, self.time, self.computed) = (self.time, end, h);
        (self.previous_lag, self.lag) = (self.lag, 0.0);
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
            self.lag,
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
        (self.lag, self.previous_lag) = (memory[12], memory[12]);
        (self.accepted, self.fresh) = (true, true);
    }
}

/// Where the times of equal steps are further than this share of one from where they should be, the clock is too coarse for
/// equal steps.
const COARSE: f64 = 1e-9;

/// The share of the last step of a lane at which `t` lies.
pub fn share(lane: &Lane, t: f64) -> f64 {
    (t - lane.previous - lane.previous_lag) / lane.computed
}

/// The length of a step from `time` that the clock can represent, nearest to `h`.
pub fn representable(time: f64, h: f64) -> f64 {
    let step = (time + h) - time;
    if step > 0.0 { step } else { h }
}

/// The shortest step that still moves time forward reliably.
pub fn least_step(time: f64) -> f64 {
    16.0 * f64::EPSILON * time.abs().max(f64::MIN_POSITIVE)
}
