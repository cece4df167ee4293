//! Guards watched over a step: zero crossings located on the dense output.
//!
//! A guard with a direction is a function that is positive before its crossing (two functions, if either direction counts).
//! It is armed where it is positive, fires once where it becomes negative, whatever its reset does, and is armed again once it
//! has been positive. A reset that sends the function back (a ball that bounces) is given the time to get there, however short;
//! one that leaves it where it is (a dose at a time, a count) is passed by. A guard function of time alone has its sign
//! changes from the system ([`Guards::crossing`]), so that no step is too long for it.

use std::ops::Range;

use super::accumulation::{Accumulation, End};
use super::nonsmooth::roots::Search;
use super::rise::{Rise, zigzags};
use crate::system::guard::{Crossing, Direction, Guards};

/// Intervals of a step in which guards are looked for.
pub(super) const SAMPLES: usize = 4;
/// A guard that stands on its surface behind its own reset is looked at after these shares of the step, powers of 1/4.
const SHARES: std::ops::RangeInclusive<i32> = 0..=26;
/// A value this small, relative to those of the other guards, is on the surface.
const ON_SURFACE: f64 = 1e-12;

/// Whether a guard function may fire.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Arm {
    /// It is on the far side.
    No,
    /// It is on its own side.
    Yes,
    /// It has fired and was reset, and lies on the surface to rounding.
    Reset,
}

/// What is known of a guard function of time alone.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Timed {
    /// Its next sign change, and whether it rises there; none up to `searched`.
    next: Option<(f64, bool)>,
    searched: f64,
}

/// The `sample`-th edge of the intervals between two times.
pub(super) fn edge(from: f64, to: f64, sample: usize) -> f64 {
    match sample {
        SAMPLES => to,
        _ => from + (to - from) * sample as f64 / SAMPLES as f64,
    }
}

/// The guards of one run.
pub(super) struct Watch {
    /// Of each guard function: the guard, and the sign that makes it positive before its crossing.
    functions: Vec<(usize, f64)>,
    armed: Vec<Arm>,
    /// The guard functions at the last event: zero, as far as it could be located.
    located: Vec<f64>,
    /// From when on each function counts, within the step at hand.
    since: Vec<f64>,
    /// Of each guard that is a function of time alone.
    timed: Vec<Option<Timed>>,
    past: Vec<Accumulation>,
    /// Whether the last reset of each guard sent it back to its own side.
    sent_back: Vec<bool>,
    began: f64,
    search: Search,
    values: Vec<f64>,
    start: Vec<f64>,
    /// Whether the ends of steps say all about all guards.
    monotone: bool,
    /// Whether the path has noise.
    rough: bool,
    /// The first guard that turned faster than it was looked at.
    fast: Option<usize>,
    /// Guard functions at the edges of the intervals of the step.
    edges: Vec<[f64; SAMPLES + 1]>,
}

/// The path of a step, as guards see it.
pub(super) trait Path {
    /// Write the guard functions at a time within the step.
    fn values(&mut self, t: f64, g: &mut [f64]);
    /// Write the guard functions later than `t` by this, if the drift stayed as it is just after `t`.
    fn ahead(&mut self, t: f64, later: f64, g: &mut [f64]);
}

/// Guards that fire.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fired {
    /// When.
    pub time: f64,
    /// Which, in their order.
    pub guards: Vec<usize>,
    /// Whether they would fire without end: sent back to their own side by less than the step resolves.
    pub endless: bool,
}

