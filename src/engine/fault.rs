//! Faults of arithmetic: the formula behind a run that became NaN, found after the run.
//!
//! The model is asked at the last state: for the drift, the noise, and the resets of guards that stand at their zeros. If all are
//! finite there, the step from it was not: then at states that a step reaches, x + c h f(x), and with noise
//! x + c h f +- sqrt(c h) b, for fractions and multiples of the last step.

use super::outcome::{Outcome, Status};
use crate::system::System;
use crate::system::arithmetic::Fault;

/// Parts of the last step at which a scheme may have evaluated the model. A step that has shrunk to nothing before
/// the run failed says where the trouble is; what the trouble is shows farther on.
const PARTS: [f64; 10] = [1.0, 0.5, 0.25, 0.1, 2.0, 10.0, 1e3, 1e6, 1e9, 1e12];

/// Parts of a step that a scheme that shrinks its step without an end has certainly tried.
const NEAR: f64 = 10.0;

/// A fault, and whether it is at the last state itself.
pub(super) struct Found {
    pub fault: Fault,
    pub is_here: bool,
}

/// The fault at the end of a run, if the model can say.
pub(super) fn find<S: System + ?Sized>(system: &S, outcome: &Outcome) -> Option<Found> {
    let arithmetic = system.arithmetic()?;
    let (x, near) = (&outcome.state, outcome.status == Status::StepUnderflow);
    if x.is_empty() || x.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let t = outcome.time;
    // Just after the time, as a step from there begins.
    let here = arithmetic.fault(t.next_up(), x);
    if let Some(fault) = here.or_else(|| arithmetic.fault_of_resets(t, x)) {
        let is_here = true;
        return Some(Found { fault, is_here });
    }
    let mut overflow = None;
    for (t, x) in tried(system, t, x, (outcome.step, near)) {
        match arithmetic.fault(t, &x) {
            Some(fault) if !fault.is_overflow => {
                let is_here = false;
                return Some(Found { fault, is_here });
            }
            Some(fault) => overflow = overflow.or(Some(fault)),
            None => {}
        }
    }
    let is_here = false;
    overflow.map(|fault| Found { fault, is_here })
}

/// Finite states that a step from here may reach.
fn tried<S: System + ?Sized>(
    system: &S,
    t: f64,
    x: &[f64],
    (step, near): (f64, bool),
) -> Vec<(f64, Vec<f64>)> {
    let mut slope = vec![0.0; x.len()];
    system.drift(t.next_up(), x, &mut slope);
    let kick = kick(system, t.next_up(), x);
    let signs: &[f64] = match &kick {
        Some(_) => &[0.0, -1.0, 1.0],
        None => &[0.0],
    };
    let mut states = Vec::new();
    for part in PARTS.into_iter().filter(|&part| !near || part <= NEAR) {
        let h = part * step.abs();
        for sign in signs {
            let moved = |i: usize| {
                let noise = kick.as_ref().map_or(0.0, |kick| kick[i]);
                x[i] + h * slope[i] + sign * h.sqrt() * noise
            };
            let state: Vec<f64> = (0..x.len()).map(moved).collect();
            if state.iter().all(|x| x.is_finite()) {
                states.push((t + h, state));
            }
        }
    }
    states
}

/// What all channels of the noise together move each component by in a unit of time; `None` without noise.
fn kick<S: System + ?Sized>(system: &S, t: f64, x: &[f64]) -> Option<Vec<f64>> {
    let diffusion = system.diffusion()?;
    let (dim, channels) = (x.len(), diffusion.channels());
    let diagonal = diffusion.is_diagonal(dim);
    let mut b = vec![0.0; if diagonal { dim } else { dim * channels }];
    diffusion.diffusion(t, x, &mut b);
    Some(match diagonal {
        true => b,
        false => b
            .chunks(channels.max(1))
            .map(|row| row.iter().map(|b| b * b).sum::<f64>().sqrt())
            .collect(),
    })
}

/// The first component that is not finite after a jump, and was before.
pub(super) fn spoiled(before: &[f64], after: &[f64]) -> Option<usize> {
    let both = before.iter().zip(after);
    both.into_iter()
        .position(|(before, after)| before.is_finite() && !after.is_finite())
}
