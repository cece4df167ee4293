//! Ramps: functions of time alone that are affine between edges, a + b t on each piece.
//!
//! A [`Walk`] says of a node what it is just after a time, and where that piece ends:
//!
//! ```text
//! abs, relu, sign, heaviside (u)   ends where u = 0
//! min, max (u, v)                  ends where u - v = 0
//! floor, ceil, round (u)           ends where u passes a whole number (a half for round)
//! mod(u, p)                        ends where u passes a multiple of p
//! ```
//!
//! Coefficients are absolute, not relative to the time asked for, so that an edge is the same number from wherever it is
//! looked for. The sign alone is known of more: of products and quotients, and of c + d sin(a + b t).

use std::collections::HashMap;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::function::{Binary, Course as Shape, Unary};
use super::graph::{Graph, LOOPS, Node, Term};

/// An edge, and how far from it rounding may move what happens there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub at: f64,
    pub blur: f64,
}

impl Mark {
    /// No edge.
    pub const NEVER: Self = Self {
        at: f64::INFINITY,
        blur: 0.0,
    };

    fn or_earlier(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }
}

/// a + b t. Its value is known to a few roundings of `size.0 + size.1 |t|`.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    pub a: f64,
    pub b: f64,
    size: (f64, f64),
}

impl Ramp {
    fn level(value: f64) -> Self {
        Self {
            a: value,
            b: 0.0,
            size: (value.abs(), 0.0),
        }
    }

    /// Its value, if it has one for all times.
    fn constant(self) -> Option<f64> {
        (self.b == 0.0).then_some(self.a)
    }

    fn plus(self, other: Self, sign: f64) -> Self {
        Self {
            a: self.a + sign * other.a,
            b: self.b + sign * other.b,
            size: (self.size.0 + other.size.0, self.size.1 + other.size.1),
        }
    }

    fn times(self, factor: f64) -> Self {
        Self {
            a: self.a * factor,
            b: self.b * factor,
            size: (self.size.0 * factor.abs(), self.size.1 * factor.abs()),
        }
    }

    fn over(self, divisor: f64) -> Self {
        Self {
            a: self.a / divisor,
            b: self.b / divisor,
            size: (self.size.0 / divisor.abs(), self.size.1 / divisor.abs()),
        }
    }

    /// When it has this value, which is never if it is constant.
    fn passes(self, value: f64) -> Mark {
        let at = (value - self.a) / self.b;
        if self.b == 0.0 || !at.is_finite() {
            return Mark::NEVER;
        }
        let size = self.size.0 + value.abs() + self.size.1 * at.abs();
        Mark {
            at,
            blur: 4.0 * f64::EPSILON * size / self.b.abs(),
        }
    }

    /// The whole multiple of `period` at or below it just after `t`, counted from `shift`, and when that changes.
    fn whole(self, period: f64, shift: f64, t: f64) -> (f64, Mark) {
        let level = |k: f64| self.passes(shift + k * period);
        let near = ((self.a + self.b * t - shift) / period).round();
        if self.b == 0.0 {
            return (((self.a - shift) / period).floor(), Mark::NEVER);
        }
        let falling = (self.b < 0.0) != (period < 0.0);
        // Times, not values, are compared: at the edge itself a value is a rounding off.
        let passed = level(near).at <= t;
        let (below, next) = match (falling, passed) {
            (false, true) => (near, near + 1.0),
            (false, false) => (near - 1.0, near),
            (true, true) => (near - 1.0, near - 1.0),
            (true, false) => (near, near),
        };
        (below, level(next).after(t))
    }

    /// Its sign just after `t`, and when that changes.
    fn sign(self, t: f64) -> (f64, Mark) {
        let zero = self.passes(0.0);
        let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
        match zero.at <= t {
            _ if self.b == 0.0 => (sign(self.a), Mark::NEVER),
            true => (sign(self.b), Mark::NEVER),
            false if zero.at.is_finite() => (-sign(self.b), zero),
            // It has no zero among the finite times.
            false => (sign(self.a), Mark::NEVER),
        }
    }
}

