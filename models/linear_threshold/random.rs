//! Random weight matrices: the family's own generators for `weights = { random = "...", ... }`.

use crate::prelude::*;

/// The generators of `weights`.
pub const GENERATORS: &[Generator] = &[];
