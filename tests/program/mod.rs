//! Runs experiment files through the program, and reads its archives back.

use std::process::Command;

/// An archive in a folder of its own.
pub struct Archive {
    _folder: tempfile::TempDir,
    file: hdf5::File,
}

/// Run the experiment file, given relative to the root of the repository.
pub fn run(config: &str) -> Archive {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("result.h5");
    let output = Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", config, "--quiet", "-o"])
        .arg(&path)
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{config}: {told}");
    // A process that a test beside this one starts inherits the lock of an open file for an instant.
    let opened = (0..500).find_map(|_| {
        let file = hdf5::File::open(&path).ok();
        if file.is_none() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        file
    });
    let file = opened.expect("the archive opens");
    Archive {
        _folder: folder,
        file,
    }
}

/// A data set of texts.
#[allow(dead_code, reason = "not every test binary reads texts")]
pub fn texts(archive: &Archive, name: &str) -> Vec<String> {
    let dataset = archive.file.dataset(name).expect("it is there");
    let texts = dataset.read_raw::<hdf5::types::VarLenUnicode>();
    let texts = texts.expect("it reads as texts");
    texts.iter().map(|text| text.as_str().to_string()).collect()
}

/// A data set of the archive, row-major.
pub fn array(archive: &Archive, name: &str) -> Vec<f64> {
    let dataset = archive.file.dataset(name);
    let dataset = dataset.unwrap_or_else(|error| panic!("{name}: {error}"));
    dataset.read_raw().expect("it reads as f64")
}
