//! Functions of time alone: their sign changes, and what they can be over an interval, however fast they are.
//!
//! An expression is unrolled to a list of operations, which is run on numbers, or on intervals of time with the enclosure of
//! value and slope. A stretch of time on which the enclosure excludes zero has no sign change; on one where the slope keeps its
//! sign the ends decide; others are halved. So nothing lies between samples.

use std::collections::HashMap;

use super::function::{Binary, Unary};
use super::graph::{Graph, LOOPS, Node, Term};
use super::interval::{Enclosure, Interval};

/// An expression with more operations than this is not unrolled.
const MOST: usize = 1 << 16;
/// Stretches that are looked at in one search, before ends alone decide.
const PATIENCE: usize = 100_000;

/// A list of operations up to this long needs no memory of its own.
const SHORT: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Number(f64),
    Time,
    One(Unary, usize),
    Two(Binary, usize, usize),
    Power(usize, i32),
}

/// A function of time.
#[derive(Clone, Debug)]
pub struct Clock {
    operations: Vec<Operation>,
}

/// Unrolls nodes.
struct Unrolling<'g> {
    graph: &'g Graph,
    operations: Vec<Operation>,
    known: HashMap<(Node, [usize; LOOPS]), usize>,
}

impl Unrolling<'_> {
    fn push(&mut self, operation: Operation) -> Option<usize> {
        if self.operations.len() >= MOST {
            return None;
        }
        self.operations.push(operation);
        Some(self.operations.len() - 1)
    }

    /// The place of a node where the loop variables have these values.
    fn place(&mut self, node: Node, at: &mut [usize; LOOPS]) -> Option<usize> {
        let facts = self.graph.facts(node);
        let mut key = (node, [0; LOOPS]);
        for variable in self.graph.members(facts.loops) {
            key.1[variable] = at[variable];
        }
        if let Some(&place) = self.known.get(&key) {
            return Some(place);
        }
        if facts.state {
            return None;
        }
        let operation = match self.graph.term(node) {
            _ if facts.is_static() => Operation::Number(self.graph.value(node, at)),
            Term::Time => Operation::Time,
            Term::One(function, a) => Operation::One(function, self.place(a, at)?),
            Term::Two(function, a, b) => {
                let a = self.place(a, at)?;
                Operation::Two(function, a, self.place(b, at)?)
            }
            Term::Power(a, n) => Operation::Power(self.place(a, at)?, n),
            Term::Sum(variable, body) => {
                let before = at[variable];
                let mut sum = self.push(Operation::Number(0.0))?;
                for value in 0..self.graph.loops[variable].1 {
                    at[variable] = value;
                    let one = self.place(body, at)?;
                    sum = self.push(Operation::Two(Binary::Add, sum, one))?;
                }
                at[variable] = before;
                self.known.insert(key, sum);
                return Some(sum);
            }
            // A table whose place depends on time, or what is static.
            Term::Constant(_) | Term::Index(_) | Term::State(..) | Term::Given(..) => return None,
        };
        let place = self.push(operation)?;
        self.known.insert(key, place);
        Some(place)
    }
}

impl Clock {
    /// A node as a function of time where the loop variables have these values; `None` if it depends on the state, or is too long.
    pub fn of(graph: &Graph, node: Node, at: [usize; LOOPS]) -> Option<Self> {
        let facts = graph.facts(node);
        if facts.state || !facts.time {
            return None;
        }
        let mut unrolling = Unrolling {
            graph,
            operations: Vec::new(),
            known: HashMap::new(),
        };
        let last = unrolling.place(node, &mut { at })?;
        let mut operations = unrolling.operations;
        operations.truncate(last + 1);
        Some(Self { operations })
    }

    /// How many operations it has.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// The value at a time.
    pub fn value(&self, t: f64) -> f64 {
        match self.operations.len() {
            0..=SHORT => self.value_in(t, &mut [0.0; SHORT]),
            length => self.value_in(t, &mut vec![0.0; length]),
        }
    }

