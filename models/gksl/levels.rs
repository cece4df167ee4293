//! The levels: the decision basis |0>, ..., |N-1>, their names, and the choices that are groups of them.

use super::operator::{C, Matrix};
use crate::prelude::*;

/// The decision basis.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// N
    pub n: usize,
    /// The names of the levels; empty if they are only numbered.
    pub labels: Vec<String>,
    /// The choices: names, and the levels that each consists of.
    pub choices: Vec<(String, Vec<usize>)>,
}

impl Levels {
    /// N levels without names and choices.
    pub fn new(n: usize) -> Self {
        Self {
            n,
            labels: Vec::new(),
            choices: Vec::new(),
        }
    }

    /// The levels of checked parameters.
    ///
    /// # Errors
    /// If there are not N different names, or a choice names what does not exist.
    pub fn build(parameters: &Parameters) -> Result<Self, BuildError> {
        let mut levels = Self::labelled(parameters)?;
        levels.choose(parameters)?;
        Ok(levels)
    }

    /// The levels, still without choices.
    ///
    /// # Errors
    /// If there are not N different names.
    pub fn labelled(parameters: &Parameters) -> Result<Self, BuildError> {
        let mut levels = Self::new(usize::try_from(parameters.integer("dimension")).unwrap_or(2));
        if let Some(tree) = parameters.tree("labels") {
            levels.labels = levels.names(tree)?;
        }
        Ok(levels)
    }

    /// Read the choices.
    ///
    /// # Errors
    /// If one names what does not exist.
    pub fn choose(&mut self, parameters: &Parameters) -> Result<(), BuildError> {
        if let Some(tree) = parameters.tree("choices") {
            self.choices = self.groups(tree)?;
        }
        Ok(())
    }

    fn names(&self, tree: &Tree) -> Result<Vec<String>, BuildError> {
        let elements = tree.as_array().unwrap_or_default();
        let names: Vec<String> = elements
            .iter()
            .filter_map(Tree::as_text)
            .map(String::from)
            .collect();
        if names.len() != elements.len() || names.len() != self.n {
            let message = format!(
                "`labels` is not a list of {} texts, one for each level",
                self.n
            );
            return Err(BuildError::about("labels", message)
                .at(tree.span, format!("expected {} texts", self.n)));
        }
        for (place, name) in names.iter().enumerate() {
            if names[..place].contains(name) {
                let message = format!("two levels are named `{name}`");
                return Err(
                    BuildError::about("labels", message).at(elements[place].span, "again here")
                );
            }
        }
        Ok(names)
    }

    fn groups(&self, tree: &Tree) -> Result<Vec<(String, Vec<usize>)>, BuildError> {
        let Some(entries) = tree.as_table() else {
            let message = format!(
                "`choices` is {}, expected a table of lists of levels",
                tree.kind()
            );
            return Err(BuildError::about("choices", message)
                .at(tree.span, "expected { cooperate = [0, 1] }"));
        };
        let mut groups = Vec::new();
        for entry in entries {
            let Some(elements) = entry.value.as_array().filter(|all| !all.is_empty()) else {
                let message = format!("the choice `{}` is no list of levels", entry.key);
                return Err(BuildError::about("choices", message)
                    .at(entry.value.span, "expected levels, for example [0, 1]"));
            };
            let found: Result<Vec<usize>, BuildError> =
                elements.iter().map(|element| self.level(element)).collect();
            let mut found = found?;
            found.sort_unstable();
            found.dedup();
            groups.push((entry.key.clone(), found));
        }
        Ok(groups)
    }

    /// The level that a number or a name means.
    ///
    /// # Errors
    /// If there is none.
    pub fn level(&self, tree: &Tree) -> Result<usize, BuildError> {
        let named = tree.as_text().and_then(|text| self.named(text));
        let numbered = match tree.node {
            Node::Integer(level) => usize::try_from(level).ok().filter(|&level| level < self.n),
            _ => None,
        };
        named.or(numbered).ok_or_else(|| {
            let told = match (&tree.node, tree.as_number()) {
                (Node::Text(text), _) => format!("there is no level `{text}`"),
                (_, Some(number)) => format!("there is no level {number}"),
                _ => format!("a level is a number or a name, not {}", tree.kind()),
            };
            let error = BuildError::new(told).at(tree.span, "no level");
            error.help(match self.labels.is_empty() {
                true => format!("levels are counted from 0 to {}", self.n - 1),
                false => format!(
                    "levels are 0 to {}, or {}",
                    self.n - 1,
                    self.labels.join(", ")
                ),
            })
        })
    }

