//! `nullcline check CONFIG`: everything short of the first step, and the plan.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::experiment;
use super::failure::{Code, Failure};
use super::output::Output;
use super::progress::{duration, short};
use super::table;
use crate::archive::contents::{Contents, DataSet, Extent};
use crate::cli::remark::remark;
use crate::config::axis::{Axis, Mode, Values};
use crate::config::experiment::{Clock, Experiment, Save};
use crate::engine::card::{Needs, Stepping};
use crate::ensemble::{Estimate, Prepared};
use crate::registry::Registry;
use crate::system::layout::Variable;
use crate::system::number::plain;

/// Check an experiment without running it, and print what would be done
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline check pair.toml --set solver.rtol=1e-10")]
pub struct Arguments {
    #[command(flatten)]
    experiment: experiment::Arguments,
    /// Try the first runs for about a second, and tell how long all of them will take
    #[arg(long)]
    estimate: bool,
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
    if !experiment.has_time {
        return only_analyses(arguments, &experiment, output);
    }
    let prepared = Prepared::new(&experiment).map_err(|error| super::run::refuse(&error, file))?;
    let corners = prepared.corners();
    if let Some(corner) = corners.first() {
        let more = match corners.len() {
            1 => String::new(),
            all => format!(" (and {} more corners like it)", all - 1),
        };
        let message = format!(
            "{}: at a corner of the sweep, with {}: {}{more}",
            file.display(),
            corner.values,
            corner.message
        );
        let help =
            "change the axes so that every run is possible; `run` would mark such runs as refused";
        return Err(Failure::new(Code::Usage, message).help(help));
    }
    let warnings = warnings(&experiment, &prepared);
    let estimate = arguments
        .estimate
        .then(|| Estimate::new(&prepared, PATIENCE))
        .flatten();
    if arguments.json {
        output.json(&as_json(&experiment, &prepared, estimate, &warnings)?)?;
        return Ok(());
    }
    let name = file.display();
    match experiment.title.as_str() {
        "" => writeln!(output, "{name}")?,
        title => writeln!(output, "{name}: {title}")?,
    }
    let mut told = rows(&experiment, &prepared)?;
    told.extend(told_estimate(estimate, arguments.estimate));
    output.write_all(table::columns(&told, table::page()).as_bytes())?;
    if !prepared.plan.axes().is_empty() {
        writeln!(output, "\nAxes")?;
        output.write_all(table::columns(&axes(&prepared), table::page()).as_bytes())?;
    }
    writeln!(output, "\nData sets")?;
    let contents = &prepared.variants.base().contents;
    output.write_all(table::columns(&data_sets(contents), table::page()).as_bytes())?;
    print_analyses(&experiment, output)?;
    if experiment.members() > 1 && !experiment.is_random() {
        remark!("note: {ALIKE}");
    }
    for warning in &warnings {
        remark!("warning: {warning}");
    }
    Ok(())
}

/// What makes runs fail before their first step.
fn warnings(experiment: &Experiment, prepared: &Prepared) -> Vec<String> {
    let start = experiment.time.start;
    let faults = prepared.faults();
    let more = match faults.len() {
        0 | 1 => String::new(),
        all => format!(" (and {} more corners of the sweep like it)", all - 1),
    };
    let told = faults.first().map(|fault| {
        let at = match fault.values.as_str() {
            "" => String::new(),
            values => format!(" with {values}"),
        };
        format!(
            "the run fails at its start, t = {start}{at}: {}{more}",
            fault.message
        )
    });
    told.into_iter().collect()
}

/// A file without `[time]`: there is nothing to run.
fn only_analyses(
    arguments: &Arguments,
    experiment: &Experiment,
    output: &mut Output,
) -> Result<(), Failure> {
    if arguments.json {
        output.json(&json!({
            "title": experiment.title,
            "seed": experiment.seed,
            "family": experiment.family.name(),
            "dynamics": experiment.dynamics,
            "analyses": analyses_json(experiment),
        }))?;
        return Ok(());
    }
    writeln!(output, "{}", arguments.experiment.config.display())?;
    print_analyses(experiment, output)?;
    remark!("note: there is no [time], and so nothing to run");
    Ok(())
}

fn analyses_json(experiment: &Experiment) -> Vec<&'static str> {
    let analyses = experiment.analyses.iter();
    analyses.map(|one| one.analysis.name()).collect()
}

