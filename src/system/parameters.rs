//! Parameters: declared once, used everywhere.
//!
//! A [`Parameter`] is the declaration: name, shape, default, unit, range, meaning and source. It
//! feeds the decoder of experiment files, the error messages, `describe`, the JSON Schema, the
//! sweep, the attributes of the archive and the reference pages. [`Parameters`] are the values of
//! one run, complete and checked against the declarations.
//!
//! Shapes are symbolic: `weights [n, n]` and `input [n]` share `n`, which the given arrays fix; a
//! scalar fills an array of any shape.

use super::number::plain;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::tree::{Span, Tree};

/// The shape of a numeric parameter in named sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One number.
    Scalar,
    /// `[n]`.
    Vector(&'static str),
    /// `[rows, columns]`, row first.
    Matrix(&'static str, &'static str),
}

impl Shape {
    /// The named sizes, outermost first.
    pub fn sizes(&self) -> Vec<&'static str> {
        match *self {
            Shape::Scalar => vec![],
            Shape::Vector(n) => vec![n],
            Shape::Matrix(rows, columns) => vec![rows, columns],
        }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shape::Scalar => write!(f, "scalar"),
            Shape::Vector(n) => write!(f, "[{n}]"),
            Shape::Matrix(rows, columns) => write!(f, "[{rows}, {columns}]"),
        }
    }
}

/// What kind of value a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Real numbers of a shape.
    Real(Shape),
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Any text.
    Text,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// Whatever the family's own grammar says; handed over as a [`Tree`].
    Tree,
}

/// What a parameter is when the experiment does not give it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fallback {
    /// It must be given.
    Required,
    /// It is absent, and the family knows what that means.
    Absent,
    /// This number, filling the shape.
    Real(f64),
    /// This whole number.
    Integer(i64),
    /// This truth value.
    Boolean(bool),
    /// This text or choice.
    Text(&'static str),
    /// Drawn by the generator of this name, with its defaults; also if the file says `"random"`. Absent while nothing fixes its size.
    Drawn(&'static str),
}

/// The legal values of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Greatest lower bound.
    pub lower: f64,
    /// Whether `lower` itself is legal.
    pub lower_included: bool,
    /// Least upper bound.
    pub upper: f64,
    /// Whether `upper` itself is legal.
    pub upper_included: bool,
    /// Whether `inf` is legal.
    pub infinite: bool,
}

impl Range {
    /// Every finite number.
    pub const FINITE: Range = Range {
        lower: f64::NEG_INFINITY,
        lower_included: false,
        upper: f64::INFINITY,
        upper_included: false,
        infinite: false,
    };
    /// Finite and > 0.
    pub const POSITIVE: Range = Range {
        lower: 0.0,
        ..Range::FINITE
    };
    /// Finite and >= 0.
    pub const NON_NEGATIVE: Range = Range {
        lower: 0.0,
        lower_included: true,
        ..Range::FINITE
    };
    /// > 0, `inf` included.
    pub const POSITIVE_OR_INFINITE: Range = Range {
        infinite: true,
        ..Range::POSITIVE
    };

    /// From `lower` to `upper`, both legal.
    pub const fn closed(lower: f64, upper: f64) -> Range {
        Range {
            lower,
            lower_included: true,
            upper,
            upper_included: true,
            infinite: false,
        }
    }

    /// Whether `value` is legal. NaN never is.
    pub fn contains(&self, value: f64) -> bool {
        if value.is_infinite() {
            return self.infinite && value > 0.0;
        }
        let above = value > self.lower || (self.lower_included && value == self.lower);
        let below = value < self.upper || (self.upper_included && value == self.upper);
        above && below
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lower = (self.lower > f64::NEG_INFINITY).then(|| {
            format!(
                "{} {}",
                if self.lower_included { ">=" } else { ">" },
                plain(self.lower)
            )
        });
        let upper = (self.upper < f64::INFINITY).then(|| {
            format!(
                "{} {}",
                if self.upper_included { "<=" } else { "<" },
                plain(self.upper)
            )
        });
        let text = match (lower, upper) {
            (Some(lower), Some(upper)) => format!("{lower} and {upper}"),
            (Some(bound), None) | (None, Some(bound)) => bound,
            (None, None) => "finite".to_string(),
        };
        let infinite = if self.infinite { ", inf allowed" } else { "" };
        write!(f, "{text}{infinite}")
    }
}

/// The declaration of one parameter.
///
/// ```
/// use nullcline::prelude::*;
/// const GAIN: Parameter = Parameter::real("gain")
///     .or(2.0)
///     .range(Range::POSITIVE)
///     .unit("mV")
///     .meaning("slope of the response")
///     .source("Example 2026, eq. 3");
/// assert!(GAIN.range.contains(1.0) && !GAIN.range.contains(-1.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name in TOML; a dot makes it a key of a sub-table (`features.count`).
    pub name: &'static str,
    /// Kind and shape.
    pub kind: Kind,
    /// What it is when not given.
    pub fallback: Fallback,
    /// Unit as text; `1` for a pure number.
    pub unit: &'static str,
    /// Legal values of each number in it.
    pub range: Range,
    /// One line for people.
    pub meaning: &'static str,
    /// Where the definition or the default comes from.
    pub source: &'static str,
    /// The dynamics variants that use it; empty means all.
    pub dynamics: &'static [&'static str],
    /// The family's own ways to draw it: `{ random = "<name>", ... }`.
    pub generators: &'static [Generator],
    /// The named size that this whole number is, if it is > 0.
    pub fixes: Option<&'static str>,
}

