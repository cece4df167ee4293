//! Keys: what the random numbers of a run are addressed by.

use sha2::{Digest, Sha256};

/// 256 bits that tell one run's noise from another's. A plan makes them from the content of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The key with these bits.
    pub fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// The key of a seed, for runs that no plan has made.
    ///
    /// ```
    /// use nullcline::noise::key::Key;
    /// assert_ne!(Key::of_seed(1), Key::of_seed(2));
    /// ```
    pub fn of_seed(seed: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"seed\n");
        hash.update(seed.to_le_bytes());
        Self(hash.finalize().into())
    }

    /// Four keys of Philox for one purpose: no two purposes share a number.
    pub fn streams(&self, purpose: &str) -> [u64; 4] {
        let mut hash = Sha256::new();
        hash.update(purpose);
        hash.update(b"\n");
        hash.update(self.0);
        let digest: [u8; 32] = hash.finalize().into();
        let mut streams = [0; 4];
        for (stream, bytes) in streams.iter_mut().zip(digest.as_chunks::<8>().0) {
            *stream = u64::from_le_bytes(*bytes);
        }
        streams
    }
}
