//! Models written in the file, against mathematics: the Jacobian against differences, closed forms,
//! indices, guards with resets, edges in time, noise; and what the program makes of such a file.

#[path = "equations/edges.rs"]
mod edges;
#[path = "equations/faults.rs"]
mod faults;
#[path = "equations/rest.rs"]
mod rest;

use std::path::{Path, PathBuf};
use std::process::Command;

use nullcline::config::{self, experiment::Experiment};
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::{Recorder, Samples};
use nullcline::models;
use nullcline::prelude::*;
use nullcline::system::event::Event;

fn load(text: &str) -> Experiment {
    let text = format!("[model]\nfamily = \"equations\"\n{text}\n[time]\nstop = 1.0\n");
    let path = Path::new("model.toml");
    config::load_text(&text, path, &[], &models::registry()).unwrap_or_else(|e| panic!("{e}"))
}

fn flow(experiment: &Experiment) -> Box<dyn System> {
    match experiment.build() {
        Ok(Built::Flow(system)) => system,
        _ => panic!("it is a flow"),
    }
}

fn system(text: &str) -> Box<dyn System> {
    flow(&load(text))
}

fn drift(system: &dyn System, t: f64, x: &[f64]) -> Vec<f64> {
    let mut dx = vec![f64::NAN; x.len()];
    system.drift(t, x, &mut dx);
    dx
}

fn last(system: &dyn System, x0: &[f64], stop: f64) -> Vec<f64> {
    let options = Options::new(x0.len(), 1e-11, 1e-12);
    let span = Span { start: 0.0, stop };
    let mut samples = Samples::at(vec![stop]);
    let outcome = integrate(
        system,
        "tsit5",
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    );
    outcome.unwrap().state
}

/// The Jacobian against central differences at a point, and its pattern against its entries.
fn check_jacobian(system: &dyn System, t: f64, x: &[f64], what: &str) {
    let n = x.len();
    let jacobian = system.jacobian().expect("a Jacobian");
    let mut matrix = vec![f64::NAN; n * n];
    jacobian.dense(t, x, &mut matrix);
    for column in 0..n {
        let h = 1e-5 * x[column].abs().max(1.0);
        let at = |sign: f64| {
            let mut x = x.to_vec();
            x[column] += sign * h;
            drift(system, t, &x)
        };
        let (above, below) = (at(1.0), at(-1.0));
        for row in 0..n {
            let slope = (above[row] - below[row]) / (2.0 * h);
            let entry = matrix[row * n + column];
            assert!(
                (entry - slope).abs() < 1e-6 * slope.abs().max(1.0),
                "{what}: [{row}, {column}] is {entry}, differences say {slope}"
            );
        }
    }
    if let Some(pattern) = jacobian.pattern() {
        assert_eq!(pattern.starts.len(), n + 1);
        for row in 0..n {
            let columns = &pattern.columns[pattern.starts[row]..pattern.starts[row + 1]];
            assert!(columns.windows(2).all(|pair| pair[0] < pair[1]));
            for column in 0..n {
                let zero = matrix[row * n + column] == 0.0;
                assert!(
                    zero || columns.contains(&column),
                    "{what}: [{row}, {column}]"
                );
            }
        }
    }
}

#[test]
fn jacobians_of_the_shipped_models_are_those_of_differences() {
    let mut count = 0;
    for entry in std::fs::read_dir("configs/equations").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        // Ten thousand neurons would be a matrix of 10^8 entries.
        let smaller = ["model.state.v.size=30".to_string()];
        let overrides = match path.ends_with("integrate-and-fire.toml") {
            true => &smaller[..],
            false => &[],
        };
        let experiment = config::load(&path, overrides, &models::registry()).unwrap();
        let system = flow(&experiment);
        for step in 0..3 {
            let shift = |i: usize| 0.01 + 0.1 * f64::from(step) * ((i + 1) as f64).sin().abs();
            let start = experiment.initial.iter().enumerate();
            let x: Vec<f64> = start.map(|(i, x)| x + shift(i)).collect();
            check_jacobian(system.as_ref(), 0.3, &x, &path.display().to_string());
        }
        count += 1;
    }
    assert_eq!(count, 13);
}

