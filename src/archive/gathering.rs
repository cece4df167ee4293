//! Gathering: what the statistics over members need of finished runs, beside the archive until its end.
//!
//! ```text
//! .part.sums      a record per task: for each column with moments  n, mean..., sum of squares...
//! .part.members   a record per run: the numbers of columns with statistics that are not stored
//! ```
//!
//! The sums of a task are made where its runs are; of runs too long to be held in memory, and for
//! quantiles, the numbers themselves are needed: from the archive where the members are kept, from
//! `.part.members` where they are not.

use std::fs::File;
use std::sync::Arc;

use sha2::Sha256;

use super::contents::Contents;
use super::error::ArchiveError;
use super::members::{Records, Sums, has_quantiles};
use super::paths::Paths;
use super::writer::TaskResult;

/// The files beside the archive.
pub(super) struct Gathering {
    sums: Option<Records>,
    numbers: Option<Records>,
    columns: Arc<[Place]>,
}

/// Where a column lies in the records.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// In the sums, and how many numbers the column has.
    sums: Option<(usize, usize)>,
    /// In the numbers of a run.
    numbers: Option<(usize, usize)>,
}

/// Runs with more numbers than this are not held in memory but written as they come.
pub(crate) const LONG: usize = 1 << 18;

/// The numbers that a run leaves, those of unknown count left out.
pub(crate) fn numbers(contents: &Contents) -> usize {
    let columns = contents.columns();
    let wanted = columns.iter().filter(|column| column.is_wanted());
    wanted.filter_map(|column| column.numbers()).sum()
}

/// Whether the samples of a run are written as they come.
pub(crate) fn streams(contents: &Contents) -> bool {
    let columns = contents.columns();
    let mut wanted = columns.iter().filter(|column| column.is_wanted());
    let ragged = contents.tracks.iter().any(|track| track.times.is_some());
    ragged || wanted.any(|column| column.numbers().is_none()) || numbers(contents) > LONG
}

impl Gathering {
    /// The files for these contents; `None` if there are no statistics.
    pub(super) fn new(
        contents: &Contents,
        members: u64,
        paths: &Paths,
    ) -> Result<Option<Self>, ArchiveError> {
        let columns = contents.columns();
        if columns.iter().all(|column| column.statistics.is_empty()) {
            return Ok(None);
        }
        let streams = streams(contents);
        let (mut sums, mut numbers) = (0, 0);
        let mut places = Vec::with_capacity(columns.len());
        for column in &columns {
            let mut place = Place::default();
            if let Some(length) = column.numbers().filter(|_| !column.statistics.is_empty()) {
                if !streams {
                    place.sums = Some((sums, length));
                    sums += 1 + 2 * length;
                }
                // Points of one member share a task, whose sums are not those of one point.
                let needed = streams || members == 1 || has_quantiles(column);
                if column.data_set.is_none() && needed {
                    place.numbers = Some((numbers, length));
                    numbers += length;
                }
            }
            places.push(place);
        }
        let open = |path, length| match length {
            0 => Ok(None),
            length => Records::open(path, length).map(Some),
        };
        Ok(Some(Self {
            sums: open(paths.sums(), sums)?,
            numbers: open(paths.members(), numbers)?,
            columns: places.into(),
        }))
    }

    /// Write what a task leaves.
    pub(super) fn task(&self, local: u64, result: &TaskResult) -> Result<(), ArchiveError> {
        for (index, place) in self.columns.iter().enumerate() {
            if let (Some(file), Some((at, length))) = (&self.sums, place.sums) {
                let none = Sums::new(length);
                let sums = result
                    .sums
                    .get(index)
                    .and_then(Option::as_ref)
                    .unwrap_or(&none);
                file.write(local, at, &[sums.count])?;
                file.write(local, at + 1, &sums.mean)?;
                file.write(local, at + 1 + length, &sums.squares)?;
            }
            if let (Some(file), Some((at, length))) = (&self.numbers, place.numbers) {
                let values = result.columns.get(index).map_or(&[][..], Vec::as_slice);
                for (slot, values) in result.slots.iter().zip(values.chunks(length.max(1))) {
                    file.write(*slot, at, values)?;
                }
            }
        }
        Ok(())
    }

    /// Write numbers of a long run, from its number `first` in the column on.
    pub(super) fn numbers(
        &self,
        column: usize,
        slot: u64,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        match (&self.numbers, self.columns[column].numbers) {
            (Some(file), Some((at, _))) => file.write(slot, at + first, values),
            _ => Ok(()),
        }
    }

    /// The sums of a task, if they were made.
    pub(super) fn sums_of(&self, local: u64, column: usize) -> Result<Option<Sums>, ArchiveError> {
        let (Some(file), Some((at, length))) = (&self.sums, self.columns[column].sums) else {
            return Ok(None);
        };
        Ok(Some(Sums {
            count: file.read(local, at, 1)?[0],
            mean: file.read(local, at + 1, length)?,
            squares: file.read(local, at + 1 + length, length)?,
        }))
    }

    /// Some numbers of a run that the archive does not keep.
    pub(super) fn numbers_of(
        &self,
        column: usize,
        slot: u64,
        first: usize,
        count: usize,
    ) -> Result<Vec<f64>, ArchiveError> {
        match (&self.numbers, self.columns[column].numbers) {
            (Some(file), Some((at, _))) => file.read(slot, at + first, count),
            _ => Ok(vec![f64::NAN; count]),
        }
    }

    /// Take what a task left into its digest. What was cut short when the power failed is an end of
    /// the file here, and leads to another digest.
    pub(super) fn hash(
        &self,
        local: u64,
        slots: &[u64],
        digest: &mut Sha256,
    ) -> Result<(), ArchiveError> {
        if let Some(file) = &self.sums {
            file.hash(local, digest)?;
        }
        if let Some(file) = &self.numbers {
            slots.iter().try_for_each(|&slot| file.hash(slot, digest))?;
        }
        Ok(())
    }

    /// The files, for somebody else to sync.
    pub(super) fn handles(&self) -> Result<Vec<File>, ArchiveError> {
        let files = [&self.sums, &self.numbers].into_iter().flatten();
        files.map(Records::handle).collect()
    }

    /// Bring it to the disk.
    pub(super) fn sync(&self) -> Result<(), ArchiveError> {
        let files = [&self.sums, &self.numbers].into_iter().flatten();
        files.into_iter().try_for_each(Records::sync)
    }
}
