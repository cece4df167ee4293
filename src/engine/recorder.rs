//! Recorders: what is told of a run while it goes on. A recorder knows nothing of stepping, a scheme
//! nothing of saving; the loop asks the recorder when it wants a state and interpolates there.

use crate::system::event::Event;
use crate::system::number::plain;

/// Receives the states of one run.
pub trait Recorder {
    /// The next time at which a state is wanted, not before the last one given; infinite if none.
    fn next_time(&self) -> f64;

    /// Whether the times that it will ask for can be served: ascending, and numbers. Asked before a run.
    ///
    /// # Errors
    /// What is wrong with them.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Take the state at [`next_time`](Recorder::next_time), and move on to the next one.
    fn record(&mut self, t: f64, x: &[f64]);

    /// Whether the state after every accepted step is wanted as well.
    fn wants_steps(&self) -> bool {
        false
    }

    /// Take in that the run could go on from here: `memory` is all that the scheme needs for it.
    fn checkpoint(&mut self, t: f64, memory: &[f64]) {
        let _ = (t, memory);
    }

    /// Take in that something happened. Events come in the order of their times, each before the samples
    /// at and after it.
    fn event(&mut self, event: &Event<'_>) {
        let _ = event;
    }

    /// Take the state at which a guard stopped the run, between the last sample and [`next_time`](Recorder::next_time): the last
    /// sample of the run. Where no further sample is wanted, nothing is recorded.
    fn stopped(&mut self, t: f64, x: &[f64]) {
        if self.next_time().is_finite() {
            self.record(t, x);
        }
    }

    /// Take the state after an accepted step (and, before the first one, the initial state).
    fn step(&mut self, t: f64, x: &[f64]) {
        let _ = (t, x);
    }
}

/// A recorder that keeps states at given times in memory; for library users and tests.
///
/// ```
/// use nullcline::engine::recorder::{Recorder, Samples};
/// let mut samples = Samples::at(vec![0.0, 1.0]);
/// assert_eq!(samples.next_time(), 0.0);
/// samples.record(0.0, &[3.0]);
/// assert_eq!((samples.next_time(), samples.states.len()), (1.0, 1));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    times: Vec<f64>,
    /// The states at the times reached so far.
    pub states: Vec<Vec<f64>>,
}

impl Samples {
    /// Keep the states at these ascending times. Times that do not ascend are refused before the run.
    pub fn at(times: Vec<f64>) -> Self {
        Self {
            states: Vec::with_capacity(times.len()),
            times,
        }
    }
}

impl Recorder for Samples {
    fn next_time(&self) -> f64 {
        self.times
            .get(self.states.len())
            .copied()
            .unwrap_or(f64::INFINITY)
    }

    fn check(&self) -> Result<(), String> {
        if let Some(time) = self.times.iter().find(|time| !time.is_finite()) {
            return Err(format!("a sample is asked for at t = {time}"));
        }
        match self.times.array_windows().find(|[a, b]| a >= b) {
            Some([a, b]) => Err(format!(
                "the times of samples must ascend, but {} follows {}",
                plain(*b),
                plain(*a)
            )),
            None => Ok(()),
        }
    }

    fn record(&mut self, _t: f64, x: &[f64]) {
        self.states.push(x.to_vec());
    }

    fn stopped(&mut self, t: f64, x: &[f64]) {
        let recorded = self
            .states
            .len()
            .checked_sub(1)
            .map(|last| self.times[last]);
        if recorded != Some(t) && self.next_time().is_finite() {
            self.states.push(x.to_vec());
        }
    }
}

impl<R: Recorder + ?Sized> Recorder for &mut R {
    fn event(&mut self, event: &Event<'_>) {
        (**self).event(event);
    }

    fn checkpoint(&mut self, t: f64, memory: &[f64]) {
        (**self).checkpoint(t, memory);
    }

    fn next_time(&self) -> f64 {
        (**self).next_time()
    }

    fn check(&self) -> Result<(), String> {
        (**self).check()
    }

    fn stopped(&mut self, t: f64, x: &[f64]) {
        (**self).stopped(t, x);
    }

    fn record(&mut self, t: f64, x: &[f64]) {
        (**self).record(t, x);
    }

    fn wants_steps(&self) -> bool {
        (**self).wants_steps()
    }

    fn step(&mut self, t: f64, x: &[f64]) {
        (**self).step(t, x);
    }
}
