//! `[fit]`: which quantities are free and between which bounds, what they are compared with, how errors are estimated.

use super::decoder::Decoder;
use super::experiment::{Fit, FitVariant, FreeQuantity};
use super::model::Model;
use super::numbers;
use super::options;
use super::problem::Problem;
use super::section::{self, Section};
use crate::system::likelihood::Free;
use crate::system::parameters::{Kind, Parameter};
use crate::system::suggest;
use crate::system::tree::{Entry, Node, Tree};

/// Decode `[fit]`; `None` if there is none, or it is broken.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    model: Option<&Model<'_>>,
) -> Option<Fit> {
    let (entry, model) = (entry?, model?);
    let header = entry.key_span;
    let Some(likelihood) = model.family.likelihood() else {
        d.problem(
            Problem::at(
                header,
                format!("the family `{}` has no likelihood", model.family.name()),
                "nothing to fit",
            )
            .help("remove it: families that can be fitted say so in `nullcline describe`"),
        );
        return None;
    };
    d.resolved.header("[fit]");
    let section = Section::open(d, "[fit]", header, Some(&entry.value), options::FIT, &[]);
    let before = d.problems.len();
    let offered = likelihood.free();
    let free = match section.value("free") {
        Some(value) => {
            d.given("free", value);
            free(d, value, offered)
        }
        None => by_default(offered),
    };
    section.text(d, "by");
    let starts = section.integer(d, "starts").unwrap_or(1);
    let bootstrap = section.integer(d, "bootstrap").unwrap_or(0);
    let variants = match section.value("variants") {
        Some(value) => {
            d.given("variants", value);
            variants(d, value, model, offered, &free)
        }
        None => Vec::new(),
    };
    (d.problems.len() == before).then_some(Fit {
        free,
        starts: usize::try_from(starts).unwrap_or(1),
        bootstrap: usize::try_from(bootstrap).unwrap_or(0),
        variants,
    })
}

fn by_default(offered: &'static [Free]) -> Vec<FreeQuantity> {
    let free = offered.iter().filter_map(|one| {
        Some(FreeQuantity {
            free: one,
            bounds: one.bounds?,
        })
    });
    free.collect()
}

fn named(d: &mut Decoder, entry: &Entry, offered: &'static [Free]) -> Option<&'static Free> {
    let found = offered.iter().find(|one| one.name == entry.key);
    if found.is_none() {
        let names: Vec<&str> = offered.iter().map(|one| one.name).collect();
        d.problem(
            Problem::at(
                entry.key_span,
                format!("`{}` cannot be fitted", entry.key),
                "no such quantity",
            )
            .help(suggest::advice(&entry.key, "what can be fitted", &names)),
        );
    }
    found
}

/// `{ prior_mean = [lo, hi], ... }`
fn free(d: &mut Decoder, value: &Tree, offered: &'static [Free]) -> Vec<FreeQuantity> {
    let Some(entries) = value.as_table().filter(|entries| !entries.is_empty()) else {
        d.wrong_type(
            value,
            "fit.free",
            "a table of bounds, such as { prior_mean = [0, 1] }",
        );
        return Vec::new();
    };
    let mut all = Vec::new();
    for entry in entries {
        let Some(one) = named(d, entry, offered) else {
            continue;
        };
        let name = format!("fit.free.{}", entry.key);
        let Some(array) = numbers::array(d, &entry.value, &name) else {
            continue;
        };
        let &[low, high] = array.data.as_slice() else {
            d.wrong_type(&entry.value, &name, "the lower and the upper bound");
            continue;
        };
        let span = entry.value.span;
        if !(d.check(low, span, &name, &one.range, one.unit)
            && d.check(high, span, &name, &one.range, one.unit))
        {
            continue;
        }
        if low >= high || !high.is_finite() {
            d.problem(Problem::at(
                span,
                format!("the bounds of `{}` are not an interval", entry.key),
                "the lower bound first",
            ));
            continue;
        }
        all.push(FreeQuantity {
            free: one,
            bounds: [low, high],
        });
    }
    all
}

/// `{ NAME = { w = 1.0 }, OTHER = { decision = "stored" } }`
fn variants(
    d: &mut Decoder,
    value: &Tree,
    model: &Model<'_>,
    offered: &'static [Free],
    free: &[FreeQuantity],
) -> Vec<FitVariant> {
    let Some(entries) = value.as_table() else {
        d.wrong_type(
            value,
            "fit.variants",
            "a table of variants, such as { no_drift = { w = 1.0 } }",
        );
        return Vec::new();
    };
    let mut all = Vec::new();
    for entry in entries {
        let name = format!("fit.variants.{}", entry.key);
        let Some(inner) = entry.value.as_table().filter(|inner| !inner.is_empty()) else {
            d.wrong_type(&entry.value, &name, "a table of what differs");
            continue;
        };
        let mut variant = FitVariant {
            name: entry.key.clone(),
            fixed: Vec::new(),
            settings: Vec::new(),
        };
        for one in inner {
            match &one.value.node {
                Node::Text(text) => {
                    if is_choice(d, model, one, text) {
                        variant.settings.push((one.key.clone(), text.clone()));
                    }
                }
                _ => {
                    let Some(held) = named(d, one, offered) else {
                        continue;
                    };
                    if !free.iter().any(|other| other.free.name == held.name) {
                        d.problem(
                            Problem::at(
                                one.key_span,
                                format!("`{}` is not free, so that holding it changes nothing", one.key),
                                "not in `free`",
                            )
                            .help("a variant holds quantities that are free elsewhere, or sets texts such as decision = \"stored\""),
                        );
                        continue;
                    }
                    let Some(number) = one.value.as_number() else {
                        d.wrong_type(&one.value, &format!("{name}.{}", one.key), "a number");
                        continue;
                    };
                    d.check(number, one.value.span, &one.key, &held.range, held.unit);
                    variant.fixed.push((held.name, number));
                }
            }
        }
        all.push(variant);
    }
    all
}

/// Whether a text is one that a parameter of the family can have.
fn is_choice(d: &mut Decoder, model: &Model<'_>, entry: &Entry, text: &str) -> bool {
    let choices = |card: &Parameter| match card.kind {
        Kind::Choice(choices) => Some((card.name, choices)),
        _ => None,
    };
    let offered: Vec<_> = model.declared.iter().filter_map(choices).collect();
    let Some((_, choices)) = offered.iter().find(|(name, _)| *name == entry.key) else {
        let names: Vec<&str> = offered.iter().map(|(name, _)| *name).collect();
        d.unknown(entry.key_span, "choice", &entry.key, "a variant", &names);
        return false;
    };
    if !choices.contains(&text) {
        section::not_a_choice(d, entry.value.span, &entry.key, text, choices);
        return false;
    }
    true
}
