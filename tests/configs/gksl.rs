//! The promises of `configs/gksl/`: runs and analyses against closed forms, and where there are none against numpy, from matrices
//! typed in anew.

use std::f64::consts::{PI, TAU};
use std::process::Command;

use crate::Claim;
use crate::program::{Archive, array, run};

/// What each file promises.
pub const CLAIMS: &[(&str, Claim)] = &[
    (
        "gksl/passive-qubit.toml",
        the_answer_is_left_to_the_environment,
    ),
    ("gksl/active-qubit.toml", the_qubit_escapes),
    ("gksl/escape-sweep.toml", no_link_makes_a_majority),
    ("gksl/zeno.toml", dephasing_helps_and_hinders),
    ("gksl/passive-dilemma.toml", both_players_defect),
    ("gksl/cooperation.toml", dissonance_raises_cooperation),
    ("gksl/pothos-busemeyer.toml", not_knowing_lowers_defection),
    ("gksl/mirroring.toml", hope_makes_a_majority),
    ("gksl/mirroring-chain.toml", a_classical_chain_does_it_too),
    ("gksl/mirroring-sweep.toml", cooperation_follows_the_chain),
    ("gksl/beats.toml", two_flows_beat),
    ("gksl/beats-relaxing.toml", beats_end_in_one_state),
    ("gksl/no-beats.toml", one_line_and_far_lines_do_not_beat),
    ("gksl/quantum-jump.toml", members_are_the_master_equation),
    ("gksl/state-diffusion.toml", members_are_the_master_equation),
    ("gksl/walk.toml", the_walk_is_a_wave_or_diffusion),
    ("gksl/dressed.toml", energies_decide),
    ("gksl/not-a-state.toml", probabilities_go_wrong),
];

/// The share of moves along a gain of 0.5 at lambda = 4.
fn share() -> f64 {
    1.0 / (1.0 + (-2.0_f64).exp())
}

/// What `nullcline analyze` finds.
struct Analysed {
    file: hdf5::File,
    _folder: tempfile::TempDir,
}

fn analyse(config: &str) -> Analysed {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("found.h5");
    let output = Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "analyze",
            &format!("configs/gksl/{config}.toml"),
            "-q",
            "-o",
        ])
        .arg(&path)
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{config}: {told}");
    let file = hdf5::File::open(&path).expect("the archive opens");
    Analysed {
        file,
        _folder: folder,
    }
}

impl Analysed {
    fn array(&self, name: &str) -> Vec<f64> {
        let dataset = self.file.dataset(&format!("analysis/{name}"));
        let dataset = dataset.unwrap_or_else(|error| panic!("{name}: {error}"));
        dataset.read_raw().expect("it reads as f64")
    }

    fn number(&self, name: &str) -> f64 {
        let all = self.array(name);
        assert_eq!(all.len(), 1, "{name}");
        all[0]
    }
}

fn close(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= tolerance,
            "{name}[{place}] is {found}, not {expected}"
        );
    }
}

/// Every sample was a state: trace 1, no negative eigenvalue, purity at most 1.
fn is_physical(archive: &Archive) {
    let all = |name: &str, legal: fn(f64) -> bool| {
        let found = array(archive, &format!("health/{name}"));
        assert!(found.iter().all(|&value| legal(value)), "{name}: {found:?}");
    };
    all("trace_error", |error| error < 1e-12);
    all("smallest_eigenvalue", |least| least > -1e-12);
    all("largest_purity", |purity| purity < 1.0 + 1e-12);
}

/// P(C) of a qubit in the steady state, by theorem T3: H = (h_z sigma_z + h_perp sigma_x)/2, moves at a total rate of 0.5.
fn escaped(h_z: f64, h_perp: f64, kappa: f64) -> f64 {
    let (all, z) = (0.5, 1.0 - 2.0 * share());
    let decay = 0.5 * all + kappa;
    let pull = h_perp * h_perp * decay / (decay * decay + h_z * h_z);
    0.5 * (1.0 + z * all / (all + pull))
}

