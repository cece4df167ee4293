//! exp and ln as plain arithmetic, so that a loop over cells becomes vector code of any width with the same bits.
//!
//! ```text
//! exp x = 2^k exp r,        k = round(x / ln 2), r = x - k ln 2 in two parts, Taylor to degree 13
//! ln x  = k ln 2 + ln m,    x = 2^k m, m in [sqrt 1/2, sqrt 2), ln m by the polynomial of fdlibm in s = f / (2 + f)
//! ```
//!
//! Both are within 2 units in the last place. Beyond +-708 the argument of `exp` is held there: e^708 = 3e307 and its
//! inverse are as good as infinity and zero. `ln` of what is not positive is NaN. Source of the coefficients of `ln`:
//! fdlibm, `e_log.c` (Sun Microsystems, 1993, freely granted).

const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1.5 * 2^52: adding it rounds to a whole number, which then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// The bits of sqrt(1/2).
const HALF_ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
/// 2^52, whose low bits are a whole number by themselves.
const WHOLE: u64 = 0x4330_0000_0000_0000;

/// e^x.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let x = if x > 708.0 { 708.0 } else { x };
    let x = if x < -708.0 { -708.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    // 1/13! down to 1/2!
    let mut sum = 1.605_904_383_682_161_3e-10;
    sum = sum * r + 2.087_675_698_786_81e-9;
    sum = sum * r + 2.505_210_838_544_172e-8;
    sum = sum * r + 2.755_731_922_398_589e-7;
    sum = sum * r + 2.755_731_922_398_589_3e-6;
    sum = sum * r + 2.480_158_730_158_73e-5;
    sum = sum * r + 1.984_126_984_126_984e-4;
    sum = sum * r + 1.388_888_888_888_889e-3;
    sum = sum * r + 8.333_333_333_333_333e-3;
    sum = sum * r + 4.166_666_666_666_666_4e-2;
    sum = sum * r + 1.666_666_666_666_666_6e-1;
    sum = sum * r + 0.5;
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    (1.0 + (r + r * r * sum)) * power
}

/// The natural logarithm.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let place = bits.wrapping_sub(HALF_ROOT).wrapping_add(1024 << 52) >> 52;
    let k = f64::from_bits(WHOLE | place) - (f64::from_bits(WHOLE) + 1024.0);
    let m = f64::from_bits(bits.wrapping_sub(place.wrapping_sub(1024) << 52));
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w
        * (0.399_999_999_994_094_2 + w * (0.222_221_984_321_497_84 + w * 0.153_138_376_992_093_73));
    let odd = z
        * (0.666_666_666_666_673_5
            + w * (0.285_714_287_436_623_9
                + w * (0.181_835_721_616_180_5 + w * 0.147_981_986_051_165_86)));
    let half = 0.5 * f * f;
    let value = k * LN2_HIGH - ((half - (s * (half + (even + odd)) + k * LN2_LOW)) - f);
    if x > 0.0 { value } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance in units in the last place of `b`.
    fn units(a: f64, b: f64) -> f64 {
        (a - b).abs() / (b.abs().next_up() - b.abs())
    }

    #[test]
    fn exp_and_ln_are_within_two_units_in_the_last_place() {
        let mut worst = [0.0_f64; 2];
        for i in 0..2_000_000 {
            let x = -40.0 + 80.0 * f64::from(i) / 2e6;
            worst[0] = worst[0].max(units(exp(x), x.exp()));
            let y = 1e-6 * f64::from(i + 1) * 0.37;
            worst[1] = worst[1].max(units(ln(y), y.ln()));
        }
        assert!(worst[0] <= 2.0 && worst[1] <= 2.0, "{worst:?}");
    }

    #[test]
    fn the_ends_of_their_ranges_are_met() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
        assert!(exp(-1e9) > 0.0 && exp(-1e9) < 1e-300);
        assert!(exp(1e9) > 1e300);
        for x in [0.0, -1.0, f64::NAN] {
            assert!(ln(x).is_nan(), "{x}");
        }
    }
}
