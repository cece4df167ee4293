//! Linear-threshold networks against mathematics: closed forms, printed reference values, and the exact
//! statements about the timescale family.

use nalgebra::{DMatrix, Matrix2, Vector2};
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::outcome::Status;
use nullcline::engine::recorder::{Recorder, Samples};
use nullcline::models::linear_threshold::{Clock, LinearThreshold, Network, best, certify};
use nullcline::prelude::*;
use std::sync::Arc;

/// Half a unit of the last of nine printed decimals, and what the integration may add.
const PRINTED: f64 = 0.6e-9;

fn network(weights: &[f64], d: &[f64], u: &[f64], m: &[f64]) -> Network {
    let n = d.len();
    Network::new(Arc::new(PackedMatrix::new(n, n, weights)))
        .dissipation(d)
        .input(u)
        .ceiling(m)
}

/// The states at these times, from x0 at 0.
fn states(system: &Network, x0: &[f64], times: &[f64]) -> Vec<Vec<f64>> {
    states_by(system, "dopri5", x0, times)
}

fn states_by(system: &Network, method: &str, x0: &[f64], times: &[f64]) -> Vec<Vec<f64>> {
    let mut samples = Samples::at(times.to_vec());
    let span = Span {
        start: 0.0,
        stop: times[times.len() - 1],
    };
    let options = Options::new(x0.len(), 1e-12, 1e-14);
    let outcome = integrate(
        system,
        method,
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    )
    .unwrap();
    assert_eq!(outcome.status, Status::Complete, "{outcome:?}");
    samples.states
}

fn near(found: f64, wanted: f64, tolerance: f64, what: &str) {
    assert!(
        (found - wanted).abs() <= tolerance,
        "{what}: {found:.12} instead of {wanted:.12}, off by {:.1e}",
        (found - wanted).abs()
    );
}

/// One neuron in the fast clock, solved from switch to switch.
#[derive(Clone, Copy)]
struct Scalar {
    w: f64,
    d: f64,
    u: f64,
    m: f64,
    tau: f64,
}

impl Scalar {
    fn network(&self) -> Network {
        network(&[self.w], &[self.d], &[self.u], &[self.m]).timescale(self.tau, Clock::Fast)
    }

    /// With p = (d + tau a) x + tau u and a = w - d: x' = -d x / tau below p = 0, a x + u between, and
    /// (m - d x) / tau above p = m. Each piece is left at the first of its ends that is met.
    fn exact(&self, mut x: f64, mut t: f64) -> f64 {
        let Scalar { w, d, u, m, tau } = *self;
        let (a, slope) = (w - d, d + tau * (w - d));
        for _ in 0..10 {
            let p = slope * x + tau * u;
            let velocity = (p.clamp(0.0, m) - d * x) / tau;
            // On an end the piece ahead counts.
            let ahead = p + 1e-9 * slope * velocity;
            let (rate, rest, ends) = if ahead < 0.0 {
                (-d / tau, 0.0, [0.0, 0.0])
            } else if ahead > m {
                (-d / tau, m / d, [m, m])
            } else {
                (a, -u / a, [0.0, m])
            };
            let hit = |p_end: f64| {
                let ratio = ((p_end - tau * u) / slope - rest) / (x - rest);
                let time = ratio.ln() / rate;
                if time > 1e-12 { time } else { f64::INFINITY }
            };
            let leave = hit(ends[0]).min(hit(ends[1])).min(t);
            x = rest + (x - rest) * (rate * leave).exp();
            t -= leave;
            if t <= 0.0 {
                return x;
            }
        }
        unreachable!("a scalar network switches a few times only");
    }
}

const C1: Scalar = Scalar {
    w: 0.5,
    d: 2.0,
    u: 3.0,
    m: 10.0,
    tau: 10.0,
};

const C2: Scalar = Scalar { u: -1.0, ..C1 };

#[test]
fn c1_a_neuron_that_starts_at_its_ceiling() {
    let times = [0.5, 1.0, 2.0, 4.0];
    let found = states(&C1.network(), &[0.0], &times);
    let printed = [0.475812910, 0.906346235, 1.637689622, 1.981961628];
    for ((x, printed), t) in found.iter().zip(printed).zip(times) {
        near(x[0], printed, PRINTED, &format!("x({t})"));
        near(
            x[0],
            C1.exact(0.0, t),
            1e-11,
            &format!("closed form at {t}"),
        );
    }
}

