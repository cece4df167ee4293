//! What the file says: the tables `state`, `define`, `observables` and `guards`, read and parsed.

use std::ops::Range;

use super::expression::Expression;
use super::function;
use super::parse::{SyntaxError, parse};
use crate::prelude::*;

/// An expression of the file with its text and place.
#[derive(Clone, Debug)]
pub struct Text {
    pub expression: Expression,
    pub text: String,
    pub span: Span,
}

/// `[model.state.NAME]`
#[derive(Clone, Debug)]
pub struct StateBlock {
    pub name: String,
    pub size: Option<usize>,
    pub unit: String,
    pub meaning: String,
    pub drift: Option<Text>,
    pub diffusion: Option<Text>,
}

/// `NAME = "..."` of `[model.define]` or `[model.observables]`.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub unit: String,
    pub meaning: String,
    pub key: Span,
    pub text: Option<Text>,
}

/// One of `[[model.guards]]`.
#[derive(Clone, Debug)]
pub struct Watch {
    pub name: String,
    pub when: Option<Text>,
    pub direction: Direction,
    pub reset: Vec<(String, Span, Text)>,
    pub stop: bool,
}

/// The model of a file.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub blocks: Vec<StateBlock>,
    pub definitions: Vec<Named>,
    pub observables: Vec<Named>,
    pub guards: Vec<Watch>,
}

/// A problem at a place inside an expression.
pub fn within(text: &Text, at: Range<usize>, message: String, label: String) -> BuildError {
    BuildError::new(message).within(text.span, at, label)
}

/// Names with a meaning of their own.
pub fn is_reserved(name: &str) -> bool {
    ["t", "pi", "i"].contains(&name) || function::names().contains(&name)
}

/// Whether an expression can name it.
pub fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(letter)
}

/// The model that checked parameters hold, with everything that is wrong with it so far.
pub fn read(parameters: &Parameters) -> (Model, Vec<BuildError>) {
    let mut reader = Reader::default();
    let mut model = Model::default();
    if let Some(tree) = parameters.tree("state") {
        for entry in reader.table(tree, "model.state") {
            reader.name(&entry.key, entry.key_span, "a state variable");
            model.blocks.push(reader.block(entry));
        }
        if model.blocks.is_empty() {
            let error = BuildError::new("the model has no state variable");
            reader.faults.push(
                error
                    .at(tree.span, "no variable")
                    .help("each one has a table: [model.state.v], then drift = \"...\""),
            );
        }
    }
    if let Some(tree) = parameters.tree("define") {
        for entry in reader.table(tree, "model.define") {
            reader.name(&entry.key, entry.key_span, "a definition");
            let text = reader.text(&entry.value, &entry.key);
            model.definitions.push(named(entry, text));
        }
    }
    if let Some(tree) = parameters.tree("observables") {
        for entry in reader.table(tree, "model.observables") {
            reader.name(&entry.key, entry.key_span, "an observable");
            model.observables.push(reader.observable(entry));
        }
    }
    if let Some(tree) = parameters.tree("guards") {
        match tree.as_array() {
            Some(guards) => {
                for guard in guards {
                    let guard = reader.guard(guard);
                    model.guards.extend(guard);
                }
            }
            None => reader.wrong(tree, "guards", "an array of tables: [[model.guards]]"),
        }
    }
    (model, reader.faults)
}

fn named(entry: &Entry, text: Option<Text>) -> Named {
    Named {
        name: entry.key.clone(),
        unit: "1".into(),
        meaning: String::new(),
        key: entry.key_span,
        text,
    }
}

#[derive(Default)]
struct Reader {
    faults: Vec<BuildError>,
}

/// About so many numbers are kept for each element: state, stages, tape.
const NUMBERS: f64 = 30.0;

impl Reader {
    fn wrong(&mut self, tree: &Tree, name: &str, expected: &str) {
        let message = format!("`{name}` must be {expected}, not {}", tree.kind());
        let error = BuildError::new(message).at(tree.span, "wrong type");
        let number = tree.as_number().is_some() && expected.contains("expression");
        self.faults.push(match number {
            true => error.help("put it in quotes: \"0.5\""),
            false => error,
        });
    }

