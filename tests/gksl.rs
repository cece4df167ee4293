//! The GKSL family against mathematics: printed reference cases, closed forms, and plain algebra beside the fast paths.

#[path = "gksl/many_levels.rs"]
mod many_levels;
#[path = "gksl/paths.rs"]
mod paths;
#[path = "common/quantum.rs"]
mod quantum;
#[path = "gksl/statements.rs"]
mod statements;

use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

use nullcline::models::gksl::C;
use quantum::*;

/// 1/(1 + e^-2)
const X: f64 = 0.880_797_077_977_882_3;
/// Half a unit of the last printed digit: twelve, and ten digits.
const TWELVE: f64 = 0.6e-12;
const TEN: f64 = 0.6e-10;

const SPECTRUM: &str = "[analysis.spectrum]\n";

/// Populations of a state.
fn populations(rho: &Matrix) -> Vec<f64> {
    (0..rho.nrows()).map(|i| rho[(i, i)].re).collect()
}

/// tr rho^2
fn purity(rho: &Matrix) -> f64 {
    (rho * rho).trace().re
}

/// Largest difference of two matrices' entries.
fn apart(a: &Matrix, b: &Matrix) -> f64 {
    (a - b).iter().map(|v| v.norm()).fold(0.0, f64::max)
}

// ---- the printed cases

#[test]
fn q1_is_a_passive_qubit_on_its_way_to_the_classical_equilibrium() {
    let start = "[initial]\nrho = { pure = { re = [0.7071067811865476, 0.7071067811865476] } }\n";
    let rest = format!("{start}{SPECTRUM}[analysis.agency]\n");
    let sigma = "{ matrix = { re = [[1.0, 0.0], [0.0, -1.0]] }, rate = 0.1 }";
    let forms = [
        format!("{{ from = 0, to = 1, rate = 0.5, gain = 0.5, lambda = 4.0 }}, {sigma}"),
        format!(
            "{{ from = 0, to = 1, rate = {:?} }}, {{ from = 1, to = 0, rate = {:?} }}, {{ dephasing = 0.2 }}",
            0.5 * X,
            0.5 * (1.0 - X)
        ),
    ];
    for jumps in forms {
        let parameters = format!(
            "dimension = 2\nhamiltonian = {{ builder = \"qubit\", h_z = 1.0 }}\njumps = [{jumps}]"
        );
        let q1 = case(&parameters, &rest);
        let times = [0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 200.0];
        let states = q1.states(&times);
        let printed = [
            0.5,
            0.415767984543,
            0.350168024945,
            0.259290338268,
            0.150460649644,
        ];
        let printed = printed.into_iter().chain([0.121768712551, 0.119202922022]);
        for ((rho, p), t) in states.iter().zip(printed).zip(times) {
            near(rho[(0, 0)].re, p, TWELVE, &format!("rho_00({t})"));
        }
        let coherences = [
            (1, c(0.350381954485, -0.191414534131)),
            (2, c(0.172255980304, -0.268272794343)),
            (3, c(-0.084596338869, -0.184846372714)),
        ];
        for (sample, printed) in coherences {
            near_c(states[sample][(0, 1)], printed, TWELVE, "rho_01");
        }
        let diffidences = [
            (0, std::f64::consts::LN_2),
            (2, 0.2287940732),
            (3, 0.0935183688),
            (4, 0.0068996110),
            (5, 0.0000805862),
            (6, 0.0),
        ];
        for (sample, printed) in diffidences {
            let found = q1.observe("diffidence", &states[sample])[0];
            near(
                found,
                printed,
                TEN,
                &format!("diffidence({})", times[sample]),
            );
        }
        let (end, nullity) = q1.steady();
        near(end[(0, 0)].re, 1.0 - X, 1e-14, "rho_00 at the end");
        near(purity(&end), 0.7900128292, TEN, "purity at the end");
        assert_eq!(nullity, 1);
        let [spectrum, agency] = &q1.findings()[..] else {
            panic!()
        };
        let wanted = [c(0.0, 0.0), c(-0.5, 0.0), c(-0.45, 1.0), c(-0.45, -1.0)];
        same_set(&eigenvalues(spectrum), &wanted, 1e-13);
        assert_eq!(numbers(agency, "index"), [0.0]);
        assert_eq!(numbers(agency, "escape"), [0.0]);
    }
}

