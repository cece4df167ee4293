//! What writing costs: the same run with its samples kept in memory, and written into an archive.
//!
//! `cargo bench --bench writing`. 200 neurons, a sinusoidal drive, 1001 samples of every neuron; wall time
//! includes creating the archive, all syncs and the final rename. Measurements alternate; medians.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use nullcline::config;
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::ensemble::{self, RunOptions};
use nullcline::models;
use nullcline::system::family::Built;

const ROUNDS: usize = 15;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let overrides = [
        "time.stop=100.0".to_string(),
        "time.save=0.1".to_string(),
        "stimulus[0].to=100.0".to_string(),
        "solver.rtol=1e-8".to_string(),
        "record.summaries=[]".to_string(),
        format!("output.path=\"{}\"", folder.path().join("out.h5").display()),
    ];
    let config = Path::new("configs/linear-threshold/dale-200.toml");
    let experiment = config::load(config, &overrides, &models::registry())
        .map_err(|error| error.render(false, 100))?;
    let Built::Flow(system) = experiment.build()? else {
        return Err("the network is a flow".into());
    };
    let solver = &experiment.solver;
    let mut options = Options::new(experiment.initial.len(), solver.rtol, 0.0);
    options.atol.clone_from(&solver.atol);
    let span = Span {
        start: 0.0,
        stop: 100.0,
    };
    let times: Vec<f64> = (0..=1000).map(|k| f64::from(k) * 0.1).collect();

    let (mut kept, mut written) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut samples = Samples::at(times.clone());
        let x0 = &experiment.initial;
        integrate(
            system.as_ref(),
            &solver.method,
            &options,
            span,
            x0,
            &mut samples,
            &mut |_| true,
        )?;
        assert_eq!(samples.states.len(), 1001);
        kept.push(start.elapsed().as_secs_f64());

        let interrupt = AtomicBool::new(false);
        let mut run = RunOptions::new(&interrupt);
        run.force = true;
        let start = Instant::now();
        ensemble::run(&experiment, &run, &mut |_| ())?;
        written.push(start.elapsed().as_secs_f64());
    }
    let (kept, written) = (median(kept), median(written));
    println!(
        "200 neurons, 1001 samples: in memory {:.1} ms, into an archive {:.1} ms: {:+.1} %",
        kept * 1e3,
        written * 1e3,
        (written / kept - 1.0) * 100.0
    );
    Ok(())
}
