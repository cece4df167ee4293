//! The stepping of explicit Runge-Kutta schemes, any tableau, L lanes.
//!
//! All stages of all lanes are computed side by side; what follows is per lane: the error norm, the
//! controller, and the kinks. With kinks located, a step is made on the smooth piece that the lane
//! stands on, continued beyond its borders, so its error estimate is that of a smooth problem. If the
//! end of the step lies on another piece, [`kink::Step::locate`] finds where the dense output first crosses a
//! surface; the step is accepted up to there and the next one starts on the next piece. A kink thus
//! costs the rest of one step and about two evaluations, instead of a cascade of rejections
//! (`docs/kinks.md`).

use super::card::{Card, Stepping};
use super::controller::Controller;
use super::field::Field;
use super::interleave::{gather, scatter};
use super::kernels::{
    Attempt, MOST_STAGES, Terms, combine, copy_lanes, dense_lanes, error_norm, finite, joined,
    margins, terms,
};
use super::kink::{self, Located, Scratch};
use super::lane::{Lane, least_step, share};
use super::outcome::{Counts, Status};
use super::scheme::{Progress, Scheme};
use super::spread::Blocks;
use super::tableau::Tableau;
use crate::system::aligned::Aligned;

/// What an explicit scheme is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Tolerances {
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance per component; infinite for what does not count.
    pub atol: Vec<f64>,
    /// A fixed step; `None` for error control.
    pub step: Option<f64>,
    /// Whether kinks are stepped to.
    pub locate_kinks: bool,
    /// No step is longer; infinite for no bound.
    pub max_step: f64,
    /// The first step to try; `None` to have it chosen.
    pub first_step: Option<f64>,
}

/// An explicit Runge-Kutta scheme at work on L lanes.
pub struct Explicit<const L: usize> {
    card: &'static Card,
    tableau: &'static Tableau,
    rows: Vec<Terms>,
    error: Terms,
    error_low: Terms,
    /// The stages that only the interpolant needs, and the lanes that have them for their last step.
    between: Vec<Terms>,
    has_between: [bool; L],
    tolerances: Tolerances,
    measured: f64,
    blocks: Blocks,
    lanes: [Lane; L],
    /// Stages k_i, each `[component, lane]`.
    stages: Vec<Aligned>,
    x0: Aligned,
    x1: Aligned,
    argument: Aligned,
    /// Step lengths, spread over the components.
    lengths: Aligned,
    /// Absolute tolerances, spread over the lanes.
    atol: Aligned,
    kinks: Pieces,
    scratch: Scratch,
    /// First stage of lanes that do not continue from their last stage, `[component, lane]`.
    fresh: Aligned,
}

/// The pieces that the lanes stand on; empty without kinks.
struct Pieces {
    count: usize,
    /// Side of every surface, `[surface, lane]`.
    sides: Aligned,
    /// Surfaces at the start, at stage `inner` and at the end of the step, `[surface, lane]`.
    start: Aligned,
    middle: Aligned,
    end: Aligned,
    /// The stage whose node lies nearest to the middle of the step.
    inner: usize,
}

impl<const L: usize> Explicit<L> {
    /// The scheme of this card and tableau for a field.
    pub fn new<F: Field<L> + ?Sized>(
        card: &'static Card,
        tableau: &'static Tableau,
        field: &F,
        tolerances: Tolerances,
    ) -> Self {
        let length = field.dim() * L;
        let locate = tolerances.locate_kinks && tolerances.step.is_none();
        let count = if locate { field.surfaces() } else { 0 };
        let controller = Controller::new(match (card.embedded_order, tableau.error_low) {
            (None, _) => card.order,
            (Some(order), []) => order,
            // Orders 5 and 3 behave as 7.
            (Some(order), _) => order + 2,
        });
        let atol: Vec<[f64; L]> = tolerances.atol.iter().map(|&atol| [atol; L]).collect();
        let measured = tolerances.atol.iter().filter(|a| a.is_finite()).count();
        Self {
            card,
            tableau,
            rows: tableau.rows.iter().map(|row| terms(row)).collect(),
            error: terms(tableau.error),
            measured: measured.max(1) as f64,
            tolerances,
            blocks: field.blocks(),
            lanes: [Lane::new(controller); L],
            stages: vec![Aligned::zeros(length); tableau.all_stages()],
            x0: Aligned::zeros(length),
            x1: Aligned::zeros(length),
            argument: Aligned::zeros(length),
            lengths: Aligned::zeros(length),
            atol: Aligned::from(atol.as_flattened()),
            kinks: Pieces {
                count,
                sides: Aligned::filled(count * L, -1.0),
                start: Aligned::zeros(count * L),
                middle: Aligned::zeros(count * L),
                inner: tableau.middle_stage(),
                end: Aligned::zeros(count * L),
            },
            scratch: Scratch::new(field.dim(), count, tableau.all_stages()),
            between: tableau.between.rows.iter().map(|row| terms(row)).collect(),
            error_low: terms(tableau.error_low),
            has_between: [false; L],
            fresh: Aligned::zeros(length),
        }
    }

