//! Colours that people with any colour vision can tell apart.
//!
//! Up to eight lines take the colours of Okabe and Ito (*Color Universal Design*, 2008), without the
//! yellow, which is too pale for a line on white, and with a grey; more lines are coloured by their
//! index along viridis, as heat maps are coloured by their values.

use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

const OKABE_ITO: [(u8, u8, u8); 8] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (0, 0, 0),
    (140, 140, 140),
];

/// How many lines can be told apart by name; more are coloured by index.
pub const NAMED: usize = OKABE_ITO.len();

/// What stands in a heat map where there is no number.
pub const MISSING: RGBColor = RGBColor(214, 214, 214);

/// The part of viridis that shows on white as a line.
const DARK: f64 = 0.92;

/// The colour of line `index` of `count`.
pub fn line(index: usize, count: usize) -> RGBColor {
    if count <= NAMED {
        let (red, green, blue) = OKABE_ITO[index % NAMED];
        return RGBColor(red, green, blue);
    }
    by_index(index as f64 / (count - 1) as f64)
}

/// The colour of a line at a fraction of all lines.
pub fn by_index(fraction: f64) -> RGBColor {
    heat(DARK * fraction)
}

/// Viridis at a fraction from 0 to 1; NaN is missing.
pub fn heat(fraction: f64) -> RGBColor {
    if fraction.is_nan() {
        return MISSING;
    }
    ViridisRGB.get_color(fraction.clamp(0.0, 1.0))
}

/// The colour of a code at a fraction of the strip of `count` codes.
pub fn code(fraction: f64, count: usize) -> RGBColor {
    if !(0.0..=1.0).contains(&fraction) {
        return MISSING;
    }
    let last = count.max(2) - 1;
    let index = ((fraction * count as f64) as usize).min(last);
    heat(index as f64 / last as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_lines_are_distinct() {
        for count in [NAMED, NAMED + 1, 100] {
            let mut seen: Vec<(u8, u8, u8)> = (0..count)
                .map(|index| line(index, count))
                .map(|RGBColor(red, green, blue)| (red, green, blue))
                .collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), count);
        }
    }

    #[test]
    fn viridis_runs_from_violet_to_yellow_and_has_no_colour_for_nan() {
        let RGBColor(red, green, blue) = heat(0.0);
        assert!(blue > green && red > green, "{:?}", (red, green, blue));
        let RGBColor(red, green, blue) = heat(1.0);
        assert!(red > blue && green > blue, "{:?}", (red, green, blue));
        assert_eq!(heat(f64::NAN), MISSING);
    }
}
