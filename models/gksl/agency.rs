//! `[analysis.agency]`: how active a Hamiltonian is, and how far it takes the steady state away from that of its passive twin.
//!
//! ```text
//! index a(H) = |H_offdiag|_F / |H|_F = sqrt( sum_i |[H, P_i]|_F^2 / (2 |H|_F^2) ), 0 passive, 1 nothing but links
//! escape     = 1/2 sum_i |p_i(H) - p_i(diag H)|        p: steady populations in the same environment
//! ```
//!
//! also with tr(H)/N taken out of H, which no state feels. The scan adds dephasing to the environment of both. Populations alone never prove
//! anything quantum: a classical chain with the right rates has the same ones. The measures are assumed; "Quantum Escape" is a
//! concept of Asano, Khrennikov, arXiv 2604.18643 (2026).

use super::levels::Levels;
use super::lindblad::{Jump, Lindblad};
use super::operator::{C, Operator};
use super::steady_state::{asked, start};
use crate::prelude::*;

/// The analysis `agency`.
pub struct Agency;

const OPTIONS: &[Parameter] = &[
    Parameter::text("target")
        .fallback(Fallback::Absent)
        .meaning("a choice, or a level by name or number, whose change is told; the first choice or level by default"),
    Parameter::vector("scan", "strengths")
        .fallback(Fallback::Absent)
        .range(Range::NON_NEGATIVE)
        .unit("1/time")
        .meaning("rates of dephasing that are added to the environment, one after the other"),
];

/// The index of a Hamiltonian; 0 for none at all.
pub fn index(hamiltonian: &Operator) -> f64 {
    let sum = |beside: bool| -> f64 {
        let entries = hamiltonian.entries().filter(|&(i, j, _)| !beside || i != j);
        // The sum of nothing is -0.
        0.0 + entries.map(|(.., value)| value.norm_sqr()).sum::<f64>()
    };
    let all = sum(false);
    if all > 0.0 {
        (sum(true) / all).sqrt()
    } else {
        0.0
    }
}

/// The same Hamiltonian without its mean energy.
fn traceless(hamiltonian: &Operator) -> Operator {
    let n = hamiltonian.levels();
    let mean = hamiltonian.diagonal().iter().sum::<C>() / n as f64;
    let shift = (0..n).map(|i| (i, i, -mean));
    Operator::new(n, hamiltonian.entries().chain(shift))
}

/// The passive twin: the diagonal alone.
pub fn passive(hamiltonian: &Operator) -> Operator {
    Operator::new(
        hamiltonian.levels(),
        hamiltonian.entries().filter(|&(i, j, _)| i == j),
    )
}

impl Analysis for Agency {
    fn name(&self) -> &'static str {
        "agency"
    }

    fn meaning(&self) -> &'static str {
        "how active the Hamiltonian is, and how far it leads the steady state away from its passive twin's"
    }

    fn options(&self) -> &'static [Parameter] {
        OPTIONS
    }

    fn check(&self, subject: &Subject<'_>) -> Result<(), BuildError> {
        let Ok(levels) = Levels::build(subject.parameters) else {
            // The model says so itself.
            return Ok(());
        };
        levels.chosen(subject.options, "target").map(|_| ())
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let (levels, lindblad) = asked(subject)?;
        let start = start(subject, &levels);
        let failed = |error: &dyn std::fmt::Display| AnalysisError::Failed(error.to_string());
        let (name, group) = levels
            .chosen(subject.options, "target")
            .map_err(|error| failed(&error))?;
        let pair = |extra: f64| -> Result<[Vec<f64>; 2], AnalysisError> {
            let active = dephased(&lindblad, extra);
            let twin = active.driven_by(passive(&lindblad.hamiltonian));
            let steady = |one: &Lindblad| {
                let steady = one
                    .steady_state(start.as_deref())
                    .map_err(|error| failed(&error))?;
                Ok(steady.x[..levels.n].to_vec())
            };
            Ok([steady(&active)?, steady(&twin)?])
        };
        let [active, twin] = pair(0.0)?;
        let scan: Vec<f64> = match subject.options.get("scan") {
            Some(_) => subject.options.vector("scan").to_vec(),
            None => Vec::new(),
        };
        let escapes: Result<Vec<f64>, AnalysisError> = scan
            .iter()
            .map(|&extra| pair(extra).map(|[active, twin]| distance(&active, &twin)))
            .collect();
        let found = Found {
            index: index(&lindblad.hamiltonian),
            traceless: index(&traceless(&lindblad.hamiltonian)),
            escape: distance(&active, &twin),
            change: group.iter().map(|&i| active[i] - twin[i]).sum(),
            target: name,
            active,
            twin,
            scan,
            escapes: escapes?,
        };
        Ok(found.tell(&levels))
    }
}

