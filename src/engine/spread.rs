//! Work on a long state by the crew of its run: every thread takes the same part of each block.
//!
//! The blocks of a field in space have a number per cell each, and a drift that is spread over threads gives each of them
//! some of the cells. If the combinations of stages between two drifts are cut at the same cells, every thread finds what it
//! reads in its own cache, where it wrote it. Two processors that share no cache lose half of a second thread otherwise.

use crate::system::crew;

/// States of more blocks are cut as one.
const MOST: usize = 8;

/// The lengths of the blocks of a state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Blocks([usize; MOST]);

/// A stretch of one block, and where it begins in the state.
#[derive(Default)]
struct Stretch<'a> {
    first: usize,
    numbers: &'a mut [f64],
}

impl Blocks {
    /// Of these lengths.
    pub fn new(lengths: &[usize]) -> Self {
        let mut blocks = [0; MOST];
        match lengths.len() <= MOST {
            true => blocks[..lengths.len()].copy_from_slice(lengths),
            false => blocks[0] = lengths.iter().sum(),
        }
        Self(blocks)
    }

    /// Do a piece of work on all numbers of a state: where a stretch begins, and the stretch. A thread is worth at least so
    /// many numbers.
    pub fn spread(
        &self,
        numbers: &mut [f64],
        least: usize,
        work: impl Fn(usize, &mut [f64]) + Sync,
    ) {
        let length = numbers.len();
        let portion = crew::portion(length, least);
        if portion >= length {
            return work(0, numbers);
        }
        let (mut first, mut rest) = (0, numbers);
        let stretches = self.0.map(|length| {
            let (numbers, behind) = std::mem::take(&mut rest).split_at_mut(length);
            rest = behind;
            first += length;
            Stretch {
                first: first - length,
                numbers,
            }
        });
        halve(stretches, length.div_ceil(portion), &work);
    }
}

/// Cut the stretches in so many portions, and work on them side by side.
fn halve<W: Fn(usize, &mut [f64]) + Sync>(
    mut left: [Stretch<'_>; MOST],
    portions: usize,
    work: &W,
) {
    if portions < 2 {
        for stretch in left {
            if !stretch.numbers.is_empty() {
                work(stretch.first, stretch.numbers);
            }
        }
        return;
    }
    let here = portions / 2;
    let right = left.each_mut().map(|stretch| {
        let at = stretch.numbers.len() * here / portions;
        let (kept, given) = std::mem::take(&mut stretch.numbers).split_at_mut(at);
        stretch.numbers = kept;
        Stretch {
            first: stretch.first + at,
            numbers: given,
        }
    });
    rayon::join(
        || halve(left, here, work),
        || halve(right, portions - here, work),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_worked_on_once() {
        for lengths in [vec![1000], vec![10; 9], vec![300, 7, 0, 93], vec![50; 8]] {
            let total = lengths.iter().sum();
            let blocks = Blocks::new(&lengths);
            for threads in [1, 2, 3] {
                let mut numbers = vec![0.0; total];
                let count = |first: usize, numbers: &mut [f64]| {
                    for (i, number) in numbers.iter_mut().enumerate() {
                        *number += 1.0 + (first + i) as f64;
                    }
                };
                crew::with(threads, || blocks.spread(&mut numbers, 10, count)).unwrap();
                assert!(
                    numbers
                        .iter()
                        .enumerate()
                        .all(|(i, &x)| x == 1.0 + i as f64)
                );
            }
        }
    }
}
