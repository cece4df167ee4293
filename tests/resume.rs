//! Long runs are left and taken up again: at planned checkpoints and wherever somebody asks, behind an
//! edge of a stimulus, on a kink, after rejected steps, inside reducers and half-filled blocks; as often
//! as it takes. The result is that of a run that was never left.

mod experiments;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nullcline::archive::{Milestone, Reader};
use nullcline::config;
use nullcline::config::experiment::Experiment;
use nullcline::ensemble::{self, RunOptions};
use nullcline::models;

const BASE: &str = r#"
[model]
family = "linear-threshold"
[model.parameters]
weights = [[0.5, -2.0, 0.4], [3.0, -0.5, 0.0], [0.2, 0.9, 0.3]]
dissipation = [1.0, 2.0, 1.5]
input = [2.0, -1.0, 0.5]
ceiling = [1.5, 1.0, 5.0]
[time]
stop = 60.0
save = 0.05
[[stimulus]]
channel = "input"
shape = "pulses"
amplitude = 2.5
frequency = 2.7
cells = [0, 0]
[record]
observables = ["active_set"]
summaries = ["mean", "std", "period", { summary = "crossings", level = 0.4 }, { summary = "first_passage", above = 0.6 }]
[[record.group]]
name = "fine"
variables = ["x"]
every = 0.013
precision = "f32"
"#;

/// Spiking neurons: in parts, or with a current that all of them share.
const NEURONS: &str = r#"
[model]
family = "equations"
[model.state.v]
size = 30
drift = "1.1 + 0.05*i + I - v[i]"
[model.state.u]
size = 30
drift = "-3*u[i]"
[[model.guards]]
name = "spike"
when = "v[i] - 1"
reset = { v = "0", u = "u[i] + 1" }
[time]
stop = 60.0
save = 0.05
[record]
summaries = ["mean", "std"]
"#;

/// Noise of each component by itself, with error control.
const WELLS: &str = r#"
[model]
family = "equations"
[model.state.x]
size = 3
drift = "x[i] - x[i]^3 + 0.1*sum(j, x[j])"
diffusion = "0.5 + 0.2*sin(x[i])"
[time]
stop = 60.0
save = 0.05
[record]
summaries = ["mean", "std"]
"#;

fn load(more: &str, path: &Path) -> Experiment {
    load_as(BASE, more, path)
}

fn load_as(base: &str, more: &str, path: &Path) -> Experiment {
    let text = format!("{base}{more}");
    let loaded = config::load_text(&text, Path::new("long.toml"), &[], &models::registry());
    let mut experiment = loaded.unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
    experiment.output.path = path.to_path_buf();
    experiment
}

fn numbers(path: &Path) -> Vec<(String, Vec<u64>)> {
    let reader = Reader::open(path).unwrap();
    let mut found = Vec::new();
    for group in ["/", "health", "events"] {
        for variable in reader.variables_in(group).unwrap_or_default() {
            if !variable.is_text {
                let bits = reader.read(&variable.name).unwrap();
                found.push((variable.name, bits.iter().map(|v| v.to_bits()).collect()));
            }
        }
    }
    found.sort();
    found
}

/// How often the writer may pass a checkpoint before the run is asked to stop.
static LEFT: AtomicU64 = AtomicU64::new(0);
static STOP: AtomicBool = AtomicBool::new(false);

