//! Archives: written through the library, read by h5py, xarray with both engines, and h5dump.

mod experiments;

#[test]
fn smoke() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = experiments::pair(&folder.path().join("pair.h5"));
    experiment.record.observables = vec!["pseudo_gradient".into()];
    experiment.record.summaries = vec!["mean".into(), "max".into()];
    let report = experiments::run(&experiment).unwrap();
    println!("{report:?}");
    std::fs::copy(&report.path, "/tmp/nc/archive/target/smoke.h5").unwrap();
}
