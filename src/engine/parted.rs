//! Events of a flow in parts within one step of the whole.
//!
//! The step was made as if nothing fired. Guards are screened at a few samples of its dense output; a part whose guards
//! may cross is searched alone. Events are taken in the order of their times: the part that fires is reset and followed
//! alone to the end of the step ([`Track`]), so is every part that it kicks, and what was foreseen for those is searched
//! anew. At the end the parts that were followed are put back into the scheme, which goes on with its step length and
//! its history: an event costs what its own parts cost, not what the state costs.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::explicit::Tolerances;
use super::fault::spoiled;
use super::outcome::Status;
use super::scheme::Scheme;
use super::track::Track;
use super::watch::{Fired, Path, SAMPLES, Watch, edge};
use crate::system::guard::{Action, Guards};
use crate::system::parts::{Parts, scatter};

/// An event that is due in a part, unless the part is changed before.
pub(super) struct Due {
    pub fired: Fired,
    pub part: usize,
    /// How often the part had been changed when this was foreseen.
    pub version: u32,
}

impl Ord for Due {
    /// The greatest is the first in time; of several, that of the first part.
    fn cmp(&self, other: &Self) -> Ordering {
        let times = other.fired.time.total_cmp(&self.fired.time);
        times.then(other.part.cmp(&self.part))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

/// The step at hand: who made it, in which lane, and what was asked for.
pub(super) struct Made<'a, F: ?Sized, const L: usize> {
    pub scheme: &'a dyn Scheme<F, L>,
    pub lane: usize,
    pub tolerances: &'a Tolerances,
    pub guards: &'a dyn Guards,
    pub parts: &'a dyn Parts,
}

/// The parts of one run that were followed in the step at hand, and the events that are due.
pub(super) struct Parted {
    /// Guard functions at the edges of the intervals of the step.
    samples: Vec<Vec<f64>>,
    state: Vec<f64>,
    /// Of each part its track in this step.
    track_of: Vec<Option<usize>>,
    tracks: Vec<Track>,
    followed: usize,
    versions: Vec<u32>,
    queue: BinaryHeap<Due>,
    own: Vec<f64>,
    before: Vec<f64>,
    components: Vec<usize>,
}

/// Nothing, if a part that was changed is finite; else how the run ends.
fn finite(
    parts: &dyn Parts,
    part: usize,
    before: &[f64],
    x: &[f64],
) -> Result<(), (Status, usize)> {
    match spoiled(before, x) {
        None => Ok(()),
        Some(k) => Err((Status::NotFinite, parts.component(part, k))),
    }
}

/// The path of one part within the step.
struct OfPart<'a, 'm, F: ?Sized, const L: usize> {
    parted: &'a mut Parted,
    made: &'a Made<'m, F, L>,
    part: usize,
    own: &'a mut [f64],
}

impl<F: ?Sized, const L: usize> Path for OfPart<'_, '_, F, L> {
    fn values(&mut self, t: f64, g: &mut [f64]) {
        self.parted.part_at(self.made, self.part, t, self.own);
        self.made.parts.values(self.part, t, self.own, g);
    }

    fn ahead(&mut self, t: f64, later: f64, g: &mut [f64]) {
        let parts = self.made.parts;
        self.parted.part_at(self.made, self.part, t, self.own);
        let mut drift = vec![0.0; self.own.len()];
        parts.drift(self.part, t.next_up(), self.own, &mut drift);
        for (x, dx) in self.own.iter_mut().zip(&drift) {
            *x += later * dx;
        }
        parts.values(self.part, t + later, self.own, g);
    }
}

impl Parted {
    /// For a state of so many components.
    pub fn new(guards: &dyn Guards, parts: &dyn Parts, dim: usize) -> Self {
        Self {
            samples: vec![vec![0.0; guards.count()]; SAMPLES + 1],
            state: vec![0.0; dim],
            track_of: vec![None; parts.count()],
            tracks: Vec::new(),
            followed: 0,
            versions: vec![0; parts.count()],
            queue: BinaryHeap::new(),
            own: vec![0.0; parts.size()],
            before: Vec::new(),
            components: vec![0; parts.size()],
        }
    }

    /// Look at a new step: which parts fire in it, and when first?
    pub fn begin<F: ?Sized, const L: usize>(&mut self, made: &Made<'_, F, L>, watch: &mut Watch) {
        for track in &self.tracks[..self.followed] {
            self.track_of[track.part] = None;
        }
        self.followed = 0;
        self.queue.clear();
        let (from, end) = self.span(made);
        for sample in 0..=SAMPLES {
            let t = edge(from, end, sample);
            match sample {
                SAMPLES => made.scheme.state(made.lane, &mut self.state),
                _ => made.scheme.interpolate(made.lane, t, &mut self.state),
            }
            made.guards
                .values(t, &self.state, &mut self.samples[sample]);
        }
        for part in 0..made.parts.count() {
            let functions = watch.functions_of(&made.parts.guards(part));
            if watch.may_fire(made.guards, functions, (from, end), &self.samples) {
                self.foresee(made, watch, part, from);
            }
        }
    }

    fn span<F: ?Sized, const L: usize>(&self, made: &Made<'_, F, L>) -> (f64, f64) {
        (
            made.scheme.previous_time(made.lane),
            made.scheme.time(made.lane),
        )
    }

    /// The next event of the step.
    pub fn next(&mut self) -> Option<(Fired, usize)> {
        while let Some(due) = self.queue.pop() {
            if due.version == self.versions[due.part] {
                return Some((due.fired, due.part));
            }
        }
        None
    }

