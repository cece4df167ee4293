//! Progress: a bar with rate and time left on a terminal, one line a minute otherwise.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const PACE: Duration = Duration::from_secs(60);

/// The positions of the bar.
const MARKS: f64 = 10_000.0;

/// Tells how far a run is.
pub struct Progress {
    shown: Shown,
    started: Instant,
}

enum Shown {
    Bar(ProgressBar),
    Lines { told: Instant },
    Nothing,
}

impl Progress {
    /// Progress on standard error, or none if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let started = Instant::now();
        let shown = match quiet {
            true => Shown::Nothing,
            false if io::stderr().is_terminal() => Shown::Bar(bar()),
            false => Shown::Lines { told: started },
        };
        Self { shown, started }
    }

    /// Tell that `done` units (runs, or units of time) of `total` are behind.
    pub fn update(&mut self, done: f64, total: f64, unit: &str) {
        let words = || describe(done, total, unit, self.started.elapsed());
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_position((MARKS * done / total) as u64);
                bar.set_message(words());
            }
            Shown::Lines { told } if told.elapsed() >= PACE => {
                let _ = writeln!(io::stderr(), "{}", words());
                *told = Instant::now();
            }
            Shown::Lines { .. } => {}
        }
    }

    /// Take the bar away.
    pub fn finish(self) {
        if let Shown::Bar(bar) = self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {percent:>3}%  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(MARKS as u64).with_style(style)
}

/// `3.2 of 10 time units, 1.6 a second, 4 s left`
fn describe(done: f64, total: f64, unit: &str, elapsed: Duration) -> String {
    let rate = done / elapsed.as_secs_f64().max(1e-9);
    let left = match rate > 0.0 {
        true => format!(", {} left", duration((total - done).max(0.0) / rate)),
        false => String::new(),
    };
    let (done, total, rate) = (short(done), short(total), short(rate));
    format!("{done} of {total} {unit}, {rate} a second{left}")
}

/// Three significant digits, or all digits of a whole number.
pub fn short(number: f64) -> String {
    if !number.is_finite() || number == 0.0 || (number.fract() == 0.0 && number.abs() < 1e6) {
        return format!("{number}");
    }
    let exponent = number.abs().log10().floor() as i32;
    match exponent {
        -3..=5 => format!("{number:.*}", (2 - exponent).max(0) as usize),
        _ => format!("{number:.2e}").replacen(".00e", "e", 1),
    }
}

/// A duration in the unit that suits it: `0.4 ms`, `4.0 s`, `3 min`, `2.5 h`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.01 => format!("{:.1} ms", 1e3 * s),
        s if s < 1.0 => format!("{:.0} ms", 1e3 * s),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s if s < 360_000.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_rate_and_time_left() {
        assert_eq!(
            describe(25.0, 100.0, "time units", Duration::from_secs(5)),
            "25 of 100 time units, 5 a second, 15 s left"
        );
        assert_eq!(
            describe(0.0, 10.0, "runs", Duration::from_secs(5)),
            "0 of 10 runs, 0 a second"
        );
    }

    #[test]
    fn numbers_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (1234.0, "1234"),
            (0.012_345, "0.0123"),
            (12.345, "12.3"),
            (123_456.7, "123457"),
            (1.5e9, "1.50e9"),
            (1e6, "1e6"),
        ] {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn durations_choose_their_unit() {
        for (seconds, text) in [
            (0.0004, "0.4 ms"),
            (0.34, "340 ms"),
            (4.0, "4.0 s"),
            (42.0, "42 s"),
            (180.0, "3 min"),
            (9000.0, "2.5 h"),
            (864_000.0, "10 days"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
