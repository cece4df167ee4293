//! `[analysis.spectrum]`: the eigenvalues of the generator, how far apart its time scales are, and whether its modes can be told apart.
//!
//! ```text
//! G R_j = lambda_j R_j      decay rate -Re lambda_j, angular frequency |Im lambda_j|
//! gap = min over lambda_j != 0 of -Re lambda_j        condition = s_max/s_min of (R_1 ... R_{N^2}), |R_j| = 1 by Hilbert and Schmidt
//! ```
//!
//! At an exceptional point eigenvectors coincide and the condition number is infinite: near it, above 1e6, modes and their amplitudes mean
//! little, and eigenvalues have about half the digits.
//!
//! Eigenvalues far below the largest one are lost in its rounding. Where there are several such, the null space and the slow modes beside it are
//! found in numbers of twice the digits (`null_space`, `slow_modes`).

use faer::{Mat, c64};

use super::lindblad::Lindblad;
use super::null_space::Generator;
use super::operator::C;
use super::slow_modes::slow_modes;
use super::steady_state::{asked, orthonormal, scale};
use crate::prelude::*;

/// The most levels.
const MOST: usize = 32;
/// Eigenvalues closer to each other than this share of the largest one are equal.
pub const EQUAL: f64 = 1e-9;
/// Eigenvalues up to this share of the largest one are looked at again with twice the digits, of up to so many levels.
const SLOW: f64 = 1e-6;
const MOST_SLOW: usize = 20;
/// A decay up to this share of the largest eigenvalue is none: rounding.
const ROUNDING: f64 = 1e-12;
/// Above this condition number modes mean little.
pub const EXCEPTIONAL: f64 = 1e6;

/// The eigenvalues and eigenvectors of a generator.
pub struct Spectrum {
    /// lambda_j, the slowest first; of equal decay the slowest rotation, and of a pair the one with Im > 0, first.
    pub values: Vec<C>,
    /// R_j in columns, in orthonormal coordinates.
    vectors: Mat<c64>,
    /// s_max/s_min of the vectors.
    pub condition: f64,
    /// The largest |lambda|.
    pub size: f64,
    /// How many of the first eigenvalues after the zeros have all their digits, however small they are.
    exact: usize,
    n: usize,
}

impl Spectrum {
    /// The spectrum of a generator.
    ///
    /// # Errors
    /// If it has too many levels, or the eigenvalues are not found.
    pub fn new(lindblad: &Lindblad) -> Result<Self, AnalysisError> {
        let n = lindblad.levels();
        if n > MOST {
            let message = format!(
                "the spectrum of {n} levels has {} eigenvalues; {MOST} levels are the most",
                n * n
            );
            return Err(AnalysisError::Failed(message));
        }
        faer::set_global_parallelism(faer::Par::Seq);
        let generator = orthonormal(n, &lindblad.generator());
        let matrix = Mat::from_fn(n * n, n * n, |i, j| generator[(i, j)]);
        let failed =
            |what: &str| AnalysisError::Failed(format!("{what} of the generator were not found"));
        let eigen = matrix.eigen().map_err(|_| failed("the eigenvalues"))?;
        let mut found: Vec<C> = eigen
            .S()
            .column_vector()
            .iter()
            .map(|v| C::new(v.re, v.im))
            .collect();
        let size = found.iter().map(|v| v.norm()).fold(0.0, f64::max);
        let mut every = eigen.U().to_owned();
        let exact = slow(lindblad, size, &mut found, &mut every);
        // What rounding alone keeps apart is in one order everywhere; what has all its digits is not rounded.
        let slow = |value: f64| value.abs() <= SLOW * size;
        let rounded = |value: f64| match exact > 0 && slow(value) {
            true => value / (EQUAL * size.max(f64::MIN_POSITIVE)),
            false => (value / (EQUAL * size.max(f64::MIN_POSITIVE))).round(),
        };
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by(|&a, &b| {
            let key = |k: usize| {
                let value = found[k];
                (
                    -rounded(value.re),
                    rounded(value.im.abs()),
                    -rounded(value.im),
                )
            };
            let (a, b) = (key(a), key(b));
            a.0.total_cmp(&b.0)
                .then(a.1.total_cmp(&b.1))
                .then(a.2.total_cmp(&b.2))
        });
        let mut vectors = Mat::from_fn(n * n, n * n, |i, k| every[(i, order[k])]);
        for k in 0..n * n {
            let norm = (0..n * n)
                .map(|i| vectors[(i, k)].norm_sqr())
                .sum::<f64>()
                .sqrt();
            for i in 0..n * n {
                vectors[(i, k)] /= norm;
            }
        }
        let singular = vectors
            .singular_values()
            .map_err(|_| failed("the eigenvectors"))?;
        let least = singular.last().copied().unwrap_or(0.0);
        let condition = match least > 0.0 {
            true => singular.first().copied().unwrap_or(0.0) / least,
            false => f64::INFINITY,
        };
        Ok(Self {
            values: order.iter().map(|&k| found[k]).collect(),
            vectors,
            condition,
            size,
            exact,
            n,
        })
    }

