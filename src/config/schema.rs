//! The JSON Schema (2020-12) of an experiment file, from the declarations that the decoder uses; an
//! editor that knows it (taplo, VS Code) completes and explains every key.

use serde_json::{Map, Value, json};

use super::experiment::Statistic;
use super::options::{self, AXIS, GROUP};
use crate::engine::schemes;
use crate::registry::Registry;
use crate::system::family::Family;
use crate::system::parameters::{Fallback, Kind, Parameter, Range, Shape};
use crate::system::reducer::{SUMMARIES, Summary};

/// The schema of the whole file for these families.
pub fn schema(registry: &Registry) -> Value {
    let mut root = Map::new();
    for option in options::ROOT {
        root.insert(option.name.into(), one(option));
    }
    for &(name, table, array) in options::SECTIONS {
        let object = match name {
            "model" => model(registry),
            "trials" => trials(registry, table),
            _ => closed(table),
        };
        let value = if array {
            json!({ "type": "array", "items": object })
        } else {
            object
        };
        root.insert(name.into(), value);
    }
    root.insert(
        "initial".into(),
        json!({
            "type": "object",
            "description": "the state at the start, by block",
            "additionalProperties": true
        }),
    );
    root.insert(
        "analysis".into(),
        json!({ "type": "object", "description": "what `nullcline analyze` does, a table each" }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nullcline experiment",
        "type": "object",
        "properties": root,
        "required": ["model"],
        "anyOf": [
            { "required": ["time"] },
            { "required": ["steps"] },
            { "required": ["trials"] },
            { "required": ["analysis"] },
            { "required": ["optimize"] }
        ],
        "allOf": analyses(registry),
        "additionalProperties": false,
        "$defs": { "numbers": numbers() }
    })
}

/// The general forms of numbers.
fn numbers() -> Value {
    let forms = json!({
        "type": "object",
        "properties": {
            "file": { "type": "string", "description": "x.npy, x.csv or x.h5:/path" },
            "random": { "type": "string", "description": "gaussian, uniform, or a generator of the model" },
            "mean": { "type": "number" },
            "sd": { "type": "number", "minimum": 0 },
            "range": { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 },
            "size": { "type": ["integer", "array"] }
        }
    });
    json!({ "anyOf": [{ "type": "number" }, { "type": "array" }, forms] })
}

/// A table of declared options and nothing else.
fn closed(table: &[Parameter]) -> Value {
    let mut object = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    for option in table {
        let path: Vec<&str> = option.name.split('.').collect();
        insert(&mut object, &path, option);
    }
    object
}

/// A table of trials, with the columns of every family that has some.
fn trials(registry: &Registry, table: &'static [Parameter]) -> Value {
    let mut object = closed(table);
    for family in registry.families() {
        for column in family.trials() {
            let name = column.name.trim_start_matches("trials.");
            let mut column = one(column);
            // A column may come from a file, and names are texts.
            if name == "subject" {
                column = json!({ "description": column["description"] });
            }
            object["properties"][name] = column;
        }
    }
    object
}

/// Put an option at its path; a dot in its name makes a table.
fn insert(object: &mut Value, path: &[&str], option: &Parameter) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        object["properties"][*key] = one(option);
        if option.fallback == Fallback::Required {
            match object["required"].as_array_mut() {
                Some(required) => required.push(json!(key)),
                None => object["required"] = json!([key]),
            }
        }
        return;
    }
    if object["properties"][*key].is_null() {
        object["properties"][*key] =
            json!({ "type": "object", "properties": {}, "additionalProperties": false });
    }
    insert(&mut object["properties"][*key], rest, option);
}

fn one(option: &Parameter) -> Value {
    let mut value = match option.kind {
        Kind::Real(Shape::Scalar) => bounded("number", &option.range),
        Kind::Real(_) => json!({ "$ref": "#/$defs/numbers" }),
        Kind::Integer => bounded("integer", &option.range),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Choice(choices) => json!({ "type": "string", "enum": choices }),
        Kind::Tree => tree(option.name),
    };
    if option.name == "method" {
        let names: Vec<&str> = schemes::CARDS.iter().map(|card| card.name).collect();
        value["enum"] = json!(names);
    }
    let unit = if option.unit == "1" {
        String::new()
    } else {
        format!(" ({})", option.unit)
    };
    value["description"] = json!(format!("{}{unit}", option.meaning));
    match option.fallback {
        // JSON has no infinity.
        Fallback::Real(number) if number.is_finite() => value["default"] = json!(number),
        Fallback::Integer(integer) => value["default"] = json!(integer),
        Fallback::Boolean(boolean) => value["default"] = json!(boolean),
        Fallback::Text(text) => value["default"] = json!(text),
        _ => {}
    }
    value
}

fn bounded(kind: &str, range: &Range) -> Value {
    let mut value = json!({ "type": kind });
    if range.lower.is_finite() {
        let key = if range.lower_included {
            "minimum"
        } else {
            "exclusiveMinimum"
        };
        value[key] = json!(range.lower);
    }
    if range.upper.is_finite() && range.upper < i64::MAX as f64 {
        let key = if range.upper_included {
            "maximum"
        } else {
            "exclusiveMaximum"
        };
        value[key] = json!(range.upper);
    }
    value
}

