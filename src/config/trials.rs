//! `[trials]`: a table of trials, from a file with a header, inline, or by a design.
//!
//! ```text
//! file = "x.csv"                              columns by name, a trial a line
//! s1 = [0.4, 0.5], s2 = [0.5, 0.4], isi = 1   columns inline; a scalar fills its column
//! design = { levels = [..], repeats = 10, isi = 1.0 }
//!                                             all ordered tuples of the levels over the columns that the family crosses,
//!                                             the whole set once, then again
//! ```
//!
//! Whatever the form, the family gets plain columns among its parameters. The column of subjects holds names; they become
//! numbers in the order of their first appearance.

use super::decoder::Decoder;
use super::experiment::{Clock, Save, Time};
use super::external;
use super::numbers;
use super::options;
use super::parameters;
use super::problem::Problem;
use super::section::Section;
use crate::system::family::Family;
use crate::system::parameters::{Parameter, Parameters, Value};
use crate::system::suggest;
use crate::system::tree::{Entry, Node, Span, Tree};

/// The prefix of the columns' names.
const PREFIX: &str = "trials.";

/// The column of names.
const SUBJECT: &str = "subject";

/// The decoded table.
pub(super) struct Trials {
    /// Its columns, as the family wants them.
    pub columns: Parameters,
    /// How many trials there are.
    pub count: usize,
}

impl Trials {
    /// The time of a map over the trials: a sample after each.
    pub fn time(&self) -> Time {
        Time {
            clock: Clock::Trials,
            start: 0.0,
            stop: self.count as f64,
            save: Save::After(1.0),
            stops: Vec::new(),
        }
    }
}

/// Decode `[trials]`; `None` if it is missing or broken.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    family: &'static dyn Family,
    dynamics: &str,
    blame: Span,
) -> Option<Trials> {
    let Some(entry) = entry else {
        d.problem(
            Problem::at(
                blame,
                "the table [trials] is missing",
                "these dynamics go from trial to trial",
            )
            .help(example(family)),
        );
        return None;
    };
    let declared = family.trials();
    let names: Vec<&str> = declared.iter().map(short).collect();
    d.resolved.header("[trials]");
    let header = entry.key_span;
    let section = Section::open(
        d,
        "[trials]",
        header,
        Some(&entry.value),
        options::TRIALS,
        &names,
    );
    let given = entry.value.as_table()?;
    let before = d.problems.len();
    for one in given {
        d.given(&one.key, &one.value);
    }
    let mut table: Vec<Entry> = given
        .iter()
        .filter(|one| names.contains(&one.key.as_str()))
        .cloned()
        .collect();
    let sources = ["file", "design"].iter();
    let sources: Vec<&Entry> = sources.filter_map(|key| section.entry(key)).collect();
    if let [first, second] = sources[..] {
        d.problem(
            Problem::at(
                second.key_span,
                "the trials come from a file and from a design",
                "one too many",
            )
            .also(first.key_span, "the other one"),
        );
        return None;
    }
    let ignored = section.names(d, "ignore").unwrap_or_default();
    let ignored: Vec<String> = ignored.into_iter().map(|(name, _)| name).collect();
    match sources.first() {
        Some(source) if source.key == "file" => {
            let Some(name) = source.value.as_text() else {
                d.wrong_type(&source.value, "file", "a text in quotes");
                return None;
            };
            let columns = of_file(d, name, source.value.span, &names, &ignored)?;
            join(d, &mut table, columns, source.key_span)?;
        }
        Some(source) => {
            let columns = of_design(d, family, &source.value, &names)?;
            join(d, &mut table, columns, source.key_span)?;
        }
        None => {}
    }
    let subjects = subjects(d, &mut table)?;
    at_least_one(&mut table);
    // The columns are part of what stands above, which the resolved text keeps as given.
    let text = std::mem::take(&mut d.resolved);
    let whole = [Entry {
        key: "trials".into(),
        key_span: header,
        value: Tree {
            node: Node::Table(table),
            span: entry.value.span,
        },
    }];
    let slots = parameters::gather(d, "", header, &whole, declared, dynamics);
    let (mut columns, sound) = parameters::resolve(d, &slots, dynamics);
    d.resolved = text;
    if !sound || d.problems.len() > before {
        return None;
    }
    if let Some(subjects) = subjects {
        columns.set("trials.subjects", Value::Text(subjects.join("\n")));
    }
    let count = columns.size("trial")?;
    if count == 0 {
        d.problem(Problem::at(
            header,
            "[trials] has no trial",
            "an empty table",
        ));
        return None;
    }
    Some(Trials { columns, count })
}

/// The name of a column in a file.
fn short(column: &Parameter) -> &'static str {
    column.name.strip_prefix(PREFIX).unwrap_or(column.name)
}

fn example(family: &'static dyn Family) -> String {
    let columns = family.trials().iter();
    let columns: Vec<&str> = columns.map(short).collect();
    format!(
        "name a file with the columns {}, give them inline, or a design:\n[trials]\nfile = \"trials.csv\"",
        suggest::list(&columns)
    )
}

/// Add columns to those that the table gives itself; both is one too many.
fn join(d: &mut Decoder, table: &mut Vec<Entry>, columns: Vec<Entry>, span: Span) -> Option<()> {
    for column in columns {
        if let Some(twice) = table.iter().find(|one| one.key == column.key) {
            d.problem(
                Problem::at(
                    twice.key_span,
                    format!("the column `{}` is given twice", column.key),
                    "once here",
                )
                .also(span, "and once by this"),
            );
            return None;
        }
        table.push(column);
    }
    Some(())
}

