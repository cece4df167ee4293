//! `nullcline rerun FILE`: the runs of an archive again, from the archive alone.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::failure::{Code, Failure};
use super::inspect;
use super::interrupt;
use super::output::Output;
use super::progress::Progress;
use crate::archive::reader::Reader;
use crate::cli::remark::remark;
use crate::ensemble::RunOptions;
use crate::ensemble::rerun::{Verdict, rerun};
use crate::registry::Registry;

/// Run again what an archive holds, from the archive alone, and compare every number
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline rerun sweep.h5 --run 17")]
pub struct Arguments {
    /// The archive
    file: PathBuf,
    /// Only this run, by its index in C order over the axes and the members
    #[arg(long, value_name = "I")]
    run: Option<u64>,
    /// How many runs go at the same time; as many as there are processors by default
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Tell nothing but errors
    #[arg(short, long)]
    quiet: bool,
    /// Print a report as JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let reader = Reader::open(&arguments.file).map_err(|error| inspect::unreadable(&error))?;
    let options = RunOptions {
        threads: arguments.threads,
        ..RunOptions::new(interrupt::listen()?)
    };
    let mut progress = Progress::new(arguments.quiet);
    let verdict = rerun(&reader, arguments.run, registry, &options, &mut |now| {
        progress.update(now.finished as f64, now.runs as f64, "runs");
    });
    progress.finish();
    let verdict = verdict.map_err(|error| super::run::refuse(&error, &arguments.file))?;
    if arguments.json {
        output.json(&as_json(&verdict))?;
    } else {
        tell(&verdict, output)?;
    }
    output.flush()?;
    let path = arguments.file.display();
    if verdict.interrupted {
        let message = format!("interrupted after {} runs", verdict.runs);
        return Err(Failure::new(Code::Interrupted, message));
    }
    if verdict.different > 0 || verdict.different_points > 0 {
        let help = "numbers are the same on one build and processor architecture; \
                    `nullcline inspect` shows which build made the archive";
        let message = different(&verdict, &path.to_string());
        return Err(Failure::new(Code::Verification, message).help(help));
    }
    if verdict.numbers == 0 {
        let message =
            format!("nothing was compared with {path}: the archive holds no numbers of its runs");
        let help = "record trajectories or summaries, and keep the members of an ensemble";
        return Err(Failure::new(Code::Verification, message).help(help));
    }
    if !arguments.quiet {
        for name in &verdict.left_out {
            remark!("note: /{name} was not compared: it needs all members; leave out --run");
        }
        remark!(
            "{} {}, {} numbers: the same as in {path}",
            verdict.runs,
            if verdict.runs == 1 { "run" } else { "runs" },
            verdict.numbers
        );
    }
    Ok(())
}

fn different(verdict: &Verdict, path: &str) -> String {
    let runs = format!(
        "{} of {} runs have other numbers than {path}",
        verdict.different, verdict.runs
    );
    let points = match verdict.different_points {
        0 => return runs,
        1 => "the statistics over the members of 1 point are others".to_string(),
        count => format!("the statistics over the members of {count} points are others"),
    };
    match verdict.different {
        0 => format!("{points} than in {path}"),
        _ => format!("{runs}, and {points}"),
    }
}

fn tell(verdict: &Verdict, output: &mut Output) -> Result<(), Failure> {
    for (run, told) in &verdict.failures {
        writeln!(output, "run {run} ended {told}")?;
    }
    for one in &verdict.told {
        let more = match one.count {
            1 => String::new(),
            count => format!(" (and {} more numbers of it)", count - 1),
        };
        let whose = match (one.run, one.point) {
            (Some(run), _) => format!("run {run}"),
            (None, point) => format!("point {}", point.unwrap_or(0)),
        };
        writeln!(
            output,
            "{whose}, /{}: {:?} became {:?}{more}",
            one.name, one.stored, one.found
        )?;
    }
    Ok(())
}

fn as_json(verdict: &Verdict) -> serde_json::Value {
    let told = verdict.told.iter().map(|one| {
        json!({
            "run": one.run,
            "point": one.point,
            "data_set": format!("/{}", one.name),
            "stored": one.stored,
            "found": one.found,
            "count": one.count,
        })
    });
    let failures = verdict.failures.iter();
    json!({
        "runs": verdict.runs,
        "numbers": verdict.numbers,
        "different": verdict.different,
        "different_points": verdict.different_points,
        "not_compared": verdict.left_out.iter().map(|name| format!("/{name}")).collect::<Vec<_>>(),
        "differences": told.collect::<Vec<_>>(),
        "failures": failures.map(|(run, told)| json!({"run": run, "told": told})).collect::<Vec<_>>(),
        "interrupted": verdict.interrupted,
    })
}
