//! What happens in one row of cells: the activity, the right-hand side, and one step of the literature's update.
//!
//! ```text
//! A     = 1 / (1 + exp(-(V - phi)/beta))           E_Cl = 26.7 mV ln(Cl / Cl_out)
//! V'    = (gL (EL - V) + gE (EE - V) + gI (E_Cl - V) + gK (EK - V)) / C        (currents of stimuli come on top)
//! phi'  = (phi0 - phi + dphi A) / tau_phi
//! Cl'   = chi gI (V - E_Cl) / (Vd F) + (Cl_eq - Cl) / tau_Cl
//! gK'   = (-gK + DK A) / tau_K
//! gE'   = (-gE + GE (K_E*A)) / tau_E
//! gI'   = (-gI + GI [(1 - gamma) K_I*A + gamma mean A]) / tau_I
//! ```
//!
//! Units: nS, pF, mV, ms, pA, mM, pL. The loops have no branches and call nothing, so that they become vector code.

use multiversion::multiversion;

use super::elementary::{exp, ln};
use super::kernel::{Kernel, Padded, convolve_row};
use super::space::Space;

/// The scale of the Nernst potential, mV.
pub const NERNST: f64 = 26.7;
/// Faraday's constant as the literature's code has it, C/mol.
pub const FARADAY: f64 = 96_500.0;

/// The constants of the right-hand side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constants {
    /// chi, and what follows from it: chi / (Vd F).
    pub influx: f64,
    /// GE, GI, nS.
    pub strength: [f64; 2],
    /// gamma.
    pub global: f64,
    /// C, pF.
    pub capacitance: f64,
    /// gL, nS, and EL, mV.
    pub leak: [f64; 2],
    /// EE and EK, mV.
    pub reversal: [f64; 2],
    /// beta, mV.
    pub steepness: f64,
    /// tau_E, tau_I, ms.
    pub synapse: [f64; 2],
    /// phi0, dphi (mV per unit of A), tau_phi.
    pub threshold: [f64; 3],
    /// Cl_out, Cl_eq (mM), tau_Cl.
    pub chloride: [f64; 3],
    /// DK (nS per unit of A), tau_K.
    pub potassium: [f64; 2],
}

/// One row of each block of the state, or of its derivative.
pub struct Rows<T> {
    /// V.
    pub v: T,
    /// phi.
    pub threshold: T,
    /// Cl.
    pub chloride: T,
    /// gK.
    pub potassium: T,
    /// gE.
    pub excitatory: T,
    /// gI.
    pub inhibitory: T,
}

/// Room for one row on its way.
#[derive(Default)]
pub struct Desk {
    /// The row with its ends, for each kernel.
    pub padded: [Padded; 2],
    /// K_E * A and K_I * A.
    pub sums: [Vec<f64>; 2],
}

impl Desk {
    /// Make room for rows of this space.
    pub fn fit(&mut self, space: &Space, kernels: &[Kernel; 2]) {
        for ((padded, kernel), sums) in self.padded.iter_mut().zip(kernels).zip(&mut self.sums) {
            padded.fit(space, kernel);
            sums.resize(space.columns, 0.0);
        }
    }
}

/// What every row needs of the whole field.
pub struct Field<'a> {
    /// The cells.
    pub space: &'a Space,
    /// K_E and K_I.
    pub kernels: &'a [Kernel; 2],
    /// A, row by row.
    pub activity: &'a [f64],
    /// Its mean over all cells.
    pub mean: f64,
    /// K_E * A and K_I * A where they are known already.
    pub convolved: Option<[&'a [f64]; 2]>,
}

/// A row of K_E * A and of K_I * A, worked out on the desk unless it is known.
#[inline(always)]
fn convolved<'d>(field: &Field<'d>, row: usize, desk: &'d mut Desk) -> [&'d [f64]; 2] {
    let length = field.space.columns;
    if let Some(known) = field.convolved {
        return known.map(|known| &known[row * length..(row + 1) * length]);
    }
    for (which, kernel) in field.kernels.iter().enumerate() {
        let (padded, sums) = (&mut desk.padded[which], &mut desk.sums[which]);
        convolve_row(field.space, kernel, field.activity, row, padded, sums);
    }
    [&desk.sums[0][..length], &desk.sums[1][..length]]
}

/// A of cells with these potentials and thresholds.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn activities(steepness: f64, v: &[f64], threshold: &[f64], out: &mut [f64]) {
    let length = out.len();
    let (v, threshold) = (&v[..length], &threshold[..length]);
    let per_steepness = 1.0 / steepness;
    for i in 0..length {
        out[i] = 1.0 / (1.0 + exp((threshold[i] - v[i]) * per_steepness));
    }
}

