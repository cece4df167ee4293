//! Reducers: what is kept of a run when its trajectory is not.
//!
//! A reducer streams over the samples of one variable: `observe` at every sample, `finish` once. Its
//! memory can be saved and restored, so that a resumed run continues inside it. A [`Summary`] declares
//! one: its name, its unit, its options, and how to make it.

mod crossings;
mod first_passage;
mod fold;
mod moments;
mod period;

/// So many times what the tolerances of a run explain is not told apart from nothing: a state at rest wanders by up to a dozen
/// of them under explicit schemes, whose steps are as long as stability allows.
const EXPLAINED: f64 = 50.0;

use super::parameters::{Fallback, Parameter, Parameters, Range};
use crossings::{Crossings, Way};
use first_passage::FirstPassage;
use fold::Fold;
use moments::{Moment, Moments};
use period::Period;

/// A streaming summary of one variable over one run.
pub trait Reducer: Send {
    /// Whether it wants to hear of tolerances.
    fn heeds_tolerances(&self) -> bool {
        false
    }
    /// Take in how far the tolerances of the run may have moved the values of the next sample.
    fn tolerate(&mut self, _tolerances: &[f64]) {}
    /// Take in the sample at time `t`; `values` has the length of the variable.
    fn observe(&mut self, t: f64, values: &[f64]);
    /// Write the result; its length is that of the variable.
    fn finish(&self, out: &mut [f64]);
    /// The memory as numbers.
    fn save(&self) -> Vec<f64>;
    /// Take the memory back, as [`save`](Reducer::save) gave it.
    fn restore(&mut self, memory: &[f64]);
}

/// The unit of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryUnit {
    /// That of the variable.
    Variable,
    /// That of the model's time.
    Time,
    /// A pure number.
    One,
}

/// The declaration of a summary.
pub struct Summary {
    /// Name in `record.summaries` and suffix of the data set: `mean` makes `x_mean`.
    pub name: &'static str,
    /// One line for people.
    pub meaning: &'static str,
    /// Its unit.
    pub unit: SummaryUnit,
    /// Its options, in the order of the reference: those of every summary first.
    pub options: &'static [Parameter],
    /// A fresh reducer for a variable of this many components.
    pub make: fn(usize, &Parameters) -> Box<dyn Reducer>,
}

const SUMMARY: Parameter = Parameter::text("summary").meaning("which summary");
const AFTER: Parameter = Parameter::real("after")
    .fallback(Fallback::Absent)
    .meaning("samples before this time do not count; all count by default");
const NAME: Parameter = Parameter::text("name")
    .fallback(Fallback::Absent)
    .meaning("the suffix of the data set; the name of the summary by default");

/// The options that every summary has.
pub const COMMON: &[Parameter] = &[SUMMARY, AFTER, NAME];

const CROSSINGS: &[Parameter] = &[
    SUMMARY,
    AFTER,
    NAME,
    Parameter::real("level").meaning("crossings: the level"),
    Parameter::choice("direction", Way::NAMES)
        .fallback(Fallback::Text("up"))
        .meaning("crossings: which way"),
];

const PASSAGE: &[Parameter] = &[
    SUMMARY,
    AFTER,
    NAME,
    Parameter::real("above")
        .fallback(Fallback::Absent)
        .meaning("first_passage: the level to be reached from below"),
    Parameter::real("below")
        .fallback(Fallback::Absent)
        .meaning("first_passage: the level to be reached from above"),
];

const PERIOD: &[Parameter] = &[
    SUMMARY,
    AFTER,
    NAME,
    Parameter::real("hysteresis")
        .or(0.1)
        .range(Range {
            upper: 1.0,
            ..Range::POSITIVE
        })
        .meaning("period: how far turning points are apart, as a share of the range seen so far"),
];

