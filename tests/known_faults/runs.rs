//! Runs that came out wrong, or said nothing of what they missed, each with its closed form, reference or note.

use std::path::Path;

use super::{case, near, nullcline, numbers, text_of};

/// Run a case; its archive, and what it said.
fn run(folder: &Path, name: &str, more: &[&str]) -> (std::path::PathBuf, String) {
    let (path, said, code) = ended(folder, name, more);
    assert_eq!(code, Some(0), "{name}: {said}");
    (path, said)
}

fn ended(folder: &Path, name: &str, more: &[&str]) -> (std::path::PathBuf, String, Option<i32>) {
    let file = case(&format!("{name}.toml")).display().to_string();
    let output = format!("{name}.h5");
    let mut arguments = vec!["run", file.as_str(), "-o", output.as_str(), "--force"];
    arguments.extend(more);
    let ran = nullcline(folder, &arguments);
    // The line breaks of the terminal are none of the message.
    let said = text_of(&ran);
    let words: Vec<&str> = said.split_whitespace().collect();
    let said = words.join(" ");
    (folder.join(output), said, ran.status.code())
}

/// A variable at the sample nearest to a time.
fn at(path: &Path, name: &str, time: f64) -> f64 {
    let (times, values) = (numbers(path, "time"), numbers(path, name));
    let distance = |k: &usize| (times[*k] - time).abs();
    let nearest = (0..times.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    values[nearest.expect("a sample")]
}

#[test]
fn guards_fire_once_whatever_their_reset_does() {
    let folder = tempfile::tempdir().unwrap();
    for method in ["tsit5", "dop853", "rk4", "bdf", "auto"] {
        let step = "solver.step=0.01";
        let method_ = format!("solver.method={method}");
        let mut more = vec!["--set", method_.as_str()];
        if method == "rk4" {
            more.extend(["--set", step]);
        }
        let (path, _) = run(folder.path(), "dose-at-a-time", &more);
        let right = f64::exp(-5.0) + f64::exp(-4.0);
        near(&[at(&path, "x", 5.0)], &[right], 1e-4);
        assert_eq!(numbers(&path, "events/time").len(), 1, "{method}");
        let (path, _) = run(folder.path(), "count-crossings", &more);
        assert_eq!(at(&path, "n", 100.0), 16.0, "{method}");
    }
    let tight = ["--set", "solver.rtol=1e-10", "--set", "solver.atol=1e-16"];
    let (path, _) = run(folder.path(), "timed-reset", &tight);
    let right = f64::exp(-30.0) + f64::exp(-29.8);
    near(&[at(&path, "x", 3000.0)], &[right], 1e-4);
}

#[test]
fn clocks_edges_and_stops_are_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = run(folder.path(), "ticking-guard", &[]);
    // Rising zeros of sin(100 t + 0.1) in (0, 10].
    assert_eq!(numbers(&path, "events/time").len(), 159);
    let (path, _) = run(folder.path(), "pulses-at-listed-times", &[]);
    let right = 50.0 * -f64::exp_m1(-0.01);
    for time in [100.01, 300.01, 700.01] {
        near(&[at(&path, "x", time)], &[right], 1e-8);
    }
    let (path, _) = run(folder.path(), "seconds-since-1970", &[]);
    let (times, found) = (numbers(&path, "time"), numbers(&path, "x"));
    for (t, x) in times.iter().zip(&found) {
        let right = (100.0 * std::f64::consts::PI * (t - 1.7e9)).sin();
        assert!((x - right).abs() < 4.1e-5, "{t}: {x} and {right}");
    }
    let (path, _) = run(folder.path(), "state-at-the-stop", &[]);
    assert!(numbers(&path, "y_final")[0].abs() < 1e-9);
    near(&numbers(&path, "v_final"), &[-31.622_777], 1e-6);
    // (vt/g) arcosh(exp(1000 g/vt^2)), vt = sqrt(1000)
    near(&numbers(&path, "events/time"), &[33.814_700_4], 1e-7);
}

#[test]
fn what_no_step_saw_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (path, said) = run(folder.path(), "narrow-pulse", &[]);
    assert!(
        said.contains("the drift changed for") && said.contains("max_step"),
        "{said}"
    );
    assert!(numbers(&path, "health/unseen_width")[0] > 0.0);
    let (path, said) = run(
        folder.path(),
        "narrow-pulse",
        &["--set", "solver.max_step=0.02"],
    );
    assert!(!said.contains("note:"), "{said}");
    near(
        &[at(&path, "x", 500.2), at(&path, "x", 501.0)],
        &[10.273_701, 4.616_452],
        1e-5,
    );
    let (_, said) = run(folder.path(), "narrow-pulse-missed", &[]);
    assert!(said.contains("runs") && said.contains("max_step"), "{said}");
}

#[test]
fn components_below_their_tolerance_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, said) = run(folder.path(), "femtolitre", &[]);
    assert!(said.contains("solver.atol = { s = 1e-24 }"), "{said}");
    assert_eq!(numbers(&path, "health/below_atol"), [0.0]);
    let (path, said) = run(
        folder.path(),
        "femtolitre",
        &["--set", "solver.atol={ s = 1e-24 }"],
    );
    assert!(!said.contains("note:"), "{said}");
    for (time, right) in [
        (5.0, 5.067_965e-16),
        (9.0, 1.211_105e-16),
        (10.0, 3.385_630e-17),
    ] {
        near(&[at(&path, "s", time)], &[right], 1e-5);
    }
}

#[test]
fn noise_has_tolerances_that_are_usual() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = run(folder.path(), "langevin-defaults", &[]);
    let last = |name: &str| *numbers(&path, name).last().expect("a sample");
    // Four standard errors of a variance of 4000 members: 9 %.
    near(&[last("x_member_variance")], &[0.25], 0.09);
    near(&[last("p_member_variance")], &[1.0], 0.09);
}

#[test]
fn rates_of_noisy_thresholds_are_those_of_siegert() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = run(folder.path(), "noisy-population", &[]);
    let counts = numbers(&path, "n");
    let all: f64 = counts[counts.len() - 200..].iter().sum();
    // 0.54347 per unit of time; 200 cells over 200 units have 21 700 passages, +-0.5 %.
    near(&[all / 200.0 / 200.0], &[0.543_47], 0.015);
}

#[test]
fn a_run_that_ends_with_nan_names_the_formula() {
    let folder = tempfile::tempdir().unwrap();
    for (name, words) in [
        ("gate-with-hole", ["is 0/0, with v = -54", "1/exprel(-x)"]),
        (
            "square-root-noise",
            [
                "takes the square root of a negative number",
                "sqrt(max(u, 0))",
            ],
        ),
        (
            "branch-by-heaviside",
            ["is 0 times an infinite number", "log(max(x, 1e-300))"],
        ),
    ] {
        let (_, said, code) = ended(folder.path(), name, &[]);
        assert_eq!(code, Some(1), "{name}: {said}");
        assert!(
            words.iter().all(|words| said.contains(words)),
            "{name}: {said}"
        );
    }
}

#[test]
fn jumps_of_an_open_system_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = run(folder.path(), "gksl-jump-from-file", &[]);
    let again = nullcline(folder.path(), &["rerun", &path.display().to_string()]);
    assert_eq!(again.status.code(), Some(0), "{}", text_of(&again));
}