    fn adaptive(&self) -> bool {
        self.tolerances.step.is_none() && self.card.stepping == Stepping::Adaptive
    }

    /// The last step of the first lane times an estimate of the largest rate of the drift, from the last two stages,
    /// which must lie at the end of the step. 0 if they cannot be told apart.
    pub fn rate_times_step(&self) -> f64 {
        let last = self.tableau.stages() - 1;
        let h = self.lanes[0].computed;
        let row = &self.rows[last - 2];
        let (mut slopes, mut states) = (0.0, 0.0);
        for i in (0..self.x0.len()).step_by(L) {
            let sum: f64 = row.iter().map(|&(s, c)| c * self.stages[s][i]).sum();
            let slope = self.stages[last][i] - self.stages[last - 1][i];
            let state = self.x1[i] - (self.x0[i] + h * sum);
            slopes += slope * slope;
            states += state * state;
        }
        if states > 0.0 {
            h * (slopes / states).sqrt()
        } else {
            0.0
        }
    }

    /// Evaluate the first stage of a lane at `(t, x)` anew, and find the piece it stands on.
    fn refresh<F: Field<L> + ?Sized>(&mut self, field: &F, lane: usize, t: f64, x: &[f64]) {
        // Just behind t: an edge at t belongs to what lies before it.
        let behind = t.next_up();
        let scratch = &mut self.scratch;
        if self.kinks.count == 0 {
            field.drift_of(lane, behind, x, &mut scratch.drift);
        } else {
            field.surfaces_of(lane, behind, x, &mut scratch.surfaces);
            for (side, &g) in scratch.sides.iter_mut().zip(&scratch.surfaces) {
                *side = kink::side(g);
            }
            field.drift_on_of(
                lane,
                &scratch.sides,
                behind,
                x,
                &mut scratch.drift,
                &mut scratch.surfaces,
            );
            self.lanes[lane].counts.evaluations += 1;
            scatter::<L>(&scratch.sides, lane, &mut self.kinks.sides);
            scatter::<L>(&scratch.surfaces, lane, &mut self.kinks.start);
        }
        self.lanes[lane].counts.evaluations += 1;
        scatter::<L>(&scratch.drift, lane, &mut self.fresh);
        scatter::<L>(x, lane, &mut self.x1);
        let lane = &mut self.lanes[lane];
        (lane.time, lane.previous) = (t, t);
        (lane.accepted, lane.fresh, lane.flips) = (true, true, 0);
        (lane.anchor, lane.equal_steps, lane.lag) = (t, 0, 0.0);
        lane.controller.reset();
    }

    /// The first step length of Hairer, Norsett, Wanner, *Solving ODEs I*, II.4.
    fn first_step<F: Field<L> + ?Sized>(
        &mut self,
        field: &F,
        lane: usize,
        t: f64,
        x: &[f64],
        stop: f64,
    ) -> f64 {
        let Tolerances { rtol, atol, .. } = &self.tolerances;
        let norm = |values: &mut dyn Iterator<Item = f64>| {
            let sum: f64 = values
                .zip(x)
                .zip(atol)
                .map(|((value, x), atol)| (value / (atol + rtol * x.abs())).powi(2))
                .sum();
            (sum / self.measured).sqrt()
        };
        let drift = |i: usize| self.fresh[i * L + lane];
        let size = norm(&mut x.iter().copied());
        let slope = norm(&mut (0..x.len()).map(drift));
        let guess = if size < 1e-5 || slope < 1e-5 {
            1e-6
        } else {
            0.01 * size / slope
        }
        .min(stop - t);
        for (i, (argument, x)) in self.scratch.state.iter_mut().zip(x).enumerate() {
            *argument = x + guess * self.fresh[i * L + lane];
        }
        field.drift_of(
            lane,
            t + guess,
            &self.scratch.state,
            &mut self.scratch.drift,
        );
        let ends = &self.scratch.drift;
        let curvature = norm(&mut (0..x.len()).map(|i| ends[i] - drift(i))) / guess;
        self.lanes[lane].counts.evaluations += 1;
        let steepest = slope.max(curvature);
        let order = f64::from(self.card.embedded_order.unwrap_or(self.card.order)) + 1.0;
        let second = if steepest <= 1e-15 {
            (guess * 1e-3).max(1e-6)
        } else {
            (0.01 / steepest).powf(1.0 / order)
        };
        let first = (100.0 * guess).min(second).min(stop - t);
        if first.is_finite() && first > 0.0 {
            first
        } else {
            guess
        }
    }

