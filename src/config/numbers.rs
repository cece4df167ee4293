//! The grammar of numbers, the same for parameters and initial states:
//! scalar | array | `{ file = "w.npy" }` | `{ random = "gaussian", mean, sd }` |
//! `{ random = "uniform", range = [a, b] }` | a family's own generator.

use super::decoder::{Decoder, fault};
use super::external;
use super::problem::Problem;
use super::random;
use super::resolved;
use crate::system::parameters::{Array, Generator, Range};
use crate::system::suggest;
use crate::system::tree::{Entry, Node, Span, Tree};

/// What was given for an array before its shape is known.
pub(super) enum Form<'t> {
    /// One number for all.
    Filled(f64),
    /// Numbers with a shape.
    Array(Array),
    /// To be drawn.
    Random(Random<'t>),
}

/// A random form.
pub(super) struct Random<'t> {
    pub law: Law<'t>,
    /// `size`, if given, and where.
    pub size: Option<(Vec<usize>, Span)>,
    /// Where it says `redraw = "member"`, if it does.
    pub redraw: Option<Span>,
}

/// What is drawn.
pub(super) enum Law<'t> {
    /// A general law.
    General(random::Law),
    /// A family's generator, with its options as written.
    Own(&'static Generator, &'t [Entry]),
}

/// Read a value; `name` is what messages call it. `None` if it is broken.
pub(super) fn read<'t>(
    d: &mut Decoder,
    tree: &'t Tree,
    name: &str,
    generators: &'static [Generator],
) -> Option<Form<'t>> {
    match &tree.node {
        Node::Integer(_) | Node::Real(_) => tree.as_number().map(Form::Filled),
        Node::Array(_) => array(d, tree, name).map(Form::Array),
        Node::Table(entries) => form(d, tree, entries, name, generators),
        _ => {
            d.wrong_type(tree, name, "a number or an array of numbers");
            None
        }
    }
}

fn form<'t>(
    d: &mut Decoder,
    tree: &'t Tree,
    entries: &'t [Entry],
    name: &str,
    generators: &'static [Generator],
) -> Option<Form<'t>> {
    if let Some(file) = tree.get("file") {
        only(d, entries, &["file"], name);
        let Some(path) = file.as_text() else {
            d.wrong_type(file, &format!("{name}.file"), "a text in quotes");
            return None;
        };
        return external::array(d, path, file.span).map(Form::Array);
    }
    let Some(law) = tree.get("random") else {
        d.problem(
            Problem::at(
                tree.span,
                format!("`{name}` is a table without `file` or `random`"),
                "not a value",
            )
            .help(
                "numbers are given as 1.5, [1.0, 2.0], { file = \"w.npy\" } \
                 or { random = \"gaussian\", mean = 0, sd = 1 }",
            ),
        );
        return None;
    };
    let Some(text) = law.as_text() else {
        d.wrong_type(law, &format!("{name}.random"), "a text in quotes");
        return None;
    };
    let size = tree.get("size").and_then(|tree| size(d, tree, name));
    let redraw = tree.get("redraw").and_then(|tree| redraw(d, tree, name));
    let law = match text {
        "gaussian" => {
            only(
                d,
                entries,
                &["random", "mean", "sd", "size", "redraw"],
                name,
            );
            let mean = option(d, tree, name, "mean", 0.0, &Range::FINITE);
            let sd = option(d, tree, name, "sd", 1.0, &Range::NON_NEGATIVE);
            Law::General(random::Law::Gaussian {
                mean: mean?,
                sd: sd?,
            })
        }
        "uniform" => {
            only(d, entries, &["random", "range", "size", "redraw"], name);
            let [low, high] = bounds(d, tree, name)?;
            Law::General(random::Law::Uniform { low, high })
        }
        own => match generators.iter().find(|generator| generator.name == own) {
            Some(generator) => Law::Own(generator, entries),
            None => {
                let mut valid = vec!["gaussian", "uniform"];
                valid.extend(generators.iter().map(|generator| generator.name));
                d.problem(
                    Problem::at(
                        law.span,
                        format!("`{name}` cannot be drawn by \"{own}\""),
                        "no such random form",
                    )
                    .help(suggest::advice(own, "random forms", &valid)),
                );
                return None;
            }
        },
    };
    Some(Form::Random(Random { law, size, redraw }))
}

