//! The GKSL family from TOML through the program to HDF5: reference cases, health, unravellings against the master equation.

#[path = "gksl_files/matrices.rs"]
mod matrices;
mod program;
#[path = "common/quantum.rs"]
mod quantum;

use std::path::Path;
use std::process::{Command, Output};

use nullcline::config;
use nullcline::models::{self, gksl};
use program::{Archive, array, run, texts};
use quantum::{Matrix, applied, c, near, smallest, stacked};

/// Half a unit of the last of twelve printed digits.
const TWELVE: f64 = 0.6e-12;

fn path(case: &str) -> String {
    format!("tests/reference/gksl/{case}.toml")
}

fn case(case: &str) -> Archive {
    run(&path(case))
}

#[track_caller]
fn all_near(found: &[f64], wanted: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (k, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        near(*found, *wanted, tolerance, &format!("{what}[{k}]"));
    }
}

/// The states of a run: [sample, level, level_].
fn states(archive: &Archive, n: usize) -> Vec<Matrix> {
    let (re, im) = (array(archive, "rho_re"), array(archive, "rho_im"));
    let samples = re.chunks_exact(n * n).zip(im.chunks_exact(n * n));
    samples
        .map(|(re, im)| Matrix::from_fn(n, n, |i, j| c(re[i * n + j], im[i * n + j])))
        .collect()
}

/// That states are Hermitian to the last bit and that the health of the run is that of its samples.
fn sound(archive: &Archive, n: usize) {
    let states = states(archive, n);
    assert!(!states.is_empty());
    let (mut trace, mut least, mut purity) = (0.0_f64, f64::INFINITY, 0.0_f64);
    for rho in &states {
        assert_eq!(*rho, rho.adjoint());
        trace = trace.max((rho.trace().re - 1.0).abs());
        least = least.min(smallest(rho));
        purity = purity.max((rho * rho).trace().re);
    }
    near(
        array(archive, "health/trace_error")[0],
        trace,
        1e-15,
        "trace_error",
    );
    near(
        array(archive, "health/smallest_eigenvalue")[0],
        least,
        1e-14,
        "smallest_eigenvalue",
    );
    near(
        array(archive, "health/largest_purity")[0],
        purity,
        1e-14,
        "largest_purity",
    );
    assert!(trace <= 1e-11, "{trace:e}");
}

#[test]
fn q1() {
    let archive = case("q1");
    let p: Vec<f64> = array(&archive, "population")
        .chunks(2)
        .map(|p| p[0])
        .collect();
    let printed = [
        0.5,
        0.415767984543,
        0.350168024945,
        0.259290338268,
        0.150460649644,
        0.121768712551,
        0.119202922022,
    ];
    all_near(&p, &printed, TWELVE, "rho_00");
    let printed = [
        std::f64::consts::LN_2,
        0.2287940732,
        0.0935183688,
        0.0068996110,
        0.0000805862,
        0.0,
    ];
    let mut diffidence = array(&archive, "diffidence");
    diffidence.remove(1);
    all_near(&diffidence, &printed, 0.6e-10, "diffidence");
    near(
        array(&archive, "purity")[6],
        0.7900128292,
        0.6e-10,
        "purity",
    );
    let states = states(&archive, 2);
    for (sample, re, im) in [
        (1, 0.350381954485, -0.191414534131),
        (2, 0.172255980304, -0.268272794343),
        (3, -0.084596338869, -0.184846372714),
    ] {
        near(states[sample][(0, 1)].re, re, TWELVE, "re rho_01");
        near(states[sample][(0, 1)].im, im, TWELVE, "im rho_01");
        let coherence = array(&archive, "coherence")[sample];
        near(coherence, 2.0 * re.hypot(im), 1e-11, "coherence");
    }
    assert_eq!(texts(&archive, "level"), ["C", "D"]);
    sound(&archive, 2);
    assert!(array(&archive, "health/smallest_eigenvalue")[0] >= -1e-12);
}

