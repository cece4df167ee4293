//! Parameters: what `[model.parameters]` (and a family's own sections) say, against the declarations.
//!
//! Named sizes (`n`) are fixed by the given arrays in the order of the declarations, then by the `size`
//! of random forms; scalars and defaults fill the shape; random forms are drawn last, a generator after
//! the parameters that it needs.

use std::collections::{BTreeMap, BTreeSet};

use super::decoder::Decoder;
use super::drawn::{by_default, drawn, own, say_drawn};
use super::numbers::{self, Form, Law};
use super::problem::Problem;
use super::random;
use super::resolved;
use super::section;
use super::sources::Origin;
use crate::system::memory;
use crate::system::parameters::{
    Array, BuildError, Fallback, Kind, Parameter, Parameters, Shape, Value,
};
use crate::system::suggest;
use crate::system::tree::{Entry, Node, Span, Tree};

/// A declaration and what the file says about it.
pub(super) struct Slot<'t> {
    pub declaration: &'static Parameter,
    /// The dotted path from the root of the file.
    pub path: String,
    pub given: Option<&'t Entry>,
    /// The entry of the file, where `given` is only the value in it.
    pub written: Option<&'t Entry>,
    /// What to blame if it is missing.
    pub header: Span,
}

impl Slot<'_> {
    pub(super) fn name(&self) -> &'static str {
        self.declaration.name
    }

    /// The path of the table it stands in.
    pub(super) fn table(&self) -> &str {
        let name = self.path.len() - self.name().len();
        self.path[..name].trim_end_matches('.')
    }
}

/// The slots of a table, in the order of the declarations; unknown keys are reported.
pub(super) fn gather<'t>(
    d: &mut Decoder,
    path: &str,
    header: Span,
    entries: impl IntoIterator<Item = &'t Entry>,
    declared: &'static [Parameter],
    dynamics: &str,
) -> Vec<Slot<'t>> {
    let entries: Vec<&Entry> = entries.into_iter().collect();
    let mut given = BTreeMap::new();
    walk(d, path, "", &entries, declared, dynamics, &mut given);
    declared
        .iter()
        .map(|declaration| Slot {
            declaration,
            path: match path {
                "" => declaration.name.to_string(),
                path => format!("{path}.{}", declaration.name),
            },
            given: given.get(declaration.name).copied(),
            written: None,
            header,
        })
        .collect()
}

fn walk<'t>(
    d: &mut Decoder,
    path: &str,
    prefix: &str,
    entries: &[&'t Entry],
    declared: &'static [Parameter],
    dynamics: &str,
    given: &mut BTreeMap<&'static str, &'t Entry>,
) {
    for entry in entries {
        let name = format!("{prefix}{}", entry.key);
        if let Some(parameter) = declared.iter().find(|parameter| parameter.name == name) {
            given.insert(parameter.name, entry);
            continue;
        }
        let inner = format!("{name}.");
        if declared
            .iter()
            .any(|parameter| parameter.name.starts_with(&inner))
            && let Some(entries) = entry.value.as_table()
        {
            let entries: Vec<&Entry> = entries.iter().collect();
            walk(d, path, &inner, &entries, declared, dynamics, given);
            continue;
        }
        let valid: Vec<&str> = declared
            .iter()
            .filter(|parameter| parameter.used_by(dynamics))
            .map(|parameter| parameter.name)
            .collect();
        d.unknown(
            entry.key_span,
            "parameter",
            &name,
            &format!("[{path}]"),
            &valid,
        );
    }
}

/// Sizes that are fixed, by whom and where.
#[derive(Default)]
struct Sizes {
    fixed: BTreeMap<&'static str, (usize, String, Span)>,
    /// Sizes that a broken value would have fixed: nothing more is said about them.
    broken: BTreeSet<&'static str>,
}

