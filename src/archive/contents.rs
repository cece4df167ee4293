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

use super::derivation;
use super::grid::Grid;
use crate::config::experiment::Experiment;
use crate::system::System;
use crate::system::reducer::Summary;

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
    pub fn new(experiment: &Experiment, system: &dyn System) -> Result<Self, ContentsError> {
        derivation::derive(experiment, system)
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
