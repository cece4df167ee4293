//! The generator of Gorini, Kossakowski, Sudarshan and Lindblad, and its action on real coordinates.
//!
//! ```text
//! drho/dt = -i [H, rho] + sum_m ( L_m rho L_m^+ - 1/2 {L_m^+ L_m, rho} )           hbar = 1, rates inside L_m
//!         = K rho + (K rho)^+ + sum_m L_m rho L_m^+,       K = -i H - 1/2 sum_m L_m^+ L_m
//! ```
//!
//! Jumps between levels, sqrt(g) |to><from|, add `g rho_ff` to one population; diagonal jumps and the diagonal of K multiply each entry
//! by a number; jumps between the vectors of a basis act on the populations there. All other jumps are two sparse products. The N^2 x
//! N^2 matrix of the generator exists for a few levels only, where one product with it is the fastest.
//!
//! Lindblad, *Commun. Math. Phys.* 48 (1976) 119; Gorini, Kossakowski, Sudarshan, *J. Math. Phys.* 17 (1976) 821.

mod algebra;
mod matrix;
mod rows;

use std::cell::RefCell;
use std::sync::OnceLock;

use super::coordinates::unpack;
use super::operator::{C, Matrix, Operator, Planes};
use crate::prelude::*;
use matrix::add_products;
pub use rows::{Rows, Terms, residual};

/// Up to so many levels the matrix of the generator is used.
const SMALL: usize = 8;

/// One way of the environment to act.
#[derive(Clone, Debug, PartialEq)]
pub enum Jump {
    /// sqrt(rate) |to><from|
    Move {
        /// The level that is left.
        from: usize,
        /// The level that is reached.
        to: usize,
        /// The rate; negative only in generators that are not completely positive.
        rate: f64,
    },
    /// sqrt(rate) |v_to><v_from|, between vectors of a basis.
    Between {
        /// Which basis.
        basis: usize,
        /// The vector that is left.
        from: usize,
        /// The vector that is reached.
        to: usize,
        /// The rate.
        rate: f64,
    },
    /// Any operator, its rate inside.
    Operator(Operator),
}

/// A generator.
pub struct Lindblad {
    n: usize,
    /// H
    pub hamiltonian: Operator,
    /// The jumps.
    pub jumps: Vec<Jump>,
    /// Orthonormal bases, their vectors in columns.
    pub bases: Vec<Matrix>,
    /// What is added to all that, on columns stacked: `[N^2, N^2]`.
    pub superoperator: Option<Matrix>,
    /// K
    pub effective: Operator,
    parts: OnceLock<Parts>,
    generator: OnceLock<PackedMatrix>,
}

/// The generator as its action on coordinates uses it.
struct Parts {
    /// K beside its diagonal.
    links: Operator,
    /// The factor of each rho_ij, i <= j, row by row.
    factors: Vec<C>,
    /// Jumps between levels: from, to, rate.
    moves: Vec<(usize, usize, f64)>,
    /// Jumps that are not diagonal.
    operators: Vec<Operator>,
    /// Rates between the vectors of each basis, `[to, from]`.
    between: Vec<Matrix>,
}

