//! From an experiment and its system to the contents of the archive.
//!
//! First the default record: its track, its fields, their summaries; then the record groups, each a
//! track of its own; then what every run leaves. Variables take their names in this order.

use super::contents::{
    Contents, ContentsError, DataSet, Dimension, Extent, Field, Following, Left, Number, Origin,
    OverMembers, Per, Scale, Source, Statistics, Summarised, Track,
};
use super::events::EventCard;
use super::grid::Grid;
use super::naming::{Components, Names};
use super::per_run;
use super::run_dims::{Along, RunDims};
use super::selection::Kept;
use crate::config::experiment::{
    Asked, Clock, Experiment, Group, Precision, Statistic, quantile_name,
};
use crate::engine::card::Needs;
use crate::engine::schemes;
use crate::system::System;
use crate::system::layout::{Axis, Variable};
use crate::system::reducer::{Summarise, SummaryUnit};

/// The contents of the archive of an experiment with this system.
pub(super) fn derive(
    experiment: &Experiment,
    system: &dyn System,
    runs: RunDims,
) -> Result<Contents, ContentsError> {
    let mut builder = Builder::new(experiment, system, runs);
    builder.default_record()?;
    for (number, group) in experiment.record.groups.iter().enumerate() {
        builder.group(group, &format!("record.group[{number}]"))?;
    }
    builder.followings()?;
    builder.per_run();
    Ok(Contents {
        runs: builder.runs,
        dimensions: builder.components.into_dimensions(),
        data_sets: builder.data_sets,
        tracks: builder.tracks,
        followings: builder.followings,
        last_state: builder.last_state,
        events: EventCard::new(system, schemes::tells_events(&experiment.solver.method)),
    })
}

struct Builder<'a> {
    experiment: &'a Experiment,
    system: &'a dyn System,
    runs: RunDims,
    names: Names,
    components: Components,
    data_sets: Vec<DataSet>,
    tracks: Vec<Track>,
    followings: Vec<Following>,
    last_state: Vec<usize>,
}

impl<'a> Builder<'a> {
    fn new(experiment: &'a Experiment, system: &'a dyn System, runs: RunDims) -> Self {
        let mut components = Components::default();
        for dim in &runs.dims {
            components.push(Dimension {
                name: dim.name.clone(),
                extent: Extent::Fixed(dim.length),
                scale: Scale::Runs(dim.along),
                unit: "1".into(),
                long_name: dim.name.replace('_', " "),
            });
        }
        Self {
            experiment,
            system,
            names: Names::of(experiment, &runs),
            runs,
            components,
            data_sets: Vec::new(),
            tracks: Vec::new(),
            followings: Vec::new(),
            last_state: Vec::new(),
        }
    }

    /// The run dims of a data set of all runs, by their indices.
    fn run_dims(&self) -> Vec<usize> {
        (0..self.runs.dims.len()).collect()
    }

    /// The attribute that names the coordinates that are no scales.
    fn coordinates(&self) -> Vec<(String, String)> {
        match self.runs.auxiliary() {
            names if names.is_empty() => Vec::new(),
            names => vec![("coordinates".into(), names)],
        }
    }

    /// Whether the members' own numbers are stored.
    fn keeps(&self) -> bool {
        let ensemble = self.experiment.ensemble.as_ref();
        ensemble.is_none_or(|ensemble| ensemble.keep) || self.is_shard()
    }

    /// A shard's statistics are worked out when it is merged.
    fn is_shard(&self) -> bool {
        self.runs.dims.iter().any(|dim| dim.along == Along::Run)
    }

    fn default_record(&mut self) -> Result<(), ContentsError> {
        let record = &self.experiment.record;
        let time = &self.experiment.time;
        let grid =
            Grid::new(&time.save, time).map_err(|why| ContentsError::new("time.save", why))?;
        let stored = record.trajectories;
        let clock = time.clock.dimension();
        let dim = stored.then(|| self.dimension(clock, &grid, 0));
        self.tracks.push(Track {
            grid: grid.clone(),
            times: None,
            fields: Vec::new(),
        });
        if stored {
            self.times(clock, &grid);
        }
        let chosen = self.chosen(&record.variables, &record.observables, "record")?;
        for (origin, variable) in &chosen {
            match self.is_constant(origin) {
                true => self.constant(variable, origin.clone())?,
                false => {
                    let kept = Kept::all(variable);
                    self.field(None, dim, variable, origin.clone(), kept, Number::F64);
                }
            }
        }
        // The variables have their names by now: a summary of the same name gives way.
        for (place, (origin, variable)) in chosen.iter().enumerate() {
            if !self.is_constant(origin) {
                self.tracks[0].fields[place].summaries = self.summaries(variable)?;
            }
        }
        self.pooled();
        self.health();
        Ok(())
    }

