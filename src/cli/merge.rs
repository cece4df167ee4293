//! `nullcline merge SHARD... -o FILE`: the parts of a sweep become one archive.

use std::path::PathBuf;

use serde_json::json;

use super::failure::{Code, Failure};
use super::interrupt;
use super::output::Output;
use super::run::command_line;
use crate::cli::remark::remark;
use crate::ensemble::RunOptions;
use crate::ensemble::merge::{MergeError, merge};
use crate::registry::Registry;

/// Put the shards of a sweep together
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline merge sweep.shard-*.h5 -o sweep.h5")]
pub struct Arguments {
    /// The archives of all shards, in any order
    #[arg(required = true, value_name = "SHARD")]
    shards: Vec<PathBuf>,
    /// Where the whole goes
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
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
    let options = RunOptions {
        force: arguments.force,
        command_line: command_line(std::env::args_os()),
        ..RunOptions::new(interrupt::listen()?)
    };
    let merged = merge(&arguments.shards, &arguments.output, registry, &options);
    let merged = merged.map_err(|error| refuse(&error))?;
    let path = merged.path.display();
    if arguments.json {
        output.json(&json!({
            "output": merged.path,
            "runs": merged.runs,
            "failures": merged.failed,
        }))?;
    }
    if !arguments.quiet {
        remark!(
            "wrote {path}: {} runs out of {} shards",
            merged.runs,
            arguments.shards.len()
        );
    }
    if merged.failed > 0 {
        let message = format!("{} of {} runs failed", merged.failed, merged.runs);
        let help = format!("{path} is complete; `nullcline inspect {path}` lists them");
        return Err(Failure::new(Code::SomeRunsFailed, message).help(help));
    }
    Ok(())
}

fn refuse(error: &MergeError) -> Failure {
    let code = match error {
        MergeError::Run(inner) if inner.exit_code() == 4 => Code::InputOutput,
        _ => Code::Usage,
    };
    let failure = Failure::new(code, error.to_string());
    match error {
        MergeError::Missing(_) => failure.help(
            "run the missing shards with `nullcline run CONFIG --shard K/N`, and name them all",
        ),
        MergeError::Unfinished { .. } => {
            failure.help("the command that ran the shard goes on with it")
        }
        _ => failure,
    }
}
