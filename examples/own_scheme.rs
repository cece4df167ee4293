//! A scheme of your own: Kutta's of third order, as its card and its coefficients, and the order that is measured.
//!
//! ```text
//! k1 = f(x),  k2 = f(x + h/2 k1),  k3 = f(x - h k1 + 2 h k2),   x+ = x + h (k1 + 4 k2 + k3)/6
//! ```
//!
//! The engine does the rest: the loop, samples between steps, events. In this repository a scheme has a name that experiment
//! files know (docs/recipes/scheme.md). `cargo run --release --example own_scheme`

use nullcline::engine::card::{Card, Needs, Stepping};
use nullcline::engine::explicit::{Explicit, Tolerances};
use nullcline::engine::integrate::{Course, Job, Span, run_lanes};
use nullcline::engine::recorder::Samples;
use nullcline::engine::tableau::{Between, Tableau};
use nullcline::prelude::*;

static CARD: Card = Card {
    name: "kutta3",
    title: "Kutta 3",
    order: 3,
    embedded_order: None,
    dense_order: 3,
    stepping: Stepping::Fixed,
    locates_kinks: false,
    evaluations: 3,
    stability: "reaches -2.51 on the real axis",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Kutta, Z. Math. Phys. 46 (1901) 435",
    use_when: "to see how a scheme is made",
};

/// The last row of stages ends the step; below, the weights of the stages are polynomials in the place between.
static TABLEAU: Tableau = Tableau {
    nodes: &[0.0, 0.5, 1.0, 1.0],
    rows: &[&[0.5], &[-1.0, 2.0], &[1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0]],
    error: &[],
    error_low: &[],
    between: Between::NONE,
    dense: &[
        &[1.0, -1.5, 2.0 / 3.0],
        &[0.0, 2.0, -4.0 / 3.0],
        &[0.0, 0.5, -1.0 / 3.0],
        &[0.0, -1.0, 1.0],
    ],
};

struct Circle(Layout);

impl System for Circle {
    fn layout(&self) -> &Layout {
        &self.0
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        (dx[0], dx[1]) = (x[1], -x[0]);
    }
}

/// How far from (cos 1, -sin 1) the scheme ends with steps of length `h`.
fn error(circle: &Circle, h: f64) -> f64 {
    let tolerances = Tolerances {
        rtol: 1e-6,
        atol: vec![1e-9; 2],
        step: Some(h),
        locate_kinks: false,
    };
    let mut scheme = Explicit::<1>::new(&CARD, &TABLEAU, circle, tolerances);
    let course = Course::of(1_000_000);
    let (start, stop) = (0.0, 1.0);
    let mut job = Some(Job::new(
        Span { start, stop },
        vec![1.0, 0.0],
        Samples::at(vec![stop]),
    ));
    let mut last = vec![f64::NAN; 2];
    let (next, done) = (&mut |_| job.take(), &mut |_, _, samples: Samples| {
        last = samples.states[0].clone()
    });
    run_lanes(circle, &mut scheme, course, next, done, &mut |_| true);
    (last[0] - stop.cos()).hypot(last[1] + stop.sin())
}

fn main() {
    let place = |name| Variable::new(name, vec![]);
    let circle = Circle(Layout::new().block(place("x"), 1.0).block(place("y"), 0.0));
    for steps in [50.0, 100.0, 200.0] {
        let (coarse, fine) = (error(&circle, 1.0 / steps), error(&circle, 0.5 / steps));
        let order = (coarse / fine).log2();
        println!(
            "{steps:4} steps: error {coarse:.2e}, with twice as many {fine:.2e}: order {order:.3}"
        );
        assert!((order - f64::from(CARD.order)).abs() < 0.05);
    }
}
