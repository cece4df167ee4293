//! `seizure-stages`: what became of a seizure, from one look at every sample.
//!
//! ```text
//! A_c            activity of the centre cell;  t_off  end of the first stimulus (the start of a run without one)
//! ictal_end      last time at which any cell has A > 0.1; no seizure unless it exceeds t_off by more than 0.1 s
//! tonic_length   longest interval behind t_off with A_c > 0.1 at every sample, if longer than 1 s
//! burst          local maximum of A_c with prominence > 0.1
//! clonic_onset   time of the first burst behind the first A_c < 0.02 behind t_off
//! clonic_frequency   1 / median interval of the bursts from the onset on
//! stage          none | clonic (no tonic interval) | tonic-clonic (tonic before any dip) | mixed (bursts, then tonic)
//! lfp_swing_tonic    peak-to-peak LFP at the centre from 3 s to 6 s into the longest tonic interval
//! lfp_swing_clonic   the same from 1.5 s to 4.5 s behind the first burst, or from 0 to 3 s if the seizure ends before
//! ```
//!
//! A maximum has prominence > p exactly if the signal rises by more than p to it and falls by more than p behind it
//! before it rises above it, which one pass with one turning point in hand finds. Times in ms, frequencies in Hz. Source:
//! the classifier and its thresholds are assumed; the literature told stages by eye.

use super::network::{Network, blocks};
use super::observables::RECRUITED;
use super::spirals::Spirals;
use crate::prelude::*;

const DIP: f64 = 0.02;
const PROMINENCE: f64 = 0.1;
/// A seizure outlives its stimulus by more than this, ms.
const AFTERGLOW: f64 = 100.0;
/// A tonic interval lasts longer than this, ms.
const TONIC: f64 = 1000.0;
/// When the swing of a tonic interval is measured, ms from its beginning.
const STEADY: [f64; 2] = [3000.0, 6000.0];
/// When the swing of bursts is measured, ms behind the first: once they have settled, or at once in a short seizure.
const SWINGS: [[f64; 2]; 2] = [[1500.0, 4500.0], [0.0, 3000.0]];
/// Room for the bursts of some minutes, so that none is made on the way.
const BURSTS: usize = 2048;

/// What a run can turn out to be.
pub const STAGES: &[(i8, &str)] = &[
    (0, "none"),
    (1, "clonic"),
    (2, "mixed"),
    (3, "tonic-clonic"),
];

/// The declaration of the analysis.
pub struct SeizureStages;

impl Analysis for SeizureStages {
    fn name(&self) -> &'static str {
        "seizure-stages"
    }

    fn meaning(&self) -> &'static str {
        "what became of a seizure: its stage, onsets, lengths, frequency and amplitudes, without storing the run"
    }

    fn needs_time(&self) -> bool {
        true
    }

    fn follows(&self) -> bool {
        true
    }

    fn run(&self, _subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        Err(AnalysisError::Failed(
            "it looks on while a run goes on: `run` does it".into(),
        ))
    }
}

/// The least and the greatest of what was seen.
#[derive(Clone, Copy, Debug)]
struct Extent([f64; 2]);

impl Extent {
    const NONE: Extent = Extent([f64::INFINITY, f64::NEG_INFINITY]);

    fn see(&mut self, value: f64) {
        self.0 = [self.0[0].min(value), self.0[1].max(value)];
    }

    fn width(self) -> f64 {
        match self.0[0] <= self.0[1] {
            true => self.0[1] - self.0[0],
            false => f64::NAN,
        }
    }
}

/// A tonic interval.
#[derive(Clone, Copy, Debug)]
struct Interval {
    first: f64,
    last: f64,
    swing: Extent,
}

impl Interval {
    /// Shorter than every other.
    const NONE: Interval = Interval {
        first: 0.0,
        last: -1.0,
        swing: Extent::NONE,
    };

    fn length(&self) -> f64 {
        self.last - self.first
    }
}

/// The classifier at work on one run.
pub struct Stages<'a> {
    network: &'a Network,
    centre: usize,
    off: f64,
    activity: Vec<f64>,
    ictal_end: f64,
    peak_chloride: f64,
    /// Whether the signal rises since its last turning point, the extreme since then, and its time.
    rising: bool,
    extreme: [f64; 2],
    /// The first dip, and the first burst behind it as it was told.
    dip: f64,
    told: f64,
    bursts: Vec<f64>,
    current: Interval,
    longest: Interval,
    clonic: [Extent; 2],
    samples: f64,
    spirals: Option<Spirals>,
}

