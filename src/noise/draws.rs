//! Draws: uniform and normal numbers for a jump or for a step of a map.

use super::key::Key;
use super::normal::{normals, unit};
use super::philox::philox;
use crate::system::draws::Draws;

/// Where a run has its draws from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawing {
    uniform: u64,
    normal: u64,
}

/// The draws of one jump or step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawsOf {
    from: Drawing,
    number: u64,
}

impl Drawing {
    /// The draws of the jumps of a run.
    pub fn jumps(key: &Key) -> Self {
        Self::new(key, "jump")
    }

    /// The draws of the steps of a map.
    pub fn steps(key: &Key) -> Self {
        Self::new(key, "map")
    }

    fn new(key: &Key, purpose: &str) -> Self {
        let [uniform, normal, ..] = key.streams(purpose);
        Self { uniform, normal }
    }

    /// Those of jump or step `number`.
    ///
    /// ```
    /// use nullcline::noise::draws::Drawing;
    /// use nullcline::noise::key::Key;
    /// use nullcline::prelude::*;
    /// let draws = Drawing::jumps(&Key::of_seed(1)).of(3);
    /// assert_eq!(draws.uniform(0), draws.uniform(0));
    /// assert!(draws.uniform(0) != draws.uniform(1));
    /// ```
    pub fn of(&self, number: u64) -> DrawsOf {
        DrawsOf {
            from: *self,
            number,
        }
    }
}

impl Draws for DrawsOf {
    fn uniform(&self, draw: u64) -> f64 {
        unit(philox([self.number, draw], self.from.uniform)[0])
    }

    fn normal(&self, draw: u64) -> f64 {
        normals([self.number, draw], self.from.normal)[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_their_laws_and_do_not_know_each_other() {
        let jumps = Drawing::jumps(&Key::of_seed(1));
        let steps = Drawing::steps(&Key::of_seed(1));
        let n = 100_000_u64;
        let mut sums = [0.0; 4];
        for k in 0..n {
            let (u, x) = (jumps.of(k).uniform(0) - 0.5, jumps.of(k).normal(0));
            let numbers = [
                u / (1.0_f64 / 12.0).sqrt(),
                x,
                12.0 * u * (steps.of(k).uniform(0) - 0.5),
                12.0 * u * (jumps.of(k + 1).uniform(0) - 0.5),
            ];
            for (sum, number) in sums.iter_mut().zip(numbers) {
                *sum += number / (n as f64).sqrt();
            }
        }
        assert!(sums.iter().all(|sum| sum.abs() < 4.0), "{sums:?}");
    }
}
