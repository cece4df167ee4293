//! Linear-threshold networks: firing rates with asymmetric weights and a saturating threshold.
//!
//! ```text
//! network      x' = -D x + [W x + u]_0^m                            [z]_0^m = min(max(z, 0), m)
//! family       slow clock s:  dx/ds = -D x + [D x + tau F(x)]_0^m,  F(x) = (W - D) x + u
//!              fast clock t:  dx/dt = (dx/ds) / tau,                t = tau s
//! projected    tau -> 0,  fast clock:  dx/dt = Pi_{T_C(x)} [F(x)],   C = {0 <= x <= m / d}
//! hard-selector  tau -> inf, slow clock:  dx/ds = -D x + v,  v = m where F > 0, 0 where F < 0 (Filippov)
//! ```
//!
//! State `x [neuron]`, dimensionless rates; time dimensionless; `tau = 1` is the network itself, and
//! every `tau` has the same equilibria. Source: Retnaraj, Betteti, Davydov, Bullo, Cortes, *Timescale
//! Limits of Linear-Threshold Networks*, arXiv 2604.16710 (2026); the algebraic form of the family is
//! the one that its stated properties force, up to the scaling of time.

mod analyses;
mod certificate;
mod claims;
mod equilibria;
mod hard_selector;
mod limit;
mod network;
mod neurons;
mod observables;
mod patterns;
mod projected;
mod random;
#[cfg(feature = "sdp")]
mod semidefinite;
mod stability;
mod uniqueness;

pub use certificate::{Certificate, Refusal, best, certify};
pub use equilibria::Problem;
pub use hard_selector::HardSelector;
pub use network::{Clock, Network};
pub use projected::Projected;
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
         Its limits: projected, dx/dt = F(x) projected onto the box 0 <= x <= m/d (tau -> 0, fast clock), and\n\
         hard-selector, dx/ds = -D x + v with v = m where F > 0 and 0 where F < 0 (tau -> inf, slow clock).\n\
         Source: Retnaraj, Betteti, Davydov, Bullo, Cortes, Timescale Limits of Linear-Threshold Networks,\n\
         arXiv 2604.16710 (2026). The algebraic form of the family is derived here from its stated properties."
    }

    fn dynamics(&self) -> &'static [Dynamics] {
        &[
            Dynamics {
                name: "network",
                evolution: Evolution::Flow,
                method: "tsit5",
                meaning: "the network itself, or with `timescale` another member of its family",
            },
            Dynamics {
                name: "projected",
                evolution: Evolution::Flow,
                method: "projected",
                meaning: "the fast limit: x' = F(x) projected onto the box 0 <= x <= m/d, in the fast clock",
            },
            Dynamics {
                name: "hard-selector",
                evolution: Evolution::Flow,
                method: "filippov",
                meaning: "the slow limit: x' = -d x + v, v = m where F > 0, 0 where F < 0, in the slow clock",
            },
        ]
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

    fn claims(&self) -> &'static [Claim] {
        claims::CLAIMS
    }

    fn starter(&self) -> &'static str {
        include_str!("starter.toml")
    }

    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        let network = Network::build(build)?;
        Ok(Built::Flow(match build.dynamics {
            "projected" => Box::new(Projected::new(network)),
            "hard-selector" => Box::new(HardSelector::new(network)?),
            _ => Box::new(network),
        }))
    }
}