    /// The observables whose statistics over the members come without being named: the members' own numbers are not stored.
    fn pooled(&mut self) {
        let record = &self.experiment.record;
        let Some(observables) = self.system.observables() else {
            return;
        };
        let (Some(ensemble), true) = (&self.experiment.ensemble, record.pooled) else {
            return;
        };
        let grid = &self.tracks[0].grid;
        let asked = !(ensemble.statistics.is_empty() && ensemble.quantiles.is_empty());
        if !record.trajectories || !asked || grid.len().is_none() {
            return;
        }
        // The track of the default record has its dimension by now.
        let Some(track_dim) = self
            .components
            .named(self.experiment.time.clock.dimension())
        else {
            return;
        };
        for (index, variable) in observables.list().iter().enumerate() {
            let named = record.variables.iter().chain(&record.observables);
            let wanted = observables.pooled().contains(&variable.name.as_str());
            if !wanted || named.into_iter().any(|name| *name == variable.name) {
                continue;
            }
            let axes: Vec<(Axis, usize)> = variable.axes.iter().map(|a| (a.clone(), 0)).collect();
            let components = self.components.dims(&variable.name, &axes, &self.names);
            let card = DataSet {
                path: self.names.variable(None, &variable.name),
                dims: [vec![track_dim], components].concat(),
                number: Number::F64,
                unit: variable.unit.clone(),
                long_name: long_name(variable),
                attributes: self.coordinates(),
                track: Some(0),
                width: variable.len(),
                per: Per::Run,
                codes: &[],
            };
            let (data_set, statistics) = self.stored(card, true, self.is_shard());
            self.tracks[0].fields.push(Field {
                data_set,
                statistics,
                origin: Origin::Observable(index),
                length: variable.len(),
                number: Number::F64,
                kept: None,
                summaries: Vec::new(),
            });
        }
    }

    /// What the system has watched: a field of the whole state that is not stored, with a summary for each quantity.
    fn health(&mut self) {
        let Some(health) = self.system.health() else {
            return;
        };
        let mut summaries = Vec::new();
        for (index, variable) in health.list().iter().enumerate() {
            summaries.push(Summarised {
                source: Source::Watched(index),
                width: 1,
                data_set: Some(self.data_sets.len()),
                statistics: Vec::new(),
            });
            self.data_sets.push(DataSet {
                path: format!("health/{}", variable.name),
                dims: self.run_dims(),
                number: Number::F64,
                unit: variable.unit.clone(),
                long_name: long_name(variable),
                attributes: self.coordinates(),
                track: None,
                width: 1,
                per: Per::Run,
                codes: &[],
            });
        }
        let length = self.system.layout().len();
        self.tracks[0].fields.push(Field {
            data_set: None,
            statistics: Vec::new(),
            origin: Origin::State(0..length),
            length,
            number: Number::F64,
            kept: None,
            summaries,
        });
    }

    fn group(&mut self, group: &Group, place: &str) -> Result<(), ContentsError> {
        let grid = Grid::new(&group.save, &self.experiment.time)
            .map_err(|why| ContentsError::new(format!("{place}.every"), why))?;
        let clock = self.experiment.time.clock.dimension();
        let name = format!("{clock}_{}", group.name);
        let dim = self.dimension(&name, &grid, self.tracks.len());
        self.tracks.push(Track {
            grid: grid.clone(),
            times: None,
            fields: Vec::new(),
        });
        self.times(&name, &grid);
        let number = match group.precision {
            Precision::F64 => Number::F64,
            Precision::F32 => Number::F32,
        };
        for (origin, variable) in self.chosen(&group.variables, &group.observables, place)? {
            let kept = Kept::new(&variable, group)
                .map_err(|why| ContentsError::new(format!("{place}.select"), why))?;
            self.field(
                Some(&group.name),
                Some(dim),
                &variable,
                origin,
                kept,
                number,
            );
        }
        Ok(())
    }

