//! `nullcline reproduce [FAMILY]`: what the papers of the families claim, and what comes out.
//!
//! Standard output has a table per family: what is claimed, what is expected, what is measured, the verdict, and under it
//! the commands that give the numbers. The families declare all of it; this verb does the experiments and applies the
//! checks. A claim that fails makes the exit code 5.

mod exhibits;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use super::failure::{Code, Failure};
use super::output::Output;
use super::progress::duration;
use super::{describe, interrupt, table};
use crate::cli::remark::remark;
use crate::registry::Registry;
use crate::system::claim::{Claim, Evidenced, Results, Verdict};
use crate::system::family::Family;
use exhibits::Laboratory;

/// Do the experiments behind what the papers claim, and say what holds
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline reproduce linear-threshold --quick")]
pub struct Arguments {
    /// Only the claims of this family; those of all families by default
    family: Option<String>,
    /// Smaller and shorter experiments: minutes for all families together
    #[arg(long)]
    quick: bool,
    /// Keep the experiments and their results in this folder, which must be empty or new
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// How many runs go at the same time; as many as there are processors by default
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Tell nothing but the results and errors
    #[arg(short, long)]
    quiet: bool,
    /// Print the results as JSON
    #[arg(long)]
    pub json: bool,
}

/// A claim with what came out.
struct Judged {
    family: &'static str,
    claim: &'static Claim,
    measured: String,
    verdict: Verdict,
    commands: Vec<String>,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let started = Instant::now();
    let families = chosen(registry, arguments.family.as_deref())?;
    // Before there is a folder that an interrupt would leave behind.
    let asked_to_stop = interrupt::listen()?;
    // Dropped, and with it deleted, when all is done.
    let (folder, _temporary) = folder(arguments.output.as_deref())?;
    let (quick, quiet) = (arguments.quick, arguments.quiet);
    let mut laboratory = Laboratory::new(folder, asked_to_stop, arguments.threads, quick, quiet)?;
    let mut all = Vec::new();
    for family in families {
        let judged = judge(family, &mut laboratory)?;
        if !arguments.json {
            print(output, family, &judged, all.is_empty())?;
            output.flush()?;
        }
        all.extend(judged);
    }
    if arguments.json {
        output.json(&as_json(&all))?;
        output.flush()?;
    }
    if !quiet {
        remark!(
            "{}, in {}",
            count(&all),
            duration(started.elapsed().as_secs_f64())
        );
    }
    failures(&all)
}

/// The family of that name, or all that claim something.
fn chosen(registry: &Registry, name: Option<&str>) -> Result<Vec<&'static dyn Family>, Failure> {
    let claiming = || {
        registry
            .families()
            .iter()
            .copied()
            .filter(|one| !one.claims().is_empty())
    };
    let Some(name) = name else {
        let families: Vec<&'static dyn Family> = claiming().collect();
        if families.is_empty() {
            let message = "no family of this program follows a paper whose claims could be checked";
            let help = "a family declares its claims through `Family::claims`";
            return Err(Failure::new(Code::Usage, message).help(help));
        }
        return Ok(families);
    };
    let family = describe::find(registry, name)?;
    if family.claims().is_empty() {
        let message = format!("the family `{name}` follows no paper whose claims could be checked");
        let names: Vec<&str> = claiming().map(|one| one.name()).collect();
        let help = format!("families with claims: {}", names.join(", "));
        return Err(Failure::new(Code::Usage, message).help(help));
    }
    Ok(vec![family])
}

/// The folder to work in: the one asked for, or one that is deleted with what comes second.
fn folder(asked: Option<&Path>) -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
    let Some(path) = asked else {
        let made = tempfile::Builder::new().prefix("nullcline-").tempdir();
        let made = made.map_err(|error| Failure::at(&std::env::temp_dir(), error))?;
        return Ok((made.path().to_path_buf(), Some(made)));
    };
    std::fs::create_dir_all(path).map_err(|error| Failure::at(path, error))?;
    let mut entries = std::fs::read_dir(path).map_err(|error| Failure::at(path, error))?;
    if entries.next().is_some() {
        let message = format!("{} is not empty", path.display());
        let help = "name a folder that is empty or not there yet";
        return Err(Failure::new(Code::InputOutput, message).help(help));
    }
    // The experiments are done in this folder, and name their results by a path that holds from there as well.
    let whole = std::path::absolute(path).map_err(|error| Failure::at(path, error))?;
    Ok((whole, None))
}

