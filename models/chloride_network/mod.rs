//! Chloride-controlled seizure stages in a spatial network of conductance-based populations.
//!
//! ```text
//! C V'      = gL (EL - V) + gE (EE - V) + gI (E_Cl - V) + gK (EK - V) + I(x, t)
//! tau_phi phi' = phi0 - phi + dphi A                         A = 1 / (1 + exp(-(V - phi)/beta))
//! Cl'       = chi gI (V - E_Cl) / (Vd F) + (Cl_eq - Cl) / tau_Cl,        E_Cl = 26.7 mV ln(Cl / Cl_out)
//! tau_K gK' = -gK + DK A
//! tau_E gE' = -gE + GE (K_E * A)
//! tau_I gI' = -gI + GI [(1 - gamma) K_I * A + gamma mean A]
//! ```
//!
//! State: six blocks `[cell]` or `[row, column]`, in mV, mM, nS; time in ms, currents in pA. Chloride enters where V > E_Cl.
//! The fraction chi of the inhibitory conductance that carries it is the control parameter. Sources: Liou et al., *A model
//! for focal seizure onset, propagation, evolution, and progression*, eLife 9:e50927 (2020) and its LAS-Model code for
//! equations and values; Gong, Liu, Zhang, Zheng, Xu, arXiv 2604.15747 (Phys. Rev. E 113, 034401, 2026) for the stages.

mod claims;
mod elementary;
mod kernel;
mod las;
mod membrane;
mod network;
mod observables;
mod rest;
mod space;
mod spectral;
mod spirals;
mod stages;

pub use network::Network;

use crate::prelude::*;

/// The family `chloride-network`.
pub struct ChlorideNetwork;

const LAS: &str = "LAS (eLife 9:e50927 and its code)";

const PARAMETERS: &[Parameter] = &[
    Parameter::real("chloride_fraction")
        .or(0.2)
        .range(Range::closed(0.0, 1.0))
        .meaning("chi: the fraction of the inhibitory conductance that carries chloride; the control parameter")
        .source("role assumed, value LAS"),
    Parameter::real("excitatory_strength")
        .or(100.0)
        .range(Range::NON_NEGATIVE)
        .unit("nS")
        .meaning("GE: recurrent excitation at full activity")
        .source(LAS),
    Parameter::real("inhibitory_strength")
        .or(300.0)
        .range(Range::NON_NEGATIVE)
        .unit("nS")
        .meaning("GI: recurrent inhibition at full activity, local and global")
        .source("LAS: 250 local and 50 global"),
    Parameter::real("global_inhibition")
        .or(1.0 / 6.0)
        .range(Range::closed(0.0, 1.0))
        .meaning("gamma: the share of inhibition that follows the mean activity")
        .source(LAS),
    Parameter::real("capacitance")
        .or(100.0)
        .range(Range::POSITIVE)
        .unit("pF")
        .meaning("C: membrane capacitance")
        .source(LAS),
    Parameter::real("leak_conductance")
        .or(4.0)
        .range(Range::POSITIVE)
        .unit("nS")
        .meaning("gL: leak conductance")
        .source(LAS),
    Parameter::real("leak_potential")
        .or(-58.0)
        .unit("mV")
        .meaning("EL: leak reversal potential, and where the potential starts")
        .source("LAS (its table and sheet runs; its line runs have -57.5)"),
    Parameter::real("excitatory_potential")
        .or(0.0)
        .unit("mV")
        .meaning("EE: excitatory reversal potential")
        .source(LAS),
    Parameter::real("potassium_potential")
        .or(-90.0)
        .unit("mV")
        .meaning("EK: potassium reversal potential")
        .source(LAS),
    Parameter::real("steepness")
        .or(2.5)
        .range(Range::POSITIVE)
        .unit("mV")
        .meaning("beta: width of the sigmoid of the activity")
        .source(LAS),
    Parameter::real("max_rate")
        .or(200.0)
        .range(Range::POSITIVE)
        .unit("Hz")
        .meaning("f_max: firing rate at full activity")
        .source(LAS),
    Parameter::real("tau_excitatory")
        .or(15.0)
        .range(Range::POSITIVE)
        .unit("ms")
        .meaning("tau_E: decay of excitatory synapses")
        .source(LAS),
    Parameter::real("tau_inhibitory")
        .or(15.0)
        .range(Range::POSITIVE)
        .unit("ms")
        .meaning("tau_I: decay of inhibitory synapses")
        .source(LAS),
    Parameter::real("threshold_rest")
        .or(-45.0)
        .unit("mV")
        .meaning("phi0: threshold of a silent cell")
        .source(LAS),
    Parameter::real("threshold_gain")
        .or(0.3)
        .unit("mV/Hz")
        .meaning("rise of the threshold per firing rate")
        .source(LAS),
    Parameter::real("tau_threshold")
        .or(100.0)
        .range(Range::POSITIVE)
        .unit("ms")
        .meaning("tau_phi: adaptation of the threshold")
        .source(LAS),
    Parameter::real("chloride_outside")
        .or(110.0)
        .range(Range::POSITIVE)
        .unit("mM")
        .meaning("Cl_out: chloride outside of the cells")
        .source(LAS),
    Parameter::real("chloride_rest")
        .or(6.0)
        .range(Range::POSITIVE)
        .unit("mM")
        .meaning("Cl_eq: chloride to which extrusion returns, and where it starts")
        .source(LAS),
    Parameter::real("tau_chloride")
        .or(5000.0)
        .range(Range::POSITIVE)
        .unit("ms")
        .meaning("tau_Cl: extrusion of chloride")
        .source(LAS),
    Parameter::real("volume")
        .or(0.235_702_260_395_516)
        .range(Range::POSITIVE)
        .unit("pL")
        .meaning("Vd: volume in which chloride is distributed")
        .source("LAS code: 0.25 sqrt(2)/12 20^3/1000 (0.24 in its table)"),
    Parameter::real("potassium_gain")
        .or(0.2)
        .range(Range::NON_NEGATIVE)
        .unit("nS/Hz")
        .meaning("slow potassium conductance per firing rate")
        .source(LAS),
    Parameter::real("tau_potassium")
        .or(5000.0)
        .range(Range::POSITIVE)
        .unit("ms")
        .meaning("tau_K: decay of the slow potassium conductance")
        .source(LAS),
    Parameter::real("kernel_excitatory")
        .or(0.02)
        .range(Range::POSITIVE)
        .meaning("sigma_E: width of the excitatory kernel, of the field's length")
        .source(LAS),
    Parameter::real("kernel_inhibitory")
        .or(0.03)
        .range(Range::POSITIVE)
        .meaning("sigma_I: width of the inhibitory kernel, of the field's length")
        .source(LAS),
    Parameter::real("noise")
        .or(0.0)
        .range(Range::NON_NEGATIVE)
        .unit("pA^2 ms")
        .meaning("D: white noise in the current of each cell, C dV = ... + sqrt(2 D) dW")
        .source("LAS spirals: 200, which is 20 pA per step of 1 ms"),
];

