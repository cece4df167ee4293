//! Random Lyapunov diagonally stable networks: A = P^-1 (K - R), K skew, R = G G' + 0.3 I, p in (0.3, 3), d in
//! (0.5, 3), W = A + D.

use std::sync::Arc;

use nullcline::models::linear_threshold::Network;
use nullcline::prelude::*;

/// A network and two states in its box.
pub struct Stable {
    pub network: Network,
    pub x0: Vec<f64>,
    pub y0: Vec<f64>,
    pub bound: Vec<f64>,
    pub dissipation: Vec<f64>,
}

/// Uniform numbers in (0, 1): splitmix64.
pub fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The network of this seed.
pub fn stable(n: usize, seed: u64) -> Stable {
    let mut next = uniform(seed);
    let mut normal = {
        let mut next = uniform(seed ^ 0x5555);
        move || (-2.0 * next().max(1e-300).ln()).sqrt() * (std::f64::consts::TAU * next()).cos()
    };
    let g: Vec<f64> = (0..n * n).map(|_| normal() / (n as f64).sqrt()).collect();
    let k: Vec<f64> = (0..n * n).map(|_| normal()).collect();
    let p: Vec<f64> = (0..n).map(|_| 0.3 + 2.7 * next()).collect();
    let dissipation: Vec<f64> = (0..n).map(|_| 0.5 + 2.5 * next()).collect();
    let mut weights = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let gram: f64 = (0..n).map(|l| g[i * n + l] * g[j * n + l]).sum();
            let r = gram + if i == j { 0.3 } else { 0.0 };
            let a = (k[i * n + j] - k[j * n + i] - r) / p[i];
            weights[i * n + j] = a + if i == j { dissipation[i] } else { 0.0 };
        }
    }
    let input: Vec<f64> = (0..n).map(|_| 4.0 * next() - 2.0).collect();
    let ceiling: Vec<f64> = (0..n).map(|_| 0.5 + 2.0 * next()).collect();
    let bound: Vec<f64> = ceiling
        .iter()
        .zip(&dissipation)
        .map(|(m, d)| m / d)
        .collect();
    let network = Network::new(Arc::new(PackedMatrix::new(n, n, &weights)))
        .dissipation(&dissipation)
        .input(&input)
        .ceiling(&ceiling);
    Stable {
        x0: bound.iter().map(|b| b * next()).collect(),
        y0: bound.iter().map(|b| b * next()).collect(),
        network,
        bound,
        dissipation,
    }
}
