//! Oversight: what a run did not see, found at little cost and reported, never repaired.
//!
//! ```text
//! below atol   the largest |x_i| over all steps lies below 1000 atol_i: the error of x_i was not controlled
//! unseen       between the stages of a step a forcing u(t) leaves the range of its values there, and the
//!              drift differs from the slope of the solution by more than the tolerances explain
//! fast guard   a guard function turns more often within a step than the search could follow
//! ```
//!
//! For a forcing the interval of a step is halved where its enclosure may leave that range, so that a pulse is found however narrow
//! it is; a step whose enclosure does not leave it costs one enclosure.

use super::explicit::Tolerances;
use super::field::Field;
use super::scheme::Scheme;
use crate::system::forcing::Forcing;

/// A component that never exceeds this multiple of its absolute tolerance had no error control; with noise, whose tolerances are
/// crude, this one.
const CONTROLLED: f64 = 1000.0;
const CONTROLLED_NOISE: f64 = 100.0;
/// Tolerances from this one on are those of noise, though a run may have none.
const CRUDE: f64 = 1e-3;
/// Values below this share of the largest of their block are rounding of zero.
const ROUNDING: f64 = 1e-13;
/// Intervals of a step at whose ends a forcing counts as seen.
const SEEN: usize = 8;
/// Stretches of a step that are looked into.
const PATIENCE: usize = 400;
/// What is missed must matter by this multiple of the tolerances.
const MATTERS: f64 = 100.0;

/// What was noticed of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noticed {
    /// The component that stayed furthest below its absolute tolerance, and its largest absolute value.
    pub below_atol: Option<(usize, f64)>,
    /// When the drift did something between the stages of a step, and for how long.
    pub unseen: Option<(f64, f64)>,
    /// The first guard that turned faster than it was looked at.
    pub fast_guard: Option<usize>,
}

/// A component that has not exceeded a multiple of its tolerance.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    component: usize,
    largest: f64,
    /// Its value at the start; NaN as soon as it has moved.
    resting: f64,
}

/// The oversight of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Oversight {
    /// The multiple of its absolute tolerance that a component must exceed.
    controlled: f64,
    /// Components that have not, each with its largest absolute value and its first one, which is NaN as soon as it has moved.
    quiet: Vec<Quiet>,
    /// Where each block ends, and the largest absolute value of its components.
    blocks: Vec<(usize, f64)>,
    unseen: Option<(f64, f64)>,
    fast_guard: Option<usize>,
}

impl Oversight {
    /// Of a run that starts from `x`.
    pub(super) fn new(
        tolerances: Option<&Tolerances>,
        noisy: bool,
        blocks: &[usize],
        x: &[f64],
    ) -> Self {
        let mut oversight = Self::of(noisy, blocks);
        if let Some(tolerances) = tolerances {
            let finite = |&i: &usize| tolerances.atol[i].is_finite();
            let quiet = |component: usize| Quiet {
                component,
                largest: 0.0,
                resting: x[component],
            };
            oversight.quiet = (0..x.len()).filter(finite).map(quiet).collect();
            oversight.see(tolerances, x);
        }
        oversight
    }

    /// Of a run with noise or without, that has seen nothing.
    pub(super) fn of(noisy: bool, blocks: &[usize]) -> Self {
        let mut end = 0;
        let ends = blocks.iter().map(|length| {
            end += length;
            (end, 0.0)
        });
        Self {
            blocks: ends.collect(),
            controlled: if noisy { CONTROLLED_NOISE } else { CONTROLLED },
            ..Self::default()
        }
    }

    /// Whether the state after a step is of interest.
    pub(super) fn wants_states(&self) -> bool {
        !self.quiet.is_empty()
    }

    /// Take note of the state after a step.
    pub(super) fn see(&mut self, tolerances: &Tolerances, x: &[f64]) {
        let mut first = 0;
        for (end, largest) in &mut self.blocks {
            let sizes = x[first..*end].iter().map(|x| x.abs());
            (*largest, first) = (sizes.fold(*largest, f64::max), *end);
        }
        self.quiet.retain_mut(|quiet| {
            let (i, value) = (quiet.component, x[quiet.component]);
            quiet.largest = quiet.largest.max(value.abs());
            if value != quiet.resting {
                quiet.resting = f64::NAN;
            }
            let is_crude = tolerances.rtol >= CRUDE && tolerances.atol[i] >= CRUDE;
            let controlled = match is_crude {
                true => self.controlled.min(CONTROLLED_NOISE),
                false => self.controlled,
            };
            // NaN ends the run anyway.
            quiet.largest <= controlled * tolerances.atol[i]
        });
    }

    /// A guard turned too often within a step.
    pub(super) fn fast_guard(&mut self, guard: usize) {
        self.fast_guard.get_or_insert(guard);
    }

