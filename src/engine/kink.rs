//! Where a step first leaves the smooth piece it was made on.
//!
//! Given a step whose stages were computed on one piece, the surfaces `g_k` at its start and end, and
//! its dense output, find the least `theta` at which some `g_k` changes sign. Because the drift is
//! continuous across a kink, missing it by `delta` costs an error of order `delta^2` only: a location
//! to about the square root of the tolerance is enough, and a parabola through the start, a stage and the
//! end almost always reaches it without any evaluation besides the one that the next step needs anyway.

use super::field::Field;
use super::interleave::gather;
use super::tableau::Tableau;
use crate::system::aligned::Aligned;

/// The side of a surface: +1 where g > 0, else -1.
#[inline(always)]
pub fn side(g: f64) -> f64 {
    if g > 0.0 { 1.0 } else { -1.0 }
}

/// What was found. Results lie in the [`Scratch`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Located {
    /// The step stays on its piece.
    Nothing,
    /// The step already starts beyond a surface: `sides` holds the piece to step on instead.
    AtStart,
    /// The step crosses at `theta`: `state`, `drift`, `sides` and `surfaces` hold the state there, its
    /// drift on the next piece, that piece, and the surfaces.
    Crossing {
        /// The share of the step before the crossing.
        theta: f64,
    },
}

/// Working memory for one lane, allocated once.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// A state.
    pub state: Vec<f64>,
    /// A drift.
    pub drift: Vec<f64>,
    /// Sides of the surfaces.
    pub sides: Vec<f64>,
    /// Surfaces at the state.
    pub surfaces: Vec<f64>,
    weights: Vec<f64>,
    old: Vec<f64>,
    low: Vec<f64>,
    middle: Vec<f64>,
    high: Vec<f64>,
    roots: Vec<f64>,
}

impl Scratch {
    /// Memory for a field of this size.
    pub fn new(dim: usize, surfaces: usize, stages: usize) -> Self {
        let per_surface = || vec![0.0; surfaces];
        Self {
            state: vec![0.0; dim],
            drift: vec![0.0; dim],
            sides: per_surface(),
            surfaces: per_surface(),
            weights: vec![0.0; stages],
            old: per_surface(),
            low: per_surface(),
            middle: per_surface(),
            high: per_surface(),
            roots: per_surface(),
        }
    }
}

/// One step of one lane, as location needs it.
pub struct Step<'a, const L: usize> {
    /// The tableau that made it.
    pub tableau: &'static Tableau,
    /// Where it starts.
    pub start_time: f64,
    /// States at the start, all lanes.
    pub x0: &'a [f64],
    /// Stages, all lanes.
    pub stages: &'a [Aligned],
    /// Sides of the piece it was made on, all lanes.
    pub sides: &'a [f64],
    /// Surfaces at its start, all lanes.
    pub start: &'a [f64],
    /// A node within the step and the surfaces at the stage there, all lanes. A stage lies off the
    /// trajectory by the third power of the step, close enough for a first guess.
    pub middle: (f64, &'a [f64]),
    /// Surfaces at its end, all lanes.
    pub end: &'a [f64],
    /// A node (share of the step) at which a stage lay on another piece; 1 if none did.
    pub excursion: f64,
    /// To what share of the step a crossing is located.
    pub tolerance: f64,
    /// Counts the evaluations spent.
    pub evaluations: &'a mut u64,
    /// Working memory and results.
    pub scratch: &'a mut Scratch,
}

/// Evaluations that one location may cost; a parabola needs two.
const MOST: usize = 8;

