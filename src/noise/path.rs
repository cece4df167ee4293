//! The Brownian path of a run: increments over any interval, the same whoever asks and however often.
//!
//! Time is cut into cells of one length from the start of the run on. A cell's increment and area are normal numbers at the address
//! (channel, cell); steps of whole cells add them up. Inside a cell the path is a binary tree of bridges, at the address
//! (channel, cell, node): a place is a number of 48 bits, and a query goes down as far as that number has digits. So a step that is
//! rejected and tried again in two halves, another scheme, and a smaller step all follow the same path.
//!
//! Splitting at dyadic places: Gaines, Lyons, *Variable step size control in the numerical solution of stochastic
//! differential equations*, SIAM J. Appl. Math. 57 (1997) 1455.

use super::bridge::Increment;
use super::key::Key;
use super::normal::{fill, normals};
use super::philox::philox;

/// Digits of a place within a cell.
pub const DIGITS: u32 = 48;
/// Places this close to a multiple of a 4096th of a cell are meant to be there.
const COARSE: u32 = DIGITS - 12;

/// An instant on a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The cell.
    pub cell: u64,
    /// The 2^48ths of it that have passed.
    pub within: u64,
}

impl Place {
    /// The beginning of a cell.
    pub fn of_cell(cell: u64) -> Self {
        Self { cell, within: 0 }
    }

    /// The last place not after this one with this many binary digits within its cell.
    pub fn floor(self, digits: u32) -> Self {
        let rest = DIGITS.saturating_sub(digits);
        Self {
            cell: self.cell,
            within: self.within >> rest << rest,
        }
    }
}

/// The path of one run: all its channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// Where the first cell begins.
    pub start: f64,
    /// The length of a cell.
    pub cell: f64,
    /// The key of the cells' increments.
    pub increments: u64,
    /// The key of their areas.
    pub areas: u64,
    inside: u64,
    /// The key of what the extremes of steps are drawn by, which are no part of the tree.
    pub extremes: u64,
}

/// Splits that a run may need again: for each level and channel the last one.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    channels: usize,
    cells: Vec<Root>,
    levels: Vec<Vec<Split>>,
}

/// A cell that is known.
#[derive(Clone, Copy, Debug, Default)]
struct Root {
    /// The cell plus 1; 0 for none.
    number: u64,
    increment: Increment,
    key: u64,
}

/// A node that is known.
#[derive(Clone, Copy, Debug, Default)]
struct Split {
    /// Its cell and its number in the tree; 0 for none.
    cell: u64,
    node: u64,
    halves: [Increment; 2],
}

impl Memo {
    /// A memo for so many channels.
    pub fn new(channels: usize) -> Self {
        Self {
            channels,
            cells: Vec::new(),
            levels: Vec::new(),
        }
    }
}

/// A node of the tree: an interval of 2^-level of a cell.
#[derive(Clone, Copy)]
struct Node {
    number: u64,
    first: u64,
    level: u32,
    increment: Increment,
}

impl Path {
    /// The path of a run that starts at `start`, with cells of this length.
    pub fn new(key: &Key, start: f64, cell: f64) -> Self {
        let [increments, areas, inside, extremes] = key.streams("wiener");
        Self {
            start,
            cell,
            increments,
            areas,
            inside,
            extremes,
        }
    }

    /// Where `t`, which is not before the start, lies on the path.
    pub fn place(&self, t: f64) -> Place {
        let cells = ((t - self.start) / self.cell).max(0.0);
        let (mut cell, mut within) = (cells.floor() as u64, 0);
        let whole = (1_u64 << DIGITS) as f64;
        let exact = (cells - cells.floor()) * whole;
        let coarse = (1_u64 << COARSE) as f64;
        let near = (exact / coarse).round() * coarse;
        // What rounding does to times.
        let slack = whole * 1e-9_f64.max(8.0 * f64::EPSILON * cells);
        let meant = match (exact - near).abs() <= slack {
            true => near,
            false => exact.round(),
        };
        match meant >= whole {
            true => cell += 1,
            false => within = meant as u64,
        }
        Place { cell, within }
    }

    /// The time of a place.
    pub fn time(&self, place: Place) -> f64 {
        let share = place.within as f64 / (1_u64 << DIGITS) as f64;
        self.start + self.cell * (place.cell as f64 + share)
    }

    /// The increment of a channel over a whole cell.
    pub fn over_cell(&self, cell: u64, channel: u64) -> Increment {
        let number = |key: u64| normals([cell >> 1, channel], key)[(cell & 1) as usize];
        Increment::new(self.cell, [number(self.increments), number(self.areas)])
    }

