//! The bitmap: a picture as pixels of red, green and blue, and these as the bytes of a PNG.
//!
//! The crate `png` packs them, each row by the filter that suits it, as small as deflate can.

use plotters::backend::BitMapBackend;
use png::{AdaptiveFilterType, BitDepth, ColorType, Compression, Encoder};

use super::canvas::{Baseline, SIZE};
use super::series::Series;
use super::{Kind, PlotError, draw};

/// Width and height of every bitmap in pixels; a pixel is two dots wide and two high.
const PIXELS: (usize, usize) = (SIZE.0 as usize / 2, SIZE.1 as usize / 2);

/// The bytes of a PNG of the series.
pub fn png(series: &Series, kind: Kind) -> Result<Vec<u8>, PlotError> {
    packed(&pixels(series, kind)?, PIXELS).map_err(|error| PlotError::Draw(error.to_string()))
}

/// The pixels, each the mean of four dots.
fn pixels(series: &Series, kind: Kind) -> Result<Vec<u8>, PlotError> {
    let width = SIZE.0 as usize;
    let mut dots = vec![0; 3 * width * SIZE.1 as usize];
    let backend = BitMapBackend::with_buffer(&mut dots, (SIZE.0 as u32, SIZE.1 as u32));
    draw(backend, Baseline::BITMAP, series, kind)?;
    let mut pixels = Vec::with_capacity(dots.len() / 4);
    for rows in dots.chunks_exact(2 * 3 * width) {
        let (upper, lower) = rows.split_at(3 * width);
        for (upper, lower) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for channel in 0..3 {
                let above = u16::from(upper[channel]) + u16::from(upper[channel + 3]);
                let below = u16::from(lower[channel]) + u16::from(lower[channel + 3]);
                pixels.push(((above + below + 2) / 4) as u8);
            }
        }
    }
    Ok(pixels)
}

/// Pixels of three bytes, row by row, as a PNG.
fn packed(pixels: &[u8], (width, height): (usize, usize)) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Best);
    encoder.set_adaptive_filter(AdaptiveFilterType::Adaptive);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::series::Quantity;

    /// Width, height and bytes of a PNG.
    fn unpacked(file: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size()];
        let frame = reader.next_frame(&mut bytes).unwrap();
        assert_eq!(
            (frame.color_type, frame.bit_depth),
            (ColorType::Rgb, BitDepth::Eight)
        );
        bytes.truncate(frame.buffer_size());
        (frame.width, frame.height, bytes)
    }

    #[test]
    fn pixels_come_back_from_the_file() {
        // Even, rising, like the row above and unlike anything: each filter has rows that it suits.
        let row = |y: u32| {
            (0..3 * 40_u32).map(move |x| match y % 4 {
                0 => 200,
                1 => 2 * x,
                2 => 2 * x + 1,
                _ => (x * x * 31 + y * 17) % 251,
            })
        };
        let pixels: Vec<u8> = (0..30).flat_map(row).map(|byte| byte as u8).collect();
        let file = packed(&pixels, (40, 30)).unwrap();
        assert_eq!(unpacked(&file), (40, 30, pixels));
    }

    #[test]
    fn a_picture_is_white_around_its_data_and_has_the_colours_of_its_lines() {
        let series = Series {
            quantity: Quantity::named("x"),
            times: vec![0.0, 1.0],
            components: vec!["x".into()],
            values: vec![0.0, 1.0],
            ..Series::default()
        };
        assert!(crate::plot::font::register());
        let file = png(&series, Kind::TimeSeries).unwrap();
        let (width, height, bytes) = unpacked(&file);
        assert_eq!((width, height), (1600, 960));
        assert_eq!(bytes, pixels(&series, Kind::TimeSeries).unwrap());
        assert_eq!(bytes[..3], [255, 255, 255]);
        let colour = crate::plot::palette::line(0, 1);
        let blue = [colour.0, colour.1, colour.2];
        let drawn = bytes.chunks_exact(3).filter(|pixel| **pixel == blue);
        // A line from corner to corner crosses every row at least once.
        assert!(drawn.count() > 700);
    }
}
