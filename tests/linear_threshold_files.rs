//! The reference cases of the linear-threshold family from TOML through the program to HDF5.

mod program;

use program::{array, run, texts};

const PRINTED: f64 = 0.6e-9;

/// The case's block `x`, checked row by row.
fn check(case: &str, printed: &[&[f64]], tolerance: f64) {
    let archive = run(&format!("tests/reference/linear-threshold/{case}.toml"));
    let x = array(&archive, "x");
    let neurons = printed[0].len();
    assert_eq!(x.len(), printed.len() * neurons, "{case}");
    for (row, (x, printed)) in x.chunks(neurons).zip(printed).enumerate() {
        for (i, (x, printed)) in x.iter().zip(*printed).enumerate() {
            let error = (x - printed).abs();
            assert!(
                error <= tolerance,
                "{case}, sample {row}, x_{i}: {x:.12} for {printed:.12}"
            );
        }
    }
}

#[test]
fn c1() {
    let closed = [0.5, 1.0, 2.0].map(|t: f64| 2.0 * (1.0 - (-1.5 * t).exp()));
    check("c1", &[&[closed[0]], &[closed[1]], &[closed[2]]], 1e-10);
    check(
        "c1",
        &[&[1.055266895], &[1.553739680], &[1.900425863]],
        PRINTED,
    );
    let slow: [&[f64]; 4] = [
        &[0.475812910],
        &[0.906346235],
        &[1.637689622],
        &[1.981961628],
    ];
    check("c1-tau-10", &slow, PRINTED);
}

#[test]
fn c2() {
    check("c2", &[&[0.367879441], &[0.018315639]], PRINTED);
    check(
        "c2-tau-0.1",
        &[&[0.120610921], &[0.023752958], &[0.003214613]],
        PRINTED,
    );
}

#[test]
fn c3() {
    let projected: [&[f64]; 5] = [
        &[2.729918910, 1.435196549],
        &[2.060616230, 1.905405864],
        &[0.964139419, 1.401829077],
        &[0.864605850, 0.619209183],
        &[0.962865207, 0.763804270],
    ];
    check("c3-tau-0.1", &projected, 3e-9);
    check("c3", &[&[3.0, 0.0], &[0.968333210, 0.768739016]], PRINTED);
    check("c3-tau-10", &[&[2.153902243, 1.652013108]], PRINTED);
}

#[test]
fn c3_observables() {
    let archive = run("tests/reference/linear-threshold/c3.toml");
    // The references have P = diag(3, 2), the archive a trace of 2.
    let gap = array(&archive, "gap")[0] * 2.5;
    assert!((gap - 97.5).abs() < 1e-12, "{gap}");
    let distance = array(&archive, "certificate_distance")[0] * 2.5_f64.sqrt();
    assert!((distance - 3.683526977).abs() < PRINTED, "{distance}");
    assert_eq!(array(&archive, "active_set")[..2], [0.0, 1.0]);
    assert_eq!(array(&archive, "pseudo_gradient")[..2], [0.5, 8.0]);
}

#[test]
fn c3_approaches_the_hard_selector() {
    let rest = [28.0 / 29.0, 22.0 / 29.0];
    let selector = [
        [2.468905476, 1.180408021],
        [1.922785518, 1.896361676],
        [1.166228369, 0.999474043],
        rest,
        rest,
    ];
    for (tau, printed) in [(10, 7.813e-2), (100, 7.498e-3), (1000, 7.467e-4)] {
        let archive = run(&format!(
            "tests/reference/linear-threshold/c3-slow-{tau}.toml"
        ));
        let x = array(&archive, "x");
        let distances = x
            .iter()
            .zip(selector.as_flattened())
            .map(|(x, y)| (x - y).abs());
        let largest = distances.fold(0.0, f64::max);
        assert!(
            (largest / printed - 1.0).abs() < 1e-4,
            "tau = {tau}: {largest:.4e}"
        );
    }
}

#[test]
fn c7() {
    check("c7", &[&[1.0, 0.0]], 1e-9);
}

