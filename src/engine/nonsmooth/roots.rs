//! The first sign change of many functions of one variable.
//!
//! Given `g_k(theta)` on [0, 1], positive (or zero) at 0, find the least theta at which some `g_k` becomes
//! negative. The functions are sampled; where the parabola through three samples dips below zero it is looked
//! at once more; a bracket is narrowed by parabolas through its ends and the end that was given up last, with a
//! bisection now and then.

/// The samples of a search.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Abscissas and values of the last three samples.
    points: [(f64, Vec<f64>); 3],
    trial: Vec<f64>,
    high: Vec<f64>,
    /// How short a bracket is short enough; 0 for as short as rounding allows.
    resolution: f64,
}

/// Where a search ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// The least theta at which a function is negative, to rounding.
    pub theta: f64,
    /// The functions that are.
    pub which: Vec<usize>,
}

impl Search {
    /// A search that is content with brackets of this length.
    pub fn to(resolution: f64) -> Self {
        Self {
            resolution,
            ..Self::default()
        }
    }

    /// Search `count` functions in `samples` equal intervals. `at(theta, g)` evaluates them; infinite ones
    /// count as positive. `start` are their values at 0.
    pub fn first(
        &mut self,
        samples: usize,
        start: &[f64],
        at: &mut dyn FnMut(f64, &mut [f64]),
    ) -> Option<Crossing> {
        let count = start.len();
        for (_, values) in &mut self.points {
            values.resize(count, 0.0);
        }
        self.trial.resize(count, 0.0);
        self.high.resize(count, 0.0);
        self.points[2].0 = 0.0;
        for (value, &start) in self.points[2].1.iter_mut().zip(start) {
            // A little below zero at the start is rounding of what was resolved there.
            *value = start.max(0.0);
        }
        for sample in 1..=samples {
            let theta = sample as f64 / samples as f64;
            self.points.rotate_left(1);
            self.points[2].0 = theta;
            at(theta, &mut self.points[2].1);
            if sample > 1
                && let Some(dip) = self.dip()
            {
                at(dip, &mut self.trial);
                if self.trial.iter().any(|&g| g < 0.0) {
                    let from = if dip > self.points[1].0 { 1 } else { 0 };
                    self.high.copy_from_slice(&self.trial);
                    return Some(self.narrow(from, dip, at));
                }
            }
            if self.points[2].1.iter().any(|&g| g < 0.0) {
                let high = self.points[2].1.clone();
                self.high.copy_from_slice(&high);
                return Some(self.narrow(1, theta, at));
            }
        }
        None
    }

    /// The values at 1, if the last search found nothing.
    pub fn last(&self, into: &mut [f64]) {
        into.copy_from_slice(&self.points[2].1);
    }

    /// Take the lower end of the first bracket up to where every function that is negative at its upper end, and
    /// starts at zero to rounding, has become positive; if one never does, it is negative from the start.
    fn rise(&mut self, from: usize, high: f64, at: &mut dyn FnMut(f64, &mut [f64])) {
        if self.points[from].0 > 0.0 {
            return;
        }
        let start = &self.points[from].1;
        let tiny = |k: &usize| self.high[*k] < 0.0 && start[*k] <= 1e-9 * (1.0 - self.high[*k]);
        let from_zero: Vec<usize> = (0..start.len()).filter(tiny).collect();
        if from_zero.is_empty() {
            return;
        }
        for halvings in [44, 40, 36, 32, 28, 24, 20, 16, 13, 10, 8, 6, 5, 4, 3, 2, 1] {
            let theta = high * 0.5_f64.powi(halvings);
            at(theta, &mut self.trial);
            if from_zero.iter().all(|&k| self.trial[k] > 0.0) {
                self.points[from].0 = theta;
                std::mem::swap(&mut self.points[from].1, &mut self.trial);
                return;
            }
        }
    }

    /// Where a parabola through the last three samples has a minimum below zero between them, all three being
    /// above it.
    fn dip(&self) -> Option<f64> {
        let [(a, ga), (b, gb), (c, gc)] = &self.points;
        let mut found: Option<(f64, f64)> = None;
        for k in 0..ga.len() {
            let (ya, yb, yc) = (ga[k], gb[k], gc[k]);
            if !(yb.is_finite() && ya >= 0.0 && yc >= 0.0 && yb <= ya && yb <= yc) {
                continue;
            }
            let first = (yb - ya) / (b - a);
            let second = ((yc - yb) / (c - b) - first) / (c - a);
            if second <= 0.0 {
                continue;
            }
            let least = 0.5 * (a + b) - 0.5 * first / second;
            let value = ya + first * (least - a) + second * (least - a) * (least - b);
            // A little above zero is looked at as well: a parabola is not the function.
            if value < 0.1 * yb && found.is_none_or(|(_, lowest)| value < lowest) {
                found = Some((least.clamp(*a, *c), value));
            }
        }
        found.map(|(least, _)| least)
    }

