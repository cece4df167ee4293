//! The canvas: lines, rectangles, images and texts in dots, on SVG or PNG alike.
//!
//! A dot is half a pixel of a PNG and a quarter of one of an SVG at its natural size: lines made of
//! whole dots look smooth in both.

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, FontTransform, RGBColor, ShapeStyle, TextStyle};

use super::PlotError;
use super::envelope::Dot;
use super::font;

/// Width and height of every picture in dots.
pub const SIZE: (i32, i32) = (3200, 1920);
/// The height of ordinary text.
pub const TEXT: f64 = 60.0;
/// The height of the title.
pub const TITLE: f64 = 68.0;

/// How small a label may become before it is shortened.
const SMALLEST: f64 = 0.72;

/// The grey of frames and grid lines.
pub const GRID: RGBColor = RGBColor(226, 226, 226);

/// Which point of a text is placed, and which way the text runs.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// Middle of the upper edge.
    Above,
    /// Middle of the left edge.
    Left,
    /// Middle of the right edge.
    Right,
    /// The middle, of a text that runs upwards.
    Upwards,
}

/// What can be drawn on: a backend that can keep lines and areas within a rectangle.
pub trait Surface: DrawingBackend {
    /// Draw lines and areas within these corners only, the second one outside, or everywhere again.
    fn clip(&mut self, to: Option<(Dot, Dot)>);
}

/// In a vector file half the width of a line may stand over the edge.
impl Surface for SVGBackend<'_> {
    fn clip(&mut self, _to: Option<(Dot, Dot)>) {}
}

/// A surface to draw on.
pub struct Canvas<B> {
    backend: B,
    baseline: Baseline,
}

/// How far below the intended place a backend must be told to put a text of height 1, so that
/// capitals hang from it or are centred on it.
#[derive(Clone, Copy, Debug)]
pub struct Baseline {
    hanging: f64,
    centred: f64,
}

impl Baseline {
    /// The bitmap backend puts the baseline of its font half a height below the top.
    pub const BITMAP: Baseline = Baseline {
        hanging: 0.14,
        centred: 0.21,
    };
    /// The vector backend knows about hanging, and centres the letter x.
    pub const VECTOR: Baseline = Baseline {
        hanging: 0.0,
        centred: 0.07,
    };
}

impl<B: Surface> Canvas<B> {
    /// A white canvas.
    pub fn new(backend: B, baseline: Baseline) -> Result<Self, PlotError> {
        let mut canvas = Self { backend, baseline };
        canvas.rectangle((0, 0), SIZE, RGBColor(255, 255, 255))?;
        Ok(canvas)
    }

    /// Finish the picture.
    pub fn finish(mut self) -> Result<(), PlotError> {
        self.backend.present().map_err(failed)
    }

    /// Keep lines and areas within these corners, the second one outside, until [`unclip`](Self::unclip).
    pub fn clip(&mut self, from: Dot, to: Dot) {
        self.backend.clip(Some((from, to)));
    }

    /// Draw everywhere again.
    pub fn unclip(&mut self) {
        self.backend.clip(None);
    }

    /// A line through the points; a single point becomes a dot.
    pub fn line(&mut self, points: &[Dot], colour: RGBColor, width: u32) -> Result<(), PlotError> {
        let style = ShapeStyle {
            color: colour.to_rgba(),
            filled: false,
            stroke_width: width,
        };
        match points {
            [] => Ok(()),
            [only] => self
                .backend
                .draw_circle(*only, width, &style.filled(), true)
                .map_err(failed),
            _ => self
                .backend
                .draw_path(points.iter().copied(), &style)
                .map_err(failed),
        }
    }

    /// A filled polygon, half transparent.
    pub fn area(&mut self, points: &[Dot], colour: RGBColor) -> Result<(), PlotError> {
        let style = ShapeStyle {
            color: colour.mix(0.22),
            filled: true,
            stroke_width: 0,
        };
        self.backend
            .fill_polygon(points.iter().copied(), &style)
            .map_err(failed)
    }

    /// A filled rectangle.
    pub fn rectangle(
        &mut self,
        upper_left: Dot,
        lower_right: Dot,
        colour: RGBColor,
    ) -> Result<(), PlotError> {
        self.backend
            .draw_rect(upper_left, lower_right, &colour, true)
            .map_err(failed)
    }

    /// An image of `size`, three bytes a pixel, row by row.
    pub fn image(&mut self, at: Dot, size: (u32, u32), bytes: &[u8]) -> Result<(), PlotError> {
        self.backend.blit_bitmap(at, size, bytes).map_err(failed)
    }

    /// A text in one line.
    pub fn text(
        &mut self,
        text: &str,
        size: f64,
        at: Dot,
        anchor: Anchor,
    ) -> Result<(), PlotError> {
        let (horizontal, vertical, transform) = match anchor {
            Anchor::Above => (HPos::Center, VPos::Top, FontTransform::None),
            Anchor::Left => (HPos::Left, VPos::Center, FontTransform::None),
            Anchor::Right => (HPos::Right, VPos::Center, FontTransform::None),
            Anchor::Upwards => (HPos::Center, VPos::Center, FontTransform::Rotate270),
        };
        let hanging = (self.baseline.hanging * size).round() as i32;
        let centred = (self.baseline.centred * size).round() as i32;
        let at = match anchor {
            Anchor::Above => (at.0, at.1 + hanging),
            Anchor::Left | Anchor::Right => (at.0, at.1 + centred),
            Anchor::Upwards => (at.0 + centred, at.1),
        };
        let style = style(size)
            .pos(Pos::new(horizontal, vertical))
            .transform(transform);
        self.backend.draw_text(text, &style, at).map_err(failed)
    }

    /// A text in one line that is no wider than `room`: smaller if need be, and shortened where that does not
    /// do.
    pub fn label(
        &mut self,
        text: &str,
        size: f64,
        room: i32,
        at: Dot,
        anchor: Anchor,
    ) -> Result<(), PlotError> {
        let mut fitting = size;
        while fitting > SMALLEST * size && self.width(text, fitting)? > room {
            fitting *= 0.95;
        }
        let text = self.fitted(text, fitting, room)?;
        self.text(&text, fitting, at, anchor)
    }

    /// The width of a text in dots.
    pub fn width(&self, text: &str, size: f64) -> Result<i32, PlotError> {
        let (width, _) = self
            .backend
            .estimate_text_size(text, &style(size))
            .map_err(failed)?;
        Ok(i32::try_from(width).unwrap_or(i32::MAX))
    }

    /// The text, shortened until it is no wider than `room`.
    pub fn fitted(&self, text: &str, size: f64, room: i32) -> Result<String, PlotError> {
        let mut shown = text.to_string();
        let mut kept = text.chars().count();
        while kept > 0 && self.width(&shown, size)? > room {
            kept -= 1;
            shown = text.chars().take(kept).chain(['…']).collect();
        }
        Ok(shown)
    }
}

fn style(size: f64) -> TextStyle<'static> {
    TextStyle::from((font::FAMILY, size)).color(&BLACK)
}

fn failed(error: impl std::error::Error) -> PlotError {
    PlotError::Draw(error.to_string())
}
