//! The exact statements T1 to T7 and that of dressed jumps, on random instances.

use nalgebra::DMatrix;
use nullcline::models::gksl::{C, Jump, Lindblad, Matrix, Operator, eigenbasis};

use super::quantum::*;
use super::{apart, b1, populations};

/// A positive number below `most`.
fn positive(next: &mut impl FnMut() -> f64, most: f64) -> f64 {
    0.5 * (next() + 1.0) * most
}

fn steady_of(lindblad: &Lindblad) -> Matrix {
    let found = lindblad.steady_state(None).expect("a steady state");
    assert_eq!(found.nullity, 1);
    matrix(lindblad.levels(), &found.x)
}

#[test]
fn t1_passive_populations_are_those_of_a_classical_chain() {
    for seed in 0..20 {
        let mut next = random(seed);
        let n = 3 + seed as usize % 4;
        // At most one entry in each row; columns may have many.
        let jumps: Vec<Matrix> = (0..3)
            .map(|_| {
                let mut l = Matrix::zeros(n, n);
                for i in 0..n {
                    let j = ((next() + 1.0) * 0.5 * n as f64) as usize;
                    if next() > -0.6 {
                        l[(i, j.min(n - 1))] = c(next(), next());
                    }
                }
                l
            })
            .collect();
        let w = DMatrix::from_fn(n, n, |i, j| {
            jumps.iter().map(|l| l[(i, j)].norm_sqr()).sum::<f64>()
        });
        let rho = random_state(n, &mut next);
        let classical = (chain(&w) * 2.5).exp() * nalgebra::DVector::from_vec(populations(&rho));
        for _ in 0..3 {
            let h = Matrix::from_fn(n, n, |i, j| c(if i == j { 3.0 * next() } else { 0.0 }, 0.0));
            let jumps = jumps
                .iter()
                .map(|l| Jump::Operator(Operator::from_matrix(l)));
            let lindblad = Lindblad::new(Operator::from_matrix(&h), jumps.collect(), vec![]);
            let system = nullcline::models::gksl::MasterEquation::new(
                nullcline::models::gksl::Levels::new(n),
                lindblad.into(),
            );
            let x = flow(
                &system,
                "exponential",
                Some(2.5),
                &coordinates(&rho),
                &[2.5],
            );
            for (level, (p, q)) in x[0][..n].iter().zip(&classical).enumerate() {
                near(*p, *q, 1e-12, &format!("seed {seed}, level {level}"));
            }
        }
    }
}

#[test]
fn t1_a_row_of_two_entries_makes_populations_feel_the_splitting() {
    let steady = |splitting: f64| {
        let text = format!(
            "dimension = 2\nhamiltonian = {{ builder = \"qubit\", h_z = {splitting:?} }}\n\
             jumps = [{{ matrix = {{ re = [[1.0, 1.0], [0.0, 0.0]] }} }}, {{ from = 0, to = 1, rate = 1.0 }}]"
        );
        let one = case(&text, "");
        let plain =
            super::quantum::steady(&stacked(&one.lindblad.hamiltonian.matrix(), &one.jumps()));
        assert!(apart(&one.steady().0, &plain) < 1e-13);
        plain[(0, 0)].re
    };
    let (none, some) = (steady(0.0), steady(3.0));
    assert!((none - some).abs() > 0.05, "{none} {some}");
}

