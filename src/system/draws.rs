//! Draws: random numbers that a model asks for at an instant, addressed and never consumed.

/// The uniform and normal numbers of one jump, or of one step of a map: functions of (seed, run, jump or step, draw).
/// Asking twice gives the same number; the uniform and the normal draw of one number are independent.
pub trait Draws {
    /// The `draw`-th uniform number in (0, 1).
    fn uniform(&self, draw: u64) -> f64;
    /// The `draw`-th standard normal number.
    fn normal(&self, draw: u64) -> f64;
}
