//! `master-equation`: the density matrix itself.
//!
//! State `rho [coordinate]`, N^2 real coordinates (see `coordinates`), shown as `rho_re` and `rho_im` `[level, level_]`: Hermitian by
//! construction. The flow is linear with a constant generator, so that `exponential` is exact on the saving grid.

use std::sync::{Arc, OnceLock};

use super::coordinates::{entry, matrix, names, purity};
use super::health;
use super::levels::Levels;
use super::lindblad::{Lindblad, Rows};
use super::observables::{self, State};
use super::operator::C;
use crate::prelude::*;

/// Up to so many coordinates the Jacobian is given in full.
const DENSE: usize = 400;
/// Up to so many by its rows; of more it is found by differences.
const SPARSE: usize = 128 * 128;

/// The master equation of a generator.
pub struct MasterEquation {
    levels: Levels,
    lindblad: Arc<Lindblad>,
    layout: Layout,
    observables: Vec<Variable>,
    health: Vec<Variable>,
    rows: OnceLock<Rows>,
}

/// What the generator makes of every unit vector, by rows.
fn rows(lindblad: &Lindblad, dim: usize) -> Rows {
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); dim];
    let (mut unit, mut image) = (vec![0.0; dim], vec![0.0; dim]);
    for column in 0..dim {
        unit[column] = 1.0;
        lindblad.act(&unit, &mut image);
        unit[column] = 0.0;
        for (row, &value) in rows.iter_mut().zip(&image) {
            if value != 0.0 {
                row.push((column, value));
            }
        }
    }
    let mut found = Rows::new();
    for row in rows {
        found.columns.extend(row.iter().map(|&(column, _)| column));
        found.values.extend(row.iter().map(|&(_, value)| value));
        found.starts.push(found.columns.len());
    }
    found
}

impl MasterEquation {
    /// The equation on these levels.
    pub fn new(levels: Levels, lindblad: Arc<Lindblad>) -> Self {
        let dim = levels.n * levels.n;
        let axis = Axis::labelled("coordinate", names(levels.n, &levels.all_labels()));
        let rho = Variable::new("rho", vec![axis])
            .meaning("real coordinates of the density matrix: diagonal, then both parts of the upper triangle");
        Self {
            layout: Layout::new()
                .block_from(rho, vec![f64::NAN; dim])
                .shown_as(&["rho_re", "rho_im"]),
            observables: observables::list(&levels, "master-equation"),
            health: health::list(),
            rows: OnceLock::new(),
            levels,
            lindblad,
        }
    }
}

impl System for MasterEquation {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        self.lindblad.act(x, dx);
        // What rounding leaves of d tr/dt is one and the same number at rest, and 1e5 units of time would add it up.
        dx[0] = -dx[1..self.levels.n].iter().sum::<f64>();
    }

    fn linear(&self) -> Option<&dyn Linear> {
        Some(self)
    }

    fn jacobian(&self) -> Option<&dyn Jacobian> {
        (self.layout.len() <= SPARSE).then_some(self as &dyn Jacobian)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }

    fn health(&self) -> Option<&dyn Health> {
        Some(self)
    }
}

impl Linear for MasterEquation {
    fn generator(&self, _t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        matrix.copy_from_slice(&self.lindblad.generator());
        offset.fill(0.0);
    }

    fn bound(&self, _t: f64) -> f64 {
        self.lindblad.bound()
    }

    fn conserved(&self) -> Vec<Vec<f64>> {
        let n = self.levels.n;
        let trace = |at: usize| f64::from(u8::from(at < n));
        vec![(0..n * n).map(trace).collect()]
    }
}

impl Jacobian for MasterEquation {
    fn dense(&self, _t: f64, _x: &[f64], matrix: &mut [f64]) {
        matrix.copy_from_slice(&self.lindblad.generator());
    }

    fn pattern(&self) -> Option<Pattern<'_>> {
        let dim = self.layout.len();
        (dim > DENSE).then(|| {
            let rows = self.rows.get_or_init(|| rows(&self.lindblad, dim));
            Pattern {
                starts: &rows.starts,
                columns: &rows.columns,
            }
        })
    }

    fn sparse(&self, _t: f64, _x: &[f64], places: &Pattern<'_>, entries: &mut [f64]) -> bool {
        let Some(rows) = self.rows.get() else {
            return false;
        };
        for row in 0..self.layout.len() {
            let range = places.starts[row]..places.starts[row + 1];
            let columns = &places.columns[range.clone()];
            for (entry, &column) in entries[range].iter_mut().zip(columns) {
                *entry = rows.entry(row, column);
            }
        }
        true
    }
}

/// A density matrix by its coordinates.
struct Mixed<'a> {
    n: usize,
    x: &'a [f64],
}

impl State for Mixed<'_> {
    fn entry(&self, i: usize, j: usize) -> C {
        entry(self.n, self.x, i, j)
    }

    fn purity(&self) -> f64 {
        purity(self.n, self.x)
    }

    fn entropy(&self) -> f64 {
        observables::entropy(&matrix(self.n, self.x))
    }
}

impl Observables for MasterEquation {
    fn list(&self) -> &[Variable] {
        &self.observables
    }

    fn observe(&self, index: usize, _t: f64, x: &[f64], out: &mut [f64]) {
        let n = self.levels.n;
        let name = &self.observables[index].name;
        observables::observe(&self.levels, name, &Mixed { n, x }, out);
    }
}

impl Health for MasterEquation {
    fn list(&self) -> &[Variable] {
        &self.health
    }

    fn reducer(&self, index: usize) -> Box<dyn Reducer> {
        health::reducer(index, self.levels.n)
    }
}
