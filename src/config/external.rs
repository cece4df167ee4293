//! External files: numbers from `.npy`, `.csv` and HDF5, with the bytes kept for the archive.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::decoder::Decoder;
use super::experiment::ExternalFile;
use super::problem::Problem;
use crate::system::parameters::Array;
use crate::system::tree::Span;

/// What the messages say is readable.
const FORMATS: &str = "a file is named x.npy, x.csv, or x.h5:/path/of/data";

/// The array in the named file; the name is relative to the experiment's folder.
pub(super) fn array(d: &mut Decoder, name: &str, span: Span) -> Option<Array> {
    let (file, inside) = match name.rsplit_once(":/") {
        Some((file, inside)) => (file, Some(inside)),
        None => (name, None),
    };
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = match extension {
        "npy" | "csv" => inside.is_none(),
        "h5" | "hdf5" | "nc" => inside.is_some(),
        _ => false,
    };
    if !known {
        let message = format!("`{name}` is no file of numbers that can be read");
        d.problem(Problem::at(span, message, "unknown format").help(FORMATS));
        return None;
    }
    let bytes = bytes(d, file, span)?;
    let result = match (extension, inside) {
        ("npy", _) => npy(&bytes),
        ("csv", _) => csv(&bytes),
        (_, inside) => {
            let inside = inside.unwrap_or_default();
            match d.stored.iter().any(|stored| stored.name == file) {
                true => hdf5_image(&bytes, inside),
                false => hdf5(&d.folder.join(file), inside),
            }
        }
    };
    match result {
        Ok(array) => Some(array),
        Err(reason) => {
            let message = format!("cannot read numbers from `{name}`: {reason}");
            d.problem(Problem::at(span, message, "this file").file());
            None
        }
    }
}

/// The content of a file, remembered as an external input.
fn bytes(d: &mut Decoder, file: &str, span: Span) -> Option<Vec<u8>> {
    if let Some(known) = d.files.iter().find(|known| known.name == file) {
        return Some(known.bytes.clone());
    }
    if let Some(stored) = d.stored.iter().find(|stored| stored.name == file) {
        let stored = stored.clone();
        let bytes = stored.bytes.clone();
        d.files.push(stored);
        return Some(bytes);
    }
    let path = d.folder.join(file);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let digest = Sha256::digest(&bytes);
            d.files.push(ExternalFile {
                name: file.to_string(),
                bytes: bytes.clone(),
                sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            });
            Some(bytes)
        }
        Err(error) => {
            let (message, label) = match error.kind() {
                ErrorKind::NotFound => (format!("the file `{file}` does not exist"), "not found"),
                _ => (format!("cannot read `{file}`: {error}"), "cannot be read"),
            };
            d.problem(
                Problem::at(span, message, label)
                    .help(format!(
                        "paths are relative to the experiment file: looked for `{}`",
                        path.display()
                    ))
                    .file(),
            );
            None
        }
    }
}

/// A table of texts with a header of names.
pub(super) struct Table {
    /// The names of the columns.
    pub names: Vec<String>,
    /// The rows, each with its line in the file.
    pub rows: Vec<(u64, Vec<String>)>,
}

/// The table in the named .csv file; the name is relative to the experiment's folder.
pub(super) fn table(d: &mut Decoder, name: &str, span: Span) -> Option<Table> {
    let bytes = bytes(d, name, span)?;
    let read = || -> Result<Table, csv::Error> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
        let names = reader.headers()?.iter().map(String::from).collect();
        let rows = reader.records().map(|record| {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            Ok((line, record.iter().map(String::from).collect()))
        });
        Ok(Table {
            names,
            rows: rows.collect::<Result<_, csv::Error>>()?,
        })
    };
    match read() {
        Ok(table) => Some(table),
        Err(error) => {
            let message = format!("cannot read a table from `{name}`: {error}");
            d.problem(
                Problem::at(span, message, "this file")
                    .help("the first line names the columns, every further line is a trial"),
            );
            None
        }
    }
}

fn npy(bytes: &[u8]) -> Result<Array, String> {
    if promised(bytes).is_some_and(|count| count.is_none_or(|count| count > bytes.len())) {
        return Err("the header promises more numbers than the file holds".into());
    }
    let file = npyz::NpyFile::new(bytes).map_err(|error| error.to_string())?;
    let shape: Vec<usize> = file.shape().iter().map(|&size| size as usize).collect();
    let fortran = file.order() == npyz::Order::Fortran;
    let data = npy_data(file)?;
    if data.len() != shape.iter().product::<usize>() {
        return Err("the file holds fewer numbers than its header promises".into());
    }
    let data = if fortran {
        row_major(&shape, &data)
    } else {
        data
    };
    Ok(Array::new(shape, data))
}

