//! Likelihoods: what a family brings along so that its parameters can be fitted to data.
//!
//! The family says which quantities can be free, and makes [`Evidence`] of the data of one subject: a log-likelihood over the free quantities.
//! How it is maximised, how errors are estimated and how variants are compared is no affair of the family.

use super::draws::Draws;
use super::parameters::{BuildError, Parameters, Range};

/// A quantity that can be fitted: a parameter of the family, or a combination of several that the data determine better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Free {
    /// Its name in `fit.free` and in the archive.
    pub name: &'static str,
    /// One line for people.
    pub meaning: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Its legal values.
    pub range: Range,
    /// The bounds where nobody gives any; `None` if it is free only when asked for.
    pub bounds: Option<[f64; 2]>,
}

/// What the evidence is made of.
pub struct Observed<'a> {
    /// The dynamics variant of the experiment.
    pub dynamics: &'a str,
    /// Complete and checked parameters, the trials among them. Those that are free are what they are elsewhere.
    pub parameters: &'a Parameters,
    /// The places of one subject's trials in the table.
    pub trials: &'a [usize],
    /// The free quantities, in the order of the coordinates.
    pub free: &'a [&'static str],
    /// Quantities that are held at a value.
    pub fixed: &'a [(&'static str, f64)],
}

/// How a family's parameters are fitted.
pub trait Likelihood: Sync {
    /// What can be free.
    fn free(&self) -> &'static [Free];

    /// The evidence of one subject.
    ///
    /// # Errors
    /// If the data lack what is needed, or the free quantities do not go together; the error names what to blame.
    fn evidence(&self, observed: &Observed<'_>) -> Result<Box<dyn Evidence>, BuildError>;
}

/// The data of one subject, as a function of the free quantities.
pub trait Evidence: Send + Sync {
    /// The number of observations.
    fn observations(&self) -> usize;

    /// The log-likelihood at a point.
    fn log_likelihood(&self, point: &[f64]) -> f64;

    /// The same experiment with responses drawn from the model at a point: a parametric bootstrap.
    fn redrawn(&self, point: &[f64], draws: &dyn Draws) -> Box<dyn Evidence>;

    /// The names, units and meanings of what follows from the free quantities.
    fn derived(&self) -> Vec<Derived> {
        Vec::new()
    }

    /// Write what follows from a point, in the order of [`derived`](Self::derived).
    fn derive(&self, point: &[f64], out: &mut [f64]) {
        let _ = (point, out);
    }

    /// What must be known to read an estimate right; `errors` are standard errors, NaN where there are none.
    fn remarks(&self, point: &[f64], errors: &[f64]) -> Vec<String> {
        let _ = (point, errors);
        Vec::new()
    }
}

/// A quantity that follows from the free ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derived {
    /// Its name in the archive.
    pub name: &'static str,
    /// One line for people.
    pub meaning: &'static str,
    /// Unit.
    pub unit: &'static str,
}