    fn table<'t>(&mut self, tree: &'t Tree, name: &str) -> &'t [Entry] {
        match tree.as_table() {
            Some(entries) => entries,
            None => {
                self.wrong(tree, name, "a table");
                &[]
            }
        }
    }

    /// Check a new name.
    fn name(&mut self, name: &str, span: Span, what: &str) {
        if !is_name(name) {
            let message = format!("`{name}` cannot be the name of {what}");
            self.faults.push(
                BuildError::new(message)
                    .at(span, "no name")
                    .help("a name is a letter, then letters, digits and underscores"),
            );
        } else if is_reserved(name) {
            let message =
                format!("`{name}` cannot be the name of {what}: it has a meaning already");
            self.faults.push(
                BuildError::new(message)
                    .at(span, "taken")
                    .help("t is the time, pi the number, i the index; functions keep their names"),
            );
        }
    }

    /// Report every key but these.
    fn only(&mut self, entries: &[Entry], valid: &[&str], place: &str) {
        for entry in entries {
            if !valid.contains(&entry.key.as_str()) {
                let message = format!("unknown key `{}` in {place}", entry.key);
                let help = advice(&entry.key, &format!("valid in {place}"), valid);
                self.faults.push(
                    BuildError::new(message)
                        .at(entry.key_span, "no such key")
                        .help(help),
                );
            }
        }
    }

    fn text(&mut self, tree: &Tree, name: &str) -> Option<Text> {
        let Some(text) = tree.as_text() else {
            self.wrong(tree, name, "an expression in quotes");
            return None;
        };
        match parse(text) {
            Ok(expression) => Some(Text {
                expression,
                text: text.to_string(),
                span: tree.span,
            }),
            Err(error) => {
                self.faults.push(syntax(error, tree.span));
                None
            }
        }
    }

    fn words(&mut self, tree: Option<&Tree>, name: &str, default: &str) -> String {
        match tree.map(|tree| (tree, tree.as_text())) {
            None => default.to_string(),
            Some((_, Some(text))) => text.to_string(),
            Some((tree, None)) => {
                self.wrong(tree, name, "a text in quotes");
                default.to_string()
            }
        }
    }

    fn block(&mut self, entry: &Entry) -> StateBlock {
        let name = &entry.key;
        let place = format!("[model.state.{name}]");
        let entries = self.table(&entry.value, &format!("model.state.{name}"));
        let valid = ["drift", "unit", "meaning", "diffusion", "size"];
        self.only(entries, &valid, &place);
        let get = |key: &str| entry.value.get(key);
        let size = get("size").and_then(|tree| match tree.node {
            Node::Integer(size) if size >= 1 => {
                if let Some(excess) = memory::excess(NUMBERS * size as f64) {
                    let message = format!("`{name}` of {size} elements is too large: {excess}");
                    self.faults
                        .push(BuildError::new(message).at(tree.span, "too large"));
                    return Some(1);
                }
                usize::try_from(size).ok()
            }
            _ => {
                let message = format!("`size` of `{name}` must be a whole number >= 1");
                self.faults
                    .push(BuildError::new(message).at(tree.span, "expected a size"));
                // Whatever it is, it is a vector.
                Some(1)
            }
        });
        let drift = match get("drift") {
            Some(tree) => self.text(tree, "drift"),
            None => {
                if entry.value.as_table().is_some() {
                    let message = format!("`drift` is missing in {place}");
                    self.faults.push(
                        BuildError::new(message)
                            .at(entry.key_span, "needs `drift`")
                            .help("`drift`: the right-hand side d/dt, an expression in quotes"),
                    );
                }
                None
            }
        };
        StateBlock {
            name: name.clone(),
            size,
            unit: self.words(get("unit"), "unit", "1"),
            meaning: self.words(get("meaning"), "meaning", ""),
            drift,
            diffusion: get("diffusion").and_then(|tree| self.text(tree, "diffusion")),
        }
    }

    /// `NAME = "..."`, or with words about it: `NAME = { value = "...", unit = "mV" }`.
    fn observable(&mut self, entry: &Entry) -> Named {
        let Some(entries) = entry.value.as_table() else {
            let text = self.text(&entry.value, &entry.key);
            return named(entry, text);
        };
        let place = format!("[model.observables] {}", entry.key);
        self.only(entries, &["value", "unit", "meaning"], &place);
        let text = match entry.value.get("value") {
            Some(tree) => self.text(tree, "value"),
            None => {
                let message = format!("`value` is missing in {place}");
                self.faults
                    .push(BuildError::new(message).at(entry.value.span, "needs `value`"));
                None
            }
        };
        let mut one = named(entry, text);
        one.unit = self.words(entry.value.get("unit"), "unit", "1");
        one.meaning = self.words(entry.value.get("meaning"), "meaning", "");
        one
    }

    fn guard(&mut self, tree: &Tree) -> Option<Watch> {
        let Some(entries) = tree.as_table() else {
            self.wrong(tree, "guards", "an array of tables: [[model.guards]]");
            return None;
        };
        let valid = ["name", "when", "direction", "reset", "stop"];
        self.only(entries, &valid, "[[model.guards]]");
        for key in ["name", "when"] {
            if tree.get(key).is_none() {
                let message = format!("`{key}` is missing in [[model.guards]]");
                self.faults.push(
                    BuildError::new(message)
                        .at(tree.span, format!("needs `{key}`"))
                        .help("a guard has a `name` and an expression `when` whose zeros count"),
                );
            }
        }
        let name = self.words(tree.get("name"), "name", "guard");
        let direction = match tree.get("direction") {
            None => Direction::Rising,
            Some(value) => match value.as_text() {
                Some("rising") => Direction::Rising,
                Some("falling") => Direction::Falling,
                Some("both") => Direction::Both,
                other => {
                    let choices = ["rising", "falling", "both"];
                    let help = advice(other.unwrap_or_default(), "choices", &choices);
                    let message = "`direction` must be \"rising\", \"falling\" or \"both\"";
                    self.faults.push(
                        BuildError::new(message)
                            .at(value.span, "no such direction")
                            .help(help),
                    );
                    Direction::Both
                }
            },
        };
        let stop = match tree.get("stop").map(|value| (value, &value.node)) {
            None => false,
            Some((_, Node::Boolean(stop))) => *stop,
            Some((value, _)) => {
                self.wrong(value, "stop", "true or false");
                false
            }
        };
        let mut reset = Vec::new();
        if let Some(value) = tree.get("reset") {
            if stop {
                let message = "a guard that ends the run cannot reset the state as well";
                self.faults
                    .push(BuildError::new(message).at(value.span, "nothing runs after it"));
            }
            for entry in self.table(value, "reset") {
                if let Some(text) = self.text(&entry.value, &entry.key) {
                    reset.push((entry.key.clone(), entry.key_span, text));
                }
            }
        }
        let when = tree.get("when");
        Some(Watch {
            name,
            when: when.and_then(|value| self.text(value, "when")),
            direction,
            reset,
            stop,
        })
    }
}

fn syntax(error: SyntaxError, span: Span) -> BuildError {
    let mut fault = BuildError::new(error.message).within(span, error.at, error.label);
    fault.help = error.help;
    fault
}
