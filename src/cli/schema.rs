//! `nullcline schema`: the JSON Schema of experiment files, for editors.

use super::failure::Failure;
use super::output::Output;
use crate::registry::Registry;

/// Print the JSON Schema of experiment files, which editors use to complete and check them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline schema > nullcline.schema.json")]
pub struct Arguments {}

pub fn execute(registry: &Registry, output: &mut Output) -> Result<(), Failure> {
    Ok(output.json(&crate::config::schema(registry))?)
}