impl Mark {
    fn after(self, t: f64) -> Self {
        if self.at > t { self } else { Self::NEVER }
    }
}

/// What a node is just after a time.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// `None` if it is no ramp there.
    pub ramp: Option<Ramp>,
    /// When that ends at the earliest.
    pub end: Mark,
}

impl Piece {
    const UNKNOWN: Self = Self {
        ramp: None,
        end: Mark::NEVER,
    };

    fn level(value: f64, end: Mark) -> Self {
        Self {
            ramp: Some(Ramp::level(value)),
            end,
        }
    }
}

/// What is known of a node at all times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Course {
    Constant,
    /// a + b t with this slope.
    Straight(f64),
    /// It repeats itself with this period.
    Periodic(f64),
    /// Something else, with a finite number of edges.
    Finite,
    Endless,
}

/// Nodes at given values of the loop variables.
pub struct Walk<'g> {
    graph: &'g Graph,
    at: [usize; LOOPS],
    memory: HashMap<Node, Piece>,
    /// Whether it met a kink or a jump of something that it cannot follow.
    unsure: bool,
}

impl<'g> Walk<'g> {
    pub fn new(graph: &'g Graph, at: [usize; LOOPS]) -> Self {
        Self {
            graph,
            at,
            memory: HashMap::new(),
            unsure: false,
        }
    }

    /// What a node is just after `t`.
    pub fn piece(&mut self, node: Node, t: f64) -> Piece {
        self.memory.clear();
        self.known(node, t)
    }

    /// Whether edges may have been missed so far, because something is not affine.
    pub fn is_unsure(&self) -> bool {
        self.unsure
    }

    fn value(&mut self, node: Node) -> f64 {
        self.graph.value(node, &mut self.at)
    }

    fn known(&mut self, node: Node, t: f64) -> Piece {
        let facts = self.graph.facts(node);
        if facts.state {
            return Piece::UNKNOWN;
        }
        if facts.is_static() {
            return Piece::level(self.value(node), Mark::NEVER);
        }
        if let Some(&piece) = self.memory.get(&node) {
            return piece;
        }
        let piece = match self.graph.term(node) {
            Term::Time => Piece {
                ramp: Some(Ramp {
                    a: 0.0,
                    b: 1.0,
                    size: (0.0, 1.0),
                }),
                end: Mark::NEVER,
            },
            Term::One(function, a) => self.one(function, a, t),
            Term::Two(function, a, b) => self.two(function, a, b, t),
            Term::Power(a, n) => {
                let piece = self.known(a, t);
                constant(piece, |value| value.powi(n))
            }
            Term::Sum(variable, body) => self.sum(variable, body, t),
            _ => Piece::UNKNOWN,
        };
        self.memory.insert(node, piece);
        piece
    }

    fn one(&mut self, function: Unary, a: Node, t: f64) -> Piece {
        let piece = self.known(a, t);
        let shape = |period: f64, shift: f64| {
            let (whole, next) = piece.ramp?.whole(period, shift, t);
            Some((whole, piece.end.or_earlier(next)))
        };
        let steps = match function {
            Unary::Floor => shape(1.0, 0.0).map(|(k, end)| Piece::level(k, end)),
            Unary::Ceil => shape(1.0, 0.0).map(|(k, end)| Piece::level(k + 1.0, end)),
            Unary::Round => shape(1.0, 0.5).map(|(k, end)| Piece::level(k + 1.0, end)),
            Unary::Neg => piece.ramp.map(|ramp| Piece {
                ramp: Some(ramp.times(-1.0)),
                end: piece.end,
            }),
            Unary::Abs | Unary::Relu | Unary::Sign | Unary::Heaviside => {
                return self.signed(function, a, piece, t);
            }
            _ => return constant(piece, |value| function.of(value)),
        };
        match (steps, piece.ramp.and_then(Ramp::constant)) {
            // Of what is constant the function itself knows best.
            (_, Some(value)) => Piece::level(function.of(value), piece.end),
            (Some(steps), None) => steps,
            (None, None) => {
                self.unsure |= function.course() != Shape::Smooth;
                Piece {
                    ramp: None,
                    end: piece.end,
                }
            }
        }
    }

