//! Dynamical Bayesian perception against closed forms, a density on a grid, and simulation.
//!
//! Numbers to nine digits are the reference cases of the family; those of the grid and the simulation come from methods that share no line with
//! the closed forms.

#[path = "bayesian_perception/density.rs"]
mod density;

use density::Density;
use nullcline::analysis::fit::{Search, fit};
use nullcline::models::bayesian_perception::{BayesianPerception, Memory, Perceiver, Rule, Trial};
use nullcline::noise::draws::Drawing;
use nullcline::noise::key::Key;
use nullcline::prelude::*;

/// Set A of the reference cases.
const A: Perceiver = Perceiver {
    prior_mean: 0.5,
    prior_variance: 0.04,
    noise_sd: 0.1,
    weber: 0.0,
    time_constant: 2.0,
    rule: Rule::Reference,
    carries: false,
    lapse: 0.0,
    logarithmic: false,
};

const RULES: [Rule; 3] = [Rule::Reference, Rule::Stored, Rule::Static];

fn with(rule: Rule) -> Perceiver {
    Perceiver { rule, ..A }
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected}"
    );
}

fn effect(perceiver: &Perceiver, a: f64, b: f64, gap: f64) -> f64 {
    perceiver.fresh(a, b, gap) + perceiver.fresh(b, a, gap) - 1.0
}

#[test]
fn gains_and_probabilities_are_those_of_the_table() {
    close(A.gain(0.04), 0.8, 1e-15);
    for (gap, rho, v, gain, w, share, p) in [
        (
            0.5,
            0.778800783,
            0.020591019,
            0.673106671,
            0.623040626,
            0.745415219,
            [0.701528783, 0.746376334, 0.730538812],
        ),
        (
            1.0,
            0.606530660,
            0.028227858,
            0.738410663,
            0.485224528,
            0.841338047,
            [0.668780196, 0.749733710, 0.697978619],
        ),
        (
            4.0,
            0.135335283,
            0.039413900,
            0.797627791,
            0.108268227,
            0.972611900,
            [0.542859046, 0.757500592, 0.553343262],
        ),
    ] {
        close(A.left(gap), rho, 1e-9);
        let drifted = A.drifted(0.2 * 0.04, A.left(gap));
        close(drifted, v, 1e-9);
        close(A.gain(drifted), gain, 1e-9);
        close(A.canonical(gap)[0], w, 1e-9);
        close(1.0 - (1.0 - A.gain(drifted)) * A.left(gap), share, 1e-9);
        for (rule, p) in RULES.into_iter().zip(p) {
            close(with(rule).fresh(0.4, 0.5, gap), p, 1e-9);
        }
    }
    for (s1, s2, p) in [
        (0.5, 0.4, [0.184144951, 0.229938715, 0.196270139]),
        (0.3, 0.3, [0.177153443, 0.447969385, 0.250521991]),
        (0.7, 0.7, [0.822846557, 0.552030615, 0.749478009]),
        (0.6, 0.8, [0.988166623, 0.938644527, 0.979644594]),
        (0.8, 0.6, [0.340917286, 0.099937577, 0.241724144]),
    ] {
        for (rule, p) in RULES.into_iter().zip(p) {
            close(with(rule).fresh(s1, s2, 1.0), p, 1e-9);
        }
    }
    let [w, noise] = with(Rule::Stored).canonical(1.0);
    close(w, 0.911512348, 1e-9);
    close(noise, 0.135309082, 1e-9);
    close(A.canonical(1.0)[1], 0.111150476, 1e-9);
    close(with(Rule::Static).canonical(1.0)[0], 0.606530660, 1e-9);
}

#[test]
fn time_order_effects_are_those_of_the_table() {
    let pairs = [(0.2, 0.3), (0.4, 0.5), (0.6, 0.8), (0.7, 0.8)];
    for (rule, effects) in [
        (
            Rule::Reference,
            [-0.653905096, -0.147074853, 0.329083908, 0.653905096],
        ),
        (
            Rule::Stored,
            [-0.101420205, -0.020327574, 0.038582104, 0.101420205],
        ),
        (
            Rule::Static,
            [-0.498021937, -0.105751242, 0.221368739, 0.498021937],
        ),
    ] {
        for ((a, b), expected) in pairs.into_iter().zip(effects) {
            close(effect(&with(rule), a, b, 1.0), expected, 1e-9);
        }
    }
}

