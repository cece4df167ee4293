//! The network as a system: drift, kinks, batches and observables.
//!
//! One evaluation is one product with W and one pass over the neurons. With
//! `p_i = (1 - tau) d_i x_i + tau ((W x)_i + stimulus_i + u_i)`, the argument of the response,
//!
//! ```text
//! dx_i = rate (-d_i x_i + [p_i]_0^{m_i}),      rate = 1/tau (fast clock) or 1 (slow clock)
//! kinks: p_i = 0 and m_i - p_i = 0
//! ```

use std::sync::{Arc, OnceLock};

use super::equilibria::Problem;
use super::neurons::{Neurons, respond, respond_on};
use super::observables;
use super::stability::{Stability, Unstable, linear_part, stability};
use crate::prelude::*;

/// Which time the network runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// t = tau s.
    Fast,
    /// s.
    Slow,
}

/// A linear-threshold network. Cloning shares the weights.
#[derive(Clone)]
pub struct Network {
    pub(super) names: Arc<Names>,
    weights: Arc<PackedMatrix>,
    pub(super) neurons: Neurons,
    saturating: bool,
    noise: Option<Vec<f64>>,
    drive: Drive,
    stability: OnceLock<Result<Stability, Unstable>>,
}

/// What a network of this size is made of, in words: the same for all of them.
pub(super) struct Names {
    layout: Layout,
    pub(super) observables: Vec<Variable>,
}

impl Names {
    fn new(n: usize) -> Self {
        let x = Variable::new("x", vec![Axis::new("neuron", n)]);
        Self {
            layout: Layout::new().block(x.meaning("firing rate of each neuron"), 0.0),
            observables: observables::list(n),
        }
    }
}

impl Network {
    /// A network with unit dissipation, no input, no ceiling and tau = 1.
    ///
    /// # Panics
    /// If `weights` is not square.
    pub fn new(weights: Arc<PackedMatrix>) -> Self {
        let names = Arc::new(Names::new(weights.rows()));
        Self::named(names, weights)
    }

    fn named(names: Arc<Names>, weights: Arc<PackedMatrix>) -> Self {
        assert_eq!(weights.rows(), weights.columns(), "W is square");
        let n = weights.rows();
        Self {
            names,
            weights,
            neurons: Neurons::new(n),
            saturating: false,
            noise: None,
            drive: Drive::default(),
            stability: OnceLock::new(),
        }
    }

    /// The network of checked parameters.
    ///
    /// # Errors
    /// If a stimulus names cells that do not exist.
    pub fn build(build: &Build<'_>) -> Result<Self, BuildError> {
        let parameters = build.parameters;
        let weights = parameters.array("weights");
        let n = weights.shape[0];
        let packed = build
            .share
            .of(weights, |weights| PackedMatrix::new(n, n, &weights.data));
        // The limits have no timescale and no clock of their own.
        let (timescale, clock) = match build.dynamics {
            "network" => (parameters.real("timescale"), parameters.text("clock")),
            _ => (1.0, "fast"),
        };
        let clock = match clock {
            "slow" => Clock::Slow,
            _ => Clock::Fast,
        };
        let names = build.share.of(weights, |_| Names::new(n));
        Ok(Self::named(names, packed)
            .dissipation(parameters.vector("dissipation"))
            .input(parameters.vector("input"))
            .ceiling(parameters.vector("ceiling"))
            .timescale(timescale, clock)
            .noise(parameters.vector("noise"))
            .drive(Drive::new(build.stimuli, "input", n, None)?))
    }

    /// The same network with these dissipations d > 0.
    pub fn dissipation(mut self, dissipation: &[f64]) -> Self {
        self.stability = OnceLock::new();
        self.neurons.dissipation.copy_from_slice(dissipation);
        self.neurons.mix();
        self
    }

    /// The same network with these inputs u.
    pub fn input(mut self, input: &[f64]) -> Self {
        self.stability = OnceLock::new();
        self.neurons.input.copy_from_slice(input);
        self
    }

