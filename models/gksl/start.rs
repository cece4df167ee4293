//! Where a state starts: `rho = { basis = 0 }`, `{ pure = { re, im } }` or `{ mixed = { re, im } }`.
//!
//! A start that is off by no more than 1e-6 is taken for rounding in the file and brought to norm or trace 1; any other is refused, as
//! is a mixture that is not Hermitian or has a negative eigenvalue.

use super::coordinates::eigenvalues;
use super::levels::Levels;
use super::operator::{C, Matrix};
use crate::prelude::*;

/// A start as the file says it.
pub enum Start {
    /// A state vector.
    Pure(Vec<C>),
    /// A density matrix.
    Mixed(Matrix),
}

/// How far a start may be off by rounding.
const ROUNDING: f64 = 1e-6;

impl Start {
    /// The start of this form; `None` if it is none of these.
    pub fn read(levels: &Levels, form: &Tree) -> Option<Result<Self, BuildError>> {
        let [entry] = form.as_table()? else {
            return form
                .get("basis")
                .or(form.get("pure"))
                .or(form.get("mixed"))
                .map(|_| {
                    Err(BuildError::new("a start has one form")
                        .at(form.span, "more than one key")
                        .help("basis = 0, or pure = { re, im }, or mixed = { re, im }"))
                });
        };
        let value = &entry.value;
        match entry.key.as_str() {
            "basis" => Some(levels.level(value).map(|level| {
                let amplitude = |i: usize| C::new(f64::from(u8::from(i == level)), 0.0);
                Start::Pure((0..levels.n).map(amplitude).collect())
            })),
            "pure" => Some(pure(levels, value)),
            "mixed" => Some(mixed(levels, value)),
            "file" | "random" => None,
            other => Some(Err(BuildError::new(format!(
                "a start has no form `{other}`"
            ))
            .at(entry.key_span, "unknown form")
            .help(advice(other, "forms", &["basis", "pure", "mixed"])))),
        }
    }

    /// As a density matrix.
    pub fn matrix(self) -> Matrix {
        match self {
            Start::Mixed(rho) => rho,
            Start::Pure(psi) => {
                Matrix::from_fn(psi.len(), psi.len(), |i, j| psi[i] * psi[j].conj())
            }
        }
    }
}

fn pure(levels: &Levels, tree: &Tree) -> Result<Start, BuildError> {
    let psi = levels.vector(tree, "pure")?;
    let norm = psi.iter().map(C::norm_sqr).sum::<f64>().sqrt();
    if (norm - 1.0).abs() > ROUNDING {
        return Err(
            BuildError::new(format!("the state vector has the norm {norm}"))
                .at(tree.span, "must have norm 1")
                .help("divide its components by this norm"),
        );
    }
    Ok(Start::Pure(
        psi.iter().map(|amplitude| amplitude / norm).collect(),
    ))
}

fn mixed(levels: &Levels, tree: &Tree) -> Result<Start, BuildError> {
    let rho = levels.matrix(tree, "mixed")?;
    let refuse = |message: String, label: &str| Err(BuildError::new(message).at(tree.span, label));
    let asymmetry = (&rho - rho.adjoint()).camax();
    if asymmetry > ROUNDING {
        let message = format!("the density matrix is not Hermitian: off by {asymmetry:e}");
        return refuse(message, "must be Hermitian");
    }
    let rho = (&rho + rho.adjoint()) * C::new(0.5, 0.0);
    let trace = rho.trace().re;
    if (trace - 1.0).abs() > ROUNDING {
        return refuse(
            format!("the density matrix has the trace {trace}"),
            "must have trace 1",
        );
    }
    let least = eigenvalues(&rho)[0];
    if least < -ROUNDING {
        let message = format!("the density matrix has the negative eigenvalue {least}");
        return refuse(message, "must not have negative eigenvalues");
    }
    Ok(Start::Mixed(rho / C::new(trace, 0.0)))
}
