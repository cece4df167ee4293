//! Stimuli of a family that does not say where their edges are: steps land on them all the same, by every way into the engine.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use nullcline::archive::Reader;
use nullcline::config::{self, experiment::Experiment};
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::ensemble::{self, RunOptions};
use nullcline::prelude::*;
use nullcline::system::stimulus::Stimulus;

/// x' = -x/1000 + the sum of all stimuli.
struct Forgetful;

static FORGETFUL: Forgetful = Forgetful;

impl Family for Forgetful {
    fn name(&self) -> &'static str {
        "forgetful"
    }
    fn title(&self) -> &'static str {
        "Forgets its edges"
    }
    fn card(&self) -> &'static str {
        "x' = -x/1000 + u"
    }
    fn dynamics(&self) -> &'static [Dynamics] {
        &[Dynamics {
            name: "flow",
            evolution: Evolution::Flow,
            method: "tsit5",
            meaning: "",
        }]
    }
    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }
    fn channels(&self) -> &'static [Channel] {
        &[Channel {
            name: "u",
            unit: "1",
            meaning: "added to the drift",
            dynamics: &[],
        }]
    }
    fn starter(&self) -> &'static str {
        ""
    }
    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        Ok(Built::Flow(Box::new(Driven {
            layout: Layout::new().block(Variable::new("x", vec![]), 0.0),
            stimuli: build.stimuli.to_vec(),
        })))
    }
}

struct Driven {
    layout: Layout,
    stimuli: Vec<Stimulus>,
}

impl System for Driven {
    fn layout(&self) -> &Layout {
        &self.layout
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        let input: f64 = self.stimuli.iter().map(|one| one.value(t)).sum();
        dx[0] = -1e-3 * x[0] + input;
    }
}

/// Two pulses of area 1, each far shorter than a step.
const TEXT: &str = r#"
[model]
family = "forgetful"
[time]
stop = 1000.0
save = 500.0
[[stimulus]]
channel = "u"
amplitude = 1000.0
from = 400.0
to = 400.001
[[stimulus]]
channel = "u"
amplitude = 100.0
from = 900.0
to = 900.01
"#;

fn load() -> Experiment {
    let registry = nullcline::models::registry().with(&FORGETFUL);
    let loaded = config::load_text(TEXT, Path::new("x.toml"), &[], &registry);
    loaded.unwrap_or_else(|error| panic!("{}", error.render(false, 100)))
}

fn right() -> f64 {
    let pulse = |area: f64, width: f64, since: f64| {
        // Mean of exp over the pulse, from its end on.
        area * -f64::exp_m1(-1e-3 * width) / (1e-3 * width) * f64::exp(-1e-3 * since)
    };
    pulse(1.0, 1e-3, 599.999) + pulse(1.0, 1e-2, 99.99)
}

#[test]
fn a_family_that_forgets_its_edges_loses_no_stimulus() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = load();
    experiment.output.path = folder.path().join("x.h5");
    let never = AtomicBool::new(false);
    ensemble::run(&experiment, &RunOptions::new(&never), &mut |_| {}).unwrap();
    let x = Reader::open(&experiment.output.path)
        .unwrap()
        .read("x")
        .unwrap();
    assert!((x[2] - right()).abs() < 1e-6, "{x:?} {}", right());

    // The system of the experiment, by the library alone.
    let system = experiment.build().unwrap().into_system();
    assert_eq!(system.next_breakpoint(0.0), 400.0);
    for method in ["tsit5", "dop853", "bdf", "auto"] {
        let options = Options::new(1, 1e-6, 1e-9);
        let mut samples = Samples::at(vec![1000.0]);
        let span = Span {
            start: 0.0,
            stop: 1000.0,
        };
        let always = &mut |_| true;
        integrate(
            system.as_ref(),
            method,
            &options,
            span,
            &[0.0],
            &mut samples,
            always,
        )
        .unwrap();
        let x = samples.states[0][0];
        assert!((x - right()).abs() < 1e-4, "{method}: {x} {}", right());
    }
}
