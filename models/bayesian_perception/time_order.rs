//! `[analysis.time-order]`: how far a judgement of two stimuli depends on their order.
//!
//! ```text
//! TOE(a, b) = P(2 > 1 | a, b) + P(2 > 1 | b, a) - 1        a < b
//! ```
//!
//! Of every pair of levels that the trials have, at each of their gaps, for trials that start from the prior. Where the table has responses, the
//! observed effect stands beside it, and the asymmetry of all unequal pairs: accuracy weak-first minus strong-first, with the pooled two-proportion z.

use super::perceiver::Perceiver;
use super::trials::Trials;
use crate::prelude::*;

/// The analysis.
pub struct TimeOrder;

/// A pair of levels a < b in internal coordinates, and a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pair {
    weak: f64,
    strong: f64,
    gap: f64,
}

/// Responses to one order of a pair: how many trials, how often "second stronger".
type Tally = [f64; 2];

impl Analysis for TimeOrder {
    fn name(&self) -> &'static str {
        "time-order"
    }

    fn meaning(&self) -> &'static str {
        "how far judgements depend on the order of the stimuli"
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let (perceiver, trials) = super::model(subject.parameters)
            .map_err(|error| AnalysisError::Failed(error.to_string()))?;
        let pairs = pairs(&trials);
        let axes = || vec![Axis::new("pair", pairs.len())];
        let of = |name: &str, meaning: &str| Variable::new(name, axes()).meaning(meaning);
        let collect = |f: &dyn Fn(&Pair) -> f64| Data::Real(pairs.iter().map(f).collect());
        let effects: Vec<f64> = pairs.iter().map(|pair| effect(&perceiver, pair)).collect();
        let observed: Vec<f64> = pairs.iter().map(|pair| seen(&trials, pair)).collect();
        let mut findings = Findings::default()
            .array(
                of("weak", "intensity of the weaker stimulus"),
                collect(&|pair| perceiver.intensity(pair.weak)),
            )
            .array(
                of("strong", "intensity of the stronger stimulus"),
                collect(&|pair| perceiver.intensity(pair.strong)),
            )
            .array(
                of("gap", "time between the stimuli").unit("s"),
                collect(&|pair| pair.gap),
            )
            .array(
                of("effect", "time-order effect of the model"),
                Data::Real(effects.clone()),
            );
        let (asymmetry, z) = asymmetry(&trials);
        if trials.responses.is_some() {
            let scalar = |name: &str, meaning: &str| Variable::new(name, vec![]).meaning(meaning);
            findings = findings
                .array(
                    of("observed", "time-order effect of the responses"),
                    Data::Real(observed.clone()),
                )
                .array(
                    scalar(
                        "asymmetry",
                        "accuracy of weak-first minus strong-first trials",
                    ),
                    Data::Real(vec![asymmetry]),
                )
                .array(
                    scalar("asymmetry_z", "its pooled two-proportion z"),
                    Data::Real(vec![z]),
                );
        }
        let head = ["weak", "strong", "gap", "effect", "observed"];
        findings.table.push(head.map(String::from).to_vec());
        for ((pair, effect), observed) in pairs.iter().zip(&effects).zip(&observed) {
            let (weak, strong) = (
                perceiver.intensity(pair.weak),
                perceiver.intensity(pair.strong),
            );
            findings.table.push(vec![
                format!("{weak:.4}"),
                format!("{strong:.4}"),
                format!("{}", pair.gap),
                format!("{effect:.6}"),
                if observed.is_nan() {
                    "-".into()
                } else {
                    format!("{observed:.4}")
                },
            ]);
        }
        let mean = effects.iter().sum::<f64>() / effects.len().max(1) as f64;
        findings.line.push(("mean effect", format!("{mean:.6}")));
        findings.line.push((
            "asymmetry z",
            if z.is_nan() {
                "-".into()
            } else {
                format!("{z:.3}")
            },
        ));
        if perceiver.carries {
            findings
                .remarks
                .push("the effect is that of trials that start from the prior, not of the carried history".into());
        }
        if pairs.is_empty() {
            return Err(AnalysisError::Failed(
                "the trials have no unequal pair".into(),
            ));
        }
        Ok(findings)
    }
}

/// The unequal pairs of the trials, in ascending order.
fn pairs(trials: &Trials) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for trial in trials
        .all
        .iter()
        .filter(|trial| trial.first != trial.second)
    {
        let pair = Pair {
            weak: trial.first.min(trial.second),
            strong: trial.first.max(trial.second),
            gap: trial.gap,
        };
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let key = |pair: &Pair| [pair.gap, pair.weak, pair.strong];
    pairs.sort_by(|a, b| {
        key(a)
            .partial_cmp(&key(b))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    pairs
}

fn effect(perceiver: &Perceiver, pair: &Pair) -> f64 {
    perceiver.fresh(pair.weak, pair.strong, pair.gap)
        + perceiver.fresh(pair.strong, pair.weak, pair.gap)
        - 1.0
}

/// The responses to one order.
fn tally(trials: &Trials, first: f64, second: f64, gap: f64) -> Tally {
    let mut tally = [0.0, 0.0];
    if let Some(responses) = &trials.responses {
        for (trial, &response) in trials.all.iter().zip(responses) {
            if (trial.first, trial.second, trial.gap) == (first, second, gap) {
                tally[0] += 1.0;
                tally[1] += f64::from(u8::from(response));
            }
        }
    }
    tally
}

/// The observed effect; NaN if one of the orders has no response.
fn seen(trials: &Trials, pair: &Pair) -> f64 {
    let share = |[count, second]: Tally| {
        if count > 0.0 {
            second / count
        } else {
            f64::NAN
        }
    };
    share(tally(trials, pair.weak, pair.strong, pair.gap))
        + share(tally(trials, pair.strong, pair.weak, pair.gap))
        - 1.0
}

/// Accuracy weak-first minus strong-first over unequal pairs, and its z.
pub fn asymmetry(trials: &Trials) -> (f64, f64) {
    let Some(responses) = &trials.responses else {
        return (f64::NAN, f64::NAN);
    };
    let (mut count, mut right) = ([0.0; 2], [0.0; 2]);
    for (trial, &response) in trials.all.iter().zip(responses) {
        if trial.first == trial.second {
            continue;
        }
        let strong_first = trial.first > trial.second;
        let order = usize::from(strong_first);
        count[order] += 1.0;
        right[order] += f64::from(u8::from(response != strong_first));
    }
    let [weak, strong] = [right[0] / count[0], right[1] / count[1]];
    let pooled = (right[0] + right[1]) / (count[0] + count[1]);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / count[0] + 1.0 / count[1])).sqrt();
    (weak - strong, (weak - strong) / deviation)
}
