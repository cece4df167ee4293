//! Strokes: which share of each dot a line, a disc or a polygon covers.
//!
//! ```text
//! line      distance to the path at most half the width; round joins, straight ends
//! disc      distance to the center at most the radius
//! polygon   inside by the nonzero winding rule
//! ```
//!
//! The share falls from 1 to 0 over one dot across an edge. Every part of a line is measured on its own and a dot keeps the greatest
//! share, so that no corner, however sharp, reaches farther than half the width: a join that is extended to a point draws
//! spikes that are not in the data.

use super::envelope::Dot;

/// A rectangle of dots: its first corner and the dot after its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Left and upper edge, within.
    pub from: Dot,
    /// Right and lower edge, outside.
    pub to: Dot,
}

impl Window {
    /// What two windows share.
    pub fn and(self, other: Self) -> Self {
        Self {
            from: (self.from.0.max(other.from.0), self.from.1.max(other.from.1)),
            to: (self.to.0.min(other.to.0), self.to.1.min(other.to.1)),
        }
    }
}

/// The shares of the dots that are covered so far.
pub struct Coverage {
    width: usize,
    shares: Vec<f32>,
    /// For each row the dots that were touched: the first, and the one after the last.
    touched: Vec<(i32, i32)>,
}

const UNTOUCHED: (i32, i32) = (i32::MAX, i32::MIN);

impl Coverage {
    /// Nothing is covered.
    pub fn new((width, height): (usize, usize)) -> Self {
        Self {
            width,
            shares: vec![0.0; width * height],
            touched: vec![UNTOUCHED; height],
        }
    }

    /// Cover a line through points, within a window.
    pub fn line(&mut self, points: &[Dot], width: f64, window: Window) {
        let mut path: Vec<Dot> = Vec::with_capacity(points.len());
        path.extend(points);
        path.dedup();
        let closed = path.len() > 2 && path.first() == path.last();
        let last = path.len().saturating_sub(2);
        for (number, pair) in path.windows(2).enumerate() {
            let piece = Piece {
                from: real(pair[0]),
                to: real(pair[1]),
                straight: [number == 0 && !closed, number == last && !closed],
                half: 0.5 * width,
            };
            self.piece(&piece, window);
        }
    }

    /// Cover a disc, within a window.
    pub fn disc(&mut self, center: Dot, radius: f64, window: Window) {
        let piece = Piece {
            from: real(center),
            to: real(center),
            straight: [false; 2],
            half: radius,
        };
        self.piece(&piece, window);
    }

    /// Cover what a polygon encloses, within a window.
    pub fn polygon(&mut self, corners: &[Dot], window: Window) {
        let window = self.on_canvas(window);
        let next = corners.iter().cycle().skip(1);
        let sides: Vec<((f64, f64), (f64, f64))> = corners
            .iter()
            .zip(next)
            .map(|(&a, &b)| (real(a), real(b)))
            .filter(|(a, b)| a.1 != b.1)
            .collect();
        let rows = corners.iter().map(|corner| corner.1);
        let (Some(top), Some(bottom)) = (rows.clone().min(), rows.max()) else {
            return;
        };
        for row in top.max(window.from.1)..(bottom + 1).min(window.to.1) {
            // Through the middle of the row below its line: no corner lies there.
            let y = f64::from(row) + 0.5;
            let mut crossings: Vec<(f64, i32)> = sides
                .iter()
                .filter(|(a, b)| (a.1 < y) != (b.1 < y))
                .map(|(a, b)| {
                    let x = a.0 + (b.0 - a.0) * (y - a.1) / (b.1 - a.1);
                    (x, if a.1 < b.1 { 1 } else { -1 })
                })
                .collect();
            crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut winding = 0;
            for pair in crossings.windows(2) {
                winding += pair[0].1;
                if winding != 0 {
                    self.span(row, (pair[0].0, pair[1].0), window);
                }
            }
        }
    }

