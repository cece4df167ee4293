//! Moments: mean, standard deviation and root mean square of the samples, per component, by the running
//! mean and sum of squared deviations of Welford (1962), in the order of the samples.

use multiversion::multiversion;

use super::Reducer;

/// Which function of the first two moments is wanted.
pub(super) enum Moment {
    Mean,
    Deviation,
    RootMeanSquare,
}

/// Running mean and sum of squared deviations (Welford 1962), in the order of the samples.
pub(super) struct Moments {
    samples: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
    moment: Moment,
}

impl Moments {
    pub(super) fn new(length: usize, moment: Moment) -> Self {
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
        match self.moment {
            Moment::Mean => mean(&mut self.mean, values, self.samples),
            _ => welford(&mut self.mean, &mut self.squares, values, self.samples),
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

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn mean(mean: &mut [f64], values: &[f64], samples: f64) {
    for (mean, &value) in mean.iter_mut().zip(values) {
        *mean += (value - *mean) / samples;
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn welford(mean: &mut [f64], squares: &mut [f64], values: &[f64], samples: f64) {
    for ((mean, squares), &value) in mean.iter_mut().zip(squares).zip(values) {
        let before = value - *mean;
        *mean += before / samples;
        *squares += before * (value - *mean);
    }
}
