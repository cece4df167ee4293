//! From an archive to a [`Series`]: which variable, over what, with which names.
//!
//! ```text
//! left besides components    picture
//! time                       time series, or a heat map of many components
//! member, time               bands: mean over the members, 5 % to 95 %
//! one axis, or sample        curves
//! two axes                   a heat map of one component
//! nothing                    a profile or a frame, see `still`
//! ```
//!
//! Dimensions are taken away with places (`--at`, `--run`). Only what is shown is read.

use super::axis::Way;
use super::located::Located;
use super::place::{Held, in_unit};
use super::request::{Request, Source};
use super::series::{Quantity, Series};
use super::{Kind, PlotError};
use crate::archive::ArchiveError;
use crate::archive::reader::{Coordinates, Reader, Variable};

/// What is drawn.
pub struct Picture {
    /// The numbers.
    pub series: Series,
    /// How they are shown.
    pub kind: Kind,
}

/// Numbers of members that are read at once to make a band.
const MOST: usize = 50_000_000;

/// Read what a picture shows.
///
/// # Errors
/// If there is no such variable or place, or it cannot be shown in this way.
pub fn read(reader: &Reader, request: &Request) -> Result<Picture, PlotError> {
    let source = Source::of(reader, request);
    source.accept(request)?;
    match source {
        Source::Variable => of_variable(reader, request),
        Source::Phase => super::phase::read(reader, request),
        Source::Bloch => super::bloch::read(reader, request),
        Source::Raster => super::raster::read(reader, request),
        Source::Spectrum => super::spectrum::read(reader),
        Source::Limit => super::limit::read(reader),
    }
}

/// The picture that suits what is left of a variable.
fn of_variable(reader: &Reader, request: &Request) -> Result<Picture, PlotError> {
    let variable = match &request.variable {
        Some(name) => reader.variable(name)?,
        None => first(reader, request)?,
    };
    let held = Held::new(reader, variable, &request.at, request.run)?;
    let free = held.free();
    let runs = reader.run_shape().len();
    let is_run = |dim: &usize| {
        *dim < runs && held.variable.shape.starts_with(reader.run_shape())
            || is_axis(reader, &held.coordinates[*dim])
    };
    let (axes, rest): (Vec<usize>, Vec<usize>) = free.into_iter().partition(is_run);
    let clock = rest
        .iter()
        .copied()
        .find(|&dim| is_clock(&held.variable.dims[dim]));
    let members = axes
        .iter()
        .filter(|&&dim| held.variable.dims[dim] == "member")
        .count();
    let (series, suits) = match (axes.len(), clock) {
        (0, Some(_)) => {
            let series = over_time(reader, &held)?;
            let suits = Kind::of(series.components.len());
            (series, suits)
        }
        (1, Some(_)) if members == 1 => (bands(reader, &held)?, Kind::Bands),
        (1, None) => (curves(reader, &held, axes[0])?, Kind::Curves),
        (2, None) => (map(reader, held, &axes)?, Kind::HeatMap),
        (0, None) => super::still::read(reader, &held, request.kind)?,
        _ => {
            let dims: Vec<&str> = axes
                .iter()
                .map(|&dim| held.variable.dims[dim].as_str())
                .collect();
            let why = format!(
                "has {} dimensions of runs left: hold some of {} with --at, or choose a --run",
                axes.len(),
                dims.join(", ")
            );
            return Err(unfit(reader, &held, &why));
        }
    };
    let suits = if series.band.is_empty() {
        suits
    } else {
        Kind::Bands
    };
    let kind = request.kind.unwrap_or(suits);
    check_kind(&series, kind, clock.is_some())?;
    Ok(Picture { series, kind })
}

