//! What arXiv 2604.20524 and the papers before it claim of predictive networks, and the experiments that show it.
//!
//! Equations, law of the features and modular architecture are assumed; no network of the papers is reproduced, and no optimum is
//! claimed to be the global one.

use super::energy::{GAUSSIAN, Shares};
use super::inverse::Inverse;
use crate::prelude::*;

/// The claims of the papers, and those that are derived.
pub const CLAIMS: &[Claim] = &[
    Claim {
        statement: "tau_R >= 1",
        expected: "for any W with zero diagonal (proven: tr M = N)",
        verdict: Verdict::Holds,
        exhibits: &[RANDOM, SCAN],
        measure: nothing_is_faster,
    },
    Claim {
        statement: "optimal energy and robustness alone can leave a network slow or unstable",
        expected: "min Re lambda below 0.5",
        verdict: Verdict::Holds,
        exhibits: &[FREE, DETECTOR_FREE],
        measure: free_optima_are_slow,
    },
    Claim {
        statement: "the response time can be brought to its bound, energy and robustness kept",
        expected: "E within 1e-6 of its bound, tau_R at most 1.02",
        verdict: Verdict::Holds,
        exhibits: &[FASTEST],
        measure: speed_costs_nothing,
    },
    Claim {
        statement: "the response time can be brought to its bound, detection kept",
        expected: "E within 1 % of the free optimum, SNR above 1e6, tau_R at most 1.02",
        verdict: Verdict::Holds,
        exhibits: &[DETECTOR, DETECTOR_FREE],
        measure: detection_is_kept,
    },
    Claim {
        statement: "one unit detects each non-Gaussian feature, before and after control",
        expected: "SNR above 1e6 in exactly one unit for each feature",
        verdict: Verdict::Holds,
        exhibits: &[DETECTOR_FREE, DETECTOR, LOCAL],
        measure: one_unit_detects,
    },
    Claim {
        statement: "modular networks with far fewer links match: Gaussian input",
        expected: "N links: E within 1e-6 of the bound, tau_R at most 1.02",
        verdict: Verdict::Holds,
        exhibits: &[PAIRS],
        measure: pairs_are_enough,
    },
    Claim {
        statement: "modular networks with far fewer links match: local features",
        expected: "two blocks: E within 1 % of all links",
        verdict: Verdict::Holds,
        exhibits: &[LOCAL, LOCAL_ALL],
        measure: blocks_are_enough,
    },
    Claim {
        statement: "modular networks with far fewer links match: a dense feature",
        expected: "at most 55 % of the links: E within 5 % of the free optimum, SNR above 1e6, tau_R at most 1.02",
        verdict: Verdict::Caveat("it needs hubs, and costs some per cent"),
        exhibits: &[TWO_HUBS, DETECTOR_FREE],
        measure: hubs_are_enough,
    },
    Claim {
        statement: "derived: strictly separate blocks fail on a dense feature",
        expected: "no detection: SNR below 1.5, E above the free optimum by 5 %",
        verdict: Verdict::Holds,
        exhibits: &[BLOCKS, DETECTOR_FREE],
        measure: blocks_fail,
    },
    Claim {
        statement: "ideal-gas law E = N T",
        expected: "dE/dS = E/N to 1e-4; E = N T for every T below g_0 = 0.798, to 1e-6",
        verdict: Verdict::Holds,
        exhibits: &[GAS, GAUSSIAN_SCAN],
        measure: the_gas_is_ideal,
    },
    Claim {
        statement: "two discontinuous transitions when T is scanned with a feature",
        expected: "two jumps of E and S",
        verdict: Verdict::NotEstablished(
            "one jump of two, at eight units, from a few restarts each",
        ),
        exhibits: &[SCAN],
        measure: energy_jumps,
    },
];

/// An experiment of this family.
macro_rules! exhibit {
    ($file:literal) => {
        Exhibit::new(
            Verb::Optimize,
            $file,
            include_str!(concat!("../../configs/lateral-predictive-coding/", $file)),
        )
    };
}

const FREE: Exhibit = exhibit!("free.toml");
/// Five pairs of units.
const PAIRS: Exhibit = exhibit!("fastest.toml").set(&["model.parameters.modules=5"]);
const FASTEST: Exhibit = exhibit!("fastest.toml");
const DETECTOR_FREE: Exhibit = exhibit!("detector-free.toml");
const DETECTOR: Exhibit = exhibit!("detector.toml");
const TWO_HUBS: Exhibit = exhibit!("two-hubs.toml");
const BLOCKS: Exhibit = exhibit!("blocks.toml").quick(&["optimize.restarts=5"]);
const LOCAL: Exhibit = exhibit!("local.toml");
const LOCAL_ALL: Exhibit = LOCAL.set(&["model.parameters.modules=1"]);
const GAS: Exhibit = exhibit!("entropy-sweep.toml");
const SCAN: Exhibit = exhibit!("temperature-sweep.toml").quick(&["optimize.restarts=6"]);
const GAUSSIAN_SCAN: Exhibit = exhibit!("temperature-sweep.toml")
    .set(&["model.parameters={units = 8}", "optimize.restarts=3"]);
