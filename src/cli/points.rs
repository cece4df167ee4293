//! What `analyze`, `fit` and `optimize` share: the points of an experiment are answered on some threads, and the answers written.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::archive::analysis::{self, Answered};
use crate::archive::provenance::Provenance;
use crate::config::experiment::Experiment;
use crate::ensemble::RunError;
use crate::ensemble::analyse::Points;

/// Where the answers go, and how they are found.
pub struct Order<'a> {
    /// The experiment file.
    pub file: &'a Path,
    /// The archive.
    pub path: &'a Path,
    /// Whether an earlier one is replaced.
    pub force: bool,
    /// How many threads; as many as there are processors if 0.
    pub threads: usize,
    /// What stands in the place of a scheme's card.
    pub scheme: &'a str,
}

/// Answer, and write the answers.
///
/// # Errors
/// If there is an earlier result, `find` refuses, or the file cannot be written.
pub fn answer(
    order: &Order<'_>,
    experiment: &Experiment,
    points: &Points<'_>,
    find: impl FnOnce() -> Result<Vec<Answered>, Failure> + Send,
) -> Result<Vec<Answered>, Failure> {
    let refuse = |error: RunError| super::run::refuse(&error, order.file);
    analysis::refuse(order.path, order.force).map_err(|error| refuse(error.into()))?;
    let command = super::run::command_line(std::env::args_os());
    let provenance = Provenance::now(&command, order.scheme.into());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(order.threads)
        .build();
    let pool = pool.map_err(|error| refuse(RunError::Threads(error.to_string())))?;
    let answers = pool.install(find)?;
    let (plan, members) = (points.plan(), points.members);
    analysis::write(order.path, experiment, plan, members, &answers, &provenance)
        .map_err(|error| refuse(error.into()))?;
    Ok(answers)
}

/// `pair.toml` -> `pair.analysis.h5`, for `what` "analysis".
pub fn beside(file: &Path, what: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}.{what}.h5"))
}