#[test]
fn jacobians_of_every_function_are_those_of_differences() {
    let unary = [
        "exp",
        "expm1",
        "exprel",
        "log",
        "ln",
        "log1p",
        "log10",
        "log2",
        "sqrt",
        "cbrt",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "atanh",
        "sigmoid",
        "abs",
        "sign",
        "heaviside",
        "relu",
        "floor",
        "ceil",
        "round",
    ];
    for name in unary {
        let system = system(&format!("[model.state.x]\ndrift = \"{name}(0.7*x)*x\""));
        check_jacobian(system.as_ref(), 0.0, &[0.6], name);
    }
    for body in [
        "acosh(1 + x + y)",
        "x^y",
        "x^3",
        "x^-2",
        "2^x",
        "pow(y, x)",
        "x/y",
        "y/x - x*y",
        "min(x, 2*y, 3)",
        "max(x, y, 0.1)",
        "mod(3*x, y)",
        "atan2(x, y)",
        "hypot(x, y)",
        "clip(x*y, 0.1, 5)",
        "x^0.5 - x^7*y",
        "exprel(0)*x",
        "t*x*y",
    ] {
        let text = format!(
            "[model.state.x]\ndrift = \"{body}\"\n[model.state.y]\ndrift = \"-x + ({body})*y\""
        );
        check_jacobian(system(&text).as_ref(), 0.7, &[0.8, 1.3], body);
    }
}

#[test]
fn jacobians_look_into_sums_and_neighbours() {
    let text = r#"
        [model.parameters]
        W = [[0.1, -0.4, 0.3], [0.2, 0.5, -0.6], [0.7, 0.2, 0.9]]
        b = [1.0, 2.0, 3.0]
        [model.state.x]
        size = 3
        drift = "-x[i]*z + sum(j, W[i, j]*rate[j])*total + x[mod(i + 1, 3)]*x[mod(i - 1, 3)] + x[0]"
        [model.state.z]
        drift = "-z^2 + sum(j, b[j]*x[j]^2) + sum(k, sum(j, W[k, j]*x[k]*x[j]))"
        [model.define]
        rate = "tanh(x[i] + b[i])"
        total = "sum(j, sin(x[j]))"
    "#;
    let system = system(text);
    let x = [0.3, -0.5, 0.8, 1.1];
    check_jacobian(system.as_ref(), 0.0, &x, "sums");
    // The drift itself, by hand.
    let w = [[0.1, -0.4, 0.3], [0.2, 0.5, -0.6], [0.7, 0.2, 0.9]];
    let b = [1.0, 2.0, 3.0];
    let total: f64 = x[..3].iter().map(|x| x.sin()).sum();
    let dx = drift(system.as_ref(), 0.0, &x);
    for i in 0..3 {
        let pull: f64 = (0..3).map(|j| w[i][j] * (x[j] + b[j]).tanh()).sum();
        let wanted = -x[i] * x[3] + pull * total + x[(i + 1) % 3] * x[(i + 2) % 3] + x[0];
        assert!((dx[i] - wanted).abs() < 1e-14, "{i}");
    }
    let square: f64 = (0..3).map(|j| b[j] * x[j] * x[j]).sum();
    let form: f64 = (0..9).map(|p| w[p / 3][p % 3] * x[p / 3] * x[p % 3]).sum();
    assert!((dx[3] - (-x[3] * x[3] + square + form)).abs() < 1e-14);
}

#[test]
fn sums_in_definitions_keep_their_own_index() {
    // r[j] sums over j as well, for another j.
    let system = system(
        "[model.state.x]\nsize = 3\ndrift = \"sum(j, r[j]*x[j])\"\n[model.define]\nr = \"sum(j, (i + 2*j)*x[j]) + 0*x[i]\"",
    );
    let x = [1.0, 2.0, 4.0];
    let r = |i: usize| (0..3).map(|j| (i + 2 * j) as f64 * x[j]).sum::<f64>();
    let wanted: f64 = (0..3).map(|i| r(i) * x[i]).sum();
    assert_eq!(drift(system.as_ref(), 0.0, &x), [wanted; 3]);
    check_jacobian(system.as_ref(), 0.0, &x, "nested");
}

