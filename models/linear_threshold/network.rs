//! The network as a system: drift, kinks, batches and observables.
//!
//! One evaluation is one product with W and one pass over the neurons. With
//! `p_i = (1 - tau) d_i x_i + tau ((W x)_i + stimulus_i + u_i)`, the argument of the response,
//!
//! ```text
//! dx_i = rate (-d_i x_i + [p_i]_0^{m_i}),      rate = 1/tau (fast clock) or 1 (slow clock)
//! kinks: p_i = 0 and m_i - p_i = 0
//! ```

use std::sync::Arc;

use crate::prelude::*;

/// The observables of the network.
pub const OBSERVABLES: &[ObservableCard] = &[
    ObservableCard {
        name: "pseudo_gradient",
        axes: &["neuron"],
        unit: "1",
        meaning: "F(x) = (W - D) x + u, stimuli included",
        dynamics: &[],
    },
    ObservableCard {
        name: "active_set",
        axes: &["neuron"],
        unit: "1",
        meaning: "-1 where the response is at the floor, +1 where it is at the ceiling, else 0",
        dynamics: &[],
    },
];

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
    layout: Layout,
    observables: Vec<Variable>,
    weights: Arc<PackedMatrix>,
    neurons: Vec<Neuron>,
    timescale: f64,
    rate: f64,
    saturating: bool,
    noise: Option<Vec<f64>>,
    drive: Drive,
}

/// What one neuron needs in the inner loop.
#[derive(Clone, Copy, Debug)]
struct Neuron {
    dissipation: f64,
    /// (1 - tau) d
    leak: f64,
    input: f64,
    ceiling: f64,
}

impl Neuron {
    /// p, the argument of the response; `drive` is (W x)_i + stimulus_i.
    #[inline(always)]
    fn argument(&self, timescale: f64, x: f64, drive: f64) -> f64 {
        self.leak * x + timescale * (drive + self.input)
    }

    /// rate (-d x + response)
    #[inline(always)]
    fn drift(&self, rate: f64, x: f64, response: f64) -> f64 {
        rate * (response - self.dissipation * x)
    }
}

/// The response of the piece given by the sides of the two kinks, continued beyond its borders.
#[inline(always)]
fn piece(above_floor: f64, below_ceiling: f64, p: f64, ceiling: f64) -> f64 {
    let free = if below_ceiling > 0.0 { p } else { ceiling };
    if above_floor > 0.0 { free } else { 0.0 }
}

