//! Relaxations of predictive networks beside SciPy, and simulated trials of a perceiver.
//!
//! `cargo bench --bench prediction`: 10 000 inputs of N = 100 relax to t = 20, by `dop853` and `bs3` in blocks of 200 inputs and by `exponential`
//! (the median of nine); the peers are
//! `peers_python/prediction.py` (needs `target/python/bin/pip install scipy==1.17.1`). Then a million trials of `simulated`. Seconds by the clock; the errors are against the closed form.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use nullcline::config;
use nullcline::engine::integrate::{Checkpoints, Job, Options, Span, integrate, integrate_job};
use nullcline::engine::recorder::{Recorder, Samples};
use nullcline::models;
use nullcline::prelude::*;
use rayon::prelude::*;

const UNITS: usize = 100;
const INPUTS: usize = 10_000;
const BLOCK: usize = 200;
const ROUNDS: usize = 9;

fn load(text: &str) -> config::experiment::Experiment {
    let path = Path::new("bench.toml");
    config::load_text(text, path, &[], &models::registry()).expect("it is sound")
}

/// The relaxation of so many inputs.
fn response(parameters: &Parameters, inputs: &[f64]) -> Box<dyn System> {
    let mut parameters = parameters.clone();
    let count = inputs.len() / UNITS;
    parameters.set_real("inputs", Array::new(vec![count, UNITS], inputs.to_vec()));
    let registry = models::registry();
    let family = registry
        .get("lateral-predictive-coding")
        .expect("it is there");
    let built = family.build(&Build {
        dynamics: "response",
        parameters: &parameters,
        stimuli: &[],
        share: &Share::default(),
    });
    built.expect("it builds").into_system()
}

fn relax(system: &dyn System, method: &str, options: &Options) -> Vec<f64> {
    let x0 = vec![0.0; system.layout().len()];
    let span = Span {
        start: 0.0,
        stop: 20.0,
    };
    let mut samples = Samples::at(vec![20.0]);
    let job = Job::new(span, x0, &mut samples);
    let never = Checkpoints::Never;
    let ended = integrate_job(system, method, options, job, never, &mut |_| true);
    assert!(ended.expect("it fits").0.status.is_success());
    samples.states.remove(0)
}

/// What chooses the steps.
#[derive(Clone, Copy, Debug)]
enum Way {
    Tolerance(f64),
    Step(f64),
}

impl Way {
    fn options(self, dim: usize) -> Options {
        match self {
            Way::Tolerance(tolerance) => Options::new(dim, tolerance, tolerance),
            Way::Step(step) => Options::new(dim, 1e-6, 1e-6).step(step),
        }
    }
}

