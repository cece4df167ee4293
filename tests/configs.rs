//! Every file under `configs/` runs through the program and keeps its promise. A file without a row here
//! fails.

mod program;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use program::{Archive, array, run, texts};

/// A check of the archive that a file leads to.
type Claim = fn(&Archive);

/// What each file promises.
const CLAIMS: &[(&str, Claim)] = &[
    ("linear-threshold/ei-pair.toml", settles_at_its_equilibrium),
    ("linear-threshold/bistable.toml", one_neuron_wins),
    ("linear-threshold/oscillating.toml", neurons_take_turns),
    ("linear-threshold/ring.toml", one_bump_forms),
    (
        "linear-threshold/dale-200.toml",
        rates_follow_the_sine_in_bounds,
    ),
    ("linear-threshold/timescale-family.toml", the_gap_closes),
    (
        "linear-threshold/input-sweep.toml",
        fixed_points_follow_the_input,
    ),
    ("linear-threshold/basins.toml", each_neuron_wins_half),
    ("linear-threshold/fast-limit.toml", both_neurons_stay_down),
    (
        "linear-threshold/slow-limit.toml",
        the_equilibrium_is_reached,
    ),
    (
        "linear-threshold/ring-oscillator.toml",
        the_ring_goes_around,
    ),
    ("linear-threshold/limits.toml", both_neurons_die_down),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            found.push(path);
        }
    }
}

#[test]
fn every_file_has_a_claim_and_every_claim_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let mut found = Vec::new();
    files(&root, &mut found);
    let found: BTreeSet<String> = found
        .iter()
        .map(|path| {
            path.strip_prefix(&root)
                .expect("inside")
                .display()
                .to_string()
        })
        .collect();
    let claimed: BTreeSet<String> = CLAIMS.iter().map(|(file, _)| file.to_string()).collect();
    assert_eq!(found, claimed);
}

#[test]
fn every_file_keeps_its_claim() {
    for (file, claim) in CLAIMS {
        println!("{file}");
        claim(&run(&format!("configs/{file}")));
    }
}

fn last(archive: &Archive, neurons: usize) -> Vec<f64> {
    let x = array(archive, "x");
    x[x.len() - neurons..].to_vec()
}

fn settles_at_its_equilibrium(archive: &Archive) {
    let x = last(archive, 2);
    assert!(
        (x[0] - 28.0 / 29.0).abs() < 1e-7 && (x[1] - 22.0 / 29.0).abs() < 1e-7,
        "{x:?}"
    );
    let distances = array(archive, "certificate_distance");
    assert!(distances[0] > 2.0 && distances[distances.len() - 1] < 1e-6);
}

fn one_neuron_wins(archive: &Archive) {
    let x = last(archive, 2);
    assert!((x[0] - 1.0).abs() < 1e-7 && x[1].abs() < 1e-7, "{x:?}");
}

fn neurons_take_turns(archive: &Archive) {
    let x = array(archive, "x");
    let late = &x[x.len() / 12 * 9..];
    for i in 0..3 {
        let course = || late.iter().skip(i).step_by(3).copied();
        let swing = course().fold(f64::MIN, f64::max) - course().fold(f64::MAX, f64::min);
        assert!(swing > 0.4, "neuron {i} swings by {swing}");
    }
}

fn one_bump_forms(archive: &Archive) {
    let x = last(archive, 64);
    let active: Vec<bool> = x.iter().map(|&x| x > 1e-3).collect();
    let edges = (0..64)
        .filter(|&i| active[i] != active[(i + 1) % 64])
        .count();
    let width = active.iter().filter(|&&active| active).count();
    assert!(
        edges == 2 && (15..=35).contains(&width),
        "{edges} edges, {width} neurons: {x:?}"
    );
    assert!(x.iter().copied().fold(0.0, f64::max) > 0.3);
}

fn rates_follow_the_sine_in_bounds(archive: &Archive) {
    let x = array(archive, "x");
    assert_eq!(x.len(), 401 * 200);
    assert!(x.iter().all(|x| (-1e-6..=3.0 + 1e-6).contains(x)));
    let means: Vec<f64> = x
        .chunks(200)
        .map(|x| x.iter().sum::<f64>() / 200.0)
        .collect();
    let late = &means[300..];
    let swing = late.iter().copied().fold(f64::MIN, f64::max)
        - late.iter().copied().fold(f64::MAX, f64::min);
    assert!(swing > 0.3, "the mean rate swings by {swing}");
    // One period of the drive is 5 units of time, 50 samples.
    let repeat = late[..51]
        .iter()
        .zip(&late[50..])
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(repeat < 0.2 * swing, "it repeats to {repeat} of {swing}");
}

