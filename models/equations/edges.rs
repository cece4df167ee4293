//! Edges in time: when a function of time alone has a kink or a jump, so that steps end there.
//!
//! Found are those of every function that is affine between edges ([`Walk`]), for all values of the indices that it
//! contains: `heaviside(t - on[k])`, `relu(w - abs(t - on[k]))`, `heaviside(mod(t - phase[i], 10) - 2)`. What has a finite
//! number of them is listed and sorted once; what repeats itself is listed for one period; what is left, such as two
//! periods that do not fit, is followed from edge to edge. Of functions that are not affine, `heaviside(exp(-t) - 0.5)`,
//! sign changes are searched for ([`Clock`]).

use std::sync::Arc;

use super::clock::Clock;
use super::function::{Binary, Course as Shape, Unary};
use super::graph::{Graph, LARGEST, LOOPS, Node, Term};
use super::ramp::{Course, Mark, Walk};

/// As many edges of one period are listed.
const LISTED: usize = 1 << 16;
/// As many functions of time that are not affine are searched for their zeros.
const MOST_CLOCKS: usize = 256;
/// Times at which it is tried whether a function is affine between its edges.
const TRIED: [f64; 5] = [0.0, 1.0, 1e3, 1e6, 1e9];
/// An instant that was searched for is a multiple of so many roundings of it: by that it is known again.
const GRAIN: f64 = 64.0 * f64::EPSILON;

/// An edge, and the nearest times at which rounding cannot move it to the other side.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Edge {
    before: f64,
    at: f64,
    after: f64,
}

impl Edge {
    fn of(mark: Mark) -> Self {
        Self {
            before: (mark.at - mark.blur).min(mark.at.next_down()),
            at: mark.at,
            after: (mark.at + mark.blur).max(mark.at.next_up()),
        }
    }

    fn touches(&self, t: f64) -> bool {
        self.before < t && t < self.after
    }

    fn and(self, other: Self) -> Self {
        Self {
            before: self.before.min(other.before),
            at: self.at.max(other.at),
            after: self.after.max(other.after),
        }
    }
}

/// Edges at `phases` of a period, and at all whole periods from there.
#[derive(Clone, Debug)]
struct Train {
    period: f64,
    /// From 0 to the period, ascending.
    phases: Vec<f64>,
    blur: f64,
}

impl Train {
    fn at(&self, turn: f64, place: isize) -> f64 {
        let length = self.phases.len() as isize;
        let more = place.div_euclid(length) as f64;
        let phase = self.phases[place.rem_euclid(length) as usize];
        phase + (turn + more) * self.period
    }

    /// The turn and the place of the first edge after `t`.
    fn after(&self, t: f64) -> (f64, isize) {
        let turn = (t / self.period).floor();
        let within = t - turn * self.period;
        let mut place = self.phases.partition_point(|&phase| phase <= within) as isize;
        // Rounding may put it a place off, and at a time beyond all precision for ever.
        let far = self.phases.len() + 2;
        for _ in 0..far {
            if self.at(turn, place - 1) <= t {
                break;
            }
            place -= 1;
        }
        for _ in 0..far {
            if self.at(turn, place) > t {
                break;
            }
            place += 1;
        }
        (turn, place)
    }

    fn next(&self, t: f64) -> f64 {
        let (turn, place) = self.after(t);
        let next = self.at(turn, place);
        if next > t { next } else { f64::INFINITY }
    }

    fn touching(&self, t: f64) -> Option<Edge> {
        let (turn, place) = self.after(t);
        let blur = self.blur + 8.0 * f64::EPSILON * t.abs();
        [place - 1, place]
            .map(|place| self.at(turn, place))
            .map(|at| Edge::of(Mark { at, blur }))
            .into_iter()
            .filter(|edge| edge.touches(t))
            .reduce(Edge::and)
    }
}

/// A function whose edges are neither few nor periodic.
#[derive(Clone, Debug)]
struct Other {
    node: Node,
    at: [usize; LOOPS],
}

