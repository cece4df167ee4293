//! The journal of an archive that is being written, `NAME.h5.part.journal`: its lock, and the proof of
//! what is finished.
//!
//! ```text
//! nullcline journal 2
//! plan <content hash> <shard> <block>
//! build <version and revision>
//! failed <run> <status> <time> <diagnosis as JSON>
//! task <number> <which of its runs, as bits in hexadecimal> <SHA-256 of what they stored>
//! ```
//!
//! A run is finished when the line of its task is there; what the `.part` holds of other runs means
//! nothing. Lines are written at once, which survives the end of the process, and brought to the disk
//! in groups, which survives the end of the power; the digests tell what did not. The process that
//! writes an archive holds the lock of this file: the lock goes with the process, so a killed one
//! leaves no lock behind.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
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

/// What an archive in the making is of: only with the same answer does it go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// The content hash of the plan.
    pub plan: String,
    /// The shard, `K/N`.
    pub shard: String,
    /// The number of runs of a task.
    pub block: u64,
    /// The program that writes it.
    pub build: String,
}

impl Heading {
    /// What an attempt under another heading is of.
    pub(super) fn difference(&self, wanted: &Heading) -> &'static str {
        if self.plan != wanted.plan {
            "another experiment"
        } else if self.shard != wanted.shard {
            "another shard"
        } else {
            "another build of the program, whose numbers may differ"
        }
    }
}

/// Why a run has no numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The run.
    pub run: u64,
    /// How it ended.
    pub status: String,
    /// The last time reached with a finite state.
    pub time: f64,
    /// What happened and what to try.
    pub diagnosis: String,
}

/// What a journal says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finished {
    /// What the archive is of.
    pub heading: Heading,
    /// The digest of finished runs, by their task's number and the bits that say which they are.
    pub tasks: BTreeMap<(u64, u64), String>,
    /// The first [`TOLD`] runs that failed, by index; those of unfinished tasks may be among them.
    pub failures: BTreeMap<u64, Failure>,
}

/// Of so many failed runs the diagnosis is kept; the status is kept of all.
pub const TOLD: usize = 10_000;

const TITLE: &str = "nullcline journal 2";

impl Journal {
    /// Take the lock of an archive.
    ///
    /// # Errors
    /// [`ArchiveError::Busy`] if another process holds the lock.
    pub(super) fn claim(paths: &Paths) -> Result<Self, ArchiveError> {
        let path = paths.journal();
        let file = lock(paths, &path)?;
        Ok(Self { path, file })
    }

    /// What the journal says so far.
    pub(super) fn finished(&mut self) -> Result<Finished, ArchiveError> {
        let mut text = Vec::new();
        let read = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.read_to_end(&mut text));
        read.map_err(ArchiveError::io("read", &self.path))?;
        Ok(parse(&String::from_utf8_lossy(&text)))
    }

    /// Begin anew.
    pub(super) fn begin(&mut self, heading: &Heading) -> Result<(), ArchiveError> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map_err(ArchiveError::io("clear", &self.path))?;
        let Heading {
            plan,
            shard,
            block,
            build,
        } = heading;
        self.line(&format!(
            "{TITLE}\nplan {plan} {shard} {block}\nbuild {build}"
        ))
    }

    /// Go on behind what the journal says. A line that was cut short is ended: as a whole line it says
    /// nothing, or names a digest that nothing has.
    pub(super) fn go_on(&mut self) -> Result<(), ArchiveError> {
        let seek = self.file.seek(SeekFrom::End(0));
        seek.map_err(ArchiveError::io("read", &self.path))?;
        self.line("")
    }

    /// Write down that a run failed; it is finished with its task.
    pub(super) fn failed(&mut self, failure: &Failure) -> Result<(), ArchiveError> {
        let Failure {
            run,
            status,
            time,
            diagnosis,
        } = failure;
        let diagnosis = serde_json::Value::from(diagnosis.as_str());
        self.line(&format!("failed {run} {status} {time:?} {diagnosis}"))
    }

    /// Write down that runs of a task are finished.
    pub(super) fn task(
        &mut self,
        number: u64,
        which: u64,
        digest: &str,
    ) -> Result<(), ArchiveError> {
        self.line(&format!("task {number} {which:x} {digest}"))
    }

    /// The file, for somebody else to sync.
    pub(super) fn handle(&self) -> Result<File, ArchiveError> {
        let handle = self.file.try_clone();
        handle.map_err(ArchiveError::io("open", &self.path))
    }

    /// Bring it to the disk.
    pub(super) fn sync(&self) -> Result<(), ArchiveError> {
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
    pub fn read(path: &Path) -> Result<Finished, ArchiveError> {
        match fs::read(path) {
            Ok(text) => Ok(parse(&String::from_utf8_lossy(&text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Finished::default()),
            Err(error) => Err(ArchiveError::io("read", path)(error)),
        }
    }
}

fn parse(text: &str) -> Finished {
    let mut finished = Finished::default();
    for line in text.split_inclusive('\n') {
        let Some(line) = line.strip_suffix('\n') else {
            break;
        };
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "plan" => {
                let words: Vec<&str> = rest.split(' ').collect();
                if let [plan, shard, block] = words[..] {
                    finished.heading.plan = plan.into();
                    finished.heading.shard = shard.into();
                    finished.heading.block = block.parse().unwrap_or_default();
                }
            }
            "build" => finished.heading.build = rest.into(),
            "failed" => {
                if let Some(failure) = failure(rest) {
                    finished.failures.insert(failure.run, failure);
                    if finished.failures.len() > TOLD {
                        finished.failures.pop_last();
                    }
                }
            }
            "task" => {
                let words: Vec<&str> = rest.split(' ').collect();
                if let [number, which, digest] = words[..]
                    && let (Ok(number), Ok(which)) =
                        (number.parse(), u64::from_str_radix(which, 16))
                {
                    finished.tasks.insert((number, which), digest.into());
                }
            }
            _ => {}
        }
    }
    finished
}

fn failure(text: &str) -> Option<Failure> {
    let mut words = text.splitn(4, ' ');
    Some(Failure {
        run: words.next()?.parse().ok()?,
        status: words.next()?.into(),
        time: words.next()?.parse().ok()?,
        diagnosis: serde_json::from_str(words.next()?).ok()?,
    })
}

/// Open and lock the file at `path`, and make sure that the locked file is still the one there: the
/// process that held the lock before may have removed it on its way out.
fn lock(paths: &Paths, path: &Path) -> Result<File, ArchiveError> {
    loop {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
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
        let text = "nullcline journal 2\nplan ab 1/1 8\nbuild 0.1.0 cd\n\
                    failed 3 not_finite 0.5 \"x[0] became \\\"NaN\\\"\"\ntask 0 ff ef\ntask 1 1 gh";
        let finished = parse(text);
        assert_eq!(finished.heading.plan, "ab");
        assert_eq!(finished.heading.block, 8);
        assert_eq!(finished.heading.build, "0.1.0 cd");
        assert_eq!(finished.tasks, BTreeMap::from([((0, 0xff), "ef".into())]));
        assert_eq!(finished.failures[&3].diagnosis, "x[0] became \"NaN\"");
        assert_eq!(finished.failures[&3].time, 0.5);
    }
}