fn the_gap_closes(archive: &Archive) {
    let gap = array(archive, "gap");
    assert!(gap.iter().all(|&gap| gap >= -1e-12));
    assert!(
        gap[0] > 30.0 && gap[gap.len() - 1] < 1e-2 * gap[0],
        "{:?}",
        gap.last()
    );
}

fn fixed_points_follow_the_input(archive: &Archive) {
    let (rates, deviation) = (array(archive, "x_final"), array(archive, "x_std"));
    let (inputs, ceilings) = (array(archive, "input_0"), array(archive, "ceiling"));
    assert_eq!((inputs.len(), ceilings.len()), (41, 3));
    let mut inside = 0;
    for (i, u) in inputs.iter().enumerate() {
        // (D - W) x = u by Cramer's rule; a neuron without input to speak of is silent.
        let pair = [(2.5 * u + 2.0) / 7.25, (3.0 * u - 0.5) / 7.25];
        for (j, ceiling) in ceilings.iter().enumerate() {
            let at = (i * 3 + j) * 2;
            let [x, y] = [rates[at], rates[at + 1]];
            assert!(deviation[at] < 1e-5, "u = {u}: not at rest");
            assert!(x <= ceiling + 1e-7 && 2.0 * y <= ceiling + 1e-7);
            // The responses d x stay below the ceiling.
            if pair[1] > 0.0 && pair[0] < *ceiling && 2.0 * pair[1] < *ceiling {
                inside += 1;
                let gap = (x - pair[0]).abs().max((y - pair[1]).abs());
                assert!(
                    gap < 1e-6,
                    "u = {u}, ceiling {ceiling}: ({x}, {y}) is not {pair:?}"
                );
            }
        }
    }
    assert!(inside > 60, "{inside} fixed points inside");
}

fn each_neuron_wins_half(archive: &Archive) {
    let rates = array(archive, "x_final");
    assert_eq!(rates.len(), 400);
    let wins = rates.chunks(2).filter(|pair| pair[0] > pair[1]).count();
    assert!(
        rates
            .chunks(2)
            .all(|pair| (pair[0] + pair[1] - 1.0).abs() < 1e-5)
    );
    // Four standard errors of a fair coin.
    assert!((72..=128).contains(&wins), "{wins} of 200");
    let mean = array(archive, "x_final_member_mean");
    assert!((mean[0] - wins as f64 / 200.0).abs() < 1e-6);
    let upper = array(archive, "x_member_q75");
    assert!((upper[upper.len() - 2] - 1.0).abs() < 1e-5);
}

fn both_neurons_die_down(archive: &Archive) {
    // What is silent decays at the rates 1 and 2.
    let x = last(archive, 2);
    assert!(x[0] < 0.06 && x[1] < 0.01 && x[1] > 0.0, "{x:?}");
}

fn both_neurons_stay_down(archive: &Archive) {
    assert_eq!(last(archive, 2), [0.0, 0.0]);
    assert_eq!(texts(archive, "events/kind"), ["contact", "contact"]);
    let distances = array(archive, "certificate_distance");
    assert!(distances.windows(2).all(|pair| pair[1] <= pair[0]));
}

fn the_equilibrium_is_reached(archive: &Archive) {
    let x = last(archive, 2);
    assert!(
        (x[0] - 28.0 / 29.0).abs() < 1e-14 && (x[1] - 22.0 / 29.0).abs() < 1e-14,
        "{x:?}"
    );
    assert_eq!(texts(archive, "events/kind"), ["cross", "slide", "slide"]);
    let gap = array(archive, "gap");
    assert!(gap[0] > 30.0 && gap[gap.len() - 1].abs() < 1e-12);
}

fn the_ring_goes_around(archive: &Archive) {
    let (low, high) = (array(archive, "x_min"), array(archive, "x_max"));
    let period = array(archive, "x_period");
    for i in 0..3 {
        assert!(
            high[i] - low[i] > 1.5,
            "neuron {i}: {} .. {}",
            low[i],
            high[i]
        );
        assert!(
            (period[i] - period[0]).abs() < 0.05 * period[0],
            "{period:?}"
        );
    }
    // Three neurons, each up and down once in a period: at least six events.
    let events = array(archive, "events/time").len() as f64;
    assert!(events > 5.5 * 40.0 / period[0], "{events} events");
}