/// A value of a family's own grammar with the numbers of its files in their place: each `{ file = "w.npy" }` becomes an array that
/// stands where the file is named. `None` if a file cannot be read.
pub(super) fn with_files(d: &mut Decoder, tree: &Tree, name: &str) -> Option<Tree> {
    let node = match &tree.node {
        Node::Array(elements) => {
            let elements: Vec<Option<Tree>> = elements
                .iter()
                .enumerate()
                .map(|(place, element)| with_files(d, element, &format!("{name}[{place}]")))
                .collect();
            Node::Array(elements.into_iter().collect::<Option<_>>()?)
        }
        Node::Table(entries) if tree.get("file").is_some() => {
            let Some(Form::Array(array)) = form(d, tree, entries, name, &[]) else {
                return None;
            };
            return Some(nested(&array.data, &array.shape, tree.span));
        }
        Node::Table(entries) => {
            let entries: Vec<Option<Entry>> = entries
                .iter()
                .map(|entry| {
                    let value = with_files(d, &entry.value, &format!("{name}.{}", entry.key))?;
                    Some(Entry {
                        value,
                        ..entry.clone()
                    })
                })
                .collect();
            Node::Table(entries.into_iter().collect::<Option<_>>()?)
        }
        other => other.clone(),
    };
    Some(Tree::new(tree.span, node))
}

/// Numbers with a shape as nested arrays, all at one place.
fn nested(data: &[f64], shape: &[usize], span: Span) -> Tree {
    let Some((&size, rest)) = shape.split_first() else {
        return Tree::new(span, Node::Real(data.first().copied().unwrap_or(f64::NAN)));
    };
    let length = (data.len() / size.max(1)).max(1);
    let parts = data.chunks(length).map(|part| nested(part, rest, span));
    Tree::new(span, Node::Array(parts.collect()))
}

/// `redraw = "member"`: each member of an ensemble draws its own.
fn redraw(d: &mut Decoder, tree: &Tree, name: &str) -> Option<Span> {
    if tree.as_text() == Some("member") {
        return Some(tree.span);
    }
    d.problem(
        Problem::at(
            tree.span,
            format!("`{name}.redraw` must be \"member\""),
            "expected \"member\"",
        )
        .help("without it, all runs share one draw"),
    );
    None
}

/// Report every key of a form but these.
fn only(d: &mut Decoder, entries: &[Entry], valid: &[&str], name: &str) {
    for entry in entries {
        if !valid.contains(&entry.key.as_str()) {
            d.unknown(
                entry.key_span,
                "key",
                &entry.key,
                &format!("this form of `{name}`"),
                valid,
            );
        }
    }
}

fn option(
    d: &mut Decoder,
    tree: &Tree,
    name: &str,
    key: &str,
    default: f64,
    range: &Range,
) -> Option<f64> {
    let Some(value) = tree.get(key) else {
        return Some(default);
    };
    let name = format!("{name}.{key}");
    let Some(number) = value.as_number() else {
        d.wrong_type(value, &name, "a number");
        return None;
    };
    d.check(number, value.span, &name, range, "1")
        .then_some(number)
}

fn bounds(d: &mut Decoder, tree: &Tree, name: &str) -> Option<[f64; 2]> {
    let Some(range) = tree.get("range") else {
        d.problem(
            Problem::at(
                tree.span,
                format!("`range` is missing in `{name}`"),
                "needs `range`",
            )
            .help("a uniform law needs its ends: { random = \"uniform\", range = [0, 1] }"),
        );
        return None;
    };
    let numbers: Vec<f64> = range
        .as_array()
        .unwrap_or_default()
        .iter()
        .filter_map(Tree::as_number)
        .collect();
    match numbers[..] {
        [low, high] if low <= high && (high - low).is_finite() => Some([low, high]),
        _ => {
            d.problem(Problem::at(
                range.span,
                format!("`{name}.range` must be two finite numbers in ascending order"),
                "expected [low, high]",
            ));
            None
        }
    }
}