/// How many numbers the header of an `.npy` file promises, or `None` within if that is more than can be counted: the reader multiplies
/// them unchecked. Nothing if the header cannot be read, which the reader reports.
fn promised(bytes: &[u8]) -> Option<Option<usize>> {
    let header = &bytes[..bytes.len().min(4096)];
    let text = String::from_utf8_lossy(header);
    let (_, rest) = text.split_once("shape")?;
    let (_, rest) = rest.split_once('(')?;
    let (sizes, _) = rest.split_once(')')?;
    let sizes = sizes.split(',').map(str::trim);
    let sizes = sizes.filter(|size| !size.is_empty());
    let count = sizes.map(|size| size.trim_end_matches('L').parse::<usize>().ok());
    let product = |all: Option<usize>, size: Option<usize>| all?.checked_mul(size?.max(1));
    Some(count.fold(Some(1), product))
}

fn npy_data(file: npyz::NpyFile<&[u8]>) -> Result<Vec<f64>, String> {
    let descr = file.dtype().descr();
    let kind: String = descr.chars().filter(char::is_ascii_alphanumeric).collect();
    macro_rules! read {
        ($type:ty) => {
            file.into_vec::<$type>()
                .map(|data| data.into_iter().map(|number| number as f64).collect())
        };
    }
    match kind.as_str() {
        "f8" => file.into_vec::<f64>(),
        "f4" => read!(f32),
        "i1" => read!(i8),
        "i2" => read!(i16),
        "i4" => read!(i32),
        "i8" => read!(i64),
        "u1" => read!(u8),
        "u2" => read!(u16),
        "u4" => read!(u32),
        "u8" => read!(u64),
        _ => {
            return Err(format!(
                "its type is {descr}; use float64, float32 or integers"
            ));
        }
    }
    .map_err(|error| error.to_string())
}

/// The same array with the last axis fastest, from one with the first axis fastest.
fn row_major(shape: &[usize], data: &[f64]) -> Vec<f64> {
    (0..data.len())
        .map(|mut index| {
            let mut places = vec![0; shape.len()];
            for (place, &size) in places.iter_mut().zip(shape).rev() {
                *place = index % size;
                index /= size;
            }
            let column_major = places
                .iter()
                .zip(shape)
                .rev()
                .fold(0, |offset, (&place, &size)| offset * size + place);
            data[column_major]
        })
        .collect()
}

fn csv(bytes: &[u8]) -> Result<Array, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let (mut data, mut rows, mut columns) = (Vec::new(), 0, 0);
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let row: Vec<Option<f64>> = record.iter().map(|field| field.parse().ok()).collect();
        if number == 0 && row.iter().all(Option::is_none) {
            continue; // a header of names
        }
        for (column, (value, field)) in row.iter().zip(&record).enumerate() {
            match value {
                Some(value) => data.push(*value),
                None => {
                    return Err(format!(
                        "line {line}, column {}: `{field}` is no number",
                        column + 1
                    ));
                }
            }
        }
        (rows, columns) = (rows + 1, record.len());
    }
    if rows == 0 {
        return Err("it holds no numbers".into());
    }
    // One line or one number a line is a vector; whoever wants a matrix says so by its rank.
    Ok(match (rows, columns) {
        (1, n) | (n, 1) => Array::new(vec![n], data),
        _ => Array::new(vec![rows, columns], data),
    })
}

/// A data set of an HDF5 file that an archive holds: the library reads files only, so it becomes one.
fn hdf5_image(bytes: &[u8], inside: &str) -> Result<Array, String> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = format!(
        "nullcline-{}-{}.h5",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let found = hdf5(&path, inside);
    // What is left behind in the folder for temporary files does no harm.
    let _ = std::fs::remove_file(&path);
    found
}

fn hdf5(path: &std::path::Path, inside: &str) -> Result<Array, String> {
    let read = || -> hdf5::Result<Array> {
        let file = hdf5::File::open(path)?;
        let data = file.dataset(inside)?;
        Ok(Array::new(data.shape(), data.read_raw::<f64>()?))
    };
    read().map_err(|error| format!("data set `/{inside}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_order_is_turned_into_rows() {
        // columns of [[1, 2, 3], [4, 5, 6]]
        let data = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
        assert_eq!(row_major(&[2, 3], &data), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn csv_with_and_without_header() {
        let with = csv(b"a,b\n1,2\n3,4\n").unwrap();
        assert_eq!(with, csv(b"1, 2\n3, 4").unwrap());
        assert_eq!(with.shape, [2, 2]);
        assert_eq!(csv(b"1\n2\n3\n").unwrap().shape, [3]);
        let error = csv(b"1,2\n3,x\n").unwrap_err();
        assert_eq!(error, "line 2, column 2: `x` is no number");
        assert!(csv(b"1,2\n3\n").unwrap_err().contains("unequal") || csv(b"1,2\n3\n").is_err());
        assert!(csv(b"").is_err());
    }

    #[test]
    fn hdf5_numbers_of_any_type_become_doubles() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.h5");
        {
            let file = hdf5::File::create(&path).unwrap();
            file.new_dataset_builder()
                .with_data(&[1i32, 2, 3])
                .create("w")
                .unwrap();
        }
        assert_eq!(
            hdf5(&path, "w").unwrap(),
            Array::new(vec![3], vec![1.0, 2.0, 3.0])
        );
        assert!(hdf5(&path, "v").unwrap_err().contains("`/v`"));
    }
}