    /// Move accepted lanes to the end of their last step: end state and last stage become the first.
    fn commit(&mut self) {
        let last = self.tableau.stages() - 1;
        if self.lanes.iter().all(|lane| lane.accepted && !lane.fresh) {
            std::mem::swap(&mut self.x0, &mut self.x1);
            self.stages.swap(0, last);
            std::mem::swap(&mut self.kinks.start, &mut self.kinks.end);
        } else {
            let accepted = std::array::from_fn(|lane| self.lanes[lane].accepted);
            let fresh = std::array::from_fn(|lane| accepted[lane] && self.lanes[lane].fresh);
            let through = std::array::from_fn(|lane| accepted[lane] && !fresh[lane]);
            let (first, rest) = self.stages.split_at_mut(1);
            copy_lanes::<L>(&accepted, &self.x1, &mut self.x0);
            copy_lanes::<L>(&fresh, &self.fresh, &mut first[0]);
            copy_lanes::<L>(&through, &rest[last - 1], &mut first[0]);
            copy_lanes::<L>(&through, &self.kinks.end, &mut self.kinks.start);
        }
        for lane in &mut self.lanes {
            (lane.accepted, lane.fresh) = (false, false);
        }
    }

    /// Spread the lengths of the steps over the components, unless they stand there from the last step.
    fn spread(&mut self, h: [f64; L]) {
        let lengths = self.lengths.as_chunks_mut::<L>().0;
        if lengths.first() != Some(&h) {
            lengths.fill(h);
        }
    }

    /// All stages of all lanes, and the end of the step in `x1`.
    fn stages<F: Field<L> + ?Sized>(
        &mut self,
        field: &F,
        h: &[f64; L],
        t: &[f64; L],
        end: &[f64; L],
    ) {
        self.lanes.iter_mut().for_each(|lane| lane.excursion = 1.0);
        for stage in 1..self.tableau.stages() {
            let is_last = stage + 1 == self.tableau.stages();
            let (done, rest) = self.stages.split_at_mut(stage);
            let argument = if is_last {
                &mut self.x1
            } else {
                &mut self.argument
            };
            combine(
                argument,
                &self.blocks,
                &self.x0,
                &self.lengths,
                &self.rows[stage - 1],
                done,
            );
            let node = self.tableau.nodes[stage];
            let times: [f64; L] = std::array::from_fn(|lane| {
                if node == 1.0 {
                    end[lane]
                } else {
                    t[lane] + node * h[lane]
                }
            });
            if self.kinks.count == 0 {
                field.drift(&times, argument, &mut rest[0]);
            } else {
                let kinks = &mut self.kinks;
                let surfaces = if stage == kinks.inner {
                    &mut kinks.middle
                } else {
                    &mut kinks.end
                };
                field.drift_on(&kinks.sides, &times, argument, &mut rest[0], surfaces);
                if node < 1.0 || is_last {
                    let margins = margins::<L>(&kinks.sides, surfaces);
                    for (lane, margin) in self.lanes.iter_mut().zip(margins) {
                        if is_last {
                            lane.margin = margin;
                        } else if margin < 0.0 {
                            lane.excursion = node;
                        }
                    }
                }
            }
        }
    }

    /// The stages of the last step of a lane that only the interpolant needs.
    fn stages_between<F: Field<L> + ?Sized>(&mut self, field: &F, lane: usize) {
        let first = self.tableau.stages();
        let (previous, h) = (self.lanes[lane].previous, self.lanes[lane].computed);
        for (k, (row, node)) in self
            .between
            .iter()
            .zip(self.tableau.between.nodes)
            .enumerate()
        {
            let Scratch { state, drift, .. } = &mut self.scratch;
            for (i, state) in state.iter_mut().enumerate() {
                let at = i * L + lane;
                let sum: f64 = row.iter().map(|&(s, c)| c * self.stages[s][at]).sum();
                *state = self.x0[at] + h * sum;
            }
            field.drift_of(lane, previous + node * h, state, drift);
            scatter::<L>(drift, lane, &mut self.stages[first + k]);
            self.lanes[lane].counts.evaluations += 1;
        }
    }

