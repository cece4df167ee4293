//! The recorder of one run: merges the grids of all tracks, takes blocks, observables and summaries,
//! and keeps the samples (short runs) or hands full blocks of them to the writer (long runs).
//!
//! Every track has its own next time; the engine is asked for the earliest. Times that two tracks share
//! are asked for once. Tracks of `save = "steps"` are fed after every accepted step instead.
//!
//! At a checkpoint everything so far goes to the writer, and then what the recorder needs to go on:
//!
//! ```text
//! length of the scheme's memory, the memory; per track: samples; per reducer: length, memory;
//! per follower: samples, length, memory; events
//! ```

use std::cell::Cell;
use std::rc::Rc;

use super::outlet::{Goal, Message, Outlet};
use super::tolerance::Tolerances;
use super::variants::Variant;
use crate::archive::contents::{Column, Field, Following, Origin, Source, Summarised};
use crate::archive::events::EventCard;
use crate::archive::grid::Grid;
use crate::engine::recorder::Recorder;
use crate::system::System;
use crate::system::event::Event;
use crate::system::follower::Follower;
use crate::system::observe::Observables;
use crate::system::reducer::Reducer;

/// Where a run is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// In the archive.
    pub slot: u64,
    /// In the plan.
    pub run: u64,
}

/// Records one run.
pub(super) struct RunRecorder<'a> {
    tracks: Vec<Track<'a>>,
    looking: Vec<Looking<'a>>,
    context: Context<'a>,
    /// The earliest of the tracks' next times.
    next: f64,
    events: Option<Events<'a>>,
    /// For whoever needs to know which run this is.
    pub(super) tag: usize,
}

/// What every track needs to take a sample.
struct Context<'a> {
    slot: u64,
    observables: Option<&'a dyn Observables>,
    /// The values of one observable.
    scratch: Vec<f64>,
    tolerances: Tolerances<'a>,
    /// Where samples of long runs go.
    outlet: Option<&'a Outlet>,
    /// Whether the writer has given up.
    lost: Rc<Cell<bool>>,
}

/// The events of the run.
struct Events<'a> {
    card: &'a EventCard,
    run: u64,
    /// How many went to the writer.
    sent: usize,
    waiting: Vec<f64>,
}

impl Events<'_> {
    /// Send what waits, and say that nothing else was there.
    fn flush(&mut self, context: &Context<'_>) {
        let Some(outlet) = context.outlet else { return };
        let values = std::mem::take(&mut self.waiting);
        let (first, count) = (self.sent, values.len() / self.card.width());
        self.sent += count;
        let run = self.run;
        if !outlet.send(Message::Events { run, first, values }) {
            context.lost.set(true);
        }
    }
}

struct Track<'a> {
    grid: &'a Grid,
    samples: usize,
    next: f64,
    /// When the last sample was taken.
    last: f64,
    times: Option<Block>,
    fields: Vec<Recorded<'a>>,
}

/// An analysis that looks on.
struct Looking<'a> {
    grid: &'a Grid,
    samples: usize,
    next: f64,
    /// When the last sample was taken.
    last: f64,
    /// Nothing if this system, unlike the first of the plan, has no use for the options.
    follower: Option<Box<dyn Follower + 'a>>,
    findings: usize,
}

impl<'a> Looking<'a> {
    fn new(following: &'a Following, system: &'a dyn System) -> Self {
        let Following {
            asked, grid, span, ..
        } = following;
        let follower = system.followers().and_then(|followers| {
            let name = asked.analysis.name();
            followers.follow(name, &asked.options, *span).ok()
        });
        Self {
            grid,
            samples: 0,
            next: grid.time(0),
            last: f64::NAN,
            follower,
            findings: following.findings.len(),
        }
    }

    fn take(&mut self, t: f64, x: &[f64]) {
        self.samples += 1;
        self.last = t;
        if let Some(follower) = &mut self.follower {
            follower.observe(t, x);
        }
    }
}

struct Recorded<'a> {
    field: &'a Field,
    /// The samples, if anybody wants them.
    block: Option<Block>,
    /// Each with the number of its results.
    reducers: Vec<(Box<dyn Reducer>, usize)>,
}

/// Samples of one column on their way.
struct Block {
    goal: Goal,
    first: usize,
    /// How many samples are sent at once.
    rows: usize,
    capacity: usize,
    values: Vec<f64>,
}

