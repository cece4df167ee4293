//! Contents: which data sets an archive will hold, known before the first step.
//!
//! ```text
//! track      a sampling grid: `time` (the default record), `time_<group>` for each record group
//! field      one recorded variable on one track: a data set of dims (run dims, track, components)
//! summary    a reducer over a field of the default record: dims (run dims, components)
//! per run    /run_status, /run_steps, ... and /health: dims (run dims)
//! ```
//!
//! Run dims (sweep axes, then `member`) stand first everywhere; a single run has none. Names: a record
//! group's variable keeps its plain name unless another data set has it already, then it is
//! `<group>_<variable>`. `/events` exists only for systems with guards or impulses.

use std::ops::Range;

use super::grid::Grid;
use super::naming::{Components, Names};
use super::per_run;
use crate::config::experiment::{Experiment, Group, Precision, Selection};
use crate::system::System;
use crate::system::layout::{Axis, Variable};
use crate::system::reducer::{SUMMARIES, Summary};

/// How long a dimension is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// This long.
    Fixed(usize),
    /// As long as the track turns out to be.
    Ragged {
        /// The track.
        track: usize,
    },
}

/// What the scale of a dimension holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Whole numbers from the first one on.
    Index {
        /// The coordinate of position 0.
        first: usize,
    },
    /// A name for each position.
    Labels(Vec<String>),
    /// The times of a track's grid.
    Times {
        /// The track.
        track: usize,
    },
    /// The times that are recorded into this data set while the run goes on.
    Recorded {
        /// The data set.
        data_set: usize,
    },
}

/// A dimension of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Its name, and that of its scale at the root of the file.
    pub name: String,
    /// How long it is.
    pub extent: Extent,
    /// What its scale holds.
    pub scale: Scale,
    /// Unit of the scale.
    pub unit: String,
    /// Meaning of the scale.
    pub long_name: String,
}

/// The type of the numbers of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// IEEE double precision.
    F64,
    /// IEEE single precision.
    F32,
    /// Signed 64 bits.
    I64,
    /// Unsigned 64 bits.
    U64,
    /// Signed 8 bits.
    I8,
}

/// A data set that the runs fill.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// Its path from the root, without a leading slash.
    pub path: String,
    /// Its dimensions, as indices into [`Contents::dimensions`]: run dims, track, components.
    pub dims: Vec<usize>,
    /// Type of the numbers.
    pub number: Number,
    /// Unit.
    pub unit: String,
    /// Meaning.
    pub long_name: String,
    /// Further attributes with text.
    pub attributes: Vec<(String, String)>,
    /// The track whose samples it holds; none for one entry per run.
    pub track: Option<usize>,
    /// How many numbers one run gives, or one sample of it.
    pub width: usize,
}

/// Where the numbers of a field come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This part of the flat state.
    State(Range<usize>),
    /// This observable, by its place in the system's list.
    Observable(usize),
}

/// A recorded variable.
pub struct Field {
    /// The data set of its samples.
    pub data_set: usize,
    /// Where its numbers come from.
    pub origin: Origin,
    /// The number of components before any selection.
    pub length: usize,
    /// Which components are kept, if not all.
    pub kept: Option<Vec<usize>>,
    /// The data sets of its summaries.
    pub summaries: Vec<(usize, &'static Summary)>,
}

/// A sampling grid and what is recorded on it.
pub struct Track {
    /// When.
    pub grid: Grid,
    /// The data set of the times, when they are known only afterwards.
    pub times: Option<usize>,
    /// What.
    pub fields: Vec<Field>,
}

/// All data sets of an archive that depend on the runs.
pub struct Contents {
    /// How many of the first dimensions are run dims.
    pub run_dims: usize,
    /// Every dimension.
    pub dimensions: Vec<Dimension>,
    /// Every data set that the runs fill.
    pub data_sets: Vec<DataSet>,
    /// The default record, then the groups.
    pub tracks: Vec<Track>,
    /// The data sets of the last state of each block, in the order of the layout.
    pub last_state: Vec<usize>,
}

/// Why an experiment cannot be recorded as it asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ContentsError {
    /// The key to blame.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

impl ContentsError {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }
}