impl<const L: usize> Step<'_, L> {
    /// Find the first crossing.
    pub fn locate<F: Field<L> + ?Sized>(
        mut self,
        field: &F,
        lane: usize,
        h: f64,
        end: f64,
    ) -> Located {
        gather::<L>(self.sides, lane, &mut self.scratch.old);
        gather::<L>(self.end, lane, &mut self.scratch.high);
        let mut high = 1.0;
        if !leaves(&self.scratch.old, &self.scratch.high) {
            if self.excursion >= 1.0 {
                return Located::Nothing;
            }
            // A stage is no point of the trajectory: ask the trajectory itself.
            high = self.excursion;
            self.surfaces_at(field, lane, h, high);
            self.scratch.high.copy_from_slice(&self.scratch.surfaces);
            if !leaves(&self.scratch.old, &self.scratch.high) {
                return Located::Nothing;
            }
        }
        gather::<L>(self.start, lane, &mut self.scratch.low);
        if self.starts_beyond() {
            return Located::AtStart;
        }
        self.narrow(field, lane, h, end, high)
    }

    /// Whether some surface is left from the very start; then `sides` is the piece beyond.
    fn starts_beyond(&mut self) -> bool {
        let Scratch {
            old,
            low,
            high,
            sides,
            ..
        } = &mut *self.scratch;
        sides.copy_from_slice(old);
        let mut beyond = false;
        for (k, side) in sides.iter_mut().enumerate() {
            if old[k] * low[k] <= 0.0 && old[k] * high[k] < 0.0 {
                *side = -old[k];
                beyond = true;
            }
        }
        beyond
    }

    /// Narrow the bracket from 0 to `high` down to the first crossing.
    fn narrow<F: Field<L> + ?Sized>(
        &mut self,
        field: &F,
        lane: usize,
        h: f64,
        end: f64,
        high: f64,
    ) -> Located {
        let (mut low, mut high) = (0.0, high);
        let (mut theta, stage) = self.middle;
        if theta < high {
            gather::<L>(stage, lane, &mut self.scratch.surfaces);
        } else {
            theta = self.first_root(low, high, None);
            self.surfaces_at(field, lane, h, theta);
        }
        for evaluation in 0..MOST {
            self.scratch.middle.copy_from_slice(&self.scratch.surfaces);
            let middle = theta;
            theta = self.first_root(low, high, Some(middle));
            self.cross(field, lane, h, end, theta);
            if self.is_on_surface(high - low) {
                break;
            }
            // The first guess may rest on a stage, which is no point of the trajectory; later middles are.
            if evaluation > 0 && low < middle && middle < high {
                let Scratch {
                    old,
                    low: at_low,
                    middle: at_middle,
                    high: at_high,
                    ..
                } = &mut *self.scratch;
                if leaves(old, at_middle) {
                    at_high.copy_from_slice(at_middle);
                    high = middle;
                } else {
                    at_low.copy_from_slice(at_middle);
                    low = middle;
                }
            }
        }
        if theta <= 1e-12 {
            return Located::AtStart;
        }
        Located::Crossing { theta }
    }

    /// The least root over all surfaces that change side between `low` and `high`, from a line through
    /// the two or a parabola through the three points; each root is kept in `roots`.
    fn first_root(&mut self, low: f64, high: f64, middle: Option<f64>) -> f64 {
        let scratch = &mut *self.scratch;
        let mut first = high;
        for k in 0..scratch.old.len() {
            let side = scratch.old[k];
            let (at_low, at_high) = (scratch.low[k], scratch.high[k]);
            let root = match middle {
                Some(middle) if side * scratch.middle[k] < 0.0 || side * at_high < 0.0 => {
                    let points = [(low, at_low), (middle, scratch.middle[k]), (high, at_high)];
                    parabola_root(side, points)
                }
                None if side * at_high < 0.0 => line_root((low, at_low), (high, at_high)),
                _ => f64::INFINITY,
            };
            scratch.roots[k] = root;
            first = first.min(root);
        }
        first
    }

    /// The state at `theta` in `state`, and its surfaces.
    fn surfaces_at<F: Field<L> + ?Sized>(&mut self, field: &F, lane: usize, h: f64, theta: f64) {
        self.dense(lane, h, theta);
        let Scratch {
            state, surfaces, ..
        } = &mut *self.scratch;
        field.surfaces_of(lane, self.start_time + theta * h, state, surfaces);
        *self.evaluations += 1;
    }

    /// The state at `theta`, and its drift on the piece behind all surfaces crossed there.
    fn cross<F: Field<L> + ?Sized>(
        &mut self,
        field: &F,
        lane: usize,
        h: f64,
        end: f64,
        theta: f64,
    ) {
        self.dense(lane, h, theta);
        let Scratch {
            state,
            drift,
            sides,
            surfaces,
            old,
            roots,
            ..
        } = &mut *self.scratch;
        for (k, side) in sides.iter_mut().enumerate() {
            let crosses = roots[k] <= theta + self.tolerance;
            *side = if crosses { -old[k] } else { old[k] };
        }
        let t = if theta == 1.0 {
            end
        } else {
            self.start_time + theta * h
        };
        field.drift_on_of(lane, sides, t, state, drift, surfaces);
        *self.evaluations += 1;
    }

    /// Whether the surfaces crossed are zero at the new state to the tolerance, and no other is left.
    fn is_on_surface(&self, width: f64) -> bool {
        let scratch = &*self.scratch;
        (0..scratch.old.len()).all(|k| {
            let crossed = scratch.sides[k] != scratch.old[k];
            let g = scratch.surfaces[k];
            if !crossed && scratch.old[k] * g >= 0.0 {
                return true;
            }
            let slope = (scratch.high[k] - scratch.low[k]).abs() / width;
            g.abs() <= self.tolerance * slope
        })
    }

    fn dense(&mut self, lane: usize, h: f64, theta: f64) {
        let Scratch { state, weights, .. } = &mut *self.scratch;
        self.tableau.dense_weights(theta, weights);
        dense::<L>(self.x0, self.stages, lane, h, weights, state);
    }
}

