//! Contents: which data sets an archive will hold, known before the first step.
//!
//! ```text
//! track      a sampling grid: `time` (the default record), `time_<group>` for each record group
//! field      one recorded variable on one track: a data set of dims (run dims, track, components)
//! summary    a reducer over a field of the default record: dims (run dims, components)
//! member     a statistic over the members of a field or summary: the same dims without `member`
//! following  what an analysis leaves that looked on: /analysis/<name>/<finding>, dims (run dims)
//! per run    /run_status, /run_steps, ... and /health: dims (run dims)
//! ```
//!
//! Run dims (sweep axes, then `member`) stand first everywhere; a single run has none. Names: a record
//! group's variable keeps its plain name unless another data set has it already, then it is
//! `<group>_<variable>`. `/events` exists only for systems that can have events (see `events`).

use std::ops::Range;

use super::derivation;
use super::events::EventCard;
use super::grid::Grid;
use super::run_dims::{Along, RunDims};
use crate::config::experiment::{Asked, Experiment, Statistic};
use crate::system::System;
use crate::system::reducer::{Summarise, Summary};

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
    /// The whole numbers of a track: those of its grid less `first`.
    Counts {
        /// The track.
        track: usize,
        /// The number that is called 0.
        first: i64,
    },
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
    /// What stands along a dimension of runs.
    Runs(Along),
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

impl Number {
    /// Bytes.
    pub fn size(self) -> usize {
        match self {
            Number::F64 | Number::I64 | Number::U64 => 8,
            Number::F32 => 4,
            Number::I8 => 1,
        }
    }
}

/// What a data set has an entry for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Every run.
    Run,
    /// Every point of the sweep: its members together.
    Point,
}

/// A statistic over the members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OverMembers {
    /// One of the moments.
    Moment(Statistic),
    /// The quantile of this probability.
    Quantile(f64),
}

/// The data sets of the statistics of one recorded quantity.
pub type Statistics = Vec<(OverMembers, usize)>;

/// One recorded quantity of a run: the samples of a field, or a summary of it.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Its data set, if it is stored.
    pub data_set: Option<usize>,
    /// Its statistics over the members.
    pub statistics: &'a Statistics,
    /// How many samples; unknown beforehand where there is one per step.
    pub rows: Option<usize>,
    /// Numbers per sample.
    pub width: usize,
    /// How its numbers are stored.
    pub number: Number,
}

impl Column<'_> {
    /// The numbers of one run, if that is known beforehand.
    pub fn numbers(&self) -> Option<usize> {
        self.rows.map(|rows| rows * self.width)
    }

    /// Whether anybody wants its numbers.
    pub fn is_wanted(&self) -> bool {
        self.data_set.is_some() || !self.statistics.is_empty()
    }
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
    /// What it has an entry for.
    pub per: Per,
    /// The meanings of its values if they are codes; empty otherwise.
    pub codes: &'static [(i8, &'static str)],
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
    /// The data set of its samples; none if only its summaries or statistics are stored.
    pub data_set: Option<usize>,
    /// The data sets of the statistics of its samples over the members.
    pub statistics: Statistics,
    /// Where its numbers come from.
    pub origin: Origin,
    /// The number of components before any selection.
    pub length: usize,
    /// How its samples are stored.
    pub number: Number,
    /// Which components are kept, if not all.
    pub kept: Option<Vec<usize>>,
    /// Its summaries.
    pub summaries: Vec<Summarised>,
}

/// A summary of a field.
pub struct Summarised {
    /// What it is.
    pub source: Source,
    /// How many numbers it leaves.
    pub width: usize,
    /// Its data set; none if only its statistics are stored.
    pub data_set: Option<usize>,
    /// The data sets of its statistics over the members.
    pub statistics: Statistics,
}

/// Where a summary comes from.
pub enum Source {
    /// The experiment asks for it.
    Asked(&'static Summary, Summarise),
    /// The system has it watched, by its place in the list of its [`Health`](crate::system::health::Health).
    Watched(usize),
}

/// An analysis that looks on while a run goes on.
pub struct Following {
    /// Which, and with what options.
    pub asked: Asked,
    /// When it is shown the state.
    pub grid: Grid,
    /// From when to when a run goes.
    pub span: (f64, f64),
    /// What it leaves: one entry per run each.
    pub findings: Vec<Left>,
}

/// One number that an analysis leaves of a run.
pub struct Left {
    /// Its data set; none if only its statistics are stored.
    pub data_set: Option<usize>,
    /// The data sets of its statistics over the members.
    pub statistics: Statistics,
    /// How it is stored.
    pub number: Number,
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
    /// The run dims, which are the first dimensions.
    pub runs: RunDims,
    /// Every dimension.
    pub dimensions: Vec<Dimension>,
    /// Every data set that the runs fill.
    pub data_sets: Vec<DataSet>,
    /// The default record, then the groups.
    pub tracks: Vec<Track>,
    /// The analyses that look on.
    pub followings: Vec<Following>,
    /// The data sets of the last state of each block, in the order of the layout.
    pub last_state: Vec<usize>,
    /// What events consist of; `None` if there can be none.
    pub events: Option<EventCard>,
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
    pub(super) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
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
    pub fn new(
        experiment: &Experiment,
        system: &dyn System,
        runs: RunDims,
    ) -> Result<Self, ContentsError> {
        derivation::derive(experiment, system, runs)
    }

