//! Run dims: how the runs of a plan lie along the first dimensions of every data set.
//!
//! ```text
//! one run                     none
//! grid                        a dimension per axis, then `member`
//! zip, random, sobol          `sample`, with the axes as coordinates on it, then `member`
//! a shard of any of these     `run`, with the axes and the member as coordinates on it
//! ```
//!
//! A run's *slot* is its place in C order over these dimensions. Statistics over the members lie along
//! all of them but `member`; a shard has none.

use crate::config::axis::{Axis, Mode, Values};
use crate::plan::tasks::Tasks;
use crate::plan::{Plan, Shard};

/// The run dims of an archive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunDims {
    /// The dimensions, outermost first.
    pub dims: Vec<RunDim>,
    /// Coordinates that are not the scale of a dimension.
    pub coordinates: Vec<RunCoordinate>,
    /// How many of the dimensions are left when the members are gone.
    pub points: usize,
}

/// One of the dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDim {
    /// Its name.
    pub name: String,
    /// How long it is.
    pub length: usize,
    /// What stands along it.
    pub along: Along,
}

/// A coordinate on one of the dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCoordinate {
    /// Its name.
    pub name: String,
    /// The dimension, by its place.
    pub dim: usize,
    /// What it tells.
    pub along: Along,
}

/// What stands along a dimension of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// The values of this axis.
    Axis(usize),
    /// The samples, from 0.
    Sample,
    /// The members, from 0.
    Member,
    /// The indices of runs in the whole plan.
    Run,
}

impl RunDims {
    /// The run dims of a plan, or of a shard of it. `members` says whether there is an ensemble.
    pub fn new(plan: &Plan, members: bool, tasks: &Tasks, shard: Shard) -> Self {
        let mut run_dims = Self::default();
        let axes = plan.axes().iter().enumerate();
        let on = |dim: usize| {
            move |(number, axis): (usize, &Axis)| RunCoordinate {
                name: axis.name.clone(),
                dim,
                along: Along::Axis(number),
            }
        };
        let dim = |name: &str, length: u64, along: Along| RunDim {
            name: name.into(),
            length: usize::try_from(length).unwrap_or(usize::MAX),
            along,
        };
        if !shard.is_all() {
            run_dims.dims.push(dim("run", tasks.runs(), Along::Run));
            run_dims.coordinates.extend(axes.map(on(0)));
            if members {
                run_dims.coordinates.push(RunCoordinate {
                    name: "member".into(),
                    dim: 0,
                    along: Along::Member,
                });
            }
            run_dims.points = 1;
            return run_dims;
        }
        match plan.mode() {
            None => {}
            Some(Mode::Grid) => run_dims.dims.extend(
                axes.map(|(number, axis)| dim(&axis.name, axis.len() as u64, Along::Axis(number))),
            ),
            Some(_) => {
                run_dims
                    .dims
                    .push(dim("sample", plan.points(), Along::Sample));
                run_dims.coordinates.extend(axes.map(on(0)));
            }
        }
        run_dims.points = run_dims.dims.len();
        if members {
            run_dims
                .dims
                .push(dim("member", plan.members(), Along::Member));
        }
        run_dims
    }

    /// The number of runs.
    pub fn slots(&self) -> u64 {
        self.dims.iter().map(|dim| dim.length as u64).product()
    }

    /// The `coordinates` attribute (CF) of a data set along these dimensions, if it needs one.
    pub fn auxiliary(&self) -> String {
        let names: Vec<&str> = self
            .coordinates
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        names.join(" ")
    }
}

/// What kind of coordinate the values of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisKind {
    /// Numbers.
    Numbers,
    /// Texts and truth values.
    Labels,
    /// Whole arrays and tables: counted from 0, with the values in `<axis>_value`.
    Counted,
}

impl AxisKind {
    /// The kind of an axis.
    pub fn of(axis: &Axis) -> Self {
        use crate::system::tree::Node;
        if axis.is_numeric() {
            return AxisKind::Numbers;
        }
        let Values::List(items) = &axis.values else {
            return AxisKind::Numbers;
        };
        let label = |node: &Node| matches!(node, Node::Text(_) | Node::Boolean(_));
        match items.iter().all(|item| label(&item.tree.node)) {
            true => AxisKind::Labels,
            false => AxisKind::Counted,
        }
    }
}
