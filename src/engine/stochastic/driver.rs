//! The driver: a stochastic method as a scheme for L runs.
//!
//! Fixed steps lie on a grid from the start of the run on, however often the run is restarted at an edge or a reset in between: whole
//! steps are whole cells of the path, or a whole number of them, and need no tree. With error control a step ends at a place with few
//! binary digits within its cell, at most a quarter finer than it would like to be: few bridges lead there, and a step that is
//! rejected finds the same path when it is tried again shorter.
//!
//! ```text
//! error   e of the method, weighted by atol + rtol max(|x_0|, |x_1|), as root mean square
//! within a step   x(t) = x_0 + s (x_1 - x_0) + b(t_0, x_0) (W(t) - W(t_0) - s w),   s = (t - t_0) / h
//! ```
//!
//! Step control on a path that stays: Gaines, Lyons, SIAM J. Appl. Math. 57 (1997) 1455; the error estimates: Rackauckas, Nie,
//! *Adaptive methods for stochastic differential equations via natural embeddings and rejection sampling with memory*,
//! Discrete Contin. Dyn. Syst. B 22 (2017) 2731.

use std::cell::{Cell, RefCell};

use super::form::Form;
use super::glide::glide;
use super::increments::Increments;
use super::method::{At, Conversion, Method};
use super::planned::{FINER, Planned};
use super::reflection::{address, reflect};
use crate::engine::card::Card;
use crate::engine::controller::Controller;
use crate::engine::explicit::Tolerances;
use crate::engine::field::Field;
use crate::engine::interleave::{gather, scatter};
use crate::engine::kernels::copy_lanes;
use crate::engine::lane::{Lane, least_step};
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Drive, Progress, Scheme};
use crate::engine::schemes::catching_up::project;
use crate::noise::bridge::Increment;
use crate::noise::path::{Memo, Path, Place};
use crate::system::aligned::Aligned;
use crate::system::constraint::ClosedSet;

/// The error of a step grows as this power of its length.
const POWER: f64 = 1.5;
/// The shortest step in cells: far above the last digit of a place.
const FINEST: f64 = 1.0 / (1_u64 << 42) as f64;
/// Components that are stepped before anybody is asked again.
const STRIDE: u64 = 1 << 16;
/// Levy areas are found through so many pieces of a step at most, and at least.
const PIECES: (f64, f64) = (1024.0, 8.0);

/// A stochastic method at work on L lanes.
pub struct Stochastic<M, const L: usize> {
    pub(super) method: M,
    pub(super) form: Form,
    pub(super) tolerances: Tolerances,
    pub(super) measured: f64,
    /// The length of a cell, if it is not that of the step.
    pub(super) cell: Option<f64>,
    /// Cells per step, if they are a whole number.
    pub(super) ratio: Option<u64>,
    pub(super) lanes: [Lane; L],
    /// Where each lane stands, and stood before its last step.
    pub(super) places: [Place; L],
    pub(super) before: [Place; L],
    /// Whether its next step starts at an edge or a reset.
    pub(super) at_edge: [bool; L],
    pub(super) spans: [f64; L],
    pub(super) noise: Increments<L>,
    pub(super) levy: Vec<[f64; L]>,
    pub(super) conversion: Conversion,
    pub(super) evaluations: Cell<u64>,
    pub(super) x0: Aligned,
    pub(super) x1: Aligned,
    pub(super) f: Aligned,
    pub(super) b: Aligned,
    pub(super) error: Aligned,
    /// The states before a stride.
    pub(super) saved: Aligned,
    /// Whether the constant coefficients are in `b`.
    pub(super) known: bool,
    /// So many steps are made before anybody is asked again.
    pub(super) stride: u64,
    /// What interpolation keeps: how far the path lies beside its chord, and the splits of each lane.
    pub(super) between: RefCell<(Vec<f64>, Vec<Memo>)>,
}

