//! Selections as modes: Filippov's solutions of `dx = f + sum_k v_k g_k`, and closed sets with curved faces.
//!
//! ```text
//! mode +1: v_k = hi_k while h_k > 0        mode -1: v_k = lo_k while h_k < 0
//! mode  0: h_k = 0 (sliding), v_S from  dh_S/dt = a + M v_S = 0  while lo_k < v_k < hi_k
//!          a = dh_S/dt + grad h_S . (f + sum of the others),   M = grad h_S . g_S
//! ```
//!
//! On a surface, the v of all surfaces met there solve the box complementarity problem `w = a + M v` with w the
//! speed across: crossing, sliding and leaving are its solutions, for one surface or many. A surface that repels
//! on both sides has several solutions; that is told (`non-unique`), and the one with the most selections at
//! their upper bounds is taken.
//!
//! A face `h >= 0` of a closed set is a selection of its inward gradient with the switch `-h` and v in
//! [0, inf): v is the force of the face, and sliding is contact. Source: Filippov, *Differential Equations with
//! Discontinuous Righthand Sides* (1988); Brogliato, Tanwani, *SIAM Review* 62 (2020) 3.

use std::cell::RefCell;

use nalgebra::{DMatrix, DVector, Dyn, LU};

use super::complementarity::Selection;
use super::modal::{Modal, NEAR, Unresolved, Why};
use crate::system::System;
use crate::system::constraint::{ClosedSet, Faces};
use crate::system::selector::Selector;

/// What selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The selector of the system.
    Selector,
    /// The faces of its closed set.
    Faces,
}

/// A selector or faces as modes.
pub struct Selecting {
    source: Source,
    lower: Vec<f64>,
    upper: Vec<f64>,
    affine: bool,
    /// Whether gradients and fields of a sliding set can be kept.
    constant: bool,
    scratch: RefCell<Scratch>,
}

/// What an evaluation needs, and the sliding set of the last one.
#[derive(Default)]
struct Scratch {
    values: Vec<f64>,
    switches: Vec<f64>,
    sliding: Option<Sliding>,
}

/// Gradients and fields of a sliding set.
struct Sliding {
    set: Vec<usize>,
    /// grad h_k by rows.
    gradients: DMatrix<f64>,
    /// dh_k/dt at fixed x.
    rates: DVector<f64>,
    /// g_k by columns.
    fields: DMatrix<f64>,
    lu: LU<f64, Dyn, Dyn>,
}

/// The selections met at a point.
struct Met {
    /// Those whose surfaces the point lies on.
    set: Vec<usize>,
    /// Those of them that stop sliding: the mode has them where they go.
    leaving: Vec<usize>,
}

/// The selections of a system, whichever it has.
enum View<'a> {
    Selector(&'a dyn Selector),
    Faces(&'a dyn Faces),
}

impl View<'_> {
    fn switches(&self, t: f64, x: &[f64], h: &mut [f64]) {
        match self {
            View::Selector(selector) => selector.switches(t, x, h),
            View::Faces(faces) => {
                faces.heights(x, h);
                h.iter_mut().for_each(|h| *h = -*h);
            }
        }
    }

    fn gradient(&self, k: usize, t: f64, x: &[f64], gradient: &mut [f64]) -> f64 {
        match self {
            View::Selector(selector) => selector.gradient(k, t, x, gradient),
            View::Faces(faces) => {
                faces.gradient(k, x, gradient);
                gradient.iter_mut().for_each(|g| *g = -*g);
                0.0
            }
        }
    }

    fn field(&self, k: usize, x: &[f64], field: &mut [f64]) {
        match self {
            View::Selector(selector) => selector.field(k, x, field),
            View::Faces(faces) => faces.gradient(k, x, field),
        }
    }

    /// `dx += sum_k v_k g_k`
    fn add(&self, x: &[f64], values: &[f64], dx: &mut [f64]) {
        if let View::Selector(selector) = self {
            selector.add(x, values, dx);
            return;
        }
        let mut field = vec![0.0; x.len()];
        for (k, &v) in values.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            self.field(k, x, &mut field);
            for (dx, g) in dx.iter_mut().zip(&field) {
                *dx += v * g;
            }
        }
    }
}

impl Selecting {
    /// The modes of a selector.
    pub fn selector(selector: &dyn Selector, affine: bool) -> Self {
        let bounds: Vec<[f64; 2]> = (0..selector.count()).map(|k| selector.bounds(k)).collect();
        Self {
            source: Source::Selector,
            lower: bounds.iter().map(|b| b[0]).collect(),
            upper: bounds.iter().map(|b| b[1]).collect(),
            affine: affine && selector.is_affine(),
            constant: selector.is_constant(),
            scratch: RefCell::default(),
        }
    }

