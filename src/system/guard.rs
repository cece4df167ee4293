//! Guards and impulses: instants at which something happens to a flow.
//!
//! A guard is a zero crossing `g(t, x) = 0` found on the dense output of the scheme; an impulse is a
//! time known beforehand. Both may reset the state. Guards of a flow that falls into independent parts say so, and
//! then their events cost nothing per component of the state.

use super::draws::Draws;
use super::parts::Parts;

/// Which crossings count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From negative to positive.
    Rising,
    /// From positive to negative.
    Falling,
    /// Either.
    Both,
}

/// What happens at a crossing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is written down as an event.
    Record,
    /// It is written down and the state is reset.
    Reset,
    /// It is written down and the run ends there.
    Stop,
}

/// Where a guard function changes its sign, if that is known without a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Crossing {
    /// It depends on the state.
    OfState,
    /// It is a function of time alone, and changes its sign nowhere between these times.
    Nowhere,
    /// It is a function of time alone.
    At {
        /// The first time at which it is zero or on the other side.
        time: f64,
        /// Whether it was negative before.
        rises: bool,
    },
}

/// The zero crossings of a system.
pub trait Guards: Send + Sync {
    /// The number of guards.
    fn count(&self) -> usize;
    /// The name of the kind of event, for `/events/kind`.
    fn name(&self, guard: usize) -> &str;
    /// What `/events/component` says of its events: the guard's number, or that of the element which it watches.
    fn component(&self, guard: usize) -> usize {
        guard
    }
    /// As [`component`](Guards::component), for events whose outcome is drawn: which of the outcomes it is, by the draws that
    /// [`jump`](Guards::jump) gets for the same state.
    fn outcome(&self, guard: usize, t: f64, x: &[f64], draws: &dyn Draws) -> usize {
        let _ = (t, x, draws);
        self.component(guard)
    }
    /// Which crossings of this guard count.
    fn direction(&self, guard: usize) -> Direction;
    /// Whether this guard function only falls, or only rises, between events: then the end of a step tells whether it crossed
    /// within, and the inside is looked at only where it did.
    fn is_monotone(&self, guard: usize) -> bool {
        let _ = guard;
        false
    }
    /// The first sign change of this guard function in `(after, until]`, if it is a function of time alone. Such a guard is
    /// found however long the steps are; one whose zeros are known beforehand is an [`Impulses`] as well.
    fn crossing(&self, guard: usize, after: f64, until: f64) -> Crossing {
        let _ = (guard, after, until);
        Crossing::OfState
    }
    /// What happens.
    fn action(&self, guard: usize) -> Action;
    /// Write every guard function into `g`.
    fn values(&self, t: f64, x: &[f64], g: &mut [f64]);
    /// Replace `x` by the state after the event; for guards whose action is [`Action::Reset`].
    fn reset(&self, guard: usize, t: f64, x: &mut [f64]);
    /// As [`reset`](Guards::reset), for events whose outcome is drawn: `draws` are those of this jump of the run.
    fn jump(&self, guard: usize, t: f64, x: &mut [f64], draws: &dyn Draws) {
        let _ = draws;
        self.reset(guard, t, x);
    }
    /// Whether a run draws anything: then members of an ensemble differ.
    fn is_random(&self) -> bool {
        false
    }
    /// Draw what of the initial state is drawn (a threshold in an auxiliary block): `draws` are those of jump 0, before
    /// all others.
    fn begin(&self, x: &mut [f64], draws: &dyn Draws) {
        let _ = (x, draws);
    }
    /// The parts of the flow that touch each other only at events, if it falls into such.
    fn parts(&self) -> Option<&dyn Parts> {
        None
    }
}

/// Times known beforehand at which the state is reset.
pub trait Impulses: Send + Sync {
    /// The first impulse after `t`; infinite if there is none.
    fn next(&self, t: f64) -> f64;
    /// Replace `x` by the state just after the impulse at `t`.
    fn apply(&self, t: f64, x: &mut [f64]);
}
