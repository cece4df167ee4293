//! Memory: what a run needs does not grow with its length.

#![cfg(target_os = "linux")]

mod experiments;

use nullcline::config::experiment::Save;

/// The greatest size that this process has had in memory, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kibibytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes / 1024.0
}

#[test]
fn memory_does_not_grow_with_the_length_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = experiments::pair(&folder.path().join("long.h5"));
    let mut run = |samples: f64| {
        experiment.time.save = Save::Every(3.0 / samples);
        let report = experiments::run(&experiment).unwrap();
        let size = std::fs::metadata(&report.path).unwrap().len() as f64 / 1048576.0;
        std::fs::remove_file(&report.path).unwrap();
        (size, peak())
    };
    // The first run fills every buffer, of which there are a few of a MiB.
    let (_, short) = run(3e5);
    let (size, long) = run(6e6);
    println!("{size:.0} MiB written; peak {short:.1} MiB, then {long:.1} MiB");
    assert!(size > 130.0);
    assert!(long - short < 8.0, "{short} MiB, then {long} MiB");
}