    /// The component with the largest share of the error, or the first that is not finite.
    fn culprit(&self, lane: usize) -> Option<usize> {
        let dim = self.x0.len() / L;
        let mut worst = (None, 0.0);
        for i in 0..dim {
            let at = i * L + lane;
            if !self.x1[at].is_finite()
                || self.stages[..self.tableau.stages()]
                    .iter()
                    .any(|k| !k[at].is_finite())
            {
                return Some(i);
            }
            let error: f64 = self
                .error
                .iter()
                .map(|&(s, c)| c * self.stages[s][at])
                .sum();
            let scale = self.tolerances.atol[i] + self.tolerances.rtol * self.x0[at].abs();
            let share = (error / scale).abs();
            if share > worst.1 {
                worst = (Some(i), share);
            }
        }
        worst.0
    }

    /// The first component of a lane that is not finite at the end of the step.
    fn not_finite(&mut self, lane: usize) -> Option<usize> {
        // All lanes at once where nothing is amiss.
        if finite(&mut self.x1, &self.blocks) {
            return None;
        }
        (0..self.x1.len() / L).find(|i| !self.x1[i * L + lane].is_finite())
    }

    /// Judge the step of one lane.
    fn judge<F: Field<L> + ?Sized>(
        &mut self,
        field: &F,
        lane: usize,
        h: f64,
        end: f64,
        error: f64,
    ) -> Progress {
        if !self.adaptive() {
            if let Some(i) = self.not_finite(lane) {
                self.lanes[lane].computed = h;
                return Progress::Failed(Status::NotFinite, Some(i));
            }
            return self.lanes[lane].accept(h, end);
        }
        if error <= 1.0 {
            let state = &self.lanes[lane];
            if self.kinks.count > 0 && (state.margin < 0.0 || state.excursion < 1.0) {
                match self.scratch_lane(lane).locate(field, lane, h, end) {
                    Located::Nothing => {}
                    Located::Crossing { theta } => {
                        return self.accept_crossing(lane, h, end, error, theta);
                    }
                    Located::AtStart => return self.flip(field, lane, h),
                }
            }
            let factor = self.lanes[lane].controller.accept(error);
            // A step cut short by a limit says nothing against the length wanted before.
            let cut = h < 0.99 * self.lanes[lane].wanted;
            let next = h * factor;
            let wanted = &mut self.lanes[lane].wanted;
            *wanted = if cut { next.max(*wanted) } else { next };
            return self.lanes[lane].accept(h, end);
        }
        self.reject(lane, h, error)
    }

    /// The step ends at `theta`, on a surface; the next one starts on the other side of it.
    fn accept_crossing(
        &mut self,
        lane: usize,
        h: f64,
        end: f64,
        error: f64,
        theta: f64,
    ) -> Progress {
        let scratch = &self.scratch;
        scatter::<L>(&scratch.state, lane, &mut self.x1);
        scatter::<L>(&scratch.drift, lane, &mut self.fresh);
        scatter::<L>(&scratch.sides, lane, &mut self.kinks.sides);
        scatter::<L>(&scratch.surfaces, lane, &mut self.kinks.start);
        let factor = self.lanes[lane].controller.accept(error);
        let state = &mut self.lanes[lane];
        state.wanted = h * factor;
        state.fresh = true;
        state.counts.kinks += 1;
        if theta == 1.0 {
            return self.lanes[lane].accept(h, end);
        }
        let (start, passed) = (state.time, theta * h + state.lag);
        let crossing = start + passed;
        let progress = self.lanes[lane].accept(h, crossing);
        self.lanes[lane].lag = passed - (crossing - start);
        progress
    }