    /// The increment of a channel between two places, the first not after the second.
    pub fn between(&self, from: Place, to: Place, channel: u64, memo: &mut Memo) -> Increment {
        const END: u64 = 1 << DIGITS;
        if from.cell == to.cell {
            return self.within(from.cell, (from.within, to.within), channel, memo);
        }
        let mut sum = self.within(from.cell, (from.within, END), channel, memo);
        for cell in from.cell + 1..to.cell {
            sum = sum.then(self.over_cell(cell, channel), self.cell);
        }
        if to.within > 0 {
            let last = self.within(to.cell, (0, to.within), channel, memo);
            sum = sum.then(last, self.length(to.within));
        }
        sum
    }

    /// The increments of a channel over the 2^depth equal pieces of a cell, level by level.
    pub fn pieces(&self, cell: u64, channel: u64, depth: u32, pieces: &mut Vec<Increment>) {
        let key = philox([cell, channel], self.inside)[0];
        pieces.clear();
        pieces.push(self.over_cell(cell, channel));
        let mut numbers = vec![[0.0]; 1 << depth];
        let mut halves = Vec::with_capacity(1 << depth);
        for level in 0..depth {
            // The nodes of a level are numbered one after the other.
            let count = 1 << level;
            fill::<1>(
                &[count as u64],
                0,
                &[key],
                &[1.0],
                1,
                &mut numbers[..2 * count],
            );
            let pairs = numbers.as_flattened().as_chunks::<2>().0;
            let length = self.length(1 << (DIGITS - level));
            halves.clear();
            for (piece, numbers) in pieces.iter().zip(pairs) {
                halves.extend(piece.split(length, *numbers));
            }
            std::mem::swap(pieces, &mut halves);
        }
    }

    /// So many 2^48ths of a cell as a time.
    fn length(&self, within: u64) -> f64 {
        self.cell * (within as f64 / (1_u64 << DIGITS) as f64)
    }

    fn within(&self, cell: u64, (a, b): (u64, u64), channel: u64, memo: &mut Memo) -> Increment {
        if a == b {
            return Increment::default();
        }
        if memo.cells.is_empty() {
            memo.cells = vec![Root::default(); memo.channels];
        }
        let root = &mut memo.cells[channel as usize];
        if root.number != cell + 1 {
            *root = Root {
                number: cell + 1,
                increment: self.over_cell(cell, channel),
                key: philox([cell, channel], self.inside)[0],
            };
        }
        let (increment, key) = (root.increment, root.key);
        let node = Node {
            number: 1,
            first: 0,
            level: 0,
            increment,
        };
        self.descend(node, (a, b), &mut |node, length| {
            memo.split(cell, channel, node, length, key)
        })
    }

    /// The part of a node between `a` and `b`, which lie in it.
    fn descend(
        &self,
        node: Node,
        (a, b): (u64, u64),
        split: &mut dyn FnMut(Node, f64) -> [Increment; 2],
    ) -> Increment {
        let width = 1_u64 << (DIGITS - node.level);
        if a == node.first && b == node.first + width {
            return node.increment;
        }
        let middle = node.first + width / 2;
        let halves = split(node, self.length(width));
        let half = |which: usize| Node {
            number: 2 * node.number + which as u64,
            first: if which == 0 { node.first } else { middle },
            level: node.level + 1,
            increment: halves[which],
        };
        if b <= middle {
            return self.descend(half(0), (a, b), split);
        }
        if a >= middle {
            return self.descend(half(1), (a, b), split);
        }
        let first = self.descend(half(0), (a, middle), split);
        let second = self.descend(half(1), (middle, b), split);
        first.then(second, self.length(b - middle))
    }
}

