//! What no step saw, and what resumes: notes, checkpoints, noisy thresholds.

use std::cell::RefCell;

use nullcline::engine::integrate::{Checkpoints, Job, Options, Span, integrate_job};
use nullcline::engine::recorder::Recorder;
use nullcline::prelude::*;

use super::{COUNT, DOSE, load, run};

const PULSE: &str = r#"
[model.parameters]
centre = 500.0
width = 0.05
height = 100.0
[model.state.x]
drift = "-x + height*exp(-((t - centre)/width)^2/2)"
[initial]
x = 0.0
[time]
stop = 510.0
save = 0.01
"#;

#[test]
fn a_pulse_between_the_stages_of_a_step_is_noted_and_can_be_stepped_to() {
    let missed = run(PULSE, &[]);
    let note = &missed.report.notes[0];
    assert!(
        note.contains("at t = 500 ") && note.contains("solver.max_step"),
        "{note}"
    );
    assert!((missed.numbers("health/unseen_time")[0] - 500.0).abs() < 0.05);
    // scipy DOP853, rtol 1e-12, max_step 0.01
    for set in [
        ["solver.max_step=0.02", "solver.rtol=1e-9"],
        ["time.stops=[500, 499.8]", "solver.rtol=1e-9"],
    ] {
        let run = run(PULSE, &set);
        assert_eq!(run.report.notes, [""; 0], "{set:?}");
        let x = run.numbers("x");
        assert!(
            (x[50_020] - 10.273_701).abs() < 1e-5,
            "{set:?}: {}",
            x[50_020]
        );
        assert!(
            (x[50_100] - 4.616_452).abs() < 1e-5,
            "{set:?}: {}",
            x[50_100]
        );
    }
    // Narrower by a thousand; a drop of an oscillation; one element of many.
    for drift in [
        "-x + exp(-((t - 77.7)/1e-4)^2)*1e6",
        "-x + 5 - 1e3*exp(-((t - 300)/0.01)^2)",
        "-x + 1e4/cosh((t - 300)/1e-3)",
    ] {
        let text = PULSE.replace("-x + height*exp(-((t - centre)/width)^2/2)", drift);
        let text = text.replace(
            "[model.parameters]\ncentre = 500.0\nwidth = 0.05\nheight = 100.0\n",
            "",
        );
        let run = run(&text, &[]);
        assert_eq!(run.report.notes.len(), 1, "{drift}");
    }
}

#[test]
fn a_forcing_that_is_followed_is_not_noted() {
    for drift in [
        "-x + sin(t)",
        "-x + sin(20*t)*cos(0.1*t)",
        "-0.01*x + exp(-((t - 200)/20)^2)",
        "-x + sin(t)^2 + cos(t)^2",
        "-x + heaviside(t - 100) - 3*heaviside(t - 100.5)",
        "-x + mod(t, 7)",
        "-x*(1 + 0.5*sin(t)) + t/(1 + t)",
        "-x + sqrt(t) + log(1 + t)",
    ] {
        let text = format!(
            "[model.state.x]\ndrift = \"{drift}\"\n[initial]\nx = 1.0\n[time]\nstop = 510.0\n"
        );
        for scheme in ["tsit5", "dop853", "bdf"] {
            let run = run(&text, &[&format!("solver.method={scheme}")]);
            assert_eq!(run.report.notes, [""; 0], "{drift} by {scheme}");
        }
    }
}

#[test]
fn a_component_below_its_atol_is_noted_with_the_atol_to_set() {
    let text = r#"
[model.parameters]
vmax = 1e-16
km = 1e-17
[model.state.s]
drift = "-vmax*s/(km + s)"
[model.state.u]
drift = "-u"
[initial]
s = 1e-15
u = 1.0
[time]
stop = 12.0
"#;
    let crude = run(text, &[]);
    let note = &crude.report.notes[0];
    assert!(note.starts_with("s never exceeds 1e-15"), "{note}");
    assert!(
        note.ends_with("set `solver.atol = { s = 1e-24 }`"),
        "{note}"
    );
    assert_eq!(crude.numbers("health/below_atol"), [0.0]);
    let right = run(text, &["solver.atol={ s = 1e-24, u = 1e-9 }"]);
    assert_eq!(right.report.notes, [""; 0]);
    let s = right.numbers("s");
    for (t, exact) in [
        (5.0, 5.067_965e-16),
        (9.0, 1.211_105e-16),
        (10.0, 3.385_630e-17),
    ] {
        let found = s[(t / 12.0 * 1000.0_f64).round() as usize];
        let at = (t / 12.0 * 1000.0_f64).round() * 0.012;
        // Where t is not a sample: the implicit closed form.
        let closed =
            |s: f64, t: f64| s + 1e-17 * s.ln() - (1e-15 + 1e-17 * 1e-15_f64.ln() - 1e-16 * t);
        assert!(closed(found, at).abs() < 1e-20, "{t}: {found:e} {exact:e}");
    }
    // What is zero, or grows out of it, or lies below in name only, is not noted.
    for (drift, start) in [("0*u", 0.0), ("1e-3", 0.0), ("-u", 1.0)] {
        let text = format!(
            "[model.state.s]\ndrift = \"{drift}\"\n[model.state.u]\ndrift = \"-u\"\n[initial]\ns = {start:?}\nu = 1.0\n[time]\nstop = 5.0\n"
        );
        assert_eq!(run(&text, &[]).report.notes, [""; 0], "{drift}");
    }
}