    /// Whether an eigenvalue is 0.
    pub fn is_zero(&self, value: C) -> bool {
        value.norm() == 0.0
    }

    /// The multiplicity of 0.
    pub fn zeros(&self) -> usize {
        self.values
            .iter()
            .filter(|&&value| self.is_zero(value))
            .count()
    }

    /// The slowest decay of what is not at rest; 0 where something turns for ever.
    pub fn gap(&self) -> f64 {
        let others = self.values.iter().filter(|&&value| !self.is_zero(value));
        let decay = |value: &C| {
            let exact = self.exact > 0 && value.norm() <= SLOW * self.size;
            let size = if exact { value.norm() } else { self.size };
            match value.re.abs() <= ROUNDING * size {
                true => 0.0,
                false => -value.re,
            }
        };
        others.map(decay).fold(f64::INFINITY, f64::min)
    }

    /// Angular frequencies up to this are none: near an exceptional point they are roots of rounding.
    pub fn rest(&self) -> f64 {
        match self.condition > EXCEPTIONAL {
            true => 1e-6 * self.size,
            false => EQUAL * self.size,
        }
    }

    /// The amplitude of each mode in a linear function of the state: A_j = (w R_j) (R^(-1) x_0)_j.
    pub fn amplitudes(&self, w: &[f64], start: &[f64]) -> Vec<C> {
        use faer::linalg::solvers::SolveCore;
        let dim = self.n * self.n;
        let mut shares = Mat::from_fn(dim, 1, |i, _| c64::new(start[i] * scale(self.n, i), 0.0));
        let lu = self.vectors.partial_piv_lu();
        lu.solve_in_place_with_conj(faer::Conj::No, shares.as_mut());
        let amplitude = |j: usize| {
            let seen: c64 = (0..dim)
                .map(|i| self.vectors[(i, j)] * (w[i] / scale(self.n, i)))
                .sum();
            let amplitude = seen * shares[(j, 0)];
            C::new(amplitude.re, amplitude.im)
        };
        (0..dim).map(amplitude).collect()
    }

    /// What must be known of modes near an exceptional point.
    pub fn remark(&self) -> Option<String> {
        (self.condition > EXCEPTIONAL).then(|| {
            format!(
                "the condition number of the eigenvectors is {:.1e}: an exceptional point is near, eigenvalues have about half their digits, and modes mean little",
                self.condition
            )
        })
    }
}

/// Set the eigenvalues of the null space to 0, and put the slow modes beside it in their place with all their digits; how many.
fn slow(lindblad: &Lindblad, size: f64, values: &mut [C], vectors: &mut Mat<c64>) -> usize {
    let n = lindblad.levels();
    let mut small: Vec<usize> = (0..values.len()).collect();
    small.retain(|&k| values[k].norm() <= SLOW * size);
    if n > MOST_SLOW || small.len() < 2 {
        // One is the steady state that every map which keeps the trace has.
        for &k in &small {
            if small.len() == 1 || values[k].norm() <= EQUAL * size {
                values[k] = C::default();
            }
        }
        return 0;
    }
    let generator = Generator::new(n, &lindblad.generator(), lindblad.is_exact());
    let null = generator.null_space();
    let zeros = null.right.len().min(small.len());
    small.sort_by(|&a, &b| values[a].norm().total_cmp(&values[b].norm()));
    for &k in &small[..zeros] {
        values[k] = C::default();
    }
    let rest = &small[zeros..];
    if rest.is_empty() {
        return 0;
    }
    let Some(modes) = slow_modes(n, &generator, &null, size, rest.len()) else {
        return 0;
    };
    for (&k, (value, vector)) in rest.iter().zip(&modes) {
        values[k] = *value;
        for (i, &entry) in vector.iter().enumerate() {
            vectors[(i, k)] = entry;
        }
    }
    rest.len()
}

