//! The model as a system: tapes for drift, Jacobian, noise and observables.
//!
//! A jump in the state (`heaviside(v)`, `sign`, `mod`) makes the drift discontinuous where no selection is
//! given, so that no scheme for discontinuous fields applies; it counts as Lipschitz, is crossed by error
//! control, and the page of the family says what that costs.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::compile::{Output, Refusal, compile};
use super::derivative;
use super::edges::{Edges, TooMany};
use super::forcing::Driving;
use super::graph::{Graph, Node, Term};
use super::model::{Model, Text, read};
use super::scope::{Indices, Scope};
use super::tape::Tape;
use super::unused;
use super::watch::{self, Watching};
use crate::prelude::*;

/// A model from a file.
pub struct Equations {
    layout: Layout,
    smoothness: Smoothness,
    drift: Arc<Tape>,
    edges: Arc<Edges>,
    driving: Driving,
    /// For derivatives, which are worked out when somebody asks.
    graph: Graph,
    outputs: Vec<Output>,
    jumps: bool,
    derivatives: OnceLock<Option<Derivatives>>,
    noise: Option<Noise>,
    observed: Vec<Variable>,
    observables: Vec<Tape>,
    watching: Watching,
    written: Written,
}

/// What the file says, for messages about it.
pub(super) struct Written {
    pub model: Model,
    pub parameters: Parameters,
}

/// The Jacobian.
struct Derivatives {
    tape: Tape,
    /// By rows, if most entries are zero.
    pattern: Option<(Vec<usize>, Vec<usize>)>,
    constant: bool,
}

struct Noise {
    tape: Arc<Tape>,
    class: NoiseClass,
    calculus: Calculus,
    /// Whether the coefficients are numbers.
    constant: bool,
    /// `b_i db_i / dx_i`
    correction: Option<Arc<Tape>>,
}

impl Equations {
    /// The system of checked parameters.
    ///
    /// # Errors
    /// Everything that is wrong with the equations.
    pub fn build(build: &Build<'_>) -> Result<Self, BuildError> {
        let (model, faults) = read(build.parameters);
        let mut scope = Scope::new(&model, build.parameters);
        scope.faults.extend(faults);
        scope.check_definitions();
        let drift = blocks(&mut scope, &model, |block| block.drift.as_ref());
        let noise = blocks(&mut scope, &model, |block| block.diffusion.as_ref());
        let observed = observables(&mut scope, &model);
        let watched = watch::watched(&mut scope, &model);
        if scope.faults.is_empty() {
            scope
                .faults
                .extend(unused::unused(&model, build.parameters));
        }
        let Scope {
            mut graph, faults, ..
        } = scope;
        if let Some(error) = BuildError::all(faults) {
            return Err(error);
        }
        let tape = |graph: &Graph, outputs: &[Output]| {
            compile(graph, outputs).map_err(|refusal| refused(&refusal))
        };
        let values: Vec<Node> = drift.iter().map(|output| output.value).collect();
        let coefficients = noise.iter().map(|output| output.value);
        // A guard of time alone is found by itself; one that reads the state as well sees it at the ends of steps.
        let watches = watched.iter().flat_map(watch::Watched::watches);
        let watches = watches.filter(|&node| graph.facts(node).state);
        let timed = values.iter().copied().chain(coefficients);
        let timed: Vec<Node> = timed.chain(watches).collect();
        let edges = Edges::of(&graph, &timed).map_err(|TooMany| refused(&Refusal::TooLarge))?;
        let facts = values.iter().map(|&node| graph.facts(node));
        let jumps = facts.clone().any(|facts| facts.jumping);
        let kinked = facts.clone().any(|facts| facts.kinked);
        let layout = layout(&model);
        Ok(Self {
            smoothness: match jumps || kinked {
                true => Smoothness::Lipschitz,
                false => Smoothness::Smooth,
            },
            drift: Arc::new(tape(&graph, &drift)?),
            edges: Arc::new(edges),
            driving: Driving::of(&graph, &drift),
            noise: noise_of(&mut graph, noise, &layout)?.map(|noise| Noise {
                calculus: match build.parameters.get("calculus") {
                    Some(Value::Text(name)) if name == "stratonovich" => Calculus::Stratonovich,
                    // A name that is none is refused elsewhere, in the same pass as what is wrong here.
                    _ => Calculus::Ito,
                },
                ..noise
            }),
            observables: observed
                .iter()
                .map(|(_, output)| tape(&graph, std::slice::from_ref(output)))
                .collect::<Result<_, _>>()?,
            observed: observed.into_iter().map(|(variable, _)| variable).collect(),
            watching: Watching::new(&mut graph, watched, &drift, &model)
                .map_err(|refusal| refused(&refusal))?,
            outputs: drift,
            derivatives: OnceLock::new(),
            jumps,
            graph,
            layout,
            written: Written {
                parameters: build.parameters.clone(),
                model,
            },
        })
    }

