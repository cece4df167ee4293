//! `nullcline check CONFIG`: everything short of the first step, and the plan.

use std::io::Write;

use serde_json::{Value, json};

use super::experiment;
use super::failure::Failure;
use super::output::Output;
use super::progress::short;
use super::table;
use crate::archive::contents::{Contents, DataSet, Extent, Number};
use crate::config::experiment::{Experiment, Save};
use crate::engine::card::Stepping;
use crate::ensemble::Prepared;
use crate::registry::Registry;
use crate::system::layout::Variable;

/// Check an experiment without running it, and print what would be done
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline check pair.toml --set solver.rtol=1e-10")]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(
    arguments: &Arguments,
    registry: &Registry,
    output: &mut Output,
) -> Result<(), Failure> {
    let experiment = arguments.experiment.load(registry)?;
    let file = &arguments.experiment.config;
    let prepared = Prepared::new(&experiment).map_err(|error| super::run::refuse(&error, file))?;
    if arguments.json {
        output.json(&as_json(&experiment, &prepared))?;
        return Ok(());
    }
    let name = file.display();
    match experiment.title.as_str() {
        "" => writeln!(output, "{name}")?,
        title => writeln!(output, "{name}: {title}")?,
    }
    output.write_all(table::columns(&rows(&experiment, &prepared), table::width()).as_bytes())?;
    writeln!(output, "\nData sets")?;
    output.write_all(table::columns(&data_sets(&prepared.contents), table::width()).as_bytes())?;
    Ok(())
}

fn rows(experiment: &Experiment, prepared: &Prepared) -> Vec<Vec<String>> {
    let solver = &experiment.solver;
    let contents = &prepared.contents;
    let mut rows = vec![(
        "model",
        format!(
            "{}, dynamics {}",
            experiment.family.name(),
            experiment.dynamics
        ),
    )];
    for block in prepared.system.layout().blocks() {
        let auxiliary = if block.auxiliary { ", auxiliary" } else { "" };
        rows.push(("state", format!("{}{auxiliary}", describe(&block.variable))));
    }
    let steps = match prepared.card.stepping {
        Stepping::Fixed => format!("step {}", solver.step.unwrap_or(f64::NAN)),
        Stepping::Adaptive => format!("rtol {:e}, atol {}", solver.rtol, spread(&solver.atol)),
    };
    rows.push(("time", time(experiment, &prepared.contents)));
    rows.push((
        "solver",
        format!(
            "{}, {steps}, at most {} steps",
            solver.method, solver.max_steps
        ),
    ));
    if !experiment.stimuli.is_empty() {
        rows.push(("stimuli", experiment.stimuli.len().to_string()));
    }
    rows.push(("seed", experiment.seed.to_string()));
    for file in &experiment.source.files {
        let sha = file.sha256.get(..12).unwrap_or(&file.sha256);
        rows.push((
            "input",
            format!(
                "{}, {}, sha256 {sha}...",
                file.name,
                size(file.bytes.len() as u64)
            ),
        ));
    }
    let at_least = if contents.is_ragged() {
        "at least "
    } else {
        ""
    };
    let exists = match experiment.output.path.exists() {
        true => " (exists: `run` wants --force)",
        false => "",
    };
    rows.push((
        "output",
        format!(
            "{}{exists}, {at_least}{} of data",
            experiment.output.path.display(),
            size(total(contents))
        ),
    ));
    rows.into_iter()
        .map(|(name, text)| vec![name.into(), text])
        .collect()
}

/// What is recorded, set by set, and what every run leaves in one line.
fn data_sets(contents: &Contents) -> Vec<Vec<String>> {
    let about_run = |set: &&DataSet| set.path.starts_with("run_") || set.path.contains('/');
    let (about, recorded): (Vec<&DataSet>, Vec<&DataSet>) =
        contents.data_sets.iter().partition(about_run);
    let mut rows: Vec<Vec<String>> = recorded
        .into_iter()
        .map(|set| {
            let bytes = bytes_of(contents, set).map_or("a row a step".into(), size);
            vec![format!("/{}", set.path), dims(contents, set), bytes]
        })
        .collect();
    let bytes = about.iter().filter_map(|set| bytes_of(contents, set)).sum();
    rows.push(vec![
        "/run_*, /health/*".into(),
        "how the run went".into(),
        size(bytes),
    ]);
    rows
}

