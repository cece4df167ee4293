//! Rises and turns of guard functions: whether one leaves its surface, and whether one is faster than it is looked at.

use super::watch::SAMPLES;

/// Whether values turn at every edge, by so much that zeros may lie between: the function is faster than the samples.
pub(super) fn zigzags(g: &[f64; SAMPLES + 1]) -> bool {
    let turn = |&&[a, b, c]: &&[f64; 3]| (b - a) * (c - b) < 0.0;
    // One edge of the three may lie so that the function is seen to go on.
    let turns = g.array_windows::<3>().filter(turn).count() >= 2;
    let least = g.iter().copied().fold(f64::INFINITY, f64::min);
    let most = g.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let nearest = g.iter().fold(f64::INFINITY, |least, g| least.min(g.abs()));
    let (swing, size) = (most - least, most.abs().max(least.abs()));
    turns && swing > nearest && swing > 1e-9 * size
}

/// Whether a function that starts on its surface rises from it to first order: it grows four times where the time does, before
/// rounding hides it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rise {
    last: f64,
    /// How often in a row it has grown with the time.
    grown: u32,
    decided: Option<bool>,
}

impl Rise {
    /// The next value, at four times the time of the last one.
    pub(super) fn see(&mut self, value: f64) {
        if self.decided.is_some() {
            return;
        }
        let ratio = value / self.last;
        self.grown = match (2.5..6.0).contains(&ratio) {
            true => self.grown + 1,
            false => 0,
        };
        self.last = value;
        if self.grown >= 2 {
            self.decided = Some(value > 0.0);
        }
    }

    pub(super) fn is_rising(&self) -> bool {
        self.decided == Some(true)
    }
}
