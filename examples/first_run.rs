//! A first run through the library: an excitatory-inhibitory pair, sampled ten times.
//!
//! `cargo run --release --example first_run`

use std::sync::Arc;

use nullcline::engine::integrate::{IntegrationError, Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::models::linear_threshold::Network;
use nullcline::prelude::*;

fn main() -> Result<(), IntegrationError> {
    // Rows are targets: the first neuron excites the second and is inhibited by it.
    let weights = Arc::new(PackedMatrix::new(2, 2, &[0.5, -2.0, 3.0, -0.5]));
    let network = Network::new(weights)
        .dissipation(&[1.0, 2.0])
        .input(&[2.0, -1.0])
        .ceiling(&[4.0, 6.0]);

    let times: Vec<f64> = (0..=10).map(f64::from).collect();
    let mut samples = Samples::at(times.clone());
    let outcome = integrate(
        &network,
        "tsit5",
        &Options::new(2, 1e-8, 1e-10),
        Span {
            start: 0.0,
            stop: 10.0,
        },
        &[3.0, 0.0],
        &mut samples,
        &mut |_time| true,
    )?;

    println!("    t       x[0]       x[1]");
    for (t, x) in times.iter().zip(&samples.states) {
        println!("{t:5.1} {:10.6} {:10.6}", x[0], x[1]);
    }
    let counts = outcome.counts;
    println!(
        "{} steps, {} of them to a kink; the equilibrium is (28/29, 22/29)",
        counts.steps, counts.kinks
    );
    Ok(())
}
