//! The fast paths of a generator against plain algebra, the schemes against each other, the invariants, and what is refused.

use std::sync::Arc;

use nullcline::models::gksl::{
    Fault, Jump, Levels, Lindblad, MasterEquation, Matrix, Operator, eigenbasis, fault,
    positivity_spectrum,
};

use super::quantum::*;
use super::{N1, apart, populations};

/// A generator of every kind of jump at once; `dense` is the share of entries of operators that are not 0.
fn every_kind(n: usize, dense: f64, superoperator: bool, seed: u64) -> Lindblad {
    let mut next = random(seed);
    let h = Operator::from_matrix(&random_hermitian(n, dense, &mut next));
    let level = |next: &mut dyn FnMut() -> f64| ((next() + 1.0) * 0.5 * n as f64) as usize % n;
    let mut jumps: Vec<Jump> = (0..(2 * n).min(12))
        .map(|_| Jump::Move {
            from: level(&mut next),
            to: level(&mut next),
            rate: next() + 1.0,
        })
        .collect();
    for _ in 0..2 {
        let general = random_matrix(n, dense, &mut next) * c(0.5, 0.0);
        jumps.push(Jump::Operator(Operator::from_matrix(&general)));
        let diagonal = (0..n).map(|i| (i, i, c(next(), next())));
        let diagonal: Vec<_> = diagonal.collect();
        jumps.push(Jump::Operator(Operator::new(n, diagonal)));
    }
    let bases = vec![eigenbasis(&h).1, random_matrix(n, 1.0, &mut next).qr().q()];
    for basis in 0..2 {
        for _ in 0..n.min(4) {
            let (from, to) = (level(&mut next), level(&mut next));
            let rate = next() + 1.0;
            jumps.push(Jump::Between {
                basis,
                from,
                to,
                rate,
            });
        }
    }
    // rho -> B rho B^+ keeps Hermiticity, and so does 2 Re.
    let more = superoperator.then(|| {
        let b = random_matrix(n, 1.0, &mut next) * c(0.3, 0.0);
        let a = random_matrix(n, 1.0, &mut next);
        let one = Matrix::identity(n, n);
        b.conjugate().kronecker(&b) + one.kronecker(&a) + a.conjugate().kronecker(&one)
    });
    Lindblad::new(h, jumps, bases).with(more)
}

/// Any Hermitian matrix.
fn hermitian(n: usize, seed: u64) -> Matrix {
    random_hermitian(n, 1.0, &mut random(seed))
}

#[test]
fn the_action_on_coordinates_is_that_of_plain_algebra() {
    for n in [2, 3, 4, 8, 9, 16, 17, 33] {
        for (dense, superoperator) in [(1.0, false), (0.15, false), (0.5, true)] {
            if n > 17 && superoperator {
                // No file may have it.
                continue;
            }
            let lindblad = every_kind(n, dense, superoperator, n as u64);
            let dim = n * n;
            let generator = (n <= 17 || dense < 1.0).then(|| lindblad.generator());
            for seed in 0..if n < 10 { 3 } else { 1 } {
                let rho = hermitian(n, 7 + seed);
                let x = coordinates(&rho);
                let wanted = coordinates(&lindblad.action(&rho));
                let size = wanted.iter().fold(1.0_f64, |most, v| most.max(v.abs()));
                let mut acted = vec![f64::NAN; dim];
                lindblad.act(&x, &mut acted);
                for k in 0..dim {
                    let what = || format!("N = {n}, density {dense}, coordinate {k}");
                    near(acted[k], wanted[k], 1e-13 * size, &what());
                    if let Some(generator) = &generator {
                        let row = &generator[k * dim..][..dim];
                        let by_matrix: f64 = row.iter().zip(&x).map(|(g, x)| g * x).sum();
                        near(by_matrix, wanted[k], 1e-13 * size, &what());
                    }
                }
            }
        }
    }
}

