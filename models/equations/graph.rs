//! Expressions as a graph without repetitions: equal parts are one node, constants are worked out.
//!
//! A node never refers to a later one, so ascending numbers are an order of evaluation. A *static* node
//! depends on neither state nor time; with no loop variable it is a constant, otherwise a table over its
//! loop variables.

use std::collections::HashMap;

use super::function::{Binary, Course, Unary};

/// A node by its number.
pub type Node = usize;
/// A loop variable by its number.
pub type Loop = usize;

/// As many loop variables can be told apart.
pub const LOOPS: usize = 32;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// A number by its bits.
    Constant(u64),
    /// `t`
    Time,
    /// The value of a loop variable.
    Index(Loop),
    /// A component of the state: the first one of its block, and the place in it.
    State(usize, Node),
    /// An element of a table of numbers, by its flat place.
    Given(usize, Node),
    /// A function of one node.
    One(Unary, Node),
    /// A function of two nodes.
    Two(Binary, Node, Node),
    /// A whole power.
    Power(Node, i32),
    /// The sum of a node over a loop variable.
    Sum(Loop, Node),
}

/// What a node depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts {
    /// Loop variables, one bit each.
    pub loops: u32,
    pub state: bool,
    pub time: bool,
    /// Kinks in the state.
    pub kinked: bool,
    /// Jumps in the state.
    pub jumping: bool,
}

impl Facts {
    fn and(self, other: Facts) -> Facts {
        Facts {
            loops: self.loops | other.loops,
            state: self.state || other.state,
            time: self.time || other.time,
            kinked: self.kinked || other.kinked,
            jumping: self.jumping || other.jumping,
        }
    }

    fn through(mut self, course: Course) -> Facts {
        self.kinked |= self.state && course == Course::Kinked;
        self.jumping |= self.state && course == Course::Jumping;
        self
    }

    /// Whether it can be worked out before the run.
    pub fn is_static(&self) -> bool {
        !self.state && !self.time
    }
}

/// The graph.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    terms: Vec<Term>,
    facts: Vec<Facts>,
    known: HashMap<Term, Node>,
    /// The tables that [`Term::Given`] reads.
    pub tables: Vec<std::sync::Arc<Vec<f64>>>,
    /// How far each loop variable runs, and its name.
    pub loops: Vec<(String, usize)>,
}

impl Graph {
    pub fn term(&self, node: Node) -> Term {
        self.terms[node]
    }

    pub fn facts(&self, node: Node) -> Facts {
        self.facts[node]
    }

