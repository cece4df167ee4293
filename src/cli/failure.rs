//! Failures of the command line: what is told, how, and with which exit code.
//!
//! For people: `error: <what>` and `help: <what to do>` on standard error. With `--json`: one object
//! `{"error": {"message", "help", "exit_code"}}` on standard error (with `"problems"`, each with its
//! place, for an experiment file), so that standard output stays either the result or empty. Mistakes in the command line itself are always told as text.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::program;

/// The exit codes other than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Some runs failed; the archive is complete.
    SomeRunsFailed = 1,
    /// The command line or the experiment file is wrong.
    Usage = 2,
    /// The scheme and the model do not fit.
    Mismatch = 3,
    /// A file could not be read or written.
    InputOutput = 4,
    /// Numbers are not what they should be.
    Verification = 5,
    /// Interrupted after everything finished was made safe.
    Interrupted = 130,
}

impl Code {
    /// All of them, in ascending order.
    pub const ALL: [Code; 6] = [
        Code::SomeRunsFailed,
        Code::Usage,
        Code::Mismatch,
        Code::InputOutput,
        Code::Verification,
        Code::Interrupted,
    ];

    /// What it says, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Code::SomeRunsFailed => "some runs failed; the archive is complete",
            Code::Usage => "the command line or the experiment file is wrong",
            Code::Mismatch => "the scheme and the model do not fit",
            Code::InputOutput => "a file could not be read or written",
            Code::Verification => "numbers are not what they should be, or a claim fails",
            Code::Interrupted => "interrupted after everything finished was made safe",
        }
    }
}

/// Why a verb did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The reader of standard output went away: a success.
    ReaderGone,
    /// Something to tell.
    Told {
        /// The exit code.
        code: u8,
        /// What went wrong, without a final period.
        message: String,
        /// What to do.
        help: Option<String>,
        /// The message laid out for people, if that is more than message and help.
        rendered: Option<String>,
        /// The parts of the message for machines, if it has several.
        problems: Vec<Value>,
    },
}

impl Failure {
    /// A failure with this code and message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::Told {
            code: code as u8,
            message: message.into(),
            help: None,
            rendered: None,
            problems: Vec::new(),
        }
    }

    /// A file or folder with which something went wrong.
    pub fn at(path: &Path, error: impl Display) -> Self {
        Self::new(Code::InputOutput, format!("{}: {error}", path.display()))
    }

    /// A file or folder that cannot be written.
    pub fn cannot_write(path: &Path, error: &io::Error) -> Self {
        let message = format!("cannot write {}: {error}", path.display());
        Self::new(Code::InputOutput, message)
    }

    /// The same failure with advice.
    pub fn help(mut self, advice: impl Into<String>) -> Self {
        if let Self::Told { help, .. } = &mut self {
            *help = Some(advice.into());
        }
        self
    }

    /// Tell it on standard error and answer the exit code.
    pub(super) fn report(self, as_json: bool) -> ExitCode {
        let Self::Told {
            code,
            message,
            help,
            rendered,
            problems,
        } = self
        else {
            return ExitCode::SUCCESS;
        };
        let text = if as_json {
            let mut error = json!({"message": message, "help": help, "exit_code": code});
            if !problems.is_empty() {
                error["problems"] = problems.into();
            }
            json!({"error": error}).to_string()
        } else {
            rendered.unwrap_or_else(|| plain(&message, help.as_deref(), colour()))
        };
        // Nobody is left to tell if standard error is gone too; the exit code still speaks.
        let _ = writeln!(io::stderr(), "{}", program::own(text.trim_end()));
        ExitCode::from(code)
    }
}

fn plain(message: &str, help: Option<&str>, colour: bool) -> String {
    let (red, cyan, end) = match colour {
        true => ("\x1b[1;31m", "\x1b[36m", "\x1b[0m"),
        false => ("", "", ""),
    };
    let help = help.map_or(String::new(), |help| format!("\n {cyan}help:{end} {help}"));
    format!("{red}error:{end} {message}{help}")
}

/// Whether standard error takes colour: a terminal, and nobody said `NO_COLOR`.
pub(super) fn colour() -> bool {
    let says = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    io::stderr().is_terminal()
        && says("NO_COLOR").is_none()
        && says("TERM").is_none_or(|term| term != "dumb")
}

impl From<io::Error> for Failure {
    /// A failure to write to standard output.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::new(
                Code::InputOutput,
                format!("cannot write to standard output: {error}"),
            ),
        }
    }
}

/// `; did you mean ...?` for the nearest of the names, or the list of all of them.
pub(super) fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let best = names
        .iter()
        .map(|&name| (strsim::damerau_levenshtein(given, name), name))
        .min();
    match best {
        Some((distance, name)) if distance <= 1 + name.len() / 3 => {
            format!("did you mean `{name}`?")
        }
        _ => format!("valid names: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let names = || ["linear-threshold", "gksl"].into_iter();
        assert_eq!(
            nearest("linear-treshold", names()),
            "did you mean `linear-threshold`?"
        );
        assert_eq!(
            nearest("pendulum", names()),
            "valid names: linear-threshold, gksl"
        );
    }

    #[test]
    fn colour_is_only_added_when_asked_for() {
        assert_eq!(plain("no", Some("yes"), false), "error: no\n help: yes");
        assert!(plain("no", None, true).contains("\x1b["));
    }
}
