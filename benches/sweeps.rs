//! What a sweep costs, as ratios in one run of the bench:
//!
//! * the machinery: the program with one thread against the bare library loop over the same runs;
//! * two threads against two processes that share the work as shards;
//! * one thread against a hand-written numba loop of the same scheme at the same tolerances
//!   (`benches/peers_python/sweep_numba.py`; needs numba in the Python that `./setup --tests` made:
//!   `target/python/bin/pip install numba`);
//! * the peak memory of a million short runs with summaries.
//!
//! `cargo bench --bench sweeps`, or a part of it: `-- machinery | threads | numba | memory`.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use nullcline::config;
use nullcline::config::experiment::Experiment;
use nullcline::engine::integrate::{Job, Options, Span, integrate_batch};
use nullcline::engine::outcome::Outcome;
use nullcline::engine::recorder::Recorder;
use nullcline::models;
use nullcline::models::linear_threshold::Network;
use nullcline::prelude::*;

const ROUNDS: usize = 7;

/// How long a run is: so that the numba loop takes about 0.13 ms for one, and 1.3 s for 10 000.
const STOP: f64 = 25.0;

/// 20 neurons with shared random weights, summaries of 101 samples.
fn text(runs: usize, stop: f64) -> String {
    format!(
        "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\n\
         weights = {{ random = \"gaussian\", size = 20, mean = 0.0, sd = 0.15 }}\n\
         input = {{ random = \"uniform\", range = [0.5, 1.5] }}\nceiling = 4.0\n\
         [time]\nstop = {stop:?}\nsave = {:?}\n[solver]\nmethod = \"tsit5\"\nrtol = 1e-8\natol = 1e-10\n\
         [record]\nvariables = []\nsummaries = [\"mean\", \"final\"]\n[sweep.axes]\n\
         \"model.parameters.input[0]\" = {{ from = 0.0, to = 2.0, count = {runs} }}\n",
        stop / 100.0
    )
}

fn load(text: &str) -> Experiment {
    config::load_text(text, Path::new("sweep.toml"), &[], &models::registry()).expect("it is sound")
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_nullcline"))
}

