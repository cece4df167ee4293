//! What is seen of a state rho.
//!
//! ```text
//! population   rho_ii                                  coherence    sum over i != j of |rho_ij|
//! purity       tr rho^2                                entropy      -tr rho ln rho, in nat
//! diffidence   H(diag rho) - S(rho) >= 0               choice       sums of populations over the levels of a choice
//! ```
//!
//! H is the entropy of the choice that a question would find, S that of the state: their difference is what deciding would still take
//! away (Asano, Ohya, Tanaka, Khrennikov, Basieva, *J. Theor. Biol.* 281 (2011) 56).

use super::coordinates::eigenvalues;
use super::levels::Levels;
use super::operator::{C, Matrix};
use crate::prelude::*;

const LEVEL: &[&str] = &["level"];
const MATRIX: &[&str] = &["level", "level_"];

/// The declarations.
pub const OBSERVABLES: &[ObservableCard] = &[
    card("population", LEVEL, "probability of each level"),
    card(
        "coherence",
        &[],
        "sum of the absolute values of all entries of rho beside the diagonal",
    ),
    card(
        "purity",
        &[],
        "tr rho^2: 1 for a pure state, 1/N for complete ignorance",
    ),
    ObservableCard {
        unit: "nat",
        ..card("entropy", &[], "von Neumann entropy -tr rho ln rho")
    },
    ObservableCard {
        unit: "nat",
        ..card(
            "diffidence",
            &[],
            "entropy of the choice minus entropy of the state",
        )
    },
    card(
        "choice",
        &["outcome"],
        "probability of each choice of `choices`",
    ),
    card("rho_re", MATRIX, "real part of the density matrix"),
    card("rho_im", MATRIX, "imaginary part of the density matrix"),
    ObservableCard {
        dynamics: PURE,
        ..card("psi_re", LEVEL, "real part of the state vector, of norm 1")
    },
    ObservableCard {
        dynamics: PURE,
        ..card(
            "psi_im",
            LEVEL,
            "imaginary part of the state vector, of norm 1",
        )
    },
];

/// The dynamics of pure states.
pub const PURE: &[&str] = &["quantum-jump", "state-diffusion"];

const fn card(
    name: &'static str,
    axes: &'static [&'static str],
    meaning: &'static str,
) -> ObservableCard {
    ObservableCard {
        name,
        axes,
        unit: "1",
        meaning,
        dynamics: &[],
    }
}

/// The observables of these levels: without choices there is no `choice`, and without a state vector no `psi`.
pub fn list(levels: &Levels, dynamics: &str) -> Vec<Variable> {
    let offered = |card: &&ObservableCard| {
        let own = card.dynamics.is_empty() || card.dynamics.contains(&dynamics);
        own && (card.name != "choice" || !levels.choices.is_empty())
    };
    let variable = |card: &ObservableCard| {
        let axis = |&name: &&str| match name {
            "outcome" => {
                let names = levels.choices.iter().map(|(name, _)| name.clone());
                Axis::labelled("outcome", names.collect())
            }
            name => levels.axis(name),
        };
        Variable::new(card.name, card.axes.iter().map(axis).collect())
            .unit(card.unit)
            .meaning(card.meaning)
    };
    OBSERVABLES.iter().filter(offered).map(variable).collect()
}

/// A state as observables read it.
pub trait State {
    /// rho_ij
    fn entry(&self, i: usize, j: usize) -> C;
    /// tr rho^2
    fn purity(&self) -> f64;
    /// The von Neumann entropy.
    fn entropy(&self) -> f64;
}

/// Write one observable of a state; `psi` ones are the caller's.
pub fn observe(levels: &Levels, name: &str, state: &impl State, out: &mut [f64]) {
    let n = levels.n;
    match name {
        "population" => (0..n).for_each(|i| out[i] = state.entry(i, i).re),
        "coherence" => {
            let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
            out[0] = 2.0 * pairs.map(|(i, j)| state.entry(i, j).norm()).sum::<f64>();
        }
        "purity" => out[0] = state.purity(),
        "entropy" => out[0] = state.entropy(),
        "diffidence" => {
            out[0] = shannon((0..n).map(|i| state.entry(i, i).re)) - state.entropy();
        }
        "choice" => {
            for (out, (_, levels)) in out.iter_mut().zip(&levels.choices) {
                *out = levels.iter().map(|&i| state.entry(i, i).re).sum();
            }
        }
        _ => {
            let imaginary = name == "rho_im";
            for (at, out) in out.iter_mut().enumerate() {
                let entry = state.entry(at / n, at % n);
                *out = if imaginary { entry.im } else { entry.re };
            }
        }
    }
}

/// -sum p ln p; what is not positive has no part in it.
pub fn shannon(probabilities: impl Iterator<Item = f64>) -> f64 {
    let positive = probabilities.filter(|&p| p > 0.0);
    // A pure state has the entropy 0, not -0.
    0.0 - positive.map(|p| p * p.ln()).sum::<f64>()
}

/// The von Neumann entropy of a density matrix.
pub fn entropy(rho: &Matrix) -> f64 {
    shannon(eigenvalues(rho).into_iter())
}
