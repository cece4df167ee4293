//! Claims: what a paper says of a family, and the experiments whose numbers speak to it.
//!
//! A family declares them as constants; `nullcline reproduce` does the experiments and applies the checks. A
//! claim says beforehand which verdict it gets *if* its check passes, so that what is known to be short of the paper is
//! said in the same place; if the check does not pass, the verdict is [`Verdict::Fails`], whatever was declared.

use std::fmt;

/// One claim of a paper.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// What is claimed, in a line; the tutorial has the same words.
    pub statement: &'static str,
    /// What the numbers should be.
    pub expected: &'static str,
    /// The verdict if they are.
    pub verdict: Verdict,
    /// The experiments, in the order in which `measure` counts them.
    pub exhibits: &'static [Exhibit],
    /// What the numbers are, and whether they are as expected.
    pub measure: fn(&Results<'_>) -> Result<Measured, NotMeasured>,
}

/// What came out for a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The numbers are as the paper says.
    Holds,
    /// They are, and this is to be said with it.
    Caveat(&'static str),
    /// They are as far as they go, which is not far enough, for this reason.
    NotEstablished(&'static str),
    /// They contradict the claim, or could not be had.
    Fails,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Holds => f.write_str("holds"),
            Verdict::Caveat(caveat) => write!(f, "holds with a caveat: {caveat}"),
            Verdict::NotEstablished(reason) => write!(f, "not established: {reason}"),
            Verdict::Fails => f.write_str("fails"),
        }
    }
}

/// The verb of the program that does an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `nullcline run`.
    Run,
    /// `nullcline analyze`.
    Analyze,
    /// `nullcline fit`.
    Fit,
    /// `nullcline optimize`.
    Optimize,
}

impl Verb {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Run => "run",
            Verb::Analyze => "analyze",
            Verb::Fit => "fit",
            Verb::Optimize => "optimize",
        }
    }
}

/// An experiment that a claim rests on: a file of `configs/FAMILY/`, which the program carries inside.
///
/// ```
/// use nullcline::prelude::*;
///
/// // In a model: include_str!("../../configs/linear-threshold/limits.toml").
/// const LIMITS: Exhibit = Exhibit::new(Verb::Analyze, "limits.toml", "title = 'text of the file'")
///     .set(&["time.stop=2.0"])
///     .quick(&["analysis.limit.samples=50"]);
/// assert_eq!(
///     LIMITS.words("linear-threshold", false),
///     ["analyze", "configs/linear-threshold/limits.toml", "--set", "time.stop=2.0"]
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// What is done with it.
    pub verb: Verb,
    /// The name of the file.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The files that it reads beside itself, by name.
    pub data: &'static [(&'static str, &'static [u8])],
    /// Values that are set, as `--set` takes them.
    pub set: &'static [&'static str],
    /// Further ones that make it short enough for a glance.
    pub quick: &'static [&'static str],
}

impl Exhibit {
    /// The experiment as the file has it.
    pub const fn new(verb: Verb, file: &'static str, text: &'static str) -> Self {
        Self {
            verb,
            file,
            text,
            data: &[],
            set: &[],
            quick: &[],
        }
    }

    /// With files that it reads.
    pub const fn data(mut self, data: &'static [(&'static str, &'static [u8])]) -> Self {
        self.data = data;
        self
    }

    /// With these values set.
    pub const fn set(mut self, set: &'static [&'static str]) -> Self {
        self.set = set;
        self
    }

    /// With these values set as well if it is to be quick.
    pub const fn quick(mut self, quick: &'static [&'static str]) -> Self {
        self.quick = quick;
        self
    }

    /// The path of the file from the root of the repository.
    pub fn path(&self, family: &str) -> String {
        format!("configs/{family}/{}", self.file)
    }

    /// The words behind the name of the program.
    pub fn words(&self, family: &str, quick: bool) -> Vec<String> {
        let mut words = vec![self.verb.name().to_string(), self.path(family)];
        let more = if quick { self.quick } else { &[] };
        for setting in self.set.iter().chain(more) {
            words.extend(["--set".to_string(), (*setting).to_string()]);
        }
        words
    }
}

/// A number that the experiments do not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotMeasured(pub String);

/// All numbers of a data set, row-major, last dimension fastest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// The lengths of its dimensions.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Vec<f64>,
}

impl Numbers {
    /// The number at a place; NaN, by which no check passes, if there is none.
    pub fn at(&self, place: usize) -> f64 {
        self.values.get(place).copied().unwrap_or(f64::NAN)
    }

    /// The last number; NaN if there is none.
    pub fn end(&self) -> f64 {
        self.values.last().copied().unwrap_or(f64::NAN)
    }

    /// The greatest number; NaN if there is none, or one of them is NaN.
    pub fn most(&self) -> f64 {
        let greater = |a: f64, b: f64| if a.is_nan() || a > b { a } else { b };
        let values = self.values.iter().copied();
        values.reduce(greater).unwrap_or(f64::NAN)
    }

    /// The least number; NaN if there is none, or one of them is NaN.
    pub fn least(&self) -> f64 {
        -self
            .values
            .iter()
            .map(|value| -value)
            .collect::<Self>()
            .most()
    }

    /// Greatest minus least.
    pub fn spread(&self) -> f64 {
        self.most() - self.least()
    }
}

impl FromIterator<f64> for Numbers {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        Self {
            shape: vec![values.len()],
            values,
        }
    }
}

impl std::ops::Deref for Numbers {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.values
    }
}

