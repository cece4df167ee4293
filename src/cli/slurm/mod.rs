//! `nullcline slurm CONFIG --tasks N`: the scripts that run a sweep as an array of Slurm.
//!
//! Into one folder go `array.sbatch` (task K of N runs shard K of N), `merge.sbatch` (puts the shards
//! together once all are complete) and `submit.sh` (submits both, as far as they are not done). Nothing is
//! submitted here, and Slurm need not be installed. Shards, logs and the state of each task go to
//! the same folder: `shard-K.h5`, `log/`, `status/K`.
//!
//! The experiment is checked before anything is written. Complete shards are taken for
//! done, so a folder is for one plan cut one way: if it holds shards of another, it is refused.

mod limit;
mod script;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::experiment;
use super::failure::{Code, Failure};
use super::output::Output;
use crate::cli::remark::remark;
use crate::ensemble::Prepared;
use crate::registry::Registry;
use limit::Limit;
use script::{Job, job_name, word};

/// Write the scripts that run a sweep on a Slurm cluster, as an array of N tasks and a merge
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  nullcline slurm sweep.toml --tasks 100 --time 2:00:00 && ./sweep.slurm/submit.sh"
)]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// How many tasks share the runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    tasks: u64,
    /// The time limit of each task, as Slurm writes it: minutes, H:MIN:SEC or DAYS-H:MIN:SEC
    #[arg(long, value_name = "T")]
    time: Option<Limit>,
    /// The partition, or several with commas
    #[arg(long, value_name = "P", value_parser = partition)]
    partition: Option<String>,
    /// Write scripts, shards and logs into this folder instead of NAME.slurm
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// How many runs of a task go at the same time, and how many processors it asks for
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads)]
    threads: usize,
    /// Replace scripts that are there; shards are kept
    #[arg(long)]
    force: bool,
    /// Print the paths and the command that submits as JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let config = &arguments.experiment.config;
    let experiment = arguments.experiment.load(registry)?;
    // What does not fit together is found here, and not by a hundred tasks tomorrow.
    let prepared =
        Prepared::new(&experiment).map_err(|error| super::run::refuse(&error, config))?;
    let stem = config.file_stem().unwrap_or_default().to_string_lossy();
    let folder = match &arguments.output {
        Some(folder) => folder.clone(),
        None => PathBuf::from(format!("{stem}.slurm")),
    };
    let program = std::env::current_exe().map_err(|error| {
        let message = format!("cannot find out where this program is: {error}");
        Failure::new(Code::InputOutput, message)
    })?;
    let folder = in_script(&folder)?;
    if folder.contains(|c: char| c.is_control() || c == '\\') {
        let message = format!("Slurm cannot write its logs into a folder of this name: {folder:?}");
        return Err(Failure::new(Code::Usage, message)
            .help("choose one without backslashes, line breaks and tabs, with `-o DIR`"));
    }
    let job = Job {
        name: job_name(&stem),
        program: &in_script(&program)?,
        config: &in_script(config)?,
        overrides: &arguments.experiment.overrides,
        plan: prepared.plan.hash(),
        tasks: arguments.tasks,
        threads: arguments.threads,
        time: arguments.time.as_ref().map(Limit::text),
        partition: arguments.partition.as_deref(),
        folder: &folder,
        output: &in_script(&experiment.output.path)?,
    };
    write(&job, arguments.force)?;
    tell(&job, &prepared, arguments.json, output)
}

/// The folder with its three scripts.
fn write(job: &Job<'_>, force: bool) -> Result<(), Failure> {
    let folder = Path::new(job.folder);
    let scripts = [
        ("array.sbatch", job.array()),
        ("merge.sbatch", job.merge()),
        ("submit.sh", job.submit()),
    ];
    let there = scripts.iter().find(|(name, _)| folder.join(name).exists());
    if let (Some((name, _)), false) = (there, force) {
        let message = format!("{} exists already", folder.join(name).display());
        return Err(Failure::new(Code::InputOutput, message)
            .help("`--force` replaces the scripts, `-o DIR` writes elsewhere"));
    }
    if let Some(shard) = foreign_shard(folder, &job.identity())? {
        let message = format!(
            "{} is part of another plan, or of another number of tasks",
            shard.display()
        );
        return Err(Failure::new(Code::InputOutput, message)
            .help("`-o DIR` writes elsewhere; or move the shards in this folder away"));
    }
    for inside in ["log", "status"] {
        let path = folder.join(inside);
        fs::create_dir_all(&path).map_err(|error| Failure::cannot_write(&path, &error))?;
    }
    for (name, text) in scripts {
        let path = folder.join(name);
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)))
            .map_err(|error| Failure::cannot_write(&path, &error))?;
    }
    Ok(())
}

/// A shard in the folder, begun or complete, unless the scripts there say that it is of this plan and cut.
fn foreign_shard(folder: &Path, identity: &str) -> Result<Option<PathBuf>, Failure> {
    let scripts = fs::read_to_string(folder.join("array.sbatch")).unwrap_or_default();
    if scripts.lines().any(|line| line == identity) {
        return Ok(None);
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("cannot read {}: {error}", folder.display());
            return Err(Failure::new(Code::InputOutput, message));
        }
    };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let shard = names
        .filter_map(|name| name.into_string().ok())
        .find(|name| name.starts_with("shard-"));
    Ok(shard.map(|name| folder.join(name)))
}

fn tell(
    job: &Job<'_>,
    prepared: &Prepared,
    json: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let path = |name: &str| format!("{}/{name}", job.folder);
    let command = word(&path("submit.sh"));
    if json {
        output.json(&json!({
            "folder": job.folder,
            "array": path("array.sbatch"),
            "merge": path("merge.sbatch"),
            "submit": path("submit.sh"),
            "output": job.output,
            "tasks": job.tasks,
            "runs": prepared.plan.len(),
            "command": command,
        }))?;
        return Ok(());
    }
    let runs = prepared.plan.len();
    remark!("wrote {}: {runs} runs in {} tasks", job.folder, job.tasks);
    let parts = prepared.tasks.len();
    if parts < job.tasks {
        let block = prepared.tasks.block();
        remark!("note: runs go {block} at a time, so that only {parts} tasks have work to do");
    }
    if Path::new(job.output).exists() {
        remark!(
            "note: {} exists already; the scripts will not replace it",
            job.output
        );
    }
    remark!("submit them with\n  {command}");
    Ok(())
}

/// A path as the scripts name it: absolute, so that it does not matter where they are started.
fn in_script(path: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(path).map_err(|error| {
        Failure::new(
            Code::InputOutput,
            format!("cannot use {}: {error}", path.display()),
        )
    })?;
    let Some(text) = absolute.to_str() else {
        let message = format!(
            "{} is not UTF-8, and cannot stand in a script",
            path.display()
        );
        return Err(Failure::new(Code::Usage, message).help("rename it"));
    };
    Ok(text.into())
}

fn partition(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text.into()),
        false => Err("expected the name of a partition, for example `short`".into()),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err("expected a number from 1".into()),
    }
}
