//! Guards: zeros of an expression, one number or one for each element of a vector.
//!
//! A guard over a vector is as many guards as it has elements; what element i resets is said with the index i, of scalars
//! and of vectors of the same length. If all that the model says of element i reads element i alone, the elements are parts
//! that touch each other nowhere, and an event costs its own element only.

use std::ops::Range;

use super::clock::Clock;
use super::compile::{Output, Refusal, compile, compile_pinned};
use super::derivative;
use super::graph::{Graph, LOOPS, Node, Term};
use super::model::{Model, Text, Watch};
use super::scope::{Indices, Scope};
use super::system::{Equations, output};
use super::tape::Tape;
use crate::prelude::*;

/// A guard of the file, lowered.
pub(super) struct Watched {
    watch: Watch,
    /// Its elements, if it watches a vector.
    size: Option<usize>,
    values: Vec<Output>,
    /// What it resets: the value at one element goes to the slot.
    resets: Vec<Output>,
}

impl Watched {
    /// What is watched.
    pub(super) fn watches(&self) -> impl Iterator<Item = Node> {
        self.values.iter().map(|output| output.value)
    }
}

/// All guards of a model.
pub(super) struct Watching {
    watches: Vec<(Watch, Option<usize>)>,
    /// The first guard of each watch, and the number of all.
    firsts: Vec<usize>,
    values: Tape,
    resets: Vec<Option<Tape>>,
    /// Of each guard, if it is a function of time alone.
    clocks: Vec<Option<Clock>>,
    elements: Option<Elements>,
}

/// The elements as parts: tapes for one of them at a time, on its own components.
struct Elements {
    count: usize,
    /// The first component of each block.
    blocks: Vec<usize>,
    drift: Tape,
    values: Tape,
    resets: Vec<Option<Tape>>,
}

/// Lower the guards of a model.
pub(super) fn watched(scope: &mut Scope<'_>, model: &Model) -> Vec<Watched> {
    let mut all = Vec::new();
    let mut first = 0;
    for watch in &model.guards {
        let Some(text) = &watch.when else { continue };
        let before = scope.faults.len();
        let size = scope.own_size(text);
        if scope.faults.len() > before {
            continue;
        }
        let values = output(scope, text, size, first).into_iter().collect();
        let resets = resets(scope, model, watch, size);
        first += size.unwrap_or(1);
        all.push(Watched {
            watch: watch.clone(),
            size,
            values,
            resets,
        });
    }
    all
}

fn resets(scope: &mut Scope<'_>, model: &Model, watch: &Watch, size: Option<usize>) -> Vec<Output> {
    let mut outputs = Vec::new();
    for (name, span, text) in &watch.reset {
        let found = model.blocks.iter().position(|block| block.name == *name);
        let Some(number) = found else {
            let names: Vec<&str> = model.blocks.iter().map(|one| one.name.as_str()).collect();
            let message = format!("`{name}` is reset, but is no state variable");
            scope.fault(
                BuildError::new(message)
                    .at(*span, "no state variable")
                    .help(advice(name, "state variables", &names)),
            );
            continue;
        };
        let (block, first) = (&model.blocks[number], scope.firsts[number]);
        match (size, block.size) {
            (None, _) => outputs.extend(output(scope, text, block.size, first)),
            (Some(size), Some(other)) if size != other => {
                let message = format!("`{name}` has {other} elements, what is watched has {size}");
                scope.fault(
                    BuildError::new(message)
                        .at(*span, "of another length")
                        .help("element i of a guard resets element i of a vector, or a number"),
                );
            }
            (Some(size), own) => {
                outputs.extend(own_output(scope, text, size, own.is_some(), first))
            }
        }
    }
    outputs
}

/// What element i of a guard makes of its element of a block, or of a number.
fn own_output(
    scope: &mut Scope<'_>,
    text: &Text,
    size: usize,
    is_vector: bool,
    first: usize,
) -> Option<Output> {
    let index = scope.loop_index("i", size)?;
    let indices: &mut Indices = &mut vec![("i".to_string(), index)];
    let value = scope.lower(text, indices)?;
    let start = scope.graph.number(first as f64);
    let slot = match is_vector {
        true => scope.graph.two(super::function::Binary::Add, start, index),
        false => start,
    };
    Some(Output {
        loops: Vec::new(),
        slot,
        value,
        adds: false,
    })
}

