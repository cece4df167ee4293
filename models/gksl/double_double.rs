//! Numbers of twice the digits: a sum of two, the second below the last digit of the first.
//!
//! Some 31 decimal digits, for generators whose rates span more than those of one number. Dekker, *Numer. Math.* 18 (1971) 224; Hida, Li,
//! Bailey, *Algorithms for quad-double precision floating point arithmetic*, ARITH-15 (2001).

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `high + low`
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Double {
    high: f64,
    low: f64,
}

impl Double {
    pub const ZERO: Self = Self {
        high: 0.0,
        low: 0.0,
    };

    pub fn from(value: f64) -> Self {
        Self {
            high: value,
            low: 0.0,
        }
    }

    /// The nearest number.
    pub fn value(self) -> f64 {
        self.high + self.low
    }

    pub fn abs(self) -> f64 {
        self.value().abs()
    }

    /// a + b and what rounding took off.
    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        let low = (a - (high - part)) + (b - part);
        Self { high, low }
    }

    /// As [`sum`](Self::sum), where |a| >= |b|.
    fn quick(a: f64, b: f64) -> Self {
        let high = a + b;
        Self {
            high,
            low: b - (high - a),
        }
    }

    /// a in two halves of its digits.
    fn halves(a: f64) -> (f64, f64) {
        const SPLIT: f64 = 134_217_729.0; // 2^27 + 1
        let scaled = SPLIT * a;
        let high = scaled - (scaled - a);
        (high, a - high)
    }

    /// a b and what rounding took off.
    fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        let ((ah, al), (bh, bl)) = (Self::halves(a), Self::halves(b));
        let low = ((ah * bh - high) + ah * bl + al * bh) + al * bl;
        Self { high, low }
    }
}

impl Add for Double {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        let sum = Self::sum(self.high, other.high);
        let rest = Self::sum(self.low, other.low);
        let sum = Self::quick(sum.high, sum.low + rest.high);
        Self::quick(sum.high, sum.low + rest.low)
    }
}

impl Neg for Double {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self {
            high: -self.high,
            low: -self.low,
        }
    }
}

impl Sub for Double {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Double {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        let product = Self::product(self.high, other.high);
        let cross = self.high * other.low + self.low * other.high;
        Self::quick(product.high, product.low + cross)
    }
}

impl Div for Double {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * Self::from(first);
        let second = rest.high / other.high;
        let rest = rest - other * Self::from(second);
        let third = rest.high / other.high;
        Self::quick(first, second) + Self::from(third)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_below_the_last_one_are_kept() {
        let one = Double::from(1.0);
        let tiny = Double::from(1e-25);
        assert_eq!((one + tiny - one).value(), 1e-25);
        let third = one / Double::from(3.0);
        let back = third * Double::from(3.0) - one;
        assert!(back.abs() < 1e-31, "{back:?}");
        let a = one + tiny;
        let square = a * a - one - tiny - tiny;
        assert!(square.abs() < 1e-31);
    }
}
