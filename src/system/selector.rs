//! Selectors: discontinuous drifts `dx = f(t, x) + sum_k v_k g_k(x)`, each `v_k` in `[lo_k, hi_k]`
//! chosen by the sign of `h_k(t, x)` (`hi_k` where `h_k > 0`, `lo_k` where `h_k < 0`).
//!
//! On a surface `h_k = 0` the Filippov solution may slide: the `v_S` of the sliding set S solve
//! `grad h_S . dx = 0` within their bounds, a box complementarity problem. A surface with a field on
//! each side is the case of one k with `lo = 0`, `hi = 1`.

/// The parts of a selector system; the drift of [`System`](super::System) is `f` alone.
pub trait Selector: Send + Sync {
    /// The number of selections k.
    fn count(&self) -> usize;
    /// `[lo_k, hi_k]`.
    fn bounds(&self, k: usize) -> [f64; 2];
    /// Write `h_k(t, x)` for every k into `h`.
    fn switches(&self, t: f64, x: &[f64], h: &mut [f64]);
    /// Write the gradient of `h_k` into `gradient` and return its partial derivative in time.
    fn gradient(&self, k: usize, t: f64, x: &[f64], gradient: &mut [f64]) -> f64;
    /// Write the field `g_k(x)` that `v_k` multiplies into `field`.
    fn field(&self, k: usize, x: &[f64], field: &mut [f64]);
    /// Whether every `g_k` is constant, and every `h_k` affine in x with a constant gradient and, between
    /// breakpoints, constant in time.
    fn is_affine(&self) -> bool {
        false
    }
    /// Whether every `g_k` and every gradient of `h_k` is constant, whatever `h_k` does in time.
    fn is_constant(&self) -> bool {
        self.is_affine()
    }
    /// `dx += sum_k v_k g_k(x)`; to be overridden where the fields have few entries.
    fn add(&self, x: &[f64], v: &[f64], dx: &mut [f64]) {
        let mut field = vec![0.0; x.len()];
        for (k, &v) in v.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            self.field(k, x, &mut field);
            for (dx, g) in dx.iter_mut().zip(&field) {
                *dx += v * g;
            }
        }
    }
}
