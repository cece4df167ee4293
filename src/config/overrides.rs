//! Overrides: `--set key.path=value` replaces or adds one value of the tree.
//!
//! The path is made of keys joined by dots, each with indices if it names an element:
//! `model.parameters.input[0]`, `stimulus[1].amplitude`. What stands in quotes is one key, dots and all:
//! `sweep.axes."model.parameters.input[0]"`. The value is TOML; a bare word that is no
//! TOML value is a text, so that a shell needs no double quotes: `--set solver.method=rk4`. A value with
//! words about it, `C = { value = 20.0, unit = "pF" }`, is set as if it stood alone.

use super::document;
use super::problem::Problem;
use super::sources::Sources;
use crate::system::tree::{Entry, Node, Span, Tree};

/// One step of a path, with its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Key(&'a str, Span),
    Index(usize, Span),
}

impl Step<'_> {
    /// Whether two steps lead to the same place.
    pub fn is(&self, other: &Step<'_>) -> bool {
        match (self, other) {
            (Step::Key(a, _), Step::Key(b, _)) => a == b,
            (Step::Index(a, _), Step::Index(b, _)) => a == b,
            _ => false,
        }
    }
}

/// Apply one `--set` argument to the tree.
pub(super) fn apply(
    root: &mut Tree,
    sources: &mut Sources,
    argument: &str,
) -> Result<(), Vec<Problem>> {
    let start = sources.push(argument);
    let whole = Span::new(start, start + argument.len());
    let Some((path, text)) = argument.split_once('=') else {
        return Err(vec![
            Problem::at(whole, "`--set` needs `key.path=value`", "no `=` here")
                .help("for example --set solver.rtol=1e-8"),
        ]);
    };
    let steps = steps(path.trim_end(), start).map_err(|problem| vec![*problem])?;
    let value = value(text, start + path.len() + 1)?;
    insert(root, &steps, value).map_err(|problem| vec![*problem])
}

fn value(text: &str, offset: usize) -> Result<Tree, Vec<Problem>> {
    let lead = text.len() - text.trim_start().len();
    let (text, offset) = (text.trim(), offset + lead);
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.' || c == '/')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "_-./".contains(c));
    match document::parse_value(text, offset) {
        Err(_) if bare => Ok(Tree::new(
            Span::new(offset, offset + text.len()),
            Node::Text(text.to_string()),
        )),
        other => other,
    }
}

/// The steps of a path whose first byte stands at `start`.
pub(super) fn steps(path: &str, start: usize) -> Result<Vec<Step<'_>>, Box<Problem>> {
    let mut steps = Vec::new();
    let mut offset = start;
    for part in parts(path) {
        let span = Span::new(offset, offset + part.len());
        offset += part.len() + 1;
        if let Some(key) = unquoted(part) {
            steps.push(Step::Key(key, span));
            continue;
        }
        let malformed = || {
            let problem = Problem::at(span, format!("`{part}` is no part of a path"), "here");
            Box::new(problem.help(
                "a path is keys joined by dots, with indices from 0: model.parameters.input[0]",
            ))
        };
        let (key, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
        let key = key.trim();
        if key.is_empty() {
            return Err(malformed());
        }
        steps.push(Step::Key(
            key,
            Span::new(span.start, span.start + key.len()),
        ));
        if !indices.is_empty() {
            let inner = indices
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .ok_or_else(malformed)?;
            for index in inner.split("][") {
                steps.push(Step::Index(index.parse().map_err(|_| malformed())?, span));
            }
        }
    }
    Ok(steps)
}

/// The parts of a path between its dots; dots in quotes are none.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    path.split(move |c: char| {
        match quote {
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        c == '.' && quote.is_none()
    })
}

/// The key in a part that is nothing but a text in quotes.
fn unquoted(part: &str) -> Option<&str> {
    let part = part.trim();
    let within = |quote: char| part.strip_prefix(quote)?.strip_suffix(quote);
    within('"')
        .or_else(|| within('\''))
        .filter(|key| !key.is_empty())
}

/// The value in `{ value = .., unit = .. }`.
fn described(tree: &mut Tree) -> Option<&mut Tree> {
    let Node::Table(entries) = &mut tree.node else {
        return None;
    };
    let value = entries.iter_mut().find(|entry| entry.key == "value");
    value.map(|entry| &mut entry.value)
}

/// What stands at a path.
pub(super) fn get<'t>(tree: &'t Tree, steps: &[Step<'_>]) -> Option<&'t Tree> {
    steps.iter().try_fold(tree, |tree, step| match step {
        Step::Key(key, _) => tree.get(key),
        Step::Index(index, _) => tree.as_array()?.get(*index),
    })
}

/// Put a value at a path.
pub(super) fn insert(tree: &mut Tree, steps: &[Step<'_>], value: Tree) -> Result<(), Box<Problem>> {
    let Some((step, rest)) = steps.split_first() else {
        match described(tree) {
            // What is said about a value outlives it.
            Some(inner) if value.get("value").is_none() => *inner = value,
            _ => *tree = value,
        }
        return Ok(());
    };
    if let (Step::Index(..), Node::Table(_)) = (step, &tree.node)
        && let Some(inner) = described(tree)
    {
        return insert(inner, steps, value);
    }
    let kind = tree.kind();
    match (step, &mut tree.node) {
        (Step::Key(key, span), Node::Table(entries)) => {
            let found = entries.iter().position(|entry| entry.key == *key);
            let index = found.unwrap_or_else(|| {
                entries.push(Entry {
                    key: (*key).to_string(),
                    key_span: *span,
                    value: Tree::new(*span, Node::Table(Vec::new())),
                });
                entries.len() - 1
            });
            if rest.is_empty() {
                entries[index].key_span = *span;
            }
            insert(&mut entries[index].value, rest, value)
        }
        (Step::Index(index, span), Node::Array(elements)) => {
            let length = elements.len();
            match elements.get_mut(*index) {
                Some(element) => insert(element, rest, value),
                None => Err(Box::new(Problem::at(
                    *span,
                    format!("there is no element {index}"),
                    format!("the array has {length} elements, counted from 0"),
                ))),
            }
        }
        (Step::Key(key, span), _) => Err(Box::new(Problem::at(
            *span,
            format!("`{key}` cannot be set: what is before it is {kind} and not a table"),
            "this key does not exist",
        ))),
        (Step::Index(_, span), _) => {
            let message = format!("only the elements of an array can be set, and this is {kind}");
            let problem = Problem::at(*span, message, "no array in the file");
            Err(Box::new(problem.help(
                "set the whole value, or write it as an array in the file",
            )))
        }
    }
}
