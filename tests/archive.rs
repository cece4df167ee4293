//! Archives: written through the library; read by h5py, by xarray with both engines and by h5dump, bit
//! for bit what the engine computed; and by our own reader.

mod experiments;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use experiments::{folder, grid, pair, run, states, toy};
use nullcline::archive::{ArchiveError, Reader};
use nullcline::config::experiment::{Experiment, Group, Precision, Save, Selection};
use nullcline::ensemble::{self, RunError, RunOptions};
use nullcline::plan::Plan;
use serde_json::{Value, json};

/// What Python shall find.
#[derive(Default)]
struct Expected {
    variables: BTreeMap<String, Value>,
    coordinates: BTreeMap<String, Value>,
    texts: BTreeMap<String, Value>,
    attributes: BTreeMap<String, Value>,
    absent: Vec<String>,
}

impl Expected {
    fn variable(
        &mut self,
        name: &str,
        dims: &[&str],
        shape: &[usize],
        (units, dtype): (&str, &str),
        values: impl IntoIterator<Item = f64>,
    ) {
        let bits: Vec<u64> = values.into_iter().map(f64::to_bits).collect();
        let card = json!({
            "dims": dims, "shape": shape, "units": units, "dtype": dtype, "values": bits,
        });
        self.variables.insert(name.into(), card);
    }

