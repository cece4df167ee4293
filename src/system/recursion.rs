//! A map in the place of a system: its time counts steps, its drift says nothing.
//!
//! So a map is recorded, swept, resumed and archived by the very code that serves flows. Only the scheme `map` steps it,
//! by one at a time: everything else would ask for a drift.

use super::layout::Layout;
use super::map::Map;
use super::observe::Observables;
use super::{Smoothness, System};

/// A map that stands where a system is asked for.
pub struct Recursion(pub Box<dyn Map>);

impl System for Recursion {
    fn layout(&self) -> &Layout {
        self.0.layout()
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, _x: &[f64], dx: &mut [f64]) {
        dx.fill(0.0);
    }

    fn map(&self) -> Option<&dyn Map> {
        Some(self.0.as_ref())
    }

    fn observables(&self) -> Option<&dyn Observables> {
        self.0.observables()
    }
}
