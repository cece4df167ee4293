//! Period: the mean interval between the upward crossings of the middle of an oscillation.
//!
//! ```text
//! turning points   count if the next one is at least `hysteresis` times the range seen so far away,
//!                  and at least 50 times what the tolerances of the run explain here
//! level            midpoint between the last maximum and the minimum behind it
//! crossing         the first time after that minimum at which the level is reached, linear between samples
//! period           (last crossing - first crossing) / (crossings - 1)
//! ```
//!
//! So the level follows a drift and a transient, and small wiggles do not count; least of all those of a run at rest,
//! which are of the size of its tolerances, or of rounding. NaN for a component with fewer than two crossings. Of a periodic signal the error is that of the linear interpolation.

use super::{EXPLAINED, Reducer};

/// One component.
#[derive(Clone, Copy, Debug)]
struct Wave {
    least: f64,
    greatest: f64,
    /// Whether it rises from a minimum that counts.
    rising: bool,
    /// The extreme of the phase it is in: of a rise the maximum, of a fall the minimum.
    extreme: f64,
    /// The minimum that it rose from.
    origin: f64,
    /// The last maximum that counts; NaN before the first.
    maximum: f64,
    /// Where this fall's minimum was left through the level; NaN before.
    tentative: f64,
    first: f64,
    last: f64,
    count: f64,
}

/// Numbers of one component's memory.
const MEMORY: usize = 10;

impl Wave {
    const START: Self = Self {
        least: f64::INFINITY,
        greatest: f64::NEG_INFINITY,
        rising: true,
        extreme: f64::NEG_INFINITY,
        origin: f64::INFINITY,
        maximum: f64::NAN,
        tentative: f64::NAN,
        first: f64::NAN,
        last: f64::NAN,
        count: 0.0,
    };

    /// Take in a sample; what changes by less than `floor` is noise.
    fn observe(
        &mut self,
        [before, t]: [f64; 2],
        [last, value]: [f64; 2],
        (hysteresis, floor): (f64, f64),
    ) {
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        let gap = (hysteresis * (self.greatest - self.least)).max(floor);
        if self.rising {
            if self.extreme == f64::NEG_INFINITY {
                self.origin = value;
            }
            if value >= self.extreme {
                self.extreme = value;
            } else if self.extreme - value >= gap && gap > 0.0 {
                // A signal that begins with a fall has not been at a maximum yet.
                let risen = self.extreme - self.origin >= gap;
                self.maximum = if risen { self.extreme } else { f64::NAN };
                self.rising = false;
                self.extreme = value;
                self.tentative = f64::NAN;
            }
            return;
        }
        if value <= self.extreme {
            self.extreme = value;
            // A lower minimum has another level, which is not reached yet.
            self.tentative = f64::NAN;
            return;
        }
        let level = 0.5 * (self.maximum + self.extreme);
        if self.tentative.is_nan() && value >= level {
            self.tentative = before + (t - before) * (level - last) / (value - last);
        }
        if value - self.extreme < gap || (self.tentative.is_nan() && !self.maximum.is_nan()) {
            return;
        }
        self.rising = true;
        self.origin = self.extreme;
        self.extreme = value;
        if !self.tentative.is_nan() {
            self.count += 1.0;
            self.last = self.tentative;
            if self.count == 1.0 {
                self.first = self.tentative;
            }
        }
    }

    fn period(&self) -> f64 {
        match self.count > 1.0 {
            true => (self.last - self.first) / (self.count - 1.0),
            false => f64::NAN,
        }
    }

    fn save(&self) -> [f64; MEMORY] {
        let rising = f64::from(u8::from(self.rising));
        [
            self.least,
            self.greatest,
            rising,
            self.extreme,
            self.origin,
            self.maximum,
            self.tentative,
            self.first,
            self.last,
            self.count,
        ]
    }

    fn restore(memory: &[f64]) -> Self {
        Self {
            least: memory[0],
            greatest: memory[1],
            rising: memory[2] != 0.0,
            extreme: memory[3],
            origin: memory[4],
            maximum: memory[5],
            tentative: memory[6],
            first: memory[7],
            last: memory[8],
            count: memory[9],
        }
    }
}

/// The period of every component.
pub(super) struct Period {
    hysteresis: f64,
    time: f64,
    last: Vec<f64>,
    waves: Vec<Wave>,
    /// What changes by less than this at the next sample is noise.
    floors: Vec<f64>,
}

impl Period {
    pub(super) fn new(length: usize, hysteresis: f64) -> Self {
        Self {
            hysteresis,
            time: f64::NAN,
            last: vec![0.0; length],
            waves: vec![Wave::START; length],
            floors: vec![0.0; length],
        }
    }
}

impl Reducer for Period {
    fn heeds_tolerances(&self) -> bool {
        true
    }

    fn tolerate(&mut self, tolerances: &[f64]) {
        for (floor, tolerance) in self.floors.iter_mut().zip(tolerances) {
            *floor = EXPLAINED * tolerance;
        }
    }

    fn observe(&mut self, t: f64, values: &[f64]) {
        let waves = self.waves.iter_mut().zip(&self.last).zip(&self.floors);
        for (((wave, &last), &floor), &value) in waves.zip(values) {
            wave.observe([self.time, t], [last, value], (self.hysteresis, floor));
        }
        self.last.copy_from_slice(values);
        self.time = t;
    }

    fn finish(&self, out: &mut [f64]) {
        for (out, wave) in out.iter_mut().zip(&self.waves) {
            *out = wave.period();
        }
    }

    fn save(&self) -> Vec<f64> {
        let mut memory = vec![self.time];
        memory.extend(&self.last);
        memory.extend(self.waves.iter().flat_map(Wave::save));
        memory
    }

    fn restore(&mut self, memory: &[f64]) {
        self.time = memory[0];
        let (last, waves) = memory[1..].split_at(self.last.len());
        self.last.copy_from_slice(last);
        for (wave, memory) in self.waves.iter_mut().zip(waves.chunks(MEMORY)) {
            *wave = Wave::restore(memory);
        }
    }
}