    /// The dimension of a track's samples, by its index.
    fn dimension(&mut self, name: &str, grid: &Grid, track: usize) -> usize {
        let clock = self.experiment.time.clock;
        let unit = match clock {
            Clock::Time => self.experiment.family.time_unit().to_string(),
            Clock::Steps | Clock::Trials => "1".into(),
        };
        let long_name = time_meaning(name);
        let ragged = Extent::Ragged { track };
        let (name, extent, scale, unit, long_name) = match grid.len() {
            Some(length) => {
                let scale = match clock {
                    Clock::Time => Scale::Times { track },
                    Clock::Steps => Scale::Counts { track, first: 0 },
                    // The sample after the first trial is that of trial 0.
                    Clock::Trials => Scale::Counts { track, first: 1 },
                };
                (
                    name.to_string(),
                    Extent::Fixed(length),
                    scale,
                    unit,
                    long_name,
                )
            }
            // The times of one run are the scale; those of several runs differ.
            None if self.runs.dims.is_empty() => {
                let data_set = self.data_sets.len();
                (
                    name.to_string(),
                    ragged,
                    Scale::Recorded { data_set },
                    unit,
                    long_name,
                )
            }
            None => {
                let scale = Scale::Index { first: 0 };
                let name = name.replacen("time", "step", 1);
                (name, ragged, scale, "1".into(), "step of the scheme".into())
            }
        };
        self.components.push(Dimension {
            name,
            extent,
            scale,
            unit,
            long_name,
        })
    }

    /// The data set of the times of the track opened last, if they are known only afterwards.
    fn times(&mut self, name: &str, grid: &Grid) {
        if grid.len().is_some() {
            return;
        }
        let track = self.tracks.len() - 1;
        let mut dims = self.run_dims();
        dims.push(self.components.len() - 1);
        self.tracks[track].times = Some(self.data_sets.len());
        self.data_sets.push(DataSet {
            path: name.to_string(),
            dims,
            number: Number::F64,
            unit: self.experiment.family.time_unit().to_string(),
            long_name: time_meaning(name),
            attributes: self.coordinates(),
            track: Some(track),
            width: 1,
            per: Per::Run,
            codes: &[],
        });
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
        let observed = |name: &String| {
            let index = offered.iter().position(|variable| variable.name == *name);
            index.map(|index| (Origin::Observable(index), offered[index].clone()))
        };
        for name in variables {
            // A block itself, or what one is shown as.
            let shown = || {
                let mut blocks = layout.blocks().iter();
                let is_shown = blocks.any(|block| block.shown_as.contains(name));
                observed(name).filter(|_| is_shown)
            };
            let block = layout
                .get(name)
                .map(|block| (Origin::State(block.range()), block.variable.clone()));
            chosen.push(block.or_else(shown).ok_or_else(|| {
                ContentsError::new(
                    format!("{place}.variables"),
                    format!("the model has no block `{name}`"),
                )
            })?);
        }
        for name in observables {
            chosen.push(observed(name).ok_or_else(|| {
                ContentsError::new(
                    format!("{place}.observables"),
                    format!("the model has no observable `{name}`"),
                )
            })?);
        }
        Ok(chosen)
    }

    fn field(
        &mut self,
        group: Option<&str>,
        track_dim: Option<usize>,
        variable: &Variable,
        origin: Origin,
        kept: Kept,
        number: Number,
    ) {
        let track = self.tracks.len() - 1;
        let components = self
            .components
            .dims(&variable.name, &kept.axes, &self.names);
        let name = self.names.variable(group, &variable.name);
        let width = kept.axes.iter().map(|(axis, _)| axis.size).product();
        let card = track_dim.map(|track_dim| {
            let mut attributes = kept.attributes;
            attributes.extend(self.coordinates());
            DataSet {
                path: name.clone(),
                dims: [vec![track_dim], components].concat(),
                number,
                unit: variable.unit.clone(),
                long_name: long_name(variable),
                attributes,
                track: Some(track),
                width,
                per: Per::Run,
                codes: &[],
            }
        });
        let ragged = self.tracks[track].grid.len().is_none();
        let (data_set, statistics) = match card {
            Some(card) => self.stored(card, !ragged, self.keeps()),
            None => (None, Vec::new()),
        };
        self.tracks[track].fields.push(Field {
            data_set,
            statistics,
            origin,
            length: variable.len(),
            number,
            kept: kept.indices,
            summaries: Vec::new(),
        });
    }

