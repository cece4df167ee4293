//! Two configurations, key by key.
//!
//! `config/resolved` is flattened to full paths (`model.parameters.input`, `stimulus[0].amplitude`);
//! comments and the origins of values are not part of it. Numbers are compared as numbers: `20` is
//! `20.0`. External inputs are compared by their SHA-256.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::error::ArchiveError;
use super::reader::Reader;

/// A key, or an external input, that is not the same in both archives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigDifference {
    /// The full path of the key, or the name of the input.
    pub key: String,
    /// The value, or the digest, in A.
    pub a: Option<String>,
    /// In B.
    pub b: Option<String>,
    /// Whether it can change numbers: all but `title` and `[output]` can.
    pub counts: bool,
}

/// The keys that differ.
pub(super) fn keys(a: &Reader, b: &Reader) -> Result<Vec<ConfigDifference>, ArchiveError> {
    let (a, b) = (flat(a)?, flat(b)?);
    let all: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let different = all
        .into_iter()
        .filter(|key| match (a.get(*key), b.get(*key)) {
            (Some(a), Some(b)) => !same(a, b),
            _ => true,
        });
    let told = different.map(|key| ConfigDifference {
        key: key.clone(),
        a: a.get(key).map(ToString::to_string),
        b: b.get(key).map(ToString::to_string),
        counts: key != "title" && key != "output" && !key.starts_with("output."),
    });
    Ok(told.collect())
}

/// The external inputs that differ.
pub(super) fn inputs(a: &Reader, b: &Reader) -> Result<Vec<ConfigDifference>, ArchiveError> {
    let digests = |reader: &Reader| -> Result<BTreeMap<String, String>, ArchiveError> {
        let files = reader.files_with_digests()?.into_iter();
        Ok(files.map(|(name, _, digest)| (name, digest)).collect())
    };
    let (a, b) = (digests(a)?, digests(b)?);
    let all: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let different = all.into_iter().filter(|name| a.get(*name) != b.get(*name));
    let told = different.map(|name| ConfigDifference {
        key: name.clone(),
        a: a.get(name).cloned(),
        b: b.get(name).cloned(),
        counts: true,
    });
    Ok(told.collect())
}

fn flat(reader: &Reader) -> Result<BTreeMap<String, Value>, ArchiveError> {
    let text = reader.text("config/resolved")?;
    let table: Table = text.parse().map_err(|error| ArchiveError::Damaged {
        path: reader.path().to_path_buf(),
        reason: format!("`config/resolved` is no TOML: {error}"),
    })?;
    let mut found = BTreeMap::new();
    flatten("", Value::Table(table), &mut found);
    Ok(found)
}

/// Every value that is no table, by its full path; an array of tables is flattened too.
fn flatten(path: &str, value: Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Table(table) if !table.is_empty() => {
            for (key, value) in table {
                let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                let key = match !key.is_empty() && key.chars().all(bare) {
                    true => key,
                    false => format!("{key:?}"),
                };
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{key}"), value, found);
            }
        }
        Value::Array(elements) if elements.iter().any(Value::is_table) => {
            for (index, element) in elements.into_iter().enumerate() {
                flatten(&format!("{path}[{index}]"), element, found);
            }
        }
        value => {
            found.insert(path.to_string(), value);
        }
    }
}

/// Whether two values say the same; a whole number is a number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Integer(whole), Value::Float(number))
        | (Value::Float(number), Value::Integer(whole)) => *whole as f64 == *number,
        (Value::Float(a), Value::Float(b)) => a == b || a.is_nan() && b.is_nan(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let mut found = BTreeMap::new();
        flatten("", Value::Table(text.parse().unwrap()), &mut found);
        found.into_keys().collect()
    }

    #[test]
    fn paths_are_those_of_set() {
        assert_eq!(
            paths(
                "a = 1\n[b]\nc = [1, 2]\n[[s]]\nd = 1\n[[s]]\nd = 2\n[x]\n\"p.q[0]\" = {from = 1}"
            ),
            ["a", "b.c", "s[0].d", "s[1].d", "x.\"p.q[0]\".from"]
        );
    }

    #[test]
    fn a_whole_number_is_a_number() {
        let value = |text: &str| format!("x = {text}").parse::<Table>().unwrap()["x"].clone();
        for (a, b, equal) in [
            ("20", "20.0", true),
            ("[1, 2.0]", "[1.0, 2]", true),
            ("[1, 2]", "[1, 2, 3]", false),
            ("nan", "nan", true),
            ("1", "\"1\"", false),
            ("9007199254740993", "9007199254740992", false),
        ] {
            assert_eq!(same(&value(a), &value(b)), equal, "{a} and {b}");
        }
    }
}
