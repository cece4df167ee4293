//! The jumps: what the informational environment does.
//!
//! ```text
//! { from, to, rate }                   sqrt(rate) |to><from|
//! { from, to, rate, gain, lambda }     logistic: there at rate x, back at rate (1 - x), x = 1/(1 + exp(-lambda gain))
//! { dephasing = k }                    sqrt(k) |i><i| for all i: every coherence decays at k
//! { matrix = { re, im }, rate }        sqrt(rate) times the matrix; rate 1 by default
//! { dressed = { beta, rate } }         between eigenstates of H at rate/(1 + exp(beta (E_to - E_from)))
//! { coefficients = [[G_ij]] }          sum G_ij D[|i><j|], self terms included; G_ij may be negative (see `positivity`)
//! ```
//!
//! and those of a prisoner's dilemma (own and other move along the gains of the payoffs, belief mirrors action) and of a quantum
//! stochastic walk, sqrt(omega A_ij) |i><j|. Rates in 1/time.

use super::hamiltonian::{number, square};
use super::levels::Levels;
use super::lindblad::Jump;
use super::operator::{C, Matrix, Operator};
use crate::prelude::*;

/// Jumps, and the bases that some of them are between.
#[derive(Default)]
pub struct Environment {
    pub jumps: Vec<Jump>,
    pub bases: Vec<Matrix>,
}

/// The jumps of checked parameters.
///
/// # Errors
/// Everything that is wrong with them.
pub fn build(
    parameters: &Parameters,
    levels: &Levels,
    hamiltonian: &Operator,
) -> Result<Environment, BuildError> {
    let mut reader = Reader {
        levels,
        hamiltonian,
        environment: Environment::default(),
        faults: Vec::new(),
    };
    if let Some(tree) = parameters.tree("jumps") {
        match tree.as_array() {
            Some(tables) => tables.iter().for_each(|table| reader.table(table)),
            None => reader.wrong(
                tree,
                "jumps",
                "a list of tables: [{ from = 0, to = 1, rate = 0.5 }]",
            ),
        }
    }
    reader.dilemma(parameters)?;
    reader.walk(parameters)?;
    match BuildError::all(reader.faults) {
        Some(error) => Err(error),
        None => Ok(reader.environment),
    }
}

/// The share of moves that follow a gain: 1/(1 + exp(-lambda gain)).
pub fn logistic(lambda: f64, gain: f64) -> f64 {
    1.0 / (1.0 + (-lambda * gain).exp())
}

struct Reader<'a> {
    levels: &'a Levels,
    hamiltonian: &'a Operator,
    environment: Environment,
    faults: Vec<BuildError>,
}

/// The kinds of jumps: the keys that a table of each has, those that it must have first.
const KINDS: &[(&[&str], usize)] = &[
    (&["from", "to", "rate", "gain", "lambda"], 3),
    (&["dephasing"], 1),
    (&["matrix", "rate"], 1),
    (&["dressed"], 1),
    (&["coefficients"], 1),
];

