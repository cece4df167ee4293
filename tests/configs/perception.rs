//! The promises of `configs/bayesian-perception/`.

use std::process::Command;

use crate::Claim;
use crate::program::{Archive, array};

/// What each file promises.
pub const CLAIMS: &[(&str, Claim)] = &[
    (
        "bayesian-perception/pairs.toml",
        pairs_depend_on_their_order,
    ),
    (
        "bayesian-perception/prior-sweep.toml",
        the_prior_decides_the_direction,
    ),
    (
        "bayesian-perception/interval-sweep.toml",
        the_interval_tells_rules_apart,
    ),
    ("bayesian-perception/history.toml", a_history_is_carried),
    ("bayesian-perception/belief.toml", a_belief_drifts_and_jumps),
    (
        "bayesian-perception/weber.toml",
        percepts_are_more_symmetric,
    ),
    (
        "bayesian-perception/observer.toml",
        observers_answer_as_expected,
    ),
    ("bayesian-perception/subjects.toml", sixteen_subjects_answer),
    ("bayesian-perception/fit-subjects.toml", the_table_is_read),
];

/// An array that `nullcline analyze` leaves of a config.
fn analysed(config: &str, name: &str) -> Vec<f64> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("found.h5");
    let output = Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "analyze",
            &format!("configs/bayesian-perception/{config}.toml"),
            "-q",
            "-o",
        ])
        .arg(&path)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{config}");
    let file = hdf5::File::open(&path).expect("the archive opens");
    let data = file
        .dataset(&format!("analysis/{name}"))
        .expect("it is there");
    data.read_raw().expect("it reads as f64")
}

fn pairs_depend_on_their_order(archive: &Archive) {
    let p = array(archive, "p_second");
    // Levels 2 and 3 of seven, in both orders.
    assert!((p[2 * 7 + 3] - 0.668780196).abs() < 1e-9 && (p[3 * 7 + 2] - 0.184144951).abs() < 1e-9);
    let effects = analysed("pairs", "time-order/effect");
    assert_eq!(effects.len(), 21);
    assert!((effects[0] + 0.653905096).abs() < 1e-9, "{effects:?}");
    assert!((effects[20] - 0.653905096).abs() < 1e-9, "{effects:?}");
    // s2* = mu + w (s1 - mu)
    let equal = analysed("pairs", "psychometric/pse");
    for (k, found) in equal.iter().enumerate() {
        let expected = 0.5 + 0.485224528 * (0.2 + 0.1 * k as f64 - 0.5);
        assert!((found - expected).abs() < 1e-9);
    }
    // Quartiles of a curve without guesses lie 0.6745 deviations from its middle.
    let differences = analysed("pairs", "psychometric/jnd");
    let expected = 0.674489750196 * 0.111150476;
    assert!(
        differences.iter().all(|d| (d - expected).abs() < 1e-9),
        "{differences:?}"
    );
    assert!(analysed("pairs", "stimulus-space/residual_perceptual_max")[0] < 1e-12);
}

fn the_prior_decides_the_direction(archive: &Archive) {
    let p = array(archive, "p_second");
    assert_eq!(p.len(), 5 * 25);
    let mean = |row: &[f64]| {
        let effects =
            (0..5).flat_map(|a| (a + 1..5).map(move |b| row[a * 5 + b] + row[b * 5 + a] - 1.0));
        effects.sum::<f64>() / 10.0
    };
    let means: Vec<f64> = p.chunks(25).map(mean).collect();
    assert!(
        means[0] > 0.5 && means[1] > 0.2 && means[2].abs() < 1e-15,
        "{means:?}"
    );
    assert!((means[3] + means[1]).abs() < 1e-12 && (means[4] + means[0]).abs() < 1e-12);
    // In the middle the two ends of the range pull in opposite directions.
    let effects = &analysed("prior-sweep", "time-order/effect")[20..30];
    assert!(effects[0] < -0.2 && effects[9] > 0.2, "{effects:?}");
}

fn the_interval_tells_rules_apart(archive: &Archive) {
    assert_eq!(array(archive, "p_second").len(), 3 * 4 * 2);
    let w = analysed("interval-sweep", "stimulus-space/weight");
    assert!(w[..4].windows(2).all(|two| two[1] < two[0]), "{w:?}");
    assert!(w[4..8].windows(2).all(|two| two[1] > two[0]), "{w:?}");
    assert!((w[1] - 0.485224528).abs() < 1e-9 && (w[5] - 0.911512348).abs() < 1e-9);
}

fn a_history_is_carried(archive: &Archive) {
    let p = array(archive, "p_second");
    let known = [0.668780196, 0.514821514, 0.168564986, 0.989631922];
    assert!(
        p.iter()
            .zip(known)
            .all(|(p, known)| (p - known).abs() < 1e-9),
        "{p:?}"
    );
}

fn a_belief_drifts_and_jumps(archive: &Archive) {
    let (time, mean, variance) = (
        array(archive, "time"),
        array(archive, "mean"),
        array(archive, "variance"),
    );
    // Behind the first stimulus, and 0.5 s of drift later.
    assert!((mean[0] - 0.42).abs() < 1e-12 && (variance[0] - 0.008).abs() < 1e-12);
    let rho = (-0.25_f64).exp();
    assert!((time[25] - 0.5).abs() < 1e-12);
    assert!((mean[25] - (0.5 - 0.08 * rho)).abs() < 1e-12);
    assert!((variance[25] - (0.04 - 0.032 * rho * rho)).abs() < 1e-12);
}

fn percepts_are_more_symmetric(archive: &Archive) {
    assert_eq!(array(archive, "p_second").len(), 25);
    let ratio = analysed("weber", "stimulus-space/symmetry_ratio")[0];
    assert!((ratio - 30.0).abs() < 0.1, "{ratio}");
    let physical = analysed("weber", "stimulus-space/residual_physical")[0];
    assert!((physical - 0.083476).abs() < 5e-6, "{physical}");
}

fn observers_answer_as_expected(archive: &Archive) {
    let (mean, error) = (
        array(archive, "response_member_mean"),
        array(archive, "response_member_standard_error"),
    );
    let p = array(archive, "p_second_member_mean");
    assert_eq!(p.len(), 9);
    for k in 0..9 {
        assert!(
            (mean[k] - p[k]).abs() < 4.0 * error[k],
            "{k}: {} {}",
            mean[k],
            p[k]
        );
    }
}

fn sixteen_subjects_answer(archive: &Archive) {
    let (responses, p) = (array(archive, "response"), array(archive, "p_second"));
    assert_eq!(responses.len(), 16 * 490);
    let off: f64 = responses.iter().zip(&p).map(|(r, p)| r - p).sum();
    let variance: f64 = p.iter().map(|p| p * (1.0 - p)).sum();
    assert!(off.abs() < 4.0 * variance.sqrt(), "{off}");
}

fn the_table_is_read(archive: &Archive) {
    assert_eq!(array(archive, "trial").len(), 7840);
    let responses = array(archive, "parameters/trials_response");
    assert!(responses.iter().all(|r| [0.0, 1.0].contains(r)));
}