/// What `analyze` would do, and what `run` does on the way.
fn print_analyses(experiment: &Experiment, output: &mut Output) -> Result<(), Failure> {
    if experiment.analyses.is_empty() {
        return Ok(());
    }
    for (verb, follows) in [("analyze", false), ("run", true)] {
        let analyses = experiment.analyses.iter().map(|one| one.analysis);
        let row = |name: &str, meaning: &str| vec![name.to_string(), meaning.to_string()];
        let rows: Vec<_> = analyses
            .filter(|one| one.follows() == follows)
            .map(|one| row(one.name(), one.meaning()))
            .collect();
        if !rows.is_empty() {
            writeln!(output, "\nAnalyses (`{} {verb}`)", super::program::name())?;
            output.write_all(table::columns(&rows, table::page()).as_bytes())?;
        }
    }
    Ok(())
}

/// What is to be said of members that do not differ.
pub const ALIKE: &str = "all members will be equal: nothing in the experiment is random";

/// How long `--estimate` tries.
const PATIENCE: Duration = Duration::from_secs(1);

fn told_estimate(estimate: Option<Estimate>, asked: bool) -> Vec<Vec<String>> {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
    let text = match estimate {
        None if !asked => return Vec::new(),
        None => "the trial came to nothing in the time it had".to_string(),
        Some(estimate) => format!(
            "{} a run, about {} for all on {threads} threads",
            duration(estimate.per_run),
            duration(estimate.all / threads as f64)
        ),
    };
    vec![vec!["estimate".into(), text]]
}

/// The axes: name, path, values.
fn axes(prepared: &Prepared) -> Vec<Vec<String>> {
    let plan = &prepared.plan;
    plan.axes()
        .iter()
        .map(|axis| {
            let count = match plan.mode() {
                Some(mode) if mode.is_sampled() => "sampled".to_string(),
                _ => format!("{} values", axis.len()),
            };
            let way = match axis.is_light() {
                true => "",
                false => ", decoded for each",
            };
            vec![
                axis.name.clone(),
                axis.path.clone(),
                format!("{count}{way}"),
                values(axis),
            ]
        })
        .collect()
}

/// The first values and the last one.
fn values(axis: &Axis) -> String {
    match &axis.values {
        Values::Spread(spread) => {
            let scale = if spread.logarithmic {
                ", logarithmic"
            } else {
                ""
            };
            format!("{} to {}{scale}", plain(spread.from), plain(spread.to))
        }
        Values::List(items) => {
            let text = |place: usize| {
                let text = axis.text(axis.at(place));
                match text.char_indices().nth(24) {
                    Some((end, _)) => format!("{}...", &text[..end]),
                    None => text,
                }
            };
            match items.len() {
                0..=4 => (0..items.len()).map(text).collect::<Vec<_>>().join(", "),
                all => format!("{}, {}, ..., {}", text(0), text(1), text(all - 1)),
            }
        }
    }
}

/// `123 = 41 x 3`: points, members, and how they come about.
fn runs(prepared: &Prepared) -> String {
    let plan = &prepared.plan;
    let mut factors: Vec<String> = match plan.mode() {
        None => Vec::new(),
        Some(Mode::Grid) => plan
            .axes()
            .iter()
            .map(|axis| axis.len().to_string())
            .collect(),
        Some(mode) => vec![format!("{} samples ({})", plan.points(), mode.name())],
    };
    if plan.members() > 1 {
        factors.push(format!("{} members", plan.members()));
    }
    let product = match factors.len() {
        0 => String::new(),
        1 => format!(": {}", factors[0]),
        _ => format!(" = {}", factors.join(" x ")),
    };
    let lanes = match prepared.tasks.block() {
        1 => String::new(),
        block => format!(", {block} to a task"),
    };
    format!("{}{product}{lanes}", plan.len())
}

/// What the runs hold in memory at the same time, roughly.
fn memory(prepared: &Prepared, threads: usize) -> u64 {
    let contents = &prepared.variants.base().contents;
    let columns = contents.columns();
    let numbers: usize = columns
        .iter()
        .filter(|column| column.is_wanted())
        .map(|column| column.numbers().unwrap_or(1 << 17).min(1 << 18))
        .sum();
    let state = prepared.variants.base().experiment.initial.len();
    let task = (numbers + 40 * state) * 8 * prepared.tasks.block() as usize;
    // Those at work, those that wait for the writer, and the one that it writes.
    (2 * (threads + 4) * task + (20 << 20)) as u64
}

