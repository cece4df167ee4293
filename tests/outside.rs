//! A program of one's own: `nullcline new NAME --crate`, built and used as its author would.
//!
//! ```text
//! x' = v,   v' = -w0^2 x - 2 zeta w0 v + a cos(w t)
//! ```
//!
//! The family of the project has a closed form, with which the archives are compared. It is built in the
//! target folder of this build, whose dependencies it shares, so that it takes a minute and no network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use nullcline::archive::reader::Reader;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The target folder of this build.
fn target() -> PathBuf {
    let program = cargo_bin("nullcline");
    program.ancestors().nth(2).unwrap().to_path_buf()
}

fn call(program: impl AsRef<Path>, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program.as_ref())
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Both streams of a call that must succeed.
#[track_caller]
fn succeed(output: &Output) -> (String, String) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{:?}\n{out}\n{err}", output.status);
    (out, err)
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str], code: i32, part: &str) {
    let output = call(cargo_bin("nullcline"), folder, arguments);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    assert!(told.contains(part), "{arguments:?}: {told}");
}

fn new(folder: &Path, arguments: &[&str]) -> String {
    let all = [&["new"], arguments].concat();
    succeed(&call(cargo_bin("nullcline"), folder, &all)).1
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_project_bears_its_name_everywhere() {
    let here = TempDir::new().unwrap();
    let told = new(here.path(), &["pendulum-2", "--crate"]);
    assert!(told.contains("cd pendulum-2 && cargo run"), "{told}");
    let folder = here.path().join("pendulum-2");
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    assert_eq!(manifest["package"]["name"].as_str(), Some("pendulum-2"));
    let path = manifest["dependencies"]["nullcline"]["path"].as_str();
    assert_eq!(
        path.map(Path::new),
        Some(root().canonicalize().unwrap().as_path())
    );
    let main = read("src/main.rs");
    assert!(
        main.contains(".with(&pendulum_2::Pendulum2Family)"),
        "{main}"
    );
    let model = read("src/pendulum_2.rs");
    assert!(model.contains("family = \"pendulum-2\"") && !model.contains("Oscillator"));
    assert!(read("resonance.toml").contains("family = \"pendulum-2\""));
    for file in ["README.md", ".gitignore", "Cargo.toml", "src/main.rs"] {
        assert!(
            !read(file).contains('@'),
            "{file} has a place that was not filled"
        );
    }
    assert_eq!(names(here.path()), ["pendulum-2"]);
}

#[test]
fn the_dependency_is_what_was_asked_for() {
    let here = TempDir::new().unwrap();
    let dependency = |name: &str| -> toml::Value {
        let text = fs::read_to_string(here.path().join(name).join("Cargo.toml")).unwrap();
        text.parse::<toml::Table>().unwrap()["dependencies"]["nullcline"].clone()
    };
    let sources = here.path().join("a copy's sources");
    fs::create_dir(&sources).unwrap();
    fs::create_dir(sources.join(".cargo")).unwrap();
    fs::write(
        sources.join("Cargo.toml"),
        "[package]\nname = \"nullcline\"\n",
    )
    .unwrap();
    fs::write(
        sources.join(".cargo/config.toml"),
        "[env]\nHDF5_DIR = \"/h\"\n",
    )
    .unwrap();
    new(
        here.path(),
        &["one", "--crate", "--path", "a copy's sources"],
    );
    let path = dependency("one")["path"].as_str().map(PathBuf::from);
    assert_eq!(path, Some(sources.canonicalize().unwrap()));
    // How HDF5 is found there holds for the crate as well.
    let settings = fs::read_to_string(here.path().join("one/.cargo/config.toml")).unwrap();
    assert!(settings.contains("HDF5_DIR"));
    new(
        here.path(),
        &["two", "--crate", "--git", "https://example.org/nullcline"],
    );
    let two = dependency("two");
    assert_eq!(two["git"].as_str(), Some("https://example.org/nullcline"));
    if let Some(revision) = two.get("rev") {
        assert_eq!(revision.as_str().unwrap().len(), 40);
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let here = TempDir::new().unwrap();
    let folder = here.path();
    fs::create_dir(folder.join("taken")).unwrap();
    fs::write(folder.join("file"), "mine").unwrap();
    let before = names(folder);
    for name in [
        "My-Model",
        "2d",
        "fn",
        "test",
        "nullcline",
        "linear-threshold",
        "a/..",
        "x.toml",
    ] {
        refused(
            folder,
            &["new", name, "--crate"],
            2,
            "is no name for a crate",
        );
    }
    refused(
        folder,
        &["new", "taken", "--crate"],
        4,
        "taken exists already",
    );
    refused(
        folder,
        &["new", "file", "--crate", "--force"],
        4,
        "file is no folder",
    );
    refused(
        folder,
        &["new", "no/such", "--crate"],
        4,
        "the folder around it does not exist",
    );
    refused(
        folder,
        &["new", "x", "--crate", "--path", "taken"],
        2,
        "no sources of nullcline",
    );
    refused(
        folder,
        &["new", "x", "--crate", "--git", "a\"b"],
        2,
        "no address",
    );
    refused(folder, &["new", "x", "--path", "taken"], 2, "--crate");
    refused(
        folder,
        &["new", "x", "--crate", "--family", "linear-threshold"],
        2,
        "cannot be used",
    );
    assert_eq!(names(folder), before);
    assert!(names(&folder.join("taken")).is_empty());
    assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "mine");
}

#[test]
fn force_writes_over_its_own_files_and_leaves_others() {
    let here = TempDir::new().unwrap();
    let folder = here.path().join("mine");
    new(here.path(), &["mine", "--crate"]);
    fs::write(folder.join("src/main.rs"), "changed").unwrap();
    fs::write(folder.join("src/notes.rs"), "kept").unwrap();
    new(here.path(), &["mine", "--crate", "--force"]);
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    assert!(read("src/main.rs").contains("cli::main") && read("src/notes.rs") == "kept");
    assert_eq!(names(here.path()), ["mine"]);
}

/// A project, built.
struct Project {
    here: TempDir,
    program: PathBuf,
}

impl Project {
    fn build(name: &str) -> Self {
        let here = TempDir::new().unwrap();
        let path = root().to_str().unwrap();
        new(here.path(), &[name, "--crate", "--path", path]);
        let project = Self {
            program: target().join("release").join(name),
            here,
        };
        // The very versions of this build, which are on the disk.
        fs::copy(
            root().join("Cargo.lock"),
            project.folder().join("Cargo.lock"),
        )
        .unwrap();
        project.cargo(&["build", "--release"]);
        project
    }

    fn folder(&self) -> PathBuf {
        fs::read_dir(self.here.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path()
    }

    fn cargo(&self, arguments: &[&str]) -> String {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(arguments)
            .arg("--offline")
            .current_dir(self.folder());
        // What cargo told this test about its own package is not true of the other one.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_")) {
            cargo.env_remove(name);
        }
        cargo
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("CARGO_MANIFEST_PATH");
        let output = cargo.env("CARGO_TARGET_DIR", target()).output().unwrap();
        let (out, err) = succeed(&output);
        out + &err
    }

    fn succeed(&self, arguments: &[&str]) -> (String, String) {
        succeed(&call(&self.program, &self.folder(), arguments))
    }

    fn read(&self, file: &str, name: &str) -> Vec<f64> {
        let file = hdf5::File::open(self.folder().join(file)).unwrap();
        file.dataset(name).unwrap().read_raw().unwrap()
    }
}

/// x and v from rest at 0, for w0 = a = 1 and zeta < 1.
fn from_rest(zeta: f64, w: f64, t: f64) -> [f64; 2] {
    let scale = (1.0 - w * w).powi(2) + (2.0 * zeta * w).powi(2);
    let (p, q) = ((1.0 - w * w) / scale, 2.0 * zeta * w / scale);
    let d = (1.0 - zeta * zeta).sqrt();
    // y = exp(-zeta t) (A cos d t + B sin d t) with y(0) = -p, y'(0) = -w q
    let (a, b) = (-p, (-w * q - zeta * p) / d);
    let ((sd, cd), (sw, cw)) = ((d * t).sin_cos(), (w * t).sin_cos());
    let fading = (-zeta * t).exp();
    [
        fading * (a * cd + b * sd) + p * cw + q * sw,
        fading * ((b * d - zeta * a) * cd - (a * d + zeta * b) * sd) + w * (q * cw - p * sw),
    ]
}

#[test]
#[ignore = "builds a crate; .ci/run runs it"]
fn a_program_of_ones_own_has_the_whole_command_line() {
    let project = Project::build("swing");
    let name = "swing";

    // It speaks in its own name.
    let (help, _) = project.succeed(&["--help"]);
    assert!(
        help.contains("swing new pair && swing run pair.toml"),
        "{help}"
    );
    assert!(!help.contains("nullcline new"), "{help}");
    assert!(
        project
            .succeed(&["--version"])
            .0
            .starts_with("swing (nullcline ")
    );
    assert!(
        project
            .succeed(&["help", "rerun"])
            .0
            .contains("  swing rerun sweep.h5")
    );
    let (script, _) = project.succeed(&["completions", "bash"]);
    assert!(
        script.contains("complete -F _swing"),
        "the completions are not of this program"
    );
    let output = call(&project.program, &project.folder(), &["describe", "swin"]);
    assert!(text(&output.stderr).contains("did you mean `swing`"));
    let output = call(&project.program, &project.folder(), &["run", "none.toml"]);
    assert!(
        text(&output.stderr).contains("`swing new NAME`"),
        "{}",
        text(&output.stderr)
    );

    // Its family comes before those of nullcline.
    let (models, _) = project.succeed(&["models"]);
    assert!(
        models.starts_with("swing: ") && models.contains("linear-threshold: "),
        "{models}"
    );
    let (card, _) = project.succeed(&["describe", name]);
    assert!(
        card.contains("drive_frequency") && card.contains("rad/s"),
        "{card}"
    );
    assert!(
        project
            .succeed(&["schema"])
            .0
            .contains("\"drive_frequency\"")
    );
    assert!(project.succeed(&["methods"]).0.contains("tsit5"));

    // An experiment, from the starter to the picture.
    let (_, told) = project.succeed(&["new", "first"]);
    assert!(told.contains("`swing run first.toml`"), "{told}");
    project.succeed(&["check", "first.toml"]);
    project.succeed(&["run", "first.toml"]);
    let [time, x, v] = ["time", "x", "v"].map(|name| project.read("first.h5", name));
    assert_eq!(time.len(), 601);
    let energy = project.read("first.h5", "energy");
    for (i, &t) in time.iter().enumerate() {
        let exact = from_rest(0.1, 0.8, t);
        assert!(
            (x[i] - exact[0]).abs() < 1e-7,
            "x({t}) = {}, not {}",
            x[i],
            exact[0]
        );
        assert!(
            (v[i] - exact[1]).abs() < 1e-7,
            "v({t}) = {}, not {}",
            v[i],
            exact[1]
        );
        assert!((energy[i] - 0.5 * (exact[0].powi(2) + exact[1].powi(2))).abs() < 1e-6);
    }
    let reader = Reader::open(&project.folder().join("first.h5")).unwrap();
    assert_eq!(reader.attribute("family").as_deref(), Some(name));
    drop(reader);
    assert!(
        project
            .succeed(&["inspect", "first.h5"])
            .0
            .contains("swing run first.toml")
    );
    project.succeed(&["plot", "first.h5", "-o", "first.svg", "--variable", "x"]);
    assert!(
        project
            .succeed(&["rerun", "first.h5"])
            .1
            .contains("the same as in first.h5")
    );
    assert!(
        project
            .succeed(&["convergence", "first.toml"])
            .0
            .contains("digits")
    );

    // A sweep, in one go and as shards: the same, and the amplitudes of the book.
    project.succeed(&["run", "resonance.toml"]);
    let (damping, drive) = (
        project.read("resonance.h5", "damping"),
        project.read("resonance.h5", "drive_frequency"),
    );
    let swing = project.read("resonance.h5", "x_max");
    assert_eq!((damping.len(), drive.len(), swing.len()), (3, 21, 63));
    for (i, swing) in swing.iter().enumerate() {
        let (zeta, w) = (damping[i / 21], drive[i % 21]);
        let expected = 1.0 / ((1.0 - w * w).powi(2) + (2.0 * zeta * w).powi(2)).sqrt();
        // What is left of the transient after 150, and the samples beside the summit.
        let off = (swing / expected - 1.0).abs();
        assert!(
            off < 5e-3,
            "zeta = {zeta}, w = {w}: {swing}, not {expected}"
        );
    }
    project.succeed(&["plot", "resonance.h5"]);
    project.succeed(&["rerun", "resonance.h5", "--run", "17"]);
    for shard in ["1", "2"] {
        let (cut, file) = (format!("{shard}/2"), format!("shard-{shard}.h5"));
        project.succeed(&["run", "resonance.toml", "--shard", &cut, "-o", &file]);
    }
    project.succeed(&["merge", "shard-1.h5", "shard-2.h5", "-o", "merged.h5"]);
    project.succeed(&["diff", "resonance.h5", "merged.h5"]);
    project.succeed(&["slurm", "resonance.toml", "--tasks", "4", "--time", "10:00"]);
    let script = fs::read_to_string(project.folder().join("resonance.slurm/array.sbatch")).unwrap();
    assert!(
        script.contains("/swing"),
        "the scripts call another program:\n{script}"
    );

    // General analyses know the model; without its drive it rests at 0.
    let analysis = fs::read_to_string(project.folder().join("first.toml")).unwrap()
        + "\n[analysis.equilibria]\n";
    let analysis = analysis.replace("[model.parameters]", "[model.parameters]\ndrive = 0.0");
    fs::write(project.folder().join("rest.toml"), analysis).unwrap();
    project.succeed(&["analyze", "rest.toml"]);

    // Families of nullcline are there as well, and its own tests pass.
    project.succeed(&["new", "pair", "--family", "linear-threshold"]);
    project.succeed(&["run", "pair.toml"]);
    let tests = project.cargo(&["test", "--release"]);
    assert!(tests.contains("2 passed"), "{tests}");
}
