//! The three scripts: `array.sbatch`, `merge.sbatch` and `submit.sh`.
//!
//! Each is a head, written here, and a body, a text beside this file that is the same for every
//! experiment. The head has the directives of Slurm and assigns what differs to variables; the body uses
//! only these variables. So there are two places where a name with a space or a quote could go wrong,
//! [`word`] and [`log`], and both have tests.
//!
//! Slurm reads the directives itself: it knows double quotes, and a backslash before a quote, but no
//! single quotes around double ones; in the name of a log `%` starts a replacement and `%%` is a `%`.
//! Source: the manual page sbatch(1), and the program of Slurm 22.05.

use std::fmt::Write;

/// What the scripts are about. Every path is absolute.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The name of the experiment.
    pub name: String,
    /// The program that runs and merges.
    pub program: &'a str,
    /// The experiment file.
    pub config: &'a str,
    /// Values of `--set`.
    pub overrides: &'a [String],
    /// The hash of the plan.
    pub plan: &'a str,
    /// How many shards.
    pub tasks: u64,
    /// Threads of a task.
    pub threads: usize,
    /// The time limit of a task.
    pub time: Option<&'a str>,
    /// The partition of the cluster.
    pub partition: Option<&'a str>,
    /// Where scripts, shards, logs and states are.
    pub folder: &'a str,
    /// The merged archive.
    pub output: &'a str,
}

impl Job<'_> {
    /// The task of one shard.
    pub fn array(&self) -> String {
        let mut text = self.opening("Task K of the array runs shard K of the experiment");
        self.directive(&mut text, "job-name", &self.name);
        self.directive(&mut text, "array", &format!("1-{}", self.tasks));
        self.directive(&mut text, "cpus-per-task", &self.threads.to_string());
        self.resources(&mut text, "%A_%a");
        // 60 s before the time limit, to the script alone.
        self.directive(&mut text, "signal", "B:USR1@60");
        self.variables(&mut text);
        let mut experiment = vec![word(self.config)];
        for one in self.overrides {
            experiment.push(format!("--set {}", word(one)));
        }
        let experiment = experiment.join(" ");
        let _ = writeln!(text, "experiment=({experiment})\nthreads={}", self.threads);
        text + "\n" + include_str!("array.bash")
    }

    /// The merge of all shards.
    pub fn merge(&self) -> String {
        let mut text = self.opening("Puts the shards together, once all of them are complete");
        self.directive(&mut text, "job-name", &format!("{}-merge", self.name));
        self.resources(&mut text, "merge_%j");
        self.variables(&mut text);
        let _ = writeln!(text, "output={}", word(self.output));
        text + "\n" + include_str!("merge.bash")
    }

    /// What submits the two.
    pub fn submit(&self) -> String {
        let about =
            "Submits the array, as far as it is not done, and the merge. Arguments go to sbatch";
        let mut text = self.opening(about);
        self.variables(&mut text);
        let _ = writeln!(text, "output={}", word(self.output));
        text + "\n" + include_str!("submit.bash")
    }

    /// The line by which a folder knows what its shards are parts of.
    pub fn identity(&self) -> String {
        format!("# Plan {}, {} tasks", self.plan, self.tasks)
    }

    fn opening(&self, about: &str) -> String {
        let identity = self.identity();
        format!("#!/usr/bin/env bash\n# {about}. Written by `nullcline slurm`.\n{identity}\n")
    }

    fn directive(&self, text: &mut String, option: &str, value: &str) {
        let _ = writeln!(text, "#SBATCH --{option}={value}");
    }

    fn resources(&self, text: &mut String, log_name: &str) {
        for (option, value) in [("time", self.time), ("partition", self.partition)] {
            if let Some(value) = value {
                self.directive(text, option, value);
            }
        }
        self.directive(text, "output", &log(self.folder, log_name));
        // A task that is put back into the queue goes on where it was, and so does its log.
        text.push_str("#SBATCH --open-mode=append\n#SBATCH --requeue\n");
    }

    fn variables(&self, text: &mut String) {
        let (program, folder, tasks) = (word(self.program), word(self.folder), self.tasks);
        let _ = writeln!(
            text,
            "set -euo pipefail\n\nprogram={program}\nfolder={folder}\ntasks={tasks}"
        );
    }
}

/// A word of bash, quoted where it must be.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// The name of a log as a value in a directive.
fn log(folder: &str, name: &str) -> String {
    let folder = folder.replace('%', "%%").replace('"', "\\\"");
    format!("\"{folder}/log/{name}.out\"")
}

