//! Stimuli: additive inputs in time on a channel that a family names.
//!
//! A [`Waveform`] of time acts on chosen cells of a channel while `from < t <= to`. Time within a
//! waveform counts from `from`:
//!
//! ```text
//! constant   A
//! sine       A sin(2 pi f (t - from) + phase)
//! ramp       A (t - from) / (to - from)
//! pulses     A while the phase of f (t - from) + phase/(2 pi) within its period is in (0, width f]
//! file       A times the samples of the file, linear between them, at simulation time
//! ```
//!
//! Every edge is a breakpoint: the engine lands on it and takes up the drift just behind it, so that no
//! step straddles a jump. An edge belongs to what lies before it (`t = to` is still stimulated).

use std::f64::consts::TAU;

use super::batch::LANES;
use super::parameters::BuildError;

/// A channel that a family offers to stimuli.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// Name in `channel = "..."`.
    pub name: &'static str,
    /// Unit of the amplitude.
    pub unit: &'static str,
    /// One line for people.
    pub meaning: &'static str,
    /// The dynamics variants that have it; empty means all.
    pub dynamics: &'static [&'static str],
}

/// A function of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Waveform {
    /// The amplitude.
    Constant,
    /// A sine; frequency in cycles per unit of time, phase in radians at `from`.
    Sine {
        /// Cycles per unit of time.
        frequency: f64,
        /// Radians at `from`.
        phase: f64,
    },
    /// From 0 at `from` to the amplitude at `to`.
    Ramp,
    /// Rectangular pulses.
    Pulses {
        /// Pulses per unit of time.
        frequency: f64,
        /// Radians by which the train is ahead at `from`.
        phase: f64,
        /// Duration of a pulse.
        width: f64,
    },
    /// Samples, linear between them.
    Samples {
        /// Times, strictly ascending.
        times: Vec<f64>,
        /// Values at the times.
        values: Vec<f64>,
    },
}

/// Where a stimulus acts.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// On every cell.
    Everywhere,
    /// On the cells from the first to the last, both included, counted from 0.
    Cells([usize; 2]),
    /// On the cells within `radius` of `center`, in the coordinates of the family.
    Disc {
        /// Coordinates of the centre.
        center: Vec<f64>,
        /// Greatest distance, included.
        radius: f64,
    },
}

/// One `[[stimulus]]` of the experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Stimulus {
    /// The channel it acts on.
    pub channel: String,
    /// Its course in time.
    pub waveform: Waveform,
    /// The factor A.
    pub amplitude: f64,
    /// It acts for `from < t <= to`.
    pub from: f64,
    /// It acts for `from < t <= to`; may be infinite except for a ramp.
    pub to: f64,
    /// Where it acts.
    pub place: Place,
}

impl Stimulus {
    /// The value at time `t`.
    pub fn value(&self, t: f64) -> f64 {
        if !(self.from < t && t <= self.to) {
            return 0.0;
        }
        let since = t - self.from;
        self.amplitude
            * match &self.waveform {
                Waveform::Constant => 1.0,
                Waveform::Sine { frequency, phase } => (TAU * frequency * since + phase).sin(),
                Waveform::Ramp => since / (self.to - self.from),
                Waveform::Pulses {
                    frequency,
                    phase,
                    width,
                } => {
                    let shift = phase / TAU / frequency;
                    let index = pulse_index(self.from - shift, *frequency, t);
                    let onset = pulse_onset(self.from - shift, *frequency, index);
                    f64::from(t <= onset + width)
                }
                Waveform::Samples { times, values } => interpolate(times, values, t),
            }
    }

    /// The derivative in time at `t`, from the left at an edge as the value is.
    pub fn rate(&self, t: f64) -> f64 {
        if !(self.from < t && t <= self.to) {
            return 0.0;
        }
        self.amplitude
            * match &self.waveform {
                Waveform::Constant | Waveform::Pulses { .. } => 0.0,
                Waveform::Sine { frequency, phase } => {
                    TAU * frequency * (TAU * frequency * (t - self.from) + phase).cos()
                }
                Waveform::Ramp => 1.0 / (self.to - self.from),
                Waveform::Samples { times, values } => {
                    let next = times.partition_point(|&time| time < t);
                    match (next.checked_sub(1), times.get(next)) {
                        (Some(before), Some(&time)) => {
                            (values[next] - values[before]) / (time - times[before])
                        }
                        _ => 0.0,
                    }
                }
            }
    }

