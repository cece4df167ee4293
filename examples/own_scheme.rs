//! A scheme of your own: Kutta's of third order, as its card and its coefficients, and the order that is measured.
//!
//! ```text
//! k1 = f(x),  k2 = f(x + h/2 k1),  k3 = f(x - h k1 + 2 h k2),   x+ = x + h (k1 + 4 k2 + k3)/6
//! ```
//!
//! The engine does the rest: the loop, samples, events. Run it with `cargo run --release --example own_scheme`.

use nullcline::engine::card::Card;
use nullcline::engine::explicit::{Explicit, Tolerances};
use nullcline::engine::integrate::{Course, Job, Span, run_lanes};
use nullcline::engine::recorder::Samples;
use nullcline::engine::schemes::rk4;
use nullcline::engine::tableau::Tableau;
use nullcline::prelude::*;

/// What is not said here is as for the scheme of fourth order.
static CARD: Card = Card {
    name: "kutta3",
    title: "Kutta 3",
    order: 3,
    dense_order: 3,
    evaluations: 3,
    stability: "reaches -2.51 on the real axis",
    reference: "Kutta, Z. Math. Phys. 46 (1901) 435",
    ..rk4::CARD
};

/// The last row of stages ends the step; below, the weights of the stages are polynomials in the place between.
static TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 0.5, 1.0, 1.0],
    rows: &[&[0.5], &[-1.0, 2.0], &[1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0]],
    dense: &[
        &[1.0, -1.5, 2.0 / 3.0],
        &[0.0, 2.0, -4.0 / 3.0],
        &[0.0, 0.5, -1.0 / 3.0],
        &[0.0, -1.0, 1.0],
    ],
    ..rk4::TABLEAU
};

struct Decay(Layout);
impl System for Decay {
    fn layout(&self) -> &Layout {
        &self.0
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = -x[0];
    }
}

/// How far from 1/e the scheme ends with steps of length `h`.
fn error(decay: &Decay, h: f64) -> f64 {
    let tolerances = Tolerances {
        rtol: 1e-6,
        atol: vec![1e-9],
        step: Some(h),
        locate_kinks: false,
        max_step: f64::INFINITY,
        first_step: None,
    };
    let mut scheme = Explicit::<1>::new(&CARD, &TABLEAU, decay, tolerances);
    let (start, stop, mut last) = (0.0, 1.0, f64::NAN);
    let samples = Samples::at(vec![stop]);
    let mut job = Some(Job::new(Span { start, stop }, vec![1.0], samples));
    let (next, on) = (&mut |_| job.take(), &mut |_: f64| true);
    let done = &mut |_, _, samples: Samples| last = samples.states[0][0];
    run_lanes(decay, &mut scheme, Course::of(1000), next, done, on);
    (last - (-1.0_f64).exp()).abs()
}

fn main() {
    let decay = Decay(Layout::new().block(Variable::new("x", vec![]), 1.0));
    let (coarse, fine) = (error(&decay, 0.01), error(&decay, 0.005));
    let order = (coarse / fine).log2();
    println!("100 steps: error {coarse:.2e}; 200 steps: {fine:.2e}; order {order:.3}");
    assert!((order - f64::from(CARD.order)).abs() < 0.05);
}
