//! A system of one's own: the FitzHugh-Nagumo neuron.
//!
//! v' = v - v^3/3 - w + I,  w' = 0.08 (v + 0.7 - 0.8 w)      FitzHugh, Biophys. J. 1 (1961) 445
//!
//! `cargo run --release --example own_system`

use nullcline::engine::card::Mismatch;
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Recorder;
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
        dx[1] = 0.08 * (v + 0.7 - 0.8 * w);
    }
}

/// A recorder decides what is kept: here, the times at which v rises through 0.
#[derive(Default)]
struct Spikes {
    before: f64,
    times: Vec<f64>,
}

impl Recorder for Spikes {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }

    fn record(&mut self, _t: f64, _x: &[f64]) {}

    fn wants_steps(&self) -> bool {
        true
    }

    fn step(&mut self, t: f64, x: &[f64]) {
        if self.before < 0.0 && x[0] >= 0.0 {
            self.times.push(t);
        }
        self.before = x[0];
    }
}

fn main() -> Result<(), Mismatch> {
    for current in [0.2, 0.4, 0.6] {
        let neuron = FitzHughNagumo {
            layout: Layout::new()
                .block(Variable::new("v", vec![]), -1.0)
                .block(Variable::new("w", vec![]), -0.5),
            current,
        };
        let options = Options::new(2, 1e-8, 1e-10);
        let span = Span {
            start: 0.0,
            stop: 500.0,
        };
        let mut spikes = Spikes::default();
        let start = neuron.layout().start();
        integrate(
            &neuron,
            "tsit5",
            &options,
            span,
            &start,
            &mut spikes,
            &mut |_| true,
        )?;
        println!("I = {current}: {} spikes", spikes.times.len());
    }
    Ok(())
}
