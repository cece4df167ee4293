//! `[analysis.beats]`: two modes of nearly equal frequency in what is seen of a state, and the slow envelope that they make.
//!
//! ```text
//! O(t) = tr(O rho(t)) = sum_j A_j e^(lambda_j t),    A_j = tr(O R_j) <L_j|rho_0>,  lambda_j = -g_j + i w_j
//! pair     |w_1 - w_2| < 0.3 (w_1 + w_2)/2, both with Im > 0 and |A| >= 1e-9
//! period   2 pi/|w_1 - w_2|         visibility  2 min(|A_1|, |A_2|)/(|A_1| + |A_2|)
//! beats before decay  |w_1 - w_2|/(2 pi max(g_1, g_2));  resolved: >= 0.5 of them and visibility > 0.2
//! envelope minima of  |A_1 e^(lambda_1 t) + A_2 e^(lambda_2 t)|
//! nodes    A_1 lambda_1 e^(lambda_1 t) and A_2 lambda_2 e^(lambda_2 t), the two flows in dO/dt, in opposite phase
//! ```
//!
//! Flows that start in step, as where O starts at rest, have their nodes at half periods exactly; damping puts the minima of the
//! envelope of O a share g/w of a carrier period beside them. Modes of one eigenvalue are one mode. The depth is the number of
//! modes that turn more than they decay, |w|/(2 g) > 1/2.
//!
//! The twin in time: O(t) on a fine grid by exponentials of the generator, its carrier band-passed, its analytic signal by Hilbert's
//! transform, and the minima of its absolute value; nothing of it knows the modes.
//!
//! "Cognitive beats" are a concept of Asano, Khrennikov, arXiv 2604.18643 (2026); these definitions are of this project.

use std::f64::consts::{PI, TAU};

use super::envelope;
use super::levels::Levels;
use super::lindblad::Lindblad;
use super::operator::C;
use super::spectrum::{EQUAL, Spectrum};
use super::steady_state::{asked, start};
use crate::prelude::*;

/// The analysis `beats`.
pub struct Beats;

const OPTIONS: &[Parameter] = &[
    Parameter::text("observable")
        .fallback(Fallback::Absent)
        .meaning("a choice, or a level by name or number, whose probability beats; the first choice or level by default"),
    Parameter::integer("nodes")
        .fallback(Fallback::Integer(4))
        .range(Range::closed(1.0, 1000.0))
        .meaning("how many nodes of each pair are told"),
];

/// Amplitudes below this are not seen.
const SEEN: f64 = 1e-9;
/// Frequencies of a pair differ by less than this share of their mean.
const NEAR: f64 = 0.3;

/// One mode with Im > 0.
#[derive(Clone, Copy, Debug)]
struct Mode {
    value: C,
    amplitude: C,
}

/// Two modes that beat.
struct Pair {
    first: Mode,
    second: Mode,
}

impl Pair {
    fn difference(&self) -> f64 {
        (self.first.value.im - self.second.value.im).abs()
    }

    fn visibility(&self) -> f64 {
        let [a, b] = [self.first, self.second].map(|mode| mode.amplitude.norm());
        2.0 * a.min(b) / (a + b)
    }

    fn before_decay(&self) -> f64 {
        let slowest = (-self.first.value.re).max(-self.second.value.re);
        self.difference() / (TAU * slowest)
    }

    fn resolved(&self) -> bool {
        self.before_decay() >= 0.5 && self.visibility() > 0.2
    }

    /// The first t > 0 at which a e^(lambda_1 t) and b e^(lambda_2 t) have opposite phases; the first mode is the faster one.
    fn opposition(&self, a: C, b: C) -> f64 {
        (PI - (a * b.conj()).arg()).rem_euclid(TAU) / self.difference()
    }

    /// The first minima, t > 0, of |a e^(lambda_1 t) + b e^(lambda_2 t)|; NaN where decay leaves none.
    fn minima(&self, a: C, b: C, count: usize) -> Vec<f64> {
        let (faster, slower) = (self.first.value, self.second.value);
        let (first, difference) = (self.opposition(a, b), self.difference());
        let size = |t: f64| ((faster * t).exp() * a + (slower * t).exp() * b).norm_sqr();
        let slope = |t: f64| {
            let (p, q) = ((faster * t).exp() * a, (slower * t).exp() * b);
            2.0 * ((p + q).conj() * (faster * p + slower * q)).re
        };
        let refined = |n: usize| {
            let middle = first + n as f64 * TAU / difference;
            let half = 0.25 * TAU / difference;
            minimum(middle - half, middle + half, &size, &slope)
        };
        (0..count).map(refined).collect()
    }

    fn nodes(&self, count: usize) -> Vec<f64> {
        let flow = |mode: Mode| mode.amplitude * mode.value;
        let first = self.opposition(flow(self.first), flow(self.second));
        let period = TAU / self.difference();
        (0..count).map(|n| first + n as f64 * period).collect()
    }

