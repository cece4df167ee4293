//! Derivatives, symbolically: rules on the graph, and the Jacobian as outputs of a tape.
//!
//! A sum is taken as one unknown S of the expression around it: d f / d x_k is the sum over the
//! expression's own leaves, plus df/dS times the derivative of the summand, added up in a loop over the
//! sum's index. At a kink the derivative is that of one side: abs' (0) = 0, relu' (0) = 1, and min and max
//! take their first argument where both are equal.

use std::collections::{BTreeSet, HashMap};

use super::compile::Output;
use super::function::{Binary, Unary};
use super::graph::{Graph, Loop, Node, Term};

/// d node / d leaf; `leaf` is a component of the state or a sum.
pub fn derivative(
    graph: &mut Graph,
    node: Node,
    leaf: Node,
    known: &mut HashMap<Node, Node>,
) -> Node {
    if node == leaf {
        return graph.number(1.0);
    }
    // A node never refers to a later one.
    if node < leaf || graph.facts(node).is_static() {
        return graph.number(0.0);
    }
    if let Some(&found) = known.get(&node) {
        return found;
    }
    let result = match graph.term(node) {
        Term::One(function, a) => {
            let da = derivative(graph, a, leaf, known);
            match graph.constant(da) {
                Some(0.0) => da,
                _ => {
                    let slope = slope(graph, function, a, node);
                    graph.times(slope, da)
                }
            }
        }
        Term::Two(function, a, b) => {
            let da = derivative(graph, a, leaf, known);
            let db = derivative(graph, b, leaf, known);
            pair(graph, function, node, (a, da), (b, db))
        }
        Term::Power(a, n) => {
            let da = derivative(graph, a, leaf, known);
            let lower = graph.power(a, n - 1);
            let factor = graph.number(f64::from(n));
            let slope = graph.times(factor, lower);
            graph.times(slope, da)
        }
        _ => graph.number(0.0),
    };
    known.insert(node, result);
    result
}

/// f'(a), where `value` is f(a).
fn slope(graph: &mut Graph, function: Unary, a: Node, value: Node) -> Node {
    let one = graph.number(1.0);
    let square = |graph: &mut Graph, of: Node| graph.two(Binary::Mul, of, of);
    let inverse = |graph: &mut Graph, of: Node| graph.two(Binary::Div, one, of);
    match function {
        Unary::Neg => graph.number(-1.0),
        Unary::Exp => value,
        Unary::Expm1 => graph.one(Unary::Exp, a),
        Unary::Exprel => graph.one(Unary::ExprelSlope, a),
        // Only first derivatives are asked for, and nobody can write this one.
        Unary::ExprelSlope => graph.number(f64::NAN),
        Unary::Log => inverse(graph, a),
        Unary::Log1p => {
            let sum = graph.two(Binary::Add, one, a);
            inverse(graph, sum)
        }
        Unary::Log10 | Unary::Log2 => {
            let base: f64 = if function == Unary::Log2 { 2.0 } else { 10.0 };
            let factor = graph.number(base.ln());
            let scaled = graph.two(Binary::Mul, factor, a);
            inverse(graph, scaled)
        }
        Unary::Sqrt => {
            let half = graph.number(0.5);
            graph.two(Binary::Div, half, value)
        }
        Unary::Cbrt => {
            let third = graph.number(1.0 / 3.0);
            let square = square(graph, value);
            graph.two(Binary::Div, third, square)
        }
        Unary::Sin => graph.one(Unary::Cos, a),
        Unary::Cos => {
            let sine = graph.one(Unary::Sin, a);
            graph.one(Unary::Neg, sine)
        }
        Unary::Tan => {
            let square = square(graph, value);
            graph.two(Binary::Add, one, square)
        }
        Unary::Asin | Unary::Acos | Unary::Atanh => {
            let squared = square(graph, a);
            let rest = graph.two(Binary::Sub, one, squared);
            if function == Unary::Atanh {
                return inverse(graph, rest);
            }
            let root = graph.one(Unary::Sqrt, rest);
            let slope = inverse(graph, root);
            match function {
                Unary::Acos => graph.one(Unary::Neg, slope),
                _ => slope,
            }
        }
        Unary::Atan => {
            let squared = square(graph, a);
            let sum = graph.two(Binary::Add, one, squared);
            inverse(graph, sum)
        }
        Unary::Sinh => graph.one(Unary::Cosh, a),
        Unary::Cosh => graph.one(Unary::Sinh, a),
        Unary::Tanh => {
            let square = square(graph, value);
            graph.two(Binary::Sub, one, square)
        }
        Unary::Asinh | Unary::Acosh => {
            let squared = square(graph, a);
            let sign = if function == Unary::Asinh {
                Binary::Add
            } else {
                Binary::Sub
            };
            let under = graph.two(sign, squared, one);
            let root = graph.one(Unary::Sqrt, under);
            inverse(graph, root)
        }
        Unary::Sigmoid => {
            let rest = graph.two(Binary::Sub, one, value);
            graph.two(Binary::Mul, value, rest)
        }
        Unary::Erf | Unary::Erfc => {
            // d erf / dx = 2 / sqrt(pi) exp(-x^2)
            let squared = square(graph, a);
            let exponent = graph.one(Unary::Neg, squared);
            let bell = graph.one(Unary::Exp, exponent);
            let height = match function {
                Unary::Erf => std::f64::consts::FRAC_2_SQRT_PI,
                _ => -std::f64::consts::FRAC_2_SQRT_PI,
            };
            let factor = graph.number(height);
            graph.two(Binary::Mul, factor, bell)
        }
        Unary::Abs => graph.one(Unary::Sign, a),
        Unary::Relu => graph.one(Unary::Heaviside, a),
        Unary::Sign | Unary::Heaviside | Unary::Floor | Unary::Ceil | Unary::Round => {
            graph.number(0.0)
        }
    }
}