    /// The number of run dims of a data set.
    pub fn run_dims(&self, data_set: &DataSet) -> usize {
        match data_set.per {
            Per::Run => self.runs.dims.len(),
            Per::Point => self.runs.points,
        }
    }

    /// How many numbers one run (or point) has in a data set of known lengths.
    pub fn numbers(&self, data_set: &DataSet) -> usize {
        let inner = &data_set.dims[self.run_dims(data_set)..];
        inner.iter().map(|&dim| self.length(dim, &[])).product()
    }

    /// Whether archives of both contents have data sets of the same names, shapes and meanings.
    pub fn same_as(&self, other: &Contents) -> bool {
        let stored = |contents: &Contents| -> Vec<(DataSet, Vec<Dimension>)> {
            let bare = |set: &DataSet| DataSet {
                dims: Vec::new(),
                track: None,
                ..set.clone()
            };
            let sets = contents.data_sets.iter();
            sets.map(|set| {
                let dims = set.dims.iter().map(|&dim| contents.dimensions[dim].clone());
                (bare(set), dims.collect())
            })
            .collect()
        };
        let grids = |contents: &Contents| -> Vec<Option<Grid>> {
            let shown = |track: &Track| {
                let mut fields = track.fields.iter();
                fields
                    .any(|field| field.data_set.is_some() || !field.statistics.is_empty())
                    .then(|| track.grid.clone())
            };
            contents.tracks.iter().map(shown).collect()
        };
        stored(self) == stored(other) && grids(self) == grids(other)
    }

    /// Everything that is recorded of a run, in a fixed order: each field and then its summaries; at the end what
    /// analyses leave that looked on.
    pub fn columns(&self) -> Vec<Column<'_>> {
        let mut columns = Vec::new();
        for track in &self.tracks {
            for field in &track.fields {
                let width = field.kept.as_ref().map_or(field.length, Vec::len);
                columns.push(Column {
                    data_set: field.data_set,
                    statistics: &field.statistics,
                    rows: track.grid.len(),
                    width,
                    number: field.number,
                });
                columns.extend(field.summaries.iter().map(|one| Column {
                    data_set: one.data_set,
                    statistics: &one.statistics,
                    rows: Some(1),
                    width: one.width,
                    number: Number::F64,
                }));
            }
        }
        let left = self.followings.iter().flat_map(|one| &one.findings);
        columns.extend(left.map(|one| Column {
            data_set: one.data_set,
            statistics: &one.statistics,
            rows: Some(1),
            width: 1,
            number: one.number,
        }));
        columns
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
        Some(self.length(data_set.dims[self.run_dims(data_set)], lengths))
    }

    /// The number of entries of a data set: runs or points.
    pub fn entries(&self, data_set: &DataSet) -> u64 {
        (0..self.run_dims(data_set))
            .map(|dim| self.length(dim, &[]) as u64)
            .product()
    }

    /// The place of an entry along the run dims, which count in C order.
    pub fn place(&self, data_set: &DataSet, mut entry: u64) -> Vec<usize> {
        let mut place = vec![0; self.run_dims(data_set)];
        for (dim, place) in place.iter_mut().enumerate().rev() {
            let length = self.length(dim, &[]) as u64;
            *place = (entry % length) as usize;
            entry /= length;
        }
        place
    }

    /// Where `values` numbers of an entry go that begin with sample `first`: start and count along each
    /// dimension.
    pub fn block(
        &self,
        data_set: &DataSet,
        entry: u64,
        first: usize,
        values: usize,
    ) -> (Vec<usize>, Vec<usize>) {
        let mut start = self.place(data_set, entry);
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

    /// Whether a data set's number of samples is known only at the end.
    pub fn is_ragged_set(&self, data_set: &DataSet) -> bool {
        data_set
            .track
            .is_some_and(|track| self.tracks[track].times.is_some())
    }

    /// Whether some track's length is known only at the end.
    pub fn is_ragged(&self) -> bool {
        self.tracks.iter().any(|track| track.times.is_some())
    }
}
