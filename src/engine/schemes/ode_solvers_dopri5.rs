//! The crate `ode_solvers` as an independent backend: its `dopri5`, stepped inside our loop.
//!
//! Somebody else's implementation of the same pair, for cross-checks: it shares the system with our
//! schemes and nothing else. The crate integrates whole intervals, so a *stretch* of accepted steps is
//! computed at once and handed to the loop one by one; between them a cubic Hermite interpolant serves
//! as dense output (the crate's own extrapolates at the end of an interval). It takes one absolute
//! tolerance for all components, allocates in every step, and steps over kinks. Its `dop853` evaluates
//! fields with explicit time at wrong nodes and is not offered.

use std::collections::VecDeque;

use nalgebra::DVector;
use ode_solvers::dop_shared::{IntegrationError, OutputType};
use ode_solvers::{Dopri5, System as Equations};

use crate::engine::card::{Card, Mismatch, Needs, Stepping};
use crate::engine::explicit::Tolerances;
use crate::engine::field::Field;
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Progress, Scheme};
use crate::system::Smoothness;

/// The card.
pub const CARD: Card = Card {
    name: "ode-solvers-dopri5",
    title: "Dormand-Prince 5(4) of the crate ode_solvers",
    order: 5,
    embedded_order: Some(4),
    dense_order: 4,
    stepping: Stepping::Adaptive,
    locates_kinks: false,
    evaluations: 6,
    stability: "reaches -3.31 on the real axis",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Dormand, Prince, J. Comput. Appl. Math. 6 (1980) 19; crate ode_solvers 0.6",
    use_when: "a cross-check of dopri5 by independent code",
};

/// Numbers that a stretch of steps may keep in memory.
const STRETCH: usize = 1 << 17;

/// A time, the state there and its drift.
type Point = (f64, Vec<f64>, Vec<f64>);

/// The backend at work on one run.
pub struct OdeSolversDopri5 {
    rtol: f64,
    atol: f64,
    max_step: f64,
    first_step: Option<f64>,
    previous: Point,
    current: Point,
    ahead: VecDeque<Point>,
    counts: Counts,
    h: f64,
}

impl OdeSolversDopri5 {
    /// The backend for a state of `dim` components.
    ///
    /// # Errors
    /// If the components do not all have the same absolute tolerance.
    pub fn new(dim: usize, tolerances: &Tolerances) -> Result<Self, Mismatch> {
        let refuse = |reason: &str, help: &str| Mismatch {
            scheme: CARD.name,
            reason: reason.into(),
            help: help.into(),
        };
        let atol = tolerances.atol.first().copied().unwrap_or(1e-9);
        if tolerances.atol.iter().any(|&other| other != atol) {
            return Err(refuse(
                "it takes one absolute tolerance for all components, none of them auxiliary",
                "give `solver.atol` as one number, or use `dopri5`",
            ));
        }
        if tolerances.step.is_some() {
            return Err(refuse(
                "it always controls its error",
                "use `dopri5` with a fixed step",
            ));
        }
        let point = || (0.0, vec![0.0; dim], vec![0.0; dim]);
        Ok(Self {
            rtol: tolerances.rtol,
            atol,
            max_step: tolerances.max_step,
            first_step: tolerances.first_step,
            previous: point(),
            current: point(),
            ahead: VecDeque::new(),
            counts: Counts::default(),
            h: 0.0,
        })
    }

    /// Let the crate integrate towards `limit` and keep the steps it accepts.
    fn stretch<F: Field<1> + ?Sized>(&mut self, field: &F, limit: f64) -> Option<Status> {
        let (start, x, _) = &self.current;
        let most = (STRETCH / x.len().max(1)).max(1);
        let equations = Stretch {
            field,
            first: *start,
            most,
            accepted: 0,
        };
        let steps = u32::MAX - 1;
        let mut solver = Dopri5::from_param(
            equations,
            // Time since the start of the stretch: far from zero a clock is too coarse to be added up.
            0.0,
            limit - start,
            limit - start,
            DVector::from_column_slice(x),
            self.rtol,
            self.atol,
            0.9,
            0.04,
            0.2,
            10.0,
            self.max_step.min(limit - start),
            self.h.min(limit - start),
            steps,
            steps,
            OutputType::Sparse,
        );
        let result = solver.integrate();
        let (times, states) = (solver.x_out(), solver.y_out());
        for (&time, state) in times.iter().zip(states).skip(1) {
            let rest = limit - start - time;
            let time = match rest.abs() <= 4.0 * f64::EPSILON * (limit - start) {
                true => limit,
                false => start + time,
            };
            let mut drift = vec![0.0; state.len()];
            field.drift_of(0, time, state.as_slice(), &mut drift);
            self.counts.evaluations += 1;
            self.ahead
                .push_back((time, state.as_slice().to_vec(), drift));
        }
        match result {
            Ok(stats) => {
                self.counts.rejected += u64::from(stats.rejected_steps);
                self.counts.evaluations += u64::from(stats.num_eval);
                None
            }
            Err(_) if !self.ahead.is_empty() => None,
            Err(IntegrationError::MaxNumStepReached { .. }) => Some(Status::BudgetExhausted),
            Err(_) => Some(Status::StepUnderflow),
        }
    }
}

