//! A page of documentation as a program: its blocks of code are gone through from the top, in one folder.
//!
//! The folder holds a copy of `configs/` and nothing else, so that a page works for a reader who has the
//! repository and reads from the top. What happens with a block depends on its language alone; the rule
//! stands at the top of `tests/documented.rs`.

#![allow(dead_code, reason = "each test binary uses its own part")]

mod experiment;
mod notebook;
pub mod session;
pub mod shell;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// All files below a folder with this extension, in the order of their names; a built book is left out.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("book") {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|one| one == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The README, CONTRIBUTING and the pages of the book, by their paths in the repository.
pub fn pages() -> Vec<String> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    pages.extend(files(&root().join("docs"), "md"));
    let name = |path: PathBuf| {
        let path = path.strip_prefix(root()).unwrap();
        path.to_str().unwrap().replace('\\', "/")
    };
    pages.into_iter().map(name).collect()
}

/// A block of code.
pub struct Block {
    pub language: String,
    pub text: String,
    /// The line of the page on which it opens.
    pub line: usize,
}

impl Block {
    /// The name of the file that the block is, if its first line says one: `# sweep.toml`.
    fn file(&self) -> Option<&str> {
        let name = self.text.lines().next()?.strip_prefix("# ")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let known = [".toml", ".py"].iter().any(|end| name.ends_with(end));
        (known && name.chars().all(plain)).then_some(name)
    }
}

/// The blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block {
                    language: language.trim().into(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last block is not closed");
    blocks
}

/// How many blocks of a kind a page has had.
#[derive(Debug, Default)]
pub struct Counts {
    /// Commands of sessions, whose output was compared.
    pub compared: usize,
    /// Commands that were run.
    pub run: usize,
    /// Commands of which only the verb and the options were looked at.
    pub parsed: usize,
    /// Experiments, whole or in part.
    pub experiments: usize,
    /// Blocks of Python.
    pub python: usize,
}

/// A reader at work.
struct Reader<'a> {
    /// The page, for messages.
    page: &'a str,
    text: &'a str,
    folder: TempDir,
    notebook: Option<notebook::Notebook>,
    /// The experiments that the page has shown so far.
    shown: Vec<String>,
    counts: Counts,
}

/// Go through a page from its top.
///
/// # Panics
/// At the first block that is not what it says.
pub fn walk(page: &str) -> Counts {
    let text = read(page);
    let mut reader = Reader {
        page,
        text: &text,
        folder: tempfile::tempdir().unwrap(),
        notebook: None,
        shown: Vec::new(),
        counts: Counts::default(),
    };
    copy(
        &root().join("configs"),
        &reader.folder.path().join("configs"),
    );
    for block in blocks(&text) {
        reader.take(&block);
    }
    reader.counts
}

impl Reader<'_> {
    fn take(&mut self, block: &Block) {
        let place = format!("{}:{}", self.page, block.line);
        if let Some(name) = block.file() {
            fs::write(self.folder.path().join(name), &block.text).unwrap();
        }
        match block.language.as_str() {
            "console" => self.session(&place, &block.text),
            "sh" => self.commands(&place, &block.text),
            "toml" => self.experiment(&place, block),
            "python" if block.file().is_none() => self.python(&place, &block.text),
            "python" => {}
            "json" => {
                let parsed = serde_json::from_str::<serde_json::Value>(&block.text);
                assert!(parsed.is_ok(), "{place} is no JSON: {parsed:?}");
            }
            "text" => {
                let command = |line: &str| line.starts_with("$ ") || line.starts_with("nullcline ");
                let hidden = block.text.lines().find(|line| command(line));
                assert!(hidden.is_none(), "{place} hides a command: {hidden:?}");
            }
            // `tests/recipes.rs` applies them.
            "diff" => {}
            "rust,ignore" => self.template(&place, &block.text),
            "julia" | "matlab" => {
                let honest = self.text.contains("not run");
                assert!(honest, "{place}: the page has to say what was not run");
            }
            other => panic!("{place}: nobody knows what to do with the language `{other}`"),
        }
    }

    fn python(&mut self, place: &str, text: &str) {
        let folder = self.folder.path();
        let notebook = self
            .notebook
            .get_or_insert_with(|| notebook::Notebook::open(folder));
        notebook.run(place, text);
        self.counts.python += 1;
    }

    /// Rust that a test compiles elsewhere: each line stands in the program that `new --crate` writes.
    fn template(&self, place: &str, text: &str) {
        let main = read("src/cli/new/main.rs.in");
        let main = main
            .replace("@SNAKE@", "my_model")
            .replace("@CAMEL@", "MyModel");
        for line in text.lines() {
            let known = main.lines().any(|one| one.trim() == line.trim());
            assert!(
                known,
                "{place}: no such line in src/cli/new/main.rs.in: {line}"
            );
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        let result = path
            .extension()
            .is_some_and(|end| end == "h5" || end == "part");
        if path.is_dir() {
            copy(&path, &target);
        } else if !result {
            fs::copy(&path, &target).unwrap();
        }
    }
}
