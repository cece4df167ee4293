//! Dynamical Bayesian perception from the file to the archive: reference cases, tables, fits, and what the command line says.

mod program;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use program::{array, run};

fn call(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[track_caller]
fn succeed(arguments: &[&str]) -> (String, String) {
    let output = call(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= tolerance,
            "{found} is not {expected}"
        );
    }
}

#[test]
fn reference_cases_come_out_of_archives() {
    let set_a = run("tests/reference/bayesian-perception/set-a.toml");
    let expected = [
        [
            0.668780196,
            0.184144951,
            0.177153443,
            0.822846557,
            0.988166623,
            0.340917286,
        ],
        [
            0.749733710,
            0.229938715,
            0.447969385,
            0.552030615,
            0.938644527,
            0.099937577,
        ],
        [
            0.697978619,
            0.196270139,
            0.250521991,
            0.749478009,
            0.979644594,
            0.241724144,
        ],
    ];
    close(&array(&set_a, "p_second"), expected.as_flattened(), 1e-9);
    assert_eq!(array(&set_a, "trial"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    close(
        &array(&set_a, "belief_variance")[..2],
        &[0.008, (1.0 - 0.738410663) * 0.028227858],
        1e-9,
    );
    // Rule S: the second of three, two percepts per trial.
    close(
        &array(&set_a, "percept")[12..16],
        &[0.42, 0.487307044, 0.5, 0.426158934],
        1e-9,
    );
    let log = run("tests/reference/bayesian-perception/log.toml");
    let expected = [0.686893405, 0.157739838, 0.773855835, 0.204807951];
    close(&array(&log, "p_second"), &expected, 1e-9);
    let history = run("configs/bayesian-perception/history.toml");
    let expected = [0.668780196, 0.514821514, 0.168564986, 0.989631922];
    close(&array(&history, "p_second"), &expected, 1e-9);
}

/// A fit of the sixteen subjects, as an archive.
fn fitted(folder: &Path, more: &[&str]) -> (hdf5::File, String, String) {
    let path = folder.join("fit.h5");
    let name = path.display().to_string();
    let mut arguments = vec![
        "fit",
        "configs/bayesian-perception/fit-subjects.toml",
        "--force",
        "-o",
        &name,
    ];
    arguments.extend(more);
    let (out, err) = succeed(&arguments);
    (hdf5::File::open(&path).unwrap(), out, err)
}

fn read(file: &hdf5::File, name: &str) -> Vec<f64> {
    file.dataset(name)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .read_raw()
        .unwrap()
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (a, b) = (mean(x), mean(y));
    let sum =
        |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| f(x - a, y - b)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

/// A list of numbers in a config.
fn listed(text: &str, key: &str) -> Vec<f64> {
    let table: toml::Table = text.parse().unwrap();
    let axes = table["sweep"]["axes"].as_table().unwrap();
    let values = axes[&format!("model.parameters.{key}")].as_array().unwrap();
    values
        .iter()
        .map(|value| value.as_float().unwrap())
        .collect()
}

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_parameters_of_sixteen_subjects_are_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out, err) = fitted(folder.path(), &[]);
    let text = std::fs::read_to_string(root("configs/bayesian-perception/subjects.toml")).unwrap();
    let (mu, tau, sigma) = (
        listed(&text, "prior_mean"),
        listed(&text, "time_constant"),
        listed(&text, "noise_sd"),
    );
    let w: Vec<f64> = tau.iter().map(|tau| (-1.0 / tau).exp()).collect();
    let noise: Vec<f64> = sigma
        .iter()
        .zip(&w)
        .map(|(s, w)| s * 1.0_f64.hypot(*w))
        .collect();
    for (name, truth, least) in [
        ("prior_mean", &mu, 0.85),
        ("w", &w, 0.85),
        ("sigma_eff", &noise, 0.8),
    ] {
        let found = read(&file, name);
        let r = correlation(&found, truth);
        println!("{name}: correlation {r:.3}");
        assert!(r > least, "{name}: {r}");
        let errors = read(&file, &format!("{name}_se"));
        let drawn = read(&file, &format!("{name}_bootstrap_se"));
        let inside = found.iter().zip(truth).zip(&errors);
        let far = inside
            .filter(|((x, t), e)| (*x - *t).abs() > 3.0 * *e && e.is_finite())
            .count();
        assert!(
            far <= 1,
            "{name}: {far} estimates are three standard errors off"
        );
        // The prior mean is a ratio, whose bootstrap has long tails where w is near 1.
        if name == "prior_mean" {
            continue;
        }
        let ratios = errors
            .iter()
            .zip(&drawn)
            .map(|(e, b)| b / e)
            .filter(|r| r.is_finite());
        assert!(
            ratios.filter(|r| (0.7..1.4).contains(r)).count() >= 13,
            "{name}: {errors:?} {drawn:?}"
        );
    }
    // Whoever shows a large asymmetry rejects "no time-order effect".
    let p = read(&file, "no_effect_p");
    let (mut significant, mut signs) = (0, [0, 0]);
    for (subject, p) in p.iter().enumerate() {
        let z = asymmetry(subject);
        if z.abs() > 1.96 {
            significant += 1;
            signs[usize::from(z > 0.0)] += 1;
        }
        if z.abs() > 4.0 {
            assert!(*p < 0.05, "subject {subject}: z = {z}, p = {p}");
        }
    }
    println!("{significant} of 16 significant, {signs:?} strong-first and weak-first");
    assert!((4..=11).contains(&significant) && signs[0] > 0 && signs[1] > 0);
    assert!(
        out.contains("p no_effect") && err.contains("15: `prior_mean` lies at a bound"),
        "{out}\n{err}"
    );
    let criterion = read(&file, "aic");
    let likelihood = read(&file, "log_likelihood");
    close(
        &criterion,
        &likelihood.iter().map(|l| 6.0 - 2.0 * l).collect::<Vec<_>>(),
        1e-9,
    );
}

/// The z of accuracy weak-first minus strong-first, from the table itself.
fn asymmetry(subject: usize) -> f64 {
    let text = std::fs::read_to_string(root("configs/bayesian-perception/subjects.csv")).unwrap();
    let (mut n, mut right) = ([0.0; 2], [0.0; 2]);
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |k: usize| cells[k].parse::<f64>().unwrap();
        if cells[0] != subject.to_string() || number(3) == number(4) {
            continue;
        }
        let strong_first = number(3) > number(4);
        n[usize::from(strong_first)] += 1.0;
        right[usize::from(strong_first)] += f64::from(u8::from((number(5) == 1.0) != strong_first));
    }
    let (a, b) = (right[0] / n[0], right[1] / n[1]);
    let p = (right[0] + right[1]) / (n[0] + n[1]);
    (a - b) / (p * (1.0 - p) * (1.0 / n[0] + 1.0 / n[1])).sqrt()
}