#[test]
fn two_oscillators_lock_at_the_angle_of_the_closed_form() {
    // psi' = D - K sin psi: psi = asin(D/K).
    let text = "[model.parameters]\nomega = [-0.5, 0.5]\nK = 2.0\n[model.state.theta]\nsize = 2\n\
                drift = \"omega[i] + K/2*sum(j, sin(theta[j] - theta[i]))\"";
    let x = last(system(text).as_ref(), &[0.3, 1.0], 40.0);
    assert!((x[1] - x[0] - 0.5_f64.asin()).abs() < 1e-9, "{x:?}");
}

#[test]
fn the_uniform_state_of_the_brusselator_oscillates_beyond_one_plus_a_squared() {
    let swing = |b: f64| {
        let path = PathBuf::from("configs/equations/brusselator.toml");
        let set = [format!("model.parameters.b={b}"), format!("initial.v={b}")];
        let experiment = config::load(&path, &set, &models::registry()).unwrap();
        let system = flow(&experiment);
        let x = last(system.as_ref(), &experiment.initial, 200.0);
        let dx = drift(system.as_ref(), 0.0, &x);
        dx.iter().fold((x[0] - 1.0).abs(), |a, b| a.max(b.abs()))
    };
    assert!(swing(1.8) < 1e-6 && swing(2.2) > 1e-2);
}

#[test]
fn the_rolls_rest_at_the_points_of_lorenz_and_shrink_volumes_evenly() {
    let path = Path::new("configs/equations/lorenz.toml");
    let experiment = config::load(path, &[], &models::registry()).unwrap();
    let system = flow(&experiment);
    let c = (8.0 / 3.0 * 27.0_f64).sqrt();
    for rest in [[0.0; 3], [c, c, 27.0], [-c, -c, 27.0]] {
        assert!(
            drift(system.as_ref(), 0.0, &rest)
                .iter()
                .all(|dx| dx.abs() < 1e-13)
        );
    }
    let mut matrix = [0.0; 9];
    system
        .jacobian()
        .unwrap()
        .dense(0.0, &[3.0, -1.0, 20.0], &mut matrix);
    let divergence = matrix[0] + matrix[4] + matrix[8];
    assert!((divergence + 10.0 + 1.0 + 8.0 / 3.0).abs() < 1e-14);
}

#[test]
fn smoothness_linearity_and_noise_are_told() {
    let told = |text: &str| {
        let system = system(text);
        (system.smoothness(), system.linear().is_some())
    };
    let one = |drift: &str| told(&format!("[model.state.x]\ndrift = \"{drift}\""));
    assert_eq!(one("-2*x + 3"), (Smoothness::Smooth, true));
    assert_eq!(one("-x^2"), (Smoothness::Smooth, false));
    assert_eq!(one("-x + sin(t)"), (Smoothness::Smooth, false));
    assert_eq!(one("abs(x)"), (Smoothness::Lipschitz, false));
    assert_eq!(one("heaviside(x)"), (Smoothness::Lipschitz, false));
    assert_eq!(one("-x + heaviside(t - 1)"), (Smoothness::Smooth, false));
    let text = "[model.state.x]\ndrift = \"-x\"\ndiffusion = \"0\"";
    assert!(system(text).diffusion().is_none());
    for (diffusion, class) in [
        ("0.1 + t", NoiseClass::Additive),
        ("0.1*x[i]", NoiseClass::Diagonal),
        ("0.1*x[mod(i + 1, 2)]", NoiseClass::General),
    ] {
        let text = format!(
            "[model.state.x]\nsize = 2\ndrift = \"-x[i]\"\ndiffusion = \"{diffusion}\"\n[solver]\nmethod = \"euler-maruyama\"\nstep = 0.1"
        );
        let system = system(&text);
        let noise = system.diffusion().expect("noise");
        assert_eq!((noise.class(), noise.channels()), (class, 2));
        let mut b = vec![f64::NAN; if class == NoiseClass::General { 4 } else { 2 }];
        noise.diffusion(0.0, &[1.0, 2.0], &mut b);
        let wanted: &[f64] = match class {
            NoiseClass::Additive => &[0.1, 0.1],
            NoiseClass::Diagonal => &[0.1, 0.2],
            _ => &[0.2, 0.0, 0.0, 0.1],
        };
        assert_eq!(b, wanted);
    }
    let linear = system("[model.state.x]\nsize = 2\ndrift = \"-x[i] + 3*x[mod(i + 1, 2)] + 5\"");
    let (mut matrix, mut offset) = ([0.0; 4], [0.0; 2]);
    linear
        .linear()
        .unwrap()
        .generator(0.0, &mut matrix, &mut offset);
    assert_eq!((matrix, offset), ([-1.0, 3.0, 3.0, -1.0], [5.0, 5.0]));
}

