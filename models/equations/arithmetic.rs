//! Which formula of the file has no finite value at a time and state.
//!
//! The tapes say which component it is, and a [`Reading`] of what was written, which part.

use std::collections::HashMap;

use super::fault::Valued;
use super::model::{StateBlock, Text};
use super::reading::{Places, Reading};
use super::scope::Scope;
use super::system::Equations;
use crate::prelude::*;

impl Arithmetic for Equations {
    fn fault(&self, t: f64, x: &[f64]) -> Option<Fault> {
        let dim = self.layout().len();
        let mut slopes = vec![0.0; dim];
        System::drift(self, t, x, &mut slopes);
        if let Some(k) = first_not_finite(&slopes) {
            return Some(self.read(t, x, k, "drift", |block| block.drift.as_ref()));
        }
        let diffusion = System::diffusion(self)?;
        let diagonal = diffusion.is_diagonal(dim);
        let mut b = vec![0.0; if diagonal { dim } else { dim * dim }];
        diffusion.diffusion(t, x, &mut b);
        if let Some(k) = first_not_finite(&b) {
            let k = if diagonal { k } else { k / dim };
            return Some(self.read(t, x, k, "diffusion", |block| block.diffusion.as_ref()));
        }
        let mut slopes = vec![0.0; dim];
        let k = diffusion.correction(t, x, &mut slopes);
        let k = k.then(|| first_not_finite(&slopes)).flatten()?;
        Some(self.of_derivative(x, k))
    }

    fn fault_of_resets(&self, t: f64, x: &[f64]) -> Option<Fault> {
        let guards = System::guards(self)?;
        let mut values = vec![0.0; guards.count()];
        guards.values(t, x, &mut values);
        let mut standing = (0..values.len()).filter(|&guard| values[guard].abs() <= AT_ZERO);
        standing.find_map(|guard| self.fault_of_reset(guard, t, x))
    }
}

/// A guard that has just fired is this near to its zero, however it was found.
const AT_ZERO: f64 = 1e-6;

fn first_not_finite(values: &[f64]) -> Option<usize> {
    values.iter().position(|value| !value.is_finite())
}

impl Equations {
    /// What is wrong with the formula of a component.
    fn read(
        &self,
        t: f64,
        x: &[f64],
        component: usize,
        what: &str,
        of: impl Fn(&StateBlock) -> Option<&Text>,
    ) -> Fault {
        let name = self.layout().component(component);
        let place = format!("the {what} of `{name}`");
        let mut first = 0;
        for block in &self.written().model.blocks {
            let size = block.size.unwrap_or(1);
            if component < first + size {
                let i = block.size.map(|_| (component - first) as f64);
                let found = of(block).map(|text| self.reading(t, x, text, i));
                if let Some(blame) = found.and_then(|found| found.blame) {
                    return blame.fault(&place);
                }
            }
            first += size;
        }
        Fault {
            what: format!("{place} is not finite"),
            advice: "Compare its parts with the range of numbers, 1e-308 to 1.8e308".into(),
            is_overflow: true,
        }
    }

    /// What is wrong with what a guard resets.
    fn fault_of_reset(&self, guard: usize, t: f64, x: &[f64]) -> Option<Fault> {
        let (watch, element) = self.watching().watch(guard);
        let blocks = &self.written().model.blocks;
        for (name, _, text) in &watch.reset {
            let own = blocks.iter().find(|block| block.name == *name)?.size;
            // Without an element of its own, a guard resets all of a vector.
            let places = match (element, own) {
                (Some(element), _) => vec![Some(element)],
                (None, Some(size)) => (0..size).map(Some).collect(),
                (None, None) => vec![None],
            };
            for i in places {
                let found = self.reading(t, x, text, i.map(|i| i as f64));
                if let Some(blame) = found.blame {
                    let name = match own.and(i) {
                        Some(i) => format!("{name}[{i}]"),
                        None => name.clone(),
                    };
                    let place = format!("the reset of `{name}` by the guard `{}`", watch.name);
                    return Some(blame.fault(&place));
                }
            }
        }
        None
    }

    fn reading(&self, t: f64, x: &[f64], text: &Text, i: Option<f64>) -> Valued {
        let written = self.written();
        let mut reading = Reading {
            model: &written.model,
            scope: Scope::new(&written.model, &written.parameters),
            t: self.aside(t),
            x,
            known: HashMap::new(),
            depth: 0,
        };
        let mut places: Places = i.map(|i| ("i".to_string(), i)).into_iter().collect();
        reading.value(text, &text.expression, &mut places)
    }

    /// Schemes of higher order differentiate the diffusion.
    fn of_derivative(&self, x: &[f64], component: usize) -> Fault {
        let name = self.layout().component(component);
        Fault {
            what: format!(
                "the derivative of the diffusion of `{name}` is not finite, with {name} = {}",
                x[component]
            ),
            advice: "Schemes of strong order 1 and more need it; `euler-maruyama` does not".into(),
            is_overflow: false,
        }
    }
}
