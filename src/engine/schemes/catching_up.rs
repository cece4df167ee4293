//! The catching-up scheme of Moreau: step with the drift, then project onto the closed set.
//!
//! ```text
//! x+ = proj_C (x + h f(t, x))
//! ```
//!
//! First order, feasible at every step, and indifferent to how many contacts a step has. For a box the
//! projection is a clip; for curved faces it is found by Newton's method on the faces that hold. Source: Moreau,
//! *J. Differential Equations* 26 (1977) 347.

use nalgebra::{DMatrix, DVector};

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::nonsmooth::complementarity::Selection;
use crate::engine::nonsmooth::fixed::Steps;
use crate::engine::outcome::{Counts, Status};
use crate::engine::scheme::{Progress, Scheme};
use crate::system::constraint::{ClosedSet, Faces};
use crate::system::{Smoothness, System};

/// The card.
pub const CARD: Card = Card {
    name: "catching-up",
    title: "Moreau's catching-up scheme, time-stepping",
    order: 1,
    embedded_order: None,
    dense_order: 1,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 1,
    stability: "as Euler: steps below 2 / |rate|",
    needs: Needs::Constraint,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Moreau, J. Differential Equations 26 (1977) 347",
    use_when: "projected dynamics with many contacts, or as a check of `projected`",
};

/// The scheme at work.
pub struct CatchingUp {
    steps: Steps,
    drift: Vec<f64>,
    outside: Option<Option<usize>>,
}

impl CatchingUp {
    /// Steps of length `step` of a state of `dim` components.
    pub fn new(dim: usize, step: f64) -> Self {
        Self {
            steps: Steps::new(dim, step),
            drift: vec![0.0; dim],
            outside: None,
        }
    }

    fn begin<S: System + ?Sized>(&mut self, system: &S, t: f64, x: &[f64]) {
        self.steps.start(t, x);
        let mut nearest = x.to_vec();
        project(shape(system), &mut nearest);
        let far = |i: &usize| (nearest[*i] - x[*i]).abs() > 1e-9 * (1.0 + x[*i].abs());
        self.outside = (0..x.len()).find(far).map(Some);
        self.steps.after.copy_from_slice(&nearest);
    }
}

fn shape<S: System + ?Sized>(system: &S) -> Option<ClosedSet<'_>> {
    Some(system.constraint()?.shape())
}

/// Move `x` to the nearest point of the closed set.
pub fn project(shape: Option<ClosedSet<'_>>, x: &mut [f64]) {
    match shape {
        Some(ClosedSet::Box { lower, upper }) => {
            for ((x, &lower), &upper) in x.iter_mut().zip(lower).zip(upper) {
                *x = x.max(lower).min(upper);
            }
        }
        Some(ClosedSet::Faces(faces)) => onto_faces(faces, x),
        Some(ClosedSet::UnitSphere) => {
            let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            x.iter_mut().for_each(|x| *x /= norm);
        }
        None => {}
    }
}

/// The nearest point with all heights at least 0: `y = z + N(y) lambda`, `0 <= lambda _|_ h(y) >= 0`, linearised
/// again and again.
fn onto_faces(faces: &dyn Faces, x: &mut [f64]) {
    let (count, n) = (faces.count(), x.len());
    let aim = DVector::from_column_slice(x);
    let mut heights = vec![0.0; count];
    let mut normals = DMatrix::zeros(n, count);
    let mut row = vec![0.0; n];
    let mut guess = vec![-1_i8; count];
    for round in 0..50 {
        faces.heights(x, &mut heights);
        if round == 0 && heights.iter().all(|&h| h >= 0.0) {
            return;
        }
        for k in 0..count {
            faces.gradient(k, x, &mut row);
            normals.column_mut(k).copy_from_slice(&row);
        }
        // h(x) + N'(z + N lambda - x) >= 0 _|_ lambda >= 0, as a selection: w = -(...) > 0 raises lambda.
        let here = DVector::from_column_slice(x);
        let ahead = normals.transpose() * (&aim - &here);
        let problem = Selection {
            offset: DVector::from_fn(count, |k, _| -heights[k] - ahead[k]),
            matrix: -(normals.transpose() * &normals),
            lower: vec![0.0; count],
            upper: vec![f64::INFINITY; count],
        };
        let Ok(found) = problem.solve(&guess) else {
            return;
        };
        let next = &aim + &normals * &found.values;
        let moved = (&next - &here).amax();
        x.copy_from_slice(next.as_slice());
        guess = found.mode;
        if moved <= 2.0 * f64::EPSILON * next.amax() {
            return;
        }
    }
}

impl<S: System + ?Sized> Scheme<S, 1> for CatchingUp {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn start(&mut self, system: &S, _lane: usize, t: f64, x: &[f64], _stop: f64) {
        self.steps.lane.counts = Counts::default();
        self.begin(system, t, x);
    }

    fn restart(&mut self, system: &S, _lane: usize, t: f64, x: &[f64]) {
        self.begin(system, t, x);
    }

    fn step(&mut self, system: &S, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        if let Some(component) = self.outside {
            return [Progress::Failed(Status::Outside, component)];
        }
        let steps = &mut self.steps;
        let (h, end) = steps.next(limit[0]);
        steps.before.copy_from_slice(&steps.after);
        system.drift(steps.lane.time.next_up(), &steps.before, &mut self.drift);
        for (x, drift) in steps.after.iter_mut().zip(&self.drift) {
            *x += h * drift;
        }
        project(shape(system), &mut steps.after);
        steps.lane.counts.evaluations += 1;
        [steps.arrive(h, end)]
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

    fn settle(&self, system: &S, _lane: usize, _t: f64, x: &mut [f64]) {
        project(shape(system), x);
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
        self.outside = None;
    }
}