/// Refuse a kind that what is left cannot be shown as.
fn check_kind(series: &Series, kind: Kind, over_time: bool) -> Result<(), PlotError> {
    let suiting: &[Kind] = match (series.rows.is_some(), over_time, series.band.is_empty()) {
        (true, ..) => &[Kind::HeatMap],
        (false, true, false) => &[Kind::Bands, Kind::TimeSeries, Kind::HeatMap],
        (false, true, true) => &[Kind::TimeSeries, Kind::HeatMap],
        (false, false, _) => &[Kind::Curves, Kind::HeatMap],
    };
    if suiting.contains(&kind) {
        return Ok(());
    }
    let names: Vec<&str> = suiting.iter().map(|kind| kind.name()).collect();
    Err(PlotError::Place(format!(
        "what is left of `{}` cannot be shown as {}: choose {}",
        series.quantity.name,
        kind.name(),
        names.join(" or ")
    )))
}

pub(super) fn is_clock(dim: &str) -> bool {
    let clocks = ["time", "step", "trial"];
    let grouped = |clock: &str| {
        dim.strip_prefix(clock)
            .is_some_and(|rest| rest.starts_with('_'))
    };
    clocks.iter().any(|clock| dim == *clock || grouped(clock))
}

/// What a dimension is called for people: the times of a record group are times, and the second of two
/// like dimensions, `level_`, is called as the first.
pub(super) fn spoken(dim: &str) -> &str {
    match dim.split_once('_') {
        Some((clock, _)) if is_clock(dim) => clock,
        _ => dim.trim_end_matches('_'),
    }
}

/// Whether a dimension counts runs: an axis of a sweep says its path.
fn is_axis(reader: &Reader, along: &Coordinates) -> bool {
    let name = along.name.as_str();
    ["sample", "member", "run"].contains(&name) || reader.axis_path(name).is_some()
}

/// How coordinates lie along a picture's edge.
pub(super) fn way(along: &Coordinates) -> Way {
    if !along.labels.is_empty() {
        return Way::Named(along.labels.clone());
    }
    let values = &along.values;
    let positive = values.iter().all(|value| *value > 0.0 && value.is_finite());
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return Way::Linear;
    };
    if values.len() < 3 || !positive || (last / first).log10().abs() < 1.0 {
        return Way::Linear;
    }
    let logarithms: Vec<f64> = values.iter().map(|value| value.log10()).collect();
    let step = (logarithms[logarithms.len() - 1] - logarithms[0]) / (values.len() - 1) as f64;
    let even = logarithms
        .windows(2)
        .all(|pair| (pair[1] - pair[0] - step).abs() < 1e-6 * step.abs());
    if even { Way::Logarithmic } else { Way::Linear }
}

pub(super) fn quantity(variable: &Variable) -> Quantity {
    // The group, `analysis/seizure-stages/`, says nothing that the title does not.
    let (_, name) = variable
        .name
        .rsplit_once('/')
        .unwrap_or(("", &variable.name));
    Quantity {
        name: name.into(),
        unit: variable.units.clone(),
        meaning: variable.long_name.clone(),
    }
}

/// What stands below a picture: the name of the dimension and its unit; of an axis, its path.
fn across(reader: &Reader, along: &Coordinates) -> Quantity {
    let path = reader.axis_path(&along.name);
    Quantity {
        name: path.unwrap_or_else(|| spoken(&along.name).into()),
        unit: along.units.clone(),
        meaning: String::new(),
    }
}

/// A series of what is left of a variable, `over` one dimension, all others being components.
pub(super) fn series(reader: &Reader, held: &Held, over: usize) -> Result<Series, PlotError> {
    let components: Vec<Coordinates> = held
        .free()
        .into_iter()
        .filter(|&dim| dim != over)
        .map(|dim| held.coordinates[dim].clone())
        .collect();
    let (axis, first) = match components.as_slice() {
        [only] => (label(only), only.values.first().copied().unwrap_or(0.0)),
        _ => ("component".into(), 0.0),
    };
    let quantity = quantity(&held.variable);
    let located = match components.as_slice() {
        [only] => Located::named(reader, &held.variable, only)?,
        _ => None,
    };
    let names = match located {
        Some(located) => located.names(),
        None => component_names(&quantity.name, &components),
    };
    let along = &held.coordinates[over];
    let codes = reader.codes(&held.variable.name);
    let mut values = held.read(reader)?;
    if !codes.is_empty() {
        let is_code = |value: f64| (0.0..codes.len() as f64).contains(&value);
        for value in values.iter_mut().filter(|value| !is_code(**value)) {
            *value = f64::NAN;
        }
    }
    Ok(Series {
        title: titled(reader, &held.told()),
        clock: across(reader, along),
        times: along.values.clone(),
        across: way(along),
        components: names,
        quantity,
        axis,
        first,
        values,
        codes,
        ..Series::default()
    })
}

