//! What the runs were made from: `/parameters` and `/config`.
//!
//! Every numeric parameter is written as used, so that a random matrix can be read back; parameters in
//! a family's own grammar stand in `/config/resolved`. Of a sweep a parameter that an axis replaces is written by [`axes`], with the
//! values of the axis; where the axis replaces some of its elements, these are NaN. Dimensions of parameters have scales of their
//! own inside `/parameters`, named by the sizes that the family declares (`n`, and `n_` for a second
//! one). `/config/files/<name>` holds the bytes of an external input; a `/` of its path becomes `_` in
//! the name, and the attribute `name` has it as the experiment says it.

use std::collections::BTreeMap;

use hdf5::{Dataset, Group, Result};

use super::{scale, text};
use crate::config::experiment::{Experiment, ExternalFile, Source};
use crate::system::parameters::{Array, Kind, Parameter, Shape, Value};

/// The names behind the numbers of the column of subjects.
const SUBJECTS: &str = "trials.subjects";

/// Write `/parameters`.
pub(super) fn parameters(group: &Group, experiment: &Experiment) -> Result<()> {
    let mut scales = Scales::default();
    let family = experiment.family;
    let parameters = experiment
        .declared
        .iter()
        .map(|card| (card, "model.parameters."));
    let sections = family.sections().iter().map(|card| (card, "model."));
    let trials = family.trials().iter().map(|card| (card, ""));
    for (card, table) in parameters.chain(sections).chain(trials) {
        let Some(value) = experiment.parameters.get(card.name) else {
            continue;
        };
        let name = card.name.replace(['.', '/'], "_");
        let swept = swept(experiment, &format!("{table}{}", card.name));
        if swept == Swept::Whole {
            continue;
        }
        let made = match value {
            Value::Real(array) => {
                let array = without(array, &swept);
                Some(real(group, &name, card, &array, &mut scales)?)
            }
            Value::Integer(integer) => Some(scalar(group, &name, integer)?),
            Value::Boolean(boolean) => Some(scalar(group, &name, &i8::from(*boolean))?),
            Value::Text(value) => Some(text::data_set(group, &name, value, card.meaning)?),
            Value::Tree(_) => None,
        };
        if let Some(made) = made {
            describe(&made, card, table)?;
            if let Swept::Elements(_, paths) = &swept {
                text::attribute(&made, "swept", &paths.join(" "))?;
            }
        }
    }
    if let Some(Value::Text(names)) = experiment.parameters.get(SUBJECTS) {
        let name = SUBJECTS.replace('.', "_");
        text::data_set(group, &name, names, "the subjects, one on each line")?;
    }
    Ok(())
}

/// What the axes of a sweep do to a parameter.
#[derive(Clone, Debug, PartialEq)]
enum Swept {
    Not,
    /// They replace it.
    Whole,
    /// They replace these elements, by their places along each dimension; and the paths of those axes.
    Elements(Vec<Vec<usize>>, Vec<String>),
}

/// What the axes of the sweep do to the parameter at this path.
fn swept(experiment: &Experiment, path: &str) -> Swept {
    let axes = experiment.sweep.iter().flat_map(|sweep| &sweep.axes);
    let (mut places, mut paths) = (Vec::new(), Vec::new());
    for axis in axes {
        let Some(rest) = axis.path.strip_prefix(path) else {
            continue;
        };
        // The value of `{ value = .., unit = .. }` is the parameter.
        if rest.is_empty() || rest == ".value" {
            return Swept::Whole;
        }
        let rest = rest.strip_prefix(".value").unwrap_or(rest);
        let inner = rest
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let indices = inner.map(|inner| inner.split("][").map(str::parse).collect());
        if let Some(Ok(indices)) = indices {
            places.push(indices);
            paths.push(axis.path.clone());
        }
    }
    match places.is_empty() {
        true => Swept::Not,
        false => Swept::Elements(places, paths),
    }
}

/// An array without the elements that are swept: no run has all of them as they stand in the first.
fn without(array: &Array, swept: &Swept) -> Array {
    let mut array = array.clone();
    let Swept::Elements(places, _) = swept else {
        return array;
    };
    for place in places {
        let (outer, inner) = array.shape.split_at(place.len().min(array.shape.len()));
        let width: usize = inner.iter().product();
        let at = place
            .iter()
            .zip(outer)
            .fold(0, |at, (k, size)| at * size + k);
        if let Some(elements) = array.data.get_mut(at * width..(at + 1) * width) {
            elements.fill(f64::NAN);
        }
    }
    array
}

