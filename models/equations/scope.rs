//! Names and what they mean: from expressions to nodes of the graph, with every complaint about them.
//!
//! A definition stands for its expression wherever it is used; one with the index `i` is used inside the
//! equation of a vector, or with a place: `rate[j]`. Places are static, so that every reach beyond a
//! vector's ends is found here.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::expression::{Expression, Form};
use super::extent::{Extent, extent, extents, reaches};
use super::function::{self, BINARY, Binary, SPECIAL, UNARY, Unary};
use super::graph::{Graph, LOOPS, Node};
use super::model::{Model, Text, is_name, is_reserved, within};
use super::other_names;
use crate::prelude::{Array, BuildError, Parameters, Value, advice};

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A state variable: its first component, and its size if it is a vector.
    State(usize, Option<usize>),
    Number(f64),
    /// A parameter that is an array.
    Table(usize, Vec<usize>),
    Definition(usize),
}

/// Index names in force, the innermost last, with what they stand for.
pub type Indices = Vec<(String, Node)>;

/// So deep may expressions and the definitions in them be nested: each level takes a piece of the stack.
const DEEPEST: usize = 4000;
/// What a definition adds to the depth of its expression.
const OF_DEFINITION: usize = 4;

/// Names, the graph so far, and the complaints.
pub struct Scope<'m> {
    pub graph: Graph,
    pub faults: Vec<BuildError>,
    model: &'m Model,
    names: BTreeMap<String, Meaning>,
    /// Definitions by number and by what `i` stands for.
    known: HashMap<(usize, Option<Node>), Option<Node>>,
    open: Vec<usize>,
    depth: usize,
    /// What `i` counts in each definition.
    extents: Vec<Vec<Extent>>,
    /// The first components of the blocks.
    pub firsts: Vec<usize>,
}

impl<'m> Scope<'m> {
    /// The names of a model.
    pub fn new(model: &'m Model, parameters: &Parameters) -> Self {
        let mut scope = Self {
            graph: Graph::default(),
            faults: Vec::new(),
            model,
            names: BTreeMap::new(),
            known: HashMap::new(),
            open: Vec::new(),
            depth: 0,
            extents: Vec::new(),
            firsts: Vec::new(),
        };
        for (name, value) in parameters.iter() {
            if let Value::Real(array) = value {
                scope.parameter(name, array);
            }
        }
        let mut first = 0;
        for block in &model.blocks {
            let meaning = Meaning::State(first, block.size);
            scope.firsts.push(first);
            first += block.size.unwrap_or(1);
            if scope.names.insert(block.name.clone(), meaning).is_some() {
                let message = format!("`{}` is a parameter and a state variable", block.name);
                let about = format!("model.parameters.{}", block.name);
                scope.faults.push(BuildError::about(about, message));
            }
        }
        for (number, one) in model.definitions.iter().enumerate() {
            let meaning = Meaning::Definition(number);
            if scope.names.insert(one.name.clone(), meaning).is_some() {
                let message = format!(
                    "`{}` is defined here and is a parameter or a state variable as well",
                    one.name
                );
                scope
                    .faults
                    .push(BuildError::new(message).at(one.key, "given twice"));
            }
        }
        scope.extents = extents(model, &scope.names);
        scope
    }

    fn parameter(&mut self, name: &str, array: &Arc<Array>) {
        if !is_name(name) {
            let message = format!("`{name}` cannot be the name of a parameter");
            self.faults.push(
                BuildError::about(format!("model.parameters.{name}"), message)
                    .help("a name is a letter, then letters, digits and underscores"),
            );
        } else if is_reserved(name) {
            let message =
                format!("`{name}` cannot be the name of a parameter: it has a meaning already");
            self.faults.push(
                BuildError::about(format!("model.parameters.{name}"), message)
                    .help("t is the time, pi the number, i the index; functions keep their names"),
            );
        }
        let meaning = if array.shape.is_empty() {
            Meaning::Number(array.data[0])
        } else {
            self.graph.tables.push(Arc::new(array.data.clone()));
            Meaning::Table(self.graph.tables.len() - 1, array.shape.clone())
        };
        self.names.insert(name.to_string(), meaning);
    }

    /// What a name stands for.
    pub fn meaning(&self, name: &str) -> Option<Meaning> {
        self.names.get(name).cloned()
    }

    /// The number of elements of a vector, along its first axis.
    pub fn length(&self, name: &str) -> Option<usize> {
        match self.names.get(name)? {
            Meaning::State(_, size) => *size,
            Meaning::Table(_, shape) => shape.first().copied(),
            _ => None,
        }
    }