fn count(milestone: Milestone) {
    // The writer holds the run up, so that it is not over before somebody can ask it to stop.
    std::thread::sleep(std::time::Duration::from_micros(300));
    if matches!(milestone, Milestone::Checkpoint | Milestone::Samples)
        && LEFT.fetch_sub(1, Ordering::Relaxed) == 1
    {
        STOP.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_run_that_is_left_anywhere_goes_on_to_the_same_numbers() {
    let folder = experiments::folder();
    for (kind, more) in [
        (
            "tsit5",
            "[solver]\nrtol = 1e-9\n[output]\ncheckpoint = { steps = 7 }\n",
        ),
        (
            "ignored",
            "[solver]\nkinks = \"ignore\"\n[output]\ncheckpoint = { steps = 11 }\n",
        ),
        (
            "rk4",
            "[solver]\nmethod = \"rk4\"\nstep = 0.01\n[output]\ncheckpoint = 0.7\n",
        ),
        (
            "ode_solvers",
            "[solver]\nmethod = \"ode-solvers-dopri5\"\n[output]\ncheckpoint = { steps = 9 }\n",
        ),
        (
            "steps",
            "[output]\ncheckpoint = { steps = 9 }\ncompression = 1\n",
        ),
        (
            "neurons",
            "[solver]\nmethod = \"tsit5\"\n[output]\ncheckpoint = { steps = 7 }\n",
        ),
        (
            "neurons by dop853",
            "[solver]\nmethod = \"dop853\"\n[output]\ncheckpoint = { steps = 5 }\n",
        ),
        (
            "neurons in one piece",
            "[solver]\nmethod = \"bs3\"\n[output]\ncheckpoint = { steps = 70 }\n",
        ),
        // Noise: steps on a path that stays, cut by pulses, and cells that are half used.
        (
            "network noisy",
            "[solver]\nrtol = 1e-2\natol = 1e-2\n[output]\ncheckpoint = { steps = 7 }\n",
        ),
        (
            "network noisy stepped",
            "[solver]\nmethod = \"euler-maruyama\"\nstep = 0.007\n[output]\ncheckpoint = { steps = 77 }\n",
        ),
        (
            "projected noisy",
            "[solver]\nmethod = \"euler-maruyama\"\nstep = 0.01\n[noise]\ncell = 0.004\n[output]\ncheckpoint = 0.7\n",
        ),
        (
            "wells",
            "[solver]\nrtol = 1e-3\natol = 1e-3\n[output]\ncheckpoint = { steps = 7 }\n",
        ),
        (
            "neurons noisy",
            "[solver]\nmethod = \"euler-maruyama\"\nstep = 0.01\n[output]\ncheckpoint = { steps = 70 }\n",
        ),
        // Exact pieces under pulses, dense output under a sine.
        ("projected", "[output]\ncheckpoint = { steps = 7 }\n"),
        ("projected sine", "[output]\ncheckpoint = { steps = 7 }\n"),
        ("hard-selector", "[output]\ncheckpoint = { steps = 7 }\n"),
        (
            "hard-selector sine",
            "[output]\ncheckpoint = { steps = 7 }\n",
        ),
        (
            "projected stepped",
            "[solver]\nmethod = \"catching-up\"\nstep = 0.01\n[output]\ncheckpoint = 0.7\n",
        ),
        (
            "hard-selector stepped",
            "[solver]\nmethod = \"implicit-selector\"\nstep = 0.01\n[output]\ncheckpoint = 0.7\n",
        ),
    ] {
        let (dynamics, variant) = kind.split_once(' ').unwrap_or((kind, ""));
        let mut base = BASE.to_string();
        if matches!(dynamics, "projected" | "hard-selector") {
            let family = "family = \"linear-threshold\"";
            base = base.replace(family, &format!("{family}\ndynamics = \"{dynamics}\""));
        }
        if variant.starts_with("noisy") {
            base = base.replace("[time]", "noise = [0.3, 0.1, 0.2]\n[time]");
        }
        if dynamics == "wells" {
            base = WELLS.to_string();
        }
        if variant == "sine" {
            base = base.replace("pulses", "sine");
        }
        if dynamics == "neurons" {
            let shared = if variant == "in one piece" {
                "0.01*sum(j, u[j])"
            } else {
                "0"
            };
            base = NEURONS.replace(" I ", &format!(" {shared} "));
            if variant == "noisy" {
                base = base.replace("[model.state.u]", "diffusion = \"0.1\"\n[model.state.u]");
            }
        }
        let load = |path: &Path| {
            let mut experiment = load_as(&base, more, path);
            if kind == "steps" {
                experiment.time.save = config::experiment::Save::Steps;
            }
            experiment
        };
        let never = AtomicBool::new(false);
        let whole = folder.path().join(format!("{kind}.h5"));
        ensemble::run(&load(&whole), &RunOptions::new(&never), &mut |_| {}).unwrap();
        let right = numbers(&whole);
        let path = folder.path().join(format!("{kind}-parts.h5"));
        let (mut attempts, mut resumed) = (0_u64, 0);
        loop {
            STOP.store(false, Ordering::Relaxed);
            LEFT.store(1 + attempts * 7 % 17, Ordering::Relaxed);
            let mut options = RunOptions::new(&STOP);
            options.hook = count;
            let report = ensemble::run(&load(&path), &options, &mut |_| {}).unwrap();
            attempts += 1;
            resumed += u64::from(report.from_checkpoint);
            if report.complete {
                break;
            }
            assert_eq!(report.exit_code(), 130);
            assert!(attempts < 10_000, "{kind} comes to no end");
        }
        println!("{kind}: {attempts} attempts, {resumed} from a checkpoint");
        assert!(resumed >= 5, "{kind}: {resumed} of {attempts}");
        let found = numbers(&path);
        for ((name, right), (_, found)) in right.iter().zip(&found) {
            assert!(right == found, "{kind}: {name} differs");
        }
        assert_eq!(right.len(), found.len());
    }
}

/// What is left of a run that never has a checkpoint is begun anew, to the same numbers.
#[test]
fn a_damaged_checkpoint_is_none() {
    let folder = experiments::folder();
    let more = "[solver]\nmethod = \"rk4\"\nstep = 0.001\n[output]\ncheckpoint = { steps = 100 }\n";
    let never = AtomicBool::new(false);
    let whole = folder.path().join("whole.h5");
    ensemble::run(&load(more, &whole), &RunOptions::new(&never), &mut |_| {}).unwrap();
    let path = folder.path().join("part.h5");
    STOP.store(false, Ordering::Relaxed);
    LEFT.store(5, Ordering::Relaxed);
    let mut options = RunOptions::new(&STOP);
    options.hook = count;
    let report = ensemble::run(&load(more, &path), &options, &mut |_| {}).unwrap();
    assert!(!report.complete);
    let checkpoint = folder.path().join("part.h5.part.checkpoint.0");
    let mut bytes = std::fs::read(&checkpoint).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&checkpoint, bytes).unwrap();
    let report = ensemble::run(&load(more, &path), &RunOptions::new(&never), &mut |_| {}).unwrap();
    assert!(report.complete && !report.from_checkpoint);
    assert!(numbers(&whole) == numbers(&path));
}
