//! Dashes: a line that lies on earlier ones is drawn with gaps, through which these are seen.
//!
//! ```text
//! rank 0   ------------------------    the first of the lines
//! rank 1   ------      ------          the second one, on half of the period
//! rank 2   ----        ----            and so on: the one of rank r is drawn on 1/(r + 1)
//! ```

use super::envelope::Dot;

/// From the start of a dash to that of the next one, in dots.
const PERIOD: f64 = 72.0;

/// Lines that are nowhere farther apart than this, in dots, hide each other.
const NEAR: f64 = 4.0;

/// For each line on how many of the earlier ones it lies. All lines have a height for each place across.
pub fn ranks(lines: &[Vec<(f64, f64)>]) -> Vec<usize> {
    let count = |(index, line): (usize, &Vec<(f64, f64)>)| {
        let earlier = lines[..index].iter();
        earlier.filter(|other| coincide(line, other)).count()
    };
    lines.iter().enumerate().map(count).collect()
}

/// Whether two lines hide each other, wherever both have a number, which is somewhere.
fn coincide(one: &[(f64, f64)], other: &[(f64, f64)]) -> bool {
    let pairs = one
        .iter()
        .zip(other)
        .map(|(one, other)| (one.1 - other.1).abs());
    let mut gaps = pairs.filter(|gap| gap.is_finite()).peekable();
    gaps.peek().is_some() && gaps.all(|gap| gap <= NEAR)
}

/// What is drawn of a line of this rank.
pub fn dashed(line: &[Dot], rank: usize) -> Vec<Vec<Dot>> {
    if rank == 0 || line.len() < 2 {
        return vec![line.to_vec()];
    }
    let drawn = PERIOD / (rank + 1) as f64;
    let mut dashes = vec![vec![line[0]]];
    let mut gone = 0.0;
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = f64::from(to.0 - from.0).hypot(f64::from(to.1 - from.1));
        let dot = |along: f64| {
            let part = along / length;
            let between = |a: i32, b: i32| (f64::from(a) + part * f64::from(b - a)).round() as i32;
            (between(from.0, to.0), between(from.1, to.1))
        };
        let mut along = 0.0;
        while along < length {
            let phase = (gone + along) % PERIOD;
            let is_drawn = phase < drawn;
            let rest = if is_drawn { drawn } else { PERIOD } - phase;
            // A part below a dot would not move on: numbers of this size are rounded.
            let end = (along + rest.max(0.5)).min(length);
            if is_drawn {
                if let Some(dash) = dashes.last_mut() {
                    dash.push(dot(end));
                }
            } else {
                dashes.push(vec![dot(end)]);
            }
            along = end;
        }
        gone += length;
    }
    dashes.retain(|dash| dash.len() > 1);
    dashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_lie_on_earlier_ones_have_a_rank() {
        let line = |heights: [f64; 3]| {
            (0..3)
                .map(|x| (f64::from(x), heights[x as usize]))
                .collect()
        };
        let lines: Vec<Vec<(f64, f64)>> = vec![
            line([10.0, 20.0, 30.0]),
            line([10.0, 90.0, 30.0]),
            line([11.0, 20.0, f64::NAN]),
            line([10.0, 91.0, 30.0]),
            line([10.0, 20.0, 32.0]),
            line([f64::NAN; 3]),
        ];
        assert_eq!(ranks(&lines), [0, 0, 1, 1, 2, 0]);
    }

    #[test]
    fn dashes_cover_their_share_of_the_line_around_its_corners_and_begin_where_it_begins() {
        let line = [
            (0, 0),
            (300, 0),
            (300, 1000),
            (800, 1000),
            (801, 1000),
            (2000, 1000),
        ];
        let length = |dash: &Vec<Dot>| -> f64 {
            let parts = dash.windows(2);
            let one = |p: &[Dot]| f64::from(p[1].0 - p[0].0).hypot(f64::from(p[1].1 - p[0].1));
            parts.map(one).sum()
        };
        assert_eq!(dashed(&line, 0), [line.to_vec()]);
        for rank in [1, 2, 5] {
            let dashes = dashed(&line, rank);
            assert_eq!(dashes[0][0], (0, 0));
            let covered: f64 = dashes.iter().map(length).sum();
            let share = covered / 3000.0;
            assert!(
                (share - 1.0 / (rank + 1) as f64).abs() < 0.02,
                "{rank}: {share}"
            );
            assert_eq!(dashes.len(), 42);
        }
        // A point that is not moved from has no length.
        assert_eq!(dashed(&[(5, 5), (5, 5)], 1), Vec::<Vec<Dot>>::new());
    }
}