impl Watch {
    /// Watch these guards from `(t, x)` on; `rough` is a path with noise, which crosses again wherever it has crossed.
    pub(super) fn new(guards: &dyn Guards, t: f64, x: &[f64], rough: bool) -> Self {
        let mut functions = Vec::new();
        for guard in 0..guards.count() {
            let direction = guards.direction(guard);
            if direction != Direction::Falling {
                functions.push((guard, -1.0));
            }
            if direction != Direction::Rising {
                functions.push((guard, 1.0));
            }
        }
        let timed = (0..guards.count()).map(|guard| {
            let known = guards.crossing(guard, t, t) != Crossing::OfState;
            known.then_some(Timed {
                next: None,
                searched: t,
            })
        });
        let mut watch = Self {
            armed: vec![Arm::No; functions.len()],
            since: vec![f64::NEG_INFINITY; functions.len()],
            located: vec![0.0; guards.count()],
            timed: timed.collect(),
            past: vec![Accumulation::NEVER; guards.count()],
            sent_back: vec![false; guards.count()],
            began: t,
            functions,
            search: Search::default(),
            values: vec![0.0; guards.count()],
            start: Vec::new(),
            monotone: (0..guards.count()).all(|guard| guards.is_monotone(guard)),
            rough,
            fast: None,
            edges: vec![[0.0; SAMPLES + 1]; guards.count()],
        };
        guards.values(t, x, &mut watch.values);
        watch.arm(watch.all());
        watch
    }

    /// All guard functions.
    fn all(&self) -> Range<usize> {
        0..self.functions.len()
    }

    /// The functions of these guards.
    pub(super) fn functions_of(&self, guards: &Range<usize>) -> Range<usize> {
        let at = |guard: usize| self.functions.partition_point(|&(of, _)| of < guard);
        at(guards.start)..at(guards.end)
    }

    /// The guards of these functions.
    fn guards_of(&self, functions: &Range<usize>) -> Range<usize> {
        match self.functions.get(functions.clone()) {
            Some([(first, _), .., (last, _)]) => *first..last + 1,
            Some([(only, _)]) => *only..only + 1,
            _ => 0..0,
        }
    }

    /// Arm what is on its own side or on the surface, by `values`; what waits to come back from its own reset waits on.
    fn arm(&mut self, functions: Range<usize>) {
        let watched = &self.values[self.guards_of(&functions)];
        let size = watched.iter().fold(0.0_f64, |max, g| max.max(g.abs()));
        for k in functions {
            let (guard, sign) = self.functions[k];
            let value = self.values[guard];
            let surface = (ON_SURFACE * (1.0 + size)).max(4.0 * self.located[guard].abs());
            let waits = self.armed[k] == Arm::Reset && value.abs() <= surface;
            self.armed[k] = match sign * value >= 0.0 {
                _ if waits => Arm::Reset,
                true => Arm::Yes,
                false => Arm::No,
            };
        }
    }

    /// These guards fire where the guards from `first` on are `g`, before any reset.
    pub(super) fn locate(&mut self, fired: &[usize], first: usize, g: &[f64]) {
        for &guard in fired {
            self.located[guard] = g[guard - first];
        }
    }

    /// The state was reset by these guards; `value` writes the functions behind it. The other guards that this carried
    /// across their surfaces.
    pub(super) fn reset(&mut self, by: &[usize], value: &mut dyn FnMut(&mut [f64])) -> Vec<usize> {
        value(&mut self.values);
        let across = self.across(self.all(), by);
        self.reset_among(self.all(), by);
        across
    }

    /// As [`reset`](Self::reset), of the guards of one part.
    pub(super) fn reset_part(
        &mut self,
        guards: &Range<usize>,
        by: &[usize],
        value: &mut dyn FnMut(&mut [f64]),
    ) {
        value(&mut self.values[guards.clone()]);
        self.reset_among(self.functions_of(guards), by);
    }

    fn reset_among(&mut self, functions: Range<usize>, by: &[usize]) {
        self.arm(functions.clone());
        let watched = &self.values[self.guards_of(&functions)];
        let size = watched.iter().fold(0.0_f64, |max, g| max.max(g.abs()));
        for k in functions {
            let (guard, _) = self.functions[k];
            // What the event itself could not locate more closely is the surface, too.
            let surface = (ON_SURFACE * (1.0 + size)).max(4.0 * self.located[guard].abs());
            if by.contains(&guard) && self.values[guard].abs() <= surface {
                // A rough path is on both sides at once: what counts is where it is seen next.
                self.armed[k] = if self.rough { Arm::No } else { Arm::Reset };
            }
        }
    }

