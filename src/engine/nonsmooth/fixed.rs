//! What the time-stepping schemes share: equal steps to a limit, straight lines between them.

use crate::engine::interleave::gather;
use crate::engine::kernels::first_not_finite;
use crate::engine::lane::Lane;
use crate::engine::outcome::Status;
use crate::engine::scheme::Progress;

/// The bookkeeping of one run in equal steps.
pub struct Steps {
    length: f64,
    /// Times, counts.
    pub lane: Lane,
    /// The state before the last step; nothing before the first one.
    pub before: Vec<f64>,
    /// The state after it.
    pub after: Vec<f64>,
}

impl Steps {
    /// Steps of this length.
    pub fn new(dim: usize, length: f64) -> Self {
        Self {
            length,
            lane: Lane::new(crate::engine::controller::Controller::new(1)),
            before: vec![0.0; dim],
            after: vec![0.0; dim],
        }
    }

    /// Their length.
    pub fn length(&self) -> f64 {
        self.length
    }

    /// Stand at `(t, x)`.
    pub fn start(&mut self, t: f64, x: &[f64]) {
        self.after.copy_from_slice(x);
        (self.lane.time, self.lane.previous) = (t, t);
        (self.lane.anchor, self.lane.equal_steps) = (t, 0);
    }

    /// The length and the end of the next step.
    pub fn next(&self, limit: f64) -> (f64, f64) {
        self.lane.next_equal_step(self.length, limit)
    }

    /// The step from `before` has arrived at `after`.
    pub fn arrive(&mut self, h: f64, end: f64) -> Progress {
        if let Some(i) = first_not_finite(&self.after) {
            self.after.copy_from_slice(&self.before);
            self.lane.computed = h;
            return Progress::Failed(Status::NotFinite, Some(i));
        }
        self.lane.accept(h, end)
    }

    /// On the straight line between the last two states.
    pub fn interpolate(&self, t: f64, x: &mut [f64]) {
        let width = self.lane.time - self.lane.previous;
        let theta = if width > 0.0 {
            (t - self.lane.previous) / width
        } else {
            1.0
        };
        for ((x, before), after) in x.iter_mut().zip(&self.before).zip(&self.after) {
            *x = (1.0 - theta) * before + theta * after;
        }
    }

    /// All that is needed to go on.
    pub fn save(&self) -> Vec<f64> {
        let mut memory = self.lane.save().to_vec();
        memory.extend(&self.after);
        memory
    }

    /// Take it back; what follows it is handed out.
    pub fn restore<'m>(&mut self, memory: &'m [f64]) -> &'m [f64] {
        let (lane, rest) = memory.split_at(Lane::MEMORY);
        let (state, rest) = rest.split_at(self.after.len());
        self.lane.restore(lane);
        gather::<1>(state, 0, &mut self.after);
        self.before.copy_from_slice(&self.after);
        rest
    }
}
