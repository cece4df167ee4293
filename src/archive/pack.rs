//! Packing: the archive written anew in its final form, when it cannot take that form in place.
//!
//! That is so when a track was ragged (its samples move from the sidecar into the archive, padded with
//! NaN where a run has fewer samples than another), when there can be events (they move likewise) or when
//! compression is asked for. The archive that
//! the runs wrote stays as it is until the new one has its name.

use std::path::{Path, PathBuf};

use hdf5::Dataset;

use super::contents::{DataSet, Number, Scale};
use super::error::ArchiveError;
use super::paths::Paths;
use super::sidecar::Frames;
use super::skeleton::{self, About, Skeleton, Storage};
use super::{chunk, events, slab, text, writer};

/// The name of the ending of a run that a guard stopped.
const STOPPED: &str = "stopped";

/// What is packed.
pub(super) struct Source<'a> {
    pub about: About<'a>,
    pub lengths: &'a [usize],
    pub skeleton: &'a Skeleton,
    pub paths: &'a Paths,
    /// Whether the run in a slot has no numbers.
    pub is_failed: &'a dyn Fn(u64) -> Result<bool, ArchiveError>,
}

/// Write the packed archive, and give it this status; where it is.
pub(super) fn pack(source: &Source<'_>, status: &str, level: u8) -> Result<PathBuf, ArchiveError> {
    let contents = source.about.contents;
    let anew = contents.is_ragged() || contents.events.is_some();
    let flat = match (anew, level) {
        (true, 0) => Some(source.paths.packed()),
        (true, _) => Some(source.paths.flat()),
        (false, _) => None,
    };
    let flattened = match &flat {
        Some(path) => {
            let target = flatten(source, path)?;
            finish(source, &target, status, path)?;
            Some(target)
        }
        None => None,
    };
    if level == 0 {
        return Ok(source.paths.packed());
    }
    let path = source.paths.packed();
    let failed = |error: hdf5::Error| ArchiveError::hdf5("write", &path, &error);
    let from = flattened.as_ref().unwrap_or(source.skeleton);
    let storage = Storage::Deflated(level);
    let target = skeleton::create(&path, source.about, source.lengths, storage).map_err(failed)?;
    let packing = Packing {
        source,
        from,
        target: &target,
        level,
    };
    packing.all().map_err(failed)?;
    finish(source, &target, status, &path)?;
    Ok(path)
}

/// The diagnosis and the status.
fn finish(
    source: &Source<'_>,
    target: &Skeleton,
    status: &str,
    path: &Path,
) -> Result<(), ArchiveError> {
    let contents = source.about.contents;
    let events = match &contents.events {
        Some(card) => Some((card, events::collect(&source.paths.events(), card.width())?)),
        None => None,
    };
    let write = || -> hdf5::Result<()> {
        if let Some((card, runs)) = &events {
            let unit = source.about.experiment.family.time_unit();
            events::write(&target.file, card, runs, unit)?;
        }
        stop_time(source.about, target)?;
        let diagnosis = text::read(&source.skeleton.diagnosis)?;
        target.diagnosis.write_scalar(&text::unicode(&diagnosis))?;
        writer::stamp(target, status)
    };
    write().map_err(|error| ArchiveError::hdf5("write", path, &error))
}

/// A single run that a guard stopped has its last sample at the stop, and so have its times.
fn stop_time(about: About<'_>, target: &Skeleton) -> hdf5::Result<()> {
    let contents = about.contents;
    if !contents.runs.dims.is_empty() {
        return Ok(());
    }
    let code: i8 = target.file.dataset("run_status")?.read_scalar()?;
    let mut endings = about.endings.iter();
    if !endings.any(|ending| ending.code == code && ending.name == STOPPED) {
        return Ok(());
    }
    let stop: f64 = target.file.dataset("health/last_time")?.read_scalar()?;
    for dimension in &contents.dimensions {
        let Scale::Times { track } = dimension.scale else {
            continue;
        };
        let grid = &contents.tracks[track].grid;
        let length = grid.len().unwrap_or(0);
        let next = (0..length).find(|&k| grid.time(k) >= stop);
        if let Some(next) = next.filter(|&next| grid.time(next) > stop) {
            let times = target.file.dataset(&dimension.name)?;
            times.write_slice(&[stop], next..next + 1)?;
        }
    }
    Ok(())
}

/// An uncompressed archive in which every data set has its length.
fn flatten(source: &Source<'_>, path: &Path) -> Result<Skeleton, ArchiveError> {
    let failed = |error: hdf5::Error| ArchiveError::hdf5("write", path, &error);
    let contents = source.about.contents;
    let target = skeleton::create(path, source.about, source.lengths, Storage::Contiguous)
        .map_err(failed)?;
    let packing = Packing {
        source,
        from: source.skeleton,
        target: &target,
        level: 0,
    };
    packing.all().map_err(failed)?;
    let several = !contents.runs.dims.is_empty();
    for (index, card) in contents.data_sets.iter().enumerate() {
        if several && contents.is_ragged_set(card) {
            packing.blank(index, card).map_err(failed)?;
        }
    }
    if !contents.is_ragged() {
        return Ok(target);
    }
    let mut frames = Frames::open(&source.paths.sidecar())?;
    while let Some(mut frame) = frames.next()? {
        let card = &contents.data_sets[frame.data_set];
        let mut tracks = contents.tracks.iter();
        let is_time = tracks.any(|track| track.times == Some(frame.data_set));
        if (source.is_failed)(frame.run)? && (several || !is_time) {
            frame.values.fill(f64::NAN);
        }
        let made = &target.data_sets[frame.data_set];
        let (start, count) = contents.block(card, frame.run, frame.first, frame.values.len());
        put(card, made, &start, &count, &frame.values).map_err(failed)?;
    }
    Ok(target)
}

