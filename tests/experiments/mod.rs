//! Experiments for the tests of the archive, made through the library.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use nullcline::config::experiment::{
    Experiment, ExternalFile, Kinks, Output, Record, Save, Solver, Source, Time,
};
use nullcline::ensemble::{self, Report, RunError, RunOptions};
use nullcline::prelude::*;

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
    let family = nullcline::models::registry().get("linear-threshold");
    Experiment {
        title: "A pair, Ωmega".into(),
        seed: 42,
        family: family.expect("the family is registered"),
        dynamics: "network".into(),
        parameters,
        stimuli: Vec::new(),
        initial: vec![3.0, 0.0],
        time: Time {
            start: 0.0,
            stop: 30.0 * 0.1,
            save: Save::Every(0.01),
        },
        solver: Solver {
            method: "tsit5".into(),
            rtol: 1e-8,
            atol: vec![1e-10; 2],
            step: None,
            max_steps: 1_000_000,
            kinks: Kinks::Locate,
        },
        record: Record {
            variables: vec!["x".into()],
            ..Record::default()
        },
        output: Output {
            path: path.to_path_buf(),
            compression: 0,
        },
        source: Source {
            path: "pair.toml".into(),
            text: "title = \"Ω\"\n".into(),
            resolved: "title = \"Ω\"\nseed = 42\n".into(),
            files: vec![
                ExternalFile {
                    name: "data/w.npy".into(),
                    bytes: vec![0, 1, 2, 255],
                    sha256: "ab".into(),
                },
                ExternalFile {
                    name: "empty.csv".into(),
                    bytes: Vec::new(),
                    sha256: "cd".into(),
                },
            ],
        },
    }
}

/// Run an experiment without interrupt and progress.
pub fn run(experiment: &Experiment) -> Result<Report, RunError> {
    let interrupt = AtomicBool::new(false);
    ensemble::run(experiment, &RunOptions::new(&interrupt), &mut |_| {})
}
