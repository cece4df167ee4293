//! TOML with spans -> resolved experiment, every value with its origin.
//!
//! ```text
//! text --document--> tree --overrides--> tree --model, time, solver, ...--> Experiment
//! ```
//!
//! Nothing is ignored: every key is declared once in `options` or by the family, and whatever the
//! declarations do not allow becomes a [`Problem`] with its place. The decoder goes on after a problem
//! and skips only what depends on a broken value, so that one pass reports them all.

mod analysis;
pub mod axis;
mod declaration;
mod decoder;
mod document;
pub mod ensemble;
pub mod experiment;
mod external;
mod initial;
mod model;
mod noise;
mod numbers;
mod options;
mod output;
mod overrides;
mod parameters;
mod problem;
pub mod random;
mod record;
mod render;
mod resolved;
mod schema;
mod section;
mod solver;
mod sources;
mod stimulus;
mod summaries;
mod sweep;
mod target;
mod time;
pub mod variation;

use std::path::Path;

use crate::registry::Registry;
use crate::system::System;
use crate::system::family::{Build, Built};
use crate::system::parameters::BuildError;
use crate::system::share::Share;
use crate::system::stimulus::Stimulus;
use crate::system::tree::{Entry, Span, Tree};
use decoder::Decoder;
use experiment::{Experiment, ExternalFile, Source};
use model::Model;
use section::Section;
use sources::Sources;

pub use problem::{ConfigError, Problem, ProblemKind};
pub use schema::schema;

/// Read, decode and check an experiment file. `overrides` are the arguments of `--set`, in order.
///
/// # Errors
/// Everything that is wrong with the file, in one pass.
pub fn load(
    path: &Path,
    overrides: &[String],
    registry: &Registry,
) -> Result<Experiment, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?;
    load_text(&text, path, overrides, registry)
}

/// As [`load`], from a text; paths inside it are relative to the folder of `path`.
///
/// # Errors
/// Everything that is wrong with the text, in one pass.
pub fn load_text(
    text: &str,
    path: &Path,
    overrides: &[String],
    registry: &Registry,
) -> Result<Experiment, ConfigError> {
    load_with(text, path, overrides, registry, Vec::new())
}

/// As [`load_text`], with external inputs that are not read from the disk: an experiment out of an
/// archive.
///
/// # Errors
/// Everything that is wrong with the text, in one pass.
pub fn load_stored(
    text: &str,
    path: &Path,
    registry: &Registry,
    files: Vec<ExternalFile>,
) -> Result<Experiment, ConfigError> {
    load_with(text, path, &[], registry, files)
}

fn load_with(
    text: &str,
    path: &Path,
    overrides: &[String],
    registry: &Registry,
    stored: Vec<ExternalFile>,
) -> Result<Experiment, ConfigError> {
    let mut sources = Sources::new(path, text);
    let mut root = match document::parse(text) {
        Ok(root) => root,
        Err(problems) => return Err(ConfigError::new(problems, sources)),
    };
    let mut problems = Vec::new();
    for argument in overrides {
        if let Err(found) = overrides::apply(&mut root, &mut sources, argument) {
            problems.extend(found);
        }
    }
    let mut decoder = Decoder::new(sources);
    decoder.problems = problems;
    decoder.stored = stored;
    let has_sweep = root.get("sweep").is_some();
    let mut sweep = sweep::read(&mut decoder, &root);
    let mut first = root.clone();
    if let Some(sweep) = &mut sweep {
        sweep.place_first(&mut first);
        decoder.rivals = sweep.texts_of("solver.method");
    }
    let mut experiment = decode(&mut decoder, &first, registry, sweep.as_ref());
    if let Some(experiment) = &mut experiment
        && decoder.problems.is_empty()
    {
        let resolved = std::mem::take(&mut decoder.resolved);
        if has_sweep || experiment.ensemble.is_some() {
            let recipe = variation::Recipe::new(&decoder, first, registry);
            experiment.recipe = Some(std::sync::Arc::new(recipe));
            variation::try_values(&mut decoder, experiment);
        }
        experiment.source = Source {
            path: path.to_path_buf(),
            text: text.to_string(),
            resolved: resolved.finish(),
            files: std::mem::take(&mut decoder.files),
        };
    }
    match experiment {
        Some(experiment) if decoder.problems.is_empty() => Ok(experiment),
        _ => Err(ConfigError::new(decoder.problems, decoder.sources)),
    }
}