    /// Cover a row from one place to another.
    fn span(&mut self, row: i32, (from, to): (f64, f64), window: Window) {
        let first = (from.floor() as i32).max(window.from.0);
        let end = (to.ceil() as i32).min(window.to.0);
        for x in first..end {
            let left = f64::from(x).max(from);
            let right = (f64::from(x) + 1.0).min(to);
            self.raise(x, row, right - left, true);
        }
    }

    /// Cover one part of a line.
    fn piece(&mut self, piece: &Piece, window: Window) {
        let window = self.on_canvas(window);
        let reach = piece.half + 1.0;
        let (low, high) = (
            piece.from.1.min(piece.to.1) - reach,
            piece.from.1.max(piece.to.1) + reach,
        );
        let rows = (low.floor() as i32).max(window.from.1)..(high.ceil() as i32).min(window.to.1);
        for row in rows {
            let (left, right) = piece.across(f64::from(row), reach);
            let first = (left.floor() as i32).max(window.from.0);
            let end = (right.ceil() as i32 + 1).min(window.to.0);
            for x in first..end {
                let share = piece.share((f64::from(x), f64::from(row)));
                self.raise(x, row, share, false);
            }
        }
    }

    fn on_canvas(&self, window: Window) -> Window {
        window.and(Window {
            from: (0, 0),
            to: (self.width as i32, self.touched.len() as i32),
        })
    }

    /// A dot is covered by this share: at least, or in addition.
    fn raise(&mut self, x: i32, row: i32, share: f64, adds: bool) {
        if share <= 0.0 {
            return;
        }
        let now = &mut self.shares[row as usize * self.width + x as usize];
        let share = share as f32;
        *now = match adds {
            true => (*now + share).min(1.0),
            false => now.max(share),
        };
        let (first, end) = &mut self.touched[row as usize];
        *first = x.min(*first);
        *end = (x + 1).max(*end);
    }

    /// Hand over every dot that is covered with its share, and forget it.
    pub fn take(&mut self, mut each: impl FnMut(Dot, f64)) {
        for (row, touched) in self.touched.iter_mut().enumerate() {
            let (first, end) = std::mem::replace(touched, UNTOUCHED);
            for x in first..end {
                let share = std::mem::take(&mut self.shares[row * self.width + x as usize]);
                if share > 0.0 {
                    each((x, row as i32), f64::from(share));
                }
            }
        }
    }
}

fn real(dot: Dot) -> (f64, f64) {
    (f64::from(dot.0), f64::from(dot.1))
}

/// A straight part of a line.
struct Piece {
    from: (f64, f64),
    to: (f64, f64),
    /// Whether it ends straight: at its start, at its end. It is round where another part follows.
    straight: [bool; 2],
    /// Half the width.
    half: f64,
}

impl Piece {
    /// Where it can cover dots of a row that is `reach` away at most.
    fn across(&self, row: f64, reach: f64) -> (f64, f64) {
        let (from, to) = (self.from, self.to);
        let rise = to.1 - from.1;
        let at = |y: f64| match rise {
            0.0 => 0.0,
            rise => ((y - from.1) / rise).clamp(0.0, 1.0),
        };
        let (a, b) = match rise {
            0.0 => (0.0, 1.0),
            _ => (at(row - reach), at(row + reach)),
        };
        let (a, b) = (from.0 + a * (to.0 - from.0), from.0 + b * (to.0 - from.0));
        (a.min(b) - reach, a.max(b) + reach)
    }

