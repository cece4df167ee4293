//! Dynamical Bayesian perception: a belief about intensity that measurements sharpen, time draws towards a prior, and a judgement of two
//! stimuli in sequence reads.
//!
//! ```text
//! measurement  x_k = z_k + sigma(z_k) xi_k             belief N(m, v)
//! update       m <- m + K (x - m), v <- (1 - K) v       drift  dz = -(z - mu)/tau dt + sigma0 sqrt(2/tau) dW
//! R: second stronger iff m2 > m1'      S: iff m2 > m1      I: both against the long-run prior, the first decayed
//! P(2 > 1) = lapse/2 + (1 - lapse) Phi([b2 (z2 - mu) - b1 (z1 - mu)]/sqrt(b1^2 sigma(z1)^2 + b2^2 sigma(z2)^2))
//! ```
//!
//! Times in seconds, intensities dimensionless. Source: Avetta, Lobera, Zarate, Samengo, Hernandez, arXiv 2604.19662 (2026), for the roles of prior,
//! noise and drift; the Ornstein-Uhlenbeck drift, the rules, the scale and the law of the noise are assumed.

mod belief;
mod claims;
mod closed_form;
mod grid;
mod likelihood;
mod memory;
mod normal;
mod perceiver;
mod psychometric;
mod simulated;
mod stimulus_space;
mod time_order;
mod trials;

pub use memory::{Judged, Memory, Trial};
pub use perceiver::{Perceiver, Rule};
pub use trials::Trials;

use crate::prelude::*;
use belief::Belief;
use closed_form::ClosedForm;
use simulated::Simulated;

/// The family.
pub struct BayesianPerception;

const PAPER: &str = "arXiv 2604.19662 (role)";

const PARAMETERS: &[Parameter] = &[
    Parameter::real("prior_mean")
        .or(0.5)
        .unit("intensity")
        .meaning("mean mu of the prior; in ln units with `scale = \"log\"`")
        .source(PAPER),
    Parameter::real("prior_sd")
        .or(0.2)
        .range(Range::POSITIVE)
        .unit("intensity")
        .meaning("standard deviation sigma0 of the prior; 1 to 5 times the noise is plausible")
        .source(PAPER),
    Parameter::real("noise_sd")
        .or(0.1)
        .range(Range::POSITIVE)
        .unit("intensity")
        .meaning("standard deviation of a measurement")
        .source(PAPER),
    Parameter::real("weber")
        .or(0.0)
        .range(Range::NON_NEGATIVE)
        .meaning("growth of the noise with intensity: sigma(s) = noise_sd + weber s; the gains are those of noise_sd alone")
        .source("assumed"),
    Parameter::real("time_constant")
        .or(2.0)
        .range(Range::POSITIVE_OR_INFINITE)
        .unit("s")
        .meaning("time constant tau of the drift towards the prior; 0.5 to 20 is plausible")
        .source("assumed"),
    Parameter::choice("decision", &["reference", "stored", "static"])
        .fallback(Fallback::Text("reference"))
        .meaning("what is compared: the second measurement with the drifted first, the two percepts, or both against the long-run prior")
        .source("assumed"),
    Parameter::choice("history", &["reset", "carry"])
        .fallback(Fallback::Text("reset"))
        .meaning("whether a trial starts from the prior, or from what the last one left")
        .source("assumed"),
    Parameter::real("lapse")
        .or(0.0)
        .range(Range {
            lower: 0.0,
            lower_included: true,
            upper: 1.0,
            ..Range::FINITE
        })
        .meaning("share of guesses; 0 to 0.05 is plausible")
        .source("assumed"),
    Parameter::choice("scale", &["linear", "log"])
        .fallback(Fallback::Text("linear"))
        .meaning("the internal coordinate of an intensity s: s, or ln s")
        .source("assumed"),
];

/// The perceiver and the trials of checked parameters.
///
/// # Errors
/// If the parameters do not fit each other.
pub fn model(parameters: &Parameters) -> Result<(Perceiver, Trials), BuildError> {
    let perceiver = Perceiver::new(parameters)?;
    let trials = Trials::new(&perceiver, parameters)?;
    Ok((perceiver, trials))
}

impl Family for BayesianPerception {
    fn name(&self) -> &'static str {
        "bayesian-perception"
    }

    fn title(&self) -> &'static str {
        "Dynamical Bayesian perception: time-order effects in sequential judgements"
    }

    fn card(&self) -> &'static str {
        "measurement x = z + sigma(z) xi, sigma(z) = noise_sd + weber z, z = s or ln s; belief N(m, v), v0 = prior_sd^2;\n\
         update K = v/(v + noise_sd^2), m <- m + K (x - m), v <- (1 - K) v; over a time T, with rho = exp(-T/time_constant):\n\
         m <- mu + rho (m - mu), v <- v0 + rho^2 (v - v0).\n\
         second stronger iff  reference: m2 > m1'   stored: m2 > m1   static: both against the long-run prior, the first decayed;\n\
         P = lapse/2 + (1 - lapse) Phi([b2 (z2 - mu) - b1 (z1 - mu)]/sqrt(b1^2 sigma(z1)^2 + b2^2 sigma(z2)^2)).\n\
         [trials]: s1, s2, isi, and iti (for `carry`), response and subject (for `fit`).\n\
         After Avetta et al., arXiv 2604.19662 (2026); the drift, the rules, the scale and the noise law are assumed here."
    }

    fn dynamics(&self) -> &'static [Dynamics] {
        &[
            Dynamics {
                name: "closed-form",
                evolution: Evolution::Trials,
                method: "",
                meaning: "probabilities and mean beliefs, trial by trial",
            },
            Dynamics {
                name: "simulated",
                evolution: Evolution::Trials,
                method: "",
                meaning: "measurements and responses are drawn, trial by trial",
            },
            Dynamics {
                name: "belief",
                evolution: Evolution::TimedTrials,
                method: "exponential",
                meaning: "mean and variance of the belief in continuous time, with a jump at each stimulus",
            },
        ]
    }

    fn time_unit(&self) -> &'static str {
        "s"
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn trials(&self) -> &'static [Parameter] {
        trials::COLUMNS
    }

    fn crossed(&self) -> &'static [&'static str] {
        &["trials.s1", "trials.s2"]
    }

    fn analyses(&self) -> &'static [&'static dyn Analysis] {
        &[
            &time_order::TimeOrder,
            &psychometric::Psychometric,
            &stimulus_space::StimulusSpace,
        ]
    }

    fn likelihood(&self) -> Option<&'static dyn Likelihood> {
        Some(&likelihood::OfResponses)
    }

    fn claims(&self) -> &'static [Claim] {
        claims::CLAIMS
    }

    fn starter(&self) -> &'static str {
        include_str!("starter.toml")
    }

    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        let (perceiver, trials) = model(build.parameters)?;
        Ok(match build.dynamics {
            "belief" => Built::Flow(Box::new(Belief::new(perceiver, &trials))),
            "simulated" => Built::Map(Box::new(Simulated::new(perceiver, trials))),
            _ => Built::Map(Box::new(ClosedForm::new(perceiver, trials))),
        })
    }
}
