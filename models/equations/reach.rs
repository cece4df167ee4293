//! Reaches: which entry of a flat array is meant, as a function of the loop variables.

use super::function::{Binary, Unary};
use super::graph::{Graph, LOOPS, Loop, Node, Term};

/// A flat place as a function of the loop variables.
#[derive(Clone, Debug, PartialEq)]
pub enum Reach {
    /// base + sum of step * variable
    Affine(isize, Vec<(Loop, isize)>),
    /// A list, over its variables with these strides.
    Listed(Vec<(Loop, usize)>, Vec<usize>),
}

impl Reach {
    /// The reach of a static node whose values are whole and >= 0; `None` if they are too many to list.
    pub fn of(graph: &Graph, node: Node) -> Option<Self> {
        if let Some((base, steps)) = affine(graph, node) {
            let steps = steps.into_iter().map(|(one, step)| (one, step as isize));
            return Some(Reach::Affine(base as isize, steps.collect()));
        }
        let loops = graph.members(graph.facts(node).loops);
        let values = graph.tabulate(node, &loops)?;
        let entries = values.iter().map(|&value| value as usize).collect();
        Some(Reach::Listed(strides(graph, &loops), entries))
    }

    /// The place where the variables have these values.
    #[inline]
    pub fn at(&self, index: &[usize; LOOPS]) -> usize {
        match self {
            Reach::Affine(base, steps) => {
                let mut at = *base;
                for &(variable, step) in steps {
                    at += step * index[variable % LOOPS] as isize;
                }
                at as usize
            }
            Reach::Listed(strides, entries) => {
                let mut at = 0;
                for &(variable, stride) in strides {
                    at += stride * index[variable % LOOPS];
                }
                entries[at]
            }
        }
    }
}

/// The strides of a list over these variables, the last one fastest.
pub fn strides(graph: &Graph, loops: &[Loop]) -> Vec<(Loop, usize)> {
    let mut stride = 1;
    let mut strides: Vec<(Loop, usize)> = Vec::new();
    for &variable in loops.iter().rev() {
        strides.push((variable, stride));
        stride *= graph.loops[variable].1;
    }
    strides.reverse();
    strides
}

/// A static node as base + sum of step * variable with whole numbers, if its form shows that.
pub fn affine(graph: &Graph, node: Node) -> Option<(f64, Vec<(Loop, f64)>)> {
    let whole = |(base, steps): (f64, Vec<(Loop, f64)>)| {
        let exact = |value: &f64| value.fract() == 0.0 && value.abs() < 1e15;
        (exact(&base) && steps.iter().all(|(_, step)| exact(step))).then_some((base, steps))
    };
    whole(match graph.term(node) {
        Term::Constant(bits) => (f64::from_bits(bits), Vec::new()),
        Term::Index(variable) => (0.0, vec![(variable, 1.0)]),
        Term::One(Unary::Neg, a) => scaled(affine(graph, a)?, -1.0),
        Term::Two(Binary::Mul, a, b) => match (graph.constant(a), graph.constant(b)) {
            (Some(factor), _) => scaled(affine(graph, b)?, factor),
            (_, Some(factor)) => scaled(affine(graph, a)?, factor),
            _ => return None,
        },
        Term::Two(Binary::Add, a, b) => joined(affine(graph, a)?, affine(graph, b)?),
        Term::Two(Binary::Sub, a, b) => joined(affine(graph, a)?, scaled(affine(graph, b)?, -1.0)),
        _ => return None,
    })
}

fn scaled((base, steps): (f64, Vec<(Loop, f64)>), factor: f64) -> (f64, Vec<(Loop, f64)>) {
    let steps = steps.into_iter().map(|(one, step)| (one, step * factor));
    (base * factor, steps.collect())
}

fn joined(
    (base, mut steps): (f64, Vec<(Loop, f64)>),
    (other, more): (f64, Vec<(Loop, f64)>),
) -> (f64, Vec<(Loop, f64)>) {
    for (variable, step) in more {
        match steps.iter_mut().find(|(one, _)| *one == variable) {
            Some((_, sum)) => *sum += step,
            None => steps.push((variable, step)),
        }
    }
    (base + other, steps)
}
