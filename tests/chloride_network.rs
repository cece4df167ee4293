//! The family `chloride-network` against its reference states, its exact statements, and itself at finer steps. The
//! reference states go from TOML through the program to HDF5.

mod program;

use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::models::chloride_network::{ChlorideNetwork, Network};
use nullcline::prelude::*;
use program::{Archive, array, run};

const FOLDER: &str = "tests/reference/chloride-network";

/// The parameters of the family, with some of them set.
fn parameters(set: &[(&str, f64)], geometry: &str, size: i64) -> Parameters {
    let mut parameters = Parameters::new();
    for declared in ChlorideNetwork.parameters() {
        let Fallback::Real(value) = declared.fallback else {
            panic!("{} has no default", declared.name)
        };
        parameters.set_real(declared.name, Array::new(vec![], vec![value]));
    }
    for &(name, value) in set {
        parameters.set_real(name, Array::new(vec![], vec![value]));
    }
    parameters.set("space.geometry", Value::Text(geometry.into()));
    parameters.set("space.boundary", Value::Text("zero".into()));
    parameters.set("space.size", Value::Integer(size));
    parameters
}

fn network(parameters: &Parameters, stimuli: &[Stimulus]) -> Network {
    Network::build(&Build {
        dynamics: "rate",
        parameters,
        stimuli,
        share: &Share::default(),
    })
    .unwrap()
}

fn current(amplitude: f64, from: f64, to: f64, place: Place) -> Stimulus {
    Stimulus {
        channel: "current".into(),
        waveform: Waveform::Constant,
        amplitude,
        from,
        to,
        place,
    }
}

/// The states at some times.
fn states(system: &dyn System, method: &str, options: &Options, times: &[f64]) -> Vec<Vec<f64>> {
    let x0 = system.layout().start();
    let span = Span {
        start: 0.0,
        stop: *times.last().unwrap(),
    };
    let mut samples = Samples::at(times.to_vec());
    let mut on = |_: f64| true;
    let ended = integrate(system, method, options, span, &x0, &mut samples, &mut on).unwrap();
    assert!(ended.status.is_success(), "{ended:?}");
    samples.states
}

fn close(name: &str, value: f64, printed: f64, tolerance: f64) {
    assert!(
        (value - printed).abs() <= tolerance,
        "{name}: {value:.10} for {printed}"
    );
}

/// Entry `cell` of a block at sample `sample`.
fn at(archive: &Archive, block: &str, cells: usize, sample: usize, cell: usize) -> f64 {
    array(archive, block)[sample * cells + cell]
}

const BLOCKS: [&str; 7] = [
    "v",
    "threshold",
    "chloride",
    "potassium_conductance",
    "excitatory_conductance",
    "inhibitory_conductance",
    "activity",
];

#[test]
fn r1_point_population() {
    let archive = run(&format!("{FOLDER}/r1.toml"));
    let printed = [
        [
            -49.02958852,
            -44.35291917,
            6.01643742,
            0.00891477,
            5.99655659,
            17.98966978,
            0.13346448,
        ],
        [
            -49.74621615,
            -42.69483066,
            6.37978371,
            0.05006344,
            5.63459364,
            16.90378091,
            0.05622352,
        ],
        [
            -47.49512577,
            -41.04854053,
            7.88573235,
            0.23755542,
            6.98106332,
            20.94318995,
            0.07052622,
        ],
        [
            -45.05870757,
            -39.49401391,
            9.87893428,
            0.53385761,
            9.65757306,
            28.97271919,
            0.09745063,
        ],
    ];
    for (sample, row) in printed.iter().enumerate() {
        for (block, &printed) in BLOCKS.iter().zip(row) {
            close(block, at(&archive, block, 1, sample, 0), printed, 0.6e-8);
        }
        // A point population is its own surroundings.
        let gi = at(&archive, "inhibitory_conductance", 1, sample, 0);
        let ge = at(&archive, "excitatory_conductance", 1, sample, 0);
        assert!((gi / (3.0 * ge) - 1.0).abs() < 1e-13, "{gi} {ge}");
        let a = at(&archive, "activity", 1, sample, 0);
        assert_eq!(at(&archive, "mean_activity", 1, sample, 0), a);
        assert_eq!(at(&archive, "rate", 1, sample, 0), 200.0 * a);
        let recruited = at(&archive, "recruited", 1, sample, 0);
        assert_eq!(recruited, f64::from(u8::from(a > 0.1)));
        let v = at(&archive, "v", 1, sample, 0);
        let nernst = 26.7 * (at(&archive, "chloride", 1, sample, 0) / 110.0).ln();
        let lfp = ge * v.abs() + 1.65 * gi * (nernst - v).abs();
        close("lfp", at(&archive, "lfp", 1, sample, 0), lfp, 1e-9);
    }
}