impl Parameter {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            fallback: Fallback::Required,
            unit: "1",
            range: Range::FINITE,
            meaning: "",
            source: "",
            dynamics: &[],
            generators: &[],
            fixes: None,
        }
    }

    /// A required number.
    pub const fn real(name: &'static str) -> Self {
        Self::new(name, Kind::Real(Shape::Scalar))
    }

    /// A required vector `[n]`.
    pub const fn vector(name: &'static str, n: &'static str) -> Self {
        Self::new(name, Kind::Real(Shape::Vector(n)))
    }

    /// A required matrix `[rows, columns]`.
    pub const fn matrix(name: &'static str, rows: &'static str, columns: &'static str) -> Self {
        Self::new(name, Kind::Real(Shape::Matrix(rows, columns)))
    }

    /// A required whole number.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
    }

    /// A required truth value.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A required text.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    /// A required choice among texts.
    pub const fn choice(name: &'static str, choices: &'static [&'static str]) -> Self {
        Self::new(name, Kind::Choice(choices))
    }

    /// A required value in the family's own grammar.
    pub const fn tree(name: &'static str) -> Self {
        Self::new(name, Kind::Tree)
    }

    /// The same parameter, which falls back to this number.
    pub const fn or(mut self, value: f64) -> Self {
        self.fallback = Fallback::Real(value);
        self
    }

    /// The same parameter with any fallback.
    pub const fn fallback(mut self, fallback: Fallback) -> Self {
        self.fallback = fallback;
        self
    }

    /// The same whole number, which is a named size: `units = 10` says how large N is.
    pub const fn fixes(mut self, size: &'static str) -> Self {
        self.fixes = Some(size);
        self
    }

    /// The same parameter in this unit.
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// The same parameter with these legal values.
    pub const fn range(mut self, range: Range) -> Self {
        self.range = range;
        self
    }

    /// The same parameter with this meaning.
    pub const fn meaning(mut self, meaning: &'static str) -> Self {
        self.meaning = meaning;
        self
    }

    /// The same parameter with this source.
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// The same parameter, used by these dynamics variants only.
    pub const fn only(mut self, dynamics: &'static [&'static str]) -> Self {
        self.dynamics = dynamics;
        self
    }

    /// The same parameter with the family's own random generators.
    pub const fn generators(mut self, generators: &'static [Generator]) -> Self {
        self.generators = generators;
        self
    }

    /// Whether the dynamics variant uses it.
    pub fn used_by(&self, dynamics: &str) -> bool {
        self.dynamics.is_empty() || self.dynamics.contains(&dynamics)
    }
}

/// A family's own way to draw an array parameter: `{ random = "dale", size = 200, ... }`.
#[derive(Clone, Copy)]
pub struct Generator {
    /// The text after `random =`.
    pub name: &'static str,
    /// One line for people.
    pub meaning: &'static str,
    /// Its options, declared like parameters.
    pub options: &'static [Parameter],
    /// Other parameters of the family that it reads, where they are there; they are resolved first.
    pub needs: &'static [&'static str],
    /// Draws the array.
    pub draw: fn(&Draw<'_>) -> Result<Array, BuildError>,
}

impl std::fmt::Debug for Generator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generator")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a [`Generator`] draws from.
pub struct Draw<'a> {
    /// The shape to fill.
    pub shape: &'a [usize],
    /// The generator's own options, complete and checked.
    pub options: &'a Parameters,
    /// The parameters named in [`Generator::needs`].
    pub needs: &'a Parameters,
    /// 256 bits that depend on the experiment's seed and the parameter's path alone.
    pub seed: [u8; 32],
}

/// Numbers in a row-major array; a scalar has an empty shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// The numbers, last axis fastest.
    pub data: Vec<f64>,
}

impl Array {
    /// An array of this shape.
    ///
    /// # Panics
    /// If the number of values is not the product of the shape.
    pub fn new(shape: Vec<usize>, data: Vec<f64>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), data.len());
        Self { shape, data }
    }

    /// Whether shape and numbers are equal to the bit.
    pub fn has_bits_of(&self, other: &Array) -> bool {
        let mut pairs = self.data.iter().zip(&other.data);
        self.shape == other.shape && pairs.all(|(a, b)| a.to_bits() == b.to_bits())
    }

    /// An array of one repeated value.
    pub fn filled(shape: Vec<usize>, value: f64) -> Self {
        let length = shape.iter().product();
        Self::new(shape, vec![value; length])
    }
}

