//! Declarations in the file: parameters of a family that leaves them to the file.
//!
//! A parameter is given by its value alone, `I = 90.0`, or with words about it: `C = { value = 20.0,
//! unit = "uF/cm^2", range = [1, 100], meaning = "capacitance", source = "..." }`. Its shape is that of
//! its value. Everything else (values, ranges, axes of a sweep, the archive) works as for parameters that
//! a family declares.

use super::decoder::Decoder;
use super::external;
use super::parameters::Slot;
use super::problem::Problem;
use crate::system::declared;
use crate::system::parameters::{Parameter, Range};
use crate::system::tree::{Entry, Node, Tree};

const WORDS: &[&str] = &["value", "unit", "range", "meaning", "source"];

/// The parameters that these entries declare.
pub(super) fn read(d: &mut Decoder, entries: &[Entry]) -> &'static [Parameter] {
    let parameters = entries.iter().map(|entry| one(d, entry)).collect();
    declared::list(parameters)
}

/// The entry of the value, if the parameter is given with words about it.
fn described(entry: &Entry) -> Option<&Entry> {
    let entries = entry.value.as_table()?;
    entries.iter().find(|entry| entry.key == "value")
}

/// Let the slots of described parameters hold the values alone.
pub(super) fn unwrap(slots: &mut [Slot<'_>]) {
    for slot in slots {
        if let Some(entry) = slot.given
            && let Some(value) = described(entry)
        {
            slot.written = Some(entry);
            slot.given = Some(value);
        }
    }
}

fn one(d: &mut Decoder, entry: &Entry) -> Parameter {
    let value = described(entry).map_or(&entry.value, |value| &value.value);
    let name = declared::text(&entry.key);
    let sizes = |letter: &str| declared::text(&format!("{name}_{letter}"));
    let parameter = match rank(d, value) {
        0 => Parameter::real(name),
        1 => Parameter::vector(name, sizes("i")),
        _ => Parameter::matrix(name, sizes("i"), sizes("j")),
    };
    if described(entry).is_none() {
        return parameter;
    }
    let words = entry.value.as_table().unwrap_or_default();
    for word in words
        .iter()
        .filter(|word| !WORDS.contains(&word.key.as_str()))
    {
        let place = format!("the parameter `{name}`");
        d.unknown(word.key_span, "key", &word.key, &place, WORDS);
    }
    let mut say = |key: &str, default: &'static str| match entry.value.get(key) {
        None => default,
        Some(tree) => match tree.as_text() {
            Some(text) => declared::text(text),
            None => {
                d.wrong_type(tree, &format!("{name}.{key}"), "a text in quotes");
                default
            }
        },
    };
    let parameter = parameter
        .unit(say("unit", "1"))
        .meaning(say("meaning", ""))
        .source(say("source", ""));
    match entry.value.get("range") {
        Some(tree) => parameter.range(range(d, tree, name)),
        None => parameter,
    }
}

/// The number of axes of a value.
fn rank(d: &mut Decoder, value: &Tree) -> usize {
    let nested = |mut tree: &Tree| {
        let mut rank = 0;
        while let Some(elements) = tree.as_array() {
            rank += 1;
            let Some(first) = elements.first() else { break };
            tree = first;
        }
        rank
    };
    if let Some(path) = value.get("file").and_then(Tree::as_text) {
        // What is wrong with the file is said where its numbers are read.
        let before = d.problems.len();
        let array = external::array(d, path, value.span);
        d.problems.truncate(before);
        return array.map_or(0, |array| array.shape.len());
    }
    match value.get("size").map(|size| &size.node) {
        None => nested(value),
        Some(Node::Array(sizes)) => sizes.len(),
        Some(_) => 1,
    }
}

fn range(d: &mut Decoder, tree: &Tree, name: &str) -> Range {
    let numbers: Vec<f64> = tree
        .as_array()
        .unwrap_or_default()
        .iter()
        .filter_map(Tree::as_number)
        .collect();
    match numbers[..] {
        [low, high] if low <= high => Range {
            lower_included: low.is_finite(),
            upper_included: high.is_finite(),
            ..Range::closed(low, high)
        },
        _ => {
            d.problem(
                Problem::at(
                    tree.span,
                    format!("`{name}.range` must be two numbers in ascending order"),
                    "expected [low, high]",
                )
                .help("an end that is not bounded is inf or -inf"),
            );
            Range::FINITE
        }
    }
}
