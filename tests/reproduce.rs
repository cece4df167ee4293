//! `nullcline reproduce`: the tutorials have the claims that the families declare, and the program judges them.

mod pages;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use nullcline::prelude::*;
use serde_json::Value;

/// The tutorial of each family that follows a paper.
const TUTORIALS: &[(&str, &str)] = &[
    ("linear-threshold", "limits.md"),
    ("chloride-network", "seizures.md"),
    ("gksl", "cognition.md"),
    ("lateral-predictive-coding", "response-time.md"),
    ("bayesian-perception", "perception.md"),
];

const HEAD: &str = "| claim | command | expected | measured | verdict |";

fn nullcline(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin("nullcline"));
    let command = command.current_dir(folder).args(arguments);
    command.output().expect("the program starts")
}

/// Both streams of a call, whose exit code is as expected.
#[track_caller]
fn told(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = nullcline(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}\n{out}\n{err}"
    );
    (out, err)
}

/// The rows of the table of claims of a page: five cells each.
fn rows(page: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(page);
    let text = std::fs::read_to_string(path).expect("a page");
    assert_eq!(
        text.matches(HEAD).count(),
        1,
        "{page}: one table of claims, with the head {HEAD}"
    );
    let table = text.lines().skip_while(|line| *line != HEAD).skip(2);
    let table = table.take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let line = line.trim().trim_matches('|');
        line.split('|')
            .map(|cell| cell.trim().to_string())
            .collect()
    };
    table.map(cells).collect()
}

/// A command as a page has it.
fn command(family: &str, exhibit: &Exhibit) -> String {
    let words = exhibit.words(family, false).into_iter().map(|word| {
        let quoted = word.contains([' ', '{', '"', '[']);
        if quoted { format!("'{word}'") } else { word }
    });
    let words: Vec<String> = words.collect();
    format!("`nullcline {}`", words.join(" "))
}

#[test]
fn every_claim_stands_in_its_tutorial_and_nothing_else() {
    let registry = nullcline::models::registry();
    let claiming = registry.families().iter();
    let claiming = claiming.filter(|family| !family.claims().is_empty());
    let mut claiming: Vec<&str> = claiming.map(|family| family.name()).collect();
    claiming.sort_unstable();
    let mut named: Vec<&str> = TUTORIALS.iter().map(|(family, _)| *family).collect();
    named.sort_unstable();
    assert_eq!(claiming, named);
    for (family, page) in TUTORIALS {
        let claims = registry.get(family).expect("a family").claims();
        let rows = rows(page);
        assert_eq!(rows.len(), claims.len(), "{page}: as many rows as claims");
        for (row, claim) in rows.iter().zip(claims) {
            let commands = claim.exhibits.iter();
            let commands: Vec<String> = commands.map(|one| command(family, one)).collect();
            let commands = match commands.is_empty() {
                true => "-".to_string(),
                false => commands.join("<br>"),
            };
            let verdict = claim.verdict.to_string();
            assert_eq!(row.len(), 5, "{page}: {row:?}");
            let declared = [
                claim.statement,
                &commands,
                claim.expected,
                &row[3],
                &verdict,
            ];
            assert_eq!(row.as_slice(), declared, "{page}");
            assert!(!row[3].is_empty(), "{page}: {} was not measured", row[0]);
        }
    }
}

/// What would break a table, or could not be compared.
#[test]
fn claims_are_told_in_plain_words() {
    for family in nullcline::models::registry().families() {
        for claim in family.claims() {
            let verdict = claim.verdict.to_string();
            for text in [claim.statement, claim.expected, &verdict] {
                assert!(!text.is_empty() && !text.contains(['|', '\n']), "{text}");
            }
            assert_ne!(claim.verdict, Verdict::Fails, "{}", claim.statement);
            for exhibit in claim.exhibits {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(exhibit.path(family.name()));
                let text = std::fs::read_to_string(&path);
                let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert_eq!(text, exhibit.text, "{}", path.display());
            }
        }
    }
}

