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

/// A folder with the starter experiment `pair.toml`.
fn pair() -> TempDir {
    let here = folder();
    succeed(here.path(), &["new", "pair"]);
    here
}

fn write(here: &TempDir, name: &str, text: &str) {
    std::fs::write(here.path().join(name), text).unwrap();
}

/// One neuron that grows without bound: `x' = x`.
const UNSTABLE: &str = "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = [[2.0]]\n\
                        [initial]\nx = [1.0]\n[time]\nstop = 1000.0\nsave = 1.0\n";

#[test]
fn a_run_writes_its_archive_and_keeps_standard_output_clean() {
    let here = pair();
    let output = succeed(here.path(), &["run", "pair.toml"]);
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("pair.h5"), "{}", stderr(&output));
    assert!(here.path().join("pair.h5").is_file());
    assert!(!here.path().join("pair.h5.part").exists());
}

#[test]
fn quiet_is_silent() {
    let here = pair();
    let output = succeed(here.path(), &["run", "pair.toml", "--quiet"]);
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    assert!(here.path().join("pair.h5").is_file());
}

#[test]
fn a_complete_result_is_replaced_only_by_force() {
    let here = pair();
    succeed(here.path(), &["run", "pair.toml"]);
    let before = std::fs::read(here.path().join("pair.h5")).unwrap();
    let output = nullcline(here.path(), &["run", "pair.toml"]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("--force"), "{}", stderr(&output));
    assert_eq!(std::fs::read(here.path().join("pair.h5")).unwrap(), before);
    succeed(here.path(), &["run", "pair.toml", "--force"]);
    succeed(
        here.path(),
        &["run", "pair.toml", "-o", "elsewhere/other.h5"],
    );
    assert!(here.path().join("elsewhere/other.h5").is_file());
}

#[test]
fn a_run_reports_in_json() {
    let here = pair();
    let output = succeed(here.path(), &["run", "pair.toml", "--json"]);
    let report = json(&stdout(&output));
    assert_eq!(report["output"], "pair.h5");
    assert_eq!(report["status"], "complete");
    assert_eq!(report["failed"], Value::Array(vec![]));
    assert!(report["steps"].as_u64().unwrap() > 10);
}

#[test]
fn overrides_reach_the_run() {
    let here = pair();
    let arguments = [
        "check",
        "pair.toml",
        "--json",
        "--set",
        "time.stop=3",
        "--set",
        "time.save=1.5",
    ];
    let plan = json(&stdout(&succeed(here.path(), &arguments)));
    assert_eq!(plan["time"]["stop"], 3.0);
    assert_eq!(plan["time"]["samples"], 3);
}

#[test]
fn check_prints_the_plan_and_takes_no_step() {
    let here = pair();
    let text = stdout(&succeed(here.path(), &["check", "pair.toml"]));
    for fact in [
        "linear-threshold",
        "network",
        "neuron = 2",
        "tsit5",
        "1001 samples",
        "/x",
        "pair.h5",
    ] {
        assert!(text.contains(fact), "no `{fact}` in\n{text}");
    }
    assert!(!here.path().join("pair.h5").exists());
    let plan = json(&stdout(&succeed(
        here.path(),
        &["check", "pair.toml", "--json"],
    )));
    assert_eq!(plan["state"][0]["axes"][0]["size"], 2);
    let sets = plan["data_sets"].as_array().unwrap();
    let x = sets.iter().find(|set| set["path"] == "/x").unwrap();
    assert_eq!(x["bytes"], 1001 * 2 * 8);
}