    /// The level of that name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.labels.iter().position(|label| label == name)
    }

    /// The levels that a text means: a choice, a level's name or number.
    pub fn meant(&self, text: &str) -> Option<Vec<usize>> {
        let choice = self.choices.iter().find(|(name, _)| name == text);
        let number = || text.parse().ok().filter(|&level: &usize| level < self.n);
        choice
            .map(|(_, levels)| levels.clone())
            .or_else(|| self.named(text).or_else(number).map(|level| vec![level]))
    }

    /// The choice or level that an option of an analysis names; the first choice, or the first level, if it is not given.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn chosen(
        &self,
        options: &Parameters,
        option: &str,
    ) -> Result<(String, Vec<usize>), BuildError> {
        let Some(Value::Text(text)) = options.get(option) else {
            let first = self.choices.first().cloned();
            return Ok(first.unwrap_or_else(|| (self.label(0), vec![0])));
        };
        if let Some(group) = self.meant(text) {
            return Ok((text.clone(), group));
        }
        let choices = self.choices.iter().map(|(name, _)| name.clone());
        let names: Vec<String> = choices.chain(self.all_labels()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let message = format!("there is no choice or level `{text}`");
        Err(BuildError::about(option, message).help(advice(text, "choices and levels", &names)))
    }

    /// The name of a level for people.
    pub fn label(&self, level: usize) -> String {
        self.labels
            .get(level)
            .cloned()
            .unwrap_or_else(|| level.to_string())
    }

    /// The names of all levels for people.
    pub fn all_labels(&self) -> Vec<String> {
        (0..self.n).map(|level| self.label(level)).collect()
    }

    /// The axis of the levels; `level_` is the second one of a matrix.
    pub fn axis(&self, name: &str) -> Axis {
        match self.labels.is_empty() {
            true => Axis::new(name, self.n),
            false => Axis::labelled(name, self.labels.clone()),
        }
    }

    /// A matrix { re, im } of N x N numbers.
    ///
    /// # Errors
    /// If it is none.
    pub fn matrix(&self, tree: &Tree, name: &str) -> Result<Matrix, BuildError> {
        let (re, im) = parts(tree, name)?;
        let re = self.real(re, &format!("{name}.re"))?;
        let im = match im {
            Some(im) => self.real(im, &format!("{name}.im"))?,
            None => vec![0.0; self.n * self.n],
        };
        let numbers = re.into_iter().zip(im).map(|(re, im)| C::new(re, im));
        Ok(Matrix::from_row_iterator(self.n, self.n, numbers))
    }

    /// N x N real numbers, row by row.
    ///
    /// # Errors
    /// If they are not.
    pub fn real(&self, tree: &Tree, name: &str) -> Result<Vec<f64>, BuildError> {
        let n = self.n;
        let rows = tree
            .as_array()
            .filter(|rows| rows.len() == n)
            .ok_or_else(|| {
                BuildError::new(format!("`{name}` is no matrix of {n} rows"))
                    .at(tree.span, format!("expected {n} rows of {n} numbers"))
            })?;
        let mut numbers = Vec::with_capacity(n * n);
        for (row, tree) in rows.iter().enumerate() {
            numbers.extend(numbers_of(tree, n, &format!("{name}[{row}]"))?);
        }
        Ok(numbers)
    }

    /// A vector { re, im } of N numbers.
    ///
    /// # Errors
    /// If it is none.
    pub fn vector(&self, tree: &Tree, name: &str) -> Result<Vec<C>, BuildError> {
        let (re, im) = parts(tree, name)?;
        let re = numbers_of(re, self.n, &format!("{name}.re"))?;
        let im = match im {
            Some(im) => numbers_of(im, self.n, &format!("{name}.im"))?,
            None => vec![0.0; self.n],
        };
        Ok(re
            .into_iter()
            .zip(im)
            .map(|(re, im)| C::new(re, im))
            .collect())
    }
}

/// The parts of { re, im }, of which `im` may be left out.
fn parts<'t>(tree: &'t Tree, name: &str) -> Result<(&'t Tree, Option<&'t Tree>), BuildError> {
    for entry in tree.as_table().unwrap_or_default() {
        if !["re", "im"].contains(&entry.key.as_str()) {
            return Err(BuildError::new(format!("`{name}` has no `{}`", entry.key))
                .at(entry.key_span, "unknown key")
                .help("it has `re`, and `im` if it is complex"));
        }
    }
    let re = tree.get("re").ok_or_else(|| {
        BuildError::new(format!("`{name}` has no real part"))
            .at(tree.span, "expected { re = .., im = .. }")
    })?;
    Ok((re, tree.get("im")))
}

/// A list of so many finite numbers.
fn numbers_of(tree: &Tree, count: usize, name: &str) -> Result<Vec<f64>, BuildError> {
    let elements = tree
        .as_array()
        .filter(|all| all.len() == count)
        .ok_or_else(|| {
            BuildError::new(format!("`{name}` is no list of {count} numbers"))
                .at(tree.span, format!("expected {count} numbers"))
        })?;
    let number = |tree: &Tree| {
        tree.as_number()
            .filter(|number| number.is_finite())
            .ok_or_else(|| {
                BuildError::new(format!(
                    "`{name}` holds {}, expected finite numbers",
                    tree.kind()
                ))
                .at(tree.span, "expected a finite number")
            })
    };
    elements.iter().map(number).collect()
}
