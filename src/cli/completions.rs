//! `nullcline completions SHELL`: the script that completes verbs and options in a shell.

use std::io::Write;

use clap_complete::Shell;

use super::failure::Failure;
use super::output::Output;
use super::program;

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  nullcline completions bash > ~/.local/share/bash-completion/completions/nullcline"
)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

pub fn execute(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    // Into memory first: the generator panics where its writer fails.
    let mut script = Vec::new();
    let mut command = super::command();
    clap_complete::generate(arguments.shell, &mut command, program::name(), &mut script);
    Ok(output.write_all(&script)?)
}