impl Family for ChlorideNetwork {
    fn name(&self) -> &'static str {
        "chloride-network"
    }

    fn title(&self) -> &'static str {
        "Seizure stages controlled by chloride, on a point, a line, a sheet or a disc"
    }

    fn card(&self) -> &'static str {
        "C V' = gL (EL - V) + gE (EE - V) + gI (ECl - V) + gK (EK - V) + I,  ECl = 26.7 mV ln(Cl / Cl_out)\n\
         tau_phi phi' = phi0 - phi + dphi A,  A = 1 / (1 + exp(-(V - phi)/beta)), rate f = f_max A\n\
         Cl' = chi gI (V - ECl) / (Vd F) + (Cl_eq - Cl) / tau_Cl;  tau_K gK' = -gK + DK A\n\
         tau_E gE' = -gE + GE (K_E * A);  tau_I gI' = -gI + GI [(1 - gamma) K_I * A + gamma mean A]\n\
         with Gaussian kernels of widths sigma n cells, cut at 2.5 widths. Time in ms.\n\
         Equations and values: Liou et al., eLife 9:e50927 (2020) and its LAS-Model code. The fraction chi as the\n\
         control parameter: Gong, Liu, Zhang, Zheng, Xu, arXiv 2604.15747 (Phys. Rev. E 113, 034401, 2026)."
    }

    fn dynamics(&self) -> &'static [Dynamics] {
        &[Dynamics {
            name: "rate",
            evolution: Evolution::Flow,
            method: "tsit5",
            meaning: "firing rates of populations with chloride, adaptation and slow potassium",
        }]
    }

    fn time_unit(&self) -> &'static str {
        "ms"
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn sections(&self) -> &'static [Parameter] {
        space::SECTIONS
    }

    fn channels(&self) -> &'static [Channel] {
        &[Channel {
            name: "current",
            unit: "pA",
            meaning: "injected into the chosen cells",
            dynamics: &[],
        }]
    }

    fn observables(&self) -> &'static [ObservableCard] {
        observables::OBSERVABLES
    }

    fn analyses(&self) -> &'static [&'static dyn Analysis] {
        &[&stages::SeizureStages]
    }

    fn claims(&self) -> &'static [Claim] {
        claims::CLAIMS
    }

    fn starter(&self) -> &'static str {
        include_str!("starter.toml")
    }

    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        Ok(Built::Flow(Box::new(Network::build(build)?)))
    }
}
