//! The reference pages of the book say what the declarations say.
//!
//! A change of a family, a scheme, a verb or the experiment file is followed by
//! `cargo run -- reference -o docs/reference`; a new page also needs its line in `docs/SUMMARY.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::cargo::cargo_bin;

const ADVICE: &str = "run `cargo run -- reference -o docs/reference`";

/// The pages of a folder by name.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        (name, fs::read_to_string(path).unwrap())
    });
    entries.collect()
}

#[test]
fn the_committed_pages_are_those_of_the_declarations() {
    let folder = tempfile::tempdir().unwrap();
    let status = std::process::Command::new(cargo_bin("nullcline"))
        .args(["reference", "-o"])
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let written = pages(folder.path());
    let committed = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference"));
    for (name, text) in &written {
        let found = committed.get(name);
        assert!(
            found.is_some_and(|found| found == text),
            "docs/reference/{name} is out of date: {ADVICE}"
        );
    }
    for name in committed.keys() {
        assert!(
            written.contains_key(name),
            "docs/reference/{name} belongs to nothing any more: remove it, and its line in docs/SUMMARY.md"
        );
    }
}

#[test]
fn every_family_is_described_with_all_its_parameters() {
    let committed = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference"));
    for family in nullcline::models::registry().families() {
        let page = &committed[&format!("family-{}.md", family.name())];
        for parameter in family.parameters() {
            let row = format!("| `{}` |", parameter.name);
            assert!(page.contains(&row), "{} lacks {row}", family.name());
        }
    }
}
