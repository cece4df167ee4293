//! A sweep from Rust: the experiment file of a sweep, run and read back without the command line.
//!
//! ```text
//! x' = a - x,  x(0) = 0:   x(5) = a (1 - exp(-5))  for each a
//! ```
//!
//! `cargo run --release --example sweep`

use std::path::Path;
use std::sync::atomic::AtomicBool;

use nullcline::archive::reader::Reader;
use nullcline::{config, ensemble, models};

const EXPERIMENT: &str = r#"
title = "Relaxation for five inputs"

[model]
family = "equations"

[model.parameters]
a = 1.0

[model.state.x]
drift = "a - x"

[time]
stop = 5.0

[solver]
rtol = 1e-10
atol = 1e-12

[record]
trajectories = false
summaries = ["final"]

[sweep.axes]
"model.parameters.a" = { from = 0.0, to = 2.0, count = 5 }
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("nullcline-sweep-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    // The file need not exist: its name is that of messages, and of the archive beside it.
    let name = folder.join("relaxation.toml");
    let registry = models::registry();
    let experiment = config::load_text(EXPERIMENT, Path::new(&name), &[], &registry)?;

    let interrupt = AtomicBool::new(false);
    let options = ensemble::RunOptions::new(&interrupt);
    let report = ensemble::run(&experiment, &options, &mut |_| {})?;
    println!("{} runs, {} failed", report.runs, report.failed);

    let archive = Reader::open(&report.path)?;
    let (inputs, last) = (archive.read("a")?, archive.read("x_final")?);
    for (a, x) in inputs.iter().zip(&last) {
        let expected = a * (1.0 - (-5.0_f64).exp());
        println!("a = {a:.1}: x(5) = {x:.9}, expected {expected:.9}");
        assert!((x - expected).abs() < 1e-8);
    }
    drop(archive);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
