//! The frame of a picture: title, axes with ticks and labels, and the rectangle between them.

use plotters::style::RGBColor;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Anchor, Canvas, GRID, SIZE, Surface, TEXT, TITLE};
use super::envelope::Dot;
use super::series::Series;

const INK: RGBColor = RGBColor(60, 60, 60);
const TICK: i32 = 20;
const MARGIN: i32 = 56;
/// Between a tick and its name.
const NEAR: i32 = 16;

/// The texts around a picture.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// Above it.
    pub title: &'a str,
    /// Below it.
    pub across: &'a str,
    /// To its left, running upwards.
    pub upwards: &'a str,
}

/// The rectangle in dots in which the data lie, and its two axes.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Left edge.
    pub left: i32,
    /// Right edge.
    pub right: i32,
    /// Upper edge.
    pub top: i32,
    /// Lower edge.
    pub bottom: i32,
    /// The axis from left to right.
    pub across: Axis,
    /// The axis from bottom to top.
    pub upwards: Axis,
}

impl Frame {
    /// The frame that leaves room for its texts, and for `aside` dots to the right.
    pub fn new<B: Surface>(
        canvas: &Canvas<B>,
        across: Axis,
        upwards: Axis,
        aside: i32,
    ) -> Result<Self, PlotError> {
        let mut widest = 0;
        for tick in upwards.ticks() {
            widest = widest.max(canvas.width(&upwards.name(tick), TEXT)?);
        }
        let mut overhang = 0;
        for tick in across.ticks() {
            overhang = overhang.max(canvas.width(&across.name(tick), TEXT)? / 2 - MARGIN + NEAR);
        }
        let line = TEXT as i32;
        Ok(Self {
            left: MARGIN + line + 36 + widest + TICK + NEAR,
            right: SIZE.0 - MARGIN - aside.max(overhang),
            top: MARGIN + TITLE as i32 + 32,
            bottom: SIZE.1 - MARGIN - 2 * line - TICK - 44,
            across,
            upwards,
        })
    }

    /// Made narrower until its sides are in this ratio, width to height, if it is wider.
    pub fn narrowed(mut self, ratio: f64) -> Self {
        let width = (f64::from(self.height()) * ratio).round() as i32;
        self.right = self.right.min(self.left + width);
        self
    }

    /// Width in dots.
    pub fn width(&self) -> i32 {
        self.right - self.left
    }

    /// Height in dots.
    pub fn height(&self) -> i32 {
        self.bottom - self.top
    }

    /// The place in dots of a number on the axis across.
    pub fn x(&self, number: f64) -> f64 {
        f64::from(self.left) + self.across.place(number) * f64::from(self.width())
    }

    /// The place in dots of a number on the axis upwards.
    pub fn y(&self, number: f64) -> f64 {
        f64::from(self.bottom) - self.upwards.place(number) * f64::from(self.height())
    }

    /// Draw lines and areas between the edges only, until [`Canvas::unclip`].
    pub fn clip<B: Surface>(&self, canvas: &mut Canvas<B>) {
        canvas.clip((self.left, self.top), (self.right + 1, self.bottom + 1));
    }

    /// Draw grid lines behind the data.
    pub fn draw_grid<B: Surface>(&self, canvas: &mut Canvas<B>) -> Result<(), PlotError> {
        for tick in self.across.ticks() {
            let x = self.x(tick).round() as i32;
            canvas.line(&[(x, self.top), (x, self.bottom)], GRID, 2)?;
        }
        for tick in self.upwards.ticks() {
            let y = self.y(tick).round() as i32;
            canvas.line(&[(self.left, y), (self.right, y)], GRID, 2)?;
        }
        Ok(())
    }

    /// Draw the edges of a picture over time or over an axis, named by its series.
    pub fn draw_edges_of<B: Surface>(
        &self,
        canvas: &mut Canvas<B>,
        series: &Series,
    ) -> Result<(), PlotError> {
        let texts = Texts {
            title: &series.title,
            across: &series.clock.label(),
            upwards: &series.quantity.label(),
        };
        self.draw_edges(canvas, texts)
    }

