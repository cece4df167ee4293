//! The data of a picture: one variable over time, or over an axis of a sweep.

use super::axis::Way;

/// What a quantity is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quantity {
    /// Its name in the archive.
    pub name: String,
    /// Its unit; empty or `1` for a pure number.
    pub unit: String,
    /// One line for people; may be empty.
    pub meaning: String,
}

impl Quantity {
    /// A quantity without a unit and without words.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// The text beside an axis: name, meaning, unit.
    pub fn label(&self) -> String {
        let meaning = match self.meaning.as_str() {
            "" => String::new(),
            meaning if meaning == self.name => String::new(),
            meaning => format!(", {meaning}"),
        };
        let unit = match self.unit.as_str() {
            "" | "1" => String::new(),
            unit => format!(" ({unit})"),
        };
        format!("{}{meaning}{unit}", self.name)
    }
}

/// A variable over time, or over an axis of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The title of the experiment, or whatever stands above the picture.
    pub title: String,
    /// What is shown.
    pub quantity: Quantity,
    /// What it is shown over.
    pub clock: Quantity,
    /// When, or where along the axis; not descending.
    pub times: Vec<f64>,
    /// How these lie across the picture.
    pub across: Way,
    /// The name of each component: `x[3]`.
    pub components: Vec<String>,
    /// What the components are counted along: `neuron`.
    pub axis: String,
    /// The position of the first component along that axis.
    pub first: f64,
    /// The numbers, time by time, all components of a time together.
    pub values: Vec<f64>,
    /// The lower and the upper edge of a band around each number; empty if there is none.
    pub band: Vec<(f64, f64)>,
    /// Whether the numbers are shown as points as well.
    pub dotted: bool,
    /// What the numbers 0, 1, ... mean, where they are codes.
    pub codes: Vec<String>,
    /// Whether both edges have one scale, so that a square of cells is a square.
    pub even: bool,
    /// Of a heat map over two axes: the coordinates upwards, and how they lie.
    pub rows: Option<(Vec<f64>, Way)>,
}

impl Series {
    /// The numbers of one component over time.
    pub fn component(&self, index: usize) -> impl Iterator<Item = f64> {
        self.values
            .iter()
            .skip(index)
            .step_by(self.components.len().max(1))
            .copied()
    }

    /// The number of a component at a sample.
    pub fn value(&self, sample: usize, component: usize) -> f64 {
        self.values[sample * self.components.len() + component]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_the_unit_only_if_there_is_one() {
        let mut v = Quantity::named("v");
        assert_eq!(v.label(), "v");
        v.meaning = "membrane potential".into();
        v.unit = "mV".into();
        assert_eq!(v.label(), "v, membrane potential (mV)");
        v.unit = "1".into();
        assert_eq!(v.label(), "v, membrane potential");
    }
}
