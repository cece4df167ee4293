//! The plan: an experiment as an ordered list of runs.
//!
//! A run has an index, its place along the axes and the members in C order, and a key. The key is a
//! function of the run's content, not of its index: it addresses every random number of the run, so
//! the same run of a larger sweep draws the same numbers. The plan's *content hash* says whether two
//! files mean the same numbers:
//!
//! ```text
//! index = point * members + member,      point in C order over the axes (grid), or the sample
//! hash  = SHA-256( resolved values without title and [output], keys sorted
//!                  + name and SHA-256 of every external file + the decoded numbers )
//! key   = SHA-256( "run", seed, path and value of every axis sorted by path, member )
//! ```
//!
//! Axes under `solver`, `noise`, `record`, `output`, `time` and `analysis` are no part of the key: a smaller step follows
//! the same path. Runs are *executed* in an order of their own, the axes that change the heavy part of
//! a system slowest. Nothing here is stored per run: a plan of a million runs holds none of them.

pub mod sampling;
pub mod tasks;

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::config::axis::{Axis, Mode, Sweep, Value};
use crate::config::experiment::Experiment;
use crate::noise::key::Key;
use crate::system::parameters::Value as Parameter;
use sampling::Sampler;

/// The ordered runs of an experiment.
#[derive(Clone)]
pub struct Plan {
    hash: String,
    seed: u64,
    members: u64,
    /// Whether all members have the same noise.
    common: bool,
    points: u64,
    sweep: Option<Sweep>,
    sampler: Sampler,
    /// Axes in the order of execution, the slowest first; grids only.
    order: Vec<usize>,
    /// Axes that are part of a run's key, sorted by path.
    keyed: Vec<usize>,
}

/// One run of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its place in the plan, in C order over the axes and the members.
    pub index: u64,
    /// The member of the ensemble.
    pub member: u64,
    /// The value of every axis.
    pub values: Vec<Value>,
    /// What its random numbers are addressed by.
    pub key: [u8; 32],
    /// What its noise is addressed by: its key, or that of the first member if all members share their noise.
    pub noise: Key,
}

/// A part of the plan for one of several processes: number `number` of `count`, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which.
    pub number: u64,
    /// Of how many.
    pub count: u64,
}

impl Shard {
    /// The whole plan.
    pub const ALL: Shard = Shard {
        number: 1,
        count: 1,
    };

    /// Whether this is the whole plan.
    pub fn is_all(self) -> bool {
        self.count == 1
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let parsed = parts.and_then(|(number, count)| {
            Some((number.parse::<u64>().ok()?, count.parse::<u64>().ok()?))
        });
        match parsed {
            Some((number, count)) if (1..=count).contains(&number) => Ok(Self { number, count }),
            _ => Err("expected K/N with K from 1 to N, for example 2/8".into()),
        }
    }
}

impl Run {
    /// The first 64 bits of the key, as in `/run_seed`.
    pub fn seed(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.key[..8]);
        u64::from_le_bytes(bytes)
    }
}

impl Plan {
    /// The plan of an experiment.
    pub fn new(experiment: &Experiment) -> Self {
        let mut hash = Sha256::new();
        hash.update(meaning(&experiment.source.resolved));
        for file in &experiment.source.files {
            hash.update(format!("{} {}\n", file.name, file.sha256));
        }
        numbers(experiment, &mut hash);
        let sweep = experiment.sweep.clone();
        let axes = sweep.as_ref().map_or(&[][..], |sweep| &sweep.axes);
        let points = match &sweep {
            None => 1,
            Some(sweep) => match sweep.mode {
                Mode::Grid => axes.iter().map(|axis| axis.len() as u64).product(),
                Mode::Zip => axes.first().map_or(1, |axis| axis.len() as u64),
                Mode::Random | Mode::Sobol => sweep.samples,
            },
        };
        let mut order: Vec<usize> = (0..axes.len()).collect();
        order.sort_by_key(|&axis| axes[axis].is_light());
        let mut keyed: Vec<usize> = (0..axes.len())
            .filter(|&axis| is_keyed(&axes[axis].path))
            .collect();
        keyed.sort_by(|&a, &b| axes[a].path.cmp(&axes[b].path));
        Self {
            hash: hexadecimal(&hash.finalize()),
            seed: experiment.seed,
            members: experiment.members(),
            common: experiment
                .ensemble
                .as_ref()
                .is_some_and(|one| one.common_noise),
            points,
            sampler: Sampler::new(experiment.seed, sweep.as_ref()),
            order,
            keyed,
            sweep,
        }
    }

    /// The content hash, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The number of runs.
    pub fn len(&self) -> u64 {
        self.points.saturating_mul(self.members)
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of members of each point.
    pub fn members(&self) -> u64 {
        self.members
    }

    /// The number of points of the sweep.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// The axes.
    pub fn axes(&self) -> &[Axis] {
        self.sweep.as_ref().map_or(&[], |sweep| &sweep.axes)
    }

    /// How the axes combine, if there is a sweep.
    pub fn mode(&self) -> Option<Mode> {
        self.sweep.as_ref().map(|sweep| sweep.mode)
    }

    /// The runs in the order of their index, made one by one.
    pub fn runs(&self) -> impl Iterator<Item = Run> + '_ {
        (0..self.len()).map(|index| self.run(index))
    }

