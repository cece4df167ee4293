//! `[record]` and `[[record.group]]`: what is recorded, checked against the built system.

use super::decoder::Decoder;
use super::experiment::{Clock, Group, Precision, RESERVED_NAMES, Record, Save, Selection, Time};
use super::options;
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use super::steps;
use super::stimulus;
use super::summaries;
use super::time;
use crate::system::System;
use crate::system::layout::Variable;
use crate::system::reducer::Summarise;
use crate::system::suggest;
use crate::system::tree::{Entry, Node, Span, Tree};

/// What the built system offers.
pub(super) struct Offer<'a> {
    pub system: &'a dyn System,
}

impl Offer<'_> {
    fn list(&self) -> &[Variable] {
        self.system
            .observables()
            .map_or(&[], |observables| observables.list())
    }

    /// What can be named as a variable: blocks, and what they are shown as.
    fn blocks(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for block in self.system.layout().blocks() {
            names.push(block.name());
            names.extend(block.shown_as.iter().map(String::as_str));
        }
        names
    }

    /// What a variable's name means: itself, or what it is shown as.
    fn shown(&self, name: &str) -> Vec<String> {
        match self.system.layout().get(name) {
            Some(block) if !block.shown_as.is_empty() => block.shown_as.clone(),
            _ => vec![name.to_string()],
        }
    }

    /// Whether a block is shown as the observable of this name.
    fn is_shown(&self, name: &str) -> bool {
        let blocks = self.system.layout().blocks().iter();
        let mut shown = blocks.flat_map(|block| &block.shown_as);
        shown.any(|shown| shown == name)
    }

    fn observables(&self) -> Vec<&str> {
        let list = self.list().iter();
        list.map(|variable| variable.name.as_str()).collect()
    }

    fn variable(&self, name: &str) -> Option<&Variable> {
        let block = self.system.layout().get(name);
        let block = block.filter(|block| block.shown_as.is_empty());
        let block = block.map(|block| &block.variable);
        block.or_else(|| self.list().iter().find(|variable| variable.name == name))
    }
}

/// Ask the system for the observables named in a section: some do not exist for all parameters.
fn prepare(d: &mut Decoder, section: &Section<'_>, offer: Option<&Offer<'_>>) {
    let Some((offer, observables)) =
        offer.and_then(|offer| Some((offer, offer.system.observables()?)))
    else {
        return;
    };
    let elements = section.value("observables").and_then(Tree::as_array);
    for element in elements.unwrap_or_default() {
        let named = |variable: &Variable| element.as_text() == Some(variable.name.as_str());
        if let Some(index) = offer.list().iter().position(named)
            && let Err(error) = observables.prepare(index)
        {
            let mut problem = Problem::at(element.span, error.message, "not to be had here");
            problem.help = error.help;
            d.problem(problem);
        }
    }
}

