//! The spectrum of a generator in the complex plane (`/analysis/spectrum`): decay to the left, rotation upwards and downwards.

use super::axis::Axis;
use super::canvas::{Canvas, Surface};
use super::frame::Frame;
use super::palette;
use super::series::{Quantity, Series};
use super::source::title;
use super::{Kind, Picture, PlotError};
use crate::archive::reader::Reader;

const PARTS: [&str; 2] = [
    "analysis/spectrum/eigenvalues_re",
    "analysis/spectrum/eigenvalues_im",
];

/// Whether an archive has the spectrum of one system, without axes.
pub fn is_there(reader: &Reader) -> bool {
    let variable = reader.variable(PARTS[0]);
    variable.is_ok_and(|variable| variable.shape.len() == 1)
}

/// Read the picture.
///
/// # Errors
/// If the archive has no spectrum.
pub fn read(reader: &Reader) -> Result<Picture, PlotError> {
    if !is_there(reader) {
        return Err(PlotError::Place(
            "there is no spectrum of one system here: `nullcline analyze` writes it for [analysis.spectrum]".into(),
        ));
    }
    let [re, im] = [reader.read(PARTS[0])?, reader.read(PARTS[1])?];
    let mut points: Vec<(f64, f64)> = re.into_iter().zip(im).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let unit = reader.variable(PARTS[0])?.units;
    let quantity = |name: &str, meaning: &str| Quantity {
        name: name.into(),
        unit: unit.clone(),
        meaning: meaning.into(),
    };
    Ok(Picture {
        kind: Kind::Spectrum,
        series: Series {
            title: title(reader),
            quantity: quantity("Im lambda", "angular frequency"),
            clock: quantity("Re lambda", "minus the decay rate"),
            times: points.iter().map(|point| point.0).collect(),
            values: points.iter().map(|point| point.1).collect(),
            components: vec!["lambda".into()],
            ..Series::default()
        },
    })
}

/// Draw the eigenvalues as points.
pub(super) fn draw<B: Surface>(canvas: &mut Canvas<B>, series: &Series) -> Result<(), PlotError> {
    let across = Axis::covering(series.times.iter().copied().chain([0.0]), 0.06, 8);
    let upwards = Axis::covering(series.values.iter().copied(), 0.06, 6);
    let frame = Frame::new(canvas, across, upwards, 0)?;
    frame.draw_grid(canvas)?;
    for (&re, &im) in series.times.iter().zip(&series.values) {
        let at = (frame.x(re).round() as i32, frame.y(im).round() as i32);
        canvas.line(&[at], palette::line(0, 1), 20)?;
    }
    frame.draw_edges_of(canvas, series)
}
