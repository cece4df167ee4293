//! Dimension scales (H5DS), which the safe interface of the HDF5 crate does not cover: the only calls
//! of the C interface for layout in the house.
//!
//! A data set becomes a scale with [`make`]; [`attach`] ties a dimension of another data set to it.
//! xarray, netCDF4, h5py, MATLAB and Julia then know the dimension by name. Writing the attributes
//! CLASS, NAME and DIMENSION_LIST by hand looks the same and is refused by half of these readers.

use std::ffi::{CString, c_char, c_int, c_uint};

use hdf5::{Dataset, Error, Result};

// libhdf5_hl is linked by the feature `hl` of the bindings; they do not declare these functions.
// `hid_t` is 64 bits wide in every HDF5 from 1.10 on.
unsafe extern "C" {
    fn H5DSset_scale(scale: i64, name: *const c_char) -> c_int;
    fn H5DSattach_scale(data_set: i64, scale: i64, dimension: c_uint) -> c_int;
    fn H5DSget_num_scales(data_set: i64, dimension: c_uint) -> c_int;
    fn H5DSiterate_scales(
        data_set: i64,
        dimension: c_uint,
        start: *mut c_int,
        visit: extern "C" fn(i64, c_uint, i64, *mut std::ffi::c_void) -> c_int,
        data: *mut std::ffi::c_void,
    ) -> c_int;
}

/// The name by which netCDF knows a dimension that has no coordinates.
const WITHOUT_COORDINATES: &str = "This is a netCDF dimension but not a netCDF variable.";

/// Make a data set the scale of a dimension of this name.
pub(crate) fn make(scale: &Dataset, name: &str) -> Result<()> {
    let name = CString::new(name).map_err(|_| Error::from("a name with a zero byte"))?;
    // SAFETY: the identifier is that of an open data set, held by reference over the call; the text
    // ends in a zero byte and outlives the call; the call is made under the crate's global lock.
    let status = hdf5::sync::sync(|| unsafe { H5DSset_scale(scale.id(), name.as_ptr()) });
    check(status, "make a dimension scale")
}

/// Make a data set the scale of a dimension without coordinates, as netCDF marks it.
pub(crate) fn make_bare(scale: &Dataset, size: usize) -> Result<()> {
    make(scale, &format!("{WITHOUT_COORDINATES}{size:10}"))
}

/// Tie dimension number `dimension` of a data set to a scale.
pub(crate) fn attach(data_set: &Dataset, scale: &Dataset, dimension: usize) -> Result<()> {
    let dimension =
        c_uint::try_from(dimension).map_err(|_| Error::from("too many dimensions for HDF5"))?;
    // SAFETY: both identifiers are those of open data sets, held by reference over the call, which
    // is made under the crate's global lock.
    let status =
        hdf5::sync::sync(|| unsafe { H5DSattach_scale(data_set.id(), scale.id(), dimension) });
    check(status, "attach a dimension scale")
}

/// The path of the first scale that dimension number `dimension` of a data set is tied to.
pub(crate) fn of(data_set: &Dataset, dimension: usize) -> Option<String> {
    let dimension = c_uint::try_from(dimension).ok()?;
    let mut scale: i64 = -1;
    hdf5::sync::sync(|| {
        // SAFETY: the identifier is that of an open data set, held by reference over the calls,
        // which are made under the crate's global lock; `keep_first` writes one `i64` through the
        // pointer, which points at `scale` and is not kept after the call.
        unsafe {
            if H5DSget_num_scales(data_set.id(), dimension) > 0 {
                H5DSiterate_scales(
                    data_set.id(),
                    dimension,
                    std::ptr::null_mut(),
                    keep_first,
                    (&raw mut scale).cast(),
                );
            }
            if scale < 0 {
                return None;
            }
            let name = object_name(scale);
            hdf5_sys::h5i::H5Idec_ref(scale);
            name
        }
    })
}

/// Keep the first scale visited: the library closes its own reference after the visit.
extern "C" fn keep_first(
    _data_set: i64,
    _dimension: c_uint,
    scale: i64,
    data: *mut std::ffi::c_void,
) -> c_int {
    // SAFETY: `of` passes a pointer to an `i64` that lives over the iteration; `scale` is valid
    // during the visit, and the added reference keeps it so until `of` gives it back.
    unsafe {
        hdf5_sys::h5i::H5Iinc_ref(scale);
        *data.cast::<i64>() = scale;
    }
    1
}

/// The path of an object.
///
/// # Safety
/// `id` is an open object, and the caller holds the crate's global lock.
unsafe fn object_name(id: i64) -> Option<String> {
    // SAFETY: a null buffer asks for the length; the second call writes at most `length + 1` bytes,
    // which the buffer has.
    unsafe {
        let length =
            usize::try_from(hdf5_sys::h5i::H5Iget_name(id, std::ptr::null_mut(), 0)).ok()?;
        let mut bytes = vec![0_u8; length + 1];
        hdf5_sys::h5i::H5Iget_name(id, bytes.as_mut_ptr().cast(), bytes.len());
        bytes.truncate(length);
        String::from_utf8(bytes).ok()
    }
}

fn check(status: c_int, doing: &str) -> Result<()> {
    if status < 0 {
        return Err(Error::from(format!("HDF5 would not {doing}")));
    }
    Ok(())
}
