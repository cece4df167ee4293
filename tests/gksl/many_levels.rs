//! Steady states of more than 40 levels, by the entries of the generator that are not 0, against closed forms.

use super::quantum::*;

/// sqrt(1), sqrt(2), ... above the diagonal, or below it.
fn lowering(n: usize, raises: bool) -> String {
    let entry = |i: usize, j: usize| match raises {
        false if j == i + 1 => (j as f64).sqrt(),
        true if i == j + 1 => (i as f64).sqrt(),
        _ => 0.0,
    };
    let rows = (0..n).map(|i| {
        let row: Vec<String> = (0..n).map(|j| format!("{:?}", entry(i, j))).collect();
        format!("[{}]", row.join(", "))
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(", "))
}

fn elements(elements: impl Iterator<Item = (usize, usize, f64)>) -> String {
    let elements = elements.map(|(i, j, value)| format!("[{i}, {j}, {value:?}]"));
    format!(
        "hamiltonian.elements = [{}]",
        elements.collect::<Vec<_>>().join(", ")
    )
}

fn populations(rho: &Matrix) -> Vec<f64> {
    rho.diagonal().iter().map(|p| p.re).collect()
}

#[track_caller]
fn all_near(found: &[f64], wanted: impl Iterator<Item = f64>, tolerance: f64) {
    for (k, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        near(*found, wanted, tolerance, &format!("level {k}"));
    }
}

/// A cavity that is driven and leaks ends in a coherent state, alpha = F/(i kappa/2 - Delta), whose populations are Poisson's.
#[test]
fn a_driven_cavity_ends_in_a_coherent_state() {
    let (detuning, drive, kappa) = (0.4, 0.9, 1.3);
    let share = drive * drive / (detuning * detuning + 0.25 * kappa * kappa);
    for n in [41, 60, 100] {
        let own = (0..n).map(|i| (i, i, detuning * i as f64));
        let links = (0..n - 1).map(|i| (i, i + 1, drive * ((i + 1) as f64).sqrt()));
        let parameters = format!(
            "dimension = {n}\n{}\njumps = [{{ rate = {kappa}, matrix = {{ re = {} }} }}]",
            elements(own.chain(links)),
            lowering(n, false)
        );
        let (rho, nullity) = case(&parameters, "").steady();
        assert_eq!(nullity, 1);
        let poisson = (0..n).scan((-share).exp(), |p, k| {
            let now = *p;
            *p *= share / (k + 1) as f64;
            Some(now)
        });
        all_near(&populations(&rho), poisson, 1e-13);
        near((&rho * &rho).trace().re, 1.0, 1e-12, "purity");
        let alpha = c(drive, 0.0) / c(-detuning, 0.5 * kappa);
        let first = rho[(1, 0)] / rho[(0, 0)];
        near(first.re, alpha.re, 1e-12, "alpha");
        near(first.im, alpha.im, 1e-12, "alpha");
    }
}

/// Of a warm cavity the populations fall by nbar/(1 + nbar), down to what is hardly there.
#[test]
fn a_warm_cavity_has_its_temperature() {
    let (n, nbar) = (64_i32, 0.3);
    let parameters = format!(
        "dimension = {n}\njumps = [{{ rate = {}, matrix = {{ re = {} }} }}, {{ rate = {nbar}, matrix = {{ re = {} }} }}]",
        1.0 + nbar,
        lowering(n as usize, false),
        lowering(n as usize, true)
    );
    let (rho, nullity) = case(&parameters, "").steady();
    assert_eq!(nullity, 1);
    let ratio: f64 = nbar / (1.0 + nbar);
    let first = (1.0 - ratio) / (1.0 - ratio.powi(n));
    all_near(
        &populations(&rho),
        (0..n).map(|k| first * ratio.powi(k)),
        1e-14,
    );
}

/// Rates from 1 to 1e-9 along a ladder: each level has half of the one before, however slowly it is reached.
#[test]
fn slow_rungs_of_a_ladder_count() {
    let n = 50;
    let rungs = (0..n - 1).map(|i| {
        let rate = 10_f64.powi(-(i % 10));
        format!(
            "{{ from = {i}, to = {}, rate = {rate:e} }}, {{ from = {}, to = {i}, rate = {:e} }}",
            i + 1,
            i + 1,
            2.0 * rate
        )
    });
    let parameters = format!(
        "dimension = {n}\njumps = [{}]",
        rungs.collect::<Vec<_>>().join(", ")
    );
    let (rho, nullity) = case(&parameters, "").steady();
    assert_eq!(nullity, 1);
    let whole = 2.0 * (1.0 - 0.5_f64.powi(n));
    all_near(
        &populations(&rho),
        (0..n).map(|k| 0.5_f64.powi(k) / whole),
        1e-12,
    );
}

/// Two chains of 25 levels that lose their phases.
fn chains(bridge: &str) -> String {
    let links = (0..24).flat_map(|i| [(i, i + 1, 1.0), (25 + i, 26 + i, 1.0)]);
    format!(
        "dimension = 50\n{}\njumps = [{{ dephasing = 0.3 }}{bridge}]",
        elements(links)
    )
}

#[test]
fn a_slow_bridge_decides_and_no_bridge_leaves_two_ends() {
    let bridge = ", { from = 5, to = 40, rate = 1e-9 }, { from = 40, to = 5, rate = 3e-9 }";
    let (rho, nullity) = case(&chains(bridge), "").steady();
    assert_eq!(nullity, 1);
    let wanted = (0..50).map(|k| if k < 25 { 0.75 } else { 0.25 } / 25.0);
    all_near(&populations(&rho), wanted, 1e-12);

    let apart = case(
        &chains(""),
        "[initial]\nrho = { basis = 30 }\n[time]\nstop = 1.0\n",
    );
    let (rho, nullity) = apart.steady();
    assert_eq!(nullity, 2);
    let wanted = (0..50).map(|k| if k < 25 { 0.0 } else { 0.04 });
    all_near(&populations(&rho), wanted, 1e-12);
    let unknown = case(&chains(""), "").lindblad.steady_state(None);
    let told = unknown.expect_err("two ends").to_string();
    assert!(told.contains("2 dimensions"), "{told}");
}

#[test]
fn without_links_every_population_rests() {
    for jumps in ["[]", "[{ dephasing = 1.0 }]"] {
        let own = (0..45).map(|i| (i, i, 0.1 * (i * i) as f64));
        let parameters = format!("dimension = 45\n{}\njumps = {jumps}", elements(own));
        let rest = "[initial]\nrho = { basis = 7 }\n[time]\nstop = 1.0\n";
        let (rho, nullity) = case(&parameters, rest).steady();
        assert_eq!(nullity, 45, "{jumps}");
        let wanted = (0..45).map(|k| if k == 7 { 1.0 } else { 0.0 });
        all_near(&populations(&rho), wanted, 1e-12);
    }
}

#[test]
fn too_many_levels_are_refused() {
    let told = case("dimension = 200\njumps = [{ dephasing = 1.0 }]", "").lindblad;
    let told = told.steady_state(None).expect_err("too many").to_string();
    assert!(told.contains("128 levels are the most"), "{told}");
}

/// The entries are those of the matrix, which plain algebra checks elsewhere.
#[test]
fn the_entries_are_those_of_the_matrix() {
    let superoperator = format!(
        "allow_nonpositive = true\nsuperoperator.re = [{}]",
        (0..9)
            .map(|i| {
                let row: Vec<String> = (0..9)
                    .map(|j| {
                        format!(
                            "{:?}",
                            f64::from((i == 4 && j == 0) as u8)
                                - f64::from((i == 0 && j == 0) as u8)
                        )
                    })
                    .collect();
                format!("[{}]", row.join(", "))
            })
            .collect::<Vec<_>>()
            .join(", ")
    );
    for more in [
        "jumps = [{ from = 0, to = 2, rate = 0.7 }, { dephasing = 0.2 }, { dressed = { beta = 0.6, rate = 1.1 } }]",
        "jumps = [{ rate = 0.4, matrix = { re = [[0.1, 1.0, 0.0], [0.0, 0.3, -2.0], [0.5, 0.0, 0.0]], im = [[0.0, 0.2, 0.7], [0.0, 0.0, 1.0], [0.0, -1.0, 0.4]] } }]",
        superoperator.as_str(),
    ] {
        let parameters = format!(
            "dimension = 3\nhamiltonian.elements = [[0, 0, 1.0, 0.0], [0, 1, 0.4, -0.3], [1, 2, 0.8, 0.0]]\n{more}"
        );
        let lindblad = case(&parameters, "").lindblad;
        let (rows, matrix) = (lindblad.rows(), lindblad.generator());
        assert_eq!(rows.dim(), 9);
        for (place, wanted) in matrix.iter().enumerate() {
            near(rows.entry(place / 9, place % 9), *wanted, 1e-15, more);
        }
    }
}
