//! Merging: the archives of all shards become the one that a single process would have written.
//!
//! The runs of each task are read from their shard and handed to a writer as if they had just ended, so
//! that everything behind them (statistics over members, the layout, compression) is made by the same
//! hand from the same numbers in the same order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::archived::archived;
use super::error::RunError;
use super::prepared::Prepared;
use super::recorder::Remains;
use super::{RunOptions, card_text, worker};
use crate::archive::contents::Contents;
use crate::archive::events;
use crate::archive::journal::Heading;
use crate::archive::per_run::{Noticed, RunRecord};
use crate::archive::provenance::{self, Provenance};
use crate::archive::{About, Claim, Leave, Reader, Writer};
use crate::engine::outcome::Status;
use crate::plan::Shard;
use crate::plan::tasks::Task;
use crate::registry::Registry;
use worker::Ended;

/// What was merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The archive.
    pub path: PathBuf,
    /// The number of runs.
    pub runs: u64,
    /// Those of them that failed.
    pub failed: u64,
}

/// Why archives cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// It is the archive of a whole plan.
    #[error("`{0}` is no shard: it holds all runs of its experiment")]
    Whole(PathBuf),
    /// It is not finished.
    #[error("`{path}` is not complete (its status is `{status}`); run its shard to the end first")]
    Unfinished {
        /// The archive.
        path: PathBuf,
        /// Its status.
        status: String,
    },
    /// Two archives are of different plans.
    #[error("`{0}` and `{1}` are shards of different experiments")]
    Different(PathBuf, PathBuf),
    /// Two archives were made by different programs.
    #[error(
        "`{0}` and `{1}` were made by different builds of the program, whose numbers may differ"
    )]
    Builds(PathBuf, PathBuf),
    /// Two archives are the same part.
    #[error("`{0}` and `{1}` are both shard {2}")]
    Twice(PathBuf, PathBuf, Shard),
    /// Some parts are not there.
    #[error("{}", missing(.0))]
    Missing(Vec<Shard>),
    /// It would overwrite one of its parts.
    #[error("`{0}` is one of the shards; give the result another name")]
    Onto(PathBuf),
    /// A part, or the result, cannot be read or written.
    #[error(transparent)]
    Run(#[from] RunError),
}

fn missing(shards: &[Shard]) -> String {
    const TOLD: usize = 20;
    let told: Vec<String> = shards.iter().take(TOLD).map(Shard::to_string).collect();
    let more = match shards.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let noun = if shards.len() == 1 { "shard" } else { "shards" };
    format!("{noun} {}{more} missing", told.join(", "))
}

impl From<crate::archive::ArchiveError> for MergeError {
    fn from(error: crate::archive::ArchiveError) -> Self {
        Self::Run(error.into())
    }
}

/// One part.
struct Part {
    reader: Reader,
    shard: Shard,
    /// Why runs failed, by index.
    diagnoses: Vec<(u64, String)>,
}

/// Merge the archives of all shards of one plan into `output`.
///
/// # Errors
/// If they are not that, or something cannot be read or written.
pub fn merge(
    paths: &[PathBuf],
    output: &Path,
    registry: &Registry,
    options: &RunOptions<'_>,
) -> Result<Merged, MergeError> {
    let parts = parts(paths, output)?;
    let Some(first) = parts.first() else {
        return Err(MergeError::Missing(Vec::new()));
    };
    let mut experiment = archived(&first.reader, registry)?;
    experiment.output.path = output.to_path_buf();
    let whole = Prepared::new(&experiment)?;
    let claim = Claim::new(
        output,
        Heading {
            plan: whole.plan.hash().into(),
            shard: "merged".into(),
            block: whole.tasks.block(),
            build: provenance::build(),
        },
        Leave {
            force: options.force,
            // Merging begins anew: it is quick, and the parts are there.
            restart: true,
        },
    )
    .map_err(RunError::from)?;
    let base = whole.variants.base();
    let card = card_text::card_text(base.card, base.jacobian);
    let provenance = Provenance::now(&options.command_line, card);
    let endings = Status::ALL.map(worker::ending);
    let arrays = whole.arrays(&experiment)?;
    let about = About {
        experiment: &experiment,
        contents: &base.contents,
        provenance: &provenance,
        plan: &whole.plan,
        tasks: &whole.tasks,
        shard: Shard::ALL,
        arrays: &arrays,
        endings: &endings,
    };
    let slots = |number: u64, which: u64| whole.slots(number, which);
    let (mut writer, _) =
        Writer::create(claim, about, &slots, options.hook).map_err(RunError::from)?;
    let mut failed = 0;
    let prepared: Result<Vec<Prepared>, RunError> = parts
        .iter()
        .map(|part| Prepared::of_shard(&experiment, part.shard))
        .collect();
    let prepared = prepared?;
    let events = parts.iter().zip(&prepared).map(|(part, prepared)| {
        let card = prepared.variants.base().contents.events.as_ref();
        card.map_or(Ok(BTreeMap::new()), |card| events::read(&part.reader, card))
    });
    let events: Vec<BTreeMap<u64, Vec<f64>>> = events.collect::<Result<_, _>>()?;
    let count = parts.len() as u64;
    for task in whole.tasks.iter() {
        let place = (task.number % count) as usize;
        let moving = Moving {
            whole: &whole,
            part: &parts[place],
            events: &events[place],
            contents: &prepared[place].variants.base().contents,
            first: prepared[place].tasks.slots(task.number / count).start,
        };
        failed += moving.task(task, &mut writer)?;
    }
    let path = writer.complete().map_err(RunError::from)?;
    Ok(Merged {
        path,
        runs: whole.plan.len(),
        failed,
    })
}