/// The values of all slots that `dynamics` uses; the flag says whether all of them are sound.
pub(super) fn resolve(d: &mut Decoder, slots: &[Slot<'_>], dynamics: &str) -> (Parameters, bool) {
    let before = d.problems.len();
    let mut parameters = Parameters::new();
    let mut sizes = Sizes::default();
    let mut forms: Vec<(&Slot<'_>, Shape, Form<'_>)> = Vec::new();
    for slot in slots {
        if !slot.declaration.used_by(dynamics) {
            unused(d, slot, dynamics);
            continue;
        }
        d.resolved.table(slot.table());
        match slot.declaration.kind {
            Kind::Real(shape) => {
                if let Some(form) = form(d, slot, shape, &mut sizes) {
                    forms.push((slot, shape, form));
                }
            }
            _ => {
                if let Some(value) = plain(d, slot) {
                    fix_by_number(slot, &value, &mut sizes);
                    parameters.set(slot.name(), value);
                }
            }
        }
    }
    fix_by_arrays(d, &mut forms, &mut sizes);
    fix_by_forms(d, &mut forms, &mut sizes);
    for (&name, (size, ..)) in &sizes.fixed {
        parameters.set_size(name, *size);
    }
    let mut pending = Vec::new();
    let mut unfixed = BTreeSet::new();
    for (slot, shape, form) in forms {
        match concrete(shape, &sizes) {
            Ok(shape) => {
                say_drawn(d, slot, &form);
                pending.push((slot, shape, form));
            }
            // What is drawn by default is not there if nobody says how large it is.
            Err(_) if by_default(slot) => {}
            Err(size) if sizes.broken.contains(size) || !unfixed.insert(size) => {}
            Err(size) => nothing_fixes(d, slot, size),
        }
    }
    // A generator reads other parameters: with a mistake among them it draws nothing.
    let sound = d.problems.len() == before;
    while let Some(index) = next_ready(&pending, &parameters) {
        let (slot, shape, form) = pending.remove(index);
        let is_own = matches!(&form, Form::Random(random) if matches!(random.law, Law::Own(..)));
        if is_own && !(sound && d.problems.len() == before) {
            continue;
        }
        if let Some(array) = fill(d, slot, shape, form, &parameters) {
            parameters.set_real(slot.name(), array);
        }
    }
    (parameters, d.problems.len() == before)
}

/// Let a whole number be the size that it stands for.
fn fix_by_number(slot: &Slot<'_>, value: &Value, sizes: &mut Sizes) {
    let (Some(size), Value::Integer(number)) = (slot.declaration.fixes, value) else {
        return;
    };
    if let Some(number) = usize::try_from(*number).ok().filter(|&number| number > 0) {
        let span = slot.given.map_or(slot.header, |entry| entry.value.span);
        let entry = (number, slot.name().to_string(), span);
        sizes.fixed.insert(size, entry);
    }
}

/// The first one whose needs are all there; failing that the first, so that the end is reached.
fn next_ready(
    pending: &[(&Slot<'_>, Vec<usize>, Form<'_>)],
    parameters: &Parameters,
) -> Option<usize> {
    let ready = pending.iter().position(|(_, _, form)| match form {
        Form::Random(random) => match random.law {
            Law::Own(generator, _) => generator.needs.iter().all(|need| {
                let comes = pending.iter().any(|(slot, ..)| slot.name() == *need);
                parameters.get(need).is_some() || !comes
            }),
            _ => true,
        },
        _ => true,
    });
    ready.or(if pending.is_empty() { None } else { Some(0) })
}

fn unused(d: &mut Decoder, slot: &Slot<'_>, dynamics: &str) {
    let Some(entry) = slot.given else { return };
    let name = slot.name();
    d.problem(
        Problem::at(
            entry.key_span,
            format!("the dynamics `{dynamics}` does not use the parameter `{name}`"),
            "has no effect here",
        )
        .help(format!(
            "remove it, or choose dynamics that use it: {}",
            suggest::list(slot.declaration.dynamics)
        )),
    );
}

/// A value that is not real numbers.
fn plain(d: &mut Decoder, slot: &Slot<'_>) -> Option<Value> {
    let name = slot.name();
    let declaration = slot.declaration;
    let Some(entry) = slot.given else {
        let (value, text) = match declaration.fallback {
            Fallback::Required => {
                missing(d, slot);
                return None;
            }
            Fallback::Absent | Fallback::Real(_) | Fallback::Drawn(_) => return None,
            Fallback::Integer(value) => (Value::Integer(value), value.to_string()),
            Fallback::Boolean(value) => (Value::Boolean(value), value.to_string()),
            Fallback::Text(value) => (Value::Text(value.into()), resolved::text(value)),
        };
        d.assumed(name, &text, Origin::Default);
        return Some(value);
    };
    let tree = &entry.value;
    d.given(name, tree);
    match (declaration.kind, &tree.node) {
        (Kind::Integer, Node::Integer(integer)) => {
            let (range, unit) = (&declaration.range, declaration.unit);
            section::check_integer(d, *integer, tree.span, name, range, unit)
                .then_some(Value::Integer(*integer))
        }
        (Kind::Boolean, Node::Boolean(boolean)) => Some(Value::Boolean(*boolean)),
        (Kind::Text, Node::Text(text)) => Some(Value::Text(text.clone())),
        (Kind::Choice(choices), Node::Text(text)) => {
            if choices.contains(&text.as_str()) {
                return Some(Value::Text(text.clone()));
            }
            section::not_a_choice(d, tree.span, name, text, choices);
            None
        }
        (Kind::Tree, _) => numbers::with_files(d, tree, name).map(Value::Tree),
        (Kind::Choice(choices), _) => {
            d.wrong_type(tree, name, &format!("one of {}", suggest::list(choices)));
            None
        }
        (Kind::Integer, _) => {
            d.wrong_type(tree, name, "an integer");
            None
        }
        (Kind::Boolean, _) => {
            d.wrong_type(tree, name, "true or false");
            None
        }
        _ => {
            d.wrong_type(tree, name, "a text in quotes");
            None
        }
    }
}

/// Real numbers, given or by default, before their shape is known.
fn form<'t>(d: &mut Decoder, slot: &Slot<'t>, shape: Shape, sizes: &mut Sizes) -> Option<Form<'t>> {
    let name = slot.name();
    if by_default(slot) {
        if let Some(entry) = slot.given {
            d.given(name, &entry.value);
        }
        return drawn(slot);
    }
    let Some(entry) = slot.given else {
        return match slot.declaration.fallback {
            Fallback::Real(number) => {
                d.assumed(name, &resolved::real(number), Origin::Default);
                Some(Form::Filled(number))
            }
            Fallback::Required => {
                missing(d, slot);
                sizes.broken.extend(shape.sizes());
                None
            }
            _ => None,
        };
    };
    d.given(name, &slot.written.unwrap_or(entry).value);
    let read = numbers::read(d, &entry.value, name, slot.declaration.generators);
    let sound = match read {
        Some(Form::Filled(number)) => {
            let Parameter { range, unit, .. } = slot.declaration;
            d.check(number, entry.value.span, name, range, unit)
        }
        Some(_) => true,
        None => false,
    };
    if !sound {
        sizes.broken.extend(shape.sizes());
    }
    read.filter(|_| sound)
}

