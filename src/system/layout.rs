//! Layout: the names of the parts of a flat state.
//!
//! The engine sees `&[f64]`; people see `x [neuron = 200]`. A [`Layout`] is the list of named
//! [`Block`]s that lie one after the other in the flat slice, each with its axes (row-major, last
//! axis fastest), unit and meaning. A complex quantity is a pair of real blocks, `v_re` and
//! `v_im`, or one block of real coordinates that is *shown as* such a pair: observables that stand for it
//! in the archive, `rho_re` and `rho_im` for `rho`. An *auxiliary* block (a drawn jump threshold, a cached inverse, a temperature) belongs
//! to the state, so it is checkpointed, but its drift is zero, it has no part in the error norm, and
//! it is not recorded by default. The part of the derivative that belongs to an auxiliary block is
//! scratch memory for `drift`: the engine never reads it.

use std::ops::Range;

/// A named dimension of a block or an observable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The name, as it appears as a dimension of the archive (`neuron`, `cell`, `level_`).
    pub name: String,
    /// The number of positions along it.
    pub size: usize,
    /// Names of the positions, when they have any (`CC`, `CD`, ...); empty otherwise.
    pub labels: Vec<String>,
}

impl Axis {
    /// An axis whose positions are counted from 0.
    pub fn new(name: impl Into<String>, size: usize) -> Self {
        Self {
            name: name.into(),
            size,
            labels: Vec::new(),
        }
    }

    /// An axis with a name for each position.
    pub fn labelled(name: impl Into<String>, labels: Vec<String>) -> Self {
        Self {
            name: name.into(),
            size: labels.len(),
            labels,
        }
    }
}

/// What a variable is: shared by state blocks and observables.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Name in TOML and in the archive: a letter, then letters, digits and underscores.
    pub name: String,
    /// The component axes, row-major; none for a scalar.
    pub axes: Vec<Axis>,
    /// Unit as text; `1` for a pure number.
    pub unit: String,
    /// One line that a reader of the archive understands (`long_name`).
    pub meaning: String,
    /// The variables beside it that say where the positions along its axes are (`coordinates`, as CF has it); none where
    /// positions are counted.
    pub coordinates: Vec<String>,
}

impl Variable {
    /// A variable with these axes, of unit 1 and no meaning yet.
    pub fn new(name: impl Into<String>, axes: Vec<Axis>) -> Self {
        Self {
            name: name.into(),
            axes,
            unit: "1".into(),
            meaning: String::new(),
            coordinates: Vec::new(),
        }
    }

    /// The same variable in this unit.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// The same variable with this meaning.
    pub fn meaning(mut self, meaning: impl Into<String>) -> Self {
        self.meaning = meaning.into();
        self
    }

    /// The same variable over the values of these variables, each along one of its axes. Analyses write them into their
    /// archive, and pictures name what they show by them.
    pub fn over<const N: usize>(mut self, coordinates: [&str; N]) -> Self {
        self.coordinates = coordinates.map(String::from).to_vec();
        self
    }

    /// The sizes of the axes.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.size).collect()
    }

    /// The number of components, 1 for a scalar.
    pub fn len(&self) -> usize {
        self.axes.iter().map(|axis| axis.size).product()
    }

    /// Whether it has no component at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of one component for people: `x[3]`, `rho_re[0, 2]`, or just `v` for a scalar.
    pub fn component(&self, mut index: usize) -> String {
        if self.axes.is_empty() {
            return self.name.clone();
        }
        let mut places = vec![0; self.axes.len()];
        for (place, axis) in places.iter_mut().zip(&self.axes).rev() {
            *place = index % axis.size;
            index /= axis.size;
        }
        let places: Vec<String> = places
            .iter()
            .zip(&self.axes)
            .map(|(&place, axis)| match axis.labels.get(place) {
                Some(label) => label.clone(),
                None => place.to_string(),
            })
            .collect();
        format!("{}[{}]", self.name, places.join(", "))
    }
}

