//! Readings: the value of every part of an expression at one time and state, as written and not as compiled.
//!
//! It is slow, and there for the message of a run that failed: the tape has lost what was written.

use std::collections::HashMap;

use super::expression::{Expression, Form};
use super::fault::{Blame, Mishap, Valued, of_one, of_two};
use super::function::{BINARY, Binary, UNARY};
use super::model::{Model, Text};
use super::scope::{Meaning, Scope};

/// Index names in force and their values.
pub(super) type Places = Vec<(String, f64)>;

/// The names of a model at one time and state.
pub(super) struct Reading<'a> {
    pub model: &'a Model,
    pub scope: Scope<'a>,
    pub t: f64,
    pub x: &'a [f64],
    /// Definitions that were read, by number and by what `i` stands for.
    pub known: HashMap<(usize, Option<u64>), Valued>,
    pub depth: usize,
}

/// So deep definitions are read in each other; deeper ones are left aside.
const DEEPEST: usize = 400;

impl<'a> Reading<'a> {
    /// The value of an expression.
    pub fn value(&mut self, text: &'a Text, e: &'a Expression, places: &mut Places) -> Valued {
        match &e.form {
            Form::Number(number) => Valued::of(*number),
            Form::Name(name) => self.name(text, e, name, places),
            Form::Minus(inner) => {
                let inner = self.value(text, inner, places);
                Valued {
                    value: -inner.value,
                    ..inner
                }
            }
            Form::Pair(operator, a, b) => self.pair(*operator, text, e, (a, b), places),
            Form::Call(name, arguments) => self.call(text, e, name, arguments, places),
            Form::Element(name, at) => self.element(text, e, name, at, places),
        }
    }

    /// A number of the file or the state.
    fn given(&self, text: &Text, e: &Expression, value: Option<f64>) -> Valued {
        let value = value.unwrap_or(f64::NAN);
        let blame = (!value.is_finite()).then(|| Blame::new(text, e, Mishap::Given(value)));
        Valued {
            value,
            blame: blame.map(Box::new),
        }
    }

    fn name(&mut self, text: &'a Text, e: &'a Expression, name: &str, places: &Places) -> Valued {
        if let Some((_, value)) = places.iter().rev().find(|(index, _)| index == name) {
            return Valued::of(*value);
        }
        match (self.scope.meaning(name), name) {
            (Some(Meaning::Number(number)), _) => self.given(text, e, Some(number)),
            (Some(Meaning::State(first, _)), _) => self.given(text, e, self.x.get(first).copied()),
            (Some(Meaning::Definition(number)), _) => {
                let i = places.iter().find(|(index, _)| index == "i");
                self.definition(number, i.map(|(_, value)| *value))
            }
            (_, "t") => Valued::of(self.t),
            (_, "pi") => Valued::of(std::f64::consts::PI),
            _ => Valued::of(f64::NAN),
        }
    }

    fn definition(&mut self, number: usize, i: Option<f64>) -> Valued {
        let key = (number, i.map(f64::to_bits));
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.depth >= DEEPEST {
            return Valued::of(f64::NAN);
        }
        self.depth += 1;
        let found = self.defined(number, i);
        self.depth -= 1;
        self.known.insert(key, found.clone());
        found
    }

    fn defined(&mut self, number: usize, i: Option<f64>) -> Valued {
        let model = self.model;
        let one = &model.definitions[number];
        let Some(text) = one.text.as_ref() else {
            return Valued::of(f64::NAN);
        };
        let mut places: Places = i.map(|i| ("i".to_string(), i)).into_iter().collect();
        let mut found = self.value(text, &text.expression, &mut places);
        if let Some(blame) = &mut found.blame {
            blame.definition.get_or_insert_with(|| one.name.clone());
        }
        found
    }

    /// What comes of parts: their own blame goes on where they are the reason.
    fn joined(
        &mut self,
        (text, e): (&'a Text, &'a Expression),
        value: f64,
        parts: Vec<Valued>,
        mishap: impl FnOnce() -> Mishap,
        places: &mut Places,
    ) -> Valued {
        if value.is_finite() {
            return Valued::of(value);
        }
        let mut parts = parts;
        let nan = parts.iter().position(|part| part.value.is_nan());
        let infinite = parts.iter().position(|part| part.value.is_infinite());
        let reason = match (nan, infinite) {
            (Some(nan), _) => Some(nan),
            (None, Some(infinite)) if value.is_infinite() => Some(infinite),
            _ => None,
        };
        if let Some(reason) = reason {
            let blame = parts.swap_remove(reason).blame;
            return Valued { value, blame };
        }
        let mut blame = Blame::new(text, e, mishap());
        blame.source = infinite.and_then(|one| parts.swap_remove(one).blame);
        blame.names = self.names(text, e, places);
        Valued {
            value,
            blame: Some(Box::new(blame)),
        }
    }

    fn pair(
        &mut self,
        function: Binary,
        text: &'a Text,
        e: &'a Expression,
        (a, b): (&'a Expression, &'a Expression),
        places: &mut Places,
    ) -> Valued {
        let a = self.value(text, a, places);
        let b = self.value(text, b, places);
        self.two(function, text, e, (a, b), places)
    }

