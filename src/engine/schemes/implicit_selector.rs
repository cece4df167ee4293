//! The implicit selection scheme: the backward Euler step of a discontinuous drift, chatter free.
//!
//! ```text
//! x+ = x + h (f(t+, x+) + sum_k v_k g_k(x+)),    v_k in [lo_k, hi_k] chosen by the sign of h_k(t+, x+)
//! ```
//!
//! Linearised about an iterate, the selections solve a box complementarity problem with the matrix
//! `grad h (I - h J)^-1 g h`, by pivots that end or say why; affine systems need one iteration, others a few.
//! Explicit steps of such drifts chatter; this one slides. Source: Acary, Brogliato, *Numerical Methods for
//! Nonsmooth Dynamical Systems* (2008), 9.

use nalgebra::{DMatrix, DVector};

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::nonsmooth::complementarity::Selection;
use crate::engine::nonsmooth::fixed::Steps;
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Progress, Scheme};
use crate::system::selector::Selector;
use crate::system::{Smoothness, System};

/// The card.
pub const CARD: Card = Card {
    name: "implicit-selector",
    title: "backward Euler with selections, time-stepping",
    order: 1,
    embedded_order: None,
    dense_order: 1,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 1,
    stability: "A-stable, as backward Euler",
    needs: Needs::Selector,
    smoothness: Smoothness::Discontinuous,
    noise: None,
    reference: "Acary, Brogliato, Numerical Methods for Nonsmooth Dynamical Systems (2008), 9",
    use_when: "discontinuous drifts with many surfaces, or as a check of `filippov`",
};

/// The scheme at work.
pub struct ImplicitSelector {
    steps: Steps,
    lower: Vec<f64>,
    upper: Vec<f64>,
    mode: Vec<i8>,
}

/// The linearisation of one step.
struct Linearised {
    /// (I - h J)^-1 applied to what does not depend on v.
    held: DVector<f64>,
    /// h (I - h J)^-1 g.
    reach: DMatrix<f64>,
    problem: Selection,
}

impl ImplicitSelector {
    /// Steps of length `step` of a system with this selector.
    pub fn new(dim: usize, step: f64, selector: &dyn Selector) -> Self {
        let bounds: Vec<[f64; 2]> = (0..selector.count()).map(|k| selector.bounds(k)).collect();
        Self {
            steps: Steps::new(dim, step),
            lower: bounds.iter().map(|b| b[0]).collect(),
            upper: bounds.iter().map(|b| b[1]).collect(),
            mode: vec![-1; bounds.len()],
        }
    }

    /// Linearise the step from `before` about the iterate `y`.
    fn linearise<S: System + ?Sized>(
        &mut self,
        system: &S,
        selector: &dyn Selector,
        t: f64,
        h: f64,
        y: &DVector<f64>,
    ) -> Option<Linearised> {
        let (n, count) = (y.len(), self.mode.len());
        let mut drift = vec![0.0; n];
        system.drift(t, y.as_slice(), &mut drift);
        let jacobian = self.jacobian(system, t, y, &drift);
        let lu = (DMatrix::identity(n, n) - &jacobian * h).lu();
        let drift = DVector::from_vec(drift);
        let before = DVector::from_column_slice(&self.steps.before);
        let held = lu.solve(&(before + (drift - jacobian * y) * h))?;
        let (mut fields, mut gradients) = (DMatrix::zeros(n, count), DMatrix::zeros(count, n));
        let mut row = vec![0.0; n];
        for k in 0..count {
            selector.field(k, y.as_slice(), &mut row);
            fields.column_mut(k).copy_from_slice(&row);
            selector.gradient(k, t, y.as_slice(), &mut row);
            for (j, &value) in row.iter().enumerate() {
                gradients[(k, j)] = value;
            }
        }
        let reach = lu.solve(&fields)? * h;
        let mut switches = vec![0.0; count];
        selector.switches(t, y.as_slice(), &mut switches);
        let offset = DVector::from_vec(switches) + &gradients * (&held - y);
        Some(Linearised {
            problem: Selection {
                offset,
                matrix: &gradients * &reach,
                lower: self.lower.clone(),
                upper: self.upper.clone(),
            },
            held,
            reach,
        })
    }