    /// The first time after `t` at which the value is not smooth.
    pub fn next_breakpoint(&self, t: f64) -> f64 {
        if t < self.from {
            return self.from;
        }
        if t >= self.to {
            return f64::INFINITY;
        }
        let inner = match &self.waveform {
            Waveform::Constant | Waveform::Sine { .. } | Waveform::Ramp => f64::INFINITY,
            Waveform::Pulses {
                frequency,
                phase,
                width,
            } => {
                let first = self.from - phase / TAU / frequency;
                // Two periods from the pulse before `t` on always hold an edge after `t`.
                let index = pulse_index(first, *frequency, t);
                (0..3)
                    .map(|ahead| pulse_onset(first, *frequency, index + f64::from(ahead)))
                    .flat_map(|onset| [onset, onset + width])
                    .filter(|&edge| edge > t)
                    .fold(f64::INFINITY, f64::min)
            }
            Waveform::Samples { times, .. } => {
                let next = times.partition_point(|&time| time <= t);
                times.get(next).copied().unwrap_or(f64::INFINITY)
            }
        };
        inner.min(self.to)
    }
}

/// The index of the pulse whose onset is the last one strictly before `t`.
fn pulse_index(first: f64, frequency: f64, t: f64) -> f64 {
    let index = ((t - first) * frequency).floor();
    // The product may round to either side of a whole number: decide with the onsets themselves.
    if pulse_onset(first, frequency, index) >= t {
        index - 1.0
    } else if pulse_onset(first, frequency, index + 1.0) < t {
        index + 1.0
    } else {
        index
    }
}

fn pulse_onset(first: f64, frequency: f64, index: f64) -> f64 {
    first + index / frequency
}

/// Linear interpolation; zero outside the samples.
fn interpolate(times: &[f64], values: &[f64], t: f64) -> f64 {
    let next = times.partition_point(|&time| time < t);
    match (next.checked_sub(1), times.get(next)) {
        (_, Some(&time)) if time == t => values[next],
        (Some(before), Some(&time)) => {
            let share = (t - times[before]) / (time - times[before]);
            values[before] + share * (values[next] - values[before])
        }
        _ => 0.0,
    }
}

/// The stimuli on one channel, with their cells resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drive {
    stimuli: Vec<(Stimulus, Vec<usize>)>,
}

impl Drive {
    /// The stimuli among `all` that act on `channel`, over `cells` cells whose coordinates are given
    /// row by row if the family has a space.
    ///
    /// # Errors
    /// If a cell does not exist, or a disc is asked of a family without coordinates, or holds no cell.
    pub fn new(
        all: &[Stimulus],
        channel: &str,
        cells: usize,
        coordinates: Option<&[Vec<f64>]>,
    ) -> Result<Self, BuildError> {
        let mut stimuli = Vec::new();
        for (number, stimulus) in all.iter().enumerate() {
            if stimulus.channel != channel {
                continue;
            }
            let chosen = resolve(&stimulus.place, cells, coordinates)
                .map_err(|message| BuildError::about(format!("stimulus[{number}]"), message))?;
            stimuli.push((stimulus.clone(), chosen));
        }
        Ok(Self { stimuli })
    }

    /// Whether nothing acts on the channel.
    pub fn is_empty(&self) -> bool {
        self.stimuli.is_empty()
    }

    /// The derivative in time of the stimuli of one cell.
    pub fn rate(&self, cell: usize, t: f64) -> f64 {
        let acting = self
            .stimuli
            .iter()
            .filter(|(_, cells)| cells.contains(&cell));
        acting.map(|(stimulus, _)| stimulus.rate(t)).sum()
    }

    /// Whether all stimuli are constant between their edges.
    pub fn is_steady(&self) -> bool {
        let steady =
            |waveform: &Waveform| matches!(waveform, Waveform::Constant | Waveform::Pulses { .. });
        self.stimuli
            .iter()
            .all(|(stimulus, _)| steady(&stimulus.waveform))
    }

    /// Add the stimuli at time `t` to `out`, one number per cell.
    pub fn add(&self, t: f64, out: &mut [f64]) {
        for (stimulus, cells) in &self.stimuli {
            let value = stimulus.value(t);
            for &cell in cells {
                out[cell] += value;
            }
        }
    }

    /// As [`add`](Self::add), of the stimuli that act strictly inside `from < t < to`: what a published fixed-step
    /// simulation has, which looks at the start of each step.
    pub fn add_inside(&self, t: f64, out: &mut [f64]) {
        for (stimulus, cells) in self.stimuli.iter().filter(|(one, _)| t < one.to) {
            let value = stimulus.value(t);
            for &cell in cells {
                out[cell] += value;
            }
        }
    }

    /// Add the stimuli of every lane of a batch: `out` is `[cell, lane]`, with one time per lane.
    pub fn add_lanes(&self, t: &[f64; LANES], out: &mut [f64]) {
        for (stimulus, cells) in &self.stimuli {
            let values = t.map(|t| stimulus.value(t));
            for &cell in cells {
                for (out, value) in out[cell * LANES..].iter_mut().zip(values) {
                    *out += value;
                }
            }
        }
    }

