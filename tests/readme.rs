//! What the README promises: its two commands are those of the checks, its links lead somewhere, and the book
//! explains what there is. That its sessions are true is checked by `tests/documented.rs`.

mod pages;

use std::fs;

use pages::{files, pages, read, root};

const FIRST: &str = "./setup && cargo run --release -- run configs/linear-threshold/ei-pair.toml";
const SECOND: &str = "./setup --tests && cargo test --release";

#[test]
fn the_two_commands_are_those_of_the_checks() {
    let readme = read("README.md");
    let checks = read(".ci/run");
    for command in [FIRST, SECOND] {
        assert!(
            readme.lines().any(|line| line == command),
            "the README lacks `{command}`"
        );
        assert!(
            checks.lines().any(|line| line == command),
            ".ci/run lacks `{command}`"
        );
    }
    assert!(
        root()
            .join("configs/linear-threshold/ei-pair.toml")
            .is_file()
    );
}

#[cfg(unix)]
#[test]
fn setup_and_the_checks_can_be_executed() {
    use std::os::unix::fs::PermissionsExt;
    for file in ["setup", ".ci/run"] {
        let mode = fs::metadata(root().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o111, 0o111, "{file} is not executable");
    }
}

/// The relative links of a page, without anchors. What stands in a code block is no link.
fn links(page: &str) -> Vec<String> {
    let prose: String = page.split("\n```").step_by(2).collect();
    prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link.split('#').next().unwrap_or_default().to_string())
        .filter(|link| !link.is_empty() && !link.contains("://"))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        for link in links(&read(&page)) {
            let target = root().join(&page).parent().unwrap().join(&link);
            assert!(target.exists(), "{page} links to {link}, which is missing");
        }
    }
}

#[test]
fn every_page_of_the_book_is_in_its_table_of_contents() {
    let listed = links(&read("docs/SUMMARY.md"));
    for page in pages() {
        let Some(name) = page.strip_prefix("docs/") else {
            continue;
        };
        let known = name == "SUMMARY.md" || listed.iter().any(|link| link == name);
        assert!(known, "{page} is not in docs/SUMMARY.md");
    }
}

/// mdBook takes a title, parts, and nested lists of links, each page once; anything else it refuses or ignores.
#[test]
fn the_table_of_contents_is_one_that_a_book_is_built_from() {
    let page = read("docs/SUMMARY.md");
    let mut depth = 0;
    for line in page.lines().filter(|line| !line.is_empty()) {
        if line.starts_with("# ") {
            depth = 0;
            continue;
        }
        let entry = line.trim_start();
        let here = line.len() - entry.len();
        assert!(
            here.is_multiple_of(2) && here / 2 <= depth,
            "`{line}` is nested too deep"
        );
        let link = entry
            .strip_prefix("- [")
            .and_then(|rest| rest.strip_suffix(".md)"));
        assert!(
            link.is_some_and(|link| link.contains("](")),
            "`{line}` is no link"
        );
        depth = here / 2 + 1;
    }
    let mut listed = links(&page);
    let all = listed.len();
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), all, "a page is listed twice");
}

#[test]
fn the_book_names_every_example() {
    let page = read("docs/own-models.md");
    for program in files(&root().join("examples"), "rs") {
        let name = program.file_stem().unwrap().to_str().unwrap();
        let row = format!("| `{name}` |");
        assert!(page.contains(&row), "docs/own-models.md has no row {row}");
    }
}

#[test]
fn the_book_explains_every_option_of_the_experiment_file() {
    fn options(schema: &serde_json::Value, found: &mut Vec<String>) {
        for (key, value) in schema.as_object().into_iter().flatten() {
            if key == "properties" {
                found.extend(value.as_object().unwrap().keys().cloned());
            }
            options(value, found);
        }
    }
    let page = read("docs/experiment-file.md");
    let schema = nullcline::config::schema(&nullcline::models::registry());
    for table in ["time", "solver", "stimulus", "record", "output"] {
        let mut found = Vec::new();
        options(&schema["properties"][table], &mut found);
        assert!(!found.is_empty(), "the schema has no [{table}]");
        for option in found {
            let said =
                page.contains(&format!("`{option}`")) || page.contains(&format!("{option} = "));
            assert!(
                said,
                "docs/experiment-file.md does not explain `{option}` of [{table}]"
            );
        }
    }
}