fn the_answer_is_left_to_the_environment(archive: &Archive) {
    is_physical(archive);
    let c = 1.0 - share();
    let (population, coherence) = (array(archive, "population"), array(archive, "coherence"));
    for (k, t) in array(archive, "time").into_iter().enumerate() {
        // G = 0.5 for populations, G/2 + kappa = 0.45 for the coherence, whatever h_z.
        let expected = c + (0.5 - c) * (-0.5 * t).exp();
        close("population", &[population[2 * k]], &[expected], 1e-12);
        close("coherence", &[coherence[k]], &[(-0.45 * t).exp()], 1e-12);
    }
    let diffidence = array(archive, "diffidence");
    let known = [
        2.0_f64.ln(),
        0.228_794_073_2,
        0.093_518_368_8,
        0.006_899_611_0,
    ];
    let found = [0, 10, 20, 50].map(|k| diffidence[k]);
    close("diffidence", &found, &known, 1e-10);
    assert!(diffidence.iter().all(|&d| d > -1e-14) && diffidence[400] < 1e-12);

    let found = analyse("passive-qubit");
    let steady = found.array("steady-state/population");
    close("steady", &steady, &[c, share()], 1e-13);
    close("index", &[found.number("agency/index")], &[0.0], 0.0);
    close("escape", &[found.number("agency/escape")], &[0.0], 1e-15);
    let re = found.array("spectrum/eigenvalues_re");
    close("decays", &re, &[0.0, -0.45, -0.45, -0.5], 1e-12);
    let im = found.array("spectrum/eigenvalues_im");
    close("frequencies", &im, &[0.0, 1.0, -1.0, 0.0], 1e-12);
}

fn the_qubit_escapes(archive: &Archive) {
    is_physical(archive);
    let c = escaped(1.0, 1.0, 0.2);
    close(
        "population",
        &array(archive, "population_final"),
        &[c, 1.0 - c],
        1e-11,
    );
    // It stays undecided: the choice is more open than the state.
    assert!(array(archive, "diffidence_final")[0] > 0.01);
    let found = analyse("active-qubit");
    let steady = found.array("steady-state/population");
    close("steady", &steady, &[c, 1.0 - c], 1e-13);
    let change = c - (1.0 - share());
    close(
        "change",
        &[found.number("agency/target_change")],
        &[change],
        1e-13,
    );
    close("escape", &[found.number("agency/escape")], &[change], 1e-13);
    close(
        "index",
        &[found.number("agency/index")],
        &[0.5_f64.sqrt()],
        1e-15,
    );
    // A qubit has one frequency at most (T4).
    assert_eq!(found.array("beats/mode_frequency").len(), 1);
    assert!(found.array("beats/period").is_empty());
}

fn no_link_makes_a_majority(archive: &Archive) {
    is_physical(archive);
    let links = array(archive, "h_perp");
    let expected: Vec<f64> = links.iter().map(|&h| escaped(1.0, h, 0.2)).collect();
    let last = array(archive, "population_final");
    let c: Vec<f64> = last.iter().step_by(2).copied().collect();
    close("population", &c, &expected, 1e-10);
    assert!(c.is_sorted() && c.iter().all(|&c| c < 0.5));
    let escapes: Vec<f64> = expected.iter().map(|c| c - (1.0 - share())).collect();
    close(
        "escape",
        &analyse("escape-sweep").array("agency/escape"),
        &escapes,
        1e-13,
    );
}

