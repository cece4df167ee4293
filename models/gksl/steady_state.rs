//! `[analysis.steady-state]`: where a state ends, and whether everywhere else would end there too.
//!
//! ```text
//! G x = 0,  tr x = 1          one of the equations of the populations is replaced by the trace
//! ```
//!
//! The pivots of the elimination tell whether the solution is unique and has all its digits. Where one is small the elimination is
//! made in numbers of twice the digits (`null_space`), so that rates may span any range. A null space of more than one dimension has
//! no steady state of its own but the one that the initial state ends in, `R (L R)^(-1) L x_0` with right and left null vectors R and
//! L. Of more than 40 levels the matrix is sparse and the null space is found by inverse iteration (`sparse_null_space`). Whatever comes
//! out is put into the generator: a row whose terms do not cancel is an error.

use multiversion::multiversion;
use nalgebra::DMatrix;

use super::coordinates::{matrix, purity};
use super::levels::Levels;
use super::lindblad::{Jump, Lindblad, Terms, residual};
use super::null_space::{self, Generator, NullSpace};
use super::operator::{Matrix, Operator};
use super::sparse_null_space::{InverseIteration, Side};
use crate::prelude::*;

/// A steady state.
#[derive(Clone, Debug, PartialEq)]
pub struct Steady {
    /// Its coordinates.
    pub x: Vec<f64>,
    /// The dimension of the null space of the generator.
    pub nullity: usize,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoSteady {
    /// Too many levels.
    #[error(
        "the steady state of {0} levels takes the factors of a matrix of {1} rows, and {MOST} levels are the most; run the system for a long time instead"
    )]
    Large(usize, usize),
    /// It depends on the start, which is not given.
    #[error(
        "the steady state is not unique (the null space has {0} dimensions): give [initial] rho, and the one that it ends in is found"
    )]
    NotUnique(usize),
    /// What was found is none.
    #[error(
        "the steady state could not be found: the terms of d rho/dt leave {0:.1e} of their size; run the system for a long time instead"
    )]
    Residual(f64),
    /// Inverse iteration did not find it.
    #[error(
        "the null space of the generator was not found: it has more than 500 dimensions, or rates that span twelve digits or more; up to {FULL} levels they may span any number"
    )]
    NotFound,
    /// The generator makes no states of states, and its states need not settle.
    #[error(
        "the eigenvalue 0 has fewer eigenvectors than its multiplicity: states grow without bound"
    )]
    Defective,
}

/// The most levels.
pub const MOST: usize = 128;
/// Up to so many the matrix is eliminated in full.
const FULL: usize = 40;
/// A pivot below this share of the largest one takes twice the digits.
const SUSPICIOUS: f64 = 1e-6;
/// What the terms of a row may leave, as a share of their size.
const CANCELS: f64 = 1e-8;

impl Lindblad {
    /// The steady state; where it is not unique, the one that the start ends in.
    ///
    /// # Errors
    /// [`NoSteady`].
    pub fn steady_state(&self, start: Option<&[f64]>) -> Result<Steady, NoSteady> {
        let n = self.levels();
        if n > MOST {
            return Err(NoSteady::Large(n, n * n));
        }
        if n > FULL {
            return self.sparse_steady_state(start);
        }
        let matrix = self.generator();
        let generator = || Generator::new(n, &matrix, self.is_exact());
        let steady = match unique(n, &matrix) {
            Some(x) => Steady { x, nullity: 1 },
            None => projected(n, &generator(), start)?,
        };
        let terms = generator().times(&steady.x);
        certain(n, steady, &terms)
    }

