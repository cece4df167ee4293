//! Noise: its law, its addresses, and one path for whoever looks.

mod common;

use std::f64::consts::PI;

use common::noisy;
use nullcline::analysis::convergence::{Followed, Question, convergence};
use nullcline::engine::card::{Card, Needs};
use nullcline::engine::integrate::{
    Checkpoints, Job, Options, Span, integrate_batch, integrate_job,
};
use nullcline::engine::outcome::Outcome;
use nullcline::engine::recorder::Samples;
use nullcline::engine::schemes::CARDS;
use nullcline::noise::key::Key;
use nullcline::noise::normal::fill;
use nullcline::prelude::*;

const SPAN: Span = Span {
    start: 0.0,
    stop: 1.0,
};

/// The greatest distance between the distribution of 10^8 numbers and the normal one, at a million places.
#[test]
fn a_hundred_million_numbers_pass_the_test_of_kolmogorov_and_smirnov() {
    const PLACES: usize = 1 << 20;
    const N: usize = 100_000_000;
    const EDGE: f64 = 7.0;
    let mut counts = vec![0_u64; PLACES + 1];
    let mut rows = vec![[0.0; 8]; 4096];
    let keys = std::array::from_fn(|lane| Key::of_seed(lane as u64).streams("wiener")[0]);
    let mut done = 0;
    for block in 0.. {
        if done >= N {
            break;
        }
        fill(
            &[block * 2048; 8],
            block % 3,
            &keys,
            &[1.0; 8],
            1,
            &mut rows,
        );
        for x in rows.as_flattened() {
            let place = ((x + EDGE) / (2.0 * EDGE) * PLACES as f64).clamp(0.0, PLACES as f64);
            counts[place as usize] += 1;
        }
        done += rows.as_flattened().len();
    }
    // The distribution function by Simpson's rule, from both sides of zero.
    let width = 2.0 * EDGE / PLACES as f64;
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
    let mut below = 0.0;
    let (mut seen, mut greatest) = (0_u64, 0.0_f64);
    for (place, count) in counts[..PLACES].iter().enumerate() {
        let x = -EDGE + width * place as f64;
        seen += count;
        below += width / 6.0 * (density(x) + 4.0 * density(x + 0.5 * width) + density(x + width));
        greatest = greatest.max((seen as f64 / done as f64 - below).abs());
    }
    let statistic = greatest * (done as f64).sqrt();
    println!("D sqrt(n) = {statistic:.3} for n = {done}; 1.95 is passed by 999 of 1000");
    assert!(statistic < 1.95);
    // Nor is it better than chance.
    assert!(statistic > 0.3);
}

fn alone(
    system: &dyn System,
    method: &str,
    options: &Options,
    x0: &[f64],
    key: Key,
) -> (Outcome, Samples) {
    let job = Job::new(SPAN, x0.to_vec(), Samples::at(times())).key(key);
    let never = Checkpoints::Never;
    integrate_job(system, method, options, job, never, &mut |_| true).unwrap()
}

/// On the grid of the steps, between them, and the ends.
fn times() -> Vec<f64> {
    vec![0.0, 0.1, 0.123, 0.5, 0.5001, 0.87, 1.0]
}

#[test]
fn a_noisy_run_has_the_same_bits_alone_and_in_lanes() {
    for problem in [
        noisy::wells(),
        noisy::diagonal(),
        noisy::stratonovich(),
        noisy::commutative(),
        noisy::general(),
    ] {
        for card in CARDS.iter().filter(|card| card.accepts(&problem).is_ok()) {
            // Steps of one cell, of several, of a part, of none in particular, and with error control.
            for (step, cell) in [
                (Some(0.01), None),
                (Some(0.04), Some(0.01)),
                (Some(0.005), Some(0.01)),
                (Some(0.03), Some(0.011)),
                (None, Some(0.02)),
            ] {
                let mut options = Options::new(problem.x0.len(), 1e-2, 1e-2);
                (options.step, options.cell) = (step, cell);
                if step.is_none() && card.stepping != nullcline::engine::card::Stepping::Either {
                    continue;
                }
                let mut jobs = (0..11).map(|k| {
                    let job = Job::new(SPAN, problem.x0.clone(), (k, Samples::at(times())));
                    (
                        &problem as &dyn System,
                        Job {
                            recorder: Tagged(job.recorder.0, job.recorder.1),
                            span: job.span,
                            x0: job.x0,
                            memory: None,
                            key: Key::of_seed(k),
                            stops: job.stops,
                            stimuli: job.stimuli,
                        },
                    )
                });
                let mut found = 0;
                integrate_batch(
                    card.name,
                    &options,
                    &mut jobs,
                    &mut |outcome, Tagged(k, samples)| {
                        let single =
                            alone(&problem, card.name, &options, &problem.x0, Key::of_seed(k));
                        assert_eq!(
                            (outcome, samples),
                            single,
                            "{} on {}: {step:?} {cell:?}",
                            card.name,
                            problem.name
                        );
                        found += 1;
                    },
                    &mut |_| true,
                )
                .unwrap();
                assert_eq!(found, 11);
            }
        }
    }
}

