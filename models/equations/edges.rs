//! Edges in time: when a function of time alone has a kink or a jump, so that steps end there.
//!
//! ```text
//! heaviside(t - 5), max(t, 3)                 where an expression a + b t is zero
//! heaviside(t - on[k]) inside a sum or loop   the same for every value of its indices
//! floor(t/2), heaviside(mod(t, 10) - 2)       again and again, first + k period
//! sign(sin(t)), max(0, cos(t))                where any other function of time alone changes its sign
//! ```
//!
//! A model may list thousands of instants: those that happen once are sorted, those of one period are sorted by their phase.

use super::clock::Clock;
use super::function::{Binary, Course, Unary};
use super::graph::{Graph, LOOPS, Node, Term};

/// Expressions with more values of their indices than this are left to error control.
const MOST: usize = 1 << 20;
/// As many functions of time that are not affine are searched for their zeros.
const MOST_CLOCKS: usize = 256;

/// All edges of a model.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    /// Those that happen once, ascending.
    once: Vec<f64>,
    trains: Vec<Train>,
    clocks: Vec<Clock>,
}

/// Edges that repeat with one period.
#[derive(Clone, Debug)]
struct Train {
    period: f64,
    /// One instant of each, by its phase.
    firsts: Vec<f64>,
}

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edge {
    Once(f64),
    /// At `first` + k `period` for every whole k.
    Every(f64, f64),
}

/// The first `first` + k `period` after `t`.
fn next_of_train(first: f64, period: f64, t: f64) -> f64 {
    let count = ((t - first) / period).floor();
    // Rounding may put the one after `t` a place off.
    (-1..3)
        .map(|more| first + (count + f64::from(more)) * period)
        .find(|&at| at > t)
        .unwrap_or(f64::INFINITY)
}

impl Train {
    fn phase(&self, t: f64) -> f64 {
        t.rem_euclid(self.period)
    }

    fn next(&self, t: f64) -> f64 {
        let count = self.firsts.len();
        let after = self
            .firsts
            .partition_point(|&one| self.phase(one) <= self.phase(t));
        // The next by phase, and its neighbors for rounding.
        let near = (after + count - 1..=after + count + 1).map(|k| self.firsts[k % count]);
        let times = near.map(|first| next_of_train(first, self.period, t));
        times.fold(f64::INFINITY, f64::min)
    }
}

impl Edges {
    /// All edges of the nodes.
    pub fn of(graph: &Graph, nodes: &[Node]) -> Self {
        let mut finding = Finding {
            graph,
            found: Vec::new(),
            clocks: Vec::new(),
        };
        let mut seen = std::collections::BTreeSet::new();
        let mut open = nodes.to_vec();
        while let Some(node) = open.pop() {
            if !graph.facts(node).time || !seen.insert(node) {
                continue;
            }
            open.extend(graph.parts(node).into_iter().flatten());
            finding.look(node);
        }
        Self::from(finding.found, finding.clocks)
    }

    fn from(found: Vec<Edge>, clocks: Vec<Clock>) -> Self {
        let mut edges = Self {
            clocks,
            ..Self::default()
        };
        let mut repeated: Vec<(f64, f64)> = Vec::new();
        for edge in found {
            match edge {
                Edge::Once(at) if at.is_finite() => edges.once.push(at),
                Edge::Every(first, period)
                    if first.is_finite() && period > 0.0 && period.is_finite() =>
                {
                    repeated.push((period, first));
                }
                _ => {}
            }
        }
        edges.once.sort_by(f64::total_cmp);
        edges.once.dedup();
        let phase = |&(period, first): &(f64, f64)| first.rem_euclid(period);
        repeated.sort_by(|a, b| a.0.total_cmp(&b.0).then(phase(a).total_cmp(&phase(b))));
        repeated.dedup();
        for (period, first) in repeated {
            match edges.trains.last_mut() {
                Some(train) if train.period == period => train.firsts.push(first),
                _ => edges.trains.push(Train {
                    period,
                    firsts: vec![first],
                }),
            }
        }
        edges
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.once.is_empty() && self.trains.is_empty() && self.clocks.is_empty()
    }