    /// Make the data set of a quantity, given without its run dims, and those of its statistics over the
    /// members; its own only if it is kept.
    fn stored(
        &mut self,
        card: DataSet,
        with_statistics: bool,
        kept: bool,
    ) -> (Option<usize>, Statistics) {
        let mut statistics = Vec::new();
        if let Some(ensemble) = &self.experiment.ensemble
            && with_statistics
            && !self.is_shard()
        {
            let moments = ensemble.statistics.iter().map(|&one| {
                let meaning = match one {
                    Statistic::Mean => "mean",
                    Statistic::Variance => "variance",
                    Statistic::StandardError => "standard error of the mean",
                };
                (
                    OverMembers::Moment(one),
                    one.name().to_string(),
                    meaning.to_string(),
                )
            });
            let quantiles = ensemble.quantiles.iter().map(|&p| {
                (
                    OverMembers::Quantile(p),
                    quantile_name(p),
                    format!("{p} quantile"),
                )
            });
            for (over, name, meaning) in moments.chain(quantiles) {
                let points = (0..self.runs.points).collect::<Vec<usize>>();
                let path = self
                    .names
                    .variable(None, &format!("{}_member_{name}", card.path));
                let squared = matches!(over, OverMembers::Moment(Statistic::Variance));
                let unit = match card.unit.as_str() {
                    "1" => "1".to_string(),
                    unit if squared => format!("({unit})^2"),
                    unit => unit.to_string(),
                };
                statistics.push((over, self.data_sets.len()));
                self.data_sets.push(DataSet {
                    path,
                    dims: [points, card.dims.clone()].concat(),
                    number: Number::F64,
                    unit,
                    long_name: format!("{}: {meaning} over the members", card.long_name),
                    per: Per::Point,
                    ..card.clone()
                });
            }
        }
        if !kept {
            return (None, statistics);
        }
        let data_set = self.data_sets.len();
        let dims = [self.run_dims(), card.dims.clone()].concat();
        self.data_sets.push(DataSet { dims, ..card });
        (Some(data_set), statistics)
    }

    /// The data sets of the summaries of a variable of the default record.
    fn summaries(&mut self, variable: &Variable) -> Result<Vec<Summarised>, ContentsError> {
        let mut made = Vec::new();
        for asked in &self.experiment.record.summaries {
            let card = asked.card().ok_or_else(|| {
                let message = format!("there is no summary `{}`", asked.summary);
                ContentsError::new("record.summaries", message)
            })?;
            let unit = match card.unit {
                SummaryUnit::Variable => variable.unit.clone(),
                SummaryUnit::Time => self.experiment.family.time_unit().into(),
                SummaryUnit::One => "1".into(),
            };
            let axes: Vec<(Axis, usize)> = variable.axes.iter().map(|a| (a.clone(), 0)).collect();
            let data_set = DataSet {
                dims: self.components.dims(&variable.name, &axes, &self.names),
                path: self
                    .names
                    .variable(None, &format!("{}_{}", variable.name, asked.suffix)),
                number: Number::F64,
                unit,
                long_name: format!("{}: {}", long_name(variable), card.meaning),
                attributes: self.coordinates(),
                track: None,
                width: variable.len(),
                per: Per::Run,
                codes: &[],
            };
            let (data_set, statistics) = self.stored(data_set, true, self.keeps());
            made.push(Summarised {
                source: Source::Asked(card, asked.clone()),
                width: variable.len(),
                data_set,
                statistics,
            });
        }
        Ok(made)
    }

    /// Whether it is an observable that is the same over a whole run.
    fn is_constant(&self, origin: &Origin) -> bool {
        match (origin, self.system.observables()) {
            (Origin::Observable(index), Some(observables)) => observables.is_constant(*index),
            _ => false,
        }
    }