#[test]
fn p1_in_three_forms() {
    let printed = [
        [
            0.067231479519,
            0.192058858749,
            0.192058858749,
            0.548650802983,
        ],
        [
            0.014827619356,
            0.106941093195,
            0.106941093195,
            0.771290194254,
        ],
        [
            0.014209336619,
            0.104993585404,
            0.104993585404,
            0.775803492574,
        ],
    ];
    let mut first = None;
    for name in ["p1", "p1-logistic", "p1-plain"] {
        let archive = case(name);
        let population = array(&archive, "population");
        all_near(&population, printed.as_flattened(), TWELVE, name);
        near(
            array(&archive, "choice")[5],
            0.880_797_077_977_882_3,
            1e-12,
            "P(own D)",
        );
        let first = first.get_or_insert_with(|| population.clone());
        all_near(&population, first, 1e-14, name);
        let rho = &states(&archive, 4)[0];
        near(rho[(0, 1)].re, 0.004445445931, TWELVE, "re rho_01");
        near(rho[(0, 1)].im, -0.062687099928, TWELVE, "im rho_01");
        sound(&archive, 4);
    }
}

#[test]
fn b1() {
    let archive = case("b1");
    let own: Vec<f64> = array(&archive, "choice").chunks(2).map(|p| p[0]).collect();
    let printed = [
        0.039442761833,
        0.876957696512,
        0.643708417048,
        0.473289877614,
        0.228376295536,
        0.611261986025,
    ];
    all_near(&own, &printed, TWELVE, "P(own C)");
    sound(&archive, 4);
    let found = analyses("b1");
    near(found("beats/period")[0], 10.471571492685, 1e-9, "period");
    near(
        found("beats/frequency_1")[0],
        5.999791663050,
        1e-11,
        "frequency_1",
    );
    near(
        found("beats/frequency_2")[0],
        5.399768513557,
        1e-11,
        "frequency_2",
    );
    let nodes: Vec<f64> = (0..5)
        .map(|n| 5.235785746 + f64::from(n) * 10.471571492685)
        .collect();
    all_near(&found("beats/node_times"), &nodes, 1e-9, "nodes");
    assert_eq!(found("steady-state/nullity"), [2.0]);
    all_near(
        &found("steady-state/population"),
        &[0.25; 4],
        1e-12,
        "steady",
    );
    assert_eq!(found("spectrum/multiplicity"), [2.0]);
    near(found("spectrum/gap")[0], 0.05, 1e-12, "gap");
    assert_eq!(found("agency/index"), [1.0]);
    // Its passive twin stays where it starts: CC and CD.
    near(found("agency/escape")[0], 0.5, 1e-12, "escape");
}

/// What `analyze` writes of a case.
fn analyses(name: &str) -> impl Fn(&str) -> Vec<f64> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("found.h5");
    let output = nullcline(&["analyze", &path(name), "--quiet", "-o", &told(&file)]);
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let file = open(&file);
    move |dataset| {
        let _folder = &folder;
        let dataset = file.dataset(&format!("analysis/{dataset}"));
        dataset.expect("it is there").read_raw().expect("numbers")
    }
}

#[test]
fn n1() {
    let archive = case("n1");
    let printed = [
        [
            0.896566374704,
            0.032939296056,
            0.010617579802,
            0.029097008722,
            0.023138268324,
            0.007641472391,
        ],
        [
            0.072880627598,
            0.140361437474,
            0.102589156647,
            0.389940317410,
            0.207373811509,
            0.086854649363,
        ],
        [
            0.232919455358,
            0.104266452931,
            0.162303413546,
            0.247163544446,
            0.091519554945,
            0.161827578773,
        ],
        [
            0.213106902808,
            0.112793981633,
            0.188650698849,
            0.237155780463,
            0.090255327896,
            0.158037308351,
        ],
    ];
    all_near(
        &array(&archive, "population"),
        printed.as_flattened(),
        TWELVE,
        "population",
    );
    let coherences = [
        (-0.113134846897, -0.041590694795),
        (-0.076921508020, -0.027608734841),
        (-0.022222072458, -0.078116904601),
        (-0.013268764809, -0.074969090309),
    ];
    for (rho, (re, im)) in states(&archive, 6).iter().zip(coherences) {
        near(rho[(0, 1)].re, re, TWELVE, "re rho_01");
        near(rho[(0, 1)].im, im, TWELVE, "im rho_01");
    }
    near(
        array(&archive, "purity")[3],
        0.4017069618,
        0.6e-10,
        "purity",
    );
    sound(&archive, 6);
    let found = analyses("n1");
    all_near(
        &found("steady-state/population"),
        &printed[3],
        TWELVE,
        "steady",
    );
    let slowest = [
        0.0,
        -0.1436543782,
        -0.1436543782,
        -0.1630748882,
        -0.4256860578,
    ];
    all_near(
        &found("spectrum/eigenvalues_re")[..5],
        &slowest,
        0.6e-10,
        "eigenvalues_re",
    );
    let slowest = [0.0, 0.3287994927, -0.3287994927, 0.0, 1.5257112960];
    all_near(
        &found("spectrum/eigenvalues_im")[..5],
        &slowest,
        0.6e-10,
        "eigenvalues_im",
    );
}

