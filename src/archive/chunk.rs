//! Compressed chunks, made outside HDF5's global lock and handed to it ready for the disk.
//!
//! A chunk passes the filters that the data set names, in their order: *shuffle* (all first bytes of
//! the numbers, then all second bytes, ...), then *deflate* (a zlib stream). HDF5's own pipeline would
//! do the same while it holds the lock.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use hdf5::{Dataset, Error, Result};
use hdf5_sys::h5d::H5Dwrite_chunk;
use hdf5_sys::h5p::H5P_DEFAULT;

/// Shuffle and deflate the bytes of a whole chunk of numbers of `size` bytes each.
pub(super) fn compress(bytes: &[u8], size: usize, level: u8) -> std::io::Result<Vec<u8>> {
    let count = bytes.len() / size;
    let mut shuffled = vec![0; bytes.len()];
    for (index, number) in bytes.chunks_exact(size).enumerate() {
        for (place, &byte) in number.iter().enumerate() {
            shuffled[place * count + index] = byte;
        }
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(u32::from(level)));
    encoder.write_all(&shuffled)?;
    encoder.finish()
}

/// Write a compressed chunk whose first number stands at `offset`.
pub(super) fn write(data_set: &Dataset, offset: &[usize], compressed: &[u8]) -> Result<()> {
    if offset.len() != data_set.ndim() {
        return Err(Error::from(
            "the place of a chunk has one number per dimension",
        ));
    }
    let offset: Vec<u64> = offset.iter().map(|&place| place as u64).collect();
    // SAFETY: the identifier is that of an open data set, held by reference over the call; `offset`
    // has as many numbers as the data set has dimensions; the library reads `compressed.len()` bytes
    // and keeps no pointer; the call is made under the crate's global lock.
    let status = hdf5::sync::sync(|| unsafe {
        H5Dwrite_chunk(
            data_set.id(),
            H5P_DEFAULT,
            0,
            offset.as_ptr(),
            compressed.len(),
            compressed.as_ptr().cast(),
        )
    });
    if status < 0 {
        return Err(Error::query().unwrap_or_else(|_| "HDF5 would not write a chunk".into()));
    }
    Ok(())
}