    /// The state of a part was kicked from one where its guards had the values `before`. The guards that the kick
    /// carried across their surfaces.
    pub(super) fn kicked(
        &mut self,
        guards: &Range<usize>,
        before: &[f64],
        value: &mut dyn FnMut(&mut [f64]),
    ) -> Vec<usize> {
        value(&mut self.values[guards.clone()]);
        let functions = self.functions_of(guards);
        let mut across = Vec::new();
        for k in functions.clone() {
            let (guard, sign) = self.functions[k];
            let (fore, aft) = (
                sign * before[guard - guards.start],
                sign * self.values[guard],
            );
            if fore >= 0.0 && aft < 0.0 && !across.contains(&guard) {
                across.push(guard);
            }
        }
        self.arm(functions);
        across
    }

    /// Write the armed ones of these functions at `t` into `g`.
    fn evaluate(&mut self, functions: &Range<usize>, t: f64, path: &mut dyn Path, g: &mut [f64]) {
        let guards = self.guards_of(functions);
        path.values(t, &mut self.values[guards]);
        for (g, k) in g.iter_mut().zip(functions.clone()) {
            let (guard, sign) = self.functions[k];
            let counts = self.armed[k] == Arm::Yes && t >= self.since[k];
            *g = match counts && self.timed[guard].is_none() {
                true => sign * self.values[guard],
                false => f64::INFINITY,
            };
        }
    }

    /// The first crossing between `from` and `to`; by the guard functions along its path.
    pub(super) fn first(
        &mut self,
        guards: &dyn Guards,
        from: f64,
        to: f64,
        path: &mut dyn Path,
    ) -> Option<Fired> {
        let all_armed = self.armed.iter().all(|&armed| armed == Arm::Yes);
        if self.monotone && all_armed && self.timed.iter().all(Option::is_none) {
            path.values(to, &mut self.values);
            let values = &self.values;
            let mut functions = self.functions.iter();
            if functions.all(|&(guard, sign)| sign * values[guard] > 0.0) {
                return None;
            }
        }
        self.first_among(guards, self.all(), from, to, path)
    }

    /// The first crossing of these functions; the path gives those from the first to the last of
    /// their guards.
    pub(super) fn first_among(
        &mut self,
        guards: &dyn Guards,
        functions: Range<usize>,
        from: f64,
        to: f64,
        path: &mut dyn Path,
    ) -> Option<Fired> {
        let (due, clocks) = self.due(guards, &functions, from, to);
        let to = due.min(to);
        let found = self
            .stuck(&functions, from, to, path)
            .or_else(|| self.search(functions.clone(), from, to, path));
        match found {
            Some(mut found) if !clocks.is_empty() && found.time >= due => {
                found.time = due;
                found.guards.extend(clocks);
                found.guards.sort_unstable();
                Some(found)
            }
            None if !clocks.is_empty() => Some(Fired {
                time: due,
                guards: clocks,
                endless: false,
            }),
            other => other,
        }
    }

    /// When the first of the guards of these functions that are functions of time alone is due in `(from, to]`, and all
    /// that are due then.
    pub(super) fn due(
        &mut self,
        guards: &dyn Guards,
        functions: &Range<usize>,
        from: f64,
        to: f64,
    ) -> (f64, Vec<usize>) {
        let (mut due, mut which) = (f64::INFINITY, Vec::new());
        for guard in self.guards_of(functions) {
            let Some(timed) = &mut self.timed[guard] else {
                continue;
            };
            let wanted = guards.direction(guard);
            let counts = |rises: bool| match wanted {
                Direction::Rising => rises,
                Direction::Falling => !rises,
                Direction::Both => true,
            };
            // What is known lies behind, or in the other direction.
            loop {
                match timed.next {
                    Some((at, rises)) if at > from && counts(rises) => break,
                    Some((at, _)) => (timed.next, timed.searched) = (None, at),
                    None if timed.searched >= to => break,
                    None => {
                        let searched = timed.searched.max(from);
                        match guards.crossing(guard, searched, to) {
                            Crossing::At { time, rises } => timed.next = Some((time, rises)),
                            Crossing::OfState | Crossing::Nowhere => timed.searched = to,
                        }
                    }
                }
            }
            match timed.next {
                Some((at, _)) if at <= to && at < due => (due, which) = (at, vec![guard]),
                Some((at, _)) if at <= to && at == due => which.push(guard),
                _ => {}
            }
        }
        (due, which)
    }