    /// Note a complaint, unless it has been made before.
    pub fn fault(&mut self, error: BuildError) {
        if !self.faults.contains(&error) {
            self.faults.push(error);
        }
    }

    fn complain(&mut self, text: &Text, at: Range<usize>, message: String, label: &str) {
        self.fault(within(text, at, message, label.into()));
    }

    /// The size that `i` has in an expression that mentions it; `None` if it does not, or after a
    /// complaint.
    pub fn own_size(&mut self, text: &Text) -> Option<usize> {
        let free = text.expression.mentions("i");
        if !free && self.sizes(&text.expression, "i").is_empty() {
            return None;
        }
        self.size_of(text, &text.expression, "i", text.expression.at.clone())
    }

    /// How far an index runs: the size of the vectors that it counts.
    pub fn size_of(
        &mut self,
        text: &Text,
        body: &Expression,
        index: &str,
        at: Range<usize>,
    ) -> Option<usize> {
        let mut found = self.sizes(body, index);
        // `u[j]` says more than `u[j + 1]`.
        if found.iter().any(|(_, plain)| *plain) {
            found.retain(|(_, plain)| *plain);
        }
        found.dedup();
        let Some(&(first, _)) = found.first() else {
            let message = format!("nothing says how far `{index}` runs");
            self.fault(
                within(text, at, message, "of unknown length".into()).help(format!(
                    "it counts the elements of a vector: write x[{index}]"
                )),
            );
            return None;
        };
        if let Some((other, _)) = found.iter().find(|(size, _)| *size != first) {
            let message =
                format!("`{index}` counts vectors of {first} and of {other} elements here");
            self.complain(text, at, message, "two lengths");
            return None;
        }
        Some(first)
    }

    /// The sizes of what an index counts, and whether it stands alone in the brackets.
    fn sizes(&self, body: &Expression, index: &str) -> Vec<Extent> {
        let reaches = reaches(&self.names, body, index);
        extent(&reaches, &self.extents)
    }

    /// Check every definition, used or not.
    pub fn check_definitions(&mut self) {
        for number in 0..self.model.definitions.len() {
            let Some(text) = &self.model.definitions[number].text else {
                continue;
            };
            let before = self.faults.len();
            let i = match self.own_size(text) {
                Some(size) => self.loop_index("i", size),
                None if self.faults.len() > before => continue,
                None => None,
            };
            self.definition(number, i, text, text.expression.at.clone());
        }
    }

    /// The node of a loop variable.
    pub fn loop_index(&mut self, name: &str, size: usize) -> Option<Node> {
        match self.graph.variable(name, size) {
            Some(variable) => Some(self.graph.index(variable)),
            None => {
                let message = format!("a model has no more than {LOOPS} different indices");
                self.fault(BuildError::about("state", message));
                None
            }
        }
    }

    /// The node of an expression; `None` after a complaint.
    pub fn lower(&mut self, text: &Text, indices: &mut Indices) -> Option<Node> {
        self.expression(text, &text.expression, indices)
    }

    fn expression(&mut self, text: &Text, e: &Expression, indices: &mut Indices) -> Option<Node> {
        if self.depth >= DEEPEST {
            let message = "definitions are nested too deeply here".to_string();
            let error = within(text, e.at.clone(), message, "too deep".into());
            self.fault(error.help("list definitions before those that use them, or write fewer of them into each other"));
            return None;
        }
        self.depth += 1;
        let node = self.part(text, e, indices);
        self.depth -= 1;
        node
    }

    fn part(&mut self, text: &Text, e: &Expression, indices: &mut Indices) -> Option<Node> {
        match &e.form {
            Form::Number(number) => Some(self.graph.number(*number)),
            Form::Name(name) => self.name(text, e, name, indices),
            Form::Minus(inner) => {
                let inner = self.expression(text, inner, indices)?;
                Some(self.graph.one(Unary::Neg, inner))
            }
            Form::Pair(operator, a, b) => {
                let a = self.expression(text, a, indices);
                let b = self.expression(text, b, indices);
                Some(self.graph.two(*operator, a?, b?))
            }
            Form::Call(name, arguments) => self.call(text, e, name, arguments, indices),
            Form::Element(name, places) => self.element(text, e, name, places, indices),
        }
    }

