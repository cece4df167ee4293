//! `[analysis.limit]`: how fast the family approaches its two limits.
//!
//! ```text
//! fast_distance(tau) = max over t, i of |x_i(t; tau) - y_i(t)|    y: projected dynamics, fast clock, tau -> 0
//! slow_distance(tau) = max over s, i of |x_i(s; tau) - z_i(s)|    z: hard selector, slow clock, tau -> inf
//! ```
//!
//! over `[time]`, from the initial state of the experiment, at `samples` equal intervals and at every event of the
//! limit (where the distance has its corners). The slopes are those of log distance over log tau, by least squares
//! over the distances that are not rounding: about 1 and -1 where the trajectory meets the boundary. A trajectory that
//! never meets it coincides with the fast limit for every small tau, and has no slope.

use super::hard_selector::HardSelector;
use super::network::{Clock, Network};
use super::projected::Projected;
use crate::prelude::*;

/// The analysis `limit`.
pub struct Limits;

/// Distances below this are what two integrations differ by anyway.
const ROUNDING: f64 = 1e-7;
const FAST: &[f64] = &[0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
const SLOW: &[f64] = &[10.0, 30.0, 100.0, 300.0, 1000.0];

const OPTIONS: &[Parameter] = &[
    Parameter::vector("fast", "members")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("tau of the members compared with the projected flow; 0.3 to 0.001 by default"),
    Parameter::vector("slow", "others")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("tau of the members compared with the hard selector; 10 to 1000 by default"),
    Parameter::integer("samples")
        .fallback(Fallback::Integer(400))
        .range(Range::closed(1.0, 1e6))
        .meaning("equal intervals at whose ends the distance is measured"),
];

/// One of the two limits.
struct Side {
    name: &'static str,
    to: &'static str,
    clock: Clock,
    timescales: Vec<f64>,
}

impl Analysis for Limits {
    fn name(&self) -> &'static str {
        "limit"
    }

    fn meaning(&self) -> &'static str {
        "how fast the family approaches the projected flow (tau -> 0) and the hard selector (tau -> inf)"
    }

    fn options(&self) -> &'static [Parameter] {
        OPTIONS
    }

    fn needs_time(&self) -> bool {
        true
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let network = subject
            .system
            .batch()
            .and_then(|batch| batch.as_any().downcast_ref::<Network>())
            .ok_or(AnalysisError::Lacks("`dynamics = \"network\"`"))?;
        let chosen = |name: &str, default: &[f64]| match subject.options.get(name) {
            Some(_) => subject.options.vector(name).to_vec(),
            None => default.to_vec(),
        };
        let sides = [
            Side {
                name: "fast",
                to: "projected",
                clock: Clock::Fast,
                timescales: chosen("fast", FAST),
            },
            Side {
                name: "slow",
                to: "hard-selector",
                clock: Clock::Slow,
                timescales: chosen("slow", SLOW),
            },
        ];
        let mut findings = Findings {
            table: vec![
                ["limit", "timescale", "distance", "slope"]
                    .map(String::from)
                    .to_vec(),
            ],
            ..Findings::default()
        };
        for side in sides {
            let limit = side.limit(network);
            let distances = match &limit {
                Ok(limit) => side.distances(subject, network, limit.as_ref())?,
                Err(why) => {
                    findings.remarks.push(why.to_string());
                    vec![f64::NAN; side.timescales.len()]
                }
            };
            findings = side.tell(findings, &distances);
        }
        Ok(findings)
    }
}

impl Side {
    fn limit(&self, network: &Network) -> Result<Box<dyn System>, BuildError> {
        Ok(match self.clock {
            Clock::Fast => Box::new(Projected::new(network.clone())),
            Clock::Slow => Box::new(HardSelector::new(network.clone())?),
        })
    }

    /// The largest distance of each member to the limit.
    fn distances(
        &self,
        subject: &Subject<'_>,
        network: &Network,
        limit: &dyn System,
    ) -> Result<Vec<f64>, AnalysisError> {
        let (start, stop) = subject.span.ok_or(AnalysisError::Lacks("`[time]`"))?;
        let count = usize::try_from(subject.options.integer("samples")).unwrap_or(1);
        let mut times: Vec<f64> = (0..=count)
            .map(|k| start + (stop - start) * k as f64 / count as f64)
            .collect();
        let run = |system: &dyn System, times: &[f64]| {
            subject
                .integrate
                .run(system, subject.span, subject.initial, times)
        };
        times.extend(run(limit, &[stop])?.events);
        times.sort_by(f64::total_cmp);
        times.dedup();
        let reference = run(limit, &times)?;
        let distance = |&timescale: &f64| {
            let member = network.clone().timescale(timescale, self.clock);
            let found = run(&member, &times)?;
            let pairs = found
                .states
                .iter()
                .flatten()
                .zip(reference.states.iter().flatten());
            Ok(pairs.fold(0.0_f64, |max, (x, y)| max.max((x - y).abs())))
        };
        self.timescales.iter().map(distance).collect()
    }

    /// Add the arrays and the rows of the table.
    fn tell(&self, mut findings: Findings, distances: &[f64]) -> Findings {
        let slope = slope(&self.timescales, distances);
        for (row, (timescale, distance)) in self.timescales.iter().zip(distances).enumerate() {
            let told = match row {
                0 if slope.is_finite() => format!("{slope:.3}"),
                0 => "none".into(),
                _ => String::new(),
            };
            findings.table.push(vec![
                self.to.into(),
                format!("{timescale}"),
                format!("{distance:.6e}"),
                told,
            ]);
        }
        let name = |what: &str| format!("{}_{what}", self.name);
        let count = self.timescales.len();
        let along = || vec![Axis::new(format!("{}_member", self.name), count)];
        let timescale = Variable::new(name("timescale"), along()).meaning("tau of the member");
        let distance = Variable::new(name("distance"), along()).meaning(format!(
            "largest distance to `{}` over time and neurons",
            self.to
        ));
        let fitted = Variable::new(name("slope"), vec![])
            .meaning("slope of log distance over log tau; NaN where the two coincide");
        findings
            .array(timescale, Data::Real(self.timescales.clone()))
            .array(distance, Data::Real(distances.to_vec()))
            .array(fitted, Data::Real(vec![slope]))
    }
}

/// The slope of log distance over log tau by least squares.
fn slope(timescales: &[f64], distances: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> = timescales
        .iter()
        .zip(distances)
        .filter(|(_, distance)| **distance > ROUNDING)
        .map(|(timescale, distance)| (timescale.ln(), distance.ln()))
        .collect();
    let count = points.len() as f64;
    let mean = |part: fn(&(f64, f64)) -> f64| points.iter().map(part).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    // Fewer than two points leave 0 / 0.
    covariance / variance
}
