//! What every run leaves besides its samples: how it ended, what it cost, how healthy it was.
//!
//! ```text
//! /run_status        how it ended (flag_values, flag_meanings)
//! /run_steps, /run_rejected, /run_evaluations, /run_seed
//! /provenance/run_wall_time
//! /health/rejected_share, kinks, last_time, and last_<block> for each block of the state
//! /health/below_atol, below_atol_largest, unseen_time, unseen_width, fast_guard: what was noticed
//! ```
//!
//! All have the run dims. The diagnosis of a failed run is a text, `/health/diagnosis`.

use super::contents::{DataSet, Number, Per};

/// The declaration of one data set with an entry per run.
pub(super) struct Card {
    /// Path from the root.
    pub path: &'static str,
    number: Number,
    unit: Unit,
    long_name: &'static str,
    value: fn(&RunRecord) -> Value,
}

enum Unit {
    One,
    Second,
    /// That of the model's time.
    Time,
}

/// One entry.
pub(super) enum Value {
    /// For a data set of double precision.
    F64(f64),
    /// For a data set of signed integers.
    I64(i64),
    /// For a data set of unsigned integers.
    U64(u64),
    /// For a data set of small integers.
    I8(i8),
}

/// One of the ways in which runs end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Its value in `/run_status`.
    pub code: i8,
    /// Its name in `flag_meanings`.
    pub name: &'static str,
    /// Whether the numbers of such a run are what was asked for.
    pub success: bool,
}

/// What is written of a run when it has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// How it ended.
    pub ending: Ending,
    /// Accepted steps.
    pub steps: u64,
    /// Rejected steps.
    pub rejected: u64,
    /// Evaluations of the drift.
    pub evaluations: u64,
    /// Steps that ended on a kink of the field.
    pub kinks: u64,
    /// The last time reached with a finite state.
    pub time: f64,
    /// The state at that time, flat.
    pub state: Vec<f64>,
    /// What its random numbers were addressed by.
    pub seed: u64,
    /// Seconds by the wall clock.
    pub wall_time: f64,
    /// What happened and what to try; empty after a success.
    pub diagnosis: String,
    /// What was noticed that the numbers do not show.
    pub noticed: Noticed,
}

/// What was noticed of a run that its numbers do not show: NaN and -1 for nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noticed {
    /// The component, in the order of the flat state, that stayed furthest below 1000 times its `atol`.
    pub below_atol: i64,
    /// Its largest absolute value.
    pub below_atol_largest: f64,
    /// When the drift did something between the stages of a step that no step saw.
    pub unseen_time: f64,
    /// For how long it did.
    pub unseen_width: f64,
    /// The first guard that turned faster than it was looked at.
    pub fast_guard: i64,
}

impl Noticed {
    /// Nothing.
    pub const NOTHING: Self = Self {
        below_atol: -1,
        below_atol_largest: f64::NAN,
        unseen_time: f64::NAN,
        unseen_width: f64::NAN,
        fast_guard: -1,
    };
}

/// How long a run took: no number of the run.
pub(crate) const WALL_TIME: &str = "provenance/run_wall_time";

/// What is the same whenever a run is made again, with the path of its data set.
pub(crate) fn numbers(record: &RunRecord) -> impl Iterator<Item = (&'static str, f64)> {
    let cards = CARDS.iter().filter(|card| card.path != WALL_TIME);
    cards.map(|card| {
        let number = match (card.value)(record) {
            Value::F64(number) => number,
            Value::I64(number) => number as f64,
            Value::U64(number) => number as f64,
            Value::I8(number) => f64::from(number),
        };
        (card.path, number)
    })
}

