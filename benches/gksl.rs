//! Open quantum systems beside QuTiP, SciPy and NumPy in the same run (`benches/peers_python/gksl.py`; needs them in the Python that
//! `./setup --tests` made: `target/python/bin/pip install numpy==2.4.6 scipy==1.17.1 qutip==5.3.1`).
//!
//! * `qubit`, `dilemma`, `walk-16`, `walk-64`: 11 samples of a master equation of 2, 4, 16 and 64 levels at rtol 1e-9, the least of
//!   several runs on one thread, and the largest error of rho; against the fastest peer, whatever its error;
//! * `steady`: 10 000 steady states of random generators of 4 levels, generators included;
//! * `jumps`: 1000 trajectories of quantum jumps of `walk-16`.
//!
//! `cargo bench --bench gksl`

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use nullcline::config;
use nullcline::engine::integrate::{Job, Options, Span, integrate, integrate_batch};
use nullcline::engine::recorder::Samples;
use nullcline::models;
use nullcline::models::gksl::{C, Jump, Lindblad, Matrix, Operator};
use nullcline::noise::key::Key;
use nullcline::prelude::*;
use rand::{RngExt, SeedableRng};

const SPAN: Span = Span {
    start: 0.0,
    stop: 10.0,
};

const QUBIT: &str = r#"
dimension = 2
hamiltonian = { builder = "qubit", h_z = 1.0, h_perp = 2.0 }
jumps = [
    { from = 0, to = 1, rate = 0.5, gain = 0.5, lambda = 4.0 },
    { matrix = { re = [[1.0, 0.0], [0.0, -1.0]] }, rate = 0.1 },
]
[initial]
rho = { pure = { re = [0.7071067811865476, 0.7071067811865476] } }
"#;

const DILEMMA: &str = r#"
dimension = 4
hamiltonian = { builder = "pothos-busemeyer" }
dilemma = { payoffs = [1.5, 1.0, 0.5, 0.0], lambda = 4.0 }
[initial]
rho = { pure = { re = [0.5, 0.5, 0.5, 0.5] } }
"#;

/// A square grid of sites, hopping both coherently and not.
fn walk(side: usize, start: &str) -> String {
    let n = side * side;
    let edges: Vec<(usize, usize)> = (0..n)
        .flat_map(|site| {
            let right = (site % side + 1 < side).then_some((site, site + 1));
            let down = (site / side + 1 < side).then_some((site, site + side));
            right.into_iter().chain(down)
        })
        .collect();
    let sites = (0..n).map(|site| format!("[{site}, {site}, {}]", 0.1 * site as f64));
    let links = edges.iter().map(|(i, j)| format!("[{i}, {j}, 1.0]"));
    let elements: Vec<String> = sites.chain(links).collect();
    let moves: Vec<String> = edges
        .iter()
        .flat_map(|&(i, j)| [(i, j), (j, i)])
        .map(|(from, to)| format!("{{ from = {from}, to = {to}, rate = 0.2 }}"))
        .collect();
    format!(
        "dimension = {n}\nhamiltonian = {{ elements = [{}] }}\njumps = [{}, {{ dephasing = 0.1 }}]\n[initial]\n{start} = {{ basis = 0 }}\n",
        elements.join(", "),
        moves.join(", ")
    )
}

struct Problem {
    system: Box<dyn System>,
    x0: Vec<f64>,
}

fn problem(parameters: &str, dynamics: &str) -> Problem {
    let text = format!(
        "[model]\nfamily = \"gksl\"\ndynamics = \"{dynamics}\"\n[model.parameters]\n{parameters}\n[time]\nstop = 10.0\nsave = 1.0\n"
    );
    let path = Path::new("gksl.toml");
    let experiment = config::load_text(&text, path, &[], &models::registry()).expect("it is sound");
    match experiment.build().expect("it builds") {
        Built::Flow(system) => Problem {
            system,
            x0: experiment.initial,
        },
        Built::Map(_) => unreachable!("a flow"),
    }
}

fn samples() -> Samples {
    Samples::at((0..=10).map(f64::from).collect())
}

impl Problem {
    fn run(&self, method: &str, rtol: f64) -> Vec<Vec<f64>> {
        let mut options = Options::new(self.x0.len(), rtol, 0.01 * rtol);
        if method == "exponential" {
            options = options.step(1.0);
        }
        let mut samples = samples();
        let system = self.system.as_ref();
        integrate(
            system,
            method,
            &options,
            SPAN,
            &self.x0,
            &mut samples,
            &mut |_| true,
        )
        .expect("it fits");
        samples.states
    }
}

/// Seconds that this thread has spent on a processor, which is what the peers tell of themselves.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}

