//! The picture of a limit study (`/analysis/limit`): the distance of the members of a family to its two limits
//! over their timescale, both logarithmic. A slope of 1 falls by one decade per decade.

use super::axis::Way;
use super::series::{Quantity, Series};
use super::source::title;
use super::{Kind, PlotError};
use crate::archive::reader::Reader;
use crate::plot::Picture;

const GROUP: &str = "analysis/limit";
const SIDES: [&str; 2] = ["fast", "slow"];

/// Whether an archive has a limit study of one experiment, without axes.
pub fn is_there(reader: &Reader) -> bool {
    let distance = reader.variable(&format!("{GROUP}/fast_distance"));
    distance.is_ok_and(|variable| variable.shape.len() == 1)
}

/// Read the picture.
///
/// # Errors
/// If a part of the study is missing.
pub fn read(reader: &Reader) -> Result<Picture, PlotError> {
    let mut points: Vec<(f64, usize, f64)> = Vec::new();
    let mut components = Vec::new();
    for (side, name) in SIDES.into_iter().enumerate() {
        let part = |what: &str| reader.read(&format!("{GROUP}/{name}_{what}"));
        let (timescales, distances) = (part("timescale")?, part("distance")?);
        let slope = part("slope")?.first().copied().unwrap_or(f64::NAN);
        let told = match slope.is_finite() {
            true => format!("{name} limit, slope {slope:.2}"),
            false => format!("{name} limit"),
        };
        components.push(told);
        let pairs = timescales.into_iter().zip(distances);
        points.extend(pairs.map(|(timescale, distance)| (timescale, side, distance.log10())));
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let values = points.iter().flat_map(|&(_, side, height)| {
        let mut row = [f64::NAN; SIDES.len()];
        row[side] = height;
        row
    });
    Ok(Picture {
        kind: Kind::Curves,
        series: Series {
            title: title(reader),
            quantity: Quantity {
                name: "log10 distance".into(),
                unit: String::new(),
                meaning: "the largest over time".into(),
            },
            clock: Quantity {
                name: "tau".into(),
                unit: String::new(),
                meaning: "timescale of the member".into(),
            },
            times: points.iter().map(|point| point.0).collect(),
            across: Way::Logarithmic,
            components,
            axis: "limit".into(),
            values: values.collect(),
            dotted: true,
            ..Series::default()
        },
    })
}
