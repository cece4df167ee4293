//! Forcing: the parts of a drift that are functions of time alone.
//!
//! A scheme sees the drift at the stages of its steps, and a pulse between them is missed without a trace. A system that can say
//! what its forcing may be anywhere between two times lets the engine ask, for the price of one such enclosure a step.

/// Functions of time that enter the drift.
pub trait Forcing: Send + Sync {
    /// How many there are.
    fn count(&self) -> usize;
    /// The value of one at a time.
    fn value(&self, index: usize, t: f64) -> f64;
    /// Bounds `[low, high]` that hold all values of one from one time to another; wider than need be is allowed.
    fn bounds(&self, index: usize, from: f64, to: f64) -> [f64; 2];
}