/// Scratch memory of the action.
#[derive(Default)]
struct Scratch {
    n: usize,
    rho: Planes,
    sum: Planes,
    moved: Planes,
    turned: Planes,
    populations: Vec<f64>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Lindblad {
    /// The generator of a Hamiltonian and jumps; `bases` are those that jumps name.
    pub fn new(hamiltonian: Operator, jumps: Vec<Jump>, bases: Vec<Matrix>) -> Self {
        let n = hamiltonian.levels();
        Self {
            n,
            effective: effective(&hamiltonian, &jumps, &bases),
            hamiltonian,
            jumps,
            bases,
            superoperator: None,
            parts: OnceLock::new(),
            generator: OnceLock::new(),
        }
    }

    /// The same generator with a matrix on stacked columns added to it.
    pub fn with(mut self, superoperator: Option<Matrix>) -> Self {
        self.superoperator = superoperator;
        self.generator = OnceLock::new();
        self
    }

    /// The same environment with another Hamiltonian.
    pub fn driven_by(&self, hamiltonian: Operator) -> Self {
        let (jumps, bases) = (self.jumps.clone(), self.bases.clone());
        Self::new(hamiltonian, jumps, bases).with(self.superoperator.clone())
    }

    /// N.
    pub fn levels(&self) -> usize {
        self.n
    }

    /// Whether it has the form of a Hamiltonian and jumps of rates >= 0: then it is completely positive.
    pub fn is_lindblad(&self) -> bool {
        let negative = |jump: &Jump| {
            let (Jump::Move { rate, .. } | Jump::Between { rate, .. }) = jump else {
                return false;
            };
            *rate < 0.0
        };
        self.superoperator.is_none() && !self.jumps.iter().any(negative)
    }

    /// An upper bound of the largest sum of absolute values in a column of the generator: how fast anything can go.
    pub fn bound(&self) -> f64 {
        let column_sums = |operator: &Operator| {
            let mut sums = vec![0.0; self.n];
            for (_, j, value) in operator.entries() {
                sums[j] += value.norm();
            }
            sums.into_iter().fold(0.0, f64::max)
        };
        let rows = |operator: &Operator| {
            let row = |i: usize| operator.row(i).map(|(_, value)| value.norm()).sum::<f64>();
            (0..self.n).map(row).fold(0.0, f64::max)
        };
        let both = |operator: &Operator| column_sums(operator).max(rows(operator));
        // A coherence brings to a population twice its share, and real and imaginary parts are coordinates of their own: a factor of 2.
        let jumps = self.jumps.iter().map(|jump| match jump {
            Jump::Move { rate, .. } => rate.abs(),
            Jump::Between { rate, .. } => rate.abs() * self.n as f64,
            Jump::Operator(operator) => both(operator).powi(2),
        });
        let mut moves = vec![0.0; self.n];
        let mut others = 0.0;
        for (jump, size) in self.jumps.iter().zip(jumps) {
            match jump {
                Jump::Move { from, .. } => moves[*from] += size,
                _ => others += size,
            }
        }
        let moves = moves.into_iter().fold(0.0, f64::max);
        let more = self.superoperator.as_ref().map_or(0.0, |s| {
            let sums = s
                .column_iter()
                .map(|c| c.iter().map(|v| v.norm()).sum::<f64>());
            sums.fold(0.0, f64::max)
        });
        2.0 * (2.0 * both(&self.effective) + moves + others + more)
    }

    /// `dx = G x` on coordinates.
    pub fn act(&self, x: &[f64], dx: &mut [f64]) {
        if self.n <= SMALL || self.superoperator.is_some() {
            return self.packed().times(x, dx);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            if scratch.n != self.n {
                *scratch = Scratch::new(self.n);
            }
            self.act_with(scratch, x, dx);
        });
    }

    /// The matrix of the generator, laid out for products.
    fn packed(&self) -> &PackedMatrix {
        self.generator.get_or_init(|| {
            let dim = self.n * self.n;
            PackedMatrix::new(dim, dim, &self.generator())
        })
    }

    fn parts(&self) -> &Parts {
        let make = || Parts::new(self.n, &self.effective, &self.jumps, self.bases.len());
        self.parts.get_or_init(make)
    }

    fn act_with(&self, scratch: &mut Scratch, x: &[f64], dx: &mut [f64]) {
        let (n, parts) = (self.n, self.parts());
        unpack(n, x, &mut scratch.rho);
        parts.links.times(&scratch.rho, &mut scratch.sum);
        for operator in &parts.operators {
            // L rho L^+ = L (L rho)^+, half of it: the adjoint brings the other half.
            operator.times(&scratch.rho, &mut scratch.moved);
            scratch.moved.adjoint(n, &mut scratch.turned);
            operator.times(&scratch.turned, &mut scratch.moved);
            add_half(&scratch.moved, &mut scratch.sum);
        }
        for (basis, rates) in self.bases.iter().zip(&parts.between) {
            between(n, basis, rates, scratch);
        }
        self.gather(&scratch.sum, x, dx);
    }

