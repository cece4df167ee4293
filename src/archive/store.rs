//! The store: the numbers of fixed size and place in an archive that is being written.
//!
//! Data sets that runs fill are contiguous and allocated before the first run, so the place of every
//! number in the file is known: `offset + (run * numbers per run + first) * size`. They are written and
//! read there directly, in as few calls as there are runs side by side, without HDF5's lock; the
//! library sees them when the file is opened next.
//!
//! A *task* of runs has one digest over all it stored, data set by data set, run by run.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use hdf5::Dataset;
use sha2::{Digest, Sha256};

use super::contents::{Contents, DataSet, Number, Per};
use super::error::ArchiveError;
use crate::system::analysis::NO_CODE;

/// The file and the places of its data sets.
pub(super) struct Store {
    path: PathBuf,
    file: File,
    slabs: Vec<Option<Slab>>,
}

/// A contiguous data set.
#[derive(Clone, Copy, Debug)]
struct Slab {
    offset: u64,
    number: Number,
    /// Numbers per run, or per point.
    numbers: usize,
    per: Per,
}

impl Slab {
    fn place(&self, entry: u64, first: usize) -> u64 {
        let size = self.number.size() as u64;
        self.offset + (entry * self.numbers as u64 + first as u64) * size
    }
}

/// At most so much is held in memory to be looked at.
const PIECE: usize = 1 << 20;

impl Store {
    /// The store of the file at `path`, whose data sets are open.
    pub(super) fn open(
        path: &Path,
        contents: &Contents,
        data_sets: &[Dataset],
    ) -> Result<Self, ArchiveError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(ArchiveError::io("open", path))?;
        let slab = |(card, made): (&DataSet, &Dataset)| {
            if contents.is_ragged_set(card) {
                return None;
            }
            Some(Slab {
                offset: made.offset()?,
                number: card.number,
                numbers: contents.numbers(card),
                per: card.per,
            })
        };
        let slabs = contents.data_sets.iter().zip(data_sets).map(slab).collect();
        Ok(Self {
            path: path.to_path_buf(),
            file,
            slabs,
        })
    }

    /// Whether a data set has numbers of every run here.
    pub(super) fn has(&self, data_set: usize) -> bool {
        self.slabs[data_set].is_some_and(|slab| slab.per == Per::Run && slab.numbers > 0)
    }

    /// Write numbers of a run (or point), from number `first` of it on.
    pub(super) fn write(
        &self,
        data_set: usize,
        entry: u64,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        let Some(slab) = self.slabs[data_set] else {
            return Ok(());
        };
        let mut bytes = Vec::with_capacity(values.len() * slab.number.size());
        encode(slab.number, values, &mut bytes);
        self.put(&bytes, slab.place(entry, first))
    }

    /// Write all bytes of the runs in these slots, which lie one after the other in `bytes`.
    pub(super) fn write_runs(
        &self,
        data_set: usize,
        slots: &[u64],
        bytes: &[u8],
    ) -> Result<(), ArchiveError> {
        let Some(slab) = self.slabs[data_set] else {
            return Ok(());
        };
        let size = slab.numbers * slab.number.size();
        let mut rest = bytes;
        for group in slots.chunk_by(|a, b| a + 1 == *b) {
            let (now, later) = rest.split_at(group.len() * size);
            self.put(now, slab.place(group[0], 0))?;
            rest = later;
        }
        Ok(())
    }

    /// Fill numbers of a run with NaN, from number `first` of it on.
    pub(super) fn blank(
        &self,
        data_set: usize,
        entry: u64,
        first: usize,
    ) -> Result<(), ArchiveError> {
        let Some(slab) = self.slabs[data_set] else {
            return Ok(());
        };
        let nothing = vec![f64::NAN; slab.numbers.saturating_sub(first).min(PIECE / 8)];
        let mut from = first;
        while from < slab.numbers {
            let count = (slab.numbers - from).min(nothing.len());
            self.write(data_set, entry, from, &nothing[..count])?;
            from += count;
        }
        Ok(())
    }

    /// Read `count` numbers of a run (or point), from number `first` of it on.
    pub(super) fn read(
        &self,
        data_set: usize,
        entry: u64,
        first: usize,
        count: usize,
    ) -> Result<Vec<f64>, ArchiveError> {
        let Some(slab) = self.slabs[data_set] else {
            return Ok(Vec::new());
        };
        let mut bytes = vec![0; count * slab.number.size()];
        self.get(&mut bytes, slab.place(entry, first))?;
        Ok(decode(slab.number, &bytes))
    }

    /// The digest of what is stored of these runs. `known` has the bytes of some data sets, which then
    /// need not be read.
    pub(super) fn digest(
        &self,
        slots: &[u64],
        known: &dyn Fn(usize) -> Option<Vec<u8>>,
    ) -> Result<Sha256, ArchiveError> {
        let mut digest = Sha256::new();
        for (data_set, slab) in self.slabs.iter().enumerate() {
            let Some(slab) = slab.filter(|_| self.has(data_set)) else {
                continue;
            };
            if let Some(bytes) = known(data_set) {
                digest.update(bytes);
                continue;
            }
            let size = slab.numbers * slab.number.size();
            for group in slots.chunk_by(|a, b| a + 1 == *b) {
                self.hash(&mut digest, slab.place(group[0], 0), group.len() * size)?;
            }
        }
        Ok(digest)
    }

    fn hash(&self, digest: &mut Sha256, at: u64, length: usize) -> Result<(), ArchiveError> {
        let mut piece = vec![0; length.min(PIECE)];
        let mut done = 0;
        while done < length {
            let count = (length - done).min(piece.len());
            self.get(&mut piece[..count], at + done as u64)?;
            digest.update(&piece[..count]);
            done += count;
        }
        Ok(())
    }

    /// The file, for somebody else to sync.
    pub(super) fn handle(&self) -> Result<File, ArchiveError> {
        let handle = self.file.try_clone();
        handle.map_err(ArchiveError::io("open", &self.path))
    }

    /// Bring everything to the disk.
    pub(super) fn sync(&self) -> Result<(), ArchiveError> {
        self.file
            .sync_data()
            .map_err(ArchiveError::io("bring to the disk", &self.path))
    }

    fn put(&self, bytes: &[u8], at: u64) -> Result<(), ArchiveError> {
        self.file
            .write_all_at(bytes, at)
            .map_err(ArchiveError::io("write", &self.path))
    }

    fn get(&self, bytes: &mut [u8], at: u64) -> Result<(), ArchiveError> {
        self.file
            .read_exact_at(bytes, at)
            .map_err(ArchiveError::io("read", &self.path))
    }
}