/// Seconds of a whole process, and its peak memory in MiB.
#[expect(
    clippy::zombie_processes,
    reason = "it is waited for by the call that tells its memory"
)]
fn process(mut command: Command) -> (f64, f64) {
    let before = Instant::now();
    let child = command.spawn().expect("it starts");
    let mut status = 0;
    // SAFETY: `rusage` is plain numbers, for which zeros are a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the process is our child; both pointers are to variables that outlive the call.
    unsafe { libc::wait4(child.id() as i32, &mut status, 0, &mut usage) };
    assert_eq!(status, 0, "the process failed");
    (
        before.elapsed().as_secs_f64(),
        usage.ru_maxrss as f64 / 1024.0,
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn run(folder: &Path, threads: usize, more: &[&str]) -> Command {
    let mut command = program();
    command
        .current_dir(folder)
        .args(["run", "sweep.toml", "--quiet", "--force", "--threads"])
        .arg(threads.to_string())
        .args(more);
    command
}

/// The mean and the last sample, as the summaries have them.
struct Mean {
    run: usize,
    next: usize,
    step: f64,
    mean: Vec<f64>,
    last: Vec<f64>,
}

impl Recorder for Mean {
    fn next_time(&self) -> f64 {
        match self.next {
            0..100 => self.next as f64 * self.step,
            100 => 100.0 * self.step,
            _ => f64::INFINITY,
        }
    }

    fn record(&mut self, _t: f64, x: &[f64]) {
        self.next += 1;
        let count = self.next as f64;
        for (mean, &x) in self.mean.iter_mut().zip(x) {
            *mean += (x - *mean) / count;
        }
        self.last.copy_from_slice(x);
    }
}

/// The same runs by the library alone, in memory.
fn bare(experiment: &Experiment, runs: usize) -> f64 {
    let parameters = &experiment.parameters;
    let weights = parameters.array("weights");
    let n = weights.shape[0];
    let base = Network::new(Arc::new(PackedMatrix::new(n, n, &weights.data)))
        .ceiling(parameters.vector("ceiling"));
    let input = parameters.vector("input");
    let options = Options::new(n, experiment.solver.rtol, experiment.solver.atol[0]);
    let time = &experiment.time;
    let mut total = 0.0;
    for block in (0..runs).step_by(64) {
        let networks: Vec<Network> = (block..runs.min(block + 64))
            .map(|run| {
                let mut own = input.to_vec();
                own[0] = 2.0 * run as f64 / (runs - 1) as f64;
                base.clone().input(&own)
            })
            .collect();
        let mut jobs = networks.iter().enumerate().map(|(run, network)| {
            let span = Span {
                start: time.start,
                stop: time.stop,
            };
            let recorder = Mean {
                run,
                next: 0,
                step: time.stop / 100.0,
                mean: vec![0.0; n],
                last: vec![0.0; n],
            };
            (
                network as &dyn System,
                Job::new(span, experiment.initial.clone(), recorder),
            )
        });
        let mut done = |_: Outcome, mean: Mean| total += mean.mean[mean.run % n] + mean.last[0];
        integrate_batch("tsit5", &options, &mut jobs, &mut done, &mut |_| true).expect("it fits");
    }
    total
}

fn machinery(folder: &Path) {
    let runs = 20_000;
    std::fs::write(folder.join("sweep.toml"), text(runs, STOP)).expect("it is written");
    let experiment = load(&text(runs, STOP));
    let (mut whole, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        whole.push(process(run(folder, 1, &[])).0);
        let before = Instant::now();
        std::hint::black_box(bare(&experiment, runs));
        alone.push(before.elapsed().as_secs_f64());
    }
    let (whole, alone) = (median(whole), median(alone));
    println!(
        "machinery: {runs} runs of 20 neurons, one thread: program {whole:.3} s, bare library loop {alone:.3} s, ratio {:.3}",
        whole / alone
    );
}

fn threads(folder: &Path) {
    std::fs::write(folder.join("sweep.toml"), text(40_000, 40.0)).expect("it is written");
    let (mut two, mut apart) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        two.push(process(run(folder, 2, &[])).0);
        let before = Instant::now();
        let shards = ["1/2", "2/2"].map(|shard| {
            let output = format!("shard-{}.h5", &shard[..1]);
            let mut command = run(folder, 1, &["--shard", shard, "-o", &output]);
            command.spawn().expect("it starts")
        });
        for mut child in shards {
            assert!(child.wait().expect("it ends").success());
        }
        apart.push(before.elapsed().as_secs_f64());
    }
    let (two, apart) = (median(two), median(apart));
    println!(
        "threads: two threads {two:.3} s, two processes together {apart:.3} s: {:.3} of what they reach",
        apart / two
    );
}

fn numba(folder: &Path) {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers_python/sweep_numba.py");
    let runs = 10_000;
    std::fs::write(folder.join("sweep.toml"), text(runs, STOP)).expect("it is written");
    process(run(folder, 1, &[]));
    let dump = "import h5py, numpy as np, sys\nf = h5py.File('sweep.h5')\n\
                np.save('w.npy', f['parameters/weights'][()])\nnp.save('u.npy', f['parameters/input'][()])\n\
                print(f['x_mean'][()].mean(), f['x_final'][()].mean())";
    let dumped = Command::new(&python)
        .current_dir(folder)
        .args(["-c", dump])
        .status();
    if !dumped.is_ok_and(|status| status.success()) {
        println!("numba: needs the Python of ./setup --tests");
        return;
    }
    let mut ours = Vec::new();
    for _ in 0..ROUNDS {
        ours.push(process(run(folder, 1, &[])).0);
    }
    let ours = median(ours);
    println!(
        "numba: {runs} runs of 20 neurons, summaries of 101 samples, one thread: ours {ours:.3} s (whole process); numba:"
    );
    let mut theirs = Command::new(&python);
    theirs.current_dir(folder).arg(script).args([
        "w.npy",
        "u.npy",
        &runs.to_string(),
        &STOP.to_string(),
    ]);
    if !theirs.status().is_ok_and(|status| status.success()) {
        println!("numba is not there: target/python/bin/pip install numba");
    }
}

fn memory(folder: &Path) {
    let text = text(1_000_000, 0.5).replace("save = 0.005", "save = 0.1");
    std::fs::write(folder.join("sweep.toml"), text).expect("it is written");
    for threads in [1, 2] {
        let (seconds, peak) = process(run(folder, threads, &[]));
        let size = std::fs::metadata(folder.join("sweep.h5")).map_or(0, |file| file.len());
        println!(
            "memory: 1 000 000 runs with summaries, {threads} threads: {peak:.0} MiB at most, {seconds:.1} s, a file of {} MB",
            size / 1_000_000
        );
    }
}

type Part = fn(&Path);

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |part: &str| {
        !wanted.iter().any(|w| !w.starts_with('-')) || wanted.iter().any(|w| w == part)
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let parts: [(&str, Part); 4] = [
        ("machinery", machinery),
        ("threads", threads),
        ("numba", numba),
        ("memory", memory),
    ];
    for (name, part) in parts {
        if wants(name) {
            part(folder.path());
        }
    }
}
