//! `[[stimulus]]`: additive inputs in time on the model's channels.

use super::decoder::Decoder;
use super::experiment::Time;
use super::external;
use super::model::Model;
use super::numbers;
use super::options::{SHAPE_OPTIONS, STIMULUS};
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use crate::system::parameters::Range;
use crate::system::stimulus::{Place, Stimulus, Waveform};
use crate::system::suggest;
use crate::system::tree::{Entry, Node, Span, Tree};

/// Decode all stimuli; `None` if one of them is broken. The spans are the places to blame for each.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    model: Option<&Model<'_>>,
    time: Option<&Time>,
) -> Option<Vec<(Stimulus, Span)>> {
    let Some(entry) = entry else {
        return Some(Vec::new());
    };
    let Some(tables) = entry.value.as_array() else {
        d.problem(
            Problem::at(
                entry.key_span,
                "stimuli are an array of tables",
                "one table",
            )
            .help("write the header with two brackets: [[stimulus]]"),
        );
        return None;
    };
    let before = d.problems.len();
    let stimuli: Vec<_> = tables
        .iter()
        .enumerate()
        .filter_map(|(number, table)| one(d, number, table, model, time))
        .collect();
    (d.problems.len() == before && stimuli.len() == tables.len()).then_some(stimuli)
}

fn one(
    d: &mut Decoder,
    number: usize,
    table: &Tree,
    model: Option<&Model<'_>>,
    time: Option<&Time>,
) -> Option<(Stimulus, Span)> {
    d.resolved.header("[[stimulus]]");
    let name = format!("stimulus[{number}]");
    let header = table.as_table().and_then(|entries| entries.first());
    let blame = Span::new(table.span.start, table.span.end.max(table.span.start));
    let span = if blame.end > blame.start {
        blame
    } else {
        header.map_or(blame, |e| e.key_span)
    };
    let section = Section::open(d, &name, span, Some(table), STIMULUS, &[]);
    let channel = channel(d, &section, model);
    let shape = section.text(d, "shape");
    if let Some(shape) = &shape {
        for (option, shapes) in SHAPE_OPTIONS {
            if !shapes.contains(&shape.as_str()) {
                let why = format!("the shape `{shape}` has none");
                let help = format!(
                    "remove it, or choose a shape that uses it: {}",
                    suggest::list(shapes)
                );
                section.refuse(d, option, &why, &help);
            }
        }
    }
    let amplitude = amplitude(d, &section, shape.as_deref());
    let from = match section.number(d, "from") {
        None if section.entry("from").is_none() => time.map(|time| {
            d.assumed("from", &resolved::real(time.start), Origin::Default);
            time.start
        }),
        from => from,
    };
    let to = section.number(d, "to");
    let waveform = waveform(d, &section, shape.as_deref());
    let place = place(d, &section);
    let (from, to) = (from?, to?);
    if to <= from {
        let place = section.value("to").or(section.value("from"));
        d.problem(Problem::at(
            place.map_or(span, |value| value.span),
            format!(
                "a stimulus acts while from < t <= to, but from is {} and to is {}",
                resolved::real(from),
                resolved::real(to)
            ),
            "never acts",
        ));
    }
    if to.is_infinite() && shape.as_deref() == Some("ramp") {
        section.missing(d, "to", ": a ramp needs its end");
    }
    let stimulus = Stimulus {
        channel: channel?,
        waveform: waveform?,
        amplitude: amplitude?,
        from,
        to,
        place: place?,
    };
    let blame = ["cells", "center", "everywhere"]
        .iter()
        .find_map(|key| section.value(key))
        .map_or(span, |value| value.span);
    Some((stimulus, blame))
}

fn channel(d: &mut Decoder, section: &Section<'_>, model: Option<&Model<'_>>) -> Option<String> {
    let name = section.text(d, "channel")?;
    let value = section.value("channel")?;
    let Some(model) = model else {
        return Some(name);
    };
    let channels = model.family.channels();
    let here: Vec<&str> = channels
        .iter()
        .filter(|c| c.dynamics.is_empty() || c.dynamics.contains(&model.dynamics.name))
        .map(|channel| channel.name)
        .collect();
    if here.contains(&name.as_str()) {
        return Some(name);
    }
    let what = format!(
        "channels of `{}` with dynamics `{}`",
        model.family.name(),
        model.dynamics.name
    );
    d.problem(
        Problem::at(
            value.span,
            format!("the model has no channel `{name}`"),
            "unknown channel",
        )
        .help(suggest::advice(&name, &what, &here)),
    );
    None
}

fn amplitude(d: &mut Decoder, section: &Section<'_>, shape: Option<&str>) -> Option<f64> {
    if section.entry("amplitude").is_some() {
        return section.number(d, "amplitude");
    }
    match shape {
        Some("file") => {
            d.assumed("amplitude", "1.0", Origin::Default);
            Some(1.0)
        }
        Some(_) => {
            section.missing(d, "amplitude", "");
            None
        }
        None => None,
    }
}

