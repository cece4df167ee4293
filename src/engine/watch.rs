//! Guards watched over a step: zero crossings located on the dense output.
//!
//! A guard with a direction is a function that is positive before its crossing (two functions, if either
//! direction counts). It is armed where it is positive, so that one that has fired does not fire again before it
//! has been back on its own side; after a reset it is given the time to get there, however short. Events of one
//! guard that follow each other ever faster (a ball that bounces to rest) are an accumulation.

use super::nonsmooth::roots::Search;
use crate::system::guard::{Direction, Guards};

/// Intervals of a step in which guards are looked for.
const SAMPLES: usize = 4;
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

/// The guards of one run.
pub(super) struct Watch {
    /// Of each guard function: the guard, and the sign that makes it positive before its crossing.
    functions: Vec<(usize, f64)>,
    armed: Vec<Arm>,
    past: Vec<Past>,
    search: Search,
    values: Vec<f64>,
    state: Vec<f64>,
}

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
            state: x.to_vec(),
        };
        watch.arm(guards, t, x);
        watch
    }

    /// Arm what is on its own side or on the surface.
    fn arm(&mut self, guards: &dyn Guards, t: f64, x: &[f64]) {
        guards.values(t, x, &mut self.values);
        for (armed, &(guard, sign)) in self.armed.iter_mut().zip(&self.functions) {
            *armed = if sign * self.values[guard] >= 0.0 {
                Arm::Yes
            } else {
                Arm::No
            };
        }
    }

    /// The state was reset at `(t, x)` by these guards.
    pub(super) fn reset(&mut self, guards: &dyn Guards, t: f64, x: &[f64], by: &[usize]) {
        self.arm(guards, t, x);
        let size = self.values.iter().fold(0.0_f64, |max, g| max.max(g.abs()));
        for (armed, &(guard, _)) in self.armed.iter_mut().zip(&self.functions) {
            if by.contains(&guard) && self.values[guard].abs() <= 1e-12 * (1.0 + size) {
                *armed = Arm::Reset;
            }
        }
    }

    /// Write the armed functions at `(t, state)` into `g`.
    fn evaluate(&mut self, guards: &dyn Guards, t: f64, g: &mut [f64]) {
        guards.values(t, &self.state, &mut self.values);
        for ((g, &(guard, sign)), &armed) in g.iter_mut().zip(&self.functions).zip(&self.armed) {
            *g = match armed {
                Arm::No => f64::INFINITY,
                _ => sign * self.values[guard],
            };
        }
    }

    /// The first crossing between `from` and `to`; `at(t, x)` interpolates.
    pub(super) fn first(
        &mut self,
        guards: &dyn Guards,
        from: f64,
        to: f64,
        at: &mut dyn FnMut(f64, &mut [f64]),
    ) -> Option<Fired> {
        let mut start = vec![0.0; self.functions.len()];
        let from = match self.after_reset(guards, from, to, at) {
            Ok(from) => from,
            Err(stuck) => return Some(stuck),
        };
        let edge = |k: usize| match k {
            SAMPLES => to,
            _ => from + (to - from) * k as f64 / SAMPLES as f64,
        };
        for sample in 0..SAMPLES {
            let (low, high) = (edge(sample), edge(sample + 1));
            let time = |theta: f64| {
                if theta == 1.0 {
                    high
                } else {
                    low + theta * (high - low)
                }
            };
            at(low, &mut self.state);
            self.evaluate(guards, low, &mut start);
            let mut search = std::mem::take(&mut self.search);
            let found = search.first(2, &start, &mut |theta, g| {
                at(time(theta), &mut self.state);
                self.evaluate(guards, time(theta), g);
            });
            self.search = search;
            if let Some(found) = found {
                let fired = found.which.iter().map(|&k| self.functions[k].0);
                let mut fired: Vec<usize> = fired.collect();
                fired.dedup();
                for &k in &found.which {
                    self.armed[k] = Arm::No;
                }
                return Some(Fired {
                    time: time(found.theta),
                    guards: fired,
                });
            }
            // `values` are those at the end of the interval.
            for (armed, &(guard, sign)) in self.armed.iter_mut().zip(&self.functions) {
                if sign * self.values[guard] > 0.0 {
                    *armed = Arm::Yes;
                }
            }
        }
        None
    }

    /// Where to look from: as soon as what was reset is back on its own side; `Err` if it never gets there.
    fn after_reset(
        &mut self,
        guards: &dyn Guards,
        from: f64,
        to: f64,
        at: &mut dyn FnMut(f64, &mut [f64]),
    ) -> Result<f64, Fired> {
        if !self.armed.contains(&Arm::Reset) {
            return Ok(from);
        }
        for halvings in [30, 20, 12, 8, 5, 3, 2] {
            let t = from + (to - from) * 0.5_f64.powi(halvings);
            at(t, &mut self.state);
            guards.values(t, &self.state, &mut self.values);
            let back = |(armed, &(guard, sign)): (&Arm, &(usize, f64))| {
                *armed != Arm::Reset || sign * self.values[guard] > 0.0
            };
            let watched = self.armed.iter().zip(&self.functions);
            // Of a guard that counts in both directions one function is always on the far side.
            if t > from
                && watched
                    .clone()
                    .filter(|(armed, _)| **armed == Arm::Reset)
                    .any(back)
            {
                for (armed, &(guard, sign)) in self.armed.iter_mut().zip(&self.functions) {
                    if *armed == Arm::Reset {
                        let own = sign * self.values[guard] > 0.0;
                        *armed = if own { Arm::Yes } else { Arm::No };
                    }
                }
                return Ok(t);
            }
        }
        let stuck = self.armed.iter().zip(&self.functions);
        let stuck = stuck.filter(|(armed, _)| **armed == Arm::Reset);
        let mut guards: Vec<usize> = stuck.map(|(_, &(guard, _))| guard).collect();
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
