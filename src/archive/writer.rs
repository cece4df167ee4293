//! The writer: the one thread's hand that writes an archive while the runs go on.
//!
//! ```text
//! claim the lock -> skeleton, flushed (or the unfinished archive, opened again)
//! -> samples of long runs as they come, checkpoints
//! -> per task: numbers, journal line; at most a second apart: data and journal brought to the disk
//! -> end: statistics over members, failures, status, sync, rename;
//!    or, if ragged, compressed or with events: written anew (see `pack`), rename
//! ```
//!
//! `NAME.h5.part` becomes `NAME.h5` by a rename, so the final name is always a complete archive. A run
//! is finished when its task is journaled. A failed run is NaN in every data set before that, samples
//! before the failure included.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hdf5::Result as Hdf5Result;
use sha2::Digest;

use super::claim::Claim;
use super::contents::Per;
use super::ending;
use super::error::ArchiveError;
use super::gathering::Gathering;
use super::journal::{Failure, Heading, Journal};
use super::paths::{self, Paths};
use super::per_run::{self, RunRecord, Value};
use super::sidecar::Sidecar;
use super::skeleton::{self, About, Skeleton, Storage};
use super::store::{self, Store};
use super::syncer::Syncer;
use super::{checkpoint, pack, provenance, text};
use crate::plan::hexadecimal;
use crate::plan::tasks::Task;

use super::members::Sums;

/// A point in the life of an archive at which a process might die; tests stop there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The skeleton is on disk.
    Skeleton,
    /// A block of samples was written.
    Samples,
    /// A checkpoint is on disk.
    Checkpoint,
    /// All numbers of a task are written; its journal line is not.
    Written,
    /// The journal line is written.
    Journaled,
    /// The status says complete; the file is not renamed yet.
    Complete,
    /// The file has its final name.
    Renamed,
}

/// What finished runs of a task leave.
#[derive(Debug)]
pub struct TaskResult {
    /// The task.
    pub task: Task,
    /// Which of its runs, as bits.
    pub which: u64,
    /// The index of each run in the whole plan.
    pub runs: Vec<u64>,
    /// The slot of each run in the archive.
    pub slots: Vec<u64>,
    /// How each run went.
    pub records: Vec<RunRecord>,
    /// For each of [`Contents::columns`](super::contents::Contents::columns) the numbers of all runs, one after the other; nothing where
    /// the samples went to the writer before, or where nobody wants them.
    pub columns: Vec<Vec<f64>>,
    /// For each column the sums over its members, where they are wanted and were made.
    pub sums: Vec<Option<Sums>>,
    /// The events of each run, as numbers; nothing where they went to the writer before.
    pub events: Vec<Vec<f64>>,
    /// If samples went to the writer before: how many each track had.
    pub streamed: Option<Vec<usize>>,
}

/// An archive that is being written.
pub struct Writer<'a> {
    pub(super) about: About<'a>,
    pub(super) paths: Paths,
    pub(super) journal: Journal,
    pub(super) heading: Heading,
    pub(super) skeleton: Skeleton,
    pub(super) store: Store,
    sidecar: Option<Sidecar>,
    events: Option<Sidecar>,
    pub(super) gathering: Option<Gathering>,
    /// How many samples each ragged track has at most.
    pub(super) lengths: Vec<usize>,
    syncer: Syncer,
    hook: fn(Milestone),
}

/// What an unfinished archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// The finished runs of each task that has some, as bits.
    pub tasks: BTreeMap<u64, u64>,
    /// How many runs were journaled, but are not what was written: they are run again.
    pub damaged: u64,
}

impl Resumed {
    /// The number of finished runs.
    pub fn runs(&self) -> u64 {
        self.tasks
            .values()
            .map(|which| u64::from(which.count_ones()))
            .sum()
    }
}

/// Where the checkpoints of an archive are read.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    paths: Paths,
    plan: String,
}

impl Checkpoints {
    /// No checkpoints, of no archive.
    pub fn none() -> Self {
        Self {
            paths: Paths::new(std::path::Path::new("")),
            plan: String::new(),
        }
    }

    /// The checkpoint of the run in a slot, if there is one.
    pub fn read(&self, slot: u64) -> Option<Vec<f64>> {
        checkpoint::read(&self.paths.checkpoint(slot), &self.plan)
    }
}