    fn name(&mut self, text: &Text, e: &Expression, name: &str, indices: &Indices) -> Option<Node> {
        if let Some((_, node)) = indices.iter().rev().find(|(index, _)| index == name) {
            return Some(*node);
        }
        match self.names.get(name).cloned() {
            Some(Meaning::Number(number)) => Some(self.graph.number(number)),
            Some(Meaning::State(first, None)) => {
                let place = self.graph.number(0.0);
                Some(self.graph.state(first, place))
            }
            Some(Meaning::Definition(number)) => {
                let i = indices.iter().find(|(index, _)| index == "i");
                self.definition(number, i.map(|(_, node)| *node), text, e.at.clone())
            }
            Some(Meaning::State(_, Some(size))) => {
                let message = format!("`{name}` is a vector of {size} elements");
                self.fault(
                    within(text, e.at.clone(), message, "which element?".into())
                        .help(format!("write {name}[i], or sum(j, {name}[j])")),
                );
                None
            }
            Some(Meaning::Table(_, shape)) => {
                let message = format!("the parameter `{name}` is an array of shape {shape:?}");
                self.fault(
                    within(text, e.at.clone(), message, "which element?".into()).help(match shape
                        .len()
                    {
                        1 => format!("write {name}[i], or sum(j, {name}[j])"),
                        _ => format!("write {name}[i, j] with one place for each axis"),
                    }),
                );
                None
            }
            None => match name {
                "t" => Some(self.graph.time()),
                "pi" => Some(self.graph.number(std::f64::consts::PI)),
                _ => {
                    self.unknown(text, e.at.clone(), name, indices);
                    None
                }
            },
        }
    }

    fn unknown(&mut self, text: &Text, at: Range<usize>, name: &str, indices: &Indices) {
        let error = if name == "i" {
            within(
                text,
                at,
                "`i` has no meaning here: this is no equation of a vector".into(),
                "no index here".into(),
            )
            .help("a block with `size = n` is a vector, whose equations have the index i")
        } else if function::names().contains(&name) {
            within(
                text,
                at,
                format!("`{name}` is a function, and has no argument here"),
                "no argument".into(),
            )
            .help(format!("write {name}(...)"))
        } else {
            let mut valid: Vec<&str> = self.names.keys().map(String::as_str).collect();
            valid.extend(indices.iter().map(|(index, _)| index.as_str()));
            valid.extend(["t", "pi"]);
            let help = advice(name, "names", &valid);
            let message = format!("`{name}` is no variable, parameter or definition");
            within(text, at, message, "unknown name".into()).help(help)
        };
        self.fault(error);
    }

    fn definition(
        &mut self,
        number: usize,
        i: Option<Node>,
        from: &Text,
        at: Range<usize>,
    ) -> Option<Node> {
        let model = self.model;
        let one = &model.definitions[number];
        if let Some(start) = self.open.iter().position(|&open| open == number) {
            let circle: Vec<&str> = self.open[start..]
                .iter()
                .chain([&number])
                .map(|&number| model.definitions[number].name.as_str())
                .collect();
            // A circle is told once, whichever definition it is entered by.
            let key = |error: &BuildError| {
                error.message.contains("circle")
                    && circle
                        .iter()
                        .all(|name| error.message.contains(&format!("`{name}`")))
            };
            if !self.faults.iter().any(key) {
                let shown: Vec<String> = circle.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("the definitions go in a circle: {}", shown.join(" -> "));
                self.complain(from, at, message, "closes the circle");
            }
            return None;
        }
        let text = one.text.as_ref()?;
        if i.is_none()
            && (text.expression.mentions("i") || !self.sizes(&text.expression, "i").is_empty())
        {
            let message = format!(
                "`{}` is defined for each element: it has the index i",
                one.name
            );
            self.fault(
                within(from, at, message, "which element?".into()).help(format!(
                    "write sum(j, {0}[j]), or {0}[0] for the first one",
                    one.name
                )),
            );
            return None;
        }
        // Whether it has an index is part of what it is.
        let key = (number, i);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        self.open.push(number);
        self.depth += OF_DEFINITION;
        let mut indices: Indices = i.map(|node| ("i".to_string(), node)).into_iter().collect();
        let node = self.lower(text, &mut indices);
        self.depth -= OF_DEFINITION;
        self.open.pop();
        self.known.insert(key, node);
        node
    }

