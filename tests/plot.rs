//! Pictures of runs, sweeps, ensembles and analyses: which numbers reach them, where they are drawn, and what is said when
//! none can.

mod experiments;
#[path = "plot/ink.rs"]
mod ink;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use nullcline::archive::provenance::Provenance;
use nullcline::archive::{self, Reader};
use nullcline::ensemble::analyse::Points;
use nullcline::ensemble::{self, RunOptions};
use nullcline::plot::axis::Way;
use nullcline::plot::{self, At, Kind, Picture, PlotError, Quantity, Request, Series};
use nullcline::{config, models};

const BASE: &str = r#"
title = "Pictures"
[model]
family = "linear-threshold"
[model.parameters]
weights = [[0.5, -2.0], [3.0, -0.5]]
input = [2.0, -1.0]
[initial]
x = { random = "uniform", range = [0.0, 1.0] }
[time]
stop = 4.0
save = 0.5
[record]
summaries = ["mean"]
"#;

const GRID: &str = r#"
[sweep.axes]
"model.parameters.input[0]" = { from = 0.0, to = 2.0, count = 5 }
"model.parameters.timescale" = { from = 0.01, to = 10.0, count = 4, scale = "log" }
"#;

fn network(folder: &Path, name: &str, more: &str) -> Reader {
    run(folder, name, &format!("{BASE}{more}"))
}

fn request(variable: &str, at: &[&str]) -> Request {
    Request {
        variable: (!variable.is_empty()).then(|| variable.to_string()),
        at: at.iter().map(|text| text.parse::<At>().unwrap()).collect(),
        ..Request::default()
    }
}

