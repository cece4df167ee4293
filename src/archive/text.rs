//! Texts in the file: data sets and attributes of variable-length UTF-8, which every reader takes for
//! a string. A zero byte, which ends such a text, cannot be kept in one.

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, Group, H5Type, Location, Result};

/// A text as HDF5 stores it.
pub(super) fn unicode(text: &str) -> VarLenUnicode {
    let text = text.replace('\0', "\u{fffd}");
    // Only a zero byte can be refused, and there is none.
    text.parse().unwrap_or_default()
}

/// A scalar data set with a text.
pub(super) fn data_set(group: &Group, name: &str, text: &str, long_name: &str) -> Result<Dataset> {
    let made = group.new_dataset::<VarLenUnicode>().create(name)?;
    made.write_scalar(&unicode(text))?;
    attribute(&made, "long_name", long_name)?;
    attribute(&made, "units", "1")?;
    Ok(made)
}

/// Set an attribute to a text, replacing what it was.
pub(super) fn attribute(object: &Location, name: &str, text: &str) -> Result<()> {
    scalar(object, name, &unicode(text))
}

/// Set an attribute to one value, replacing what it was.
pub(super) fn scalar<T: H5Type>(object: &Location, name: &str, value: &T) -> Result<()> {
    let attribute = match object.attr(name) {
        Ok(attribute) => attribute,
        Err(_) => object.new_attr::<T>().create(name)?,
    };
    attribute.write_scalar(value)
}

/// Make an attribute with a list of small integers.
pub(super) fn small_integers(object: &Location, name: &str, values: &[i8]) -> Result<()> {
    let made = object.new_attr::<i8>().shape(values.len()).create(name)?;
    made.write_raw(values)
}

/// The text of a scalar data set.
pub(super) fn read(data_set: &Dataset) -> Result<String> {
    let text: VarLenUnicode = data_set.read_scalar()?;
    Ok(text.as_str().to_string())
}

/// The text of an attribute, if it has one.
pub(super) fn read_attribute(object: &Location, name: &str) -> Option<String> {
    let text: VarLenUnicode = object.attr(name).ok()?.read_scalar().ok()?;
    Some(text.as_str().to_string())
}
