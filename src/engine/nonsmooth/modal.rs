//! Modes: a nonsmooth system as smooth pieces that a scheme steps on one at a time.
//!
//! In every mode the drift is smooth, and some functions `g` (the surfaces) stay positive for as long as the
//! mode is the right one. Where one of them becomes negative the mode is *resolved* anew. What constrains,
//! selects or slides is known here; what steps is not.

use std::cell::RefCell;

use super::super::field::Field;
use super::complementarity::Unsolved;
use crate::system::System;
use crate::system::event::Event;

/// Surfaces within this of zero count as zero, relative to one plus the state (or the switches): one tolerance
/// for finding events and for resolving modes, because two would find again what they have just resolved.
pub const NEAR: f64 = 1e-9;

/// Why no mode could be found.
#[derive(Clone, Debug, PartialEq)]
pub struct Unresolved {
    /// The component, face or selection.
    pub component: Option<usize>,
    /// What happened.
    pub why: Why,
}

/// What kept a mode from being found.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// The state lies outside the closed set.
    Outside,
    /// The selections have no solution.
    Unsolved(Unsolved),
}

/// A nonsmooth system seen through its modes.
pub trait Modal {
    /// How many modes there are: one per component, face or selection, each -1, 0 or +1.
    fn modes(&self) -> usize;

    /// How many surfaces there are.
    fn surfaces(&self) -> usize;

    /// Whether the drift and the surfaces of every mode are affine in the state, and constant in time between
    /// breakpoints.
    fn is_affine(&self) -> bool;

    /// The drift and the surfaces in a mode; infinite where there is nothing to cross.
    fn evaluate<S: System + ?Sized>(
        &self,
        system: &S,
        mode: &[i8],
        t: f64,
        x: &[f64],
        dx: &mut [f64],
        g: &mut [f64],
    );

    /// The surfaces that need no drift, in a mode; infinite for all others.
    fn surfaces_of_state<S: System + ?Sized>(
        &self,
        system: &S,
        mode: &[i8],
        t: f64,
        x: &[f64],
        g: &mut [f64],
    );

    /// Put a state on a crossed surface as [`resolve`](Modal::resolve) will, if that is cheap: the drift there is
    /// then known already.
    fn snap(&self, mode: &[i8], x: &mut [f64]) {
        let _ = (mode, x);
    }

    /// Find the mode at `(t, x)` from nothing, and put `x` exactly where the mode has it. Surfaces at which
    /// there are several solutions are added to `not_unique`; so in [`resolve`](Modal::resolve).
    ///
    /// # Errors
    /// If there is none.
    fn begin<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &mut [f64],
        mode: &mut [i8],
        not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved>;

    /// Find the mode at `(t, x)` where the surfaces `which` of the mode so far have become negative.
    ///
    /// # Errors
    /// If there is none.
    fn resolve<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &mut [f64],
        mode: &mut [i8],
        which: &[usize],
        not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved>;

    /// The name of the event by which a mode changes; `None` if it does not.
    fn kind(&self, before: i8, after: i8) -> Option<&'static str>;

    /// The mode that one which is found at the start is told to have come from.
    fn resting(&self, after: i8) -> i8;

    /// How many evaluations since the last call were known and cost nothing.
    fn spared(&self) -> u64 {
        0
    }

    /// Append what is known and shortens the way on, as a fixed count of numbers.
    fn save(&self, memory: &mut Vec<f64>) {
        let _ = memory;
    }

    /// Take back what [`save`](Modal::save) gave from the head of `memory`; the rest is returned.
    fn restore<'a>(&self, memory: &'a [f64]) -> &'a [f64] {
        memory
    }

    /// Put a state that a step or an interpolation gave exactly where the mode has it.
    fn settle<S: System + ?Sized>(&self, system: &S, t: f64, mode: &[i8], x: &mut [f64]);
}

/// Surfaces at times, in the order in which they were evaluated.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    points: Vec<(f64, Vec<f64>)>,
    count: usize,
}

impl Trace {
    /// Forget all points.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Room for the next point.
    fn next(&mut self, time: f64, surfaces: usize) -> &mut [f64] {
        if self.points.len() == self.count {
            self.points.push((0.0, vec![0.0; surfaces]));
        }
        let point = &mut self.points[self.count];
        self.count += 1;
        point.0 = time;
        &mut point.1
    }

    /// The points since they were forgotten.
    pub fn points(&mut self) -> &mut [(f64, Vec<f64>)] {
        &mut self.points[..self.count]
    }
}

/// One mode of a system as a field of one lane.
pub struct Piece<'a, S: ?Sized, M> {
    /// The system.
    pub system: &'a S,
    /// Its modes.
    pub modal: &'a M,
    /// This one.
    pub mode: &'a [i8],
    /// The surfaces at every evaluation so far.
    pub trace: &'a RefCell<Trace>,
}

impl<S: System + ?Sized, M: Modal> Field<1> for Piece<'_, S, M> {
    fn dim(&self) -> usize {
        self.system.layout().len()
    }

    fn surfaces(&self) -> usize {
        0
    }

    fn drift(&self, t: &[f64; 1], x: &[f64], dx: &mut [f64]) {
        self.drift_of(0, t[0], x, dx);
    }

    fn drift_on(&self, _sides: &[f64], t: &[f64; 1], x: &[f64], dx: &mut [f64], _g: &mut [f64]) {
        self.drift_of(0, t[0], x, dx);
    }

    fn drift_of(&self, _lane: usize, t: f64, x: &[f64], dx: &mut [f64]) {
        let mut trace = self.trace.borrow_mut();
        let g = trace.next(t, self.modal.surfaces());
        self.modal.evaluate(self.system, self.mode, t, x, dx, g);
    }

    fn surfaces_of(&self, _lane: usize, _t: f64, _x: &[f64], _g: &mut [f64]) {}

    fn drift_on_of(
        &self,
        _lane: usize,
        _sides: &[f64],
        t: f64,
        x: &[f64],
        dx: &mut [f64],
        _g: &mut [f64],
    ) {
        self.drift_of(0, t, x, dx);
    }

    fn next_break_of(&self, _lane: usize, t: f64) -> f64 {
        self.system.next_break_of(0, t)
    }

    fn impulse_of(&self, _lane: usize, t: f64, x: &mut [f64]) -> bool {
        self.system.impulse_of(0, t, x)
    }

    fn measured(&self) -> Vec<bool> {
        self.system.layout().measured()
    }
}

/// An event of a run, as it waits to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// When.
    pub time: f64,
    /// What.
    pub kind: &'static str,
    /// Where.
    pub component: Option<usize>,
    /// The mode from here on.
    pub mode: Vec<i8>,
}

impl Told {
    /// As the recorder takes it.
    pub fn event(&self) -> Event<'_> {
        Event {
            time: self.time,
            kind: self.kind,
            component: self.component,
            mode: &self.mode,
        }
    }
}
