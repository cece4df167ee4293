//! `[analysis.stimulus-space]`: the map from stimuli to percepts, its Jacobian, and how symmetric judgements are before and after it.
//!
//! ```text
//! u = mu + A (z - mu)       R: A = [[rho K1, 0], [0, 1]]       S: A = [[K1, 0], [(1-K2) rho K1, K2]]       I: A = [[rho K1, 0], [0, K1]]
//! residual = |P(a, b) + P(b, a) - 1| over a grid, laid once in physical and once in perceptual coordinates
//! ```
//!
//! With constant noise judgements depend on u2 - u1 alone, and the residual in u vanishes; with noise that grows with intensity it is small.

use super::grid;
use super::perceiver::Perceiver;
use crate::prelude::*;

/// The analysis.
pub struct StimulusSpace;

const OPTIONS: &[Parameter] = &[
    Parameter::real("from")
        .fallback(Fallback::Absent)
        .meaning("least coordinate of the grid; the least stimulus of the trials by default"),
    Parameter::real("to")
        .fallback(Fallback::Absent)
        .meaning("greatest coordinate of the grid; the greatest stimulus of the trials by default"),
    Parameter::integer("count")
        .fallback(Fallback::Integer(41))
        .range(Range::closed(2.0, 1000.0))
        .meaning("points along each side of the grid"),
    grid::ISI,
];

impl Analysis for StimulusSpace {
    fn name(&self) -> &'static str {
        "stimulus-space"
    }

    fn meaning(&self) -> &'static str {
        "the map from stimuli to percepts, and the symmetry of judgements before and after it"
    }

    fn options(&self) -> &'static [Parameter] {
        OPTIONS
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let (perceiver, trials) = super::model(subject.parameters)
            .map_err(|error| AnalysisError::Failed(error.to_string()))?;
        let options = subject.options;
        let all = ["trials.s1", "trials.s2"].map(|name| subject.parameters.vector(name));
        let ends = grid::ends(options, &grid::levels(&all.concat()));
        let ends = ends.map(|end| perceiver.internal(end));
        if ends[0] >= ends[1] {
            return Err(AnalysisError::Failed(
                "the grid needs `from` below `to`".into(),
            ));
        }
        let gap = grid::gap(options, &trials);
        space(&perceiver, &grid::spaced(options, ends), gap)
    }
}

/// The mean and the greatest residual.
struct Residual {
    mean: f64,
    most: f64,
}

/// The residual over a grid of coordinates, of which `judge` gives the probability.
fn residual(grid: &[f64], judge: &dyn Fn(f64, f64) -> f64) -> Residual {
    let (mut sum, mut most) = (0.0, 0.0_f64);
    for &a in grid {
        for &b in grid {
            let one = (judge(a, b) + judge(b, a) - 1.0).abs();
            sum += one;
            most = most.max(one);
        }
    }
    Residual {
        mean: sum / (grid.len() * grid.len()) as f64,
        most,
    }
}

fn space(perceiver: &Perceiver, grid: &[f64], gap: f64) -> Result<Findings, AnalysisError> {
    let mu = perceiver.prior_mean;
    let map = perceiver.map(gap);
    let determinant = map[0][0] * map[1][1] - map[0][1] * map[1][0];
    if determinant == 0.0 {
        let why = "nothing is left of the first stimulus: the map has no inverse";
        return Err(AnalysisError::Failed(why.into()));
    }
    let percept = |z: [f64; 2]| map.map(|row| mu + row[0] * (z[0] - mu) + row[1] * (z[1] - mu));
    // The map is lower triangular.
    let stimuli = |u: [f64; 2]| {
        let first = (u[0] - mu) / map[0][0];
        [mu + first, mu + (u[1] - mu - map[1][0] * first) / map[1][1]]
    };
    let physical = residual(grid, &|a, b| perceiver.fresh(a, b, gap));
    let audible = |z: [f64; 2]| z.iter().all(|&z| perceiver.noise(z) > 0.0);
    let inverted = grid.iter().flat_map(|&a| grid.iter().map(move |&b| [a, b]));
    if !inverted.clone().all(|u| audible(stimuli(u))) {
        let why = "in perceptual coordinates the grid reaches stimuli without noise: choose a smaller grid";
        return Err(AnalysisError::Failed(why.into()));
    }
    let perceptual = residual(grid, &|a, b| {
        let [z1, z2] = stimuli([a, b]);
        perceiver.fresh(z1, z2, gap)
    });
    let n = grid.len();
    let axes = || vec![Axis::new("first", n), Axis::new("second", n)];
    let percepts: Vec<[f64; 2]> = inverted.map(percept).collect();
    let [w, _] = perceiver.canonical(gap);
    let [b1, b2] = perceiver.weights(perceiver.prior_variance, gap);
    let scalar = |name: &str, meaning: &str| Variable::new(name, vec![]).meaning(meaning);
    let square = || vec![Axis::new("percept", 2), Axis::new("stimulus", 2)];
    let ratio = physical.mean / perceptual.mean;
    let mut findings = Findings::default()
        .array(
            Variable::new("jacobian", square()).meaning("A of u = mu + A (z - mu)"),
            Data::Real(map.concat()),
        )
        .array(
            scalar("determinant", "determinant of the Jacobian"),
            Data::Real(vec![determinant]),
        )
        .array(
            scalar("weight", "w = b1/b2, the weight of the first stimulus"),
            Data::Real(vec![w]),
        )
        .array(
            scalar("noise", "standard deviation of u2 - u1 with constant noise"),
            Data::Real(vec![perceiver.noise_sd * b1.hypot(b2)]),
        )
        .array(
            Variable::new("coordinate", vec![Axis::new("first", n)])
                .meaning("coordinates of the grid, internal"),
            Data::Real(grid.to_vec()),
        )
        .array(
            Variable::new("u1", axes()).meaning("first percept"),
            Data::Real(percepts.iter().map(|u| u[0]).collect()),
        )
        .array(
            Variable::new("u2", axes()).meaning("second percept"),
            Data::Real(percepts.iter().map(|u| u[1]).collect()),
        );
    for (name, residual, meaning) in [
        ("physical", &physical, "in physical coordinates"),
        ("perceptual", &perceptual, "in perceptual coordinates"),
    ] {
        let whole = |what: &str| format!("{what} residual of the exchange symmetry {meaning}");
        findings = findings
            .array(
                scalar(&format!("residual_{name}"), &whole("mean")),
                Data::Real(vec![residual.mean]),
            )
            .array(
                scalar(&format!("residual_{name}_max"), &whole("greatest")),
                Data::Real(vec![residual.most]),
            );
    }
    findings = findings.array(
        scalar(
            "symmetry_ratio",
            "mean residual in physical over that in perceptual coordinates",
        ),
        Data::Real(vec![ratio]),
    );
    let row = |name: &str, value: String| vec![name.to_string(), value];
    findings.table = vec![
        row("quantity", "value".into()),
        row(
            "jacobian",
            format!(
                "[[{:.6}, {:.6}], [{:.6}, {:.6}]]",
                map[0][0], map[0][1], map[1][0], map[1][1]
            ),
        ),
        row("determinant", format!("{determinant:.9}")),
        row(
            "residual, physical",
            format!("{:.6}, at most {:.6}", physical.mean, physical.most),
        ),
        row(
            "residual, perceptual",
            format!("{:.3e}, at most {:.3e}", perceptual.mean, perceptual.most),
        ),
        row("ratio", format!("{ratio:.3e}")),
    ];
    findings.line = vec![("w", format!("{w:.6}")), ("ratio", format!("{ratio:.3e}"))];
    Ok(findings)
}