impl Reader<'_> {
    fn fault(&mut self, error: BuildError) {
        self.faults.push(error);
    }

    fn wrong(&mut self, tree: &Tree, name: &str, expected: &str) {
        let message = format!("`{name}` is {}, expected {expected}", tree.kind());
        self.fault(BuildError::new(message).at(tree.span, format!("expected {expected}")));
    }

    /// One table of `jumps`.
    fn table(&mut self, table: &Tree) {
        let Some(entries) = table.as_table() else {
            return self.wrong(
                table,
                "a jump",
                "a table such as { from = 0, to = 1, rate = 0.5 }",
            );
        };
        let has = |key: &str| table.get(key).is_some();
        // `rate` alone names no kind.
        let kind = KINDS
            .iter()
            .find(|(keys, _)| keys.iter().any(|&key| key != "rate" && has(key)));
        let Some((keys, needed)) = kind else {
            let error = match entries.iter().find(|entry| entry.key != "rate") {
                Some(entry) => unknown(entry, &all_keys()),
                None => BuildError::new("this jump does not say what it does")
                    .at(table.span, "needs a kind")
                    .help("{ from, to, rate }, { dephasing = .. }, { matrix = { re, im }, rate }, { dressed = { beta, rate } }"),
            };
            return self.fault(error);
        };
        let mut sound = true;
        for entry in entries
            .iter()
            .filter(|entry| !keys.contains(&entry.key.as_str()))
        {
            self.fault(unknown(entry, keys));
            sound = false;
        }
        for key in keys[..*needed].iter().filter(|key| !has(key)) {
            let message = format!("this jump has no `{key}`");
            let error = BuildError::new(message).at(table.span, format!("needs `{key}`"));
            self.fault(error.help(format!("its keys are {}", keys.join(", "))));
            sound = false;
        }
        if sound {
            match keys[0] {
                "from" => self.between_levels(table),
                "dephasing" => self.dephasing(table),
                "matrix" => self.matrix(table),
                "dressed" => self.dressed(table),
                _ => self.coefficients(table),
            }
        }
    }

    fn number(&mut self, table: &Tree, key: &str) -> Option<f64> {
        let tree = table.get(key)?;
        let found = tree.as_number().filter(|number| number.is_finite());
        if found.is_none() {
            self.wrong(tree, key, "a finite number");
        }
        found
    }

    /// A number that is not negative.
    fn rate(&mut self, table: &Tree, key: &str) -> Option<f64> {
        let rate = self.number(table, key)?;
        if rate >= 0.0 {
            return Some(rate);
        }
        let span = table.get(key).map_or(table.span, |tree| tree.span);
        let error = BuildError::new(format!("`{key}` is {rate}, and rates are not negative"));
        let help = "generators that are not completely positive are given by `coefficients`";
        self.fault(
            error
                .at(span, "must be >= 0")
                .help(match table.get("from") {
                    Some(_) => format!("swap `from` and `to` for a jump the other way; {help}"),
                    None => help.into(),
                }),
        );
        None
    }

    fn level(&mut self, table: &Tree, key: &str) -> Option<usize> {
        let tree = table.get(key)?;
        match self.levels.level(tree) {
            Ok(level) => Some(level),
            Err(error) => {
                self.fault(error);
                None
            }
        }
    }

    fn push(&mut self, from: usize, to: usize, rate: f64) {
        if rate != 0.0 {
            self.environment.jumps.push(Jump::Move { from, to, rate });
        }
    }

    fn between_levels(&mut self, table: &Tree) {
        let (from, to) = (self.level(table, "from"), self.level(table, "to"));
        let rate = self.rate(table, "rate");
        let is_logistic = table.get("gain").is_some() || table.get("lambda").is_some();
        if !is_logistic {
            if let (Some(from), Some(to), Some(rate)) = (from, to, rate) {
                self.push(from, to, rate);
            }
            return;
        }
        for key in ["gain", "lambda"] {
            if table.get(key).is_none() {
                let message =
                    format!("a logistic jump has both `gain` and `lambda`; `{key}` is missing");
                self.fault(BuildError::new(message).at(table.span, format!("needs `{key}`")));
                return;
            }
        }
        let (gain, lambda) = (self.number(table, "gain"), self.rate(table, "lambda"));
        if let (Some(from), Some(to), Some(rate), Some(gain), Some(lambda)) =
            (from, to, rate, gain, lambda)
        {
            self.reversible(from, to, rate, logistic(lambda, gain));
        }
    }

    /// There at a share of the rate, and back at the rest.
    fn reversible(&mut self, from: usize, to: usize, rate: f64, share: f64) {
        self.push(from, to, rate * share);
        self.push(to, from, rate * (1.0 - share));
    }

    fn dephasing(&mut self, table: &Tree) {
        if let Some(rate) = self.rate(table, "dephasing") {
            (0..self.levels.n).for_each(|i| self.push(i, i, rate));
        }
    }

    fn matrix(&mut self, table: &Tree) {
        let rate = match table.get("rate") {
            Some(_) => self.rate(table, "rate"),
            None => Some(1.0),
        };
        let matrix = table
            .get("matrix")
            .map(|tree| self.levels.matrix(tree, "matrix"));
        match (matrix, rate) {
            (Some(Ok(matrix)), Some(rate)) => {
                let operator = Operator::from_matrix(&(matrix * C::new(rate.sqrt(), 0.0)));
                if operator.count() > 0 {
                    self.environment.jumps.push(Jump::Operator(operator));
                }
            }
            (Some(Err(error)), _) => self.fault(error),
            _ => {}
        }
    }

    fn dressed(&mut self, table: &Tree) {
        let Some(inner) = table.get("dressed") else {
            return;
        };
        let Some(entries) = inner.as_table() else {
            return self.wrong(inner, "dressed", "a table: { beta = 1.0, rate = 0.5 }");
        };
        const KEYS: &[&str] = &["beta", "rate"];
        for entry in entries
            .iter()
            .filter(|entry| !KEYS.contains(&entry.key.as_str()))
        {
            self.fault(unknown(entry, KEYS));
        }
        for key in KEYS.iter().filter(|key| inner.get(key).is_none()) {
            let error = BuildError::new(format!("`dressed` has no `{key}`"));
            self.fault(error.at(inner.span, format!("needs `{key}`")));
        }
        let (Some(beta), Some(rate)) = (self.rate(inner, "beta"), self.rate(inner, "rate")) else {
            return;
        };
        let (energies, vectors) = eigenbasis(self.hamiltonian);
        let basis = self.environment.bases.len();
        self.environment.bases.push(vectors);
        let n = self.levels.n;
        for (from, to) in (0..n).flat_map(|from| (0..n).map(move |to| (from, to))) {
            let rate = rate * logistic(beta, energies[from] - energies[to]);
            if from != to && rate > 0.0 {
                self.environment.jumps.push(Jump::Between {
                    basis,
                    from,
                    to,
                    rate,
                });
            }
        }
    }

    fn coefficients(&mut self, table: &Tree) {
        let Some(tree) = table.get("coefficients") else {
            return;
        };
        match self.levels.real(tree, "coefficients") {
            Ok(rates) => {
                let n = self.levels.n;
                for (place, rate) in rates.into_iter().enumerate() {
                    self.push(place % n, place / n, rate);
                }
            }
            Err(error) => self.fault(error),
        }
    }

    /// The moves of a prisoner's dilemma: levels CC, CD, DC, DD, own first.
    fn dilemma(&mut self, parameters: &Parameters) -> Result<(), BuildError> {
        let given = |name: &str| parameters.get(name).is_some();
        const RATES: [&str; 3] = [
            "dilemma.own_rate",
            "dilemma.other_rate",
            "dilemma.mirror_rate",
        ];
        if !given("dilemma.payoffs") {
            let options = ["dilemma.lambda"].into_iter().chain(RATES);
            return match options.into_iter().find(|name| given(name)) {
                None => Ok(()),
                Some(name) => Err(BuildError::about(
                    name,
                    format!("`{name}` has no effect without `dilemma.payoffs`"),
                )
                .help("give the payoffs [T, R, P, S]: temptation, reward, punishment, sucker")),
            };
        }
        let payoffs = parameters.vector("dilemma.payoffs");
        if payoffs.len() != 4 || self.levels.n != 4 {
            let message = "a prisoner's dilemma has four payoffs [T, R, P, S] and `dimension = 4`";
            return Err(BuildError::about("dilemma.payoffs", message)
                .help("levels are CC, CD, DC, DD: own choice first"));
        }
        if !given("dilemma.lambda") {
            let message = "`dilemma.payoffs` needs `dilemma.lambda`, the sharpness of choices";
            return Err(
                BuildError::about("dilemma.payoffs", message).help("for example lambda = 4.0")
            );
        }
        let lambda = parameters.real("dilemma.lambda");
        let [own, other, mirror] = [(RATES[0], 1.0), (RATES[1], 1.0), (RATES[2], 0.0)]
            .map(|(name, rate)| number(parameters, name, rate));
        let (against_c, against_d) = (payoffs[0] - payoffs[1], payoffs[2] - payoffs[3]);
        let [shared, sucked] = [against_c, against_d].map(|gain| logistic(lambda, gain));
        // The game is symmetric: the other gains by the same moves.
        self.reversible(0, 2, own, shared);
        self.reversible(1, 3, own, sucked);
        self.reversible(0, 1, other, shared);
        self.reversible(2, 3, other, sucked);
        self.push(1, 0, mirror);
        self.push(2, 3, mirror);
        Ok(())
    }

    /// The jumps of a quantum stochastic walk along the links of a graph.
    fn walk(&mut self, parameters: &Parameters) -> Result<(), BuildError> {
        if parameters.get("walk.adjacency").is_none() {
            return Ok(());
        }
        let n = self.levels.n;
        let adjacency = square(parameters, "walk.adjacency", n)?;
        let omega = number(parameters, "walk.omega", 0.0);
        for (place, link) in adjacency.iter().enumerate() {
            let (to, from) = (place / n, place % n);
            if from != to {
                self.push(from, to, omega * link);
            }
        }
        Ok(())
    }
}

