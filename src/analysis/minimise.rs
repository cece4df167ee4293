//! Minima of functions, by the crate `argmin`: Nelder-Mead without derivatives, L-BFGS with them.
//!
//! Both keep the best point that they have seen, whatever ends them: a line search that finds no descent is no failure here, because whoever
//! asks looks at the value.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::neldermead::NelderMead;
use argmin::solver::quasinewton::LBFGS;

/// A point and the value there.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The point.
    pub point: Vec<f64>,
    /// The value.
    pub value: f64,
}

/// A function to be minimised: the value, and the gradient where somebody wants it.
type Function<'f> = &'f dyn Fn(&[f64], Option<&mut [f64]>) -> f64;

struct Watched<'f> {
    function: Function<'f>,
    best: &'f RefCell<Option<Minimum>>,
}

impl Watched<'_> {
    fn value(&self, point: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let value = (self.function)(point, gradient);
        // A value that is no number is worse than any other.
        let value = if value.is_nan() { f64::INFINITY } else { value };
        let mut best = self.best.borrow_mut();
        if best.as_ref().is_none_or(|best| value < best.value) {
            *best = Some(Minimum {
                point: point.to_vec(),
                value,
            });
        }
        value
    }
}

impl CostFunction for Watched<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, point: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.value(point, None))
    }
}

impl Gradient for Watched<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, point: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let mut gradient = vec![0.0; point.len()];
        self.value(point, Some(&mut gradient));
        Ok(gradient)
    }
}

fn best(start: &[f64], function: Function<'_>, best: RefCell<Option<Minimum>>) -> Minimum {
    best.into_inner().unwrap_or_else(|| Minimum {
        point: start.to_vec(),
        value: function(start, None),
    })
}

/// Minimise without derivatives from a simplex of this size around a start, until the values at its corners differ by less than `tolerance`.
///
/// ```
/// use nullcline::analysis::minimise::nelder_mead;
/// let bowl = |x: &[f64]| (x[0] - 1.0).powi(2) + 3.0 * (x[1] + 2.0).powi(2);
/// let found = nelder_mead(&[0.0, 0.0], 0.5, 1e-14, 500, &bowl);
/// assert!((found.point[0] - 1.0).abs() < 1e-6 && (found.point[1] + 2.0).abs() < 1e-6);
/// ```
pub fn nelder_mead(
    start: &[f64],
    size: f64,
    tolerance: f64,
    iterations: u64,
    function: &dyn Fn(&[f64]) -> f64,
) -> Minimum {
    let function = |point: &[f64], _: Option<&mut [f64]>| function(point);
    let seen = RefCell::new(None);
    let watched = Watched {
        function: &function,
        best: &seen,
    };
    let mut simplex = vec![start.to_vec()];
    for direction in 0..start.len() {
        let mut corner = start.to_vec();
        corner[direction] += size;
        simplex.push(corner);
    }
    if let Ok(solver) = NelderMead::new(simplex).with_sd_tolerance(tolerance) {
        // What was seen counts, however it ended.
        let _ = Executor::new(watched, solver)
            .configure(|state| state.max_iters(iterations))
            .timer(false)
            .run();
    }
    best(start, &function, seen)
}

/// Minimise along gradients by L-BFGS, until the gradient is shorter than `tolerance`.
///
/// ```
/// use nullcline::analysis::minimise::quasi_newton;
/// let valley = |x: &[f64], gradient: Option<&mut [f64]>| {
///     let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
///     if let Some(gradient) = gradient {
///         gradient.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
///     }
///     a * a + 100.0 * b * b
/// };
/// let found = quasi_newton(&[-1.2, 1.0], 1e-10, 500, &valley);
/// assert!((found.point[0] - 1.0).abs() < 1e-8);
/// ```
pub fn quasi_newton(
    start: &[f64],
    tolerance: f64,
    iterations: u64,
    function: Function<'_>,
) -> Minimum {
    const MEMORY: usize = 12;
    let seen = RefCell::new(None);
    let watched = Watched {
        function,
        best: &seen,
    };
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY)
        .with_tolerance_grad(tolerance)
        .and_then(|solver| solver.with_tolerance_cost(0.0));
    if let Ok(solver) = solver {
        let _ = Executor::new(watched, solver)
            .configure(|state| state.param(start.to_vec()).max_iters(iterations))
            .timer(false)
            .run();
    }
    best(start, function, seen)
}
