//! A model of your own as a family: one declaration, then experiment files know it.
//!
//! ```text
//! x' = r x (1 - x),   x(0) = 0.1:   x(t) = 1 / (1 + 9 exp(-r t))
//! ```
//!
//! `nullcline new my-model --crate` writes a whole program around such a file. `cargo run --release --example own_family`

use std::path::Path;

use nullcline::config;
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::prelude::*;
use nullcline::registry::Registry;

struct Logistic(Layout, f64);

impl System for Logistic {
    fn layout(&self) -> &Layout {
        &self.0
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        dx[0] = self.1 * x[0] * (1.0 - x[0]);
    }
}

struct LogisticFamily;

impl Family for LogisticFamily {
    fn name(&self) -> &'static str {
        "logistic"
    }
    fn title(&self) -> &'static str {
        "Growth that saturates"
    }
    fn card(&self) -> &'static str {
        "x' = r x (1 - x)"
    }
    fn dynamics(&self) -> &'static [Dynamics] {
        &[Dynamics {
            name: "growth",
            evolution: Evolution::Flow,
            method: "tsit5",
            meaning: "the flow",
        }]
    }
    fn parameters(&self) -> &'static [Parameter] {
        const { &[Parameter::real("r").or(1.0).meaning("rate of growth")] }
    }
    fn starter(&self) -> &'static str {
        "[model]\nfamily = \"logistic\"\nparameters.r = 2.0\n[initial]\nx = 0.1\n[time]\nstop = 3.0\n"
    }
    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        let layout = Layout::new().block(Variable::new("x", vec![]), 0.1);
        let system = Logistic(layout, build.parameters.real("r"));
        Ok(Built::Flow(Box::new(system)))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new(vec![&LogisticFamily]);
    let faster = ["model.parameters.r=3.0".to_string()];
    let (text, path) = (LogisticFamily.starter(), Path::new("logistic.toml"));
    let experiment = config::load_text(text, path, &faster, &registry)?;
    let system = experiment.build()?.into_system();
    let (start, stop) = (experiment.time.start, experiment.time.stop);
    let (span, options) = (Span { start, stop }, Options::new(1, 1e-10, 1e-12));
    let mut samples = Samples::at(vec![stop]);
    let (x0, end, go) = (&experiment.initial, &mut samples, &mut |_| true);
    integrate(&*system, "tsit5", &options, span, x0, end, go)?;
    let (x, expected) = (samples.states[0][0], 1.0 / (1.0 + 9.0 * (-9.0_f64).exp()));
    println!("x(3) = {x:.9}, expected {expected:.9}");
    assert!((x - expected).abs() < 1e-8);
    Ok(())
}
