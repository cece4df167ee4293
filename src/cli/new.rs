//! `nullcline new NAME`: a starter experiment of a family, which runs as it is.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use super::failure::{Code, Failure};
use crate::registry::Registry;

/// Write a starter experiment file, NAME.toml, which runs as it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline new pair --family linear-threshold")]
pub struct Arguments {
    /// The name of the experiment; `.toml` is added if it is missing
    name: PathBuf,
    /// The model family, one of `nullcline models`; by default the first of them
    #[arg(long, value_name = "FAMILY")]
    family: Option<String>,
}

pub fn execute(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    let family = match &arguments.family {
        Some(name) => super::describe::find(registry, name)?,
        None => *registry
            .families()
            .first()
            .ok_or_else(|| Failure::new(Code::Usage, "this program has no model families"))?,
    };
    let path = match arguments.name.extension() {
        Some(extension) if extension == "toml" => arguments.name.clone(),
        _ => {
            let mut name = arguments.name.clone().into_os_string();
            name.push(".toml");
            PathBuf::from(name)
        }
    };
    let shown = path.display();
    File::create_new(&path)
        .and_then(|mut file| file.write_all(family.starter().as_bytes()))
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                Failure::new(Code::InputOutput, format!("{shown} exists already"))
                    .help("choose another name; an existing file is never overwritten")
            }
            _ => Failure::new(Code::InputOutput, format!("cannot write {shown}: {error}")),
        })?;
    eprintln!(
        "wrote {shown}, a starter of the family {}; run it with `nullcline run {shown}`",
        family.name()
    );
    Ok(())
}
