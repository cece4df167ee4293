//! Trajectories for analyses that compare or follow them: the scheme that suits, at tight tolerances.

use crate::engine::integrate::{Options, Span, integrate};
use crate::engine::recorder::Recorder;
use crate::system::System;
use crate::system::analysis::{AnalysisError, Integrate, Trajectory};
use crate::system::event::Event;

/// Integration by the engine.
pub struct ByEngine;

/// Relative and absolute tolerance.
const TOLERANCE: f64 = 1e-10;
/// Stiff members of a family take many steps.
const MOST_STEPS: u64 = 100_000_000;

struct Log<'a> {
    times: &'a [f64],
    found: Trajectory,
}

impl Recorder for Log<'_> {
    fn next_time(&self) -> f64 {
        let next = self.times.get(self.found.states.len());
        next.copied().unwrap_or(f64::INFINITY)
    }

    fn record(&mut self, _t: f64, x: &[f64]) {
        self.found.states.push(x.to_vec());
    }

    fn event(&mut self, event: &Event<'_>) {
        self.found.events.push(event.time);
    }
}

impl Integrate for ByEngine {
    fn run(
        &self,
        system: &dyn System,
        span: Option<(f64, f64)>,
        x0: &[f64],
        times: &[f64],
    ) -> Result<Trajectory, AnalysisError> {
        let (start, stop) = span.ok_or(AnalysisError::Lacks("`[time]`"))?;
        let method = match (system.constraint(), system.selector()) {
            (Some(_), _) => "projected",
            (None, Some(_)) => "filippov",
            (None, None) => "tsit5",
        };
        let mut options = Options::new(x0.len(), TOLERANCE, TOLERANCE);
        options.max_steps = MOST_STEPS;
        let mut log = Log {
            times,
            found: Trajectory::default(),
        };
        let span = Span { start, stop };
        let failed = |why: String| AnalysisError::Failed(why);
        let outcome = integrate(system, method, &options, span, x0, &mut log, &mut |_| true)
            .map_err(|error| failed(error.to_string()))?;
        match outcome.status.is_success() {
            true => Ok(log.found),
            false => Err(failed(outcome.diagnosis(system))),
        }
    }
}
