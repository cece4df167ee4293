//! Objectives: what a family brings along so that it can be optimised.
//!
//! A function of a flat point with its derivative, random starts, stages of rising difficulty, and what is said of an optimum. How it is minimised,
//! and from how many starts, is no affair of the family.

use super::analysis::Findings;
use super::draws::Draws;

/// A function to be minimised.
pub trait Objective: Send + Sync {
    /// The number of coordinates of a point.
    fn dim(&self) -> usize;

    /// Write a random start into `point`; `draws` are those of this restart.
    fn start(&self, draws: &dyn Draws, point: &mut [f64]);

    /// How many functions are minimised one after the other, each from where the last one ended; the last one counts.
    fn stages(&self) -> usize {
        1
    }

    /// The value of a stage's function, infinite where there is none, and its derivative if somebody wants it.
    fn value(&self, stage: usize, point: &[f64], gradient: Option<&mut [f64]>) -> f64;

    /// What is said of a point: the block and the observables by their names.
    fn describe(&self, point: &[f64]) -> Findings;
}