/// A named part of the state.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Name, axes, unit, meaning.
    pub variable: Variable,
    /// Whether it stands outside the error norm and the default record.
    pub auxiliary: bool,
    /// The state it starts from when the experiment does not say: one value per component, NaN if it must say.
    pub start: Vec<f64>,
    /// The observables that stand for it in the archive; none if it stands there itself.
    pub shown_as: Vec<String>,
    /// Another name by which `[initial]` may give its start.
    pub started_as: Option<String>,
    offset: usize,
}

impl Block {
    /// The name.
    pub fn name(&self) -> &str {
        &self.variable.name
    }

    /// Whether an experiment that runs must say where it starts.
    pub fn needs_start(&self) -> bool {
        !self.auxiliary && self.start.iter().any(|start| start.is_nan())
    }

    /// Where it lies in the flat state.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.variable.len()
    }
}

/// The blocks of a state, in the order in which they lie in the flat slice.
///
/// ```
/// use nullcline::prelude::*;
/// let layout = Layout::new()
///     .block(Variable::new("x", vec![Axis::new("neuron", 3)]), 0.0)
///     .auxiliary(Variable::new("threshold", vec![]), 1.0);
/// assert_eq!(layout.len(), 4);
/// assert_eq!(layout.component(2), "x[2]");
/// assert_eq!(layout.range("threshold"), Some(3..4));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    blocks: Vec<Block>,
}

impl Layout {
    /// A layout without blocks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Append a block whose components all start from `start` unless the experiment says otherwise.
    pub fn block(self, variable: Variable, start: f64) -> Self {
        let start = vec![start; variable.len()];
        self.push(variable, false, start)
    }

    /// Append a block with a default start for each component.
    ///
    /// # Panics
    /// If `start` has another length than the block: a defect of the model.
    pub fn block_from(self, variable: Variable, start: Vec<f64>) -> Self {
        self.push(variable, false, start)
    }

    /// Append an auxiliary block.
    pub fn auxiliary(self, variable: Variable, start: f64) -> Self {
        let start = vec![start; variable.len()];
        self.push(variable, true, start)
    }

    /// The same layout, whose last block is written to the archive as these observables of the system: its name in
    /// `record.variables` means them.
    pub fn shown_as(mut self, observables: &[&str]) -> Self {
        if let Some(block) = self.blocks.last_mut() {
            block.shown_as = observables.iter().map(|name| (*name).into()).collect();
        }
        self
    }

    /// The same layout, whose last block may also be given under this name in `[initial]`.
    pub fn started_as(mut self, name: &str) -> Self {
        if let Some(block) = self.blocks.last_mut() {
            block.started_as = Some(name.into());
        }
        self
    }

    fn push(mut self, variable: Variable, auxiliary: bool, start: Vec<f64>) -> Self {
        assert_eq!(
            start.len(),
            variable.len(),
            "the start of block `{}`",
            variable.name
        );
        let offset = self.len();
        self.blocks.push(Block {
            variable,
            auxiliary,
            start,
            shown_as: Vec::new(),
            started_as: None,
            offset,
        });
        self
    }

    /// The blocks in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The block of that name.
    pub fn get(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.name() == name)
    }

    /// Where the block of that name lies.
    pub fn range(&self, name: &str) -> Option<Range<usize>> {
        self.get(name).map(Block::range)
    }

    /// The length of the flat state.
    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.range().end)
    }

    /// Whether the state has no component.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of one component of the flat state for people: `x[3]`.
    pub fn component(&self, index: usize) -> String {
        self.blocks
            .iter()
            .find(|block| block.range().contains(&index))
            .map_or_else(
                || format!("component {index}"),
                |block| block.variable.component(index - block.range().start),
            )
    }

    /// The default start of every component.
    pub fn start(&self) -> Vec<f64> {
        self.blocks
            .iter()
            .flat_map(|block| block.start.iter().copied())
            .collect()
    }

    /// For each component, whether it takes part in the error norm.
    pub fn measured(&self) -> Vec<bool> {
        let mut measured = Vec::with_capacity(self.len());
        for block in &self.blocks {
            measured.resize(measured.len() + block.variable.len(), !block.auxiliary);
        }
        measured
    }
}