#[test]
fn steps_end_at_the_edges_of_pulses() {
    // x = the time within the pulses [2, 3), [7, 8), ...: exact only if no step goes over an edge.
    let system =
        system("[model.state.x]\ndrift = \"heaviside(mod(t, 5) - 2)*heaviside(3 - mod(t, 5))\"");
    assert_eq!(system.next_breakpoint(0.0), 2.0);
    assert_eq!(system.next_breakpoint(2.0), 3.0);
    assert_eq!(system.next_breakpoint(3.0), 5.0);
    let x = last(system.as_ref(), &[0.0], 20.0);
    assert!((x[0] - 4.0).abs() < 1e-12, "{x:?}");
}

#[test]
fn a_ball_bounces_at_the_times_of_the_closed_form() {
    // h'' = -10 from h = 5: down at t = 1; back with half the speed, it stays up 1 and then 1/2.
    let text = r#"
        [model.state.h]
        drift = "speed"
        [model.state.speed]
        drift = "-10"
        [[model.guards]]
        name = "bounce"
        when = "h"
        direction = "falling"
        reset = { h = "0", speed = "-speed/2" }
    "#;
    let system = system(text);
    let x = last(system.as_ref(), &[5.0, 0.0], 1.5);
    // Half a second after the first bounce it is at the top: 5^2/20.
    assert!((x[0] - 1.25).abs() < 1e-9 && x[1].abs() < 1e-9, "{x:?}");
    let x = last(system.as_ref(), &[5.0, 0.0], 2.25);
    assert!((x[0] - 0.3125).abs() < 1e-9, "{x:?}");
}

/// The times and components of the events of a run from `x0` to `stop`, and its last state.
fn events(system: &dyn System, x0: &[f64], stop: f64) -> (Vec<(f64, usize)>, Vec<f64>) {
    #[derive(Default)]
    struct Log(Vec<(f64, usize)>);
    impl Recorder for Log {
        fn next_time(&self) -> f64 {
            f64::INFINITY
        }
        fn record(&mut self, _t: f64, _x: &[f64]) {}
        fn event(&mut self, event: &Event<'_>) {
            self.0.extend(event.component.map(|one| (event.time, one)));
        }
    }
    let (mut log, options) = (Log::default(), Options::new(x0.len(), 1e-10, 1e-10));
    let span = Span { start: 0.0, stop };
    let outcome = integrate(system, "tsit5", &options, span, x0, &mut log, &mut |_| true);
    (log.0, outcome.unwrap().state)
}

const NEURONS: &str = r#"
    [model.parameters]
    drive = [1.5, 0.8, 2.5]
    [model.state.v]
    size = 3
    drift = "drive[i] + I - v[i]"
    [model.state.u]
    size = 3
    drift = "-u[i]"
    [[model.guards]]
    name = "spike"
    when = "v[i] - 1"
    reset = { v = "0", u = "u[i] + 1 + i" }
"#;