#[test]
fn c1_small_timescales_are_the_projected_dynamics() {
    let times = [0.0, 0.5, 1.0, 2.0];
    for tau in [1.0, 0.3, 0.1] {
        let found = states(&Scalar { tau, ..C1 }.network(), &[0.0], &times);
        for (x, t) in found.iter().zip(times) {
            near(
                x[0],
                2.0 * (1.0 - (-1.5 * t).exp()),
                1e-11,
                &format!("tau = {tau}, t = {t}"),
            );
        }
    }
}

#[test]
fn c2_a_neuron_that_falls_silent() {
    let check = |tau: f64, printed: &[(f64, f64)]| {
        let member = Scalar { tau, ..C2 };
        let times: Vec<f64> = printed.iter().map(|row| row.0).collect();
        for (x, &(t, printed)) in states(&member.network(), &[1.0], &times)
            .iter()
            .zip(printed)
        {
            near(x[0], printed, PRINTED, &format!("tau = {tau}, x({t})"));
            near(
                x[0],
                member.exact(1.0, t),
                1e-11,
                &format!("tau = {tau}, closed form at {t}"),
            );
        }
    };
    check(1.0, &[(0.5, 0.367879441), (2.0, 0.018315639)]);
    check(
        0.1,
        &[(0.5, 0.120610921), (0.6, 0.023752958), (0.7, 0.003214613)],
    );
}

#[test]
fn c2_the_distance_to_the_projected_dynamics_is_of_order_tau() {
    // The projected neuron is at 0 from this time on, and the network is farthest from it then.
    let hit = 2.5_f64.ln() / 1.5;
    let printed = [
        (0.3, 0.062344353),
        (0.1, 0.019115458),
        (0.03, 0.005581098),
        (0.01, 0.001846325),
        (0.001, 0.000184009),
    ];
    let mut excess = f64::INFINITY;
    for (tau, printed) in printed {
        let system = Scalar { tau, ..C2 }.network();
        let mut times: Vec<f64> = (0..=200).map(|k| 0.01 * f64::from(k)).collect();
        times.push(hit);
        times.sort_by(f64::total_cmp);
        let found = states(&system, &[1.0], &times);
        let projected = |t: f64| (-2.0 / 3.0 + 5.0 / 3.0 * (-1.5 * t).exp()).max(0.0);
        let distances = found
            .iter()
            .zip(&times)
            .map(|(x, &t)| (x[0] - projected(t)).abs());
        let largest = distances.fold(0.0, f64::max);
        near(
            largest,
            printed,
            PRINTED,
            &format!("largest distance at tau = {tau}"),
        );
        // It leaves the projected path at x_c = tau / (2 - 1.5 tau), and then decays at the rate 2 / tau.
        let corner = tau / (2.0 - 1.5 * tau);
        let left = ((5.0 / 3.0) / (corner + 2.0 / 3.0)).ln() / 1.5;
        let closed = corner * (-2.0 * (hit - left) / tau).exp();
        near(
            largest,
            closed,
            1e-11,
            &format!("closed form at tau = {tau}"),
        );
        let now = (largest / tau * 2.0 * std::f64::consts::E - 1.0).abs();
        assert!(now < excess, "the ratio to tau does not approach 1/(2e)");
        excess = now;
    }
    assert!(excess < 1e-3, "ratio to 1/(2e) off by {excess}");
}

const WEIGHTS: [f64; 4] = [0.5, -2.0, 3.0, -0.5];
const REST: [f64; 2] = [28.0 / 29.0, 22.0 / 29.0];

fn c3(tau: f64, clock: Clock) -> Network {
    network(&WEIGHTS, &[1.0, 2.0], &[2.0, -1.0], &[4.0, 6.0]).timescale(tau, clock)
}

/// exp(A t) = exp(-1.5 t) (cos(w t) + sin(w t) / w (A + 1.5)), w = sqrt(5), applied from (3, 0).
fn c3_unclipped(t: f64) -> Vector2<f64> {
    let w = 5.0_f64.sqrt();
    let shifted = Matrix2::new(1.0, -2.0, 3.0, -1.0);
    let flow = Matrix2::identity() * (w * t).cos() + shifted * ((w * t).sin() / w);
    let rest = Vector2::from(REST);
    rest + flow * (Vector2::new(3.0, 0.0) - rest) * (-1.5 * t).exp()
}

