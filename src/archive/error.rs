//! What can go wrong with an archive: each error names the file, what was being done, and what to do.

use std::path::{Path, PathBuf};

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The operating system refused something.
    #[error("cannot {doing} `{path}`: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// HDF5 refused something.
    #[error("cannot {doing} `{path}`: {reason}")]
    Hdf5 {
        /// What was being done.
        doing: String,
        /// To which file.
        path: PathBuf,
        /// What HDF5 says, its innermost message first.
        reason: String,
    },
    /// A complete result is there and may not be replaced.
    #[error("`{0}` exists and is complete; `--force` replaces it, `-o FILE` writes elsewhere")]
    Exists(PathBuf),
    /// An unfinished result is there that this one cannot go on with.
    #[error(
        "`{part}` holds finished runs of {differs}; `--restart` throws them away, `-o FILE` writes elsewhere"
    )]
    Unfinished {
        /// The unfinished archive.
        part: PathBuf,
        /// What it is of.
        differs: &'static str,
    },
    /// The result's name is that of a folder.
    #[error("`{0}` is a folder; give the result the name of a file with `-o FILE`")]
    Folder(PathBuf),
    /// Another process writes the same result.
    #[error(
        "`{0}` is being written by another process; wait for it to end, or write elsewhere with `-o FILE`"
    )]
    Busy(PathBuf),
    /// Another process writes the file that was to be read.
    #[error("`{0}` is being written by another process; wait for it to end")]
    Locked(PathBuf),
    /// There is no such file.
    #[error("there is no file `{path}`{}", unfinished(.part))]
    Missing {
        /// The file.
        path: PathBuf,
        /// The unfinished archive of that name, if there is one.
        part: Option<PathBuf>,
    },
    /// It is no HDF5 file.
    #[error("`{path}` is not an HDF5 file that can be opened: {reason}")]
    NotHdf5 {
        /// The file.
        path: PathBuf,
        /// What HDF5 says.
        reason: String,
    },
    /// It is an HDF5 file of somebody else.
    #[error(
        "`{path}` is an HDF5 file, but nullcline did not write it: it has no attribute `{attribute}`"
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What is missing.
        attribute: &'static str,
    },
    /// It has no such data set.
    #[error("`{path}` has no data set `{name}`{}", nearest(.candidate))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        name: String,
        /// The nearest name it has.
        candidate: Option<String>,
    },
    /// The bytes that were stored are not those that were written.
    #[error("`{path}` is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        reason: String,
    },
}

fn nearest(candidate: &Option<String>) -> String {
    candidate
        .as_ref()
        .map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn unfinished(part: &Option<PathBuf>) -> String {
    part.as_ref().map_or_else(String::new, |part| {
        format!(", but an unfinished one, `{}`", part.display())
    })
}

impl ArchiveError {
    /// An error of the operating system.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }

    /// An error of HDF5.
    pub(crate) fn hdf5(doing: impl Into<String>, path: &Path, error: &hdf5::Error) -> Self {
        Self::Hdf5 {
            doing: doing.into(),
            path: path.to_path_buf(),
            reason: reason(error),
        }
    }
}

/// The message of the innermost frame of HDF5's error stack, which is the one that names the cause; the
/// outer frames only say on whose behalf. Of a failed system call, what the system said:
/// `No space left on device`.
pub(crate) fn reason(error: &hdf5::Error) -> String {
    let reason = error
        .stack()
        .and_then(|stack| stack.last().map(|frame| frame.desc().to_string()))
        .unwrap_or_else(|| error.to_string());
    system_message(&reason).map_or(reason.clone(), String::from)
}

/// What stands between the quotes of `error message = '...'`.
fn system_message(reason: &str) -> Option<&str> {
    let (_, rest) = reason.split_once("error message = '")?;
    rest.split_once('\'').map(|(message, _)| message)
}