    /// Search the functions that are armed.
    fn search(
        &mut self,
        functions: Range<usize>,
        from: f64,
        to: f64,
        path: &mut dyn Path,
    ) -> Option<Fired> {
        let mut start = std::mem::take(&mut self.start);
        start.resize(functions.len(), 0.0);
        let mut found = None;
        for sample in 0..SAMPLES {
            let (low, high) = (edge(from, to, sample), edge(from, to, sample + 1));
            let time = |theta: f64| match theta {
                1.0 => high,
                _ => low + theta * (high - low),
            };
            self.evaluate(&functions, low, path, &mut start);
            self.keep_edge(&functions, sample);
            let mut search = std::mem::take(&mut self.search);
            let crossing = search.first(2, &start, &mut |theta, g| {
                self.evaluate(&functions, time(theta), path, g);
            });
            self.search = search;
            if let Some(crossing) = crossing {
                let which = crossing.which.iter().map(|k| functions.start + k);
                let mut fired: Vec<usize> = which.clone().map(|k| self.functions[k].0).collect();
                fired.dedup();
                which.for_each(|k| self.armed[k] = Arm::No);
                let time = time(crossing.theta);
                // What had not come back by then waits on.
                for k in functions.clone() {
                    if self.armed[k] == Arm::Yes && self.since[k] > time {
                        self.armed[k] = Arm::Reset;
                    }
                }
                found = Some(Fired {
                    time,
                    guards: fired,
                    endless: false,
                });
                break;
            }
            // `values` are those at the end of the interval.
            self.back_on_their_side(functions.clone());
        }
        if found.is_none() {
            self.keep_edge(&functions, SAMPLES);
            self.look_for_turns(&functions);
        }
        self.start = start;
        found
    }

    /// Keep the values at an edge of the intervals of the step.
    fn keep_edge(&mut self, functions: &Range<usize>, sample: usize) {
        for guard in self.guards_of(functions) {
            self.edges[guard][sample] = self.values[guard];
        }
    }

    /// Look for a guard function that turned at every edge.
    fn look_for_turns(&mut self, functions: &Range<usize>) {
        if self.rough || self.fast.is_some() {
            return;
        }
        let mut guards = self.guards_of(functions);
        let known = |guard: &usize| {
            let edges = &self.edges[*guard];
            // Where it stops being a number, a zero before that is not seen either.
            let ends = !edges[0].is_nan() && edges.iter().any(|edge| edge.is_nan());
            self.timed[*guard].is_none() && (ends || zigzags(edges))
        };
        self.fast = guards.find(known);
    }

    /// This guard passed its surface in its direction more often within a step than the path of a step can follow.
    pub(super) fn too_often(&mut self, guard: usize) {
        if self.timed[guard].is_none() {
            self.fast.get_or_insert(guard);
        }
    }

    /// The first guard that turned faster than it was looked at.
    pub(super) fn fast(&self) -> Option<usize> {
        self.fast
    }

    /// The guard of a function that is armed, and its sign; none for functions of time alone.
    pub(super) fn armed_of_state(&self, function: usize) -> Option<(usize, f64)> {
        let (guard, sign) = self.functions[function];
        let counts = self.armed[function] == Arm::Yes && self.timed[guard].is_none();
        counts.then_some((guard, sign))
    }

    /// How many functions there are.
    pub(super) fn functions(&self) -> usize {
        self.functions.len()
    }