/// The dilemma P1 by three ways of saying it.
fn p1(rest: &str) -> [quantum::Case; 3] {
    let head = "dimension = 4\nhamiltonian.re = [[2.0, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 2.5, 0], [0, 0, 0, 1.0]]\n";
    let start = format!(
        "[initial]\nrho = {{ mixed = {{ re = [{}] }} }}\n",
        ["[0.25, 0.25, 0.25, 0.25]"; 4].join(", ")
    );
    let moves = [(0, 2), (1, 3), (0, 1), (2, 3)];
    let logistic = moves.map(|(from, to)| {
        format!("{{ from = {from}, to = {to}, rate = 1.0, gain = 0.5, lambda = 4.0 }}")
    });
    let plain = moves.map(|(from, to)| {
        let back = 1.0 - X;
        format!("{{ from = {from}, to = {to}, rate = {X:?} }}, {{ from = {to}, to = {from}, rate = {back:?} }}")
    });
    let forms = [
        "dilemma = { payoffs = [1.5, 1.0, 0.5, 0.0], lambda = 4.0 }".to_string(),
        format!("jumps = [{}]", logistic.join(", ")),
        format!("jumps = [{}]", plain.join(", ")),
    ];
    forms.map(|form| case(&format!("{head}{form}"), &format!("{start}{rest}")))
}

#[test]
fn p1_is_a_passive_dilemma_however_it_is_said() {
    let cases = p1(SPECTRUM);
    let times = [1.0, 5.0, 40.0];
    let all = cases.each_ref().map(|one| one.states(&times));
    for states in &all {
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
        ];
        for (rho, printed) in states.iter().zip(printed) {
            for (level, (p, printed)) in populations(rho).iter().zip(printed).enumerate() {
                near(*p, printed, TWELVE, &format!("population {level}"));
            }
        }
        near_c(
            states[0][(0, 1)],
            c(0.004445445931, -0.062687099928),
            TWELVE,
            "rho_01",
        );
    }
    for (other, case) in all[1..].iter().zip(&cases[1..]) {
        for (a, b) in all[0].iter().zip(other) {
            assert!(apart(a, b) < 1e-14, "{:e}", apart(a, b));
        }
        assert_eq!(case.lindblad.jumps.len(), 8);
    }
    let (low, high) = (-0.6192029220, -1.3807970780);
    let mut wanted = vec![c(0.0, 0.0), c(-1.0, 0.0), c(-1.0, 0.0), c(-2.0, 0.0)];
    for (re, im) in [
        (low, 0.5),
        (low, 1.5),
        (high, 0.5),
        (high, 1.5),
        (-1.0, 1.0),
        (-1.0, 2.0),
    ] {
        wanted.extend([c(re, im), c(re, -im)]);
    }
    for one in &cases {
        same_set(&eigenvalues(&one.findings()[0]), &wanted, TEN);
        let (end, nullity) = one.steady();
        let p = populations(&end);
        for (p, printed) in p.iter().zip([
            0.014209336619,
            0.104993585404,
            0.104993585404,
            0.775803492574,
        ]) {
            near(*p, printed, TWELVE, "steady population");
        }
        near(p[2] + p[3], X, 1e-14, "own D");
        assert_eq!(nullity, 1);
    }
}

/// Two contexts with these frequencies of own choice, dephased at rate kappa.
fn b1(omega: [f64; 2], kappa: f64, rest: &str) -> quantum::Case {
    let parameters = format!(
        "dimension = 4\nhamiltonian = {{ builder = \"conditional-rabi\", omega = {omega:?} }}\n\
         jumps = [{{ matrix = {{ re = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0, 0, 0, -1]] }}, rate = {:?} }}]",
        0.5 * kappa
    );
    let start = format!(
        "[initial]\nrho = {{ pure = {{ re = [{FRAC_1_SQRT_2:?}, {FRAC_1_SQRT_2:?}, 0.0, 0.0] }} }}"
    );
    let choices = "[model.choices]\ncooperate = [0, 1]\ndefect = [2, 3]";
    case(&parameters, &format!("{choices}\n{start}\n{rest}"))
}

