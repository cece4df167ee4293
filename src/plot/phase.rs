//! The phase portrait: one quantity against another, the path of a run through its states.
//!
//! Two components of a block, two blocks of the state, or what `--variable` and `--against` say. The colour of the
//! path is the time; its ends are dots.

use super::axis::Axis;
use super::canvas::{Canvas, Surface};
use super::envelope::Dot;
use super::frame::{ColourBar, Frame};
use super::palette;
use super::place::{At, Held, no_dimension};
use super::series::{Quantity, Series};
use super::source::{component_names, first, is_clock, label, quantity, spoken, titled};
use super::{Kind, Picture, PlotError, Request};
use crate::archive::reader::{Coordinates, Reader, Variable};

/// More pieces than this cannot be told apart, and make vector files large.
const PIECES: usize = 20_000;

/// A variable over time, or several components of one.
struct Course {
    variable: Variable,
    clock: Coordinates,
    /// Along what the components that are left are counted; none of a single one.
    along: Option<Coordinates>,
    /// Time by time, all components of a time together.
    values: Vec<f64>,
    /// What is held.
    told: Vec<String>,
}

/// One edge of the portrait: a quantity over time.
struct Side {
    quantity: Quantity,
    values: Vec<f64>,
}

/// Read the portrait of one run.
///
/// # Errors
/// If there are no two quantities over the same times, several runs or components of them are left, or something is held
/// that neither has.
pub fn read(reader: &Reader, request: &Request) -> Result<Picture, PlotError> {
    let one = match &request.variable {
        Some(name) => reader.variable(name)?,
        None => first(reader, request)?,
    };
    let against = match &request.against {
        Some(name) => Some(reader.variable(name)?),
        None => None,
    };
    check_dims(&request.at, &one, against.as_ref())?;
    let one = Course::read(reader, request, one)?;
    let mut told = one.told.clone();
    let (across, upwards) = match against {
        None if one.along.is_some() => (one.side(0), one.side(1)),
        None => {
            let other = second_block(reader, &one.variable)?;
            let other = Course::read(reader, request, other)?;
            check_clocks(&one, &other)?;
            (one.side(0), other.side(0))
        }
        Some(across) => {
            let across = Course::read(reader, request, across)?;
            for course in [&across, &one] {
                course.check_single()?;
            }
            check_clocks(&across, &one)?;
            told.extend(
                across
                    .told
                    .iter()
                    .filter(|&held| !one.told.contains(held))
                    .cloned(),
            );
            (across.side(0), one.side(0))
        }
    };
    let pairs = across.values.iter().zip(&upwards.values);
    Ok(Picture {
        kind: Kind::Phase,
        series: Series {
            title: titled(reader, &told.join(", ")),
            values: pairs.flat_map(|(&x, &y)| [x, y]).collect(),
            quantity: upwards.quantity,
            clock: across.quantity,
            axis: label(&one.clock),
            times: one.clock.values,
            components: vec!["across".into(), "upwards".into()],
            ..Series::default()
        },
    })
}

/// Refuse to hold a dimension that no side has. What only one side has is held there.
fn check_dims(at: &[At], one: &Variable, against: Option<&Variable>) -> Result<(), PlotError> {
    let mut sides = one.clone();
    if let Some(other) = against {
        sides.name = format!("{}` against `{}", one.name, other.name);
        let more = other.dims.iter().filter(|dim| !one.dims.contains(dim));
        sides.dims.extend(more.cloned());
    }
    match at.iter().find(|at| !sides.dims.contains(&at.dim)) {
        Some(at) => Err(no_dimension(&sides, at)),
        None => Ok(()),
    }
}

