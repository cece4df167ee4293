//! Envelopes: a long series as the few points that a screen can show.
//!
//! Within every column a line keeps its first, least, greatest and last number, in the
//! order of time: what is drawn covers the same place as the whole series, peaks included.

/// A point of a line in dots.
pub type Dot = (i32, i32);

/// The pieces of a line through `points`, each without gaps. A point is `(x, y)` in dots, `x` not
/// descending; where `y` is not finite the line is interrupted. Columns are `width` dots wide.
pub fn pieces(points: impl Iterator<Item = (f64, f64)>, width: f64) -> Vec<Vec<Dot>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut column: Option<Column> = None;
    for (x, y) in points {
        if !y.is_finite() {
            finish(&mut piece, column.take());
            if !piece.is_empty() {
                pieces.push(std::mem::take(&mut piece));
            }
            continue;
        }
        let index = (x / width).floor();
        match &mut column {
            Some(column) if column.index == index => column.add((x, y)),
            _ => finish(&mut piece, column.replace(Column::new(index, (x, y)))),
        }
    }
    finish(&mut piece, column);
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

struct Column {
    index: f64,
    /// First, least, greatest, last, each with its rank in time.
    kept: [(usize, (f64, f64)); 4],
    count: usize,
}

impl Column {
    fn new(index: f64, point: (f64, f64)) -> Self {
        Self {
            index,
            kept: [(0, point); 4],
            count: 1,
        }
    }

    fn add(&mut self, point: (f64, f64)) {
        let ranked = (self.count, point);
        let [_, least, greatest, last] = &mut self.kept;
        if point.1 < least.1.1 {
            *least = ranked;
        }
        if point.1 > greatest.1.1 {
            *greatest = ranked;
        }
        *last = ranked;
        self.count += 1;
    }
}

fn finish(piece: &mut Vec<Dot>, column: Option<Column>) {
    let Some(mut column) = column else { return };
    column.kept.sort_unstable_by_key(|&(rank, _)| rank);
    for (_, (x, y)) in column.kept {
        let dot = (x.round() as i32, y.round() as i32);
        if piece.last() != Some(&dot) {
            piece.push(dot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_line_is_kept_as_it_is() {
        let points = [(0.0, 5.0), (10.0, 7.0), (20.0, 1.0)];
        assert_eq!(
            pieces(points.into_iter(), 1.0),
            [[(0, 5), (10, 7), (20, 1)]]
        );
    }

    #[test]
    fn a_long_line_keeps_every_peak_in_few_points() {
        let spike = 54_321;
        let points = (0..100_000).map(|index| {
            let y = if index == spike {
                900.0
            } else {
                100.0 + f64::from(index % 3)
            };
            (f64::from(index) / 100.0, y)
        });
        let pieces = pieces(points, 1.0);
        assert_eq!(pieces.len(), 1);
        assert!(pieces[0].len() <= 4 * 1000, "{}", pieces[0].len());
        let peak = pieces[0].iter().max_by_key(|dot| dot.1);
        assert_eq!(peak, Some(&(543, 900)));
        assert!(pieces[0].windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn a_gap_in_the_numbers_is_a_gap_in_the_line() {
        let points = [
            (0.0, 1.0),
            (1.0, 2.0),
            (2.0, f64::NAN),
            (3.0, 3.0),
            (4.0, f64::INFINITY),
        ];
        assert_eq!(
            pieces(points.into_iter(), 1.0),
            [vec![(0, 1), (1, 2)], vec![(3, 3)]]
        );
        assert!(pieces([(0.0, f64::NAN)].into_iter(), 1.0).is_empty());
    }
}
