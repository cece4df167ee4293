//! From an experiment and its system to the contents of the archive.
//!
//! First the default record: its track, its fields, their summaries; then the record groups, each a
//! track of its own; then what every run leaves. Variables take their names in this order.

use super::contents::{
    Contents, ContentsError, DataSet, Dimension, Extent, Field, Number, Origin, Scale, Track,
};
use super::grid::Grid;
use super::naming::{Components, Names};
use super::per_run;
use super::selection::Kept;
use crate::config::experiment::{Experiment, Group, Precision};
use crate::system::System;
use crate::system::layout::{Axis, Variable};
use crate::system::reducer::{SUMMARIES, Summary};

/// The contents of the archive of an experiment with this system.
pub(super) fn derive(
    experiment: &Experiment,
    system: &dyn System,
) -> Result<Contents, ContentsError> {
    let mut builder = Builder::new(experiment, system);
    builder.default_record()?;
    for (number, group) in experiment.record.groups.iter().enumerate() {
        builder.group(group, &format!("record.group[{number}]"))?;
    }
    builder.per_run();
    Ok(Contents {
        run_dims: 0,
        dimensions: builder.components.into_dimensions(),
        data_sets: builder.data_sets,
        tracks: builder.tracks,
        last_state: builder.last_state,
    })
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
