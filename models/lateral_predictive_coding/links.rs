//! Which lateral links a network may have: all of them, or those of modules and hubs.
//!
//! `modules = 2` cuts the units into two blocks of equal size, in their order; `modules = [[0, 1, 2], [3, 4]]` says which unit is in which block,
//! and a unit in several blocks links them. `hub = [0]` lets a unit keep its whole row and column.

use crate::prelude::*;

/// The allowed links (i, j), i != j, row by row: j predicts i.
#[derive(Clone, Debug, PartialEq)]
pub struct Links {
    /// N.
    pub units: usize,
    /// The pairs.
    pub pairs: Vec<(usize, usize)>,
}

impl Links {
    /// Every pair.
    pub fn all(units: usize) -> Self {
        Self::of(units, |_, _| true)
    }

    fn of(units: usize, allowed: impl Fn(usize, usize) -> bool) -> Self {
        let pairs = (0..units).flat_map(|i| (0..units).map(move |j| (i, j)));
        Self {
            units,
            pairs: pairs.filter(|&(i, j)| i != j && allowed(i, j)).collect(),
        }
    }

    /// What the parameters allow.
    ///
    /// # Errors
    /// If a unit does not exist, or the modules do not cut the units evenly.
    pub fn new(parameters: &Parameters, units: usize) -> Result<Self, BuildError> {
        let modules = match parameters.tree("modules") {
            None => None,
            Some(tree) => Some(modules(tree, units)?),
        };
        let hubs = match parameters.tree("hub") {
            None => Vec::new(),
            Some(tree) => list(tree, "hub", units)?,
        };
        let Some(modules) = modules else {
            if let Some(tree) = parameters.tree("hub") {
                let message = "a `hub` has no meaning where all links are allowed";
                return Err(BuildError::about("hub", message)
                    .at(tree.span, "without `modules`")
                    .help("give `modules`, or leave it out"));
            }
            return Ok(Self::all(units));
        };
        let together = |i, j| {
            modules
                .iter()
                .any(|one| one.contains(&i) && one.contains(&j))
        };
        Ok(Self::of(units, |i, j| {
            together(i, j) || hubs.contains(&i) || hubs.contains(&j)
        }))
    }

    /// Whether a link is allowed.
    pub fn allows(&self, i: usize, j: usize) -> bool {
        self.pairs.binary_search(&(i, j)).is_ok()
    }
}

fn modules(tree: &Tree, units: usize) -> Result<Vec<Vec<usize>>, BuildError> {
    if let Node::Integer(count) = tree.node {
        let count = usize::try_from(count).ok().filter(|&count| count > 0);
        let Some(count) = count.filter(|count| units.is_multiple_of(*count)) else {
            let message =
                format!("{units} units cannot be cut into modules of equal size like this");
            return Err(BuildError::about("modules", message)
                .at(tree.span, "not a divisor")
                .help("give a divisor of the number of units, or say which units are together: [[0, 1], [2, 3, 4]]"));
        };
        let size = units / count;
        return Ok((0..count)
            .map(|k| (k * size..(k + 1) * size).collect())
            .collect());
    }
    let Some(blocks) = tree.as_array() else {
        return Err(BuildError::about(
            "modules",
            "`modules` must be a number, or a list of lists of units",
        )
        .at(tree.span, "neither of them"));
    };
    blocks
        .iter()
        .map(|block| list(block, "modules", units))
        .collect()
}

fn list(tree: &Tree, name: &str, units: usize) -> Result<Vec<usize>, BuildError> {
    let Some(entries) = tree.as_array() else {
        let message = format!("`{name}` must be a list of units");
        return Err(BuildError::about(name, message).at(tree.span, "no list"));
    };
    entries
        .iter()
        .map(|entry| match entry.node {
            Node::Integer(unit) if (0..units as i64).contains(&unit) => Ok(unit as usize),
            _ => {
                let message = format!("`{name}` names a unit that there is not");
                Err(BuildError::about(name, message)
                    .at(entry.span, "no such unit")
                    .help(format!("units are counted from 0 to {}", units - 1)))
            }
        })
        .collect()
}
