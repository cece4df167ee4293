//! Systems put together from closures, and a recorder that keeps samples and events.

use nullcline::engine::integrate::{IntegrationError, Options, Span, integrate};
use nullcline::engine::outcome::Outcome;
use nullcline::engine::recorder::Recorder;
use nullcline::prelude::*;
use nullcline::system::event::Event;

type Drift = Box<dyn Fn(f64, &[f64], &mut [f64]) + Send + Sync>;
type Scalar = Box<dyn Fn(f64, &[f64]) -> f64 + Send + Sync>;
type Reset = Box<dyn Fn(&mut [f64]) + Send + Sync>;

struct Selection {
    bounds: [f64; 2],
    switch: Scalar,
    gradient: Vec<f64>,
    field: Vec<f64>,
}

struct Guard {
    name: &'static str,
    direction: Direction,
    action: Action,
    value: Scalar,
    reset: Reset,
}

enum Set {
    None,
    Disc,
    Sphere,
}

/// A system of closures.
pub struct Free {
    layout: Layout,
    drift: Drift,
    selections: Vec<Selection>,
    guards: Vec<Guard>,
    set: Set,
    affine: bool,
    edge: f64,
}

impl Free {
    /// `x' = drift(t, x)` for `n` components.
    pub fn new(n: usize, drift: impl Fn(f64, &[f64], &mut [f64]) + Send + Sync + 'static) -> Self {
        let x = Variable::new("x", vec![Axis::new("component", n)]);
        Self {
            layout: Layout::new().block(x, 0.0),
            drift: Box::new(drift),
            selections: Vec::new(),
            guards: Vec::new(),
            set: Set::None,
            affine: false,
            edge: f64::INFINITY,
        }
    }

    /// With a selection of a constant field by a switch of constant gradient.
    pub fn select(
        mut self,
        bounds: [f64; 2],
        switch: impl Fn(f64, &[f64]) -> f64 + Send + Sync + 'static,
        gradient: Vec<f64>,
        field: Vec<f64>,
    ) -> Self {
        self.selections.push(Selection {
            bounds,
            switch: Box::new(switch),
            gradient,
            field,
        });
        self
    }

    /// With a guard.
    pub fn guard(
        mut self,
        name: &'static str,
        direction: Direction,
        action: Action,
        value: impl Fn(f64, &[f64]) -> f64 + Send + Sync + 'static,
        reset: impl Fn(&mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        self.guards.push(Guard {
            name,
            direction,
            action,
            value: Box::new(value),
            reset: Box::new(reset),
        });
        self
    }

    /// Declared affine.
    pub fn affine(mut self) -> Self {
        self.affine = true;
        self
    }

    /// With a jump in time.
    pub fn edge(mut self, edge: f64) -> Self {
        self.edge = edge;
        self
    }

    /// Confined to the unit disc.
    pub fn disc(mut self) -> Self {
        self.set = Set::Disc;
        self
    }

    /// Confined to the unit sphere.
    pub fn sphere(mut self) -> Self {
        self.set = Set::Sphere;
        self
    }
}

impl System for Free {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        match self.selections.is_empty() {
            true => Smoothness::Smooth,
            false => Smoothness::Discontinuous,
        }
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        (self.drift)(t, x, dx);
    }

    fn next_breakpoint(&self, t: f64) -> f64 {
        if t < self.edge {
            self.edge
        } else {
            f64::INFINITY
        }
    }

    fn linear(&self) -> Option<&dyn Linear> {
        self.affine.then_some(self)
    }

    fn constraint(&self) -> Option<&dyn Constraint> {
        match self.set {
            Set::None => None,
            _ => Some(self),
        }
    }

    fn selector(&self) -> Option<&dyn Selector> {
        (!self.selections.is_empty()).then_some(self)
    }

    fn guards(&self) -> Option<&dyn Guards> {
        (!self.guards.is_empty()).then_some(self)
    }
}

