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

/// Apply one `--set` argument to the tree; where its path stands in the sources.
pub(super) fn apply(
    root: &mut Tree,
    sources: &mut Sources,
    argument: &str,
) -> Result<Span, Vec<Problem>> {
    let start = sources.push(argument);
    let whole = Span::new(start, start + argument.len());
    let mut outside = outside_quotes();
    // A quote that is never closed is a mistake in the path, which is told there.
    let end = argument.find(|c| outside(c) && c == '=');
    let Some(end) = end.or_else(|| argument.find('=')) else {
        return Err(vec![
            Problem::at(whole, "`--set` needs `key.path=value`", "no `=` here")
                .help("for example --set solver.rtol=1e-8"),
        ]);
    };
    let (path, text) = (&argument[..end], &argument[end + 1..]);
    let steps = steps(path.trim_end(), start).map_err(|problem| vec![*problem])?;
    let value = value(text, start + path.len() + 1)?;
    insert(root, &steps, value).map_err(|problem| vec![*problem])?;
    Ok(Span::new(start, start + path.trim_end().len()))
}

/// The problem of a `--set` whose value the axes of the sweep replace in every run: one axis, or, part by part, several.
pub(super) fn replaced(
    (argument, place): (&str, Span),
    root: &Tree,
    axes: &[(&str, &[Step<'_>])],
) -> Option<Problem> {
    let path = argument.get(..place.end - place.start)?;
    let set = steps(path, place.start).ok()?;
    let words = |step: &Step<'_>| matches!(step, Step::Key(key, _) if WORDS.contains(key));
    if set.last().is_some_and(words) {
        return None;
    }
    // An axis over an array replaces its elements; one over an element leaves the others.
    let covers =
        |axis: &[Step<'_>]| axis.len() <= set.len() && axis.iter().zip(&set).all(|(a, b)| a.is(b));
    let whole = axes.iter().find(|(_, axis)| covers(axis));
    let parts = || {
        let mut inside = axes.iter().filter(|(_, axis)| is_inside(axis, &set));
        let value = get(root, &set)?;
        let first = inside.next()?;
        is_swept(value, &set, axes).then_some(first)
    };
    let (axis, _) = whole.or_else(parts)?;
    let problem = Problem::at(
        place,
        format!("`{axis}` is swept: the axis replaces this value in every run"),
        "has no effect",
    );
    Some(problem.help(format!(
        "set the axis instead, --set 'sweep.axes.\"{axis}\"=[...]', or remove it from the file"
    )))
}

/// Whether a path leads into what stands at another one.
fn is_inside(path: &[Step<'_>], outer: &[Step<'_>]) -> bool {
    path.len() > outer.len() && path.iter().zip(outer).all(|(a, b)| a.is(b))
}

/// Whether axes replace all of the value at a path, so that nothing of it is left.
fn is_swept<'s>(value: &'s Tree, path: &[Step<'s>], axes: &[(&str, &[Step<'_>])]) -> bool {
    let same =
        |axis: &[Step<'_>]| axis.len() == path.len() && axis.iter().zip(path).all(|(a, b)| a.is(b));
    if axes.iter().any(|(_, axis)| same(axis)) {
        return true;
    }
    let inner = |step: Step<'s>, value: &'s Tree| {
        let path: Vec<Step<'s>> = path.iter().copied().chain([step]).collect();
        is_swept(value, &path, axes)
    };
    match &value.node {
        Node::Table(entries) => {
            let mut values = entries
                .iter()
                .filter(|one| !WORDS.contains(&one.key.as_str()));
            let any = values.clone().next().is_some();
            any && values.all(|one| inner(Step::Key(&one.key, one.key_span), &one.value))
        }
        Node::Array(elements) => {
            let mut places = elements.iter().enumerate();
            !elements.is_empty() && places.all(|(k, one)| inner(Step::Index(k, one.span), one))
        }
        _ => false,
    }
}

/// What is said about a parameter, and not its value.
const WORDS: &[&str] = &["unit", "range", "meaning", "source"];

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
        let malformed = || {
            let problem = Problem::at(span, format!("`{part}` is no part of a path"), "here");
            Box::new(problem.help(
                "a path is keys joined by dots, with indices from 0: model.parameters.input[0]",
            ))
        };
        let (key, indices) = key_of(part.trim()).ok_or_else(malformed)?;
        steps.push(Step::Key(key, span_of(part, key, span)));
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

/// Where a key stands within its part.
fn span_of(part: &str, key: &str, span: Span) -> Span {
    let lead = part.find(key).unwrap_or(0);
    Span::new(span.start + lead, span.start + lead + key.len())
}

/// Whether the characters of a text, asked one after the other, stand outside of quotes.
fn outside_quotes() -> impl FnMut(char) -> bool {
    let mut quote = None;
    move |c| {
        match quote {
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        quote.is_none()
    }
}

/// The parts of a path between its dots; dots in quotes are none.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    let mut outside = outside_quotes();
    path.split(move |c| outside(c) && c == '.')
}

/// The key of a part and the indices behind it: `weights[0][1]`, `"a key"[2]`. None if it has none, or an odd quote.
fn key_of(part: &str) -> Option<(&str, &str)> {
    let (key, indices) = match part.chars().next().filter(|c| "\"'".contains(*c)) {
        Some(quote) => part[1..].split_once(quote)?,
        None => part.split_at(part.find('[').unwrap_or(part.len())),
    };
    let bare = !part.starts_with(['"', '\'']);
    let key = if bare { key.trim() } else { key };
    let odd = bare && key.contains(['"', '\'']) || indices.contains(['"', '\'']);
    (!key.is_empty() && !odd).then(|| (key, indices.trim()))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of a path as words; its problem if it has one.
    fn told(path: &str) -> Result<Vec<String>, String> {
        let word = |step: &Step<'_>| match step {
            Step::Key(key, _) => (*key).to_string(),
            Step::Index(index, _) => format!("[{index}]"),
        };
        match steps(path, 0) {
            Ok(steps) => Ok(steps.iter().map(word).collect()),
            Err(problem) => Err(problem.message),
        }
    }

    #[test]
    fn a_path_is_keys_with_indices_and_quotes_make_one_key() {
        let words = |path: &str| told(path).expect("a path");
        assert_eq!(words("a.b[0][12]"), ["a", "b", "[0]", "[12]"]);
        assert_eq!(words("a.\"b.c[0]\".d"), ["a", "b.c[0]", "d"]);
        assert_eq!(words("'a b'[1] . c"), ["a b", "[1]", "c"]);
    }

    #[test]
    fn a_quote_that_is_odd_is_no_part_of_a_path() {
        for path in [
            "a.\"b.c", "\"a\"b\"", "a\"b\"", "\"\"", "a..b", "a[0", "a[-1]", "\"a\"b",
        ] {
            let message = told(path).expect_err(path);
            assert!(
                message.contains("is no part of a path"),
                "{path}: {message}"
            );
        }
    }

    #[test]
    fn the_value_begins_behind_the_first_equals_sign_outside_of_quotes() {
        let mut root = Tree::new(Span::new(0, 0), Node::Table(Vec::new()));
        let mut sources = Sources::new(std::path::Path::new("a.toml"), "");
        assert!(apply(&mut root, &mut sources, "a.\"b=c\"=\"d=e\"").is_ok());
        let found = root
            .get("a")
            .and_then(|a| a.get("b=c"))
            .map(|found| &found.node);
        assert!(
            matches!(found, Some(Node::Text(text)) if text == "d=e"),
            "{root:?}"
        );
        let refused = apply(&mut root, &mut sources, "a.\"b=1").expect_err("a quote is open");
        assert_eq!(refused.len(), 1);
        assert!(refused[0].message.contains("is no part of a path"));
    }
}
