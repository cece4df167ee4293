//! A value tree with places: what a text file says, each node with the bytes that say it.
//!
//! The decoder of experiment files produces it; families that own a grammar below one of their
//! parameters (jump operators, Hamiltonians, expressions) read it. Nothing here depends on TOML:
//! the tree is the neutral form between the file and whoever understands that part of it.

/// A half-open range of byte offsets into the text a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A value and the bytes that say it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Where it stands.
    pub span: Span,
    /// What stands there.
    pub node: Node,
}

/// The kinds of values a tree is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point or an exponent, `inf` or `nan`.
    Real(f64),
    /// A quoted text.
    Text(String),
    /// `[a, b, ...]`.
    Array(Vec<Tree>),
    /// `{ key = value }` or `[table]`, in the order of the file.
    Table(Vec<Entry>),
}

/// One `key = value` of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Tree,
}

impl Tree {
    /// A tree of the node, standing at the span.
    pub fn new(span: impl Into<Span>, node: Node) -> Self {
        Self {
            span: span.into(),
            node,
        }
    }

    /// The number, whether it was written with a point or without.
    pub fn as_number(&self) -> Option<f64> {
        match self.node {
            Node::Integer(integer) => Some(integer as f64),
            Node::Real(real) => Some(real),
            _ => None,
        }
    }

    /// The text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.node {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a table, in the order of the file.
    pub fn as_table(&self) -> Option<&[Entry]> {
        match &self.node {
            Node::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Tree]> {
        match &self.node {
            Node::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The value of `key`, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.as_table()?
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// What this is, as an error message calls it: "an integer", "a table", ...
    pub fn kind(&self) -> &'static str {
        match self.node {
            Node::Boolean(_) => "a boolean",
            Node::Integer(_) => "an integer",
            Node::Real(_) => "a number",
            Node::Text(_) => "a text",
            Node::Array(_) => "an array",
            Node::Table(_) => "a table",
        }
    }
}
