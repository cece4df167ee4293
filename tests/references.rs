//! The explicit schemes against stored references of problems that are not stiff, and the stiff ones on them as well.

mod common;

use common::nonstiff::{Nonstiff, set};
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;

fn error(problem: &Nonstiff, method: &str, rtol: f64) -> f64 {
    let options = Options::new(problem.x0.len(), rtol, rtol);
    let mut samples = Samples::at(vec![]);
    let span = Span {
        start: 0.0,
        stop: problem.stop,
    };
    let x0 = &problem.x0;
    let outcome = integrate(
        problem,
        method,
        &options,
        span,
        x0,
        &mut samples,
        &mut |_| true,
    );
    problem.error(&outcome.unwrap().state)
}

/// By how much an error grows from some instant until the end, at most: of each component at each sixteenth of the
/// span, in the norm of the errors.
fn amplification(problem: &Nonstiff) -> f64 {
    let options = Options::new(problem.x0.len(), 1e-12, 1e-12);
    let run = |start: f64, stop: f64, x: &[f64]| {
        if start == stop {
            return x.to_vec();
        }
        let mut samples = Samples::at(vec![]);
        let span = Span { start, stop };
        let outcome = integrate(
            problem,
            "dop853",
            &options,
            span,
            x,
            &mut samples,
            &mut |_| true,
        );
        outcome.unwrap().state
    };
    let grown = (0..16).flat_map(|part| {
        let start = problem.stop * f64::from(part) / 16.0;
        let x = run(0.0, start, &problem.x0);
        (0..x.len()).map(move |j| {
            let mut moved = x.clone();
            moved[j] += 1e-6 * (1.0 + x[j].abs());
            problem.error(&run(start, problem.stop, &moved)) / 1e-6
        })
    });
    grown.fold(1.0, f64::max)
}

/// What a scheme can answer for is the error of its steps; what becomes of it is the problem's doing. So the bound is
/// ten times the tolerance, times the problem's own amplification of errors.
fn follows_the_tolerance(
    problem: &Nonstiff,
    amplification: f64,
    method: &str,
) -> Result<(), String> {
    let points: Vec<(f64, f64)> = (4..=10)
        .map(|digits| {
            let error = error(problem, method, 10_f64.powi(-digits));
            (f64::from(-digits), error.log10())
        })
        .collect();
    let n = points.len() as f64;
    let (mean_x, mean_y) = (
        points.iter().map(|p| p.0).sum::<f64>() / n,
        points.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let slope = covariance / variance;
    let ratios = points.iter().map(|(x, y)| 10_f64.powf(y - x));
    let worst = ratios.fold(0.0, f64::max);
    println!(
        "{:<24} x {amplification:<6.0} {method:<9} worst {worst:<7.2} slope {slope:.2}",
        problem.name
    );
    if worst > 10.0 * amplification {
        return Err(format!(
            "{} by {method}: {worst:.0} times the tolerance",
            problem.name
        ));
    }
    // Errors of both signs cancel at some tolerances, so some slopes are steeper; none may be flatter.
    if !(0.8..1.35).contains(&slope) {
        return Err(format!("{} by {method}: slope {slope:.2}", problem.name));
    }
    Ok(())
}

#[test]
fn errors_follow_the_tolerance() {
    let mut failures = Vec::new();
    for problem in set() {
        let amplification = amplification(&problem);
        for method in ["tsit5", "dopri5", "dop853", "bdf", "esdirk34", "auto"] {
            if let Err(failure) = follows_the_tolerance(&problem, amplification, method) {
                failures.push(failure);
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