const RANDOM: Exhibit = Exhibit::new(
    Verb::Run,
    "relaxation.toml",
    include_str!("../../configs/lateral-predictive-coding/relaxation.toml"),
)
.set(&[
    r#"model.parameters={units = 20, weights = {random = "symmetric", scale = 0.2, redraw = "member"}}"#,
    r#"record={variables = [], observables = ["response_time", "energy", "bound"]}"#,
    "ensemble.members=1000",
    "time.stop=0.1",
]);

/// What a response time may exceed its bound by.
const FAST: f64 = 1.02;
/// A signal-to-noise ratio that is infinite but for rounding.
const DETECTS: f64 = 1e6;

fn nothing_is_faster(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let random = results.array("response_time")?;
    let optimal = results.of(1, "response_time")?;
    let (energy, bound) = (results.array("energy")?, results.array("bound")?);
    let above = energy.iter().zip(bound.iter()).map(|(e, bound)| e - bound);
    let above = above.collect::<Numbers>().least();
    let text = format!(
        "least tau_R {:.6} of {} random networks (E at least {above:.2} above its bound), {:.6} of {} optima",
        random.least(),
        random.len(),
        optimal.least(),
        optimal.len()
    );
    let passes = random.least() >= 1.0 - 1e-9 && optimal.least() >= 1.0 - 1e-9 && above >= 0.0;
    Ok(Measured::new(text, random.len() >= 1000 && passes))
}

fn free_optima_are_slow(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let slowest = [
        results.of(0, "slowest_mode")?.at(0),
        results.of(1, "slowest_mode")?.at(0),
    ];
    let text = format!(
        "{:.2} (Gaussian input), {:.2} (one feature)",
        slowest[0], slowest[1]
    );
    Ok(Measured::new(
        text,
        slowest.iter().all(|&slowest| slowest < 0.5),
    ))
}

/// Whether a Gaussian optimum is at the bound of its energy and of its response time, and how this is told.
fn at_both_bounds(results: &Results<'_>) -> Result<(String, bool), NotMeasured> {
    let (energy, bound) = (results.number("energy")?, results.number("bound")?);
    let time = results.number("response_time")?;
    let starts = results.array("restart_objective")?;
    let text = format!(
        "E = {energy:.9}, bound {bound:.9}, tau_R = {time:.9}, {} starts within {}",
        starts.len(),
        small(starts.spread())
    );
    Ok((text, (energy - bound).abs() < 1e-6 && time <= FAST))
}

fn speed_costs_nothing(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (text, passes) = at_both_bounds(results)?;
    let robustness = results.number("entropy")?;
    Ok(Measured::new(
        text,
        passes && (robustness + 10.0).abs() < 1e-9,
    ))
}

fn pairs_are_enough(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (text, passes) = at_both_bounds(results)?;
    let links = results.number("links")?;
    let text = format!("{links} links of 90: {text}");
    Ok(Measured::new(text, passes && links == 10.0))
}

/// How far the first experiment lies above the second in energy, as a share.
fn dearer(results: &Results<'_>) -> Result<f64, NotMeasured> {
    Ok(results.number("energy")? / results.of(1, "energy")?.at(0) - 1.0)
}

fn detection_is_kept(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (dearer, time) = (dearer(results)?, results.number("response_time")?);
    let ratio = results.array("snr")?.least();
    let text = format!(
        "E {:+.2} %, SNR {ratio:.0e}, tau_R {time:.4}",
        100.0 * dearer
    );
    Ok(Measured::new(
        text,
        dearer < 0.01 && ratio > DETECTS && time <= FAST,
    ))
}

