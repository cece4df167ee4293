//! What arXiv 2604.19662 finds in judgements of two vibrations, and the experiments that show it in this model.
//!
//! The model is a reconstruction: no data and no fit of the paper are reproduced.

use crate::prelude::*;

/// The findings by number, and what is derived.
pub const CLAIMS: &[Claim] = &[
    Claim {
        statement: "F1, F2: judgements depend on order, and the prior decides how",
        expected: "sign of (1 - w)((a + b)/2 - mu) for every pair; mean effects of both signs by mu alone",
        verdict: Verdict::Holds,
        exhibits: &[PRIORS],
        measure: the_prior_decides,
    },
    Claim {
        statement: "F4: few parameters, many kinds of subjects",
        expected: "both signs of the asymmetry, 4 to 11 of 16 significant",
        verdict: Verdict::Caveat("the spread of prior means was chosen to match"),
        exhibits: &[FIT],
        measure: subjects_differ,
    },
    Claim {
        statement: "F5: few parameters, recoverable",
        expected: "correlations with the truth above 0.85 (mu), 0.85 (w), 0.8 (sigma_eff)",
        verdict: Verdict::Caveat("three quantities, from one interval"),
        exhibits: &[SUBJECTS, FIT],
        measure: parameters_are_recovered,
    },
    Claim {
        statement: "F5, its limit: one interval does not tell the prior's width and the time constant apart",
        expected: "`fit` says so for each subject, and finds the same likelihood",
        verdict: Verdict::Holds,
        exhibits: &[WIDE_FIT, FIT],
        measure: the_fit_warns,
    },
    Claim {
        statement: "F6: a subject-dependent space with approximate symmetries",
        expected: "exact with constant noise; with Weber noise 10 times better than in physical coordinates",
        verdict: Verdict::Holds,
        exhibits: &[PAIRS, WEBER],
        measure: percepts_are_symmetric,
    },
    Claim {
        statement: "derived: the interval tells the rules apart",
        expected: "from 0.5 to 4 s w falls under `reference` and rises under `stored`",
        verdict: Verdict::Holds,
        exhibits: &[INTERVALS],
        measure: the_interval_tells,
    },
    Claim {
        statement: "F7: about half of 16 participants show an asymmetry, in both directions",
        expected: "the paper's data",
        verdict: Verdict::NotEstablished(
            "known from a secondary account only; agreement of the synthetic subjects was chosen, and is no evidence",
        ),
        exhibits: &[],
        measure: |_| Ok(Measured::new("nothing: the data are not at hand", true)),
    },
];

/// An experiment of this family.
macro_rules! exhibit {
    ($verb:ident, $file:literal) => {
        Exhibit::new(
            Verb::$verb,
            $file,
            include_str!(concat!("../../configs/bayesian-perception/", $file)),
        )
    };
}

const DATA: &[(&str, &[u8])] = &[(
    "subjects.csv",
    include_bytes!("../../configs/bayesian-perception/subjects.csv"),
)];
const FIT: Exhibit = exhibit!(Fit, "fit-subjects.toml").data(DATA);
const WIDE_FIT: Exhibit = FIT.set(&[
    "fit.free={prior_mean = [0.0, 1.2], prior_sd = [0.05, 1.0], time_constant = [0.3, 20.0], noise_sd = [0.02, 0.5]}",
    "fit.variants={}",
    "fit.bootstrap=0",
]);
const SUBJECTS: Exhibit = exhibit!(Run, "subjects.toml");
const PRIORS: Exhibit = exhibit!(Analyze, "prior-sweep.toml");
const PAIRS: Exhibit = exhibit!(Analyze, "pairs.toml");
const WEBER: Exhibit = exhibit!(Analyze, "weber.toml");
const INTERVALS: Exhibit = exhibit!(Analyze, "interval-sweep.toml");

fn the_prior_decides(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let mu = results.array("prior_mean")?;
    let of = |name: &str| results.array(&format!("analysis/time-order/{name}"));
    let (effect, weak, strong) = (of("effect")?, of("weak")?, of("strong")?);
    let pairs = effect.len() / mu.len().max(1);
    let mut wrong = 0;
    for (k, effect) in effect.iter().enumerate() {
        // w is below 1 in this file.
        let pull = 0.5 * (weak.at(k) + strong.at(k)) - mu.at(k / pairs.max(1));
        let agrees = match pull.abs() < 1e-9 {
            true => effect.abs() < 1e-9,
            false => effect * pull > 0.0,
        };
        wrong += usize::from(!agrees);
    }
    let means = effect
        .chunks(pairs.max(1))
        .map(|row| row.iter().sum::<f64>() / row.len() as f64);
    let means: Numbers = means.collect();
    let told: Vec<String> = means
        .iter()
        .map(|mean| format!("{:+.2}", mean + 0.0))
        .collect();
    let text = format!(
        "mean effect {} for mu = 0.1 to 0.9; {wrong} of {} pairs have another sign",
        told.join(", "),
        effect.len()
    );
    let passes = pairs == 10 && wrong == 0 && means.at(0) > 0.2 && means.end() < -0.2;
    Ok(Measured::new(text, passes))
}

