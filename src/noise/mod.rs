//! Addressed noise: every random number of a run is a function of its address, none is consumed.
//!
//! ```text
//! a Wiener increment    (run's key, channel, cell)
//! a jump's draw         (run's key, number of the jump, draw)
//! a map's draw          (run's key, number of the step, draw)
//! ```
//!
//! `philox` turns a counter and a key into words, `normal` words into normal numbers, `path` those into the Brownian path
//! of a run, and `bridge` looks inside its cells. Neither threads nor the order of runs, rejected steps or a resumed run
//! can change a number, because there is no generator whose state they could disturb.

pub mod bridge;
pub mod draws;
pub mod key;
pub mod normal;
pub mod path;
pub mod philox;
