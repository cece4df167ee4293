//! Addressed noise: every random number of a run is a function of its address, none is consumed.

pub mod normal;
pub mod philox;
