//! Standard output: data, written once, by a writer that lets a vanished reader pass for a success.

use std::io::{self, BufWriter, StdoutLock, Write};

use serde_json::Value;

/// The buffered standard output of a verb.
pub struct Output(BufWriter<StdoutLock<'static>>);

impl Output {
    /// The standard output of this process.
    pub fn stdout() -> Self {
        Self(BufWriter::new(io::stdout().lock()))
    }

    /// Write a value as indented JSON with a final newline.
    pub fn json(&mut self, value: &Value) -> io::Result<()> {
        writeln!(self.0, "{value:#}")
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
