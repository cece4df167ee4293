//! `nullcline reference -o FOLDER`: the reference pages of the book, from the declarations.
//!
//! One page per family, one for the schemes, one for the verbs, one for the experiment file, one for exit codes. Nothing
//! here is written by hand: the pages say what the decoder accepts and what the parser of the command line takes. The pages
//! of the book are committed, and `tests/reference_pages.rs` fails where they differ from what this verb writes.

mod codes;
mod families;
mod file;
mod markdown;
mod schemes;
mod verbs;

use std::fs;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::cli::remark::remark;
use crate::registry::Registry;

/// Write the reference pages of this program: families, schemes, verbs, the experiment file
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline reference -o docs/reference")]
pub struct Arguments {
    /// The folder of the pages; made if it is not there
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

/// A page: its name in the folder, and its text.
struct Page {
    name: String,
    text: String,
}

pub fn execute(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    let pages = pages(registry);
    for page in &pages {
        write(&arguments.output.join(&page.name), &page.text)?;
    }
    remark!(
        "wrote {} pages to {}",
        pages.len(),
        arguments.output.display()
    );
    Ok(())
}

fn pages(registry: &Registry) -> Vec<Page> {
    let mut pages = vec![
        page("families.md", families::index(registry)),
        page("schemes.md", schemes::page()),
        page("verbs.md", verbs::page()),
        page("experiment-file.md", file::page(registry)),
        page("exit-codes.md", codes::page()),
    ];
    for &family in registry.families() {
        let name = format!("family-{}.md", family.name());
        pages.push(page(&name, families::page(registry, family)));
    }
    pages
}

fn page(name: &str, text: String) -> Page {
    let note = "<!-- Written by `nullcline reference`; change the declarations, not this page. -->";
    Page {
        name: name.into(),
        text: format!("{note}\n\n{}\n", text.trim_end()),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| {
            Failure::cannot_write(path, &error)
                .help("choose a folder that may be written with `-o FOLDER`")
        })
}