    /// Let Python open the archive and compare.
    fn check(&self, archive: &Path) {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
        assert!(
            python.exists(),
            "the Python that reads archives is missing: run ./setup --tests"
        );
        let expected = archive.with_extension("json");
        let content = json!({
            "variables": self.variables, "coordinates": self.coordinates, "texts": self.texts,
            "attributes": self.attributes, "absent": self.absent,
        });
        std::fs::write(&expected, content.to_string()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/check_archive.py");
        let output = Command::new(python)
            .args([script.as_path(), archive, &expected])
            .output()
            .unwrap();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{talk}");
        print!("{}", String::from_utf8_lossy(&output.stdout));
    }
}

fn column(states: &[Vec<f64>], range: std::ops::Range<usize>) -> Vec<f64> {
    states
        .iter()
        .flat_map(|x| x[range.clone()].to_vec())
        .collect()
}

/// Everything a single run can leave, plain and compressed.
fn everything(path: PathBuf, compression: u8) {
    let mut experiment = pair(&path);
    experiment.output.compression = compression;
    experiment.time.save = Save::Every(0.002);
    experiment.record.observables = vec!["pseudo_gradient".into()];
    experiment.record.summaries = vec!["final".into(), "mean".into()];
    experiment.record.groups = vec![
        Group {
            name: "frames".into(),
            variables: vec!["x".into()],
            observables: vec!["active_set".into()],
            save: Save::At(vec![0.5, 1.0, 2.25]),
            select: vec![("neuron".into(), Selection::One(1))],
            precision: Precision::F32,
        },
        Group {
            name: "second".into(),
            variables: vec!["x".into()],
            observables: Vec::new(),
            save: Save::Every(0.4),
            select: vec![("neuron".into(), Selection::Range(1, 1))],
            precision: Precision::F64,
        },
    ];
    let report = run(&experiment).unwrap();
    assert_eq!((report.exit_code(), &report.path), (0, &path));

    let mut expected = Expected::default();
    let times = grid(&experiment, 0.002, 1501);
    let x = states(&experiment, &times);
    let all = column(&x, 0..2);
    expected.variable(
        "x",
        &["time", "neuron"],
        &[1501, 2],
        ("1", "f8"),
        all.clone(),
    );
    let gradient = x.iter().flat_map(|x| {
        let (e, i) = (x[0], x[1]);
        // In the order of the model: products over the source in ascending order, input, leak.
        [
            0.5 * e + -2.0 * i + 2.0 - 1.0 * e,
            3.0 * e + -0.5 * i + -1.0 - 2.0 * i,
        ]
    });
    expected.variable(
        "pseudo_gradient",
        &["time", "neuron"],
        &[1501, 2],
        ("1", "f8"),
        gradient,
    );
    expected.variable("time", &["time"], &[1501], ("1", "f8"), times);
    expected.variable("x_final", &["neuron"], &[2], ("1", "f8"), x[1500].clone());
    let frames = states(&experiment, &[0.5, 1.0, 2.25]);
    expected.variable(
        "frames_x",
        &["time_frames"],
        &[3],
        ("1", "f4"),
        column(&frames, 1..2),
    );
    expected.variable("active_set", &["time_frames"], &[3], ("1", "f4"), [0.0; 3]);
    let second = states(&experiment, &grid(&experiment, 0.4, 9));
    expected.variable(
        "second_x",
        &["time_second", "neuron_second"],
        &[9, 1],
        ("1", "f8"),
        column(&second, 1..2),
    );
    expected.variable(
        "parameters/weights",
        &["n", "n_"],
        &[2, 2],
        ("1", "f8"),
        [0.5, -2.0, 3.0, -0.5],
    );
    expected.variable(
        "health/last_x",
        &["neuron"],
        &[2],
        ("1", "f8"),
        x[1500].clone(),
    );
    expected.coordinates = BTreeMap::from([
        ("neuron".into(), json!([0, 1])),
        ("neuron_second".into(), json!([1])),
        ("time_frames".into(), json!([0.5, 1.0, 2.25])),
    ]);
    expected.texts = BTreeMap::from([
        ("config/source".into(), json!("title = \"Ω\" # as given\n")),
        (
            "config/resolved".into(),
            json!("title = \"Ω\"\nseed = 42\n"),
        ),
        ("health/diagnosis".into(), json!("")),
        ("parameters/clock".into(), json!("fast")),
    ]);
    expected.attributes = BTreeMap::from([
        ("title".into(), json!("A pair, Ωmega")),
        ("family".into(), json!("linear-threshold")),
        ("status".into(), json!("complete")),
        ("Conventions".into(), json!("CF-1.11")),
        ("schema".into(), json!(1)),
    ]);
    expected.absent = vec!["events".into(), "member".into(), "dim_0".into()];
    expected.check(&path);

    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.read("x").unwrap(), all);
    let mean = reader.read("x_mean").unwrap();
    for (neuron, mean) in mean.iter().enumerate() {
        let sum: f64 = x.iter().map(|x| x[neuron]).sum();
        assert!((mean - sum / 1501.0).abs() < 1e-12);
    }
    assert!(reader.is_complete());
    assert_eq!(reader.run_status().unwrap(), ["complete"]);
    let seed = Plan::new(&experiment).runs().next().unwrap().seed();
    assert_eq!(reader.run_seeds().unwrap(), [seed]);
    let files = reader.files().unwrap();
    assert_eq!(files[0], ("data/w.npy".into(), vec![0, 1, 2, 255]));
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".part"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn everything_of_a_run_reads_back_in_every_tool() {
    everything(folder().path().join("out/pair.h5"), 0);
}

#[test]
fn a_compressed_archive_holds_the_same() {
    let folder = folder();
    everything(folder.path().join("packed.h5"), 6);
    let plain = folder.path().join("plain.h5");
    let mut experiment = pair(&plain);
    experiment.time.save = Save::Every(1e-4);
    run(&experiment).unwrap();
    experiment.output.path = folder.path().join("small.h5");
    experiment.output.compression = 4;
    run(&experiment).unwrap();
    let size = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().len();
    assert!(size("small.h5") < size("plain.h5") * 95 / 100);
    let x = |name: &str| {
        Reader::open(&folder.path().join(name))
            .unwrap()
            .read("x")
            .unwrap()
    };
    assert_eq!(x("small.h5"), x("plain.h5"));
}

#[test]
fn complex_pairs_labels_and_clashing_axes_are_kept_apart() {
    let folder = folder();
    let path = folder.path().join("toy.h5");
    let experiment = toy(&path, 0.1);
    run(&experiment).unwrap();
    let times = grid(&experiment, 0.01, 301);
    let x = states(&experiment, &times);
    let mut expected = Expected::default();
    // The observable `level` takes the name, so the axes of that name give way.
    let levels = ["time", "level_", "level__"];
    let pair = |range| column(&x, range);
    expected.variable("rho_re", &levels, &[301, 3, 3], ("1", "f8"), pair(0..9));
    expected.variable("rho_im", &levels, &[301, 3, 3], ("1", "f8"), pair(9..18));
    expected.variable("v", &["time"], &[301], ("mV", "f8"), pair(18..19));
    let small = ["time", "level_small"];
    expected.variable("small", &small, &[301, 2], ("1", "f8"), pair(19..21));
    let level = times.iter().zip(&x).map(|(t, x)| t + x[18]);
    expected.variable("level", &["time"], &[301], ("1", "f8"), level);
    expected.variable("time", &["time"], &[301], ("ms", "f8"), times);
    expected.absent = vec!["hidden".into()];
    expected
        .coordinates
        .insert("level_".into(), json!(["CC", "CD", "DΩ"]));
    expected
        .coordinates
        .insert("level_small".into(), json!([0, 1]));
    expected.check(&path);

    let reader = Reader::open(&path).unwrap();
    let rho = reader.variable("rho_re").unwrap();
    let along = reader.coordinates(&rho).unwrap();
    assert_eq!(along[0].units, "ms");
    assert_eq!(along[1].labels, ["CC", "CD", "DΩ"]);
    assert_eq!(along[2].name, "level__");
}

#[test]
fn complex_pairs_keep_the_names_of_their_axes() {
    let folder = folder();
    let path = folder.path().join("toy.h5");
    let mut experiment = toy(&path, 0.1);
    experiment.record.observables.clear();
    run(&experiment).unwrap();
    let x = states(&experiment, &grid(&experiment, 0.01, 301));
    let mut expected = Expected::default();
    let levels = ["time", "level", "level_"];
    expected.variable(
        "rho_re",
        &levels,
        &[301, 3, 3],
        ("1", "f8"),
        column(&x, 0..9),
    );
    expected.check(&path);
}

#[test]
fn steps_of_the_scheme_are_recorded_whatever_their_number() {
    let folder = folder();
    for compression in [0, 3] {
        let path = folder.path().join(format!("steps{compression}.h5"));
        let mut experiment = pair(&path);
        experiment.time.save = Save::Steps;
        experiment.time.stop = 40.0;
        experiment.solver.rtol = 1e-12;
        experiment.solver.atol = vec![1e-14; 2];
        experiment.output.compression = compression;
        let report = run(&experiment).unwrap();
        let samples = report.only.as_ref().unwrap().outcome.counts.steps as usize + 1;
        assert!(samples > 500, "{samples}");
        let reader = Reader::open(&path).unwrap();
        let times = reader.read("time").unwrap();
        assert_eq!(times.len(), samples);
        assert_eq!((times[0], times[samples - 1]), (0.0, 40.0));
        let mut expected = Expected::default();
        let x = states(&experiment, &times);
        expected.variable(
            "x",
            &["time", "neuron"],
            &[samples, 2],
            ("1", "f8"),
            reader.read("x").unwrap(),
        );
        expected.variable("time", &["time"], &[samples], ("1", "f8"), times);
        expected.check(&path);
        // What the loop interpolates at the end of a step is the state there, up to rounding.
        for (ours, theirs) in reader.read("x").unwrap().iter().zip(x.concat()) {
            assert!((ours - theirs).abs() < 1e-12);
        }
    }
}

#[test]
fn a_failed_run_is_nan_everywhere_with_a_diagnosis() {
    let folder = folder();
    for save in [Save::Every(0.01), Save::Steps] {
        let path = folder.path().join("failed.h5");
        // v' = v^2 from 1/2 blows up at t = 2.
        let mut experiment = toy(&path, 1.0);
        experiment.time.save = save.clone();
        experiment.record.summaries = vec!["mean".into()];
        let interrupt = AtomicBool::new(false);
        let mut options = RunOptions::new(&interrupt);
        options.force = true;
        let report = ensemble::run(&experiment, &options, &mut |_| {}).unwrap();
        assert_eq!(report.exit_code(), 1);
        let diagnosis = report.only.unwrap().diagnosis;
        assert!(diagnosis.contains('v'), "{diagnosis}");
        let reader = Reader::open(&path).unwrap();
        assert!(reader.is_complete());
        for name in ["rho_re", "v", "small", "level", "v_mean", "rho_im_mean"] {
            let values = reader.read(name).unwrap();
            assert!(
                !values.is_empty() && values.iter().all(|v| v.is_nan()),
                "{name}"
            );
        }
        assert!(reader.read("time").unwrap().iter().all(|t| t.is_finite()));
        assert_eq!(reader.text("health/diagnosis").unwrap(), diagnosis);
        assert_ne!(reader.run_status().unwrap(), ["complete"]);
        let last = reader.read("health/last_time").unwrap()[0];
        let v = reader.read("health/last_v").unwrap()[0];
        // The exact solution is 1 / (2 - t).
        assert!(last > 1.99 && last < 2.01, "{last}");
        assert!(v > 100.0, "{v}");
        let mut expected = Expected::default();
        let nothing = vec![f64::NAN; reader.read("v").unwrap().len()];
        expected.variable("v", &["time"], &[nothing.len()], ("mV", "f8"), nothing);
        expected.check(&path);
    }
}

#[test]
fn an_interrupted_run_leaves_what_it_has() {
    let folder = folder();
    for (name, save) in [("grid", Save::Every(0.01)), ("steps", Save::Steps)] {
        let path = folder.path().join(format!("{name}.h5"));
        let mut experiment = pair(&path);
        experiment.solver.method = "rk4".into();
        experiment.solver.step = Some(1e-6);
        experiment.solver.max_steps = u64::MAX;
        experiment.time.stop = 3000.0;
        experiment.time.save = save;
        let interrupt = AtomicBool::new(false);
        let mut seen = Vec::new();
        let report = ensemble::run(&experiment, &RunOptions::new(&interrupt), &mut |progress| {
            seen.push(progress.time);
            interrupt.store(progress.time > 0.02, Ordering::Relaxed);
        })
        .unwrap();
        assert_eq!((report.exit_code(), report.interrupted), (130, true));
        assert!(!seen.is_empty() && seen.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(!path.exists());
        let reader = Reader::open(&report.path).unwrap();
        assert_eq!(reader.status(), "interrupted");
        assert_eq!(reader.run_status().unwrap(), ["pending"]);
        if name == "grid" {
            let (times, x) = (reader.read("time").unwrap(), reader.read("x").unwrap());
            let written = x.iter().position(|x| x.is_nan()).unwrap_or(x.len()) / 2;
            let reached = report.only.unwrap().outcome.time;
            assert!(written > 0 && times[written - 1] <= reached);
            assert!(x[2 * written..].iter().all(|x| x.is_nan()));
            assert!(times[written] > reached);
            let uninterrupted = states(&experiment, &times[..written]).concat();
            assert!(uninterrupted == x[..2 * written], "other numbers");
        }
        let Err(error) = Reader::open(&path) else {
            panic!("a missing file was opened");
        };
        assert!(error.to_string().contains("unfinished"), "{error}");

        // Another experiment does not throw it away unless it is told to.
        experiment.solver.step = Some(1e-3);
        experiment.time.stop = 3.0;
        let error = run(&experiment).unwrap_err();
        assert!(error.to_string().contains("--restart"), "{error}");
        assert_eq!(error.exit_code(), 4);
        interrupt.store(false, Ordering::Relaxed);
        let mut options = RunOptions::new(&interrupt);
        options.restart = true;
        let again = ensemble::run(&experiment, &options, &mut |_| {}).unwrap();
        assert!(again.replaced_unfinished);
        assert_eq!(again.exit_code(), 0);
    }
}

#[test]
fn a_complete_result_is_replaced_only_by_force() {
    let folder = folder();
    let path = folder.path().join("pair.h5");
    let mut experiment = pair(&path);
    run(&experiment).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = run(&experiment).unwrap_err();
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("--force"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    experiment.title = "Another".into();
    let interrupt = AtomicBool::new(false);
    let mut options = RunOptions::new(&interrupt);
    options.force = true;
    ensemble::run(&experiment, &options, &mut |_| {}).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.attribute("title").unwrap(), "Another");
}

#[test]
fn a_mismatch_leaves_nothing_behind() {
    let folder = folder();
    let path = folder.path().join("pair.h5");
    let mut experiment = pair(&path);
    let noise = nullcline::prelude::Array::new(vec![2], vec![0.1, 0.1]);
    experiment.parameters.set_real("noise", noise);
    let error = run(&experiment).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    experiment = pair(&path);
    experiment.solver.method = "rk4".into();
    let error = run(&experiment).unwrap_err();
    assert!(
        matches!(error, RunError::Mismatch(_)),
        "rk4 without a step: {error}"
    );
    experiment.record.variables = vec!["y".into()];
    assert_eq!(run(&experiment).unwrap_err().exit_code(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn refused(path: &Path) -> ArchiveError {
    match Reader::open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[test]
fn what_is_no_archive_is_refused_with_the_reason() {
    let folder = folder();
    let path = folder.path().join("a.h5");
    assert!(matches!(refused(&path), ArchiveError::Missing { .. }));
    std::fs::write(&path, "no HDF5").unwrap();
    assert!(matches!(refused(&path), ArchiveError::NotHdf5 { .. }));
    hdf5::File::create(&path).unwrap();
    assert!(matches!(refused(&path), ArchiveError::NotOurs { .. }));
    std::fs::remove_file(&path).unwrap();
    let experiment: Experiment = pair(&path);
    run(&experiment).unwrap();
    let error = Reader::open(&path).unwrap().read("run_step").unwrap_err();
    assert!(error.to_string().contains("`run_steps`"), "{error}");

    let error = run(&pair(folder.path())).unwrap_err();
    assert!(error.to_string().contains("is a folder"), "{error}");
    // A folder that cannot be made, because a file is in its way.
    let experiment = pair(&path.join("below/b.h5"));
    let error = run(&experiment).unwrap_err();
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("make the folder"), "{error}");
}

#[test]
fn h5dump_prints_the_header() {
    let folder = folder();
    let path = folder.path().join("pair.h5");
    run(&pair(&path)).unwrap();
    let output = Command::new("h5dump").arg("-H").arg(&path).output();
    let output = output.expect("h5dump is missing: run ./setup --tests");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    for name in ["DATASET \"x\"", "DIMENSION_LIST", "GROUP \"provenance\""] {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn samples_that_a_run_did_not_come_to_are_nan() {
    let folder = folder();
    let path = folder.path().join("late.h5");
    let mut experiment = pair(&path);
    experiment.time.save = Save::At(vec![1.0, 2.0, 5.0]);
    run(&experiment).unwrap();
    let x = Reader::open(&path).unwrap().read("x").unwrap();
    assert_eq!(x[..4], states(&experiment, &[1.0, 2.0]).concat());
    assert!(x[4..].iter().all(|x| x.is_nan()));
}

#[test]
fn nothing_but_the_time_can_be_recorded() {
    let folder = folder();
    let path = folder.path().join("time.h5");
    let mut experiment = pair(&path);
    experiment.record.variables.clear();
    run(&experiment).unwrap();
    let mut expected = Expected::default();
    let times = grid(&experiment, 0.01, 301);
    expected.variable("time", &["time"], &[301], ("1", "f8"), times);
    expected.absent = vec!["x".into()];
    expected.check(&path);
}
