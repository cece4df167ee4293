//! Affine flows by matrix exponentials: exact on the saving grid, whatever the stiffness.
//!
//! ```text
//! x' = G x + c        (x(t + h), 1) = exp(h [[G, c], [0, 0]]) (x(t), 1)
//! ```
//!
//! The steps are the intervals between samples, so one exponential serves all of them; a shorter step to an edge of a
//! stimulus has its own. Between steps the exponential acts on the state by its series, or as a matrix where that is
//! cheaper. The exponential is nalgebra's, by scaling, squaring and Pade approximants (Higham, *SIAM J. Matrix
//! Anal. Appl.* 26 (2005) 1179); linear functions that the flow keeps are kept by it to the last digit. Where that is more work, and
//! always for more than 600 numbers, G is not made: each step is a Taylor polynomial of the drift (see `action`). A flow that is many copies
//! of a smaller one has the exponential of that one (see `copies`).

use std::cell::RefCell;

use nalgebra::DMatrix;

use crate::engine::action::Action;
use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::copies::Copies;
use crate::engine::integrate::Span;
use crate::engine::nonsmooth::fixed::Steps;
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Drive, Progress, Scheme};
use crate::system::derivative::Linear;
use crate::system::matrix::PackedMatrix;
use crate::system::{Smoothness, System};

/// The card.
pub const CARD: Card = Card {
    name: "exponential",
    title: "matrix exponentials",
    order: 0,
    embedded_order: None,
    dense_order: 0,
    stepping: Stepping::Exact,
    locates_kinks: false,
    evaluations: 1,
    stability: "exact: every mode decays, rotates or grows as it does",
    needs: Needs::Linear,
    smoothness: Smoothness::Smooth,
    noise: None,
    reference: "Higham, SIAM J. Matrix Anal. Appl. 26 (2005) 1179; Al-Mohy, Higham, SIAM J. Sci. Comput. 33 (2011) 488",
    use_when: "affine flows with coefficients that are constant between edges of stimuli, stiff or long",
};

/// Larger states have no matrix if they state a bound of their generator.
const DENSE: usize = 600;
/// States of so few numbers always have one.
const SMALL: usize = 64;

/// The scheme at work on one run.
pub struct Exponential {
    steps: Steps,
    /// Whether the generator behind the last restart is known.
    known: bool,
    way: Way,
    /// A bound of the generator, if the system states one.
    bound: f64,
}

/// How the exponential is applied.
enum Way {
    Matrix(Box<Propagator>),
    Action(Box<Action>),
    Copies(Box<Copies>),
}

/// The exponential as a matrix.
struct Propagator {
    /// `[[G, c], [0, 0]]`
    generator: DMatrix<f64>,
    /// The largest column sum of its absolute values.
    size: f64,
    /// Linear functions that the flow keeps.
    conserved: Vec<Vec<f64>>,
    /// The factors of a whole step, of the last cut one, and of the last interpolation.
    whole: Option<Factor>,
    cut: Option<Factor>,
    between: RefCell<Option<Factor>>,
    argument: Vec<f64>,
}

/// `exp(h [[G, c], [0, 0]])` without its last row.
struct Factor {
    length: f64,
    matrix: PackedMatrix,
}

/// Arguments of a larger norm are squared so often that slow rates would be rounded off beside the identity.
const STEEP: f64 = 1e6;

/// The exponential of a matrix of large norm by its difference from the identity, which keeps its digits however small it is:
/// `exp(2A) - I = 2E + E^2`, E = exp(A) - I. The sums that are conserved are kept at every squaring.
fn of_steep(argument: DMatrix<f64>, conserved: &[Vec<f64>]) -> DMatrix<f64> {
    const SMALL: f64 = 1.0 / 32.0;
    const TERMS: usize = 9;
    let sums = argument.column_iter().map(|column| column.abs().sum());
    let size: f64 = sums.fold(0.0, f64::max);
    let squarings = (size / SMALL).log2().ceil().max(0.0);
    let n = argument.nrows();
    let scaled = argument / squarings.exp2();
    // A (I + A/2 (I + A/3 (...)))
    let unit = DMatrix::identity(n, n);
    let mut series = unit.clone();
    for term in (2..=TERMS).rev() {
        series = &unit + &scaled * series / term as f64;
    }
    let mut e = &scaled * series;
    for _ in 0..squarings as usize {
        e = &e * &e + &e * 2.0;
        for w in conserved {
            for j in (0..n).filter(|&j| w.get(j).is_some_and(|&w| w != 0.0)) {
                let lost: f64 = w.iter().enumerate().map(|(i, w)| w * e[(i, j)]).sum();
                e[(j, j)] -= lost / w[j];
            }
        }
    }
    e + unit
}

