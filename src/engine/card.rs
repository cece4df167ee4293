//! Cards: what a scheme is, stated once; tests, `nullcline methods` and the book read the same card.

use crate::system::noise::{Calculus, NoiseClass};
use crate::system::{Smoothness, System};

/// How a scheme chooses its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepping {
    /// Steps of the given length: uses `step`, refuses tolerances.
    Fixed,
    /// Error control: uses `rtol` and `atol`, refuses `step`.
    Adaptive,
    /// Steps of the given length if `step` is given, error control by `rtol` and `atol` otherwise.
    Either,
    /// Without error on the saving grid: refuses all three. The step of a library user's options is the grid.
    Exact,
}

impl Stepping {
    /// Whether a length of the steps can be given.
    pub fn takes_step(self) -> bool {
        matches!(self, Stepping::Fixed | Stepping::Either)
    }

    /// Whether tolerances can be given.
    pub fn takes_tolerances(self) -> bool {
        matches!(self, Stepping::Adaptive | Stepping::Either)
    }

    /// Whether the error is controlled, if a step is given or not.
    pub fn controls_error(self, step_given: bool) -> bool {
        self.takes_tolerances() && !(self.takes_step() && step_given)
    }
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
    /// A fixed-step update of the family's own for this scheme.
    OwnStep,
    /// A map.
    Map,
}

/// Orders of convergence with noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orders {
    /// Of the root of the mean square distance to the solution on the same path.
    pub strong: f64,
    /// Of the means of smooth functions of the state.
    pub weak: f64,
}

impl Orders {
    /// Both.
    pub const fn new(strong: f64, weak: f64) -> Option<Self> {
        Some(Self { strong, weak })
    }
}

/// What a scheme makes of noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stochastic {
    /// The integral that it approximates; equations written in the other one are converted.
    pub calculus: Calculus,
    /// Its orders for noise of each class, in the order of [`NoiseClass::ALL`]; `None` for what it refuses.
    pub orders: [Option<Orders>; 4],
    /// Whether each channel must act on one component of its own.
    pub own_channels: bool,
    /// Whether it keeps a state inside its closed set, by reflection.
    pub reflects: bool,
}

impl Stochastic {
    /// The orders for noise of this class.
    pub fn orders(&self, class: NoiseClass) -> Option<Orders> {
        let place = NoiseClass::ALL.iter().position(|&one| one == class);
        place.and_then(|place| self.orders[place])
    }
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
    /// What it makes of noise; `None` if it takes none at all.
    pub noise: Option<Stochastic>,
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
        if (self.needs == Needs::Map) != system.map().is_some() {
            return match self.needs {
                Needs::Map => refuse(
                    "it steps a map, and this system is a flow",
                    "use a scheme for flows, such as `tsit5`; `nullcline methods` lists what exists",
                ),
                _ => refuse(
                    "it integrates a flow, and this system is a map, which is its own step",
                    "leave the scheme out",
                ),
            };
        }
        let (confined, selects) = (system.constraint().is_some(), system.selector().is_some());
        if confined && selects {
            return refuse(
                "it is both confined to a closed set and driven by a selector, and no scheme does both",
                "write the faces of the set as selections of their normals",
            );
        }
        let jumps = selects || system.smoothness() == Smoothness::Discontinuous;
        if jumps && system.diffusion().is_some() {
            return refuse(
                "its drift is discontinuous and driven by noise, and no scheme does both",
                "set the noise to 0, or smooth the jumps of the drift",
            );
        }
        if self.noise.is_none() && system.diffusion().is_some() {
            return refuse(
                "it is driven by noise, and this scheme is deterministic",
                "set the noise to 0, or use a stochastic scheme: `euler-maruyama` takes any noise, \
                 `nullcline methods` lists the others",
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
            Needs::OwnStep if system.own_step(self.name).is_none() => {
                return refuse(
                    "it repeats the update that a family brings along, and this one brings none of that name",
                    "use a scheme for any flow, such as `rk4` with a fixed step or `tsit5`",
                );
            }
            Needs::Nothing if confined && self.noise.is_some_and(|noise| noise.reflects) => {}
            Needs::Nothing if confined && self.noise.is_some() => {
                return refuse(
                    "its state is confined to a closed set, and this scheme does not reflect at its faces",
                    "use `euler-maruyama`, which does",
                );
            }
            Needs::Nothing if confined => {
                return refuse(
                    "its state is confined to a closed set, and this scheme does not project",
                    "use `projected` (event-driven, accurate) or `catching-up` (time-stepping)",
                );
            }
            Needs::Nothing if jumps => {
                return refuse(
                    "its drift is discontinuous, and this scheme does not locate the jumps",
                    "use `filippov` (event-driven, accurate) or `implicit-selector` (time-stepping)",
                );
            }
            _ => {}
        }
        let (Some(noise), Some(diffusion)) = (self.noise, system.diffusion()) else {
            return Ok(());
        };
        let diagonal = diffusion.is_diagonal(system.layout().len());
        let class = diffusion.class();
        if diagonal && !matches!(class, NoiseClass::Additive | NoiseClass::Diagonal) {
            return refuse(
                "its noise says that it is diagonal, and that its channels depend on each other",
                "a defect of the model: only additive and diagonal noise writes a diagonal",
            );
        }
        if noise.orders(class).is_none() {
            let class = class.name();
            let named = NoiseClass::ALL
                .iter()
                .filter(|&&one| noise.orders(one).is_some());
            let named: Vec<&str> = named.map(|one| one.name()).collect();
            return refuse(
                &format!(
                    "its noise is {class}, and this scheme converges for {} noise only",
                    named.join(" and ")
                ),
                "`euler-maruyama` takes any noise; `nullcline methods` lists which scheme takes which",
            );
        }
        if noise.own_channels && !diagonal {
            return refuse(
                "its channels act on several components, and this scheme takes one channel for each component",
                "use `sra1` for additive noise, or `euler-maruyama`, which takes any noise",
            );
        }
        Ok(())
    }
}