/// Keeps checkpoints and the last state.
#[derive(Default)]
struct Kept {
    checkpoints: RefCell<Vec<Vec<f64>>>,
    events: Vec<f64>,
}

impl Recorder for Kept {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }
    fn record(&mut self, _t: f64, _x: &[f64]) {}
    fn event(&mut self, event: &nullcline::system::event::Event<'_>) {
        self.events.push(event.time);
    }
    fn checkpoint(&mut self, _t: f64, memory: &[f64]) {
        self.checkpoints.borrow_mut().push(memory.to_vec());
    }
}

#[test]
fn a_run_resumes_with_the_same_bits_wherever_it_stopped() {
    let noisy = r#"
[model.state.v]
size = 5
drift = "0.9 - v[i]"
diffusion = "0.5"
[model.state.n]
size = 5
drift = "0"
[[model.guards]]
name = "spike"
when = "v[i] - 1"
reset = { v = "0", n = "n[i] + 1" }
[initial]
v = 0.0
n = 0.0
[time]
stop = 8.0
"#;
    let coupled = noisy.replace("0.9 - v[i]", "0.9 - v[i] + 0.1*sum(j, v[j])/5");
    for (text, method, step) in [
        (DOSE, "tsit5", None),
        (COUNT, "tsit5", None),
        (COUNT, "bdf", None),
        (COUNT, "rk4", Some(0.1)),
        (noisy, "euler-maruyama", Some(0.05)),
        (noisy, "sra1", None),
        (&coupled, "euler-maruyama", Some(0.05)),
    ] {
        let (experiment, _folder) = load(text, &[]);
        let Ok(Built::Flow(system)) = experiment.build() else {
            panic!("a flow");
        };
        let mut options = Options::new(system.layout().len(), 1e-4, 1e-4);
        options.step = step;
        let span = Span {
            start: experiment.time.start,
            stop: experiment.time.stop,
        };
        let go = |memory: Option<Vec<f64>>| {
            let mut job = Job::new(span, experiment.initial.clone(), Kept::default());
            job.memory = memory;
            let every = Checkpoints::Steps(1);
            integrate_job(system.as_ref(), method, &options, job, every, &mut |_| true).unwrap()
        };
        let (outcome, kept) = go(None);
        assert!(outcome.status.is_success(), "{method}");
        assert!(!kept.events.is_empty(), "{method}");
        let checkpoints = kept.checkpoints.into_inner();
        for memory in checkpoints.iter().step_by(1 + checkpoints.len() / 40) {
            let (resumed, later) = go(Some(memory.clone()));
            assert_eq!(resumed.state, outcome.state, "{method}");
            assert_eq!(resumed.counts, outcome.counts, "{method}");
            assert!(kept.events.ends_with(&later.events), "{method}");
        }
    }
}