#[test]
fn c3_fast_members_coincide_with_the_projected_dynamics() {
    let printed = [
        (0.25, [2.729918910, 1.435196549]),
        (0.5, [2.060616230, 1.905405864]),
        (1.0, [0.964139419, 1.401829077]),
        (2.0, [0.864605850, 0.619209183]),
        (4.0, [0.962865207, 0.763804270]),
    ];
    let times = printed.map(|row| row.0);
    for tau in [0.1, 0.03, 0.01] {
        let found = states(&c3(tau, Clock::Fast), &[3.0, 0.0], &times);
        for (x, (t, printed)) in found.iter().zip(printed) {
            for i in 0..2 {
                near(x[i], printed[i], 3e-9, &format!("tau = {tau}, x_{i}({t})"));
                near(
                    x[i],
                    c3_unclipped(t)[i],
                    1e-11,
                    &format!("tau = {tau}, closed x_{i}({t})"),
                );
            }
        }
    }
}

#[test]
fn c3_the_network_and_a_slow_member_at_four() {
    for (tau, printed) in [
        (1.0, [0.968333210, 0.768739016]),
        (10.0, [2.153902243, 1.652013108]),
    ] {
        for method in ["dopri5", "tsit5"] {
            let found = states_by(&c3(tau, Clock::Fast), method, &[3.0, 0.0], &[4.0]);
            for i in 0..2 {
                near(
                    found[0][i],
                    printed[i],
                    PRINTED,
                    &format!("{method}, tau = {tau}, x_{i}(4)"),
                );
            }
        }
    }
}

#[test]
fn c3_the_two_clocks_tell_the_same_story() {
    let tau = 10.0;
    let slow = states(&c3(tau, Clock::Slow), &[3.0, 0.0], &[0.1, 0.4]);
    let fast = states(&c3(tau, Clock::Fast), &[3.0, 0.0], &[1.0, 4.0]);
    for (slow, fast) in slow.iter().flatten().zip(fast.iter().flatten()) {
        near(*slow, *fast, 1e-11, "slow against fast clock");
    }
}

/// The hard-selector limit of C3; from s = 1.1889 on it is at rest.
const SELECTOR: [(f64, [f64; 2]); 5] = [
    (0.25, [2.468905476, 1.180408021]),
    (0.5, [1.922785518, 1.896361676]),
    (1.0, [1.166228369, 0.999474043]),
    (2.0, REST),
    (4.0, REST),
];

#[test]
fn c3_slow_members_approach_the_hard_selector_like_one_over_tau() {
    for (tau, printed) in [(10.0, 7.813e-2), (100.0, 7.498e-3), (1000.0, 7.467e-4)] {
        let found = states(
            &c3(tau, Clock::Slow),
            &[3.0, 0.0],
            &SELECTOR.map(|row| row.0),
        );
        let distances = found
            .iter()
            .zip(SELECTOR)
            .map(|(x, (_, y))| (x[0] - y[0]).abs().max((x[1] - y[1]).abs()));
        let largest = distances.fold(0.0, f64::max);
        near(
            largest / printed,
            1.0,
            1e-4,
            &format!("largest distance at tau = {tau}"),
        );
    }
}

fn observed(system: &Network, name: &str, x: &[f64]) -> Vec<f64> {
    let observables = system.observables().unwrap();
    let list = observables.list();
    let index = list
        .iter()
        .position(|variable| variable.name == name)
        .unwrap();
    observables.prepare(index).unwrap();
    let mut out = vec![
        0.0;
        if name == "gap" || name == "certificate_distance" {
            1
        } else {
            x.len()
        }
    ];
    observables.observe(index, 0.0, x, &mut out);
    out
}

#[test]
fn c3_gap_and_distance_to_the_equilibrium() {
    let system = c3(1.0, Clock::Fast);
    // The references have P = diag(3, 2); here the trace is n = 2.
    let scale = 2.5_f64;
    let mut gaps = vec![([3.0, 0.0], 97.5, 1e-12)];
    let printed = [36.967533, 16.007914, 2.036453];
    gaps.extend(
        SELECTOR
            .iter()
            .zip(printed)
            .map(|(&(_, x), gap)| (x, gap, 0.7e-6)),
    );
    for (x, gap, tolerance) in gaps {
        near(
            observed(&system, "gap", &x)[0] * scale,
            gap,
            tolerance,
            &format!("gap at {x:?}"),
        );
    }
    let distances = [
        (0.0, 3.683526977),
        (0.25, 3.202319398),
        (0.5, 2.495587678),
        (1.0, 0.909637155),
    ];
    for (t, printed) in distances {
        let x = c3_unclipped(t);
        let found = observed(&system, "certificate_distance", x.as_slice())[0] * scale.sqrt();
        near(found, printed, PRINTED, &format!("distance at {t}"));
    }
    assert_eq!(observed(&system, "active_set", &[3.0, 0.0]), [0.0, 1.0]);
    assert_eq!(
        observed(&system, "pseudo_gradient", &[3.0, 0.0]),
        [0.5, 8.0]
    );
}