    /// As [`steady_state`](Self::steady_state), by the entries that are not 0.
    fn sparse_steady_state(&self, start: Option<&[f64]>) -> Result<Steady, NoSteady> {
        let (n, rows) = (self.levels(), self.rows());
        if rows.values.is_empty() {
            let nullity = n * n;
            let x = start.ok_or(NoSteady::NotUnique(nullity))?.to_vec();
            return Ok(Steady { x, nullity });
        }
        let inverse = InverseIteration::new(&rows).ok_or(NoSteady::NotFound)?;
        let right = inverse.null_space(Side::Right).ok_or(NoSteady::NotFound)?;
        let nullity = right.len();
        if nullity == 0 {
            return Err(NoSteady::Defective);
        }
        if nullity == 1 {
            let (x, terms) = inverse.refine(n, &right[0]);
            return certain(n, Steady { x, nullity }, &terms);
        }
        let start = start.ok_or(NoSteady::NotUnique(nullity))?;
        let left = inverse.null_space(Side::Left).ok_or(NoSteady::NotFound)?;
        // Rates near the limit of what can be told from rest are in one of the two alone.
        if left.len() != nullity {
            return Err(NoSteady::NotFound);
        }
        let null = NullSpace::new(&right, &left);
        let x = null_space::projected(&null, start).ok_or(NoSteady::NotFound)?;
        let terms = inverse.terms(n, &x);
        certain(n, Steady { x, nullity }, &terms).map_err(|_| NoSteady::NotFound)
    }

    /// Whether every entry of the matrix but the losses is one product: then slow rates beside fast ones are known to their last digit.
    pub(super) fn is_exact(&self) -> bool {
        let single = |operator: &Operator| {
            let mut seen = vec![false; self.levels()];
            (0..self.levels()).all(|i| {
                let mut row = operator.row(i);
                let one = row.next();
                let twice = one.is_some_and(|(k, _)| std::mem::replace(&mut seen[k], true));
                !twice && row.next().is_none()
            })
        };
        self.superoperator.is_none()
            && self.jumps.iter().all(|jump| match jump {
                Jump::Move { .. } => true,
                Jump::Between { .. } => false,
                Jump::Operator(operator) => single(operator),
            })
    }
}

/// The state, if the terms of its rate of change cancel.
fn certain(n: usize, steady: Steady, terms: &[Terms]) -> Result<Steady, NoSteady> {
    let left = residual(n, terms, &steady.x);
    // A NaN is no larger than anything.
    match left <= CANCELS {
        true => Ok(steady),
        false => Err(NoSteady::Residual(left)),
    }
}

/// The solution if it is certainly unique.
fn unique(n: usize, generator: &[f64]) -> Option<Vec<f64>> {
    let dim = n * n;
    let stride = dim.next_multiple_of(VECTOR);
    let mut a = vec![0.0; dim * stride];
    for (row, entries) in a.chunks_exact_mut(stride).zip(generator.chunks_exact(dim)) {
        row[..dim].copy_from_slice(entries);
    }
    a[..n].fill(1.0);
    a[n..dim].fill(0.0);
    let mut x = vec![0.0; dim];
    x[0] = 1.0;
    let (least, largest) = eliminate(stride, &mut a, &mut x);
    // A NaN is no larger than anything.
    (least > SUSPICIOUS * largest).then_some(x)
}

/// Numbers that are changed together.
const VECTOR: usize = 4;