    /// An observable that is the same over a whole run: its last sample is all of it.
    fn constant(&mut self, variable: &Variable, origin: Origin) -> Result<(), ContentsError> {
        let asked = Summarise::from("final");
        let card = asked.card().ok_or_else(|| {
            ContentsError::new("record.observables", "there is no summary `final`")
        })?;
        let axes: Vec<(Axis, usize)> = variable.axes.iter().map(|a| (a.clone(), 0)).collect();
        let data_set = DataSet {
            dims: self.components.dims(&variable.name, &axes, &self.names),
            path: self.names.variable(None, &variable.name),
            number: Number::F64,
            unit: variable.unit.clone(),
            long_name: long_name(variable),
            attributes: self.coordinates(),
            track: None,
            width: variable.len(),
            per: Per::Run,
            codes: &[],
        };
        let (data_set, statistics) = self.stored(data_set, true, self.keeps());
        self.tracks[0].fields.push(Field {
            data_set: None,
            statistics: Vec::new(),
            origin,
            length: variable.len(),
            number: Number::F64,
            kept: None,
            summaries: vec![Summarised {
                source: Source::Asked(card, asked),
                width: variable.len(),
                data_set,
                statistics,
            }],
        });
        Ok(())
    }

    /// What analyses leave that look on: after every step of a scheme whose steps are the family's own, else at the
    /// save times.
    fn followings(&mut self) -> Result<(), ContentsError> {
        let experiment = self.experiment;
        let follows = |asked: &&Asked| asked.analysis.follows();
        for asked in experiment.analyses.iter().filter(follows) {
            let name = asked.analysis.name();
            let place = format!("analysis.{name}");
            let span = (experiment.time.start, experiment.time.stop);
            let followers = self.system.followers().ok_or_else(|| {
                ContentsError::new(&place, "this dynamics has nothing that could look on")
            })?;
            followers
                .follow(name, &asked.options, span)
                .map_err(|why| ContentsError::new(&place, why.to_string()))?;
            let own = schemes::card(&experiment.solver.method)
                .is_some_and(|card| card.needs == Needs::OwnStep);
            let grid = match own {
                true => Grid::Steps,
                false => self.tracks[0].grid.clone(),
            };
            let mut findings = Vec::new();
            for finding in followers.findings(name) {
                let real = finding.codes.is_empty();
                let number = if real { Number::F64 } else { Number::I8 };
                let card = DataSet {
                    path: format!("analysis/{name}/{}", finding.variable.name),
                    dims: Vec::new(),
                    number,
                    unit: finding.variable.unit.clone(),
                    long_name: long_name(&finding.variable),
                    attributes: self.coordinates(),
                    track: None,
                    width: 1,
                    per: Per::Run,
                    codes: finding.codes,
                };
                let (data_set, statistics) = self.stored(card, real, self.keeps());
                findings.push(Left {
                    data_set,
                    statistics,
                    number,
                });
            }
            self.followings.push(Following {
                asked: asked.clone(),
                grid,
                span,
                findings,
            });
        }
        Ok(())
    }

    /// What every run leaves: its status, its cost, its health and its last state.
    fn per_run(&mut self) {
        let time_unit = self.experiment.family.time_unit();
        for card in per_run::CARDS {
            self.data_sets.push(DataSet {
                dims: self.run_dims(),
                attributes: self.coordinates(),
                ..card.data_set(time_unit)
            });
        }
        for block in self.system.layout().blocks() {
            let variable = &block.variable;
            let axes: Vec<(Axis, usize)> = variable.axes.iter().map(|a| (a.clone(), 0)).collect();
            let inner = self.components.dims(&variable.name, &axes, &self.names);
            let dims = [self.run_dims(), inner].concat();
            self.last_state.push(self.data_sets.len());
            self.data_sets.push(DataSet {
                path: format!("health/last_{}", variable.name),
                dims,
                number: Number::F64,
                unit: variable.unit.clone(),
                long_name: format!("{}: the last finite state of the run", long_name(variable)),
                attributes: self.coordinates(),
                track: None,
                width: variable.len(),
                per: Per::Run,
                codes: &[],
            });
        }
    }
}

fn time_meaning(name: &str) -> String {
    match name.split_once('_') {
        Some((clock, group)) => format!("{clock} of the samples of the record group {group}"),
        None => name.to_string(),
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
