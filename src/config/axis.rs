//! Axes of a sweep: which value of the file varies, over what, and how a value enters a run.
//!
//! ```text
//! grid, zip       position k -> value k of a list, or from + k (to - from)/(count - 1), or the same in
//!                 the logarithm
//! random, sobol   u in [0, 1) -> from + u (to - from), the same in the logarithm, or the element
//!                 floor(u count) of a list
//! ```
//!
//! An axis whose values replace numbers in arrays of fixed shape is *light*: its value is put into the
//! decoded experiment. Every other axis makes the file be decoded anew with its value in place.

use std::ops::Range;
use std::sync::Arc;

use super::resolved;
use crate::system::parameters::Array;
use crate::system::tree::{Node, Span, Tree};

/// `[sweep]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// How the axes combine.
    pub mode: Mode,
    /// The number of samples; random and Sobol sweeps only.
    pub samples: u64,
    /// The axes, in the order of the file.
    pub axes: Vec<Axis>,
}

/// The most axes of a Sobol sweep: so many dimensions have direction numbers here.
pub const MOST_SOBOL_AXES: usize = 100;

/// How the axes of a sweep combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every combination.
    Grid,
    /// The first values of all axes, then the second ones, ...
    Zip,
    /// Independent draws.
    Random,
    /// The points of a Sobol sequence.
    Sobol,
}

impl Mode {
    /// The names in the file.
    pub const NAMES: &'static [&'static str] = &["grid", "zip", "random", "sobol"];

    /// The mode of that name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Mode::Grid, Mode::Zip, Mode::Random, Mode::Sobol];
        all.into_iter().find(|mode| mode.name() == name)
    }

    /// The name in the file.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Whether the axes are sampled instead of listed.
    pub fn is_sampled(self) -> bool {
        matches!(self, Mode::Random | Mode::Sobol)
    }
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The path in the file: `model.parameters.input[0]`.
    pub path: String,
    /// The name of its dimension.
    pub name: String,
    /// The values.
    pub values: Values,
    /// How a value enters a run.
    pub target: Target,
    /// Where the path stands.
    pub span: Span,
}

/// The values of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// One after the other.
    List(Vec<Item>),
    /// Equidistant, or so in the logarithm.
    Spread(Spread),
}

/// From one number to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The first one.
    pub from: f64,
    /// The last one.
    pub to: f64,
    /// How many; 0 for an axis that is sampled.
    pub count: usize,
    /// Whether equidistant in the logarithm.
    pub logarithmic: bool,
    /// Whether both ends are written as integers, so that whole values are integers.
    pub integers: bool,
    /// Where it stands.
    pub span: Span,
}

/// One value of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// As written.
    pub tree: Tree,
    /// The array that it makes of a light parameter or block.
    pub array: Option<Arc<Array>>,
}

/// A value along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// This number.
    Number(f64),
    /// This element of the list.
    Item(usize),
}

/// How a value enters a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The file is decoded anew with the value in place.
    Decode,
    /// It becomes this element of the parameter's array.
    Element {
        /// The parameter.
        parameter: String,
        /// Its place in the flat array.
        index: usize,
    },
    /// It becomes the parameter; a number fills this shape.
    Parameter {
        /// The parameter.
        parameter: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// It becomes this part of the initial state; a number fills it.
    Initial(Range<usize>),
}