impl Contents {
    /// The contents of the archive of an experiment with this system.
    ///
    /// # Errors
    /// If something is to be recorded that the system does not have.
    pub fn new(experiment: &Experiment, system: &dyn System) -> Result<Self, ContentsError> {
        let mut builder = Builder::new(experiment, system);
        builder.default_record()?;
        for (number, group) in experiment.record.groups.iter().enumerate() {
            builder.group(group, &format!("record.group[{number}]"))?;
        }
        builder.per_run();
        Ok(Self {
            run_dims: 0,
            dimensions: builder.components.into_dimensions(),
            data_sets: builder.data_sets,
            tracks: builder.tracks,
            last_state: builder.last_state,
        })
    }

    /// The shape of a data set, given how long the ragged tracks are.
    pub fn shape(&self, data_set: &DataSet, lengths: &[usize]) -> Vec<usize> {
        data_set
            .dims
            .iter()
            .map(|&dim| self.length(dim, lengths))
            .collect()
    }

    /// The length of a dimension, given how long the ragged tracks are.
    pub fn length(&self, dimension: usize, lengths: &[usize]) -> usize {
        match self.dimensions[dimension].extent {
            Extent::Fixed(size) => size,
            Extent::Ragged { track } => lengths[track],
        }
    }

    /// How many samples of a data set are written at a time: about a MiB, at least one.
    pub fn rows(&self, data_set: &DataSet) -> usize {
        const BLOCK: usize = 1 << 20;
        let rows = (BLOCK / (8 * data_set.width.max(1))).max(1);
        let known = data_set
            .track
            .and_then(|track| self.tracks[track].grid.len());
        known.map_or(rows, |length| rows.min(length.max(1)))
    }

    /// How many samples a run has in a data set; `None` for one entry per run.
    pub fn samples(&self, data_set: &DataSet, lengths: &[usize]) -> Option<usize> {
        data_set.track?;
        Some(self.length(data_set.dims[self.run_dims], lengths))
    }

    /// The number of runs.
    pub fn runs(&self) -> u64 {
        (0..self.run_dims)
            .map(|dim| self.length(dim, &[]) as u64)
            .product()
    }

    /// The place of a run along the run dims, which count in C order.
    pub fn place(&self, mut run: u64) -> Vec<usize> {
        let mut place = vec![0; self.run_dims];
        for (dim, place) in place.iter_mut().enumerate().rev() {
            let length = self.length(dim, &[]) as u64;
            *place = (run % length) as usize;
            run /= length;
        }
        place
    }

    /// Where `values` numbers of a run go that begin with sample `first`: start and count along each
    /// dimension.
    pub fn block(
        &self,
        data_set: &DataSet,
        run: u64,
        first: usize,
        values: usize,
    ) -> (Vec<usize>, Vec<usize>) {
        let mut start = self.place(run);
        let mut count = vec![1; start.len()];
        if data_set.track.is_some() {
            start.push(first);
            count.push(values / data_set.width.max(1));
        }
        for &dim in &data_set.dims[start.len()..] {
            start.push(0);
            count.push(self.length(dim, &[]));
        }
        (start, count)
    }

    /// Whether some track's length is known only at the end.
    pub fn is_ragged(&self) -> bool {
        self.tracks.iter().any(|track| track.times.is_some())
    }
}

struct Builder<'a> {
    experiment: &'a Experiment,
    system: &'a dyn System,
    names: Names,
    components: Components,
    data_sets: Vec<DataSet>,
    tracks: Vec<Track>,
    last_state: Vec<usize>,
}

impl<'a> Builder<'a> {
    fn new(experiment: &'a Experiment, system: &'a dyn System) -> Self {
        Self {
            experiment,
            system,
            names: Names::of(experiment),
            components: Components::default(),
            data_sets: Vec::new(),
            tracks: Vec::new(),
            last_state: Vec::new(),
        }
    }

    fn default_record(&mut self) -> Result<(), ContentsError> {
        let record = &self.experiment.record;
        let time = &self.experiment.time;
        let grid =
            Grid::new(&time.save, time).map_err(|why| ContentsError::new("time.save", why))?;
        let dim = self.track("time", grid);
        let chosen = self.chosen(&record.variables, &record.observables, "record")?;
        for (origin, variable) in &chosen {
            let kept = Kept::all(variable);
            self.field(None, dim, variable, origin.clone(), kept, Number::F64);
        }
        // The variables have their names by now: a summary of the same name gives way.
        for (place, (_, variable)) in chosen.iter().enumerate() {
            self.tracks[0].fields[place].summaries = self.summaries(variable)?;
        }
        Ok(())
    }

