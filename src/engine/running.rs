//! A run in progress in one lane: what happens between the steps of its scheme.
//!
//! After an accepted step the guards are watched, then the recorder is given the states that it asked for, then
//! the limit is passed if the lane stands on it: an impulse or a breakpoint restarts the scheme, the stop ends
//! the run.

use std::sync::Arc;

use super::fault::spoiled;
use super::field::Field;
use super::integrate::{Checkpoints, Job};
use super::outcome::Status;
use super::oversight::{Noticed, Oversight};
use super::parted::{Made, Parted};
use super::passages::{Passages, Rough};
use super::recorder::Recorder;
use super::scheme::{Drive, Scheme};
use super::watch::{Fired, Path, Watch};
use crate::noise::draws::Drawing;
use crate::system::event::Event;
use crate::system::guard::{Action, Guards};
use crate::system::parts::Parts;
use crate::system::stimulus::Stimulus;

/// A guard that passes its surface this often in its direction within one step is faster than the path of a step.
const TOO_OFTEN: usize = 3;

/// A lane's run in progress.
pub(super) struct Running<R> {
    start: f64,
    stop: f64,
    /// Instants on which steps land, ascending, and stimuli on whose edges they do.
    landings: Landings,
    /// The next breakpoint or impulse, or the stop.
    pub limit: f64,
    pub recorder: R,
    watch: Option<Watch>,
    oversight: Oversight,
    parted: Option<Box<Parted>>,
    passages: Option<Box<Passages>>,
    /// A state within a step.
    inside: Vec<f64>,
    /// What resets may draw, and how many there were.
    drawing: Drawing,
    jumps: u64,
}

/// Take up a job in a lane; `state` becomes the one that it starts from.
pub(super) fn begin<F: Field<L> + ?Sized, const L: usize, R: Recorder>(
    field: &F,
    scheme: &mut dyn Scheme<F, L>,
    lane: usize,
    job: Job<R>,
    state: &mut Vec<f64>,
) -> Running<R> {
    let Job {
        span,
        x0,
        mut recorder,
        memory,
        key,
        stops,
        stimuli,
    } = job;
    let landings = Landings { stops, stimuli };
    *state = x0;
    scheme.drive(lane, &Drive { key: &key, span });
    let drawing = Drawing::jumps(&key);
    let guards = field.guards_of(lane);
    let rough = field.form().channels > 0;
    if let Some(memory) = memory {
        let mut oversight = Oversight::of(rough, &field.block_lengths());
        let memory = oversight.restore(&memory);
        let mut watch = guards.map(|guards| Watch::new(guards, span.start, state, rough));
        let (memory, jumps) = match (&mut watch, memory.split_last()) {
            (Some(watch), Some((&jumps, rest))) => (watch.restore(rest), jumps as u64),
            _ => (memory, 0),
        };
        scheme.restore(lane, memory);
        return Running {
            start: span.start,
            stop: span.stop,
            limit: next_limit(field, lane, scheme.time(lane), (&landings, span.stop)),
            landings,
            recorder,
            watch,
            oversight,
            parted: None,
            passages: None,
            inside: Vec::new(),
            drawing,
            jumps,
        };
    }
    if let Some(guards) = guards {
        guards.begin(state, &drawing.of(0));
    }
    field.impulse_of(lane, span.start, state);
    scheme.start(field, lane, span.start, state, span.stop);
    // A nonsmooth scheme puts the start exactly onto the surface that it stands on.
    scheme.state(lane, state);
    scheme.tell(lane, &mut |event| recorder.event(event));
    let oversight = Oversight::new(scheme.tolerances(), rough, &field.block_lengths(), state);
    while recorder.next_time() <= span.start {
        recorder.record(span.start, state);
    }
    if recorder.wants_steps() {
        recorder.step(span.start, state);
    }
    Running {
        start: span.start,
        stop: span.stop,
        limit: next_limit(field, lane, span.start, (&landings, span.stop)),
        landings,
        recorder,
        watch: guards.map(|guards| Watch::new(guards, span.start, state, rough)),
        oversight,
        parted: None,
        passages: None,
        inside: Vec::new(),
        drawing,
        jumps: 0,
    }
}

/// The first instant after `t` on which a step must land.
fn next_limit<F: Field<L> + ?Sized, const L: usize>(
    field: &F,
    lane: usize,
    t: f64,
    (landings, stop): (&Landings, f64),
) -> f64 {
    field.next_break_of(lane, t).min(landings.next(t)).min(stop)
}

/// Where steps land besides where the system says.
struct Landings {
    stops: Arc<[f64]>,
    stimuli: Arc<[Stimulus]>,
}