/// Numbers as the file stores them.
pub(super) fn encode(number: Number, values: &[f64], bytes: &mut Vec<u8>) {
    match number {
        Number::F32 => bytes.extend(values.iter().flat_map(|&v| (v as f32).to_ne_bytes())),
        Number::I64 => bytes.extend(values.iter().flat_map(|&v| (v as i64).to_ne_bytes())),
        Number::U64 => bytes.extend(values.iter().flat_map(|&v| (v as u64).to_ne_bytes())),
        Number::I8 => bytes.extend(values.iter().map(|&v| code(v) as u8)),
        Number::F64 => bytes.extend(values.iter().flat_map(|v| v.to_ne_bytes())),
    }
}

fn decode(number: Number, bytes: &[u8]) -> Vec<f64> {
    match number {
        Number::F64 => words(bytes, f64::from_ne_bytes),
        Number::F32 => words(bytes, |word| f64::from(f32::from_ne_bytes(word))),
        Number::I64 => words(bytes, |word| i64::from_ne_bytes(word) as f64),
        Number::U64 => words(bytes, |word| u64::from_ne_bytes(word) as f64),
        Number::I8 => words(bytes, |word| f64::from(i8::from_ne_bytes(word))),
    }
}

fn words<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f64) -> Vec<f64> {
    let (words, _) = bytes.as_chunks::<N>();
    words.iter().map(|&word| number(word)).collect()
}

/// A number as a code: what is not there has a code of its own.
fn code(value: f64) -> i8 {
    match value.is_nan() {
        true => NO_CODE,
        false => value as i8,
    }
}