#[test]
fn observables_without_their_ground_are_refused() {
    let refusal = |system: &Network, name: &str| {
        let observables = system.observables().unwrap();
        let list = observables.list();
        let index = list
            .iter()
            .position(|variable| variable.name == name)
            .unwrap();
        observables.prepare(index).unwrap_err()
    };
    let bistable = c7();
    for name in ["gap", "certificate_distance"] {
        let error = refusal(&bistable, name);
        assert_eq!(error.parameter.as_deref(), Some("weights"));
        assert!(
            error.message.contains(name) && error.message.contains("[0, 1]"),
            "{error}"
        );
    }
    let open = network(&WEIGHTS, &[1.0, 2.0], &[2.0, -1.0], &[4.0, f64::INFINITY]);
    let error = refusal(&open, "gap");
    assert_eq!(error.parameter.as_deref(), Some("ceiling"));
    assert!(error.message.contains("neuron 1"), "{error}");
}

fn c7() -> Network {
    network(&[0.0, -2.0, -2.0, 0.0], &[1.0; 2], &[1.0; 2], &[2.0; 2])
}

#[test]
fn c7_the_start_decides_between_two_attractors() {
    for tau in [0.1, 1.0, 10.0] {
        let system = c7().timescale(tau, Clock::Slow);
        // The start (0.5, 0.5) lies on the line to the third equilibrium.
        for (x0, rest) in [([0.6, 0.5], [1.0, 0.0]), ([0.5, 0.6], [0.0, 1.0])] {
            let found = states(&system, &x0, &[60.0 / tau.min(1.0)]);
            for i in 0..2 {
                near(found[0][i], rest[i], 1e-9, &format!("tau = {tau}, x_{i}"));
            }
        }
    }
    let mut dx = [1.0; 2];
    c7().drift(0.0, &[1.0 / 3.0; 2], &mut dx);
    assert!(dx.iter().all(|dx| dx.abs() < 1e-15));
    assert_eq!(c7().equilibria().unwrap().len(), 3);
}

/// A random Lyapunov diagonally stable network of the family's own generator.
struct Random {
    weights: Vec<f64>,
    dissipation: Vec<f64>,
    input: Vec<f64>,
    ceiling: Vec<f64>,
}

impl Random {
    fn new(n: usize, seed: u8) -> Self {
        let generators = LinearThreshold.parameters()[0].generators;
        let generator = generators
            .iter()
            .find(|g| g.name == "diagonally-stable")
            .unwrap();
        let wave = |i: usize| (f64::from(seed) * 1.3 + 2.7 * i as f64).sin();
        let dissipation: Vec<f64> = (0..n).map(|i| 1.75 + 1.25 * wave(i)).collect();
        let mut options = Parameters::new();
        options.set_real("gain", Array::new(vec![], vec![1.5]));
        let mut needs = Parameters::new();
        needs.set_real("dissipation", Array::new(vec![n], dissipation.clone()));
        let draw = Draw {
            shape: &[n, n],
            options: &options,
            needs: &needs,
            seed: [seed; 32],
        };
        Self {
            weights: (generator.draw)(&draw).unwrap().data,
            dissipation,
            input: (0..n).map(|i| 2.0 * wave(i + 7)).collect(),
            ceiling: (0..n).map(|i| 1.0 + wave(i + 3).abs()).collect(),
        }
    }

    fn network(&self) -> Network {
        network(&self.weights, &self.dissipation, &self.input, &self.ceiling)
    }

    /// W_tau = D + tau (W - D), u_tau = tau u: the member as a network of its own.
    fn member(&self, tau: f64) -> Network {
        let n = self.dissipation.len();
        let weights: Vec<f64> = (0..n * n)
            .map(|place| {
                let d = if place % (n + 1) == 0 {
                    self.dissipation[place / n]
                } else {
                    0.0
                };
                d + tau * (self.weights[place] - d)
            })
            .collect();
        let input: Vec<f64> = self.input.iter().map(|u| tau * u).collect();
        network(&weights, &self.dissipation, &input, &self.ceiling)
    }