#[test]
fn the_map_of_stored_percepts_is_that_of_the_table() {
    let perceiver = with(Rule::Stored);
    let map = perceiver.map(1.0);
    close(map[0][0], 0.8, 1e-15);
    close(map[0][1], 0.0, 0.0);
    close(map[1][0], 0.126929563, 1e-9);
    close(map[1][1], 0.738410663, 1e-9);
    close(map[0][0] * map[1][1], 0.590728530, 1e-9);
    for (z, u) in [
        ([0.4, 0.5], [0.42, 0.487307044]),
        ([0.5, 0.4], [0.5, 0.426158934]),
    ] {
        let percept = Memory::fresh(&perceiver)
            .judge(&perceiver, &trial(z[0], z[1], 1.0, 0.0))
            .percept;
        close(percept[0], u[0], 1e-9);
        close(percept[1], u[1], 1e-9);
    }
    let [b1, b2] = perceiver.weights(0.04, 1.0);
    close(0.1 * b1.hypot(b2), 0.099913669, 1e-9);
}

fn trial(first: f64, second: f64, gap: f64, pause: f64) -> Trial {
    Trial {
        first,
        second,
        gap,
        pause,
    }
}

/// A small grid of stimuli.
fn grid() -> impl Iterator<Item = (f64, f64)> {
    let levels = || (0..13).map(|k| 0.2 + 0.05 * f64::from(k));
    levels().flat_map(move |a| levels().map(move |b| (a, b)))
}

#[test]
fn without_drift_and_noise_on_the_first_there_is_no_effect() {
    let sharp = Perceiver {
        prior_variance: 1e12,
        time_constant: f64::INFINITY,
        ..A
    };
    close(sharp.canonical(3.0)[0], 1.0, 1e-12);
    for (a, b) in grid() {
        close(effect(&sharp, a, b, 3.0), 0.0, 1e-12);
    }
    // After a long time nothing of the first is left, or nothing of the belief about the second.
    close(A.canonical(1e3)[0], 0.0, 1e-12);
    close(with(Rule::Stored).canonical(1e3)[0], 1.0, 1e-12);
    // A gap of nothing, and no drift at all, are legal.
    close(A.left(0.0), 1.0, 0.0);
    let still = Perceiver {
        time_constant: f64::INFINITY,
        ..A
    };
    close(still.left(1e300), 1.0, 0.0);
}

#[test]
fn the_sign_of_the_effect_follows_prior_and_drift() {
    for rule in RULES {
        for mu in [0.0, 0.35, 0.5, 0.8, 1.1] {
            let perceiver = Perceiver {
                prior_mean: mu,
                ..with(rule)
            };
            let w = perceiver.canonical(1.0)[0];
            for (a, b) in grid().filter(|(a, b)| a < b) {
                let expected = (1.0 - w) * (0.5 * (a + b) - mu);
                let found = effect(&perceiver, a, b, 1.0);
                if expected.abs() > 1e-9 && found.abs() > 1e-13 {
                    assert_eq!(found.signum(), expected.signum(), "{rule:?} {mu} {a} {b}");
                }
            }
            close(perceiver.fresh(mu, mu, 1.0), 0.5, 1e-15);
        }
    }
}

#[test]
fn reflecting_everything_at_the_prior_reflects_judgements() {
    for rule in RULES {
        let perceiver = with(rule);
        for (a, b) in grid() {
            let mirrored = perceiver.fresh(1.0 - a, 1.0 - b, 0.7);
            close(perceiver.fresh(a, b, 0.7) + mirrored, 1.0, 1e-14);
        }
    }
}

