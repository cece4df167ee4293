//! Crashes: a writer is killed at random times and at chosen points, and whatever it leaves is either a
//! complete and right archive under its final name, or an unfinished one that opens, says that it is
//! unfinished, holds no wrong number of a finished run, and is gone on with by the next run, to the same
//! numbers. The same for processes that are asked to end.

mod experiments;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nullcline::archive::journal::Journal;
use nullcline::archive::{ArchiveError, Milestone, Reader};
use nullcline::config;
use nullcline::config::experiment::{Checkpoint, Experiment, Save};
use nullcline::ensemble::{self, RunOptions};

const PATH: &str = "NULLCLINE_TEST_PATH";
const KIND: &str = "NULLCLINE_TEST_KIND";
const AT: &str = "NULLCLINE_TEST_AT";
const HERE: &str = "the writer waits here to be killed";

/// A sweep of short runs, some of which fail.
const SWEEP: &str = r#"
[model]
family = "linear-threshold"
[model.parameters]
weights = [[0.5, -2.0], [3.0, -0.5]]
input = [2.0, -1.0]
[initial]
x = { random = "uniform", range = [0.0, 1.0] }
[time]
stop = 60.0
save = 0.6
[record]
summaries = ["mean", "std"]
[sweep.axes]
"model.parameters.weights[0][0]" = [0.5, 3.0]
"model.parameters.input[0]" = { from = 0.0, to = 2.0, count = 60 }
"#;

/// One long run with noise: adaptive steps on a path that stays.
const NOISY: &str = r#"
seed = 5
[model]
family = "equations"
[model.state.x]
size = 3
drift = "x[i] - x[i]^3 + 0.1*sum(j, x[j])"
diffusion = "0.5 + 0.2*sin(x[i])"
[time]
stop = 3000.0
save = 0.01
[solver]
rtol = 1e-3
atol = 1e-3
[noise]
cell = 0.1
[output]
checkpoint = { steps = 3000 }
"#;

/// Every kind of experiment that a child writes.
const KINDS: [&str; 7] = [
    "plain",
    "steps",
    "compressed",
    "long",
    "noisy",
    "sweep",
    "members",
];

/// What a child writes: 22 components, some MiB; or many short runs.
fn experiment(kind: &str, path: &Path) -> Experiment {
    if let Some(text) = match kind {
        "sweep" => Some(SWEEP.replace("count = 60", "count = 720")),
        "members" => Some(SWEEP.replace(
            "[sweep.axes]",
            "[ensemble]\nmembers = 40\nkeep = false\nquantiles = [0.25]\n[sweep.axes]",
        )),
        "noisy" => Some(NOISY.into()),
        _ => None,
    } {
        let name = Path::new("sweep.toml");
        let loaded = config::load_text(&text, name, &[], &nullcline::models::registry());
        let mut experiment = loaded.unwrap();
        experiment.output.path = path.to_path_buf();
        return experiment;
    }
    let mut experiment = experiments::toy(path, 0.1);
    experiment.record.summaries = vec!["mean".into()];
    experiment.time.save = Save::Every(5e-5);
    match kind {
        "plain" => {}
        "compressed" => experiment.output.compression = 1,
        "long" => {
            experiment.solver.method = "rk4".into();
            experiment.solver.step = Some(3e-5);
            experiment.output.checkpoint = Checkpoint::Steps(7_000);
        }
        "steps" => {
            experiment.time.save = Save::Steps;
            experiment.solver.method = "rk4".into();
            experiment.solver.step = Some(5e-5);
        }
        other => panic!("no kind of experiment is called {other}"),
    }
    experiment
}

/// The process that is killed; as a test of its own it has nothing to do.
#[test]
fn child() {
    let Ok(path) = std::env::var(PATH) else {
        return;
    };
    let kind = std::env::var(KIND).unwrap();
    let experiment = experiment(&kind, Path::new(&path));
    let interrupt = std::sync::atomic::AtomicBool::new(false);
    let mut options = RunOptions::new(&interrupt);
    options.hook = |milestone| {
        if std::env::var(AT).is_ok_and(|at| at == format!("{milestone:?}")) {
            println!("{HERE}");
            std::thread::sleep(Duration::from_secs(60));
        }
    };
    match ensemble::run(&experiment, &options, &mut |_| {}) {
        Ok(_) => {}
        Err(error) => {
            eprintln!("error {}: {error}", error.exit_code());
            std::process::exit(40);
        }
    }
}

