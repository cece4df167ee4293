//! The command line: one file per verb, one declaration for help, completions and reference.
//!
//! [`main`] is public, so that a program with its own models is three lines: a registry and this
//! call. Standard output carries data, standard error carries talk, and a reader that goes away
//! (`nullcline methods | head -1`) is no failure. The exit codes are those of [`failure::Code`].

mod analyze;
mod check;
mod completions;
mod convergence;
mod describe;
mod diff;
mod experiment;
pub mod failure;
mod fit;
mod inspect;
mod interrupt;
mod merge;
mod methods;
mod models;
mod new;
mod optimize;
mod output;
mod plot;
mod points;
mod program;
mod progress;
mod reference;
mod remark;
mod reproduce;
mod rerun;
mod run;
mod schema;
mod slurm;
mod table;
mod trials;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::registry::Registry;
use failure::Failure;
use output::Output;

/// nullcline: one TOML file describes an experiment, one command runs it, one HDF5 file holds the
/// result.
#[derive(Debug, Parser)]
#[command(
    name = "nullcline",
    version,
    about = "Simulate dynamical systems: one TOML file in, one HDF5 file out",
    max_term_width = 100,
    after_help = "Example:\n  nullcline new pair && nullcline run pair.toml && nullcline plot pair.h5\n\n\
                  Exit codes: 0 ok, 1 some runs failed, 2 usage or experiment file, 3 scheme and model do not fit, \
                  4 input/output, 5 verification, 130 interrupted."
)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    New(new::Arguments),
    Check(check::Arguments),
    Run(run::Arguments),
    Analyze(analyze::Arguments),
    Optimize(optimize::Arguments),
    Fit(fit::Arguments),
    Trials(trials::Arguments),
    Slurm(slurm::Arguments),
    Inspect(inspect::Arguments),
    Merge(merge::Arguments),
    Rerun(rerun::Arguments),
    Convergence(convergence::Arguments),
    Diff(diff::Arguments),
    Plot(plot::Arguments),
    Models(models::Arguments),
    Describe(describe::Arguments),
    Methods(methods::Arguments),
    Schema(schema::Arguments),
    Reproduce(reproduce::Arguments),
    Reference(reference::Arguments),
    Completions(completions::Arguments),
}

/// Run the command line of this process over these families.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     nullcline::cli::main(nullcline::models::registry())
/// }
/// ```
///
/// A program with a model of its own (`nullcline new NAME --crate` writes one) hands over
/// `nullcline::models::registry().with(&MyFamily)`; help and messages then speak of that program.
pub fn main(registry: Registry) -> ExitCode {
    let parsed = command()
        .try_get_matches()
        .and_then(|matches| CommandLine::from_arg_matches(&matches));
    let verb = match parsed {
        Ok(CommandLine { verb }) => verb,
        Err(message) => {
            // Help and version go to standard output, complaints to standard error; if nobody
            // reads them, there is nobody to tell.
            let _ = message.print();
            return ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
        }
    };
    let mut output = Output::stdout();
    let json = verb.wants_json();
    let result = verb
        .execute(&registry, &mut output)
        .and_then(|()| Ok(output.flush()?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

/// The declaration of the command line, in the name of this program.
fn command() -> clap::Command {
    program::rename(CommandLine::command())
}

impl Verb {
    fn wants_json(&self) -> bool {
        match self {
            Verb::Check(arguments) => arguments.json,
            Verb::Run(arguments) => arguments.json,
            Verb::Analyze(arguments) => arguments.json,
            Verb::Optimize(arguments) => arguments.json,
            Verb::Fit(arguments) => arguments.json,
            Verb::Slurm(arguments) => arguments.json,
            Verb::Inspect(arguments) => arguments.json,
            Verb::Merge(arguments) => arguments.json,
            Verb::Rerun(arguments) => arguments.json,
            Verb::Convergence(arguments) => arguments.json,
            Verb::Diff(arguments) => arguments.json,
            Verb::Models(arguments) => arguments.json,
            Verb::Describe(arguments) => arguments.json,
            Verb::Methods(arguments) => arguments.json,
            Verb::Reproduce(arguments) => arguments.json,
            Verb::New(_)
            | Verb::Trials(_)
            | Verb::Plot(_)
            | Verb::Schema(_)
            | Verb::Reference(_)
            | Verb::Completions(_) => false,
        }
    }

    fn execute(self, registry: &Registry, output: &mut Output) -> Result<(), Failure> {
        match self {
            Verb::New(arguments) => new::execute(&arguments, registry),
            Verb::Check(arguments) => check::execute(&arguments, registry, output),
            Verb::Run(arguments) => run::execute(&arguments, registry, output),
            Verb::Analyze(arguments) => analyze::execute(&arguments, registry, output),
            Verb::Optimize(arguments) => optimize::execute(&arguments, registry, output),
            Verb::Fit(arguments) => fit::execute(&arguments, registry, output),
            Verb::Trials(arguments) => trials::execute(&arguments, registry, output),
            Verb::Slurm(arguments) => slurm::execute(&arguments, registry, output),
            Verb::Inspect(arguments) => inspect::execute(&arguments, output),
            Verb::Merge(arguments) => merge::execute(&arguments, registry, output),
            Verb::Rerun(arguments) => rerun::execute(&arguments, registry, output),
            Verb::Convergence(arguments) => convergence::execute(&arguments, registry, output),
            Verb::Diff(arguments) => diff::execute(&arguments, output),
            Verb::Plot(arguments) => plot::execute(&arguments),
            Verb::Schema(_) => schema::execute(registry, output),
            Verb::Reproduce(arguments) => reproduce::execute(&arguments, registry, output),
            Verb::Reference(arguments) => reference::execute(&arguments, registry),
            Verb::Models(arguments) => models::execute(&arguments, registry, output),
            Verb::Describe(arguments) => describe::execute(&arguments, registry, output),
            Verb::Methods(arguments) => methods::execute(&arguments, output),
            Verb::Completions(arguments) => completions::execute(&arguments, output),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    fn verbs(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
        let verbs = command.get_subcommands();
        verbs.filter(|verb| verb.get_name() != "help")
    }

    #[test]
    fn the_book_names_every_verb_and_every_option() {
        let page = include_str!("../../docs/command-line.md");
        let command = super::CommandLine::command();
        for verb in verbs(&command) {
            let usage = format!("| `{}", verb.get_name());
            let row = page.lines().find(|line| line.starts_with(&usage));
            let row = row.unwrap_or_else(|| panic!("the book has no row `{usage}`"));
            for option in verb.get_arguments().filter_map(|one| one.get_long()) {
                assert!(
                    row.contains(&format!("--{option}")),
                    "no `--{option}` in\n{row}"
                );
            }
        }
    }

    /// Every verb explains itself and ends with an example that names the program.
    #[test]
    fn every_help_ends_with_an_example() {
        let mut command = super::CommandLine::command();
        command.build();
        command.clone().debug_assert();
        for verb in verbs(&command) {
            let name = verb.get_name();
            assert!(verb.get_about().is_some(), "`{name}` has no description");
            let after = verb
                .get_after_help()
                .unwrap_or_else(|| panic!("`{name}` has no example"))
                .to_string();
            assert!(
                after.starts_with("Example:") && after.contains(&format!("nullcline {name}")),
                "the help of `{name}` does not end with an example"
            );
            for argument in verb.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "`{name}` does not explain `{}`",
                    argument.get_id()
                );
            }
        }
    }
}