#[test]
fn in_percepts_judgements_are_symmetric() {
    for rule in RULES {
        let perceiver = with(rule);
        let map = perceiver.map(1.0);
        let mu = perceiver.prior_mean;
        let judge = |u1: f64, u2: f64| {
            let z1 = (u1 - mu) / map[0][0];
            let z2 = (u2 - mu - map[1][0] * z1) / map[1][1];
            perceiver.fresh(mu + z1, mu + z2, 1.0)
        };
        for (a, b) in grid() {
            close(judge(a, b) + judge(b, a), 1.0, 1e-12);
            close(judge(a + 0.1, b + 0.1), judge(a, b), 1e-12);
            close(judge(a, a), 0.5, 1e-12);
        }
    }
}

#[test]
fn weber_noise_is_that_of_the_table() {
    // w = 0.8: the static rule with rho = 0.8.
    let perceiver = Perceiver {
        prior_mean: 0.4,
        noise_sd: 0.02,
        weber: 0.15,
        time_constant: -1.0 / 0.8_f64.ln(),
        rule: Rule::Static,
        ..A
    };
    for (a, b, p) in [
        (0.35, 0.45, 0.804368060),
        (0.45, 0.35, 0.185915175),
        (0.5, 0.7, 0.933690506),
        (0.7, 0.5, 0.155053103),
    ] {
        close(perceiver.fresh(a, b, 1.0), p, 1e-9);
    }
    let levels: Vec<f64> = (0..41).map(|k| 0.2 + 0.015 * f64::from(k)).collect();
    // Percepts (mu + w (z1 - mu), z2).
    let percepts = |u1: f64, u2: f64| perceiver.fresh(0.4 + (u1 - 0.4) / 0.8, u2, 1.0);
    let physical = |a: f64, b: f64| perceiver.fresh(a, b, 1.0);
    let residual = |judge: &dyn Fn(f64, f64) -> f64| {
        let all = levels
            .iter()
            .flat_map(|&a| levels.iter().map(move |&b| (a, b)));
        let all: Vec<f64> = all
            .map(|(a, b)| (judge(a, b) + judge(b, a) - 1.0).abs())
            .collect();
        (
            all.iter().sum::<f64>() / 1681.0,
            all.into_iter().fold(0.0, f64::max),
        )
    };
    let ((mean, most), (small, less)) = (residual(&physical), residual(&percepts));
    close(mean, 0.083476, 5e-7);
    close(most, 0.467829, 5e-7);
    close(small, 0.002782, 5e-7);
    close(less, 0.009797, 5e-7);
    assert!(mean / small > 10.0);
}

#[test]
fn on_the_logarithmic_scale_ratios_count() {
    let (r, s) = ([0.686893405, 0.157739838], [0.773855835, 0.204807951]);
    for (rule, expected) in [(Rule::Reference, r), (Rule::Stored, s)] {
        let perceiver = Perceiver {
            prior_mean: 0.5_f64.ln(),
            prior_variance: 0.16,
            noise_sd: 0.2,
            logarithmic: true,
            ..with(rule)
        };
        for ((a, b), p) in [(0.4, 0.5), (0.5, 0.4)].into_iter().zip(expected) {
            let (z1, z2) = (perceiver.internal(a), perceiver.internal(b));
            close(perceiver.fresh(z1, z2, 1.0), p, 1e-9);
        }
    }
}

const HISTORY: [(f64, f64); 4] = [(0.4, 0.5), (0.7, 0.6), (0.3, 0.3), (0.6, 0.8)];

#[test]
fn a_history_is_that_of_the_table() {
    let perceiver = Perceiver { carries: true, ..A };
    let mut memory = Memory::fresh(&perceiver);
    let known = [0.668780196, 0.514821514, 0.168564986, 0.989631922];
    for ((a, b), p) in HISTORY.into_iter().zip(known) {
        close(
            memory.judge(&perceiver, &trial(a, b, 1.0, 3.0)).p_second,
            p,
            1e-9,
        );
    }
    // The first trial knows no history; after a long pause none is left.
    for rule in RULES {
        let perceiver = Perceiver {
            carries: true,
            ..with(rule)
        };
        let mut memory = Memory::fresh(&perceiver);
        for (a, b) in HISTORY {
            let judged = memory.judge(&perceiver, &trial(a, b, 1.0, 1e4));
            close(judged.p_second, perceiver.fresh(a, b, 1.0), 1e-15);
            // What decides is the difference of percepts.
            let signal = judged.percept[1] - judged.percept[0];
            assert_eq!(signal > 0.0, judged.p_second > 0.5);
        }
    }
}

