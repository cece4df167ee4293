//! Statistics over the members of an ensemble, in an order that depends on the plan alone.
//!
//! ```text
//! within a task, member by member (Welford 1962)
//!     n += 1,  d = x - m,  m += d / n,  s += d (x - m)
//! over the tasks of a point, in order (Chan, Golub, LeVeque 1979)
//!     d = m_b - m_a,  m = m_a + d n_b / n,  s = s_a + s_b + d^2 n_a n_b / n
//! variance = s / (n - 1),   standard error = sqrt(variance / n)
//! quantile p: linear between the order statistics at p (n - 1)   (Hyndman & Fan 1996, type 7)
//! ```
//!
//! Members that failed do not count; without members that count, and for the variance of one, the
//! result is NaN. The sums of finished tasks wait in a file beside the archive, one record per task;
//! exact quantiles need all numbers, which wait in a second file where the members are not kept.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::contents::{Column, OverMembers};
use super::error::ArchiveError;
use crate::config::experiment::Statistic;

/// The running sums of one quantity over members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// How many members.
    pub count: f64,
    /// Their mean.
    pub mean: Vec<f64>,
    /// Their sum of squared deviations from the mean.
    pub squares: Vec<f64>,
}

impl Sums {
    /// No member yet.
    pub fn new(length: usize) -> Self {
        Self {
            count: 0.0,
            mean: vec![0.0; length],
            squares: vec![0.0; length],
        }
    }

    /// Take in one member.
    pub fn add(&mut self, values: &[f64]) {
        self.count += 1.0;
        for ((mean, squares), &value) in self.mean.iter_mut().zip(&mut self.squares).zip(values) {
            let before = value - *mean;
            *mean += before / self.count;
            *squares += before * (value - *mean);
        }
    }

    /// Take in the members of the next task.
    pub fn join(&mut self, other: &Sums) {
        if other.count == 0.0 {
            return;
        }
        if self.count == 0.0 {
            self.clone_from(other);
            return;
        }
        let count = self.count + other.count;
        let sums = self.mean.iter_mut().zip(&mut self.squares);
        let others = other.mean.iter().zip(&other.squares);
        for ((mean, squares), (other_mean, other_squares)) in sums.zip(others) {
            let gap = other_mean - *mean;
            *mean += gap * other.count / count;
            *squares += other_squares + gap * gap * self.count * other.count / count;
        }
        self.count = count;
    }

    /// The sums of some of the numbers.
    pub fn part(&self, first: usize, count: usize) -> Sums {
        Sums {
            count: self.count,
            mean: self.mean[first..first + count].to_vec(),
            squares: self.squares[first..first + count].to_vec(),
        }
    }

    /// One of the moments.
    pub fn moment(&self, statistic: Statistic) -> Vec<f64> {
        let variance = |squares: &f64| match self.count > 1.0 {
            true => squares / (self.count - 1.0),
            false => f64::NAN,
        };
        match statistic {
            _ if self.count == 0.0 => vec![f64::NAN; self.mean.len()],
            Statistic::Mean => self.mean.clone(),
            Statistic::Variance => self.squares.iter().map(variance).collect(),
            Statistic::StandardError => {
                let error = |squares| (variance(squares) / self.count).sqrt();
                self.squares.iter().map(error).collect()
            }
        }
    }
}

/// The quantile of probability `p` of numbers in ascending order.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    // A NaN stands behind all numbers: what a member does not have makes the answer unknown.
    if sorted[last].is_nan() {
        return f64::NAN;
    }
    let place = p * last as f64;
    let below = place.floor() as usize;
    let share = place - place.floor();
    let upper = sorted[(below + 1).min(last)];
    match share > 0.0 {
        true => sorted[below] + share * (upper - sorted[below]),
        false => sorted[below],
    }
}