    /// Search a part from `from` on.
    fn foresee<F: ?Sized, const L: usize>(
        &mut self,
        made: &Made<'_, F, L>,
        watch: &mut Watch,
        part: usize,
        from: f64,
    ) {
        let (_, end) = self.span(made);
        if from >= end {
            // What stands on a surface now is the next step's to find.
            return;
        }
        let functions = watch.functions_of(&made.parts.guards(part));
        let mut own = std::mem::take(&mut self.own);
        let mut path = OfPart {
            parted: self,
            made,
            part,
            own: &mut own,
        };
        let fired = watch.first_among(made.guards, functions, from, end, &mut path);
        self.own = own;
        self.due(fired, part);
    }

    fn due(&mut self, fired: Option<Fired>, part: usize) {
        if let Some(fired) = fired {
            let version = self.versions[part];
            self.queue.push(Due {
                fired,
                part,
                version,
            });
        }
    }

    /// The state of a part within the step.
    fn part_at<F: ?Sized, const L: usize>(
        &mut self,
        made: &Made<'_, F, L>,
        part: usize,
        t: f64,
        own: &mut [f64],
    ) {
        if let Some(track) = self.track_of[part] {
            self.tracks[track].at(t, own);
            return;
        }
        for (k, component) in self.components.iter_mut().enumerate() {
            *component = made.parts.component(part, k);
        }
        made.scheme
            .interpolate_some(made.lane, t, &self.components, own);
    }

    /// The whole state at `t`, behind the last event that was taken.
    pub fn state_at<F: ?Sized, const L: usize>(
        &mut self,
        made: &Made<'_, F, L>,
        t: f64,
        state: &mut [f64],
    ) {
        if t >= made.scheme.time(made.lane) {
            made.scheme.state(made.lane, state);
        } else {
            made.scheme.interpolate(made.lane, t, state);
        }
        for track in &self.tracks[..self.followed] {
            track.at(t, &mut self.own);
            scatter(made.parts, track.part, &self.own, state);
        }
    }

    /// Carry out an event: reset, kick, and foresee what comes of it.
    ///
    /// # Errors
    /// How the run ends, and the component of a part that is not finite, or could not be followed to the end of the step.
    pub fn act<F: ?Sized, const L: usize>(
        &mut self,
        made: &Made<'_, F, L>,
        watch: &mut Watch,
        fired: &Fired,
        part: usize,
    ) -> Result<(), (Status, usize)> {
        let (time, parts) = (fired.time, made.parts);
        let resets = |guard: &&usize| made.guards.action(**guard) == Action::Reset;
        self.versions[part] += 1;
        if fired.guards.iter().any(|guard| resets(&guard)) {
            let mut x = vec![0.0; parts.size()];
            self.part_at(made, part, time, &mut x);
            let guards = parts.guards(part);
            self.before.resize(guards.len(), 0.0);
            parts.values(part, time, &x, &mut self.before);
            watch.locate(&fired.guards, guards.start, &self.before);
            let before = x.clone();
            for &guard in fired.guards.iter().filter(resets) {
                parts.reset(guard, time, &mut x);
            }
            finite(parts, part, &before, &x)?;
            self.follow(made, part, time, &x)?;
            watch.reset_part(&parts.guards(part), &fired.guards, &mut |g| {
                parts.values(part, time, &x, g);
            });
        }
        self.foresee(made, watch, part, time);
        for &guard in fired.guards.iter().filter(resets) {
            for (target, &kicked) in parts.targets(guard).iter().enumerate() {
                self.kick(made, watch, time, (guard, target, kicked))?;
            }
        }
        Ok(())
    }

    /// Kick one target of an event.
    fn kick<F: ?Sized, const L: usize>(
        &mut self,
        made: &Made<'_, F, L>,
        watch: &mut Watch,
        time: f64,
        (guard, target, part): (usize, usize, usize),
    ) -> Result<(), (Status, usize)> {
        let parts = made.parts;
        let guards = parts.guards(part);
        let mut x = vec![0.0; parts.size()];
        self.part_at(made, part, time, &mut x);
        self.before.resize(guards.len(), 0.0);
        parts.values(part, time, &x, &mut self.before);
        let before = x.clone();
        parts.kick(guard, target, time, &mut x);
        finite(parts, part, &before, &x)?;
        self.versions[part] += 1;
        self.follow(made, part, time, &x)?;
        let across = watch.kicked(&guards, &self.before, &mut |g| {
            parts.values(part, time, &x, g);
        });
        if across.is_empty() {
            self.foresee(made, watch, part, time);
        } else {
            let guards = across;
            let fired = Fired {
                time,
                guards,
                endless: false,
            };
            self.due(Some(fired), part);
        }
        Ok(())
    }

    /// Follow a part from `(t, x)` to the end of the step.
    fn follow<F: ?Sized, const L: usize>(
        &mut self,
        made: &Made<'_, F, L>,
        part: usize,
        t: f64,
        x: &[f64],
    ) -> Result<(), (Status, usize)> {
        let track = *self.track_of[part].get_or_insert_with(|| {
            self.followed += 1;
            if self.followed > self.tracks.len() {
                self.tracks.push(Track::default());
            }
            self.followed - 1
        });
        let (_, end) = self.span(made);
        let track = &mut self.tracks[track];
        match track.follow(made.parts, part, (t, end), x, made.tolerances) {
            true => Ok(()),
            false => Err((Status::StepUnderflow, made.parts.component(part, 0))),
        }
    }

    /// Put the parts that were followed back into the scheme.
    pub fn finish<F: ?Sized, const L: usize>(
        &mut self,
        scheme: &mut dyn Scheme<F, L>,
        lane: usize,
        parts: &dyn Parts,
    ) {
        for track in &self.tracks[..self.followed] {
            for (k, component) in self.components.iter_mut().enumerate() {
                *component = parts.component(track.part, k);
            }
            scheme.splice(lane, &self.components, &track.state, &track.drift);
        }
    }
}
