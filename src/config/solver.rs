//! `[solver]`: the scheme and its options. An option that the scheme does not use is an error.

use super::decoder::Decoder;
use super::experiment::{Experiment, Kinks, Solver};
use super::options;
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use super::sweep::Raw;
use crate::engine::card::{Card, Needs, Stepping};
use crate::engine::schemes;
use crate::registry::Registry;
use crate::system::layout::Layout;
use crate::system::noise::NoiseClass;
use crate::system::parameters::{Fallback, Range};
use crate::system::suggest;
use crate::system::tree::{Entry, Span, Tree};
use crate::system::{Smoothness, System};

const ADAPTIVE: &[&str] = &["rtol", "atol", "kinks", "max_step", "first_step"];

/// The tolerances of schemes with noise by default: the error of a path falls with the root of the length of a step or its power 3/2, so that
/// the defaults of smooth flows would cost a thousand times the steps for digits that no mean shows.
const NOISY: f64 = 1e-3;

fn uses(card: &Card, key: &str) -> bool {
    match key {
        "step" => card.stepping.takes_step(),
        "kinks" => card.locates_kinks,
        // Tolerances.
        _ => card.stepping.takes_tolerances(),
    }
}

/// The scheme for a system with noise, if it has any.
pub(super) fn for_noise(system: &dyn System) -> Option<&'static str> {
    let diffusion = system.diffusion()?;
    let diagonal = diffusion.is_diagonal(system.layout().len());
    if system.selector().is_some() || system.smoothness() == Smoothness::Discontinuous {
        return None;
    }
    let card = match diffusion.class() {
        _ if system.constraint().is_some() => &schemes::euler_maruyama::CARD,
        NoiseClass::Additive => &schemes::sra1::CARD,
        NoiseClass::Diagonal if diagonal => &schemes::sri1::CARD,
        _ => &schemes::euler_maruyama::CARD,
    };
    Some(card.name)
}

/// The scheme of the runs of a sweep that have noise, if the first run has none and the file leaves the scheme to the
/// model: a noise that is swept from 0 on is found at the last values of the axes.
pub(super) fn noisy_elsewhere(
    d: &Decoder,
    (found, first): (&Experiment, &Tree),
    registry: &Registry,
    sweep: &Raw<'_>,
) -> Option<&'static str> {
    let given = first.get("solver").and_then(|solver| solver.get("method"));
    let left = given.is_none_or(|given| given.as_text() == Some(schemes::auto::CARD.name));
    let noisy = |method: &str| schemes::card(method).filter(|card| card.noise.is_some());
    if !left || noisy(&found.solver.method).is_some() {
        return None;
    }
    let trees = sweep.last_of_models(first);
    trees.iter().find_map(|tree| {
        let mut trial = Decoder::new(d.sources.clone());
        trial.stored.clone_from(&d.files);
        let other = super::decode(&mut trial, tree, registry, None)?;
        noisy(&other.solver.method).map(|card| card.name)
    })
}

/// Decode `[solver]`; `recommended` is the model's scheme, empty if the model is unknown.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    recommended: &'static str,
    layout: Option<&Layout>,
    blame: Span,
) -> Option<Solver> {
    d.resolved.header("[solver]");
    let header = entry.map_or(blame, |entry| entry.key_span);
    let tree = entry.map(|entry| &entry.value);
    let section = Section::open(d, "[solver]", header, tree, options::SOLVER, &[]);
    let card = method(d, &section, recommended);
    let max_steps = section.integer(d, "max_steps");
    let mut solver = Solver {
        method: card.map_or_else(String::new, |card| card.name.to_string()),
        rtol: default("rtol"),
        atol: Vec::new(),
        step: None,
        max_step: None,
        first_step: None,
        max_steps: u64::try_from(max_steps.unwrap_or(1)).unwrap_or(1),
        kinks: Kinks::Locate,
    };
    let step_given = section.entry("step").is_some();
    let adaptive = |card: &Card| card.stepping.controls_error(step_given);
    if card.is_none_or(adaptive) {
        if let Some(card) = card {
            if !card.stepping.takes_step() {
                let why = format!("`{}` chooses its steps by `rtol` and `atol`", card.name);
                unused(d, &section, "step", &why);
            }
        } else {
            section.number(d, "step");
        }
        let noisy = card.is_some_and(|card| card.noise.is_some());
        solver.rtol = match noisy && section.entry("rtol").is_none() {
            true => {
                d.assumed("rtol", &resolved::real(NOISY), Origin::Default);
                NOISY
            }
            false => section.number(d, "rtol").unwrap_or(f64::NAN),
        };
        let all = if noisy { NOISY } else { default("atol") };
        solver.atol = atol(d, section.value("atol"), layout, all);
        solver.max_step = section.number(d, "max_step");
        solver.first_step = section.number(d, "first_step");
        match card {
            Some(card) if !card.locates_kinks => {
                let why = format!("`{}` steps over kinks", card.name);
                unused(d, &section, "kinks", &why);
                solver.kinks = Kinks::Ignore;
            }
            _ if section.text(d, "kinks").as_deref() == Some("ignore") => {
                solver.kinks = Kinks::Ignore;
            }
            _ => {}
        }
    } else if let Some(card) = card {
        let exact = card.stepping == Stepping::Exact;
        let why = match exact {
            true => format!("`{}` is exact on the saving grid", card.name),
            false if card.stepping == Stepping::Either => {
                format!(
                    "with `step` given, `{}` takes steps of fixed length",
                    card.name
                )
            }
            false => format!("`{}` takes steps of fixed length", card.name),
        };
        for key in ADAPTIVE {
            match card.stepping {
                // The scheme itself would use it, but not beside a step.
                Stepping::Either => {
                    section.refuse(d, key, &why, "give either `step` or tolerances")
                }
                _ => unused(d, &section, key, &why),
            }
        }
        solver.atol = vec![default("atol"); layout.map_or(0, Layout::len)];
        if exact {
            unused(d, &section, "step", &why);
            return Some(solver);
        }
        solver.step = section.number(d, "step");
        if section.entry("step").is_none() {
            section.missing(d, "step", &format!(", and {why}"));
        }
    }
    Some(solver)
}