    /// The first edge after `t`; infinite if there is none.
    pub fn next(&self, t: f64) -> f64 {
        let once = self.once.partition_point(|&at| at <= t);
        let once = self.once.get(once).copied().unwrap_or(f64::INFINITY);
        let trains = self.trains.iter().map(|train| train.next(t));
        let next = trains.fold(once, f64::min);
        let clocks = self.clocks.iter();
        clocks.fold(next, |next, clock| clock.next_sign_change(t, next))
    }

    /// A time that is not on an edge: a step that ends on one belongs to the time before it.
    pub fn before(&self, t: f64) -> f64 {
        if self.is_empty() {
            return t;
        }
        let last = t.next_down();
        let once = self.once.partition_point(|&at| at < t);
        let on = self.once.get(once) == Some(&t)
            || self.trains.iter().any(|train| train.next(last) == t)
            || self.clocks.iter().any(|clock| clock.changes_at(t));
        match on {
            true => last,
            false => t,
        }
    }
}

/// a + b t
#[derive(Clone, Copy)]
struct Ramp {
    a: f64,
    b: f64,
}

/// Finds the edges of nodes.
struct Finding<'g> {
    graph: &'g Graph,
    found: Vec<Edge>,
    clocks: Vec<Clock>,
}

/// Values of the loop variables.
type At = [usize; LOOPS];

