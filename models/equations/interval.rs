//! Enclosures: what a function can be over an interval of its argument, and how steep.
//!
//! Every operation maps intervals of values and of slopes to intervals that hold all that can come out, widened by rounding. A
//! function without a rule of its own may be anything. Moore, Kearfott, Cloud, *Introduction to Interval Analysis*, SIAM 2009.

use std::f64::consts::{FRAC_PI_2, PI};

use super::function::{Binary, Course, Unary};

/// All numbers between two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// A value and its slope over an interval of the argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosure {
    pub value: Interval,
    pub slope: Interval,
}

impl Interval {
    pub const ZERO: Self = Self::point(0.0);
    pub const ONE: Self = Self::point(1.0);
    /// It may be anything.
    pub const ANY: Self = Self {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };

    pub const fn point(value: f64) -> Self {
        Self {
            low: value,
            high: value,
        }
    }

    /// The interval between two numbers, widened by rounding; anything if one is none.
    pub fn hull(a: f64, b: f64) -> Self {
        if a.is_nan() || b.is_nan() {
            return Self::ANY;
        }
        let (low, high) = (a.min(b), a.max(b));
        let room = |end: f64| match end.is_finite() {
            true => 4.0 * f64::EPSILON * end.abs(),
            false => 0.0,
        };
        Self {
            low: low - room(low),
            high: high + room(high),
        }
    }

    pub fn is_point(self) -> bool {
        self.low == self.high
    }

