//! The gauge: how far the runs are, and whether they shall go on. Runs write it, the calling thread
//! reads it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::engine::outcome::Outcome;

/// How far the runs are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The simulated time that an only run has reached.
    pub time: f64,
    /// The runs that are finished.
    pub finished: u64,
    /// All runs.
    pub runs: u64,
}

/// What runs and watcher share.
pub(super) struct Gauge<'a> {
    interrupt: &'a AtomicBool,
    /// Set when the runs must end for a reason of their own: the writer gave up, or one failed and
    /// none may.
    stop: AtomicBool,
    finished: AtomicU64,
    failed: AtomicU64,
    time: AtomicU64,
    only: Mutex<Option<Only>>,
    failure: Mutex<Option<FirstFailure>>,
}

/// The run with the lowest index among those that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstFailure {
    /// Its index in the plan.
    pub run: u64,
    /// What happened and what to try.
    pub diagnosis: String,
}

/// How an only run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Only {
    /// How it ended and what it cost.
    pub outcome: Outcome,
    /// What happened and what to try; empty after a success.
    pub diagnosis: String,
}

impl<'a> Gauge<'a> {
    pub(super) fn new(interrupt: &'a AtomicBool) -> Self {
        Self {
            interrupt,
            stop: AtomicBool::new(false),
            finished: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            time: AtomicU64::new(f64::NAN.to_bits()),
            only: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    /// Whether runs shall go on.
    pub(super) fn going(&self) -> bool {
        !self.interrupt.load(Ordering::Relaxed) && !self.stop.load(Ordering::Relaxed)
    }

    /// Whether somebody from outside asked to end.
    pub(super) fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// Let all runs end.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// An only run has reached this time.
    pub(super) fn reached(&self, time: f64) {
        self.time.store(time.to_bits(), Ordering::Relaxed);
    }

    /// An only run has ended.
    pub(super) fn ended(&self, only: Only) {
        *self.only.lock().unwrap_or_else(PoisonError::into_inner) = Some(only);
    }

    /// How the only run ended.
    pub(super) fn only(&self) -> Option<Only> {
        self.only
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A run has failed.
    pub(super) fn run_failed(&self, run: u64, diagnosis: &str) {
        let mut first = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|first| run < first.run) {
            let diagnosis = diagnosis.to_string();
            *first = Some(FirstFailure { run, diagnosis });
        }
    }

    /// The first of the runs that failed.
    pub(super) fn first_failure(&self) -> Option<FirstFailure> {
        let first = self.failure.lock();
        first.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// So many runs have finished, and so many of them failed.
    pub(super) fn finished(&self, runs: u64, failed: u64) {
        self.finished.fetch_add(runs, Ordering::Relaxed);
        self.failed.fetch_add(failed, Ordering::Relaxed);
    }

    /// The number of runs that failed.
    pub(super) fn failures(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// The number of runs that finished here.
    pub(super) fn finishes(&self) -> u64 {
        self.finished.load(Ordering::Relaxed)
    }

    pub(super) fn progress(&self, before: u64, runs: u64) -> Progress {
        Progress {
            time: f64::from_bits(self.time.load(Ordering::Relaxed)),
            finished: before + self.finishes(),
            runs,
        }
    }
}
