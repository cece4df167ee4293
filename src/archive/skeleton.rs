//! The skeleton: every group, data set, scale and attribute of an archive, made and flushed before any
//! data. From then on only numbers of fixed place and size are written, so a process that is killed
//! leaves a file that opens.
//!
//! The file format is the earliest one that HDF5 writes (with the newer one no killed writer's file
//! opened). Data sets that runs fill are contiguous, allocated early and never filled by the library;
//! in a compressed archive, which is written in one go at the end, they are chunked instead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hdf5::plist::dataset_create::{AllocTime, FillTime};
use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group, H5Type, Result};

use super::contents::{Contents, DataSet, Dimension, Number, Scale};
use super::grid::Grid;
use super::per_run::Ending;
use super::provenance::{Provenance, VERSION};
use super::{axes, inputs, per_run, scale, text};
use crate::config::experiment::Experiment;
use crate::plan::tasks::Tasks;
use crate::plan::{Plan, Shard};
use crate::system::parameters::Array;

/// The version of the layout, in the attribute `schema` of the file.
pub const SCHEMA: i64 = 1;

/// All that the skeleton is made from.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The data sets.
    pub contents: &'a Contents,
    /// What makes the archive.
    pub provenance: &'a Provenance,
    /// The runs.
    pub plan: &'a Plan,
    /// How they are cut into tasks.
    pub tasks: &'a Tasks,
    /// Which part of them it holds.
    pub shard: Shard,
    /// The arrays of axes that count whole arrays, by axis.
    pub arrays: &'a [Option<Array>],
    /// Every way in which a run can end.
    pub endings: &'a [Ending],
}

/// How the data sets that the runs fill are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// In one piece, allocated at once.
    Contiguous,
    /// In compressed chunks of whole samples.
    Deflated(u8),
}

/// An open file with its data sets, in the order of the contents.
pub(super) struct Skeleton {
    pub file: File,
    pub data_sets: Vec<Dataset>,
    /// `/health/diagnosis`.
    pub diagnosis: Dataset,
    /// `/provenance/end`.
    pub end: Dataset,
}

/// Make the file. `lengths` has the length of each track, 0 for one that is not known yet.
pub(super) fn create(
    path: &Path,
    about: About<'_>,
    lengths: &[usize],
    storage: Storage,
) -> Result<Skeleton> {
    let mut options = File::with_options();
    options.with_fapl(|access| access.libver_earliest());
    let file = options.create(path)?;
    root_attributes(&file, about)?;
    for name in ["parameters", "config", "provenance", "health"] {
        file.create_group(name)?;
    }
    for one in &about.contents.followings {
        if !file.link_exists("analysis") {
            file.create_group("analysis")?;
        }
        let analysis = one.asked.analysis;
        let group = file.group("analysis")?.create_group(analysis.name())?;
        text::attribute(&group, "long_name", analysis.meaning())?;
    }
    inputs::parameters(&file.group("parameters")?, about.experiment)?;
    inputs::config(&file.group("config")?, &about.experiment.source)?;
    provenance(&file.group("provenance")?, about.provenance)?;
    let diagnosis = text::data_set(
        &file.group("health")?,
        "diagnosis",
        "",
        "why the run failed and what to try",
    )?;
    let data_sets = data_sets(&file, about, lengths, storage)?;
    scales(&file, about, lengths, &data_sets)?;
    file.flush()?;
    let end = file.dataset("provenance/end")?;
    Ok(Skeleton {
        file,
        data_sets,
        diagnosis,
        end,
    })
}

fn root_attributes(file: &File, about: About<'_>) -> Result<()> {
    let experiment = about.experiment;
    for (name, value) in [
        ("title", experiment.title.as_str()),
        ("family", experiment.family.name()),
        ("dynamics", &experiment.dynamics),
        ("Conventions", "CF-1.11"),
        ("source", &format!("nullcline {VERSION}")),
        ("created", &about.provenance.start),
        ("status", "running"),
        ("plan", about.plan.hash()),
    ] {
        text::attribute(file, name, value)?;
    }
    if !about.shard.is_all() {
        text::attribute(file, "shard", &about.shard.to_string())?;
    }
    text::scalar(file, "schema", &SCHEMA)
}

fn provenance(group: &Group, provenance: &Provenance) -> Result<()> {
    for (name, value, meaning) in provenance.texts() {
        text::data_set(group, name, &value, meaning)?;
    }
    Ok(())
}

