//! Two archives compared: what they were made from, and every number.
//!
//! All data sets outside `/config` and `/provenance` are compared entry by entry, in blocks of a few
//! MiB:
//!
//! ```text
//! absolute difference   |a - b|
//! relative difference   |a - b| / max(|a|, |b|)
//! ```
//!
//! NaN equals NaN; NaN and a number are infinitely far apart, as are an infinity and anything else. 0 and
//! -0 are told apart, and do not count as different: no later number shows it unless somebody divides by
//! them. Whole numbers of 64 bits are compared without rounding. What an unfinished run has is NaN.

use std::collections::BTreeSet;

use super::compare_config;
pub use super::compare_config::ConfigDifference;
use super::error::ArchiveError;
use super::reader::{Reader, Variable};

/// How two archives differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Keys of the experiment.
    pub config: Vec<ConfigDifference>,
    /// External inputs.
    pub inputs: Vec<ConfigDifference>,
    /// Data sets.
    pub data_sets: Vec<SetDifference>,
    /// How many data sets both have and were compared.
    pub compared: usize,
    /// How many of their entries are 0 in one and -0 in the other.
    pub signed_zeros: u64,
}

/// A data set that is not the same in both archives.
#[derive(Clone, Debug, PartialEq)]
pub struct SetDifference {
    /// Its path from the root, without a leading slash.
    pub name: String,
    /// What differs.
    pub what: What,
}

/// What differs in a data set.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// B does not have it.
    OnlyInA,
    /// A does not have it.
    OnlyInB,
    /// It has other dimensions: told as `[time = 3, neuron = 2]`, or as texts.
    Shape {
        /// In A.
        a: String,
        /// In B.
        b: String,
    },
    /// Some of its texts differ.
    Texts {
        /// How many.
        count: u64,
        /// The first in A.
        a: String,
        /// The first in B.
        b: String,
    },
    /// Some of its numbers differ.
    Numbers(Numbers),
}

/// The numbers of a data set that differ by more than the tolerance.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// How many differ.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The entry with the greatest absolute difference.
    pub absolute: Entry,
    /// The entry with the greatest relative difference.
    pub relative: Entry,
}

/// An entry that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// By how much; infinite if only one of the two is a finite number.
    pub difference: f64,
    /// The number in A.
    pub a: f64,
    /// The number in B.
    pub b: f64,
    /// Where: the name of each dimension and what stands there in A.
    pub place: Vec<(String, String)>,
}

impl Comparison {
    /// Whether everything that counts is the same.
    pub fn is_equal(&self) -> bool {
        let mut keys = self.config.iter().chain(&self.inputs);
        self.data_sets.is_empty() && !keys.any(|key| key.counts)
    }
}

/// Groups that tell how the numbers came about.
const APART: [&str; 2] = ["config", "provenance"];

/// So many entries are read at a time: 2 MiB from each archive.
const BLOCK: usize = 1 << 18;

/// Compare two archives; relative differences up to `tolerance` do not count.
///
/// # Errors
/// If one of them cannot be read.
pub fn compare(a: &Reader, b: &Reader, tolerance: f64) -> Result<Comparison, ArchiveError> {
    let mut comparison = Comparison {
        config: compare_config::keys(a, b)?,
        inputs: compare_config::inputs(a, b)?,
        ..Comparison::default()
    };
    let (of_a, of_b) = (a.everything(&APART)?, b.everything(&APART)?);
    let find = |all: &'_ [Variable], name: &str| -> Option<Variable> {
        all.iter().find(|one| one.name == name).cloned()
    };
    let names: BTreeSet<&String> = of_a.iter().chain(&of_b).map(|one| &one.name).collect();
    for name in names {
        let what = match (find(&of_a, name), find(&of_b, name)) {
            (Some(_), None) => Some(What::OnlyInA),
            (None, Some(_)) => Some(What::OnlyInB),
            (Some(one), Some(other)) => {
                comparison.compared += 1;
                data_set(
                    (a, &one),
                    (b, &other),
                    tolerance,
                    &mut comparison.signed_zeros,
                )?
            }
            (None, None) => None,
        };
        comparison.data_sets.extend(what.map(|what| SetDifference {
            name: name.clone(),
            what,
        }));
    }
    Ok(comparison)
}