fn command(kind: &str, path: &Path, at: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture"])
        .env(PATH, path)
        .env(KIND, kind)
        .env(AT, at)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn start(kind: &str, path: &Path) -> Child {
    command(kind, path, "").spawn().unwrap()
}

/// Start a writer, and come back when it waits at the milestone.
fn start_until(kind: &str, path: &Path, at: Milestone) -> Child {
    let mut child = command(kind, path, &format!("{at:?}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reached = output.lines().any(|line| line.unwrap().contains(HERE));
    assert!(reached, "{at:?} was not reached");
    child
}

/// Every number at the root of an archive, as bits.
fn numbers(path: &Path) -> Vec<(String, Vec<u64>)> {
    let reader = Reader::open(path).unwrap();
    let variables = reader.variables().unwrap();
    let bits = |name: &str| {
        reader
            .read(name)
            .unwrap()
            .iter()
            .map(|v| v.to_bits())
            .collect()
    };
    variables
        .iter()
        .filter(|variable| !variable.is_text)
        .map(|variable| (variable.name.clone(), bits(&variable.name)))
        .collect()
}

/// What was found after the kills.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    finished_before: usize,
    journaled: usize,
    resumed_runs: u64,
    from_checkpoint: usize,
    complete: usize,
    unfinished: usize,
    nothing: usize,
    wrong_numbers: usize,
    unreadable: usize,
}

struct Case {
    kind: &'static str,
    path: PathBuf,
    right: Vec<(String, Vec<u64>)>,
}

impl Case {
    fn new(kind: &'static str, folder: &Path) -> Self {
        let path = folder.join(format!("{kind}.h5"));
        assert!(start(kind, &path).wait().unwrap().success());
        let right = numbers(&path);
        std::fs::remove_file(&path).unwrap();
        Self { kind, path, right }
    }

    fn part(&self) -> PathBuf {
        self.path.with_extension("h5.part")
    }

    /// Look at what a killed process left, and go on.
    fn inspect(&self, tally: &mut Tally) {
        if self.path.exists() {
            tally.complete += 1;
            if numbers(&self.path) != self.right {
                tally.wrong_numbers += 1;
            }
            std::fs::remove_file(&self.path).unwrap();
        } else if self.part().exists() {
            tally.unfinished += 1;
            self.inspect_part(tally);
        } else {
            tally.nothing += 1;
        }
        let again = experiment(self.kind, &self.path);
        let report = experiments::run(&again).unwrap();
        assert!(report.complete && report.damaged == 0, "{report:?}");
        tally.resumed_runs += report.resumed;
        tally.from_checkpoint += usize::from(report.from_checkpoint);
        assert!(numbers(&self.path) == self.right, "{}", self.kind);
        std::fs::remove_file(&self.path).unwrap();
        let mut left = std::fs::read_dir(self.path.parent().unwrap()).unwrap();
        assert!(left.next().is_none(), "something was left behind");
    }

    /// An unfinished archive opens; what it tells of a run is right or NaN.
    fn inspect_part(&self, tally: &mut Tally) {
        let reader = match Reader::open(&self.part()) {
            Ok(reader) => reader,
            Err(error) => {
                println!("unreadable: {error}");
                tally.unreadable += 1;
                return;
            }
        };
        let journal = Journal::read(&self.path.with_extension("h5.part.journal")).unwrap();
        let journaled: u32 = journal
            .tasks
            .keys()
            .map(|(_, which)| which.count_ones())
            .sum();
        let status = reader.run_status().unwrap();
        let over = status.iter().filter(|one| *one != "pending").count();
        // Complete in all but its name: the process died between the last mark and the rename.
        assert!(over == status.len() || !reader.is_complete());
        assert!(journaled as usize <= over, "a journaled run is pending");
        tally.journaled += journaled as usize;
        for (name, right) in &self.right {
            let Ok(variable) = reader.variable(name) else {
                tally.unreadable += 1;
                continue;
            };
            let found = match reader.read(name) {
                Ok(found) => found,
                Err(error) => {
                    println!("unreadable: {error}");
                    tally.unreadable += 1;
                    continue;
                }
            };
            // The samples of ragged tracks are still beside the archive.
            let known = !(self.kind == "steps" && variable.dims.contains(&"time".to_string()));
            // What is not NaN is right; and a run that is over has all its numbers.
            let each = found.len() / status.len();
            let per_run = variable.shape.starts_with(reader.run_shape()) && known;
            for (place, (found, right)) in found.iter().zip(right).enumerate() {
                let pending = !per_run || status[place / each.max(1)] == "pending";
                let right = found.to_bits() == *right || pending && found.is_nan();
                tally.wrong_numbers += usize::from(!right && known);
            }
        }
        // Every data set can be read, also by a reader that knows nothing of journals.
        let file = hdf5::File::open(self.part()).unwrap();
        for data_set in file.datasets().unwrap() {
            if data_set.dtype().unwrap().is::<f64>() && data_set.read_raw::<f64>().is_err() {
                tally.unreadable += 1;
            }
        }
    }
}

/// A stream of numbers in [0, 1) that is the same in every run of the test.
fn share(state: &mut u64) -> f64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as f64 / (1_u64 << 31) as f64
}

#[test]
fn killed_writers_leave_no_wrong_and_no_unreadable_file() {
    kill(5, 1);
}

#[test]
#[ignore = "hundreds of kills; .ci/run runs it"]
fn hundreds_of_killed_writers_leave_no_wrong_and_no_unreadable_file() {
    kill(40, 2);
}

/// Kill writers of every kind at the chosen points once, and at `random` random times.
fn kill(random: u32, seed: u64) {
    let mut tally = Tally::default();
    let mut state = seed;
    for kind in KINDS {
        let folder = experiments::folder();
        let case = Case::new(kind, folder.path());
        let (samples, checkpoint) = (
            !matches!(kind, "sweep" | "members"),
            matches!(kind, "long" | "noisy"),
        );
        for at in [
            Milestone::Skeleton,
            Milestone::Samples,
            Milestone::Checkpoint,
            Milestone::Written,
            Milestone::Journaled,
            Milestone::Complete,
            Milestone::Renamed,
        ] {
            if at == Milestone::Samples && !samples || at == Milestone::Checkpoint && !checkpoint {
                continue;
            }
            let mut child = start_until(kind, &case.path, at);
            child.kill().unwrap();
            child.wait().unwrap();
            tally.kills += 1;
            let renamed = case.path.exists();
            assert_eq!(renamed, at == Milestone::Renamed, "{kind} at {at:?}");
            case.inspect(&mut tally);
        }
        let started = Instant::now();
        assert!(start(kind, &case.path).wait().unwrap().success());
        let whole = started.elapsed();
        std::fs::remove_file(&case.path).unwrap();
        for _ in 0..random {
            let mut child = start(kind, &case.path);
            std::thread::sleep(whole.mul_f64(1.1 * share(&mut state)));
            tally.finished_before += usize::from(child.try_wait().unwrap().is_some());
            child.kill().unwrap();
            child.wait().unwrap();
            tally.kills += 1;
            case.inspect(&mut tally);
        }
    }
    println!("{tally:?}");
    assert_eq!((tally.wrong_numbers, tally.unreadable), (0, 0));
    assert!(tally.unfinished >= 25 && tally.complete >= 6, "{tally:?}");
    assert!(
        tally.resumed_runs > 100 && tally.from_checkpoint >= 2,
        "{tally:?}"
    );
}

/// Ask writers to end, by the two signals that people and batch systems send, at random times; the
/// program says 130 and goes on when it is run again.
fn ask(asked: u32, seed: u64) {
    let mut state = seed;
    let mut interrupted = 0;
    let mut finished = 0;
    for kind in ["long", "sweep", "members"] {
        let folder = experiments::folder();
        let path = folder.path().join("asked.h5");
        let text = match kind {
            "long" => {
                SWEEP.split("[sweep.axes]").next().unwrap().to_string()
                    + "[solver]\nmethod = \"rk4\"\nstep = 0.00005\nmax_steps = 10_000_000\n"
            }
            "sweep" => SWEEP.replace("count = 60", "count = 720"),
            _ => SWEEP.replace("[sweep.axes]", "[ensemble]\nmembers = 30\n[sweep.axes]"),
        };
        let config = folder.path().join("asked.toml");
        std::fs::write(&config, text).unwrap();
        let start = || {
            Command::new(env!("CARGO_BIN_EXE_nullcline"))
                .arg("run")
                .arg(&config)
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let started = Instant::now();
        let code = start().wait().unwrap().code();
        let whole = started.elapsed();
        let right = numbers(&path);
        std::fs::remove_file(&path).unwrap();
        for round in 0..asked {
            let child = &mut start();
            std::thread::sleep(whole.mul_f64(0.9 * share(&mut state)));
            let signal = if round % 2 == 0 {
                libc::SIGTERM
            } else {
                libc::SIGINT
            };
            // SAFETY: the process is our child, which has not been waited for.
            unsafe { libc::kill(child.id() as i32, signal) };
            let ended = child.wait().unwrap();
            match ended.code() {
                Some(130) => interrupted += 1,
                // Asked before it listened, or after its end.
                None => {}
                other => assert_eq!(other, code, "{kind}"),
            }
            finished += usize::from(path.exists());
            if !path.exists() {
                assert_eq!(start().wait().unwrap().code(), code, "{kind}");
            }
            assert!(numbers(&path) == right, "{kind} has other numbers");
            std::fs::remove_file(&path).unwrap();
            let left = std::fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(left, 1, "something was left behind");
        }
    }
    println!(
        "asked {}, interrupted {interrupted}, finished {finished}",
        3 * asked
    );
    assert!(interrupted > asked, "most of them should be caught at work");
}

#[test]
fn processes_asked_to_end_go_on_to_the_same_numbers() {
    ask(4, 3);
}

#[test]
#[ignore = "some 50 processes; .ci/run runs it"]
fn many_processes_asked_to_end_go_on_to_the_same_numbers() {
    ask(18, 4);
}

#[test]
fn a_second_process_on_the_same_output_is_refused() {
    let folder = experiments::folder();
    let path = folder.path().join("shared.h5");
    let mut first = start_until("plain", &path, Milestone::Skeleton);
    let error = experiments::run(&experiment("plain", &path)).unwrap_err();
    let reading = Reader::open(&path.with_extension("h5.part"));
    assert!(matches!(reading, Err(ArchiveError::Locked(_))));
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("another process"), "{error}");
    // The lock went with the process.
    let report = experiments::run(&experiment("plain", &path)).unwrap();
    assert!(report.complete);
}

/// A file system of a few MiB, gone when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Only root may make one.
    fn new(folder: &Path, size: &str) -> Option<Self> {
        let made = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder)
            .output();
        match made {
            Ok(output) if output.status.success() => Some(Self(folder.to_path_buf())),
            Ok(output) => {
                println!("no tmpfs: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("no tmpfs: {error}");
                None
            }
        }
    }

    fn grow(&self, size: &str) {
        let grown = Command::new("mount")
            .args(["-o", &format!("remount,size={size}")])
            .arg(&self.0)
            .status();
        assert!(grown.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A disk that fills up in the middle of a sweep keeps what is finished; with more room the same command
/// goes on. Where no small disk can be made, the limit of the other test has to do.
#[test]
fn a_disk_that_fills_up_keeps_what_is_finished() {
    let folder = experiments::folder();
    let right = folder.path().join("right.h5");
    experiments::run(&experiment("sweep", &right)).unwrap();
    let small = folder.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let Some(disk) = SmallDisk::new(&small, "1m") else {
        return;
    };
    let path = small.join("full.h5");
    let error = experiments::run(&experiment("sweep", &path)).unwrap_err();
    println!("{error}");
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("No space left"), "{error}");
    assert!(!path.exists());
    disk.grow("64m");
    let report = experiments::run(&experiment("sweep", &path)).unwrap();
    println!("{} of {} runs were safe", report.resumed, report.runs);
    assert!(report.complete && report.resumed > 100 && report.damaged == 0);
    assert!(numbers(&path) == numbers(&right));
}

#[test]
fn a_full_disk_is_an_error_that_says_so() {
    for kind in ["plain", "steps", "compressed", "sweep", "members"] {
        let folder = experiments::folder();
        let path = folder.path().join("full.h5");
        let child = command(kind, &path, "");
        // A limit on the size of files acts like a disk that fills up.
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""])
            .arg(child.get_program())
            .args(child.get_args())
            .envs(child.get_envs().map(|(key, value)| (key, value.unwrap())))
            .output()
            .unwrap();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(40), "{kind}: {talk}");
        let line = talk
            .lines()
            .find(|line| line.starts_with("error 4: "))
            .unwrap();
        println!("{kind}: {line}");
        assert!(line.contains("File too large"), "{line}");
        assert!(!path.exists());
    }
}
