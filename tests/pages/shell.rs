//! Blocks `sh`: commands to type, of which nothing is said but that they work.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;

use super::{Reader, notebook, read, root};

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// Both streams, in the order in which they were written.
    pub printed: String,
    pub code: Option<i32>,
}

/// Run a line as a shell does that finds this build of the program, and the Python of the tests.
pub fn run(line: &str, folder: &Path) -> Ran {
    let mut path = OsString::new();
    for program in [cargo_bin("nullcline"), notebook::python()] {
        path.push(program.parent().unwrap());
        path.push(":");
    }
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", path)
        .env("MPLBACKEND", "agg")
        // What a page writes to the reader's home is not for the home of whoever runs the tests.
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    let printed = std::io::read_to_string(reader).unwrap();
    let code = child.wait().unwrap().code();
    Ran { printed, code }
}

impl Reader<'_> {
    pub(super) fn commands(&mut self, place: &str, text: &str) {
        for line in text.lines() {
            if line.starts_with("nullcline ") {
                self.command(place, line);
            } else {
                targets_exist(place, line);
            }
        }
    }

    fn command(&mut self, place: &str, line: &str) {
        let folder = self.folder.path();
        let inputs = inputs(line);
        for input in inputs.iter().filter(|one| one.starts_with("configs/")) {
            assert!(folder.join(input).exists(), "{place}: there is no {input}");
        }
        let quoted = self.page.starts_with("docs/reference/");
        if !quoted && inputs.iter().all(|input| folder.join(input).exists()) {
            let ran = run(line, folder);
            assert_eq!(ran.code, Some(0), "{place}: `{line}`\n{}", ran.printed);
            self.counts.run += 1;
        } else {
            // Everything before `--help` is looked at: the verb and the options are those of the program.
            let end = ["&&", "|", ">"].iter().filter_map(|end| line.find(end));
            let first = &line[..end.min().unwrap_or(line.len())];
            let ran = run(&format!("{first} --help"), folder);
            assert_eq!(ran.code, Some(0), "{place}: `{line}`\n{}", ran.printed);
            self.counts.parsed += 1;
        }
    }
}

/// The files that a command reads.
pub fn inputs(line: &str) -> Vec<&str> {
    const ENDS: [&str; 4] = [".toml", ".h5", ".csv", ".npy"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let pairs = words.windows(2);
    let read = pairs.filter(|pair| !["-o", "--output", "new"].contains(&pair[0]));
    let files = read.map(|pair| pair[1]).filter(|word| {
        let file = ENDS.iter().any(|end| word.ends_with(end));
        file && !word.contains('=')
    });
    files.collect()
}

/// What other commands name has to exist: targets of cargo, recipes of just, scripts.
fn targets_exist(place: &str, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    for pair in words.windows(2) {
        let (folder, end) = match pair[0] {
            "--test" => ("tests", ".rs"),
            "--bench" => ("benches", ".rs"),
            "--example" => ("examples", ".rs"),
            "just" => {
                let recipe = format!("\n{}:", pair[1]);
                assert!(
                    read("justfile").contains(&recipe),
                    "{place}: no recipe in `{line}`"
                );
                continue;
            }
            _ => continue,
        };
        let target = root().join(folder).join(format!("{}{end}", pair[1]));
        assert!(
            target.exists(),
            "{place}: `{line}` needs {}",
            target.display()
        );
    }
}