    /// The lane already stands beyond a surface: change sides and try again from the same state.
    fn flip<F: Field<L> + ?Sized>(&mut self, field: &F, lane: usize, h: f64) -> Progress {
        let time = self.lanes[lane].time.next_up();
        let Scratch {
            state,
            drift,
            sides,
            surfaces,
            ..
        } = &mut self.scratch;
        gather::<L>(&self.x0, lane, state);
        field.drift_on_of(lane, sides, time, state, drift, surfaces);
        scatter::<L>(sides, lane, &mut self.kinks.sides);
        scatter::<L>(drift, lane, &mut self.stages[0]);
        scatter::<L>(surfaces, lane, &mut self.kinks.start);
        let lane = &mut self.lanes[lane];
        lane.counts.evaluations += 1;
        lane.counts.rejected += 1;
        lane.flips += 1;
        // The first flip keeps the length. When sides alternate the lane grazes the surface, and
        // a shorter step decides on which side it leaves.
        lane.wanted = if lane.flips > 1 { 0.25 * h } else { h };
        if lane.wanted < least_step(lane.time) {
            return Progress::Failed(Status::StepUnderflow, None);
        }
        Progress::Rejected
    }

    fn reject(&mut self, lane: usize, h: f64, error: f64) -> Progress {
        let state = &mut self.lanes[lane];
        state.counts.rejected += 1;
        state.computed = h;
        state.wanted = h * state.controller.reject(error);
        if state.wanted < least_step(state.time) {
            let status = if error.is_finite() {
                Status::StepUnderflow
            } else {
                Status::NotFinite
            };
            return Progress::Failed(status, self.culprit(lane));
        }
        Progress::Rejected
    }

    /// The view of one lane that kink location works on.
    fn scratch_lane(&mut self, lane: usize) -> kink::Step<'_, L> {
        kink::Step {
            tableau: self.tableau,
            start_time: self.lanes[lane].time,
            x0: &self.x0,
            stages: &self.stages,
            sides: &self.kinks.sides,
            start: &self.kinks.start,
            middle: (self.tableau.nodes[self.kinks.inner], &self.kinks.middle),
            end: &self.kinks.end,
            excursion: self.lanes[lane].excursion,
            tolerance: self.tolerances.rtol.sqrt().min(1e-2),
            evaluations: &mut self.lanes[lane].counts.evaluations,
            scratch: &mut self.scratch,
        }
    }
}