fn dephasing_helps_and_hinders(archive: &Archive) {
    is_physical(archive);
    let rates = array(archive, "kappa");
    let expected: Vec<f64> = rates.iter().map(|&k| escaped(5.0, 2.0, k)).collect();
    let last = array(archive, "population_final");
    let c: Vec<f64> = last.iter().step_by(2).copied().collect();
    close("population", &c, &expected, 1e-7);
    let found = analyse("zeno").array("agency/escape");
    let escapes: Vec<f64> = expected.iter().map(|c| c - (1.0 - share())).collect();
    close("escape", &found, &escapes, 1e-13);
    // The maximum is at kappa = h_z - G/2 (T7).
    let best = (0..found.len()).max_by(|&a, &b| found[a].total_cmp(&found[b]));
    let best = rates[best.expect("points")];
    assert!((4.2..5.1).contains(&best), "{best}");
    assert!(found[0] < 0.2 * escaped(5.0, 2.0, 4.75) && found[found.len() - 1] < 0.007);
}

fn both_players_defect(archive: &Archive) {
    is_physical(archive);
    // Two players who move alike and start alike stay independent of each other.
    let population = array(archive, "population");
    for (k, t) in array(archive, "time").into_iter().enumerate() {
        let c = 1.0 - share() + (share() - 0.5) * (-t).exp();
        let expected = [c * c, c * (1.0 - c), c * (1.0 - c), (1.0 - c).powi(2)];
        close(
            "population",
            &population[4 * k..4 * k + 4],
            &expected,
            1e-12,
        );
    }
    let found = analyse("passive-dilemma");
    // Gibbs: exp(lambda V), V = 0, 0.5, 0.5, 1.
    let weights = [0.0, 2.0, 2.0, 4.0].map(f64::exp);
    let gibbs = weights.map(|weight| weight / weights.iter().sum::<f64>());
    close(
        "steady",
        &found.array("steady-state/population"),
        &gibbs,
        1e-13,
    );
    close("escape", &[found.number("agency/escape")], &[0.0], 1e-14);
    close(
        "gap",
        &[found.number("spectrum/gap")],
        &[1.5 - share()],
        1e-12,
    );
}

fn dissonance_raises_cooperation(archive: &Archive) {
    is_physical(archive);
    // By numpy.
    let expected = [0.146_627_32, 0.171_262_12, 0.226_251_69, 0.455_858_86];
    let last = array(archive, "population_final");
    close("population", &last, &expected, 1e-7);
    let found = analyse("cooperation");
    let cooperate = found.array("steady-state/choice")[0];
    close("cooperate", &[cooperate], &[0.317_889_446_014_6], 1e-12);
    let change = cooperate - (1.0 - share());
    close(
        "change",
        &[found.number("agency/target_change")],
        &[change],
        1e-12,
    );
    assert!(cooperate > 2.0 * (1.0 - share()) && cooperate < 0.5);
    let twin = found.array("agency/population_passive");
    close("twin", &[twin[0] + twin[1]], &[1.0 - share()], 1e-12);
}

fn not_knowing_lowers_defection(archive: &Archive) {
    is_physical(archive);
    let last = array(archive, "choice_final");
    let defect: Vec<f64> = last.iter().skip(1).step_by(2).copied().collect();
    // Pothos and Busemeyer (2009) print 0.81, 0.65 and 0.57.
    let known = [
        0.805_711_284_192_479_4,
        0.648_738_165_813_603_7,
        0.565_281_350_688_503_2,
    ];
    close("defect", &defect, &known, 1e-12);
    assert!(defect[2] < defect[1] && defect[1] < defect[0]);
}

/// The steady populations of hope and mirroring, with a classical rate c in place of the link: k = 0.05, m = 1.
fn mirrored(c: f64) -> [f64; 4] {
    let (k, m) = (0.05, 1.0);
    let (there, back) = (k * share(), k * (1.0 - share()));
    let r = there / (back + m);
    let weights = [1.0, r, r, r * (there + m + c) / (back + c)];
    weights.map(|weight| weight / weights.iter().sum::<f64>())
}

/// The classical rate of a link Omega (T5): Gamma2 = (k + m)/2.
fn classical(omega: f64) -> f64 {
    omega * omega / (2.0 * 0.525)
}