/// Decode `[record]`; names are checked if the system could be built.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    offer: Option<&Offer<'_>>,
    time: Option<&Time>,
) -> Record {
    d.resolved.header("[record]");
    let tree = entry.map(|entry| &entry.value);
    let span = entry.map_or(Span::default(), |entry| entry.key_span);
    let section = Section::open(d, "[record]", span, tree, options::RECORD, &[]);
    let default: Vec<String> = offer.map_or(Vec::new(), |offer| {
        let blocks = offer
            .system
            .layout()
            .blocks()
            .iter()
            .filter(|block| !block.auxiliary);
        blocks.map(|block| block.name().to_string()).collect()
    });
    let blocks_by_default = default.clone();
    let blocks = offer.map(Offer::blocks);
    let observables = offer.map(Offer::observables);
    let asked = summaries::decode(d, &section);
    let mut record = Record {
        variables: names(d, &section, "variables", "state block", blocks, default),
        observables: names(
            d,
            &section,
            "observables",
            "observable",
            observables,
            Vec::new(),
        ),
        summaries: asked.iter().map(|(asked, _)| asked.clone()).collect(),
        trajectories: section.boolean(d, "trajectories").unwrap_or_else(|| {
            d.assumed("trajectories", "true", Origin::Default);
            true
        }),
        pooled: false,
        groups: Vec::new(),
    };
    record.variables = shown(record.variables, offer);
    once(&record.variables, &mut record.observables, offer);
    // By what is recorded and not by who said so: the resolved text says everything.
    let whole = shown(blocks_by_default.clone(), offer);
    record.pooled = whole.iter().all(|name| record.variables.contains(name));
    prepare(d, &section, offer);
    if !record.trajectories
        && record.summaries.is_empty()
        && let Some(value) = section.value("trajectories")
    {
        d.problem(
            Problem::at(
                value.span,
                "neither samples nor summaries are recorded",
                "nothing would be left",
            )
            .help("name some `summaries`, for example [\"final\"], or keep the samples"),
        );
    }
    // Without a block to record, summaries alone are of the blocks that there are.
    if record.variables.is_empty() && record.observables.is_empty() && !record.summaries.is_empty()
    {
        record.variables = shown(blocks_by_default, offer);
        record.trajectories = false;
    }
    clashes(d, &section, &record, &asked, span);
    let Some(value) = section.value("group") else {
        return record;
    };
    let Some(tables) = value.as_array() else {
        d.problem(
            Problem::at(
                value.span,
                "record groups are an array of tables",
                "one table",
            )
            .help("write the header with two brackets: [[record.group]]"),
        );
        return record;
    };
    let mut places: Vec<(String, Span)> = Vec::new();
    for table in tables {
        if let Some((group, place)) = group(d, table, offer, time) {
            if let Some((_, before)) = places.iter().find(|(name, _)| *name == group.name) {
                d.problem(
                    Problem::at(
                        place,
                        format!("two record groups are named `{}`", group.name),
                        "again here",
                    )
                    .also(*before, "first here"),
                );
            }
            places.push((group.name.clone(), place));
            record.groups.push(group);
        }
    }
    record
}

/// A list of names of one sort, all of them valid.
fn names(
    d: &mut Decoder,
    section: &Section<'_>,
    key: &str,
    what: &str,
    valid: Option<Vec<&str>>,
    default: Vec<String>,
) -> Vec<String> {
    let Some(value) = section.value(key) else {
        let texts: Vec<String> = default.iter().map(|name| resolved::text(name)).collect();
        d.assumed(key, &format!("[{}]", texts.join(", ")), Origin::Default);
        return default;
    };
    d.given(key, value);
    let given = section.names(d, key).unwrap_or_default();
    if let Some(valid) = valid {
        for (name, span) in &given {
            if !valid.contains(&name.as_str()) {
                d.problem(
                    Problem::at(
                        *span,
                        format!("there is no {what} `{name}`"),
                        format!("unknown {what}"),
                    )
                    .help(suggest::advice(
                        name,
                        &format!("valid in `{key}`"),
                        &valid,
                    )),
                );
            }
        }
    }
    given.into_iter().map(|(name, _)| name).collect()
}

/// The variables as they are shown.
fn shown(names: Vec<String>, offer: Option<&Offer<'_>>) -> Vec<String> {
    match offer {
        Some(offer) => names.iter().flat_map(|name| offer.shown(name)).collect(),
        None => names,
    }
}

/// Leave out the observables that a recorded variable is shown as: they are recorded already.
fn once(variables: &[String], observables: &mut Vec<String>, offer: Option<&Offer<'_>>) {
    let stands_for_block = |name: &String| offer.is_some_and(|offer| offer.is_shown(name));
    observables.retain(|name| !(variables.contains(name) && stands_for_block(name)));
}