    fn call(
        &mut self,
        text: &Text,
        e: &Expression,
        name: &str,
        arguments: &[Expression],
        indices: &mut Indices,
    ) -> Option<Node> {
        if name == "sum" {
            return self.sum(text, e, arguments, indices);
        }
        if name == "size" {
            return self.vector_size(text, e, arguments);
        }
        let unary = UNARY.iter().find(|(known, _)| *known == name);
        let binary = BINARY.iter().find(|(known, _)| *known == name);
        let wanted = match (unary, binary) {
            (Some(_), _) => 1,
            (_, Some(_)) => 2,
            _ if name == "clip" => 3,
            _ => {
                self.no_function(text, e, name);
                return None;
            }
        };
        let many = matches!(name, "min" | "max") && arguments.len() > 2;
        if arguments.len() != wanted && !many {
            let message = format!(
                "`{name}` takes {wanted} argument{}, not {}",
                if wanted == 1 { "" } else { "s" },
                arguments.len()
            );
            let label = match name {
                "clip" => "clip(x, low, high)".to_string(),
                "min" | "max" => format!("{name}(a, b), or more"),
                _ if wanted == 1 => format!("{name}(x)"),
                _ => format!("{name}(a, b)"),
            };
            self.fault(within(text, e.at.clone(), message, label));
            return None;
        }
        let nodes: Vec<Option<Node>> = arguments
            .iter()
            .map(|one| self.expression(text, one, indices))
            .collect();
        let nodes: Vec<Node> = nodes.into_iter().collect::<Option<_>>()?;
        let graph = &mut self.graph;
        Some(match (unary, binary) {
            (Some(&(_, function)), _) => graph.one(function, nodes[0]),
            (_, Some(&(_, function))) => {
                let first = nodes[0];
                nodes[1..]
                    .iter()
                    .fold(first, |a, &b| graph.two(function, a, b))
            }
            _ => {
                let raised = graph.two(Binary::Max, nodes[0], nodes[1]);
                graph.two(Binary::Min, raised, nodes[2])
            }
        })
    }

    fn no_function(&mut self, text: &Text, e: &Expression, name: &str) {
        let at = e.head(name);
        let error = if self.names.contains_key(name) {
            let message = format!("`{name}` is no function");
            within(text, at, message, "called like a function".into()).help(format!(
                "a product needs its sign: {name}*(...); an element has brackets: {name}[i]"
            ))
        } else {
            let message = format!("there is no function `{name}`");
            let help = match other_names::instead(name) {
                Some(what) => what.to_string(),
                None => match advice(name, "functions", &function::names()) {
                    near if !near.is_empty() => near,
                    _ => format!("the functions are {}", function::names().join(" ")),
                },
            };
            within(text, at, message, "unknown function".into()).help(help)
        };
        debug_assert!(!SPECIAL.contains(&name));
        self.fault(error);
    }

    fn vector_size(
        &mut self,
        text: &Text,
        e: &Expression,
        arguments: &[Expression],
    ) -> Option<Node> {
        let size = match arguments.first().map(|one| &one.form) {
            Some(Form::Name(name)) if arguments.len() == 1 => self.length(name),
            _ => None,
        };
        match size {
            Some(size) => Some(self.graph.number(size as f64)),
            None => {
                let message = "`size` takes the name of a vector".to_string();
                self.complain(text, e.at.clone(), message, "size(u)");
                None
            }
        }
    }

    fn sum(
        &mut self,
        text: &Text,
        e: &Expression,
        arguments: &[Expression],
        indices: &mut Indices,
    ) -> Option<Node> {
        let [index, body] = arguments else {
            let message = "`sum` takes an index and an expression".to_string();
            self.complain(text, e.at.clone(), message, "sum(j, x[j])");
            return None;
        };
        let Form::Name(name) = &index.form else {
            let message = "the first argument of `sum` is the name of its index".to_string();
            self.complain(text, index.at.clone(), message, "sum(j, x[j])");
            return None;
        };
        let taken = self.names.contains_key(name) || ["t", "pi"].contains(&name.as_str());
        if taken || indices.iter().any(|(other, _)| other == name) {
            let message =
                format!("`{name}` cannot be the index of this sum: it has a meaning already");
            self.fault(
                within(text, index.at.clone(), message, "taken".into())
                    .help("choose another letter: sum(j, x[j])"),
            );
            return None;
        }
        let size = self.size_of(text, body, name, index.at.clone())?;
        // What an index of a definition stands for may have a variable of this name.
        let taken = indices
            .iter()
            .fold(0, |all, (_, node)| all | self.graph.facts(*node).loops);
        let mut unique = name.clone();
        let (node, variable) = loop {
            let node = self.loop_index(&unique, size)?;
            let variable = self.graph.variable(&unique, size)?;
            if taken & (1 << variable) == 0 {
                break (node, variable);
            }
            unique.push('\'');
        };
        indices.push((name.clone(), node));
        let body = self.expression(text, body, indices);
        indices.pop();
        Some(self.graph.sum(variable, body?))
    }

