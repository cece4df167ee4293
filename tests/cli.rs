//! The real binary, as a user meets it: exit codes, streams, messages.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use tempfile::TempDir;

/// Run the program in a folder.
fn nullcline(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("nullcline"));
    command
        .current_dir(folder)
        .args(arguments)
        .env_remove("NO_COLOR");
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[track_caller]
fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by a signal")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The output of a command that must succeed.
#[track_caller]
fn succeed(folder: &Path, arguments: &[&str]) -> Output {
    let output = nullcline(folder, arguments);
    assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
    output
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
}

#[test]
fn help_and_version_are_data() {
    let here = folder();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["run", "--help"],
        &["plot", "-h"],
    ] {
        let output = succeed(here.path(), arguments);
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
    let version = stdout(&succeed(here.path(), &["--version"]));
    assert_eq!(
        version.trim(),
        concat!("nullcline ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_wrong_command_line_is_exit_code_2_with_a_suggestion() {
    let here = folder();
    for (arguments, suggestion) in [
        (&["rum", "x.toml"][..], "run"),
        (&["run", "x.toml", "--forse"], "--force"),
        (&["describe", "linear-treshold"], "linear-threshold"),
        (
            &["new", "x", "--family", "linear-threshhold"],
            "linear-threshold",
        ),
    ] {
        let output = nullcline(here.path(), arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(stderr(&output).contains(suggestion), "{}", stderr(&output));
    }
    for arguments in [&[][..], &["run"]] {
        assert_eq!(code(&nullcline(here.path(), arguments)), 2, "{arguments:?}");
    }
}

#[test]
fn models_describe_and_methods_speak_json() {
    let here = folder();
    let list = json(&stdout(&succeed(here.path(), &["models", "--json"])));
    assert_eq!(list[0]["name"], "linear-threshold");
    let family = json(&stdout(&succeed(
        here.path(),
        &["describe", "linear-threshold", "--json"],
    )));
    let weights = &family["parameters"][0];
    assert_eq!(
        (&weights["name"], &weights["required"]),
        (&"weights".into(), &true.into())
    );
    let ceiling = family["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "ceiling");
    assert_eq!(ceiling.unwrap()["default"], "inf");
    let methods = json(&stdout(&succeed(here.path(), &["methods", "--json"])));
    let names: Vec<&str> = methods
        .as_array()
        .unwrap()
        .iter()
        .map(|card| card["name"].as_str().unwrap())
        .collect();
    for name in ["euler", "rk4", "tsit5", "dopri5"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn what_is_described_names_every_parameter_with_unit_range_and_meaning() {
    let text = stdout(&succeed(folder().path(), &["describe", "linear-threshold"]));
    let family = nullcline::models::registry()
        .get("linear-threshold")
        .unwrap();
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for parameter in family.parameters() {
        for fact in [
            parameter.name,
            parameter.meaning,
            &parameter.range.to_string(),
        ] {
            assert!(
                text.contains(fact),
                "no `{fact}` in the description of `{}`",
                parameter.name
            );
        }
    }
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let output = nullcline(folder().path(), &["describe", "nobody", "--json"]);
    assert_eq!(code(&output), 2);
    assert!(output.stdout.is_empty());
    let error = &json(&stderr(&output))["error"];
    assert_eq!(error["exit_code"], 2);
    assert!(error["message"].as_str().unwrap().contains("nobody"));
}

#[test]
fn new_writes_a_starter_once() {
    let here = folder();
    let output = succeed(here.path(), &["new", "pair"]);
    assert!(output.stdout.is_empty() && stderr(&output).contains("nullcline run pair.toml"));
    let text = std::fs::read_to_string(here.path().join("pair.toml")).unwrap();
    let output = nullcline(here.path(), &["new", "pair.toml"]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("exists"));
    assert_eq!(
        std::fs::read_to_string(here.path().join("pair.toml")).unwrap(),
        text
    );
}

#[test]
fn completions_know_the_verbs() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&succeed(folder().path(), &["completions", shell]));
        assert!(
            script.contains("describe") && script.contains("inspect"),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for arguments in [
        &["methods"][..],
        &["completions", "bash"],
        &["schema"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(folder().path(), arguments)
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(
            (code(&output), stderr(&output).as_str()),
            (0, ""),
            "{arguments:?}"
        );
    }
}