/// A name of a job: what Slurm shows in narrow columns, without what needs quoting.
pub fn job_name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWKWARD: &str = "/scratch/it's 100% \"mine\" $HOME `x` #1";

    fn job(overrides: &[String]) -> Job<'_> {
        Job {
            name: "pair".into(),
            program: "/opt/bin/nullcline",
            config: "/home/u/pair.toml",
            overrides,
            plan: "c0ffee",
            tasks: 4,
            threads: 2,
            time: None,
            partition: None,
            folder: "/home/u/pair.slurm",
            output: "/home/u/pair.h5",
        }
    }

    /// What bash makes of a text.
    fn bash(arguments: &[&str], text: &str) -> String {
        let output = std::process::Command::new("bash")
            .args(arguments)
            .args(["-c", text])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}\n{text}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A script up to its body.
    fn head(text: &str) -> &str {
        text.split_once("\n\n")
            .and_then(|(directives, rest)| {
                let (variables, _) = rest.split_once("\n\n")?;
                text.get(..directives.len() + 2 + variables.len())
            })
            .unwrap()
    }

    #[test]
    fn the_head_of_an_array() {
        let overrides = ["time.stop=20".into(), "title='a b'".into()];
        let job = Job {
            time: Some("2:00:00"),
            partition: Some("short,long"),
            ..job(&overrides)
        };
        let expected = r#"#!/usr/bin/env bash
# Task K of the array runs shard K of the experiment. Written by `nullcline slurm`.
# Plan c0ffee, 4 tasks
#SBATCH --job-name=pair
#SBATCH --array=1-4
#SBATCH --cpus-per-task=2
#SBATCH --time=2:00:00
#SBATCH --partition=short,long
#SBATCH --output="/home/u/pair.slurm/log/%A_%a.out"
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@60
set -euo pipefail

program=/opt/bin/nullcline
folder=/home/u/pair.slurm
tasks=4
experiment=(/home/u/pair.toml --set time.stop=20 --set 'title='\''a b'\''')
threads=2"#;
        assert_eq!(head(&job.array()), expected);
    }

    #[test]
    fn the_head_of_a_merge() {
        let expected = r#"#!/usr/bin/env bash
# Puts the shards together, once all of them are complete. Written by `nullcline slurm`.
# Plan c0ffee, 4 tasks
#SBATCH --job-name=pair-merge
#SBATCH --output="/home/u/pair.slurm/log/merge_%j.out"
#SBATCH --open-mode=append
#SBATCH --requeue
set -euo pipefail

program=/opt/bin/nullcline
folder=/home/u/pair.slurm
tasks=4
output=/home/u/pair.h5"#;
        assert_eq!(head(&job(&[]).merge()), expected);
    }

    #[test]
    fn bash_reads_the_scripts() {
        let overrides = [AWKWARD.into()];
        let job = Job {
            folder: AWKWARD,
            output: AWKWARD,
            config: AWKWARD,
            program: AWKWARD,
            ..job(&overrides)
        };
        for text in [job.array(), job.merge(), job.submit()] {
            bash(&["-n"], &text);
        }
        let print = "\nprintf '%s|' \"${experiment[@]}\" \"$folder\" \"$program\"";
        let told = bash(&[], &(head(&job.array()).to_string() + print));
        assert_eq!(
            told,
            format!("{AWKWARD}|--set|{AWKWARD}|{AWKWARD}|{AWKWARD}|")
        );
    }

    #[test]
    fn a_word_of_bash_survives() {
        for text in ["", "plain", AWKWARD, "a\nb", "*", "~", "{1,2}", "-n", "!!"] {
            let told = bash(&[], &format!("printf '%s|' {}", word(text)));
            assert_eq!(told, format!("{text}|"));
        }
    }

    /// Slurm unquotes the name of a log, and then replaces what begins with `%`.
    #[test]
    fn the_name_of_a_log_is_quoted_for_slurm() {
        assert_eq!(log("/a b", "%A_%a"), "\"/a b/log/%A_%a.out\"");
        assert_eq!(log("/5%'\"#", "%j"), "\"/5%%'\\\"#/log/%j.out\"");
    }

    #[test]
    fn a_job_has_a_plain_name() {
        assert_eq!(job_name("ei pair (2)"), "ei_pair__2_");
    }
}
