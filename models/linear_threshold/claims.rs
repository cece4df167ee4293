//! What arXiv 2604.16710 claims of linear-threshold networks, and the experiments that show it.
//!
//! The networks are ours: the paper's own, its sizes and its seeds are not known here.

use crate::prelude::*;

/// The claims of the paper, and one that is derived.
pub const CLAIMS: &[Claim] = &[
    Claim {
        statement: "the family keeps the certificate and the equilibria",
        expected: "the same for every tau",
        verdict: Verdict::Holds,
        exhibits: &[THREE_EQUILIBRIA, CERTIFICATE],
        measure: the_family_keeps,
    },
    Claim {
        statement: "the fast limit is the projected flow",
        expected: "distance O(tau): slope 1, distance/tau of a neuron that falls silent to 1/(2e) = 0.1839; none away from the boundary",
        verdict: Verdict::Holds,
        exhibits: &[LIMITS, SILENT, INSIDE],
        measure: fast_is_projected,
    },
    Claim {
        statement: "the slow limit is the hard selector",
        expected: "distance O(1/tau): slope -1, distance times tau bounded",
        verdict: Verdict::Caveat(
            "the selector's formula is derived here, not quoted from the paper",
        ),
        exhibits: &[INSIDE],
        measure: slow_is_the_selector,
    },
    Claim {
        statement: "the projected flow is globally exponentially stable",
        expected: "the distance to the equilibrium in the metric P falls at least as exp(-c t): ratio at most 1",
        verdict: Verdict::Holds,
        exhibits: &[PROJECTED, RATES],
        measure: projected_contracts,
    },
    Claim {
        statement: "the hard selector is globally asymptotically stable",
        expected: "the gap G falls at least as exp(-d_min s): ratio at most 1, and G ends at 0",
        verdict: Verdict::Caveat("for the selector as it is written here"),
        exhibits: &[SELECTOR],
        measure: the_gap_closes,
    },
    Claim {
        statement: "the whole family converges",
        expected: "members with tau from 0.001 to 1000 end within 1e-5 of the equilibrium",
        verdict: Verdict::Caveat("evidence, here as in the paper, and no proof"),
        exhibits: &[FAST_MEMBERS, SLOW_MEMBERS],
        measure: members_converge,
    },
    Claim {
        statement: "the condition matters",
        expected: "without it two neurons end in one of two states, and a ring goes around in all three dynamics",
        verdict: Verdict::Holds,
        exhibits: &[TWO_STATES, RING, RING_PROJECTED, RING_SELECTOR],
        measure: without_the_condition,
    },
];

const BISTABLE: &str = include_str!("../../configs/linear-threshold/bistable.toml");
const PAIR: &str = include_str!("../../configs/linear-threshold/ei-pair.toml");
const LIMITS_TEXT: &str = include_str!("../../configs/linear-threshold/limits.toml");
const NETWORKS: &str = include_str!("../../configs/linear-threshold/stable-networks.toml");
const RING_TEXT: &str = include_str!("../../configs/linear-threshold/ring-oscillator.toml");

const TAUS: &str = r#"sweep.axes={"model.parameters.timescale" = [0.01, 0.1, 1.0, 10.0, 100.0]}"#;

const THREE_EQUILIBRIA: Exhibit =
    Exhibit::new(Verb::Analyze, "bistable.toml", BISTABLE).set(&["analysis.equilibria={}", TAUS]);
const CERTIFICATE: Exhibit =
    Exhibit::new(Verb::Analyze, "ei-pair.toml", PAIR).set(&["analysis.certificate={}", TAUS]);

const LIMITS: Exhibit = Exhibit::new(Verb::Analyze, "limits.toml", LIMITS_TEXT);
/// One neuron that the projected flow holds at the floor.
const SILENT: Exhibit = LIMITS.set(&[
    "model.parameters.weights=[[0.5]]",
    "model.parameters.dissipation=2.0",
    "model.parameters.input=-1.0",
    "model.parameters.ceiling=10.0",
    "initial.x=1.0",
    "analysis.limit.fast=[0.01, 0.001]",
]);
/// A pair that does not meet the boundary in the fast limit.
const INSIDE: Exhibit = LIMITS.set(&["model.parameters.input=[2.0, -1.0]"]);

