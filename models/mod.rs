//! The model families: one file or folder each, importing only the prelude.

pub mod bayesian_perception;
pub mod chloride_network;
pub mod equations;
pub mod gksl;
pub mod lateral_predictive_coding;
pub mod linear_threshold;

use crate::registry::Registry;

/// The registry of all families in this folder.
pub fn registry() -> Registry {
    Registry::new(vec![
        // In the order in which `models` lists them.
        &linear_threshold::LinearThreshold,
        &chloride_network::ChlorideNetwork,
        &gksl::Gksl,
        &lateral_predictive_coding::LateralPredictiveCoding,
        &bayesian_perception::BayesianPerception,
        &equations::FromFile,
    ])
}
