//! The journal of an archive that is being written, `NAME.h5.part.journal`: its lock, and the proof of
//! what is finished.
//!
//! ```text
//! nullcline journal 1
//! plan <content hash>
//! run <index> <status> <SHA-256 of the run's numbers>
//! ```
//!
//! A run is finished when its line is there, on disk; what the `.part` holds of other runs means
//! nothing. The process that writes an archive holds the lock of this file: the lock goes with the
//! process, so a killed one leaves no lock behind.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::ArchiveError;
use super::paths::Paths;

/// A journal that this process holds the lock of.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

/// What a journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// The content hash of the plan.
    pub plan: String,
    /// The finished runs: index, status and digest.
    pub runs: Vec<(u64, String, String)>,
}

const TITLE: &str = "nullcline journal 1";

impl Journal {
    /// Take the lock of an archive and begin its journal.
    ///
    /// # Errors
    /// [`ArchiveError::Busy`] if another process holds the lock.
    pub(super) fn claim(paths: &Paths, plan: &str) -> Result<Self, ArchiveError> {
        let path = paths.journal();
        let file = lock(paths, &path)?;
        file.set_len(0).map_err(ArchiveError::io("clear", &path))?;
        let mut journal = Self { path, file };
        // Not brought to the disk: a journal that lacks its title says as little as one without runs.
        journal.line(&format!("{TITLE}\nplan {plan}"))?;
        Ok(journal)
    }

    /// Write down that a run is finished. The line is on disk when this returns.
    pub(super) fn finished(
        &mut self,
        run: u64,
        status: &str,
        digest: &str,
    ) -> Result<(), ArchiveError> {
        self.line(&format!("run {run} {status} {digest}"))?;
        self.file
            .sync_data()
            .map_err(ArchiveError::io("bring to the disk", &self.path))
    }

    fn line(&mut self, line: &str) -> Result<(), ArchiveError> {
        self.file
            .write_all(format!("{line}\n").as_bytes())
            .map_err(ArchiveError::io("write", &self.path))
    }

    /// Remove the journal, after the archive has its final name.
    pub(super) fn remove(self) -> Result<(), ArchiveError> {
        fs::remove_file(&self.path).map_err(ArchiveError::io("remove", &self.path))
    }

    /// What the journal beside a `.part` says; a line that was cut short says nothing.
    pub(super) fn read(path: &Path) -> Result<Finished, ArchiveError> {
        let mut text = String::new();
        match File::open(path) {
            Ok(mut file) => {
                file.read_to_string(&mut text)
                    .map_err(ArchiveError::io("read", path))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(ArchiveError::io("read", path)(error)),
        }
        Ok(parse(&text))
    }
}

fn parse(text: &str) -> Finished {
    let mut finished = Finished::default();
    for line in text.split_inclusive('\n') {
        let Some(line) = line.strip_suffix('\n') else {
            break;
        };
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["plan", hash] => finished.plan = hash.into(),
            ["run", index, status, digest] => {
                if let Ok(index) = index.parse() {
                    finished.runs.push((index, status.into(), digest.into()));
                }
            }
            _ => {}
        }
    }
    finished
}

/// Open and lock the file at `path`, and make sure that the locked file is still the one there: the
/// process that held the lock before may have removed it on its way out.
fn lock(paths: &Paths, path: &Path) -> Result<File, ArchiveError> {
    loop {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(ArchiveError::io("create", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ArchiveError::Busy(paths.destination().to_path_buf()));
            }
            Err(TryLockError::Error(error)) => return Err(ArchiveError::io("lock", path)(error)),
        }
        let locked = file.metadata().map_err(ArchiveError::io("look at", path))?;
        match fs::metadata(path) {
            Ok(there) if (there.dev(), there.ino()) == (locked.dev(), locked.ino()) => {
                return Ok(file);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_short_says_nothing() {
        let text = "nullcline journal 1\nplan ab\nrun 0 complete cd\nrun 1 compl";
        let finished = parse(text);
        assert_eq!(finished.plan, "ab");
        assert_eq!(finished.runs, [(0, "complete".into(), "cd".into())]);
    }
}
