//! Standard normal numbers at addresses: the ziggurat over words of Philox.
//!
//! 256 layers of equal area; a word gives the layer (8 bits), the sign (1 bit) and the place within the layer (53 bits).
//! What the first word does not decide (1.2 % of all) draws further words from a sub-counter of the same address, so a normal
//! number is a function of its address whatever its neighbours did.
//!
//! Marsaglia, Tsang, *The ziggurat method for generating random variables*, J. Stat. Softw. 5 (2000), in the form of Doornik,
//! *An improved ziggurat method to generate normal random samples* (2005).

use std::sync::LazyLock;

use super::philox::philox;

/// Layers.
const LAYERS: usize = 256;
/// Where the tail begins.
const TAIL: f64 = 3.654_152_885_361_009;
/// The area of a layer.
const AREA: f64 = 0.004_928_673_233_974_655;
/// Of the second counter the low bits say where, the high ones how often a draw was not decided.
pub(super) const CHANNEL_BITS: u32 = 40;

/// Edges of the layers, and for each the share of it that lies wholly below the density.
struct Ziggurat {
    edge: [f64; LAYERS + 1],
    inside: [f64; LAYERS],
}

static ZIGGURAT: LazyLock<Ziggurat> = LazyLock::new(|| {
    let density = |x: f64| (-0.5 * x * x).exp();
    let mut edge = [0.0; LAYERS + 1];
    edge[0] = AREA / density(TAIL);
    edge[1] = TAIL;
    for layer in 2..LAYERS {
        let below = edge[layer - 1];
        edge[layer] = (-2.0 * (AREA / below + density(below)).ln()).sqrt();
    }
    let inside = std::array::from_fn(|layer| edge[layer + 1] / edge[layer]);
    Ziggurat { edge, inside }
});

/// A number in (0, 1) from the upper 52 bits of a word.
#[inline]
pub fn unit(word: u64) -> f64 {
    const SHARE: f64 = 1.0 / (1_u64 << 52) as f64;
    ((word >> 12) as f64 + 0.5) * SHARE
}

/// The words that an undecided draw goes on with.
struct More {
    counter: [u64; 2],
    which: u64,
    key: u64,
    turn: u64,
}

impl More {
    fn next(&mut self) -> [u64; 2] {
        self.turn += 1;
        let sub = (2 * self.turn + self.which) << CHANNEL_BITS;
        philox([self.counter[0], self.counter[1] | sub], self.key)
    }
}

/// The two normal numbers at `counter`, whose second part is below 2^40, under `key`.
///
/// ```
/// use nullcline::noise::normal::normals;
/// assert_eq!(normals([7, 3], 42), normals([7, 3], 42));
/// assert_ne!(normals([7, 3], 42), normals([8, 3], 42));
/// ```
#[inline]
pub fn normals(counter: [u64; 2], key: u64) -> [f64; 2] {
    let words = philox(counter, key);
    let ziggurat = &*ZIGGURAT;
    let one = |which: usize| {
        let (layer, share) = parts(words[which]);
        if share.abs() < ziggurat.inside[layer] {
            return share * ziggurat.edge[layer];
        }
        undecided(ziggurat, words[which], counter, which, key)
    };
    [one(0), one(1)]
}

/// The layer of a word, and its place in it, between -1 and 1.
#[inline]
fn parts(word: u64) -> (usize, f64) {
    const SHARE: f64 = 1.0 / (1_u64 << 53) as f64;
    let place = (word as i64 >> 10) as f64 + 0.5;
    ((word & 0xff) as usize, place * SHARE)
}