/// The events of a case: kinds and components as told, times to 1e-10.
fn events(case: &str, expected: &[(f64, &str, i64)]) {
    let archive = run(&format!("tests/reference/linear-threshold/{case}.toml"));
    let times = array(&archive, "events/time");
    let kinds = texts(&archive, "events/kind");
    let components = array(&archive, "events/component");
    assert_eq!(times.len(), expected.len(), "{case}: {times:?} {kinds:?}");
    for (k, (time, kind, component)) in expected.iter().enumerate() {
        let error = (times[k] - time).abs();
        assert!(error < 1e-10, "{case}, event {k}: {} for {time}", times[k]);
        assert_eq!(
            (kinds[k].as_str(), components[k]),
            (*kind, *component as f64),
            "{case}"
        );
    }
}

#[test]
fn c1_in_both_limits() {
    check(
        "c1-projected",
        &[&[1.055266895], &[1.553739680], &[1.900425863]],
        PRINTED,
    );
    check("c1-projected-from-5", &[&[2.669390480]], PRINTED);
    events("c1-projected", &[]);
    check("c1-selector", &[&[0.906346235], &[2.0]], PRINTED);
    events("c1-selector", &[((5.0_f64 / 3.0).ln() / 2.0, "slide", 0)]);
    check("c1-selector-from-5", &[&[2.0]], 1e-14);
    events("c1-selector-from-5", &[(2.5_f64.ln() / 2.0, "slide", 0)]);
}

#[test]
fn c2_in_both_limits() {
    check("c2-projected", &[&[0.120610921], &[0.0]], PRINTED);
    events("c2-projected", &[(2.5_f64.ln() / 1.5, "contact", 0)]);
    check("c2-selector", &[&[0.135335283]], PRINTED);
    events("c2-selector", &[]);
}

#[test]
fn c3_in_both_limits() {
    let projected: [&[f64]; 6] = [
        &[3.0, 0.0],
        &[2.729918910, 1.435196549],
        &[2.060616230, 1.905405864],
        &[0.964139419, 1.401829077],
        &[0.864605850, 0.619209183],
        &[0.962865207, 0.763804270],
    ];
    check("c3-projected", &projected, PRINTED);
    events("c3-projected", &[]);
    let rest: &[f64] = &[28.0 / 29.0, 22.0 / 29.0];
    let selector: [&[f64]; 6] = [
        &[3.0, 0.0],
        &[2.468905476, 1.180408021],
        &[1.922785518, 1.896361676],
        &[1.166228369, 0.999474043],
        rest,
        rest,
    ];
    check("c3-selector", &selector, PRINTED);
    // The page prints nine digits; they are tested to those.
    let archive = run("tests/reference/linear-threshold/c3-selector.toml");
    let times = array(&archive, "events/time");
    for (time, printed) in times.iter().zip([0.041654620, 0.502436723, 1.188866245]) {
        assert!((time - printed).abs() < PRINTED, "{time} for {printed}");
    }
    assert_eq!(texts(&archive, "events/kind"), ["cross", "slide", "slide"]);
    assert_eq!(array(&archive, "events/component"), [0.0, 1.0, 0.0]);
    assert_eq!(
        array(&archive, "events/mode"),
        [-1.0, 1.0, -1.0, 0.0, 0.0, 0.0]
    );
    let gap = array(&archive, "gap");
    for (gap, printed) in gap.iter().zip([97.5, 36.967533, 16.007914, 2.036453]) {
        assert!((2.5 * gap - printed).abs() < 1e-6, "{gap} for {printed}");
    }
    assert_eq!(array(&archive, "active_set")[..4], [1.0, 1.0, -1.0, 1.0]);
    let archive = run("tests/reference/linear-threshold/c3-projected.toml");
    let distance = array(&archive, "certificate_distance");
    let printed = [3.683526977, 3.202319398, 2.495587678, 0.909637155];
    for (distance, printed) in distance.iter().zip(printed) {
        assert!(
            (2.5_f64.sqrt() * distance - printed).abs() < PRINTED,
            "{distance}"
        );
    }
}

#[test]
fn c7_in_both_limits() {
    check("c7-projected", &[&[0.959387674, 0.0]], PRINTED);
    let archive = run("tests/reference/linear-threshold/c7-projected.toml");
    let time = array(&archive, "events/time")[0];
    assert!((time - 1.899297082).abs() < PRINTED, "{time}");
    check(
        "c7-selector",
        &[&[0.375, 0.3125], &[0.632120559, 0.183939721]],
        PRINTED,
    );
    events("c7-selector", &[(1.6_f64.ln(), "slide", 0)]);
}
