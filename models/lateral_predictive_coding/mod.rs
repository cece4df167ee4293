//! Lateral predictive coding: a linear recurrent network whose lateral weights predict each unit's input from the others' activity.
//!
//! ```text
//! dx/dt = s - x - W x = s - M x,  M = I + W, w_ii = 0        x* = M^-1 s
//! E = < sum_i |x_i| >,   S = -ln |det M|,   Phi = E - T S,   tau_R = 1/min Re lambda(M) >= 1
//! ```
//!
//! x, s [unit]; W [unit, unit_]; time in units of the membrane constant, all else dimensionless. Sources: Cai, Huang, Wang, Zhou, arXiv 2604.20524 (2026);
//! arXiv 2501.12139, 2302.11681 for energy, robustness, free energy and features. Unit leak, zero diagonal and S = -ln |det M| are assumed.

mod annealing;
mod claims;
mod energy;
mod features;
mod inverse;
mod learning;
mod least_energy;
mod links;
mod objective;
mod observables;
mod problem;
mod response;
mod spectrum;
mod weights;

pub use energy::{Energy, GAUSSIAN, Shares};
pub use features::Input;
pub use inverse::Inverse;
pub use links::Links;
pub use objective::Fastest;
pub use problem::{Problem, with_memory};
pub use spectrum::{
    abscissa, amplification, eigenvalues, least_response_time, penalty, response_time, slowest,
};

use crate::prelude::*;
use annealing::{Annealing, Schedule};
use learning::Learning;
use response::Response;

/// The family.
pub struct LateralPredictiveCoding;

const RESPONSE: &[&str] = &["response"];
const CHANGING: &[&str] = &["learning", "annealing"];
const ANNEALING: &[&str] = &["annealing"];
const ASSUMED: &str = "assumed";

