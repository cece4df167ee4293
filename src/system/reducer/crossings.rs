//! Crossings: how often each component crosses a level.
//!
//! A sample pair crosses upwards if it goes from below the level to the level or beyond, downwards if it
//! goes from above the level to the level or below. A component that touches the level and turns back
//! has crossed once and not returned; one that starts on the level has not crossed it.
//!
//! Before each crossing the component is away from the level by at least 50 times what the tolerances of the run explain: one
//! that rests on the level crosses it never, and one that comes to rest there once at most, however it wanders.

use super::{EXPLAINED, Reducer};

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
    /// Whether the next sample on the level or above, or below, is a crossing: 1 or 0 of each component.
    up: Vec<f64>,
    down: Vec<f64>,
    count: Vec<f64>,
    /// How far from the level a component has to be before it crosses again.
    floors: Vec<f64>,
}

impl Crossings {
    pub(super) fn new(length: usize, level: f64, way: Way) -> Self {
        Self {
            level,
            way,
            samples: 0.0,
            up: vec![0.0; length],
            down: vec![0.0; length],
            count: vec![0.0; length],
            floors: vec![0.0; length],
        }
    }
}

/// Whether a component makes a crossing: it was away from the level before, and is on it or past it now.
fn crosses(ready: &mut f64, past: bool, away: bool) -> bool {
    let crosses = *ready > 0.0 && past;
    if past {
        *ready = 0.0;
    } else if away {
        *ready = 1.0;
    }
    crosses
}

impl Reducer for Crossings {
    fn heeds_tolerances(&self) -> bool {
        true
    }

    fn tolerate(&mut self, tolerances: &[f64]) {
        for (floor, tolerance) in self.floors.iter_mut().zip(tolerances) {
            *floor = EXPLAINED * tolerance;
        }
    }

    fn observe(&mut self, _t: f64, values: &[f64]) {
        let ways = self.up.iter_mut().zip(&mut self.down);
        let components = self.count.iter_mut().zip(ways).zip(&self.floors);
        for (((count, (ready_up, ready_down)), &floor), &value) in components.zip(values) {
            if value.is_nan() {
                (*ready_up, *ready_down) = (0.0, 0.0);
                continue;
            }
            let above = value - self.level;
            let away = |distance: f64| distance > 0.0 && distance >= floor;
            let up = crosses(ready_up, above >= 0.0, away(-above));
            let down = crosses(ready_down, above <= 0.0, away(above));
            let counts = match self.way {
                Way::Up => up,
                Way::Down => down,
                Way::Both => up || down,
            };
            *count += f64::from(u8::from(counts));
        }
        self.samples += 1.0;
    }

    fn finish(&self, out: &mut [f64]) {
        match self.samples > 0.0 {
            true => out.copy_from_slice(&self.count),
            false => out.fill(f64::NAN),
        }
    }

    fn save(&self) -> Vec<f64> {
        let ways = self.up.iter().chain(&self.down);
        let mut memory = vec![self.samples];
        memory.extend(ways.chain(&self.count));
        memory
    }

    fn restore(&mut self, memory: &[f64]) {
        self.samples = memory[0];
        let parts = [&mut self.up, &mut self.down, &mut self.count];
        let length = parts[0].len().max(1);
        for (part, memory) in parts.into_iter().zip(memory[1..].chunks(length)) {
            part.copy_from_slice(memory);
        }
    }
}
