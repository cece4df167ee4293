//! `[analysis.psychometric]`: the probability of "second stronger" against the second stimulus, and the point of subjective equality.
//!
//! ```text
//! P(2 > 1 | s1, s2, T)      PSE: P as with equal percepts, s2* = mu + w (s1 - mu) in internal coordinates
//! jnd: half the distance between the second stimuli with which P, guesses aside, is 1/4 and 3/4
//! ```

use super::grid::{self, levels};
use super::perceiver::Perceiver;
use crate::prelude::*;

/// The analysis.
pub struct Psychometric;

const OPTIONS: &[Parameter] = &[
    Parameter::vector("first", "curve")
        .fallback(Fallback::Absent)
        .meaning("first stimuli, a curve each; those of the trials by default"),
    Parameter::real("from")
        .fallback(Fallback::Absent)
        .meaning("least second stimulus; that of the trials by default"),
    Parameter::real("to")
        .fallback(Fallback::Absent)
        .meaning("greatest second stimulus; that of the trials by default"),
    Parameter::integer("count")
        .fallback(Fallback::Integer(61))
        .range(Range::closed(2.0, 100_000.0))
        .meaning("how many second stimuli"),
    grid::ISI,
];

impl Analysis for Psychometric {
    fn name(&self) -> &'static str {
        "psychometric"
    }

    fn meaning(&self) -> &'static str {
        "psychometric curves and points of subjective equality"
    }

    fn options(&self) -> &'static [Parameter] {
        OPTIONS
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let (perceiver, trials) = super::model(subject.parameters)
            .map_err(|error| AnalysisError::Failed(error.to_string()))?;
        let options = subject.options;
        let firsts = match options.get("first") {
            Some(_) => options.vector("first").to_vec(),
            None => levels(subject.parameters.vector("trials.s1")),
        };
        let seconds = levels(subject.parameters.vector("trials.s2"));
        let seconds = grid::spaced(options, grid::ends(options, &seconds));
        let inside = |s: &f64| !perceiver.logarithmic || *s > 0.0;
        if !(firsts.iter().all(inside) && seconds.iter().all(inside)) {
            let why = "on the logarithmic scale every stimulus must be > 0";
            return Err(AnalysisError::Failed(why.into()));
        }
        let gap = grid::gap(options, &trials);
        Ok(curves(&perceiver, &firsts, &seconds, gap))
    }
}

fn curves(perceiver: &Perceiver, firsts: &[f64], grid: &[f64], gap: f64) -> Findings {
    let [b1, b2] = perceiver.weights(perceiver.prior_variance, gap);
    let mu = perceiver.prior_mean;
    let equal = |s: f64| mu + b1 / b2 * (perceiver.internal(s) - mu);
    let probabilities = firsts.iter().flat_map(|&first| {
        grid.iter().map(move |&second| {
            perceiver.fresh(perceiver.internal(first), perceiver.internal(second), gap)
        })
    });
    let equalities: Vec<f64> = firsts
        .iter()
        .map(|&s| perceiver.intensity(equal(s)))
        .collect();
    let differences: Vec<f64> = firsts
        .iter()
        .map(|&first| difference(perceiver, first, [b1, b2]))
        .collect();
    let axis = || Axis::new("curve", firsts.len());
    let mut findings = Findings::default()
        .array(
            Variable::new("first", vec![axis()]).meaning("first stimulus of the curve"),
            Data::Real(firsts.to_vec()),
        )
        .array(
            Variable::new("second", vec![Axis::new("point", grid.len())]).meaning("second stimulus"),
            Data::Real(grid.to_vec()),
        )
        .array(
            Variable::new("p_second", vec![axis(), Axis::new("point", grid.len())])
                .over(["first", "second"])
                .meaning("probability that the second stimulus is judged stronger"),
            Data::Real(probabilities.collect()),
        )
        .array(
            Variable::new("pse", vec![axis()]).meaning("point of subjective equality"),
            Data::Real(equalities.clone()),
        )
        .array(
            Variable::new("jnd", vec![axis()])
                .meaning("just noticeable difference: half the distance from 1/4 to 3/4, in internal coordinates"),
            Data::Real(differences.clone()),
        );
    findings
        .table
        .push(["first", "pse", "jnd"].map(String::from).to_vec());
    for ((first, equal), difference) in firsts.iter().zip(&equalities).zip(&differences) {
        let row = [first, equal, difference].map(|number| format!("{number:.6}"));
        findings.table.push(row.to_vec());
    }
    if let (Some(low), Some(high)) = (equalities.first(), equalities.last()) {
        findings
            .line
            .push(("pse", format!("{low:.6} to {high:.6}")));
    }
    findings
}

/// Half the distance between the quartiles of a curve without guesses; by bisection, because Weber noise bends it.
fn difference(perceiver: &Perceiver, first: f64, [b1, b2]: [f64; 2]) -> f64 {
    // The upper quartile of the standard normal distribution.
    const QUARTILE: f64 = 0.674_489_750_196_081_7;
    let mu = perceiver.prior_mean;
    let z1 = perceiver.internal(first);
    let excess = |z2: f64, quartile: f64| {
        let deviation = (b1 * perceiver.noise(z1)).hypot(b2 * perceiver.noise(z2));
        b2 * (z2 - mu) - b1 * (z1 - mu) - quartile * deviation
    };
    let middle = mu + b1 / b2 * (z1 - mu);
    let reach = 20.0 * (perceiver.noise(middle).abs() + perceiver.noise_sd) * (1.0 + b1 / b2);
    let root = |quartile: f64| {
        let (mut low, mut high) = (middle - reach, middle + reach);
        for _ in 0..200 {
            let half = 0.5 * (low + high);
            match excess(half, quartile) < 0.0 {
                true => low = half,
                false => high = half,
            }
        }
        0.5 * (low + high)
    };
    0.5 * (root(QUARTILE) - root(-QUARTILE))
}