#[cold]
fn undecided(ziggurat: &Ziggurat, mut word: u64, counter: [u64; 2], which: usize, key: u64) -> f64 {
    let mut more = More {
        counter,
        which: which as u64,
        key,
        turn: 0,
    };
    loop {
        let (layer, share) = parts(word);
        if share.abs() < ziggurat.inside[layer] {
            return share * ziggurat.edge[layer];
        }
        let words = more.next();
        if layer == 0 {
            return tail(words, &mut more).copysign(share);
        }
        let x = share * ziggurat.edge[layer];
        let density = |x: f64| (-0.5 * x * x).exp();
        let (low, high) = (
            density(ziggurat.edge[layer]),
            density(ziggurat.edge[layer + 1]),
        );
        if low + unit(words[0]) * (high - low) < density(x) {
            return x;
        }
        word = words[1];
    }
}

/// A number beyond the last edge: Marsaglia's method.
fn tail(mut words: [u64; 2], more: &mut More) -> f64 {
    loop {
        let x = unit(words[0]).ln() / TAIL;
        let y = unit(words[1]).ln();
        if -2.0 * y > x * x {
            return TAIL - x;
        }
        words = more.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(count: u64, key: u64) -> impl Iterator<Item = f64> {
        (0..count / 2).flat_map(move |k| normals([k, 0], key))
    }

    #[test]
    fn the_layers_close_at_zero() {
        let ziggurat = &*ZIGGURAT;
        assert!(ziggurat.edge.is_sorted_by(|a, b| a > b));
        // The topmost layer has the area of all others.
        let top = ziggurat.edge[LAYERS - 1];
        let area = top * (1.0 - (-0.5 * top * top).exp());
        assert!((area / AREA - 1.0).abs() < 1e-9, "{area}");
    }

    #[test]
    fn moments_are_those_of_the_normal_law() {
        let n = 4_000_000;
        let mut sums = [0.0; 4];
        for x in many(n, 11) {
            for (power, sum) in sums.iter_mut().enumerate() {
                *sum += x.powi(power as i32 + 1);
            }
        }
        let n = n as f64;
        // Mean and standard deviation of x, x^2, x^3, x^4.
        for (sum, (mean, sd)) in sums.iter().zip([
            (0.0, 1.0),
            (1.0, 2.0_f64.sqrt()),
            (0.0, 15.0_f64.sqrt()),
            (3.0, 96.0_f64.sqrt()),
        ]) {
            let off = (sum / n - mean) / (sd / n.sqrt());
            assert!(off.abs() < 4.0, "{off} standard errors");
        }
    }

    #[test]
    fn tails_are_as_heavy_as_they_should_be() {
        let n = 20_000_000_u64;
        let mut beyond = [0_u64; 4];
        let levels = [1.0, 3.0, 4.0, 4.8];
        for x in many(n, 5) {
            for (level, count) in levels.iter().zip(&mut beyond) {
                *count += u64::from(x.abs() > *level);
            }
        }
        // 2 (1 - Phi(level))
        for (count, share) in beyond.iter().zip([
            0.317_310_507_863,
            2.699_796_063e-3,
            6.334_248_367e-5,
            1.586_7e-6,
        ]) {
            let expected = share * n as f64;
            let off = (*count as f64 - expected) / expected.sqrt();
            assert!(off.abs() < 4.0, "{count} instead of {expected}: {off}");
        }
    }

    #[test]
    fn neighbours_are_independent() {
        let n = 1_000_000_u64;
        let correlation = |pair: &dyn Fn(u64) -> (f64, f64)| {
            let sum: f64 = (0..n).map(|k| pair(k)).map(|(a, b)| a * b).sum();
            sum / (n as f64).sqrt()
        };
        let at = |cell: u64, channel: u64, key: u64| normals([cell, channel], key)[0];
        for off in [
            correlation(&|k| (at(k, 0, 1), at(k + 1, 0, 1))),
            correlation(&|k| (at(k, 0, 1), at(k, 1, 1))),
            correlation(&|k| (at(k, 0, 1), at(k, 0, 2))),
            correlation(&|k| normals([k, 0], 1).into()),
        ] {
            assert!(off.abs() < 4.0, "{off}");
        }
    }
}
