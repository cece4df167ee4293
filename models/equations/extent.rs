//! How far an index runs: the sizes of the vectors that it counts, in an expression and in the definitions that it uses.

use std::collections::BTreeMap;

use super::expression::{Expression, Form};
use super::model::{Model, Named};
use super::scope::Meaning;

/// A size that an index has, and whether it stands alone in the brackets.
pub(super) type Extent = (usize, bool);

/// What an index counts.
pub(super) enum Reach {
    /// The elements of a vector.
    Vector(Extent),
    /// What `i` counts in a definition, and whether the index stands alone there.
    Definition(usize, bool),
}

/// What an index counts in an expression.
pub(super) fn reaches(
    names: &BTreeMap<String, Meaning>,
    body: &Expression,
    index: &str,
) -> Vec<Reach> {
    let mut found = Vec::new();
    body.walk(&mut |part| match &part.form {
        Form::Element(name, places) => {
            for (axis, place) in places.iter().enumerate() {
                if !place.mentions(index) {
                    continue;
                }
                let plain = matches!(&place.form, Form::Name(name) if name == index);
                match names.get(name) {
                    Some(Meaning::State(_, Some(size))) => {
                        found.push(Reach::Vector((*size, plain)));
                    }
                    Some(Meaning::Table(_, shape)) => {
                        let size = shape.get(axis);
                        found.extend(size.map(|&size| Reach::Vector((size, plain))));
                    }
                    Some(Meaning::Definition(number)) => {
                        found.push(Reach::Definition(*number, plain));
                    }
                    _ => {}
                }
            }
        }
        Form::Name(name) if index == "i" => {
            if let Some(Meaning::Definition(number)) = names.get(name) {
                found.push(Reach::Definition(*number, true));
            }
        }
        _ => {}
    });
    found
}

/// The sizes that come of reaches, each once, where those of definitions are known.
pub(super) fn extent(reaches: &[Reach], known: &[Vec<Extent>]) -> Vec<Extent> {
    let mut found: Vec<Extent> = Vec::new();
    let mut add = |one: Extent| {
        if !found.contains(&one) {
            found.push(one);
        }
    };
    for reach in reaches {
        match reach {
            Reach::Vector(one) => add(*one),
            Reach::Definition(number, plain) => {
                let inner = known.get(*number).into_iter().flatten();
                inner.for_each(|&(size, own)| add((size, own && *plain)));
            }
        }
    }
    found
}

/// What `i` counts in each definition: those that a definition names come before it, whatever their order in the file. A circle, which is
/// an error elsewhere, counts nothing.
pub(super) fn extents(model: &Model, names: &BTreeMap<String, Meaning>) -> Vec<Vec<Extent>> {
    let of = |one: &Named| {
        let text = one.text.as_ref();
        text.map_or(Vec::new(), |text| reaches(names, &text.expression, "i"))
    };
    let all: Vec<Vec<Reach>> = model.definitions.iter().map(of).collect();
    let mut known = vec![Vec::new(); all.len()];
    let mut begun = vec![false; all.len()];
    for root in 0..all.len() {
        let mut open = vec![(root, 0)];
        begun[root] = true;
        while let Some((number, next)) = open.pop() {
            let rest = all[number].iter().enumerate().skip(next);
            let mut needed = rest.filter_map(|(at, reach)| match reach {
                Reach::Definition(inner, _) if !begun[*inner] => Some((at, *inner)),
                _ => None,
            });
            match needed.next() {
                Some((at, inner)) => {
                    begun[inner] = true;
                    open.push((number, at + 1));
                    open.push((inner, 0));
                }
                None => known[number] = extent(&all[number], &known),
            }
        }
    }
    known
}
