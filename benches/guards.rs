//! What an event costs: leaky integrate-and-fire neurons `v_i' = I_i - v_i` that fire at 1 and begin again at 0, with
//! tsit5 at rtol 1e-8. In parts, an event costs its own neuron; in one piece, it ends the step of all of them.
//!
//! `cargo bench --bench guards`. The promise: the time of an event does not grow with the number of neurons.

use std::time::Instant;

#[path = "../tests/common/neurons.rs"]
#[allow(dead_code, reason = "the bench needs less of it than the tests")]
mod neurons;

use neurons::Neurons;
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Recorder;
use nullcline::system::event::Event;

/// Counts events.
#[derive(Default)]
struct Count(u64);

impl Recorder for Count {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }
    fn record(&mut self, _t: f64, _x: &[f64]) {}
    fn event(&mut self, _event: &Event<'_>) {
        self.0 += 1;
    }
}

/// Seconds, events and steps of a run, the fastest of `rounds`.
fn run(count: usize, threshold: f64, in_parts: bool, rounds: usize) -> (f64, u64, u64) {
    let drive = (0..count).map(|i| 1.2 + 2.0 * i as f64 / count as f64);
    let mut neurons = Neurons::new(drive.collect());
    (neurons.threshold, neurons.in_parts) = (threshold, in_parts);
    let start: Vec<f64> = (0..count).map(|i| (i as f64 * 0.618).fract()).collect();
    let options = Options::new(count, 1e-8, 1e-8);
    let span = Span {
        start: 0.0,
        stop: 4.0,
    };
    let mut best = (f64::INFINITY, 0, 0);
    for _ in 0..rounds {
        let mut events = Count::default();
        let clock = Instant::now();
        let outcome = integrate(
            &neurons,
            "tsit5",
            &options,
            span,
            &start,
            &mut events,
            &mut |_| true,
        );
        let steps = outcome.map_or(0, |outcome| outcome.counts.steps);
        let seconds = clock.elapsed().as_secs_f64();
        if seconds < best.0 {
            best = (seconds, events.0, steps);
        }
    }
    best
}

fn main() {
    println!(
        "neurons   events  steps  without events  with events  per event   in one piece, per event"
    );
    for count in [100, 1_000, 10_000, 100_000] {
        let (silent, _, _) = run(count, f64::INFINITY, true, 5);
        let (seconds, events, steps) = run(count, 1.0, true, 5);
        let whole = if count <= 1_000 {
            let (seconds, events, _) = run(count, 1.0, false, 1);
            format!("{:.2} us", seconds / events as f64 * 1e6)
        } else {
            "-".into()
        };
        println!(
            "{count:>7} {events:>8} {steps:>6} {:>12.2} ms {:>9.2} ms {:>7.2} us   {whole:>12}",
            silent * 1e3,
            seconds * 1e3,
            (seconds - silent) / events as f64 * 1e6,
        );
    }
}