fn decode(
    d: &mut Decoder,
    root: &Tree,
    registry: &Registry,
    sweep: Option<&sweep::Raw<'_>>,
) -> Option<Experiment> {
    let table =
        |name: &str| -> Option<&Entry> { root.as_table()?.iter().find(|entry| entry.key == name) };
    let (title, seed) = preamble(d, root);
    d.seed = seed;
    d.redraws = false;
    let model = model::decode(d, root, registry);
    let blame = model.as_ref().map_or(Span::default(), |model| model.span);
    let analyses = analysis::decode(d, table("analysis"), registry, model.as_ref());
    let has_time = table("time").is_some();
    let timeless = match &analyses {
        Some(analyses) => analyses.need_no_time(),
        // A broken table says nothing about time.
        None => true,
    };
    let time = match (&model, table("time")) {
        // Without the model nobody knows whether it evolves in time.
        (None, None) => None,
        (_, None) if timeless => Some(experiment::Time::NONE),
        (_, entry) => time::decode(d, entry, blame),
    };
    let stimuli = stimulus::decode(d, table("stimulus"), model.as_ref(), time.as_ref());
    let built = model
        .as_ref()
        .and_then(|model| build(d, model, stimuli.as_deref()));
    let offer = built.as_deref().map(|system| record::Offer { system });
    let layout = built.as_deref().map(System::layout);
    let recommended = model.as_ref().map_or("", |model| model.dynamics.method);
    let recommended = built
        .as_deref()
        .and_then(|system| system.recommended().or_else(|| solver::for_noise(system)))
        .unwrap_or(recommended);
    let solver = solver::decode(d, table("solver"), recommended, layout, blame);
    let swept = sweep.map(sweep::Raw::paths).unwrap_or_default();
    let cell = noise::decode(d, table("noise"), solver.as_ref(), time.as_ref(), &swept);
    let initial = match (&model, layout) {
        (Some(model), Some(layout)) => {
            let required = has_time.then_some(blame);
            Some(initial::decode(
                d,
                table("initial"),
                (model.family, &model.parameters),
                layout,
                required,
            ))
        }
        _ => None,
    };
    if let (Some(analyses), Some(model), Some(system), Some((initial, _))) =
        (&analyses, &model, built.as_deref(), &initial)
    {
        let span = time.as_ref().filter(|_| has_time);
        let span = span.map(|time| (time.start, time.stop));
        analyses.check(d, model, system, initial, span);
    }
    let record = record::decode(d, table("record"), offer.as_ref(), time.as_ref());
    let guards = built.as_deref().and_then(System::guards);
    let draws_jumps = guards.is_some_and(|guards| guards.is_random());
    let noisy = draws_jumps || noise::is_noisy(d, solver.as_ref());
    let ensemble = ensemble::decode(d, table("ensemble"), noisy);
    let axes = match (sweep, &model, layout) {
        (Some(sweep), Some(model), Some(layout)) => {
            sweep.targets(d, model, layout).map(|mut axes| {
                let offer = offer.as_ref();
                let taken = record::taken_names(&record, offer, ensemble.is_some());
                sweep.name(d, &mut axes, &taken);
                axes
            })
        }
        _ => None,
    };
    if let Some(sweep) = sweep {
        sweep.resolve(d);
    }
    let output = output::decode(d, table("output"));
    let model = model?;
    let (initial, draws) = initial?;
    Some(Experiment {
        title,
        seed,
        family: model.family,
        dynamics: model.dynamics.name.to_string(),
        parameters: model.parameters,
        declared: model.declared,
        stimuli: stimuli?.into_iter().map(|(stimulus, _)| stimulus).collect(),
        initial,
        time: time?,
        has_time,
        analyses: analyses?.asked,
        solver: solver?,
        cell,
        draws_jumps,
        record,
        ensemble,
        sweep: match sweep {
            Some(sweep) => Some(axis::Sweep {
                mode: sweep.mode,
                samples: sweep.samples,
                axes: axes?,
            }),
            None => None,
        },
        draws,
        output: output?,
        recipe: None,
        source: Source::default(),
    })
}

/// The root's own keys.
fn preamble(d: &mut Decoder, root: &Tree) -> (String, u64) {
    let mut tables: Vec<&str> = options::SECTIONS.iter().map(|(name, ..)| *name).collect();
    tables.insert(1, "initial");
    tables.push("analysis");
    let span = Span::default();
    let section = Section::open(d, options::FILE, span, Some(root), options::ROOT, &tables);
    let title = section.text(d, "title").unwrap_or_default();
    let seed = section.integer(d, "seed").unwrap_or_default();
    (title, u64::try_from(seed).unwrap_or_default())
}

/// Build the system once, for what it offers and for what only the family can check.
fn build(
    d: &mut Decoder,
    model: &Model<'_>,
    stimuli: Option<&[(Stimulus, Span)]>,
) -> Option<Box<dyn System>> {
    if !model.sound {
        if let Some(parameters) = model.supposed() {
            // What else is wrong is said in the same pass.
            let share = Share::default();
            let error = model.family.build(&Build {
                dynamics: model.dynamics.name,
                parameters: &parameters,
                stimuli: &[],
                share: &share,
            });
            if let Err(error) = error {
                parameters::build_problems(d, &error, &|error| blame(error, model, &[]));
            }
        }
        return None;
    }
    let places = stimuli.unwrap_or_default();
    let stimuli: Vec<Stimulus> = places
        .iter()
        .map(|(stimulus, _)| stimulus.clone())
        .collect();
    let share = Share::default();
    let attempt = |stimuli: &[Stimulus]| {
        model.family.build(&Build {
            dynamics: model.dynamics.name,
            parameters: &model.parameters,
            stimuli,
            share: &share,
        })
    };
    let built = attempt(&stimuli).or_else(|error| {
        parameters::build_problems(d, &error, &|error| blame(error, model, places));
        // Perhaps only the stimuli are wrong: the layout tells more about the rest.
        attempt(&[])
    });
    match built.ok()? {
        Built::Flow(system) => Some(system),
        Built::Map(_) => {
            d.problem(Problem::at(
                model.span,
                format!(
                    "the family `{}` built a map for a flow",
                    model.family.name()
                ),
                "a defect of the model",
            ));
            None
        }
    }
}

/// The place to blame for what the family complains about.
fn blame(error: &BuildError, model: &Model<'_>, stimuli: &[(Stimulus, Span)]) -> Span {
    let Some(name) = &error.parameter else {
        return model.span;
    };
    let stimulus = name
        .strip_prefix("stimulus[")
        .and_then(|rest| rest.split(']').next())
        .and_then(|number| stimuli.get(number.parse::<usize>().ok()?));
    match stimulus {
        Some((_, span)) => *span,
        None => parameters::place(&model.slots, name).unwrap_or(model.span),
    }
}
