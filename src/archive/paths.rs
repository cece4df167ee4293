//! The files of an archive in the making: `NAME.h5` is complete or absent; everything unfinished has a
//! name that says so.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::ArchiveError;

/// The names that belong to one result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    destination: PathBuf,
}

impl Paths {
    /// The names for a result at `destination`.
    pub fn new(destination: &Path) -> Self {
        Self {
            destination: destination.to_path_buf(),
        }
    }

    /// The result: complete or absent.
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// The archive while it is being written.
    pub fn part(&self) -> PathBuf {
        self.with(".part")
    }

    /// The skeleton of the archive while it is being made: so that what is called `.part` opens.
    pub fn skeleton(&self) -> PathBuf {
        self.with(".part.new")
    }

    /// Its journal, and its lock.
    pub fn journal(&self) -> PathBuf {
        self.with(".part.journal")
    }

    /// The samples of tracks whose length is not known yet.
    pub fn sidecar(&self) -> PathBuf {
        self.with(".part.ragged")
    }

    /// The events of all runs so far.
    pub fn events(&self) -> PathBuf {
        self.with(".part.events")
    }

    /// The final form of an archive that has to be written anew (compressed or ragged).
    pub fn packed(&self) -> PathBuf {
        self.with(".part.packed")
    }

    /// The sums over the members of finished tasks.
    pub fn sums(&self) -> PathBuf {
        self.with(".part.sums")
    }

    /// The numbers of members that are not kept in the archive.
    pub fn members(&self) -> PathBuf {
        self.with(".part.members")
    }

    /// The last checkpoint of the run in this slot.
    pub fn checkpoint(&self, slot: u64) -> PathBuf {
        self.with(&format!(".part.checkpoint.{slot}"))
    }

    /// Every checkpoint that is there.
    pub fn checkpoints(&self) -> Vec<PathBuf> {
        let mut prefix = self.destination.file_name().unwrap_or_default().to_owned();
        prefix.push(".part.checkpoint.");
        let prefix = prefix.to_string_lossy().into_owned();
        let entries = std::fs::read_dir(self.folder()).into_iter().flatten();
        let names = entries.flatten().map(|entry| entry.path());
        names
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with(&prefix)
            })
            .collect()
    }

    /// Remove everything that is not the result itself, the journal excepted.
    pub(super) fn clear(&self) -> Result<(), ArchiveError> {
        let mut leftovers = vec![
            self.part(),
            self.skeleton(),
            self.sidecar(),
            self.events(),
            self.packed(),
            self.flat(),
            self.sums(),
            self.members(),
        ];
        leftovers.extend(self.checkpoints());
        leftovers.iter().try_for_each(|path| remove(path))
    }

    /// A ragged archive on its way to a compressed one.
    pub fn flat(&self) -> PathBuf {
        self.with(".part.flat")
    }

    fn with(&self, suffix: &str) -> PathBuf {
        let mut name = self.destination.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    }

    /// The folder that all of them are in.
    pub fn folder(&self) -> &Path {
        match self.destination.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

/// Bring the content of a file, or the names in a folder, to the disk.
pub(super) fn sync(path: &Path) -> Result<(), ArchiveError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(ArchiveError::io("bring to the disk", path))
}

/// Remove a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<(), ArchiveError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ArchiveError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
