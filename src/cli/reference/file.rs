//! The page of the experiment file, from its JSON Schema: what editors check is what is written here.

use serde_json::{Map, Value};

use super::markdown::{code, prose, section};
use crate::registry::Registry;

const HEADS: &[&str] = &["key", "value", "default", "meaning"];

/// Every table of the file with its keys.
pub fn page(registry: &Registry) -> String {
    let schema = crate::config::schema(registry);
    let mut text = String::from(
        "# The tables of an experiment file\n\nWhat a family takes under `[model]` and `[analysis]` is on [its page](families.md); \
         how the tables work together is told in [the experiment file](../experiment-file.md).\n\n",
    );
    let Some(tables) = properties(&schema) else {
        return text;
    };
    let (plain, inner): (Vec<_>, Vec<_>) = tables
        .iter()
        .partition(|(_, value)| properties(item(value)).is_none());
    let top: Vec<_> = plain
        .iter()
        .map(|(key, one)| row(key, one, false))
        .collect();
    text += &section("The top of the file", HEADS, &top);
    for (name, value) in inner {
        text += &of_table(name, value);
    }
    text
}

/// A table and the tables inside it.
fn of_table(path: &str, schema: &Value) -> String {
    let inner = item(schema);
    let Some(keys) = properties(inner) else {
        return String::new();
    };
    let title = match schema["type"] == "array" {
        true => format!("`[[{path}]]`"),
        false => format!("`[{path}]`"),
    };
    let required = |key: &str| {
        let list = inner["required"].as_array();
        list.is_some_and(|list| list.iter().any(|one| one == key))
    };
    let rows: Vec<_> = keys
        .iter()
        .map(|(key, one)| row(key, one, required(key)))
        .collect();
    let mut text = section(&title, HEADS, &rows);
    for (key, value) in keys {
        text += &of_table(&format!("{path}.{key}"), value);
    }
    text
}

/// The schema of one element, for a list of tables.
fn item(schema: &Value) -> &Value {
    match schema["type"] == "array" {
        true => &schema["items"],
        false => schema,
    }
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema["properties"].as_object()
}

fn row(key: &str, schema: &Value, required: bool) -> Vec<String> {
    let default = match &schema["default"] {
        Value::Null if required => "required".into(),
        Value::Null => String::new(),
        value => code(&value.to_string()),
    };
    let meaning = schema["description"].as_str().unwrap_or_default();
    vec![code(key), kind(schema), default, prose(meaning)]
}

/// The values that a key takes, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<String> = names.iter().map(|one| code(&one.to_string())).collect();
        return names.join(", ");
    }
    if let Some(value) = schema.get("const") {
        return code(&value.to_string());
    }
    if let Some(forms) = schema["anyOf"].as_array() {
        let forms: Vec<String> = forms.iter().map(kind).collect();
        return forms.join(" or ");
    }
    if schema.get("$ref").is_some() {
        return "number, array, file or random".into();
    }
    let name = match schema["type"].as_str() {
        Some("object") => "table",
        Some("array") => "list",
        Some("string") => "text",
        Some(name) => name,
        None => "see the meaning",
    };
    format!("{name}{}", bounds(schema))
}

fn bounds(schema: &Value) -> String {
    let signs = [
        ("minimum", ">="),
        ("exclusiveMinimum", ">"),
        ("maximum", "<="),
        ("exclusiveMaximum", "<"),
    ];
    let bounds = signs.iter().filter_map(|(key, sign)| {
        let bound = schema[*key].as_f64()?;
        Some(prose(&format!(" {sign} {bound}")))
    });
    bounds.collect::<Vec<_>>().join(",")
}
