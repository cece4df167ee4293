//! Documents: TOML text -> value tree with places.

use toml::de::{DeInteger, DeTable, DeValue};

use super::problem::Problem;
use crate::system::tree::{Entry, Node, Span, Tree};

/// How the parser names a repeated key.
const DUPLICATE: &str = "duplicate key";
/// How the parser names a text without quotes.
const UNQUOTED: &str = "string values must be quoted";

/// The tree of a TOML document.
pub(super) fn parse(text: &str) -> Result<Tree, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(syntax_errors(text, &errors));
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
            let mut problem = syntax(&error, text);
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

/// The errors worth showing: a text without quotes or a repeated key leaves the rest of the file as it
/// is, whereas after anything else (an open bracket, say) the later errors follow from the first.
fn syntax_errors(text: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let harmless = |error: &toml::de::Error| {
        let message = error.message();
        message.contains(DUPLICATE) || message.contains(UNQUOTED)
    };
    let first_grave = errors.iter().position(|error| !harmless(error));
    errors
        .iter()
        .take(first_grave.map_or(errors.len(), |index| index + 1))
        .map(|error| syntax(error, text))
        .collect()
}

fn syntax(error: &toml::de::Error, text: &str) -> Problem {
    let end = text.len();
    let span = error.span().map_or(Span::new(end, end), Span::from);
    let message = error.message();
    if message.contains(DUPLICATE) {
        let key = text.get(span.start..span.end).unwrap_or_default();
        return Problem::at(span, format!("`{key}` is given twice"), "again here")
            .help("TOML allows each key and each [table] once: remove one of them");
    }
    if message.contains(UNQUOTED) {
        return Problem::at(
            span,
            "not valid TOML: a text must stand in quotes",
            "no quotes",
        )
        .help("for example method = \"dopri5\"");
    }
    let problem = Problem::at(span, format!("not valid TOML: {message}"), "here");
    if message.contains("array") {
        problem.help("is a comma or a closing bracket `]` missing before this place?")
    } else if message.contains("inline table") {
        problem.help("is a comma or a closing brace `}` missing before this place?")
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
