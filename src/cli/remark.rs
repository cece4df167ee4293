//! What is said on standard error: notes and results of a verb beside its data.
//!
//! Standard error may be closed or full. What was computed is complete all the same, so that a line that cannot be written is no failure.

/// As `eprintln!`, without its panic.
macro_rules! remark {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}

pub(crate) use remark;
