//! The tree of patterns: which neurons are at the floor, free, at the ceiling, one neuron a level.
//!
//! ```text
//! x_i in [l_i, h_i],   s_i = u_i + sum_{j != i} A_ij x_j in [S_i, T_i]
//! floor needs s_i <= 0,   ceiling s_i + A_ii b_i >= 0,   free s_i + A_ii x_i = 0
//! ```
//!
//! At every node the bounds are drawn together until nothing moves; a neuron with one mode left is
//! decided, and a node with a neuron without any is dropped. A leaf is one linear system. Nothing is
//! dropped by less than a margin for rounding, so a search that ends has seen every equilibrium.

use nalgebra::DVector;

use super::equilibria::{Mode, Problem};

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is left.
    Complete,
    /// A free block of the matrix is singular.
    Singular,
    /// The budget of nodes is spent.
    Spent,
}

/// What is known of every neuron at a node.
#[derive(Clone)]
struct Node {
    modes: Vec<Option<Mode>>,
    low: Vec<f64>,
    high: Vec<f64>,
}

/// All equilibria, unless the verdict says otherwise.
pub fn search(problem: &Problem, budget: usize) -> (Vec<DVector<f64>>, Verdict) {
    let n = problem.input.len();
    let mut found = Vec::new();
    let mut verdict = Verdict::Complete;
    let mut left = budget;
    let mut stack = vec![Node {
        modes: vec![None; n],
        low: vec![0.0; n],
        high: problem.bound.as_slice().to_vec(),
    }];
    while let Some(mut node) = stack.pop() {
        if left == 0 {
            return (found, Verdict::Spent);
        }
        left -= 1;
        if !node.tighten(problem) {
            continue;
        }
        let Some(next) = node.widest() else {
            if !leaf(problem, &node, &mut found) {
                verdict = Verdict::Singular;
            }
            continue;
        };
        for mode in [Mode::Ceiling, Mode::Free, Mode::Floor] {
            if mode == Mode::Ceiling && problem.bound[next].is_infinite() {
                continue;
            }
            let mut child = node.clone();
            child.decide(next, mode, problem);
            stack.push(child);
        }
    }
    (found, verdict)
}

/// Solve a leaf; `false` if it has no unique solution.
fn leaf(problem: &Problem, node: &Node, found: &mut Vec<DVector<f64>>) -> bool {
    let modes: Vec<Mode> = node
        .modes
        .iter()
        .map(|mode| mode.unwrap_or(Mode::Free))
        .collect();
    let Some(x) = problem.solve(&modes) else {
        return false;
    };
    let tolerance = problem.tolerance(&x);
    let mut pairs = x.iter().zip(&problem.bound);
    let inside = pairs.all(|(&x, &bound)| x >= -tolerance && x <= bound + tolerance);
    if inside && problem.residual(&x) <= tolerance {
        add(found, problem.clip(x));
    }
    true
}

/// Add an equilibrium unless it is there.
pub fn add(found: &mut Vec<DVector<f64>>, x: DVector<f64>) {
    let near = |y: &DVector<f64>| (&x - y).amax() <= 1e-9 * (1.0 + x.amax());
    if !found.iter().any(near) {
        found.push(x);
    }
}

impl Node {
    fn decide(&mut self, i: usize, mode: Mode, problem: &Problem) {
        self.modes[i] = Some(mode);
        match mode {
            Mode::Floor => (self.low[i], self.high[i]) = (0.0, 0.0),
            Mode::Ceiling => (self.low[i], self.high[i]) = (problem.bound[i], problem.bound[i]),
            Mode::Free => {}
        }
    }

    /// The undecided neuron whose rate is known least.
    fn widest(&self) -> Option<usize> {
        let open = (0..self.modes.len()).filter(|&i| self.modes[i].is_none());
        let width = |i: &usize| self.high[*i] - self.low[*i];
        open.max_by(|a, b| width(a).total_cmp(&width(b)))
    }

    /// Draw the bounds together; `false` if nothing is left between them.
    fn tighten(&mut self, problem: &Problem) -> bool {
        const ROUNDS: usize = 8;
        for _ in 0..ROUNDS {
            let mut gained = 0.0_f64;
            for i in 0..self.modes.len() {
                match self.neuron(i, problem) {
                    Some(gain) => gained = gained.max(gain),
                    None => return false,
                }
            }
            if gained < 0.1 {
                break;
            }
        }
        true
    }