#[test]
fn t2_a_classical_dilemma_ends_in_the_state_of_gibbs() {
    let dilemma = |payoffs: [f64; 4], lambda: f64| {
        let text =
            format!("dimension = 4\ndilemma = {{ payoffs = {payoffs:?}, lambda = {lambda:?} }}");
        populations(&case(&text, "").steady().0)
    };
    for (lambda, printed) in [
        (4.0, 0.775803492574),
        (10.0, 0.986659092405),
        (20.0, 0.999909206324),
    ] {
        let p = dilemma([1.5, 1.0, 0.5, 0.0], lambda);
        near(
            p[3],
            printed,
            0.6e-12,
            &format!("p_DD at lambda = {lambda}"),
        );
    }
    for seed in 0..20 {
        let mut next = random(100 + seed);
        let [t, r, p, s] = [(); 4].map(|()| 2.0 * next());
        let lambda = positive(&mut next, 3.0);
        let v = [0.0, t - r, t - r, t - r + p - s];
        let weights = v.map(|v| (lambda * v).exp());
        let sum: f64 = weights.iter().sum();
        for (found, weight) in dilemma([t, r, p, s], lambda).iter().zip(weights) {
            // Own moves gain T - R against C, P - S against D: with unequal gains CD is left by the gain P - S.
            near(*found, weight / sum, 1e-12, &format!("seed {seed}"));
        }
    }
}

/// A qubit's steady <sigma_z> in closed form.
fn closed(h_z: f64, h_perp: f64, up: f64, down: f64, kappa: f64) -> f64 {
    let (g1, g2) = (up + down, 0.5 * (up + down) + kappa);
    let z0 = (up - down) / g1;
    z0 * g1 / (g1 + h_perp.powi(2) * g2 / (g2.powi(2) + h_z.powi(2)))
}

fn qubit(h_z: f64, h_perp: f64, phase: f64, up: f64, down: f64, kappa: f64) -> String {
    format!(
        "dimension = 2\nhamiltonian = {{ builder = \"qubit\", h_z = {h_z:?}, h_perp = {h_perp:?}, phase = {phase:?} }}\n\
         jumps = [{{ from = 1, to = 0, rate = {up:?} }}, {{ from = 0, to = 1, rate = {down:?} }}, {{ dephasing = {kappa:?} }}]"
    )
}

#[test]
fn t3_a_qubit_escapes_towards_one_half_and_not_past_it() {
    for seed in 0..40 {
        let mut next = random(200 + seed);
        let (h_z, phase) = (3.0 * next(), 3.0 * next());
        let [up, down, kappa] = [(); 3].map(|()| positive(&mut next, 2.0));
        let z0 = (up - down) / (up + down);
        let mut last = z0.abs();
        for k in 0..8 {
            let h_perp = 0.5 * f64::from(k);
            let rho = case(&qubit(h_z, h_perp, phase, up, down, kappa), "")
                .steady()
                .0;
            let z = rho[(0, 0)].re - rho[(1, 1)].re;
            near(
                z,
                closed(h_z, h_perp, up, down, kappa),
                1e-12,
                &format!("seed {seed}, h_perp = {h_perp}"),
            );
            assert!(z * z0 > 0.0 && z.abs() <= last + 1e-14, "seed {seed}");
            last = z.abs();
        }
    }
}

#[test]
fn t4_a_qubit_has_one_frequency_and_does_not_beat() {
    for seed in 0..60 {
        let mut next = random(300 + seed);
        let h = random_hermitian(2, 1.0, &mut next) * c(4.0, 0.0);
        let jumps: Vec<String> = (0..1 + seed % 3)
            .map(|_| {
                format!(
                    "{{ matrix = {}, rate = 0.1 }}",
                    toml(&random_matrix(2, 0.8, &mut next))
                )
            })
            .collect();
        let text = format!(
            "dimension = 2\nhamiltonian = {}\njumps = [{}]",
            toml(&h),
            jumps.join(", ")
        );
        let rest = "[initial]\nrho = { pure = { re = [0.6, 0.0], im = [0.0, 0.8] } }\n[analysis.spectrum]\n[analysis.beats]\n";
        let one = case(&text, rest);
        let found = one.findings();
        let values = eigenvalues(&found[0]);
        let plain = stacked(&one.lindblad.hamiltonian.matrix(), &one.jumps());
        same_set(
            &values,
            plain.schur().unpack().1.diagonal().as_slice(),
            1e-7,
        );
        assert!(
            values.iter().filter(|v| v.im > 1e-9).count() <= 1,
            "{values:?}"
        );
        assert_eq!(numbers(&found[1], "period"), [0.0; 0], "seed {seed}");
        assert!(numbers(&found[1], "mode_frequency").len() <= 1);
    }
}

