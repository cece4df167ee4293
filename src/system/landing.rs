//! A system whose steps land on the edges of its stimuli although its family does not list them.
//!
//! A family that adds stimuli to its drift and does not override [`System::next_breakpoint`] would lose every stimulus that is shorter
//! than a step. Experiments build such a system inside a [`Landing`], which passes everything on and adds the edges.

use super::arithmetic::Arithmetic;
use super::batch::Batch;
use super::constraint::Constraint;
use super::derivative::{Jacobian, Linear};
use super::equilibria::Equilibria;
use super::follower::Followers;
use super::forcing::Forcing;
use super::guard::{Guards, Impulses};
use super::health::Health;
use super::kinks::Kinks;
use super::layout::Layout;
use super::map::Map;
use super::noise::Diffusion;
use super::observe::Observables;
use super::own_step::OwnStep;
use super::selector::Selector;
use super::stimulus::Stimulus;
use super::{Smoothness, System};

/// So many edges of each of so many stimuli are compared with those that a system lists.
const EDGES: usize = 8;
const STIMULI: usize = 32;

/// A system, and the stimuli that its steps land on.
pub struct Landing {
    system: Box<dyn System>,
    stimuli: Vec<Stimulus>,
}

impl Landing {
    /// The system itself if it lists the edges of the stimuli after `start`, and otherwise one that does.
    pub fn on(stimuli: &[Stimulus], start: f64, system: Box<dyn System>) -> Box<dyn System> {
        let forgets = |stimulus: &Stimulus| {
            let edges = std::iter::successors(Some(start), |&t| Some(stimulus.next_breakpoint(t)));
            let edges = edges.take_while(|edge| edge.is_finite()).take(EDGES);
            edges
                .into_iter()
                .any(|t| system.next_breakpoint(t) > stimulus.next_breakpoint(t))
        };
        match stimuli.iter().take(STIMULI).any(forgets) {
            true => Box::new(Self {
                system,
                stimuli: stimuli.to_vec(),
            }),
            false => system,
        }
    }
}

impl System for Landing {
    fn next_breakpoint(&self, t: f64) -> f64 {
        let edges = self.stimuli.iter().map(|one| one.next_breakpoint(t));
        edges.fold(self.system.next_breakpoint(t), f64::min)
    }

    fn layout(&self) -> &Layout {
        self.system.layout()
    }

    fn smoothness(&self) -> Smoothness {
        self.system.smoothness()
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        self.system.drift(t, x, dx);
    }

    fn forcing(&self) -> Option<&dyn Forcing> {
        self.system.forcing()
    }

    fn jacobian(&self) -> Option<&dyn Jacobian> {
        self.system.jacobian()
    }

    fn linear(&self) -> Option<&dyn Linear> {
        self.system.linear()
    }

    fn kinks(&self) -> Option<&dyn Kinks> {
        self.system.kinks()
    }

    fn constraint(&self) -> Option<&dyn Constraint> {
        self.system.constraint()
    }

    fn selector(&self) -> Option<&dyn Selector> {
        self.system.selector()
    }

    fn diffusion(&self) -> Option<&dyn Diffusion> {
        self.system.diffusion()
    }

    fn guards(&self) -> Option<&dyn Guards> {
        self.system.guards()
    }

    fn impulses(&self) -> Option<&dyn Impulses> {
        self.system.impulses()
    }

    fn batch(&self) -> Option<&dyn Batch> {
        self.system.batch()
    }

    fn observables(&self) -> Option<&dyn Observables> {
        self.system.observables()
    }

    fn arithmetic(&self) -> Option<&dyn Arithmetic> {
        self.system.arithmetic()
    }

    fn health(&self) -> Option<&dyn Health> {
        self.system.health()
    }

    fn recommended(&self) -> Option<&'static str> {
        self.system.recommended()
    }

    fn own_step(&self, scheme: &str) -> Option<&dyn OwnStep> {
        self.system.own_step(scheme)
    }

    fn map(&self) -> Option<&dyn Map> {
        self.system.map()
    }

    fn natural_stop(&self) -> Option<f64> {
        self.system.natural_stop()
    }

    fn followers(&self) -> Option<&dyn Followers> {
        self.system.followers()
    }

    fn exact(&self, t0: f64, x0: &[f64], t: f64, x: &mut [f64]) -> bool {
        self.system.exact(t0, x0, t, x)
    }

    fn equilibria(&self) -> Option<Equilibria> {
        self.system.equilibria()
    }
}
