//! `[sweep]`: the axes as written, then what each of them does to a run.
//!
//! The axes are read before the rest of the file, because the file is decoded with their first values
//! in place. Once the model is known, `targets` finds the axes whose values need no new decoding, and
//! checks every listed number of those against the declarations.

use super::axis::{Axis, Item, MOST_SOBOL_AXES, Mode, Spread, Target, Values};
use super::decoder::Decoder;
use super::model::Model;
use super::options;
use super::overrides::{self, Step};
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::target::target;
use crate::system::layout::Layout;
use crate::system::number::plain;
use crate::system::tree::{Entry, Node, Span, Tree};

/// `[sweep]` before the model is known.
pub(super) struct Raw<'t> {
    pub mode: Mode,
    pub samples: u64,
    pub axes: Vec<RawAxis<'t>>,
    tree: &'t Tree,
}

/// An axis as written.
pub(super) struct RawAxis<'t> {
    pub path: String,
    pub steps: Vec<Step<'t>>,
    pub name: Option<(String, Span)>,
    pub values: Values,
    pub span: Span,
    /// Why the first value could not be put into the file, if it could not.
    pub misplaced: Option<Problem>,
}

/// Read `[sweep]`; `None` if there is none or nothing of it is sound.
pub(super) fn read<'t>(d: &mut Decoder, root: &'t Tree) -> Option<Raw<'t>> {
    let entry = root.as_table()?.iter().find(|entry| entry.key == "sweep")?;
    // What the sections write into the resolved text comes later, behind the rest of the file.
    let text = std::mem::take(&mut d.resolved);
    let section = Section::open(
        d,
        "[sweep]",
        entry.key_span,
        Some(&entry.value),
        options::SWEEP,
        &[],
    );
    let mode = section.text(d, "mode").and_then(|name| Mode::named(&name));
    let samples = samples(d, &section, mode);
    let axes = axes(d, &section, mode);
    d.resolved = text;
    Some(Raw {
        mode: mode?,
        samples: samples?,
        axes: axes?,
        tree: &entry.value,
    })
}

fn samples(d: &mut Decoder, section: &Section<'_>, mode: Option<Mode>) -> Option<u64> {
    match mode {
        Some(mode) if !mode.is_sampled() => {
            let why = format!("a {} has as many runs as its axes say", mode.name());
            section.refuse(
                d,
                "samples",
                &why,
                "remove it, or set mode = \"random\" or \"sobol\"",
            );
            Some(0)
        }
        _ if section.entry("samples").is_none() => {
            if mode.is_some() {
                section.missing(d, "samples", ", which samples its axes");
            }
            None
        }
        _ => section
            .integer(d, "samples")
            .and_then(|samples| u64::try_from(samples).ok()),
    }
}

fn axes<'t>(
    d: &mut Decoder,
    section: &Section<'t>,
    mode: Option<Mode>,
) -> Option<Vec<RawAxis<'t>>> {
    let Some(table) = section.value("axes") else {
        section.missing(d, "axes", "");
        return None;
    };
    let Some(entries) = table.as_table() else {
        d.wrong_type(table, "sweep.axes", "a table of paths");
        return None;
    };
    if entries.is_empty() {
        d.problem(
            Problem::at(
                section.entry("axes").map_or(table.span, |e| e.key_span),
                "[sweep.axes] names no axis",
                "no axis",
            )
            .help("for example \"model.parameters.input[0]\" = [0.0, 0.5, 1.0]"),
        );
        return None;
    }
    let before = d.problems.len();
    let axes: Vec<RawAxis<'t>> = entries
        .iter()
        .filter_map(|entry| axis(d, entry, mode))
        .collect();
    overlapping(d, &axes);
    if mode == Some(Mode::Sobol) && axes.len() > MOST_SOBOL_AXES {
        d.problem(Problem::at(
            axes[MOST_SOBOL_AXES].span,
            format!("a sobol sweep has at most {MOST_SOBOL_AXES} axes"),
            "one too many",
        ));
    }
    if mode == Some(Mode::Zip) {
        equal_lengths(d, &axes);
    }
    (d.problems.len() == before).then_some(axes)
}

