//! From the graph to the tape: every node once, in the outermost loop that it allows.
//!
//! Outputs stand in nested loops; a frame is a loop that is open, the first one the straight part. A
//! node goes into the shallowest frame whose loops cover its own, so what does not depend on an index is
//! worked out before the loop over it.

use std::collections::HashMap;

use super::function::{Binary, Unary};
use super::graph::{Graph, Loop, Node, Term};
use super::reach::{Reach, affine, strides};
use super::tape::{Instruction, REGISTERS, Register, Tape};

/// A number that a tape writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The loops that it stands in, the outermost first.
    pub loops: Vec<Loop>,
    /// Where it goes.
    pub slot: Node,
    /// What goes there.
    pub value: Node,
    /// Whether it is added to what is there.
    pub adds: bool,
}

/// Why there is no tape.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// More registers or list entries than a tape has.
    #[error("the equations are too large to be compiled")]
    TooLarge,
    /// Two nested sums over one index, which a definition hides.
    #[error(
        "two sums over `{0}` are nested, one of them inside a definition: give one of them another index"
    )]
    Nested(String),
}

struct Frame {
    variable: Option<Loop>,
    code: Vec<Instruction>,
    known: HashMap<Node, Register>,
}

impl Frame {
    fn new(variable: Option<Loop>) -> Self {
        Self {
            variable,
            code: Vec::new(),
            known: HashMap::new(),
        }
    }
}

struct Compiler<'g> {
    graph: &'g Graph,
    pinned: Option<Loop>,
    own: Option<&'g [usize]>,
    frames: Vec<Frame>,
    /// How often each node is used.
    uses: Vec<u32>,
    registers: usize,
    constants: Vec<(Register, f64)>,
    numbers: HashMap<Node, Register>,
    reaches: Vec<Reach>,
    table: Vec<f64>,
    /// Where tables of the graph lie in that of the tape.
    copied: HashMap<usize, usize>,
    listed: HashMap<Node, u32>,
}

/// The tape that writes these outputs.
pub fn compile(graph: &Graph, outputs: &[Output]) -> Result<Tape, Refusal> {
    compile_with(graph, outputs, None, None)
}

/// Compile outputs for one value of `pinned` at a time, which no loop runs. With `own`, the first components of the blocks
/// of a state, the tape reads the element at that value of each block from the block's place in `own`.
pub fn compile_pinned(
    graph: &Graph,
    outputs: &[Output],
    pinned: Loop,
    own: Option<&[usize]>,
) -> Result<Tape, Refusal> {
    compile_with(graph, outputs, Some(pinned), own).map(|tape| tape.pinned(pinned))
}

fn compile_with(
    graph: &Graph,
    outputs: &[Output],
    pinned: Option<Loop>,
    own: Option<&[usize]>,
) -> Result<Tape, Refusal> {
    let mut compiler = Compiler {
        graph,
        pinned,
        own,
        frames: vec![Frame::new(None)],
        uses: uses(graph, outputs),
        registers: 0,
        constants: Vec::new(),
        numbers: HashMap::new(),
        reaches: Vec::new(),
        table: Vec::new(),
        copied: HashMap::new(),
        listed: HashMap::new(),
    };
    let mut done = vec![false; outputs.len()];
    for first in 0..outputs.len() {
        if done[first] {
            continue;
        }
        // Those in the same loops share them.
        let loops = &outputs[first].loops;
        for &variable in loops {
            compiler.open(variable)?;
        }
        for (output, done) in outputs.iter().zip(&mut done) {
            if output.loops == *loops {
                *done = true;
                compiler.output(output)?;
            }
        }
        for _ in loops {
            compiler.close(&[])?;
        }
    }
    let straight = compiler.frames.swap_remove(0);
    Ok(Tape::new(
        straight.code,
        compiler.constants,
        compiler.reaches,
        compiler.table,
    ))
}

/// How often each node is used by other nodes and by outputs.
fn uses(graph: &Graph, outputs: &[Output]) -> Vec<u32> {
    let last = outputs.iter().map(|output| output.value).max();
    let mut uses = vec![0; last.map_or(0, |last| last + 1)];
    for output in outputs {
        uses[output.value] += 1;
    }
    for node in (0..uses.len()).rev() {
        if uses[node] > 0 {
            for part in graph.parts(node).into_iter().flatten() {
                uses[part] += 1;
            }
        }
    }
    uses
}