#[test]
fn r2_line_of_50_cells() {
    let archive = run(&format!("{FOLDER}/r2.toml"));
    // V, phi, Cl, gE, gI, A of cell 24; V of cell 29; the mean of A.
    let printed = [
        [
            -48.90776934,
            -43.35182511,
            6.07642447,
            10.94782605,
            24.59302449,
            0.09775889,
            -60.57387467,
            0.0118821588,
        ],
        [
            -47.97960437,
            -42.30523247,
            6.24533321,
            9.51024323,
            21.37681628,
            0.09365954,
            -62.44476162,
            0.0106269134,
        ],
        [
            -45.79276058,
            -40.11306563,
            6.96911856,
            8.79292099,
            19.59471505,
            0.09347895,
            -62.40036348,
            0.0102003524,
        ],
    ];
    for (sample, row) in printed.iter().enumerate() {
        for (block, &printed) in BLOCKS
            .iter()
            .filter(|block| **block != "potassium_conductance")
            .zip(row)
        {
            close(block, at(&archive, block, 50, sample, 24), printed, 0.6e-8);
        }
        close(
            "V of cell 29",
            at(&archive, "v", 50, sample, 29),
            row[6],
            0.6e-8,
        );
        close(
            "mean",
            at(&archive, "mean_activity", 1, sample, 0),
            row[7],
            0.6e-10,
        );
    }
}

#[test]
fn r3_the_update_order_of_the_literature() {
    let archive = run(&format!("{FOLDER}/r3.toml"));
    let near = |sample: usize, block: &str, printed: f64| {
        close(block, at(&archive, block, 500, sample, 62), printed, 2e-6);
    };
    let mean = |sample: usize, printed: f64| {
        close(
            "mean",
            at(&archive, "mean_activity", 1, sample, 0),
            printed,
            2e-8,
        );
    };
    near(0, "v", -57.543409);
    near(0, "chloride", 6.000895);
    near(0, "activity", 0.006490);
    mean(0, 0.00650045);
    near(1, "v", -57.701340);
    near(1, "chloride", 6.255545);
    near(1, "potassium_conductance", 0.039302);
    near(1, "activity", 0.005429);
    near(2, "v", -45.065436);
    near(2, "chloride", 6.470559);
    near(2, "activity", 0.394527);
    mean(2, 0.02338702);
    near(3, "v", -39.213759);
    near(3, "chloride", 11.005710);
    near(3, "potassium_conductance", 1.113083);
    near(3, "activity", 0.168256);
    near(4, "v", -33.860287);
    near(4, "chloride", 18.492838);
    near(4, "potassium_conductance", 3.509808);
    near(4, "activity", 0.236671);
    near(5, "v", -37.727505);
    near(5, "chloride", 19.102841);
    near(5, "potassium_conductance", 4.165175);
    near(5, "activity", 0.183347);
}

#[test]
fn chloride_stands_still_where_none_flows() {
    let stimulus = current(200.0, 0.0, 100.0, Place::Cells([10, 20]));
    let network = network(
        &parameters(&[("chloride_fraction", 0.0)], "line", 50),
        &[stimulus],
    );
    let options = Options::new(300, 1e-8, 1e-10);
    for state in states(&network, "tsit5", &options, &[50.0, 150.0]) {
        assert!(state[100..150].iter().all(|&cl| cl == 6.0));
    }
    for state in states(&network, "las", &options.step(1.0), &[50.0, 150.0]) {
        assert!(state[100..150].iter().all(|&cl| cl == 6.0));
    }
}

