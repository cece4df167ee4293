//! `nullcline run CONFIG`: the experiment, from file to archive.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::failure::{Code, Failure};
use super::output::Output;
use super::program;
use super::progress::{Progress, duration, short};
use super::{experiment, interrupt};
use crate::cli::remark::remark;
use crate::config::experiment::Clock;
use crate::ensemble::{Report, RunError, RunOptions};
use crate::plan::Shard;
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
    /// How many runs go at the same time; as many as there are processors by default
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Run only part K of N of a sweep; `merge` puts the parts together
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Throw an unfinished result away instead of going on with it
    #[arg(long)]
    restart: bool,
    /// Replace a complete result
    #[arg(long)]
    force: bool,
    /// End at the first run that fails
    #[arg(long)]
    fail_fast: bool,
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
    let shard = arguments.shard.unwrap_or(Shard::ALL);
    if !shard.is_all() && arguments.output.is_none() {
        experiment.output.path = shard_path(&experiment.output.path, shard);
    }
    let options = RunOptions {
        force: arguments.force,
        restart: arguments.restart,
        fail_fast: arguments.fail_fast,
        threads: arguments.threads,
        shard,
        command_line: command_line(std::env::args_os()),
        ..RunOptions::new(interrupt::listen()?)
    };
    if experiment.members() > 1 && !experiment.is_random() && !arguments.quiet {
        remark!("note: {}", super::check::ALIKE);
    }
    let mut analyses = experiment.analyses.iter();
    if analyses.any(|one| !one.analysis.follows()) && !arguments.quiet {
        remark!(
            "note: the tables [analysis.*] are done by `{} analyze`, not by a run",
            program::name()
        );
    }
    let stop = experiment.time.stop;
    let unit = match experiment.time.clock {
        Clock::Time => "time units",
        Clock::Steps => "steps",
        Clock::Trials => "trials",
    };
    let mut progress = Progress::new(arguments.quiet);
    let report = crate::ensemble::run(&experiment, &options, &mut |now| {
        let start = experiment.time.start;
        match now.runs {
            1 if now.time.is_nan() => {}
            1 => progress.update(now.time - start, stop - start, unit),
            runs => progress.update(now.finished as f64, runs as f64, "runs"),
        }
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

/// Where a shard goes if nobody says so: `sweep.h5` becomes `sweep.shard-2-of-8.h5`.
fn shard_path(path: &Path, shard: Shard) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(
        "{stem}.shard-{}-of-{}.h5",
        shard.number, shard.count
    ))
}

fn tell(report: &Report, quiet: bool) -> Result<(), Failure> {
    let path = report.path.display();
    if report.damaged > 0 && !quiet {
        remark!(
            "{} runs were not on the disk as the journal says, and were run again",
            report.damaged
        );
    }
    if !report.complete {
        return Err(left(report));
    }
    if !quiet {
        for note in &report.notes {
            remark!("note: {note}");
        }
    }
    if report.failed > 0 {
        return Err(failed(report));
    }
    if !quiet {
        if report.replaced_unfinished {
            remark!("replaced an unfinished earlier attempt");
        }
        if report.from_checkpoint {
            remark!("went on from a checkpoint");
        }
        let what = match &report.only {
            Some(only) => {
                let counts = only.outcome.counts;
                format!("{} steps, {} rejected", counts.steps, counts.rejected)
            }
            None => runs(report),
        };
        remark!("wrote {path}: {what}, in {}", duration(report.wall_time));
    }
    Ok(())
}

fn runs(report: &Report) -> String {
    match report.resumed {
        0 => format!("{} runs", report.runs),
        before => format!("{} runs, {before} of them before", report.runs),
    }
}

/// The runs did not come to their end.
fn left(report: &Report) -> Failure {
    let path = report.path.display();
    let done = report.resumed + report.finished;
    let far = match &report.only {
        Some(only) => format!("at t = {}", short(only.outcome.time)),
        None => format!("after {done} of {} runs", report.runs),
    };
    let help = "the same command goes on from there; --restart begins anew";
    match report.interrupted {
        true => {
            let message = format!("interrupted {far}; what there is so far is in {path}");
            Failure::new(Code::Interrupted, message).help(help)
        }
        false => {
            let message = format!("a run failed {far}, and --fail-fast ends there; see {path}");
            Failure::new(Code::SomeRunsFailed, message).help(help)
        }
    }
}

fn failed(report: &Report) -> Failure {
    let path = report.path.display();
    let (message, help) = match &report.only {
        Some(only) => (
            format!("the run failed: {}", only.diagnosis),
            format!("{path} is complete: it has the last finite state under /health"),
        ),
        None => (
            match &report.first_failure {
                Some(first) => format!(
                    "{} of {} runs failed; run {}: {}",
                    report.failed, report.runs, first.run, first.diagnosis
                ),
                None => format!("{} of {} runs failed", report.failed, report.runs),
            },
            format!(
                "{path} is complete; `nullcline inspect {}` lists them and how to repeat each",
                shell_word(&report.path.to_string_lossy())
            ),
        ),
    };
    Failure::new(Code::SomeRunsFailed, message).help(help)
}

fn as_json(report: &Report) -> Value {
    let mut value = json!({
        "output": report.path,
        "complete": report.complete,
        "interrupted": report.interrupted,
        "runs": report.runs,
        "resumed": report.resumed,
        "finished": report.finished,
        "failures": report.failed,
        "wall_time": report.wall_time,
        "notes": report.notes,
    });
    if let (None, Some(first)) = (&report.only, &report.first_failure) {
        value["first_failure"] = json!({"run": first.run, "diagnosis": first.diagnosis});
    }
    if let Some(only) = &report.only {
        let outcome = &only.outcome;
        let failed = (!report.interrupted && !outcome.status.is_success())
            .then(|| json!({"run": 0, "time": outcome.time, "diagnosis": only.diagnosis}));
        value["failed"] = failed.into_iter().collect();
        value["status"] = outcome.status.name().into();
        value["time"] = outcome.time.into();
        value["steps"] = outcome.counts.steps.into();
        value["rejected"] = outcome.counts.rejected.into();
        value["evaluations"] = outcome.counts.evaluations.into();
        value["kinks"] = outcome.counts.kinks.into();
    }
    value
}

/// The command line as a shell would take it.
pub(super) fn command_line(arguments: impl Iterator<Item = OsString>) -> String {
    // A name that is no text is shown with marks for what is none of it.
    let mut words: Vec<String> = arguments
        .map(|word| shell_word(&word.to_string_lossy()))
        .collect();
    if let Some(program) = words.first_mut() {
        *program = shell_word(program::name());
    }
    words.join(" ")
}

/// A word as a shell would take it: in quotes if it must be. Brackets are patterns of file names.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    #[test]
    fn the_command_line_can_be_pasted_into_a_shell() {
        let words = ["/usr/bin/nullcline", "run", "a b.toml", "--set", "x='y'"];
        let line = super::command_line(words.map(OsString::from).into_iter());
        assert_eq!(
            line.split_once(' ').map(|(_, rest)| rest),
            Some("run 'a b.toml' --set 'x='\\''y'\\'''")
        );
    }
}
