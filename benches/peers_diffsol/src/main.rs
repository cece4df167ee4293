//! Lorenz and Pleiades by diffsol's `tsit45`. One line per problem and tolerance: name, rtol, median seconds, state.

use std::time::Instant;

use diffsol::*;

type Drift = fn(&[f64], &mut [f64]);

fn lorenz(x: &[f64], dx: &mut [f64]) {
    dx[0] = 10.0 * (x[1] - x[0]);
    dx[1] = x[0] * (28.0 - x[2]) - x[1];
    dx[2] = x[0] * x[1] - 8.0 / 3.0 * x[2];
}

fn pleiades(x: &[f64], dx: &mut [f64]) {
    dx[..14].copy_from_slice(&x[14..]);
    for i in 0..7 {
        let (mut a, mut b) = (0.0, 0.0);
        for j in (0..7).filter(|&j| j != i) {
            let (u, v) = (x[j] - x[i], x[7 + j] - x[7 + i]);
            let r = (u * u + v * v).powf(1.5);
            let mass = (j + 1) as f64;
            a += mass * u / r;
            b += mass * v / r;
        }
        (dx[14 + i], dx[21 + i]) = (a, b);
    }
}

fn run(name: &str, drift: Drift, x0: &[f64], stop: f64) {
    for digits in 4..=11 {
        let rtol = 10_f64.powi(-digits);
        let (mut seconds, mut state) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            let before = Instant::now();
            let problem = OdeBuilder::<FaerMat<f64>>::new()
                .rtol(rtol)
                .atol([rtol])
                .rhs(move |x: &[f64], _p: &[f64], _t, dx: &mut [f64]| drift(x, dx))
                .init(
                    |_p: &[f64], _t, x: &mut [f64]| x.copy_from_slice(x0),
                    x0.len(),
                )
                .build()
                .expect("it is well posed");
            let mut solver = problem.tsit45().expect("it is explicit");
            solver.set_stop_time(stop).expect("it lies ahead");
            while !matches!(solver.step(), Ok(OdeSolverStopReason::TstopReached) | Err(_)) {}
            seconds.push(before.elapsed().as_secs_f64());
            state = (0..x0.len()).map(|i| solver.state().y.get_index(i)).collect::<Vec<f64>>();
        }
        seconds.sort_by(f64::total_cmp);
        let state: Vec<String> = state.iter().map(|x| format!("{x:e}")).collect();
        println!("{name},{rtol:e},{:e},{}", seconds[7], state.join(","));
    }
}

fn main() {
    run("Lorenz", lorenz, &[1.0, 1.0, 1.0], 5.0);
    let stars = [
        3.0, 3.0, -1.0, -3.0, 2.0, -2.0, 2.0, 3.0, -3.0, 2.0, 0.0, 0.0, -4.0, 4.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 1.75, -1.5, 0.0, 0.0, 0.0, -1.25, 1.0, 0.0, 0.0,
    ];
    run("Pleiades", pleiades, &stars, 3.0);
}
