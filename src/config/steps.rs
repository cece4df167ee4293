//! `[steps]`: how many steps of a map, and which of them are saved.

use super::decoder::Decoder;
use super::experiment::{Clock, Save, Time};
use super::options;
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use super::time;
use crate::system::tree::{Entry, Span};

/// By default so many samples are saved, or every step if there are fewer.
const SAMPLES: i64 = 1000;

/// Decode `[steps]` as the time of a map, which counts its steps from 0; `None` if it is missing or broken.
pub(super) fn decode(d: &mut Decoder, entry: Option<&Entry>, blame: Span) -> Option<Time> {
    let Some(entry) = entry else {
        d.problem(
            Problem::at(
                blame,
                "the table [steps] is missing",
                "these dynamics evolve in steps",
            )
            .help("say how many, and which to save:\n[steps]\ncount = 10000\nsave = 10"),
        );
        return None;
    };
    d.resolved.header("[steps]");
    let section = Section::open(
        d,
        "[steps]",
        entry.key_span,
        Some(&entry.value),
        options::STEPS,
        &[],
    );
    if section.entry("count").is_none() {
        section.missing(d, "count", "");
    }
    let count = section.integer(d, "count");
    let stop = count.map(|count| count as f64);
    let save = match section.value("save") {
        Some(value) => {
            d.given("save", value);
            time::save(d, value, "save", stop.map(|stop| (0.0, stop)))
                .and_then(|save| whole(d, save, "save", value.span))?
        }
        None => {
            let every = (count? + SAMPLES - 1) / SAMPLES;
            d.assumed("save", &every.to_string(), Origin::Default);
            Save::Every(every as f64)
        }
    };
    Some(Time {
        clock: Clock::Steps,
        start: 0.0,
        stop: stop?,
        save,
        stops: Vec::new(),
    })
}

/// When to save, in whole numbers: every step, if it says "steps".
pub(super) fn whole(d: &mut Decoder, save: Save, name: &str, span: Span) -> Option<Save> {
    let broken = match &save {
        Save::Every(every) | Save::After(every) => Some(every).filter(|every| every.fract() != 0.0),
        Save::At(times) => times.iter().find(|time| time.fract() != 0.0),
        Save::Steps => return Some(Save::Every(1.0)),
    };
    if let Some(broken) = broken {
        d.problem(Problem::at(
            span,
            format!(
                "`{name}` has {}, but steps and trials are whole numbers",
                resolved::real(*broken)
            ),
            "not a whole number",
        ));
        return None;
    }
    Some(save)
}
