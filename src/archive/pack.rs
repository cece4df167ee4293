//! Packing: the archive written anew in its final form, when it cannot take that form in place.
//!
//! That is so when a track was ragged (its samples move from the sidecar into the archive) or when
//! compression is asked for. The archive that the runs wrote stays as it is until the new one has its
//! name.

use hdf5::Dataset;

use super::contents::{DataSet, Number};
use super::error::ArchiveError;
use super::paths::Paths;
use super::sidecar::Frames;
use super::skeleton::{self, About, Skeleton, Storage};
use super::{chunk, slab, text, writer};

/// What is packed.
pub(super) struct Source<'a> {
    pub about: About<'a>,
    pub lengths: &'a [usize],
    pub data_sets: &'a [Dataset],
    pub diagnosis: &'a Dataset,
    pub failed: &'a [u64],
    pub paths: &'a Paths,
}

/// Write the packed archive, and give it this status.
pub(super) fn pack(source: &Source<'_>, status: &str, level: u8) -> Result<(), ArchiveError> {
    let path = source.paths.packed();
    let failed = |error: hdf5::Error| ArchiveError::hdf5("write", &path, &error);
    let storage = match level {
        0 => Storage::Contiguous,
        level => Storage::Deflated(level),
    };
    let target = skeleton::create(&path, source.about, source.lengths, storage).map_err(failed)?;
    let packing = Packing {
        source,
        target,
        level,
    };
    packing.fixed().map_err(failed)?;
    if source.about.contents.is_ragged() {
        packing.ragged()?;
    }
    packing.diagnosis().map_err(failed)?;
    writer::stamp(&packing.target, status).map_err(failed)
}

struct Packing<'a> {
    source: &'a Source<'a>,
    target: Skeleton,
    level: u8,
}

impl Packing<'_> {
    /// Copy every data set whose length was known beforehand.
    fn fixed(&self) -> hdf5::Result<()> {
        let contents = self.source.about.contents;
        for (index, card) in contents.data_sets.iter().enumerate() {
            if contents.is_ragged_set(card) {
                continue;
            }
            for run in 0..contents.runs() {
                match contents.samples(card, self.source.lengths) {
                    Some(length) => {
                        let rows = contents.rows(card);
                        for first in (0..length).step_by(rows) {
                            let count = rows.min(length - first) * card.width;
                            self.samples(index, card, run, first, count)?;
                        }
                    }
                    None => self.entry(index, card, run)?,
                }
            }
        }
        Ok(())
    }

    /// Copy some samples of a run.
    fn samples(
        &self,
        index: usize,
        card: &DataSet,
        run: u64,
        first: usize,
        values: usize,
    ) -> hdf5::Result<()> {
        let contents = self.source.about.contents;
        let (start, count) = contents.block(card, run, first, values);
        let values = slab::read::<f64>(&self.source.data_sets[index], &start, &count)?;
        self.put(index, card, run, first, &values)
    }

    /// Copy the one entry of a run.
    fn entry(&self, index: usize, card: &DataSet, run: u64) -> hdf5::Result<()> {
        let (start, count) = self.source.about.contents.block(card, run, 0, card.width);
        let (from, to) = (&self.source.data_sets[index], &self.target.data_sets[index]);
        match card.number {
            Number::F64 => slab::write(
                to,
                &start,
                &count,
                &slab::read::<f64>(from, &start, &count)?,
            ),
            Number::F32 => slab::write(
                to,
                &start,
                &count,
                &slab::read::<f32>(from, &start, &count)?,
            ),
            Number::I64 => slab::write(
                to,
                &start,
                &count,
                &slab::read::<i64>(from, &start, &count)?,
            ),
            Number::U64 => slab::write(
                to,
                &start,
                &count,
                &slab::read::<u64>(from, &start, &count)?,
            ),
            Number::I8 => slab::write(to, &start, &count, &slab::read::<i8>(from, &start, &count)?),
        }
    }

    /// Move the samples of ragged tracks from the sidecar.
    fn ragged(&self) -> Result<(), ArchiveError> {
        let contents = self.source.about.contents;
        let mut frames = Frames::open(&self.source.paths.sidecar())?;
        while let Some(mut frame) = frames.next()? {
            let card = &contents.data_sets[frame.data_set];
            let is_time = contents
                .tracks
                .iter()
                .any(|t| t.times == Some(frame.data_set));
            if self.source.failed.contains(&frame.run) && !is_time {
                frame.values.fill(f64::NAN);
            }
            self.put(frame.data_set, card, frame.run, frame.first, &frame.values)
                .map_err(|error| {
                    ArchiveError::hdf5("write", &self.source.paths.packed(), &error)
                })?;
        }
        Ok(())
    }

    /// Write numbers as the data set stores them.
    fn put(
        &self,
        index: usize,
        card: &DataSet,
        run: u64,
        first: usize,
        values: &[f64],
    ) -> hdf5::Result<()> {
        let contents = self.source.about.contents;
        let made = &self.target.data_sets[index];
        let shape = contents.shape(card, self.source.lengths);
        if self.level == 0 || !skeleton::is_deflated(card, &shape) {
            return writer::put(contents, card, made, run, first, values);
        }
        let chunk_shape = skeleton::chunk(contents.run_dims, &shape, contents.rows(card));
        let whole: usize = chunk_shape.iter().product();
        let (bytes, size) = match card.number {
            Number::F32 => (padded(values, whole, |v| (v as f32).to_ne_bytes()), 4),
            _ => (padded(values, whole, f64::to_ne_bytes), 8),
        };
        let compressed = chunk::compress(&bytes, size, self.level)
            .map_err(|error| hdf5::Error::from(error.to_string()))?;
        let (offset, _) = contents.block(card, run, first, values.len());
        chunk::write(made, &offset, &compressed)
    }

    fn diagnosis(&self) -> hdf5::Result<()> {
        let diagnosis = text::read(self.source.diagnosis)?;
        self.target
            .diagnosis
            .write_scalar(&text::unicode(&diagnosis))
    }
}

/// The bytes of a whole chunk that begins with these values.
fn padded<const N: usize>(values: &[f64], whole: usize, bytes: fn(f64) -> [u8; N]) -> Vec<u8> {
    let mut all: Vec<u8> = values.iter().flat_map(|&value| bytes(value)).collect();
    all.resize(whole * N, 0);
    all
}
