//! The unit sphere: `x' = f - (x . f) x` with `|x| = 1`. There is one mode and nothing to cross.

use super::modal::{Modal, NEAR, Unresolved, Why};
use crate::system::System;

/// The sphere as a mode.
pub struct Sphere;

impl Modal for Sphere {
    fn modes(&self) -> usize {
        0
    }

    fn surfaces(&self) -> usize {
        0
    }

    fn is_affine(&self) -> bool {
        false
    }

    fn evaluate<S: System + ?Sized>(
        &self,
        system: &S,
        _mode: &[i8],
        t: f64,
        x: &[f64],
        dx: &mut [f64],
        _g: &mut [f64],
    ) {
        system.drift(t, x, dx);
        let outwards: f64 = x.iter().zip(&*dx).map(|(x, dx)| x * dx).sum();
        dx.iter_mut().zip(x).for_each(|(dx, x)| *dx -= outwards * x);
    }

    fn surfaces_of_state<S: System + ?Sized>(
        &self,
        _system: &S,
        _mode: &[i8],
        _t: f64,
        _x: &[f64],
        _g: &mut [f64],
    ) {
    }

    fn begin<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &mut [f64],
        mode: &mut [i8],
        _not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved> {
        let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
        if (norm - 1.0).abs() > NEAR || norm.is_nan() {
            return Err(Unresolved {
                component: None,
                why: Why::Outside,
            });
        }
        self.settle(system, t, mode, x);
        Ok(())
    }

    fn resolve<S: System + ?Sized>(
        &self,
        _system: &S,
        _t: f64,
        _x: &mut [f64],
        _mode: &mut [i8],
        _which: &[usize],
        _not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved> {
        Ok(())
    }

    fn kind(&self, _before: i8, _after: i8) -> Option<&'static str> {
        None
    }

    fn resting(&self, after: i8) -> i8 {
        after
    }

    fn settle<S: System + ?Sized>(&self, _system: &S, _t: f64, _mode: &[i8], x: &mut [f64]) {
        let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
        x.iter_mut().for_each(|x| *x /= norm);
    }
}