    fn group(&mut self, group: &Group, place: &str) -> Result<(), ContentsError> {
        let grid = Grid::new(&group.save, &self.experiment.time)
            .map_err(|why| ContentsError::new(format!("{place}.every"), why))?;
        let dim = self.track(&format!("time_{}", group.name), grid);
        let number = match group.precision {
            Precision::F64 => Number::F64,
            Precision::F32 => Number::F32,
        };
        for (origin, variable) in self.chosen(&group.variables, &group.observables, place)? {
            let kept = Kept::new(&variable, group)
                .map_err(|why| ContentsError::new(format!("{place}.select"), why))?;
            self.field(Some(&group.name), dim, &variable, origin, kept, number);
        }
        Ok(())
    }

    /// Open a track, and give back the index of its dimension.
    fn track(&mut self, name: &str, grid: Grid) -> usize {
        let track = self.tracks.len();
        let unit = self.experiment.family.time_unit().to_string();
        let long_name = match name.strip_prefix("time_") {
            Some(group) => format!("time of the samples of the record group {group}"),
            None => "time".to_string(),
        };
        let (extent, scale, times) = match grid.len() {
            Some(length) => (Extent::Fixed(length), Scale::Times { track }, None),
            None => {
                let data_set = self.data_sets.len();
                (
                    Extent::Ragged { track },
                    Scale::Recorded { data_set },
                    Some(data_set),
                )
            }
        };
        let dim = self.components.push(Dimension {
            name: name.to_string(),
            extent,
            scale,
            unit: unit.clone(),
            long_name: long_name.clone(),
        });
        if times.is_some() {
            self.data_sets.push(DataSet {
                path: name.to_string(),
                dims: vec![dim],
                number: Number::F64,
                unit,
                long_name,
                attributes: Vec::new(),
                track: Some(track),
                width: 1,
            });
        }
        self.tracks.push(Track {
            grid,
            times,
            fields: Vec::new(),
        });
        dim
    }

    /// The variables and observables of these names.
    fn chosen(
        &self,
        variables: &[String],
        observables: &[String],
        place: &str,
    ) -> Result<Vec<(Origin, Variable)>, ContentsError> {
        let layout = self.system.layout();
        let offered = self.system.observables().map_or(&[][..], |all| all.list());
        let mut chosen = Vec::new();
        for name in variables {
            let block = layout.get(name).ok_or_else(|| {
                ContentsError::new(
                    format!("{place}.variables"),
                    format!("the model has no block `{name}`"),
                )
            })?;
            chosen.push((Origin::State(block.range()), block.variable.clone()));
        }
        for name in observables {
            let index = offered
                .iter()
                .position(|variable| variable.name == *name)
                .ok_or_else(|| {
                    ContentsError::new(
                        format!("{place}.observables"),
                        format!("the model has no observable `{name}`"),
                    )
                })?;
            chosen.push((Origin::Observable(index), offered[index].clone()));
        }
        Ok(chosen)
    }

    fn field(
        &mut self,
        group: Option<&str>,
        track_dim: usize,
        variable: &Variable,
        origin: Origin,
        kept: Kept,
        number: Number,
    ) {
        let track = self.tracks.len() - 1;
        let data_set = self.data_sets.len();
        let mut dims = vec![track_dim];
        dims.extend(
            self.components
                .dims(&variable.name, &kept.axes, &self.names),
        );
        self.data_sets.push(DataSet {
            path: self.names.variable(group, &variable.name),
            dims,
            number,
            unit: variable.unit.clone(),
            long_name: long_name(variable),
            attributes: kept.attributes,
            track: Some(track),
            width: kept.axes.iter().map(|(axis, _)| axis.size).product(),
        });
        self.tracks[track].fields.push(Field {
            data_set,
            origin,
            length: variable.len(),
            kept: kept.indices,
            summaries: Vec::new(),
        });
    }

