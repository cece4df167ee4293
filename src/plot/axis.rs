//! Axes: an interval of numbers, where its ticks are and what they are called.

/// An interval of numbers with round ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Least number.
    pub lower: f64,
    /// Greatest number, always greater than `lower`.
    pub upper: f64,
    step: f64,
    way: Way,
}

/// How numbers lie along an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Way {
    /// By their size.
    #[default]
    Linear,
    /// By their logarithm; ends and ticks are exponents of ten.
    Logarithmic,
    /// The names of the positions 0, 1, ...
    Named(Vec<String>),
}

/// A logarithmic axis with fewer decades than this has ticks within them.
const FEW_DECADES: f64 = 2.5;

/// Numbers beyond this are cut off: their differences would overflow.
const GREATEST: f64 = f64::MAX / 8.0;

/// Differences below this cannot be divided into ticks: such numbers count as equal.
const LEAST: f64 = 1e-290;

impl Axis {
    /// The axis that covers all finite numbers, widened on both sides by `margin` of its length, with
    /// about `ticks` ticks. Numbers that are all equal, or no numbers at all, still make an interval.
    pub fn covering(numbers: impl Iterator<Item = f64>, margin: f64, ticks: usize) -> Self {
        let (lower, upper) = numbers
            .filter(|number| number.is_finite())
            .map(|number| number.clamp(-GREATEST, GREATEST))
            .fold(
                (f64::INFINITY, f64::NEG_INFINITY),
                |(lower, upper), number| (lower.min(number), upper.max(number)),
            );
        if lower > upper {
            return Self::between(0.0, 1.0, ticks);
        }
        let size = lower.abs().max(upper.abs());
        if upper - lower <= (1e-12 * size).max(LEAST) {
            let room = if size < LEAST { 1.0 } else { 0.1 * size };
            return Self::between(lower - room, upper + room, ticks);
        }
        let room = margin * (upper - lower);
        Self::between(lower - room, upper + room, ticks)
    }

    /// The axis from `lower` to `upper` with about `ticks` ticks.
    fn between(lower: f64, upper: f64, ticks: usize) -> Self {
        Self {
            lower,
            upper,
            step: round_step((upper - lower) / ticks.max(1) as f64),
            way: Way::Linear,
        }
    }

    /// The axis of these coordinates along the way that suits them.
    pub fn along(numbers: &[f64], way: &Way, ticks: usize) -> Self {
        match way {
            Way::Linear => Self::covering(numbers.iter().copied(), 0.0, ticks),
            Way::Logarithmic => {
                let exponents = numbers.iter().map(|number| number.log10());
                Self {
                    way: Way::Logarithmic,
                    ..Self::covering(exponents, 0.0, ticks)
                }
            }
            Way::Named(names) => Self {
                lower: -0.5,
                upper: names.len() as f64 - 0.5,
                step: 1.0,
                way: way.clone(),
            },
        }
    }

    /// The axis on which each of these coordinates is the middle of a cell.
    pub fn of_cells(numbers: &[f64], way: &Way, ticks: usize) -> Self {
        let mut axis = Self::along(numbers, way, ticks);
        let places: Vec<f64> = match way {
            Way::Named(_) => return axis,
            Way::Logarithmic => numbers.iter().map(|number| number.log10()).collect(),
            Way::Linear => numbers.to_vec(),
        };
        let finite: Vec<f64> = places
            .into_iter()
            .filter(|place| place.is_finite())
            .collect();
        if let ([first, second, ..], [.., before, last]) = (&finite[..], &finite[..]) {
            axis.lower -= (second - first) / 2.0;
            axis.upper += (last - before) / 2.0;
        }
        axis
    }

    /// Where the number lies: 0 at the lower end, 1 at the upper one.
    pub fn place(&self, number: f64) -> f64 {
        let number = match self.way {
            Way::Logarithmic => number.log10(),
            _ => number,
        };
        (number - self.lower) / (self.upper - self.lower)
    }

    /// The number that lies at a place.
    pub fn number(&self, place: f64) -> f64 {
        let number = self.lower + (self.upper - self.lower) * place;
        match self.way {
            Way::Logarithmic => 10_f64.powf(number),
            _ => number,
        }
    }