#[test]
fn the_disjunction_effect() {
    let archive = case("disjunction");
    let defect: Vec<f64> = array(&archive, "choice").chunks(2).map(|p| p[1]).collect();
    let printed = [
        0.805_711_284_192_479_4,
        0.648_738_165_813_603_7,
        0.565_281_350_688_503_2,
    ];
    all_near(&defect, &printed, 1e-13, "P(D)");
    sound_or_swept(&archive);
}

/// Health of each run of a sweep of pure states.
fn sound_or_swept(archive: &Archive) {
    for purity in array(archive, "health/largest_purity") {
        near(purity, 1.0, 1e-12, "purity");
    }
    assert!(
        array(archive, "health/trace_error")
            .iter()
            .all(|e| *e < 1e-13)
    );
}

#[test]
fn what_is_not_a_state_says_so() {
    let archive = case("not-a-state");
    let states = states(&archive, 2);
    for (rho, printed) in states
        .iter()
        .zip([0.682130412521, 0.695114379762, 0.614414993178, 0.75])
    {
        near(rho[(1, 1)].re, printed, TWELVE, "rho_11");
    }
    near(states[3][(1, 0)].re, 0.5, 1e-12, "rho_10");
    // The eigenvalue is the smallest of the samples, not of their limit.
    sound(&archive, 2);
    assert!(array(&archive, "health/smallest_eigenvalue")[0] < -0.05);
    near(smallest(&states[3]), -0.0590169944, 0.6e-10, "in the end");
    let output = nullcline(&[
        "check",
        &path("not-a-state"),
        "--set",
        "model.parameters.allow_nonpositive=false",
    ]);
    assert_eq!(output.status.code(), Some(2));
    let told = complaint(&output);
    assert!(
        told.contains("not completely positive") && told.contains("-1.0000000000"),
        "{told}"
    );
}

// ---- unravellings

fn nullcline(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nullcline"));
    let command = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments);
    command.output().expect("the program starts")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn told(path: &Path) -> String {
    path.to_str().expect("a plain name").to_string()
}