#[test]
fn a_density_on_a_grid_ends_with_the_same_belief() {
    let mut density = Density::normal(0.5, 0.04);
    density.measure(0.4);
    let judged = Memory::fresh(&A).judge(&A, &trial(0.4, 0.6, 1.0, 0.0));
    let [mean, variance] = density.moments();
    close(mean, judged.means[0], 1e-5);
    close(variance, judged.variances[0], 1e-5);
    density.drift(1.0);
    let [mean, variance] = density.moments();
    println!("drifted: {mean} {variance}");
    close(mean, 0.5 + A.left(1.0) * (judged.means[0] - 0.5), 1e-4);
    close(variance, 0.028227858, 1e-4);
    density.measure(0.6);
    let [mean, variance] = density.moments();
    close(mean, judged.means[1], 1e-4);
    close(variance, judged.variances[1], 1e-4);
}

/// The family's map or flow for a table of trials.
fn built(dynamics: &str, perceiver: &[(&str, Value)], trials: &[(&str, Vec<f64>)]) -> Built {
    let mut parameters = Parameters::new();
    let real = |x: f64| Value::Real(std::sync::Arc::new(Array::new(vec![], vec![x])));
    let text = |x: &str| Value::Text(x.into());
    for (name, value) in [
        ("prior_mean", real(0.5)),
        ("prior_sd", real(0.2)),
        ("noise_sd", real(0.1)),
        ("weber", real(0.0)),
        ("time_constant", real(2.0)),
        ("lapse", real(0.0)),
        ("decision", text("reference")),
        ("history", text("reset")),
        ("scale", text("linear")),
    ] {
        parameters.set(name, value);
    }
    for (name, value) in perceiver {
        parameters.set(*name, value.clone());
    }
    for (name, values) in trials {
        parameters.set_real(
            format!("trials.{name}"),
            Array::new(vec![values.len()], values.clone()),
        );
        parameters.set_size("trial", values.len());
    }
    let build = Build {
        dynamics,
        parameters: &parameters,
        stimuli: &[],
        share: &Share::default(),
    };
    BayesianPerception.build(&build).expect("it is sound")
}

#[test]
fn simulated_responses_are_those_of_the_closed_form() {
    let text = |x: &str| Value::Text(x.into());
    let columns = |pick: fn(&(f64, f64)) -> f64| HISTORY.iter().map(pick).collect::<Vec<f64>>();
    let trials = [
        ("s1", columns(|t| t.0)),
        ("s2", columns(|t| t.1)),
        ("isi", vec![1.0; 4]),
        ("iti", vec![3.0; 4]),
    ];
    let drawing = |member: u64| Drawing::steps(&Key::of_seed(member));
    for rule in ["reference", "stored", "static"] {
        for history in ["reset", "carry"] {
            let settings = [("decision", text(rule)), ("history", text(history))];
            let Built::Map(map) = built("simulated", &settings, &trials) else {
                panic!("a map");
            };
            let response = map.layout().range("response").unwrap().start;
            let members = 40_000;
            let (mut sums, mut p) = ([0.0; 4], [0.0; 4]);
            for member in 0..members {
                let mut x = map.layout().start();
                for k in 0..4 {
                    map.advance(k, &mut x, &drawing(member).of(k));
                    sums[k as usize] += x[response];
                    p[k as usize] = x[0];
                }
            }
            for k in 0..4 {
                let share = sums[k] / members as f64;
                let error = (p[k] * (1.0 - p[k]) / members as f64).sqrt();
                assert!(
                    (share - p[k]).abs() < 4.0 * error,
                    "{rule} {history} {k}: {share} {} {error}",
                    p[k]
                );
            }
        }
    }
}

