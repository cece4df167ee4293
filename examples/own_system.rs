//! A system of your own, integrated from Rust without a file.
//!
//! ```text
//! FitzHugh-Nagumo   v' = v - v^3/3 - w + i,   w' = (v + 0.7 - 0.8 w) / 12.5
//! ```
//!
//! A cell driven by a constant current fires at a regular rate; the program prints its spikes.
//! Source: FitzHugh, Biophys. J. 1 (1961) 445. Run it with `cargo run --release --example own_system`.

use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::prelude::*;

struct FitzHughNagumo {
    layout: Layout,
    current: f64,
}

impl System for FitzHughNagumo {
    fn layout(&self) -> &Layout {
        &self.layout
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        let (v, w) = (x[0], x[1]);
        dx[0] = v - v * v * v / 3.0 - w + self.current;
        dx[1] = (v + 0.7 - 0.8 * w) / 12.5;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cell = FitzHughNagumo {
        layout: Layout::new()
            .block(
                Variable::new("v", vec![]).meaning("membrane potential"),
                -1.2,
            )
            .block(Variable::new("w", vec![]).meaning("recovery"), -0.6),
        current: 0.5,
    };
    let start = cell.layout.start();
    let times: Vec<f64> = (0..=4000).map(|index| f64::from(index) * 0.05).collect();
    let mut samples = Samples::at(times.clone());
    let span = Span {
        start: 0.0,
        stop: 200.0,
    };
    let options = Options::new(2, 1e-8, 1e-10);
    let outcome = integrate(
        &cell,
        "tsit5",
        &options,
        span,
        &start,
        &mut samples,
        &mut |_| true,
    )?;
    println!(
        "{} steps, {} rejected, {} evaluations",
        outcome.counts.steps, outcome.counts.rejected, outcome.counts.evaluations
    );

    let mut spikes = Vec::new();
    for (index, pair) in samples.states.windows(2).enumerate() {
        if pair[0][0] < 1.0 && pair[1][0] >= 1.0 {
            spikes.push(times[index + 1]);
        }
    }
    for spike in &spikes {
        println!("spike at t = {spike:.2}");
    }
    if spikes.len() < 4 {
        return Err("a cell with this current fires again and again".into());
    }
    Ok(())
}
