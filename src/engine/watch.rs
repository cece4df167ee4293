//! Guards watched over a step: zero crossings located on the dense output.
//!
//! A guard with a direction is a function that is positive before its crossing (two functions, if either
//! direction counts). It is armed where it is positive, so that one that has fired does not fire again before it
//! has been back on its own side; after a reset it is given the time to get there, however short. Events of one
//! guard that follow each other ever faster (a ball that bounces to rest) are an accumulation.

use std::ops::Range;

use super::nonsmooth::roots::Search;
use crate::system::guard::{Direction, Guards};

/// Intervals of a step in which guards are looked for.
pub(super) const SAMPLES: usize = 4;
/// Events of a guard that come this close, relative to the time, have no time between them.
const AT_ONCE: f64 = 1e-14;
/// So many events at once are no progress.
const MOST_AT_ONCE: f64 = 4.0;
/// So many ever shorter intervals, with next to nothing left to come, are an accumulation.
const SHRINKING: f64 = 10.0;
/// Next to nothing, relative to the time.
const LEFT: f64 = 1e-9;

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

/// The past of one guard.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Past {
    last: f64,
    interval: f64,
    shrinking: f64,
    at_once: f64,
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
    past: Vec<Past>,
    search: Search,
    values: Vec<f64>,
    start: Vec<f64>,
    /// Whether the ends of steps tell of all guards.
    monotone: bool,
}

/// Writes the guard functions at a time within a step into those that are looked at.
pub(super) type Guarding<'a> = &'a mut dyn FnMut(f64, &mut [f64]);

/// Guards that fire.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fired {
    /// When.
    pub time: f64,
    /// Which, in their order.
    pub guards: Vec<usize>,
}

