//! Choosing a scheme: what each costs for the same accuracy, on a problem whose solution is known.
//!
//! ```text
//! x' = y,   y' = -x:   a turn of a circle, back at the start after 2 pi
//! ```
//!
//! `cargo run --release --example choosing_schemes`

use std::f64::consts::TAU;

use nullcline::engine::integrate::{IntegrationError, Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::engine::schemes::CARDS;
use nullcline::prelude::*;

struct Circle(Layout);

impl System for Circle {
    fn layout(&self) -> &Layout {
        &self.0
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = x[1];
        dx[1] = -x[0];
    }
}

fn main() -> Result<(), IntegrationError> {
    let x = Variable::new("x", vec![]).meaning("position");
    let y = Variable::new("y", vec![]).meaning("velocity");
    let circle = Circle(Layout::new().block(x, 1.0).block(y, 0.0));
    let span = Span {
        start: 0.0,
        stop: TAU,
    };
    println!("scheme   order  tolerance  evaluations      error");
    for method in ["bs3", "tsit5", "dopri5", "dop853"] {
        // The card says what a scheme is good for; `nullcline methods` prints all of it.
        let order = CARDS.iter().find(|card| card.name == method);
        let order = order.map_or(0, |card| card.order);
        for rtol in [1e-4, 1e-7, 1e-10] {
            let options = Options::new(2, rtol, rtol);
            let mut samples = Samples::at(vec![TAU]);
            let start = [1.0, 0.0];
            let outcome = integrate(
                &circle,
                method,
                &options,
                span,
                &start,
                &mut samples,
                &mut |_| true,
            )?;
            let last = &samples.states[0];
            let error = (last[0] - 1.0).hypot(last[1]);
            println!(
                "{method:8} {order:5} {rtol:10.0e} {:12} {error:10.1e}",
                outcome.counts.evaluations
            );
            assert!(error < 1e3 * rtol, "{method} is worse than it was asked");
        }
    }
    Ok(())
}
