//! The writer: the one thread's hand that writes an archive while the runs go on.
//!
//! ```text
//! claim the lock -> skeleton, flushed -> samples as they come -> per run: numbers, flush, sync, journal
//! -> end: status, sync, rename;  or, if ragged or compressed: written anew (see `pack`), rename
//! ```
//!
//! `NAME.h5.part` becomes `NAME.h5` by a rename, so the final name is always a complete archive. A run
//! is finished when it is journaled. Digests are taken of the bytes as stored, per data set in the
//! order in which they are written, so that a stored run can be checked against its journal line. A
//! failed run is NaN in every data set before it is journaled, samples before the failure included.

use std::path::{Path, PathBuf};

use hdf5::{Dataset, Result as Hdf5Result};
use sha2::{Digest, Sha256};

use super::contents::{Contents, DataSet, Number};
use super::error::ArchiveError;
use super::journal::Journal;
use super::paths::{self, Paths};
use super::per_run::{self, RunRecord, Value};
use super::sidecar::Sidecar;
use super::skeleton::{self, About, Skeleton, Storage};
use super::{pack, provenance, slab, text};
use crate::plan::hexadecimal;

/// A point in the life of an archive at which a process might die; tests stop there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The skeleton is on disk.
    Skeleton,
    /// A block of samples was written.
    Samples,
    /// All numbers of a run are on disk; its journal line is not.
    Written,
    /// The journal line is on disk.
    Journaled,
    /// The status says complete; the file is not renamed yet.
    Complete,
    /// The file has its final name.
    Renamed,
}

/// The right to write one result: no other process has it at the same time.
#[derive(Debug)]
pub struct Claim {
    paths: Paths,
    journal: Journal,
    /// Whether an unfinished attempt was there, which is replaced.
    pub replaces_unfinished: bool,
}

impl Claim {
    /// Claim a result: make its folder, take the lock, and refuse a complete result unless `force`.
    ///
    /// # Errors
    /// [`ArchiveError::Exists`], [`ArchiveError::Busy`], or what the operating system says.
    pub fn new(destination: &Path, plan: &str, force: bool) -> Result<Self, ArchiveError> {
        let paths = Paths::new(destination);
        std::fs::create_dir_all(paths.folder())
            .map_err(ArchiveError::io("make the folder", paths.folder()))?;
        if destination.is_dir() {
            return Err(ArchiveError::Folder(destination.to_path_buf()));
        }
        let refuse = |paths: &Paths| match paths.destination().exists() && !force {
            true => Err(ArchiveError::Exists(destination.to_path_buf())),
            false => Ok(()),
        };
        refuse(&paths)?;
        let journal = Journal::claim(&paths, plan)?;
        // Another process may have completed it just before the lock was ours.
        if let Err(error) = refuse(&paths) {
            journal.remove()?;
            return Err(error);
        }
        let replaces_unfinished = paths.part().exists();
        for leftover in [
            paths.part(),
            paths.skeleton(),
            paths.sidecar(),
            paths.packed(),
        ] {
            paths::remove(&leftover)?;
        }
        Ok(Self {
            paths,
            journal,
            replaces_unfinished,
        })
    }

    /// Give the claim back before anything was written.
    ///
    /// # Errors
    /// If the journal cannot be removed.
    pub fn release(self) -> Result<(), ArchiveError> {
        self.journal.remove()
    }
}

/// An archive that is being written.
pub struct Writer<'a> {
    about: About<'a>,
    paths: Paths,
    journal: Journal,
    skeleton: Skeleton,
    sidecar: Option<Sidecar>,
    /// How many samples each track has so far.
    lengths: Vec<usize>,
    /// How many samples each data set has of the run that is being written.
    written: Vec<usize>,
    digests: Vec<Sha256>,
    failed: Vec<u64>,
    hook: fn(Milestone),
}

/// A number as the archive stores it.
fn store(data_set: &DataSet, values: &[f64], take: &mut dyn FnMut(&[u8])) {
    for value in values {
        match data_set.number {
            Number::F32 => take(&(*value as f32).to_le_bytes()),
            _ => take(&value.to_le_bytes()),
        }
    }
}

