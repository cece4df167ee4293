//! `[noise]`: the cells of the Brownian path. Runs with cells of one length follow the same path, whatever their scheme and step.

use super::decoder::Decoder;
use super::experiment::{Solver, Time};
use super::options;
use super::problem::Problem;
use super::resolved;
use super::section::Section;
use super::sources::Origin;
use crate::engine::schemes;
use crate::system::tree::{Entry, Span};

/// With error control so many cells lie between two samples.
const CELLS_PER_SAMPLE: f64 = 16.0;

/// Whether the scheme of the file, or one that it sweeps over, is stochastic; also if nobody knows the scheme.
pub(super) fn is_noisy(d: &Decoder, solver: Option<&Solver>) -> bool {
    let noisy = |name: &str| schemes::card(name).is_none_or(|card| card.noise.is_some());
    solver.is_none_or(|solver| noisy(&solver.method)) || d.rivals.iter().any(|name| noisy(name))
}

/// Decode `[noise]`; nothing if the scheme is deterministic. `swept` are the paths of the sweep's axes.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    solver: Option<&Solver>,
    time: Option<&Time>,
    swept: &[(String, Span)],
) -> Option<f64> {
    let header = entry.map_or(Span::default(), |entry| entry.key_span);
    if entry.is_some() {
        d.resolved.header("[noise]");
    }
    let tree = entry.map(|entry| &entry.value);
    let section = Section::open(d, "[noise]", header, tree, options::NOISE, &[]);
    let solver = solver?;
    if !is_noisy(d, Some(solver)) {
        let why = format!("`{}` is deterministic", solver.method);
        section.refuse(d, "cell", &why, "remove it, or choose a stochastic scheme");
    }
    schemes::card(&solver.method)?.noise?;
    if section.value("cell").is_some() {
        return section.number(d, "cell");
    }
    // A path that changes along such an axis would compare noise with noise.
    let moving = |path: &str| match solver.step {
        Some(_) => path == "solver.step",
        None => path.starts_with("time."),
    };
    if let Some((path, span)) = swept.iter().find(|(path, _)| moving(path)) {
        d.problem(
            Problem::at(
                *span,
                format!("the Brownian path would change along `{path}`, from which its cells have their length"),
                "every value would have another path",
            )
            .help("fix the cells for all values: a table [noise] with `cell`, for example the smallest step"),
        );
        return None;
    }
    let cell = match solver.step {
        Some(step) => step,
        None => time?.grid() / CELLS_PER_SAMPLE,
    };
    if entry.is_none() {
        d.resolved.header("[noise]");
    }
    d.assumed("cell", &resolved::real(cell), Origin::Default);
    Some(cell)
}
