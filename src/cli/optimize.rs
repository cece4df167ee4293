//! `nullcline optimize CONFIG`: the least value of a family's objective, from many random starts, into `<name>.optimum.h5`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use super::analyze::{findings_json, lines, named_failures};
use super::failure::{Code, Failure};
use super::output::Output;
use super::points::{Order, answer, beside};
use super::progress::duration;
use super::{experiment, table};
use crate::cli::remark::remark;
use crate::ensemble::analyse::Points;
use crate::ensemble::optimising::optimum;
use crate::registry::Registry;

/// Minimise the objective of a family from many random starts
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline optimize fastest.toml -o fastest.optimum.h5")]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// Write the results here instead of into NAME.optimum.h5 beside the experiment
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How many restarts go at the same time; as many as there are processors by default
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
    let missing = || {
        let message = format!("{}: there is no table [optimize]", file.display());
        let help = "add [optimize], which may be empty, if the family has an objective; `restarts` says from how many points the search starts";
        Failure::new(Code::Usage, message).help(help)
    };
    if arguments.experiment.lacks("optimize") {
        return Err(missing());
    }
    let experiment = arguments.experiment.load(registry)?;
    let asked = experiment.optimise.as_ref().ok_or_else(missing)?;
    let beside = || beside(file, "optimum");
    let path = arguments.output.clone().unwrap_or_else(beside);
    let points = Points::new(&experiment);
    let order = Order {
        file,
        path: &path,
        force: arguments.force,
        threads: arguments.threads,
        scheme: "no scheme: an optimisation",
    };
    let answers = answer(&order, &experiment, &points, || {
        let meaning = "the best of several minima";
        Ok(vec![points.each(meaning, &|experiment, settings| {
            optimum(experiment, &settings.parameters, asked).map_err(|error| error.to_string())
        })])
    })?;
    let answered = &answers[0];
    if arguments.json {
        let one = |answer: &Result<_, String>| match answer {
            Ok(findings) => findings_json(findings),
            Err(why) => json!({ "error": why }),
        };
        let values: Vec<_> = answered.points.iter().map(one).collect();
        output.json(&json!({ "output": path, "optima": values }))?;
    } else if let ([Ok(only)], true) = (answered.points.as_slice(), points.names().is_empty()) {
        output.write_all(table::columns(&only.table, table::page()).as_bytes())?;
        for remark in &only.remarks {
            writeln!(output, "  {}", table::wrap(remark, table::width() - 2, 2))?;
        }
    } else {
        lines(output, &points, answered)?;
    }
    output.flush()?;
    named_failures(&answers, &path)?;
    if !arguments.quiet {
        let took = duration(started.elapsed().as_secs_f64());
        remark!("wrote {}: in {took}", path.display());
    }
    Ok(())
}