#[test]
fn b1_beats_as_its_closed_form_does() {
    let rest = "[analysis.spectrum]\n[analysis.beats]\nobservable = \"cooperate\"\nnodes = 6\n[analysis.steady-state]\n";
    let (kappa, omega) = (0.1, [6.0, 5.4]);
    let b1 = b1(omega, kappa, rest);
    let w = omega.map(|o: f64| (o * o - 0.25 * kappa * kappa).sqrt());
    near(w[0], 5.999791663050, TWELVE, "first frequency");
    near(w[1], 5.399768513557, TWELVE, "second frequency");
    let f = |w: f64, t: f64| {
        (-0.5 * kappa * t).exp() * ((w * t).cos() + 0.5 * kappa / w * (w * t).sin())
    };
    let p = |t: f64| 0.5 * (1.0 + 0.5 * f(w[0], t) + 0.5 * f(w[1], t));
    let times: Vec<f64> = (0..=80).map(|k| 0.25 * f64::from(k)).collect();
    let states = b1.states(&times);
    for (t, rho) in times.iter().zip(&states) {
        near(
            b1.observe("choice", rho)[0],
            p(*t),
            1e-12,
            &format!("P(own C) at {t}"),
        );
    }
    let printed = [
        (0.5, 0.039442761833),
        (1.0, 0.876957696512),
        (2.0, 0.643708417048),
        (5.0, 0.473289877614),
        (10.0, 0.228376295536),
        (20.0, 0.611261986025),
    ];
    for (t, printed) in printed {
        let rho = &states[(t * 4.0) as usize];
        near(
            b1.observe("choice", rho)[0],
            printed,
            TWELVE,
            &format!("P(own C) at {t}"),
        );
    }
    let [spectrum, beats, end] = &b1.findings()[..] else {
        panic!()
    };
    let mut wanted = vec![c(0.0, 0.0), c(0.0, 0.0), c(-0.1, 0.0), c(-0.1, 0.0)];
    let pairs = [
        5.9997916630,
        5.3997685136,
        5.6997806975,
        5.6997806975,
        0.2958039892,
        0.2958039892,
    ];
    for im in pairs {
        wanted.extend([c(-0.05, im), c(-0.05, -im)]);
    }
    same_set(&eigenvalues(spectrum), &wanted, TEN);
    assert_eq!(numbers(spectrum, "multiplicity"), [2.0]);
    assert_eq!(numbers(end, "nullity"), [2.0]);
    let period = TAU / (w[0] - w[1]);
    near(period, 10.471571492685, TWELVE, "period by the formula");
    let [found] = numbers(beats, "period")[..] else {
        panic!("one pair")
    };
    near(found, period, 1e-9, "period");
    near(numbers(beats, "frequency_1")[0], w[0], 1e-11, "frequency_1");
    near(numbers(beats, "frequency_2")[0], w[1], 1e-11, "frequency_2");
    let nodes = numbers(beats, "node_times");
    assert_eq!(nodes.len(), 6);
    for (n, node) in nodes.iter().enumerate() {
        near(
            *node,
            0.5 * period + n as f64 * period,
            1e-9,
            &format!("node {n}"),
        );
        near(
            *node,
            5.235785746 + n as f64 * 10.471571492685,
            1e-9,
            &format!("printed node {n}"),
        );
    }
    // 2 min/(sum) with A = (1 - i kappa/(2 w))/8 each; half a beat needs |dw|/(2 pi g) >= 1/2.
    let size = w.map(|w| (1.0_f64 + (0.5 * kappa / w).powi(2)).sqrt());
    near(
        numbers(beats, "visibility")[0],
        2.0 * size[0].min(size[1]) / (size[0] + size[1]),
        1e-10,
        "visibility",
    );
    near(
        numbers(beats, "beats_before_decay")[0],
        (w[0] - w[1]) / (TAU * 0.05),
        1e-9,
        "beats",
    );
    assert_eq!(numbers(beats, "resolved"), [1.0]);
    // The minima of |A_1 e^(l_1 t) + A_2 e^(l_2 t)| with equal decay: opposite phases of A = (1 - i kappa/(2 w))/8, but for a share
    // of (|A_1| - |A_2|)^2.
    let turn = (0.5 * kappa / w[0]).atan() - (0.5 * kappa / w[1]).atan();
    let minima = numbers(beats, "envelope_minima");
    for (n, minimum) in minima.iter().enumerate() {
        let wanted = (PI + turn) / (w[0] - w[1]) + n as f64 * period;
        near(*minimum, wanted, 1e-8, &format!("envelope minimum {n}"));
    }
    // The twin in time knows nothing of the modes; it is right within a carrier period.
    near(
        numbers(beats, "twin_minimum")[0],
        0.5 * period,
        TAU / 5.7,
        "twin",
    );
    // Own choice is forgotten, the context is not: |D_other> and |C_other> keep a half each.
    let (rho, nullity) = b1.steady();
    assert_eq!(nullity, 2);
    let wanted = Matrix::from_fn(4, 4, |i, j| c(if i == j { 0.25 } else { 0.0 }, 0.0));
    let late = &b1.states(&[1000.0])[0];
    assert!(apart(&rho, late) < 1e-11, "{rho} {late}");
    near(apart(&rho, &wanted), 0.0, 1e-11, "even");
}