impl Factor {
    fn new(generator: &DMatrix<f64>, conserved: &[Vec<f64>], length: f64) -> Self {
        let argument = generator * length;
        let size = argument.column_iter().map(|column| column.abs().sum());
        let mut exponential = match size.fold(0.0, f64::max) > STEEP {
            true => of_steep(argument, conserved),
            false => argument.exp(),
        };
        let n = generator.nrows() - 1;
        for w in conserved {
            // Rounding of the exponential is the same in every step: it would add up.
            let square: f64 = w.iter().map(|w| w * w).sum();
            for j in 0..=n {
                let kept: f64 = w
                    .iter()
                    .enumerate()
                    .map(|(i, w)| w * exponential[(i, j)])
                    .sum();
                let lost = (w.get(j).copied().unwrap_or(0.0) - kept) / square;
                for (i, w) in w.iter().enumerate().filter(|(_, w)| **w != 0.0) {
                    exponential[(i, j)] += lost * w;
                }
            }
        }
        let entries: Vec<f64> = (0..n)
            .flat_map(|i| exponential.row(i).iter().copied().collect::<Vec<_>>())
            .collect();
        Self {
            length,
            matrix: PackedMatrix::new(n, n + 1, &entries),
        }
    }
}

/// Two times that rounding alone keeps apart.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 4.0 * f64::EPSILON * a.abs().max(b.abs())
}

impl Propagator {
    fn new(dim: usize) -> Self {
        let mut argument = vec![0.0; dim + 1];
        argument[dim] = 1.0;
        Self {
            generator: DMatrix::zeros(dim + 1, dim + 1),
            size: 0.0,
            conserved: Vec::new(),
            whole: None,
            cut: None,
            between: RefCell::default(),
            argument,
        }
    }

    /// Take up the generator behind `t`; what was made of another one is forgotten.
    fn take_up(&mut self, linear: &dyn Linear, t: f64) {
        let n = self.generator.nrows() - 1;
        let (mut matrix, mut offset) = (vec![0.0; n * n], vec![0.0; n]);
        linear.generator(t, &mut matrix, &mut offset);
        let entry = |i: usize, j: usize| match (i == n, j == n) {
            (true, _) => 0.0,
            (false, true) => offset[i],
            (false, false) => matrix[i * n + j],
        };
        let generator = DMatrix::from_fn(n + 1, n + 1, entry);
        if generator != self.generator || self.size == 0.0 {
            (self.whole, self.cut) = (None, None);
            self.between.replace(None);
            let columns = generator.column_iter();
            let sums = columns.map(|column| column.iter().map(|g| g.abs()).sum::<f64>());
            self.size = sums.fold(0.0, f64::max);
            self.generator = generator;
            self.conserved = linear.conserved();
        }
    }

    /// One step of length `h`; `whole` if it is one of the grid.
    fn step(&mut self, h: f64, whole: bool, before: &[f64], after: &mut [f64]) {
        let factor = match whole {
            true => &mut self.whole,
            false => &mut self.cut,
        };
        if factor.as_ref().is_none_or(|factor| factor.length != h) {
            *factor = Some(Factor::new(&self.generator, &self.conserved, h));
        }
        self.argument[..before.len()].copy_from_slice(before);
        if let Some(factor) = factor {
            factor.matrix.times(&self.argument, after);
        }
    }

    /// `x` becomes the state a time `s` after `before`.
    fn act(&self, s: f64, before: &[f64], x: &mut [f64]) {
        let n = x.len();
        let strength = self.size * s;
        let as_series = 20.0 * strength.max(1.0);
        let as_matrix = (15.0 + strength.max(1.0).log2()) * n as f64;
        let mut between = self.between.borrow_mut();
        let known = between.as_ref().is_some_and(|factor| factor.length == s);
        if known || as_series > as_matrix {
            if !known {
                *between = Some(Factor::new(&self.generator, &self.conserved, s));
            }
            if let Some(factor) = &*between {
                let mut argument = self.argument.clone();
                argument[..n].copy_from_slice(before);
                factor.matrix.times(&argument, x);
            }
            return;
        }
        let mut state = self.argument.clone();
        state[..n].copy_from_slice(before);
        let pieces = strength.ceil().max(1.0);
        let mut sum = nalgebra::DVector::from_vec(state);
        for _ in 0..pieces as usize {
            let mut term = sum.clone();
            for k in 1..64 {
                term = &self.generator * term * (s / (pieces * f64::from(k)));
                sum += &term;
                if term.amax() <= 1e-17 * sum.amax() {
                    break;
                }
            }
        }
        x.copy_from_slice(&sum.as_slice()[..n]);
    }
}

