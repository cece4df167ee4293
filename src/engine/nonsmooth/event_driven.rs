//! Event-driven stepping of nonsmooth systems: on one mode until a surface is crossed, then on the next.
//!
//! Where the pieces are affine they are followed exactly ([`Taylor`]); elsewhere by the pair 5(4) of Tsitouras
//! with error control, its dense output searched for the first crossing. A step ends on the crossing; the mode is
//! resolved there, and the next step starts from the state that the mode allows.

use std::cell::RefCell;

use super::location::{Known, Location};
use super::modal::{Modal, Piece, Told, Trace, Unresolved, Why};
use super::roots::{Crossing, Search};
use super::taylor::Taylor;
use crate::engine::accumulation::Accumulation;
use crate::engine::card::Card;
use crate::engine::explicit::{Explicit, Tolerances};
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Progress, Scheme};
use crate::engine::schemes::tsit5;
use crate::system::System;
use crate::system::event::Event;

/// How exactly a crossing is located on dense output, as a share of the step; where the drift is needed for it, at
/// a hundredth of the tolerance, between this and the coarsest.
const RESOLUTION: f64 = 1e-13;
const COARSEST: f64 = 1e-9;
/// The numbers at the head of a memory.
const HEAD: usize = 7;

/// An event-driven scheme.
pub struct EventDriven<M> {
    card: &'static Card,
    modal: M,
    inner: Explicit<1>,
    max_step: f64,
    taylor: Option<Taylor>,
    /// The order at which the next series begins.
    order: usize,
    mode: Vec<i8>,
    /// The mode in which the last step was made.
    stepped: Vec<i8>,
    time: f64,
    previous: f64,
    state: Vec<f64>,
    /// The surfaces at the state; known unless it was moved.
    surfaces: Vec<f64>,
    /// Whether the inner scheme must start anew from the state.
    moved: bool,
    step: f64,
    counts: Counts,
    /// Evaluations among those counted that were known already.
    spared: u64,
    failed: Option<(Status, Option<usize>)>,
    told: Vec<Told>,
    /// When the run began.
    began: f64,
    recent: Accumulation,
    search: Search,
    location: Location,
    trace: RefCell<Trace>,
}

/// The first crossing on a series, between `from` and `to` after its start: when, and of which surfaces.
fn first_crossing(
    search: &mut Search,
    taylor: &mut Taylor,
    from: f64,
    to: f64,
) -> Option<(f64, Vec<usize>)> {
    let count = taylor.suspects(to);
    if count == 0 {
        return None;
    }
    let taylor = &*taylor;
    let length = to - from;
    let samples = (taylor.samples() * length / taylor.longest()).ceil();
    let mut start = vec![0.0; count];
    taylor.suspects_at(from, &mut start);
    let mut at = |theta: f64, g: &mut [f64]| taylor.suspects_at(from + theta * length, g);
    let Crossing { theta, which } = search.first((samples as usize).max(2), &start, &mut at)?;
    let which = which.iter().map(|&k| taylor.surface(k)).collect();
    Some((from + theta * length, which))
}

impl<M: Modal> EventDriven<M> {
    /// The scheme for a system with these modes.
    pub fn new<S: System + ?Sized>(
        card: &'static Card,
        system: &S,
        modal: M,
        tolerances: Tolerances,
    ) -> Self {
        let dim = system.layout().len();
        let mode = vec![0; modal.modes()];
        let trace = RefCell::default();
        let piece = Piece {
            system,
            modal: &modal,
            mode: &mode,
            trace: &trace,
        };
        let resolution = (0.01 * tolerances.rtol).clamp(RESOLUTION, COARSEST);
        let max_step = tolerances.max_step;
        let inner = Explicit::new(&tsit5::CARD, &tsit5::TABLEAU, &piece, tolerances);
        Self {
            card,
            inner,
            max_step,
            taylor: modal
                .is_affine()
                .then(|| Taylor::new(dim, modal.surfaces())),
            order: 0,
            time: 0.0,
            previous: 0.0,
            state: vec![0.0; dim],
            surfaces: vec![0.0; modal.surfaces()],
            moved: true,
            step: 0.0,
            counts: Counts::default(),
            spared: 0,
            failed: None,
            told: Vec::new(),
            began: 0.0,
            recent: Accumulation::NEVER,
            search: Search::default(),
            location: Location::new(modal.surfaces(), RESOLUTION, resolution),
            stepped: mode.clone(),
            mode,
            modal,
            trace,
        }
    }