    fn element(
        &mut self,
        text: &Text,
        e: &Expression,
        name: &str,
        places: &[Expression],
        indices: &mut Indices,
    ) -> Option<Node> {
        let at = e.head(name);
        let shape = match self.names.get(name).cloned() {
            Some(Meaning::State(_, Some(size))) => vec![size],
            Some(Meaning::Table(_, shape)) => shape,
            Some(Meaning::Definition(number)) => {
                return self.defined_element(text, e, name, number, places, indices);
            }
            Some(_) => {
                let message = format!("`{name}` is a single number and has no elements");
                self.complain(text, e.at.clone(), message, "no vector");
                return None;
            }
            None => {
                self.unknown(text, at, name, indices);
                return None;
            }
        };
        if places.len() != shape.len() {
            let message = format!(
                "`{name}` has shape {shape:?}, but {} place{} given",
                places.len(),
                if places.len() == 1 { " is" } else { "s are" }
            );
            self.complain(text, e.at.clone(), message, "one place for each axis");
            return None;
        }
        let nodes: Vec<Option<Node>> = places
            .iter()
            .zip(&shape)
            .map(|(place, &size)| self.place(text, e, name, place, size, indices))
            .collect();
        let mut flat = self.graph.number(0.0);
        for (node, &size) in nodes.into_iter().zip(&shape) {
            let width = self.graph.number(size as f64);
            let before = self.graph.two(Binary::Mul, flat, width);
            flat = self.graph.two(Binary::Add, before, node?);
        }
        match self.names.get(name) {
            Some(Meaning::State(first, _)) => Some(self.graph.state(*first, flat)),
            Some(Meaning::Table(table, _)) => Some(self.graph.given(*table, flat)),
            _ => None,
        }
    }

    fn defined_element(
        &mut self,
        text: &Text,
        e: &Expression,
        name: &str,
        number: usize,
        places: &[Expression],
        indices: &mut Indices,
    ) -> Option<Node> {
        let [place] = places else {
            let message = format!("`{name}` is a definition, and takes one place");
            self.complain(text, e.at.clone(), message, "one place");
            return None;
        };
        let model = self.model;
        let own = model.definitions[number].text.as_ref()?;
        let Some(size) = self.own_size(own) else {
            let message = format!("`{name}` is a single number and has no elements");
            self.complain(text, e.at.clone(), message, "no vector");
            return None;
        };
        let node = self.place(text, e, name, place, size, indices)?;
        self.definition(number, Some(node), text, e.at.clone())
    }

    /// A place along an axis of a size: static, whole, and inside for every value of the indices.
    fn place(
        &mut self,
        text: &Text,
        e: &Expression,
        name: &str,
        place: &Expression,
        size: usize,
        indices: &mut Indices,
    ) -> Option<Node> {
        let node = self.expression(text, place, indices)?;
        let facts = self.graph.facts(node);
        if !facts.is_static() {
            let message = format!("the place in `{name}` changes during the run");
            self.fault(
                within(
                    text,
                    place.at.clone(),
                    message,
                    "not known beforehand".into(),
                )
                .help("a place is made of indices, numbers and parameters"),
            );
            return None;
        }
        let loops = self.graph.members(facts.loops);
        let Some(values) = self.graph.tabulate(node, &loops) else {
            let message = format!("the places in `{name}` are too many to be listed");
            self.complain(text, place.at.clone(), message, "too many");
            return None;
        };
        let inside = |value: f64| value.fract() == 0.0 && value >= 0.0 && value < size as f64;
        let Some(wrong) = values.iter().position(|&value| !inside(value)) else {
            return Some(node);
        };
        let shown = &text.text[e.at.clone()];
        let mut rest = wrong;
        let mut at: Vec<String> = Vec::new();
        for &variable in loops.iter().rev() {
            let (name, length) = &self.graph.loops[variable];
            at.push(format!("{name} = {}", rest % length));
            rest /= length;
        }
        at.reverse();
        let at = match at.is_empty() {
            true => String::new(),
            false => format!(" at {}", at.join(", ")),
        };
        let message = format!(
            "`{shown}` reads place {}{at}, but `{name}` has the places 0 to {}",
            values[wrong],
            size - 1
        );
        let inner = &text.text[place.at.clone()];
        let error = within(text, place.at.clone(), message, "beyond the ends".into());
        self.fault(match loops.is_empty() {
            true => error,
            false => error.help(format!(
                "mod({inner}, size({name})) closes a ring; clip({inner}, 0, size({name}) - 1) repeats \
                 the value at the end"
            )),
        });
        None
    }
}
