//! Rendering: each problem with its lines of the file, the place underlined, and what to do.

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};

use super::problem::{ConfigError, Problem};
use crate::system::tree::Span;

/// Lines shown before and after the place.
const CONTEXT: usize = 1;

/// A problem in the form that `miette` draws.
#[derive(Debug)]
struct Report<'a> {
    problem: &'a Problem,
    source: Option<Window<'a>>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
}

/// Some lines of a text: whole texts are searched from their start for every problem.
#[derive(Debug)]
struct Window<'a> {
    name: String,
    text: &'a str,
    /// The number of its first line, from 0, and where it starts in the text.
    line: usize,
    start: usize,
}

impl SourceCode for Window<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let local = span.offset().checked_sub(self.start);
        let local = SourceSpan::from((local.ok_or(MietteError::OutOfBounds)?, span.len()));
        let found = self.text.as_bytes().read_span(&local, before, after)?;
        let span = (found.span().offset() + self.start, found.span().len());
        let column = found.column();
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            found.data(),
            span.into(),
            found.line() + self.line,
            column,
            found.line_count(),
        )))
    }
}

impl std::fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn help<'b>(&'b self) -> Option<Box<dyn std::fmt::Display + 'b>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl ConfigError {
    /// The problems for people, in lines of at most `width` columns (the file's own lines excepted).
    pub fn render(&self, color: bool, width: usize) -> String {
        let theme = if color {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .with_links(false)
            .with_context_lines(CONTEXT);
        let mut text = String::new();
        for problem in self.problems() {
            let report = self.report(problem);
            // Writing into a String cannot fail, and the handler has no other error but ours.
            if handler.render_report(&mut text, &report).is_err() {
                text.push_str(&format!("{report}\n"));
            }
        }
        match self.problems().len() {
            1 => text,
            count => format!("{text}\n{count} problems; nothing was run.\n"),
        }
    }

    fn report<'a>(&'a self, problem: &'a Problem) -> Report<'a> {
        let mut report = Report {
            problem,
            source: None,
            labels: Vec::new(),
            help: problem.help.clone(),
        };
        let Some(span) = problem.place else {
            return report;
        };
        let (name, text, local) = self.sources.locate(span);
        let mut reach = span;
        report.labels.push(LabeledSpan::new_primary_with_span(
            Some(problem.label.clone()),
            underline(text, local),
        ));
        if let Some((other, label)) = &problem.also {
            let (other_name, _, other_local) = self.sources.locate(*other);
            if other_name == name && name != "--set" {
                reach = Span::new(reach.start.min(other.start), reach.end.max(other.end));
                let span = underline(text, other_local);
                report
                    .labels
                    .push(LabeledSpan::new_with_span(Some(label.clone()), span));
            } else {
                let note = format!("{}: {label}", self.sources.place(*other));
                report.help = Some(match report.help {
                    Some(help) => format!("{help}\n{note}"),
                    None => note,
                });
            }
        }
        let (text, line, start) = self.sources.window(reach, CONTEXT + 1);
        report.source = Some(Window {
            name,
            text,
            line,
            start,
        });
        report
    }
}

/// What to underline: the first line of the span, without the line feed.
fn underline(text: &str, span: Span) -> (usize, usize) {
    let within = &text[span.start..span.end];
    let line = within.lines().next().unwrap_or("").trim_end();
    (span.start, line.len())
}