    fn envelope_minima(&self, count: usize) -> Vec<f64> {
        self.minima(self.first.amplitude, self.second.amplitude, count)
    }
}

/// The minimum of a function between two times, by the sign of its slope; NaN where it has none inside.
fn minimum(from: f64, to: f64, size: &dyn Fn(f64) -> f64, slope: &dyn Fn(f64) -> f64) -> f64 {
    const CUTS: usize = 64;
    let at = |k: usize| from + (to - from) * k as f64 / CUTS as f64;
    let least = (0..=CUTS).min_by(|&a, &b| size(at(a)).total_cmp(&size(at(b))));
    let Some(least) = least.filter(|&k| k > 0 && k < CUTS) else {
        return f64::NAN;
    };
    let (mut low, mut high) = (at(least - 1), at(least + 1));
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        match slope(middle) < 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    0.5 * (low + high)
}

impl Analysis for Beats {
    fn name(&self) -> &'static str {
        "beats"
    }

    fn meaning(&self) -> &'static str {
        "pairs of modes of nearly equal frequency, and the envelope that they make"
    }

    fn options(&self) -> &'static [Parameter] {
        OPTIONS
    }

    fn check(&self, subject: &Subject<'_>) -> Result<(), BuildError> {
        let Ok(levels) = Levels::build(subject.parameters) else {
            // The model says so itself.
            return Ok(());
        };
        levels.chosen(subject.options, "observable").map(|_| ())
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let (levels, lindblad) = asked(subject)?;
        let Some(start) = start(subject, &levels) else {
            return Err(AnalysisError::Failed(
                "beats depend on where the state starts: give [initial] rho".into(),
            ));
        };
        let failed = |error: BuildError| AnalysisError::Failed(error.to_string());
        let (_, group) = levels
            .chosen(subject.options, "observable")
            .map_err(failed)?;
        let spectrum = Spectrum::new(&lindblad)?;
        let mut w = vec![0.0; start.len()];
        group.iter().for_each(|&level| w[level] = 1.0);
        let modes = modes(&spectrum, &spectrum.amplitudes(&w, &start));
        let pairs = pairs(&modes);
        let count = usize::try_from(subject.options.integer("nodes")).unwrap_or(1);
        let twins = pairs
            .iter()
            .map(|pair| match pair.resolved() {
                true => twin(&lindblad, &w, &start, pair),
                // What is not resolved has no envelope to speak of.
                false => f64::NAN,
            })
            .collect();
        Ok(tell(&spectrum, &modes, &pairs, twins, count))
    }
}

/// The modes that are seen turning; those of one eigenvalue are one.
fn modes(spectrum: &Spectrum, amplitudes: &[C]) -> Vec<Mode> {
    // Eigenvalues of one block come out apart by rounding, more so where they are many.
    let equal = 100.0 * EQUAL * spectrum.size;
    let mut modes: Vec<Mode> = Vec::new();
    for (&value, &amplitude) in spectrum.values.iter().zip(amplitudes) {
        if value.im <= equal {
            continue;
        }
        match modes
            .iter_mut()
            .find(|mode| (mode.value - value).norm() <= equal)
        {
            Some(mode) => mode.amplitude += amplitude,
            None => modes.push(Mode { value, amplitude }),
        }
    }
    modes.retain(|mode| mode.amplitude.norm() >= SEEN);
    modes
}

fn pairs(modes: &[Mode]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (k, first) in modes.iter().enumerate() {
        for second in &modes[k + 1..] {
            let (a, b) = (first.value.im, second.value.im);
            let apart = (a - b).abs();
            if apart > 1e-7 * (a + b) && apart < NEAR * 0.5 * (a + b) {
                let (first, second) = if a >= b {
                    (*first, *second)
                } else {
                    (*second, *first)
                };
                pairs.push(Pair { first, second });
            }
        }
    }
    pairs.sort_by(|a, b| b.visibility().total_cmp(&a.visibility()));
    pairs
}

/// The first minimum of the envelope of O(t) in time, found without modes; NaN if there is none.
fn twin(lindblad: &Lindblad, w: &[f64], start: &[f64], pair: &Pair) -> f64 {
    let carrier = 0.5 * (pair.first.value.im + pair.second.value.im);
    let span = 2.0 * TAU / pair.difference();
    envelope::first_minimum(lindblad, w, start, carrier, span)
}