    /// The index of the run that is executed at this position.
    pub fn executed(&self, position: u64) -> u64 {
        let (point, member) = (position / self.members, position % self.members);
        let axes = self.axes();
        if self.mode() != Some(Mode::Grid) || self.order.is_sorted() {
            return position;
        }
        let mut rest = point;
        let mut places = vec![0; axes.len()];
        for &axis in self.order.iter().rev() {
            let length = axes[axis].len() as u64;
            places[axis] = rest % length;
            rest /= length;
        }
        let joined = axes
            .iter()
            .zip(places)
            .fold(0, |point, (axis, place)| point * axis.len() as u64 + place);
        joined * self.members + member
    }

    /// The run of an index.
    pub fn run(&self, index: u64) -> Run {
        let (point, member) = (index / self.members, index % self.members);
        let values = self.values(point);
        Run {
            index,
            member,
            key: self.key(&values, member),
            noise: Key::new(self.key(&values, if self.common { 0 } else { member })),
            values,
        }
    }

    /// The value of every axis at a point.
    pub fn values(&self, point: u64) -> Vec<Value> {
        let axes = self.axes();
        match self.mode() {
            None => Vec::new(),
            Some(Mode::Grid) => {
                let mut rest = point;
                let mut values = vec![Value::Item(0); axes.len()];
                for (value, axis) in values.iter_mut().zip(axes).rev() {
                    let length = axis.len() as u64;
                    *value = axis.at((rest % length) as usize);
                    rest /= length;
                }
                values
            }
            Some(Mode::Zip) => axes.iter().map(|axis| axis.at(point as usize)).collect(),
            Some(Mode::Random | Mode::Sobol) => (0..axes.len())
                .map(|axis| axes[axis].sampled(self.sampler.share(axis, point)))
                .collect(),
        }
    }

    fn key(&self, values: &[Value], member: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"run\n");
        hash.update(self.seed.to_le_bytes());
        let mut text = String::new();
        for &number in &self.keyed {
            let axis = &self.axes()[number];
            text.clear();
            // Writing into a String cannot fail.
            let _ = match values[number] {
                Value::Number(value) => {
                    // 0 and -0 are the same run.
                    writeln!(text, "{} = {:016x}", axis.path, (value + 0.0).to_bits())
                }
                value => writeln!(text, "{} = {}", axis.path, axis.text(value)),
            };
            hash.update(&text);
        }
        hash.update(member.to_le_bytes());
        hash.finalize().into()
    }
}

/// Whether an axis is part of a run's key.
fn is_keyed(path: &str) -> bool {
    let table = path.split(['.', '[']).next().unwrap_or(path);
    ![
        "solver", "noise", "record", "output", "time", "steps", "analysis", "fit", "optimize",
    ]
    .contains(&table)
}

/// The decoded numbers: an experiment made by a program has no text that says them.
fn numbers(experiment: &Experiment, hash: &mut Sha256) {
    for (name, value) in experiment.parameters.iter() {
        hash.update(name);
        match value {
            Parameter::Real(array) => {
                hash.update(format!("{:?}", array.shape));
                array
                    .data
                    .iter()
                    .for_each(|number| hash.update(number.to_le_bytes()));
            }
            // The text has it, without the places that a comment would move.
            Parameter::Tree(_) => {}
            other => hash.update(format!("{other:?}")),
        }
    }
    for number in &experiment.initial {
        hash.update(number.to_le_bytes());
    }
    let Experiment {
        dynamics,
        stimuli,
        time,
        solver,
        record,
        ensemble,
        cell,
        ..
    } = experiment;
    hash.update(format!(
        "{dynamics} {stimuli:?} {time:?} {solver:?} {record:?} {ensemble:?} {cell:?}"
    ));
}

/// What of the resolved text can change a number, in one canonical form: keys sorted, no comments, no
/// title, no output.
fn meaning(resolved: &str) -> String {
    match resolved.parse::<toml::Table>() {
        Ok(mut table) => {
            table.remove("title");
            table.remove("output");
            // What `analyze` is asked changes no number of a run.
            table.remove("analysis");
            table.remove("fit");
            table.remove("optimize");
            table.to_string()
        }
        // An experiment made by a program need not come with a text in TOML: then all of it counts.
        Err(_) => resolved.to_string(),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_does_not_change_the_meaning() {
        let text =
            "seed = 1 # given\n[time]\nstop = 2.0\n\n# a remark\n[output]\npath = \"a.h5\"\n";
        let other = "seed = 1\n[time]\nstop = 2.0\n[output]\npath = \"b.h5\"\ncompression = 3\n";
        assert_eq!(meaning(text), meaning(other));
        assert_ne!(meaning(text), meaning(&text.replace("2.0", "3.0")));
    }

    #[test]
    fn shards_are_written_k_of_n() {
        assert_eq!(
            "2/8".parse(),
            Ok(Shard {
                number: 2,
                count: 8
            })
        );
        for wrong in ["0/8", "9/8", "2", "a/b", "2/8/1", "-1/4"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn solver_and_time_are_no_part_of_a_key() {
        for (path, keyed) in [
            ("model.parameters.input[0]", true),
            ("stimulus[0].amplitude", true),
            ("seed", true),
            ("solver.rtol", false),
            ("time.stop", false),
        ] {
            assert_eq!(is_keyed(path), keyed, "{path}");
        }
    }
}
