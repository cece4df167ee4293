//! `[model]`: the family, its dynamics, its parameters.

use super::declaration;
use super::decoder::Decoder;
use super::options;
use super::parameters::{self, Slot};
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use crate::registry::Registry;
use crate::system::family::{Dynamics, Family};
use crate::system::parameters::{Array, Fallback, Parameter, Parameters};
use crate::system::suggest;
use crate::system::tree::{Entry, Span, Tree};

/// The decoded `[model]`.
pub(super) struct Model<'t> {
    pub family: &'static dyn Family,
    pub dynamics: &'static Dynamics,
    pub parameters: Parameters,
    /// Whether all parameters are sound.
    pub sound: bool,
    pub slots: Vec<Slot<'t>>,
    /// The declarations of `[model.parameters]`: the family's, or the file's.
    pub declared: &'static [Parameter],
    /// The header, to blame when nothing better is known.
    pub span: Span,
    /// The header of the table of trials, if there is one.
    pub trials: Option<Span>,
}

/// Decode `[model]`; `None` if the family or the dynamics is unknown.
pub(super) fn decode<'t>(
    d: &mut Decoder,
    root: &'t Tree,
    registry: &Registry,
) -> Option<Model<'t>> {
    let entry = root.as_table()?.iter().find(|entry| entry.key == "model");
    let Some(entry) = entry else {
        d.problem(
            Problem::at(
                Span::new(0, 0),
                "the table [model] is missing",
                "needs [model]",
            )
            .help(
                "an experiment names its model: [model], then family = \"...\"; \
                 `nullcline models` lists them, `nullcline new` writes a file to start from",
            ),
        );
        return None;
    };
    let Some(entries) = entry.value.as_table() else {
        d.wrong_type(&entry.value, "model", "a table");
        return None;
    };
    let span = entry.key_span;
    d.resolved.header("[model]");
    let family = family(d, entry, registry)?;
    let more: Vec<&str> = family.sections().iter().map(|own| head(own.name)).collect();
    let section = Section::open(
        d,
        "[model]",
        span,
        Some(&entry.value),
        options::MODEL,
        &more,
    );
    let dynamics = dynamics(d, &section, family)?;
    let mut slots = parameters::gather(
        d,
        "model",
        span,
        entries
            .iter()
            .filter(|entry| more.contains(&entry.key.as_str())),
        family.sections(),
        dynamics.name,
    );
    let table = section.entry("parameters");
    let given = table.map_or(&[][..], |table| {
        table.value.as_table().unwrap_or_else(|| {
            d.wrong_type(&table.value, "model.parameters", "a table");
            &[]
        })
    });
    let before = d.problems.len();
    let own = family.leaves_parameters_to_the_file();
    let declared = match own {
        true => declaration::read(d, given),
        false => family.parameters(),
    };
    let mut further = parameters::gather(
        d,
        "model.parameters",
        table.map_or(span, |table| table.key_span),
        given,
        declared,
        dynamics.name,
    );
    if own {
        declaration::unwrap(&mut further);
    }
    slots.extend(further);
    let (parameters, complete) = parameters::resolve(d, &slots, dynamics.name);
    Some(Model {
        family,
        dynamics,
        parameters,
        sound: complete && d.problems.len() == before,
        slots,
        declared,
        span,
        trials: None,
    })
}

impl Model<'_> {
    /// The parameters with the numbers that stand in the file in place of those that are refused, if the
    /// file declares them; `None` if even so some are missing.
    pub fn supposed(&self) -> Option<Parameters> {
        if !self.family.leaves_parameters_to_the_file() {
            return None;
        }
        let mut parameters = self.parameters.clone();
        for slot in &self.slots {
            let declaration = slot.declaration;
            if parameters.get(declaration.name).is_some()
                || declaration.fallback != Fallback::Required
            {
                continue;
            }
            let number = slot.given.and_then(|entry| entry.value.as_number())?;
            parameters.set_real(declaration.name, Array::filled(Vec::new(), number));
        }
        Some(parameters)
    }
}

/// The first part of a dotted name.
fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn family(d: &mut Decoder, model: &Entry, registry: &Registry) -> Option<&'static dyn Family> {
    let names: Vec<&str> = registry
        .families()
        .iter()
        .map(|family| family.name())
        .collect();
    let Some(value) = model.value.get("family") else {
        d.problem(
            Problem::at(
                model.key_span,
                "`family` is missing in [model]",
                "needs `family`",
            )
            .help(format!("families: {}", suggest::list(&names))),
        );
        return None;
    };
    let Some(name) = value.as_text() else {
        d.wrong_type(value, "family", "a text in quotes");
        return None;
    };
    d.given("family", value);
    let family = registry.get(name);
    if family.is_none() {
        d.problem(
            Problem::at(
                value.span,
                format!("there is no model family `{name}`"),
                "unknown family",
            )
            .help(suggest::advice(name, "families", &names)),
        );
    }
    family
}

fn dynamics(
    d: &mut Decoder,
    section: &Section<'_>,
    family: &'static dyn Family,
) -> Option<&'static Dynamics> {
    let all = family.dynamics();
    let span = section
        .entry("dynamics")
        .map_or(section.span, |entry| entry.value.span);
    let chosen = if section.entry("dynamics").is_some() {
        let name = section.text(d, "dynamics")?;
        let found = all.iter().find(|dynamics| dynamics.name == name);
        if found.is_none() {
            let names: Vec<&str> = all.iter().map(|dynamics| dynamics.name).collect();
            let what = format!("dynamics of `{}`", family.name());
            d.problem(
                Problem::at(
                    span,
                    format!("`{}` has no dynamics `{name}`", family.name()),
                    "unknown dynamics",
                )
                .help(suggest::advice(&name, &what, &names)),
            );
        }
        found?
    } else {
        let Some(first) = all.first() else {
            let message = format!("the family `{}` offers no dynamics", family.name());
            let help = "its `Family::dynamics` lists at least one, the first being the default";
            d.problem(Problem::at(span, message, "nothing to run").help(help));
            return None;
        };
        d.assumed("dynamics", &resolved::text(first.name), Origin::Default);
        first
    };
    Some(chosen)
}