/// Solve A x = b by elimination with row pivots, A row by row, each padded to whole vectors, b in `x`; the least and the largest pivot.
/// Written out because of matrices of a dozen rows, for which libraries take several times as long.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn eliminate(stride: usize, a: &mut [f64], x: &mut [f64]) -> (f64, f64) {
    let dim = x.len();
    let (mut least, mut largest) = (f64::INFINITY, 0.0_f64);
    for k in 0..dim {
        let mut best = (k, a[k * stride + k].abs());
        for i in k + 1..dim {
            let size = a[i * stride + k].abs();
            if size > best.1 {
                best = (i, size);
            }
        }
        let (pivot, size) = best;
        (least, largest) = (least.min(size), largest.max(size));
        if size.is_nan() || size == 0.0 {
            return (f64::NAN, largest);
        }
        if pivot != k {
            let (above, below) = a.split_at_mut(pivot * stride);
            above[k * stride + k..(k + 1) * stride].swap_with_slice(&mut below[k..stride]);
            x.swap(k, pivot);
        }
        let (above, below) = a.split_at_mut((k + 1) * stride);
        let from = k - k % VECTOR;
        let row = &above[k * stride + from..];
        let scale = 1.0 / above[k * stride + k];
        for (i, other) in below.chunks_exact_mut(stride).enumerate() {
            let factor = other[k] * scale;
            if factor == 0.0 {
                continue;
            }
            // Whole vectors from the one of the pivot's column on: what they change before it is not read again.
            let others = other[from..].chunks_exact_mut(VECTOR);
            for (other, row) in others.zip(row.chunks_exact(VECTOR)) {
                for lane in 0..VECTOR {
                    other[lane] -= factor * row[lane];
                }
            }
            x[k + 1 + i] -= factor * x[k];
        }
    }
    for k in (0..dim).rev() {
        let row = &a[k * stride..k * stride + dim];
        let known: f64 = row[k + 1..]
            .iter()
            .zip(&x[k + 1..])
            .map(|(a, x)| a * x)
            .sum();
        x[k] = (x[k] - known) / row[k];
    }
    (least, largest)
}

/// The matrix of the generator in coordinates whose Euclidean product is that of Hilbert and Schmidt.
pub fn orthonormal(n: usize, generator: &[f64]) -> DMatrix<f64> {
    let dim = n * n;
    DMatrix::from_fn(dim, dim, |i, j| {
        generator[i * dim + j] * scale(n, i) / scale(n, j)
    })
}

/// The length of a coordinate's unit.
pub fn scale(n: usize, coordinate: usize) -> f64 {
    if coordinate < n {
        1.0
    } else {
        std::f64::consts::SQRT_2
    }
}

/// What the start ends in, by the null space.
fn projected(n: usize, generator: &Generator, start: Option<&[f64]>) -> Result<Steady, NoSteady> {
    let null = generator.null_space();
    let nullity = null.right.len();
    let even: Vec<f64>;
    let start = match start {
        Some(start) => start,
        // Any state will do where all of them end in one.
        None if nullity == 1 => {
            let share = |i: usize| if i < n { 1.0 / n as f64 } else { 0.0 };
            even = (0..n * n).map(share).collect();
            &even
        }
        None => return Err(NoSteady::NotUnique(nullity)),
    };
    if null.left.len() != nullity {
        return Err(NoSteady::Defective);
    }
    let x = null_space::projected(&null, start).ok_or(NoSteady::Defective)?;
    Ok(Steady { x, nullity })
}

/// The start of an experiment, if it has one.
pub fn start<'a>(subject: &Subject<'a>, levels: &Levels) -> Option<Vec<f64>> {
    let initial: &[f64] = subject.initial;
    let n = levels.n;
    if initial.iter().any(|x| x.is_nan()) {
        return None;
    }
    if subject.system.layout().get("rho").is_some() {
        return Some(initial.to_vec());
    }
    // A state vector, of an unravelling.
    let amplitude = |i: usize| super::operator::C::new(initial[i], initial[n + i]);
    let rho = Matrix::from_fn(n, n, |i, j| amplitude(i) * amplitude(j).conj());
    Some(super::coordinates::coordinates(&rho))
}

/// The levels and the generator that an analysis is about.
pub fn asked(subject: &Subject<'_>) -> Result<(Levels, Lindblad), AnalysisError> {
    super::model(subject.parameters).map_err(|error| AnalysisError::Failed(error.to_string()))
}

/// The analysis `steady-state`.
pub struct SteadyState;