impl<'a> Stages<'a> {
    fn new(network: &'a Network, span: (f64, f64)) -> Self {
        let off = network.stimuli.first().map_or(span.0, |first| first.to);
        Self {
            centre: network.centre(),
            off: off.min(span.1),
            activity: vec![0.0; network.space.cells()],
            ictal_end: f64::NAN,
            peak_chloride: f64::NEG_INFINITY,
            rising: true,
            extreme: [f64::NEG_INFINITY, span.0],
            dip: f64::NAN,
            told: f64::NAN,
            bursts: Vec::with_capacity(BURSTS),
            current: Interval::NONE,
            longest: Interval::NONE,
            clonic: [Extent::NONE; 2],
            samples: 0.0,
            spirals: (network.space.dimensions() == 2).then(|| Spirals::new(&network.space)),
            network,
        }
    }

    /// Take in the activity of the centre: turning points with prominence.
    fn turn(&mut self, t: f64, a: f64) {
        let ahead = match self.rising {
            true => a > self.extreme[0],
            false => a < self.extreme[0],
        };
        if ahead {
            self.extreme = [a, t];
        } else if self.rising && self.extreme[0] - a > PROMINENCE {
            // The rise to the very first maximum counts from the start of the run.
            if self.extreme[1] > self.dip {
                if self.bursts.is_empty() {
                    self.told = t;
                }
                self.bursts.push(self.extreme[1]);
            }
            (self.rising, self.extreme) = (false, [a, t]);
        } else if !self.rising && a - self.extreme[0] > PROMINENCE {
            (self.rising, self.extreme) = (true, [a, t]);
        }
    }

    /// The longest tonic interval, the one at the end included.
    fn tonic(&self) -> Option<Interval> {
        let longer = self.current.length() > self.longest.length();
        let longest = if longer { self.current } else { self.longest };
        (longest.length() > TONIC).then_some(longest)
    }

    fn frequency(&self) -> f64 {
        let mut intervals: Vec<f64> = self.bursts.windows(2).map(|two| two[1] - two[0]).collect();
        intervals.sort_by(f64::total_cmp);
        let middle = intervals.len() / 2;
        match intervals.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => 1000.0 / intervals[middle],
            _ => 2000.0 / (intervals[middle - 1] + intervals[middle]),
        }
    }
}