/// Every data set with an entry per run, `last_<block>` excepted.
pub(super) const CARDS: &[Card] = &[
    Card {
        path: "run_status",
        number: Number::I8,
        unit: Unit::One,
        long_name: "how the run ended",
        value: |run| Value::I8(run.ending.code),
    },
    Card {
        path: "run_steps",
        number: Number::I64,
        unit: Unit::One,
        long_name: "accepted steps of the run",
        value: |run| Value::I64(whole(run.steps)),
    },
    Card {
        path: "run_rejected",
        number: Number::I64,
        unit: Unit::One,
        long_name: "rejected steps of the run",
        value: |run| Value::I64(whole(run.rejected)),
    },
    Card {
        path: "run_evaluations",
        number: Number::I64,
        unit: Unit::One,
        long_name: "evaluations of the drift in the run",
        value: |run| Value::I64(whole(run.evaluations)),
    },
    Card {
        path: "run_seed",
        number: Number::U64,
        unit: Unit::One,
        long_name: "first 64 bits of the key that addresses the random numbers of the run",
        value: |run| Value::U64(run.seed),
    },
    Card {
        path: WALL_TIME,
        number: Number::F64,
        unit: Unit::Second,
        long_name: "duration of the run by the wall clock",
        value: |run| Value::F64(run.wall_time),
    },
    Card {
        path: "health/rejected_share",
        number: Number::F64,
        unit: Unit::One,
        long_name: "rejected steps as a share of all steps tried",
        value: |run| {
            let tried = (run.steps + run.rejected).max(1);
            Value::F64(run.rejected as f64 / tried as f64)
        },
    },
    Card {
        path: "health/kinks",
        number: Number::I64,
        unit: Unit::One,
        long_name: "steps that ended on a kink of the field",
        value: |run| Value::I64(whole(run.kinks)),
    },
    Card {
        path: "health/last_time",
        number: Number::F64,
        unit: Unit::Time,
        long_name: "the last time reached with a finite state",
        value: |run| Value::F64(run.time),
    },
    Card {
        path: "health/below_atol",
        number: Number::I64,
        unit: Unit::One,
        long_name: "component of the flat state that stayed furthest below 1000 times its atol (with noise 100 times), without error control; -1 for none",
        value: |run| Value::I64(run.noticed.below_atol),
    },
    Card {
        path: "health/below_atol_largest",
        number: Number::F64,
        unit: Unit::One,
        long_name: "the largest absolute value of that component",
        value: |run| Value::F64(run.noticed.below_atol_largest),
    },
    Card {
        path: "health/unseen_time",
        number: Number::F64,
        unit: Unit::Time,
        long_name: "when the drift changed between the stages of a step that did not see it; NaN for never",
        value: |run| Value::F64(run.noticed.unseen_time),
    },
    Card {
        path: "health/unseen_width",
        number: Number::F64,
        unit: Unit::Time,
        long_name: "how long that change lasted",
        value: |run| Value::F64(run.noticed.unseen_width),
    },
    Card {
        path: "health/fast_guard",
        number: Number::I64,
        unit: Unit::One,
        long_name: "the first guard that turned more often within a step than it was looked at; -1 for none",
        value: |run| Value::I64(run.noticed.fast_guard),
    },
];

/// A count as HDF5 and its readers like it best: no run takes 2^63 steps.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Card {
    /// The data set, still without run dims.
    pub(super) fn data_set(&self, time_unit: &str) -> DataSet {
        let unit = match self.unit {
            Unit::One => "1",
            Unit::Second => "s",
            Unit::Time => time_unit,
        };
        DataSet {
            path: self.path.into(),
            dims: Vec::new(),
            number: self.number,
            unit: unit.into(),
            long_name: self.long_name.into(),
            attributes: Vec::new(),
            track: None,
            width: 1,
            per: Per::Run,
            codes: &[],
        }
    }

    /// The entry of a run.
    pub(super) fn value(&self, run: &RunRecord) -> Value {
        (self.value)(run)
    }
}

/// `flag_values` and `flag_meanings` of `/run_status`.
pub(super) fn flags(endings: &[Ending]) -> (Vec<i8>, String) {
    let values = endings.iter().map(|ending| ending.code).collect();
    let names: Vec<&str> = endings.iter().map(|ending| ending.name).collect();
    (values, names.join(" "))
}