    /// Take up a mode found by `find`, and tell what changed since the mode `before`.
    fn change(&mut self, before: Option<&[i8]>, found: Result<Vec<usize>, Unresolved>) {
        match found {
            Err(Unresolved { component, why }) => {
                let status = match why {
                    Why::Outside => Status::Outside,
                    Why::Unsolved(_) => Status::Unresolved,
                };
                self.failed = Some((status, component));
            }
            Ok(not_unique) => {
                let time = self.time;
                let mut tell = |kind, component| {
                    self.told.push(Told {
                        time,
                        kind,
                        component,
                        mode: self.mode.clone(),
                    });
                };
                for component in not_unique {
                    tell("non-unique", Some(component));
                }
                for (k, &after) in self.mode.iter().enumerate() {
                    let before = before.map_or_else(|| self.modal.resting(after), |mode| mode[k]);
                    if let Some(kind) = self.modal.kind(before, after) {
                        tell(kind, Some(k));
                    }
                }
            }
        }
        self.moved = true;
    }

    /// A step ended on crossed surfaces: resolve the mode there.
    fn cross<S: System + ?Sized>(&mut self, system: &S, which: &[usize]) {
        let sources = self.modal.surfaces().max(1);
        let end = self.recent.event(self.time, self.began, sources);
        // Converging crossings may go on, sliding; a chain at one instant does not.
        if end.is_some_and(|end| end.chain) {
            let component = which.first().map(|surface| surface / 2);
            self.failed = Some((Status::EventsAccumulate, component));
            return;
        }
        let before = self.mode.clone();
        let behind = self.time.next_up();
        let mut not_unique = Vec::new();
        let found = self.modal.resolve(
            system,
            behind,
            &mut self.state,
            &mut self.mode,
            which,
            &mut not_unique,
        );
        self.counts.evaluations += 1;
        let slid = self
            .mode
            .iter()
            .zip(&before)
            .filter(|(now, before)| now != before)
            .count();
        self.change(Some(&before), found.map(|()| not_unique));
        if slid > 1 && self.recent.converges() && self.failed.is_none() {
            // Ever faster crossings have ended in all of them at once.
            self.told.push(Told {
                time: self.time,
                kind: "accumulation",
                component: which.first().map(|surface| surface / 2),
                mode: self.mode.clone(),
            });
        }
    }

    /// One step on exact pieces.
    fn step_exactly<S: System + ?Sized>(&mut self, system: &S, limit: f64) -> Progress {
        let Some(taylor) = &mut self.taylor else {
            return Progress::Idle;
        };
        let behind = self.time.next_up();
        let (modal, mode, evaluations) = (&self.modal, &self.mode, &mut self.counts.evaluations);
        let mut evaluate = |x: &[f64], dx: &mut [f64], g: &mut [f64]| {
            modal.evaluate(system, mode, behind, x, dx, g);
            *evaluations += 1;
        };
        taylor.expand(&self.state, self.order, &mut evaluate);
        let rest = limit - self.time;
        let mut searched = 0.0;
        let (longest, h, found) = loop {
            let longest = taylor.longest();
            let h = longest.min(rest);
            if h > searched
                && let Some(crossing) = first_crossing(&mut self.search, taylor, searched, h)
            {
                break (longest, h, Some(crossing));
            }
            searched = searched.max(h);
            if longest >= rest || !taylor.grow(&mut evaluate) {
                break (longest, h, None);
            }
        };
        if longest.is_nan() || self.time + h <= self.time {
            self.step = h;
            let status = match longest.is_nan() {
                true => Status::NotFinite,
                false => Status::StepUnderflow,
            };
            return Progress::Failed(status, None);
        }
        (self.previous, self.step) = (self.time, h);
        self.counts.steps += 1;
        match found {
            None => {
                taylor.state(h, &mut self.state);
                self.time = if longest >= rest {
                    limit
                } else {
                    self.time + h
                };
                self.modal
                    .settle(system, self.time, &self.mode, &mut self.state);
            }
            Some((later, which)) => {
                self.order = taylor.order_expected();
                taylor.state(later, &mut self.state);
                self.time = (self.time + later).min(limit);
                self.cross(system, &which);
            }
        }
        Progress::Accepted
    }

