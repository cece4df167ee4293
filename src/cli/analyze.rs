//! `nullcline analyze CONFIG`: what the tables `[analysis.NAME]` ask, into `<name>.analysis.h5`.
//!
//! Standard output has a table per analysis: of one system its own, of a sweep a line per point. A point
//! without an answer keeps its place, is told on standard error, and makes the exit code 1.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::failure::{Code, Failure};
use super::output::Output;
use super::points::{Order, answer, beside};
use super::progress::duration;
use super::{experiment, table};
use crate::archive::analysis::Answered;
use crate::cli::remark::remark;

use crate::ensemble::analyse::Points;
use crate::registry::Registry;
use crate::system::analysis::{Data, Findings};
use crate::system::family::Family;

/// Do the analyses that an experiment asks for, and write what they find
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline analyze pair.toml --set 'analysis.equilibria={}'")]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// Write the results here instead of into NAME.analysis.h5 beside the experiment
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How many points are analysed at the same time; as many as there are processors by default
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Replace earlier results
    #[arg(long)]
    force: bool,
    /// Tell nothing but the results and errors
    #[arg(short, long)]
    quiet: bool,
    /// Print the results as JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let started = Instant::now();
    let file = &arguments.experiment.config;
    if let Some(family) = arguments.experiment.family(registry)
        && arguments.experiment.lacks("analysis")
    {
        return Err(nothing_asked(family, registry, file));
    }
    let experiment = arguments.experiment.load(registry)?;
    if experiment.analyses.is_empty() {
        return Err(nothing_asked(experiment.family, registry, file));
    }
    let mut following = experiment.analyses.iter();
    if following.all(|one| one.analysis.follows()) {
        let message = format!(
            "{}: its analyses look on while a run goes on",
            file.display()
        );
        let help = format!("`{} run` does them", super::program::name());
        return Err(Failure::new(Code::Usage, message).help(help));
    }
    let beside = || beside(file, "analysis");
    let path = arguments.output.clone().unwrap_or_else(beside);
    let points = Points::new(&experiment);
    let order = Order {
        file,
        path: &path,
        force: arguments.force,
        threads: arguments.threads,
        scheme: "no scheme: analyses",
    };
    let answers = answer(&order, &experiment, &points, || Ok(points.answers()))?;
    match arguments.json {
        true => output.json(&as_json(&path, &points, &answers))?,
        false => print(output, &points, &answers)?,
    }
    output.flush()?;
    let undriven = experiment
        .analyses
        .iter()
        .any(|one| !one.analysis.needs_time());
    let mut analyses = experiment.analyses.iter();
    if let Some(one) = analyses.find(|one| one.analysis.follows())
        && !arguments.quiet
    {
        let (name, program) = (one.analysis.name(), super::program::name());
        remark!("note: [analysis.{name}] looks on while a run goes on: `{program} run` does it");
    }
    if !experiment.stimuli.is_empty() && undriven && !arguments.quiet {
        remark!("note: stimuli are left out of analyses that run nothing");
    }
    named_failures(&answers, &path)?;
    if !arguments.quiet {
        let count = match points.len() {
            1 => String::new(),
            count => format!("{count} points, "),
        };
        let took = duration(started.elapsed().as_secs_f64());
        remark!("wrote {}: {count}in {took}", path.display());
    }
    Ok(())
}

/// The failure of those points that have no answer, if there are any.
pub fn named_failures(answers: &[Answered], path: &Path) -> Result<(), Failure> {
    let failures = failures(answers);
    let Some((name, point, why)) = failures.first() else {
        return Ok(());
    };
    let name = if name.is_empty() { "the one" } else { name };
    let message = match answers.iter().map(|one| one.points.len()).sum::<usize>() {
        1 => format!("{name} has no answer: {why}"),
        all => format!(
            "{} of {all} have no answer; the first is {name} at point {point}: {why}",
            failures.len()
        ),
    };
    let help = format!(
        "{} is complete; /health/diagnosis lists them",
        path.display()
    );
    Err(Failure::new(Code::SomeRunsFailed, message).help(help))
}

fn nothing_asked(family: &'static dyn Family, registry: &Registry, file: &Path) -> Failure {
    let offered = registry.analyses(family);
    let tables = offered
        .iter()
        .map(|one| format!("[analysis.{}]", one.name()));
    let message = format!("{}: there is no table [analysis.NAME]", file.display());
    let help = format!(
        "add one of those that the family `{}` allows: {}",
        family.name(),
        tables.collect::<Vec<_>>().join(", ")
    );
    Failure::new(Code::Usage, message).help(help)
}

