//! Cards: what a scheme is, stated once; tests, `nullcline methods` and the book read the same card.

use crate::system::{Smoothness, System};

/// How a scheme chooses its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepping {
    /// Steps of the given length: uses `step`, refuses tolerances.
    Fixed,
    /// Error control: uses `rtol` and `atol`, refuses `step`.
    Adaptive,
    /// Without error on the saving grid: refuses all three. The step of a library user's options is the grid.
    Exact,
}

/// What a scheme needs of a system besides a drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing, and nothing else will do: a closed set or a selector is refused.
    Nothing,
    /// A closed set.
    Constraint,
    /// A selector.
    Selector,
    /// A generator.
    Linear,
}

/// What a scheme is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Card {
    /// Name in `solver.method`.
    pub name: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// Order of convergence of the step on smooth deterministic problems; 0 for exact schemes.
    pub order: u32,
    /// Order of the error estimate's companion, if it has one.
    pub embedded_order: Option<u32>,
    /// Order of convergence between steps, by dense output: one more than the order conditions that
    /// the interpolant meets, and at most the order of the step.
    pub dense_order: u32,
    /// Fixed or adaptive.
    pub stepping: Stepping,
    /// Whether it steps to the kinks that a system declares.
    pub locates_kinks: bool,
    /// Drift evaluations per step.
    pub evaluations: u32,
    /// The region of absolute stability, in words.
    pub stability: &'static str,
    /// What it needs of the system besides a drift.
    pub needs: Needs,
    /// The roughest drift that it integrates reliably.
    pub smoothness: Smoothness,
    /// Strong order with noise; `None` if it takes no noise at all.
    pub strong_order: Option<f64>,
    /// Where it was published.
    pub reference: &'static str,
    /// When to use it.
    pub use_when: &'static str,
}

/// Why a scheme cannot integrate a system. Found before the first step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scheme `{scheme}` cannot integrate this system: {reason}")]
pub struct Mismatch {
    /// The scheme.
    pub scheme: &'static str,
    /// What is missing on which side.
    pub reason: String,
    /// What to do.
    pub help: String,
}

impl Card {
    /// Whether the scheme can integrate the system.
    ///
    /// # Errors
    /// A [`Mismatch`] that names what the scheme lacks for this system.
    pub fn accepts(&self, system: &(impl System + ?Sized)) -> Result<(), Mismatch> {
        let refuse = |reason: &str, help: &str| {
            Err(Mismatch {
                scheme: self.name,
                reason: reason.into(),
                help: help.into(),
            })
        };
        let (confined, selects) = (system.constraint().is_some(), system.selector().is_some());
        if confined && selects {
            return refuse(
                "it is both confined to a closed set and driven by a selector, and no scheme does both",
                "write the faces of the set as selections of their normals",
            );
        }
        match self.needs {
            Needs::Constraint if !confined => {
                return refuse(
                    "it projects onto a closed set, and this system is not confined to one",
                    "use a scheme for smooth flows, such as `tsit5`; `nullcline methods` lists what exists",
                );
            }
            Needs::Selector if !selects => {
                return refuse(
                    "it solves for the selections of a discontinuous drift, and this system has none",
                    "use a scheme for smooth flows, such as `tsit5`; `nullcline methods` lists what exists",
                );
            }
            Needs::Linear if confined || selects || system.linear().is_none() => {
                return refuse(
                    "it exponentiates the generator of an affine flow, and this one is not affine",
                    "use a scheme for smooth flows, such as `tsit5`, or for stiff ones, such as `bdf`",
                );
            }
            Needs::Nothing if confined => {
                return refuse(
                    "its state is confined to a closed set, and this scheme does not project",
                    "use `projected` (event-driven, accurate) or `catching-up` (time-stepping)",
                );
            }
            Needs::Nothing if selects || system.smoothness() == Smoothness::Discontinuous => {
                return refuse(
                    "its drift is discontinuous, and this scheme does not locate the jumps",
                    "use `filippov` (event-driven, accurate) or `implicit-selector` (time-stepping)",
                );
            }
            _ => {}
        }
        if system.diffusion().is_some() && self.strong_order.is_none() {
            return refuse(
                "it is driven by noise, and this scheme is deterministic",
                "set the noise to 0, or use a stochastic scheme; `nullcline methods` lists what exists",
            );
        }
        Ok(())
    }
}