impl Linear for Free {
    fn generator(&self, t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        let n = offset.len();
        let mut x = vec![0.0; n];
        self.drift(t, &x, offset);
        let mut column = vec![0.0; n];
        for j in 0..n {
            x[j] = 1.0;
            self.drift(t, &x, &mut column);
            x[j] = 0.0;
            for i in 0..n {
                matrix[i * n + j] = column[i] - offset[i];
            }
        }
    }
}

impl Constraint for Free {
    fn shape(&self) -> ClosedSet<'_> {
        match self.set {
            Set::Disc => ClosedSet::Faces(self),
            _ => ClosedSet::UnitSphere,
        }
    }
}

impl Faces for Free {
    fn count(&self) -> usize {
        1
    }

    fn heights(&self, x: &[f64], h: &mut [f64]) {
        h[0] = 1.0 - x.iter().map(|x| x * x).sum::<f64>();
    }

    fn gradient(&self, _face: usize, x: &[f64], gradient: &mut [f64]) {
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = -2.0 * x);
    }
}

impl Selector for Free {
    fn count(&self) -> usize {
        self.selections.len()
    }

    fn bounds(&self, k: usize) -> [f64; 2] {
        self.selections[k].bounds
    }

    fn switches(&self, t: f64, x: &[f64], h: &mut [f64]) {
        for (h, selection) in h.iter_mut().zip(&self.selections) {
            *h = (selection.switch)(t, x);
        }
    }

    fn gradient(&self, k: usize, _t: f64, _x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.copy_from_slice(&self.selections[k].gradient);
        0.0
    }

    fn field(&self, k: usize, _x: &[f64], field: &mut [f64]) {
        field.copy_from_slice(&self.selections[k].field);
    }

    fn is_affine(&self) -> bool {
        self.affine
    }
}

impl Guards for Free {
    fn count(&self) -> usize {
        self.guards.len()
    }

    fn name(&self, guard: usize) -> &str {
        self.guards[guard].name
    }

    fn direction(&self, guard: usize) -> Direction {
        self.guards[guard].direction
    }

    fn action(&self, guard: usize) -> Action {
        self.guards[guard].action
    }

    fn values(&self, t: f64, x: &[f64], g: &mut [f64]) {
        for (g, guard) in g.iter_mut().zip(&self.guards) {
            *g = (guard.value)(t, x);
        }
    }

    fn reset(&self, guard: usize, _t: f64, x: &mut [f64]) {
        (self.guards[guard].reset)(x);
    }
}

/// Samples and events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    times: Vec<f64>,
    /// States at the times reached.
    pub states: Vec<Vec<f64>>,
    /// Time, kind and component of every event.
    pub events: Vec<(f64, String, Option<usize>)>,
}

impl Log {
    /// Samples at these times.
    pub fn at(times: &[f64]) -> Self {
        Self {
            times: times.to_vec(),
            ..Self::default()
        }
    }
}

impl Recorder for Log {
    fn next_time(&self) -> f64 {
        let next = self.times.get(self.states.len());
        next.copied().unwrap_or(f64::INFINITY)
    }

    fn record(&mut self, _t: f64, x: &[f64]) {
        self.states.push(x.to_vec());
    }

    fn event(&mut self, event: &Event<'_>) {
        let kind = event.kind.to_string();
        self.events.push((event.time, kind, event.component));
    }
}

/// Run to the last of the times.
pub fn run(
    system: &Free,
    method: &str,
    options: &Options,
    x0: &[f64],
    times: &[f64],
) -> (Outcome, Log) {
    integrated(system, method, options, x0, times)
}

/// Run any system to the last of the times.
pub fn integrated(
    system: &dyn System,
    method: &str,
    options: &Options,
    x0: &[f64],
    times: &[f64],
) -> (Outcome, Log) {
    let mut log = Log::at(times);
    let span = Span {
        start: 0.0,
        stop: times.last().copied().unwrap(),
    };
    let outcome = integrate(system, method, options, span, x0, &mut log, &mut |_| true);
    // Tests look at failures, too.
    (
        outcome.or_else(IntegrationError::into_outcome).unwrap(),
        log,
    )
}