impl Landings {
    /// The first instant after `t`.
    fn next(&self, t: f64) -> f64 {
        let next = self.stops.partition_point(|&at| at <= t);
        let stop = self.stops.get(next).copied().unwrap_or(f64::INFINITY);
        let edges = self.stimuli.iter().map(|one| one.next_breakpoint(t));
        edges.fold(stop, f64::min)
    }
}

impl<R: Recorder> Running<R> {
    /// What was noticed of the run.
    pub(super) fn noticed<F: ?Sized, const L: usize>(&self, scheme: &dyn Scheme<F, L>) -> Noticed {
        self.oversight.noticed(scheme.tolerances())
    }

    /// Up to when nobody looks at a step.
    pub(super) fn horizon(&self, checkpoints: Checkpoints) -> f64 {
        let by_time = matches!(checkpoints, Checkpoints::Time(_));
        if self.watch.is_some() || self.recorder.wants_steps() || by_time {
            return f64::NEG_INFINITY;
        }
        self.limit.min(self.recorder.next_time())
    }

    /// Whether something may be asked of the inside of a step that ends at `time`.
    pub(super) fn asks_within(&self, time: f64) -> bool {
        self.watch.is_some() || self.recorder.next_time() < time
    }

    /// Give the recorder a checkpoint if one falls on this step, or if the run is about to be left and
    /// its scheme forgets nothing.
    pub(super) fn checkpoint<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        field: &F,
        scheme: &mut dyn Scheme<F, L>,
        checkpoints: Checkpoints,
        before: f64,
        leaving: bool,
    ) {
        let (time, steps) = (scheme.time(0), scheme.counts(0).steps);
        let falls = checkpoints.falls(self.start, before, time, steps);
        if !(falls || leaving && scheme.remembers()) {
            return;
        }
        if !scheme.remembers() {
            let mut state = vec![0.0; field.dim()];
            scheme.state(0, &mut state);
            scheme.restart(field, 0, time, &state);
        }
        let mut memory = scheme.save(0);
        if let Some(watch) = &self.watch {
            watch.save(&mut memory);
            memory.push(self.jumps as f64);
        }
        self.oversight.save(&mut memory);
        self.recorder.checkpoint(time, &memory);
    }

    /// After an accepted step: watch, record, and pass the limit if the lane stands on it.
    pub(super) fn advance<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        field: &F,
        scheme: &mut dyn Scheme<F, L>,
        lane: usize,
        state: &mut [f64],
    ) -> Option<(Status, Option<usize>)> {
        if let Some(forcing) = field.forcing_of(lane) {
            self.oversight.look(field, scheme, lane, forcing);
        }
        if let Some(tolerances) = scheme
            .tolerances()
            .filter(|_| self.oversight.wants_states())
        {
            scheme.state(lane, state);
            self.oversight.see(tolerances, state);
        }
        if let (Some(guards), Some(mut watch)) = (field.guards_of(lane), self.watch.take()) {
            let ended = self.watched(field, scheme, guards, &mut watch, lane, state);
            if let Some(guard) = watch.fast() {
                self.oversight.fast_guard(guard);
            }
            self.watch = Some(watch);
            match ended {
                Step::Over(outcome) => return Some(outcome),
                // The step ended at a reset, which recorded what there was to record.
                Step::Cut => return None,
                Step::Whole => {}
            }
        }
        let time = scheme.time(lane);
        self.between(field, scheme, lane, time, state);
        scheme.tell(lane, &mut |event| self.recorder.event(event));
        let at_limit = time >= self.limit;
        let steps = self.recorder.wants_steps();
        if !(at_limit || steps || self.recorder.next_time() <= time) {
            return None;
        }
        scheme.state(lane, state);
        // An impulse belongs to its instant: what is recorded at that time is the state behind it.
        let jumped = at_limit && field.impulse_of(lane, time, state);
        if let Some(passages) = self.passages.as_mut().filter(|_| jumped) {
            passages.forget();
        }
        self.arrive(time, state);
        if time >= self.stop {
            if jumped {
                scheme.restart(field, lane, time, state);
                scheme.tell(lane, &mut |event| self.recorder.event(event));
            }
            return Some((Status::Complete, None));
        }
        if at_limit {
            scheme.restart(field, lane, time, state);
            scheme.tell(lane, &mut |event| self.recorder.event(event));
            self.limit = next_limit(field, lane, time, (&self.landings, self.stop));
        }
        None
    }

    /// Give the recorder the samples before `time` that lie within the last step.
    fn between<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        field: &F,
        scheme: &dyn Scheme<F, L>,
        lane: usize,
        time: f64,
        state: &mut [f64],
    ) {
        let mut wanted = self.recorder.next_time();
        while wanted < time {
            scheme.interpolate(lane, wanted, state);
            scheme.settle(field, lane, wanted, state);
            self.recorder.record(wanted, state);
            wanted = self.recorder.next_time();
        }
    }

    /// Give the recorder the state that a step ended with.
    fn arrive(&mut self, time: f64, state: &[f64]) {
        while self.recorder.next_time() <= time {
            self.recorder.record(time, state);
        }
        if self.recorder.wants_steps() {
            self.recorder.step(time, state);
        }
    }

    /// Find what the guards do within the last step, and do it.
    fn watched<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        field: &F,
        scheme: &mut dyn Scheme<F, L>,
        guards: &dyn Guards,
        watch: &mut Watch,
        lane: usize,
        state: &mut [f64],
    ) -> Step {
        if field.form().channels > 0
            && let Some(step) = self.passed(field, scheme, guards, watch, lane, state)
        {
            return step;
        }
        if let Some(parts) = guards.parts()
            && scheme.splices().is_some()
        {
            return self.parted(field, scheme, (guards, parts), watch, lane, state);
        }
        let (mut from, end) = (scheme.previous_time(lane), scheme.time(lane));
        let mut inside = std::mem::take(&mut self.inside);
        inside.resize(field.dim(), 0.0);
        let mut passed: Vec<usize> = Vec::new();
        let mut located: Vec<f64> = Vec::new();
        loop {
            let mut path = Whole {
                field,
                scheme,
                lane,
                guards,
                inside: &mut inside,
            };
            let fired = watch.first(guards, from, end, &mut path);
            let Some(mut fired) = fired else {
                self.inside = inside;
                return Step::Whole;
            };
            let time = fired.time;
            passed.extend(&fired.guards);
            for &guard in &fired.guards {
                if passed.iter().filter(|&&other| other == guard).count() >= TOO_OFTEN {
                    watch.too_often(guard);
                }
            }
            self.between(field, scheme, lane, time, state);
            within(field, scheme, lane, time, state);
            let (mut jumped, mut stops) = (false, false);
            // A reset may carry other guards across their surfaces: they fire at once.
            while !fired.guards.is_empty() {
                if self.tell(guards, watch, &fired, Some(state)) {
                    scheme.restart(field, lane, time, state);
                    return Step::Over((Status::EventsAccumulate, None));
                }
                stops |= acts(guards, &fired, Action::Stop);
                if !acts(guards, &fired, Action::Reset) {
                    break;
                }
                if !jumped {
                    located.resize(guards.count(), 0.0);
                    guards.values(time, state, &mut located);
                    watch.locate(&fired.guards, 0, &located);
                }
                jumped = true;
                inside.copy_from_slice(state);
                for &guard in &fired.guards {
                    if guards.action(guard) == Action::Reset {
                        self.jumps += 1;
                        guards.jump(guard, time, state, &self.drawing.of(self.jumps));
                    }
                }
                if let Some(component) = spoiled(&inside, state) {
                    // The run ends with the state before, which is finite.
                    state.copy_from_slice(&inside);
                    scheme.restart(field, lane, time, state);
                    return Step::Over((Status::NotFinite, Some(component)));
                }
                let behind = &*state;
                fired.guards = watch.reset(&fired.guards, &mut |g| guards.values(time, behind, g));
            }
            if stops {
                self.arrive(time, state);
                self.recorder.stopped(time, state);
                scheme.restart(field, lane, time, state);
                return Step::Over((Status::Stopped, None));
            }
            if jumped {
                self.arrive(time, state);
                scheme.restart(field, lane, time, state);
                scheme.tell(lane, &mut |event| self.recorder.event(event));
                if time >= self.stop {
                    return Step::Over((Status::Complete, None));
                }
                self.limit = next_limit(field, lane, time, (&self.landings, self.stop));
                return Step::Cut;
            }
            from = time;
        }
    }

    /// Tell the events of guards that fire, in a flow in one piece at this state; whether they are an accumulation of resets.
    fn tell(
        &mut self,
        guards: &dyn Guards,
        watch: &mut Watch,
        fired: &Fired,
        state: Option<&[f64]>,
    ) -> bool {
        let mut jumps = self.jumps;
        for &guard in &fired.guards {
            let drawn = state.filter(|_| guards.action(guard) == Action::Reset);
            let component = match drawn {
                Some(state) => {
                    // The draws of the jump that this event is about to be.
                    jumps += 1;
                    guards.outcome(guard, fired.time, state, &self.drawing.of(jumps))
                }
                None => guards.component(guard),
            };
            self.recorder.event(&Event {
                time: fired.time,
                kind: guards.name(guard),
                component: Some(component),
                mode: &[],
            });
        }
        match watch.accumulates(fired) {
            Some((guard, end)) if acts(guards, fired, Action::Reset) => {
                self.recorder.event(&Event {
                    time: end.time,
                    kind: "accumulation",
                    component: Some(guards.component(guard)),
                    mode: &[],
                });
                true
            }
            _ => false,
        }
    }

    /// As [`watched`](Self::watched), of a flow with noise: the step stands, and the parts that pass are put back into it. Nothing if
    /// the scheme knows no noise.
    fn passed<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        field: &F,
        scheme: &mut dyn Scheme<F, L>,
        guards: &dyn Guards,
        watch: &mut Watch,
        lane: usize,
        state: &mut [f64],
    ) -> Option<Step> {
        let rough = Rough {
            field,
            scheme: &*scheme,
            lane,
            guards,
            // Coefficients that change with the state would have to be known of one part alone.
            parts: guards.parts().filter(|_| field.form().constant),
        };
        let start = self.start;
        let new = || Box::new(Passages::new(&rough, start));
        let mut passages = self.passages.take().unwrap_or_else(new);
        if !passages.begin(&rough, watch) {
            return None;
        }
        let mut over = None;
        while let Some((fired, part)) = passages.next() {
            let time = fired.time;
            self.between_passages(&rough, &mut passages, time, state);
            if let Some(status) = self.pass(&rough, &mut passages, watch, (&fired, part)) {
                over = Some((time, status));
                break;
            }
        }
        let time = over.map_or(scheme.time(lane), |(time, _)| time);
        let rough = Rough {
            scheme: &*scheme,
            ..rough
        };
        self.between_passages(&rough, &mut passages, time, state);
        passages.state_at(&rough, time, state);
        let ends: Vec<(Vec<usize>, Vec<f64>)> = passages
            .ends(&rough)
            .map(|(places, end)| (places, end.to_vec()))
            .collect();
        for (places, end) in &ends {
            scheme.splice(lane, places, end, &[]);
        }
        passages.finish(watch);
        self.passages = Some(passages);
        let Some((_, status)) = over else {
            return Some(Step::Whole);
        };
        if status == Status::Stopped {
            self.arrive(time, state);
            self.recorder.stopped(time, state);
        }
        scheme.restart(field, lane, time, state);
        Some(Step::Over((status, None)))
    }

    /// Carry out what guards do that pass in a part; how the run ends, if it does.
    fn pass<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        passages: &mut Passages,
        watch: &mut Watch,
        (fired, part): (&Fired, usize),
    ) -> Option<Status> {
        let (guards, time) = (rough.guards, fired.time);
        let x = passages.event_state(rough, watch, (fired, part));
        let whole = rough.parts.is_none().then_some(x.as_slice());
        if self.tell(guards, watch, fired, whole) {
            return Some(Status::EventsAccumulate);
        }
        fired.guards.iter().for_each(|&guard| watch.disarm(guard));
        if acts(guards, fired, Action::Stop) {
            passages.go_on(rough, part, time, (&x, x.clone()));
            return Some(Status::Stopped);
        }
        if !acts(guards, fired, Action::Reset) {
            passages.look_on(rough, watch, part, time);
            return None;
        }
        let mut y = x.clone();
        let resets = fired.guards.iter().copied();
        for guard in resets.filter(|&guard| guards.action(guard) == Action::Reset) {
            match rough.parts {
                Some(parts) => parts.reset(guard, time, &mut y),
                None => {
                    self.jumps += 1;
                    guards.jump(guard, time, &mut y, &self.drawing.of(self.jumps));
                }
            }
        }
        if spoiled(&x, &y).is_some() {
            passages.go_on(rough, part, time, (&x, x.clone()));
            return Some(Status::NotFinite);
        }
        passages.go_on(rough, part, time, (&x, y));
        passages.settle(rough, watch, part, &fired.guards);
        let parts = rough.parts?;
        for &guard in &fired.guards {
            for (target, &kicked) in parts.targets(guard).iter().enumerate() {
                let mut x = vec![0.0; parts.size()];
                passages.part_at(rough, kicked, time, &mut x);
                let mut y = x.clone();
                parts.kick(guard, target, time, &mut y);
                passages.go_on(rough, kicked, time, (&x, y));
                passages.settle(rough, watch, kicked, &[]);
            }
        }
        None
    }

    /// Give the recorder the samples before `time`, each after the passages that came before it.
    fn between_passages<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        passages: &mut Passages,
        time: f64,
        state: &mut [f64],
    ) {
        let mut wanted = self.recorder.next_time();
        while wanted < time {
            passages.state_at(rough, wanted, state);
            self.recorder.record(wanted, state);
            wanted = self.recorder.next_time();
        }
    }

    /// As [`watched`](Self::watched), of a flow in parts: the step stands, and the parts that events touch are put
    /// back into it.
    fn parted<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        field: &F,
        scheme: &mut dyn Scheme<F, L>,
        (guards, parts): (&dyn Guards, &dyn Parts),
        watch: &mut Watch,
        lane: usize,
        state: &mut [f64],
    ) -> Step {
        let new = || Box::new(Parted::new(guards, parts, field.dim()));
        let mut parted = self.parted.take().unwrap_or_else(new);
        let Some(tolerances) = scheme.splices() else {
            return Step::Whole;
        };
        let made = Made {
            scheme: &*scheme,
            lane,
            tolerances,
            guards,
            parts,
        };
        parted.begin(&made, watch);
        let mut over = None;
        while let Some((fired, part)) = parted.next() {
            let time = fired.time;
            self.between_events(&made, &mut parted, time, state);
            if self.tell(guards, watch, &fired, None) {
                over = Some((time, Status::EventsAccumulate, None));
            } else if let Err((status, component)) = parted.act(&made, watch, &fired, part) {
                over = Some((time, status, Some(component)));
            } else if acts(guards, &fired, Action::Stop) {
                over = Some((time, Status::Stopped, None));
            }
            if over.is_some() {
                break;
            }
        }
        let time = over.map_or(made.scheme.time(lane), |(time, ..)| time);
        self.between_events(&made, &mut parted, time, state);
        parted.state_at(&made, time, state);
        match over {
            None => parted.finish(scheme, lane, parts),
            Some((_, status, _)) => {
                if status == Status::Stopped {
                    self.arrive(time, state);
                    self.recorder.stopped(time, state);
                }
                scheme.restart(field, lane, time, state);
            }
        }
        self.parted = Some(parted);
        match over {
            None => Step::Whole,
            Some((_, status, component)) => Step::Over((status, component)),
        }
    }

    /// Give the recorder the samples before `time`, each behind the events that came before it.
    fn between_events<F: ?Sized, const L: usize>(
        &mut self,
        made: &Made<'_, F, L>,
        parted: &mut Parted,
        time: f64,
        state: &mut [f64],
    ) {
        let mut wanted = self.recorder.next_time();
        while wanted < time {
            parted.state_at(made, wanted, state);
            self.recorder.record(wanted, state);
            wanted = self.recorder.next_time();
        }
    }
}