/// Numbers that are sent at once.
const BLOCK: usize = 1 << 17;

impl Block {
    fn new(goal: Goal, width: usize, rows: Option<usize>, outlet: Option<&Outlet>) -> Self {
        let most = (BLOCK / width.max(1)).max(1);
        let rows = match (outlet, rows) {
            (None, rows) => rows.unwrap_or(usize::MAX),
            (Some(_), Some(rows)) => most.min(rows.max(1)),
            (Some(_), None) => most,
        };
        let capacity = rows.saturating_mul(width).min(1 << 20);
        Self {
            goal,
            first: 0,
            rows,
            capacity,
            values: match outlet {
                Some(outlet) => outlet.empty(capacity),
                None => Vec::with_capacity(capacity),
            },
        }
    }

    /// Send what there is if the block is full after the sample number `sample`.
    fn after(&mut self, sample: usize, context: &Context<'_>) {
        if context.outlet.is_some() && sample + 1 - self.first == self.rows {
            self.flush(sample + 1, context);
        }
    }

    /// Send what there is; the next block begins with sample `next`.
    fn flush(&mut self, next: usize, context: &Context<'_>) {
        let Some(outlet) = context.outlet.filter(|_| next > self.first) else {
            return;
        };
        let empty = outlet.empty(self.capacity);
        let values = std::mem::replace(&mut self.values, empty);
        if !outlet.rows(context.slot, self.goal, self.first, values) {
            context.lost.set(true);
        }
        self.first = next;
    }
}

/// What is left of a run when it has ended.
pub(super) struct Remains {
    /// The numbers of every column that are not with the writer.
    pub columns: Vec<Vec<f64>>,
    /// How many samples each track has.
    pub samples: Vec<usize>,
    /// The events of a short run.
    pub events: Vec<f64>,
}

impl<'a> RunRecorder<'a> {
    /// A recorder of the run in this slot; with an outlet, of a long run.
    pub(super) fn new(
        place: Place,
        variant: &'a Variant,
        system: &'a dyn System,
        outlet: Option<&'a Outlet>,
    ) -> Self {
        let contents = &variant.contents;
        let columns = contents.columns();
        let mut column = 0;
        let tracks: Vec<Track<'a>> = contents
            .tracks
            .iter()
            .map(|track| Track::new(track, &columns, &mut column, system, outlet))
            .collect();
        let fields = contents.tracks.iter().flat_map(|track| &track.fields);
        let observed = fields.filter(|field| matches!(field.origin, Origin::Observable(_)));
        let longest = observed.map(|field| field.length).max().unwrap_or(0);
        let followings = contents.followings.iter();
        let mut recorder = Self {
            tracks,
            looking: followings.map(|one| Looking::new(one, system)).collect(),
            context: Context {
                slot: place.slot,
                observables: system.observables(),
                scratch: vec![0.0; longest],
                tolerances: Tolerances::new(variant.card, &variant.options),
                outlet,
                lost: Rc::default(),
            },
            next: f64::INFINITY,
            tag: 0,
            events: contents.events.as_ref().map(|card| Events {
                card,
                run: place.run,
                sent: 0,
                waiting: Vec::new(),
            }),
        };
        recorder.find_next();
        recorder
    }

    /// A long run begins, or goes on: what was told of it behind this is void.
    pub(super) fn begin(&mut self) {
        if let Some(events) = &mut self.events {
            events.flush(&self.context);
        }
    }

