//! The scheme trait: one step of every lane, and nothing of saving.
//!
//! The loop starts each lane, asks for steps that do not pass a limit (the next breakpoint, impulse or
//! the end), and after an accepted step may interpolate anywhere between the last two times. A scheme
//! keeps all it needs to go on in memory that can be saved and restored.

use super::card::Card;
use super::explicit::Tolerances;
use super::integrate::Span;
use super::interleave::scatter;
use super::outcome::{Counts, Status};
use crate::noise::key::Key;
use crate::system::event::Event;

/// What became of one lane in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// The lane was not asked to step.
    Idle,
    /// The lane advanced.
    Accepted,
    /// The step was too long; the lane stands where it stood and will try a shorter one.
    Rejected,
    /// The lane cannot go on, because of this component if one can be named.
    Failed(Status, Option<usize>),
}

/// What the noise of a run is addressed by.
#[derive(Clone, Copy, Debug)]
pub struct Drive<'a> {
    /// The run.
    pub key: &'a Key,
    /// From when to when it goes: cells are counted from its start.
    pub span: Span,
}

/// A scheme that steps L lanes of a field.
pub trait Scheme<F: ?Sized, const L: usize> {
    /// What it is.
    fn card(&self) -> &'static Card;

    /// Let a lane be driven by the noise of a run. Called before the lane is started or restored; deterministic schemes have
    /// no use for it.
    fn drive(&mut self, lane: usize, drive: &Drive<'_>) {
        let _ = (lane, drive);
    }

    /// Put a lane at `(t, x)`, ready to step towards `stop`, with all counts at zero.
    fn start(&mut self, field: &F, lane: usize, t: f64, x: &[f64], stop: f64);

    /// Go on from `(t, x)` behind a breakpoint or a reset: what was known of the field is void, the
    /// step length and the counts are kept.
    fn restart(&mut self, field: &F, lane: usize, t: f64, x: &[f64]);

    /// One step of every lane that is `active`, none beyond its limit. A lane that reaches its limit
    /// stands on it exactly.
    fn step(&mut self, field: &F, active: &[bool; L], limit: &[f64; L]) -> [Progress; L];

    /// At least one step of every active lane, and as many more, at most `most`, as end before its `horizon`: until then nobody
    /// looks at a step.
    fn stride(
        &mut self,
        field: &F,
        active: &[bool; L],
        limit: &[f64; L],
        horizon: &[f64; L],
        most: u64,
    ) -> [Progress; L] {
        let _ = (horizon, most);
        self.step(field, active, limit)
    }

    /// The time of a lane.
    fn time(&self, lane: usize) -> f64;

    /// The time of a lane before its last accepted step.
    fn previous_time(&self, lane: usize) -> f64;

    /// Copy the state of a lane into `x`.
    fn state(&self, lane: usize, x: &mut [f64]);

    /// Evaluate what [`interpolate`](Scheme::interpolate) needs in the last step of a lane, if that is more than the
    /// step itself did. Asked before a lane's first interpolation in a step.
    fn prepare_interpolation(&mut self, field: &F, lane: usize) {
        let _ = (field, lane);
    }

    /// Write the state of a lane at `t`, between its last two times, into `x`.
    fn interpolate(&self, lane: usize, t: f64, x: &mut [f64]);

    /// Put an interpolated state exactly where the system allows it: onto the closed set, onto the surface on
    /// which it slides.
    fn settle(&self, field: &F, lane: usize, t: f64, x: &mut [f64]) {
        let _ = (field, lane, t, x);
    }

    /// Tell the events of the last step, start or restart of a lane, once.
    fn tell(&mut self, lane: usize, to: &mut dyn FnMut(&Event<'_>)) {
        let _ = (lane, to);
    }

    /// Write the states of the lanes `which` at times `t`, each between the lane's last two times, into
    /// `x`, interleaved. Lane by lane as [`interpolate`](Scheme::interpolate) has it.
    fn interpolate_lanes(&self, which: &[bool; L], t: &[f64; L], x: &mut [f64]) {
        let mut state = vec![0.0; x.len() / L];
        for lane in (0..L).filter(|&lane| which[lane]) {
            self.interpolate(lane, t[lane], &mut state);
            scatter::<L>(&state, lane, x);
        }
    }

    /// Of a path with noise: write the state that the last step of a lane started from and the coefficients of the noise there, and
    /// give the address of draws that belong to this step alone. None if the path has no noise.
    fn rough(&self, lane: usize, x: &mut [f64], b: &mut [f64]) -> Option<u64> {
        let _ = (lane, x, b);
        None
    }

    /// The tolerances by which it controls the error of its steps; none if it does not.
    fn tolerances(&self) -> Option<&Tolerances> {
        None
    }

    /// To which tolerances a few components may be integrated again behind an event within the last step and put back
    /// by [`splice`](Scheme::splice); none if that would void what the scheme knows of the past.
    fn splices(&self) -> Option<&Tolerances> {
        None
    }

    /// [`interpolate`](Scheme::interpolate) these components alone.
    fn interpolate_some(&self, lane: usize, t: f64, components: &[usize], x: &mut [f64]) {
        let _ = (lane, t, components, x);
    }

    /// Replace these components of the state that the last step of a lane ended with, and their drift there.
    fn splice(&mut self, lane: usize, components: &[usize], x: &[f64], dx: &[f64]) {
        let _ = (lane, components, x, dx);
    }

    /// What a lane has cost since its start.
    fn counts(&self, lane: usize) -> Counts;

    /// The length of the lane's last step, or of the one it would try next after a rejection.
    fn step_length(&self, lane: usize) -> f64;

    /// Whether a lane goes on from its saved memory as if nothing had happened. A scheme that cannot
    /// say so is restarted at every checkpoint, in the uninterrupted run too.
    fn remembers(&self) -> bool {
        true
    }

    /// All that the lane needs to go on, as numbers.
    fn save(&self, lane: usize) -> Vec<f64>;

    /// Take back what [`save`](Scheme::save) gave; the lane goes on with the same bits.
    fn restore(&mut self, lane: usize, memory: &[f64]);
}
