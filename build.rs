//! Tells the program what it was built from: git revision, compiler, target, features. A build outside
//! git, or without git, is no error: the revision is then `unknown`.

use std::path::Path;
use std::process::Command;

fn main() {
    for path in ["build.rs", "Cargo.toml", "src", "models"] {
        println!("cargo:rerun-if-changed={path}");
    }
    // The log of HEAD grows with every commit and checkout, also in a linked work tree.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo:rerun-if-changed={log}");
    }
    set("GIT_REVISION", revision());
    set("RUSTC", output(&var("RUSTC"), &["--version"]));
    set("TARGET", Some(var("TARGET")));
    set("FEATURES", Some(features()));
}

fn set(name: &str, value: Option<String>) {
    let value = value.unwrap_or_else(|| "unknown".into());
    println!("cargo:rustc-env=NULLCLINE_{name}={value}");
}

fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The commit, with `-dirty` if files under git differ from it.
fn revision() -> Option<String> {
    // Inside somebody else's repository (a vendored copy), its revision says nothing about us.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let here = Path::new(&var("CARGO_MANIFEST_DIR")).canonicalize().ok()?;
    if Path::new(&top).canonicalize().ok()? != here {
        return None;
    }
    let dirty = [
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ];
    git(&dirty).or_else(|| git(&["rev-parse", "HEAD"]))
}

fn git(arguments: &[&str]) -> Option<String> {
    output("git", arguments)
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_string())
}

/// The features of the package that are on.
fn features() -> String {
    let mut features: Vec<String> = std::env::vars()
        .filter_map(|(name, _)| name.strip_prefix("CARGO_FEATURE_").map(str::to_lowercase))
        .map(|name| name.replace('_', "-"))
        .collect();
    features.sort();
    if features.is_empty() {
        return "none".into();
    }
    features.join(" ")
}