#[test]
fn each_element_has_its_guard_and_is_a_part_where_it_reads_itself_alone() {
    let own = system(&NEURONS.replace("+ I", ""));
    let guards = own.guards().unwrap();
    let parts = guards.parts().expect("nothing reads another element");
    assert_eq!((guards.count(), parts.count(), parts.size()), (3, 3, 2));
    // Parts and whole are the same equations.
    let x = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    let (whole, mut dx) = (drift(own.as_ref(), 0.0, &x), [0.0; 2]);
    for part in 0..3 {
        assert_eq!(
            [parts.component(part, 0), parts.component(part, 1)],
            [part, 3 + part]
        );
        parts.drift(part, 0.0, &[x[part], x[3 + part]], &mut dx);
        assert_eq!(dx, [whole[part], whole[3 + part]]);
        let (mut one, mut all) = ([x[part], x[3 + part]], x);
        parts.reset(part, 0.0, &mut one);
        guards.reset(part, 0.0, &mut all);
        assert_eq!(one, [all[part], all[3 + part]]);
        assert_eq!(one, [0.0, x[3 + part] + 1.0 + part as f64]);
        assert_eq!((0..6).filter(|&k| all[k] != x[k]).count(), 2);
    }
    let (told, state) = events(own.as_ref(), &[0.0; 6], 2.0);
    let period = |drive: f64| (drive / (drive - 1.0)).ln();
    let mut expected: Vec<(f64, usize)> = [(0, 1.5), (2, 2.5)]
        .iter()
        .flat_map(|&(i, drive)| (1..9).map(move |k| (period(drive) * f64::from(k), i)))
        .filter(|&(t, _)| t < 2.0)
        .collect();
    expected.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(told.len(), expected.len());
    for (told, expected) in told.iter().zip(&expected) {
        assert!((told.0 - expected.0).abs() < 1e-8 && told.1 == expected.1);
    }
    let traces = |i: usize| told.iter().filter(move |one| one.1 == i);
    for i in 0..3 {
        let exact: f64 = traces(i)
            .map(|one| (1 + i) as f64 * (one.0 - 2.0).exp())
            .sum();
        assert!((state[3 + i] - exact).abs() < 1e-8, "{state:?}");
    }
}

#[test]
fn elements_that_read_each_other_have_guards_too() {
    // A common current; the number of all spikes.
    let text = NEURONS.replace("+ I", "+ 0.1*sum(j, u[j])").replace(
        "reset = {",
        "reset = { count = \"count + 1\", last = \"drive[i]\",",
    ) + "[model.state.count]\ndrift = \"0\"\n[model.state.last]\ndrift = \"0\"";
    let coupled = system(&text);
    assert!(coupled.guards().unwrap().parts().is_none());
    let (told, state) = events(coupled.as_ref(), &[0.0; 8], 2.0);
    assert!(
        told.len() > 5 && told.iter().any(|one| one.1 == 1),
        "{told:?}"
    );
    assert_eq!(state[6], told.len() as f64);
    assert_eq!(state[7], [1.5, 0.8, 2.5][told[told.len() - 1].1]);
}

#[test]
fn a_guard_over_a_vector_resets_what_has_its_length() {
    let text = NEURONS.replace("+ I", "").replace(
        "[model.state.u]\n    size = 3",
        "[model.state.u]\n    size = 2",
    );
    let text = format!("[model]\nfamily = \"equations\"\n{text}\n[time]\nstop = 1.0\n");
    let refused = config::load_text(&text, Path::new("m.toml"), &[], &models::registry());
    let message = refused.err().map(|error| error.to_string());
    assert!(message.is_some_and(|m| m.contains("`u` has 2 elements, what is watched has 3")));
}

#[test]
fn a_guard_ends_the_run() {
    let text = "[model.state.x]\ndrift = \"1\"\n[[model.guards]]\nname = \"end\"\nwhen = \"x - 0.25\"\nstop = true";
    let x = last(system(text).as_ref(), &[0.0], 1.0);
    assert!((x[0] - 0.25).abs() < 1e-12, "{x:?}");
}