impl Exponential {
    /// The scheme for a system, exact at multiples of `step`.
    pub fn new<S: System + ?Sized>(system: &S, step: f64) -> Self {
        let dim = system.layout().len();
        let bound = system
            .linear()
            .map_or(f64::INFINITY, |linear| linear.bound(0.0));
        let copies = system.linear().map_or(1, Linear::copies);
        let way = match dim > DENSE && bound.is_finite() {
            _ if copies > 1 => Way::Copies(Box::new(Copies::new(dim, copies))),
            true => Way::Action(Box::new(Action::new(dim))),
            false => Way::Matrix(Box::new(Propagator::new(dim))),
        };
        Self {
            steps: Steps::new(dim, step),
            known: false,
            way,
            bound,
        }
    }

    /// Whether a run of this length has less work with the action than with a matrix, by the count of operations.
    fn prefers_action(&self, span: Span) -> bool {
        let dim = self.steps.after.len();
        if dim > DENSE || dim <= SMALL || self.bound.is_infinite() {
            return dim > DENSE && self.bound.is_finite();
        }
        let (n, step) = (dim as f64, self.steps.length());
        let steps = ((span.stop - span.start) / step).max(1.0);
        // One exponential, then a product for each step; against some forty drifts for each piece of a step.
        let matrix = 60.0 * n * n * n + steps * n * n;
        matrix > steps * Action::pieces(self.bound, step) * 40.0 * 16.0 * n
    }

    /// Take up the generator behind the time at which the run stands.
    fn take_up<S: System + ?Sized>(&mut self, system: &S) {
        let Some(linear) = system.linear() else {
            return;
        };
        let t = self.steps.lane.time;
        match &mut self.way {
            Way::Matrix(propagator) => propagator.take_up(linear, t),
            Way::Action(action) => action.take_up(system, linear.bound(t), t),
            Way::Copies(copies) => copies.take_up(linear, t, self.steps.after.len()),
        }
        self.known = true;
    }
}

impl<S: System + ?Sized> Scheme<S, 1> for Exponential {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn drive(&mut self, _lane: usize, drive: &Drive<'_>) {
        let dim = self.steps.after.len();
        match (self.prefers_action(drive.span), &self.way) {
            (true, Way::Matrix(_)) => self.way = Way::Action(Box::new(Action::new(dim))),
            (false, Way::Action(_)) => self.way = Way::Matrix(Box::new(Propagator::new(dim))),
            _ => return,
        }
        self.known = false;
    }

    fn start(&mut self, system: &S, lane: usize, t: f64, x: &[f64], _stop: f64) {
        self.steps.lane.counts = Counts::default();
        self.restart(system, lane, t, x);
    }

    fn restart(&mut self, system: &S, _lane: usize, t: f64, x: &[f64]) {
        self.steps.start(t, x);
        self.take_up(system);
    }

    fn step(&mut self, system: &S, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        if !self.known {
            // After a restored memory: the generator is not part of it.
            self.take_up(system);
        }
        let (h, end) = self.steps.next(limit[0]);
        if h <= 0.0 {
            return [Progress::Failed(Status::StepUnderflow, None)];
        }
        let whole = h == self.steps.length();
        let Steps { before, after, .. } = &mut self.steps;
        std::mem::swap(before, after);
        let evaluations = match &mut self.way {
            Way::Matrix(propagator) => {
                propagator.step(h, whole, before, after);
                1
            }
            Way::Action(action) => action.step(system, h, before, after),
            Way::Copies(copies) => {
                copies.step(h, whole, before, after);
                1
            }
        };
        self.steps.lane.counts.evaluations += evaluations;
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

    fn prepare_interpolation(&mut self, system: &S, _lane: usize) {
        let length = self.steps.lane.time - self.steps.lane.previous;
        if let Way::Action(action) = &mut self.way {
            self.steps.lane.counts.evaluations += action.spread(system, length, &self.steps.before);
        }
    }

    fn interpolate(&self, _lane: usize, t: f64, x: &mut [f64]) {
        let lane = &self.steps.lane;
        if same(t, lane.time) {
            x.copy_from_slice(&self.steps.after);
        } else if same(t, lane.previous) {
            x.copy_from_slice(&self.steps.before);
        } else {
            let within = t - lane.previous;
            match &self.way {
                Way::Matrix(propagator) => propagator.act(within, &self.steps.before, x),
                Way::Action(action) => action.within(within, x),
                Way::Copies(copies) => copies.act(within, &self.steps.before, x),
            }
        }
    }

    fn counts(&self, _lane: usize) -> Counts {
        self.steps.lane.counts
    }

    fn step_length(&self, _lane: usize) -> f64 {
        self.steps.lane.computed
    }

    fn save(&self, _lane: usize) -> Vec<f64> {
        self.steps.save()
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        self.steps.restore(memory);
        self.known = false;
    }
}