const PROJECTED: Exhibit = Exhibit::new(Verb::Run, "stable-networks.toml", NETWORKS);
const RATES: Exhibit = Exhibit::new(Verb::Analyze, "stable-networks.toml", NETWORKS);
const SELECTOR: Exhibit = PROJECTED.set(&["model.dynamics=hard-selector"]);
const FAST_MEMBERS: Exhibit = PROJECTED
    .set(&[
        "model.dynamics=network",
        r#"sweep.axes={"model.parameters.timescale" = [0.001, 0.01, 0.1, 1.0]}"#,
        "record.trajectories=false",
        "solver.rtol=1e-9",
        "solver.atol=1e-11",
    ])
    .quick(&["ensemble.members=20"]);
const SLOW_MEMBERS: Exhibit = PROJECTED
    .set(&[
        "model.dynamics=network",
        "model.parameters.clock=slow",
        r#"sweep.axes={"model.parameters.timescale" = [10.0, 100.0, 1000.0]}"#,
        "record.trajectories=false",
        "solver.rtol=1e-9",
        "solver.atol=1e-11",
    ])
    .quick(&["ensemble.members=20"]);

const TWO_STATES: Exhibit = Exhibit::new(Verb::Run, "bistable.toml", BISTABLE)
    .set(&[r#"sweep.axes={"initial.x" = { name = "start", values = [[0.6, 0.5], [0.5, 0.6]] }}"#]);
const RING_SELECTOR: Exhibit = Exhibit::new(Verb::Run, "ring-oscillator.toml", RING_TEXT);
const RING_PROJECTED: Exhibit = RING_SELECTOR.set(&["model.dynamics=projected"]);
const RING: Exhibit = RING_SELECTOR.set(&["model.dynamics=network"]);

fn the_family_keeps(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    // [timescale, equilibrium, neuron]
    let found = results.array("analysis/equilibria/x")?;
    let counts = results.array("analysis/equilibria/count")?;
    let each = found.len() / counts.len().max(1);
    let apart = (0..each).map(|k| {
        let same = found.iter().skip(k).step_by(each.max(1));
        same.copied().collect::<Numbers>().spread()
    });
    let apart = apart.collect::<Numbers>().most();
    let rates = results.of(1, "analysis/certificate/rate")?;
    let text = format!(
        "tau = 0.01 to 100: {} equilibria, at most {} apart; rate of the certificate {:.6}, at most {} apart",
        counts.at(0),
        small(apart),
        rates.at(0),
        small(rates.spread())
    );
    let three = counts.least() == 3.0 && counts.most() == 3.0;
    let passes = three && apart < 1e-12 && rates.least() > 0.0 && rates.spread() < 1e-12;
    Ok(Measured::new(text, passes))
}

/// The distances of the members over their tau, by `by`.
fn scaled(
    results: &Results<'_>,
    experiment: usize,
    side: &str,
    by: fn(f64, f64) -> f64,
) -> Result<Numbers, NotMeasured> {
    let distances = results.of(experiment, &format!("analysis/limit/{side}_distance"))?;
    let taus = results.of(experiment, &format!("analysis/limit/{side}_timescale"))?;
    let pairs = distances.iter().zip(taus.iter());
    Ok(pairs.map(|(distance, tau)| by(*distance, *tau)).collect())
}

fn fast_is_projected(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let slope = results.number("analysis/limit/fast_slope")?;
    let ratios = scaled(results, 1, "fast", |distance, tau| distance / tau)?;
    let away = results.of(2, "analysis/limit/fast_distance")?.most();
    let theory = 0.5 * (-1.0_f64).exp();
    let off = [ratios.at(0), ratios.at(1)].map(|ratio| (ratio - theory).abs());
    let text = format!(
        "slope {slope:.3}; distance/tau {:.4} at tau = 0.01, {:.4} at 0.001; {} away from the boundary",
        ratios.at(0),
        ratios.at(1),
        small(away)
    );
    let passes = (slope - 1.0).abs() < 0.1 && off[1] < off[0] && off[1] < 2e-4 && away < 1e-7;
    Ok(Measured::new(text, passes))
}

fn slow_is_the_selector(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let slope = results.number("analysis/limit/slow_slope")?;
    let products = scaled(results, 0, "slow", |distance, tau| distance * tau)?;
    let (least, most) = (products.least(), products.most());
    let text = format!(
        "slope {slope:.3}; distance times tau from {least:.2} to {most:.2} for tau = 10 to 1000"
    );
    let passes = (slope + 1.0).abs() < 0.1 && most < 2.0;
    Ok(Measured::new(text, passes))
}

/// The largest ratio of what falls along each run to its bound, `exp(-rate t)` times where it starts; what is below
/// `rounding` is left out.
fn ratio(
    course: &[f64],
    times: &[f64],
    rates: impl Iterator<Item = f64>,
    rounding: f64,
) -> Numbers {
    let runs = course.chunks(times.len().max(1)).zip(rates);
    let worst = runs.map(|(run, rate)| {
        let bounds = times.iter().map(|t| run[0] * (-rate * t).exp());
        let large = run
            .iter()
            .zip(bounds)
            // What is not a number is kept, so that the check fails.
            .filter(|(value, _)| value.is_nan() || **value >= rounding);
        large
            .map(|(value, bound)| value / bound)
            .collect::<Numbers>()
            .most()
    });
    worst.collect()
}

fn projected_contracts(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let times = results.array("time")?;
    let distances = results.array("certificate_distance")?;
    let rates = results.of(1, "analysis/certificate/rate")?;
    let events = results.array("events/time")?.len();
    let ratios = ratio(&distances, &times, rates.iter().copied(), 1e-9);
    let text = format!(
        "{} random networks of 12 neurons at {} times, {events} contacts and releases: ratio at most {:.6}, c at least {:.2}",
        ratios.len(),
        times.len(),
        ratios.most(),
        rates.least()
    );
    let passes = ratios.len() >= 200 && rates.least() > 0.0 && ratios.most() <= 1.0 + 1e-6;
    Ok(Measured::new(text, passes))
}

fn the_gap_closes(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    // d of the slowest neuron of the file.
    const SLOWEST: f64 = 0.5;
    let (times, gaps) = (results.array("time")?, results.array("gap")?);
    let ratios = ratio(&gaps, &times, std::iter::repeat(SLOWEST), 1e-6);
    let left = results.array("gap_final")?.most();
    let text = format!(
        "the same {} networks: ratio at most {:.6}; G at most {} at the end",
        ratios.len(),
        ratios.most(),
        small(left)
    );
    let passes = ratios.len() >= 200 && ratios.most() <= 1.0 + 1e-6 && left < 1e-6;
    Ok(Measured::new(text, passes))
}

fn members_converge(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let fast = results.array("certificate_distance_final")?;
    let slow = results.of(1, "certificate_distance_final")?;
    let worst = fast.most().max(slow.most());
    let text = format!(
        "{} runs, seven tau for each of {} networks: at most {worst:.0e}",
        fast.len() + slow.len(),
        fast.len() / 4
    );
    let passes = fast.most() < 1e-5 && slow.most() < 1e-5;
    Ok(Measured::new(text, passes))
}

fn without_the_condition(results: &Results<'_>) -> Result<Measured, NotMeasured> {
    let ends = results.array("x_final")?;
    let reached = ends.iter().zip([1.0, 0.0, 0.0, 1.0]);
    let off: Numbers = reached.map(|(x, end)| (x - end).abs()).collect();
    let swing = |ring| -> Result<f64, NotMeasured> {
        let course = results.of(ring, "x")?;
        // One of the three neurons, in the second half.
        let late = course.iter().step_by(3).skip(course.len() / 6);
        Ok(late.copied().collect::<Numbers>().spread())
    };
    let swings = [swing(1)?, swing(2)?, swing(3)?];
    let text = format!(
        "({:.0}, {:.0}) and ({:.0}, {:.0}) from two starts; a neuron of the ring swings by {:.2} (network), {:.2} (projected), {:.2} (selector)",
        ends.at(0),
        ends.at(1),
        ends.at(2),
        ends.at(3),
        swings[0],
        swings[1],
        swings[2]
    );
    let turning = swings.iter().all(|&swing| swing > 1.0);
    Ok(Measured::new(
        text,
        off.len() == 4 && off.most() < 1e-7 && turning,
    ))
}