    /// A function of the sign of a node, and of the node itself.
    fn signed(&mut self, function: Unary, a: Node, piece: Piece, t: f64) -> Piece {
        let (sign, next) = self.sign(a, piece, t);
        let end = piece.end.or_earlier(next);
        let Some(sign) = sign else {
            self.unsure = true;
            return Piece { ramp: None, end };
        };
        let ramp = match function {
            Unary::Heaviside => Some(Ramp::level(if sign >= 0.0 { 1.0 } else { 0.0 })),
            Unary::Sign => Some(Ramp::level(sign)),
            Unary::Relu if sign <= 0.0 => Some(Ramp::level(0.0)),
            Unary::Abs => piece.ramp.map(|ramp| ramp.times(sign)),
            _ => piece.ramp,
        };
        Piece { ramp, end }
    }

    /// The sign of a node just after `t`, and when it changes.
    fn sign(&mut self, node: Node, piece: Piece, t: f64) -> (Option<f64>, Mark) {
        if let Some(ramp) = piece.ramp {
            let (sign, next) = ramp.sign(t);
            return (Some(sign), next);
        }
        match self.graph.term(node) {
            Term::Two(Binary::Mul | Binary::Div, a, b) => {
                let (p, q) = (self.known(a, t), self.known(b, t));
                let (p, q) = (self.sign(a, p, t), self.sign(b, q, t));
                let sign = p.0.zip(q.0).map(|(p, q)| p * q);
                (sign, p.1.or_earlier(q.1))
            }
            Term::Power(a, n) => {
                let inner = self.known(a, t);
                let (sign, next) = self.sign(a, inner, t);
                (sign.map(|sign| sign.powi(n)), next)
            }
            Term::One(Unary::Neg, a) => {
                let inner = self.known(a, t);
                let (sign, next) = self.sign(a, inner, t);
                (sign.map(|sign| -sign), next)
            }
            _ => match self.wave(node, t) {
                Some(wave) => wave.sign(t),
                None => (None, Mark::NEVER),
            },
        }
    }

    /// A node as c + d sin(ramp).
    fn wave(&mut self, node: Node, t: f64) -> Option<Wave> {
        match self.graph.term(node) {
            Term::One(function @ (Unary::Sin | Unary::Cos), a) => {
                let phase = self.known(a, t).ramp?;
                let shift = if function == Unary::Cos {
                    FRAC_PI_2
                } else {
                    0.0
                };
                Some(Wave {
                    offset: 0.0,
                    amplitude: 1.0,
                    phase: phase.plus(Ramp::level(shift), 1.0),
                })
            }
            Term::One(Unary::Neg, a) => Some(self.wave(a, t)?.times(-1.0)),
            Term::Two(function @ (Binary::Add | Binary::Sub), a, b) => {
                let sign = if function == Binary::Sub { -1.0 } else { 1.0 };
                match (self.constant(a, t), self.constant(b, t)) {
                    (Some(level), _) => Some(self.wave(b, t)?.times(sign).plus(level)),
                    (_, Some(level)) => Some(self.wave(a, t)?.plus(sign * level)),
                    _ => None,
                }
            }
            Term::Two(Binary::Mul, a, b) => match (self.constant(a, t), self.constant(b, t)) {
                (Some(factor), _) => Some(self.wave(b, t)?.times(factor)),
                (_, Some(factor)) => Some(self.wave(a, t)?.times(factor)),
                _ => None,
            },
            Term::Two(Binary::Div, a, b) => {
                let divisor = self.constant(b, t)?;
                Some(self.wave(a, t)?.times(1.0 / divisor))
            }
            _ => None,
        }
    }