    /// A time on no edge: a step that ends on one belongs to the time before it, one that starts there to the time after.
    pub(super) fn aside(&self, t: f64) -> f64 {
        match self.edges.is_empty() {
            true => t,
            false => self.edges.aside(t),
        }
    }

    /// The edges in time.
    pub(super) fn edges(&self) -> Arc<Edges> {
        Arc::clone(&self.edges)
    }

    /// The tape of the drift.
    pub(super) fn drift_tape(&self) -> Arc<Tape> {
        Arc::clone(&self.drift)
    }

    /// The tape of the diffusion.
    pub(super) fn noise_tape(&self) -> Option<Arc<Tape>> {
        self.noise.as_ref().map(|noise| Arc::clone(&noise.tape))
    }

    /// The tape of the correction between the calculi.
    pub(super) fn correction_tape(&self) -> Option<Arc<Tape>> {
        self.noise.as_ref()?.correction.clone()
    }

    /// What the file says.
    pub(super) fn written(&self) -> &Written {
        &self.written
    }

    /// The guards.
    pub(super) fn watching(&self) -> &Watching {
        &self.watching
    }

    fn derivatives(&self) -> Option<&Derivatives> {
        let made = self.derivatives.get_or_init(|| {
            let mut graph = self.graph.clone();
            let size = self.layout.len();
            let entries = derivative::jacobian(&mut graph, &self.outputs, size);
            let tape = compile(&graph, &entries).ok()?;
            let constant = entries
                .iter()
                .all(|entry| graph.facts(entry.value).is_static());
            Some(Derivatives {
                pattern: pattern(&graph, &entries, size),
                tape,
                constant,
            })
        });
        made.as_ref()
    }
}

fn refused(refusal: &Refusal) -> BuildError {
    BuildError::about("state", refusal.to_string())
}

fn layout(model: &Model) -> Layout {
    model.blocks.iter().fold(Layout::new(), |layout, block| {
        let axes = block.size.map(|size| Axis::new("i", size));
        let variable = Variable::new(block.name.as_str(), axes.into_iter().collect());
        layout.block(
            variable
                .unit(block.unit.as_str())
                .meaning(block.meaning.as_str()),
            0.0,
        )
    })
}

/// One output for each block: an expression in its place of the state.
fn blocks<'m>(
    scope: &mut Scope<'m>,
    model: &'m Model,
    text: impl Fn(&'m super::model::StateBlock) -> Option<&'m Text>,
) -> Vec<Output> {
    let mut outputs = Vec::new();
    for (number, block) in model.blocks.iter().enumerate() {
        if let Some(text) = text(block) {
            let first = scope.firsts[number];
            outputs.extend(output(scope, text, block.size, first));
        }
    }
    outputs
}

/// An expression that goes to `first` on, one number or one for each element.
pub(super) fn output(
    scope: &mut Scope<'_>,
    text: &Text,
    size: Option<usize>,
    first: usize,
) -> Option<Output> {
    let start = scope.graph.number(first as f64);
    let Some(size) = size else {
        let value = scope.lower(text, &mut Indices::new())?;
        return Some(Output {
            loops: Vec::new(),
            slot: start,
            value,
            adds: false,
        });
    };
    let index = scope.loop_index("i", size)?;
    let value = scope.lower(text, &mut vec![("i".to_string(), index)])?;
    let variable = scope.graph.variable("i", size)?;
    let slot = scope.graph.two(super::function::Binary::Add, start, index);
    Some(Output {
        loops: vec![variable],
        slot,
        value,
        adds: false,
    })
}

