//! `nullcline describe FAMILY`: equations, parameters, channels and observables of a family.
//!
//! Everything printed comes from the family's own declarations, which also feed the decoder of
//! experiment files: what is described is what is accepted.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::failure::{Code, Failure, nearest};
use super::output::Output;
use super::table;
use crate::registry::Registry;
use crate::system::analysis::Analysis;
use crate::system::family::{Evolution, Family};
use crate::system::likelihood::Free;
use crate::system::number::plain;
use crate::system::parameters::{Fallback, Generator, Kind, Parameter};

/// Describe a model family: equations, parameters, stimulus channels, observables
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline describe linear-threshold")]
pub struct Arguments {
    /// The family, one of `nullcline models`
    family: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let family = find(registry, &arguments.family)?;
    let analyses = registry.analyses(family);
    if arguments.json {
        let mut value = as_json(family);
        value["analyses"] = analyses.iter().map(|one| analysis_json(*one)).collect();
        output.json(&value)?;
    } else {
        describe(family, output)?;
        for analysis in analyses {
            heading(
                output,
                &format!("Analysis ([analysis.{}])", analysis.name()),
            )?;
            let meaning = format!("  {}", analysis.meaning());
            writeln!(output, "{}", table::line(&meaning))?;
            parameters(output, analysis.options())?;
        }
    }
    Ok(())
}

fn analysis_json(analysis: &dyn Analysis) -> Value {
    let options = analysis.options().iter().map(parameter_json);
    json!({
        "name": analysis.name(),
        "meaning": analysis.meaning(),
        "options": options.collect::<Vec<_>>(),
    })
}

/// The family of that name, or the failure that names the nearest one.
pub fn find(registry: &Registry, name: &str) -> Result<&'static dyn Family, Failure> {
    registry.get(name).ok_or_else(|| {
        Failure::new(Code::Usage, format!("there is no family `{name}`")).help(nearest(
            name,
            registry.families().iter().map(|family| family.name()),
        ))
    })
}

fn describe(family: &dyn Family, output: &mut Output) -> io::Result<()> {
    let head = format!("{}: {}", family.name(), family.title());
    writeln!(output, "{}\n", table::line(&head))?;
    for line in family.card().lines() {
        let line = format!("  {line}");
        // A card is laid out for the widest texts that there are.
        let line = match table::width() < table::WIDEST {
            true => table::line(&line),
            false => line,
        };
        writeln!(output, "{line}")?;
    }
    heading(output, "Dynamics, the default first (model.dynamics)")?;
    write_rows(
        output,
        family.dynamics().iter().map(|dynamics| {
            let method = match dynamics.method {
                "" => String::new(),
                method => format!("; solver.method = \"{method}\" unless given"),
            };
            let meaning = format!("{}{method}", dynamics.meaning);
            vec![
                dynamics.name.into(),
                evolution(dynamics.evolution).into(),
                meaning,
            ]
        }),
    )?;
    heading(output, "Parameters ([model.parameters])")?;
    if family.leaves_parameters_to_the_file() {
        let those = "  those of the file: NAME = number or array, or NAME = { value, unit, range, meaning, source }";
        writeln!(output, "{}", table::line(those))?;
    }
    parameters(output, family.parameters())?;
    if !family.sections().is_empty() {
        heading(output, "Further keys ([model])")?;
        parameters(output, family.sections())?;
    }
    if !family.trials().is_empty() {
        heading(output, "Columns of trials ([trials])")?;
        parameters(output, family.trials())?;
    }
    if let Some(likelihood) = family.likelihood() {
        heading(output, "What can be fitted (fit.free)")?;
        write_rows(output, likelihood.free().iter().map(fitted))?;
    }
    if !family.channels().is_empty() {
        heading(output, "Channels ([[stimulus]])")?;
        write_rows(
            output,
            family.channels().iter().map(|channel| {
                let meaning = format!("{}{}", channel.meaning, only(channel.dynamics));
                vec![channel.name.into(), unit(channel.unit), meaning]
            }),
        )?;
    }
    if !family.observables().is_empty() {
        heading(output, "Observables (record.observables)")?;
        write_rows(
            output,
            family.observables().iter().map(|card| {
                let meaning = format!("{}{}", card.meaning, only(card.dynamics));
                vec![card.name.into(), axes(card.axes), unit(card.unit), meaning]
            }),
        )?;
    }
    Ok(())
}

