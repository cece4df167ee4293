//! Every file under `configs/` runs through the program and keeps its promise. A file without a row here
//! fails.

mod claims;
#[path = "configs/gksl.rs"]
mod gksl;
#[path = "configs/perception.rs"]
mod perception;
#[path = "configs/prediction.rs"]
mod prediction;
mod program;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use program::{Archive, array, run, texts};

/// A check of the archive that a file leads to.
type Claim = fn(&Archive);

/// What each file promises; those of `gksl` are in a file of their own.
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
    (
        "linear-threshold/stable-networks.toml",
        all_networks_come_to_rest,
    ),
    ("equations/morris-lecar.toml", the_fibre_fires_as_elsewhere),
    (
        "equations/fitzhugh-nagumo.toml",
        the_two_equations_fire_as_elsewhere,
    ),
    ("equations/hodgkin-huxley.toml", the_axon_fires_as_elsewhere),
    (
        "equations/wilson-cowan.toml",
        the_populations_chase_each_other,
    ),
    ("equations/lorenz.toml", the_rolls_turn_as_elsewhere),
    ("equations/van-der-pol.toml", one_period_is_left),
    ("equations/lotka-volterra.toml", the_orbit_is_kept),
    ("equations/kuramoto.toml", a_part_of_them_locks),
    ("equations/brusselator.toml", the_line_oscillates),
    (
        "equations/ornstein-uhlenbeck.toml",
        the_particle_relaxes_and_spreads,
    ),
    ("equations/double-well.toml", the_hill_is_crossed_in_time),
    (
        "equations/geometric-brownian-motion.toml",
        the_mean_outgrows_the_median,
    ),
    ("linear-threshold/noisy-choice.toml", noise_chooses_a_winner),
    (
        "equations/integrate-and-fire.toml",
        each_neuron_fires_with_its_period,
    ),
    (
        "chloride-network/point.toml",
        claims::inhibition_is_three_times_excitation,
    ),
    (
        "chloride-network/rest.toml",
        claims::rest_is_left_beyond_its_border,
    ),
    (
        "chloride-network/ladder.toml",
        claims::the_stages_follow_the_fraction,
    ),
    (
        "chloride-network/ladder-control.toml",
        claims::the_line_ignites_by_itself_at_high_fractions,
    ),
    (
        "chloride-network/excitation.toml",
        claims::excitation_enlarges_the_tonic_region,
    ),
    (
        "chloride-network/inhibition.toml",
        claims::inhibition_suppresses_seizures,
    ),
    (
        "chloride-network/high-inhibition.toml",
        claims::inhibition_hardly_matters_at_a_high_fraction,
    ),
    (
        "chloride-network/latency.toml",
        claims::inhibition_delays_the_spread,
    ),
    (
        "chloride-network/tonic-clonic.toml",
        claims::bursts_follow_a_steady_stage,
    ),
    (
        "chloride-network/disc.toml",
        claims::the_disc_seizes_at_the_higher_fraction,
    ),
    (
        "chloride-network/periodic-sheet.toml",
        claims::fronts_curl_up,
    ),
    ("chloride-network/spirals.toml", claims::fronts_curl_up),
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
    let run = CLAIMS.iter().chain(gksl::CLAIMS).chain(perception::CLAIMS);
    let run = run.chain(prediction::CLAIMS).map(|(file, _)| file);
    let optimized = prediction::OPTIMA.iter().map(|(file, _)| file);
    let claimed: BTreeSet<String> = run.chain(optimized).map(ToString::to_string).collect();
    assert_eq!(found, claimed);
}

fn keeps(claims: &[(&str, Claim)]) {
    for (file, claim) in claims {
        println!("{file}");
        claim(&run(&format!("configs/{file}")));
    }
}

#[test]
fn every_file_keeps_its_claim() {
    keeps(CLAIMS);
}

#[test]
fn every_file_of_gksl_keeps_its_claim() {
    keeps(gksl::CLAIMS);
}

#[test]
fn every_file_of_perception_keeps_its_claim() {
    keeps(perception::CLAIMS);
}

