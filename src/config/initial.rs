//! `[initial]`: the state at the start, by block. What is not given starts as the model says.

use super::decoder::Decoder;
use super::experiment::InitialDraw;
use super::numbers;
use super::parameters;
use super::problem::Problem;
use super::resolved;
use super::sources::Origin;
use crate::system::family::{Family, Starting};
use crate::system::layout::{Block, Layout};
use crate::system::parameters::Parameters;
use crate::system::tree::{Entry, Span, Tree};

/// The flat initial state. A block without a start of its own must be given if the experiment runs; `required` is what to blame
/// where there is no table `[initial]`.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    (family, parameters): (&'static dyn Family, &Parameters),
    layout: &Layout,
    required: Option<Span>,
) -> (Vec<f64>, Vec<InitialDraw>) {
    d.resolved.header("[initial]");
    let mut state = layout.start();
    let entries = entry.map_or(&[][..], |entry| {
        entry.value.as_table().unwrap_or_else(|| {
            d.wrong_type(&entry.value, "initial", "a table");
            &[]
        })
    });
    let mut given = Vec::new();
    let mut draws = Vec::new();
    for entry in entries {
        let blocks = blocks(layout, &entry.key);
        if blocks.is_empty() {
            let names: Vec<&str> = layout.blocks().iter().map(Block::name).collect();
            d.unknown(entry.key_span, "block", &entry.key, "[initial]", &names);
        }
        d.given(&resolved::key(&entry.key), &entry.value);
        for block in blocks {
            given.push(block.name());
            d.drawn = None;
            if let Some(values) = value(d, family, parameters, block, &entry.value) {
                state[block.range()].copy_from_slice(&values);
                draws.extend(d.drawn.take().map(|law| InitialDraw {
                    range: block.range(),
                    law,
                    path: path(block),
                }));
            }
        }
    }
    for block in layout.blocks() {
        if given.contains(&block.name()) || block.auxiliary {
            continue;
        }
        if block.needs_start() {
            if let Some(header) = required {
                let name = block.name();
                let place = entry.map_or(header, |entry| entry.key_span);
                let message = format!("the start of `{name}` is missing");
                d.problem(
                    Problem::at(place, message, format!("needs [initial] {name}")).help(format!(
                        "`nullcline describe {}` says which forms it can have",
                        family.name()
                    )),
                );
            }
        } else {
            d.assumed(block.name(), &start(block), Origin::Default);
        }
    }
    (state, draws)
}

/// The path that addresses the random numbers of a block.
fn path(block: &Block) -> String {
    format!("initial.{}", block.name())
}

/// The block of that name, or the pair that holds a complex quantity of that name.
fn blocks<'l>(layout: &'l Layout, name: &str) -> Vec<&'l Block> {
    let started = |block: &&Block| block.started_as.as_deref() == Some(name);
    match layout.get(name).or(layout.blocks().iter().find(started)) {
        Some(block) => vec![block],
        None => {
            let re = layout.get(&format!("{name}_re"));
            let im = layout.get(&format!("{name}_im"));
            re.into_iter().chain(im).collect()
        }
    }
}

fn value(
    d: &mut Decoder,
    family: &'static dyn Family,
    parameters: &Parameters,
    block: &Block,
    tree: &Tree,
) -> Option<Vec<f64>> {
    let name = block.name();
    // A file that holds the whole state is read below.
    let form = match tree.get("file") {
        Some(_) => tree.clone(),
        None => numbers::with_files(d, tree, name)?,
    };
    let start = Starting {
        block,
        parameters,
        form: &form,
    };
    match family.initial(&start) {
        None => parameters::of_shape(d, tree, &path(block), name, &block.variable.shape()),
        Some(Ok(values)) if values.len() == block.variable.len() => Some(values),
        Some(Ok(_)) => {
            d.problem(Problem::at(
                tree.span,
                format!("this form does not have the length of the block `{name}`"),
                "wrong length",
            ));
            None
        }
        Some(Err(error)) => {
            parameters::build_problems(d, &error, &|_| tree.span);
            None
        }
    }
}

/// The model's own start of a block as TOML: one number if all are equal.
fn start(block: &Block) -> String {
    let same = block
        .start
        .windows(2)
        .all(|pair| pair[0].to_bits() == pair[1].to_bits());
    match block.start.first() {
        Some(&first) if same => resolved::real(first),
        _ => nested(&block.start, &block.variable.shape()),
    }
}

fn nested(values: &[f64], shape: &[usize]) -> String {
    let Some((&size, rest)) = shape.split_first() else {
        return values
            .first()
            .map_or_else(String::new, |&value| resolved::real(value));
    };
    let chunk = (values.len() / size.max(1)).max(1);
    let parts: Vec<String> = values
        .chunks(chunk)
        .map(|part| nested(part, rest))
        .collect();
    format!("[{}]", parts.join(", "))
}
