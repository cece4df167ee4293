//! Damped Newton search for the zeros of a drift at a fixed time.
//!
//! ```text
//! J(x) dx = -f(x),   x <- x + s dx,   s = 1, 1/2, 1/4, ... until |f| falls
//! J singular, or no s does:   (J'J + mu I) dx = -J' f  (Levenberg), mu = 1e-3 |J|^2
//! ```
//!
//! Components outside `free` (auxiliary blocks) keep their values. J is the system's own Jacobian, else
//! central differences with the step eps^(1/3) max(1, |x_j|).

use nalgebra::{DMatrix, DVector};

use crate::system::System;

/// A drift at a fixed time over some of its components.
pub struct Field<'a> {
    system: &'a dyn System,
    t: f64,
    /// The components that are sought, by index.
    free: Vec<usize>,
    /// The values of the others.
    rest: Vec<f64>,
}

impl<'a> Field<'a> {
    /// The drift at `t` over the components that are not auxiliary.
    pub fn new(system: &'a dyn System, t: f64, rest: &[f64]) -> Self {
        let measured = system.layout().measured().into_iter().enumerate();
        Self {
            system,
            t,
            free: measured.filter(|(_, free)| *free).map(|(i, _)| i).collect(),
            rest: rest.to_vec(),
        }
    }

    /// How many components are sought.
    pub fn dimensions(&self) -> usize {
        self.free.len()
    }

    /// The whole state of a point.
    pub fn state(&self, x: &DVector<f64>) -> Vec<f64> {
        let mut state = self.rest.clone();
        for (&place, &x) in self.free.iter().zip(x) {
            state[place] = x;
        }
        state
    }

    /// The point of a whole state.
    pub fn point(&self, state: &[f64]) -> DVector<f64> {
        DVector::from_iterator(self.free.len(), self.free.iter().map(|&i| state[i]))
    }

    fn drift(&self, x: &DVector<f64>) -> DVector<f64> {
        let state = self.state(x);
        let mut dx = vec![0.0; state.len()];
        self.system.drift(self.t, &state, &mut dx);
        self.point(&dx)
    }

    /// The Jacobian over the sought components.
    pub fn jacobian(&self, x: &DVector<f64>) -> DMatrix<f64> {
        let n = self.free.len();
        let Some(own) = self.system.jacobian() else {
            return self.differences(x);
        };
        let state = self.state(x);
        let size = state.len();
        let mut matrix = vec![0.0; size * size];
        own.dense(self.t, &state, &mut matrix);
        DMatrix::from_fn(n, n, |i, j| matrix[self.free[i] * size + self.free[j]])
    }

    fn differences(&self, x: &DVector<f64>) -> DMatrix<f64> {
        let n = x.len();
        let mut jacobian = DMatrix::zeros(n, n);
        for j in 0..n {
            let step = f64::EPSILON.cbrt() * x[j].abs().max(1.0);
            let mut moved = x.clone();
            moved[j] = x[j] + step;
            let after = self.drift(&moved);
            let width = moved[j];
            moved[j] = x[j] - step;
            let before = self.drift(&moved);
            jacobian.set_column(j, &((after - before) / (width - moved[j])));
        }
        jacobian
    }

    /// The zero that the search from `x` ends at, if it ends at one.
    pub fn search(&self, x: DVector<f64>, tolerance: f64) -> Option<DVector<f64>> {
        let mut x = x;
        let mut f = self.drift(&x);
        for _ in 0..MOST {
            let size = f.norm();
            if !size.is_finite() {
                return None;
            }
            let jacobian = self.jacobian(&x);
            let right = -&f;
            let newton = jacobian.clone().lu().solve(&right);
            let newton = newton.filter(|step| step.iter().all(|d| d.is_finite()));
            if let Some(step) = &newton {
                let small = step.amax() <= tolerance * (1.0 + x.amax());
                if small && size <= tolerance * (1.0 + jacobian.amax() * (1.0 + x.amax())) {
                    return Some(self.polished(x, step));
                }
            }
            let advance = newton
                .and_then(|step| self.damped(&x, &step, size))
                .or_else(|| self.damped(&x, &levenberg(&jacobian, &right)?, size));
            (x, f) = advance?;
        }
        None
    }

    /// The last step, if it does not make the residual worse.
    fn polished(&self, x: DVector<f64>, step: &DVector<f64>) -> DVector<f64> {
        let moved = &x + step;
        match self.drift(&moved).norm() <= self.drift(&x).norm() {
            true => moved,
            false => x,
        }
    }

    /// The first halving of the step that lowers the residual.
    fn damped(
        &self,
        x: &DVector<f64>,
        step: &DVector<f64>,
        size: f64,
    ) -> Option<(DVector<f64>, DVector<f64>)> {
        let mut length = 1.0;
        while length > 1e-4 {
            let moved = x + step * length;
            let f = self.drift(&moved);
            if f.norm() < (1.0 - 1e-4 * length) * size {
                return Some((moved, f));
            }
            length *= 0.5;
        }
        None
    }
}

/// So many steps of one search.
const MOST: usize = 200;

fn levenberg(jacobian: &DMatrix<f64>, right: &DVector<f64>) -> Option<DVector<f64>> {
    let n = right.len();
    let damping = 1e-3 * jacobian.norm_squared().max(f64::MIN_POSITIVE);
    let normal = jacobian.transpose() * jacobian + DMatrix::identity(n, n) * damping;
    normal
        .cholesky()
        .map(|factor| factor.solve(&(jacobian.transpose() * right)))
}
