//! Axes in the file: the coordinates of runs.
//!
//! ```text
//! /<axis>         numbers, labels, or positions from 0 where the values are whole arrays or tables
//! /<axis>_value   those arrays [<axis>, ...], or their text as TOML
//! /sample, /member, /run
//! ```
//!
//! Each axis has the attribute `path`, its place in the experiment file.

use hdf5::{Dataset, Group, H5Type, Result};

use super::run_dims::{Along, AxisKind, RunDims};
use super::skeleton::About;
use super::{scale, text};
use crate::config::axis::{Axis, Mode, Value, Values};
use crate::config::experiment::Experiment;
use crate::plan::tasks::Tasks;
use crate::plan::{Plan, Shard};
use crate::system::parameters::Array;

/// What the coordinates are made from.
#[derive(Clone, Copy)]
pub(super) struct Placement<'a> {
    pub experiment: &'a Experiment,
    pub plan: &'a Plan,
    pub tasks: &'a Tasks,
    pub shard: Shard,
    pub runs: &'a RunDims,
    /// The arrays of axes that count whole arrays, by axis.
    pub arrays: &'a [Option<Array>],
}

impl<'a> From<About<'a>> for Placement<'a> {
    fn from(about: About<'a>) -> Self {
        Self {
            experiment: about.experiment,
            plan: about.plan,
            tasks: about.tasks,
            shard: about.shard,
            runs: &about.contents.runs,
            arrays: about.arrays,
        }
    }
}

/// So many coordinates are held at once.
const PIECE: usize = 1 << 16;

/// The data set of what stands along a dimension of runs.
pub(super) fn coordinate(
    file: &Group,
    name: &str,
    along: Along,
    length: usize,
    about: Placement<'_>,
) -> Result<Dataset> {
    let made = match along {
        Along::Axis(number) => {
            let axis = &about.plan.axes()[number];
            let on_dim = about.runs.coordinates.iter().all(|one| one.name != name);
            let value = |place: usize| match on_dim {
                true => axis.at(place),
                false => value_of(about, number, place),
            };
            match AxisKind::of(axis) {
                AxisKind::Numbers => pieces(file, name, length, |place| number_of(value(place)))?,
                AxisKind::Labels => pieces(file, name, length, |place| {
                    let tree = axis.tree(value(place));
                    let label = tree.as_text().map(String::from);
                    text::unicode(&label.unwrap_or_else(|| axis.text(value(place))))
                })?,
                AxisKind::Counted => pieces(file, name, length, |place| match value(place) {
                    Value::Item(item) => item as i64,
                    Value::Number(_) => place as i64,
                })?,
            }
        }
        Along::Sample => pieces(file, name, length, |place| place as i64)?,
        Along::Member => pieces(file, name, length, |place| match about.shard.is_all() {
            true => place as i64,
            false => (run_of(about, place) % about.plan.members()) as i64,
        })?,
        Along::Run => pieces(file, name, length, |place| run_of(about, place) as i64)?,
    };
    let (long_name, units) = match along {
        Along::Axis(number) => described(about, &about.plan.axes()[number]),
        Along::Sample => ("sample of the sweep".into(), "1".into()),
        Along::Member => ("member of the ensemble".into(), "1".into()),
        Along::Run => ("index of the run in the whole plan".into(), "1".into()),
    };
    text::attribute(&made, "long_name", &long_name)?;
    text::attribute(&made, "units", &units)?;
    if let Along::Axis(number) = along {
        text::attribute(&made, "path", &about.plan.axes()[number].path)?;
    }
    Ok(made)
}

/// The coordinates that are no scales, and the values of axes that only count them.
pub(super) fn others(file: &Group, about: Placement<'_>, scales: &[Dataset]) -> Result<()> {
    let runs = about.runs;
    for one in &runs.coordinates {
        let length = runs.dims[one.dim].length;
        let made = coordinate(file, &one.name, one.along, length, about)?;
        scale::attach(&made, &scales[one.dim], 0)?;
    }
    for (number, axis) in about.plan.axes().iter().enumerate() {
        if AxisKind::of(axis) == AxisKind::Counted {
            values(file, about, number, scales)?;
        }
    }
    Ok(())
}

/// The swept parameters, `/parameters/<name> [<axis>]`, and the coordinates of the dimensions of runs in the groups that use them:
/// the dimensions of a file are those of its groups, its coordinates are not.
pub(super) fn in_groups(
    file: &Group,
    about: Placement<'_>,
    scales: &[Dataset],
    groups: &[&str],
) -> Result<()> {
    let parameters = file.group("parameters")?;
    for (number, axis) in about.plan.axes().iter().enumerate() {
        let Some(path) = axis.path.strip_prefix("model.") else {
            continue;
        };
        let path = path.strip_suffix(".value").unwrap_or(path);
        let name = path.strip_prefix("parameters.").unwrap_or(path);
        let name = name.replace(['.', '/'], "_");
        if name.contains('[') || parameters.link_exists(&name) {
            continue;
        }
        swept_parameter(&parameters, &name, number, about, scales)?;
    }
    for group in groups {
        let group = file.group(group)?;
        for (dim, scale) in about.runs.dims.iter().zip(scales) {
            copy(&group, &dim.name, dim.along, dim.length, about, scale)?;
        }
        for one in &about.runs.coordinates {
            let (length, scale) = (about.runs.dims[one.dim].length, &scales[one.dim]);
            copy(&group, &one.name, one.along, length, about, scale)?;
        }
    }
    Ok(())
}

