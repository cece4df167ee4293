//! `map`: the recursion of a map, step by step.
//!
//! `x_{k+1} = F(k, x_k, draws_k)`: nothing is approximated, so there is nothing to choose. Time counts the steps; the draws of
//! step k are addressed by the run and by k, so that a run that goes on from a checkpoint meets the same ones. The scheme is
//! not among those that a file can ask for: a map has it, and nothing else does.

use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::nonsmooth::fixed::Steps;
use crate::engine::outcome::Counts;
use crate::engine::scheme::{Drive, Progress, Scheme};
use crate::noise::draws::Drawing;
use crate::noise::key::Key;
use crate::system::{Smoothness, System};

/// The card.
pub const CARD: Card = Card {
    name: "map",
    title: "the recursion of a map, which is its own step",
    order: 0,
    embedded_order: None,
    dense_order: 0,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 1,
    stability: "the map's",
    needs: Needs::Map,
    smoothness: Smoothness::Discontinuous,
    noise: None,
    reference: "none: nothing is approximated",
    use_when: "maps over steps and trials; it comes with them",
};

/// The scheme at work.
pub struct Recurrence {
    steps: Steps,
    drawing: Drawing,
}

impl Recurrence {
    /// For a state of this length.
    pub fn new(dim: usize) -> Self {
        Self {
            steps: Steps::new(dim, 1.0),
            drawing: Drawing::steps(&Key::of_seed(0)),
        }
    }
}

impl<S: System + ?Sized> Scheme<S, 1> for Recurrence {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn drive(&mut self, _lane: usize, drive: &Drive<'_>) {
        self.drawing = Drawing::steps(drive.key);
    }

    fn start(&mut self, _system: &S, _lane: usize, t: f64, x: &[f64], _stop: f64) {
        self.steps.lane.counts = Counts::default();
        self.steps.start(t, x);
    }

    fn restart(&mut self, _system: &S, _lane: usize, t: f64, x: &[f64]) {
        self.steps.start(t, x);
    }

    fn step(&mut self, system: &S, active: &[bool; 1], _limit: &[f64; 1]) -> [Progress; 1] {
        let Some(map) = system.map().filter(|_| active[0]) else {
            return [Progress::Idle];
        };
        let steps = &mut self.steps;
        let k = steps.lane.time;
        steps.before.copy_from_slice(&steps.after);
        map.advance(k as u64, &mut steps.after, &self.drawing.of(k as u64));
        steps.lane.counts.evaluations += 1;
        [steps.arrive(1.0, k + 1.0)]
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

    fn interpolate(&self, _lane: usize, _t: f64, x: &mut [f64]) {
        // Between two steps the state is the one of the first: no sample is asked for there.
        x.copy_from_slice(&self.steps.before);
    }

    fn counts(&self, _lane: usize) -> Counts {
        self.steps.lane.counts
    }

    fn step_length(&self, _lane: usize) -> f64 {
        1.0
    }

    fn save(&self, _lane: usize) -> Vec<f64> {
        self.steps.save()
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        self.steps.restore(memory);
    }
}
