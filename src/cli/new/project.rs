//! `nullcline new NAME --crate`: a program with a model family of its own.
//!
//! The model is the one of the recipe in `docs/recipes`, under the name of the crate. The project is
//! written beside its place and moved there when it is complete, so nothing is left half-written.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use super::super::failure::{Code, Failure};
use super::super::run::shell_word;
use super::{Arguments, name};
use crate::cli::remark::remark;
use crate::registry::Registry;

const MODEL: &str = include_str!("../../../docs/recipes/oscillator.rs");
const EXPERIMENT: &str = include_str!("../../../docs/recipes/resonance.toml");

/// Where this program's own nullcline was built from.
const BUILT_FROM: &str = env!("CARGO_MANIFEST_DIR");

pub fn write(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    let folder = arguments.name.as_path();
    let name = match folder.components().next_back() {
        Some(Component::Normal(name)) => name.to_string_lossy().into_owned(),
        _ => String::new(),
    };
    if let Some(why) = name::refuse(&name, registry) {
        return Err(Failure::new(
            Code::Usage,
            format!("`{name}` is no name for a crate: {why}"),
        )
        .help("choose another name, such as `my-model`"));
    }
    let shown = folder.display();
    let exists = folder.symlink_metadata().is_ok();
    if exists && !arguments.force {
        return Err(
            Failure::new(Code::InputOutput, format!("{shown} exists already")).help(
                "choose another name, or give --force to write over its files of the same names",
            ),
        );
    }
    if exists && !folder.is_dir() {
        return Err(Failure::new(
            Code::InputOutput,
            format!("{shown} is no folder"),
        ));
    }
    let source = Source::find(arguments)?;
    let files = files(&name, &source);
    place(folder, &files, exists).map_err(|error| Failure::cannot_write(folder, &error))?;
    let cd = shell_word(&folder.to_string_lossy());
    remark!(
        "wrote {shown}, a program with the family {name} on nullcline {}; try it with\n  \
         cd {cd} && cargo run --release -- run resonance.toml",
        source.told()
    );
    Ok(())
}

/// What the crate takes nullcline from.
enum Source {
    /// A folder with its sources.
    Folder(PathBuf),
    /// A repository, and the revision if it is known.
    Git(String, Option<&'static str>),
}

impl Source {
    fn find(arguments: &Arguments) -> Result<Self, Failure> {
        if let Some(url) = &arguments.git {
            if url.is_empty() || url.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
                let message = format!("`{url}` is no address of a repository");
                return Err(Failure::new(Code::Usage, message));
            }
            return Ok(Self::Git(url.clone(), revision()));
        }
        let folder = arguments.path.as_deref().unwrap_or(Path::new(BUILT_FROM));
        if !has_nullcline(folder) {
            let message = format!("there are no sources of nullcline in {}", folder.display());
            return Err(Failure::new(Code::Usage, message).help(
                "give `--path DIR`, a folder with a copy of its repository, or `--git URL`",
            ));
        }
        let folder = folder.canonicalize().map_err(|error| {
            let message = format!("cannot find {}: {error}", folder.display());
            Failure::new(Code::InputOutput, message)
        })?;
        match folder.to_str() {
            Some(text) if !text.chars().any(char::is_control) => Ok(Self::Folder(folder)),
            _ => {
                let message = format!("{} cannot be written in TOML", folder.display());
                Err(Failure::new(Code::Usage, message)
                    .help("give `--path` a folder with a plain name"))
            }
        }
    }

    /// The line of Cargo.toml.
    fn dependency(&self) -> String {
        match self {
            Self::Folder(folder) => {
                let path = toml::Value::String(folder.to_string_lossy().into_owned());
                format!("nullcline = {{ path = {path} }}")
            }
            Self::Git(url, None) => format!("nullcline = {{ git = \"{url}\" }}"),
            Self::Git(url, Some(revision)) => {
                format!("nullcline = {{ git = \"{url}\", rev = \"{revision}\" }}")
            }
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Folder(folder) => format!("in {}", folder.display()),
            Self::Git(url, revision) => format!("from {url}, {}", revision.unwrap_or("its newest")),
        }
    }

    fn address(&self) -> String {
        match self {
            Self::Folder(folder) => format!("<{}>", folder.display()),
            Self::Git(url, _) => url.clone(),
        }
    }

    /// What `./setup` wrote for cargo where the sources are: how HDF5 is found.
    fn settings(&self) -> Option<String> {
        let folder = match self {
            Self::Folder(folder) => folder,
            Self::Git(..) => Path::new(BUILT_FROM),
        };
        fs::read_to_string(folder.join(".cargo/config.toml")).ok()
    }
}

/// The commit that this program was built from, if it was built from one.
fn revision() -> Option<&'static str> {
    let revision = env!("NULLCLINE_GIT_REVISION");
    let commit = revision.strip_suffix("-dirty").unwrap_or(revision);
    let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
    is_commit.then_some(commit)
}

fn has_nullcline(folder: &Path) -> bool {
    let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else {
        return false;
    };
    let manifest: Option<toml::Table> = manifest.parse().ok();
    let name = manifest
        .as_ref()
        .and_then(|table| table.get("package")?.get("name")?.as_str());
    name == Some("nullcline")
}

/// The files of the project: path and text.
fn files(name: &str, source: &Source) -> Vec<(String, String)> {
    let (snake, camel) = (name::snake(name), name::camel(name));
    let fill = |template: &str| {
        template
            .replace("@NAME@", name)
            .replace("@SNAKE@", &snake)
            .replace("@CAMEL@", &camel)
            .replace("@DEPENDENCY@", &source.dependency())
            .replace("@SOURCE@", &source.address())
    };
    let in_its_name = |text: &str| {
        text.replace("\"oscillator\"", &format!("\"{name}\""))
            .replace("Oscillator", &camel)
    };
    let mut files = vec![
        ("Cargo.toml".into(), fill(include_str!("Cargo.toml.in"))),
        ("README.md".into(), fill(include_str!("README.md.in"))),
        (".gitignore".into(), fill(include_str!("gitignore.in"))),
        ("src/main.rs".into(), fill(include_str!("main.rs.in"))),
        (format!("src/{snake}.rs"), in_its_name(MODEL)),
        ("resonance.toml".into(), in_its_name(EXPERIMENT)),
    ];
    if let Some(settings) = source.settings() {
        files.push((".cargo/config.toml".into(), settings));
    }
    files
}

/// Write the files beside the folder, then move them there: all at once, or one by one over old ones.
fn place(folder: &Path, files: &[(String, String)], exists: bool) -> io::Result<()> {
    let mut beside = folder.as_os_str().to_owned();
    beside.push(format!(".part-{}", std::process::id()));
    let beside = PathBuf::from(beside);
    fs::create_dir(&beside).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            io::Error::new(ErrorKind::NotFound, "the folder around it does not exist")
        }
        _ => error,
    })?;
    let placed = fill(&beside, files).and_then(|()| match exists {
        false => fs::rename(&beside, folder),
        true => files.iter().try_for_each(|(file, _)| {
            let place = folder.join(file);
            place.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::rename(beside.join(file), place)
        }),
    });
    if placed.is_err() || exists {
        // What went wrong is told, not what is left over from it.
        let _ = fs::remove_dir_all(&beside);
    }
    placed
}

fn fill(folder: &Path, files: &[(String, String)]) -> io::Result<()> {
    for (file, text) in files {
        let path = folder.join(file);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)?;
    }
    Ok(())
}