    /// Look for what the forcing did within the last step of a lane.
    pub(super) fn look<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        field: &F,
        scheme: &mut dyn Scheme<F, L>,
        lane: usize,
        forcing: &dyn Forcing,
    ) {
        if self.unseen.is_some() {
            return;
        }
        // An edge at either end belongs to what lies before it, and steps land on both.
        let ends = (
            scheme.previous_time(lane).next_up(),
            scheme.time(lane).next_down(),
        );
        if scheme.tolerances().is_none() || ends.0 >= ends.1 {
            return;
        }
        for index in 0..forcing.count() {
            let Some(found) = feature(forcing, index, ends) else {
                continue;
            };
            scheme.prepare_interpolation(field, lane);
            if matters(field, &*scheme, lane, found) {
                self.unseen = Some(found);
                return;
            }
        }
    }

    /// What was noticed up to the end.
    pub(super) fn noticed(&self, tolerances: Option<&Tolerances>) -> Noticed {
        let share = |quiet: &&Quiet| {
            tolerances.map_or(f64::INFINITY, |tolerances| {
                quiet.largest / tolerances.atol[quiet.component]
            })
        };
        // What is zero throughout, or rounding of zero, or never moves, needs no error control.
        let real = |quiet: &&Quiet| {
            let block = self
                .blocks
                .partition_point(|&(end, _)| end <= quiet.component);
            let greatest = self
                .blocks
                .get(block)
                .map_or(0.0, |&(_, greatest)| greatest);
            quiet.largest > ROUNDING * greatest && quiet.resting.is_nan()
        };
        let quiet = self.quiet.iter().filter(real);
        let quiet = quiet.min_by(|a, b| share(a).total_cmp(&share(b)));
        Noticed {
            below_atol: quiet.map(|quiet| (quiet.component, quiet.largest)),
            unseen: self.unseen,
            fast_guard: self.fast_guard,
        }
    }

    /// All that is needed to resume, its length last.
    pub(super) fn save(&self, memory: &mut Vec<f64>) {
        let from = memory.len();
        for quiet in &self.quiet {
            memory.extend([quiet.component as f64, quiet.largest, quiet.resting]);
        }
        let (time, width) = self.unseen.unwrap_or((f64::NAN, f64::NAN));
        let guard = self.fast_guard.map_or(-1.0, |guard| guard as f64);
        memory.extend(self.blocks.iter().map(|&(_, largest)| largest));
        memory.extend([time, width, guard]);
        memory.push((memory.len() - from) as f64);
    }

    /// Take it back from the end of `memory`; the front is handed out.
    pub(super) fn restore<'m>(&mut self, memory: &'m [f64]) -> &'m [f64] {
        let Some((&length, rest)) = memory.split_last() else {
            return memory;
        };
        let (front, own) = rest.split_at(rest.len().saturating_sub(length as usize));
        let Some((rest, &[time, width, guard])) = own.split_last_chunk() else {
            return front;
        };
        let (quiet, largest) = rest.split_at(rest.len().saturating_sub(self.blocks.len()));
        for ((_, block), &largest) in self.blocks.iter_mut().zip(largest) {
            *block = largest;
        }
        let quiet = quiet.as_chunks().0.iter();
        let quiet = quiet.map(|&[component, largest, resting]| Quiet {
            component: component as usize,
            largest,
            resting,
        });
        self.quiet = quiet.collect();
        self.unseen = (!time.is_nan()).then_some((time, width));
        self.fast_guard = (guard >= 0.0).then_some(guard as usize);
        front
    }
}

/// Where a forcing leaves the range that its values at a few points of a step have, by more than that range is wide, and for how
/// long it does.
fn feature(forcing: &dyn Forcing, index: usize, (from, to): (f64, f64)) -> Option<(f64, f64)> {
    // A forcing that does nothing between the ends of a step is the common case: no more than twice what it does from end to end.
    let ends = [forcing.value(index, from), forcing.value(index, to)];
    let [least, most] = forcing.bounds(index, from, to);
    let (low, high) = range(&ends);
    if low <= least && most <= high {
        return None;
    }
    let at = |k: usize| from + (to - from) * k as f64 / SEEN as f64;
    let seen: [f64; SEEN + 1] = std::array::from_fn(|k| match k {
        0 => ends[0],
        SEEN => ends[1],
        _ => forcing.value(index, at(k)),
    });
    let outlier = outlier(&seen).map(|k| {
        let rest: Vec<f64> = (0..=SEEN).filter(|&j| j != k).map(|j| seen[j]).collect();
        let (low, high) = range(&rest);
        let excess = (low - seen[k]).max(seen[k] - high);
        let half = |t: f64| {
            let value = forcing.value(index, t);
            (low - value).max(value - high) > 0.5 * excess
        };
        (excess, at(k), width(&half, at(k), (from, to)))
    });
    // The widest excess of all intervals, each beyond what the values around it vary by. A point that stands out may stand in the
    // tail of what lies beside it.
    let found = (0..SEEN).filter_map(|k| {
        let around = &seen[k.saturating_sub(1)..(k + 3).min(SEEN + 1)];
        furthest(forcing, index, (at(k), at(k + 1)), range(around))
    });
    found
        .chain(outlier)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, time, width)| (time, width))
}

