//! Fields: what a scheme steps. L lanes side by side, each with its own time; L = 1 is a system.
//!
//! Component `i` of lane `l` is `x[i * L + l]`. A concrete `System` is a field of one lane and is
//! compiled for it; `dyn System` is one as well; [`Batched`] is eight runs that share the heavy part.

use std::cell::{Cell, RefCell};

use super::interleave::{gather, scatter};
use super::spread::Blocks;
use super::stochastic::form::Form;
use crate::system::System;
pub use crate::system::batch::LANES;
use crate::system::batch::Lanes;
use crate::system::constraint::ClosedSet;
use crate::system::derivative::Jacobian;
use crate::system::forcing::Forcing;
use crate::system::guard::Guards;

/// The drift of L runs.
pub trait Field<const L: usize> {
    /// Components per lane.
    fn dim(&self) -> usize;
    /// The blocks of the states, which a crew cuts alike.
    fn blocks(&self) -> Blocks {
        Blocks::new(&[self.dim() * L])
    }
    /// Surfaces of kinks per lane; 0 if the field declares none.
    fn surfaces(&self) -> usize;
    /// The drift of every lane.
    fn drift(&self, t: &[f64; L], x: &[f64], dx: &mut [f64]);
    /// The drift of every lane on its piece, and the surfaces.
    fn drift_on(&self, sides: &[f64], t: &[f64; L], x: &[f64], dx: &mut [f64], g: &mut [f64]);
    /// The drift of one lane, not interleaved.
    fn drift_of(&self, lane: usize, t: f64, x: &[f64], dx: &mut [f64]);
    /// The surfaces of one lane, not interleaved.
    fn surfaces_of(&self, lane: usize, t: f64, x: &[f64], g: &mut [f64]);
    /// The drift of one lane on a piece, not interleaved.
    fn drift_on_of(
        &self,
        lane: usize,
        sides: &[f64],
        t: f64,
        x: &[f64],
        dx: &mut [f64],
        g: &mut [f64],
    );
    /// The first breakpoint or impulse of one lane after `t`.
    fn next_break_of(&self, lane: usize, t: f64) -> f64;
    /// Apply the impulse of one lane at `t`, if there is one; whether there was.
    fn impulse_of(&self, lane: usize, t: f64, x: &mut [f64]) -> bool;
    /// The guards of one lane.
    fn guards_of(&self, lane: usize) -> Option<&dyn Guards> {
        let _ = lane;
        None
    }
    /// How many components each block of a lane has.
    fn block_lengths(&self) -> Vec<usize> {
        vec![self.dim()]
    }
    /// The forcing of one lane.
    fn forcing_of(&self, lane: usize) -> Option<&dyn Forcing> {
        let _ = lane;
        None
    }
    /// The Jacobian of the field, if it has one.
    fn derivative(&self) -> Option<&dyn Jacobian> {
        None
    }
    /// For each component of a lane, whether it takes part in the error norm.
    fn measured(&self) -> Vec<bool>;
    /// The form of the noise, the same for all lanes.
    fn form(&self) -> Form {
        Form::NONE
    }
    /// The diffusion coefficients of every lane.
    fn diffusion(&self, t: &[f64; L], x: &[f64], b: &mut [f64]) {
        let _ = (t, x, b);
    }
    /// The correction between the two calculi of every lane, if the model states it.
    fn correction(&self, t: &[f64; L], x: &[f64], c: &mut [f64]) -> bool {
        let _ = (t, x, c);
        false
    }
    /// The closed set of one lane.
    fn shape_of(&self, lane: usize) -> Option<ClosedSet<'_>> {
        let _ = lane;
        None
    }
}

fn next_break(system: &(impl System + ?Sized), t: f64) -> f64 {
    let impulse = system
        .impulses()
        .map_or(f64::INFINITY, |impulses| impulses.next(t));
    system.next_breakpoint(t).min(impulse)
}

fn impulse(system: &(impl System + ?Sized), t: f64, x: &mut [f64]) -> bool {
    let Some(impulses) = system.impulses() else {
        return false;
    };
    // `next` is strict: an impulse at `t` is the first one after the number just before `t`.
    let due = impulses.next(t.next_down()) == t;
    if due {
        impulses.apply(t, x);
    }
    due
}

impl<S: System + ?Sized> Field<1> for S {
    fn dim(&self) -> usize {
        self.layout().len()
    }

    fn blocks(&self) -> Blocks {
        let blocks = self.layout().blocks().iter();
        let lengths: Vec<usize> = blocks.map(|block| block.start.len()).collect();
        Blocks::new(&lengths)
    }