fn main() {
    let experiment = load(
        "seed = 5\n[model]\nfamily = \"lateral-predictive-coding\"\n[model.parameters]\nunits = 100\nentropy = -100.0\nsamples = 10000\n\
         [time]\nstop = 20.0\n",
    );
    let parameters = &experiment.parameters;
    let inputs = parameters.vector("inputs");
    let all = response(parameters, inputs);
    let mut exact = Vec::new();
    for threads in [1, 2] {
        let mut seconds = [0.0; ROUNDS];
        let options = Options::new(inputs.len(), 1e-6, 1e-6).step(20.0);
        let measured = crew::with(threads, || {
            for seconds in &mut seconds {
                let started = Instant::now();
                exact = relax(all.as_ref(), "exponential", &options);
                *seconds = started.elapsed().as_secs_f64();
            }
        });
        measured.expect("threads");
        let first = seconds[0];
        seconds.sort_by(f64::total_cmp);
        let median = seconds[ROUNDS / 2];
        println!(
            "exponential, {INPUTS} inputs, {threads} threads   {median:.4} s, the first time {first:.4} s"
        );
    }
    let blocks: Vec<_> = inputs
        .chunks(BLOCK * UNITS)
        .map(|s| response(parameters, s))
        .collect();
    // The tolerance whose error is that of SciPy at 1e-6; and steps just below the limit of stability, as far as the steady state alone counts.
    let (adaptive, equal) = (Way::Tolerance, Way::Step);
    for (method, way, threads) in [
        ("dop853", adaptive(1e-6), 1),
        ("dop853", adaptive(6e-6), 1),
        ("dop853", adaptive(6e-6), 2),
        ("bs3", equal(0.25), 1),
        ("bs3", equal(0.25), 2),
    ] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("threads");
        let started = Instant::now();
        let worst = pool.install(|| {
            let blocks = blocks.par_iter().zip(exact.par_chunks(BLOCK * UNITS));
            let off = blocks.map(|(block, exact)| {
                let found = relax(block.as_ref(), method, &way.options(BLOCK * UNITS));
                let off = found.iter().zip(exact).map(|(a, b)| (a - b).abs());
                off.fold(0.0, f64::max)
            });
            off.reduce(|| 0.0, f64::max)
        });
        let seconds = started.elapsed().as_secs_f64();
        println!("{method}, {way:?}, {threads} threads   {seconds:.2} s   error {worst:.1e}");
    }
    for threads in [1, 2] {
        peers(parameters, inputs, threads);
    }
    trials();
}

/// What SciPy takes, if it is there.
fn peers(parameters: &Parameters, inputs: &[f64], threads: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target");
    let weights = parameters.vector("weights");
    let entry = |at: usize| weights[at] + f64::from(u8::from(at.is_multiple_of(UNITS + 1)));
    let m: Vec<f64> = (0..UNITS * UNITS).map(entry).collect();
    let (matrix, rows) = (
        folder.join("prediction-m.npy"),
        folder.join("prediction-s.npy"),
    );
    for (path, data) in [(&matrix, m.as_slice()), (&rows, inputs)] {
        let file = std::fs::File::create(path).expect("a file");
        let shape = [(data.len() / UNITS) as u64, UNITS as u64];
        use npyz::WriterBuilder;
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(std::io::BufWriter::new(file))
            .begin_nd()
            .expect("a header");
        writer.extend(data.iter().copied()).expect("numbers");
        writer.finish().expect("an end");
    }
    let output = Command::new(root.join("target/python/bin/python"))
        .arg(root.join("benches/peers_python/prediction.py"))
        .args([&matrix, &rows])
        .env("OPENBLAS_NUM_THREADS", threads.to_string())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            print!(
                "scipy, BLAS on {threads} threads:\n{}",
                String::from_utf8_lossy(&output.stdout)
            );
        }
        _ => println!("scipy is not there"),
    }
}

/// Takes every trial and keeps none.
struct Count(f64);

impl Recorder for Count {
    fn next_time(&self) -> f64 {
        self.0 + 1.0
    }
    fn record(&mut self, t: f64, _x: &[f64]) {
        self.0 = t;
    }
}

fn trials() {
    let experiment = load(
        "[model]\nfamily = \"bayesian-perception\"\ndynamics = \"simulated\"\n[model.parameters]\nlapse = 0.02\n\
         [trials]\ndesign = { levels = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1], repeats = 10000, isi = 1.0 }\n",
    );
    let system = experiment.build().expect("it builds").into_system();
    let options = Options::new(experiment.initial.len(), 1e-6, 1e-6).step(1.0);
    let options = Options {
        max_steps: u64::MAX,
        ..options
    };
    let span = Span {
        start: 0.0,
        stop: 1e6,
    };
    let x0 = &experiment.initial;
    let started = Instant::now();
    let ended = integrate(
        system.as_ref(),
        "map",
        &options,
        span,
        x0,
        &mut Count(0.0),
        &mut |_| true,
    );
    assert!(ended.expect("it fits").status.is_success());
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "simulated trials             {:.2} million a second",
        1.0 / seconds
    );
}