fn pair(
    graph: &mut Graph,
    function: Binary,
    node: Node,
    (a, da): (Node, Node),
    (b, db): (Node, Node),
) -> Node {
    match function {
        Binary::Add => graph.two(Binary::Add, da, db),
        Binary::Sub => graph.two(Binary::Sub, da, db),
        Binary::Mul => {
            let (left, right) = (graph.times(da, b), graph.times(a, db));
            graph.two(Binary::Add, left, right)
        }
        Binary::Div => {
            let rest = graph.times(node, db);
            let top = graph.two(Binary::Sub, da, rest);
            match graph.constant(top) {
                Some(0.0) => top,
                _ => graph.two(Binary::Div, top, b),
            }
        }
        Binary::Pow => {
            let one = graph.number(1.0);
            let lower = graph.two(Binary::Sub, b, one);
            let lower = graph.two(Binary::Pow, a, lower);
            let slope = graph.two(Binary::Mul, b, lower);
            let base = graph.times(slope, da);
            if graph.constant(db) == Some(0.0) {
                return base;
            }
            let log = graph.one(Unary::Log, a);
            let slope = graph.two(Binary::Mul, node, log);
            let exponent = graph.times(slope, db);
            graph.two(Binary::Add, base, exponent)
        }
        Binary::Min | Binary::Max => {
            let (above, below) = if function == Binary::Max {
                (a, b)
            } else {
                (b, a)
            };
            let gap = graph.two(Binary::Sub, above, below);
            let first = graph.one(Unary::Heaviside, gap);
            let one = graph.number(1.0);
            let second = graph.two(Binary::Sub, one, first);
            let (left, right) = (graph.times(first, da), graph.times(second, db));
            graph.two(Binary::Add, left, right)
        }
        Binary::Mod => {
            let ratio = graph.two(Binary::Div, a, b);
            let whole = graph.one(Unary::Floor, ratio);
            let rest = graph.times(whole, db);
            graph.two(Binary::Sub, da, rest)
        }
        Binary::Atan2 => {
            let (left, right) = (graph.times(b, da), graph.times(a, db));
            let top = graph.two(Binary::Sub, left, right);
            let (p, q) = (graph.power(a, 2), graph.power(b, 2));
            let bottom = graph.two(Binary::Add, p, q);
            let over = graph.two(Binary::Div, top, bottom);
            if graph.constant(top) == Some(0.0) {
                top
            } else {
                over
            }
        }
        Binary::Hypot => {
            let (left, right) = (graph.times(a, da), graph.times(b, db));
            let top = graph.two(Binary::Add, left, right);
            let over = graph.two(Binary::Div, top, node);
            if graph.constant(top) == Some(0.0) {
                top
            } else {
                over
            }
        }
    }
}

/// The components of the state and the sums that a node is made of, sums not looked into.
pub fn leaves(graph: &Graph, node: Node) -> BTreeSet<Node> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if !graph.facts(node).state || !seen.insert(node) {
            continue;
        }
        match graph.term(node) {
            Term::State(..) | Term::Sum(..) => {
                found.insert(node);
            }
            _ => open.extend(graph.parts(node).into_iter().flatten()),
        }
    }
    found
}

/// The entries of the Jacobian of a state of `size` components whose drift is these outputs.
pub fn jacobian(graph: &mut Graph, drift: &[Output], size: usize) -> Vec<Output> {
    let mut entries = Vec::new();
    for output in drift {
        let one = graph.number(1.0);
        row(
            graph,
            output.value,
            one,
            &output.loops,
            output.slot,
            size,
            &mut entries,
        );
    }
    entries
}

fn row(
    graph: &mut Graph,
    value: Node,
    factor: Node,
    loops: &[Loop],
    row_slot: Node,
    size: usize,
    entries: &mut Vec<Output>,
) {
    for leaf in leaves(graph, value) {
        let slope = derivative(graph, value, leaf, &mut HashMap::new());
        let slope = graph.times(factor, slope);
        if graph.constant(slope) == Some(0.0) {
            continue;
        }
        match graph.term(leaf) {
            Term::State(first, place) => {
                let width = graph.number(size as f64);
                let start = graph.two(Binary::Mul, row_slot, width);
                let first = graph.number(first as f64);
                let column = graph.two(Binary::Add, first, place);
                let slot = graph.two(Binary::Add, start, column);
                entries.push(Output {
                    loops: loops.to_vec(),
                    slot,
                    value: slope,
                    adds: true,
                });
            }
            Term::Sum(variable, body) => {
                let mut inner = loops.to_vec();
                inner.push(variable);
                row(graph, body, slope, &inner, row_slot, size, entries);
            }
            _ => {}
        }
    }
}
