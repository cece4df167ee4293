//! The functions of the language: names, values and derivatives, one row each.
//!
//! ```text
//! sign(0) = 0, heaviside(0) = 1, relu(x) = max(x, 0), clip(x, a, b) = min(max(x, a), b)
//! mod(a, b) = a - b floor(a / b): the sign of b, so that mod(-1, n) = n - 1
//! exprel(x) = (exp(x) - 1) / x, 1 at 0; sigmoid(x) = 1 / (1 + exp(-x))
//! ```

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    Neg,
    Exp,
    Expm1,
    Exprel,
    /// The derivative of `exprel`.
    ExprelSlope,
    Log,
    Log1p,
    Log10,
    Log2,
    Sqrt,
    Cbrt,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Sigmoid,
    Erf,
    Erfc,
    Abs,
    Sign,
    Heaviside,
    Relu,
    Floor,
    Ceil,
    Round,
}

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Min,
    Max,
    Mod,
    Atan2,
    Hypot,
}

/// How a function behaves where its argument changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    Smooth,
    Kinked,
    Jumping,
}

/// What can be called with one argument.
pub const UNARY: &[(&str, Unary)] = &[
    ("exp", Unary::Exp),
    ("expm1", Unary::Expm1),
    ("exprel", Unary::Exprel),
    ("log", Unary::Log),
    ("ln", Unary::Log),
    ("log1p", Unary::Log1p),
    ("log10", Unary::Log10),
    ("log2", Unary::Log2),
    ("sqrt", Unary::Sqrt),
    ("cbrt", Unary::Cbrt),
    ("sin", Unary::Sin),
    ("cos", Unary::Cos),
    ("tan", Unary::Tan),
    ("asin", Unary::Asin),
    ("acos", Unary::Acos),
    ("atan", Unary::Atan),
    ("sinh", Unary::Sinh),
    ("cosh", Unary::Cosh),
    ("tanh", Unary::Tanh),
    ("asinh", Unary::Asinh),
    ("acosh", Unary::Acosh),
    ("atanh", Unary::Atanh),
    ("sigmoid", Unary::Sigmoid),
    ("erf", Unary::Erf),
    ("erfc", Unary::Erfc),
    ("abs", Unary::Abs),
    ("sign", Unary::Sign),
    ("heaviside", Unary::Heaviside),
    ("relu", Unary::Relu),
    ("floor", Unary::Floor),
    ("ceil", Unary::Ceil),
    ("round", Unary::Round),
];

/// What can be called with two arguments; `min` and `max` take more.
pub const BINARY: &[(&str, Binary)] = &[
    ("pow", Binary::Pow),
    ("min", Binary::Min),
    ("max", Binary::Max),
    ("mod", Binary::Mod),
    ("atan2", Binary::Atan2),
    ("hypot", Binary::Hypot),
];

/// What has rules of its own: `clip(x, low, high)`, `sum(j, expression)`, `size(vector)`.
pub const SPECIAL: &[&str] = &["clip", "sum", "size"];

/// All names that can be called.
pub fn names() -> Vec<&'static str> {
    let unary = UNARY.iter().map(|(name, _)| *name);
    let binary = BINARY.iter().map(|(name, _)| *name);
    unary.chain(binary).chain(SPECIAL.iter().copied()).collect()
}

