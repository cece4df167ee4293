//! Open quantum systems from texts, and plain algebra beside them: nothing here is shared with the model.
//!
//! Column stacking: `S = -i (1 (x) H - H^T (x) 1) + sum [ L* (x) L - 1/2 1 (x) L^+L - 1/2 (L^+L)^T (x) 1 ]`.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::Path;

use nullcline::config::experiment::Experiment;
use nullcline::config::{ConfigError, load_text};
use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::outcome::Status;
use nullcline::engine::recorder::Samples;
use nullcline::ensemble::analyse::Points;
use nullcline::models;
pub use nullcline::models::gksl::Matrix;
use nullcline::models::gksl::{C, Levels, Lindblad, model};
use nullcline::prelude::*;

/// A number.
pub fn c(re: f64, im: f64) -> C {
    C::new(re, im)
}

/// An experiment, and what it is about.
pub struct Case {
    pub experiment: Experiment,
    pub system: Box<dyn System>,
    pub levels: Levels,
    pub lindblad: Lindblad,
}

/// The experiment of these parameters; `rest` are further tables. One that neither runs nor asks anything gets a question.
pub fn load(parameters: &str, rest: &str) -> Result<Experiment, ConfigError> {
    let asks = rest.contains("[analysis.") || rest.contains("[time]");
    let ask = if asks {
        ""
    } else {
        "[analysis.steady-state]\n"
    };
    let text =
        format!("[model]\nfamily = \"gksl\"\n[model.parameters]\n{parameters}\n{rest}\n{ask}");
    load_text(&text, Path::new("case.toml"), &[], &models::registry())
}

/// Why an experiment is refused.
#[track_caller]
pub fn refusal(parameters: &str, rest: &str) -> String {
    match load(parameters, rest) {
        Ok(_) => panic!("accepted: {parameters}"),
        Err(error) => error.render(false, 400),
    }
}

/// As [`load`], built.
#[track_caller]
pub fn case(parameters: &str, rest: &str) -> Case {
    let experiment = load(parameters, rest)
        .unwrap_or_else(|error| panic!("{parameters}\n{}", error.render(false, 100)));
    let Ok(Built::Flow(system)) = experiment.build() else {
        panic!("no flow");
    };
    let (levels, lindblad) = model(&experiment.parameters).expect("a model");
    Case {
        experiment,
        system,
        levels,
        lindblad,
    }
}

impl Case {
    /// The states at these times from the start of the file, by `exponential`.
    pub fn states(&self, times: &[f64]) -> Vec<Matrix> {
        self.states_by("exponential", Some(times[times.len() - 1]), times)
    }

    /// The states at these times by a scheme, in steps or at the tightest tolerances.
    pub fn states_by(&self, method: &str, step: Option<f64>, times: &[f64]) -> Vec<Matrix> {
        let found = flow(
            self.system.as_ref(),
            method,
            step,
            &self.experiment.initial,
            times,
        );
        found.iter().map(|x| matrix(self.levels.n, x)).collect()
    }

    /// An observable of a state.
    pub fn observe(&self, name: &str, rho: &Matrix) -> Vec<f64> {
        let observables = self.system.observables().expect("observables");
        let of = |variable: &Variable| variable.name == name;
        let index = observables.list().iter().position(of).expect("it exists");
        let mut out = vec![f64::NAN; observables.list()[index].len()];
        observables.observe(index, 0.0, &coordinates(rho), &mut out);
        out
    }

    /// The steady state, and the dimension of the null space.
    pub fn steady(&self) -> (Matrix, usize) {
        let initial = &self.experiment.initial;
        let start = initial
            .iter()
            .all(|x| x.is_finite())
            .then_some(initial.as_slice());
        let steady = self.lindblad.steady_state(start).expect("a steady state");
        (matrix(self.levels.n, &steady.x), steady.nullity)
    }

    /// What the analyses of the file find.
    pub fn findings(&self) -> Vec<Findings> {
        let answers = Points::new(&self.experiment).answer(0).expect("answers");
        let found = answers.into_iter().map(|answer| answer.expect("an answer"));
        found.collect()
    }

    /// The jumps as plain matrices.
    pub fn jumps(&self) -> Vec<Matrix> {
        let plain = |jump| self.lindblad.jump_matrix(jump).0;
        self.lindblad.jumps.iter().map(plain).collect()
    }
}

