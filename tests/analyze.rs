//! `nullcline analyze` through the binary, against the closed forms of the reference cases, and the
//! search for equilibria of smooth systems through the library.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use nullcline::analysis::equilibria::AllEquilibria;
use nullcline::archive::provenance::Provenance;
use nullcline::ensemble::analyse::Points;
use nullcline::prelude::*;
use nullcline::{archive, config, models};
use serde_json::Value as Json;
use tempfile::TempDir;

const C3: &str = "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\n\
    weights = [[0.5, -2.0], [3.0, -0.5]]\ndissipation = [1.0, 2.0]\ninput = [2.0, -1.0]\nceiling = [4.0, 6.0]\n";
const C7: &str = "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\n\
    weights = [[0.0, -2.0], [-2.0, 0.0]]\ninput = 1.0\nceiling = 2.0\n";
const BOTH: &str = "[analysis.equilibria]\n[analysis.certificate]\n";

fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.toml"), text).unwrap();
    folder
}

fn nullcline(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin("nullcline"));
    command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn analyze(text: &str) -> (Json, TempDir) {
    let folder = folder(text);
    let output = nullcline(folder.path(), &["analyze", "x.toml", "--json"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    (serde_json::from_slice(&output.stdout).unwrap(), folder)
}

/// Open an archive. A process that a test beside this one starts inherits the lock for an instant.
fn open(path: &Path) -> hdf5::File {
    for _ in 0..500 {
        if let Ok(file) = hdf5::File::open(path) {
            return file;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{} does not open", path.display())
}

fn numbers(value: &Json) -> Vec<f64> {
    match value {
        Json::Array(values) => values.iter().flat_map(numbers).collect(),
        Json::Null => vec![f64::NAN],
        value => vec![value.as_f64().unwrap()],
    }
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
    for (found, expected) in found.iter().zip(expected) {
        let both_nan = found.is_nan() && expected.is_nan();
        assert!(
            both_nan || (found - expected).abs() <= tolerance,
            "{found} {expected}"
        );
    }
}

#[test]
fn the_bistable_pair_has_three_equilibria_for_every_tau() {
    let third = 1.0 / 3.0;
    for (tau, clock) in [
        (1e-3_f64, "fast"),
        (1.0, "fast"),
        (1e3, "slow"),
        (7.0, "fast"),
    ] {
        let text = format!("{C7}timescale = {tau}\nclock = \"{clock}\"\n{BOTH}");
        let (json, _folder) = analyze(&text);
        let found = &json["analyses"]["equilibria"];
        assert_eq!(found["count"], 3);
        close(
            &numbers(&found["x"]),
            &[0.0, 1.0, third, third, 1.0, 0.0],
            1e-14,
        );
        assert_eq!(numbers(&found["stable"]), [1.0, 0.0, 1.0], "tau = {tau}");
        assert_eq!(found["stability"][1], "saddle");
        assert_eq!(found["active_set"][0], serde_json::json!(["floor", "free"]));
        assert_eq!(found["complete"], 1.0);
        // A_ff = -1 and -d of the silent one; A has the eigenvalues 1 and -3.
        let rate = if clock == "fast" { 1.0 / tau } else { 1.0 };
        let free = tau * rate;
        let mut outer = [-free, -rate];
        outer.sort_by(|a, b| b.total_cmp(a));
        let expected = [outer[0], outer[1], free, -3.0 * free, outer[0], outer[1]];
        close(
            &numbers(&found["eigenvalues_re"]),
            &expected,
            1e-12 * rate.max(free),
        );
        let certificate = &json["analyses"]["certificate"];
        assert_eq!(certificate["feasible"], 0.0);
        close(&numbers(&certificate["margin"]), &[-2.0], 1e-6);
        assert!(
            certificate["reason"]
                .as_str()
                .unwrap()
                .contains("not a P-matrix")
        );
    }
}

#[test]
fn the_pair_of_c3_is_certified_and_has_one_equilibrium() {
    let (json, folder) = analyze(&format!("{C3}{BOTH}"));
    let found = &json["analyses"]["equilibria"];
    close(&numbers(&found["x"]), &[28.0 / 29.0, 22.0 / 29.0], 1e-14);
    // x^2 + 3 x + 7.25 = 0.
    close(&numbers(&found["eigenvalues_re"]), &[-1.5; 2], 1e-12);
    close(
        &numbers(&found["eigenvalues_im"]),
        &[5_f64.sqrt(), -(5_f64.sqrt())],
        1e-12,
    );
    assert_eq!(found["stability"][0], "stable_focus");
    let certificate = &json["analyses"]["certificate"];
    assert_eq!(
        (&certificate["feasible"], &certificate["reason"]),
        (&1.0.into(), &"".into())
    );
    let p = numbers(&certificate["p"]);
    close(&[p[0] / p[1], p[0] + p[1]], &[1.5, 2.0], 1e-12);
    close(&numbers(&certificate["rate"]), &[0.5], 1e-12);
    close(&numbers(&certificate["bound"]), &[0.5], 1e-6);
    // PA + A'P = -diag(3, 10) for P = diag(3, 2), which is 2.5 times this one.
    close(&numbers(&certificate["margin"]), &[1.2], 1e-12);

    let file = open(&folder.path().join("x.analysis.h5"));
    let group = file.group("analysis/equilibria").unwrap();
    assert_eq!(group.dataset("x").unwrap().shape(), [1, 2]);
    assert_eq!(
        group
            .dataset("count")
            .unwrap()
            .read_scalar::<i64>()
            .unwrap(),
        1
    );
    let p: Vec<f64> = file
        .dataset("analysis/certificate/p")
        .unwrap()
        .read_raw()
        .unwrap();
    close(&p, &[1.2, 0.8], 1e-12);
    assert!(file.dataset("config/source").is_ok() && file.dataset("provenance/version").is_ok());
}

#[test]
fn every_reason_for_no_certificate_is_told() {
    for (weights, reason) in [
        (
            "[[1.5, 0.0], [0.0, 0.0]]",
            "the diagonal entry 0.5 at neuron 0",
        ),
        ("[[0.0, -2.0], [-2.0, 0.0]]", "det(-A) = -3.000e0"),
        // Cyclic inhibition of 2.1: A has an eigenvalue 0.05 + ..., all minors of -A are positive.
        (
            "[[0.0, 0.0, -2.1], [-2.1, 0.0, 0.0], [0.0, -2.1, 0.0]]",
            "an eigenvalue with real part 5.000e-2",
        ),
    ] {
        let text = format!(
            "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = {weights}\n[analysis.certificate]\n"
        );
        let (json, _folder) = analyze(&text);
        let found = &json["analyses"]["certificate"];
        assert_eq!(found["feasible"], 0.0);
        let told = found["reason"].as_str().unwrap();
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn a_sweep_has_its_axes_in_front_and_pads_with_nan() {
    let sweep = "[sweep.axes]\n\"model.parameters.input[0]\" = [-1.0, 1.0, 3.0]\n\
        \"model.parameters.weights\" = { name = \"w\", values = [[[0.0, -2.0], [-2.0, 0.0]], [[0.0, -0.5], [-0.5, 0.0]]] }\n";
    let (json, folder) = analyze(&format!("{C7}{BOTH}{sweep}"));
    assert_eq!(json["points"], 6);
    let file = open(&folder.path().join("x.analysis.h5"));
    let group = file.group("analysis/equilibria").unwrap();
    let counts: Vec<i64> = group.dataset("count").unwrap().read_raw().unwrap();
    assert_eq!(counts, [1, 1, 3, 1, 1, 1]);
    let x = group.dataset("x").unwrap();
    assert_eq!(x.shape(), [3, 2, 3, 2]);
    let x: Vec<f64> = x.read_raw().unwrap();
    // u = (3, 1): the first neuron is at its ceiling and silences the second, or nearly so.
    close(
        &x[24..30],
        &[2.0, 0.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN],
        1e-14,
    );
    close(&x[30..32], &[2.0, 0.0], 1e-14);
    let stable: Vec<f64> = group.dataset("stable").unwrap().read_raw().unwrap();
    close(&stable[6..9], &[1.0, 0.0, 1.0], 0.0);
    assert!(stable[4].is_nan());
    let feasible: Vec<f64> = file
        .dataset("analysis/certificate/feasible")
        .unwrap()
        .read_raw()
        .unwrap();
    assert_eq!(feasible, [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    let axis: Vec<f64> = file.dataset("input_0").unwrap().read_raw().unwrap();
    assert_eq!(axis, [-1.0, 1.0, 3.0]);
}

#[test]
fn members_with_weights_of_their_own_are_points() {
    let text = "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\n\
        weights = { random = \"diagonally-stable\", size = 12, redraw = \"member\" }\ninput = 1.0\n\
        [ensemble]\nmembers = 20\n[analysis.equilibria]\n[analysis.certificate]\n";
    let (_, folder) = analyze(text);
    let file = open(&folder.path().join("x.analysis.h5"));
    let count: Vec<i64> = file
        .dataset("analysis/equilibria/count")
        .unwrap()
        .read_raw()
        .unwrap();
    assert_eq!(count, [1; 20]);
    let feasible = file.dataset("analysis/certificate/feasible").unwrap();
    assert_eq!(feasible.read_raw::<f64>().unwrap(), [1.0; 20]);
    assert_eq!(file.dataset("member").unwrap().shape(), [20]);
}

#[test]
fn an_existing_result_is_kept_and_a_file_without_tables_is_refused() {
    let (_, folder) = analyze(&format!("{C3}{BOTH}"));
    let again = nullcline(folder.path(), &["analyze", "x.toml"]);
    assert_eq!(again.status.code(), Some(4));
    let again = nullcline(folder.path(), &["analyze", "x.toml", "--force"]);
    assert_eq!(again.status.code(), Some(0));
    let table = String::from_utf8(again.stdout).unwrap();
    assert!(
        table.contains("stable focus") && table.contains("0.965517"),
        "{table}"
    );
    let elsewhere = nullcline(
        folder.path(),
        &["analyze", "x.toml", "-o", "y.h5", "--quiet"],
    );
    assert!(elsewhere.stderr.is_empty() && folder.path().join("y.h5").exists());

    std::fs::write(folder.path().join("none.toml"), C3).unwrap();
    let none = format!("{C3}[time]\nstop = 1.0\n");
    std::fs::write(folder.path().join("none.toml"), none).unwrap();
    let output = nullcline(folder.path(), &["analyze", "none.toml"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("[analysis.equilibria], [analysis.certificate]"),
        "{told}"
    );
}

#[test]
fn a_run_says_who_does_the_analyses_and_needs_time() {
    let folder = folder(&format!("{C3}{BOTH}"));
    let output = nullcline(folder.path(), &["run", "x.toml"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("nothing of how long to run") && told.contains("needs [time]"),
        "{told}"
    );
    assert_eq!(
        nullcline(folder.path(), &["check", "x.toml"]).status.code(),
        Some(0)
    );
    let text = format!("{C3}[time]\nstop = 1.0\n{BOTH}");
    std::fs::write(folder.path().join("x.toml"), text).unwrap();
    let output = nullcline(folder.path(), &["run", "x.toml"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("`nullcline analyze`"), "{told}");
    let check = nullcline(folder.path(), &["check", "x.toml"]);
    let plan = String::from_utf8(check.stdout).unwrap();
    assert!(
        plan.contains("Analyses") && plan.contains("certificate"),
        "{plan}"
    );
}

#[test]
fn points_without_an_answer_keep_their_place() {
    let text = format!("{C7}{BOTH}[sweep.axes]\n\"model.parameters.input[0]\" = [1.0, 3.0]\n");
    let path = Path::new("x.toml");
    let experiment = config::load_text(&text, path, &[], &models::registry()).unwrap();
    let points = Points::new(&experiment);
    let mut answers = points.answers();
    answers[0].points[0] = Err("of the weather".into());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("y.h5");
    let provenance = Provenance::now("", String::new());
    archive::analysis::write(
        &path,
        &experiment,
        points.plan(),
        false,
        &answers,
        &provenance,
    )
    .unwrap();
    let file = open(&path);
    let count: Vec<i64> = file
        .dataset("analysis/equilibria/count")
        .unwrap()
        .read_raw()
        .unwrap();
    assert_eq!(count, [-1, 1]);
    let x: Vec<f64> = file
        .dataset("analysis/equilibria/x")
        .unwrap()
        .read_raw()
        .unwrap();
    close(&x, &[f64::NAN, f64::NAN, 2.0, 0.0], 1e-14);
    let told: hdf5::types::VarLenUnicode = file
        .dataset("health/diagnosis")
        .unwrap()
        .read_scalar()
        .unwrap();
    assert_eq!(told.as_str(), "equilibria, point 0: of the weather\n");
}

#[test]
fn random_stable_networks_of_three_to_five_neurons_have_one_equilibrium_each() {
    let mut exactly_one = 0;
    for (n, members) in [(3, 102), (4, 102), (5, 101)] {
        let text = format!(
            "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\n\
             weights = {{ random = \"diagonally-stable\", size = {n}, redraw = \"member\" }}\n\
             dissipation = {{ random = \"uniform\", range = [0.5, 3.0], redraw = \"member\" }}\n\
             input = {{ random = \"gaussian\", mean = 0, sd = 2, redraw = \"member\" }}\n\
             ceiling = {{ random = \"uniform\", range = [0.5, 4.0], redraw = \"member\" }}\n\
             [ensemble]\nmembers = {members}\n[analysis.equilibria]\n[analysis.certificate]\n"
        );
        let path = Path::new("x.toml");
        let experiment = config::load_text(&text, path, &[], &models::registry()).unwrap();
        let answers = Points::new(&experiment).answers();
        for (found, certificate) in answers[0].points.iter().zip(&answers[1].points) {
            let found = found.as_ref().unwrap();
            assert_eq!(real(found, "complete"), [1.0]);
            assert_eq!(real(certificate.as_ref().unwrap(), "feasible"), [1.0]);
            exactly_one += usize::from(found.get("count").unwrap().data == Data::Count(vec![1]));
        }
    }
    assert_eq!(exactly_one, 305);
}

/// A smooth system from a function, without a Jacobian of its own.
struct Smooth {
    layout: Layout,
    drift: fn(&[f64], &mut [f64]),
}

impl Smooth {
    fn new(n: usize, drift: fn(&[f64], &mut [f64])) -> Self {
        let x = Variable::new("x", vec![Axis::new("component", n)]);
        Self {
            layout: Layout::new().block(x, 0.0),
            drift,
        }
    }
}

impl System for Smooth {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        (self.drift)(x, dx);
    }
}

fn search(system: &Smooth, ends: [f64; 2]) -> Findings {
    let mut options = Parameters::new();
    options.set("starts", Value::Integer(256));
    options.set_real("box", Array::new(vec![2], ends.to_vec()));
    options.set_real("tolerance", Array::new(vec![], vec![1e-10]));
    let initial = system.layout.start();
    let subject = Subject {
        system,
        parameters: &Parameters::new(),
        options: &options,
        initial: &initial,
        span: None,
        seed: 3,
        integrate: &nullcline::ensemble::trajectory::ByEngine,
    };
    AllEquilibria.run(&subject).unwrap()
}

fn real<'a>(findings: &'a Findings, name: &str) -> &'a [f64] {
    match &findings.get(name).unwrap().data {
        Data::Real(values) => values,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn the_search_finds_the_three_equilibria_of_lorenz() {
    let lorenz = Smooth::new(3, |x, dx| {
        dx[0] = 10.0 * (x[1] - x[0]);
        dx[1] = x[0] * (20.0 - x[2]) - x[1];
        dx[2] = x[0] * x[1] - 8.0 / 3.0 * x[2];
    });
    let findings = search(&lorenz, [-30.0, 30.0]);
    let wing = (8.0 / 3.0 * 19.0_f64).sqrt();
    let expected = [-wing, -wing, 19.0, 0.0, 0.0, 0.0, wing, wing, 19.0];
    close(real(&findings, "x"), &expected, 1e-9);
    // Below the Hopf point (r = 24.74) both wings attract.
    assert_eq!(real(&findings, "stable"), [1.0, 0.0, 1.0]);
    // At the origin: -8/3 and the roots of y^2 + 11 y + 10 (1 - 20) = 0.
    let root = (121.0_f64 + 760.0).sqrt();
    let expected = [0.5 * (-11.0 + root), -8.0 / 3.0, 0.5 * (-11.0 - root)];
    close(&real(&findings, "eigenvalues_re")[3..6], &expected, 1e-6);
    assert!(real(&findings, "complete") == [0.0] && findings.remarks[0].contains("may be others"));
}

#[test]
fn a_product_of_wells_has_three_to_the_n_equilibria() {
    // x_i' = x_i - x_i^3, each alone: 3^3 states, stable where no component is 0.
    let wells = Smooth::new(3, |x, dx| {
        for (dx, x) in dx.iter_mut().zip(x) {
            *dx = x - x.powi(3);
        }
    });
    let findings = search(&wells, [-1.5, 1.5]);
    let x = real(&findings, "x");
    assert_eq!(x.len(), 27 * 3);
    for (x, stable) in x.chunks(3).zip(real(&findings, "stable")) {
        assert!(x.iter().all(|x| (x - x.round()).abs() < 1e-9), "{x:?}");
        assert_eq!(*stable == 1.0, x.iter().all(|x| x.abs() > 0.5));
    }
}

#[test]
fn a_system_without_equilibria_has_none() {
    let findings = search(
        &Smooth::new(1, |x, dx| dx[0] = 1.0 + x[0] * x[0]),
        [-5.0, 5.0],
    );
    assert!(real(&findings, "x").is_empty());
    assert_eq!(findings.get("count").unwrap().data, Data::Count(vec![0]));
}

/// C2: the network follows the projected flow down to x_c and then decays; the largest distance is at the time when the
/// projected flow hits the floor, and its ratio to tau tends to 1 / (2 e).
#[test]
fn the_distance_to_the_fast_limit_falls_with_the_timescale() {
    let text = "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = [[0.5]]\ndissipation = 2.0\n\
                input = -1.0\nceiling = 10.0\n[initial]\nx = [1.0]\n[time]\nstop = 2.0\n\
                [analysis.limit]\nfast = [0.3, 0.1, 0.03, 0.01, 0.001]\n";
    let (json, folder) = analyze(text);
    let found = &json["analyses"]["limit"];
    let printed = [
        0.062344353,
        0.019115458,
        0.005581098,
        0.001846325,
        0.000184009,
    ];
    close(&numbers(&found["fast_distance"]), &printed, 0.6e-9);
    let slope = numbers(&found["fast_slope"])[0];
    assert!((slope - 1.0).abs() < 0.05, "{slope}");
    // The slow limit of a silenced neuron is the network itself.
    assert!(numbers(&found["slow_slope"])[0].is_nan());
    let drawn = nullcline(folder.path(), &["plot", "x.analysis.h5", "-o", "x.svg"]);
    assert_eq!(drawn.status.code(), Some(0));
    let picture = std::fs::read_to_string(folder.path().join("x.svg")).unwrap();
    assert!(picture.contains("slope 1.0") && picture.contains("tau"));
    let inspected = nullcline(folder.path(), &["inspect", "x.analysis.h5"]);
    assert!(String::from_utf8_lossy(&inspected.stdout).contains("analyses  limit"));
}

/// C3: the distance to the hard selector at five times, in the slow clock.
#[test]
fn the_distance_to_the_slow_limit_falls_with_the_rate() {
    let text = format!(
        "{C3}[initial]\nx = [3.0, 0.0]\n[time]\nstop = 4.0\n[analysis.limit]\nslow = [10, 100, 1000]\n"
    );
    let (json, _folder) = analyze(&text);
    let found = &json["analyses"]["limit"];
    // At all times, events included, it is at least what the reference has at five.
    let distances = numbers(&found["slow_distance"]);
    for (distance, printed) in distances.iter().zip([7.813e-2, 7.498e-3, 7.467e-4]) {
        assert!(
            (0.999..2.0).contains(&(distance / printed)),
            "{distance} for {printed}"
        );
    }
    let slope = numbers(&found["slow_slope"])[0];
    assert!((slope + 1.0).abs() < 0.05, "{slope}");
    // It never touches the boundary: the fast limit coincides.
    let fast = numbers(&found["fast_distance"]);
    assert!(
        fast[2..].iter().all(|&distance| distance < 3e-9),
        "{fast:?}"
    );
    let unlimited = text.replace("ceiling = [4.0, 6.0]\n", "");
    let (json, _folder) = analyze(&unlimited);
    assert!(numbers(&json["analyses"]["limit"]["slow_distance"])[0].is_nan());
}

#[test]
fn both_limits_have_the_equilibria_of_the_network() {
    for dynamics in ["projected", "hard-selector"] {
        let family = "family = \"linear-threshold\"";
        let text = C7.replace(family, &format!("{family}\ndynamics = \"{dynamics}\""));
        let (json, _folder) = analyze(&format!("{text}[analysis.equilibria]\n"));
        let found = &json["analyses"]["equilibria"];
        let third = 1.0 / 3.0;
        close(
            &numbers(&found["x"]),
            &[0.0, 1.0, third, third, 1.0, 0.0],
            1e-14,
        );
    }
}

#[cfg(not(feature = "sdp"))]
#[test]
fn a_solver_that_was_not_built_in_is_said_to_be_missing() {
    let folder = folder(&format!(
        "{C3}[analysis.certificate]\nsolver = \"clarabel\"\n"
    ));
    let output = nullcline(folder.path(), &["analyze", "x.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("--features sdp"), "{told}");
}
