//! Open-system cognition: a mental state as a density matrix that a Hamiltonian and an environment drive (GKSL, Lindblad).
//!
//! ```text
//! drho/dt = -i [H, rho] + sum_m ( L_m rho L_m^+ - 1/2 {L_m^+ L_m, rho} )           hbar = 1, rates inside L_m
//! master-equation   rho itself              quantum-jump, state-diffusion   pure states whose mean of |psi><psi| is rho
//! ```
//!
//! `rho [level, level_]` in the decision basis; the populations rho_ii are the probabilities of choices. Time and rates in mutually
//! inverse units of the user's. H is *passive* where it is diagonal in the decision basis, else *active*. A prisoner's dilemma has the levels
//! CC, CD, DC, DD: own choice first.
//!
//! Asano, Khrennikov, *Quantum-Like Models of Cognition and Decision Making: Open-Systems and Gorini-Kossakowski-Sudarshan-Lindblad
//! Dynamics*, arXiv 2604.18643 (2026), for the concepts; every Hamiltonian, jump, rate and measure here is assumed unless its file names
//! another source.

mod agency;
mod beats;
mod claims;
mod coordinates;
mod double_double;
mod envelope;
mod hamiltonian;
mod health;
mod jumps;
mod levels;
mod lindblad;
mod master_equation;
mod null_space;
mod observables;
mod operator;
mod positivity;
mod pure;
mod quantum_jump;
mod slow_modes;
mod sparse_null_space;
mod spectrum;
mod start;
mod state_diffusion;
mod steady_state;

use std::sync::Arc;

pub use jumps::eigenbasis;
pub use levels::Levels;
pub use lindblad::{Jump, Lindblad};
pub use master_equation::MasterEquation;
pub use operator::{C, Matrix, Operator};
pub use positivity::{Fault, fault, spectrum as positivity_spectrum};
pub use quantum_jump::QuantumJump;
pub use spectrum::Spectrum;
pub use state_diffusion::StateDiffusion;
pub use steady_state::{NoSteady, Steady};

use crate::prelude::*;
use start::Start;

/// The family `gksl`.
pub struct Gksl;

const PAPER: &str = "arXiv 2604.18643, as a concept";
const ASSUMED: &str = "assumed";
const POTHOS: &str = "Pothos, Busemeyer, Proc. R. Soc. B 276 (2009) 2171";

const PARAMETERS: &[Parameter] = &[
    Parameter::integer("dimension")
        .range(Range::closed(2.0, 1024.0))
        .meaning("N: the number of levels")
        .source(ASSUMED),
    Parameter::tree("labels")
        .fallback(Fallback::Absent)
        .meaning("names of the levels, N different texts; 0, 1, ... by default"),
    absent(Parameter::matrix("hamiltonian.re", "N", "N"))
        .unit("1/time")
        .meaning("real part of H; the upper triangle is enough")
        .source(PAPER),
    absent(Parameter::matrix("hamiltonian.im", "N", "N"))
        .unit("1/time")
        .meaning("imaginary part of H; 0 by default")
        .source(PAPER),
    absent(Parameter::matrix("hamiltonian.elements", "elements", "parts"))
        .meaning("H by its elements [i, j, re] or [i, j, re, im]; the upper triangle is enough")
        .source(PAPER),
    Parameter::choice("hamiltonian.builder", hamiltonian::BUILDERS)
        .fallback(Fallback::Absent)
        .meaning("a Hamiltonian that is built; without any form of it H is 0")
        .source(ASSUMED),
    absent(Parameter::real("hamiltonian.h_z"))
        .unit("1/time")
        .meaning("qubit: splitting of the two levels; 0 by default")
        .source(ASSUMED),
    absent(Parameter::real("hamiltonian.h_perp"))
        .unit("1/time")
        .meaning("qubit: link of the two levels; 0 by default")
        .source(ASSUMED),
    absent(Parameter::real("hamiltonian.phase"))
        .unit("rad")
        .meaning("qubit: angle of the link in the x-y plane; 0 by default")
        .source(ASSUMED),
    absent(Parameter::real("hamiltonian.mu"))
        .meaning("pothos-busemeyer: utility of an action; 0.51 by default")
        .source(POTHOS),
    absent(Parameter::real("hamiltonian.gamma"))
        .meaning("pothos-busemeyer: strength of cognitive dissonance; 2.09 by default")
        .source(POTHOS),
    absent(Parameter::vector("hamiltonian.omega", "contexts"))
        .unit("1/time")
        .meaning("conditional-rabi: frequency of own choice for each state of the other")
        .source(ASSUMED),
    Parameter::tree("jumps").fallback(Fallback::Absent).meaning(
        "tables { from, to, rate }, { from, to, rate, gain, lambda }, { dephasing }, { matrix = { re, im }, rate }, \
         { dressed = { beta, rate } }, { coefficients = [[..]] }; each matrix may be { file = \"L.npy\" }",
    ),
    absent(Parameter::vector("dilemma.payoffs", "payoffs"))
        .meaning("prisoner's dilemma: T, R, P, S, for the levels CC, CD, DC, DD; adds its logistic jumps")
        .source(ASSUMED),
    absent(Parameter::real("dilemma.lambda"))
        .range(Range::NON_NEGATIVE)
        .unit("1/payoff")
        .meaning("prisoner's dilemma: sharpness of choices; required with payoffs")
        .source(ASSUMED),
    absent(Parameter::real("dilemma.own_rate"))
        .range(Range::NON_NEGATIVE)
        .unit("1/time")
        .meaning("prisoner's dilemma: rate of own moves; 1 by default")
        .source(ASSUMED),
    absent(Parameter::real("dilemma.other_rate"))
        .range(Range::NON_NEGATIVE)
        .unit("1/time")
        .meaning("prisoner's dilemma: rate of the other's moves; 1 by default")
        .source(ASSUMED),
    absent(Parameter::real("dilemma.mirror_rate"))
        .range(Range::NON_NEGATIVE)
        .unit("1/time")
        .meaning("prisoner's dilemma: rate at which belief follows own action, CD -> CC and DC -> DD; 0 by default")
        .source(ASSUMED),
    absent(Parameter::matrix("walk.adjacency", "N", "N"))
        .range(Range::NON_NEGATIVE)
        .unit("1/time")
        .meaning("quantum stochastic walk: strength of the link from j (column) to i (row)")
        .source("Whitfield, Rodriguez-Rosario, Aspuru-Guzik, Phys. Rev. A 81 (2010) 022323"),
    absent(Parameter::real("walk.omega"))
        .range(Range::closed(0.0, 1.0))
        .meaning("quantum stochastic walk: share of the classical walk; 0 by default")
        .source("Whitfield, Rodriguez-Rosario, Aspuru-Guzik, Phys. Rev. A 81 (2010) 022323"),
    absent(Parameter::matrix("superoperator.re", "N^2", "N^2"))
        .unit("1/time")
        .meaning("real part of a matrix on stacked columns of rho that is added to the generator")
        .source(ASSUMED),
    absent(Parameter::matrix("superoperator.im", "N^2", "N^2"))
        .unit("1/time")
        .meaning("imaginary part of it; 0 by default")
        .source(ASSUMED),
    Parameter::boolean("allow_nonpositive")
        .fallback(Fallback::Boolean(false))
        .only(&["master-equation"])
        .meaning("run a generator that is not completely positive, as a counterexample"),
];