/// What an experiment left, by the names of the archive.
pub trait Evidenced {
    /// A data set.
    ///
    /// # Errors
    /// If there is none of that name, or the experiment failed.
    fn numbers(&self, name: &str) -> Result<Numbers, NotMeasured>;
    /// A data set of texts.
    ///
    /// # Errors
    /// As [`numbers`](Self::numbers).
    fn texts(&self, name: &str) -> Result<Vec<String>, NotMeasured>;
}

/// What the experiments of a claim left, in its order.
pub struct Results<'a>(Vec<&'a dyn Evidenced>);

impl<'a> Results<'a> {
    /// Of these experiments.
    pub fn new(experiments: Vec<&'a dyn Evidenced>) -> Self {
        Self(experiments)
    }

    /// How many experiments there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn experiment(&self, number: usize) -> Result<&dyn Evidenced, NotMeasured> {
        let lacking = || NotMeasured(format!("there is no experiment {number}"));
        self.0.get(number).copied().ok_or_else(lacking)
    }

    /// A data set of one of the experiments, counted from 0.
    ///
    /// # Errors
    /// If there is no such experiment, it failed, or it has no data set of that name.
    pub fn of(&self, experiment: usize, name: &str) -> Result<Numbers, NotMeasured> {
        self.experiment(experiment)?.numbers(name)
    }

    /// A data set of texts of one of the experiments.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn texts_of(&self, experiment: usize, name: &str) -> Result<Vec<String>, NotMeasured> {
        self.experiment(experiment)?.texts(name)
    }

    /// A data set of the first experiment.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn array(&self, name: &str) -> Result<Numbers, NotMeasured> {
        self.of(0, name)
    }

    /// The one number, or the first one, of a data set of the first experiment.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn number(&self, name: &str) -> Result<f64, NotMeasured> {
        Ok(self.array(name)?.at(0))
    }
}

/// A number that should be near 0, for people: its first digit and the power of ten.
///
/// ```
/// assert_eq!(nullcline::prelude::small(3.4e-16), "3e-16");
/// assert_eq!(nullcline::prelude::small(0.0), "0");
/// ```
pub fn small(value: f64) -> String {
    match value == 0.0 {
        true => "0".into(),
        false => format!("{value:.0e}"),
    }
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// For people.
    pub text: String,
    /// Whether it is as expected.
    pub passes: bool,
}

impl Measured {
    /// What was measured, and whether it is as expected.
    pub fn new(text: impl Into<String>, passes: bool) -> Self {
        Self {
            text: text.into(),
            passes,
        }
    }
}

impl Claim {
    /// What is measured, and the verdict: never better than the declared one.
    pub fn judge(&self, results: &Results<'_>) -> (String, Verdict) {
        match (self.measure)(results) {
            Ok(Measured { text, passes: true }) => (text, self.verdict),
            Ok(Measured { text, .. }) => (text, Verdict::Fails),
            Err(lacking) => (lacking.to_string(), Verdict::Fails),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(f64);

    impl Evidenced for Fixed {
        fn numbers(&self, name: &str) -> Result<Numbers, NotMeasured> {
            match name {
                "x" => Ok(Numbers {
                    shape: vec![1],
                    values: vec![self.0],
                }),
                other => Err(NotMeasured(format!("no `{other}`"))),
            }
        }

        fn texts(&self, name: &str) -> Result<Vec<String>, NotMeasured> {
            Err(NotMeasured(format!("no `{name}`")))
        }
    }

    fn claim(name: &'static str) -> Claim {
        const BELOW: fn(&Results<'_>) -> Result<Measured, NotMeasured> = |results| {
            let x = results.number("x")?;
            Ok(Measured::new(format!("{x}"), x < 1.0))
        };
        const LACKING: fn(&Results<'_>) -> Result<Measured, NotMeasured> =
            |results| results.number("y").map(|_| Measured::new("", true));
        Claim {
            statement: "x is small",
            expected: "below 1",
            verdict: Verdict::Caveat("of one sample"),
            exhibits: &[],
            measure: if name == "x" { BELOW } else { LACKING },
        }
    }

    #[test]
    fn a_verdict_needs_its_check_to_pass() {
        let judged = |name, x| claim(name).judge(&Results::new(vec![&Fixed(x)]));
        let caveat = "holds with a caveat: of one sample";
        assert_eq!(judged("x", 0.5).1.to_string(), caveat);
        assert_eq!(judged("x", 1.5), ("1.5".into(), Verdict::Fails));
        assert_eq!(judged("x", f64::NAN).1, Verdict::Fails);
        assert_eq!(judged("y", 0.5), ("no `y`".into(), Verdict::Fails));
    }

    #[test]
    fn what_is_not_there_passes_no_check() {
        let none = Numbers::default();
        assert!(none.at(0).is_nan() && none.end().is_nan() && none.most().is_nan());
        let some: Numbers = [2.0, f64::NAN, 1.0].into_iter().collect();
        assert!(some.most().is_nan() && some.least().is_nan() && some.spread().is_nan());
        let all: Numbers = [2.0, 5.0, 1.0].into_iter().collect();
        assert_eq!((all.most(), all.least(), all.spread()), (5.0, 1.0, 4.0));
        assert_eq!((all.at(1), all.at(3).is_nan(), all.end()), (5.0, true, 1.0));
    }

    #[test]
    fn quick_settings_come_last() {
        let exhibit = Exhibit::new(Verb::Run, "a.toml", "")
            .set(&["b=1"])
            .quick(&["c=2"]);
        let words = exhibit.words("f", true).join(" ");
        assert_eq!(words, "run configs/f/a.toml --set b=1 --set c=2");
    }
}
