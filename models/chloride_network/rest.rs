//! The point population: its equilibria and its Jacobian; and the noise of any network.
//!
//! At an equilibrium everything follows from A: gE = GE A, gI = GI A, gK = DK A, phi = phi0 + dphi A,
//! V = phi + beta logit A, and Cl from chi gI (V - E_Cl) tau_Cl / (Vd F) = Cl - Cl_eq, whose left side falls and whose right
//! side rises with Cl. The balance of currents is then a function of logit A alone, and its changes of sign are bisected.

use super::membrane::NERNST;
use super::network::Network;
use crate::prelude::*;

/// How finely logit A is searched from -20 to 20.
const PIECES: u32 = 40_000;

/// The root of a function that changes its sign once between two places, to the last bit.
fn bisect(mut low: f64, mut high: f64, value: &dyn Fn(f64) -> f64) -> f64 {
    let below = value(low) < 0.0;
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        match (value(middle) < 0.0) == below {
            true => low = middle,
            false => high = middle,
        }
    }
}

impl Network {
    /// The state of a point at which all but the potential stand still, and what drives the potential there.
    fn almost_at_rest(&self, logit: f64) -> ([f64; 6], f64) {
        let c = &self.constants;
        let a = 1.0 / (1.0 + (-logit).exp());
        let (ge, gi, gk) = (c.strength[0] * a, c.strength[1] * a, c.potassium[0] * a);
        let phi = c.threshold[0] + c.threshold[1] * a;
        let v = phi + c.steepness * logit;
        let nernst = |cl: f64| NERNST * (cl / c.chloride[0]).ln();
        let load = c.chloride[2] * c.influx * gi;
        let surplus = |cl: f64| cl - c.chloride[1] - load * (v - nernst(cl));
        let mut high = 2.0 * (c.chloride[0] + c.chloride[1]);
        while surplus(high) < 0.0 {
            high *= 2.0;
        }
        let cl = match load > 0.0 {
            true => bisect(f64::MIN_POSITIVE, high, &surplus),
            false => c.chloride[1],
        };
        let current = c.leak[0] * (c.leak[1] - v)
            + ge * (c.reversal[0] - v)
            + gi * (nernst(cl) - v)
            + gk * (c.reversal[1] - v);
        ([v, phi, cl, gk, ge, gi], current)
    }

    /// The equilibria of a point without input.
    pub(super) fn rest(&self) -> Equilibria {
        let place = |k: u32| -20.0 + 40.0 * f64::from(k) / f64::from(PIECES);
        let current = |logit: f64| self.almost_at_rest(logit).1;
        let values: Vec<f64> = (0..=PIECES).map(|k| current(place(k))).collect();
        let mut found = Equilibria {
            reason: "every change of sign of the balance of currents on a grid of 40 000 activities; two \
                     equilibria between neighbours of the grid would be missed"
                .into(),
            ..Equilibria::default()
        };
        for (k, pair) in (0..PIECES).zip(values.windows(2)) {
            if (pair[0] < 0.0) != (pair[1] < 0.0) {
                let logit = bisect(place(k), place(k + 1), &current);
                found.list.push(Equilibrium {
                    x: self.almost_at_rest(logit).0.to_vec(),
                    ..Equilibrium::default()
                });
            }
        }
        found.sort();
        found
    }
}

impl Jacobian for Network {
    fn dense(&self, _t: f64, x: &[f64], matrix: &mut [f64]) {
        let c = &self.constants;
        let &[v, phi, cl, gk, ge, gi] = x else { return };
        let a = 1.0 / (1.0 + ((phi - v) / c.steepness).exp());
        let slope = a * (1.0 - a) / c.steepness;
        let nernst = NERNST * (cl / c.chloride[0]).ln();
        let [da_dv, da_dphi, dn_dcl] = [slope, -slope, NERNST / cl];
        let total = c.leak[0] + ge + gi + gk;
        let rows = [
            [
                -total,
                0.0,
                gi * dn_dcl,
                c.reversal[1] - v,
                c.reversal[0] - v,
                nernst - v,
            ]
            .map(|entry| entry / c.capacitance),
            [
                c.threshold[1] * da_dv,
                c.threshold[1] * da_dphi - 1.0,
                0.0,
                0.0,
                0.0,
                0.0,
            ]
            .map(|entry| entry / c.threshold[2]),
            [
                c.influx * gi,
                0.0,
                -c.influx * gi * dn_dcl - 1.0 / c.chloride[2],
                0.0,
                0.0,
                c.influx * (v - nernst),
            ],
            [
                c.potassium[0] * da_dv,
                c.potassium[0] * da_dphi,
                0.0,
                -1.0,
                0.0,
                0.0,
            ]
            .map(|entry| entry / c.potassium[1]),
            [
                c.strength[0] * da_dv,
                c.strength[0] * da_dphi,
                0.0,
                0.0,
                -1.0,
                0.0,
            ]
            .map(|entry| entry / c.synapse[0]),
            [
                c.strength[1] * da_dv,
                c.strength[1] * da_dphi,
                0.0,
                0.0,
                0.0,
                -1.0,
            ]
            .map(|entry| entry / c.synapse[1]),
        ];
        matrix.copy_from_slice(rows.as_flattened());
    }
}

/// White noise in the current of every cell: C dV = ... dt + sqrt(2 D) dW. Channel j belongs to component j of the state;
/// those beyond the potentials have no effect.
impl Diffusion for Network {
    fn channels(&self) -> usize {
        self.layout.len()
    }

    fn class(&self) -> NoiseClass {
        NoiseClass::Additive
    }

    fn is_constant(&self) -> bool {
        true
    }

    fn diffusion(&self, _t: f64, _x: &[f64], b: &mut [f64]) {
        b.fill(0.0);
        b[..self.space.cells()].fill(self.spread.unwrap_or(0.0));
        for &cell in &self.space.outside {
            b[cell] = 0.0;
        }
    }
}