/// Two data sets must not have the same name.
fn clashes(
    d: &mut Decoder,
    section: &Section<'_>,
    record: &Record,
    asked: &[(Summarise, Span)],
    header: Span,
) {
    let place = |key: &str, name: &str| {
        let elements = section
            .value(key)
            .and_then(Tree::as_array)
            .unwrap_or_default();
        let found = elements
            .iter()
            .find(|element| element.as_text() == Some(name));
        found.map_or(header, |element| element.span)
    };
    let mut taken: Vec<(String, Span)> = Vec::new();
    let mut wanted = Vec::new();
    for (key, names) in [
        ("variables", &record.variables),
        ("observables", &record.observables),
    ] {
        for name in names {
            wanted.push((name.clone(), place(key, name)));
        }
    }
    for (summary, span) in asked {
        for name in record.variables.iter().chain(&record.observables) {
            wanted.push((format!("{name}_{}", summary.suffix), *span));
        }
    }
    for (name, span) in wanted {
        if RESERVED_NAMES.contains(&name.as_str()) {
            d.problem(Problem::at(
                span,
                format!(
                    "`{name}` cannot be recorded: the archive has another data set of that name"
                ),
                "this name is taken",
            ));
        } else if let Some((_, before)) = taken.iter().find(|(other, _)| *other == name) {
            d.problem(
                Problem::at(
                    span,
                    format!("two recorded data sets would be named `{name}`"),
                    "the second",
                )
                .also(*before, "the first"),
            );
        }
        taken.push((name, span));
    }
}

fn group(
    d: &mut Decoder,
    table: &Tree,
    offer: Option<&Offer<'_>>,
    time: Option<&Time>,
) -> Option<(Group, Span)> {
    d.resolved.header("[[record.group]]");
    let section = Section::open(
        d,
        "[[record.group]]",
        table.span,
        Some(table),
        options::GROUP,
        &[],
    );
    let name = section.text(d, "name");
    let place = section.value("name").map_or(table.span, |value| value.span);
    if let Some(name) = &name {
        let legal = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !legal {
            d.problem(
                Problem::at(
                    place,
                    format!("`{name}` cannot name a dimension"),
                    "not a name",
                )
                .help("a letter, then letters, digits and underscores"),
            );
        }
    }
    let blocks = offer.map(Offer::blocks);
    let observables = offer.map(Offer::observables);
    let variables = names(d, &section, "variables", "state block", blocks, Vec::new());
    let variables = shown(variables, offer);
    let mut observables = names(
        d,
        &section,
        "observables",
        "observable",
        observables,
        Vec::new(),
    );
    once(&variables, &mut observables, offer);
    prepare(d, &section, offer);
    if section.entry("variables").is_none() && section.entry("observables").is_none() {
        d.problem(
            Problem::at(
                table.span,
                "this record group records nothing",
                "needs `variables` or `observables`",
            )
            .help("for example variables = [\"x\"]"),
        );
    }
    let save = every(d, &section, time);
    let select = select(d, &section, &variables, &observables, offer);
    let precision = match section.text(d, "precision").as_deref() {
        Some("f32") => Precision::F32,
        _ => Precision::F64,
    };
    let group = Group {
        name: name?,
        variables,
        observables,
        save: save?,
        select,
        precision,
    };
    Some((group, place))
}

fn every(d: &mut Decoder, section: &Section<'_>, time: Option<&Time>) -> Option<Save> {
    let Some(value) = section.value("every") else {
        let save = time?.save.clone();
        let text = match &save {
            Save::Every(every) | Save::After(every) => resolved::real(*every),
            Save::At(times) => {
                let times: Vec<String> = times.iter().map(|&time| resolved::real(time)).collect();
                format!("[{}]", times.join(", "))
            }
            Save::Steps => "\"steps\"".into(),
        };
        d.assumed("every", &text, Origin::Default);
        return Some(save);
    };
    d.given("every", value);
    let save = time::save(d, value, "every", time.map(|time| (time.start, time.stop)))?;
    match (time.map(|time| time.clock), save) {
        (None | Some(Clock::Time), save) => Some(save),
        (Some(clock), save) => match (clock, steps::whole(d, save, "every", value.span)?) {
            (Clock::Trials, Save::Every(every)) => Some(Save::After(every)),
            (_, save) => Some(save),
        },
    }
}

