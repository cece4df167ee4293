//! Reducers: what is kept of a run when its trajectory is not.
//!
//! A reducer streams over the samples of one variable: `observe` at every sample, `finish` once. Its
//! memory can be saved and restored, so that a resumed run continues inside it.

/// A streaming summary of one variable over one run.
pub trait Reducer: Send {
    /// Take in the sample at time `t`; `values` has the length of the variable.
    fn observe(&mut self, t: f64, values: &[f64]);
    /// Write the result; its length is that of the variable.
    fn finish(&self, out: &mut [f64]);
    /// The memory as numbers.
    fn save(&self) -> Vec<f64>;
    /// Take the memory back, as [`save`](Reducer::save) gave it.
    fn restore(&mut self, memory: &[f64]);
}

/// The declaration of a summary: its name, meaning and how to make one.
pub struct Summary {
    /// Name in `record.summaries` and suffix of the data set: `mean` makes `x_mean`.
    pub name: &'static str,
    /// One line for people.
    pub meaning: &'static str,
    /// A fresh reducer for a variable of this many components.
    pub make: fn(usize) -> Box<dyn Reducer>,
}

/// The summaries that every variable offers.
pub const SUMMARIES: &[Summary] = &[
    Summary {
        name: "final",
        meaning: "the last sample",
        make: |length| Box::new(Fold::new(length, 0.0, |_, value| value)),
    },
    Summary {
        name: "min",
        meaning: "the least sample",
        make: |length| Box::new(Fold::new(length, f64::INFINITY, f64::min)),
    },
    Summary {
        name: "max",
        meaning: "the greatest sample",
        make: |length| Box::new(Fold::new(length, f64::NEG_INFINITY, f64::max)),
    },
    Summary {
        name: "mean",
        meaning: "the arithmetic mean of the samples",
        make: |length| Box::new(Moments::new(length, Moment::Mean)),
    },
    Summary {
        name: "std",
        meaning: "the standard deviation of the samples (divisor n)",
        make: |length| Box::new(Moments::new(length, Moment::Deviation)),
    },
    Summary {
        name: "rms",
        meaning: "the root of the mean square of the samples",
        make: |length| Box::new(Moments::new(length, Moment::RootMeanSquare)),
    },
];

/// A running value per component: `memory = f(memory, sample)`.
struct Fold<F> {
    memory: Vec<f64>,
    samples: f64,
    fold: F,
}

impl<F: Fn(f64, f64) -> f64> Fold<F> {
    fn new(length: usize, start: f64, fold: F) -> Self {
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

/// Which function of the first two moments is wanted.
enum Moment {
    Mean,
    Deviation,
    RootMeanSquare,
}

/// Running mean and sum of squared deviations (Welford 1962), in the order of the samples.
struct Moments {
    samples: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
    moment: Moment,
}

impl Moments {
    fn new(length: usize, moment: Moment) -> Self {
        Self {
            samples: 0.0,
            mean: vec![0.0; length],
            squares: vec![0.0; length],
            moment,
        }
    }
}

impl Reducer for Moments {
    fn observe(&mut self, _t: f64, values: &[f64]) {
        self.samples += 1.0;
        for ((mean, squares), &value) in self.mean.iter_mut().zip(&mut self.squares).zip(values) {
            let before = value - *mean;
            *mean += before / self.samples;
            *squares += before * (value - *mean);
        }
    }

    fn finish(&self, out: &mut [f64]) {
        if self.samples == 0.0 {
            out.fill(f64::NAN);
            return;
        }
        for ((out, &mean), &squares) in out.iter_mut().zip(&self.mean).zip(&self.squares) {
            let variance = squares / self.samples;
            *out = match self.moment {
                Moment::Mean => mean,
                Moment::Deviation => variance.sqrt(),
                Moment::RootMeanSquare => (variance + mean * mean).sqrt(),
            };
        }
    }

    fn save(&self) -> Vec<f64> {
        std::iter::once(self.samples)
            .chain(self.mean.iter().copied())
            .chain(self.squares.iter().copied())
            .collect()
    }

    fn restore(&mut self, memory: &[f64]) {
        let length = self.mean.len();
        self.samples = memory[0];
        self.mean.copy_from_slice(&memory[1..1 + length]);
        self.squares.copy_from_slice(&memory[1 + length..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduce(name: &str, samples: &[f64]) -> f64 {
        let summary = SUMMARIES.iter().find(|s| s.name == name).unwrap();
        let mut reducer = (summary.make)(1);
        let (before, after) = samples.split_at(samples.len() / 2);
        before.iter().for_each(|&v| reducer.observe(0.0, &[v]));
        let mut resumed = (summary.make)(1);
        resumed.restore(&reducer.save());
        after.iter().for_each(|&v| resumed.observe(0.0, &[v]));
        let mut out = [0.0];
        resumed.finish(&mut out);
        out[0]
    }

    #[test]
    fn summaries_match_their_definitions_across_a_resume() {
        let samples = [1.0, 4.0, -2.0, 5.0];
        assert_eq!(reduce("final", &samples), 5.0);
        assert_eq!(reduce("min", &samples), -2.0);
        assert_eq!(reduce("max", &samples), 5.0);
        assert!((reduce("mean", &samples) - 2.0).abs() < 1e-15);
        assert!((reduce("std", &samples) - 7.5f64.sqrt()).abs() < 1e-15);
        assert!((reduce("rms", &samples) - 11.5f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn no_sample_is_nan_and_not_a_number_from_nowhere() {
        for summary in SUMMARIES {
            let mut out = [0.0];
            (summary.make)(1).finish(&mut out);
            assert!(out[0].is_nan(), "{}", summary.name);
        }
    }
}
