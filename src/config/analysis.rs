//! `[analysis.NAME]`: what `nullcline analyze` is asked, a table per analysis.
//!
//! The registry says which analyses a family allows; their declared options are decoded like the
//! parameters of a model, so that an analysis needs no line here.

use super::decoder::Decoder;
use super::experiment::Asked;
use super::model::Model;
use super::parameters::{self, Slot};
use super::problem::Problem;
use crate::registry::Registry;
use crate::system::System;
use crate::system::analysis::{Analysis, Standstill, Subject};
use crate::system::tree::{Entry, Span};

/// The analyses that the file asks for, with what is needed to blame their tables.
pub(super) struct Analyses<'t> {
    pub asked: Vec<Asked>,
    slots: Vec<(Span, Vec<Slot<'t>>)>,
}

impl Analyses<'_> {
    /// Whether there is a table, and none of them needs `[time]`.
    pub(super) fn need_no_time(&self) -> bool {
        !self.asked.is_empty() && !self.asked.iter().any(|one| one.analysis.needs_time())
    }

    /// Have every analysis say whether its options fit the system.
    pub(super) fn check(
        &self,
        d: &mut Decoder,
        model: &Model<'_>,
        system: &dyn System,
        initial: &[f64],
        span: Option<(f64, f64)>,
    ) {
        for (asked, (header, slots)) in self.asked.iter().zip(&self.slots) {
            let subject = Subject {
                system,
                parameters: &model.parameters,
                options: &asked.options,
                initial,
                span,
                seed: d.seed,
                integrate: &Standstill,
            };
            if let Err(error) = asked.analysis.check(&subject) {
                let place = error.parameter.as_ref();
                let place = place.and_then(|name| parameters::place(slots, name));
                d.problem(parameters::build_problem(&error, place.unwrap_or(*header)));
            }
        }
    }
}

/// Decode `[analysis]`, which need not exist.
pub(super) fn decode<'t>(
    d: &mut Decoder,
    entry: Option<&'t Entry>,
    registry: &Registry,
    model: Option<&Model<'_>>,
) -> Option<Analyses<'t>> {
    let mut found = Analyses {
        asked: Vec::new(),
        slots: Vec::new(),
    };
    // Without the family nobody knows what its analyses are.
    let (Some(entry), Some(model)) = (entry, model) else {
        return Some(found);
    };
    let offered = registry.analyses(model.family);
    let Some(tables) = entry.value.as_table() else {
        d.wrong_type(&entry.value, "analysis", "a table of tables");
        return None;
    };
    let before = d.problems.len();
    for table in tables {
        one(d, table, &offered, model, &mut found);
    }
    if tables.is_empty() {
        d.problem(
            Problem::at(
                entry.key_span,
                "[analysis] asks for nothing",
                "no table in it",
            )
            .help(format!("write a table such as {}", listed(&offered))),
        );
    }
    (d.problems.len() == before).then_some(found)
}

fn one<'t>(
    d: &mut Decoder,
    table: &'t Entry,
    offered: &[&'static dyn Analysis],
    model: &Model<'_>,
    found: &mut Analyses<'t>,
) {
    let name = table.key.as_str();
    let Some(&analysis) = offered.iter().find(|analysis| analysis.name() == name) else {
        let names: Vec<&str> = offered.iter().map(|analysis| analysis.name()).collect();
        let place = format!("[analysis] of the family `{}`", model.family.name());
        d.unknown(table.key_span, "analysis", name, &place, &names);
        return;
    };
    let Some(entries) = table.value.as_table() else {
        let name = format!("analysis.{name}");
        d.wrong_type(&table.value, &name, "a table");
        return;
    };
    let path = format!("analysis.{name}");
    d.resolved.header(&format!("[{path}]"));
    let slots = parameters::gather(
        d,
        &path,
        table.key_span,
        entries,
        analysis.options(),
        model.dynamics.name,
    );
    let (options, sound) = parameters::resolve(d, &slots, model.dynamics.name);
    if sound {
        found.asked.push(Asked { analysis, options });
        found.slots.push((table.key_span, slots));
    }
}

/// `[analysis.a], [analysis.b]`
fn listed(offered: &[&'static dyn Analysis]) -> String {
    let tables = offered
        .iter()
        .map(|one| format!("[analysis.{}]", one.name()));
    tables.collect::<Vec<_>>().join(", ")
}