impl Finding<'_> {
    /// Look at a node, for all values of its indices.
    fn look(&mut self, node: Node) {
        let term = self.graph.term(node);
        let nonsmooth = match term {
            Term::One(function, _) => function.course() != Course::Smooth,
            Term::Two(function, ..) => function.course() != Course::Smooth,
            _ => false,
        };
        if !nonsmooth {
            return;
        }
        let loops = self.graph.members(self.graph.facts(node).loops);
        let sizes: Vec<usize> = loops.iter().map(|&one| self.graph.loops[one].1).collect();
        let count = sizes.iter().try_fold(1_usize, |n, &m| n.checked_mul(m));
        for flat in 0..count.filter(|&count| count <= MOST).unwrap_or(0) {
            let mut at: At = [0; LOOPS];
            let mut rest = flat;
            for (&variable, size) in loops.iter().zip(&sizes).rev() {
                (at[variable], rest) = (rest % size, rest / size);
            }
            self.look_at(term, at);
        }
    }

    fn look_at(&mut self, term: Term, mut at: At) {
        let at = &mut at;
        let edge = match term {
            Term::One(Unary::Floor | Unary::Ceil, a) => self.steps(a, 1.0, 0.0, at),
            Term::One(Unary::Round, a) => self.steps(a, 1.0, 0.5, at),
            Term::Two(Binary::Mod, a, b) => {
                let period = self.number(b, at);
                period.and_then(|period| self.steps(a, period, 0.0, at))
            }
            Term::One(_, a) => return self.look_for_zeros(a, None, at),
            Term::Two(_, a, b) => return self.look_for_zeros(a, Some(b), at),
            _ => None,
        };
        self.found.extend(edge);
    }

    /// The number that a node is here, if it depends on neither state nor time.
    fn number(&self, node: Node, at: &mut At) -> Option<f64> {
        let facts = self.graph.facts(node);
        facts.is_static().then(|| self.graph.value(node, at))
    }

    /// Where a ramp passes the whole multiples of a period, shifted.
    fn steps(&self, a: Node, period: f64, shift: f64, at: &mut At) -> Option<Edge> {
        let ramp = self.ramp(a, None, at)?;
        (ramp.b != 0.0).then(|| Edge::Every((shift - ramp.a) / ramp.b, (period / ramp.b).abs()))
    }

    /// Where a, or a - b, is zero.
    fn look_for_zeros(&mut self, a: Node, b: Option<Node>, at: &mut At) {
        if let Some(ramp) = self.difference(a, b, None, at) {
            if ramp.b != 0.0 {
                self.found.push(Edge::Once(-ramp.a / ramp.b));
            }
            return;
        }
        if let Some(edge) = self.zeros_of_remainder(a, b, at) {
            self.found.push(edge);
            return;
        }
        if self.clocks.len() < MOST_CLOCKS {
            self.clocks
                .extend(Clock::of_difference(self.graph, a, b, *at));
        }
    }

    /// a, or a - b, as a ramp in t, or in another node that takes its place.
    fn difference(
        &self,
        a: Node,
        b: Option<Node>,
        inner: Option<Node>,
        at: &mut At,
    ) -> Option<Ramp> {
        let a = self.ramp(a, inner, at)?;
        let b = match b {
            Some(b) => self.ramp(b, inner, at)?,
            None => Ramp { a: 0.0, b: 0.0 },
        };
        Some(Ramp {
            a: a.a - b.a,
            b: a.b - b.b,
        })
    }

    /// Where a ramp in a remainder of time is zero: again and again.
    fn zeros_of_remainder(&self, a: Node, b: Option<Node>, at: &mut At) -> Option<Edge> {
        let inner = self.remainder(a).or_else(|| self.remainder(b?))?;
        let Term::Two(Binary::Mod, of, period) = self.graph.term(inner) else {
            return None;
        };
        let outer = self.difference(a, b, Some(inner), at)?;
        let of = self.ramp(of, None, at)?;
        let period = self.number(period, at)?;
        let level = -outer.a / outer.b;
        let inside = period > 0.0 && level > 0.0 && level < period && of.b != 0.0;
        inside.then(|| Edge::Every((level - of.a) / of.b, (period / of.b).abs()))
    }

    /// The remainder in time that a node is made of.
    fn remainder(&self, node: Node) -> Option<Node> {
        if !self.graph.facts(node).time {
            return None;
        }
        match self.graph.term(node) {
            Term::Two(Binary::Mod, ..) => Some(node),
            _ => {
                let mut parts = self.graph.parts(node).into_iter().flatten();
                parts.find_map(|part| self.remainder(part))
            }
        }
    }

    /// A node as a ramp in t, or in another node that takes its place.
    fn ramp(&self, node: Node, variable: Option<Node>, at: &mut At) -> Option<Ramp> {
        if Some(node) == variable {
            return Some(Ramp { a: 0.0, b: 1.0 });
        }
        if let Some(a) = self.number(node, at) {
            return Some(Ramp { a, b: 0.0 });
        }
        match self.graph.term(node) {
            Term::Time if variable.is_none() => Some(Ramp { a: 0.0, b: 1.0 }),
            Term::One(Unary::Neg, a) => self.scaled(a, -1.0, variable, at),
            Term::Two(Binary::Add, a, b) => self.joined(a, b, 1.0, variable, at),
            Term::Two(Binary::Sub, a, b) => self.joined(a, b, -1.0, variable, at),
            Term::Two(Binary::Mul, a, b) => match (self.number(a, at), self.number(b, at)) {
                (Some(factor), _) => self.scaled(b, factor, variable, at),
                (_, Some(factor)) => self.scaled(a, factor, variable, at),
                _ => None,
            },
            Term::Two(Binary::Div, a, b) => {
                let divisor = self.number(b, at)?;
                self.scaled(a, 1.0 / divisor, variable, at)
            }
            Term::Sum(index, body) => {
                let before = at[index];
                let mut sum = Some(Ramp { a: 0.0, b: 0.0 });
                for value in 0..self.graph.loops[index].1 {
                    at[index] = value;
                    let one = self.ramp(body, variable, at);
                    sum = sum.zip(one).map(|(sum, one)| Ramp {
                        a: sum.a + one.a,
                        b: sum.b + one.b,
                    });
                }
                at[index] = before;
                sum
            }
            _ => None,
        }
    }

    fn scaled(&self, a: Node, factor: f64, variable: Option<Node>, at: &mut At) -> Option<Ramp> {
        let a = self.ramp(a, variable, at)?;
        Some(Ramp {
            a: a.a * factor,
            b: a.b * factor,
        })
    }

    fn joined(
        &self,
        a: Node,
        b: Node,
        sign: f64,
        variable: Option<Node>,
        at: &mut At,
    ) -> Option<Ramp> {
        let a = self.ramp(a, variable, at)?;
        let b = self.ramp(b, variable, at)?;
        Some(Ramp {
            a: a.a + sign * b.a,
            b: a.b + sign * b.b,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The edges after 0, up to some.
    fn times(edges: &Edges, count: usize) -> Vec<f64> {
        let mut found = Vec::new();
        let mut t = 0.0;
        while found.len() < count {
            t = edges.next(t);
            if t.is_infinite() {
                break;
            }
            found.push(t);
        }
        found
    }

    #[test]
    fn pulses_are_found_once_and_again() {
        let mut graph = Graph::default();
        let (t, five, ten) = (graph.time(), graph.number(5.0), graph.number(10.0));
        let late = graph.two(Binary::Sub, t, five);
        let step = graph.one(Unary::Heaviside, late);
        let edges = Edges::of(&graph, &[step]);
        assert_eq!(times(&edges, 9), [5.0]);
        assert_eq!(edges.before(5.0), 5.0_f64.next_down());
        assert_eq!(edges.before(5.5), 5.5);
        let phase = graph.two(Binary::Mod, t, ten);
        let late = graph.two(Binary::Sub, phase, five);
        let pulse = graph.one(Unary::Heaviside, late);
        let edges = Edges::of(&graph, &[pulse]);
        assert_eq!(times(&edges, 4), [5.0, 10.0, 15.0, 20.0]);
        assert_eq!(edges.before(20.0), 20.0_f64.next_down());
    }

    #[test]
    fn listed_times_are_found_wherever_they_stand() {
        let mut graph = Graph::default();
        graph
            .tables
            .push(std::sync::Arc::new(vec![7.0, 3.0, 3.0, 5.0]));
        let k = graph.variable("k", 4).unwrap();
        let index = graph.index(k);
        let (t, on) = (graph.time(), graph.given(0, index));
        let late = graph.two(Binary::Sub, t, on);
        let step = graph.one(Unary::Heaviside, late);
        let sum = graph.sum(k, step);
        for node in [step, sum] {
            assert_eq!(times(&Edges::of(&graph, &[node]), 9), [3.0, 5.0, 7.0]);
        }
        // With a period of each: mod(t - on, on).
        let phase = graph.two(Binary::Mod, late, on);
        let edges = Edges::of(&graph, &[phase]);
        assert_eq!(times(&edges, 6), [3.0, 5.0, 6.0, 7.0, 9.0, 10.0]);
    }

    #[test]
    fn any_function_of_time_alone_has_its_zeros_found() {
        let mut graph = Graph::default();
        let t = graph.time();
        let sine = graph.one(Unary::Sin, t);
        let wave = graph.one(Unary::Sign, sine);
        let edges = Edges::of(&graph, &[wave]);
        for (k, at) in times(&edges, 20).iter().enumerate() {
            let exact = std::f64::consts::PI * (k + 1) as f64;
            assert!((at - exact).abs() < 1e-14 * exact, "{at} {exact}");
            assert_eq!(edges.before(*at), at.next_down());
        }
        // One that never comes.
        let two = graph.number(2.0);
        let above = graph.two(Binary::Add, sine, two);
        let never = graph.one(Unary::Abs, above);
        assert!(times(&Edges::of(&graph, &[never]), 3).is_empty());
    }

    #[test]
    fn thousands_of_trains_of_one_period_are_one() {
        let firsts: Vec<Edge> = (0..5000)
            .map(|k| Edge::Every(f64::from(k * 7 % 5000) * 0.01, 50.0))
            .collect();
        let edges = Edges::from(firsts, Vec::new());
        assert_eq!(edges.trains.len(), 1);
        let found = times(&edges, 10_000);
        for (k, at) in found.iter().enumerate() {
            assert!((at - 0.01 * (k + 1) as f64).abs() < 1e-12, "{k}: {at}");
        }
    }
}
