//! Arithmetic: where a model's formulas stop giving finite numbers.
//!
//! A run that ends with NaN has lost what made it: the state has it everywhere. A model that knows its formulas as formulas can
//! evaluate them again at the last finite state and name the operation.

/// An operation whose result is not finite although what it works on is.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The formula, the operation and the values: "in the drift of `x`, `1/x` divides 1 by 0, with x = 0".
    pub what: String,
    /// What to do about it.
    pub advice: String,
    /// Whether a number only grew beyond the largest one there is.
    pub is_overflow: bool,
}

/// Formulas that can be asked what happens in them.
pub trait Arithmetic: Send + Sync {
    /// The first fault of the drift or the noise at `(t, x)`, whose numbers are finite; `None` if all results are.
    fn fault(&self, t: f64, x: &[f64]) -> Option<Fault>;

    /// The first fault of a reset by a guard that stands at its zero at `(t, x)`.
    fn fault_of_resets(&self, t: f64, x: &[f64]) -> Option<Fault> {
        let _ = (t, x);
        None
    }
}
