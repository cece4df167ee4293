//! Forcing: the largest parts of drift and diffusion that are functions of time alone.
//!
//! `-x + a*exp(-((t - c)/w)^2)` has one, the second term. Parts that do not vary between their edges (a pulse of
//! `heaviside`) need none: steps land on their edges.

use std::collections::BTreeSet;

use super::clock::Clock;
use super::compile::Output;
use super::graph::{Graph, LOOPS, Node, Term};
use crate::prelude::*;

/// Operations of all parts together.
const MOST: usize = 1 << 14;

/// The forcing of a model.
pub(super) struct Driving {
    clocks: Vec<Clock>,
}

impl Driving {
    /// The parts of these outputs; none if there are too many.
    pub(super) fn of(graph: &Graph, outputs: &[Output]) -> Self {
        let mut found: Vec<(Node, Vec<usize>)> = Vec::new();
        let mut seen = BTreeSet::new();
        for output in outputs {
            let mut open = vec![output.value];
            while let Some(node) = open.pop() {
                let facts = graph.facts(node);
                if !facts.time || !seen.insert(node) {
                    continue;
                }
                match graph.term(node) {
                    _ if facts.state => open.extend(graph.parts(node).into_iter().flatten()),
                    // Time itself cannot be missed.
                    Term::Time => {}
                    _ => found.push((node, graph.members(facts.loops))),
                }
            }
        }
        let mut clocks = Vec::new();
        let mut size = 0;
        for (node, loops) in found {
            let counts = loops.iter().map(|&variable| graph.loops[variable].1);
            for flat in 0..counts.product() {
                let mut at = [0; LOOPS];
                let mut rest = flat;
                for &variable in loops.iter().rev() {
                    let length = graph.loops[variable].1;
                    (at[variable], rest) = (rest % length, rest / length);
                }
                let Some(clock) = Clock::of(graph, node, at) else {
                    continue;
                };
                size += clock.len();
                if size > MOST {
                    return Self { clocks: Vec::new() };
                }
                clocks.push(clock);
            }
        }
        Self { clocks }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clocks.is_empty()
    }
}

impl Forcing for Driving {
    fn count(&self) -> usize {
        self.clocks.len()
    }

    fn value(&self, index: usize, t: f64) -> f64 {
        self.clocks[index].value(t)
    }

    fn bounds(&self, index: usize, from: f64, to: f64) -> [f64; 2] {
        let range = self.clocks[index].enclosure(from, to).value;
        [range.low, range.high]
    }
}
