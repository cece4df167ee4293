//! Methods: the formula of one step, for L runs side by side.
//!
//! All arrays are `[component][lane]`; a coefficient of a diagonal is `b[component][lane]`, of a matrix
//! `b[component, channel][lane]`. Sums over channels run in ascending order, multiply then add, so that the bits do not
//! depend on the number of lanes.

use std::cell::{Cell, RefCell};

use super::form::Form;
use crate::engine::card::Card;
use crate::engine::field::Field;
use crate::system::aligned::Aligned;
use crate::system::noise::{Calculus, NoiseClass};

/// The formula of a stochastic scheme.
pub trait Method: Sized {
    /// What it is.
    const CARD: &'static Card;
    /// Whether it uses the areas z under the path.
    const AREAS: bool = false;
    /// Whether it uses the Levy areas between channels.
    const LEVY: bool = false;

    /// The method for so many components, with noise of this form, in `lanes` lanes.
    fn new(dim: usize, form: Form, lanes: usize) -> Self;

    /// Write the states at the end of the step into `to`, and how wrong they may be into `error`, which is empty where steps are
    /// fixed.
    fn step<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        at: &At<'_, F, L>,
        to: &mut [f64],
        error: &mut [f64],
    );
}

/// The start of a step of L lanes, and the increments over it.
pub struct At<'a, F: ?Sized, const L: usize> {
    /// What is integrated.
    pub field: &'a F,
    /// The form of its noise.
    pub form: Form,
    /// Where the step starts, just behind an edge if there is one.
    pub t: &'a [f64; L],
    /// Its end.
    pub end: &'a [f64; L],
    /// Its length.
    pub h: &'a [f64; L],
    /// The states.
    pub x: &'a [f64],
    /// The drift there, in the calculus of the method.
    pub f: &'a [f64],
    /// The coefficients there.
    pub b: &'a [f64],
    /// The increments, `[channel][lane]`.
    pub w: &'a [f64],
    /// The areas.
    pub z: &'a [f64],
    /// The Levy areas of all pairs of channels.
    pub levy: &'a [f64],
    pub(super) conversion: &'a Conversion,
    pub(super) evaluations: &'a Cell<u64>,
}

impl<F: Field<L> + ?Sized, const L: usize> At<'_, F, L> {
    /// The drift at another place, in the calculus of the method.
    #[inline(always)]
    pub fn drift(&self, t: &[f64; L], x: &[f64], out: &mut [f64]) {
        self.evaluations.set(self.evaluations.get() + 1);
        self.conversion.drift(self.field, self.form, t, x, out);
    }

    /// The coefficients at another place.
    #[inline(always)]
    pub fn diffusion(&self, t: &[f64; L], x: &[f64], b: &mut [f64]) {
        match self.form.constant {
            true => b.copy_from_slice(self.b),
            false => self.field.diffusion(t, x, b),
        }
    }

    /// `sum_j (db_j / dx) b_j` at the start of the step.
    pub fn correction(&self, out: &mut [f64]) {
        self.conversion
            .correction(self.field, self.form, self.t, self.x, out);
    }

    /// The integral `I_jk` of `dW_j dW_k`, j inside; for a method that uses Levy areas.
    pub fn twice(&self, j: usize, k: usize, lane: usize) -> f64 {
        let w = |channel: usize| self.w[channel * L + lane];
        if j == k {
            return 0.5 * (w(j) * w(j) - self.h[lane]);
        }
        let (low, high) = (j.min(k), j.max(k));
        let before = low * (2 * self.form.channels - low - 1) / 2;
        // Without areas: they are not felt.
        let area = self.levy.get((before + high - low - 1) * L + lane);
        let area = area.copied().unwrap_or(0.0);
        0.5 * w(j) * w(k) + if j < k { area } else { -area }
    }

    /// A time between start and end.
    pub fn time(&self, share: f64) -> [f64; L] {
        std::array::from_fn(|lane| self.t[lane] + share * self.h[lane])
    }
}

/// `out_i = sum_j b_ij w_j`
#[inline(always)]
pub fn times<const L: usize>(form: Form, b: &[f64], w: &[f64], out: &mut [f64]) {
    let (b, w) = (b.as_chunks::<L>().0, w.as_chunks::<L>().0);
    let rows = out.as_chunks_mut::<L>().0;
    if form.diagonal {
        for ((out, b), w) in rows.iter_mut().zip(b).zip(w) {
            for lane in 0..L {
                out[lane] = b[lane] * w[lane];
            }
        }
        return;
    }
    if form.channels == 0 {
        rows.as_flattened_mut().fill(0.0);
        return;
    }
    for (out, b) in rows.iter_mut().zip(b.chunks_exact(form.channels)) {
        let mut sum = [0.0; L];
        for (b, w) in b.iter().zip(w) {
            for lane in 0..L {
                sum[lane] += b[lane] * w[lane];
            }
        }
        *out = sum;
    }
}

/// `out = x + step b_channel`; of a diagonal, along all channels at once.
pub fn along<const L: usize>(
    form: Form,
    channel: usize,
    step: &[f64; L],
    x: &[f64],
    b: &[f64],
    out: &mut [f64],
) {
    each::<L>(out, |at, lane| {
        x[at] + step[lane] * b[form.place(at / L, channel) * L + lane]
    });
}

