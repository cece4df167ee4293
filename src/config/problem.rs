//! Problems: what is wrong with an experiment file, where, and what to do about it.
//!
//! The decoder collects every problem of a file and goes on as far as it can; a [`ConfigError`] holds
//! them all in the order of the file.

use std::path::Path;

use super::sources::Sources;
use crate::system::tree::Span;

/// What kind of problem it is; the exit code follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The experiment says something that it must not.
    Config,
    /// A named file is missing or unreadable.
    File,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What stands beside the underlined place.
    pub label: String,
    /// The place, in the text of the file followed by the `--set` arguments; `None` if the file
    /// itself cannot be read.
    pub place: Option<Span>,
    /// A second place that explains the first, and what it says.
    pub also: Option<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    /// Its kind.
    pub kind: ProblemKind,
}

impl Problem {
    /// A problem at a place.
    pub fn at(place: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            label: label.into(),
            place: Some(place),
            also: None,
            help: None,
            kind: ProblemKind::Config,
        }
    }

    /// The same problem with advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem with a second place.
    pub fn also(mut self, place: Span, label: impl Into<String>) -> Self {
        self.also = Some((place, label.into()));
        self
    }

    /// The same problem, blamed on a file that is missing or unreadable.
    pub fn file(mut self) -> Self {
        self.kind = ProblemKind::File;
        self
    }
}

/// Everything that is wrong with an experiment file.
#[derive(Clone, Debug)]
pub struct ConfigError {
    problems: Vec<Problem>,
    pub(super) sources: Sources,
}

impl ConfigError {
    /// All problems in the order of the file, those of `--set` last.
    pub(super) fn new(mut problems: Vec<Problem>, sources: Sources) -> Self {
        problems.sort_by_key(|problem| problem.place.unwrap_or_default().start);
        Self { problems, sources }
    }

    /// The file itself cannot be read.
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let problem = Problem {
            message: format!("cannot read the experiment `{}`: {error}", path.display()),
            label: String::new(),
            place: None,
            also: None,
            help: Some("name a TOML file; `nullcline new NAME` writes one to start from".into()),
            kind: ProblemKind::File,
        };
        Self::new(vec![problem], Sources::new(path, ""))
    }

    /// The problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// `name:line:column` of a problem's place, if it has one.
    pub fn place(&self, problem: &Problem) -> Option<String> {
        problem.place.map(|span| self.sources.place(span))
    }

    /// 4 if nothing but missing or unreadable files is wrong, else 2.
    pub fn exit_code(&self) -> u8 {
        let files = self.problems.iter().all(|p| p.kind == ProblemKind::File);
        if files { 4 } else { 2 }
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            if let Some(place) = self.place(problem) {
                write!(f, "{place}: ")?;
            }
            write!(f, "{}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
