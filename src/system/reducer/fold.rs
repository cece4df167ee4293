//! Folds: the last, the least, the greatest sample: `memory = f(memory, sample)`, per component.

use super::Reducer;

/// A running value per component.
pub(super) struct Fold<F> {
    memory: Vec<f64>,
    samples: f64,
    fold: F,
}

impl<F: Fn(f64, f64) -> f64> Fold<F> {
    pub(super) fn new(length: usize, start: f64, fold: F) -> Self {
        Self {
            memory: vec![start; length],
            samples: 0.0,
            fold,
        }
    }
}

impl<F: Fn(f64, f64) -> f64 + Send> Reducer for Fold<F> {
    fn observe(&mut self, _t: f64, values: &[f64]) {
        for (memory, &value) in self.memory.iter_mut().zip(values) {
            *memory = (self.fold)(*memory, value);
        }
        self.samples += 1.0;
    }

    fn finish(&self, out: &mut [f64]) {
        if self.samples > 0.0 {
            out.copy_from_slice(&self.memory);
        } else {
            out.fill(f64::NAN);
        }
    }

    fn save(&self) -> Vec<f64> {
        std::iter::once(self.samples)
            .chain(self.memory.iter().copied())
            .collect()
    }

    fn restore(&mut self, memory: &[f64]) {
        self.samples = memory[0];
        self.memory.copy_from_slice(&memory[1..]);
    }
}