    /// Coordinates of `S + S^+ + factors rho + moves`.
    fn gather(&self, sum: &Planes, x: &[f64], dx: &mut [f64]) {
        let (n, stride, parts) = (self.n, sum.stride, self.parts());
        let mut factors = parts.factors.iter();
        let mut at = n;
        for i in 0..n {
            let own = factors.next().map_or(0.0, |factor| factor.re);
            dx[i] = 2.0 * sum.re[i * stride + i] + own * x[i];
            let count = n - i - 1;
            let pairs = x[at..at + 2 * count].as_chunks::<2>().0;
            let out = dx[at..at + 2 * count].as_chunks_mut::<2>().0;
            let row = i * stride + i + 1;
            let (row_re, row_im) = (&sum.re[row..row + count], &sum.im[row..row + count]);
            for (k, (out, &[re, im])) in out.iter_mut().zip(pairs).enumerate() {
                let below = (i + 1 + k) * stride + i;
                let factor = factors.next().copied().unwrap_or_default();
                out[0] = row_re[k] + sum.re[below] + (factor.re * re - factor.im * im);
                out[1] = row_im[k] - sum.im[below] + (factor.re * im + factor.im * re);
            }
            at += 2 * count;
        }
        for &(from, to, rate) in &parts.moves {
            dx[to] += rate * x[from];
        }
    }
}

/// Up to so many levels K is summed up as a full matrix.
const FULL: usize = 32;

/// -i H - 1/2 sum L^+ L
fn effective(hamiltonian: &Operator, jumps: &[Jump], bases: &[Matrix]) -> Operator {
    let n = hamiltonian.levels();
    let half = C::new(-0.5, 0.0);
    let full = n <= FULL;
    let mut rows = vec![C::default(); if full { n * n } else { 0 }];
    let mut entries = Vec::new();
    if full {
        // (L^+ L)_ij* = sum_k L_ki L_kj*
        for jump in jumps {
            if let Jump::Operator(operator) = jump {
                for k in 0..n {
                    add_products(n, operator.row_parts(k), operator.row_parts(k), &mut rows);
                }
            }
        }
        rows.iter_mut()
            .for_each(|value| *value = half * value.conj());
    }
    let mut add = |i: usize, j: usize, value: C| match full {
        true => rows[i * n + j] += value,
        false => entries.push((i, j, value)),
    };
    for (i, j, value) in hamiltonian.entries() {
        add(i, j, C::new(value.im, -value.re));
    }
    let mut leaving = vec![vec![0.0; n]; bases.len()];
    for jump in jumps {
        match jump {
            Jump::Move { from, rate, .. } => add(*from, *from, half * *rate),
            Jump::Between {
                basis, from, rate, ..
            } => leaving[*basis][*from] += rate,
            Jump::Operator(_) if full => {}
            Jump::Operator(operator) => {
                for (i, j, value) in operator.decay() {
                    add(i, j, half * value);
                }
            }
        }
    }
    for (vectors, leaving) in bases.iter().zip(&leaving) {
        let rates = leaving.iter().map(|&rate| half * rate);
        let diagonal = Matrix::from_diagonal(&nalgebra::DVector::from_iterator(n, rates));
        let decay = vectors * diagonal * vectors.adjoint();
        for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
            add(i, j, decay[(i, j)]);
        }
    }
    match full {
        true => Operator::from_rows(n, &rows),
        false => Operator::new(n, entries),
    }
}