impl<M: Method, const L: usize> Stochastic<M, L> {
    /// The method for a field; `cell` is the length of the path's cells, that of the step if there is one by default.
    pub fn new<F: Field<L> + ?Sized>(field: &F, tolerances: Tolerances, cell: Option<f64>) -> Self {
        let (dim, form) = (field.dim(), field.form());
        let length = dim * L;
        let pairs = match M::LEVY && form.feels_areas() {
            true => form.channels * (form.channels - 1) / 2,
            false => 0,
        };
        let cell = cell.or(tolerances.step);
        let ratio = tolerances.step.zip(cell).and_then(|(step, cell)| {
            let ratio = step / cell;
            let whole = ratio.round();
            (whole >= 1.0 && (ratio - whole).abs() <= 1e-9 * whole).then_some(whole as u64)
        });
        let measured = tolerances.atol.iter().filter(|a| a.is_finite()).count();
        Self {
            method: M::new(dim, form, L),
            form,
            measured: measured.max(1) as f64,
            cell,
            ratio,
            lanes: [Lane::new(Controller::noisy(POWER)); L],
            places: [Place::default(); L],
            before: [Place::default(); L],
            at_edge: [true; L],
            spans: [0.0; L],
            noise: Increments::new(form.channels, M::AREAS),
            levy: vec![[0.0; L]; pairs],
            conversion: Conversion::new(dim, form, calculus::<M>(), L),
            evaluations: Cell::new(0),
            x0: Aligned::zeros(length),
            x1: Aligned::zeros(length),
            f: Aligned::zeros(length),
            b: Aligned::zeros(form.coefficients(dim) * L),
            error: Aligned::zeros(if tolerances.step.is_none() { length } else { 0 }),
            saved: Aligned::zeros(length),
            known: false,
            stride: (STRIDE / dim.max(1) as u64).clamp(2, STRIDE / 64),
            between: RefCell::new((vec![0.0; form.channels], vec![Memo::new(form.channels); L])),
            tolerances,
        }
    }

    /// The time at which the drift is asked for at the start of a step: just behind an edge, which belongs to what lies before it.
    pub(super) fn starting(&self, lane: usize) -> f64 {
        let time = self.lanes[lane].time;
        match self.at_edge[lane] {
            true => time.next_up(),
            false => time,
        }
    }

    /// The increments over the steps of all active lanes.
    fn increments(&mut self, active: &[bool; L], planned: &[Planned; L]) {
        let whole = (0..L).all(|lane| !active[lane] || planned[lane].whole);
        match self.ratio.filter(|_| whole) {
            Some(ratio) => {
                let first = self.places.map(|place| place.cell);
                self.noise.over_cells(active, &first, ratio);
            }
            None => {
                for lane in (0..L).filter(|&lane| active[lane]) {
                    let (from, to) = (self.places[lane], planned[lane].to);
                    self.noise.between(lane, from, to);
                }
            }
        }
        if !self.levy.is_empty() {
            for lane in (0..L).filter(|&lane| active[lane]) {
                let Planned { h, to, .. } = planned[lane];
                let pieces = (self.spans[lane] / h).clamp(PIECES.1, PIECES.0);
                let cells = (h / self.noise.paths[lane].cell).max(1.0);
                let depth = (pieces / cells).log2().ceil().max(0.0) as u32;
                let ends = (self.places[lane], to);
                self.noise.levy(lane, ends, depth, &mut self.levy);
            }
        }
    }

    /// Move accepted lanes to the end of their last step.
    fn commit(&mut self) {
        if self.lanes.iter().all(|lane| lane.accepted) {
            std::mem::swap(&mut self.x0, &mut self.x1);
        } else {
            let accepted = std::array::from_fn(|lane| self.lanes[lane].accepted);
            copy_lanes::<L>(&accepted, &self.x1, &mut self.x0);
        }
        for lane in &mut self.lanes {
            lane.accepted = false;
        }
    }

    /// The ends of the steps of all active lanes, from `x0`.
    fn attempt<F: Field<L> + ?Sized>(
        &mut self,
        field: &F,
        active: &[bool; L],
        planned: &[Planned; L],
    ) {
        self.increments(active, planned);
        let t = std::array::from_fn(|lane| self.starting(lane));
        let h = planned.map(|planned| planned.h);
        let end = planned.map(|planned| planned.end);
        self.evaluations.set(0);
        self.evaluate(field, &t, &end, &h, None);
        for lane in (0..L).filter(|&lane| active[lane]) {
            self.lanes[lane].counts.evaluations += self.evaluations.get();
            if let Some(shape) = field.shape_of(lane) {
                self.confine(lane, h[lane], shape);
            }
        }
    }