#[test]
fn guesses_are_shared_out_evenly() {
    let trials = [
        ("s1", vec![0.2; 20_000]),
        ("s2", vec![0.9; 20_000]),
        ("isi", vec![1.0; 20_000]),
    ];
    let lapse = Value::Real(std::sync::Arc::new(Array::new(vec![], vec![0.2])));
    let Built::Map(map) = built("simulated", &[("lapse", lapse)], &trials) else {
        panic!("a map");
    };
    let response = map.layout().range("response").unwrap().start;
    let drawing = Drawing::steps(&Key::of_seed(5));
    let mut x = map.layout().start();
    let mut sum = 0.0;
    for k in 0..20_000 {
        map.advance(k, &mut x, &drawing.of(k));
        sum += x[response];
    }
    // Without guesses it would be 1.
    close(x[0], 0.9, 1e-6);
    close(sum / 20_000.0, 0.9, 4.0 * (0.09_f64 / 20_000.0).sqrt());
}

#[test]
fn the_flow_of_the_belief_passes_through_the_closed_form() {
    let text = |x: &str| Value::Text(x.into());
    let columns = |pick: fn(&(f64, f64)) -> f64| HISTORY.iter().map(pick).collect::<Vec<f64>>();
    let trials = [
        ("s1", columns(|t| t.0)),
        ("s2", columns(|t| t.1)),
        ("isi", vec![1.0; 4]),
        ("iti", vec![3.0; 4]),
    ];
    for history in ["reset", "carry"] {
        let Built::Flow(flow) = built("belief", &[("history", text(history))], &trials) else {
            panic!("a flow");
        };
        assert_eq!(flow.natural_stop(), Some(16.0));
        let perceiver = Perceiver {
            carries: history == "carry",
            ..A
        };
        let mut memory = Memory::fresh(&perceiver);
        for method in ["exponential", "tsit5"] {
            use nullcline::engine::integrate::{Options, Span, integrate};
            use nullcline::engine::recorder::Samples;
            let mut options = Options::new(2, 1e-12, 1e-13);
            options.step = (method == "exponential").then_some(0.5);
            let times = (0..8)
                .map(|k| f64::from(k / 2) * 4.0 + f64::from(k % 2))
                .collect();
            let mut samples = Samples::at(times);
            let span = Span {
                start: 0.0,
                stop: 16.0,
            };
            let x0 = flow.layout().start();
            let done = integrate(
                flow.as_ref(),
                method,
                &options,
                span,
                &x0,
                &mut samples,
                &mut |_| true,
            );
            assert!(done.unwrap().status.is_success());
            memory = Memory::fresh(&perceiver);
            for (k, (a, b)) in HISTORY.into_iter().enumerate() {
                if history == "reset" {
                    memory = Memory::fresh(&perceiver);
                }
                let judged = memory.judge(&perceiver, &trial(a, b, 1.0, 3.0));
                for interval in 0..2 {
                    let [mean, variance] = samples.states[2 * k + interval][..] else {
                        panic!("two numbers");
                    };
                    close(mean, judged.means[interval], 1e-10);
                    close(variance, judged.variances[interval], 1e-10);
                }
            }
        }
        assert!(memory.variance > 0.0);
    }
}

/// Responses as a design with these parameters would give them, as a table.
fn observed(perceiver: &[(&str, f64)], gaps: &[f64], repeats: usize, seed: u64) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, value) in [
        ("prior_mean", 0.5),
        ("prior_sd", 0.2),
        ("noise_sd", 0.1),
        ("weber", 0.0),
        ("time_constant", 2.0),
        ("lapse", 0.0),
    ] {
        parameters.set_real(name, Array::new(vec![], vec![value]));
    }
    for (name, value) in perceiver {
        parameters.set_real(*name, Array::new(vec![], vec![*value]));
    }
    for (name, value) in [
        ("decision", "reference"),
        ("history", "reset"),
        ("scale", "linear"),
    ] {
        parameters.set(name, Value::Text(value.into()));
    }
    let truth = Perceiver::new(&parameters).unwrap();
    let drawing = Drawing::steps(&Key::of_seed(seed));
    let levels: Vec<f64> = (0..7).map(|k| 0.2 + 0.1 * f64::from(k)).collect();
    let (mut s1, mut s2, mut isi, mut response) = (vec![], vec![], vec![], vec![]);
    for &gap in gaps {
        for _ in 0..repeats {
            for &a in &levels {
                for &b in &levels {
                    let draws = drawing.of(s1.len() as u64);
                    response.push(f64::from(u8::from(
                        draws.uniform(0) < truth.fresh(a, b, gap),
                    )));
                    s1.push(a);
                    s2.push(b);
                    isi.push(gap);
                }
            }
        }
    }
    parameters.set_size("trial", s1.len());
    for (name, values) in [("s1", s1), ("s2", s2), ("isi", isi), ("response", response)] {
        parameters.set_real(
            format!("trials.{name}"),
            Array::new(vec![values.len()], values),
        );
    }
    parameters
}

