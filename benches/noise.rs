//! What a step with noise costs: 100 000 trajectories of 1000 steps in one thread, addressed normal numbers, in nanoseconds per
//! step, beside a numba loop with SFC64 in the same round (`benches/peers_python/noise_numba.py`; needs numba in the Python that
//! `./setup --tests` made: `target/python/bin/pip install numba`).
//!
//! * `equations`: the model as a file writes it, its tape run for eight members at once;
//! * `rust`: the same drift as a system in Rust, its lanes written out;
//! * `numbers`: nothing but the normal numbers;
//! * `program`: the whole program from the file to the archive, with the last state of every member.
//!
//! `cargo bench --bench noise`

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use multiversion::multiversion;
use nullcline::config;
use nullcline::engine::integrate::{Job, Options, Span, integrate_batch};
use nullcline::engine::recorder::Recorder;
use nullcline::models;
use nullcline::noise::key::Key;
use nullcline::noise::normal::fill;
use nullcline::prelude::*;

const ROUNDS: usize = 5;
const TRAJECTORIES: u64 = 100_000;
const STEPS: u64 = 1000;
const H: f64 = 0.01;

/// A particle in a potential, `dx = f(x) dt + dW / 2`.
#[derive(Clone, Copy, PartialEq)]
enum Force {
    /// x - x^3
    Well,
    /// -x
    Bowl,
}

impl Force {
    const fn name(self) -> &'static str {
        match self {
            Force::Well => "well",
            Force::Bowl => "bowl",
        }
    }

    const fn drift(self) -> &'static str {
        match self {
            Force::Well => "x - x*x*x",
            Force::Bowl => "-x",
        }
    }

    #[inline(always)]
    fn at(self, x: f64) -> f64 {
        match self {
            Force::Well => x - x * x * x,
            Force::Bowl => -x,
        }
    }
}

struct Particle {
    layout: Layout,
    force: Force,
}

impl System for Particle {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = self.force.at(x[0]);
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        Some(self)
    }

    fn batch(&self) -> Option<&dyn Batch> {
        Some(self)
    }
}

impl Diffusion for Particle {
    fn channels(&self) -> usize {
        1
    }

    fn class(&self) -> NoiseClass {
        NoiseClass::Additive
    }

    fn is_constant(&self) -> bool {
        true
    }

    fn diffusion(&self, _t: f64, _x: &[f64], b: &mut [f64]) {
        b[0] = 0.5;
    }
}

impl Batch for Particle {
    fn joins(&self, _other: &dyn System) -> bool {
        true
    }

    fn lanes(&self) -> Box<dyn Lanes> {
        Box::new(Particles(self.force))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

struct Particles(Force);

/// In the vectors in which the engine steps: what is written in halves is read as a whole only after a stall.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn forces(force: Force, x: &[f64], dx: &mut [f64]) {
    let rows = dx.as_chunks_mut::<LANES>().0.iter_mut();
    for (dx, x) in rows.zip(x.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            dx[lane] = force.at(x[lane]);
        }
    }
}

impl Lanes for Particles {
    fn assign(&mut self, _lane: usize, _system: &dyn System) {}

    fn drift(&self, _t: &[f64; LANES], x: &[f64], dx: &mut [f64]) {
        forces(self.0, x, dx);
    }

    fn diffusion(&self, _t: &[f64; LANES], _x: &[f64], b: &mut [f64]) {
        b.fill(0.5);
    }

    fn drift_on(
        &self,
        _sides: &[f64],
        t: &[f64; LANES],
        x: &[f64],
        dx: &mut [f64],
        _g: &mut [f64],
    ) {
        self.drift(t, x, dx);
    }
}

struct Nothing;

impl Recorder for Nothing {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }

    fn record(&mut self, _t: f64, _x: &[f64]) {}
}

fn text(force: Force, diffusion: &str, method: &str) -> String {
    format!(
        "seed = 1\n[model]\nfamily = \"equations\"\n[model.state.x]\ndrift = \"{}\"\ndiffusion = \"{diffusion}\"\n\
         [initial]\nx = -1.0\n[time]\nstop = {:?}\nsave = {:?}\n[solver]\nmethod = \"{method}\"\nstep = {H:?}\n\
         [record]\ntrajectories = false\nsummaries = [\"final\"]\n[ensemble]\nmembers = {TRAJECTORIES}\n",
        force.drift(),
        STEPS as f64 * H,
        STEPS as f64 * H,
    )
}

fn per_step(seconds: f64) -> f64 {
    1e9 * seconds / (TRAJECTORIES * STEPS) as f64
}

