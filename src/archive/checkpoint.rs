//! Checkpoints, `NAME.h5.part.checkpoint.<slot>`: all that one run needs to go on.
//!
//! ```text
//! "NcK1"  plan hash  numbers u64  the numbers as f64  CRC-32 u32        (little-endian)
//! ```
//!
//! A checkpoint replaces the one before it by a rename, after the samples up to it are on the disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use flate2::Crc;

use super::error::ArchiveError;
use super::paths;

const MAGIC: &[u8] = b"NcK1";

/// Replace the checkpoint at `path`.
pub(super) fn write(path: &Path, plan: &str, memory: &[f64]) -> Result<(), ArchiveError> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(plan.as_bytes());
    bytes.extend((memory.len() as u64).to_le_bytes());
    bytes.extend(memory.iter().flat_map(|number| number.to_le_bytes()));
    let mut crc = Crc::new();
    crc.update(&bytes);
    bytes.extend(crc.sum().to_le_bytes());
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = Path::new(&fresh);
    File::create(fresh)
        .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_data()))
        .map_err(ArchiveError::io("write", fresh))?;
    std::fs::rename(fresh, path).map_err(ArchiveError::io("replace", path))?;
    paths::sync(
        path.parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new(".")),
    )
}

/// The checkpoint at `path`, if it is whole and of this plan.
pub(super) fn read(path: &Path, plan: &str) -> Option<Vec<f64>> {
    let bytes = std::fs::read(path).ok()?;
    let (body, sum) = bytes.split_last_chunk::<4>()?;
    let mut crc = Crc::new();
    crc.update(body);
    if crc.sum().to_le_bytes() != *sum {
        return None;
    }
    let body = body.strip_prefix(MAGIC)?.strip_prefix(plan.as_bytes())?;
    let (count, numbers) = body.split_first_chunk::<8>()?;
    let (words, rest) = numbers.as_chunks::<8>();
    let whole = rest.is_empty() && words.len() as u64 == u64::from_le_bytes(*count);
    whole.then(|| words.iter().map(|&word| f64::from_le_bytes(word)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_comes_back_and_a_damaged_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        let memory = [1.0, -0.0, f64::INFINITY];
        write(&path, "abcd", &memory).unwrap();
        let found = read(&path, "abcd").unwrap();
        assert!(
            found
                .iter()
                .map(|v| v.to_bits())
                .eq(memory.map(f64::to_bits))
        );
        assert_eq!(read(&path, "abce"), None);
        let good = std::fs::read(&path).unwrap();
        for byte in 0..good.len() {
            let mut bad = good.clone();
            bad[byte] ^= 4;
            std::fs::write(&path, &bad).unwrap();
            assert_eq!(read(&path, "abcd"), None, "byte {byte}");
            std::fs::write(&path, &good[..byte]).unwrap();
            assert_eq!(read(&path, "abcd"), None, "cut at {byte}");
        }
    }
}
