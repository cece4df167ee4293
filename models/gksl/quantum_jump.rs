//! `quantum-jump`: pure states that decay and jump (Monte Carlo wave functions).
//!
//! ```text
//! psi' = K psi,  K = -i H - 1/2 sum_m L_m^+ L_m        until |psi|^2 falls to a threshold u, uniform in (0, 1)
//! psi -> L_m psi / |L_m psi|  with probability |L_m psi|^2 / sum_k |L_k psi|^2, and a new u
//! ```
//!
//! The crossing is a guard on the dense output, the threshold an auxiliary block. Its events are of kind `jump`, their component is the
//! number m of the jump operator. Between jumps psi is not normalised; what is recorded of it is.
//!
//! Dalibard, Castin, Molmer, *Phys. Rev. Lett.* 68 (1992) 580; Dum, Zoller, Ritsch, *Phys. Rev. A* 45 (1992) 4879.

use std::cell::RefCell;
use std::sync::Arc;

use super::levels::Levels;
use super::lindblad::{Jump, Lindblad};
use super::{observables, pure};
use crate::prelude::*;

/// Up to so many levels K is used as a full matrix.
const FULL: usize = 32;

thread_local! {
    /// A state behind a jump.
    static BEHIND: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

/// The quantum jumps of a generator.
pub struct QuantumJump {
    levels: Levels,
    lindblad: Arc<Lindblad>,
    /// K on real and imaginary parts; none for many levels.
    full: Option<PackedMatrix>,
    layout: Layout,
    observables: Vec<Variable>,
}

impl QuantumJump {
    /// The jumps on these levels.
    pub fn new(levels: Levels, lindblad: Arc<Lindblad>) -> Self {
        let threshold = Variable::new("threshold", vec![])
            .meaning("the squared norm at which the next jump happens, drawn at the last one");
        let n = levels.n;
        Self {
            layout: pure::layout(&levels).auxiliary(threshold, 0.0),
            observables: observables::list(&levels, "quantum-jump"),
            full: (n <= FULL).then(|| PackedMatrix::new(2 * n, 2 * n, &parts(&lindblad))),
            levels,
            lindblad,
        }
    }

    /// The number of the jump operator that acts, by a uniform number; psi behind it in `out`.
    fn choose(&self, psi: &[f64], uniform: f64, out: &mut Vec<f64>) -> usize {
        let n = self.levels.n;
        out.resize(psi.len(), 0.0);
        let jumps = &self.lindblad.jumps;
        // |L psi|^2
        let weight = |jump: &Jump, out: &mut [f64]| match jump {
            Jump::Move { from, rate, .. } => {
                rate * (psi[*from] * psi[*from] + psi[n + from] * psi[n + from])
            }
            _ => {
                pure::jump(&self.lindblad, jump, psi, out);
                pure::norm_sqr(out)
            }
        };
        let total: f64 = jumps.iter().map(|jump| weight(jump, out)).sum();
        let mut left = uniform * total;
        let mut chosen = 0;
        for (m, jump) in jumps.iter().enumerate() {
            let weight = weight(jump, out);
            if weight > 0.0 {
                // If rounding takes the last one away, the one before it stays.
                chosen = m;
                left -= weight;
                if left <= 0.0 {
                    break;
                }
            }
        }
        pure::jump(&self.lindblad, &jumps[chosen], psi, out);
        chosen
    }
}

/// K on real and imaginary parts, row-major.
fn parts(lindblad: &Lindblad) -> Vec<f64> {
    let n = lindblad.levels();
    let mut matrix = vec![0.0; 4 * n * n];
    for (i, j, value) in lindblad.effective.entries() {
        matrix[i * 2 * n + j] = value.re;
        matrix[i * 2 * n + n + j] = -value.im;
        matrix[(n + i) * 2 * n + j] = value.im;
        matrix[(n + i) * 2 * n + n + j] = value.re;
    }
    matrix
}

impl System for QuantumJump {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        let amplitudes = 2 * self.levels.n;
        let (psi, out) = (&x[..amplitudes], &mut dx[..amplitudes]);
        match &self.full {
            Some(full) => full.times(psi, out),
            None => self.lindblad.effective.act(psi, out),
        }
        dx[amplitudes] = 0.0;
    }

    fn linear(&self) -> Option<&dyn Linear> {
        Some(self)
    }

    fn guards(&self) -> Option<&dyn Guards> {
        Some(self)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }
}

impl Linear for QuantumJump {
    fn generator(&self, _t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        let (dim, amplitudes) = (self.layout.len(), 2 * self.levels.n);
        matrix.fill(0.0);
        offset.fill(0.0);
        let rows = parts(&self.lindblad);
        for (row, entries) in rows.chunks_exact(amplitudes).enumerate() {
            matrix[row * dim..][..amplitudes].copy_from_slice(entries);
        }
    }
}

impl Guards for QuantumJump {
    fn count(&self) -> usize {
        1
    }

    fn name(&self, _guard: usize) -> &str {
        "jump"
    }

    fn direction(&self, _guard: usize) -> Direction {
        Direction::Falling
    }

    // d|psi|^2/dt = -sum |L psi|^2
    fn is_monotone(&self, _guard: usize) -> bool {
        true
    }

    fn action(&self, _guard: usize) -> Action {
        Action::Reset
    }

    fn values(&self, _t: f64, x: &[f64], g: &mut [f64]) {
        let amplitudes = 2 * self.levels.n;
        g[0] = pure::norm_sqr(&x[..amplitudes]) - x[amplitudes];
    }

    fn outcome(&self, _guard: usize, _t: f64, x: &[f64], draws: &dyn Draws) -> usize {
        let psi = &x[..2 * self.levels.n];
        BEHIND.with_borrow_mut(|behind| self.choose(psi, draws.uniform(0), behind))
    }

    // A jump without its draws would be none: the loop always has them.
    fn reset(&self, _guard: usize, _t: f64, _x: &mut [f64]) {}

    fn jump(&self, _guard: usize, _t: f64, x: &mut [f64], draws: &dyn Draws) {
        let (psi, threshold) = x.split_at_mut(2 * self.levels.n);
        BEHIND.with_borrow_mut(|behind| {
            self.choose(psi, draws.uniform(0), behind);
            let norm = pure::norm_sqr(behind).sqrt();
            for (psi, behind) in psi.iter_mut().zip(behind.iter()) {
                *psi = behind / norm;
            }
        });
        threshold[0] = draws.uniform(1);
    }

    fn is_random(&self) -> bool {
        true
    }

    fn begin(&self, x: &mut [f64], draws: &dyn Draws) {
        x[2 * self.levels.n] = draws.uniform(1);
    }
}

impl Observables for QuantumJump {
    fn list(&self) -> &[Variable] {
        &self.observables
    }

    fn pooled(&self) -> &[&'static str] {
        &["rho_re", "rho_im"]
    }

    fn observe(&self, index: usize, _t: f64, x: &[f64], out: &mut [f64]) {
        let psi = &x[..2 * self.levels.n];
        pure::observe(&self.levels, &self.observables[index].name, psi, out);
    }
}
