//! Matrices of jumps and starts from files, and the density matrix as an observable.

use std::path::Path;
use std::process::{Command, Output};

use super::quantum::near;

/// A folder with a lowering operator and a Hamiltonian of ten levels as files.
fn folder_of_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let csv = |name: &str, entry: &dyn Fn(usize, usize) -> f64| {
        let rows = (0..10).map(|i| {
            let row: Vec<String> = (0..10).map(|j| format!("{:?}", entry(i, j))).collect();
            row.join(",")
        });
        let text = rows.collect::<Vec<_>>().join("\n");
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    let lowers = |i: usize, j: usize| if j == i + 1 { (j as f64).sqrt() } else { 0.0 };
    csv("a.csv", &lowers);
    csv("H.csv", &|i, j| {
        let own = if i == j { i as f64 } else { 0.0 };
        own + 0.3 * (lowers(i, j) + lowers(j, i))
    });
    csv("mixed.csv", &|i, j| if i == j { 0.1 } else { 0.0 });
    folder
}

fn in_folder(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_nullcline");
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments);
    command.output().expect("the program starts")
}

const FILES: &str = r#"
[model]
family = "gksl"
[model.parameters]
dimension = 10
hamiltonian = { re = { file = "H.csv" } }
jumps = [ { rate = 0.3, matrix = { re = { file = "a.csv" } } } ]
[initial]
rho = { mixed = { re = { file = "mixed.csv" } } }
[time]
stop = 40.0
[record]
observables = ["rho_re", "population"]
[analysis.steady-state]
"#;

#[test]
fn matrices_of_jumps_and_starts_come_from_files() {
    let folder = folder_of_files();
    let here = folder.path();
    std::fs::write(here.join("x.toml"), FILES).expect("written");
    let ran = in_folder(here, &["run", "x.toml", "--quiet"]);
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    // From the archive alone.
    for name in ["a.csv", "H.csv", "mixed.csv"] {
        std::fs::remove_file(here.join(name)).expect("removed");
    }
    let again = in_folder(here, &["rerun", "x.h5"]);
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.success(), "{told}");
    let reader = nullcline::archive::Reader::open(&here.join("x.h5")).expect("an archive");
    let at_start = reader
        .read_block("population", &[0, 0], &[1, 10])
        .expect("it");
    assert!(at_start.iter().all(|p| (p - 0.1).abs() < 1e-15));
    // Near the coherent state of alpha = -0.3/(1 - 0.15 i) at the end.
    let samples = reader.read("time").expect("it").len();
    let rho = reader
        .read_block("rho_re", &[samples - 1, 0, 0], &[1, 10, 10])
        .expect("it");
    let share = 0.09 / (1.0 + 0.0225);
    near(rho[0], f64::exp(-share), 1e-3, "the ground level");
}

#[test]
fn a_matrix_of_a_jump_that_has_no_file_or_another_shape_is_refused() {
    let folder = folder_of_files();
    let here = folder.path();
    std::fs::write(here.join("small.csv"), "1,0\n0,1\n").expect("written");
    for (file, code, words) in [
        ("none.csv", 4, "the file `none.csv` does not exist"),
        ("small.csv", 2, "`matrix.re` is no matrix of 10 rows"),
    ] {
        let text = FILES.replace("a.csv", file);
        std::fs::write(here.join("x.toml"), text).expect("written");
        let output = in_folder(here, &["check", "x.toml"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains(words) && told.contains("x.toml:7"), "{told}");
    }
}

/// What a block is shown as can be asked for as an observable: it is recorded once.
#[test]
fn the_density_matrix_is_an_observable_of_the_master_equation() {
    let folder = folder_of_files();
    let here = folder.path();
    let all = FILES.replace("[\"rho_re\", \"population\"]", "[\"rho_re\", \"rho_im\"]");
    let alone = FILES.replace("[record]", "[record]\nvariables = []");
    for (name, text) in [("all", all), ("alone", alone)] {
        std::fs::write(here.join("x.toml"), text).expect("written");
        let output = format!("{name}.h5");
        let ran = in_folder(here, &["run", "x.toml", "--quiet", "-o", &output]);
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }
    let read = |name: &str| {
        let reader = nullcline::archive::Reader::open(&here.join(name)).expect("an archive");
        reader.read("rho_re").expect("it")
    };
    assert_eq!(read("all.h5"), read("alone.h5"));
}

/// Dephasing does not touch populations, however fast it is: 2/3 + exp(-3e-6 t)/3, by the matrix of few levels and the action of many.
#[test]
fn fast_dephasing_leaves_populations_alone() {
    for levels in [2, 10] {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "[model]\nfamily = \"gksl\"\n[model.parameters]\ndimension = {levels}\n\
             jumps = [{{ from = 0, to = 1, rate = 1e-6 }}, {{ from = 1, to = 0, rate = 2e-6 }}, {{ dephasing = 1e9 }}]\n\
             [initial]\nrho = {{ basis = 0 }}\n[time]\nstop = 1e7\nsave = [0.0, 1e5, 1e6, 1e7]\n\
             [record]\nobservables = [\"population\"]\n"
        );
        std::fs::write(folder.path().join("x.toml"), text).expect("written");
        for method in ["exponential", "bdf"] {
            let set = format!("solver.method={method}");
            let ran = in_folder(
                folder.path(),
                &["run", "x.toml", "-q", "--force", "--set", &set],
            );
            let said = String::from_utf8_lossy(&ran.stderr);
            assert!(ran.status.success(), "{said}");
            let reader = nullcline::archive::Reader::open(&folder.path().join("x.h5"));
            let reader = reader.expect("an archive");
            let populations = reader.read("population").expect("it");
            for (k, time) in [0.0, 1e5, 1e6, 1e7].into_iter().enumerate() {
                let right = 2.0 / 3.0 + f64::exp(-3e-6 * time) / 3.0;
                let tolerance = if method == "bdf" { 1e-4 } else { 1e-8 };
                near(
                    populations[k * levels],
                    right,
                    tolerance,
                    &format!("{method} of {levels} at {time}"),
                );
            }
        }
    }
}