fn hope_makes_a_majority(archive: &Archive) {
    is_physical(archive);
    let expected = mirrored(classical(1.0));
    let twin = mirrored(0.0);
    let last = array(archive, "population_final");
    close("population", &last, &expected, 1e-12);
    let found = analyse("mirroring");
    let steady = found.array("steady-state/population");
    close("steady", &steady, &expected, 1e-13);
    close(
        "twin",
        &found.array("agency/population_passive"),
        &twin,
        1e-13,
    );
    let [cooperate, alone] = [expected, twin].map(|p| p[0] + p[1]);
    assert!(cooperate > 0.88 && (alone - (1.0 - share())).abs() < 1e-12 && twin[3] > 0.87);
    let change = found.number("agency/target_change");
    close("change", &[change], &[cooperate - alone], 1e-13);
    close(
        "nullity",
        &[found.number("steady-state/nullity")],
        &[1.0],
        0.0,
    );
    // Dephasing adds to Gamma2, and much of it leaves nothing.
    for (extra, escape) in found
        .array("agency/scan_dephasing")
        .into_iter()
        .zip(found.array("agency/scan_escape"))
    {
        let dephased = mirrored(1.0 / (2.0 * (0.525 + extra)));
        let parts = dephased.iter().zip(&twin).map(|(a, b)| (a - b).abs());
        close("scan", &[escape], &[0.5 * parts.sum::<f64>()], 1e-12);
    }
}

fn a_classical_chain_does_it_too(archive: &Archive) {
    is_physical(archive);
    let last = array(archive, "population_final");
    close("population", &last, &mirrored(classical(1.0)), 1e-12);
    let found = analyse("mirroring-chain");
    close("index", &[found.number("agency/index")], &[0.0], 0.0);
    assert!(array(archive, "coherence").iter().all(|&c| c == 0.0));
    // Only the way there tells the two apart.
    let quantum = array(&run("configs/gksl/mirroring.toml"), "population");
    let apart = array(archive, "population")
        .iter()
        .zip(&quantum)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(apart > 0.28, "{apart}");
}

fn cooperation_follows_the_chain(archive: &Archive) {
    is_physical(archive);
    let links: Vec<f64> = array(archive, "half_omega");
    let expected: Vec<[f64; 4]> = links
        .iter()
        .map(|&half| mirrored(classical(2.0 * half)))
        .collect();
    let cooperate: Vec<f64> = expected.iter().map(|p| p[0] + p[1]).collect();
    let last = array(archive, "choice_final");
    let found: Vec<f64> = last.iter().step_by(2).copied().collect();
    close("cooperate", &found, &cooperate, 1e-7);
    let escapes = analyse("mirroring-sweep").array("agency/escape");
    let expected: Vec<f64> = expected
        .iter()
        .map(|p| 0.5 * (0..4).map(|i| (p[i] - mirrored(0.0)[i]).abs()).sum::<f64>())
        .collect();
    close("escape", &escapes, &expected, 1e-12);
    assert!(found.is_sorted());
    let first = links[found.iter().position(|&p| p > 0.5).expect("a majority")];
    assert!((first - 0.12).abs() < 1e-12, "{first}");
}

/// The damped frequency of a flow at kappa = 0.1.
fn damped(omega: f64) -> f64 {
    (omega * omega - 0.0025).sqrt()
}

/// P(own C) of two flows in closed form.
fn beating(first: f64, second: f64, t: f64) -> f64 {
    let flow = |omega: f64| {
        let w = damped(omega);
        (-0.05 * t).exp() * ((w * t).cos() + 0.05 / w * (w * t).sin())
    };
    0.5 * (1.0 + 0.5 * flow(first) + 0.5 * flow(second))
}

