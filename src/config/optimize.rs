//! `[optimize]`: how the family's objective is minimised.

use super::decoder::Decoder;
use super::experiment::Optimise;
use super::model::Model;
use super::options;
use super::problem::Problem;
use super::section::Section;
use crate::system::family::Build;
use crate::system::share::Share;
use crate::system::tree::Entry;

/// Decode `[optimize]`; `None` if there is none, or it is broken.
pub(super) fn decode(
    d: &mut Decoder,
    entry: Option<&Entry>,
    model: Option<&Model<'_>>,
) -> Option<Optimise> {
    let (entry, model) = (entry?, model?);
    d.resolved.header("[optimize]");
    let header = entry.key_span;
    let section = Section::open(
        d,
        "[optimize]",
        header,
        Some(&entry.value),
        options::OPTIMIZE,
        &[],
    );
    let restarts = section.integer(d, "restarts");
    let iterations = section.integer(d, "iterations");
    let tolerance = section.number(d, "tolerance");
    if model.sound {
        let share = Share::default();
        let objective = model.family.objective(&Build {
            dynamics: model.dynamics.name,
            parameters: &model.parameters,
            stimuli: &[],
            share: &share,
        });
        match objective {
            None => {
                d.problem(
                    Problem::at(
                        header,
                        format!("the family `{}` has no objective", model.family.name()),
                        "nothing to optimize",
                    )
                    .help("remove it"),
                );
                return None;
            }
            // What is wrong with the model itself is said elsewhere.
            Some(Err(error)) => {
                if d.problems.is_empty() {
                    let blame = super::parameters::place(
                        &model.slots,
                        error.parameter.as_deref().unwrap_or_default(),
                    );
                    d.problem(super::parameters::build_problem(
                        &error,
                        blame.unwrap_or(header),
                    ));
                }
                return None;
            }
            Some(Ok(_)) => {}
        }
    }
    Some(Optimise {
        restarts: usize::try_from(restarts?).ok()?,
        iterations: u64::try_from(iterations?).ok()?,
        tolerance: tolerance?,
    })
}
