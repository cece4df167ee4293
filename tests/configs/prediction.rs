//! The promises of `configs/lateral-predictive-coding/`: those that run, and those that are optimized.

use std::process::Command;

use crate::Claim;
use crate::program::{Archive, array};

/// What the files that run promise.
pub const CLAIMS: &[(&str, Claim)] = &[
    (
        "lateral-predictive-coding/relaxation.toml",
        responses_decay_at_once,
    ),
    (
        "lateral-predictive-coding/transient.toml",
        a_response_grows_first,
    ),
    (
        "lateral-predictive-coding/learning.toml",
        the_energy_comes_to_its_bound,
    ),
    (
        "lateral-predictive-coding/annealing.toml",
        annealing_keeps_the_robustness,
    ),
];

/// A check of what `nullcline optimize` finds.
type Promise = fn(&Optimum);

/// What the files that are optimized promise.
pub const OPTIMA: &[(&str, Promise)] = &[
    ("lateral-predictive-coding/free.toml", free_optima_are_slow),
    (
        "lateral-predictive-coding/fastest.toml",
        speed_costs_nothing,
    ),
    (
        "lateral-predictive-coding/detector-free.toml",
        one_unit_detects,
    ),
    (
        "lateral-predictive-coding/detector.toml",
        one_unit_detects_fast,
    ),
    ("lateral-predictive-coding/hub.toml", a_hub_is_enough),
    (
        "lateral-predictive-coding/two-hubs.toml",
        two_hubs_need_fewer_links,
    ),
    (
        "lateral-predictive-coding/blocks.toml",
        blocks_do_not_detect,
    ),
    (
        "lateral-predictive-coding/local.toml",
        local_features_need_local_links,
    ),
    (
        "lateral-predictive-coding/entropy-sweep.toml",
        the_gas_is_ideal,
    ),
    (
        "lateral-predictive-coding/temperature-sweep.toml",
        energy_jumps,
    ),
];

/// What `nullcline optimize` finds.
pub struct Optimum {
    file: hdf5::File,
    _folder: tempfile::TempDir,
}

/// Optimize a config.
pub fn optimize(config: &str, more: &[&str]) -> Optimum {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("found.h5");
    let output = Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["optimize", &format!("configs/{config}"), "-q", "-o"])
        .arg(&path)
        .args(more)
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{config}: {told}");
    let file = hdf5::File::open(&path).expect("the archive opens");
    Optimum {
        file,
        _folder: folder,
    }
}

impl Optimum {
    fn array(&self, name: &str) -> Vec<f64> {
        let data = self
            .file
            .dataset(name)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        data.read_raw().expect("it reads as f64")
    }

    fn number(&self, name: &str) -> f64 {
        self.array(name)[0]
    }
}

fn responses_decay_at_once(archive: &Archive) {
    let (time, distance) = (array(archive, "time"), array(archive, "distance"));
    let first = &distance[..100];
    for (t, row) in time.iter().zip(distance.chunks(100)) {
        for (d, first) in row.iter().zip(first) {
            assert!((d - first * (-t).exp()).abs() < 1e-10 * first, "{t}: {d}");
        }
    }
    let one = |name: &str| {
        let all = array(archive, name);
        assert_eq!(all.len(), 1, "{name} has no dimension of time");
        all[0]
    };
    assert!((one("response_time") - 1.0).abs() < 1e-9);
    assert!((one("entropy") + 20.0).abs() < 1e-10);
    assert!((one("amplification") - 1.0).abs() < 1e-12);
    assert_eq!(one("links"), 380.0);
}

fn a_response_grows_first(archive: &Archive) {
    let (time, distance) = (array(archive, "time"), array(archive, "distance"));
    let most = array(archive, "distance_max")[0];
    let amplification = array(archive, "amplification")[0];
    assert!(
        most > 5.0 * distance[0] && most <= amplification * distance[0] * 1.001,
        "{most} {amplification}"
    );
    // x_1 of the nilpotent part: t^3 exp(-t) 64/6 and more.
    let last = distance.len() - 1;
    assert!(distance[last] > 1e4 * (-time[last]).exp());
    assert!((array(archive, "response_time")[0] - 1.0).abs() < 1e-3);
}

fn the_energy_comes_to_its_bound(archive: &Archive) {
    let (energy, entropy) = (array(archive, "energy"), array(archive, "entropy"));
    let bound = array(archive, "bound")[0];
    assert!(energy.windows(2).all(|two| two[1] <= two[0] + 1e-9));
    let last = energy[energy.len() - 1];
    assert!(last > bound && last < 1.01 * bound, "{last} {bound}");
    assert!(entropy.iter().all(|s| (s + 6.0).abs() < 1e-6));
    assert!(array(archive, "response_time")[100] > 2.0);
}

