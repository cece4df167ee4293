//! The archive of analyses: `<name>.analysis.h5`.
//!
//! ```text
//! /analysis/<name>/<array>   dims (<axis>..., member, <own dims>...): only those that exist
//! /analysis/<name>/<dim>     the scales of all of them: each group opens as a data set of its own
//! /<axis>, /sample, /parameters, /config, /provenance, /health/diagnosis   as in every archive
//! ```
//!
//! Points of a sweep may have different lengths (of `equilibrium`, say): arrays are as long as the longest,
//! and padded with NaN, whole numbers with -1 and codes with -128, which `_FillValue` says. A point
//! without an answer is padding throughout, and `/health/diagnosis` says why. The file is small and
//! written in one go, under another name until it is complete.

use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group, H5Type, Result};

use super::axes::{self, Placement};
use super::error::ArchiveError;
use super::paths::{Paths, sync};
use super::provenance::{Provenance, VERSION, utc};
use super::run_dims::RunDims;
use super::skeleton::SCHEMA;
use super::{inputs, scale, text};
use crate::config::experiment::Experiment;
use crate::plan::tasks::Tasks;
use crate::plan::{Plan, Shard};
use crate::system::analysis::{Data, Findings, Found, NO_CODE};
use crate::system::layout::{Axis, Variable};

/// What one analysis found, point by point; a text says why a point has no answer.
pub struct Answered {
    /// Name of the analysis; empty for what stands at the root of the archive.
    pub name: &'static str,
    /// What it asks.
    pub meaning: &'static str,
    /// In C order over the axes, then the members.
    pub points: Vec<std::result::Result<Findings, String>>,
}

/// Refuse a result that is there already.
///
/// # Errors
/// [`ArchiveError::Exists`] or [`ArchiveError::Folder`].
pub fn refuse(path: &Path, force: bool) -> std::result::Result<(), ArchiveError> {
    if path.is_dir() {
        return Err(ArchiveError::Folder(path.to_path_buf()));
    }
    match path.exists() && !force {
        true => Err(ArchiveError::Exists(path.to_path_buf())),
        false => Ok(()),
    }
}

/// Write the archive. `members` says whether members are points of their own.
///
/// # Errors
/// What the operating system or HDF5 says.
pub fn write(
    path: &Path,
    experiment: &Experiment,
    plan: &Plan,
    members: bool,
    answers: &[Answered],
    provenance: &Provenance,
) -> std::result::Result<(), ArchiveError> {
    let paths = Paths::new(path);
    std::fs::create_dir_all(paths.folder())
        .map_err(ArchiveError::io("make the folder", paths.folder()))?;
    let part = paths.part();
    let tasks = Tasks::new(plan, 1, Shard::ALL);
    let runs = RunDims::new(plan, members, &tasks, Shard::ALL);
    let arrays = vec![None; plan.axes().len()];
    let place = Placement {
        experiment,
        plan,
        tasks: &tasks,
        shard: Shard::ALL,
        runs: &runs,
        arrays: &arrays,
    };
    create(&part, place, answers, provenance)
        .map_err(|error| ArchiveError::hdf5("write", &part, &error))?;
    sync(&part)?;
    std::fs::rename(&part, path).map_err(ArchiveError::io("rename", &part))?;
    sync(paths.folder())
}

fn create(
    path: &Path,
    place: Placement<'_>,
    answers: &[Answered],
    provenance: &Provenance,
) -> Result<()> {
    let mut options = File::with_options();
    options.with_fapl(|access| access.libver_earliest());
    let file = options.create(path)?;
    attributes(&file, place, provenance)?;
    inputs::parameters(&file.create_group("parameters")?, place.experiment)?;
    inputs::config(&file.create_group("config")?, &place.experiment.source)?;
    let scales = run_scales(&file, place)?;
    axes::others(&file, place, &scales)?;
    axes::in_groups(&file, place, &scales, &["parameters"])?;
    let all = file.create_group("analysis")?;
    for answered in answers {
        if answered.name.is_empty() {
            fill(&file, place, answered, &scales)?;
            continue;
        }
        let group = all.create_group(answered.name)?;
        text::attribute(&group, "long_name", answered.meaning)?;
        let own = run_scales(&group, place)?;
        for one in &place.runs.coordinates {
            let length = place.runs.dims[one.dim].length;
            let made = axes::coordinate(&group, &one.name, one.along, length, place)?;
            scale::attach(&made, &own[one.dim], 0)?;
        }
        fill(&group, place, answered, &own)?;
    }
    let health = file.create_group("health")?;
    let meaning = "which points have no answer, and why";
    text::data_set(&health, "diagnosis", &diagnosis(answers), meaning)?;
    let group = file.create_group("provenance")?;
    for (name, value, meaning) in provenance.texts() {
        let value = if name == "end" { utc() } else { value };
        text::data_set(&group, name, &value, meaning)?;
    }
    text::attribute(&file, "status", "complete")?;
    file.close()
}

