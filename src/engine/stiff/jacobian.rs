//! The Jacobian `J_ij = d f_i / d x_j` of a drift: the model's own, or finite differences.
//!
//! Differences take the increments of CVODE. Large systems are probed for zeros first; columns that share no row are
//! then differenced together (Curtis, Powell, Reid, *J. Inst. Math. Appl.* 13 (1974) 117), so that a chain of a
//! thousand cells costs a handful of evaluations.

use crate::engine::field::Field;
use crate::system::System;
use crate::system::derivative::Pattern;

/// Below this many components a matrix is dense whatever its zeros.
const SMALLEST_SPARSE: usize = 32;
/// Above this share of entries it is as well.
const FULLEST_SPARSE: f64 = 0.2;

/// Where a system's Jacobian comes from, for `/provenance`.
pub fn source(system: &(impl System + ?Sized)) -> &'static str {
    match system.jacobian() {
        Some(jacobian) => jacobian.origin(),
        None if system.layout().len() >= SMALLEST_SPARSE => {
            "finite differences, grouped by the pattern of zeros that probing finds"
        }
        None => "finite differences",
    }
}

/// The places of a sparse matrix by rows: columns of row i are `columns[starts[i]..starts[i + 1]]`, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Where rows begin, and the end of the last.
    pub starts: Vec<usize>,
    /// Columns.
    pub columns: Vec<usize>,
}

impl Places {
    fn from_rows(rows: &mut [Vec<usize>]) -> Self {
        let mut places = Places {
            starts: vec![0],
            columns: Vec::new(),
        };
        for row in rows {
            row.sort_unstable();
            row.dedup();
            places.columns.extend_from_slice(row);
            places.starts.push(places.columns.len());
        }
        places
    }
}

/// A Jacobian at a point.
#[derive(Clone, Debug)]
pub struct Values {
    /// Components.
    pub dim: usize,
    /// The places of a sparse one; `None` if it is dense.
    pub places: Option<Places>,
    /// The entries, row by row.
    pub entries: Vec<f64>,
    /// Columns that are differenced together.
    groups: Vec<Vec<usize>>,
    /// Of every column of a sparse one: the rows of its entries, and where they lie.
    columns: Vec<Vec<(usize, usize)>>,
    moved: Vec<f64>,
    drift: Vec<f64>,
}

/// Where a Jacobian is asked for.
pub struct Point<'a> {
    /// The time.
    pub t: f64,
    /// The state.
    pub x: &'a [f64],
    /// The drift there.
    pub drift: &'a [f64],
    /// One over the scale of errors of each component; 0 for what does not count.
    pub weights: &'a [f64],
    /// The length of the step.
    pub h: f64,
}

impl Values {
    /// Room for a system of `dim` components.
    pub fn new(dim: usize) -> Self {
        Self {
            dim,
            places: None,
            entries: Vec::new(),
            groups: Vec::new(),
            columns: Vec::new(),
            moved: vec![0.0; dim],
            drift: vec![0.0; dim],
        }
    }

    /// Learn which entries can differ from zero, near `x`. The evaluations that it took are returned.
    pub fn learn<F: Field<1> + ?Sized>(&mut self, field: &F, t: f64, x: &[f64]) -> u64 {
        let mut evaluations = 0;
        let mut rows: Vec<Vec<usize>> = (0..self.dim).map(|i| vec![i]).collect();
        let given = field
            .derivative()
            .map(|jacobian| jacobian.pattern().is_some());
        match given {
            Some(true) => {
                let pattern = field.derivative().and_then(|jacobian| jacobian.pattern());
                if let Some(pattern) = pattern {
                    for (i, row) in rows.iter_mut().enumerate() {
                        row.extend(&pattern.columns[pattern.starts[i]..pattern.starts[i + 1]]);
                    }
                }
            }
            None if self.dim >= SMALLEST_SPARSE => {
                evaluations = self.probe(field, t, x, &mut rows);
            }
            _ => rows.iter_mut().for_each(|row| row.extend(0..self.dim)),
        }
        self.take(Places::from_rows(&mut rows));
        evaluations
    }