    /// One step on dense output.
    fn step_numerically<S: System + ?Sized>(&mut self, system: &S, limit: f64) -> Progress {
        let piece = Piece {
            system,
            modal: &self.modal,
            mode: &self.mode,
            trace: &self.trace,
        };
        self.trace.borrow_mut().clear();
        if self.moved {
            self.inner.restart(&piece, 0, self.time, &self.state);
            // The one evaluation of a restart is at the start of the step.
            if let [(_, start)] = self.trace.borrow_mut().points() {
                self.surfaces.copy_from_slice(start);
            }
            self.trace.borrow_mut().clear();
            self.moved = false;
        }
        let progress = self.inner.step(&piece, &[true], &[limit])[0];
        if progress != Progress::Accepted {
            return progress;
        }
        self.previous = Scheme::<S, 1>::previous_time(&self.inner, 0);
        match self.locate(system) {
            None => {
                self.time = Scheme::<S, 1>::time(&self.inner, 0);
                Scheme::<S, 1>::state(&self.inner, 0, &mut self.state);
                if let Some((_, end)) = self.trace.borrow_mut().points().last() {
                    self.surfaces.copy_from_slice(end);
                }
                self.drift_back(system);
            }
            Some((time, which)) => {
                self.time = time;
                Scheme::<S, 1>::interpolate(&self.inner, 0, time, &mut self.state);
                self.cross(system, &which);
            }
        }
        Progress::Accepted
    }

    /// When the step of the inner scheme first leaves its mode, and through which surfaces.
    fn locate<S: System + ?Sized>(&mut self, system: &S) -> Option<(f64, Vec<usize>)> {
        let mut trace = self.trace.borrow_mut();
        // The last stage of the inner pair is evaluated at the end of the step.
        let (last, stages) = trace.points().split_last_mut()?;
        let (start, end) = (self.previous, last.0);
        let h = end - start;
        for stage in &mut *stages {
            stage.0 = (stage.0 - start) / h;
        }
        let known = Known {
            start: &self.surfaces,
            end: &last.1,
            stages,
        };
        let time = |theta: f64| match theta == 1.0 {
            true => end,
            false => start + theta * h,
        };
        let (inner, modal, mode) = (&self.inner, &self.modal, &self.mode);
        let evaluations = &mut self.counts.evaluations;
        let (mut x, mut drift) = (vec![0.0; self.state.len()], vec![0.0; self.state.len()]);
        let mut y = x.clone();
        let found = self.location.first(
            &known,
            &mut |theta, g| {
                Scheme::<S, 1>::interpolate(inner, 0, time(theta), &mut y);
                modal.surfaces_of_state(system, mode, time(theta), &y, g);
            },
            &mut |theta, g| {
                Scheme::<S, 1>::interpolate(inner, 0, time(theta), &mut x);
                modal.snap(mode, &mut x);
                // Just behind, as the mode is resolved there.
                modal.evaluate(system, mode, time(theta).next_up(), &x, &mut drift, g);
                *evaluations += 1;
            },
        )?;
        Some((time(found.theta), found.which))
    }

    /// Take the state back to where the mode has it, if the step has left it by more than rounding.
    fn drift_back<S: System + ?Sized>(&mut self, system: &S) {
        let before = self.state.clone();
        self.modal
            .settle(system, self.time, &self.mode, &mut self.state);
        let size = before.iter().fold(1.0_f64, |max, x| max.max(x.abs()));
        let moved = before
            .iter()
            .zip(&self.state)
            .any(|(a, b)| (a - b).abs() > 1e-14 * size);
        if moved {
            self.moved = true;
        } else {
            self.state = before;
        }
    }
}