fn size(d: &mut Decoder, tree: &Tree, name: &str) -> Option<(Vec<usize>, Span)> {
    let one = |tree: &Tree| match tree.node {
        Node::Integer(size) if size > 0 => usize::try_from(size).ok(),
        _ => None,
    };
    let sizes = match &tree.node {
        Node::Array(elements) => elements.iter().map(one).collect(),
        _ => one(tree).map(|size| vec![size]),
    };
    if sizes.is_none() {
        d.problem(Problem::at(
            tree.span,
            format!("`{name}.size` must be a positive integer, or a list of them"),
            "expected 200 or [200, 100]",
        ));
    }
    sizes.map(|sizes| (sizes, tree.span))
}

/// A nested array of numbers.
pub(super) fn array(d: &mut Decoder, tree: &Tree, name: &str) -> Option<Array> {
    let mut shape = Vec::new();
    let mut inner = tree;
    while let Node::Array(elements) = &inner.node {
        shape.push(elements.len());
        match elements.first() {
            Some(first) => inner = first,
            None => {
                d.problem(Problem::at(
                    inner.span,
                    format!("`{name}` holds an empty array"),
                    "no numbers here",
                ));
                return None;
            }
        }
    }
    let mut data = Vec::with_capacity(shape.iter().product());
    collect(d, tree, name, &shape, &mut data).then(|| Array::new(shape, data))
}

fn collect(d: &mut Decoder, tree: &Tree, name: &str, shape: &[usize], data: &mut Vec<f64>) -> bool {
    let Some((&size, rest)) = shape.split_first() else {
        let number = tree.as_number();
        match number {
            Some(number) => data.push(number),
            None if tree.as_array().is_some() => d.problem(Problem::at(
                tree.span,
                format!("`{name}` is an array where its first sibling is a number"),
                "expected a number",
            )),
            None => d.wrong_type(tree, name, "a number"),
        }
        return number.is_some();
    };
    let Some(elements) = tree.as_array() else {
        d.wrong_type(tree, name, &format!("an array of {size} numbers"));
        return false;
    };
    if elements.len() != size {
        d.problem(
            Problem::at(
                tree.span,
                format!(
                    "`{name}` has length {}, its first sibling has length {size}",
                    elements.len()
                ),
                format!("length {} instead of {size}", elements.len()),
            )
            .help("the rows of a matrix have equal lengths"),
        );
        return false;
    }
    elements
        .iter()
        .enumerate()
        .all(|(index, element)| collect(d, element, &format!("{name}[{index}]"), rest, data))
}

/// Check every number; the first illegal one is reported with its index, and how many more there are.
pub(super) fn check(
    d: &mut Decoder,
    tree: &Tree,
    array: &Array,
    name: &str,
    range: &Range,
    unit: &str,
) -> bool {
    let mut illegal = (0..array.data.len()).filter(|&index| !range.contains(array.data[index]));
    let Some(first) = illegal.next() else {
        return true;
    };
    let more = illegal.count();
    let places = places(first, &array.shape);
    let element = format!(
        "{name}{}",
        places
            .iter()
            .map(|place| format!("[{place}]"))
            .collect::<String>()
    );
    let number = array.data[first];
    let fault = fault(number, range, unit).unwrap_or_default();
    let more = match more {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    d.problem(Problem::at(
        leaf(tree, &places).span,
        format!(
            "`{element}` is {}, but {fault}{more}",
            resolved::real(number)
        ),
        fault,
    ));
    false
}

fn places(mut index: usize, shape: &[usize]) -> Vec<usize> {
    let mut places = vec![0; shape.len()];
    for (place, &size) in places.iter_mut().zip(shape).rev() {
        *place = index % size;
        index /= size;
    }
    places
}

/// The element at these places, or the smallest value that holds it.
fn leaf<'t>(tree: &'t Tree, places: &[usize]) -> &'t Tree {
    places.iter().fold(tree, |tree, &place| {
        tree.as_array()
            .and_then(|elements| elements.get(place))
            .unwrap_or(tree)
    })
}

/// Draw an array of one of the general laws; `None` for a family's own generator.
pub(super) fn draw(law: &Law<'_>, shape: &[usize], seed: [u8; 32]) -> Option<Array> {
    let Law::General(law) = law else {
        return None;
    };
    let count = shape.iter().product();
    Some(Array::new(shape.to_vec(), law.draw(seed, count)))
}

/// "[2, 3]", or "a single number".
pub(super) fn shape_text(shape: &[usize]) -> String {
    if shape.is_empty() {
        "a single number".into()
    } else {
        format!("{shape:?}")
    }
}