    /// The share of a dot that it covers.
    fn share(&self, dot: (f64, f64)) -> f64 {
        let along = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let length = along.0.hypot(along.1);
        let away = (dot.0 - self.from.0, dot.1 - self.from.1);
        if length == 0.0 {
            return (self.half + 0.5 - away.0.hypot(away.1)).clamp(0.0, 1.0);
        }
        let forth = (away.0 * along.0 + away.1 * along.1) / length;
        let nearest = forth.clamp(0.0, length);
        let aside = (away.0 * along.1 - away.1 * along.0) / length;
        let mut share = (self.half + 0.5 - aside.hypot(forth - nearest)).clamp(0.0, 1.0);
        if self.straight[0] {
            share = share.min((0.5 + forth).max(0.0));
        }
        if self.straight[1] {
            share = share.min((0.5 + length - forth).max(0.0));
        }
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Window = Window {
        from: (0, 0),
        to: (200, 200),
    };

    fn covered(draw: impl FnOnce(&mut Coverage)) -> Vec<(Dot, f64)> {
        let mut coverage = Coverage::new((200, 200));
        draw(&mut coverage);
        let mut dots = Vec::new();
        coverage.take(|dot, share| dots.push((dot, share)));
        // What is handed over is forgotten.
        coverage.take(|dot, _| panic!("{dot:?} is left"));
        dots
    }

    #[test]
    fn no_corner_reaches_farther_than_half_the_width() {
        // Needles, a turn by 180 degrees, and points that are repeated.
        let path = [
            (20, 150),
            (21, 30),
            (22, 150),
            (22, 150),
            (24, 60),
            (24, 100),
            (90, 101),
            (30, 102),
        ];
        let near = |dot: Dot| {
            let distance = |a: Dot, b: Dot| {
                let (a, b, p) = (real(a), real(b), real(dot));
                let along = (b.0 - a.0, b.1 - a.1);
                let square = along.0 * along.0 + along.1 * along.1;
                let part = ((p.0 - a.0) * along.0 + (p.1 - a.1) * along.1) / square.max(1e-300);
                let part = part.clamp(0.0, 1.0);
                (p.0 - a.0 - part * along.0).hypot(p.1 - a.1 - part * along.1)
            };
            let pieces = path.windows(2).map(|pair| distance(pair[0], pair[1]));
            pieces.fold(f64::INFINITY, f64::min)
        };
        let dots = covered(|coverage| coverage.line(&path, 6.0, ALL));
        assert!(
            dots.iter()
                .all(|&(dot, share)| share <= (3.5 - near(dot)).max(0.0) + 1e-6)
        );
        let inner = (0..200).flat_map(|x| (0..200).map(move |y| (x, y)));
        for dot in
            inner.filter(|&dot| near(dot) < 2.0 && !(dot.1 > 147 || dot.0 < 33 && dot.1 > 98))
        {
            assert!(dots.contains(&(dot, 1.0)), "{dot:?} is not covered");
        }
    }

    #[test]
    fn areas_are_those_of_geometry() {
        let area = |dots: &[(Dot, f64)]| dots.iter().map(|(_, share)| share).sum::<f64>();
        let line = covered(|coverage| coverage.line(&[(30, 40), (90, 120)], 6.0, ALL));
        assert!((area(&line) - 600.0).abs() < 6.0, "{}", area(&line));
        let disc = covered(|coverage| coverage.disc((100, 100), 20.0, ALL));
        assert!((area(&disc) - 400.0 * std::f64::consts::PI).abs() < 4.0);
        let corners = [(10, 10), (110, 60), (60, 160)];
        let triangle = covered(|coverage| coverage.polygon(&corners, ALL));
        assert!(
            (area(&triangle) - 6250.0).abs() < 5.0,
            "{}",
            area(&triangle)
        );
        // A bow tie is covered on both sides of its crossing.
        let bow = [(10, 10), (10, 110), (110, 10), (110, 110)];
        let bow = covered(|coverage| coverage.polygon(&bow, ALL));
        assert!((area(&bow) - 5000.0).abs() < 5.0, "{}", area(&bow));
    }

    #[test]
    fn nothing_is_covered_outside_of_the_window_or_the_canvas() {
        let window = Window {
            from: (50, 60),
            to: (80, 90),
        };
        let path = [(-500, 70), (900, 75), (70, -4000), (71, 4000)];
        let dots = covered(|coverage| coverage.line(&path, 8.0, window));
        let outside = |&((x, y), _): &(Dot, f64)| !((50..80).contains(&x) && (60..90).contains(&y));
        assert!(!dots.is_empty() && !dots.iter().any(outside));
        let dots = covered(|coverage| coverage.polygon(&[(-9, -9), (900, -9), (900, 900)], window));
        assert!(!dots.is_empty() && !dots.iter().any(outside));
        covered(|coverage| coverage.line(&path, 8.0, ALL));
    }
}
