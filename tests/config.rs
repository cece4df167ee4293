//! Experiment files: what they resolve to, where values come from, and that the resolved text says
//! the same again.

use std::path::Path;

use nullcline::config::experiment::{Experiment, Save, Selection};
use nullcline::config::{self, ConfigError};
use nullcline::models;
use nullcline::prelude::*;
use nullcline::registry::Registry;
use proptest::prelude::*;

const FULL: &str = r#"
title = "all of it \"quoted\""
seed = 7

[model]
family = "linear-threshold"

[model.parameters]
weights = { random = "gaussian", mean = 0, sd = 0.3, size = 4 }
dissipation = [1, 2, 3, 4]
input = { random = "uniform", range = [-1, 1] }
ceiling = [1.0, inf, 3.0, 4.0]

[initial]
x = { random = "uniform", range = [0, 1] }

[time]
start = -1
stop = 4.0
save = [-1.0, 0.5, 4.0]

[solver]
method = "tsit5"
rtol = 1e-8
atol = { x = 1e-11 }
kinks = "ignore"

[[stimulus]]
channel = "input"
shape = "pulses"
amplitude = 0.5
frequency = 2.0
cells = [0, 1]

[[stimulus]]
channel = "input"
shape = "ramp"
amplitude = 0.5
to = 2.0

[record]
observables = ["active_set"]
summaries = ["mean"]

[[record.group]]
name = "fine"
variables = ["x"]
every = 0.001
select = { neuron = [1, 2] }
precision = "f32"

[output]
path = "out/a.h5"
compression = 3
"#;

fn load(text: &str, overrides: &[&str]) -> Result<Experiment, ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    config::load_text(
        text,
        Path::new("some/full.toml"),
        &overrides,
        &models::registry(),
    )
}

fn sound(text: &str, overrides: &[&str]) -> Experiment {
    load(text, overrides).unwrap_or_else(|error| panic!("{}", error.render(false, 100)))
}

fn assert_same(a: &Experiment, b: &Experiment) {
    assert_eq!(
        (&a.title, a.seed, &a.dynamics),
        (&b.title, b.seed, &b.dynamics)
    );
    assert_eq!(a.family.name(), b.family.name());
    assert_eq!(a.parameters, b.parameters);
    assert_eq!(a.stimuli, b.stimuli);
    assert_eq!(a.initial, b.initial);
    assert_eq!(a.time, b.time);
    assert_eq!(a.solver, b.solver);
    assert_eq!(a.record, b.record);
    assert_eq!(a.output, b.output);
    assert_eq!(a.source.files, b.source.files);
}

#[test]
fn what_stands_in_quotes_is_one_key() {
    let axis = r#"sweep.axes."model.parameters.input[0]"=[1.0, 2.0]"#;
    let single = "sweep.axes.'model.parameters.dissipation'=[1.0, 3.0]";
    let experiment = sound(FULL, &[axis, single]);
    let plan = nullcline::plan::Plan::new(&experiment);
    let paths: Vec<&str> = plan.axes().iter().map(|axis| axis.path.as_str()).collect();
    assert_eq!(
        paths,
        ["model.parameters.input[0]", "model.parameters.dissipation"]
    );
}

#[test]
fn values_mean_what_they_say() {
    let experiment = sound(FULL, &["time.stop=5", "model.parameters.dissipation[3]=9"]);
    assert_eq!(experiment.title, "all of it \"quoted\"");
    assert_eq!(experiment.parameters.size("n"), Some(4));
    assert_eq!(
        experiment.parameters.vector("dissipation"),
        [1.0, 2.0, 3.0, 9.0]
    );
    assert_eq!(experiment.parameters.vector("noise"), [0.0; 4]);
    assert_eq!(experiment.parameters.text("clock"), "fast");
    assert_eq!((experiment.time.start, experiment.time.stop), (-1.0, 5.0));
    assert_eq!(experiment.solver.atol, [1e-11; 4]);
    assert_eq!(experiment.stimuli[0].from, -1.0);
    let width = Waveform::Pulses {
        frequency: 2.0,
        phase: 0.0,
        width: 0.25,
    };
    assert_eq!(experiment.stimuli[0].waveform, width);
    assert_eq!(experiment.record.variables, ["x"]);
    let group = &experiment.record.groups[0];
    assert_eq!(
        group.select,
        [("neuron".to_string(), Selection::Range(1, 2))]
    );
    assert_eq!(group.save, Save::Every(0.001));
    assert_eq!(experiment.output.path, Path::new("some/out/a.h5"));
    assert!(experiment.initial.iter().all(|x| (0.0..1.0).contains(x)));
    experiment.build().map(|_| ()).unwrap();
}

