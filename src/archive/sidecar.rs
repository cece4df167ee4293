//! The sidecar, `NAME.h5.part.ragged`: samples of tracks whose length is known only at the end
//! (`save = "steps"`), as frames that are only ever appended.
//!
//! ```text
//! frame   "NcF1"  data set u32  run u64  first sample u64  numbers u64  CRC-32 u32  then the f64s
//! ```
//!
//! All little-endian; the checksum covers the header before it and the numbers. At the end the frames
//! move into the archive; until then a cut or damaged frame is known by its checksum.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::Crc;

use super::error::ArchiveError;

const MAGIC: [u8; 4] = *b"NcF1";
const HEADER: usize = 4 + 4 + 8 + 8 + 8;

/// Some samples of one data set.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub data_set: usize,
    pub run: u64,
    pub first: usize,
    pub values: Vec<f64>,
}

/// A sidecar that is being written.
pub(super) struct Sidecar {
    path: PathBuf,
    file: File,
    bytes: Vec<u8>,
}

impl Sidecar {
    /// An empty sidecar.
    pub(super) fn create(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::create(path).map_err(ArchiveError::io("create", path))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            bytes: Vec::new(),
        })
    }

    /// Go on behind the last whole frame of a sidecar; `visit` is told of every frame that is there.
    pub(super) fn go_on(path: &Path, visit: &mut dyn FnMut(&Frame)) -> Result<Self, ArchiveError> {
        if !path.exists() {
            return Self::create(path);
        }
        let mut frames = Frames::open(path)?;
        let mut whole = 0;
        // A frame that was cut short, and whatever follows it, was never journaled.
        while let Ok(Some(frame)) = frames.next() {
            whole += (HEADER + 4 + 8 * frame.values.len()) as u64;
            visit(&frame);
        }
        let mut file = File::options()
            .write(true)
            .open(path)
            .map_err(ArchiveError::io("open", path))?;
        file.set_len(whole)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .map_err(ArchiveError::io("cut", path))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            bytes: Vec::new(),
        })
    }

    /// Append a frame.
    pub(super) fn append(
        &mut self,
        data_set: usize,
        run: u64,
        first: usize,
        values: &[f64],
    ) -> Result<(), ArchiveError> {
        self.bytes.clear();
        self.bytes.extend(MAGIC);
        self.bytes.extend((data_set as u32).to_le_bytes());
        self.bytes.extend(run.to_le_bytes());
        self.bytes.extend((first as u64).to_le_bytes());
        self.bytes.extend((values.len() as u64).to_le_bytes());
        let mut crc = Crc::new();
        crc.update(&self.bytes);
        let checksum = self.bytes.len();
        self.bytes.extend([0; 4]);
        let numbers = self.bytes.len();
        self.bytes
            .extend(values.iter().flat_map(|value| value.to_le_bytes()));
        crc.update(&self.bytes[numbers..]);
        self.bytes[checksum..numbers].copy_from_slice(&crc.sum().to_le_bytes());
        self.file
            .write_all(&self.bytes)
            .map_err(ArchiveError::io("write", &self.path))
    }

    /// The file, for somebody else to sync.
    pub(super) fn handle(&self) -> Result<File, ArchiveError> {
        let handle = self.file.try_clone();
        handle.map_err(ArchiveError::io("open", &self.path))
    }

    /// Bring it to the disk.
    pub(super) fn sync(&self) -> Result<(), ArchiveError> {
        self.file
            .sync_data()
            .map_err(ArchiveError::io("bring to the disk", &self.path))
    }
}

/// The frames of a sidecar, in order.
pub(super) struct Frames {
    path: PathBuf,
    input: BufReader<File>,
}

impl Frames {
    /// Read a sidecar from its beginning.
    pub(super) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::open(path).map_err(ArchiveError::io("read", path))?;
        Ok(Self {
            path: path.to_path_buf(),
            input: BufReader::new(file),
        })
    }

    /// The next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, ArchiveError> {
        let mut header = [0; HEADER + 4];
        let read = fill(&mut self.input, &mut header).map_err(self.failed())?;
        if read == 0 {
            return Ok(None);
        }
        if read < header.len() || header[..4] != MAGIC {
            return Err(self.damaged());
        }
        let word = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&header[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        let half = |at: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&header[at..at + 4]);
            u32::from_le_bytes(bytes)
        };
        let (data_set, checksum) = (half(4) as usize, half(HEADER));
        let (run, first, count) = (word(8), word(16) as usize, word(24));
        let mut bytes = Vec::new();
        let length = count.checked_mul(8).ok_or_else(|| self.damaged())?;
        (&mut self.input)
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(self.failed())?;
        let mut crc = Crc::new();
        crc.update(&header[..HEADER]);
        crc.update(&bytes);
        if bytes.len() as u64 != length || crc.sum() != checksum {
            return Err(self.damaged());
        }
        let values = bytes
            .chunks_exact(8)
            .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap_or_default()))
            .collect();
        Ok(Some(Frame {
            data_set,
            run,
            first,
            values,
        }))
    }

    fn failed(&self) -> impl FnOnce(std::io::Error) -> ArchiveError {
        ArchiveError::io("read", &self.path)
    }

    fn damaged(&self) -> ArchiveError {
        ArchiveError::Damaged {
            path: self.path.clone(),
            reason: "a frame of samples is cut short or has a wrong checksum".into(),
        }
    }
}

/// Read as much of `buffer` as there is.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ragged");
        let mut sidecar = Sidecar::create(&path).unwrap();
        sidecar.append(3, 0, 0, &[1.0, f64::NAN, -0.0]).unwrap();
        sidecar.append(4, 0, 7, &[]).unwrap();
        sidecar.sync().unwrap();

        let mut frames = Frames::open(&path).unwrap();
        let first = frames.next().unwrap().unwrap();
        assert_eq!((first.data_set, first.first), (3, 0));
        let bits: Vec<u64> = first.values.iter().map(|v| v.to_bits()).collect();
        assert_eq!(bits, [1.0, f64::NAN, -0.0].map(f64::to_bits));
        assert_eq!(frames.next().unwrap().unwrap().first, 7);
        assert_eq!(frames.next().unwrap(), None);

        let good = std::fs::read(&path).unwrap();
        for byte in 0..good.len() {
            let mut bad = good.clone();
            bad[byte] ^= 1;
            std::fs::write(&path, bad).unwrap();
            let mut frames = Frames::open(&path).unwrap();
            let read: Result<Vec<_>, _> =
                std::iter::from_fn(|| frames.next().transpose()).collect();
            assert!(read.is_err(), "byte {byte}");
        }
    }
}