fn waveform(d: &mut Decoder, section: &Section<'_>, shape: Option<&str>) -> Option<Waveform> {
    let frequency = |d: &mut Decoder| {
        if section.entry("frequency").is_none() {
            section.missing(d, "frequency", "");
        }
        section.number(d, "frequency")
    };
    match shape? {
        "constant" => Some(Waveform::Constant),
        "ramp" => Some(Waveform::Ramp),
        "sine" => {
            let (frequency, phase) = (frequency(d), section.number(d, "phase"));
            Some(Waveform::Sine {
                frequency: frequency?,
                phase: phase?,
            })
        }
        "pulses" => {
            let (frequency, phase) = (frequency(d), section.number(d, "phase"));
            let given = section.number(d, "width");
            let (frequency, phase) = (frequency?, phase?);
            let width = match section.value("width") {
                None => {
                    let width = 0.5 / frequency;
                    d.assumed("width", &resolved::real(width), Origin::Default);
                    width
                }
                Some(value) => {
                    let (width, period) = (given?, 1.0 / frequency);
                    if width >= period {
                        let message = format!(
                            "`width` is {}, but the pulses come every {} (1/frequency)",
                            resolved::real(width),
                            resolved::real(period)
                        );
                        d.problem(
                            Problem::at(value.span, message, "not shorter than the period")
                                .help("for an input without gaps use the shape `constant`"),
                        );
                        return None;
                    }
                    width
                }
            };
            Some(Waveform::Pulses {
                frequency,
                phase,
                width,
            })
        }
        _ => samples(d, section),
    }
}

fn samples(d: &mut Decoder, section: &Section<'_>) -> Option<Waveform> {
    let Some(value) = section.value("file") else {
        section.missing(d, "file", "");
        return None;
    };
    let name = section.text(d, "file")?;
    let array = external::array(d, &name, value.span)?;
    let fault = |d: &mut Decoder, message: String| {
        d.problem(
            Problem::at(value.span, message, "this file")
                .help("a stimulus file has one row per sample: time, value; times ascend"),
        );
        None
    };
    if array.shape.len() != 2 || array.shape[1] != 2 {
        let shape = &array.shape;
        return fault(
            d,
            format!("`{name}` has shape {shape:?}, expected two columns and several rows"),
        );
    }
    if let Some(row) = array.data.iter().position(|number| !number.is_finite()) {
        return fault(d, format!("row {} of `{name}` is not finite", row / 2));
    }
    let times: Vec<f64> = array.data.iter().copied().step_by(2).collect();
    let values = array.data.iter().copied().skip(1).step_by(2).collect();
    if let Some(row) = times.windows(2).position(|pair| pair[1] <= pair[0]) {
        return fault(
            d,
            format!("the times of `{name}` do not ascend at row {}", row + 1),
        );
    }
    Some(Waveform::Samples { times, values })
}

fn place(d: &mut Decoder, section: &Section<'_>) -> Option<Place> {
    let given: Vec<&Entry> = ["everywhere", "cells", "center"]
        .iter()
        .filter_map(|key| section.entry(key))
        .collect();
    if let [first, second, ..] = given[..] {
        d.problem(
            Problem::at(
                second.key_span,
                "a stimulus acts in one place",
                "a second place",
            )
            .also(first.key_span, "the first place")
            .help("keep one of `cells`, `center` with `radius`, `everywhere`"),
        );
        return None;
    }
    if section.entry("center").is_none() {
        section.refuse(
            d,
            "radius",
            "it belongs to `center`",
            "give `center` too, or remove it",
        );
    }
    match given.first().map(|entry| entry.key.as_str()) {
        Some("cells") => cells(d, section.value("cells")?),
        Some("center") => disc(d, section),
        Some(_) if section.boolean(d, "everywhere")? => Some(Place::Everywhere),
        Some(_) => {
            let value = section.value("everywhere")?;
            d.problem(
                Problem::at(value.span, "`everywhere = false` names no place", "nowhere")
                    .help("say where: cells = [first, last], or center = [..] and radius = .."),
            );
            None
        }
        None => {
            d.assumed("everywhere", "true", Origin::Default);
            Some(Place::Everywhere)
        }
    }
}

fn cells(d: &mut Decoder, value: &Tree) -> Option<Place> {
    d.given("cells", value);
    let range = range(value);
    if range.is_none() {
        d.problem(
            Problem::at(
                value.span,
                "`cells` must be two whole numbers: the first and the last cell",
                "expected [first, last]",
            )
            .help("cells count from 0 and both ends are included; one cell: cells = [3, 3]"),
        );
    }
    range.map(|[first, last]| Place::Cells([first, last]))
}

/// `[first, last]`, ascending and not negative.
pub(super) fn range(value: &Tree) -> Option<[usize; 2]> {
    let index = |tree: &Tree| match tree.node {
        Node::Integer(index) => usize::try_from(index).ok(),
        _ => None,
    };
    match value.as_array()? {
        [first, last] => {
            let (first, last) = (index(first)?, index(last)?);
            (first <= last).then_some([first, last])
        }
        _ => None,
    }
}

fn disc(d: &mut Decoder, section: &Section<'_>) -> Option<Place> {
    let value = section.value("center")?;
    d.given("center", value);
    let center = match value.as_number() {
        Some(number) => Some(vec![number]),
        None if value.as_array().is_some() => {
            numbers::array(d, value, "center").and_then(|array| {
                numbers::check(d, value, &array, "center", &Range::FINITE, "1")
                    .then_some(array.data)
            })
        }
        None => {
            d.wrong_type(value, "center", "a list of coordinates");
            None
        }
    };
    if section.entry("radius").is_none() {
        section.missing(d, "radius", ", and `center` is given");
    }
    let radius = section.number(d, "radius");
    Some(Place::Disc {
        center: center?,
        radius: radius?,
    })
}
