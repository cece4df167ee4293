//! Sweeps: whatever way the runs are made (threads, order, lanes, shards, one by one, after an
//! interrupt), the archive has the same numbers; and every run is the experiment with its values in
//! the file.

mod experiments;
#[path = "sweeps/reruns.rs"]
mod reruns;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nullcline::archive::Reader;
use nullcline::config;
use nullcline::config::experiment::Experiment;
use nullcline::ensemble::merge::merge;
use nullcline::ensemble::rerun::rerun;
use nullcline::ensemble::{self, Report, RunOptions};
use nullcline::models;
use nullcline::plan::{Plan, Shard};

const BASE: &str = r#"
seed = 3
[model]
family = "linear-threshold"
[model.parameters]
weights = [[0.5, -2.0, 0.1], [3.0, -0.5, 0.0], [0.2, 0.2, 0.3]]
dissipation = [1.0, 2.0, 1.5]
input = [2.0, -1.0, 0.5]
ceiling = [4.0, 6.0, 5.0]
[initial]
x = { random = "uniform", range = [0.0, 1.0] }
[time]
stop = 6.0
save = 0.5
[record]
observables = ["active_set"]
summaries = ["mean", "std", "final"]
[[record.group]]
name = "fine"
variables = ["x"]
every = 0.25
select = { neuron = 1 }
precision = "f32"
"#;

const GRID: &str = r#"
[sweep.axes]
"model.parameters.input[0]" = { from = 0.0, to = 2.0, count = 7 }
"model.parameters.ceiling" = [2.0, 4.0, [1.0, 2.0, inf]]
"solver.rtol" = { from = 1e-4, to = 1e-8, count = 3, scale = "log" }
"#;

const MEMBERS: &str = r#"
[ensemble]
members = 37
quantiles = [0.05, 0.5]
[sweep.axes]
"model.parameters.input[0]" = [0.5, 1.5]
"#;

/// Noise in lanes, as far as a scheme has them: networks, a model of the file, and what is reflected at a box.
fn noisy(method: &str) -> Vec<(String, String)> {
    let solver = match method {
        "adaptive" => "[solver]\nrtol = 1e-2\natol = 1e-2\n".to_string(),
        method => format!("[solver]\nmethod = \"{method}\"\nstep = 0.013\n"),
    };
    let pulses =
        "[[stimulus]]\nchannel = \"input\"\nshape = \"pulses\"\namplitude = 1.0\nfrequency = 0.7\n";
    let network = BASE.replace("[initial]", "noise = [0.1, 0.3, 0.2]\n[initial]");
    let mut found = vec![(
        format!("network-{method}"),
        format!("{network}{solver}{pulses}{MEMBERS}"),
    )];
    if method == "euler-maruyama" {
        let projected = limit("projected").replace("[initial]", "noise = 0.3\n[initial]");
        found.push((
            "reflected".into(),
            format!("{projected}{solver}{pulses}{MEMBERS}"),
        ));
    }
    if !["adaptive", "sra1"].contains(&method) {
        found.push((
            format!("equations-{method}"),
            format!(
                "seed = 4\n[model]\nfamily = \"equations\"\n[model.state.x]\ndrift = \"x - x^3 + heaviside(t - 1.3)\"\n\
                 diffusion = \"0.3*(1 + x^2)\"\n[model.state.y]\nsize = 2\ndrift = \"sin(x) - y[i]\"\n\
                 diffusion = \"0.1*y[i]*heaviside(t - 2)\"\n[initial]\nx = {{ random = \"gaussian\", mean = 0, sd = 1 }}\ny = 1.0\n\
                 [time]\nstop = 4\nsave = 0.37\n[record]\nsummaries = [\"mean\", \"std\"]\n{solver}[ensemble]\nmembers = 37\n"
            ),
        ));
    }
    found
}

/// The same in one of the limits, from inside the box.
fn limit(dynamics: &str) -> String {
    let family = "family = \"linear-threshold\"";
    BASE.replace(family, &format!("{family}\ndynamics = \"{dynamics}\""))
}

fn load(text: &str, path: &Path) -> Experiment {
    let loaded = config::load_text(text, Path::new("sweep.toml"), &[], &models::registry());
    let mut experiment = loaded.unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
    experiment.output.path = path.to_path_buf();
    experiment
}