fn describe(variable: &Variable) -> String {
    let axes: Vec<String> = variable
        .axes
        .iter()
        .map(|axis| format!("{} = {}", axis.name, axis.size))
        .collect();
    let shape = if axes.is_empty() {
        String::new()
    } else {
        format!(" [{}]", axes.join(", "))
    };
    let unit = if variable.unit == "1" {
        String::new()
    } else {
        format!(" in {}", variable.unit)
    };
    let meaning = if variable.meaning.is_empty() {
        String::new()
    } else {
        format!(": {}", variable.meaning)
    };
    format!("{}{shape}{unit}{meaning}", variable.name)
}

fn time(experiment: &Experiment, contents: &Contents) -> String {
    let time = &experiment.time;
    let samples = match contents.tracks.first().and_then(|track| track.grid.len()) {
        Some(count) => format!("{count} samples"),
        None => "a sample after every step".into(),
    };
    let pace = match &time.save {
        Save::Every(interval) => format!(", every {interval}"),
        Save::At(_) => " at the listed times".into(),
        Save::Steps => String::new(),
    };
    format!("{} to {}, {samples}{pace}", time.start, time.stop)
}

/// `1e-10`, or the range of the values where they differ.
fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(0.0, f64::max);
    match least < greatest {
        true => format!("{least:e} to {greatest:e}"),
        false => format!("{greatest:e}"),
    }
}

fn dims(contents: &Contents, set: &DataSet) -> String {
    let dims: Vec<String> = set
        .dims
        .iter()
        .map(|&dim| {
            let dimension = &contents.dimensions[dim];
            match dimension.extent {
                Extent::Fixed(length) => format!("{} = {length}", dimension.name),
                Extent::Ragged { .. } => dimension.name.clone(),
            }
        })
        .collect();
    format!("[{}]", dims.join(", "))
}

/// The bytes of a data set on disk; unknown where it has one row per step.
fn bytes_of(contents: &Contents, set: &DataSet) -> Option<u64> {
    let width = match set.number {
        Number::F64 | Number::I64 | Number::U64 => 8,
        Number::F32 => 4,
        Number::I8 => 1,
    };
    set.dims
        .iter()
        .map(|&dim| match contents.dimensions[dim].extent {
            Extent::Fixed(length) => Some(length as u64),
            Extent::Ragged { .. } => None,
        })
        .try_fold(width, |product: u64, length| {
            Some(product.saturating_mul(length?))
        })
}

fn total(contents: &Contents) -> u64 {
    let sets = &contents.data_sets;
    sets.iter()
        .filter_map(|set| bytes_of(contents, set))
        .fold(0, u64::saturating_add)
}

/// `24.0 kB`
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut scaled = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if scaled < 1000.0 {
            break;
        }
        scaled /= 1000.0;
        unit = next;
    }
    format!("{} {unit}", short(scaled))
}

fn as_json(experiment: &Experiment, prepared: &Prepared) -> Value {
    let contents = &prepared.contents;
    let solver = &experiment.solver;
    let state = prepared.system.layout().blocks().iter().map(|block| {
        let axes = block
            .variable
            .axes
            .iter()
            .map(|axis| json!({"name": axis.name, "size": axis.size}));
        json!({
            "name": block.name(),
            "axes": axes.collect::<Vec<_>>(),
            "unit": block.variable.unit,
            "auxiliary": block.auxiliary,
        })
    });
    let sets = contents.data_sets.iter().map(|set| {
        let names = set.dims.iter().map(|&dim| &contents.dimensions[dim].name);
        json!({
            "path": format!("/{}", set.path),
            "dims": names.collect::<Vec<_>>(),
            "unit": set.unit,
            "bytes": bytes_of(contents, set),
        })
    });
    let adaptive = prepared.card.stepping == Stepping::Adaptive;
    json!({
        "title": experiment.title,
        "seed": experiment.seed,
        "family": experiment.family.name(),
        "dynamics": experiment.dynamics,
        "state": state.collect::<Vec<_>>(),
        "time": {
            "start": experiment.time.start,
            "stop": experiment.time.stop,
            "samples": contents.tracks.first().and_then(|track| track.grid.len()),
        },
        "solver": {
            "method": solver.method,
            "rtol": adaptive.then_some(solver.rtol),
            "atol": adaptive.then_some(&solver.atol),
            "step": solver.step,
            "max_steps": solver.max_steps,
        },
        "output": {"path": experiment.output.path, "bytes": total(contents)},
        "data_sets": sets.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_have_three_digits_and_a_unit() {
        for (bytes, text) in [
            (999, "999 B"),
            (24_016, "24.0 kB"),
            (1_600_000, "1.60 MB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(super::size(bytes), text);
        }
    }
}