/// The states at these times.
#[track_caller]
pub fn flow(
    system: &dyn System,
    method: &str,
    step: Option<f64>,
    x0: &[f64],
    times: &[f64],
) -> Vec<Vec<f64>> {
    let mut samples = Samples::at(times.to_vec());
    let stop = times[times.len() - 1];
    let mut options = Options::new(x0.len(), 1e-13, 1e-15);
    options.step = step;
    let span = Span { start: 0.0, stop };
    let go_on = &mut |_| true;
    let outcome = integrate(system, method, &options, span, x0, &mut samples, go_on);
    let outcome = outcome.unwrap_or_else(|error| panic!("{method}: {error}"));
    assert_eq!(outcome.status, Status::Complete, "{method}: {outcome:?}");
    samples.states
}

/// The numbers of a finding.
#[track_caller]
pub fn numbers(findings: &Findings, name: &str) -> Vec<f64> {
    match &findings
        .get(name)
        .unwrap_or_else(|| panic!("no {name}"))
        .data
    {
        Data::Real(values) => values.clone(),
        Data::Count(values) => values.iter().map(|&value| value as f64).collect(),
        _ => panic!("{name} holds no numbers"),
    }
}

/// The eigenvalues that `spectrum` found.
pub fn eigenvalues(findings: &Findings) -> Vec<C> {
    let (re, im) = (
        numbers(findings, "eigenvalues_re"),
        numbers(findings, "eigenvalues_im"),
    );
    re.into_iter().zip(im).map(|(re, im)| c(re, im)).collect()
}

