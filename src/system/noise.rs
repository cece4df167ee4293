//! Noise: the diffusion of a stochastic flow `dx = f dt + sum_j b_j(t, x) dW_j` with m channels.
//!
//! The model states `b`; the engine owns the increments, which are addressed (a pure function of
//! seed, run key, channel and time cell), never consumed.

/// The structure of the diffusion, which decides what schemes apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseClass {
    /// `b` does not depend on the state.
    Additive,
    /// Channel j acts on component j alone, by a function of `x_j`.
    Diagonal,
    /// The channels' fields commute.
    Commutative,
    /// Anything else.
    General,
}

/// Which stochastic integral the equations are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Calculus {
    /// Ito, the default.
    #[default]
    Ito,
    /// Stratonovich.
    Stratonovich,
}

/// The diffusion coefficients.
pub trait Diffusion: Send + Sync {
    /// The number m of independent Wiener channels.
    fn channels(&self) -> usize;
    /// The structure.
    fn class(&self) -> NoiseClass;
    /// The calculus.
    fn calculus(&self) -> Calculus {
        Calculus::Ito
    }
    /// Write `b(t, x)` into `b`: the diagonal (length of the state) for diagonal noise and for
    /// additive noise with one channel per component; otherwise row-major `[state, channel]`.
    fn diffusion(&self, t: f64, x: &[f64], b: &mut [f64]);
}
