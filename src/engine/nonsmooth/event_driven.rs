//! Event-driven stepping of nonsmooth systems: on one mode until a surface is crossed, then on the next.
//!
//! Where the pieces are affine they are followed exactly ([`Taylor`]); elsewhere by the pair 5(4) of Tsitouras
//! with error control, its dense output searched for the first crossing. A step ends on the crossing; the mode is
//! resolved there, and the next step starts from the state that the mode allows.

use std::cell::RefCell;

use super::modal::{Modal, Piece, Told, Unresolved, Why};
use super::roots::{Crossing, Search};
use super::taylor::Taylor;
use crate::engine::card::Card;
use crate::engine::explicit::{Explicit, Tolerances};
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Progress, Scheme};
use crate::engine::schemes::tsit5;
use crate::system::System;
use crate::system::event::Event;

/// Intervals of a step in which surfaces are looked for, on dense output and on a series.
const SAMPLES: usize = 4;
const SAMPLES_OF_SERIES: usize = 16;
/// How exactly a crossing is located on dense output, as a share of the step.
const RESOLUTION: f64 = 1e-13;
/// So many events in no time are no progress.
const MOST_AT_ONCE: usize = 64;
/// So many ever shorter intervals between events make an accumulation.
const SHRINKING: u32 = 5;

/// An event-driven scheme.
pub struct EventDriven<M> {
    card: &'static Card,
    modal: M,
    inner: Explicit<1>,
    taylor: Option<Taylor>,
    mode: Vec<i8>,
    /// The mode in which the last step was made.
    stepped: Vec<i8>,
    time: f64,
    previous: f64,
    state: Vec<f64>,
    /// The surfaces at the state, if they are known.
    surfaces: Vec<f64>,
    known: bool,
    /// Whether the inner scheme must start anew from the state.
    moved: bool,
    step: f64,
    counts: Counts,
    failed: Option<(Status, Option<usize>)>,
    told: Vec<Told>,
    recent: Recent,
    search: Search,
    unused: RefCell<Vec<f64>>,
}

/// What is known of the events so far.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Recent {
    /// The last event.
    last: f64,
    /// The interval before it.
    interval: f64,
    /// How many intervals in a row were shorter than the one before.
    shrinking: u32,
    /// How many events lie within rounding of the last one.
    at_once: usize,
}

impl Recent {
    const NEVER: Recent = Recent {
        last: f64::NEG_INFINITY,
        interval: f64::INFINITY,
        shrinking: 0,
        at_once: 0,
    };

    fn event(&mut self, time: f64) {
        let interval = time - self.last;
        if interval <= 64.0 * f64::EPSILON * time.abs() {
            self.at_once += 1;
        } else {
            self.at_once = 0;
            let shorter = interval < 0.99 * self.interval && self.interval.is_finite();
            self.shrinking = if shorter { self.shrinking + 1 } else { 0 };
            self.interval = interval;
        }
        self.last = time;
    }
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
        let unused = RefCell::new(vec![0.0; modal.surfaces()]);
        let piece = Piece {
            system,
            modal: &modal,
            mode: &mode,
            unused: &unused,
        };
        let inner = Explicit::new(&tsit5::CARD, &tsit5::TABLEAU, &piece, tolerances);
        Self {
            card,
            inner,
            taylor: modal
                .is_affine()
                .then(|| Taylor::new(dim, modal.surfaces())),
            time: 0.0,
            previous: 0.0,
            state: vec![0.0; dim],
            surfaces: vec![0.0; modal.surfaces()],
            known: false,
            moved: true,
            step: 0.0,
            counts: Counts::default(),
            failed: None,
            told: Vec::new(),
            recent: Recent::NEVER,
            search: match modal.is_affine() {
                true => Search::default(),
                false => Search::to(RESOLUTION),
            },
            stepped: mode.clone(),
            mode,
            modal,
            unused,
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
        (self.known, self.moved) = (false, true);
    }

