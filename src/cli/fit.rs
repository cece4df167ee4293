//! `nullcline fit CONFIG [DATA]`: parameters from data, by maximum likelihood, subject by subject, into `<name>.fit.h5`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use super::analyze::{findings_json, named_failures};
use super::failure::{Code, Failure};
use super::output::Output;
use super::points::{Order, answer, beside};
use super::progress::duration;
use super::{experiment, table};
use crate::archive::analysis::Answered;
use crate::cli::remark::remark;
use crate::ensemble::analyse::Points;
use crate::ensemble::fitting::fit_subjects;
use crate::registry::Registry;
use crate::system::analysis::Findings;

/// Estimate parameters from data by maximum likelihood, for each subject
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline fit fit-subjects.toml subjects.csv -o fit.h5")]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// The trials, in place of `[trials] file`
    data: Option<PathBuf>,
    /// Write the results here instead of into NAME.fit.h5 beside the experiment
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How many fits go at the same time; as many as there are processors by default
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Replace earlier results
    #[arg(long)]
    force: bool,
    /// Tell nothing but the results and errors
    #[arg(short, long)]
    quiet: bool,
    /// Print the results as JSON
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print the results as CSV
    #[arg(long)]
    csv: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let started = Instant::now();
    let file = &arguments.experiment.config;
    let missing = || {
        let message = format!("{}: there is no table [fit]", file.display());
        let help = "add [fit], which may be empty, if the family has a likelihood; `free` says what is estimated, between which bounds";
        Failure::new(Code::Usage, message).help(help)
    };
    if arguments.experiment.lacks("fit") {
        return Err(missing());
    }
    let experiment = match &arguments.data {
        Some(data) => arguments
            .experiment
            .with(trials_of(file, data)?)
            .load(registry)?,
        None => arguments.experiment.load(registry)?,
    };
    let asked = experiment.fit.as_ref().ok_or_else(missing)?;
    let beside = || beside(file, "fit");
    let path = arguments.output.clone().unwrap_or_else(beside);
    let points = Points::new(&experiment);
    let order = Order {
        file,
        path: &path,
        force: arguments.force,
        threads: arguments.threads,
        scheme: "no scheme: a fit",
    };
    let answers = answer(&order, &experiment, &points, || {
        let meaning = "estimates by maximum likelihood";
        let found = points.each(meaning, &|experiment, settings| {
            let fitted = fit_subjects(experiment, &settings.parameters, asked);
            fitted.map_err(|error| match &error.help {
                Some(help) => format!("{error}: {help}"),
                None => error.to_string(),
            })
        });
        match (found.points.as_slice(), points.names().is_empty()) {
            ([Err(why)], true) => {
                let message = format!("{}: {why}", file.display());
                Err(Failure::new(Code::Usage, message))
            }
            _ => Ok(vec![found]),
        }
    })?;
    print(arguments, output, &path, &points, &answers[0])?;
    output.flush()?;
    if !arguments.quiet && !arguments.json {
        for remark in answers[0]
            .points
            .iter()
            .flatten()
            .flat_map(|one| &one.remarks)
        {
            remark!("warning: {remark}");
        }
    }
    named_failures(&answers, &path)?;
    if !arguments.quiet {
        let took = duration(started.elapsed().as_secs_f64());
        remark!("wrote {}: in {took}", path.display());
    }
    Ok(())
}

/// What puts the data in place of the file that the experiment names, or of the trials that it has itself.
fn trials_of(config: &Path, data: &Path) -> Result<String, Failure> {
    let path = std::path::absolute(data).map_err(|error| Failure::at(data, error))?;
    let text = toml::Value::String(path.display().to_string());
    let read = std::fs::read_to_string(config).ok();
    let table = read.and_then(|text| text.parse::<toml::Table>().ok());
    let trials = table.as_ref().and_then(|table| table.get("trials"));
    // Other columns beside a file, such as `iti = 3.0`, stay.
    Ok(
        match trials.is_some_and(|trials| trials.get("file").is_some()) {
            true => format!("trials.file={text}"),
            false => format!("trials={{ file = {text} }}"),
        },
    )
}

fn print(
    arguments: &Arguments,
    output: &mut Output,
    path: &Path,
    points: &Points<'_>,
    answered: &Answered,
) -> Result<(), Failure> {
    let names = points.names();
    let told = |point: usize| {
        let pairs = names.iter().cloned().zip(points.told(point as u64));
        pairs.collect::<Vec<(String, String)>>()
    };
    if arguments.json {
        let one = |(point, answer): (usize, &Result<Findings, String>)| match answer {
            Ok(findings) => {
                let mut value = findings_json(findings);
                if !names.is_empty() {
                    let axes = told(point)
                        .into_iter()
                        .map(|(name, text)| (name, json!(text)));
                    value["axes"] = serde_json::Value::Object(axes.collect());
                }
                value
            }
            Err(why) => json!({ "error": why }),
        };
        let values: Vec<_> = answered.points.iter().enumerate().map(one).collect();
        output.json(&json!({ "output": path, "fits": values }))?;
        return Ok(());
    }
    for (point, answer) in answered.points.iter().enumerate() {
        let Ok(findings) = answer else { continue };
        let head: Vec<String> = told(point)
            .iter()
            .map(|(name, text)| format!("{name} = {text}"))
            .collect();
        if arguments.csv {
            csv(output, findings, &told(point), point == 0)?;
            continue;
        }
        if !head.is_empty() {
            writeln!(output, "{}", head.join(", "))?;
        }
        output.write_all(table::columns(&findings.table, table::page()).as_bytes())?;
    }
    Ok(())
}

/// One line per subject, one column per array.
fn csv(
    output: &mut Output,
    findings: &Findings,
    axes: &[(String, String)],
    headed: bool,
) -> Result<(), Failure> {
    use crate::system::analysis::Data;
    let failed = |error: csv::Error| Failure::new(Code::InputOutput, error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let subjects = findings
        .arrays
        .first()
        .and_then(|one| one.variable.axes.first());
    let subjects = subjects.map(|axis| axis.labels.clone()).unwrap_or_default();
    let names = findings.arrays.iter().map(|one| one.variable.name.as_str());
    if headed {
        let head = axes.iter().map(|(name, _)| name.as_str());
        let head: Vec<&str> = head.chain(["subject"]).chain(names).collect();
        writer.write_record(head).map_err(failed)?;
    }
    for (place, subject) in subjects.iter().enumerate() {
        let mut row: Vec<String> = axes.iter().map(|(_, text)| text.clone()).collect();
        row.push(subject.clone());
        row.extend(findings.arrays.iter().map(|one| match &one.data {
            Data::Real(values) => values[place].to_string(),
            Data::Count(values) => values[place].to_string(),
            Data::Code(values, _) => values[place].to_string(),
            Data::Text(values) => values[place].clone(),
        }));
        writer.write_record(row).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    let bytes = bytes.map_err(|error| Failure::new(Code::InputOutput, error.to_string()))?;
    output.write_all(&bytes)?;
    Ok(())
}