struct Tagged(u64, Samples);

impl nullcline::engine::recorder::Recorder for Tagged {
    fn next_time(&self) -> f64 {
        self.1.next_time()
    }

    fn record(&mut self, t: f64, x: &[f64]) {
        self.1.record(t, x);
    }
}

#[test]
fn convergence_looks_at_one_path() {
    for (method, step) in [
        ("milstein", Some(0.02)),
        ("sri1", None),
        ("sri1", Some(0.02)),
        ("euler-maruyama", Some(0.02)),
    ] {
        let problem = noisy::scalar();
        let mut options = Options::new(1, 1e-2, 1e-3).cell(0.02);
        options.step = step;
        let key = Key::of_seed(5);
        let question = Question {
            system: &problem,
            method,
            options,
            span: SPAN,
            x0: problem.x0.clone(),
            times: vec![1.0],
            followed: vec![Followed {
                name: "x".into(),
                value: Box::new(|_, x| x.to_vec()),
            }],
            key,
        };
        let found = convergence(&question, 5).unwrap();
        let exact = problem.solution(&key, 0.02)[0];
        let error = |level: usize| (found.levels[level].outcome.state[0] / exact - 1.0).abs();
        println!("{method}: {} to {}", error(0), error(5));
        assert!(
            error(0) < 0.3 && error(5) < 0.3 * error(0) && error(5) < 0.05,
            "{method}"
        );
    }
}

/// Samples between steps lie on the path: with additive noise and no drift the solution is the path itself.
#[test]
fn between_steps_the_state_follows_the_path() {
    let problem = noisy::general();
    let key = Key::of_seed(3);
    let coarse = Options::new(3, 1e-3, 1e-3).step(0.25).cell(0.25);
    let fine = Options::new(3, 1e-3, 1e-3).step(0.25 / 256.0).cell(0.25);
    let at = |options: &Options| alone(&problem, "euler-maruyama", options, &problem.x0, key).1;
    let (coarse, fine) = (at(&coarse), at(&fine));
    for (a, b) in coarse.states.iter().zip(&fine.states) {
        for i in 0..2 {
            assert!((a[i] - b[i]).abs() < 1e-12, "{a:?} {b:?}");
        }
    }
}

#[test]
fn without_noise_stochastic_schemes_are_deterministic_ones() {
    let layout = Layout::new().block(Variable::new("x", vec![]), 1.0);
    struct Decay(Layout);
    impl System for Decay {
        fn layout(&self) -> &Layout {
            &self.0
        }
        fn smoothness(&self) -> Smoothness {
            Smoothness::Smooth
        }
        fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
            dx[0] = -x[0];
        }
    }
    let decay = Decay(layout);
    let drifts = |card: &&&Card| card.noise.is_some() && card.needs == Needs::Nothing;
    for card in CARDS.iter().filter(drifts) {
        let options = Options::new(1, 1e-6, 1e-6).step(0.01);
        let (outcome, _) = alone(&decay, card.name, &options, &[1.0], Key::of_seed(1));
        let error = (outcome.state[0] - (-1.0_f64).exp()).abs();
        let expected = if card.order == 1 { 3e-3 } else { 2e-5 };
        assert!(error < expected, "{}: {error}", card.name);
    }
}