#[test]
fn t4_contexts_of_one_frequency_or_of_distant_ones_do_not_beat() {
    let modes = |omega: [f64; 2]| {
        let found = b1(omega, 0.1, "[analysis.beats]\nobservable = \"cooperate\"\n")
            .findings()
            .remove(0);
        assert_eq!(numbers(&found, "period"), [0.0; 0], "{omega:?}");
        assert!(
            found
                .remarks
                .iter()
                .any(|remark| remark.contains("nothing beats"))
        );
        numbers(&found, "mode_frequency")
    };
    let w = |omega: f64| (omega * omega - 0.0025).sqrt();
    let [one] = modes([6.0, 6.0])[..] else {
        panic!("one line")
    };
    near(one, w(6.0), 1e-9, "the one line");
    let mut two = modes([6.0, 3.0]);
    two.sort_by(f64::total_cmp);
    assert_eq!(two.len(), 2);
    near(two[0], w(3.0), 1e-9, "the slower line");
    near(two[1], w(6.0), 1e-9, "the faster line");
}

#[test]
fn t5_a_coherent_link_has_the_populations_of_a_classical_chain() {
    for seed in 0..20 {
        let mut next = random(400 + seed);
        let n = 3 + seed as usize % 4;
        let (i, j) = (seed as usize % n, (seed as usize + 1) % n);
        let omega = 0.2 + positive(&mut next, 4.0);
        let rates = DMatrix::from_fn(n, n, |i, j| {
            if i == j {
                0.0
            } else {
                0.05 + positive(&mut next, 1.0)
            }
        });
        let jumps = |rates: &DMatrix<f64>| -> Vec<String> {
            let pairs = (0..n).flat_map(|to| (0..n).map(move |from| (to, from)));
            let pairs = pairs.filter(|(to, from)| to != from);
            pairs
                .map(|(to, from)| {
                    format!(
                        "{{ from = {from}, to = {to}, rate = {:?} }}",
                        rates[(to, from)]
                    )
                })
                .collect()
        };
        // The two levels are degenerate, others are anywhere.
        let mut elements = vec![format!("[{}, {}, {:?}]", i.min(j), i.max(j), 0.5 * omega)];
        elements.extend(
            (0..n)
                .filter(|k| *k != i && *k != j)
                .map(|k| format!("[{k}, {k}, {:?}]", 2.0 * next())),
        );
        let head = format!(
            "dimension = {n}\nhamiltonian.elements = [{}]\n",
            elements.join(", ")
        );
        let coherent = case(&format!("{head}jumps = [{}]", jumps(&rates).join(", ")), "")
            .steady()
            .0;
        let leaving = |level: usize| (0..n).map(|to| rates[(to, level)]).sum::<f64>();
        let gamma = 0.5 * (leaving(i) + leaving(j));
        let mut linked = rates.clone();
        linked[(i, j)] += omega * omega / (2.0 * gamma);
        linked[(j, i)] += omega * omega / (2.0 * gamma);
        let classical = classical(&linked);
        let without = super::quantum::classical(&rates);
        for level in 0..n {
            near(
                coherent[(level, level)].re,
                classical[level],
                1e-12,
                &format!("seed {seed}, level {level}"),
            );
        }
        // The chain as a model of this family says the same; without the link it is another chain.
        let chain = case(
            &format!("dimension = {n}\njumps = [{}]", jumps(&linked).join(", ")),
            "",
        )
        .steady()
        .0;
        assert!(
            populations(&chain)
                .iter()
                .zip(&classical)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
        assert!(
            without
                .iter()
                .zip(&classical)
                .any(|(a, b)| (a - b).abs() > 1e-4)
        );
        assert!(coherent[(i, j)].norm() > 1e-4);
    }
}

#[test]
fn t6_diffidence_is_not_negative_and_ends_only_without_agency() {
    for n in [2, 3, 5] {
        let one = case(
            &format!("dimension = {n}\njumps = [{{ dephasing = 1.0 }}]"),
            "",
        );
        let mut next = random(500);
        for _ in 0..100 {
            let rho = random_state(n, &mut next);
            let found = one.observe("diffidence", &rho)[0];
            let p = populations(&rho);
            let h = |p: &[f64]| -p.iter().map(|p| p * p.ln()).sum::<f64>();
            let wanted = h(&p) - h(rho.clone().symmetric_eigenvalues().as_slice());
            near(found, wanted, 1e-12, "diffidence");
            assert!(found >= -1e-14, "{found}");
        }
    }
    let start = "[initial]\nrho = { pure = { re = [0.6, 0.8] } }";
    let end = |text: &str| {
        let one = case(text, start);
        one.observe("diffidence", &one.states(&[400.0])[0])[0]
    };
    assert!(end(&qubit(1.0, 0.0, 0.0, 0.3, 0.1, 0.2)).abs() < 1e-12);
    assert!(end(&qubit(1.0, 0.0, 0.0, 0.0, 0.0, 0.2)).abs() < 1e-12);
    assert!(end(&qubit(1.0, 0.0, 0.0, 0.3, 0.1, 0.0)).abs() < 1e-12);
    for seed in 0..10 {
        let mut next = random(600 + seed);
        let [up, down, kappa] = [(); 3].map(|()| 0.1 + positive(&mut next, 1.0));
        let active = qubit(
            next(),
            0.3 + positive(&mut next, 2.0),
            next(),
            up,
            down + up,
            kappa,
        );
        assert!(end(&active) > 1e-4, "seed {seed}: {}", end(&active));
    }
}

#[test]
fn t7_escape_is_not_monotone_in_dephasing_and_freezes_in_the_end() {
    let (h_z, h_perp, up, down) = (4.0, 1.0, 0.1, 0.5);
    let scan = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 1e3, 1e6];
    let rest = format!("[analysis.agency]\nscan = {scan:?}\n");
    let text = qubit(h_z, h_perp, 0.7, up, down, 0.0);
    let found = case(&text, &rest).findings().remove(0);
    let z0 = (up - down) / (up + down);
    let escape = |kappa: f64| 0.5 * (closed(h_z, h_perp, up, down, kappa) - z0).abs();
    let escapes = numbers(&found, "scan_escape");
    assert_eq!(numbers(&found, "scan_dephasing"), scan);
    for (kappa, found) in scan.iter().zip(&escapes) {
        near(*found, escape(*kappa), 1e-9, &format!("escape at {kappa}"));
    }
    assert!(escapes[1..5].iter().all(|e| *e > escapes[0]) && escapes[7] < escapes[0]);
    assert!(escapes[8] < 1e-5, "{escapes:?}");
    near(numbers(&found, "escape")[0], escape(0.0), 1e-12, "escape");
    near(
        numbers(&found, "target_change")[0],
        escape(0.0),
        1e-12,
        "towards one half",
    );
    near(
        numbers(&found, "index")[0],
        h_perp / h_perp.hypot(h_z),
        1e-14,
        "index of a traceless H",
    );
}