#[test]
fn plain_algebra_is_that_of_stacked_columns() {
    for n in [2, 3, 5] {
        let lindblad = every_kind(n, 0.8, true, 50 + n as u64);
        let jumps: Vec<Matrix> = lindblad
            .jumps
            .iter()
            .map(|jump| lindblad.jump_matrix(jump).0)
            .collect();
        let mut s = stacked(&lindblad.hamiltonian.matrix(), &jumps);
        s += lindblad.superoperator.as_ref().expect("one");
        for seed in 0..3 {
            // Not only Hermitian ones.
            let a = random_matrix(n, 1.0, &mut random(seed));
            assert!(apart(&lindblad.action(&a), &applied(&s, &a)) < 1e-12);
        }
    }
}

/// The largest sum of absolute values in a column of the matrix.
fn column_sum(lindblad: &Lindblad) -> f64 {
    let dim = lindblad.levels().pow(2);
    let generator = lindblad.generator();
    let sum = |column: usize| {
        (0..dim)
            .map(|row| generator[row * dim + column].abs())
            .sum::<f64>()
    };
    (0..dim).map(sum).fold(0.0, f64::max)
}

#[test]
fn the_bound_is_one() {
    let bounded = |lindblad: &Lindblad, what: &str| {
        let (sum, bound) = (column_sum(lindblad), lindblad.bound());
        assert!(
            sum <= bound * (1.0 + 1e-14),
            "{what}: a column has {sum}, the bound is {bound}"
        );
    };
    let none = |n: usize| Operator::new(n, []);
    // Two levels that are linked: Im rho_01 goes to both populations, at twice the link each.
    let x = Operator::new(2, [(0, 1, c(1.0, 0.0)), (1, 0, c(1.0, 0.0))]);
    bounded(&Lindblad::new(x, vec![], vec![]), "sigma_x");
    let even = Matrix::from_element(2, 2, c(0.5, 0.0));
    bounded(
        &Lindblad::new(
            none(2),
            vec![Jump::Operator(Operator::from_matrix(&even))],
            vec![],
        ),
        "a dense jump",
    );
    // Coherence becomes population, in a superoperator on its own.
    let mut s = Matrix::zeros(4, 4);
    for column in [1, 2] {
        (s[(0, column)], s[(3, column)]) = (c(1.0, 0.0), c(-1.0, 0.0));
    }
    bounded(
        &Lindblad::new(none(2), vec![], vec![]).with(Some(s)),
        "a superoperator",
    );
    for n in [2, 3, 4, 9, 16] {
        for seed in 0..4 {
            for (dense, superoperator) in [(1.0, false), (0.1, false), (0.5, true)] {
                bounded(
                    &every_kind(n, dense, superoperator, seed),
                    &format!("N = {n}, seed {seed}"),
                );
            }
            let mut next = random(seed);
            let h = Operator::from_matrix(&random_hermitian(n, 2.0 / n as f64, &mut next));
            bounded(
                &Lindblad::new(h, vec![], vec![]),
                &format!("H alone, N = {n}"),
            );
            let l = Operator::from_matrix(&random_matrix(n, 2.0 / n as f64, &mut next));
            bounded(
                &Lindblad::new(none(n), vec![Jump::Operator(l)], vec![]),
                &format!("L alone, N = {n}"),
            );
        }
    }
}

#[test]
fn schemes_agree_on_six_levels() {
    let n1 = n1("");
    let times = N1.map(|(t, ..)| t);
    for (method, tolerance) in [
        ("tsit5", 1e-11),
        ("dop853", 1e-11),
        ("exponential", 1e-12),
        ("esdirk34", 1e-9),
        ("bdf", 1e-9),
    ] {
        let step = (method == "exponential").then_some(0.7);
        let found = match method {
            // At 1e-13 they would take a million steps.
            "esdirk34" | "bdf" => at_tolerance(&n1, method, &times, 1e-11),
            _ => n1.states_by(method, step, &times),
        };
        for ((t, p, (re, im)), rho) in N1.iter().zip(&found) {
            for (level, (found, printed)) in populations(rho).iter().zip(p).enumerate() {
                near(
                    *found,
                    *printed,
                    tolerance,
                    &format!("{method}, p_{level}({t})"),
                );
            }
            near_c(
                rho[(0, 1)],
                c(*re, *im),
                tolerance,
                &format!("{method}, rho_01({t})"),
            );
        }
    }
}