impl Watch {
    /// Watch these guards from `(t, x)` on.
    pub(super) fn new(guards: &dyn Guards, t: f64, x: &[f64]) -> Self {
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
        let past = Past {
            last: f64::NEG_INFINITY,
            interval: f64::INFINITY,
            shrinking: 0.0,
            at_once: 0.0,
        };
        let mut watch = Self {
            armed: vec![Arm::No; functions.len()],
            past: vec![past; guards.count()],
            functions,
            search: Search::default(),
            values: vec![0.0; guards.count()],
            start: Vec::new(),
            monotone: (0..guards.count()).all(|guard| guards.is_monotone(guard)),
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

    /// Arm what is on its own side or on the surface, by `values`.
    fn arm(&mut self, functions: Range<usize>) {
        for k in functions {
            let (guard, sign) = self.functions[k];
            self.armed[k] = match sign * self.values[guard] >= 0.0 {
                true => Arm::Yes,
                false => Arm::No,
            };
        }
    }

    /// The state was reset by these guards; `value` writes the functions behind it. The other guards that this carried
    /// across their surfaces.
    pub(super) fn reset(&mut self, by: &[usize], value: &mut dyn FnMut(&mut [f64])) -> Vec<usize> {
        value(&mut self.values);
        let mut across = Vec::new();
        for (armed, &(guard, sign)) in self.armed.iter().zip(&self.functions) {
            let carried = *armed == Arm::Yes && sign * self.values[guard] < 0.0;
            if carried && !by.contains(&guard) && !across.contains(&guard) {
                across.push(guard);
            }
        }
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
            if by.contains(&guard) && self.values[guard].abs() <= 1e-12 * (1.0 + size) {
                self.armed[k] = Arm::Reset;
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
    fn evaluate(&mut self, functions: &Range<usize>, t: f64, at: Guarding<'_>, g: &mut [f64]) {
        let guards = self.guards_of(functions);
        at(t, &mut self.values[guards]);
        for (g, k) in g.iter_mut().zip(functions.clone()) {
            let (guard, sign) = self.functions[k];
            *g = match self.armed[k] {
                Arm::No => f64::INFINITY,
                _ => sign * self.values[guard],
            };
        }
    }

    /// The first crossing between `from` and `to`; `at(t, g)` writes the guard functions.
    pub(super) fn first(&mut self, from: f64, to: f64, at: Guarding<'_>) -> Option<Fired> {
        if self.monotone && self.armed.iter().all(|&armed| armed == Arm::Yes) {
            at(to, &mut self.values);
            let values = &self.values;
            let mut functions = self.functions.iter();
            if functions.all(|&(guard, sign)| sign * values[guard] > 0.0) {
                return None;
            }
        }
        self.first_among(self.all(), from, to, at)
    }

    /// The first crossing of these functions; `at(t, g)` writes the guard functions from the first to the last of
    /// their guards.
    pub(super) fn first_among(
        &mut self,
        functions: Range<usize>,
        from: f64,
        to: f64,
        at: Guarding<'_>,
    ) -> Option<Fired> {
        let from = match self.after_reset(&functions, from, to, at) {
            Ok(from) => from,
            Err(stuck) => return Some(stuck),
        };
        let mut start = std::mem::take(&mut self.start);
        start.resize(functions.len(), 0.0);
        let mut found = None;
        for sample in 0..SAMPLES {
            let (low, high) = (edge(from, to, sample), edge(from, to, sample + 1));
            let time = |theta: f64| match theta {
                1.0 => high,
                _ => low + theta * (high - low),
            };
            self.evaluate(&functions, low, at, &mut start);
            let mut search = std::mem::take(&mut self.search);
            let crossing = search.first(2, &start, &mut |theta, g| {
                self.evaluate(&functions, time(theta), at, g);
            });
            self.search = search;
            if let Some(crossing) = crossing {
                let which = crossing.which.iter().map(|k| functions.start + k);
                let mut fired: Vec<usize> = which.clone().map(|k| self.functions[k].0).collect();
                fired.dedup();
                which.for_each(|k| self.armed[k] = Arm::No);
                found = Some(Fired {
                    time: time(crossing.theta),
                    guards: fired,
                });
                break;
            }
            // `values` are those at the end of the interval.
            self.back_on_their_side(functions.clone());
        }
        self.start = start;
        found
    }

    /// Arm the functions that are positive by `values`.
    fn back_on_their_side(&mut self, functions: Range<usize>) {
        for k in functions {
            let (guard, sign) = self.functions[k];
            if sign * self.values[guard] > 0.0 {
                self.armed[k] = Arm::Yes;
            }
        }
    }

    /// Whether any of these functions may cross within a step, by samples of its guards in `SAMPLES` equal intervals.
    /// If not, those that have come back to their own side are armed.
    pub(super) fn may_fire(&mut self, functions: Range<usize>, samples: &[Vec<f64>]) -> bool {
        let mut may = false;
        for k in functions.clone() {
            let (guard, sign) = self.functions[k];
            let g: [f64; SAMPLES + 1] = std::array::from_fn(|s| sign * samples[s][guard]);
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

    /// Where to look from: as soon as what was reset is back on its own side; `Err` if it never gets there.
    fn after_reset(
        &mut self,
        functions: &Range<usize>,
        from: f64,
        to: f64,
        at: Guarding<'_>,
    ) -> Result<f64, Fired> {
        if !self.armed[functions.clone()].contains(&Arm::Reset) {
            return Ok(from);
        }
        let watched = self.guards_of(functions);
        for halvings in [30, 20, 12, 8, 5, 3, 2] {
            let t = from + (to - from) * 0.5_f64.powi(halvings);
            at(t, &mut self.values[watched.clone()]);
            let back = |k: usize| {
                let (guard, sign) = self.functions[k];
                self.armed[k] == Arm::Reset && sign * self.values[guard] > 0.0
            };
            // Of a guard that counts in both directions one function is always on the far side.
            if t > from && functions.clone().any(back) {
                for k in functions.clone() {
                    if self.armed[k] == Arm::Reset {
                        let (guard, sign) = self.functions[k];
                        let own = sign * self.values[guard] > 0.0;
                        self.armed[k] = if own { Arm::Yes } else { Arm::No };
                    }
                }
                return Ok(t);
            }
        }
        let stuck = functions.clone().filter(|&k| self.armed[k] == Arm::Reset);
        let mut guards: Vec<usize> = stuck.map(|k| self.functions[k].0).collect();
        guards.dedup();
        Err(Fired { time: from, guards })
    }

    /// Take note of an event; if it belongs to an accumulation, the time at which that ends.
    pub(super) fn accumulates(&mut self, fired: &Fired) -> Option<(usize, f64)> {
        let time = fired.time;
        let mut found = None;
        for &guard in &fired.guards {
            let past = &mut self.past[guard];
            let interval = time - past.last;
            if interval <= AT_ONCE * (1.0 + time.abs()) {
                past.at_once += 1.0;
                if past.at_once >= MOST_AT_ONCE {
                    found = Some((guard, time));
                }
            } else {
                past.at_once = 0.0;
                let ratio = interval / past.interval;
                let shorter = ratio < 0.9999;
                past.shrinking = if shorter { past.shrinking + 1.0 } else { 0.0 };
                past.interval = interval;
                let left = interval * ratio / (1.0 - ratio);
                if past.shrinking >= SHRINKING && left <= LEFT * (1.0 + time.abs()) {
                    found = Some((guard, time + left));
                }
            }
            past.last = time;
        }
        found
    }

    /// All that is needed to go on.
    pub(super) fn save(&self, memory: &mut Vec<f64>) {
        for past in &self.past {
            memory.extend([past.last, past.interval, past.shrinking, past.at_once]);
        }
        memory.extend(self.armed.iter().map(|&armed| f64::from(armed as u8)));
    }

    /// Take it back from the end of `memory`; the front is handed out.
    pub(super) fn restore<'m>(&mut self, memory: &'m [f64]) -> &'m [f64] {
        let length = 4 * self.past.len() + self.armed.len();
        let (front, own) = memory.split_at(memory.len() - length);
        let (past, armed) = own.split_at(4 * self.past.len());
        for (past, saved) in self.past.iter_mut().zip(past.as_chunks::<4>().0) {
            [past.last, past.interval, past.shrinking, past.at_once] = *saved;
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
