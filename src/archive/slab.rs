//! Slabs: reading and writing a block of a data set of any rank, scalars included.

use hdf5::{Dataset, H5Type, Hyperslab, Result, Selection, SliceOrIndex};
use ndarray::ArrayViewD;

fn selection(start: &[usize], count: &[usize]) -> Selection {
    let slices: Vec<SliceOrIndex> = start
        .iter()
        .zip(count)
        .map(|(&start, &count)| SliceOrIndex::SliceCount {
            start,
            step: 1,
            count,
            block: 1,
        })
        .collect();
    Hyperslab::from(slices).into()
}

/// Write the block of `count` numbers along each dimension that begins at `start`.
pub(super) fn write<T: H5Type>(
    data_set: &Dataset,
    start: &[usize],
    count: &[usize],
    values: &[T],
) -> Result<()> {
    if count.is_empty() {
        return match values {
            [value] => data_set.write_scalar(value),
            _ => Err("a scalar data set takes one number".into()),
        };
    }
    if values.is_empty() {
        return Ok(());
    }
    let view = ArrayViewD::from_shape(count, values)?;
    data_set.write_slice(view, selection(start, count))
}

/// Read the block of `count` numbers along each dimension that begins at `start`.
pub(super) fn read<T: H5Type + Copy>(
    data_set: &Dataset,
    start: &[usize],
    count: &[usize],
) -> Result<Vec<T>> {
    if count.is_empty() {
        return Ok(vec![data_set.read_scalar()?]);
    }
    if count.contains(&0) {
        return Ok(Vec::new());
    }
    let block = data_set.read_slice::<T, _, ndarray::IxDyn>(selection(start, count))?;
    Ok(block.into_raw_vec_and_offset().0)
}