    /// A function: its guard, its sign, and whether it is armed.
    pub(super) fn function(&self, k: usize) -> (usize, f64, bool) {
        let (guard, sign) = self.functions[k];
        (guard, sign, self.armed[k] == Arm::Yes)
    }

    /// Whether a guard is a function of time alone.
    pub(super) fn is_clock(&self, guard: usize) -> bool {
        self.timed[guard].is_some()
    }

    /// A guard has fired.
    pub(super) fn disarm(&mut self, guard: usize) {
        for k in self.functions_of(&(guard..guard + 1)) {
            self.armed[k] = Arm::No;
        }
    }

    /// Arm the functions that are on their own side by these values of all guards.
    pub(super) fn come_back(&mut self, g: &[f64]) {
        self.values.copy_from_slice(g);
        self.back_on_their_side(self.all());
    }

    /// These guards reset the state of a part, whose guards are now `g`. The other guards that this carried across their surfaces.
    pub(super) fn settle(&mut self, guards: &Range<usize>, by: &[usize], g: &[f64]) -> Vec<usize> {
        self.values[guards.clone()].copy_from_slice(g);
        let functions = self.functions_of(guards);
        let across = self.across(functions.clone(), by);
        self.reset_among(functions, by);
        across
    }

    /// The guards of these functions, others than `by`, that were on their own side and are beyond their surfaces by `values`.
    fn across(&self, functions: Range<usize>, by: &[usize]) -> Vec<usize> {
        let mut across = Vec::new();
        for k in functions {
            let (guard, sign) = self.functions[k];
            let carried = self.armed[k] == Arm::Yes && sign * self.values[guard] < 0.0;
            let state = self.timed[guard].is_none();
            if carried && state && !by.contains(&guard) && !across.contains(&guard) {
                across.push(guard);
            }
        }
        across
    }

    /// Arm the functions that are positive by `values`.
    fn back_on_their_side(&mut self, functions: Range<usize>) {
        for k in functions {
            let (guard, sign) = self.functions[k];
            if self.armed[k] == Arm::No && sign * self.values[guard] > 0.0 {
                self.armed[k] = Arm::Yes;
            }
        }
    }

    /// Whether any of these functions may cross within a step, by samples of its guards in `SAMPLES` equal intervals.
    /// If not, those that have come back to their own side are armed.
    pub(super) fn may_fire(
        &mut self,
        guards: &dyn Guards,
        functions: Range<usize>,
        (from, to): (f64, f64),
        samples: &[Vec<f64>],
    ) -> bool {
        let (due, _) = self.due(guards, &functions, from, to);
        let mut may = due <= to;
        for k in functions.clone() {
            let (guard, sign) = self.functions[k];
            if self.timed[guard].is_some() {
                continue;
            }
            let g: [f64; SAMPLES + 1] = std::array::from_fn(|s| sign * samples[s][guard]);
            if self.fast.is_none() && !self.rough && zigzags(&g) {
                self.fast = Some(guard);
            }
            let mut armed = self.armed[k] != Arm::No;
            may |= self.armed[k] == Arm::Reset;
            for (s, &value) in g.iter().enumerate() {
                // A little below zero at the start is rounding of what was resolved there.
                may |= armed && value < 0.0 && (s > 0 || self.armed[k] != Arm::No);
                armed |= value > 0.0;
            }
            let dips = g.array_windows::<3>().any(|&[a, b, c]| {
                let bend = a - 2.0 * b + c;
                let least = b - 0.125 * (c - a) * (c - a) / bend;
                b <= a && b <= c && bend > 0.0 && least < 0.5 * b
            });
            may |= armed && dips;
        }
        if !may {
            for k in functions {
                let (guard, sign) = self.functions[k];
                if samples.iter().any(|g| sign * g[guard] > 0.0) {
                    self.armed[k] = Arm::Yes;
                }
            }
        }
        may
    }