/// A field as the crate wants it, for one stretch.
struct Stretch<'a, F: ?Sized> {
    field: &'a F,
    first: f64,
    most: usize,
    accepted: usize,
}

impl<F: Field<1> + ?Sized> Equations<f64, DVector<f64>> for Stretch<'_, F> {
    fn system(&self, t: f64, x: &DVector<f64>, dx: &mut DVector<f64>) {
        // Just after the start: an edge there belongs to what lies before it.
        let t = match t == 0.0 {
            true => self.first.next_up(),
            false => self.first + t,
        };
        self.field.drift_of(0, t, x.as_slice(), dx.as_mut_slice());
    }

    fn solout(&mut self, _t: f64, _x: &DVector<f64>, _dx: &DVector<f64>) -> bool {
        self.accepted += 1;
        self.accepted >= self.most
    }
}

impl<F: Field<1> + ?Sized> Scheme<F, 1> for OdeSolversDopri5 {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn start(&mut self, field: &F, lane: usize, t: f64, x: &[f64], _stop: f64) {
        self.counts = Counts::default();
        self.h = self.first_step.unwrap_or(0.0);
        self.restart(field, lane, t, x);
    }

    fn restart(&mut self, field: &F, _lane: usize, t: f64, x: &[f64]) {
        self.ahead.clear();
        let mut drift = vec![0.0; x.len()];
        field.drift_of(0, t.next_up(), x, &mut drift);
        self.counts.evaluations += 1;
        self.current = (t, x.to_vec(), drift);
        self.previous = self.current.clone();
    }

    fn step(&mut self, field: &F, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        if self.ahead.is_empty()
            && let Some(status) = self.stretch(field, limit[0])
        {
            return [Progress::Failed(status, None)];
        }
        let Some(next) = self.ahead.pop_front() else {
            return [Progress::Failed(Status::StepUnderflow, None)];
        };
        if let Some(component) = next.1.iter().position(|x| !x.is_finite()) {
            return [Progress::Failed(Status::NotFinite, Some(component))];
        }
        self.previous = std::mem::replace(&mut self.current, next);
        self.h = self.current.0 - self.previous.0;
        self.counts.steps += 1;
        [Progress::Accepted]
    }

    fn time(&self, _lane: usize) -> f64 {
        self.current.0
    }

    fn previous_time(&self, _lane: usize) -> f64 {
        self.previous.0
    }

    fn state(&self, _lane: usize, x: &mut [f64]) {
        x.copy_from_slice(&self.current.1);
    }

    fn interpolate(&self, _lane: usize, t: f64, x: &mut [f64]) {
        let ((t0, x0, f0), (t1, x1, f1)) = (&self.previous, &self.current);
        let h = t1 - t0;
        let theta = (t - t0) / h;
        let rest = 1.0 - theta;
        for (i, x) in x.iter_mut().enumerate() {
            let bend = rest * (h * f0[i] - (x1[i] - x0[i])) + theta * ((x1[i] - x0[i]) - h * f1[i]);
            *x = rest * x0[i] + theta * x1[i] + theta * rest * bend;
        }
    }

    fn counts(&self, _lane: usize) -> Counts {
        self.counts
    }

    fn step_length(&self, _lane: usize) -> f64 {
        self.h
    }

    /// Its steps are made by the crate in stretches, whose inside is not to be had.
    fn remembers(&self) -> bool {
        false
    }

    fn save(&self, _lane: usize) -> Vec<f64> {
        let Counts {
            steps,
            rejected,
            evaluations,
            ..
        } = self.counts;
        let (t, x, dx) = &self.current;
        let mut memory = vec![
            *t,
            self.h,
            steps as f64,
            rejected as f64,
            evaluations as f64,
        ];
        memory.extend(x.iter().chain(dx));
        memory
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        let (head, arrays) = memory.split_at(5);
        let (x, dx) = arrays.split_at(arrays.len() / 2);
        self.h = head[1];
        self.counts = Counts {
            steps: head[2] as u64,
            rejected: head[3] as u64,
            evaluations: head[4] as u64,
            kinks: 0,
        };
        self.current = (head[0], x.to_vec(), dx.to_vec());
        self.previous = self.current.clone();
        self.ahead.clear();
    }
}