#[test]
fn b1_remembers_its_start_in_a_null_space_of_two_dimensions() {
    let text = "dimension = 4\nhamiltonian = { builder = \"conditional-rabi\", omega = [6.0, 5.4] }\n\
         jumps = [{ matrix = { re = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0, 0, 0, -1]] }, rate = 0.05 }]";
    let start = "[initial]\nrho = { mixed = { re = [[0.5, 0.1, 0, 0], [0.1, 0.2, 0, 0], [0, 0, 0.2, 0], [0, 0, 0, 0.1]] } }";
    let (end, nullity) = case(text, start).steady();
    assert_eq!(nullity, 2);
    for (level, p) in populations(&end).iter().enumerate() {
        near(
            *p,
            [0.35, 0.15][level % 2],
            1e-12,
            "the context keeps its probability",
        );
    }
    let without = case(text, "")
        .lindblad
        .steady_state(None)
        .expect_err("not unique");
    assert!(without.to_string().contains("not unique"), "{without}");
    // Equal frequencies keep the coherence between the contexts too.
    assert_eq!(b1([6.0, 6.0], 0.1, "").steady().1, 4);
}

#[test]
fn b1_has_an_exceptional_point_at_half_the_dephasing() {
    let at = |omega: f64| {
        let text = format!(
            "dimension = 2\nhamiltonian = {{ builder = \"qubit\", h_perp = {omega:?} }}\njumps = [{{ dephasing = 0.1 }}]"
        );
        let mut found = case(&text, SPECTRUM).findings();
        found.remove(0)
    };
    let told = |found: &nullcline::prelude::Findings| {
        found
            .remarks
            .iter()
            .any(|r| r.contains("exceptional point"))
    };
    let below = at(0.04);
    same_set(
        &eigenvalues(&below),
        &[c(0.0, 0.0), c(-0.1, 0.0), c(-0.08, 0.0), c(-0.02, 0.0)],
        1e-12,
    );
    assert!(!told(&below), "{:?}", below.remarks);
    let above = at(0.06);
    let pair = [c(-0.05, 0.0331662479), c(-0.05, -0.0331662479)];
    same_set(
        &eigenvalues(&above),
        &[c(0.0, 0.0), c(-0.1, 0.0), pair[0], pair[1]],
        TEN,
    );
    assert!(!told(&above), "{:?}", above.remarks);
    // A double eigenvalue is found to half of the digits, the mean of the two to all.
    let exceptional = at(0.05);
    let found = eigenvalues(&exceptional);
    let double: Vec<C> = found
        .iter()
        .copied()
        .filter(|v| (v - c(-0.05, 0.0)).norm() < 1e-8)
        .collect();
    assert_eq!(double.len(), 2, "{found:?}");
    near_c(
        (double[0] + double[1]) * 0.5,
        c(-0.05, 0.0),
        1e-14,
        "mean of the two",
    );
    assert!(told(&exceptional), "{:?}", exceptional.remarks);
    assert!(numbers(&exceptional, "condition")[0] > 1e6);
    // As one of the blocks of B1.
    let whole = b1([0.05, 5.4], 0.1, SPECTRUM).findings().remove(0);
    assert!(numbers(&whole, "condition")[0] > 1e6 && told(&whole));
}

const N1: [(f64, [f64; 6], (f64, f64)); 3] = [
    (
        0.1,
        [
            0.896566374704,
            0.032939296056,
            0.010617579802,
            0.029097008722,
            0.023138268324,
            0.007641472391,
        ],
        (-0.113134846897, -0.041590694795),
    ),
    (
        1.0,
        [
            0.072880627598,
            0.140361437474,
            0.102589156647,
            0.389940317410,
            0.207373811509,
            0.086854649363,
        ],
        (-0.076921508020, -0.027608734841),
    ),
    (
        5.0,
        [
            0.232919455358,
            0.104266452931,
            0.162303413546,
            0.247163544446,
            0.091519554945,
            0.161827578773,
        ],
        (-0.022222072458, -0.078116904601),
    ),
];

