//! Targets: what the values of an axis do to a run.
//!
//! An axis is *light* if its values replace numbers of an array whose shape stays: an element or the
//! whole of a parameter or of an initial block. Its values are checked here, against the declaration of
//! what they replace. A whole matrix is not light, because it is the heavy part of a system, nor is a
//! parameter that a generator of another one reads.

use std::sync::Arc;

use super::axis::{Axis, Target, Values};
use super::decoder::Decoder;
use super::model::Model;
use super::numbers::{self, Form};
use super::overrides::Step;
use super::problem::Problem;
use super::sweep::RawAxis;
use crate::system::layout::Layout;
use crate::system::parameters::{Array, Kind, Parameter, Range, Shape, Value};
use crate::system::tree::{Node, Span, Tree};

/// The light target of an axis; `None` if its values need a new decoding, or after a problem.
pub(super) fn target(
    d: &mut Decoder,
    raw: &RawAxis<'_>,
    axis: &mut Axis,
    model: &Model<'_>,
    layout: &Layout,
) -> Option<Target> {
    let mut keys = Vec::new();
    let mut indices = Vec::new();
    for step in &raw.steps {
        match step {
            Step::Key(key, _) if indices.is_empty() => keys.push(*key),
            // A key behind an index leads into an array of tables.
            Step::Key(..) => return None,
            Step::Index(index, span) => indices.push((*index, *span)),
        }
    }
    match keys.split_first()? {
        (&"model", rest) => {
            let (&"parameters", rest) = rest.split_first()? else {
                return None;
            };
            let name = rest.join(".");
            let slot = model
                .slots
                .iter()
                .find(|slot| slot.path == format!("model.parameters.{name}"))?;
            parameter(d, axis, model, slot.declaration, &indices)
        }
        (&"initial", [block]) => initial(d, axis, layout, block, &indices),
        _ => None,
    }
}

fn parameter(
    d: &mut Decoder,
    axis: &mut Axis,
    model: &Model<'_>,
    card: &Parameter,
    indices: &[(usize, Span)],
) -> Option<Target> {
    let Kind::Real(shape) = card.kind else {
        return None;
    };
    if model.feeds_a_generator(card.name) {
        return None;
    }
    let array = match model.parameters.get(card.name)? {
        Value::Real(array) => array,
        _ => return None,
    };
    if indices.is_empty() {
        // A matrix is the heavy part of a system: runs that share one should share it.
        if matches!(shape, Shape::Matrix(..)) {
            return None;
        }
        let shape = array.shape.clone();
        if !whole(d, axis, card.name, &shape, &card.range, card.unit) {
            return None;
        }
        return Some(Target::Parameter {
            parameter: card.name.into(),
            shape,
        });
    }
    let index = flat(d, card.name, &array.shape, indices)?;
    let element = element_name(card.name, indices);
    numbers_in_range(d, axis, &element, &card.range, card.unit).then(|| Target::Element {
        parameter: card.name.into(),
        index,
    })
}

fn initial(
    d: &mut Decoder,
    axis: &mut Axis,
    layout: &Layout,
    block: &str,
    indices: &[(usize, Span)],
) -> Option<Target> {
    let block = layout.get(block)?;
    let shape = block.variable.shape();
    let range = block.range();
    if indices.is_empty() {
        return whole(d, axis, block.name(), &shape, &Range::FINITE, "1")
            .then_some(Target::Initial(range));
    }
    let index = range.start + flat(d, block.name(), &shape, indices)?;
    let element = element_name(block.name(), indices);
    numbers_in_range(d, axis, &element, &Range::FINITE, "1")
        .then_some(Target::Initial(index..index + 1))
}

fn element_name(name: &str, indices: &[(usize, Span)]) -> String {
    let indices: String = indices
        .iter()
        .map(|(index, _)| format!("[{index}]"))
        .collect();
    format!("{name}{indices}")
}

/// The place of an element in the flat array.
fn flat(d: &mut Decoder, name: &str, shape: &[usize], indices: &[(usize, Span)]) -> Option<usize> {
    let problem = |span: Span, message: String, label: String| {
        Problem::at(span, message, label).help("elements are counted from 0")
    };
    if indices.len() != shape.len() {
        let span = indices.last().map_or(Span::default(), |(_, span)| *span);
        let has = numbers::shape_text(shape);
        d.problem(problem(
            span,
            format!(
                "`{}` is no element of `{name}`, whose shape is {has}",
                element_name(name, indices)
            ),
            format!("shape {has}"),
        ));
        return None;
    }
    let mut flat = 0;
    for (&(index, span), &size) in indices.iter().zip(shape) {
        if index >= size {
            d.problem(problem(
                span,
                format!("there is no element {index} of `{name}`"),
                format!("the last one is {}", size.saturating_sub(1)),
            ));
            return None;
        }
        flat = flat * size + index;
    }
    Some(flat)
}

/// Check the values of an axis of single numbers.
fn numbers_in_range(d: &mut Decoder, axis: &Axis, name: &str, range: &Range, unit: &str) -> bool {
    match &axis.values {
        Values::Spread(spread) => [spread.from, spread.to]
            .iter()
            .all(|&end| d.check(end, spread.span, name, range, unit)),
        Values::List(items) => items.iter().all(|item| match item.tree.as_number() {
            Some(number) => d.check(number, item.tree.span, name, range, unit),
            None => {
                d.wrong_type(&item.tree, name, "a number");
                false
            }
        }),
    }
}

/// Make the arrays of an axis of whole arrays, or check its numbers; `false` if it is not light.
fn whole(
    d: &mut Decoder,
    axis: &mut Axis,
    name: &str,
    shape: &[usize],
    range: &Range,
    unit: &str,
) -> bool {
    if axis.is_numeric() {
        return numbers_in_range(d, axis, name, range, unit);
    }
    let Values::List(items) = &mut axis.values else {
        return false;
    };
    let mut arrays = Vec::with_capacity(items.len());
    for item in items.iter() {
        let literal = matches!(item.tree.node, Node::Array(_)) || item.tree.as_number().is_some();
        if !literal {
            return false;
        }
        let array = match numbers::read(d, &item.tree, name, &[]) {
            Some(Form::Filled(number)) => Array::filled(shape.to_vec(), number),
            Some(Form::Array(array)) => array,
            _ => return false,
        };
        // Another shape changes more than this parameter.
        if array.shape != shape || !numbers::check(d, &item.tree, &array, name, range, unit) {
            return false;
        }
        arrays.push(Arc::new(array));
    }
    for (item, array) in items.iter_mut().zip(arrays) {
        item.array = Some(array);
    }
    true
}

impl Model<'_> {
    /// Whether some random parameter is drawn by a generator that reads this one.
    fn feeds_a_generator(&self, name: &str) -> bool {
        self.slots.iter().any(|slot| {
            let law = slot.given.and_then(|entry| entry.value.get("random"));
            let generators = slot.declaration.generators.iter();
            let used = |text: &str| {
                generators
                    .clone()
                    .any(|generator| generator.name == text && generator.needs.contains(&name))
            };
            law.and_then(Tree::as_text).is_some_and(used)
        })
    }
}