impl<'a> Writer<'a> {
    /// Make the archive's skeleton, or open the unfinished archive that the claim found. `slots` gives
    /// the slots of some of a task's runs.
    ///
    /// # Errors
    /// If the file cannot be made or opened.
    pub fn create(
        claim: Claim,
        about: About<'a>,
        slots: &dyn Fn(u64, u64) -> Vec<u64>,
        hook: fn(Milestone),
    ) -> Result<(Self, Resumed), ArchiveError> {
        let Claim {
            paths,
            journal,
            heading,
            finished,
            ..
        } = claim;
        let contents = about.contents;
        let mut lengths = vec![0; contents.tracks.len()];
        let skeleton = match &finished {
            Some(_) => skeleton::open(&paths.part(), contents)
                .map_err(|error| ArchiveError::hdf5("open", &paths.part(), &error))?,
            None => fresh(&paths, about, &lengths)?,
        };
        let store = Store::open(&paths.part(), contents, &skeleton.data_sets)?;
        let sidecar = match (contents.is_ragged(), &finished) {
            (false, _) => None,
            (true, None) => Some(Sidecar::create(&paths.sidecar())?),
            (true, Some(_)) => Some(Sidecar::go_on(&paths.sidecar(), &mut |frame| {
                let card = &contents.data_sets[frame.data_set];
                let rows = frame.first + frame.values.len() / card.width.max(1);
                if let Some(track) = card.track {
                    lengths[track] = lengths[track].max(rows);
                }
            })?),
        };
        let events = match (&contents.events, &finished) {
            (None, _) => None,
            (Some(_), None) => Some(Sidecar::create(&paths.events())?),
            (Some(_), Some(_)) => Some(Sidecar::go_on(&paths.events(), &mut |_| {})?),
        };
        let gathering = Gathering::new(contents, about.plan.members(), &paths)?;
        let mut files = vec![store.handle()?];
        files.extend(sidecar.as_ref().map(Sidecar::handle).transpose()?);
        files.extend(events.as_ref().map(Sidecar::handle).transpose()?);
        if let Some(gathering) = &gathering {
            files.extend(gathering.handles()?);
        }
        files.push(journal.handle()?);
        let syncer = Syncer::new(&paths.part(), files);
        let mut writer = Self {
            about,
            paths,
            journal,
            heading,
            skeleton,
            store,
            sidecar,
            events,
            gathering,
            lengths,
            syncer,
            hook,
        };
        let mut resumed = Resumed::default();
        if let Some(finished) = finished {
            for ((number, which), digest) in finished.tasks {
                let found = writer.digest(number, &slots(number, which), &|_| None)?;
                match found == digest {
                    true => *resumed.tasks.entry(number).or_default() |= which,
                    false => resumed.damaged += u64::from(which.count_ones()),
                }
            }
            writer.journal.go_on()?;
        } else {
            hook(Milestone::Skeleton);
        }
        Ok((writer, resumed))
    }