/// The sum of a row in eight interleaved parts, added as a tree: the same for every width of vectors.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn sum(row: &[f64]) -> f64 {
    let (chunks, rest) = row.as_chunks::<8>();
    let mut parts = [0.0; 8];
    for chunk in chunks {
        for (part, value) in parts.iter_mut().zip(chunk) {
            *part += value;
        }
    }
    for (part, value) in parts.iter_mut().zip(rest) {
        *part += value;
    }
    let [a, b, c, d, e, f, g, h] = parts;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// The derivative of one row, without currents of stimuli.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn derive<'f>(
    constants: &Constants,
    field: &Field<'f>,
    row: usize,
    x: &Rows<&[f64]>,
    dx: &mut Rows<&mut [f64]>,
    desk: &mut Desk,
) {
    let [of_e, of_i] = convolved(field, row, desk);
    let length = field.space.columns;
    let Constants {
        influx,
        strength,
        global,
        capacitance,
        leak,
        reversal,
        synapse,
        threshold,
        chloride,
        potassium,
        ..
    } = *constants;
    let activity = &field.activity[row * length..(row + 1) * length];
    let spread = global * field.mean;
    let local = 1.0 - global;
    let (of_e, of_i) = (&of_e[..length], &of_i[..length]);
    let (v, phi, cl) = (
        &x.v[..length],
        &x.threshold[..length],
        &x.chloride[..length],
    );
    let (gk, ge, gi) = (
        &x.potassium[..length],
        &x.excitatory[..length],
        &x.inhibitory[..length],
    );
    let (dv, dphi, dcl) = (
        &mut dx.v[..length],
        &mut dx.threshold[..length],
        &mut dx.chloride[..length],
    );
    let (dgk, dge, dgi) = (
        &mut dx.potassium[..length],
        &mut dx.excitatory[..length],
        &mut dx.inhibitory[..length],
    );
    // Divisions are dear: the constants are inverted once a row.
    let [per_c, per_outside] = [capacitance, chloride[0]].map(f64::recip);
    let [per_phi, per_cl, per_k] = [threshold[2], chloride[2], potassium[1]].map(f64::recip);
    let [per_e, per_i] = synapse.map(f64::recip);
    for i in 0..length {
        let nernst = NERNST * ln(cl[i] * per_outside);
        let current = leak[0] * (leak[1] - v[i])
            + ge[i] * (reversal[0] - v[i])
            + gi[i] * (nernst - v[i])
            + gk[i] * (reversal[1] - v[i]);
        dv[i] = current * per_c;
        dphi[i] = (threshold[0] - phi[i] + threshold[1] * activity[i]) * per_phi;
        dcl[i] = influx * gi[i] * (v[i] - nernst) + (chloride[1] - cl[i]) * per_cl;
        dgk[i] = (potassium[0] * activity[i] - gk[i]) * per_k;
        dge[i] = (strength[0] * of_e[i] - ge[i]) * per_e;
        dgi[i] = (strength[1] * (local * of_i[i] + spread) - gi[i]) * per_i;
    }
}

/// One row of one step of length `h` in the update order of the literature; `current` is that of stimuli and noise, and
/// `next` takes the new activity.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
#[allow(
    clippy::too_many_arguments,
    reason = "one row of everything that a step reads and writes"
)]
pub fn advance<'f>(
    constants: &Constants,
    field: &Field<'f>,
    row: usize,
    h: f64,
    x: &mut Rows<&mut [f64]>,
    current: &[f64],
    next: &mut [f64],
    desk: &mut Desk,
) {
    let [of_e, of_i] = convolved(field, row, desk);
    let length = field.space.columns;
    let c = constants;
    let activity = &field.activity[row * length..(row + 1) * length];
    let spread = c.global * field.mean;
    let local = 1.0 - c.global;
    let (of_e, of_i) = (&of_e[..length], &of_i[..length]);
    let (current, next) = (&current[..length], &mut next[..length]);
    let (v, phi, cl) = (
        &mut x.v[..length],
        &mut x.threshold[..length],
        &mut x.chloride[..length],
    );
    let (gk, ge, gi) = (
        &mut x.potassium[..length],
        &mut x.excitatory[..length],
        &mut x.inhibitory[..length],
    );
    let kept = |tau: f64| (-h / tau).exp();
    let kept = [
        kept(c.synapse[0]),
        kept(c.synapse[1]),
        kept(c.threshold[2]),
        kept(c.chloride[2]),
        kept(c.potassium[1]),
    ];
    let [per_outside, per_steepness] = [c.chloride[0], c.steepness].map(f64::recip);
    let pace = -h / c.capacitance;
    let share = [h / c.synapse[0], h / c.synapse[1], h / c.potassium[1]];
    for i in 0..length {
        let e = ge[i] + share[0] * c.strength[0] * of_e[i];
        let g = gi[i] + share[1] * c.strength[1] * (local * of_i[i] + spread);
        let nernst = NERNST * ln(cl[i] * per_outside);
        let total = c.leak[0] + e + g + gk[i];
        let rest = (c.leak[0] * c.leak[1]
            + e * c.reversal[0]
            + g * nernst
            + gk[i] * c.reversal[1]
            + current[i])
            / total;
        v[i] = rest + (v[i] - rest) * exp(pace * total);
        let aim = c.threshold[0] + c.threshold[1] * activity[i];
        phi[i] = aim + (phi[i] - aim) * kept[2];
        let aim = c.chloride[1] + c.chloride[2] * c.influx * g * (v[i] - nernst);
        cl[i] = aim + (cl[i] - aim) * kept[3];
        gk[i] = gk[i] * kept[4] + c.potassium[0] * activity[i] * share[2];
        next[i] = 1.0 / (1.0 + exp((phi[i] - v[i]) * per_steepness));
        ge[i] = e * kept[0];
        gi[i] = g * kept[1];
    }
}