impl Network {
    /// A network with unit dissipation, no input, no ceiling and tau = 1.
    ///
    /// # Panics
    /// If `weights` is not square.
    pub fn new(weights: Arc<PackedMatrix>) -> Self {
        assert_eq!(weights.rows(), weights.columns(), "W is square");
        let n = weights.rows();
        let neuron = || vec![Axis::new("neuron", n)];
        let x = Variable::new("x", neuron()).meaning("firing rate of each neuron");
        let observables = OBSERVABLES
            .iter()
            .map(|card| {
                Variable::new(card.name, neuron())
                    .unit(card.unit)
                    .meaning(card.meaning)
            })
            .collect();
        Self {
            layout: Layout::new().block(x, 0.0),
            observables,
            weights,
            neurons: vec![
                Neuron {
                    dissipation: 1.0,
                    leak: 0.0,
                    input: 0.0,
                    ceiling: f64::INFINITY,
                };
                n
            ],
            timescale: 1.0,
            rate: 1.0,
            saturating: false,
            noise: None,
            drive: Drive::default(),
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
        let packed = Arc::new(PackedMatrix::new(n, n, &weights.data));
        let clock = match parameters.text("clock") {
            "slow" => Clock::Slow,
            _ => Clock::Fast,
        };
        Ok(Self::new(packed)
            .dissipation(parameters.vector("dissipation"))
            .input(parameters.vector("input"))
            .ceiling(parameters.vector("ceiling"))
            .timescale(parameters.real("timescale"), clock)
            .noise(parameters.vector("noise"))
            .drive(Drive::new(build.stimuli, "input", n, None)?))
    }

    /// The same network with these dissipations d > 0.
    pub fn dissipation(mut self, dissipation: &[f64]) -> Self {
        for (neuron, &d) in self.neurons.iter_mut().zip(dissipation) {
            neuron.dissipation = d;
            neuron.leak = (1.0 - self.timescale) * d;
        }
        self
    }

    /// The same network with these inputs u.
    pub fn input(mut self, input: &[f64]) -> Self {
        for (neuron, &u) in self.neurons.iter_mut().zip(input) {
            neuron.input = u;
        }
        self
    }

    /// The same network with these ceilings m > 0, infinite allowed.
    pub fn ceiling(mut self, ceiling: &[f64]) -> Self {
        for (neuron, &m) in self.neurons.iter_mut().zip(ceiling) {
            neuron.ceiling = m;
        }
        self.saturating = ceiling.iter().any(|m| m.is_finite());
        self
    }

    /// The member of the family with this tau, in this clock.
    pub fn timescale(mut self, timescale: f64, clock: Clock) -> Self {
        self.timescale = timescale;
        self.rate = match clock {
            Clock::Fast => 1.0 / timescale,
            Clock::Slow => 1.0,
        };
        for neuron in &mut self.neurons {
            neuron.leak = (1.0 - timescale) * neuron.dissipation;
        }
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
    fn recurrent(&self, t: f64, x: &[f64], out: &mut [f64]) {
        self.weights.times(x, out);
        self.drive.add(t, out, 1, 0);
    }
}

impl System for Network {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Lipschitz
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        self.recurrent(t, x, dx);
        for ((dx, &x), neuron) in dx.iter_mut().zip(x).zip(&self.neurons) {
            let p = neuron.argument(self.timescale, x, *dx);
            *dx = neuron.drift(self.rate, x, p.max(0.0).min(neuron.ceiling));
        }
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
}

impl Kinks for Network {
    fn count(&self) -> usize {
        let n = self.neurons.len();
        if self.saturating { 2 * n } else { n }
    }

    fn surfaces(&self, t: f64, x: &[f64], g: &mut [f64]) {
        let (floor, ceiling) = g.split_at_mut(self.neurons.len());
        self.recurrent(t, x, floor);
        for ((g, &x), neuron) in floor.iter_mut().zip(x).zip(&self.neurons) {
            *g = neuron.argument(self.timescale, x, *g);
        }
        for ((g, p), neuron) in ceiling.iter_mut().zip(floor).zip(&self.neurons) {
            *g = neuron.ceiling - *p;
        }
    }

    fn drift_on(&self, sides: &[f64], t: f64, x: &[f64], dx: &mut [f64], g: &mut [f64]) {
        let n = self.neurons.len();
        self.recurrent(t, x, dx);
        let (above_floor, below_ceiling) = sides.split_at(n);
        let (floor, ceiling) = g.split_at_mut(n);
        for i in 0..n {
            let neuron = &self.neurons[i];
            let p = neuron.argument(self.timescale, x[i], dx[i]);
            let mut below = 1.0;
            if self.saturating {
                ceiling[i] = neuron.ceiling - p;
                below = below_ceiling[i];
            }
            floor[i] = p;
            let response = piece(above_floor[i], below, p, neuron.ceiling);
            dx[i] = neuron.drift(self.rate, x[i], response);
        }
    }
}

impl Diffusion for Network {
    fn channels(&self) -> usize {
        self.neurons.len()
    }

    fn class(&self) -> NoiseClass {
        NoiseClass::Additive
    }

    fn diffusion(&self, _t: f64, _x: &[f64], b: &mut [f64]) {
        match &self.noise {
            Some(noise) => b.copy_from_slice(noise),
            None => b.fill(0.0),
        }
    }
}

impl Observables for Network {
    fn list(&self) -> &[Variable] {
        &self.observables
    }

    fn observe(&self, index: usize, t: f64, x: &[f64], out: &mut [f64]) {
        self.recurrent(t, x, out);
        for ((out, &x), neuron) in out.iter_mut().zip(x).zip(&self.neurons) {
            *out = match OBSERVABLES[index].name {
                "pseudo_gradient" => *out + neuron.input - neuron.dissipation * x,
                _ => {
                    let p = neuron.argument(self.timescale, x, *out);
                    f64::from(p >= neuron.ceiling) - f64::from(p <= 0.0)
                }
            };
        }
    }
}

impl Batch for Network {
    fn joins(&self, other: &dyn System) -> bool {
        other
            .batch()
            .and_then(|batch| batch.as_any().downcast_ref::<Network>())
            .is_some_and(|other| {
                Arc::ptr_eq(&self.weights, &other.weights)
                    && self.saturating == other.saturating
                    && self.noise.is_none()
                    && other.noise.is_none()
            })
    }

    fn lanes(&self, lanes: usize) -> Box<dyn Lanes> {
        Box::new(NetworkLanes {
            lanes,
            weights: Arc::clone(&self.weights),
            saturating: self.saturating,
            timescale: vec![self.timescale; lanes],
            rate: vec![self.rate; lanes],
            drives: vec![Drive::default(); lanes],
            neurons: self
                .neurons
                .iter()
                .flat_map(|&neuron| std::iter::repeat_n(neuron, lanes))
                .collect(),
        })
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Networks that share their weights, lanes innermost.
struct NetworkLanes {
    lanes: usize,
    weights: Arc<PackedMatrix>,
    saturating: bool,
    timescale: Vec<f64>,
    rate: Vec<f64>,
    drives: Vec<Drive>,
    /// `[neuron, lane]`
    neurons: Vec<Neuron>,
}

impl NetworkLanes {
    fn recurrent(&self, t: &[f64], x: &[f64], out: &mut [f64]) {
        self.weights.times_lanes(self.lanes, x, out);
        for (lane, (drive, &t)) in self.drives.iter().zip(t).enumerate() {
            drive.add(t, out, self.lanes, lane);
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
        self.timescale[lane] = network.timescale;
        self.rate[lane] = network.rate;
        self.drives[lane].clone_from(&network.drive);
        for (neurons, &neuron) in self
            .neurons
            .chunks_exact_mut(self.lanes)
            .zip(&network.neurons)
        {
            neurons[lane] = neuron;
        }
    }

    fn drift(&self, t: &[f64], x: &[f64], dx: &mut [f64]) {
        self.recurrent(t, x, dx);
        let rows = dx
            .chunks_exact_mut(self.lanes)
            .zip(x.chunks_exact(self.lanes));
        for ((dx, x), neurons) in rows.zip(self.neurons.chunks_exact(self.lanes)) {
            for lane in 0..self.lanes {
                let neuron = &neurons[lane];
                let p = neuron.argument(self.timescale[lane], x[lane], dx[lane]);
                let response = p.max(0.0).min(neuron.ceiling);
                dx[lane] = neuron.drift(self.rate[lane], x[lane], response);
            }
        }
    }

    fn drift_on(&self, sides: &[f64], t: &[f64], x: &[f64], dx: &mut [f64], g: &mut [f64]) {
        let n = dx.len();
        self.recurrent(t, x, dx);
        let (above_floor, below_ceiling) = sides.split_at(n);
        let (floor, ceiling) = g.split_at_mut(n);
        for i in 0..n {
            let (neuron, lane) = (&self.neurons[i], i % self.lanes);
            let p = neuron.argument(self.timescale[lane], x[i], dx[i]);
            let mut below = 1.0;
            if self.saturating {
                ceiling[i] = neuron.ceiling - p;
                below = below_ceiling[i];
            }
            floor[i] = p;
            let response = piece(above_floor[i], below, p, neuron.ceiling);
            dx[i] = neuron.drift(self.rate[lane], x[i], response);
        }
    }
}
