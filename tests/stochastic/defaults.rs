//! What a stochastic scheme with error control does when the file gives no tolerances.

use std::sync::atomic::AtomicBool;

use nullcline::archive::Reader;
use nullcline::config::{self, experiment::Experiment};
use nullcline::ensemble::{self, RunOptions};
use nullcline::models;

fn load(text: &str, set: &[&str]) -> (Experiment, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let set: Vec<String> = set.iter().map(|one| one.to_string()).collect();
    let text = format!("[model]\nfamily = \"equations\"\n{text}");
    let path = folder.path().join("x.toml");
    let experiment = config::load_text(&text, &path, &set, &models::registry());
    (
        experiment.unwrap_or_else(|error| panic!("{error}\n{text}")),
        folder,
    )
}

fn run(text: &str, set: &[&str]) -> (Reader, tempfile::TempDir) {
    let (experiment, folder) = load(text, set);
    let interrupt = AtomicBool::new(false);
    let report = ensemble::run(&experiment, &RunOptions::new(&interrupt), &mut |_| {}).unwrap();
    assert_eq!(report.failed, 0);
    (Reader::open(&report.path).unwrap(), folder)
}

/// A relaxation that noise drives.
const ONE: &str = "[model.parameters]\ns = 1.0\n[model.state.x]\ndrift = \"-x\"\ndiffusion = \"s\"\n[initial]\nx = 0.0\n\
                   [time]\nstop = 2.0\nsave = 0.5\n";

#[test]
fn tolerances_that_are_not_given_are_those_of_noise() {
    for (set, method, rtol, atol) in [
        (&[][..], "sra1", 1e-3, 1e-3),
        (&["solver.rtol=1e-5"], "sra1", 1e-5, 1e-3),
        (&["solver.atol=1e-6"], "sra1", 1e-3, 1e-6),
        (&["solver.method=sri1"], "sri1", 1e-3, 1e-3),
        (&["model.state.x.diffusion=\"s*x\""], "sri1", 1e-3, 1e-3),
        // Without noise the scheme is deterministic.
        (&["model.parameters.s=0"], "tsit5", 1e-6, 1e-9),
        (
            &["model.parameters.s=0", "solver.method=dop853"],
            "dop853",
            1e-6,
            1e-9,
        ),
    ] {
        let (experiment, _folder) = load(ONE, set);
        let solver = &experiment.solver;
        assert_eq!(
            (solver.method.as_str(), solver.rtol, solver.atol[0]),
            (method, rtol, atol),
            "{set:?}"
        );
        let resolved = &experiment.source.resolved;
        let line = |key: &str| {
            resolved
                .lines()
                .find(|line| line.starts_with(key))
                .unwrap_or_default()
        };
        let given = |key: &str| set.iter().any(|one| one.contains(key));
        for (key, value) in [("rtol", rtol), ("atol", atol)] {
            let origin = if given(key) { "--set" } else { "default" };
            let number = line(key)
                .split_whitespace()
                .nth(2)
                .and_then(|number| number.parse().ok());
            assert!(
                number == Some(value) && line(key).ends_with(origin),
                "{set:?}: {}",
                line(key)
            );
        }
    }
}

#[test]
fn a_table_of_tolerances_leaves_the_other_blocks_at_the_default() {
    let text = "[model.state.x]\ndrift = \"-x\"\ndiffusion = \"1\"\n[model.state.y]\ndrift = \"-y\"\n[initial]\nx = 0.0\ny = 0.0\n\
                [time]\nstop = 1.0\n[solver]\natol = { x = 1e-5 }\n";
    let (experiment, _folder) = load(text, &[]);
    assert_eq!(experiment.solver.atol, [1e-5, 1e-3]);
}

#[test]
fn a_noise_that_is_swept_from_zero_on_has_a_scheme_in_every_run() {
    for axes in [
        "\"model.parameters.s\" = [0.0, 0.5]",
        "\"model.parameters.s\" = [0.5, 0.0]",
        "\"model.parameters.s\" = { from = 0.0, to = 0.5, count = 2 }",
        "\"model.state.x.diffusion\" = [\"0\", \"0.5\"]",
    ] {
        let text = format!("{ONE}[sweep.axes]\n{axes}\n")
            .replace("drift = \"-x\"", "drift = \"-x + 0*s\"");
        let (experiment, _folder) = load(&text, &[]);
        let solver = &experiment.solver;
        assert_eq!(
            (solver.method.as_str(), solver.rtol, solver.atol[0]),
            ("sra1", 1e-3, 1e-3),
            "{axes}"
        );
        let (reader, _folder) = run(&text, &["initial.x=1.0"]);
        let x = reader.read("x").unwrap();
        let still = if axes.contains("[0.5") { 5 } else { 0 };
        // Without noise it is the exponential, to the tolerance; with noise it is not.
        assert!(
            (x[still + 4] - (-2.0_f64).exp()).abs() < 3e-3,
            "{axes}: {x:?}"
        );
        assert!(
            (x[9 - still] - (-2.0_f64).exp()).abs() > 1e-2,
            "{axes}: {x:?}"
        );
    }
    // A scheme that the file names stays.
    let text = format!(
        "{ONE}[solver]\nmethod = \"tsit5\"\n[sweep.axes]\n\"model.parameters.s\" = [0.0]\n"
    );
    assert_eq!(load(&text, &[]).0.solver.method, "tsit5");
    // A sweep without noise keeps its own.
    let text = format!("{ONE}[sweep.axes]\n\"initial.x\" = [0.0, 1.0]\n");
    assert_eq!(load(&text, &["model.parameters.s=0"]).0.solver.rtol, 1e-6);
}

#[test]
fn an_underdamped_particle_has_its_temperature_at_the_defaults() {
    let text = "seed = 1\n[model.parameters]\ng = 1.0\nT = 1.0\nw2 = 4.0\n[model.state.x]\ndrift = \"p\"\n[model.state.p]\n\
                drift = \"-w2*x - g*p\"\ndiffusion = \"sqrt(2*g*T)\"\n[initial]\nx = 0.0\np = 0.0\n[time]\nstop = 30.0\nsave = [15.0, 20.0, 25.0, 30.0]\n\
                [ensemble]\nmembers = 1000\nkeep = false\n";
    let text = text.replacen("seed = 1\n", "", 1);
    let (reader, _folder) = run(&text, &["seed=1"]);
    // T/w2 and T; four times that hardly know of each other give a standard error of (2/4000)^(1/2).
    for (name, exact) in [("x_member_variance", 0.25), ("p_member_variance", 1.0)] {
        let variances = reader.read(name).unwrap();
        let mean = variances.iter().sum::<f64>() / variances.len() as f64;
        assert!(
            (mean / exact - 1.0).abs() < 4.0 * (2.0_f64 / 4000.0).sqrt(),
            "{name}: {mean}"
        );
    }
    // It took 533 722 steps a path with the tolerances of smooth flows.
    let steps = reader.read("run_steps").unwrap();
    assert!(steps.iter().all(|&steps| steps < 2000.0));
}

#[test]
fn a_long_path_does_not_use_up_its_budget() {
    let text = "[model.state.x]\ndrift = \"-x\"\ndiffusion = \"1\"\n[initial]\nx = 0.0\n[time]\nstop = 2000.0\nsave = 0.5\n";
    let (reader, _folder) = run(text, &[]);
    let x = reader.read("x").unwrap();
    let variance = x[100..].iter().map(|x| x * x).sum::<f64>() / (x.len() - 100) as f64;
    // About a thousand independent values of a variance of 1/2.
    assert!((variance - 0.5).abs() < 0.1, "{variance}");
}