fn missing(d: &mut Decoder, slot: &Slot<'_>) {
    let Parameter {
        name,
        kind,
        meaning,
        unit,
        ..
    } = slot.declaration;
    let table = slot.table();
    let shape = match kind {
        Kind::Real(shape) => format!("{shape}, "),
        _ => String::new(),
    };
    let unit = match *unit {
        "1" => "dimensionless".to_string(),
        unit => format!("in {unit}"),
    };
    d.problem(
        Problem::at(
            slot.header,
            format!("the parameter `{name}` is missing in [{table}]"),
            format!("needs `{name}`"),
        )
        .help(format!("`{name}` ({shape}{unit}): {meaning}")),
    );
}

/// Let the given arrays fix the named sizes; drop those that do not fit.
fn fix_by_arrays(
    d: &mut Decoder,
    forms: &mut Vec<(&Slot<'_>, Shape, Form<'_>)>,
    sizes: &mut Sizes,
) {
    forms.retain_mut(|(slot, shape, form)| match form {
        Form::Array(array) => {
            let Some(entry) = slot.given else { return true };
            // A vector in a file of one column is a matrix with one column, if that is wanted.
            let (given, span) = (array.shape.clone(), entry.value.span);
            let fits = fix(d, slot, *shape, &given, span, sizes);
            let Parameter {
                name, range, unit, ..
            } = slot.declaration;
            numbers::check(d, &entry.value, array, name, range, unit) && fits
        }
        _ => true,
    });
}