    /// When a sine meets a constant.
    fn wave_meets(&mut self, a: Node, b: Node, t: f64) -> Option<Mark> {
        let wave = match (self.constant(a, t), self.constant(b, t)) {
            (Some(level), _) => self.wave(b, t).map(|wave| wave.plus(-level)),
            (_, Some(level)) => self.wave(a, t).map(|wave| wave.plus(-level)),
            _ => None,
        };
        wave.map(|wave| wave.sign(t).1)
    }

    fn constant(&mut self, node: Node, t: f64) -> Option<f64> {
        self.known(node, t).ramp?.constant()
    }

    fn two(&mut self, function: Binary, a: Node, b: Node, t: f64) -> Piece {
        let (p, q) = (self.known(a, t), self.known(b, t));
        let end = p.end.or_earlier(q.end);
        let (Some(left), Some(right)) = (p.ramp, q.ramp) else {
            let meets = match function {
                Binary::Min | Binary::Max => self.wave_meets(a, b, t),
                Binary::Mod => None,
                _ => Some(Mark::NEVER),
            };
            self.unsure |= meets.is_none();
            let meets = meets.unwrap_or(Mark::NEVER);
            let end = end.or_earlier(meets);
            return Piece { ramp: None, end };
        };
        let of = |ramp: Option<Ramp>| Piece { ramp, end };
        match (function, left.constant(), right.constant()) {
            (Binary::Add, ..) => of(Some(left.plus(right, 1.0))),
            (Binary::Sub, ..) => of(Some(left.plus(right, -1.0))),
            (_, Some(left), Some(right)) => Piece::level(function.of(left, right), end),
            (Binary::Mul, Some(factor), _) => of(Some(right.times(factor))),
            (Binary::Mul, _, Some(factor)) => of(Some(left.times(factor))),
            (Binary::Div, _, Some(divisor)) => of(Some(left.over(divisor))),
            (Binary::Min | Binary::Max, ..) => {
                let (sign, next) = left.plus(right, -1.0).sign(t);
                let first = (function == Binary::Max) == (sign >= 0.0);
                Piece {
                    ramp: Some(if first { left } else { right }),
                    end: end.or_earlier(next),
                }
            }
            (Binary::Mod, _, Some(period)) if period != 0.0 => {
                let (whole, next) = left.whole(period, 0.0, t);
                Piece {
                    ramp: Some(left.plus(Ramp::level(whole * period), -1.0)),
                    end: end.or_earlier(next),
                }
            }
            _ => {
                self.unsure |= function == Binary::Mod;
                of(None)
            }
        }
    }

    fn sum(&mut self, variable: usize, body: Node, t: f64) -> Piece {
        let before = (self.at[variable], std::mem::take(&mut self.memory));
        let mut sum = Piece::level(0.0, Mark::NEVER);
        for value in 0..self.graph.loops[variable].1 {
            self.at[variable] = value;
            self.memory.clear();
            let piece = self.known(body, t);
            sum = Piece {
                ramp: sum
                    .ramp
                    .zip(piece.ramp)
                    .map(|(sum, one)| sum.plus(one, 1.0)),
                end: sum.end.or_earlier(piece.end),
            };
        }
        (self.at[variable], self.memory) = before;
        sum
    }

    /// What is known of a node at all times.
    pub fn course(&mut self, node: Node) -> Course {
        let facts = self.graph.facts(node);
        if facts.is_static() {
            return Course::Constant;
        }
        if facts.state {
            return Course::Endless;
        }
        match self.graph.term(node) {
            Term::Time => Course::Straight(1.0),
            Term::One(function, a) => match (function, self.course(a)) {
                (Unary::Neg, Course::Straight(b)) => Course::Straight(-b),
                (Unary::Sin | Unary::Cos, Course::Straight(b)) => Course::Periodic(TAU / b.abs()),
                (Unary::Floor | Unary::Ceil | Unary::Round, Course::Straight(_)) => Course::Endless,
                // A staircase has no end, a wave of a finite number of pieces neither.
                (
                    Unary::Floor | Unary::Ceil | Unary::Round | Unary::Sin | Unary::Cos,
                    Course::Finite,
                ) => Course::Endless,
                (_, Course::Straight(_)) => Course::Finite,
                (_, course) => course,
            },
            Term::Power(a, _) => match self.course(a) {
                Course::Straight(_) => Course::Finite,
                course => course,
            },
            Term::Two(function, a, b) => self.both(function, a, b),
            Term::Sum(variable, body) => {
                let before = self.at[variable];
                let mut all = Course::Constant;
                for value in 0..self.graph.loops[variable].1 {
                    self.at[variable] = value;
                    all = all.and(self.course(body));
                }
                self.at[variable] = before;
                all
            }
            _ => Course::Endless,
        }
    }

