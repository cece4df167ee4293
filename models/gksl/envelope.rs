//! The envelope of a time series: absolute value of its analytic signal around a carrier.
//!
//! ```text
//! z = F^(-1) [ 2 F(O)(w) for w in (carrier/2, 3 carrier/2), 0 elsewhere ],     envelope |z|
//! ```
//!
//! O(t) on a grid of [`PER_PERIOD`] samples per carrier period by the exponential of the generator for one interval; mirrored at its end,
//! so that it closes without a jump.

use nalgebra::DMatrix;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use super::lindblad::Lindblad;

/// Samples per carrier period.
const PER_PERIOD: f64 = 32.0;
/// The most samples.
const MOST: usize = 1 << 16;
/// The most numbers of a state.
const LARGEST: usize = 400;

/// The first minimum of the envelope of `w x(t)` around a carrier within a span; NaN if there is none.
pub fn first_minimum(
    lindblad: &Lindblad,
    w: &[f64],
    start: &[f64],
    carrier: f64,
    span: f64,
) -> f64 {
    let interval = std::f64::consts::TAU / carrier / PER_PERIOD;
    let count = (span / interval) as usize;
    if count > MOST || start.len() > LARGEST {
        return f64::NAN;
    }
    let series = series(lindblad, w, start, interval, count);
    let envelope = envelope(&series, carrier * interval);
    // Ends of the series are not its inside.
    let margin = PER_PERIOD as usize;
    (margin + 1..count.saturating_sub(margin))
        .find(|&k| {
            // A minimum of half a carrier period around it: ripple is none.
            let around = &envelope[k - margin / 2..=(k + margin / 2).min(count - 1)];
            around.iter().all(|&other| envelope[k] <= other)
        })
        .map_or(f64::NAN, |k| k as f64 * interval)
}

fn series(lindblad: &Lindblad, w: &[f64], start: &[f64], interval: f64, count: usize) -> Vec<f64> {
    let dim = start.len();
    let step = (DMatrix::from_row_slice(dim, dim, &lindblad.generator()) * interval).exp();
    let mut x = nalgebra::DVector::from_column_slice(start);
    let mut series = Vec::with_capacity(count);
    for _ in 0..count {
        series.push(w.iter().zip(&x).map(|(w, x)| w * x).sum());
        x = &step * x;
    }
    series
}

/// The envelope around a carrier of this angle per sample.
fn envelope(series: &[f64], carrier: f64) -> Vec<f64> {
    let count = series.len();
    let last = series.last().copied().unwrap_or(0.0);
    // Mirrored behind its end, so that it closes without a cut.
    let mirrored = series
        .iter()
        .chain(series.iter().rev())
        .map(|value| Complex::new(value - last, 0.0));
    let mut spectrum: Vec<Complex<f64>> = mirrored.collect();
    let length = spectrum.len();
    let mut planner = FftPlanner::new();
    planner.plan_fft_forward(length).process(&mut spectrum);
    for (k, value) in spectrum.iter_mut().enumerate() {
        let angle = std::f64::consts::TAU * k as f64 / length as f64;
        let inside = angle > 0.5 * carrier && angle < 1.5 * carrier;
        *value = if inside {
            *value * (2.0 / length as f64)
        } else {
            Complex::default()
        };
    }
    planner.plan_fft_inverse(length).process(&mut spectrum);
    spectrum[..count].iter().map(|z| z.norm()).collect()
}
