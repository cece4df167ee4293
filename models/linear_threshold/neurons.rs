//! The neurons' inner loops: from the product W x to the drift, one lane or eight.
//!
//! One number per neuron, or per neuron and lane with lanes innermost, each quantity in an array of its own:
//! the loops run in vector registers and are the same for one run as for eight.

use multiversion::multiversion;

use crate::prelude::*;

/// What the inner loops need of every neuron, L lanes.
#[derive(Clone, Debug, PartialEq)]
pub struct Neurons {
    /// d
    pub dissipation: Aligned,
    /// (1 - tau) d
    pub leak: Aligned,
    /// u
    pub input: Aligned,
    /// m
    pub ceiling: Aligned,
    /// tau; one number per neuron, so that the inner loops know nothing of lanes
    pub timescale: Aligned,
    /// 1/tau in the fast clock, 1 in the slow one; likewise
    pub rate: Aligned,
}

impl Neurons {
    /// Neurons of unit dissipation without input and ceiling, tau = 1.
    pub fn new(n: usize) -> Self {
        Self {
            dissipation: Aligned::filled(n, 1.0),
            leak: Aligned::zeros(n),
            input: Aligned::zeros(n),
            ceiling: Aligned::filled(n, f64::INFINITY),
            timescale: Aligned::filled(n, 1.0),
            rate: Aligned::filled(n, 1.0),
        }
    }

    /// Bring the leak up to date with dissipation and timescale.
    pub fn mix(&mut self) {
        for (i, leak) in self.leak.iter_mut().enumerate() {
            *leak = (1.0 - self.timescale[i]) * self.dissipation[i];
        }
    }

    /// Lanes that all follow these neurons.
    pub fn spread(&self) -> Neurons {
        let spread = |values: &[f64]| {
            let lanes: Vec<_> = values.iter().map(|&value| [value; LANES]).collect();
            Aligned::from(lanes.as_flattened())
        };
        Neurons {
            dissipation: spread(&self.dissipation),
            leak: spread(&self.leak),
            input: spread(&self.input),
            ceiling: spread(&self.ceiling),
            timescale: spread(&self.timescale),
            rate: spread(&self.rate),
        }
    }

    /// Let a lane of a batch follow other neurons.
    pub fn assign(&mut self, lane: usize, neurons: &Neurons) {
        for (lanes, values) in [
            (&mut self.dissipation, &neurons.dissipation),
            (&mut self.leak, &neurons.leak),
            (&mut self.input, &neurons.input),
            (&mut self.ceiling, &neurons.ceiling),
            (&mut self.timescale, &neurons.timescale),
            (&mut self.rate, &neurons.rate),
        ] {
            for (lanes, &value) in lanes.chunks_exact_mut(LANES).zip(values) {
                lanes[lane] = value;
            }
        }
    }

    /// p, the argument of the response at place `i`; `drive` is (W x) + stimulus.
    #[inline(always)]
    pub fn argument(&self, i: usize, x: f64, drive: f64) -> f64 {
        self.leak[i] * x + self.timescale[i] * (drive + self.input[i])
    }
}

/// `dx` holds W x + stimulus and becomes rate (-d x + [p]_0^m).
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn respond(neurons: &Neurons, x: &[f64], dx: &mut [f64]) {
    let length = dx.len();
    let (x, dissipation) = (&x[..length], &neurons.dissipation[..length]);
    let (leak, input) = (&neurons.leak[..length], &neurons.input[..length]);
    let (timescale, rate) = (&neurons.timescale[..length], &neurons.rate[..length]);
    let ceiling = &neurons.ceiling[..length];
    for i in 0..length {
        let p = leak[i] * x[i] + timescale[i] * (dx[i] + input[i]);
        let above = if p > 0.0 { p } else { 0.0 };
        let response = if above < ceiling[i] {
            above
        } else {
            ceiling[i]
        };
        dx[i] = rate[i] * (response - dissipation[i] * x[i]);
    }
}

/// As [`respond`] on the piece given by `sides`, and the surfaces into `g`: p for every neuron, then,
/// if any neuron saturates, m - p.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn respond_on(
    neurons: &Neurons,
    saturating: bool,
    sides: &[f64],
    x: &[f64],
    dx: &mut [f64],
    g: &mut [f64],
) {
    let length = dx.len();
    let (x, dissipation) = (&x[..length], &neurons.dissipation[..length]);
    let (leak, input) = (&neurons.leak[..length], &neurons.input[..length]);
    let (timescale, rate) = (&neurons.timescale[..length], &neurons.rate[..length]);
    let (above_floor, below_ceiling) = sides.split_at(length);
    let (floor, top) = g.split_at_mut(length);
    let above_floor = &above_floor[..length];
    if !saturating {
        for i in 0..length {
            let p = leak[i] * x[i] + timescale[i] * (dx[i] + input[i]);
            floor[i] = p;
            let response = if above_floor[i] > 0.0 { p } else { 0.0 };
            dx[i] = rate[i] * (response - dissipation[i] * x[i]);
        }
        return;
    }
    let ceiling = &neurons.ceiling[..length];
    let (below_ceiling, top) = (&below_ceiling[..length], &mut top[..length]);
    for i in 0..length {
        let p = leak[i] * x[i] + timescale[i] * (dx[i] + input[i]);
        floor[i] = p;
        top[i] = ceiling[i] - p;
        // A neuron without a ceiling is always below it; above it, it is also above the floor.
        let linear = if below_ceiling[i] < 0.0 {
            ceiling[i]
        } else {
            p
        };
        let response = if above_floor[i] > 0.0 { linear } else { 0.0 };
        dx[i] = rate[i] * (response - dissipation[i] * x[i]);
    }
}