    /// The round numbers within the interval.
    pub fn ticks(&self) -> Vec<f64> {
        match &self.way {
            Way::Linear => self.round_numbers(),
            Way::Named(names) => (0..names.len()).map(|place| place as f64).collect(),
            Way::Logarithmic if self.upper - self.lower < FEW_DECADES => match self.by_size() {
                Some(axis) => axis.round_numbers(),
                None => self.within_decades(),
            },
            Way::Logarithmic => {
                let mut step = self.step.max(1.0).round();
                while (self.upper - self.lower) / step > 10.0 {
                    step += 1.0;
                }
                let slack = 1e-9;
                let first = ((self.lower - slack) / step).ceil() * step;
                (0..)
                    .map(|index| first + f64::from(index) * step)
                    .take_while(|&exponent| exponent <= self.upper + slack)
                    .map(|exponent| 10_f64.powf(exponent))
                    .collect()
            }
        }
    }

    /// 1, 2 and 5 times the powers of ten within the interval.
    fn within_decades(&self) -> Vec<f64> {
        let slack = 1e-9;
        let exponents = self.lower.floor() as i32..=self.upper.ceil() as i32;
        exponents
            .flat_map(|exponent| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(exponent)))
            .filter(|tick| tick.log10() >= self.lower - slack)
            .filter(|tick| tick.log10() <= self.upper + slack)
            .collect()
    }

    /// The same interval by size, if 1, 2 and 5 times the powers of ten leave a logarithmic axis with less than two ticks.
    fn by_size(&self) -> Option<Self> {
        let short = self.way == Way::Logarithmic && self.upper - self.lower < FEW_DECADES;
        if !short || self.within_decades().len() >= 2 {
            return None;
        }
        // About six ticks are two at the least: a step is rounded to no more than 2.5 times its size.
        let [lower, upper] = [self.lower, self.upper].map(|exponent| 10_f64.powf(exponent));
        Some(Self::between(lower, upper, 6))
    }

    fn round_numbers(&self) -> Vec<f64> {
        let slack = 1e-9 * (self.upper - self.lower);
        let first = ((self.lower - slack) / self.step).ceil();
        (0..)
            .map(|index| (first + f64::from(index)) * self.step)
            .take_while(|&tick| tick <= self.upper + slack)
            .collect()
    }

    /// What a tick is called: with as many digits as tell neighbours apart.
    pub fn name(&self, tick: f64) -> String {
        match &self.way {
            Way::Named(names) => {
                let name = names.get(tick.round().max(0.0) as usize);
                return name.cloned().unwrap_or_default();
            }
            Way::Logarithmic if let Some(axis) = self.by_size() => return axis.name(tick),
            Way::Logarithmic if (1e-3..1e4).contains(&tick.abs()) => {
                let digits = (-(tick.abs().log10() + 1e-9).floor()).max(0.0) as usize;
                return format!("{tick:.digits$}");
            }
            Way::Logarithmic => return format!("{tick:.0e}"),
            Way::Linear => {}
        }
        let tick = if tick.abs() < 1e-9 * self.step {
            0.0
        } else {
            tick
        };
        let size = self.lower.abs().max(self.upper.abs());
        let exponent = |number: f64| number.abs().log10().floor() as i32;
        if size >= 1e6 || self.step < 1e-5 {
            if tick == 0.0 {
                return "0".into();
            }
            let digits = exponent(tick) - exponent(self.step);
            return trimmed_scientific(&format!("{tick:.*e}", digits.clamp(0, 16) as usize));
        }
        let digits = -exponent(self.step * (1.0 + 1e-9));
        format!("{tick:.*}", digits.clamp(0, 16) as usize)
    }
}

/// `1.50e6` as `1.5e6`.
fn trimmed_scientific(text: &str) -> String {
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            format!("{mantissa}e{exponent}")
        }
        _ => text.to_string(),
    }
}