fn data_sets(
    file: &File,
    about: About<'_>,
    lengths: &[usize],
    storage: Storage,
) -> Result<Vec<Dataset>> {
    let contents = about.contents;
    let make = |data_set: &DataSet| {
        let shape = contents.shape(data_set, lengths);
        let level = match storage {
            Storage::Deflated(level) if is_deflated(data_set, &shape) => Some(level),
            _ => None,
        };
        let chunk = level.map(|level| {
            let rows = contents.rows(data_set);
            (chunk(contents.runs.dims.len(), &shape, rows), level)
        });
        let path = data_set.path.as_str();
        let made = match data_set.number {
            Number::F64 => filled_by_runs::<f64>(file, path, &shape, chunk),
            Number::F32 => filled_by_runs::<f32>(file, path, &shape, chunk),
            Number::I64 => filled_by_runs::<i64>(file, path, &shape, chunk),
            Number::U64 => filled_by_runs::<u64>(file, path, &shape, chunk),
            Number::I8 => filled_by_runs::<i8>(file, path, &shape, chunk),
        }?;
        text::attribute(&made, "long_name", &data_set.long_name)?;
        text::attribute(&made, "units", &data_set.unit)?;
        for (name, value) in &data_set.attributes {
            text::attribute(&made, name, value)?;
        }
        if !data_set.codes.is_empty() {
            let values: Vec<i8> = data_set.codes.iter().map(|&(code, _)| code).collect();
            let meanings: Vec<&str> = data_set.codes.iter().map(|&(_, name)| name).collect();
            text::small_integers(&made, "flag_values", &values)?;
            text::attribute(&made, "flag_meanings", &meanings.join(" "))?;
        }
        if data_set.path == "run_status" {
            let (values, meanings) = per_run::flags(about.endings);
            text::small_integers(&made, "flag_values", &values)?;
            text::attribute(&made, "flag_meanings", &meanings)?;
        }
        Ok(made)
    };
    contents.data_sets.iter().map(make).collect()
}

fn filled_by_runs<T: H5Type>(
    file: &File,
    path: &str,
    shape: &[usize],
    chunk: Option<(Vec<usize>, u8)>,
) -> Result<Dataset> {
    let builder = file.new_dataset_builder();
    let builder = match chunk {
        // Chunks that no run comes to are never made, and read as the fill value.
        Some((chunk, level)) => builder.chunk(chunk).shuffle().deflate(level),
        None => builder
            .fill_time(FillTime::Never)
            .no_chunk()
            .alloc_time(Some(AllocTime::Early)),
    };
    builder.empty::<T>().shape(shape).create(path)
}

/// Whether a data set is worth compressing, in an archive that is.
pub(super) fn is_deflated(data_set: &DataSet, shape: &[usize]) -> bool {
    const WORTH: usize = 2048;
    data_set.track.is_some() && shape.iter().product::<usize>() >= WORTH
}

/// The chunk of a data set of samples: one run, `rows` samples, every component.
pub(super) fn chunk(run_dims: usize, shape: &[usize], rows: usize) -> Vec<usize> {
    let mut chunk = vec![1; run_dims];
    chunk.push(rows.min(shape[run_dims]));
    chunk.extend(&shape[run_dims + 1..]);
    chunk
}

