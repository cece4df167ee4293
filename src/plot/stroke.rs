//! Strokes: a line through points as the dots that it covers, with round ends and corners.
//!
//! A stroke of width 2 r covers what is within r of any of its segments: the union of capsules, each of which is an interval in
//! every row of dots. Corners therefore stay within r of the line, however sharp they are; the corners of a polygon around the
//! line would run out of the picture where it turns back.

use super::envelope::Dot;

/// Call `row` with every row of dots that a segment covers: its height, first and last dot.
pub(super) fn segment((a, b): (Dot, Dot), radius: f64, row: &mut dyn FnMut(i32, i32, i32)) {
    let (ax, ay) = (f64::from(a.0), f64::from(a.1));
    let (bx, by) = (f64::from(b.0), f64::from(b.1));
    let length = (bx - ax).hypot(by - ay);
    // From the line to the edges of the capsule.
    let (nx, ny) = match length > 0.0 {
        true => (radius * (ay - by) / length, radius * (bx - ax) / length),
        false => (0.0, 0.0),
    };
    let corners = [
        (ax + nx, ay + ny),
        (bx + nx, by + ny),
        (bx - nx, by - ny),
        (ax - nx, ay - ny),
    ];
    let first = (ay.min(by) - radius).ceil() as i32;
    let last = (ay.max(by) + radius).floor() as i32;
    for y in first..=last {
        let height = f64::from(y);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut cover = |from: f64, to: f64| (low, high) = (low.min(from), high.max(to));
        for (x, center) in [(ax, ay), (bx, by)] {
            let rest = radius * radius - (height - center) * (height - center);
            if rest >= 0.0 {
                cover(x - rest.sqrt(), x + rest.sqrt());
            }
        }
        for k in 0..4 {
            let ((x0, y0), (x1, y1)) = (corners[k], corners[(k + 1) % 4]);
            if y0 != y1 && (y0.min(y1)..=y0.max(y1)).contains(&height) {
                let x = x0 + (height - y0) / (y1 - y0) * (x1 - x0);
                cover(x, x);
            }
        }
        let (low, high) = (low.ceil() as i32, high.floor() as i32);
        if low <= high {
            row(y, low, high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_covers_what_is_near_its_line_and_nothing_else() {
        for (a, b) in [
            ((10, 10), (10, 60)),
            ((10, 10), (80, 10)),
            ((40, 40), (43, 5)),
            ((5, 60), (70, 20)),
            ((30, 30), (30, 30)),
        ] {
            let radius = 4.0;
            let mut covered = vec![false; 100 * 100];
            segment((a, b), radius, &mut |y, first, last| {
                for x in first..=last {
                    covered[(y * 100 + x) as usize] = true;
                }
            });
            let (dx, dy) = (f64::from(b.0 - a.0), f64::from(b.1 - a.1));
            for y in 0..100 {
                for x in 0..100 {
                    let (px, py) = (f64::from(x - a.0), f64::from(y - a.1));
                    let share =
                        ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
                    let distance = (px - share * dx).hypot(py - share * dy);
                    if (distance - radius).abs() > 1e-6 {
                        let place = (y * 100 + x) as usize;
                        assert_eq!(covered[place], distance < radius, "{a:?} {b:?} at {x}, {y}");
                    }
                }
            }
        }
    }
}
