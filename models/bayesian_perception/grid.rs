//! What the analyses of this family share: at which stimuli and which interval they look.

use super::trials::Trials;
use crate::prelude::*;

/// The option of the interval.
pub const ISI: Parameter = Parameter::real("isi")
    .fallback(Fallback::Absent)
    .range(Range::NON_NEGATIVE)
    .unit("s")
    .meaning("time between the stimuli; that of the first trial by default");

/// The interval that the options ask for, else that of the first trial.
pub fn gap(options: &Parameters, trials: &Trials) -> f64 {
    match options.get("isi") {
        Some(_) => options.real("isi"),
        None => trials.all.first().map_or(0.0, |one| one.gap),
    }
}

/// `from` and `to` of the options, else the least and the greatest of these levels.
pub fn ends(options: &Parameters, levels: &[f64]) -> [f64; 2] {
    let number = |name: &str| options.get(name).map(|_| options.real(name));
    // A table of trials has at least one.
    let from = number("from").or(levels.first().copied());
    let to = number("to").or(levels.last().copied());
    [from.unwrap_or(0.0), to.unwrap_or(1.0)]
}

/// As many equidistant points as the options ask for, both ends included.
pub fn spaced(options: &Parameters, [from, to]: [f64; 2]) -> Vec<f64> {
    let count = usize::try_from(options.integer("count")).unwrap_or(2);
    let step = (to - from) / (count - 1) as f64;
    (0..count).map(|k| from + k as f64 * step).collect()
}

/// The distinct values, ascending.
pub fn levels(values: &[f64]) -> Vec<f64> {
    let mut levels = values.to_vec();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    levels
}
