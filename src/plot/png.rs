//! PNG: pixels of red, green and blue as a file (ISO 15948), packed as small as deflate can.
//!
//! ```text
//! signature, IHDR (size, 8 bits, truecolour), IDAT (rows, each behind the number of its filter, deflated), IEND
//! ```
//!
//! Each row is stored as the differences to its left or upper neighbour, or as it is, whichever has the least sum.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Bytes of a pixel.
const PIXEL: usize = 3;

/// The bytes of a PNG of this width.
pub fn encode(pixels: &[u8], width: usize) -> std::io::Result<Vec<u8>> {
    let stride = PIXEL * width;
    let height = pixels.len() / stride;
    let mut file = SIGNATURE.to_vec();
    let mut head = Vec::new();
    head.extend((width as u32).to_be_bytes());
    head.extend((height as u32).to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    chunk(&mut file, *b"IHDR", &head);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let blank = vec![0; stride];
    let mut above = &blank[..];
    for row in pixels.chunks_exact(stride) {
        packed.write_all(&filtered(row, above))?;
        above = row;
    }
    chunk(&mut file, *b"IDAT", &packed.finish()?);
    chunk(&mut file, *b"IEND", &[]);
    Ok(file)
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(kind);
    file.extend(data);
    let mut check = flate2::Crc::new();
    check.update(&file[start..]);
    file.extend(check.sum().to_be_bytes());
}

/// A row behind the number of the filter that makes it smallest: 0 none, 1 left, 2 above.
fn filtered(row: &[u8], above: &[u8]) -> Vec<u8> {
    let left = |at: usize| if at < PIXEL { 0 } else { row[at - PIXEL] };
    let by = |filter: u8| -> Vec<u8> {
        let bytes = (0..row.len()).map(|at| match filter {
            0 => row[at],
            1 => row[at].wrapping_sub(left(at)),
            _ => row[at].wrapping_sub(above[at]),
        });
        std::iter::once(filter).chain(bytes).collect()
    };
    let size = |bytes: &[u8]| -> u64 {
        let sizes = bytes[1..]
            .iter()
            .map(|&byte| u64::from((byte as i8).unsigned_abs()));
        sizes.sum()
    };
    let rows = [by(2), by(1), by(0)];
    let [up, left, plain] = &rows;
    let best = if size(up) <= size(left) { up } else { left };
    if size(plain) < size(best) {
        plain.clone()
    } else {
        best.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `filtered` did, undone.
    fn unfiltered(bytes: &[u8], above: &[u8]) -> Vec<u8> {
        let mut row: Vec<u8> = Vec::new();
        for (at, &byte) in bytes[1..].iter().enumerate() {
            let before = match bytes[0] {
                1 if at >= PIXEL => row[at - PIXEL],
                2 => above[at],
                _ => 0,
            };
            row.push(byte.wrapping_add(before));
        }
        row
    }

    #[test]
    fn rows_come_back_from_whatever_filter_was_best() {
        let above: Vec<u8> = (0..30).map(|at| at * 7).collect();
        let like = above.clone();
        let even = vec![200; 30];
        let mut seen = Vec::new();
        for row in [like, even, vec![0; 30]] {
            let bytes = filtered(&row, &above);
            assert_eq!(unfiltered(&bytes, &above), row);
            seen.push(bytes[0]);
        }
        assert_eq!(seen, [2, 1, 1]);
    }
}
