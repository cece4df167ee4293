//! Sweeps as arrays of Slurm: the scripts of `nullcline slurm`, by hand and by a real Slurm of one node.
//!
//! The experiment is one neuron without connections, x' = -x + u from x(0) = 0, swept over u: the merged
//! archive must hold x(1) = u (1 - 1/e). The folder's name has all that a shell could stumble over.
//!
//! What runs every time calls the scripts as Slurm would, with `sbatch` and `squeue` played by a few lines of
//! bash. The real Slurm is started by `tests/slurm/start` inside a temporary folder and stopped by
//! `tests/slurm/stop`; where it cannot be started, the test says why and passes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const RUNS: usize = 40;
const TASKS: usize = 4;

const SWEEP: &str = r#"
[model]
family = "linear-threshold"
[model.parameters]
weights = [[0.0]]
dissipation = 1.0
input = [1.0]
[initial]
x = [0.0]
[time]
stop = 1.0
save = 0.5
[solver]
rtol = 1e-10
atol = 1e-12
max_steps = 100_000_000
[record]
variables = []
summaries = ["final"]
[sweep.axes]
"model.parameters.input[0]" = { from = 0.0, to = 2.0, count = 40 }
"#;

/// A folder with an awkward name, in a temporary one, and the experiment `sweep.toml` in it.
struct Place {
    _outer: TempDir,
    here: PathBuf,
}

impl Place {
    fn new(experiment: &str) -> Self {
        let outer = tempfile::tempdir().unwrap();
        let here = outer.path().join("it's 100% \"mine\" #1");
        fs::create_dir(&here).unwrap();
        fs::write(here.join("sweep.toml"), experiment).unwrap();
        let place = Self {
            _outer: outer,
            here,
        };
        place.pretend(&[]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.here.join(name)
    }

    fn script(&self, name: &str) -> PathBuf {
        self.path("sweep.slurm").join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.script(name)).unwrap_or_default()
    }

    fn state(&self, task: &str) -> String {
        let status = self.text(&format!("status/{task}"));
        status.split(' ').next().unwrap_or_default().to_string()
    }