    /// The data sets of the summaries of a variable of the default record.
    fn summaries(
        &mut self,
        variable: &Variable,
    ) -> Result<Vec<(usize, &'static Summary)>, ContentsError> {
        let mut made = Vec::new();
        for name in &self.experiment.record.summaries {
            let summary = SUMMARIES
                .iter()
                .find(|summary| summary.name == name)
                .ok_or_else(|| {
                    ContentsError::new("record.summaries", format!("there is no summary `{name}`"))
                })?;
            let axes: Vec<(Axis, usize)> = variable.axes.iter().map(|a| (a.clone(), 0)).collect();
            let dims = self.components.dims(&variable.name, &axes, &self.names);
            made.push((self.data_sets.len(), summary));
            self.data_sets.push(DataSet {
                path: self
                    .names
                    .variable(None, &format!("{}_{name}", variable.name)),
                dims,
                number: Number::F64,
                unit: variable.unit.clone(),
                long_name: format!("{}: {}", long_name(variable), summary.meaning),
                attributes: Vec::new(),
                track: None,
                width: variable.len(),
            });
        }
        Ok(made)
    }

    /// What every run leaves: its status, its cost, its health and its last state.
    fn per_run(&mut self) {
        let time_unit = self.experiment.family.time_unit();
        for card in per_run::CARDS {
            self.data_sets.push(card.data_set(time_unit));
        }
        for block in self.system.layout().blocks() {
            let variable = &block.variable;
            let axes: Vec<(Axis, usize)> = variable.axes.iter().map(|a| (a.clone(), 0)).collect();
            let dims = self.components.dims(&variable.name, &axes, &self.names);
            self.last_state.push(self.data_sets.len());
            self.data_sets.push(DataSet {
                path: format!("health/last_{}", variable.name),
                dims,
                number: Number::F64,
                unit: variable.unit.clone(),
                long_name: format!("{}: the last finite state of the run", long_name(variable)),
                attributes: Vec::new(),
                track: None,
                width: variable.len(),
            });
        }
    }
}

/// The meaning of a variable, or its name if it has none.
fn long_name(variable: &Variable) -> String {
    if variable.meaning.is_empty() {
        variable.name.replace('_', " ")
    } else {
        variable.meaning.clone()
    }
}

/// What a selection keeps of a variable.
struct Kept {
    /// The axes that remain, each with the coordinate of its first position.
    axes: Vec<(Axis, usize)>,
    /// The components that remain, if not all.
    indices: Option<Vec<usize>>,
    /// What became of the axes that are gone.
    attributes: Vec<(String, String)>,
}

impl Kept {
    fn all(variable: &Variable) -> Self {
        Self {
            axes: variable.axes.iter().map(|a| (a.clone(), 0)).collect(),
            indices: None,
            attributes: Vec::new(),
        }
    }

    fn new(variable: &Variable, group: &Group) -> Result<Self, String> {
        let mut kept = Self::all(variable);
        if group.select.is_empty() {
            return Ok(kept);
        }
        kept.axes.clear();
        let mut indices = vec![0_usize];
        for axis in &variable.axes {
            let chosen = group.select.iter().find(|(name, _)| *name == axis.name);
            let range = match chosen.map(|(_, selection)| selection) {
                None => 0..axis.size,
                Some(&Selection::One(position)) => position..position.saturating_add(1),
                Some(&Selection::Range(first, last)) => first..last.saturating_add(1),
            };
            if range.is_empty() || range.end > axis.size {
                return Err(format!(
                    "positions {} to {} of `{}`, which has {}",
                    range.start,
                    range.end - 1,
                    axis.name,
                    axis.size
                ));
            }
            indices = indices
                .iter()
                .flat_map(|&index| range.clone().map(move |i| index * axis.size + i))
                .collect();
            if matches!(chosen, Some((_, Selection::One(_)))) {
                let label = axis.labels.get(range.start);
                let place = label.map_or_else(|| range.start.to_string(), String::clone);
                kept.attributes
                    .push(("selected".into(), format!("{} = {place}", axis.name)));
                continue;
            }
            let mut axis = axis.clone();
            if range.len() < axis.size {
                axis.name = format!("{}_{}", axis.name, group.name);
                axis.size = range.len();
                axis.labels = axis.labels.get(range.clone()).unwrap_or(&[]).to_vec();
            }
            kept.axes.push((axis, range.start));
        }
        kept.indices = Some(indices);
        Ok(kept)
    }
}