fn axis<'t>(d: &mut Decoder, entry: &'t Entry, mode: Option<Mode>) -> Option<RawAxis<'t>> {
    let keys: Vec<&str> = options::AXIS.iter().map(|option| option.name).collect();
    if let Node::Table(inner) = &entry.value.node
        && !inner.is_empty()
        && !inner.iter().any(|one| keys.contains(&one.key.as_str()))
        && inner
            .iter()
            .all(|one| one.value.as_table().is_some() || one.value.as_array().is_some())
    {
        let path = format!("{}.{}", entry.key, inner[0].key);
        d.problem(
            Problem::at(
                entry.key_span,
                "the path of an axis must stand in quotes",
                "without quotes, each dot opens a table",
            )
            .help(format!("write \"{path}...\" = ...")),
        );
        return None;
    }
    let path = entry.key.as_str();
    // The key stands in quotes, or is a bare one.
    let quoted = usize::from(entry.key_span.end - entry.key_span.start > path.len());
    let steps = match overrides::steps(path, entry.key_span.start + quoted) {
        Ok(steps) => steps,
        Err(problem) => {
            d.problem(*problem);
            return None;
        }
    };
    if let Some(Step::Key(first, _)) = steps.first()
        && ["sweep", "ensemble", "output", "title", "analysis"].contains(first)
    {
        d.problem(
            Problem::at(
                entry.key_span,
                format!("`{path}` cannot be swept: it changes no run"),
                "not a value of a run",
            )
            .help(
                "what can be swept stands under model, initial, time, solver, stimulus or record",
            ),
        );
        return None;
    }
    let (name, values) = match &entry.value.node {
        Node::Array(_) => (None, list(d, path, &entry.value)?),
        Node::Table(_) => table(d, path, entry, mode)?,
        _ => {
            d.wrong_type(
                &entry.value,
                path,
                "a list of values, or { from, to, count }",
            );
            return None;
        }
    };
    Some(RawAxis {
        path: path.to_string(),
        steps,
        name,
        values,
        span: entry.key_span,
        misplaced: None,
    })
}

fn list(d: &mut Decoder, name: &str, tree: &Tree) -> Option<Values> {
    let Some(elements) = tree.as_array() else {
        d.wrong_type(tree, name, "a list of values");
        return None;
    };
    if elements.is_empty() {
        d.problem(Problem::at(
            tree.span,
            format!("the axis `{name}` has no value"),
            "an empty list",
        ));
        return None;
    }
    let item = |tree: &Tree| Item {
        tree: tree.clone(),
        array: None,
    };
    Some(Values::List(elements.iter().map(item).collect()))
}

type Named = (Option<(String, Span)>, Values);

fn table(d: &mut Decoder, path: &str, entry: &Entry, mode: Option<Mode>) -> Option<Named> {
    let name = format!("the axis `{path}`");
    let section = Section::open(
        d,
        &name,
        entry.key_span,
        Some(&entry.value),
        options::AXIS,
        &[],
    );
    let forms: Vec<&str> = ["from", "values", "files"]
        .into_iter()
        .filter(|key| section.entry(key).is_some())
        .collect();
    if forms.len() != 1 {
        let what = match forms.len() {
            0 => "says no values",
            _ => "gives its values twice",
        };
        d.problem(
            Problem::at(
                entry.value.span,
                format!("{name} {what}"),
                "one of the forms",
            )
            .help("{ from, to, count }, { values = [...] } or { files = [...] }"),
        );
        return None;
    }
    if forms[0] != "from" {
        for key in ["to", "count", "scale"] {
            section.refuse(d, key, "the values are listed", "remove it");
        }
    }
    let values = match forms[0] {
        "from" => spread(d, &section, entry.value.span, mode)?,
        "values" => list(d, path, section.value("values")?)?,
        _ => files(d, path, section.value("files")?)?,
    };
    Some((axis_name(d, &section), values))
}

fn axis_name(d: &mut Decoder, section: &Section<'_>) -> Option<(String, Span)> {
    let value = section.value("name")?;
    let name = section.text(d, "name")?;
    let legal = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !legal {
        d.problem(
            Problem::at(
                value.span,
                format!("`{name}` cannot name a dimension"),
                "not a name",
            )
            .help("a letter, then letters, digits and underscores"),
        );
        return None;
    }
    Some((name, value.span))
}

fn spread(
    d: &mut Decoder,
    section: &Section<'_>,
    span: Span,
    mode: Option<Mode>,
) -> Option<Values> {
    let from = section.number(d, "from")?;
    if section.entry("to").is_none() {
        section.missing(d, "to", "");
        return None;
    }
    let to = section.number(d, "to")?;
    let count = if mode.is_some_and(Mode::is_sampled) {
        section.refuse(
            d,
            "count",
            "the axis is sampled",
            "remove it: `samples` under [sweep] says how many",
        );
        0
    } else if section.entry("count").is_none() {
        section.missing(d, "count", "");
        return None;
    } else {
        usize::try_from(section.integer(d, "count")?).ok()?
    };
    let logarithmic = section.text(d, "scale").as_deref() == Some("log");
    // Not by the product, which underflows.
    let one_sign = from < 0.0 && to < 0.0 || from > 0.0 && to > 0.0;
    if logarithmic && !one_sign {
        d.problem(
            Problem::at(
                span,
                format!(
                    "a logarithmic scale cannot go from {} to {}",
                    plain(from),
                    plain(to)
                ),
                "both ends must have one sign",
            )
            .help("choose ends on one side of zero, or scale = \"linear\""),
        );
        return None;
    }
    let integer = |key: &str| {
        let node = section.value(key).map(|value| &value.node);
        matches!(node, Some(Node::Integer(_)))
    };
    Some(Values::Spread(Spread {
        from,
        to,
        count,
        logarithmic,
        integers: integer("from") && integer("to"),
        span,
    }))
}