#[test]
fn the_table_of_trials_is_made_by_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("subjects.csv").display().to_string();
    succeed(&[
        "trials",
        "configs/bayesian-perception/subjects.toml",
        "-o",
        &path,
    ]);
    let shipped = std::fs::read(root("configs/bayesian-perception/subjects.csv")).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), shipped);
    let again = call(&[
        "trials",
        "configs/bayesian-perception/subjects.toml",
        "-o",
        &path,
    ]);
    assert_eq!(again.status.code(), Some(4));
    // The runs of the sweep answered the same.
    let archive = run("configs/bayesian-perception/subjects.toml");
    let responses = array(&archive, "response");
    let text = String::from_utf8(shipped).unwrap();
    let column: Vec<f64> = text
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(responses, column);
}

#[test]
fn a_fit_does_not_depend_on_threads_and_prints_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let few = ["--set", "fit.bootstrap=3", "--json", "-q"];
    let (_, one, _) = fitted(
        folder.path(),
        &[few.as_slice(), &["--threads", "1"]].concat(),
    );
    let (_, two, _) = fitted(
        folder.path(),
        &[few.as_slice(), &["--threads", "2"]].concat(),
    );
    assert_eq!(one, two);
    let value: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!(value["fits"][0]["w"].as_array().unwrap().len(), 16);
    let (_, csv, _) = fitted(folder.path(), &["--csv", "-q", "--set", "fit.bootstrap=0"]);
    assert!(
        csv.starts_with("subject,prior_mean,prior_mean_se,w,w_se"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 17);
}

#[test]
fn data_of_one_s_own_take_the_place_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root("configs/bayesian-perception/subjects.csv")).unwrap();
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("subject") || line.starts_with("3,"))
        .collect();
    let data = folder.path().join("mine.csv");
    std::fs::write(&data, kept.join("\n")).unwrap();
    let data = data.display().to_string();
    let (file, ..) = fitted(folder.path(), &[&data, "--set", "fit.bootstrap=0"]);
    assert_eq!(read(&file, "trials"), [490.0]);
    let names: Vec<hdf5::types::VarLenUnicode> =
        file.dataset("subject").unwrap().read_raw().unwrap();
    assert_eq!(names[0].as_str(), "3");
    let missing = call(&[
        "fit",
        "configs/bayesian-perception/fit-subjects.toml",
        "none.csv",
    ]);
    assert_eq!(missing.status.code(), Some(4));
    let no_table = call(&["fit", "configs/bayesian-perception/pairs.toml"]);
    assert_eq!(no_table.status.code(), Some(2));
}