fn run_with(experiment: &Experiment, change: impl FnOnce(&mut RunOptions<'_>)) -> Report {
    let never = AtomicBool::new(false);
    let mut options = RunOptions::new(&never);
    change(&mut options);
    ensemble::run(experiment, &options, &mut |_| {}).unwrap()
}

/// Every number of an archive outside /provenance, as bits.
fn numbers(path: &Path) -> Vec<(String, Vec<u64>)> {
    let reader = Reader::open(path).unwrap();
    assert!(reader.is_complete());
    let mut found = Vec::new();
    for group in ["/", "health", "parameters", "events"] {
        for variable in reader.variables_in(group).unwrap_or_default() {
            if !variable.is_text {
                let bits = reader.read(&variable.name).unwrap();
                let bits = bits.iter().map(|value| value.to_bits()).collect();
                found.push((format!("{} {:?}", variable.name, variable.dims), bits));
            }
        }
    }
    found.sort();
    found
}

#[track_caller]
fn equal(a: &Path, b: &Path) {
    let (a, b) = (numbers(a), numbers(b));
    let names = |all: &[(String, Vec<u64>)]| all.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for ((name, a), (_, b)) in a.iter().zip(&b) {
        assert!(a == b, "{name} differs");
    }
}

#[test]
fn threads_order_and_lanes_change_no_bit() {
    let folder = experiments::folder();
    let at = |name: &str| folder.path().join(name);
    let selector = limit("hard-selector");
    for (kind, text) in [
        ("grid", format!("{BASE}{GRID}")),
        ("members", format!("{BASE}{MEMBERS}")),
        ("projected", format!("{}{MEMBERS}", limit("projected"))),
        ("hard-selector", format!("{selector}{MEMBERS}")),
    ]
    .map(|(kind, text)| (kind.to_string(), text))
    .into_iter()
    .chain(
        [
            "adaptive",
            "euler-maruyama",
            "milstein",
            "sra1",
            "sri1",
            "platen-weak-2",
        ]
        .iter()
        .flat_map(|method| noisy(method)),
    ) {
        let first = at(&format!("{kind}.h5"));
        run_with(&load(&text, &first), |options| options.threads = 1);
        for threads in [2, 7] {
            let path = at(&format!("{kind}-{threads}.h5"));
            run_with(&load(&text, &path), |options| options.threads = threads);
            equal(&first, &path);
        }
        let path = at(&format!("{kind}-shuffled.h5"));
        run_with(&load(&text, &path), |options| options.shuffle = Some(5));
        equal(&first, &path);
        let path = at(&format!("{kind}-alone.h5"));
        run_with(&load(&text, &path), |options| options.lanes = false);
        equal(&first, &path);
    }
}

#[test]
fn merged_shards_are_what_one_process_writes() {
    let folder = experiments::folder();
    let never = AtomicBool::new(false);
    let ragged = BASE.replace("save = 0.5", "save = \"steps\"");
    let kinds = [
        ("grid", format!("{BASE}{GRID}")),
        ("members", format!("{BASE}{MEMBERS}")),
        (
            "not-kept",
            format!("{BASE}{MEMBERS}").replace("[ensemble]", "[ensemble]\nkeep = false"),
        ),
        (
            "ragged",
            format!("{ragged}[sweep.axes]\n\"model.parameters.input[0]\" = [0.0, 1.0, 1.5]\n"),
        ),
        (
            "compressed",
            format!("{BASE}[output]\ncompression = 2\n{GRID}"),
        ),
        ("projected", format!("{}{MEMBERS}", limit("projected"))),
        (
            "hard-selector",
            format!(
                "{}[output]\ncompression = 2\n{MEMBERS}",
                limit("hard-selector")
            ),
        ),
    ];
    for (kind, text) in kinds {
        let whole = folder.path().join(format!("{kind}.h5"));
        run_with(&load(&text, &whole), |_| {});
        let shard = |number| Shard { number, count: 3 };
        let paths: Vec<PathBuf> = (1..=3)
            .map(|number| folder.path().join(format!("{kind}-{number}.h5")))
            .collect();
        for (number, path) in (1..).zip(&paths) {
            let report = run_with(&load(&text, path), |options| options.shard = shard(number));
            assert!(report.complete && report.failed == 0, "{kind} {number}");
        }
        let merged = folder.path().join(format!("{kind}-merged.h5"));
        let options = RunOptions::new(&never);
        let registry = models::registry();
        let missing = merge(&paths[..2], &merged, &registry, &options).unwrap_err();
        assert_eq!(missing.to_string(), "shard 3/3 missing");
        let twice = [paths[0].clone(), paths[0].clone(), paths[1].clone()];
        assert!(merge(&twice, &merged, &registry, &options).is_err());
        assert!(merge(std::slice::from_ref(&whole), &merged, &registry, &options).is_err());
        assert!(!merged.exists());
        merge(&paths, &merged, &registry, &options).unwrap();
        equal(&whole, &merged);
    }
}

#[test]
fn a_new_value_on_an_axis_leaves_the_old_runs_as_they_were() {
    let folder = experiments::folder();
    let at = |name: &str| folder.path().join(name);
    let base = BASE.replace("[initial]", "noise = 0.2\n[initial]");
    let axis = |values: &str| {
        format!(
            "{base}[solver]\nrtol = 1e-3\natol = 1e-3\n[ensemble]\nmembers = 5\n[sweep.axes]\n\"model.parameters.input[0]\" = {values}\n\"model.parameters.input[1]\" = [0.0, 0.2]\n"
        )
    };
    run_with(&load(&axis("[0.5, 1.5]"), &at("old.h5")), |_| {});
    run_with(&load(&axis("[0.25, 0.5, 1.5]"), &at("new.h5")), |_| {});
    let (old, new) = (
        Reader::open(&at("old.h5")).unwrap(),
        Reader::open(&at("new.h5")).unwrap(),
    );
    for name in [
        "x",
        "x_mean",
        "run_seed",
        "run_steps",
        "x_member_mean",
        "x_member_q05",
        "fine_x",
    ] {
        let all = |reader: &Reader| {
            let name = if name == "x_member_q05" {
                "x_member_variance"
            } else {
                name
            };
            let bits = reader.read(name).unwrap();
            bits.iter().map(|v| v.to_bits()).collect::<Vec<u64>>()
        };
        let (old, new) = (all(&old), all(&new));
        assert_eq!(new.len() / 3 * 2, old.len(), "{name}");
        assert!(new[new.len() / 3..] == old[..], "{name}");
    }
}

/// The runs of a sweep are the experiments with their values written into the file.
#[test]
fn every_run_is_the_file_with_its_values() {
    let folder = experiments::folder();
    let sweeps = [
        r#"
[sweep.axes]
"model.parameters.input[0]" = [0.5, 1.25]
"initial.x[2]" = { from = 0.0, to = 0.5, count = 2 }
"model.parameters.weights[0][1]" = [-2.0, -1.0]
"#,
        r#"
[sweep]
mode = "zip"
[sweep.axes]
"model.parameters.ceiling" = [2.0, [1.0, inf, 3.0], 1.5]
"solver.method" = ["tsit5", "dopri5", "tsit5"]
"time.stop" = [6.0, 6.0, 6.0]
"#,
        r#"
[[stimulus]]
channel = "input"
amplitude = 0.3
from = 1.0
[sweep.axes]
"stimulus[0].amplitude" = [0.1, 0.4]
"model.parameters.weights" = [[[0.5, -2.0, 0.1], [3.0, -0.5, 0.0], [0.2, 0.2, 0.3]], [[0.1, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.3]]]
"model.parameters.timescale" = [1.0, 2.0]
"#,
        r#"
[sweep]
mode = "sobol"
samples = 4
[sweep.axes]
"model.parameters.dissipation[1]" = { from = 0.5, to = 2.0 }
"model.parameters.input[1]" = { from = 0.1, to = 10.0, scale = "log" }
seed = [3, 4]
"#,
    ];
    for (number, sweep) in sweeps.iter().enumerate() {
        let text = format!("{BASE}{sweep}");
        let path = folder.path().join(format!("{number}.h5"));
        let experiment = load(&text, &path);
        run_with(&experiment, |_| {});
        let plan = Plan::new(&experiment);
        let all = Reader::open(&path).unwrap();
        let bare = text.split("[sweep").next().unwrap().to_string();
        for run in plan.runs() {
            let values: Vec<String> = plan
                .axes()
                .iter()
                .zip(&run.values)
                .map(|(axis, &value)| format!("{}={}", axis.path, axis.text(value)))
                .collect();
            // A block drawn at random is no array of the file: its numbers are.
            let initial = format!("initial.x={:?}", experiment.initial);
            let by_element = values.iter().any(|value| value.starts_with("initial.x["));
            let overrides: Vec<String> = by_element
                .then_some(initial)
                .into_iter()
                .chain(values)
                .collect();
            let alone = folder.path().join("alone.h5");
            let mut single =
                config::load_text(&bare, Path::new("a.toml"), &overrides, &models::registry())
                    .unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
            single.output.path.clone_from(&alone);
            run_with(&single, |options| options.force = true);
            let alone = Reader::open(&alone).unwrap();
            for name in [
                "x",
                "x_mean",
                "active_set",
                "fine_x",
                "run_steps",
                "health/last_x",
            ] {
                let whole = all.read(name).unwrap();
                let one = alone.read(name).unwrap();
                let from = run.index as usize * one.len();
                let same = whole[from..from + one.len()]
                    .iter()
                    .zip(&one)
                    .all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(
                    same,
                    "sweep {number}, run {}: {name} with {overrides:?}",
                    run.index
                );
            }
        }
    }
}

#[test]
fn statistics_over_members_are_those_of_the_members() {
    let folder = experiments::folder();
    let path = folder.path().join("members.h5");
    run_with(&load(&format!("{BASE}{MEMBERS}"), &path), |_| {});
    let reader = Reader::open(&path).unwrap();
    let variable = reader.variable("x").unwrap();
    assert_eq!(variable.dims, ["input_0", "member", "time", "neuron"]);
    let (points, members) = (2, 37);
    for name in ["x", "x_mean", "fine_x", "active_set"] {
        let all = reader.read(name).unwrap();
        let width = all.len() / (points * members);
        let [mean, variance, error, low] = ["mean", "variance", "standard_error", "q05"]
            .map(|statistic| reader.read(&format!("{name}_member_{statistic}")).unwrap());
        for point in 0..points {
            for place in 0..width {
                let mut values: Vec<f64> = (0..members)
                    .map(|member| all[(point * members + member) * width + place])
                    .collect();
                let n = members as f64;
                let expected = values.iter().sum::<f64>() / n;
                let squares = values.iter().map(|x| (x - expected).powi(2)).sum::<f64>();
                let at = point * width + place;
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + b.abs());
                assert!(close(mean[at], expected), "{name}: {} {expected}", mean[at]);
                assert!(close(variance[at], squares / (n - 1.0)), "{name}");
                assert!(close(error[at], (squares / (n - 1.0) / n).sqrt()), "{name}");
                values.sort_by(f64::total_cmp);
                // p (n - 1) = 1.8
                let quantile = values[1] + 0.8 * (values[2] - values[1]);
                assert!(close(low[at], quantile), "{name}: {} {quantile}", low[at]);
            }
        }
    }
    // Members that are not kept have the same statistics.
    let text = format!("{BASE}{MEMBERS}").replace("[ensemble]", "[ensemble]\nkeep = false");
    let gone = folder.path().join("gone.h5");
    run_with(&load(&text, &gone), |_| {});
    let gone = Reader::open(&gone).unwrap();
    assert!(gone.variable("x").is_err() && gone.variable("x_mean").is_err());
    for name in [
        "x_member_mean",
        "x_mean_member_variance",
        "x_member_q50",
        "fine_x_member_mean",
    ] {
        assert_eq!(
            gone.read(name).unwrap(),
            reader.read(name).unwrap(),
            "{name}"
        );
    }
    // The first member is the run without an ensemble.
    let single = folder.path().join("single.h5");
    let sweep = MEMBERS.split("[sweep").nth(1).unwrap();
    run_with(&load(&format!("{BASE}[sweep{sweep}"), &single), |_| {});
    let single = Reader::open(&single).unwrap().read("x").unwrap();
    let all = reader.read("x").unwrap();
    assert!(single[..single.len() / 2] == all[..single.len() / 2]);
}