fn data_set(
    (a, of_a): (&Reader, &Variable),
    (b, of_b): (&Reader, &Variable),
    tolerance: f64,
    signed_zeros: &mut u64,
) -> Result<Option<What>, ArchiveError> {
    if (&of_a.dims, &of_a.shape, of_a.is_text) != (&of_b.dims, &of_b.shape, of_b.is_text) {
        return Ok(Some(What::Shape {
            a: shape(of_a),
            b: shape(of_b),
        }));
    }
    if of_a.is_text {
        return Ok(texts(&a.labels(&of_a.name)?, &b.labels(&of_a.name)?));
    }
    let mut tally = Tally::new(tolerance);
    for (start, count) in Blocks::new(&of_a.shape) {
        let name = &of_a.name;
        let (block_a, block_b) = (
            a.read_block(name, &start, &count)?,
            b.read_block(name, &start, &count)?,
        );
        let whole = (
            a.read_whole(name, &start, &count)?,
            b.read_whole(name, &start, &count)?,
        );
        for (index, (&a, &b)) in block_a.iter().zip(&block_b).enumerate() {
            let exact = match &whole {
                (Some(a), Some(b)) => (a[index] - b[index]).unsigned_abs() as f64,
                _ => 0.0,
            };
            tally.add(a, b, exact, || position(&start, &count, index));
        }
    }
    *signed_zeros += tally.signed_zeros;
    let Some((absolute, relative)) = tally.greatest else {
        return Ok(None);
    };
    let entry = |found: Found| -> Result<Entry, ArchiveError> {
        Ok(Entry {
            difference: found.difference,
            a: found.a,
            b: found.b,
            place: a.place(of_a, &found.position)?,
        })
    };
    Ok(Some(What::Numbers(Numbers {
        count: tally.count,
        of: of_a.shape.iter().product::<usize>() as u64,
        absolute: entry(absolute)?,
        relative: entry(relative)?,
    })))
}

fn texts(a: &[String], b: &[String]) -> Option<What> {
    let mut different = a.iter().zip(b).filter(|(a, b)| a != b);
    let (first_a, first_b) = different.next()?;
    Some(What::Texts {
        count: 1 + different.count() as u64,
        a: first_a.clone(),
        b: first_b.clone(),
    })
}

/// `[time = 3, neuron = 2]`
fn shape(variable: &Variable) -> String {
    let dims = variable.dims.iter().zip(&variable.shape);
    let dims: Vec<String> = dims
        .map(|(name, length)| format!("{name} = {length}"))
        .collect();
    let texts = if variable.is_text { " of texts" } else { "" };
    format!("[{}]{texts}", dims.join(", "))
}

/// An entry, its place as positions.
#[derive(Clone)]
struct Found {
    difference: f64,
    a: f64,
    b: f64,
    position: Vec<usize>,
}

/// What is known of the entries of a data set so far.
struct Tally {
    tolerance: f64,
    count: u64,
    signed_zeros: u64,
    /// The greatest absolute and the greatest relative difference.
    greatest: Option<(Found, Found)>,
}

impl Tally {
    fn new(tolerance: f64) -> Self {
        Self {
            tolerance,
            count: 0,
            signed_zeros: 0,
            greatest: None,
        }
    }

    /// One entry; `exact` is the difference where the numbers as `f64` are rounded.
    fn add(&mut self, a: f64, b: f64, exact: f64, position: impl Fn() -> Vec<usize>) {
        let bits = a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        if bits && (exact == 0.0 || a.is_nan()) {
            return;
        }
        let (absolute, relative) = distances(a, b, exact);
        if absolute == 0.0 {
            self.signed_zeros += 1;
            return;
        }
        if relative <= self.tolerance {
            return;
        }
        self.count += 1;
        let found = |difference| Found {
            difference,
            a,
            b,
            position: position(),
        };
        match &mut self.greatest {
            None => self.greatest = Some((found(absolute), found(relative))),
            Some((most, relatively)) => {
                if absolute > most.difference {
                    *most = found(absolute);
                }
                if relative > relatively.difference {
                    *relatively = found(relative);
                }
            }
        }
    }
}

/// The absolute and the relative difference of two numbers that are not both NaN.
fn distances(a: f64, b: f64, exact: f64) -> (f64, f64) {
    if a == b && exact == 0.0 {
        return (0.0, 0.0);
    }
    let absolute = if exact > 0.0 && a.is_finite() && b.is_finite() {
        exact
    } else {
        (a - b).abs()
    };
    if !(a.is_finite() && b.is_finite()) {
        return (f64::INFINITY, f64::INFINITY);
    }
    // Halves: neither the difference nor the quotient of the largest numbers may overflow.
    let half = (a / 2.0 - b / 2.0).abs().max(exact / 2.0);
    let relative = match half {
        0.0 => absolute / a.abs().max(b.abs()),
        half => half / (a.abs().max(b.abs()) / 2.0),
    };
    (absolute, relative)
}

/// The blocks of a data set, in the order of its entries: start and count along each dimension.
struct Blocks<'a> {
    shape: &'a [usize],
    /// The dimension that is cut into pieces; those before it are taken one by one, those behind it whole.
    cut: usize,
    piece: usize,
    next: Option<Vec<usize>>,
}

impl<'a> Blocks<'a> {
    fn new(shape: &'a [usize]) -> Self {
        Self::of(shape, BLOCK)
    }