fn select(
    d: &mut Decoder,
    section: &Section<'_>,
    variables: &[String],
    observables: &[String],
    offer: Option<&Offer<'_>>,
) -> Vec<(String, Selection)> {
    let Some(value) = section.value("select") else {
        return Vec::new();
    };
    d.given("select", value);
    let Some(entries) = value.as_table() else {
        d.wrong_type(value, "select", "a table of axes");
        return Vec::new();
    };
    let mut chosen = Vec::new();
    for entry in entries {
        let Some(selection) = selection(d, entry) else {
            continue;
        };
        if let Some(offer) = offer {
            let axes: Vec<(&str, usize)> = variables
                .iter()
                .chain(observables)
                .filter_map(|name| offer.variable(name))
                .flat_map(|variable| {
                    variable
                        .axes
                        .iter()
                        .map(|axis| (axis.name.as_str(), axis.size))
                })
                .collect();
            on_axis(d, entry, selection, &axes);
        }
        chosen.push((entry.key.clone(), selection));
    }
    chosen
}

fn selection(d: &mut Decoder, entry: &Entry) -> Option<Selection> {
    let one = match entry.value.node {
        Node::Integer(index) => usize::try_from(index).ok().map(Selection::One),
        _ => None,
    };
    let selection =
        one.or_else(|| stimulus::range(&entry.value).map(|[a, b]| Selection::Range(a, b)));
    if selection.is_none() {
        d.problem(Problem::at(
            entry.value.span,
            format!(
                "`select.{}` must be one position, or the first and the last",
                entry.key
            ),
            "expected 24 or [20, 30], from 0",
        ));
    }
    selection
}

fn on_axis(d: &mut Decoder, entry: &Entry, selection: Selection, axes: &[(&str, usize)]) {
    let sizes: Vec<usize> = axes
        .iter()
        .filter(|(name, _)| *name == entry.key)
        .map(|&(_, size)| size)
        .collect();
    let Some(&size) = sizes.iter().min() else {
        let mut names: Vec<&str> = axes.iter().map(|&(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        d.unknown(entry.key_span, "axis", &entry.key, "`select`", &names);
        return;
    };
    let (Selection::One(last) | Selection::Range(_, last)) = selection;
    if last >= size {
        d.problem(Problem::at(
            entry.value.span,
            format!(
                "`select.{}` reaches position {last}, but the axis has {size} positions",
                entry.key
            ),
            format!("the last one is {}", size.saturating_sub(1)),
        ));
    }
}

/// Every name at the root of the archive that is taken: no axis of a sweep may have one of them.
pub(super) fn taken_names(
    record: &Record,
    offer: Option<&Offer<'_>>,
    members: bool,
) -> Vec<String> {
    let mut taken: Vec<String> = RESERVED_NAMES.iter().map(|name| name.to_string()).collect();
    let groups = record.groups.iter();
    let grouped = groups.flat_map(|group| group.variables.iter().chain(&group.observables));
    let mut variables: Vec<&String> = record.variables.iter().chain(&record.observables).collect();
    variables.extend(grouped);
    for name in variables {
        taken.push(name.clone());
        for summary in &record.summaries {
            taken.push(format!("{name}_{}", summary.suffix));
        }
        for group in &record.groups {
            taken.push(format!("{}_{name}", group.name));
        }
        if members {
            taken.push(format!("{name}_member"));
        }
        let variable = offer.and_then(|offer| offer.variable(name));
        let axes = variable.map_or(&[][..], |variable| &variable.axes);
        taken.extend(axes.iter().map(|axis| axis.name.clone()));
    }
    taken.extend(
        record
            .groups
            .iter()
            .map(|group| format!("time_{}", group.name)),
    );
    // The last state of every block has its axes as well.
    let blocks = offer.map(|offer| offer.system.layout().blocks());
    for block in blocks.unwrap_or_default() {
        taken.extend(block.variable.axes.iter().map(|axis| axis.name.clone()));
    }
    taken
}