impl Parts {
    fn new(n: usize, effective: &Operator, jumps: &[Jump], bases: usize) -> Self {
        let own = effective.diagonal();
        let mut factors = Vec::with_capacity(n * (n + 1) / 2);
        for i in 0..n {
            factors.extend((i..n).map(|j| own[i] + own[j].conj()));
        }
        let mut parts = Self {
            links: Operator::new(n, effective.entries().filter(|&(i, j, _)| i != j)),
            factors,
            moves: Vec::new(),
            operators: Vec::new(),
            between: vec![Matrix::zeros(n, n); bases],
        };
        let (mut kept, mut leaving) = (vec![0.0; n], vec![0.0; n]);
        for jump in jumps {
            match jump {
                // What dephasing takes from a population it gives back.
                Jump::Move { from, to, rate } if from == to => kept[*from] += rate,
                Jump::Move { from, to, rate } => {
                    leaving[*from] += rate;
                    parts.moves.push((*from, *to, *rate));
                }
                Jump::Between {
                    basis,
                    from,
                    to,
                    rate,
                } => parts.between[*basis][(*to, *from)] += C::new(*rate, 0.0),
                Jump::Operator(operator) if operator.is_diagonal() => {
                    let l = operator.diagonal();
                    let pairs = (0..n).flat_map(|i| (i..n).map(move |j| (i, j)));
                    for (factor, (i, j)) in parts.factors.iter_mut().zip(pairs) {
                        *factor += l[i] * l[j].conj();
                    }
                }
                Jump::Operator(operator) => parts.operators.push(operator.clone()),
            }
        }
        // The factors of the populations, which slow rates beside fast ones are left of: without other jumps they are the rates at
        // which levels are left, to the last digit.
        let only_moves = jumps.iter().all(|jump| matches!(jump, Jump::Move { .. }));
        let mut at = 0;
        for i in 0..n {
            match only_moves {
                true => parts.factors[at].re = -leaving[i],
                false => parts.factors[at].re += kept[i],
            }
            at += n - i;
        }
        parts
    }
}

impl Scratch {
    fn new(n: usize) -> Self {
        let planes = || Planes::zeros(n);
        Self {
            n,
            rho: planes(),
            sum: planes(),
            moved: planes(),
            turned: planes(),
            populations: vec![0.0; 2 * n],
        }
    }
}

/// `sum += term / 2`
fn add_half(term: &Planes, sum: &mut Planes) {
    for (sum, term) in sum.re.iter_mut().zip(&term.re) {
        *sum += 0.5 * term;
    }
    for (sum, term) in sum.im.iter_mut().zip(&term.im) {
        *sum += 0.5 * term;
    }
}

/// Half of `sum_t (sum_f W_tf <v_f|rho|v_f>) |v_t><v_t|`, added to the sum.
fn between(n: usize, vectors: &Matrix, rates: &Matrix, scratch: &mut Scratch) {
    let Scratch {
        rho,
        sum,
        populations,
        ..
    } = scratch;
    let stride = rho.stride;
    let (left, arriving) = populations.split_at_mut(n);
    for (f, left) in left.iter_mut().enumerate() {
        *left = 0.0;
        for i in 0..n {
            let mut row = C::default();
            for j in 0..n {
                let at = i * stride + j;
                row += C::new(rho.re[at], rho.im[at]) * vectors[(j, f)];
            }
            *left += (vectors[(i, f)].conj() * row).re;
        }
    }
    for (t, arriving) in arriving.iter_mut().enumerate() {
        *arriving = (0..n).map(|f| rates[(t, f)].re * left[f]).sum::<f64>() * 0.5;
    }
    for i in 0..n {
        for j in 0..n {
            let mut term = C::default();
            for (t, arriving) in arriving.iter().enumerate() {
                term += vectors[(i, t)] * vectors[(j, t)].conj() * *arriving;
            }
            sum.re[i * stride + j] += term.re;
            sum.im[i * stride + j] += term.im;
        }
    }
}