    fn of(shape: &'a [usize], most: usize) -> Self {
        let mut cut = shape.len();
        let mut behind = 1;
        while cut > 0 && behind * shape[cut - 1] <= most {
            cut -= 1;
            behind *= shape[cut];
        }
        // Everything behind the cut fits; along the cut itself as much as still fits.
        let (cut, piece) = match cut {
            0 => (0, shape.first().copied().unwrap_or(1)),
            cut => (cut - 1, (most / behind).max(1)),
        };
        Self {
            shape,
            cut,
            piece: piece.max(1),
            next: (!shape.contains(&0)).then(|| vec![0; shape.len()]),
        }
    }
}

impl Iterator for Blocks<'_> {
    type Item = (Vec<usize>, Vec<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.take()?;
        let count = (0..start.len()).map(|dim| match dim.cmp(&self.cut) {
            std::cmp::Ordering::Less => 1,
            std::cmp::Ordering::Equal => self.piece.min(self.shape[dim] - start[dim]),
            std::cmp::Ordering::Greater => self.shape[dim],
        });
        let count: Vec<usize> = count.collect();
        let mut after = start.clone();
        for dim in (0..start.len().min(self.cut + 1)).rev() {
            after[dim] += count[dim];
            if after[dim] < self.shape[dim] {
                self.next = Some(after);
                break;
            }
            after[dim] = 0;
        }
        Some((start, count))
    }
}

/// The position of entry number `index` of a block.
fn position(start: &[usize], count: &[usize], mut index: usize) -> Vec<usize> {
    let mut position = start.to_vec();
    for dim in (0..start.len()).rev() {
        position[dim] += index % count[dim];
        index /= count[dim];
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_every_entry_once_and_in_order() {
        for shape in [
            &[][..],
            &[7],
            &[3, 0],
            &[5, 4],
            &[2, 3, 4],
            &[3, 2, 1, 5],
            &[1, 100],
        ] {
            for most in [1, 2, 5, 12, 1000] {
                let mut seen = Vec::new();
                for (start, count) in Blocks::of(shape, most) {
                    let length: usize = count.iter().product();
                    assert!(length <= most, "{length} of at most {most}");
                    seen.extend((0..length).map(|index| position(&start, &count, index)));
                }
                let total: usize = shape.iter().product();
                let all: Vec<_> = (0..total)
                    .map(|index| position(&vec![0; shape.len()], shape, index))
                    .collect();
                assert_eq!(seen, all, "{shape:?} in blocks of {most}");
            }
        }
    }

    fn tally(tolerance: f64, pairs: &[(f64, f64)]) -> Tally {
        let mut tally = Tally::new(tolerance);
        for (index, &(a, b)) in pairs.iter().enumerate() {
            tally.add(a, b, 0.0, || vec![index]);
        }
        tally
    }

    #[test]
    fn greatest_differences_and_their_places_are_found() {
        let tally = tally(
            0.0,
            &[(1.0, 1.0), (1.0, 2.0), (1e6, 1e6 + 8.0), (-3.0, -3.0)],
        );
        let (absolute, relative) = tally.greatest.unwrap();
        assert_eq!(tally.count, 2);
        assert_eq!((absolute.difference, absolute.position), (8.0, vec![2]));
        assert_eq!((relative.difference, relative.position), (0.5, vec![1]));
    }

    #[test]
    fn what_is_not_finite_differs_infinitely_from_everything_else() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        assert_eq!(tally(0.0, &[(nan, -nan), (inf, inf)]).count, 0);
        for pair in [(nan, 1.0), (1.0, nan), (inf, 1.0), (inf, -inf), (inf, nan)] {
            let (absolute, relative) = tally(1e300, &[pair]).greatest.unwrap();
            assert_eq!((absolute.difference, relative.difference), (inf, inf));
        }
        // The largest numbers are 200 % apart, not infinitely.
        let (_, relative) = tally(0.0, &[(f64::MAX, f64::MIN)]).greatest.unwrap();
        assert_eq!(relative.difference, 2.0);
    }

    #[test]
    fn a_tolerance_is_relative_and_zeros_differ_by_their_sign_only() {
        let pairs = [(1.0, 1.001), (1e-9, 1.001e-9), (100.0, 102.0), (0.0, -0.0)];
        assert_eq!(tally(0.0, &pairs).count, 3);
        assert_eq!(tally(0.01, &pairs).count, 1);
        assert_eq!(tally(0.02, &pairs).count, 0);
        assert_eq!(tally(0.0, &pairs).signed_zeros, 1);
    }

    #[test]
    fn whole_numbers_differ_where_their_roundings_do_not() {
        let mut tally = Tally::new(0.0);
        let rounded = 9_007_199_254_740_992.0;
        tally.add(rounded, rounded, 1.0, Vec::new);
        let (absolute, relative) = tally.greatest.unwrap();
        assert_eq!((tally.count, absolute.difference), (1, 1.0));
        assert_eq!(relative.difference, 1.0 / rounded);
    }
}
