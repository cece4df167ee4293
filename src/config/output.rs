//! `[output]`: where the archive goes. Paths are relative to the experiment's folder.

use super::decoder::Decoder;
use super::experiment::{Checkpoint, Output};
use super::options;
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use crate::system::tree::{Entry, Node, Span};

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
    let checkpoint = checkpoint(d, &section);
    Some(Output {
        path: d.folder.join(path),
        compression: u8::try_from(compression).ok()?,
        checkpoint,
    })
}

/// An interval of simulated time, `{ steps = N }`, or `false`.
fn checkpoint(d: &mut Decoder, section: &Section<'_>) -> Checkpoint {
    let Some(value) = section.value("checkpoint") else {
        return Checkpoint::Auto;
    };
    d.given("checkpoint", value);
    if let Node::Boolean(on) = value.node {
        return match on {
            true => Checkpoint::Auto,
            false => Checkpoint::Off,
        };
    }
    let steps = match value.get("steps").map(|steps| &steps.node) {
        Some(&Node::Integer(steps)) => u64::try_from(steps).ok().filter(|steps| *steps > 0),
        _ => None,
    };
    let only = value.as_table().is_some_and(|entries| entries.len() == 1);
    if let Some(steps) = steps.filter(|_| only) {
        return Checkpoint::Steps(steps);
    }
    let interval = value
        .as_number()
        .filter(|interval| *interval > 0.0 && interval.is_finite());
    if let Some(interval) = interval {
        return Checkpoint::Time(interval);
    }
    d.problem(
        Problem::at(
            value.span,
            "`checkpoint` must be an interval of simulated time, a number of steps, or false",
            "none of these",
        )
        .help("for example checkpoint = 1000.0, checkpoint = { steps = 100000 } or checkpoint = false"),
    );
    Checkpoint::Off
}
