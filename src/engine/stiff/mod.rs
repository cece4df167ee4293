//! Stiff flows: what the implicit schemes `bdf`, `esdirk34` and `tr-bdf2` share.
//!
//! Every step solves `d = c f(t, x + d) - psi` for the change d by a simplified Newton iteration (`newton`) with the
//! matrix `I - c J` (`matrix`), dense or sparse. J is the model's own, or found by finite differences, grouped by
//! columns that share no row where the matrix is sparse (`jacobian`). `diagonally_implicit` steps the two
//! Runge-Kutta schemes.

pub mod diagonally_implicit;
pub mod jacobian;
pub mod matrix;
pub mod newton;
