//! WHAT IS ASKED of a system besides its trajectory, one question per file.
//!
//! An analysis that every system allows is a file here and a line in [`ALL`]; its table in the
//! experiment file, its messages, its schema and its place in the archive follow from its declarations.

mod classes;
pub mod convergence;
pub mod equilibria;
pub mod fit;
pub mod minimise;
mod newton;
pub mod optimise;
mod starts;

pub use crate::system::analysis::{Analysis, AnalysisError, Data, Findings, Found, Subject};

/// The analyses of every family, in the order in which they are listed.
pub const ALL: &[&dyn Analysis] = &[&equilibria::AllEquilibria];
