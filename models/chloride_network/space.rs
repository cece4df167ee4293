//! The space of the network: which cells there are, where they lie, and which of them are tissue.
//!
//! ```text
//! point   [cell = 1]               line   [cell = n]
//! sheet   [row = n, column = n]    disc   the same square; tissue where r < 1/2, r from ((i + 1/2) - n/2) / n
//! ```
//!
//! Everything is a rectangle of `rows` times `columns` cells, a point and a line having one row. Cells of a disc outside its
//! rim are not tissue: their activity is zero and their state stands still. Coordinates of stimuli are i / (n - 1).

use crate::prelude::*;

/// What the tissue looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Geometry {
    /// One population.
    Point,
    /// A row of them.
    Line,
    /// A square.
    Sheet,
    /// A disc in a square.
    Disc,
}

/// What lies beyond the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Nothing: kernels are cut off and not renormalised.
    Zero,
    /// The other end.
    Periodic,
}

/// The cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// What the tissue looks like.
    pub geometry: Geometry,
    /// What lies beyond its ends.
    pub boundary: Boundary,
    /// Cells along a side.
    pub size: usize,
    /// Rows of cells.
    pub rows: usize,
    /// Cells in a row.
    pub columns: usize,
    /// The cells that are no tissue, ascending.
    pub outside: Vec<usize>,
}

/// About so many numbers are kept for each cell: state, stages, kernels, transforms.
const NUMBERS: f64 = 100.0;

/// The keys of `[model.space]`.
pub const SECTIONS: &[Parameter] = &[
    Parameter::choice("space.geometry", &["point", "line", "sheet", "disc"])
        .fallback(Fallback::Text("line"))
        .meaning("one population, a line, a square sheet, or a disc in a square")
        .source("LAS"),
    Parameter::integer("space.size")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("cells along a side; 500 on a line, 50 on a sheet or a disc by default")
        .source("LAS"),
    Parameter::choice("space.boundary", &["zero", "periodic"])
        .fallback(Fallback::Text("zero"))
        .meaning("what the kernels meet beyond the ends: nothing, or the other end")
        .source("zero: LAS; periodic: assumed"),
];

impl Space {
    /// A space of so many cells along a side.
    pub fn new(geometry: Geometry, size: usize, boundary: Boundary) -> Self {
        let (rows, columns) = match geometry {
            Geometry::Point | Geometry::Line => (1, size),
            Geometry::Sheet | Geometry::Disc => (size, size),
        };
        let outside = match geometry {
            Geometry::Disc => (0..size * size)
                .filter(|cell| {
                    // In halves of a cell, so that the comparison is exact.
                    let offset = |i: usize| (2 * i + 1).abs_diff(size);
                    let (x, y) = (offset(cell / size), offset(cell % size));
                    x * x + y * y >= size * size
                })
                .collect(),
            _ => Vec::new(),
        };
        Self {
            geometry,
            boundary,
            size,
            rows,
            columns,
            outside,
        }
    }

    /// The space that `[model.space]` says.
    ///
    /// # Errors
    /// If its keys do not fit each other.
    pub fn build(parameters: &Parameters) -> Result<Self, BuildError> {
        let geometry = match parameters.text("space.geometry") {
            "point" => Geometry::Point,
            "sheet" => Geometry::Sheet,
            "disc" => Geometry::Disc,
            _ => Geometry::Line,
        };
        let given = match parameters.get("space.size") {
            Some(Value::Integer(size)) => usize::try_from(*size).ok(),
            _ => None,
        };
        let size = given.unwrap_or(match geometry {
            Geometry::Point => 1,
            Geometry::Line => 500,
            Geometry::Sheet | Geometry::Disc => 50,
        });
        if geometry == Geometry::Point && size != 1 {
            let message = format!("a point is one cell, and `size` is {size}");
            return Err(BuildError::about("space.size", message)
                .help("leave `size` out, or choose the geometry `line`"));
        }
        let cells = match geometry {
            Geometry::Point | Geometry::Line => size as f64,
            Geometry::Sheet | Geometry::Disc => (size as f64).powi(2),
        };
        if let Some(excess) = memory::excess(NUMBERS * cells) {
            let message = format!("a space of {size} cells along a side is too large: {excess}");
            return Err(BuildError::about("space.size", message));
        }
        let boundary = match parameters.text("space.boundary") {
            "periodic" => Boundary::Periodic,
            _ => Boundary::Zero,
        };
        if geometry == Geometry::Disc && boundary == Boundary::Periodic {
            let message = "a disc ends at its rim, and has no other end to go on at";
            return Err(BuildError::about("space.boundary", message)
                .help("choose the geometry `sheet`, or the boundary `zero`"));
        }
        Ok(Self::new(geometry, size, boundary))
    }

    /// How many cells there are, those that are no tissue included.
    pub fn cells(&self) -> usize {
        self.rows * self.columns
    }

    /// How many dimensions the space has; a point lies on a line.
    pub fn dimensions(&self) -> usize {
        match self.geometry {
            Geometry::Point | Geometry::Line => 1,
            Geometry::Sheet | Geometry::Disc => 2,
        }
    }

    /// The axes of a quantity with one number per cell.
    pub fn axes(&self) -> Vec<Axis> {
        match self.dimensions() {
            1 => vec![Axis::new("cell", self.columns)],
            _ => vec![
                Axis::new("row", self.rows),
                Axis::new("column", self.columns),
            ],
        }
    }

    /// The coordinates of every cell: i / (n - 1) along each dimension.
    pub fn coordinates(&self) -> Vec<Vec<f64>> {
        let last = (self.size.max(2) - 1) as f64;
        let along = |i: usize| i as f64 / last;
        let cell = |cell: usize| match self.dimensions() {
            1 => vec![along(cell)],
            _ => vec![along(cell / self.columns), along(cell % self.columns)],
        };
        (0..self.cells()).map(cell).collect()
    }

    /// The cell nearest to these coordinates, the first one of two.
    pub fn nearest(&self, center: &[f64]) -> usize {
        let last = (self.size - 1) as f64;
        let along = |at: Option<&f64>| {
            let place = (at.copied().unwrap_or(0.0) * last - 0.5).ceil();
            place.clamp(0.0, last) as usize
        };
        match self.dimensions() {
            1 => along(center.first()),
            _ => along(center.first()) * self.columns + along(center.get(1)),
        }
    }

    /// The cell that stands for the place of a stimulus.
    pub fn centre_of(&self, place: &Place) -> usize {
        match place {
            Place::Cells([first, last]) => (first + last).div_ceil(2),
            Place::Disc { center, .. } => self.nearest(center),
            Place::Everywhere => self.middle(),
        }
    }

    /// The cell in the middle.
    pub fn middle(&self) -> usize {
        (self.rows / 2) * self.columns + self.columns / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_of_50_has_1976_cells() {
        let disc = Space::new(Geometry::Disc, 50, Boundary::Zero);
        assert_eq!(disc.cells() - disc.outside.len(), 1976);
        assert_eq!(disc.nearest(&[0.5, 0.5]), 24 * 50 + 24);
        let near = |at: &Vec<f64>| ((at[0] - 0.5).powi(2) + (at[1] - 0.5).powi(2)).sqrt() <= 0.05;
        assert_eq!(disc.coordinates().iter().filter(|at| near(at)).count(), 16);
    }

    #[test]
    fn the_centre_of_the_stimulus_on_a_line_is_cell_62() {
        let line = Space::new(Geometry::Line, 500, Boundary::Zero);
        assert_eq!(line.centre_of(&Place::Cells([50, 73])), 62);
    }
}