fn at_tolerance(case: &Case, method: &str, times: &[f64], rtol: f64) -> Vec<Matrix> {
    use nullcline::engine::integrate::{Options, Span, integrate};
    use nullcline::engine::recorder::Samples;
    let mut samples = Samples::at(times.to_vec());
    let x0 = &case.experiment.initial;
    let options = Options::new(x0.len(), rtol, 0.01 * rtol);
    let span = Span {
        start: 0.0,
        stop: times[times.len() - 1],
    };
    let outcome = integrate(
        case.system.as_ref(),
        method,
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    );
    assert!(
        outcome
            .unwrap_or_else(|error| panic!("{method}: {error}"))
            .status
            .is_success()
    );
    samples
        .states
        .iter()
        .map(|x| matrix(case.levels.n, x))
        .collect()
}

/// N levels in a row with neighbours linked, decay along it, and a dense jump.
fn row_of_levels(n: usize) -> MasterEquation {
    let mut next = random(1);
    let mut h: Vec<_> = (0..n).map(|i| (i, i, c(next(), 0.0))).collect();
    for i in 0..n - 1 {
        let link = c(next(), next());
        h.extend([(i, i + 1, link), (i + 1, i, link.conj())]);
    }
    let mut jumps: Vec<Jump> = (0..n - 1)
        .map(|i| Jump::Move {
            from: i + 1,
            to: i,
            rate: 0.5 * (next() + 1.0),
        })
        .collect();
    let dense = random_matrix(n, 0.1, &mut next) * c(0.5, 0.0);
    jumps.push(Jump::Operator(Operator::from_matrix(&dense)));
    let lindblad = Lindblad::new(Operator::new(n, h), jumps, vec![]);
    MasterEquation::new(Levels::new(n), Arc::new(lindblad))
}

#[test]
fn exponentials_without_a_matrix_agree_with_steps_also_inside_of_their_own() {
    // 576 and 676 numbers: for so few steps, and for so many numbers at all times, without a matrix.
    for n in [24, 26] {
        let system = row_of_levels(n);
        let x0 = coordinates(&random_state(n, &mut random(2)));
        let times = [0.37, 1.0, 1.25, 1.9999, 2.0, 3.0];
        let wanted = flow(&system, "dop853", None, &x0, &times);
        for step in [1.0, 3.0] {
            let found = flow(&system, "exponential", Some(step), &x0, &times);
            for ((t, found), wanted) in times.iter().zip(&found).zip(&wanted) {
                let differences = found.iter().zip(wanted).map(|(a, b)| (a - b).abs());
                let off = differences.fold(0.0, f64::max);
                assert!(
                    off < 1e-11,
                    "N = {n}, steps of {step}, t = {t}: off by {off:e}"
                );
                let trace: f64 = found[..n].iter().sum();
                near(trace, 1.0, 1e-13, "trace");
            }
        }
    }
}

