//! Optima: the best of a family's objective over several restarts, and how the restarts scatter.

use crate::analysis::optimise::{Search, optimise};
use crate::config::experiment::{Experiment, Optimise};
use crate::system::analysis::{Data, Findings};
use crate::system::family::Build;
use crate::system::layout::{Axis, Variable};
use crate::system::parameters::{BuildError, Parameters};
use crate::system::share::Share;

/// The optimum of an experiment with these parameters.
///
/// # Errors
/// If the family has no objective for them.
pub fn optimum(
    experiment: &Experiment,
    parameters: &Parameters,
    asked: &Optimise,
) -> Result<Findings, BuildError> {
    let family = experiment.family;
    let share = Share::default();
    let objective = family.objective(&Build {
        dynamics: &experiment.dynamics,
        parameters,
        stimuli: &[],
        share: &share,
    });
    let Some(objective) = objective.transpose()? else {
        let message = format!("the family `{}` has no objective", family.name());
        return Err(BuildError::new(message));
    };
    let found = optimise(
        objective.as_ref(),
        &Search {
            restarts: asked.restarts,
            iterations: asked.iterations,
            tolerance: asked.tolerance,
            seed: experiment.seed,
        },
    );
    if !found.value.is_finite() {
        return Err(BuildError::new(
            "no restart came to a point where the objective is finite",
        ));
    }
    let mut findings = objective.describe(&found.point);
    let mut sorted = found.values.clone();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    let worst = sorted.last().copied().unwrap_or(f64::NAN);
    let text = |value: f64| format!("{value:.9}");
    let row = |name: &str, value: String| vec![name.to_string(), value];
    findings.table.push(row("objective", text(found.value)));
    findings.table.push(row(
        "restarts",
        format!(
            "{}: best {}, median {}, worst {}",
            sorted.len(),
            text(found.value),
            text(median),
            text(worst)
        ),
    ));
    findings.line.push(("objective", text(found.value)));
    let one =
        Variable::new("objective", vec![]).meaning("least value of the objective that was found");
    let all = vec![Axis::new("restart", found.values.len())];
    let all = Variable::new("restart_objective", all).meaning("value that each restart came to");
    Ok(findings
        .array(one, Data::Real(vec![found.value]))
        .array(all, Data::Real(found.values)))
}
