//! WHAT IS ASKED of a system besides its trajectory, one question per file.

pub mod convergence;