fn judge(family: &'static dyn Family, laboratory: &mut Laboratory) -> Result<Vec<Judged>, Failure> {
    let name = family.name();
    let claims = family.claims().iter();
    let judged = claims.map(|claim| {
        for exhibit in claim.exhibits {
            laboratory.see_to(name, exhibit)?;
        }
        let found = claim
            .exhibits
            .iter()
            .filter_map(|one| laboratory.found(name, one));
        let found = found.map(|outcome| outcome as &dyn Evidenced).collect();
        let (measured, verdict) = claim.judge(&Results::new(found));
        let commands = claim.exhibits.iter();
        let commands = commands.map(|one| laboratory.command(name, one)).collect();
        Ok(Judged {
            family: name,
            claim,
            measured,
            verdict,
            commands,
        })
    });
    judged.collect()
}

fn print(
    output: &mut Output,
    family: &dyn Family,
    judged: &[Judged],
    first: bool,
) -> io::Result<()> {
    if !first {
        writeln!(output)?;
    }
    writeln!(output, "{}: {}\n", family.name(), family.title())?;
    let widths = table::shares(&[26, 22, 26, 20], table::width());
    let head = ["claim", "expected", "measured", "verdict"].map(String::from);
    output.write_all(table::flowing(&head, &widths).as_bytes())?;
    for one in judged {
        writeln!(output)?;
        let row = [
            one.claim.statement.to_string(),
            one.claim.expected.to_string(),
            one.measured.clone(),
            one.verdict.to_string(),
        ];
        output.write_all(table::flowing(&row, &widths).as_bytes())?;
        for command in &one.commands {
            // In one piece, to be pasted into a shell.
            writeln!(output, "    $ {command}")?;
        }
    }
    Ok(())
}

fn as_json(all: &[Judged]) -> Value {
    let one = |one: &Judged| {
        json!({
            "family": one.family,
            "claim": one.claim.statement,
            "expected": one.claim.expected,
            "measured": one.measured,
            "verdict": one.verdict.to_string(),
            "fails": one.verdict == Verdict::Fails,
            "commands": one.commands,
        })
    };
    json!({ "claims": all.iter().map(one).collect::<Vec<_>>() })
}

/// How many claims have which verdict.
fn count(all: &[Judged]) -> String {
    let of = |is: fn(&Verdict) -> bool| all.iter().filter(|one| is(&one.verdict)).count();
    format!(
        "{} claims: {} hold, {} hold with a caveat, {} are not established, {} fail",
        all.len(),
        of(|one| *one == Verdict::Holds),
        of(|one| matches!(one, Verdict::Caveat(_))),
        of(|one| matches!(one, Verdict::NotEstablished(_))),
        of(|one| *one == Verdict::Fails),
    )
}

fn failures(all: &[Judged]) -> Result<(), Failure> {
    let mut failing = all.iter().filter(|one| one.verdict == Verdict::Fails);
    let Some(first) = failing.next() else {
        return Ok(());
    };
    let message = format!(
        "{} of {} claims fail; the first is `{}` of {}",
        1 + failing.count(),
        all.len(),
        first.claim.statement,
        first.family
    );
    Err(Failure::new(Code::Verification, message)
        .help("the table says what was measured, and by which commands"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::claim::Measured;

    const CLAIM: Claim = Claim {
        statement: "x is small",
        expected: "below 1",
        verdict: Verdict::Holds,
        exhibits: &[],
        measure: |_| Ok(Measured::new("0.5", true)),
    };

    fn judged(verdict: Verdict) -> Judged {
        Judged {
            family: "f",
            claim: &CLAIM,
            measured: "0.5".into(),
            verdict,
            commands: Vec::new(),
        }
    }

    #[test]
    fn one_claim_that_fails_is_a_failure() {
        let open = Verdict::NotEstablished("there is no more of it");
        let fine = [judged(Verdict::Holds), judged(open)];
        assert!(failures(&fine).is_ok());
        let mixed = [judged(Verdict::Holds), judged(Verdict::Fails)];
        let Err(Failure::Told { code, message, .. }) = failures(&mixed) else {
            panic!("no failure");
        };
        assert_eq!(code, Code::Verification as u8);
        assert_eq!(
            message,
            "1 of 2 claims fail; the first is `x is small` of f"
        );
        assert_eq!(
            count(&mixed),
            "2 claims: 1 hold, 0 hold with a caveat, 0 are not established, 1 fail"
        );
    }
}
