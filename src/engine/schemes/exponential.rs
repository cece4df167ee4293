//! Affine flows by matrix exponentials: exact on the saving grid, whatever the stiffness.
//!
//! ```text
//! x' = G x + c        (x(t + h), 1) = exp(h [[G, c], [0, 0]]) (x(t), 1)
//! ```
//!
//! The steps are the intervals between samples, so one exponential serves all of them; a shorter step to an edge of a
//! stimulus has its own. Between steps the exponential acts on the state by its series, or as a matrix where that is
//! cheaper. The exponential is nalgebra's, by scaling, squaring and Pade approximants (Higham, *SIAM J. Matrix
//! Anal. Appl.* 26 (2005) 1179); the action of it follows Al-Mohy, Higham, *SIAM J. Sci. Comput.* 33 (2011) 488.
//! Dense: a state of n numbers takes n^2 numbers of memory.

use std::cell::RefCell;

use nalgebra::DMatrix;

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::nonsmooth::fixed::Steps;
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Progress, Scheme};
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
    reference: "Higham, SIAM J. Matrix Anal. Appl. 26 (2005) 1179",
    use_when: "affine flows with coefficients that are constant between edges of stimuli, stiff or long",
};

/// The scheme at work on one run.
pub struct Exponential {
    steps: Steps,
    /// `[[G, c], [0, 0]]`
    generator: DMatrix<f64>,
    /// The largest column sum of its absolute values.
    size: f64,
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

impl Factor {
    fn new(generator: &DMatrix<f64>, length: f64) -> Self {
        let exponential = (generator * length).exp();
        let n = generator.nrows() - 1;
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

impl Exponential {
    /// The scheme for a state of `dim` numbers, exact at multiples of `step`.
    pub fn new(dim: usize, step: f64) -> Self {
        let mut argument = vec![0.0; dim + 1];
        argument[dim] = 1.0;
        Self {
            steps: Steps::new(dim, step),
            generator: DMatrix::zeros(dim + 1, dim + 1),
            size: 0.0,
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
        if generator != self.generator {
            (self.whole, self.cut) = (None, None);
            self.between.replace(None);
            let columns = generator.column_iter();
            let sums = columns.map(|column| column.iter().map(|g| g.abs()).sum::<f64>());
            self.size = sums.fold(0.0, f64::max);
            self.generator = generator;
        }
    }

    /// `x` becomes the state a time `s` after the last step began.
    fn act(&self, s: f64, x: &mut [f64]) {
        let n = x.len();
        let strength = self.size * s;
        let as_series = 20.0 * strength.max(1.0);
        let as_matrix = (15.0 + strength.max(1.0).log2()) * n as f64;
        let mut between = self.between.borrow_mut();
        let known = between.as_ref().is_some_and(|factor| factor.length == s);
        if known || as_series > as_matrix {
            if !known {
                *between = Some(Factor::new(&self.generator, s));
            }
            if let Some(factor) = &*between {
                let mut argument = self.argument.clone();
                argument[..n].copy_from_slice(&self.steps.before);
                factor.matrix.times(&argument, x);
            }
            return;
        }
        let mut state = self.argument.clone();
        state[..n].copy_from_slice(&self.steps.before);
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

impl<S: System + ?Sized> Scheme<S, 1> for Exponential {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn start(&mut self, system: &S, lane: usize, t: f64, x: &[f64], _stop: f64) {
        self.steps.lane.counts = Counts::default();
        self.restart(system, lane, t, x);
    }

    fn restart(&mut self, system: &S, _lane: usize, t: f64, x: &[f64]) {
        self.steps.start(t, x);
        if let Some(linear) = system.linear() {
            self.take_up(linear, t);
        }
    }

    fn step(&mut self, system: &S, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        if self.size == 0.0
            && let Some(linear) = system.linear()
        {
            // After a restored memory: the generator is not part of it.
            self.take_up(linear, self.steps.lane.time);
        }
        let (h, end) = self.steps.next(limit[0]);
        if h <= 0.0 {
            return [Progress::Failed(Status::StepUnderflow, None)];
        }
        let n = self.steps.after.len();
        let factor = match h == self.steps.length() {
            true => &mut self.whole,
            false => &mut self.cut,
        };
        if factor.as_ref().is_none_or(|factor| factor.length != h) {
            *factor = Some(Factor::new(&self.generator, h));
        }
        std::mem::swap(&mut self.steps.before, &mut self.steps.after);
        self.argument[..n].copy_from_slice(&self.steps.before);
        if let Some(factor) = factor {
            factor.matrix.times(&self.argument, &mut self.steps.after);
        }
        self.steps.lane.counts.evaluations += 1;
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
        let lane = &self.steps.lane;
        if same(t, lane.previous) {
            x.copy_from_slice(&self.steps.before);
        } else if same(t, lane.time) {
            x.copy_from_slice(&self.steps.after);
        } else {
            self.act(t - lane.previous, x);
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
        self.size = 0.0;
    }
}