/// Let `size` of the random forms fix the sizes that are left.
fn fix_by_forms(d: &mut Decoder, forms: &mut Vec<(&Slot<'_>, Shape, Form<'_>)>, sizes: &mut Sizes) {
    forms.retain(|(slot, shape, form)| match form {
        Form::Random(random) => match &random.size {
            Some((size, span)) => {
                let rank = shape.sizes().len();
                // One number is the size of every axis.
                let given = if size.len() == 1 {
                    vec![size[0]; rank]
                } else {
                    size.clone()
                };
                fix(d, slot, *shape, &given, *span, sizes)
            }
            None => true,
        },
        _ => true,
    });
}

/// Match a shape against the named sizes, fixing those that are free.
fn fix(
    d: &mut Decoder,
    slot: &Slot<'_>,
    shape: Shape,
    given: &[usize],
    span: Span,
    sizes: &mut Sizes,
) -> bool {
    let (name, wanted) = (slot.name(), shape.sizes());
    let has = numbers::shape_text(given);
    if let Some(excess) = excess(given) {
        d.problem(Problem::at(
            span,
            format!("`{name}` of shape {has} is too large: {excess}"),
            "too large",
        ));
        sizes.broken.extend(wanted);
        return false;
    }
    if given.len() != wanted.len() {
        let wants = match shape {
            Shape::Scalar => "a single number".to_string(),
            shape => format!("shape {shape}"),
        };
        let label = format!("shape {has}, expected {wants}");
        d.problem(
            Problem::at(
                span,
                format!("`{name}` has shape {has}, but it must be {wants}"),
                label,
            )
            .help(format!("`{name}`: {}", slot.declaration.meaning)),
        );
        sizes.broken.extend(wanted);
        return false;
    }
    for (axis, &size) in wanted.iter().enumerate() {
        let Some((fixed, by, place)) = sizes.fixed.get(size).cloned() else {
            let entry = (given[axis], name.to_string(), span);
            sizes.fixed.insert(size, entry);
            continue;
        };
        if fixed == given[axis] {
            continue;
        }
        let expected: Vec<String> = wanted
            .iter()
            .enumerate()
            .map(|(axis, size)| match sizes.fixed.get(size) {
                Some((fixed, ..)) => fixed.to_string(),
                None => given[axis].to_string(),
            })
            .collect();
        let expected = format!("[{}]", expected.join(", "));
        if by == name {
            d.problem(
                Problem::at(
                    span,
                    format!("`{name}` has shape {has}, but its shape is {shape}: as many rows as columns"),
                    format!("shape {has} is not square"),
                )
                .help(format!("`{name}`: {}", slot.declaration.meaning)),
            );
        } else {
            d.problem(
                Problem::at(
                    span,
                    format!("`{name}` has shape {has}, but shape {shape} is {expected} here: `{by}` fixes {size} = {fixed}"),
                    format!("shape {has}, expected {expected}"),
                )
                .also(place, format!("fixes {size} = {fixed}"))
                .help(format!("make both fit; a single number for `{name}` would fill any shape")),
            );
        }
        return false;
    }
    true
}

/// What is wrong with an array of this shape, if it exceeds the memory that a model may take.
fn excess(shape: &[usize]) -> Option<String> {
    memory::excess(shape.iter().map(|&size| size as f64).product())
}

/// The shape in numbers, or the name of a size that nothing fixes.
fn concrete(shape: Shape, sizes: &Sizes) -> Result<Vec<usize>, &'static str> {
    shape
        .sizes()
        .into_iter()
        .map(|size| sizes.fixed.get(size).map(|(size, ..)| *size).ok_or(size))
        .collect()
}

fn nothing_fixes(d: &mut Decoder, slot: &Slot<'_>, size: &str) {
    let span = slot.given.map_or(slot.header, |entry| entry.value.span);
    let name = slot.name();
    d.problem(
        Problem::at(
            span,
            format!("nothing says how large {size} is, the size of `{name}`"),
            format!("{size} is unknown"),
        )
        .help(format!(
            "give a parameter of this size as an array, or a random one with its size: \
             {name} = {{ random = \"gaussian\", size = 200 }}"
        )),
    );
}