#[test]
fn the_index_of_agency_is_that_of_commutators() {
    for seed in 0..10 {
        let mut next = random(700 + seed);
        let n = 2 + seed as usize % 4;
        let h = random_hermitian(n, 0.7, &mut next) + Matrix::identity(n, n) * c(1.3, 0.0);
        let index = |h: &Matrix| {
            let commutators = (0..n).map(|i| {
                let mut p = Matrix::zeros(n, n);
                p[(i, i)] = c(1.0, 0.0);
                (h * &p - &p * h).norm_squared()
            });
            (commutators.sum::<f64>() / (2.0 * h.norm_squared())).sqrt()
        };
        let text = format!(
            "dimension = {n}\nhamiltonian = {}\njumps = [{{ dephasing = 0.5 }}, {{ dressed = {{ beta = 1.0, rate = 0.3 }} }}]",
            toml(&h)
        );
        let found = case(&text, "[analysis.agency]\n").findings().remove(0);
        near(numbers(&found, "index")[0], index(&h), 1e-13, "index");
        let mean = h.trace() / c(n as f64, 0.0);
        let shifted = &h - Matrix::identity(n, n) * mean;
        near(
            numbers(&found, "index_traceless")[0],
            index(&shifted),
            1e-13,
            "without the mean",
        );
    }
}