    fn both(&mut self, function: Binary, a: Node, b: Node) -> Course {
        let (left, right) = (self.course(a), self.course(b));
        match (function, left, right) {
            (Binary::Mod, Course::Straight(slope), Course::Constant) => {
                Course::Periodic((self.value(b) / slope).abs())
            }
            (Binary::Mod, Course::Finite | Course::Straight(_), _)
            | (Binary::Mod, _, Course::Finite | Course::Straight(_)) => Course::Endless,
            (Binary::Sub, _, Course::Straight(slope)) => left.and(Course::Straight(-slope)),
            (Binary::Add | Binary::Sub, ..) => left.and(right),
            (Binary::Mul, Course::Straight(slope), Course::Constant) => {
                Course::Straight(slope * self.value(b))
            }
            (Binary::Mul, Course::Constant, Course::Straight(slope)) => {
                Course::Straight(slope * self.value(a))
            }
            (Binary::Div, Course::Straight(slope), Course::Constant) => {
                Course::Straight(slope / self.value(b))
            }
            _ => match left.and(right) {
                Course::Straight(_) => Course::Finite,
                course => course,
            },
        }
    }
}

impl Course {
    /// What the sum of two is.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Course::Constant, course) | (course, Course::Constant) => course,
            (Course::Straight(p), Course::Straight(q)) => Course::Straight(p + q),
            (Course::Periodic(p), Course::Periodic(q)) => {
                let (short, long) = (p.min(q), p.max(q));
                let ratio = long / short;
                match (ratio - ratio.round()).abs() <= 4.0 * f64::EPSILON * ratio {
                    true => Course::Periodic(long),
                    false => Course::Endless,
                }
            }
            (Course::Endless | Course::Periodic(_), _)
            | (_, Course::Endless | Course::Periodic(_)) => Course::Endless,
            _ => Course::Finite,
        }
    }
}

/// A function of a piece whose value is known if the piece is constant.
fn constant(piece: Piece, value: impl Fn(f64) -> f64) -> Piece {
    let known = piece.ramp.and_then(Ramp::constant);
    Piece {
        ramp: known.map(|known| Ramp::level(value(known))),
        end: piece.end,
    }
}

/// offset + amplitude sin(phase)
struct Wave {
    offset: f64,
    amplitude: f64,
    phase: Ramp,
}

impl Wave {
    fn times(self, factor: f64) -> Self {
        Self {
            offset: self.offset * factor,
            amplitude: self.amplitude * factor,
            ..self
        }
    }

    fn plus(self, level: f64) -> Self {
        Self {
            offset: self.offset + level,
            ..self
        }
    }

    /// Its sign just after `t`, and when it changes.
    fn sign(&self, t: f64) -> (Option<f64>, Mark) {
        let level = -self.offset / self.amplitude;
        if level.is_nan() {
            return (None, Mark::NEVER);
        }
        if level.abs() >= 1.0 {
            return (Some(self.offset.signum()), Mark::NEVER);
        }
        // The sine is above the level from `rise` to `fall`.
        let rise = level.asin();
        let fall = PI - rise;
        let (rises, up) = self.phase.whole(TAU, rise, t);
        let (falls, down) = self.phase.whole(TAU, fall, t);
        let above = rises > falls;
        let sign = if above { 1.0 } else { -1.0 };
        (Some(sign * self.amplitude.signum()), up.or_earlier(down))
    }
}