/// A quantity that can be fitted, as a row.
pub(super) fn fitted(free: &Free) -> Vec<String> {
    let meaning = match free.bounds {
        Some([low, high]) => format!(
            "{}; free by default, between {} and {}",
            free.meaning,
            plain(low),
            plain(high)
        ),
        None => free.meaning.to_string(),
    };
    vec![
        free.name.into(),
        unit(free.unit),
        free.range.to_string(),
        meaning,
    ]
}

fn heading(output: &mut Output, text: &str) -> io::Result<()> {
    writeln!(output, "\n{text}")
}

fn write_rows(output: &mut Output, rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
    let rows: Vec<Vec<String>> = rows.collect();
    output.write_all(table::columns(&rows, table::page()).as_bytes())
}

fn parameters(output: &mut Output, list: &[Parameter]) -> io::Result<()> {
    let width = list.iter().map(|one| one.name.len()).max().unwrap_or(0);
    for parameter in list {
        let head = format!("  {:width$}  {}", parameter.name, facts(parameter));
        writeln!(output, "{}", table::line(&head))?;
        writeln!(
            output,
            "      {}",
            table::wrap(&meaning(parameter), table::width() - 6, 6)
        )?;
        for generator in parameter.generators {
            write_generator(output, generator)?;
        }
    }
    Ok(())
}

fn write_generator(output: &mut Output, generator: &Generator) -> io::Result<()> {
    let options: String = generator
        .options
        .iter()
        .map(|option| format!(", {} = ..", option.name))
        .collect();
    writeln!(
        output,
        "      {{ random = \"{}\"{options} }}",
        generator.name
    )?;
    let text = table::wrap(generator.meaning, table::width() - 10, 10);
    writeln!(output, "          {text}")?;
    for option in generator.options {
        let text = format!("{}: {}; {}", option.name, facts(option), option.meaning);
        let text = table::wrap(&text, table::width() - 14, 14);
        writeln!(output, "          {text}")?;
    }
    Ok(())
}

pub(super) fn meaning(parameter: &Parameter) -> String {
    let source = match parameter.source {
        "" => String::new(),
        source => format!(" ({source})"),
    };
    format!("{}{}{source}", parameter.meaning, only(parameter.dynamics))
}

/// Shape, unit, default and range in one breath.
pub(super) fn facts(parameter: &Parameter) -> String {
    let mut facts = vec![kind(&parameter.kind)];
    if matches!(parameter.kind, Kind::Real(_) | Kind::Integer) {
        facts.push(unit(parameter.unit));
        facts.push(parameter.range.to_string());
    }
    facts.push(match parameter.fallback {
        Fallback::Required => "required".into(),
        Fallback::Absent => "optional".into(),
        Fallback::Real(value) => format!("default {}", plain(value)),
        Fallback::Integer(value) => format!("default {value}"),
        Fallback::Boolean(value) => format!("default {value}"),
        Fallback::Text(value) => format!("default \"{value}\""),
        Fallback::Drawn(name) => format!("drawn by \"{name}\" unless given"),
    });
    facts.join(", ")
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Real(shape) => match shape.sizes().is_empty() {
            true => "number".into(),
            false => shape.to_string(),
        },
        Kind::Integer => "integer".into(),
        Kind::Boolean => "boolean".into(),
        Kind::Text => "text".into(),
        Kind::Choice(choices) => choices
            .iter()
            .map(|choice| format!("\"{choice}\""))
            .collect::<Vec<_>>()
            .join(" or "),
        Kind::Tree => "table".into(),
    }
}

pub(super) fn evolution(evolution: Evolution) -> &'static str {
    match evolution {
        Evolution::Flow => "flow",
        Evolution::Steps => "steps",
        Evolution::Trials => "trials",
        Evolution::TimedTrials => "flow over trials",
    }
}

