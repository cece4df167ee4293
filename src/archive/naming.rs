//! Names in the file: what is called what when two things would be called the same.
//!
//! * A data set of a record group keeps its variable's name unless that is taken: then
//!   `<group>_<variable>`.
//! * Two variables whose axes have one name but not one meaning (another size, other labels) do not
//!   share a dimension: the second one's is called `<axis>_<variable>`.
//! * An axis that a variable has twice, or whose name a data set has, gets underscores at its end.
//!   (CF forbids a repeated dimension; models call such pairs `level`, `level_` themselves.)

use std::collections::BTreeSet;

use super::contents::{Dimension, Extent, Scale};
use super::per_run;
use super::run_dims::RunDims;
use crate::config::experiment::{Experiment, RESERVED_NAMES};
use crate::system::layout::Axis;

/// The names at the root that data sets have or will have.
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// Names that variables may yet take: no axis takes them.
    wanted: BTreeSet<String>,
}

impl Names {
    /// The names that the contract and the records of the experiment take.
    pub(super) fn of(experiment: &Experiment, runs: &RunDims) -> Self {
        let record = &experiment.record;
        let fixed = RESERVED_NAMES.iter().map(|name| name.to_string());
        let per_run = per_run::CARDS.iter().map(|card| card.path.to_string());
        let groups = record.groups.iter();
        let taken = fixed
            .chain(per_run)
            .chain(groups.map(|group| format!("time_{}", group.name)))
            .chain(runs.dims.iter().map(|dim| dim.name.clone()))
            .chain(runs.coordinates.iter().map(|one| one.name.clone()))
            .collect();
        let mut wanted = BTreeSet::new();
        for variable in record.variables.iter().chain(&record.observables) {
            wanted.insert(variable.clone());
            for summary in &record.summaries {
                wanted.insert(format!("{variable}_{}", summary.suffix));
            }
        }
        for group in &record.groups {
            for variable in group.variables.iter().chain(&group.observables) {
                wanted.insert(variable.clone());
                wanted.insert(format!("{}_{variable}", group.name));
            }
        }
        Self { taken, wanted }
    }

    /// Whether an axis may have the name.
    fn free_for_axis(&self, name: &str) -> bool {
        !self.taken.contains(name) && !self.wanted.contains(name)
    }

    /// The name of the data set of a variable, of the default record or of a group.
    pub(super) fn variable(&mut self, group: Option<&str>, name: &str) -> String {
        let mut chosen = name.to_string();
        if self.taken.contains(&chosen) {
            chosen = format!("{}_{name}", group.unwrap_or("state"));
        }
        while !self.taken.insert(chosen.clone()) {
            chosen.push('_');
        }
        chosen
    }
}

/// The dimensions found so far.
#[derive(Default)]
pub(super) struct Components {
    dimensions: Vec<Dimension>,
}

impl Components {
    /// Add a dimension, and give back its index.
    pub(super) fn push(&mut self, dimension: Dimension) -> usize {
        self.dimensions.push(dimension);
        self.dimensions.len() - 1
    }

    /// The dimensions of a variable with these axes, each with the coordinate of its first position.
    pub(super) fn dims(
        &mut self,
        variable: &str,
        axes: &[(Axis, usize)],
        names: &Names,
    ) -> Vec<usize> {
        let mut dims: Vec<usize> = Vec::with_capacity(axes.len());
        for (axis, first) in axes {
            let dim = self.dim(variable, axis, *first, &dims, names);
            dims.push(dim);
        }
        dims
    }

    fn dim(
        &mut self,
        variable: &str,
        axis: &Axis,
        first: usize,
        used: &[usize],
        names: &Names,
    ) -> usize {
        let wanted = dimension(axis, first);
        let mut name = axis.name.clone();
        let mut specific = false;
        loop {
            let free = names.free_for_axis(&name);
            match self.dimensions.iter().position(|other| other.name == name) {
                None if free => {
                    return self.push(Dimension { name, ..wanted });
                }
                Some(index) if free && !used.contains(&index) => {
                    let other = &self.dimensions[index];
                    if (other.extent, &other.scale) == (wanted.extent, &wanted.scale) {
                        return index;
                    }
                    if specific {
                        name.push('_');
                    } else {
                        name = format!("{}_{variable}", axis.name);
                        specific = true;
                    }
                }
                _ => name.push('_'),
            }
        }
    }

    /// The dimension of that name.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.dimensions.iter().position(|dim| dim.name == name)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.dimensions.len()
    }

    pub(super) fn into_dimensions(self) -> Vec<Dimension> {
        self.dimensions
    }
}

/// The dimension of an axis.
fn dimension(axis: &Axis, first: usize) -> Dimension {
    let scale = if axis.labels.is_empty() {
        Scale::Index { first }
    } else {
        Scale::Labels(axis.labels.clone())
    };
    Dimension {
        name: axis.name.clone(),
        extent: Extent::Fixed(axis.size),
        scale,
        unit: "1".into(),
        long_name: axis.name.trim_end_matches('_').replace('_', " "),
    }
}