/// Runs that blow up keep their place; the others are not touched.
#[test]
fn a_run_that_fails_keeps_its_place_and_harms_nobody() {
    let folder = experiments::folder();
    let at = |name: &str| folder.path().join(name);
    // Without a ceiling a strong self-excitation grows beyond all numbers.
    let text = |values: &str| {
        format!(
            "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = [[0.5]]\ninput = 1.0\n\
             [time]\nstop = 2000.0\nsave = 1.0\n[record]\nsummaries = [\"final\"]\n\
             [sweep.axes]\n\"model.parameters.weights[0][0]\" = {values}\n"
        )
    };
    let report = run_with(&load(&text("[0.5, 3.0, -1.0, 4.0]"), &at("all.h5")), |_| {});
    assert_eq!(
        (report.failed, report.finished, report.exit_code()),
        (2, 4, 1)
    );
    run_with(&load(&text("[0.5, -1.0]"), &at("well.h5")), |_| {});
    let (all, well) = (
        Reader::open(&at("all.h5")).unwrap(),
        Reader::open(&at("well.h5")).unwrap(),
    );
    assert_eq!(
        all.run_status().unwrap(),
        ["complete", "not_finite", "complete", "not_finite"]
    );
    let (x, y) = (all.read("x").unwrap(), well.read("x").unwrap());
    let each = x.len() / 4;
    assert!(x[..each] == y[..each] && x[2 * each..3 * each] == y[each..]);
    for run in [1, 3] {
        assert!(x[run * each..(run + 1) * each].iter().all(|v| v.is_nan()));
        assert!(all.read("x_final").unwrap()[run].is_nan());
        assert!(all.read("health/last_x").unwrap()[run].is_finite());
        assert!(all.read("health/last_time").unwrap()[run] > 0.0);
    }
    let diagnoses = all.diagnoses().unwrap();
    assert_eq!(
        diagnoses.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        [1, 3]
    );
    assert!(diagnoses[0].1.contains("x[0]"), "{}", diagnoses[0].1);

    let values: Vec<String> = (0..100)
        .map(|k| format!("{:?}", 0.5 - 0.01 * f64::from(k)))
        .collect();
    let many = format!("[3.0, {}]", values.join(", "));
    let report = run_with(&load(&text(&many), &at("fast.h5")), |options| {
        options.fail_fast = true;
        options.threads = 1;
        options.lanes = false;
    });
    assert_eq!((report.complete, report.exit_code()), (false, 1));
    assert!(!at("fast.h5").exists() && at("fast.h5.part").exists());
    let report = run_with(&load(&text(&many), &at("fast.h5")), |_| {});
    assert!(report.complete && report.runs == 101 && report.resumed > 0);

    let never = AtomicBool::new(false);
    let options = RunOptions::new(&never);
    let again = rerun(&all, None, &models::registry(), &options, &mut |_| {}).unwrap();
    assert_eq!(
        (again.runs, again.different, again.failures.len()),
        (4, 0, 2)
    );
}

