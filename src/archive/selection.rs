//! Selections: which components of a variable a record group keeps, and what becomes of its axes.
//!
//! One position along an axis: the axis is gone, and the attribute `selected` says which it was. A
//! range: the axis is called `<axis>_<group>` and keeps the coordinates it had.

use crate::config::experiment::{Group, Selection};
use crate::system::layout::{Axis, Variable};

/// What a selection keeps of a variable.
pub(super) struct Kept {
    /// The axes that remain, each with the coordinate of its first position.
    pub axes: Vec<(Axis, usize)>,
    /// The components that remain, if not all.
    pub indices: Option<Vec<usize>>,
    /// What became of the axes that are gone.
    pub attributes: Vec<(String, String)>,
}

impl Kept {
    pub(super) fn all(variable: &Variable) -> Self {
        Self {
            axes: variable.axes.iter().map(|a| (a.clone(), 0)).collect(),
            indices: None,
            attributes: Vec::new(),
        }
    }

    pub(super) fn new(variable: &Variable, group: &Group) -> Result<Self, String> {
        let mut kept = Self::all(variable);
        if group.select.is_empty() {
            return Ok(kept);
        }
        kept.axes.clear();
        let mut indices = vec![0_usize];
        for axis in &variable.axes {
            let chosen = group.select.iter().find(|(name, _)| *name == axis.name);
            let range = match chosen.map(|(_, selection)| selection) {
                None => 0..axis.size,
                Some(&Selection::One(position)) => position..position.saturating_add(1),
                Some(&Selection::Range(first, last)) => first..last.saturating_add(1),
            };
            if range.is_empty() || range.end > axis.size {
                return Err(format!(
                    "positions {} to {} of `{}`, which has {}",
                    range.start,
                    range.end - 1,
                    axis.name,
                    axis.size
                ));
            }
            indices = indices
                .iter()
                .flat_map(|&index| range.clone().map(move |i| index * axis.size + i))
                .collect();
            if matches!(chosen, Some((_, Selection::One(_)))) {
                let label = axis.labels.get(range.start);
                let place = label.map_or_else(|| range.start.to_string(), String::clone);
                kept.attributes
                    .push(("selected".into(), format!("{} = {place}", axis.name)));
                continue;
            }
            let mut axis = axis.clone();
            if range.len() < axis.size {
                axis.name = format!("{}_{}", axis.name, group.name);
                axis.size = range.len();
                axis.labels = axis.labels.get(range.clone()).unwrap_or(&[]).to_vec();
            }
            kept.axes.push((axis, range.start));
        }
        kept.indices = Some(indices);
        Ok(kept)
    }
}
