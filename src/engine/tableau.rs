//! Butcher tableaus with error estimate and dense output.
//!
//! ```text
//! k_i = f(t + c_i h, x + h sum_j a_ij k_j)          x_1 = x + h sum_i b_i k_i
//! error = h sum_i e_i k_i,  e = b - b^              x(t + theta h) = x + h sum_i b_i(theta) k_i
//! b_i(theta) = sum_m dense[i][m] theta^(m+1)
//! ```
//!
//! Every tableau here has the last stage at the end of the step (`c = 1`, row = b): it is the first
//! stage of the next step, and what dense output needs of the end point is always at hand. A tableau whose
//! interpolant needs further stages within the step has them as [`Between`]; they are computed when asked for.
//!
//! With a second estimate of lower order, the error of a step is `e^2 / sqrt(e^2 + 0.01 e_low^2)`, which behaves as an
//! estimate of order `2 p - p_low`.

/// The coefficients of an explicit Runge-Kutta scheme whose last stage is the next step's first.
#[derive(Clone, Copy, Debug)]
pub struct Tableau {
    /// c, one per stage; the first is 0 and the last 1.
    pub nodes: &'static [f64],
    /// The rows of a from the second stage on; the last row is b.
    pub rows: &'static [&'static [f64]],
    /// e = b - b^, one per stage; empty without an error estimate.
    pub error: &'static [f64],
    /// The second estimate, one per stage; empty without it.
    pub error_low: &'static [f64],
    /// Stages that only the interpolant needs.
    pub between: Between,
    /// The coefficients of b_i(theta), one row per stage, those between behind the others, from theta^1 upwards.
    pub dense: &'static [&'static [f64]],
}

/// Stages that only the interpolant needs: c and the rows of a, behind those of the step.
#[derive(Clone, Copy, Debug)]
pub struct Between {
    /// c, one per stage.
    pub nodes: &'static [f64],
    /// The rows of a.
    pub rows: &'static [&'static [f64]],
}

impl Between {
    /// The stages of the step are enough.
    pub const NONE: Between = Between {
        nodes: &[],
        rows: &[],
    };
}

impl Tableau {
    /// The number of stages with those that only the interpolant needs.
    pub fn all_stages(&self) -> usize {
        self.stages() + self.between.nodes.len()
    }

    /// The number of stages of a step, the shared one included.
    pub fn stages(&self) -> usize {
        self.nodes.len()
    }

    /// The stage whose node lies nearest to the middle of the step.
    pub fn middle_stage(&self) -> usize {
        let off = |stage: &usize| (self.nodes[*stage] - 0.5).abs();
        (0..self.stages())
            .min_by(|a, b| off(a).total_cmp(&off(b)))
            .unwrap_or(0)
    }

    /// b: the weights of the step, one per stage (the last is 0).
    pub fn weights(&self) -> Vec<f64> {
        let mut weights = self.rows.last().map_or(vec![], |row| row.to_vec());
        weights.push(0.0);
        weights
    }

    /// b_i(theta) for all stages.
    pub fn dense_weights(&self, theta: f64, weights: &mut [f64]) {
        self.dense_weights_lanes::<1>(&[theta], weights.as_chunks_mut().0);
    }

    /// b_i(theta) for all stages at a theta of each lane's own.
    pub fn dense_weights_lanes<const L: usize>(&self, theta: &[f64; L], weights: &mut [[f64; L]]) {
        for (weight, row) in weights.iter_mut().zip(self.dense) {
            *weight = row.iter().rev().fold([0.0; L], |sum, &coefficient| {
                std::array::from_fn(|lane| theta[lane] * (coefficient + sum[lane]))
            });
        }
    }
}