fn over_time(reader: &Reader, held: &Held) -> Result<Series, PlotError> {
    let clock = held
        .free()
        .into_iter()
        .find(|&dim| is_clock(&held.variable.dims[dim]));
    let mut series = series(reader, held, clock.unwrap_or(0))?;
    series.across = Way::Linear;
    band_of_mean(reader, held, &mut series)?;
    Ok(series)
}

/// The mean over members has a band, if the archive has what it is made of.
fn band_of_mean(reader: &Reader, held: &Held, series: &mut Series) -> Result<(), PlotError> {
    let Some(base) = held.variable.name.strip_suffix("_member_mean") else {
        return Ok(());
    };
    let like = |suffix: &str| -> Result<Option<Vec<f64>>, PlotError> {
        let Some(variable) = if_there(reader, &format!("{base}_member_{suffix}"))? else {
            return Ok(None);
        };
        let other = Held {
            variable,
            coordinates: held.coordinates.clone(),
            held: held.held.clone(),
        };
        other.read(reader).map(Some)
    };
    if let (Some(lower), Some(upper)) = (like("q05")?, like("q95")?) {
        series.band = lower.into_iter().zip(upper).collect();
        series.quantity.meaning = "mean over the members, 5 % to 95 %".into();
    } else if let Some(variance) = like("variance")? {
        let edges = series.values.iter().zip(variance);
        series.band = edges
            .map(|(mean, v)| (mean - v.sqrt(), mean + v.sqrt()))
            .collect();
        series.quantity.meaning = "mean over the members and one standard deviation".into();
    }
    Ok(())
}

/// Mean and quantiles over members that are stored.
fn bands(reader: &Reader, held: &Held) -> Result<Series, PlotError> {
    let free = held.free();
    let count: usize = free.iter().map(|&dim| held.variable.shape[dim]).product();
    if count > MOST {
        let why = format!(
            "has too many numbers; show {}_member_mean",
            held.variable.name
        );
        return Err(unfit(reader, held, &why));
    }
    // The members are the first of the dimensions that are left.
    let members = held.variable.shape[free[0]];
    let mut inner = held.held.clone();
    inner[free[0]] = Some(0);
    let one = Held {
        variable: held.variable.clone(),
        coordinates: held.coordinates.clone(),
        held: inner,
    };
    let clock = one
        .free()
        .into_iter()
        .find(|&dim| is_clock(&held.variable.dims[dim]));
    let mut series = series(reader, &one, clock.unwrap_or(0))?;
    series.across = Way::Linear;
    series.title = titled(reader, &held.told());
    let all = held.read(reader)?;
    let width = all.len() / members.max(1);
    for place in 0..width {
        let mut values: Vec<f64> = (0..members)
            .map(|member| all[member * width + place])
            .collect();
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        let quantile = |p: f64| crate::archive::members::quantile(&values, p);
        series.values[place] = values.iter().sum::<f64>() / values.len() as f64;
        series.band.push((quantile(0.05), quantile(0.95)));
    }
    series.quantity.meaning = "mean over the members, 5 % to 95 %".into();
    Ok(series)
}