#[test]
fn what_lies_outside_of_a_disc_counts_only_in_the_mean() {
    let place = Place::Disc {
        center: vec![0.5, 0.5],
        radius: 0.05,
    };
    let disc = network(
        &parameters(&[], "disc", 50),
        &[current(200.0, 0.0, 60.0, place)],
    );
    let cells = 2500;
    let outside = |cell: usize| {
        let offset = |i: usize| (i as f64 + 0.5 - 25.0) / 50.0;
        offset(cell / 50).hypot(offset(cell % 50)) >= 0.5
    };
    assert_eq!((0..cells).filter(|&cell| !outside(cell)).count(), 1976);
    // Whatever stands in the masked cells, the others do not feel it.
    let mut x = states(
        &disc,
        "tsit5",
        &Options::new(6 * cells, 1e-8, 1e-10),
        &[40.0],
    )
    .remove(0);
    let mut before = vec![0.0; x.len()];
    disc.drift(41.0, &x, &mut before);
    for cell in (0..cells).filter(|&cell| outside(cell)) {
        assert!((0..6).all(|block| before[block * cells + cell] == 0.0));
        (0..6).for_each(|block| x[block * cells + cell] += 1.5 + block as f64);
    }
    let mut after = vec![0.0; x.len()];
    disc.drift(41.0, &x, &mut after);
    assert_eq!(before, after);
    // The mean is over the whole square.
    let observables = System::observables(&disc).unwrap();
    let (mut activity, mut mean) = (vec![0.0; cells], [0.0]);
    observables.observe(0, 41.0, &x, &mut activity);
    observables.observe(3, 41.0, &x, &mut mean);
    assert!((0..cells).all(|cell| !outside(cell) || activity[cell] == 0.0));
    close(
        "mean",
        mean[0],
        activity.iter().sum::<f64>() / 2500.0,
        1e-15,
    );
}

#[test]
fn the_point_rests_where_the_references_say() {
    for (leak, a, cl) in [
        (-57.5, 0.0054112751, 7.10260102),
        (-58.0, 0.0046200308, 6.94969043),
    ] {
        let point = network(&parameters(&[("leak_potential", leak)], "point", 1), &[]);
        let rest = &point.equilibria().unwrap().list[0].x;
        let activity = 1.0 / (1.0 + ((rest[1] - rest[0]) / 2.5).exp());
        close("A", activity, a, 0.6e-10);
        close("Cl", rest[2], cl, 0.6e-8);
        if leak == -57.5 {
            close("V", rest[0], -57.7099349, 0.6e-7);
        }
        let mut dx = [0.0; 6];
        point.drift(0.0, rest, &mut dx);
        assert!(dx.iter().all(|dx| dx.abs() < 1e-12), "{dx:?}");
    }
}

/// The eigenvalues of the Jacobian at an equilibrium, the rightmost first.
fn eigenvalues(point: &Network, x: &[f64]) -> Vec<(f64, f64)> {
    let mut matrix = vec![0.0; 36];
    System::jacobian(point).unwrap().dense(0.0, x, &mut matrix);
    let values = nalgebra::DMatrix::from_row_slice(6, 6, &matrix).complex_eigenvalues();
    let mut values: Vec<(f64, f64)> = values.iter().map(|value| (value.re, value.im)).collect();
    values.sort_by(|a, b| b.0.total_cmp(&a.0));
    values
}

fn point(chi: f64) -> Network {
    let set = [("leak_potential", -57.5), ("chloride_fraction", chi)];
    network(&parameters(&set, "point", 1), &[])
}

fn activity(x: &[f64]) -> f64 {
    1.0 / (1.0 + ((x[1] - x[0]) / 2.5).exp())
}

#[test]
fn the_jacobian_is_that_of_the_drift() {
    let point = point(0.3);
    let x = [-47.0, -41.0, 8.0, 0.3, 7.0, 20.0];
    let mut matrix = vec![0.0; 36];
    System::jacobian(&point)
        .unwrap()
        .dense(0.0, &x, &mut matrix);
    for j in 0..6 {
        let h = 1e-6 * x[j].abs();
        let ends = [-h, h].map(|h| {
            let (mut x, mut dx) = (x, [0.0; 6]);
            x[j] += h;
            point.drift(0.0, &x, &mut dx);
            dx
        });
        for i in 0..6 {
            let slope = (ends[1][i] - ends[0][i]) / (2.0 * h);
            let entry = matrix[i * 6 + j];
            assert!(
                (slope - entry).abs() < 1e-7 * (1.0 + entry.abs()),
                "{i} {j}: {slope} {entry}"
            );
        }
    }
}