    fn surfaces(&self) -> usize {
        self.kinks().map_or(0, |kinks| kinks.count())
    }

    fn drift(&self, t: &[f64; 1], x: &[f64], dx: &mut [f64]) {
        System::drift(self, t[0], x, dx);
    }

    fn drift_on(&self, sides: &[f64], t: &[f64; 1], x: &[f64], dx: &mut [f64], g: &mut [f64]) {
        self.drift_on_of(0, sides, t[0], x, dx, g);
    }

    fn drift_of(&self, _lane: usize, t: f64, x: &[f64], dx: &mut [f64]) {
        System::drift(self, t, x, dx);
    }

    fn surfaces_of(&self, _lane: usize, t: f64, x: &[f64], g: &mut [f64]) {
        if let Some(kinks) = self.kinks() {
            kinks.surfaces(t, x, g);
        }
    }

    fn drift_on_of(
        &self,
        _lane: usize,
        sides: &[f64],
        t: f64,
        x: &[f64],
        dx: &mut [f64],
        g: &mut [f64],
    ) {
        match self.kinks() {
            Some(kinks) => kinks.drift_on(sides, t, x, dx, g),
            None => System::drift(self, t, x, dx),
        }
    }

    fn next_break_of(&self, _lane: usize, t: f64) -> f64 {
        next_break(self, t)
    }

    fn impulse_of(&self, _lane: usize, t: f64, x: &mut [f64]) -> bool {
        impulse(self, t, x)
    }

    fn guards_of(&self, _lane: usize) -> Option<&dyn Guards> {
        System::guards(self)
    }

    fn forcing_of(&self, _lane: usize) -> Option<&dyn Forcing> {
        System::forcing(self)
    }

    fn block_lengths(&self) -> Vec<usize> {
        let blocks = System::layout(self).blocks().iter();
        blocks.map(|block| block.variable.len()).collect()
    }

    fn derivative(&self) -> Option<&dyn Jacobian> {
        System::jacobian(self)
    }

    fn measured(&self) -> Vec<bool> {
        self.layout().measured()
    }

    fn form(&self) -> Form {
        Form::of(self)
    }

    fn diffusion(&self, t: &[f64; 1], x: &[f64], b: &mut [f64]) {
        if let Some(diffusion) = System::diffusion(self) {
            diffusion.diffusion(t[0], x, b);
        }
    }

    fn correction(&self, t: &[f64; 1], x: &[f64], c: &mut [f64]) -> bool {
        System::diffusion(self).is_some_and(|diffusion| diffusion.correction(t[0], x, c))
    }

    fn shape_of(&self, _lane: usize) -> Option<ClosedSet<'_>> {
        Some(System::constraint(self)?.shape())
    }
}

/// Eight runs that share the heavy part of their drift. Which system a lane follows changes while the
/// batch runs, between steps; hence the cells.
pub struct Batched<'a> {
    systems: [Cell<&'a dyn System>; LANES],
    /// Nothing for systems that have nothing to share and go side by side for the sake of their noise.
    lanes: Option<RefCell<Box<dyn Lanes>>>,
    form: Form,
}

impl<'a> Batched<'a> {
    /// A batch in which every lane follows `system`; `None` if it cannot be batched.
    pub fn new(system: &'a dyn System) -> Option<Self> {
        // Guards change the state of one lane alone, between steps: such systems go by themselves.
        if system.guards().is_some() {
            return None;
        }
        let lanes = system.batch()?.lanes();
        Some(Self {
            systems: std::array::from_fn(|_| Cell::new(system)),
            lanes: Some(RefCell::new(lanes)),
            form: Form::of(system),
        })
    }

    /// As [`new`](Batched::new) for a stochastic scheme: also for a system that cannot be batched, if it has no guards.
    pub fn noisy(system: &'a dyn System) -> Option<Self> {
        if system.guards().is_some() {
            return None;
        }
        Some(Self::new(system).unwrap_or_else(|| Self {
            systems: std::array::from_fn(|_| Cell::new(system)),
            lanes: None,
            form: Form::of(system),
        }))
    }

    /// Whether a system shares the heavy part of this batch.
    pub fn joins(&self, system: &dyn System) -> bool {
        let first = self.systems[0].get();
        if system.guards().is_some() || Form::of(system) != self.form {
            return false;
        }
        match (&self.lanes, first.batch()) {
            (Some(_), Some(batch)) => batch.joins(system),
            _ => first.layout().len() == system.layout().len(),
        }
    }