pub(super) fn axes(axes: &[&str]) -> String {
    match axes {
        [] => "scalar".into(),
        axes => format!("[{}]", axes.join(", ")),
    }
}

pub(super) fn unit(unit: &str) -> String {
    match unit {
        "1" => "dimensionless".into(),
        unit => format!("in {unit}"),
    }
}

pub(super) fn only(dynamics: &[&str]) -> String {
    match dynamics {
        [] => String::new(),
        some => format!("; only with dynamics {}", some.join(", ")),
    }
}

fn as_json(family: &dyn Family) -> Value {
    let dynamics = family.dynamics().iter().map(|one| {
        json!({
            "name": one.name,
            "evolution": evolution(one.evolution),
            "method": (!one.method.is_empty()).then_some(one.method),
            "meaning": one.meaning,
        })
    });
    let channels = family.channels().iter().map(|one| {
        json!({"name": one.name, "unit": one.unit, "meaning": one.meaning, "dynamics": one.dynamics})
    });
    let observables = family.observables().iter().map(|one| {
        json!({
            "name": one.name,
            "axes": one.axes,
            "unit": one.unit,
            "meaning": one.meaning,
            "dynamics": one.dynamics,
        })
    });
    json!({
        "name": family.name(),
        "title": family.title(),
        "card": family.card(),
        "dynamics": dynamics.collect::<Vec<_>>(),
        "parameters": family.parameters().iter().map(parameter_json).collect::<Vec<_>>(),
        "parameters_of_the_file": family.leaves_parameters_to_the_file(),
        "sections": family.sections().iter().map(parameter_json).collect::<Vec<_>>(),
        "trials": family.trials().iter().map(parameter_json).collect::<Vec<_>>(),
        "fitted": family.likelihood().map_or(Vec::new(), |one| one.free().iter().map(free_json).collect()),
        "channels": channels.collect::<Vec<_>>(),
        "observables": observables.collect::<Vec<_>>(),
    })
}

fn free_json(free: &Free) -> Value {
    json!({
        "name": free.name,
        "unit": free.unit,
        "range": free.range.to_string(),
        "bounds": free.bounds,
        "meaning": free.meaning,
    })
}

fn parameter_json(parameter: &Parameter) -> Value {
    let (kind, shape) = match parameter.kind {
        Kind::Real(shape) => ("real", json!(shape.sizes())),
        Kind::Integer => ("integer", Value::Null),
        Kind::Boolean => ("boolean", Value::Null),
        Kind::Text => ("text", Value::Null),
        Kind::Choice(_) => ("choice", Value::Null),
        Kind::Tree => ("tree", Value::Null),
    };
    let choices = match parameter.kind {
        Kind::Choice(choices) => json!(choices),
        _ => Value::Null,
    };
    let generators = parameter.generators.iter().map(|generator| {
        json!({
            "random": generator.name,
            "meaning": generator.meaning,
            "options": generator.options.iter().map(parameter_json).collect::<Vec<_>>(),
        })
    });
    json!({
        "name": parameter.name,
        "kind": kind,
        "shape": shape,
        "choices": choices,
        "required": parameter.fallback == Fallback::Required,
        "default": default_json(&parameter.fallback),
        "unit": parameter.unit,
        "range": parameter.range.to_string(),
        "meaning": parameter.meaning,
        "source": parameter.source,
        "dynamics": parameter.dynamics,
        "generators": generators.collect::<Vec<_>>(),
    })
}

/// The default; JSON has no infinity, so it is the text `inf`, as TOML writes it.
fn default_json(fallback: &Fallback) -> Value {
    match *fallback {
        Fallback::Required | Fallback::Absent => Value::Null,
        Fallback::Real(value) if value.is_infinite() => json!(value.to_string()),
        Fallback::Real(value) => json!(value),
        Fallback::Integer(value) => json!(value),
        Fallback::Boolean(value) => json!(value),
        Fallback::Text(value) => json!(value),
        Fallback::Drawn(name) => json!({ "random": name }),
    }
}
