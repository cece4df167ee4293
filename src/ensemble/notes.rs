//! Notes: what was noticed of finished runs, in words, from what stands in `/health` of their archive.

use std::path::Path;

use super::error::RunError;
use super::variants::Variant;
use crate::archive::{ArchiveError, Reader};
use crate::system::family::Built;

/// The notes on the finished archive of an experiment.
///
/// # Errors
/// If the archive cannot be read.
pub fn notes(path: &Path, variant: &Variant) -> Result<Vec<String>, RunError> {
    let reader = Reader::open(path).map_err(RunError::from)?;
    let column =
        |name: &str| -> Result<Vec<f64>, ArchiveError> { reader.read(&format!("health/{name}")) };
    let (below, largest) = (column("below_atol")?, column("below_atol_largest")?);
    let (times, widths) = (column("unseen_time")?, column("unseen_width")?);
    let guards = column("fast_guard")?;
    let fast = those(&guards, |value| value >= 0.0);
    let quiet = those(&below, |value| value >= 0.0);
    let unseen = those(&times, f64::is_finite);
    let mut notes = Vec::new();
    if quiet.is_none() && unseen.is_none() && fast.is_none() {
        return Ok(notes);
    }
    let Ok(Built::Flow(system)) = variant.experiment.build() else {
        return Ok(notes);
    };
    // Where a pulse was not seen, what a state does without it says nothing of its scale.
    let quiet = quiet.filter(|(run, _)| !times[*run].is_finite());
    if let Some((run, runs)) = quiet {
        // With noise tolerances are a thousandth of what is of interest.
        let share = match system.diffusion() {
            Some(_) => 1e-3,
            None => 1e-9,
        };
        let (index, largest) = (below[run] as usize, largest[run]);
        let atol = variant.options.atol.get(index).copied().unwrap_or(f64::NAN);
        let layout = system.layout();
        let block = layout.blocks().iter().find(|block| {
            layout
                .range(block.name())
                .is_some_and(|range| range.contains(&index))
        });
        let name = block.map_or("x", |block| block.name());
        notes.push(format!(
            "{runs}{} never exceeds {} and its `solver.atol` is {}, so that its error was not controlled; set `solver.atol = {{ {name} = {} }}`",
            layout.component(index),
            short(largest),
            short(atol),
            short(share * 10_f64.powf(largest.log10().floor())),
        ));
    }
    if let Some((run, runs)) = unseen {
        notes.push(format!(
            "{runs}at t = {} the drift changed for {} between the stages of a step, which did not see it; set `solver.max_step = {}`, or \
             list such times in `time.stops`",
            short(times[run]),
            short(widths[run]),
            short(0.2 * widths[run]),
        ));
    }
    if let (Some((run, runs)), Some(known)) = (fast, system.guards()) {
        notes.push(format!(
            "{runs}the function of the guard `{}` turned more often within a step than it was looked at, or was not a number there, so that events may be missing; set \
             `solver.max_step`, or keep the function finite",
            known.name(guards[run] as usize),
        ));
    }
    Ok(notes)
}

/// The first run of those that a value singles out, and how to speak of them.
fn those(values: &[f64], is: impl Fn(f64) -> bool) -> Option<(usize, String)> {
    let first = values.iter().position(|&value| is(value))?;
    let count = values.iter().filter(|&&value| is(value)).count();
    Some((
        first,
        match values.len() {
            1 => String::new(),
            all => format!("in {count} of {all} runs, first in run {first}: "),
        },
    ))
}

/// A number to three digits.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    match rounded.abs() {
        size if size != 0.0 && !(1e-3..1e6).contains(&size) => format!("{rounded:e}"),
        _ => rounded.to_string(),
    }
}
