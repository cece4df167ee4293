//! Parameters that nothing uses: mostly a name that is spelled in two ways.

use std::collections::BTreeSet;

use super::expression::Form;
use super::model::{Model, Text};
use crate::prelude::*;

/// A complaint about every parameter that no expression of the model names.
pub(super) fn unused(model: &Model, parameters: &Parameters) -> Vec<BuildError> {
    let mut used = BTreeSet::new();
    for text in texts(model) {
        text.expression.walk(&mut |part| match &part.form {
            Form::Name(name) | Form::Element(name, _) => {
                used.insert(name.as_str());
            }
            _ => {}
        });
    }
    let numbers = parameters
        .iter()
        .filter(|(_, value)| matches!(value, Value::Real(_)));
    let names: Vec<&str> = numbers.map(|(name, _)| name).collect();
    let complaint = |&name: &&str| {
        let message = format!("nothing uses the parameter `{name}`");
        let others: Vec<&str> = names
            .iter()
            .copied()
            .filter(|&other| other != name)
            .collect();
        let near = advice(name, "parameters", &others);
        BuildError::about(format!("model.parameters.{name}"), message).help(
            format!("{near}\nremove it, or use it in an equation")
                .trim()
                .to_string(),
        )
    };
    names
        .iter()
        .filter(|name| !used.contains(**name))
        .map(complaint)
        .collect()
}

/// All expressions of a model.
fn texts(model: &Model) -> impl Iterator<Item = &Text> {
    let blocks = model
        .blocks
        .iter()
        .flat_map(|one| one.drift.iter().chain(&one.diffusion));
    let named = model.definitions.iter().chain(&model.observables);
    let named = named.filter_map(|one| one.text.as_ref());
    let guards = model.guards.iter().flat_map(|one| {
        let resets = one.reset.iter().map(|(_, _, text)| text);
        one.when.iter().chain(resets)
    });
    blocks.chain(named).chain(guards)
}