impl Axis {
    /// The number of values; 0 for an axis that is sampled.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::List(items) => items.len(),
            Values::Spread(spread) => spread.count,
        }
    }

    /// Whether it lists no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a value is put into the decoded experiment.
    pub fn is_light(&self) -> bool {
        self.target != Target::Decode
    }

    /// Value number `index`.
    pub fn at(&self, index: usize) -> Value {
        match &self.values {
            Values::List(items) => self.listed(items, index),
            Values::Spread(spread) => Value::Number(spread.at(index)),
        }
    }

    /// The value of a sample `share` in [0, 1).
    pub fn sampled(&self, share: f64) -> Value {
        match &self.values {
            Values::List(items) => {
                let index = (share * items.len() as f64) as usize;
                self.listed(items, index.min(items.len().saturating_sub(1)))
            }
            Values::Spread(spread) => Value::Number(spread.between(share)),
        }
    }

    fn listed(&self, items: &[Item], index: usize) -> Value {
        match items[index].tree.as_number() {
            Some(number) if self.is_numeric() => Value::Number(number),
            _ => Value::Item(index),
        }
    }

    /// Whether every value is a number.
    pub fn is_numeric(&self) -> bool {
        match &self.values {
            Values::List(items) => items.iter().all(|item| item.tree.as_number().is_some()),
            Values::Spread(_) => true,
        }
    }

    /// A value as it stands in a file, for the run that it leads to.
    pub fn tree(&self, value: Value) -> Tree {
        match (&self.values, value) {
            (Values::List(items), Value::Item(index)) => items[index].tree.clone(),
            (Values::List(items), Value::Number(number)) => {
                let same = |item: &&Item| {
                    let written = item.tree.as_number();
                    written.is_some_and(|written| written.to_bits() == number.to_bits())
                };
                let found = items.iter().find(same).map(|item| item.tree.clone());
                found.unwrap_or_else(|| Tree::new(self.span, Node::Real(number)))
            }
            (Values::Spread(spread), Value::Number(number)) => spread.tree(number),
            (Values::Spread(spread), Value::Item(index)) => spread.tree(spread.at(index)),
        }
    }

    /// A value as a line of text: TOML.
    pub fn text(&self, value: Value) -> String {
        resolved::inline(&self.tree(value))
    }
}

impl Spread {
    /// Value number `index` of `count`: both ends are there exactly.
    pub fn at(&self, index: usize) -> f64 {
        if index == 0 {
            return self.from;
        }
        if index + 1 >= self.count {
            return self.to;
        }
        let gaps = (self.count - 1) as f64;
        if self.logarithmic {
            let [from, to] = [self.from, self.to].map(|end| end.abs().log10());
            10_f64.powf(from + index as f64 * ((to - from) / gaps)) * self.from.signum()
        } else {
            self.from + index as f64 * ((self.to - self.from) / gaps)
        }
    }

    /// The value at a share of the way.
    pub fn between(&self, share: f64) -> f64 {
        if self.logarithmic {
            let [from, to] = [self.from, self.to].map(|end| end.abs().log10());
            10_f64.powf(from + share * (to - from)) * self.from.signum()
        } else {
            self.from + share * (self.to - self.from)
        }
    }

    /// A value as it would be written.
    pub fn tree(&self, number: f64) -> Tree {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let whole = self.integers && number.fract() == 0.0 && number.abs() < EXACT;
        let node = match whole {
            true => Node::Integer(number as i64),
            false => Node::Real(number),
        };
        Tree::new(self.span, node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(from: f64, to: f64, count: usize, logarithmic: bool) -> Spread {
        Spread {
            from,
            to,
            count,
            logarithmic,
            integers: false,
            span: Span::default(),
        }
    }

    #[test]
    fn spreads_have_their_ends_and_round_values_exactly() {
        let linear = spread(0.0, 2.0, 41, false);
        assert_eq!(
            (linear.at(0), linear.at(10), linear.at(40)),
            (0.0, 0.5, 2.0)
        );
        let powers = spread(1e-4, 1e-10, 7, true);
        let found: Vec<f64> = (0..7).map(|k| powers.at(k)).collect();
        assert_eq!(found, [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10]);
        let negative = spread(-1.0, -100.0, 3, true);
        assert_eq!(negative.at(1), -10.0);
        assert_eq!(spread(3.0, 9.0, 1, false).at(0), 3.0);
    }

    #[test]
    fn whole_values_between_integers_are_integers() {
        let mut steps = spread(1.0, 4.0, 7, false);
        steps.integers = true;
        assert_eq!(steps.tree(steps.at(2)).node, Node::Integer(2));
        assert_eq!(steps.tree(steps.at(1)).node, Node::Real(1.5));
    }
}
