//! Experiments for the tests of the archive, made through the library.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod toy;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nullcline::config::experiment::{
    Checkpoint, Clock, Experiment, ExternalFile, Kinks, Output, Record, Save, Solver, Source, Time,
};
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::ensemble::{self, Report, RunError, RunOptions};
use nullcline::prelude::*;

/// A folder for one test at a time: HDF5's open files are inherited by the processes that a test
/// starts, locks included, so that a test beside it could not open its own files again.
pub struct Folder {
    folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Folder {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

pub fn folder() -> Folder {
    static TURN: Mutex<()> = Mutex::new(());
    Folder {
        _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner),
        folder: tempfile::tempdir().expect("a temporary folder"),
    }
}

/// The excitatory-inhibitory pair: two neurons, 301 samples.
pub fn pair(path: &Path) -> Experiment {
    let mut parameters = Parameters::new();
    let mut set = |name: &str, shape: Vec<usize>, data: Vec<f64>| {
        parameters.set_real(name, Array::new(shape, data));
    };
    set("weights", vec![2, 2], vec![0.5, -2.0, 3.0, -0.5]);
    set("dissipation", vec![2], vec![1.0, 2.0]);
    set("input", vec![2], vec![2.0, -1.0]);
    set("ceiling", vec![2], vec![4.0, f64::INFINITY]);
    set("noise", vec![2], vec![0.0, 0.0]);
    set("timescale", vec![], vec![1.0]);
    parameters.set("clock", Value::Text("fast".into()));
    parameters.set_size("n", 2);
    let registry = nullcline::models::registry();
    let family = registry.get("linear-threshold").expect("it is registered");
    Experiment {
        title: "A pair, Ωmega".into(),
        seed: 42,
        family,
        dynamics: "network".into(),
        parameters,
        declared: family.parameters(),
        stimuli: Vec::new(),
        initial: vec![3.0, 0.0],
        time: Time {
            clock: Clock::Time,
            start: 0.0,
            stop: 30.0 * 0.1,
            save: Save::Every(0.01),
            stops: Vec::new(),
        },
        has_time: true,
        analyses: Vec::new(),
        fit: None,
        optimise: None,
        solver: solver(2),
        draws_jumps: false,
        cell: None,
        record: Record {
            variables: vec!["x".into()],
            ..Record::default()
        },
        ensemble: None,
        sweep: None,
        draws: Vec::new(),
        recipe: None,
        output: Output {
            path: path.to_path_buf(),
            compression: 0,
            checkpoint: Checkpoint::Auto,
        },
        source: source(),
    }
}

/// The toy family; `v` blows up at `2 / growth`.
pub fn toy(path: &Path, growth: f64) -> Experiment {
    let mut parameters = Parameters::new();
    parameters.set_real("growth", Array::new(vec![], vec![growth]));
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
    Experiment {
        family: &toy::TOY,
        declared: toy::TOY.parameters(),
        dynamics: "only".into(),
        parameters,
        initial: toy::Flow::new(growth).layout().start(),
        solver: solver(22),
        record: Record {
            variables: names(&["rho_re", "rho_im", "v", "small"]),
            observables: names(&["level"]),
            ..Record::default()
        },
        ..pair(path)
    }
}

fn solver(dim: usize) -> Solver {
    Solver {
        method: "tsit5".into(),
        rtol: 1e-8,
        atol: vec![1e-10; dim],
        step: None,
        max_step: None,
        first_step: None,
        max_steps: 1_000_000,
        kinks: Kinks::Locate,
    }
}

fn source() -> Source {
    let file = |name: &str, bytes: Vec<u8>| ExternalFile {
        name: name.into(),
        bytes,
        sha256: "ab".repeat(32),
    };
    Source {
        path: "pair.toml".into(),
        text: "title = \"Ω\" # as given\n".into(),
        resolved: "title = \"Ω\"\nseed = 42\n".into(),
        files: vec![
            file("data/w.npy", vec![0, 1, 2, 255]),
            file("empty.csv", Vec::new()),
        ],
    }
}

/// Run an experiment without interrupt and progress.
pub fn run(experiment: &Experiment) -> Result<Report, RunError> {
    let interrupt = AtomicBool::new(false);
    ensemble::run(experiment, &RunOptions::new(&interrupt), &mut |_| {})
}

/// The states at these times, from the engine alone, which stops after the last of them.
pub fn states(experiment: &Experiment, times: &[f64]) -> Vec<Vec<f64>> {
    let Ok(Built::Flow(system)) = experiment.build() else {
        panic!("a flow that builds");
    };
    let solver = &experiment.solver;
    let options = Options {
        rtol: solver.rtol,
        atol: solver.atol.clone(),
        step: solver.step,
        max_steps: solver.max_steps,
        locate_kinks: solver.kinks == Kinks::Locate,
        cell: experiment.cell,
        seed: experiment.seed,
        ..Options::new(0, solver.rtol, 0.0)
    };
    let span = Span {
        start: experiment.time.start,
        stop: experiment.time.stop,
    };
    let last = times.last();
    let mut samples = Samples::at(times.to_vec());
    integrate(
        system.as_ref(),
        &solver.method,
        &options,
        span,
        &experiment.initial,
        &mut samples,
        &mut |t| last.is_some_and(|&last| t < last),
    )
    .expect("the scheme fits");
    samples.states
}

/// `start + k dt` up to `stop`, which is the last one.
pub fn grid(experiment: &Experiment, dt: f64, samples: usize) -> Vec<f64> {
    let mut times: Vec<f64> = (0..samples)
        .map(|k| experiment.time.start + k as f64 * dt)
        .collect();
    times[samples - 1] = experiment.time.stop;
    times
}