    /// Use these places if they are few.
    fn take(&mut self, places: Places) {
        let full = (self.dim * self.dim) as f64;
        let sparse =
            self.dim >= SMALLEST_SPARSE && (places.columns.len() as f64) < FULLEST_SPARSE * full;
        self.columns = match sparse {
            true => by_column(&places, self.dim),
            false => Vec::new(),
        };
        self.groups = match sparse {
            true => groups(&self.columns, self.dim),
            false => (0..self.dim).map(|j| vec![j]).collect(),
        };
        let entries = match sparse {
            true => places.columns.len(),
            false => self.dim * self.dim,
        };
        self.entries = vec![0.0; entries];
        self.places = sparse.then_some(places);
    }

    /// Find which drifts each component moves: component by component at a point near the given one, and at a second
    /// point only if a group of columns there moves a row that none of them is known to move.
    fn probe<F: Field<1> + ?Sized>(
        &mut self,
        field: &F,
        t: f64,
        x: &[f64],
        rows: &mut [Vec<usize>],
    ) -> u64 {
        let single: Vec<Vec<usize>> = (0..self.dim).map(|j| vec![j]).collect();
        self.move_away(x, 1.0);
        self.differ(field, t, &single, &mut |i, group| rows[i].push(group));
        let mut evaluations = self.dim as u64 + 1;
        let columns = by_column(&Places::from_rows(rows), self.dim);
        let groups = groups(&columns, self.dim);
        let mut unknown = false;
        self.move_away(x, -1.0);
        self.differ(field, t, &groups, &mut |i, group| {
            let mut known = groups[group].iter().flat_map(|&j| &columns[j]);
            unknown |= !known.any(|&(row, _)| row == i);
        });
        evaluations += groups.len() as u64 + 1;
        if unknown {
            self.differ(field, t, &single, &mut |i, group| rows[i].push(group));
            evaluations += self.dim as u64 + 1;
        }
        evaluations
    }

    /// Off the point in no particular direction: zeros and kinks of the point itself are not of the field.
    fn move_away(&mut self, x: &[f64], side: f64) {
        for (i, (moved, x)) in self.moved.iter_mut().zip(x).enumerate() {
            let direction = (12.9898 * (i as f64 + 1.0)).sin();
            *moved = x + side * 0.1 * direction * (1e-3 + x.abs());
        }
    }

    /// Move each group of components together, and name the drifts that move with it.
    fn differ<F: Field<1> + ?Sized>(
        &mut self,
        field: &F,
        t: f64,
        groups: &[Vec<usize>],
        name: &mut dyn FnMut(usize, usize),
    ) {
        let mut before = vec![0.0; self.dim];
        field.drift_of(0, t, &self.moved, &mut before);
        for (group, columns) in groups.iter().enumerate() {
            let kept: Vec<f64> = columns.iter().map(|&j| self.moved[j]).collect();
            for &j in columns {
                self.moved[j] += 1e-3 * (1.0 + self.moved[j].abs());
            }
            field.drift_of(0, t, &self.moved, &mut self.drift);
            for (&j, kept) in columns.iter().zip(kept) {
                self.moved[j] = kept;
            }
            // Most of a sparse column stays: whole blocks of it are compared at once.
            let blocks = self.drift.chunks(64).zip(before.chunks(64)).enumerate();
            for (block, (now, before)) in blocks {
                let differs = |(a, b): (&f64, &f64)| u64::from(a.to_bits() != b.to_bits());
                if now.iter().zip(before).map(differs).sum::<u64>() == 0 {
                    continue;
                }
                for (i, pair) in (64 * block..).zip(now.iter().zip(before)) {
                    if differs(pair) == 1 {
                        name(i, group);
                    }
                }
            }
        }
    }

    /// Evaluate. The evaluations of the drift that it took are returned.
    pub fn evaluate<F: Field<1> + ?Sized>(&mut self, field: &F, point: &Point<'_>) -> u64 {
        if let Some(jacobian) = field.derivative() {
            match &self.places {
                Some(places) if jacobian.pattern().is_some() => {
                    let pattern = Pattern {
                        starts: &places.starts,
                        columns: &places.columns,
                    };
                    if jacobian.sparse(point.t, point.x, &pattern, &mut self.entries) {
                        return 0;
                    }
                    // The places are those of the pattern and the diagonal.
                    let mut dense = vec![0.0; self.dim * self.dim];
                    jacobian.dense(point.t, point.x, &mut dense);
                    self.gather(&dense);
                }
                _ => jacobian.dense(point.t, point.x, &mut self.entries),
            }
            return 0;
        }
        let increments = self.increments(point);
        self.moved.copy_from_slice(point.x);
        for group in &self.groups {
            for &j in group {
                self.moved[j] = point.x[j] + increments[j];
            }
            field.drift_of(0, point.t, &self.moved, &mut self.drift);
            for &j in group {
                // What the increment is after rounding.
                let increment = self.moved[j] - point.x[j];
                self.moved[j] = point.x[j];
                let slope = |i: usize| (self.drift[i] - point.drift[i]) / increment;
                match self.places {
                    None => {
                        (0..self.dim).for_each(|i| self.entries[i * self.dim + j] = slope(i));
                    }
                    Some(_) => {
                        for &(i, place) in &self.columns[j] {
                            self.entries[place] = slope(i);
                        }
                    }
                }
            }
        }
        self.groups.len() as u64
    }