/// Whether any of the guards that fire acts like this.
fn acts(guards: &dyn Guards, fired: &Fired, action: Action) -> bool {
    let mut fired = fired.guards.iter();
    fired.any(|&guard| guards.action(guard) == action)
}

/// The state of a lane at a time within its last step.
fn within<F: ?Sized, const L: usize>(
    field: &F,
    scheme: &dyn Scheme<F, L>,
    lane: usize,
    t: f64,
    x: &mut [f64],
) {
    if t >= scheme.time(lane) {
        scheme.state(lane, x);
    } else {
        scheme.interpolate(lane, t, x);
        scheme.settle(field, lane, t, x);
    }
}

/// The path of a flow in one piece within its last step.
struct Whole<'a, F: ?Sized, const L: usize> {
    field: &'a F,
    scheme: &'a dyn Scheme<F, L>,
    lane: usize,
    guards: &'a dyn Guards,
    inside: &'a mut [f64],
}

impl<F: Field<L> + ?Sized, const L: usize> Path for Whole<'_, F, L> {
    fn values(&mut self, t: f64, g: &mut [f64]) {
        within(self.field, self.scheme, self.lane, t, self.inside);
        self.guards.values(t, self.inside, g);
    }

    fn ahead(&mut self, t: f64, later: f64, g: &mut [f64]) {
        within(self.field, self.scheme, self.lane, t, self.inside);
        let mut drift = vec![0.0; self.inside.len()];
        // Just after t: an edge at t belongs to what lies before it.
        let after = t.next_up();
        self.field
            .drift_of(self.lane, after, self.inside, &mut drift);
        for (x, dx) in self.inside.iter_mut().zip(&drift) {
            *x += later * dx;
        }
        self.guards.values(t + later, self.inside, g);
    }
}

/// What the guards made of a step.
enum Step {
    /// It stands.
    Whole,
    /// It ended at a reset.
    Cut,
    /// So did the run.
    Over((Status, Option<usize>)),
}