    /// Set when the writer has given up.
    pub(super) fn lost(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.context.lost)
    }

    /// Take the memory of a checkpoint back; the scheme's own part of it is handed out.
    pub(super) fn restore(&mut self, memory: &[f64]) -> Option<Vec<f64>> {
        let mut rest = memory;
        let scheme = part(&mut rest)?.to_vec();
        for track in &mut self.tracks {
            let (&samples, others) = rest.split_first()?;
            rest = others;
            track.samples = samples as usize;
            track.next = track.grid.time(track.samples);
            if let Some(times) = &mut track.times {
                times.first = track.samples;
            }
            for recorded in &mut track.fields {
                if let Some(block) = &mut recorded.block {
                    block.first = track.samples;
                }
                for (reducer, _) in &mut recorded.reducers {
                    reducer.restore(part(&mut rest)?);
                }
            }
        }
        for looking in &mut self.looking {
            let (&samples, others) = rest.split_first()?;
            rest = others;
            looking.samples = samples as usize;
            looking.next = looking.grid.time(looking.samples);
            let memory = part(&mut rest)?;
            if let Some(follower) = &mut looking.follower {
                follower.restore(memory);
            }
        }
        if let Some(events) = &mut self.events {
            events.sent = *rest.first()? as usize;
        }
        self.find_next();
        Some(scheme)
    }

    /// The end: send what is left of a long run, and hand out the rest.
    pub(super) fn finish(mut self) -> Remains {
        let mut remains = Remains {
            columns: Vec::new(),
            samples: Vec::with_capacity(self.tracks.len()),
            events: Vec::new(),
        };
        if let Some(events) = &mut self.events {
            events.flush(&self.context);
            remains.events = std::mem::take(&mut events.waiting);
        }
        let streams = self.context.outlet.is_some();
        for track in &mut self.tracks {
            remains.samples.push(track.samples);
            if let Some(times) = &mut track.times {
                times.flush(track.samples, &self.context);
            }
            for recorded in &mut track.fields {
                let mut kept = Vec::new();
                if let Some(block) = &mut recorded.block {
                    block.flush(track.samples, &self.context);
                    if !streams {
                        kept = std::mem::take(&mut block.values);
                    }
                }
                remains.columns.push(kept);
                for (reducer, width) in &recorded.reducers {
                    let mut values = vec![0.0; *width];
                    reducer.finish(&mut values);
                    remains.columns.push(values);
                }
            }
        }
        for looking in &self.looking {
            let mut values = vec![f64::NAN; looking.findings];
            if let Some(follower) = &looking.follower {
                follower.finish(&mut values);
            }
            remains
                .columns
                .extend(values.iter().map(|&value| vec![value]));
        }
        remains
    }

    fn find_next(&mut self) {
        let tracks = self.tracks.iter().map(|track| track.next);
        let looks = self.looking.iter().map(|looking| looking.next);
        self.next = tracks.chain(looks).fold(f64::INFINITY, f64::min);
    }
}

/// Take `length, numbers` off the front.
fn part<'m>(memory: &mut &'m [f64]) -> Option<&'m [f64]> {
    let (&length, rest) = memory.split_first()?;
    let (numbers, rest) = rest.split_at_checked(length as usize)?;
    *memory = rest;
    Some(numbers)
}

impl Recorder for RunRecorder<'_> {
    fn next_time(&self) -> f64 {
        self.next
    }

    fn record(&mut self, t: f64, x: &[f64]) {
        let now = self.next;
        for track in &mut self.tracks {
            if track.next == now {
                track.take(t, x, &mut self.context);
                track.next = track.grid.time(track.samples);
            }
        }
        for looking in &mut self.looking {
            if looking.next == now {
                looking.take(t, x);
                looking.next = looking.grid.time(looking.samples);
            }
        }
        self.find_next();
    }

    /// Every track takes the state at the stop in the place of its next sample, whichever that is.
    fn stopped(&mut self, t: f64, x: &[f64]) {
        for track in &mut self.tracks {
            if track.next.is_finite() && track.last != t {
                track.take(t, x, &mut self.context);
            }
            track.next = f64::INFINITY;
        }
        for looking in &mut self.looking {
            if looking.next.is_finite() && looking.last != t {
                looking.take(t, x);
            }
            looking.next = f64::INFINITY;
        }
        self.find_next();
    }

    fn checkpoint(&mut self, _t: f64, memory: &[f64]) {
        let Some(outlet) = self.context.outlet else {
            return;
        };
        let mut all = vec![memory.len() as f64];
        all.extend(memory);
        for track in &mut self.tracks {
            all.push(track.samples as f64);
            if let Some(times) = &mut track.times {
                times.flush(track.samples, &self.context);
            }
            for recorded in &mut track.fields {
                if let Some(block) = &mut recorded.block {
                    block.flush(track.samples, &self.context);
                }
                for (reducer, _) in &recorded.reducers {
                    let memory = reducer.save();
                    all.push(memory.len() as f64);
                    all.extend(memory);
                }
            }
        }
        for looking in &self.looking {
            all.push(looking.samples as f64);
            let memory = looking
                .follower
                .as_ref()
                .map_or(Vec::new(), |one| one.save());
            all.push(memory.len() as f64);
            all.extend(memory);
        }
        if let Some(events) = &mut self.events {
            events.flush(&self.context);
            all.push(events.sent as f64);
        }
        if !outlet.send(Message::Checkpoint(self.context.slot, all)) {
            self.context.lost.set(true);
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        let Some(events) = &mut self.events else {
            return;
        };
        events.card.encode(event, &mut events.waiting);
        if events.waiting.len() >= BLOCK {
            events.flush(&self.context);
        }
    }

    fn wants_steps(&self) -> bool {
        let tracks = self.tracks.iter().map(|track| track.grid);
        let looks = self.looking.iter().map(|looking| looking.grid);
        tracks.chain(looks).any(|grid| *grid == Grid::Steps)
    }

    fn step(&mut self, t: f64, x: &[f64]) {
        for track in &mut self.tracks {
            if *track.grid == Grid::Steps {
                track.take(t, x, &mut self.context);
            }
        }
        for looking in &mut self.looking {
            if *looking.grid == Grid::Steps {
                looking.take(t, x);
            }
        }
    }
}

