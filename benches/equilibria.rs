//! Equilibria, eigenvalues and certificates of random networks, against numpy in the same run:
//!
//! * equilibria with proof of uniqueness and the eigenvalues of 10 000 networks of 20 neurons, one thread
//!   and all, against numpy's batched `linalg.solve` and `linalg.eigvals` of as many matrices, which is
//!   only the last step of finding an equilibrium whose active set is known;
//! * the certificate of one network of 20 neurons.
//!
//! `cargo bench --bench equilibria`; numpy is in the Python that `./setup --tests` made.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use nalgebra::{DMatrix, DVector};
use nullcline::models;
use nullcline::models::linear_threshold::{Problem, certify};
use nullcline::prelude::*;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

const NETWORKS: usize = 10_000;
const NEURONS: usize = 20;

const NUMPY: &str = "
import time, numpy as np
rng = np.random.default_rng(0)
a = rng.normal(size=(10000, 20, 20)) / 20**0.5 - 1.5 * np.eye(20)
u = rng.normal(size=(10000, 20, 1))
for name, f in [('solve', lambda: np.linalg.solve(a, u)), ('eigvals', lambda: np.linalg.eigvals(a))]:
    times = []
    for _ in range(3):
        t = time.perf_counter(); f(); times.append(time.perf_counter() - t)
    print(f'numpy linalg.{name}, 10000 matrices of 20 x 20: {sorted(times)[1]:.3f} s')
";

/// A diagonally stable network of the family's own generator, with random input and ceilings.
fn problem(seed: usize) -> (Problem, Vec<f64>) {
    let family = models::registry()
        .get("linear-threshold")
        .expect("it is there");
    let weights = &family.parameters()[0];
    let generator = weights
        .generators
        .iter()
        .find(|one| one.name == "diagonally-stable");
    let generator = generator.expect("it is there");
    let wave = |i: usize| (seed as f64 * 0.7 + 2.7 * i as f64).sin();
    let dissipation: Vec<f64> = (0..NEURONS).map(|i| 1.5 + wave(i)).collect();
    let mut options = Parameters::new();
    options.set_real("gain", Array::new(vec![], vec![1.0]));
    let mut needs = Parameters::new();
    needs.set_real(
        "dissipation",
        Array::new(vec![NEURONS], dissipation.clone()),
    );
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(seed as u64).to_le_bytes());
    let draw = Draw {
        shape: &[NEURONS, NEURONS],
        options: &options,
        needs: &needs,
        seed: bytes,
    };
    let array = (generator.draw)(&draw).expect("it can be drawn");
    let mut a = DMatrix::from_row_slice(NEURONS, NEURONS, &array.data);
    for (i, d) in dissipation.iter().enumerate() {
        a[(i, i)] -= d;
    }
    let problem = Problem {
        a,
        input: DVector::from_fn(NEURONS, |i, _| 2.0 * wave(i + 5)),
        bound: DVector::from_fn(NEURONS, |i, _| 1.0 + wave(i + 9).abs()),
    };
    (problem, dissipation)
}

fn main() {
    let problems: Vec<(Problem, Vec<f64>)> = (0..NETWORKS).map(problem).collect();
    let solve = |(problem, d): &(Problem, Vec<f64>)| {
        let found = problem.equilibria(d, 1.0, 1.0);
        usize::from(found.complete && found.len() == 1)
    };
    let start = Instant::now();
    let proved: usize = problems.iter().map(solve).sum();
    let one = start.elapsed().as_secs_f64();
    let start = Instant::now();
    black_box(problems.par_iter().map(solve).sum::<usize>());
    let all = start.elapsed().as_secs_f64();
    println!(
        "equilibria and eigenvalues of {NETWORKS} networks of {NEURONS} neurons: {one:.3} s on one thread, \
         {all:.3} s on all; {proved} proved to be the only one"
    );
    let mut times: Vec<f64> = problems[..40]
        .iter()
        .map(|(problem, _)| {
            let start = Instant::now();
            black_box(certify(&problem.a)).expect("it is diagonally stable");
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "certificate of the largest rate, {NEURONS} neurons: median {:.1} ms, longest {:.1} ms of 40",
        times[20], times[39]
    );
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/target/python/bin/python");
    match Command::new(python).args(["-c", NUMPY]).status() {
        Ok(status) if status.success() => {}
        _ => println!("numpy was not found in {python}: `./setup --tests` makes it"),
    }
}