fn attributes(file: &File, place: Placement<'_>, provenance: &Provenance) -> Result<()> {
    let experiment = place.experiment;
    for (name, value) in [
        ("title", experiment.title.as_str()),
        ("family", experiment.family.name()),
        ("dynamics", &experiment.dynamics),
        ("Conventions", "CF-1.11"),
        ("source", &format!("nullcline {VERSION}")),
        ("created", &provenance.start),
        ("plan", place.plan.hash()),
    ] {
        text::attribute(file, name, value)?;
    }
    text::scalar(file, "schema", &SCHEMA)
}

fn diagnosis(answers: &[Answered]) -> String {
    let mut told = String::new();
    for answered in answers {
        for (point, answer) in answered.points.iter().enumerate() {
            if let Err(why) = answer {
                let separator = if answered.name.is_empty() { "" } else { ", " };
                told += &format!("{}{separator}point {point}: {why}\n", answered.name);
            }
        }
    }
    told
}

/// The scales of the leading dimensions, in the file or in a group of it.
fn run_scales(group: &Group, place: Placement<'_>) -> Result<Vec<Dataset>> {
    let make = |dim: &super::run_dims::RunDim| {
        let made = axes::coordinate(group, &dim.name, dim.along, dim.length, place)?;
        scale::make(&made, &dim.name)?;
        Ok(made)
    };
    let scales: Vec<Dataset> = place.runs.dims.iter().map(make).collect::<Result<_>>()?;
    Ok(scales)
}

/// Write the arrays of one analysis.
fn fill(
    group: &Group,
    place: Placement<'_>,
    answered: &Answered,
    leading: &[Dataset],
) -> Result<()> {
    let templates = templates(answered);
    let mut scales: Vec<(Axis, String, Dataset)> = Vec::new();
    for found in &templates {
        let made = array(group, place, answered, found)?;
        describe(&made, place, found)?;
        for (number, scale) in leading.iter().enumerate() {
            scale::attach(&made, scale, number)?;
        }
        let mut used: Vec<String> = Vec::new();
        for (number, axis) in found.variable.axes.iter().enumerate() {
            let (name, scale) = own_scale(group, axis, &used, &templates, &mut scales)?;
            scale::attach(&made, &scale, leading.len() + number)?;
            used.push(name);
        }
    }
    Ok(())
}

/// Every array that some point has, as long as the longest.
fn templates(answered: &Answered) -> Vec<Found> {
    let mut templates: Vec<Found> = Vec::new();
    for found in answered.points.iter().flatten().flat_map(|one| &one.arrays) {
        let name = &found.variable.name;
        let known = templates.iter_mut().find(|one| one.variable.name == *name);
        let Some(known) = known else {
            templates.push(found.clone());
            continue;
        };
        for (axis, other) in known.variable.axes.iter_mut().zip(&found.variable.axes) {
            if other.size > axis.size {
                axis.clone_from(other);
            }
        }
    }
    templates
}

fn describe(made: &Dataset, place: Placement<'_>, found: &Found) -> Result<()> {
    text::attribute(made, "long_name", &found.variable.meaning)?;
    text::attribute(made, "units", &found.variable.unit)?;
    let mut coordinates: Vec<String> = Vec::new();
    if !place.runs.coordinates.is_empty() {
        coordinates.push(place.runs.auxiliary());
    }
    coordinates.extend(found.variable.coordinates.iter().cloned());
    if !coordinates.is_empty() {
        text::attribute(made, "coordinates", &coordinates.join(" "))?;
    }
    match &found.data {
        Data::Count(_) => text::scalar(made, "_FillValue", &-1_i64),
        Data::Code(_, flags) => {
            let (values, names): (Vec<i8>, Vec<&str>) = flags.iter().copied().unzip();
            text::scalar(made, "_FillValue", &NO_CODE)?;
            text::small_integers(made, "flag_values", &values)?;
            text::attribute(made, "flag_meanings", &names.join(" "))
        }
        Data::Real(_) | Data::Text(_) => Ok(()),
    }
}