/// A process that a test beside this one starts inherits the lock of an open file for an instant.
fn open(path: &Path) -> hdf5::File {
    for _ in 0..500 {
        if let Ok(file) = hdf5::File::open(path) {
            return file;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{} does not open", path.display())
}

/// The density matrices of the master equation at these times, by exponentials of the generator on stacked columns.
fn master_equation(name: &str, times: &[f64]) -> Vec<Matrix> {
    let loaded = config::load(Path::new(&path(name)), &[], &models::registry());
    let experiment = loaded.unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
    let (levels, lindblad) = gksl::model(&experiment.parameters).expect("a model");
    let jumps: Vec<Matrix> = lindblad
        .jumps
        .iter()
        .map(|jump| lindblad.jump_matrix(jump).0)
        .collect();
    let s = stacked(&lindblad.hamiltonian.matrix(), &jumps);
    let psi = |i: usize| c(experiment.initial[i], experiment.initial[levels.n + i]);
    let rho = Matrix::from_fn(levels.n, levels.n, |i, j| psi(i) * psi(j).conj());
    times
        .iter()
        .map(|t| applied(&(&s * c(*t, 0.0)).exp(), &rho))
        .collect()
}

/// That the mean over members is the density matrix, within four standard errors and `bias`, at every sample. The largest number of
/// standard errors is told.
fn unravels(name: &str, bias: f64) -> Archive {
    let archive = case(name);
    let expected = master_equation(name, &array(&archive, "time"));
    let n = expected[0].nrows();
    type Part = fn(&gksl::C) -> f64;
    let parts: [(&str, Part); 2] = [("rho_re", |v| v.re), ("rho_im", |v| v.im)];
    let (mut worst, mut compared, mut known) = (0.0_f64, 0, 0);
    for (part, of) in parts {
        let mean = array(&archive, &format!("{part}_member_mean"));
        let error = array(&archive, &format!("{part}_member_standard_error"));
        assert_eq!(mean.len(), expected.len() * n * n);
        for (k, (mean, error)) in mean.iter().zip(&error).enumerate() {
            let (i, j) = (k / n % n, k % n);
            let wanted = of(&expected[k / (n * n)][(i, j)]);
            let off = (mean - wanted).abs();
            if *error < 1e-14 {
                // All members agree: the start, and Im rho_ii.
                assert!(
                    off < 1e-9,
                    "{name}: {part}[{i}, {j}] is {mean} for {wanted} without an error"
                );
                known += 1;
                continue;
            }
            compared += 1;
            worst = worst.max((off - bias).max(0.0) / error);
            assert!(
                off <= 4.0 * error + bias,
                "{name}: {part}[{i}, {j}], sample {}: {mean} for {wanted}, {} standard errors of {error}",
                k / (n * n),
                off / error
            );
        }
    }
    println!(
        "{name}: {compared} means compared, {known} known, at most {worst:.2} standard errors beside bias {bias}"
    );
    assert!(compared > known, "{compared} {known}");
    archive
}

#[test]
fn jumps_of_a_qubit_unravel_the_master_equation() {
    let archive = unravels("jumps-qubit", 0.0);
    let kinds = texts(&archive, "events/kind");
    assert!(kinds.len() > 1000 && kinds.iter().all(|kind| kind == "jump"));
    let operators = array(&archive, "events/component");
    assert!((0..4).all(|m| operators.iter().any(|&o| o == f64::from(m))));
    assert!(operators.iter().all(|&o| o < 4.0));
}

#[test]
fn jumps_of_a_dilemma_unravel_the_master_equation() {
    unravels("jumps-dilemma", 0.0);
}

#[test]
fn diffusion_of_a_qubit_unravels_the_master_equation() {
    unravels("diffusion-qubit", 0.0);
}

#[test]
fn diffusion_of_a_qubit_by_euler_does_so_with_a_bias() {
    unravels("diffusion-qubit-euler", 2.0 * 0.01);
}

#[test]
fn diffusion_of_a_dilemma_unravels_the_master_equation() {
    unravels("diffusion-dilemma", 0.0);
}

#[test]
fn jump_times_of_a_decay_are_exponential_and_located() {
    let archive = case("decay");
    let rate = 0.7;
    let times = array(&archive, "events/time");
    let members = 500;
    assert_eq!(times.len(), members, "each member jumps once");
    assert!(
        array(&archive, "events/component")
            .iter()
            .all(|&m| m == 0.0)
    );
    let runs = array(&archive, "events/run");
    // |psi|^2 = exp(-rate t) falls to the threshold u at -ln(u)/rate.
    let thresholds = array(&archive, "threshold");
    let mut worst = 0.0_f64;
    for (run, time) in runs.iter().zip(&times) {
        let u = thresholds[2 * *run as usize];
        worst = worst.max((time + u.ln() / rate).abs());
    }
    println!("jumps located to {worst:.1e}");
    assert!(worst < 1e-10, "{worst:e}");
    // Kolmogorov and Smirnov: sqrt(n) D below 1.63 at one percent.
    let mut sorted = times.clone();
    sorted.sort_by(f64::total_cmp);
    let n = members as f64;
    let d = sorted.iter().enumerate().fold(0.0_f64, |d, (k, t)| {
        let p = 1.0 - (-rate * t).exp();
        d.max((p - k as f64 / n).abs())
            .max(((k + 1) as f64 / n - p).abs())
    });
    println!("sqrt(n) D = {:.3}", n.sqrt() * d);
    assert!(n.sqrt() * d < 1.63, "{}", n.sqrt() * d);
    // Each member ends in the level below, of norm 1, with another threshold.
    let population = array(&archive, "population");
    for member in 0..members {
        near(population[4 * member + 2], 1.0, 1e-15, "population");
        assert_ne!(thresholds[2 * member], thresholds[2 * member + 1]);
    }
    // Another scheme, the same draws: the members, and so their jumps, are the same.
    let other = case("decay-exponential");
    let others = array(&other, "events/time");
    assert_eq!(others.len(), 20);
    for (run, time) in array(&other, "events/run").iter().zip(&others) {
        let same = runs.iter().position(|r| r == run).expect("that member");
        near(*time, times[same], 1e-10, "jump by exponentials");
    }
}

#[test]
fn a_jump_tells_its_operator() {
    let archive = case("branches");
    let (runs, operators) = (
        array(&archive, "events/run"),
        array(&archive, "events/component"),
    );
    let population = array(&archive, "population");
    let members = 1000;
    assert_eq!(runs.len(), members);
    // 3 -> 2, 3 -> 1, 3 -> 0 at 0.3, 0.5, 0.2.
    let ends = [2, 1, 0];
    for (run, operator) in runs.iter().zip(&operators) {
        let last = &population[8 * *run as usize + 4..][..4];
        near(last[ends[*operator as usize]], 1.0, 1e-15, "where it ends");
    }
    for (operator, share) in [0.3, 0.5, 0.2].into_iter().enumerate() {
        let count = operators.iter().filter(|&&o| o == operator as f64).count() as f64;
        let n = members as f64;
        let deviation = (count - n * share) / (n * share * (1.0 - share)).sqrt();
        assert!(deviation.abs() < 4.0, "operator {operator}: {deviation}");
    }
}

#[test]
fn members_are_the_same_whoever_computes_them() {
    for (name, members) in [("jumps-qubit", 40), ("diffusion-qubit", 20)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut numbers: Vec<Vec<u64>> = Vec::new();
        for (k, threads) in ["1", "1", "2", "7"].into_iter().enumerate() {
            let file = folder.path().join(format!("{k}.h5"));
            let fewer = format!("ensemble.members={members}");
            let output = nullcline(&[
                "run",
                &path(name),
                "--quiet",
                "--threads",
                threads,
                "--set",
                &fewer,
                "-o",
                &told(&file),
            ]);
            assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
            let file = open(&file);
            let mut names = vec![
                "psi_re",
                "psi_im",
                "rho_re_member_mean",
                "rho_im_member_mean",
                "rho_re_member_standard_error",
                "run_steps",
            ];
            if name.starts_with("jumps") {
                names.extend([
                    "events/time",
                    "events/component",
                    "events/run",
                    "health/last_psi",
                    "health/last_threshold",
                ]);
            }
            let read = |name: &&str| {
                let dataset = file
                    .dataset(name)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                dataset.read_raw::<f64>().expect("numbers")
            };
            let all = names
                .iter()
                .flat_map(|name| read(name).into_iter().map(f64::to_bits));
            numbers.push(all.collect());
        }
        assert!(numbers[0].len() > 500);
        assert!(numbers.iter().all(|one| *one == numbers[0]), "{name}");
    }
}

#[test]
fn schemes_for_diagonal_noise_are_refused() {
    for method in ["milstein", "sra1", "sri1"] {
        let set = format!("solver.method=\"{method}\"");
        for verb in ["check", "run"] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = told(&folder.path().join("x.h5"));
            let mut arguments = vec![
                verb,
                "tests/reference/gksl/diffusion-qubit.toml",
                "--set",
                &set,
            ];
            if verb == "run" {
                arguments.extend(["-o", &file]);
            }
            let output = nullcline(&arguments);
            assert_eq!(
                output.status.code(),
                Some(3),
                "{method}: {}",
                complaint(&output)
            );
            assert!(!Path::new(&file).exists());
        }
    }
}
