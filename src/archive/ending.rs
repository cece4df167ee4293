//! The end of an archive: what can be written only when every run is finished.
//!
//! The statistics over the members of each point (see `members`), and `/health/diagnosis`: what happened
//! to the runs that failed and what to try, of a sweep a line per run.

use super::contents::{Column, OverMembers};
use super::error::ArchiveError;
use super::gathering::Gathering;
use super::journal::{Failure, Journal};
use super::members::{Sums, has_quantiles, quantile};
use super::text;
use super::writer::Writer;

/// So many numbers are held at once to find quantiles and long sums.
const HELD: usize = 1 << 20;

/// Whether the run in a slot has no numbers.
pub(super) fn is_failed(writer: &Writer<'_>, slot: u64) -> Result<bool, ArchiveError> {
    let contents = writer.about.contents;
    let status = contents
        .data_sets
        .iter()
        .position(|d| d.path == "run_status");
    let Some(status) = status else {
        return Ok(false);
    };
    let code = writer.store.read(status, slot, 0, 1)?[0];
    let mut endings = writer.about.endings.iter();
    Ok(!endings.any(|ending| f64::from(ending.code) == code && ending.success))
}

/// Work out the statistics over the members, and write them.
pub(super) fn statistics(writer: &Writer<'_>) -> Result<(), ArchiveError> {
    let Some(gathering) = &writer.gathering else {
        return Ok(());
    };
    let columns = writer.about.contents.columns();
    for point in 0..writer.about.plan.points() {
        let members = Members::of(writer, gathering, point)?;
        for (index, column) in columns.iter().enumerate() {
            if !column.statistics.is_empty() {
                members.column(index, column)?;
            }
        }
    }
    Ok(())
}

/// The members of one point.
struct Members<'w, 'a> {
    writer: &'w Writer<'a>,
    gathering: &'w Gathering,
    point: u64,
    /// The tasks, each with the slots of its members that did not fail.
    tasks: Vec<(u64, Vec<u64>)>,
}

impl<'w, 'a> Members<'w, 'a> {
    fn of(
        writer: &'w Writer<'a>,
        gathering: &'w Gathering,
        point: u64,
    ) -> Result<Self, ArchiveError> {
        let tasks = writer.about.tasks;
        let numbers = match writer.about.plan.members() {
            1 => point / tasks.block()..point / tasks.block() + 1,
            _ => tasks.of_point(point),
        };
        let mut found = Vec::new();
        for number in numbers {
            let task = tasks.nth(number);
            let mut slots = Vec::new();
            for position in task.first..task.first + task.count {
                let slot = writer.about.plan.executed(position);
                // Without members a task holds several points.
                if slot / writer.about.plan.members() == point && !is_failed(writer, slot)? {
                    slots.push(slot);
                }
            }
            found.push((number, slots));
        }
        Ok(Self {
            writer,
            gathering,
            point,
            tasks: found,
        })
    }

    /// All statistics of one quantity.
    fn column(&self, index: usize, column: &Column<'_>) -> Result<(), ArchiveError> {
        let length = column.numbers().unwrap_or(0);
        let members: usize = self.tasks.iter().map(|(_, slots)| slots.len()).sum();
        let piece = (HELD / members.max(1)).clamp(1, length.max(1));
        let ready = self.sums(index)?;
        if ready.is_some() && !has_quantiles(column) {
            return self.write(column, 0, &ready.unwrap_or_default(), &[]);
        }
        for first in (0..length).step_by(piece) {
            let count = piece.min(length - first);
            let mut sums = Sums::new(count);
            let mut numbers = Vec::with_capacity(members);
            for (_, slots) in &self.tasks {
                let mut task = Sums::new(count);
                for &slot in slots {
                    let values = self.numbers(index, column, slot, first, count)?;
                    task.add(&values);
                    numbers.push(values);
                }
                sums.join(&task);
            }
            let sums = match &ready {
                Some(ready) => ready.part(first, count),
                None => sums,
            };
            self.write(column, first, &sums, &numbers)?;
        }
        Ok(())
    }

    /// The sums over all members, if every task made its own.
    fn sums(&self, column: usize) -> Result<Option<Sums>, ArchiveError> {
        let mut joined: Option<Sums> = None;
        for (number, _) in &self.tasks {
            // A point of one member shares its task with others, whose sums are not its own.
            if self.writer.about.plan.members() == 1 {
                return Ok(None);
            }
            let local = self.writer.about.tasks.local(*number);
            let Some(sums) = self.gathering.sums_of(local, column)? else {
                return Ok(None);
            };
            match &mut joined {
                Some(joined) => joined.join(&sums),
                None => joined = Some(sums),
            }
        }
        Ok(joined)
    }

    fn numbers(
        &self,
        index: usize,
        column: &Column<'_>,
        slot: u64,
        first: usize,
        count: usize,
    ) -> Result<Vec<f64>, ArchiveError> {
        match column.data_set {
            Some(data_set) => self.writer.store.read(data_set, slot, first, count),
            None => self.gathering.numbers_of(index, slot, first, count),
        }
    }

    fn write(
        &self,
        column: &Column<'_>,
        first: usize,
        sums: &Sums,
        numbers: &[Vec<f64>],
    ) -> Result<(), ArchiveError> {
        for &(over, data_set) in column.statistics {
            let values = match over {
                OverMembers::Moment(statistic) => sums.moment(statistic),
                OverMembers::Quantile(p) => (0..sums.mean.len())
                    .map(|place| {
                        let mut sorted: Vec<f64> =
                            numbers.iter().map(|values| values[place]).collect();
                        sorted.sort_by(f64::total_cmp);
                        quantile(&sorted, p)
                    })
                    .collect(),
            };
            self.writer
                .store
                .write(data_set, self.point, first, &values)?;
        }
        Ok(())
    }
}

/// Write why runs failed, into a text that is there already: nothing new is made in a file that may
/// yet be needed to go on.
pub(super) fn failures(writer: &Writer<'_>) -> Result<(), ArchiveError> {
    let finished = Journal::read(&writer.paths.journal())?;
    let mut failures = finished.failures.into_values().peekable();
    if failures.peek().is_none() {
        return Ok(());
    }
    let several = !writer.about.contents.runs.dims.is_empty();
    let lines: Vec<String> = failures
        .map(|Failure { run, diagnosis, .. }| match several {
            true => format!("run {run}: {diagnosis}\n"),
            false => diagnosis,
        })
        .collect();
    let write = writer
        .skeleton
        .diagnosis
        .write_scalar(&text::unicode(&lines.concat()));
    write.map_err(|error| writer.failed("write", &error))
}
