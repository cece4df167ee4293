//! The resolved text: the experiment with every default written out and every value's origin beside
//! it. It is itself a valid experiment file.

use std::fmt::Write;

use super::sources::Origin;
use crate::system::tree::{Node, Tree};

/// The resolved text while it grows.
#[derive(Clone, Debug, Default)]
pub(super) struct Resolved {
    text: String,
    table: String,
}

impl Resolved {
    /// Open a table: `[header]` or `[[header]]`.
    pub fn header(&mut self, header: &str) {
        self.text.push_str(&format!("\n{header}\n"));
        self.table = header.trim_matches(['[', ']']).to_string();
    }

    /// Open the table of this path unless it is the open one.
    pub fn table(&mut self, path: &str) {
        if self.table != path {
            self.header(&format!("[{path}]"));
        }
    }

    /// Write `key = value  # origin`; `file` names the experiment file in the origin.
    pub fn entry(&mut self, key: &str, value: &str, origin: &Origin, file: &str) {
        let origin = match origin {
            Origin::Line(line) => format!("{file}:{line}"),
            Origin::Set => "--set".into(),
            Origin::Default => "default".into(),
            Origin::Model => "model recommends".into(),
        };
        let line = format!("{key} = {value}");
        self.text.push_str(&format!("{line:<40}  # {origin}\n"));
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text.trim_start().to_string()
    }
}

/// A value as inline TOML.
pub(super) fn inline(tree: &Tree) -> String {
    match &tree.node {
        Node::Boolean(boolean) => boolean.to_string(),
        Node::Integer(integer) => integer.to_string(),
        Node::Real(number) => real(*number),
        Node::Text(value) => text(value),
        Node::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(inline).collect();
            format!("[{}]", elements.join(", "))
        }
        Node::Table(entries) if entries.is_empty() => "{}".into(),
        Node::Table(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| format!("{} = {}", key(&entry.key), inline(&entry.value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A number as TOML, to the last bit.
pub(super) fn real(number: f64) -> String {
    if number.is_nan() {
        "nan".into()
    } else {
        format!("{number:?}")
    }
}

/// A key, quoted if it must be.
pub(super) fn key(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) {
        key.to_string()
    } else {
        text(key)
    }
}

/// A text as a basic TOML string.
pub(super) fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                // Writing into a String cannot fail.
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
