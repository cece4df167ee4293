//! A time limit as Slurm writes it: `MIN`, `MIN:SEC`, `H:MIN:SEC`, `DAYS-H`, `DAYS-H:MIN`,
//! `DAYS-H:MIN:SEC`, or `UNLIMITED`. Source: the manual page sbatch(1), option `--time`.
//!
//! Slurm warns a task a minute before the limit, and may do so up to a minute early; a limit that leaves
//! nothing before the warning is refused.

use std::str::FromStr;

/// A time limit, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit(String);

/// Seconds that the warning and its imprecision take away.
const WARNING: u64 = 120;

impl Limit {
    /// The limit as Slurm takes it.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if ["unlimited", "infinite"].contains(&text.to_ascii_lowercase().as_str()) {
            return Ok(Self(text.into()));
        }
        match seconds(text) {
            None => {
                Err("expected MINUTES, H:MIN:SEC or DAYS-H:MIN:SEC, for example 2:30:00".into())
            }
            Some(time) if time <= WARNING => Err(format!(
                "{time} s leave no time to work: a task is warned up to {WARNING} s before its limit"
            )),
            Some(_) => Ok(Self(text.into())),
        }
    }
}

fn seconds(text: &str) -> Option<u64> {
    let number = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
        true => part.parse::<u64>().ok(),
        false => None,
    };
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(number(days)?), rest),
        None => (None, text),
    };
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    // What the first part counts depends on whether days stand before it and on how many parts there are.
    let units: &[u64] = match (days, parts.len()) {
        (Some(_), 1..=3) | (None, 3) => &[3600, 60, 1],
        (None, 1 | 2) => &[60, 1],
        _ => return None,
    };
    let mut total = days.unwrap_or(0).checked_mul(86_400)?;
    for (part, unit) in parts.iter().zip(units) {
        total = total.checked_add(part.checked_mul(*unit)?)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_slurm_is_understood() {
        for (text, expected) in [
            ("90", 5400),
            ("90:30", 5430),
            ("2:30:15", 9015),
            ("1-12", 129_600),
            ("1-12:30", 131_400),
            ("1-12:30:15", 131_415),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        assert!("UNLIMITED".parse::<Limit>().is_ok());
    }

    #[test]
    fn what_slurm_would_refuse_or_what_leaves_no_time_is_refused() {
        for text in [
            "",
            "2h",
            "1:2:3:4",
            "-1",
            "1-",
            "1-1:1:1:1",
            "+5",
            "2",
            "1:59",
        ] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
        assert!("3".parse::<Limit>().is_ok());
    }
}
