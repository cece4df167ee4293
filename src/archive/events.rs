//! Events: what happened at instants of the runs, `/events`.
//!
//! ```text
//! /events/event       scale: 0, 1, ...; sorted by run, then in the order of their times
//! /events/time        when                                /events/kind        what, a text
//! /events/component   where: component, face, selection or guard; -1 if nowhere
//! /events/run         of which run, in C order over the run dims
//! /events/mode        [event, mode] int8: the modes (-1, 0, +1) from here on, where there are modes
//! ```
//!
//! While the runs go on events lie in a sidecar of their own, `NAME.h5.part.events`, as checksummed frames of
//! numbers. A frame says which event of its run it begins with, and takes the place of whatever was there from that
//! one on: so a run that is done again, from its start or from a checkpoint, leaves each event once.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group};

use super::error::ArchiveError;
use super::reader::Reader;
use super::sidecar::Frames;
use super::{scale, text};
use crate::system::System;
use crate::system::constraint::ClosedSet;
use crate::system::event::{Event, KINDS};

/// What events of a system consist of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCard {
    /// Every kind.
    pub kinds: Vec<String>,
    /// How many modes the system has.
    pub modes: usize,
}

/// Time, kind and component stand before the modes.
const HEAD: usize = 3;

impl EventCard {
    /// The events of a system; `None` if it can have none, and its scheme tells none of its own.
    pub fn new(system: &dyn System, told_by_scheme: bool) -> Option<Self> {
        let (constraint, selector) = (system.constraint(), system.selector());
        let guards = system.guards();
        let eventful = constraint.is_some() || selector.is_some() || guards.is_some();
        if !eventful && !told_by_scheme {
            return None;
        }
        let modes = match constraint.map(|constraint| constraint.shape()) {
            Some(ClosedSet::Box { lower, .. }) => lower.len(),
            Some(ClosedSet::Faces(faces)) => faces.count(),
            Some(ClosedSet::UnitSphere) => 0,
            None => selector.map_or(0, |selector| selector.count()),
        };
        let mut kinds: Vec<String> = KINDS.iter().map(ToString::to_string).collect();
        if let Some(guards) = guards {
            for guard in 0..guards.count() {
                let name = guards.name(guard).to_string();
                if !kinds.contains(&name) {
                    kinds.push(name);
                }
            }
        }
        Some(Self { kinds, modes })
    }

    /// Numbers per event.
    pub fn width(&self) -> usize {
        HEAD + self.modes
    }

    /// Append an event as numbers.
    pub fn encode(&self, event: &Event<'_>, into: &mut Vec<f64>) {
        let kind = self.kinds.iter().position(|kind| kind == event.kind);
        into.push(event.time);
        into.push(kind.map_or(f64::NAN, |kind| kind as f64));
        into.push(event.component.map_or(-1.0, |component| component as f64));
        into.extend((0..self.modes).map(|k| f64::from(event.mode.get(k).copied().unwrap_or(0))));
    }

    fn kind(&self, row: &[f64]) -> &str {
        let kind = self.kinds.get(row[1] as usize);
        kind.map_or("unknown", String::as_str)
    }
}

/// The events of every run.
pub(super) type Runs = BTreeMap<u64, Vec<f64>>;

/// Collect the frames of a sidecar.
pub(super) fn collect(path: &Path, width: usize) -> Result<Runs, ArchiveError> {
    let mut runs = Runs::new();
    let mut frames = Frames::open(path)?;
    while let Some(frame) = frames.next()? {
        let events = runs.entry(frame.run).or_default();
        events.truncate(frame.first * width);
        events.extend(frame.values);
    }
    runs.retain(|_, events| !events.is_empty());
    Ok(runs)
}

