//! The watch over a run that goes on: is it interrupted, and how far is it?
//!
//! Asked after every step, which may take 200 ns: so it looks at the clock only every so many steps,
//! twice as many when the last look came too soon, anew from one when it came late.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::config::experiment::Experiment;

/// How far the runs are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The simulated time that the run has reached.
    pub time: f64,
    /// The share of its time span, 0 to 1.
    pub fraction: f64,
    /// The runs that are finished.
    pub finished: u64,
    /// All runs.
    pub runs: u64,
}

/// Watches over a run.
pub(super) struct Watch<'a> {
    interrupt: &'a AtomicBool,
    start: f64,
    span: f64,
    progress: &'a mut dyn FnMut(Progress),
    reported: Instant,
    /// Steps from one look at the clock to the next, and those left until then.
    stride: u32,
    left: u32,
    looked: Instant,
}

/// Between two reports.
const PERIOD: Duration = Duration::from_millis(100);
/// Between two looks at the clock, roughly.
const LOOK: Duration = Duration::from_millis(5);

impl<'a> Watch<'a> {
    pub(super) fn new(
        interrupt: &'a AtomicBool,
        experiment: &Experiment,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        let now = Instant::now();
        Self {
            interrupt,
            start: experiment.time.start,
            span: experiment.time.stop - experiment.time.start,
            progress,
            reported: now,
            stride: 1,
            left: 1,
            looked: now,
        }
    }

    /// Whether the run, which has reached time `t`, shall go on.
    pub(super) fn keep_going(&mut self, t: f64) -> bool {
        self.left -= 1;
        if self.left == 0 {
            self.look(t);
        }
        !self.interrupt.load(Ordering::Relaxed)
    }

    fn look(&mut self, t: f64) {
        let now = Instant::now();
        self.stride = match now - self.looked {
            soon if soon < LOOK / 2 => (self.stride * 2).min(1 << 20),
            late if late > LOOK * 2 => 1,
            _ => self.stride,
        };
        self.left = self.stride;
        self.looked = now;
        if now - self.reported >= PERIOD {
            self.reported = now;
            (self.progress)(Progress {
                time: t,
                fraction: ((t - self.start) / self.span).clamp(0.0, 1.0),
                finished: 0,
                runs: 1,
            });
        }
    }
}