impl Unary {
    /// The value.
    #[inline]
    pub fn of(self, x: f64) -> f64 {
        match self {
            Unary::Neg => -x,
            Unary::Exp => x.exp(),
            Unary::Expm1 => x.exp_m1(),
            Unary::Exprel => exprel(x),
            Unary::ExprelSlope => exprel_slope(x),
            Unary::Log => x.ln(),
            Unary::Log1p => x.ln_1p(),
            Unary::Log10 => x.log10(),
            Unary::Log2 => x.log2(),
            Unary::Sqrt => x.sqrt(),
            Unary::Cbrt => x.cbrt(),
            Unary::Sin => x.sin(),
            Unary::Cos => x.cos(),
            Unary::Tan => x.tan(),
            Unary::Asin => x.asin(),
            Unary::Acos => x.acos(),
            Unary::Atan => x.atan(),
            Unary::Sinh => x.sinh(),
            Unary::Cosh => x.cosh(),
            Unary::Tanh => x.tanh(),
            Unary::Asinh => x.asinh(),
            Unary::Acosh => x.acosh(),
            Unary::Atanh => x.atanh(),
            Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Unary::Erf => libm::erf(x),
            Unary::Erfc => libm::erfc(x),
            Unary::Abs => x.abs(),
            Unary::Sign if x == 0.0 => 0.0,
            Unary::Sign => x.signum(),
            Unary::Heaviside if x.is_nan() => x,
            Unary::Heaviside => f64::from(u8::from(x >= 0.0)),
            // Not `max`, which hides NaN.
            Unary::Relu if x < 0.0 => 0.0,
            Unary::Relu => x,
            Unary::Floor => x.floor(),
            Unary::Ceil => x.ceil(),
            Unary::Round => x.round(),
        }
    }

    /// How it behaves.
    pub fn course(self) -> Course {
        match self {
            Unary::Abs | Unary::Relu => Course::Kinked,
            Unary::Sign | Unary::Heaviside | Unary::Floor | Unary::Ceil | Unary::Round => {
                Course::Jumping
            }
            _ => Course::Smooth,
        }
    }
}

impl Binary {
    /// The value.
    #[inline]
    pub fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
            Binary::Pow => a.powf(b),
            // A comparison with NaN is false, and the sum is then NaN.
            Binary::Min if a <= b => a,
            Binary::Min if b < a => b,
            Binary::Max if a >= b => a,
            Binary::Max if b > a => b,
            Binary::Min | Binary::Max => a + b,
            Binary::Mod => a - b * (a / b).floor(),
            Binary::Atan2 => a.atan2(b),
            Binary::Hypot => a.hypot(b),
        }
    }

    /// How it behaves.
    pub fn course(self) -> Course {
        match self {
            Binary::Min | Binary::Max => Course::Kinked,
            Binary::Mod => Course::Jumping,
            _ => Course::Smooth,
        }
    }
}

/// (exp(x) - 1) / x
fn exprel(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x.exp_m1() / x }
}

/// d/dx exprel = (exp(x) - exprel(x)) / x, by its series where that cancels: sum_k x^k / (k! (k + 2)).
fn exprel_slope(x: f64) -> f64 {
    if x.abs() > 0.5 {
        return (x.exp() - exprel(x)) / x;
    }
    let (mut term, mut sum) = (1.0, 0.5);
    for k in 1..16 {
        term *= x / f64::from(k);
        sum += term / f64::from(k + 2);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_values_are_those_of_the_definitions() {
        let mut all = names();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(Binary::Mod.of(-1.0, 5.0), 4.0);
        assert_eq!(Binary::Mod.of(5.5, 5.0), 0.5);
        assert_eq!(Unary::Heaviside.of(0.0), 1.0);
        assert_eq!(Unary::Sign.of(-0.0), 0.0);
        assert_eq!(Unary::Relu.of(-2.0), 0.0);
        assert!(Unary::Relu.of(f64::NAN).is_nan() && Binary::Min.of(f64::NAN, 1.0).is_nan());
        assert!(Binary::Max.of(1.0, f64::NAN).is_nan() && Unary::Heaviside.of(f64::NAN).is_nan());
    }

    #[test]
    fn exprel_has_no_hole_at_zero() {
        assert_eq!(Unary::Exprel.of(0.0), 1.0);
        // (e - 1) / 1, and its slope e - (e - 1) = 1.
        assert!((Unary::Exprel.of(1.0) - 1.718_281_828_459_045).abs() < 1e-15);
        assert!((Unary::ExprelSlope.of(1.0) - 1.0).abs() < 1e-15);
        assert_eq!(Unary::ExprelSlope.of(0.0), 0.5);
        let (below, above) = (0.5_f64, 0.500_000_000_000_1);
        let jump = Unary::ExprelSlope.of(below) - Unary::ExprelSlope.of(above);
        assert!(jump.abs() < 1e-12);
    }
}