/// The generator with dephasing at this rate on top.
fn dephased(lindblad: &Lindblad, rate: f64) -> Lindblad {
    let mut jumps = lindblad.jumps.clone();
    if rate > 0.0 {
        jumps.extend((0..lindblad.levels()).map(|i| Jump::Move {
            from: i,
            to: i,
            rate,
        }));
    }
    Lindblad::new(lindblad.hamiltonian.clone(), jumps, lindblad.bases.clone())
        .with(lindblad.superoperator.clone())
}

/// Half the sum of absolute differences.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    0.5 * a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>()
}

struct Found {
    index: f64,
    traceless: f64,
    escape: f64,
    change: f64,
    target: String,
    active: Vec<f64>,
    twin: Vec<f64>,
    scan: Vec<f64>,
    escapes: Vec<f64>,
}

impl Found {
    fn tell(self, levels: &Levels) -> Findings {
        let scalar = |name: &str, meaning: &str| Variable::new(name, vec![]).meaning(meaning);
        let level = |name: &str, meaning: &str| {
            Variable::new(name, vec![levels.axis("level")]).meaning(meaning)
        };
        let along = |name: &str, meaning: &str| {
            Variable::new(name, vec![Axis::new("strength", self.scan.len())]).meaning(meaning)
        };
        let mut findings = Findings::default()
            .array(
                scalar("index", "|H beside its diagonal| / |H|: 0 passive"),
                Data::Real(vec![self.index]),
            )
            .array(
                scalar("index_traceless", "the same without tr(H)/N"),
                Data::Real(vec![self.traceless]),
            )
            .array(
                scalar(
                    "escape",
                    "half the sum of |p - p of the passive twin|, steady states",
                ),
                Data::Real(vec![self.escape]),
            )
            .array(
                scalar(
                    "target_change",
                    "how much more probable the target is than in the passive twin",
                ),
                Data::Real(vec![self.change]),
            )
            .array(
                level("population", "steady populations"),
                Data::Real(self.active.clone()),
            )
            .array(
                level(
                    "population_passive",
                    "steady populations of the passive twin",
                ),
                Data::Real(self.twin.clone()),
            )
            .array(
                along("scan_dephasing", "dephasing added to the environment").unit("1/time"),
                Data::Real(self.scan.clone()),
            )
            .array(
                along("scan_escape", "escape with it"),
                Data::Real(self.escapes.clone()),
            );
        let cells = [
            ("index", format!("{:.9}", self.index)),
            ("escape", format!("{:.9}", self.escape)),
            ("change", format!("{:+.9}", self.change)),
        ];
        findings.line = cells.to_vec();
        findings.table = vec![["quantity", "value"].map(String::from).to_vec()];
        let row = |name: &str, value: String| vec![name.to_string(), value];
        findings.table.extend([
            row("index", cells[0].1.clone()),
            row("index without tr(H)/N", format!("{:.9}", self.traceless)),
            row("escape", cells[1].1.clone()),
            row(&format!("change of {}", self.target), cells[2].1.clone()),
        ]);
        for (level, (p, twin)) in self.active.iter().zip(&self.twin).enumerate() {
            findings.table.push(row(
                &levels.label(level),
                format!("{p:.9} (passive twin {twin:.9})"),
            ));
        }
        for (extra, escape) in self.scan.iter().zip(&self.escapes) {
            findings.table.push(row(
                &format!("escape, dephasing + {extra}"),
                format!("{escape:.9}"),
            ));
        }
        findings.remarks.push(
            "populations alone never prove anything quantum: a classical chain with the right rates has the same ones".into(),
        );
        findings
    }
}