/// The options with a grammar of their own.
fn tree(name: &str) -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true });
    match name {
        "save" | "every" => json!({ "anyOf": [
            { "type": "number", "exclusiveMinimum": 0 },
            { "type": "array", "items": { "type": "number" } },
            { "const": "steps" }
        ] }),
        "atol" => json!({ "anyOf": [
            { "type": "number", "exclusiveMinimum": 0 },
            { "type": "object", "additionalProperties": { "type": "number", "exclusiveMinimum": 0 } }
        ] }),
        "cells" => json!({
            "type": "array", "items": { "type": "integer", "minimum": 0 }, "minItems": 2, "maxItems": 2
        }),
        "center" => json!({ "type": ["number", "array"] }),
        "variables" | "observables" => texts,
        "summaries" => {
            let bare = |summary: &&Summary| !["crossings", "first_passage"].contains(&summary.name);
            let names: Vec<&str> = SUMMARIES.iter().filter(bare).map(|one| one.name).collect();
            let tables = SUMMARIES.iter().map(|summary| {
                let mut table = closed(summary.options);
                table["properties"]["summary"] = json!({ "const": summary.name });
                table["description"] = json!(summary.meaning);
                table
            });
            let mut forms = vec![json!({ "enum": names })];
            forms.extend(tables);
            json!({ "type": "array", "items": { "anyOf": forms } })
        }
        "axes" => json!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": { "anyOf": [
                { "type": "array", "minItems": 1 },
                closed(AXIS)
            ] }
        }),
        "values" | "files" => json!({ "type": "array", "minItems": 1 }),
        "statistics" => {
            let names = Statistic::ALL.map(Statistic::name);
            json!({ "type": "array", "items": { "enum": names } })
        }
        "quantiles" => json!({
            "type": "array", "items": { "type": "number", "minimum": 0, "maximum": 1 }
        }),
        "checkpoint" => json!({ "anyOf": [
            { "type": "boolean" },
            { "type": "number", "exclusiveMinimum": 0 },
            {
                "type": "object",
                "properties": { "steps": { "type": "integer", "minimum": 1 } },
                "required": ["steps"],
                "additionalProperties": false
            }
        ] }),
        "select" => json!({
            "type": "object", "additionalProperties": { "type": ["integer", "array"] }
        }),
        "group" => json!({ "type": "array", "items": closed(GROUP) }),
        _ => json!({}),
    }
}

/// `[model]`: which keys it has depends on the family.
fn model(registry: &Registry) -> Value {
    let families = registry.families();
    let names: Vec<&str> = families.iter().map(|family| family.name()).collect();
    let cases: Vec<Value> = families.iter().map(|family| case(*family)).collect();
    json!({
        "type": "object",
        "properties": { "family": {
            "type": "string", "enum": names, "description": "the model family"
        } },
        "required": ["family"],
        "allOf": cases
    })
}

/// `[analysis]`: which tables it has depends on the family.
fn analyses(registry: &Registry) -> Vec<Value> {
    let case = |family: &&'static dyn Family| {
        let mut tables = Map::new();
        for analysis in registry.analyses(*family) {
            let mut table = closed(analysis.options());
            table["description"] = json!(analysis.meaning());
            tables.insert(analysis.name().into(), table);
        }
        let is_it = json!({ "properties": { "family": { "const": family.name() } } });
        json!({
            "if": { "properties": { "model": is_it } },
            "then": { "properties": { "analysis": {
                "type": "object",
                "minProperties": 1,
                "properties": tables,
                "additionalProperties": false
            } } }
        })
    };
    registry.families().iter().map(case).collect()
}

/// A parameter that the file declares: its value, alone or with words about it.
fn declared() -> Value {
    let numbers = json!({ "$ref": "#/$defs/numbers" });
    let described = json!({
        "type": "object",
        "properties": {
            "value": numbers,
            "unit": { "type": "string" },
            "range": { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 },
            "meaning": { "type": "string" },
            "source": { "type": "string" }
        },
        "required": ["value"],
        "additionalProperties": false
    });
    json!({ "anyOf": [numbers, described] })
}

fn case(family: &dyn Family) -> Value {
    let dynamics: Vec<&str> = family
        .dynamics()
        .iter()
        .map(|dynamics| dynamics.name)
        .collect();
    let mut then = closed(options::MODEL);
    for section in family.sections() {
        let path: Vec<&str> = section.name.split('.').collect();
        insert(&mut then, &path, section);
    }
    then["properties"]["family"] = json!({ "const": family.name(), "description": family.title() });
    then["properties"]["dynamics"]["enum"] = json!(dynamics);
    then["properties"]["dynamics"]["default"] = json!(dynamics.first());
    then["properties"]["parameters"] = match family.leaves_parameters_to_the_file() {
        true => json!({ "type": "object", "additionalProperties": declared() }),
        false => closed(family.parameters()),
    };
    json!({
        "if": { "properties": { "family": { "const": family.name() } } },
        "then": then
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    #[test]
    fn every_declared_option_is_in_the_schema() {
        let schema = schema(&models::registry());
        for &(name, table, array) in options::SECTIONS {
            let mut section = &schema["properties"][name];
            if array {
                section = &section["items"];
            }
            if name == "model" {
                section = &section["allOf"][0]["then"];
            }
            for option in table {
                let found = &section["properties"][option.name];
                assert!(found.is_object(), "{name}.{}", option.name);
            }
        }
        assert_eq!(schema["properties"]["time"]["required"], json!(["stop"]));
        let model = &schema["properties"]["model"]["allOf"][0]["then"];
        let parameters = &model["properties"]["parameters"];
        assert_eq!(parameters["required"], json!(["weights"]));
        assert_eq!(
            parameters["properties"]["timescale"]["exclusiveMinimum"],
            json!(0.0)
        );
        assert_eq!(
            schema["properties"]["stimulus"]["items"]["properties"]["shape"]["enum"],
            json!(options::SHAPES)
        );
    }
}
