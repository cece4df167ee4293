//! Numbers that begin on a cache line, for inner loops in wide vectors.
//!
//! A vector register of eight numbers is as long as a cache line. Loads from an array that begins
//! somewhere else cross a line every time; for small systems in lanes that is a tenth of a run.

use std::ops::{Deref, DerefMut};

/// Numbers per cache line.
const LINE: usize = 8;

/// One cache line.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([f64; LINE]);

/// A fixed number of values, the first at the beginning of a cache line. It is used as a slice.
///
/// ```
/// use nullcline::prelude::*;
/// let mut numbers = Aligned::zeros(20);
/// numbers[3] = 1.0;
/// assert_eq!(numbers.iter().sum::<f64>(), 1.0);
/// assert_eq!(numbers.as_ptr().align_offset(64), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Aligned {
    lines: Vec<Line>,
    length: usize,
}

impl Aligned {
    /// So many zeros.
    pub fn zeros(length: usize) -> Self {
        Self::filled(length, 0.0)
    }

    /// So many equal values.
    pub fn filled(length: usize, value: f64) -> Self {
        Self {
            lines: vec![Line([value; LINE]); length.div_ceil(LINE)],
            length,
        }
    }
}

impl Deref for Aligned {
    type Target = [f64];

    #[inline(always)]
    fn deref(&self) -> &[f64] {
        &bytemuck::cast_slice(&self.lines)[..self.length]
    }
}

impl DerefMut for Aligned {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.length]
    }
}

impl From<&[f64]> for Aligned {
    fn from(values: &[f64]) -> Self {
        let mut aligned = Self::zeros(values.len());
        aligned.copy_from_slice(values);
        aligned
    }
}

impl PartialEq for Aligned {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'a> IntoIterator for &'a Aligned {
    type Item = &'a f64;
    type IntoIter = std::slice::Iter<'a, f64>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