const PARAMETERS: &[Parameter] = &[
    Parameter::integer("units")
        .fallback(Fallback::Absent)
        .range(Range::closed(2.0, 10_000.0))
        .fixes("N")
        .meaning("N, the number of units; given by `weights` if those are")
        .source(ASSUMED),
    Parameter::matrix("weights", "N", "N")
        .fallback(Fallback::Drawn("antisymmetric"))
        .generators(weights::GENERATORS)
        .meaning("W, with zero diagonal: the column predicts the row; of learning and annealing the start")
        .source(ASSUMED),
    Parameter::vector("input", "N")
        .or(0.0)
        .only(RESPONSE)
        .meaning("s, a constant input")
        .source(ASSUMED),
    Parameter::integer("samples")
        .fallback(Fallback::Absent)
        .range(Range::closed(1.0, 1e7))
        .fixes("sample_input")
        .only(RESPONSE)
        .meaning("draw so many inputs from the ensemble, instead of `input`"),
    Parameter::matrix("inputs", "sample_input", "N")
        .fallback(Fallback::Drawn("ensemble"))
        .generators(&[Generator {
            name: "ensemble",
            meaning: "inputs of the ensemble that `features` and `covariance` describe",
            options: &[],
            needs: &["features.count", "features.law", "features.sparsity", "features.mixing", "covariance"],
            draw: features::ensemble,
        }])
        .only(RESPONSE)
        .meaning("those inputs, a row each"),
    Parameter::integer("features.count")
        .fallback(Fallback::Integer(0))
        .range(Range::closed(0.0, 10_000.0))
        .fixes("n")
        .meaning("n, the number of non-Gaussian features in the input")
        .source(ASSUMED),
    Parameter::choice("features.law", &["ternary", "laplace", "gaussian", "uniform", "binary"])
        .fallback(Fallback::Text("ternary"))
        .meaning("law of a feature's magnitude, of mean 0 and variance 1")
        .source(ASSUMED),
    Parameter::real("features.sparsity")
        .or(0.1)
        .range(Range {
            upper: 1.0,
            upper_included: true,
            ..Range::POSITIVE
        })
        .meaning("probability p that a ternary feature is there")
        .source(ASSUMED),
    Parameter::matrix("features.mixing", "N", "n")
        .fallback(Fallback::Drawn("orthonormal"))
        .generators(&[Generator {
            name: "orthonormal",
            meaning: "orthonormal columns in random directions",
            options: &[],
            needs: &[],
            draw: features::mixing,
        }])
        .meaning("the features' directions phi, orthonormal columns")
        .source(ASSUMED),
    Parameter::matrix("covariance", "N", "N")
        .fallback(Fallback::Absent)
        .meaning("Gaussian input with this covariance, instead of features in white noise")
        .source("derived"),
    Parameter::real("entropy")
        .fallback(Fallback::Absent)
        .unit("nat")
        .meaning("the information robustness S that is held")
        .source(ASSUMED),
    Parameter::real("temperature")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("T of the free energy E - T S, instead of `entropy`")
        .source("arXiv 2501.12139 (concept)"),
    Parameter::real("response_floor")
        .or(1.0)
        .only(CHANGING)
        .meaning("r0 of the penalty sum_k max(0, r0 - Re lambda_k)^2 on slow modes")
        .source(ASSUMED),
    Parameter::real("response_weight")
        .or(0.0)
        .range(Range::NON_NEGATIVE)
        .only(CHANGING)
        .meaning("weight of that penalty; of annealing, of max(0, tau_R - 1)")
        .source(ASSUMED),
    Parameter::tree("modules")
        .fallback(Fallback::Absent)
        .meaning("allowed links: how many modules of equal size, or which units are together, [[0, 1, 2], [3, 4]]; all by default")
        .source(ASSUMED),
    Parameter::tree("hub")
        .fallback(Fallback::Absent)
        .meaning("units that keep their whole row and column beside the modules: [0]")
        .source(ASSUMED),
    Parameter::real("annealing.start")
        .or(0.1)
        .range(Range::POSITIVE)
        .only(ANNEALING)
        .meaning("first temperature of the annealing")
        .source(ASSUMED),
    Parameter::real("annealing.end")
        .or(1e-6)
        .range(Range::POSITIVE)
        .only(ANNEALING)
        .meaning("last temperature of the annealing")
        .source(ASSUMED),
    Parameter::integer("annealing.steps")
        .fallback(Fallback::Integer(1000))
        .range(Range::closed(1.0, 1e12))
        .only(ANNEALING)
        .meaning("over how many steps it falls; a step is as many moves as there are links")
        .source(ASSUMED),
    Parameter::real("annealing.size")
        .or(0.1)
        .range(Range::POSITIVE)
        .only(ANNEALING)
        .meaning("standard deviation of a move of one weight")
        .source(ASSUMED),
];

/// The weights of checked parameters.
fn start(parameters: &Parameters) -> Result<(usize, Vec<f64>), BuildError> {
    let Some(Value::Real(array)) = parameters.get("weights") else {
        return Err(
            BuildError::about("units", "nothing says how many units there are")
                .help("give `units`, or `weights`"),
        );
    };
    let units = array.shape[0];
    if units < 2 {
        return Err(
            BuildError::about("weights", "one unit has nobody to predict it")
                .help("give two or more"),
        );
    }
    if let Some(unit) = (0..units).find(|unit| array.data[unit * (units + 1)] != 0.0) {
        let message = format!(
            "`weights[{unit}][{unit}]` is {}, and no unit predicts itself",
            array.data[unit * (units + 1)]
        );
        return Err(BuildError::about("weights", message).help("the diagonal must be 0"));
    }
    Ok((units, array.data.clone()))
}

/// The problem and the weights of checked parameters.
///
/// # Errors
/// If they do not fit each other.
pub fn model(parameters: &Parameters) -> Result<(Problem, Vec<f64>), BuildError> {
    let (units, weights) = start(parameters)?;
    let problem = Problem::new(parameters, units)?;
    let outside = |at: &usize| weights[*at] != 0.0 && !problem.links.allows(at / units, at % units);
    if let Some(at) = (0..weights.len()).find(outside) {
        let message = format!(
            "`weights[{}][{}]` is not 0, but `modules` do not allow this link",
            at / units,
            at % units
        );
        return Err(BuildError::about("weights", message).help("set it to 0, or allow the link"));
    }
    Ok((problem, weights))
}