impl<'a> Writer<'a> {
    /// Make the archive's skeleton.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create(
        claim: Claim,
        about: About<'a>,
        hook: fn(Milestone),
    ) -> Result<Self, ArchiveError> {
        let Claim { paths, journal, .. } = claim;
        let fresh = paths.skeleton();
        let lengths = vec![0; about.contents.tracks.len()];
        let skeleton = skeleton::create(&fresh, about, &lengths, Storage::Contiguous)
            .map_err(|error| ArchiveError::hdf5("create", &fresh, &error))?;
        let sidecar = match about.contents.is_ragged() {
            true => Some(Sidecar::create(&paths.sidecar())?),
            false => None,
        };
        paths::sync(&fresh)?;
        // The open file stays the same under its new name.
        std::fs::rename(&fresh, paths.part()).map_err(ArchiveError::io(
            "give the name of the unfinished archive to",
            &fresh,
        ))?;
        paths::sync(paths.folder())?;
        hook(Milestone::Skeleton);
        let count = about.contents.data_sets.len();
        Ok(Self {
            about,
            paths,
            journal,
            skeleton,
            sidecar,
            lengths,
            written: vec![0; count],
            digests: vec![Sha256::new(); count],
            failed: Vec::new(),
            hook,
        })
    }

    /// Write samples of a data set, or its one entry of a run.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn rows(
        &mut self,
        run: u64,
        data_set: usize,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        let card = &contents.data_sets[data_set];
        let digest = &mut self.digests[data_set];
        store(card, values, &mut |bytes| digest.update(bytes));
        let rows = values.len() / card.width.max(1);
        self.written[data_set] = first + rows;
        let ragged = card.track.filter(|_| contents.is_ragged_set(card));
        if let (Some(track), Some(sidecar)) = (ragged, &mut self.sidecar) {
            self.lengths[track] = self.lengths[track].max(first + rows);
            sidecar.append(data_set, run, first, values)?;
        } else {
            let made = &self.skeleton.data_sets[data_set];
            put(contents, card, made, run, first, values).map_err(|e| self.failed("write", &e))?;
        }
        (self.hook)(Milestone::Samples);
        Ok(())
    }

    /// Write down how a run ended: it is finished when this returns.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn finish_run(&mut self, run: u64, record: &RunRecord) -> Result<(), ArchiveError> {
        let ending = record.ending;
        if !ending.success {
            self.failed.push(run);
            self.forget_run(run)?;
        }
        self.fill_rest(run)?;
        self.record(run, record)?;
        self.sync()?;
        (self.hook)(Milestone::Written);
        let digest = self.digest();
        self.journal.finished(run, ending.name, &digest)?;
        (self.hook)(Milestone::Journaled);
        Ok(())
    }

    /// Give the archive its final name.
    ///
    /// # Errors
    /// If the disk is full, for one; what was written stays under the unfinished name.
    pub fn complete(self) -> Result<PathBuf, ArchiveError> {
        let level = self.about.experiment.output.compression;
        let ready = if level > 0 || self.about.contents.is_ragged() {
            self.pack("complete", level)?;
            self.paths.packed()
        } else {
            self.stamp("complete")?;
            self.paths.part()
        };
        let Self {
            paths,
            journal,
            skeleton,
            hook,
            ..
        } = self;
        drop(skeleton);
        paths::sync(&ready)?;
        hook(Milestone::Complete);
        let destination = paths.destination().to_path_buf();
        std::fs::rename(&ready, &destination)
            .map_err(ArchiveError::io("give the final name to", &ready))?;
        paths::sync(paths.folder())?;
        hook(Milestone::Renamed);
        paths::remove(&paths.part())?;
        paths::remove(&paths.sidecar())?;
        journal.remove()?;
        Ok(destination)
    }

    /// Leave the archive unfinished but readable: what is not there is NaN, and the status says
    /// `interrupted`.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn interrupt(mut self, run: u64, record: &RunRecord) -> Result<PathBuf, ArchiveError> {
        self.forget_summaries(run)?;
        self.fill_rest(run)?;
        self.record(run, record)?;
        let part = self.paths.part();
        if self.about.contents.is_ragged() {
            self.pack("interrupted", 0)?;
            let Self {
                paths, skeleton, ..
            } = self;
            drop(skeleton);
            paths::sync(&paths.packed())?;
            std::fs::rename(paths.packed(), &part).map_err(ArchiveError::io(
                "give the name of the unfinished archive to",
                &part,
            ))?;
            paths::remove(&paths.sidecar())?;
            paths::sync(paths.folder())?;
        } else {
            self.stamp("interrupted")?;
            drop(self.skeleton);
            paths::sync(&part)?;
        }
        Ok(part)
    }

    /// Leave nothing behind: no run came to an end.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn abandon(self) -> Result<(), ArchiveError> {
        drop(self.skeleton);
        paths::remove(&self.paths.part())?;
        paths::remove(&self.paths.sidecar())?;
        self.journal.remove()
    }

    /// Write what a run leaves besides its samples.
    fn record(&mut self, run: u64, record: &RunRecord) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        let write = || -> Hdf5Result<()> {
            for card in per_run::CARDS {
                let found = contents.data_sets.iter().position(|d| d.path == card.path);
                if let Some(index) = found {
                    let made = &self.skeleton.data_sets[index];
                    let place = contents.place(run);
                    let one = vec![1; place.len()];
                    match card.value(record) {
                        Value::F64(value) => slab::write(made, &place, &one, &[value]),
                        Value::I64(value) => slab::write(made, &place, &one, &[value]),
                        Value::U64(value) => slab::write(made, &place, &one, &[value]),
                        Value::I8(value) => slab::write(made, &place, &one, &[value]),
                    }?;
                }
            }
            let mut state = record.state.as_slice();
            for &index in &contents.last_state {
                let card = &contents.data_sets[index];
                let (block, rest) = state.split_at(card.width.min(state.len()));
                put(
                    contents,
                    card,
                    &self.skeleton.data_sets[index],
                    run,
                    0,
                    block,
                )?;
                state = rest;
            }
            if !record.diagnosis.is_empty() {
                let diagnosis = text::unicode(&record.diagnosis);
                self.skeleton.diagnosis.write_scalar(&diagnosis)?;
            }
            Ok(())
        };
        write().map_err(|error| self.failed("write", &error))
    }

    /// Take back the samples of a run that failed, and its summaries: all of it will be NaN.
    fn forget_run(&mut self, run: u64) -> Result<(), ArchiveError> {
        self.written.fill(0);
        self.digests.fill(Sha256::new());
        self.forget_summaries(run)
    }

    fn forget_summaries(&mut self, run: u64) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        let fields = contents.tracks.iter().flat_map(|track| &track.fields);
        for &(index, _) in fields.flat_map(|field| &field.summaries) {
            let nothing = vec![f64::NAN; contents.data_sets[index].width];
            self.rows(run, index, 0, &nothing)?;
        }
        Ok(())
    }

    /// Fill what a run did not come to (it failed, was stopped or interrupted) with NaN.
    fn fill_rest(&mut self, run: u64) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        for (index, card) in contents.data_sets.iter().enumerate() {
            let length = match contents.samples(card, &self.lengths) {
                Some(length) if card.width > 0 && !contents.is_ragged_set(card) => length,
                _ => continue,
            };
            let rows = contents.rows(card);
            while self.written[index] < length {
                let first = self.written[index];
                let last = (first + rows).min(length);
                let nothing = vec![f64::NAN; (last - first) * card.width];
                self.rows(run, index, first, &nothing)?;
            }
        }
        Ok(())
    }

    /// Bring everything to the disk.
    fn sync(&self) -> Result<(), ArchiveError> {
        self.skeleton
            .file
            .flush()
            .map_err(|error| self.failed("write", &error))?;
        paths::sync(&self.paths.part())?;
        self.sidecar.as_ref().map_or(Ok(()), Sidecar::sync)
    }

    /// The digest of the run that is being written; the next one begins.
    fn digest(&mut self) -> String {
        let mut whole = Sha256::new();
        for digest in &mut self.digests {
            whole.update(digest.finalize_reset());
        }
        self.written.fill(0);
        hexadecimal(&whole.finalize())
    }

    /// Write the status and the end into the file as it is.
    fn stamp(&self, status: &str) -> Result<(), ArchiveError> {
        stamp(&self.skeleton, status).map_err(|error| self.failed("write", &error))
    }

    /// Write the archive anew, in its final form.
    fn pack(&self, status: &str, level: u8) -> Result<(), ArchiveError> {
        self.sync()?;
        pack::pack(
            &pack::Source {
                about: self.about,
                lengths: &self.lengths,
                data_sets: &self.skeleton.data_sets,
                diagnosis: &self.skeleton.diagnosis,
                failed: &self.failed,
                paths: &self.paths,
            },
            status,
            level,
        )
    }

    fn failed(&self, doing: &str, error: &hdf5::Error) -> ArchiveError {
        ArchiveError::hdf5(doing, &self.paths.part(), error)
    }
}

/// Write the status and the end.
pub(super) fn stamp(skeleton: &Skeleton, status: &str) -> Hdf5Result<()> {
    skeleton
        .end
        .write_scalar(&text::unicode(&provenance::utc()))?;
    text::attribute(&skeleton.file, "status", status)?;
    skeleton.file.flush()
}

/// Write samples, or the one entry, of a run at their place.
pub(super) fn put(
    contents: &Contents,
    card: &DataSet,
    made: &Dataset,
    run: u64,
    first: usize,
    values: &[f64],
) -> Hdf5Result<()> {
    let (start, count) = contents.block(card, run, first, values.len());
    match card.number {
        Number::F32 => {
            let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
            slab::write(made, &start, &count, &single)
        }
        _ => slab::write(made, &start, &count, values),
    }
}