    /// The number that a node is, if it is one.
    pub fn constant(&self, node: Node) -> Option<f64> {
        match self.terms[node] {
            Term::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The loop variable of this name and length; `None` if there are too many.
    pub fn variable(&mut self, name: &str, size: usize) -> Option<Loop> {
        let same = |(other, length): &(String, usize)| other == name && *length == size;
        if let Some(found) = self.loops.iter().position(same) {
            return Some(found);
        }
        self.loops.push((name.to_string(), size));
        (self.loops.len() <= LOOPS).then(|| self.loops.len() - 1)
    }

    fn add(&mut self, term: Term, facts: Facts) -> Node {
        if let Some(&node) = self.known.get(&term) {
            return node;
        }
        let node = self.terms.len();
        self.terms.push(term);
        self.facts.push(facts);
        self.known.insert(term, node);
        if facts.is_static() && facts.loops == 0 && self.constant(node).is_none() {
            let number = self.value(node, &mut [0; LOOPS]);
            let number = self.number(number);
            self.known.insert(term, number);
            return number;
        }
        node
    }

    pub fn number(&mut self, number: f64) -> Node {
        self.add(Term::Constant(number.to_bits()), Facts::default())
    }

    pub fn time(&mut self) -> Node {
        let facts = Facts {
            time: true,
            ..Facts::default()
        };
        self.add(Term::Time, facts)
    }

    pub fn index(&mut self, variable: Loop) -> Node {
        let facts = Facts {
            loops: 1 << variable,
            ..Facts::default()
        };
        self.add(Term::Index(variable), facts)
    }

    pub fn state(&mut self, first: usize, place: Node) -> Node {
        let facts = Facts {
            state: true,
            ..self.facts[place]
        };
        self.add(Term::State(first, place), facts)
    }

    pub fn given(&mut self, table: usize, place: Node) -> Node {
        self.add(Term::Given(table, place), self.facts[place])
    }

    pub fn one(&mut self, function: Unary, a: Node) -> Node {
        if function == Unary::Neg
            && let Term::One(Unary::Neg, inner) = self.terms[a]
        {
            return inner;
        }
        let facts = self.facts[a].through(function.course());
        self.add(Term::One(function, a), facts)
    }

    pub fn two(&mut self, function: Binary, a: Node, b: Node) -> Node {
        let (left, right) = (self.constant(a), self.constant(b));
        match (function, left, right) {
            (Binary::Add, Some(0.0), _) | (Binary::Mul, Some(1.0), _) => return b,
            (Binary::Add | Binary::Sub, _, Some(0.0))
            | (Binary::Mul | Binary::Div, _, Some(1.0)) => return a,
            (Binary::Sub, Some(0.0), _) => return self.one(Unary::Neg, b),
            (Binary::Pow, _, Some(power)) if power.fract() == 0.0 && power.abs() <= 64.0 => {
                return self.power(a, power as i32);
            }
            (Binary::Pow, _, Some(0.5)) => return self.one(Unary::Sqrt, a),
            _ => {}
        }
        // Sums and products of two do not depend on their order, to the bit.
        let swap = matches!(function, Binary::Add | Binary::Mul) && a > b;
        let (a, b) = if swap { (b, a) } else { (a, b) };
        let facts = self.facts[a].and(self.facts[b]).through(function.course());
        self.add(Term::Two(function, a, b), facts)
    }

    /// a^n
    pub fn power(&mut self, a: Node, n: i32) -> Node {
        match n {
            0 => self.number(1.0),
            1 => a,
            2 => self.two(Binary::Mul, a, a),
            3 => {
                let square = self.power(a, 2);
                self.two(Binary::Mul, square, a)
            }
            4 => {
                let square = self.power(a, 2);
                self.power(square, 2)
            }
            _ => self.add(Term::Power(a, n), self.facts[a]),
        }
    }

    pub fn sum(&mut self, variable: Loop, body: Node) -> Node {
        let mut facts = self.facts[body];
        if facts.loops & (1 << variable) == 0 {
            let count = self.number(self.loops[variable].1 as f64);
            return self.two(Binary::Mul, count, body);
        }
        facts.loops &= !(1 << variable);
        self.add(Term::Sum(variable, body), facts)
    }

    /// A product in which an exact zero is zero whatever the other factor: for derivatives.
    pub fn times(&mut self, a: Node, b: Node) -> Node {
        match (self.constant(a), self.constant(b)) {
            (Some(0.0), _) => a,
            (_, Some(0.0)) => b,
            _ => self.two(Binary::Mul, a, b),
        }
    }

    /// The nodes that a node refers to.
    pub fn parts(&self, node: Node) -> [Option<Node>; 2] {
        match self.terms[node] {
            Term::Constant(_) | Term::Time | Term::Index(_) => [None, None],
            Term::State(_, a) | Term::Given(_, a) | Term::One(_, a) | Term::Power(a, _) => {
                [Some(a), None]
            }
            Term::Sum(_, a) => [Some(a), None],
            Term::Two(_, a, b) => [Some(a), Some(b)],
        }
    }

    /// The value of a static node where the loop variables have these values.
    pub fn value(&self, node: Node, at: &mut [usize; LOOPS]) -> f64 {
        let mut memory = HashMap::new();
        self.value_with(node, at, &mut memory)
    }

    fn value_with(
        &self,
        node: Node,
        at: &mut [usize; LOOPS],
        memory: &mut HashMap<Node, f64>,
    ) -> f64 {
        if let Some(&value) = memory.get(&node) {
            return value;
        }
        let value = match self.terms[node] {
            Term::Constant(bits) => return f64::from_bits(bits),
            Term::Index(variable) => return at[variable] as f64,
            // Never asked of them.
            Term::Time | Term::State(..) => f64::NAN,
            Term::Given(table, place) => {
                let place = self.value_with(place, at, memory);
                let table = &self.tables[table];
                table.get(place as usize).copied().unwrap_or(f64::NAN)
            }
            Term::One(function, a) => function.of(self.value_with(a, at, memory)),
            Term::Two(function, a, b) => {
                let a = self.value_with(a, at, memory);
                function.of(a, self.value_with(b, at, memory))
            }
            Term::Power(a, n) => self.value_with(a, at, memory).powi(n),
            Term::Sum(variable, body) => {
                let before = at[variable];
                let mut sum = 0.0;
                for value in 0..self.loops[variable].1 {
                    at[variable] = value;
                    sum += self.value(body, at);
                }
                at[variable] = before;
                sum
            }
        };
        memory.insert(node, value);
        value
    }

    /// The loop variables of a set, ascending.
    pub fn members(&self, loops: u32) -> Vec<Loop> {
        (0..self.loops.len().min(LOOPS))
            .filter(|variable| loops & (1 << variable) != 0)
            .collect()
    }

    /// The values of a static node for all values of these loop variables, the last one fastest;
    /// `None` if they are too many.
    pub fn tabulate(&self, node: Node, loops: &[Loop]) -> Option<Vec<f64>> {
        let sizes: Vec<usize> = loops.iter().map(|&one| self.loops[one].1).collect();
        let count = sizes.iter().try_fold(1_usize, |n, &m| n.checked_mul(m))?;
        if count > LARGEST {
            return None;
        }
        let mut at = [0; LOOPS];
        let mut values = Vec::with_capacity(count);
        for flat in 0..count {
            let mut rest = flat;
            for (&variable, size) in loops.iter().zip(&sizes).rev() {
                at[variable] = rest % size;
                rest /= size;
            }
            values.push(self.value(node, &mut at));
        }
        Some(values)
    }
}

/// A table with more entries than this is refused.
pub const LARGEST: usize = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_are_one_node_and_constants_are_worked_out() {
        let mut graph = Graph::default();
        let (two, three) = (graph.number(2.0), graph.number(3.0));
        let six = graph.two(Binary::Mul, two, three);
        assert_eq!(graph.constant(six), Some(6.0));
        assert_eq!(graph.two(Binary::Mul, two, three), six);
        let zero = graph.number(0.0);
        let x = graph.state(0, zero);
        let a = graph.two(Binary::Mul, x, six);
        let b = graph.two(Binary::Mul, six, x);
        assert_eq!(a, b);
        assert_eq!(graph.power(x, 2), graph.two(Binary::Mul, x, x));
        assert!(graph.facts(a).state && !graph.facts(a).time);
    }

    #[test]
    fn static_sums_are_constants() {
        let mut graph = Graph::default();
        let j = graph.variable("j", 5).unwrap();
        let index = graph.index(j);
        let square = graph.power(index, 2);
        let sum = graph.sum(j, square);
        assert_eq!(graph.constant(sum), Some(30.0));
    }
}
