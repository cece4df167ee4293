//! A formula that stops giving finite numbers is named: the part as written, the operation, the values, and what helps.

use std::path::Path;
use std::process::Command;

use nullcline::engine::integrate::{IntegrationError, Options, Span, integrate};
use nullcline::engine::outcome::{Outcome, Status};
use nullcline::engine::recorder::Samples;
use nullcline::prelude::*;

use super::system;

/// How a run from 0 to 3 ends.
fn ended(system: &dyn System, method: &str, step: Option<f64>, x0: &[f64]) -> Outcome {
    let mut options = Options::new(x0.len(), 1e-6, 1e-9);
    options.step = step;
    options.max_steps = 100_000;
    let span = Span {
        start: 0.0,
        stop: 3.0,
    };
    let mut samples = Samples::at(vec![3.0]);
    let ended = integrate(
        system,
        method,
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    );
    match ended {
        Err(IntegrationError::Failed { outcome, diagnosis }) => {
            assert_eq!(diagnosis, outcome.diagnosis(system));
            *outcome
        }
        other => panic!("it fails: {other:?}"),
    }
}

/// What is said of a run of tsit5.
fn diagnosis(text: &str, x0: &[f64]) -> String {
    let system = system(text);
    let outcome = ended(system.as_ref(), "tsit5", None, x0);
    assert_eq!(outcome.status, Status::NotFinite, "{text}");
    assert!(outcome.state.iter().all(|x| x.is_finite()), "{outcome:?}");
    outcome.diagnosis(system.as_ref())
}

#[track_caller]
fn says(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "`{part}` is not in: {told}");
    }
}

#[test]
fn the_first_operation_without_a_finite_result_is_named() {
    for (drift, x0, parts) in [
        ("1/x", 0.0, ["`1/x` divides 1 by 0", "max(b, 1e-12)"]),
        (
            "x/(exp(x) - 1)",
            0.0,
            ["`x/(exp(x) - 1)` is 0/0", "1/exprel(x)"],
        ),
        (
            "sin(x)/x - 1",
            0.0,
            ["`sin(x)/x` is 0/0", "step beside the hole"],
        ),
        (
            "2 + log(x)",
            0.0,
            ["`log(x)` takes the logarithm of 0", "log(max(u, 1e-300))"],
        ),
        (
            "log10(x - 2)",
            1.0,
            [
                "logarithm of a negative number, -1,",
                "log10(max(u, 1e-300))",
            ],
        ),
        (
            "sqrt(x - 2)",
            1.0,
            ["square root of a negative number, -1,", "sqrt(max(u, 0))"],
        ),
        (
            "x^0.3",
            -2.0,
            ["raises a negative number, -2, to the power 0.3", "abs(u)^p"],
        ),
        (
            "pow(x, -0.5)",
            0.0,
            [
                "`pow(x, -0.5)` raises 0 to the negative power -0.5",
                "max(b, 1e-12)",
            ],
        ),
        (
            "mod(3, x)",
            0.0,
            [
                "`mod(3, x)` takes the remainder of a division by 0",
                "must not be 0",
            ],
        ),
        ("acos(x)", 1.5, ["`acos` of 1.5", "clip(u, -1, 1)"]),
        (
            "exp(x)",
            1000.0,
            [
                "`exp(x)` is larger than the largest number",
                "exp(min(u, 700))",
            ],
        ),
        (
            "exp(x) - exp(2*x)",
            1000.0,
            [
                "difference of two infinite numbers, where `exp(x)` is larger",
                "sigmoid",
            ],
        ),
        (
            "heaviside(-1)*x*log(x)",
            0.0,
            [
                "0 times an infinite number, where `log(x)` takes the logarithm of 0",
                "does not switch the other off",
            ],
        ),
        // An infinite number that becomes finite again is none of it.
        (
            "1/(1 + exp(1000 - x)) + sqrt(x)",
            -1.0,
            ["in the drift of `x`, `sqrt(x)` takes", "with x = -1"],
        ),
    ] {
        let told = diagnosis(&format!("[model.state.x]\ndrift = \"{drift}\""), &[x0]);
        says(&told, &parts);
        says(&told, &["after t = 0 (0 steps): in the drift of `x`"]);
        assert!(!told.contains("rtol"), "{told}");
    }
}