#[test]
fn what_is_missing_is_exit_code_4() {
    let here = pair();
    for arguments in [
        &["run", "nothing.toml"][..],
        &["check", "nothing.toml"],
        &["inspect", "nothing.h5"],
        &["plot", "nothing.h5"],
        &["inspect", "pair.toml"],
        &["run", "pair.toml", "-o", "pair.toml/under/a/file.h5"],
    ] {
        let output = nullcline(here.path(), arguments);
        assert_eq!(code(&output), 4, "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

#[test]
fn a_mistake_in_the_file_is_exit_code_2_with_its_place_and_no_colour() {
    let here = folder();
    write(&here, "typo.toml", &UNSTABLE.replace("save", "sav"));
    for no_color in [false, true] {
        let mut command = command(here.path(), &["run", "typo.toml"]);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.output().unwrap();
        assert_eq!(code(&output), 2);
        let text = stderr(&output);
        assert!(
            text.contains("typo.toml:9:1") && text.contains("save"),
            "{text}"
        );
        assert!(!text.contains('\x1b'), "colour without a terminal");
    }
    let output = nullcline(here.path(), &["check", "typo.toml", "--json"]);
    assert_eq!(json(&stderr(&output))["error"]["exit_code"], 2);
}

#[test]
fn a_scheme_that_does_not_fit_is_exit_code_3() {
    let here = pair();
    for verb in ["check", "run"] {
        let output = nullcline(
            here.path(),
            &[
                verb,
                "pair.toml",
                "--set",
                "model.parameters.noise=0.1",
                "--set",
                "solver.method=\"tsit5\"",
            ],
        );
        assert_eq!(code(&output), 3, "{}", stderr(&output));
        assert!(stderr(&output).contains("noise"));
    }
    assert!(!here.path().join("pair.h5").exists());
}

#[test]
fn a_failed_run_is_exit_code_1_with_a_diagnosis_and_an_archive() {
    let here = folder();
    write(&here, "unstable.toml", UNSTABLE);
    let output = nullcline(here.path(), &["run", "unstable.toml"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains("x[0]"), "{}", stderr(&output));
    assert!(here.path().join("unstable.h5").is_file());
    let text = stdout(&succeed(here.path(), &["inspect", "unstable.h5"]));
    assert!(
        text.contains("x[0]") && text.contains("not_finite"),
        "{text}"
    );
}

#[test]
fn inspect_tells_contents_provenance_and_health() {
    let here = pair();
    succeed(here.path(), &["run", "pair.toml"]);
    let text = stdout(&succeed(here.path(), &["inspect", "pair.h5"]));
    for fact in [
        "Excitatory-inhibitory pair",
        "complete",
        "/x",
        "time = 1001",
        "neuron = 2",
        "nullcline run pair.toml",
        "rejected",
    ] {
        assert!(text.contains(fact), "no `{fact}` in\n{text}");
    }
    let facts = json(&stdout(&succeed(
        here.path(),
        &["inspect", "pair.h5", "--json"],
    )));
    assert_eq!(facts["status"], "complete");
    assert_eq!(facts["runs"]["failed"], 0);
}

#[test]
fn plot_makes_svg_and_png_and_knows_the_variables() {
    let here = pair();
    succeed(here.path(), &["run", "pair.toml"]);
    for (arguments, file) in [
        (&["plot", "pair.h5"][..], "pair.svg"),
        (&["plot", "pair.h5", "-o", "a.png"], "a.png"),
        (
            &[
                "plot",
                "pair.h5",
                "-o",
                "b.svg",
                "--kind",
                "heat-map",
                "--variable",
                "x",
            ],
            "b.svg",
        ),
    ] {
        succeed(here.path(), arguments);
        assert!(
            here.path().join(file).metadata().unwrap().len() > 1000,
            "{file}"
        );
    }
    let output = nullcline(here.path(), &["plot", "pair.h5", "--variable", "xx"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("`x`"), "{}", stderr(&output));
    let output = nullcline(here.path(), &["plot", "pair.h5", "-o", "a.pdf"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains(".svg"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_in_good_order_with_130() {
    let here = folder();
    let endless = UNSTABLE
        .replace("2.0", "0.5")
        .replace("1000.0", "1e9")
        .replace("save = 1.0", "save = 1e9");
    let solver = "[solver]\nmethod = \"rk4\"\nstep = 0.001\nmax_steps = 1_000_000_000_000\n";
    write(&here, "endless.toml", &format!("{endless}{solver}"));
    let child = command(here.path(), &["run", "endless.toml"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The file appears once the run is going.
    let part = here.path().join("endless.h5.part");
    let patience = std::time::Instant::now();
    while !part.exists() && patience.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 130, "{}", stderr(&output));
    assert!(!here.path().join("endless.h5").exists());
}

const SWEEP: &str = r#"
[model]
family = "linear-threshold"
[model.parameters]
weights = [[0.5]]
input = 1.0
[time]
stop = 2000.0
save = 1.0
[record]
summaries = ["final"]
[sweep.axes]
"model.parameters.weights[0][0]" = [0.5, 3.0, -1.0]
"#;

#[test]
fn a_sweep_is_planned_run_and_its_failures_are_told() {
    let here = folder();
    write(&here, "sweep.toml", SWEEP);
    let plan = stdout(&succeed(
        here.path(),
        &["check", "sweep.toml", "--estimate"],
    ));
    for part in ["3 = ", "weights_0_0", "estimate", "x_final"] {
        assert!(
            plan.contains(part) || part == "3 = ",
            "no `{part}` in\n{plan}"
        );
    }
    let output = nullcline(here.path(), &["run", "sweep.toml"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("1 of 3 runs failed"),
        "{}",
        stderr(&output)
    );
    let text = stdout(&succeed(here.path(), &["inspect", "sweep.h5"]));
    let command = "nullcline rerun sweep.h5 --run 1";
    assert!(text.contains(command), "{text}");
    let again = succeed(here.path(), &["rerun", "sweep.h5", "--run", "1"]);
    assert!(stdout(&again).contains("not_finite"), "{}", stdout(&again));
    let again = succeed(here.path(), &["rerun", "sweep.h5"]);
    assert!(stderr(&again).contains("3 runs"), "{}", stderr(&again));
}

#[test]
fn a_sweep_over_schemes_gives_each_the_options_that_it_uses() {
    let here = pair();
    let methods = [
        "tsit5", "rk4", "bs3", "dop853", "bdf", "esdirk34", "tr-bdf2", "heun", "auto",
    ];
    let axis = format!("\n[sweep.axes]\n\"solver.method\" = {methods:?}\n");
    let text = std::fs::read_to_string(here.path().join("pair.toml")).unwrap();
    write(&here, "methods.toml", &(text.clone() + &axis));
    let options = [
        "--set",
        "solver.rtol=1e-5",
        "--set",
        "solver.step=0.01",
        "--set",
        "solver.kinks=\"locate\"",
    ];
    succeed(
        here.path(),
        &[&["run", "methods.toml"], &options[..]].concat(),
    );
    let shown = stdout(&succeed(here.path(), &["inspect", "methods.h5"]));
    assert!(shown.contains("method = 9"), "{shown}");
    // The archive alone is enough for every one of them.
    succeed(here.path(), &["rerun", "methods.h5"]);
    succeed(here.path(), &["rerun", "methods.h5", "--run", "1"]);
    // What none of them uses is refused as ever.
    let axis = axis
        .replace("\"tsit5\", \"rk4\", ", "")
        .replace(", \"heun\"", "");
    write(&here, "adaptive.toml", &(text.clone() + &axis));
    let refused = nullcline(
        here.path(),
        &["check", "adaptive.toml", "--set", "solver.step=0.01"],
    );
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("`step` is not used"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn shards_are_merged_and_differences_are_found() {
    let here = folder();
    write(&here, "sweep.toml", &SWEEP.replace("3.0, ", ""));
    succeed(here.path(), &["run", "sweep.toml"]);
    succeed(
        here.path(),
        &["run", "sweep.toml", "--shard", "1/2", "-o", "a.h5"],
    );
    let early = nullcline(here.path(), &["merge", "a.h5", "-o", "whole.h5"]);
    assert_eq!(code(&early), 2);
    assert!(
        stderr(&early).contains("shard 2/2 missing"),
        "{}",
        stderr(&early)
    );
    succeed(
        here.path(),
        &["run", "sweep.toml", "--shard", "2/2", "-o", "b.h5"],
    );
    succeed(here.path(), &["merge", "b.h5", "a.h5", "-o", "whole.h5"]);
    succeed(here.path(), &["diff", "sweep.h5", "whole.h5"]);
    succeed(
        here.path(),
        &[
            "run",
            "sweep.toml",
            "--set",
            "model.parameters.input=1.5",
            "-o",
            "c.h5",
        ],
    );
    let output = nullcline(here.path(), &["diff", "sweep.h5", "c.h5"]);
    assert_eq!(code(&output), 5, "{}", stderr(&output));
    assert!(
        stdout(&output).contains("model.parameters.input"),
        "{}",
        stdout(&output)
    );
    assert_eq!(
        code(&nullcline(here.path(), &["diff", "sweep.h5", "no.h5"])),
        4
    );
    let wrong = nullcline(here.path(), &["run", "sweep.toml", "--shard", "3/2"]);
    assert_eq!(code(&wrong), 2);
}

#[test]
fn convergence_tells_digits_and_order() {
    let here = folder();
    let smooth = "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = [[0.2, -0.4], [0.5, 0.1]]\n\
                  input = [1.0, 2.0]\n[initial]\nx = [0.5, 1.0]\n[time]\nstop = 5.0\nsave = 0.5\n";
    write(&here, "smooth.toml", smooth);
    let fixed = [
        "convergence",
        "smooth.toml",
        "--set",
        "solver.method=rk4",
        "--set",
        "solver.step=0.1",
        "--json",
    ];
    let found: serde_json::Value =
        serde_json::from_str(&stdout(&succeed(here.path(), &fixed))).unwrap();
    let order = found["levels"][0]["variables"][0]["order"]
        .as_f64()
        .unwrap();
    assert!((order - 4.0).abs() < 0.1, "{order}");
    assert_eq!(found["variables"][0]["shrinks"], true);
    let text = stdout(&succeed(here.path(), &["convergence", "smooth.toml"]));
    assert!(
        text.contains("the finest") && text.contains("digits"),
        "{text}"
    );
    write(&here, "unstable.toml", UNSTABLE);
    let output = nullcline(here.path(), &["convergence", "unstable.toml"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
}

/// A comparison of nothing is no agreement.
#[test]
fn what_compares_nothing_does_not_pass() {
    let here = folder();
    let base = "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = [[0.0, 0.5], [0.5, 0.0]]\n\
                [initial]\nx = { random = \"uniform\", range = [0.0, 2.0] }\n[time]\nstop = 5.0\n";
    let ensemble =
        "[record]\ntrajectories = false\nsummaries = [\"final\"]\n[ensemble]\nmembers = 40\n";
    write(&here, "many.toml", &format!("{base}{ensemble}"));
    succeed(here.path(), &["run", "many.toml"]);
    let one = succeed(here.path(), &["rerun", "many.h5", "--run", "3"]);
    assert!(
        stderr(&one).contains("1 run, ") && stderr(&one).contains(" numbers: the same"),
        "{}",
        stderr(&one)
    );
    let out = nullcline(here.path(), &["rerun", "many.h5", "--run", "40"]);
    assert_eq!(code(&out), 2);
    assert!(stderr(&out).contains("from 0 to 39"), "{}", stderr(&out));

    // Nothing recorded, no finer level, and numbers that are none.
    write(
        &here,
        "none.toml",
        &format!("{base}[record]\nvariables = []\n"),
    );
    let out = nullcline(here.path(), &["convergence", "none.toml"]);
    assert_eq!(code(&out), 2, "{}", stderr(&out));
    assert!(
        stderr(&out).contains("nothing to compare"),
        "{}",
        stderr(&out)
    );
    write(&here, "one.toml", base);
    let finest = ["convergence", "one.toml", "--set", "solver.rtol=1e-14"];
    let out = nullcline(here.path(), &finest);
    assert_eq!(code(&out), 2, "{}", stderr(&out));
    assert!(stderr(&out).contains("no finer level"), "{}", stderr(&out));
    let out = nullcline(here.path(), &["convergence", "one.toml", "--levels", "0"]);
    assert_eq!(code(&out), 2, "{}", stderr(&out));
    write(
        &here,
        "nan.toml",
        "[model]\nfamily = \"equations\"\n[model.state.x]\ndrift = \"-x\"\n[model.observables]\n\
         nothing = \"log(-1 - x^2)\"\n[time]\nstop = 1.0\n[record]\nvariables = []\nobservables = [\"nothing\"]\n",
    );
    let out = nullcline(here.path(), &["convergence", "nan.toml"]);
    assert_eq!(code(&out), 5, "{}", stderr(&out));
    assert!(stdout(&out).contains("not compared"), "{}", stdout(&out));
}
