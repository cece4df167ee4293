//! Observables of the network. `gap` and `certificate_distance` (see the file on stability) exist only
//! with a certificate of diagonal stability, and are refused before the run where there is none.

use super::network::Network;
use super::stability::refuse;
use crate::prelude::*;

const NEURON: &[&str] = &["neuron"];

/// The observables of the network, in the order of their indices.
pub const OBSERVABLES: &[ObservableCard] = &[
    card(
        "pseudo_gradient",
        NEURON,
        "F(x) = (W - D) x + u, stimuli included",
    ),
    card(
        "active_set",
        NEURON,
        "-1 where the response is at the floor, +1 where it is at the ceiling, else 0",
    ),
    card(
        "gap",
        &[],
        "G(x) >= 0, zero at the equilibrium only; weighted by the certificate, sum p = n; finite ceilings",
    ),
    card(
        "certificate_distance",
        &[],
        "|x - x*|_P to the equilibrium without stimuli; P the certificate of the largest rate, sum p = n",
    ),
];

const fn card(
    name: &'static str,
    axes: &'static [&'static str],
    meaning: &'static str,
) -> ObservableCard {
    ObservableCard {
        name,
        axes,
        unit: "1",
        meaning,
        dynamics: &[],
    }
}

/// The observables of a network of `n` neurons.
pub fn list(n: usize) -> Vec<Variable> {
    let variable = |card: &ObservableCard| {
        let axes = card.axes.iter().map(|&axis| Axis::new(axis, n)).collect();
        Variable::new(card.name, axes)
            .unit(card.unit)
            .meaning(card.meaning)
    };
    OBSERVABLES.iter().map(variable).collect()
}

impl Network {
    /// G(x); NaN without a certificate.
    fn gap(&self, t: f64, x: &[f64]) -> f64 {
        let Ok(stability) = self.stability() else {
            return f64::NAN;
        };
        let mut gradient = vec![0.0; x.len()];
        self.pseudo_gradient(t, x, &mut gradient);
        let term = |i: usize| {
            let (d, m) = (self.neurons.dissipation[i], self.neurons.ceiling[i]);
            let gradient = gradient[i];
            let room = if gradient > 0.0 {
                m - d * x[i]
            } else {
                -d * x[i]
            };
            stability.certificate.p[i] * room * gradient
        };
        (0..x.len()).map(term).sum()
    }

    /// |x - x*|_P; NaN without a certificate.
    fn distance(&self, x: &[f64]) -> f64 {
        let Ok(stability) = self.stability() else {
            return f64::NAN;
        };
        let p = &stability.certificate.p;
        let term = |i: usize| p[i] * (x[i] - stability.equilibrium[i]).powi(2);
        (0..x.len()).map(term).sum::<f64>().sqrt()
    }
}

impl Observables for Network {
    fn list(&self) -> &[Variable] {
        &self.names.observables
    }

    fn prepare(&self, index: usize) -> Result<(), BuildError> {
        let name = OBSERVABLES[index].name;
        if !matches!(name, "gap" | "certificate_distance") {
            return Ok(());
        }
        let unlimited = self.neurons.ceiling.iter().position(|m| m.is_infinite());
        if let (Some(neuron), "gap") = (unlimited, name) {
            let message = format!("`gap` needs a finite ceiling, and neuron {neuron} has none");
            return Err(BuildError::about("ceiling", message).help(
                "give `ceiling` finite values, or leave `gap` out of `[record] observables`",
            ));
        }
        self.stability()
            .map(|_| ())
            .map_err(|why| refuse(name, why))
    }

    fn observe(&self, index: usize, t: f64, x: &[f64], out: &mut [f64]) {
        let neurons = &self.neurons;
        let active = |i: usize, gradient: f64| {
            let recurrent = gradient - neurons.input[i] + neurons.dissipation[i] * x[i];
            let p = neurons.argument(i, x[i], recurrent);
            f64::from(p >= neurons.ceiling[i]) - f64::from(p <= 0.0)
        };
        self.observe_with(index, t, x, out, &active);
    }
}

impl Network {
    /// Observe; `active(i, F_i)` says where neuron i is: -1, 0 or +1.
    pub(super) fn observe_with(
        &self,
        index: usize,
        t: f64,
        x: &[f64],
        out: &mut [f64],
        active: &dyn Fn(usize, f64) -> f64,
    ) {
        let value = match OBSERVABLES[index].name {
            "gap" => Some(self.gap(t, x)),
            "certificate_distance" => Some(self.distance(x)),
            _ => None,
        };
        if let Some(value) = value {
            out[0] = value;
            return;
        }
        self.pseudo_gradient(t, x, out);
        if OBSERVABLES[index].name == "active_set" {
            for (i, out) in out.iter_mut().enumerate() {
                *out = active(i, *out);
            }
        }
    }
}