#[test]
fn definitions_and_elements_are_told() {
    let text = "[model.parameters]\nw = [1.0, 2.0, 0.0]\n[model.define]\nrate = \"x[i]/w[i]\"\ntotal = \"sum(j, rate[j])\"\n\
                [model.state.x]\nsize = 3\ndrift = \"-x[i]\"\n[model.state.y]\ndrift = \"total - y\"";
    let told = diagnosis(text, &[1.0, 1.0, 4.0, 0.0]);
    says(
        &told,
        &[
            "in the drift of `y`, `x[i]/w[i]` of the definition `rate` divides 4 by 0",
            "x[i] = 4, i = 2, w[i] = 0",
        ],
    );
    let text = "[model.state.x]\nsize = 3\ndrift = \"1 + log(x[mod(i + 1, 3)])\"";
    let told = diagnosis(text, &[1.0, 0.0, 1.0]);
    says(
        &told,
        &[
            "in the drift of `x[0]`, `log(x[mod(i + 1, 3)])`",
            "x[mod(i + 1, 3)] = 0",
        ],
    );
    let told = diagnosis(
        "[model.parameters]\np = [1.0, 0.0]\n[model.state.x]\ndrift = \"sum(k, 1/p[k])*x\"",
        &[1.0],
    );
    says(&told, &["`1/p[k]` divides 1 by 0, with p[k] = 0, k = 1"]);
}

#[test]
fn a_formula_that_fails_within_the_next_step_is_found_there() {
    // The root is reached at t = 2, and the step over it is made shorter without an end.
    let text = "[model.state.x]\ndrift = \"-sqrt(x)\"";
    let told = diagnosis(text, &[1.0]);
    says(
        &told,
        &[
            "In a step from there, in the drift of `x`, `sqrt(x)` takes the square root of a negative number, -",
        ],
    );
    let system = system(text);
    let fixed = ended(system.as_ref(), "rk4", Some(0.03), &[1.0]);
    says(
        &fixed.diagnosis(system.as_ref()),
        &["`sqrt(x)` takes the square root of a negative number"],
    );
    // An implicit scheme ends by its step.
    let falling = self::system("[model.state.x]\ndrift = \"-sqrt(x) - 0.1\"");
    let outcome = ended(falling.as_ref(), "bdf", None, &[1.0]);
    let told = outcome.diagnosis(falling.as_ref());
    says(
        &told,
        &["`sqrt(x)` takes the square root of a negative number"],
    );
    assert!(!told.contains("NaN"), "{told}");
}

#[test]
fn what_only_grows_is_asked_whether_it_should() {
    let system = system("[model.state.x]\ndrift = \"x^2\"");
    let outcome = ended(system.as_ref(), "rk4", Some(0.01), &[1.0]);
    assert_eq!(outcome.status, Status::NotFinite);
    let told = outcome.diagnosis(system.as_ref());
    says(
        &told,
        &[
            "its last finite value was",
            "`x^2` is larger than the largest number",
            "Does the model blow up there?",
        ],
    );
    let outcome = ended(system.as_ref(), "tsit5", None, &[1.0]);
    assert_eq!(outcome.status, Status::StepUnderflow);
    says(
        &outcome.diagnosis(system.as_ref()),
        &["The model may blow up"],
    );
}

#[test]
fn noise_and_its_derivative_are_asked_as_well() {
    let told = |text: &str, method: &str, x0: &[f64]| {
        let system = system(text);
        let outcome = ended(system.as_ref(), method, Some(0.01), x0);
        assert_eq!(outcome.status, Status::NotFinite, "{text}");
        outcome.diagnosis(system.as_ref())
    };
    let square_root = "[model.parameters]\nk = 1.0\nm = 0.05\ns = 0.5\n[model.state.x]\ndrift = \"k*(m - x)\"\n\
                       diffusion = \"s*sqrt(x)\"";
    let text = told(square_root, "euler-maruyama", &[0.05]);
    says(
        &text,
        &[
            "in the diffusion of `x`, `sqrt(x)` takes the square root of a negative number, -",
            "`sqrt(max(u, 0))` is 0",
        ],
    );
    let general = "[model.state.x]\ndrift = \"-x\"\ndiffusion = \"sqrt(y)\"\n[model.state.y]\ndrift = \"-1\"\n\
                   [solver]\nmethod = \"euler-maruyama\"\nstep = 0.01";
    says(
        &told(general, "euler-maruyama", &[1.0, 0.5]),
        &["in the diffusion of `x`, `sqrt(y)`"],
    );
    let touching = "[model.state.x]\ndrift = \"0.1\"\ndiffusion = \"sqrt(max(x, 0))\"";
    says(
        &told(touching, "milstein", &[0.0]),
        &[
            "the derivative of the diffusion of `x` is not finite",
            "`euler-maruyama`",
        ],
    );
}