#[test]
fn rest_loses_stability_at_a_hopf_border_and_disappears_in_a_fold() {
    let rest = |chi: f64| point(chi).equilibria().unwrap().list[0].x.clone();
    let growth = |chi: f64| eigenvalues(&point(chi), &rest(chi))[0].0;
    let (mut low, mut high) = (0.33, 0.3405);
    while high - low > 1e-12 {
        let middle = 0.5 * (low + high);
        if growth(middle) < 0.0 {
            low = middle
        } else {
            high = middle
        }
    }
    close("Hopf", low, 0.3394270556, 1e-9);
    let x = rest(low);
    close("A", activity(&x), 0.00985066, 0.6e-8);
    close("Cl", x[2], 8.64254690, 1e-7);
    let (re, im) = eigenvalues(&point(low), &x)[0];
    assert!(re.abs() < 1e-10, "{re}");
    close("frequency", im.abs(), 1.30292e-4, 0.6e-9);
    close(
        "period in s",
        std::f64::consts::TAU / im.abs() / 1000.0,
        48.22,
        0.006,
    );
    // The fold: the two lower equilibria meet.
    let count = |chi: f64| point(chi).equilibria().unwrap().len();
    assert_eq!((count(0.341137), count(0.341139)), (3, 1));
    // Beside rest there are two more at 0.3.
    let all = point(0.3).equilibria().unwrap();
    let activities: Vec<f64> = all.list.iter().map(|one| activity(&one.x)).collect();
    assert_eq!(activities.len(), 3);
    close("middle", activities[1], 0.0196006, 0.6e-7);
    close("high", activities[2], 0.1688998, 0.6e-7);
    for (chi, stable) in [(0.34, false), (0.37, false), (0.41, false), (0.42, true)] {
        let all = point(chi).equilibria().unwrap();
        let high = &all.list.last().unwrap().x;
        let (re, im) = eigenvalues(&point(chi), high)[0];
        assert_eq!(re < 0.0, stable, "{chi}: {re}");
        assert!(stable || im != 0.0, "{chi}: not a focus");
    }
}

/// The greatest difference of two states.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, f64::max)
}

#[test]
fn finer_steps_and_tolerances_agree_as_their_orders_say() {
    let stimulus = current(200.0, 0.0, 1000.0, Place::Cells([23, 26]));
    let line = network(&parameters(&[], "line", 50), &[stimulus]);
    let options = |rtol: f64| Options::new(300, rtol, 1e-2 * rtol);
    let exact = states(&line, "dopri5", &options(1e-12), &[60.0]).remove(0);
    let error = |method: &str, options: &Options| {
        distance(&states(&line, method, options, &[60.0])[0], &exact)
    };
    let fixed = |method: &str, steps: [f64; 3], order: f64| {
        let errors = steps.map(|step| error(method, &options(1e-6).step(step)));
        println!("{method}: {errors:?}");
        for two in errors.windows(2) {
            let observed = (two[0] / two[1]).log2();
            assert!((observed - order).abs() < 0.3, "{method}: order {observed}");
        }
    };
    fixed("rk4", [1.0, 0.5, 0.25], 4.0);
    fixed("heun", [0.25, 0.125, 0.0625], 2.0);
    fixed("las", [0.125, 0.0625, 0.03125], 1.0);
    let [loose, tight] = [1e-6, 1e-8].map(|rtol| error("tsit5", &options(rtol)));
    println!("tsit5: {loose:.1e} {tight:.1e}");
    assert!(loose < 1e-4 && tight < 1e-6 && tight < 0.1 * loose);
}

#[test]
fn the_crew_of_a_run_does_not_change_its_bits() {
    for geometry in ["sheet", "disc"] {
        let place = Place::Disc {
            center: vec![0.4, 0.5],
            radius: 0.1,
        };
        let sheet = network(
            &parameters(&[], geometry, 90),
            &[current(200.0, 1.0, 6.0, place)],
        );
        for method in ["rk4", "las", "tsit5"] {
            let mut options = Options::new(6 * 8100, 1e-6, 1e-8);
            options.step = (method != "tsit5").then_some(0.5);
            let run = |threads: usize| {
                crew::with(threads, || states(&sheet, method, &options, &[2.0, 8.0])).unwrap()
            };
            let one = run(1);
            assert!(
                [2, 7].iter().all(|&threads| run(threads) == one),
                "{geometry} {method}"
            );
        }
    }
}