const fn absent(parameter: Parameter) -> Parameter {
    parameter.fallback(Fallback::Absent)
}

const SECTIONS: &[Parameter] = &[Parameter::tree("choices")
    .fallback(Fallback::Absent)
    .meaning("groups of levels by name: { cooperate = [0, 1], defect = [2, 3] }")];

/// The levels and the generator of checked parameters.
///
/// # Errors
/// If the parameters do not fit each other, or the generator does not make states of states.
pub fn model(parameters: &Parameters) -> Result<(Levels, Lindblad), BuildError> {
    let mut levels = Levels::labelled(parameters)?;
    let n = levels.n;
    // What is wrong with each part is said at once.
    let choices = levels.choose(parameters);
    let hamiltonian = hamiltonian::build(parameters, n);
    let none = Operator::new(n, []);
    let environment = jumps::build(parameters, &levels, hamiltonian.as_ref().unwrap_or(&none));
    let (hamiltonian, environment) = match (choices, hamiltonian, environment) {
        (Ok(()), Ok(hamiltonian), Ok(environment)) => (hamiltonian, environment),
        (choices, hamiltonian, environment) => {
            let errors = [choices.err(), hamiltonian.err(), environment.err()];
            let errors = errors.into_iter().flatten().collect();
            // At least one of them is there.
            return Err(BuildError::all(errors)
                .unwrap_or_else(|| BuildError::new("the model is not sound")));
        }
    };
    let lindblad = Lindblad::new(hamiltonian, environment.jumps, environment.bases)
        .with(superoperator(parameters, n)?);
    let allowed =
        parameters.get("allow_nonpositive").is_some() && parameters.boolean("allow_nonpositive");
    match positivity::fault(&lindblad) {
        None => Ok((levels, lindblad)),
        Some(Fault::Positivity(_)) if allowed => Ok((levels, lindblad)),
        Some(fault) => {
            let blame = match lindblad.superoperator {
                Some(_) => "superoperator.re",
                None => "jumps",
            };
            let help = match fault {
                Fault::Positivity(_) => {
                    "`allow_nonpositive = true` runs it all the same, as a counterexample: its states may have negative probabilities"
                }
                _ => "a generator keeps Hermitian matrices Hermitian, and their trace",
            };
            Err(BuildError::about(
                blame,
                format!("the generator makes no states of states: {fault}"),
            )
            .help(help))
        }
    }
}