    /// Where the checkpoints are read.
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints {
            paths: self.paths.clone(),
            plan: self.heading.plan.clone(),
        }
    }

    /// Write samples of a column of a long run, from sample `first` on.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn rows(
        &mut self,
        slot: u64,
        column: usize,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        let columns = contents.columns();
        let width = columns[column].width;
        if let Some(data_set) = columns[column].data_set {
            self.samples(slot, data_set, first, values)?;
        }
        if let Some(gathering) = &self.gathering {
            gathering.numbers(column, slot, first * width, values)?;
        }
        (self.hook)(Milestone::Samples);
        Ok(())
    }

    /// Write samples of a data set of a long run, from sample `first` on.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn samples(
        &mut self,
        slot: u64,
        data_set: usize,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        let card = &contents.data_sets[data_set];
        let rows = values.len() / card.width.max(1);
        let ragged = card.track.filter(|_| contents.is_ragged_set(card));
        if let (Some(track), Some(sidecar)) = (ragged, &mut self.sidecar) {
            self.lengths[track] = self.lengths[track].max(first + rows);
            return sidecar.append(data_set, slot, first, values);
        }
        self.store.write(data_set, slot, first * card.width, values)
    }

    /// Write events of a run, from its event number `first` on; whatever was there before goes.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn events(&mut self, run: u64, first: usize, values: &[f64]) -> Result<(), ArchiveError> {
        match &mut self.events {
            Some(events) => events.append(0, run, first, values),
            None => Ok(()),
        }
    }

    /// Make a long run safe up to now; its samples so far have come before.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn checkpoint(&mut self, slot: u64, memory: &[f64]) -> Result<(), ArchiveError> {
        self.sync_data()?;
        checkpoint::write(&self.paths.checkpoint(slot), &self.heading.plan, memory)?;
        (self.hook)(Milestone::Checkpoint);
        Ok(())
    }

    /// Write down how the runs of a task ended: they are finished when this returns.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn task(&mut self, result: &TaskResult) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        let mut stored: Vec<Option<Vec<u8>>> = vec![None; contents.data_sets.len()];
        for (column, values) in contents.columns().iter().zip(&result.columns) {
            let Some(data_set) = column.data_set.filter(|_| !values.is_empty()) else {
                continue;
            };
            let mut bytes = Vec::with_capacity(values.len() * column.number.size());
            store::encode(column.number, values, &mut bytes);
            stored[data_set] = Some(bytes);
        }
        self.last_states(&result.records, &mut stored);
        if let Some(lengths) = &result.streamed {
            self.finish_streamed(result, lengths)?;
        }
        for (&run, events) in result.runs.iter().zip(&result.events) {
            if !events.is_empty() {
                self.events(run, 0, events)?;
            }
        }
        if let Some(gathering) = &self.gathering {
            gathering.task(self.about.tasks.local(result.task.number), result)?;
        }
        let mut status = None;
        for card in per_run::CARDS {
            let found = contents.data_sets.iter().position(|d| d.path == card.path);
            if let Some(index) = found {
                stored[index] = Some(entries(card, &result.records));
                status = status.or((card.path == "run_status").then_some(index));
            }
        }
        // The status comes last: where it says that a run is over, the rest is there.
        let rest = (0..stored.len()).filter(|&index| Some(index) != status);
        for index in rest.chain(status) {
            if let Some(bytes) = &stored[index] {
                self.store.write_runs(index, &result.slots, bytes)?;
            }
        }
        (self.hook)(Milestone::Written);
        self.journal_task(result, &stored)?;
        (self.hook)(Milestone::Journaled);
        if result.streamed.is_some() {
            let slots = result.slots.iter();
            slots
                .into_iter()
                .try_for_each(|&slot| paths::remove(&self.paths.checkpoint(slot)))?;
        }
        Ok(())
    }

    fn journal_task(
        &mut self,
        result: &TaskResult,
        stored: &[Option<Vec<u8>>],
    ) -> Result<(), ArchiveError> {
        for (run, record) in result.runs.iter().zip(&result.records) {
            if !record.ending.success {
                self.journal.failed(&Failure {
                    run: *run,
                    status: record.ending.name.into(),
                    time: record.time,
                    diagnosis: record.diagnosis.clone(),
                })?;
            }
        }
        let known = |data_set: usize| stored[data_set].clone();
        let digest = self.digest(result.task.number, &result.slots, &known)?;
        self.journal
            .task(result.task.number, result.which, &digest)?;
        self.syncer.check()
    }

    /// The digest of a task; see [`Store::digest`].
    fn digest(
        &self,
        number: u64,
        slots: &[u64],
        known: &dyn Fn(usize) -> Option<Vec<u8>>,
    ) -> Result<String, ArchiveError> {
        let mut digest = self.store.digest(slots, known)?;
        if let Some(gathering) = &self.gathering {
            gathering.hash(self.about.tasks.local(number), slots, &mut digest)?;
        }
        Ok(hexadecimal(&digest.finalize()))
    }

    /// What a run whose samples came before did not come to is NaN; all of it, if it failed.
    fn finish_streamed(
        &mut self,
        result: &TaskResult,
        lengths: &[usize],
    ) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        for (&slot, record) in result.slots.iter().zip(&result.records) {
            for (index, card) in contents.data_sets.iter().enumerate() {
                let Some(track) = card.track.filter(|_| card.per == Per::Run) else {
                    continue;
                };
                let rows = match record.ending.success {
                    true => lengths[track],
                    false => 0,
                };
                self.store.blank(index, slot, rows * card.width)?;
            }
        }
        Ok(())
    }

    /// The bytes of the last state of every block.
    fn last_states(&self, records: &[RunRecord], stored: &mut [Option<Vec<u8>>]) {
        let contents = self.about.contents;
        let mut from = 0;
        for &index in &contents.last_state {
            let card = &contents.data_sets[index];
            let mut bytes = Vec::with_capacity(records.len() * card.width * 8);
            for record in records {
                let block = record.state.get(from..from + card.width);
                match block {
                    Some(block) => store::encode(card.number, block, &mut bytes),
                    // A run that could not be begun has no state.
                    None => store::encode(card.number, &vec![f64::NAN; card.width], &mut bytes),
                }
            }
            stored[index] = Some(bytes);
            from += card.width;
        }
    }

    /// Give the archive its final name.
    ///
    /// # Errors
    /// If the disk is full, for one; what was written stays under the unfinished name.
    pub fn complete(self) -> Result<PathBuf, ArchiveError> {
        self.sync()?;
        ending::statistics(&self)?;
        ending::failures(&self)?;
        let level = self.about.experiment.output.compression;
        let contents = self.about.contents;
        let anew = level > 0 || contents.is_ragged() || contents.events.is_some();
        let ready = if anew {
            self.pack("complete", level)?
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
        paths.clear()?;
        journal.remove()?;
        Ok(destination)
    }

    /// Show what a long run had when it was left; it is not finished, and goes on from its checkpoint.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn left(&mut self, result: &TaskResult) -> Result<(), ArchiveError> {
        let contents = self.about.contents;
        let mut stored: Vec<Option<Vec<u8>>> = vec![None; contents.data_sets.len()];
        self.last_states(&result.records, &mut stored);
        for card in per_run::CARDS {
            let found = contents.data_sets.iter().position(|d| d.path == card.path);
            if let Some(index) = found {
                stored[index] = Some(entries(card, &result.records));
            }
        }
        for (index, bytes) in stored.iter().enumerate() {
            if let Some(bytes) = bytes {
                self.store.write_runs(index, &result.slots, bytes)?;
            }
        }
        let lengths = result.streamed.clone().unwrap_or_default();
        for &slot in &result.slots {
            for (index, card) in contents.data_sets.iter().enumerate() {
                if let Some(track) = card.track.filter(|_| card.per == Per::Run) {
                    let rows = lengths.get(track).copied().unwrap_or(0);
                    self.store.blank(index, slot, rows * card.width)?;
                }
            }
            for column in contents
                .columns()
                .iter()
                .filter(|column| column.rows == Some(1))
            {
                if let Some(data_set) = column
                    .data_set
                    .filter(|&d| contents.data_sets[d].track.is_none())
                {
                    self.store.blank(data_set, slot, 0)?;
                }
            }
        }
        Ok(())
    }

    /// Leave the archive unfinished: it opens, its status says `interrupted`, and the next run goes on.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn interrupt(self) -> Result<PathBuf, ArchiveError> {
        let part = self.paths.part();
        self.sync()?;
        self.stamp("interrupted")?;
        drop(self.skeleton);
        paths::sync(&part)?;
        Ok(part)
    }

    /// Leave nothing behind: no run came to an end.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn abandon(self) -> Result<(), ArchiveError> {
        drop(self.skeleton);
        self.paths.clear()?;
        self.journal.remove()
    }

    fn sync_data(&self) -> Result<(), ArchiveError> {
        self.store.sync()?;
        if let Some(gathering) = &self.gathering {
            gathering.sync()?;
        }
        let sidecars = self.sidecar.iter().chain(&self.events);
        sidecars.into_iter().try_for_each(Sidecar::sync)
    }

    /// Bring everything to the disk.
    ///
    /// # Errors
    /// If the disk is full, for one.
    pub fn sync(&self) -> Result<(), ArchiveError> {
        self.sync_data()?;
        self.journal.sync()
    }

    /// Write the status and the end into the file as it is.
    fn stamp(&self, status: &str) -> Result<(), ArchiveError> {
        stamp(&self.skeleton, status).map_err(|error| self.failed("write", &error))
    }

    /// Write the archive anew, in its final form; where it is.
    fn pack(&self, status: &str, level: u8) -> Result<PathBuf, ArchiveError> {
        pack::pack(
            &pack::Source {
                about: self.about,
                lengths: &self.lengths,
                skeleton: &self.skeleton,
                paths: &self.paths,
                is_failed: &|slot| ending::is_failed(self, slot),
            },
            status,
            level,
        )
    }

    pub(super) fn failed(&self, doing: &str, error: &hdf5::Error) -> ArchiveError {
        ArchiveError::hdf5(doing, &self.paths.part(), error)
    }
}

