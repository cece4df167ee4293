//! Why runs could not be made at all, each with the exit code of the program. A run that was made and
//! failed is an outcome instead.

use crate::archive::ArchiveError;
use crate::archive::contents::ContentsError;
use crate::engine::card::Mismatch;
use crate::system::parameters::BuildError;

/// Why an experiment was not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The parameters do not fit each other.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// There is no such scheme.
    #[error("there is no scheme `{0}`; `nullcline methods` lists what exists")]
    Method(String),
    /// Something is to be recorded that cannot be.
    #[error(transparent)]
    Contents(#[from] ContentsError),
    /// The file does not allow the values of a run.
    #[error("{0}")]
    Values(String),
    /// A run would record something of another shape than the others.
    #[error(
        "the run with {0} would record data sets of other shapes than the first one; \
         a sweep can change shapes only if it records summaries of one shape"
    )]
    Shapes(String),
    /// The system gives no threads.
    #[error("cannot start the threads: {0}")]
    Threads(String),
    /// The plan is empty.
    #[error("the experiment has no run")]
    Nothing,
    /// The file is about analyses only.
    #[error("the file says nothing of how long to run, and so there is nothing to run")]
    NoTime,
    /// The scheme cannot integrate the system.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The dynamics is a map, in which nothing is approximated.
    #[error("the dynamics `{0}` is a map: its steps are exact, and there is nothing to make finer")]
    Map(String),
    /// The archive cannot be written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl RunError {
    /// The exit code of the program: 2 for the experiment, 3 for a scheme that does not fit, 4 for
    /// files.
    pub fn exit_code(&self) -> u8 {
        match self {
            RunError::Build(_)
            | RunError::Method(_)
            | RunError::Contents(_)
            | RunError::Values(_)
            | RunError::Shapes(_)
            | RunError::NoTime
            | RunError::Nothing => 2,
            RunError::Mismatch(_) | RunError::Map(_) => 3,
            RunError::Archive(_) | RunError::Threads(_) => 4,
        }
    }

    /// What to do about it, where the message does not say it already.
    pub fn help(&self) -> Option<&str> {
        match self {
            RunError::Build(error) => error.help.as_deref(),
            RunError::Mismatch(error) => Some(&error.help),
            RunError::NoTime => Some(
                "`nullcline analyze` does the [analysis] tables; a run needs [time] with `stop`, or [steps] with `count` for a map",
            ),
            _ => None,
        }
    }
}