/// The parts in order, all of them and nothing else.
fn parts(paths: &[PathBuf], output: &Path) -> Result<Vec<Part>, MergeError> {
    let mut parts: Vec<Part> = Vec::with_capacity(paths.len());
    for path in paths {
        if path == output {
            return Err(MergeError::Onto(path.clone()));
        }
        let reader = Reader::open(path)?;
        let shard = reader.attribute("shard").and_then(|text| text.parse().ok());
        let Some(shard) = shard else {
            return Err(MergeError::Whole(path.clone()));
        };
        if !reader.is_complete() {
            return Err(MergeError::Unfinished {
                path: path.clone(),
                status: reader.status().into(),
            });
        }
        let diagnoses = reader.diagnoses()?;
        parts.push(Part {
            reader,
            shard,
            diagnoses,
        });
    }
    parts.sort_by_key(|part| part.shard.number);
    let same = |a: &Part, b: &Part| {
        a.reader.attribute("plan") == b.reader.attribute("plan") && a.shard.count == b.shard.count
    };
    let path = |part: &Part| part.reader.path().to_path_buf();
    for pair in parts.windows(2) {
        if !same(&pair[0], &pair[1]) {
            return Err(MergeError::Different(path(&pair[0]), path(&pair[1])));
        }
        if pair[0].shard == pair[1].shard {
            return Err(MergeError::Twice(
                path(&pair[0]),
                path(&pair[1]),
                pair[0].shard,
            ));
        }
        let build = |part: &Part| -> Result<String, MergeError> {
            Ok(part.reader.text("provenance/git_revision")?)
        };
        if build(&pair[0])? != build(&pair[1])? {
            return Err(MergeError::Builds(path(&pair[0]), path(&pair[1])));
        }
    }
    let count = parts.first().map_or(0, |part| part.shard.count);
    let absent: Vec<Shard> = (1..=count)
        .map(|number| Shard { number, count })
        .filter(|shard| parts.iter().all(|part| part.shard != *shard))
        .collect();
    match absent.is_empty() {
        true => Ok(parts),
        false => Err(MergeError::Missing(absent)),
    }
}

/// The runs of one task on their way from a part to the whole.
struct Moving<'a> {
    whole: &'a Prepared,
    part: &'a Part,
    /// The events of its runs.
    events: &'a BTreeMap<u64, Vec<f64>>,
    /// What the part holds.
    contents: &'a Contents,
    /// The slot of the first run in the part.
    first: u64,
}

/// So many numbers of a long run are moved at once.
const PIECE: usize = 1 << 17;