/// `out = x + h f + b w`; `g` is scratch.
#[inline(always)]
pub fn euler<F: ?Sized, const L: usize>(at: &At<'_, F, L>, out: &mut [f64], g: &mut [f64]) {
    if !at.form.diagonal {
        times::<L>(at.form, at.b, at.w, g);
        advance::<L>(out, at.x, at.h, at.f, g);
        return;
    }
    let rows = out.as_chunks_mut::<L>().0.iter_mut();
    let rows = rows
        .zip(at.x.as_chunks::<L>().0)
        .zip(at.f.as_chunks::<L>().0);
    let noise = at.b.as_chunks::<L>().0.iter().zip(at.w.as_chunks::<L>().0);
    for (((out, x), f), (b, w)) in rows.zip(noise) {
        for lane in 0..L {
            out[lane] = x[lane] + at.h[lane] * f[lane] + b[lane] * w[lane];
        }
    }
}

/// `out = x + h f + g`
#[inline(always)]
pub fn advance<const L: usize>(out: &mut [f64], x: &[f64], h: &[f64; L], f: &[f64], g: &[f64]) {
    let rows = out.as_chunks_mut::<L>().0.iter_mut();
    let rows = rows.zip(x.as_chunks::<L>().0).zip(f.as_chunks::<L>().0);
    for (((out, x), f), g) in rows.zip(g.as_chunks::<L>().0) {
        for lane in 0..L {
            out[lane] = x[lane] + h[lane] * f[lane] + g[lane];
        }
    }
}

/// `out_i = value(i, lane)`; `i` counts numbers, not components.
#[inline(always)]
pub fn each<const L: usize>(out: &mut [f64], mut value: impl FnMut(usize, usize) -> f64) {
    for (row, out) in out.as_chunks_mut::<L>().0.iter_mut().enumerate() {
        for (lane, out) in out.iter_mut().enumerate() {
            *out = value(row * L + lane, lane);
        }
    }
}

/// The drift in the calculus of a method: Ito and Stratonovich differ by half the correction.
///
/// ```text
/// f_Stratonovich = f_Ito - 1/2 sum_j (db_j / dx) b_j
/// ```
pub struct Conversion {
    /// What the correction is multiplied by before it is added to the drift.
    factor: f64,
    scratch: RefCell<Scratch>,
}

struct Scratch {
    correction: Aligned,
    moved: Aligned,
    ahead: Aligned,
    behind: Aligned,
    b: Aligned,
}

impl Conversion {
    /// The conversion of noise of this form to a method in this calculus, if it is not additive or already in it.
    pub fn new(dim: usize, form: Form, calculus: Calculus, lanes: usize) -> Self {
        let additive = form.class == NoiseClass::Additive;
        let factor = match (form.calculus, calculus) {
            _ if additive => 0.0,
            (Calculus::Ito, Calculus::Stratonovich) => -0.5,
            (Calculus::Stratonovich, Calculus::Ito) => 0.5,
            _ => 0.0,
        };
        let (state, b) = (dim * lanes, form.coefficients(dim) * lanes);
        Self {
            factor,
            scratch: RefCell::new(Scratch {
                correction: Aligned::zeros(state),
                moved: Aligned::zeros(state),
                ahead: Aligned::zeros(b),
                behind: Aligned::zeros(b),
                b: Aligned::zeros(b),
            }),
        }
    }

    /// The drift, converted.
    #[inline(always)]
    pub fn drift<F: Field<L> + ?Sized, const L: usize>(
        &self,
        field: &F,
        form: Form,
        t: &[f64; L],
        x: &[f64],
        out: &mut [f64],
    ) {
        field.drift(t, x, out);
        if self.factor == 0.0 {
            return;
        }
        let mut correction = std::mem::take(&mut self.scratch.borrow_mut().correction);
        self.correction(field, form, t, x, &mut correction);
        for (out, c) in out.iter_mut().zip(&*correction) {
            *out += self.factor * c;
        }
        self.scratch.borrow_mut().correction = correction;
    }

    /// `sum_j (db_j / dx) b_j`: the model's own, or by central differences along the b_j.
    pub fn correction<F: Field<L> + ?Sized, const L: usize>(
        &self,
        field: &F,
        form: Form,
        t: &[f64; L],
        x: &[f64],
        out: &mut [f64],
    ) {
        if field.correction(t, x, out) {
            return;
        }
        let Scratch {
            moved,
            ahead,
            behind,
            b,
            ..
        } = &mut *self.scratch.borrow_mut();
        out.fill(0.0);
        field.diffusion(t, x, b);
        for channel in 0..form.moves() {
            let mut sizes = [[0.0_f64; 2]; L];
            for (at, &x) in x.iter().enumerate() {
                let lane = at % L;
                let along = b[form.place(at / L, channel) * L + lane];
                sizes[lane][0] = sizes[lane][0].max(x.abs());
                sizes[lane][1] = sizes[lane][1].max(along.abs());
            }
            // The cube root of the rounding error balances it against the curvature.
            let step = sizes.map(|[x, along]| match along > 0.0 {
                true => 6e-6 * (1.0 + x) / along,
                false => 1.0,
            });
            for (sign, into) in [(1.0, &mut *ahead), (-1.0, &mut *behind)] {
                along::<L>(form, channel, &step.map(|step| sign * step), x, b, moved);
                field.diffusion(t, moved, into);
            }
            for (at, out) in out.iter_mut().enumerate() {
                let lane = at % L;
                let at = form.place(at / L, channel) * L + lane;
                *out += (ahead[at] - behind[at]) / (2.0 * step[lane]);
            }
        }
    }
}
