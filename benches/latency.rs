//! How long the program takes to answer, as a user feels it: whole processes, medians.
//!
//! `cargo bench --bench latency`. The promises: `--help` and `check` of a small file in under 20 ms, the
//! README's first example in under 0.5 s.

use std::process::{Command, Stdio};
use std::time::Instant;

const ROUNDS: usize = 21;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let result = folder.path().join("out.h5");
    let config = "configs/linear-threshold/ei-pair.toml";
    let check = folder.path().join("pair.toml");
    let starter = nullcline::models::registry()
        .get("linear-threshold")
        .map_or("", |family| family.starter());
    std::fs::write(&check, starter)?;
    let (check, result) = (check.to_string_lossy(), result.to_string_lossy());
    for (what, promised, arguments) in [
        ("--help", 20.0, vec!["--help"]),
        ("check of the starter", 20.0, vec!["check", &check]),
        (
            "the first example",
            500.0,
            vec!["run", config, "--force", "-o", &result],
        ),
    ] {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let status = Command::new(env!("CARGO_BIN_EXE_nullcline"))
                .args(&arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            assert!(status.success(), "{what}");
        }
        times.sort_by(f64::total_cmp);
        let median = times[ROUNDS / 2];
        println!("{what}: {median:.1} ms, promised {promised} ms");
    }
    Ok(())
}
