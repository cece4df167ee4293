//! `[time]`: from when to when, and when to save. The grammar of save times serves record groups too.

use super::decoder::Decoder;
use super::experiment::{Clock, Save, Time};
use super::numbers;
use super::options;
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use crate::system::parameters::Range;
use crate::system::tree::{Entry, Node, Span, Tree};

/// More samples than this are a mistake: 1e9 samples of one number already fill 8 GB.
const MOST_SAMPLES: f64 = 1e10;

/// Decode `[time]`; `None` if it is missing or broken.
/// `natural_stop` is when a flow that trials drive is over: then nothing need be said.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    blame: Span,
    natural_stop: Option<f64>,
) -> Option<Time> {
    if let (None, Some(stop)) = (entry, natural_stop) {
        d.resolved.header("[time]");
        d.assumed("stop", &resolved::real(stop), Origin::Model);
        let save = save_by_default(d, 0.0, stop);
        return Some(Time {
            clock: Clock::Time,
            start: 0.0,
            stop,
            save,
            stops: Vec::new(),
        });
    }
    let Some(entry) = entry else {
        d.problem(
            Problem::at(
                blame,
                "the table [time] is missing",
                "this model evolves in time",
            )
            .help("say how long to run and when to save:\n[time]\nstop = 10.0\nsave = 0.01"),
        );
        return None;
    };
    d.resolved.header("[time]");
    let section = Section::open(
        d,
        "[time]",
        entry.key_span,
        Some(&entry.value),
        options::TIME,
        &[],
    );
    let start = section.number(d, "start");
    let stop = match natural_stop.filter(|_| section.entry("stop").is_none()) {
        Some(stop) => {
            d.assumed("stop", &resolved::real(stop), Origin::Model);
            Some(stop)
        }
        None => section.number(d, "stop"),
    };
    let span = match (start, stop) {
        (Some(start), Some(stop)) if stop <= start => {
            let place = section
                .value("stop")
                .map_or(section.span, |value| value.span);
            let mut problem = Problem::at(
                place,
                format!(
                    "`stop` is {}, but it must be after `start`, which is {}",
                    resolved::real(stop),
                    resolved::real(start)
                ),
                "not after `start`",
            );
            if let Some(value) = section.value("start") {
                problem = problem.also(value.span, "`start`");
            }
            d.problem(problem);
            None
        }
        (Some(start), Some(stop)) => Some((start, stop)),
        _ => None,
    };
    let given = match section.value("save") {
        Some(value) => {
            d.given("save", value);
            Some(save(d, value, "save", span)?)
        }
        None => None,
    };
    let stops = match section.value("stops") {
        Some(value) => {
            d.given("stops", value);
            stops(d, value, span)?
        }
        None => Vec::new(),
    };
    let (start, stop) = span?;
    let save = given.unwrap_or_else(|| save_by_default(d, start, stop));
    Some(Time {
        clock: Clock::Time,
        start,
        stop,
        save,
        stops,
    })
}

/// The instants on which steps land, ascending, each once. Each must lie within the run.
fn stops(d: &mut Decoder, value: &Tree, span: Option<(f64, f64)>) -> Option<Vec<f64>> {
    let array = numbers::array(d, value, "stops")?;
    if array.shape.len() != 1 {
        d.wrong_type(value, "stops", "a list of times");
        return None;
    }
    if !numbers::check(d, value, &array, "stops", &Range::FINITE, "1") {
        return None;
    }
    let (start, stop) = span?;
    let outside = |&&time: &&f64| time < start || time > stop;
    if let Some(index) = array.data.iter().position(|time| outside(&time)) {
        let place = value.as_array().map_or(value.span, |all| all[index].span);
        d.problem(
            Problem::at(
                place,
                format!(
                    "`stops[{index}]` is {}, outside the run from {} to {}",
                    resolved::real(array.data[index]),
                    resolved::real(start),
                    resolved::real(stop)
                ),
                "outside [start, stop]",
            )
            .help("remove it, or move `start` or `stop`"),
        );
        return None;
    }
    let mut stops = array.data;
    stops.sort_by(f64::total_cmp);
    stops.dedup();
    Some(stops)
}

/// A thousandth of the span.
fn save_by_default(d: &mut Decoder, start: f64, stop: f64) -> Save {
    let every = (stop - start) / 1000.0;
    d.assumed("save", &resolved::real(every), Origin::Default);
    Save::Every(every)
}

/// When to save: an interval, a list of times, or "steps". Times are checked against the span if it
/// is known.
pub(super) fn save(
    d: &mut Decoder,
    value: &Tree,
    name: &str,
    span: Option<(f64, f64)>,
) -> Option<Save> {
    match &value.node {
        Node::Integer(_) | Node::Real(_) => {
            let every = value.as_number()?;
            if !d.check(every, value.span, name, &Range::POSITIVE, "1") {
                return None;
            }
            if let Some((start, stop)) = span
                && (stop - start) / every > MOST_SAMPLES
            {
                let samples = (stop - start) / every;
                d.problem(
                    Problem::at(
                        value.span,
                        format!("`{name}` asks for {samples:.1e} samples between start and stop"),
                        "too fine",
                    )
                    .help("choose a longer interval, or a shorter time"),
                );
                return None;
            }
            Some(Save::Every(every))
        }
        Node::Array(_) => times(d, value, name, span).map(Save::At),
        Node::Text(text) if text == "steps" => Some(Save::Steps),
        _ => {
            d.problem(
                Problem::at(
                    value.span,
                    format!("`{name}` must be an interval, a list of times or \"steps\""),
                    "none of these",
                )
                .help("for example 0.01, [0.0, 0.5, 1.0] or \"steps\""),
            );
            None
        }
    }
}

fn times(d: &mut Decoder, value: &Tree, name: &str, span: Option<(f64, f64)>) -> Option<Vec<f64>> {
    let array = numbers::array(d, value, name)?;
    if array.shape.len() != 1 {
        d.problem(Problem::at(
            value.span,
            format!(
                "`{name}` has shape {:?}, but it must be a plain list of times",
                array.shape
            ),
            "a nested list",
        ));
        return None;
    }
    if !numbers::check(d, value, &array, name, &Range::FINITE, "1") {
        return None;
    }
    let elements = value.as_array()?;
    let times = array.data;
    for (index, pair) in times.windows(2).enumerate() {
        if pair[1] <= pair[0] {
            d.problem(
                Problem::at(
                    elements[index + 1].span,
                    format!(
                        "the times of `{name}` must ascend, but {} follows {}",
                        resolved::real(pair[1]),
                        resolved::real(pair[0])
                    ),
                    "not after the time before it",
                )
                .also(elements[index].span, "the time before it"),
            );
            return None;
        }
    }
    let (start, stop) = span?;
    if let Some(index) = times.iter().position(|&time| time < start || time > stop) {
        d.problem(Problem::at(
            elements[index].span,
            format!(
                "`{name}[{index}]` is {}, outside the run from {} to {}",
                resolved::real(times[index]),
                resolved::real(start),
                resolved::real(stop)
            ),
            "outside [start, stop]",
        ));
        return None;
    }
    Some(times)
}
