//! Sections: one table of the file against its declared options. Unknown keys are reported when it is
//! opened; each option is then read, checked and written into the resolved text.

use super::decoder::Decoder;
use super::problem::Problem;
use super::resolved;
use super::sources::Origin;
use crate::system::parameters::{Fallback, Kind, Parameter, Range};
use crate::system::suggest;
use crate::system::tree::{Entry, Node, Span, Tree};

/// One table, opened.
pub(super) struct Section<'t> {
    /// What messages call it: `[time]`.
    pub name: String,
    /// Its header, or the place to blame for what is missing in it.
    pub span: Span,
    options: &'static [Parameter],
    entries: &'t [Entry],
}

impl<'t> Section<'t> {
    /// Open the table under `entry`; further valid keys in `more`.
    pub fn open(
        d: &mut Decoder,
        name: &str,
        span: Span,
        tree: Option<&'t Tree>,
        options: &'static [Parameter],
        more: &[&str],
    ) -> Self {
        let entries = match tree {
            None => &[],
            Some(tree) => tree.as_table().unwrap_or_else(|| {
                d.problem(
                    Problem::at(
                        tree.span,
                        format!("{name} must be a table, not {}", tree.kind()),
                        "expected a table",
                    )
                    .help(format!(
                        "write the header {name} on a line of its own, then key = value lines"
                    )),
                );
                &[]
            }),
        };
        let valid: Vec<&str> = options
            .iter()
            .map(|option| option.name)
            .chain(more.iter().copied())
            .collect();
        for entry in entries {
            if !valid.contains(&entry.key.as_str()) {
                d.unknown(entry.key_span, "key", &entry.key, name, &valid);
            }
        }
        Self {
            name: name.to_string(),
            span,
            options,
            entries,
        }
    }

    /// The entry of a key, if given.
    pub fn entry(&self, key: &str) -> Option<&'t Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key, if given.
    pub fn value(&self, key: &str) -> Option<&'t Tree> {
        self.entry(key).map(|entry| &entry.value)
    }

    fn option(&self, key: &str) -> &'static Parameter {
        // Every caller names an option of its own table; the tests read every table once.
        self.options
            .iter()
            .find(|option| option.name == key)
            .unwrap_or_else(|| unreachable!("`{key}` is not declared in {}", self.name))
    }

    /// Note that a required key is missing.
    pub fn missing(&self, d: &mut Decoder, key: &str, why: &str) {
        let option = self.option(key);
        d.problem(
            Problem::at(
                self.span,
                format!("`{key}` is missing in {}{why}", self.name),
                format!("needs `{key}`"),
            )
            .help(format!("`{key}`: {}", option.meaning)),
        );
    }

    /// A number, given or by default; `None` if broken or absent.
    pub fn number(&self, d: &mut Decoder, key: &str) -> Option<f64> {
        let option = self.option(key);
        let Some(value) = self.value(key) else {
            return match option.fallback {
                Fallback::Real(number) => {
                    d.assumed(key, &resolved::real(number), Origin::Default);
                    Some(number)
                }
                Fallback::Required => {
                    self.missing(d, key, "");
                    None
                }
                _ => None,
            };
        };
        let Some(number) = value.as_number() else {
            d.wrong_type(value, key, "a number");
            return None;
        };
        d.given(key, value);
        d.check(number, value.span, key, &option.range, option.unit)
            .then_some(number)
    }

    /// A whole number, given or by default.
    pub fn integer(&self, d: &mut Decoder, key: &str) -> Option<i64> {
        let option = self.option(key);
        let Some(value) = self.value(key) else {
            return match option.fallback {
                Fallback::Integer(integer) => {
                    d.assumed(key, &integer.to_string(), Origin::Default);
                    Some(integer)
                }
                _ => None,
            };
        };
        let Node::Integer(integer) = value.node else {
            d.wrong_type(value, key, "an integer");
            return None;
        };
        d.given(key, value);
        check_integer(d, integer, value.span, key, &option.range, option.unit).then_some(integer)
    }

    /// A truth value, if given.
    pub fn boolean(&self, d: &mut Decoder, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        let Node::Boolean(boolean) = value.node else {
            d.wrong_type(value, key, "true or false");
            return None;
        };
        d.given(key, value);
        Some(boolean)
    }

    /// A text or choice, given or by default.
    pub fn text(&self, d: &mut Decoder, key: &str) -> Option<String> {
        let option = self.option(key);
        let Some(value) = self.value(key) else {
            return match option.fallback {
                Fallback::Text(value) => {
                    d.assumed(key, &resolved::text(value), Origin::Default);
                    Some(value.to_string())
                }
                Fallback::Required => {
                    self.missing(d, key, "");
                    None
                }
                _ => None,
            };
        };
        let Some(text) = value.as_text() else {
            d.wrong_type(value, key, "a text in quotes");
            return None;
        };
        if let Kind::Choice(choices) = option.kind
            && !choices.contains(&text)
        {
            not_a_choice(d, value.span, key, text, choices);
            return None;
        }
        d.given(key, value);
        Some(text.to_string())
    }

    /// A list of texts, if given, each with its place.
    pub fn names(&self, d: &mut Decoder, key: &str) -> Option<Vec<(String, Span)>> {
        let value = self.value(key)?;
        let Some(elements) = value.as_array() else {
            d.wrong_type(value, key, "a list of texts");
            return None;
        };
        let mut names: Vec<(String, Span)> = Vec::new();
        for element in elements {
            let Some(text) = element.as_text() else {
                d.wrong_type(
                    element,
                    &format!("{key}[{}]", names.len()),
                    "a text in quotes",
                );
                return None;
            };
            if let Some((_, before)) = names.iter().find(|(name, _)| name == text) {
                d.problem(
                    Problem::at(
                        element.span,
                        format!("`{text}` is named twice in `{key}`"),
                        "again here",
                    )
                    .also(*before, "first here"),
                );
            } else {
                names.push((text.to_string(), element.span));
            }
        }
        Some(names)
    }

    /// Report a given option that has no use here.
    pub fn refuse(&self, d: &mut Decoder, key: &str, why: &str, help: &str) {
        if let Some(entry) = self.entry(key) {
            d.problem(
                Problem::at(
                    entry.key_span,
                    format!("`{key}` is not used: {why}"),
                    "has no effect here",
                )
                .help(help.to_string()),
            );
        }
    }
}

/// Check a whole number against a range.
pub(super) fn check_integer(
    d: &mut Decoder,
    integer: i64,
    span: Span,
    name: &str,
    range: &Range,
    unit: &str,
) -> bool {
    let Some(fault) = super::decoder::fault(integer as f64, range, unit) else {
        return true;
    };
    let fault = if range.upper >= i64::MAX as f64 && range.lower.is_finite() {
        format!("it must be >= {}", range.lower)
    } else {
        fault
    };
    d.problem(Problem::at(
        span,
        format!("`{name}` is {integer}, but {fault}"),
        fault,
    ));
    false
}

/// Report a text that is none of the choices.
pub(super) fn not_a_choice(d: &mut Decoder, span: Span, key: &str, text: &str, choices: &[&str]) {
    d.problem(
        Problem::at(
            span,
            format!("`{key}` cannot be \"{text}\""),
            "not one of the choices",
        )
        .help(suggest::advice(text, "choices", choices)),
    );
}