#[test]
fn the_resolved_text_says_the_same_again() {
    for overrides in [&[][..], &["seed=9", "solver.rtol=1e-3", "title=plain"][..]] {
        let first = sound(FULL, overrides);
        let second = sound(&first.source.resolved, &[]);
        assert_same(&first, &second);
        let third = sound(&second.source.resolved, &[]);
        let values = |text: &str| -> Vec<String> {
            let lines = text.lines();
            lines
                .map(|l| l.split("  # ").next().unwrap().trim_end().to_string())
                .collect()
        };
        assert_eq!(
            values(&second.source.resolved),
            values(&third.source.resolved)
        );
    }
    let starter = models::registry().families()[0].starter();
    let first = sound(starter, &[]);
    assert_same(&first, &sound(&first.source.resolved, &[]));
}

#[test]
fn every_value_has_its_origin() {
    let text = "[model]\nfamily = \"linear-threshold\"\nparameters.weights = [[0.5]]\n\
                [time]\nstop = 2\n";
    let resolved = sound(text, &["solver.rtol=1e-3"]).source.resolved;
    let origin = |start: &str| {
        let line = resolved
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap();
        line.split("# ").nth(1).unwrap().to_string()
    };
    assert_eq!(origin("weights ="), "full.toml:3");
    assert_eq!(origin("stop ="), "full.toml:5");
    assert_eq!(origin("rtol ="), "--set");
    assert_eq!(origin("atol ="), "default");
    assert_eq!(origin("method ="), "model recommends");
    assert_eq!(origin("path ="), "default");
}

#[test]
fn random_values_depend_on_seed_and_path_alone() {
    let plain = sound(FULL, &[]);
    let other = sound(
        FULL,
        &["model.parameters.dissipation=2", "solver.rtol=1e-4"],
    );
    assert_eq!(
        plain.parameters.vector("weights"),
        other.parameters.vector("weights")
    );
    assert_eq!(plain.initial, other.initial);
    let seeded = sound(FULL, &["seed=8"]);
    assert_ne!(
        plain.parameters.vector("weights"),
        seeded.parameters.vector("weights")
    );
    assert_ne!(plain.initial, seeded.initial);
}

#[test]
fn weights_come_from_npy_csv_and_hdf5() {
    use npyz::WriterBuilder;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("run.toml");
    std::fs::write(folder.path().join("w.csv"), "1, 2\n3, 4\n").unwrap();
    for (name, order, data) in [
        ("c.npy", npyz::Order::C, [1.0f32, 2.0, 3.0, 4.0]),
        ("f.npy", npyz::Order::Fortran, [1.0f32, 3.0, 2.0, 4.0]),
    ] {
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::new()
            .default_dtype()
            .order(order)
            .shape(&[2, 2]);
        let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
        writer.extend(data).unwrap();
        writer.finish().unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let data = hdf5::File::create(folder.path().join("d.h5")).unwrap();
    let group = data.create_group("g").unwrap();
    let weights = nalgebra::Matrix2::new(1i16, 3, 2, 4); // column-major storage is 1, 2, 3, 4
    let set = group
        .new_dataset::<i16>()
        .shape([2, 2])
        .create("w")
        .unwrap();
    set.write_raw(weights.as_slice()).unwrap();
    data.close().unwrap();
    for file in ["w.csv", "c.npy", "f.npy", "d.h5:/g/w"] {
        let text = format!(
            "[model]\nfamily = \"linear-threshold\"\nparameters.weights = {{ file = \"{file}\" }}\n\
             [time]\nstop = 2\n"
        );
        let experiment = config::load_text(&text, &config, &[], &models::registry())
            .unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
        assert_eq!(
            experiment.parameters.vector("weights"),
            [1.0, 2.0, 3.0, 4.0],
            "{file}"
        );
        let [kept] = &experiment.source.files[..] else {
            panic!("one file")
        };
        assert!(file.starts_with(&kept.name) && kept.sha256.len() == 64);
        let bytes = std::fs::read(folder.path().join(&kept.name)).unwrap();
        assert_eq!(kept.bytes, bytes);
    }
}

/// A family with two dynamics, a dotted section and a generator with options and needs.
struct Toy;

const TOY: &[Parameter] = &[
    Parameter::vector("a", "n").generators(&[Generator {
        name: "steps",
        meaning: "base, base + gap, ...",
        options: &[Parameter::real("gap").or(1.0).range(Range::POSITIVE)],
        needs: &["base"],
        draw: |draw| {
            let (base, gap) = (draw.needs.real("base"), draw.options.real("gap"));
            let data = (0..draw.shape[0]).map(|i| base + gap * i as f64).collect();
            Ok(Array::new(draw.shape.to_vec(), data))
        },
    }]),
    Parameter::real("base").or(10.0),
    Parameter::real("extra").or(0.0).only(&["second"]),
];

struct Still(Layout);

impl System for Still {
    fn layout(&self) -> &Layout {
        &self.0
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, _t: f64, _x: &[f64], dx: &mut [f64]) {
        dx.fill(0.0);
    }
}

impl Family for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }
    fn title(&self) -> &'static str {
        "a toy"
    }
    fn card(&self) -> &'static str {
        "x' = 0"
    }
    fn dynamics(&self) -> &'static [Dynamics] {
        const BOTH: [Dynamics; 2] = [
            Dynamics {
                name: "first",
                evolution: Evolution::Flow,
                method: "rk4",
                meaning: "",
            },
            Dynamics {
                name: "second",
                evolution: Evolution::Flow,
                method: "tsit5",
                meaning: "",
            },
        ];
        &BOTH
    }
    fn parameters(&self) -> &'static [Parameter] {
        TOY
    }
    fn sections(&self) -> &'static [Parameter] {
        const SPACE: &[Parameter] =
            &[Parameter::integer("space.size").fallback(Fallback::Integer(3))];
        SPACE
    }
    fn starter(&self) -> &'static str {
        ""
    }
    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        if build.parameters.integer("space.size") > 100 {
            return Err(BuildError::about("space.size", "too large for a toy"));
        }
        let axes = vec![Axis::new("cell", build.parameters.vector("a").len())];
        Ok(Built::Flow(Box::new(Still(
            Layout::new().block(Variable::new("x", axes), 0.5),
        ))))
    }
}