/// How far a forcing leaves a range in an interval, where that is, and for how long.
fn furthest(
    forcing: &dyn Forcing,
    index: usize,
    (from, to): (f64, f64),
    (low, high): (f64, f64),
) -> Option<(f64, f64, f64)> {
    let beyond = |least: f64, most: f64| (low - least).max(most - high);
    let bound = |from: f64, to: f64| {
        let [least, most] = forcing.bounds(index, from, to);
        beyond(least, most)
    };
    // The stretch that may be furthest out is halved, until what was found is no less than half of what may be.
    let mut open = vec![(bound(from, to), from, to)];
    let mut best = (0.0, f64::NAN);
    for _ in 0..PATIENCE {
        let stretches = open.iter().enumerate();
        let furthest = stretches.max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0));
        let Some((place, &(excess, a, b))) = furthest else {
            break;
        };
        let middle = a + 0.5 * (b - a);
        if excess <= 0.0 || excess <= 2.0 * best.0 || middle <= a || middle >= b {
            break;
        }
        open.swap_remove(place);
        let value = forcing.value(index, middle);
        let found = beyond(value, value);
        if found > best.0 {
            best = (found, middle);
        }
        let halves = [(a, middle), (middle, b)].map(|(a, b)| (bound(a, b), a, b));
        open.extend(halves.iter().filter(|one| one.0 > 0.0));
    }
    let (excess, time) = best;
    let half = |t: f64| {
        let value = forcing.value(index, t);
        beyond(value, value) > 0.5 * excess
    };
    (excess > 0.0).then(|| (excess, time, width(&half, time, (from, to))))
}

/// The range of values, with as much room on either side as it is wide.
fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let room = (high - low).max(1e-9 * low.abs().max(high.abs()));
    (low - room, high + room)
}

/// The one value that is out of the range of all others: a pulse that a point happens to lie on.
fn outlier(values: &[f64; SEEN + 1]) -> Option<usize> {
    (1..SEEN).find(|&k| {
        let others = |pick: fn(f64, f64) -> f64, from: f64| {
            let rest = values.iter().enumerate().filter(|(j, _)| *j != k);
            rest.fold(from, |found, (_, &u)| pick(found, u))
        };
        let low = others(f64::min, f64::INFINITY);
        let high = others(f64::max, f64::NEG_INFINITY);
        let room = 4.0 * (high - low) + 1e-9 * low.abs().max(high.abs());
        !(low - room..=high + room).contains(&values[k])
    })
}

/// For how long a forcing is half as far out of its range as at a time.
fn width(out: &dyn Fn(f64) -> bool, around: f64, (from, to): (f64, f64)) -> f64 {
    let edge = |towards: f64| {
        let mut share = 1.0;
        while share > 1e-15
            && !(1..=4).all(|k| out(around + share * 0.25 * f64::from(k) * (towards - around)))
        {
            share *= 0.5;
        }
        share * (towards - around).abs()
    };
    edge(from) + edge(to)
}

/// Whether the drift at a time within the last step differs from the slope of the solution by more than the tolerances explain.
fn matters<F: Field<L> + ?Sized, const L: usize>(
    field: &F,
    scheme: &dyn Scheme<F, L>,
    lane: usize,
    (time, width): (f64, f64),
) -> bool {
    let Some(tolerances) = scheme.tolerances() else {
        return false;
    };
    let dim = field.dim();
    let (mut x, mut drift) = (vec![0.0; dim], vec![0.0; dim]);
    let (mut before, mut after) = (vec![0.0; dim], vec![0.0; dim]);
    let (from, to) = (scheme.previous_time(lane), scheme.time(lane));
    let shift = 1e-3 * (to - from);
    let (left, right) = ((time - shift).max(from), (time + shift).min(to));
    scheme.interpolate(lane, time, &mut x);
    scheme.interpolate(lane, left, &mut before);
    scheme.interpolate(lane, right, &mut after);
    field.drift_of(lane, time, &x, &mut drift);
    (0..dim).any(|i| {
        let slope = (after[i] - before[i]) / (right - left);
        let tolerance = tolerances.atol[i] + tolerances.rtol * x[i].abs();
        tolerance.is_finite() && (drift[i] - slope).abs() * width > MATTERS * tolerance
    })
}