    /// The Jacobian of the system, or forward differences of its drift.
    fn jacobian<S: System + ?Sized>(
        &mut self,
        system: &S,
        t: f64,
        y: &DVector<f64>,
        drift: &[f64],
    ) -> DMatrix<f64> {
        let n = y.len();
        let mut rows = vec![0.0; n * n];
        if let Some(linear) = system.linear() {
            linear.generator(t, &mut rows, &mut vec![0.0; n]);
            return DMatrix::from_row_slice(n, n, &rows);
        }
        if let Some(jacobian) = system.jacobian() {
            jacobian.dense(t, y.as_slice(), &mut rows);
            return DMatrix::from_row_slice(n, n, &rows);
        }
        let mut moved = y.clone();
        let mut column = vec![0.0; n];
        DMatrix::from_columns(
            &(0..n)
                .map(|j| {
                    let delta = f64::EPSILON.sqrt() * (1.0 + y[j].abs());
                    moved[j] = y[j] + delta;
                    system.drift(t, moved.as_slice(), &mut column);
                    self.steps.lane.counts.evaluations += 1;
                    moved[j] = y[j];
                    DVector::from_fn(n, |i, _| (column[i] - drift[i]) / delta)
                })
                .collect::<Vec<_>>(),
        )
    }

    /// The step to `end`; `None` if its equations have no solution that was found.
    fn solve<S: System + ?Sized>(&mut self, system: &S, h: f64, end: f64) -> Option<DVector<f64>> {
        let selector = system.selector()?;
        let mut y = DVector::from_column_slice(&self.steps.before);
        for round in 0..50 {
            let linearised = self.linearise(system, selector, end, h, &y)?;
            self.steps.lane.counts.evaluations += 1;
            let found = linearised.problem.solve(&self.mode).ok()?;
            self.mode = found.mode;
            let next = linearised.held + linearised.reach * found.values;
            let moved = (&next - &y).amax();
            y = next;
            let settled = moved <= 1e-13 * (1.0 + y.amax());
            if settled || (round == 0 && system.linear().is_some() && selector.is_affine()) {
                return Some(y);
            }
        }
        None
    }
}

impl<S: System + ?Sized> Scheme<S, 1> for ImplicitSelector {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn start(&mut self, _system: &S, _lane: usize, t: f64, x: &[f64], _stop: f64) {
        self.steps.lane.counts = Counts::default();
        self.mode.fill(-1);
        self.steps.start(t, x);
    }

    fn restart(&mut self, _system: &S, _lane: usize, t: f64, x: &[f64]) {
        self.steps.start(t, x);
    }

    fn step(&mut self, system: &S, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        let (h, end) = self.steps.next(limit[0]);
        let after = std::mem::take(&mut self.steps.after);
        self.steps.before.copy_from_slice(&after);
        self.steps.after = after;
        // An implicit step to a breakpoint takes the drift before it.
        let Some(next) = self.solve(system, h, end) else {
            self.steps.lane.computed = h;
            return [Progress::Failed(Status::Unresolved, None)];
        };
        self.steps.after.copy_from_slice(next.as_slice());
        [self.steps.arrive(h, end)]
    }

    fn time(&self, _lane: usize) -> f64 {
        self.steps.lane.time
    }

    fn previous_time(&self, _lane: usize) -> f64 {
        self.steps.lane.previous
    }

    fn state(&self, _lane: usize, x: &mut [f64]) {
        x.copy_from_slice(&self.steps.after);
    }

    fn interpolate(&self, _lane: usize, t: f64, x: &mut [f64]) {
        self.steps.interpolate(t, x);
    }

    fn counts(&self, _lane: usize) -> Counts {
        self.steps.lane.counts
    }

    fn step_length(&self, _lane: usize) -> f64 {
        self.steps.lane.computed
    }

    fn save(&self, _lane: usize) -> Vec<f64> {
        let mut memory = self.steps.save();
        memory.extend(self.mode.iter().map(|&mode| f64::from(mode)));
        memory
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        let mode = self.steps.restore(memory);
        for (mode, &saved) in self.mode.iter_mut().zip(mode) {
            *mode = saved as i8;
        }
    }
}
