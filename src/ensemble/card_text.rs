//! A scheme's card as text, for `/provenance/scheme`.

use crate::engine::card::{Card, Stepping};
use crate::system::noise::NoiseClass;

/// A card as text, one `name: value` per line.
pub(super) fn card_text(card: &Card, jacobian: Option<&str>) -> String {
    let stepping = match card.stepping {
        Stepping::Fixed => "fixed steps",
        Stepping::Adaptive => "adaptive steps",
        Stepping::Either => "fixed steps if a step is given, adaptive steps otherwise",
        Stepping::Exact => "exact on the saving grid",
    };
    let embedded = card
        .embedded_order
        .map_or_else(|| "none".into(), |order| order.to_string());
    let noise = card.noise.map_or_else(
        || "deterministic only".into(),
        |noise| {
            let classes = NoiseClass::ALL.iter();
            let told = classes.filter_map(|&class| {
                let orders = noise.orders(class)?;
                let name = class.name();
                Some(format!("{name} noise {} ({})", orders.strong, orders.weak))
            });
            told.collect::<Vec<_>>().join(", ")
        },
    );
    let jacobian = jacobian.map_or_else(String::new, |source| format!("jacobian: {source}\n"));
    format!(
        "name: {}\ntitle: {}\norder: {}\nembedded order: {embedded}\ndense order: {}\nstepping: {stepping}\n\
         evaluations per step: {}\nstability: {}\nsmoothness: {}\nstrong (weak) order: {noise}\nreference: {}\n{jacobian}",
        card.name,
        card.title,
        card.order,
        card.dense_order,
        card.evaluations,
        card.stability,
        card.smoothness,
        card.reference,
    )
}