/// Every point without an answer: analysis, point, why.
fn failures(answers: &[Answered]) -> Vec<(&str, usize, &str)> {
    let mut failures = Vec::new();
    for answered in answers {
        for (point, answer) in answered.points.iter().enumerate() {
            if let Err(why) = answer {
                failures.push((answered.name, point, why.as_str()));
            }
        }
    }
    failures
}

fn print(output: &mut Output, points: &Points<'_>, answers: &[Answered]) -> io::Result<()> {
    for (number, answered) in answers.iter().enumerate() {
        if number > 0 {
            writeln!(output)?;
        }
        let head = format!("{}: {}", answered.name, answered.meaning);
        writeln!(output, "{}", table::line(&head))?;
        match answered.points.as_slice() {
            [Ok(only)] if points.names().is_empty() => {
                output.write_all(table::columns(&only.table, table::page()).as_bytes())?;
                for remark in &only.remarks {
                    writeln!(output, "  {}", table::wrap(remark, table::width() - 2, 2))?;
                }
            }
            _ => lines(output, points, answered)?,
        }
    }
    Ok(())
}

/// A line per point.
pub fn lines(output: &mut Output, points: &Points<'_>, answered: &Answered) -> io::Result<()> {
    const SHOWN: usize = 50;
    let answer = answered.points.iter().flatten().next();
    let columns: Vec<&str> = match answer {
        Some(answer) => answer.line.iter().map(|(name, _)| *name).collect(),
        None => vec!["answer"],
    };
    let mut head = points.names();
    head.extend(columns.iter().map(|name| (*name).to_string()));
    let mut rows = vec![head];
    for (point, answer) in answered.points.iter().enumerate().take(SHOWN) {
        let mut row = points.told(point as u64);
        match answer {
            Ok(answer) => row.extend(answer.line.iter().map(|(_, cell)| cell.clone())),
            Err(_) => row.extend(columns.iter().map(|_| "no answer".to_string())),
        }
        rows.push(row);
    }
    output.write_all(table::columns(&rows, table::page()).as_bytes())?;
    if answered.points.len() > SHOWN {
        writeln!(
            output,
            "  ... and {} more points",
            answered.points.len() - SHOWN
        )?;
    }
    Ok(())
}

fn as_json(path: &Path, points: &Points<'_>, answers: &[Answered]) -> Value {
    let names = points.names();
    let single = names.is_empty();
    let mut analyses = Map::new();
    for answered in answers {
        let one = |(point, answer): (usize, &Result<Findings, String>)| {
            let mut value = match answer {
                Ok(findings) => findings_json(findings),
                Err(why) => json!({ "error": why }),
            };
            if !single {
                let told = points.told(point as u64);
                let pairs = names
                    .iter()
                    .zip(told)
                    .map(|(name, text)| (name.clone(), json!(text)));
                value["axes"] = Value::Object(pairs.collect());
            }
            value
        };
        let mut values: Vec<Value> = answered.points.iter().enumerate().map(one).collect();
        let value = match (single, values.pop()) {
            (true, Some(only)) => only,
            (_, last) => {
                values.extend(last);
                json!({ "points": values })
            }
        };
        analyses.insert(answered.name.into(), value);
    }
    let failures = failures(answers);
    let failures = failures
        .iter()
        .map(|(name, point, why)| json!({ "analysis": name, "point": point, "reason": why }));
    json!({
        "output": path,
        "points": points.len(),
        "failures": failures.collect::<Vec<_>>(),
        "analyses": analyses,
    })
}

pub fn findings_json(findings: &Findings) -> Value {
    let mut value = Map::new();
    for found in &findings.arrays {
        let flat: Vec<Value> = match &found.data {
            // NaN becomes null.
            Data::Real(values) => values.iter().map(|value| json!(value)).collect(),
            Data::Count(values) => values.iter().map(|value| json!(value)).collect(),
            Data::Code(values, flags) => values
                .iter()
                .map(|value| {
                    let name = flags.iter().find(|(code, _)| code == value);
                    json!(name.map(|(_, name)| name))
                })
                .collect(),
            Data::Text(values) => values.iter().map(|value| json!(value)).collect(),
        };
        let nested = nested(&found.variable.shape(), flat);
        value.insert(found.variable.name.clone(), nested);
    }
    value.insert("remarks".into(), json!(findings.remarks));
    Value::Object(value)
}

/// The values as lists of lists of this shape.
fn nested(shape: &[usize], mut flat: Vec<Value>) -> Value {
    for &size in shape.iter().skip(1).rev() {
        if size > 0 {
            flat = flat.chunks(size).map(|chunk| json!(chunk)).collect();
        }
    }
    match shape {
        [] => flat.pop().unwrap_or(Value::Null),
        _ => json!(flat),
    }
}
