//! Instants: guards that fire once whatever their reset does, clocks however fast, stops, times far from zero, and what no step
//! saw. Models are written as equations and go through the file to the archive; what is right is a closed form.

use std::sync::atomic::AtomicBool;

use nullcline::archive::Reader;
use nullcline::config::{self, experiment::Experiment};
use nullcline::ensemble::{self, Report, RunOptions};
use nullcline::models;

#[path = "instants/unseen.rs"]
mod unseen;

/// A finished run.
struct Run {
    report: Report,
    reader: Reader,
    _folder: tempfile::TempDir,
}

impl Run {
    fn numbers(&self, name: &str) -> Vec<f64> {
        self.reader
            .read(name)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn last(&self, name: &str) -> f64 {
        *self.numbers(name).last().expect("a sample")
    }

    fn status(&self) -> String {
        self.reader.run_status().unwrap()[0].clone()
    }
}

fn load(text: &str, set: &[&str]) -> (Experiment, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let set: Vec<String> = set.iter().map(|one| one.to_string()).collect();
    let text = format!("[model]\nfamily = \"equations\"\n{text}");
    let experiment = config::load_text(
        &text,
        &folder.path().join("x.toml"),
        &set,
        &models::registry(),
    );
    (
        experiment.unwrap_or_else(|error| panic!("{error}\n{text}")),
        folder,
    )
}

fn run(text: &str, set: &[&str]) -> Run {
    let (experiment, folder) = load(text, set);
    let interrupt = AtomicBool::new(false);
    let report = ensemble::run(&experiment, &RunOptions::new(&interrupt), &mut |_| {}).unwrap();
    Run {
        reader: Reader::open(&report.path).unwrap(),
        report,
        _folder: folder,
    }
}

const DOSE: &str = r#"
[model.state.x]
drift = "-x"
[[model.guards]]
name = "dose"
when = "t - 1"
reset = { x = "x + 1" }
[initial]
x = 1.0
[time]
stop = 5.0
"#;

/// Each with what it needs besides.
const SCHEMES: &[&[&str]] = &[
    &["solver.method=tsit5"],
    &["solver.method=dop853"],
    &["solver.method=bs3"],
    &["solver.method=bdf"],
    &["solver.method=esdirk34"],
    &["solver.method=tr-bdf2"],
    &["solver.method=auto"],
    &["solver.method=ode-solvers-dopri5"],
    &["solver.method=rk4", "solver.step=0.01"],
    &["solver.method=rk4", "solver.step=0.03"],
];

#[test]
fn a_dose_at_a_time_is_given_once_by_every_scheme() {
    let exact = (-5.0_f64).exp() + (-4.0_f64).exp();
    for scheme in SCHEMES {
        let run = run(DOSE, scheme);
        assert_eq!(run.numbers("events/time"), [1.0], "{scheme:?}");
        assert!(
            (run.last("x") - exact).abs() < 1e-5,
            "{scheme:?}: {}",
            run.last("x")
        );
    }
    for (when, times) in [
        ("t - 0.7", vec![0.7]),
        ("(t - 1.3)/10", vec![1.3]),
        ("mod(t, 1) - 0.5", vec![0.5, 1.5, 2.5, 3.5, 4.5]),
    ] {
        let run = run(&DOSE.replace("t - 1", when), &["solver.rtol=1e-9"]);
        let found = run.numbers("events/time");
        assert_eq!(found.len(), times.len(), "{when}: {found:?}");
        let mut exact = (-5.0_f64).exp();
        for (found, time) in found.iter().zip(&times) {
            assert!((found - time).abs() < 1e-14, "{when}: {found}");
            exact += (time - 5.0).exp();
        }
        assert!((run.last("x") - exact).abs() < 1e-8, "{when}");
    }
}

#[test]
fn a_dose_at_the_time_of_a_state_is_given_once_too() {
    // The clock is a state variable, whose zero lies on the dense output; two guards at one instant each fire once.
    let text = DOSE.replace(
        "[initial]",
        "[model.state.s]\ndrift = \"1\"\n[[model.guards]]\nname = \"again\"\nwhen = \"s - 1\"\nreset = { x = \"x + 1\" }\n[initial]\ns = 0.0",
    );
    let exact = (-5.0_f64).exp() + 2.0 * (-4.0_f64).exp();
    for scheme in SCHEMES {
        let run = run(&text, scheme);
        let times = run.numbers("events/time");
        assert_eq!(times.len(), 2, "{scheme:?}: {times:?}");
        assert!(
            times.iter().all(|time| (time - 1.0).abs() < 1e-9),
            "{times:?}"
        );
        assert!(
            (run.last("x") - exact).abs() < 1e-5,
            "{scheme:?}: {}",
            run.last("x")
        );
    }
}

const COUNT: &str = r#"
[model.state.x]
drift = "y"
[model.state.y]
drift = "-x"
[model.state.n]
drift = "0"
[[model.guards]]
name = "up"
when = "x - 0.5"
reset = { n = "n + 1" }
[initial]
x = 0.0
y = 1.0
n = 0.0
[time]
stop = 100.0
"#;

#[test]
fn a_guard_that_counts_its_own_crossings_fires_once_at_each() {
    for scheme in SCHEMES {
        let run = run(COUNT, scheme);
        assert_eq!(run.last("n"), 16.0, "{scheme:?}");
        assert_eq!(run.numbers("events/time").len(), 16, "{scheme:?}");
    }
    // One guard for each element, in parts and (with a scalar beside it) in one piece.
    let vector = r#"
[model.state.x]
size = 3
drift = "y[i]"
[model.state.y]
size = 3
drift = "-x[i]"
[model.state.n]
size = 3
drift = "0"
[[model.guards]]
name = "up"
when = "x[i] - 0.5"
reset = { n = "n[i] + 1" }
[initial]
x = [0.0, 0.7, -1.0]
y = [1.0, 0.8, 0.0]
n = 0.0
[time]
stop = 100.0
save = 100.0
"#;
    let whole = vector.replace(
        "[initial]",
        "[model.state.other]\ndrift = \"-other\"\n[initial]\nother = 1.0",
    );
    for text in [vector, &whole] {
        for scheme in [SCHEMES[0], SCHEMES[1], SCHEMES[3]] {
            let run = run(text, scheme);
            let counts = run.numbers("n");
            // x = r sin(t + phase): upward crossings of asin(0.5/r) + 2 pi k - phase in (0, 100].
            assert_eq!(counts[3..], [16.0, 15.0, 16.0], "{scheme:?}");
        }
    }
}

#[test]
fn a_peak_is_remembered_and_a_kick_of_another_variable_given_once() {
    // p keeps the last maximum of a damped oscillation; z is kicked each time it passes zero downwards.
    let text = r#"
[model.state.x]
drift = "v"
[model.state.v]
drift = "-x - 0.2*v"
[model.state.p]
drift = "0"
[model.state.z]
drift = "-z"
[[model.guards]]
name = "peak"
when = "v"
direction = "falling"
reset = { p = "x" }
[[model.guards]]
name = "kick"
when = "x"
direction = "falling"
reset = { z = "z + 1" }
[initial]
x = 0.0
v = 1.0
p = 0.0
z = 0.0
[time]
stop = 20.0
[solver]
rtol = 1e-9
"#;
    let run = run(text, &[]);
    let omega = (1.0 - 0.01_f64).sqrt();
    let x = |t: f64| (-0.1 * t).exp() * (omega * t).sin() / omega;
    let period = 2.0 * std::f64::consts::PI / omega;
    let peak = (omega / 0.1).atan() / omega;
    let peaks = ((20.0 - peak) / period).floor() + 1.0;
    assert_eq!(
        run.numbers("events/time").len(),
        2 * peaks as usize - usize::from(peaks * period - 0.5 * period > 20.0)
    );
    assert!((run.last("p") - x(peak + (peaks - 1.0) * period)).abs() < 1e-7);
    let kicks = (0..)
        .map(|k| (f64::from(k) + 0.5) * period)
        .take_while(|&t| t <= 20.0);
    let z: f64 = kicks.map(|t| (t - 20.0).exp()).sum();
    assert!((run.last("z") - z).abs() < 1e-6);
}

#[test]
fn a_ball_bounces_to_rest_at_any_height_and_no_further() {
    // Height 1 above the floor, gravity 2, half of the speed back: the bounces end at t = 3.
    for floor in [0.0, 100.0, -1e4] {
        let text = format!(
            r#"
[model.state.y]
drift = "v"
[model.state.v]
drift = "-2"
[[model.guards]]
name = "bounce"
when = "y - ({floor:?})"
direction = "falling"
reset = {{ v = "-0.5*v" }}
[initial]
y = {:?}
v = 0.0
[time]
stop = 10.0
"#,
            floor + 1.0
        );
        for scheme in ["tsit5", "dop853", "bdf"] {
            let run = run(
                &text,
                &[&format!("solver.method={scheme}"), "solver.rtol=1e-10"],
            );
            assert_eq!(run.status(), "events_accumulate", "{floor} {scheme}");
            let end = run.last("events/time");
            // After each bounce `bdf` starts anew at order 1, and resolves fewer of them.
            let room = if scheme == "bdf" { 1e-3 } else { 1e-5 };
            assert!((end - 3.0).abs() < room, "{floor} {scheme}: {end}");
        }
    }
}

#[test]
fn clocks_are_found_however_fast_they_are() {
    let ticks = |when: &str, set: &[&str]| {
        let text = format!(
            r#"
[model.parameters]
on = [0.5, 2.25, 0.75]
[model.state.x]
size = 3
drift = "-0.1*x[i]"
[[model.guards]]
name = "tick"
when = "{when}"
[initial]
x = 1.0
[time]
stop = 10.0
"#
        );
        run(&text, set).numbers("events/time")
    };
    let found = ticks("sin(100*t + 0.1) + 0*on[0]", &[]);
    assert_eq!(found.len(), 159);
    for (k, time) in found.iter().enumerate() {
        let exact = (2.0 * std::f64::consts::PI * (k + 1) as f64 - 0.1) / 100.0;
        assert!((time - exact).abs() < 1e-13, "{time} {exact}");
    }
    // sin(t^2) rises through zero at sqrt(2 pi k).
    assert_eq!(ticks("sin(t^2) - 1e-9*on[1]", &[]).len(), 16);
    // A pulse of a thousandth, and one for each element of a vector.
    assert_eq!(ticks("exp(-((t - 7.3)/0.001)^2) - on[0]", &[]).len(), 1);
    assert_eq!(ticks("t - on[i]", &[]), [0.5, 0.75, 2.25]);
    assert_eq!(ticks("sum(k, heaviside(t - on[k])) - 1.5", &[]), [0.75]);
    let noisy = ["solver.method=rk4", "solver.step=1.0"];
    assert_eq!(ticks("mod(t, 0.01) - 0.005 + 0*on[0]", &noisy).len(), 1000);
}

#[test]
fn a_guard_that_turns_within_steps_is_noted() {
    // A fast oscillator whose amplitude is far below its tolerance: the steps do not follow it.
    let text = r#"
[model.state.x]
drift = "-0.1*x"
[[model.guards]]
name = "tick"
when = "sin(100*t) + 1e-3*x"
[initial]
x = 1.0
[time]
stop = 10.0
"#;
    let run_of = |set: &[&str]| run(text, set);
    let coarse = run_of(&[]);
    assert!(
        coarse.report.notes[0].contains("`tick`"),
        "{:?}",
        coarse.report.notes
    );
    let fine = run_of(&["solver.max_step=0.01"]);
    assert_eq!(fine.report.notes, [""; 0]);
    assert_eq!(fine.numbers("events/time").len(), 159);
}

#[test]
fn the_last_sample_of_a_run_that_a_guard_stops_is_the_state_at_the_stop() {
    let text = r#"
[model.state.y]
drift = "v"
[model.state.v]
drift = "-10 + 0.01*v^2"
[[model.guards]]
name = "ground"
when = "y"
direction = "falling"
stop = true
[initial]
y = 1000.0
v = 0.0
[time]
stop = 100.0
save = 0.5
[record]
summaries = ["final", "min"]
"#;
    let speed = 1000.0_f64.sqrt();
    let stop = speed / 10.0 * 10.0_f64.exp().acosh();
    for scheme in SCHEMES {
        let run = run(text, scheme);
        assert!(run.numbers("y_final")[0].abs() < 1e-9, "{scheme:?}");
        assert!(run.numbers("y_min")[0].abs() < 1e-9, "{scheme:?}");
        assert!(
            (run.numbers("v_final")[0] + speed).abs() < 1e-3,
            "{scheme:?}"
        );
        let (times, y) = (run.numbers("time"), run.numbers("y"));
        let last = y.iter().rposition(|y| y.is_finite()).unwrap();
        assert_eq!(last, 68);
        assert!(
            y[last].abs() < 1e-9 && (times[last] - stop).abs() < 2e-3,
            "{scheme:?} {}",
            times[last]
        );
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
    }
    // In a sweep each run has its own stop, in the place of its next sample; a stop on a sample is no further one.
    let text = r#"
[model.parameters]
speed = 1.0
[model.state.x]
drift = "speed"
[[model.guards]]
name = "there"
when = "x - 1"
stop = true
[initial]
x = 0.0
[time]
stop = 3.0
save = 0.25
[record]
summaries = ["final"]
[sweep.axes]
"model.parameters.speed" = [0.45, 0.7, 1.7]
"#;
    let run = run(text, &[]);
    let x = run.numbers("x");
    let rows = x.chunks(13);
    for (row, samples) in rows.zip([10, 7, 4]) {
        let kept: Vec<f64> = row.iter().copied().filter(|x| x.is_finite()).collect();
        assert_eq!(kept.len(), samples, "{row:?}");
        assert!((kept[samples - 1] - 1.0).abs() < 1e-12, "{row:?}");
    }
    assert!(
        run.numbers("x_final")
            .iter()
            .all(|x| (x - 1.0).abs() < 1e-12)
    );
}

#[test]
fn a_clock_far_from_zero_costs_no_accuracy() {
    let text = |start: f64, length: f64, frequency: f64| {
        format!(
            r#"
[model.parameters]
f = {frequency:?}
[model.state.x]
drift = "2*pi*f*y"
[model.state.y]
drift = "-2*pi*f*x"
[initial]
x = 0.0
y = 1.0
[time]
start = {start:?}
stop = {:?}
save = {:?}
"#,
            start + length,
            length / 1005.0
        )
    };
    // Seconds since 1970, milliseconds of a day, and the age of a planet in years.
    for (start, length, frequency) in [
        (1.7e9, 1.005, 50.0),
        (8.64e7, 10.05, 0.5),
        (4.5e9, 10.05, 0.5),
    ] {
        let error = |start: f64, set: &[&str]| {
            let run = run(&text(start, length, frequency), set);
            let off = run.numbers("time").into_iter().zip(run.numbers("x"));
            let exact = |t: f64| (2.0 * std::f64::consts::PI * frequency * (t - start)).sin();
            off.fold(0.0_f64, |worst, (t, x)| worst.max((x - exact(t)).abs()))
        };
        for scheme in SCHEMES {
            let scheme: Vec<&str> = match scheme {
                [method, "solver.step=0.01"] => vec![method, "solver.step=0.001"],
                [method, _] => vec![method, "solver.step=0.002"],
                _ => scheme.to_vec(),
            };
            let (near, far) = (error(0.0, &scheme), error(start, &scheme));
            assert!(
                far < 2.0 * near + 1e-9,
                "{scheme:?} from {start}: {far:e}, from 0: {near:e}"
            );
        }
    }
}