    fn linear_part(&self) -> DMatrix<f64> {
        let n = self.dissipation.len();
        let w = DMatrix::from_row_slice(n, n, &self.weights);
        w - DMatrix::from_diagonal(&self.dissipation.clone().into())
    }
}

#[test]
fn one_certificate_and_one_equilibrium_serve_every_member() {
    for seed in 1..=30 {
        let random = Random::new(3 + usize::from(seed) % 3, seed);
        let reference = random.network().equilibria().unwrap();
        assert_eq!(reference.len(), 1, "seed {seed}");
        let a = random.linear_part();
        let certificate = certify(&a).unwrap();
        for tau in [1e-3, 1.0, 1e3] {
            let member = random.member(tau).equilibria().unwrap();
            assert_eq!(member.len(), 1, "seed {seed}, tau {tau}");
            for (x, y) in member.list[0].x.iter().zip(&reference.list[0].x) {
                near(*x, *y, 1e-12, &format!("seed {seed}, tau = {tau}"));
            }
            let scaled = best(&(&a * tau));
            let relative = scaled.rate / (tau * certificate.rate);
            near(
                relative,
                1.0,
                1e-6,
                &format!("seed {seed}: rate over tau at {tau}"),
            );
        }
    }
}

#[test]
fn members_are_the_networks_that_their_definition_says() {
    let random = Random::new(5, 3);
    let x: Vec<f64> = (0..5).map(|i| 0.3 * f64::from(i)).collect();
    for tau in [1e-2, 1.0, 50.0] {
        let (mut member, mut own) = ([0.0; 5], [0.0; 5]);
        random
            .network()
            .timescale(tau, Clock::Slow)
            .drift(0.0, &x, &mut member);
        random.member(tau).drift(0.0, &x, &mut own);
        for i in 0..5 {
            near(
                member[i],
                own[i],
                1e-12 * tau.max(1.0),
                &format!("tau = {tau}, drift {i}"),
            );
        }
    }
}

/// Keeps the states after every step.
struct Steps(Vec<Vec<f64>>);

impl Recorder for Steps {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }
    fn record(&mut self, _t: f64, _x: &[f64]) {}
    fn wants_steps(&self) -> bool {
        true
    }
    fn step(&mut self, _t: f64, x: &[f64]) {
        self.0.push(x.to_vec());
    }
}

#[test]
fn the_box_is_never_left() {
    for seed in 1..=20 {
        let random = Random::new(6, seed);
        let bound: Vec<f64> = random
            .ceiling
            .iter()
            .zip(&random.dissipation)
            .map(|(m, d)| m / d)
            .collect();
        let x0: Vec<f64> = bound
            .iter()
            .enumerate()
            .map(|(i, b)| if i % 2 == 0 { 0.0 } else { *b })
            .collect();
        for tau in [0.1, 1.0, 10.0] {
            let system = random.network().timescale(tau, Clock::Fast);
            let mut steps = Steps(Vec::new());
            let span = Span {
                start: 0.0,
                stop: 10.0,
            };
            // The exact flow stays inside; a scheme does so to its tolerance.
            let options = Options::new(6, 1e-13, 1e-15);
            integrate(
                &system,
                "tsit5",
                &options,
                span,
                &x0,
                &mut steps,
                &mut |_| true,
            )
            .unwrap();
            assert!(steps.0.len() > 5);
            for x in &steps.0 {
                for (x, b) in x.iter().zip(&bound) {
                    assert!(
                        *x >= -1e-12 && *x <= b + 1e-12,
                        "seed {seed}, tau {tau}: {x} of {b}"
                    );
                }
            }
        }
    }
}

#[test]
fn stable_networks_settle_at_their_equilibrium_for_every_timescale() {
    for seed in 40..=50 {
        let random = Random::new(8, seed);
        let rest = &random.network().equilibria().unwrap().list[0].x;
        for tau in [0.1, 1.0, 10.0] {
            let system = random.network().timescale(tau, Clock::Fast);
            let stop = 200.0 * tau.max(1.0);
            let found = states(&system, &[0.0; 8], &[stop]);
            for (x, y) in found[0].iter().zip(rest) {
                near(*x, *y, 1e-5, &format!("seed {seed}, tau = {tau}"));
            }
        }
    }
}
