//! Brownian bridges: an increment over an interval, split in the middle.
//!
//! ```text
//! w = W(b) - W(a),   z = int_a^b (W(s) - W(a)) ds,   h = b - a,   H = z / h - w / 2 ~ N(0, h / 12), independent of w
//! d = 3/2 H + sqrt(h / 16) xi          w_1 = w / 2 + d           H_1 = H - d / 2 + sqrt(h / 48) eta
//!                                      w_2 = w / 2 - d           H_2 = H - d / 2 - sqrt(h / 48) eta
//! ```
//!
//! With two standard normal numbers xi, eta the halves have the law that they have given (w, z): what follows from
//! (w_1 - w_2) / 2 ~ N(0, h / 4) and (H_1 + H_2) / 2, (H_1 - H_2) / 2 ~ N(0, h / 48), all independent.
//!
//! Foster, Lyons, Oberhauser, *An optimal polynomial approximation of Brownian motion*, SIAM J. Numer. Anal. 58 (2020) 1393.

/// The increment of a Brownian path over an interval, and the area under the path above its start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Increment {
    /// `W(b) - W(a)`, of variance h.
    pub w: f64,
    /// The integral of `W(s) - W(a)` from a to b, of variance h^3 / 3; its covariance with w is h^2 / 2.
    pub z: f64,
}

impl Increment {
    /// The increment over an interval of this length, from two standard normal numbers.
    pub fn new(length: f64, [first, second]: [f64; 2]) -> Self {
        let w = length.sqrt() * first;
        let skew = (length / 12.0).sqrt() * second;
        Self {
            w,
            z: length * (skew + 0.5 * w),
        }
    }

    /// This increment and the one that follows it, of this length, as one.
    ///
    /// ```
    /// use nullcline::noise::bridge::Increment;
    /// let (first, next) = (Increment { w: 1.0, z: 0.25 }, Increment { w: -2.0, z: 0.5 });
    /// assert_eq!(first.then(next, 3.0), Increment { w: -1.0, z: 0.25 + 0.5 + 1.0 * 3.0 });
    /// ```
    pub fn then(self, next: Increment, length: f64) -> Self {
        Self {
            w: self.w + next.w,
            z: self.z + next.z + self.w * length,
        }
    }

    /// Its halves, if it belongs to an interval of this length, from two standard normal numbers.
    pub fn split(self, length: f64, [first, second]: [f64; 2]) -> [Self; 2] {
        let skew = self.z / length - 0.5 * self.w;
        let d = 1.5 * skew + (length / 16.0).sqrt() * first;
        let (common, apart) = (skew - 0.5 * d, (length / 48.0).sqrt() * second);
        let half = |w: f64, skew: f64| Self {
            w,
            z: 0.5 * length * (skew + 0.5 * w),
        };
        [
            half(0.5 * self.w + d, common + apart),
            half(0.5 * self.w - d, common - apart),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::normal::normals;

    #[test]
    fn halves_add_up() {
        for k in 0..100 {
            let whole = Increment::new(0.3, normals([k, 0], 1));
            let [first, second] = whole.split(0.3, normals([k, 1], 1));
            let joined = first.then(second, 0.15);
            assert!((joined.w - whole.w).abs() < 1e-15 && (joined.z - whole.z).abs() < 1e-15);
        }
    }

    #[test]
    fn halves_have_the_law_of_increments() {
        let (n, h) = (1_000_000_u64, 2.0);
        // Variances and covariances of (w1, z1, w2, z2) for intervals of length 1.
        let mut sums = [[0.0; 4]; 4];
        for k in 0..n {
            let whole = Increment::new(h, normals([k, 0], 2));
            let [a, b] = whole.split(h, normals([k, 1], 2));
            let numbers = [a.w, a.z, b.w, b.z];
            for i in 0..4 {
                for j in 0..4 {
                    sums[i][j] += numbers[i] * numbers[j] / n as f64;
                }
            }
        }
        let expected = [
            [1.0, 0.5, 0.0, 0.0],
            [0.5, 1.0 / 3.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.5],
            [0.0, 0.0, 0.5, 1.0 / 3.0],
        ];
        for (i, row) in sums.iter().enumerate() {
            for (j, sum) in row.iter().enumerate() {
                // var(x y) = var x var y + cov^2
                let c = |i: usize, j: usize| -> f64 { expected[i][j] };
                let error = ((c(i, i) * c(j, j) + c(i, j).powi(2)) / n as f64).sqrt();
                let off = (sum - c(i, j)) / error;
                assert!(off.abs() < 4.0, "{i} {j}: {off} standard errors");
            }
        }
    }
}
