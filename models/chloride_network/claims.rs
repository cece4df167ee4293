//! What arXiv 2604.15747 claims of seizures over the chloride fraction, and the experiments that show it.
//!
//! The stages are qualitative: the paper's own borders, lattice, stimulus and counting rules are not known here. Times in
//! the archives are in ms.

use crate::prelude::*;

/// The claims of the paper, and the control without which those at high fractions would be misread.
pub const CLAIMS: &[Claim] = &[
    Claim {
        statement: "low chi: no initiation, or a short one",
        expected: "chi 0.10: none; 0.16: over before 12 s; on the line and on the disc",
        verdict: Verdict::Holds,
        exhibits: &[LADDER, DISC],
        measure: low_is_short,
    },
    Claim {
        statement: "intermediate chi bypasses the tonic stage",
        expected: "chi 0.16: bursts, no tonic interval above 1 s, by both schemes",
        verdict: Verdict::Holds,
        exhibits: &[LADDER, EQUATIONS],
        measure: intermediate_is_clonic,
    },
    Claim {
        statement: "high chi: tonic, then clonic, of distinct amplitude and frequency",
        expected: "chi 0.25: tonic for 8 s or more, then bursts at 4 to 6 Hz, whose field potential swings more than 5 times as far",
        verdict: Verdict::Holds,
        exhibits: &[LADDER, TONIC_CLONIC],
        measure: high_is_tonic_clonic,
    },
    Claim {
        statement: "more excitation enlarges the tonic-clonic region",
        expected: "for GE 85, 92.5, 100, 110 the stage does not fall at any chi, and ends tonic-clonic at 0.16",
        verdict: Verdict::Holds,
        exhibits: &[EXCITATION],
        measure: excitation_enlarges,
    },
    Claim {
        statement: "more inhibition prolongs the pre-ictal stage and suppresses clonic activity",
        expected: "for GI 250, 300, 350, 400 latency rises; the stage does not rise at any chi, and ends as none at 0.16",
        verdict: Verdict::Holds,
        exhibits: &[LATENCY, INHIBITION],
        measure: inhibition_suppresses,
    },
    Claim {
        statement: "high chi is insensitive to inhibition",
        expected: "chi 0.5, GI 250 to 450: rate within 5 %, chloride within 3 %",
        verdict: Verdict::Caveat(
            "initiation, level and chloride; the onset of bursts still moves, and rest is unstable there, so nothing of it is evoked",
        ),
        exhibits: &[HIGH_INHIBITION, CONTROL],
        measure: high_is_insensitive,
    },
    Claim {
        statement: "control: seizures up to chi 0.25 are evoked",
        expected: "without a stimulus nothing happens at 0.16, 0.20, 0.25",
        verdict: Verdict::Holds,
        exhibits: &[CONTROL],
        measure: rest_is_stable,
    },
    Claim {
        statement: "spiral waves at high chi",
        expected: "disc with noise, several seeds: no singularities at chi 0.10, above 1.5 per frame in some 5 s at 0.40 for one of them",
        verdict: Verdict::NotEstablished(
            "seeds differ by a factor of seven, cores were not followed for more than a rotation, and at 0.40 the field ignites without a stimulus",
        ),
        exhibits: &[SPIRALS],
        measure: singularities,
    },
];

const LADDER: Exhibit = Exhibit::new(
    Verb::Run,
    "ladder.toml",
    include_str!("../../configs/chloride-network/ladder.toml"),
);
const EQUATIONS: Exhibit = LADDER.set(&[
    r#"sweep.axes={"model.parameters.chloride_fraction" = [0.16]}"#,
    r#"solver={method = "tsit5", rtol = 1e-7, atol = 1e-9}"#,
    "time.save=0.25",
    "time.stop=12000.0",
]);
const DISC: Exhibit = Exhibit::new(
    Verb::Run,
    "disc.toml",
    include_str!("../../configs/chloride-network/disc.toml"),
)
.set(&[
    r#"sweep.axes={"model.parameters.chloride_fraction" = [0.10, 0.16, 0.18]}"#,
    // Beyond the 12 s of the claim, so that a seizure that goes on is seen.
    "time.stop=14000.0",
]);
const TONIC_CLONIC: Exhibit = Exhibit::new(
    Verb::Run,
    "tonic-clonic.toml",
    include_str!("../../configs/chloride-network/tonic-clonic.toml"),
);
const EXCITATION: Exhibit = Exhibit::new(
    Verb::Run,
    "excitation.toml",
    include_str!("../../configs/chloride-network/excitation.toml"),
);
const INHIBITION: Exhibit = Exhibit::new(
    Verb::Run,
    "inhibition.toml",
    include_str!("../../configs/chloride-network/inhibition.toml"),
);
const LATENCY: Exhibit = Exhibit::new(
    Verb::Run,
    "latency.toml",
    include_str!("../../configs/chloride-network/latency.toml"),
);
const HIGH_INHIBITION: Exhibit = Exhibit::new(
    Verb::Run,
    "high-inhibition.toml",
    include_str!("../../configs/chloride-network/high-inhibition.toml"),
);
const CONTROL: Exhibit = Exhibit::new(
    Verb::Run,
    "ladder-control.toml",
    include_str!("../../configs/chloride-network/ladder-control.toml"),
);
const SPIRALS: Exhibit = Exhibit::new(
    Verb::Run,
    "spirals.toml",
    include_str!("../../configs/chloride-network/spirals.toml"),
)
.set(&[
    "seed=1",
    "ensemble.members=3",
    r#"sweep.axes={"model.parameters.chloride_fraction" = [0.1, 0.4]}"#,
])
.quick(&["ensemble.members=2"]);