fn two_flows_beat(archive: &Archive) {
    is_physical(archive);
    let choice = array(archive, "choice");
    for (k, t) in array(archive, "time").into_iter().enumerate() {
        close(
            "cooperate",
            &[choice[2 * k]],
            &[beating(6.0, 5.4, t)],
            1e-12,
        );
    }
    let found = analyse("beats");
    let period = TAU / (damped(6.0) - damped(5.4));
    close("period", &found.array("beats/period"), &[period], 1e-9);
    let nodes = [0.5, 1.5, 2.5].map(|n| n * period);
    close("nodes", &found.array("beats/node_times"), &nodes, 1e-8);
    close(
        "twin",
        &found.array("beats/twin_minimum"),
        &nodes[..1],
        TAU / 5.4,
    );
    close("visibility", &found.array("beats/visibility"), &[1.0], 1e-4);
    close("resolved", &found.array("beats/resolved"), &[1.0], 0.0);
    close(
        "nullity",
        &[found.number("steady-state/nullity")],
        &[2.0],
        0.0,
    );
    close(
        "steady",
        &found.array("steady-state/population"),
        &[0.25; 4],
        1e-12,
    );
    let im = found.array("spectrum/eigenvalues_im");
    for expected in [damped(6.0), damped(5.4), damped(5.7), 0.295_803_989_2] {
        assert!(im.iter().any(|w| (w - expected).abs() < 1e-9), "{expected}");
    }
}

fn beats_end_in_one_state(archive: &Archive) {
    is_physical(archive);
    let found = analyse("beats-relaxing");
    close(
        "nullity",
        &[found.number("steady-state/nullity")],
        &[1.0],
        0.0,
    );
    // By numpy.
    let cooperate = found.array("steady-state/choice")[0];
    close("cooperate", &[cooperate], &[0.499_931_233_445_7], 1e-12);
    let frequencies = [
        found.array("beats/frequency_1"),
        found.array("beats/frequency_2"),
    ];
    close(
        "frequencies",
        &frequencies.concat(),
        &[5.999_929_50, 5.399_958_70],
        1e-8,
    );
    close("resolved", &found.array("beats/resolved"), &[1.0], 0.0);
    let (node, twin) = (
        found.array("beats/node_times")[0],
        found.array("beats/twin_minimum")[0],
    );
    assert!((node - twin).abs() < TAU / 5.4, "{node}, {twin}");
}

fn one_line_and_far_lines_do_not_beat(archive: &Archive) {
    is_physical(archive);
    let (choice, time) = (array(archive, "choice"), array(archive, "time"));
    let others = [5.4, 6.0, 3.0];
    for (run, &other) in others.iter().enumerate() {
        for (k, &t) in time.iter().enumerate() {
            let at = 2 * (run * time.len() + k);
            close("cooperate", &[choice[at]], &[beating(6.0, other, t)], 1e-12);
        }
    }
    let found = analyse("no-beats");
    let periods = found.array("beats/period");
    assert!(periods[0].is_finite() && periods[1..].iter().all(|p| p.is_nan()));
    let frequencies = found.array("beats/mode_frequency");
    let seen = |run: usize| -> Vec<f64> {
        let mut seen = frequencies[2 * run..2 * run + 2].to_vec();
        seen.retain(|w| !w.is_nan());
        seen.sort_by(f64::total_cmp);
        seen
    };
    close(
        "two near lines",
        &seen(0),
        &[damped(5.4), damped(6.0)],
        1e-9,
    );
    close("one line", &seen(1), &[damped(6.0)], 1e-9);
    close("two far lines", &seen(2), &[damped(3.0), damped(6.0)], 1e-9);
}

fn members_are_the_master_equation(archive: &Archive) {
    let master = run("configs/gksl/active-qubit.toml");
    let steps = array(archive, "time").len();
    for part in ["rho_re", "rho_im"] {
        let mean = array(archive, &format!("{part}_member_mean"));
        let error = array(archive, &format!("{part}_member_standard_error"));
        let rho = array(&master, part);
        for k in 0..steps {
            for entry in 0..4 {
                // Every fifth sample of the master equation.
                let (at, expected) = (4 * k + entry, rho[4 * 5 * k + entry]);
                assert!(
                    (mean[at] - expected).abs() <= 4.0 * error[at] + 1e-9,
                    "{part}[{k}, {entry}]: {} is not {expected}, {}",
                    mean[at],
                    error[at]
                );
            }
        }
    }
    // Members are pure and spread: their populations are not all near the mean.
    let spread = array(archive, "population_member_variance");
    assert!(spread[spread.len() - 1] > 0.01, "{spread:?}");
}