    /// Draw the bounds of one neuron together. The gain is the share of its range that fell away, 1 if
    /// its mode was decided.
    fn neuron(&mut self, i: usize, problem: &Problem) -> Option<f64> {
        let (least, most, margin) = self.input(i, problem);
        let (own, bound) = (problem.a[(i, i)], problem.bound[i]);
        let floor = least <= margin;
        let ceiling = bound.is_finite() && most + own * bound >= -margin;
        // Where x_i can be if F_i = 0.
        let (mut low, mut high) = (self.low[i], self.high[i]);
        if own != 0.0 {
            let (a, b) = ((least - margin) / -own, (most + margin) / -own);
            // NaN, from 0 times infinity, bounds nothing: min and max pass it by.
            low = low.max(a.min(b));
            high = high.min(a.max(b));
        }
        let free = match own == 0.0 {
            true => least <= margin && most >= -margin,
            false => low <= high,
        };
        match self.modes[i] {
            Some(Mode::Floor) => floor.then_some(0.0),
            Some(Mode::Ceiling) => ceiling.then_some(0.0),
            Some(Mode::Free) => free.then(|| self.narrow(i, low, high)),
            None => match (floor, free, ceiling) {
                (false, false, false) => None,
                (true, false, false) => Some(self.decided(i, Mode::Floor, problem)),
                (false, false, true) => Some(self.decided(i, Mode::Ceiling, problem)),
                (false, true, false) => {
                    self.narrow(i, low, high);
                    Some(self.decided(i, Mode::Free, problem))
                }
                (_, false, _) => Some(0.0),
                (_, true, _) => {
                    let low = if floor { self.low[i] } else { low };
                    let high = if ceiling { self.high[i] } else { high };
                    Some(self.narrow(i, low, high))
                }
            },
        }
    }

    fn decided(&mut self, i: usize, mode: Mode, problem: &Problem) -> f64 {
        self.decide(i, mode, problem);
        1.0
    }

    fn narrow(&mut self, i: usize, low: f64, high: f64) -> f64 {
        let before = self.high[i] - self.low[i];
        (self.low[i], self.high[i]) = (low, high);
        match before.is_finite() {
            true if before > 0.0 => 1.0 - (high - low) / before,
            true => 0.0,
            false => f64::from(u8::from(high.is_finite())),
        }
    }

    /// The least and the greatest s_i, and what rounding can do to them.
    fn input(&self, i: usize, problem: &Problem) -> (f64, f64, f64) {
        let (mut least, mut most) = (problem.input[i], problem.input[i]);
        let mut size = problem.input[i].abs();
        for j in (0..self.modes.len()).filter(|&j| j != i) {
            let weight = problem.a[(i, j)];
            if weight == 0.0 {
                continue;
            }
            let (a, b) = (weight * self.low[j], weight * self.high[j]);
            least += a.min(b);
            most += a.max(b);
            size += a.abs().max(if b.is_finite() { b.abs() } else { 0.0 });
        }
        (least, most, 1e-10 * (1.0 + size))
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;

    /// All equilibria by trying all patterns, without any bound.
    fn brute(problem: &Problem) -> Vec<DVector<f64>> {
        let n = problem.input.len() as u32;
        let mut found = Vec::new();
        for code in 0..3_usize.pow(n) {
            let mode = |i| [Mode::Floor, Mode::Free, Mode::Ceiling][code / 3_usize.pow(i) % 3];
            let node = Node {
                modes: (0..n).map(|i| Some(mode(i))).collect(),
                low: Vec::new(),
                high: Vec::new(),
            };
            leaf(problem, &node, &mut found);
        }
        found
    }

    #[test]
    fn what_bounds_rule_out_is_no_equilibrium() {
        let wave = |k: usize| (12.9898 * k as f64).sin() * 3.0;
        let mut several = 0;
        for seed in 0..60 {
            let n = 3 + seed % 3;
            let place = |i: usize, j: usize| wave(100 * seed + 10 * i + j + 1);
            let decay = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
            let problem = Problem {
                a: DMatrix::from_fn(n, n, |i, j| place(i, j) - decay(i, j)),
                input: DVector::from_fn(n, |i, _| place(i, 7)),
                bound: DVector::from_fn(n, |i, _| 1.0 + place(i, 8).abs()),
            };
            let (found, verdict) = search(&problem, usize::MAX);
            let all = brute(&problem);
            assert_eq!(
                (verdict, found.len()),
                (Verdict::Complete, all.len()),
                "{seed}"
            );
            for x in &all {
                assert!(found.iter().any(|y| (x - y).amax() < 1e-9), "{seed}: {x}");
            }
            several += usize::from(all.len() > 1);
        }
        assert!(several > 5, "{several}");
    }
}