impl Compiler<'_> {
    fn open(&mut self, variable: Loop) -> Result<(), Refusal> {
        let mut frames = self.frames.iter();
        if self.pinned == Some(variable) || frames.any(|frame| frame.variable == Some(variable)) {
            return Err(Refusal::Nested(self.graph.loops[variable].0.clone()));
        }
        self.frames.push(Frame::new(Some(variable)));
        Ok(())
    }

    /// Close the innermost loop; `last` ends its body.
    fn close(&mut self, last: &[Instruction]) -> Result<(), Refusal> {
        let Some(Frame {
            variable: Some(variable),
            mut code,
            ..
        }) = self.frames.pop()
        else {
            unreachable!("every loop is closed once");
        };
        code.extend_from_slice(last);
        let back = u32::try_from(code.len() + 1).map_err(|_| Refusal::TooLarge)?;
        let size = u32::try_from(self.graph.loops[variable].1).map_err(|_| Refusal::TooLarge)?;
        let outer = self.frames.len() - 1;
        let outer = &mut self.frames[outer].code;
        outer.push(Instruction::Loop(variable as u8));
        outer.append(&mut code);
        outer.push(Instruction::End(variable as u8, size, back));
        Ok(())
    }

    fn register(&mut self) -> Result<Register, Refusal> {
        if self.registers == REGISTERS {
            return Err(Refusal::TooLarge);
        }
        self.registers += 1;
        Ok((self.registers - 1) as Register)
    }

    fn output(&mut self, output: &Output) -> Result<(), Refusal> {
        let a = self.node(output.value)?;
        let reach = Reach::of(self.graph, output.slot).ok_or(Refusal::TooLarge)?;
        let instruction = match &reach {
            Reach::Affine(base, steps) if !output.adds && steps.is_empty() => {
                Instruction::Store(a, whole(*base)?)
            }
            Reach::Affine(base, steps) if !output.adds && *base >= 0 && is_plain(steps) => {
                Instruction::StoreAt(a, steps[0].0 as u8, whole(*base)?)
            }
            _ if output.adds => Instruction::AddBy(a, self.reach(reach)?),
            _ => Instruction::StoreBy(a, self.reach(reach)?),
        };
        self.emit(self.frames.len() - 1, instruction);
        Ok(())
    }

    fn emit(&mut self, frame: usize, instruction: Instruction) {
        self.frames[frame].code.push(instruction);
    }

    fn reach(&mut self, reach: Reach) -> Result<u32, Refusal> {
        let found = self.reaches.iter().position(|other| *other == reach);
        let place = found.unwrap_or_else(|| {
            self.reaches.push(reach);
            self.reaches.len() - 1
        });
        u32::try_from(place).map_err(|_| Refusal::TooLarge)
    }

    /// The shallowest frame whose loops cover those of a node.
    fn frame(&self, node: Node) -> usize {
        let wanted = self.graph.facts(node).loops;
        let mut have = self.pinned.map_or(0, |variable| 1_u32 << variable);
        for (depth, frame) in self.frames.iter().enumerate() {
            have |= frame.variable.map_or(0, |variable| 1 << variable);
            if wanted & !have == 0 {
                return depth;
            }
        }
        self.frames.len() - 1
    }

    fn node(&mut self, node: Node) -> Result<Register, Refusal> {
        if let Some(number) = self.graph.constant(node) {
            if let Some(&register) = self.numbers.get(&node) {
                return Ok(register);
            }
            let register = self.register()?;
            self.constants.push((register, number));
            self.numbers.insert(node, register);
            return Ok(register);
        }
        let depth = self.frame(node);
        if let Some(&register) = self.frames[depth].known.get(&node) {
            return Ok(register);
        }
        let facts = self.graph.facts(node);
        let d = if facts.is_static() {
            let d = self.register()?;
            let instruction = self.tabulated(node, d)?;
            self.emit(depth, instruction);
            d
        } else if let Term::Sum(variable, body) = self.graph.term(node) {
            self.sum(depth, variable, body)?
        } else {
            let instruction = self.instruction(node)?;
            let d = self.register()?;
            self.emit(depth, instruction(d));
            d
        };
        self.frames[depth].known.insert(node, d);
        Ok(d)
    }

    fn sum(&mut self, depth: usize, variable: Loop, body: Node) -> Result<Register, Refusal> {
        // Deeper loops that are open wait.
        let waiting = self.frames.split_off(depth + 1);
        let d = self.register()?;
        self.emit(depth, Instruction::Zero(d));
        self.open(variable)?;
        let a = self.node(body)?;
        self.close(&[Instruction::Accumulate(d, a)])?;
        self.frames.extend(waiting);
        Ok(d)
    }

    /// What makes the value of a node out of its parts.
    fn instruction(&mut self, node: Node) -> Result<Box<dyn Fn(Register) -> Instruction>, Refusal> {
        Ok(match self.graph.term(node) {
            Term::Time => Box::new(Instruction::Time),
            Term::State(first, place) => self.load(first, place)?,
            Term::One(function, a) => {
                let a = self.node(a)?;
                Box::new(move |d| match function {
                    Unary::Neg => Instruction::Neg(d, a),
                    Unary::Exp => Instruction::Exp(d, a),
                    Unary::Sin => Instruction::Sin(d, a),
                    Unary::Tanh => Instruction::Tanh(d, a),
                    other => Instruction::One(other, d, a),
                })
            }
            Term::Two(function, a, b) => self.pair(function, a, b)?,
            Term::Power(a, n) => {
                let (a, n) = (self.node(a)?, n as i16);
                Box::new(move |d| Instruction::Power(d, a, n))
            }
            // Constants, sums and what is static are made elsewhere.
            Term::Constant(_) | Term::Index(_) | Term::Given(..) | Term::Sum(..) => {
                unreachable!("{:?} is no instruction", self.graph.term(node))
            }
        })
    }

    /// The factors of a product that nobody else needs and that is not there yet.
    fn own_product(&self, node: Node, beside: usize) -> Option<(Node, Node)> {
        let Term::Two(Binary::Mul, a, b) = self.graph.term(node) else {
            return None;
        };
        let alone = self.uses[node] == 1 && !self.graph.facts(node).is_static();
        (alone && self.frame(node) == beside).then_some((a, b))
    }

    fn pair(
        &mut self,
        function: Binary,
        a: Node,
        b: Node,
    ) -> Result<Box<dyn Fn(Register) -> Instruction>, Refusal> {
        let beside = self.frame(a).max(self.frame(b));
        if function == Binary::Add {
            for (product, other) in [(a, b), (b, a)] {
                if let Some((p, q)) = self.own_product(product, beside) {
                    let (p, q, c) = (self.node(p)?, self.node(q)?, self.node(other)?);
                    return Ok(Box::new(move |d| Instruction::MulAdd(d, p, q, c)));
                }
            }
        }
        if function == Binary::Sub
            && let Some((p, q)) = self.own_product(b, beside)
        {
            let (p, q, c) = (self.node(p)?, self.node(q)?, self.node(a)?);
            return Ok(Box::new(move |d| Instruction::MulSub(d, p, q, c)));
        }
        if function == Binary::Mul {
            for (inner, other) in [(a, b), (b, a)] {
                if let Some((p, q)) = self.own_product(inner, beside) {
                    let (p, q, c) = (self.node(p)?, self.node(q)?, self.node(other)?);
                    return Ok(Box::new(move |d| Instruction::MulMul(d, p, q, c)));
                }
                if let Term::Two(Binary::Sub, p, q) = self.graph.term(inner)
                    && self.uses[inner] == 1
                    && !self.graph.facts(inner).is_static()
                    && self.frame(inner) == beside
                {
                    let (p, q, c) = (self.node(p)?, self.node(q)?, self.node(other)?);
                    return Ok(Box::new(move |d| Instruction::MulDiff(d, c, p, q)));
                }
            }
        }
        let (a, b) = (self.node(a)?, self.node(b)?);
        Ok(Box::new(move |d| match function {
            Binary::Add => Instruction::Add(d, a, b),
            Binary::Sub => Instruction::Sub(d, a, b),
            Binary::Mul => Instruction::Mul(d, a, b),
            Binary::Div => Instruction::Div(d, a, b),
            other => Instruction::Two(other, d, a, b),
        }))
    }

    fn load(
        &mut self,
        first: usize,
        place: Node,
    ) -> Result<Box<dyn Fn(Register) -> Instruction>, Refusal> {
        let own = self.own.unwrap_or_default();
        if let Some(slot) = own.iter().position(|&block| block == first) {
            let slot = whole(slot as isize)?;
            return Ok(Box::new(move |d| Instruction::State(d, slot)));
        }
        let reach = Reach::of(self.graph, place).ok_or(Refusal::TooLarge)?;
        let reach = match reach {
            Reach::Affine(base, steps) => Reach::Affine(base + first as isize, steps),
            Reach::Listed(strides, mut entries) => {
                entries.iter_mut().for_each(|entry| *entry += first);
                Reach::Listed(strides, entries)
            }
        };
        Ok(match &reach {
            Reach::Affine(base, steps) if steps.is_empty() => {
                let slot = whole(*base)?;
                Box::new(move |d| Instruction::State(d, slot))
            }
            Reach::Affine(base, steps) if *base >= 0 && is_plain(steps) => {
                let (variable, base) = (steps[0].0 as u8, whole(*base)?);
                Box::new(move |d| Instruction::StateAt(d, variable, base))
            }
            _ => {
                let reach = self.reach(reach)?;
                Box::new(move |d| Instruction::StateBy(d, reach))
            }
        })
    }

    /// The value of a static node out of a table.
    fn tabulated(&mut self, node: Node, d: Register) -> Result<Instruction, Refusal> {
        let reach = match self.graph.term(node) {
            Term::Given(table, place) if affine(self.graph, place).is_some() => {
                let base = match self.copied.get(&table) {
                    Some(&base) => base,
                    None => {
                        let base = self.table.len();
                        self.table.extend_from_slice(&self.graph.tables[table]);
                        self.copied.insert(table, base);
                        base
                    }
                };
                match Reach::of(self.graph, place).ok_or(Refusal::TooLarge)? {
                    Reach::Affine(first, steps) => Reach::Affine(first + base as isize, steps),
                    listed => listed,
                }
            }
            _ => {
                if let Some(&reach) = self.listed.get(&node) {
                    return Ok(Instruction::TableBy(d, reach));
                }
                let loops = self.graph.members(self.graph.facts(node).loops);
                let values = self.graph.tabulate(node, &loops).ok_or(Refusal::TooLarge)?;
                let base = self.table.len();
                self.table.extend_from_slice(&values);
                let steps = strides(self.graph, &loops);
                let steps = steps.into_iter().map(|(one, step)| (one, step as isize));
                let reach = Reach::Affine(base as isize, steps.collect());
                if !matches!(&reach, Reach::Affine(_, steps) if is_plain(steps)) {
                    let number = self.reach(reach)?;
                    self.listed.insert(node, number);
                    return Ok(Instruction::TableBy(d, number));
                }
                reach
            }
        };
        Ok(match &reach {
            Reach::Affine(base, steps) if *base >= 0 && is_plain(steps) => {
                Instruction::TableAt(d, steps[0].0 as u8, whole(*base)?)
            }
            _ => Instruction::TableBy(d, self.reach(reach)?),
        })
    }
}

