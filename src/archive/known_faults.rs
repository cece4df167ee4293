//! Known faults of earlier versions, and whether an archive is concerned.
//!
//! Each fault says which versions had it, looks at what the archive holds (its source, its data sets, its statuses) and says what to do.
//! Some can be told for certain from the archive; others may or may not have changed its numbers, and are said to be possible. The
//! changelog describes each.

use super::error::ArchiveError;
use super::reader::Reader;

/// One fault that an archive may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// What was wrong.
    pub fault: &'static str,
    /// Whether the numbers of this archive are concerned for certain.
    pub certain: bool,
    /// What to do.
    pub remedy: &'static str,
}

/// The declaration of one fault.
struct Fault {
    fault: &'static str,
    /// The first version without it.
    fixed: (u32, u32, u32),
    certain: bool,
    remedy: &'static str,
    concerns: fn(&Archive<'_>) -> Result<bool, ArchiveError>,
}

const AGAIN: &str = "run the experiment again with this version";

const FAULTS: &[Fault] = &[
    Fault {
        fault: "a guard whose reset left it where it was (a dose, a count) ended the run with `events_accumulate`",
        fixed: (0, 2, 0),
        certain: true,
        remedy: AGAIN,
        concerns: |archive| {
            Ok(archive.family("equations") && archive.has_ended("events_accumulate")?)
        },
    },
    Fault {
        fault: "the last sample and the summaries of a run that a guard stopped lacked the state at the stop",
        fixed: (0, 2, 0),
        certain: true,
        remedy: "read the state at the stop in /health/last_<block>, or run the experiment again",
        concerns: |archive| archive.has_ended("stopped"),
    },
    Fault {
        fault: "the summary `period` was a number where a run rested: wiggles of the size of the tolerances counted",
        fixed: (0, 2, 0),
        certain: false,
        remedy: "compare the range of the variable with the tolerances, or run the experiment again",
        concerns: |archive| Ok(archive.source.contains("period")),
    },
    Fault {
        fault: "the steady state and the spectrum of `gksl` were wrong where rates span more than 1e9",
        fixed: (0, 2, 0),
        certain: false,
        remedy: "look at `residual` and `nullity`, and run `analyze` again",
        concerns: |archive| {
            let analysed = ["steady-state", "spectrum"];
            let names = archive.reader.analyses()?;
            let found = names.iter().any(|name| analysed.contains(&name.as_str()));
            Ok(archive.family("gksl") && found && archive.spans(1e9))
        },
    },
    Fault {
        fault: "runs of `gksl` lost slow rates beside fast ones, as levels beside fast dephasing",
        fixed: (0, 2, 0),
        certain: false,
        remedy: AGAIN,
        concerns: |archive| {
            let ran = !archive.reader.is_of_analyses();
            Ok(archive.family("gksl") && ran && archive.spans(1e7))
        },
    },
    Fault {
        fault: "`optimize` could end at a stationary point that is no minimum where `entropy` is near 0",
        fixed: (0, 2, 0),
        certain: false,
        remedy: "compare `energy` with `bound`, and run `optimize` again",
        concerns: |archive| {
            let optimized =
                archive.source.contains("[optimize]") && archive.reader.is_of_analyses();
            Ok(archive.family("lateral-predictive-coding") && optimized)
        },
    },
    Fault {
        fault: "a quantity derived from an estimate at a bound had a standard error near 0",
        fixed: (0, 2, 0),
        certain: true,
        remedy: "use the standard error by bootstrap, or run `fit` again",
        concerns: |archive| {
            let fitted = archive.source.contains("[fit]") && archive.reader.is_of_analyses();
            Ok(fitted && archive.has_tiny_errors()?)
        },
    },
    Fault {
        fault: "with a start far from zero the steps differed from those that the clock showed, and errors grew",
        fixed: (0, 2, 0),
        certain: false,
        remedy: AGAIN,
        concerns: |archive| {
            let times = archive.reader.read("time").unwrap_or_default();
            let start = times.first().copied().unwrap_or(0.0);
            let length = times.last().copied().unwrap_or(0.0) - start;
            Ok(start.abs() > 1e5 * length && length > 0.0)
        },
    },
    Fault {
        fault: "edges in time inside `sum(...)` or of elements were not stepped to, and pulses could be missed",
        fixed: (0, 2, 0),
        certain: false,
        remedy: AGAIN,
        concerns: |archive| Ok(archive.family("equations") && archive.has_edges_by_index()),
    },
    Fault {
        fault: "smooth pulses between the steps, and states below `atol`, were passed over without a note",
        fixed: (0, 2, 0),
        certain: false,
        remedy: "run the experiment again: this version notes both",
        concerns: |archive| Ok(archive.family("equations") && archive.has_forcing()),
    },
    Fault {
        fault: "stochastic runs with guards missed passages within a step: rates came out low by the order of the root of the step",
        fixed: (0, 2, 0),
        certain: true,
        remedy: AGAIN,
        concerns: |archive| {
            let source = &archive.source;
            Ok(archive.family("equations")
                && source.contains("diffusion")
                && source.contains("model.guards"))
        },
    },
    Fault {
        fault: "/parameters held the values of run 0 for parameters that were swept",
        fixed: (0, 2, 0),
        certain: true,
        remedy: "read swept parameters from the axes",
        concerns: |archive| {
            Ok(archive.source.contains("[sweep") && archive.source.contains("model.parameters."))
        },
    },
];

/// The faults of earlier versions that may concern an archive.
///
/// # Errors
/// If the file is damaged.
pub fn concerns(reader: &Reader) -> Result<Vec<Concern>, ArchiveError> {
    let Some(version) = version(&reader.attribute("source").unwrap_or_default()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let source = reader.text("config/source").unwrap_or_default();
    let archive = Archive { reader, source };
    for one in FAULTS.iter().filter(|one| version < one.fixed) {
        if (one.concerns)(&archive)? {
            found.push(Concern {
                fault: one.fault,
                certain: one.certain,
                remedy: one.remedy,
            });
        }
    }
    Ok(found)
}

/// The version in `nullcline 0.1.0`.
fn version(source: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = source.strip_prefix("nullcline ")?.split('.');
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?, next()?))
}