    /// Narrow the bracket from sample `from` to `high`.
    fn narrow(
        &mut self,
        from: usize,
        mut high: f64,
        at: &mut dyn FnMut(f64, &mut [f64]),
    ) -> Crossing {
        self.rise(from, high, at);
        let (mut low, mut low_values) = (self.points[from].0, self.points[from].1.clone());
        // No third point yet: a parabola through an end twice is a line.
        let (mut third, mut third_values) = (high, self.high.clone());
        let mut before = [f64::INFINITY; 3];
        for _ in 0..200 {
            let (width, least) = (high - low, f64::EPSILON * high);
            if width <= self.resolution.max(2.0 * least) {
                break;
            }
            // A root found is stepped over by as little as can be, so that the bracket closes behind it.
            let step = least.max(0.25 * self.resolution);
            let mut theta = high;
            for (k, (&l, &h)) in low_values.iter().zip(&self.high).enumerate() {
                if h < 0.0 {
                    let root = parabola_root((low, l), (high, h), (third, third_values[k]));
                    theta = theta.min(root + step);
                }
            }
            // Three rounds that did not halve the bracket together are followed by a bisection.
            if width > 0.5 * before[0] || !theta.is_finite() {
                theta = low + 0.5 * width;
                before = [f64::INFINITY; 3];
            } else {
                before = [before[1], before[2], width];
            }
            theta = theta.clamp(low + step, high - step);
            at(theta, &mut self.trial);
            let (end, values) = match self.trial.iter().any(|&g| g < 0.0) {
                true => (&mut high, &mut self.high),
                false => (&mut low, &mut low_values),
            };
            third = std::mem::replace(end, theta);
            std::mem::swap(values, &mut self.trial);
            std::mem::swap(&mut third_values, &mut self.trial);
        }
        Crossing {
            theta: high,
            which: (0..self.high.len())
                .filter(|&k| self.high[k] < 0.0)
                .collect(),
        }
    }
}

/// The root between `low`, where g is positive or zero, and `high`, where it is negative, of the parabola through
/// both and a third point; of the line, if the third is one of them.
pub fn parabola_root((a, ga): (f64, f64), (b, gb): (f64, f64), (c, gc): (f64, f64)) -> f64 {
    let ga = ga.max(0.0);
    let slope = (gb - ga) / (b - a);
    let bend = match c != a && c != b && gc.is_finite() {
        true => ((gc - ga) / (c - a) - slope) / (c - b),
        false => 0.0,
    };
    // ga + slope s + bend s (s - (b - a)) = 0, in the form that does not cancel
    let linear = slope - bend * (b - a);
    let root = (linear * linear - 4.0 * bend * ga).max(0.0).sqrt();
    let s = match linear <= 0.0 {
        true => 2.0 * ga / (root - linear),
        false => (linear + root) / (-2.0 * bend),
    };
    match s.is_finite() {
        true => a + s.clamp(0.0, b - a),
        false => a - ga / slope,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(samples: usize, functions: &[fn(f64) -> f64]) -> Option<(f64, Vec<usize>)> {
        let mut at = |theta: f64, g: &mut [f64]| {
            for (g, f) in g.iter_mut().zip(functions) {
                *g = f(theta);
            }
        };
        let start: Vec<f64> = functions.iter().map(|f| f(0.0)).collect();
        let found = Search::default().first(samples, &start, &mut at);
        found.map(|crossing| (crossing.theta, crossing.which))
    }

    #[test]
    fn the_first_of_several_roots_is_found_to_rounding() {
        let found = first(
            4,
            &[|t| 0.7 - t, |t| (0.3 - t) * (2.0 + t), |_| f64::INFINITY],
        );
        let (theta, which) = found.unwrap();
        assert!((theta - 0.3).abs() < 1e-15, "{theta}");
        assert_eq!(which, [1]);
        assert_eq!(first(4, &[|t| 1.1 - t]), None);
    }

    #[test]
    fn a_dip_between_samples_is_seen() {
        let (theta, _) = first(4, &[|t| (t - 0.55) * (t - 0.55) - 1e-4]).unwrap();
        assert!((theta - 0.54).abs() < 1e-14, "{theta}");
        assert_eq!(first(4, &[|t| (t - 0.55) * (t - 0.55) + 1e-4]), None);
    }

    #[test]
    fn zero_at_the_start_is_no_root_if_it_rises() {
        assert_eq!(first(4, &[|t| t]), None);
        let (theta, _) = first(4, &[|t| t * (0.2 - t)]).unwrap();
        assert!((theta - 0.2).abs() < 1e-15, "{theta}");
        // Nor is a little less than zero, which is rounding of what was resolved there.
        let (theta, _) = first(4, &[|t| t * (0.2 - t) - 1e-17]).unwrap();
        assert!((theta - 0.2).abs() < 1e-15, "{theta}");
        let (theta, _) = first(4, &[|t| -t]).unwrap();
        assert!(theta < 1e-12, "{theta}");
    }
}
