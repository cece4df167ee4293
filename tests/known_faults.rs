//! Faults of earlier versions stay mended: inputs that came out wrong, with the right values, through the program; and archives of 0.1.0, of
//! which `inspect` says whether they are concerned.

#[path = "known_faults/runs.rs"]
mod runs;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn case(name: &str) -> PathBuf {
    Path::new(ROOT).join("tests/known_faults").join(name)
}

/// Run the program in a folder.
fn nullcline(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the program prints as JSON; it must end well.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = nullcline(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn numbers(path: &Path, name: &str) -> Vec<f64> {
    let reader = nullcline::archive::Reader::open(path).expect("an archive");
    reader
        .read(name)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Write an experiment file.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn near(found: &[f64], right: &[f64], room: f64) {
    assert_eq!(found.len(), right.len());
    for (a, b) in found.iter().zip(right) {
        assert!((a - b).abs() <= room * b.abs(), "{found:?} {right:?}");
    }
}

#[test]
fn steady_states_and_gaps_are_right_whatever_the_rates_span() {
    let folder = tempfile::tempdir().unwrap();
    let slow = case("steady-state-slow-channel.toml").display().to_string();
    let source = std::fs::read_to_string(&slow).unwrap();
    // Detailed balance: g0 : g1 : e = 1 : 0.5 : 0.01, with a slow channel of 1e-2, 1e-6 and 1e-10 beside 1e8.
    for factor in [1.0, 1e-4, 1e-8] {
        let text = source
            .replace("rate = 0.01", &format!("rate = {:e}", 0.01 * factor))
            .replace("rate = 0.02", &format!("rate = {:e}", 0.02 * factor));
        let name = file(folder.path(), "slow.toml", &text);
        let output = nullcline(
            folder.path(),
            &["analyze", &name, "-o", "slow.h5", "--force", "-q"],
        );
        assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
        let path = folder.path().join("slow.h5");
        let right = [1.0 / 1.51, 0.5 / 1.51, 0.01 / 1.51];
        near(
            &numbers(&path, "analysis/steady-state/population"),
            &right,
            1e-12,
        );
        assert_eq!(numbers(&path, "analysis/steady-state/nullity"), [1.0]);
        // The slow pair relaxes at 0.01 p + 0.02, p = 100/101 the share of g0 beside e.
        let gap = factor * (0.01 * 100.0 / 101.0 + 0.02);
        near(&numbers(&path, "analysis/spectrum/gap"), &[gap], 1e-7);
    }
    // Two blocks that nothing links have two steady states.
    let text = source
        .replace("  { from = \"g0\", to = \"g1\", rate = 0.01 },\n", "")
        .replace("  { from = \"g1\", to = \"g0\", rate = 0.02 },\n", "");
    let name = file(folder.path(), "apart.toml", &text);
    let output = nullcline(folder.path(), &["analyze", &name, "-o", "apart.h5", "-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
    let path = folder.path().join("apart.h5");
    near(
        &numbers(&path, "analysis/steady-state/population"),
        &[1.0 / 1.01, 0.0, 0.01 / 1.01],
        1e-12,
    );
    assert_eq!(numbers(&path, "analysis/steady-state/nullity"), [2.0]);
}

fn text_of(output: &Output) -> String {
    text(&output.stderr)
}

#[test]
fn optimize_leaves_the_stationary_point_near_entropy_zero() {
    let folder = tempfile::tempdir().unwrap();
    for (units, entropy, covariance) in [
        (4, 0.0, 0.5),
        (4, -0.1, 0.5),
        (10, 0.0, 0.5),
        (4, 0.0, 0.0),
        (10, -0.1, 0.3),
    ] {
        let rows: Vec<String> = (0..units)
            .map(|i| {
                let row: Vec<String> = (0..units)
                    .map(|j| {
                        if i == j {
                            "1.0".into()
                        } else {
                            format!("{covariance:?}")
                        }
                    })
                    .collect();
                format!("[{}]", row.join(", "))
            })
            .collect();
        let text = format!(
            "[model]\nfamily = \"lateral-predictive-coding\"\n[model.parameters]\nunits = {units}\nentropy = {entropy:?}\ncovariance = [{}]\n[optimize]\nrestarts = 10\n",
            rows.join(", ")
        );
        let name = file(folder.path(), "o.toml", &text);
        let output = nullcline(
            folder.path(),
            &["optimize", &name, "-o", "o.h5", "--force", "-q"],
        );
        assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
        let path = folder.path().join("o.h5");
        let (energy, bound) = (numbers(&path, "energy")[0], numbers(&path, "bound")[0]);
        assert!(
            (energy / bound - 1.0).abs() < 1e-6,
            "{units} {entropy} {covariance}: {energy} {bound}"
        );
        if (units, entropy, covariance) == (4, 0.0, 0.5) {
            assert!((energy - 2.759_664_62).abs() < 1e-7, "{energy}");
        }
    }
}

#[test]
fn rerun_compares_the_run_that_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let name = case("rerun-nothing.toml").display().to_string();
    json(folder.path(), &["run", &name, "-o", "r.h5", "--json"]);
    for run in ["0", "3", "39"] {
        let verdict = json(folder.path(), &["rerun", "r.h5", "--run", run, "--json"]);
        assert_eq!(verdict["runs"], 1);
        assert!(verdict["numbers"].as_u64().unwrap() > 5, "{verdict}");
        assert_eq!(verdict["different"], 0);
    }
    assert_eq!(
        json(folder.path(), &["rerun", "r.h5", "--json"])["runs"],
        40
    );
    assert_eq!(
        nullcline(folder.path(), &["rerun", "r.h5", "--run", "40"])
            .status
            .code(),
        Some(2)
    );
    // Where only statistics are kept, one run cannot be compared, and all of them can.
    let source = std::fs::read_to_string(case("rerun-nothing.toml")).unwrap();
    let kept = source.replace("members = 40", "members = 40\nkeep = false");
    let name = file(folder.path(), "k.toml", &kept);
    json(folder.path(), &["run", &name, "-o", "k.h5", "--json"]);
    let one = nullcline(folder.path(), &["rerun", "k.h5", "--run", "3"]);
    assert_eq!(one.status.code(), Some(2), "{}", text_of(&one));
    let all = json(folder.path(), &["rerun", "k.h5", "--json"]);
    assert!(
        all["numbers"].as_u64().unwrap() > 40 && all["different"] == 0,
        "{all}"
    );
}

#[test]
fn what_rests_has_no_period() {
    let folder = tempfile::tempdir().unwrap();
    let name = case("period-of-a-rest.toml").display().to_string();
    let path = folder.path().join("p.h5");
    let periods = |set: &[&str]| {
        let mut arguments = vec!["run", &name, "-o", "p.h5", "--force", "--json"];
        set.iter().for_each(|one| arguments.extend(["--set", one]));
        json(folder.path(), &arguments);
        (numbers(&path, "v_period")[0], numbers(&path, "w_period")[0])
    };
    for set in [
        &[][..],
        &["solver.method=dop853"],
        &["solver.method=bdf"],
        &["solver.rtol=1e-3", "solver.atol=1e-3"],
    ] {
        let (v, w) = periods(set);
        assert!(v.is_nan() && w.is_nan(), "{set:?}: {v} {w}");
    }
    // The same nerve under a current oscillates; so does a small oscillation at tight tolerances.
    let (v, w) = periods(&[
        "model.state.w.drift=\"(v + 0.7 - 0.8*w) / 12.5\"",
        "model.state.v.drift=\"v - v^3/3 - w + 0.5\"",
    ]);
    assert!((v - w).abs() < 1e-3 * v && v > 30.0, "{v} {w}");
    let small = "[model]\nfamily = \"equations\"\n[model.state.x]\ndrift = \"y\"\n[model.state.y]\ndrift = \"-x\"\n[initial]\nx = 1e-6\ny = 0.0\n[time]\nstop = 50.0\nsave = 0.01\n[solver]\nrtol = 1e-10\natol = 1e-13\n[record]\nsummaries = [\"period\"]\n";
    let small = file(folder.path(), "small.toml", small);
    json(folder.path(), &["run", &small, "-o", "small.h5", "--json"]);
    let period = numbers(&folder.path().join("small.h5"), "x_period")[0];
    assert!((period - std::f64::consts::TAU).abs() < 1e-3, "{period}");
}

#[test]
fn a_quantity_that_depends_on_a_bound_has_the_error_of_the_bootstrap() {
    let folder = tempfile::tempdir().unwrap();
    for one in ["bias-se-zero.toml", "bias-se-zero.csv"] {
        std::fs::copy(case(one), folder.path().join(one)).unwrap();
    }
    let output = nullcline(folder.path(), &["fit", "bias-se-zero.toml", "-o", "b.h5"]);
    assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
    let path = folder.path().join("b.h5");
    assert!(numbers(&path, "bias_se")[0].is_nan());
    let by_bootstrap = numbers(&path, "bias_bootstrap_se")[0];
    assert!((0.005..0.05).contains(&by_bootstrap), "{by_bootstrap}");
    let table = text(&output.stdout);
    assert!(!table.contains("+- 0.0000"), "{table}");
    assert!(text_of(&output).contains("`bias` depends on an estimate at a bound"));
}

#[test]
fn what_is_set_in_vain_is_an_error_with_the_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    let misspelt = case("set-misspelt-equations-parameter.toml")
        .display()
        .to_string();
    let swept = case("set-on-swept-parameter.toml").display().to_string();
    for (name, set, words) in [
        (
            &misspelt,
            "model.parameters.curent=1",
            "did you mean `current`?",
        ),
        (
            &misspelt,
            "model.parameters.gain=1",
            "nothing uses the parameter `gain`",
        ),
        (
            &swept,
            "model.parameters.a=9",
            "the axis replaces this value in every run",
        ),
        (
            &swept,
            "model.parameters.a.value=9",
            "`value` cannot be set",
        ),
    ] {
        let output = nullcline(folder.path(), &["check", name, "--set", set]);
        assert_eq!(output.status.code(), Some(2), "{set}");
        assert!(
            text_of(&output).replace("\n  │ ", " ").contains(words),
            "{set}: {}",
            text_of(&output)
        );
    }
    assert_eq!(
        nullcline(folder.path(), &["check", &swept, "--set", "time.stop=6"])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn each_verb_says_which_table_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let name = file(
        folder.path(),
        "o.toml",
        "[model]\nfamily = \"lateral-predictive-coding\"\n[model.parameters]\nunits = 4\nentropy = -1.0\n",
    );
    for (verb, table) in [
        ("optimize", "[optimize]"),
        ("fit", "[fit]"),
        ("analyze", "[analysis."),
    ] {
        let output = nullcline(folder.path(), &[verb, &name]);
        assert_eq!(output.status.code(), Some(2));
        let told = text_of(&output);
        assert!(
            told.contains(&format!("no table {table}")) && !told.contains("[time]"),
            "{told}"
        );
    }
}

#[test]
fn lines_of_a_bitmap_stay_within_the_frame() {
    let folder = tempfile::tempdir().unwrap();
    for (name, variable) in [
        ("png-spike-minimal.toml", "x"),
        ("bursting-png.toml", "x"),
        ("sde-default-tolerance.toml", "x"),
    ] {
        let config = case(name).display().to_string();
        json(
            folder.path(),
            &["run", &config, "-o", "p.h5", "--force", "--json"],
        );
        let drawn = nullcline(
            folder.path(),
            &["plot", "p.h5", "--variable", variable, "-o", "p.png"],
        );
        assert_eq!(drawn.status.code(), Some(0), "{}", text_of(&drawn));
        let bytes = std::fs::read(folder.path().join("p.png")).unwrap();
        let mut reader = png::Decoder::new(bytes.as_slice()).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        let (width, height) = (frame.width as usize, frame.height as usize);
        let colored = |x: usize, y: usize| {
            let pixel = &pixels[3 * (y * width + x)..][..3];
            let (least, most) = (pixel.iter().min().unwrap(), pixel.iter().max().unwrap());
            most - least > 60
        };
        let rows: Vec<usize> = (0..height)
            .filter(|&y| (0..width).any(|x| colored(x, y)))
            .collect();
        let columns: Vec<usize> = (0..width)
            .filter(|&x| (0..height).any(|y| colored(x, y)))
            .collect();
        // The title stands above, the numbers of the axes below and to the left.
        assert!(
            rows[0] > height / 20 && *rows.last().unwrap() < height - height / 12,
            "{name}: {} to {} of {height}",
            rows[0],
            rows[rows.len() - 1]
        );
        assert!(columns[0] > width / 40, "{name}");
        assert!(rows.len() > height / 4, "{name}");
    }
}

#[test]
fn archives_of_an_earlier_version_say_whether_they_are_concerned() {
    let concerns = |name: &str| -> Vec<String> {
        let path = Path::new(ROOT).join("tests/archives").join(name);
        let found = json(
            Path::new(ROOT),
            &["inspect", &path.display().to_string(), "--json"],
        );
        let list = found["known_faults"].as_array().expect("a list").clone();
        list.iter()
            .map(|one| one["fault"].as_str().unwrap_or_default().to_string())
            .collect()
    };
    let has = |list: &[String], words: &str| list.iter().any(|one| one.contains(words));
    assert!(has(
        &concerns("0.1.0-dose-at-a-time.h5"),
        "events_accumulate"
    ));
    assert!(has(
        &concerns("0.1.0-state-at-the-stop.h5"),
        "lacked the state at the stop"
    ));
    assert!(has(
        &concerns("0.1.0-slow-channel.h5"),
        "rates span more than 1e9"
    ));
    assert_eq!(concerns("0.1.0-ei-pair.h5"), [""; 0]);
    // One of this version says nothing.
    let folder = tempfile::tempdir().unwrap();
    let name = case("set-on-swept-parameter.toml").display().to_string();
    json(folder.path(), &["run", &name, "-o", "new.h5", "--json"]);
    let found = json(folder.path(), &["inspect", "new.h5", "--json"]);
    assert_eq!(found["known_faults"].as_array().map(Vec::len), Some(0));
    // Swept parameters have the values of their axes.
    assert_eq!(
        numbers(&folder.path().join("new.h5"), "parameters/a"),
        [0.0, 1.0, 2.0]
    );
}
