//! Batches: several runs that share the heavy part of their drift, advanced together.
//!
//! Lanes lie innermost: component `i` of lane `l` is `x[i * LANES + l]`, so that a matrix-vector
//! product of each run becomes one matrix-matrix product. The arithmetic per lane is that of the
//! single run, operation by operation: batched or single, the bits are the same.

use super::System;

/// The number of lanes of a batch: one vector register of the widest processors.
pub const LANES: usize = 8;

/// What a system offers that can be batched with its like.
pub trait Batch: Send + Sync {
    /// Whether `other` shares the heavy part with this system, so that both fit one batch.
    fn joins(&self, other: &dyn System) -> bool;

    /// Lanes that all follow this system; others are assigned with [`Lanes::assign`].
    fn lanes(&self) -> Box<dyn Lanes>;

    /// For downcasting inside the family that made it.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// The drift of several runs at once.
pub trait Lanes: Send {
    /// Let lane `lane` follow the parameters of `system`, which joins the batch.
    fn assign(&mut self, lane: usize, system: &dyn System);

    /// Write the drift of every lane: `t` has one time per lane; `x` and `dx` have dim * LANES.
    fn drift(&self, t: &[f64; LANES], x: &[f64], dx: &mut [f64]);

    /// As [`Diffusion::diffusion`](super::noise::Diffusion::diffusion) for every lane: `b` has LANES times the length that a
    /// single run has. Never called for systems without noise.
    fn diffusion(&self, t: &[f64; LANES], x: &[f64], b: &mut [f64]);

    /// As [`Diffusion::correction`](super::noise::Diffusion::correction) for every lane.
    fn correction(&self, t: &[f64; LANES], x: &[f64], c: &mut [f64]) -> bool {
        let _ = (t, x, c);
        false
    }

    /// As [`Kinks::drift_on`](super::kinks::Kinks::drift_on) for every lane: `sides` and `g` have
    /// count * LANES.
    /// Never called for systems without kinks.
    fn drift_on(&self, sides: &[f64], t: &[f64; LANES], x: &[f64], dx: &mut [f64], g: &mut [f64]);
}
