//! Equilibria and their stability: a network of two neurons that excite themselves and inhibit each other.
//!
//! ```text
//! x' = -x + [W x + u]_0^m:  one of the two wins, at (m, 0) or (0, m); between them is a saddle
//! ```
//!
//! The family knows all equilibria of its networks, and says whether the list is complete.
//! `cargo run --release --example equilibria`

use std::sync::Arc;

use nullcline::models::linear_threshold::Network;
use nullcline::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let weights = Arc::new(PackedMatrix::new(2, 2, &[0.5, -2.0, -2.0, 0.5]));
    let network = Network::new(weights)
        .dissipation(&[1.0, 1.0])
        .input(&[1.0, 1.0])
        .ceiling(&[1.5, 1.5]);
    let found = network.equilibria().ok_or("this network has no solver")?;
    println!("complete: {} ({})", found.complete, found.reason);

    let mut stable = 0;
    for one in &found.list {
        let rates = one.eigenvalues.as_deref().unwrap_or_default();
        let real: Vec<f64> = rates.iter().map(|rate| rate.0).collect();
        let is_stable = real.iter().all(|&rate| rate < 0.0);
        stable += usize::from(is_stable);
        let kind = if is_stable { "stable" } else { "unstable" };
        println!("x = {:?}: {kind}, growth rates {real:.3?}", one.x);
        // At an equilibrium the drift is zero.
        let mut drift = [0.0; 2];
        network.drift(0.0, &one.x, &mut drift);
        assert!(drift.iter().all(|rate| rate.abs() < 1e-9));
    }
    assert_eq!((found.len(), stable), (3, 2));
    Ok(())
}
