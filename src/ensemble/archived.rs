//! The experiment out of an archive: `/config` is enough to run it again.

use std::path::Path;

use super::error::RunError;
use crate::archive::Reader;
use crate::config;
use crate::config::experiment::{Experiment, ExternalFile, Source};
use crate::registry::Registry;

/// The experiment that an archive was made from.
///
/// # Errors
/// If the archive is damaged, or this program does not know the model.
pub fn archived(reader: &Reader, registry: &Registry) -> Result<Experiment, RunError> {
    let resolved = reader.text("config/resolved")?;
    let mut files = Vec::new();
    for (name, bytes, sha256) in reader.files_with_digests()? {
        files.push(ExternalFile {
            name,
            bytes,
            sha256,
        });
    }
    let name = reader.path().with_extension("toml");
    let path = name
        .file_name()
        .map_or(Path::new("archive.toml"), Path::new);
    let mut experiment = config::load_stored(&resolved, path, registry, files.clone())
        .map_err(|error| RunError::Values(error.to_string()))?;
    experiment.source = Source {
        path: path.to_path_buf(),
        text: reader.text("config/source")?,
        resolved,
        files,
    };
    Ok(experiment)
}