/// Write the group.
pub(super) fn write(
    file: &File,
    card: &EventCard,
    runs: &Runs,
    time_unit: &str,
) -> hdf5::Result<()> {
    let group = file.create_group("events")?;
    let rows: Vec<(u64, &[f64])> = runs
        .iter()
        .flat_map(|(&run, events)| events.chunks_exact(card.width()).map(move |row| (run, row)))
        .collect();
    let indices: Vec<i64> = (0..rows.len() as i64).collect();
    let event = numbers(&group, "event", &indices, "number of the event")?;
    scale::make(&event, "event")?;
    let times: Vec<f64> = rows.iter().map(|(_, row)| row[0]).collect();
    let time = numbers(&group, "time", &times, "when it happened")?;
    text::attribute(&time, "units", time_unit)?;
    let components: Vec<i64> = rows.iter().map(|(_, row)| row[2] as i64).collect();
    let meaning = "where it happened: component, face, selection or guard, from 0; -1 if nowhere";
    let component = numbers(&group, "component", &components, meaning)?;
    let of: Vec<i64> = rows.iter().map(|(run, _)| *run as i64).collect();
    let run = numbers(&group, "run", &of, "the run, in C order over the run dims")?;
    let kinds: Vec<VarLenUnicode> = rows
        .iter()
        .map(|(_, row)| text::unicode(card.kind(row)))
        .collect();
    let kind = group
        .new_dataset_builder()
        .with_data(&kinds)
        .create("kind")?;
    text::attribute(&kind, "long_name", "what happened")?;
    for set in [&time, &component, &run, &kind] {
        scale::attach(set, &event, 0)?;
    }
    if card.modes > 0 {
        modes(&group, card, &rows, &event)?;
    }
    Ok(())
}

fn modes(
    group: &Group,
    card: &EventCard,
    rows: &[(u64, &[f64])],
    event: &Dataset,
) -> hdf5::Result<()> {
    let all: Vec<i8> = rows
        .iter()
        .flat_map(|(_, row)| row[HEAD..].iter().map(|&mode| mode as i8))
        .collect();
    let set = group
        .new_dataset::<i8>()
        .shape([rows.len(), card.modes])
        .create("mode")?;
    if !all.is_empty() {
        set.write_raw(&all)?;
    }
    text::attribute(&set, "long_name", "the modes from this event on")?;
    text::small_integers(&set, "flag_values", &[-1, 0, 1])?;
    text::attribute(&set, "flag_meanings", "lower free_or_sliding upper")?;
    let indices: Vec<i64> = (0..card.modes as i64).collect();
    let dimension = numbers(
        group,
        "mode_index",
        &indices,
        "component, face or selection",
    )?;
    scale::make(&dimension, "mode_index")?;
    scale::attach(&set, event, 0)?;
    scale::attach(&set, &dimension, 1)
}

fn numbers<T: hdf5::H5Type>(
    group: &Group,
    name: &str,
    values: &[T],
    meaning: &str,
) -> hdf5::Result<Dataset> {
    let set = group
        .new_dataset::<T>()
        .shape([values.len()])
        .create(name)?;
    if !values.is_empty() {
        set.write_raw(values)?;
    }
    text::attribute(&set, "long_name", meaning)?;
    Ok(set)
}

/// The events of a finished archive, as the numbers that they were written from.
///
/// # Errors
/// If the group cannot be read.
pub fn read(reader: &Reader, card: &EventCard) -> Result<BTreeMap<u64, Vec<f64>>, ArchiveError> {
    let time = reader.read("events/time")?;
    let (component, run) = (reader.read("events/component")?, reader.read("events/run")?);
    let kinds = reader.labels("events/kind")?;
    let modes = match card.modes {
        0 => Vec::new(),
        _ => reader.read("events/mode")?,
    };
    let mut runs = Runs::new();
    for (row, &time) in time.iter().enumerate() {
        let events = runs.entry(run[row] as u64).or_default();
        let kind = card.kinds.iter().position(|kind| *kind == kinds[row]);
        events.extend([
            time,
            kind.map_or(f64::NAN, |kind| kind as f64),
            component[row],
        ]);
        events.extend(&modes[row * card.modes..(row + 1) * card.modes]);
    }
    Ok(runs)
}