/// The coordinate of this name in a group, unless something else has the name.
fn copy(
    group: &Group,
    name: &str,
    along: Along,
    length: usize,
    about: Placement<'_>,
    scale: &Dataset,
) -> Result<()> {
    if group.link_exists(name) {
        return Ok(());
    }
    let made = coordinate(group, name, along, length, about)?;
    scale::attach(&made, scale, 0)
}

/// `/parameters/<name>`: the values of an axis over a parameter, along the dimension that the axis lies on.
fn swept_parameter(
    group: &Group,
    name: &str,
    number: usize,
    about: Placement<'_>,
    scales: &[Dataset],
) -> Result<()> {
    let along = Along::Axis(number);
    let own = about.runs.dims.iter().position(|dim| dim.along == along);
    let shared = about.runs.coordinates.iter().find(|one| one.along == along);
    let Some(dim) = own.or(shared.map(|one| one.dim)) else {
        return Ok(());
    };
    let axis = &about.plan.axes()[number];
    let length = about.runs.dims[dim].length;
    // Whole arrays are counted: those of a list stand in /<axis>_value.
    let made = coordinate(group, name, along, length, about)?;
    if AxisKind::of(axis) == AxisKind::Counted {
        text::attribute(&made, "values", &format!("/{}_value", axis.name))?;
    }
    scale::attach(&made, &scales[dim], 0)
}

/// `/<axis>_value`.
fn values(file: &Group, about: Placement<'_>, number: usize, scales: &[Dataset]) -> Result<()> {
    let axis = &about.plan.axes()[number];
    let Values::List(items) = &axis.values else {
        return Ok(());
    };
    let name = format!("{}_value", axis.name);
    // Along a sweep's own dimension if the axis has one, else along its list.
    let dims = about.runs.dims.iter();
    // In a zip the list is the samples.
    let zip = about.plan.mode() == Some(Mode::Zip);
    let own = dims
        .into_iter()
        .position(|dim| dim.along == Along::Axis(number) || zip && dim.along == Along::Sample);
    let along = match own {
        Some(place) => scales[place].clone(),
        None => {
            let name = format!("{}_item", axis.name);
            let made = pieces(file, &name, items.len(), |place| place as i64)?;
            text::attribute(
                &made,
                "long_name",
                &format!("place in the list of {}", axis.path),
            )?;
            text::attribute(&made, "units", "1")?;
            scale::make(&made, &name)?;
            made
        }
    };
    let (long_name, units) = described(about, axis);
    let made = match &about.arrays[number] {
        Some(array) => {
            let made = file
                .new_dataset::<f64>()
                .shape(array.shape.as_slice())
                .create(name.as_str())?;
            made.write_raw(&array.data)?;
            for (place, &size) in array.shape.iter().enumerate().skip(1) {
                let name = format!("{}_{}", axis.name, ["row", "column"][(place - 1).min(1)]);
                let index = pieces(file, &name, size, |place| place as i64)?;
                text::attribute(&index, "long_name", "position in the array")?;
                text::attribute(&index, "units", "1")?;
                scale::make(&index, &name)?;
                scale::attach(&made, &index, place)?;
            }
            made
        }
        None => pieces(file, &name, items.len(), |place| {
            text::unicode(&axis.text(Value::Item(place)))
        })?,
    };
    scale::attach(&made, &along, 0)?;
    text::attribute(&made, "long_name", &long_name)?;
    text::attribute(&made, "units", &units)
}

/// The index of the run in a slot of a shard.
fn run_of(about: Placement<'_>, slot: usize) -> u64 {
    about.plan.executed(about.tasks.position(slot as u64))
}

/// The value of an axis for the sample or the run at this place.
fn value_of(about: Placement<'_>, axis: usize, place: usize) -> Value {
    let point = match about.shard.is_all() {
        true => place as u64,
        false => run_of(about, place) / about.plan.members(),
    };
    about.plan.values(point)[axis]
}

fn number_of(value: Value) -> f64 {
    match value {
        Value::Number(number) => number,
        Value::Item(item) => item as f64,
    }
}

/// Meaning and unit of an axis: those of the parameter that it varies.
fn described(about: Placement<'_>, axis: &Axis) -> (String, String) {
    let name = axis.path.strip_prefix("model.parameters.");
    let bare = name.map(|name| name.split('[').next().unwrap_or(name));
    let declared = about.experiment.declared;
    match declared.iter().find(|card| Some(card.name) == bare) {
        // Parameters of a file may have no meaning in words.
        Some(card) if card.meaning.is_empty() => (axis.path.clone(), card.unit.into()),
        Some(card) => (card.meaning.into(), card.unit.into()),
        None => (axis.path.clone(), "1".into()),
    }
}

/// A data set of one dimension, made piece by piece.
fn pieces<T: H5Type>(
    file: &Group,
    name: &str,
    length: usize,
    value: impl Fn(usize) -> T,
) -> Result<Dataset> {
    let made = file.new_dataset::<T>().shape(length).create(name)?;
    for first in (0..length).step_by(PIECE) {
        let last = (first + PIECE).min(length);
        let piece: Vec<T> = (first..last).map(&value).collect();
        made.write_slice(&piece, first..last)?;
    }
    Ok(made)
}