/// The worst trace error, smallest eigenvalue and largest purity over the samples of a run, as a recorder sees them
/// and as the health of the system tells them.
fn watched(
    case: &Case,
    method: &str,
    (stop, every): (f64, f64),
    (rtol, atol): (f64, f64),
) -> ([f64; 3], [f64; 3]) {
    use nullcline::engine::integrate::{Options, Span, integrate};
    use nullcline::engine::recorder::Samples;
    let count = (stop / every).round() as u32;
    let times: Vec<f64> = (0..=count).map(|k| f64::from(k) * every).collect();
    let mut samples = Samples::at(times);
    let x0 = &case.experiment.initial;
    let mut options = Options::new(x0.len(), rtol, atol);
    options.step = (method == "exponential").then_some(every);
    options.max_steps = 100_000_000;
    let span = Span { start: 0.0, stop };
    let outcome = integrate(
        case.system.as_ref(),
        method,
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    );
    assert!(
        outcome
            .unwrap_or_else(|error| panic!("{method}: {error}"))
            .status
            .is_success()
    );
    let health = case.system.health().expect("health");
    let mut reducers: Vec<_> = (0..3).map(|index| health.reducer(index)).collect();
    let mut seen = [0.0, f64::INFINITY, 0.0];
    for x in &samples.states {
        reducers
            .iter_mut()
            .for_each(|reducer| reducer.observe(0.0, x));
        let rho = matrix(case.levels.n, x);
        seen[0] = f64::max(seen[0], (rho.trace().re - 1.0).abs());
        seen[1] = f64::min(seen[1], smallest(&rho));
        seen[2] = f64::max(seen[2], (&rho * &rho).trace().re);
    }
    let told = std::array::from_fn(|index| {
        let mut out = [f64::NAN];
        reducers[index].finish(&mut out);
        out[0]
    });
    let names: Vec<&str> = health
        .list()
        .iter()
        .map(|variable| variable.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["trace_error", "smallest_eigenvalue", "largest_purity"]
    );
    (seen, told)
}

fn active_qubit() -> Case {
    case(
        "dimension = 2\nhamiltonian = { builder = \"qubit\", h_z = 1.0, h_perp = 0.7 }\n\
         jumps = [{ from = 0, to = 1, rate = 0.04 }, { from = 1, to = 0, rate = 0.01 }]",
        "[initial]\nrho = { pure = { re = [0.6, 0.8] } }",
    )
}

fn invariants(case: &Case, method: &str, every: f64) {
    kept(case, method, (1e5, every));
}

fn kept(case: &Case, method: &str, grid: (f64, f64)) {
    let (rtol, atol) = (1e-6, 1e-9);
    let (seen, told) = watched(case, method, grid, (rtol, atol));
    println!(
        "{method}: |tr - 1| {:.1e}, smallest eigenvalue {:.1e}, purity {:.12}",
        seen[0], seen[1], seen[2]
    );
    for (index, (seen, told)) in seen.iter().zip(told).enumerate() {
        near(told, *seen, 1e-14, &format!("{method}, health {index}"));
    }
    assert!(
        seen[0] <= 1e-11,
        "{method}: |tr rho - 1| reaches {:e}",
        seen[0]
    );
    let floor = if method == "exponential" {
        -1e-12
    } else {
        -10.0 * (rtol + atol)
    };
    assert!(seen[1] >= floor, "{method}: an eigenvalue of {:e}", seen[1]);
    assert!(seen[2] <= 1.0 - 2.0 * floor, "{method}: purity {}", seen[2]);
}

#[test]
fn states_stay_states_while_they_are_nearly_pure() {
    let beats = super::b1([6.0, 5.4], 0.1, "");
    // Nothing decays: an eigenvalue of 0 stays what the scheme makes of it.
    let closed = case(
        "dimension = 4\nhamiltonian = { builder = \"pothos-busemeyer\" }",
        "[initial]\nrho = { pure = { re = [0.5, 0.5, 0.5, 0.5] } }",
    );
    for case in [&active_qubit(), &n1(""), &beats, &closed] {
        for method in ["exponential", "tsit5", "dop853", "bdf"] {
            kept(case, method, (10.0, 0.05));
        }
    }
}

#[test]
fn invariants_hold_over_a_hundred_thousand_units_of_time() {
    let qubit = active_qubit();
    for method in ["exponential", "tsit5", "bdf"] {
        invariants(&qubit, method, 40.0);
    }
    invariants(&n1(""), "exponential", 10.0);
    invariants(&n1(""), "bdf", 100.0);
}

#[test]
#[ignore = "minutes in the dev profile"]
fn invariants_hold_over_a_hundred_thousand_units_of_time_by_many_steps() {
    invariants(&n1(""), "tsit5", 10.0);
    invariants(&active_qubit(), "tsit5", 0.5);
    invariants(&active_qubit(), "exponential", 0.1);
    invariants(&n1(""), "bdf", 1.0);
}

