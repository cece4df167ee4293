//! Time series: a line per component.
//!
//! Few lines have a colour each and a legend; many are thin, coloured by their index, with a bar that
//! tells the index. A number that is missing leaves a gap. Of few lines one that lies on another is dashed.

use super::PlotError;
use super::axis::{Axis, Way};
use super::canvas::{Anchor, Canvas, Surface, TEXT};
use super::dashes::{dashed, ranks};
use super::envelope::pieces;
use super::frame::{ColourBar, Frame};
use super::palette;
use super::series::Series;

/// How many points all lines of a picture may have together, so that a vector file stays small.
const POINTS: usize = 200_000;

const SAMPLE: i32 = 92;
const GAP: i32 = 48;
/// The greatest width of a name in the legend.
const WIDEST: i32 = 800;

/// Draw the series.
pub fn draw<B: Surface>(canvas: &mut Canvas<B>, series: &Series) -> Result<(), PlotError> {
    let count = series.components.len();
    let across = Axis::along(&series.times, &series.across, 10);
    let edges = series
        .band
        .iter()
        .flat_map(|&(lower, upper)| [lower, upper]);
    let upwards = match series.codes.is_empty() {
        true => Axis::covering(series.values.iter().copied().chain(edges), 0.05, 6),
        false => Axis::along(&[], &Way::Named(series.codes.clone()), 6),
    };
    let bar = (count > palette::NAMED).then(|| ColourBar {
        axis: Axis::covering(
            [series.first, series.first + (count - 1) as f64].into_iter(),
            0.0,
            6,
        ),
        text: series.axis.clone(),
    });
    let aside = match &bar {
        Some(bar) => bar.room(canvas)?,
        None => legend_room(canvas, series)?,
    };
    let frame = Frame::new(canvas, across, upwards, aside)?;
    frame.draw_grid(canvas)?;
    frame.clip(canvas);
    let ranks = draw_lines(canvas, series, &frame)?;
    canvas.unclip();
    frame.draw_edges_of(canvas, series)?;
    match bar {
        Some(bar) => bar.draw(canvas, &frame, palette::by_index),
        None => draw_legend(canvas, series, &frame, &ranks),
    }
}

/// Draw the lines, and say on how many earlier ones each of them lies.
fn draw_lines<B: Surface>(
    canvas: &mut Canvas<B>,
    series: &Series,
    frame: &Frame,
) -> Result<Vec<usize>, PlotError> {
    let count = series.components.len();
    for component in 0..count {
        draw_band(canvas, series, frame, component)?;
    }
    let line = |component: usize| -> Vec<(f64, f64)> {
        let numbers = series.times.iter().zip(series.component(component));
        let points = numbers.map(|(&time, value)| (frame.x(time), frame.y(value)));
        points.collect()
    };
    if count > palette::NAMED {
        for component in 0..count {
            draw_line(canvas, series, frame, (component, 0), &line(component))?;
        }
        return Ok(Vec::new());
    }
    let lines: Vec<Vec<(f64, f64)>> = (0..count).map(line).collect();
    let ranks = ranks(&lines);
    for (component, (points, &rank)) in lines.iter().zip(&ranks).enumerate() {
        draw_line(canvas, series, frame, (component, rank), points)?;
    }
    Ok(ranks)
}

/// Draw one line, by its index and its rank.
fn draw_line<B: Surface>(
    canvas: &mut Canvas<B>,
    series: &Series,
    frame: &Frame,
    (component, rank): (usize, usize),
    points: &[(f64, f64)],
) -> Result<(), PlotError> {
    let count = series.components.len();
    let columns = (POINTS / (4 * count.max(1))).clamp(100, frame.width() as usize / 2);
    let column = f64::from(frame.width()) / columns as f64;
    let width = if count > palette::NAMED { 2 } else { 6 };
    let colour = palette::line(component, count);
    for piece in pieces(points.iter().copied(), column) {
        for dash in dashed(&piece, rank) {
            canvas.line(&dash, colour, width)?;
        }
    }
    if series.dotted {
        let size = (12 / (rank as u32 + 1)).max(4);
        for &(x, y) in points.iter().filter(|(_, y)| y.is_finite()) {
            canvas.line(&[(x.round() as i32, y.round() as i32)], colour, size)?;
        }
    }
    Ok(())
}

/// The band around a component, in pieces where numbers are missing.
fn draw_band<B: Surface>(
    canvas: &mut Canvas<B>,
    series: &Series,
    frame: &Frame,
    component: usize,
) -> Result<(), PlotError> {
    let count = series.components.len();
    let band = series.band.iter().skip(component).step_by(count.max(1));
    let places: Vec<(f64, f64, f64)> = series
        .times
        .iter()
        .zip(band)
        .map(|(&time, &(lower, upper))| (frame.x(time), frame.y(lower), frame.y(upper)))
        .collect();
    let dot = |x: f64, y: f64| (x.round() as i32, y.round() as i32);
    for piece in places.split(|(_, lower, upper)| !(lower.is_finite() && upper.is_finite())) {
        let below = piece.iter().map(|&(x, lower, _)| dot(x, lower));
        let above = piece.iter().rev().map(|&(x, _, upper)| dot(x, upper));
        let edge: Vec<_> = below.chain(above).collect();
        if piece.len() > 1 {
            canvas.area(&edge, palette::line(component, count))?;
        }
    }
    Ok(())
}

/// A legend is left out where there is only one line: the axis names it already.
pub(super) fn legend_room<B: Surface>(
    canvas: &Canvas<B>,
    series: &Series,
) -> Result<i32, PlotError> {
    if series.components.len() < 2 {
        return Ok(0);
    }
    let mut widest = 0;
    for name in &series.components {
        widest = widest.max(canvas.width(name, TEXT)?);
    }
    Ok(GAP + SAMPLE + 28 + widest.min(WIDEST))
}

/// Draw the legend; a line is dashed in it as it is in the picture.
pub(super) fn draw_legend<B: Surface>(
    canvas: &mut Canvas<B>,
    series: &Series,
    frame: &Frame,
    ranks: &[usize],
) -> Result<(), PlotError> {
    let count = series.components.len();
    if count < 2 {
        return Ok(());
    }
    let left = frame.right + GAP;
    let mut y = frame.top + TEXT as i32;
    for (index, name) in series.components.iter().enumerate() {
        let sample = [(left, y), (left + SAMPLE, y)];
        for dash in dashed(&sample, ranks.get(index).copied().unwrap_or(0)) {
            canvas.line(&dash, palette::line(index, count), 8)?;
        }
        let name = canvas.fitted(name, TEXT, WIDEST)?;
        canvas.text(&name, TEXT, (left + SAMPLE + 28, y), Anchor::Left)?;
        y += 3 * TEXT as i32 / 2;
    }
    Ok(())
}
