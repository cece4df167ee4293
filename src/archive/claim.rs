//! The claim: the right to write one result, and what an earlier attempt has left of it.
//!
//! No other process has the right at the same time. An unfinished attempt of the same plan, by the same
//! build, is gone on with; one of another plan is never thrown away unless it holds nothing, or
//! somebody says so.

use std::path::Path;

use super::checkpoint;
use super::error::ArchiveError;
use super::journal::{Finished, Heading, Journal};
use super::paths::Paths;

/// What to do about what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leave {
    /// A complete result may be replaced.
    pub force: bool,
    /// An unfinished attempt is thrown away.
    pub restart: bool,
}

/// The right to write one result.
#[derive(Debug)]
pub struct Claim {
    pub(super) paths: Paths,
    pub(super) journal: Journal,
    pub(super) heading: Heading,
    /// What is finished already, if there is an attempt to go on with.
    pub(super) finished: Option<Finished>,
    /// Whether an unfinished attempt was there, which is replaced.
    pub replaces_unfinished: bool,
}

impl Claim {
    /// Claim a result: make its folder, take the lock, refuse a complete result, and look at an
    /// unfinished one.
    ///
    /// # Errors
    /// [`ArchiveError::Exists`], [`ArchiveError::Busy`], [`ArchiveError::Unfinished`], or what the
    /// operating system says.
    pub fn new(destination: &Path, heading: Heading, leave: Leave) -> Result<Self, ArchiveError> {
        let paths = Paths::new(destination);
        std::fs::create_dir_all(paths.folder())
            .map_err(ArchiveError::io("make the folder", paths.folder()))?;
        if destination.is_dir() {
            return Err(ArchiveError::Folder(destination.to_path_buf()));
        }
        let refuse = |paths: &Paths| match paths.destination().exists() && !leave.force {
            true => Err(ArchiveError::Exists(destination.to_path_buf())),
            false => Ok(()),
        };
        refuse(&paths)?;
        let mut journal = Journal::claim(&paths)?;
        // Another process may have completed it just before the lock was ours.
        if let Err(error) = refuse(&paths) {
            journal.remove()?;
            return Err(error);
        }
        let found = journal.finished()?;
        let there = paths.part().exists();
        if there && !leave.restart {
            if found.heading == heading {
                return Ok(Self {
                    paths,
                    journal,
                    heading,
                    finished: Some(found),
                    replaces_unfinished: false,
                });
            }
            let checkpoints = paths.checkpoints().len();
            if !found.tasks.is_empty() || checkpoints > 0 {
                return Err(ArchiveError::Unfinished {
                    part: paths.part(),
                    differs: found.heading.difference(&heading),
                });
            }
        }
        paths.clear()?;
        journal.begin(&heading)?;
        Ok(Self {
            paths,
            journal,
            heading,
            finished: None,
            replaces_unfinished: there,
        })
    }

    /// The checkpoint of the run in a slot, if there is one.
    pub fn checkpoint(&self, slot: u64) -> Option<Vec<f64>> {
        checkpoint::read(&self.paths.checkpoint(slot), &self.heading.plan)
    }

    /// The names of the files.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Give the claim back before anything was written; what an earlier attempt left stays.
    ///
    /// # Errors
    /// If the journal cannot be removed.
    pub fn release(self) -> Result<(), ArchiveError> {
        match self.finished {
            Some(_) => Ok(()),
            None => self.journal.remove(),
        }
    }
}
