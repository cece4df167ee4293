//! The family's own analyses: the certificate of Lyapunov diagonal stability, and the limits (`limit`).
//!
//! `[analysis.certificate]` looks for the diagonal P > 0, sum p = n, of the largest rate c(P) (see the
//! file on certificates), and measures it independently of the search by eigenvalues:
//!
//! ```text
//! rate   -lambda_max(sym(Q A Q^-1)), Q = P^(1/2)     margin   -lambda_max(P A + A' P)
//! ```
//!
//! Where no P does, P is the best one found, `rate` and `margin` are negative, and `reason` says why not.
//! No P has a rate above `bound`.

#[cfg(feature = "sdp")]
use super::certificate::Certificate;
use super::certificate::{best, refusal};
use super::limit::Limits;
use crate::prelude::*;

/// The analyses of the family.
pub const ANALYSES: &[&dyn Analysis] = &[&DiagonalStability, &Limits];

struct DiagonalStability;

const OPTIONS: &[Parameter] = &[Parameter::choice("solver", &["centres", "clarabel"])
    .fallback(Fallback::Text("centres"))
    .meaning(
        "how P is found: the method of centres, or semidefinite programs by clarabel (a build with the feature `sdp`)",
    )];

/// The certificate by semidefinite programs.
#[cfg(feature = "sdp")]
fn by_program(a: &nalgebra::DMatrix<f64>) -> Result<Certificate, AnalysisError> {
    let p = super::semidefinite::best(a)
        .ok_or_else(|| AnalysisError::Failed("clarabel found no solution of the program".into()))?;
    // What bounds every rate is the least of the diagonal.
    let bound = (0..a.nrows())
        .map(|i| -a[(i, i)])
        .fold(f64::INFINITY, f64::min);
    Ok(super::certificate::measured(a, p, bound))
}

#[cfg(not(feature = "sdp"))]
fn by_program(_a: &nalgebra::DMatrix<f64>) -> Result<super::Certificate, AnalysisError> {
    Err(AnalysisError::Failed(
        "`solver = \"clarabel\"` needs a build with it: cargo build --release --features sdp (and libopenblas-dev, gfortran); \
         `solver = \"centres\"` needs neither"
            .into(),
    ))
}

impl Analysis for DiagonalStability {
    fn name(&self) -> &'static str {
        "certificate"
    }

    fn meaning(&self) -> &'static str {
        "whether A = W - D is Lyapunov diagonally stable: the diagonal P of the largest rate"
    }

    fn options(&self) -> &'static [Parameter] {
        OPTIONS
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let weights = subject.parameters.array("weights");
        let n = weights.shape[0];
        let dissipation = subject.parameters.vector("dissipation");
        let a = super::stability::linear_part(&PackedMatrix::new(n, n, &weights.data), dissipation);
        let found = match subject.options.text("solver") {
            "clarabel" => by_program(&a)?,
            _ => best(&a),
        };
        let why = refusal(&a, &found);
        let reason = why.map_or(String::new(), |why| why.to_string());
        let feasible = reason.is_empty();
        let scalar = |name: &str, unit: &str, meaning: &str| {
            Variable::new(name, vec![]).unit(unit).meaning(meaning)
        };
        let p = Variable::new("p", vec![Axis::new("neuron", n)])
            .meaning("diagonal of the best P, of sum n: a certificate if feasible");
        let rate = "-lambda_max(sym(Q A Q^-1)), Q = P^(1/2): > 0 if feasible";
        let mut findings = Findings::default()
            .array(
                scalar(
                    "feasible",
                    "1",
                    "whether a diagonal P makes PA + A'P negative: 1 yes, 0 no",
                ),
                Data::Real(vec![truth(Some(feasible))]),
            )
            .array(p, Data::Real(found.p.clone()))
            .array(scalar("rate", "1/time", rate), Data::Real(vec![found.rate]))
            .array(
                scalar("margin", "1/time", "-lambda_max(PA + A'P)"),
                Data::Real(vec![found.margin]),
            )
            .array(
                scalar("bound", "1/time", "no diagonal P has a greater rate"),
                Data::Real(vec![found.bound]),
            )
            .array(
                scalar("reason", "1", "why it is infeasible; empty if it is not"),
                Data::Text(vec![reason.clone()]),
            );
        let answer = if feasible { "yes" } else { "no" };
        let cells = [
            ("feasible", answer.to_string()),
            ("rate", format!("{:.6}", found.rate)),
            ("margin", format!("{:.6}", found.margin)),
        ];
        findings.table = cells
            .iter()
            .map(|(name, cell)| vec![(*name).into(), cell.clone()])
            .collect();
        findings.table.push(vec!["p".into(), listed(&found.p)]);
        findings.line = cells.to_vec();
        if !feasible {
            findings.remarks.push(reason);
        }
        Ok(findings)
    }
}

/// The first numbers for people.
fn listed(p: &[f64]) -> String {
    const SHOWN: usize = 8;
    let mut told: Vec<String> = p.iter().take(SHOWN).map(|p| format!("{p:.6}")).collect();
    if p.len() > SHOWN {
        told.push(format!("... ({} more)", p.len() - SHOWN));
    }
    told.join(", ")
}
