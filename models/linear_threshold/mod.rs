//! Linear-threshold networks: firing rates with asymmetric weights and a saturating threshold.
//!
//! ```text
//! network      x' = -D x + [W x + u]_0^m                            [z]_0^m = min(max(z, 0), m)
//! family       slow clock s:  dx/ds = -D x + [D x + tau F(x)]_0^m,  F(x) = (W - D) x + u
//!              fast clock t:  dx/dt = (dx/ds) / tau,                t = tau s
//! ```
//!
//! State `x [neuron]`, dimensionless rates; time dimensionless; `tau = 1` is the network itself, and
//! every `tau` has the same equilibria. Source: Retnaraj, Betteti, Davydov, Bullo, Cortes, *Timescale
//! Limits of Linear-Threshold Networks*, arXiv 2604.16710 (2026); the algebraic form of the family is
//! the one that its stated properties force, up to the scaling of time.

mod analyses;
mod certificate;
mod equilibria;
mod network;
mod neurons;
mod observables;
mod patterns;
mod random;
mod stability;
mod uniqueness;

pub use certificate::{Certificate, Refusal, best, certify};
pub use equilibria::Problem;
pub use network::{Clock, Network};
pub use stability::{Stability, Unstable};

use crate::prelude::*;

/// The family `linear-threshold`.
pub struct LinearThreshold;

const PAPER: &str = "arXiv 2604.16710";

const PARAMETERS: &[Parameter] = &[
    Parameter::matrix("weights", "n", "n")
        .meaning("W: the weight from neuron j (column) to neuron i (row)")
        .source(PAPER)
        .generators(random::GENERATORS),
    Parameter::vector("dissipation", "n")
        .or(1.0)
        .range(Range::POSITIVE)
        .meaning("d: the decay rate of each neuron, the diagonal of D")
        .source(PAPER),
    Parameter::vector("input", "n")
        .or(0.0)
        .meaning("u: the constant input of each neuron")
        .source(PAPER),
    Parameter::vector("ceiling", "n")
        .or(f64::INFINITY)
        .range(Range::POSITIVE_OR_INFINITE)
        .meaning("m: the saturation of each neuron's response")
        .source("assumed: the paper's networks saturate, its values are the user's"),
    Parameter::real("timescale")
        .or(1.0)
        .range(Range::POSITIVE)
        .only(&["network"])
        .meaning("tau: the member of the family; 1 is the network itself")
        .source("derived from the properties stated in arXiv 2604.16710"),
    Parameter::choice("clock", &["fast", "slow"])
        .fallback(Fallback::Text("fast"))
        .only(&["network"])
        .meaning("the time the network runs in: fast t or slow s, t = tau s")
        .source("derived from the properties stated in arXiv 2604.16710"),
    Parameter::vector("noise", "n")
        .or(0.0)
        .range(Range::NON_NEGATIVE)
        .unit("1/sqrt(time)")
        .meaning("standard deviation of additive white noise per neuron and root of time")
        .source("assumed"),
];

impl Family for LinearThreshold {
    fn name(&self) -> &'static str {
        "linear-threshold"
    }

    fn title(&self) -> &'static str {
        "Firing-rate networks with a saturating threshold, and their timescale family"
    }

    fn card(&self) -> &'static str {
        "x' = -D x + [W x + u]_0^m with [z]_0^m = min(max(z, 0), m), componentwise.\n\
         The family with timescale tau: dx/ds = -D x + [D x + tau F(x)]_0^m, F(x) = (W - D) x + u, in the\n\
         slow clock s; in the fast clock t = tau s it is 1/tau times as fast. tau = 1 is the network itself.\n\
         Source: Retnaraj, Betteti, Davydov, Bullo, Cortes, Timescale Limits of Linear-Threshold Networks,\n\
         arXiv 2604.16710 (2026). The algebraic form of the family is derived here from its stated properties."
    }

    fn dynamics(&self) -> &'static [Dynamics] {
        &[Dynamics {
            name: "network",
            evolution: Evolution::Flow,
            method: "tsit5",
            meaning: "the network itself, or with `timescale` another member of its family",
        }]
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn channels(&self) -> &'static [Channel] {
        &[Channel {
            name: "input",
            unit: "1",
            meaning: "added to the input u of the chosen neurons",
            dynamics: &[],
        }]
    }

    fn observables(&self) -> &'static [ObservableCard] {
        observables::OBSERVABLES
    }

    fn analyses(&self) -> &'static [&'static dyn Analysis] {
        analyses::ANALYSES
    }

    fn starter(&self) -> &'static str {
        include_str!("starter.toml")
    }

    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        Ok(Built::Flow(Box::new(Network::build(build)?)))
    }
}
