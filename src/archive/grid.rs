//! Sampling grids: at which times a run is recorded.
//!
//! ```text
//! every dt     start + k dt for k = 0, 1, ... while below stop, then stop itself, exactly once
//! at a list    the list
//! steps        after every step of the scheme: the times are known only afterwards
//! ```
//!
//! The k-th time is a product, never a running sum, so it carries one rounding however long the run.
//! `stop - start` is taken for a whole number of intervals when it is one up to rounding (0.1 * 30 is
//! not 3), so that the last grid point and `stop` are not both recorded.

use crate::config::experiment::{Save, Time};
use crate::system::number::plain;

/// The sampling times of one track.
#[derive(Clone, Debug, PartialEq)]
pub enum Grid {
    /// Equidistant, the last interval possibly shorter.
    Every {
        /// First time.
        start: f64,
        /// Interval.
        step: f64,
        /// Number of intervals: one less than the number of samples.
        intervals: usize,
        /// Last time.
        stop: f64,
    },
    /// At these times.
    At(Vec<f64>),
    /// After every step.
    Steps,
}

/// More samples than this are not a grid but a mistake in the file.
const LARGEST: f64 = (1_u64 << 48) as f64;

impl Grid {
    /// The grid of a save rule over a span of time.
    ///
    /// # Errors
    /// A message if the interval gives no countable number of samples.
    pub fn new(save: &Save, time: &Time) -> Result<Self, String> {
        match save {
            Save::Every(step) => Self::every(time.start, time.stop, *step),
            Save::After(step) => Self::every(time.start + step, time.stop, *step),
            Save::At(times) => Ok(Grid::At(times.clone())),
            Save::Steps => Ok(Grid::Steps),
        }
    }

    fn every(start: f64, stop: f64, step: f64) -> Result<Self, String> {
        let ratio = (stop - start) / step;
        if !(0.0..=LARGEST).contains(&ratio) {
            return Err(format!(
                "a sample every {} from {} to {} is not a countable number of samples",
                plain(step),
                plain(start),
                plain(stop)
            ));
        }
        let whole = ratio.round();
        let tolerance = 1e-9_f64.max(8.0 * f64::EPSILON * ratio);
        let intervals = if (ratio - whole).abs() <= tolerance {
            whole
        } else {
            ratio.ceil()
        };
        Ok(Grid::Every {
            start,
            step,
            intervals: intervals as usize,
            stop,
        })
    }

    /// The number of samples, if it is known beforehand.
    pub fn len(&self) -> Option<usize> {
        match self {
            Grid::Every { intervals, .. } => Some(intervals + 1),
            Grid::At(times) => Some(times.len()),
            Grid::Steps => None,
        }
    }

    /// Whether there is no sample for certain.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The time of sample `index`; infinite behind the last one and for a grid of steps.
    pub fn time(&self, index: usize) -> f64 {
        match self {
            Grid::Every {
                start,
                step,
                intervals,
                stop,
            } => match index.cmp(intervals) {
                std::cmp::Ordering::Less => start + index as f64 * step,
                std::cmp::Ordering::Equal => *stop,
                std::cmp::Ordering::Greater => f64::INFINITY,
            },
            Grid::At(times) => times.get(index).copied().unwrap_or(f64::INFINITY),
            Grid::Steps => f64::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(start: f64, stop: f64, step: f64) -> Vec<f64> {
        let grid = Grid::every(start, stop, step).unwrap();
        (0..grid.len().unwrap()).map(|k| grid.time(k)).collect()
    }

    #[test]
    fn start_and_stop_are_there_exactly_once() {
        for steps in 1..2000 {
            for step in [0.1, 0.01, 0.3, 1.0 / 3.0, 1e-3, 7.7] {
                for start in [0.0, 0.1, -3.3, 1e3] {
                    // Both ways in which a user may have come to `stop`.
                    for stop in [start + steps as f64 * step, {
                        let text = format!("{:.10}", start + steps as f64 * step);
                        text.parse::<f64>().unwrap()
                    }] {
                        let times = times(start, stop, step);
                        assert_eq!(times.len(), steps + 1, "{start} + {steps} * {step}");
                        assert_eq!((times[0], times[steps]), (start, stop));
                        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
                    }
                }
            }
        }
    }

    #[test]
    fn a_last_shorter_interval_ends_at_stop() {
        assert_eq!(times(0.0, 1.0, 0.4), [0.0, 0.4, 0.8, 1.0]);
        assert_eq!(times(0.0, 1.0, 5.0), [0.0, 1.0]);
        assert_eq!(times(0.0, 1.0, 0.999), [0.0, 0.999, 1.0]);
    }

    #[test]
    fn nonsense_is_refused() {
        for step in [0.0, -1.0, f64::NAN, 1e-300] {
            assert!(Grid::every(0.0, 1.0, step).is_err(), "{step}");
        }
    }
}
