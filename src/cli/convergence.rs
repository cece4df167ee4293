//! `nullcline convergence CONFIG`: how many digits to trust.

use std::io::Write;

use serde_json::{Value, json};

use super::experiment;
use super::failure::{Code, Failure};
use super::output::Output;
use super::progress::short;
use super::table;
use crate::analysis::convergence::{Convergence, Followed, Question, convergence};
use crate::archive::contents::Origin;
use crate::cli::remark::remark;
use crate::ensemble::{Prepared, RunError};
use crate::registry::Registry;

/// Run an experiment at finer steps or tolerances, and tell how many digits to trust
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline convergence pair.toml --levels 4")]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// How many finer levels: a tenth of the tolerances, or half of the step, at each
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = levels_of)]
    levels: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// At least one finer level, without which there is nothing to compare with.
fn levels_of(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("needs at least 1 finer level to compare with".into()),
        Ok(levels) => Ok(levels),
        Err(_) => Err("expected a whole number from 1 on".into()),
    }
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let experiment = arguments.experiment.load(registry)?;
    let file = &arguments.experiment.config;
    let refuse = |error| super::run::refuse(&error, file);
    let prepared = Prepared::new(&experiment).map_err(refuse)?;
    let ready = prepared
        .variants
        .ready(&prepared.plan.run(0))
        .map_err(refuse)?;
    let system = ready.system.as_ref();
    let variant = &ready.variant;
    if system.map().is_some() {
        return Err(refuse(RunError::Map(variant.experiment.dynamics.clone())));
    }
    let span = variant.span();
    let track = variant.contents.tracks.first();
    let grid = track.map(|track| &track.grid);
    let times: Vec<f64> = match grid.and_then(|grid| Some((grid, grid.len()?))) {
        Some((grid, length)) => (0..length).map(|sample| grid.time(sample)).collect(),
        None => {
            let step = (span.stop - span.start) / 100.0;
            let inner = (0..100).map(|sample| span.start + f64::from(sample) * step);
            inner.chain([span.stop]).collect()
        }
    };
    let record = &variant.experiment.record;
    let names = record.variables.iter().chain(&record.observables);
    let fields = track.into_iter().flat_map(|track| &track.fields);
    let followed = names
        .zip(fields)
        .map(|(name, field)| Followed {
            name: name.clone(),
            value: match field.origin.clone() {
                Origin::State(range) => Box::new(move |_, x: &[f64]| x[range.clone()].to_vec()),
                Origin::Observable(index) => {
                    let length = field.length;
                    Box::new(move |t, x: &[f64]| {
                        let mut out = vec![0.0; length];
                        if let Some(observables) = system.observables() {
                            observables.observe(index, t, x, &mut out);
                        }
                        out
                    })
                }
            },
        })
        .collect();
    let question = Question {
        system,
        method: variant.card.name,
        options: variant.options.clone(),
        span,
        x0: ready.x0.clone(),
        times,
        followed,
        key: prepared.plan.run(0).noise,
    };
    if question.followed.is_empty() {
        let message = format!(
            "{}: the experiment records no trajectory, and there is nothing to compare",
            file.display()
        );
        let help = "name what is to be compared: --set 'record.variables=[\"NAME\"]'";
        return Err(Failure::new(Code::Usage, message).help(help));
    }
    let found = convergence(&question, arguments.levels)
        .map_err(|error| super::run::refuse(&error.into(), file))?;
    let names: Vec<&str> = question
        .followed
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    if let Some(level) = found.failed {
        let outcome = &found.levels[level].outcome;
        let message = format!(
            "{}: the run failed at level {level}: {}",
            file.display(),
            outcome.diagnosis(system)
        );
        return Err(Failure::new(Code::SomeRunsFailed, message));
    }
    if found.levels.len() < 2 {
        let message = format!(
            "{}: the tolerances are as fine as double precision allows, and no finer level is left to compare with",
            file.display()
        );
        let help = "begin with looser ones: --set solver.rtol=1e-8";
        return Err(Failure::new(Code::Usage, message).help(help));
    }
    if arguments.json {
        output.json(&as_json(&found, &names))?;
    } else {
        print(&found, &names, output)?;
        if !prepared.plan.axes().is_empty() {
            remark!("note: of the sweep, this is its first run");
        }
    }
    if (0..names.len()).all(|variable| !found.is_compared(variable)) {
        let message = "nothing was compared: no recorded variable has a number that is not NaN";
        return Err(Failure::new(Code::Verification, message));
    }
    Ok(())
}

fn print(found: &Convergence, names: &[&str], output: &mut Output) -> Result<(), Failure> {
    output.write_all(table::columns(&levels(found, names), table::page()).as_bytes())?;
    writeln!(output)?;
    output.write_all(table::columns(&digits(found, names), table::page()).as_bytes())?;
    Ok(())
}

fn levels(found: &Convergence, names: &[&str]) -> Vec<Vec<String>> {
    let mut head = vec!["level", "rtol or step", "steps", "evaluations"];
    head.extend(names);
    let mut rows: Vec<Vec<String>> = vec![head.into_iter().map(String::from).collect()];
    for (number, level) in found.levels.iter().enumerate() {
        let fineness = level.rtol.or(level.step).unwrap_or(f64::NAN);
        let mut row = vec![
            number.to_string(),
            short(fineness),
            level.counts.steps.to_string(),
            level.counts.evaluations.to_string(),
        ];
        row.extend((0..names.len()).map(|variable| {
            let distance = level.distance[variable];
            let order = match (found.order(number, variable), level.rtol) {
                (Some(order), None) => format!(" (order {order:.2})"),
                _ => String::new(),
            };
            match number + 1 == found.levels.len() {
                true => "the finest".to_string(),
                false => format!("{}{order}", short(distance)),
            }
        }));
        rows.push(row);
    }
    rows
}

/// What is to be said of each variable.
fn digits(found: &Convergence, names: &[&str]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (variable, name) in names.iter().enumerate() {
        let digits = found.digits(variable);
        let remark = match found.shrinks(variable) {
            _ if !found.is_compared(variable) => "not compared: it is NaN throughout".to_string(),
            true if found.is_equal(variable) => "no difference seen".to_string(),
            true => format!("{digits} digits at the experiment's own setting"),
            false => format!(
                "{digits} digits at most: the differences do not shrink from level to level \
                 (chaos, kinks, a solution that is not unique, or steps at the limit of rounding)"
            ),
        };
        rows.push(vec![(*name).to_string(), remark]);
    }
    rows
}

fn as_json(found: &Convergence, names: &[&str]) -> Value {
    let levels = found.levels.iter().enumerate().map(|(number, level)| {
        let variables = names.iter().enumerate().map(|(variable, name)| {
            json!({
                "name": name,
                "distance": level.distance[variable],
                "order": found.order(number, variable),
            })
        });
        json!({
            "rtol": level.rtol,
            "step": level.step,
            "steps": level.counts.steps,
            "evaluations": level.counts.evaluations,
            "variables": variables.collect::<Vec<_>>(),
        })
    });
    let variables = names.iter().enumerate().map(|(variable, name)| {
        json!({
            "name": name,
            "compared": found.is_compared(variable),
            "digits": found.digits(variable),
            "shrinks": found.shrinks(variable),
        })
    });
    json!({
        "levels": levels.collect::<Vec<_>>(),
        "variables": variables.collect::<Vec<_>>(),
    })
}
