//! WHAT evolves: traits and data, no algorithms.
//!
//! A [`System`] is a flow `dx = f(t, x) dt (+ noise)`; a [`Map`] is a recursion `x_{k+1} = F(k, x_k)`.
//! Both are immutable and `Sync`: whatever changes during a run is in the state or in the memory of
//! the scheme. What a system can do beyond its drift is a *capability*: an accessor that answers
//! `None` unless the model overrides it. A scheme that needs a capability asks before the first step.

pub mod aligned;
pub mod analysis;
pub mod arithmetic;
pub mod batch;
pub mod claim;
pub mod constraint;
pub mod crew;
pub mod declared;
pub mod derivative;
pub mod draws;
pub mod equilibria;
pub mod event;
pub mod family;
pub mod follower;
pub mod forcing;
pub mod guard;
pub mod health;
pub mod kinks;
pub mod landing;
pub mod layout;
pub mod likelihood;
pub mod map;
pub mod matrix;
pub mod memory;
pub mod noise;
pub mod number;
pub mod objective;
pub mod observe;
pub mod own_step;
pub mod parameters;
pub mod parts;
pub mod recursion;
pub mod reducer;
pub mod selector;
pub mod share;
pub mod stimulus;
pub mod suggest;
pub mod tree;
mod vectors;

use arithmetic::Arithmetic;
use batch::Batch;
use constraint::Constraint;
use derivative::{Jacobian, Linear};
use equilibria::Equilibria;
use follower::Followers;
use forcing::Forcing;
use guard::{Guards, Impulses};
use health::Health;
use kinks::Kinks;
use layout::Layout;
use noise::Diffusion;
use observe::Observables;
use own_step::OwnStep;
use selector::Selector;

/// How smooth the drift is in the state, between its breakpoints in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Smoothness {
    /// As often differentiable as a scheme of high order could want.
    Smooth,
    /// Lipschitz: continuous with kinks, such as a threshold-linear response.
    Lipschitz,
    /// Discontinuous on surfaces: only the schemes that locate or solve for the jumps apply.
    Discontinuous,
}

impl std::fmt::Display for Smoothness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Smoothness::Smooth => "smooth",
            Smoothness::Lipschitz => "Lipschitz",
            Smoothness::Discontinuous => "discontinuous",
        })
    }
}

/// A flow `dx/dt = f(t, x)` over a flat state, with optional capabilities.
///
/// ```
/// use nullcline::prelude::*;
///
/// /// x' = -x
/// struct Decay(Layout);
///
/// impl System for Decay {
///     fn layout(&self) -> &Layout {
///         &self.0
///     }
///     fn smoothness(&self) -> Smoothness {
///         Smoothness::Smooth
///     }
///     fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
///         dx[0] = -x[0];
///     }
/// }
///
/// let decay = Decay(Layout::new().block(Variable::new("x", vec![]), 1.0));
/// let mut dx = [0.0];
/// decay.drift(0.0, &[2.0], &mut dx);
/// assert_eq!(dx, [-2.0]);
/// ```
pub trait System: Send + Sync {
    /// The names of the state's parts; its length is the length of every `x` and `dx`.
    fn layout(&self) -> &Layout;

    /// How smooth the drift is in the state.
    fn smoothness(&self) -> Smoothness;

    /// Write `f(t, x)` into `dx`. Allocates nothing. The part of `dx` that belongs to an auxiliary
    /// block is scratch memory.
    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]);

    /// The first time after `t` at which the drift is not smooth *in time* (an edge of a stimulus);
    /// infinite if there is none. The engine lands on it, and takes up the drift just after it.
    fn next_breakpoint(&self, t: f64) -> f64 {
        let _ = t;
        f64::INFINITY
    }

    /// The parts of the drift that are functions of time alone and may do something between the stages of a step.
    fn forcing(&self) -> Option<&dyn Forcing> {
        None
    }

    /// The derivative of the drift with respect to the state.
    fn jacobian(&self) -> Option<&dyn Jacobian> {
        None
    }

    /// The generator, if the drift is affine in the state with coefficients that are constant between
    /// breakpoints.
    fn linear(&self) -> Option<&dyn Linear> {
        None
    }

    /// The surfaces on which the drift is only Lipschitz.
    fn kinks(&self) -> Option<&dyn Kinks> {
        None
    }

    /// The closed set that the state must not leave.
    fn constraint(&self) -> Option<&dyn Constraint> {
        None
    }

    /// The signed selections of a discontinuous drift.
    fn selector(&self) -> Option<&dyn Selector> {
        None
    }

    /// The noise.
    fn diffusion(&self) -> Option<&dyn Diffusion> {
        None
    }

    /// Zero crossings with an action.
    fn guards(&self) -> Option<&dyn Guards> {
        None
    }

    /// Known times with a reset.
    fn impulses(&self) -> Option<&dyn Impulses> {
        None
    }

    /// Several runs advanced together, if this system can share its heavy part with its like.
    fn batch(&self) -> Option<&dyn Batch> {
        None
    }

    /// Functions of the state that can be recorded.
    fn observables(&self) -> Option<&dyn Observables> {
        None
    }

    /// The formulas, if the model can say where one of them stops giving finite numbers.
    fn arithmetic(&self) -> Option<&dyn Arithmetic> {
        None
    }

    /// What is watched over every run.
    fn health(&self) -> Option<&dyn Health> {
        None
    }

    /// The scheme that suits this very system, if it is not the one that its dynamics recommend.
    fn recommended(&self) -> Option<&'static str> {
        None
    }

    /// The family's own fixed-step update for the scheme of this name.
    fn own_step(&self, scheme: &str) -> Option<&dyn OwnStep> {
        let _ = scheme;
        None
    }

    /// The map that stands in the place of a flow: its time counts steps, and the scheme `map` alone steps it.
    fn map(&self) -> Option<&dyn Map> {
        None
    }

    /// When a flow that is driven by a table of trials is over, for files that do not say when to stop.
    fn natural_stop(&self) -> Option<f64> {
        None
    }

    /// What looks on while a run goes on, for those analyses of the family that do.
    fn followers(&self) -> Option<&dyn Followers> {
        None
    }

    /// The solution in closed form from `x0` at `t0`, written into `x`; for tests. `false` if there
    /// is none.
    fn exact(&self, t0: f64, x0: &[f64], t: f64, x: &mut [f64]) -> bool {
        let _ = (t0, x0, t, x);
        false
    }

    /// The equilibria by the family's own solver, which says whether they are all; `None` if it has none.
    fn equilibria(&self) -> Option<Equilibria> {
        None
    }
}

pub use map::Map;