/// Stages as the analysis codes them, from none upwards.
const STAGES: [&str; 4] = ["none", "clonic", "mixed", "tonic-clonic"];
const NONE: f64 = 0.0;
const CLONIC: f64 = 1.0;
const TONIC_CLONIC_STAGE: f64 = 3.0;

/// The name of a stage.
fn told(stage: f64) -> &'static str {
    let place = (0..STAGES.len()).find(|place| *place as f64 == stage);
    place.map_or("unknown", |place| STAGES[place])
}

/// What the analysis of stages left.
fn stages(results: &Results<'_>, experiment: usize, name: &str) -> Result<Numbers, NotMeasured> {
    results.of(experiment, &format!("analysis/seizure-stages/{name}"))
}

/// Where an axis has this value.
fn place(axis: &[f64], value: f64) -> usize {
    axis.iter()
        .position(|one| *one == value)
        .unwrap_or(usize::MAX)
}

fn low_is_short(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let mut texts = Vec::new();
    let mut passes = true;
    for (experiment, geometry) in ["line", "disc"].into_iter().enumerate() {
        let chi = results.of(experiment, "chloride_fraction")?;
        let stage = stages(results, experiment, "stage")?;
        let end = stages(results, experiment, "ictal_end")?;
        let [low, short] = [0.10, 0.16].map(|value| place(&chi, value));
        let over = end.at(short) / 1000.0;
        passes &= stage.at(low) == NONE && over < 12.0;
        texts.push(format!(
            "{geometry}: 0.10 {}, 0.16 {}, over at {over:.1} s",
            told(stage.at(low)),
            told(stage.at(short))
        ));
    }
    Ok(Measured::new(texts.join("; "), passes))
}

fn intermediate_is_clonic(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let mut texts = Vec::new();
    let mut passes = true;
    for (experiment, scheme) in ["las", "tsit5"].into_iter().enumerate() {
        let at = place(&results.of(experiment, "chloride_fraction")?, 0.16);
        let of = |name| Ok(stages(results, experiment, name)?.at(at));
        let (stage, tonic) = (of("stage")?, of("tonic_length")?);
        let (bursts, onset) = (of("burst_count")?, of("clonic_onset")? / 1000.0);
        passes &= stage == CLONIC && tonic <= 1000.0 && bursts >= 2.0;
        let tonic = tonic / 1000.0;
        texts.push(format!(
            "{scheme}: {bursts} bursts from {onset:.2} s on, tonic for {tonic} s"
        ));
    }
    Ok(Measured::new(texts.join("; "), passes))
}

fn high_is_tonic_clonic(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let mut texts = Vec::new();
    let mut passes = true;
    for (experiment, scheme) in ["las", "tsit5"].into_iter().enumerate() {
        let at = match experiment {
            0 => place(&results.array("chloride_fraction")?, 0.25),
            _ => 0,
        };
        let of = |name| Ok(stages(results, experiment, name)?.at(at));
        let (stage, tonic) = (of("stage")?, of("tonic_length")? / 1000.0);
        let frequency = of("clonic_frequency")?;
        let (clonic, steady) = (of("lfp_swing_clonic")?, of("lfp_swing_tonic")?);
        passes &= stage == TONIC_CLONIC_STAGE
            && tonic >= 8.0
            && (4.0..=6.0).contains(&frequency)
            && clonic > 5.0 * steady;
        texts.push(format!(
            "{scheme}: tonic for {tonic:.1} s, then {frequency:.2} Hz, {clonic:.0} against {steady:.0} pA"
        ));
    }
    Ok(Measured::new(texts.join("; "), passes))
}

