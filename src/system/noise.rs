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
    /// The channels' fields commute: `(grad b_j) b_k = (grad b_k) b_j`.
    Commutative,
    /// Anything else.
    General,
}

impl NoiseClass {
    /// All of them, the simplest first.
    pub const ALL: [NoiseClass; 4] = [
        NoiseClass::Additive,
        NoiseClass::Diagonal,
        NoiseClass::Commutative,
        NoiseClass::General,
    ];

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            NoiseClass::Additive => "additive",
            NoiseClass::Diagonal => "diagonal",
            NoiseClass::Commutative => "commutative",
            NoiseClass::General => "general",
        }
    }
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

impl std::fmt::Display for Calculus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Calculus::Ito => "Ito",
            Calculus::Stratonovich => "Stratonovich",
        })
    }
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
    /// Whether channel j acts on component j alone, so that [`diffusion`](Diffusion::diffusion) writes a diagonal, as
    /// long as the state; else it writes a matrix, row-major `[state, channel]`. Only additive and diagonal noise may. By default diagonal and additive noise
    /// with one channel for each of the `dim` components.
    fn is_diagonal(&self, dim: usize) -> bool {
        let class = matches!(self.class(), NoiseClass::Additive | NoiseClass::Diagonal);
        class && self.channels() == dim
    }
    /// Whether `b` is one and the same at all times and states: then it is evaluated once.
    fn is_constant(&self) -> bool {
        false
    }
    /// Write `b(t, x)` into `b`.
    fn diffusion(&self, t: f64, x: &[f64], b: &mut [f64]);
    /// Write `sum_j (db_j / dx) b_j`, by which the Ito and the Stratonovich drift differ twice, into `c`. `false` if the
    /// model does not state it: then it is found by central differences along the `b_j`.
    fn correction(&self, t: f64, x: &[f64], c: &mut [f64]) -> bool {
        let _ = (t, x, c);
        false
    }
}
