//! `[ensemble]`: members, which differ by their random draws, and what is kept of them.

use super::decoder::Decoder;
use super::experiment::{Ensemble, Statistic, quantile_name};
use super::options;
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use crate::system::suggest;
use crate::system::tree::Entry;

/// Decode `[ensemble]`, which need not exist.
pub(super) fn decode(d: &mut Decoder, entry: Option<&Entry>, noisy: bool) -> Option<Ensemble> {
    let entry = entry?;
    d.resolved.header("[ensemble]");
    let section = Section::open(
        d,
        "[ensemble]",
        entry.key_span,
        Some(&entry.value),
        options::ENSEMBLE,
        &[],
    );
    if section.entry("members").is_none() {
        section.missing(d, "members", "");
        return None;
    }
    let members = section.integer(d, "members")?;
    let statistics = statistics(d, &section);
    let quantiles = quantiles(d, &section);
    let keep = section.boolean(d, "keep").unwrap_or_else(|| {
        d.assumed("keep", "true", Origin::Default);
        true
    });
    let common_noise = match noisy {
        true => section.text(d, "noise").as_deref() == Some("common"),
        false => {
            let help = "remove it, or choose a stochastic scheme";
            section.refuse(d, "noise", "the scheme is deterministic", help);
            false
        }
    };
    if !keep && statistics.is_empty() && quantiles.is_empty() {
        d.problem(
            Problem::at(
                section
                    .value("keep")
                    .map_or(section.span, |value| value.span),
                "the members' numbers are not kept, and no statistic of them is asked for",
                "nothing would be left",
            )
            .help("name some `statistics` or `quantiles`, or keep the members"),
        );
    }
    Some(Ensemble {
        members: u64::try_from(members).ok()?,
        statistics,
        quantiles,
        keep,
        common_noise,
    })
}

fn statistics(d: &mut Decoder, section: &Section<'_>) -> Vec<Statistic> {
    let Some(value) = section.value("statistics") else {
        let names: Vec<String> = Statistic::ALL
            .iter()
            .map(|statistic| resolved::text(statistic.name()))
            .collect();
        d.assumed(
            "statistics",
            &format!("[{}]", names.join(", ")),
            Origin::Default,
        );
        return Statistic::ALL.to_vec();
    };
    d.given("statistics", value);
    let mut found = Vec::new();
    for (name, span) in section.names(d, "statistics").unwrap_or_default() {
        match Statistic::ALL.iter().find(|one| one.name() == name) {
            Some(statistic) => found.push(*statistic),
            None => {
                let names = Statistic::ALL.map(Statistic::name);
                d.problem(
                    Problem::at(
                        span,
                        format!("there is no statistic `{name}`"),
                        "unknown statistic",
                    )
                    .help(suggest::advice(
                        &name,
                        "valid in `statistics`",
                        &names,
                    )),
                );
            }
        }
    }
    found
}

fn quantiles(d: &mut Decoder, section: &Section<'_>) -> Vec<f64> {
    let Some(value) = section.value("quantiles") else {
        return Vec::new();
    };
    d.given("quantiles", value);
    let Some(elements) = value.as_array() else {
        d.wrong_type(value, "quantiles", "a list of probabilities");
        return Vec::new();
    };
    let mut found: Vec<f64> = Vec::new();
    for element in elements {
        let Some(probability) = element.as_number().filter(|p| (0.0..=1.0).contains(p)) else {
            d.problem(
                Problem::at(
                    element.span,
                    "a quantile is given by a probability between 0 and 1",
                    "not a probability",
                )
                .help("for example quantiles = [0.05, 0.5, 0.95]"),
            );
            continue;
        };
        if found
            .iter()
            .any(|&other| quantile_name(other) == quantile_name(probability))
        {
            d.problem(Problem::at(
                element.span,
                "this quantile is asked for twice",
                "again here",
            ));
        }
        found.push(probability);
    }
    found
}