    fn two(
        &mut self,
        function: Binary,
        text: &'a Text,
        e: &'a Expression,
        (a, b): (Valued, Valued),
        places: &mut Places,
    ) -> Valued {
        let (left, right) = (a.value, b.value);
        let value = function.of(left, right);
        let mishap = || of_two(function, left, right, value);
        self.joined((text, e), value, vec![a, b], mishap, places)
    }

    fn call(
        &mut self,
        text: &'a Text,
        e: &'a Expression,
        name: &str,
        arguments: &'a [Expression],
        places: &mut Places,
    ) -> Valued {
        match (name, arguments) {
            ("sum", [index, body]) => return self.sum(text, e, index, body, places),
            ("size", [vector]) => {
                let Form::Name(vector) = &vector.form else {
                    return Valued::of(f64::NAN);
                };
                return Valued::of(self.scope.length(vector).map_or(f64::NAN, |n| n as f64));
            }
            _ => {}
        }
        let mut values = arguments
            .iter()
            .map(|one| self.value(text, one, places))
            .collect::<Vec<_>>()
            .into_iter();
        let Some(first) = values.next() else {
            return Valued::of(f64::NAN);
        };
        if let Some(&(known, function)) = UNARY.iter().find(|(known, _)| *known == name) {
            let a = first.value;
            let value = function.of(a);
            let mishap = || of_one(function, known, a);
            return self.joined((text, e), value, vec![first], mishap, places);
        }
        if let Some(&(_, function)) = BINARY.iter().find(|(known, _)| *known == name) {
            return values.fold(first, |a, b| self.two(function, text, e, (a, b), places));
        }
        // clip(x, low, high)
        let [Some(low), Some(high)] = [values.next(), values.next()] else {
            return Valued::of(f64::NAN);
        };
        let raised = self.two(Binary::Max, text, e, (first, low), places);
        self.two(Binary::Min, text, e, (raised, high), places)
    }

    fn sum(
        &mut self,
        text: &'a Text,
        e: &'a Expression,
        index: &'a Expression,
        body: &'a Expression,
        places: &mut Places,
    ) -> Valued {
        let Form::Name(name) = &index.form else {
            return Valued::of(f64::NAN);
        };
        let size = self.scope.size_of(text, body, name, index.at.clone());
        let mut sum = Valued::of(0.0);
        for k in 0..size.unwrap_or(0) {
            places.push((name.clone(), k as f64));
            let one = self.value(text, body, places);
            places.pop();
            sum = self.two(Binary::Add, text, e, (sum, one), places);
        }
        sum
    }

    fn element(
        &mut self,
        text: &'a Text,
        e: &'a Expression,
        name: &str,
        at: &'a [Expression],
        places: &mut Places,
    ) -> Valued {
        let at: Vec<f64> = at
            .iter()
            .map(|place| self.value(text, place, places).value)
            .collect();
        let first = at.first().copied().unwrap_or(f64::NAN);
        match self.scope.meaning(name) {
            Some(Meaning::State(start, _)) => {
                self.given(text, e, self.x.get(start + first as usize).copied())
            }
            Some(Meaning::Definition(number)) => self.definition(number, Some(first)),
            Some(Meaning::Table(table, shape)) => {
                let flat = at.iter().zip(&shape);
                let flat = flat.fold(0, |flat, (&at, &size)| flat * size + at as usize);
                let value = self.scope.graph.tables[table].get(flat).copied();
                self.given(text, e, value)
            }
            _ => Valued::of(f64::NAN),
        }
    }

    /// The names in a part and their values, in the order in which they stand.
    fn names(
        &mut self,
        text: &'a Text,
        e: &'a Expression,
        places: &mut Places,
    ) -> Vec<(String, f64)> {
        let mut parts: Vec<&'a Expression> = Vec::new();
        e.walk(&mut |part| {
            if matches!(&part.form, Form::Name(_) | Form::Element(..)) {
                parts.push(part);
            }
        });
        let mut found: Vec<(String, f64)> = Vec::new();
        for part in parts {
            let written = &text.text[part.at.clone()];
            // The index of a sum has no value outside.
            let known = match &part.form {
                Form::Name(name) => {
                    places.iter().any(|(index, _)| index == name)
                        || name == "t"
                        || matches!(
                            self.scope.meaning(name),
                            Some(Meaning::Number(_) | Meaning::State(..) | Meaning::Definition(_))
                        )
                }
                _ => !part_mentions_unknown(part, places, self),
            };
            if known && found.iter().all(|(name, _)| name != written) {
                let value = self.value(text, part, places).value;
                found.push((written.to_string(), value));
            }
        }
        found
    }
}

/// Whether a place of an element depends on an index that has no value here.
fn part_mentions_unknown(part: &Expression, places: &Places, reading: &Reading<'_>) -> bool {
    let Form::Element(_, at) = &part.form else {
        return false;
    };
    let mut unknown = false;
    for place in at {
        place.walk(&mut |inner| {
            if let Form::Name(name) = &inner.form {
                let is_index = places.iter().any(|(index, _)| index == name);
                unknown |= !is_index && reading.scope.meaning(name).is_none();
            }
        });
    }
    unknown
}