impl Analysis for SteadyState {
    fn name(&self) -> &'static str {
        "steady-state"
    }

    fn meaning(&self) -> &'static str {
        "the state at the end of time, and the dimension of the null space of the generator"
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let (levels, lindblad) = asked(subject)?;
        let steady = lindblad
            .steady_state(start(subject, &levels).as_deref())
            .map_err(|error| AnalysisError::Failed(error.to_string()))?;
        Ok(tell(&levels, &lindblad, &steady))
    }
}

/// A probability in digits; what rounding leaves of 0 has no sign.
fn share(p: f64) -> String {
    match p.abs() < 5e-10 {
        true => format!("{:.9}", 0.0),
        false => format!("{p:.9}"),
    }
}

fn tell(levels: &Levels, lindblad: &Lindblad, steady: &Steady) -> Findings {
    let n = levels.n;
    let rho = matrix(n, &steady.x);
    let mut rest = vec![0.0; n * n];
    lindblad.act(&steady.x, &mut rest);
    let residual = rest.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
    let square = || vec![levels.axis("level"), levels.axis("level_")];
    let scalar = |name: &str, meaning: &str| Variable::new(name, vec![]).meaning(meaning);
    let entries = |part: fn(&super::operator::C) -> f64| {
        let entry = |k: usize| part(&rho[(k / n, k % n)]);
        Data::Real((0..n * n).map(entry).collect())
    };
    let population: Vec<f64> = steady.x[..n].to_vec();
    let pure = purity(n, &steady.x);
    let mut findings = Findings::default()
        .array(
            Variable::new("population", vec![levels.axis("level")])
                .meaning("probability of each level"),
            Data::Real(population.clone()),
        )
        .array(
            Variable::new("rho_re", square()).meaning("real part of the steady state"),
            entries(|entry| entry.re),
        )
        .array(
            Variable::new("rho_im", square()).meaning("imaginary part of the steady state"),
            entries(|entry| entry.im),
        )
        .array(
            scalar(
                "nullity",
                "dimension of the null space: 1 where every start ends in this state",
            ),
            Data::Count(vec![i64::try_from(steady.nullity).unwrap_or(i64::MAX)]),
        )
        .array(scalar("purity", "tr rho^2"), Data::Real(vec![pure]))
        .array(
            scalar("residual", "largest |d rho/dt| there").unit("1/time"),
            Data::Real(vec![residual]),
        );
    let outcomes: Vec<f64> = levels
        .choices
        .iter()
        .map(|(_, group)| group.iter().map(|&i| population[i]).sum())
        .collect();
    findings.table = vec![["level", "population"].map(String::from).to_vec()];
    for (level, p) in population.iter().enumerate() {
        findings.table.push(vec![levels.label(level), share(*p)]);
    }
    if !levels.choices.is_empty() {
        let names = levels
            .choices
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        let axis = Axis::labelled("outcome", names);
        for ((name, _), p) in levels.choices.iter().zip(&outcomes) {
            findings.table.push(vec![name.clone(), share(*p)]);
        }
        let variable = Variable::new("choice", vec![axis]).meaning("probability of each choice");
        findings = findings.array(variable, Data::Real(outcomes.clone()));
    }
    findings
        .table
        .push(vec!["purity".into(), format!("{pure:.9}")]);
    findings
        .table
        .push(vec!["nullity".into(), steady.nullity.to_string()]);
    findings
        .table
        .push(vec!["residual".into(), format!("{residual:.1e}")]);
    let shown = population.iter().take(4).map(|p| format!("{p:.6}"));
    findings.line = vec![
        ("population", shown.collect::<Vec<_>>().join(" ")),
        ("nullity", steady.nullity.to_string()),
    ];
    if steady.nullity > 1 && n > FULL {
        let rest = "of more than 40 levels, modes that decay at less than 1e-12 of the largest rate count as rest";
        findings.remarks.push(rest.into());
    }
    if steady.nullity > 1 {
        findings.remarks.push(format!(
            "the null space has {} dimensions: this is the state that the initial one ends in, or turns around for ever; others end elsewhere",
            steady.nullity
        ));
    }
    findings
}
