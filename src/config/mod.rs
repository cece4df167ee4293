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
mod drawn;
pub mod ensemble;
pub mod experiment;
mod external;
mod fit;
mod initial;
mod model;
mod noise;
mod numbers;
mod optimize;
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
mod steps;
mod stimulus;
mod summaries;
mod sweep;
mod target;
mod time;
mod trials;
pub mod variation;

use std::path::Path;

use crate::registry::Registry;
use crate::system::System;
use crate::system::family::{Build, Evolution};
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
    let mut set = Vec::new();
    for argument in overrides {
        match overrides::apply(&mut root, &mut sources, argument) {
            Ok(place) => set.push((argument.as_str(), place)),
            Err(found) => problems.extend(found),
        }
    }
    let mut decoder = Decoder::new(sources);
    decoder.problems = problems;
    decoder.stored = stored;
    let has_sweep = root.get("sweep").is_some();
    let mut sweep = sweep::read(&mut decoder, &root);
    let mut first = root.clone();
    if let Some(sweep) = &mut sweep {
        let axes = sweep.axes.iter();
        let axes: Vec<_> = axes
            .map(|axis| (axis.path.as_str(), &*axis.steps))
            .collect();
        for one in set {
            let problem = overrides::replaced(one, &root, &axes);
            decoder.problems.extend(problem);
        }
        sweep.place_first(&mut first);
        decoder.rivals = sweep.texts_of("solver.method");
    }
    let begun = (decoder.files.clone(), decoder.resolved.clone());
    let mut experiment = decode(&mut decoder, &first, registry, sweep.as_ref());
    if let (Some(found), Some(sweep)) = (&experiment, &sweep)
        && decoder.problems.is_empty()
        && let Some(noisy) = solver::noisy_elsewhere(&decoder, (found, &first), registry, sweep)
    {
        decoder.noisy = Some(noisy);
        (decoder.files, decoder.resolved) = begun;
        experiment = decode(&mut decoder, &first, registry, Some(sweep));
    }
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
    let mut model = model::decode(d, root, registry);
    let blame = model.as_ref().map_or(Span::default(), |model| model.span);
    let evolution = model.as_ref().map(|model| model.dynamics.evolution);
    if let Some(evolution) = evolution {
        superfluous(d, &table, evolution);
    }
    let trials = match &mut model {
        Some(model) if evolution.is_some_and(Evolution::has_trials) => {
            let (family, dynamics) = (model.family, model.dynamics.name);
            model.trials = table("trials").map(|entry| entry.key_span);
            let trials = trials::decode(d, table("trials"), family, dynamics, blame);
            match &trials {
                Some(trials) => model.parameters.extend(&trials.columns),
                None => model.sound = false,
            }
            trials
        }
        _ => None,
    };
    let analyses = analysis::decode(d, table("analysis"), registry, model.as_ref());
    let has_time = match evolution {
        None | Some(Evolution::Flow) => table("time").is_some(),
        Some(Evolution::Steps) => table("steps").is_some(),
        Some(Evolution::Trials | Evolution::TimedTrials) => true,
    };
    // A flow that trials lay out says itself when it is over.
    let early = match (&model, evolution) {
        (Some(model), Some(Evolution::TimedTrials)) if trials.is_some() => {
            build(d, model, Some(&[])).and_then(|system| system.natural_stop())
        }
        _ => None,
    };
    let timeless = match &analyses {
        Some(analyses) => {
            analyses.need_no_time() || analyses.asked.is_empty() && table("optimize").is_some()
        }
        // A broken table says nothing about time.
        None => true,
    };
    let time = match (evolution, table("time")) {
        // Without the model nobody knows whether it evolves in time.
        (None, None) => None,
        (Some(Evolution::Steps), _) if timeless && !has_time => Some(experiment::Time::NONE),
        (Some(Evolution::Steps), _) => steps::decode(d, table("steps"), blame),
        (Some(Evolution::Trials), _) => trials.as_ref().map(trials::Trials::time),
        // What is wrong with the trials is said.
        (Some(Evolution::TimedTrials), None) if early.is_none() => None,
        (Some(Evolution::TimedTrials), entry) => time::decode(d, entry, blame, early),
        (_, None) if timeless => Some(experiment::Time::NONE),
        (_, entry) => time::decode(d, entry, blame, None),
    };
    let stimuli = stimulus::decode(d, table("stimulus"), model.as_ref(), time.as_ref());
    let built = model
        .as_ref()
        .and_then(|model| build(d, model, stimuli.as_deref()));
    let offer = built.as_deref().map(|system| record::Offer { system });
    let layout = built.as_deref().map(System::layout);
    let map = built.as_deref().and_then(System::map);
    let recommended = model.as_ref().map_or("", |model| model.dynamics.method);
    let recommended = built
        .as_deref()
        .and_then(|system| {
            let own = system.recommended().or_else(|| solver::for_noise(system));
            // All runs of a sweep have one scheme, those in which the noise is 0 as well.
            own.or(d.noisy.filter(|_| system.diffusion().is_none()))
        })
        .unwrap_or(recommended);
    let solver = match evolution {
        Some(Evolution::Steps | Evolution::Trials) => Some(solver::of_map(layout)),
        _ => solver::decode(d, table("solver"), recommended, layout, blame),
    };
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
    let draws_jumps =
        guards.is_some_and(|guards| guards.is_random()) || map.is_some_and(|map| map.is_random());
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
    let fit = fit::decode(d, table("fit"), model.as_ref());
    let optimise = optimize::decode(d, table("optimize"), model.as_ref());
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
        fit,
        optimise,
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
    Some(built.ok()?.into_system())
}

/// Refuse the tables that say how another kind of dynamics evolves.
fn superfluous<'t>(
    d: &mut Decoder,
    table: &dyn Fn(&str) -> Option<&'t Entry>,
    evolution: Evolution,
) {
    const FLOW: &[&str] = &["steps", "trials"];
    const STEPS: &[&str] = &["time", "trials", "solver", "noise"];
    const TRIALS: &[&str] = &["time", "steps", "solver", "noise"];
    let (refused, why, instead) = match evolution {
        Evolution::Flow => (FLOW, "evolve in continuous time", "[time]"),
        Evolution::Steps => (STEPS, "are a map, which is its own step", "[steps]"),
        Evolution::Trials => (TRIALS, "go from trial to trial, a map", "[trials]"),
        Evolution::TimedTrials => (&FLOW[..1], "evolve in continuous time", "[trials]"),
    };
    for entry in refused.iter().filter_map(|name| table(name)) {
        d.problem(
            Problem::at(
                entry.key_span,
                format!("[{}] is not used: these dynamics {why}", entry.key),
                "has no effect here",
            )
            .help(format!(
                "remove it: how long to run is said by {instead}; `nullcline describe FAMILY` lists the dynamics"
            )),
        );
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
        None if name.starts_with("trials.") => model.trials.unwrap_or(model.span),
        None => parameters::place(&model.slots, name).unwrap_or(model.span),
    }
}