impl<F: Field<L> + ?Sized, const L: usize> Scheme<F, L> for Explicit<L> {
    fn card(&self) -> &'static Card {
        self.card
    }

    fn start(&mut self, field: &F, lane: usize, t: f64, x: &[f64], stop: f64) {
        self.lanes[lane].counts = Counts::default();
        self.refresh(field, lane, t, x);
        self.lanes[lane].wanted = match self.tolerances.step {
            Some(step) => step,
            None => match self.tolerances.first_step {
                Some(first) => first,
                None => self.first_step(field, lane, t, x, stop),
            },
        };
        self.lanes[lane].computed = self.lanes[lane].wanted;
    }

    fn restart(&mut self, field: &F, lane: usize, t: f64, x: &[f64]) {
        self.refresh(field, lane, t, x);
    }

    fn step(&mut self, field: &F, active: &[bool; L], limit: &[f64; L]) -> [Progress; L] {
        self.commit();
        let mut h = [0.0; L];
        let mut end: [f64; L] = std::array::from_fn(|lane| self.lanes[lane].time);
        let start = end;
        for lane in (0..L).filter(|&lane| active[lane]) {
            (h[lane], end[lane]) = self.lanes[lane].next_step(&self.tolerances, limit[lane]);
        }
        self.spread(h);
        self.stages(field, &h, &start, &end);
        let evaluations = self.tableau.stages() as u64 - 1;
        self.has_between = [false; L];
        let errors = if self.adaptive() {
            let attempt = Attempt {
                x0: &self.x0,
                x1: &self.x1,
                h: &self.lengths,
                stages: &self.stages,
                rtol: self.tolerances.rtol,
                atol: &self.atol,
            };
            let high = error_norm::<L>(&attempt, &self.error, self.measured);
            if self.error_low.is_empty() {
                high
            } else {
                joined(
                    &high,
                    &error_norm::<L>(&attempt, &self.error_low, self.measured),
                )
            }
        } else {
            [0.0; L]
        };
        std::array::from_fn(|lane| {
            if !active[lane] {
                return Progress::Idle;
            }
            self.lanes[lane].counts.evaluations += evaluations;
            self.judge(field, lane, h[lane], end[lane], errors[lane])
        })
    }

    fn prepare_interpolation(&mut self, field: &F, lane: usize) {
        if !self.has_between[lane] {
            self.stages_between(field, lane);
            self.has_between[lane] = true;
        }
    }

    fn time(&self, lane: usize) -> f64 {
        self.lanes[lane].time
    }

    fn previous_time(&self, lane: usize) -> f64 {
        self.lanes[lane].previous
    }

    fn state(&self, lane: usize, x: &mut [f64]) {
        let accepted = self.lanes[lane].accepted;
        gather::<L>(if accepted { &self.x1 } else { &self.x0 }, lane, x);
    }

    fn interpolate(&self, lane: usize, t: f64, x: &mut [f64]) {
        let state = &self.lanes[lane];
        let theta = share(state, t);
        let mut weights = [0.0; MOST_STAGES];
        let weights = &mut weights[..self.stages.len()];
        self.tableau.dense_weights(theta, weights);
        kink::dense::<L>(&self.x0, &self.stages, lane, state.computed, weights, x);
    }

    fn interpolate_lanes(&self, which: &[bool; L], t: &[f64; L], x: &mut [f64]) {
        let mut weights = [[0.0; L]; MOST_STAGES];
        let weights = &mut weights[..self.stages.len()];
        let mut h = [0.0; L];
        let mut theta = [0.0; L];
        for lane in (0..L).filter(|&lane| which[lane]) {
            let state = &self.lanes[lane];
            h[lane] = state.computed;
            theta[lane] = share(state, t[lane]);
        }
        self.tableau.dense_weights_lanes(&theta, weights);
        dense_lanes::<L>(&self.x0, &self.stages, &h, weights, x);
    }

    fn tolerances(&self) -> Option<&Tolerances> {
        self.adaptive().then_some(&self.tolerances)
    }

    fn splices(&self) -> Option<&Tolerances> {
        (self.kinks.count == 0).then_some(&self.tolerances)
    }

    fn interpolate_some(&self, lane: usize, t: f64, components: &[usize], x: &mut [f64]) {
        let state = &self.lanes[lane];
        if t >= state.time {
            for (x, &i) in x.iter_mut().zip(components) {
                *x = self.x1[i * L + lane];
            }
            return;
        }
        let mut weights = [0.0; MOST_STAGES];
        let weights = &mut weights[..self.stages.len()];
        self.tableau.dense_weights(share(state, t), weights);
        for (x, &i) in x.iter_mut().zip(components) {
            let terms = self.stages.iter().zip(&*weights);
            let sum: f64 = terms.map(|(k, &weight)| weight * k[i * L + lane]).sum();
            *x = self.x0[i * L + lane] + state.computed * sum;
        }
    }

    fn splice(&mut self, lane: usize, components: &[usize], x: &[f64], dx: &[f64]) {
        let last = self.tableau.stages() - 1;
        for ((&i, &x), &dx) in components.iter().zip(x).zip(dx) {
            let at = i * L + lane;
            (self.x1[at], self.stages[last][at], self.fresh[at]) = (x, dx, dx);
        }
    }

    fn counts(&self, lane: usize) -> Counts {
        self.lanes[lane].counts
    }

    fn step_length(&self, lane: usize) -> f64 {
        self.lanes[lane].computed
    }

    fn save(&self, lane: usize) -> Vec<f64> {
        let state = &self.lanes[lane];
        let mut memory = state.save().to_vec();
        let last = self.tableau.stages() - 1;
        let (x, first, start) = match (state.accepted, state.fresh) {
            (true, true) => (&self.x1, &self.fresh, &self.kinks.start),
            (true, false) => (&self.x1, &self.stages[last], &self.kinks.end),
            (false, _) => (&self.x0, &self.stages[0], &self.kinks.start),
        };
        for values in [x, first, start, &self.kinks.sides] {
            memory.extend(values.iter().skip(lane).step_by(L));
        }
        memory
    }

    fn restore(&mut self, lane: usize, memory: &[f64]) {
        let (head, arrays) = memory.split_at(Lane::MEMORY);
        self.lanes[lane].restore(head);
        let dim = self.x0.len() / L;
        let (x, arrays) = arrays.split_at(dim);
        let (first, arrays) = arrays.split_at(dim);
        let (start, sides) = arrays.split_at(self.kinks.count);
        scatter::<L>(x, lane, &mut self.x1);
        scatter::<L>(first, lane, &mut self.fresh);
        scatter::<L>(start, lane, &mut self.kinks.start);
        scatter::<L>(sides, lane, &mut self.kinks.sides);
    }
}
