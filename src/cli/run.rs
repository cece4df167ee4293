//! `nullcline run CONFIG`: the experiment, from file to archive.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::failure::{Code, Failure};
use super::output::Output;
use super::progress::{Progress, duration, short};
use super::{experiment, interrupt};
use crate::ensemble::{Report, RunError, RunOptions};
use crate::registry::Registry;

/// Run an experiment and write its archive
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline run pair.toml --set time.stop=20 -o longer.h5")]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// Write the archive here instead of where the file says
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a complete result
    #[arg(long)]
    force: bool,
    /// Tell nothing but errors
    #[arg(short, long)]
    quiet: bool,
    /// Print a report as JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut experiment = arguments.experiment.load(registry)?;
    if let Some(path) = &arguments.output {
        experiment.output.path.clone_from(path);
    }
    let options = RunOptions {
        force: arguments.force,
        command_line: command_line(std::env::args()),
        ..RunOptions::new(interrupt::listen()?)
    };
    let stop = experiment.time.stop;
    let mut progress = Progress::new(arguments.quiet);
    let report = crate::ensemble::run(&experiment, &options, &mut |now| {
        let start = experiment.time.start;
        progress.update(now.time - start, stop - start, "time units");
    });
    progress.finish();
    let report = report.map_err(|error| refuse(&error, &arguments.experiment.config))?;
    if arguments.json {
        output.json(&as_json(&report))?;
        output.flush()?;
    }
    tell(&report, arguments.quiet)
}

/// The failure of an experiment, whose file is named, to run.
pub fn refuse(error: &RunError, file: &Path) -> Failure {
    let message = match error {
        RunError::Archive(error) => error.to_string(),
        error => format!("{}: {error}", file.display()),
    };
    Failure::Told {
        code: error.exit_code(),
        message,
        help: error.help().map(Into::into),
        rendered: None,
        problems: Vec::new(),
    }
}

fn tell(report: &Report, quiet: bool) -> Result<(), Failure> {
    let path = report.path.display();
    let counts = report.outcome.counts;
    if report.interrupted {
        let time = short(report.outcome.time);
        let message = format!("interrupted at t = {time}; what there is so far is in {path}");
        return Err(Failure::new(Code::Interrupted, message));
    }
    if !report.outcome.status.is_success() {
        let message = format!("the run failed: {}", report.diagnosis);
        let help = format!("{path} is complete: it has the last finite state under /health");
        return Err(Failure::new(Code::SomeRunsFailed, message).help(help));
    }
    if !quiet {
        if report.replaced_unfinished {
            eprintln!("replaced an unfinished earlier attempt");
        }
        eprintln!(
            "wrote {path}: {} steps, {} rejected, in {}",
            counts.steps,
            counts.rejected,
            duration(report.wall_time)
        );
    }
    Ok(())
}

fn as_json(report: &Report) -> Value {
    let outcome = &report.outcome;
    let failed = (!report.interrupted && !outcome.status.is_success())
        .then(|| json!({"run": 0, "time": outcome.time, "diagnosis": report.diagnosis}));
    json!({
        "output": report.path,
        "status": outcome.status.name(),
        "interrupted": report.interrupted,
        "failed": failed.into_iter().collect::<Vec<_>>(),
        "time": outcome.time,
        "steps": outcome.counts.steps,
        "rejected": outcome.counts.rejected,
        "evaluations": outcome.counts.evaluations,
        "kinks": outcome.counts.kinks,
        "wall_time": report.wall_time,
    })
}

/// The command line as a shell would take it.
fn command_line(arguments: impl Iterator<Item = String>) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%[]".contains(c);
    let mut words: Vec<String> = arguments
        .map(|word| match !word.is_empty() && word.chars().all(plain) {
            true => word,
            false => format!("'{}'", word.replace('\'', "'\\''")),
        })
        .collect();
    if let Some(program) = words.first_mut() {
        *program = "nullcline".into();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_can_be_pasted_into_a_shell() {
        let words = ["/usr/bin/nullcline", "run", "a b.toml", "--set", "x='y'"];
        assert_eq!(
            super::command_line(words.map(String::from).into_iter()),
            "nullcline run 'a b.toml' --set 'x='\\''y'\\'''"
        );
    }
}
