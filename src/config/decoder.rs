//! The decoder's memory: sources, problems so far, external files, the resolved text.

use std::path::PathBuf;

use super::experiment::ExternalFile;
use super::problem::Problem;
use super::random::Law;
use super::resolved::{self, Resolved};
use super::sources::{Origin, Sources};
use crate::system::parameters::Range;
use crate::system::suggest;
use crate::system::tree::{Span, Tree};

/// What the decoding of one file carries along.
pub(super) struct Decoder {
    pub sources: Sources,
    pub problems: Vec<Problem>,
    pub folder: PathBuf,
    pub seed: u64,
    /// The member of the ensemble that is decoded.
    pub member: u64,
    /// Whether some parameter is drawn anew for each member.
    pub redraws: bool,
    /// The law of the value that was drawn last.
    pub drawn: Option<Law>,
    pub files: Vec<ExternalFile>,
    /// Inputs that are not looked for on the disk: those of an archive.
    pub stored: Vec<ExternalFile>,
    pub resolved: Resolved,
    /// The schemes of an axis over `solver.method`: what one of them uses has its use.
    pub rivals: Vec<String>,
    /// The scheme of the runs of a sweep that have noise, for those that have none.
    pub noisy: Option<&'static str>,
    name: String,
}

impl Decoder {
    pub fn new(sources: Sources) -> Self {
        let path = sources.path();
        Self {
            folder: path.parent().map(PathBuf::from).unwrap_or_default(),
            name: path
                .file_name()
                .map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned()),
            problems: Vec::new(),
            seed: 0,
            member: 0,
            redraws: false,
            drawn: None,
            stored: Vec::new(),
            files: Vec::new(),
            resolved: Resolved::default(),
            rivals: Vec::new(),
            noisy: None,
            sources,
        }
    }

    /// Note a problem.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Note that a key is none of those that `place` offers.
    pub fn unknown(&mut self, span: Span, what: &str, key: &str, place: &str, valid: &[&str]) {
        self.problem(
            Problem::at(
                span,
                format!("unknown {what} `{key}` in {place}"),
                format!("no such {what}"),
            )
            .help(suggest::advice(key, &format!("valid in {place}"), valid)),
        );
    }

    /// Note that a value is of the wrong type.
    pub fn wrong_type(&mut self, value: &Tree, name: &str, expected: &str) {
        self.problem(Problem::at(
            value.span,
            format!("`{name}` must be {expected}, not {}", value.kind()),
            format!("expected {expected}"),
        ));
    }

    /// Write a value of the file into the resolved text.
    pub fn given(&mut self, key: &str, value: &Tree) {
        let origin = self.sources.origin(value.span);
        self.resolved
            .entry(key, &resolved::inline(value), &origin, &self.name);
    }

    /// Write a value that the file does not give into the resolved text.
    pub fn assumed(&mut self, key: &str, value: &str, origin: Origin) {
        self.resolved.entry(key, value, &origin, &self.name);
    }

    /// Check one number; `name` is what the message calls it.
    pub fn check(
        &mut self,
        number: f64,
        span: Span,
        name: &str,
        range: &Range,
        unit: &str,
    ) -> bool {
        let fault = fault(number, range, unit);
        if let Some(fault) = &fault {
            self.problem(Problem::at(
                span,
                format!("`{name}` is {}, but {fault}", resolved::real(number)),
                fault.clone(),
            ));
        }
        fault.is_none()
    }
}

/// What is wrong with a number, as the end of a sentence; `None` if it is legal.
pub(super) fn fault(number: f64, range: &Range, unit: &str) -> Option<String> {
    if range.contains(number) {
        return None;
    }
    let unit = match unit {
        "1" | "" => String::new(),
        unit => format!(" (unit: {unit})"),
    };
    if number.is_nan() {
        return Some(format!("it must be a finite number{unit}"));
    }
    if number.is_infinite() && number > 0.0 && *range == Range::FINITE {
        return Some(format!("it must be finite{unit}"));
    }
    Some(match range.to_string().as_str() {
        "finite" => format!("it must be finite{unit}"),
        text if number.is_infinite() && !range.infinite => {
            format!("it must be finite and {text}{unit}")
        }
        text => format!("it must be {text}{unit}"),
    })
}
