//! `nullcline inspect FILE`: what is in an archive, how it was made, how healthy its numbers are.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::check::size;
use super::failure::{Code, Failure};
use super::output::Output;
use super::program;
use super::progress::{duration, short};
use super::run::shell_word;
use super::table;
use crate::archive::ArchiveError;
use crate::archive::known_faults::{self, Concern};
use crate::archive::reader::{Reader, Variable};

/// Tell what is in an archive, how it was made, how healthy its numbers are, and which runs failed
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline inspect pair.h5")]
pub struct Arguments {
    /// The archive, NAME.h5, or NAME.h5.part while it is being written
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let facts = Reader::open(&arguments.file)
        .and_then(Facts::read)
        .map_err(|error| unreadable(&error))?;
    match arguments.json {
        true => output.json(&facts.as_json())?,
        false => output.write_all(facts.as_text(table::page()).as_bytes())?,
    }
    Ok(())
}

/// The failure of an archive that cannot be read.
pub fn unreadable(error: &ArchiveError) -> Failure {
    Failure::new(Code::InputOutput, error.to_string())
}

/// More numbers than this are not read to find their range.
const READ: usize = 20_000_000;

/// The range of a variable's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    least: f64,
    greatest: f64,
    missing: usize,
}

impl Spread {
    fn of(numbers: &[f64]) -> Self {
        let mut spread = Self {
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            missing: 0,
        };
        for &number in numbers {
            spread.missing += usize::from(number.is_nan());
            spread.least = spread.least.min(number);
            spread.greatest = spread.greatest.max(number);
        }
        spread
    }

    fn as_text(self, count: usize) -> String {
        let missing = match self.missing {
            0 => String::new(),
            all if all == count => return "all missing".into(),
            some => format!(", {some} of {count} missing"),
        };
        match self.least < self.greatest {
            true => format!("{} to {}{missing}", short(self.least), short(self.greatest)),
            false => format!("{}{missing}", short(self.least)),
        }
    }
}

/// All that is told of an archive.
struct Facts {
    path: String,
    status: String,
    attributes: Vec<(&'static str, String)>,
    variables: Vec<(Variable, Option<Spread>)>,
    parameters: Vec<(Variable, Option<Spread>)>,
    health: Vec<(Variable, Option<Spread>)>,
    inputs: Vec<(String, usize)>,
    provenance: Vec<(String, String)>,
    wall_time: f64,
    /// How many runs ended in each way.
    endings: Vec<(String, usize)>,
    runs: usize,
    shard: Option<String>,
    diagnoses: Vec<(u64, String)>,
    /// The names of the analyses, in their archive.
    /// Whether there are runs; what was analysed, fitted or optimized has none.
    has_runs: bool,
    of_analyses: Vec<String>,
    /// How many events of each kind there are.
    events: Vec<(String, usize)>,
    /// Faults of the version that made it.
    concerns: Vec<Concern>,
}

/// So many failed runs are listed.
const LISTED: usize = 20;

impl Facts {
    fn read(reader: Reader) -> Result<Self, ArchiveError> {
        let attributes = ["title", "family", "dynamics", "created", "source"]
            .map(|name| (name, reader.attribute(name).unwrap_or_default()));
        let spread = |variables: Vec<Variable>| -> Result<Vec<_>, ArchiveError> {
            let mut found = Vec::with_capacity(variables.len());
            for variable in variables {
                let count: usize = variable.shape.iter().product();
                let numbers = (1..=READ).contains(&count) && !reader.holds_texts(&variable.name)?;
                let spread = match numbers {
                    true => Some(Spread::of(&reader.read(&variable.name)?)),
                    false => None,
                };
                found.push((variable, spread));
            }
            Ok(found)
        };
        let mut inputs = Vec::new();
        for (name, bytes) in reader.files()? {
            inputs.push((name, bytes.len()));
        }
        Ok(Self {
            path: reader.path().display().to_string(),
            status: reader.status().into(),
            attributes: attributes.into(),
            variables: spread(reader.variables()?)?,
            parameters: spread(reader.variables_in("parameters")?)?,
            health: spread(reader.variables_in("health")?)?,
            inputs,
            provenance: reader.texts("provenance")?,
            wall_time: match reader.is_of_analyses() {
                true => 0.0,
                false => reader
                    .read("provenance/run_wall_time")?
                    .iter()
                    .filter(|seconds| seconds.is_finite())
                    .sum(),
            },
            endings: endings(&reader)?,
            runs: reader.runs(),
            shard: reader.attribute("shard"),
            diagnoses: reader.diagnoses()?,
            has_runs: !reader.is_of_analyses(),
            of_analyses: reader.analyses()?,
            concerns: known_faults::concerns(&reader)?,
            events: match reader.variable("events/kind") {
                Ok(_) => counted(reader.labels("events/kind")?),
                Err(_) => Vec::new(),
            },
        })
    }

    fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(other, _)| *other == name);
        found.map_or("", |(_, text)| text)
    }

    fn provenance(&self, name: &str) -> &str {
        let found = self.provenance.iter().find(|(other, _)| other == name);
        found.map_or("unknown", |(_, text)| text)
    }

    fn failed(&self) -> usize {
        let well = ["complete", "stopped", "pending"];
        let failed = self
            .endings
            .iter()
            .filter(|(name, _)| !well.contains(&name.as_str()));
        failed.map(|(_, count)| count).sum()
    }

    fn pending(&self) -> usize {
        let found = self.endings.iter().find(|(name, _)| name == "pending");
        found.map_or(0, |(_, count)| *count)
    }

    /// What is known to be wrong with the version that made it, where that may concern this archive.
    fn known_faults(&self, page: table::Page) -> String {
        if self.concerns.is_empty() {
            return String::new();
        }
        let row = |one: &Concern| {
            let concerned = if one.certain {
                "concerned"
            } else {
                "perhaps concerned"
            };
            vec![concerned.into(), format!("{}; {}", one.fault, one.remedy)]
        };
        let rows: Vec<Vec<String>> = self.concerns.iter().map(row).collect();
        format!(
            "\nKnown faults of {}\n{}",
            self.attribute("source"),
            table::columns(&rows, page)
        )
    }

    /// The runs that failed, each with the command that repeats it.
    fn failures(&self, page: table::Page) -> String {
        if self.runs == 1 || self.diagnoses.is_empty() {
            return String::new();
        }
        let rows: Vec<Vec<String>> = self
            .diagnoses
            .iter()
            .take(LISTED)
            .map(|(run, told)| {
                vec![
                    format!("run {run}"),
                    format!(
                        "{} rerun {} --run {run}",
                        program::name(),
                        shell_word(&self.path)
                    ),
                    told.clone(),
                ]
            })
            .collect();
        let more = match self.failed().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!("  and {more} more\n"),
        };
        format!("\nFailed runs\n{}{more}", table::columns(&rows, page))
    }

    /// The number of the only run in a data set with one number per run.
    fn only(&self, name: &str) -> f64 {
        let found = self.variables.iter().find(|(one, _)| one.name == name);
        found
            .and_then(|(_, spread)| *spread)
            .map_or(f64::NAN, |spread| spread.least)
    }

    fn as_text(&self, page: table::Page) -> String {
        let mut text = match self.attribute("title") {
            "" => format!("{}\n", self.path),
            title => format!("{}: {title}\n", self.path),
        };
        text.push_str(&table::columns(&self.summary(), page));
        let (coordinates, variables): (Vec<_>, Vec<_>) = self
            .variables
            .iter()
            .partition(|(one, _)| one.is_coordinate);
        let (runs, variables): (Vec<_>, Vec<_>) = variables
            .into_iter()
            .partition(|(one, _)| one.name.starts_with("run_"));
        let given = |(one, _): &&(Variable, Option<Spread>)| !one.is_coordinate;
        for (heading, list) in [
            ("Variables", variables),
            ("Coordinates", coordinates),
            ("Runs", runs),
            ("Health", self.health.iter().collect()),
            ("Parameters", self.parameters.iter().filter(given).collect()),
        ] {
            // What there is to say of an only run stands above.
            if list.is_empty() || (heading == "Runs" && self.runs == 1) {
                continue;
            }
            text.push_str(&format!("\n{heading}\n"));
            let rows: Vec<Vec<String>> =
                list.iter().map(|(one, spread)| row(one, *spread)).collect();
            text.push_str(&table::columns(&rows, page));
        }
        if !self.events.is_empty() {
            text.push_str("\nEvents\n");
            let rows = self.events.iter();
            let rows: Vec<Vec<String>> = rows
                .map(|(kind, count)| vec![kind.clone(), count.to_string()])
                .collect();
            text.push_str(&table::columns(&rows, page));
        }
        text.push_str(&self.failures(page));
        text.push_str(&self.known_faults(page));
        text
    }

    fn summary(&self) -> Vec<Vec<String>> {
        let missing = match self.pending() {
            0 => String::new(),
            pending => format!(", {pending} to come"),
        };
        let runs = match (self.runs, self.failed()) {
            (1, _) => self
                .endings
                .first()
                .map_or("pending".into(), |(name, _)| name.clone()),
            (all, 0) => format!("{all}, none failed{missing}"),
            (all, failed) => format!("{all}, {failed} failed{missing}"),
        };
        let cost = match self.runs {
            1 => format!(
                "; {} steps, {} rejected, {} evaluations",
                self.only("run_steps"),
                self.only("run_rejected"),
                self.only("run_evaluations")
            ),
            _ => String::new(),
        };
        let mut rows = vec![
            ("status", self.status.clone()),
            (
                "model",
                format!(
                    "{}, dynamics {}",
                    self.attribute("family"),
                    self.attribute("dynamics")
                ),
            ),
        ];
        if self.has_runs {
            let name = if self.runs == 1 { "run" } else { "runs" };
            rows.push((
                name,
                format!("{runs}{cost}, in {}", duration(self.wall_time)),
            ));
        } else if !self.of_analyses.is_empty() {
            rows.push(("analyses", self.of_analyses.join(", ")));
        }
        if let Some(shard) = &self.shard {
            rows.push(("shard", shard.clone()));
        }
        if let (1, Some((_, told))) = (self.runs, self.diagnoses.first()) {
            rows.push(("diagnosis", told.clone()));
        }
        let scheme = self.provenance("scheme").lines().next().unwrap_or_default();
        rows.push(("scheme", scheme.trim_start_matches("name: ").into()));
        rows.push(("command", self.provenance("command_line").into()));
        let revision = self.provenance("git_revision");
        rows.push((
            "made",
            format!(
                "{} by {} ({}) on {}",
                self.provenance("start"),
                self.attribute("source"),
                revision.get(..12).unwrap_or(revision),
                self.provenance("host")
            ),
        ));
        for (name, bytes) in &self.inputs {
            rows.push(("input", format!("{name}, {}", size(*bytes as u64))));
        }
        rows.into_iter()
            .map(|(name, text)| vec![name.into(), text])
            .collect()
    }

    fn as_json(&self) -> Value {
        let texts = |pairs: &[(String, String)]| -> Map<String, Value> {
            pairs
                .iter()
                .map(|(name, text)| (name.clone(), json!(text)))
                .collect()
        };
        let list = |list: &[(Variable, Option<Spread>)]| -> Vec<Value> {
            list.iter()
                .map(|(one, spread)| variable(one, *spread))
                .collect()
        };
        let inputs = self.inputs.iter();
        let failures = self.diagnoses.iter().map(|(run, told)| {
            json!({
                "run": run,
                "diagnosis": told,
                "command": format!("{} rerun {} --run {run}", program::name(), shell_word(&self.path)),
            })
        });
        json!({
            "path": self.path,
            "status": self.status,
            "title": self.attribute("title"),
            "family": self.attribute("family"),
            "dynamics": self.attribute("dynamics"),
            "created": self.attribute("created"),
            "source": self.attribute("source"),
            "runs": {
                "count": self.runs,
                "failed": self.failed(),
                "pending": self.pending(),
                "endings": self.endings.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
                "failures": failures.collect::<Vec<_>>(),
            },
            "shard": self.shard,
            "events": self.events.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "variables": list(&self.variables),
            "parameters": list(&self.parameters),
            "health": list(&self.health),
            "inputs": inputs.map(|(name, bytes)| json!({"name": name, "bytes": bytes})).collect::<Vec<_>>(),
            "provenance": texts(&self.provenance),
            "known_faults": self.concerns.iter().map(|one| json!({
                "fault": one.fault,
                "concerned": if one.certain { "yes" } else { "perhaps" },
                "remedy": one.remedy,
            })).collect::<Vec<_>>(),
        })
    }
}