impl Moving<'_> {
    /// Move the runs of a task; how many of them failed.
    fn task(&self, task: Task, writer: &mut Writer<'_>) -> Result<u64, MergeError> {
        let records = self.records(task)?;
        let contents = &self.whole.variants.base().contents;
        let mut ended = Vec::with_capacity(records.len());
        for (offset, record) in (0..).zip(records) {
            let run = self.whole.plan.executed(task.first + offset);
            let slot = self.first + offset;
            let mut remains = match self.whole.streams {
                true => self.stream(slot, run, writer)?,
                false => self.remains(slot)?,
            };
            remains.events = self.events.get(&run).cloned().unwrap_or_default();
            ended.push(Ended {
                offset,
                run,
                slot: run,
                record,
                remains,
            });
        }
        let failed = ended
            .iter()
            .filter(|one| !one.record.ending.success)
            .count();
        let streams = self.whole.streams;
        let result = worker::result(contents, streams, task, ended);
        writer.task(&result).map_err(RunError::from)?;
        Ok(failed as u64)
    }

    /// What every run left besides its numbers.
    fn records(&self, task: Task) -> Result<Vec<RunRecord>, MergeError> {
        let count = task.count as usize;
        let reader = &self.part.reader;
        let of = |name: &str| -> Result<Vec<f64>, MergeError> {
            Ok(reader.read_block(name, &[self.first as usize], &[count])?)
        };
        let status = of("run_status")?;
        let (steps, rejected) = (of("run_steps")?, of("run_rejected")?);
        let (evaluations, kinks) = (of("run_evaluations")?, of("health/kinks")?);
        let (time, wall) = (of("health/last_time")?, of("provenance/run_wall_time")?);
        let (below, largest) = (of("health/below_atol")?, of("health/below_atol_largest")?);
        let (unseen, width) = (of("health/unseen_time")?, of("health/unseen_width")?);
        let fast = of("health/fast_guard")?;
        let mut records = Vec::with_capacity(count);
        for place in 0..count {
            let run = self
                .whole
                .plan
                .run(self.whole.plan.executed(task.first + place as u64));
            let code = status[place];
            let ending = Status::ALL
                .map(worker::ending)
                .into_iter()
                .find(|ending| f64::from(ending.code) == code)
                .unwrap_or_else(|| worker::ending(Status::Pending));
            let mut state = Vec::new();
            for &index in &self.contents.last_state {
                state.extend(self.numbers(index, self.first + place as u64, 0, None)?);
            }
            let diagnosis = self
                .part
                .diagnoses
                .iter()
                .find(|(index, _)| *index == run.index);
            records.push(RunRecord {
                ending,
                steps: steps[place] as u64,
                rejected: rejected[place] as u64,
                evaluations: evaluations[place] as u64,
                kinks: kinks[place] as u64,
                time: time[place],
                state,
                seed: run.seed(),
                wall_time: wall[place],
                diagnosis: diagnosis.map_or_else(String::new, |(_, text)| text.clone()),
                noticed: Noticed {
                    below_atol: below[place] as i64,
                    below_atol_largest: largest[place],
                    unseen_time: unseen[place],
                    unseen_width: width[place],
                    fast_guard: fast[place] as i64,
                },
            });
        }
        Ok(records)
    }

    /// Numbers of a run in a data set of the part: samples from `first` on, or its one entry.
    fn numbers(
        &self,
        data_set: usize,
        slot: u64,
        first: usize,
        rows: Option<usize>,
    ) -> Result<Vec<f64>, MergeError> {
        let card = &self.contents.data_sets[data_set];
        let values = rows.unwrap_or(1) * card.width;
        let (start, count) = self.contents.block(card, slot, first, values);
        Ok(self.part.reader.read_block(&card.path, &start, &count)?)
    }

    /// All numbers of a short run.
    fn remains(&self, slot: u64) -> Result<Remains, MergeError> {
        let mut columns = Vec::new();
        for column in self.contents.columns() {
            let rows = column.rows.unwrap_or(0);
            columns.push(match column.data_set {
                Some(index) if self.contents.data_sets[index].track.is_some() => {
                    self.numbers(index, slot, 0, Some(rows))?
                }
                Some(index) => self.numbers(index, slot, 0, None)?,
                None => Vec::new(),
            });
        }
        Ok(Remains {
            events: Vec::new(),
            columns,
            samples: self
                .contents
                .tracks
                .iter()
                .map(|t| t.grid.len().unwrap_or(0))
                .collect(),
        })
    }

    /// Move the samples of a long run piece by piece; the rest is handed out.
    fn stream(&self, slot: u64, run: u64, writer: &mut Writer<'_>) -> Result<Remains, MergeError> {
        let mut remains = Remains {
            columns: Vec::new(),
            samples: Vec::new(),
            events: Vec::new(),
        };
        let whole = &self.whole.variants.base().contents;
        let columns = self.contents.columns();
        let mut column = 0;
        for (track, target) in self.contents.tracks.iter().zip(&whole.tracks) {
            let mut length = track.grid.len();
            if let (Some(times), Some(into)) = (track.times, target.times) {
                let rows = self
                    .part
                    .reader
                    .variable(&self.contents.data_sets[times].path)?;
                let rows = rows.shape.last().copied().unwrap_or(0);
                let values = self.numbers(times, slot, 0, Some(rows))?;
                // Behind its last sample a run is padded with NaN.
                let count = values.iter().position(|time| time.is_nan()).unwrap_or(rows);
                writer
                    .samples(run, into, 0, &values[..count])
                    .map_err(RunError::from)?;
                length = Some(count);
            }
            let length = length.unwrap_or(0);
            remains.samples.push(length);
            for field in &track.fields {
                if let Some(index) = columns[column].data_set {
                    let step = (PIECE / columns[column].width.max(1)).max(1);
                    for first in (0..length).step_by(step) {
                        let rows = step.min(length - first);
                        let values = self.numbers(index, slot, first, Some(rows))?;
                        writer
                            .rows(run, column, first, &values)
                            .map_err(RunError::from)?;
                    }
                }
                remains.columns.push(Vec::new());
                column += 1;
                for _ in &field.summaries {
                    remains.columns.push(match columns[column].data_set {
                        Some(index) => self.numbers(index, slot, 0, None)?,
                        None => Vec::new(),
                    });
                    column += 1;
                }
            }
        }
        for left in &columns[column..] {
            remains.columns.push(match left.data_set {
                Some(index) => self.numbers(index, slot, 0, None)?,
                None => Vec::new(),
            });
        }
        Ok(remains)
    }
}
