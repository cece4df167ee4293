//! The raster of events: a dot for each of `/events`, time across, and upwards the component where it happened, or,
//! where several runs are left, the run.

use super::axis::Axis;
use super::canvas::{Canvas, Surface};
use super::frame::Frame;
use super::place::check_run;
use super::series::{Quantity, Series};
use super::source::{if_there, titled};
use super::{Kind, Picture, PlotError, Request, palette, time_series};
use crate::archive::reader::Reader;

/// Read the events of a run, or of all runs.
///
/// # Errors
/// If the archive has no events, or no such run.
pub fn read(reader: &Reader, request: &Request) -> Result<Picture, PlotError> {
    let Some(clock) = if_there(reader, "events/time")? else {
        let why = "there are no events here: guards, closed sets and selectors have some";
        return Err(PlotError::Place(why.into()));
    };
    if let Some(run) = request.run {
        check_run(reader, run)?;
    }
    let runs = reader.runs();
    let part = |name: &str| reader.read(&format!("events/{name}"));
    let (times, components, of_run) = (part("time")?, part("component")?, part("run")?);
    let kinds = reader.labels("events/kind")?;
    let by_run = runs > 1 && request.run.is_none();
    let wanted = |event: &usize| request.run.is_none_or(|run| of_run[*event] as u64 == run);
    let mut events: Vec<usize> = (0..times.len()).filter(wanted).collect();
    events.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
    let mut names: Vec<String> = Vec::new();
    for &event in &events {
        if !names.contains(&kinds[event]) {
            names.push(kinds[event].clone());
        }
    }
    let place = |event: usize| {
        if by_run {
            of_run[event]
        } else {
            components[event]
        }
    };
    let values = events.iter().flat_map(|&event| {
        let here = |name: &String| *name == kinds[event];
        let row = names
            .iter()
            .map(move |name| if here(name) { place(event) } else { f64::NAN });
        row.collect::<Vec<f64>>()
    });
    let told = match request.run {
        Some(run) if runs > 1 => format!("run {run}"),
        _ => String::new(),
    };
    Ok(Picture {
        kind: Kind::Raster,
        series: Series {
            title: titled(reader, &told),
            quantity: Quantity::named(if by_run { "run" } else { "component" }),
            clock: Quantity {
                name: "time".into(),
                unit: clock.units,
                meaning: String::new(),
            },
            values: values.collect(),
            times: events.iter().map(|&event| times[event]).collect(),
            components: names,
            ..Series::default()
        },
    })
}

/// Draw the dots.
pub(super) fn draw<B: Surface>(canvas: &mut Canvas<B>, series: &Series) -> Result<(), PlotError> {
    let across = Axis::covering(series.times.iter().copied(), 0.02, 10);
    let upwards = Axis::covering(series.values.iter().copied(), 0.04, 6);
    let aside = time_series::legend_room(canvas, series)?;
    let frame = Frame::new(canvas, across, upwards, aside)?;
    frame.draw_grid(canvas)?;
    // Many events are a texture, few are marks.
    let size = match series.times.len() {
        0..=300 => 14,
        301..=3000 => 9,
        _ => 4,
    };
    let count = series.components.len();
    for component in 0..count {
        let marks = series.times.iter().zip(series.component(component));
        for (&time, place) in marks.filter(|(_, place)| place.is_finite()) {
            let at = (frame.x(time).round() as i32, frame.y(place).round() as i32);
            canvas.line(&[at], palette::line(component, count), size)?;
        }
    }
    frame.draw_edges_of(canvas, series)?;
    time_series::draw_legend(canvas, series, &frame, &[])
}