/// Whether a quantity has a quantile over the members.
pub(super) fn has_quantiles(column: &Column<'_>) -> bool {
    let quantile = |(over, _): &(OverMembers, usize)| matches!(over, OverMembers::Quantile(_));
    column.statistics.iter().any(quantile)
}

/// A file of records of one length, beside the archive, while it is made.
pub(super) struct Records {
    path: PathBuf,
    file: File,
    /// Numbers per record.
    length: usize,
}

impl Records {
    /// Open or make the file.
    pub(super) fn open(path: PathBuf, length: usize) -> Result<Self, ArchiveError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(ArchiveError::io("create", &path))?;
        Ok(Self { path, file, length })
    }

    /// Write part of a record, from its number `first` on.
    pub(super) fn write(
        &self,
        record: u64,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.file
            .write_all_at(&bytes, self.place(record, first))
            .map_err(ArchiveError::io("write", &self.path))
    }

    /// Read part of a record.
    pub(super) fn read(
        &self,
        record: u64,
        first: usize,
        count: usize,
    ) -> Result<Vec<f64>, ArchiveError> {
        let mut bytes = vec![0; 8 * count];
        let at = self.place(record, first);
        let mut filled = 0;
        while filled < bytes.len() {
            let read = self.file.read_at(&mut bytes[filled..], at + filled as u64);
            match read.map_err(ArchiveError::io("read", &self.path))? {
                // What was cut off when the power failed is zeros, which no digest agrees with.
                0 => break,
                read => filled += read,
            }
        }
        let (words, _) = bytes.as_chunks::<8>();
        Ok(words.iter().map(|&word| f64::from_le_bytes(word)).collect())
    }

    /// Take a whole record into a digest.
    pub(super) fn hash(&self, record: u64, digest: &mut Sha256) -> Result<(), ArchiveError> {
        const PIECE: usize = 1 << 17;
        for first in (0..self.length).step_by(PIECE) {
            let count = PIECE.min(self.length - first);
            for value in self.read(record, first, count)? {
                digest.update(value.to_le_bytes());
            }
        }
        Ok(())
    }

    fn place(&self, record: u64, first: usize) -> u64 {
        8 * (record * self.length as u64 + first as u64)
    }

    /// The file, for somebody else to sync.
    pub(super) fn handle(&self) -> Result<File, ArchiveError> {
        let handle = self.file.try_clone();
        handle.map_err(ArchiveError::io("open", &self.path))
    }

    /// Bring it to the disk.
    pub(super) fn sync(&self) -> Result<(), ArchiveError> {
        self.file
            .sync_data()
            .map_err(ArchiveError::io("bring to the disk", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(values: &[f64]) -> Sums {
        let mut sums = Sums::new(1);
        values.iter().for_each(|&value| sums.add(&[value]));
        sums
    }

    #[test]
    fn sums_of_parts_are_the_sums_of_the_whole() {
        let values: Vec<f64> = (0..37).map(|k| 1e6 + (f64::from(k) * 0.7).sin()).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let mut joined = Sums::new(1);
        values.chunks(8).for_each(|part| joined.join(&sums(part)));
        for found in [sums(&values), joined] {
            assert!((found.moment(Statistic::Mean)[0] - mean).abs() < 1e-9);
            assert!((found.moment(Statistic::Variance)[0] - variance).abs() < 1e-9);
            let error = found.moment(Statistic::StandardError)[0];
            assert!((error - (variance / n).sqrt()).abs() < 1e-9);
        }
        assert!(sums(&[1.0]).moment(Statistic::Variance)[0].is_nan());
        assert!(sums(&[]).moment(Statistic::Mean)[0].is_nan());
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        // numpy.quantile([1, 2, 4, 8], p)
        for (p, expected) in [(0.0, 1.0), (0.25, 1.75), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&sorted, p) - expected).abs() < 1e-14, "{p}");
        }
        assert!(quantile(&[], 0.5).is_nan());
        assert!(quantile(&[1.0, f64::NAN], 0.0).is_nan());
    }
}