/// The numbers of a form in its shape.
fn fill(
    d: &mut Decoder,
    slot: &Slot<'_>,
    shape: Vec<usize>,
    form: Form<'_>,
    parameters: &Parameters,
) -> Option<Array> {
    if let Some(excess) = excess(&shape) {
        let span = slot.given.map_or(slot.header, |entry| entry.value.span);
        let has = numbers::shape_text(&shape);
        let message = format!("`{}` of shape {has} is too large: {excess}", slot.name());
        d.problem(Problem::at(span, message, "too large"));
        return None;
    }
    let random = match form {
        Form::Filled(number) => return Some(Array::filled(shape, number)),
        Form::Array(array) => return Some(array),
        Form::Random(random) => random,
    };
    let span = slot.given.map_or(slot.header, |entry| entry.value.span);
    let place = Tree::new(span, Node::Boolean(true));
    let tree = slot.given.map_or(&place, |entry| &entry.value);
    let seed = match random.redraw {
        Some(_) => {
            d.redraws = true;
            random::member_seed(d.seed, &slot.path, d.member)
        }
        None => random::seed(d.seed, &slot.path),
    };
    let array = match random.law {
        Law::Own(generator, entries) => own(d, slot, generator, entries, &shape, seed, parameters)?,
        law => numbers::draw(&law, &shape, seed)?,
    };
    let Parameter {
        name, range, unit, ..
    } = slot.declaration;
    numbers::check(d, tree, &array, name, range, unit).then_some(array)
}

/// A family's complaint as a problem at a place.
pub(super) fn build_problem(error: &BuildError, span: Span) -> Problem {
    let label = match &error.parameter {
        Some(name) if name.starts_with("stimulus[") => "this stimulus".into(),
        Some(name) => format!("`{name}`"),
        None => "this model".into(),
    };
    let mut problem = Problem::at(span, error.message.clone(), label);
    problem.help.clone_from(&error.help);
    problem
}

/// All that a family complains about, each at its own place or at the one that `blame` finds.
pub(super) fn build_problems(
    d: &mut Decoder,
    error: &BuildError,
    blame: &dyn Fn(&BuildError) -> Span,
) {
    let mut problem = build_problem(error, Span::default());
    problem.place = Some(match &error.place {
        None => blame(error),
        Some(place) => {
            problem.label.clone_from(&place.label);
            match &place.within {
                None => place.span,
                Some(bytes) => d.sources.within(place.span, bytes.clone()),
            }
        }
    });
    d.problem(problem);
    for more in &error.more {
        build_problems(d, more, blame);
    }
}

/// The place to blame for a parameter by name.
pub(super) fn place(slots: &[Slot<'_>], name: &str) -> Option<Span> {
    let slot = slots
        .iter()
        .find(|slot| slot.name() == name || slot.path == name)?;
    Some(slot.given.map_or(slot.header, |entry| entry.value.span))
}

/// An initial value or the like: numbers of a known shape.
pub(super) fn of_shape(
    d: &mut Decoder,
    tree: &Tree,
    path: &str,
    name: &str,
    shape: &[usize],
) -> Option<Vec<f64>> {
    let form = numbers::read(d, tree, name, &[])?;
    let range = crate::system::parameters::Range::FINITE;
    let array = match form {
        Form::Filled(number) => Array::filled(shape.to_vec(), number),
        Form::Array(array) => array,
        Form::Random(random) => {
            if let Some((_, span)) = random.size {
                d.problem(
                    Problem::at(
                        span,
                        format!("`size` is not used for `{name}`"),
                        "has no effect here",
                    )
                    .help(format!(
                        "the model fixes its shape: {}",
                        numbers::shape_text(shape)
                    )),
                );
                return None;
            }
            if let Some(span) = random.redraw {
                d.problem(
                    Problem::at(
                        span,
                        format!("`redraw` is not used for `{name}`"),
                        "has no effect here",
                    )
                    .help("remove it: each member draws its own initial state"),
                );
                return None;
            }
            let Law::General(law) = random.law else {
                return None;
            };
            d.drawn = Some(law);
            let count = shape.iter().product();
            let seed = random::member_seed(d.seed, path, d.member);
            Array::new(shape.to_vec(), law.draw(seed, count))
        }
    };
    if array.shape != shape {
        let (has, wants) = (
            numbers::shape_text(&array.shape),
            numbers::shape_text(shape),
        );
        d.problem(
            Problem::at(
                tree.span,
                format!("`{name}` has shape {has}, but the model's block has shape {wants}"),
                format!("shape {has}, expected {wants}"),
            )
            .help("a single number fills any shape"),
        );
        return None;
    }
    numbers::check(d, tree, &array, name, &range, "1").then_some(array.data)
}
