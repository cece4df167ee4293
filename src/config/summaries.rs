//! `record.summaries`: names, or tables with options: `{ summary = "crossings", level = 0.5 }`.

use super::decoder::Decoder;
use super::problem::Problem;
use super::section::Section;
use super::sources::Origin;
use crate::system::parameters::{Array, Fallback, Kind, Parameters, Value};
use crate::system::reducer::{COMMON, SUMMARIES, Summarise, Summary};
use crate::system::suggest;
use crate::system::tree::{Span, Tree};

/// The summaries that a section asks for, each with its place.
pub(super) fn decode(d: &mut Decoder, section: &Section<'_>) -> Vec<(Summarise, Span)> {
    let Some(value) = section.value("summaries") else {
        d.assumed("summaries", "[]", Origin::Default);
        return Vec::new();
    };
    d.given("summaries", value);
    let Some(elements) = value.as_array() else {
        d.wrong_type(value, "summaries", "a list of summaries");
        return Vec::new();
    };
    let mut found: Vec<(Summarise, Span)> = Vec::new();
    for element in elements {
        let Some(summary) = one(d, element) else {
            continue;
        };
        let same = |(other, _): &&(Summarise, Span)| other.suffix == summary.suffix;
        if let Some((_, before)) = found.iter().find(same) {
            d.problem(
                Problem::at(
                    element.span,
                    format!("two summaries would be named `{}`", summary.suffix),
                    "again here",
                )
                .also(*before, "first here")
                .help("give one of them a `name`: { summary = \"mean\", after = 10.0, name = \"late_mean\" }"),
            );
            continue;
        }
        found.push((summary, element.span));
    }
    found
}

fn one(d: &mut Decoder, tree: &Tree) -> Option<Summarise> {
    if let Some(name) = tree.as_text() {
        let card = card(d, name, tree.span)?;
        let needs = card.options.iter().skip(COMMON.len());
        let mut needed = needs.filter(|option| option.fallback == Fallback::Required);
        if needed.next().is_some() || card.name == "first_passage" {
            d.problem(
                Problem::at(
                    tree.span,
                    format!("the summary `{name}` needs options"),
                    "a bare name",
                )
                .help(example(card)),
            );
            return None;
        }
        return Some(Summarise::from(card.name));
    }
    if tree.as_table().is_none() {
        d.wrong_type(tree, "summaries", "a name in quotes, or a table");
        return None;
    }
    let Some(named) = tree.get("summary") else {
        d.problem(
            Problem::at(tree.span, "`summary` is missing here", "needs `summary`")
                .help("for example { summary = \"crossings\", level = 0.5 }"),
        );
        return None;
    };
    let Some(name) = named.as_text() else {
        d.wrong_type(named, "summary", "a text in quotes");
        return None;
    };
    let card = card(d, name, named.span)?;
    table(d, tree, card)
}

fn card(d: &mut Decoder, name: &str, span: Span) -> Option<&'static Summary> {
    let found = SUMMARIES.iter().find(|summary| summary.name == name);
    if found.is_none() {
        let names: Vec<&str> = SUMMARIES.iter().map(|summary| summary.name).collect();
        d.problem(
            Problem::at(
                span,
                format!("there is no summary `{name}`"),
                "unknown summary",
            )
            .help(suggest::advice(name, "valid in `summaries`", &names)),
        );
    }
    found
}

fn example(card: &Summary) -> String {
    let option = match card.name {
        "first_passage" => "above",
        _ => card.options.last().map_or("level", |_| "level"),
    };
    format!(
        "for example {{ summary = \"{}\", {option} = 0.5 }}",
        card.name
    )
}

fn table(d: &mut Decoder, tree: &Tree, card: &'static Summary) -> Option<Summarise> {
    let before = d.problems.len();
    // The list stands in the resolved text as a whole.
    let text = std::mem::take(&mut d.resolved);
    let title = format!("the summary `{}`", card.name);
    let section = Section::open(d, &title, tree.span, Some(tree), card.options, &[]);
    let after = section.number(d, "after").unwrap_or(f64::NEG_INFINITY);
    let suffix = section
        .text(d, "name")
        .unwrap_or_else(|| card.name.to_string());
    let mut options = Parameters::new();
    for option in card.options.iter().skip(COMMON.len()) {
        match option.kind {
            Kind::Real(_) => {
                if let Some(number) = section.number(d, option.name) {
                    options.set_real(option.name, Array::new(vec![], vec![number]));
                }
            }
            _ => {
                if let Some(text) = section.text(d, option.name) {
                    options.set(option.name, Value::Text(text));
                }
            }
        }
    }
    d.resolved = text;
    let legal = suffix.starts_with(|c: char| c.is_ascii_alphabetic())
        && suffix
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !legal && let Some(value) = section.value("name") {
        d.problem(
            Problem::at(
                value.span,
                format!("`{suffix}` cannot end the name of a data set"),
                "not a name",
            )
            .help("a letter, then letters, digits and underscores"),
        );
    }
    let ends = ["above", "below"].map(|end| section.entry(end).is_some());
    if card.name == "first_passage" && ends[0] == ends[1] {
        d.problem(
            Problem::at(
                tree.span,
                "a first passage is `above` one level or `below` one",
                "needs one of the two",
            )
            .help(example(card)),
        );
    }
    (d.problems.len() == before).then(|| Summarise {
        summary: card.name.into(),
        suffix,
        after,
        options,
    })
}