/// The spacing of the instants that a clock's sign changes are moved to.
fn grain(t: f64) -> f64 {
    // A power of two, so that the multiples are exact.
    let power = t.abs().max(f64::MIN_POSITIVE / GRAIN).log2().floor();
    power.exp2() * GRAIN
}

/// A sign change of a clock near `t`, if there is one.
fn sign_change(clock: &Clock, t: f64) -> Option<Edge> {
    let reach = 2.0 * grain(t);
    let (before, after) = (t - reach, t + reach);
    let (early, late) = (clock.value(before), clock.value(after));
    let changes = early < 0.0 && late >= 0.0 || early > 0.0 && late <= 0.0;
    let at = (t / grain(t)).floor() * grain(t);
    let known = t == at || t == at.next_up();
    (changes && known).then_some(Edge { before, at, after })
}

/// All edges of a model.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    /// Ascending; none touches another.
    once: Vec<Edge>,
    trains: Vec<Train>,
    others: Vec<Other>,
    clocks: Vec<Clock>,
    /// That of the others.
    graph: Arc<Graph>,
}

/// The edges cannot be listed: they are more than [`LARGEST`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooMany;

impl Edges {
    /// All edges of the nodes.
    pub fn of(graph: &Graph, nodes: &[Node]) -> Result<Self, TooMany> {
        let mut found = Found::default();
        let mut seen = std::collections::BTreeSet::new();
        let mut open = nodes.to_vec();
        while let Some(node) = open.pop() {
            if !graph.facts(node).time || !seen.insert(node) {
                continue;
            }
            open.extend(graph.parts(node).into_iter().flatten());
            if has_edges(graph, node) && !graph.facts(node).state {
                found.all_of(graph, node)?;
            }
        }
        Ok(found.sorted(graph))
    }

    pub fn is_empty(&self) -> bool {
        self.once.is_empty()
            && self.trains.is_empty()
            && self.others.is_empty()
            && self.clocks.is_empty()
    }

    /// The first edge after `t`; infinite if there is none.
    pub fn next(&self, t: f64) -> f64 {
        let place = self.once.partition_point(|edge| edge.at <= t);
        let once = self.once.get(place).map_or(f64::INFINITY, |edge| edge.at);
        let trains = self.trains.iter().map(|train| train.next(t));
        let others = self.others.iter().map(|other| self.other(other, t).at);
        let next = trains.chain(others).fold(once, f64::min);
        let clocks = self.clocks.iter();
        clocks.fold(next, |next, clock| {
            let found = clock.next_sign_change(t, next);
            match found < next {
                true => ((found / grain(found)).ceil() * grain(found)).min(next),
                false => next,
            }
        })
    }

    /// A time near `t` that is on no edge: a step that ends on one belongs to the time before it, one that starts
    /// just after it to the time after it, whatever rounding makes of the function there.
    pub fn aside(&self, t: f64) -> f64 {
        let place = self.once.partition_point(|edge| edge.after <= t);
        let once = self.once.get(place).copied();
        let trains = self.trains.iter().filter_map(|train| train.touching(t));
        let others = self.others.iter().map(|other| {
            let early = t - 16.0 * f64::EPSILON * t.abs();
            Edge::of(self.other(other, early))
        });
        let clocks = self.clocks.iter();
        let clocks = clocks.filter_map(|clock| sign_change(clock, t));
        let all = once.into_iter().chain(trains).chain(others).chain(clocks);
        match all.filter(|edge| edge.touches(t)).reduce(Edge::and) {
            None => t,
            Some(edge) if t <= edge.at => edge.before,
            Some(edge) => edge.after,
        }
    }

    fn other(&self, other: &Other, t: f64) -> Mark {
        Walk::new(&self.graph, other.at).piece(other.node, t).end
    }
}

/// Whether a node can have a kink or a jump of its own.
fn has_edges(graph: &Graph, node: Node) -> bool {
    match graph.term(node) {
        Term::One(function, _) => function.course() != Shape::Smooth,
        Term::Two(function, ..) => function.course() != Shape::Smooth,
        _ => false,
    }
}

/// What has been found, unsorted.
#[derive(Default)]
struct Found {
    once: Vec<Mark>,
    periodic: Vec<(f64, Mark)>,
    others: Vec<Other>,
    clocks: Vec<Clock>,
}

