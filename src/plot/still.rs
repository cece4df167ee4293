//! What has neither time nor runs left: a profile over one dimension, or a frame over two.
//!
//! ```text
//! [cell] at one time                 a curve over the cells
//! [row, column], [level, level_]     a frame: rows upwards, columns across, both to one scale
//! [curve, point], few curves         a curve each, over the points
//! ```

use super::located::Located;
use super::palette::NAMED;
use super::place::Held;
use super::series::{Quantity, Series};
use super::source::{label, quantity, series, unfit, way};
use super::{Kind, PlotError};
use crate::archive::reader::Reader;

/// A dimension this many times as long as the other one is what curves are drawn over.
const LONGER: usize = 3;

/// Read a profile or a frame, as the kind that is asked for or suits.
pub fn read(reader: &Reader, held: &Held, kind: Option<Kind>) -> Result<(Series, Kind), PlotError> {
    match held.free()[..] {
        [only] => Ok((profile(reader, held, only)?, Kind::Curves)),
        [rows, columns] => {
            let [few, many] = [rows, columns].map(|dim| held.variable.shape[dim]);
            let curves = few <= NAMED && many >= LONGER * few;
            let suits = if curves { Kind::Curves } else { Kind::HeatMap };
            match kind.unwrap_or(suits) {
                Kind::HeatMap => Ok((frame(reader, held, [rows, columns])?, Kind::HeatMap)),
                _ => Ok((profile(reader, held, columns)?, Kind::Curves)),
            }
        }
        _ => {
            let why = "has nothing to be shown over: hold some dimensions with --at";
            Err(unfit(reader, held, why))
        }
    }
}

fn profile(reader: &Reader, held: &Held, over: usize) -> Result<Series, PlotError> {
    let mut series = series(reader, held, over)?;
    if held.free().first() != Some(&over) {
        turn(&mut series);
    }
    let along = &held.coordinates[over];
    if let Some(located) = Located::ascending(reader, &held.variable, along)? {
        series.clock = Quantity {
            meaning: String::new(),
            ..quantity(&located.quantity)
        };
        series.times = located.numbers;
    }
    Ok(series)
}

/// Numbers that were read component by component, sample by sample.
fn turn(series: &mut Series) {
    let (samples, numbers) = (series.times.len(), &series.values);
    let components = numbers.len() / samples.max(1);
    series.values = (0..samples)
        .flat_map(|sample| (0..components).map(move |one| numbers[one * samples + sample]))
        .collect();
}

fn frame(reader: &Reader, held: &Held, [rows, columns]: [usize; 2]) -> Result<Series, PlotError> {
    // Each row is a component, its columns are the samples.
    let mut series = series(reader, held, columns)?;
    let (height, width) = (held.variable.shape[rows], held.variable.shape[columns]);
    turn(&mut series);
    let upwards = &held.coordinates[rows];
    series.clock = Quantity::named(label(&held.coordinates[columns]));
    series.axis = label(upwards);
    series.rows = Some((upwards.values.clone(), way(upwards)));
    series.even = height.max(width) < LONGER * height.min(width);
    Ok(series)
}