fn observables(scope: &mut Scope<'_>, model: &Model) -> Vec<(Variable, Output)> {
    let mut found = Vec::new();
    for one in &model.observables {
        if model.blocks.iter().any(|block| block.name == one.name) {
            let message = format!("`{}` is a state variable and an observable", one.name);
            scope.fault(
                BuildError::new(message)
                    .at(one.key, "given twice")
                    .help("state variables are recorded by themselves"),
            );
        }
        let Some(text) = &one.text else { continue };
        let before = scope.faults.len();
        let size = scope.own_size(text);
        if scope.faults.len() > before {
            continue;
        }
        if let Some(output) = output(scope, text, size, 0) {
            let axes = size.map(|size| Axis::new("i", size)).into_iter().collect();
            let meaning = match one.meaning.as_str() {
                "" => text.text.as_str(),
                meaning => meaning,
            };
            let variable = Variable::new(one.name.as_str(), axes);
            found.push((variable.unit(one.unit.as_str()).meaning(meaning), output));
        }
    }
    found
}

/// The noise, unless it is zero throughout.
fn noise_of(
    graph: &mut Graph,
    mut outputs: Vec<Output>,
    layout: &Layout,
) -> Result<Option<Noise>, BuildError> {
    outputs.retain(|output| graph.constant(output.value) != Some(0.0));
    if outputs.is_empty() {
        return Ok(None);
    }
    let own = |output: &Output| {
        derivative::leaves(graph, output.value)
            .into_iter()
            .all(|leaf| {
                let Term::State(first, place) = graph.term(leaf) else {
                    return false;
                };
                let mut graph = graph.clone();
                let first = graph.number(first as f64);
                graph.two(super::function::Binary::Add, first, place) == output.slot
            })
    };
    let class = if outputs
        .iter()
        .all(|output| !graph.facts(output.value).state)
    {
        NoiseClass::Additive
    } else if outputs.iter().all(own) {
        NoiseClass::Diagonal
    } else {
        NoiseClass::General
    };
    if class == NoiseClass::General {
        let stride = graph.number((layout.len() + 1) as f64);
        for output in &mut outputs {
            output.slot = graph.two(super::function::Binary::Mul, output.slot, stride);
        }
    }
    let tape = |graph: &Graph, outputs: &[Output]| {
        let tape = compile(graph, outputs).map_err(|refusal| refused(&refusal))?;
        Ok::<_, BuildError>(Arc::new(tape))
    };
    let correction = match class {
        NoiseClass::Diagonal => {
            let outputs = corrections(graph, &outputs);
            Some(tape(graph, &outputs)?)
        }
        _ => None,
    };
    Ok(Some(Noise {
        tape: tape(graph, &outputs)?,
        class,
        calculus: Calculus::Ito,
        constant: outputs
            .iter()
            .all(|output| graph.facts(output.value).is_static()),
        correction,
    }))
}

/// `b_i db_i / dx_i` of a diagonal: every state variable in `b_i` is its own.
fn corrections(graph: &mut Graph, outputs: &[Output]) -> Vec<Output> {
    let correction = |output: &Output| {
        let mut known = HashMap::new();
        let mut slope = graph.number(0.0);
        for leaf in derivative::leaves(graph, output.value) {
            let part = derivative::derivative(graph, output.value, leaf, &mut known);
            slope = graph.two(super::function::Binary::Add, slope, part);
            known.clear();
        }
        Output {
            value: graph.times(output.value, slope),
            ..output.clone()
        }
    };
    outputs.iter().map(correction).collect()
}

