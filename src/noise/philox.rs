//! Philox2x64-10: random words as a function of a counter and a key, nothing is consumed.
//!
//! ```text
//! (high, low) = 0xD2B74407B1CE6E93 * c_0        (c_0, c_1) <- (high ^ k ^ c_1, low)        k <- k + 0x9E3779B97F4A7C15
//! ```
//!
//! ten times. Two counters in, two words out, one key.
//!
//! Salmon, Moraes, Dror, Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC11 (2011).

/// The multiplier of the round.
const MULTIPLIER: u64 = 0xD2B7_4407_B1CE_6E93;
/// What the key grows by in each round: the golden ratio.
const WEYL: u64 = 0x9E37_79B9_7F4A_7C15;
/// Rounds.
const ROUNDS: usize = 10;

/// The two words at `counter` under `key`.
///
/// ```
/// use nullcline::noise::philox::philox;
/// assert_eq!(philox([0, 0], 0), [0xca00_a045_9843_d731, 0x66c2_4222_c9a8_45b5]);
/// ```
#[inline]
pub fn philox(counter: [u64; 2], key: u64) -> [u64; 2] {
    let ([mut first, mut second], mut key) = (counter, key);
    for _ in 0..ROUNDS {
        let product = u128::from(MULTIPLIER) * u128::from(first);
        (first, second) = ((product >> 64) as u64 ^ key ^ second, product as u64);
        key = key.wrapping_add(WEYL);
    }
    [first, second]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors published with Random123 1.14, `tests/kat_vectors`.
    #[test]
    fn the_published_vectors_come_out() {
        let ones = u64::MAX;
        for (counter, key, expected) in [
            ([0, 0], 0, [0xca00_a045_9843_d731, 0x66c2_4222_c9a8_45b5]),
            (
                [ones, ones],
                ones,
                [0x65b0_21d6_0cd8_310f, 0x4d02_f322_2f86_df20],
            ),
            (
                [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344],
                0xa409_3822_299f_31d0,
                [0x0a5e_742c_2997_341c, 0xb0f8_83d3_8000_de5d],
            ),
        ] {
            assert_eq!(philox(counter, key), expected);
        }
    }
}
