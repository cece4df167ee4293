//! The experiments of claims: each is done once, by this program as a process of its own, in a folder that holds
//! the files it is told about.
//!
//! So the command that is shown is the one that was done, and Ctrl-C reaches whoever is at work.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::failure::{Code, Failure};
use super::super::program;
use super::super::progress::duration;
use super::super::run::shell_word;
use crate::archive::error::ArchiveError;
use crate::archive::reader::Reader;
use crate::cli::remark::remark;
use crate::system::claim::{Evidenced, Exhibit, NotMeasured, Numbers};

/// How often it is looked whether an experiment is done.
const PATIENCE: Duration = Duration::from_millis(20);

/// What does the experiments, and has done them.
pub struct Laboratory {
    folder: PathBuf,
    program: PathBuf,
    threads: usize,
    quick: bool,
    quiet: bool,
    asked_to_stop: &'static AtomicBool,
    done: Vec<(&'static str, Exhibit, Outcome)>,
}

/// What an experiment left: its archive, or the complaint of the program.
pub struct Outcome(Result<Reader, String>);

impl Laboratory {
    /// Nothing is done yet.
    pub fn new(
        folder: PathBuf,
        asked_to_stop: &'static AtomicBool,
        threads: usize,
        quick: bool,
        quiet: bool,
    ) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(
                Code::InputOutput,
                format!("this program does not find itself: {error}"),
            )
        })?;
        Ok(Self {
            folder,
            program,
            threads,
            quick,
            quiet,
            asked_to_stop,
            done: Vec::new(),
        })
    }

    /// Do this experiment, unless it has been done.
    pub fn see_to(&mut self, family: &'static str, exhibit: &Exhibit) -> Result<(), Failure> {
        if self.found(family, exhibit).is_none() {
            let outcome = self.experiment(family, exhibit)?;
            self.done.push((family, *exhibit, outcome));
        }
        Ok(())
    }

    /// What this experiment left, if it has been done.
    pub fn found(&self, family: &str, exhibit: &Exhibit) -> Option<&Outcome> {
        let mut done = self.done.iter();
        let found = done.find(|done| done.0 == family && done.1 == *exhibit);
        found.map(|(_, _, outcome)| outcome)
    }

    /// The command that does it, for a shell in the folder.
    pub fn command(&self, family: &str, exhibit: &Exhibit) -> String {
        let words = exhibit.words(family, self.quick);
        let words = words.iter().map(|word| shell_word(word));
        let words: Vec<String> = std::iter::once(program::name().to_string())
            .chain(words)
            .collect();
        words.join(" ")
    }

    fn experiment(&self, family: &str, exhibit: &Exhibit) -> Result<Outcome, Failure> {
        self.lay_out(family, exhibit)?;
        let started = Instant::now();
        let stem = exhibit.file.trim_end_matches(".toml");
        let name = format!(
            "{family}-{:02}-{stem}.{}",
            self.done.len(),
            exhibit.verb.name()
        );
        let (result, log) = (
            self.folder.join(format!("{name}.h5")),
            self.folder.join(format!("{name}.log")),
        );
        let status = self.wait(exhibit, family, &result, &log)?;
        if !self.quiet {
            let took = duration(started.elapsed().as_secs_f64());
            remark!("{}: {took}", self.command(family, exhibit));
        }
        if !status.success() {
            let told = fs::read_to_string(&log).unwrap_or_default();
            let first = told.lines().find(|line| !line.trim().is_empty());
            let first = first.unwrap_or("no complaint").trim();
            let message = format!("`{}` failed: {first}", self.command(family, exhibit));
            return Ok(Outcome(Err(message)));
        }
        let opened = Reader::open(&result).map_err(|error| error.to_string());
        Ok(Outcome(opened))
    }

    /// The files of the experiment, where its command looks for them.
    fn lay_out(&self, family: &str, exhibit: &Exhibit) -> Result<(), Failure> {
        let config = self.folder.join(exhibit.path(family));
        let beside = config.parent().unwrap_or(&self.folder);
        fs::create_dir_all(beside).map_err(|error| Failure::cannot_write(beside, &error))?;
        let own = (config.clone(), exhibit.text.as_bytes());
        let data = exhibit.data.iter();
        let data = data.map(|(name, bytes)| (beside.join(name), *bytes));
        for (path, bytes) in std::iter::once(own).chain(data) {
            fs::write(&path, bytes).map_err(|error| Failure::cannot_write(&path, &error))?;
        }
        Ok(())
    }

    fn wait(
        &self,
        exhibit: &Exhibit,
        family: &str,
        result: &Path,
        log: &Path,
    ) -> Result<ExitStatus, Failure> {
        let complaints = File::create(log).map_err(|error| Failure::cannot_write(log, &error))?;
        let mut command = Command::new(&self.program);
        command.args(exhibit.words(family, self.quick));
        command.args(["--quiet", "-o"]).arg(result);
        if self.threads > 0 {
            command.args(["--threads", &self.threads.to_string()]);
        }
        command.current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let failed = |error| Failure::new(Code::InputOutput, format!("{family}: {error}"));
        let mut child = command.stderr(complaints).spawn().map_err(failed)?;
        loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                // At a terminal Ctrl-C is heard by both.
                return match status.code() == Some(Code::Interrupted as i32) {
                    true => Err(interrupted()),
                    false => Ok(status),
                };
            }
            if self.asked_to_stop.load(Ordering::Relaxed) {
                // What it leaves is thrown away, so it need not end in good order; it may have ended by itself.
                let _ = child.kill();
                child.wait().map_err(failed)?;
                return Err(interrupted());
            }
            std::thread::sleep(PATIENCE);
        }
    }
}

impl Outcome {
    fn reader(&self) -> Result<&Reader, NotMeasured> {
        self.0.as_ref().map_err(|why| NotMeasured(why.clone()))
    }
}

impl Evidenced for Outcome {
    fn numbers(&self, name: &str) -> Result<Numbers, NotMeasured> {
        let reader = self.reader()?;
        let shape = reader.variable(name).map_err(lacking)?.shape;
        let values = reader.read(name).map_err(lacking)?;
        Ok(Numbers { shape, values })
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, NotMeasured> {
        self.reader()?.labels(name).map_err(lacking)
    }
}

/// What an archive lacks; the name of the data set is in the message of the reader.
fn lacking(error: ArchiveError) -> NotMeasured {
    NotMeasured(error.to_string())
}

fn interrupted() -> Failure {
    let message = "interrupted before every claim was looked at";
    Failure::new(Code::Interrupted, message).help(
        "name a family to do only its claims, or give `--quick`; a folder given with `-o` keeps what was done, \
         and a next time needs another one",
    )
}
