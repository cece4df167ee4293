//! The registry: what a program offers, by name. It knows the traits, never a model.

use crate::analysis;
use crate::system::analysis::Analysis;
use crate::system::family::Family;

/// The families that a program offers, and the analyses that all of them allow.
#[derive(Clone, Default)]
pub struct Registry {
    families: Vec<&'static dyn Family>,
}

impl Registry {
    /// A registry of these families, in the order in which `models` lists them.
    pub fn new(families: Vec<&'static dyn Family>) -> Self {
        Self { families }
    }

    /// The same registry with one more family before the others; it takes the place of one of the same name.
    ///
    /// A program with a model of its own offers `nullcline::models::registry().with(&MyFamily)`.
    pub fn with(mut self, family: &'static dyn Family) -> Self {
        self.families.retain(|one| one.name() != family.name());
        self.families.insert(0, family);
        self
    }

    /// The family of that name.
    pub fn get(&self, name: &str) -> Option<&'static dyn Family> {
        self.families
            .iter()
            .copied()
            .find(|family| family.name() == name)
    }

    /// All families in order.
    pub fn families(&self) -> &[&'static dyn Family] {
        &self.families
    }

    /// The analyses of a family: the general ones, then its own; its own take the place of general ones
    /// of the same name.
    pub fn analyses(&self, family: &dyn Family) -> Vec<&'static dyn Analysis> {
        let own = family.analyses();
        let is_own = |name: &str| own.iter().any(|analysis| analysis.name() == name);
        let general = analysis::ALL.iter().filter(|one| !is_own(one.name()));
        general.chain(own).copied().collect()
    }
}