fn superoperator(parameters: &Parameters, n: usize) -> Result<Option<Matrix>, BuildError> {
    if parameters.get("superoperator.re").is_none() {
        return match parameters.get("superoperator.im") {
            None => Ok(None),
            Some(_) => Err(BuildError::about(
                "superoperator.im",
                "`superoperator.im` is given without `superoperator.re`",
            )),
        };
    }
    const MOST: usize = 32;
    if n > MOST {
        let message = format!("a matrix on stacked columns is for {MOST} levels at most");
        return Err(BuildError::about("superoperator.re", message).help("give jumps instead"));
    }
    let dim = n * n;
    let re = hamiltonian::square(parameters, "superoperator.re", dim)?;
    let im = match parameters.get("superoperator.im") {
        Some(_) => Some(hamiltonian::square(parameters, "superoperator.im", dim)?),
        None => None,
    };
    let entry = |row: usize, column: usize| {
        let at = row * dim + column;
        C::new(re[at], im.map_or(0.0, |im| im[at]))
    };
    Ok(Some(Matrix::from_fn(dim, dim, entry)))
}

impl Family for Gksl {
    fn name(&self) -> &'static str {
        "gksl"
    }

    fn title(&self) -> &'static str {
        "Open-system (Lindblad) models of cognition and decision making"
    }

    fn card(&self) -> &'static str {
        "drho/dt = -i [H, rho] + sum_m ( L_m rho L_m^+ - 1/2 {L_m^+ L_m, rho} ), rho [N, N] in the decision basis,\n\
         hbar = 1, rates inside L_m. Populations rho_ii are the probabilities of choices.\n\
         H: `re` and `im`, or `elements`, or a builder. `jumps`: { from, to, rate } is sqrt(rate) |to><from|;\n\
         with gain and lambda a logistic pair, there at rate x and back at rate (1 - x), x = 1/(1 + exp(-lambda gain));\n\
         { dephasing = k }: every coherence decays at k; { matrix = { re, im }, rate }; { dressed = { beta, rate } }:\n\
         between eigenstates of H at rate/(1 + exp(beta (E_to - E_from))).\n\
         [initial] rho = { basis = 0 }, { pure = { re, im } } or { mixed = { re, im } }.\n\
         Inspired by Asano, Khrennikov, arXiv 2604.18643 (2026); Hamiltonians, jumps, rates and measures are assumed here."
    }

    fn dynamics(&self) -> &'static [Dynamics] {
        &[
            Dynamics {
                name: "master-equation",
                evolution: Evolution::Flow,
                method: "exponential",
                meaning: "the density matrix itself",
            },
            Dynamics {
                name: "quantum-jump",
                evolution: Evolution::Flow,
                method: "tsit5",
                meaning: "pure states that jump; the mean over members is the density matrix",
            },
            Dynamics {
                name: "state-diffusion",
                evolution: Evolution::Flow,
                method: "platen-weak-2",
                meaning: "pure states that diffuse; the mean over members is the density matrix",
            },
        ]
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn sections(&self) -> &'static [Parameter] {
        SECTIONS
    }

    fn observables(&self) -> &'static [ObservableCard] {
        observables::OBSERVABLES
    }

    fn analyses(&self) -> &'static [&'static dyn Analysis] {
        &[
            &steady_state::SteadyState,
            &spectrum::SpectrumOf,
            &agency::Agency,
            &beats::Beats,
        ]
    }

    fn claims(&self) -> &'static [Claim] {
        claims::CLAIMS
    }

    fn starter(&self) -> &'static str {
        include_str!("starter.toml")
    }

    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        let (levels, lindblad) = model(build.parameters)?;
        if build.dynamics != "master-equation" && !lindblad.is_lindblad() {
            let message = "an unravelling needs jump operators with rates >= 0";
            return Err(BuildError::new(message).help("use `dynamics = \"master-equation\"`"));
        }
        let lindblad = Arc::new(lindblad);
        Ok(Built::Flow(match build.dynamics {
            "quantum-jump" => Box::new(QuantumJump::new(levels, lindblad)),
            "state-diffusion" => Box::new(StateDiffusion::new(levels, lindblad)),
            _ => Box::new(MasterEquation::new(levels, lindblad)),
        }))
    }

    fn initial(&self, start: &Starting<'_>) -> Option<Result<Vec<f64>, BuildError>> {
        let levels = match Levels::build(start.parameters) {
            Ok(levels) => levels,
            Err(error) => return Some(Err(error)),
        };
        let read = match Start::read(&levels, start.form)? {
            Ok(read) => read,
            Err(error) => return Some(Err(error)),
        };
        Some(match (start.block.name(), read) {
            ("rho", read) => Ok(coordinates::coordinates(&read.matrix())),
            (_, Start::Pure(psi)) => Ok(psi
                .iter()
                .map(|a| a.re)
                .chain(psi.iter().map(|a| a.im))
                .collect()),
            (_, Start::Mixed(_)) => Err(BuildError::new("an unravelling starts from a pure state")
                .at(start.form.span, "a mixture")
                .help(
                    "run one ensemble from each state of the mixture and weigh their means, \
                     or use `dynamics = \"master-equation\"`",
                )),
        })
    }
}