    /// The modes of curved faces.
    pub fn faces(faces: &dyn Faces) -> Self {
        Self {
            source: Source::Faces,
            lower: vec![0.0; faces.count()],
            upper: vec![f64::INFINITY; faces.count()],
            affine: false,
            constant: false,
            scratch: RefCell::default(),
        }
    }

    /// The selections of the system; the scheme was made for one that has them.
    fn view<'a, S: System + ?Sized>(&self, system: &'a S) -> View<'a> {
        match self.source {
            Source::Selector => {
                let selector = system.selector();
                View::Selector(selector.unwrap_or_else(|| unreachable!("the selector is gone")))
            }
            Source::Faces => match system.constraint().map(|constraint| constraint.shape()) {
                Some(ClosedSet::Faces(faces)) => View::Faces(faces),
                _ => unreachable!("the faces are gone"),
            },
        }
    }

    fn bound(&self, k: usize, mode: i8) -> f64 {
        match mode {
            0 => 0.0,
            1.. => self.upper[k],
            _ => self.lower[k],
        }
    }

    /// The drift with the selections of a mode, the sliding ones left out.
    fn base<S: System + ?Sized>(
        &self,
        system: &S,
        mode: &[i8],
        t: f64,
        x: &[f64],
        values: &mut Vec<f64>,
        dx: &mut [f64],
    ) {
        values.clear();
        values.extend((0..mode.len()).map(|k| self.bound(k, mode[k])));
        system.drift(t, x, dx);
        self.view(system).add(x, values, dx);
    }

    fn sliding<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &[f64],
        set: Vec<usize>,
    ) -> Sliding {
        let view = self.view(system);
        let (size, n) = (set.len(), x.len());
        let mut gradients = DMatrix::zeros(size, n);
        let mut rates = DVector::zeros(size);
        let mut fields = DMatrix::zeros(n, size);
        let mut row = vec![0.0; n];
        for (i, &k) in set.iter().enumerate() {
            rates[i] = view.gradient(k, t, x, &mut row);
            for (j, &value) in row.iter().enumerate() {
                gradients[(i, j)] = value;
            }
            view.field(k, x, &mut row);
            fields.column_mut(i).copy_from_slice(&row);
        }
        let lu = (&gradients * &fields).lu();
        Sliding {
            set,
            gradients,
            rates,
            fields,
            lu,
        }
    }

    /// The problem of the selections `set` at a point, the others as the mode has them.
    fn problem<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &[f64],
        mode: &[i8],
        set: &[usize],
    ) -> Selection {
        let mut others = mode.to_vec();
        set.iter().for_each(|&k| others[k] = 0);
        let mut dx = vec![0.0; x.len()];
        self.base(system, &others, t, x, &mut Vec::new(), &mut dx);
        let all = self.sliding(system, t, x, set.to_vec());
        Selection {
            offset: &all.rates + &all.gradients * DVector::from_vec(dx),
            matrix: &all.gradients * &all.fields,
            lower: set.iter().map(|&k| self.lower[k]).collect(),
            upper: set.iter().map(|&k| self.upper[k]).collect(),
        }
    }

    /// Decide the selections met at a point.
    fn decide<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &[f64],
        mode: &mut [i8],
        met: &Met,
        not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved> {
        let Met { set, leaving } = met;
        let kept: Vec<usize> = set
            .iter()
            .copied()
            .filter(|k| !leaving.contains(k))
            .collect();
        let mut settled = false;
        if !leaving.is_empty() {
            // At the instant of leaving v is at its bound and w = 0, a tie that rounding would decide.
            let problem = self.problem(system, t, x, mode, &kept);
            let guess: Vec<i8> = kept.iter().map(|&k| mode[k]).collect();
            if let Ok(found) = problem.solve(&guess) {
                let mut trial = mode.to_vec();
                kept.iter()
                    .zip(&found.mode)
                    .for_each(|(&k, &side)| trial[k] = side);
                settled = self.leaves(system, t, x, &trial, leaving);
                if settled {
                    mode.copy_from_slice(&trial);
                }
            }
        }
        if !settled && !set.is_empty() {
            let problem = self.problem(system, t, x, mode, set);
            let guess: Vec<i8> = set.iter().map(|&k| mode[k]).collect();
            let found = match several(&problem) {
                Some(first) => {
                    not_unique.push(set[0]);
                    first
                }
                None => {
                    let found = problem.solve(&guess).map_err(|why| Unresolved {
                        component: None,
                        why: Why::Unsolved(why),
                    })?;
                    found.mode
                }
            };
            set.iter()
                .zip(&found)
                .for_each(|(&k, &side)| mode[k] = side);
        }
        Ok(())
    }

    /// Whether the selections that leave do not come back at once.
    fn leaves<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &[f64],
        mode: &[i8],
        leaving: &[usize],
    ) -> bool {
        let mut dx = vec![0.0; x.len()];
        let mut unused = vec![0.0; self.surfaces()];
        self.evaluate(system, mode, t, x, &mut dx, &mut unused);
        let view = self.view(system);
        let mut row = vec![0.0; x.len()];
        leaving.iter().all(|&k| {
            let rate = view.gradient(k, t, x, &mut row);
            let size: f64 = row.iter().zip(&dx).map(|(a, b)| (a * b).abs()).sum();
            let speed: f64 = rate + row.iter().zip(&dx).map(|(a, b)| a * b).sum::<f64>();
            f64::from(mode[k]) * speed >= -NEAR * (1.0 + size)
        })
    }

    fn near(&self, switches: &[f64]) -> f64 {
        let finite = switches.iter().filter(|h| h.is_finite());
        NEAR * (1.0 + finite.fold(0.0_f64, |max, h| max.max(h.abs())))
    }
}