/// `files = [...]`: each becomes the value `{ file = "..." }`.
fn files(d: &mut Decoder, path: &str, tree: &Tree) -> Option<Values> {
    let Values::List(mut items) = list(d, path, tree)? else {
        return None;
    };
    for item in &mut items {
        if item.tree.as_text().is_none() {
            d.wrong_type(&item.tree, "files", "a list of file names in quotes");
            return None;
        }
        let span = item.tree.span;
        let value = std::mem::replace(&mut item.tree, Tree::new(span, Node::Boolean(false)));
        item.tree = Tree::new(
            span,
            Node::Table(vec![Entry {
                key: "file".into(),
                key_span: span,
                value,
            }]),
        );
    }
    Some(Values::List(items))
}

/// Two axes must not set the same value, nor one a part of the other's.
fn overlapping(d: &mut Decoder, axes: &[RawAxis<'_>]) {
    for (number, axis) in axes.iter().enumerate() {
        let inside = |other: &&RawAxis<'_>| {
            let shared = axis.steps.iter().zip(&other.steps);
            shared.into_iter().all(|(a, b)| a.is(b))
        };
        if let Some(other) = axes[..number].iter().find(inside) {
            d.problem(
                Problem::at(
                    axis.span,
                    format!(
                        "the axes `{}` and `{}` set the same value",
                        other.path, axis.path
                    ),
                    "the second",
                )
                .also(other.span, "the first"),
            );
        }
    }
}

fn equal_lengths(d: &mut Decoder, axes: &[RawAxis<'_>]) {
    let length = |axis: &RawAxis<'_>| match &axis.values {
        Values::List(items) => items.len(),
        Values::Spread(spread) => spread.count,
    };
    let Some((first, rest)) = axes.split_first() else {
        return;
    };
    for axis in rest {
        if length(axis) != length(first) {
            d.problem(
                Problem::at(
                    axis.span,
                    format!(
                        "a zip needs axes of one length, but `{}` has {} values and `{}` has {}",
                        first.path,
                        length(first),
                        axis.path,
                        length(axis)
                    ),
                    format!("{} values", length(axis)),
                )
                .also(first.span, format!("{} values", length(first))),
            );
        }
    }
}

impl RawAxis<'_> {
    /// The first value as it stands in a file.
    fn first(&self) -> Tree {
        match &self.values {
            Values::List(items) => items[0].tree.clone(),
            Values::Spread(spread) => spread.tree(spread.from),
        }
    }

    fn last(&self) -> Tree {
        match &self.values {
            Values::List(items) => items[items.len() - 1].tree.clone(),
            Values::Spread(spread) => spread.tree(spread.to),
        }
    }
}