    /// The same network with these ceilings m > 0, infinite allowed.
    pub fn ceiling(mut self, ceiling: &[f64]) -> Self {
        self.stability = OnceLock::new();
        self.neurons.ceiling.copy_from_slice(ceiling);
        self.saturating = ceiling.iter().any(|m| m.is_finite());
        self
    }

    /// The member of the family with this tau, in this clock.
    pub fn timescale(mut self, timescale: f64, clock: Clock) -> Self {
        self.neurons.timescale.fill(timescale);
        self.neurons.rate.fill(match clock {
            Clock::Fast => 1.0 / timescale,
            Clock::Slow => 1.0,
        });
        self.neurons.mix();
        self
    }

    /// The same network with additive white noise of these standard deviations per root of time.
    pub fn noise(mut self, noise: &[f64]) -> Self {
        self.noise = noise.iter().any(|&sd| sd > 0.0).then(|| noise.to_vec());
        self
    }

    /// The same network with these stimuli on its input.
    pub fn drive(mut self, drive: Drive) -> Self {
        self.drive = drive;
        self
    }

    /// (W x)_i + stimulus_i(t)
    pub(super) fn recurrent(&self, t: f64, x: &[f64], out: &mut [f64]) {
        self.weights.times(x, out);
        self.drive.add(t, out);
    }

    /// F(x) = (W - D) x + u + stimulus.
    pub(super) fn pseudo_gradient(&self, t: f64, x: &[f64], out: &mut [f64]) {
        self.recurrent(t, x, out);
        let neurons = &self.neurons;
        for (i, out) in out.iter_mut().enumerate() {
            *out = *out + neurons.input[i] - neurons.dissipation[i] * x[i];
        }
    }

    /// dF_i / dx_j
    pub(super) fn slope(&self, i: usize, j: usize) -> f64 {
        let leak = if i == j {
            self.neurons.dissipation[i]
        } else {
            0.0
        };
        self.weights.entry(i, j) - leak
    }

    /// dF_i / dt at fixed x: the slope of the stimuli.
    pub(super) fn drive_rate(&self, i: usize, t: f64) -> f64 {
        self.drive.rate(i, t)
    }

    /// Whether the stimuli are constant between their edges.
    pub(super) fn is_steady(&self) -> bool {
        self.drive.is_steady()
    }

    /// m / d: the upper corner of the box.
    pub(super) fn bound(&self) -> Vec<f64> {
        let neurons = &self.neurons;
        let bound = neurons.ceiling.iter().zip(&neurons.dissipation);
        bound.map(|(m, d)| m / d).collect()
    }

    /// The complementarity problem of the equilibria without stimuli.
    fn problem(&self) -> Problem {
        Problem {
            a: linear_part(&self.weights, &self.neurons.dissipation),
            input: self.neurons.input.to_vec().into(),
            bound: self.bound().into(),
        }
    }

    /// Certificate and equilibrium without stimuli, worked out at the first call.
    ///
    /// # Errors
    /// If the network is not Lyapunov diagonally stable.
    pub fn stability(&self) -> Result<&Stability, &Unstable> {
        self.stability
            .get_or_init(|| stability(&self.problem()))
            .as_ref()
    }
}

impl System for Network {
    fn layout(&self) -> &Layout {
        &self.names.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Lipschitz
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        self.recurrent(t, x, dx);
        respond(&self.neurons, x, dx);
    }

    fn next_breakpoint(&self, t: f64) -> f64 {
        self.drive.next_breakpoint(t)
    }

    fn kinks(&self) -> Option<&dyn Kinks> {
        Some(self)
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        self.noise.as_ref().map(|_| self as &dyn Diffusion)
    }

    fn batch(&self) -> Option<&dyn Batch> {
        Some(self)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }

    fn equilibria(&self) -> Option<Equilibria> {
        if self.drive != Drive::default() {
            return None;
        }
        let Neurons {
            dissipation,
            timescale,
            rate,
            ..
        } = &self.neurons;
        let found = self.problem();
        Some(found.equilibria(dissipation, timescale[0], rate[0]))
    }
}

impl Kinks for Network {
    fn count(&self) -> usize {
        let n = self.weights.rows();
        if self.saturating { 2 * n } else { n }
    }

