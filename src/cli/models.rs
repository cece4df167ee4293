//! `nullcline models`: the families of this program.

use std::io::Write;

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::Output;
use super::table;
use crate::registry::Registry;
use crate::system::family::Family;

/// List the model families and their dynamics
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline models")]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    if arguments.json {
        let families: Vec<Value> = registry.families().iter().map(|f| as_json(*f)).collect();
        return Ok(output.json(&families.into())?);
    }
    for family in registry.families() {
        let head = format!("{}: {}", family.name(), family.title());
        writeln!(output, "{}", table::line(&head))?;
        let rows: Vec<Vec<String>> = family
            .dynamics()
            .iter()
            .map(|dynamics| vec![dynamics.name.into(), dynamics.meaning.into()])
            .collect();
        output.write_all(table::columns(&rows, table::page()).as_bytes())?;
    }
    Ok(())
}

fn as_json(family: &dyn Family) -> Value {
    let dynamics: Vec<&str> = family.dynamics().iter().map(|one| one.name).collect();
    json!({"name": family.name(), "title": family.title(), "dynamics": dynamics})
}
