//! Philox4x32-10: random words as a function of a counter and a key, nothing is consumed.
//!
//! ```text
//! (h0, l0) = 0xD2511F53 * c_0     (h1, l1) = 0xCD9E8D57 * c_2
//! (c_0, c_1, c_2, c_3) <- (h1 ^ c_1 ^ k_0, l1, h0 ^ c_3 ^ k_1, l0)
//! (k_0, k_1) <- (k_0 + 0x9E3779B9, k_1 + 0xBB67AE85)
//! ```
//!
//! ten times, on words of 32 bits. Here a counter is two words of 64 bits, low half first, the key is one, and two words come
//! out. Products of 32-bit words are what vectors multiply fast (`docs/decisions.md`).
//!
//! Salmon, Moraes, Dror, Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC11 (2011).

/// The multipliers of a round.
const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What the halves of the key grow by in each round: the golden ratio and the root of 3 less 1.
const WEYL: [u64; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Rounds.
const ROUNDS: u64 = 10;
/// The low half of a word.
const LOW: u64 = u32::MAX as u64;

/// The two words at `counter` under `key`.
///
/// ```
/// use nullcline::noise::philox::philox;
/// assert_eq!(philox([0, 0], 0), [0xe169_c58d_6627_e8d5, 0x9b00_dbd8_bc57_ac4c]);
/// ```
#[inline]
pub fn philox(counter: [u64; 2], key: u64) -> [u64; 2] {
    philox_lanes([[counter[0]], [counter[1]]], &[key]).map(|[word]| word)
}

/// The words of L lanes side by side, each with a counter and a key of its own: `[[first; L], [second; L]]`.
#[inline(always)]
pub fn philox_lanes<const L: usize>(counters: [[u64; L]; 2], keys: &[u64; L]) -> [[u64; L]; 2] {
    // Halves live in the low bits of words of 64 bits; what the high bits hold is never looked at.
    let [mut c0, mut c2] = counters;
    let mut c1 = c0.map(|word| word >> 32);
    let mut c3 = c2.map(|word| word >> 32);
    for round in 0..ROUNDS {
        for lane in 0..L {
            let k0 = (keys[lane] & LOW).wrapping_add(round * WEYL[0]) & LOW;
            let k1 = (keys[lane] >> 32).wrapping_add(round * WEYL[1]) & LOW;
            let first = (c0[lane] & LOW) * MULTIPLIERS[0];
            let second = (c2[lane] & LOW) * MULTIPLIERS[1];
            c0[lane] = (second >> 32) ^ c1[lane] ^ k0;
            c1[lane] = second;
            c2[lane] = (first >> 32) ^ c3[lane] ^ k1;
            c3[lane] = first;
        }
    }
    let joined = |low: [u64; L], high: [u64; L]| {
        std::array::from_fn(|lane| (low[lane] & LOW) | (high[lane] << 32))
    };
    [joined(c0, c1), joined(c2, c3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors published with Random123, `tests/kat_vectors`, the line `philox4x32 10`.
    #[test]
    fn the_published_vectors_come_out() {
        let ones = u64::MAX;
        for (counter, key, expected) in [
            ([0, 0], 0, [0xe169_c58d_6627_e8d5, 0x9b00_dbd8_bc57_ac4c]),
            (
                [ones, ones],
                ones,
                [0x41c8_3b0e_408f_276d, 0x6d54_51fd_a20b_c7c6],
            ),
            (
                [0x85a3_08d3_243f_6a88, 0x0370_7344_1319_8a2e],
                0x299f_31d0_a409_3822,
                [0x94fd_cceb_d16c_fe09, 0x2412_6ea1_5001_e420],
            ),
        ] {
            assert_eq!(philox(counter, key), expected);
        }
    }

    #[test]
    fn lanes_have_the_words_of_each_by_itself() {
        let counters: [[u64; 8]; 2] = [
            std::array::from_fn(|lane| 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(lane as u64 + 3)),
            std::array::from_fn(|lane| lane as u64),
        ];
        let keys = std::array::from_fn(|lane| u64::MAX / (lane as u64 + 1));
        let words = philox_lanes(counters, &keys);
        for lane in 0..8 {
            let alone = philox([counters[0][lane], counters[1][lane]], keys[lane]);
            assert_eq!([words[0][lane], words[1][lane]], alone);
        }
    }
}