fn tell(
    spectrum: &Spectrum,
    modes: &[Mode],
    pairs: &[Pair],
    twins: Vec<f64>,
    count: usize,
) -> Findings {
    let pair = |name: &str, unit: &str, meaning: &str| {
        Variable::new(name, vec![Axis::new("pair", pairs.len())])
            .unit(unit)
            .meaning(meaning)
    };
    let grid = |name: &str, meaning: &str| {
        let axes = vec![Axis::new("pair", pairs.len()), Axis::new("node", count)];
        Variable::new(name, axes).unit("time").meaning(meaning)
    };
    let mode = |name: &str, unit: &str, meaning: &str| {
        Variable::new(name, vec![Axis::new("mode", modes.len())])
            .unit(unit)
            .meaning(meaning)
    };
    let of = |value: &dyn Fn(&Pair) -> f64| Data::Real(pairs.iter().map(value).collect());
    let of_modes = |value: &dyn Fn(&Mode) -> f64| Data::Real(modes.iter().map(value).collect());
    // Rounding decides nothing: a mode on the border is not deep.
    let margin = 100.0 * EQUAL * spectrum.size;
    let deep = |value: &C| value.im > margin && value.im > margin - value.re;
    let depth = spectrum.values.iter().filter(|value| deep(value)).count();
    let mut findings = Findings::default()
        .array(
            pair("period", "time", "2 pi/|w_1 - w_2|"),
            of(&|p| TAU / p.difference()),
        )
        .array(
            pair("frequency_1", "1/time", "the faster angular frequency"),
            of(&|p| p.first.value.im),
        )
        .array(
            pair("frequency_2", "1/time", "the slower angular frequency"),
            of(&|p| p.second.value.im),
        )
        .array(
            pair("visibility", "1", "2 min(|A_1|, |A_2|)/(|A_1| + |A_2|)"),
            of(&Pair::visibility),
        )
        .array(
            pair(
                "beats_before_decay",
                "1",
                "beats within the decay time of the faster decaying mode",
            ),
            of(&Pair::before_decay),
        )
        .array(
            pair(
                "resolved",
                "1",
                "whether half a beat is seen before decay, with visibility above 0.2: 1 yes, 0 no",
            ),
            of(&|p| truth(Some(p.resolved()))),
        )
        .array(
            grid("node_times", "where the two flows cancel"),
            Data::Real(pairs.iter().flat_map(|p| p.nodes(count)).collect()),
        )
        .array(
            grid(
                "envelope_minima",
                "minima of |A_1 e^(lambda_1 t) + A_2 e^(lambda_2 t)|",
            ),
            Data::Real(
                pairs
                    .iter()
                    .flat_map(|p| p.envelope_minima(count))
                    .collect(),
            ),
        )
        .array(
            pair(
                "twin_minimum",
                "time",
                "the first minimum of the envelope of the time series of a resolved pair, found without modes",
            ),
            Data::Real(twins.clone()),
        )
        .array(
            mode(
                "mode_frequency",
                "1/time",
                "angular frequency of each mode that is seen",
            ),
            of_modes(&|m| m.value.im),
        )
        .array(
            mode("mode_decay", "1/time", "its decay rate"),
            of_modes(&|m| -m.value.re),
        )
        .array(
            mode("mode_amplitude", "1", "|A| of it"),
            of_modes(&|m| m.amplitude.norm()),
        )
        .array(
            Variable::new("depth", vec![]).meaning(
                "modes that turn more than they decay, |w|/(2 g) > 1/2, a pair counted once",
            ),
            Data::Count(vec![i64::try_from(depth).unwrap_or(i64::MAX)]),
        );
    findings.table = vec![
        [
            "frequencies",
            "period",
            "visibility",
            "beats",
            "resolved",
            "first node",
            "in time",
        ]
        .map(String::from)
        .to_vec(),
    ];
    for (pair, twin) in pairs.iter().zip(&twins) {
        findings.table.push(vec![
            format!("{:.6}, {:.6}", pair.first.value.im, pair.second.value.im),
            format!("{:.6}", TAU / pair.difference()),
            format!("{:.4}", pair.visibility()),
            format!("{:.2}", pair.before_decay()),
            if pair.resolved() { "yes" } else { "no" }.into(),
            format!("{:.6}", pair.nodes(1)[0]),
            match twin.is_nan() {
                true => "-".into(),
                false => format!("{twin:.3}"),
            },
        ]);
    }
    let period = pairs.first().map_or("none".into(), |pair| {
        format!("{:.6}", TAU / pair.difference())
    });
    findings.line = vec![
        ("pairs", pairs.len().to_string()),
        ("period", period),
        ("depth", depth.to_string()),
    ];
    if pairs.is_empty() {
        findings.table.clear();
        findings.remarks.push(format!(
            "nothing beats: of the modes that are seen turning, {} in all, no two have nearly equal frequencies",
            modes.len()
        ));
    }
    let scales: Vec<String> = modes
        .iter()
        .map(|mode| {
            format!(
                "decay {:.4}, period {:.4}",
                -1.0 / mode.value.re,
                TAU / mode.value.im
            )
        })
        .collect();
    if !scales.is_empty() {
        findings.remarks.push(format!(
            "time scales of the modes that are seen: {}",
            scales.join("; ")
        ));
    }
    findings.remarks.extend(spectrum.remark());
    findings
}