/// The z of accuracy weak-first minus strong-first for each subject, from the judgements themselves.
fn asymmetries(results: &Results<'_>) -> Result<Numbers, NotMeasured> {
    let of = |name: &str| results.array(&format!("parameters/trials_{name}"));
    let (subject, response) = (of("subject")?, of("response")?);
    let (first, second) = (of("s1")?, of("s2")?);
    let of_one = |one: usize| {
        let (mut count, mut right) = ([0.0_f64; 2], [0.0_f64; 2]);
        let own = (0..subject.len()).filter(|&k| subject.at(k) == one as f64);
        for k in own.filter(|&k| first.at(k) != second.at(k)) {
            let strong_first = first.at(k) > second.at(k);
            count[usize::from(strong_first)] += 1.0;
            right[usize::from(strong_first)] += f64::from((response.at(k) == 1.0) != strong_first);
        }
        let share = (right[0] + right[1]) / (count[0] + count[1]);
        let deviation = (share * (1.0 - share) * (1.0 / count[0] + 1.0 / count[1])).sqrt();
        (right[0] / count[0] - right[1] / count[1]) / deviation
    };
    let last = subject.most();
    Ok((0..)
        .take_while(|&one| one as f64 <= last)
        .map(of_one)
        .collect())
}

fn subjects_differ(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    /// Of a two-sided test at 5 %.
    const SIGNIFICANT: f64 = 1.96;
    let z = asymmetries(results)?;
    let weak = z.iter().filter(|&&z| z > SIGNIFICANT).count();
    let strong = z.iter().filter(|&&z| z < -SIGNIFICANT).count();
    let text = format!(
        "{} of {} significant, {weak} weak-first and {strong} strong-first",
        weak + strong,
        z.len()
    );
    let passes = (4..=11).contains(&(weak + strong)) && weak > 0 && strong > 0;
    Ok(Measured::new(text, passes && z.len() == 16))
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (a, b) = (mean(x), mean(y));
    let sum = |f: fn(f64, f64) -> f64| -> f64 {
        let pairs = x.iter().zip(y);
        pairs.map(|(x, y)| f(x - a, y - b)).sum()
    };
    sum(|x, y| x * y) / (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt()
}

fn parameters_are_recovered(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let mu = results.array("prior_mean")?;
    // One interval of 1 s, the rule `static`.
    let w = results.array("time_constant")?;
    let w: Numbers = w.iter().map(|tau| (-1.0 / tau).exp()).collect();
    let noise = results.array("noise_sd")?;
    let noise = noise
        .iter()
        .zip(w.iter())
        .map(|(sd, w)| sd * 1.0_f64.hypot(*w));
    let noise: Numbers = noise.collect();
    let mut texts = Vec::new();
    let mut passes = mu.len() == 16;
    for (name, truth, least) in [
        ("prior_mean", mu, 0.85),
        ("w", w, 0.85),
        ("sigma_eff", noise, 0.8),
    ] {
        let found = results.of(1, name)?;
        let r = correlation(&found, &truth);
        passes &= r > least && found.len() == truth.len();
        texts.push(format!("{r:.2} ({name})"));
    }
    Ok(Measured::new(texts.join(", "), passes))
}

fn the_fit_warns(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let remarks = results.texts_of(0, "remarks")?;
    let warned = remarks
        .iter()
        .filter(|one| one.contains("cannot be told apart"))
        .count();
    let (wide, narrow) = (
        results.array("log_likelihood")?,
        results.of(1, "log_likelihood")?,
    );
    let better = wide
        .iter()
        .zip(narrow.iter())
        .map(|(wide, narrow)| wide - narrow);
    let better: Numbers = better.collect();
    let text = format!(
        "said for {warned} of {}; with one more parameter the log-likelihood is at most {} higher",
        remarks.len(),
        small(better.most().max(0.0))
    );
    Ok(Measured::new(
        text,
        warned == 16 && remarks.len() == 16 && better.most() < 1e-3,
    ))
}

fn percepts_are_symmetric(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let exact = results.number("analysis/stimulus-space/residual_perceptual_max")?;
    let ratio = results
        .of(1, "analysis/stimulus-space/symmetry_ratio")?
        .at(0);
    let text = format!("within {}; {ratio:.1} times", small(exact));
    Ok(Measured::new(text, exact < 1e-12 && ratio > 10.0))
}

fn the_interval_tells(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    // [rule, interval]; `reference` comes first, then `stored`.
    let w = results.array("analysis/stimulus-space/weight")?;
    let intervals = results.array("isi")?.len().max(1);
    let mut rules = w.chunks(intervals);
    let (reference, stored) = (rules.next().unwrap_or(&[]), rules.next().unwrap_or(&[]));
    let told = |w: &[f64]| match (w.first(), w.last()) {
        (Some(first), Some(last)) => format!("{first:.3} to {last:.3}"),
        _ => "-".into(),
    };
    let text = format!(
        "{} under `reference`; {} under `stored`",
        told(reference),
        told(stored)
    );
    let passes = intervals == 4
        && reference.windows(2).all(|two| two[1] < two[0])
        && stored.windows(2).all(|two| two[1] > two[0])
        && stored.len() == intervals;
    Ok(Measured::new(text, passes))
}