fn refusal(reader: &Reader, request: &Request) -> String {
    match plot::read(reader, request) {
        Ok(_) => panic!("{request:?} is drawn"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn two_axes_make_a_map_of_one_component() {
    let folder = experiments::folder();
    let reader = network(folder.path(), "grid.h5", GRID);
    let all = reader.read("x_mean").unwrap();
    for (at, component) in [(vec![], 0), (vec!["neuron=1"], 1)] {
        let Picture { series, kind } = plot::read(&reader, &request("x_mean", &at)).unwrap();
        assert_eq!(kind, Kind::HeatMap);
        assert_eq!(series.times, [0.0, 0.5, 1.0, 1.5, 2.0]);
        let (rows, way) = series.rows.clone().unwrap();
        assert_eq!((rows.len(), way), (4, Way::Logarithmic));
        for across in 0..5 {
            for up in 0..4 {
                let expected = all[(across * 4 + up) * 2 + component];
                assert_eq!(series.value(across, up), expected);
            }
        }
        for name in ["map.svg", "map.png"] {
            plot::save(&series, kind, &folder.path().join(name)).unwrap();
        }
        let drawn = std::fs::read_to_string(folder.path().join("map.svg")).unwrap();
        for label in [
            "model.parameters.input[0]",
            "model.parameters.timescale",
            "x_mean",
        ] {
            assert!(drawn.contains(label), "no `{label}`");
        }
    }
    // Without a variable the summaries suit best.
    let first = plot::read(&reader, &Request::default()).unwrap();
    assert_eq!(first.series.quantity.name, "x_mean");
}

#[test]
fn one_axis_makes_curves_and_no_axis_a_course_in_time() {
    let folder = experiments::folder();
    let reader = network(folder.path(), "grid.h5", GRID);
    let means = reader.read("x_mean").unwrap();
    // The nearest place: 0.1 of 0.01, 0.1, 1, 10.
    let asked = request("x_mean", &["timescale=0.3"]);
    let Picture { series, kind } = plot::read(&reader, &asked).unwrap();
    assert_eq!((kind, series.components.len()), (Kind::Curves, 2));
    for place in 0..5 {
        assert_eq!(series.value(place, 1), means[(place * 4 + 1) * 2 + 1]);
    }
    let over_scale = plot::read(&reader, &request("x_mean", &["input_0=2"])).unwrap();
    assert_eq!(over_scale.series.across, Way::Logarithmic);

    let all = reader.read("x").unwrap();
    let each = 9 * 2;
    let by_run = Request {
        run: Some(13),
        ..request("x", &[])
    };
    let by_place = request("x", &["input_0=1.5", "timescale=0.1"]);
    for asked in [by_run, by_place] {
        let Picture { series, kind } = plot::read(&reader, &asked).unwrap();
        assert_eq!(kind, Kind::TimeSeries);
        assert_eq!(series.values, all[13 * each..14 * each]);
        assert!(series.title.contains("input_0 = 1.5"), "{}", series.title);
    }
    let many = refusal(&reader, &request("x", &[]));
    assert!(
        many.contains("--at") && many.contains("x_mean [input_0"),
        "{many}"
    );
    let wrong = refusal(&reader, &request("x_mean", &["inptu=1"]));
    assert!(
        wrong.contains("`inptu`") && wrong.contains("input_0"),
        "{wrong}"
    );
    let beyond = Request {
        run: Some(20),
        ..Request::default()
    };
    assert!(refusal(&reader, &beyond).contains("0 to 19"));
    assert!("input_0".parse::<At>().is_err());
}

#[test]
fn members_make_bands_and_samples_are_sorted() {
    let folder = experiments::folder();
    let members = "[ensemble]\nmembers = 21\nquantiles = [0.05, 0.95]\n";
    let reader = network(folder.path(), "members.h5", members);
    let stored = plot::read(&reader, &Request::default()).unwrap();
    assert_eq!(
        (stored.kind, stored.series.quantity.name.as_str()),
        (Kind::Bands, "x_member_mean")
    );
    let computed = plot::read(&reader, &request("x", &[])).unwrap();
    assert_eq!(computed.kind, Kind::Bands);
    let pairs = stored.series.values.iter().zip(&computed.series.values);
    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12));
    for (stored, computed) in stored.series.band.iter().zip(&computed.series.band) {
        assert!((stored.0 - computed.0).abs() < 1e-12 && (stored.1 - computed.1).abs() < 1e-12);
    }
    plot::save(
        &stored.series,
        stored.kind,
        &folder.path().join("bands.svg"),
    )
    .unwrap();

    let random = "[sweep]\nmode = \"random\"\nsamples = 30\n[sweep.axes]\n\
                  \"model.parameters.input[0]\" = { from = 0.0, to = 2.0 }\n";
    let reader = network(folder.path(), "random.h5", random);
    let Picture { series, kind } = plot::read(&reader, &Request::default()).unwrap();
    assert_eq!((kind, series.times.len()), (Kind::Curves, 30));
    assert!(series.times.windows(2).all(|pair| pair[0] <= pair[1]));
    let (inputs, means) = (
        reader.read("input_0").unwrap(),
        reader.read("x_mean").unwrap(),
    );
    for (sample, input) in inputs.iter().enumerate() {
        let place = series.times.iter().position(|time| time == input).unwrap();
        assert_eq!(series.value(place, 0), means[2 * sample]);
    }
}

const OSCILLATOR: &str = r#"
title = "An oscillator with a mark"
[model]
family = "equations"
[model.parameters]
a = 1.0
[model.state.v]
drift = "w + 0*a"
unit = "mV"
[model.state.w]
drift = "-v"
[[model.guards]]
name = "up"
when = "v"
[initial]
v = 1.0
[time]
stop = 10.0
save = 0.1
"#;

fn run(folder: &Path, name: &str, text: &str) -> Reader {
    let loaded = config::load_text(text, Path::new("a.toml"), &[], &models::registry());
    let mut experiment = loaded.unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
    experiment.output.path = folder.join(name);
    let never = AtomicBool::new(false);
    ensemble::run(&experiment, &RunOptions::new(&never), &mut |_| {}).unwrap();
    Reader::open(&experiment.output.path).unwrap()
}

#[test]
fn a_phase_portrait_has_one_quantity_across_and_one_upwards() {
    let folder = experiments::folder();
    let reader = run(folder.path(), "circle.h5", OSCILLATOR);
    let (v, w) = (reader.read("v").unwrap(), reader.read("w").unwrap());
    let by_itself = Request {
        kind: Some(Kind::Phase),
        ..Request::default()
    };
    let asked = Request {
        against: Some("v".into()),
        ..request("w", &[])
    };
    for asked in [by_itself, asked] {
        let Picture { series, kind } = plot::read(&reader, &asked).unwrap();
        assert_eq!(kind, Kind::Phase);
        assert_eq!(series.clock.label(), "v (mV)");
        for sample in 0..v.len() {
            assert_eq!(series.value(sample, 0), v[sample]);
            assert_eq!(series.value(sample, 1), w[sample]);
        }
        for name in ["phase.svg", "phase.png"] {
            plot::save(&series, kind, &folder.path().join(name)).unwrap();
        }
    }
    // The second component of a block against its first.
    let reader = network(folder.path(), "pair.h5", "");
    let Picture { series, .. } = plot::read(
        &reader,
        &Request {
            kind: Some(Kind::Phase),
            ..Request::default()
        },
    )
    .unwrap();
    let x = reader.read("x").unwrap();
    assert_eq!(series.values, x);
    assert_eq!(series.quantity.name, "x[1]");
}

/// Where the marks of a picture are: the circles of an SVG of one colour, in the order of drawing.
fn marks(drawn: &str, colour: &str) -> Vec<(f64, f64)> {
    let circles = drawn.split("<circle ").skip(1);
    let of_colour = circles.filter(|circle| circle.split("/>").next().unwrap().contains(colour));
    let number = |text: &str, name: &str| -> f64 {
        let (_, rest) = text.split_once(&format!("{name}=\"")).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    of_colour
        .map(|circle| (number(circle, "cx"), number(circle, "cy")))
        .collect()
}

const THREE_CLOCKS: &str = r#"
title = "Three neurons that rise evenly and fire at 1"
[model]
family = "equations"
[model.parameters]
slowest = 0.3
[model.state.v]
size = 3
drift = "slowest + 0.2*i"
[[model.guards]]
name = "spike"
when = "v[i] - 1"
reset = { v = "0" }
[initial]
v = 0.0
[time]
stop = 5.0
save = 0.5
"#;

#[test]
fn a_raster_has_a_dot_for_each_event_where_it_happened() {
    let folder = experiments::folder();
    let events = Request {
        kind: Some(Kind::Raster),
        ..Request::default()
    };
    let reader = run(folder.path(), "clocks.h5", THREE_CLOCKS);
    let Picture { series, kind } = plot::read(&reader, &events).unwrap();
    // Neuron i rises by 0.3 + 0.2 i and fires at each multiple of the time that this takes.
    let mut expected: Vec<(f64, f64)> = (0..3)
        .flat_map(|i| {
            let rate = 0.3 + 0.2 * f64::from(i);
            let fires = (1..).map(move |k| (f64::from(k) / rate, f64::from(i)));
            fires.take_while(|(time, _)| *time < 5.0)
        })
        .collect();
    expected.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(expected.len(), 1 + 2 + 3);
    assert_eq!(series.components, ["spike"]);
    assert_eq!(series.times.len(), expected.len());
    for (event, (time, neuron)) in expected.iter().enumerate() {
        assert!((series.times[event] - time).abs() < 1e-6, "{event}");
        assert_eq!(series.value(event, 0), *neuron);
    }
    // Later is further to the right and a higher neuron further up, both evenly.
    for name in ["raster.svg", "raster.png"] {
        plot::save(&series, kind, &folder.path().join(name)).unwrap();
    }
    let drawn = std::fs::read_to_string(folder.path().join("raster.svg")).unwrap();
    let marks = marks(&drawn, "#0072B2");
    assert_eq!(marks.len(), expected.len());
    let (first, last) = (0, expected.len() - 1);
    let (a, b) = (expected[first].0, expected[last].0);
    let dots_per_time = (marks[last].0 - marks[first].0) / (b - a);
    assert!(dots_per_time > 300.0, "{dots_per_time}");
    let height = |neuron: f64| {
        let event = expected.iter().position(|(_, other)| *other == neuron);
        marks[event.unwrap()].1
    };
    let dots_per_neuron = (height(0.0) - height(2.0)) / 2.0;
    assert!(dots_per_neuron > 300.0, "{dots_per_neuron}");
    for ((time, neuron), (x, y)) in expected.iter().zip(&marks) {
        // Places are rounded to whole dots.
        assert!((x - marks[first].0 - dots_per_time * (time - a)).abs() <= 1.5);
        assert!((height(0.0) - y - dots_per_neuron * neuron).abs() <= 1.0);
    }
}

#[test]
fn a_raster_of_several_runs_has_a_row_for_each() {
    let folder = experiments::folder();
    let events = Request {
        kind: Some(Kind::Raster),
        ..Request::default()
    };
    let reader = run(folder.path(), "circle.h5", OSCILLATOR);
    let Picture { series, .. } = plot::read(&reader, &events).unwrap();
    // v = cos t rises through 0 at 3 pi/2 alone before t = 10.
    assert_eq!(series.components, ["up"]);
    let [time] = series.times[..] else {
        panic!("{:?}", series.times)
    };
    assert!((time - 1.5 * std::f64::consts::PI).abs() < 1e-4);
    let swept = format!("{OSCILLATOR}[sweep.axes]\n\"model.parameters.a\" = [1.0, 2.0, 3.0]\n");
    let reader = run(folder.path(), "three.h5", &swept);
    let Picture { series, .. } = plot::read(&reader, &events).unwrap();
    assert_eq!(series.quantity.name, "run");
    // Their times are one, so that they come in the order of the runs.
    assert_eq!(series.values, [0.0, 1.0, 2.0]);
    assert!(series.times.iter().all(|other| (other - time).abs() < 1e-4));
    let of_one = Request {
        run: Some(1),
        ..events.clone()
    };
    let Picture { series, .. } = plot::read(&reader, &of_one).unwrap();
    assert_eq!(
        (series.quantity.name.as_str(), series.times.len()),
        ("component", 1)
    );
    assert!(series.title.ends_with(": run 1"), "{}", series.title);
    let beyond = Request {
        run: Some(3),
        ..events.clone()
    };
    assert!(refusal(&reader, &beyond).contains("0 to 2"));
    let without = network(folder.path(), "pair.h5", "");
    assert!(refusal(&without, &events).contains("no events"));
}

#[test]
fn what_has_no_time_left_is_a_profile_or_a_frame() {
    let folder = experiments::folder();
    let reader = network(folder.path(), "pair.h5", "");
    let Picture { series, kind } = plot::read(&reader, &request("x", &["time=2"])).unwrap();
    assert_eq!((kind, &series.times[..]), (Kind::Curves, &[0.0, 1.0][..]));
    assert_eq!(series.values, reader.read("x").unwrap()[8..10]);
    assert!(series.title.contains("time = 2"), "{}", series.title);

    let Picture { series, kind } =
        plot::read(&reader, &request("parameters/weights", &[])).unwrap();
    assert_eq!(kind, Kind::HeatMap);
    // Columns are across: the value at column 1 and row 0 is the weight from neuron 1 to neuron 0.
    assert_eq!((series.value(1, 0), series.value(0, 1)), (-2.0, 3.0));
    plot::save(&series, kind, &folder.path().join("frame.png")).unwrap();
}

#[test]
fn the_sides_of_a_phase_portrait_are_of_the_same_times() {
    let folder = experiments::folder();
    let against = |across: &str, upwards: &str| Request {
        against: Some(across.into()),
        ..request(upwards, &[])
    };
    // As many times as in `save`, 101, once the same ones and once others.
    let tenths: Vec<String> = (0..=100)
        .map(|k| format!("{}", f64::from(k) / 10.0))
        .collect();
    let squares: Vec<String> = (0..=100)
        .map(|k| format!("{}", f64::from(k * k) / 1000.0))
        .collect();
    for (name, times, together) in [("same", tenths, true), ("other", squares, false)] {
        let times = times.join(", ");
        let record = format!(
            "[record]\nvariables = [\"v\"]\n[[record.group]]\nname = \"g\"\nvariables = [\"w\"]\nevery = [{times}]\n"
        );
        let reader = run(folder.path(), name, &format!("{OSCILLATOR}{record}"));
        assert_eq!(reader.variable("w").unwrap().shape, [101]);
        match plot::read(&reader, &against("v", "w")) {
            Ok(_) => assert!(together, "paired by number only"),
            Err(PlotError::Clocks {
                across,
                upwards,
                differ,
            }) => {
                assert!(!together, "{differ}");
                assert_eq!((across.as_str(), upwards.as_str()), ("v", "w"));
                assert!(differ.contains("0.1 along `time`"), "{differ}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let few = "[record]\nvariables = [\"v\"]\n[[record.group]]\nname = \"g\"\nvariables = [\"w\"]\nevery = 0.5\n";
    let reader = run(folder.path(), "few.h5", &format!("{OSCILLATOR}{few}"));
    let told = refusal(&reader, &against("v", "w"));
    assert!(
        told.contains("101 along `time`, 21 along `time_g`"),
        "{told}"
    );
}

const VECTOR_AND_NUMBER: &str = r#"
title = "Three decays and a number"
[model]
family = "equations"
[model.parameters]
a = 1.0
[model.state.u]
size = 3
drift = "-a*(i + 1)*u[i]"
[model.state.v]
drift = "-v"
unit = "mV"
[initial]
u = 1.0
v = 2.0
[time]
stop = 1.0
save = 0.25
"#;

#[test]
fn a_side_of_a_phase_portrait_is_one_component_that_somebody_chose() {
    let folder = experiments::folder();
    let reader = run(folder.path(), "three.h5", VECTOR_AND_NUMBER);
    let (u, v) = (reader.read("u").unwrap(), reader.read("v").unwrap());
    let phase = |against: &str, variable: &str, at: &[&str]| Request {
        kind: Some(Kind::Phase),
        against: (!against.is_empty()).then(|| against.into()),
        ..request(variable, at)
    };
    for (across, upwards) in [("u", "v"), ("v", "u")] {
        let told = refusal(&reader, &phase(across, upwards, &[]));
        assert!(told.contains("`u` [time, i] has 3 components"), "{told}");
        assert!(told.contains("--at i=PLACE"), "{told}");
        // Only one of the sides has the dimension: it is held there.
        let Picture { series, .. } =
            plot::read(&reader, &phase(across, upwards, &["i=2"])).unwrap();
        for (sample, &v) in v.iter().enumerate() {
            let third = u[3 * sample + 2];
            let expected = if across == "u" {
                (third, v)
            } else {
                (v, third)
            };
            assert_eq!((series.value(sample, 0), series.value(sample, 1)), expected);
        }
        assert!(series.title.ends_with(": i = 2"), "{}", series.title);
        let told = refusal(&reader, &phase(across, upwards, &["i=2", "neuron=0"]));
        assert!(
            told.contains("no dimension `neuron`; it has time, i"),
            "{told}"
        );
    }
    let told = refusal(&reader, &phase("", "v", &["neuron=0"]));
    assert!(
        told.contains("no dimension `neuron`; it has time"),
        "{told}"
    );
    let told = refusal(&reader, &phase("", "u", &["i=0", "i=1"]));
    assert!(told.contains("`i` is held twice"), "{told}");
}

fn unused(reader: &Reader, request: &Request) -> &'static str {
    match plot::read(reader, request) {
        Err(PlotError::Unused { option, .. }) => option,
        Err(other) => panic!("{request:?}: {other}"),
        Ok(_) => panic!("{request:?} is drawn"),
    }
}

/// A request of a kind with one option.
fn with(kind: Option<Kind>, option: &str) -> Request {
    let mut asked = Request {
        kind,
        ..Request::default()
    };
    match option {
        "--variable" => asked.variable = Some("x".into()),
        "--against" => asked.against = Some("x".into()),
        "--at" => asked.at = vec!["neuron=0".parse().unwrap()],
        _ => asked.run = Some(0),
    }
    asked
}

#[test]
fn what_a_kind_does_not_use_is_refused() {
    let folder = experiments::folder();
    let reader = network(folder.path(), "pair.h5", "");
    let all = ["--variable", "--against", "--at", "--run"];
    for (kind, options) in [
        (Kind::TimeSeries, &["--against"][..]),
        (Kind::HeatMap, &["--against"]),
        (Kind::Curves, &["--against"]),
        (Kind::Bands, &["--against"]),
        (Kind::Bloch, &["--variable", "--against"]),
        (Kind::Raster, &["--variable", "--against", "--at"]),
        (Kind::Spectrum, &all),
    ] {
        for option in options {
            assert_eq!(unused(&reader, &with(Some(kind), option)), *option);
        }
    }
    let told = refusal(&reader, &with(Some(Kind::Raster), "--at"));
    let expected =
        "a raster of events does not use `--at`: leave it out; a raster of events uses --run";
    assert_eq!(told, expected);
}

#[test]
fn a_kind_that_does_not_suit_what_is_left_is_refused() {
    let folder = experiments::folder();
    let reader = network(folder.path(), "grid.h5", GRID);
    let of = |kind: Kind, variable: &str, at: &[&str]| Request {
        kind: Some(kind),
        ..request(variable, at)
    };
    let run = ["input_0=1", "timescale=1"];
    let lines = [Kind::TimeSeries, Kind::Curves, Kind::Bands];
    for (variable, at, suits) in [
        ("x", &run[..], &[Kind::TimeSeries, Kind::HeatMap][..]),
        ("x_mean", &run[..1], &[Kind::Curves, Kind::HeatMap]),
        ("x_mean", &[], &[Kind::HeatMap]),
        ("parameters/weights", &[], &[Kind::Curves, Kind::HeatMap]),
    ] {
        for kind in lines.into_iter().chain([Kind::HeatMap]) {
            let asked = of(kind, variable, at);
            if suits.contains(&kind) {
                assert_eq!(plot::read(&reader, &asked).unwrap().kind, kind);
                continue;
            }
            let told = refusal(&reader, &asked);
            let expected = format!("cannot be shown as {}", kind.name());
            assert!(
                told.contains(&expected) && told.contains("heat-map"),
                "{told}"
            );
        }
    }
}

/// What `nullcline analyze` writes.
fn analysed(folder: &Path, name: &str, text: &str) -> Reader {
    let experiment =
        config::load_text(text, Path::new("a.toml"), &[], &models::registry()).unwrap();
    let points = Points::new(&experiment);
    let (path, provenance) = (folder.join(name), Provenance::now("", String::new()));
    let (plan, answers) = (points.plan(), points.answers());
    archive::analysis::write(&path, &experiment, plan, false, &answers, &provenance).unwrap();
    Reader::open(&path).unwrap()
}

#[test]
fn the_pictures_of_studies_hold_nothing_and_analyses_have_no_runs() {
    let folder = experiments::folder();
    let limits = include_str!("../configs/linear-threshold/limits.toml");
    let limits = analysed(folder.path(), "limits.h5", limits);
    let qubit = include_str!("../configs/gksl/passive-qubit.toml");
    let qubit = analysed(folder.path(), "qubit.h5", qubit);
    for (reader, kind) in [(&limits, Kind::Curves), (&qubit, Kind::Spectrum)] {
        assert_eq!(plot::read(reader, &Request::default()).unwrap().kind, kind);
        for option in ["--at", "--run"] {
            let asked = with(None, option);
            assert_eq!(unused(reader, &asked), option);
            assert!(refusal(reader, &asked).contains("--variable"));
        }
    }
    let of_run = Request {
        run: Some(0),
        ..request("analysis/equilibria/x", &[])
    };
    assert!(refusal(&limits, &of_run).contains("has no runs"));
}

#[test]
fn psychometric_curves_are_named_by_the_stimulus_that_they_are_for() {
    let folder = experiments::folder();
    let pairs = include_str!("../configs/bayesian-perception/pairs.toml");
    let reader = analysed(folder.path(), "pairs.h5", pairs);
    let asked = request("analysis/psychometric/p_second", &[]);
    let Picture { series, kind } = plot::read(&reader, &asked).unwrap();
    assert_eq!((kind, series.clock.name.as_str()), (Kind::Curves, "second"));
    assert_eq!(
        series.times,
        reader.read("analysis/psychometric/second").unwrap()
    );
    let names: Vec<String> = (2..=8).map(|tenth| format!("first = 0.{tenth}")).collect();
    assert_eq!(series.components, names);
    let all = reader.read("analysis/psychometric/p_second").unwrap();
    let points = series.times.len();
    for curve in 0..7 {
        for point in 0..points {
            assert_eq!(series.value(point, curve), all[curve * points + point]);
        }
    }
}

#[test]
fn of_two_lines_in_one_place_both_are_seen() {
    let folder = experiments::folder();
    let sample = |k: usize| [0.01 * k as f64, 0.01 * k as f64, 1.0 - 0.01 * k as f64];
    let series = Series {
        quantity: Quantity::named("p"),
        times: (0..=100).map(f64::from).collect(),
        components: ["a", "b", "c"].map(String::from).to_vec(),
        values: (0..=100).flat_map(sample).collect(),
        ..Series::default()
    };
    let path = folder.path().join("lines.svg");
    plot::save(&series, Kind::TimeSeries, &path).unwrap();
    let drawn = std::fs::read_to_string(path).unwrap();
    let pieces = |colour: &str| drawn.matches(&format!("stroke=\"{colour}\"")).count();
    // Each a line and a sample in the legend, but the second one lies on the first.
    assert_eq!((pieces("#0072B2"), pieces("#009E73")), (2, 2));
    assert!(pieces("#D55E00") > 10, "{}", pieces("#D55E00"));
}