impl Raw<'_> {
    /// Put the first value of every axis into the file.
    pub fn place_first(&mut self, root: &mut Tree) {
        for axis in &mut self.axes {
            // A number in the place of a row would hide what is wrong: the target finds out.
            let there = overrides::get(root, &axis.steps).is_some_and(|t| t.as_array().is_some());
            if there && matches!(axis.steps.last(), Some(Step::Index(..))) {
                continue;
            }
            let placed = overrides::insert(root, &axis.steps, axis.first());
            axis.misplaced = placed.err().map(|problem| *problem);
        }
    }

    /// The file with the last value in place of one axis over the model that begins at 0, or at no number, for each of them, and
    /// with the last values of all.
    pub fn last_of_models(&self, first: &Tree) -> Vec<Tree> {
        let begins = |axis: &&RawAxis| axis.first().as_number().is_none_or(|number| number == 0.0);
        let axes = self.axes.iter();
        let models = axes.filter(|axis| axis.path.starts_with("model."));
        let models = models.filter(begins);
        let mut all = first.clone();
        let mut trees = Vec::new();
        for axis in models {
            let mut tree = first.clone();
            let placed = overrides::insert(&mut tree, &axis.steps, axis.last());
            if placed.is_ok() && overrides::insert(&mut all, &axis.steps, axis.last()).is_ok() {
                trees.push(tree);
            }
        }
        if trees.len() > 1 {
            trees.push(all);
        }
        trees
    }

    /// The paths of all axes.
    pub fn paths(&self) -> Vec<(String, Span)> {
        let axes = self.axes.iter();
        axes.map(|axis| (axis.path.clone(), axis.span)).collect()
    }

    /// The texts that the axis over this path lists; none without such an axis.
    pub fn texts_of(&self, path: &str) -> Vec<String> {
        let axes = self.axes.iter().filter(|axis| axis.path == path);
        let lists = axes.filter_map(|axis| match &axis.values {
            Values::List(items) => Some(items),
            Values::Spread(_) => None,
        });
        let texts = lists.flatten().filter_map(|item| item.tree.as_text());
        texts.map(String::from).collect()
    }

    /// What every axis does to a run; `None` after a problem.
    pub fn targets(
        &self,
        d: &mut Decoder,
        model: &Model<'_>,
        layout: &Layout,
    ) -> Option<Vec<Axis>> {
        let before = d.problems.len();
        let mut axes = Vec::with_capacity(self.axes.len());
        for raw in &self.axes {
            let mut axis = Axis {
                path: raw.path.clone(),
                name: String::new(),
                values: raw.values.clone(),
                target: Target::Decode,
                span: raw.span,
            };
            let told = d.problems.len();
            if let Some(target) = target(d, raw, &mut axis, model, layout) {
                axis.target = target;
            } else if let Some(problem) = &raw.misplaced
                && d.problems.len() == told
            {
                d.problem(problem.clone());
            }
            axes.push(axis);
        }
        (d.problems.len() == before).then_some(axes)
    }

    /// The names of the axes' dimensions: as given, else the last part of the path, lengthened from the
    /// left until it is free.
    pub fn name(&self, d: &mut Decoder, axes: &mut [Axis], taken: &[String]) {
        let shortest: Vec<String> = self.axes.iter().map(|raw| called(&raw.steps, 1)).collect();
        let mut chosen: Vec<String> = Vec::new();
        for (number, (raw, axis)) in self.axes.iter().zip(axes).enumerate() {
            if let Some((name, span)) = &raw.name {
                if taken.contains(name) || chosen.contains(name) {
                    d.problem(
                        Problem::at(
                            *span,
                            format!("the archive has another data set or dimension `{name}`"),
                            "this name is taken",
                        )
                        .help("choose another name for the axis"),
                    );
                }
                axis.name.clone_from(name);
            } else {
                let parts = raw
                    .steps
                    .iter()
                    .filter(|s| matches!(s, Step::Key(..)))
                    .count();
                let free = |name: &String| {
                    let another = shortest.iter().enumerate();
                    let mut clash = another.filter(|(other, _)| *other != number);
                    !taken.contains(name)
                        && !chosen.contains(name)
                        && !clash.any(|(_, other)| other == name)
                };
                let candidates = (1..=parts).map(|parts| called(&raw.steps, parts));
                let found = candidates.into_iter().find(free);
                axis.name = found.unwrap_or_else(|| {
                    let mut name = called(&raw.steps, parts);
                    while taken.contains(&name) || chosen.contains(&name) {
                        name.push('_');
                    }
                    name
                });
            }
            chosen.push(axis.name.clone());
        }
    }

    /// Write the section into the resolved text.
    pub fn resolve(&self, d: &mut Decoder) {
        d.resolved.header("[sweep]");
        for entry in self.tree.as_table().unwrap_or_default() {
            if entry.key != "axes" {
                d.given(&entry.key, &entry.value);
            }
        }
        if self.tree.get("mode").is_none() {
            d.assumed(
                "mode",
                &resolved::text(self.mode.name()),
                super::sources::Origin::Default,
            );
        }
        d.resolved.header("[sweep.axes]");
        let axes = self.tree.get("axes").and_then(Tree::as_table);
        for entry in axes.unwrap_or_default() {
            d.given(&resolved::text(&entry.key), &entry.value);
        }
    }
}

/// The last `parts` keys of a path with their indices: `elements[0][2]` is `elements_0_2`.
fn called(steps: &[Step<'_>], parts: usize) -> String {
    let keys = steps.iter().enumerate();
    let keys: Vec<usize> = keys
        .filter(|(_, step)| matches!(step, Step::Key(..)))
        .map(|(place, _)| place)
        .collect();
    let from = keys[keys.len() - parts.min(keys.len())];
    let words: Vec<String> = steps[from..]
        .iter()
        .map(|step| match step {
            Step::Key(key, _) => key.replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
            Step::Index(index, _) => index.to_string(),
        })
        .collect();
    words.join("_")
}
