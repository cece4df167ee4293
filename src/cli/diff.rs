//! `nullcline diff A B`: the configurations and the numbers of two archives.
//!
//! What differs goes to standard output; exit code 5 says that something does. `title` and `[output]` are
//! told, but archives that differ in nothing else are equal.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::failure::{Code, Failure};
use super::inspect;
use super::output::Output;
use super::progress::short;
use super::table;
use crate::archive::compare::{Comparison, ConfigDifference, Entry, SetDifference, What, compare};
use crate::archive::reader::Reader;
use crate::cli::remark::remark;

/// Compare two archives: experiment, external inputs and every number
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline diff pair.h5 longer.h5 --tolerance 1e-6")]
pub struct Arguments {
    /// One archive
    a: PathBuf,
    /// The other one
    b: PathBuf,
    /// Let numbers pass whose difference is at most T times the greater of the two
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = tolerance)]
    tolerance: f64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..f64::INFINITY).contains(&number) => Ok(number),
        _ => Err("a number from 0 on is expected, such as 1e-6".into()),
    }
}

pub fn execute(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let open = |path| Reader::open(path).map_err(|error| inspect::unreadable(&error));
    let (a, b) = (open(&arguments.a)?, open(&arguments.b)?);
    let comparison =
        compare(&a, &b, arguments.tolerance).map_err(|error| inspect::unreadable(&error))?;
    if arguments.json {
        output.json(&as_json(&comparison, &a, &b))?;
    } else {
        output.write_all(as_text(&comparison).as_bytes())?;
    }
    output.flush()?;
    for reader in [&a, &b] {
        if !reader.is_complete() {
            remark!(
                "note: {} is not complete ({}): what unfinished runs have counts as missing",
                reader.path().display(),
                reader.status()
            );
        }
    }
    if comparison.compared == 0 && comparison.data_sets.is_empty() {
        let message = format!(
            "nothing was compared: neither {} nor {} has a data set outside of /config and /provenance",
            arguments.a.display(),
            arguments.b.display()
        );
        return Err(Failure::new(Code::Verification, message));
    }
    if comparison.is_equal() {
        if !arguments.json {
            remark!("equal: {} data sets compared", comparison.compared);
        }
        return Ok(());
    }
    let keys = comparison.config.iter().filter(|key| key.counts).count();
    let message = format!(
        "{} and {} differ in {}, {} and {}",
        arguments.a.display(),
        arguments.b.display(),
        count(keys, "key"),
        count(comparison.inputs.len(), "input"),
        count(comparison.data_sets.len(), "data set"),
    );
    Err(Failure::new(Code::Verification, message))
}

/// `1 key`, `2 keys`
fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

fn as_text(comparison: &Comparison) -> String {
    let mut text = String::new();
    let mut section = |title: &str, rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            text.push_str(&format!("{title}\n"));
            text.push_str(&table::columns(&rows, table::page()));
        }
    };
    let keys = |counts: bool| {
        let keys = comparison
            .config
            .iter()
            .filter(move |key| key.counts == counts);
        keys.map(key).collect()
    };
    section("Experiment", keys(true));
    section(
        "Inputs (SHA-256)",
        comparison.inputs.iter().map(key).collect(),
    );
    section("Title and output, which change no number", keys(false));
    section("Data sets", comparison.data_sets.iter().map(row).collect());
    if comparison.signed_zeros > 0 {
        text.push_str(&format!(
            "{} entries are 0 in one and -0 in the other, which does not count\n",
            comparison.signed_zeros
        ));
    }
    text
}

fn key(difference: &ConfigDifference) -> Vec<String> {
    let told = match (&difference.a, &difference.b) {
        (Some(a), Some(b)) => format!("{} -> {}", brief(a), brief(b)),
        (Some(a), None) => format!("only in A: {}", brief(a)),
        (None, Some(b)) => format!("only in B: {}", brief(b)),
        (None, None) => String::new(),
    };
    vec![difference.key.clone(), told]
}

fn row(difference: &SetDifference) -> Vec<String> {
    let told = match &difference.what {
        What::OnlyInA => "only in A".into(),
        What::OnlyInB => "only in B".into(),
        What::Shape { a, b } => format!("{a} -> {b}"),
        What::Texts { count, a, b } => {
            format!(
                "{count} texts differ, the first: {} -> {}",
                brief(a),
                brief(b)
            )
        }
        What::Numbers(numbers) => format!(
            "{} of {} differ; at most by {}; relatively at most by {}",
            numbers.count,
            numbers.of,
            entry(&numbers.absolute),
            entry(&numbers.relative)
        ),
    };
    vec![format!("/{}", difference.name), told]
}

/// `0.25 (1.5 -> 1.75 at time = 3, neuron = E)`
fn entry(entry: &Entry) -> String {
    let place: Vec<String> = entry
        .place
        .iter()
        .map(|(dimension, there)| format!("{dimension} = {there}"))
        .collect();
    let at = if place.is_empty() { "" } else { " at " };
    let difference = short(entry.difference);
    format!(
        "{difference} ({:?} -> {:?}{at}{})",
        entry.a,
        entry.b,
        place.join(", ")
    )
}

/// A value as it is, or its beginning if it is long.
fn brief(value: &str) -> String {
    const LONG: usize = 60;
    match value.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_string(),
    }
}

fn as_json(comparison: &Comparison, a: &Reader, b: &Reader) -> Value {
    let keys = |keys: &[ConfigDifference]| -> Vec<Value> {
        keys.iter()
            .map(|one| json!({"key": one.key, "a": one.a, "b": one.b, "counts": one.counts}))
            .collect()
    };
    // JSON has no infinity and no NaN: what is not finite is null.
    let entry = |entry: &Entry| {
        let place: serde_json::Map<String, Value> = entry
            .place
            .iter()
            .map(|(name, there)| (name.clone(), json!(there)))
            .collect();
        json!({"difference": entry.difference, "a": entry.a, "b": entry.b, "place": place})
    };
    let sets = comparison.data_sets.iter().map(|set| {
        let path = format!("/{}", set.name);
        match &set.what {
            What::OnlyInA => json!({"path": path, "what": "only_in_a"}),
            What::OnlyInB => json!({"path": path, "what": "only_in_b"}),
            What::Shape { a, b } => json!({"path": path, "what": "shape", "a": a, "b": b}),
            What::Texts { count, a, b } => {
                json!({"path": path, "what": "texts", "count": count, "a": a, "b": b})
            }
            What::Numbers(numbers) => json!({
                "path": path,
                "what": "numbers",
                "count": numbers.count,
                "of": numbers.of,
                "absolute": entry(&numbers.absolute),
                "relative": entry(&numbers.relative),
            }),
        }
    });
    json!({
        "equal": comparison.is_equal(),
        "a": {"path": a.path(), "status": a.status()},
        "b": {"path": b.path(), "status": b.status()},
        "config": keys(&comparison.config),
        "inputs": keys(&comparison.inputs),
        "data_sets": sets.collect::<Vec<_>>(),
        "compared": comparison.compared,
        "signed_zeros": comparison.signed_zeros,
    })
}
