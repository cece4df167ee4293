//! `las`: the fixed-step update that a family repeats from its literature, step by step.
//!
//! What one step does is the family's ([`OwnStep`]); here it is counted, cut at edges of stimuli and at the end, driven by
//! the increments of the Brownian path, saved and restored. Between steps the state is taken to lie on a straight line.
//! A breakpoint leaves the recipe's memory alone: a published simulation does not notice that a stimulus begins.

use crate::engine::card::{Card, Needs, Orders, Stepping, Stochastic};
use crate::engine::integrate::Options;
use crate::engine::nonsmooth::fixed::Steps;
use crate::engine::outcome::Counts;
use crate::engine::scheme::{Drive, Progress, Scheme};
use crate::noise::key::Key;
use crate::noise::path::{Memo, Path};
use crate::system::noise::Calculus;
use crate::system::own_step::OwnStep;
use crate::system::{Smoothness, System};

/// The card.
pub const CARD: Card = Card {
    name: "las",
    title: "the update order of the literature, brought along by the family",
    order: 1,
    embedded_order: None,
    dense_order: 1,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 1,
    stability: "the family's: exponential steps of each variable by itself have no bound of their own",
    needs: Needs::OwnStep,
    smoothness: Smoothness::Lipschitz,
    noise: Some(Stochastic {
        calculus: Calculus::Ito,
        orders: [Orders::new(1.0, 1.0), None, None, None],
        own_channels: false,
        reflects: false,
    }),
    reference: "Liou et al., eLife 9:e50927 (2020) and its LAS-Model code",
    use_when: "comparison with published figures, step for step; otherwise any scheme at a tolerance",
};

/// The scheme at work.
pub struct Las {
    steps: Steps,
    memory: Vec<f64>,
    before: Vec<f64>,
    cell: f64,
    path: Path,
    splits: Memo,
    increments: Vec<f64>,
}

impl Las {
    /// Steps of the length that the options give, by the update of a system.
    pub fn new<S: System + ?Sized>(system: &S, own: &dyn OwnStep, options: &Options) -> Self {
        let step = options.step.unwrap_or(f64::NAN);
        let cell = options.cell.unwrap_or(step);
        let channels = system.diffusion().map_or(0, |_| own.channels());
        Self {
            steps: Steps::new(system.layout().len(), step),
            memory: vec![0.0; own.memory()],
            before: vec![0.0; own.memory()],
            cell,
            path: Path::new(&Key::of_seed(options.seed), 0.0, cell),
            splits: Memo::new(channels),
            increments: vec![0.0; channels],
        }
    }

    /// The increments of every channel between two times.
    fn draw(&mut self, from: f64, to: f64) {
        if self.increments.is_empty() {
            return;
        }
        let (from, to) = (self.path.place(from), self.path.place(to));
        let whole = from.within == 0 && to.within == 0 && to.cell == from.cell + 1;
        for (channel, increment) in self.increments.iter_mut().enumerate() {
            let channel = channel as u64;
            *increment = match whole {
                true => self.path.over_cell(from.cell, channel).w,
                false => self.path.between(from, to, channel, &mut self.splits).w,
            };
        }
    }
}

impl<S: System + ?Sized> Scheme<S, 1> for Las {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn drive(&mut self, _lane: usize, drive: &Drive<'_>) {
        self.path = Path::new(drive.key, drive.span.start, self.cell);
        self.splits = Memo::new(self.increments.len());
    }

    fn start(&mut self, system: &S, _lane: usize, t: f64, x: &[f64], _stop: f64) {
        self.steps.lane.counts = Counts::default();
        self.steps.start(t, x);
        if let Some(own) = system.own_step(CARD.name) {
            own.begin(t, x, &mut self.memory);
        }
    }

    fn restart(&mut self, _system: &S, _lane: usize, t: f64, x: &[f64]) {
        self.steps.start(t, x);
    }

    fn step(&mut self, system: &S, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        let Some(own) = system.own_step(CARD.name).filter(|_| active[0]) else {
            return [Progress::Idle];
        };
        let (h, end) = self.steps.next(limit[0]);
        let t = self.steps.lane.time;
        self.draw(t, end);
        let steps = &mut self.steps;
        steps.before.copy_from_slice(&steps.after);
        self.before.copy_from_slice(&self.memory);
        own.advance(t, h, &mut steps.after, &mut self.memory, &self.increments);
        steps.lane.counts.evaluations += 1;
        let progress = steps.arrive(h, end);
        if matches!(progress, Progress::Failed(..)) {
            self.memory.copy_from_slice(&self.before);
        }
        [progress]
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
        let mut saved = self.steps.save();
        saved.extend(&self.memory);
        saved
    }

    fn restore(&mut self, _lane: usize, memory: &[f64]) {
        let own = self.steps.restore(memory);
        self.memory.copy_from_slice(own);
    }
}