/// What predicates look at.
struct Archive<'a> {
    reader: &'a Reader,
    /// The experiment file.
    source: String,
}

impl Archive<'_> {
    fn family(&self, name: &str) -> bool {
        self.reader.attribute("family").as_deref() == Some(name)
    }

    /// Whether a run ended like this.
    fn has_ended(&self, ending: &str) -> Result<bool, ArchiveError> {
        if self.reader.is_of_analyses() {
            return Ok(false);
        }
        Ok(self
            .reader
            .run_status()?
            .iter()
            .any(|status| status == ending))
    }

    /// Whether the rates in the file span more than this.
    fn spans(&self, ratio: f64) -> bool {
        let keys = ["rate", "dephasing"].into_iter();
        let places = keys.flat_map(|key| self.source.split(key).skip(1));
        let rates = places.filter_map(|rest| {
            let rest = rest.trim_start().strip_prefix('=')?.trim_start();
            let number = |c: char| !(c.is_ascii_digit() || ".eE+-_".contains(c));
            let end = rest.find(number).unwrap_or(rest.len());
            let rate: f64 = rest[..end].replace('_', "").parse().ok()?;
            (rate > 0.0).then_some(rate)
        });
        let (least, most) = rates.fold((f64::INFINITY, 0.0_f64), |(least, most), rate| {
            (least.min(rate), most.max(rate))
        });
        most / least > ratio
    }

    /// Whether a derived quantity of a fit has a standard error of rounding size.
    fn has_tiny_errors(&self) -> Result<bool, ArchiveError> {
        for name in ["bias_se", "time_order_effect_se"] {
            if let Ok(errors) = self.reader.read(name)
                && errors.iter().any(|&error| error < 1e-5)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an expression has a jump of time with an index.
    fn has_edges_by_index(&self) -> bool {
        let jumps = [
            "heaviside(",
            "sign(",
            "mod(",
            "floor(",
            "abs(",
            "max(",
            "min(",
        ];
        self.source.lines().any(|line| {
            let inside = |name: &str| {
                line.match_indices(name).any(|(place, _)| {
                    let rest = &line[place + name.len()..];
                    let end = rest.find(')').unwrap_or(rest.len());
                    rest[..end].contains('[') && rest[..end].contains('t')
                })
            };
            jumps.iter().any(|name| inside(name))
        })
    }

    /// Whether an expression depends on the time.
    fn has_forcing(&self) -> bool {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let expressions = self.source.lines().filter(|line| line.contains('"'));
        let mut words = expressions.flat_map(|line| {
            line.split('"')
                .skip(1)
                .step_by(2)
                .flat_map(|text| text.split(|c| !word(c)))
        });
        words.any(|one| one == "t")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(version("nullcline 0.1.0"), Some((0, 1, 0)));
        assert!(version("nullcline 0.1.0").unwrap() < (0, 2, 0));
        assert!(version("nullcline 0.10.0").unwrap() > (0, 2, 0));
        assert_eq!(version("something else"), None);
    }
}
