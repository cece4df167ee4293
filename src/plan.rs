//! The plan: an experiment as an ordered list of runs.
//!
//! A run has an index, its place along the axes (none yet: one experiment is one run), and a key. The
//! key is a function of the run's content, not of its index: it addresses every random number of the
//! run, so the same run of a larger sweep draws the same numbers. The plan's *content hash* says
//! whether two files mean the same numbers:
//!
//! ```text
//! hash = SHA-256( resolved values without title and [output], keys sorted
//!                 + name and SHA-256 of every external file )
//! key  = SHA-256( "run", seed, axis values, member )
//! ```

use sha2::{Digest, Sha256};

use crate::config::experiment::Experiment;

/// The ordered runs of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    hash: String,
    seed: u64,
}

/// One run of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its place in the plan, in C order over the axes and the members.
    pub index: u64,
    /// What its random numbers are addressed by.
    pub key: [u8; 32],
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
        Self {
            hash: hexadecimal(&hash.finalize()),
            seed: experiment.seed,
        }
    }

    /// The content hash, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The number of runs.
    pub fn len(&self) -> u64 {
        1
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The runs in order. They are made one by one: a plan of a million runs holds none of them.
    pub fn runs(&self) -> impl Iterator<Item = Run> + '_ {
        (0..self.len()).map(|index| Run {
            index,
            key: self.key(),
        })
    }

    /// The key of a run without axis values, member 0.
    fn key(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"run\n");
        hash.update(self.seed.to_le_bytes());
        hash.update(0_u64.to_le_bytes());
        hash.finalize().into()
    }
}

/// What of the resolved text can change a number, in one canonical form: keys sorted, no comments, no
/// title, no output.
fn meaning(resolved: &str) -> String {
    match resolved.parse::<toml::Table>() {
        Ok(mut table) => {
            table.remove("title");
            table.remove("output");
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
}