/// The skeleton of a new archive, under the unfinished name.
fn fresh(paths: &Paths, about: About<'_>, lengths: &[usize]) -> Result<Skeleton, ArchiveError> {
    let fresh = paths.skeleton();
    let skeleton = skeleton::create(&fresh, about, lengths, Storage::Contiguous)
        .map_err(|error| ArchiveError::hdf5("create", &fresh, &error))?;
    paths::sync(&fresh)?;
    // The open file stays the same under its new name.
    std::fs::rename(&fresh, paths.part()).map_err(ArchiveError::io(
        "give the name of the unfinished archive to",
        &fresh,
    ))?;
    paths::sync(paths.folder())?;
    Ok(skeleton)
}

/// The bytes of one data set with an entry per run.
fn entries(card: &per_run::Card, records: &[RunRecord]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        match card.value(record) {
            Value::F64(value) => bytes.extend(value.to_ne_bytes()),
            Value::I64(value) => bytes.extend(value.to_ne_bytes()),
            Value::U64(value) => bytes.extend(value.to_ne_bytes()),
            Value::I8(value) => bytes.extend(value.to_ne_bytes()),
        }
    }
    bytes
}

/// Write the status and the end.
pub(super) fn stamp(skeleton: &Skeleton, status: &str) -> Hdf5Result<()> {
    skeleton
        .end
        .write_scalar(&text::unicode(&provenance::utc()))?;
    text::attribute(&skeleton.file, "status", status)?;
    skeleton.file.flush()
}