#[test]
fn n1_has_six_levels_and_complex_jumps() {
    let n1 = n1(SPECTRUM);
    let h = n1_hamiltonian();
    near_c(h[(0, 0)], c(0.841470984807897, 0.0), 1e-15, "H_00");
    near_c(
        h[(0, 1)],
        c(-0.518108996753427, 0.909288521667437),
        1e-15,
        "H_01",
    );
    let s = stacked(&h, &n1_jumps());
    near_c(s.trace(), c(-40.1474341780, 0.0), TEN, "tr S");
    let generator = n1.lindblad.generator();
    near(
        (0..36).map(|k| generator[37 * k]).sum(),
        -40.1474341780,
        TEN,
        "trace of the generator",
    );
    let found = eigenvalues(&n1.findings()[0]);
    near(
        found.iter().map(|v| v.re).sum(),
        -40.1474341780,
        TEN,
        "sum of eigenvalues",
    );
    let slowest = [
        c(0.0, 0.0),
        c(-0.1436543782, 0.3287994927),
        c(-0.1436543782, -0.3287994927),
        c(-0.1630748882, 0.0),
        c(-0.4256860578, 1.5257112960),
        c(-0.4256860578, -1.5257112960),
        c(-0.4355293720, 1.2011814172),
        c(-0.4355293720, -1.2011814172),
        c(-0.5458847814, 0.0),
        c(-0.6166265342, 2.4954191183),
        c(-0.6166265342, -2.4954191183),
    ];
    for (found, printed) in found.iter().zip(slowest) {
        near_c(*found, printed, TEN, "eigenvalue");
    }
    same_set(
        &found,
        s.clone().schur().unpack().1.diagonal().as_slice(),
        1e-11,
    );
    let states = n1.states(&N1.map(|(t, ..)| t));
    for ((t, p, (re, im)), rho) in N1.iter().zip(&states) {
        for (level, (found, printed)) in populations(rho).iter().zip(p).enumerate() {
            near(*found, *printed, TWELVE, &format!("p_{level}({t})"));
        }
        near_c(rho[(0, 1)], c(*re, *im), TWELVE, &format!("rho_01({t})"));
        let mut start = Matrix::zeros(6, 6);
        start[(0, 0)] = c(1.0, 0.0);
        let plain = applied(&(&s * c(*t, 0.0)).exp(), &start);
        assert!(apart(rho, &plain) < 1e-12, "{:e}", apart(rho, &plain));
    }
    let (end, nullity) = n1.steady();
    assert_eq!(nullity, 1);
    let printed = [
        0.213106902808,
        0.112793981633,
        0.188650698849,
        0.237155780463,
        0.090255327896,
        0.158037308351,
    ];
    for (found, printed) in populations(&end).iter().zip(printed) {
        near(*found, printed, TWELVE, "steady population");
    }
    near_c(
        end[(0, 1)],
        c(-0.013268764809, -0.074969090309),
        TWELVE,
        "steady rho_01",
    );
    near(purity(&end), 0.4017069618, TEN, "steady purity");
    assert!(apart(&end, &steady(&s)) < 1e-12);
}

#[test]
fn the_closed_dilemma_of_pothos_and_busemeyer_has_its_disjunction_effect() {
    let h = FRAC_1_SQRT_2;
    let starts = [
        // The other defects, cooperates, does not tell; levels CC, CD, DC, DD, own first.
        ([0.0, h, 0.0, h], 0.805_711_284_192_479_4, 0.81),
        ([h, 0.0, h, 0.0], 0.648_738_165_813_603_7, 0.65),
        ([0.5; 4], 0.565_281_350_688_503_2, 0.57),
    ];
    for (psi, printed, published) in starts {
        for builder in [
            "builder = \"pothos-busemeyer\"",
            "builder = \"pothos-busemeyer\", mu = 0.51, gamma = 2.09",
        ] {
            let text = format!("dimension = 4\nhamiltonian = {{ {builder} }}");
            let closed = case(
                &text,
                &format!("[initial]\nrho = {{ pure = {{ re = {psi:?} }} }}"),
            );
            let rho = &closed.states(&[0.5 * PI])[0];
            let defect = rho[(2, 2)].re + rho[(3, 3)].re;
            near(defect, printed, 1e-13, "P(D)");
            near(defect, published, 0.005, "published");
            near(purity(rho), 1.0, 1e-12, "a closed system stays pure");
        }
    }
}

