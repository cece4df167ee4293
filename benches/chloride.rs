//! The sheet of the chloride network beside a loop written by hand in C, and on two threads.
//!
//! `cargo bench --bench chloride` compiles `peers_c/chloride.c` with `cc -O3 -march=native` and lets both take the same steps of
//! RK4 from the same state; measurements alternate, and the medians are printed as cell-steps per second, with the
//! distance of the end states. `docs/performance.md` explains the numbers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::models::chloride_network::{ChlorideNetwork, Network};
use nullcline::prelude::*;

const ROUNDS: usize = 7;
const STEP: f64 = 0.25;

fn network(n: usize) -> Network {
    let mut parameters = Parameters::new();
    for declared in ChlorideNetwork.parameters() {
        if let Fallback::Real(value) = declared.fallback {
            parameters.set_real(declared.name, Array::new(vec![], vec![value]));
        }
    }
    parameters.set("space.geometry", Value::Text("sheet".into()));
    parameters.set("space.boundary", Value::Text("zero".into()));
    parameters.set("space.size", Value::Integer(n as i64));
    // A square of 4 x 4 cells, row by row.
    let rows = n / 2 - 2..n / 2 + 2;
    let stimuli: Vec<Stimulus> = rows
        .map(|row| Stimulus {
            channel: "current".into(),
            waveform: Waveform::Constant,
            amplitude: 200.0,
            from: -1.0,
            to: f64::INFINITY,
            place: Place::Cells([row * n + n / 2 - 2, row * n + n / 2 + 1]),
        })
        .collect();
    Network::build(&Build {
        dynamics: "rate",
        parameters: &parameters,
        stimuli: &stimuli,
        share: &Share::default(),
    })
    .expect("a network")
}

/// Seconds, and the state at the end.
fn ours(network: &Network, steps: u32, threads: usize) -> (f64, Vec<f64>) {
    let x0 = network.layout().start();
    let options = Options::new(x0.len(), 1e-6, 1e-6).step(STEP);
    let stop = STEP * f64::from(steps);
    let mut samples = Samples::at(vec![stop]);
    let span = Span { start: 0.0, stop };
    let seconds = crew::with(threads, || {
        let started = Instant::now();
        let mut on = |_: f64| true;
        let ended = integrate(network, "rk4", &options, span, &x0, &mut samples, &mut on);
        assert!(ended.expect("it fits").status.is_success());
        started.elapsed().as_secs_f64()
    });
    (seconds.expect("threads"), samples.states.remove(0))
}

/// The peer, compiled; nothing without a compiler.
fn peer() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = root.join("target/chloride-peer");
    let built = Command::new("cc")
        .args(["-O3", "-march=native", "-o"])
        .arg(&run)
        .arg(root.join("benches/peers_c/chloride.c"))
        .arg("-lm")
        .status();
    built.is_ok_and(|status| status.success()).then_some(run)
}

/// Seconds, and the three numbers that it prints.
fn theirs(peer: &Path, n: usize, steps: u32) -> Vec<f64> {
    let output = Command::new(peer)
        .args([n.to_string(), steps.to_string()])
        .output()
        .expect("the peer runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers = text
        .split_whitespace()
        .map(|word| word.parse().expect("a number"));
    numbers.collect()
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn main() {
    let peer = peer();
    println!("sheet        C -O3 -march=native   one thread        two threads        distance");
    for (n, steps) in [(50, 4000), (100, 1000), (200, 200), (500, 20)] {
        let network = network(n);
        let cells = n * n;
        let (mut c, mut one, mut two) = (Vec::new(), Vec::new(), Vec::new());
        let mut distance = f64::NAN;
        for _ in 0..ROUNDS {
            let (seconds, state) = ours(&network, steps, 1);
            one.push(seconds);
            let (seconds, again) = ours(&network, steps, 2);
            two.push(seconds);
            assert!(state == again, "the threads changed the numbers");
            if let Some(peer) = &peer {
                let numbers = theirs(peer, n, steps);
                c.push(numbers[0]);
                let at = (n / 2) * n + n / 2;
                let own = [state[at], state[2 * cells + at], state[5 * cells]];
                let off = own
                    .iter()
                    .zip(&numbers[1..])
                    .map(|(a, b)| (a / b - 1.0).abs());
                distance = off.fold(0.0, f64::max);
            }
        }
        let rate = |seconds: f64| f64::from(steps) * cells as f64 / seconds / 1e6;
        let (one, two) = (median(one), median(two));
        let c = if c.is_empty() { f64::NAN } else { median(c) };
        println!(
            "{n:>4} x {n:<4}  {:>8.2} M/s          {:>8.2} M/s {:>5.2}x  {:>8.2} M/s {:>5.2}x   {distance:.1e}",
            rate(c),
            rate(one),
            c / one,
            rate(two),
            one / two,
        );
    }
}