    /// The ends of steps of all lanes in open space, from `x0`, with the increments of one cell of the window or with those that were
    /// found.
    #[inline(always)]
    pub(super) fn evaluate<F: Field<L> + ?Sized>(
        &mut self,
        field: &F,
        t: &[f64; L],
        end: &[f64; L],
        h: &[f64; L],
        cell: Option<usize>,
    ) {
        let form = self.form;
        self.evaluations.set(self.evaluations.get() + 1);
        self.conversion.drift(field, form, t, &self.x0, &mut self.f);
        if form.channels > 0 && !(form.constant && self.known) {
            field.diffusion(t, &self.x0, &mut self.b);
            self.known = true;
        }
        let (w, z) = self.noise.step(cell);
        let at = At {
            field,
            form,
            t,
            end,
            h,
            x: &self.x0,
            f: &self.f,
            b: &self.b,
            w,
            z,
            levy: self.levy.as_flattened(),
            conversion: &self.conversion,
            evaluations: &self.evaluations,
        };
        self.method.step(&at, &mut self.x1, &mut self.error);
    }

    /// Keep the end of a step of a lane in its closed set.
    fn confine(&mut self, lane: usize, h: f64, shape: ClosedSet<'_>) {
        if let (ClosedSet::Box { lower, upper }, true) = (&shape, self.form.diagonal) {
            let step = address(self.noise.paths[lane].extremes, self.places[lane]);
            for (i, (&lower, &upper)) in lower.iter().zip(*upper).enumerate() {
                let at = i * L + lane;
                let (x, variance) = (self.x0[at], self.b[at] * self.b[at] * h);
                let ends = (x, self.x1[at]);
                self.x1[at] = reflect(ends, (lower, upper), variance, step, i as u64);
            }
            return;
        }
        let mut state = vec![0.0; self.x1.len() / L];
        gather::<L>(&self.x1, lane, &mut state);
        project(Some(shape), &mut state);
        scatter::<L>(&state, lane, &mut self.x1);
    }

    /// The first component of a lane whose end is no number.
    fn broken(&self, lane: usize) -> Option<usize> {
        let mut ends = self.x1.iter().skip(lane).step_by(L);
        ends.position(|x| !x.is_finite())
    }

    /// Stand at the end of a step.
    fn arrive(&mut self, lane: usize, planned: &Planned) -> Progress {
        self.before[lane] = self.places[lane];
        self.places[lane] = planned.to;
        self.at_edge[lane] = false;
        let state = &mut self.lanes[lane];
        let steps = state.equal_steps;
        let progress = state.accept(planned.h, planned.end);
        state.equal_steps = match self.tolerances.step {
            // The grid goes on where it was when a step was cut short.
            Some(step) => {
                steps
                    + u64::from(
                        planned.end >= state.anchor + (steps + 1) as f64 * step - 1e-9 * step,
                    )
            }
            None => steps + 1,
        };
        progress
    }

    /// The weighted error of a lane's step, and the component with the largest share of it.
    fn measure(&self, lane: usize) -> (f64, Option<usize>) {
        let (mut sum, mut worst) = (0.0, (None, 0.0));
        for (i, &atol) in self.tolerances.atol.iter().enumerate() {
            let at = i * L + lane;
            if !self.x1[at].is_finite() {
                return (f64::NAN, Some(i));
            }
            let size = self.x0[at].abs().max(self.x1[at].abs());
            let share = self.error[at] / (atol + self.tolerances.rtol * size);
            sum += share * share;
            if share.abs() > worst.1 {
                worst = (Some(i), share.abs());
            }
        }
        ((sum / self.measured).sqrt(), worst.0)
    }