/// How many runs ended in each way, in the order of the codes.
fn endings(reader: &Reader) -> Result<Vec<(String, usize)>, ArchiveError> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for status in reader.run_status()? {
        match found.iter_mut().find(|(name, _)| *name == status) {
            Some((_, count)) => *count += 1,
            None => found.push((status, 1)),
        }
    }
    Ok(found)
}

/// Each text and how often it stands there, in the order of first appearance.
fn counted(texts: Vec<String>) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for text in texts {
        match found.iter_mut().find(|(other, _)| *other == text) {
            Some((_, count)) => *count += 1,
            None => found.push((text, 1)),
        }
    }
    found
}

fn row(variable: &Variable, spread: Option<Spread>) -> Vec<String> {
    let dims: Vec<String> = variable
        .dims
        .iter()
        .zip(&variable.shape)
        .map(|(name, length)| format!("{name} = {length}"))
        .collect();
    let count = variable.shape.iter().product();
    let range = spread.map_or_else(String::new, |spread| spread.as_text(count));
    let unit = match variable.units.as_str() {
        "" | "1" => String::new(),
        unit => format!(" {unit}"),
    };
    let dims = match dims.is_empty() {
        true => "one number".into(),
        false => format!("[{}]", dims.join(", ")),
    };
    vec![
        format!("/{}", variable.name),
        dims,
        format!("{range}{unit}"),
        variable.long_name.clone(),
    ]
}

fn variable(variable: &Variable, spread: Option<Spread>) -> Value {
    // JSON has no infinity and no NaN: what is not finite is null.
    json!({
        "path": format!("/{}", variable.name),
        "dims": variable.dims,
        "shape": variable.shape,
        "units": variable.units,
        "long_name": variable.long_name,
        "coordinate": variable.is_coordinate,
        "least": spread.map(|spread| spread.least),
        "greatest": spread.map(|spread| spread.greatest),
        "missing": spread.map(|spread| spread.missing),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_tell_range_and_what_is_missing() {
        let tell = |numbers: &[f64]| Spread::of(numbers).as_text(numbers.len());
        assert_eq!(tell(&[1.0, 3.0]), "1 to 3");
        assert_eq!(tell(&[2.5, f64::NAN]), "2.50, 1 of 2 missing");
        assert_eq!(tell(&[f64::NAN]), "all missing");
        assert_eq!(tell(&[0.0, f64::INFINITY]), "0 to inf");
    }
}