#[test]
fn busemeyers_two_states_are_no_states() {
    let system = |g: [[f64; 2]; 2], more: &str| {
        // w = 1/2 of the jumps and 1 - w of the Hamiltonian [[0, 1], [1, 1]].
        let half = g.map(|row| row.map(|g| 0.5 * g));
        format!(
            "dimension = 2\nhamiltonian.re = [[0.0, 0.5], [0.5, 0.5]]\njumps = [{{ coefficients = {half:?} }}]\n{more}"
        )
    };
    let rest = "[initial]\nrho = { basis = 0 }";
    let k = |a: f64, b: f64| [[-b, a], [b, -a]];
    let allow = "allow_nonpositive = true";
    let told = refusal(&system(k(1.0, 3.0), ""), rest);
    assert!(
        told.contains("not completely positive")
            && told.contains("-1.0000000000")
            && told.contains("allow_nonpositive"),
        "{told}"
    );
    let bad = case(&system(k(1.0, 3.0), allow), rest);
    let spectrum = nullcline::models::gksl::positivity_spectrum(&bad.lindblad);
    assert_eq!(spectrum.len(), 3);
    for (found, wanted) in spectrum.iter().zip([-1.0, 0.5, 1.5]) {
        near(*found, wanted, 1e-13, "P C P of G = K");
    }
    let states = bad.states(&[1.0, 2.0, 5.0, 200.0]);
    for (rho, printed) in states
        .iter()
        .zip([0.682130412521, 0.695114379762, 0.614414993178])
    {
        near(rho[(1, 1)].re, printed, TWELVE, "rho_11");
    }
    for end in [&states[3], &bad.steady().0] {
        near(end[(1, 1)].re, 0.75, 1e-12, "limit of rho_11");
        near_c(end[(1, 0)], c(0.5, 0.0), 1e-12, "limit of rho_10");
        near(smallest(end), -0.0590169944, TEN, "smallest eigenvalue");
        near(
            smallest(end),
            0.5 - 5_f64.sqrt() / 4.0,
            1e-12,
            "smallest eigenvalue",
        );
    }
    // a = 1, b = 2: its limit is a state, its semigroup is not completely positive.
    let told = refusal(&system(k(1.0, 2.0), ""), rest);
    assert!(told.contains("not completely positive"), "{told}");
    let bad = case(&system(k(1.0, 2.0), allow), rest);
    let end = bad.steady().0;
    near(end[(1, 1)].re, 2.0 / 3.0, 1e-12, "limit of rho_11");
    near_c(end[(1, 0)], c(1.0 / 3.0, 0.0), 1e-12, "limit of rho_10");
    assert!(smallest(&end) > 0.0);
    let image = |k: usize, l: usize| {
        let mut unit = Matrix::zeros(2, 2);
        unit[(k, l)] = c(1.0, 0.0);
        let (even, odd) = (
            (&unit + unit.adjoint()) * c(0.5, 0.0),
            (&unit - unit.adjoint()) * c(0.0, -0.5),
        );
        let sent = |a: &Matrix| {
            matrix(
                2,
                &flow(
                    bad.system.as_ref(),
                    "exponential",
                    Some(1.0),
                    &coordinates(a),
                    &[1.0],
                )[0],
            )
        };
        sent(&even) + sent(&odd) * c(0.0, 1.0)
    };
    let mut choi = Matrix::zeros(4, 4);
    for (k, l) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        choi.view_mut((2 * k, 2 * l), (2, 2))
            .copy_from(&image(k, l));
    }
    // The page prints -0.338975526; thirty digits of arithmetic give this, 0.9e-9 beside it.
    near(
        smallest(&choi),
        -0.338975525083719,
        1e-13,
        "Choi minimum at t = 1",
    );
    near(
        smallest(&choi),
        -0.338975526,
        1e-9,
        "printed Choi minimum at t = 1",
    );
    // The accepted second form.
    let good = case(&system([[0.25, 0.25], [0.75, 0.75]], ""), rest);
    let spectrum = nullcline::models::gksl::positivity_spectrum(&good.lindblad);
    for (found, wanted) in spectrum.iter().zip([0.125, 0.25, 0.375]) {
        near(*found, wanted, 1e-13, "P C P of the second form");
    }
    let end = good.steady().0;
    near(end[(1, 1)].re, 7.0 / 12.0, 1e-13, "limit of rho_11");
    near_c(
        end[(1, 0)],
        c(1.0 / 12.0, 1.0 / 12.0),
        1e-13,
        "limit of rho_10",
    );
    assert!(good.lindblad.is_lindblad() && !bad.lindblad.is_lindblad());
}
