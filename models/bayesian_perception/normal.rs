//! The standard normal distribution, from the complementary error function, so that tails keep their digits.

use std::f64::consts::FRAC_1_SQRT_2;

/// `Phi(x)`, the probability that a standard normal number lies below x.
pub fn below(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    #[test]
    fn tails_keep_their_digits() {
        // 1 - Phi(10), to 16 digits.
        assert!((super::below(-10.0) / 7.619_853_024_160_527e-24 - 1.0).abs() < 1e-13);
        assert_eq!(super::below(0.0), 0.5);
        assert!((super::below(1.0) - 0.841_344_746_068_542_9).abs() < 1e-15);
    }
}
