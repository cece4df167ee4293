//! A toy family with everything that the layout of an archive must get right: a complex pair with two
//! axes and labels, a second variable whose axis has the same name and another size, a scalar, an
//! auxiliary block, and a time that has a unit.
//!
//! ```text
//! rho' = -rho / 4        v' = growth v^2        small' = -small
//! ```
//!
//! With `growth > 0`, `v` blows up at `t = 1 / (growth v(0))`.

use nullcline::prelude::*;

pub struct Toy;

pub static TOY: Toy = Toy;

const PARAMETERS: &[Parameter] = &[Parameter::real("growth")
    .or(0.0)
    .unit("1/ms")
    .meaning("how fast v grows")];

impl Family for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }
    fn title(&self) -> &'static str {
        "A toy"
    }
    fn card(&self) -> &'static str {
        "rho' = -rho / 4, v' = growth v^2"
    }
    fn dynamics(&self) -> &'static [Dynamics] {
        &[]
    }
    fn time_unit(&self) -> &'static str {
        "ms"
    }
    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }
    fn starter(&self) -> &'static str {
        ""
    }
    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        Ok(Built::Flow(Box::new(Flow::new(
            build.parameters.real("growth"),
        ))))
    }
}

pub struct Flow {
    layout: Layout,
    observables: Vec<Variable>,
    growth: f64,
}

impl Flow {
    pub fn new(growth: f64) -> Self {
        let labels = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        let level = |name: &str| Axis::labelled(name, labels(&["CC", "CD", "DΩ"]));
        let rho = |name: &str| {
            Variable::new(name, vec![level("level"), level("level_")]).meaning("density matrix")
        };
        Self {
            layout: Layout::new()
                .block(rho("rho_re"), 1.0)
                .block(rho("rho_im"), -0.5)
                .block(Variable::new("v", vec![]).unit("mV"), 0.5)
                .block(Variable::new("small", vec![Axis::new("level", 2)]), 1.0)
                .auxiliary(Variable::new("hidden", vec![]), 7.0),
            observables: vec![Variable::new("level", vec![]).meaning("named like an axis")],
            growth,
        }
    }
}

impl System for Flow {
    fn layout(&self) -> &Layout {
        &self.layout
    }
    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }
    fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
        for (dx, x) in dx[..18].iter_mut().zip(x) {
            *dx = -0.25 * x;
        }
        dx[18] = self.growth * x[18] * x[18];
        dx[19] = -x[19];
        dx[20] = -x[20];
        dx[21] = 0.0;
    }
    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }
}

impl Observables for Flow {
    fn list(&self) -> &[Variable] {
        &self.observables
    }
    fn observe(&self, _index: usize, t: f64, x: &[f64], out: &mut [f64]) {
        out[0] = t + x[18];
    }
}
