//! Places: which run, which member, which component a picture is about.
//!
//! `input_0=0.5` is the position along that dimension whose coordinate is nearest; of a dimension with
//! labels, the one of that label.

use std::str::FromStr;

use super::PlotError;
use super::source::spoken;
use crate::archive::reader::{Coordinates, Reader, Variable};

/// One dimension held at one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The dimension.
    pub dim: String,
    /// The coordinate, a number or a label.
    pub place: String,
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((dim, place)) if !dim.is_empty() && !place.is_empty() => Ok(Self {
                dim: dim.into(),
                place: place.into(),
            }),
            _ => Err("expected DIMENSION=PLACE, for example input_0=0.5".into()),
        }
    }
}

/// A variable with some of its dimensions held.
pub struct Held {
    pub variable: Variable,
    pub coordinates: Vec<Coordinates>,
    /// For each dimension the position at which it is held.
    pub held: Vec<Option<usize>>,
}

impl Held {
    /// Hold the dimensions of a variable that are asked for.
    pub fn new(
        reader: &Reader,
        variable: Variable,
        at: &[At],
        run: Option<u64>,
    ) -> Result<Self, PlotError> {
        let coordinates = reader.coordinates(&variable)?;
        let mut held = vec![None; coordinates.len()];
        if let Some(run) = run {
            hold_run(reader, &variable, run, &mut held)?;
        }
        for one in at {
            let Some(dim) = variable.dims.iter().position(|dim| *dim == one.dim) else {
                return Err(no_dimension(&variable, one));
            };
            if held[dim].is_some() {
                return Err(PlotError::Place(format!(
                    "`{}` is held twice, the second time at `{}`: give each dimension one --at, and none that --run holds",
                    one.dim, one.place
                )));
            }
            held[dim] = Some(position(&coordinates[dim], &one.place)?);
        }
        Ok(Self {
            variable,
            coordinates,
            held,
        })
    }

    /// The dimensions that are left.
    pub fn free(&self) -> Vec<usize> {
        let held = self.held.iter().enumerate();
        held.filter(|(_, held)| held.is_none())
            .map(|(dim, _)| dim)
            .collect()
    }

    /// The numbers along the dimensions that are left, in their order.
    pub fn read(&self, reader: &Reader) -> Result<Vec<f64>, PlotError> {
        let start: Vec<usize> = self.held.iter().map(|held| held.unwrap_or(0)).collect();
        let sizes = self.held.iter().zip(&self.variable.shape);
        let count: Vec<usize> = sizes
            .map(|(held, &size)| if held.is_some() { 1 } else { size })
            .collect();
        Ok(reader.read_block(&self.variable.name, &start, &count)?)
    }

    /// What is held where, as words.
    pub fn told(&self) -> String {
        self.parts().join(", ")
    }

    /// What is held where, each dimension as words: `input_0 = 0.5`.
    pub fn parts(&self) -> Vec<String> {
        let held = self.held.iter().zip(&self.coordinates);
        held.filter_map(|(held, along)| {
            let place = (*held)?;
            let there = match along.labels.get(place) {
                Some(label) => label.clone(),
                None => in_unit(along.values[place], &along.units),
            };
            Some(format!("{} = {there}", spoken(&along.name)))
        })
        .collect()
    }
}

/// A number and its unit, without the last digits, which are those of rounding: `0.3 mV`.
pub fn in_unit(number: f64, unit: &str) -> String {
    let short = format!("{number:.9e}").parse().unwrap_or(number);
    match unit {
        "" | "1" => shown(short),
        unit => format!("{} {unit}", shown(short)),
    }
}

/// A number without rows of zeros.
fn shown(number: f64) -> String {
    match number.abs() {
        size if size != 0.0 && !(1e-5..1e16).contains(&size) => format!("{number:e}"),
        _ => number.to_string(),
    }
}

/// A dimension was to be held that a variable does not have.
pub fn no_dimension(variable: &Variable, at: &At) -> PlotError {
    PlotError::Place(format!(
        "`{}` has no dimension `{}`; it has {}",
        variable.name,
        at.dim,
        variable.dims.join(", ")
    ))
}

/// Refuse a run that an archive does not have.
pub fn check_run(reader: &Reader, run: u64) -> Result<(), PlotError> {
    if reader.is_of_analyses() {
        let why = "what analyses found has no runs, so that --run means nothing here; hold its axes with --at";
        return Err(PlotError::Place(why.into()));
    }
    let runs = reader.runs() as u64;
    if run < runs {
        return Ok(());
    }
    let last = runs.saturating_sub(1);
    Err(PlotError::Place(format!(
        "there is no run {run}; the runs are counted from 0 to {last}"
    )))
}

/// Hold all dimensions of runs at the run of this index, in C order.
fn hold_run(
    reader: &Reader,
    variable: &Variable,
    run: u64,
    held: &mut [Option<usize>],
) -> Result<(), PlotError> {
    check_run(reader, run)?;
    let shape = reader.run_shape();
    if !variable.shape.starts_with(shape) {
        return Err(PlotError::Place(format!(
            "`{}` [{}] has no dimensions of runs that --run could hold",
            variable.name,
            variable.dims.join(", ")
        )));
    }
    let mut rest = run as usize;
    for (held, &size) in held.iter_mut().zip(shape).rev() {
        *held = Some(rest % size);
        rest /= size;
    }
    Ok(())
}

/// The position whose label is that, or whose coordinate is nearest.
fn position(along: &Coordinates, place: &str) -> Result<usize, PlotError> {
    if !along.labels.is_empty() {
        let found = along.labels.iter().position(|label| label == place);
        return found.ok_or_else(|| {
            PlotError::Place(format!(
                "`{}` has no `{place}`; it has {}",
                along.name,
                along.labels.join(", ")
            ))
        });
    }
    let wanted: f64 = place
        .parse()
        .ok()
        .filter(|wanted: &f64| wanted.is_finite())
        .ok_or_else(|| PlotError::Place(format!("`{place}` is no place along `{}`", along.name)))?;
    let gap = |index: &usize| (along.values[*index] - wanted).abs();
    (0..along.values.len())
        .min_by(|a, b| gap(a).total_cmp(&gap(b)))
        .ok_or_else(|| PlotError::Empty(along.name.clone()))
}