#[test]
fn a_reset_that_is_not_finite_leaves_the_state_before() {
    let text = "[model.state.x]\ndrift = \"-1\"\n[[model.guards]]\nname = \"hit\"\nwhen = \"x - 0.5\"\ndirection = \"falling\"\n\
                reset = { x = \"log(x - 1)\" }";
    let told = diagnosis(text, &[1.0]);
    says(
        &told,
        &[
            "in the reset of `x` by the guard `hit`, `log(x - 1)` takes the logarithm of a negative number, -0.5",
        ],
    );
    // Elements as parts, and elements that read each other.
    for coupling in ["", " + 0*sum(j, u[j])"] {
        let text = format!(
            "[model.state.u]\nsize = 3\ndrift = \"1 - i*0.1{coupling}\"\n[[model.guards]]\nname = \"spike\"\n\
             when = \"u[i] - 1\"\nreset = {{ u = \"sqrt(0.5 - u[i])\" }}"
        );
        let told = diagnosis(&text, &[0.0; 3]);
        says(
            &told,
            &[
                "in the reset of `u[0]` by the guard `spike`, `sqrt(0.5 - u[i])`",
                "u[i] = 1, i = 0",
            ],
        );
    }
}

#[test]
fn a_gate_without_its_hole_has_the_right_course() {
    // From scipy with the limits put in, rtol 1e-12.
    let text = "[model.state.v]\ndrift = \"-(v + 67)*0.1\"\n[model.state.m]\ndrift = \"am*(1 - m) - bm*m\"\n[model.define]\n\
                am = \"0.32*4/exprel(-(v + 54)/4)\"\nbm = \"0.28*5/exprel((v + 27)/5)\"";
    let x = super::last(system(text).as_ref(), &[-54.0, 0.0], 10.0);
    assert!(
        (x[0] + 62.217_567_3).abs() < 1e-7 && (x[1] - 0.038_026_6).abs() < 1e-7,
        "{x:?}"
    );
    let written = text
        .replace(
            "0.32*4/exprel(-(v + 54)/4)",
            "0.32*(v + 54)/(1 - exp(-(v + 54)/4))",
        )
        .replace(
            "0.28*5/exprel((v + 27)/5)",
            "0.28*(v + 27)/(exp((v + 27)/5) - 1)",
        );
    let told = diagnosis(&written, &[-54.0, 0.0]);
    says(
        &told,
        &[
            "m became NaN",
            "in the drift of `m`, `0.32*(v + 54)/(1 - exp(-(v + 54)/4))` of the definition `am` is 0/0, with v = -54",
        ],
    );
}

/// What the program says on its two channels, and its exit code.
fn program(folder: &Path, arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.code(),
    )
}

#[test]
fn check_run_inspect_and_the_archive_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = "[model]\nfamily = \"equations\"\n[model.parameters]\na = 1.0\n[model.state.x]\ndrift = \"-x/a\"\n[initial]\nx = 1.0\n\
                [time]\nstop = 1.0\n";
    std::fs::write(at.join("one.toml"), text.replace("a = 1.0", "a = 0.0")).unwrap();
    std::fs::write(
        at.join("sweep.toml"),
        format!("{text}[sweep.axes]\n\"model.parameters.a\" = [2.0, 1.0, 0.0]\n"),
    )
    .unwrap();
    let fault = "in the drift of `x`, `-x/a` divides -1 by 0, with x = 1, a = 0. Keep the divisor away from 0";
    let (_, told, code) = program(at, &["check", "one.toml"]);
    says(
        &told,
        &["warning: the run fails at its start, t = 0: ", fault],
    );
    assert_eq!(code, Some(0));
    let (json, ..) = program(at, &["check", "one.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    says(json["warnings"][0].as_str().unwrap(), &[fault]);
    let (_, told, code) = program(at, &["run", "one.toml", "--quiet"]);
    says(&told, &[fault]);
    assert_eq!(code, Some(1));
    let file = hdf5::File::open(at.join("one.h5")).unwrap();
    let stored = file.dataset("health/diagnosis").unwrap();
    let stored = stored.read_scalar::<hdf5::types::VarLenUnicode>().unwrap();
    says(stored.as_str(), &[fault]);
    // A sweep: the corner is found before, and the run that fails is told.
    let (_, told, _) = program(at, &["check", "sweep.toml"]);
    says(&told, &["t = 0 with model.parameters.a = 0.0: ", fault]);
    let (_, told, code) = program(at, &["run", "sweep.toml", "--quiet"]);
    says(&told, &["1 of 3 runs failed; run 2: x became NaN", fault]);
    assert_eq!(code, Some(1));
    let (json, ..) = program(at, &["run", "sweep.toml", "--json", "--force"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["first_failure"]["run"], 2);
    says(
        json["first_failure"]["diagnosis"].as_str().unwrap(),
        &[fault],
    );
    let (json, ..) = program(at, &["inspect", "sweep.h5", "--json"]);
    says(&json, &[fault]);
    let (_, told, _) = program(
        at,
        &[
            "check",
            "sweep.toml",
            "--set",
            "sweep.axes={\"model.parameters.a\" = [1.0, 2.0]}",
        ],
    );
    assert!(!told.contains("warning"), "{told}");
}