    pub fn holds(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    pub fn width(self) -> f64 {
        self.high - self.low
    }

    fn negated(self) -> Self {
        Self {
            low: -self.high,
            high: -self.low,
        }
    }

    pub fn plus(self, other: Self) -> Self {
        Self::hull(self.low + other.low, self.high + other.high)
    }

    pub fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    pub fn times(self, other: Self) -> Self {
        // Zero times what may be infinite is zero: an infinite end is a bound that is not known.
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let ends = [
            product(self.low, other.low),
            product(self.low, other.high),
            product(self.high, other.low),
            product(self.high, other.high),
        ];
        let least = ends.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self::hull(least, most)
    }

    fn inverse(self) -> Self {
        if self.holds(0.0) {
            return Self::ANY;
        }
        Self::hull(1.0 / self.low, 1.0 / self.high)
    }

    fn over(self, other: Self) -> Self {
        self.times(other.inverse())
    }

    fn square(self) -> Self {
        let (a, b) = (self.low * self.low, self.high * self.high);
        match self.holds(0.0) {
            true => Self::hull(0.0, a.max(b)),
            false => Self::hull(a, b),
        }
    }

    fn whole_power(self, n: i32) -> Self {
        if n < 0 {
            return self.whole_power(-n).inverse();
        }
        let (a, b) = (self.low.powi(n), self.high.powi(n));
        match n % 2 == 0 && self.holds(0.0) {
            true => Self::hull(0.0, a.max(b)),
            false => Self::hull(a, b),
        }
    }

    /// All numbers in both.
    pub fn and(self, other: Self) -> Self {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        match low <= high {
            true => Self { low, high },
            // They cannot be apart but by rounding.
            false => self,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// A function that only rises or only falls.
    fn monotone(self, function: impl Fn(f64) -> f64) -> Self {
        Self::hull(function(self.low), function(self.high))
    }

    /// The range of the sine.
    fn sine(self) -> Self {
        if !(self.width() < 2.0 * PI && self.low.abs().max(self.high.abs()) < 1e15) {
            return Self::hull(-1.0, 1.0);
        }
        // Whether a crest, at FRAC_PI_2 + 2 pi k, or a trough lies within.
        let has = |first: f64| {
            let turns = ((self.low - first) / (2.0 * PI)).ceil();
            first + turns * 2.0 * PI <= self.high + 1e-15 * self.high.abs()
        };
        let (a, b) = (self.low.sin(), self.high.sin());
        let low = if has(-FRAC_PI_2) { -1.0 } else { a.min(b) };
        let high = if has(FRAC_PI_2) { 1.0 } else { a.max(b) };
        Self::hull(low, high)
    }

    fn cosine(self) -> Self {
        let shift = |x: f64| x + FRAC_PI_2;
        Self::hull(shift(self.low), shift(self.high)).sine()
    }

    /// Values of a function of one number.
    fn through(self, function: Unary) -> Self {
        let of = |x: f64| function.of(x);
        match function {
            Unary::Neg => self.negated(),
            Unary::Abs | Unary::Cosh => {
                let ends = self.monotone(of);
                match self.holds(0.0) {
                    true => Self::hull(of(0.0), ends.high),
                    false => ends,
                }
            }
            Unary::Sin => self.sine(),
            Unary::Cos => self.cosine(),
            Unary::Tan => {
                // Poles lie at pi/2 + pi k.
                let turn = |x: f64| ((x - FRAC_PI_2) / PI).floor();
                match turn(self.low) == turn(self.high) {
                    true => self.monotone(of),
                    false => Self::ANY,
                }
            }
            // All of these rise or fall throughout.
            Unary::Exp
            | Unary::Expm1
            | Unary::Exprel
            | Unary::ExprelSlope
            | Unary::Log
            | Unary::Log1p
            | Unary::Log10
            | Unary::Log2
            | Unary::Sqrt
            | Unary::Cbrt
            | Unary::Asin
            | Unary::Acos
            | Unary::Atan
            | Unary::Sinh
            | Unary::Tanh
            | Unary::Asinh
            | Unary::Acosh
            | Unary::Atanh
            | Unary::Sigmoid
            | Unary::Erf
            | Unary::Erfc
            | Unary::Sign
            | Unary::Heaviside
            | Unary::Relu
            | Unary::Floor
            | Unary::Ceil
            | Unary::Round => self.monotone(of),
        }
    }

    /// The slopes of a function of one number whose values here are `value`.
    fn slope_of(self, function: Unary, value: Self) -> Self {
        let one = Self::ONE;
        match function {
            Unary::Neg => Self::point(-1.0),
            Unary::Exp => value,
            Unary::Expm1 => self.through(Unary::Exp),
            Unary::Exprel => self.through(Unary::ExprelSlope),
            Unary::Log => self.inverse(),
            Unary::Log1p => self.plus(one).inverse(),
            Unary::Log10 => self.times(Self::point(10.0_f64.ln())).inverse(),
            Unary::Log2 => self.times(Self::point(2.0_f64.ln())).inverse(),
            Unary::Sqrt => Self::point(0.5).over(value),
            Unary::Cbrt => Self::point(1.0 / 3.0).over(value.square()),
            Unary::Sin => self.cosine(),
            Unary::Cos => self.sine().negated(),
            Unary::Tan => value.square().plus(one),
            Unary::Atan => self.square().plus(one).inverse(),
            Unary::Sinh => self.through(Unary::Cosh),
            Unary::Cosh => self.through(Unary::Sinh),
            Unary::Tanh => one.minus(value.square()).and(Self::hull(0.0, 1.0)),
            Unary::Asinh => {
                let under = self.square().plus(one);
                under.monotone(f64::sqrt).inverse()
            }
            Unary::Sigmoid => value.times(one.minus(value)).and(Self::hull(0.0, 0.25)),
            Unary::Erf | Unary::Erfc => {
                let bell = self.square().negated().through(Unary::Exp);
                let sign = if function == Unary::Erf { 1.0 } else { -1.0 };
                bell.times(Self::point(sign * std::f64::consts::FRAC_2_SQRT_PI))
            }
            Unary::Abs | Unary::Relu => self
                .through(Unary::Heaviside)
                .and(Self::hull(0.0, 1.0))
                .or(self.through(if function == Unary::Abs {
                    Unary::Sign
                } else {
                    Unary::Heaviside
                })),
            // Flat between jumps.
            _ if function.course() == Course::Jumping && value.is_flat() => Self::ZERO,
            _ => Self::ANY,
        }
    }

    /// Whether it is one number, to rounding.
    fn is_flat(self) -> bool {
        self.width() <= 16.0 * f64::EPSILON * self.low.abs().max(self.high.abs())
    }
}

impl Enclosure {
    /// A number.
    pub fn constant(value: f64) -> Self {
        Self {
            value: Interval::point(value),
            slope: Interval::ZERO,
        }
    }

    pub fn through(self, function: Unary) -> Self {
        let value = self.value.through(function);
        if self.slope == Interval::ZERO {
            return Self {
                value,
                slope: Interval::ZERO,
            };
        }
        let slope = match value == Interval::ANY {
            // There may be a pole, and a slope says nothing across it.
            true => Interval::ANY,
            false => self.value.slope_of(function, value).times(self.slope),
        };
        Self { value, slope }
    }

    pub fn whole_power(self, n: i32) -> Self {
        let factor = self
            .value
            .whole_power(n - 1)
            .times(Interval::point(f64::from(n)));
        Self {
            value: self.value.whole_power(n),
            slope: factor.times(self.slope),
        }
    }

    pub fn square(self) -> Self {
        Self {
            value: self.value.square(),
            slope: self.value.plus(self.value).times(self.slope),
        }
    }

    /// A function of two numbers.
    pub fn with(self, function: Binary, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        match function {
            Binary::Add => Self {
                value: a.plus(b),
                slope: self.slope.plus(other.slope),
            },
            Binary::Sub => Self {
                value: a.minus(b),
                slope: self.slope.minus(other.slope),
            },
            Binary::Mul => Self {
                value: a.times(b),
                slope: self.slope.times(b).plus(a.times(other.slope)),
            },
            Binary::Div if b.holds(0.0) => Self {
                value: Interval::ANY,
                slope: Interval::ANY,
            },
            Binary::Div => {
                let value = a.over(b);
                Self {
                    value,
                    slope: self.slope.minus(value.times(other.slope)).over(b),
                }
            }
            Binary::Min | Binary::Max => self.bound(function, other),
            Binary::Mod => self.remainder(other),
            Binary::Hypot => {
                let root = a.square().plus(b.square()).monotone(f64::sqrt);
                let slope = a.times(self.slope).plus(b.times(other.slope));
                Self {
                    value: root,
                    slope: slope.over(root),
                }
            }
            Binary::Pow if a.low > 0.0 => {
                // a^b = exp(b log a)
                let exponent = self.through(Unary::Log).with(Binary::Mul, other);
                exponent.through(Unary::Exp)
            }
            Binary::Pow | Binary::Atan2 => Self {
                value: Interval::ANY,
                slope: Interval::ANY,
            },
        }
    }

    fn bound(self, function: Binary, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        let of = |x: f64, y: f64| function.of(x, y);
        let first = match function {
            Binary::Min => a.high < b.low,
            _ => a.low > b.high,
        };
        let second = match function {
            Binary::Min => b.high < a.low,
            _ => b.low > a.high,
        };
        Self {
            value: Interval::hull(of(a.low, b.low), of(a.high, b.high)),
            slope: match (first, second) {
                (true, _) => self.slope,
                (_, true) => other.slope,
                _ => self.slope.or(other.slope),
            },
        }
    }

    fn remainder(self, other: Self) -> Self {
        let (a, period) = (self.value, other.value);
        if !(period.is_point() && period.low > 0.0 && other.slope == Interval::ZERO) {
            return Self {
                value: Interval::ANY,
                slope: Interval::ANY,
            };
        }
        let p = period.low;
        match (a.low / p).floor() == (a.high / p).floor() {
            true => Self {
                value: a.monotone(|x| Binary::Mod.of(x, p)),
                slope: self.slope,
            },
            false => Self {
                value: Interval::hull(0.0, p),
                slope: Interval::ANY,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever comes out of a number of the interval must lie within the enclosure, and so must the difference quotients.
    #[test]
    fn enclosures_hold_all_values_and_slopes() {
        let unary = super::super::function::UNARY;
        for &(name, function) in unary {
            for (low, high) in [
                (0.1, 0.4),
                (-0.7, 0.6),
                (1.5, 4.9),
                (-3.0, -2.2),
                (0.0, 0.9),
            ] {
                let argument = Enclosure {
                    value: Interval { low, high },
                    slope: Interval::ONE,
                };
                let found = argument.through(function);
                let at = |k: usize| low + (high - low) * k as f64 / 200.0;
                for k in 0..200 {
                    let (a, b) = (function.of(at(k)), function.of(at(k + 1)));
                    if !(a.is_finite() && b.is_finite()) {
                        continue;
                    }
                    assert!(found.value.holds(a), "{name} {low} {high}: {a} {found:?}");
                    let slope = (b - a) / (at(k + 1) - at(k));
                    let room = 1e-9 * (1.0 + slope.abs());
                    let (least, most) = (found.slope.low - room, found.slope.high + room);
                    assert!(
                        least <= slope && slope <= most,
                        "{name} {low} {high}: {slope} {found:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn pairs_are_enclosed_as_well() {
        let binary = super::super::function::BINARY;
        for &(name, function) in binary {
            for (low, high) in [(0.1, 0.4), (-0.7, 0.6), (1.5, 4.9)] {
                let argument = Enclosure {
                    value: Interval { low, high },
                    slope: Interval::ONE,
                };
                for other in [0.7, 1.3] {
                    let found = argument.with(function, Enclosure::constant(other));
                    for k in 0..=200 {
                        let value = function.of(low + (high - low) * f64::from(k) / 200.0, other);
                        assert!(
                            value.is_nan() || found.value.holds(value),
                            "{name}: {value} {found:?}"
                        );
                    }
                }
            }
        }
    }
}
