//! The Python package under `python/`: it installs, it does what it says, and its notebooks run.

use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn python() -> PathBuf {
    let python = root().join("target/python/bin/python");
    assert!(
        python.exists(),
        "the Python that tests the package is missing: run ./setup --tests"
    );
    python
}

/// Run Python with the package at hand.
#[track_caller]
fn run(arguments: &[&Path], package: &Path) {
    let output = Command::new(python())
        .args(arguments)
        .env("PYTHONPATH", package)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("MPLBACKEND", "agg")
        .env("NULLCLINE", cargo_bin("nullcline"))
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}");
}

#[test]
fn pip_installs_the_package_and_it_does_what_it_says() {
    let folder = TempDir::new().unwrap();
    // A copy, because building leaves files beside the sources.
    let (source, target) = (folder.path().join("source"), folder.path().join("target"));
    std::fs::create_dir_all(source.join("nullcline")).unwrap();
    let files = ["__init__.py", "archive.py", "program.py", "py.typed"];
    let files = files.map(|file| format!("nullcline/{file}"));
    for file in files.iter().map(String::as_str).chain(["pyproject.toml"]) {
        std::fs::copy(root().join("python").join(file), source.join(file)).unwrap();
    }
    let output = Command::new(python())
        .args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"])
        .args(["--no-build-isolation", "--target"])
        .args([&target, &source])
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}");
    run(&[&root().join("tests/python/check_package.py")], &target);
}

#[test]
fn the_notebooks_run_from_their_beginning() {
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("python/notebooks")).unwrap() {
        let notebook = entry.unwrap().path();
        if notebook
            .extension()
            .is_some_and(|extension| extension == "ipynb")
        {
            let folder = TempDir::new().unwrap();
            let script = root().join("tests/python/run_notebook.py");
            run(&[&script, &notebook, folder.path()], &root().join("python"));
            count += 1;
        }
    }
    assert!(count >= 2, "only {count} notebooks");
}