/// Refuse two courses that were not recorded together.
fn check_clocks(across: &Course, upwards: &Course) -> Result<(), PlotError> {
    let (one, other) = (&across.clock, &upwards.clock);
    let [ours, theirs] = [one, other].map(|clock| clock.values.len());
    let mut pairs = one.values.iter().zip(&other.values);
    let extent = one
        .values
        .iter()
        .fold(0.0_f64, |most, time| most.max(time.abs()));
    let apart = pairs.position(|(a, b)| !is_one_moment(*a, *b, extent));
    let differ = if spoken(&one.name) != spoken(&other.name) || ours != theirs {
        format!(
            "{ours} along `{}`, {theirs} along `{}`",
            one.name, other.name
        )
    } else if let Some(at) = apart {
        format!(
            "number {at} is {:?} along `{}`, {:?} along `{}`",
            one.values[at], one.name, other.values[at], other.name
        )
    } else {
        return Ok(());
    };
    Err(PlotError::Clocks {
        across: across.variable.name.clone(),
        upwards: upwards.variable.name.clone(),
        differ,
    })
}

/// Whether two times are one but for rounding: `0.1 * 3` and `0.3` are. Where both are missing nothing is told apart.
fn is_one_moment(a: f64, b: f64, extent: f64) -> bool {
    (a - b).abs() <= 1e-12 * extent || a.is_nan() && b.is_nan()
}

impl Course {
    /// What is left of a variable: a number over time, or the components of one dimension.
    fn read(reader: &Reader, request: &Request, variable: Variable) -> Result<Self, PlotError> {
        let held_by = |at: &&At| variable.dims.contains(&at.dim);
        let at: Vec<At> = request.at.iter().filter(held_by).cloned().collect();
        let held = Held::new(reader, variable, &at, request.run)?;
        let runs = reader.run_shape().len();
        let (clock, along) = match held.free()[..] {
            [clock] => (clock, None),
            [clock, component] if clock >= runs => (clock, Some(component)),
            _ => {
                let why = "the portrait shows one run: hold axes of runs and components with --at, or choose a --run";
                let (name, dims) = (&held.variable.name, held.variable.dims.join(", "));
                return Err(PlotError::Place(format!("`{name}` [{dims}]: {why}")));
            }
        };
        if !is_clock(&held.variable.dims[clock]) {
            let why = format!("`{}` is not recorded over time", held.variable.name);
            return Err(PlotError::Place(why));
        }
        let several = along.filter(|&dim| held.variable.shape[dim] > 1);
        Ok(Self {
            values: held.read(reader)?,
            clock: held.coordinates[clock].clone(),
            along: several.map(|dim| held.coordinates[dim].clone()),
            told: held.parts(),
            variable: held.variable,
        })
    }

    /// One of its components.
    fn side(&self, component: usize) -> Side {
        let whole = quantity(&self.variable);
        let names = component_names(&whole.name, self.along.as_slice());
        let name = names.get(component).cloned();
        let values = self.values.iter().skip(component).step_by(names.len());
        Side {
            values: values.copied().collect(),
            quantity: Quantity {
                name: name.unwrap_or_else(|| whole.name.clone()),
                ..whole
            },
        }
    }

    /// Refuse to choose one of several components for somebody.
    fn check_single(&self) -> Result<(), PlotError> {
        match &self.along {
            None => Ok(()),
            Some(along) => Err(PlotError::Several {
                name: self.variable.name.clone(),
                dims: self.variable.dims.join(", "),
                count: along.values.len(),
                dim: along.name.clone(),
            }),
        }
    }
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
pub(super) fn draw<B: Surface>(canvas: &mut Canvas<B>, series: &Series) -> Result<(), PlotError> {
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
    frame.clip(canvas);
    for from in (0..count.saturating_sub(1)).step_by(stride) {
        let to = (from + stride).min(count - 1);
        // What lies between is drawn in one colour, so that no corner is cut.
        let piece: Vec<Dot> = (from..=to).map_while(place).collect();
        if piece.len() > 1 {
            canvas.line(&piece, colour(from), 6)?;
        }
    }
    canvas.unclip();
    for end in [0, count.saturating_sub(1)] {
        if let Some(at) = place(end) {
            canvas.line(&[at], colour(end), 20)?;
        }
    }
    frame.draw_edges_of(canvas, series)?;
    bar.draw(canvas, &frame, palette::by_index)
}