    fn value_in(&self, t: f64, values: &mut [f64]) -> f64 {
        for (k, &operation) in self.operations.iter().enumerate() {
            values[k] = match operation {
                Operation::Number(number) => number,
                Operation::Time => t,
                Operation::One(function, a) => function.of(values[a]),
                Operation::Two(function, a, b) => function.of(values[a], values[b]),
                Operation::Power(a, n) => values[a].powi(n),
            };
        }
        values[self.operations.len() - 1]
    }

    /// All that value and slope can be from one time to another.
    pub fn enclosure(&self, from: f64, to: f64) -> Enclosure {
        let none = Enclosure::constant(0.0);
        match self.operations.len() {
            0..=SHORT => self.enclosure_in((from, to), &mut [none; SHORT]),
            length => self.enclosure_in((from, to), &mut vec![none; length]),
        }
    }

    fn enclosure_in(&self, (from, to): (f64, f64), found: &mut [Enclosure]) -> Enclosure {
        for (k, &operation) in self.operations.iter().enumerate() {
            found[k] = match operation {
                Operation::Number(number) => Enclosure::constant(number),
                Operation::Time => Enclosure {
                    value: Interval {
                        low: from,
                        high: to,
                    },
                    slope: Interval::ONE,
                },
                Operation::One(function, a) => found[a].through(function),
                Operation::Two(Binary::Mul, a, b) if a == b => found[a].square(),
                Operation::Two(function, a, b) => found[a].with(function, found[b]),
                Operation::Power(a, n) => found[a].whole_power(n),
            };
        }
        let whole = found[self.operations.len() - 1];
        if !(whole.slope.low.is_finite() && whole.slope.high.is_finite()) {
            return whole;
        }
        // What the middle and the slope allow may be less: f(t) = f(m) + f'(s) (t - m).
        let middle = 0.5 * (from + to);
        let half = Interval::hull(from - middle, to - middle);
        let value = Interval::point(self.value(middle)).plus(whole.slope.times(half));
        Enclosure {
            value: whole.value.and(value),
            ..whole
        }
    }

    /// As [`of`](Clock::of), of `a`, or of `a - b`.
    pub fn of_difference(
        graph: &Graph,
        a: Node,
        b: Option<Node>,
        at: [usize; LOOPS],
    ) -> Option<Self> {
        let Some(b) = b else {
            return Self::of(graph, a, at);
        };
        let mut unrolling = Unrolling {
            graph,
            operations: Vec::new(),
            known: HashMap::new(),
        };
        let a = unrolling.place(a, &mut { at })?;
        let b = unrolling.place(b, &mut { at })?;
        unrolling.push(Operation::Two(Binary::Sub, a, b))?;
        Some(Self {
            operations: unrolling.operations,
        })
    }

    /// The first sign change after `t`, if that is before `limit`; else `limit`. Windows grow until there is one.
    pub fn next_sign_change(&self, t: f64, limit: f64) -> f64 {
        let mut from = t;
        let mut length = (t.abs() * 1e-3).max(1e-3);
        // An infinite limit is beyond what a run can reach.
        while from < limit && length < 1e18 {
            let to = (from + length).min(limit);
            if let Some((time, _)) = self.sign_change(from, to) {
                return time;
            }
            (from, length) = (to, 2.0 * length);
        }
        limit
    }

    /// The first time in `(after, until]` at which the function is zero or beyond, having been on one side before, and whether it
    /// rises there.
    pub fn sign_change(&self, after: f64, until: f64) -> Option<(f64, bool)> {
        let mut patience = PATIENCE;
        self.search(
            (after, self.value(after)),
            (until, self.value(until)),
            &mut patience,
        )
    }

    fn search(
        &self,
        (a, at_a): (f64, f64),
        (b, at_b): (f64, f64),
        patience: &mut usize,
    ) -> Option<(f64, bool)> {
        if a >= b {
            return None;
        }
        let Enclosure { value, slope } = self.enclosure(a, b);
        if value.low > 0.0 || value.high < 0.0 {
            return None;
        }
        let middle = a + 0.5 * (b - a);
        let shortest = middle <= a || middle >= b;
        *patience = patience.saturating_sub(1);
        if shortest || slope.low >= 0.0 || slope.high <= 0.0 || *patience == 0 {
            return self.between((a, at_a), (b, at_b));
        }
        let half = (middle, self.value(middle));
        self.search((a, at_a), half, patience)
            .or_else(|| self.search(half, (b, at_b), patience))
    }

