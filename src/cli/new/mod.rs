//! `nullcline new NAME`: a starter experiment of a family, which runs as it is; with `--crate` a cargo
//! project with a model family of its own.

mod name;
mod project;

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use super::failure::{Code, Failure};
use super::program;
use crate::cli::remark::remark;
use crate::registry::Registry;

/// Write a starter experiment file, NAME.toml, which runs as it is, or a program with a model of your own
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  nullcline new pair --family linear-threshold\n  nullcline new my-model --crate && cd my-model && cargo run --release -- run resonance.toml"
)]
pub struct Arguments {
    /// The name of the experiment, `.toml` is added if it is missing; with --crate the folder of the program
    name: PathBuf,
    /// The model family, one of `nullcline models`; by default the first of them
    #[arg(long, value_name = "FAMILY", conflicts_with = "project")]
    family: Option<String>,
    /// Write a cargo project with a model family of its own, to be changed into yours
    #[arg(long = "crate")]
    project: bool,
    /// Where nullcline's sources are that the crate depends on; by default where this program was built from
    #[arg(long, value_name = "DIR", requires = "project", conflicts_with = "git")]
    path: Option<PathBuf>,
    /// The git repository with nullcline that the crate depends on, at the revision of this program
    #[arg(long, value_name = "URL", requires = "project")]
    git: Option<String>,
    /// Write the crate into a folder that exists, over the files of the same names
    #[arg(long, requires = "project")]
    force: bool,
}

pub fn execute(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    if arguments.project {
        return project::write(arguments, registry);
    }
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
            _ => Failure::cannot_write(&path, &error),
        })?;
    remark!(
        "wrote {shown}, a starter of the family {}; run it with `{} run {shown}`",
        family.name(),
        program::name()
    );
    Ok(())
}
