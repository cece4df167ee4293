//! Leaky integrate-and-fire neurons `v_i' = I_i - v_i`, which fire at a threshold, begin again at 0 and kick others: alone the
//! period is ln(I / (I - 1)).

use std::ops::Range;

use nullcline::prelude::*;

pub struct Neurons {
    layout: Layout,
    pub drive: Vec<f64>,
    pub threshold: f64,
    /// Whom each kicks, and by how much.
    pub targets: Vec<Vec<usize>>,
    pub coupling: f64,
    /// Whether each neuron is a part of its own.
    pub in_parts: bool,
}

impl Neurons {
    /// Neurons that know nothing of each other, in one piece.
    pub fn new(drive: Vec<f64>) -> Self {
        let axis = Axis::new("neuron", drive.len());
        Self {
            layout: Layout::new().block(Variable::new("v", vec![axis]), 0.0),
            threshold: 1.0,
            targets: vec![Vec::new(); drive.len()],
            coupling: 0.0,
            in_parts: false,
            drive,
        }
    }

    pub fn in_parts(mut self) -> Self {
        self.in_parts = true;
        self
    }

    pub fn coupled(mut self, targets: Vec<Vec<usize>>, coupling: f64) -> Self {
        (self.targets, self.coupling) = (targets, coupling);
        self
    }
}

impl System for Neurons {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        for ((dx, x), drive) in dx.iter_mut().zip(x).zip(&self.drive) {
            *dx = drive - x;
        }
    }

    fn guards(&self) -> Option<&dyn Guards> {
        Some(self)
    }
}

impl Guards for Neurons {
    fn count(&self) -> usize {
        self.drive.len()
    }

    fn name(&self, _guard: usize) -> &str {
        "spike"
    }

    fn direction(&self, _guard: usize) -> Direction {
        Direction::Rising
    }

    fn action(&self, _guard: usize) -> Action {
        Action::Reset
    }

    fn values(&self, _t: f64, x: &[f64], g: &mut [f64]) {
        for (g, x) in g.iter_mut().zip(x) {
            *g = x - self.threshold;
        }
    }

    fn reset(&self, guard: usize, t: f64, x: &mut [f64]) {
        parts::reset(self, guard, t, x);
    }

    fn parts(&self) -> Option<&dyn Parts> {
        self.in_parts.then_some(self)
    }
}

impl Parts for Neurons {
    fn count(&self) -> usize {
        self.drive.len()
    }

    fn size(&self) -> usize {
        1
    }

    fn component(&self, part: usize, _k: usize) -> usize {
        part
    }

    fn drift(&self, part: usize, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = self.drive[part] - x[0];
    }

    fn guards(&self, part: usize) -> Range<usize> {
        part..part + 1
    }

    fn part_of(&self, guard: usize) -> usize {
        guard
    }

    fn values(&self, _part: usize, _t: f64, x: &[f64], g: &mut [f64]) {
        g[0] = x[0] - self.threshold;
    }

    fn reset(&self, _guard: usize, _t: f64, x: &mut [f64]) {
        x[0] = 0.0;
    }

    fn targets(&self, guard: usize) -> &[usize] {
        &self.targets[guard]
    }

    fn kick(&self, _guard: usize, _target: usize, _t: f64, x: &mut [f64]) {
        x[0] += self.coupling;
    }
}