    fn surfaces(&self, t: f64, x: &[f64], g: &mut [f64]) {
        let (floor, ceiling) = g.split_at_mut(self.weights.rows());
        self.recurrent(t, x, floor);
        for (i, g) in floor.iter_mut().enumerate() {
            *g = self.neurons.argument(i, x[i], *g);
        }
        for (g, (p, m)) in ceiling
            .iter_mut()
            .zip(floor.iter().zip(&self.neurons.ceiling))
        {
            *g = m - p;
        }
    }

    fn drift_on(&self, sides: &[f64], t: f64, x: &[f64], dx: &mut [f64], g: &mut [f64]) {
        self.recurrent(t, x, dx);
        respond_on(&self.neurons, self.saturating, sides, x, dx, g);
    }
}

impl Diffusion for Network {
    fn channels(&self) -> usize {
        self.weights.rows()
    }

    fn class(&self) -> NoiseClass {
        NoiseClass::Additive
    }

    fn is_constant(&self) -> bool {
        true
    }

    fn diffusion(&self, _t: f64, _x: &[f64], b: &mut [f64]) {
        match &self.noise {
            Some(noise) => b.copy_from_slice(noise),
            None => b.fill(0.0),
        }
    }
}

impl Batch for Network {
    fn joins(&self, other: &dyn System) -> bool {
        other
            .batch()
            .and_then(|batch| batch.as_any().downcast_ref::<Network>())
            .is_some_and(|other| {
                Arc::ptr_eq(&self.weights, &other.weights) && self.saturating == other.saturating
            })
    }

    fn lanes(&self) -> Box<dyn Lanes> {
        Box::new(NetworkLanes {
            weights: Arc::clone(&self.weights),
            saturating: self.saturating,
            drives: std::array::from_fn(|_| self.drive.clone()),
            one_drive: true,
            noise: self
                .noise
                .iter()
                .flatten()
                .flat_map(|&sd| [sd; LANES])
                .collect(),
            neurons: self.neurons.spread(),
        })
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Networks that share their weights, lanes innermost.
struct NetworkLanes {
    weights: Arc<PackedMatrix>,
    saturating: bool,
    drives: [Drive; LANES],
    /// Whether all lanes have the same stimuli.
    one_drive: bool,
    noise: Vec<f64>,
    neurons: Neurons,
}

impl NetworkLanes {
    fn recurrent(&self, t: &[f64; LANES], x: &[f64], out: &mut [f64]) {
        self.weights.times_lanes(x, out);
        if self.one_drive {
            self.drives[0].add_lanes(t, out);
        } else {
            for (lane, (drive, &t)) in self.drives.iter().zip(t).enumerate() {
                drive.add_lane(lane, t, out);
            }
        }
    }
}

impl Lanes for NetworkLanes {
    fn assign(&mut self, lane: usize, system: &dyn System) {
        // Only systems that `joins` accepted are assigned, and those are networks.
        let Some(network) = system
            .batch()
            .and_then(|batch| batch.as_any().downcast_ref::<Network>())
        else {
            unreachable!("a lane of networks was given another system");
        };
        self.neurons.assign(lane, &network.neurons);
        let noise = self.noise.iter_mut().skip(lane).step_by(LANES);
        for (into, &sd) in noise.zip(network.noise.iter().flatten()) {
            *into = sd;
        }
        if self.drives[lane] != network.drive {
            self.drives[lane].clone_from(&network.drive);
            self.one_drive = self.drives.iter().all(|drive| *drive == self.drives[0]);
        }
    }

    fn drift(&self, t: &[f64; LANES], x: &[f64], dx: &mut [f64]) {
        self.recurrent(t, x, dx);
        respond(&self.neurons, x, dx);
    }

    fn diffusion(&self, _t: &[f64; LANES], _x: &[f64], b: &mut [f64]) {
        b.copy_from_slice(&self.noise);
    }

    fn drift_on(&self, sides: &[f64], t: &[f64; LANES], x: &[f64], dx: &mut [f64], g: &mut [f64]) {
        self.recurrent(t, x, dx);
        respond_on(&self.neurons, self.saturating, sides, x, dx, g);
    }
}