/// One variable, step 1.
fn is_plain(steps: &[(Loop, isize)]) -> bool {
    matches!(steps, [(_, 1)])
}

fn whole(base: isize) -> Result<u32, Refusal> {
    u32::try_from(base).map_err(|_| Refusal::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_depend_on_an_index_stands_before_its_loop() {
        // out[i] = tanh(z) x[i] + sum(j, sin(x[j])) + p exp(2 p), with p = 3 and z behind x.
        let mut graph = Graph::default();
        let i = graph.variable("i", 4).unwrap();
        let j = graph.variable("j", 4).unwrap();
        let (at_i, at_j, first) = (graph.index(i), graph.index(j), graph.number(0.0));
        let (own, other, z) = (
            graph.state(0, at_i),
            graph.state(0, at_j),
            graph.state(4, first),
        );
        let gain = graph.one(Unary::Tanh, z);
        let sine = graph.one(Unary::Sin, other);
        let sum = graph.sum(j, sine);
        let (p, six) = (graph.number(3.0), graph.number(6.0));
        let exp = graph.one(Unary::Exp, six);
        let constant = graph.two(Binary::Mul, p, exp);
        let product = graph.two(Binary::Mul, gain, own);
        let partial = graph.two(Binary::Add, product, sum);
        let value = graph.two(Binary::Add, partial, constant);
        let output = Output {
            loops: vec![i],
            slot: at_i,
            value,
            adds: false,
        };
        // Written twice, worked out once.
        let tape = compile(&graph, &[output.clone(), output]).unwrap();
        let place = |wanted: fn(&Instruction) -> bool| {
            let found = tape
                .code()
                .iter()
                .enumerate()
                .filter(|(_, one)| wanted(one));
            let places: Vec<usize> = found.map(|(place, _)| place).collect();
            assert_eq!(places.len(), 1, "{:?}", tape.code());
            places[0]
        };
        let last = place(|one| matches!(one, Instruction::Loop(0)));
        assert!(place(|one| matches!(one, Instruction::Tanh(..))) < last);
        assert!(place(|one| matches!(one, Instruction::Accumulate(..))) < last);
        assert!(place(|one| matches!(one, Instruction::MulAdd(..))) > last);
        assert!(
            !tape
                .code()
                .iter()
                .any(|one| matches!(one, Instruction::Exp(..)))
        );
        let x = [0.1, 0.2, 0.3, 0.4, 0.5];
        let mut out = [0.0; 4];
        tape.run(0.0, &x, &mut out);
        let sum = x[0].sin() + x[1].sin() + x[2].sin() + x[3].sin();
        for (out, own) in out.iter().zip(x) {
            let wanted = 0.5_f64.tanh() * own + sum + 3.0 * 6.0_f64.exp();
            assert!((out - wanted).abs() < 1e-12);
        }
    }
}
