//! Summaries that count: what is of the size of the tolerances, or of rounding, is no oscillation and no crossing.

use nullcline::archive::Reader;

use super::nullcline;

/// A nerve that comes to rest within some hundred times.
const NERVE: &str = r#"
[model]
family = "equations"
[model.state.v]
drift = "v - v^3/3 - w"
[model.state.w]
drift = "(v + 0.7 - 0.8*w) / 12.5"
[model.observables]
gap = "v + 1.199408035"
product = "v*w"
clock = "sin(t)"
[initial]
v = -1.0
w = 1.0
[time]
stop = 2000.0
save = 0.2
[record]
trajectories = false
variables = ["v", "w"]
observables = ["gap", "product", "clock"]
summaries = [
    { summary = "period", after = 1000.0 },
    { summary = "crossings", level = -1.199408035, direction = "both", after = 1000.0 },
    "final",
]
"#;

/// The results of an experiment, with these `--set`.
fn results(text: &str, set: &[String]) -> (tempfile::TempDir, Reader) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.toml"), text).unwrap();
    let mut arguments = vec!["run", "x.toml", "--quiet"];
    for one in set {
        arguments.extend(["--set", one.as_str()]);
    }
    nullcline(folder.path(), &arguments);
    let reader = Reader::open(&folder.path().join("x.h5")).unwrap();
    (folder, reader)
}

fn number(reader: &Reader, name: &str) -> f64 {
    reader.read(name).unwrap()[0]
}

#[test]
fn a_run_at_rest_has_no_period_whatever_its_scheme() {
    for method in [
        "tsit5", "dopri5", "dop853", "bs3", "bdf", "esdirk34", "auto",
    ] {
        for rtol in ["1e-3", "1e-6", "1e-9"] {
            let set = [
                format!("solver.method={method}"),
                format!("solver.rtol={rtol}"),
            ];
            let (_folder, reader) = results(NERVE, &set);
            for name in ["v", "w", "gap", "product"] {
                let period = number(&reader, &format!("{name}_period"));
                assert!(period.is_nan(), "{method} {rtol}: {name} has {period}");
            }
            // The state rests, and the time goes on.
            let period = number(&reader, "clock_period");
            let exact = std::f64::consts::TAU;
            assert!((period - exact).abs() < 1e-3, "{method} {rtol}: {period}");
            let crossings = number(&reader, "v_crossings");
            assert!(crossings <= 1.0, "{method} {rtol}: {crossings} crossings");
        }
    }
    // Fixed steps have no tolerance: what is left is rounding.
    let set = ["solver.method=rk4".to_string(), "solver.step=0.05".into()];
    let (_folder, reader) = results(NERVE, &set);
    assert!(number(&reader, "v_period").is_nan() && number(&reader, "product_period").is_nan());
}

/// Around 1, with an amplitude that is a parameter.
const SWING: &str = r#"
[model]
family = "equations"
[model.parameters]
damping = 0.0
[model.state.y]
drift = "p"
[model.state.p]
drift = "-(y - 1) - damping*p"
[model.observables]
square = "y^2"
[initial]
y = 1.000001
p = 0.0
[time]
stop = 100.0
save = 0.05
[solver]
rtol = 1e-10
atol = 1e-12
[record]
trajectories = false
observables = ["square"]
summaries = ["period", { summary = "period", after = 800.0, name = "late" }]
"#;

#[test]
fn a_small_oscillation_has_its_period_and_one_that_died_out_has_none() {
    let (_folder, reader) = results(SWING, &[]);
    for name in ["y_period", "p_period", "square_period"] {
        let period = number(&reader, name);
        assert!(
            (period - std::f64::consts::TAU).abs() < 1e-3,
            "{name}: {period}"
        );
    }
    // Slowly damped from an amplitude of 1: after 800 times exp(-40) of it is left.
    let set = [
        "initial.y=2.0",
        "model.parameters.damping=0.1",
        "time.stop=2000.0",
    ];
    let (_folder, reader) = results(SWING, &set.map(String::from));
    let damped = std::f64::consts::TAU / (1.0_f64 - 0.0025).sqrt();
    // The square of a large swing is no sine: as it fades, the middle is reached earlier in its period by half a time unit in all.
    for (name, apart) in [("y", 1e-3), ("p", 1e-3), ("square", 0.08)] {
        let period = number(&reader, &format!("{name}_period"));
        let late = number(&reader, &format!("{name}_late"));
        assert!((period - damped).abs() < apart, "{name}: {period}");
        assert!(late.is_nan(), "{name}: {late}");
    }
}

/// Side by side or alone, whole or left and resumed, the answer has the same bits.
#[test]
fn what_is_counted_is_the_same_in_lanes_and_alone() {
    let sweep = "[sweep.axes]\n\"initial.v\" = [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5]\n";
    let text = NERVE.replace("after = 1000.0", "after = 0.0");
    let (folder, reader) = results(&format!("{text}{sweep}"), &[]);
    let periods = reader.read("v_period").unwrap();
    nullcline(folder.path(), &["rerun", "x.h5"]);
    for run in 0..periods.len() {
        nullcline(folder.path(), &["rerun", "x.h5", "--run", &run.to_string()]);
    }
}
