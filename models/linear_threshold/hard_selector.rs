//! The slow limit of the family: every neuron selects between its ceiling and decay.
//!
//! ```text
//! dx_i/ds = -d_i x_i + v_i,   v_i = m_i if F_i > 0,  0 if F_i < 0,  in [0, m_i] if F_i = 0 (Filippov)
//! F(x) = (W - D) x + u + stimulus
//! ```
//!
//! in the slow clock s, for finite ceilings. Source: arXiv 2604.16710, the limit tau -> inf; this form of it is the
//! one that networks with finite ceilings tend to. Where F_S = 0 the neurons S slide. Without time-varying
//! stimuli every piece is affine, so `filippov` is exact.

use super::network::Network;
use crate::prelude::*;

/// F counts as zero below this, relative to the largest.
const NEAR: f64 = 1e-9;

/// A network in its slow limit.
pub struct HardSelector {
    network: Network,
}

impl HardSelector {
    /// The slow limit of a network; its timescale does not matter.
    ///
    /// # Errors
    /// If a ceiling is infinite.
    pub fn new(network: Network) -> Result<Self, BuildError> {
        let unlimited = network.neurons.ceiling.iter().position(|m| m.is_infinite());
        if let Some(neuron) = unlimited {
            let message = format!(
                "`hard-selector` needs a finite ceiling for every neuron, and neuron {neuron} has `inf`: it would \
                 select between decay and infinity"
            );
            return Err(BuildError::about("ceiling", message)
                .help("give `ceiling` finite values, or use `dynamics = \"projected\"`"));
        }
        Ok(Self { network })
    }
}

impl System for HardSelector {
    fn layout(&self) -> &Layout {
        self.network.layout()
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Discontinuous
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        for ((dx, x), d) in dx.iter_mut().zip(x).zip(&self.network.neurons.dissipation) {
            *dx = -d * x;
        }
    }

    fn next_breakpoint(&self, t: f64) -> f64 {
        self.network.next_breakpoint(t)
    }

    fn linear(&self) -> Option<&dyn Linear> {
        self.network.is_steady().then_some(self)
    }

    fn selector(&self) -> Option<&dyn Selector> {
        Some(self)
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        System::diffusion(&self.network)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }

    fn equilibria(&self) -> Option<Equilibria> {
        let mut found = self.network.equilibria()?;
        let decay = &self.network.neurons.dissipation;
        for one in &mut found.list {
            // A sliding neuron is held by no linear piece, and reaches its place in finite time: only an equilibrium
            // at which every neuron has selected has eigenvalues.
            let slides = one.active.as_ref().is_none_or(|active| active.contains(&0));
            one.on_kink |= slides;
            one.eigenvalues = Some(match slides {
                true => vec![(f64::NAN, f64::NAN); decay.len()],
                false => decay.iter().map(|d| (-d, 0.0)).collect(),
            });
        }
        Some(found)
    }
}

impl Linear for HardSelector {
    fn generator(&self, _t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        let n = offset.len();
        offset.fill(0.0);
        matrix.fill(0.0);
        for (i, d) in self.network.neurons.dissipation.iter().enumerate() {
            matrix[i * n + i] = -d;
        }
    }
}

impl Selector for HardSelector {
    fn count(&self) -> usize {
        self.network.neurons.ceiling.len()
    }

    fn bounds(&self, k: usize) -> [f64; 2] {
        [0.0, self.network.neurons.ceiling[k]]
    }

    fn switches(&self, t: f64, x: &[f64], h: &mut [f64]) {
        self.network.pseudo_gradient(t, x, h);
    }

    fn gradient(&self, k: usize, t: f64, _x: &[f64], gradient: &mut [f64]) -> f64 {
        for (j, entry) in gradient.iter_mut().enumerate() {
            *entry = self.network.slope(k, j);
        }
        self.network.drive_rate(k, t)
    }

    fn field(&self, k: usize, _x: &[f64], field: &mut [f64]) {
        field.fill(0.0);
        field[k] = 1.0;
    }

    fn is_affine(&self) -> bool {
        self.network.is_steady()
    }

    fn is_constant(&self) -> bool {
        true
    }

    fn add(&self, _x: &[f64], v: &[f64], dx: &mut [f64]) {
        for (dx, v) in dx.iter_mut().zip(v) {
            *dx += v;
        }
    }
}

impl Observables for HardSelector {
    fn list(&self) -> &[Variable] {
        Observables::list(&self.network)
    }

    fn prepare(&self, index: usize) -> Result<(), BuildError> {
        self.network.prepare(index)
    }

    fn observe(&self, index: usize, t: f64, x: &[f64], out: &mut [f64]) {
        let neurons = &self.network.neurons;
        let scale = neurons
            .input
            .iter()
            .chain(x)
            .fold(1.0_f64, |max, v| max.max(v.abs()));
        let active = |_: usize, gradient: f64| {
            f64::from(gradient > NEAR * scale) - f64::from(gradient < -NEAR * scale)
        };
        self.network.observe_with(index, t, x, out, &active);
    }
}
