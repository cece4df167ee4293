//! All that a model file may import: the stable contract between models and the engine.

pub use crate::system::aligned::Aligned;
pub use crate::system::analysis::{
    Analysis, AnalysisError, Data, Findings, Found, NO_CODE, Subject, truth,
};
pub use crate::system::arithmetic::{Arithmetic, Fault};
pub use crate::system::batch::{Batch, LANES, Lanes};
pub use crate::system::claim::{
    Claim, Evidenced, Exhibit, Measured, NotMeasured, Numbers, Results, Verb, Verdict, small,
};
pub use crate::system::constraint::{ClosedSet, Constraint, Faces};
pub use crate::system::crew;
pub use crate::system::derivative::{DualNum, GenericDrift, Jacobian, Linear, Pattern};
pub use crate::system::draws::Draws;
pub use crate::system::equilibria::{Equilibria, Equilibrium};
pub use crate::system::family::{
    Build, Built, Dynamics, Evolution, Family, ObservableCard, Starting,
};
pub use crate::system::follower::{Finding, Follower, Followers};
pub use crate::system::forcing::Forcing;
pub use crate::system::guard::{Action, Crossing, Direction, Guards, Impulses};
pub use crate::system::health::Health;
pub use crate::system::kinks::Kinks;
pub use crate::system::layout::{Axis, Block, Layout, Variable};
pub use crate::system::likelihood::{Derived, Evidence, Free, Likelihood, Observed};
pub use crate::system::map::Map;
pub use crate::system::matrix::PackedMatrix;
pub use crate::system::memory;
pub use crate::system::noise::{Calculus, Diffusion, NoiseClass};
pub use crate::system::objective::Objective;
pub use crate::system::observe::Observables;
pub use crate::system::own_step::OwnStep;
pub use crate::system::parameters::{
    Array, BuildError, Draw, Fallback, Generator, Kind, Parameter, Parameters, Range, Shape, Value,
};
pub use crate::system::parts::{self, Parts};
pub use crate::system::reducer::{Reducer, Summarise, Summary};
pub use crate::system::selector::Selector;
pub use crate::system::share::Share;
pub use crate::system::stimulus::{Channel, Drive, Place, Stimulus, Waveform};
pub use crate::system::suggest::advice;
pub use crate::system::tree::{Entry, Node, Span, Tree};
pub use crate::system::{Smoothness, System};