    /// Look at the functions that stand on their surfaces behind their own resets. Those that are sent back count from when they
    /// are there, the others once they have been there. Those that are sent back and never seen there, because they bounce
    /// below what the step resolves, would fire without end.
    fn stuck(
        &mut self,
        functions: &Range<usize>,
        from: f64,
        to: f64,
        path: &mut dyn Path,
    ) -> Option<Fired> {
        if !self.armed[functions.clone()].contains(&Arm::Reset) {
            return None;
        }
        let watched = self.guards_of(functions);
        let shares = || SHARES.rev().map(|power| (to - from) * 0.25_f64.powi(power));
        for later in shares() {
            let t = from + later;
            if t <= from || t >= to {
                continue;
            }
            path.values(t, &mut self.values[watched.clone()]);
            for k in functions.clone() {
                let (guard, sign) = self.functions[k];
                if self.armed[k] == Arm::Reset && sign * self.values[guard] > 0.0 {
                    (self.armed[k], self.since[k]) = (Arm::Yes, t);
                    self.sent_back[guard] = true;
                }
            }
        }
        if !self.armed[functions.clone()].contains(&Arm::Reset) {
            return None;
        }
        let mut start = vec![0.0; watched.len()];
        path.ahead(from, 0.0, &mut start);
        let mut rising = vec![Rise::default(); functions.len()];
        for later in shares() {
            path.ahead(from, later, &mut self.values[watched.clone()]);
            for (rise, k) in rising.iter_mut().zip(functions.clone()) {
                let (guard, sign) = self.functions[k];
                rise.see(sign * (self.values[guard] - start[guard - watched.start]));
            }
        }
        let mut guards = Vec::new();
        for (rise, k) in rising.iter().zip(functions.clone()) {
            let guard = self.functions[k].0;
            if self.armed[k] == Arm::Reset {
                self.armed[k] = Arm::No;
                // Sent back so far, ever faster, and now no longer: the steps have not resolved the last bounces.
                let at_rest = self.sent_back[guard] && self.past[guard].converges();
                if rise.is_rising() || at_rest {
                    guards.push(guard);
                } else {
                    self.sent_back[guard] = false;
                }
            }
        }
        guards.dedup();
        (!guards.is_empty()).then_some(Fired {
            time: from,
            guards,
            endless: true,
        })
    }

    /// Take note of an event; if it belongs to an accumulation, the guard and how that ends.
    pub(super) fn accumulates(&mut self, fired: &Fired) -> Option<(usize, End)> {
        let mut found = None;
        for &guard in &fired.guards {
            let past = &mut self.past[guard];
            let end = match fired.endless {
                true => Some(past.end(fired.time)),
                false => past.event(fired.time, self.began, 1),
            };
            found = end.map(|end| (guard, end)).or(found);
        }
        found
    }

    /// All that is needed to resume.
    pub(super) fn save(&self, memory: &mut Vec<f64>) {
        for past in &self.past {
            memory.extend(past.save());
        }
        memory.extend(&self.located);
        let flags = self.sent_back.iter();
        memory.extend(flags.map(|&back| f64::from(u8::from(back))));
        memory.extend(self.armed.iter().map(|&armed| f64::from(armed as u8)));
    }

    /// Take it back from the end of `memory`; the front is handed out.
    pub(super) fn restore<'m>(&mut self, memory: &'m [f64]) -> &'m [f64] {
        let count = self.past.len();
        let length = (Accumulation::MEMORY + 2) * count + self.armed.len();
        let (front, own) = memory.split_at(memory.len() - length);
        let (past, rest) = own.split_at(Accumulation::MEMORY * count);
        let (located, rest) = rest.split_at(count);
        self.located.copy_from_slice(located);
        let (back, armed) = rest.split_at(count);
        for (flag, &saved) in self.sent_back.iter_mut().zip(back) {
            *flag = saved != 0.0;
        }
        for (past, saved) in self.past.iter_mut().zip(past.as_chunks().0) {
            *past = Accumulation::restored(*saved);
        }
        for (armed, &saved) in self.armed.iter_mut().zip(armed) {
            *armed = match saved as u8 {
                0 => Arm::No,
                1 => Arm::Yes,
                _ => Arm::Reset,
            };
        }
        front
    }
}
