//! The reference cases of the linear-threshold family from TOML through the program to HDF5.

mod program;

use program::{array, run};

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