/// Over one axis; over the first axis of a sampled sweep, in its order.
fn curves(reader: &Reader, held: &Held, axis: usize) -> Result<Series, PlotError> {
    const DOTTED: usize = 60;
    let mut series = series(reader, held, axis)?;
    let along = &held.coordinates[axis];
    if along.name == "sample" || along.name == "run" {
        let axes = reader.axes_on(&along.name)?;
        let Some(first) = axes.first() else {
            return Err(unfit(reader, held, "lies on samples without a coordinate"));
        };
        let coordinate = reader.read(&first.name)?;
        let mut order: Vec<usize> = (0..coordinate.len()).collect();
        order.sort_by(|&a, &b| coordinate[a].total_cmp(&coordinate[b]));
        let width = series.components.len();
        let values = order
            .iter()
            .flat_map(|&at| &series.values[at * width..(at + 1) * width]);
        series.values = values.copied().collect();
        series.times = order.iter().map(|&at| coordinate[at]).collect();
        series.clock = Quantity {
            name: reader
                .axis_path(&first.name)
                .unwrap_or_else(|| first.name.clone()),
            unit: first.units.clone(),
            meaning: String::new(),
        };
        series.across = Way::Linear;
    }
    series.dotted =
        series.times.len() <= DOTTED && series.components.len() <= super::palette::NAMED;
    Ok(series)
}

/// Over two axes, one component.
fn map(reader: &Reader, mut held: Held, axes: &[usize]) -> Result<Series, PlotError> {
    let others: Vec<usize> = held
        .free()
        .into_iter()
        .filter(|dim| !axes.contains(dim))
        .collect();
    for dim in others {
        // The first component, unless another one is asked for: the title says which.
        held.held[dim] = Some(0);
    }
    let mut series = series(reader, &held, axes[0])?;
    let rows = &held.coordinates[axes[1]];
    let numbers = match rows.labels.is_empty() {
        true => rows.values.clone(),
        false => (0..rows.labels.len()).map(|place| place as f64).collect(),
    };
    series.axis = across(reader, rows).label();
    series.rows = Some((numbers, way(rows)));
    Ok(series)
}

pub(super) fn unfit(reader: &Reader, held: &Held, why: &str) -> PlotError {
    PlotError::Unfit {
        name: held.variable.name.clone(),
        dims: format!("[{}]", held.variable.dims.join(", ")),
        why: why.into(),
        others: shown(reader),
    }
}

/// What can be shown over something.
fn candidates(reader: &Reader) -> Result<Vec<Variable>, PlotError> {
    let mut variables = reader.variables()?;
    // What analyses found, those included that looked on while the runs went on.
    let others = ["parameters", "config", "provenance", "health", "events"];
    let mut found = reader.everything(&others)?;
    found.retain(|one| one.name.starts_with("analysis/"));
    variables.extend(found);
    // The values of the axes are what is shown over, not what is shown.
    let of_axis = |name: &str| {
        let base = name.strip_suffix("_value").unwrap_or(name);
        reader.axis_path(base).is_some() || ["member", "run"].contains(&base)
    };
    variables.retain(|one| {
        !one.is_coordinate
            && !one.is_text
            && !one.name.starts_with("run_")
            && !one.dims.is_empty()
            && !of_axis(&one.name)
    });
    Ok(variables)
}

/// What stands above a picture.
pub(super) fn title(reader: &Reader) -> String {
    let given = reader.attribute("title").filter(|title| !title.is_empty());
    let title = given.unwrap_or_else(|| {
        let name = reader.path().file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    });
    match reader.is_complete() {
        true => title,
        false => format!("{title} ({})", reader.status()),
    }
}

/// What stands above a picture of a part: the title, and what is held.
pub(super) fn titled(reader: &Reader, told: &str) -> String {
    match told {
        "" => title(reader),
        told => format!("{}: {told}", title(reader)),
    }
}

