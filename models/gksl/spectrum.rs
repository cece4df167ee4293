//! `[analysis.spectrum]`: the eigenvalues of the generator, how far apart its time scales are, and whether its modes can be told apart.
//!
//! ```text
//! G R_j = lambda_j R_j      decay rate -Re lambda_j, angular frequency |Im lambda_j|
//! gap = min over lambda_j != 0 of -Re lambda_j        condition = s_max/s_min of (R_1 ... R_{N^2}), |R_j| = 1 by Hilbert and Schmidt
//! ```
//!
//! At an exceptional point eigenvectors coincide and the condition number is infinite: near it, above 1e6, modes and their amplitudes mean
//! little, and eigenvalues have about half the digits.

use faer::{Mat, c64};

use super::lindblad::Lindblad;
use super::operator::C;
use super::steady_state::{asked, orthonormal, scale};
use crate::prelude::*;

/// The most levels.
const MOST: usize = 32;
/// Eigenvalues up to this share of the largest one are zero, and closer to each other than this they are equal.
pub const EQUAL: f64 = 1e-9;
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
        let found: Vec<C> = eigen
            .S()
            .column_vector()
            .iter()
            .map(|v| C::new(v.re, v.im))
            .collect();
        let size = found.iter().map(|v| v.norm()).fold(0.0, f64::max);
        // What rounding alone keeps apart is in one order everywhere.
        let rounded = |value: f64| (value / (EQUAL * size.max(f64::MIN_POSITIVE))).round();
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
        let mut vectors = Mat::from_fn(n * n, n * n, |i, k| eigen.U()[(i, order[k])]);
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
            n,
        })
    }

    /// Whether an eigenvalue is 0.
    pub fn is_zero(&self, value: C) -> bool {
        value.norm() <= EQUAL * self.size
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
        let gap = others.map(|value| -value.re).fold(f64::INFINITY, f64::min);
        if gap.abs() <= EQUAL * self.size {
            0.0
        } else {
            gap
        }
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
                format!("{decay:.9}"),
                format!("{frequency:.9}"),
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
            ("gap", format!("{gap:.6}")),
            ("multiplicity", zeros.to_string()),
            ("condition", format!("{:.3e}", spectrum.condition)),
        ];
        findings.remarks.push(format!(
            "gap {gap:.9}, 0 is an eigenvalue {zeros} time{}, condition number of the eigenvectors {:.3e}",
            if zeros == 1 { "" } else { "s" },
            spectrum.condition
        ));
        findings.remarks.extend(spectrum.remark());
        Ok(findings)
    }
}
