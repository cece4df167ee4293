//! `nullcline trials CONFIG`: the trials of an experiment as CSV, with the responses if they are simulated.

use std::io::Write;
use std::path::PathBuf;

use super::experiment;
use super::failure::{Code, Failure};
use super::output::Output;
use crate::cli::remark::remark;
use crate::ensemble::trial_table::trial_table;
use crate::registry::Registry;

/// Print the trials of an experiment as CSV, with the responses if it simulates them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline trials subjects.toml -o subjects.csv")]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// Write the table here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an earlier table
    #[arg(long)]
    force: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let experiment = arguments.experiment.load(registry)?;
    let file = &arguments.experiment.config;
    let table = trial_table(&experiment).map_err(|error| super::run::refuse(&error, file))?;
    let failed = |error: csv::Error| Failure::new(Code::InputOutput, error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&table.names).map_err(failed)?;
    for row in &table.rows {
        writer.write_record(row).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    let bytes = bytes.map_err(|error| Failure::new(Code::InputOutput, error.to_string()))?;
    let Some(path) = &arguments.output else {
        output.write_all(&bytes)?;
        return Ok(());
    };
    if path.exists() && !arguments.force {
        let message = format!("{} is there already", path.display());
        let help = "give `--force` to replace it, or another name with `-o`";
        return Err(Failure::new(Code::InputOutput, message).help(help));
    }
    std::fs::write(path, &bytes).map_err(|error| Failure::cannot_write(path, &error))?;
    remark!("wrote {}: {} trials", path.display(), table.rows.len());
    Ok(())
}