/// The summaries that every variable offers.
pub const SUMMARIES: &[Summary] = &[
    plain("final", "the last sample", |length, _| {
        Box::new(Fold::new(length, 0.0, |_, value| value))
    }),
    plain("min", "the least sample", |length, _| {
        Box::new(Fold::new(length, f64::INFINITY, f64::min))
    }),
    plain("max", "the greatest sample", |length, _| {
        Box::new(Fold::new(length, f64::NEG_INFINITY, f64::max))
    }),
    plain("mean", "the arithmetic mean of the samples", |length, _| {
        Box::new(Moments::new(length, Moment::Mean))
    }),
    plain(
        "std",
        "the standard deviation of the samples (divisor n)",
        |length, _| Box::new(Moments::new(length, Moment::Deviation)),
    ),
    plain(
        "rms",
        "the root of the mean square of the samples",
        |length, _| Box::new(Moments::new(length, Moment::RootMeanSquare)),
    ),
    Summary {
        name: "period",
        meaning: "the mean interval between upward crossings of the middle of the oscillation",
        unit: SummaryUnit::Time,
        options: PERIOD,
        make: |length, options| Box::new(Period::new(length, number(options, "hysteresis", 0.1))),
    },
    Summary {
        name: "crossings",
        meaning: "how often the level was crossed",
        unit: SummaryUnit::One,
        options: CROSSINGS,
        make: |length, options| {
            let way = match options.get("direction") {
                Some(_) => Way::named(options.text("direction")),
                None => Way::Up,
            };
            Box::new(Crossings::new(length, number(options, "level", 0.0), way))
        },
    },
    Summary {
        name: "first_passage",
        meaning: "the first time at which the level was reached",
        unit: SummaryUnit::Time,
        options: PASSAGE,
        make: |length, options| {
            let above = options.get("below").is_none();
            let level = number(options, if above { "above" } else { "below" }, 0.0);
            Box::new(FirstPassage::new(length, level, above))
        },
    },
];

/// A summary in the unit of its variable, without options of its own.
const fn plain(
    name: &'static str,
    meaning: &'static str,
    make: fn(usize, &Parameters) -> Box<dyn Reducer>,
) -> Summary {
    Summary {
        name,
        meaning,
        unit: SummaryUnit::Variable,
        options: COMMON,
        make,
    }
}

/// An option, or what it is when a program does not give it.
fn number(options: &Parameters, name: &str, default: f64) -> f64 {
    match options.get(name) {
        Some(_) => options.real(name),
        None => default,
    }
}

/// A summary that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Summarise {
    /// Its name in [`SUMMARIES`].
    pub summary: String,
    /// The suffix of its data sets.
    pub suffix: String,
    /// Samples before this time do not count.
    pub after: f64,
    /// Its own options, complete and checked.
    pub options: Parameters,
}

impl From<&str> for Summarise {
    /// The summary of this name, without options.
    fn from(name: &str) -> Self {
        Self {
            summary: name.into(),
            suffix: name.into(),
            after: f64::NEG_INFINITY,
            options: Parameters::new(),
        }
    }
}

impl Summarise {
    /// The declaration.
    pub fn card(&self) -> Option<&'static Summary> {
        SUMMARIES
            .iter()
            .find(|summary| summary.name == self.summary)
    }

    /// A fresh reducer for a variable of this many components.
    pub fn make(&self, card: &Summary, length: usize) -> Box<dyn Reducer> {
        let reducer = (card.make)(length, &self.options);
        match self.after > f64::NEG_INFINITY {
            true => Box::new(After {
                after: self.after,
                reducer,
            }),
            false => reducer,
        }
    }
}

/// A reducer that does not see what lies before a time.
struct After {
    after: f64,
    reducer: Box<dyn Reducer>,
}

impl Reducer for After {
    fn heeds_tolerances(&self) -> bool {
        self.reducer.heeds_tolerances()
    }

    fn tolerate(&mut self, tolerances: &[f64]) {
        self.reducer.tolerate(tolerances);
    }

    fn observe(&mut self, t: f64, values: &[f64]) {
        if t >= self.after {
            self.reducer.observe(t, values);
        }
    }

