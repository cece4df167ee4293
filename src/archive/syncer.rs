//! The syncer: brings what is written to the disk, a second apart, beside the writer, so that runs never
//! wait for a disk that is slow to answer.
//!
//! Data come before the journal that speaks of them. What fails is told to the writer at its next task.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::error::ArchiveError;

/// Between two syncs: the longest time for which finished runs are not on the disk.
const PERIOD: Duration = Duration::from_secs(1);

/// A thread that syncs until it is dropped.
pub(super) struct Syncer {
    path: PathBuf,
    failed: Arc<Mutex<Option<std::io::Error>>>,
    /// Dropped to end the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Sync these files, in this order; `path` is what a failure is blamed on.
    pub(super) fn new(path: &Path, files: Vec<File>) -> Self {
        let failed = Arc::new(Mutex::new(None));
        let told = Arc::clone(&failed);
        let (end, ended) = channel::<()>();
        let thread = std::thread::spawn(move || {
            while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                for file in &files {
                    if let Err(error) = file.sync_data() {
                        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                        *told = told.take().or(Some(error));
                    }
                }
            }
        });
        Self {
            path: path.to_path_buf(),
            failed,
            end: Some(end),
            thread: Some(thread),
        }
    }

    /// Whether all syncs went well so far.
    pub(super) fn check(&self) -> Result<(), ArchiveError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match failed.take() {
            Some(error) => Err(ArchiveError::io("bring to the disk", &self.path)(error)),
            None => Ok(()),
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It does nothing that could panic, and nobody is left to tell.
            let _ = thread.join();
        }
    }
}
