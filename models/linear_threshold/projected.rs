//! The fast limit of the family: projected dynamics on the box.
//!
//! ```text
//! x' = Pi_{T_C(x)} [F(x)],   F(x) = (W - D) x + u + stimulus,   C = {0 <= x_i <= m_i / d_i}
//! ```
//!
//! in the fast clock t. A neuron at a bound whose F points outwards stays there; all others follow F. Source: arXiv
//! 2604.16710, the limit tau -> 0. Without time-varying stimuli every piece is affine, so `projected` is exact.

use super::network::Network;
use crate::prelude::*;

/// A network in its fast limit.
pub struct Projected {
    network: Network,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Projected {
    /// The fast limit of a network; its timescale does not matter.
    pub fn new(network: Network) -> Self {
        Self {
            lower: vec![0.0; network.neurons.input.len()],
            upper: network.bound(),
            network,
        }
    }
}

impl System for Projected {
    fn layout(&self) -> &Layout {
        self.network.layout()
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        self.network.pseudo_gradient(t, x, dx);
    }

    fn next_breakpoint(&self, t: f64) -> f64 {
        self.network.next_breakpoint(t)
    }

    fn linear(&self) -> Option<&dyn Linear> {
        self.network.is_steady().then_some(self)
    }

    fn constraint(&self) -> Option<&dyn Constraint> {
        Some(self)
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        System::diffusion(&self.network)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }

    fn equilibria(&self) -> Option<Equilibria> {
        self.network.equilibria()
    }
}

impl Constraint for Projected {
    fn shape(&self) -> ClosedSet<'_> {
        ClosedSet::Box {
            lower: &self.lower,
            upper: &self.upper,
        }
    }
}

impl Linear for Projected {
    fn generator(&self, t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        let n = offset.len();
        for (i, row) in matrix.chunks_exact_mut(n.max(1)).enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                *entry = self.network.slope(i, j);
            }
        }
        self.network
            .pseudo_gradient(t.next_up(), &vec![0.0; n], offset);
    }
}

impl Observables for Projected {
    fn list(&self) -> &[Variable] {
        Observables::list(&self.network)
    }

    fn prepare(&self, index: usize) -> Result<(), BuildError> {
        self.network.prepare(index)
    }

    fn observe(&self, index: usize, t: f64, x: &[f64], out: &mut [f64]) {
        // At a bound, and held there.
        let active = |i: usize, gradient: f64| {
            let floor = x[i] <= self.lower[i] && gradient <= 0.0;
            let ceiling = x[i] >= self.upper[i] && gradient >= 0.0;
            f64::from(ceiling) - f64::from(floor)
        };
        self.network.observe_with(index, t, x, out, &active);
    }
}