impl Family for LateralPredictiveCoding {
    fn name(&self) -> &'static str {
        "lateral-predictive-coding"
    }

    fn title(&self) -> &'static str {
        "Lateral predictive coding: energy, information robustness, response time"
    }

    fn card(&self) -> &'static str {
        "dx/dt = s - M x, M = I + W, w_ii = 0; x, s [unit], time in membrane constants; x* = M^-1 s.\n\
         E = < sum_i |x_i| > over the inputs, S = -ln |det M|, free energy E - T S, tau_R = 1/min Re lambda(M) >= 1.\n\
         Inputs: n features a_k of a non-Gaussian law along orthonormal directions in white Gaussian noise, < s s' > = I,\n\
         or Gaussian with a covariance. `response` relaxes x for fixed W; `learning` is the gradient flow of W;\n\
         `annealing` anneals W at fixed S. `nullcline optimize` minimises E at fixed S with control of tau_R.\n\
         After arXiv 2604.20524 (2026), 2501.12139, 2302.11681; unit leak, zero diagonal, S and the laws are assumed here."
    }

    fn dynamics(&self) -> &'static [Dynamics] {
        &[
            Dynamics {
                name: "response",
                evolution: Evolution::Flow,
                method: "exponential",
                meaning: "the prediction error relaxes for fixed weights and inputs",
            },
            Dynamics {
                name: "learning",
                evolution: Evolution::Flow,
                method: "tsit5",
                meaning: "the weights descend the free energy, or the energy at fixed S",
            },
            Dynamics {
                name: "annealing",
                evolution: Evolution::Steps,
                method: "",
                meaning: "the weights are annealed, at fixed S or at a temperature",
            },
        ]
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn observables(&self) -> &'static [ObservableCard] {
        observables::OBSERVABLES
    }

    fn claims(&self) -> &'static [Claim] {
        claims::CLAIMS
    }

    fn starter(&self) -> &'static str {
        include_str!("starter.toml")
    }

    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        let parameters = build.parameters;
        let (problem, mut weights) = model(parameters)?;
        if build.dynamics == "response" {
            let several = parameters.get("inputs").is_some();
            if several && parameters.vector("input").iter().any(|s| *s != 0.0) {
                let message =
                    "`input` and `samples` exclude each other: one input, or many that are drawn";
                return Err(BuildError::about("input", message).help("leave one of them out"));
            }
            let name = if several { "inputs" } else { "input" };
            let inputs = parameters.vector(name).to_vec();
            return Ok(Built::Flow(Box::new(Response::new(
                problem, weights, inputs, several,
            ))));
        }
        if problem.entropy.is_none() && problem.temperature.is_none() {
            let message = "nothing says how much information robustness is worth";
            return Err(BuildError::about("entropy", message)
                .help("give `entropy`, the S that is held, or `temperature`, the T of E - T S"));
        }
        if let Some(entropy) = problem.entropy
            && !weights::scaled(&problem, &mut weights, entropy)
        {
            let message = format!("no multiple of `weights` has the entropy {entropy}");
            return Err(BuildError::about("weights", message)
                .help("start from other weights: { random = \"antisymmetric\" } for S < 0, { random = \"symmetric\" } for S > 0"));
        }
        Ok(match build.dynamics {
            "annealing" => {
                let schedule = Schedule {
                    start: parameters.real("annealing.start"),
                    end: parameters.real("annealing.end"),
                    steps: parameters.integer("annealing.steps") as f64,
                    size: parameters.real("annealing.size"),
                };
                Built::Map(Box::new(Annealing::new(problem, schedule, &weights)))
            }
            _ => Built::Flow(Box::new(Learning::new(problem, &weights))),
        })
    }

    fn objective(&self, build: &Build<'_>) -> Option<Result<Box<dyn Objective>, BuildError>> {
        let objective = model(build.parameters).and_then(|(problem, _)| Fastest::new(problem));
        Some(objective.map(|objective| Box::new(objective) as Box<dyn Objective>))
    }
}