fn nullcline(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_correction_of_diagonal_noise_is_its_derivative_times_itself() {
    let text = "[model.state.x]\nsize = 3\ndrift = \"0\"\ndiffusion = \"0.3*x[i]^2 + (i + 1)*sin(2*x[i])\"\n\
                [model.state.y]\ndrift = \"0\"\ndiffusion = \"2\"\n[solver]\nmethod = \"sri1\"";
    let system = system(text);
    let noise = system.diffusion().expect("noise");
    let x = [0.3, -0.7, 1.1, 5.0];
    let mut c = [f64::NAN; 4];
    assert!(noise.correction(0.0, &x, &mut c));
    for i in 0..3 {
        let n = i as f64 + 1.0;
        let b = 0.3 * x[i] * x[i] + n * (2.0 * x[i]).sin();
        let slope = 0.6 * x[i] + 2.0 * n * (2.0 * x[i]).cos();
        assert!(
            (c[i] - b * slope).abs() < 1e-14,
            "{i}: {} is not {}",
            c[i],
            b * slope
        );
    }
    assert_eq!(c[3], 0.0);
    // With another variable in it there is none, and differences are taken.
    let general = "[model.state.x]\ndrift = \"0\"\ndiffusion = \"y\"\n[model.state.y]\ndrift = \"0\"\n[solver]\nmethod = \"euler-maruyama\"\nstep = 0.1";
    assert!(
        !self::system(general)
            .diffusion()
            .expect("noise")
            .correction(0.0, &[1.0, 2.0], &mut c)
    );
}

#[test]
fn noise_ends_with_the_word_of_a_scheme_without() {
    let system = system("[model.state.x]\ndrift = \"-x\"\ndiffusion = \"0.1\"");
    let (options, span) = (
        Options::new(1, 1e-6, 1e-6),
        Span {
            start: 0.0,
            stop: 1.0,
        },
    );
    let mut samples = Samples::at(vec![1.0]);
    let refused = integrate(
        system.as_ref(),
        "tsit5",
        &options,
        span,
        &[1.0],
        &mut samples,
        &mut |_| true,
    );
    assert!(refused.is_err());
}

#[test]
fn the_whole_program_works_with_a_model_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    nullcline(at, &["new", "own", "--family", "equations"]);
    nullcline(at, &["check", "own.toml"]);
    let described = nullcline(at, &["describe", "equations"]);
    assert!(described.contains("those of the file") && described.contains("guards"));
    assert!(nullcline(at, &["schema"]).contains("\"equations\""));
    // A parameter with words about it is set and swept by its name; the words stay.
    nullcline(
        at,
        &[
            "run",
            "own.toml",
            "--set",
            "model.parameters.I=0.7",
            "-o",
            "set.h5",
            "--quiet",
        ],
    );
    let file = hdf5::File::open(at.join("set.h5")).unwrap();
    let current = file.dataset("parameters/I").unwrap();
    assert_eq!(current.read_scalar::<f64>().unwrap(), 0.7);
    let meaning = current.attr("long_name").unwrap();
    let meaning = meaning.read_scalar::<hdf5::types::VarLenUnicode>().unwrap();
    assert_eq!(meaning.as_str(), "current through the membrane");
    drop(file);
    nullcline(at, &["rerun", "set.h5"]);
    let text = std::fs::read_to_string(at.join("own.toml")).unwrap();
    let sweep = "\n[sweep.axes]\n\"model.parameters.I\" = [0.0, 0.5]\n";
    std::fs::write(at.join("sweep.toml"), text.clone() + sweep).unwrap();
    nullcline(at, &["run", "sweep.toml", "-o", "sweep.h5", "--quiet"]);
    let file = hdf5::File::open(at.join("sweep.h5")).unwrap();
    let highest: Vec<f64> = file.dataset("v_max").unwrap().read_raw().unwrap();
    // Without a current it rests, with it it fires.
    assert!(highest[0] < 0.0 && highest[1] > 1.5, "{highest:?}");
    drop(file);
    nullcline(at, &["rerun", "sweep.h5"]);
    // The range of the file holds for axes.
    let wrong = text + "\n[sweep.axes]\n\"model.parameters.I\" = [0.5, 2.5]\n";
    let error = config::load_text(&wrong, Path::new("x.toml"), &[], &models::registry());
    assert!(error.err().unwrap().to_string().contains("<= 2"));
}
