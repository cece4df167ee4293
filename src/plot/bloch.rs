//! The Bloch ball: the path of a two-level state as a point in the unit ball.
//!
//! ```text
//! x = 2 Re rho_01,   y = -2 Im rho_01,   z = rho_00 - rho_11          pure states on the surface, ignorance in the middle
//! ```
//!
//! seen from a little above, without perspective; the colour of the path is the time. Circles are the equator and two meridians, dotted
//! where they lie behind.

use plotters::style::RGBColor;

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, GRID, SIZE, Surface, TEXT, TITLE};
use super::envelope::Dot;
use super::frame::{ColourBar, Frame};
use super::palette;
use super::place::Held;
use super::series::{Quantity, Series};
use super::source::{if_there, titled};
use super::{Kind, Picture, PlotError, Request};
use crate::archive::reader::{Reader, Variable};

const INK: RGBColor = RGBColor(60, 60, 60);
const BEHIND: RGBColor = RGBColor(170, 170, 170);
/// Turned about the vertical, then lowered, in radians.
const VIEW: (f64, f64) = (0.6, 0.3);
const AXES: [(&str, [f64; 3]); 3] = [
    ("x", [1.0, 0.0, 0.0]),
    ("y", [0.0, 1.0, 0.0]),
    ("z", [0.0, 0.0, 1.0]),
];

/// The parts of the density matrix that an archive has: each member's, or their mean.
const SOURCES: [[&str; 2]; 2] = [
    ["rho_re", "rho_im"],
    ["rho_re_member_mean", "rho_im_member_mean"],
];