    /// Draw the edges, the ticks and the texts around the data.
    pub fn draw_edges<B: Surface>(
        &self,
        canvas: &mut Canvas<B>,
        texts: Texts<'_>,
    ) -> Result<(), PlotError> {
        let corners = [
            (self.left, self.top),
            (self.right, self.top),
            (self.right, self.bottom),
            (self.left, self.bottom),
            (self.left, self.top),
        ];
        canvas.line(&corners, INK, 4)?;
        for tick in self.across.ticks() {
            let x = self.x(tick).round() as i32;
            canvas.line(&[(x, self.bottom), (x, self.bottom + TICK)], INK, 4)?;
            let name = self.across.name(tick);
            canvas.text(&name, TEXT, (x, self.bottom + TICK + NEAR), Anchor::Above)?;
        }
        for tick in self.upwards.ticks() {
            let y = self.y(tick).round() as i32;
            canvas.line(&[(self.left - TICK, y), (self.left, y)], INK, 4)?;
            let at = (self.left - TICK - NEAR, y);
            canvas.text(&self.upwards.name(tick), TEXT, at, Anchor::Right)?;
        }
        let middle = (self.left + self.right) / 2;
        let below = SIZE.1 - MARGIN - TEXT as i32;
        let room = self.width();
        canvas.label(texts.across, TEXT, room, (middle, below), Anchor::Above)?;
        let at = (MARGIN + TEXT as i32 / 2, (self.top + self.bottom) / 2);
        canvas.label(texts.upwards, TEXT, self.height(), at, Anchor::Upwards)?;
        let (room, at) = (
            SIZE.0 - self.left - MARGIN,
            (self.left, MARGIN + TITLE as i32 / 2),
        );
        canvas.label(texts.title, TITLE, room, at, Anchor::Left)
    }
}

/// A strip beside the frame that explains colours by numbers.
pub struct ColourBar {
    /// Its numbers.
    pub axis: Axis,
    /// What they are.
    pub text: String,
}

impl ColourBar {
    const WIDTH: i32 = 68;
    const GAP: i32 = 60;

    /// The dots it needs beside the frame.
    pub fn room<B: Surface>(&self, canvas: &Canvas<B>) -> Result<i32, PlotError> {
        Ok(Self::GAP + Self::WIDTH + TICK + NEAR + self.widest(canvas)? + 28 + TEXT as i32)
    }

    fn widest<B: Surface>(&self, canvas: &Canvas<B>) -> Result<i32, PlotError> {
        let mut widest = 0;
        for tick in self.axis.ticks() {
            widest = widest.max(canvas.width(&self.axis.name(tick), TEXT)?);
        }
        Ok(widest)
    }

    /// Draw it to the right of the frame; `colour` takes fractions from 0 to 1.
    pub fn draw<B: Surface>(
        &self,
        canvas: &mut Canvas<B>,
        frame: &Frame,
        colour: impl Fn(f64) -> RGBColor,
    ) -> Result<(), PlotError> {
        let (left, right) = (
            frame.right + Self::GAP,
            frame.right + Self::GAP + Self::WIDTH,
        );
        let height = frame.height();
        let size = (Self::WIDTH as u32, height as u32);
        let bytes: Vec<u8> = (0..height)
            .flat_map(|row| {
                let RGBColor(red, green, blue) =
                    colour(1.0 - (f64::from(row) + 0.5) / f64::from(height));
                [red, green, blue].repeat(Self::WIDTH as usize)
            })
            .collect();
        canvas.image((left, frame.top), size, &bytes)?;
        for tick in self.axis.ticks() {
            let place = self.axis.place(tick) * f64::from(height);
            let y = (f64::from(frame.bottom) - place).round() as i32;
            canvas.line(&[(right, y), (right + TICK, y)], INK, 4)?;
            canvas.text(
                &self.axis.name(tick),
                TEXT,
                (right + TICK + NEAR, y),
                Anchor::Left,
            )?;
        }
        let x = right + TICK + NEAR + self.widest(canvas)? + 28 + TEXT as i32 / 2;
        let at: Dot = (x, (frame.top + frame.bottom) / 2);
        canvas.label(&self.text, TEXT, height, at, Anchor::Upwards)
    }
}
