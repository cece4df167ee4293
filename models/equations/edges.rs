//! Edges in time: when a function of time alone has a kink or a jump, so that steps end there.
//!
//! Found are those whose argument is affine in t, `heaviside(t - 5)`, and those of a ramp that repeats,
//! `heaviside(mod(t, 10) - 2)`. Others are left to error control.

use super::function::{Binary, Course, Unary};
use super::graph::{Graph, Node, Term};

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    Once(f64),
    /// At `first` + k `period` for every whole k.
    Every(f64, f64),
}

impl Edge {
    /// The first time after `t`; infinite if there is none.
    pub fn next(self, t: f64) -> f64 {
        match self {
            Edge::Once(at) if at > t => at,
            Edge::Once(_) => f64::INFINITY,
            Edge::Every(first, period) => {
                let count = ((t - first) / period).floor();
                // Rounding may put the one after `t` a place off.
                (-1..3)
                    .map(|more| first + (count + f64::from(more)) * period)
                    .find(|&at| at > t)
                    .unwrap_or(f64::INFINITY)
            }
        }
    }
}

/// A time that is not on an edge: a step that ends on one belongs to the time before it.
pub fn before_an_edge(edges: &[Edge], t: f64) -> f64 {
    let last = t.next_down();
    match edges.iter().any(|edge| edge.next(last) == t) {
        true => last,
        false => t,
    }
}

/// a + b t
#[derive(Clone, Copy)]
struct Ramp {
    a: f64,
    b: f64,
}

/// All edges of the nodes.
pub fn edges(graph: &Graph, nodes: &[Node]) -> Vec<Edge> {
    let mut found = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut open = nodes.to_vec();
    while let Some(node) = open.pop() {
        if !graph.facts(node).time || !seen.insert(node) {
            continue;
        }
        open.extend(graph.parts(node).into_iter().flatten());
        match graph.term(node) {
            Term::One(Unary::Floor | Unary::Ceil, a) => found.extend(steps(graph, a, 1.0, 0.0)),
            Term::One(Unary::Round, a) => found.extend(steps(graph, a, 1.0, 0.5)),
            Term::One(function, a) if function.course() != Course::Smooth => {
                found.extend(zeros(graph, a, None));
            }
            Term::Two(Binary::Min | Binary::Max, a, b) => found.extend(zeros(graph, a, Some(b))),
            Term::Two(Binary::Mod, a, b) => {
                if let Some(period) = graph.constant(b) {
                    found.extend(steps(graph, a, period, 0.0));
                }
            }
            _ => {}
        }
    }
    found.retain(|edge| match edge {
        Edge::Once(at) => at.is_finite(),
        Edge::Every(first, period) => first.is_finite() && *period > 0.0 && period.is_finite(),
    });
    found
}

/// Where a ramp passes the whole multiples of a period, shifted.
fn steps(graph: &Graph, a: Node, period: f64, shift: f64) -> Option<Edge> {
    let ramp = ramp(graph, a, None)?;
    (ramp.b != 0.0).then(|| Edge::Every((shift - ramp.a) / ramp.b, (period / ramp.b).abs()))
}

/// Where a, or a - b, is zero.
fn zeros(graph: &Graph, a: Node, b: Option<Node>) -> Option<Edge> {
    let difference = |inner: Option<Node>| {
        let a = ramp(graph, a, inner)?;
        let b = b.map_or(Some(Ramp { a: 0.0, b: 0.0 }), |b| ramp(graph, b, inner))?;
        Some(Ramp {
            a: a.a - b.a,
            b: a.b - b.b,
        })
    };
    if let Some(ramp) = difference(None) {
        return (ramp.b != 0.0).then(|| Edge::Once(-ramp.a / ramp.b));
    }
    let inner = remainder(graph, a).or_else(|| remainder(graph, b?))?;
    let Term::Two(Binary::Mod, of, period) = graph.term(inner) else {
        return None;
    };
    let (outer, of) = (difference(Some(inner))?, ramp(graph, of, None)?);
    let period = graph.constant(period)?;
    let level = -outer.a / outer.b;
    let inside = period > 0.0 && level > 0.0 && level < period && of.b != 0.0;
    inside.then(|| Edge::Every((level - of.a) / of.b, (period / of.b).abs()))
}

/// The remainder in time that a node is made of.
fn remainder(graph: &Graph, node: Node) -> Option<Node> {
    if !graph.facts(node).time {
        return None;
    }
    match graph.term(node) {
        Term::Two(Binary::Mod, ..) => Some(node),
        _ => {
            let parts = graph.parts(node);
            parts
                .into_iter()
                .flatten()
                .find_map(|part| remainder(graph, part))
        }
    }
}

/// A node as a ramp in t, or in another node that takes its place.
fn ramp(graph: &Graph, node: Node, variable: Option<Node>) -> Option<Ramp> {
    if Some(node) == variable {
        return Some(Ramp { a: 0.0, b: 1.0 });
    }
    let join = |a: Node, b: Node, sign: f64| {
        let (a, b) = (ramp(graph, a, variable)?, ramp(graph, b, variable)?);
        Some(Ramp {
            a: a.a + sign * b.a,
            b: a.b + sign * b.b,
        })
    };
    let scaled = |a: Node, factor: f64| {
        let a = ramp(graph, a, variable)?;
        Some(Ramp {
            a: a.a * factor,
            b: a.b * factor,
        })
    };
    match graph.term(node) {
        Term::Constant(bits) => Some(Ramp {
            a: f64::from_bits(bits),
            b: 0.0,
        }),
        Term::Time if variable.is_none() => Some(Ramp { a: 0.0, b: 1.0 }),
        Term::One(Unary::Neg, a) => scaled(a, -1.0),
        Term::Two(Binary::Add, a, b) => join(a, b, 1.0),
        Term::Two(Binary::Sub, a, b) => join(a, b, -1.0),
        Term::Two(Binary::Mul, a, b) => match (graph.constant(a), graph.constant(b)) {
            (Some(factor), _) => scaled(b, factor),
            (_, Some(factor)) => scaled(a, factor),
            _ => None,
        },
        Term::Two(Binary::Div, a, b) => scaled(a, 1.0 / graph.constant(b)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_are_found_once_and_again() {
        let mut graph = Graph::default();
        let (t, five, ten) = (graph.time(), graph.number(5.0), graph.number(10.0));
        let late = graph.two(Binary::Sub, t, five);
        let step = graph.one(Unary::Heaviside, late);
        assert_eq!(edges(&graph, &[step]), [Edge::Once(5.0)]);
        let phase = graph.two(Binary::Mod, t, ten);
        let late = graph.two(Binary::Sub, phase, five);
        let pulse = graph.one(Unary::Heaviside, late);
        let mut next: Vec<f64> = edges(&graph, &[pulse])
            .iter()
            .map(|edge| edge.next(10.0))
            .collect();
        next.sort_by(f64::total_cmp);
        assert_eq!(next, [15.0, 20.0]);
        assert_eq!(Edge::Once(5.0).next(5.0), f64::INFINITY);
    }
}