/// A variable, if the archive has it; what else goes wrong is an error.
pub(super) fn if_there(reader: &Reader, name: &str) -> Result<Option<Variable>, PlotError> {
    match reader.variable(name) {
        Ok(variable) => Ok(Some(variable)),
        Err(ArchiveError::Unknown { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn label(coordinates: &Coordinates) -> String {
    Quantity {
        name: spoken(&coordinates.name).into(),
        unit: coordinates.units.clone(),
        meaning: String::new(),
    }
    .label()
}

/// What can be shown of an archive, as words: each variable with its dimensions. It is told beside an error, so that an archive
/// that cannot be read has nothing to show.
pub fn shown(reader: &Reader) -> String {
    names(&candidates(reader).unwrap_or_default())
}

fn names(variables: &[Variable]) -> String {
    let names: Vec<String> = variables
        .iter()
        .map(|one| format!("{} [{}]", one.name, one.dims.join(", ")))
        .collect();
    match names.is_empty() {
        true => "nothing".into(),
        false => names.join("; "),
    }
}

/// What suits best: of one run the first block of the state; of an ensemble without a sweep its mean;
/// of a sweep the first quantity without time.
pub(super) fn first(reader: &Reader, request: &Request) -> Result<Variable, PlotError> {
    let variables = candidates(reader)?;
    let blocks = reader.variables_in("health")?;
    let is_block = |one: &&Variable| {
        let last = format!("health/last_{}", one.name);
        blocks.iter().any(|block| block.name == last)
    };
    let has_clock = |one: &Variable| one.dims.iter().any(|dim| is_clock(dim));
    let runs = reader.run_shape().len();
    let fixed = request.run.is_some() || request.at.len() >= runs;
    let found = if runs == 0 || fixed {
        let block = variables.iter().find(|one| is_block(one) && has_clock(one));
        let any_axis = |one: &&Variable| {
            let mut dims = one.dims.iter();
            dims.any(|dim| reader.axis_path(dim).is_some())
        };
        block
            .or(variables.iter().find(|one| has_clock(one)))
            .or(variables.iter().find(any_axis))
            .or(variables.first())
    } else {
        let mean = |one: &&Variable| {
            one.name.ends_with("_member_mean") && has_clock(one) && is_clock(&one.dims[0])
        };
        let timeless = |one: &&Variable| !has_clock(one) && !one.name.contains("_member_");
        variables
            .iter()
            .find(mean)
            .or(variables.iter().find(timeless))
            .or(variables.iter().find(is_block))
            .or(variables.first())
    };
    found
        .cloned()
        .ok_or_else(|| PlotError::Nothing(reader.path().display().to_string()))
}

/// `x[0]`, `x[1]`, ... or with what stands at the positions: the labels, `p[CC]`, or values in a unit, `x[0.5 mm]`.
pub(super) fn component_names(variable: &str, axes: &[Coordinates]) -> Vec<String> {
    let mut places = vec![String::new()];
    for axis in axes {
        let here: Vec<String> = match axis.labels.is_empty() {
            true => {
                let values = axis.values.iter();
                values.map(|&value| in_unit(value, &axis.units)).collect()
            }
            false => axis.labels.clone(),
        };
        places = places
            .iter()
            .flat_map(|place| {
                here.iter().map(move |next| match place.as_str() {
                    "" => next.clone(),
                    place => format!("{place}, {next}"),
                })
            })
            .collect();
    }
    if axes.is_empty() {
        return vec![variable.into()];
    }
    places
        .iter()
        .map(|place| format!("{variable}[{place}]"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(name: &str, values: &[f64], labels: &[&str]) -> Coordinates {
        Coordinates {
            name: name.into(),
            values: values.to_vec(),
            labels: labels.iter().map(ToString::to_string).collect(),
            units: "1".into(),
            long_name: name.into(),
        }
    }

    #[test]
    fn components_are_named_by_positions_or_labels() {
        assert_eq!(component_names("v", &[]), ["v"]);
        let rows = axis("row", &[3.0, 4.0], &[]);
        assert_eq!(
            component_names("x", std::slice::from_ref(&rows)),
            ["x[3]", "x[4]"]
        );
        let choices = axis("choice", &[0.0, 1.0], &["C", "D"]);
        assert_eq!(
            component_names("p", &[rows, choices]),
            ["p[3, C]", "p[3, D]", "p[4, C]", "p[4, D]"]
        );
        let depths = Coordinates {
            units: "mm".into(),
            ..axis("depth", &[0.1 + 0.2, 0.5], &[])
        };
        assert_eq!(component_names("v", &[depths]), ["v[0.3 mm]", "v[0.5 mm]"]);
    }
}