impl Memo {
    fn split(
        &mut self,
        cell: u64,
        channel: u64,
        node: Node,
        length: f64,
        key: u64,
    ) -> [Increment; 2] {
        let level = node.level as usize;
        while self.levels.len() <= level {
            self.levels.push(vec![Split::default(); self.channels]);
        }
        let known = &mut self.levels[level][channel as usize];
        if known.node != node.number || known.cell != cell {
            *known = Split {
                cell,
                node: node.number,
                halves: node.increment.split(length, normals([node.number, 0], key)),
            };
        }
        known.halves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> Path {
        Path::new(&Key::of_seed(7), -1.0, 0.25)
    }

    fn close(a: Increment, b: Increment) {
        assert!((a.w - b.w).abs() < 1e-14, "{a:?} {b:?}");
        assert!((a.z - b.z).abs() < 1e-14, "{a:?} {b:?}");
    }

    #[test]
    fn places_and_times_are_each_others_inverse() {
        let path = path();
        for place in [
            Place::of_cell(0),
            Place::of_cell(123_456_789),
            Place {
                cell: 3,
                within: 5 << 40,
            },
            Place {
                cell: 4095,
                within: 1 << 36,
            },
        ] {
            assert_eq!(path.place(path.time(place)), place);
        }
        // Rounding does not leave the grid.
        let path = Path::new(&Key::of_seed(7), 0.0, 0.1);
        let mut t = 0.0;
        for step in 1..10_000 {
            t += 0.05;
            let expected = Place {
                cell: step / 2,
                within: (step % 2) << 47,
            };
            assert_eq!(path.place(t), expected, "{step}");
        }
    }

    #[test]
    fn parts_add_up_however_they_are_cut() {
        let path = path();
        let mut memo = Memo::new(2);
        let times = [-1.0, -0.9, -0.7501, -0.75, -0.3, 0.123_456_789, 0.5, 2.0];
        let places = times.map(|t| path.place(t));
        let whole = path.between(places[0], places[7], 1, &mut memo);
        let mut sum = Increment::default();
        for (place, time) in places.windows(2).zip(times.windows(2)) {
            let part = path.between(place[0], place[1], 1, &mut memo);
            // A fresh memo gives the same number to the bit.
            assert_eq!(part, path.between(place[0], place[1], 1, &mut Memo::new(2)));
            sum = sum.then(part, time[1] - time[0]);
        }
        close(sum, whole);
        let cells = (0..12).fold(Increment::default(), |sum, cell| {
            sum.then(path.over_cell(cell, 1), 0.25)
        });
        close(cells, whole);
    }

    #[test]
    fn pieces_are_those_of_the_tree() {
        let path = path();
        let mut memo = Memo::new(3);
        let mut pieces = Vec::new();
        path.pieces(5, 2, 4, &mut pieces);
        assert_eq!(pieces.len(), 16);
        for (number, piece) in pieces.iter().enumerate() {
            let place = |piece: usize| match piece {
                16 => Place::of_cell(6),
                _ => Place {
                    cell: 5,
                    within: (piece as u64) << (DIGITS - 4),
                },
            };
            let own = path.between(place(number), place(number + 1), 2, &mut memo);
            assert_eq!(*piece, own);
        }
    }

    #[test]
    fn the_inside_of_a_cell_has_the_law_of_the_path() {
        // Over [0.3, 0.8] of a cell of length 1: variances 1/2, 1/24 and covariance 1/8.
        let n = 200_000_u64;
        let path = Path::new(&Key::of_seed(3), 0.0, 1.0);
        let mut memo = Memo::new(1);
        let mut sums = [0.0; 3];
        for cell in 0..n {
            let place = |share: f64| path.place(cell as f64 + share);
            let Increment { w, z } = path.between(place(0.3), place(0.8), 0, &mut memo);
            for (sum, number) in sums.iter_mut().zip([w * w, w * z, z * z]) {
                *sum += number / n as f64;
            }
        }
        for (sum, (mean, variance)) in sums.iter().zip([
            (0.5, 2.0 * 0.25),
            (0.125, 0.5 / 24.0 + 0.125 * 0.125),
            (1.0 / 24.0, 2.0 / 576.0),
        ]) {
            let off = (sum - mean) / f64::sqrt(variance / n as f64);
            assert!(off.abs() < 4.0, "{off} standard errors");
        }
    }

    #[test]
    fn channels_cells_and_keys_are_independent() {
        let n = 400_000_u64;
        let (path, other) = (path(), Path::new(&Key::of_seed(8), -1.0, 0.25));
        for pair in [
            &|k| (path.over_cell(k, 0).w, path.over_cell(k + 1, 0).w),
            &|k| (path.over_cell(k, 0).w, path.over_cell(k, 1).w),
            &|k| (path.over_cell(k, 0).w, other.over_cell(k, 0).w),
            &|k| {
                let at = path.over_cell(k, 0);
                (at.w, at.z / 0.25 - 0.5 * at.w)
            },
        ] as [&dyn Fn(u64) -> (f64, f64); 4]
        {
            let mut sums = [0.0; 3];
            for (a, b) in (0..n).map(pair) {
                sums[0] += a * b;
                sums[1] += a * a;
                sums[2] += b * b;
            }
            let off = sums[0] / (sums[1] * sums[2]).sqrt() * (n as f64).sqrt();
            assert!(off.abs() < 4.0, "{off}");
        }
    }
}
