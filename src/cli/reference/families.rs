//! The page of a family, and the list of all of them.

use super::markdown::{code, prose, section};
use crate::cli::describe::{axes, evolution, facts, fitted, meaning, only, unit};
use crate::registry::Registry;
use crate::system::analysis::Analysis;
use crate::system::family::Family;
use crate::system::parameters::{Generator, Parameter};

/// The list of families.
pub fn index(registry: &Registry) -> String {
    let rows: Vec<Vec<String>> = registry.families().iter().map(|&one| row(one)).collect();
    let table = super::markdown::table(&["family", "what it is", "dynamics"], &rows);
    format!("# Model families\n\nThe default dynamics comes first.\n\n{table}")
}

fn row(family: &dyn Family) -> Vec<String> {
    let name = family.name();
    let dynamics: Vec<String> = family.dynamics().iter().map(|one| code(one.name)).collect();
    vec![
        format!("[`{name}`](family-{name}.md)"),
        prose(family.title()),
        dynamics.join(", "),
    ]
}

/// All that a family declares.
pub fn page(registry: &Registry, family: &dyn Family) -> String {
    let card = family.card().trim_end();
    let mut text = format!(
        "# {}\n\n{}\n\n```text\n{card}\n```\n\nTime is {}.\n\n",
        family.name(),
        prose(family.title()),
        unit(family.time_unit())
    );
    text += &dynamics(family);
    if family.leaves_parameters_to_the_file() {
        text += "## Parameters: `[model.parameters]`\n\nThose of the file: `NAME = number or array`, or \
                 `NAME = { value, unit, range, meaning, source }`.\n\n";
    }
    text += &declared("Parameters: `[model.parameters]`", family.parameters());
    text += &declared("Further keys: `[model]`", family.sections());
    text += &declared("Columns of trials: `[trials]`", family.trials());
    text += &observed(family);
    for analysis in registry.analyses(family) {
        text += &analysed(analysis);
    }
    text
}

fn dynamics(family: &dyn Family) -> String {
    let rows = family.dynamics().iter().map(|one| {
        let method = match one.method {
            "" => String::new(),
            method => code(method),
        };
        vec![
            code(one.name),
            evolution(one.evolution).into(),
            method,
            prose(one.meaning),
        ]
    });
    let rows: Vec<_> = rows.collect();
    section(
        "Dynamics: `model.dynamics`",
        &["name", "over", "default method", "meaning"],
        &rows,
    )
}

/// What can be fitted, driven and recorded.
fn observed(family: &dyn Family) -> String {
    let free = family.likelihood().map_or(&[][..], |one| one.free());
    let free: Vec<_> = free.iter().map(|one| literal(fitted(one))).collect();
    let channels = family.channels().iter().map(|one| {
        let meaning = format!("{}{}", one.meaning, only(one.dynamics));
        literal(vec![one.name.into(), unit(one.unit), meaning])
    });
    let observables = family.observables().iter().map(|one| {
        let meaning = format!("{}{}", one.meaning, only(one.dynamics));
        literal(vec![
            one.name.into(),
            axes(one.axes),
            unit(one.unit),
            meaning,
        ])
    });
    section(
        "What can be fitted: `fit.free`",
        &["name", "unit", "range", "meaning"],
        &free,
    ) + &section(
        "Channels: `[[stimulus]]`",
        &["name", "unit", "meaning"],
        &channels.collect::<Vec<_>>(),
    ) + &section(
        "Observables: `record.observables`",
        &["name", "axes", "unit", "meaning"],
        &observables.collect::<Vec<_>>(),
    )
}

/// A row whose first cell is a name and whose others are prose.
fn literal(row: Vec<String>) -> Vec<String> {
    let cells = row.into_iter().enumerate();
    cells
        .map(|(index, cell)| match index {
            0 => code(&cell),
            _ => prose(&cell),
        })
        .collect()
}

fn analysed(analysis: &dyn Analysis) -> String {
    let title = format!("Analysis: `[analysis.{}]`", analysis.name());
    let options = rows(analysis.options());
    let table = super::markdown::table(&["option", "value", "meaning"], &options);
    format!("## {title}\n\n{}\n\n{table}", prose(analysis.meaning()))
}

/// A section of declared values.
fn declared(title: &str, list: &[Parameter]) -> String {
    section(title, &["name", "value", "meaning"], &rows(list))
}

fn rows(list: &[Parameter]) -> Vec<Vec<String>> {
    list.iter().flat_map(parameter).collect()
}

/// A parameter, and below it the ways to draw it at random.
fn parameter(parameter: &Parameter) -> Vec<Vec<String>> {
    let own = vec![
        parameter.name.to_string(),
        facts(parameter),
        meaning(parameter),
    ];
    let mut rows = vec![literal(own)];
    for generator in parameter.generators {
        rows.extend(drawn(parameter.name, generator));
    }
    rows
}

fn drawn(name: &str, generator: &Generator) -> Vec<Vec<String>> {
    let form = format!("{name} = {{ random = \"{}\" }}", generator.name);
    let first = vec![form, "drawn".into(), generator.meaning.to_string()];
    let options = generator.options.iter().map(|option| {
        let name = format!("{name}.{}", option.name);
        literal(vec![name, facts(option), meaning(option)])
    });
    std::iter::once(literal(first)).chain(options).collect()
}
