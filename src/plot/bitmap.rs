//! The bitmap: a picture as pixels of red, green and blue, and these as the bytes of a PNG.
//!
//! Lines, discs and polygons are measured by [`Coverage`]: the bitmap of `plotters` extends the corners of a thick line to
//! points that lie far outside of it. The crate `png` packs the pixels, each row by the filter that suits it, as small as
//! deflate can.

use plotters::backend::BitMapBackend;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind,
};
use png::{AdaptiveFilterType, BitDepth, ColorType, Compression, Encoder};

use super::canvas::{Baseline, SIZE, Surface};
use super::envelope::Dot;
use super::series::Series;
use super::stroke::{Coverage, Window};
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
    let backend = Bitmap::new(&mut dots);
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

/// The dots of a bitmap.
struct Bitmap<'a> {
    dots: BitMapBackend<'a>,
    coverage: Coverage,
    /// Where lines and polygons are drawn.
    window: Window,
}

/// The whole picture.
const EVERYWHERE: Window = Window {
    from: (0, 0),
    to: SIZE,
};

type Drawn<E> = Result<(), DrawingErrorKind<E>>;

impl<'a> Bitmap<'a> {
    fn new(dots: &'a mut [u8]) -> Self {
        Self {
            dots: BitMapBackend::with_buffer(dots, (SIZE.0 as u32, SIZE.1 as u32)),
            coverage: Coverage::new((SIZE.0 as usize, SIZE.1 as usize)),
            window: EVERYWHERE,
        }
    }

    /// Lay a color over what is covered.
    fn lay(&mut self, color: BackendColor) -> Drawn<<Self as DrawingBackend>::ErrorType> {
        let mut drawn = Ok(());
        let dots = &mut self.dots;
        self.coverage.take(|dot, share| {
            if drawn.is_ok() {
                let alpha = color.alpha * share;
                drawn = dots.draw_pixel(dot, BackendColor { alpha, ..color });
            }
        });
        drawn
    }
}

impl Surface for Bitmap<'_> {
    fn clip(&mut self, to: Option<(Dot, Dot)>) {
        self.window = to.map_or(EVERYWHERE, |(from, to)| Window { from, to });
    }
}

impl<'a> DrawingBackend for Bitmap<'a> {
    type ErrorType = <BitMapBackend<'a> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.dots.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<Self::ErrorType> {
        self.dots.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<Self::ErrorType> {
        self.dots.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn<Self::ErrorType> {
        self.dots.draw_pixel(at, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn<Self::ErrorType> {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        lower_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn<Self::ErrorType> {
        self.dots.draw_rect(upper_left, lower_right, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn<Self::ErrorType> {
        let path: Vec<Dot> = path.into_iter().collect();
        let width = f64::from(style.stroke_width());
        self.coverage.line(&path, width, self.window);
        self.lay(style.color())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn<Self::ErrorType> {
        // A mark at the edge of the frame is seen as a whole.
        self.coverage.disc(center, f64::from(radius), EVERYWHERE);
        self.lay(style.color())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn<Self::ErrorType> {
        let corners: Vec<Dot> = corners.into_iter().collect();
        self.coverage.polygon(&corners, self.window);
        self.lay(style.color())
    }

    fn blit_bitmap(
        &mut self,
        at: BackendCoord,
        size: (u32, u32),
        bytes: &[u8],
    ) -> Drawn<Self::ErrorType> {
        self.dots.blit_bitmap(at, size, bytes)
    }
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
