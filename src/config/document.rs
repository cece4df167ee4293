//! Documents: TOML text -> value tree with places.

use toml::de::{DeInteger, DeTable, DeValue};

use super::problem::Problem;
use crate::system::tree::{Entry, Node, Span, Tree};

/// How many syntax errors are worth showing: later ones often follow from the first.
const SYNTAX_ERRORS: usize = 3;

/// The tree of a TOML document.
pub(super) fn parse(text: &str) -> Result<Tree, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors
            .iter()
            .take(SYNTAX_ERRORS)
            .map(|error| syntax(error, text.len()))
            .collect());
    }
    let mut problems = Vec::new();
    let span = Span::from(document.span());
    let tree = Tree::new(span, table(document.get_ref(), 0, &mut problems));
    if problems.is_empty() {
        Ok(tree)
    } else {
        Err(problems)
    }
}

/// The tree of a single TOML value that stands at `offset` of the sources.
pub(super) fn parse_value(text: &str, offset: usize) -> Result<Tree, Vec<Problem>> {
    let mut problems = Vec::new();
    let value = match DeValue::parse(text) {
        Ok(value) => tree(&value, offset, &mut problems),
        Err(error) => {
            let mut problem = syntax(&error, text.len());
            problem.place = problem
                .place
                .map(|span| Span::new(span.start + offset, span.end + offset));
            return Err(vec![problem]);
        }
    };
    if problems.is_empty() {
        Ok(value)
    } else {
        Err(problems)
    }
}

fn syntax(error: &toml::de::Error, end: usize) -> Problem {
    let span = error
        .span()
        .map_or(Span::new(end, end), |span| Span::from(span.start..span.end));
    let message = error.message();
    if message.contains("duplicate key") {
        return Problem::at(span, "this key is given twice", "given before")
            .help("TOML allows each key once in a table: remove one of them");
    }
    let problem = Problem::at(span, format!("not valid TOML: {message}"), "here");
    if message.contains("string") || message.contains("literal") || message.contains("bare") {
        problem.help("texts stand in quotes: method = \"dopri5\"")
    } else {
        problem
    }
}

fn table(table: &DeTable<'_>, offset: usize, problems: &mut Vec<Problem>) -> Node {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: shift(key.span(), offset),
            value: tree(value, offset, problems),
        })
        .collect();
    // The parser sorts by name; people read in the order of the file.
    entries.sort_by_key(|entry| entry.key_span.start);
    Node::Table(entries)
}

fn tree(value: &toml::Spanned<DeValue<'_>>, offset: usize, problems: &mut Vec<Problem>) -> Tree {
    let span = shift(value.span(), offset);
    let node = match value.get_ref() {
        DeValue::String(text) => Node::Text(text.to_string()),
        DeValue::Integer(integer) => whole(integer).unwrap_or_else(|| {
            problems.push(
                Problem::at(span, "this integer has more than 64 bits", "too large")
                    .help("write it with a point or an exponent if a number is meant: 1e20"),
            );
            Node::Integer(0)
        }),
        DeValue::Float(float) => {
            let text = float.as_str();
            let number: f64 = text.parse().unwrap_or(f64::NAN);
            if number.is_infinite() && !text.contains("inf") {
                problems.push(
                    Problem::at(span, "this number exceeds double precision", "too large")
                        .help("the largest number is about 1.8e308; write `inf` for infinity"),
                );
            }
            Node::Real(number)
        }
        DeValue::Boolean(boolean) => Node::Boolean(*boolean),
        DeValue::Datetime(_) => {
            problems.push(
                Problem::at(span, "a date has no meaning in an experiment", "a date")
                    .help("times are numbers in the model's unit; texts stand in quotes"),
            );
            Node::Boolean(false)
        }
        DeValue::Array(elements) => Node::Array(
            elements
                .iter()
                .map(|element| tree(element, offset, problems))
                .collect(),
        ),
        DeValue::Table(inner) => table(inner, offset, problems),
    };
    Tree::new(span, node)
}

fn whole(integer: &DeInteger<'_>) -> Option<Node> {
    i64::from_str_radix(integer.as_str(), integer.radix())
        .ok()
        .map(Node::Integer)
}

fn shift(range: std::ops::Range<usize>, offset: usize) -> Span {
    Span::new(range.start + offset, range.end + offset)
}
