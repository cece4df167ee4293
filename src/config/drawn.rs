//! Parameters that a family draws: by a generator that the file names, or by the one that is the default.

use super::decoder::Decoder;
use super::numbers::{self, Form, Law};
use super::parameters::{Slot, build_problems, gather, resolve};
use super::problem::Problem;
use super::resolved;
use super::sources::Origin;
use crate::system::parameters::{Array, Draw, Fallback, Generator, Parameters};
use crate::system::tree::Entry;

/// Whether a parameter is drawn because nobody says otherwise.
pub(super) fn by_default(slot: &Slot<'_>) -> bool {
    let drawn = matches!(slot.declaration.fallback, Fallback::Drawn(_));
    let says_so = |entry: &Entry| entry.value.as_text() == Some("random");
    drawn && slot.given.is_none_or(says_so)
}

/// The form of a parameter that is drawn because nobody says otherwise.
pub(super) fn drawn(slot: &Slot<'_>) -> Option<Form<'static>> {
    let Fallback::Drawn(name) = slot.declaration.fallback else {
        return None;
    };
    let mut generators = slot.declaration.generators.iter();
    let generator = generators.find(|generator| generator.name == name)?;
    Some(Form::Random(numbers::Random {
        law: Law::Own(generator, &[]),
        size: None,
        redraw: None,
    }))
}

/// Write what is drawn by default into the resolved text.
pub(super) fn say_drawn(d: &mut Decoder, slot: &Slot<'_>, form: &Form<'_>) {
    let Form::Random(numbers::Random {
        law: Law::Own(generator, _),
        ..
    }) = form
    else {
        return;
    };
    if slot.given.is_none() {
        d.resolved.table(slot.table());
        let text = format!("{{ random = {} }}", resolved::text(generator.name));
        d.assumed(slot.name(), &text, Origin::Default);
    }
}

/// Draw by a family's own generator.
pub(super) fn own(
    d: &mut Decoder,
    slot: &Slot<'_>,
    generator: &'static Generator,
    entries: &[Entry],
    shape: &[usize],
    seed: [u8; 32],
    parameters: &Parameters,
) -> Option<Array> {
    let span = slot.given.map_or(slot.header, |entry| entry.value.span);
    let path = slot.path.as_str();
    let written: Vec<Entry> = entries
        .iter()
        .filter(|entry| !["random", "size", "redraw"].contains(&entry.key.as_str()))
        .cloned()
        .collect();
    // The options are part of the value, which the resolved text keeps as given.
    let text = std::mem::take(&mut d.resolved);
    let slots = gather(d, path, span, &written, generator.options, "");
    let (options, sound) = resolve(d, &slots, "");
    d.resolved = text;
    let mut needs = Parameters::new();
    for need in generator.needs {
        if let Some(value) = parameters.get(need) {
            needs.set(*need, value.clone());
        }
    }
    if !sound {
        return None;
    }
    let draw = Draw {
        shape,
        options: &options,
        needs: &needs,
        seed,
    };
    match (generator.draw)(&draw) {
        Ok(array) if array.shape == shape => Some(array),
        Ok(array) => {
            let message = format!(
                "the random form \"{}\" drew shape {:?} where {shape:?} is needed",
                generator.name, array.shape
            );
            d.problem(Problem::at(span, message, "wrong shape"));
            None
        }
        Err(error) => {
            let place = error.parameter.as_ref().and_then(|name| {
                let option = slots.iter().find(|slot| slot.name() == name)?;
                option.given.map(|entry| entry.value.span)
            });
            build_problems(d, &error, &|_| place.unwrap_or(span));
            None
        }
    }
}
