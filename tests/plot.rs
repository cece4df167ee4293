//! Pictures of sweeps and ensembles: which numbers reach them, and what is said when none can.

mod experiments;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use nullcline::archive::Reader;
use nullcline::ensemble::{self, RunOptions};
use nullcline::plot::axis::Way;
use nullcline::plot::{self, At, Kind, Picture, Request};
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

fn archive(folder: &Path, name: &str, more: &str) -> Reader {
    let text = format!("{BASE}{more}");
    let loaded = config::load_text(&text, Path::new("a.toml"), &[], &models::registry());
    let mut experiment = loaded.unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
    experiment.output.path = folder.join(name);
    let never = AtomicBool::new(false);
    ensemble::run(&experiment, &RunOptions::new(&never), &mut |_| {}).unwrap();
    Reader::open(&experiment.output.path).unwrap()
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
    let reader = archive(folder.path(), "grid.h5", GRID);
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
    let reader = archive(folder.path(), "grid.h5", GRID);
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
    let reader = archive(folder.path(), "members.h5", members);
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
    let reader = archive(folder.path(), "random.h5", random);
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
drift = "w"
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
    let reader = archive(folder.path(), "pair.h5", "");
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

#[test]
fn a_raster_has_a_dot_for_each_event() {
    let folder = experiments::folder();
    let events = Request {
        kind: Some(Kind::Raster),
        ..Request::default()
    };
    let reader = run(folder.path(), "circle.h5", OSCILLATOR);
    let Picture { series, kind } = plot::read(&reader, &events).unwrap();
    // v = cos t rises through 0 at 3 pi/2 alone before t = 10.
    assert_eq!(
        (series.times.len(), &series.components[..]),
        (1, &["up".to_string()][..])
    );
    assert!((series.times[0] - 4.712_389).abs() < 1e-4);
    plot::save(&series, kind, &folder.path().join("raster.png")).unwrap();
    let swept = format!("{OSCILLATOR}[sweep.axes]\n\"model.parameters.a\" = [1.0, 2.0, 3.0]\n");
    let reader = run(folder.path(), "three.h5", &swept);
    let Picture { series, .. } = plot::read(&reader, &events).unwrap();
    assert_eq!(series.quantity.name, "run");
    assert_eq!(series.values, [0.0, 1.0, 2.0]);
    let beyond = Request {
        run: Some(3),
        ..events
    };
    assert!(refusal(&reader, &beyond).contains("0 to 2"));
    let without = archive(folder.path(), "pair.h5", "");
    let raster = Request {
        kind: Some(Kind::Raster),
        ..Request::default()
    };
    assert!(refusal(&without, &raster).contains("no events"));
}

#[test]
fn what_has_no_time_left_is_a_profile_or_a_frame() {
    let folder = experiments::folder();
    let reader = archive(folder.path(), "pair.h5", "");
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