/// `x = x0 + h sum_i b_i k_i` for one lane, not interleaved.
pub fn dense<const L: usize>(
    x0: &[f64],
    stages: &[Aligned],
    lane: usize,
    h: f64,
    weights: &[f64],
    x: &mut [f64],
) {
    if L == 1 {
        return dense_alone(x0, stages, h, weights, x);
    }
    x.fill(0.0);
    for (k, &weight) in stages.iter().zip(weights) {
        if weight != 0.0 {
            for (x, &k) in x.iter_mut().zip(k.iter().skip(lane).step_by(L)) {
                *x += weight * k;
            }
        }
    }
    for (x, &x0) in x.iter_mut().zip(x0.iter().skip(lane).step_by(L)) {
        *x = x0 + h * *x;
    }
}

/// [`dense`] of a lane that is alone: the same arithmetic on whole vectors.
fn dense_alone(x0: &[f64], stages: &[Aligned], h: f64, weights: &[f64], x: &mut [f64]) {
    x.fill(0.0);
    for (k, &weight) in stages.iter().zip(weights) {
        if weight != 0.0 {
            for (x, &k) in x.iter_mut().zip(k.iter()) {
                *x += weight * k;
            }
        }
    }
    for (x, &x0) in x.iter_mut().zip(x0) {
        *x = x0 + h * *x;
    }
}

/// Whether any surface has left its side.
fn leaves(sides: &[f64], surfaces: &[f64]) -> bool {
    sides.iter().zip(surfaces).any(|(side, g)| side * g < 0.0)
}

fn line_root((a, at_a): (f64, f64), (b, at_b): (f64, f64)) -> f64 {
    let share = at_a / (at_a - at_b);
    (a + share * (b - a)).clamp(a, b)
}

/// The first root of the parabola through three points at which `side * g` becomes negative.
fn parabola_root(side: f64, [(a, at_a), (m, at_m), (b, at_b)]: [(f64, f64); 3]) -> f64 {
    if m <= a || m >= b {
        return line_root((a, at_a), (b, at_b));
    }
    let (left, right) = if side * at_m < 0.0 {
        ((a, at_a), (m, at_m))
    } else {
        ((m, at_m), (b, at_b))
    };
    let mut root = line_root(left, right);
    let first = (at_m - at_a) / (m - a);
    let second = ((at_b - at_m) / (b - m) - first) / (b - a);
    for _ in 0..3 {
        let value = at_a + first * (root - a) + second * (root - a) * (root - m);
        let slope = first + second * (2.0 * root - a - m);
        let next = root - value / slope;
        if !next.is_finite() {
            break;
        }
        root = next.clamp(left.0, right.0);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parabola_finds_the_first_root_of_a_parabola() {
        let g = |t: f64| (t - 0.3) * (t - 2.0);
        let points = [0.0, 0.25, 1.0].map(|t| (t, g(t)));
        assert!((parabola_root(1.0, points) - 0.3).abs() < 1e-12);
    }

    #[test]
    fn a_root_stays_in_its_bracket() {
        let points = [(0.0, 1.0), (0.5, 1e-9), (1.0, -1e-9)];
        let root = parabola_root(1.0, points);
        assert!((0.5..=1.0).contains(&root), "{root}");
    }
}
