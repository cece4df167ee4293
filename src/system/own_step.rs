//! Own steps: the fixed-step update of a family, as its literature writes it.
//!
//! Published simulations often advance a model by a recipe of their own: parts of the state one after the other, each by
//! its exact exponential, with a delay of one step somewhere. Such a recipe belongs to the family. A scheme of the engine
//! counts its steps, cuts them at edges of stimuli, saves its memory, and hands it the increments of the Brownian path.

/// A recipe that advances the state by one step.
pub trait OwnStep: Send + Sync {
    /// How many numbers a run carries from step to step besides its state.
    fn memory(&self) -> usize {
        0
    }

    /// How many Wiener channels it feels, of a system with noise: the first ones.
    fn channels(&self) -> usize {
        0
    }

    /// The memory before the first step from `(t, x)`.
    fn begin(&self, t: f64, x: &[f64], memory: &mut [f64]) {
        let _ = (t, x);
        memory.fill(0.0);
    }

    /// Replace `x`, the state at `t`, by the state at `t + h`. `increments` are those of its Wiener
    /// channels over the step; empty without noise. Allocates nothing.
    fn advance(&self, t: f64, h: f64, x: &mut [f64], memory: &mut [f64], increments: &[f64]);
}