impl<S: System + ?Sized, M: Modal> Scheme<S, 1> for EventDriven<M> {
    fn card(&self) -> &'static Card {
        self.card
    }

    fn start(&mut self, system: &S, _lane: usize, t: f64, x: &[f64], stop: f64) {
        self.state.copy_from_slice(x);
        (self.time, self.previous) = (t, t);
        self.counts = Counts::default();
        self.failed = None;
        (self.began, self.recent) = (t, Accumulation::NEVER);
        (self.order, self.spared) = (0, 0);
        let mut not_unique = Vec::new();
        let behind = t.next_up();
        let found = self.modal.begin(
            system,
            behind,
            &mut self.state,
            &mut self.mode,
            &mut not_unique,
        );
        self.counts.evaluations += 1;
        self.change(None, found.map(|()| not_unique));
        let piece = Piece {
            system,
            modal: &self.modal,
            mode: &self.mode,
            trace: &self.trace,
        };
        if self.taylor.is_none() {
            self.inner.start(&piece, 0, t, &self.state, stop);
        }
    }

    fn restart(&mut self, system: &S, _lane: usize, t: f64, x: &[f64]) {
        self.state.copy_from_slice(x);
        (self.time, self.previous) = (t, t);
        let before = self.mode.clone();
        let mut not_unique = Vec::new();
        let behind = t.next_up();
        let found = self.modal.begin(
            system,
            behind,
            &mut self.state,
            &mut self.mode,
            &mut not_unique,
        );
        self.counts.evaluations += 1;
        self.change(Some(&before), found.map(|()| not_unique));
    }

    fn step(&mut self, system: &S, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        if let Some((status, component)) = self.failed {
            return [Progress::Failed(status, component)];
        }
        self.stepped.copy_from_slice(&self.mode);
        let progress = match self.taylor.is_some() {
            true => self.step_exactly(system, limit[0].min(self.time + self.max_step)),
            false => self.step_numerically(system, limit[0]),
        };
        self.spared += self.modal.spared();
        [progress]
    }

    fn time(&self, _lane: usize) -> f64 {
        self.time
    }

    fn previous_time(&self, _lane: usize) -> f64 {
        self.previous
    }

    fn state(&self, _lane: usize, x: &mut [f64]) {
        x.copy_from_slice(&self.state);
    }

    fn interpolate(&self, _lane: usize, t: f64, x: &mut [f64]) {
        match &self.taylor {
            Some(taylor) => taylor.state(t - self.previous, x),
            None => Scheme::<S, 1>::interpolate(&self.inner, 0, t, x),
        }
    }

    fn settle(&self, system: &S, _lane: usize, t: f64, x: &mut [f64]) {
        self.modal.settle(system, t, &self.stepped, x);
    }

    fn tell(&mut self, _lane: usize, to: &mut dyn FnMut(&Event<'_>)) {
        for told in self.told.drain(..) {
            to(&told.event());
        }
    }

    fn tolerances(&self) -> Option<&Tolerances> {
        // Exact pieces have no error to control.
        match self.taylor {
            Some(_) => None,
            None => Scheme::<S, 1>::tolerances(&self.inner),
        }
    }

    fn counts(&self, _lane: usize) -> Counts {
        let inner = Scheme::<S, 1>::counts(&self.inner, 0);
        Counts {
            steps: self.counts.steps + inner.steps,
            rejected: inner.rejected,
            evaluations: self.counts.evaluations + inner.evaluations - self.spared,
            kinks: 0,
        }
    }

    fn step_length(&self, _lane: usize) -> f64 {
        match self.taylor.is_some() {
            true => self.step,
            false => Scheme::<S, 1>::step_length(&self.inner, 0),
        }
    }

    fn save(&self, _lane: usize) -> Vec<f64> {
        let mut memory = vec![
            self.time,
            f64::from(u8::from(self.moved)),
            self.counts.steps as f64,
            self.counts.evaluations as f64,
            self.order as f64,
            self.spared as f64,
            self.began,
        ];
        memory.extend(self.recent.save());
        memory.extend(&self.state);
        memory.extend(&self.surfaces);
        memory.extend(self.mode.iter().map(|&mode| f64::from(mode)));
        self.modal.save(&mut memory);
        if self.taylor.is_none() {
            memory.extend(Scheme::<S, 1>::save(&self.inner, 0));
        }
        memory
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        let (head, rest) = memory.split_at(HEAD);
        let Some((recent, rest)) = rest.split_first_chunk() else {
            return;
        };
        self.recent = Accumulation::restored(*recent);
        (self.time, self.previous) = (head[0], head[0]);
        self.moved = head[1] != 0.0;
        self.counts.steps = head[2] as u64;
        self.counts.evaluations = head[3] as u64;
        self.order = head[4] as usize;
        self.spared = head[5] as u64;
        self.began = head[6];
        self.modal.spared();
        let (state, rest) = rest.split_at(self.state.len());
        let (surfaces, rest) = rest.split_at(self.surfaces.len());
        let (mode, rest) = rest.split_at(self.mode.len());
        let inner = self.modal.restore(rest);
        self.state.copy_from_slice(state);
        self.surfaces.copy_from_slice(surfaces);
        for (mode, &value) in self.mode.iter_mut().zip(mode) {
            *mode = value as i8;
        }
        if self.taylor.is_none() {
            Scheme::<S, 1>::restore(&mut self.inner, 0, inner);
        }
        self.failed = None;
        self.told.clear();
    }
}
