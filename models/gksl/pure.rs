//! Pure states of the unravellings: the state vector psi, of which rho = |psi><psi| is one member's share.
//!
//! State `psi [coordinate]`: the real parts of the N amplitudes, then the imaginary ones; shown as `psi_re` and `psi_im` `[level]`, of
//! norm 1. What is seen of a member is seen of its normalised state; the mean over the members of `rho_re` and `rho_im` and its standard
//! error come with an ensemble without being asked for.

use super::levels::Levels;
use super::lindblad::{Jump, Lindblad};
use super::observables::{self, State};
use super::operator::C;
use crate::prelude::*;

/// The blocks of N amplitudes.
pub fn layout(levels: &Levels) -> Layout {
    let labels = levels.all_labels();
    let part = |part: &str| {
        labels
            .iter()
            .map(|label| format!("{part} {label}"))
            .collect::<Vec<_>>()
    };
    let axis = Axis::labelled("coordinate", [part("re"), part("im")].concat());
    let psi =
        Variable::new("psi", vec![axis]).meaning("state vector: real parts, then imaginary parts");
    Layout::new()
        .block_from(psi, vec![f64::NAN; 2 * levels.n])
        .shown_as(&["psi_re", "psi_im"])
        .started_as("rho")
}

/// |psi|^2
pub fn norm_sqr(psi: &[f64]) -> f64 {
    psi.iter().map(|x| x * x).sum()
}

/// <psi|phi> of vectors with N amplitudes.
pub fn product(n: usize, psi: &[f64], phi: &[f64]) -> C {
    let (mut re, mut im) = (0.0, 0.0);
    for i in 0..n {
        re += psi[i] * phi[i] + psi[n + i] * phi[n + i];
        im += psi[i] * phi[n + i] - psi[n + i] * phi[i];
    }
    C::new(re, im)
}

/// `L psi` of a jump.
pub fn jump(lindblad: &Lindblad, jump: &Jump, psi: &[f64], out: &mut [f64]) {
    let n = lindblad.levels();
    match jump {
        Jump::Move { from, to, rate } => {
            let root = rate.sqrt();
            out.fill(0.0);
            (out[*to], out[n + to]) = (root * psi[*from], root * psi[n + from]);
        }
        Jump::Between {
            basis,
            from,
            to,
            rate,
        } => {
            let vectors = &lindblad.bases[*basis];
            let mut amplitude = C::default();
            for i in 0..n {
                amplitude += vectors[(i, *from)].conj() * C::new(psi[i], psi[n + i]);
            }
            amplitude *= rate.sqrt();
            for i in 0..n {
                let value = vectors[(i, *to)] * amplitude;
                (out[i], out[n + i]) = (value.re, value.im);
            }
        }
        Jump::Operator(operator) => operator.act(psi, out),
    }
}

/// A state vector of any norm as the normalised state.
struct Ray<'a> {
    n: usize,
    psi: &'a [f64],
    norm_sqr: f64,
}

impl State for Ray<'_> {
    fn entry(&self, i: usize, j: usize) -> C {
        let amplitude = |i: usize| C::new(self.psi[i], self.psi[self.n + i]);
        amplitude(i) * amplitude(j).conj() / self.norm_sqr
    }

    fn purity(&self) -> f64 {
        1.0
    }

    fn entropy(&self) -> f64 {
        0.0
    }
}

/// Write one observable of a state vector.
pub fn observe(levels: &Levels, name: &str, psi: &[f64], out: &mut [f64]) {
    let n = levels.n;
    let norm_sqr = norm_sqr(psi);
    let part = match name {
        "psi_re" => 0..n,
        "psi_im" => n..2 * n,
        _ => return observables::observe(levels, name, &Ray { n, psi, norm_sqr }, out),
    };
    for (out, amplitude) in out.iter_mut().zip(&psi[part]) {
        *out = amplitude / norm_sqr.sqrt();
    }
}
