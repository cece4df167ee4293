//! The recorder of one run: merges the grids of all tracks, takes blocks, observables and summaries,
//! and hands full blocks of samples to the writer.
//!
//! Every track has its own next time; the engine is asked for the earliest. Times that two tracks share
//! are asked for once. Tracks of `save = "steps"` are fed after every accepted step instead.

use std::cell::Cell;
use std::rc::Rc;

use super::outlet::{Message, Outlet};
use crate::archive::contents::{Contents, Field, Origin};
use crate::archive::grid::Grid;
use crate::engine::recorder::Recorder;
use crate::system::System;
use crate::system::observe::Observables;
use crate::system::reducer::Reducer;

/// Records one run.
pub(super) struct RunRecorder<'a> {
    tracks: Vec<Track<'a>>,
    context: Context<'a>,
    /// The earliest of the tracks' next times.
    next: f64,
}

/// What every track needs to take a sample.
struct Context<'a> {
    run: u64,
    observables: Option<&'a dyn Observables>,
    /// The values of one observable.
    scratch: Vec<f64>,
    outlet: &'a mut Outlet,
    /// Whether the writer has given up.
    lost: Rc<Cell<bool>>,
}

struct Track<'a> {
    grid: &'a Grid,
    samples: usize,
    next: f64,
    times: Option<Block>,
    fields: Vec<Recorded<'a>>,
}

struct Recorded<'a> {
    field: &'a Field,
    block: Block,
    reducers: Vec<(usize, Box<dyn Reducer>)>,
}

/// Samples of one data set on their way to the writer.
struct Block {
    data_set: usize,
    first: usize,
    rows: usize,
    capacity: usize,
    values: Vec<f64>,
}

impl Block {
    fn new(contents: &Contents, data_set: usize, outlet: &mut Outlet) -> Self {
        let card = &contents.data_sets[data_set];
        let rows = contents.rows(card);
        let capacity = rows * card.width;
        Self {
            data_set,
            first: 0,
            rows,
            capacity,
            values: outlet.empty(capacity),
        }
    }

    /// Send what there is if the block is full after the sample number `sample`.
    fn after(&mut self, sample: usize, context: &mut Context<'_>) {
        if sample + 1 - self.first == self.rows {
            self.flush(sample + 1, context);
        }
    }

    /// Send what there is; the next block begins with sample `next`.
    fn flush(&mut self, next: usize, context: &mut Context<'_>) {
        if next == self.first {
            return;
        }
        let empty = context.outlet.empty(self.capacity);
        let values = std::mem::replace(&mut self.values, empty);
        context.send(self.data_set, self.first, values);
        self.first = next;
    }
}

impl Context<'_> {
    fn send(&mut self, data_set: usize, first: usize, values: Vec<f64>) {
        let sent = self.outlet.send(Message::Rows {
            run: self.run,
            data_set,
            first,
            values,
        });
        if !sent {
            self.lost.set(true);
        }
    }
}

impl<'a> RunRecorder<'a> {
    /// A recorder for run number `run`.
    pub(super) fn new(
        run: u64,
        contents: &'a Contents,
        system: &'a dyn System,
        outlet: &'a mut Outlet,
    ) -> Self {
        let tracks: Vec<Track<'a>> = contents
            .tracks
            .iter()
            .map(|track| Track::new(track, contents, outlet))
            .collect();
        let fields = contents.tracks.iter().flat_map(|track| &track.fields);
        let longest = fields.map(|field| field.length).max().unwrap_or(0);
        let mut recorder = Self {
            tracks,
            context: Context {
                run,
                observables: system.observables(),
                scratch: vec![0.0; longest],
                outlet,
                lost: Rc::default(),
            },
            next: f64::INFINITY,
        };
        recorder.find_next();
        recorder
    }

    /// Set when the writer has given up.
    pub(super) fn lost(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.context.lost)
    }

    /// Send what is left, and the summaries.
    pub(super) fn finish(mut self) {
        for track in &mut self.tracks {
            if let Some(times) = &mut track.times {
                times.flush(track.samples, &mut self.context);
            }
            for recorded in &mut track.fields {
                recorded.block.flush(track.samples, &mut self.context);
                for (data_set, reducer) in &recorded.reducers {
                    let mut values = vec![0.0; recorded.field.length];
                    reducer.finish(&mut values);
                    self.context.send(*data_set, 0, values);
                }
            }
        }
    }

    fn find_next(&mut self) {
        let times = self.tracks.iter().map(|track| track.next);
        self.next = times.fold(f64::INFINITY, f64::min);
    }
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
        self.find_next();
    }

    fn wants_steps(&self) -> bool {
        self.tracks.iter().any(|track| track.times.is_some())
    }

    fn step(&mut self, t: f64, x: &[f64]) {
        for track in &mut self.tracks {
            if track.times.is_some() {
                track.take(t, x, &mut self.context);
            }
        }
    }
}

impl<'a> Track<'a> {
    fn new(
        track: &'a crate::archive::contents::Track,
        contents: &'a Contents,
        outlet: &mut Outlet,
    ) -> Self {
        let fields = track
            .fields
            .iter()
            .map(|field| Recorded {
                field,
                block: Block::new(contents, field.data_set, outlet),
                reducers: field
                    .summaries
                    .iter()
                    .map(|(data_set, summary)| (*data_set, (summary.make)(field.length)))
                    .collect(),
            })
            .collect();
        Self {
            grid: &track.grid,
            samples: 0,
            next: track.grid.time(0),
            times: track
                .times
                .map(|data_set| Block::new(contents, data_set, outlet)),
            fields,
        }
    }

    /// Take one sample of everything on the track.
    fn take(&mut self, t: f64, x: &[f64], context: &mut Context<'_>) {
        let sample = self.samples;
        self.samples += 1;
        if let Some(times) = &mut self.times {
            times.values.push(t);
            times.after(sample, context);
        }
        for recorded in &mut self.fields {
            recorded.take(t, x, context);
            recorded.block.after(sample, context);
        }
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
        match &self.field.kept {
            None => self.block.values.extend_from_slice(values),
            Some(kept) => self.block.values.extend(kept.iter().map(|&i| values[i])),
        }
        for (_, reducer) in &mut self.reducers {
            reducer.observe(t, values);
        }
    }
}
