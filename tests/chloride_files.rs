//! Seizures through the program: runs that look on while they go are interrupted and taken up again, cut into shards and merged; and the noise of
//! the literature's steps converges as their card says.

use std::path::Path;
use std::process::{Command, Output};

use nullcline::config;
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::engine::schemes;
use nullcline::models;
use nullcline::prelude::*;

fn call(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[track_caller]
fn succeed(folder: &Path, arguments: &[&str]) {
    let output = call(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
}

/// A line whose stages are looked for, with noise; `sweep` is what differs from run to run.
fn line(sweep: &str) -> String {
    format!(
        r#"
seed = 3
[model]
family = "chloride-network"
[model.parameters]
leak_potential = -57.5
chloride_fraction = 0.17
noise = 20.0
[model.space]
geometry = "line"
size = 500
[time]
stop = 16000.0
[[stimulus]]
channel = "current"
amplitude = 200.0
from = 2000.0
to = 5000.0
cells = [50, 73]
[solver]
method = "las"
step = 1.0
[record]
variables = []
[analysis.seizure-stages]
[output]
checkpoint = {{ steps = 250 }}
{sweep}
"#
    )
}

const FRACTIONS: &str =
    "[sweep.axes]\n\"model.parameters.chloride_fraction\" = [0.10, 0.16, 0.17, 0.25]\n";

/// Run, interrupting again and again, until the result is complete; how often it was interrupted.
fn interrupted(folder: &Path, arguments: &[&str]) -> u32 {
    let mut times = 0;
    loop {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nullcline"));
        command.current_dir(folder).args(arguments);
        let mut child = command.spawn().expect("the program starts");
        let result = folder.join(arguments[arguments.len() - 1]);
        let part = result.with_extension("h5.part");
        // Once the run is going it is left some time; later ones more, so that there is an end.
        let patience = std::time::Instant::now();
        while !part.exists() && !result.exists() && patience.elapsed().as_secs() < 60 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_millis(150 << times.min(6)));
        let id = child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        match child.wait().expect("it ends").code() {
            Some(0) => return times,
            Some(130) => times += 1,
            other => panic!("{arguments:?} ended with {other:?}"),
        }
        assert!(times < 40, "it never ends");
    }
}

#[cfg(unix)]
#[test]
fn what_looks_on_survives_interruptions() {
    for sweep in ["", FRACTIONS] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("line.toml"), line(sweep)).unwrap();
        succeed(
            folder.path(),
            &["run", "line.toml", "-q", "-o", "straight.h5"],
        );
        let times = interrupted(folder.path(), &["run", "line.toml", "-q", "-o", "left.h5"]);
        println!("interrupted {times} times");
        assert!(times > 0, "it was never interrupted");
        succeed(folder.path(), &["diff", "straight.h5", "left.h5"]);
        let file = hdf5::File::open(folder.path().join("left.h5")).unwrap();
        let stage = file.dataset("analysis/seizure-stages/stage").unwrap();
        let stages: Vec<i8> = stage.read_raw().unwrap();
        assert!(stages.iter().all(|stage| *stage >= 0), "{stages:?}");
        assert!(sweep.is_empty() || stages[0] != stages[3], "{stages:?}");
    }
}

#[test]
fn what_looks_on_is_merged_from_shards() {
    let folder = tempfile::tempdir().unwrap();
    let text = line(FRACTIONS).replace("16000.0", "8000.0");
    std::fs::write(folder.path().join("line.toml"), text).unwrap();
    succeed(folder.path(), &["run", "line.toml", "-q", "-o", "whole.h5"]);
    for shard in ["1/2", "2/2"] {
        let name = format!("part-{}.h5", &shard[..1]);
        let arguments = ["run", "line.toml", "-q", "--shard", shard, "-o", &name];
        succeed(folder.path(), &arguments);
    }
    succeed(
        folder.path(),
        &["merge", "part-1.h5", "part-2.h5", "-q", "-o", "merged.h5"],
    );
    succeed(folder.path(), &["diff", "whole.h5", "merged.h5"]);
}

/// The potential of a noisy point population after 40 ms, by steps of this length of a scheme on the path of this seed.
fn potential(system: &dyn System, x0: &[f64], method: &str, step: f64, seed: u64) -> f64 {
    let options = Options {
        cell: Some(1.0 / 64.0),
        seed,
        ..Options::new(x0.len(), 1e-6, 1e-9).step(step)
    };
    let span = Span {
        start: 0.0,
        stop: 40.0,
    };
    let mut samples = Samples::at(vec![40.0]);
    let ended = integrate(
        system,
        method,
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    );
    assert!(ended.expect("it fits").status.is_success());
    samples.states[0][0]
}

#[test]
fn the_noise_of_the_literature_s_steps_converges_as_stated() {
    let text = "[model]\nfamily = \"chloride-network\"\n[model.parameters]\nchloride_fraction = 0.2\nnoise = 200.0\n\
                [model.space]\ngeometry = \"point\"\n[time]\nstop = 40.0\n[solver]\nmethod = \"las\"\nstep = 1.0\n";
    let experiment =
        config::load_text(text, Path::new("point.toml"), &[], &models::registry()).unwrap();
    let Ok(Built::Flow(system)) = experiment.build() else {
        panic!("a flow");
    };
    let x0 = &experiment.initial;
    let card = schemes::card("las").unwrap();
    let orders = card.noise.unwrap().orders(NoiseClass::Additive).unwrap();
    let steps = [1.0, 0.5, 0.25, 0.125];
    let paths = 400;
    let (mut squares, mut sums) = ([0.0; 4], [0.0; 4]);
    for seed in 0..paths {
        // Of order 1.5, and eight times as fine.
        let exact = potential(system.as_ref(), x0, "sra1", 1.0 / 64.0, seed);
        for (k, &step) in steps.iter().enumerate() {
            let error = potential(system.as_ref(), x0, "las", step, seed) - exact;
            squares[k] += error * error;
            sums[k] += error;
        }
    }
    let strong = squares.map(|square| (square / paths as f64).sqrt());
    let weak = sums.map(|sum| (sum / paths as f64).abs());
    let slope = |errors: &[f64; 4]| (errors[1] / errors[3]).log2() / 2.0;
    println!(
        "las, additive noise: strong {:.3} {strong:?}, weak {:.3} {weak:?}",
        slope(&strong),
        slope(&weak)
    );
    assert!((slope(&strong) - orders.strong).abs() < 0.15, "{strong:?}");
    assert!((slope(&weak) - orders.weak).abs() < 0.20, "{weak:?}");
}
