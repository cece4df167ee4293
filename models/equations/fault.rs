//! Faults of arithmetic: which part of an expression, as written, first has no finite value.
//!
//! A part is to blame if its value is not finite although the values that it works on are, or if it makes NaN of infinite
//! ones (0 times infinity). An infinite number that later becomes finite again, 1/(1 + exp(800)), is none.

use super::expression::Expression;
use super::function::{Binary, Unary};
use super::model::Text;
use crate::prelude::Fault;

/// The value of a part, and what is to blame if it is not finite.
#[derive(Clone, Debug)]
pub(super) struct Valued {
    pub value: f64,
    pub blame: Option<Box<Blame>>,
}

impl Valued {
    pub fn of(value: f64) -> Self {
        Self { value, blame: None }
    }
}

/// A part of an expression without a finite value.
#[derive(Clone, Debug)]
pub(super) struct Blame {
    /// As written.
    pub part: String,
    /// The definition that it stands in.
    pub definition: Option<String>,
    pub mishap: Mishap,
    /// Names in it and their values.
    pub names: Vec<(String, f64)>,
    /// Where an infinite number in it comes from.
    pub source: Option<Box<Blame>>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mishap {
    ZeroByZero,
    ByZero(f64),
    InfiniteByInfinite,
    ZeroTimesInfinite,
    InfiniteDifference,
    Root(f64),
    Logarithm(&'static str, f64),
    Power(f64, f64),
    ZeroPower(f64),
    Remainder,
    Domain(&'static str, f64),
    Overflow,
    /// A number of the file is not finite.
    Given(f64),
}

/// What is to blame for the value of a function of one number.
pub(super) fn of_one(function: Unary, name: &'static str, a: f64) -> Mishap {
    match function {
        Unary::Sqrt => Mishap::Root(a),
        Unary::Log | Unary::Log10 | Unary::Log2 => Mishap::Logarithm(name, a),
        Unary::Exp | Unary::Expm1 | Unary::Exprel | Unary::Sinh | Unary::Cosh if a.is_finite() => {
            Mishap::Overflow
        }
        _ => Mishap::Domain(name, a),
    }
}

/// What is to blame for the value of a function of two numbers.
pub(super) fn of_two(function: Binary, a: f64, b: f64, value: f64) -> Mishap {
    match function {
        Binary::Div if a == 0.0 && b == 0.0 => Mishap::ZeroByZero,
        Binary::Div if b == 0.0 => Mishap::ByZero(a),
        Binary::Div if value.is_nan() => Mishap::InfiniteByInfinite,
        Binary::Mul if value.is_nan() => Mishap::ZeroTimesInfinite,
        Binary::Add | Binary::Sub if value.is_nan() => Mishap::InfiniteDifference,
        Binary::Pow if a < 0.0 && b.fract() != 0.0 => Mishap::Power(a, b),
        Binary::Pow if a == 0.0 && b < 0.0 => Mishap::ZeroPower(b),
        Binary::Mod if b == 0.0 => Mishap::Remainder,
        Binary::Mod => Mishap::Domain("mod", a),
        _ => Mishap::Overflow,
    }
}

/// What a value is to a reader: more digits than these tell nothing.
fn shown(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || value == 0.0 {
        return value.to_string();
    }
    if !(1e-4..1e7).contains(&size) {
        let text = format!("{value:.6e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e{power}");
    }
    // Seven significant digits, or as many as there are.
    let text = format!(
        "{value:.*}",
        (6 - size.log10().floor() as i32).max(0) as usize
    );
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

impl Mishap {
    fn words(self) -> String {
        match self {
            Mishap::ZeroByZero => "is 0/0".into(),
            Mishap::ByZero(a) => format!("divides {} by 0", shown(a)),
            Mishap::InfiniteByInfinite => "divides an infinite number by an infinite one".into(),
            Mishap::ZeroTimesInfinite => "is 0 times an infinite number".into(),
            Mishap::InfiniteDifference => "is the difference of two infinite numbers".into(),
            Mishap::Root(a) => format!("takes the square root of a negative number, {}", shown(a)),
            Mishap::Logarithm(_, 0.0) => "takes the logarithm of 0".into(),
            Mishap::Logarithm(_, a) => {
                format!("takes the logarithm of a negative number, {}", shown(a))
            }
            Mishap::Power(a, b) => format!(
                "raises a negative number, {}, to the power {}, which is not whole",
                shown(a),
                shown(b)
            ),
            Mishap::ZeroPower(b) => format!("raises 0 to the negative power {}", shown(b)),
            Mishap::Remainder => "takes the remainder of a division by 0".into(),
            Mishap::Domain(name, a) => {
                format!("has no finite value: it is `{name}` of {}", shown(a))
            }
            Mishap::Overflow => "is larger than the largest number, 1.8e308".into(),
            Mishap::Given(value) => format!("is {value} in the file"),
        }
    }

    fn advice(self, part: &str) -> String {
        match self {
            Mishap::ZeroByZero if part.contains("exp") => {
                "`exprel(x)` is (exp(x) - 1)/x with its limit 1 at 0: write x/(exp(x) - 1) as 1/exprel(x), and x/(1 - exp(-x)) \
                 as 1/exprel(-x)"
                    .into()
            }
            Mishap::ZeroByZero => {
                "Where the quotient has a limit, step beside the hole: write u = x + 1e-8*heaviside(-abs(x)) and use u for x in \
                 the whole quotient; `exprel(x)` is (exp(x) - 1)/x with its limit"
                    .into()
            }
            Mishap::ByZero(_) | Mishap::ZeroPower(_) => {
                "Keep the divisor away from 0, for instance max(b, 1e-12) for one that is not negative".into()
            }
            Mishap::InfiniteByInfinite | Mishap::InfiniteDifference => {
                "Keep both from growing beyond all numbers: exp(min(u, 700)) stays finite, and 1/(1 + exp(-x)) is sigmoid(x)"
                    .into()
            }
            Mishap::ZeroTimesInfinite => {
                "Both factors are worked out, and a factor 0, such as a `heaviside`, does not switch the other off: keep that one \
                 finite, for instance log(max(x, 1e-300)) or exp(min(u, 700))"
                    .into()
            }
            Mishap::Root(_) => {
                "`sqrt(max(u, 0))` is 0 where u is negative; a step, with noise every step, can take a state a little below 0"
                    .into()
            }
            Mishap::Logarithm(name, _) => {
                format!("`{name}(max(u, 1e-300))` is finite everywhere, and x*log(max(x, 1e-300)) is 0 at x = 0")
            }
            Mishap::Power(..) => {
                "A negative number has whole powers only: write max(u, 0)^p, or abs(u)^p".into()
            }
            Mishap::Remainder => "The second argument of `mod` must not be 0".into(),
            Mishap::Domain("asin" | "acos", _) => {
                "Keep the argument between -1 and 1: clip(u, -1, 1)".into()
            }
            Mishap::Domain(..) => "Keep the argument where the function has a value: `clip` bounds it".into(),
            Mishap::Overflow if part.starts_with("exp") => {
                "`exp(min(u, 700))` stays finite, and 1/(1 + exp(-x)) is sigmoid(x)".into()
            }
            Mishap::Overflow => "Keep the state from growing so far, or choose larger units".into(),
            Mishap::Given(_) => "Give it a finite number".into(),
        }
    }
}

impl Blame {
    /// A part of an expression without a finite value.
    pub fn new(text: &Text, e: &Expression, mishap: Mishap) -> Self {
        Self {
            part: text.text.get(e.at.clone()).unwrap_or_default().to_string(),
            definition: None,
            mishap,
            names: Vec::new(),
            source: None,
        }
    }

    fn words(&self, outer: Option<&str>) -> String {
        let part = match self.part.char_indices().nth(160) {
            Some((end, _)) => format!("{}...", &self.part[..end]),
            None => self.part.clone(),
        };
        let definition = match &self.definition {
            Some(name) if outer != Some(name) => format!(" of the definition `{name}`"),
            _ => String::new(),
        };
        format!("`{part}`{definition} {}", self.mishap.words())
    }

    /// The fault in what stands at `place`: "the drift of `x`".
    pub fn fault(&self, place: &str) -> Fault {
        let mut what = format!("in {place}, {}", self.words(None));
        if let Some(source) = &self.source {
            what += &format!(", where {}", source.words(self.definition.as_deref()));
        }
        let mut names: Vec<String> = Vec::new();
        let sources = self.source.iter().flat_map(|source| &source.names);
        for (name, value) in self.names.iter().chain(sources) {
            let one = format!("{name} = {}", shown(*value));
            if !names.contains(&one) && names.len() < 6 {
                names.push(one);
            }
        }
        if !names.is_empty() {
            what += &format!(", with {}", names.join(", "));
        }
        let advice = self.mishap.advice(&self.part);
        Fault {
            what,
            advice,
            is_overflow: self.mishap == Mishap::Overflow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_digits_that_matter() {
        for (value, text) in [
            (-54.0, "-54"),
            (0.1 + 0.2, "0.3"),
            (-0.0011, "-0.0011"),
            (-1.234_567_89e-9, "-1.234568e-9"),
            (1e300, "1e300"),
            (1_234_567.0, "1234567"),
            (0.0, "0"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(shown(value), text);
        }
    }
}