impl Found {
    /// The edges of a node for all values of its indices.
    fn all_of(&mut self, graph: &Graph, node: Node) -> Result<(), TooMany> {
        let loops = graph.members(graph.facts(node).loops);
        let sizes: Vec<usize> = loops.iter().map(|&one| graph.loops[one].1).collect();
        let count = sizes.iter().try_fold(1_usize, |n, &m| n.checked_mul(m));
        let count = count.filter(|&count| count <= LARGEST).ok_or(TooMany)?;
        for flat in 0..count {
            let mut at = [0; LOOPS];
            let mut rest = flat;
            for (&variable, size) in loops.iter().zip(&sizes).rev() {
                at[variable] = rest % size;
                rest /= size;
            }
            self.one_of(graph, node, at);
            if self.once.len() + self.periodic.len() + self.others.len() > LARGEST {
                return Err(TooMany);
            }
        }
        Ok(())
    }

    fn one_of(&mut self, graph: &Graph, node: Node, at: [usize; LOOPS]) {
        let mut walk = Walk::new(graph, at);
        let before = (self.once.len(), self.periodic.len());
        let listed = match (walk.course(node), graph.term(node)) {
            (Course::Constant | Course::Straight(_) | Course::Finite, _) => {
                self.finite(&mut walk, node)
            }
            (Course::Periodic(period), _) => self.period(&mut walk, node, period),
            (_, Term::One(Unary::Floor | Unary::Ceil | Unary::Round, a)) => match walk.course(a) {
                Course::Straight(slope) => self.period(&mut walk, node, 1.0 / slope.abs()),
                _ => false,
            },
            _ => false,
        };
        if listed {
            return;
        }
        self.once.truncate(before.0);
        self.periodic.truncate(before.1);
        for t in TRIED {
            walk.piece(node, t);
        }
        match walk.is_unsure() {
            false => self.others.push(Other { node, at }),
            true if self.clocks.len() < MOST_CLOCKS => {
                let (a, b) = match graph.term(node) {
                    Term::One(Unary::Floor | Unary::Ceil | Unary::Round, _) => return,
                    Term::One(_, a) => (a, None),
                    Term::Two(Binary::Min | Binary::Max, a, b) => (a, Some(b)),
                    _ => return,
                };
                self.clocks.extend(Clock::of_difference(graph, a, b, at));
            }
            true => {}
        }
    }

    /// List the edges of all times; `false` if they cannot be told.
    fn finite(&mut self, walk: &mut Walk<'_>, node: Node) -> bool {
        let mut end = walk.piece(node, f64::MIN).end;
        while end.at.is_finite() {
            self.once.push(end);
            end = walk.piece(node, end.at).end;
        }
        !walk.is_unsure()
    }

    /// List the edges of one period; `false` if they are too many, or cannot be told.
    fn period(&mut self, walk: &mut Walk<'_>, node: Node, period: f64) -> bool {
        if !(period > 0.0 && period.is_finite()) {
            return false;
        }
        let before = self.periodic.len();
        let mut end = walk.piece(node, 0.0).end;
        while end.at <= period * (1.0 + 4.0 * f64::EPSILON) {
            self.periodic.push((period, end));
            if self.periodic.len() - before > LISTED {
                return false;
            }
            end = walk.piece(node, end.at).end;
        }
        !walk.is_unsure()
    }

    fn sorted(mut self, graph: &Graph) -> Edges {
        self.once.sort_by(|a, b| a.at.total_cmp(&b.at));
        let mut once: Vec<Edge> = Vec::new();
        for edge in self.once.into_iter().map(Edge::of) {
            match once.last_mut() {
                // Equal but for rounding.
                Some(last) if last.after >= edge.before => *last = last.and(edge),
                _ => once.push(edge),
            }
        }
        Edges {
            once,
            trains: trains(self.periodic),
            graph: match self.others.is_empty() {
                true => Arc::default(),
                false => Arc::new(graph.clone()),
            },
            others: self.others,
            clocks: self.clocks,
        }
    }
}