/// Interrupted anywhere, as often as it takes, the sweep has the numbers of one that was not.
#[test]
fn an_interrupted_sweep_goes_on_to_the_same_numbers() {
    let folder = experiments::folder();
    for (kind, text) in [("grid", GRID), ("members", MEMBERS)] {
        let many = text
            .replace("count = 7", "count = 150")
            .replace("members = 37", "members = 397");
        let text = format!("{BASE}{many}");
        let whole = folder.path().join(format!("{kind}.h5"));
        run_with(&load(&text, &whole), |_| {});
        let path = folder.path().join(format!("{kind}-parts.h5"));
        let mut attempts = 0;
        loop {
            let interrupt = AtomicBool::new(false);
            static STOP: AtomicBool = AtomicBool::new(false);
            STOP.store(false, Ordering::Relaxed);
            let mut options = RunOptions::new(&interrupt);
            options.threads = 2;
            options.hook = |milestone| {
                if milestone == nullcline::archive::Milestone::Journaled {
                    STOP.store(true, Ordering::Relaxed);
                    // Give the workers time to see it.
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
            };
            options.interrupt = &STOP;
            let report = ensemble::run(&load(&text, &path), &options, &mut |_| {}).unwrap();
            attempts += 1;
            assert!(report.resumed + report.finished <= report.runs);
            if report.complete {
                break;
            }
            assert!(report.finished > 0 && report.exit_code() == 130);
            let reader = Reader::open(&report.path).unwrap();
            let pending = reader
                .run_status()
                .unwrap()
                .iter()
                .filter(|s| *s == "pending")
                .count();
            assert_eq!(
                pending as u64,
                report.runs - report.resumed - report.finished
            );
        }
        assert!(attempts > 1, "{kind} was never interrupted");
        equal(&whole, &path);
        let left = std::fs::read_dir(folder.path()).unwrap();
        let left: Vec<_> = left.map(|e| e.unwrap().file_name()).collect();
        assert!(
            left.iter()
                .all(|name| !name.to_string_lossy().contains(".part")),
            "{left:?}"
        );
    }
}

/// What a user of xarray would write just works.
#[test]
fn xarray_opens_sweeps_as_labelled_data() {
    let folder = experiments::folder();
    let zip = "[ensemble]\nmembers = 3\n[sweep]\nmode = \"zip\"\n[sweep.axes]\n\
               \"model.parameters.input[0]\" = [0.5, 1.0, 1.5]\n\
               \"model.parameters.ceiling\" = [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], 4.0]\n\
               \"solver.method\" = [\"tsit5\", \"dopri5\", \"tsit5\"]\n";
    for (name, sweep) in [("grid", GRID), ("zip", zip), ("members", MEMBERS)] {
        let path = folder.path().join(format!("{name}.h5"));
        run_with(&load(&format!("{BASE}{sweep}"), &path), |_| {});
    }
    let script = r#"
import sys, numpy as np, xarray as xr
for engine in ("netcdf4", "h5netcdf"):
    grid = xr.open_dataset(sys.argv[1] + "/grid.h5", engine=engine)
    assert grid.x_mean.dims == ("input_0", "ceiling", "rtol", "neuron"), grid.x_mean.dims
    assert grid.x.dims == ("input_0", "ceiling", "rtol", "time", "neuron"), grid.x.dims
    np.testing.assert_array_equal(grid.input_0, np.linspace(0, 2, 7))
    np.testing.assert_allclose(grid.rtol, [1e-4, 1e-6, 1e-8], rtol=1e-14)
    assert grid.input_0.attrs["path"] == "model.parameters.input[0]"
    # An axis of whole arrays is counted, and has its values beside it.
    np.testing.assert_array_equal(grid.ceiling, [0, 1, 2])
    np.testing.assert_array_equal(grid.ceiling_value[:, 0], [2, 4, 1])
    one = grid.x_mean.sel(input_0=0.3, method="nearest").isel(ceiling=1, rtol=2)
    mean = grid.x.isel(input_0=1, ceiling=1, rtol=2).mean("time")
    np.testing.assert_allclose(one, mean, rtol=1e-12)
    zipped = xr.open_dataset(sys.argv[1] + "/zip.h5", engine=engine)
    assert zipped.x_mean.dims == ("sample", "member", "neuron"), zipped.x_mean.dims
    np.testing.assert_array_equal(zipped.x_mean.input_0, [0.5, 1.0, 1.5])
    assert list(zipped.x_mean.method.values) == ["tsit5", "dopri5", "tsit5"]
    assert zipped.ceiling_value.dims[0] == "sample", zipped.ceiling_value.dims
    members = xr.open_dataset(sys.argv[1] + "/members.h5", engine=engine)
    assert members.x_member_mean.dims == ("input_0", "time", "neuron")
    np.testing.assert_allclose(members.x_member_mean, members.x.mean("member"), rtol=1e-12)
    np.testing.assert_allclose(members.x_member_q05, members.x.quantile(0.05, "member"), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(members.x_member_variance, members.x.var("member", ddof=1), rtol=1e-9, atol=1e-15)
"#;
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    assert!(
        python.exists(),
        "the Python that reads archives is missing: run ./setup --tests"
    );
    let output = std::process::Command::new(python)
        .args(["-c", script])
        .arg(folder.path())
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}");
}

/// The ends of a logarithmic scale have one sign, however small they are.
#[test]
fn a_logarithmic_scale_may_lie_among_the_smallest_numbers() {
    let folder = experiments::folder();
    let path = folder.path().join("small.h5");
    let axis = "[sweep.axes]\n\"model.parameters.input[0]\" = { from = 1e-320, to = 1e-300, count = 3, scale = \"log\" }\n";
    run_with(&load(&format!("{BASE}{axis}"), &path), |_| {});
    let axis = Reader::open(&path).unwrap().read("input_0").unwrap();
    assert!(
        axis[0] < 1.1e-320 && axis[1] > 1e-311 && axis[2] > 0.9e-300,
        "{axis:?}"
    );
}