/// For each feature, how many units detect it.
fn detectors(results: &Results<'_>, experiment: usize) -> Result<Vec<usize>, NotMeasured> {
    let weights = results.of(experiment, "weights")?;
    let mixing = results.of(experiment, "parameters/features_mixing")?;
    let (units, features) = match (weights.shape.as_slice(), mixing.shape.as_slice()) {
        ([n, _], [m, features]) if n == m => (*n, *features),
        _ => {
            return Err(NotMeasured(
                "weights and features do not fit each other".into(),
            ));
        }
    };
    let mut m = weights.values.clone();
    for i in 0..units {
        m[i * units + i] += 1.0;
    }
    let directions: Vec<Vec<f64>> = (0..features)
        .map(|feature| {
            mixing
                .iter()
                .skip(feature)
                .step_by(features)
                .copied()
                .collect()
        })
        .collect();
    let inverse = Inverse::of(units, &m);
    let mut shares = Shares::default();
    let mut count = vec![0; features];
    for row in inverse.b.chunks_exact(units) {
        shares.take(row, &directions);
        for (feature, count) in count.iter_mut().enumerate() {
            *count += usize::from(shares.signal_to_noise(feature) > DETECTS);
        }
    }
    Ok(count)
}

fn one_unit_detects(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (before, after) = (detectors(results, 0)?, detectors(results, 1)?);
    let two = detectors(results, 2)?;
    let text = format!(
        "units that detect: {} before, {} after control; {} and {} of two local features",
        before[0], after[0], two[0], two[1]
    );
    let each = before
        .iter()
        .chain(&after)
        .chain(&two)
        .all(|&count| count == 1);
    Ok(Measured::new(text, each))
}

fn blocks_are_enough(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (dearer, time) = (dearer(results)?, results.number("response_time")?);
    let links = [results.number("links")?, results.of(1, "links")?.at(0)];
    let text = format!(
        "E {:+.2} % with {} links of {}; tau_R {time:.4}",
        100.0 * dearer,
        links[0],
        links[1]
    );
    Ok(Measured::new(
        text,
        dearer < 0.01 && links[0] < 0.5 * links[1] && time <= FAST,
    ))
}

fn hubs_are_enough(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (dearer, time) = (dearer(results)?, results.number("response_time")?);
    let (ratio, links) = (results.array("snr")?.least(), results.number("links")?);
    let text = format!(
        "E {:+.1} % with {links} links of 90, SNR {ratio:.0e}, tau_R {time:.4}",
        100.0 * dearer
    );
    let passes = dearer < 0.05 && ratio > DETECTS && time <= FAST && links <= 0.55 * 90.0;
    Ok(Measured::new(text, passes))
}

fn blocks_fail(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (dearer, ratio) = (dearer(results)?, results.array("snr")?.most());
    let text = format!("SNR {ratio:.1}, E {:+.1} %", 100.0 * dearer);
    Ok(Measured::new(text, ratio < 1.5 && dearer > 0.05))
}

fn the_gas_is_ideal(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    const UNITS: f64 = 6.0;
    let (entropy, energy) = (results.array("s")?, results.array("energy")?);
    // E ~ exp(S/N): the centred difference has a known factor.
    let off = (1..energy.len().saturating_sub(1)).map(|k| {
        let width = entropy.at(k + 1) - entropy.at(k);
        let slope = 0.5 * (energy.at(k + 1) - energy.at(k - 1));
        (slope / (energy.at(k) * (width / UNITS).sinh()) - 1.0).abs()
    });
    let off = off.collect::<Numbers>().most();
    let (temperature, scanned) = (results.of(1, "temperature")?, results.of(1, "energy")?);
    let units = results.of(1, "parameters/units")?.at(0);
    let low = temperature
        .iter()
        .zip(scanned.iter())
        .filter(|(t, _)| **t < GAUSSIAN);
    let ratios: Numbers = low
        .map(|(t, energy)| (energy / (units * t) - 1.0).abs())
        .collect();
    let text = format!(
        "dE/dS to {} at {} S; E = N T to {} at {} T",
        small(off),
        energy.len().saturating_sub(2),
        small(ratios.most()),
        ratios.len()
    );
    Ok(Measured::new(text, off < 1e-4 && ratios.most() < 1e-6))
}

fn energy_jumps(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (t, e, s) = (
        results.array("temperature")?,
        results.array("energy")?,
        results.array("entropy")?,
    );
    // Up to the first jump the branches are clean; beyond it restarts scatter.
    let jump = (0..s.len().saturating_sub(1)).find(|&k| s.at(k + 1) - s.at(k) > 1.5);
    let Some(k) = jump else {
        return Ok(Measured::new("no jump", false));
    };
    let text = format!(
        "one, between T = {:.2} and {:.2}: E from {:.1} to {:.1}, S from {:.2} to {:.2}",
        t.at(k),
        t.at(k + 1),
        e.at(k),
        e.at(k + 1),
        s.at(k),
        s.at(k + 1)
    );
    Ok(Measured::new(text, e.at(k + 1) - e.at(k) > 2.0))
}