    /// Let a lane follow another system, which joins.
    pub fn assign(&self, lane: usize, system: &'a dyn System) {
        if let Some(lanes) = &self.lanes {
            lanes.borrow_mut().assign(lane, system);
        }
        self.systems[lane].set(system);
    }

    /// A function of the state of each lane by itself: `x` and `out` have the lanes side by side.
    fn one_by_one(&self, x: &[f64], out: &mut [f64], value: OfLane<'_>) {
        OWN.with_borrow_mut(|(state, own)| {
            state.resize(x.len() / LANES, 0.0);
            own.resize(out.len() / LANES, 0.0);
            for lane in 0..LANES {
                gather::<LANES>(x, lane, state);
                value(lane, self.systems[lane].get(), state, own);
                scatter::<LANES>(own, lane, out);
            }
        });
    }
}

/// A function of the state of one lane: its number, its system, its state, and where the result goes.
type OfLane<'f> = &'f mut dyn FnMut(usize, &dyn System, &[f64], &mut [f64]);

thread_local! {
    /// The state of one lane, and what is asked of it.
    static OWN: RefCell<(Vec<f64>, Vec<f64>)> = RefCell::default();
}

impl Field<LANES> for Batched<'_> {
    fn dim(&self) -> usize {
        self.systems[0].get().layout().len()
    }

    fn surfaces(&self) -> usize {
        self.systems[0]
            .get()
            .kinks()
            .map_or(0, |kinks| kinks.count())
    }

    fn drift(&self, t: &[f64; LANES], x: &[f64], dx: &mut [f64]) {
        match &self.lanes {
            Some(lanes) => lanes.borrow().drift(t, x, dx),
            None => self.one_by_one(x, dx, &mut |lane, system, x, dx| {
                system.drift(t[lane], x, dx);
            }),
        }
    }

    fn drift_on(&self, sides: &[f64], t: &[f64; LANES], x: &[f64], dx: &mut [f64], g: &mut [f64]) {
        // Only explicit schemes ask, and they step batches.
        if let Some(lanes) = &self.lanes {
            lanes.borrow().drift_on(sides, t, x, dx, g);
        }
    }

    fn drift_of(&self, lane: usize, t: f64, x: &[f64], dx: &mut [f64]) {
        System::drift(self.systems[lane].get(), t, x, dx);
    }

    fn surfaces_of(&self, lane: usize, t: f64, x: &[f64], g: &mut [f64]) {
        self.systems[lane].get().surfaces_of(0, t, x, g);
    }

    fn drift_on_of(
        &self,
        lane: usize,
        sides: &[f64],
        t: f64,
        x: &[f64],
        dx: &mut [f64],
        g: &mut [f64],
    ) {
        self.systems[lane].get().drift_on_of(0, sides, t, x, dx, g);
    }

    fn next_break_of(&self, lane: usize, t: f64) -> f64 {
        next_break(self.systems[lane].get(), t)
    }

    fn impulse_of(&self, lane: usize, t: f64, x: &mut [f64]) -> bool {
        impulse(self.systems[lane].get(), t, x)
    }

    fn measured(&self) -> Vec<bool> {
        self.systems[0].get().layout().measured()
    }

    fn form(&self) -> Form {
        self.form
    }

    fn diffusion(&self, t: &[f64; LANES], x: &[f64], b: &mut [f64]) {
        match &self.lanes {
            Some(lanes) => lanes.borrow().diffusion(t, x, b),
            None => self.one_by_one(x, b, &mut |lane, system, x, b| {
                if let Some(diffusion) = system.diffusion() {
                    diffusion.diffusion(t[lane], x, b);
                }
            }),
        }
    }

    fn correction(&self, t: &[f64; LANES], x: &[f64], c: &mut [f64]) -> bool {
        match &self.lanes {
            Some(lanes) => lanes.borrow().correction(t, x, c),
            None => {
                let mut stated = true;
                self.one_by_one(x, c, &mut |lane, system, x, c| {
                    let diffusion = system.diffusion();
                    stated &= diffusion.is_some_and(|one| one.correction(t[lane], x, c));
                });
                stated
            }
        }
    }

    fn shape_of(&self, lane: usize) -> Option<ClosedSet<'_>> {
        Some(self.systems[lane].get().constraint()?.shape())
    }

    fn forcing_of(&self, lane: usize) -> Option<&dyn Forcing> {
        self.systems[lane].get().forcing()
    }

    fn block_lengths(&self) -> Vec<usize> {
        let blocks = self.systems[0].get().layout().blocks().iter();
        blocks.map(|block| block.variable.len()).collect()
    }
}
