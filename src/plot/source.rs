//! From an archive to a [`Series`]: which variable, over which clock, with which names.

use super::PlotError;
use super::series::{Quantity, Series};
use crate::archive::reader::{Coordinates, Reader, Variable};

/// Read a variable over time; without a name, the first block of the state that was recorded.
///
/// # Errors
/// If there is no such variable, it does not vary over time, or it cannot be read.
pub fn read(reader: &Reader, name: Option<&str>) -> Result<Series, PlotError> {
    let variable = match name {
        Some(name) => reader.variable(name)?,
        None => first(reader)?,
    };
    if !is_over_time(&variable) {
        return Err(PlotError::NotOverTime {
            name: variable.name,
            others: names(&over_time(reader)?),
        });
    }
    let coordinates = reader.coordinates(&variable)?;
    let (clock, components) = coordinates.split_first().ok_or_else(|| {
        // Unreachable: a variable over time has a dimension.
        PlotError::Empty(variable.name.clone())
    })?;
    let (axis, first) = match components {
        [only] => (label(only), only.values.first().copied().unwrap_or(0.0)),
        _ => ("component".into(), 0.0),
    };
    Ok(Series {
        title: title(reader),
        quantity: Quantity {
            name: variable.name.clone(),
            unit: variable.units.clone(),
            meaning: variable.long_name.clone(),
        },
        clock: Quantity {
            name: clock.name.clone(),
            unit: clock.units.clone(),
            meaning: String::new(),
        },
        times: clock.values.clone(),
        components: component_names(&variable.name, components),
        axis,
        first,
        values: reader.read(&variable.name)?,
    })
}

fn title(reader: &Reader) -> String {
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

fn label(coordinates: &Coordinates) -> String {
    Quantity {
        name: coordinates.name.clone(),
        unit: coordinates.units.clone(),
        meaning: String::new(),
    }
    .label()
}

/// Whether its first dimension is one along which samples are taken.
fn is_over_time(variable: &Variable) -> bool {
    let clock = |dim: &String| dim == "time" || dim.starts_with("time_") || dim == "step";
    !variable.is_coordinate && variable.dims.first().is_some_and(clock)
}

fn over_time(reader: &Reader) -> Result<Vec<Variable>, PlotError> {
    let mut variables = reader.variables()?;
    variables.retain(is_over_time);
    Ok(variables)
}

fn names(variables: &[Variable]) -> String {
    let names: Vec<&str> = variables.iter().map(|one| one.name.as_str()).collect();
    match names.is_empty() {
        true => "none".into(),
        false => names.join(", "),
    }
}

/// The first block of the state that was recorded, or else the first variable over time.
fn first(reader: &Reader) -> Result<Variable, PlotError> {
    let variables = over_time(reader)?;
    let blocks = reader.variables_in("health")?;
    let is_block = |one: &&Variable| {
        let last = format!("health/last_{}", one.name);
        blocks.iter().any(|block| block.name == last)
    };
    let block = variables.iter().find(is_block);
    block
        .or(variables.first())
        .cloned()
        .ok_or_else(|| PlotError::Nothing(reader.path().display().to_string()))
}

/// `x[0]`, `x[1]`, ... or with the labels of the positions: `p[CC]`.
fn component_names(variable: &str, axes: &[Coordinates]) -> Vec<String> {
    let mut places = vec![String::new()];
    for axis in axes {
        let here: Vec<String> = match axis.labels.is_empty() {
            true => axis.values.iter().map(f64::to_string).collect(),
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
    }
}
