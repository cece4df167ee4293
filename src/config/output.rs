//! `[output]`: where the archive goes. Paths are relative to the experiment's folder.

use super::decoder::Decoder;
use super::experiment::Output;
use super::options;
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use crate::system::tree::{Entry, Span};

/// Decode `[output]`, which need not exist.
pub(super) fn decode(d: &mut Decoder, entry: Option<&Entry>) -> Option<Output> {
    d.resolved.header("[output]");
    let tree = entry.map(|entry| &entry.value);
    let span = entry.map_or(Span::default(), |entry| entry.key_span);
    let section = Section::open(d, "[output]", span, tree, options::OUTPUT, &[]);
    let path = match section.value("path") {
        Some(value) => {
            let path = section.text(d, "path")?;
            if path.is_empty() || path.ends_with('/') {
                d.problem(
                    Problem::at(value.span, "`path` names no file", "no file name")
                        .help("for example path = \"out/run.h5\""),
                );
            }
            path
        }
        None => {
            let stem = d.sources.path().file_stem();
            let stem = stem.map_or("experiment".into(), |stem| stem.to_string_lossy());
            let path = format!("{stem}.h5");
            d.assumed("path", &resolved::text(&path), Origin::Default);
            path
        }
    };
    let compression = section.integer(d, "compression")?;
    Some(Output {
        path: d.folder.join(path),
        compression: u8::try_from(compression).ok()?,
    })
}