/// The columns of a file with a header.
fn of_file(
    d: &mut Decoder,
    name: &str,
    span: Span,
    names: &[&str],
    ignored: &[String],
) -> Option<Vec<Entry>> {
    let table = external::table(d, name, span)?;
    let mut columns = Vec::new();
    for (place, header) in table.names.iter().enumerate() {
        if ignored.contains(header) {
            continue;
        }
        if !names.contains(&header.as_str()) {
            let advice = suggest::advice(header, "columns of [trials]", names);
            let message =
                format!("`{name}` has a column `{header}`, which these trials do not use");
            d.problem(Problem::at(span, message, "this file").help(format!(
                "{advice}\nto leave a column alone, name it: ignore = [\"{header}\"]"
            )));
            return None;
        }
        let mut cells = Vec::with_capacity(table.rows.len());
        for (line, row) in &table.rows {
            let text = row[place].as_str();
            let node = match (header == SUBJECT, text.parse::<f64>()) {
                (true, _) => Node::Text(text.to_string()),
                (false, Ok(number)) => Node::Real(number),
                (false, Err(_)) => {
                    let message =
                        format!("`{name}`, line {line}, column `{header}`: `{text}` is no number");
                    d.problem(Problem::at(span, message, "this file"));
                    return None;
                }
            };
            cells.push(Tree { node, span });
        }
        columns.push(column(header, Node::Array(cells), span));
    }
    Some(columns)
}

fn column(name: &str, node: Node, span: Span) -> Entry {
    Entry {
        key: name.to_string(),
        key_span: span,
        value: Tree { node, span },
    }
}

/// The columns of a design.
fn of_design(
    d: &mut Decoder,
    family: &'static dyn Family,
    design: &Tree,
    names: &[&str],
) -> Option<Vec<Entry>> {
    let crossed: Vec<&str> = family
        .crossed()
        .iter()
        .map(|name| name.strip_prefix(PREFIX).unwrap_or(name))
        .collect();
    let others: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !crossed.contains(name))
        .collect();
    let section = Section::open(
        d,
        "trials.design",
        design.span,
        Some(design),
        options::DESIGN,
        &others,
    );
    let text = std::mem::take(&mut d.resolved);
    let repeats = section.integer(d, "repeats");
    d.resolved = text;
    let repeats = usize::try_from(repeats?).ok()?;
    let Some(levels) = section.value("levels") else {
        section.missing(d, "levels", "");
        return None;
    };
    let span = levels.span;
    let array = numbers::array(d, levels, "levels")?;
    if array.shape.len() != 1 || array.data.is_empty() {
        d.wrong_type(levels, "levels", "a list of numbers");
        return None;
    }
    let levels = array.data;
    let tuples = levels.len().checked_pow(crossed.len() as u32);
    let trials = tuples.and_then(|tuples| tuples.checked_mul(repeats));
    let Some(trials) = trials.filter(|&trials| trials <= 100_000_000) else {
        d.problem(Problem::at(
            span,
            "the design has too many trials",
            "these levels",
        ));
        return None;
    };
    let tuples = trials / repeats.max(1);
    let mut columns = Vec::new();
    for (place, name) in crossed.iter().enumerate() {
        // The last column varies fastest.
        let stride = levels.len().pow((crossed.len() - 1 - place) as u32);
        let cells = (0..trials).map(|trial| Tree {
            node: Node::Real(levels[(trial % tuples) / stride % levels.len()]),
            span,
        });
        columns.push(column(name, Node::Array(cells.collect()), span));
    }
    let given = design.as_table()?.iter();
    columns.extend(
        given
            .filter(|one| others.contains(&one.key.as_str()))
            .cloned(),
    );
    Some(columns)
}

/// Make numbers of the names of the subjects; the names in the order of their first appearance.
fn subjects(d: &mut Decoder, table: &mut [Entry]) -> Option<Option<Vec<String>>> {
    let Some(entry) = table.iter_mut().find(|one| one.key == SUBJECT) else {
        return Some(None);
    };
    let mut names: Vec<String> = Vec::new();
    let mut code = |tree: &Tree| {
        let name = match &tree.node {
            Node::Text(name) => name.clone(),
            Node::Integer(number) => number.to_string(),
            _ => return None,
        };
        let known = names.iter().position(|one| *one == name);
        let place = known.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        Some(Tree {
            node: Node::Real(place as f64),
            span: tree.span,
        })
    };
    let coded = match entry.value.as_array() {
        Some(cells) => {
            let cells: Option<Vec<Tree>> = cells.iter().map(&mut code).collect();
            cells.map(|cells| Tree {
                node: Node::Array(cells),
                span: entry.value.span,
            })
        }
        None => code(&entry.value),
    };
    match coded {
        Some(coded) => {
            entry.value = coded;
            Some(Some(names))
        }
        None => {
            d.wrong_type(&entry.value, SUBJECT, "a name, or a list of names");
            None
        }
    }
}

/// Scalars alone are one trial.
fn at_least_one(table: &mut [Entry]) {
    if table
        .iter()
        .any(|one| one.value.as_array().is_some() || one.value.as_table().is_some())
    {
        return;
    }
    for one in table.iter_mut() {
        let cell = one.value.clone();
        one.value.node = Node::Array(vec![cell]);
    }
}