/// Make every scale and tie every dimension to its own.
fn scales(file: &File, about: About<'_>, lengths: &[usize], data_sets: &[Dataset]) -> Result<()> {
    let contents = about.contents;
    let mut scales = Vec::with_capacity(contents.dimensions.len());
    for (index, dimension) in contents.dimensions.iter().enumerate() {
        let name = dimension.name.as_str();
        let length = contents.length(index, lengths);
        let scale = match &dimension.scale {
            Scale::Index { first } => {
                let values: Vec<i64> = (*first..first + length).map(|i| i as i64).collect();
                coordinates(file, name, &values)?
            }
            Scale::Labels(labels) => {
                let values: Vec<VarLenUnicode> = labels.iter().map(|l| text::unicode(l)).collect();
                coordinates(file, name, &values)?
            }
            Scale::Times { track } => times(file, name, &contents.tracks[*track].grid)?,
            Scale::Counts { track, first } => {
                let grid = &contents.tracks[*track].grid;
                let all = 0..grid.len().unwrap_or(0);
                let values: Vec<i64> = all.map(|k| grid.time(k) as i64 - first).collect();
                coordinates(file, name, &values)?
            }
            Scale::Recorded { data_set } => data_sets[*data_set].clone(),
            Scale::Runs(along) => axes::coordinate(file, name, *along, length, about.into())?,
        };
        if !matches!(dimension.scale, Scale::Runs(_)) {
            text::attribute(&scale, "long_name", &dimension.long_name)?;
            text::attribute(&scale, "units", &dimension.unit)?;
        }
        scale::make(&scale, name)?;
        scales.push(scale);
    }
    for (made, data_set) in data_sets.iter().zip(&contents.data_sets) {
        for (place, &dimension) in data_set.dims.iter().enumerate() {
            // A scale is not tied to itself: that is what it is.
            if contents.dimensions[dimension].name != data_set.path {
                scale::attach(made, &scales[dimension], place)?;
            }
        }
    }
    axes::others(file, about.into(), &scales)?;
    let runs = contents.runs.dims.iter();
    let along: Vec<Dataset> = runs
        .filter_map(|dim| {
            let place = contents
                .dimensions
                .iter()
                .position(|one| one.name == dim.name);
            place.map(|place| scales[place].clone())
        })
        .collect();
    let groups = groups(contents);
    let names: Vec<&str> = groups.keys().copied().chain(["parameters"]).collect();
    axes::in_groups(file, about.into(), &along, &names)?;
    for (group, dimensions) in groups {
        let group = file.group(group)?;
        for dimension in dimensions {
            components(&group, &contents.dimensions[dimension], &scales[dimension])?;
        }
    }
    Ok(())
}

/// The groups with data sets that the runs fill, and the dimensions that these use.
fn groups(contents: &Contents) -> BTreeMap<&str, BTreeSet<usize>> {
    let mut groups: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for data_set in &contents.data_sets {
        if let Some((group, _)) = data_set.path.rsplit_once('/') {
            groups.entry(group).or_default().extend(&data_set.dims);
        }
    }
    groups
}

/// The coordinates of components in a group: whoever opens the group alone sees them as well.
fn components(group: &Group, dimension: &Dimension, scale: &Dataset) -> Result<()> {
    let name = dimension.name.as_str();
    if group.link_exists(name) {
        return Ok(());
    }
    let made = match &dimension.scale {
        Scale::Index { first } => {
            let length = scale.size();
            let values: Vec<i64> = (*first..first + length).map(|i| i as i64).collect();
            coordinates(group, name, &values)?
        }
        Scale::Labels(labels) => {
            let values: Vec<VarLenUnicode> = labels.iter().map(|l| text::unicode(l)).collect();
            coordinates(group, name, &values)?
        }
        _ => return Ok(()),
    };
    text::attribute(&made, "long_name", &dimension.long_name)?;
    text::attribute(&made, "units", &dimension.unit)?;
    scale::attach(&made, scale, 0)
}

/// Open an unfinished archive again.
pub(super) fn open(path: &Path, contents: &Contents) -> Result<Skeleton> {
    let file = File::open_rw(path)?;
    let data_sets: Result<Vec<Dataset>> = contents
        .data_sets
        .iter()
        .map(|card| file.dataset(&card.path))
        .collect();
    text::attribute(&file, "status", "running")?;
    file.flush()?;
    Ok(Skeleton {
        data_sets: data_sets?,
        diagnosis: file.dataset("health/diagnosis")?,
        end: file.dataset("provenance/end")?,
        file,
    })
}

fn coordinates<T: H5Type>(file: &Group, name: &str, values: &[T]) -> Result<Dataset> {
    let scale = file.new_dataset::<T>().shape(values.len()).create(name)?;
    scale.write_raw(values)?;
    Ok(scale)
}

/// The times of a grid, written piece by piece: a grid may be longer than memory.
fn times(file: &File, name: &str, grid: &Grid) -> Result<Dataset> {
    const PIECE: usize = 1 << 17;
    let length = grid.len().unwrap_or(0);
    let scale = file
        .new_dataset_builder()
        .fill_time(FillTime::Never)
        .empty::<f64>()
        .shape(length)
        .create(name)?;
    for first in (0..length).step_by(PIECE) {
        let last = (first + PIECE).min(length);
        let piece: Vec<f64> = (first..last).map(|k| grid.time(k)).collect();
        scale.write_slice(&piece, first..last)?;
    }
    Ok(scale)
}