    fn finish(&self, out: &mut [f64]) {
        self.reducer.finish(out);
    }

    fn save(&self) -> Vec<f64> {
        self.reducer.save()
    }

    fn restore(&mut self, memory: &[f64]) {
        self.reducer.restore(memory);
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::{Array, Value};
    use super::*;

    fn asked(name: &str, options: &[(&str, f64)]) -> Summarise {
        let mut asked = Summarise::from(name);
        for &(name, value) in options {
            match name {
                "after" => asked.after = value,
                _ => asked
                    .options
                    .set_real(name, Array::new(vec![], vec![value])),
            }
        }
        asked
    }

    /// The result for one component; the same whenever the reducer is left and taken up again.
    fn reduce(asked: &Summarise, samples: &[(f64, f64)]) -> f64 {
        let card = asked.card().unwrap();
        let mut out = [0.0];
        let mut whole = asked.make(card, 1);
        samples.iter().for_each(|&(t, v)| whole.observe(t, &[v]));
        whole.finish(&mut out);
        let stops = (0..=samples.len()).step_by(1 + samples.len() / 50);
        for stop in stops {
            let mut first = asked.make(card, 1);
            samples[..stop]
                .iter()
                .for_each(|&(t, v)| first.observe(t, &[v]));
            let mut second = asked.make(card, 1);
            second.restore(&first.save());
            samples[stop..]
                .iter()
                .for_each(|&(t, v)| second.observe(t, &[v]));
            let mut resumed = [0.0];
            second.finish(&mut resumed);
            assert_eq!(
                resumed[0].to_bits(),
                out[0].to_bits(),
                "{} at {stop}",
                asked.summary
            );
        }
        out[0]
    }

    fn samples(values: &[f64]) -> Vec<(f64, f64)> {
        values
            .iter()
            .enumerate()
            .map(|(k, &v)| (k as f64, v))
            .collect()
    }

    fn wave(step: f64, stop: f64, signal: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let count = (stop / step) as usize;
        (0..=count)
            .map(|k| (k as f64 * step, signal(k as f64 * step)))
            .collect()
    }

    #[test]
    fn summaries_match_their_definitions_across_a_resume() {
        let data = samples(&[1.0, 4.0, -2.0, 5.0]);
        for (name, expected) in [
            ("final", 5.0),
            ("min", -2.0),
            ("max", 5.0),
            ("mean", 2.0),
            ("std", 7.5f64.sqrt()),
            ("rms", 11.5f64.sqrt()),
        ] {
            let found = reduce(&asked(name, &[]), &data);
            assert!((found - expected).abs() < 1e-15, "{name}: {found}");
        }
        assert_eq!(reduce(&asked("mean", &[("after", 2.0)]), &data), 1.5);
        assert_eq!(reduce(&asked("min", &[("after", 3.0)]), &data), 5.0);
    }

    #[test]
    fn no_sample_is_nan_and_not_a_number_from_nowhere() {
        for summary in SUMMARIES {
            let mut out = [0.0];
            (summary.make)(1, &Parameters::new()).finish(&mut out);
            assert!(out[0].is_nan(), "{}", summary.name);
        }
    }

    #[test]
    fn crossings_count_each_way() {
        let data = samples(&[0.0, 2.0, 1.0, 0.0, 1.0, 3.0, -1.0]);
        let count = |direction: &str| {
            let mut asked = asked("crossings", &[("level", 1.0)]);
            asked
                .options
                .set("direction", Value::Text(direction.into()));
            reduce(&asked, &data)
        };
        // Up 0 -> 2 and 0 -> 1; down 2 -> 1 and 3 -> -1.
        assert_eq!((count("up"), count("down"), count("both")), (2.0, 2.0, 4.0));
    }

    #[test]
    fn passages_are_interpolated() {
        let data = samples(&[0.0, 0.5, 2.0, -3.0]);
        assert_eq!(
            reduce(&asked("first_passage", &[("above", 1.0)]), &data),
            1.0 + 1.0 / 3.0
        );
        assert_eq!(
            reduce(&asked("first_passage", &[("below", -0.5)]), &data),
            2.5
        );
        assert_eq!(
            reduce(&asked("first_passage", &[("below", 0.0)]), &data),
            0.0
        );
        assert!(reduce(&asked("first_passage", &[("above", 9.0)]), &data).is_nan());
    }

    /// As [`reduce`], with a tolerance that is the same for all samples.
    fn reduce_within(asked: &Summarise, tolerance: f64, samples: &[(f64, f64)]) -> f64 {
        let mut out = [0.0];
        let mut reducer = asked.make(asked.card().unwrap(), 1);
        for &(t, v) in samples {
            reducer.tolerate(&[tolerance]);
            reducer.observe(t, &[v]);
        }
        reducer.finish(&mut out);
        out[0]
    }

    #[test]
    fn what_tolerances_explain_is_no_wave() {
        let tau = std::f64::consts::TAU;
        let noise = |t: f64| 2e-6 * (tau * t / 0.7).sin();
        let asked = asked("period", &[]);
        let rest = wave(0.01, 20.0, |t| 1.0 + noise(t));
        assert!(reduce(&asked, &rest).is_finite());
        assert!(reduce_within(&asked, 1e-6, &rest).is_nan());
        // On a drift, too.
        let drifting = wave(0.01, 20.0, |t| 3e-6 * t + noise(t));
        assert!(reduce_within(&asked, 1e-6, &drifting).is_nan());
        let waving = wave(0.01, 20.0, |t| 1e-3 * (tau * t / 3.0).sin() + noise(t));
        let found = reduce_within(&asked, 1e-6, &waving);
        assert!((found - 3.0).abs() < 1e-2, "{found}");
    }

    #[test]
    fn what_tolerances_explain_crosses_a_level_once_at_most() {
        let both = |level: f64| {
            let mut asked = asked("crossings", &[("level", level)]);
            asked.options.set("direction", Value::Text("both".into()));
            asked
        };
        let rest = wave(0.1, 50.0, |t| (-t).exp() + 1e-6 * (7.0 * t).sin());
        assert!(reduce(&both(0.0), &rest) > 20.0);
        assert!(reduce_within(&both(0.0), 1e-6, &rest) <= 1.0);
        // What goes there and back crosses as often as ever.
        let waves = wave(0.1, 62.0, |t| (t + 0.05).sin());
        assert_eq!(reduce_within(&both(0.0), 1e-6, &waves), 19.0);
        assert_eq!(reduce(&both(0.0), &waves), 19.0);
    }

    #[test]
    fn periods_of_waves_are_found() {
        let tau = std::f64::consts::TAU;
        let period = |samples: &[(f64, f64)]| reduce(&asked("period", &[]), samples);
        let sine = wave(0.01, 20.0, |t| 5.0 + (tau * t / 1.7).sin());
        assert!((period(&sine) - 1.7).abs() < 1e-4, "{}", period(&sine));
        // A fast jump and a slow return, with a wiggle that is no oscillation.
        let saw = wave(0.002, 30.0, |t| {
            (-(t % 2.5)).exp() + 0.02 * (40.0 * t).sin()
        });
        assert!((period(&saw) - 2.5).abs() < 1e-2, "{}", period(&saw));
        // A transient ten times the oscillation that is left.
        let decaying = wave(0.01, 60.0, |t| 10.0 * (-t).exp() + (tau * t / 3.0).cos());
        let found = reduce(&asked("period", &[("after", 10.0)]), &decaying);
        assert!((found - 3.0).abs() < 1e-3, "{found}");
        assert!(period(&wave(0.01, 20.0, |t| (-t).exp())).is_nan());
        assert!(period(&wave(0.01, 20.0, |_| 3.0)).is_nan());
    }
}
