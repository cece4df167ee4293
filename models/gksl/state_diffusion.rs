//! `state-diffusion`: pure states under continuous observation by the environment (Ito).
//!
//! ```text
//! dpsi = [ -i H + sum_m ( <L_m>* L_m - 1/2 L_m^+ L_m - 1/2 |<L_m>|^2 ) ] psi dt + sum_m (L_m - <L_m>) psi dxi_m
//!        + g (1 - |psi|^2) psi dt,          dxi_m = (dW_{2m} + i dW_{2m+1})/sqrt 2,   <L> = <psi|L|psi>/|psi|^2
//! ```
//!
//! Two real channels for each jump operator, multiplicative and not commutative: schemes for diagonal noise are refused, and
//! `platen-weak-2` converges weakly at order 2, which is what a mean over members needs. The last term is 0 on states of norm 1, which the
//! exact flow never leaves: it holds a scheme there, in place of a renormalisation at each step. g is the total rate of the jumps, at most
//! so large that a step does not overshoot it by itself.
//!
//! Gisin, Percival, *J. Phys. A* 25 (1992) 5677.

use std::cell::RefCell;
use std::sync::Arc;

use super::levels::Levels;
use super::lindblad::Lindblad;
use super::{observables, pure};
use crate::prelude::*;

thread_local! {
    /// What one jump operator makes of the state.
    static MOVED: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

/// The state diffusion of a generator.
pub struct StateDiffusion {
    levels: Levels,
    lindblad: Arc<Lindblad>,
    /// g
    hold: f64,
    layout: Layout,
    observables: Vec<Variable>,
}

impl StateDiffusion {
    /// The diffusion on these levels.
    pub fn new(levels: Levels, lindblad: Arc<Lindblad>) -> Self {
        // The mean decay over the levels: -2 Re tr K / N.
        let decay: f64 = lindblad
            .effective
            .diagonal()
            .iter()
            .map(|k| -2.0 * k.re)
            .sum();
        Self {
            layout: pure::layout(&levels),
            observables: observables::list(&levels, "state-diffusion"),
            hold: decay / levels.n as f64,
            levels,
            lindblad,
        }
    }

    /// Hand every `L psi` and <L> out.
    fn each(&self, psi: &[f64], mut take: impl FnMut(usize, &[f64], super::operator::C)) {
        let n = self.levels.n;
        let norm_sqr = pure::norm_sqr(psi);
        MOVED.with_borrow_mut(|moved| {
            moved.resize(2 * n, 0.0);
            for (m, jump) in self.lindblad.jumps.iter().enumerate() {
                pure::jump(&self.lindblad, jump, psi, moved);
                let mean = pure::product(n, psi, moved) / norm_sqr;
                take(m, moved, mean);
            }
        });
    }
}

impl System for StateDiffusion {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, _t: f64, psi: &[f64], out: &mut [f64]) {
        let n = self.levels.n;
        self.lindblad.effective.act(psi, out);
        let mut stay = self.hold * (1.0 - pure::norm_sqr(psi));
        self.each(psi, |_, moved, mean| {
            for i in 0..n {
                // <L>* L psi
                out[i] += mean.re * moved[i] + mean.im * moved[n + i];
                out[n + i] += mean.re * moved[n + i] - mean.im * moved[i];
            }
            stay -= 0.5 * mean.norm_sqr();
        });
        for (out, psi) in out.iter_mut().zip(psi) {
            *out += stay * psi;
        }
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        (!self.lindblad.jumps.is_empty()).then_some(self as &dyn Diffusion)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }

    fn recommended(&self) -> Option<&'static str> {
        Some(match self.lindblad.jumps.is_empty() {
            true => "tsit5",
            false => "platen-weak-2",
        })
    }
}

impl Diffusion for StateDiffusion {
    fn channels(&self) -> usize {
        2 * self.lindblad.jumps.len()
    }

    fn class(&self) -> NoiseClass {
        NoiseClass::General
    }

    fn diffusion(&self, _t: f64, psi: &[f64], b: &mut [f64]) {
        let (n, channels) = (self.levels.n, Diffusion::channels(self));
        let half = std::f64::consts::FRAC_1_SQRT_2;
        self.each(psi, |m, moved, mean| {
            for i in 0..n {
                let re = half * (moved[i] - (mean.re * psi[i] - mean.im * psi[n + i]));
                let im = half * (moved[n + i] - (mean.re * psi[n + i] + mean.im * psi[i]));
                b[i * channels + 2 * m] = re;
                b[(n + i) * channels + 2 * m] = im;
                b[i * channels + 2 * m + 1] = -im;
                b[(n + i) * channels + 2 * m + 1] = re;
            }
        });
    }
}

impl Observables for StateDiffusion {
    fn list(&self) -> &[Variable] {
        &self.observables
    }

    fn pooled(&self) -> &[&'static str] {
        &["rho_re", "rho_im"]
    }

    fn observe(&self, index: usize, _t: f64, x: &[f64], out: &mut [f64]) {
        pure::observe(&self.levels, &self.observables[index].name, x, out);
    }
}