fn own_scale(
    group: &Group,
    axis: &Axis,
    used: &[String],
    arrays: &[Found],
    scales: &mut Vec<(Axis, String, Dataset)>,
) -> Result<(String, Dataset)> {
    let known = scales
        .iter()
        .find(|(other, name, _)| other == axis && !used.contains(name));
    if let Some((_, name, scale)) = known {
        return Ok((name.clone(), scale.clone()));
    }
    let mut name = axis.name.clone();
    let taken =
        |name: &str| group.link_exists(name) || arrays.iter().any(|one| one.variable.name == name);
    while taken(&name) {
        name.push('_');
    }
    let made = if axis.labels.is_empty() {
        let positions: Vec<i64> = (0..axis.size as i64).collect();
        data_set(group, &name, &[axis.size], &positions)?
    } else {
        let labels: Vec<VarLenUnicode> = axis.labels.iter().map(|l| text::unicode(l)).collect();
        data_set(group, &name, &[axis.size], &labels)?
    };
    text::attribute(&made, "long_name", &axis.name.replace('_', " "))?;
    text::attribute(&made, "units", "1")?;
    scale::make(&made, &name)?;
    scales.push((axis.clone(), name.clone(), made.clone()));
    Ok((name, made))
}

/// The data set of one array over all points.
fn array(
    group: &Group,
    place: Placement<'_>,
    answered: &Answered,
    found: &Found,
) -> Result<Dataset> {
    let variable = &found.variable;
    let name = variable.name.as_str();
    let mut shape: Vec<usize> = place.runs.dims.iter().map(|dim| dim.length).collect();
    shape.extend(variable.shape());
    match &found.data {
        Data::Real(_) => {
            let numbers = padded(answered, variable, f64::NAN, reals);
            data_set(group, name, &shape, &numbers)
        }
        Data::Count(_) => data_set(group, name, &shape, &padded(answered, variable, -1, counts)),
        Data::Code(..) => {
            let codes = padded(answered, variable, NO_CODE, codes);
            data_set(group, name, &shape, &codes)
        }
        Data::Text(_) => {
            let texts = padded(answered, variable, String::new(), texts);
            let texts: Vec<VarLenUnicode> = texts.iter().map(|one| text::unicode(one)).collect();
            data_set(group, name, &shape, &texts)
        }
    }
}

fn reals(data: &Data) -> Option<&[f64]> {
    match data {
        Data::Real(values) => Some(values),
        _ => None,
    }
}

fn counts(data: &Data) -> Option<&[i64]> {
    match data {
        Data::Count(values) => Some(values),
        _ => None,
    }
}

fn codes(data: &Data) -> Option<&[i8]> {
    match data {
        Data::Code(values, _) => Some(values),
        _ => None,
    }
}

fn texts(data: &Data) -> Option<&[String]> {
    match data {
        Data::Text(values) => Some(values),
        _ => None,
    }
}

fn data_set<T: H5Type>(group: &Group, name: &str, shape: &[usize], data: &[T]) -> Result<Dataset> {
    let made = match shape {
        [] => group.new_dataset::<T>().create(name)?,
        shape => group.new_dataset::<T>().shape(shape).create(name)?,
    };
    match (shape, data) {
        ([], [only]) => made.write_scalar(only)?,
        (_, []) => {}
        (_, data) => made.write_raw(data)?,
    }
    Ok(made)
}

/// The values of all points, each in a box of the same shape, with `nothing` where a point has none.
fn padded<T: Clone>(
    answered: &Answered,
    variable: &Variable,
    nothing: T,
    take: fn(&Data) -> Option<&[T]>,
) -> Vec<T> {
    let size = variable.len();
    let shape = variable.shape();
    let mut all = vec![nothing; size * answered.points.len()];
    for (point, answer) in answered.points.iter().enumerate() {
        let found = answer.as_ref().ok().and_then(|one| one.get(&variable.name));
        let Some((found, values)) = found.and_then(|one| Some((one, take(&one.data)?))) else {
            continue;
        };
        let own = found.variable.shape();
        for (from, value) in values.iter().enumerate() {
            let (mut rest, mut to, mut stride) = (from, 0, 1);
            for (own, whole) in own.iter().zip(&shape).rev() {
                to += (rest % own) * stride;
                rest /= own;
                stride *= whole;
            }
            all[point * size + to] = value.clone();
        }
    }
    all
}
