//! What is said of a network: energy, robustness, response time, detection.
//!
//! Of fixed weights these are constants of a run; of weights that learn or are annealed, functions of the state.

use super::energy::Shares;
use super::features::Input;
use super::inverse::Inverse;
use super::problem::Problem;
use super::spectrum;
use crate::prelude::*;

const FEATURE: &[&str] = &["feature"];
const FIXED: &[&str] = &["response"];

/// The observables; those of `response` alone come last.
pub const OBSERVABLES: &[ObservableCard] = &[
    card(
        "energy",
        &[],
        "E = < sum_i |x_i| > at the steady state, over all units",
        &[],
    ),
    card(
        "energy_error",
        &[],
        "standard error of the energy; 0 where it is exact",
        &[],
    ),
    card(
        "entropy",
        &[],
        "information robustness S = -ln |det M|",
        &[],
    ),
    card("free_energy", &[], "E - T S; needs `temperature`", &[]),
    card(
        "response_time",
        &[],
        "1/min Re lambda(M); infinite if the network is not stable",
        &[],
    ),
    card(
        "snr",
        FEATURE,
        "greatest signal-to-noise ratio of any unit for the feature",
        &[],
    ),
    card(
        "detector",
        FEATURE,
        "the unit that has it, counted from 0",
        &[],
    ),
    card("links", &[], "number of links that are not 0", &[]),
    card(
        "bound",
        &[],
        "least energy of a network with this S: proven for Gaussian input, conjectured with features",
        &[],
    ),
    card(
        "amplification",
        &[],
        "max_t |exp(-M t)|: by how much a response can grow before it decays",
        FIXED,
    ),
    card(
        "distance",
        &["sample_input"],
        "distance to the steady state",
        FIXED,
    ),
];

const fn card(
    name: &'static str,
    axes: &'static [&'static str],
    meaning: &'static str,
    dynamics: &'static [&'static str],
) -> ObservableCard {
    ObservableCard {
        name,
        axes,
        unit: "1",
        meaning,
        dynamics,
    }
}

/// What is said of every network, in the order of the cards.
pub const COMMON: usize = 9;

/// The variables of the cards that a network with so many features has.
pub fn variables(features: usize) -> Vec<Variable> {
    let variable = |card: &ObservableCard| {
        let axes = match card.axes {
            [] => Vec::new(),
            _ => vec![Axis::new("feature", features)],
        };
        Variable::new(card.name, axes).meaning(card.meaning)
    };
    OBSERVABLES[..COMMON].iter().map(variable).collect()
}

/// Why an observable cannot be had, if it cannot.
pub fn refused(problem: &Problem, name: &str) -> Option<BuildError> {
    let error = match name {
        "free_energy" if problem.temperature.is_none() => {
            BuildError::new("`free_energy` is E - T S, and no `temperature` is given")
                .help("give `temperature`, or record `energy` and `entropy`")
        }
        "snr" | "detector" if problem.input.count() == 0 => {
            BuildError::new(format!("`{name}` is of features, and there are none"))
                .help("give `features.count`")
        }
        _ => return None,
    };
    Some(error)
}

/// One of the common observables of weights.
pub fn observe(problem: &Problem, index: usize, weights: &[f64], out: &mut [f64]) {
    let n = problem.units;
    let mut m = vec![0.0; n * n];
    problem.matrix(weights, &mut m);
    let entropy = || Inverse::of(n, &m).entropy();
    match OBSERVABLES[index].name {
        "energy" => out[0] = problem.energy(weights).value,
        "energy_error" => out[0] = problem.energy(weights).error,
        "entropy" => out[0] = entropy(),
        "free_energy" => {
            let temperature = problem.temperature.unwrap_or(f64::NAN);
            out[0] = problem.energy(weights).value - temperature * entropy();
        }
        "response_time" => out[0] = spectrum::response_time(spectrum::slowest(n, &m)),
        "links" => out[0] = weights.iter().filter(|w| **w != 0.0).count() as f64,
        "bound" => out[0] = problem.bound(entropy()),
        name => {
            for (feature, out) in out.iter_mut().enumerate() {
                let (unit, ratio) = detector(problem, &m, feature);
                *out = if name == "snr" { ratio } else { unit as f64 };
            }
        }
    }
}

/// The unit with the greatest signal-to-noise ratio for a feature.
pub fn detector(problem: &Problem, m: &[f64], feature: usize) -> (usize, f64) {
    let Input::Features { directions, .. } = &problem.input else {
        return (0, f64::NAN);
    };
    let inverse = Inverse::of(problem.units, m);
    let mut shares = Shares::default();
    let rows = inverse.b.chunks_exact(problem.units).enumerate();
    rows.map(|(unit, row)| {
        shares.take(row, directions);
        (unit, shares.signal_to_noise(feature))
    })
    .fold(
        (0, -1.0),
        |best, one| if one.1 > best.1 { one } else { best },
    )
}

/// The observables of weights that are the state.
pub struct OfWeights {
    /// What they are weights of.
    pub problem: Problem,
    list: Vec<Variable>,
}

impl OfWeights {
    /// Those of a problem.
    pub fn new(problem: Problem) -> Self {
        Self {
            list: variables(problem.input.count()),
            problem,
        }
    }
}

impl Observables for OfWeights {
    fn list(&self) -> &[Variable] {
        &self.list
    }

    fn prepare(&self, index: usize) -> Result<(), BuildError> {
        match refused(&self.problem, OBSERVABLES[index].name) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn observe(&self, index: usize, _t: f64, x: &[f64], out: &mut [f64]) {
        observe(&self.problem, index, x, out);
    }
}