/// If a problem is known to have several solutions, the mode of the one with the most upper bounds.
fn several(problem: &Selection) -> Option<Vec<i8>> {
    /// Larger sets are not enumerated.
    const MOST: usize = 6;
    let n = problem.lower.len();
    if n > MOST || is_p_matrix(&-&problem.matrix) {
        return None;
    }
    let mut found: Vec<(Vec<i8>, DVector<f64>)> = Vec::new();
    let mut mode = vec![1_i8; n];
    loop {
        let finite = (0..n).all(|k| mode[k] <= 0 || problem.upper[k].is_finite());
        if finite
            && problem.is_solved_by(&mode)
            && let Some(values) = problem.of_mode(&mode)
        {
            let scale = 1.0 + values.amax();
            if !found
                .iter()
                .any(|(_, other)| (other - &values).amax() <= NEAR * scale)
            {
                found.push((mode.clone(), values));
            }
        }
        // +1, -1, 0: as one counts.
        let Some(place) = mode.iter().rposition(|&side| side != 0) else {
            break;
        };
        mode[place] = if mode[place] > 0 { -1 } else { 0 };
        mode[place + 1..].fill(1);
    }
    (found.len() > 1).then(|| found.swap_remove(0).0)
}

/// Whether all principal minors are positive.
fn is_p_matrix(matrix: &DMatrix<f64>) -> bool {
    (1_usize..1 << matrix.nrows()).all(|set| {
        let rows: Vec<usize> = (0..matrix.nrows()).filter(|i| set >> i & 1 == 1).collect();
        matrix
            .select_rows(&rows)
            .select_columns(&rows)
            .determinant()
            > 0.0
    })
}

impl Modal for Selecting {
    fn modes(&self) -> usize {
        self.lower.len()
    }

    fn surfaces(&self) -> usize {
        2 * self.lower.len()
    }

    fn is_affine(&self) -> bool {
        self.affine
    }