fn the_walk_is_a_wave_or_diffusion(archive: &Archive) {
    is_physical(archive);
    let (population, time) = (array(archive, "population"), array(archive, "time"));
    let energy = |k: usize| 2.0 * (TAU * k as f64 / 8.0).cos();
    let sum = |term: &dyn Fn(usize) -> f64| (0..8).map(term).sum::<f64>() / 8.0;
    for (k, &t) in time.iter().enumerate() {
        for j in 0..8 {
            let angle = |q: usize| TAU * (j * q) as f64 / 8.0;
            let re = sum(&|q| (angle(q) - energy(q) * t).cos());
            let im = sum(&|q| (angle(q) - energy(q) * t).sin());
            let wave = re * re + im * im;
            let diffusion = sum(&|q| ((energy(q) - 2.0) * t).exp() * angle(q).cos());
            let at = 8 * k + j;
            close("wave", &[population[at]], &[wave], 1e-11);
            let at = 8 * (2 * time.len() + k) + j;
            close("diffusion", &[population[at]], &[diffusion], 1e-12);
        }
    }
    let found = analyse("walk");
    // One space for each energy: 1 + 4 + 4 + 4 + 1 dimensions.
    close(
        "nullity",
        &found.array("steady-state/nullity"),
        &[14.0, 1.0, 1.0],
        0.0,
    );
    let steady = found.array("steady-state/population");
    close("steady", &steady[8..], &[0.125; 16], 1e-12);
    // The long-time mean of the wave: 3/16 + 1/32 where it began and opposite, 3/32 elsewhere.
    let ends = |j: usize| if j == 0 || j == 4 { 0.218_75 } else { 0.093_75 };
    let ends: Vec<f64> = (0..8).map(ends).collect();
    close("mean of the wave", &steady[..8], &ends, 1e-12);
    let gap = found.array("spectrum/gap")[2];
    close("gap", &[gap], &[2.0 - 2.0 * (PI / 4.0).cos()], 1e-12);
}

fn energies_decide(archive: &Archive) {
    is_physical(archive);
    // exp(-H)/Z with H = n.sigma/2, |n| = sqrt 2.
    let bias = 0.5_f64.sqrt().tanh() * 0.5_f64.sqrt();
    let expected = [0.5 * (1.0 + bias), 0.5 * (1.0 - bias)];
    close(
        "population",
        &array(archive, "population_final"),
        &expected,
        1e-12,
    );
    close(
        "coherence",
        &array(archive, "coherence_final"),
        &[bias],
        1e-11,
    );
    let steady = analyse("dressed").array("steady-state/population");
    close("steady", &steady, &expected, 1e-13);
}

fn probabilities_go_wrong(archive: &Archive) {
    let population = array(archive, "population");
    let found = [10, 20, 50, 400].map(|k| population[2 * k + 1]);
    let known = [
        0.682_130_412_521,
        0.695_114_379_762,
        0.614_414_993_178,
        0.75,
    ];
    close("population", &found, &known, 1e-5);
    close("population", &found[..3], &known[..3], 1e-11);
    // The end has the eigenvalue (1 - sqrt(5)/2)/2, and the way there lower ones.
    let least = array(archive, "health/smallest_eigenvalue")[0];
    assert!(least < 0.5 * (1.0 - 1.25_f64.sqrt()), "{least}");
    assert!(array(archive, "health/largest_purity")[0] > 1.2);
    let purity = analyse("not-a-state").number("steady-state/purity");
    close("purity", &[purity], &[1.125], 1e-12);
}
