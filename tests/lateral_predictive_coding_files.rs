//! Lateral predictive coding from the file to the archive: reference numbers, many inputs at once, schemes against each other, optima on one and two
//! threads.

mod program;

use std::path::Path;
use std::process::Command;

use program::{array, run};

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected}"
    );
}

/// Call the program in a folder; standard output.
#[track_caller]
fn call(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn read(path: &Path, name: &str) -> Vec<f64> {
    let file = hdf5::File::open(path).unwrap();
    file.dataset(name)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .read_raw()
        .unwrap()
}

#[test]
fn fixed_weights_have_the_numbers_of_the_table() {
    let archive = run("tests/reference/lateral-predictive-coding/uniform-5.toml");
    for (name, expected) in [
        ("energy", 4.569114335),
        ("entropy", 0.304787540),
        ("response_time", 1.25),
        ("links", 20.0),
    ] {
        let found = array(&archive, name);
        assert_eq!(found.len(), 1, "{name} has no dimension of time");
        close(found[0], expected, 1e-9);
    }
}

#[test]
fn the_exact_detector_detects() {
    let archive = run("tests/reference/lateral-predictive-coding/detector.toml");
    close(array(&archive, "energy")[0], 0.409859020, 1e-6);
    close(array(&archive, "entropy")[0], -2.0, 1e-8);
    close(array(&archive, "free_energy")[0], 0.409859020 + 0.6, 1e-6);
    close(array(&archive, "response_time")[0], 1.0, 1e-12);
    assert_eq!(array(&archive, "detector"), [0.0]);
    assert!(array(&archive, "snr")[0] > 1e12);
    // Nine inputs, which the archive holds, relax to their prediction errors.
    let (x, inputs) = (array(&archive, "x"), array(&archive, "parameters/inputs"));
    assert_eq!((x.len(), inputs.len()), (13 * 18, 18));
    let t = 2.527_658_224_1;
    for (x, s) in x[12 * 18..].chunks(2).zip(inputs.chunks(2)) {
        let steady = [
            (s[0] + t * s[1]) / (1.0 + t * t),
            (s[1] - t * s[0]) / (1.0 + t * t),
        ];
        let size = steady[0].hypot(steady[1]);
        for (x, steady) in x.iter().zip(steady) {
            close(*x, steady, (-6.0_f64).exp() * size * 1.001);
        }
    }
}

const MANY: &str = r#"
seed = 4
[model]
family = "lateral-predictive-coding"
[model.parameters]
units = 12
weights = { random = "antisymmetric" }
entropy = -6.0
features.count = 2
features.law = "laplace"
samples = 21
[time]
stop = 3.0
save = 0.5
"#;

#[test]
fn many_inputs_relax_alike_by_every_scheme() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("many.toml"), MANY).unwrap();
    for method in ["exponential", "dop853", "tsit5", "bdf"] {
        let setting = format!("solver.method=\"{method}\"");
        let name = format!("{method}.h5");
        let mut arguments = vec!["run", "many.toml", "-q", "-o", &name, "--set", &setting];
        if method != "exponential" {
            arguments.extend(["--set", "solver.rtol=1e-9", "--set", "solver.atol=1e-11"]);
        }
        call(path, &arguments, 0);
    }
    let reference = read(&path.join("exponential.h5"), "x");
    assert_eq!(reference.len(), 7 * 21 * 12);
    for (method, tolerance) in [("dop853", 1e-8), ("tsit5", 1e-7), ("bdf", 1e-5)] {
        let found = read(&path.join(format!("{method}.h5")), "x");
        for (a, b) in found.iter().zip(&reference) {
            close(*a, *b, tolerance);
        }
    }
    // One input alone has the bits of its place among many.
    let inputs = read(&path.join("exponential.h5"), "parameters/inputs");
    let weights = read(&path.join("exponential.h5"), "parameters/weights");
    let rows: Vec<String> = weights.chunks(12).map(|row| format!("{row:?}")).collect();
    let text = format!(
        "[model]\nfamily = \"lateral-predictive-coding\"\n[model.parameters]\nweights = [{}]\ninput = {:?}\n\
         [time]\nstop = 3.0\nsave = 0.5\n[solver]\nmethod = \"dop853\"\nrtol = 1e-9\natol = 1e-11\n",
        rows.join(", "),
        &inputs[20 * 12..]
    );
    std::fs::write(path.join("one.toml"), text).unwrap();
    call(path, &["run", "one.toml", "-q"], 0);
    let one = read(&path.join("one.h5"), "x");
    for (k, one) in one.chunks(12).enumerate() {
        let among = &reference[k * 252 + 240..k * 252 + 252];
        for (a, b) in one.iter().zip(among) {
            close(*a, *b, 1e-8);
        }
    }
}

#[test]
fn optima_do_not_depend_on_threads_and_describe_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let text = "seed = 2\n[model]\nfamily = \"lateral-predictive-coding\"\ndynamics = \"learning\"\n[model.parameters]\nunits = 4\n\
                entropy = -3.0\nfeatures.count = 1\nresponse_weight = 3.0\n[optimize]\nrestarts = 4\n";
    std::fs::write(folder.path().join("o.toml"), text).unwrap();
    let json = |threads: &str| {
        let all = [
            "optimize",
            "o.toml",
            "--json",
            "-q",
            "--force",
            "--threads",
            threads,
        ];
        call(folder.path(), &all, 0)
    };
    assert_eq!(json("1"), json("2"));
    let path = folder.path().join("o.optimum.h5");
    assert_eq!(read(&path, "restart_objective").len(), 4);
    close(read(&path, "entropy")[0], -3.0, 1e-12);
    assert_eq!(read(&path, "weights").len(), 16);
    call(folder.path(), &["inspect", "o.optimum.h5"], 0);
    // A complete result is not overwritten; nothing can be run without a time.
    call(folder.path(), &["optimize", "o.toml"], 4);
    call(folder.path(), &["run", "o.toml"], 2);
}