    fn evaluate<S: System + ?Sized>(
        &self,
        system: &S,
        mode: &[i8],
        t: f64,
        x: &[f64],
        dx: &mut [f64],
        g: &mut [f64],
    ) {
        let scratch = &mut *self.scratch.borrow_mut();
        self.base(system, mode, t, x, &mut scratch.values, dx);
        let slides = mode.contains(&0);
        if slides {
            let same = |sliding: &Sliding| {
                self.constant
                    && (0..mode.len())
                        .filter(|&k| mode[k] == 0)
                        .eq(sliding.set.iter().copied())
            };
            if !scratch.sliding.as_ref().is_some_and(same) {
                let set = (0..mode.len()).filter(|&k| mode[k] == 0).collect();
                scratch.sliding = Some(self.sliding(system, t, x, set));
            }
            if let (Some(sliding), true) = (&mut scratch.sliding, self.constant && !self.affine) {
                let view = self.view(system);
                let mut row = vec![0.0; x.len()];
                for (rate, &k) in sliding.rates.iter_mut().zip(&sliding.set) {
                    *rate = view.gradient(k, t, x, &mut row);
                }
            }
            if let Some(sliding) = &scratch.sliding {
                let mut speed =
                    &sliding.gradients * DVector::from_column_slice(dx) + &sliding.rates;
                if !sliding.lu.solve_mut(&mut speed) {
                    speed.fill(f64::NAN);
                }
                scratch.values.fill(0.0);
                for (&k, speed) in sliding.set.iter().zip(&speed) {
                    scratch.values[k] = -speed;
                }
                for (column, speed) in sliding.fields.column_iter().zip(&speed) {
                    for (dx, g) in dx.iter_mut().zip(&column) {
                        *dx -= speed * g;
                    }
                }
            }
        }
        scratch.switches.resize(mode.len(), 0.0);
        self.view(system).switches(t, x, &mut scratch.switches);
        for (k, surface) in g.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            *surface = match mode[k] {
                0 => [
                    scratch.values[k] - self.lower[k],
                    self.upper[k] - scratch.values[k],
                ],
                side => [f64::from(side) * scratch.switches[k], f64::INFINITY],
            };
        }
    }

    fn surfaces_of_state<S: System + ?Sized>(
        &self,
        system: &S,
        mode: &[i8],
        t: f64,
        x: &[f64],
        g: &mut [f64],
    ) {
        let switches = &mut self.scratch.borrow_mut().switches;
        switches.resize(mode.len(), 0.0);
        self.view(system).switches(t, x, switches);
        for (k, surface) in g.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            *surface = match mode[k] {
                0 => [f64::INFINITY; 2],
                side => [f64::from(side) * switches[k], f64::INFINITY],
            };
        }
    }

    fn begin<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &mut [f64],
        mode: &mut [i8],
        not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved> {
        let mut switches = vec![0.0; self.modes()];
        self.view(system).switches(t, x, &mut switches);
        let near = self.near(&switches);
        if self.source == Source::Faces
            && let Some(outside) = switches.iter().position(|&h| h > near)
        {
            return Err(Unresolved {
                component: Some(outside),
                why: Why::Outside,
            });
        }
        let set: Vec<usize> = (0..switches.len())
            .filter(|&k| switches[k].abs() <= near)
            .collect();
        for (mode, &h) in mode.iter_mut().zip(&switches) {
            *mode = if h > 0.0 && self.source == Source::Selector {
                1
            } else {
                -1
            };
        }
        let leaving = Vec::new();
        self.decide(system, t, x, mode, &Met { set, leaving }, not_unique)?;
        self.settle(system, t, mode, x);
        Ok(())
    }

    fn resolve<S: System + ?Sized>(
        &self,
        system: &S,
        t: f64,
        x: &mut [f64],
        mode: &mut [i8],
        which: &[usize],
        not_unique: &mut Vec<usize>,
    ) -> Result<(), Unresolved> {
        let mut switches = vec![0.0; self.modes()];
        self.view(system).switches(t, x, &mut switches);
        let near = self.near(&switches);
        let before = mode.to_vec();
        let mut set: Vec<usize> = (0..switches.len())
            .filter(|&k| before[k] == 0 || switches[k].abs() <= near || which.contains(&(2 * k)))
            .collect();
        let mut leaving = Vec::new();
        for &surface in which {
            let (k, side) = (surface / 2, if surface % 2 == 0 { -1 } else { 1 });
            if before[k] == 0 {
                mode[k] = side;
                leaving.push(k);
                if !set.contains(&k) {
                    set.push(k);
                }
            }
        }
        self.decide(system, t, x, mode, &Met { set, leaving }, not_unique)?;
        self.settle(system, t, mode, x);
        Ok(())
    }

    fn kind(&self, before: i8, after: i8) -> Option<&'static str> {
        let [slide, leave] = match self.source {
            Source::Selector => ["slide", "leave"],
            Source::Faces => ["contact", "release"],
        };
        match (before, after) {
            (before, after) if before == after => None,
            (_, 0) => Some(slide),
            (0, _) => Some(leave),
            _ => Some("cross"),
        }
    }

    fn resting(&self, after: i8) -> i8 {
        if after == 0 { -1 } else { after }
    }

    fn settle<S: System + ?Sized>(&self, system: &S, t: f64, mode: &[i8], x: &mut [f64]) {
        let view = self.view(system);
        let mut switches = vec![0.0; mode.len()];
        for _ in 0..4 {
            view.switches(t, x, &mut switches);
            let off = |k: usize| {
                let outside = self.source == Source::Faces && switches[k] > 0.0;
                (mode[k] == 0 && switches[k] != 0.0) || outside
            };
            let set: Vec<usize> = (0..mode.len()).filter(|&k| off(k)).collect();
            if set.is_empty() {
                return;
            }
            let mut gradients = DMatrix::zeros(set.len(), x.len());
            let mut row = vec![0.0; x.len()];
            for (i, &k) in set.iter().enumerate() {
                view.gradient(k, t, x, &mut row);
                for (j, &value) in row.iter().enumerate() {
                    gradients[(i, j)] = value;
                }
            }
            let right = DVector::from_fn(set.len(), |i, _| switches[set[i]]);
            // The shortest way back onto the surfaces.
            let Some(share) = (&gradients * gradients.transpose()).lu().solve(&right) else {
                return;
            };
            let way = gradients.transpose() * share;
            let size = x.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
            x.iter_mut().zip(&way).for_each(|(x, way)| *x -= way);
            if way.amax() <= 4.0 * f64::EPSILON * size {
                return;
            }
        }
    }
}