    /// A step ended on crossed surfaces: resolve the mode there.
    fn cross<S: System + ?Sized>(&mut self, system: &S, which: &[usize]) {
        self.recent.event(self.time);
        if self.recent.at_once >= MOST_AT_ONCE {
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
        if slid > 1 && self.recent.shrinking >= SHRINKING && self.failed.is_none() {
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
        taylor.expand(&self.state, &mut |x, dx, g| {
            self.modal.evaluate(system, &self.mode, behind, x, dx, g);
        });
        self.counts.evaluations += Taylor::EVALUATIONS;
        let rest = limit - self.time;
        let longest = taylor.longest();
        let h = if longest >= rest { rest } else { longest };
        if h.is_nan() || self.time + h <= self.time {
            self.step = h;
            let status = if h.is_nan() {
                Status::NotFinite
            } else {
                Status::StepUnderflow
            };
            return Progress::Failed(status, None);
        }
        let start = taylor.suspects(h);
        let taylor = &*taylor;
        let mut at = |theta: f64, g: &mut [f64]| taylor.suspects_at(theta * h, g);
        let found = match start.is_empty() {
            true => None,
            false => self.search.first(SAMPLES_OF_SERIES, &start, &mut at),
        };
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
            Some(Crossing { theta, which }) => {
                let which: Vec<usize> = which.iter().map(|&k| taylor.surface(k)).collect();
                taylor.state(theta * h, &mut self.state);
                self.time = (self.time + theta * h).min(limit);
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
            unused: &self.unused,
        };
        if self.moved {
            self.inner.restart(&piece, 0, self.time, &self.state);
            self.moved = false;
        }
        let progress = self.inner.step(&piece, &[true], &[limit])[0];
        if progress != Progress::Accepted {
            return progress;
        }
        let mut drift = vec![0.0; self.state.len()];
        if !self.known && !self.surfaces.is_empty() {
            let (t, x) = (self.time.next_up(), &self.state);
            piece
                .modal
                .evaluate(system, &self.mode, t, x, &mut drift, &mut self.surfaces);
            self.counts.evaluations += 1;
        }
        let (previous, end) = (
            Scheme::<S, 1>::previous_time(&self.inner, 0),
            Scheme::<S, 1>::time(&self.inner, 0),
        );
        let h = end - previous;
        let mut x = vec![0.0; self.state.len()];
        let (inner, modal, mode) = (&self.inner, &self.modal, &self.mode);
        let evaluations = &mut self.counts.evaluations;
        let found = if self.surfaces.is_empty() {
            None
        } else {
            self.search.first(SAMPLES, &self.surfaces, &mut |theta, g| {
                let t = if theta == 1.0 {
                    end
                } else {
                    previous + theta * h
                };
                Scheme::<S, 1>::interpolate(inner, 0, t, &mut x);
                modal.evaluate(system, mode, t, &x, &mut drift, g);
                *evaluations += 1;
            })
        };
        self.previous = previous;
        match found {
            None => {
                self.time = end;
                Scheme::<S, 1>::state(&self.inner, 0, &mut self.state);
                self.known = !self.surfaces.is_empty();
                if self.known {
                    self.search.last(&mut self.surfaces);
                }
                self.drift_back(system);
            }
            Some(Crossing { theta, which }) => {
                let t = if theta == 1.0 {
                    end
                } else {
                    previous + theta * h
                };
                Scheme::<S, 1>::interpolate(&self.inner, 0, t, &mut self.state);
                self.time = t;
                self.cross(system, &which);
            }
        }
        Progress::Accepted
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
            (self.moved, self.known) = (true, false);
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
        self.recent = Recent::NEVER;
        let mut not_unique = Vec::new();
        let behind = t.next_up();
        let found = self.modal.begin(
            system,
            behind,
            &mut self.state,
            &mut self.mode,
            &mut not_unique,
        );
        self.change(None, found.map(|()| not_unique));
        let piece = Piece {
            system,
            modal: &self.modal,
            mode: &self.mode,
            unused: &self.unused,
        };
        if self.taylor.is_none() {
            self.inner.start(&piece, 0, t, &self.state, stop);
            self.moved = false;
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
        [match self.taylor.is_some() {
            true => self.step_exactly(system, limit[0]),
            false => self.step_numerically(system, limit[0]),
        }]
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

    fn counts(&self, _lane: usize) -> Counts {
        let inner = Scheme::<S, 1>::counts(&self.inner, 0);
        Counts {
            steps: self.counts.steps + inner.steps,
            rejected: inner.rejected,
            evaluations: self.counts.evaluations + inner.evaluations,
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
        let recent = &self.recent;
        let mut memory = vec![
            self.time,
            f64::from(u8::from(self.known)),
            f64::from(u8::from(self.moved)),
            self.counts.steps as f64,
            self.counts.evaluations as f64,
            recent.last,
            recent.interval,
            f64::from(recent.shrinking),
            recent.at_once as f64,
        ];
        memory.extend(&self.state);
        memory.extend(&self.surfaces);
        memory.extend(self.mode.iter().map(|&mode| f64::from(mode)));
        if self.taylor.is_none() {
            memory.extend(Scheme::<S, 1>::save(&self.inner, 0));
        }
        memory
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        let (head, rest) = memory.split_at(9);
        (self.time, self.previous) = (head[0], head[0]);
        (self.known, self.moved) = (head[1] != 0.0, head[2] != 0.0);
        self.counts.steps = head[3] as u64;
        self.counts.evaluations = head[4] as u64;
        self.recent = Recent {
            last: head[5],
            interval: head[6],
            shrinking: head[7] as u32,
            at_once: head[8] as usize,
        };
        let (state, rest) = rest.split_at(self.state.len());
        let (surfaces, rest) = rest.split_at(self.surfaces.len());
        let (mode, inner) = rest.split_at(self.mode.len());
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