/// The least of 1, 2, 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&round| round >= step * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(axis: &Axis) -> Vec<String> {
        axis.ticks().iter().map(|&tick| axis.name(tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_named_shortly() {
        let axis = Axis::covering([0.0, 10.0].into_iter(), 0.0, 5);
        assert_eq!(names(&axis), ["0", "2", "4", "6", "8", "10"]);
        let axis = Axis::covering([-0.3, 0.3].into_iter(), 0.0, 6);
        assert_eq!(
            names(&axis),
            ["-0.3", "-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3"]
        );
        let axis = Axis::covering([0.0, 2e7].into_iter(), 0.0, 4);
        assert_eq!(names(&axis), ["0", "5e6", "1e7", "1.5e7", "2e7"]);
        let axis = Axis::covering([1e-9, 3e-9].into_iter(), 0.0, 2);
        assert_eq!(names(&axis), ["1e-9", "2e-9", "3e-9"]);
    }

    #[test]
    fn few_decades_have_ticks_within_them() {
        let axis = Axis::along(&[0.05, 0.5, 5.0], &Way::Logarithmic, 6);
        assert_eq!(names(&axis), ["0.05", "0.1", "0.2", "0.5", "1", "2", "5"]);
        let axis = Axis::along(&[1e-3, 1.0, 1e3], &Way::Logarithmic, 6);
        assert_eq!(names(&axis)[..3], ["0.001", "0.01", "0.1"]);
    }

    #[test]
    fn a_logarithmic_axis_within_one_step_has_ticks_with_names_that_differ() {
        for numbers in [
            vec![2.2, 2.5, 3.0],
            vec![0.02, 0.021],
            vec![5.5e-7, 9.0e-7],
            vec![6.0e5, 6.001e5],
            vec![0.7, 1.9],
            vec![0.01],
            vec![1.0],
        ] {
            let axis = Axis::along(&numbers, &Way::Logarithmic, 10);
            let (ticks, names) = (axis.ticks(), names(&axis));
            assert!(ticks.len() >= 2, "{numbers:?}: {ticks:?}");
            let places = ticks.iter().map(|&tick| axis.place(tick));
            let within = places
                .clone()
                .all(|place| (-1e-6..=1.0 + 1e-6).contains(&place));
            assert!(within, "{numbers:?}: {ticks:?}");
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        }
        let axis = Axis::along(&[2.2, 2.5, 3.0], &Way::Logarithmic, 10);
        assert_eq!(names(&axis), ["2.2", "2.4", "2.6", "2.8", "3.0"]);
    }

    #[test]
    fn the_cells_at_the_ends_are_whole() {
        let axis = Axis::of_cells(&[0.0, 1.0, 2.0, 4.0], &Way::Linear, 4);
        assert_eq!((axis.lower, axis.upper), (-0.5, 5.0));
        let alone = Axis::of_cells(&[3.0], &Way::Linear, 4);
        assert!(alone.lower < 3.0 && 3.0 < alone.upper);
    }

    #[test]
    fn constant_numbers_make_an_interval_around_them() {
        for constant in [
            0.0,
            3.0,
            -2.5e-300,
            f64::from_bits(1),
            1e300,
            5.0f64.next_up(),
        ] {
            let axis = Axis::covering([constant; 3].into_iter(), 0.05, 5);
            assert!(axis.lower < constant && constant < axis.upper, "{axis:?}");
            assert!((axis.place(constant) - 0.5).abs() < 1e-9);
            assert!(axis.ticks().len() >= 2, "{axis:?}");
        }
    }

    #[test]
    fn numbers_that_are_not_finite_do_not_count() {
        let numbers = [f64::NAN, 1.0, f64::INFINITY, 2.0, f64::NEG_INFINITY];
        let axis = Axis::covering(numbers.into_iter(), 0.0, 5);
        assert_eq!((axis.lower, axis.upper), (1.0, 2.0));
        let nothing = Axis::covering([f64::NAN].into_iter(), 0.0, 5);
        assert_eq!((nothing.lower, nothing.upper), (0.0, 1.0));
    }

    #[test]
    fn the_greatest_numbers_do_not_overflow() {
        let axis = Axis::covering([-f64::MAX, f64::MAX].into_iter(), 0.05, 5);
        assert!((axis.upper - axis.lower).is_finite());
        assert!(axis.ticks().len() < 20);
    }

    #[test]
    fn names_of_neighbours_differ() {
        for (lower, upper) in [
            (0.0, 1e-3),
            (1e6, 1e6 + 1.0),
            (-7.0, 1234.5),
            (0.1, 0.100_1),
        ] {
            let axis = Axis::covering([lower, upper].into_iter(), 0.0, 6);
            let names = names(&axis);
            assert!(names.len() >= 3, "{names:?}");
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        }
    }
}