#[test]
fn the_table_of_a_family_is_printed_and_its_commands_work() {
    let here = tempfile::tempdir().expect("a folder");
    let path = here.path();
    let all = ["reproduce", "bayesian-perception", "--quick", "-o", "kept"];
    let (out, err) = told(path, &all, 0);
    for word in [
        "claim",
        "expected",
        "measured",
        "verdict",
        "not established:",
    ] {
        assert!(out.contains(word), "no {word} in\n{out}");
    }
    assert!(
        err.contains("7 claims: ") && err.contains(" 0 fail"),
        "{err}"
    );
    let shown = out.lines().find_map(|line| line.trim().strip_prefix("$ "));
    let ran = pages::shell::run(shown.expect("a command"), &path.join("kept"));
    assert_eq!(ran.code, Some(0), "{}", ran.printed);
    // What is kept is not written over.
    let (_, err) = told(path, &all, 4);
    assert!(err.contains("kept is not empty"), "{err}");
}

/// The claims of a family come out as declared, and where `--quick` changes nothing, with the numbers of the tutorial.
fn comes_out_as_told(family: &str) {
    let here = tempfile::tempdir().expect("a folder");
    let arguments = ["reproduce", family, "--quick", "--json", "-q"];
    let (out, err) = told(here.path(), &arguments, 0);
    assert_eq!(err, "");
    let value: Value = serde_json::from_str(&out).expect("JSON");
    let found = value["claims"].as_array().expect("a list");
    let registry = nullcline::models::registry();
    let claims = registry.get(family).expect("it").claims();
    let page = TUTORIALS.iter().find(|(one, _)| *one == family);
    let rows = rows(page.expect("a tutorial").1);
    assert_eq!(found.len(), claims.len());
    let mut compared = 0;
    for ((found, claim), row) in found.iter().zip(claims).zip(rows) {
        assert_eq!(found["claim"], claim.statement);
        assert_eq!(found["verdict"], claim.verdict.to_string());
        let commands = found["commands"].as_array().expect("a list");
        assert_eq!(commands.len(), claim.exhibits.len());
        if claim.exhibits.iter().all(|one| one.quick.is_empty()) {
            assert_eq!(found["measured"], row[3], "{}", claim.statement);
            let commands = commands.iter().map(|one| one.as_str().expect("a text"));
            let commands: Vec<String> = commands.map(|one| format!("`{one}`")).collect();
            let none = commands.is_empty() && row[1] == "-";
            assert!(none || commands.join("<br>") == row[1], "{commands:?}");
            compared += 1;
        }
    }
    assert!(
        compared > 0,
        "{family}: every claim is looked at in another way by --quick"
    );
}

#[test]
fn the_claims_of_linear_threshold_come_out_as_told() {
    comes_out_as_told("linear-threshold");
}

#[test]
fn the_claims_of_predictive_coding_come_out_as_told() {
    comes_out_as_told("lateral-predictive-coding");
}

#[test]
fn the_claims_of_perception_come_out_as_told() {
    comes_out_as_told("bayesian-perception");
}

#[test]
fn a_family_without_claims_and_one_that_is_not_there_are_refused() {
    let here = tempfile::tempdir().expect("a folder");
    let (_, err) = told(here.path(), &["reproduce", "equations"], 2);
    assert!(
        err.contains("follows no paper") && err.contains("linear-threshold"),
        "{err}"
    );
    let (_, err) = told(here.path(), &["reproduce", "gskl"], 2);
    assert!(err.contains("did you mean `gksl`?"), "{err}");
}

#[test]
fn an_interrupt_ends_it_and_leaves_nothing() {
    let here = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(cargo_bin("nullcline"))
        .args(["reproduce", "linear-threshold", "-q"])
        .env("TMPDIR", here.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    let started = || std::fs::read_dir(here.path()).expect("a folder").count() > 0;
    while !started() {
        let ended = child.try_wait().expect("its state");
        assert!(ended.is_none(), "it ended before it began: {ended:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status();
    assert!(sent.expect("kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(!started(), "the folder is left");
}