#[test]
fn noise_has_the_variance_that_it_says() {
    // Without synapses and potassium the potential is an Ornstein-Uhlenbeck process of rate gL / C.
    let quiet = [
        ("excitatory_strength", 0.0),
        ("inhibitory_strength", 0.0),
        ("potassium_gain", 0.0),
        ("noise", 200.0),
    ];
    let cells = 4000;
    let line = network(&parameters(&quiet, "line", cells as i64), &[]);
    let (rate, spread, t) = (0.04, 0.2, 10.0);
    let expected = spread * spread / (2.0 * rate) * (1.0 - (-2.0 * rate * t).exp());
    for (method, step) in [("las", 0.1), ("euler-maruyama", 0.02), ("sra1", 0.1)] {
        let options = Options::new(6 * cells, 1e-6, 1e-8)
            .step(step)
            .cell(step)
            .seed(11);
        let state = states(&line, method, &options, &[t]).remove(0);
        let square = |v: &f64| (v + 58.0).powi(2);
        let variance = state[..cells].iter().map(square).sum::<f64>() / cells as f64;
        let error = (2.0 / cells as f64).sqrt() * expected;
        println!("{method}: {variance:.5} for {expected:.5} +- {error:.5}");
        assert!(
            (variance - expected).abs() < 4.0 * error,
            "{method}: {variance} {expected}"
        );
    }
    // The same cells of the path: a finer scheme comes to the same place.
    let options = |step: f64| {
        Options::new(6 * cells, 1e-6, 1e-8)
            .step(step)
            .cell(0.1)
            .seed(11)
    };
    let a = states(&line, "las", &options(0.1), &[t]).remove(0);
    let b = states(&line, "euler-maruyama", &options(0.025), &[t]).remove(0);
    let apart = distance(&a[..cells], &b[..cells]);
    assert!(apart < 0.1, "{apart}");
}

#[test]
fn an_analysis_that_is_left_and_taken_up_again_finds_the_same() {
    let set = [
        ("leak_potential", -57.5),
        ("chloride_fraction", 0.2),
        ("noise", 200.0),
    ];
    for (geometry, size) in [("line", 60), ("sheet", 20)] {
        let place = match geometry {
            "line" => Place::Cells([10, 20]),
            _ => Place::Disc {
                center: vec![0.5, 0.5],
                radius: 0.2,
            },
        };
        let stimulus = current(200.0, 200.0, 1500.0, place);
        let system = network(&parameters(&set, geometry, size), &[stimulus]);
        let times: Vec<f64> = (0..=7000).map(f64::from).collect();
        let options = Options::new(System::layout(&system).len(), 1e-6, 1e-8).step(1.0);
        let run = states(&system, "las", &options, &times);
        let followers = System::followers(&system).unwrap();
        let count = followers.findings("seizure-stages").len();
        let new = || {
            let none = Parameters::new();
            followers
                .follow("seizure-stages", &none, (0.0, 7000.0))
                .unwrap()
        };
        let mut whole = new();
        let mut expected = vec![0.0; count];
        times
            .iter()
            .zip(&run)
            .for_each(|(&t, x)| whole.observe(t, x));
        whole.finish(&mut expected);
        println!("{geometry}: {expected:?}");
        assert!(expected[6] > 7.0, "no chloride was loaded: {expected:?}");
        for stop in [0, 1, 777, 2500, 5001, 6999] {
            let mut first = new();
            times[..stop]
                .iter()
                .zip(&run)
                .for_each(|(&t, x)| first.observe(t, x));
            let mut second = new();
            second.restore(&first.save());
            times[stop..]
                .iter()
                .zip(&run[stop..])
                .for_each(|(&t, x)| second.observe(t, x));
            let mut found = vec![0.0; count];
            second.finish(&mut found);
            let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
            assert_eq!(
                bits(&found),
                bits(&expected),
                "{geometry}, left after {stop}"
            );
        }
    }
}
