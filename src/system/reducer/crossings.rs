//! Crossings: how often each component crosses a level.
//!
//! A sample pair crosses upwards if it goes from below the level to the level or beyond, downwards if it
//! goes from above the level to the level or below. A component that touches the level and turns back
//! has crossed once and not returned; one that starts on the level has not crossed it. After a crossing the component must
//! have been further from the level than the tolerances of the run explain before another one counts: what rests on the level
//! does not cross it again and again.

use std::ops::Range;

use super::{Accuracy, Reducer};

/// Which crossings count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
    Both,
}

impl Way {
    pub(super) const NAMES: &'static [&'static str] = &["up", "down", "both"];

    pub(super) fn named(name: &str) -> Self {
        match name {
            "down" => Way::Down,
            "both" => Way::Both,
            _ => Way::Up,
        }
    }
}

/// Counts per component.
pub(super) struct Crossings {
    level: f64,
    way: Way,
    samples: f64,
    last: Vec<f64>,
    count: Vec<f64>,
    /// Whether each has been away from the level since it crossed it last: 1 or 0.
    away: Vec<f64>,
    /// How far away that is.
    apart: Vec<f64>,
}

impl Crossings {
    pub(super) fn new(length: usize, level: f64, way: Way) -> Self {
        Self {
            level,
            way,
            samples: 0.0,
            last: vec![0.0; length],
            count: vec![0.0; length],
            away: vec![0.0; length],
            apart: vec![0.0; length],
        }
    }
}

impl Reducer for Crossings {
    fn observe(&mut self, _t: f64, values: &[f64]) {
        if self.samples > 0.0 {
            let counts = self.count.iter_mut().zip(&mut self.away);
            let counts = counts.zip(self.last.iter().zip(&self.apart));
            for (((count, away), (&last, &apart)), &value) in counts.zip(values) {
                let up = last < self.level && value >= self.level;
                let down = last > self.level && value <= self.level;
                let counts = match self.way {
                    Way::Up => up,
                    Way::Down => down,
                    Way::Both => up || down,
                };
                // NaN is neither away nor a crossing.
                if (last - self.level).abs() > apart {
                    *away = 1.0;
                }
                if up || down {
                    *count += f64::from(u8::from(counts)) * *away;
                    *away = 0.0;
                }
            }
        }
        self.last.copy_from_slice(values);
        self.samples += 1.0;
    }

    fn resolve(&mut self, accuracy: &Accuracy, components: Option<Range<usize>>) {
        for (k, apart) in self.apart.iter_mut().enumerate() {
            let index = components.as_ref().map(|range| range.start + k);
            *apart = accuracy.apart(index, self.level.abs());
        }
    }

    fn finish(&self, out: &mut [f64]) {
        match self.samples > 0.0 {
            true => out.copy_from_slice(&self.count),
            false => out.fill(f64::NAN),
        }
    }

    fn save(&self) -> Vec<f64> {
        let mut memory = vec![self.samples];
        memory.extend(self.last.iter().chain(&self.count).chain(&self.away));
        memory
    }

    fn restore(&mut self, memory: &[f64]) {
        self.samples = memory[0];
        let (last, rest) = memory[1..].split_at(self.last.len());
        let (count, away) = rest.split_at(self.last.len());
        self.last.copy_from_slice(last);
        self.count.copy_from_slice(count);
        self.away.copy_from_slice(away);
    }
}