#[test]
fn additive_noise_that_grows_is_integrated_by_parts() {
    let problem = noisy::additive();
    for seed in 0..20 {
        let key = Key::of_seed(seed);
        let exact = problem.solution(&key, 0.001);
        let options = Options::new(3, 1e-6, 1e-6).step(0.001);
        let (outcome, _) = alone(&problem, "sra1", &options, &problem.x0, key);
        for (x, e) in outcome.state.iter().zip(&exact) {
            assert!((x - e).abs() < 1e-5, "{:?} {exact:?}", outcome.state);
        }
    }
}

/// One neuron in a box, `dx = (u - x) dt + s dW` reflected at 0 and m: a normal law cut off at the faces.
#[test]
fn noise_in_a_box_has_the_stationary_law_of_reflection() {
    let text = "seed = 2\n[model]\nfamily = \"linear-threshold\"\ndynamics = \"projected\"\n[model.parameters]\n\
                weights = [[0.0]]\ninput = 0.2\nceiling = 1.0\nnoise = 0.8\n[initial]\nx = 0.5\n[time]\nstop = 8.0\nsave = 8.0\n\
                [solver]\nstep = STEP\n[record]\ntrajectories = false\nsummaries = [\"final\"]\n[ensemble]\nmembers = 20000\n";
    let density = |x: f64| (-(x - 0.2_f64).powi(2) / 0.64).exp();
    let integral = |value: &dyn Fn(f64) -> f64| -> f64 {
        (0..10_000)
            .map(|k| {
                value((f64::from(k) + 0.5) / 10_000.0) * density((f64::from(k) + 0.5) / 10_000.0)
            })
            .sum()
    };
    let moment = |n: i32| integral(&|x| x.powi(n)) / integral(&|_| 1.0);
    for step in ["0.02", "0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("box.toml");
        std::fs::write(&file, text.replace("STEP", step)).unwrap();
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_nullcline"))
            .args(["run", "--quiet"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        let found = hdf5::File::open(folder.path().join("box.h5")).unwrap();
        let x: Vec<f64> = found.dataset("x_final").unwrap().read_raw().unwrap();
        assert!(x.iter().all(|x| (0.0..=1.0).contains(x)));
        let n = x.len() as f64;
        for power in [1, 2] {
            let mean = x.iter().map(|x| x.powi(power)).sum::<f64>() / n;
            let (expected, error) = (
                moment(power),
                ((moment(2 * power) - moment(power).powi(2)) / n).sqrt(),
            );
            println!("step {step}, moment {power}: {mean:.5}, {expected:.5} +- {error:.5}");
            // Frozen coefficients leave an error of the order of the step.
            let bias = 0.02 * step.parse::<f64>().unwrap();
            assert!(
                (mean - expected).abs() < 4.0 * error + bias,
                "step {step}: {mean} is not {expected}"
            );
        }
    }
}

/// The mean error of many paths falls with the tolerance, and rejected steps leave no trace in the law.
#[test]
fn error_control_follows_the_path_and_keeps_the_law() {
    let problem = noisy::scalar();
    let paths = 2000;
    let errors = [1e-1, 1e-2, 1e-3, 1e-4].map(|tolerance| {
        let options = Options::new(1, tolerance, tolerance).cell(0.05);
        let (mut square, mut sum, mut rejected, mut steps) = (0.0, 0.0, 0, 0);
        for seed in 0..paths {
            let key = Key::of_seed(seed);
            let (outcome, _) = alone(&problem, "sri1", &options, &problem.x0, key);
            let exact = problem.solution(&key, 0.05)[0];
            square += (outcome.state[0] - exact).powi(2);
            sum += outcome.state[0] - exact;
            (rejected, steps) = (rejected + outcome.counts.rejected, steps + outcome.counts.steps);
        }
        let n = paths as f64;
        let (error, bias) = ((square / n).sqrt(), sum / n);
        println!("tolerance {tolerance:e}: error {error:.2e}, bias {bias:.2e}, {steps} steps, {rejected} rejected");
        assert!(rejected > 0 && rejected < steps);
        assert!(bias.abs() < 4.0 * error / n.sqrt() + 0.5 * error, "bias {bias} at {tolerance}");
        error
    });
    for (error, tolerance) in errors.iter().zip([1e-1, 1e-2, 1e-3, 1e-4]) {
        assert!(*error < 30.0 * tolerance, "{errors:?}");
    }
    assert!(
        errors.windows(2).all(|pair| pair[1] < 0.5 * pair[0]),
        "{errors:?}"
    );
}

/// Events at rate 2, each carrying the state to a drawn place: the threshold of the integrated rate is drawn at each jump.
struct Jumps(Layout);

impl Jumps {
    fn new() -> Self {
        let block = |name: &str| Variable::new(name, vec![]);
        Self(
            Layout::new()
                .block(block("hazard"), 0.0)
                .block(block("threshold"), 0.0)
                .block(block("place"), 0.0),
        )
    }
}

impl System for Jumps {
    fn layout(&self) -> &Layout {
        &self.0
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, _x: &[f64], dx: &mut [f64]) {
        dx.copy_from_slice(&[2.0, 0.0, 0.0]);
    }

    fn guards(&self) -> Option<&dyn Guards> {
        Some(self)
    }
}

impl Guards for Jumps {
    fn count(&self) -> usize {
        1
    }

    fn name(&self, _guard: usize) -> &str {
        "jump"
    }

    fn direction(&self, _guard: usize) -> Direction {
        Direction::Rising
    }

    fn action(&self, _guard: usize) -> Action {
        Action::Reset
    }

    fn values(&self, _t: f64, x: &[f64], g: &mut [f64]) {
        g[0] = x[0] - x[1];
    }

    fn reset(&self, _guard: usize, _t: f64, _x: &mut [f64]) {
        unreachable!("these jumps are drawn");
    }

    fn jump(&self, _guard: usize, _t: f64, x: &mut [f64], draws: &dyn Draws) {
        x.copy_from_slice(&[0.0, -draws.uniform(0).ln(), draws.normal(0)]);
    }

    fn begin(&self, x: &mut [f64], draws: &dyn Draws) {
        x[1] = -draws.uniform(0).ln();
    }
}

/// Keeps the times of events and the memory at a checkpoint.
#[derive(Default)]
struct Events {
    times: Vec<f64>,
    memory: Option<(usize, Vec<f64>)>,
}

impl nullcline::engine::recorder::Recorder for Events {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }

    fn record(&mut self, _t: f64, _x: &[f64]) {}

    fn event(&mut self, event: &nullcline::system::event::Event<'_>) {
        self.times.push(event.time);
    }

    fn checkpoint(&mut self, _t: f64, memory: &[f64]) {
        if self.memory.is_none() && self.times.len() > 10 {
            self.memory = Some((self.times.len(), memory.to_vec()));
        }
    }
}

#[test]
fn jumps_draw_from_addresses_of_their_own() {
    let jumps = Jumps::new();
    let span = Span {
        start: 0.0,
        stop: 500.0,
    };
    let options = Options::new(3, 1e-6, 1e-9);
    let run = |seed: u64, memory: Option<Vec<f64>>| {
        let mut job = Job::new(span, vec![0.0; 3], Events::default()).key(Key::of_seed(seed));
        job.memory = memory;
        let every = Checkpoints::Steps(3);
        integrate_job(&jumps, "tsit5", &options, job, every, &mut |_| true).unwrap()
    };
    let (outcome, events) = run(1, None);
    let (again, same) = run(1, None);
    assert_eq!((&outcome, &events.times), (&again, &same.times));
    assert_ne!(events.times, run(2, None).1.times);
    // From the middle of it on.
    let (before, memory) = events.memory.unwrap();
    let (resumed, rest) = run(1, Some(memory));
    assert_eq!(resumed.state, outcome.state);
    assert_eq!(rest.times, events.times[before..]);
    // Exponential waiting times of mean 1/2: mean and variance of their number.
    let count = events.times.len() as f64;
    assert!((count - 1000.0).abs() < 4.0 * 1000.0_f64.sqrt(), "{count}");
    let waits: Vec<f64> = events
        .times
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    let squares = waits.iter().map(|w| w * w).sum::<f64>() / waits.len() as f64;
    assert!(
        (squares - 0.5).abs() < 4.0 * (1.25 / count).sqrt(),
        "{squares}"
    );
}

/// The numbers of an archive that the program makes of an experiment.
fn program(text: &str, name: &str, more: &[&str]) -> (tempfile::TempDir, Vec<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("noise.toml");
    std::fs::write(&file, text).unwrap();
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .args(["run", "--quiet"])
        .arg(&file)
        .args(more)
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let archive = hdf5::File::open(folder.path().join("noise.h5")).unwrap();
    let numbers = archive.dataset(name).unwrap().read_raw().unwrap();
    (folder, numbers)
}

const WALK: &str = "seed = 3\n[model]\nfamily = \"equations\"\n[model.state.x]\ndrift = \"-x\"\ndiffusion = \"1\"\n\
                    [time]\nstop = 1.0\nsave = 0.25\n[solver]\nmethod = \"euler-maruyama\"\nstep = 0.0625\n";

#[test]
fn members_share_their_noise_or_do_not() {
    let members = |noise: &str| {
        let text = format!("{WALK}[ensemble]\nmembers = 3\nnoise = \"{noise}\"\n");
        program(&text, "x", &[]).1
    };
    let (own, common) = (members("independent"), members("common"));
    assert_ne!(own[..5], own[5..10]);
    assert_eq!(common[..5], common[5..10]);
    // The first member is the run without an ensemble.
    assert_eq!(own[..5], program(WALK, "x", &[]).1);
    assert_eq!(own[..5], common[..5]);
    // Alone, out of the archive.
    let (folder, _) = program(&format!("{WALK}[ensemble]\nmembers = 9\n"), "x", &[]);
    let rerun = std::process::Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .arg("rerun")
        .arg(folder.path().join("noise.h5"))
        .args(["--run", "7"])
        .output()
        .unwrap();
    assert!(
        rerun.status.success(),
        "{}",
        String::from_utf8_lossy(&rerun.stderr)
    );
}

/// Members, and runs along an axis, do not know of each other.
#[test]
fn runs_are_independent() {
    let text = format!(
        "{WALK}[ensemble]\nmembers = 2000\n[sweep.axes]\n\"initial.x\" = [0.0, 0.5, 1.0]\n\"solver.max_steps\" = [1000, 2000]\n"
    );
    let x = program(&text, "x", &[]).1;
    // [initial, max_steps, member, sample]: the last sample of each run, its decay taken off.
    let last = |initial: usize, max_steps: usize, member: usize| {
        let run = (initial * 2 + max_steps) * 2000 + member;
        x[run * 5 + 4] - 0.5 * initial as f64 * 0.9375_f64.powi(16)
    };
    let correlation = |pair: &dyn Fn(usize) -> (f64, f64)| {
        let pairs: Vec<(f64, f64)> = (0..1999).map(pair).collect();
        let sum = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>();
        sum(&|(a, b)| a * b) / (sum(&|(a, _)| a * a) * sum(&|(_, b)| b * b)).sqrt()
    };
    let independent = 4.0 / 2000_f64.sqrt();
    assert!(correlation(&|m| (last(0, 0, m), last(0, 0, m + 1))).abs() < independent);
    assert!(correlation(&|m| (last(0, 0, m), last(1, 0, m))).abs() < independent);
    // What an axis under `solver` changes is no other run.
    assert!((0..2000).all(|m| last(2, 0, m) == last(2, 1, m)));
}

#[test]
fn a_finer_step_and_another_scheme_follow_the_same_path() {
    let cell = "[noise]\ncell = 0.0625\n";
    let last = |more: &[&str]| {
        *program(&format!("{WALK}{cell}"), "x", more)
            .1
            .last()
            .unwrap()
    };
    let coarse = last(&[]);
    let fine = last(&["--set", "solver.step=0.0009765625"]);
    let other = last(&["--set", "solver.method=\"sra1\""]);
    assert!(
        (coarse - fine).abs() < 0.1 && (other - fine).abs() < 0.002,
        "{coarse} {fine} {other}"
    );
    // Sweeps over the step are told to fix the path, and then follow it.
    let swept = format!("{WALK}{cell}[sweep.axes]\n\"solver.step\" = [0.0625, 0.0009765625]\n");
    let x = program(&swept, "x", &[]).1;
    assert_eq!((x[4], x[9]), (coarse, fine));
}