    fn nullcline(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_nullcline"))
            .current_dir(&self.here)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Programs that stand for Slurm's: they write down how they are called, and the queue holds `queue`.
    fn pretend(&self, queue: &[&str]) {
        let programs = self.path("bin");
        fs::create_dir_all(&programs).unwrap();
        let sbatch = "#!/usr/bin/env bash\nset -eu\nhere=$(dirname \"$0\")\n\
                      echo \"$*\" >>\"$here/calls\"\necho \"$((100 + $(wc -l <\"$here/calls\")));cluster\"\n";
        let squeue = format!("#!/usr/bin/env bash\nprintf '%s' '{}'\n", queue.join("\n"));
        for (name, text) in [("sbatch", sbatch), ("squeue", &squeue)] {
            let program = programs.join(name);
            fs::write(&program, text).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn submit(&self, arguments: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap();
        Command::new(self.script("submit.sh"))
            .args(arguments)
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .output()
            .unwrap()
    }

    /// How `sbatch` was called since the last time.
    fn calls(&self) -> String {
        let path = self.path("bin/calls");
        let calls = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        calls.replace(self.script("").to_str().unwrap(), "")
    }

    fn start_task(&self, task: usize) -> Child {
        Command::new(self.script("array.sbatch"))
            .env("SLURM_ARRAY_TASK_ID", task.to_string())
            .env("SLURM_CPUS_PER_TASK", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run_task(&self, task: usize) -> Option<i32> {
        let output = self.start_task(task).wait_with_output().unwrap();
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        output.status.code()
    }

    fn merge(&self) -> Output {
        Command::new(self.script("merge.sbatch")).output().unwrap()
    }

    fn data(&self, name: &str) -> Vec<f64> {
        let file = hdf5::File::open(self.path("sweep.h5")).unwrap();
        file.dataset(name).unwrap().read_raw().unwrap()
    }

    /// The merged archive holds x(1) = u (1 - 1/e) for every u.
    fn compare_with_mathematics(&self) {
        let x = self.data("x_final");
        assert_eq!(x.len(), RUNS);
        for (run, x) in x.iter().enumerate() {
            let u = 2.0 * run as f64 / (RUNS - 1) as f64;
            let exact = u * (1.0 - (-1.0f64).exp());
            assert!((x - exact).abs() < 1e-9, "run {run}: {x}, not {exact}");
        }
    }
}

#[track_caller]
fn expect(output: &Output, code: i32) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{told}");
    told
}

/// Until it is so, or half a minute has passed.
fn await_that(mut it_is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !it_is_so() {
        if start.elapsed() > Duration::from_secs(30) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

#[test]
fn the_scripts_run_a_sweep_and_repeat_only_what_is_missing() {
    let place = Place::new(SWEEP);
    expect(
        &place.nullcline(&["slurm", "sweep.toml", "--tasks", "4"]),
        0,
    );
    for task in 1..=TASKS {
        assert_eq!(place.run_task(task), Some(0));
        assert_eq!(place.state(&task.to_string()), "complete");
    }
    // A task that is done is left alone; one that is missing is made again.
    let written = |task: usize| {
        let shard = place.script(&format!("shard-{task}.h5"));
        fs::metadata(shard).unwrap().modified().unwrap()
    };
    let before = (written(1), written(2));
    fs::remove_file(place.script("shard-2.h5")).unwrap();
    assert_eq!((place.run_task(1), place.run_task(2)), (Some(0), Some(0)));
    assert_eq!(written(1), before.0);
    assert_ne!(written(2), before.1);

    expect(&place.merge(), 0);
    assert_eq!(place.state("merge"), "complete");
    place.compare_with_mathematics();
}

#[test]
fn a_shard_with_failed_runs_is_merged() {
    // With the weight 2000, x grows like exp(1999 t).
    let axis = "\"model.parameters.weights[0][0]\" = [0.0, 0.5, 2000.0]";
    let place = Place::new(&(SWEEP.split("\"model").next().unwrap().to_string() + axis));
    expect(
        &place.nullcline(&["slurm", "sweep.toml", "--tasks", "2"]),
        0,
    );
    assert_eq!((place.run_task(1), place.run_task(2)), (Some(0), Some(0)));
    let states = [place.state("1"), place.state("2")];
    assert!(
        states.contains(&"complete-with-failed-runs".into()),
        "{states:?}"
    );
    expect(&place.merge(), 0);
    assert_eq!(place.state("merge"), "complete-with-failed-runs");
    // x' = -x / 2 + 1 for the second.
    let x = place.data("x_final");
    assert!((x[1] - 2.0 * (1.0 - (-0.5f64).exp())).abs() < 1e-9 && x[2].is_nan());
}

#[test]
fn a_task_that_cannot_run_fails_and_says_so() {
    let place = Place::new(SWEEP);
    expect(
        &place.nullcline(&["slurm", "sweep.toml", "--tasks", "2"]),
        0,
    );
    fs::remove_file(place.path("sweep.toml")).unwrap();
    assert_eq!(place.run_task(1), Some(4));
    assert_eq!(place.state("1"), "failed-with-4");
    assert_eq!(place.merge().status.code(), Some(4));
    assert_eq!(place.state("merge"), "failed-with-4");
}

/// Slurm warns the script alone (USR1), and ends script and run together (TERM).
#[test]
fn a_warned_task_ends_in_good_order_and_goes_on_later() {
    let place = Place::new(SWEEP);
    let long = ["--set", "time.stop=1000000", "--set", "time.save=1000"];
    let arguments = [
        "slurm",
        "sweep.toml",
        "--tasks",
        "1",
        "--set",
        "solver.rtol=1e-4",
    ];
    expect(&place.nullcline(&[&arguments[..], &long[..]].concat()), 0);
    let task = place.start_task(1);
    let journal = place.script("shard-1.h5.part.journal");
    let length = || fs::metadata(&journal).map_or(0, |file| file.len());
    assert!(await_that(|| length() > 0), "the run has not begun");
    let warning = Command::new("kill")
        .args(["-USR1", &task.id().to_string()])
        .status();
    assert!(warning.unwrap().success());
    let output = task.wait_with_output().unwrap();
    expect(&output, 130);
    assert_eq!(place.state("1"), "interrupted");
    assert!(!place.script("shard-1.h5").exists());

    assert_eq!(place.run_task(1), Some(0));
    // A single task has no shards to put together, and its result is not put over another one.
    expect(&place.merge(), 0);
    assert_eq!(place.merge().status.code(), Some(4));
    for (run, x) in place.data("x_final").iter().enumerate() {
        let u = 2.0 * run as f64 / (RUNS - 1) as f64;
        assert!((x - u).abs() < 1e-2, "run {run}: {x}, not {u}");
    }
}

#[test]
fn what_is_submitted_is_what_is_missing() {
    let place = Place::new(SWEEP);
    expect(
        &place.nullcline(&["slurm", "sweep.toml", "--tasks", "9"]),
        0,
    );
    let output = place.submit(&["--account=a b"]);
    expect(&output, 0);
    assert_eq!(
        place.calls(),
        "--parsable --array=1-9 --account=a b array.sbatch\n\
         --parsable --dependency=afterok:101 --kill-on-invalid-dep=yes --account=a b merge.sbatch\n"
    );
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.starts_with("array 101: tasks 1-9 of 9\nmerge 102: "),
        "{told}"
    );
    assert_eq!(place.text("jobs"), "101\n102\n");

    place.pretend(&["101 sweep"]);
    let told = expect(&place.submit(&[]), 4);
    assert!(told.contains("scancel 101 102"), "{told}");

    place.pretend(&[]);
    for task in [1, 4, 5, 9] {
        fs::write(place.script(&format!("shard-{task}.h5")), "").unwrap();
    }
    expect(&place.submit(&[]), 0);
    assert!(place.calls().contains("--array=2-3,6-8 "));

    for task in 1..=9 {
        fs::write(place.script(&format!("shard-{task}.h5")), "").unwrap();
    }
    expect(&place.submit(&[]), 0);
    assert_eq!(place.calls(), "--parsable merge.sbatch\n");

    fs::write(place.path("sweep.h5"), "").unwrap();
    let told = expect(&place.submit(&[]), 4);
    assert!(told.contains("sweep.h5 exists already"), "{told}");
    assert_eq!(place.calls(), "");
}

#[test]
fn scripts_and_shards_are_not_replaced_by_accident() {
    let place = Place::new(SWEEP);
    let slurm =
        |more: &[&str]| place.nullcline(&[&["slurm", "sweep.toml", "--tasks", "4"], more].concat());
    expect(&slurm(&[]), 0);
    let told = expect(&slurm(&[]), 4);
    assert!(
        told.contains("exists already") && told.contains("--force"),
        "{told}"
    );
    expect(&slurm(&["--force", "--time", "1-12:00:00"]), 0);
    assert!(
        place
            .text("array.sbatch")
            .contains("\n#SBATCH --time=1-12:00:00\n")
    );

    // Shards stay valid under another time limit, and not under another plan or another number of tasks.
    fs::write(place.script("shard-3.h5"), "").unwrap();
    expect(&slurm(&["--force", "--time", "60"]), 0);
    for other in [
        &["slurm", "sweep.toml", "--tasks", "5", "--force"][..],
        &[
            "slurm",
            "sweep.toml",
            "--tasks",
            "4",
            "--force",
            "--set",
            "seed=1",
        ],
    ] {
        let told = expect(&place.nullcline(other), 4);
        assert!(
            told.contains("shard-3.h5") && told.contains("-o DIR"),
            "{told}"
        );
    }
    expect(&slurm(&["-o", "elsewhere", "--set", "seed=1"]), 0);
}

#[test]
fn nothing_is_written_for_what_is_wrong() {
    let place = Place::new(SWEEP);
    for (arguments, reason) in [
        (&["--tasks", "0"][..], "--tasks"),
        (&["--tasks", "4", "--time", "2h"], "H:MIN:SEC"),
        (&["--tasks", "4", "--partition", "a b"], "partition"),
        (&["--tasks", "4", "--threads", "0"], "from 1"),
        (&["--tasks", "4", "--set", "time.stap=2"], "stop"),
        (&["--tasks", "4", "-o", "a\\b"], "backslashes"),
    ] {
        let output = place.nullcline(&[&["slurm", "sweep.toml"], arguments].concat());
        let told = expect(&output, 2);
        assert!(told.contains(reason), "{arguments:?}: {told}");
        assert!(!place.script("").exists() && !place.path("a\\b").exists());
    }
}

#[test]
fn with_json_the_paths_are_data() {
    let place = Place::new(SWEEP);
    let arguments = [
        "slurm",
        "sweep.toml",
        "--tasks",
        "4",
        "--json",
        "-o",
        "jobs",
    ];
    let output = place.nullcline(&arguments);
    expect(&output, 0);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let path = |name: &str| Value::from(place.path(name).to_str().unwrap());
    assert_eq!(told["submit"], path("jobs/submit.sh"));
    assert_eq!(told["array"], path("jobs/array.sbatch"));
    assert_eq!(told["merge"], path("jobs/merge.sbatch"));
    assert_eq!(told["output"], path("sweep.h5"));
    assert_eq!(
        (&told["tasks"], &told["runs"]),
        (&TASKS.into(), &RUNS.into())
    );
    let printed = Command::new("bash")
        .args([
            "-c",
            &format!("printf %s {}", told["command"].as_str().unwrap()),
        ])
        .output();
    assert_eq!(
        printed.unwrap().stdout,
        told["submit"].as_str().unwrap().as_bytes()
    );
}

/// A Slurm of one node, which ends with this value.
struct Cluster(TempDir);

impl Cluster {
    /// The cluster, or why there is none.
    fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slurm/start"))
            .arg(folder.path())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => Ok(Self(folder)),
            Some(77) => Err(told),
            code => panic!("tests/slurm/start ended with {code:?}: {told}"),
        }
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env("SLURM_CONF", self.0.path().join("slurm.conf"));
        command
    }

    fn queue(&self) -> String {
        let format = "--format=%i %j %T %R";
        let output = self.command("squeue").args(["--noheader", format]).output();
        let output = output.unwrap();
        expect(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stop = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slurm/stop");
        let ended = Command::new(stop).arg(self.0.path()).status();
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!("{stop} {} failed", self.0.path().display());
        }
    }
}

#[test]
#[ignore = "installs and starts a Slurm; .ci/run runs it"]
fn a_real_slurm_runs_the_array_and_then_the_merge() {
    let cluster = match Cluster::start() {
        Ok(cluster) => cluster,
        Err(reason) => {
            println!("not tried on a real Slurm: {reason}");
            return;
        }
    };
    let place = Place::new(SWEEP);
    let arguments = [
        "slurm",
        "sweep.toml",
        "--tasks",
        "4",
        "--time",
        "5",
        "--partition",
        "main",
    ];
    expect(&place.nullcline(&arguments), 0);
    let output = cluster.command(place.script("submit.sh")).output().unwrap();
    expect(&output, 0);
    print!("{}", String::from_utf8_lossy(&output.stdout));
    print!("{}", cluster.queue());
    assert!(
        await_that(|| cluster.queue().is_empty()),
        "{}",
        cluster.queue()
    );

    for task in ["1", "2", "3", "4", "merge"] {
        print!("status/{task}: {}", place.text(&format!("status/{task}")));
    }
    for log in fs::read_dir(place.script("log")).unwrap() {
        let log = log.unwrap();
        let text = fs::read_to_string(log.path()).unwrap();
        println!("log/{}: {text}", log.file_name().display());
    }
    for task in ["1", "2", "3", "4", "merge"] {
        assert_eq!(place.state(task), "complete", "{task}");
    }
    place.compare_with_mathematics();
}