/// exp(-beta H)/Z
fn gibbs(h: &Matrix, beta: f64) -> Matrix {
    let weights = (h * c(-beta, 0.0)).exp();
    let sum = weights.trace();
    weights / sum
}

#[test]
fn dressed_jumps_end_in_the_state_of_gibbs() {
    for seed in 0..12 {
        let mut next = random(800 + seed);
        let n = 2 + seed as usize % 4;
        let h = random_hermitian(n, 1.0, &mut next);
        let (beta, rate) = (positive(&mut next, 3.0), 0.1 + positive(&mut next, 2.0));
        let text = format!(
            "dimension = {n}\nhamiltonian = {}\njumps = [{{ dressed = {{ beta = {beta:?}, rate = {rate:?} }} }}]",
            toml(&h)
        );
        let one = case(&text, "");
        let end = steady_of(&one.lindblad);
        assert!(apart(&end, &gibbs(&h, beta)) < 1e-11, "seed {seed}");
        // All ordered pairs, at their rates: the populations of eigenstates leave at G/(1 + exp(beta (E_to - E_from))).
        let (energies, vectors) = eigenbasis(&one.lindblad.hamiltonian);
        let (from, to) = (n - 1, 0);
        let v = vectors.column(from) * vectors.column(from).adjoint();
        let image = one.lindblad.action(&v);
        let there = (vectors.column(to).adjoint() * image * vectors.column(to))[(0, 0)].re;
        near(
            there,
            rate / (1.0 + (beta * (energies[to] - energies[from])).exp()),
            1e-11,
            "rate",
        );
        assert_eq!(one.lindblad.jumps.len(), n * (n - 1));
    }
}

#[test]
fn dressed_jumps_of_a_degenerate_hamiltonian_end_there_too_and_are_fixed_by_it() {
    let double = |seed: u64| {
        // A rotated diag(1, 1, 1, 3, 3).
        let mut next = random(seed);
        let u = random_matrix(5, 1.0, &mut next).qr().q();
        let energies = [1.0, 1.0, 1.0, 3.0, 3.0].map(|e| c(e, 0.0));
        &u * Matrix::from_diagonal(&nalgebra::DVector::from_row_slice(&energies)) * u.adjoint()
    };
    for h in [
        double(1),
        double(2),
        Matrix::identity(3, 3),
        b1([2.0, 2.0], 0.1, "").lindblad.hamiltonian.matrix(),
    ] {
        let h = (&h + h.adjoint()) * c(0.5, 0.0);
        let n = h.nrows();
        let text = format!(
            "dimension = {n}\nhamiltonian = {}\njumps = [{{ dressed = {{ beta = 0.8, rate = 0.5 }} }}]",
            toml(&h)
        );
        let one = case(&text, "");
        let end = steady_of(&one.lindblad);
        assert!(apart(&end, &gibbs(&h, 0.8)) < 1e-11, "{end} {h}");
        let (energies, v) = eigenbasis(&one.lindblad.hamiltonian);
        assert!(apart(&(v.adjoint() * &v), &Matrix::identity(n, n)) < 1e-12);
        let diagonal: Vec<C> = energies.iter().map(|&e| c(e, 0.0)).collect();
        let diagonal = Matrix::from_diagonal(&nalgebra::DVector::from_vec(diagonal));
        assert!(apart(&(&v * diagonal * v.adjoint()), &h) < 1e-12);
        // The basis does not depend on the last digits of H.
        let nudged = &h + Matrix::identity(n, n) * c(1e-15, 0.0);
        let (_, other) = eigenbasis(&Operator::from_matrix(&nudged));
        assert!(apart(&v, &other) < 1e-10, "{v} {other}");
    }
}