fn rows(experiment: &Experiment, prepared: &Prepared) -> Result<Vec<Vec<String>>, Failure> {
    let solver = &experiment.solver;
    let base = prepared.variants.base();
    let contents = &base.contents;
    let system = prepared
        .system()
        .map_err(|error| super::run::refuse(&error, &experiment.source.path))?;
    let mut rows = vec![(
        "model",
        format!(
            "{}, dynamics {}",
            experiment.family.name(),
            experiment.dynamics
        ),
    )];
    for block in system.layout().blocks() {
        let auxiliary = if block.auxiliary { ", auxiliary" } else { "" };
        rows.push(("state", format!("{}{auxiliary}", describe(&block.variable))));
    }
    let steps = match base.card.stepping {
        Stepping::Exact => "exact on the saving grid".into(),
        stepping if stepping.controls_error(solver.step.is_some()) => {
            let longest = solver
                .max_step
                .map(|step| format!(", steps up to {}", plain(step)));
            let longest = longest.unwrap_or_default();
            format!(
                "rtol {:e}, atol {}{longest}",
                solver.rtol,
                spread(&solver.atol)
            )
        }
        _ => format!("step {}", plain(solver.step.unwrap_or(f64::NAN))),
    };
    rows.push(("time", time(experiment, contents)));
    if base.card.needs != Needs::Map {
        rows.push((
            "solver",
            format!(
                "{}, {steps}, at most {} steps",
                solver.method, solver.max_steps
            ),
        ));
    }
    if !experiment.stimuli.is_empty() {
        rows.push(("stimuli", experiment.stimuli.len().to_string()));
    }
    rows.push(("seed", experiment.seed.to_string()));
    if prepared.plan.len() > 1 {
        rows.push(("runs", runs(prepared)));
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
        rows.push((
            "memory",
            format!(
                "about {} on {threads} threads",
                size(memory(prepared, threads))
            ),
        ));
    }
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
    Ok(rows
        .into_iter()
        .map(|(name, text)| vec![name.into(), text])
        .collect())
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
    let unit = match time.clock {
        Clock::Time => "",
        Clock::Steps => " steps",
        Clock::Trials => " trials",
    };
    let samples = match contents.tracks.first().and_then(|track| track.grid.len()) {
        Some(count) => format!("{count} samples"),
        None => "a sample after every step".into(),
    };
    let pace = match &time.save {
        Save::Every(1.0) | Save::After(1.0) if time.clock != Clock::Time => String::new(),
        Save::Every(interval) | Save::After(interval) => format!(", every {}", plain(*interval)),
        Save::At(_) => " at the listed times".into(),
        Save::Steps => String::new(),
    };
    format!(
        "{} to {}{unit}, {samples}{pace}",
        plain(time.start),
        plain(time.stop)
    )
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
    let width = set.number.size() as u64;
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

fn as_json(
    experiment: &Experiment,
    prepared: &Prepared,
    estimate: Option<Estimate>,
    warnings: &[String],
) -> Result<Value, Failure> {
    let base = prepared.variants.base();
    let contents = &base.contents;
    let solver = &experiment.solver;
    let system = prepared
        .system()
        .map_err(|error| super::run::refuse(&error, &experiment.source.path))?;
    let axes = prepared
        .plan
        .axes()
        .iter()
        .map(|axis| json!({"name": axis.name, "path": axis.path, "values": axis.len()}));
    let state = system.layout().blocks().iter().map(|block| {
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
    let adaptive = base.card.stepping.controls_error(solver.step.is_some());
    Ok(json!({
        "title": experiment.title,
        "seed": experiment.seed,
        "family": experiment.family.name(),
        "dynamics": experiment.dynamics,
        "state": state.collect::<Vec<_>>(),
        "time": {
            "start": experiment.time.start,
            "stop": experiment.time.stop,
            "stops": experiment.time.stops,
            "samples": contents.tracks.first().and_then(|track| track.grid.len()),
        },
        "solver": {
            "method": solver.method,
            "rtol": adaptive.then_some(solver.rtol),
            "atol": adaptive.then_some(&solver.atol),
            "step": solver.step,
            "max_step": solver.max_step,
            "first_step": solver.first_step,
            "max_steps": solver.max_steps,
        },
        "output": {"path": experiment.output.path, "bytes": total(contents)},
        "runs": prepared.plan.len(),
        "members": prepared.plan.members(),
        "axes": axes.collect::<Vec<_>>(),
        "estimate": estimate.map(|one| json!({"per_run": one.per_run, "all": one.all})),
        "data_sets": sets.collect::<Vec<_>>(),
        "analyses": analyses_json(experiment),
        "warnings": warnings,
    }))
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
