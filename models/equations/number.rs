//! What a register of a tape holds: the number of one run, or those of several runs side by side.

use crate::prelude::LANES;

/// A number, or one for each lane. Lane by lane the arithmetic is that of one number.
pub trait Number: Copy {
    /// The same in every lane.
    fn of(number: f64) -> Self;
    /// A function of each.
    fn map(self, f: impl Fn(f64) -> f64) -> Self;
    /// A function of each pair.
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self;
    /// The one at a place of an array, lanes innermost.
    fn load(from: &[f64], place: usize) -> Self;
    /// Put it there.
    fn store(self, into: &mut [f64], place: usize);
}

impl Number for f64 {
    #[inline(always)]
    fn of(number: f64) -> Self {
        number
    }

    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        f(self)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        f(self, other)
    }

    #[inline(always)]
    fn load(from: &[f64], place: usize) -> Self {
        from[place]
    }

    #[inline(always)]
    fn store(self, into: &mut [f64], place: usize) {
        into[place] = self;
    }
}

/// A number for each lane, in a cache line of its own: a register that lies across two is read much more slowly.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Wide(pub [f64; LANES]);

impl Number for Wide {
    #[inline(always)]
    fn of(number: f64) -> Self {
        Self([number; LANES])
    }

    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        let mut out = self;
        for number in &mut out.0 {
            *number = f(*number);
        }
        out
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let mut out = self;
        for lane in 0..LANES {
            out.0[lane] = f(self.0[lane], other.0[lane]);
        }
        out
    }

    #[inline(always)]
    fn load(from: &[f64], place: usize) -> Self {
        Self(from.as_chunks().0[place])
    }

    #[inline(always)]
    fn store(self, into: &mut [f64], place: usize) {
        into.as_chunks_mut().0[place] = self.0;
    }
}