/// The stages of the rows of a diagram, one row for each fraction, and whether no stage falls (or rises) along any of them.
fn diagram(
    results: &Results<'_>,
    experiment: usize,
    rising: bool,
) -> Result<(Numbers, bool, String), NotMeasured> {
    const COLUMNS: usize = 4;
    let stage = stages(results, experiment, "stage")?;
    let chi = results.of(experiment, "chloride_fraction")?;
    let ordered = stage.chunks(COLUMNS).all(|row| {
        row.windows(2).all(|two| {
            if rising {
                two[0] <= two[1]
            } else {
                two[0] >= two[1]
            }
        })
    });
    let rows = stage.chunks(COLUMNS).zip(chi.iter()).map(|(row, chi)| {
        let names: Vec<&str> = row.iter().map(|stage| told(*stage)).collect();
        format!("{chi}: {}", names.join(", "))
    });
    let text = rows.collect::<Vec<_>>().join("; ");
    let from = place(&chi, 0.16).saturating_mul(COLUMNS);
    let row = (0..COLUMNS).map(|column| stage.at(from.saturating_add(column)));
    Ok((
        row.collect(),
        ordered && stage.len() == COLUMNS * chi.len(),
        text,
    ))
}

fn excitation_enlarges(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let (row, ordered, text) = diagram(results, 0, true)?;
    Ok(Measured::new(
        text,
        ordered && row.end() == TONIC_CLONIC_STAGE && row.at(0) == NONE,
    ))
}

fn inhibition_suppresses(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    // The current begins at 2 s.
    let latency = results.array("recruited_latency")?;
    let latency: Numbers = latency.iter().map(|time| time / 1000.0 - 2.0).collect();
    let (row, ordered, stages) = diagram(results, 1, false)?;
    let told: Vec<String> = latency.iter().map(|time| format!("{time:.2}")).collect();
    let text = format!("latency {} s; {stages}", told.join(", "));
    let prolonged = latency.len() == 4 && latency.windows(2).all(|two| two[0] < two[1]);
    Ok(Measured::new(
        text,
        prolonged && ordered && row.end() == NONE && row.at(0) > NONE,
    ))
}

fn high_is_insensitive(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let strengths = results.array("inhibitory_strength")?;
    let rates = results.array("rate")?;
    let samples = (rates.len() / strengths.len().max(1)).max(1);
    // Between 6 and 11 s, a sample each ms.
    let mean = |run: &[f64]| {
        let late = run.get(6000..11_000).unwrap_or(&[f64::NAN]);
        late.iter().sum::<f64>() / late.len() as f64
    };
    let rates: Numbers = rates.chunks(samples).map(mean).collect();
    let chloride = stages(results, 0, "peak_chloride")?;
    let share = |values: &Numbers| values.spread() / values.most();
    let chi = results.of(1, "chloride_fraction")?;
    let alone = results.of(1, "recruited_first_passage")?;
    let text = format!(
        "rate {:.1} to {:.1} Hz ({:.1} %), chloride {:.1} to {:.1} mM ({:.1} %); without a stimulus it ignites at {:.1} s",
        rates.least(),
        rates.most(),
        100.0 * share(&rates),
        chloride.least(),
        chloride.most(),
        100.0 * share(&chloride),
        alone.at(place(&chi, 0.5)) / 1000.0
    );
    let passes = rates.len() == 5 && share(&rates) < 0.05 && share(&chloride) < 0.03;
    Ok(Measured::new(text, passes))
}

fn rest_is_stable(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let chi = results.array("chloride_fraction")?;
    // NaN if it never ignites.
    let ignites = results.array("recruited_first_passage")?;
    let told = chi
        .iter()
        .zip(ignites.iter())
        .map(|(chi, when)| match when.is_nan() {
            true => format!("{chi}: rest"),
            false => format!("{chi}: ignites at {:.1} s", when / 1000.0),
        });
    let text = told.collect::<Vec<_>>().join("; ");
    let evoked = [0.16, 0.20, 0.25].map(|value| place(&chi, value));
    let passes = evoked
        .iter()
        .all(|&at| ignites.get(at).is_some_and(|when| when.is_nan()));
    Ok(Measured::new(text, passes))
}

fn singularities(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let counts = stages(results, 0, "spiral_count")?;
    let (low, high) = counts.split_at(counts.len() / 2);
    let told = |counts: &[f64]| {
        let told: Vec<String> = counts.iter().map(|count| format!("{count:.2}")).collect();
        told.join(", ")
    };
    let text = format!("{} at 0.10; {} at 0.40", told(low), told(high));
    let passes = low.len() >= 2
        && low.iter().all(|&count| count == 0.0)
        && high.iter().any(|&count| count > 1.5);
    Ok(Measured::new(text, passes))
}