fn annealing_keeps_the_robustness(archive: &Archive) {
    let (energy, entropy) = (array(archive, "energy"), array(archive, "entropy"));
    let time = array(archive, "response_time");
    assert_eq!(array(archive, "step")[100], 400.0);
    assert!(entropy.iter().all(|s| (s + 6.0).abs() < 1e-10));
    assert!(energy[100] < 0.75 * energy[0], "{energy:?}");
    assert!((1.0..1.01).contains(&time[100]), "{}", time[100]);
}

fn free_optima_are_slow(optimum: &Optimum) {
    let bound = optimum.number("bound");
    assert!((optimum.number("energy") - bound).abs() < 1e-6);
    assert!(
        optimum
            .array("restart_objective")
            .iter()
            .all(|e| (e - bound).abs() < 1e-6)
    );
    assert!(optimum.number("slowest_mode") < 0.5);
}

fn speed_costs_nothing(optimum: &Optimum) {
    assert!((optimum.number("energy") - 2.935253263).abs() < 1e-6);
    assert!((optimum.number("entropy") + 10.0).abs() < 1e-10);
    assert!((1.0 - 1e-9..1.02).contains(&optimum.number("response_time")));
}

/// The best energy with one dense feature and all links, without control.
const FREE: f64 = 2.6874;

fn one_unit_detects(optimum: &Optimum) {
    let energy = optimum.number("energy");
    assert!((energy / FREE - 1.0).abs() < 5e-3, "{energy}");
    assert!(optimum.number("snr") > 1e6 && optimum.number("slowest_mode") < 0.5);
}

fn one_unit_detects_fast(optimum: &Optimum) {
    let (energy, time) = (optimum.number("energy"), optimum.number("response_time"));
    assert!(energy < 1.015 * FREE && time <= 1.02, "{energy} {time}");
    assert!(optimum.number("snr") > 1e6);
    // Exactly one unit: the others hear next to nothing of the feature.
    let weights = optimum.array("weights");
    assert_eq!(weights.len(), 100);
    assert!((0..10).all(|i| weights[i * 11] == 0.0));
}

fn a_hub_is_enough(optimum: &Optimum) {
    let (energy, time) = (optimum.number("energy"), optimum.number("response_time"));
    assert!(energy < 1.05 * FREE && time <= 1.02, "{energy} {time}");
    assert!(optimum.number("snr") > 1e6);
    assert_eq!(optimum.number("links"), 50.0);
}

fn two_hubs_need_fewer_links(optimum: &Optimum) {
    let (energy, time) = (optimum.number("energy"), optimum.number("response_time"));
    assert!(energy < 1.025 * FREE && time <= 1.02, "{energy} {time}");
    assert!(optimum.number("snr") > 1e6);
    // Of 90: at most 55 per cent.
    assert_eq!(optimum.number("links"), 48.0);
}

fn blocks_do_not_detect(optimum: &Optimum) {
    assert!(optimum.number("snr") < 1.5, "{}", optimum.number("snr"));
    assert!(optimum.number("energy") > 1.05 * FREE);
}

fn local_features_need_local_links(optimum: &Optimum) {
    let all = optimize(
        "lateral-predictive-coding/local.toml",
        &["--set", "model.parameters.modules=1"],
    );
    let (blocks, all) = (optimum.number("energy"), all.number("energy"));
    assert!(blocks < 1.01 * all, "{blocks} {all}");
    assert_eq!(optimum.number("links"), 180.0);
    assert!(optimum.array("snr").iter().all(|snr| *snr > 1e6));
    assert!(optimum.number("response_time") <= 1.02);
}

fn the_gas_is_ideal(optimum: &Optimum) {
    let (entropy, energy) = (optimum.array("s"), optimum.array("energy"));
    assert_eq!(entropy.len(), 12);
    for k in 1..11 {
        // E ~ exp(S/6): the centred difference has a known factor.
        let slope = 0.5 * (energy[k + 1] - energy[k - 1]);
        let expected = energy[k] * (1.0_f64 / 6.0).sinh();
        assert!((slope / expected - 1.0).abs() < 1e-4, "{slope} {expected}");
    }
    assert!(
        optimum
            .array("response_time")
            .iter()
            .all(|time| *time <= 1.02)
    );
}

fn energy_jumps(optimum: &Optimum) {
    let (t, e, s) = (
        optimum.array("temperature"),
        optimum.array("energy"),
        optimum.array("entropy"),
    );
    let step = |v: &[f64], k: usize| v[k + 1] - v[k];
    let greatest = (0..40)
        .max_by(|&a, &b| step(&s, a).total_cmp(&step(&s, b)))
        .expect("points");
    assert!((1.6..1.75).contains(&t[greatest]), "{}", t[greatest]);
    assert!(step(&s, greatest) > 1.5 && step(&e, greatest) > 2.0);
    // Elsewhere below it steps are small.
    assert!((0..greatest).all(|k| step(&s, k) < 1.1), "{s:?}");
}
