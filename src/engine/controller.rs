//! Step control: how long the next step is, given the error of the last.
//!
//! The PI controller of Gustafsson as in Hairer, Norsett, Wanner, *Solving Ordinary Differential
//! Equations I*, II.4 and the code DOPRI5: with `err` the weighted error of a step (1 = tolerance) and
//! q the order of the error estimate plus one,
//!
//! ```text
//! h_new = h * clamp(0.9 err^-(1/q - 0.75 beta) err_old^beta, 0.2, 10),     beta = 0.04
//! ```
//!
//! and no growth in the step after a rejection. The powers are taken as one exponential of logarithms, of which
//! the old one is kept: this is in the inner loop of small systems.

/// The memory of step control of one lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controller {
    exponent: f64,
    /// The logarithm of the last accepted error.
    previous: f64,
    rejected: bool,
    most: f64,
}

const BETA: f64 = 0.04;
const SAFETY: f64 = 0.9;
const SHRINK: f64 = 0.2;
const GROW: f64 = 10.0;
const GROW_NOISY: f64 = 1.2;
/// Errors below this are treated as this one, so that a lucky step does not rule the next.
const LEAST: f64 = 1e-4;
/// The logarithm of [`LEAST`].
const LEAST_LOG: f64 = -4.0 * std::f64::consts::LN_10;

impl Controller {
    /// A controller for an error estimate of this order.
    pub fn new(embedded_order: u32) -> Self {
        Self {
            exponent: 1.0 / (f64::from(embedded_order) + 1.0) - 0.75 * BETA,
            previous: LEAST_LOG,
            rejected: false,
            most: GROW,
        }
    }

    /// A controller for the error of a stochastic scheme, which goes with this power of the step and scatters: a lucky step must
    /// not be followed by a much longer one.
    pub fn noisy(power: f64) -> Self {
        Self {
            exponent: 1.0 / power - 0.75 * BETA,
            most: GROW_NOISY,
            ..Self::new(1)
        }
    }

    /// The factor for the next step after an accepted one with this error.
    pub fn accept(&mut self, error: f64) -> f64 {
        let log = error.max(1e-10).ln();
        let factor = SAFETY * (BETA * self.previous - self.exponent * log).exp();
        self.previous = if error > LEAST { log } else { LEAST_LOG };
        let most = if self.rejected { 1.0 } else { self.most };
        self.rejected = false;
        factor.clamp(SHRINK, most)
    }

    /// The factor for another try after a rejection with this error; NaN shrinks the most.
    pub fn reject(&mut self, error: f64) -> f64 {
        self.rejected = true;
        let factor = SAFETY / error.powf(self.exponent);
        if factor.is_finite() {
            factor.clamp(SHRINK, SAFETY)
        } else {
            SHRINK
        }
    }

    /// Forget the past: what comes is another smooth piece.
    pub fn reset(&mut self) {
        self.previous = LEAST_LOG;
        self.rejected = false;
    }

    /// The memory as numbers.
    pub fn save(&self) -> [f64; 2] {
        [self.previous, f64::from(u8::from(self.rejected))]
    }

    /// Take the memory back.
    pub fn restore(&mut self, memory: [f64; 2]) {
        self.previous = memory[0];
        self.rejected = memory[1] != 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_at_tolerance_keeps_the_step_and_a_small_one_grows_it() {
        let mut controller = Controller::new(4);
        let kept = controller.accept(0.5);
        assert!(kept < 1.1, "{kept}");
        assert!(controller.accept(1e-6) > 5.0);
        assert!(controller.reject(100.0) < 0.5);
        assert!(
            controller.accept(1e-6) <= 1.0,
            "no growth after a rejection"
        );
        assert_eq!(controller.reject(f64::NAN), SHRINK);
    }
}
