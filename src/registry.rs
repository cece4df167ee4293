//! The registry: family name -> family. It knows the trait, never a model.

use crate::system::family::Family;

/// The families that a program offers.
#[derive(Clone, Default)]
pub struct Registry {
    families: Vec<&'static dyn Family>,
}

impl Registry {
    /// A registry of these families, in the order in which `models` lists them.
    pub fn new(families: Vec<&'static dyn Family>) -> Self {
        Self { families }
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
}