fn evidence(parameters: &Parameters, free: &[&'static str]) -> Box<dyn Evidence> {
    let trials: Vec<usize> = (0..parameters.size("trial").unwrap()).collect();
    let likelihood = BayesianPerception.likelihood().unwrap();
    likelihood
        .evidence(&Observed {
            dynamics: "closed-form",
            parameters,
            trials: &trials,
            free,
            fixed: &[],
        })
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn several_intervals_determine_drift_and_noise() {
    let truth = [("prior_mean", 0.4), ("noise_sd", 0.08)];
    let parameters = observed(&truth, &[0.5, 1.0, 4.0], 20, 3);
    let evidence = evidence(&parameters, &["prior_mean", "noise_sd", "time_constant"]);
    let search = Search {
        bounds: &[[0.0, 1.0], [0.02, 0.4], [0.3, 20.0]],
        starts: 3,
        bootstrap: 40,
        seed: 1,
        subject: 0,
    };
    let found = fit(evidence.as_ref(), &search);
    println!("{:?} +- {:?}", found.point, found.errors);
    for (k, (truth, error)) in [(0.4, 0.0075), (0.08, 0.0031), (2.0, 0.2)]
        .into_iter()
        .enumerate()
    {
        close(found.point[k], truth, 4.0 * error);
        // Curvature and bootstrap agree within what 40 data sets tell.
        let drawn: Vec<f64> = found.bootstrap.iter().map(|one| one[k]).collect();
        let mean = drawn.iter().sum::<f64>() / 40.0;
        let spread = (drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 39.0).sqrt();
        let ratio = spread / found.errors[k];
        assert!((0.6..1.6).contains(&ratio), "{k}: {ratio}");
    }
    assert_eq!(found.agreeing, 3);
    assert!(found.log_likelihood >= evidence.log_likelihood(&[0.4, 0.08, 2.0]));
}

#[test]
fn one_interval_does_not_tell_the_prior_s_width_from_the_drift() {
    let parameters = observed(&[], &[1.0], 10, 4);
    let evidence = evidence(
        &parameters,
        &["prior_mean", "prior_sd", "time_constant", "noise_sd"],
    );
    let search = Search {
        bounds: &[[0.0, 1.0], [0.05, 1.0], [0.3, 20.0], [0.02, 0.4]],
        starts: 3,
        bootstrap: 0,
        seed: 1,
        subject: 0,
    };
    let found = fit(evidence.as_ref(), &search);
    let told = found.remarks.join("\n");
    assert!(told.contains("cannot be told apart"), "{told}");
    // A direction of flat likelihood has no error bar, or one wider than what was asked for.
    let wide = found.errors[1].is_nan() || found.errors[1] > 0.5;
    assert!(wide || found.at_bound[1] || found.at_bound[2], "{found:?}");
    // What they make together is determined.
    assert!(
        found.derived_errors.iter().all(|error| *error < 0.1),
        "{found:?}"
    );
}

#[test]
fn quantities_that_determine_each_other_are_not_both_free() {
    let parameters = observed(&[], &[1.0], 1, 5);
    let trials: Vec<usize> = (0..49).collect();
    let likelihood = BayesianPerception.likelihood().unwrap();
    for free in [
        ["w", "time_constant"].as_slice(),
        &["sigma_eff", "noise_sd"],
        &["w", "weber"],
    ] {
        let observed = Observed {
            dynamics: "closed-form",
            parameters: &parameters,
            trials: &trials,
            free,
            fixed: &[],
        };
        assert!(likelihood.evidence(&observed).is_err(), "{free:?}");
    }
}