/// That all of these numbers, each as often as it is listed, are among those found, and nothing else if `all`.
#[track_caller]
pub fn same_set(found: &[C], wanted: &[C], tolerance: f64) {
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    let mut left = found.to_vec();
    for &value in wanted {
        let distance = |k: &usize| (left[*k] - value).norm();
        let nearest = (0..left.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let nearest = nearest.expect("one is left");
        assert!(
            distance(&nearest) <= tolerance,
            "no {value} in {left:?}, off by {:e}",
            distance(&nearest)
        );
        left.remove(nearest);
    }
}

#[track_caller]
pub fn near(found: f64, wanted: f64, tolerance: f64, what: &str) {
    assert!(
        (found - wanted).abs() <= tolerance,
        "{what}: {found:.15} instead of {wanted:.15}, off by {:.1e}",
        (found - wanted).abs()
    );
}

#[track_caller]
pub fn near_c(found: C, wanted: C, tolerance: f64, what: &str) {
    near(found.re, wanted.re, tolerance, what);
    near(found.im, wanted.im, tolerance, what);
}

/// The matrix of N^2 coordinates: the diagonal, then Re and Im of the upper triangle row by row.
pub fn matrix(n: usize, x: &[f64]) -> Matrix {
    let mut rho = Matrix::zeros(n, n);
    let mut rest = x[n..].iter();
    for i in 0..n {
        rho[(i, i)] = c(x[i], 0.0);
        for j in i + 1..n {
            let (Some(&re), Some(&im)) = (rest.next(), rest.next()) else {
                panic!("{} coordinates for {n} levels", x.len());
            };
            rho[(i, j)] = c(re, im);
            rho[(j, i)] = c(re, -im);
        }
    }
    assert!(rest.next().is_none());
    rho
}

/// The coordinates of a Hermitian matrix.
pub fn coordinates(rho: &Matrix) -> Vec<f64> {
    let n = rho.nrows();
    let diagonal = (0..n).map(|i| rho[(i, i)].re);
    let above = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    diagonal
        .chain(above.flat_map(|at| [rho[at].re, rho[at].im]))
        .collect()
}

/// The generator on stacked columns.
pub fn stacked(h: &Matrix, jumps: &[Matrix]) -> Matrix {
    let n = h.nrows();
    let one = Matrix::identity(n, n);
    let mut s = (one.kronecker(h) - h.transpose().kronecker(&one)) * c(0.0, -1.0);
    for l in jumps {
        let decay = l.adjoint() * l;
        s += l.conjugate().kronecker(l);
        s -= (one.kronecker(&decay) + decay.transpose().kronecker(&one)) * c(0.5, 0.0);
    }
    s
}

/// A matrix on stacked columns applied.
pub fn applied(s: &Matrix, a: &Matrix) -> Matrix {
    let n = a.nrows();
    let image = s * Matrix::from_column_slice(n * n, 1, a.as_slice());
    Matrix::from_column_slice(n, n, image.as_slice())
}

/// The state of trace 1 in the null space of a generator on stacked columns, if there is one only.
pub fn steady(s: &Matrix) -> Matrix {
    let dim = s.nrows();
    let n = dim.isqrt();
    let mut a = s.clone();
    for column in 0..dim {
        let diagonal = column / n == column % n;
        a[(0, column)] = c(f64::from(u8::from(diagonal)), 0.0);
    }
    let mut b = Matrix::zeros(dim, 1);
    b[(0, 0)] = c(1.0, 0.0);
    let x = a.lu().solve(&b).expect("one solution");
    Matrix::from_column_slice(n, n, x.as_slice())
}

/// The steady distribution of a classical chain, rates `w[(to, from)]`.
pub fn classical(w: &nalgebra::DMatrix<f64>) -> Vec<f64> {
    let n = w.nrows();
    let mut a = chain(w);
    (0..n).for_each(|j| a[(0, j)] = 1.0);
    let mut b = nalgebra::DVector::zeros(n);
    b[0] = 1.0;
    let p = a.lu().solve(&b).expect("one distribution");
    p.as_slice().to_vec()
}

/// The generator of a classical chain, rates `w[(to, from)]`.
pub fn chain(w: &nalgebra::DMatrix<f64>) -> nalgebra::DMatrix<f64> {
    let n = w.nrows();
    let leaving = |j: usize| (0..n).filter(|&i| i != j).map(|i| w[(i, j)]).sum::<f64>();
    nalgebra::DMatrix::from_fn(n, n, |i, j| if i == j { -leaving(j) } else { w[(i, j)] })
}

/// Numbers uniform in (-1, 1).
pub fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// A complex matrix of random numbers, a share of which is not 0.
pub fn random_matrix(n: usize, share: f64, next: &mut impl FnMut() -> f64) -> Matrix {
    Matrix::from_fn(n, n, |_, _| {
        let value = c(next(), next());
        if 0.5 * (next() + 1.0) < share {
            value
        } else {
            c(0.0, 0.0)
        }
    })
}

/// A random Hermitian matrix.
pub fn random_hermitian(n: usize, share: f64, next: &mut impl FnMut() -> f64) -> Matrix {
    let a = random_matrix(n, share, next);
    (&a + a.adjoint()) * c(0.5, 0.0)
}

/// A random density matrix of full rank.
pub fn random_state(n: usize, next: &mut impl FnMut() -> f64) -> Matrix {
    let a = random_matrix(n, 1.0, next);
    let rho = &a * a.adjoint();
    let trace = rho.trace();
    rho / trace
}

/// The smallest eigenvalue of a Hermitian matrix, by the real symmetric one of both its parts.
pub fn smallest(rho: &Matrix) -> f64 {
    let n = rho.nrows();
    let both = nalgebra::DMatrix::from_fn(2 * n, 2 * n, |i, j| {
        let entry = rho[(i % n, j % n)];
        match (i < n, j < n) {
            (true, false) => -entry.im,
            (false, true) => entry.im,
            _ => entry.re,
        }
    });
    let values = both.symmetric_eigenvalues();
    assert!(values.iter().all(|value| value.is_finite()), "{rho}");
    values.min()
}

/// `{ re = [[..]], im = [[..]] }`
pub fn toml(a: &Matrix) -> String {
    let rows = |part: &dyn Fn(&C) -> f64| {
        let row = |i: usize| {
            let cells: Vec<String> = a.row(i).iter().map(|v| format!("{:?}", part(v))).collect();
            format!("[{}]", cells.join(", "))
        };
        (0..a.nrows()).map(row).collect::<Vec<_>>().join(", ")
    };
    format!(
        "{{ re = [{}], im = [{}] }}",
        rows(&|v| v.re),
        rows(&|v| v.im)
    )
}

/// The Hamiltonian of case N1.
pub fn n1_hamiltonian() -> Matrix {
    let a = Matrix::from_fn(6, 6, |j, k| {
        let (j, k) = (j as f64, k as f64);
        c(
            (1.0 + 3.0 * j + 5.0 * k).sin(),
            (2.0 + 7.0 * j + 11.0 * k).cos(),
        )
    });
    (&a + a.adjoint()) * c(0.5, 0.0)
}

/// The jumps of case N1, rates inside.
pub fn n1_jumps() -> Vec<Matrix> {
    let jump = |m: usize| {
        let m = m as f64;
        Matrix::from_fn(6, 6, |j, k| {
            let (j, k) = (j as f64, k as f64);
            let re = (m + 1.0 + 1.7 * j + 0.9 * k).sin();
            c(re, (0.3 * m + 2.1 * j - 1.3 * k).cos()) * 0.25
        })
    };
    (0..3).map(jump).collect()
}

/// Case N1.
pub fn n1(rest: &str) -> Case {
    let jumps: Vec<String> = n1_jumps()
        .iter()
        .map(|l| format!("{{ matrix = {} }}", toml(l)))
        .collect();
    let parameters = format!(
        "dimension = 6\nhamiltonian = {}\njumps = [{}]",
        toml(&n1_hamiltonian()),
        jumps.join(", ")
    );
    case(
        &parameters,
        &format!("[initial]\nrho = {{ basis = 0 }}\n{rest}"),
    )
}
