//! First passage: when each component first reaches a level, from below or from above.
//!
//! The time is interpolated linearly between the samples around it; a component that is there at its
//! first sample has the time of that; one that never comes there has NaN. Of a component that comes to rest on the level
//! the tolerances of the run decide whether and when it gets there.

use super::Reducer;

/// Times per component.
pub(super) struct FirstPassage {
    level: f64,
    /// 1 to reach the level from below, -1 from above.
    sign: f64,
    samples: f64,
    time: f64,
    last: Vec<f64>,
    passage: Vec<f64>,
}

impl FirstPassage {
    /// The first time at or above the level, or at or below it.
    pub(super) fn new(length: usize, level: f64, above: bool) -> Self {
        Self {
            level,
            sign: if above { 1.0 } else { -1.0 },
            samples: 0.0,
            time: 0.0,
            last: vec![0.0; length],
            passage: vec![f64::NAN; length],
        }
    }
}

impl Reducer for FirstPassage {
    fn observe(&mut self, t: f64, values: &[f64]) {
        let passages = self.passage.iter_mut().zip(&mut self.last);
        for ((passage, last), &value) in passages.zip(values) {
            let gap = self.sign * (value - self.level);
            if passage.is_nan() && gap >= 0.0 {
                let before = self.sign * (*last - self.level);
                *passage = match self.samples > 0.0 {
                    true => self.time + (t - self.time) * before / (before - gap),
                    false => t,
                };
            }
            *last = value;
        }
        self.time = t;
        self.samples += 1.0;
    }

    fn finish(&self, out: &mut [f64]) {
        out.copy_from_slice(&self.passage);
    }

    fn save(&self) -> Vec<f64> {
        let mut memory = vec![self.samples, self.time];
        memory.extend(self.last.iter().chain(&self.passage));
        memory
    }

    fn restore(&mut self, memory: &[f64]) {
        (self.samples, self.time) = (memory[0], memory[1]);
        let (last, passage) = memory[2..].split_at(self.last.len());
        self.last.copy_from_slice(last);
        self.passage.copy_from_slice(passage);
    }
}
