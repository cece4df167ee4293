//! Accumulation: instants that converge, or a chain of events without an end at one instant.
//!
//! One rule for whatever happens again and again: guards whose resets follow each other ever faster (a ball that bounces to
//! rest), contacts and slides of nonsmooth flows. With the intervals d_1, d_2, ... between events and r = d_k / d_{k-1}, what is
//! left of a geometric sequence after d_k is d_k r / (1 - r).

use super::lane::least_step;

/// This many events that no clock can tell apart are a chain without an end.
const MOST_AT_ONCE: f64 = 64.0;
/// This many intervals in a row, each shorter than the one before by more than `SHORTER`, converge.
const SHRINKING: f64 = 10.0;
/// An interval is shorter if it is below this share of the one before.
const SHORTER: f64 = 0.9999;
/// Next to nothing is left, relative to the time since the start.
const LEFT: f64 = 1e-9;

/// How an accumulation ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct End {
    /// When.
    pub time: f64,
    /// Whether it is a chain at one instant, which no later time follows.
    pub chain: bool,
}

/// The events so far of one thing that may accumulate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Accumulation {
    last: f64,
    interval: f64,
    ratio: f64,
    shrinking: f64,
    at_once: f64,
}

impl Accumulation {
    /// The numbers of its memory.
    pub(super) const MEMORY: usize = 5;

    /// Nothing has happened.
    pub(super) const NEVER: Self = Self {
        last: f64::NEG_INFINITY,
        interval: f64::INFINITY,
        ratio: f64::NAN,
        shrinking: 0.0,
        at_once: 0.0,
    };

    /// Take note of an event of a run that began at `start`; if it belongs to an accumulation, how that ends. Each of
    /// `sources` things may have as many events at one instant as one alone.
    pub(super) fn event(&mut self, time: f64, start: f64, sources: usize) -> Option<End> {
        let interval = time - self.last;
        self.last = time;
        if interval <= least_step(time) {
            self.at_once += 1.0;
            let chain = self.at_once >= MOST_AT_ONCE * sources as f64;
            return chain.then(|| self.end(time));
        }
        self.at_once = 0.0;
        self.ratio = interval / self.interval;
        self.shrinking = match self.ratio < SHORTER && self.interval.is_finite() {
            true => self.shrinking + 1.0,
            false => 0.0,
        };
        self.interval = interval;
        let nothing = self.left() <= LEFT * (time - start);
        (self.converges() && nothing).then(|| End {
            time: time + self.left(),
            chain: false,
        })
    }

    /// How a chain without end at this instant ends: at the limit of the intervals before it, if they converge.
    pub(super) fn end(&self, time: f64) -> End {
        let left = if self.converges() { self.left() } else { 0.0 };
        End {
            time: time + left,
            chain: true,
        }
    }

    /// Whether the intervals so far shrink to nothing.
    pub(super) fn converges(&self) -> bool {
        self.shrinking >= SHRINKING
    }

    /// What is left of intervals that go on shrinking.
    fn left(&self) -> f64 {
        self.interval * self.ratio / (1.0 - self.ratio)
    }

    /// The memory as numbers.
    pub(super) fn save(&self) -> [f64; Self::MEMORY] {
        [
            self.last,
            self.interval,
            self.ratio,
            self.shrinking,
            self.at_once,
        ]
    }

    /// Take the memory back.
    pub(super) fn restored(
        [last, interval, ratio, shrinking, at_once]: [f64; Self::MEMORY],
    ) -> Self {
        Self {
            last,
            interval,
            ratio,
            shrinking,
            at_once,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time at which these events accumulate, if they do, and after how many.
    fn end(times: impl Iterator<Item = f64>, start: f64) -> Option<(usize, f64)> {
        let mut past = Accumulation::NEVER;
        times
            .enumerate()
            .find_map(|(k, time)| Some((k, past.event(time, start, 1)?.time)))
    }

    #[test]
    fn converging_instants_end_at_their_limit_in_any_unit_of_time() {
        for unit in [1.0, 1e-9, 1e6] {
            let times = (0..200).map(|k| unit * (3.0 - 0.5_f64.powi(k)));
            let (_, limit) = end(times, 0.0).unwrap();
            assert!((limit / unit - 3.0).abs() < 1e-8, "{limit}");
        }
        // Short intervals that shrink a little, in a run that is as short, go on.
        let times = (0..40).map(|k| 1e-9 * f64::from(k) - 1e-12 * f64::from(k * k));
        assert_eq!(end(times, 0.0), None);
    }

    #[test]
    fn many_events_at_one_instant_are_none_until_there_is_no_end() {
        assert_eq!(end(std::iter::repeat_n(2.0, 60), 0.0), None);
        assert_eq!(end(std::iter::repeat_n(2.0, 80), 0.0), Some((64, 2.0)));
        let ticks = (0..100_000).map(|k| f64::from(k) * 0.01);
        assert_eq!(end(ticks, 0.0), None);
    }
}