fn all_keys() -> Vec<&'static str> {
    let mut keys: Vec<&str> = KINDS
        .iter()
        .flat_map(|(keys, _)| keys.iter().copied())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn unknown(entry: &Entry, keys: &[&str]) -> BuildError {
    BuildError::new(format!("a jump has no `{}`", entry.key))
        .at(entry.key_span, "unknown key")
        .help(advice(&entry.key, "keys of a jump", keys))
}

/// Energies and eigenvectors of H, the vectors in columns, ascending.
///
/// Where energies coincide the vectors are those that diagonalise the number of the level there, in its order; the largest component
/// of each is positive. So the jumps between them are fixed by H alone.
pub fn eigenbasis(hamiltonian: &Operator) -> (Vec<f64>, Matrix) {
    let n = hamiltonian.levels();
    let eigen = hamiltonian.matrix().symmetric_eigen();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
    let energies: Vec<f64> = order.iter().map(|&k| eigen.eigenvalues[k]).collect();
    let mut vectors = Matrix::from_fn(n, n, |i, k| eigen.eigenvectors[(i, order[k])]);
    let size = energies.iter().fold(0.0_f64, |size, e| size.max(e.abs()));
    let mut first = 0;
    while first < n {
        let equal = |&k: &usize| energies[k] - energies[first] <= 1e-9 * size;
        let count = (first..n).take_while(equal).count();
        if count > 1 {
            let space = vectors.columns(first, count).into_owned();
            let number = Matrix::from_fn(n, n, |i, j| {
                C::new(if i == j { i as f64 } else { 0.0 }, 0.0)
            });
            let inner = (space.adjoint() * number * &space).symmetric_eigen();
            let mut order: Vec<usize> = (0..count).collect();
            order.sort_by(|&a, &b| inner.eigenvalues[a].total_cmp(&inner.eigenvalues[b]));
            let sorted = Matrix::from_fn(count, count, |i, k| inner.eigenvectors[(i, order[k])]);
            vectors
                .columns_mut(first, count)
                .copy_from(&(space * sorted));
        }
        first += count;
    }
    for mut vector in vectors.column_iter_mut() {
        let largest = vector.iter().fold(C::default(), |best, &v| {
            // A little more than rounding decides between equals.
            if v.norm() > best.norm() * (1.0 + 1e-9) {
                v
            } else {
                best
            }
        });
        let turn = largest.conj() / largest.norm();
        vector.iter_mut().for_each(|v| *v *= turn);
    }
    (energies, vectors)
}