    /// Add the stimuli of one lane of a batch at its time.
    pub fn add_lane(&self, lane: usize, t: f64, out: &mut [f64]) {
        for (stimulus, cells) in &self.stimuli {
            let value = stimulus.value(t);
            for &cell in cells {
                out[cell * LANES + lane] += value;
            }
        }
    }

    /// The first edge after `t` of any of the stimuli.
    pub fn next_breakpoint(&self, t: f64) -> f64 {
        self.stimuli
            .iter()
            .map(|(stimulus, _)| stimulus.next_breakpoint(t))
            .fold(f64::INFINITY, f64::min)
    }
}

fn resolve(
    place: &Place,
    cells: usize,
    coordinates: Option<&[Vec<f64>]>,
) -> Result<Vec<usize>, String> {
    match place {
        Place::Everywhere => Ok((0..cells).collect()),
        Place::Cells([first, last]) => {
            if first > last || *last >= cells {
                return Err(format!(
                    "cells = [{first}, {last}] must be ascending and below {cells}, the number of cells"
                ));
            }
            Ok((*first..=*last).collect())
        }
        Place::Disc { center, radius } => {
            let Some(coordinates) = coordinates else {
                return Err(
                    "`center` and `radius` need a model with a space; use `cells` or `everywhere`"
                        .into(),
                );
            };
            let chosen: Vec<usize> = (0..cells)
                .filter(|&cell| {
                    let square: f64 = coordinates[cell]
                        .iter()
                        .zip(center)
                        .map(|(a, b)| (a - b) * (a - b))
                        .sum();
                    square.sqrt() <= *radius
                })
                .collect();
            if chosen.is_empty() {
                return Err(format!("no cell lies within {radius} of {center:?}"));
            }
            Ok(chosen)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stimulus(waveform: Waveform, from: f64, to: f64) -> Stimulus {
        Stimulus {
            channel: "input".into(),
            waveform,
            amplitude: 2.0,
            from,
            to,
            place: Place::Everywhere,
        }
    }

    #[test]
    fn edges_belong_to_what_lies_before_them() {
        let s = stimulus(Waveform::Constant, 1.0, 3.0);
        assert_eq!(s.value(1.0), 0.0);
        assert_eq!(s.value(1.0_f64.next_up()), 2.0);
        assert_eq!(s.value(3.0), 2.0);
        assert_eq!(s.value(3.0_f64.next_up()), 0.0);
        assert_eq!(s.next_breakpoint(0.0), 1.0);
        assert_eq!(s.next_breakpoint(1.0), 3.0);
        assert_eq!(s.next_breakpoint(3.0), f64::INFINITY);
    }

    #[test]
    fn waveforms_match_their_formulas() {
        let sine = stimulus(
            Waveform::Sine {
                frequency: 0.25,
                phase: 0.0,
            },
            1.0,
            f64::INFINITY,
        );
        assert!((sine.value(2.0) - 2.0).abs() < 1e-15);
        let ramp = stimulus(Waveform::Ramp, 1.0, 3.0);
        assert_eq!(ramp.value(2.0), 1.0);
        let samples = stimulus(
            Waveform::Samples {
                times: vec![0.0, 1.0, 3.0],
                values: vec![0.0, 1.0, 0.0],
            },
            0.0,
            3.0,
        );
        assert_eq!(samples.value(2.0), 1.0);
        assert_eq!(samples.value(1.0), 2.0);
        assert_eq!(samples.next_breakpoint(0.5), 1.0);
    }

    #[test]
    fn pulses_switch_exactly_at_their_edges() {
        let pulses = stimulus(
            Waveform::Pulses {
                frequency: 10.0,
                phase: 0.0,
                width: 0.03,
            },
            0.5,
            2.0,
        );
        let (mut t, mut edges) = (0.0_f64, Vec::new());
        while t.is_finite() {
            t = pulses.next_breakpoint(t);
            edges.push(t);
        }
        edges.pop();
        // from, then an end and an onset for each of 15 periods; the last onset is `to` itself.
        assert_eq!(edges.len(), 1 + 2 * 15);
        for pair in edges.windows(2) {
            let inside = pulses.value(pair[0].next_up());
            assert_eq!(inside, pulses.value(0.5 * (pair[0] + pair[1])));
            assert_eq!(inside, pulses.value(pair[1]));
        }
    }

    #[test]
    fn places_are_checked() {
        let mut one = stimulus(Waveform::Constant, 0.0, 1.0);
        one.place = Place::Cells([0, 5]);
        let error = Drive::new(&[one], "input", 3, None).unwrap_err();
        assert!(error.message.contains("below 3"), "{error}");
        assert_eq!(error.parameter.as_deref(), Some("stimulus[0]"));
    }
}