/// The solver of a map, which is its own step: nothing of it can be chosen.
pub(super) fn of_map(layout: Option<&Layout>) -> Solver {
    Solver {
        method: schemes::OF_MAPS.name.to_string(),
        rtol: default("rtol"),
        atol: vec![default("atol"); layout.map_or(0, Layout::len)],
        step: Some(1.0),
        max_step: None,
        first_step: None,
        max_steps: u64::MAX,
        kinks: Kinks::Ignore,
    }
}

/// Refuse an option that the scheme does not use, unless the file sweeps over schemes and another one uses it.
fn unused(d: &mut Decoder, section: &Section<'_>, key: &str, why: &str) {
    let rivals = d.rivals.iter().filter_map(|name| schemes::card(name));
    match section.value(key) {
        Some(value) if rivals.into_iter().any(|card| uses(card, key)) => d.given(key, value),
        _ => section.refuse(d, key, why, &alternative(key)),
    }
}

fn alternative(key: &str) -> String {
    let names: Vec<&str> = schemes::CARDS
        .iter()
        .filter(|card| uses(card, key))
        .map(|card| card.name)
        .collect();
    format!(
        "remove it, or choose a scheme that uses `{key}`: {}",
        suggest::list(&names)
    )
}

fn default(key: &str) -> f64 {
    let option = options::SOLVER.iter().find(|option| option.name == key);
    match option.map(|option| option.fallback) {
        Some(Fallback::Real(number)) => number,
        _ => f64::NAN,
    }
}

fn method(
    d: &mut Decoder,
    section: &Section<'_>,
    recommended: &'static str,
) -> Option<&'static Card> {
    let Some(value) = section.value("method") else {
        let card = schemes::card(recommended)?;
        d.assumed("method", &resolved::text(recommended), Origin::Model);
        return Some(card);
    };
    let name = section.text(d, "method")?;
    let mut card = schemes::card(&name);
    if let (Some(given), Some(own)) = (card, schemes::card(recommended))
        && given.name == schemes::auto::CARD.name
        && (own.needs != Needs::Nothing || own.stepping == Stepping::Exact)
    {
        // What the model needs is known: stiffness is not the question.
        card = Some(own);
    }
    if card.is_none() {
        let names: Vec<&str> = schemes::CARDS.iter().map(|card| card.name).collect();
        let help = suggest::advice(&name, "schemes of this version", &names);
        d.problem(
            Problem::at(
                value.span,
                format!("there is no scheme `{name}`"),
                "unknown scheme",
            )
            .help(format!("{help}\n`nullcline methods` describes them")),
        );
    }
    card
}

/// One tolerance per component of the state: one number for all, or a table by block; `all` by default.
fn atol(d: &mut Decoder, value: Option<&Tree>, layout: Option<&Layout>, all: f64) -> Vec<f64> {
    let length = layout.map_or(0, Layout::len);
    let Some(value) = value else {
        d.assumed("atol", &resolved::real(all), Origin::Default);
        return vec![all; length];
    };
    d.given("atol", value);
    let one = |d: &mut Decoder, value: &Tree, name: &str| {
        let Some(number) = value.as_number() else {
            d.wrong_type(value, name, "a number, or a table of numbers by block");
            return all;
        };
        d.check(number, value.span, name, &Range::POSITIVE, "1");
        number
    };
    let Some(entries) = value.as_table() else {
        return vec![one(d, value, "atol"); length];
    };
    let mut atol = vec![all; length];
    for entry in entries {
        let number = one(d, &entry.value, &format!("atol.{}", entry.key));
        let Some(layout) = layout else { continue };
        if let Some(range) = layout.range(&entry.key) {
            atol[range].fill(number);
        } else {
            let names: Vec<&str> = layout.blocks().iter().map(|block| block.name()).collect();
            d.unknown(entry.key_span, "block", &entry.key, "`atol`", &names);
        }
    }
    atol
}