impl<'a> Track<'a> {
    fn new(
        track: &'a crate::archive::contents::Track,
        columns: &[Column<'_>],
        column: &mut usize,
        system: &dyn System,
        outlet: Option<&Outlet>,
    ) -> Self {
        let mut fields = Vec::with_capacity(track.fields.len());
        for field in &track.fields {
            let card = &columns[*column];
            let block = card
                .is_wanted()
                .then(|| Block::new(Goal::Column(*column), card.width, card.rows, outlet));
            *column += 1 + field.summaries.len();
            let summaries = field.summaries.iter();
            fields.push(Recorded {
                field,
                block,
                reducers: summaries
                    .filter_map(|one| Some((reducer(one, field.length, system)?, one.width)))
                    .collect(),
            });
        }
        Self {
            grid: &track.grid,
            samples: 0,
            next: track.grid.time(0),
            last: f64::NAN,
            times: track
                .times
                .map(|data_set| Block::new(Goal::DataSet(data_set), 1, None, outlet)),
            fields,
        }
    }

    /// Take one sample of everything on the track.
    fn take(&mut self, t: f64, x: &[f64], context: &mut Context<'_>) {
        let sample = self.samples;
        self.samples += 1;
        self.last = t;
        if let Some(times) = &mut self.times {
            times.values.push(t);
            times.after(sample, context);
        }
        for recorded in &mut self.fields {
            recorded.take(t, x, context);
            if let Some(block) = &mut recorded.block {
                block.after(sample, context);
            }
        }
    }
}

/// A fresh reducer of a variable of `length` numbers.
fn reducer(one: &Summarised, length: usize, system: &dyn System) -> Option<Box<dyn Reducer>> {
    match &one.source {
        Source::Asked(card, asked) => Some(asked.make(card, length)),
        // The contents are of a system of this very kind: it has what is watched.
        Source::Watched(index) => Some(system.health()?.reducer(*index)),
    }
}

impl Recorded<'_> {
    fn take(&mut self, t: f64, x: &[f64], context: &mut Context<'_>) {
        let values = match &self.field.origin {
            Origin::State(range) => &x[range.clone()],
            Origin::Observable(index) => {
                let out = &mut context.scratch[..self.field.length];
                if let Some(observables) = context.observables {
                    observables.observe(*index, t, x, out);
                }
                &*out
            }
        };
        if let Some(block) = &mut self.block {
            match &self.field.kept {
                None => block.values.extend_from_slice(values),
                Some(kept) => block.values.extend(kept.iter().map(|&i| values[i])),
            }
        }
        let mut reducers = self.reducers.iter();
        if reducers.any(|(reducer, _)| reducer.heeds_tolerances()) {
            let tolerances =
                match (&self.field.origin, context.observables) {
                    (Origin::Observable(index), Some(observables)) => context
                        .tolerances
                        .of_observable((observables, *index), t, x, values),
                    (Origin::State(range), _) => context.tolerances.of_state(range.clone(), x),
                    (Origin::Observable(_), None) => &[],
                };
            for (reducer, _) in &mut self.reducers {
                reducer.tolerate(tolerances);
            }
        }
        for (reducer, _) in &mut self.reducers {
            reducer.observe(t, values);
        }
    }
}
