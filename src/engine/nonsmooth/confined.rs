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

use std::cell::{Cell, RefCell};

use super::modal::{Modal, NEAR, Unresolved, Why};
use crate::system::System;

/// A box as modes.
pub struct Confined {
    lower: Vec<f64>,
    upper: Vec<f64>,
    affine: bool,
    /// The drift where it was asked for last, and for affine pieces at x = 0: the end of a step is asked for again
    /// when its mode is resolved and when the next step starts, and it is one drift in every mode.
    last: RefCell<Known>,
    at_zero: RefCell<Known>,
    spared: Cell<u64>,
}

/// A drift that is known.
#[derive(Debug, Default)]
struct Known {
    time: f64,
    state: Vec<f64>,
    drift: Vec<f64>,
}

impl Known {
    fn keep(&mut self, time: f64, state: &[f64], drift: &[f64]) {
        self.time = time;
        self.state.clear();
        self.state.extend_from_slice(state);
        self.drift.clear();
        self.drift.extend_from_slice(drift);
    }

    /// The same to the bit: a drift may tell zeros apart.
    fn is_at(&self, x: &[f64]) -> bool {
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
        self.state.len() == x.len() && self.state.iter().zip(x).all(same)
    }
}

impl Confined {
    /// The modes of a box; `affine` if the drift is.
    pub fn new(lower: &[f64], upper: &[f64], affine: bool) -> Self {
        Self {
            lower: lower.to_vec(),
            upper: upper.to_vec(),
            affine,
            last: RefCell::default(),
            at_zero: RefCell::default(),
            spared: Cell::new(0),
        }
    }

    /// The drift, evaluated or known.
    fn drift<S: System + ?Sized>(&self, system: &S, t: f64, x: &[f64], dx: &mut [f64]) {
        let (last, at_zero) = (
            &mut *self.last.borrow_mut(),
            &mut *self.at_zero.borrow_mut(),
        );
        // Between breakpoints the drift of affine pieces does not depend on time.
        let known = match self.affine {
            true if at_zero.is_at(x) => Some(&*at_zero),
            true => last.is_at(x).then_some(&*last),
            false => (last.time == t && last.is_at(x)).then_some(&*last),
        };
        if let Some(known) = known {
            dx.copy_from_slice(&known.drift);
            self.spared.set(self.spared.get() + 1);
            return;
        }
        system.drift(t, x, dx);
        if !self.affine {
            last.keep(t, x, dx);
        } else if x.iter().all(|x| x.to_bits() == 0) {
            at_zero.keep(t, x, dx);
        }
    }

    /// The drift at the end of a step, from which the next one starts.
    fn drift_at_end<S: System + ?Sized>(&self, system: &S, t: f64, x: &[f64], dx: &mut [f64]) {
        self.drift(system, t, x, dx);
        self.last.borrow_mut().keep(t, x, dx);
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
        self.drift(system, t, x, dx);
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

    fn surfaces_of_state<S: System + ?Sized>(
        &self,
        _system: &S,
        mode: &[i8],
        _t: f64,
        x: &[f64],
        g: &mut [f64],
    ) {
        let surfaces = g.as_chunks_mut::<2>().0;
        for (i, surface) in surfaces.iter_mut().enumerate() {
            *surface = match mode[i] {
                0 => [x[i] - self.lower[i], self.upper[i] - x[i]],
                _ => [f64::INFINITY; 2],
            };
        }
    }

    fn snap(&self, mode: &[i8], x: &mut [f64]) {
        for (i, x) in x.iter_mut().enumerate().filter(|(i, _)| mode[*i] == 0) {
            *x = x.clamp(self.lower[i], self.upper[i]);
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
        self.last.borrow_mut().state.clear();
        self.at_zero.borrow_mut().state.clear();
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
        self.drift_at_end(system, t, x, &mut drift);
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
        self.drift_at_end(system, t, x, &mut drift);
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

    fn spared(&self) -> u64 {
        self.spared.take()
    }

    fn save(&self, memory: &mut Vec<f64>) {
        for known in [&self.last, &self.at_zero] {
            let known = known.borrow();
            memory.push(f64::from(u8::from(!known.state.is_empty())));
            memory.push(known.time);
            for numbers in [&known.state, &known.drift] {
                memory.extend((0..self.lower.len()).map(|i| numbers.get(i).unwrap_or(&0.0)));
            }
        }
    }

    fn restore<'a>(&self, memory: &'a [f64]) -> &'a [f64] {
        let mut rest = memory;
        for known in [&self.last, &self.at_zero] {
            let ([is_known, time], behind) = rest.split_first_chunk().unwrap_or((&[0.0; 2], &[]));
            let (state, behind) = behind.split_at(self.lower.len());
            let (drift, behind) = behind.split_at(self.lower.len());
            let mut known = known.borrow_mut();
            known.keep(*time, state, drift);
            if *is_known == 0.0 {
                known.state.clear();
            }
            rest = behind;
        }
        rest
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