impl Watching {
    /// Compile the guards; `drift` is that of the whole state.
    pub(super) fn new(
        graph: &mut Graph,
        watched: Vec<Watched>,
        drift: &[Output],
        model: &Model,
    ) -> Result<Self, Refusal> {
        let values: Vec<Output> = watched.iter().flat_map(|one| one.values.clone()).collect();
        let mut resets = Vec::new();
        for one in &watched {
            let tape = match (one.resets.is_empty(), one.size) {
                (true, _) => None,
                (false, None) => Some(compile(graph, &one.resets)?),
                (false, Some(size)) => match graph.variable("i", size) {
                    Some(i) => Some(compile_pinned(graph, &one.resets, i, None)?),
                    None => return Err(Refusal::TooLarge),
                },
            };
            resets.push(tape);
        }
        let mut firsts = vec![0];
        for one in &watched {
            firsts.push(firsts[firsts.len() - 1] + one.size.unwrap_or(1));
        }
        let clocks = watched.iter().flat_map(|one| clocks(graph, one)).collect();
        Ok(Self {
            values: compile(graph, &values)?,
            resets,
            clocks,
            firsts,
            elements: Elements::of(graph, &watched, drift, model)?,
            watches: watched
                .into_iter()
                .map(|one| (one.watch, one.size))
                .collect(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// What the file says of a guard, and its element, if it watches a vector.
    pub(super) fn watch(&self, guard: usize) -> (&Watch, Option<usize>) {
        let (watch, element) = self.place(guard);
        let (said, size) = &self.watches[watch];
        (said, size.map(|_| element))
    }

    /// The watch that a guard belongs to, and its element.
    fn place(&self, guard: usize) -> (usize, usize) {
        let watch = self.firsts.partition_point(|&first| first <= guard) - 1;
        (watch, guard - self.firsts[watch])
    }
}

/// The guards of a watch as functions of time alone, those that are.
fn clocks(graph: &Graph, watched: &Watched) -> Vec<Option<Clock>> {
    let Some(output) = watched.values.first() else {
        return vec![None; watched.size.unwrap_or(1)];
    };
    let clock = |element: usize| {
        let mut at = [0; LOOPS];
        for &variable in &output.loops {
            at[variable] = element;
        }
        Clock::of(graph, output.value, at)
    };
    (0..watched.size.unwrap_or(1)).map(clock).collect()
}

impl Elements {
    /// If the model says of element i nothing that reads another one, and nothing of anything else.
    fn of(
        graph: &mut Graph,
        watched: &[Watched],
        drift: &[Output],
        model: &Model,
    ) -> Result<Option<Self>, Refusal> {
        let Some(count) = model.blocks.first().and_then(|block| block.size) else {
            return Ok(None);
        };
        let (true, Some(i)) = (watched.len() == 1, graph.variable("i", count)) else {
            return Ok(None);
        };
        let same = model.blocks.iter().all(|block| block.size == Some(count))
            && watched.iter().all(|one| one.size == Some(count));
        let resets = watched.iter().flat_map(|one| &one.resets);
        let values = watched.iter().flat_map(|one| &one.values);
        let all: Vec<&Output> = drift.iter().chain(values).chain(resets).collect();
        let own = graph.index(i);
        if !same || !all.into_iter().all(|one| reads_its_own(graph, one, own)) {
            return Ok(None);
        }
        let blocks: Vec<usize> = (0..model.blocks.len()).map(|k| k * count).collect();
        let local = |graph: &mut Graph, outputs: &[Output]| {
            // Where an output goes in the whole state says where it goes among an element's own components.
            let own: Vec<Output> = outputs
                .iter()
                .map(|one| Output {
                    loops: Vec::new(),
                    slot: graph.number(first_slot(graph, one) as f64 / count as f64),
                    ..one.clone()
                })
                .collect();
            compile_pinned(graph, &own, i, Some(&blocks))
        };
        let mut tapes = Vec::new();
        for one in watched {
            tapes.push(match one.resets.is_empty() {
                true => None,
                false => Some(local(graph, &one.resets)?),
            });
        }
        let values: Vec<Output> = watched.iter().flat_map(|one| one.values.clone()).collect();
        Ok(Some(Self {
            drift: local(graph, drift)?,
            values: local(graph, &values)?,
            resets: tapes,
            count,
            blocks,
        }))
    }
}

/// Where the output of element 0 goes.
fn first_slot(graph: &Graph, output: &Output) -> usize {
    graph.value(output.slot, &mut [0; LOOPS]) as usize
}

/// Whether an output reads no element of the state but that of its own index.
fn reads_its_own(graph: &Graph, output: &Output, index: Node) -> bool {
    let mut leaves = derivative::leaves(graph, output.value).into_iter();
    leaves.all(|leaf| match graph.term(leaf) {
        Term::State(_, place) => index == place,
        _ => false,
    })
}

impl Guards for Equations {
    fn count(&self) -> usize {
        self.watching().firsts.last().copied().unwrap_or(0)
    }

    fn name(&self, guard: usize) -> &str {
        let watching = self.watching();
        &watching.watches[watching.place(guard).0].0.name
    }

    fn component(&self, guard: usize) -> usize {
        let (watch, element) = self.watching().place(guard);
        match self.watching().watches[watch].1 {
            Some(_) => element,
            None => watch,
        }
    }

    fn direction(&self, guard: usize) -> Direction {
        let watching = self.watching();
        watching.watches[watching.place(guard).0].0.direction
    }

    fn crossing(&self, guard: usize, after: f64, until: f64) -> Crossing {
        match &self.watching().clocks[guard] {
            None => Crossing::OfState,
            Some(clock) => match clock.sign_change(after, until) {
                Some((time, rises)) => Crossing::At { time, rises },
                None => Crossing::Nowhere,
            },
        }
    }

    fn action(&self, guard: usize) -> Action {
        let watching = self.watching();
        let watch = watching.place(guard).0;
        match (watching.watches[watch].0.stop, &watching.resets[watch]) {
            (true, _) => Action::Stop,
            (false, Some(_)) => Action::Reset,
            (false, None) => Action::Record,
        }
    }

    fn values(&self, t: f64, x: &[f64], g: &mut [f64]) {
        self.watching().values.run(t, x, g);
    }

    fn reset(&self, guard: usize, t: f64, x: &mut [f64]) {
        let (watch, element) = self.watching().place(guard);
        if let Some(tape) = &self.watching().resets[watch] {
            // Every new value is of the state before.
            let before = x.to_vec();
            tape.run_at(element, t, &before, x);
        }
    }

    fn parts(&self) -> Option<&dyn Parts> {
        self.elements().map(|_| self as &dyn Parts)
    }
}

impl Equations {
    fn elements(&self) -> Option<&Elements> {
        self.watching().elements.as_ref()
    }
}

/// Elements are parts only where [`Guards::parts`] says so; without, there are none.
impl Parts for Equations {
    fn count(&self) -> usize {
        self.elements().map_or(0, |elements| elements.count)
    }

    fn size(&self) -> usize {
        self.elements().map_or(0, |elements| elements.blocks.len())
    }

    fn component(&self, part: usize, k: usize) -> usize {
        self.elements().map_or(0, |elements| elements.blocks[k]) + part
    }

    fn drift(&self, part: usize, t: f64, x: &[f64], dx: &mut [f64]) {
        if let Some(elements) = self.elements() {
            elements.drift.run_at(part, self.aside(t), x, dx);
        }
    }

    fn guards(&self, part: usize) -> Range<usize> {
        part..part + 1
    }

    fn part_of(&self, guard: usize) -> usize {
        guard
    }

    fn values(&self, part: usize, t: f64, x: &[f64], g: &mut [f64]) {
        if let Some(elements) = self.elements() {
            elements.values.run_at(part, t, x, g);
        }
    }

    fn reset(&self, guard: usize, t: f64, x: &mut [f64]) {
        if let Some(Some(tape)) = self.elements().map(|elements| &elements.resets[0]) {
            let before = x.to_vec();
            tape.run_at(guard, t, &before, x);
        }
    }
}