    /// Judge the step of one lane.
    fn judge(&mut self, lane: usize, planned: &Planned) -> Progress {
        if self.tolerances.step.is_some() {
            if let Some(component) = self.broken(lane) {
                self.lanes[lane].computed = planned.h;
                return Progress::Failed(Status::NotFinite, Some(component));
            }
            return self.arrive(lane, planned);
        }
        let (error, worst) = self.measure(lane);
        let state = &mut self.lanes[lane];
        if error <= 1.0 {
            let factor = state.controller.accept(error);
            let cut = planned.h < state.wanted / FINER * (FINER - 1.0);
            state.wanted = match factor >= 1.0 {
                // A step that a limit cut short says nothing against a longer one.
                true if cut => state.wanted.max(planned.h * factor),
                true => state.wanted * factor,
                false => planned.h * factor,
            };
            return self.arrive(lane, planned);
        }
        let factor = state.controller.reject(error);
        state.counts.rejected += 1;
        state.computed = planned.h;
        state.wanted = planned.h * factor;
        let finest = self.noise.paths[lane].cell * FINEST;
        if state.wanted <= least_step(state.time).max(finest) {
            return Progress::Failed(Status::StepUnderflow, worst);
        }
        Progress::Rejected
    }
}

/// The calculus of a method.
fn calculus<M: Method>() -> crate::system::noise::Calculus {
    M::CARD
        .noise
        .map_or_else(Default::default, |noise| noise.calculus)
}