    /// The sign change between two times that have one at most.
    fn between(&self, (a, at_a): (f64, f64), (b, at_b): (f64, f64)) -> Option<(f64, bool)> {
        let rises = at_a < 0.0 && at_b >= 0.0;
        if !(rises || at_a > 0.0 && at_b <= 0.0) {
            return None;
        }
        let (mut low, mut high) = (a, b);
        loop {
            let middle = low + 0.5 * (high - low);
            if middle <= low || middle >= high {
                return Some((high, rises));
            }
            let value = self.value(middle);
            let beyond = if rises { value >= 0.0 } else { value <= 0.0 };
            if beyond {
                high = middle;
            } else {
                low = middle;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(clock: &Clock, from: f64, to: f64) -> Vec<(f64, bool)> {
        let mut found = Vec::new();
        let mut after = from;
        while let Some(one) = clock.sign_change(after, to) {
            found.push(one);
            after = one.0;
        }
        found
    }

    #[test]
    fn every_tick_of_a_fast_clock_is_found() {
        let mut graph = Graph::default();
        let (t, hundred, tenth) = (graph.time(), graph.number(100.0), graph.number(0.1));
        let fast = graph.two(Binary::Mul, hundred, t);
        let phase = graph.two(Binary::Add, fast, tenth);
        let sine = graph.one(Unary::Sin, phase);
        let clock = Clock::of(&graph, sine, [0; LOOPS]).unwrap();
        let found = all(&clock, 0.0, 10.0);
        assert_eq!(found.iter().filter(|one| one.1).count(), 159);
        for (k, (time, _)) in found.iter().enumerate() {
            let exact = (std::f64::consts::PI * (k + 1) as f64 - 0.1) / 100.0;
            assert!(
                (time - exact).abs() < 1e-14 * (1.0 + exact),
                "{time} {exact}"
            );
        }
    }

    #[test]
    fn an_instant_is_its_own_time_and_a_touch_is_none() {
        let mut graph = Graph::default();
        let (t, one) = (graph.time(), graph.number(1.0));
        let late = graph.two(Binary::Sub, t, one);
        let clock = Clock::of(&graph, late, [0; LOOPS]).unwrap();
        assert_eq!(all(&clock, 0.0, 5.0), [(1.0, true)]);
        assert_eq!(all(&clock, 1.0, 5.0), []);
        // (t - 1)^2 + 1e-12 does not reach zero.
        let tiny = graph.number(1e-12);
        let square = graph.two(Binary::Mul, late, late);
        let touch = graph.two(Binary::Add, square, tiny);
        let clock = Clock::of(&graph, touch, [0; LOOPS]).unwrap();
        assert_eq!(all(&clock, 0.0, 5.0), []);
        let dip = graph.two(Binary::Sub, square, tiny);
        let clock = Clock::of(&graph, dip, [0; LOOPS]).unwrap();
        let found = all(&clock, 0.0, 5.0);
        assert_eq!(found.len(), 2);
        assert!((found[0].0 - (1.0 - 1e-6)).abs() < 1e-9 && !found[0].1);
    }

    #[test]
    fn a_remainder_jumps_from_one_side_to_the_other() {
        let mut graph = Graph::default();
        let (t, one, half) = (graph.time(), graph.number(1.0), graph.number(0.5));
        let phase = graph.two(Binary::Mod, t, one);
        let late = graph.two(Binary::Sub, phase, half);
        let clock = Clock::of(&graph, late, [0; LOOPS]).unwrap();
        let found = all(&clock, 0.0, 3.0);
        let times: Vec<f64> = found.iter().map(|one| one.0).collect();
        assert_eq!(times, [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]);
    }
}