impl Follower for Stages<'_> {
    fn observe(&mut self, t: f64, x: &[f64]) {
        let state = blocks(x, self.network.space.cells());
        self.network.activity(x, &mut self.activity);
        let a = self.activity[self.centre];
        if self.activity.iter().any(|&a| a > RECRUITED) {
            self.ictal_end = t;
        }
        self.peak_chloride = state
            .chloride
            .iter()
            .fold(self.peak_chloride, |peak, &cl| peak.max(cl));
        let behind = t > self.off;
        if behind && self.dip.is_nan() && a < DIP {
            self.dip = t;
        }
        self.turn(t, a);
        let lfp = self.network.lfp(&state, self.centre);
        if behind && a > RECRUITED {
            if self.current.length() < 0.0 {
                self.current.first = t;
            }
            self.current.last = t;
            let age = self.current.length();
            if (STEADY[0]..=STEADY[1]).contains(&age) {
                self.current.swing.see(lfp);
            }
        } else if self.current.length() >= 0.0 {
            if self.current.length() > self.longest.length() {
                self.longest = self.current;
            }
            self.current = Interval::NONE;
        }
        for (clonic, [first, last]) in self.clonic.iter_mut().zip(SWINGS) {
            if t >= self.told + first && t <= self.told + last {
                clonic.see(lfp);
            }
        }
        if let Some(spirals) = &mut self.spirals {
            spirals.observe(t, &state, &self.activity);
        }
        self.samples += 1.0;
    }

    fn finish(&self, out: &mut [f64]) {
        out.fill(f64::NAN);
        if self.samples == 0.0 {
            return;
        }
        let tonic = self.tonic();
        let seizure = self.ictal_end > self.off + AFTERGLOW;
        let stage = match tonic {
            _ if !seizure => 0.0,
            None => 1.0,
            Some(tonic) if tonic.first > self.dip => 2.0,
            Some(_) => 3.0,
        };
        let onset = self.bursts.first().copied().unwrap_or(f64::NAN);
        let swing = tonic.map_or(f64::NAN, |tonic| match tonic.length() >= STEADY[1] {
            true => tonic.swing.width(),
            false => f64::NAN,
        });
        let found = [
            stage,
            tonic.map_or(0.0, |tonic| tonic.length()),
            onset,
            self.frequency(),
            self.bursts.len() as f64,
            self.ictal_end,
            self.peak_chloride,
            swing,
            self.clonic[usize::from(self.ictal_end < self.told + SWINGS[0][1])].width(),
        ];
        out[..found.len()].copy_from_slice(&found);
        if let Some(spirals) = &self.spirals {
            out[found.len()] = spirals.count();
        }
    }

    fn save(&self) -> Vec<f64> {
        let interval = |one: &Interval| [one.first, one.last, one.swing.0[0], one.swing.0[1]];
        let mut memory = vec![
            self.ictal_end,
            self.peak_chloride,
            f64::from(u8::from(self.rising)),
            self.extreme[0],
            self.extreme[1],
            self.dip,
            self.told,
            self.samples,
            self.clonic[0].0[0],
            self.clonic[0].0[1],
            self.clonic[1].0[0],
            self.clonic[1].0[1],
        ];
        memory.extend(interval(&self.current));
        memory.extend(interval(&self.longest));
        memory.push(self.bursts.len() as f64);
        memory.extend(&self.bursts);
        if let Some(spirals) = &self.spirals {
            spirals.save(&mut memory);
        }
        memory
    }

    fn restore(&mut self, memory: &[f64]) {
        let (head, rest) = memory.split_at(21);
        let interval = |at: usize| Interval {
            first: head[at],
            last: head[at + 1],
            swing: Extent([head[at + 2], head[at + 3]]),
        };
        (self.ictal_end, self.peak_chloride) = (head[0], head[1]);
        (self.rising, self.extreme) = (head[2] != 0.0, [head[3], head[4]]);
        (self.dip, self.told) = (head[5], head[6]);
        self.samples = head[7];
        self.clonic = [8, 10].map(|at| Extent([head[at], head[at + 1]]));
        (self.current, self.longest) = (interval(12), interval(16));
        let (bursts, rest) = rest.split_at(head[20] as usize);
        self.bursts.clear();
        self.bursts.extend(bursts);
        if let Some(spirals) = &mut self.spirals {
            spirals.restore(rest);
        }
    }
}

impl Followers for Network {
    fn findings(&self, _analysis: &str) -> Vec<Finding> {
        let finding = |name: &str, unit: &str, meaning: &str| Finding {
            variable: Variable::new(name, Vec::new()).unit(unit).meaning(meaning),
            codes: &[],
        };
        let mut findings = vec![
            Finding {
                codes: STAGES,
                ..finding("stage", "1", "what the seizure turned out to be")
            },
            finding(
                "tonic_length",
                "ms",
                "longest tonic interval; 0 without one",
            ),
            finding(
                "clonic_onset",
                "ms",
                "time of the first burst behind the first dip",
            ),
            finding(
                "clonic_frequency",
                "Hz",
                "1 / median interval of the bursts from the onset on",
            ),
            finding("burst_count", "1", "bursts from the onset on"),
            finding("ictal_end", "ms", "last time at which any cell is active"),
            finding(
                "peak_chloride",
                "mM",
                "greatest chloride of all cells and times",
            ),
            finding(
                "lfp_swing_tonic",
                "pA",
                "peak-to-peak LFP in the tonic stage",
            ),
            finding(
                "lfp_swing_clonic",
                "pA",
                "peak-to-peak LFP behind the first burst",
            ),
        ];
        if self.space.dimensions() == 2 {
            findings.push(finding(
                "spiral_count",
                "1",
                "phase singularities per frame, in the block of 5 s that has most",
            ));
        }
        findings
    }

    fn follow<'s>(
        &'s self,
        _analysis: &str,
        _options: &Parameters,
        span: (f64, f64),
    ) -> Result<Box<dyn Follower + 's>, BuildError> {
        Ok(Box::new(Stages::new(self, span)))
    }
}