fn toy(model: &str) -> Result<Experiment, ConfigError> {
    let text =
        format!("[model]\nfamily = \"toy\"\n{model}\n[time]\nstop = 1\n[solver]\nstep = 0.1\n");
    config::load_text(
        &text,
        Path::new("toy.toml"),
        &[],
        &Registry::new(vec![&Toy]),
    )
}

#[test]
fn a_generator_reads_its_options_and_needs() {
    let given = "space.size = 5\n[model.parameters]\na = { random = \"steps\", size = 3, gap = 2 }\nbase = 4";
    let experiment = toy(given).unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
    assert_eq!(experiment.parameters.vector("a"), [4.0, 6.0, 8.0]);
    assert_eq!(experiment.parameters.integer("space.size"), 5);
    assert_eq!(experiment.initial, [0.5; 3]);
    assert_eq!(
        (experiment.solver.method.as_str(), experiment.solver.step),
        ("rk4", Some(0.1))
    );
    assert!(experiment.parameters.get("extra").is_none());
    let broken = given.replace("gap = 2", "gpa = 2");
    let error = toy(&broken).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("gpa"), "{error}");
    let error = toy(&given.replace("gap = 2", "gap = -2"))
        .map(|_| ())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`gap` is -2.0, but it must be > 0"),
        "{error}"
    );
}

#[test]
fn what_the_family_refuses_is_blamed_on_its_place() {
    let unused = "[model.parameters]\na = [1.0]\nextra = 2.0";
    let error = toy(unused).map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        error,
        "toy.toml:5:1: the dynamics `first` does not use the parameter `extra`"
    );
    let large = "space.size = 500\n[model.parameters]\na = [1.0]";
    let error = toy(large).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "toy.toml:3:14: too large for a toy");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Whatever the bytes are, the answer is an experiment or problems that can be rendered.
    #[test]
    fn no_mutation_panics(edits in proptest::collection::vec((any::<prop::sample::Index>(), 0u8..3, any::<u8>()), 1..6)) {
        // A mutated size may ask for gigabytes, which is no defect: arrays are given here.
        let base = FULL.replace(
            "{ random = \"gaussian\", mean = 0, sd = 0.3, size = 4 }",
            "[[1, 2, 3, 4], [0, 0, 0, 0], [1, 1, 1, 1], [0.5, 0.5, 0.5, 0.5]]",
        );
        let mut bytes = base.into_bytes();
        for (place, kind, byte) in edits {
            let place = place.index(bytes.len());
            match kind {
                0 => { bytes.remove(place); }
                1 => bytes[place] = byte,
                _ => bytes.insert(place, b"[]{}=\"\n.,-#0"[usize::from(byte) % 12]),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = load(&text, &[]) {
            prop_assert!(!error.problems().is_empty());
            prop_assert!(!error.render(false, 100).is_empty());
            prop_assert!(!error.render(true, 40).is_empty());
        }
    }
}