/// The least seconds of a run, over groups of runs that take some milliseconds each.
fn least(mut run: impl FnMut()) -> f64 {
    let mut group = 1;
    let mut measure = |group: usize| {
        let before = processor_time();
        (0..group).for_each(|_| run());
        processor_time() - before
    };
    while measure(group) < 5e-3 {
        group *= 2;
    }
    let mut best = f64::INFINITY;
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < 2.0 {
        best = best.min(measure(group) / group as f64);
    }
    best
}

/// What the peers take: solver, seconds, error.
fn peers(problem: &str) -> Vec<(String, f64, f64)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/python/bin/python");
    let script = root.join("benches/peers_python/gksl.py");
    let Ok(output) = Command::new(python).arg(script).arg(problem).output() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        let solver = value["solver"].as_str()?.to_string();
        Some((
            solver,
            value["seconds"].as_f64()?,
            value["error"].as_f64().unwrap_or(0.0),
        ))
    };
    text.lines().filter_map(line).collect()
}

fn tell(name: &str, solver: &str, seconds: f64, error: f64, best: Option<f64>) {
    let ratio = best.map_or(String::new(), |best| format!("{:8.3}", seconds / best));
    println!("{name:10} {solver:24} {seconds:12.3e} s  error {error:8.1e} {ratio}");
}

fn master_equation(name: &str, parameters: &str, methods: &[&str]) {
    let peers = peers(name);
    let best = peers
        .iter()
        .map(|(_, seconds, _)| *seconds)
        .reduce(f64::min);
    for (solver, seconds, error) in &peers {
        tell(name, solver, *seconds, *error, None);
    }
    let problem = problem(parameters, "master-equation");
    let exact = problem.run("dop853", 1e-14);
    for method in methods {
        let found = problem.run(method, 1e-9);
        let pairs = found.iter().flatten().zip(exact.iter().flatten());
        let error = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let seconds = least(|| {
            std::hint::black_box(problem.run(method, 1e-9));
        });
        tell(name, &format!("nullcline {method}"), seconds, error, best);
    }
}

fn steady() {
    let peers = peers("steady");
    let best: f64 = peers.iter().map(|(_, seconds, _)| seconds).sum();
    for (solver, seconds, error) in &peers {
        tell("steady", solver, *seconds, *error, None);
    }
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut matrix = || {
        Matrix::from_fn(4, 4, |_, _| {
            C::new(rng.random::<f64>() - 0.5, rng.random::<f64>() - 0.5)
        })
    };
    let systems: Vec<[Matrix; 3]> = (0..10_000)
        .map(|_| [matrix(), matrix(), matrix()])
        .collect();
    let seconds = least(|| {
        for [h, a, b] in &systems {
            let h = Operator::from_matrix(&((h + h.adjoint()) * C::new(0.5, 0.0)));
            let jumps = [a, b].map(|l| Jump::Operator(Operator::from_matrix(l)));
            let lindblad = Lindblad::new(h, jumps.to_vec(), Vec::new());
            std::hint::black_box(lindblad.steady_state(None).expect("one"));
        }
    });
    tell(
        "steady",
        "nullcline",
        seconds,
        0.0,
        (best > 0.0).then_some(best),
    );
}

fn jumps() {
    let peers = peers("jumps");
    let best = peers
        .iter()
        .map(|(_, seconds, _)| *seconds)
        .reduce(f64::min);
    for (solver, seconds, error) in &peers {
        tell("jumps", solver, *seconds, *error, None);
    }
    let problem = problem(&walk(4, "psi"), "quantum-jump");
    let options = Options::new(problem.x0.len(), 1e-6, 1e-8);
    for method in ["tsit5", "dop853"] {
        let seconds = least(|| {
            let mut jobs = (0..1000).map(|member| {
                let job = Job::new(SPAN, problem.x0.clone(), samples()).key(Key::of_seed(member));
                (problem.system.as_ref(), job)
            });
            let mut last = 0.0;
            let mut done =
                |outcome: nullcline::engine::outcome::Outcome, _| last += outcome.state[0];
            integrate_batch(method, &options, &mut jobs, &mut done, &mut |_| true)
                .expect("it fits");
            assert!(std::hint::black_box(last).is_finite());
        });
        tell("jumps", &format!("nullcline {method}"), seconds, 0.0, best);
    }
}

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let wants = |name: &str| asked.is_empty() || asked.iter().any(|one| one == name);
    if wants("qubit") {
        master_equation("qubit", QUBIT, &["exponential", "tsit5", "dop853"]);
    }
    if wants("dilemma") {
        master_equation("dilemma", DILEMMA, &["exponential", "tsit5", "dop853"]);
    }
    if wants("walk-16") {
        master_equation(
            "walk-16",
            &walk(4, "rho"),
            &["exponential", "tsit5", "dop853"],
        );
    }
    if wants("walk-64") {
        master_equation(
            "walk-64",
            &walk(8, "rho"),
            &["exponential", "tsit5", "dop853"],
        );
    }
    if wants("steady") {
        steady();
    }
    if wants("jumps") {
        jumps();
    }
}
