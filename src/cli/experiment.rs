//! The experiment that a verb is about.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::failure::{Failure, colour};
use super::table;
use crate::config::experiment::Experiment;
use crate::config::{ConfigError, Problem};
use crate::registry::Registry;
use crate::system::family::Family;

/// Which experiment.
#[derive(Clone, Debug, clap::Args)]
// The verbs' own arguments are a group of the name of their type as well.
#[group(id = "experiment")]
pub struct Arguments {
    /// The experiment file
    pub config: PathBuf,
    /// Replace or add one value of the file; VALUE is TOML; can be given many times
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    pub overrides: Vec<String>,
}

impl Arguments {
    /// The same experiment with one more override.
    pub fn with(&self, setting: String) -> Self {
        let mut other = self.clone();
        other.overrides.push(setting);
        other
    }

    /// Whether the file lacks a table that the verb is about: what else the file says nothing of, such as how long to run, is then beside
    /// the point. A file that cannot be read at all is told of when it is loaded.
    pub fn lacks(&self, table: &str) -> bool {
        let set = |one: &String| {
            let rest = one.trim_start().strip_prefix(table);
            rest.is_some_and(|rest| rest.starts_with(['.', '=', ' ']))
        };
        let read = std::fs::read_to_string(&self.config).ok();
        let parsed = read.and_then(|text| text.parse::<toml::Table>().ok());
        parsed.is_some_and(|parsed| !parsed.contains_key(table)) && !self.overrides.iter().any(set)
    }

    /// The family that the file names, if it can be read.
    pub fn family(&self, registry: &Registry) -> Option<&'static dyn Family> {
        let text = std::fs::read_to_string(&self.config).ok()?;
        let parsed = text.parse::<toml::Table>().ok()?;
        registry.get(parsed.get("model")?.get("family")?.as_str()?)
    }

    /// Load it, with everything that is wrong with it in one failure.
    pub fn load(&self, registry: &Registry) -> Result<Experiment, Failure> {
        crate::config::load(&self.config, &self.overrides, registry).map_err(|error| {
            Failure::Told {
                code: error.exit_code(),
                message: error.to_string(),
                help: None,
                rendered: Some(error.render(colour(), table::width())),
                problems: error
                    .problems()
                    .iter()
                    .map(|one| as_json(&error, one))
                    .collect(),
            }
        })
    }
}

fn as_json(error: &ConfigError, problem: &Problem) -> Value {
    json!({
        "place": error.place(problem),
        "message": problem.message,
        "help": problem.help,
    })
}
