//! The Python of a page: its blocks are the cells of one notebook, run by the interpreter of the tests.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use assert_cmd::cargo::cargo_bin;

use super::root;

/// Takes a cell per line, as JSON, and answers with whether it failed and what it said.
const INTERPRETER: &str = r#"
import contextlib, io, json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    said, failed = io.StringIO(), False
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            exec(compile(json.loads(line), "<block>", "exec"), names)
        except BaseException:
            failed = True
            traceback.print_exc()
    print(json.dumps([failed, said.getvalue()]), flush=True)
"#;

pub fn python() -> PathBuf {
    let python = root().join("target/python/bin/python");
    let found = python.exists();
    assert!(
        found,
        "the Python of the tests is missing: run ./setup --tests"
    );
    python
}

/// A running interpreter.
pub struct Notebook {
    process: Child,
    cells: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Notebook {
    pub fn open(folder: &Path) -> Self {
        let mut process = Command::new(python())
            .args(["-c", INTERPRETER])
            .current_dir(folder)
            .env("PYTHONPATH", root().join("python"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("MPLBACKEND", "agg")
            .env("NULLCLINE", cargo_bin("nullcline"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (cells, answers) = (process.stdin.take(), process.stdout.take());
        Self {
            process,
            cells: cells.unwrap(),
            answers: BufReader::new(answers.unwrap()),
        }
    }

    pub fn run(&mut self, place: &str, text: &str) {
        let cell = serde_json::to_string(text).unwrap();
        writeln!(self.cells, "{cell}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer)
            .unwrap_or_else(|_| panic!("{place}: Python went away: {answer}"));
        let said = answer[1].as_str().unwrap_or_default();
        assert_eq!(answer[0], false, "{place}: {said}");
    }
}

impl Drop for Notebook {
    fn drop(&mut self) {
        // Nothing of it is needed any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
