//! Confinement to a box: projected dynamics `x' = Pi_{T_C(x)} f(t, x)` with `C = {lower <= x <= upper}`.
//!
//! ```text
//! mode -1: x_i = lower_i, x_i' = 0 while f_i < 0        mode +1: x_i = upper_i, x_i' = 0 while f_i > 0
//! mode  0: x_i' = f_i while lower_i < x_i < upper_i
//! ```
//!
//! A component that reaches a bound is fixed if its drift points outwards there; a fixed one is released
//! where its drift turns inwards. The projection acts on every component alone, so a corner needs no more than
//! the signs of f at the corner.

use super::modal::{Modal, NEAR, Unresolved, Why};
use crate::system::System;

/// A box as modes.
pub struct Confined {
    lower: Vec<f64>,
    upper: Vec<f64>,
    affine: bool,
}

impl Confined {
    /// The modes of a box; `affine` if the drift is.
    pub fn new(lower: &[f64], upper: &[f64], affine: bool) -> Self {
        Self {
            lower: lower.to_vec(),
            upper: upper.to_vec(),
            affine,
        }
    }
}

impl Modal for Confined {
    fn modes(&self) -> usize {
        self.lower.len()
    }

    fn surfaces(&self) -> usize {
        2 * self.lower.len()
    }

    fn is_affine(&self) -> bool {
        self.affine
    }

    fn evaluate<S: System + ?Sized>(
        &self,
        system: &S,
        mode: &[i8],
        t: f64,
        x: &[f64],
        dx: &mut [f64],
        g: &mut [f64],
    ) {
        system.drift(t, x, dx);
        let surfaces = g.as_chunks_mut::<2>().0;
        for (i, surface) in surfaces.iter_mut().enumerate() {
            *surface = match mode[i] {
                0 => [x[i] - self.lower[i], self.upper[i] - x[i]],
                // Outwards is -1 at the lower bound and +1 at the upper one.
                side => [f64::from(side) * dx[i], f64::INFINITY],
            };
            if mode[i] != 0 {
                dx[i] = 0.0;
            }
        }
    }

    fn begin<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &mut [f64],
        mode: &mut [i8],
        _not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved> {
        let near = NEAR * (1.0 + x.iter().fold(0.0_f64, |max, x| max.max(x.abs())));
        mode.fill(0);
        for (i, x) in x.iter_mut().enumerate() {
            if *x < self.lower[i] - near || *x > self.upper[i] + near || x.is_nan() {
                return Err(Unresolved {
                    component: Some(i),
                    why: Why::Outside,
                });
            }
            *x = x.clamp(self.lower[i], self.upper[i]);
            if *x == self.lower[i] {
                mode[i] = -1;
            } else if *x == self.upper[i] {
                mode[i] = 1;
            }
        }
        let mut drift = vec![0.0; x.len()];
        system.drift(t, x, &mut drift);
        for (i, mode) in mode.iter_mut().enumerate() {
            if f64::from(*mode) * drift[i] < 0.0 {
                *mode = 0;
            }
        }
        Ok(())
    }

    fn resolve<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &mut [f64],
        mode: &mut [i8],
        which: &[usize],
        _not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved> {
        let mut reached = Vec::new();
        for &surface in which {
            let i = surface / 2;
            if mode[i] != 0 {
                mode[i] = 0;
            } else {
                let side = if surface % 2 == 0 { -1 } else { 1 };
                x[i] = if side < 0 {
                    self.lower[i]
                } else {
                    self.upper[i]
                };
                reached.push((i, side));
            }
        }
        // The signs of the drift at the corner, not before it.
        let mut drift = vec![0.0; x.len()];
        system.drift(t, x, &mut drift);
        for (i, side) in reached {
            if f64::from(side) * drift[i] >= 0.0 {
                mode[i] = side;
            }
        }
        Ok(())
    }

    fn kind(&self, before: i8, after: i8) -> Option<&'static str> {
        match (before, after) {
            (before, after) if before == after => None,
            (_, 0) => Some("release"),
            _ => Some("contact"),
        }
    }

    fn resting(&self, _after: i8) -> i8 {
        0
    }

    fn settle<S: System + ?Sized>(&self, _system: &S, _t: f64, mode: &[i8], x: &mut [f64]) {
        for (i, x) in x.iter_mut().enumerate() {
            *x = match mode[i] {
                0 => x.clamp(self.lower[i], self.upper[i]),
                side if side < 0 => self.lower[i],
                _ => self.upper[i],
            };
        }
    }
}
