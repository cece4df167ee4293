//! Estimates: how long a plan will take, from a short trial of its first runs. Nothing is written.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::gauge::Gauge;
use super::outlet;
use super::prepared::Prepared;
use super::worker::Workshop;
use crate::archive::Checkpoints as Stored;
use crate::engine::integrate::Checkpoints;
use crate::plan::Shard;

/// What a trial has shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds that a run takes one thread.
    pub per_run: f64,
    /// Seconds that all runs take one thread.
    pub all: f64,
    /// How many runs were tried; a part of one counts as such.
    pub tried: f64,
}

impl Estimate {
    /// Try the first runs for at most this long; `None` if nothing came of it.
    pub fn new(prepared: &Prepared, patience: Duration) -> Option<Self> {
        let never = AtomicBool::new(false);
        let gauge = Gauge::new(&never);
        let span = prepared.variants.base().span();
        let workshop = Workshop {
            plan: &prepared.plan,
            tasks: &prepared.tasks,
            shard: Shard::ALL,
            variants: &prepared.variants,
            streams: prepared.streams,
            lanes: true,
            checkpoints: Checkpoints::Never,
            stored: Stored::none(),
            gauge: &gauge,
            fail_fast: false,
            single: true,
            parts: false,
        };
        let started = Instant::now();
        let (messages, inlet) = outlet::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| inlet.discard());
            let watched = scope.spawn(|| {
                for task in prepared.tasks.iter() {
                    if !gauge.going() {
                        break;
                    }
                    workshop.work(task, 0, &messages);
                }
                drop(messages);
            });
            while !watched.is_finished() {
                if started.elapsed() >= patience {
                    gauge.stop();
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let seconds = started.elapsed().as_secs_f64();
        let time = gauge.progress(0, 1).time;
        let tried = match gauge.finishes() {
            0 => ((time - span.start) / (span.stop - span.start)).max(0.0),
            finished => finished as f64,
        };
        (tried > 0.0).then(|| Self {
            per_run: seconds / tried,
            all: seconds / tried * prepared.plan.len() as f64,
            tried,
        })
    }
}