struct Packing<'a> {
    source: &'a Source<'a>,
    from: &'a Skeleton,
    target: &'a Skeleton,
    level: u8,
}

impl Packing<'_> {
    /// Copy every data set whose length is known in what is copied from.
    fn all(&self) -> hdf5::Result<()> {
        let contents = self.source.about.contents;
        for (index, card) in contents.data_sets.iter().enumerate() {
            let flattened = self.level > 0 || !contents.is_ragged_set(card);
            if !flattened {
                continue;
            }
            let shape = contents.shape(card, self.source.lengths);
            if shape.contains(&0) {
                continue;
            }
            match self.level > 0 && skeleton::is_deflated(card, &shape) {
                true => self.chunks(index, card, &shape)?,
                false => self.bytes(index, card, &shape)?,
            }
        }
        Ok(())
    }

    /// Copy a data set as it is, some MiB at a time.
    fn bytes(&self, index: usize, card: &DataSet, shape: &[usize]) -> hdf5::Result<()> {
        const PIECE: usize = 1 << 19;
        let (from, to) = (&self.from.data_sets[index], &self.target.data_sets[index]);
        let inner: usize = shape.iter().skip(1).product::<usize>().max(1);
        let rows = shape.first().copied().unwrap_or(1);
        let step = (PIECE / inner).max(1);
        for first in (0..rows).step_by(step) {
            let (mut start, mut count) = (vec![0; shape.len()], shape.to_vec());
            if !shape.is_empty() {
                (start[0], count[0]) = (first, step.min(rows - first));
            }
            copy(card.number, from, to, &start, &count)?;
        }
        Ok(())
    }

    /// Copy a data set chunk by chunk, compressed outside the library.
    fn chunks(&self, index: usize, card: &DataSet, shape: &[usize]) -> hdf5::Result<()> {
        let contents = self.source.about.contents;
        let run_dims = contents.run_dims(card);
        let chunk_shape = skeleton::chunk(run_dims, shape, contents.rows(card));
        let (length, rows) = (shape[run_dims], chunk_shape[run_dims]);
        let whole: usize = chunk_shape.iter().product();
        for entry in 0..contents.entries(card) {
            for first in (0..length).step_by(rows) {
                let values = rows.min(length - first) * card.width;
                let (start, count) = contents.block(card, entry, first, values);
                let values = slab::read::<f64>(&self.from.data_sets[index], &start, &count)?;
                let (bytes, size) = match card.number {
                    Number::F32 => (padded(&values, whole, |v| (v as f32).to_ne_bytes()), 4),
                    _ => (padded(&values, whole, f64::to_ne_bytes), 8),
                };
                let compressed = chunk::compress(&bytes, size, self.level)
                    .map_err(|error| hdf5::Error::from(error.to_string()))?;
                chunk::write(&self.target.data_sets[index], &start, &compressed)?;
            }
        }
        Ok(())
    }

    /// Fill a data set with NaN.
    fn blank(&self, index: usize, card: &DataSet) -> hdf5::Result<()> {
        let contents = self.source.about.contents;
        let shape = contents.shape(card, self.source.lengths);
        let length = shape[contents.run_dims(card)];
        let rows = contents.rows(card);
        for entry in 0..contents.entries(card) {
            for first in (0..length).step_by(rows) {
                let nothing = vec![f64::NAN; rows.min(length - first) * card.width];
                let (start, count) = contents.block(card, entry, first, nothing.len());
                put(
                    card,
                    &self.target.data_sets[index],
                    &start,
                    &count,
                    &nothing,
                )?;
            }
        }
        Ok(())
    }
}

/// Copy a block of numbers of this type.
fn copy(
    number: Number,
    from: &Dataset,
    to: &Dataset,
    start: &[usize],
    count: &[usize],
) -> hdf5::Result<()> {
    match number {
        Number::F64 => slab::write(to, start, count, &slab::read::<f64>(from, start, count)?),
        Number::F32 => slab::write(to, start, count, &slab::read::<f32>(from, start, count)?),
        Number::I64 => slab::write(to, start, count, &slab::read::<i64>(from, start, count)?),
        Number::U64 => slab::write(to, start, count, &slab::read::<u64>(from, start, count)?),
        Number::I8 => slab::write(to, start, count, &slab::read::<i8>(from, start, count)?),
    }
}

/// Write a block of numbers as the data set stores them.
fn put(
    card: &DataSet,
    made: &Dataset,
    start: &[usize],
    count: &[usize],
    values: &[f64],
) -> hdf5::Result<()> {
    match card.number {
        Number::F32 => {
            let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
            slab::write(made, start, count, &single)
        }
        _ => slab::write(made, start, count, values),
    }
}

/// The bytes of a whole chunk that begins with these values.
fn padded<const N: usize>(values: &[f64], whole: usize, bytes: fn(f64) -> [u8; N]) -> Vec<u8> {
    let mut all: Vec<u8> = values.iter().flat_map(|&value| bytes(value)).collect();
    all.resize(whole * N, 0);
    all
}