/// A rate in digits that show it.
fn shown(rate: f64) -> String {
    match rate.abs() {
        size if size != 0.0 && !(1e-5..1e12).contains(&size) => format!("{rate:.9e}"),
        _ => format!("{rate:.9}"),
    }
}

/// The analysis `spectrum`.
pub struct SpectrumOf;

impl Analysis for SpectrumOf {
    fn name(&self) -> &'static str {
        "spectrum"
    }

    fn meaning(&self) -> &'static str {
        "eigenvalues of the generator, its gap, and how well its modes can be told apart"
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let (_, lindblad) = asked(subject)?;
        let spectrum = Spectrum::new(&lindblad)?;
        let (gap, zeros) = (spectrum.gap(), spectrum.zeros());
        let mode = || vec![Axis::new("mode", spectrum.values.len())];
        let rate = |name: &str, axes: Vec<Axis>, meaning: &str| {
            Variable::new(name, axes).unit("1/time").meaning(meaning)
        };
        let part = |part: fn(&C) -> f64| Data::Real(spectrum.values.iter().map(part).collect());
        let mut findings = Findings::default()
            .array(
                rate(
                    "eigenvalues_re",
                    mode(),
                    "real parts, the slowest decay first",
                ),
                part(|v| v.re),
            )
            .array(
                rate("eigenvalues_im", mode(), "imaginary parts"),
                part(|v| v.im),
            )
            .array(
                rate("gap", vec![], "slowest decay rate that is not 0"),
                Data::Real(vec![gap]),
            )
            .array(
                Variable::new("multiplicity", vec![]).meaning("how often 0 is an eigenvalue"),
                Data::Count(vec![i64::try_from(zeros).unwrap_or(i64::MAX)]),
            )
            .array(
                Variable::new("condition", vec![]).meaning(
                    "condition number of the eigenvectors; large near an exceptional point",
                ),
                Data::Real(vec![spectrum.condition]),
            );
        const SHOWN: usize = 16;
        findings.table = vec![
            ["mode", "decay rate", "frequency", "time scale", "period"]
                .map(String::from)
                .to_vec(),
        ];
        let told = |value: f64| {
            if value.is_finite() {
                format!("{value:.6}")
            } else {
                "-".into()
            }
        };
        for (k, value) in spectrum.values.iter().take(SHOWN).enumerate() {
            let (decay, frequency) = match spectrum.is_zero(*value) {
                true => (0.0, 0.0),
                false => (-value.re, value.im),
            };
            let period = if frequency.abs() <= spectrum.rest() {
                f64::NAN
            } else {
                std::f64::consts::TAU / frequency.abs()
            };
            let scale = if spectrum.is_zero(*value) {
                f64::NAN
            } else {
                1.0 / decay
            };
            findings.table.push(vec![
                k.to_string(),
                shown(decay),
                shown(frequency),
                told(scale),
                told(period),
            ]);
        }
        if spectrum.values.len() > SHOWN {
            findings.remarks.push(format!(
                "{} more modes decay faster",
                spectrum.values.len() - SHOWN
            ));
        }
        findings.line = vec![
            ("gap", shown(gap)),
            ("multiplicity", zeros.to_string()),
            ("condition", format!("{:.3e}", spectrum.condition)),
        ];
        findings.remarks.push(format!(
            "gap {}, 0 is an eigenvalue {zeros} time{}, condition number of the eigenvectors {:.3e}",
            shown(gap),
            if zeros == 1 { "" } else { "s" },
            spectrum.condition
        ));
        findings.remarks.extend(spectrum.remark());
        Ok(findings)
    }
}