impl<M: Method, F: Field<L> + ?Sized, const L: usize> Scheme<F, L> for Stochastic<M, L> {
    fn card(&self) -> &'static Card {
        M::CARD
    }

    fn drive(&mut self, lane: usize, drive: &Drive<'_>) {
        let span = drive.span.stop - drive.span.start;
        let cell = self.cell.unwrap_or(span / 4096.0);
        let path = Path::new(drive.key, drive.span.start, cell);
        self.noise.follow(lane, path);
        self.between.get_mut().1[lane] = Memo::new(self.form.channels);
        self.spans[lane] = span;
        // Another run may have other coefficients.
        self.known = false;
    }

    fn start(&mut self, field: &F, lane: usize, t: f64, x: &[f64], _stop: f64) {
        self.lanes[lane].counts = Counts::default();
        let cell = self.noise.paths[lane].cell;
        self.lanes[lane].wanted = self.tolerances.first_step.unwrap_or(cell);
        self.restart(field, lane, t, x);
    }

    fn restart(&mut self, _field: &F, lane: usize, t: f64, x: &[f64]) {
        scatter::<L>(x, lane, &mut self.x1);
        let path = &self.noise.paths[lane];
        let state = &mut self.lanes[lane];
        (state.time, state.previous, state.accepted) = (t, t, true);
        self.at_edge[lane] = true;
        state.controller.reset();
        state.anchor = path.start;
        if let Some(step) = self.tolerances.step {
            state.equal_steps = ((t - path.start) / step + 1e-9).floor() as u64;
        }
        let near = state.anchor + state.equal_steps as f64 * self.tolerances.step.unwrap_or(0.0);
        let (steps, step) = (state.equal_steps, self.tolerances.step.unwrap_or(0.0));
        let place = match (t - near).abs() <= 1e-9 * step {
            true => self.grid(lane, steps, t),
            false => path.place(t),
        };
        (self.places[lane], self.before[lane]) = (place, place);
    }

    fn step(&mut self, field: &F, active: &[bool; L], limit: &[f64; L]) -> [Progress; L] {
        self.commit();
        let planned = self.plan_all(active, limit);
        self.attempt(field, active, &planned);
        std::array::from_fn(|lane| match active[lane] {
            true => self.judge(lane, &planned[lane]),
            false => Progress::Idle,
        })
    }

    fn stride(
        &mut self,
        field: &F,
        active: &[bool; L],
        limit: &[f64; L],
        horizon: &[f64; L],
        most: u64,
    ) -> [Progress; L] {
        let Some(step) = self.tolerances.step else {
            return self.step(field, active, limit);
        };
        // Whole steps of which all but the last end before anybody looks.
        let unseen = |lane: usize| {
            let state = &self.lanes[lane];
            let rest = (horizon[lane].min(limit[lane]) - state.anchor) / step - 1e-6;
            (rest.ceil() as u64).saturating_sub(state.equal_steps)
        };
        let lanes = (0..L).filter(|&lane| active[lane]);
        let count = lanes.map(unseen).fold(most.min(self.stride), u64::min);
        if count < 2 || !self.glides(field, active) {
            return self.step(field, active, limit);
        }
        self.commit();
        self.saved.copy_from_slice(&self.x0);
        let (lanes, places, at_edge) = (self.lanes, self.places, self.at_edge);
        glide(self, field, active, step, count - 1);
        let planned = self.plan_all(active, limit);
        self.attempt(field, active, &planned);
        let progress = std::array::from_fn(|lane| match active[lane] {
            true => self.arrive(lane, &planned[lane]),
            false => Progress::Idle,
        });
        if (0..L).any(|lane| active[lane] && self.broken(lane).is_some()) {
            // Step by step up to where it broke.
            (self.lanes, self.places, self.at_edge) = (lanes, places, at_edge);
            self.x0.copy_from_slice(&self.saved);
            return self.step(field, active, limit);
        }
        progress
    }

    fn time(&self, lane: usize) -> f64 {
        self.lanes[lane].time
    }

    fn previous_time(&self, lane: usize) -> f64 {
        self.lanes[lane].previous
    }

    fn state(&self, lane: usize, x: &mut [f64]) {
        let from = match self.lanes[lane].accepted {
            true => &self.x1,
            false => &self.x0,
        };
        gather::<L>(from, lane, x);
    }

    fn interpolate(&self, lane: usize, t: f64, x: &mut [f64]) {
        let state = &self.lanes[lane];
        let share = (t - state.previous) / (state.time - state.previous);
        let path = &self.noise.paths[lane];
        let place = path.place(t).clamp(self.before[lane], self.places[lane]);
        for (i, x) in x.iter_mut().enumerate() {
            let at = i * L + lane;
            *x = (1.0 - share) * self.x0[at] + share * self.x1[at];
        }
        let channels = self.form.channels;
        if channels == 0 {
            return;
        }
        let (apart, memos) = &mut *self.between.borrow_mut();
        let memo = &mut memos[lane];
        for (channel, apart) in apart.iter_mut().enumerate() {
            let mut between = |to: Place| -> Increment {
                path.between(self.before[lane], to, channel as u64, memo)
            };
            *apart = between(place).w - share * between(self.places[lane]).w;
        }
        for (i, x) in x.iter_mut().enumerate() {
            *x += match self.form.diagonal {
                true => self.b[i * L + lane] * apart[i],
                false => (0..channels)
                    .map(|channel| self.b[(i * channels + channel) * L + lane] * apart[channel])
                    .sum(),
            };
        }
    }

    fn settle(&self, field: &F, lane: usize, _t: f64, x: &mut [f64]) {
        if let Some(shape) = field.shape_of(lane) {
            project(Some(shape), x);
        }
    }

    fn rough(&self, lane: usize, x: &mut [f64], b: &mut [f64]) -> Option<u64> {
        gather::<L>(&self.x0, lane, x);
        gather::<L>(&self.b, lane, b);
        Some(address(self.noise.paths[lane].extremes, self.before[lane]))
    }

    fn splice(&mut self, lane: usize, components: &[usize], x: &[f64], _dx: &[f64]) {
        for (&i, &x) in components.iter().zip(x) {
            self.x1[i * L + lane] = x;
        }
    }

    fn tolerances(&self) -> Option<&Tolerances> {
        self.tolerances.step.is_none().then_some(&self.tolerances)
    }

    fn counts(&self, lane: usize) -> Counts {
        self.lanes[lane].counts
    }

    fn step_length(&self, lane: usize) -> f64 {
        self.lanes[lane].computed
    }

    fn save(&self, lane: usize) -> Vec<f64> {
        let mut memory = self.lanes[lane].save().to_vec();
        let Place { cell, within } = self.places[lane];
        // Whole numbers below 2^53 are exact.
        let at_edge = f64::from(u8::from(self.at_edge[lane]));
        memory.extend([cell as f64, within as f64, at_edge]);
        let from = match self.lanes[lane].accepted {
            true => &self.x1,
            false => &self.x0,
        };
        memory.extend(from.iter().skip(lane).step_by(L));
        memory
    }

    fn restore(&mut self, lane: usize, memory: &[f64]) {
        let (head, rest) = memory.split_at(Lane::MEMORY);
        self.lanes[lane].restore(head);
        let place = Place {
            cell: rest[0] as u64,
            within: rest[1] as u64,
        };
        (self.places[lane], self.before[lane]) = (place, place);
        self.at_edge[lane] = rest[2] != 0.0;
        scatter::<L>(&rest[3..], lane, &mut self.x1);
    }
}