fn scalar<T: hdf5::H5Type>(group: &Group, name: &str, value: &T) -> Result<Dataset> {
    let made = group.new_dataset::<T>().create(name)?;
    made.write_scalar(value)?;
    Ok(made)
}

fn real(
    group: &Group,
    name: &str,
    card: &Parameter,
    array: &Array,
    scales: &mut Scales,
) -> Result<Dataset> {
    if array.shape.is_empty() || matches!(card.kind, Kind::Real(Shape::Scalar)) {
        return scalar(group, name, &array.data[0]);
    }
    let made = group
        .new_dataset::<f64>()
        .shape(array.shape.clone())
        .create(name)?;
    made.as_writer().write(ndarray::ArrayView::from_shape(
        array.shape.as_slice(),
        &array.data,
    )?)?;
    let symbols = match card.kind {
        Kind::Real(Shape::Vector(n)) => vec![n],
        Kind::Real(Shape::Matrix(rows, columns)) => vec![rows, columns],
        _ => Vec::new(),
    };
    let mut used = Vec::new();
    for (dimension, &size) in array.shape.iter().enumerate() {
        let symbol = symbols.get(dimension).copied().unwrap_or("index");
        let (scale, called) = scales.get(group, symbol, size, &used)?;
        scale::attach(&made, &scale, dimension)?;
        used.push(called);
    }
    Ok(made)
}

fn describe(made: &Dataset, card: &Parameter, table: &str) -> Result<()> {
    text::attribute(made, "long_name", card.meaning)?;
    text::attribute(made, "units", card.unit)?;
    text::attribute(made, "path", &format!("{table}{}", card.name))?;
    text::attribute(made, "valid", &card.range.to_string())?;
    if !card.source.is_empty() {
        text::attribute(made, "reference", card.source)?;
    }
    Ok(())
}

/// The dimension scales inside `/parameters`, by name.
#[derive(Default)]
struct Scales {
    made: BTreeMap<String, (usize, Dataset)>,
}

impl Scales {
    /// The scale of a dimension of this symbol and size which the data set does not use yet.
    fn get(
        &mut self,
        group: &Group,
        symbol: &str,
        size: usize,
        used: &[String],
    ) -> Result<(Dataset, String)> {
        let mut name = symbol.to_string();
        loop {
            match self.made.get(&name) {
                Some((length, scale)) if *length == size && !used.contains(&name) => {
                    return Ok((scale.clone(), name));
                }
                None if !group.link_exists(&name) => break,
                _ => name.push('_'),
            }
        }
        let scale = group
            .new_dataset::<i64>()
            .shape(size)
            .create(name.as_str())?;
        let positions: Vec<i64> = (0..size as i64).collect();
        scale.write_raw(&positions)?;
        text::attribute(&scale, "long_name", &format!("position along {symbol}"))?;
        text::attribute(&scale, "units", "1")?;
        scale::make(&scale, &name)?;
        self.made.insert(name.clone(), (size, scale.clone()));
        Ok((scale, name))
    }
}

/// Write `/config`.
pub(super) fn config(group: &Group, source: &Source) -> Result<()> {
    let given = text::data_set(group, "source", &source.text, "the experiment as given")?;
    text::attribute(&given, "path", &source.path.display().to_string())?;
    text::data_set(
        group,
        "resolved",
        &source.resolved,
        "the experiment with every default and every origin",
    )?;
    let files = group.create_group("files")?;
    for file in &source.files {
        external(group, &files, file)?;
    }
    Ok(())
}

fn external(config: &Group, files: &Group, file: &ExternalFile) -> Result<()> {
    let mut name = file.name.replace('/', "_");
    if name == "." {
        name = "_".into();
    }
    while files.link_exists(&name) {
        name.push('_');
    }
    let size = file.bytes.len();
    let made = files
        .new_dataset::<u8>()
        .shape(size)
        .create(name.as_str())?;
    made.write_raw(&file.bytes)?;
    text::attribute(&made, "long_name", "bytes of an external input")?;
    text::attribute(&made, "units", "1")?;
    text::attribute(&made, "name", &file.name)?;
    text::attribute(&made, "sha256", &file.sha256)?;
    // Every dimension has a scale. This one has no coordinates, and nothing is ever written to it; it
    // stands outside `files`, which holds files only.
    let bare = config
        .new_dataset_builder()
        .obj_track_times(false)
        .empty::<f32>()
        .shape(size)
        .create(format!("bytes_{name}").as_str())?;
    scale::make_bare(&bare, size)?;
    scale::attach(&made, &bare, 0)
}
