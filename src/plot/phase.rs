//! The phase portrait: one quantity against another, the path of a run through its states.
//!
//! Two components of a block, two blocks of the state, or what `--variable` and `--against` say. The colour of the
//! path is the time; its ends are dots.

use plotters::backend::DrawingBackend;

use super::axis::Axis;
use super::canvas::Canvas;
use super::envelope::Dot;
use super::frame::{ColourBar, Frame};
use super::palette;
use super::place::Held;
use super::series::{Quantity, Series};
use super::source::{first, is_clock, quantity, title};
use super::{Kind, Picture, PlotError, Request};
use crate::archive::reader::{Coordinates, Reader, Variable};

/// More pieces than this cannot be told apart, and make vector files large.
const PIECES: usize = 20_000;

/// One edge of the portrait: a quantity over time.
struct Side {
    quantity: Quantity,
    values: Vec<f64>,
}

/// Read the portrait of one run.
///
/// # Errors
/// If there are no two quantities over the same times, or several runs of them are left.
pub fn read(reader: &Reader, request: &Request) -> Result<Picture, PlotError> {
    let one = match &request.variable {
        Some(name) => reader.variable(name)?,
        None => first(reader, request)?,
    };
    let (mut sides, clock, told) = course(reader, request, one.clone())?;
    let (across, upwards) = match &request.against {
        Some(name) => {
            let (other, ..) = course(reader, request, reader.variable(name)?)?;
            (other.into_iter().next(), sides.into_iter().next())
        }
        None if sides.len() > 1 => {
            let second = sides.swap_remove(1);
            (sides.into_iter().next(), Some(second))
        }
        None => {
            let next = second_block(reader, &one)?;
            let (other, ..) = course(reader, request, next)?;
            (sides.into_iter().next(), other.into_iter().next())
        }
    };
    let pair = across.zip(upwards);
    let Some((across, upwards)) = pair.filter(|(a, b)| a.values.len() == b.values.len()) else {
        let why = "a phase portrait needs two quantities that are recorded at the same times";
        return Err(PlotError::Place(why.into()));
    };
    let pairs = across.values.iter().zip(&upwards.values);
    Ok(Picture {
        kind: Kind::Phase,
        series: Series {
            title: match told.as_str() {
                "" => title(reader),
                told => format!("{}: {told}", title(reader)),
            },
            values: pairs.flat_map(|(&x, &y)| [x, y]).collect(),
            quantity: upwards.quantity,
            clock: across.quantity,
            axis: super::source::label(&clock),
            times: clock.values,
            components: vec!["across".into(), "upwards".into()],
            ..Series::default()
        },
    })
}

/// The components of a variable over time, the time, and what is held.
fn course(
    reader: &Reader,
    request: &Request,
    variable: Variable,
) -> Result<(Vec<Side>, Coordinates, String), PlotError> {
    let held_by = |at: &&super::At| variable.dims.contains(&at.dim);
    let at: Vec<super::At> = request.at.iter().filter(held_by).cloned().collect();
    let held = Held::new(reader, variable, &at, request.run)?;
    let free = held.free();
    let runs = reader.run_shape().len();
    let (clock, width) = match free[..] {
        [clock] => (clock, 1),
        [clock, component] if clock >= runs => (clock, held.variable.shape[component]),
        _ => {
            let why = "the portrait shows one run: hold axes of runs and components with --at, or choose a --run";
            return Err(PlotError::Place(format!(
                "`{}` [{}]: {why}",
                held.variable.name,
                held.variable.dims.join(", ")
            )));
        }
    };
    if !is_clock(&held.variable.dims[clock]) {
        let why = format!("`{}` is not recorded over time", held.variable.name);
        return Err(PlotError::Place(why));
    }
    let values = held.read(reader)?;
    let of = |component: usize| Side {
        quantity: match width {
            1 => quantity(&held.variable),
            _ => Quantity {
                name: format!("{}[{component}]", held.variable.name),
                ..quantity(&held.variable)
            },
        },
        values: values
            .iter()
            .skip(component)
            .step_by(width)
            .copied()
            .collect(),
    };
    let sides = (0..width.min(2)).map(of).collect();
    Ok((sides, held.coordinates[clock].clone(), held.told()))
}

/// The variable behind this one that is recorded over the same dimensions.
fn second_block(reader: &Reader, one: &Variable) -> Result<Variable, PlotError> {
    let all = reader.variables()?;
    let behind = all
        .iter()
        .skip_while(|other| other.name != one.name)
        .skip(1);
    let before = all.iter().take_while(|other| other.name != one.name);
    let mut others = behind
        .chain(before)
        .filter(|other| other.dims == one.dims && !other.is_coordinate && !other.is_text);
    others.next().cloned().ok_or_else(|| {
        PlotError::Place(format!(
            "`{}` has one component: say with --against what stands across",
            one.name
        ))
    })
}

/// Draw the path.
pub(super) fn draw<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    series: &Series,
) -> Result<(), PlotError> {
    let side = |component: usize| Axis::covering(series.component(component), 0.05, 7);
    let bar = ColourBar {
        axis: Axis::covering(series.times.iter().copied(), 0.0, 6),
        text: series.axis.clone(),
    };
    let room = bar.room(canvas)?;
    let frame = Frame::new(canvas, side(0), side(1), room)?;
    frame.draw_grid(canvas)?;
    let place = |sample: usize| -> Option<Dot> {
        let (x, y) = (series.value(sample, 0), series.value(sample, 1));
        let dot = (frame.x(x).round() as i32, frame.y(y).round() as i32);
        (x.is_finite() && y.is_finite()).then_some(dot)
    };
    let colour = |sample: usize| palette::by_index(bar.axis.place(series.times[sample]));
    let count = series.times.len();
    let stride = count.div_ceil(PIECES).max(1);
    for from in (0..count.saturating_sub(1)).step_by(stride) {
        let to = (from + stride).min(count - 1);
        // What lies between is drawn in one colour, so that no corner is cut.
        let piece: Vec<Dot> = (from..=to).map_while(place).collect();
        if piece.len() > 1 {
            canvas.line(&piece, colour(from), 6)?;
        }
    }
    for end in [0, count.saturating_sub(1)] {
        if let Some(at) = place(end) {
            canvas.line(&[at], colour(end), 20)?;
        }
    }
    frame.draw_edges_of(canvas, series)?;
    bar.draw(canvas, &frame, palette::by_index)
}