/// Nanoseconds per step of all trajectories of a system.
fn ours(system: &dyn System, method: &str) -> f64 {
    let span = Span {
        start: 0.0,
        stop: STEPS as f64 * H,
    };
    let options = Options::new(1, 1e-6, 1e-6).step(H);
    let mut sum = 0.0;
    let before = Instant::now();
    let mut jobs = (0..TRAJECTORIES).map(|path| {
        let job = Job::new(span, vec![-1.0], Nothing);
        (system, job.key(Key::of_seed(path)))
    });
    let mut done = |outcome: nullcline::engine::outcome::Outcome, _| sum += outcome.state[0];
    integrate_batch(method, &options, &mut jobs, &mut done, &mut |_| true).expect("it fits");
    assert!(std::hint::black_box(sum).is_finite());
    per_step(before.elapsed().as_secs_f64())
}

fn numbers() -> f64 {
    let keys = std::array::from_fn(|lane| lane as u64);
    let mut rows = vec![[0.0; LANES]; 64];
    let before = Instant::now();
    for block in 0..TRAJECTORIES * STEPS / (64 * LANES as u64) {
        fill(&[block * 32; LANES], 0, &keys, &[0.1; LANES], 1, &mut rows);
        std::hint::black_box(&rows);
    }
    per_step(before.elapsed().as_secs_f64())
}

fn numba(force: Force) -> Option<f64> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers_python/noise_numba.py");
    let output = Command::new(python)
        .arg(script)
        .args([force.name(), &TRAJECTORIES.to_string(), &STEPS.to_string()])
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

fn program(force: Force) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("noise.toml");
    std::fs::write(&file, text(force, "0.5", "euler-maruyama")).expect("a writable folder");
    let before = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .args(["run", "--quiet", "--threads", "1"])
        .arg(&file)
        .status()
        .expect("it starts");
    assert!(status.success());
    per_step(before.elapsed().as_secs_f64())
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() {
    let built = |force: Force, diffusion: &str, method: &str| {
        let text = text(force, diffusion, method);
        let loaded = config::load_text(&text, Path::new("noise.toml"), &[], &models::registry());
        match loaded.expect("it is sound").build().expect("it builds") {
            Built::Flow(system) => system,
            Built::Map(_) => unreachable!("a flow"),
        }
    };
    let particle = |force| Particle {
        layout: Layout::new().block(Variable::new("x", vec![]), 0.0),
        force,
    };
    let (well, bowl) = (particle(Force::Well), particle(Force::Bowl));
    type Measured<'a> = (&'a str, Box<dyn Fn() -> Option<f64> + 'a>);
    let from_file = |force, diffusion: &'static str, method: &'static str| {
        let system = built(force, diffusion, method);
        Box::new(move || Some(ours(system.as_ref(), method))) as Box<dyn Fn() -> Option<f64>>
    };
    let all: Vec<Measured<'_>> = vec![
        ("numbers", Box::new(|| Some(numbers()))),
        ("well, numba", Box::new(|| numba(Force::Well))),
        (
            "well, euler-maruyama, rust",
            Box::new(|| Some(ours(&well, "euler-maruyama"))),
        ),
        (
            "well, euler-maruyama, equations",
            from_file(Force::Well, "0.5", "euler-maruyama"),
        ),
        (
            "well, euler-maruyama, program",
            Box::new(|| Some(program(Force::Well))),
        ),
        ("bowl, numba", Box::new(|| numba(Force::Bowl))),
        (
            "bowl, euler-maruyama, rust",
            Box::new(|| Some(ours(&bowl, "euler-maruyama"))),
        ),
        (
            "bowl, euler-maruyama, equations",
            from_file(Force::Bowl, "0.5", "euler-maruyama"),
        ),
        ("well, sra1, rust", Box::new(|| Some(ours(&well, "sra1")))),
        (
            "well, sra1, equations",
            from_file(Force::Well, "0.5", "sra1"),
        ),
        (
            "well, sri1 with noise x/2, equations",
            from_file(Force::Well, "0.5*x", "sri1"),
        ),
    ];
    let mut times = vec![Vec::new(); all.len()];
    for _ in 0..ROUNDS {
        for (times, (_, measure)) in times.iter_mut().zip(&all) {
            times.extend(measure());
        }
    }
    println!("nanoseconds per step, median of {ROUNDS} rounds");
    for ((name, _), times) in all.iter().zip(&mut times) {
        match times.is_empty() {
            true => println!("{name:40} -"),
            false => println!("{name:40} {:6.2}", median(times)),
        }
    }
}