#[test]
fn an_environment_of_jumps_is_always_completely_positive() {
    let n1 = n1("");
    let spectrum = positivity_spectrum(&n1.lindblad);
    assert_eq!(spectrum.len(), 35);
    assert!(spectrum[0] > -1e-13, "{spectrum:?}");
    assert_eq!(fault(&n1.lindblad), None);
    for n in [2, 3, 4] {
        let spectrum = positivity_spectrum(&every_kind(n, 0.7, false, 5));
        assert!(spectrum[0] > -1e-12, "{spectrum:?}");
    }
}

/// The same generator as a superoperator.
fn given(s: &Matrix) -> String {
    let n = s.nrows().isqrt();
    format!("dimension = {n}\nsuperoperator = {}", toml(s))
}

#[test]
fn a_superoperator_that_is_a_generator_is_one() {
    let s = stacked(&n1_hamiltonian(), &n1_jumps());
    let one = case(&given(&s), "[initial]\nrho = { basis = 0 }");
    assert_eq!(fault(&one.lindblad), None);
    let states = one.states(&N1.map(|(t, ..)| t));
    for ((t, p, _), rho) in N1.iter().zip(&states) {
        for (found, printed) in populations(rho).iter().zip(p) {
            near(*found, *printed, 0.6e-12, &format!("t = {t}"));
        }
    }
}

#[test]
fn what_makes_no_states_of_states_is_refused_with_the_reason() {
    let start = "[initial]\nrho = { basis = 0 }";
    // rho -> -rho loses trace.
    let lossy = refusal(&given(&(Matrix::identity(4, 4) * c(-1.0, 0.0))), start);
    assert!(lossy.contains("does not keep the trace"), "{lossy}");
    // rho_01 alone decays, rho_10 does not.
    let mut lopsided = Matrix::zeros(4, 4);
    lopsided[(2, 2)] = c(-1.0, 0.0);
    let told = refusal(&given(&lopsided), start);
    assert!(told.contains("does not keep matrices Hermitian"), "{told}");
    // rho -> rho^T - rho: each e^(t S) is positive, and not completely positive. P C P of the swap less N |Om><Om|: -1, 1, 1.
    let mut transpose = Matrix::identity(4, 4) * c(-1.0, 0.0);
    for (row, column) in [(0, 0), (1, 2), (2, 1), (3, 3)] {
        transpose[(row, column)] += c(1.0, 0.0);
    }
    let told = refusal(&given(&transpose), start);
    assert!(
        told.contains("not completely positive") && told.contains("-1.0000000000"),
        "{told}"
    );
    let allowed = case(
        &format!("{}\nallow_nonpositive = true", given(&transpose)),
        start,
    );
    assert!(
        matches!(fault(&allowed.lindblad), Some(Fault::Positivity(least)) if (least + 1.0).abs() < 1e-13)
    );
    // What does not even keep the trace is not allowed by that either.
    let lossy = format!(
        "{}\nallow_nonpositive = true",
        given(&(Matrix::identity(4, 4) * c(-1.0, 0.0)))
    );
    assert!(refusal(&lossy, start).contains("does not keep the trace"));
    // An unravelling needs jumps.
    let s = stacked(&hermitian(2, 3), &[random_matrix(2, 1.0, &mut random(4))]);
    let text = given(&s);
    let text = format!(
        "[model]\nfamily = \"gksl\"\ndynamics = \"quantum-jump\"\n[model.parameters]\n{text}\n{start}\n[time]\nstop = 1.0\nsave = 0.5\n"
    );
    let loaded = nullcline::config::load_text(
        &text,
        std::path::Path::new("case.toml"),
        &[],
        &nullcline::models::registry(),
    );
    let told = loaded.err().expect("refused").render(false, 200);
    assert!(told.contains("needs jump operators"), "{told}");
}