/// Periodic edges by their periods.
fn trains(mut found: Vec<(f64, Mark)>) -> Vec<Train> {
    for (period, mark) in &mut found {
        let phase = mark.at - *period * (mark.at / *period).floor();
        // What is a whole period but for rounding is none.
        mark.at = match *period - phase <= mark.blur {
            true => 0.0,
            false => phase,
        };
    }
    found.sort_by(|(p, a), (q, b)| p.total_cmp(q).then(a.at.total_cmp(&b.at)));
    let mut trains: Vec<Train> = Vec::new();
    for (period, mark) in found {
        if trains.last().is_none_or(|train| train.period != period) {
            trains.push(Train {
                period,
                phases: Vec::new(),
                blur: 0.0,
            });
        }
        let Some(train) = trains.last_mut() else {
            continue;
        };
        train.blur = train.blur.max(mark.blur);
        let repeats = |&last: &f64| mark.at - last <= mark.blur;
        if !train.phases.last().is_some_and(repeats) {
            train.phases.push(mark.at);
        }
    }
    trains
}

#[cfg(test)]
mod tests {
    use super::*;

    /// heaviside(a - b)
    fn step(graph: &mut Graph, a: Node, b: Node) -> Node {
        let late = graph.two(Binary::Sub, a, b);
        graph.one(Unary::Heaviside, late)
    }

    fn next(edges: &Edges, mut t: f64, count: usize) -> Vec<f64> {
        (0..count)
            .map(|_| {
                t = edges.next(t);
                t
            })
            .collect()
    }

    #[test]
    fn pulses_are_found_once_and_again() {
        let mut graph = Graph::default();
        let (t, five, ten) = (graph.time(), graph.number(5.0), graph.number(10.0));
        let late = step(&mut graph, t, five);
        let edges = Edges::of(&graph, &[late]).unwrap();
        assert_eq!(next(&edges, f64::MIN, 2), [5.0, f64::INFINITY]);
        let phase = graph.two(Binary::Mod, t, ten);
        let pulse = step(&mut graph, phase, five);
        let edges = Edges::of(&graph, &[pulse]).unwrap();
        assert_eq!(next(&edges, 10.0, 4), [15.0, 20.0, 25.0, 30.0]);
        assert_eq!(next(&edges, -10.0, 3), [-5.0, 0.0, 5.0]);
    }

    #[test]
    fn a_list_is_sorted_and_has_every_time_once() {
        let mut graph = Graph::default();
        let on = vec![0.3, 7.0, -1.0, 0.1 + 0.2, 7.0, 2.5];
        graph.tables.push(Arc::new(on));
        let k = graph.variable("k", 6).unwrap();
        let place = graph.index(k);
        let (t, one) = (graph.time(), graph.given(0, place));
        let late = step(&mut graph, t, one);
        let sum = graph.sum(k, late);
        let edges = Edges::of(&graph, &[sum]).unwrap();
        assert_eq!(
            next(&edges, -5.0, 5),
            [-1.0, 0.1 + 0.2, 2.5, 7.0, f64::INFINITY]
        );
        let side = edges.aside(7.0);
        assert!(side < 7.0 && side > 6.999_999, "{side}");
        assert!(edges.aside(7.0_f64.next_up()) > 7.0_f64.next_up());
        assert_eq!(edges.aside(6.9), 6.9);
    }

    #[test]
    fn thousands_of_phases_of_one_period_are_one_train() {
        let mut graph = Graph::default();
        let phases = (0..5000).map(|k| f64::from(k * 7 % 5000) * 0.01).collect();
        graph.tables.push(Arc::new(phases));
        let i = graph.variable("i", 5000).unwrap();
        let place = graph.index(i);
        let (t, period) = (graph.time(), graph.number(50.0));
        let phase = graph.given(0, place);
        let late = graph.two(Binary::Sub, t, phase);
        let saw = graph.two(Binary::Mod, late, period);
        let edges = Edges::of(&graph, &[saw]).unwrap();
        assert_eq!((edges.trains.len(), edges.once.len()), (1, 0));
        for (k, at) in next(&edges, 0.0, 10_000).iter().enumerate() {
            assert!((at - 0.01 * (k + 1) as f64).abs() < 1e-12, "{k}: {at}");
        }
    }

