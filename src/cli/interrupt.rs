//! Ctrl-C: the first one asks the run to end in good order, the second one ends the process.
//!
//! SIGTERM and SIGHUP count as well, so that a batch system's warning is heeded.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::{Code, Failure};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listen from now on; the flag is set once somebody asks to stop.
pub fn listen() -> Result<&'static AtomicBool, Failure> {
    ctrlc::set_handler(heed).map_err(|error| {
        Failure::new(
            Code::InputOutput,
            format!("cannot listen for Ctrl-C: {error}"),
        )
    })?;
    Ok(&ASKED)
}

fn heed() {
    if ASKED.swap(true, Ordering::Relaxed) {
        // SAFETY: `_exit` only ends the process. Leaving by `exit` would let HDF5's exit handler flush
        // its files from this thread while another one is writing them.
        unsafe { libc::_exit(Code::Interrupted as i32) }
    }
    let _ = writeln!(
        std::io::stderr(),
        "\ninterrupted: ending in good order; once more ends at once"
    );
}