/// Read the path of a two-level state.
///
/// # Errors
/// If the archive has no density matrix of two levels over time, or several runs of it are left.
pub fn read(reader: &Reader, request: &Request) -> Result<Picture, PlotError> {
    let mut parts = Vec::new();
    let mut clock = None;
    let mut told = String::new();
    for variable in density_matrix(reader)? {
        let name = variable.name.clone();
        let held = Held::new(reader, variable, &request.at, request.run)?;
        let free = held.free();
        let shape: Vec<usize> = free.iter().map(|&dim| held.variable.shape[dim]).collect();
        if shape.len() != 3 || shape[1..] != [2, 2] {
            let why = "the Bloch ball shows two levels over time: hold axes of runs with --at, or choose a --run";
            return Err(PlotError::Place(format!(
                "`{name}` [{}] is left; {why}",
                free.iter()
                    .map(|&dim| held.variable.dims[dim].as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            )));
        }
        clock = Some(held.coordinates[free[0]].clone());
        told = held.told();
        parts.push(held.read(reader)?);
    }
    let Some(clock) = clock else {
        return Err(PlotError::Nothing(reader.path().display().to_string()));
    };
    let (re, im) = (&parts[0], &parts[1]);
    let point = |k: usize| {
        [
            2.0 * re[4 * k + 1],
            -2.0 * im[4 * k + 1],
            re[4 * k] - re[4 * k + 3],
        ]
    };
    Ok(Picture {
        kind: Kind::Bloch,
        series: Series {
            title: titled(reader, &told),
            quantity: Quantity {
                name: "rho".into(),
                unit: String::new(),
                meaning: "the state in the Bloch ball".into(),
            },
            clock: Quantity {
                name: clock.name.clone(),
                unit: clock.units.clone(),
                meaning: String::new(),
            },
            values: (0..clock.values.len()).flat_map(point).collect(),
            times: clock.values,
            components: AXES.iter().map(|(name, _)| (*name).into()).collect(),
            ..Series::default()
        },
    })
}

/// The two parts of the density matrix.
fn density_matrix(reader: &Reader) -> Result<[Variable; 2], PlotError> {
    for [re, im] in SOURCES {
        if let (Some(re), Some(im)) = (if_there(reader, re)?, if_there(reader, im)?) {
            return Ok([re, im]);
        }
    }
    let why = "the Bloch ball shows a density matrix of two levels: record `rho_re` and `rho_im`";
    Err(PlotError::Place(why.into()))
}

/// The middle of the ball and its radius in dots.
struct Ball {
    middle: Dot,
    radius: f64,
}

impl Ball {
    /// The place of a point, and how far it lies towards the eye.
    fn seen(&self, [x, y, z]: [f64; 3]) -> (Dot, f64) {
        let (turn, lower) = VIEW;
        // The eye looks along -depth; y points away to the right.
        let right = y * turn.cos() - x * turn.sin();
        let near = x * turn.cos() + y * turn.sin();
        let up = z * lower.cos() - near * lower.sin();
        let depth = near * lower.cos() + z * lower.sin();
        let dot = |value: f64| (value * self.radius).round() as i32;
        ((self.middle.0 + dot(right), self.middle.1 - dot(up)), depth)
    }

    /// A circle through two orthogonal unit vectors.
    fn circle<B: Surface>(
        &self,
        canvas: &mut Canvas<B>,
        a: [f64; 3],
        b: [f64; 3],
    ) -> Result<(), PlotError> {
        const PARTS: usize = 120;
        let point = |k: usize| {
            let (sin, cos) = (k as f64 / PARTS as f64 * std::f64::consts::TAU).sin_cos();
            std::array::from_fn(|i| cos * a[i] + sin * b[i])
        };
        for k in 0..PARTS {
            let (from, depth) = self.seen(point(k));
            let (to, _) = self.seen(point(k + 1));
            if depth >= 0.0 {
                canvas.line(&[from, to], BEHIND, 3)?;
            } else if k % 2 == 0 {
                canvas.line(&[from, to], GRID, 3)?;
            }
        }
        Ok(())
    }
}

/// Draw the path.
pub(super) fn draw<B: Surface>(canvas: &mut Canvas<B>, series: &Series) -> Result<(), PlotError> {
    let bar = ColourBar {
        axis: Axis::covering(series.times.iter().copied(), 0.0, 6),
        text: series.clock.label(),
    };
    let room = bar.room(canvas)?;
    let ends = |low: f64, high: f64| Axis::covering([low, high].into_iter(), 0.0, 4);
    let frame = Frame::new(canvas, ends(-1.0, 1.0), ends(-1.0, 1.0), room)?;
    let ball = Ball {
        middle: (
            (frame.left + frame.right) / 2,
            (frame.top + frame.bottom + TEXT as i32) / 2,
        ),
        radius: f64::from(frame.height()) / 2.0 - 1.2 * TEXT,
    };
    let [x, y, z] = AXES.map(|(_, axis)| axis);
    let outline: Vec<Dot> = (0..=240)
        .map(|k| {
            let (sin, cos) = (f64::from(k) / 240.0 * std::f64::consts::TAU).sin_cos();
            let dot = |value: f64| (value * ball.radius).round() as i32;
            (ball.middle.0 + dot(cos), ball.middle.1 + dot(sin))
        })
        .collect();
    canvas.line(&outline, INK, 4)?;
    for (a, b) in [(x, y), (x, z), (y, z)] {
        ball.circle(canvas, a, b)?;
    }
    for (name, axis) in AXES {
        let (from, _) = ball.seen(axis.map(|v| -v));
        let (to, _) = ball.seen(axis);
        canvas.line(&[from, to], BEHIND, 3)?;
        let (at, _) = ball.seen(axis.map(|v| 1.12 * v));
        canvas.text(name, TEXT, (at.0, at.1 - TEXT as i32 / 2), Anchor::Above)?;
    }
    draw_path(canvas, series, &ball, &bar.axis)?;
    let text = canvas.fitted(&series.title, TITLE, SIZE.0 - 2 * frame.top)?;
    canvas.text(&text, TITLE, (frame.top / 2, frame.top / 2), Anchor::Left)?;
    bar.draw(canvas, &frame, palette::by_index)
}

fn draw_path<B: Surface>(
    canvas: &mut Canvas<B>,
    series: &Series,
    ball: &Ball,
    clock: &Axis,
) -> Result<(), PlotError> {
    let point = |sample: usize| {
        let point: [f64; 3] = std::array::from_fn(|i| series.value(sample, i));
        point.iter().all(|v| v.is_finite()).then_some(point)
    };
    let mut last = None;
    for sample in 0..series.times.len() {
        let here = point(sample).map(|point| ball.seen(point).0);
        let colour = palette::by_index(clock.place(series.times[sample]));
        if let (Some(from), Some(to)) = (last, here)
            && from != to
        {
            canvas.line(&[from, to], colour, 8)?;
        }
        if let (Some(at), true) = (here, sample == 0 || sample + 1 == series.times.len()) {
            canvas.line(&[at], colour, 22)?;
        }
        last = here;
    }
    Ok(())
}
