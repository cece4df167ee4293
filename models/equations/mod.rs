//! Models written in the experiment file: x' = an expression, by name.
//!
//! ```text
//! [model.state.v]      drift = "(I - g*v) / C"        one table for each block; size = n: a vector, index i
//! [model.parameters]   I = 90.0                       declared by the file
//! [model.define]       m = "0.5*(1 + tanh(v/V0))"     named subexpressions, in any order
//! [model.observables]  current = "g*v"
//! [[model.guards]]     when = "v - 30"                zeros that are recorded, reset the state or end the run
//! ```
//!
//! Text -> expression (`parse`) -> graph of shared, folded nodes (`scope`, `graph`) -> tape of
//! instructions with loops over indices (`compile`, `tape`), and the same way for its symbolic Jacobian
//! (`derivative`).

mod arithmetic;
mod clock;
mod compile;
mod derivative;
mod edges;
mod expression;
mod extent;
mod fault;
mod forcing;
mod function;
mod graph;
mod interval;
mod lanes;
mod model;
mod number;
mod other_names;
mod parse;
mod ramp;
mod reach;
mod reading;
mod scope;
mod system;
mod tape;
mod unused;
mod watch;

pub use system::Equations;

use crate::prelude::*;

/// The family `equations`.
pub struct FromFile;

const SECTIONS: &[Parameter] = &[
    Parameter::tree("state").meaning(
        "state variables, a table each: `drift`, and if wanted `unit`, `meaning`, `size`, `diffusion`",
    ),
    Parameter::choice("calculus", &["ito", "stratonovich"])
        .fallback(Fallback::Text("ito"))
        .meaning("the stochastic integral that `diffusion` is written for"),
    Parameter::tree("define")
        .fallback(Fallback::Absent)
        .meaning("named subexpressions, in any order without circles"),
    Parameter::tree("observables")
        .fallback(Fallback::Absent)
        .meaning("functions of state and time that can be recorded"),
    Parameter::tree("guards").fallback(Fallback::Absent).meaning(
        "zero crossings: `name`, `when`, `direction` (rising, falling, both), `reset`, `stop`",
    ),
];

impl Family for FromFile {
    fn name(&self) -> &'static str {
        "equations"
    }

    fn title(&self) -> &'static str {
        "A model written in the experiment file"
    }

    fn card(&self) -> &'static str {
        "x' = f(t, x), each component an expression in quotes: `drift` of [model.state.NAME].\n\
         Operators + - * / ^ and brackets; t is the time, pi the number. Functions: exp expm1 exprel log ln\n\
         log1p log10 log2 sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid abs\n\
         erf erfc sign heaviside relu floor ceil round pow(a, b) min max mod(a, b) atan2(y, x) hypot(a, b)\n\
         clip(x, low, high).\n\
         A block with `size = n` is a vector with the index i: x[i], x[mod(i + 1, n)], sum(j, x[j]), size(x).\n\
         Definitions, parameters and observables are named by the file as well.\n\
         `diffusion` of [model.state.NAME] is the factor of white noise, one channel for each component:\n\
         dx = f dt + b dW, of Ito unless `calculus = \"stratonovich\"` stands in [model]."
    }

    fn dynamics(&self) -> &'static [Dynamics] {
        &[Dynamics {
            name: "flow",
            evolution: Evolution::Flow,
            method: "tsit5",
            meaning: "the equations of the file",
        }]
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn leaves_parameters_to_the_file(&self) -> bool {
        true
    }

    fn sections(&self) -> &'static [Parameter] {
        SECTIONS
    }

    fn starter(&self) -> &'static str {
        include_str!("starter.toml")
    }

    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        Ok(Built::Flow(Box::new(Equations::build(build)?)))
    }
}