#[test]
fn noisy_thresholds_are_passed_at_the_rate_of_the_path_and_not_of_its_steps() {
    // Leaky neurons under white noise: Siegert's rate is 0.54347 for mu = 0.8, sigma = 0.5.
    let text = r#"
seed = 5
[model.state.v]
size = 100
drift = "0.8 - v[i]"
diffusion = "0.5*sqrt(2)"
[model.state.n]
size = 100
drift = "0"
[[model.guards]]
name = "spike"
when = "v[i] - 1"
reset = { v = "0", n = "n[i] + 1" }
[initial]
v = 0.0
n = 0.0
[time]
stop = 300.0
save = 50.0
[solver]
method = "euler-maruyama"
step = 0.01
"#;
    let text = text.replacen("\nseed = 5", "", 1);
    let whole = text.replace("0.8 - v[i]", "0.8 - v[i] + 0*sum(j, v[j]*n[j])");
    let mut rates = Vec::new();
    for text in [&text, &whole] {
        let run = run(text, &["seed=5"]);
        let n = run.numbers("n");
        let fired: f64 = n[600..].iter().sum::<f64>() - n[100..200].iter().sum::<f64>();
        rates.push(fired / 100.0 / 250.0);
    }
    // 13 500 spikes: a standard error of about 0.7 %; the step of 0.01 adds 0.8 %.
    for rate in &rates {
        assert!((rate / 0.54347 - 1.0).abs() < 0.025, "{rates:?}");
    }
    // A counter of a noisy path, by one scalar guard in one piece, counts each passage once.
    let text = r#"
[model.state.x]
drift = "-x"
diffusion = "0.3"
[model.state.n]
drift = "0"
[[model.guards]]
name = "dose"
when = "t - 1"
reset = { n = "n + 1" }
[[model.guards]]
name = "up"
when = "x - 0.2"
reset = { n = "n + 0.001" }
[initial]
x = 0.0
n = 0.0
[time]
stop = 5.0
[solver]
method = "euler-maruyama"
step = 0.01
"#;
    let run = run(text, &[]);
    let ups = run.numbers("events/time").len() as f64 - 1.0;
    assert!((run.last("n") - 1.0 - 0.001 * ups).abs() < 1e-9);
    assert!((2.0..250.0).contains(&ups), "{ups}");
}

/// A pulse beside whose tail a point of the step happens to lie is noted as well.
#[test]
fn pulses_are_noted_wherever_they_lie_in_a_step() {
    let text = |drift: &str, stop: f64| {
        format!(
            "[model.parameters]\non = [20.0, 35.0, 77.7]\n[model.state.x]\ndrift = \"{drift}\"\n[model.state.y]\n\
             drift = \"-y*on[0]\"\n[initial]\nx = 0.0\ny = 1.0\n[time]\nstop = {stop:?}\n[solver]\natol = 1e-9\n"
        )
    };
    for (drift, stop) in [
        ("-x + 100*exp(-((t - 0.503)/0.002)^2)", 1.0),
        ("-x + 100*exp(-((t - 0.3)/0.005)^2)", 1.0),
        ("-x + 100*sum(k, exp(-((t - on[k])/0.01)^2))", 100.0),
        ("-x^3 + 1 + 100*exp(-((t - 50.3)/0.01)^2)", 100.0),
        ("-x + 100/cosh((t - 50.3)/0.01)", 100.0),
        ("-x + 20*exp(-((t - 33)/0.05)^2/2)", 100.0),
    ] {
        let text = text(drift, stop).replace("[model.state.y]\ndrift = \"-y*on[0]\"\n", "");
        let text = match drift.contains("on[") {
            true => text.replace("y = 1.0\n", ""),
            false => text
                .replace("y = 1.0\n", "")
                .replace("[model.parameters]\non = [20.0, 35.0, 77.7]\n", ""),
        };
        let run = run(&text, &[]);
        let notes = &run.report.notes;
        let is_noted = notes.iter().any(|note| note.contains("the drift changed"));
        let largest = run.numbers("x").into_iter().fold(0.0, f64::max);
        assert!(is_noted || largest > 0.2, "{drift}: {largest} {notes:?}");
    }
}

/// A reset within a long step is followed by the tolerances of the run: exp(-5 (t - 1)) after a kick of 1 at t = 1.
#[test]
fn after_a_reset_a_noisy_run_keeps_its_tolerances() {
    let text = r#"
[model.state.x]
drift = "-5*x"
diffusion = "1e-5"
[model.state.c]
drift = "1"
[[model.guards]]
name = "kick"
when = "c - 1"
reset = { x = "x + 1", c = "0" }
[initial]
x = 0.0
c = 0.0
[time]
stop = 5.5
save = 0.1
"#;
    for method in ["sra1", "sri1"] {
        let run = run(text, &[&format!("solver.method={method}")]);
        let x = run.numbers("x");
        for (sample, after) in [(11, 0.1), (12, 0.2), (13, 0.3)] {
            let right = f64::exp(-5.0 * after);
            let error = (x[sample] - right).abs();
            assert!(error < 5e-3, "{method}: {} and {right}", x[sample]);
        }
    }
}