#[test]
fn every_file_of_prediction_keeps_its_claim() {
    keeps(prediction::CLAIMS);
    for (file, claim) in prediction::OPTIMA {
        println!("{file}");
        claim(&prediction::optimize(file, &[]));
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

fn the_particle_relaxes_and_spreads(archive: &Archive) {
    let (time, mean) = (array(archive, "time"), array(archive, "x_member_mean"));
    let variance = array(archive, "x_member_variance");
    let n = 2000.0;
    for (k, &t) in time.iter().enumerate().skip(1) {
        let expected = 0.125 * (1.0 - (-2.0 * t).exp());
        let off = (mean[k] - 2.0 * (-t).exp()) / (expected / n).sqrt();
        let spread = (variance[k] / expected - 1.0) / (2.0 / n).sqrt();
        assert!(
            off.abs() < 4.0 && spread.abs() < 4.0,
            "t = {t}: {off}, {spread} standard errors"
        );
    }
}

/// A function by the midpoint rule.
fn integral(from: f64, to: f64, value: impl Fn(f64) -> f64) -> f64 {
    let width = (to - from) / 4000.0;
    let middle = |k: i32| from + (f64::from(k) + 0.5) * width;
    (0..4000).map(|k| value(middle(k)) * width).sum()
}

fn the_hill_is_crossed_in_time(archive: &Archive) {
    let noise = 0.49;
    let height = |x: f64| 2.0 * (0.25 * x.powi(4) - 0.5 * x * x) / noise;
    // Boltzmann's law for the second moment.
    let weight = integral(-4.0, 4.0, |x| (-height(x)).exp());
    let moment = |n: i32| integral(-4.0, 4.0, |x| x.powi(n) * (-height(x)).exp()) / weight;
    let last = array(archive, "x_final");
    let found = last.iter().map(|x| x * x).sum::<f64>() / 1000.0;
    let error = ((moment(4) - moment(2).powi(2)) / 1000.0).sqrt();
    assert!(
        (found - moment(2)).abs() < 4.0 * error,
        "{found} is not {}",
        moment(2)
    );
    let right = last.iter().filter(|&&x| x > 0.0).count() as f64;
    assert!(
        (right - 500.0).abs() < 4.0 * 250.0_f64.sqrt(),
        "{right} of 1000 on the right"
    );
    // The mean time from -1 to 1, found on samples 0.1 apart, which see a passage late.
    let inner = |y: f64| integral(-4.0, y, |z| (-height(z)).exp());
    let expected = 2.0 / noise * integral(-1.0, 1.0, |y| height(y).exp() * inner(y));
    let passages = array(archive, "x_first_passage");
    let passages: Vec<f64> = passages
        .into_iter()
        .filter(|time| time.is_finite())
        .collect();
    let mean = passages.iter().sum::<f64>() / passages.len() as f64;
    assert!(passages.len() > 990, "{} have crossed", passages.len());
    assert!(
        (mean / expected - 1.0).abs() < 0.15,
        "{mean} is not {expected}"
    );
}

fn the_mean_outgrows_the_median(archive: &Archive) {
    let (mean, log) = (
        array(archive, "x_member_mean"),
        array(archive, "log_x_member_mean"),
    );
    let median = array(archive, "x_member_q50");
    let (last, t, n) = (mean.len() - 1, 2.0_f64, 4000.0_f64);
    let spread = (0.36 * t).exp_m1().sqrt() / n.sqrt();
    let off = mean[last] / (0.3 * t).exp() - 1.0;
    assert!(off.abs() < 4.0 * spread, "{}", mean[last]);
    let drift = (0.3 - 0.18) * t;
    assert!(
        (log[last] - drift).abs() < 4.0 * (0.36 * t / n).sqrt(),
        "{}",
        log[last]
    );
    assert!((median[last].ln() - drift).abs() < 5.0 * (0.36 * t / n).sqrt() * 1.26);
    assert!(median[last] < 0.8 * mean[last]);
}

fn noise_chooses_a_winner(archive: &Archive) {
    let rates = array(archive, "x_final");
    let wins = rates.chunks(2).filter(|pair| pair[0] > pair[1]).count();
    // Four standard errors of a fair coin.
    assert!((160..=240).contains(&wins), "{wins} of 400");
    let decided = rates
        .chunks(2)
        .filter(|pair| (pair[0] - pair[1]).abs() > 0.7)
        .count();
    assert!(decided > 396, "{decided} of 400 have chosen");
}

fn both_neurons_die_down(archive: &Archive) {
    // What is silent decays at the rates 1 and 2.
    let x = last(archive, 2);
    assert!(x[0] < 0.06 && x[1] < 0.01 && x[1] > 0.0, "{x:?}");
}

fn all_networks_come_to_rest(archive: &Archive) {
    let distances = array(archive, "certificate_distance");
    assert_eq!(distances.len(), 200 * 201);
    for course in distances.chunks(201) {
        // The rates of the certificates are at least 0.13.
        assert!(course.windows(2).all(|two| two[1] <= two[0] + 1e-12));
        assert!(course[200] < 1e-5, "{}", course[200]);
    }
    let gaps = array(archive, "gap_final");
    assert!(gaps.iter().all(|gap| gap.abs() < 1e-5), "{gaps:?}");
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

/// The variables, saved at these places of the grid, are what another program found.
fn is_near(archive: &Archive, names: &[&str], found: &[(usize, &[f64])], tolerance: f64) {
    for (variable, name) in names.iter().enumerate() {
        let values = array(archive, name);
        for (place, wanted) in found {
            let (value, wanted) = (values[*place], wanted[variable]);
            assert!(
                (value - wanted).abs() < tolerance * wanted.abs().max(1.0),
                "{name}[{place}] is {value}, not {wanted}"
            );
        }
    }
}

// The references of the next four are by scipy's DOP853 at rtol = 1e-13, atol = 1e-14, from equations
// typed in anew.

fn the_fibre_fires_as_elsewhere(archive: &Archive) {
    let found: [(usize, &[f64]); 3] = [
        (100, &[-46.83801979289666, 0.18183034677882853]),
        (200, &[-17.28805068709253, 0.14215635315282696]),
        (400, &[-19.12249860473365, 0.13434087129258543]),
    ];
    is_near(archive, &["v", "w"], &found, 1e-7);
    let spikes = array(archive, "events/time");
    assert_eq!(spikes.len(), 10);
    assert!((spikes[9] - 929.8952729804258).abs() < 1e-5, "{spikes:?}");
    // The current of the observable is that of its formula.
    let (v, w, current) = (
        array(archive, "v"),
        array(archive, "w"),
        array(archive, "current"),
    );
    let same = (0..v.len()).all(|at| current[at] == 8.0 * w[at] * (v[at] + 84.0));
    assert!(same);
}

fn the_two_equations_fire_as_elsewhere(archive: &Archive) {
    let found: [(usize, &[f64]); 2] = [
        (100, &[-1.4200103048352668, -0.02059264809424993]),
        (500, &[-1.3910321233974279, -0.04908004954904214]),
    ];
    is_near(archive, &["v", "w"], &found, 1e-8);
    let spikes = array(archive, "events/time");
    assert_eq!(spikes.len(), 10);
    assert!((spikes[9] - 377.53506515062435).abs() < 1e-6, "{spikes:?}");
}

fn the_axon_fires_as_elsewhere(archive: &Archive) {
    let found: [(usize, &[f64]); 3] = [
        (
            20,
            &[
                -56.20047252356605,
                0.10708416020814444,
                0.5796512677480858,
                0.33227277822997936,
            ],
        ),
        (
            100,
            &[
                -75.07309010300203,
                0.022771597542413802,
                0.14205847862202199,
                0.691737172415108,
            ],
        ),
        (
            400,
            &[
                -74.66965704336263,
                0.016668717729308682,
                0.16553414921740575,
                0.6514438064186969,
            ],
        ),
    ];
    is_near(archive, &["v", "m", "h", "n"], &found, 1e-7);
    let spikes = array(archive, "events/time");
    let elsewhere = [
        1.9242295054491616,
        16.84827619882933,
        31.49790522853693,
        46.13510863422788,
        60.771392195723315,
        75.40760763428659,
        90.0438180276526,
    ];
    assert_eq!(spikes.len(), elsewhere.len());
    for (spike, wanted) in spikes.iter().zip(elsewhere) {
        assert!((spike - wanted).abs() < 1e-7, "{spike} is not {wanted}");
    }
}

fn the_populations_chase_each_other(archive: &Archive) {
    let found: [(usize, &[f64]); 3] = [
        (40, &[0.09939726282344444, 0.020115476696225005]),
        (160, &[0.11510102854812963, 0.06880921228585023]),
        (400, &[0.17044133276631618, 0.02927080673228402]),
    ];
    is_near(archive, &["e", "i_"], &found, 1e-8);
    let peaks = array(archive, "events/time");
    assert_eq!(peaks.len(), 10);
    assert!((peaks[9] - 381.4156546288342).abs() < 1e-6, "{peaks:?}");
}

fn the_rolls_turn_as_elsewhere(archive: &Archive) {
    // By Taylor series of order 24 with 40 digits.
    let found: [(usize, &[f64]); 2] = [
        (
            100,
            &[-9.378570010925062, -8.357033788426644, 29.36232533736343],
        ),
        (
            500,
            &[-6.512113699419599, -6.974042788417076, 23.92412957210337],
        ),
    ];
    is_near(archive, &["x", "y", "z"], &found[..1], 1e-12);
    is_near(archive, &["x", "y", "z"], &found[1..], 1e-10);
}

fn one_period_is_left(archive: &Archive) {
    let turns = array(archive, "events/time");
    assert!(turns.len() >= 14);
    // The first turns still come nearer to the cycle.
    for pair in turns[5..].windows(2) {
        let period = pair[1] - pair[0];
        assert!((period - 6.663_286_859_323_13).abs() < 1e-9, "{period}");
    }
}

fn the_orbit_is_kept(archive: &Archive) {
    let h = array(archive, "H");
    let drift = h
        .iter()
        .map(|value| (value - h[0]).abs())
        .fold(0.0, f64::max);
    assert!(drift < 1e-8, "H drifts by {drift}");
    let prey = array(archive, "prey");
    let [low, high] = [f64::min, f64::max].map(|end| prey.iter().copied().reduce(end));
    assert!(high.expect("samples") > 10.0 * low.expect("samples"));
}

fn a_part_of_them_locks(archive: &Archive) {
    let order = array(archive, "order");
    assert!(order[0] < 0.4, "{}", order[0]);
    let late = &order[order.len() / 2..];
    let mean = late.iter().sum::<f64>() / late.len() as f64;
    // sqrt(1 - 1/K) of infinitely many; fifty are off by their finite number.
    assert!((mean - 0.5_f64.sqrt()).abs() < 0.03, "{mean}");
}

fn the_line_oscillates(archive: &Archive) {
    let u = array(archive, "u");
    let rows: Vec<&[f64]> = u.chunks(40).collect();
    let late = &rows[rows.len() * 3 / 4..];
    let first: Vec<f64> = late.iter().map(|row| row[0]).collect();
    let [low, high] = [f64::min, f64::max].map(|end| first.iter().copied().reduce(end));
    let swing = high.expect("rows") - low.expect("rows");
    assert!(swing > 0.3, "cell 0 swings by {swing}");
    // Diffusion has made the cells alike.
    for row in late {
        assert!(row.iter().all(|u| (u - row[0]).abs() < 1e-2), "{row:?}");
    }
}

fn each_neuron_fires_with_its_period(archive: &Archive) {
    let times = array(archive, "events/time");
    let neurons = array(archive, "events/component");
    let period = |i: usize| {
        let current = 0.9 + 2.1 * i as f64 / 9999.0;
        (current / (current - 1.0)).ln()
    };
    let mut spikes = vec![0; 10_000];
    for (time, neuron) in times.iter().zip(&neurons) {
        let neuron = *neuron as usize;
        spikes[neuron] += 1;
        let error = time - period(neuron) * f64::from(spikes[neuron]);
        // A neuron that just reaches the threshold does so slowly.
        assert!(error.abs() < 1e-5, "neuron {neuron}: {error:e}");
    }
    for (i, &spikes) in spikes.iter().enumerate() {
        let expected = match period(i) {
            period if period.is_finite() => (5.0 / period) as i32,
            _ => 0,
        };
        assert_eq!(spikes, expected, "neuron {i}");
    }
    assert!(times.is_sorted() && times.len() > 50_000);
}
