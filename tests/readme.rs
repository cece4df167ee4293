//! What the README and the tour say is what happens: commands, outputs, links.
//!
//! Blocks of the language `console` are sessions: a line `$ command` and what it prints, standard
//! output and standard error together. The sessions of a page are run in order in one empty folder,
//! and compared after durations, dates, versions and the costs of runs are made alike.
//! `...` stands for any text.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;

const FIRST: &str = "./setup && cargo run --release -- run configs/linear-threshold/ei-pair.toml";
const SECOND: &str = "./setup --tests && cargo test --release";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The code blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.trim().into(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The commands of a session and what each prints.
fn commands(session: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in session.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push((command.into(), String::new()));
        } else {
            let (_, printed) = commands.last_mut().expect("a session begins with `$ `");
            printed.push_str(line);
            printed.push('\n');
        }
    }
    commands
}

/// The text with everything replaced that differs from run to run or from version to version.
fn alike(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.trim_end().lines() {
        let mut words: Vec<String> = Vec::new();
        for word in line.split(' ') {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
            let unit = ["ms", "s", "min", "h"].contains(&bare);
            match words.last_mut() {
                Some(last) if unit && number(last) => *last = "TIME".into(),
                Some(last)
                    if ["steps", "rejected", "evaluations"].contains(&bare) && number(last) =>
                {
                    *last = "COUNT".into();
                    words.push(word.into());
                }
                _ if number(bare) && bare.matches('-').count() >= 2 => words.push("DATE".into()),
                _ if number(bare) && bare.matches('.').count() == 2 => words.push("VERSION".into()),
                _ => words.push(word.into()),
            }
        }
        lines.push(words.join(" ").trim_end().to_string());
    }
    lines.join("\n")
}

/// The words of a command, as a shell takes them apart that knows nothing but single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.last_mut().unwrap().push_str(part);
            continue;
        }
        for (index, piece) in part.split(' ').enumerate() {
            if index > 0 {
                words.push(String::new());
            }
            words.last_mut().unwrap().push_str(piece);
        }
    }
    words
}

/// What the command prints, both streams in the order in which they are written.
fn print(command: &str, folder: &Path) -> String {
    let arguments = words(command);
    assert_eq!(
        arguments[0], "nullcline",
        "only this program is quoted: `{command}`"
    );
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = Command::new(cargo_bin("nullcline"))
        .args(&arguments[1..])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    let printed = std::io::read_to_string(reader).unwrap();
    child.wait().unwrap();
    printed
}

#[track_caller]
fn sessions_are_true(file: &str, least: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for (language, text) in blocks(&read(file)) {
        if language != "console" {
            continue;
        }
        for (command, quoted) in commands(&text) {
            count += 1;
            let printed = print(&command, folder.path());
            let (quoted, mut rest) = (alike(&quoted) + "\n", alike(&printed) + "\n");
            for part in quoted.split("...") {
                let at = rest.find(part).unwrap_or_else(|| {
                    panic!("{file} quotes `{command}` as\n{part}\nbut it prints\n{rest}")
                });
                rest = rest[at + part.len()..].to_string();
            }
            let open_end = quoted.ends_with("...\n");
            assert!(
                open_end || rest.trim().is_empty(),
                "{file}: `{command}` also prints\n{rest}"
            );
        }
    }
    assert!(count >= least, "{file} shows only {count} commands");
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    sessions_are_true("README.md", 4);
}

#[test]
fn the_tour_shows_what_the_program_prints() {
    sessions_are_true("docs/tour.md", 4);
}

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

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("book") {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let mut found = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    pages(&root().join("docs"), &mut found);
    for page in found {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let target = page.parent().unwrap().join(&link);
            assert!(
                target.exists(),
                "{} links to {link}, which is missing",
                page.display()
            );
        }
    }
}

#[test]
fn every_page_of_the_book_is_in_its_table_of_contents() {
    let listed = links(&read("docs/SUMMARY.md"));
    let mut found = Vec::new();
    pages(&root().join("docs"), &mut found);
    for page in found {
        let name = page
            .strip_prefix(root().join("docs"))
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        assert!(
            name == "SUMMARY.md" || listed.contains(&name),
            "docs/{name} is not in docs/SUMMARY.md"
        );
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