    #[test]
    fn sines_are_listed_and_other_functions_searched_for_their_zeros() {
        let mut graph = Graph::default();
        let t = graph.time();
        let sine = graph.one(Unary::Sin, t);
        let wave = graph.one(Unary::Sign, sine);
        let edges = Edges::of(&graph, &[wave]).unwrap();
        assert!(edges.clocks.is_empty() && edges.others.is_empty());
        for (k, at) in next(&edges, 0.5, 20).iter().enumerate() {
            let exact = std::f64::consts::PI * (k + 1) as f64;
            assert!((at - exact).abs() < 1e-14 * exact, "{at} {exact}");
            assert!(edges.aside(*at) < *at && edges.aside(at.next_up()) > at.next_up());
        }
        // heaviside(exp(-t) - 1/2)
        let (falling, half) = (graph.one(Unary::Neg, t), graph.number(0.5));
        let decay = graph.one(Unary::Exp, falling);
        let pulse = step(&mut graph, decay, half);
        let edges = Edges::of(&graph, &[pulse]).unwrap();
        let found = next(&edges, 0.0, 2);
        assert!((found[0] - 2.0_f64.ln()).abs() < 1e-13, "{found:?}");
        assert!(edges.aside(found[0]).exp() < 2.0 && edges.aside(found[0].next_up()).exp() > 2.0);
        assert_eq!((found[1], edges.aside(0.7)), (f64::INFINITY, 0.7));
        // One that never comes.
        let two = graph.number(2.0);
        let above = graph.two(Binary::Add, sine, two);
        let never = graph.one(Unary::Abs, above);
        assert_eq!(
            next(&Edges::of(&graph, &[never]).unwrap(), 0.0, 1),
            [f64::INFINITY]
        );
    }

    #[test]
    fn rounding_at_an_edge_changes_nothing() {
        // Steps from edge to edge see the pulse heaviside(mod(t - 0.7, 0.1) - 0.03) on one side each.
        let mut graph = Graph::default();
        let (t, start) = (graph.time(), graph.number(0.7));
        let (period, on) = (graph.number(0.1), graph.number(0.03));
        let late = graph.two(Binary::Sub, t, start);
        let phase = graph.two(Binary::Mod, late, period);
        let pulse = step(&mut graph, phase, on);
        let edges = Edges::of(&graph, &[pulse]).unwrap();
        let value = |t: f64| {
            let phase = Binary::Mod.of(edges.aside(t) - 0.7, 0.1);
            Unary::Heaviside.of(phase - 0.03)
        };
        let mut from = 1.0;
        for _ in 0..100_000 {
            let to = edges.next(from);
            let inside = value(from + 0.5 * (to - from));
            assert_eq!(
                (value(from.next_up()), value(to)),
                (inside, inside),
                "{from} {to}"
            );
            from = to;
        }
        assert!(from > 4000.0);
    }

    #[test]
    fn two_periods_that_do_not_fit_are_followed() {
        // heaviside(mod(t, 1) + mod(t, pi) - 2)
        let mut graph = Graph::default();
        let (t, one) = (graph.time(), graph.number(1.0));
        let (pi, two) = (graph.number(std::f64::consts::PI), graph.number(2.0));
        let p = graph.two(Binary::Mod, t, one);
        let q = graph.two(Binary::Mod, t, pi);
        let sum = graph.two(Binary::Add, p, q);
        let pulse = step(&mut graph, sum, two);
        let edges = Edges::of(&graph, &[pulse]).unwrap();
        let mut t = 0.0;
        let value = |t: f64| t.rem_euclid(1.0) + t.rem_euclid(std::f64::consts::PI) - 2.0;
        for _ in 0..200 {
            let next = edges.next(t);
            assert!(next > t);
            // Between edges the sign is the same.
            let (early, late) = (t + 1e-9, next - 1e-9);
            if early < late {
                assert_eq!(value(early) >= 0.0, value(late) >= 0.0, "{t} {next}");
            }
            t = next;
        }
    }
}