/// The value of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Numbers; shared, so that runs with equal weights hold them once.
    Real(Arc<Array>),
    /// A whole number.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
    /// A text or a choice.
    Text(String),
    /// A value in the family's own grammar.
    Tree(Tree),
}

/// The complete, checked parameters of one run.
///
/// The typed accessors panic on a name or a kind that the family did not declare: that is a defect
/// of the model, which its first test shows, never something a user's file can cause.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    values: BTreeMap<String, Value>,
    sizes: BTreeMap<String, usize>,
}

impl Parameters {
    /// No parameters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Set one value, replacing an earlier one.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.values.insert(name.into(), value);
    }

    /// Set a number or an array.
    pub fn set_real(&mut self, name: impl Into<String>, array: Array) {
        self.set(name, Value::Real(Arc::new(array)));
    }

    /// The array of a real parameter, to be changed; a shared one is copied first.
    pub fn array_mut(&mut self, name: &str) -> Option<&mut Array> {
        match self.values.get_mut(name) {
            Some(Value::Real(array)) => Some(Arc::make_mut(array)),
            _ => None,
        }
    }

    /// Share every array with `other` that has the same numbers to the bit.
    pub fn share(&mut self, other: &Parameters) {
        for (name, value) in &mut self.values {
            if let (Value::Real(mine), Some(Value::Real(theirs))) = (&*value, other.get(name))
                && mine.has_bits_of(theirs)
            {
                *value = Value::Real(Arc::clone(theirs));
            }
        }
    }

    /// Take over all values and sizes of `other`.
    pub fn extend(&mut self, other: &Parameters) {
        let (values, sizes) = (other.values.clone(), other.sizes.clone());
        self.values.extend(values);
        self.sizes.extend(sizes);
    }

    /// Fix a named size.
    pub fn set_size(&mut self, name: impl Into<String>, size: usize) {
        self.sizes.insert(name.into(), size);
    }

    /// The value, if present.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// All values by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// A named size such as `n`, once something has fixed it.
    pub fn size(&self, name: &str) -> Option<usize> {
        self.sizes.get(name).copied()
    }

    /// The array of a real parameter, shared.
    pub fn array(&self, name: &str) -> &Arc<Array> {
        match self.values.get(name) {
            Some(Value::Real(array)) => array,
            other => panic!("parameter `{name}` is not real numbers but {other:?}"),
        }
    }

    /// The numbers of a vector or, row-major, of a matrix.
    pub fn vector(&self, name: &str) -> &[f64] {
        &self.array(name).data
    }

    /// The number of a scalar parameter.
    pub fn real(&self, name: &str) -> f64 {
        self.vector(name)[0]
    }

    /// The whole number.
    pub fn integer(&self, name: &str) -> i64 {
        match self.values.get(name) {
            Some(Value::Integer(integer)) => *integer,
            other => panic!("parameter `{name}` is not an integer but {other:?}"),
        }
    }

    /// The truth value.
    pub fn boolean(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Boolean(boolean)) => *boolean,
            other => panic!("parameter `{name}` is not a boolean but {other:?}"),
        }
    }

    /// The text or choice.
    pub fn text(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(Value::Text(text)) => text,
            other => panic!("parameter `{name}` is not a text but {other:?}"),
        }
    }

    /// The tree of a parameter in the family's own grammar.
    pub fn tree(&self, name: &str) -> Option<&Tree> {
        match self.values.get(name) {
            Some(Value::Tree(tree)) => Some(tree),
            _ => None,
        }
    }
}

/// Why a family could not be built from parameters that are each legal.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct BuildError {
    /// The parameter or key to blame, if one can be named; the file's place is found from it.
    pub parameter: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The place to blame, if a value of the family's own grammar is.
    pub place: Option<Box<Place>>,
    /// What else is wrong.
    pub more: Vec<BuildError>,
}

/// A place in the file, as a family that reads a [`Tree`] knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The value or key.
    pub span: Span,
    /// The bytes to blame of the text that the value is; the whole value without it.
    pub within: Option<std::ops::Range<usize>>,
    /// What stands beside the underlined place.
    pub label: String,
}

impl BuildError {
    /// An error about the model as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            parameter: None,
            message: message.into(),
            help: None,
            place: None,
            more: Vec::new(),
        }
    }

    /// An error about one parameter.
    pub fn about(parameter: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            parameter: Some(parameter.into()),
            ..Self::new(message)
        }
    }

    /// The same error with advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same error, blamed on this place.
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.place = Some(Box::new(Place {
            span,
            within: None,
            label: label.into(),
        }));
        self
    }

    /// The same error, blamed on a part of the text that stands at this place.
    pub fn within(
        mut self,
        span: Span,
        bytes: std::ops::Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        self.place = Some(Box::new(Place {
            span,
            within: Some(bytes),
            label: label.into(),
        }));
        self
    }

    /// Many errors as one; `None` if there are none.
    pub fn all(errors: Vec<BuildError>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        first.more.extend(errors);
        Some(first)
    }
}