    fn gather(&mut self, dense: &[f64]) {
        let Some(places) = &self.places else { return };
        for i in 0..self.dim {
            let range = places.starts[i]..places.starts[i + 1];
            for (entry, &j) in self.entries[range.clone()]
                .iter_mut()
                .zip(&places.columns[range])
            {
                *entry = dense[i * self.dim + j];
            }
        }
    }

    /// How far each component is moved: a root of rounding relative to it, and no less than what changes the drift.
    fn increments(&self, point: &Point<'_>) -> Vec<f64> {
        let root = f64::EPSILON.sqrt();
        let n = self.dim as f64;
        let squares = point
            .drift
            .iter()
            .zip(point.weights)
            .map(|(f, w)| (f * w).powi(2));
        let size = (squares.sum::<f64>() / n).sqrt();
        let least = match size.is_finite() && size > 0.0 {
            true => 1000.0 * point.h.abs() * f64::EPSILON * n * size,
            false => 1.0,
        };
        let increment = |(x, weight): (&f64, &f64)| {
            let least = if *weight > 0.0 { least / weight } else { root };
            let size = (root * x.abs()).max(least);
            if size > 0.0 { size } else { root }
        };
        point.x.iter().zip(point.weights).map(increment).collect()
    }

    /// Append what is needed to go on.
    pub fn save(&self, memory: &mut Vec<f64>) {
        let places = self.places.as_ref();
        memory.push(places.map_or(-1.0, |places| places.columns.len() as f64));
        if let Some(places) = places {
            memory.extend(
                places
                    .starts
                    .iter()
                    .chain(&places.columns)
                    .map(|&k| k as f64),
            );
        }
        memory.extend(&self.entries);
    }

    /// Take it back; the rest is returned.
    pub fn restore<'m>(&mut self, memory: &'m [f64]) -> &'m [f64] {
        let count = memory[0];
        let mut rest = &memory[1..];
        if count < 0.0 {
            self.places = None;
            self.entries = vec![0.0; self.dim * self.dim];
            self.groups = (0..self.dim).map(|j| vec![j]).collect();
        } else {
            let whole = |numbers: &[f64]| numbers.iter().map(|&k| k as usize).collect();
            let (starts, behind) = rest.split_at(self.dim + 1);
            let (columns, behind) = behind.split_at(count as usize);
            self.take(Places {
                starts: whole(starts),
                columns: whole(columns),
            });
            rest = behind;
        }
        let (entries, rest) = rest.split_at(self.entries.len());
        self.entries.copy_from_slice(entries);
        rest
    }
}

/// Of every column: the rows of its entries, and where they lie.
fn by_column(places: &Places, dim: usize) -> Vec<Vec<(usize, usize)>> {
    let mut columns = vec![Vec::new(); dim];
    for i in 0..dim {
        for place in places.starts[i]..places.starts[i + 1] {
            columns[places.columns[place]].push((i, place));
        }
    }
    columns
}

/// Columns in groups without a common row, each column in the first group that has room for it.
fn groups(columns: &[Vec<(usize, usize)>], dim: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Vec<usize>, Vec<bool>)> = Vec::new();
    for (j, rows) in columns.iter().enumerate() {
        let free = |(_, taken): &&mut (Vec<usize>, Vec<bool>)| rows.iter().all(|&(i, _)| !taken[i]);
        match groups.iter_mut().find(free) {
            Some((group, taken)) => {
                group.push(j);
                rows.iter().for_each(|&(i, _)| taken[i] = true);
            }
            None => {
                let mut taken = vec![false; dim];
                rows.iter().for_each(|&(i, _)| taken[i] = true);
                groups.push((vec![j], taken));
            }
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}
