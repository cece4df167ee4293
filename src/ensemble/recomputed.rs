//! Statistics over members made again, as the archive made them, while the members of a rerun come in.
//!
//! ```text
//! moments     of each task its sums, joined over the tasks of a point in their order
//! quantiles   of all numbers of the point, which wait until its last task is there
//! ```
//!
//! Runs too long to be held in memory leave no samples to a task, and are none of its business.

use std::collections::BTreeMap;

use crate::archive::contents::{Column, Contents, OverMembers};
use crate::archive::members::{Sums, quantile};
use crate::archive::{RunRecord, TaskResult};

/// What the members of a point have left so far.
#[derive(Default)]
struct Waiting {
    runs: u64,
    /// For each task: of each quantity its sums and the numbers that are needed.
    tasks: BTreeMap<u64, Vec<Share>>,
}

/// What a task leaves of a quantity.
#[derive(Clone, Default)]
struct Share {
    sums: Option<Sums>,
    numbers: Vec<Vec<f64>>,
}

/// The statistics of a point that is complete.
pub(super) struct Statistic {
    pub point: u64,
    pub data_set: usize,
    pub values: Vec<f64>,
}

/// Statistics over members that come in task by task.
pub(super) struct Recomputed<'a> {
    contents: &'a Contents,
    members: u64,
    waiting: BTreeMap<u64, Waiting>,
}

impl<'a> Recomputed<'a> {
    /// None yet.
    pub(super) fn new(contents: &'a Contents, members: u64) -> Self {
        Self {
            contents,
            members,
            waiting: BTreeMap::new(),
        }
    }

    /// Whether there are statistics.
    pub(super) fn is_empty(contents: &Contents) -> bool {
        let columns = contents.columns();
        columns.iter().all(|column| column.statistics.is_empty())
    }

    /// Take in the runs of a task; what they complete is handed out.
    pub(super) fn take(&mut self, result: &TaskResult) -> Vec<Statistic> {
        let columns = self.contents.columns();
        if columns.iter().all(|column| column.statistics.is_empty()) {
            return Vec::new();
        }
        let mut complete = Vec::new();
        for (place, (&run, record)) in result.runs.iter().zip(&result.records).enumerate() {
            let point = run / self.members;
            let waiting = self.waiting.entry(point).or_default();
            let shares = waiting.tasks.entry(result.task.number).or_default();
            shares.resize(columns.len(), Share::default());
            for (index, column) in columns.iter().enumerate() {
                let values = result.columns.get(index).map_or(&[][..], Vec::as_slice);
                let share = &mut shares[index];
                // A point of one member shares its task with others, whose sums are not its own.
                if self.members > 1 && !has_quantiles(column) {
                    share.sums = result.sums.get(index).cloned().flatten();
                } else if !column.statistics.is_empty() {
                    share.take(column, place, values, record);
                }
            }
            waiting.runs += 1;
            if waiting.runs == self.members {
                complete.extend(self.waiting.remove(&point).map(|waiting| (point, waiting)));
            }
        }
        let made = complete.into_iter();
        made.flat_map(|(point, waiting)| self.statistics(point, &waiting))
            .collect()
    }

    fn statistics(&self, point: u64, waiting: &Waiting) -> Vec<Statistic> {
        let mut found = Vec::new();
        for (index, column) in self.contents.columns().iter().enumerate() {
            let shares: Vec<&Share> = waiting.tasks.values().map(|all| &all[index]).collect();
            let length = column.numbers().unwrap_or(0);
            let mut sums = Sums::new(length);
            for share in &shares {
                sums.join(&share.summed(length));
            }
            for &(over, data_set) in column.statistics {
                let values = match over {
                    OverMembers::Moment(statistic) => sums.moment(statistic),
                    OverMembers::Quantile(p) => (0..length)
                        .map(|place| {
                            let all = shares.iter().flat_map(|share| &share.numbers);
                            let mut sorted: Vec<f64> = all.map(|values| values[place]).collect();
                            sorted.sort_by(f64::total_cmp);
                            quantile(&sorted, p)
                        })
                        .collect(),
                };
                found.push(Statistic {
                    point,
                    data_set,
                    values,
                });
            }
        }
        found
    }
}

impl Share {
    /// Take in a run, by its place in the task; one that failed does not count.
    fn take(&mut self, column: &Column<'_>, place: usize, values: &[f64], record: &RunRecord) {
        let length = column.numbers().unwrap_or(0);
        let own = values.get(place * length..(place + 1) * length);
        if let Some(own) = own.filter(|own| record.ending.success && !own.is_empty()) {
            self.numbers.push(own.to_vec());
        }
    }

    fn summed(&self, length: usize) -> Sums {
        if let Some(sums) = &self.sums {
            return sums.clone();
        }
        let mut sums = Sums::new(length);
        self.numbers.iter().for_each(|values| sums.add(values));
        sums
    }
}

fn has_quantiles(column: &Column<'_>) -> bool {
    let mut statistics = column.statistics.iter();
    statistics.any(|(over, _)| matches!(over, OverMembers::Quantile(_)))
}
