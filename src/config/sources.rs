//! Sources: the text of the experiment file and of every `--set`, laid end to end.
//!
//! A [`Span`] of a value tree counts bytes in this one text, so a span alone says where a value came
//! from: from which line of the file, or from which argument.

use std::path::{Path, PathBuf};

use crate::system::tree::Span;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A line of the file, counted from 1.
    Line(usize),
    /// A `--set` argument.
    Set,
    /// The declaration's default.
    Default,
    /// The scheme that the model recommends.
    Model,
}

/// The file's text followed by the `--set` arguments, each ended by a line feed.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    path: PathBuf,
    text: String,
    /// Where each piece starts: the file first.
    starts: Vec<usize>,
    /// Where each line starts, of all pieces.
    lines: Vec<usize>,
}

impl Sources {
    pub fn new(path: &Path, text: &str) -> Self {
        let text = format!("{text}\n");
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            path: path.to_path_buf(),
            text,
            starts: vec![0],
            lines,
        }
    }

    /// Append a `--set` argument; its first byte is at the returned offset.
    pub fn push(&mut self, argument: &str) -> usize {
        let start = self.text.len();
        self.starts.push(start);
        self.text.push_str(argument);
        self.text.push('\n');
        let added = self.text[start..].match_indices('\n');
        self.lines.extend(added.map(|(at, _)| start + at + 1));
        start
    }

    /// The number of the line of a place within its piece, counted from 0, and where that line starts.
    fn line(&self, offset: usize) -> (usize, usize) {
        let piece = self.starts.partition_point(|&start| start <= offset) - 1;
        let first = self
            .lines
            .partition_point(|&line| line < self.starts[piece]);
        let line = self.lines.partition_point(|&line| line <= offset) - 1;
        (line - first, self.lines[line])
    }

    /// The piece around a place, cut to the lines from `before` lines before its start to `after` lines after its end: its text, the number of
    /// its first line counted from 0, and where it starts in the piece.
    pub fn window(&self, span: Span, around: usize) -> (&str, usize, usize) {
        let (_, text, local) = self.locate(span);
        let mut start = local.start;
        for _ in 0..=around {
            start = text[..start].rfind('\n').unwrap_or(0);
            if start == 0 {
                break;
            }
        }
        let start = if start == 0 { 0 } else { start + 1 };
        let mut end = local.end;
        for _ in 0..=around {
            end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        }
        let piece = self.starts.partition_point(|&start| start <= span.start) - 1;
        let (line, _) = self.line(self.starts[piece] + start);
        (&text[start..end], line, start)
    }

    /// The name of the piece, its text, and the span within it.
    pub fn locate(&self, span: Span) -> (String, &str, Span) {
        let piece = self.starts.partition_point(|&start| start <= span.start) - 1;
        let start = self.starts[piece];
        let end = self.starts.get(piece + 1).copied();
        let text = &self.text[start..end.unwrap_or(self.text.len()) - 1];
        let clamp = |offset: usize| floor(text, offset.saturating_sub(start).min(text.len()));
        let name = match piece {
            0 => self.path.display().to_string(),
            _ => "--set".to_string(),
        };
        let local = Span::new(clamp(span.start), clamp(span.end).max(clamp(span.start)));
        (name, text, local)
    }

    /// The place of some bytes of a text value, whose span holds its quotes: bytes of the value are not
    /// bytes of the file where it has escapes or begins on a new line.
    pub fn within(&self, span: Span, bytes: std::ops::Range<usize>) -> Span {
        let raw = self.text.get(span.start..span.end).unwrap_or_default();
        let (quotes, escapes) = match raw {
            raw if raw.starts_with("\"\"\"") => (3, true),
            raw if raw.starts_with("'''") => (3, false),
            raw if raw.starts_with('"') => (1, true),
            raw if raw.starts_with('\'') => (1, false),
            // A bare word of `--set`.
            _ => (0, false),
        };
        let mut at = quotes;
        if quotes == 3 {
            let rest = &raw[3..];
            at += rest.len() - rest.trim_start_matches('\r').len();
            at += usize::from(raw[at..].starts_with('\n'));
        }
        // Where each byte of the value stands in the file.
        let (mut value, mut start) = (0, None);
        while at < raw.len() {
            if start.is_none() && value >= bytes.start {
                start = Some(at);
            }
            if value >= bytes.end && start.is_some() {
                break;
            }
            let rest = &raw[at..];
            let Some(first) = rest.chars().next() else {
                break;
            };
            let (raw_length, length) = match (first, rest.as_bytes().get(1)) {
                ('\\', Some(b'u')) if escapes => (6, 1),
                ('\\', Some(b'U')) if escapes => (10, 1),
                ('\\', Some(b'\n' | b'\r' | b' ')) if escapes => {
                    (1 + rest[1..].len() - rest[1..].trim_start().len(), 0)
                }
                ('\\', Some(_)) if escapes => (2, 1),
                _ => (first.len_utf8(), first.len_utf8()),
            };
            at += raw_length;
            value += length;
        }
        let end = at.min(raw.len().saturating_sub(quotes).max(quotes));
        let start = start.unwrap_or(end).min(end);
        Span::new(span.start + start, span.start + end)
    }

    /// Whether the span lies in a `--set` argument.
    pub fn is_set(&self, span: Span) -> bool {
        self.starts.get(1).is_some_and(|&start| span.start >= start)
    }

    /// `name:line:column` of a place, both counted from 1.
    pub fn place(&self, span: Span) -> String {
        let (name, text, local) = self.locate(span);
        let piece = self.starts.partition_point(|&start| start <= span.start) - 1;
        let (line, first) = self.line(self.starts[piece] + local.start);
        let before = &text[first - self.starts[piece]..local.start];
        format!("{name}:{}:{}", line + 1, before.chars().count() + 1)
    }

    /// Where a value came from.
    pub fn origin(&self, span: Span) -> Origin {
        if self.is_set(span) {
            return Origin::Set;
        }
        let (_, _, local) = self.locate(span);
        Origin::Line(self.line(local.start).0 + 1)
    }

    /// The path of the file as the user gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The greatest character boundary not beyond `offset`.
fn floor(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