/// Where the Jacobian can differ from zero; `None` if that is more than half of it.
fn pattern(graph: &Graph, entries: &[Output], size: usize) -> Option<(Vec<usize>, Vec<usize>)> {
    let mut slots = std::collections::BTreeSet::new();
    for entry in entries {
        let loops = graph.members(graph.facts(entry.slot).loops);
        let values = graph.tabulate(entry.slot, &loops)?;
        slots.extend(values.iter().map(|&slot| slot as usize));
        if 2 * slots.len() > size * size {
            return None;
        }
    }
    let mut starts = vec![0; size + 1];
    for slot in &slots {
        starts[slot / size + 1] += 1;
    }
    for row in 0..size {
        starts[row + 1] += starts[row];
    }
    Some((starts, slots.iter().map(|slot| slot % size).collect()))
}

impl System for Equations {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        self.smoothness
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        self.drift.run(self.aside(t), x, dx);
    }

    fn next_breakpoint(&self, t: f64) -> f64 {
        self.edges.next(t)
    }

    fn forcing(&self) -> Option<&dyn Forcing> {
        (!self.driving.is_empty()).then_some(&self.driving as &dyn Forcing)
    }

    fn jacobian(&self) -> Option<&dyn Jacobian> {
        self.derivatives().map(|_| self as &dyn Jacobian)
    }

    fn linear(&self) -> Option<&dyn Linear> {
        let mut values = self
            .outputs
            .iter()
            .map(|output| self.graph.facts(output.value));
        let steady = values.all(|facts| !facts.time) && !self.jumps;
        let constant = steady && self.derivatives().is_some_and(|one| one.constant);
        constant.then_some(self as &dyn Linear)
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        self.noise.as_ref().map(|_| self as &dyn Diffusion)
    }

    fn batch(&self) -> Option<&dyn Batch> {
        Some(self)
    }

    fn arithmetic(&self) -> Option<&dyn Arithmetic> {
        Some(self)
    }

    fn guards(&self) -> Option<&dyn Guards> {
        (!self.watching.is_empty()).then_some(self as &dyn Guards)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }
}

impl Jacobian for Equations {
    fn dense(&self, t: f64, x: &[f64], matrix: &mut [f64]) {
        matrix.fill(0.0);
        if let Some(derivatives) = self.derivatives() {
            derivatives.tape.run(self.aside(t), x, matrix);
        }
    }

    fn pattern(&self) -> Option<Pattern<'_>> {
        let (starts, columns) = self.derivatives()?.pattern.as_ref()?;
        Some(Pattern { starts, columns })
    }
}

impl Linear for Equations {
    fn generator(&self, t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        let zero = vec![0.0; offset.len()];
        self.dense(t, &zero, matrix);
        self.drift.run(t, &zero, offset);
    }
}

impl Diffusion for Equations {
    fn channels(&self) -> usize {
        self.layout.len()
    }

    fn class(&self) -> NoiseClass {
        self.noise
            .as_ref()
            .map_or(NoiseClass::Additive, |noise| noise.class)
    }

    fn calculus(&self) -> Calculus {
        self.noise
            .as_ref()
            .map_or(Calculus::Ito, |noise| noise.calculus)
    }

    fn is_constant(&self) -> bool {
        self.noise.as_ref().is_none_or(|noise| noise.constant)
    }

    fn diffusion(&self, t: f64, x: &[f64], b: &mut [f64]) {
        b.fill(0.0);
        if let Some(noise) = &self.noise {
            noise.tape.run(self.aside(t), x, b);
        }
    }

    fn correction(&self, t: f64, x: &[f64], c: &mut [f64]) -> bool {
        let Some(correction) = self
            .noise
            .as_ref()
            .and_then(|noise| noise.correction.as_ref())
        else {
            return false;
        };
        c.fill(0.0);
        correction.run(self.aside(t), x, c);
        true
    }
}

impl Observables for Equations {
    fn list(&self) -> &[Variable] {
        &self.observed
    }

    fn observe(&self, index: usize, t: f64, x: &[f64], out: &mut [f64]) {
        self.observables[index].run(t, x, out);
    }
}
