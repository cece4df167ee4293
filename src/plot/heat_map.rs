//! Heat maps: time across and components upwards, or two axes of a sweep; values as colours.
//!
//! Where several samples or components fall into a pixel it shows their mean, or of codes, which have none, the one in their
//! middle; where samples are rarer than pixels each pixel shows the nearest one. What is missing is grey.

use plotters::style::RGBColor;

use super::PlotError;
use super::axis::{Axis, Way};
use super::canvas::{Canvas, Surface};
use super::frame::{ColourBar, Frame, Texts};
use super::palette;
use super::series::Series;

/// Draw the series.
pub fn draw<B: Surface>(canvas: &mut Canvas<B>, series: &Series) -> Result<(), PlotError> {
    // Over time samples are instants; along anything else a number is the middle of its cell.
    let across = match &series.rows {
        Some(_) => Axis::of_cells(&series.times, &series.across, 10),
        None => Axis::along(&series.times, &series.across, 10),
    };
    let count = series.components.len().max(1) as f64;
    let edges = [series.first - 0.5, series.first + count - 0.5];
    let upwards = match &series.rows {
        Some((rows, way)) => Axis::of_cells(rows, way, 6),
        None => Axis::covering(edges.into_iter(), 0.0, 6),
    };
    let codes = series.codes.len();
    let bar = ColourBar {
        axis: match codes {
            0 => Axis::covering(series.values.iter().copied(), 0.0, 6),
            _ => Axis::along(&[], &Way::Named(series.codes.clone()), 6),
        },
        text: series.quantity.label(),
    };
    let colour = |place: f64| match codes {
        0 => palette::heat(place),
        codes => palette::code(place, codes),
    };
    let aside = bar.room(canvas)?;
    let mut frame = Frame::new(canvas, across, upwards, aside)?;
    if let (true, Some((rows, _))) = (series.even, &series.rows) {
        frame = frame.narrowed(series.times.len() as f64 / rows.len().max(1) as f64);
    }
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let samples = samples_of_columns(&series.times, &frame.across, width);
    let components = match &series.rows {
        Some((rows, _)) => {
            let mut pixels = samples_of_columns(rows, &frame.upwards, height);
            pixels.reverse();
            pixels
        }
        None => components_of_rows(series.components.len(), height),
    };
    let mut bytes = Vec::with_capacity(3 * width * height);
    for components in &components {
        for samples in &samples {
            let number = shown(series, samples.clone(), components.clone());
            let place = bar.axis.place(number);
            let RGBColor(red, green, blue) = colour(place);
            bytes.extend([red, green, blue]);
        }
    }
    canvas.image(
        (frame.left, frame.top),
        (width as u32, height as u32),
        &bytes,
    )?;
    frame.draw_edges(
        canvas,
        Texts {
            title: &series.title,
            across: &series.clock.label(),
            upwards: &series.axis,
        },
    )?;
    bar.draw(canvas, &frame, colour)
}

type Indices = std::ops::Range<usize>;

/// For each pixel column the samples that fall into it, or else the nearest one.
fn samples_of_columns(times: &[f64], axis: &Axis, width: usize) -> Vec<Indices> {
    let time = |edge: f64| axis.number(edge / width as f64);
    (0..width)
        .map(|column| {
            let (left, right) = (time(column as f64), time(column as f64 + 1.0));
            let first = times.partition_point(|&t| t < left);
            let end = match column + 1 == width {
                true => times.len(),
                false => times.partition_point(|&t| t < right),
            };
            if first < end {
                return first..end;
            }
            let middle = (left + right) / 2.0;
            let before = first.saturating_sub(1);
            let after = first.min(times.len().saturating_sub(1));
            let nearest = match times.get(before).zip(times.get(after)) {
                Some((b, a)) if (middle - b).abs() <= (a - middle).abs() => before,
                _ => after,
            };
            nearest..(nearest + 1).min(times.len())
        })
        .collect()
}

/// For each pixel row, from the top, the components that fall into it.
fn components_of_rows(count: usize, height: usize) -> Vec<Indices> {
    (0..height)
        .rev()
        .map(|row| {
            let first = row * count / height;
            let end = ((row + 1) * count / height).max(first + 1).min(count);
            first..end
        })
        .collect()
}

/// What a pixel shows of the numbers in it; NaN if none of them is finite.
fn shown(series: &Series, samples: Indices, components: Indices) -> f64 {
    let all = samples.flat_map(|sample| {
        let components = components.clone();
        components.map(move |component| series.value(sample, component))
    });
    let finite = all.filter(|value| value.is_finite());
    if series.codes.is_empty() {
        let (sum, count) =
            finite.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        return sum / count;
    }
    // The mean of two codes would be a third one, that nothing has.
    let members: Vec<f64> = finite.collect();
    members.get(members.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_shown_in_some_column() {
        let times: Vec<f64> = (0..1000).map(|index| f64::from(index) * 0.1).collect();
        let axis = Axis::covering(times.iter().copied(), 0.0, 5);
        let columns = samples_of_columns(&times, &axis, 300);
        assert_eq!(columns[0].start, 0);
        assert_eq!(columns[299].end, 1000);
        assert!(columns.windows(2).all(|pair| pair[0].end == pair[1].start));
    }

    #[test]
    fn rare_samples_fill_the_columns_around_them() {
        let times = [0.0, 1.0, 4.0];
        let axis = Axis::covering(times.into_iter(), 0.0, 4);
        let columns: Vec<usize> = samples_of_columns(&times, &axis, 8)
            .into_iter()
            .map(|samples| samples.start)
            .collect();
        assert_eq!(columns, [0, 1, 1, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn every_component_is_shown_in_some_row_with_the_first_at_the_bottom() {
        for (count, height) in [(3, 10), (10, 3), (7, 7), (1, 5)] {
            let rows = components_of_rows(count, height);
            assert_eq!((rows[0].end, rows[height - 1].start), (count, 0));
            let mut shown = vec![false; count];
            for row in &rows {
                assert!(!row.is_empty());
                shown[row.clone()].fill(true);
            }
            assert!(shown.iter().all(|&shown| shown), "{count} in {height}");
        }
    }

    #[test]
    fn a_pixel_shows_the_mean_of_numbers_and_a_member_of_codes() {
        let mut series = Series {
            times: vec![0.0, 1.0, 2.0],
            components: vec!["stage".into(), "other".into()],
            values: vec![0.0, 2.0, f64::NAN, 2.0, 0.0, 0.0],
            ..Series::default()
        };
        assert_eq!(shown(&series, 0..3, 0..2), 0.8);
        assert!(shown(&series, 1..2, 0..1).is_nan());
        series.codes = ["quiet", "tonic", "clonic"].map(String::from).to_vec();
        // Half of these are 0 and half are 2: their mean is `tonic`, which none of them is.
        for (samples, components) in [(0..1, 0..2), (0..3, 0..2), (1..3, 0..2), (0..2, 1..2)] {
            let code = shown(&series, samples, components);
            assert!(code == 0.0 || code == 2.0, "{code}");
        }
        assert!(shown(&series, 1..2, 0..1).is_nan());
    }
}
