//! Runs of one model side by side: the members of an ensemble. One pass over the tape serves all of them.

use std::any::Any;
use std::sync::Arc;

use super::edges::Edges;
use super::system::Equations;
use super::tape::Tape;
use crate::prelude::*;

impl Batch for Equations {
    fn joins(&self, other: &dyn System) -> bool {
        let other = other
            .batch()
            .and_then(|batch| batch.as_any().downcast_ref::<Equations>());
        // Parameters are constants of the tape: only runs of the very same model share it.
        other.is_some_and(|other| std::ptr::eq(self, other))
    }

    fn lanes(&self) -> Box<dyn Lanes> {
        Box::new(EquationsLanes {
            drift: self.drift_tape(),
            noise: self.noise_tape(),
            correction: self.correction_tape(),
            edges: self.edges(),
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Several runs of one model.
struct EquationsLanes {
    drift: Arc<Tape>,
    noise: Option<Arc<Tape>>,
    correction: Option<Arc<Tape>>,
    edges: Arc<Edges>,
}

impl EquationsLanes {
    /// Times that lie on no edge.
    fn times(&self, t: &[f64; LANES]) -> [f64; LANES] {
        match self.edges.is_empty() {
            true => *t,
            false => t.map(|t| self.edges.aside(t)),
        }
    }
}

impl Lanes for EquationsLanes {
    fn assign(&mut self, _lane: usize, _system: &dyn System) {}

    fn drift(&self, t: &[f64; LANES], x: &[f64], dx: &mut [f64]) {
        self.drift.run_lanes(&self.times(t), x, dx);
    }

    fn drift_on(
        &self,
        _sides: &[f64],
        t: &[f64; LANES],
        x: &[f64],
        dx: &mut [f64],
        _g: &mut [f64],
    ) {
        self.drift(t, x, dx);
    }

    fn diffusion(&self, t: &[f64; LANES], x: &[f64], b: &mut [f64]) {
        b.fill(0.0);
        if let Some(noise) = &self.noise {
            noise.run_lanes(&self.times(t), x, b);
        }
    }

    fn correction(&self, t: &[f64; LANES], x: &[f64], c: &mut [f64]) -> bool {
        let Some(correction) = &self.correction else {
            return false;
        };
        c.fill(0.0);
        correction.run_lanes(&self.times(t), x, c);
        true
    }
}
