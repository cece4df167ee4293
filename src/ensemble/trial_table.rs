//! The trials of all runs as one table of texts: what a perceiver was shown, and what it answered if it was simulated.
//!
//! Runs of a sweep and members of an ensemble are subjects, numbered in their order; a table that has subjects keeps their names, with the number of the
//! run before it if there are several runs.

use super::error::RunError;
use super::prepared::Prepared;
use crate::config::experiment::{Clock, Experiment};
use crate::engine::integrate::{Checkpoints, Job, integrate_job};
use crate::engine::recorder::Recorder;
use crate::plan::Run;
use crate::system::parameters::{BuildError, Parameters, Value};

/// The prefix of the columns' names among the parameters.
const PREFIX: &str = "trials.";
/// The block that holds the responses, and the column that holds those of the table.
const RESPONSE: &str = "response";
/// The column of subjects.
const SUBJECT: &str = "subject";

/// The table, row by row.
pub struct TrialTable {
    /// Names of the columns.
    pub names: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// The trials of an experiment.
///
/// # Errors
/// If it has none, or cannot be run.
pub fn trial_table(experiment: &Experiment) -> Result<TrialTable, RunError> {
    if experiment.time.clock != Clock::Trials {
        let message = format!(
            "the dynamics `{}` do not go from trial to trial",
            experiment.dynamics
        );
        return Err(BuildError::new(message)
            .help("a table of trials comes of dynamics that do, such as `simulated`")
            .into());
    }
    let prepared = Prepared::new(experiment)?;
    let mut table = TrialTable {
        names: Vec::new(),
        rows: Vec::new(),
    };
    for index in 0..prepared.plan.len() {
        one(&prepared, &prepared.plan.run(index), &mut table)?;
    }
    Ok(table)
}

/// Add the trials of a run.
fn one(prepared: &Prepared, run: &Run, table: &mut TrialTable) -> Result<(), RunError> {
    let ready = prepared.variants.ready(run)?;
    let parameters = prepared.variants.settings(&ready.variant, run).parameters;
    let responses = responses(&ready, run)?;
    let columns: Vec<(&str, &[f64])> = parameters
        .iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix(PREFIX)?;
            let shown = ![SUBJECT, RESPONSE].contains(&name);
            match value {
                Value::Real(array) if shown => Some((name, array.data.as_slice())),
                _ => None,
            }
        })
        .collect();
    if table.names.is_empty() {
        let names = columns.iter().map(|(name, _)| (*name).to_string());
        table.names = [SUBJECT.to_string()].into_iter().chain(names).collect();
        table
            .names
            .extend(responses.is_some().then(|| RESPONSE.to_string()));
    }
    let count = parameters.size("trial").unwrap_or(0);
    let single = prepared.plan.len() == 1;
    for trial in 0..count {
        let mut row = vec![subject(&parameters, run, trial, single)];
        row.extend(columns.iter().map(|(_, values)| values[trial].to_string()));
        row.extend(responses.as_ref().map(|all| all[trial].to_string()));
        table.rows.push(row);
    }
    Ok(())
}

fn subject(parameters: &Parameters, run: &Run, trial: usize, single: bool) -> String {
    let name = match (
        parameters.get("trials.subject"),
        parameters.get("trials.subjects"),
    ) {
        (Some(Value::Real(codes)), Some(Value::Text(names))) => {
            names.lines().nth(codes.data[trial] as usize)
        }
        _ => None,
    };
    match (name, single) {
        (Some(name), true) => name.to_string(),
        (Some(name), false) => format!("{}-{name}", run.index),
        (None, _) => run.index.to_string(),
    }
}

/// The drawn responses, if the dynamics draw some; else those of the table.
fn responses(ready: &super::variants::Ready, run: &Run) -> Result<Option<Vec<f64>>, RunError> {
    let system = ready.system.as_ref();
    let Some(place) = system.layout().range(RESPONSE) else {
        let parameters = &ready.variant.experiment.parameters;
        let given = parameters.get("trials.response");
        return Ok(given.map(|_| parameters.vector("trials.response").to_vec()));
    };
    let recorder = Responses {
        place: place.start,
        found: Vec::new(),
    };
    let job = Job::new(ready.variant.span(), ready.x0.clone(), recorder).key(run.noise);
    let (method, options) = (ready.variant.card.name, &ready.variant.options);
    let never = Checkpoints::Never;
    let (outcome, recorder) = integrate_job(system, method, options, job, never, &mut |_| true)?;
    if !outcome.status.is_success() {
        return Err(RunError::Values(outcome.diagnosis(system)));
    }
    Ok(Some(recorder.found))
}

struct Responses {
    place: usize,
    found: Vec<f64>,
}

impl Recorder for Responses {
    fn next_time(&self) -> f64 {
        self.found.len() as f64 + 1.0
    }

    fn record(&mut self, _t: f64, x: &[f64]) {
        self.found.push(x[self.place]);
    }
}
